//! A built-in site with every kind of page, for checking themes.

use crate::site::Site;

/// Sites by name: one with everything, the same without a home page of its own, one with nothing.
///
/// # Errors
///
/// Only if the sample and the snapshot's format have come apart, which a test would find.
pub fn sites() -> Result<Vec<(&'static str, Site)>, serde_json::Error> {
    let full: Site = serde_json::from_str(include_str!("../../tests/fixtures/small.json"))?;
    let mut made = full.clone();
    made.pages.retain(|p| p.path != "/");
    let mut empty = full.clone();
    empty.pages.clear();
    empty.sections.clear();
    empty.taxonomies.clear();
    empty.menus.clear();
    empty.media.clear();
    empty.redirects.clear();
    empty.settings.languages.clear();
    empty.settings.organisation = Default::default();
    Ok(vec![
        ("everything", full),
        ("without a home page", made),
        ("empty", empty),
    ])
}
