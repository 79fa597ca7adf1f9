//! What is different between two plans.

use std::collections::HashMap;

use serde::Serialize;

use super::page::{PagePlan, Sitemap};

/// What one plan has that another has not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Keys of new pages.
    pub added: Vec<String>,
    /// Keys of pages that are gone.
    pub removed: Vec<String>,
    /// Keys of pages that are there in both, with the fields that differ.
    pub changed: Vec<(String, Vec<&'static str>)>,
    /// Pages whose address is another: key, old and new one. Published ones need a redirect.
    pub moved: Vec<(String, String, String)>,
    /// The menus differ.
    pub menus: bool,
}

/// What `after` has that `before` has not, in the order of the plans.
pub fn compare(before: &Sitemap, after: &Sitemap) -> Changes {
    let old: HashMap<&str, &PagePlan> = before.pages.iter().map(|page| (page.key.as_str(), page)).collect();
    let new: HashMap<&str, &PagePlan> = after.pages.iter().map(|page| (page.key.as_str(), page)).collect();
    let mut changes = Changes {
        menus: before.menus != after.menus,
        ..Changes::default()
    };
    for page in &after.pages {
        let Some(was) = old.get(page.key.as_str()) else {
            changes.added.push(page.key.clone());
            continue;
        };
        let fields = differing(was, page);
        if !fields.is_empty() {
            changes.changed.push((page.key.clone(), fields));
        }
        if was.address() != page.address() {
            changes.moved.push((page.key.clone(), was.address(), page.address()));
        }
    }
    let gone = before.pages.iter().filter(|page| !new.contains_key(page.key.as_str()));
    changes.removed = gone.map(|page| page.key.clone()).collect();
    changes
}

fn differing(a: &PagePlan, b: &PagePlan) -> Vec<&'static str> {
    let all = [
        (
            "kind",
            a.kind != b.kind || a.content_type != b.content_type || a.structure != b.structure,
        ),
        ("cluster", a.cluster != b.cluster || a.role != b.role),
        ("terms", a.term != b.term || a.terms != b.terms),
        ("title", a.title != b.title || a.label != b.label),
        ("address", a.section != b.section || a.slug != b.slug),
        ("place", a.parent != b.parent || a.position != b.position),
        ("keywords", a.primary != b.primary || a.keywords != b.keywords),
        ("outline", a.outline != b.outline || a.words != b.words),
        ("blocks", a.blocks != b.blocks || a.layout != b.layout),
        ("links", a.links != b.links),
        (
            "search results",
            a.seo_title != b.seo_title || a.description != b.description || a.hidden != b.hidden,
        ),
        ("lock", a.locked != b.locked),
    ];
    all.into_iter()
        .filter(|(_, differs)| *differs)
        .map(|(name, _)| name)
        .collect()
}
