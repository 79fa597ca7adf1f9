//! Terms: their archives, the pages that are the texts of these, what stands above what.

use super::{Owner, Plan, PlannedTerm, PlannedTermList};
use crate::diagnostic::Diagnostic;
use crate::paths;
use crate::site::{FeedFormat, Page, Term};
use crate::tables::{HashMap, HashSet};

/// Terms above a term that its pages also count for.
const MAX_DEPTH: usize = 12;

impl<'s> Plan<'s> {
    /// Indexes of the taxonomies that can be planned, by name, each with the path its terms stand below.
    pub(super) fn usable_taxonomies(&self, findings: &mut Vec<Diagnostic>) -> Vec<(usize, String)> {
        let all = &self.site.taxonomies;
        let mut order: Vec<usize> = (0..all.len()).collect();
        order.sort_by(|&a, &b| (&all[a].name, &all[a].path).cmp(&(&all[b].name, &all[b].path)));
        let mut usable = Vec::new();
        let mut seen: HashSet<&str> = HashSet::default();
        for t in order {
            let taxonomy = &all[t];
            if !seen.insert(&taxonomy.name) {
                findings.push(Diagnostic::error(
                    "",
                    "taxonomy",
                    format!("two taxonomies are called `{}`; the second is left out", taxonomy.name),
                ));
                continue;
            }
            match paths::normalise(&taxonomy.path) {
                Ok(base) if base.ends_with('/') => usable.push((t, base)),
                _ => findings.push(Diagnostic::error(
                    &taxonomy.path,
                    "taxonomy",
                    format!(
                        "the taxonomy `{}` is left out: its path must look like /tags/",
                        taxonomy.name
                    ),
                )),
            }
        }
        usable
    }

    /// Where the archive of a term stands.
    pub(super) fn term_path(&self, language: usize, base: &str, slug: &str) -> String {
        let home = self.home_path(language).trim_end_matches('/');
        format!("{home}{base}{}/", paths::segment(slug))
    }

