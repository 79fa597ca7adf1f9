use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::body;

fn page(id: &str, body: &str) -> Page {
    Page {
        id: id.to_owned(),
        path: format!("/{id}/"),
        title: id.to_uppercase(),
        language: "en".to_owned(),
        published: true,
        body: body.to_owned(),
        ..Page::default()
    }
}

fn graph(site: &Site, pages: &[Page]) -> Graph {
    let mut graph = Graph::new(site);
    for page in pages {
        graph.replace(page, &body::read(&page.body, page.format));
    }
    graph
}

fn ids(listing: &Listing<PageRef>) -> Vec<&str> {
    listing.items.iter().map(|p| p.id.as_str()).collect()
}

/// How many pages link to each: `a 2`.
fn inbound(graph: &Graph) -> Vec<String> {
    let counts = graph.inbound().into_iter();
    let mut counts: Vec<String> = counts.map(|(id, count)| format!("{id} {count}")).collect();
    counts.sort_unstable();
    counts
}

fn home(body: &str) -> Page {
    Page {
        path: "/".to_owned(),
        ..page("home", body)
    }
}

#[test]
fn orphans_dead_ends_and_depth_are_found() {
    let pages = [
        home("[one](/a) [again](/a/)"),
        page("a", "[two](/b/)"),
        page("b", "[three](../c/) [self](/b/) [top](#top)"),
        page("c", "[four](/d/)"),
        Page {
            navigation: vec!["/lonely/".to_owned()],
            ..page("d", "[out](https://other.example/)")
        },
        page("lonely", "[home](/)"),
    ];
    let graph = graph(&Site::default(), &pages);
    let counts = ["a 1", "b 1", "c 1", "d 1", "home 1", "lonely 0"];
    assert_eq!(inbound(&graph), counts, "menus do not count");
    let report = graph.report(Limits::default());
    assert_eq!(
        (
            report.pages,
            report.links,
            report.navigation_links,
            report.external_links
        ),
        (6, 5, 1, 1)
    );
    assert_eq!(ids(&report.orphans), ["lonely"]);
    assert_eq!(ids(&report.weak), ["a", "b", "c", "d"]);
    assert_eq!(ids(&report.dead_ends), ["d"]);
    let deep: Vec<_> = report
        .deep
        .items
        .iter()
        .map(|d| (d.page.id.as_str(), d.in_content, d.with_navigation))
        .collect();
    assert_eq!(deep, [("d", Some(4), Some(4)), ("lonely", None, Some(5))]);
    assert_eq!((report.components, report.largest_component), (1, 6));
    assert_eq!(report.deep_in_content, 2);
}

#[test]
fn dead_links_say_why() {
    let site = Site {
        redirects: [
            ("/old", "/a/"),
            ("/x", "/y"),
            ("/y", "/x"),
            ("/gone", "/nowhere"),
            ("/away", "https://other.example/"),
        ]
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .into(),
        hosts: vec!["www.example.com".to_owned()],
        ..Site::default()
    };
    let pages = [
        home(
            "[1](/a) [2](/old) [3](/x) [4](/draft/) [5](/no) [6](/alias) [7](/gone) [8](/file.pdf) [9](/away) [10](https://www.example.com/none)",
        ),
        Page {
            aliases: vec!["/alias/".to_owned()],
            ..page("a", "")
        },
        Page {
            published: false,
            ..page("draft", "[a](/a)")
        },
    ];
    let graph = graph(&site, &pages);
    let report = graph.report(Limits::default());
    let dead: Vec<_> = report
        .dead_links
        .items
        .iter()
        .map(|d| (d.href.as_str(), d.why))
        .collect();
    assert_eq!(
        dead,
        [
            ("/old", Why::Redirected),
            ("/x", Why::RedirectLoop),
            ("/draft", Why::Draft),
            ("/no", Why::Unknown),
            ("/alias", Why::Redirected),
            ("/gone", Why::Unknown),
            ("/none", Why::Unknown),
        ]
    );
    // A draft's links are nobody's yet.
    let links = graph.page("a", Limits::default()).expect("it is there");
    assert_eq!(links.inbound.total, 3);
    assert_eq!(inbound(&graph), ["a 1", "home 0"], "as many pages, however many links");
    assert!(graph.page("none", Limits::default()).is_none());
}

