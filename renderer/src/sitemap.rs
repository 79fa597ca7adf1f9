//! Sitemaps, cut into files that search engines accept.
//!
//! Children are buckets by the hash of an address, so that a new page changes one child and not all that follow it; a child's
//! `lastmod` is that of its newest page. Images are the pages' own (lead image, gallery): those in texts crawlers find there.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::plan::{Listing, Place, Plan};
use crate::site::Page;
use crate::xml::{element, escape_into};

/// Addresses in one file. The sitemap protocol allows 50,000; in small files an edit changes little of what is sent and kept.
const MAX_URLS: usize = 1_000;
/// Images of one page that the extension allows.
const MAX_IMAGES: usize = 1000;
/// Bytes of one page's images, so that [`MAX_URLS`] of them stay below the protocol's 50 MB for a file.
const MAX_IMAGE_BYTES: usize = 40 * 1024;
/// Room for the head and foot of a file.
const FRAME: usize = 512;

/// What is in which file.
#[derive(Debug, Default)]
pub(crate) struct Sitemaps {
    parts: Vec<Vec<Listed>>,
}

/// One address.
#[derive(Debug, Clone, Copy)]
struct Listed {
    place: Place,
    /// For [`Place::Home`]: which.
    home: usize,
    modified: Option<DateTime<Utc>>,
}

impl Sitemaps {
    /// Decides what is listed and where; nothing on a site that search engines are to leave alone.
    pub fn new(plan: &Plan<'_>) -> Self {
        if !plan.site.settings.indexable {
            return Self::default();
        }
        let mut places: Vec<(&str, Place, usize)> = Vec::with_capacity(plan.pages.rows().len() * 5 / 4 + 16);
        let pages = plan.pages.rows().iter().enumerate().filter(|(_, p)| p.is_indexed());
        places.extend(pages.map(|(i, p)| (p.path.as_str(), Place::Page(i), 0)));
        let sections = plan.sections.rows().iter().enumerate().filter(|(_, s)| s.render);
        places.extend(sections.map(|(i, s)| (s.listing.path.as_str(), Place::Section(i), 0)));
        let terms = plan.terms.rows().iter().enumerate().filter(|(_, t)| t.page.is_none());
        places.extend(terms.map(|(i, t)| (t.listing.path.as_str(), Place::Term(i), 0)));
        let homes = plan.homes.rows().iter().enumerate().filter(|(_, h)| h.page.is_none());
        places.extend(homes.map(|(i, h)| (h.listing.path.as_str(), Place::Home, i)));
        let lists = plan.term_lists.rows().iter().enumerate();
        places.extend(lists.map(|(i, list)| (list.path.as_str(), Place::TermList(i), 0)));
        places.sort_unstable_by_key(|(path, ..)| *path);
        let paths: Vec<&str> = places.iter().map(|(path, ..)| *path).collect();
        let listed = |at: usize| Listed {
            place: places[at].1,
            home: places[at].2,
            modified: None,
        };
        let parts = split(&paths, MAX_URLS).into_iter();
        let mut sitemaps = Self {
            parts: parts.map(|part| part.into_iter().map(listed).collect()).collect(),
        };
        sitemaps.date(plan);
        sitemaps
    }

    /// Finds out anew when each address was modified.
    pub fn date(&mut self, plan: &Plan<'_>) {
        let pages = plan.pages.rows();
        let modified = |i: usize| pages[i].page.updated_at.max(pages[i].date());
        let newest = |listing: &Listing| listing.items().iter().filter_map(|&i| modified(i)).max();
        let terms: Vec<_> = plan.terms.rows().iter().map(|term| newest(&term.listing)).collect();
        for listed in self.parts.iter_mut().flatten() {
            listed.modified = match listed.place {
                Place::Page(i) => modified(i).max(pages[i].text_of.and_then(|term| terms[term])),
                Place::Section(i) => newest(&plan.sections.rows()[i].listing),
                Place::Term(i) => terms[i],
                Place::Home => newest(&plan.homes.rows()[listed.home].listing),
                Place::TermList(i) => plan.term_lists.rows()[i].terms.iter().filter_map(|&t| terms[t]).max(),
            };
        }
    }

    /// How many files list addresses.
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Where the `n`th part stands; none if nothing is in it.
    pub fn path(&self, n: usize) -> Option<String> {
        match self.parts.as_slice() {
            [_] => Some("/sitemap.xml".to_owned()),
            parts => (!parts[n].is_empty()).then(|| format!("/sitemap-{}.xml", n + 1)),
        }
    }

