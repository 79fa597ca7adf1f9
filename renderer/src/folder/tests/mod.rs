mod fixtures;
mod roundtrip;

use super::*;
use crate::site::Page;

fn options() -> ReadOptions {
    ReadOptions::new("2026-01-01T00:00:00Z".parse().unwrap())
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/folders")
        .join(name)
}

fn read_fixture(name: &str) -> FolderSite {
    read(&fixture(name), &options()).unwrap()
}

fn page<'a>(folder: &'a FolderSite, path: &str) -> &'a Page {
    let paths: Vec<&str> = folder.site.pages.iter().map(|p| p.path.as_str()).collect();
    folder
        .site
        .pages
        .iter()
        .find(|p| p.path == path)
        .unwrap_or_else(|| panic!("{path} is not among {paths:?}"))
}

fn text(page: &Page) -> &str {
    match &page.body {
        crate::site::Body::Markdown(text) | crate::site::Body::Html(text) => text,
    }
}

/// `file:line: message` of all problems.
fn problems(folder: &FolderSite) -> Vec<String> {
    folder.problems.iter().map(ToString::to_string).collect()
}

fn assert_problem(folder: &FolderSite, file: &str, part: &str) {
    let all = problems(folder);
    let found = all.iter().any(|p| p.starts_with(file) && p.contains(part));
    assert!(found, "no problem at {file} with {part:?} in:\n{}", all.join("\n"));
}