#[test]
fn hubs_know_what_is_missing() {
    let in_topic = |id: &str, role, body: &str| Page {
        cluster: Some("coffee".to_owned()),
        role: Some(role),
        ..page(id, body)
    };
    let pages = [
        in_topic("hub", Role::Hub, "[a](/a) [b](/b)"),
        in_topic("a", Role::Supporting, "[hub](/hub)"),
        in_topic("b", Role::Supporting, ""),
        Page {
            parent_cluster: Some("coffee".to_owned()),
            ..Page {
                cluster: Some("beans".to_owned()),
                role: Some(Role::Supporting),
                ..page("c", "[hub](/hub)")
            }
        },
        Page {
            cluster: Some("tea".to_owned()),
            ..page("tea", "")
        },
    ];
    let report = graph(&Site::default(), &pages).report(Limits::default());
    let pillars = &report.pillars.items;
    assert_eq!(pillars.len(), 2);
    assert_eq!(pillars[0].topic, "coffee");
    assert_eq!(
        pillars[0]
            .without_link_to_hub
            .iter()
            .map(|p| p.id.as_str())
            .collect::<Vec<_>>(),
        ["b"]
    );
    assert_eq!(
        pillars[0]
            .without_link_from_hub
            .iter()
            .map(|p| p.id.as_str())
            .collect::<Vec<_>>(),
        ["c"]
    );
    assert!((pillars[0].completeness - 4.0 / 6.0).abs() < 1e-9);
    assert!(pillars[1].hub.is_none());
    assert_eq!(
        (
            report.without_hub,
            report.without_link_to_hub,
            report.without_link_from_hub
        ),
        (1, 1, 1)
    );
}

#[test]
fn anchors_are_compared_and_judged() {
    let mut pages = vec![
        Page {
            primary_keyword: Some("cold brew".to_owned()),
            ..page("target", "[Cold Brews](/other) [cold brew](/target)")
        },
        page("other", ""),
        page("x", "[read more](/other) [cold brew](/other)"),
    ];
    pages.extend((0..6).map(|i| page(&format!("s{i}"), "[cold brew](/target)")));
    let report = graph(&Site::default(), &pages).report(Limits::default());
    assert_eq!(report.competing_anchors.total, 1);
    assert_eq!(report.competing_anchors.items[0].anchor, "cold brew");
    assert_eq!(report.competing_anchors.items[0].links, 7);
    assert_eq!(report.generic_anchors.total, 1);
    assert_eq!(report.own_keyphrase_anchors.total, 1);
    assert_eq!(report.own_keyphrase_anchors.items[0].source.id, "target");
    let mix = &report.monotonous_anchors.items[0];
    assert_eq!((mix.links, mix.different, mix.exact, mix.entropy), (6, 1, 1.0, 0.0));
}

