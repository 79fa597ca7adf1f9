//! The quality gate: what it finds, at which level; and the commands that show it.

use std::fs;
use std::process::Command;

use igny8_renderer::check::{Inspector, sample};
use igny8_renderer::site::{Body, PageKind, Site};
use igny8_renderer::{Severity, Theme, render_to};
use serde_json::Value;

use crate::support::{empty, page, page_with, rendered, small};

fn found(site: &Site) -> Vec<(Severity, String, &'static str)> {
    let report = rendered(site).report;
    assert!(report.diagnostics.iter().all(|d| d.severity < Severity::Info));
    let all = report.diagnostics.into_iter().chain(report.advice);
    all.map(|d| (d.severity, d.page, d.code)).collect()
}

#[test]
fn texts_are_measured_and_compared() {
    let mut site = empty();
    let mut add = |path: &str, title: &str, description: &str| {
        let mut page = page(PageKind::Page, path, "/", title);
        page.description = description.into();
        page.body = Body::Markdown(format!("Text of {path}."));
        site.pages.push(page.into());
    };
    add("/a/", "Same", "Also the same");
    add("/b/", "Same", "Also the same");
    add("/c/", &"Wide ".repeat(20), &"word ".repeat(60));
    add("/d/", "A title of which only the name of the site is cut in lists", "");
    site.menus.insert("main".into(), Vec::new());
    site.menus["main"] = ["/a/", "/b/", "/c/"]
        .map(|url| serde_json::from_value(serde_json::json!({"label": url, "url": url})).expect("an item"))
        .to_vec();
    let all = found(&site);
    let has = |level, page: &str, code| all.contains(&(level, page.to_owned(), code));
    assert!(has(Severity::Warning, "/b/", "title-duplicate"), "{all:?}");
    assert!(has(Severity::Info, "/b/", "description-duplicate"));
    assert!(has(Severity::Warning, "/c/", "title-long"));
    assert!(has(Severity::Info, "/c/", "description-long"));
    assert!(has(Severity::Info, "/d/", "title-long"));
    assert!(has(Severity::Warning, "/d/", "orphan"));
    assert_eq!(all.len(), 6, "{all:?}");

    for page in &mut site.pages {
        page.indexable = false;
    }
    assert_eq!(
        found(&site),
        [],
        "what search engines do not see needs no title of its own"
    );
}

#[test]
fn a_link_or_a_list_saves_from_being_an_orphan() {
    let mut site = empty();
    site.pages.push(page_with("/linked/", "Other words.").into());
    let mut home = page(PageKind::Home, "/", "/", "Home");
    home.body = Body::Markdown("[x](/linked)".into());
    site.pages.push(home.into());
    assert_eq!(found(&site), []);
    site.pages[1].body = Body::Markdown("x".into());
    assert_eq!(found(&site), [(Severity::Warning, "/linked/".to_owned(), "orphan")]);
}

#[test]
fn images_want_a_description() {
    let mut site = empty();
    site.pages
        .push(page_with("/", "![](https://e.org/a.png)\n\n![b](https://e.org/b.png)").into());
    assert_eq!(found(&site), [(Severity::Warning, "/".to_owned(), "alt-missing")]);
    site.pages[0].body = Body::Html("<img src='https://e.org/a.png' alt=''><img src='https://e.org/b.png'>".into());
    assert_eq!(
        found(&site).len(),
        1,
        "an empty alt is for decoration, none at all is missing"
    );
}

#[test]
fn finished_pages_of_all_themes_pass() {
    for name in Theme::builtin_names() {
        let theme = Theme::builtin(&name).expect("compiles");
        for (sample, site) in sample::sites(&theme).expect("samples") {
            let inspector = Inspector::new(&site.settings.base_url);
            let mut report = render_to(&site, &theme, &inspector);
            inspector.finish(&mut report);
            assert_eq!(report.diagnostics, [], "{name}, {sample}");
        }
    }
}