    /// What the `n`th part follows from, but for its addresses in other languages.
    pub fn digest<'p>(&self, plan: &'p Plan<'_>, n: usize) -> impl std::hash::Hash + use<'p> {
        let all = self.parts[n].iter().map(|listed| {
            let identity = match listed.place {
                Place::Page(i) => plan.pages.rows()[i].identity,
                Place::Section(i) => plan.sections.rows()[i].listing.identity,
                Place::Term(i) => plan.terms.rows()[i].listing.identity,
                Place::Home => plan.homes.rows()[listed.home].listing.identity,
                Place::TermList(i) => crate::incremental::trace::identity(plan.term_lists.rows()[i].path.as_str()),
            };
            let images = match listed.place {
                Place::Page(i) => {
                    let page = &plan.pages.rows()[i].page;
                    (page.image.as_deref(), page.entity.gallery.as_slice())
                }
                _ => (None, &[][..]),
            };
            (identity, listed.modified, images)
        });
        (self.path(n), all.collect::<Vec<_>>())
    }

    /// When what is in each part was modified last, which is all that the index says of it.
    pub fn modified(&self) -> Vec<Option<DateTime<Utc>>> {
        let newest = |part: &Vec<Listed>| part.iter().filter_map(|listed| listed.modified).max();
        self.parts.iter().map(newest).collect()
    }

    /// The content of the `n`th part.
    pub fn part(&self, plan: &Plan<'_>, n: usize) -> String {
        let entries = self.parts[n].iter().map(|listed| {
            let (path, images) = match listed.place {
                Place::Page(i) => (plan.pages.rows()[i].path.as_str(), images(plan, i)),
                Place::Section(i) => (plan.sections.rows()[i].listing.path.as_str(), Vec::new()),
                Place::Term(i) => (plan.terms.rows()[i].listing.path.as_str(), Vec::new()),
                Place::Home => (plan.homes.rows()[listed.home].listing.path.as_str(), Vec::new()),
                Place::TermList(i) => (plan.term_lists.rows()[i].path.as_str(), Vec::new()),
            };
            entry(plan, path, listed.modified, &plan.alternates(listed.place), &images)
        });
        urlset(entries)
    }

    /// The index of the parts, where there is more than one.
    pub fn index(&self, plan: &Plan<'_>) -> Option<String> {
        if self.parts.len() < 2 {
            return None;
        }
        let mut index = String::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
        );
        for (n, newest) in self.modified().into_iter().enumerate() {
            let Some(path) = self.path(n) else { continue };
            index.push_str("<sitemap>\n");
            element(&mut index, "loc", &plan.address.absolute(&path));
            if let Some(newest) = newest {
                element(&mut index, "lastmod", &stamp(newest));
            }
            index.push_str("</sitemap>\n");
        }
        index.push_str("</sitemapindex>\n");
        Some(index)
    }
}

