//! Clusters, hubs and what is related.

use igny8_renderer::site::{Body, ClusterRef, ClusterRole, PageKind, Site};
use igny8_renderer::{Theme, render};

use crate::support::{empty, page, rendered, text};

const KINDS: [PageKind; 6] = [
    PageKind::Post,
    PageKind::Page,
    PageKind::Product,
    PageKind::Service,
    PageKind::About,
    PageKind::Contact,
];

fn in_cluster(role: ClusterRole) -> Option<ClusterRef> {
    Some(ClusterRef {
        id: "c".into(),
        name: "Kettles".into(),
        role,
    })
}

/// A hub of `kind` with twenty supporting pages of every kind.
fn site(kind: PageKind) -> Site {
    let mut site = empty();
    let mut hub = page(kind, "/hub/", "/", "All kettles");
    hub.cluster = in_cluster(ClusterRole::Hub);
    site.pages.push(hub.into());
    for i in 0..20 {
        let mut supporting = page(KINDS[i % KINDS.len()], &format!("/s{i}/"), "/", &format!("Kettle {i}"));
        supporting.body = Body::Markdown(format!("Text {i}."));
        supporting.cluster = in_cluster(if i == 7 {
            ClusterRole::Attribute
        } else {
            ClusterRole::Supporting
        });
        site.pages.push(supporting.into());
    }
    site
}

#[test]
fn hubs_of_every_kind_list_their_cluster_and_are_led_to() {
    for theme in Theme::builtin_names() {
        let theme = Theme::builtin(&theme).expect("compiles");
        for kind in KINDS {
            let site = render(&site(kind), &theme);
            let hub = text(&site, "hub/index.html");
            for i in 0..20 {
                assert!(hub.contains(&format!("href=\"/demo/s{i}/\"")), "{kind:?} {i}");
                let supporting = text(&site, &format!("s{i}/index.html"));
                assert!(
                    supporting.contains("Part of <a href=\"/demo/hub/\">All kettles</a>"),
                    "{kind:?} {i}: {supporting}"
                );
            }
            let orphans = site.report.diagnostics.iter().filter(|d| d.code == "orphan").count();
            assert_eq!(orphans, 0, "a hub's pages are led to");
        }
    }
}

#[test]
fn a_hub_is_a_collection_to_search_engines_unless_it_is_something_itself() {
    for kind in KINDS {
        let site = rendered(&site(kind));
        let hub = text(&site, "hub/index.html");
        let is_collection = hub.contains("\"@type\":\"CollectionPage\"");
        assert_eq!(is_collection, kind == PageKind::Page, "{kind:?}");
        assert_eq!(hub.contains("\"@type\":\"ItemList\""), is_collection, "{kind:?}");
        assert_eq!(hub.contains("\"numberOfItems\":20"), is_collection, "{kind:?}");
        assert!(!text(&site, "s1/index.html").contains("CollectionPage"), "{kind:?}");
    }
    let mut alone = site(PageKind::Page);
    alone.pages.truncate(1);
    assert!(text(&rendered(&alone), "hub/index.html").contains("\"@type\":\"WebPage\""));
}

#[test]
fn a_second_hub_is_reported_and_listed() {
    let mut site = site(PageKind::Page);
    site.pages[3].cluster = in_cluster(ClusterRole::Hub);
    let path = site.pages[3].path.clone();
    let rendered = rendered(&site);
    let found: Vec<_> = rendered
        .report
        .diagnostics
        .iter()
        .filter(|d| d.code == "cluster-hubs")
        .collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].page, path);
    assert!(text(&rendered, "hub/index.html").contains(&format!("/demo{path}\"")));
}

/// Titles of the related pages of the first page, in order.
fn related(site: &Site) -> Vec<String> {
    let site = rendered(site);
    let html = text(&site, "p0/index.html");
    let Some(start) = html.find("aria-labelledby=\"related\"") else {
        return Vec::new();
    };
    let part = &html[start..html[start..].find("</section>").map_or(html.len(), |n| start + n)];
    let cards = part.split("card-title\"><a href=\"/demo").skip(1);
    cards.map(|c| c[..c.find('"').expect("an end")].to_owned()).collect()
}

#[test]
fn related_pages_share_clusters_terms_and_keywords() {
    let mut site = empty();
    for i in 0..40 {
        let mut post = page(PageKind::Post, &format!("/p{i}/"), "/", &format!("Post {i}"));
        post.body = Body::Markdown(format!("Text {i}."));
        post.published_at = format!("2026-01-{:02}T00:00:00Z", i % 28 + 1).parse().ok();
        site.pages.push(post.into());
    }
    assert_eq!(related(&site), Vec::<String>::new());
    for i in [0, 5] {
        site.pages[i].keywords = vec!["Pour-over kettle".into()];
    }
    assert_eq!(related(&site), ["/p5/"], "a keyword, whatever its case");
    site.pages[6].primary_keyword = Some("electric kettle".into());
    assert_eq!(related(&site), ["/p5/", "/p6/"], "a word of a keyword");
    for i in [0, 7] {
        site.pages[i].terms.insert("tags".into(), vec!["rare".into()]);
    }
    site.taxonomies = crate::support::small().taxonomies;
    assert_eq!(
        related(&site),
        ["/p5/", "/p7/", "/p6/"],
        "a rare term: less than two keywords' worth, more than a word"
    );
    for i in [0, 8] {
        site.pages[i].cluster = in_cluster(ClusterRole::Supporting);
    }
    assert_eq!(related(&site)[0], "/p8/", "a cluster is worth most");
    let mut turned = site.clone();
    turned.pages.reverse();
    assert_eq!(
        related(&site),
        related(&turned),
        "the order of the input does not matter"
    );
}

/// As many as there are, each once, never the page itself and none in another language.
#[test]
fn few_related_pages_are_shown_as_they_are() {
    let mut site = empty();
    site.taxonomies = crate::support::small().taxonomies;
    site.settings.languages = vec!["de".into()];
    for (i, language) in [(0, "en"), (1, "en"), (2, "de")] {
        let mut post = page(PageKind::Post, &format!("/p{i}/"), "/", &format!("Post {i}"));
        post.language = language.into();
        post.terms.insert("tags".into(), vec!["rare".into()]);
        post.keywords = vec!["kettle".into()];
        post.cluster = in_cluster(ClusterRole::Supporting);
        site.pages.push(post.into());
    }
    assert_eq!(related(&site), ["/p1/"]);
    site.pages.remove(1);
    assert_eq!(related(&site), Vec::<String>::new());
    let alone = rendered(&site);
    assert!(
        !text(&alone, "p0/index.html").contains("id=\"related\""),
        "no heading over nothing"
    );
}
