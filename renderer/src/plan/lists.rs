//! Archives: sections and home pages; how lists are cut.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{Listing, Owner, Plan, PlannedHome, PlannedPage, PlannedSection};
use crate::diagnostic::Diagnostic;
use crate::output::PATH_CONFLICT;
use crate::paths;
use crate::site::{FeedFormat, PageKind, Pagination, Section, SectionSort};
use crate::tables::HashMap;

/// Pages that an otherwise empty home page leads to.
const HOME_PAGES: usize = 6;

/// Newest first; undated pages follow, by title; ties by id.
fn by_date(a: &PlannedPage<'_>, b: &PlannedPage<'_>) -> Ordering {
    b.date()
        .cmp(&a.date())
        .then_with(|| a.page.title.cmp(&b.page.title))
        .then_with(|| a.page.id.cmp(&b.page.id))
}

/// The place of each page by [`by_date`], so that the many lists of a site need not compare dates and titles each.
pub(super) fn newest(pages: &[PlannedPage<'_>]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..pages.len() as u32).collect();
    order.par_sort_by(|&a, &b| by_date(&pages[a as usize], &pages[b as usize]));
    let mut places = vec![0; pages.len()];
    for (place, page) in order.into_iter().enumerate() {
        places[page as usize] = place as u32;
    }
    places
}

fn compare(sort: SectionSort, a: &PlannedPage<'_>, b: &PlannedPage<'_>) -> Ordering {
    match sort {
        SectionSort::Date => by_date(a, b),
        SectionSort::Title => a
            .page
            .title
            .to_lowercase()
            .cmp(&b.page.title.to_lowercase())
            .then_with(|| a.page.id.cmp(&b.page.id)),
        SectionSort::Weight => {
            let weight = |p: &PlannedPage<'_>| p.page.weight.map_or((1, 0), |w| (0, w));
            weight(a).cmp(&weight(b)).then_with(|| by_date(a, b))
        }
    }
}

impl<'s> Plan<'s> {
    pub(super) fn per_page(&self, own: Option<usize>) -> usize {
        match own.unwrap_or(self.site.settings.per_page) {
            0 => usize::MAX,
            n => n,
        }
    }

    fn majority(&self, items: &[usize]) -> PageKind {
        let mut counts: BTreeMap<PageKind, usize> = BTreeMap::new();
        for &i in items {
            *counts.entry(self.pages[i].page.kind).or_default() += 1;
        }
        counts
            .into_iter()
            .max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)))
            .map_or(PageKind::Page, |(kind, _)| kind)
    }

    pub(super) fn listing(
        &self,
        path: String,
        items: Vec<usize>,
        per_page: usize,
        language: usize,
        feeds: &[FeedFormat],
    ) -> Listing {
        let dated = items.iter().any(|&i| self.pages[i].date().is_some());
        let kind = self.majority(&items);
        let feeds = FeedFormat::ALL.into_iter().filter(|f| dated && feeds.contains(f));
        let mut listing = Listing {
            kind,
            feeds: feeds.collect(),
            ..Listing::new(path, items, language)
        };
        listing.cut(per_page, self.site.settings.pagination);
        listing
    }

    pub(super) fn claim_listing(
        &mut self,
        listing: &mut Listing,
        owner: Owner,
        findings: &mut Vec<Diagnostic>,
    ) -> bool {
        if !self.claim(&listing.path, owner, findings) {
            return false;
        }
        self.claim_parts(listing, findings);
        true
    }

    pub(super) fn claim_parts(&mut self, listing: &mut Listing, findings: &mut Vec<Diagnostic>) {
        for n in 2..=listing.pagers() {
            if !self.claim(&paths::pager(&listing.path, n), Owner::Pager, findings) {
                // A pager that cannot be written would break the chain of links, so the rest goes on one page.
                listing.cut(usize::MAX, Pagination::Full);
                break;
            }
        }
        let path = listing.path.clone();
        listing
            .feeds
            .retain(|&format| self.claim(&Self::feed_path(&path, format), Owner::Feed, findings));
    }

    pub(super) fn plan_sections(&mut self, findings: &mut Vec<Diagnostic>) {
        let mut wanted: Vec<(String, &'s Section)> = Vec::new();
        for section in &self.site.sections {
            match paths::normalise(&section.path) {
                Ok(path) => wanted.push((path, section)),
                Err(problem) => findings.push(Diagnostic::error(
                    &section.path,
                    "section-path",
                    format!("the section “{}” is left out: {problem}", section.title),
                )),
            }
        }
        wanted.sort_by(|a, b| (&a.0, &a.1.language, &a.1.title).cmp(&(&b.0, &b.1.language, &b.1.title)));
        wanted.dedup_by(|later, first| {
            let same = later.0 == first.0;
            if same {
                findings.push(Diagnostic::error(
                    &first.0,
                    PATH_CONFLICT,
                    format!("two sections have the address {}", first.0),
                ));
            }
            same
        });

        let mut members: HashMap<String, Vec<usize>> = HashMap::default();
        for (i, planned) in self.pages.rows().iter().enumerate() {
            if let Ok(section) = paths::normalise(&planned.page.section)
                && section != planned.path
                && planned.of_term.is_none()
            {
                members.entry(section).or_default().push(i);
            }
        }
        let feeds = &self.site.settings.outputs.feeds;
        for (path, section) in wanted {
            let mut items = members.remove(&path).unwrap_or_default();
            match section.sort {
                SectionSort::Date => items.sort_by_key(|&i| self.newest[i]),
                sort => items.sort_by(|&a, &b| compare(sort, &self.pages[a], &self.pages[b])),
            }
            let is_home = self.is_home(&path);
            let language = self.language(&section.language);
            let mut listing = self.listing(
                path.clone(),
                items,
                self.per_page(section.per_page),
                language,
                if is_home { &[] } else { feeds },
            );
            if section.sort != SectionSort::Date {
                // What is new may stand anywhere.
                listing.cut(self.per_page(section.per_page), Pagination::Full);
            }
            let render = section.render && !is_home && self.claim_listing(&mut listing, Owner::Section, findings);
            let index = self.sections.len();
            // Pages of the root section stand alone: they are not each other's neighbours.
            if !is_home {
                for (place, &page) in listing.items.iter().enumerate() {
                    self.pages[page].section = Some((index, place));
                }
            }
            self.sections.push(PlannedSection {
                section,
                path,
                listing,
                children: Vec::new(),
                render,
                translations: Vec::new(),
            });
        }
        for child in 0..self.sections.len() {
            if !self.sections[child].render {
                continue;
            }
            if let Some(&parent) = self
                .ancestors(&self.sections[child].path)
                .iter()
                .rfind(|&&a| a != child)
            {
                self.sections[parent].children.push(child);
            }
        }
        for i in 0..self.sections.len() {
            let mut children = std::mem::take(&mut self.sections[i].children);
            children.sort_by(|&a, &b| self.section_order(a, b));
            self.sections[i].children = children;
        }
    }

    fn section_order(&self, a: usize, b: usize) -> Ordering {
        let key = |i: usize| {
            let s = &self.sections[i];
            (
                s.section.weight.map_or((1, 0), |w| (0, w)),
                s.section.title.as_str(),
                s.path.as_str(),
            )
        };
        key(a).cmp(&key(b))
    }

    pub(super) fn plan_homes(&mut self, findings: &mut Vec<Diagnostic>) {
        for language in 0..self.languages.len() {
            let path = self.home_path(language).to_owned();
            let page = self.pages.rows().binary_search_by(|p| p.path.as_str().cmp(&path)).ok();
            let section = self.section_at(&path);
            let has_content =
                language == 0 || page.is_some() || self.pages.rows().iter().any(|p| p.language == language);
            if !has_content {
                continue;
            }
            let in_language = |i: &usize| self.pages[*i].language == language;
            let mut posts: Vec<usize> = (0..self.pages.len())
                .filter(in_language)
                .filter(|&i| self.pages[i].page.kind == PageKind::Post && self.pages[i].of_term.is_none())
                .collect();
            if posts.is_empty() {
                posts = (0..self.pages.len())
                    .filter(in_language)
                    .filter(|&i| self.pages[i].section.is_some() && self.pages[i].date().is_some())
                    .collect();
            }
            posts.sort_by_key(|&i| self.newest[i]);
            let per_page = self.per_page(section.and_then(|s| self.sections[s].section.per_page));
            let mut listing = self.listing(
                path.clone(),
                posts,
                per_page,
                language,
                &self.site.settings.outputs.feeds,
            );
            if page.is_none() && !self.claim(&path, Owner::Home, findings) {
                continue;
            }
            if !self.is_blog() {
                listing.cut(usize::MAX, Pagination::Full);
            }
            self.claim_parts(&mut listing, findings);
            let mut groups: Vec<usize> = (0..self.sections.len())
                .filter(|&s| {
                    self.sections[s].render
                        && self.sections[s].listing.language == language
                        && self.ancestors(&self.sections[s].path).iter().all(|&a| a == s)
                })
                .collect();
            groups.sort_by(|&a, &b| self.section_order(a, b));
            let mut pages = Vec::new();
            if groups.is_empty() && listing.items.is_empty() {
                let alone = |&i: &usize| {
                    let planned = &self.pages.rows()[i];
                    let shown = matches!(planned.page.kind, PageKind::Page | PageKind::About | PageKind::Contact);
                    let ours = planned.language == language && planned.path != path;
                    shown && ours && planned.of_term.is_none() && planned.is_indexed()
                };
                pages = (0..self.pages.rows().len()).filter(alone).collect();
                pages.sort_by_key(|&i| self.newest[i]);
                pages.truncate(HOME_PAGES);
            }
            self.homes.push(PlannedHome {
                path,
                language,
                page,
                section,
                listing,
                groups,
                pages,
            });
        }
    }
}