/// What the samples show of each theme: all of it, and of the base all that the theme does not replace.
#[test]
fn samples_reach_every_template() {
    for name in Theme::builtin_names() {
        let theme = Theme::builtin_watched(&name).expect("compiles");
        for (_, site) in sample::sites(&theme).expect("samples") {
            rendered_with(&site, &theme);
        }
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../themes")
            .join(&name);
        let mut missed = theme.missed();
        missed.retain(|part| {
            let replaced = part
                .strip_prefix("base/")
                .map(|own| dir.join("templates").join(own).is_file());
            replaced != Some(true)
        });
        assert_eq!(missed, Vec::<String>::new(), "{name}");
    }
}

fn rendered_with(site: &Site, theme: &Theme) {
    let report = igny8_renderer::render(site, theme).report;
    assert!(!report.stops_release(), "{:?}", report.diagnostics);
}

#[test]
fn theme_check_finds_what_fails_only_in_a_block_and_what_nothing_shows() {
    let dir = tempfile::tempdir().expect("a folder");
    let templates = dir.path().join("own/templates");
    fs::create_dir_all(templates.join("blocks")).expect("made");
    // The options that the base looks at.
    let ember = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../themes/ember/theme.toml");
    fs::copy(ember, dir.path().join("own/theme.toml")).expect("written");
    fs::write(templates.join("blocks/faq.html"), "{{ block.nothing.of.this }}").expect("written");
    fs::write(templates.join("forgotten.html"), "{{ page.nothing.of.this }}").expect("written");
    let output = Command::new(env!("CARGO_BIN_EXE_igny8-render"))
        .args(["theme", "check", "own"])
        .current_dir(dir.path())
        .output()
        .expect("runs");
    let words = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(
        words.contains("blocks/faq.html:1") && words.contains("[template]"),
        "{words}"
    );
    assert!(words.contains("no sample shows forgotten.html"), "{words}");
}

#[test]
fn findings_say_where_in_the_text_they_are() {
    let mut site = empty();
    let mut home = page_with(
        "/",
        "One.\n\n[a](/gone/) and [b](/gone/)\n\n![](https://e.org/x.png)\n\n[c](#none)\n",
    );
    home.faq = serde_json::from_value(serde_json::json!([
        { "question": "A?", "answer": "a" }, { "question": "B?", "answer": "b\n\n[d](/lost/)" }
    ]))
    .expect("questions");
    home.blocks = serde_json::from_value(serde_json::json!([
        { "type": "text", "text": "x" }, { "type": "text", "text": "x\n[e](javascript:x)", "links": [{ "label": "f", "url": "/away/" }] }
    ]))
    .expect("blocks");
    site.pages.push(home.into());
    let report = rendered(&site).report;
    let all: Vec<String> = report
        .diagnostics
        .iter()
        .map(|d| format!("{} {}", d.code, d.place))
        .collect();
    for want in [
        "link-missing line 3",
        "alt-missing line 5",
        "anchor-missing line 7",
        "link-missing question 2, line 3",
        "link-refused block 2, line 2",
        "link-missing block 2",
    ] {
        assert!(all.iter().any(|found| found == want), "{want}: {all:?}");
    }
    let json = serde_json::to_value(&report.diagnostics).expect("serialises");
    assert!(
        json.as_array().expect("a list").iter().any(|d| d["place"]["line"] == 3),
        "{json}"
    );
}

#[test]
fn a_site_can_be_strict() {
    use igny8_renderer::site::Strict;
    let mut site = empty();
    site.pages
        .push(page_with("/", "[a](/gone/) ![x](/no.png) [c](#none)").into());
    let mut product = page(PageKind::Product, "/alone/", "/", "Alone");
    product.entity.price = Some("1.00".into());
    site.pages.push(product.into());
    let report = rendered(&site).report;
    assert!(
        !report.has_errors() && !report.stops_release(),
        "{:?}",
        report.diagnostics
    );
    for (kind, code) in [
        (Strict::Links, "link-missing"),
        (Strict::Anchors, "anchor-missing"),
        (Strict::Images, "image-missing"),
        (Strict::Orphans, "orphan"),
        (Strict::StructuredData, "json-ld-fields"),
    ] {
        site.settings.outputs.strict = vec![kind];
        let report = rendered(&site).report;
        let errors: Vec<&str> = report
            .diagnostics
            .iter()
            .filter(|d| report.stops(d))
            .map(|d| d.code)
            .collect();
        assert!(
            !errors.is_empty() && errors.iter().all(|c| *c == code),
            "{kind:?}: {errors:?}"
        );
    }
    // An address that two pages want leaves one of them out, and keeps nothing from going out, unless the site says so.
    site.pages[1].path = "/".into();
    site.pages[1].id = "second".into();
    site.settings.outputs.strict = Vec::new();
    let report = rendered(&site).report;
    assert!(
        report.has_errors() && !report.stops_release(),
        "{:?}",
        report.diagnostics
    );
    site.settings.outputs.strict = vec![Strict::Addresses];
    assert!(rendered(&site).report.stops_release());
}

