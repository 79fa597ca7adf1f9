//! What a plan covers and what it leaves open.
//!
//! [`check`] holds a plan against the rules of its blueprint. Each [`Violation`] says where, why it matters, and how to mend it
//! in one call: as edits of the plan, as terms to make, or in words where only a person can. A [`Waiver`] silences the one
//! violation of its rule and place, and no other. [`matrix`](matrix()) shows clusters against terms.

mod clusters;
mod frame;
mod matrix;
mod pages;
pub mod rule;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

pub use self::matrix::{Cell, CellState, Column, Matrix, MatrixPage, Row, matrix};
pub use self::rule::{Level, Rule};
use crate::blueprint::CoverageRule;
use crate::names::{MenuPlace, TaxonomyKind};
use crate::sitemap::build::Making;
use crate::sitemap::edit::Edit;
use crate::sitemap::filing::Filing;
use crate::sitemap::{Input, PagePlan, Sitemap, structure, tree};
use crate::taxonomy::Proposal;
use crate::wizard::gate;

/// Violations that are told; the rest is counted.
pub const MAX_TOLD: usize = 2_000;
/// Characters of a waiver's reason.
pub const MAX_REASON: usize = 500;

/// What a violation is about. With its rule it names the violation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Place {
    /// A page.
    Page {
        /// Its key.
        page: String,
    },
    /// A cluster.
    Cluster {
        /// Its id.
        cluster: String,
    },
    /// A term.
    Term {
        /// Its id.
        term: String,
    },
    /// A taxonomy.
    Taxonomy {
        /// Which.
        kind: TaxonomyKind,
    },
    /// A keyword and its variants.
    Keyword {
        /// What they have in common.
        variant: String,
    },
    /// A title.
    Title {
        /// In the form titles are compared in.
        title: String,
    },
    /// An address.
    Address {
        /// Path on the site.
        path: String,
    },
    /// An entry of a menu.
    Menu {
        /// Which menu.
        place: MenuPlace,
        /// Key of the page it should lead to.
        page: String,
    },
}

/// How a violation is mended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "mend", rename_all = "snake_case")]
pub enum Mend {
    /// By edits of the plan.
    Edits {
        /// To be made together.
        edits: Vec<Edit>,
    },
    /// By terms that are made and mapped.
    MakeTerms {
        /// In order: parents first.
        terms: Vec<Proposal>,
    },
    /// By mapping a term to a cluster.
    MapTerm {
        /// The term.
        term: String,
        /// The cluster.
        cluster: String,
    },
    /// By a person.
    ByHand {
        /// What to do.
        what: String,
    },
}

/// A rule that a plan breaks somewhere.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Violation {
    /// Which rule.
    pub rule: Rule,
    /// How much it weighs.
    pub level: Level,
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// Why that matters, as the blueprint says.
    pub why: String,
    /// How to mend it.
    pub mend: Mend,
}

/// A gap that may stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// Which rule.
    pub rule: Rule,
    /// Where.
    pub place: Place,
    /// Why it may stay.
    pub reason: String,
}

/// A violation that is waived.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Waived {
    /// What.
    pub violation: Violation,
    /// Why it may stay.
    pub reason: String,
}

/// What a look at a plan found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Violations that are not waived: those that must be mended first.
    pub violations: Vec<Violation>,
    /// Those that are.
    pub waived: Vec<Waived>,
    /// Waivers that silence nothing: what they were for is mended or gone.
    pub idle: Vec<Waiver>,
    /// How often each rule is broken, waived ones not counted.
    pub counts: BTreeMap<Rule, u32>,
    /// Violations of level `must` that are not waived.
    pub open: u32,
    /// Violations that are counted and not told.
    pub left_out: u32,
}

impl Waiver {
    /// What is wrong with the reason.
    pub fn problem(&self) -> Option<String> {
        let length = self.reason.trim().chars().count();
        let plain = !self.reason.chars().any(|c| c.is_control() && c != '\n');
        (!(3..=MAX_REASON).contains(&length) || !plain)
            .then(|| format!("say in 3 to {MAX_REASON} characters why the gap may stay"))
    }
}

/// What rules look at, made once.
pub(crate) struct Look<'a> {
    input: Input<'a>,
    making: &'a Making<'a>,
    filing: Filing<'a, 'a>,
    pages: &'a [PagePlan],
    index: HashMap<&'a str, usize>,
    /// Pages by cluster.
    of_cluster: HashMap<&'a str, Vec<usize>>,
    /// What would be planned besides what is there.
    missing: std::cell::OnceCell<Vec<PagePlan>>,
    violations: Vec<Violation>,
}

