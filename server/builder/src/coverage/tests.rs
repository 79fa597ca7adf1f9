use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::blueprint::Blueprint;
use crate::names::{Choice as _, Entity, Role};
use crate::sitemap::edit::apply;
use crate::sitemap::tests::{PLUMBER, blueprint, brand, clusters, term};
use crate::sitemap::{Aim, Brand, Cluster, MenuEntry};
use crate::taxonomy::Term;

/// A site with its plan.
#[derive(Debug, Clone)]
struct Site {
    blueprint: Blueprint,
    brand: Brand,
    clusters: Vec<Cluster>,
    terms: Vec<Term>,
    plan: Sitemap,
}

impl Site {
    /// A company whose terms are those that are recommended.
    fn company() -> Self {
        let mut site = Self {
            blueprint: blueprint("company"),
            brand: brand(),
            clusters: clusters(PLUMBER),
            terms: Vec::new(),
            plan: Sitemap::default(),
        };
        site.make_terms(&recommend(&site));
        site.plan = structure(site.input()).sitemap;
        site
    }

    fn input(&self) -> Input<'_> {
        Input {
            blueprint: &self.blueprint,
            brand: &self.brand,
            clusters: &self.clusters,
            terms: &self.terms,
            before: &self.plan,
        }
    }

    fn report(&self) -> Report {
        check(self.input(), &[])
    }

    fn make_terms(&mut self, proposals: &[Proposal]) {
        let id = |proposal: &Proposal| format!("{}-{}", proposal.kind.word(), proposal.slug);
        for proposal in proposals {
            match &proposal.existing {
                Some(existing) => {
                    let term = self.terms.iter_mut().find(|term| term.id == *existing).unwrap();
                    term.clusters.extend(proposal.clusters.iter().cloned());
                }
                None => self.terms.push(Term {
                    id: id(proposal),
                    kind: proposal.kind,
                    name: proposal.name.clone(),
                    slug: proposal.slug.clone(),
                    parent: proposal.parent.map(|above| id(&proposals[above])),
                    clusters: proposal.clusters.clone(),
                }),
            }
        }
    }

    /// Does what a violation says.
    fn mend(&mut self, mend: &Mend) {
        match mend {
            Mend::Edits { edits } => {
                assert!(!edits.is_empty(), "a mend does something");
                self.plan = apply(&self.plan, edits).unwrap_or_else(|problems| panic!("{problems:?} for {edits:?}"));
            }
            Mend::MakeTerms { terms } => self.make_terms(terms),
            Mend::MapTerm { term, cluster } => {
                let term = self.terms.iter_mut().find(|of| of.id == *term).unwrap();
                term.clusters.push(cluster.clone());
            }
            Mend::ByHand { what } => assert!(what.ends_with('.')),
        }
    }

    fn page(&mut self, fits: impl Fn(&PagePlan) -> bool) -> Option<&mut PagePlan> {
        self.plan.pages.iter_mut().find(|page| fits(page))
    }
}

fn recommend(site: &Site) -> Vec<Proposal> {
    crate::taxonomy::recommend(site.input())
}

fn rules(report: &Report) -> BTreeSet<Rule> {
    report.violations.iter().map(|violation| violation.rule).collect()
}

fn supporting(page: &PagePlan) -> bool {
    page.role == Some(Role::Supporting) && page.entity == Entity::Service
}

fn hub(page: &PagePlan) -> bool {
    page.role == Some(Role::Hub)
}

#[test]
fn a_plan_as_it_is_made_leaves_nothing_open() {
    let report = Site::company().report();
    assert_eq!(report.open, 0, "{:#?}", report.violations);
    assert_eq!(report.facts(), gate::Coverage { checked: true, open: 0 });
    for name in ["blog", "ecommerce"] {
        let keywords = if name == "blog" {
            crate::sitemap::tests::COFFEE
        } else {
            crate::sitemap::tests::SHOP
        };
        let mut site = Site {
            blueprint: blueprint(name),
            clusters: clusters(keywords),
            ..Site::company()
        };
        site.terms = Vec::new();
        site.plan = Sitemap::default();
        site.make_terms(&recommend(&site));
        for kind in site.blueprint.required_taxonomies() {
            assert!(
                site.terms.iter().any(|term| term.kind == kind),
                "{name}: {kind:?} is recommended"
            );
        }
        assert!(recommend(&site).is_empty(), "{name}: nothing is recommended twice");
        site.plan = structure(site.input()).sitemap;
        let report = site.report();
        assert_eq!(report.open, 0, "{name}: {:#?}", report.violations);
    }
}

