//! Atom feeds.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::plan::{Listing, Plan};
use crate::prepare::Prepared;
use crate::xml::{element, escape_into};

fn stamp(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The newest dated pages of a list as Atom. `title` is the list's, `subtitle` may be empty.
pub(crate) fn atom(plan: &Plan<'_>, prepared: &Prepared, listing: &Listing, title: &str, subtitle: &str) -> String {
    let settings = &plan.site.settings;
    let address = &plan.address;
    // Lists may be sorted by title or weight; a feed is by date.
    let mut items: Vec<usize> = listing
        .items
        .iter()
        .copied()
        .filter(|&i| plan.pages[i].date().is_some())
        .collect();
    items.sort_by(|&a, &b| {
        let (a, b) = (&plan.pages[a], &plan.pages[b]);
        b.date().cmp(&a.date()).then_with(|| a.path.cmp(&b.path))
    });
    items.truncate(settings.feed_limit.clamp(1, 500));
    let changed = |i: usize| plan.pages[i].page.updated_at.max(plan.pages[i].date());
    let updated = items
        .iter()
        .filter_map(|&i| changed(i))
        .max()
        .unwrap_or(settings_epoch(plan));

    let own = address.absolute(&Plan::feed_path(&listing.path));
    let mut out = String::with_capacity(1024 + items.len() * 600);
    out.push_str("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"");
    escape_into(&mut out, &prepared.languages[listing.language].tag);
    out.push_str("\">\n");
    element(&mut out, "title", title);
    if !subtitle.is_empty() {
        element(&mut out, "subtitle", subtitle);
    }
    link(&mut out, "self", "application/atom+xml", &own);
    link(&mut out, "alternate", "text/html", &address.absolute(&listing.path));
    element(&mut out, "id", &own);
    element(&mut out, "updated", &stamp(updated));
    let name = if settings.organisation.name.is_empty() {
        &settings.title
    } else {
        &settings.organisation.name
    };
    out.push_str("<author>\n");
    element(&mut out, "name", if name.is_empty() { &address.base_url } else { name });
    out.push_str("</author>\n");
    for i in items {
        let planned = &plan.pages[i];
        let page = planned.page;
        let url = address.absolute(&planned.path);
        out.push_str("<entry>\n");
        element(
            &mut out,
            "title",
            if page.title.is_empty() {
                &planned.path
            } else {
                &page.title
            },
        );
        link(&mut out, "alternate", "text/html", &url);
        element(&mut out, "id", &url);
        if let Some(date) = page.published_at {
            element(&mut out, "published", &stamp(date));
        }
        if let Some(date) = changed(i) {
            element(&mut out, "updated", &stamp(date));
        }
        if let Some(author) = page.author.as_deref().filter(|a| !a.trim().is_empty()) {
            out.push_str("<author>\n");
            element(&mut out, "name", author);
            out.push_str("</author>\n");
        }
        for &term in &planned.terms {
            out.push_str("<category term=\"");
            escape_into(&mut out, &plan.terms[term].slug);
            out.push_str("\" label=\"");
            escape_into(&mut out, &plan.terms[term].name);
            out.push_str("\"/>\n");
        }
        if !prepared.cards[i].summary.is_empty() {
            element(&mut out, "summary", &prepared.cards[i].summary);
        }
        out.push_str("</entry>\n");
    }
    out.push_str("</feed>\n");
    out
}

fn settings_epoch(plan: &Plan<'_>) -> DateTime<Utc> {
    plan.site.generated_at
}

fn link(out: &mut String, rel: &str, kind: &str, href: &str) {
    out.push_str("<link rel=\"");
    out.push_str(rel);
    out.push_str("\" type=\"");
    out.push_str(kind);
    out.push_str("\" href=\"");
    escape_into(out, href);
    out.push_str("\"/>\n");
}
