//! How much of a plan is written: coverage by keywords and searches, what the gaps are worth, hubs and how complete they
//! are, and pages that compete with each other.
//!
//! The definitions are the field's usual ones; where they leave a constant open it is one of this file's, with its reason.
//! There is no score of a text in them and no ranking: a page counts for what it says it aims at.

use std::collections::{BTreeMap, HashMap, HashSet};

use igny8_text as text;
use igny8_text::Stemmer;
use serde::{Deserialize, Serialize};

pub use crate::keyword_file::Intent;

/// Share of searchers who click the fifth result: what a new page can hope for. Published figures lie between 4 and 7 %.
pub const CLICKS: f64 = 0.05;
/// Difficulty of a keyword whose difficulty nobody knows.
pub const UNKNOWN_DIFFICULTY: u8 = 50;
/// Points of difficulty that a hub takes off once all of its clusters have a page: a site that covers a subject ranks for
/// more of it.
pub const AUTHORITY: f64 = 30.0;
/// Levels of clusters that are followed upwards.
const LEVELS: usize = 16;

/// What a visit is worth beside that of somebody who only wants to know something.
fn worth(intent: Option<Intent>) -> f64 {
    match intent {
        Some(Intent::Transactional) => 2.0,
        Some(Intent::Commercial) => 1.5,
        Some(Intent::Informational) | None => 1.0,
        // Who looks for another's site does not stay.
        Some(Intent::Navigational) => 0.25,
    }
}

/// What it takes to rank, from 1 for the easiest keyword to 5 for the hardest.
fn effort(difficulty: f64) -> f64 {
    1.0 + difficulty / 25.0
}

/// A cluster.
#[derive(Debug, Clone, Default)]
pub struct Cluster {
    /// Place of the cluster above it.
    pub parent: Option<usize>,
    /// It is a hub: its hub page links to the pages of the clusters below it.
    pub hub: bool,
}

/// A keyword that is wanted.
#[derive(Debug, Clone)]
pub struct Keyword {
    /// Place of its cluster.
    pub cluster: Option<usize>,
    /// As it was typed.
    pub text: String,
    /// What [`text_key`](crate::keyword_file::text_key) makes of it.
    pub key: String,
    /// Searches a month.
    pub volume: u64,
    /// 0 to 100.
    pub difficulty: Option<u8>,
    /// What somebody wants who types it.
    pub intent: Option<Intent>,
}

/// A page, written or published.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Place of its cluster.
    pub cluster: Option<usize>,
    /// It is its cluster's hub page.
    pub hub: bool,
    /// It is one of its cluster's supporting pages.
    pub supporting: bool,
    /// Visitors find it.
    pub live: bool,
    /// Language tag; pages of two languages do not compete.
    pub language: String,
    /// Its heading.
    pub title: String,
    /// Address on the site.
    pub path: String,
    /// Keyword it aims at.
    pub primary: Option<String>,
    /// Keys of all keywords that it says it covers, the primary among them.
    pub keys: Vec<String>,
    /// Addresses on the site that its text links to.
    pub links: Vec<String>,
}

/// Counts of keywords and their searches. Searches of variants (the same words in other forms or order) are counted once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// All keywords.
    pub keywords: u64,
    /// Those some page aims at, published or not.
    pub written: u64,
    /// Those a published page aims at.
    pub live: u64,
    /// Searches a month for all of them.
    pub volume: u64,
    /// For those some page aims at.
    pub volume_written: u64,
    /// For those a published page aims at.
    pub volume_live: u64,
}

/// How far a cluster is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A published page whose title holds the words of the keyword it aims at.
    Covered,
    /// There are pages, but none like that.
    Weak,
    /// There is no page.
    Gap,
}

