//! Titles and descriptions of pages and archives: said twice, or longer than result pages show. Products that search engines cannot
//! use.

use rayon::prelude::*;

use crate::diagnostic::Diagnostic;
use crate::locale::is_amount;
use crate::plan::{Listing, Plan, PlannedPage};
use crate::prepare::Prepared;
use crate::seo::{archive, document_title};
use crate::site::PageKind;
use crate::tables::{HashMap, with_room};
use igny8_width::pixels;

/// What result pages on large screens show: Arial of 20 px, 580 px wide; 14 px over two lines of together 920 px.
const TITLE: (u32, u32) = (20, 580);
const DESCRIPTION: (u32, u32) = (14, 920);

/// Finds them for all pages that search engines may show. What is wrong with each page alone comes back, by page, for the next
/// render, which gives what it knows of that in `known`.
pub(crate) fn check<'k>(
    plan: &Plan<'_>,
    prepared: &Prepared,
    known: impl Fn(usize) -> Option<&'k [Diagnostic]> + Sync,
    findings: &mut Vec<Diagnostic>,
) -> Vec<Vec<Diagnostic>> {
    if !plan.site.settings.indexable {
        return Vec::new();
    }
    let shown = PlannedPage::is_indexed;
    let mut titles: HashMap<(usize, &str), &str> = with_room(plan.pages.rows().len());
    let mut descriptions: HashMap<(usize, &str), &str> = with_room(plan.pages.rows().len());
    let archives = archives(plan, prepared);
    let pages = plan.pages.rows().iter().enumerate().filter(|(_, p)| shown(p));
    let pages = pages.map(|(i, planned)| {
        let description = prepared.card(plan, i).description.as_str();
        (planned.language, planned.path.as_str(), own_title(planned), description)
    });
    let lists = archives
        .iter()
        .map(|a| (a.language, a.path, a.title, a.description.as_str()));
    for (language, path, title, description) in pages.chain(lists) {
        if let Some(first) = first(&mut titles, (language, title), path) {
            let message = format!("the title “{title}” is also that of {first}; say what is different");
            findings.push(Diagnostic::warning(path, "title-duplicate", message));
        }
        if let Some(first) = first(&mut descriptions, (language, description), path) {
            let message = format!("the description is also that of {first}");
            findings.push(Diagnostic::info(path, "description-duplicate", message));
        }
    }
    let alone: Vec<Vec<Diagnostic>> = (0..plan.pages.rows().len())
        .into_par_iter()
        .with_min_len(256)
        .map(|i| known(i).map_or_else(|| of_page(plan, &plan.pages.rows()[i]), <[Diagnostic]>::to_vec))
        .collect();
    let of_shown = plan.pages.rows().iter().zip(&alone).filter(|(p, _)| shown(p));
    findings.extend(of_shown.flat_map(|(_, found)| found).cloned());
    for archive in &archives {
        let title = document_title(archive.title, &plan.site.settings.title);
        measure(archive.path, &title, archive.title, archive.written, findings);
    }
    alone
}

/// What is wrong with one page, whatever else there is on the site.
fn of_page(plan: &Plan<'_>, planned: &PlannedPage<'_>) -> Vec<Diagnostic> {
    let page = &planned.page;
    let mut found = Vec::new();
    let title = match page.seo_title.trim() {
        "" => document_title(own_title(planned), &plan.site.settings.title),
        own => own.to_owned(),
    };
    // The name of the site at the end may be cut; what the page is about may not.
    let must = match page.seo_title.trim() {
        "" => own_title(planned),
        _ => title.as_str(),
    };
    // Only what an author wrote: what the renderer takes from a text it has cut itself.
    measure(&planned.path, &title, must, page.description.trim(), &mut found);
    found.extend(product(planned));
    found
}

/// An archive as search engines get to know it, by its first pager: the others are told apart by their numbers.
struct Archive<'p> {
    language: usize,
    path: &'p str,
    title: &'p str,
    description: String,
    /// What of it an author wrote.
    written: &'p str,
}

