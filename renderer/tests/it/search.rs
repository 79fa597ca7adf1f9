//! Search: the page, its index, and what the script finds in it.

use igny8_renderer::Rendered;
use igny8_renderer::site::{Body, PageKind};
use serde_json::Value;

use crate::support::{empty, page, rendered, small, text};

/// The file that a page's form or script names.
fn named<'a>(site: &'a Rendered, html: &str, attribute: &str) -> &'a str {
    let start = html.find(attribute).unwrap_or_else(|| panic!("{attribute} in {html}")) + attribute.len();
    let href = html[start..].split('"').next().expect("an end");
    text(site, href.strip_prefix("/demo/").expect("on this site"))
}

#[test]
fn each_language_has_a_page_and_an_index() {
    let site = rendered(&small());
    assert_eq!(site.report.diagnostics, []);
    for (path, pages) in [("search/index.html", 14), ("de/search/index.html", 1)] {
        let html = text(&site, path);
        assert!(
            html.contains("content=\"noindex\"") && html.contains("role=\"search\""),
            "{path}"
        );
        let manifest: Value = serde_json::from_str(named(&site, html, "data-index=\"")).expect("JSON");
        assert_eq!(manifest["v"], 1);
        let n = manifest["n"].as_u64().expect("a number");
        assert!(n >= pages, "{path}: {n}");
        for name in manifest["pages"].as_array().expect("files") {
            let file = format!("assets/search/{}", name.as_str().expect("a name"));
            let rows: Vec<(String, String, String, String)> = serde_json::from_str(text(&site, &file)).expect("rows");
            assert!(
                rows.iter()
                    .all(|(title, href, ..)| !title.is_empty() && href.starts_with("/demo/"))
            );
        }
    }
    let script = named(&site, text(&site, "search/index.html"), "type=\"module\" src=\"");
    assert!(script.contains("URLSearchParams"));
    assert!(!text(&site, "sitemap.xml").contains("/search/"));
}

#[test]
fn the_index_says_where_words_are() {
    let mut site = empty();
    for (path, title, body) in [
        (
            "/a/",
            "Kettle care",
            "Descale the [kettle](/secret-address/) often. Café.",
        ),
        ("/b/", "Grinders", "A grinder beside a kettle. 日本語"),
        ("/c/", "Hidden", "A kettle that search must not show."),
    ] {
        let mut page = page(PageKind::Page, path, "/", title);
        page.body = Body::Markdown(body.into());
        page.indexable = path != "/c/";
        site.pages.push(page.into());
    }
    let site = rendered(&site);
    let manifest: Value =
        serde_json::from_str(named(&site, text(&site, "search/index.html"), "data-index=\"")).expect("JSON");
    let mut words: Vec<(String, usize, Vec<u32>)> = Vec::new();
    for piece in manifest["terms"].as_array().expect("pieces") {
        let file = format!("assets/search/{}", piece[1].as_str().expect("a name"));
        let mut rows: Vec<(String, usize, Vec<u32>)> = serde_json::from_str(text(&site, &file)).expect("rows");
        assert_eq!(piece[0].as_str(), rows.first().map(|r| r.0.as_str()));
        words.append(&mut rows);
    }
    assert!(words.is_sorted_by(|a, b| a.0 < b.0));
    let of = |word: &str| words.iter().find(|w| w.0 == word).map(|w| (w.1, w.2.clone()));
    let kettle = of("kettle").expect("there");
    assert_eq!(kettle.0, 2);
    assert!(
        kettle.1[0] == 0 && kettle.1[1] > kettle.1[3] && kettle.1[2] == 1,
        "{kettle:?}: a title counts more than a text"
    );
    assert!(of("cafe").is_some() && of("日本").is_some());
    assert!(of("secret").is_none() && of("hidden").is_none());
}

#[test]
fn search_is_a_setting_and_gives_way_to_own_pages() {
    let mut off = small();
    off.settings.outputs.search = Some(false);
    let site = rendered(&off);
    assert!(!site.files.keys().any(|path| path.contains("search")));

    let mut own = small();
    own.pages.push(page(PageKind::Page, "/search/", "/", "Our own").into());
    own.pages.last_mut().expect("there").body = Body::Markdown("Own words of the search page.".into());
    let site = rendered(&own);
    assert!(text(&site, "search/index.html").contains("Own words"));
    assert!(!site.report.has_errors(), "{:?}", site.report.diagnostics);
}