/// Holds a plan (`input.before`) against the rules of its blueprint.
pub fn check(input: Input<'_>, waivers: &[Waiver]) -> Report {
    let making = Making::new(input);
    let pages = input.before.pages.as_slice();
    let mut of_cluster: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, page) in pages.iter().enumerate() {
        if let Some(cluster) = &page.cluster {
            of_cluster.entry(cluster).or_default().push(at);
        }
    }
    let mut look = Look {
        input,
        making: &making,
        filing: Filing::new(&making),
        pages,
        index: tree::index(pages),
        of_cluster,
        missing: std::cell::OnceCell::new(),
        violations: Vec::new(),
    };
    for rule in &input.blueprint.coverage {
        match rule.rule {
            Rule::RequiredPage => look.required_pages(rule),
            Rule::RequiredTerms => look.required_terms(rule),
            Rule::HubPage => look.hub_pages(rule),
            Rule::SupportingPages => look.supporting_pages(rule),
            Rule::KeywordTwice => look.keywords_twice(rule),
            Rule::PageKeyword => look.page_keywords(rule),
            Rule::PageCluster => look.page_clusters(rule),
            Rule::GoneNames => look.gone_names(rule),
            Rule::NeededTerm => look.needed_terms(rule),
            Rule::ClusterTerm => look.cluster_terms(rule),
            Rule::TermPages => look.term_pages(rule),
            Rule::MenuTarget => look.menu_targets(rule),
            Rule::HubLinks => look.hub_links(rule),
            Rule::PageLinks => look.page_links(rule),
            Rule::TitleTwice => look.titles_twice(rule),
            Rule::Address => look.addresses(rule),
            Rule::Tree => look.tree(rule),
        }
    }
    report(look.violations, waivers)
}

fn report(mut all: Vec<Violation>, waivers: &[Waiver]) -> Report {
    all.sort_by(|a, b| (a.level, a.rule, &a.place).cmp(&(b.level, b.rule, &b.place)));
    let reasons: HashMap<(Rule, &Place), &str> = waivers
        .iter()
        .map(|waiver| ((waiver.rule, &waiver.place), waiver.reason.as_str()))
        .collect();
    let mut counts: BTreeMap<Rule, u32> = BTreeMap::new();
    let (mut violations, mut waived) = (Vec::new(), Vec::new());
    let mut used: std::collections::HashSet<(Rule, Place)> = std::collections::HashSet::new();
    let mut open = 0;
    for violation in all {
        match reasons.get(&(violation.rule, &violation.place)) {
            Some(reason) => {
                used.insert((violation.rule, violation.place.clone()));
                waived.push(Waived {
                    reason: (*reason).to_owned(),
                    violation,
                });
            }
            None => {
                *counts.entry(violation.rule).or_default() += 1;
                open += u32::from(violation.level == Level::Must);
                violations.push(violation);
            }
        }
    }
    let idle = waivers
        .iter()
        .filter(|waiver| !used.contains(&(waiver.rule, waiver.place.clone())));
    let idle = idle.cloned().collect();
    let left_out = violations.len().saturating_sub(MAX_TOLD);
    violations.truncate(MAX_TOLD);
    Report {
        violations,
        waived,
        idle,
        counts,
        open,
        left_out: u32::try_from(left_out).unwrap_or(u32::MAX),
    }
}

impl Report {
    /// What the gate of the coverage step looks at.
    pub fn facts(&self) -> gate::Coverage {
        gate::Coverage {
            checked: true,
            open: self.open,
        }
    }
}

/// What the gate of the sitemap step looks at, whatever the blueprint's rules and waivers.
pub fn sitemap_facts(input: Input<'_>) -> gate::Pages {
    let clusters: std::collections::HashSet<&str> = input.clusters.iter().map(|of| of.id.as_str()).collect();
    let terms: std::collections::HashSet<&str> = input.terms.iter().map(|of| of.id.as_str()).collect();
    let pages = &input.before.pages;
    let gone = pages
        .iter()
        .filter(|page| pages::names_gone(page, &clusters, &terms))
        .count();
    let mut broken: std::collections::HashSet<usize> = tree::faults(pages).into_iter().map(|(at, _)| at).collect();
    broken.extend(pages::address_faults(pages).into_values().flatten());
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    gate::Pages {
        pages: number(pages.len()),
        gone_names: number(gone),
        broken: number(broken.len()),
    }
}

impl<'a> Look<'a> {
    fn note(&mut self, rule: &CoverageRule, place: Place, message: String, mend: Mend) {
        self.violations.push(Violation {
            rule: rule.rule,
            level: rule.level,
            place,
            message,
            why: rule.why.clone(),
            mend,
        });
    }

    fn of_cluster(&self, cluster: &str) -> Vec<&'a PagePlan> {
        let places = self.of_cluster.get(cluster).into_iter().flatten();
        places.map(|&at| &self.pages[at]).collect()
    }

    /// The pages that would be planned besides those that are there.
    fn missing(&self) -> &[PagePlan] {
        self.missing.get_or_init(|| {
            let kept = Sitemap {
                pages: self
                    .pages
                    .iter()
                    .map(|page| PagePlan {
                        locked: true,
                        ..page.clone()
                    })
                    .collect(),
                menus: Vec::new(),
            };
            let planned = structure(Input {
                before: &kept,
                ..self.input
            });
            let new = planned.sitemap.pages.into_iter();
            let mut new: Vec<PagePlan> = new.filter(|page| !self.index.contains_key(page.key.as_str())).collect();
            // Each is offered by itself: what it would stand below may not be taken.
            let above: HashMap<String, Option<String>> =
                new.iter().map(|page| (page.key.clone(), page.parent.clone())).collect();
            for page in &mut new {
                while let Some(parent) = page.parent.as_ref().and_then(|parent| above.get(parent)) {
                    page.parent.clone_from(parent);
                }
            }
            new
        })
    }
}

/// An edit that adds a page. It may link to pages that are not there yet; such links are left out when it is made.
fn add(page: &PagePlan) -> Edit {
    Edit::Add {
        page: Box::new(page.clone()),
    }
}

fn edits(edits: Vec<Edit>) -> Mend {
    Mend::Edits { edits }
}

fn by_hand(what: impl Into<String>) -> Mend {
    Mend::ByHand { what: what.into() }
}
