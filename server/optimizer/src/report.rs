//! What scoring says: a number, and for each check what was measured, what would be right and how to mend it.

use serde::{Deserialize, Serialize};

use crate::weights::CheckId;

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Group {
    Seo,
    Readability,
    Structure,
    Links,
    Media,
    Data,
}

/// How good what was measured is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Light {
    /// To be mended.
    Red,
    /// Could be better.
    Orange,
    /// Good.
    Green,
    /// Nothing to measure, or no rule for the language; counts for nothing.
    NotScored,
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Unit {
    Words,
    Sentences,
    Characters,
    Pixels,
    Percent,
    Count,
    Days,
    /// Flesch's scale, 0 (hard) to 100 (easy).
    ReadingEase,
}

/// A number with what it counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Measure {
    pub value: f64,
    pub unit: Unit,
}

/// What the measure must be for a green light, ends included. Both empty where no number tells.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Bound {
    pub min: Option<f64>,
    pub max: Option<f64>,
}

impl Bound {
    pub(crate) fn min(min: impl Into<f64>) -> Bound {
        Bound {
            min: Some(min.into()),
            max: None,
        }
    }

    pub(crate) fn max(max: impl Into<f64>) -> Bound {
        Bound {
            min: None,
            max: Some(max.into()),
        }
    }

    pub(crate) fn between(min: impl Into<f64>, max: impl Into<f64>) -> Bound {
        Bound {
            min: Some(min.into()),
            max: Some(max.into()),
        }
    }
}

/// How to mend something: a key with parameters for translations, and the English text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mend {
    /// Name of the message: `keyword_in_title.missing`.
    pub key: String,
    /// What is filled in, by name.
    pub params: Vec<(String, String)>,
    /// The message in English.
    pub text: String,
}

impl Mend {
    /// Fills `{name}` in `text` from `params`.
    pub(crate) fn new(key: &str, text: &str, params: &[(&str, &dyn std::fmt::Display)]) -> Mend {
        let mut filled = text.to_owned();
        let params: Vec<(String, String)> = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.to_string()))
            .collect();
        for (name, value) in &params {
            filled = filled.replace(&format!("{{{name}}}"), value);
        }
        Mend {
            key: key.to_owned(),
            params,
            text: filled,
        }
    }
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Which check.
    pub id: CheckId,
    /// What it is about.
    pub group: Group,
    /// How good it is.
    pub light: Light,
    /// What was measured.
    pub measured: Option<Measure>,
    /// What would be green.
    pub bound: Bound,
    /// 0 to [`Check::weight`]; 0 where not scored.
    pub points: f64,
    /// The most points; 0 where not scored.
    pub weight: f64,
    /// How to mend it; none where it is green. Where it is not scored, or green whatever was measured, why.
    pub mend: Option<Mend>,
    /// Places in the text, at most three, each cut to 160 characters.
    pub examples: Vec<String>,
    /// Points on the scale of 9 that the thresholds come with; may be negative.
    pub rating: i16,
}

/// Points of a group of checks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GroupScore {
    /// Which group.
    pub group: Group,
    /// 0 to 100; none where nothing of it could be scored.
    pub score: Option<u8>,
}

/// Counts of a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Statistics {
    pub words: usize,
    pub sentences: usize,
    pub paragraphs: usize,
    pub headings: usize,
    pub internal_links: usize,
    pub external_links: usize,
    pub images: usize,
    pub tables: usize,
    pub videos: usize,
    /// At 230 words a minute, rounded up.
    pub reading_minutes: usize,
}

/// The score of a piece of content with its reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// 0 to 100.
    pub score: u8,
    /// Green from 80, orange from 50.
    pub light: Light,
    /// By group.
    pub groups: Vec<GroupScore>,
    /// All checks, in the order of [`CheckId`].
    pub checks: Vec<Check>,
    /// What was counted.
    pub statistics: Statistics,
    /// When the score is another one though nothing is edited, in seconds since 1970; none where time changes nothing.
    pub changes_at: Option<i64>,
}

impl Report {
    /// One check's result.
    pub fn check(&self, id: CheckId) -> Option<&Check> {
        self.checks.iter().find(|check| check.id == id)
    }

    /// What to mend, that which brings most first.
    pub fn fixes(&self) -> Vec<&Check> {
        let mut open: Vec<&Check> = self
            .checks
            .iter()
            .filter(|check| matches!(check.light, Light::Red | Light::Orange))
            .collect();
        open.sort_by(|a, b| (b.weight - b.points).total_cmp(&(a.weight - a.points)));
        open
    }
}

/// The light of points on the scale of 9: red to 4, orange to 7, green above.
pub(crate) fn light(rating: i16) -> Light {
    match rating {
        ..=4 => Light::Red,
        5..=7 => Light::Orange,
        8.. => Light::Green,
    }
}