/// `None` where nothing is left to damage.
type Damage = fn(&mut Site) -> Option<()>;

/// What can be wrong, with the rules that say so.
const DAMAGES: &[(&str, Damage, &[Rule])] = &[
    (
        "a page of the frame is missing",
        |site| {
            site.plan.pages.retain(|page| page.key != "about");
            Some(())
        },
        &[Rule::RequiredPage, Rule::MenuTarget],
    ),
    (
        "a taxonomy has no term",
        |site| {
            site.terms.retain(|term| term.kind != TaxonomyKind::ServiceCategory);
            Some(())
        },
        &[Rule::RequiredTerms, Rule::GoneNames],
    ),
    (
        "a hub page is missing",
        |site| {
            let key = site.page(hub)?.key.clone();
            site.plan.pages.retain(|page| page.key != key);
            for page in &mut site.plan.pages {
                page.links.retain(|link| *link != key);
                if page.parent.as_ref() == Some(&key) {
                    page.parent = Some("services".to_owned());
                }
            }
            for menu in &mut site.plan.menus {
                menu.items.retain(|entry| entry.page != key);
            }
            Some(())
        },
        &[Rule::HubPage],
    ),
    (
        "a hub is no hub any more",
        |site| {
            site.page(hub)?.role = Some(Role::Supporting);
            Some(())
        },
        &[Rule::HubPage],
    ),
    (
        "a cluster has no supporting pages",
        |site| {
            let cluster = site.page(supporting)?.cluster.clone();
            site.plan.pages.retain(|page| page.cluster != cluster || hub(page));
            let keys: BTreeSet<String> = site.plan.pages.iter().map(|page| page.key.clone()).collect();
            for page in &mut site.plan.pages {
                page.links.retain(|link| keys.contains(link));
            }
            Some(())
        },
        &[Rule::SupportingPages],
    ),
    (
        "two pages aim at one keyword",
        |site| {
            let aim = site.page(hub)?.primary.clone();
            let page = site.page(supporting)?;
            page.keywords.extend(page.primary.take());
            page.primary = aim.map(|aim| Aim {
                text: format!("{} S", aim.text.to_uppercase()).replace(" S", "s"),
                ..aim
            });
            Some(())
        },
        &[Rule::KeywordTwice],
    ),
    (
        "a page aims at nothing",
        |site| {
            site.page(supporting)?.primary = None;
            Some(())
        },
        &[Rule::PageKeyword],
    ),
    (
        "a page belongs to no cluster",
        |site| {
            let page = site.page(supporting)?;
            (page.cluster, page.role) = (None, None);
            Some(())
        },
        &[Rule::PageCluster],
    ),
    (
        "a cluster was deleted",
        |site| {
            site.clusters.pop()?;
            Some(())
        },
        &[Rule::GoneNames],
    ),
    (
        "a cluster was deleted, and a person had changed its pages",
        |site| {
            let gone = site.clusters.pop()?.id;
            for page in site
                .plan
                .pages
                .iter_mut()
                .filter(|page| page.cluster.as_ref() == Some(&gone))
            {
                page.locked = true;
            }
            Some(())
        },
        &[Rule::GoneNames],
    ),
    (
        "a service has no category",
        |site| {
            site.page(supporting)?.terms.clear();
            Some(())
        },
        &[Rule::NeededTerm],
    ),
    (
        "a cluster is mapped to no term",
        |site| {
            let id = site.clusters.first()?.id.clone();
            for term in &mut site.terms {
                term.clusters.retain(|cluster| *cluster != id);
            }
            Some(())
        },
        &[Rule::ClusterTerm],
    ),
    (
        "a term has nothing to list",
        |site| {
            let category = site
                .terms
                .iter()
                .find(|term| term.kind == TaxonomyKind::ServiceCategory)?
                .id
                .clone();
            for page in &mut site.plan.pages {
                page.terms.retain(|id| *id != category);
            }
            Some(())
        },
        &[Rule::TermPages, Rule::NeededTerm],
    ),
    (
        "a menu leads nowhere",
        |site| {
            site.plan.menus[0].items.push(MenuEntry {
                page: "nowhere".to_owned(),
                label: None,
                below: vec!["elsewhere".to_owned()],
            });
            Some(())
        },
        &[Rule::MenuTarget],
    ),
    (
        "a hub has no links from its pages",
        |site| {
            let key = site.page(hub)?.key.clone();
            for page in &mut site.plan.pages {
                page.links.retain(|link| *link != key);
            }
            Some(())
        },
        &[Rule::HubLinks],
    ),
    (
        "a service does not lead to the contact page",
        |site| {
            site.page(supporting)?.links.retain(|link| link != "contact");
            Some(())
        },
        &[Rule::PageLinks],
    ),
    (
        "two pages have one title",
        |site| {
            let title = site.page(hub)?.title.clone();
            site.page(supporting)?.title = title;
            Some(())
        },
        &[Rule::TitleTwice],
    ),
    (
        "two pages have one address",
        |site| {
            let slug = site.page(hub)?.slug.clone();
            site.page(supporting)?.slug = slug;
            Some(())
        },
        &[Rule::Address],
    ),
    (
        "an address cannot be",
        |site| {
            "A b".clone_into(&mut site.page(supporting)?.slug);
            Some(())
        },
        &[Rule::Address],
    ),
    (
        "pages stand below each other",
        |site| {
            let key = site.page(supporting)?.key.clone();
            let parent = site.page(supporting)?.parent.clone()?;
            site.page(|page| page.key == parent)?.parent = Some(key);
            Some(())
        },
        &[Rule::Tree],
    ),
    (
        "a page stands below none",
        |site| {
            site.page(supporting)?.parent = Some("nowhere".to_owned());
            Some(())
        },
        &[Rule::Tree],
    ),
];

