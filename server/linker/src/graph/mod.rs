//! Which page links to which.
//!
//! A page brings its links as addresses; what is at an address is looked up when somebody asks, so that a page that
//! comes, goes or moves changes nothing but itself. [`Graph::replace`] costs what the page's own links cost,
//! [`Graph::report`] one pass over all of them.

mod findings;
mod interner;
mod measure;
mod report;

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::address::{self, Address};
use crate::body::Reading;
use crate::index::KnownLink;
use crate::page::{Page, Role};
use crate::rules::{self, anchor_key};
use crate::terms::Analyzer;
use interner::Interner;

pub use findings::{
    AnchorUse, Anchors, CompetingAnchor, DeadLink, DeepPage, Limits, LinkMap, Listing, MapEdge, MapNode, PageLinks,
    PageRef, Pillar, Report, Why,
};

/// Links of a page that are looked at.
const MOST_LINKS: usize = 10_000;
/// Pages that one page lists and that are looked at.
const MOST_LISTED: usize = 200_000;
/// Redirects in a row that are followed, as browsers and search engines do.
const MOST_HOPS: usize = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Edge {
    to: u32,
    anchor: u32,
    /// The anchor's stems, whatever their order; 0 for none.
    key: u64,
    generic: bool,
    own_keyphrase: bool,
    navigation: bool,
}

#[derive(Debug, Clone)]
struct Node {
    id: String,
    path: u32,
    title: String,
    cluster: Option<String>,
    topic: Option<String>,
    role: Option<Role>,
    published: bool,
    /// Key of the primary keyword; 0 for none.
    keyphrase: u64,
    archive: bool,
    aliases: Vec<u32>,
    /// Those of the body, of buttons, of menus, and last those of lists.
    edges: Vec<Edge>,
    /// How many of them are those of lists.
    listed: usize,
    /// How many of these are shown at once; 0 for all.
    per_page: usize,
    external: usize,
}

impl Node {
    /// The edges that a visitor sees at once, and those that are on further pages of its list.
    fn shown(&self) -> (&[Edge], std::slice::Chunks<'_, Edge>) {
        let step = match self.per_page {
            0 => self.listed.max(1),
            step => step,
        };
        let first = self.edges.len() - self.listed + self.listed.min(step);
        let (first, rest) = self.edges.split_at(first);
        (first, rest.chunks(step))
    }
}

/// Where a page is, as far as links to it go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    path: String,
    aliases: Vec<String>,
    published: bool,
}

/// What is at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum There {
    Page(u32),
    /// Behind a redirect.
    Moved(u32),
    Draft(u32),
    Loop,
    File,
    Nothing,
}

impl There {
    fn page(self) -> Option<u32> {
        match self {
            Self::Page(slot) | Self::Moved(slot) => Some(slot),
            _ => None,
        }
    }
}

/// What a graph knows of its site apart from pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Site {
    /// Path of the home page.
    pub home: String,
    /// Names under which the site is reached, for links that are written out.
    pub hosts: Vec<String>,
    /// Paths and where they lead, apart from the pages' aliases.
    pub redirects: BTreeMap<String, String>,
}

impl Default for Site {
    fn default() -> Self {
        Self {
            home: "/".to_owned(),
            hosts: Vec::new(),
            redirects: BTreeMap::new(),
        }
    }
}

/// The links of a site.
#[derive(Debug, Default, Clone)]
pub struct Graph {
    home: String,
    hosts: Vec<String>,
    redirects: FxHashMap<String, Address>,
    paths: Interner,
    anchors: Interner,
    slots: Vec<Option<Node>>,
    free: Vec<u32>,
    by_id: FxHashMap<String, u32>,
    /// In the order of reports.
    order: BTreeMap<(String, String), u32>,
    at: FxHashMap<u32, Vec<u32>>,
    aliased: FxHashMap<u32, Vec<u32>>,
    inbound: FxHashMap<u32, Vec<u32>>,
}

impl Graph {
    /// A site without pages.
    pub fn new(site: &Site) -> Self {
        Self {
            home: address::normal(&site.home),
            hosts: site.hosts.clone(),
            redirects: resolved(&site.redirects, &site.hosts),
            ..Self::default()
        }
    }

