//! Files beside the pages: feeds, redirects, robots, llms.txt, sitemaps.

use igny8_renderer::site::{FeedFormat, Site};
use serde_json::Value;

use crate::support::{page_with, rendered, small, text};

#[test]
fn feeds_come_in_the_formats_of_the_settings() {
    let site = rendered(&small());
    for path in [
        "atom.xml",
        "rss.xml",
        "feed.json",
        "blog/rss.xml",
        "blog/feed.json",
        "tags/coffee/atom.xml",
        "tags/coffee/rss.xml",
        "tags/coffee/feed.json",
    ] {
        assert!(site.files.contains_key(path), "{path}");
    }
    let home = text(&site, "blog/index.html");
    for part in [
        "type=\"application/atom+xml\" title=\"Journal\" href=\"/demo/blog/atom.xml\"",
        "type=\"application/rss+xml\" title=\"Journal\" href=\"/demo/blog/rss.xml\"",
        "type=\"application/feed+json\" title=\"Journal\" href=\"/demo/blog/feed.json\"",
    ] {
        assert!(home.contains(part), "{part}");
    }

    let mut few = small();
    few.settings.outputs.feeds = vec![FeedFormat::Rss];
    few.settings.outputs.term_feeds = Vec::new();
    let site = rendered(&few);
    assert!(site.files.contains_key("rss.xml") && !site.files.contains_key("atom.xml"));
    assert!(!site.files.contains_key("tags/coffee/atom.xml"));
    assert_eq!(site.report.diagnostics, []);
}

#[test]
fn feeds_hold_whole_texts_with_absolute_addresses() {
    let site = rendered(&small());
    let json: Value = serde_json::from_str(text(&site, "blog/feed.json")).expect("JSON");
    assert_eq!(json["version"], "https://jsonfeed.org/version/1.1");
    assert_eq!(json["feed_url"], "https://example.com/demo/blog/feed.json");
    assert_eq!(json["home_page_url"], "https://example.com/demo/blog/");
    assert!(json["authors"][0]["name"].is_string() && json["language"] == "en");
    let items = json["items"].as_array().expect("items");
    let item = items
        .iter()
        .find(|i| i["id"] == "https://example.com/demo/blog/brewing-times/")
        .expect("there");
    for key in [
        "url",
        "title",
        "summary",
        "content_html",
        "image",
        "date_published",
        "date_modified",
        "tags",
        "authors",
    ] {
        assert!(!item[key].is_null(), "{key}");
    }
    let html = item["content_html"].as_str().expect("text");
    assert!(
        html.contains("href=\"https://example.com/demo/blog/choosing-beans/\""),
        "{html}"
    );
    assert!(html.contains("src=\"https://example.com/demo/media/kettle.svg\""));
    assert!(!html.contains("class=\"anchor\"") && !html.contains("href=\"#") && !html.contains("=\"/"));

    let rss = text(&site, "blog/rss.xml");
    for part in [
        "<rss version=\"2.0\"",
        "<link>https://example.com/demo/blog/</link>",
        "<pubDate>Tue, 10 Feb 2026 08:30:00 GMT</pubDate>",
        "<guid isPermaLink=\"true\">https://example.com/demo/blog/brewing-times/</guid>",
        "<dc:creator>The roastery</dc:creator>",
        "<content:encoded>&lt;p&gt;",
        "<atom:link rel=\"self\" type=\"application/rss+xml\" href=\"https://example.com/demo/blog/rss.xml\"/>",
    ] {
        assert!(rss.contains(part), "{part}\n{rss}");
    }
    assert!(text(&site, "blog/atom.xml").contains("<content type=\"html\">&lt;p&gt;"));
    assert!(!text(&site, "tags/coffee/atom.xml").contains("<content"));
}

#[test]
fn redirects_come_in_three_forms() {
    let site = rendered(&small());
    let nginx = text(&site, "redirects.nginx.conf");
    assert!(
        nginx.contains("\"/demo/old-shop\" \"/demo/blog/\";\n\"/demo/old-shop/\" \"/demo/blog/\";"),
        "{nginx}"
    );
    let caddy = text(&site, "redirects.caddy");
    assert!(
        caddy.contains("redir /demo/elsewhere/ https://example.org/x 301"),
        "{caddy}"
    );
}

