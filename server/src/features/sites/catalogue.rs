//! The catalogue of industries, shared by all accounts: sectors and seed keywords that a site can take over.
//!
//! Read from `blueprints/industries.toml`, which is part of the program.

use std::sync::LazyLock;

use serde::Deserialize;

/// Every industry, in the order of the file.
pub static INDUSTRIES: LazyLock<Vec<Industry>> = LazyLock::new(|| {
    let catalogue: Catalogue = toml::from_str(include_str!("../../../../blueprints/industries.toml"))
        .expect("a test keeps the built-in catalogue valid");
    catalogue.industries
});

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    industries: Vec<Industry>,
}

/// A branch of business.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Industry {
    pub slug: String,
    pub name: String,
    pub description: String,
    pub sectors: Vec<IndustrySector>,
}

/// A part of an industry that a site can take as its sector.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndustrySector {
    pub slug: String,
    pub name: String,
    pub description: String,
    pub keywords: Vec<SeedKeyword>,
}

/// A keyword to begin with. Volume and difficulty are orders of magnitude, not measurements.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedKeyword {
    pub text: String,
    /// Searches a month.
    pub volume: u32,
    /// 0 to 100.
    pub difficulty: u8,
    /// `informational`, `commercial`, `transactional` or `navigational`.
    pub intent: String,
}

/// The industry with this slug.
pub fn industry(slug: &str) -> Option<&'static Industry> {
    INDUSTRIES.iter().find(|industry| industry.slug == slug)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use igny8_text::is_slug;

    use super::*;

    #[test]
    fn the_catalogue_is_valid() {
        assert!(INDUSTRIES.len() >= 20);
        let mut slugs = HashSet::new();
        for industry in INDUSTRIES.iter() {
            assert!(
                is_slug(&industry.slug) && slugs.insert(industry.slug.clone()),
                "{}",
                industry.slug
            );
            assert!(!industry.sectors.is_empty());
            for sector in &industry.sectors {
                let whole = format!("{}/{}", industry.slug, sector.slug);
                assert!(is_slug(&sector.slug) && slugs.insert(whole.clone()), "{whole}");
                for keyword in &sector.keywords {
                    let intents = ["informational", "commercial", "transactional", "navigational"];
                    assert!(
                        keyword.difficulty <= 100 && intents.contains(&keyword.intent.as_str()),
                        "{whole} {}",
                        keyword.text
                    );
                }
            }
        }
    }
}