    /// How many pages there are, drafts included.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Takes a page in, or what has changed of it. `reading` is its body.
    pub fn replace(&mut self, page: &Page, reading: &Reading) {
        self.remove(&page.id);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        let normal = address::normal(&page.path);
        let path = self.paths.take(&normal);
        let mut analyzer = Analyzer::new(&page.language);
        let keyphrase = page
            .primary_keyword
            .as_deref()
            .map_or(0, |k| anchor_key(k, &mut analyzer));
        let mut edges = Vec::new();
        let mut external = 0;
        let content = reading.links.iter().map(|l| (l.href.as_str(), Some(l.anchor.as_str())));
        let buttons = page.buttons.iter().map(|href| (href.as_str(), None));
        for (href, anchor) in content.chain(buttons).take(MOST_LINKS) {
            match address::resolve(href, &page.path, &self.hosts) {
                Address::Internal(to) if to == normal => {}
                Address::Internal(to) => {
                    let anchor_key = anchor.map_or(0, |anchor| anchor_key(anchor, &mut analyzer));
                    edges.push(Edge {
                        to: self.paths.take(&to),
                        anchor: self.anchors.take(&shortened(anchor.unwrap_or_default())),
                        key: anchor_key,
                        generic: anchor.is_some_and(rules::is_generic),
                        own_keyphrase: anchor_key != 0 && anchor_key == keyphrase,
                        navigation: false,
                    });
                }
                Address::Here => {}
                Address::Elsewhere => external += 1,
            }
        }
        for edge in &edges {
            insert(&mut self.inbound, edge.to, slot);
        }
        let aliases: Vec<u32> = page
            .aliases
            .iter()
            .map(|a| self.paths.take(&address::normal(a)))
            .collect();
        for &alias in &aliases {
            insert(&mut self.aliased, alias, slot);
        }
        insert(&mut self.at, path, slot);
        self.order.insert((normal, page.id.clone()), slot);
        self.by_id.insert(page.id.clone(), slot);
        self.slots[slot as usize] = Some(Node {
            id: page.id.clone(),
            path,
            title: page.title.clone(),
            cluster: page.cluster.clone(),
            topic: page.topic().map(str::to_owned),
            role: page.role,
            published: page.published,
            keyphrase,
            archive: page.archive,
            aliases,
            edges,
            listed: 0,
            per_page: 0,
            external,
        });
        self.set_navigation(&page.id, &page.navigation, &page.listed, page.per_page);
    }

    /// Tells where a page leads apart from its text, instead of what was said before: see [`Page::navigation`],
    /// [`Page::listed`] and [`Page::per_page`].
    pub fn set_navigation(&mut self, id: &str, navigation: &[String], listed: &[String], per_page: usize) {
        let Some(&slot) = self.by_id.get(id) else {
            return;
        };
        let Some(mut node) = self.slots[slot as usize].take() else {
            return;
        };
        let (before, text): (Vec<Edge>, Vec<Edge>) = node.edges.iter().partition(|edge| edge.navigation);
        node.edges = text;
        let own = node.path;
        let path = self.paths.text(own).to_owned();
        let mut add = |hrefs: &[String]| {
            let before = node.edges.len();
            for href in hrefs.iter().take(MOST_LISTED) {
                if let Address::Internal(to) = address::resolve(href, &path, &self.hosts)
                    && to != path
                {
                    node.edges.push(Edge {
                        to: self.paths.take(&to),
                        anchor: self.anchors.take(""),
                        key: 0,
                        generic: false,
                        own_keyphrase: false,
                        navigation: true,
                    });
                }
            }
            node.edges.len() - before
        };
        add(navigation);
        node.listed = add(listed);
        node.per_page = per_page;
        let after: FxHashSet<u32> = node.edges.iter().map(|edge| edge.to).collect();
        for &to in &after {
            insert(&mut self.inbound, to, slot);
        }
        for edge in before {
            if !after.contains(&edge.to) {
                delete(&mut self.inbound, edge.to, slot);
            }
            self.paths.release(edge.to);
            self.anchors.release(edge.anchor);
        }
        self.slots[slot as usize] = Some(node);
    }

    /// Tells which old paths lead where, instead of what was said before.
    pub fn set_redirects(&mut self, redirects: &BTreeMap<String, String>) {
        self.redirects = resolved(redirects, &self.hosts);
    }