fn archives<'p>(plan: &'p Plan<'_>, prepared: &Prepared) -> Vec<Archive<'p>> {
    let listed = |listing: &'p Listing, title: &'p str, written: &'p str| {
        let language = &prepared.languages[listing.language];
        Archive {
            language: listing.language,
            path: &listing.path,
            title,
            description: archive::of_listing(plan, language, listing, 1, title, written),
            written,
        }
    };
    let sections = plan.sections.rows().iter().filter(|s| s.render);
    let sections = sections.map(|s| listed(&s.listing, s.section.title.trim(), s.section.description.trim()));
    // An archive with a text of its own is looked at as that page.
    let terms = plan.terms.rows().iter().filter(|term| term.page.is_none()).map(|term| {
        let written = term.term.map_or("", |t| t.description.trim());
        listed(&term.listing, term.title.trim(), written)
    });
    let lists = plan.term_lists.rows().iter().map(|list| {
        let language = &prepared.languages[list.language];
        let names = list.terms.iter().map(|&t| plan.terms.rows()[t].name.as_str());
        let title = list.taxonomy.title.trim();
        Archive {
            language: list.language,
            path: &list.path,
            title,
            description: archive::of_terms(language, title, names),
            written: "",
        }
    });
    sections.chain(terms).chain(lists).collect()
}

/// Whether a whole title, that part of it which must be seen, and a description fit where they are shown.
fn measure(path: &str, title: &str, must: &str, description: &str, found: &mut Vec<Diagnostic>) {
    let (all, own) = (pixels(title, TITLE.0), pixels(must, TITLE.0));
    if own > TITLE.1 {
        let message = format!(
            "the title is {own} px wide in search results, which show {} px",
            TITLE.1
        );
        found.push(Diagnostic::warning(path, "title-long", message));
    } else if all > TITLE.1 {
        let message = format!(
            "with the site's name the title is {all} px wide in search results, which show {} px",
            TITLE.1
        );
        found.push(Diagnostic::info(path, "title-long", message));
    }
    let described = pixels(description, DESCRIPTION.0);
    if described > DESCRIPTION.1 {
        let message = format!(
            "the description is {described} px wide in search results, which show {} px",
            DESCRIPTION.1
        );
        found.push(Diagnostic::info(path, "description-long", message));
    }
}

fn own_title<'p>(planned: &'p PlannedPage<'_>) -> &'p str {
    let page = &planned.page;
    [page.seo_title.trim(), page.title.trim(), &planned.path]
        .into_iter()
        .find(|t| !t.is_empty())
        .unwrap_or_default()
}

/// Where a text was seen first, if it was; empty texts are never the same.
fn first<'p>(seen: &mut HashMap<(usize, &'p str), &'p str>, key: (usize, &'p str), path: &'p str) -> Option<&'p str> {
    if key.1.is_empty() {
        return None;
    }
    let first = *seen.entry(key).or_insert(path);
    (first != path).then_some(first)
}

fn product(planned: &PlannedPage<'_>) -> Option<Diagnostic> {
    let page = &planned.page;
    if page.kind != PageKind::Product {
        return None;
    }
    let entity = &page.entity;
    let amount = entity.price.as_deref().filter(|p| is_amount(p));
    let currency = entity.currency.as_deref().filter(|c| c.len() == 3);
    let message = match (amount, currency) {
        (Some(_), Some(_)) if page.image.is_none() && entity.gallery.is_empty() => {
            "the product has no picture; search engines show no product result without one"
        }
        (Some(_), None) => {
            "the product has a price and no currency (three letters, like EUR); search engines get neither"
        }
        (None, _) if entity.rating_value.is_none() => {
            "the product has neither a price nor ratings; search engines show no product result for it"
        }
        _ => return None,
    };
    Some(Diagnostic::info(&planned.path, "json-ld", message))
}
