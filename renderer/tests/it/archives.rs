//! What archives say of themselves, and terms with a text of their own.

use igny8_renderer::site::{Body, FaqItem, PageKind, TermRef};
use igny8_renderer::{Severity, render_one};
use serde_json::Value;

use crate::support::{empty, page, page_with, rendered, small, text};

fn description(html: &str) -> &str {
    let start = html
        .find("<meta name=\"description\" content=\"")
        .expect("a description")
        + 34;
    &html[start..start + html[start..].find('"').expect("an end")]
}

#[test]
fn every_archive_has_a_description_of_its_own() {
    let mut site = small();
    for section in &mut site.sections {
        section.description.clear();
    }
    let mut site = rendered(&site);
    let mut seen = std::collections::BTreeMap::new();
    for path in [
        "blog/index.html",
        "blog/page/2/index.html",
        "shop/index.html",
        "services/index.html",
        "tags/index.html",
        "tags/brewing/index.html",
        "tags/coffee/page/2/index.html",
        "categories/index.html",
        "shop/category/brewing-gear/index.html",
    ] {
        let html = text(&site, path).to_owned();
        let said = description(&html);
        assert!((40..=330).contains(&said.chars().count()), "{path}: {said}");
        assert!(html.contains(&format!("<meta property=\"og:description\" content=\"{said}\">")));
        assert_eq!(seen.insert(said.to_owned(), path), None, "{said}");
    }
    let shop = description(text(&site, "shop/index.html"));
    assert!(
        shop.starts_with("Shop. Products: 4. ") && shop.contains("Gooseneck"),
        "{shop}"
    );
    let second = description(text(&site, "blog/page/2/index.html"));
    assert!(second.starts_with("Journal – Page 2 / 2. "), "{second}");
    let list = description(text(&site, "tags/index.html"));
    assert!(list.starts_with("Tags. Topics: 5. "), "{list}");
    site.files.clear();
}

#[test]
fn archives_are_measured_and_compared() {
    let mut site = small();
    site.sections[0].title = "Wide ".repeat(20);
    site.sections[1].description = "word ".repeat(60);
    site.sections[2].title = site
        .pages
        .iter()
        .find(|p| p.path == "/about/")
        .expect("there")
        .title
        .clone();
    let report = rendered(&site).report;
    let all: Vec<_> = report.diagnostics.iter().chain(&report.advice).collect();
    let has = |level, page: &str, code| {
        all.iter()
            .any(|d| d.severity == level && d.page == page && d.code == code)
    };
    assert!(has(Severity::Warning, &site.sections[0].path, "title-long"), "{all:?}");
    assert!(has(Severity::Info, &site.sections[1].path, "description-long"));
    assert!(has(Severity::Warning, &site.sections[2].path, "title-duplicate"));
}