#[test]
fn robots_and_llms_follow_the_settings() {
    let site = rendered(&small());
    let llms = text(&site, "llms.txt");
    assert!(llms.starts_with("# Hill & Harbour\n\n> A small roastery"), "{llms}");
    for part in [
        "\n## Journal\n",
        "- [Brewing times, and why two minutes matter](https://example.com/demo/blog/brewing-times/): What changes",
        "\n## Optional\n",
        "https://example.com/demo/sitemap.xml",
    ] {
        assert!(llms.contains(part), "{part}\n{llms}");
    }
    assert!(
        !llms.contains("/imprint/"),
        "pages that are kept from search are not listed"
    );
    assert!(!text(&site, "robots.txt").contains("GPTBot"));

    let mut closed = small();
    closed.settings.outputs.ai_crawlers = false;
    closed.settings.outputs.llms_txt = false;
    let site = rendered(&closed);
    let robots = text(&site, "robots.txt");
    assert!(
        robots.contains("User-agent: GPTBot\n") && robots.contains("Disallow: /\n\nUser-agent: *\nAllow: /\n"),
        "{robots}"
    );
    assert!(!site.files.contains_key("llms.txt"));
}

#[test]
fn sitemaps_name_translations_and_images() {
    let site = rendered(&small());
    let xml = text(&site, "sitemap.xml");
    for part in [
        "<loc>https://example.com/demo/about/</loc>",
        "<xhtml:link rel=\"alternate\" hreflang=\"de\" href=\"https://example.com/demo/de/ueber-uns/\"/>",
        "<xhtml:link rel=\"alternate\" hreflang=\"x-default\" href=\"https://example.com/demo/about/\"/>",
        "<xhtml:link rel=\"alternate\" hreflang=\"x-default\" href=\"https://example.com/demo/\"/>",
        "<image:loc>https://example.com/demo/media/kettle.svg</image:loc>",
    ] {
        assert!(xml.contains(part), "{part}\n{xml}");
    }
}

#[test]
fn hostile_titles_break_no_derived_file() {
    let mut site: Site = small();
    let mut page = page_with("/blog/x/", "a ]]> b <b>c</b> & \u{1}");
    page.kind = igny8_renderer::site::PageKind::Post;
    page.section = "/blog/".into();
    page.title = "]]></title><script>&\u{0}\n](x)".into();
    page.published_at = Some("2026-05-01T00:00:00Z".parse().expect("a date"));
    site.pages.push(page.into());
    let site = rendered(&site);
    for path in ["blog/rss.xml", "blog/atom.xml"] {
        let xml = text(&site, path);
        assert!(
            !xml.contains("<script") && !xml.contains('\u{1}') && !xml.contains('\u{0}'),
            "{path}"
        );
    }
    let json: Value = serde_json::from_str(text(&site, "blog/feed.json")).expect("JSON");
    let mut titles = json["items"]
        .as_array()
        .expect("items")
        .iter()
        .filter_map(|i| i["title"].as_str());
    assert!(titles.any(|title| title.contains("<script>")));
    assert!(text(&site, "llms.txt").contains("- [\\]\\]></title><script>&"));
}

#[test]
fn one_file_is_that_of_the_whole_site() {
    let site = small();
    let theme = igny8_renderer::Theme::builtin("ember").expect("compiles");
    let whole = rendered(&site);
    for (path, file) in &whole.files {
        let address = format!("/{}", path.strip_suffix("index.html").unwrap_or(path));
        let one = igny8_renderer::render_one(&site, &theme, &address);
        assert_eq!(one.as_ref(), Some(file), "{address}");
    }
    for missing in ["/nothing/", "/about", "/assets/none.css", ""] {
        assert_eq!(igny8_renderer::render_one(&site, &theme, missing), None, "{missing}");
    }
}