#[test]
fn commands_group_findings_and_tell_by_their_exit_code() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut site = small();
    site.media.clear();
    site.pages.push(page_with("/broken/", "[a](/nowhere/)").into());
    let write = |site: &Site| {
        fs::write(
            dir.path().join("site.json"),
            serde_json::to_vec(site).expect("serialises"),
        )
        .expect("written");
    };
    let run = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_igny8-render"))
            .args(args)
            .current_dir(dir.path())
            .output()
            .expect("runs");
        (
            output.status.code(),
            String::from_utf8(output.stdout).expect("text"),
            String::from_utf8(output.stderr).expect("text"),
        )
    };
    write(&site);
    let (code, words, _) = run(&["check", "site.json"]);
    assert_eq!(code, Some(0), "{words}");
    assert!(
        words.contains("Warnings (") && words.contains("  /broken/: line 1: the link `/nowhere/`"),
        "{words}"
    );
    let (_, line, _) = run(&["check", "site.json", "--json"]);
    let line: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(line["errors"], 0);
    assert!(line["warnings"].as_u64() > Some(0) && line["diagnostics"][0]["code"].is_string());

    site.pages.push(page_with("/../bad/", "x").into());
    write(&site);
    let (code, words, _) = run(&["check", "site.json"]);
    assert!(
        code == Some(1) && words.contains("Errors: they stop a deploy (1)"),
        "{words}"
    );

    let (code, words, _) = run(&["theme", "check", "ember"]);
    assert_eq!(code, Some(0), "{words}");
    let theme = dir.path().join("own");
    fs::create_dir_all(theme.join("templates")).expect("made");
    fs::write(theme.join("theme.toml"), "name = \"own\"").expect("written");
    for name in ["page", "list", "home", "404"] {
        fs::write(
            theme.join(format!("templates/{name}.html")),
            "<!doctype html>\n<html>\n<p style=\"x\">{{ page.title }}",
        )
        .expect("written");
    }
    fs::write(theme.join("templates/home.html"), "a\nb\n{{ list.no.such.thing }}").expect("written");
    let (code, words, _) = run(&["theme", "check", "own"]);
    assert_eq!(code, Some(1), "{words}");
    assert!(
        words.contains("home.html:3") && words.contains("[template]") && words.contains("[inline]"),
        "{words}"
    );
    fs::write(theme.join("templates/home.html"), "a\n{% nothing %}").expect("written");
    let (code, _, problem) = run(&["theme", "check", "own"]);
    assert!(code == Some(1) && problem.contains("home.html:2"), "{problem}");
}

#[test]
fn markdown_is_read_from_standard_input() {
    use std::io::Write as _;
    use std::process::Stdio;
    let convert = |args: &[&str], source: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_igny8-render"))
            .arg("markdown")
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("runs");
        child
            .stdin
            .take()
            .expect("open")
            .write_all(source.as_bytes())
            .expect("written");
        let output = child.wait_with_output().expect("ends");
        String::from_utf8(output.stdout).expect("text")
    };
    let source = "# A\n\n<script>x</script>\n\n[l](javascript:x)\n";
    assert_eq!(
        convert(&["--unsafe"], source),
        "<h1>A</h1>\n<script>x</script>\n<p><a href=\"javascript:x\">l</a></p>\n"
    );
    let safe = convert(&[], source);
    assert!(safe.contains("<h2 id=\"a\">") && !safe.contains("script"), "{safe}");
}
