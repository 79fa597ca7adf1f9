use serde_json::{Value, json};

use super::*;

fn page(id: &str, path: &str, section: &str, more: Value) -> Value {
    let mut page = json!({
        "id": id, "kind": "post", "path": path, "section": section, "title": id, "language": "en",
        "body": { "format": "markdown", "text": "" },
    });
    page.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    page
}

fn ways(site: Value) -> BTreeMap<String, Way> {
    let mut whole = json!({
        "version": 1, "generated_at": "2026-01-01T00:00:00Z",
        "settings": {
            "title": "Site", "base_url": "https://site.example", "site_type": "blog", "language": "en",
            "languages": ["de"], "per_page": 2, "outputs": { "search": false },
        },
    });
    whole.as_object_mut().unwrap().extend(site.as_object().unwrap().clone());
    of(&serde_json::from_value(whole).unwrap())
}

fn section(path: &str, language: &str) -> Value {
    json!({ "path": path, "title": path, "language": language, "body": { "format": "markdown", "text": "" } })
}

#[test]
fn menus_sections_and_languages_begin_at_home() {
    let ways = ways(json!({
        "menus": { "main": [{ "label": "A", "url": "/a/", "children": [{ "label": "B", "url": "/b/" }] }] },
        "sections": [section("/blog/", "en"), section("/blog/deep/", "en"), section("/de/blog/", "de")],
        "pages": [
            page("old", "/blog/old/", "/blog/", json!({ "published_at": "2025-01-01T00:00:00Z" })),
            page("new", "/blog/new/", "/blog/", json!({ "published_at": "2025-02-01T00:00:00Z" })),
            page("deep", "/blog/deep/page/", "/blog/deep/", json!({})),
            page("about", "/about/", "/", json!({ "kind": "about" })),
            page("neu", "/de/blog/neu/", "/de/blog/", json!({ "language": "de" })),
        ],
    }));
    let home = &ways["archive:/"];
    assert_eq!(home.links, ["/a/", "/b/", "/de/", "/blog/"]);
    assert_eq!(
        (home.listed.as_slice(), home.per_page),
        (
            &["/blog/new/".to_owned(), "/blog/old/".into(), "/blog/deep/page/".into()][..],
            2
        )
    );
    assert_eq!(ways["archive:/de/"].links, ["/a/", "/b/", "/", "/de/blog/"]);
    assert_eq!(ways["archive:/blog/"].links, ["/blog/deep/"]);
    assert_eq!(ways["archive:/blog/"].listed, ["/blog/new/", "/blog/old/"]);
    assert_eq!(ways["deep"].links, ["/blog/deep/", "/blog/"]);
    assert!(!ways.contains_key("about"), "a menu may lead there, nothing else does");
}

#[test]
fn a_menu_that_is_made_is_a_way_too() {
    let pages = json!([
        page("first", "/about/", "/", json!({ "kind": "about" })),
        page("second", "/who/", "/", json!({ "kind": "about" })),
        page("contact", "/contact/", "/", json!({ "kind": "contact" })),
        page(
            "kontakt",
            "/de/kontakt/",
            "/de/",
            json!({ "kind": "contact", "language": "de" })
        ),
    ]);
    let footer = json!([{ "label": "Who", "url": "/who/", "children": [] }]);
    let made = ways(json!({ "menus": { "footer": footer }, "pages": pages }));
    assert_eq!(made["archive:/"].links, ["/who/", "/de/", "/about/", "/contact/"]);
    assert_eq!(made["archive:/de/"].links, ["/who/", "/", "/de/kontakt/"]);
    let own = ways(json!({ "menus": { "main": [] }, "pages": pages }));
    assert_eq!(own["archive:/"].links, ["/de/"]);
}

#[test]
fn terms_and_clusters_are_ways() {
    let cluster = |role: &str| json!({ "id": "c", "name": "Coffee", "role": role });
    let ways = ways(json!({
        "taxonomies": [{
            "name": "categories", "title": "Categories", "kind": "blog_category", "path": "/categories/",
            "terms": [
                { "slug": "coffee", "name": "Coffee", "language": "en" },
                { "slug": "beans", "name": "Beans", "parent": "coffee", "language": "en" },
                { "slug": "unused", "name": "Unused", "language": "en" },
            ],
        }],
        "pages": [
            page("home", "/", "/", json!({ "kind": "home" })),
            page("hub", "/hub/", "/", json!({ "cluster": cluster("hub"), "kind": "page" })),
            page("part", "/part/", "/", json!({ "cluster": cluster("supporting"), "terms": { "categories": ["beans"] } })),
            page("text", "/categories/coffee/", "/", json!({ "term": { "taxonomy": "categories", "slug": "coffee" }, "kind": "page" })),
        ],
    }));
    assert_eq!(ways["home"].links, ["/categories/coffee/"]);
    assert_eq!(ways["hub"].links, ["/part/"]);
    assert_eq!(ways["part"].links, ["/categories/beans/", "/hub/"]);
    // The text of a term is its archive.
    assert_eq!(
        (ways["text"].listed.as_slice(), ways["text"].archive.is_none()),
        (&["/part/".to_owned()][..], true)
    );
    let mut links = ways["text"].links.clone();
    links.sort();
    assert_eq!(links, ["/categories/", "/categories/beans/"]);
    assert_eq!(ways["archive:/categories/beans/"].listed, ["/part/"]);
    assert_eq!(
        ways["archive:/categories/"].links,
        ["/categories/beans/", "/categories/coffee/"]
    );
    assert!(!ways.keys().any(|id| id.contains("unused")));
}
