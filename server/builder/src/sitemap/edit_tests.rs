use std::collections::{BTreeMap, HashSet};

use proptest::prelude::*;

use super::edit::{Edit, MAX_EDITS, ProblemCode, apply};
use super::menus::visible;
use super::tests::{PLUMBER, blueprint, brand, check, clusters, term};
use super::*;
use crate::names::{ContentType, Entity, MenuPlace, PageType, Role, Structure, TaxonomyKind};

fn plan() -> Sitemap {
    let clusters = clusters(PLUMBER);
    let ids: Vec<&str> = clusters.iter().map(|cluster| cluster.id.as_str()).collect();
    structure(Input {
        blueprint: &blueprint("company"),
        brand: &brand(),
        clusters: &clusters,
        terms: &[
            term(TaxonomyKind::ServiceCategory, "Heating", &ids[..1]),
            term(TaxonomyKind::ServiceCategory, "Water", &ids[1..]),
        ],
        before: &Sitemap::default(),
    })
    .sitemap
}

fn own(key: &str, slug: &str, parent: Option<&str>) -> PagePlan {
    let plan = plan();
    PagePlan {
        key: key.to_owned(),
        kind: "landing".to_owned(),
        page_type: PageType::Page,
        entity: Entity::Page,
        content_type: Some(ContentType::Page),
        structure: Some(Structure::General),
        title: format!("Own {key}"),
        label: "Own".to_owned(),
        section: "/".to_owned(),
        slug: slug.to_owned(),
        parent: parent.map(str::to_owned),
        required: false,
        locked: true,
        blocks: Vec::new(),
        ..plan.page("about").unwrap().clone()
    }
}

fn add(page: PagePlan) -> Edit {
    Edit::Add { page: Box::new(page) }
}

fn moved(page: &str, parent: &str, position: Option<u32>) -> Edit {
    Edit::Move {
        page: page.to_owned(),
        parent: Some(parent.to_owned()),
        position,
    }
}

fn rename(page: &str, title: Option<&str>, slug: Option<&str>) -> Edit {
    Edit::Rename {
        page: page.to_owned(),
        title: title.map(str::to_owned),
        label: None,
        slug: slug.map(str::to_owned),
    }
}

fn delete(page: &str) -> Edit {
    Edit::Delete { page: page.to_owned() }
}

/// Key of a hub with pages below it, and of one of these.
fn family(plan: &Sitemap) -> (String, String) {
    let below = |hub: &&PagePlan| plan.pages.iter().find(|page| page.parent.as_ref() == Some(&hub.key));
    let mut hubs = plan.pages.iter().filter(|page| page.role == Some(Role::Hub));
    let hub = hubs.rfind(|hub| below(hub).is_some()).unwrap();
    (hub.key.clone(), below(&hub).unwrap().key.clone())
}

#[test]
fn edits_that_cannot_be_made_say_why() {
    use ProblemCode as Code;
    crate::names::check::<Code>();
    let plan = plan();
    let (hub, below) = family(&plan);
    let broken = |change: fn(&mut PagePlan)| {
        let mut page = own("own:1", "own", None);
        change(&mut page);
        add(page)
    };
    for (edit, code) in [
        (rename("nobody", Some("A"), None), Code::UnknownPage),
        (rename("about", Some("  "), None), Code::Title),
        (rename("about", Some(&"x".repeat(MAX_TITLE + 1)), None), Code::Title),
        (rename("about", None, Some("Über uns")), Code::Slug),
        (rename("about", None, Some("contact")), Code::AddressTaken),
        (rename("home", None, Some("start")), Code::AddressFixed),
        (rename("services", None, Some("work")), Code::AddressFixed),
        (
            rename("term:service_category-heating", None, Some("warm")),
            Code::AddressFixed,
        ),
        (delete("home"), Code::Required),
        (delete("nobody"), Code::UnknownPage),
        (moved(&hub, &below, None), Code::Circle),
        (moved(&hub, &hub, None), Code::Circle),
        (moved("home", "about", None), Code::Circle),
        (moved(&below, "nobody", None), Code::UnknownPage),
        (add(own("about", "own", None)), Code::KeyTaken),
        (add(own("own:1", "contact", None)), Code::AddressTaken),
        (add(own("own:1", "own", Some("nobody"))), Code::UnknownPage),
        (broken(|page| page.entity = Entity::Post), Code::Inconsistent),
        (broken(|page| page.section = "/../".to_owned()), Code::Inconsistent),
        (broken(|page| page.section = "own".to_owned()), Code::Inconsistent),
        (broken(|page| page.role = Some(Role::Hub)), Code::Inconsistent),
        (broken(|page| page.slug = String::new()), Code::Slug),
        (
            Edit::Assign {
                page: below.clone(),
                cluster: None,
                role: Some(Role::Hub),
            },
            Code::Inconsistent,
        ),
        (
            Edit::File {
                page: below.clone(),
                add: (0..=MAX_TERMS).map(|n| n.to_string()).collect(),
                remove: Vec::new(),
            },
            Code::Full,
        ),
        (
            Edit::Link {
                page: below.clone(),
                add: vec!["nobody".to_owned()],
                remove: Vec::new(),
            },
            Code::UnknownPage,
        ),
        (
            Edit::Menu {
                menu: Menu {
                    place: MenuPlace::Main,
                    items: vec![MenuEntry {
                        page: "nobody".to_owned(),
                        label: None,
                        below: Vec::new(),
                    }],
                    locked: false,
                },
            },
            Code::UnknownPage,
        ),
        (
            Edit::TermRenamed {
                term: "service_category-heating".to_owned(),
                name: "Water".to_owned(),
                slug: "water".to_owned(),
            },
            Code::AddressTaken,
        ),
    ] {
        let problems = apply(&plan, std::slice::from_ref(&edit)).expect_err(&format!("{edit:?}"));
        assert_eq!(
            problems.iter().map(|problem| problem.code).collect::<Vec<_>>(),
            [code],
            "{edit:?}"
        );
        assert!(!problems[0].message.is_empty() && !problems[0].mend.is_empty());
    }
    let locked = apply(&plan, &[Edit::Lock { page: below.clone() }]).unwrap();
    assert_eq!(apply(&locked, &[delete(&below)]).unwrap_err()[0].code, Code::Locked);
    let unlock = Edit::Unlock { page: below.clone() };
    assert!(
        apply(&locked, &[unlock, delete(&below)])
            .unwrap()
            .page(&below)
            .is_none()
    );
    let many = vec![Edit::Lock { page: below }; MAX_EDITS + 1];
    assert_eq!(apply(&plan, &many).unwrap_err()[0].code, Code::TooMany);
}

