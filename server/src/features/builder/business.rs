//! What is known of the business that a site is for: the one place that says where it is read.

use igny8_renderer::site::Organisation;
use serde_json::Value;

use super::model::SiteBlueprint;
use crate::features::sites::Site;

/// What the wizard, prompts and blocks of a site say of whoever stands behind it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Business {
    pub name: String,
    pub description: String,
    /// For whom the site is.
    pub audience: String,
    /// How it speaks; empty where nobody said.
    pub tone: String,
    /// A colour of its own was chosen.
    pub colour: bool,
    pub organisation: Organisation,
}

impl Business {
    /// Of a site and its plan.
    pub fn of(site: &Site, plan: &SiteBlueprint) -> Self {
        let colour = site.theme_options.get("brand_color").and_then(Value::as_str);
        Self {
            name: site.name.trim().to_owned(),
            description: site.description.trim().to_owned(),
            audience: plan.audience.trim().to_owned(),
            tone: String::new(),
            colour: colour.is_some_and(|colour| !colour.trim().is_empty()),
            organisation: serde_json::from_value(site.organisation.clone()).unwrap_or_default(),
        }
    }

    /// There is a way to get in touch.
    pub fn reachable(&self) -> bool {
        !self.organisation.email.trim().is_empty() || !self.organisation.phone.trim().is_empty()
    }
}
