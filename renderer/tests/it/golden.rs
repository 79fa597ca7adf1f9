use igny8_renderer::Severity;
use igny8_renderer::site::PageKind;
use serde_json::Value;

use crate::support::{empty, page, page_with, rendered, small, text};

/// The structured data of a page.
fn graph(html: &str) -> Vec<Value> {
    let start = html.find("application/ld+json\">").expect("a graph") + "application/ld+json\">".len();
    let end = start + html[start..].find("</script>").expect("an end");
    let json: Value = serde_json::from_str(&html[start..end]).expect("JSON");
    json["@graph"].as_array().expect("a list").clone()
}

fn types(html: &str) -> Vec<String> {
    graph(html)
        .iter()
        .map(|node| node["@type"].as_str().expect("a type").to_owned())
        .collect()
}

#[test]
fn the_small_site_has_every_file() {
    let site = rendered(&small());
    assert_eq!(site.report.diagnostics, []);
    for path in [
        "index.html",
        "de/index.html",
        "404.html",
        "robots.txt",
        "sitemap.xml",
        "_redirects",
        "atom.xml",
        "blog/index.html",
        "blog/page/2/index.html",
        "blog/atom.xml",
        "blog/brewing-times/index.html",
        "shop/index.html",
        "shop/gooseneck-kettle/index.html",
        "services/barista-course/index.html",
        "about/index.html",
        "contact/index.html",
        "tags/index.html",
        "tags/coffee/index.html",
        "tags/coffee/atom.xml",
        "shop/category/brewing-gear/index.html",
        "old/brewing-times/index.html",
        "de/ueber-uns/index.html",
    ] {
        assert!(site.files.contains_key(path), "{path}");
    }
    assert_eq!(site.report.media.len(), 3);
    assert_eq!(site.report.files, site.files.len());
}

#[test]
fn an_empty_site_still_has_a_home() {
    let site = rendered(&empty());
    assert_eq!(site.report.diagnostics, []);
    assert!(text(&site, "index.html").contains("Hill &amp; Harbour"));
    assert!(!site.files.contains_key("_redirects"));
}

#[test]
fn heads_say_where_a_page_belongs() {
    let site = rendered(&small());
    let post = text(&site, "blog/brewing-times/index.html");
    for part in [
        "<title>Brewing times, and why two minutes matter – Hill &amp; Harbour</title>",
        "<link rel=\"canonical\" href=\"https://example.com/demo/blog/brewing-times/\">",
        "<meta property=\"og:type\" content=\"article\">",
        "<meta property=\"og:image\" content=\"https://example.com/demo/media/kettle.svg\">",
        "<meta property=\"article:published_time\" content=\"2026-02-10T08:30:00Z\">",
        "<meta name=\"twitter:card\" content=\"summary_large_image\">",
        "type=\"application/atom+xml\" title=\"Journal\" href=\"/demo/blog/atom.xml\"",
        "<time datetime=\"2026-02-10T08:30:00Z\">10 February 2026</time>",
    ] {
        assert!(post.contains(part), "{part}\n{post}");
    }
    let pager = text(&site, "blog/page/2/index.html");
    assert!(pager.contains("<link rel=\"canonical\" href=\"https://example.com/demo/blog/page/2/\">"));
    assert!(pager.contains("<link rel=\"prev\" href=\"/demo/blog/\">") && !pager.contains("rel=\"next\""));
    let about = text(&site, "about/index.html");
    assert!(about.contains("hreflang=\"de\" href=\"https://example.com/demo/de/ueber-uns/\""));
    assert!(about.contains("hreflang=\"x-default\" href=\"https://example.com/demo/about/\""));
    assert!(text(&site, "de/ueber-uns/index.html").contains("<html lang=\"de\""));
    assert!(text(&site, "imprint/index.html").contains("content=\"noindex\""));
    assert!(!text(&site, "sitemap.xml").contains("/imprint/"));
    assert!(!text(&site, "404.html").contains("canonical"));
}

#[test]
fn graphs_name_what_a_page_is() {
    let site = rendered(&small());
    let of = |path: &str| types(text(&site, path));
    assert_eq!(
        of("blog/brewing-times/index.html"),
        [
            "WebSite",
            "Organization",
            "WebPage",
            "ImageObject",
            "BreadcrumbList",
            "BlogPosting",
            "FAQPage"
        ]
    );
    assert_eq!(
        of("services/barista-course/index.html"),
        [
            "WebSite",
            "Organization",
            "WebPage",
            "ImageObject",
            "BreadcrumbList",
            "Service"
        ]
    );
    assert_eq!(
        of("blog/index.html"),
        [
            "WebSite",
            "Organization",
            "CollectionPage",
            "BreadcrumbList",
            "ItemList"
        ]
    );
    let product = graph(text(&site, "shop/gooseneck-kettle/index.html"));
    let node = product.iter().find(|n| n["@type"] == "Product").expect("a product");
    assert_eq!(node["offers"]["price"], "79.00");
    assert_eq!(node["offers"]["availability"], "https://schema.org/InStock");
    assert_eq!(node["aggregateRating"]["ratingCount"], 27);
    let page = product.iter().find(|n| n["@type"] == "ItemPage").expect("a page");
    assert_eq!(page["mainEntity"]["@id"], node["@id"]);
    assert_eq!(page["primaryImageOfPage"]["@id"], node["image"][0]["@id"]);
    assert_eq!(node["mainEntityOfPage"]["@id"], page["@id"]);
}

