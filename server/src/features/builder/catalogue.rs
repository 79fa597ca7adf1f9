//! The kinds of sites that the program brings along: the files of `blueprints/`.

use std::sync::LazyLock;

use igny8_builder::blueprint::{Blueprint, builtin};
use igny8_builder::names::{Choice as _, SiteKind};

use crate::features::sites::model::SiteType;

/// Each file that can be read, by name. What is wrong with the others `igny8 doctor` tells.
static KINDS: LazyLock<Vec<Blueprint>> = LazyLock::new(|| {
    let mut kinds: Vec<Blueprint> = Vec::new();
    for (name, text) in builtin() {
        match Blueprint::parse(text, None) {
            Ok(kind) => kinds.push(kind),
            Err(mistakes) => tracing::error!(blueprint = name, mistakes = mistakes.len(), "a blueprint is left out"),
        }
    }
    kinds.sort_by(|a, b| a.key.cmp(&b.key));
    kinds
});

/// All of them, by name.
pub fn all() -> &'static [Blueprint] {
    &KINDS
}

/// The one of that name.
pub fn find(key: &str) -> Option<&'static Blueprint> {
    KINDS.iter().find(|kind| kind.key == key)
}

/// The first one for a type of site.
pub fn usual(site: SiteType) -> Option<&'static Blueprint> {
    let word = site_kind(site).word();
    // A kind that is called as the type is what somebody means who says no more.
    find(word).or_else(|| KINDS.iter().find(|kind| kind.site_type.word() == word))
}

pub fn site_kind(site: SiteType) -> SiteKind {
    match site {
        SiteType::Blog => SiteKind::Blog,
        SiteType::Ecommerce => SiteKind::Ecommerce,
        SiteType::Company => SiteKind::Company,
    }
}

pub fn site_type(kind: SiteKind) -> SiteType {
    match kind {
        SiteKind::Blog => SiteType::Blog,
        SiteKind::Ecommerce => SiteType::Ecommerce,
        SiteKind::Company => SiteType::Company,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_site_has_a_kind() {
        assert_eq!(all().len(), builtin().len(), "all files can be read");
        for site in [SiteType::Blog, SiteType::Ecommerce, SiteType::Company] {
            let kind = usual(site).unwrap();
            assert_eq!(site_type(kind.site_type), site);
            assert_eq!(find(&kind.key).unwrap().key, kind.key);
        }
    }
}