#[test]
fn every_rule_is_broken_and_mended_in_one_call() {
    let mut seen: BTreeSet<Rule> = BTreeSet::new();
    for (what, damage, expected) in DAMAGES {
        let mut site = Site::company();
        damage(&mut site).expect(what);
        let before = rules(&Site::company().report());
        let report = site.report();
        let broken: BTreeSet<Rule> = rules(&report).difference(&before).copied().collect();
        for rule in *expected {
            assert!(broken.contains(rule), "{what}: {rule:?} among {broken:?}");
            seen.insert(*rule);
        }
        for violation in report
            .violations
            .iter()
            .filter(|violation| expected.contains(&violation.rule))
        {
            assert!(!violation.message.is_empty() && !violation.why.is_empty());
            if let Mend::ByHand { .. } = violation.mend {
                panic!("{what}: {violation:?} is not mended in one call");
            }
            let mut mended = site.clone();
            mended.mend(&violation.mend);
            let left = mended.report();
            let same = |other: &Violation| (other.rule, &other.place) == (violation.rule, &violation.place);
            let left: Vec<&Violation> = left.violations.iter().filter(|other| same(other)).collect();
            // Of a service without a term the term comes first; then it can be filed under it.
            if violation.rule != Rule::NeededTerm || !matches!(violation.mend, Mend::MakeTerms { .. }) {
                assert!(left.is_empty(), "{what}: {left:?}");
            }
        }
    }
    let all: BTreeSet<Rule> = Rule::ALL.iter().map(|(rule, _, _)| *rule).collect();
    assert_eq!(seen, all, "every rule has a case");
}

#[test]
fn a_waiver_silences_one_violation_and_no_other() {
    let mut site = Site::company();
    let services: Vec<String> = site
        .plan
        .pages
        .iter()
        .filter(|page| supporting(page))
        .map(|page| page.key.clone())
        .collect();
    for page in site.plan.pages.iter_mut().filter(|page| supporting(page)) {
        page.terms.clear();
    }
    let waiver = |page: &str| Waiver {
        rule: Rule::NeededTerm,
        place: Place::Page { page: page.to_owned() },
        reason: "It is filed by hand.".to_owned(),
    };
    let all = site.report();
    assert_eq!(all.counts[&Rule::NeededTerm] as usize, services.len());
    let other = Waiver {
        rule: Rule::HubPage,
        ..waiver(&services[0])
    };
    let report = check(site.input(), &[waiver(&services[0]), waiver("nowhere"), other.clone()]);
    assert_eq!(report.counts[&Rule::NeededTerm] as usize, services.len() - 1);
    assert_eq!(report.open, all.open - 1);
    assert_eq!(report.waived.len(), 1);
    assert_eq!(
        report.waived[0].violation.place,
        Place::Page {
            page: services[0].clone()
        }
    );
    assert_eq!(report.idle, [waiver("nowhere"), other]);
    for (reason, good) in [
        ("", false),
        ("ok", false),
        ("It may stay.", true),
        (&"x".repeat(501), false),
        ("a\u{0}bc", false),
    ] {
        let waiver = Waiver {
            reason: reason.to_owned(),
            ..waiver("a")
        };
        assert_eq!(waiver.problem().is_none(), good, "{reason:?}");
    }
}

