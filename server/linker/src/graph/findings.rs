//! What reports are made of.

use serde::{Deserialize, Serialize};

use crate::page::Role;

/// A page of a report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PageRef {
    /// The page's id.
    pub id: String,
    /// Its path.
    pub path: String,
    /// Its title.
    pub title: String,
}

/// A list that shows its beginning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listing<T> {
    /// How many there are.
    pub total: usize,
    /// The first of them.
    pub items: Vec<T>,
}

impl<T> Listing<T> {
    pub(super) fn new(items: impl Iterator<Item = T>, limit: usize) -> Self {
        let mut out = Self {
            total: 0,
            items: Vec::new(),
        };
        for item in items {
            out.total += 1;
            if out.items.len() < limit {
                out.items.push(item);
            }
        }
        out
    }
}

/// How much a report shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Items of each list.
    pub items: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { items: 100 }
    }
}

/// Why a link is dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// No page is there.
    Unknown,
    /// The page is not published.
    Draft,
    /// The page has moved: the link should say where to.
    Redirected,
    /// Its redirects lead in a circle, or are too many.
    RedirectLoop,
}

/// A link that does not lead straight to a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLink {
    /// Where it is.
    pub source: PageRef,
    /// Where it leads.
    pub href: String,
    /// Its text, folded.
    pub anchor: String,
    /// Whether it is in a menu.
    pub navigation: bool,
    /// What is wrong.
    pub why: Why,
    /// The page that is meant, where one is.
    pub target: Option<PageRef>,
}

/// A page that is far from home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeepPage {
    /// The page.
    pub page: PageRef,
    /// Clicks from home by links in texts; none where no way leads.
    pub in_content: Option<u32>,
    /// Clicks from home by any link.
    pub with_navigation: Option<u32>,
}

/// A hub and the pages that belong to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pillar {
    /// The cluster whose hub it is.
    pub topic: String,
    /// The hub page; none where the topic has none.
    pub hub: Option<PageRef>,
    /// How many pages belong to it.
    pub supports: usize,
    /// Those that do not link to the hub.
    pub without_link_to_hub: Vec<PageRef>,
    /// Those the hub does not link to.
    pub without_link_from_hub: Vec<PageRef>,
    /// The share of these links that are there, 0 to 1.
    pub completeness: f64,
}

/// One anchor that leads to several pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompetingAnchor {
    /// The anchor, folded.
    pub anchor: String,
    /// Where it leads.
    pub targets: Vec<PageRef>,
    /// Links with it.
    pub links: usize,
}

/// A link whose anchor is wrong by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnchorUse {
    /// Where it is.
    pub source: PageRef,
    /// Where it leads.
    pub target: PageRef,
    /// The anchor, folded.
    pub anchor: String,
}

/// The anchors of the links to one page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Anchors {
    /// The page.
    pub target: PageRef,
    /// Links to it that are in texts.
    pub links: usize,
    /// Different anchors.
    pub different: usize,
    /// The share of the anchors that say the primary keyword and nothing else; at most a half is natural.
    pub exact: f64,
    /// The share of the most frequent anchor; at most 0.4 is natural.
    pub most_frequent: f64,
    /// Entropy of the anchors in bits.
    pub entropy: f64,
}

/// The state of a site's links. Only links in texts count, unless something else is said; several between the same two
/// pages count as one. Archives are ways to pages and nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Published pages.
    pub pages: usize,
    /// Pairs of pages with a link.
    pub links: usize,
    /// Pairs of pages with a link in a menu.
    pub navigation_links: usize,
    /// Links to other sites.
    pub external_links: usize,
    /// Pages without a link to them.
    pub orphans: Listing<PageRef>,
    /// Pages with one link to them.
    pub weak: Listing<PageRef>,
    /// Pages without a link to another.
    pub dead_ends: Listing<PageRef>,
    /// Links that do not lead straight to a page, those in menus too.
    pub dead_links: Listing<DeadLink>,
    /// Pages that are more than three clicks from home, or not to be reached.
    pub deep: Listing<DeepPage>,
    /// How many pages are that far by links in texts alone.
    pub deep_in_content: usize,
    /// Mean clicks from home of what can be reached by any link.
    pub mean_depth: f64,
    /// Hubs with something missing, and topics without one.
    pub pillars: Listing<Pillar>,
    /// Topics without a hub, pages that do not link to theirs, and pages that theirs does not link to.
    pub without_hub: usize,
    /// See [`Report::without_hub`].
    pub without_link_to_hub: usize,
    /// See [`Report::without_hub`].
    pub without_link_from_hub: usize,
    /// Mean completeness of the hubs that have pages; 1 without any.
    pub pillar_completeness: f64,
    /// Anchors that lead to several pages.
    pub competing_anchors: Listing<CompetingAnchor>,
    /// Anchors that say nothing.
    pub generic_anchors: Listing<AnchorUse>,
    /// Anchors to another page that are what the page itself is to be found by.
    pub own_keyphrase_anchors: Listing<AnchorUse>,
    /// Pages whose anchors are too much alike.
    pub monotonous_anchors: Listing<Anchors>,
    /// The share of links that are answered by one back; at most a half is natural.
    pub reciprocal: f64,
    /// The share of links that stay in their topic, of those between pages that have one.
    pub within_topic: f64,
    /// Parts of the site that no link joins.
    pub components: usize,
    /// Pages in the largest of them.
    pub largest_component: usize,
    /// How unequal PageRank is (Gini), 0 to 1.
    pub rank_inequality: f64,
}

/// A page on a map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MapNode {
    /// The page.
    #[serde(flatten)]
    pub page: PageRef,
    /// Its cluster.
    pub cluster: Option<String>,
    /// What it is to it.
    pub role: Option<Role>,
    /// PageRank, so that 1 is the mean.
    pub rank: f64,
    /// Clicks from home by any link.
    pub depth: Option<u32>,
    /// Pages that link to it in their text.
    pub inbound: usize,
    /// Pages it links to in its text.
    pub outbound: usize,
}

/// The links from one page of a map to another: places of both in [`LinkMap::nodes`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapEdge {
    /// From.
    pub source: usize,
    /// To.
    pub target: usize,
    /// The first anchor, folded.
    pub anchor: String,
    /// How many links there are.
    pub links: usize,
}

/// A site as nodes and edges, to be drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinkMap {
    /// Pages there are.
    pub pages: usize,
    /// Those with the highest PageRank.
    pub nodes: Vec<MapNode>,
    /// Links in texts between them.
    pub edges: Listing<MapEdge>,
}

/// The links of one page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageLinks {
    /// The page.
    pub page: PageRef,
    /// Pages that link to it in their text.
    pub inbound: Listing<AnchorUse>,
    /// Pages its text links straight to.
    pub outbound: Listing<AnchorUse>,
    /// Links in its text that do not lead straight to a page.
    pub dead: Listing<DeadLink>,
    /// Links to other sites.
    pub external: usize,
}
