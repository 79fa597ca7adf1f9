use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts, states};
use igny8_renderer::site::{Body, PageKind};
use igny8_renderer::{FileKind, Rendered, Site};
use serde_json::Value;

use crate::support::{page_with, rendered, small};

const PAYLOADS: &[&str] = &[
    "\"><script>alert(1)</script><img src=x onerror=alert(1)>",
    "'><svg onload=alert(1)>",
    "</script><script>alert(1)</script>",
    "javascript:alert(1)",
    "</title></style></textarea><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}<script>alert(1)</script>",
    "data:text/html,<script>alert(1)</script>",
    "\u{202e}\u{0}\u{7}]]><script>alert(1)</script>",
];

/// Collects what could run.
#[derive(Default)]
struct Finder {
    found: RefCell<Vec<String>>,
}

impl TokenSink for Finder {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        let Token::TagToken(tag) = token else {
            return TokenSinkResult::Continue;
        };
        if tag.kind == TagKind::EndTag {
            return TokenSinkResult::Continue;
        }
        let name = tag.name.to_string();
        let attribute = |wanted: &str| {
            tag.attrs
                .iter()
                .find(|a| &*a.name.local == wanted)
                .map(|a| a.value.to_string())
        };
        // Pages have the base's own scripts, the search page its own and a form without which it would be none.
        let is_ours = match name.as_str() {
            "script" => {
                let own = ["/demo/assets/search.", "/demo/assets/scheme.", "/demo/assets/copy."];
                attribute("src").is_some_and(|src| own.iter().any(|o| src.starts_with(o)) && src.ends_with(".js"))
            }
            "form" => attribute("role").as_deref() == Some("search"),
            _ => false,
        };
        if name == "script" && !is_ours && attribute("type").as_deref() != Some("application/ld+json") {
            self.found.borrow_mut().push("script".into());
        }
        if !is_ours && ["style", "iframe", "object", "embed", "base", "form", "svg"].contains(&name.as_str()) {
            self.found.borrow_mut().push(name.clone());
        }
        for a in &tag.attrs {
            let key = a.name.local.to_string();
            let value: String = a
                .value
                .chars()
                .filter(|c| !c.is_whitespace() && !c.is_control())
                .collect::<String>()
                .to_lowercase();
            if key.starts_with("on") || key == "style" || key == "srcdoc" {
                self.found.borrow_mut().push(format!("{name} {key}"));
            }
            let is_url = ["href", "src", "action", "cite", "srcset"].contains(&key.as_str())
                || key == "content" && value.starts_with("0;url=");
            let mut targets = value.trim_start_matches("0;url=").split(',');
            if is_url && targets.any(|t| ["javascript:", "data:", "vbscript:"].iter().any(|s| t.starts_with(s))) {
                self.found.borrow_mut().push(format!("{name} {key}={value}"));
            }
        }
        if name == "script" {
            return TokenSinkResult::RawData(states::RawKind::ScriptData);
        }
        if name == "title" {
            return TokenSinkResult::RawData(states::RawKind::Rcdata);
        }
        TokenSinkResult::Continue
    }
}

fn assert_harmless(rendered: &Rendered, why: &str) {
    let mut pages = 0;
    for (path, file) in &rendered.files {
        let text = String::from_utf8_lossy(&file.bytes);
        match file.kind {
            FileKind::Page | FileKind::Redirect => {
                pages += 1;
                let queue = BufferQueue::default();
                queue.push_back(StrTendril::from_slice(&text));
                let tokenizer = Tokenizer::new(Finder::default(), TokenizerOpts::default());
                while !matches!(tokenizer.feed(&queue), html5ever::TokenizerResult::Done) {}
                tokenizer.end();
                let found = tokenizer.sink.found.into_inner();
                assert!(found.is_empty(), "{path} with {why:?}: {found:?}");
            }
            FileKind::Feed | FileKind::Sitemap => {
                assert!(!text.contains("<script"), "{path} with {why:?}")
            }
            _ => {}
        }
    }
    assert!(pages > 3, "{why:?}");
}

