//! Sites that follow a plan go live in parts: menus and blocks lead to what is there, and grow with it.
//!
//! What they name is looked for among the addresses of this very snapshot. Old addresses of pages and terms that moved lead to the
//! new ones; what stands below an entry that is missing moves up into its place.

use std::collections::{HashMap, HashSet};

use igny8_renderer::site as out;

use crate::features::builder::blocks::keep_links;

/// Redirects that lead to each other are followed so far.
const HOPS: usize = 5;

/// Where the addresses of a site lead.
struct There {
    readable: HashSet<String>,
    moved: HashMap<String, String>,
}

/// Takes what leads nowhere out of the menus and blocks of a snapshot that is whole otherwise.
pub fn keep(site: &mut out::Site) {
    let there = There::of(site);
    for items in site.menus.values_mut() {
        *items = std::mem::take(items)
            .into_iter()
            .flat_map(|item| there.item(item))
            .collect();
    }
    for page in &mut site.pages {
        if page.blocks.is_empty() {
            continue;
        }
        let mut blocks = page.blocks.clone();
        if keep_links(&mut blocks, &|url| there.target(url)) {
            let mut shown = page.clone().into_page();
            shown.blocks = blocks;
            *page = shown.into();
        }
    }
}

impl There {
    fn of(site: &out::Site) -> Self {
        let mut moved: HashMap<String, String> = HashMap::new();
        for redirect in &site.redirects {
            moved.insert(redirect.from.clone(), redirect.to.clone());
        }
        for taxonomy in &site.taxonomies {
            for term in &taxonomy.terms {
                let home = match term.language == site.settings.language {
                    true => String::new(),
                    false => format!("/{}", term.language),
                };
                let path = |slug: &str| format!("{home}{}{slug}/", taxonomy.path);
                moved.extend(term.aliases.iter().map(|old| (path(old), path(&term.slug))));
            }
        }
        for page in &site.pages {
            moved.extend(page.aliases.iter().map(|old| (old.clone(), page.path.clone())));
        }
        Self {
            readable: igny8_renderer::addresses(site),
            moved,
        }
    }

    /// Where a link leads; nothing if that is nowhere.
    fn target(&self, url: &str) -> Option<String> {
        // Addresses elsewhere, places on the page itself, files.
        if !url.starts_with('/') || url.starts_with("//") || url.starts_with("/media/") {
            return Some(url.to_owned());
        }
        let end = url.find(['?', '#']).unwrap_or(url.len());
        let (mut path, rest) = (url[..end].to_owned(), &url[end..]);
        for _ in 0..HOPS {
            if self.readable.contains(&path) {
                return Some(format!("{path}{rest}"));
            }
            match self.moved.get(&path) {
                Some(to) if to.starts_with('/') => path.clone_from(to),
                Some(to) => return Some(to.clone()),
                None => break,
            }
        }
        None
    }

    fn item(&self, item: out::MenuItem) -> Vec<out::MenuItem> {
        let below: Vec<out::MenuItem> = item.children.into_iter().flat_map(|child| self.item(child)).collect();
        match self.target(&item.url) {
            Some(url) => vec![out::MenuItem {
                url,
                children: below,
                ..item
            }],
            None => below,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn site() -> out::Site {
        let page = |path: &str, section: &str| {
            json!({ "id": path, "kind": "page", "path": path, "section": section, "title": path, "language": "en",
                    "body": { "format": "markdown", "text": "" }, "aliases": [format!("/old{path}")] })
        };
        let menu = |url: &str, children: serde_json::Value| json!({ "label": url, "url": url, "children": children });
        let mut home = page("/", "/");
        home["kind"] = "home".into();
        home["blocks"] =
            json!([{ "type": "cta", "links": [{ "label": "A", "url": "/a/" }, { "label": "No", "url": "/no/" }] }]);
        serde_json::from_value(json!({
            "version": out::SNAPSHOT_VERSION, "generated_at": "2026-01-01T00:00:00Z",
            "settings": { "title": "S", "description": "", "base_url": "https://s.example", "site_type": "blog", "language": "en" },
            "pages": [home, page("/a/", "/"), page("/blog/b/", "/blog/")],
            "sections": [
                { "path": "/blog/", "title": "Blog", "body": { "format": "markdown", "text": "" }, "language": "en" },
                { "path": "/shop/", "title": "Shop", "body": { "format": "markdown", "text": "" }, "language": "en" },
            ],
            "taxonomies": [{ "name": "tags", "title": "Tags", "kind": "blog_tag", "path": "/tags/", "terms": [
                { "slug": "new", "name": "New", "description": "", "language": "en", "aliases": ["old"] },
            ] }],
            "menus": { "main": [
                menu("/a/", json!([])),
                menu("/shop/", json!([menu("/old/a/", json!([])), menu("/no/", json!([]))])),
                menu("/blog/", json!([menu("/blog/b/", json!([]))])),
                menu("/tags/old/", json!([])),
                menu("mailto:a@s.example", json!([])),
            ] },
        }))
        .unwrap()
    }

    #[test]
    fn menus_and_blocks_lead_to_what_is_there() {
        let mut site = site();
        keep(&mut site);
        let urls: Vec<&str> = site.menus["main"].iter().map(|item| item.url.as_str()).collect();
        // An empty shop gives its place to what stands below it; nothing is filed under the tag.
        assert_eq!(urls, ["/a/", "/a/", "/blog/", "mailto:a@s.example"]);
        assert_eq!(site.menus["main"][2].children.len(), 1);
        let home = site.pages.iter().find(|page| page.path == "/").unwrap();
        let igny8_renderer::blocks::Block::Cta(cta) = &home.blocks[0] else {
            panic!()
        };
        assert_eq!(cta.links.len(), 1);
    }
}
