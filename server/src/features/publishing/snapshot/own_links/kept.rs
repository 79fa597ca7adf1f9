//! Addresses of a WordPress site that are others in its copy, of archives and of the list of posts: they lead on, as far as nothing
//! else stands there.

use std::collections::{HashMap, HashSet};

use igny8_renderer::{paths, site as out};
use url::Url;

use super::super::list_texts::{is_blank, is_plain};
use super::super::parse;
use super::super::wordpress_sites::{WordpressSite, WordpressSites};
use super::{Copied, Origin, host, is_front, place, within};
use crate::features::content::model::ContentType;
use crate::features::sites::model::Site;

/// Where posts are listed.
const LIST: ContentType = ContentType::Post;

impl Copied {
    /// Finds the pages in whose place a WordPress site shows its posts: links to them lead to the list of posts.
    pub(super) fn add_lists<'p>(
        &mut self,
        site: &Site,
        there: &WordpressSites,
        pages: impl Iterator<Item = (&'p out::Page, Option<&'p Origin>)> + Clone,
    ) {
        let list = LIST.default_section();
        let is_listed = |page: &out::Page| {
            page.kind == out::PageKind::Post && page.section == list && page.language == site.language
        };
        let declared: Vec<out::Section> = site.sections.iter().filter_map(parse).collect();
        let declared = declared.iter().find(|section| section.path == list);
        if declared.is_some_and(|section| !section.render) || !pages.clone().any(|(page, _)| is_listed(page)) {
            return;
        }
        let has_text = declared.is_some_and(|section| !is_blank(&section.body));
        for there in there.all() {
            let Some(of) = &there.posts_page else { continue };
            let is_it = |origin: &Origin| origin.home == there.home && origin.post == of.id;
            let mut found = pages.clone().filter(|(_, origin)| origin.is_some_and(is_it));
            match found.next() {
                None => self.add_list(there, &of.link),
                Some((page, _)) => {
                    let has_list = pages.clone().any(|(other, _)| other.section == page.path);
                    let says_more = !is_plain(page) || (has_text && !is_blank(&page.body));
                    if page.path != list && !has_list && !says_more {
                        let leading = self
                            .pages
                            .values_mut()
                            .chain(self.homes.values_mut().flat_map(HashMap::values_mut));
                        leading
                            .filter(|path| **path == page.path)
                            .for_each(|path| list.clone_into(path));
                        self.lists.push(page.id.clone());
                    }
                }
            }
        }
    }

    /// A list whose page the copy does not have.
    fn add_list(&mut self, there: &WordpressSite, link: &str) {
        let at = Url::parse(link).ok().filter(|url| url.query().is_none());
        let Some(at) = at.and_then(|url| place(&url)) else {
            return;
        };
        let old = within(&at, &there.home).filter(|old| !is_front(old));
        let list = LIST.default_section().to_owned();
        if let Some(old) = old.filter(|_| !self.pages.contains_key(&at)) {
            self.old.push((format!("{old}/"), list.clone()));
            self.pages.insert(at, list);
        }
    }

    /// Lets the old addresses of lists lead to these, and menus too.
    pub fn keep_addresses(&self, snapshot: &mut out::Site) {
        if self.homes.is_empty() {
            return;
        }
        let list = LIST.default_section();
        let mut moved: HashMap<String, String> = HashMap::new();
        for page in snapshot.pages.iter_mut().filter(|page| self.lists.contains(&page.id)) {
            let old = page.path.clone();
            // As the text of the list it leaves a redirect where it stood.
            page.aliases.push(old.clone());
            moved.insert(old, list.to_owned());
            list.clone_into(&mut page.path);
            "/".clone_into(&mut page.section);
        }
        let free: Vec<out::Redirect> = {
            let mut taken = taken(snapshot);
            let free = self.old.iter().filter(|(from, _)| taken.insert(from.clone()));
            free.map(|(from, to)| out::Redirect {
                from: from.clone(),
                to: to.clone(),
            })
            .collect()
        };
        moved.extend(free.iter().map(|redirect| (redirect.from.clone(), redirect.to.clone())));
        snapshot.redirects.extend(free);
        for items in snapshot.menus.values_mut() {
            self.lead_menu(items, &moved);
        }
    }

    fn lead_menu(&self, items: &mut [out::MenuItem], moved: &HashMap<String, String>) {
        for item in items {
            let end = item.url.find(['?', '#']).unwrap_or(item.url.len());
            let (path, rest) = item.url.split_at(end);
            let path = format!("{}/", path.trim_end_matches('/'));
            let elsewhere = || {
                let url = Url::parse(&item.url).ok().filter(|url| host(url).is_some())?;
                let fragment = url.fragment().map(|fragment| format!("#{fragment}"));
                Some(format!("{}{}", self.path(&url)?, fragment.unwrap_or_default()))
            };
            let to = moved.get(&path).map(|to| format!("{to}{rest}")).or_else(elsewhere);
            if let Some(to) = to {
                item.url = to;
            }
            self.lead_menu(&mut item.children, moved);
        }
    }
}

