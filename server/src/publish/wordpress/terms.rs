//! Terms there for terms of ours: made as needed, below their parents, and renamed with ours.

use igny8_wordpress::{Taxonomy, TermFields, WordPressError};

use super::{Wordpress, failed};
use crate::publish::document::{DocumentTerm, TermStep};
use crate::publish::publisher::{Entry, Known, KnownKind, PublishError};

impl Wordpress {
    /// Ids of a document's terms in a taxonomy, sorted.
    pub(super) async fn terms(
        &self,
        of: &Taxonomy,
        terms: &[DocumentTerm],
        known: &mut Known,
    ) -> Result<Vec<u64>, PublishError> {
        let mut ids = Vec::with_capacity(terms.len());
        for term in terms {
            if self.settings.taxonomy(&term.taxonomy) == Some(of.slug.as_str()) {
                ids.extend(self.term(of, term, known).await?);
            }
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    /// The id of a term, after those above it.
    pub(super) async fn term(
        &self,
        of: &Taxonomy,
        term: &DocumentTerm,
        known: &mut Known,
    ) -> Result<Option<u64>, PublishError> {
        let from = if of.hierarchical {
            0
        } else {
            term.path.len().saturating_sub(1)
        };
        let mut parent = None;
        for step in &term.path[from..] {
            parent = Some(self.step(of, step, parent, known).await?);
        }
        Ok(parent)
    }

    async fn step(
        &self,
        of: &Taxonomy,
        step: &TermStep,
        parent: Option<u64>,
        known: &mut Known,
    ) -> Result<u64, PublishError> {
        let fields = TermFields {
            name: Some(step.name.clone()),
            slug: Some(step.slug.clone()),
            description: Some(step.description.clone()),
            parent: parent.or(Some(0)).filter(|_| of.hierarchical),
        };
        let hash = blake3::hash(&serde_json::to_vec(&(&of.slug, &fields)).unwrap_or_default());
        let hash = hash.to_hex().to_string();
        let entry = known.get(KnownKind::Term, &step.id);
        let id = entry.and_then(|entry| entry.external_id.parse::<u64>().ok());
        let sent = entry.and_then(|entry| entry.hash.clone());
        let id = match (id, sent) {
            // As it came from there, or as it was sent.
            (Some(id), None) => id,
            (Some(id), Some(sent)) if sent == hash => return Ok(id),
            (Some(id), Some(_)) => match self.client.update_term(of, id, &fields).await {
                Ok(term) => term.id,
                Err(WordPressError::Gone) => self.made(of, &fields).await?,
                Err(error) => return Err(failed(&error)),
            },
            (None, _) => self.made(of, &fields).await?,
        };
        let entry = Entry {
            external_id: id.to_string(),
            hash: Some(hash),
            url: None,
        };
        known.learn(KnownKind::Term, &step.id, entry);
        Ok(id)
    }

    /// A term of WordPress's own with the same name or slug is taken for ours, and left as it is.
    async fn made(&self, of: &Taxonomy, fields: &TermFields) -> Result<u64, PublishError> {
        let made = self.client.create_term(of, fields).await;
        Ok(made.map_err(|error| failed(&error))?.id)
    }
}
