//! Sites to render.

use igny8_renderer::site::{Body, Page, PageKind, Site};
use igny8_renderer::{Rendered, Theme, render};

/// A small site of every kind of page, read from `fixtures/small.json`.
pub fn small() -> Site {
    serde_json::from_str(include_str!("../fixtures/small.json")).expect("the fixture is a snapshot")
}

/// An empty site.
pub fn empty() -> Site {
    let mut site = small();
    site.pages.clear();
    site.sections.clear();
    site.taxonomies.clear();
    site.menus.clear();
    site.media.clear();
    site.redirects.clear();
    site.settings.languages.clear();
    site
}

/// A page with nothing but what is required.
pub fn page(kind: PageKind, path: &str, section: &str, title: &str) -> Page {
    let json = serde_json::json!({
        "id": path, "kind": kind, "path": path, "section": section, "title": title,
        "body": {"format": "markdown", "text": "Text."}, "language": "en",
    });
    serde_json::from_value(json).expect("a page")
}

/// The same with a body.
pub fn page_with(path: &str, markdown: &str) -> Page {
    Page {
        body: Body::Markdown(markdown.into()),
        ..page(PageKind::Page, path, "/", "Title")
    }
}

/// Rendered with the default theme.
pub fn rendered(site: &Site) -> Rendered {
    render(site, &Theme::builtin("ember").expect("ember compiles"))
}

/// The text of a file that must be there.
pub fn text<'a>(rendered: &'a Rendered, path: &str) -> &'a str {
    let file = rendered
        .files
        .get(path)
        .unwrap_or_else(|| panic!("{path} is missing from {:?}", rendered.files.keys().collect::<Vec<_>>()));
    std::str::from_utf8(&file.bytes).expect("text")
}

/// A sample site of `fixtures/sites`: every block and type of page stands somewhere in one of them.
pub fn sample(name: &str) -> Site {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/sites")
        .join(name);
    let options = igny8_renderer::folder::ReadOptions::new("2026-04-01T08:00:00Z".parse().expect("a moment"));
    let folder = igny8_renderer::folder::read(&dir, &options).expect("a folder");
    assert_eq!(folder.problems, [], "{name}");
    let mut site = folder.site;
    // Options of one theme mean nothing to the others.
    site.settings.theme_options.retain(|name, _| name == "brand_color");
    site
}

/// The live release of a site's folder.
pub fn live(site_dir: &std::path::Path) -> Option<igny8_renderer::release::Release> {
    use igny8_renderer::release::{Release, current};
    let version = current(site_dir).expect("readable")?;
    Some(Release::open(site_dir, &version, None).expect("whole"))
}

/// A file of a release.
pub fn released(site_dir: &std::path::Path, version: &str, path: &str) -> Option<Vec<u8>> {
    let release = igny8_renderer::release::Release::open(site_dir, version, None).expect("whole");
    let entry = release.get(path)?;
    Some(std::fs::read(release.content(site_dir, path, entry)).expect("there"))
}
