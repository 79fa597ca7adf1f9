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
        for (sample, site) in sample::sites().expect("samples") {
            let inspector = Inspector::new(&site.settings.base_url);
            let mut report = render_to(&site, &theme, &inspector);
            inspector.finish(&mut report);
            assert_eq!(report.diagnostics, [], "{name}, {sample}");
        }
    }
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
        words.contains("Warnings (") && words.contains("  /broken/: the link `/nowhere/`"),
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
