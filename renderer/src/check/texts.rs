//! Titles and descriptions: said twice, or longer than result pages show. Products that search engines cannot use.

use std::collections::HashMap;

use rayon::prelude::*;

use crate::diagnostic::Diagnostic;
use crate::locale::is_amount;
use crate::plan::{Plan, PlannedPage};
use crate::prepare::Prepared;
use crate::seo::document_title;
use crate::site::PageKind;
use igny8_width::pixels;

/// What result pages on large screens show: Arial of 20 px, 580 px wide; 14 px over two lines of together 920 px.
const TITLE: (u32, u32) = (20, 580);
const DESCRIPTION: (u32, u32) = (14, 920);

/// Finds them for all pages that search engines may show.
pub(crate) fn check(plan: &Plan<'_>, prepared: &Prepared, findings: &mut Vec<Diagnostic>) {
    if !plan.site.settings.indexable {
        return;
    }
    let shown = |p: &PlannedPage<'_>| p.page.indexable && p.page.canonical_url.is_none();
    let mut titles: HashMap<(usize, &str), &str> = HashMap::with_capacity(plan.pages.rows().len());
    let mut descriptions: HashMap<(usize, &str), &str> = HashMap::with_capacity(plan.pages.rows().len());
    for (i, planned) in plan.pages.rows().iter().enumerate().filter(|(_, p)| shown(p)) {
        let title = own_title(planned);
        if let Some(first) = first(&mut titles, (planned.language, title), &planned.path) {
            let message = format!("the title “{title}” is also that of {first}; say what is different");
            findings.push(Diagnostic::warning(&planned.path, "title-duplicate", message));
        }
        let description = prepared.card(plan, i).description.as_str();
        if let Some(first) = first(&mut descriptions, (planned.language, description), &planned.path) {
            let message = format!("the description is also that of {first}");
            findings.push(Diagnostic::info(&planned.path, "description-duplicate", message));
        }
    }
    let long: Vec<Diagnostic> = (0..plan.pages.rows().len())
        .into_par_iter()
        .filter(|&i| shown(&plan.pages.rows()[i]))
        .flat_map_iter(|i| {
            let planned = &plan.pages.rows()[i];
            let (page, path) = (planned.page, &planned.path);
            let mut found = Vec::new();
            let title = match page.seo_title.trim() {
                "" => document_title(own_title(planned), &plan.site.settings.title),
                own => own.to_owned(),
            };
            // The name of the site at the end may be cut; what the page is about may not.
            let must = if page.seo_title.trim().is_empty() {
                own_title(planned)
            } else {
                title.as_str()
            };
            let (all, own) = (pixels(&title, TITLE.0), pixels(must, TITLE.0));
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
            // Only what an author wrote: what the renderer takes from a text it has cut itself.
            let described = pixels(page.description.trim(), DESCRIPTION.0);
            if described > DESCRIPTION.1 {
                let message = format!(
                    "the description is {described} px wide in search results, which show {} px",
                    DESCRIPTION.1
                );
                found.push(Diagnostic::info(path, "description-long", message));
            }
            found.extend(product(planned));
            found
        })
        .collect();
    findings.extend(long);
}

fn own_title<'p>(planned: &'p PlannedPage<'_>) -> &'p str {
    let page = planned.page;
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
    let page = planned.page;
    if page.kind != PageKind::Product {
        return None;
    }
    let entity = &page.entity;
    let amount = entity.price.as_deref().filter(|p| is_amount(p));
    let currency = entity.currency.as_deref().filter(|c| c.len() == 3);
    let message = match (amount, currency) {
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