#[test]
fn too_deep_is_told_at_the_last_move() {
    let mut edits: Vec<Edit> = (0..MAX_DEPTH - 1)
        .map(|n| {
            let parent = n.checked_sub(1).map(|n| format!("own:{n}"));
            add(own(&format!("own:{n}"), &format!("own-{n}"), parent.as_deref()))
        })
        .collect();
    assert!(apply(&plan(), &edits).is_ok(), "as deep as may be");
    edits.push(moved("own:0", "about", None));
    let problems = apply(&plan(), &edits).unwrap_err();
    assert_eq!((problems[0].code, problems[0].edit), (ProblemCode::Deep, MAX_DEPTH - 1));
}

#[test]
fn all_edits_are_made_or_none() {
    let plan = plan();
    let edits = [
        rename("about", Some("We"), None),
        delete("home"),
        rename("nobody", None, None),
        rename("contact", Some("Call"), None),
    ];
    let problems = apply(&plan, &edits).unwrap_err();
    assert_eq!(problems.iter().map(|problem| problem.edit).collect::<Vec<_>>(), [1, 2]);
    let edited = apply(&plan, &[edits[0].clone(), edits[3].clone()]).unwrap();
    assert_eq!(edited.page("about").unwrap().title, "We");
    assert!(edited.page("about").unwrap().locked, "what a person changed stays");
}

#[test]
fn what_stands_below_a_deleted_page_moves_up() {
    let plan = plan();
    let (hub, below) = family(&plan);
    let above = plan.page(&hub).unwrap().parent.clone();
    let edited = apply(&plan, &[delete(&hub)]).unwrap();
    check_all(&edited);
    assert_eq!(edited.page(&below).unwrap().parent, above);
    assert!(edited.pages.iter().all(|page| !page.links.contains(&hub)));
    assert!(
        edited
            .menus
            .iter()
            .flat_map(|menu| &menu.items)
            .all(|entry| entry.page != hub)
    );
    // The address is free again, and a page can have the key.
    let slug = plan.page(&hub).unwrap().slug.clone();
    let again = PagePlan {
        section: "/services/".to_owned(),
        ..own(&hub, &slug, None)
    };
    check_all(&apply(&plan, &[delete(&hub), add(again)]).unwrap());
    // Moving below what is deleted in the same call leads to where that was.
    let both = [moved("about", &below, None), delete(&below)];
    assert_eq!(
        apply(&plan, &both).unwrap().page("about").unwrap().parent.as_ref(),
        Some(&hub)
    );
    let circle = [delete(&below), moved(&hub, &below, None)];
    assert_eq!(apply(&plan, &circle).unwrap_err()[0].code, ProblemCode::UnknownPage);
}

#[test]
fn pages_go_where_they_are_put() {
    let plan = plan();
    let order = |plan: &Sitemap| -> Vec<String> {
        let top = plan.pages.iter().filter(|page| page.parent.as_deref() == Some("home"));
        top.map(|page| page.key.clone()).collect()
    };
    let edited = apply(
        &plan,
        &[moved("privacy", "home", Some(0)), moved("contact", "home", Some(1))],
    )
    .unwrap();
    assert_eq!(order(&edited)[..2], ["privacy", "contact"]);
    check_all(&edited);
    let last = apply(&edited, &[moved("privacy", "home", None)]).unwrap();
    assert_eq!(order(&last).last().unwrap(), "privacy");
    let same = |page: &PagePlan| page.address();
    assert_eq!(
        plan.page("privacy").map(same),
        last.page("privacy").map(same),
        "moving breaks no link"
    );
}

