//! Archives: sections, terms, home pages.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{Listing, Owner, Plan, PlannedHome, PlannedPage, PlannedSection, PlannedTerm, PlannedTermList};
use crate::diagnostic::Diagnostic;
use crate::paths;
use crate::site::{FeedFormat, PageKind, Pagination, Section, SectionSort, Term};
use crate::tables::{HashMap, HashSet};

/// Terms above a term that its pages also count for.
const MAX_DEPTH: usize = 12;

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
    fn per_page(&self, own: Option<usize>) -> usize {
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

    fn listing(
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

    fn claim_listing(&mut self, listing: &mut Listing, owner: Owner, findings: &mut Vec<Diagnostic>) -> bool {
        if !self.claim(&listing.path, owner, findings) {
            return false;
        }
        self.claim_parts(listing, findings);
        true
    }

    fn claim_parts(&mut self, listing: &mut Listing, findings: &mut Vec<Diagnostic>) {
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
                    "path-conflict",
                    format!("two sections have the address {}", first.0),
                ));
            }
            same
        });

        let mut members: HashMap<String, Vec<usize>> = HashMap::default();
        for (i, planned) in self.pages.rows().iter().enumerate() {
            if let Ok(section) = paths::normalise(&planned.page.section)
                && section != planned.path
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

    pub(super) fn plan_terms(&mut self, findings: &mut Vec<Diagnostic>) {
        let site = self.site;
        let mut order: Vec<usize> = (0..site.taxonomies.len()).collect();
        order.sort_by(|&a, &b| {
            (&site.taxonomies[a].name, &site.taxonomies[a].path)
                .cmp(&(&site.taxonomies[b].name, &site.taxonomies[b].path))
        });
        let mut seen: HashSet<&str> = HashSet::default();
        for t in order {
            let taxonomy = &site.taxonomies[t];
            if !seen.insert(&taxonomy.name) {
                findings.push(Diagnostic::error(
                    "",
                    "taxonomy",
                    format!("two taxonomies are called `{}`; the second is left out", taxonomy.name),
                ));
                continue;
            }
            let base = match paths::normalise(&taxonomy.path) {
                Ok(base) if base.ends_with('/') => base,
                _ => {
                    findings.push(Diagnostic::error(
                        &taxonomy.path,
                        "taxonomy",
                        format!(
                            "the taxonomy `{}` is left out: its path must look like /tags/",
                            taxonomy.name
                        ),
                    ));
                    continue;
                }
            };
            self.plan_taxonomy(t, &base, findings);
        }
    }

    fn plan_taxonomy(&mut self, t: usize, base: &str, findings: &mut Vec<Diagnostic>) {
        let taxonomy = &self.site.taxonomies[t];
        let mut listed: HashMap<(usize, &str), &'s Term> = HashMap::default();
        for term in &taxonomy.terms {
            let language = self.language(&term.language);
            let kept = listed.entry((language, term.slug.as_str())).or_insert(term);
            if term.name < kept.name {
                *kept = term;
            }
        }
        // A term's own pages, then those of the terms below it.
        let mut members: HashMap<(usize, &'s str), Vec<usize>> = HashMap::default();
        let mut own: HashMap<(usize, &'s str), Vec<usize>> = HashMap::default();
        for (i, planned) in self.pages.rows().iter().enumerate() {
            let Some(slugs) = planned.page.terms.get(&taxonomy.name) else {
                continue;
            };
            for slug in slugs {
                let slug: &'s str = slug.as_str();
                own.entry((planned.language, slug)).or_default().push(i);
                let mut at = Some(slug);
                let mut passed: Vec<&str> = Vec::new();
                while let Some(slug) = at.filter(|s| !passed.contains(s) && passed.len() < MAX_DEPTH) {
                    passed.push(slug);
                    members.entry((planned.language, slug)).or_default().push(i);
                    at = listed
                        .get(&(planned.language, slug))
                        .and_then(|term| term.parent.as_deref());
                }
            }
        }

        let first = self.terms.len();
        let feeds: &[FeedFormat] = if taxonomy.feed {
            &self.site.settings.outputs.term_feeds
        } else {
            &[]
        };
        let mut index: HashMap<(usize, &str), usize> = HashMap::default();
        let mut members: Vec<_> = members.into_iter().collect();
        members.sort_unstable_by_key(|(key, _)| *key);
        for ((language, slug), mut items) in members {
            items.sort_unstable();
            items.dedup();
            items.sort_by_key(|&i| self.newest[i]);
            let path = format!(
                "{}{base}{}/",
                self.home_path(language).trim_end_matches('/'),
                paths::segment(slug)
            );
            let mut listing = self.listing(path, items, self.per_page(taxonomy.per_page), language, feeds);
            if !self.claim_listing(&mut listing, Owner::Term, findings) {
                continue;
            }
            let term = listed.get(&(language, slug)).copied();
            let name = term
                .map(|t| t.name.clone())
                .filter(|n| !n.trim().is_empty())
                .unwrap_or_else(|| name_of(slug));
            index.insert((language, slug), self.terms.len());
            self.terms.push(PlannedTerm {
                taxonomy: t,
                slug: slug.to_owned(),
                name,
                term,
                parent: None,
                children: Vec::new(),
                listing,
            });
        }
        for i in first..self.terms.len() {
            let term = &self.terms[i];
            let parent = term
                .term
                .and_then(|t| t.parent.as_deref())
                .and_then(|p| index.get(&(term.listing.language, p)).copied());
            if let Some(parent) = parent.filter(|&p| p != i) {
                self.terms[i].parent = Some(parent);
                self.terms[parent].children.push(i);
            }
        }
        self.break_cycles(first, &taxonomy.name, findings);
        let mut pairs: Vec<(usize, usize)> = Vec::new();
        for (key, pages) in &own {
            if let Some(&term) = index.get(key) {
                pairs.extend(pages.iter().map(|&page| (page, term)));
            }
        }
        pairs.sort_unstable_by_key(|&(page, term)| (term, page));
        for (page, term) in pairs {
            if !self.pages[page].terms.contains(&term) {
                self.pages[page].terms.push(term);
            }
        }
        for language in 0..self.languages.len() {
            let mut terms: Vec<usize> = (first..self.terms.len())
                .filter(|&i| self.terms[i].listing.language == language)
                .collect();
            if terms.is_empty() {
                continue;
            }
            terms.sort_by(|&a, &b| {
                (self.terms[a].name.to_lowercase(), &self.terms[a].slug)
                    .cmp(&(self.terms[b].name.to_lowercase(), &self.terms[b].slug))
            });
            let path = format!("{}{base}", self.home_path(language).trim_end_matches('/'));
            // `/shop/` may already be a section; then the terms are reached from there.
            if self.claimed.contains_key(&path) {
                continue;
            }
            if self.claim(&path, Owner::Term, findings) {
                self.term_lists.push(PlannedTermList {
                    taxonomy,
                    path,
                    language,
                    terms,
                });
            }
        }
    }

    fn break_cycles(&mut self, first: usize, taxonomy: &str, findings: &mut Vec<Diagnostic>) {
        for i in first..self.terms.len() {
            let mut at = self.terms[i].parent;
            let mut steps = 0;
            while let Some(parent) = at {
                steps += 1;
                if parent == i || steps > MAX_DEPTH {
                    let slug = self.terms[i].slug.clone();
                    findings.push(Diagnostic::warning(
                        "",
                        "term-parent",
                        format!(
                            "the term `{slug}` of `{taxonomy}` is above itself or too deep; it is shown at the top"
                        ),
                    ));
                    if let Some(parent) = self.terms[i].parent.take() {
                        self.terms[parent].children.retain(|&c| c != i);
                    }
                    break;
                }
                at = self.terms[parent].parent;
            }
        }
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
                .filter(|&i| self.pages[i].page.kind == PageKind::Post)
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
            self.homes.push(PlannedHome {
                path,
                language,
                page,
                section,
                listing,
                groups,
            });
        }
    }
}

/// A name for a term that only has a slug: `home-brewing` is “Home brewing”.
fn name_of(slug: &str) -> String {
    let words = slug.replace(['-', '_'], " ");
    let mut chars = words.trim().chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => slug.to_owned(),
    }
}