/// Puts the payload into every text of the snapshot but those whose form the reader itself demands.
fn poison(value: &mut Value, key: &str, payload: &str) {
    const FORMS: &[&str] = &[
        "kind",
        "format",
        "feeds",
        "term_feeds",
        "language",
        "languages",
        "base_url",
        "site_type",
        "generated_at",
        "published_at",
        "updated_at",
        "version",
        "sort",
        "availability",
        "pagination",
        "role",
        "structure",
    ];
    // What a path may not hold keeps its page from being written, and then nothing is seen of the rest.
    let fits = !payload.contains(char::is_control);
    match value {
        Value::String(_) if ["path", "section"].contains(&key) && !fits => {}
        Value::String(text) if ["path", "section"].contains(&key) => {
            *text = format!("/{}{text}", payload.trim_matches('/').replace("//", "/"));
        }
        Value::String(text) if !FORMS.contains(&key) => *text = format!("{payload}{text}"),
        Value::Array(items) => items.iter_mut().for_each(|item| poison(item, key, payload)),
        Value::Object(map) => {
            let keys: Vec<String> = map.keys().cloned().collect();
            for k in keys {
                if let Some(inner) = map.get_mut(&k) {
                    poison(inner, &k, payload);
                }
                if ["attributes", "extra", "theme_options", "menus"].contains(&key)
                    && let Some(inner) = map.remove(&k)
                {
                    map.insert(format!("{k}{payload}"), inner);
                }
            }
        }
        _ => {}
    }
}

#[test]
fn nothing_runs_whatever_field_it_is_in() {
    for payload in PAYLOADS {
        let mut json = serde_json::to_value(small()).expect("serialises");
        poison(&mut json, "", payload);
        let mut site: Site = serde_json::from_value(json).expect("still a snapshot");
        // Some fields where the payload is the whole value.
        for page in &mut site.pages {
            page.author = Some((*payload).into());
            page.canonical_url = Some((*payload).into());
            page.entity.gallery = vec![(*payload).into()];
            page.terms.insert("tags".into(), vec![(*payload).into()]);
            page.aliases.push((*payload).into());
            page.keywords = vec![(*payload).into()];
            page.translation_key = Some((*payload).into());
            page.cluster = Some(igny8_renderer::site::ClusterRef {
                id: (*payload).into(),
                name: (*payload).into(),
                role: igny8_renderer::site::ClusterRole::Hub,
            });
        }
        site.settings.markdown.math = true;
        site.settings.markdown.typographer = true;
        site.settings.organisation.email = (*payload).into();
        site.settings.organisation.same_as = vec![(*payload).into()];
        assert_harmless(&rendered(&site), payload);
        // The languages of the site and of its pages.
        let of = format!("de{payload}");
        site.settings.language = (*payload).into();
        site.settings.languages = vec![of.clone()];
        site.pages
            .iter_mut()
            .take(3)
            .for_each(|page| page.language.clone_from(&of));
        assert_harmless(&rendered(&site), payload);
    }
}