#[test]
fn renaming_a_term_takes_its_archive_along() {
    let plan = plan();
    let renamed = Edit::TermRenamed {
        term: "service_category-heating".to_owned(),
        name: "Heat".to_owned(),
        slug: "heat".to_owned(),
    };
    let edited = apply(&plan, &[renamed]).unwrap();
    let archive = edited.page("term:service_category-heating").unwrap();
    assert_eq!(
        (archive.label.as_str(), archive.address().as_str()),
        ("Heat", "/services/category/heat/")
    );
    let changes = compare(&plan, &edited);
    assert_eq!(
        changes.moved,
        [(
            archive.key.clone(),
            "/services/category/heating/".to_owned(),
            "/services/category/heat/".to_owned()
        )]
    );
    assert_eq!(changes.changed, [(archive.key.clone(), vec!["title", "address"])]);
    assert!(changes.added.is_empty() && changes.removed.is_empty() && !changes.menus);
}

#[test]
fn menus_never_lead_to_what_is_not_there() {
    let plan = plan();
    let (hub, below) = family(&plan);
    let menu = Menu {
        place: MenuPlace::Main,
        items: vec![
            MenuEntry {
                page: "services".to_owned(),
                label: Some("Work".to_owned()),
                below: vec![hub.clone(), below.clone()],
            },
            MenuEntry {
                page: "about".to_owned(),
                label: None,
                below: Vec::new(),
            },
        ],
        locked: false,
    };
    let edited = apply(&plan, &[Edit::Menu { menu }]).unwrap();
    assert!(edited.menus[0].locked);
    let labels = |live: &dyn Fn(&PagePlan) -> bool| -> Vec<String> {
        let links = visible(&edited, live);
        let all = links[&MenuPlace::Main].iter();
        all.map(|link| format!("{}:{}", link.label, link.below.len())).collect()
    };
    assert_eq!(labels(&|_| true), ["Work:2", "About:0"]);
    assert_eq!(labels(&|page| page.key != hub), ["Work:1", "About:0"]);
    let title = &plan.page(&below).unwrap().label;
    assert_eq!(
        labels(&|page| page.key == below || page.key == "about"),
        [format!("{title}:0"), "About:0".to_owned()]
    );
    assert!(labels(&|_| false).is_empty());
    let unlisted = Edit::Unlist {
        place: MenuPlace::Main,
        page: "services".to_owned(),
    };
    let edited = apply(&edited, &[unlisted]).unwrap();
    let keys: Vec<&str> = edited.menus[0].items.iter().map(|entry| entry.page.as_str()).collect();
    assert_eq!(keys, [hub.as_str(), below.as_str(), "about"]);
}

fn check_all(plan: &Sitemap) {
    check(plan, "en");
}

/// An edit of pages of a plan, by their places.
fn some_edit() -> impl Strategy<Value = (u8, prop::sample::Index, prop::sample::Index, u32)> {
    (
        0u8..8,
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        0u32..6,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_edits_break_a_plan(steps in prop::collection::vec(prop::collection::vec(some_edit(), 1..6), 1..5)) {
        let mut plan = plan();
        let mut made = 0;
        for step in steps {
            let key = |at: &prop::sample::Index| plan.pages[at.index(plan.pages.len())].key.clone();
            let edits: Vec<Edit> = step
                .iter()
                .map(|(what, a, b, n)| match what {
                    0 | 1 => moved(&key(a), &key(b), Some(*n)),
                    2 => delete(&key(a)),
                    3 => rename(&key(a), None, Some(&format!("slug-{n}"))),
                    4 => {
                        made += 1;
                        let mut page = own(&format!("own:{made}"), &format!("own-{made}"), Some(&key(a)));
                        page.title = format!("Own {made}");
                        add(page)
                    }
                    5 => Edit::Link { page: key(a), add: vec![key(b)], remove: Vec::new() },
                    6 => Edit::Unlock { page: key(a) },
                    _ => Edit::Drop { page: key(a), keywords: vec![format!("k{n}")] },
                })
                .collect();
            let before = plan.clone();
            match apply(&plan, &edits) {
                Ok(edited) => plan = edited,
                Err(problems) => {
                    prop_assert!(!problems.is_empty());
                    prop_assert_eq!(&plan, &before);
                }
            }
            check(&plan, "en");
            let keys: HashSet<&str> = plan.pages.iter().map(|page| page.key.as_str()).collect();
            for required in before.pages.iter().filter(|page| page.required) {
                prop_assert!(keys.contains(required.key.as_str()));
            }
            let addresses: BTreeMap<String, &str> = plan.pages.iter().map(|page| (page.address(), page.key.as_str())).collect();
            prop_assert_eq!(addresses.len(), plan.pages.len());
        }
    }
}