/// What is known of one cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterReport {
    /// Of its keywords.
    pub coverage: Coverage,
    /// How far it is.
    pub state: State,
    /// Pages, published ones among them.
    pub pages: u64,
    /// Published pages.
    pub live_pages: u64,
    /// What it lacks: `no_hub`, `few_supporting_pages`, `top_keyword_uncovered`.
    pub gaps: Vec<&'static str>,
    /// What pages for the keywords without a published one could bring: the sum of searches × clicks at the fifth place ×
    /// worth of the intent ÷ effort.
    pub gap_value: f64,
    /// The sum of searches × (1 − difficulty ÷ 100) over the same keywords.
    pub opportunity: f64,
}

/// What is known of a hub: a cluster with this role and those below it, down to the next hub.
#[derive(Debug, Clone, PartialEq)]
pub struct HubReport {
    /// Place of the hub's cluster.
    pub cluster: usize,
    /// Clusters it is made of, its own among them.
    pub clusters: u64,
    /// Those with a published page.
    pub live_clusters: u64,
    /// A published hub page is there.
    pub pillar: bool,
    /// Published pages beside the hub page.
    pub supports: u64,
    /// Those its hub page links to, and those that link to it.
    pub linked_from_pillar: u64,
    /// See above.
    pub linking_to_pillar: u64,
    /// ½ · share of clusters with a published page + ¼ if there is a hub page + ¼ · share of the links there should be.
    pub completeness: f64,
    /// Sum over its clusters.
    pub gap_value: f64,
}

/// Why pages compete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rivalry {
    /// They aim at one keyword, or at variants of it.
    SamePrimaryKeyword,
    /// They are hub pages of one cluster.
    SameHub,
}

/// Published pages of one language that compete for the same searches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rivals {
    /// Why.
    pub reason: Rivalry,
    /// Places of the pages.
    pub pages: Vec<usize>,
}

/// All that is known.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Of all keywords.
    pub total: Coverage,
    /// Keywords in no cluster.
    pub unassigned: u64,
    /// In the order of the clusters.
    pub clusters: Vec<ClusterReport>,
    /// In the order of their clusters.
    pub hubs: Vec<HubReport>,
    /// Pages that compete, in an order that depends on the pages alone.
    pub rivals: Vec<Rivals>,
}

/// Variants of one keyword.
#[derive(Debug, Clone, Copy, Default)]
struct Variants {
    volume: u64,
    written: bool,
    live: bool,
    /// Of the one that is searched most.
    difficulty: Option<u8>,
    intent: Option<Intent>,
}

impl Variants {
    fn add(&mut self, keyword: &Keyword, written: bool, live: bool) {
        if keyword.volume > self.volume || (self.difficulty.is_none() && self.intent.is_none()) {
            self.difficulty = keyword.difficulty.or(self.difficulty);
            self.intent = keyword.intent.or(self.intent);
        }
        self.volume = self.volume.max(keyword.volume);
        self.written |= written;
        self.live |= live;
    }

    fn count(self, to: &mut Coverage) {
        to.volume = to.volume.saturating_add(self.volume);
        if self.written {
            to.volume_written = to.volume_written.saturating_add(self.volume);
        }
        if self.live {
            to.volume_live = to.volume_live.saturating_add(self.volume);
        }
    }
}

/// Sorted stems of a text: variants have the same. Texts without a word stand for themselves.
fn stems(of: &str, stemmer: Option<&Stemmer>) -> Vec<String> {
    let folded = text::fold(of);
    let mut stems: Vec<String> = text::words(&folded)
        .map(|word| stemmer.map_or_else(|| word.to_owned(), |stemmer| stemmer.stem(word).into_owned()))
        .collect();
    stems.sort_unstable();
    if stems.is_empty() {
        stems.push(folded);
    }
    stems
}

#[expect(clippy::cast_precision_loss, reason = "counts and searches a month")]
fn float(n: u64) -> f64 {
    n as f64
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { float(part) / float(whole) }
}

impl Coverage {
    /// Share of keywords that a published page aims at; 0 without keywords.
    pub fn keyword_coverage(&self) -> f64 {
        share(self.live, self.keywords)
    }

    /// The same, weighted by searches.
    pub fn volume_coverage(&self) -> f64 {
        share(self.volume_live, self.volume)
    }
}

