//! Plans: `blueprints/plans.toml`, or the operator's own file.

use std::path::Path;

use poem_openapi::Object;
use serde::{Deserialize, Serialize};

/// What an account subscribes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Stable name: `starter`.
    pub slug: String,
    pub name: String,
    /// Plan credits at each renewal.
    pub monthly_credits: i64,
    #[serde(default)]
    pub limits: PlanLimits,
    /// What it is said to include, for people who choose a plan: nothing is refused by it.
    #[serde(default)]
    pub features: Vec<String>,
}

/// The most an account may have; absent is unlimited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(skip_serializing_if_is_none)]
pub struct PlanLimits {
    pub sites: Option<u32>,
    /// Members who can log in.
    pub users: Option<u32>,
    /// Active sectors of one site.
    pub sectors: Option<u32>,
    /// Keywords of the whole account.
    pub keywords: Option<u32>,
}

/// Plans of an installation, in the order they are shown; the first is the one that new accounts get.
#[derive(Debug, Clone)]
pub struct Plans(Vec<Plan>);

/// Why plans cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlansError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    #[error("{0}")]
    Rule(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    plans: Vec<Plan>,
}

impl Plans {
    /// The built-in plans.
    pub fn builtin() -> Self {
        Self::parse(include_str!("../../../../blueprints/plans.toml")).expect("the built-in plans are tested")
    }

    /// Plans of a file.
    ///
    /// # Errors
    /// When it cannot be read or breaks a rule: at least one plan, each slug once, no negative credits.
    pub fn read(path: &Path) -> Result<Self, PlansError> {
        Self::parse(&std::fs::read_to_string(path)?)
    }

    fn parse(text: &str) -> Result<Self, PlansError> {
        let File { plans } = toml::from_str(text)?;
        if plans.is_empty() {
            return Err(PlansError::Rule("there must be at least one plan".into()));
        }
        for (n, plan) in plans.iter().enumerate() {
            if plans[..n].iter().any(|other| other.slug == plan.slug) {
                return Err(PlansError::Rule(format!("plan `{}` is there twice", plan.slug)));
            }
            if plan.monthly_credits < 0 {
                return Err(PlansError::Rule(format!("plan `{}` has negative credits", plan.slug)));
            }
        }
        Ok(Self(plans))
    }

    pub fn all(&self) -> &[Plan] {
        &self.0
    }

    /// The plan of new accounts.
    pub fn first(&self) -> &Plan {
        &self.0[0]
    }

    pub fn get(&self, slug: &str) -> Option<&Plan> {
        self.0.iter().find(|plan| plan.slug == slug)
    }

    /// An account's plan. One that is not offered any more is like the first, so that nobody is locked out.
    pub fn of(&self, slug: &str) -> &Plan {
        self.get(slug).unwrap_or_else(|| self.first())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_keep_their_rules() {
        assert_eq!(Plans::builtin().first().slug, "free");
        assert_eq!(Plans::builtin().of("gone").slug, "free");
        let plan =
            |slug: &str, credits: i64| format!("[[plans]]\nslug = '{slug}'\nname = 'X'\nmonthly_credits = {credits}\n");
        for (text, holds) in [
            (plan("a", 1), true),
            (plan("a", 1) + &plan("b", 0), true),
            (plan("a", 1) + &plan("a", 1), false),
            (plan("a", -1), false),
            (plan("a", 1) + "colour = 'red'", false),
            ("plans = []".into(), false),
        ] {
            assert_eq!(Plans::parse(&text).is_ok(), holds, "{text}");
        }
    }
}