/// Absolute addresses of a page's own images.
fn images(plan: &Plan<'_>, i: usize) -> Vec<String> {
    let page: &Page = &plan.pages.rows()[i].page;
    let links = page.image.iter().chain(&page.entity.gallery);
    let known = links.filter(|link| match plan.address.target(link, "/") {
        crate::address::Target::Site { path, .. } => plan.media_at(&path).is_some(),
        crate::address::Target::External(url) => crate::address::is_http(&url) && !url.starts_with("//"),
        _ => false,
    });
    let mut urls: Vec<String> = Vec::new();
    let mut bytes = 0;
    for url in known.filter_map(|link| plan.address.safe_image(link)).take(MAX_IMAGES) {
        let url = plan.address.absolutise(&url);
        bytes += url.len() + 64;
        if bytes > MAX_IMAGE_BYTES {
            break;
        }
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    urls
}

fn entry(
    plan: &Plan<'_>,
    path: &str,
    modified: Option<DateTime<Utc>>,
    alternates: &[(String, String)],
    images: &[String],
) -> String {
    let mut xml = String::with_capacity(160);
    xml.push_str("<url>\n");
    element(&mut xml, "loc", &plan.address.absolute(path));
    if let Some(modified) = modified {
        element(&mut xml, "lastmod", &stamp(modified));
    }
    for (language, url) in alternates {
        xml.push_str("<xhtml:link rel=\"alternate\" hreflang=\"");
        escape_into(&mut xml, language);
        xml.push_str("\" href=\"");
        escape_into(&mut xml, url);
        xml.push_str("\"/>\n");
    }
    for image in images {
        xml.push_str("<image:image>\n");
        element(&mut xml, "image:loc", image);
        xml.push_str("</image:image>\n");
    }
    xml.push_str("</url>\n");
    xml
}

fn stamp(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// True for the names of children: `/sitemap-12.xml`.
pub(crate) fn is_child(path: &str) -> bool {
    let number = path
        .strip_prefix("/sitemap-")
        .and_then(|rest| rest.strip_suffix(".xml"));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// The bucket of an address among `count`, a power of two.
fn bucket(path: &str, count: usize) -> usize {
    let hash = blake3::hash(path.as_bytes());
    let [a, b, c, d, ..] = *hash.as_bytes();
    u32::from_le_bytes([a, b, c, d]) as usize & (count - 1)
}

/// Which addresses are in which file.
fn split(paths: &[&str], max_urls: usize) -> Vec<Vec<usize>> {
    // Twice the room that is needed on average leaves place to grow before all buckets change.
    let mut count = match paths.len() {
        few if few <= max_urls => 1,
        many => ((many / max_urls.max(1) + 1) * 2).next_power_of_two(),
    };
    loop {
        let mut parts: Vec<Vec<usize>> = vec![Vec::new(); count];
        for (at, path) in paths.iter().enumerate() {
            parts[bucket(path, count)].push(at);
        }
        // Hashes spread evenly; the end of the loop is for addresses that were made not to.
        if parts.iter().all(|part| part.len() <= max_urls) || count > 1 << 16 {
            return parts;
        }
        count *= 2;
    }
}

fn urlset(entries: impl Iterator<Item = String>) -> String {
    let mut out = String::with_capacity(FRAME + entries.size_hint().0 * 160);
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" xmlns:xhtml=\"http://www.w3.org/1999/xhtml\" xmlns:image=\"http://www.google.com/schemas/sitemap-image/1.1\">\n");
    for entry in entries {
        out.push_str(&entry);
    }
    out.push_str("</urlset>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::Site;

    #[test]
    fn addresses_are_split_into_buckets_that_stay() {
        let paths: Vec<String> = (0..101).map(|n| format!("/{n}/")).collect();
        let split = |count: usize, most: usize| {
            let paths: Vec<&str> = paths[..count].iter().map(String::as_str).collect();
            split(&paths, most)
        };
        assert_eq!(split(3, 3), [vec![0, 1, 2]]);
        assert_eq!(split(0, 3), [Vec::<usize>::new()]);
        let before = split(100, 10);
        assert!(before.len() > 10 && before.iter().all(|part| part.len() <= 10));
        assert_eq!(before.iter().flatten().count(), 100);
        let after = split(101, 10);
        let changed = before.iter().zip(&after).filter(|(before, after)| before != after);
        assert_eq!(changed.count(), 1, "a new page changes one child");
    }

    #[test]
    fn an_index_names_each_file_with_its_newest_page() {
        let mut site: Site = serde_json::from_str(
            r#"{"version":1,"generated_at":"2026-01-01T00:00:00Z","settings":{"title":"T","base_url":"https://e.org","site_type":"blog","language":"en"}}"#,
        )
        .expect("site");
        let page = |n: usize| {
            let page = serde_json::json!({
                "id": n.to_string(), "kind": "page", "path": format!("/{n}/"), "title": format!("Page {n}"), "language": "en",
                "section": "/", "body": { "format": "markdown", "text": "" },
                "published_at": DateTime::from_timestamp(n as i64 * 86_400, 0),
                "entity": { "gallery": (0..if n.is_multiple_of(50) { 900 } else { 0 }).map(|i| format!("https://pictures.example/{i}.png")).collect::<Vec<_>>() },
            });
            serde_json::from_value(page).expect("page")
        };
        site.pages = (0..MAX_URLS + 100).map(page).collect();
        let address = crate::address::Address::new("https://e.org").expect("valid");
        let plan = Plan::new(&site, &crate::bodies::InPages, address, &[], &mut Vec::new());
        let sitemaps = Sitemaps::new(&plan);
        let index = sitemaps.index(&plan).expect("more than one");
        let last = MAX_URLS + 99;
        let part = (0..sitemaps.len()).find(|&n| sitemaps.part(&plan, n).contains(&format!("https://e.org/{last}/<")));
        let path = sitemaps.path(part.expect("listed")).expect("not empty");
        let said = index
            .split(&format!("https://e.org{path}</loc>"))
            .nth(1)
            .expect("in the index");
        let day = DateTime::from_timestamp(last as i64 * 86_400, 0).expect("a day");
        assert!(said.starts_with(&format!("\n<lastmod>{}", stamp(day))), "{said}");
        // A thousand of the longest stay below the protocol's 50 MB.
        let all: String = (0..sitemaps.len()).map(|n| sitemaps.part(&plan, n)).collect();
        let longest = all.split("<url>").map(str::len).max().expect("some");
        assert!(
            longest < 48 * 1024 && all.contains("/400.png") && !all.contains("/899.png"),
            "{longest}"
        );
    }
}