#[test]
fn redirects_are_followed_to_their_end() {
    let site = rendered(&small());
    let table = text(&site, "_redirects");
    assert!(table.contains("/old-shop/ /blog/ 301"), "{table}");
    assert!(table.contains("/elsewhere/ https://example.org/x 301"));
    assert!(table.contains("/old/brewing-times/ /blog/brewing-times/ 301"));
    assert!(text(&site, "old-shop/index.html").contains("content=\"0; url=/demo/blog/\""));

    let mut circle = small();
    circle.redirects = serde_json::from_str(r#"[{"from":"/a/","to":"/b/"},{"from":"/b/","to":"/a/"},{"from":"/c/","to":"javascript:x"},{"from":"/blog/","to":"/shop/"}]"#).expect("redirects");
    let site = rendered(&circle);
    assert!(!site.files.contains_key("a/index.html"));
    let redirects = site.report.diagnostics.iter().filter(|d| d.code == "redirect").count();
    assert_eq!(redirects, 4, "{:?}", site.report.diagnostics);
}

#[test]
fn broken_links_and_anchors_are_reported_with_their_page() {
    let mut site = small();
    site.pages.push(
        page_with(
            "/broken/",
            "[a](/nowhere/) [b](/about/#team) [c](/about/#no-team) ![d](/media/none.png)",
        )
        .into(),
    );
    let site = rendered(&site);
    let found: Vec<(&str, &str)> = site
        .report
        .diagnostics
        .iter()
        .map(|d| (d.page.as_str(), d.code))
        .collect();
    assert_eq!(
        found,
        [
            ("/broken/", "orphan"),
            ("/broken/", "anchor-missing"),
            ("/broken/", "image-missing"),
            ("/broken/", "link-missing")
        ]
    );
    assert!(!site.report.has_errors());
}

#[test]
fn one_bad_page_does_not_stop_the_others() {
    let mut site = empty();
    site.pages.push(page_with("/../up/", "x").into());
    site.pages.push(page_with("/good/", "x").into());
    site.pages.push(page(PageKind::Page, "/good/", "/", "Second").into());
    site.pages
        .push(page_with("/robots.txt/", "a folder where a file is").into());
    site.pages.push(page_with("/a.html", "a file").into());
    site.pages.push(page_with("/a.html/b/", "below a file").into());
    site.media = serde_json::from_str(r#"[{"path":"/../x","source":"x","mime":"","bytes":1},{"path":"/good/index.html","source":"x","mime":"","bytes":1}]"#).expect("media");
    let site = rendered(&site);
    assert!(site.files.contains_key("good/index.html"));
    let errors: Vec<&str> = site
        .report
        .diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .map(|d| d.code)
        .collect();
    assert!(
        errors.contains(&"page-path") && errors.contains(&"path-conflict") && errors.contains(&"media-path"),
        "{errors:?}"
    );
    let names: Vec<&String> = site.files.keys().collect();
    for pair in names.windows(2) {
        assert!(
            !pair[1].starts_with(&format!("{}/", pair[0])),
            "{} is a file and a folder",
            pair[0]
        );
    }
    assert!(
        site.report.media.iter().all(|m| m.path != "/good/index.html"),
        "a page and a media file share a name"
    );
}

#[test]
fn a_snapshot_of_another_version_is_refused() {
    let mut site = small();
    site.version = 99;
    let site = rendered(&site);
    assert!(site.files.is_empty() && site.report.has_errors());
}

#[test]
fn a_site_under_preview_is_kept_out_of_search() {
    let mut site = small();
    site.settings.indexable = false;
    let site = rendered(&site);
    assert!(text(&site, "robots.txt").contains("Disallow: /"));
    assert!(!site.files.contains_key("sitemap.xml"));
    assert!(text(&site, "blog/index.html").contains("noindex"));
}

#[test]
fn bad_options_and_addresses_are_reported_and_replaced() {
    let mut site = small();
    site.settings.base_url = "javascript:alert(1)".into();
    site.settings.time_zone = "Mars/Olympus".into();
    site.settings.theme_options.insert("brand_color".into(), "red;}".into());
    let site = rendered(&site);
    let codes: Vec<&str> = site.report.diagnostics.iter().map(|d| d.code).collect();
    assert!(
        codes.contains(&"base-url") && codes.contains(&"time-zone") && codes.contains(&"theme-option"),
        "{codes:?}"
    );
    assert!(text(&site, "index.html").contains("href=\"http://localhost/\""));
}