    /// Taxonomy, its path and slug of the term that a page is the text of.
    pub(super) fn term_of<'t>(
        &self,
        page: &'s Page,
        taxonomies: &'t [(usize, String)],
        findings: &mut Vec<Diagnostic>,
    ) -> Option<(usize, &'t str, &'s str)> {
        let of = page.term.as_ref()?;
        let found = taxonomies
            .iter()
            .find(|(t, _)| self.site.taxonomies[*t].name == of.taxonomy);
        if found.is_none() {
            let message = format!(
                "the page is the text of a term of `{}`, and there is no such taxonomy; it is a page of its own",
                of.taxonomy
            );
            findings.push(Diagnostic::warning(&page.path, "term-missing", message));
        }
        found.map(|(t, base)| (*t, base.as_str(), of.slug.as_str()))
    }

    pub(super) fn plan_taxonomy(&mut self, t: usize, base: &str, findings: &mut Vec<Diagnostic>) {
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
        let mut texts: HashMap<(usize, &'s str), usize> = HashMap::default();
        for (i, planned) in self.pages.rows().iter().enumerate() {
            if let Some((of, slug)) = planned.of_term {
                if of == t {
                    // A term with a text has an archive, even an empty one.
                    members.entry((planned.language, slug)).or_default();
                    texts.insert((planned.language, slug), i);
                }
                continue;
            }
            let Some(slugs) = self.site.pages[planned.place].terms.get(&taxonomy.name) else {
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
            let path = self.term_path(language, base, slug);
            let text = texts.get(&(language, slug)).copied();
            let mut listing = self.listing(path, items, self.per_page(taxonomy.per_page), language, feeds);
            // The page that is its text has the address for it.
            if text.is_some() {
                self.claim_parts(&mut listing, findings);
            } else if !self.claim_listing(&mut listing, Owner::Term, findings) {
                continue;
            }
            let term = listed.get(&(language, slug)).copied();
            let name = term
                .map(|t| t.name.clone())
                .filter(|n| !n.trim().is_empty())
                .unwrap_or_else(|| name_of(slug));
            index.insert((language, slug), self.terms.len());
            if let Some(text) = text {
                self.pages[text].text_of = Some(self.terms.len());
            }
            self.terms.push(PlannedTerm {
                taxonomy: t,
                slug: slug.to_owned(),
                title: name.clone(),
                name,
                term,
                parent: None,
                children: Vec::new(),
                listing,
                page: text,
                translations: Vec::new(),
            });
        }
        for i in first..self.terms.len() {
            let term = &self.terms[i];
            let parent = term
                .term
                .and_then(|t| t.parent.as_deref())
                .and_then(|p| index.get(&(term.listing.language, p)).copied());
            self.terms[i].parent = parent;
        }
        self.break_cycles(first, &taxonomy.name, findings);
        for i in first..self.terms.len() {
            if let Some(parent) = self.terms[i].parent {
                self.terms[parent].children.push(i);
            }
        }
        let mut own: Vec<_> = own.into_iter().collect();
        own.sort_unstable_by_key(|(key, _)| *key);
        for (key, pages) in own {
            let Some(&term) = index.get(&key) else {
                continue;
            };
            for page in pages {
                // A slug that a page names twice comes twice in a row.
                if self.pages[page].terms.last() != Some(&term) {
                    self.pages[page].terms.push(term);
                }
            }
        }
        for language in 0..self.languages.len() {
            let mut terms: Vec<usize> = (first..self.terms.len())
                .filter(|&i| self.terms[i].listing.language == language)
                .collect();
            if terms.is_empty() {
                continue;
            }
            terms.sort_by_cached_key(|&i| (self.terms[i].name.to_lowercase(), self.terms[i].slug.clone()));
            let path = format!("{}{base}", self.home_path(language).trim_end_matches('/'));
            // `/shop/` may already be a section; then the terms are reached from there.
            if self.gives_way(&path, "list of all terms", findings) {
                continue;
            }
            if self.claim(&path, Owner::Term, findings) {
                self.term_lists.push(PlannedTermList {
                    taxonomy,
                    path,
                    language,
                    terms,
                    translations: Vec::new(),
                });
            }
        }
    }

    /// Names the taxonomy in the title of a term that shares its name with a page, a section or another term of its language.
    pub(super) fn tell_terms_apart(&mut self) {
        let pages = self.pages.rows().iter().filter(|p| p.text_of.is_none());
        let pages = pages.map(|p| (p.language, p.title().to_lowercase()));
        let sections = self.sections.rows().iter().filter(|s| s.render);
        let sections = sections.map(|s| (s.listing.language, s.section.title.trim().to_lowercase()));
        let names = self
            .terms
            .rows()
            .iter()
            .map(|t| (t.listing.language, t.name.trim().to_lowercase()));
        let mut seen: HashMap<(usize, String), usize> = HashMap::default();
        // Only names of terms are asked for.
        names.for_each(|name| *seen.entry(name).or_default() += 1);
        for name in pages.chain(sections) {
            seen.entry(name).and_modify(|n| *n += 1);
        }
        for term in self.terms.rows_mut() {
            if seen
                .get(&(term.listing.language, term.name.trim().to_lowercase()))
                .is_some_and(|n| *n > 1)
            {
                let taxonomy = self.site.taxonomies[term.taxonomy].title.trim();
                term.title = format!("{} ({taxonomy})", term.name.trim());
            }
        }
    }

    /// Shows at the top each term that is above itself, and each that is too deep. Each is reported.
    fn break_cycles(&mut self, first: usize, taxonomy: &str, findings: &mut Vec<Diagnostic>) {
        let terms = self.terms.rows_mut();
        // How far each is from the top, where that is known: each term is walked over twice at most.
        #[derive(Clone, Copy, PartialEq)]
        enum State {
            Unknown,
            OnTheWay,
            Depth(usize),
        }
        let mut state = vec![State::Unknown; terms.len() - first];
        for i in first..terms.len() {
            let mut way: Vec<usize> = Vec::new();
            let mut at = i;
            let top = loop {
                match state[at - first] {
                    State::Depth(depth) => break depth + 1,
                    State::OnTheWay => {
                        // All from here on are above each other.
                        let circle = way.iter().position(|&w| w == at).unwrap_or_default();
                        for &term in &way[circle..] {
                            terms[term].parent = None;
                            state[term - first] = State::Depth(0);
                            findings.push(top_of(taxonomy, &terms[term].slug, "above itself"));
                        }
                        way.truncate(circle);
                        break 1;
                    }
                    State::Unknown => {}
                }
                state[at - first] = State::OnTheWay;
                way.push(at);
                match terms[at].parent {
                    Some(parent) => at = parent,
                    None => break 0,
                }
            };
            let mut depth = top;
            for &term in way.iter().rev() {
                if depth >= MAX_DEPTH {
                    terms[term].parent = None;
                    findings.push(top_of(taxonomy, &terms[term].slug, "too deep"));
                    depth = 0;
                }
                state[term - first] = State::Depth(depth);
                depth += 1;
            }
        }
    }
}

fn top_of(taxonomy: &str, slug: &str, why: &str) -> Diagnostic {
    let message = format!("the term `{slug}` of `{taxonomy}` is {why}; it is shown at the top");
    Diagnostic::warning("", "term-parent", message)
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