#[test]
fn nothing_runs_in_bodies() {
    let bodies = [
        "<script>alert(1)</script>",
        "[a](javascript:alert(1)) [b](java&#x09;script:alert(1)) [c](<javascript:x>) ![d](javascript:x) <javascript:alert(1)>",
        "[a]: javascript:x\n\n[a] ![a]",
        "<a href=\"javascript:x\" onclick=y style=z>a</a>\n<iframe src=x></iframe>\n<form action=/x><input name=p></form>",
        "<img src=x onerror=alert(1)><svg><script>alert(1)</script></svg><math><mtext></p><style><img src=x onerror=y></style>",
        "## <img src=x onerror=y> {#\"onx=y}\n\n```\"onx=y\n<script>\n```",
        "<p title='\"><script>alert(1)</script>'>x</p><!--><script>alert(1)</script>-->",
        "| <b onx=y> |\n|---|\n| <script>x</script> |\n\n[^1]\n\n[^1]: <img src=x onerror=y>",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        "$\\text{<script>alert(1)</script>}$ $\\href{javascript:x}{y}$ $$<img src=x onerror=y>$$ www.<script>x</script>.org",
        "<code class='math'>\\text{</code><code class='math-block'><img src=x onerror=y></code>",
        "<details><script>x</script></details><ul><script>x</script><li onclick=y></ul><bdo dir=ltr onx=y>z</bdo>",
        "Term\n: <script>x</script>\n: [a](javascript:x) https://e.org/\"onmouseover=\"x",
        "<a href='data:text/html,<script>x</script>'>a</a><base href=//evil.org/><meta http-equiv=refresh content='0;url=javascript:x'>",
    ];
    for body in bodies {
        let mut site = small();
        site.settings.markdown.math = true;
        let mut html = page_with("/as-html/", "");
        html.body = Body::Html(body.into());
        let mut faq = page_with("/as-markdown/", body);
        faq.kind = PageKind::Service;
        faq.faq = vec![igny8_renderer::site::FaqItem {
            question: body.into(),
            answer: body.into(),
        }];
        site.pages.extend([html, faq].map(Into::into));
        for section in &mut site.sections {
            section.body = Body::Markdown(body.into());
        }
        assert_harmless(&rendered(&site), body);
    }
}

#[test]
fn great_texts_and_strange_names_do_no_harm() {
    let mut site = small();
    site.pages
        .push(page_with("/headings/", &"# Same\n\n".repeat(10_000)).into());
    site.pages
        .push(page_with("/nested/", &format!("{}x", "> ".repeat(20_000))).into());
    site.pages.push(page_with("/brackets/", &"[![".repeat(20_000)).into());
    site.pages.push(page_with("/emphasis/", &"*a_ ".repeat(20_000)).into());
    site.pages.push(page_with("/html/", &"<div>".repeat(5_000)).into());
    site.pages.push(page_with("/مرحبا/😀/", "rtl").into());
    site.pages
        .push(page_with(&format!("/{}/", "é".repeat(127)), "too long").into());
    site.pages
        .push(page_with(&format!("/{}/", "é".repeat(126)), "just short enough").into());
    site.pages.push(page_with("/nul\0/", "nul").into());
    let site = rendered(&site);
    assert!(site.files.contains_key("headings/index.html") && site.files.contains_key("مرحبا/😀/index.html"));
    assert_eq!(
        site.report.diagnostics.iter().filter(|d| d.code == "page-path").count(),
        2
    );
}

/// As much as a text may be, in forms that parsers take long for. The limit only tells seconds from hours.
#[test]
fn great_texts_take_no_time_that_grows_with_their_square() {
    let mb = if cfg!(debug_assertions) { 1 } else { 5 } * 1024 * 1024;
    let fill = |unit: &str| unit.repeat(mb / unit.len());
    let cells = "| a | b |\n|---|---|\n";
    let texts = [
        ("div", Body::Html(fill("<div>x"))),
        ("b", Body::Html(fill("<b a=1>x"))),
        ("a", Body::Html(fill("<a href=/>x"))),
        ("table", Body::Html(fill("<table>x"))),
        ("cells", Body::Html(fill("<table><tr><td>x"))),
        ("in a table", Body::Html(format!("<table>{}", fill("<br>x")))),
        ("misnested", Body::Html(fill("<b><div></b>x"))),
        ("lists", Body::Html(fill("<ul><li>x"))),
        ("raw", Body::Markdown(fill("<div>\n\n*x*\n\n"))),
        ("one line", Body::Markdown(fill("word "))),
        ("one word", Body::Markdown(fill("x"))),
        (
            "code",
            Body::Markdown(format!("```rust\n{}\n```\n", fill("let x = \"a\"; // b\n"))),
        ),
        ("a table", Body::Markdown(format!("{cells}{}", fill("| 1 | 2 |\n")))),
        ("headings", Body::Markdown("# Same\n\n".repeat(10_000))),
        ("html headings", Body::Html("<h3>Same</h3>".repeat(10_000))),
        ("links", Body::Markdown(fill("https://e.org/x "))),
        ("notes", Body::Markdown(fill("x[^a] ") + "\n\n[^a]: b\n")),
    ];
    for (name, body) in texts {
        let mut site = crate::support::empty();
        let mut page = page_with("/great/", "");
        page.body = body;
        site.pages.push(page.into());
        let start = std::time::Instant::now();
        let site = rendered(&site);
        assert!(site.files.contains_key("great/index.html"), "{name}");
        assert!(start.elapsed().as_secs() < 300, "{name}: {:?}", start.elapsed());
    }
}