#[test]
fn a_term_can_have_a_text_of_its_own() {
    let mut site = small();
    let mut about = page_with(
        "/about-coffee/",
        "All about **coffee**.\n\n## Where it grows\n\n[beans](/tags/beans/)",
    );
    about.title = "Coffee, from tree to cup".into();
    about.seo_title = "Coffee guide".into();
    about.description = "Everything we know about coffee.".into();
    about.image = Some("/media/kettle.svg".into());
    about.faq = vec![FaqItem {
        question: "Is it healthy?".into(),
        answer: "In *measure*.".into(),
    }];
    about.term = Some(TermRef {
        taxonomy: "tags".into(),
        slug: "coffee".into(),
    });
    about.terms.insert("tags".into(), vec!["coffee".into()]);
    let before = rendered(&site);
    site.pages.push(about.into());
    let after = rendered(&site);
    assert_eq!(after.report.diagnostics, []);
    let html = text(&after, "tags/coffee/index.html");
    for part in [
        "<title>Coffee guide</title>",
        "<h1>Coffee, from tree to cup</h1>",
        "content=\"Everything we know about coffee.\"",
        "All about <strong>coffee</strong>.",
        "<h2 id=\"where-it-grows\">",
        "Is it healthy?",
        "<meta property=\"og:image\" content=\"https://example.com/demo/media/kettle.svg\">",
        "<link rel=\"canonical\" href=\"https://example.com/demo/tags/coffee/\">",
        "\"@type\":\"CollectionPage\"",
        "\"@type\":\"FAQPage\"",
        "\"@type\":\"ItemList\"",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    let second = text(&after, "tags/coffee/page/2/index.html");
    assert!(
        !second.contains("All about") && second.contains("Coffee, from tree to cup"),
        "the text stands once"
    );
    // It is no page among others, and its own address leads to the archive.
    assert_eq!(
        text(&before, "tags/coffee/page/2/index.html")
            .matches("<article")
            .count(),
        second.matches("<article").count()
    );
    assert!(text(&after, "about-coffee/index.html").contains("url=/demo/tags/coffee/"));
    let sitemap = text(&after, "sitemap.xml");
    assert_eq!(
        sitemap
            .matches("<loc>https://example.com/demo/tags/coffee/</loc>")
            .count(),
        1
    );
    assert!(
        render_one(
            &site,
            &igny8_renderer::Theme::builtin("ember").expect("compiles"),
            "/tags/coffee/"
        )
        .is_some()
    );

    site.pages.last_mut().expect("there").indexable = false;
    let hidden = rendered(&site);
    for path in ["tags/coffee/index.html", "tags/coffee/page/2/index.html"] {
        assert!(
            text(&hidden, path).contains("<meta name=\"robots\" content=\"noindex\">"),
            "{path}"
        );
    }
    assert!(!text(&hidden, "sitemap.xml").contains("/tags/coffee/"));
}

#[test]
fn texts_of_terms_that_cannot_be() {
    let mut site = empty();
    let term = |taxonomy: &str, slug: &str| {
        Some(TermRef {
            taxonomy: taxonomy.into(),
            slug: slug.into(),
        })
    };
    site.taxonomies = small().taxonomies;
    for (path, of) in [
        ("/a/", term("tags", "new")),
        ("/b/", term("tags", "new")),
        ("/c/", term("nothing", "x")),
    ] {
        let mut text = page(PageKind::Page, path, "/", path);
        text.body = Body::Markdown(format!("Text of {path}."));
        text.term = of;
        site.pages.push(text.into());
    }
    let site = rendered(&site);
    let codes: Vec<_> = site
        .report
        .diagnostics
        .iter()
        .map(|d| (d.page.as_str(), d.code))
        .collect();
    assert!(codes.contains(&("/b/", "term-text")), "{codes:?}");
    assert!(codes.contains(&("/c/", "term-missing")), "{codes:?}");
    assert!(!site.report.has_errors(), "{codes:?}");
    // A term with a text has an archive even without pages, and its second text is a page of its own.
    assert!(text(&site, "tags/new/index.html").contains("Text of /a/."));
    assert!(text(&site, "b/index.html").contains("Text of /b/."));
    assert!(text(&site, "c/index.html").contains("Text of /c/."));
}

#[test]
fn what_was_published_first_keeps_its_address() {
    let mut site = empty();
    site.taxonomies = small().taxonomies;
    let mut add = |path: &str, id: &str, published: &str, term: Option<TermRef>| {
        let mut page = page(PageKind::Page, path, "/", id);
        page.id = id.into();
        page.body = Body::Markdown(format!("Text of {id}."));
        page.published_at = published.parse().ok();
        page.term = term;
        site.pages.push(page.into());
    };
    let new = || {
        Some(TermRef {
            taxonomy: "tags".into(),
            slug: "new".into(),
        })
    };
    add("/a/", "later", "2026-03-02T00:00:00Z", new());
    add("/b/", "first", "2026-03-01T00:00:00Z", new());
    add("/c/", "draft", "", new());
    add("/d/", "a-later", "2026-03-02T00:00:00Z", None);
    add("/d/", "b-first", "2026-03-01T00:00:00Z", None);
    let site = rendered(&site);
    for (file, said) in [
        ("tags/new/index.html", "Text of first."),
        ("a/index.html", "Text of later."),
        ("c/index.html", "Text of draft."),
        ("d/index.html", "Text of b-first."),
    ] {
        assert!(text(&site, file).contains(said), "{file}");
    }
    let errors: Vec<_> = site
        .report
        .diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .collect();
    assert!(
        errors.len() == 1 && errors[0].page == "/d/" && errors[0].message.contains("“a-later” is left out"),
        "{errors:?}"
    );
}

#[test]
fn an_address_that_two_want_stops_no_release() {
    for path in [
        "/blog/",
        "/tags/coffee/",
        "/blog/page/2/",
        "/robots.txt/",
        "/assets/search/",
    ] {
        let mut site = small();
        site.pages.push(page(PageKind::Page, path, "/", "In the way").into());
        let site = rendered(&site);
        let conflicts = site.report.diagnostics.iter().filter(|d| d.code == "path-conflict");
        assert_eq!(conflicts.count(), 1, "{path}: {:?}", site.report.diagnostics);
        assert!(site.report.has_errors() && !site.report.stops_release(), "{path}");
        assert!(site.files.contains_key("blog/brewing-times/index.html"), "{path}");
    }
    let mut site = small();
    site.pages.push(page_with("/../up/", "x").into());
    assert!(rendered(&site).report.stops_release(), "other errors do");
}

#[test]
fn canonical_addresses_are_read_once() {
    let own = [
        "",
        " ",
        "https://example.com/demo/a/",
        "https://EXAMPLE.com/demo/a",
        "http://example.com/demo/a/index.html",
        "https://example.com/demo/a/#part",
        "https://example.com:443/demo/a/",
    ];
    let wrong = [
        "javascript:x",
        "mailto:a@b.c",
        "/nowhere/",
        "https://example.com/demo/nowhere/",
    ];
    let elsewhere = [
        ("https://other.example/x?y=1", "https://other.example/x?y=1"),
        ("//other.example/x", "https://other.example/x"),
        ("https://example.com/other/", "https://example.com/other/"),
        ("https://example.com/demo/b", "https://example.com/demo/b/"),
    ];
    let look = |canonical: &str| {
        let mut site = empty();
        for path in ["/a/", "/b/"] {
            let mut page = page_with(path, &format!("Text of {path}. [a](/a/) [b](/b/)"));
            page.title = format!("Title {path}");
            site.pages.push(page.into());
        }
        site.pages[0].canonical_url = Some(canonical.into());
        let site = rendered(&site);
        let html = text(&site, "a/index.html");
        let start = html.find("<link rel=\"canonical\" href=\"").expect("a canonical") + 28;
        let href = html[start..start + html[start..].find('"').expect("an end")].to_owned();
        let listed =
            text(&site, "sitemap.xml").contains("/demo/a/</loc>") && text(&site, "llms.txt").contains("/demo/a/");
        let found = site.report.diagnostics.iter().filter(|d| d.code == "canonical").count();
        (href, listed, found)
    };
    for canonical in own {
        assert_eq!(
            look(canonical),
            ("https://example.com/demo/a/".into(), true, 0),
            "{canonical}"
        );
    }
    for canonical in wrong {
        assert_eq!(
            look(canonical),
            ("https://example.com/demo/a/".into(), true, 1),
            "{canonical}"
        );
    }
    for (canonical, href) in elsewhere {
        assert_eq!(look(canonical), (href.to_owned(), false, 0), "{canonical}");
    }
    assert_eq!(
        look("/b/"),
        ("https://example.com/demo/b/".into(), false, 1),
        "relative"
    );
    assert_eq!(look("../b/").2, 1);
}

#[test]
fn terms_have_feeds_in_every_format_that_is_asked_for() {
    let mut site = small();
    let usual = rendered(&site);
    for file in ["atom.xml", "rss.xml", "feed.json"] {
        assert!(usual.files.contains_key(&format!("tags/coffee/{file}")), "{file}");
        let head = text(&usual, "tags/coffee/index.html");
        assert!(head.contains(&format!("href=\"/demo/tags/coffee/{file}\"")), "{file}");
    }
    // Summaries.
    assert!(!text(&usual, "tags/coffee/rss.xml").contains("content:encoded>"));
    site.settings.outputs.term_feeds = vec![igny8_renderer::site::FeedFormat::Rss];
    let one = rendered(&site);
    assert!(one.files.contains_key("tags/coffee/rss.xml") && !one.files.contains_key("tags/coffee/atom.xml"));
    site.settings.outputs.term_feeds = igny8_renderer::site::FeedFormat::ALL.to_vec();
    let site = rendered(&site);
    for file in ["atom.xml", "rss.xml", "feed.json"] {
        assert!(
            text(&site, &format!("tags/coffee/{file}")).contains("Gooseneck"),
            "{file}"
        );
    }
    let feed: Value = serde_json::from_str(text(&site, "tags/coffee/feed.json")).expect("JSON");
    assert!(feed["items"].as_array().is_some_and(|items| items.len() > 2));
}

/// What is between the header and the footer.
fn main(html: &str) -> &str {
    &html[html.find("<main").expect("main")..html.find("</main>").expect("an end")]
}

#[test]
fn archives_of_few_pages_lead_on() {
    let mut site = empty();
    let tags =
        serde_json::json!({ "name": "tags", "title": "Tags", "kind": "blog_tag", "path": "/tags/", "terms": [] });
    site.taxonomies.push(serde_json::from_value(tags).expect("a taxonomy"));
    for (path, terms) in [
        ("/one/", vec!["few"]),
        ("/two/", vec!["few", "other"]),
        ("/three/", vec!["other"]),
        ("/four/", vec!["other"]),
        ("/five/", vec!["other"]),
    ] {
        let mut page = page(PageKind::Post, path, "/", &format!("Page {path}"));
        page.terms
            .insert("tags".into(), terms.into_iter().map(str::to_owned).collect());
        site.pages.push(page.into());
    }
    let site = rendered(&site);
    let (few, rest) = main(text(&site, "tags/few/index.html"))
        .split_once("id=\"related\"")
        .expect("related pages");
    assert!(few.contains("/demo/one/") && few.contains("/demo/two/") && !few.contains("/demo/three/"));
    assert!(
        rest.contains("/demo/five/") && !rest.contains("/demo/one/") && !rest.contains("/demo/two/"),
        "{rest}"
    );
    assert!(!text(&site, "tags/other/index.html").contains("id=\"related\""));

    let all = main(text(&site, "tags/index.html"));
    // The first of the other tag's four.
    for path in ["one", "two", "five", "four"] {
        let link = format!("<a href=\"/demo/{path}/\">Page /{path}/</a>");
        assert_eq!(all.matches(&link).count(), 1, "{path}: {all}");
    }
}

#[test]
fn a_home_page_without_lists_leads_to_what_there_is() {
    let mut site = empty();
    site.pages
        .push(page(PageKind::About, "/about/", "/", "About us").into());
    site.pages.push(page(PageKind::Page, "/hidden/", "/", "Hidden").into());
    site.pages
        .iter_mut()
        .for_each(|page| page.indexable = page.path != "/hidden/");
    let home = rendered(&site);
    let home = main(text(&home, "index.html"));
    assert!(home.contains("<a href=\"/demo/about/\">About us</a>"), "{home}");
    assert!(!home.contains("/demo/hidden/"), "{home}");
    // A post is a list.
    site.pages.push(page(PageKind::Post, "/post/", "/", "Post").into());
    let home = rendered(&site);
    assert!(!main(text(&home, "index.html")).contains("About us"));
}

/// By what stands on them, not by the name of their class.
#[test]
fn archives_of_each_kind_are_built_otherwise() {
    for name in igny8_renderer::Theme::builtin_names() {
        let theme = igny8_renderer::Theme::builtin(&name).expect("compiles");
        let mut shop = crate::support::sample("shop");
        shop.pages
            .iter_mut()
            .filter(|p| p.kind == PageKind::Product)
            .for_each(|p| {
                p.terms.insert("ideas".into(), vec!["gift".into()]);
            });
        let tag = serde_json::json!({ "name": "ideas", "title": "Ideas", "kind": "product_tag", "path": "/ideas/", "terms": [] });
        shop.taxonomies.push(serde_json::from_value(tag).expect("a taxonomy"));
        let shop = igny8_renderer::render(&shop, &theme);
        let blog = igny8_renderer::render(&crate::support::sample("blog"), &theme);
        let company = igny8_renderer::render(&crate::support::sample("company"), &theme);
        let of = |site: &igny8_renderer::Rendered, start: &str| {
            let found = site
                .files
                .iter()
                .find(|(path, _)| path.starts_with(start) && path.ends_with("/index.html") && !path.contains("/page/"));
            let (_, file) = found.unwrap_or_else(|| panic!("{name}: {start} in {:?}", site.files.keys()));
            let html = std::str::from_utf8(&file.bytes).expect("text");
            structure(&html[html.find("<main").expect("main")..html.find("</main>").expect("an end")])
        };
        let archives = [
            ("category", of(&blog, "categories/headlands")),
            ("tag", of(&blog, "tags/winter")),
            ("product category", of(&shop, "shop/category/paper")),
            ("product tag", of(&shop, "ideas/gift")),
            ("attribute", of(&shop, "shop/colour/green")),
            ("service category", of(&company, "services/category/rooms")),
            ("section of posts", of(&blog, "notes/index")),
        ];
        for (i, (kind, one)) in archives.iter().enumerate() {
            for (other, two) in &archives[i + 1..] {
                assert_ne!(one, two, "{name}: {kind} and {other}");
            }
        }
        let (_, category) = &archives[2];
        assert!(
            category.iter().any(|e| e == "aside") && category.iter().filter(|e| *e == "nav").count() >= 3,
            "{category:?}"
        );
        let (_, service) = &archives[5];
        assert!(service.iter().any(|e| e == "address"), "{service:?}");
    }
}

/// Elements that give a page its shape, in order, each run of equal ones once.
fn structure(html: &str) -> Vec<String> {
    const SHAPE: &[&str] = &[
        "header", "nav", "aside", "section", "article", "ul", "ol", "dl", "address", "h2", "h3", "form",
    ];
    let mut out: Vec<String> = Vec::new();
    for part in html.split('<').skip(1) {
        let name: String = part.chars().take_while(char::is_ascii_alphanumeric).collect();
        if SHAPE.contains(&name.as_str()) && out.last() != Some(&name) {
            out.push(name);
        }
    }
    out
}
