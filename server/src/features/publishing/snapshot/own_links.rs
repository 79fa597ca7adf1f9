//! Links of a WordPress site's texts to that site itself, as they lead in a copy of it: to what the copy has of their targets.
//!
//! Texts are stored as they came. Where a link leads depends on what else is published, so it is told for each snapshot,
//! from memory.

mod kept;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use igny8_renderer::{paths, site as out};
use percent_encoding::percent_decode_str;
use url::Url;

use crate::features::content::Content;
use crate::features::content::model::Source;
use crate::features::sites::model::Site;
use crate::features::taxonomy::{Taxonomy, Term, TermId};
use crate::publish::html;
use crate::publish::wordpress::origin_of;

use super::wordpress_sites::WordpressSites;

/// Terms above a term whose archive also has its pages.
const MAX_DEPTH: usize = 12;

/// How WordPress calls archives: in addresses, in queries, and what they are here.
static ARCHIVES: [(&str, &str, Taxonomy); 4] = [
    ("category", "category_name", Taxonomy::BlogCategory),
    ("tag", "tag", Taxonomy::BlogTag),
    ("product-category", "product_cat", Taxonomy::ProductCategory),
    ("product-tag", "product_tag", Taxonomy::ProductTag),
];

/// Where imported content stands on its own site.
#[derive(Debug)]
pub struct Origin {
    /// Host and path of that site.
    home: String,
    /// Its id there.
    post: u64,
    /// Its address there, which links in it are relative to.
    url: Url,
}

impl Origin {
    /// The origin of a row; nothing for what was written here.
    pub fn of(row: &Content) -> Option<Self> {
        if row.source != Source::Wordpress {
            return None;
        }
        let (home, post) = origin_of(row.source_key.as_deref()?)?;
        let url = row.source_url.as_deref().and_then(|url| Url::parse(url).ok());
        let url = match url {
            Some(url) => url,
            None => Url::parse(&format!("https://{home}/")).ok()?,
        };
        Some(Self { home, post, url })
    }

    /// Host and path of its site.
    pub fn home(&self) -> &str {
        &self.home
    }

    /// Its id there.
    pub fn post(&self) -> u64 {
        self.post
    }

    /// The addresses in a page of it that are on its site, files left out.
    pub fn links(&self, page: &out::Page) -> Box<[String]> {
        let out::Body::Html(text) = &page.body else {
            return Box::default();
        };
        let is_own = |address: &String| {
            let at = self.target_of(address).and_then(|url| place(&url));
            at.is_some_and(|at| within(&at, &self.home).is_some() && !at.contains("/wp-content/"))
        };
        let mut links: Vec<String> = html::addresses(text).into_iter().filter(is_own).collect();
        links.sort_unstable();
        links.dedup();
        links.into_boxed_slice()
    }

    /// What an address in its text means. Places on the page itself stay.
    fn target_of(&self, address: &str) -> Option<Url> {
        let elsewhere = !address.is_empty() && !address.starts_with('#');
        elsewhere.then(|| self.url.join(address).ok()).flatten()
    }
}

/// What a snapshot has of WordPress sites.
#[derive(Debug, Default)]
pub struct Copied {
    /// Pages by id there, of each site.
    homes: HashMap<String, HashMap<u64, String>>,
    /// Pages by host and path there.
    pages: HashMap<String, String>,
    /// Archives by taxonomy and slug; of categories also by id there.
    archives: HashMap<(Taxonomy, String), String>,
    categories: HashMap<u64, String>,
    /// Archives by host and path there, or by the site and what is asked of it: `a.example?cat=3`.
    archive_urls: HashMap<String, String>,
    /// Paths of lists there, below the site's own, and where these are here.
    old: Vec<(String, String)>,
    /// Ids of pages in whose place a list is shown there.
    lists: Vec<String>,
}

