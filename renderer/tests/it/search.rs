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
    let note = site.report.advice.iter().find(|note| note.code == "list-left-out");
    assert_eq!(note.map(|note| note.page.as_str()), Some("/search/"));
}

/// What the script of the search page finds, run by Node without a page: [questions with titles found and bytes read].
fn asked(site: &Rendered, questions: &[&str]) -> Vec<(Vec<String>, u64)> {
    let dir = tempfile::tempdir().expect("a folder");
    let html = text(site, "search/index.html");
    std::fs::write(
        dir.path().join("search.mjs"),
        named(site, html, "type=\"module\" src=\""),
    )
    .expect("written");
    for (path, file) in site.files.iter().filter(|(path, _)| path.starts_with("assets/search/")) {
        let name = path.rsplit('/').next().expect("a name");
        std::fs::write(dir.path().join(name), &file.bytes).expect("written");
    }
    let start = html.find("data-index=\"").expect("there") + 12;
    let manifest = html[start..].split('"').next().expect("an end");
    let manifest = manifest.rsplit('/').next().expect("a name");
    let program = r#"
        import { readFileSync } from "node:fs";
        import { search, describe } from "./search.mjs";
        const [manifest, questions] = JSON.parse(process.argv[2]);
        const answers = [];
        for (const question of questions) {
            // A visitor who comes for this question alone.
            const files = new Map();
            let bytes = 0;
            const read = async (name) => {
                if (!files.has(name)) {
                    const text = readFileSync(name || manifest);
                    bytes += text.length;
                    files.set(name, JSON.parse(text));
                }
                return files.get(name);
            };
            const found = await search(read, question);
            const rows = await describe(read, found.slice(0, 10));
            answers.push([rows.map((row) => row[0]), bytes]);
        }
        console.log(JSON.stringify(answers));
    "#;
    std::fs::write(dir.path().join("ask.mjs"), program).expect("written");
    let output = std::process::Command::new("node")
        .arg("ask.mjs")
        .arg(serde_json::json!([manifest, questions]).to_string())
        .current_dir(dir.path())
        .output()
        .expect("Node 20 or later is needed for this test, as for the client's: `make test` installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn the_script_ranks_what_it_finds() {
    let mut site = empty();
    for (path, title, body) in [
        ("/care/", "Kettle care", "Descale it often."),
        (
            "/grinders/",
            "Grinders",
            "A grinder beside a kettle. Beans, beans, beans.",
        ),
        ("/beans/", "Beans and kettles", "What grows where. Café culture."),
        ("/tokyo/", "日本語の記事", "東京の喫茶店"),
        ("/other/", "Nothing of it", "Entirely elsewhere."),
    ] {
        let mut page = page(PageKind::Page, path, "/", title);
        page.body = Body::Markdown(body.into());
        site.pages.push(page.into());
    }
    let site = rendered(&site);
    let answers = asked(
        &site,
        &[
            "kettle",
            "kettle beans",
            "CAFE",
            "gri",
            "東京",
            "nowhere",
            "",
            "a\"b<c>",
            "k",
            "kettle b",
            "grinders東京kettle",
        ],
    );
    let titles = |n: usize| -> Vec<&str> { answers[n].0.iter().map(String::as_str).collect() };
    assert_eq!(
        titles(0)[0],
        "Kettle care",
        "a title counts more than a text, the word itself more than a longer one"
    );
    assert_eq!(titles(0).len(), 3);
    assert_eq!(
        titles(1)[..2],
        ["Beans and kettles", "Grinders"],
        "pages with all words come first"
    );
    assert_eq!(titles(2), ["Beans and kettles"], "accents and capitals do not matter");
    assert_eq!(titles(3), ["Grinders"], "beginnings of words");
    assert_eq!(titles(4), ["日本語の記事"], "scripts without spaces");
    for n in 5..8 {
        assert!(titles(n).len() <= 1, "{n}: {answers:?}");
    }
    assert_eq!(titles(8).len(), 3, "a letter alone is the beginning of a word");
    assert_eq!(titles(9), titles(0), "beside a word it says nothing");
    assert_eq!(titles(10)[0], "Grinders", "words end where another script begins");
}

/// Words as in real texts: a few very often, most of them rarely.
fn large(pages: usize) -> igny8_renderer::Site {
    let mut site = empty();
    site.settings.outputs.share_images = false;
    site.settings.outputs.feeds = Vec::new();
    let mut seed = 7_u64;
    let mut next = |below: u64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for n in 0..pages {
        let mut page = page(
            PageKind::Page,
            &format!("/p{n}/"),
            "/",
            &format!("Page {n} about word{}", next(500)),
        );
        let words: Vec<String> = (0..150)
            .map(|_| {
                let most = 10_u64.pow(1 + u32::try_from(next(5)).expect("small"));
                format!("word{}", next(most))
            })
            .collect();
        page.body = Body::Markdown(words.join(" "));
        site.pages.push(page.into());
    }
    site
}

/// The index grows with the site, what a visitor reads of it hardly does.
#[test]
fn a_visitor_reads_a_small_part_of_a_large_index() {
    let site = rendered(&large(4000));
    let index: usize = site
        .files
        .iter()
        .filter(|(path, _)| path.starts_with("assets/search/"))
        .map(|(_, file)| file.bytes.len())
        .sum();
    assert!(index > 2_000_000, "{index}");
    // In thousands of pages, in some, in one alone, and the beginning of them all.
    let questions = ["word7", "word77 word4321", "word98765", "w"];
    for (question, (titles, bytes)) in questions.iter().zip(asked(&site, &questions)) {
        assert!(
            !titles.is_empty() && bytes < 500_000,
            "{question}: {bytes} of {index}: {titles:?}"
        );
    }
}

/// A page that changes leaves most pieces of the index as they were, and an index made from remembered words is that of a whole render.
#[test]
fn an_index_made_again_is_mostly_the_one_before() {
    use std::collections::BTreeSet;
    let theme = igny8_renderer::Theme::builtin("ember").expect("compiles");
    let mut site = large(1500);
    let mut memo = igny8_renderer::Memo::default();
    let again = |site: &igny8_renderer::Site, memo: &mut igny8_renderer::Memo| {
        let sink = igny8_renderer::MemorySink::default();
        igny8_renderer::render_again(&std::sync::Arc::new(site.clone()), &theme, &sink, memo);
        let files = sink.into_files().into_iter();
        files
            .filter(|(path, _)| path.starts_with("assets/search/"))
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    let before = again(&site, &mut memo);
    let Body::Markdown(text) = &site.pages[700].body else {
        panic!("Markdown")
    };
    site.pages[700].body = Body::Markdown(format!("{text} and wordnew word7"));
    let after = again(&site, &mut memo);
    let whole = rendered(&site);
    for (path, file) in &after {
        assert_eq!(whole.files.get(path).map(|f| &f.bytes), Some(&file.bytes), "{path}");
    }
    let names = |files: &std::collections::BTreeMap<String, igny8_renderer::OutFile>| -> BTreeSet<String> {
        files.keys().filter(|name| name.contains("-t")).cloned().collect()
    };
    let (before, after) = (names(&before), names(&after));
    let kept = before.intersection(&after).count();
    assert!(
        before.len() > 20 && kept * 10 > before.len() * 7,
        "{kept} of {}",
        before.len()
    );
}
