use proptest::prelude::*;

use super::gate::{Business, Clusters, Coverage, HandOff, Pages, Terms};
use super::*;
use crate::names::{TaxonomyKind, check};

/// Facts with which every gate holds.
fn all() -> Facts {
    Facts {
        business: Business {
            sectors: 1,
            site_type: true,
            hosting: true,
            name: true,
            description: true,
            audience: true,
            brand: true,
        },
        clusters: Clusters {
            attached: 3,
            ..Clusters::default()
        },
        taxonomy: Terms {
            by_kind: [(TaxonomyKind::BlogCategory, 2), (TaxonomyKind::BlogTag, 1)].into(),
            required: vec![TaxonomyKind::BlogCategory, TaxonomyKind::BlogTag],
            clusters_without: 0,
        },
        sitemap: Pages {
            pages: 20,
            ..Pages::default()
        },
        coverage: Coverage { checked: true, open: 0 },
        hand_off: HandOff { handed: 4 },
    }
}

fn codes(reasons: &[Reason]) -> Vec<ReasonCode> {
    reasons.iter().map(|reason| reason.code).collect()
}

fn done() -> Wizard {
    let mut wizard = Wizard::default();
    for step in Step::all() {
        wizard.advance(step, &all()).expect("all gates hold");
    }
    wizard
}

fn statuses(wizard: &Wizard, facts: &Facts) -> Vec<Status> {
    wizard.steps(facts).into_iter().map(|view| view.status).collect()
}

#[test]
fn a_plan_goes_through_all_states() {
    check::<Step>();
    check::<State>();
    check::<Status>();
    check::<ReasonCode>();
    let mut wizard = Wizard::default();
    let mut states = vec![wizard.state()];
    for step in Step::all() {
        states.push(wizard.advance(step, &all()).unwrap());
        assert_eq!(wizard.advance(step, &all()), Ok(wizard.state()), "again is the same");
    }
    let words: Vec<&str> = states.iter().map(|state| state.word()).collect();
    assert_eq!(
        words,
        [
            "draft",
            "business_details",
            "clusters_ready",
            "taxonomies_ready",
            "sitemap_ready",
            "coverage_validated",
            "handed_off"
        ]
    );
}

#[test]
fn every_gate_says_what_is_missing_and_how_to_mend_it() {
    use ReasonCode::*;
    type Break = fn(&mut Facts);
    let cases: [(Step, Break, ReasonCode, u32); 18] = [
        (Step::BusinessDetails, |f| f.business.name = false, NoName, 1),
        (Step::BusinessDetails, |f| f.business.site_type = false, NoSiteType, 1),
        (Step::BusinessDetails, |f| f.business.hosting = false, NoHosting, 1),
        (Step::BusinessDetails, |f| f.business.sectors = 0, NoSector, 1),
        (
            Step::BusinessDetails,
            |f| f.business.description = false,
            NoDescription,
            1,
        ),
        (Step::BusinessDetails, |f| f.business.audience = false, NoAudience, 1),
        (Step::BusinessDetails, |f| f.business.brand = false, NoBrand, 1),
        (Step::Clusters, |f| f.clusters.attached = 0, NoClusters, 1),
        (Step::Clusters, |f| f.clusters.without_role = 2, ClustersWithoutRole, 2),
        (Step::Clusters, |f| f.clusters.gone = 1, ClustersGone, 1),
        (Step::Taxonomy, |f| f.taxonomy.by_kind.clear(), NoTerms, 1),
        (
            Step::Taxonomy,
            |f| f.taxonomy.clusters_without = 5,
            ClustersWithoutTerm,
            5,
        ),
        (Step::Sitemap, |f| f.sitemap.pages = 0, NoPages, 1),
        (Step::Sitemap, |f| f.sitemap.gone_names = 3, PagesOfGone, 3),
        (Step::Sitemap, |f| f.sitemap.broken = 3, PagesBroken, 3),
        (Step::Coverage, |f| f.coverage.checked = false, Unchecked, 1),
        (Step::Coverage, |f| f.coverage.open = 7, CoverageOpen, 7),
        (Step::HandOff, |f| f.hand_off.handed = 0, NothingHandedOff, 1),
    ];
    for (step, damage, code, count) in cases {
        let mut facts = all();
        damage(&mut facts);
        let reasons = gate::missing(step, &facts);
        assert!(
            reasons
                .iter()
                .all(|reason| reason.code == code && reason.count == count),
            "{reasons:?}"
        );
        assert!(!reasons.is_empty(), "{code:?}");
        for reason in &reasons {
            assert!(
                reason.message.ends_with('.') && reason.mend.ends_with('.'),
                "{reason:?}"
            );
        }
        let mut wizard = done();
        assert!(wizard.advance(step, &facts).is_err(), "{code:?} is no way past");
        assert!(wizard.state() < step.reaches());
        let others = Step::all().filter(|other| *other != step);
        assert!(others.flat_map(|other| gate::missing(other, &facts)).next().is_none());
    }
    let facts = Facts {
        taxonomy: Terms {
            by_kind: [(TaxonomyKind::BlogCategory, 1)].into(),
            ..all().taxonomy
        },
        ..all()
    };
    let reasons = gate::missing(Step::Taxonomy, &facts);
    assert_eq!(reasons[0].taxonomy, Some(TaxonomyKind::BlogTag));
    assert_eq!(reasons[0].message, "There is no blog tag.");
}