impl Copied {
    /// Looks at a snapshot's pages and terms; `there` are the WordPress sites.
    pub fn new<'p>(
        site: &Site,
        terms: &HashMap<TermId, Term>,
        there: &WordpressSites,
        pages: impl Iterator<Item = (&'p out::Page, Option<&'p Origin>)> + Clone,
    ) -> Self {
        let mut copied = Self::default();
        for (page, origin) in pages.clone() {
            let Some(origin) = origin else { continue };
            let posts = copied.homes.entry(origin.home.clone()).or_default();
            posts.insert(origin.post, page.path.clone());
            if let Some(at) = place(&origin.url).filter(|_| origin.url.query().is_none()) {
                copied.pages.insert(at, page.path.clone());
            }
        }
        // Where its address there is no path, its path is what it was before and is here.
        for (page, origin) in pages.clone() {
            let Some(origin) = origin else { continue };
            let at = format!("{}{}", origin.home, page.path.trim_end_matches('/'));
            copied.pages.entry(at).or_insert_with(|| page.path.clone());
        }
        // Addresses of before lead nowhere else.
        for (page, origin) in pages.clone() {
            let Some(origin) = origin else { continue };
            for alias in &page.aliases {
                let at = format!("{}{}", origin.home, alias.trim_end_matches('/'));
                copied.pages.entry(at).or_insert_with(|| page.path.clone());
            }
        }
        copied.add_lists(site, there, pages.clone());
        copied.add_archives(site, terms, pages.map(|(page, _)| page));
        copied
    }

    /// The archives that something is filed under, in the site's own language.
    fn add_archives<'p>(
        &mut self,
        site: &Site,
        terms: &HashMap<TermId, Term>,
        pages: impl Iterator<Item = &'p out::Page>,
    ) {
        let mut filed: HashSet<(&str, &str)> = HashSet::new();
        for page in pages.filter(|page| page.language == site.language) {
            for (taxonomy, slugs) in &page.terms {
                filed.extend(slugs.iter().map(|slug| (taxonomy.as_str(), slug.as_str())));
            }
            filed.extend(page.term.iter().map(|of| (of.taxonomy.as_str(), of.slug.as_str())));
        }
        let named = super::named(site);
        let is_known = |term: &Term| term.external_url.is_some() || ARCHIVES.iter().any(|of| of.2 == term.taxonomy);
        let own = |term: &&Term| term.language == site.language && is_known(term);
        let is_filed = |term: &&Term| filed.contains(&(named[&term.taxonomy].name.as_str(), term.slug.as_str()));
        let mut there: HashSet<TermId> = HashSet::new();
        for term in terms.values().filter(own).filter(is_filed) {
            let mut at = Some(term);
            for _ in 0..MAX_DEPTH {
                let Some(term) = at.filter(|term| there.insert(term.id)) else {
                    break;
                };
                at = term.parent.and_then(|parent| terms.get(&parent));
            }
        }
        let mut there: Vec<&Term> = there.iter().filter_map(|id| terms.get(id)).collect();
        there.sort_unstable_by_key(|term| term.id);
        let path = |term: &Term| format!("{}{}/", named[&term.taxonomy].path, paths::segment(&term.slug));
        for term in &there {
            self.archives.insert((term.taxonomy, term.slug.clone()), path(term));
            if term.taxonomy == Taxonomy::BlogCategory
                && let Some(id) = term.external_id.as_deref().and_then(|id| id.parse().ok())
            {
                self.categories.insert(id, path(term));
            }
            let url = term.external_url.as_deref().and_then(|url| Url::parse(url).ok());
            if let Some(url) = url {
                self.add_archive_url(&url, path(term));
            }
        }
        // A name or an address that a term has is worth more than one that another had.
        for term in there {
            for old in &term.aliases {
                let key = (term.taxonomy, old.clone());
                self.archives.entry(key).or_insert_with(|| path(term));
            }
            for old in term.former_urls.iter().filter_map(|url| Url::parse(url).ok()) {
                self.add_archive_url(&old, path(term));
            }
        }
    }

    /// Where an address in a text leads here, if the snapshot has that.
    pub fn target(&self, from: &Origin, address: &str) -> Option<String> {
        let url = from.target_of(address)?;
        let path = self.path(&url)?;
        let target = match url.fragment() {
            Some(fragment) => format!("{path}#{fragment}"),
            None => path.to_owned(),
        };
        (target != address).then_some(target)
    }

    /// An archive by its address there, as the site itself says it. The first one at an address has it.
    fn add_archive_url(&mut self, url: &Url, path: String) {
        let Some((at, home)) = place(url).and_then(|at| Some((at.clone(), self.home_at(&at)?.to_owned()))) else {
            return;
        };
        let mut asked = url.query_pairs();
        match (asked.next(), asked.next()) {
            (None, _) => {
                let old = within(&at, &home).filter(|old| !is_front(old));
                let old = old.map(|old| format!("{old}/"));
                if let (Some(old), Entry::Vacant(free)) = (old, self.archive_urls.entry(at)) {
                    self.old.push((old, path.clone()));
                    free.insert(path);
                }
            }
            (Some((name, value)), None) => {
                self.archive_urls
                    .entry(format!("{home}?{name}={value}"))
                    .or_insert(path);
            }
            _ => {}
        }
    }

    /// The site that a place belongs to. One may be in a folder of another.
    fn home_at(&self, at: &str) -> Option<&str> {
        let homes = self.homes.keys().filter(|home| within(at, home).is_some());
        homes.max_by_key(|home| home.len()).map(String::as_str)
    }

    fn path(&self, url: &Url) -> Option<&str> {
        let at = place(url)?;
        let home = self.home_at(&at)?;
        let path = within(&at, home)?;
        if !is_front(path) {
            let here = |at: &str| self.pages.get(at).or_else(|| self.archive_urls.get(at));
            let first = first_part(&at);
            let front = (first.len() < at.len() && is_front(within(first, home)?)).then_some("/");
            let known = here(&at).or_else(|| here(first)).map(String::as_str);
            return known.or(front).or_else(|| self.archive_at(path));
        }
        if url.query().unwrap_or_default().is_empty() {
            return Some("/");
        }
        let posts = self.homes.get(home)?;
        url.query_pairs().find_map(|(name, value)| {
            if let Some(path) = self.archive_urls.get(&format!("{home}?{name}={value}")) {
                return Some(path.as_str());
            }
            match name.as_ref() {
                "p" | "page_id" => posts.get(&value.parse::<u64>().ok()?).map(String::as_str),
                "cat" => self.categories.get(&value.parse::<u64>().ok()?).map(String::as_str),
                name => {
                    let (.., taxonomy) = ARCHIVES.iter().find(|of| of.1 == name)?;
                    self.archive(*taxonomy, &value)
                }
            }
        })
    }

    /// The archive at a path of a WordPress site: `/category/tools/saws/`, whatever stands before it.
    fn archive_at(&self, path: &str) -> Option<&str> {
        let parts: Vec<&str> = first_part(path).split('/').filter(|part| !part.is_empty()).collect();
        let (base, taxonomy) = (0..parts.len().min(3)).find_map(|n| {
            let (.., taxonomy) = ARCHIVES.iter().find(|of| of.0 == parts[n])?;
            Some((n, *taxonomy))
        })?;
        self.archive(taxonomy, parts[base + 1..].last()?)
    }

    fn archive(&self, taxonomy: Taxonomy, slug: &str) -> Option<&str> {
        let slug = slug.rsplit('/').find(|part| !part.is_empty())?;
        self.archives.get(&(taxonomy, slug.to_owned())).map(String::as_str)
    }
}

