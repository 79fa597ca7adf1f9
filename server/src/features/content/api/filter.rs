//! Which content a list or a bulk action means.

use igny8_data::{Access, Deleted, Select, SiteScope};
use poem_openapi::{Enum, Object};

use crate::api::Result;
use crate::app::App;
use crate::features::content::model::{ContentStructure, ContentType, Status};
use crate::features::content::search::{self, Facts, Found};
use crate::features::optimizer::{GREEN, ORANGE};
use crate::features::planner::ClusterId;
use crate::features::taxonomy::TermId;

/// What its score says of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ScoreFilter {
    /// Below 50.
    Red,
    /// 50 to 79.
    Orange,
    /// From 80.
    Green,
    /// Not scored yet.
    #[oai(rename = "none")]
    Unscored,
}

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
    /// The least score.
    pub score_min: Option<u8>,
    /// The highest score; content that is not scored has none.
    pub score_max: Option<u8>,
    pub light: Option<ScoreFilter>,
    /// Words, and phrases in double quotes, in title, headings or text: all of them must be there, in any inflection and whatever
    /// their case and marks.
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

    /// Whether it has a condition besides the one on deleted content.
    pub fn narrows(&self) -> bool {
        let Self {
            status,
            content_type,
            content_structure,
            cluster,
            unassigned_cluster,
            term,
            unassigned_term,
            language,
            author,
            scheduled,
            score_min,
            score_max,
            light,
            search: _,
            deleted: _,
        } = self;
        status.is_some()
            || content_type.is_some()
            || content_structure.is_some()
            || cluster.is_some()
            || *unassigned_cluster == Some(true)
            || term.is_some()
            || *unassigned_term == Some(true)
            || language.is_some()
            || author.is_some()
            || scheduled.is_some()
            || score_min.is_some()
            || score_max.is_some()
            || light.is_some()
            || self.searches()
    }

    /// The conditions as a query, all but the search: that is [`Filter::found`].
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
        let (mut least, mut most) = (self.score_min.map(i64::from), self.score_max.map(i64::from));
        match self.light {
            Some(ScoreFilter::Red) => most = Some(most.unwrap_or(100).min(ORANGE - 1)),
            Some(ScoreFilter::Orange) => {
                least = Some(least.unwrap_or(0).max(ORANGE));
                most = Some(most.unwrap_or(100).min(GREEN - 1));
            }
            Some(ScoreFilter::Green) => least = Some(least.unwrap_or(0).max(GREEN)),
            Some(ScoreFilter::Unscored) => select = select.is_none("score"),
            None => {}
        }
        if least.is_some() || most.is_some() {
            // NONE comes before all numbers.
            select = select.compare("score", ">=", least.unwrap_or(0));
        }
        if let Some(most) = most {
            select = select.compare("score", "<=", most);
        }
        select
    }

    /// What the search finds, where there is one. `which` rows are meant is the caller's to say.
    ///
    /// # Errors
    /// 422 when its text is too long; 503 while the site's index is being made; when the database or the disk fails.
    pub async fn found<A: Access>(&self, app: &App, scope: &SiteScope<A>, which: Deleted) -> Result<Option<Found>> {
        let Some(text) = self.text() else {
            return Ok(None);
        };
        search::ids(app, scope, text, self.facts(which)).await.map(Some)
    }

    /// Whether something is searched for.
    pub fn searches(&self) -> bool {
        self.text().is_some()
    }

    fn text(&self) -> Option<&str> {
        self.search.as_deref().filter(|text| !text.trim().is_empty())
    }

    /// Whether what a search finds may still not fulfil all conditions.
    pub fn is_more_than_facts(&self) -> bool {
        self.scheduled.is_some() || self.score_min.is_some() || self.score_max.is_some() || self.light.is_some()
    }

    /// The conditions that the index of a search knows of.
    fn facts(&self, which: Deleted) -> Facts {
        let mut facts = Facts::default();
        if let Some(status) = self.status {
            facts = facts.status(status);
        }
        if let Some(content_type) = self.content_type {
            facts = facts.content_type(content_type);
        }
        if let Some(structure) = self.content_structure {
            facts = facts.structure(structure);
        }
        if self.cluster.is_some() {
            facts = facts.cluster(self.cluster);
        }
        if self.unassigned_cluster == Some(true) {
            facts = facts.cluster(None);
        }
        if self.term.is_some() {
            facts = facts.term(self.term);
        }
        if self.unassigned_term == Some(true) {
            facts = facts.term(None);
        }
        if let Some(language) = &self.language {
            facts = facts.language(language);
        }
        if let Some(author) = &self.author {
            facts = facts.author(author);
        }
        match which {
            Deleted::Without => facts.deleted(false),
            Deleted::Only => facts.deleted(true),
            Deleted::With => facts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_narrows() {
        let empty = Filter::default;
        for (filter, narrows) in [
            (empty(), false),
            (
                Filter {
                    unassigned_cluster: Some(false),
                    unassigned_term: Some(false),
                    ..empty()
                },
                false,
            ),
            (
                Filter {
                    search: Some("  ".into()),
                    deleted: Some(true),
                    ..empty()
                },
                false,
            ),
            (
                Filter {
                    search: Some("tea".into()),
                    ..empty()
                },
                true,
            ),
            (
                Filter {
                    unassigned_term: Some(true),
                    ..empty()
                },
                true,
            ),
            (
                Filter {
                    scheduled: Some(false),
                    ..empty()
                },
                true,
            ),
            (
                Filter {
                    score_max: Some(49),
                    ..empty()
                },
                true,
            ),
            (
                Filter {
                    status: Some(Status::Draft),
                    ..empty()
                },
                true,
            ),
        ] {
            assert_eq!(filter.narrows(), narrows, "{filter:?}");
        }
    }
}
