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
/// The protocol's limit for one file.
const MAX_BYTES: usize = 50 * 1024 * 1024;
/// Room for the head and foot of a file.
const FRAME: usize = 512;
/// Images of one page that the extension allows.
const MAX_IMAGES: usize = 1000;

/// One address.
struct Entry {
    path: String,
    xml: String,
    modified: Option<DateTime<Utc>>,
}

/// `sitemap.xml`, and its children where one file cannot hold all: site file names with content.
pub(crate) fn sitemaps(plan: &Plan<'_>) -> Vec<(String, String)> {
    if !plan.site.settings.indexable {
        return Vec::new();
    }
    split(plan, &entries(plan), MAX_URLS, MAX_BYTES)
}

fn entries(plan: &Plan<'_>) -> Vec<Entry> {
    let mut all: Vec<Entry> = Vec::with_capacity(plan.pages.len() + plan.terms.rows().len());
    let modified = |i: usize| plan.pages[i].page.updated_at.max(plan.pages[i].date());
    let newest = |listing: &Listing| listing.items().iter().filter_map(|&i| modified(i)).max();
    for (i, planned) in plan.pages.iter().enumerate() {
        if !planned.is_indexed() {
            continue;
        }
        let listed = planned.text_of.and_then(|term| newest(&plan.terms[term].listing));
        all.push(entry(
            plan,
            &planned.path,
            modified(i).max(listed),
            &plan.alternates(Place::Page(i)),
            &images(plan, planned.page),
        ));
    }
    let mut list = |listing: &Listing, place| {
        all.push(entry(
            plan,
            &listing.path,
            newest(listing),
            &plan.alternates(place),
            &[],
        ));
    };
    for (i, section) in plan.sections.iter().enumerate().filter(|(_, s)| s.render) {
        list(&section.listing, Place::Section(i));
    }
    for (i, term) in plan.terms.iter().enumerate().filter(|(_, t)| t.page.is_none()) {
        list(&term.listing, Place::Term(i));
    }
    for home in plan.homes.iter().filter(|h| h.page.is_none()) {
        list(&home.listing, Place::Home);
    }
    for (i, list) in plan.term_lists.iter().enumerate() {
        let newest = list.terms.iter().filter_map(|&t| newest(&plan.terms[t].listing)).max();
        all.push(entry(
            plan,
            &list.path,
            newest,
            &plan.alternates(Place::TermList(i)),
            &[],
        ));
    }
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all
}

