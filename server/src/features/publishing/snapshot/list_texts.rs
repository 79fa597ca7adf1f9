//! Pages at the addresses of lists: WordPress has a page for its posts, and pages below pages.
//!
//! A page with nothing but a text becomes the text of the list at its address. A page that only has pages below it has no
//! list there.

use std::collections::{HashMap, HashSet};

use igny8_renderer::site as out;

/// Paths of pages that have pages below them, and nothing that a list is made for.
pub fn families(pages: &[out::SharedPage]) -> HashSet<&str> {
    let mut families: HashSet<&str> = pages.iter().map(|page| page.path.as_str()).collect();
    for page in pages.iter().filter(|page| is_listed(page)) {
        families.remove(page.section.as_str());
    }
    families
}

/// Whether it is a part of a series: a post, a product, a service.
fn is_listed(page: &out::Page) -> bool {
    use out::PageKind as Kind;
    matches!(page.kind, Kind::Post | Kind::Product | Kind::Service) && page.section != page.path
}

/// Makes pages at the addresses of lists the texts of these, as far as a list can have all that they say. One that says nothing at
/// the address of a list that has a text leaves only its old addresses.
pub fn join(site: &mut out::Site) {
    let is_list = |section: &out::Section| section.render && section.path != "/";
    let lists = site.sections.iter().enumerate().filter(|(_, section)| is_list(section));
    let lists: HashMap<String, (usize, bool)> = lists
        .map(|(n, section)| (section.path.clone(), (n, is_blank(&section.body))))
        .collect();
    let is_text = |page: &out::SharedPage| {
        let list = lists.get(&page.path).filter(|_| is_plain(page));
        list.is_some_and(|(_, takes_text)| *takes_text || is_blank(&page.body))
    };
    if !site.pages.iter().any(is_text) {
        return;
    }
    let (texts, pages): (Vec<_>, Vec<_>) = std::mem::take(&mut site.pages).into_iter().partition(is_text);
    site.pages = pages;
    for text in texts {
        let text = text.into_page();
        let redirects = text.aliases.iter().map(|old| out::Redirect {
            from: old.clone(),
            to: text.path.clone(),
        });
        site.redirects.extend(redirects);
        let list = lists.get(&text.path).filter(|(_, takes_text)| *takes_text);
        if let Some(section) = list.and_then(|(n, _)| site.sections.get_mut(*n)) {
            fill(section, text);
        }
    }
}

/// Gives a list its text.
fn fill(section: &mut out::Section, text: out::Page) {
    if let Some(layout) = text.layout.and_then(|layout| serde_json::to_value(layout).ok()) {
        section.extra.insert("layout".to_owned(), layout);
    }
    let lead = [text.description, text.excerpt];
    section.description = lead
        .into_iter()
        .find(|lead| !lead.trim().is_empty())
        .unwrap_or_default();
    section.title = text.title;
    section.body = text.body;
    section.translation_key = text.translation_key.or_else(|| section.translation_key.take());
    section.weight = section.weight.or(text.weight);
}

/// Whether a text says nothing.
pub(super) fn is_blank(body: &out::Body) -> bool {
    let (out::Body::Markdown(body) | out::Body::Html(body)) = body;
    body.trim().is_empty()
}

/// Whether it says nothing that a list has no place for.
pub(super) fn is_plain(page: &out::Page) -> bool {
    page.kind == out::PageKind::Page
        && page.term.is_none()
        && page.blocks.is_empty()
        && page.faq.is_empty()
        && page.attributes.is_empty()
        && page.entity.gallery.is_empty()
        && page.indexable
        && page.canonical_url.is_none()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn site(pages: &serde_json::Value, sections: &[&str]) -> out::Site {
        let section = |path: &&str| json!({ "path": path, "title": "Made", "body": { "format": "markdown", "text": "" }, "language": "en" });
        let sections: Vec<serde_json::Value> = sections.iter().map(section).collect();
        serde_json::from_value(json!({
            "version": out::SNAPSHOT_VERSION, "generated_at": "2026-01-01T00:00:00Z",
            "settings": { "title": "S", "description": "", "base_url": "https://s.example", "site_type": "blog", "language": "en" },
            "pages": pages, "sections": sections,
        }))
        .unwrap()
    }

    fn page(kind: &str, path: &str, section: &str) -> serde_json::Value {
        json!({ "id": path, "kind": kind, "path": path, "section": section, "title": format!("Title of {path}"), "language": "en",
                "body": { "format": "html", "text": format!("<p>Text of {path}</p>") }, "aliases": [format!("/old{path}")] })
    }

    #[test]
    fn a_page_at_the_address_of_a_list_is_its_text() {
        let pages = json!([page("page", "/blog/", "/"), page("post", "/blog/a/", "/blog/")]);
        let mut joined = site(&pages, &["/blog/"]);
        assert!(!families(&joined.pages).contains("/blog/"));
        join(&mut joined);
        let paths: Vec<&str> = joined.pages.iter().map(|page| page.path.as_str()).collect();
        assert_eq!(paths, ["/blog/a/"]);
        let list = &joined.sections[0];
        let text = out::Body::Html("<p>Text of /blog/</p>".to_owned());
        assert_eq!((list.title.as_str(), &list.body), ("Title of /blog/", &text));
        let redirect = &joined.redirects[0];
        assert_eq!((redirect.from.as_str(), redirect.to.as_str()), ("/old/blog/", "/blog/"));
    }

    #[test]
    fn a_page_that_says_more_stays_a_page() {
        let mut more = page("page", "/blog/", "/");
        more["faq"] = json!([{ "question": "Why?", "answer": "So." }]);
        let pages = json!([more, page("post", "/blog/a/", "/blog/")]);
        let mut joined = site(&pages, &["/blog/"]);
        join(&mut joined);
        assert_eq!((joined.pages.len(), joined.sections[0].title.as_str()), (2, "Made"));
    }

    #[test]
    fn a_page_that_says_nothing_gives_way_to_a_list_with_a_text() {
        let mut empty = page("page", "/blog/", "/");
        empty["body"]["text"] = " ".into();
        let pages = json!([empty, page("post", "/blog/a/", "/blog/")]);
        let mut joined = site(&pages, &["/blog/"]);
        joined.sections[0].body = out::Body::Html("<p>Its own</p>".to_owned());
        join(&mut joined);
        assert_eq!((joined.pages.len(), joined.sections[0].title.as_str()), (1, "Made"));
        assert_eq!(joined.redirects[0].from, "/old/blog/");
    }

    #[test]
    fn pages_below_pages_need_no_list() {
        let pages = json!([
            page("page", "/team/", "/"),
            page("page", "/team/ann/", "/team/"),
            page("post", "/news/a/", "/news/"),
        ]);
        let site = site(&pages, &[]);
        let families = families(&site.pages);
        assert!(families.contains("/team/") && !families.contains("/news/"));
    }
}