impl HubReport {
    /// Share of its clusters with a published page.
    pub fn cluster_coverage(&self) -> f64 {
        share(self.live_clusters, self.clusters)
    }

    /// Share of the links there should be between the hub page and the others, in both directions; 0 without any.
    pub fn pillar_completeness(&self) -> f64 {
        share(self.linked_from_pillar + self.linking_to_pillar, 2 * self.supports)
    }
}

/// Reports on a plan. Time grows with the number of keywords, pages and links. `language` is that of the keywords.
pub fn report(clusters: &[Cluster], keywords: &[Keyword], pages: &[Page], language: &str) -> Report {
    let stemmer = text::stemmer(language);
    let keys = |live: bool| -> HashSet<&str> {
        pages
            .iter()
            .filter(|page| page.live || !live)
            .flat_map(|page| page.keys.iter().map(String::as_str))
            .collect()
    };
    let (written, live) = (keys(false), keys(true));
    let mut report = Report::default();
    let mut of_clusters = vec![Coverage::default(); clusters.len()];
    let mut tops: Vec<Option<(u64, bool)>> = vec![None; clusters.len()];
    let mut variants: HashMap<u64, Variants> = HashMap::new();
    let mut in_clusters: BTreeMap<(usize, u64), Variants> = BTreeMap::new();
    let primaries: HashSet<&str> = pages
        .iter()
        .filter_map(|page| page.keys.first())
        .map(String::as_str)
        .collect();
    for keyword in keywords {
        let (is_written, is_live) = (
            written.contains(keyword.key.as_str()),
            live.contains(keyword.key.as_str()),
        );
        let variant = hash(&stems(&keyword.text, stemmer.as_ref()));
        let cluster = keyword.cluster.filter(|at| *at < clusters.len());
        variants.entry(variant).or_default().add(keyword, is_written, is_live);
        let count = |to: &mut Coverage| {
            to.keywords += 1;
            to.written += u64::from(is_written);
            to.live += u64::from(is_live);
        };
        count(&mut report.total);
        let Some(cluster) = cluster else {
            report.unassigned += 1;
            continue;
        };
        count(&mut of_clusters[cluster]);
        in_clusters
            .entry((cluster, variant))
            .or_default()
            .add(keyword, is_written, is_live);
        let aimed = primaries.contains(keyword.key.as_str());
        let top = tops[cluster].get_or_insert((keyword.volume, aimed));
        *top = match keyword.volume.cmp(&top.0) {
            std::cmp::Ordering::Greater => (keyword.volume, aimed),
            std::cmp::Ordering::Equal => (top.0, top.1 || aimed),
            std::cmp::Ordering::Less => *top,
        };
    }
    for variant in variants.into_values() {
        variant.count(&mut report.total);
    }
    let hub_of: Vec<Option<usize>> = (0..clusters.len()).map(|at| hub_of(clusters, at)).collect();
    let mut with_live = vec![false; clusters.len()];
    for page in pages.iter().filter(|page| page.live) {
        if let Some(cluster) = page.cluster.filter(|at| *at < clusters.len()) {
            with_live[cluster] = true;
        }
    }
    let mut hubs = hubs(clusters, &hub_of, &with_live, pages);
    let authority = |cluster: usize| {
        let hub = hub_of[cluster].and_then(|hub| hubs.get(&hub));
        hub.map_or(0.0, HubReport::cluster_coverage) * AUTHORITY
    };
    let mut values = vec![(0.0, 0.0); clusters.len()];
    for ((cluster, _), variant) in in_clusters {
        variant.count(&mut of_clusters[cluster]);
        if !variant.live {
            let difficulty = f64::from(variant.difficulty.unwrap_or(UNKNOWN_DIFFICULTY).min(100));
            let own = (difficulty - authority(cluster)).max(0.0);
            let volume = float(variant.volume);
            values[cluster].0 += volume * CLICKS * worth(variant.intent) / effort(own);
            values[cluster].1 += volume * (1.0 - difficulty / 100.0);
        }
    }
    report.clusters = states(clusters.len(), pages, stemmer.as_ref())
        .into_iter()
        .enumerate()
        .map(|(at, found)| {
            let top = tops[at].is_some_and(|(_, aimed)| !aimed);
            ClusterReport {
                coverage: of_clusters[at],
                state: found.state,
                pages: found.pages,
                live_pages: found.live,
                gaps: [
                    (found.hubs == 0, "no_hub"),
                    (found.supporting < 2, "few_supporting_pages"),
                    (top, "top_keyword_uncovered"),
                ]
                .into_iter()
                .filter_map(|(lacks, code)| lacks.then_some(code))
                .collect(),
                gap_value: values[at].0,
                opportunity: values[at].1,
            }
        })
        .collect();
    for (at, of) in report.clusters.iter().enumerate() {
        if let Some(hub) = hub_of[at].and_then(|hub| hubs.get_mut(&hub)) {
            hub.gap_value += of.gap_value;
        }
    }
    report.hubs = hubs.into_values().collect();
    report.rivals = rivals(pages, stemmer.as_ref());
    report
}

