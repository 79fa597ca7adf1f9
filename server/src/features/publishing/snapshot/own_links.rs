//! Links of a WordPress site's texts to that site itself, as they lead in a copy of it: to what the copy has of their targets.
//!
//! Texts are stored as they came. Where a link leads depends on what else is published, so it is told for each snapshot,
//! from memory.

use std::collections::{HashMap, HashSet};

use igny8_renderer::{paths, site as out};
use percent_encoding::percent_decode_str;
use url::Url;

use crate::features::content::Content;
use crate::features::content::model::Source;
use crate::features::sites::model::Site;
use crate::features::taxonomy::{Taxonomy, Term, TermId};
use crate::publish::html;

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
        let (root, post) = row.source_key.as_deref()?.rsplit_once('#')?;
        let root = Url::parse(root).ok()?;
        let url = row.source_url.as_deref().and_then(|url| Url::parse(url).ok());
        Some(Self {
            home: home_of(&root)?,
            post: post.parse().ok()?,
            url: url.unwrap_or(root),
        })
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
}

impl Copied {
    /// Looks at a snapshot's pages and terms.
    pub fn new<'p>(
        site: &Site,
        terms: &HashMap<TermId, Term>,
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
        // Addresses of before lead nowhere else.
        for (page, origin) in pages.clone() {
            let Some(origin) = origin else { continue };
            for alias in &page.aliases {
                let at = format!("{}{}", origin.home, alias.trim_end_matches('/'));
                copied.pages.entry(at).or_insert_with(|| page.path.clone());
            }
        }
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
        let own = |term: &&Term| term.language == site.language && ARCHIVES.iter().any(|of| of.2 == term.taxonomy);
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
        }
        // A name that a term has is worth more than one that another had.
        for term in there {
            for old in &term.aliases {
                let key = (term.taxonomy, old.clone());
                self.archives.entry(key).or_insert_with(|| path(term));
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

    fn path(&self, url: &Url) -> Option<&str> {
        let at = place(url)?;
        // A site may be in a folder of another.
        let homes = self
            .homes
            .iter()
            .filter_map(|(home, posts)| Some((within(&at, home)?, posts)));
        let (path, posts) = homes.min_by_key(|(path, _)| path.len())?;
        if !matches!(path, "" | "/index.php") {
            let page = self.pages.get(&at).map(String::as_str);
            return page.or_else(|| self.archive_at(path));
        }
        if url.query().unwrap_or_default().is_empty() {
            return Some("/");
        }
        url.query_pairs().find_map(|(name, value)| match name.as_ref() {
            "p" | "page_id" => posts.get(&value.parse::<u64>().ok()?).map(String::as_str),
            "cat" => self.categories.get(&value.parse::<u64>().ok()?).map(String::as_str),
            name => {
                let (.., taxonomy) = ARCHIVES.iter().find(|of| of.1 == name)?;
                self.archive(*taxonomy, &value)
            }
        })
    }

    /// The archive at a path of a WordPress site: `/category/tools/saws/`, whatever stands before it.
    fn archive_at(&self, path: &str) -> Option<&str> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let (base, taxonomy) = (0..parts.len().min(3)).find_map(|n| {
            let (.., taxonomy) = ARCHIVES.iter().find(|of| of.0 == parts[n])?;
            Some((n, *taxonomy))
        })?;
        let mut names = &parts[base + 1..];
        // Further pages of it.
        if let [before @ .., "page", number] = names
            && number.bytes().all(|b| b.is_ascii_digit())
        {
            names = before;
        }
        self.archive(taxonomy, names.last()?)
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

/// Host and path of the site whose API is at `root`.
fn home_of(root: &Url) -> Option<String> {
    let path = root.path();
    let path = if root.query().is_some() {
        path
    } else {
        path.trim_end_matches('/').rsplit_once('/')?.0
    };
    let path = path.strip_suffix("/index.php").unwrap_or(path);
    Some(format!("{}{}", host(root)?, path.trim_end_matches('/')))
}

/// Host and path of a page, by which it is known however it is written.
fn place(url: &Url) -> Option<String> {
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
            home: home_of(&root.parse().unwrap()).unwrap(),
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
    fn homes_are_told_by_the_address_of_the_api() {
        for (root, home) in [
            ("https://a.example/wp-json/", "a.example"),
            ("https://www.a.example:8443/blog/wp-json/", "a.example:8443/blog"),
            ("https://a.example/index.php/wp-json/", "a.example"),
            ("http://a.example/blog/?rest_route=%2F", "a.example/blog"),
            ("http://a.example/index.php?rest_route=%2F", "a.example"),
        ] {
            assert_eq!(home_of(&root.parse().unwrap()).as_deref(), Some(home), "{root}");
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
