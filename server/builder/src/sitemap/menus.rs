//! Menus: which pages stand in them, and what visitors see of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use super::page::{Menu, MenuEntry, PagePlan, Sitemap};
use super::tree;
use crate::blueprint::{Blueprint, MenuItemSpec, MenuSpec};
use crate::names::{Made, MenuPlace, Role};

/// Entries for a kind of which there are many, where the blueprint names no number.
const USUAL: usize = 8;
/// Entries of one menu, and below one entry.
pub const MAX_ENTRIES: usize = 50;

/// The menus of a plan. Locked ones stay, without what is gone.
pub(super) fn plan(blueprint: &Blueprint, pages: &[PagePlan], before: &[Menu]) -> Vec<Menu> {
    let known = Known::new(blueprint, pages);
    let menu = |spec: &MenuSpec| {
        let kept = before.iter().find(|menu| menu.place == spec.place && menu.locked);
        kept.map_or_else(|| known.menu(spec), |kept| known.without_gone(kept))
    };
    let mut menus: Vec<Menu> = blueprint.menus.iter().map(menu).collect();
    menus.sort_by_key(|menu| menu.place);
    menus
}

/// Pages as menus look at them.
struct Known<'p> {
    blueprint: &'p Blueprint,
    pages: &'p [PagePlan],
    index: HashMap<&'p str, usize>,
    /// By kind, those that are searched most first; equal ones as the plan has them.
    kinds: HashMap<&'p str, Vec<&'p PagePlan>>,
    /// By the page they stand below.
    below: HashMap<&'p str, Vec<&'p PagePlan>>,
}

impl<'p> Known<'p> {
    fn new(blueprint: &'p Blueprint, pages: &'p [PagePlan]) -> Self {
        let mut kinds: HashMap<&str, Vec<&PagePlan>> = HashMap::new();
        let mut below: HashMap<&str, Vec<&PagePlan>> = HashMap::new();
        for page in pages {
            kinds.entry(&page.kind).or_default().push(page);
            if let Some(parent) = &page.parent {
                below.entry(parent).or_default().push(page);
            }
        }
        for some in kinds.values_mut().chain(below.values_mut()) {
            some.sort_by_key(|page| Reverse(page.volume));
        }
        Self {
            blueprint,
            pages,
            index: tree::index(pages),
            kinds,
            below,
        }
    }

    fn menu(&self, spec: &MenuSpec) -> Menu {
        let mut seen: HashSet<&str> = HashSet::new();
        let mut items: Vec<MenuEntry> = Vec::new();
        for item in &spec.items {
            for page in self.chosen(item) {
                if items.len() < MAX_ENTRIES && seen.insert(&page.key) {
                    items.push(self.entry(item, page));
                }
            }
        }
        Menu {
            place: spec.place,
            items,
            locked: false,
        }
    }

    fn without_gone(&self, menu: &Menu) -> Menu {
        let there = |key: &String| self.index.contains_key(key.as_str());
        let items = menu.items.iter().filter(|entry| there(&entry.page));
        let items = items.map(|entry| MenuEntry {
            below: entry.below.iter().filter(|key| there(key)).cloned().collect(),
            ..entry.clone()
        });
        Menu {
            items: items.collect(),
            ..menu.clone()
        }
    }

    /// The pages that an entry of the blueprint stands for.
    fn chosen(&self, item: &MenuItemSpec) -> Vec<&'p PagePlan> {
        let some = self.kinds.get(item.page.as_str()).into_iter().flatten().copied();
        let spec = self.blueprint.page(&item.page);
        if spec.is_some_and(|spec| spec.made == [Made::Site]) {
            return some.take(1).collect();
        }
        // Hubs and supporting pages can be of one kind: menus lead to hubs.
        let made_for_hubs = spec.is_some_and(|spec| spec.made.contains(&Made::Hub));
        let some = some.filter(|page| !made_for_hubs || page.role == Some(Role::Hub));
        let below_same = |page: &PagePlan| {
            let above = page.parent.as_deref().and_then(|key| self.index.get(key));
            above.is_some_and(|&above| self.pages[above].kind == page.kind)
        };
        // What stands below another of its kind is found there, or comes after what is at the top.
        let (below, mut top): (Vec<&PagePlan>, Vec<&PagePlan>) = some.partition(|page| below_same(page));
        if item.below.is_empty() {
            top.extend(below);
        }
        top.truncate(item.limit.map_or(USUAL, |limit| limit as usize));
        top
    }

    fn entry(&self, item: &MenuItemSpec, page: &PagePlan) -> MenuEntry {
        let below = self.below.get(page.key.as_str()).into_iter().flatten();
        let below = below.filter(|other| other.kind == item.below);
        let most = item.below_limit.map_or(USUAL, |limit| limit as usize).min(MAX_ENTRIES);
        MenuEntry {
            page: page.key.clone(),
            label: None,
            below: below.take(most).map(|other| other.key.clone()).collect(),
        }
    }
}

/// An entry of a menu as visitors see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// Its words.
    pub label: String,
    /// Path on the site.
    pub url: String,
    /// Entries below it.
    pub below: Vec<Link>,
}

/// The menus as visitors see them while only some pages are there (`live`): no entry leads to a page that is not. What stands
/// below one that is missing moves up into its place.
pub fn visible(sitemap: &Sitemap, live: impl Fn(&PagePlan) -> bool) -> BTreeMap<MenuPlace, Vec<Link>> {
    let index = tree::index(&sitemap.pages);
    let link = |key: &str, label: Option<&String>| {
        let page = index.get(key).map(|&at| &sitemap.pages[at]).filter(|page| live(page))?;
        Some(Link {
            label: label.unwrap_or(&page.label).clone(),
            url: page.address(),
            below: Vec::new(),
        })
    };
    let menu = |menu: &Menu| {
        let mut out: Vec<Link> = Vec::new();
        for entry in &menu.items {
            let below: Vec<Link> = entry.below.iter().filter_map(|key| link(key, None)).collect();
            match link(&entry.page, entry.label.as_ref()) {
                Some(found) => out.push(Link { below, ..found }),
                None => out.extend(below),
            }
        }
        (menu.place, out)
    };
    sitemap.menus.iter().map(menu).collect()
}