/// A post of 5 MB with something wrong in every line: it is written, and what is wrong is said without drowning out the rest.
#[test]
fn a_post_of_five_megabytes() {
    const LINE: &str = "Some words with a [link](/nowhere/), *emphasis*, `code` and ![](/none.png) on the way.\n\n";
    let text = LINE.repeat(5 * 1024 * 1024 / LINE.len() + 1);
    assert!(text.len() > 5 * 1024 * 1024);
    let lines = text.matches('\n').count();
    let mut site = crate::support::empty();
    site.pages.push(page_with("/great/", &text).into());
    let site = rendered(&site);
    let html = &site.files["great/index.html"].bytes;
    assert!(html.len() > text.len());
    assert_eq!(html.windows(3).filter(|w| w == b"<em").count(), lines / 2);
    let missing = site
        .report
        .diagnostics
        .iter()
        .filter(|d| d.code == "link-missing")
        .count();
    // Those with a line of their own, and the rest as one.
    assert!((2..=400).contains(&missing), "{missing}");
}

#[test]
fn what_nests_too_deep_is_reported() {
    let mut site = crate::support::empty();
    site.pages.push(page_with("/deep/", &"<div>".repeat(1000)).into());
    let found = rendered(&site).report.diagnostics;
    assert!(
        found
            .iter()
            .any(|d| d.code == "html-deep" && d.message.starts_with("800 ")),
        "{found:?}"
    );
}

/// All of it is rendered, and what is written grows as the site does.
#[test]
fn a_page_with_every_term_and_a_term_with_every_page() {
    let size = |pages: usize, terms: usize| {
        let mut site = crate::support::empty();
        site.taxonomies = small().taxonomies;
        let mut all = crate::support::page(PageKind::Post, "/all/", "/", "All");
        all.terms
            .insert("tags".into(), (0..terms).map(|i| format!("t{i}")).collect());
        site.pages.push(all.into());
        for i in 0..pages {
            let mut page = page_with(&format!("/p{i}/"), "x");
            page.title = format!("Page {i}");
            page.terms.insert("tags".into(), vec!["t1".into(), "t1".into()]);
            site.pages.push(page.into());
        }
        site.settings.outputs.share_images = false;
        site.settings.outputs.search = Some(false);
        let site = rendered(&site);
        assert!(!site.report.has_errors(), "{:?}", site.report.diagnostics.first());
        let text = |path: &str| String::from_utf8_lossy(&site.files[path].bytes).into_owned();
        assert!(text("all/index.html").contains(&format!("/demo/tags/t{}/", terms - 1)));
        // Every page is on one of the term's pagers, once.
        let pagers: Vec<String> = site
            .files
            .keys()
            .filter(|path| path.starts_with("tags/t1/") && path.ends_with("index.html"))
            .map(|path| text(path))
            .collect();
        for i in [0, 1, pages / 2, pages - 1] {
            let link = format!("href=\"/demo/p{i}/\"");
            let on = pagers.iter().filter(|html| html.contains(&link)).count();
            assert_eq!(on, 1, "/p{i}/ of {pages}");
        }
        let largest = pagers.iter().map(String::len).max().unwrap_or_default();
        let bytes: usize = site.files.values().map(|file| file.bytes.len()).sum();
        (bytes, largest)
    };
    let (small, of_few) = size(600, 400);
    let (large, of_many) = size(1800, 1200);
    assert!(large < small * 4, "three times the site: {small} and {large}");
    assert!(
        of_many < of_few * 3 / 2,
        "a pager does not grow with its term: {of_few} and {of_many}"
    );
}