/// Addresses of a snapshot at which something stands, or leads on from.
fn taken(snapshot: &out::Site) -> HashSet<String> {
    let pages = snapshot.pages.iter();
    let of_pages = pages.flat_map(|page| page.aliases.iter().chain([&page.path, &page.section]));
    let sections = snapshot.sections.iter().map(|section| &section.path);
    let redirects = snapshot.redirects.iter().map(|redirect| &redirect.from);
    let lists = snapshot.taxonomies.iter().map(|taxonomy| &taxonomy.path);
    let archives = snapshot.taxonomies.iter().flat_map(|taxonomy| {
        let terms = taxonomy.terms.iter();
        terms.map(move |term| format!("{}{}/", taxonomy.path, paths::segment(&term.slug)))
    });
    let named = of_pages.chain(sections).chain(redirects).chain(lists);
    let named = named.map(|path| format!("{}/", path.trim_end_matches('/')));
    named.chain(archives).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn site(pages: &[out::Page]) -> out::Site {
        serde_json::from_value(json!({
            "version": out::SNAPSHOT_VERSION, "generated_at": "2026-01-01T00:00:00Z",
            "settings": { "title": "S", "description": "", "base_url": "https://s.example", "site_type": "blog", "language": "en" },
            "pages": pages,
            "taxonomies": [{ "name": "categories", "title": "Categories", "kind": "blog_category", "path": "/categories/",
                "terms": [{ "slug": "saws", "name": "Saws", "description": "", "language": "en" }] }],
            "redirects": [{ "from": "/mine/", "to": "/hello/" }],
            "menus": { "main": [
                { "label": "News", "url": "/news/" },
                { "label": "More", "url": "https://a.example/news/?x=1#top", "children": [{ "label": "Saws", "url": "/themen/saegen" }] },
                { "label": "Else", "url": "https://b.example/news/" },
            ] },
        }))
        .unwrap()
    }

    fn page(id: &str, path: &str, kind: &str) -> out::Page {
        serde_json::from_value(json!({
            "id": id, "kind": kind, "path": path, "section": "/", "title": id, "language": "en",
            "body": { "format": "html", "text": "" },
        }))
        .unwrap()
    }

    #[test]
    fn old_addresses_lead_on_where_nothing_else_stands() {
        let mut copied = Copied::default();
        copied.homes.insert("a.example".to_owned(), HashMap::new());
        copied.pages.insert("a.example/news".to_owned(), "/blog/".to_owned());
        for (url, slug) in [
            ("https://a.example/themen/saegen/", "saws"),
            ("https://a.example/hello/", "taken"),
            ("https://a.example/mine/", "redirected"),
            ("https://a.example/categories/saws/", "saws"),
            ("https://a.example/?cat=4", "asked"),
            ("https://b.example/themen/other/", "elsewhere"),
        ] {
            copied.add_archive_url(&url.parse().unwrap(), format!("/categories/{slug}/"));
        }
        copied.lists.push("news".to_owned());
        let mut site = site(&[page("hello", "/hello/", "post"), page("news", "/news/", "page")]);
        copied.keep_addresses(&mut site);
        let redirects: Vec<(&str, &str)> = site
            .redirects
            .iter()
            .map(|r| (r.from.as_str(), r.to.as_str()))
            .collect();
        assert_eq!(
            redirects,
            [("/mine/", "/hello/"), ("/themen/saegen/", "/categories/saws/")]
        );
        let news = site.pages.iter().find(|page| page.id == "news").unwrap();
        assert_eq!(
            (news.path.as_str(), news.aliases.as_slice()),
            ("/blog/", ["/news/".to_owned()].as_slice())
        );
        let menu = &site.menus["main"];
        let urls = [&menu[0].url, &menu[1].url, &menu[1].children[0].url, &menu[2].url];
        assert_eq!(
            urls,
            ["/blog/", "/blog/#top", "/categories/saws/", "https://b.example/news/"]
        );
    }
}
