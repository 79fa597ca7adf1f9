//! Conditions of a list that the index knows of each text, so that what was found need not be read to be left out.
//!
//! Only what cannot change without `rev` and `updated_at` is among them: a score and a schedule are looked at in the rows.

use serde::Serialize;

use crate::features::content::model::{Content, ContentStructure, ContentType, Status};
use crate::features::planner::ClusterId;
use crate::features::taxonomy::TermId;

/// In place of what there is none of.
const NONE: &str = "-";

/// Conditions, each a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts(Vec<String>);

impl Facts {
    /// What is true of a row.
    pub fn of(row: &Content) -> Self {
        let mut facts = Self::default()
            .status(row.status)
            .content_type(row.content_type)
            .structure(row.content_structure)
            .cluster(row.cluster)
            .language(&row.language)
            .deleted(row.deleted_at.is_some());
        if let Some(author) = &row.author {
            facts = facts.author(author);
        }
        if row.terms.is_empty() {
            facts = facts.term(None);
        }
        for term in &row.terms {
            facts = facts.term(Some(*term));
        }
        facts
    }

    #[must_use]
    pub fn status(self, status: Status) -> Self {
        self.with("status", &status)
    }

    #[must_use]
    pub fn content_type(self, content_type: ContentType) -> Self {
        self.with("type", &content_type)
    }

    #[must_use]
    pub fn structure(self, structure: ContentStructure) -> Self {
        self.with("structure", &structure)
    }

    /// In this cluster, or in none.
    #[must_use]
    pub fn cluster(self, cluster: Option<ClusterId>) -> Self {
        self.with("cluster", &cluster.map_or_else(|| NONE.to_owned(), |id| id.to_string()))
    }

    /// With this term, or with none.
    #[must_use]
    pub fn term(self, term: Option<TermId>) -> Self {
        self.with("term", &term.map_or_else(|| NONE.to_owned(), |id| id.to_string()))
    }

    #[must_use]
    pub fn language(self, tag: &str) -> Self {
        self.with("tag", &tag)
    }

    #[must_use]
    pub fn author(self, author: &str) -> Self {
        self.with("author", &author)
    }

    #[must_use]
    pub fn deleted(self, deleted: bool) -> Self {
        self.with("deleted", &deleted)
    }

    pub fn into_texts(self) -> Vec<String> {
        self.0
    }

    fn with(mut self, name: &str, value: &impl Serialize) -> Self {
        // Names, ids and flags: none of them can fail to be written.
        let value = serde_json::to_string(value).unwrap_or_default();
        self.0.push(format!("{name}:{value}"));
        self
    }
}