#[test]
fn steps_out_of_order_are_refused_by_name() {
    let mut wizard = Wizard::default();
    let reasons = wizard.advance(Step::Sitemap, &all()).unwrap_err();
    assert_eq!(codes(&reasons), [ReasonCode::EarlierStep; 3]);
    assert_eq!(
        reasons.iter().map(|reason| reason.at).collect::<Vec<_>>(),
        [Step::BusinessDetails, Step::Clusters, Step::Taxonomy]
    );
    assert_eq!(wizard, Wizard::default(), "nothing happened");
    let reasons = wizard.advance(Step::Clusters, &Facts::default()).unwrap_err();
    assert_eq!(codes(&reasons), [ReasonCode::EarlierStep, ReasonCode::NoClusters]);
}

#[test]
fn statuses_follow_the_turn() {
    use Status::*;
    let mut wizard = Wizard::default();
    assert_eq!(
        statuses(&wizard, &Facts::default()),
        [InProgress, Pending, Pending, Pending, Pending, Pending]
    );
    assert_eq!(
        statuses(&wizard, &all()),
        [Ready, Pending, Pending, Pending, Pending, Pending]
    );
    wizard.advance(Step::BusinessDetails, &all()).unwrap();
    wizard.advance(Step::Clusters, &all()).unwrap();
    assert_eq!(
        statuses(&wizard, &all()),
        [Complete, Complete, Ready, Pending, Pending, Pending]
    );
    let mut facts = all();
    facts.taxonomy.clusters_without = 1;
    assert_eq!(
        statuses(&wizard, &facts),
        [Complete, Complete, InProgress, Pending, Pending, Pending]
    );
    // What is gone blocks a step that was done; the others stay as they are.
    facts.clusters.attached = 0;
    assert_eq!(
        statuses(&wizard, &facts),
        [Complete, Blocked, Pending, Pending, Pending, Pending]
    );
}

#[test]
fn a_cluster_deleted_after_the_sitemap_is_told_where_it_matters() {
    let mut wizard = done();
    let reopened = wizard.changed(Change::ClusterDeleted);
    let steps: Vec<Step> = reopened.iter().map(|of| of.step).collect();
    assert_eq!(steps, [Step::Clusters, Step::Sitemap, Step::Coverage, Step::HandOff]);
    assert_eq!(wizard.state(), State::BusinessDetails);
    let views = wizard.steps(&all());
    assert_eq!(
        views[1].status,
        Status::Ready,
        "others are left, so it needs but a look"
    );
    assert_eq!(views[2].status, Status::Complete, "terms do not rest on it");
    assert_eq!(views[3].status, Status::Blocked);
    assert_eq!(
        views[3].reopened[0].why,
        "Pages of the deleted cluster are still planned."
    );
    assert_eq!(codes(&views[3].reasons), [ReasonCode::EarlierStep]);
    assert_eq!(wizard.advance(Step::Clusters, &all()), Ok(State::TaxonomiesReady));
}

#[test]
fn a_brand_is_changed_without_consequences() {
    let mut wizard = done();
    for change in [
        Change::Brand,
        Change::Name,
        Change::TermRenamed,
        Change::ClusterPriority,
    ] {
        assert_eq!(wizard.changed(change), []);
    }
    assert_eq!(wizard.state(), State::HandedOff);
    assert_eq!(wizard.changed(Change::SiteType).len(), 4);
    assert_eq!(wizard.state(), State::ClustersReady);
    assert_eq!(wizard.changed(Change::SiteType), [], "re-opened once");
}

/// What can happen to a plan.
#[derive(Debug, Clone)]
enum Event {
    Advance(Step, u32),
    Change(Change),
    Settle(u32),
}