/// A page whose links lead where they do here: `targets` are those of `links`.
pub fn led(mut page: out::Page, links: &[String], targets: &[Option<String>]) -> out::Page {
    let to: HashMap<&str, &str> = links
        .iter()
        .zip(targets)
        .filter_map(|(link, target)| Some((link.as_str(), target.as_deref()?)))
        .collect();
    if !to.is_empty()
        && let out::Body::Html(text) = &mut page.body
    {
        *text = html::rewrite(text, |address| to.get(address).map(|target| (*target).to_owned()));
    }
    page
}

/// Host and path of a page, by which it is known however it is written.
pub(super) fn place(url: &Url) -> Option<String> {
    let path = percent_decode_str(url.path()).decode_utf8_lossy();
    Some(format!("{}{}", host(url)?, path.trim_end_matches('/')))
}

fn host(url: &Url) -> Option<String> {
    let host = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https"))?;
    let host = host.strip_prefix("www.").unwrap_or(host);
    Some(
        url.port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
    )
}

/// Whether a path within a site is that of its front page.
fn is_front(path: &str) -> bool {
    matches!(path, "" | "/index.php")
}

/// The address of a list, of that of one of its further pages.
fn first_part(at: &str) -> &str {
    let list = at.rsplit_once('/').and_then(|(before, number)| {
        let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        before.strip_suffix("/page").filter(|_| is_number)
    });
    list.unwrap_or(at)
}

