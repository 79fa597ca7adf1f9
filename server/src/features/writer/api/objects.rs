//! Tasks as requests and answers show them.

use chrono::{DateTime, Utc};
use igny8_data::{Access, SectorId, SiteDb, SiteId, UserId};
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Enum, Object};

use crate::api::patch::{set, set_or_clear};
use crate::api::{Fetched, Result};
use crate::features::content::ContentId;
use crate::features::content::model::{ContentStructure, ContentType};
use crate::features::planner::api::names::{self, Names, TargetKeyword};
use crate::features::planner::idea::{Heading, IdeaId};
use crate::features::planner::{Attribute, ClusterId, ClusterRole, KeywordId};
use crate::features::taxonomy::{TermId, TermsMode};
use crate::features::writer::model::{Priority, Task, TaskId, TaskStatus};

/// Something to be written.
#[derive(Debug, Object)]
#[oai(rename = "Task", skip_serializing_if_is_none)]
pub struct TaskOut {
    pub id: TaskId,
    pub site: SiteId,
    pub sector: SectorId,
    pub title: String,
    pub brief: String,
    pub outline: Vec<Heading>,
    /// What it was made of.
    pub idea: Option<IdeaId>,
    pub cluster: Option<ClusterId>,
    pub cluster_name: Option<String>,
    pub cluster_role: Option<ClusterRole>,
    pub content_type: ContentType,
    pub content_structure: ContentStructure,
    pub primary_keyword: Option<TargetKeyword>,
    pub secondary_keywords: Vec<TargetKeyword>,
    /// Words the text should have.
    pub word_count: i64,
    pub terms: Vec<TermId>,
    /// What the page's subject is known to be; its content gets them.
    pub attributes: Vec<Attribute>,
    pub assignee: Option<UserId>,
    pub due_at: Option<DateTime<Utc>>,
    pub priority: Priority,
    /// Takes the place of the account's prompt when its draft is generated.
    pub prompt: Option<String>,
    pub status: TaskStatus,
    /// The draft.
    pub content: Option<ContentId>,
    pub completed_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

/// What a new task needs. Of an idea, tasks are made by queuing it.
#[derive(Debug, Object)]
#[oai(rename = "TaskCreate", deny_unknown_fields)]
pub struct TaskIn {
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
    pub primary_keyword: Option<KeywordId>,
    pub secondary_keywords: Option<Vec<KeywordId>>,
    /// 1000 when absent.
    pub word_count: Option<i64>,
    pub terms: Option<Vec<TermId>>,
    pub attributes: Option<Vec<Attribute>>,
    /// Somebody who may work on the site.
    pub assignee: Option<UserId>,
    pub due_at: Option<DateTime<Utc>>,
    /// `normal` when absent.
    pub priority: Option<Priority>,
    pub prompt: Option<String>,
}

/// What to change; absent fields stay, `null` empties where it can.
#[derive(Debug, Object)]
#[oai(rename = "TaskPatch", deny_unknown_fields)]
pub struct TaskPatch {
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
    pub attributes: Option<Vec<Attribute>>,
    #[oai(nullable)]
    pub assignee: MaybeUndefined<UserId>,
    #[oai(nullable)]
    pub due_at: MaybeUndefined<DateTime<Utc>>,
    pub priority: Option<Priority>,
    #[oai(nullable)]
    pub prompt: MaybeUndefined<String>,
    /// Its idea's status follows.
    pub status: Option<TaskStatus>,
}

/// What to do to each task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "TaskBulkAction", rename_all = "snake_case")]
pub enum TaskAction {
    Delete,
    Restore,
    /// Set `status`.
    Status,
    /// Give to `assignee`; without one, to nobody.
    Assign,
    /// Put into `cluster`; with `null`, take out.
    AssignCluster,
    /// Change the terms by `terms` and `terms_mode`.
    AssignTerms,
    /// Set `priority`.
    Priority,
    /// Set `due_at`; without it, take the date away.
    Due,
}

/// An action on tasks.
#[derive(Debug, Object)]
#[oai(rename = "TaskBulk", deny_unknown_fields)]
pub struct TaskBulkIn {
    pub action: TaskAction,
    #[oai(validator(min_items = 1, max_items = 200))]
    pub ids: Vec<TaskId>,
    pub status: Option<TaskStatus>,
    pub assignee: Option<UserId>,
    /// With `assign_cluster`: it must be there, with `null` to take out.
    #[oai(nullable)]
    pub cluster: MaybeUndefined<ClusterId>,
    #[oai(validator(max_items = 100))]
    pub terms: Option<Vec<TermId>>,
    pub terms_mode: Option<TermsMode>,
    pub priority: Option<Priority>,
    pub due_at: Option<DateTime<Utc>>,
}

impl TaskOut {
    pub fn from_row(task: Task, names: &Names) -> Self {
        Self {
            id: task.id,
            site: task.site,
            sector: task.sector,
            title: task.title,
            brief: task.brief,
            outline: task.outline,
            idea: task.idea,
            cluster: task.cluster,
            cluster_name: task.cluster.and_then(|id| names.clusters.get(&id)).cloned(),
            cluster_role: task.cluster_role,
            content_type: task.content_type,
            content_structure: task.content_structure,
            primary_keyword: task.primary_keyword.and_then(|id| names.keywords.get(&id)).cloned(),
            secondary_keywords: names.keywords(&task.secondary_keywords),
            word_count: task.word_count,
            terms: task.terms,
            attributes: task.attributes,
            assignee: task.assignee,
            due_at: task.due_at,
            priority: task.priority,
            prompt: task.prompt,
            status: task.status,
            content: task.content,
            completed_at: task.completed_at,
            created_at: task.created_at,
            updated_at: task.updated_at,
            deleted_at: task.deleted_at,
        }
    }

    /// A task with what it names.
    pub(super) async fn shown<A: Access>(db: &SiteDb<'_, A>, task: Task) -> Result<Self> {
        let named = std::iter::once((task.cluster, task.keywords(), task.terms.as_slice()));
        let names = names::of(db, named).await?;
        Ok(Self::from_row(task, &names))
    }

    /// A task with its ETag.
    pub async fn fetched<A: Access>(db: &SiteDb<'_, A>, task: Task) -> Result<Fetched<Self>> {
        let rev = task.rev;
        Ok(Fetched::new(Self::shown(db, task).await?, rev))
    }
}

impl TaskPatch {
    pub fn apply(self, task: &mut Task, now: DateTime<Utc>) {
        if let Some(title) = self.title {
            task.title = title.trim().to_owned();
        }
        set(&mut task.brief, self.brief);
        set(&mut task.outline, self.outline);
        set_or_clear(&mut task.cluster, self.cluster);
        if task.cluster.is_none() {
            task.cluster_role = None;
        }
        set_or_clear(&mut task.cluster_role, self.cluster_role);
        set(&mut task.content_type, self.content_type);
        set(&mut task.content_structure, self.content_structure);
        let mut primary = task.primary_keyword;
        set_or_clear(&mut primary, self.primary_keyword);
        let mut secondary = std::mem::take(&mut task.secondary_keywords);
        set(&mut secondary, self.secondary_keywords);
        task.set_keywords(primary, secondary);
        set(&mut task.word_count, self.word_count);
        set(&mut task.terms, self.terms);
        set(&mut task.attributes, self.attributes);
        set_or_clear(&mut task.assignee, self.assignee);
        set_or_clear(&mut task.due_at, self.due_at);
        set(&mut task.priority, self.priority);
        set_or_clear(&mut task.prompt, self.prompt);
        if let Some(status) = self.status {
            task.set_status(status, now);
        }
    }
}