/// Facts in which some gates hold: a bit for each step.
fn facts(holds: u32) -> Facts {
    let good = all();
    let bad = Facts::default();
    let on = |bit: u32| holds & (1 << bit) != 0;
    Facts {
        business: if on(0) { good.business } else { bad.business },
        clusters: if on(1) { good.clusters } else { bad.clusters },
        taxonomy: if on(2) {
            good.taxonomy
        } else {
            Terms {
                clusters_without: 1,
                ..Terms::default()
            }
        },
        sitemap: if on(3) { good.sitemap } else { bad.sitemap },
        coverage: if on(4) { good.coverage } else { bad.coverage },
        hand_off: if on(5) { good.hand_off } else { bad.hand_off },
    }
}

fn event() -> impl Strategy<Value = Event> {
    let step = prop::sample::select(Step::all().collect::<Vec<_>>());
    let change = prop::sample::select(Change::ALL.iter().map(|(change, _, _)| *change).collect::<Vec<_>>());
    // Mostly facts with which things move on.
    let holds = prop_oneof![3 => Just(63u32), 1 => 0u32..64];
    prop_oneof![
        6 => (step, holds.clone()).prop_map(|(step, holds)| Event::Advance(step, holds)),
        1 => change.prop_map(Event::Change),
        1 => holds.prop_map(Event::Settle),
    ]
}

proptest! {
    #[test]
    fn no_way_leads_past_a_gate(events in prop::collection::vec(event(), 0..40)) {
        let mut wizard = Wizard::default();
        for event in events {
            let before = wizard.clone();
            match event {
                Event::Advance(step, holds) => {
                    let facts = facts(holds);
                    if let Ok(state) = wizard.advance(step, &facts) {
                        prop_assert!(step.earlier().chain([step]).all(|step| gate::missing(step, &facts).is_empty()));
                        prop_assert!(state >= step.reaches());
                    }
                    if wizard.state() == State::HandedOff {
                        prop_assert!(Step::all().all(|step| gate::missing(step, &facts).is_empty()));
                    }
                }
                Event::Change(change) => {
                    let told = wizard.changed(change);
                    prop_assert!(wizard.complete.is_subset(&before.complete), "nothing is completed by a change");
                    prop_assert_eq!(told.len(), before.complete.len() - wizard.complete.len());
                    prop_assert!(wizard.state() <= before.state());
                    let once = wizard.clone();
                    prop_assert_eq!(wizard.changed(change), vec![]);
                    prop_assert_eq!(&wizard, &once);
                }
                Event::Settle(holds) => {
                    let facts = facts(holds);
                    wizard.settle(&facts);
                    prop_assert!(wizard.complete.is_subset(&before.complete));
                    prop_assert_eq!(wizard.settle(&facts), vec![]);
                    prop_assert!(wizard.complete.iter().all(|step| gate::missing(*step, &facts).is_empty()));
                }
            }
            // Whoever comes back finds what they left.
            let stored = serde_json::to_string(&wizard).unwrap();
            let resumed: Wizard = serde_json::from_str(&stored).unwrap();
            prop_assert_eq!(&resumed, &wizard);
            // A step is either done or waits to be done again.
            prop_assert!(wizard.reopened.keys().all(|step| !wizard.complete.contains(step)));
        }
    }

    #[test]
    fn the_order_of_changes_does_not_matter(
        a in prop::sample::select(Change::ALL.iter().map(|(change, _, _)| *change).collect::<Vec<_>>()),
        b in prop::sample::select(Change::ALL.iter().map(|(change, _, _)| *change).collect::<Vec<_>>()),
    ) {
        let (mut one, mut other) = (done(), done());
        one.changed(a);
        one.changed(b);
        other.changed(b);
        other.changed(a);
        prop_assert_eq!(&one.complete, &other.complete);
        prop_assert_eq!(one.state(), other.state());
    }

    #[test]
    fn looking_shows_what_advancing_does(events in prop::collection::vec(event(), 0..12), holds in 0u32..64) {
        let mut wizard = Wizard::default();
        for event in events {
            match event {
                Event::Advance(step, holds) => { let _ = wizard.advance(step, &facts(holds)); }
                Event::Change(change) => { wizard.changed(change); }
                Event::Settle(holds) => { wizard.settle(&facts(holds)); }
            }
        }
        let facts = facts(holds);
        for view in wizard.steps(&facts) {
            let can = wizard.clone().advance(view.step, &facts).is_ok();
            let open = matches!(view.status, Status::Ready | Status::Complete);
            // A complete step behind one that is open cannot be completed again before that.
            if view.status == Status::Ready || !open {
                prop_assert_eq!(can, open, "{:?}", view);
            }
            prop_assert_eq!(open, view.reasons.is_empty() && view.status != Status::Pending);
        }
    }
}