    /// The ids of all pages, in no order.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.by_id.keys().cloned().collect()
    }

    pub(crate) fn place_of(&self, id: &str) -> Option<Place> {
        let node = self.node(*self.by_id.get(id)?)?;
        let text = |path: &u32| self.paths.text(*path).to_owned();
        Some(Place {
            path: text(&node.path),
            aliases: node.aliases.iter().map(text).collect(),
            published: node.published,
        })
    }

    /// Forgets a page.
    pub fn remove(&mut self, id: &str) {
        let Some(slot) = self.by_id.remove(id) else {
            return;
        };
        let Some(node) = self.slots[slot as usize].take() else {
            return;
        };
        for edge in &node.edges {
            delete(&mut self.inbound, edge.to, slot);
            self.paths.release(edge.to);
            self.anchors.release(edge.anchor);
        }
        for &alias in &node.aliases {
            delete(&mut self.aliased, alias, slot);
            self.paths.release(alias);
        }
        delete(&mut self.at, node.path, slot);
        self.order.remove(&(self.paths.text(node.path).to_owned(), node.id));
        self.paths.release(node.path);
        self.free.push(slot);
    }

    /// The links in a page's body that lead to pages, as [`crate::index::Index::replace`] wants them.
    pub fn links_of(&self, id: &str) -> Vec<KnownLink> {
        let Some(node) = self.by_id.get(id).and_then(|&slot| self.node(slot)) else {
            return Vec::new();
        };
        node.edges
            .iter()
            .filter(|edge| !edge.navigation)
            .filter_map(|edge| {
                let target = self.node(self.there(edge.to).page()?)?;
                Some(KnownLink {
                    target: target.id.clone(),
                    anchor: self.anchors.text(edge.anchor).to_owned(),
                })
            })
            .collect()
    }

    /// The pages with a link to this page's path, or one of its aliases, in their text.
    pub fn sources_of(&self, id: &str) -> Vec<String> {
        let Some(node) = self.by_id.get(id).and_then(|&slot| self.node(slot)) else {
            return Vec::new();
        };
        let paths: Vec<u32> = node.aliases.iter().copied().chain([node.path]).collect();
        let mut slots: Vec<u32> = paths
            .iter()
            .filter_map(|p| self.inbound.get(p))
            .flatten()
            .copied()
            .collect();
        slots.sort_unstable();
        slots.dedup();
        let nodes = slots.into_iter().filter_map(|slot| self.node(slot));
        nodes
            .filter(|n| n.edges.iter().any(|e| !e.navigation && paths.contains(&e.to)))
            .map(|n| n.id.clone())
            .collect()
    }

    /// The page that an address written on the page `from` leads to.
    pub(crate) fn target(&self, href: &str, from: &str) -> Option<&str> {
        let Address::Internal(path) = address::resolve(href, from, &self.hosts) else {
            return None;
        };
        let slot = self.there(self.paths.get(&path)?).page()?;
        Some(&self.node(slot)?.id)
    }

    /// The path of a page in its normal form.
    pub fn path_of(&self, id: &str) -> Option<&str> {
        let node = self.node(*self.by_id.get(id)?)?;
        Some(self.paths.text(node.path))
    }

    fn node(&self, slot: u32) -> Option<&Node> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// What is at an address. Of two pages at one the published, then the one with the smaller id.
    fn there(&self, path: u32) -> There {
        let mut text = self.paths.text(path);
        let mut moved = false;
        for _ in 0..=MOST_HOPS {
            if let Some(path) = self.paths.get(text) {
                let own = self.first(self.at.get(&path));
                let found = own.or_else(|| self.first(self.aliased.get(&path)));
                moved |= own.is_none();
                match found {
                    Some((slot, true)) if moved => return There::Moved(slot),
                    Some((slot, true)) => return There::Page(slot),
                    Some((slot, false)) => return There::Draft(slot),
                    None => {}
                }
            }
            match self.redirects.get(text) {
                Some(Address::Internal(to)) => text = to,
                // Out of the site on purpose.
                Some(_) => return There::File,
                None if address::is_file(text) => return There::File,
                None => return self.further(text).map_or(There::Nothing, There::Page),
            }
        }
        There::Loop
    }

    /// The page of whose list this is the address of a further part: `/blog/page/2`.
    fn further(&self, path: &str) -> Option<u32> {
        let (list, number) = path.rsplit_once("/page/")?;
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let list = self.paths.get(if list.is_empty() { "/" } else { list })?;
        let (slot, published) = self.first(self.at.get(&list))?;
        (published && self.node(slot)?.listed > 0).then_some(slot)
    }

    fn first(&self, slots: Option<&Vec<u32>>) -> Option<(u32, bool)> {
        let nodes = slots?.iter().filter_map(|&slot| Some((slot, self.node(slot)?)));
        let first = nodes.min_by_key(|(_, node)| (!node.published, &node.id));
        first.map(|(slot, node)| (slot, node.published))
    }
}

fn resolved(redirects: &BTreeMap<String, String>, hosts: &[String]) -> FxHashMap<String, Address> {
    let resolved = redirects
        .iter()
        .map(|(from, to)| (address::normal(from), address::resolve(to, from, hosts)));
    resolved.collect()
}

/// An anchor as reports show it.
fn shortened(anchor: &str) -> String {
    igny8_text::fold(anchor).chars().take(120).collect()
}

fn insert(map: &mut FxHashMap<u32, Vec<u32>>, key: u32, slot: u32) {
    let slots = map.entry(key).or_default();
    if let Err(i) = slots.binary_search(&slot) {
        slots.insert(i, slot);
    }
}

fn delete(map: &mut FxHashMap<u32, Vec<u32>>, key: u32, slot: u32) {
    if let Some(slots) = map.get_mut(&key) {
        if let Ok(i) = slots.binary_search(&slot) {
            slots.remove(i);
        }
        if slots.is_empty() {
            map.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests;
