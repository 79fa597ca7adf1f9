//! Ideas as requests and answers show them.

use chrono::{DateTime, Utc};
use igny8_data::{SectorId, SiteId, UserId};
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Enum, Object};

use super::names::{Names, TargetKeyword};
use crate::api::patch::{set, set_or_clear};
use crate::features::content::model::{ContentStructure, ContentType};
use crate::features::planner::idea::{Heading, Idea, IdeaId, IdeaOrigin, IdeaStatus};
use crate::features::planner::model::{Attribute, ClusterId, ClusterRole, KeywordId};
use crate::features::taxonomy::{TermId, TermsMode};
use crate::features::writer::TaskId;
use crate::features::writer::model::Priority;

/// A page that could be written.
#[derive(Debug, Object)]
#[oai(rename = "Idea", skip_serializing_if_is_none)]
pub struct IdeaOut {
    pub id: IdeaId,
    pub site: SiteId,
    pub sector: SectorId,
    pub title: String,
    /// What the page is for and what it says.
    pub brief: String,
    pub outline: Vec<Heading>,
    pub cluster: Option<ClusterId>,
    pub cluster_name: Option<String>,
    pub cluster_role: Option<ClusterRole>,
    pub content_type: ContentType,
    pub content_structure: ContentStructure,
    /// The keyword it aims at; no other idea of the site does.
    pub primary_keyword: Option<TargetKeyword>,
    pub secondary_keywords: Vec<TargetKeyword>,
    /// Words the page should have.
    pub word_count: i64,
    pub terms: Vec<TermId>,
    /// Names of terms that would fit and are not there yet.
    pub suggested_terms: Vec<String>,
    /// What the page's subject is known to be; its task and content get them.
    pub attributes: Vec<Attribute>,
    pub status: IdeaStatus,
    pub origin: IdeaOrigin,
    pub disabled: bool,
    /// What it became.
    pub task: Option<TaskId>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

/// What a new idea needs.
#[derive(Debug, Object)]
#[oai(rename = "IdeaCreate", deny_unknown_fields)]
pub struct IdeaIn {
    pub sector: SectorId,
    pub title: String,
    pub brief: Option<String>,
    pub outline: Option<Vec<Heading>>,
    /// A cluster of the same sector.
    pub cluster: Option<ClusterId>,
    pub cluster_role: Option<ClusterRole>,
    /// `post` when absent.
    pub content_type: Option<ContentType>,
    /// What is usual for the type when absent.
    pub content_structure: Option<ContentStructure>,
    /// A keyword of the same sector that no other idea aims at.
    pub primary_keyword: Option<KeywordId>,
    pub secondary_keywords: Option<Vec<KeywordId>>,
    /// 1000 when absent.
    pub word_count: Option<i64>,
    pub terms: Option<Vec<TermId>>,
    pub suggested_terms: Option<Vec<String>>,
    pub attributes: Option<Vec<Attribute>>,
}

/// What to change; absent fields stay, `null` empties where it can.
#[derive(Debug, Object)]
#[oai(rename = "IdeaPatch", deny_unknown_fields)]
pub struct IdeaPatch {
    pub title: Option<String>,
    pub brief: Option<String>,
    pub outline: Option<Vec<Heading>>,
    #[oai(nullable)]
    pub cluster: MaybeUndefined<ClusterId>,
    #[oai(nullable)]
    pub cluster_role: MaybeUndefined<ClusterRole>,
    pub content_type: Option<ContentType>,
    pub content_structure: Option<ContentStructure>,
    #[oai(nullable)]
    pub primary_keyword: MaybeUndefined<KeywordId>,
    pub secondary_keywords: Option<Vec<KeywordId>>,
    pub word_count: Option<i64>,
    pub terms: Option<Vec<TermId>>,
    pub suggested_terms: Option<Vec<String>>,
    pub attributes: Option<Vec<Attribute>>,
    /// `new` or `completed`, for an idea without a task; queuing makes one.
    pub status: Option<IdeaStatus>,
    pub disabled: Option<bool>,
}

/// What to do to each idea.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "IdeaBulkAction", rename_all = "snake_case")]
pub enum IdeaAction {
    Delete,
    Restore,
    /// Make a task of it.
    Queue,
    /// Set `status`.
    Status,
    /// Put into `cluster`; with `null`, take out.
    AssignCluster,
    /// Change the terms by `terms` and `terms_mode`.
    AssignTerms,
    /// Set `disabled`.
    Disable,
}

/// An action on ideas.
#[derive(Debug, Object)]
#[oai(rename = "IdeaBulk", deny_unknown_fields)]
pub struct IdeaBulkIn {
    pub action: IdeaAction,
    #[oai(validator(min_items = 1, max_items = 200))]
    pub ids: Vec<IdeaId>,
    pub status: Option<IdeaStatus>,
    /// With `assign_cluster`: it must be there, with `null` to take out.
    #[oai(nullable)]
    pub cluster: MaybeUndefined<ClusterId>,
    #[oai(validator(max_items = 100))]
    pub terms: Option<Vec<TermId>>,
    pub terms_mode: Option<TermsMode>,
    /// Of new tasks: somebody who may work on the site.
    pub assignee: Option<UserId>,
    /// Of new tasks.
    pub due_at: Option<DateTime<Utc>>,
    /// Of new tasks.
    pub priority: Option<Priority>,
    /// True when absent.
    pub disabled: Option<bool>,
}

impl IdeaOut {
    pub fn from_row(idea: Idea, names: &Names) -> Self {
        Self {
            id: idea.id,
            site: idea.site,
            sector: idea.sector,
            title: idea.title,
            brief: idea.brief,
            outline: idea.outline,
            cluster: idea.cluster,
            cluster_name: idea.cluster.and_then(|id| names.clusters.get(&id)).cloned(),
            cluster_role: idea.cluster_role,
            content_type: idea.content_type,
            content_structure: idea.content_structure,
            primary_keyword: idea.primary_keyword.and_then(|id| names.keywords.get(&id)).cloned(),
            secondary_keywords: names.keywords(&idea.secondary_keywords),
            word_count: idea.word_count,
            terms: idea.terms,
            suggested_terms: idea.suggested_terms,
            attributes: idea.attributes,
            status: idea.status,
            origin: idea.origin,
            disabled: idea.disabled,
            task: idea.task,
            created_at: idea.created_at,
            updated_at: idea.updated_at,
            deleted_at: idea.deleted_at,
        }
    }
}

impl IdeaPatch {
    pub fn apply(self, idea: &mut Idea) {
        if let Some(title) = self.title {
            idea.title = title.trim().to_owned();
        }
        set(&mut idea.brief, self.brief);
        set(&mut idea.outline, self.outline);
        set_or_clear(&mut idea.cluster, self.cluster);
        if idea.cluster.is_none() {
            idea.cluster_role = None;
        }
        set_or_clear(&mut idea.cluster_role, self.cluster_role);
        set(&mut idea.content_type, self.content_type);
        set(&mut idea.content_structure, self.content_structure);
        let mut primary = idea.primary_keyword;
        set_or_clear(&mut primary, self.primary_keyword);
        let mut secondary = std::mem::take(&mut idea.secondary_keywords);
        set(&mut secondary, self.secondary_keywords);
        idea.set_keywords(primary, secondary);
        set(&mut idea.word_count, self.word_count);
        set(&mut idea.terms, self.terms);
        set(&mut idea.suggested_terms, self.suggested_terms);
        set(&mut idea.attributes, self.attributes);
        set(&mut idea.status, self.status);
        set(&mut idea.disabled, self.disabled);
    }
}
