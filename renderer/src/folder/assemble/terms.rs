//! Terms: pages name them, a snapshot has their slugs.

use std::collections::{BTreeSet, HashMap};

use crate::folder::config::{Config, Rules, taxonomy};
use crate::folder::paths;
use crate::folder::problem::Problems;
use crate::site::{Page, Taxonomy, Term};

/// Terms as pages name them, found or made.
pub(super) struct Terms<'a> {
    taxonomies: &'a mut Vec<Taxonomy>,
    /// Place of each in the list.
    known: HashMap<String, usize>,
    by_name: HashMap<(String, String), String>,
    slugs: HashMap<String, BTreeSet<String>>,
    closed: bool,
    root: String,
    is_plain: bool,
}

impl<'a> Terms<'a> {
    pub fn new(taxonomies: &'a mut Vec<Taxonomy>, config: &Config) -> Self {
        let mut terms = Terms {
            by_name: HashMap::new(),
            slugs: HashMap::new(),
            closed: config.closed,
            root: config.taxonomy_root.clone(),
            is_plain: matches!(config.rules, Rules::Plain(_)),
            known: taxonomies
                .iter()
                .enumerate()
                .map(|(i, t)| (t.name.clone(), i))
                .collect(),
            taxonomies,
        };
        for taxonomy in terms.taxonomies.iter() {
            let slugs = terms.slugs.entry(taxonomy.name.clone()).or_default();
            for term in &taxonomy.terms {
                slugs.insert(term.slug.clone());
                terms
                    .by_name
                    .entry((taxonomy.name.clone(), term.name.clone()))
                    .or_insert(term.slug.clone());
            }
        }
        terms
    }

    /// A term that has a file of its own.
    pub fn describe(&mut self, taxonomy: &str, term: Term) {
        if self
            .slugs
            .entry(taxonomy.to_owned())
            .or_default()
            .insert(term.slug.clone())
        {
            self.by_name
                .insert((taxonomy.to_owned(), term.name.clone()), term.slug.clone());
            self.taxonomy(taxonomy).terms.push(term);
        }
    }

    fn taxonomy(&mut self, name: &str) -> &mut Taxonomy {
        let at = match self.known.get(name) {
            Some(at) => *at,
            None => {
                self.taxonomies.push(taxonomy(name, &self.root));
                self.known.insert(name.to_owned(), self.taxonomies.len() - 1);
                self.taxonomies.len() - 1
            }
        };
        &mut self.taxonomies[at]
    }

    /// Puts slugs where a page has names.
    pub fn name(&mut self, page: &mut Page, rel: &str, problems: &Problems) {
        for (taxonomy, values) in &mut page.terms {
            let known = self.known.contains_key(taxonomy);
            if self.closed && !known {
                problems.warn(rel, None, format!("taxonomy `{taxonomy}` is not declared in site.toml"));
            }
            let mut out: Vec<String> = Vec::new();
            for value in values.iter() {
                let slug = self.slug(taxonomy, value, &page.language, self.closed && !known);
                if !out.contains(&slug) {
                    out.push(slug);
                }
            }
            if !known && !self.closed {
                self.taxonomy(taxonomy);
            }
            *values = out;
        }
    }

    fn slug(&mut self, taxonomy: &str, value: &str, language: &str, undeclared: bool) -> String {
        if self.slugs.get(taxonomy).is_some_and(|s| s.contains(value)) {
            return value.to_owned();
        }
        let key = (taxonomy.to_owned(), value.to_owned());
        if let Some(slug) = self.by_name.get(&key) {
            return slug.clone();
        }
        let slug = paths::slugify(value);
        self.by_name.insert(key, slug.clone());
        // The renderer makes a term from its slug; only a name that says more is worth listing.
        let listed = slug == value && self.is_plain;
        if undeclared || listed || !self.slugs.entry(taxonomy.to_owned()).or_default().insert(slug.clone()) {
            return slug;
        }
        let term = Term {
            slug: slug.clone(),
            name: value.trim().to_owned(),
            description: String::new(),
            parent: None,
            language: language.to_owned(),
            translation_key: None,
            aliases: Vec::new(),
        };
        self.taxonomy(taxonomy).terms.push(term);
        slug
    }
}