/// Absolute addresses of a page's own images.
fn images(plan: &Plan<'_>, page: &Page) -> Vec<String> {
    let links = page.image.iter().chain(&page.entity.gallery);
    let known = links.filter(|link| match plan.address.target(link, "/") {
        crate::address::Target::Site { path, .. } => plan.media_at(&path).is_some(),
        crate::address::Target::External(url) => crate::address::is_http(&url) && !url.starts_with("//"),
        _ => false,
    });
    let mut urls: Vec<String> = Vec::new();
    for url in known.filter_map(|link| plan.address.safe_image(link)).take(MAX_IMAGES) {
        let url = plan.address.absolutise(&url);
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
) -> Entry {
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
    Entry {
        path: path.to_owned(),
        xml,
        modified,
    }
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

fn split(plan: &Plan<'_>, entries: &[Entry], max_urls: usize, max_bytes: usize) -> Vec<(String, String)> {
    // Twice the room that is needed on average leaves place to grow before all buckets change.
    let mut count = 1usize;
    let bytes: usize = entries.iter().map(|e| e.xml.len()).sum();
    if entries.len() > max_urls || bytes + FRAME > max_bytes {
        let wanted = (entries.len() / max_urls.max(1)).max(bytes / max_bytes.max(1)) + 1;
        count = (wanted * 2).next_power_of_two();
    }
    let parts = loop {
        let mut parts: Vec<Vec<&Entry>> = vec![Vec::new(); count];
        for entry in entries {
            parts[bucket(&entry.path, count)].push(entry);
        }
        let fits = |part: &Vec<&Entry>| {
            part.len() <= max_urls
                && (part.len() < 2 || part.iter().map(|e| e.xml.len()).sum::<usize>() + FRAME <= max_bytes)
        };
        // Hashes spread evenly; the end of the loop is for addresses that were made not to.
        if parts.iter().all(fits) || count > 1 << 16 {
            break parts;
        }
        count *= 2;
    };
    if let [all] = parts.as_slice() {
        return vec![("sitemap.xml".into(), urlset(all))];
    }
    let mut index = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    let mut files = vec![("sitemap.xml".to_owned(), String::new())];
    for (i, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
        let name = format!("sitemap-{}.xml", i + 1);
        index.push_str("<sitemap>\n");
        element(&mut index, "loc", &plan.address.absolute(&format!("/{name}")));
        if let Some(newest) = part.iter().filter_map(|e| e.modified).max() {
            element(&mut index, "lastmod", &stamp(newest));
        }
        index.push_str("</sitemap>\n");
        files.push((name, urlset(part)));
    }
    index.push_str("</sitemapindex>\n");
    files[0].1 = index;
    files
}

fn urlset(entries: &[&Entry]) -> String {
    let mut out = String::with_capacity(FRAME + entries.iter().map(|e| e.xml.len()).sum::<usize>());
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" xmlns:xhtml=\"http://www.w3.org/1999/xhtml\" xmlns:image=\"http://www.google.com/schemas/sitemap-image/1.1\">\n");
    for entry in entries {
        out.push_str(&entry.xml);
    }
    out.push_str("</urlset>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::Site;

    #[test]
    fn splits_by_count_and_by_size_into_buckets_that_stay() {
        let site: Site = serde_json::from_str(
            r#"{"version":1,"generated_at":"2026-01-01T00:00:00Z","settings":{"title":"T","base_url":"https://e.org","site_type":"blog","language":"en"}}"#,
        )
        .expect("site");
        let address = crate::address::Address::new("https://e.org").expect("valid");
        let plan = Plan::new(&site, &crate::bodies::InPages, address, &[], &mut Vec::new());
        let day = |i: usize| DateTime::from_timestamp(i as i64 * 86_400, 0);
        let make = |n: usize| {
            (0..n)
                .map(|i| entry(&plan, &format!("/{i}/"), day(i), &[], &[]))
                .collect::<Vec<_>>()
        };
        let one = split(&plan, &make(3), 3, MAX_BYTES);
        assert_eq!((one.len(), one[0].0.as_str()), (1, "sitemap.xml"));
        assert_eq!(split(&plan, &make(0), 3, MAX_BYTES).len(), 1);

        for (max_urls, max_bytes) in [(10, MAX_BYTES), (1000, FRAME + 10 * make(1)[0].xml.len())] {
            let before = split(&plan, &make(100), max_urls, max_bytes);
            assert!(before.len() > 10 && before[0].1.contains("<sitemapindex"));
            let urls: usize = before.iter().map(|(_, xml)| xml.matches("<url>").count()).sum();
            assert_eq!(urls, 100);
            assert!(before.iter().skip(1).all(|(_, xml)| xml.matches("<url>").count() <= 10));
            let newest = before
                .iter()
                .find(|(_, xml)| xml.contains("https://e.org/99/"))
                .expect("there");
            let in_index = before[0].1.split(&newest.0).nth(1).expect("listed");
            assert!(
                in_index.starts_with("</loc>\n<lastmod>1970-04-10T00:00:00Z"),
                "{in_index}"
            );

            let after = split(&plan, &make(101), max_urls, max_bytes);
            let changed = before.iter().skip(1).filter(|file| !after.contains(file)).count();
            assert_eq!(changed, 1, "a new page changes one child");
        }
    }
}