/// A hash is enough to tell variants apart: two of a million are the same once in 30,000 sites.
fn hash(stems: &[String]) -> u64 {
    use std::hash::BuildHasher as _;
    rustc_hash::FxBuildHasher.hash_one(stems)
}

/// The hub that a cluster belongs to: itself or the nearest above it.
fn hub_of(clusters: &[Cluster], at: usize) -> Option<usize> {
    let mut here = Some(at);
    for _ in 0..LEVELS {
        let cluster = clusters.get(here?)?;
        if cluster.hub {
            return here;
        }
        here = cluster.parent;
    }
    None
}

fn hubs(
    clusters: &[Cluster],
    hub_of: &[Option<usize>],
    with_live: &[bool],
    pages: &[Page],
) -> BTreeMap<usize, HubReport> {
    let mut hubs: BTreeMap<usize, HubReport> = BTreeMap::new();
    for (at, hub) in hub_of.iter().enumerate().filter_map(|(at, hub)| Some((at, (*hub)?))) {
        let report = hubs.entry(hub).or_insert(HubReport {
            cluster: hub,
            clusters: 0,
            live_clusters: 0,
            pillar: false,
            supports: 0,
            linked_from_pillar: 0,
            linking_to_pillar: 0,
            completeness: 0.0,
            gap_value: 0.0,
        });
        report.clusters += 1;
        report.live_clusters += u64::from(with_live[at]);
    }
    let mut of_hubs: BTreeMap<usize, Vec<&Page>> = BTreeMap::new();
    for page in pages.iter().filter(|page| page.live) {
        let cluster = page.cluster.filter(|at| *at < clusters.len());
        if let Some(hub) = cluster.and_then(|at| hub_of[at]) {
            of_hubs.entry(hub).or_default().push(page);
        }
    }
    for (hub, report) in &mut hubs {
        let pages = of_hubs.get(hub).map_or(&[][..], Vec::as_slice);
        let is_pillar = |page: &&&Page| page.hub && page.cluster == Some(*hub);
        // Translations of the hub page are hub pages too.
        let pillars: Vec<&&Page> = pages.iter().filter(is_pillar).collect();
        let from: HashSet<&str> = pillars
            .iter()
            .flat_map(|p| p.links.iter().map(String::as_str))
            .collect();
        let to: HashSet<&str> = pillars.iter().map(|p| p.path.as_str()).collect();
        report.pillar = !pillars.is_empty();
        for page in pages.iter().filter(|page| !is_pillar(page)) {
            report.supports += 1;
            report.linked_from_pillar += u64::from(from.contains(page.path.as_str()));
            report.linking_to_pillar += u64::from(page.links.iter().any(|link| to.contains(link.as_str())));
        }
        report.completeness = 0.5 * report.cluster_coverage()
            + if report.pillar { 0.25 } else { 0.0 }
            + 0.25 * report.pillar_completeness();
    }
    hubs
}