#[test]
fn strange_slugs_and_parents_of_terms() {
    let mut site = crate::support::empty();
    site.taxonomies = small().taxonomies;
    let long = "s".repeat(300);
    let slugs = [
        "a/b",
        "../x",
        ".",
        "",
        "nul\0",
        long.as_str(),
        "\u{202e}txt",
        "Tea",
        "tea",
        "TEA",
        "😀",
        "a b",
        "a?b#c",
    ];
    let mut all = page_with("/all/", "x");
    all.terms.insert("tags".into(), slugs.map(str::to_owned).to_vec());
    site.pages.push(all.into());
    let rendered_site = rendered(&site);
    for path in [
        "tags/Tea/index.html",
        "tags/tea/index.html",
        "tags/TEA/index.html",
        "tags/a-b/index.html",
        "tags/\u{202e}txt/index.html",
    ] {
        assert!(rendered_site.files.contains_key(path), "{path}");
    }
    assert!(
        rendered_site
            .files
            .contains_key(&format!("tags/{}/index.html", "s".repeat(252)))
    );
    // `a/b` and `a b` want one address.
    let conflicts = rendered_site
        .report
        .diagnostics
        .iter()
        .filter(|d| d.code == "path-conflict")
        .count();
    assert!(conflicts >= 1, "{:?}", rendered_site.report.diagnostics);

    let term = |slug: &str, parent: &str| {
        let json = serde_json::json!({ "slug": slug, "name": slug, "parent": parent, "language": "en" });
        serde_json::from_value(json).expect("a term")
    };
    let mut parents = vec![
        term("a", "b"),
        term("b", "c"),
        term("c", "a"),
        term("d", "a"),
        term("self", "self"),
        term("lost", "nowhere"),
    ];
    parents.extend((0..40).map(|i| term(&format!("n{i}"), &format!("n{}", i + 1))));
    site.taxonomies[0].terms = parents;
    let used: Vec<String> = ["a", "b", "c", "d", "self", "lost", "n0"].map(str::to_owned).to_vec();
    site.pages[0].terms.insert("tags".into(), used);
    let found: Vec<String> = rendered(&site)
        .report
        .diagnostics
        .into_iter()
        .filter(|d| d.code == "term-parent")
        .map(|d| d.message)
        .collect();
    for slug in ["`a`", "`b`", "`c`", "`self`"] {
        assert!(
            found.iter().any(|m| m.contains(slug) && m.contains("above itself")),
            "{slug}: {found:?}"
        );
    }
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn names_that_the_renderer_needs_are_its_own() {
    let mut site = small();
    let like = site.media[0].clone();
    let media = |path: &str| igny8_renderer::site::Media {
        path: path.into(),
        ..like.clone()
    };
    for path in [
        "/sitemap-1.xml",
        "/assets/search/x.json",
        "/robots.txt",
        "/de/404.html",
        "/blog",
        "/assets",
    ] {
        site.media.push(media(path));
    }
    site.media.push(media("/sitemap-x.xml"));
    site.media.push(media("/free"));
    site.pages.push(page_with("/sitemap-2.xml/", "x").into());
    let site = rendered(&site);
    let errors: Vec<_> = site
        .report
        .diagnostics
        .iter()
        .filter(|d| ["path-conflict", "media-path"].contains(&d.code))
        .collect();
    assert_eq!(errors.len(), 7, "{errors:?}");
    let written: Vec<&str> = site.report.media.iter().map(|m| m.path.as_str()).collect();
    assert!(written.contains(&"/sitemap-x.xml") && written.contains(&"/free") && !written.contains(&"/blog"));
}