/// The path of a place within a site.
fn within<'p>(place: &'p str, home: &str) -> Option<&'p str> {
    let rest = place.strip_prefix(home)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(root: &str, post: u64, url: &str) -> Origin {
        Origin {
            home: origin_of(&format!("{root}#{post}")).unwrap().0,
            post,
            url: url.parse().unwrap(),
        }
    }

    fn page(path: &str, aliases: &[&str], body: &str) -> out::Page {
        serde_json::from_value(serde_json::json!({
            "id": path, "kind": "post", "path": path, "section": "/blog/", "title": path, "language": "en",
            "body": { "format": "html", "text": body }, "aliases": aliases,
        }))
        .unwrap()
    }

    fn copied(pages: &[(out::Page, Option<Origin>)]) -> Copied {
        let mut copied = Copied::default();
        for (page, origin) in pages {
            let Some(origin) = origin else { continue };
            let posts = copied.homes.entry(origin.home.clone()).or_default();
            posts.insert(origin.post, page.path.clone());
            copied.pages.insert(place(&origin.url).unwrap(), page.path.clone());
            for alias in &page.aliases {
                let at = format!("{}{}", origin.home, alias.trim_end_matches('/'));
                copied.pages.insert(at, page.path.clone());
            }
        }
        let saws = (Taxonomy::BlogCategory, "saws".to_owned());
        copied.archives.insert(saws, "/categories/saws/".to_owned());
        let blue = (Taxonomy::BlogTag, "blue".to_owned());
        copied.archives.insert(blue, "/tags/blue/".to_owned());
        copied.categories.insert(4, "/categories/saws/".to_owned());
        copied
    }

    #[test]
    fn archives_are_told_by_their_own_addresses() {
        let root = "https://a.example/wp-json/";
        let pages = [(
            page("/hello/", &[], ""),
            Some(origin(root, 1, "https://a.example/hello/")),
        )];
        let mut copied = copied(&pages);
        for (url, path) in [
            ("https://a.example/themen/werkzeug/saegen/", "/categories/saegen/"),
            ("https://www.a.example/cuisine/s%C3%A4ge/", "/categories/cuisine/"),
            ("https://a.example/?cat=3", "/categories/asked/"),
        ] {
            copied.add_archive_url(&url.parse().unwrap(), path.to_owned());
        }
        let from = origin(root, 1, "https://a.example/hello/");
        for (address, target) in [
            ("/themen/werkzeug/saegen/", Some("/categories/saegen/")),
            (
                "https://a.example/themen/werkzeug/saegen/page/12",
                Some("/categories/saegen/"),
            ),
            ("https://a.example/cuisine/säge/#top", Some("/categories/cuisine/#top")),
            ("https://a.example/?cat=3", Some("/categories/asked/")),
            // Told by its id alone.
            ("https://a.example/?cat=4", Some("/categories/saws/")),
            ("https://a.example/page/2/", Some("/")),
            ("https://a.example/hello/page/2/", Some("/hello/")),
            ("https://a.example/themen/werkzeug/", None),
            ("https://a.example/page/two/", None),
        ] {
            assert_eq!(copied.target(&from, address).as_deref(), target, "{address}");
        }
    }

    #[test]
    fn links_lead_to_what_the_copy_has() {
        let root = "https://a.example/blog/wp-json/";
        let of = |post, url| Some(origin(root, post, url));
        let pages = [
            (
                page("/columns/", &["/old.html"], ""),
                of(9, "https://a.example/blog/columns/"),
            ),
            (
                page("/咖啡/", &[], ""),
                of(10, "https://a.example/blog/%e5%92%96%e5%95%a1/"),
            ),
        ];
        let copied = copied(&pages);
        let from = origin(root, 1, "https://a.example/blog/2020/hello/");
        for (address, target) in [
            ("https://a.example/blog/columns/", Some("/columns/")),
            ("http://www.a.example/blog/columns#part", Some("/columns/#part")),
            ("//a.example/blog/columns/", Some("/columns/")),
            ("/blog/columns/", Some("/columns/")),
            ("../../columns/", Some("/columns/")),
            ("https://a.example/blog/old.html", Some("/columns/")),
            ("https://a.example/blog/%E5%92%96%E5%95%A1/", Some("/咖啡/")),
            ("https://a.example/blog/?p=9", Some("/columns/")),
            ("https://a.example/blog/index.php?page_id=10", Some("/咖啡/")),
            ("https://a.example/blog/", Some("/")),
            ("https://a.example/blog/category/tools/saws/", Some("/categories/saws/")),
            ("https://a.example/blog/index.php/tag/blue/page/2/", Some("/tags/blue/")),
            ("https://a.example/blog/?cat=4", Some("/categories/saws/")),
            (
                "https://a.example/blog/?category_name=tools/saws",
                Some("/categories/saws/"),
            ),
            ("https://a.example/blog/?tag=blue", Some("/tags/blue/")),
            // What it does not have stays, and what is no page of that site.
            ("https://a.example/blog/private/", None),
            ("https://a.example/blog/?p=11", None),
            ("https://a.example/blog/?s=saws", None),
            ("https://a.example/blog/tag/red/", None),
            ("https://a.example/blog/wp-content/uploads/a.png", None),
            ("https://a.example/columns/", None),
            ("https://b.example/blog/columns/", None),
            ("mailto:a@a.example", None),
            ("#part", None),
            ("", None),
        ] {
            assert_eq!(copied.target(&from, address).as_deref(), target, "{address}");
        }
        let body = "<a href='https://a.example/blog/?p=9'>a</a> <a href=\"https://b.example/\">b</a> \
                    <img src=\"https://a.example/blog/wp-content/uploads/a.png\"> <a href=\"#x\">c</a>";
        let text = page("/hello/", &[], body);
        let links = from.links(&text);
        assert_eq!(links.to_vec(), ["https://a.example/blog/?p=9"]);
        let targets: Vec<Option<String>> = links.iter().map(|link| copied.target(&from, link)).collect();
        let out::Body::Html(made) = led(text, &links, &targets).body else {
            panic!()
        };
        assert_eq!(made, body.replace("'https://a.example/blog/?p=9'", "\"/columns/\""));
    }
}
