//! Terms of documents: with those above them, and cluster and sector as terms of taxonomies of their own.

use std::collections::HashMap;

use igny8_data::DbError;

use super::named::Named;
use super::{Maker, distinct};
use crate::features::content::Content;
use crate::features::publishing::snapshot::rows_of;
use crate::features::taxonomy::model::MAX_DEPTH;
use crate::features::taxonomy::{Term, TermId};
use crate::publish::{DocumentTerm, TermStep};

impl Maker<'_> {
    /// Terms with those above them; what was deleted is left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn term_paths(&self, ids: Vec<TermId>) -> Result<Vec<DocumentTerm>, DbError> {
        let terms = self.with_parents(ids.clone()).await?;
        Ok(ids.into_iter().filter_map(|id| term_path(id, &terms)).collect())
    }

    pub(super) async fn with_parents(&self, mut wanted: Vec<TermId>) -> Result<HashMap<TermId, Term>, DbError> {
        let mut terms: HashMap<TermId, Term> = HashMap::new();
        for _ in 0..MAX_DEPTH {
            if wanted.is_empty() {
                break;
            }
            let tenant = (self.site.account, self.site.id);
            let found: Vec<Term> = rows_of(&self.db, tenant, wanted, "deleted_at IS NONE").await?;
            let parents: Vec<TermId> = found.iter().filter_map(|term| term.parent).collect();
            terms.extend(found.into_iter().map(|term| (term.id, term)));
            wanted = distinct(parents.into_iter().filter(|id| !terms.contains_key(id)));
        }
        Ok(terms)
    }
}

/// The terms with their paths, and cluster and sector as terms of taxonomies of their own.
pub(super) fn terms(content: &Content, named: &Named) -> Vec<DocumentTerm> {
    let of_terms = content.terms.iter().filter_map(|id| term_path(*id, &named.terms));
    let alone = |taxonomy: &str, id: String, name: &String| DocumentTerm {
        taxonomy: taxonomy.to_owned(),
        path: vec![TermStep {
            id,
            name: name.clone(),
            slug: igny8_text::slug(name, &content.language),
            description: String::new(),
        }],
    };
    let cluster = content
        .cluster
        .and_then(|id| Some(alone("cluster", id.to_string(), named.clusters.get(&id)?)));
    let sector = content
        .sector
        .and_then(|id| Some(alone("sector", id.to_string(), named.sectors.get(&id)?)));
    of_terms.chain(cluster).chain(sector).collect()
}

/// A term with those above it, from the root down.
fn term_path(id: TermId, terms: &HashMap<TermId, Term>) -> Option<DocumentTerm> {
    let own = terms.get(&id)?;
    let mut path = Vec::new();
    let mut next = Some(own);
    while let Some(term) = next.filter(|_| path.len() <= MAX_DEPTH) {
        path.push(TermStep {
            id: term.id.to_string(),
            name: term.name.clone(),
            slug: term.slug.clone(),
            description: term.description.clone(),
        });
        next = term.parent.and_then(|parent| terms.get(&parent));
    }
    path.reverse();
    let taxonomy = serde_json::to_value(own.taxonomy).ok()?;
    Some(DocumentTerm {
        taxonomy: taxonomy.as_str()?.to_owned(),
        path,
    })
}