#[test]
fn a_map_shows_the_most_important_pages() {
    let pages = [
        home("[a](/a)"),
        page("a", "[b](/b)"),
        page("b", "[a](/a)"),
        page("c", "[a](/a)"),
    ];
    let graph = graph(&Site::default(), &pages);
    let map = graph.map(2, None);
    assert_eq!(map.pages, 4);
    assert_eq!(
        map.nodes.iter().map(|n| n.page.id.as_str()).collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert_eq!(map.edges.total, 2);
    assert_eq!((map.edges.items[0].links, map.edges.items[0].anchor.as_str()), (1, "b"));
    assert_eq!(graph.map(2, Some("none")).pages, 0);
    assert_eq!(map.nodes[0].inbound, 3);
    let json = serde_json::to_string(&map).expect("it is serialisable");
    assert_eq!(serde_json::from_str::<LinkMap>(&json).expect("and back").nodes.len(), 2);
}

#[test]
fn archives_are_ways_and_their_further_parts_a_click_further() {
    let listed: Vec<String> = (0..9).map(|n| format!("/p{n}/")).collect();
    let mut pages = vec![
        Page {
            archive: true,
            navigation: vec!["/blog/".to_owned(), "/gone/".to_owned()],
            ..home("")
        },
        Page {
            archive: true,
            listed: listed.clone(),
            per_page: 3,
            ..page("blog", "Read [this](/p0) and [that](/nowhere).")
        },
    ];
    pages.extend((0..9).map(|n| {
        page(
            &format!("p{n}"),
            if n == 8 { "[one](/blog/page/2/) [two](/p1)" } else { "" },
        )
    }));
    let mut graph = graph(&Site::default(), &pages);
    let report = graph.report(Limits::default());
    assert_eq!((report.pages, report.links), (9, 1));
    // Links of archives make no page less of an orphan.
    assert_eq!(report.orphans.total, 8);
    let dead: Vec<_> = report.dead_links.items.iter().map(|d| d.href.as_str()).collect();
    assert_eq!(dead, ["/gone", "/nowhere"], "a further part of a list is there");
    let deep: Vec<_> = report
        .deep
        .items
        .iter()
        .map(|d| (d.page.id.as_str(), d.with_navigation))
        .collect();
    assert_eq!(deep, [("p6", Some(4)), ("p7", Some(4)), ("p8", Some(4))]);
    assert_eq!(report.deep_in_content, 0, "there is no text to begin at");
    assert_eq!(graph.map(20, None).nodes.len(), 9);

    graph.set_navigation("blog", &[], &listed, 0);
    assert_eq!(graph.report(Limits::default()).deep.total, 0);
    graph.set_navigation("home", &[], &[], 0);
    let report = graph.report(Limits::default());
    assert_eq!((report.deep.total, report.dead_links.total), (9, 1));
}

#[test]
fn what_is_beside_a_body_counts() {
    let pages = [
        home("[a](/a)"),
        Page {
            beside: vec!["An answer with a [link](/b) in it.".to_owned()],
            buttons: vec!["/c/".to_owned()],
            ..page("a", "")
        },
        page("b", ""),
        page("c", ""),
    ];
    let linker = crate::Linker::new(&Site::default(), pages.iter().cloned());
    let report = linker.graph.report(Limits::default());
    assert_eq!(
        (report.links, report.orphans.total, report.generic_anchors.total),
        (3, 0, 1)
    );
    assert_eq!(pages[1].linked_beside(), ["/b", "/c/"]);
}

#[test]
fn ten_thousand_links_and_long_redirects_are_survived() {
    let redirects: BTreeMap<String, String> = (0..5_000)
        .map(|i| (format!("/r{i}"), format!("/r{}", (i + 1) % 5_000)))
        .collect();
    let body: String = (0..12_000)
        .map(|i| format!("[{}](/r{i}) ", "word ".repeat(40)))
        .collect();
    let site = Site {
        redirects,
        ..Site::default()
    };
    let graph = graph(&site, &[home(&body)]);
    let report = graph.report(Limits { items: 3 });
    assert_eq!(report.dead_links.total, MOST_LINKS);
    assert_eq!(report.dead_links.items.len(), 3);
}

/// One change of a small site.
#[derive(Debug, Clone)]
enum Change {
    Replace(Box<Page>),
    Remove(String),
}

fn change() -> impl Strategy<Value = Change> {
    let name = || prop::sample::select(vec!["home", "a", "b", "c", "d", "e"]);
    let href = || {
        prop::sample::select(vec![
            "/",
            "/a",
            "/b/",
            "/c",
            "/d",
            "/e",
            "/old",
            "/loop",
            "/alias",
            "/no",
            "https://x.example",
        ])
    };
    let anchor = prop::sample::select(vec!["cold brew", "read more", "grinder", "beans and more"]);
    let link = (href(), anchor).prop_map(|(href, anchor)| format!("[{anchor}]({href}) "));
    let replace = (
        (name(), name(), any::<bool>(), prop::collection::vec(link, 0..6)),
        (
            prop::option::of(prop::sample::select(vec!["coffee", "tea"])),
            any::<bool>(),
            prop::bool::weighted(0.2),
        ),
        (
            prop::collection::vec(href(), 0..3),
            prop::collection::vec(href(), 0..4),
            prop::bool::weighted(0.2),
        ),
    );
    let replace = replace.prop_map(
        |((id, at, published, links), (cluster, hub, alias), (navigation, listed, archive))| {
            Change::Replace(Box::new(Page {
                path: if at == "home" {
                    "/".to_owned()
                } else {
                    format!("/{at}/")
                },
                published,
                cluster: cluster.map(str::to_owned),
                role: Some(if hub { Role::Hub } else { Role::Supporting }),
                primary_keyword: Some("cold brew".to_owned()),
                aliases: if alias { vec!["/alias".to_owned()] } else { Vec::new() },
                navigation: navigation.into_iter().map(str::to_owned).collect(),
                listed: listed.into_iter().map(str::to_owned).collect(),
                per_page: 1,
                archive,
                ..page(id, &links.concat())
            }))
        },
    );
    prop_oneof![4 => replace, 1 => name().prop_map(|id| Change::Remove(id.to_owned()))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_graph_is_the_same_as_a_new_one(changes in prop::collection::vec(change(), 1..25)) {
        let site = Site {
            redirects: [("/old", "/a"), ("/loop", "/loop2"), ("/loop2", "/loop")].map(|(a, b)| (a.to_owned(), b.to_owned())).into(),
            ..Site::default()
        };
        let mut changed = Graph::new(&site);
        let mut pages: BTreeMap<String, Page> = BTreeMap::new();
        for change in changes {
            match change {
                Change::Replace(page) => {
                    let bare = Page { navigation: Vec::new(), listed: Vec::new(), ..*page.clone() };
                    changed.replace(&bare, &body::read(&page.body, page.format));
                    changed.set_navigation(&page.id, &page.listed, &page.navigation, 2);
                    changed.set_navigation(&page.id, &page.navigation, &page.listed, page.per_page);
                    pages.insert(page.id.clone(), *page);
                }
                Change::Remove(id) => {
                    changed.remove(&id);
                    pages.remove(&id);
                }
            }
        }
        let pages: Vec<Page> = pages.into_values().collect();
        let fresh = graph(&site, &pages);
        prop_assert_eq!(changed.report(Limits::default()), fresh.report(Limits::default()));
        prop_assert_eq!(changed.map(10, None), fresh.map(10, None));
        for page in &pages {
            prop_assert_eq!(changed.page(&page.id, Limits::default()), fresh.page(&page.id, Limits::default()));
            prop_assert_eq!(changed.links_of(&page.id), fresh.links_of(&page.id));
        }
        // Nothing is kept of what is gone.
        for page in &pages {
            changed.remove(&page.id);
        }
        prop_assert!(changed.at.is_empty() && changed.inbound.is_empty() && changed.aliased.is_empty());
        prop_assert_eq!(changed.report(Limits::default()).pages, 0);
    }
}