#[test]
fn the_wizard_sees_what_no_waiver_can_silence() {
    let mut site = Site::company();
    assert_eq!(
        sitemap_facts(site.input()),
        gate::Pages {
            pages: u32::try_from(site.plan.pages.len()).unwrap(),
            ..gate::Pages::default()
        }
    );
    let cluster = site.clusters.remove(0).id;
    let of_it = site
        .plan
        .pages
        .iter()
        .filter(|page| page.cluster.as_ref() == Some(&cluster))
        .count();
    site.page(|page| page.key == "privacy").unwrap().parent = Some("nowhere".to_owned());
    site.page(|page| page.key == "about").unwrap().slug = "contact".to_owned();
    let facts = sitemap_facts(site.input());
    assert_eq!((facts.gone_names as usize, facts.broken), (of_it, 3));
}

#[test]
fn the_matrix_shows_holes_and_duplicates_page_by_page() {
    let mut site = Site::company();
    site.terms.push(term(
        TaxonomyKind::BlogTag,
        "Winter",
        &[site.clusters[1].id.as_str(), "nowhere"],
    ));
    let whole = matrix(site.input());
    let all = whole.page(0, 100);
    assert_eq!(all.rows.len(), site.clusters.len());
    let holes: Vec<&Cell> = all
        .rows
        .iter()
        .flat_map(|row| &row.cells)
        .filter(|cell| cell.state == CellState::Hole)
        .collect();
    assert!(
        holes
            .iter()
            .any(|cell| cell.term == "blog_tag-winter" && cell.count == 0 && cell.pages.is_empty())
    );
    assert_eq!(all.holes as usize, holes.len());
    assert!(all.rows.iter().all(|row| row.hub.is_some() && row.supporting > 0));
    // A page of a cluster under a term that is not mapped to it has a cell too.
    let counted: u32 = all.rows.iter().flat_map(|row| &row.cells).map(|cell| cell.count).sum();
    let listed: u32 = all.columns.iter().map(|column| column.pages).sum();
    assert!(counted <= listed);
    let first = whole.page(0, 1);
    assert_eq!((first.rows.len(), first.all_rows as usize), (1, site.clusters.len()));
    assert_eq!(first.rows, all.rows[..1]);
    assert!(first.columns.len() <= all.columns.len());
    assert_eq!(whole.page(99, 10).rows, []);
    assert_eq!(all.duplicates, 0);
    let aim = site.page(hub).unwrap().primary.clone();
    let page = site.page(supporting).unwrap();
    page.primary = aim;
    let cluster = page.cluster.clone();
    let again = matrix(site.input()).page(0, 100);
    assert_eq!(again.duplicates, 1);
    let row = again
        .rows
        .iter()
        .find(|row| Some(&row.cluster) == cluster.as_ref())
        .unwrap();
    assert!(row.cells.iter().any(|cell| cell.state == CellState::Duplicate));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is wrong at once, every mend can be made, and then the plan is not worse.
    #[test]
    fn mends_can_be_made_whatever_else_is_wrong(
        damages in prop::collection::vec(any::<prop::sample::Index>(), 1..5),
        which in any::<prop::sample::Index>(),
    ) {
        let mut site = Site::company();
        for damage in damages {
            let (_, damage, _) = DAMAGES[damage.index(DAMAGES.len())];
            let mut damaged = site.clone();
            if damage(&mut damaged).is_some() {
                site = damaged;
            }
        }
        let report = site.report();
        prop_assume!(!report.violations.is_empty());
        let violation = &report.violations[which.index(report.violations.len())];
        let mut mended = site.clone();
        mended.mend(&violation.mend);
        let after = mended.report();
        let same = |other: &&Violation| (other.rule, &other.place) == (violation.rule, &violation.place);
        let by_hand = matches!(violation.mend, Mend::ByHand { .. } | Mend::MakeTerms { .. });
        prop_assert!(by_hand || after.violations.iter().find(same).is_none(), "{violation:#?}");
    }
}
