//! Terms of a folder: those it lists, and those that its pages only name.

use std::collections::HashMap;

use igny8_data::{Deleted, Select, SiteScope, Write};
use igny8_renderer::site as folder;

use super::super::{FoldersError, ImportReport};
use super::Options;
use super::pages::PageTerms;
use crate::app::App;
use crate::features::sites::Site;
use crate::features::taxonomy::{Taxonomy, Term, TermId};

/// Ids of terms, and which taxonomy a name in the folder means.
#[derive(Default)]
pub struct Terms {
    taxonomies: HashMap<String, Taxonomy>,
    ids: HashMap<(Taxonomy, String, String), TermId>,
}

impl Terms {
    /// The terms a page names, in its language; sorted, so that their order says nothing.
    pub fn of_page(&self, terms: &PageTerms, language: &str) -> Vec<TermId> {
        let mut ids: Vec<TermId> = terms
            .iter()
            .filter_map(|(name, slugs)| Some((*self.taxonomies.get(name)?, slugs)))
            .flat_map(|(taxonomy, slugs)| {
                slugs
                    .iter()
                    .map(move |slug| (taxonomy, language.to_owned(), slug.clone()))
            })
            .filter_map(|key| self.ids.get(&key).copied())
            .collect();
        ids.sort();
        ids.dedup();
        ids
    }
}

/// Rows written by one transaction.
const BATCH: usize = 200;

pub async fn import(
    app: &App,
    scope: &SiteScope<Write>,
    site: &Site,
    folder: &folder::Site,
    options: Options,
    report: &mut ImportReport,
) -> Result<Terms, FoldersError> {
    let db = app.db.site(scope);
    let now = db_now(app);
    let mut terms = Terms::default();
    for row in db.list::<Term>(Select::new().deleted(Deleted::With)).await? {
        terms.ids.insert((row.taxonomy, row.language, row.slug), row.id);
    }
    let mut fresh: Vec<Term> = Vec::new();
    let mut parents: Vec<(usize, String)> = Vec::new();
    let mut add = |terms: &mut Terms, taxonomy: Taxonomy, language: &str, slug: &str, name: &str| -> Option<usize> {
        let key = (taxonomy, language.to_owned(), slug.to_owned());
        if slug.is_empty() || terms.ids.contains_key(&key) {
            return None;
        }
        let id = app.db.ids().make();
        terms.ids.insert(key, id);
        let name = if name.is_empty() { slug } else { name };
        fresh.push(Term::new(
            id,
            scope,
            taxonomy,
            language.to_owned(),
            name.to_owned(),
            slug.to_owned(),
            now,
        ));
        Some(fresh.len() - 1)
    };
    let mut described: Vec<(usize, String, Vec<String>)> = Vec::new();
    for taxonomy in &folder.taxonomies {
        let kind = of_kind(taxonomy.kind);
        terms.taxonomies.insert(taxonomy.name.clone(), kind);
        for term in &taxonomy.terms {
            let language = if term.language.is_empty() {
                &site.language
            } else {
                &term.language
            };
            if let Some(at) = add(&mut terms, kind, language, &term.slug, &term.name) {
                described.push((at, term.description.clone(), term.aliases.clone()));
                if let Some(parent) = &term.parent {
                    parents.push((at, parent.clone()));
                }
            }
        }
    }
    let names: HashMap<(&str, &str), &str> = folder
        .taxonomies
        .iter()
        .flat_map(|t| {
            t.terms
                .iter()
                .map(|term| ((t.name.as_str(), term.slug.as_str()), term.name.as_str()))
        })
        .collect();
    for page in &folder.pages {
        for (name, slugs) in &page.terms {
            let Some(kind) = terms.taxonomies.get(name).copied() else {
                continue;
            };
            for slug in slugs {
                let shown = names.get(&(name.as_str(), slug.as_str())).copied().unwrap_or_default();
                add(&mut terms, kind, &page.language, slug, shown);
            }
        }
    }
    for (at, description, aliases) in described {
        fresh[at].description = description;
        fresh[at].keep_slugs(aliases);
    }
    for (at, parent) in parents {
        let key = (fresh[at].taxonomy, fresh[at].language.clone(), parent);
        let id = terms.ids.get(&key).copied();
        fresh[at].parent = id.filter(|id| *id != fresh[at].id);
    }
    report.terms = fresh.len();
    if options.dry_run {
        return Ok(terms);
    }
    for batch in fresh.chunks(BATCH) {
        let mut tx = db.tx();
        tx.create_all(batch.to_vec());
        tx.commit().await?;
    }
    Ok(terms)
}

pub fn of_kind(kind: folder::TaxonomyKind) -> Taxonomy {
    match kind {
        folder::TaxonomyKind::BlogCategory => Taxonomy::BlogCategory,
        folder::TaxonomyKind::BlogTag => Taxonomy::BlogTag,
        folder::TaxonomyKind::ProductCategory => Taxonomy::ProductCategory,
        folder::TaxonomyKind::ProductTag => Taxonomy::ProductTag,
        folder::TaxonomyKind::ProductAttribute => Taxonomy::ProductAttribute,
        folder::TaxonomyKind::ServiceCategory => Taxonomy::ServiceCategory,
    }
}

fn db_now(app: &App) -> chrono::DateTime<chrono::Utc> {
    app.db.clock().now()
}