/// The pages of a cluster, counted.
struct Pages {
    state: State,
    pages: u64,
    live: u64,
    hubs: u64,
    supporting: u64,
}

fn states(clusters: usize, pages: &[Page], stemmer: Option<&Stemmer>) -> Vec<Pages> {
    let mut found: Vec<Pages> = (0..clusters)
        .map(|_| Pages {
            state: State::Gap,
            pages: 0,
            live: 0,
            hubs: 0,
            supporting: 0,
        })
        .collect();
    for page in pages {
        let Some(of) = page.cluster.and_then(|at| found.get_mut(at)) else {
            continue;
        };
        of.pages += 1;
        of.live += u64::from(page.live);
        of.hubs += u64::from(page.hub);
        of.supporting += u64::from(page.supporting);
        let says = || {
            let title: HashSet<String> = stems(&page.title, stemmer).into_iter().collect();
            let primary = page.primary.as_deref().unwrap_or_default();
            !primary.trim().is_empty() && stems(primary, stemmer).iter().all(|stem| title.contains(stem))
        };
        if of.state != State::Covered {
            of.state = if page.live && says() {
                State::Covered
            } else {
                State::Weak
            };
        }
    }
    found
}

fn rivals(pages: &[Page], stemmer: Option<&Stemmer>) -> Vec<Rivals> {
    let mut by_keyword: BTreeMap<(&str, Vec<String>), Vec<usize>> = BTreeMap::new();
    let mut by_hub: BTreeMap<(&str, usize), Vec<usize>> = BTreeMap::new();
    for (at, page) in pages.iter().enumerate().filter(|(_, page)| page.live) {
        let language = page.language.as_str();
        if let Some(primary) = page.primary.as_deref().filter(|text| !text.trim().is_empty()) {
            by_keyword
                .entry((language, stems(primary, stemmer)))
                .or_default()
                .push(at);
        }
        if let Some(cluster) = page.cluster.filter(|_| page.hub) {
            by_hub.entry((language, cluster)).or_default().push(at);
        }
    }
    let of = |reason: Rivalry, pages: Vec<usize>| (pages.len() > 1).then_some(Rivals { reason, pages });
    let keywords = by_keyword
        .into_values()
        .filter_map(|pages| of(Rivalry::SamePrimaryKeyword, pages));
    let hubs = by_hub.into_values().filter_map(|pages| of(Rivalry::SameHub, pages));
    keywords.chain(hubs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyword(cluster: usize, text: &str, volume: u64) -> Keyword {
        Keyword {
            cluster: Some(cluster),
            text: text.to_owned(),
            key: text.to_owned(),
            volume,
            difficulty: None,
            intent: None,
        }
    }

    fn page(cluster: usize, hub: bool, path: &str, primary: &str, links: &[&str]) -> Page {
        Page {
            cluster: Some(cluster),
            hub,
            supporting: !hub,
            live: true,
            language: "en".into(),
            title: format!("All about {primary}s"),
            path: path.to_owned(),
            primary: Some(primary.to_owned()),
            keys: vec![primary.to_owned()],
            links: links.iter().map(|link| (*link).to_owned()).collect(),
        }
    }

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn coverage_counts_keywords_and_searches_of_variants_once() {
        let clusters = [Cluster {
            parent: None,
            hub: true,
        }];
        let keywords = [
            keyword(0, "coffee grinder", 1_000),
            keyword(0, "coffee grinders", 1_000),
            keyword(0, "burr grinder", 500),
            Keyword {
                cluster: None,
                ..keyword(0, "tea", 300)
            },
        ];
        let mut pages = [page(0, true, "/a/", "coffee grinder", &[])];
        let report = super::report(&clusters, &keywords, &pages, "en");
        let expected = Coverage {
            keywords: 4,
            written: 1,
            live: 1,
            volume: 1_800,
            volume_written: 1_000,
            volume_live: 1_000,
        };
        assert_eq!((report.total, report.unassigned), (expected, 1));
        assert!(near(report.total.keyword_coverage(), 0.25));
        let of = &report.clusters[0];
        assert_eq!((of.coverage.volume, of.state), (1_500, State::Covered));
        assert_eq!(of.gaps, ["few_supporting_pages"]);
        // What is left is the burr grinder, of unknown difficulty, 30 points easier since the hub is covered.
        assert!(
            near(of.gap_value, 500.0 * CLICKS / (1.0 + 20.0 / 25.0)),
            "{}",
            of.gap_value
        );
        assert!(near(of.opportunity, 250.0), "{}", of.opportunity);

        pages[0].live = false;
        let report = super::report(&clusters, &keywords, &pages, "en");
        assert_eq!((report.total.written, report.total.live), (1, 0));
        assert_eq!(report.clusters[0].state, State::Weak);
        let none = super::report(&clusters, &keywords, &[], "en");
        assert_eq!(none.clusters[0].state, State::Gap);
        assert_eq!(
            none.clusters[0].gaps,
            ["no_hub", "few_supporting_pages", "top_keyword_uncovered"]
        );
    }

    #[test]
    fn a_title_without_the_keyword_is_weak() {
        let mut one = page(0, true, "/a/", "coffee grinder", &[]);
        one.title = "Our machines".into();
        let report = super::report(&[Cluster::default()], &[], &[one], "en");
        assert_eq!(report.clusters[0].state, State::Weak);
    }

    #[test]
    fn hubs_are_as_complete_as_their_clusters_and_links() {
        // A hub with two clusters below it, one of them below the other; and a hub of its own below.
        let clusters = [
            Cluster {
                parent: None,
                hub: true,
            },
            Cluster {
                parent: Some(0),
                hub: false,
            },
            Cluster {
                parent: Some(1),
                hub: false,
            },
            Cluster {
                parent: Some(0),
                hub: true,
            },
            Cluster {
                parent: None,
                hub: false,
            },
        ];
        let pages = [
            page(0, true, "/hub/", "coffee", &["/a/", "/elsewhere/"]),
            page(1, false, "/a/", "grinder", &["/hub/"]),
            page(1, false, "/b/", "burr", &[]),
        ];
        let report = super::report(&clusters, &[], &pages, "en");
        assert_eq!(report.hubs.iter().map(|hub| hub.cluster).collect::<Vec<_>>(), [0, 3]);
        let hub = &report.hubs[0];
        assert_eq!(
            (hub.clusters, hub.live_clusters, hub.pillar, hub.supports),
            (3, 2, true, 2)
        );
        assert_eq!((hub.linked_from_pillar, hub.linking_to_pillar), (1, 1));
        assert!(
            near(hub.completeness, 0.5 * 2.0 / 3.0 + 0.25 + 0.25 * 0.5),
            "{}",
            hub.completeness
        );
        assert!(near(report.hubs[1].completeness, 0.0));
    }

    #[test]
    fn pages_compete_in_one_language_only() {
        let mut pages = vec![
            page(0, true, "/a/", "coffee grinder", &[]),
            page(1, false, "/b/", "Grinders, coffee", &[]),
            page(0, true, "/c/", "tea", &[]),
            page(1, false, "/d/", "tea", &[]),
        ];
        pages[3].language = "de".into();
        let rivals = super::report(&[Cluster::default(), Cluster::default()], &[], &pages, "en").rivals;
        let expected = [
            (Rivalry::SamePrimaryKeyword, vec![0, 1]),
            (Rivalry::SameHub, vec![0, 2]),
        ];
        assert_eq!(
            rivals.into_iter().map(|r| (r.reason, r.pages)).collect::<Vec<_>>(),
            expected
        );
        pages.iter_mut().for_each(|page| page.live = false);
        assert!(super::report(&[], &[], &pages, "en").rivals.is_empty());
    }

    #[test]
    fn parents_in_a_circle_end() {
        let clusters = [
            Cluster {
                parent: Some(1),
                hub: false,
            },
            Cluster {
                parent: Some(0),
                hub: false,
            },
        ];
        assert!(super::report(&clusters, &[], &[], "en").hubs.is_empty());
    }
}
