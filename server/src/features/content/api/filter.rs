//! Which content a list or a bulk action means.

use igny8_data::{Deleted, Select};
use poem_openapi::Object;

use crate::features::content::model::{ContentStructure, ContentType, Status};
use crate::features::planner::ClusterId;
use crate::features::taxonomy::TermId;

/// Words that a search looks for.
const WORDS: usize = 10;

/// Conditions that content fulfils, all of them.
#[derive(Debug, Clone, Default, Object)]
#[oai(rename = "ContentFilter", deny_unknown_fields)]
pub struct Filter {
    pub status: Option<Status>,
    pub content_type: Option<ContentType>,
    pub content_structure: Option<ContentStructure>,
    pub cluster: Option<ClusterId>,
    /// Content in no cluster.
    pub unassigned_cluster: Option<bool>,
    pub term: Option<TermId>,
    /// Content without terms.
    pub unassigned_term: Option<bool>,
    pub language: Option<String>,
    pub author: Option<String>,
    /// Content with a publication or its end scheduled.
    pub scheduled: Option<bool>,
    /// Words in title, slug, excerpt or body; all of them must be there.
    pub search: Option<String>,
    /// Deleted content instead of the rest.
    pub deleted: Option<bool>,
}

impl Filter {
    /// Whether deleted rows are meant.
    pub fn which(&self) -> Deleted {
        if self.deleted == Some(true) {
            Deleted::Only
        } else {
            Deleted::Without
        }
    }

    /// The conditions as a query.
    pub fn select(&self) -> Select {
        let mut select = Select::new()
            .deleted(self.which())
            .equals_some("status", self.status)
            .equals_some("content_type", self.content_type)
            .equals_some("content_structure", self.content_structure)
            .equals_some("cluster", self.cluster)
            .equals_some("language", self.language.clone())
            .equals_some("author", self.author.clone());
        if self.unassigned_cluster == Some(true) {
            select = select.is_none("cluster");
        }
        if let Some(term) = self.term {
            select = select.compare("terms", "CONTAINS", term);
        }
        if self.unassigned_term == Some(true) {
            select = select.is_empty("terms");
        }
        match self.scheduled {
            Some(true) => select = select.equals("(publish_at IS NOT NONE OR unpublish_at IS NOT NONE)", true),
            Some(false) => select = select.is_none("publish_at").is_none("unpublish_at"),
            None => {}
        }
        for word in self.search.iter().flat_map(|text| text.split_whitespace()).take(WORDS) {
            select = select.search(&["title", "slug", "excerpt", "body"], word);
        }
        select
    }
}
