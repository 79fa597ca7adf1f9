//! Sitemaps, cut into files that search engines accept.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::plan::{Listing, Plan};
use crate::xml::{element, escape_into};

/// Limits of the sitemap protocol for one file.
const MAX_URLS: usize = 50_000;
const MAX_BYTES: usize = 50 * 1024 * 1024;
/// Room for the head and foot of a file.
const FRAME: usize = 512;

/// One address.
struct Entry {
    xml: String,
    modified: Option<DateTime<Utc>>,
}

/// `sitemap.xml`, and its children where one file cannot hold all: site file names with content.
pub(crate) fn sitemaps(plan: &Plan<'_>) -> Vec<(String, String)> {
    if !plan.site.settings.indexable {
        return Vec::new();
    }
    split(plan, entries(plan), MAX_URLS, MAX_BYTES)
}

fn entries(plan: &Plan<'_>) -> Vec<Entry> {
    let mut all: Vec<(String, Entry)> = Vec::with_capacity(plan.pages.len() + plan.terms.len());
    let modified = |i: usize| plan.pages[i].page.updated_at.max(plan.pages[i].date());
    for (i, planned) in plan.pages.iter().enumerate() {
        if !planned.page.indexable || planned.page.canonical_url.is_some() {
            continue;
        }
        let alternates: Vec<(&str, String)> = planned
            .page
            .translation_key
            .as_deref()
            .and_then(|key| plan.translations.get(key))
            .filter(|group| group.contains(&(planned.language, i)))
            .map(|group| {
                group
                    .iter()
                    .map(|&(l, p)| (plan.languages[l].as_str(), plan.address.absolute(&plan.pages[p].path)))
                    .collect()
            })
            .unwrap_or_default();
        all.push((
            planned.path.clone(),
            entry(plan, &planned.path, modified(i), &alternates),
        ));
    }
    let newest = |listing: &Listing| listing.items.iter().filter_map(|&i| modified(i)).max();
    for listing in plan.listings() {
        let is_page = plan.homes.iter().any(|h| h.page.is_some() && h.path == listing.path);
        if !is_page {
            all.push((listing.path.clone(), entry(plan, &listing.path, newest(listing), &[])));
        }
    }
    for list in &plan.term_lists {
        all.push((list.path.clone(), entry(plan, &list.path, None, &[])));
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all.into_iter().map(|(_, entry)| entry).collect()
}

fn entry(plan: &Plan<'_>, path: &str, modified: Option<DateTime<Utc>>, alternates: &[(&str, String)]) -> Entry {
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
    xml.push_str("</url>\n");
    Entry { xml, modified }
}

fn stamp(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn split(plan: &Plan<'_>, entries: Vec<Entry>, max_urls: usize, max_bytes: usize) -> Vec<(String, String)> {
    let mut parts: Vec<(String, usize, Option<DateTime<Utc>>)> = vec![(String::new(), 0, None)];
    for entry in entries {
        let full = parts.last().is_some_and(|(text, urls, _)| {
            *urls >= max_urls || (*urls > 0 && text.len() + entry.xml.len() + FRAME > max_bytes)
        });
        if full {
            parts.push((String::new(), 0, None));
        }
        if let Some((text, urls, newest)) = parts.last_mut() {
            text.push_str(&entry.xml);
            *urls += 1;
            *newest = (*newest).max(entry.modified);
        }
    }
    let urlset = |text: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" xmlns:xhtml=\"http://www.w3.org/1999/xhtml\">\n{text}</urlset>\n"
        )
    };
    if let [(text, ..)] = parts.as_slice() {
        return vec![("sitemap.xml".into(), urlset(text))];
    }
    let mut index = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    let mut files = Vec::with_capacity(parts.len() + 1);
    for (i, (text, _, newest)) in parts.iter().enumerate() {
        let name = format!("sitemap-{}.xml", i + 1);
        index.push_str("<sitemap>\n");
        element(&mut index, "loc", &plan.address.absolute(&format!("/{name}")));
        if let Some(newest) = newest {
            element(&mut index, "lastmod", &stamp(*newest));
        }
        index.push_str("</sitemap>\n");
        files.push((name, urlset(text)));
    }
    index.push_str("</sitemapindex>\n");
    files.insert(0, ("sitemap.xml".into(), index));
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::Site;

    #[test]
    fn splits_by_count_and_by_size() {
        let site: Site = serde_json::from_str(
            r#"{"version":1,"generated_at":"2026-01-01T00:00:00Z","settings":{"title":"T","base_url":"https://e.org","site_type":"blog","language":"en"}}"#,
        )
        .expect("site");
        let address = crate::address::Address::new("https://e.org").expect("valid");
        let plan = Plan::new(&site, &crate::bodies::InPages, address, &[], &mut Vec::new());
        let make = |n: usize| {
            (0..n)
                .map(|i| entry(&plan, &format!("/{i}/"), None, &[]))
                .collect::<Vec<_>>()
        };
        let names = |files: Vec<(String, String)>| files.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(split(&plan, make(3), 3, MAX_BYTES)), ["sitemap.xml"]);
        assert_eq!(
            names(split(&plan, make(7), 3, MAX_BYTES)),
            ["sitemap.xml", "sitemap-1.xml", "sitemap-2.xml", "sitemap-3.xml"]
        );
        let one = make(1)[0].xml.len();
        assert_eq!(split(&plan, make(4), 100, FRAME + 2 * one).len(), 3);
        assert_eq!(names(split(&plan, make(0), 3, MAX_BYTES)), ["sitemap.xml"]);
    }
}
