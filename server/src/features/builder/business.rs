//! What is known of the business that a site is for: the one place that says where it is read.

use igny8_renderer::site::Organisation;
use serde_json::Value;

use super::model::SiteBlueprint;
use crate::features::sites::Site;
use crate::features::sites::model::Voice;

/// What the wizard, prompts and blocks of a site say of whoever stands behind it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Business {
    pub name: String,
    pub description: String,
    /// For whom the site is: as its plan says, or else its voice.
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
        let voice = Voice::of(&site.voice);
        let audience = [&plan.audience, &voice.audience]
            .into_iter()
            .find(|text| !text.trim().is_empty());
        Self {
            name: site.name.trim().to_owned(),
            description: site.description.trim().to_owned(),
            audience: audience.map(|text| text.trim().to_owned()).unwrap_or_default(),
            tone: voice.tone.trim().to_owned(),
            colour: colour.is_some_and(|colour| !colour.trim().is_empty()),
            organisation: serde_json::from_value(site.organisation.clone()).unwrap_or_default(),
        }
    }

    /// There is a way to get in touch.
    pub fn reachable(&self) -> bool {
        !self.organisation.email.trim().is_empty() || !self.organisation.phone.trim().is_empty()
    }
}
