//! Tasks as stored, and their rules.

use chrono::{DateTime, Utc};
use igny8_data::{
    AccountId, CanWrite, SectorId, SiteId, SiteScope, SurrealValue, Tx, UserId, Variables, id_type, record,
};
use poem_openapi::Enum;

use crate::api::validate::Check;
use crate::features::content::ContentId;
use crate::features::content::model::{ContentStructure, ContentType};
use crate::features::planner::idea::{Heading, IdeaId, IdeaStatus, Plan};
use crate::features::planner::model::choice;
use crate::features::planner::{Attribute, ClusterId, ClusterRole, Idea, KeywordId};
use crate::features::taxonomy::TermId;

id_type!(
    /// Something to be written.
    TaskId, "task", "task_"
);

choice!(TaskStatus {
    Queued,
    InProgress,
    /// Its content is there.
    Completed,
    Cancelled,
});
choice!(Priority {
    Low,
    Normal,
    High,
    Urgent
});

/// A task as stored.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Task {
    pub id: TaskId,
    pub account: AccountId,
    pub site: SiteId,
    pub sector: SectorId,
    pub title: String,
    pub brief: String,
    pub outline: Vec<Heading>,
    /// What it was made of.
    pub idea: Option<IdeaId>,
    /// The idea while it stands for it: until it is cancelled or deleted. Unique within the site.
    pub queued_for: Option<IdeaId>,
    /// A cluster of the same sector.
    pub cluster: Option<ClusterId>,
    pub cluster_role: Option<ClusterRole>,
    pub content_type: ContentType,
    pub content_structure: ContentStructure,
    pub primary_keyword: Option<KeywordId>,
    pub secondary_keywords: Vec<KeywordId>,
    /// Words the text should have.
    pub word_count: i64,
    pub terms: Vec<TermId>,
    /// What the page's subject is known to be; its content gets them.
    pub attributes: Vec<Attribute>,
    /// A user of the account who may work on the site.
    pub assignee: Option<UserId>,
    pub due_at: Option<DateTime<Utc>>,
    pub priority: Priority,
    /// Takes the place of the account's prompt when its draft is generated.
    pub prompt: Option<String>,
    pub status: TaskStatus,
    /// The draft.
    pub content: Option<ContentId>,
    pub completed_at: Option<DateTime<Utc>>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

record!(Task, TaskId, site, soft_delete);

impl Task {
    /// A new task made by hand.
    pub fn new<A: CanWrite>(
        id: TaskId,
        scope: &SiteScope<A>,
        sector: SectorId,
        title: &str,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            account: scope.account(),
            site: scope.site(),
            sector,
            title: title.trim().to_owned(),
            brief: String::new(),
            outline: Vec::new(),
            idea: None,
            queued_for: None,
            cluster: None,
            cluster_role: None,
            content_type: ContentType::Post,
            content_structure: ContentStructure::Article,
            primary_keyword: None,
            secondary_keywords: Vec::new(),
            word_count: 1_000,
            terms: Vec::new(),
            attributes: Vec::new(),
            assignee: None,
            due_at: None,
            priority: Priority::Normal,
            prompt: None,
            status: TaskStatus::Queued,
            content: None,
            completed_at: None,
            rev: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }

    /// What an idea becomes.
    pub fn of_idea<A: CanWrite>(id: TaskId, scope: &SiteScope<A>, idea: &Idea, now: DateTime<Utc>) -> Self {
        Self {
            brief: idea.brief.clone(),
            outline: idea.outline.clone(),
            idea: Some(idea.id),
            queued_for: Some(idea.id),
            cluster: idea.cluster,
            cluster_role: idea.cluster_role,
            content_type: idea.content_type,
            content_structure: idea.content_structure,
            primary_keyword: idea.primary_keyword,
            secondary_keywords: idea.secondary_keywords.clone(),
            word_count: idea.word_count,
            terms: idea.terms.clone(),
            attributes: idea.attributes.clone(),
            ..Self::new(id, scope, idea.sector, &idea.title, now)
        }
    }

    /// Sets what it aims at; the primary keyword is not a secondary one besides.
    pub fn set_keywords(&mut self, primary: Option<KeywordId>, mut secondary: Vec<KeywordId>) {
        let mut seen: std::collections::HashSet<KeywordId> = primary.into_iter().collect();
        secondary.retain(|keyword| seen.insert(*keyword));
        (self.primary_keyword, self.secondary_keywords) = (primary, secondary);
    }

    /// Sets the status with what follows from it.
    pub fn set_status(&mut self, status: TaskStatus, now: DateTime<Utc>) {
        if status != self.status {
            self.completed_at = (status == TaskStatus::Completed).then_some(now);
        }
        self.status = status;
        self.queued_for = self.idea.filter(|_| self.stands());
    }

    /// Whether it stands for its idea.
    fn stands(&self) -> bool {
        self.status != TaskStatus::Cancelled && self.deleted_at.is_none()
    }

    /// Marks it as deleted.
    pub fn set_deleted(&mut self, now: DateTime<Utc>) {
        self.deleted_at = Some(now);
        self.queued_for = None;
    }

    /// All that it aims at, the primary first.
    pub fn keywords(&self) -> impl Iterator<Item = KeywordId> + '_ {
        self.primary_keyword
            .into_iter()
            .chain(self.secondary_keywords.iter().copied())
    }

    /// Checks what a request may have set, in the request's own field names.
    pub fn check(&self, check: &mut Check) {
        Plan {
            title: &self.title,
            brief: &self.brief,
            outline: &self.outline,
            word_count: self.word_count,
            secondary: self.secondary_keywords.len(),
            terms: self.terms.len(),
            attributes: &self.attributes,
            prompt: self.prompt.as_deref(),
            role_without_cluster: self.cluster.is_none() && self.cluster_role.is_some(),
        }
        .check(check);
        if let Some(prompt) = &self.prompt {
            let problems = crate::ai::functions::prompt_problems(prompt);
            check.that(problems.is_empty(), "prompt", problems.join("; "));
        }
    }

    /// Lets the idea's status follow. To be called in the unit of work that changes the task, once.
    pub fn follow(&self, tx: &mut Tx<'_>, now: DateTime<Utc>) {
        let Some(idea) = self.idea else { return };
        let status = match self.status {
            _ if !self.stands() => IdeaStatus::New,
            TaskStatus::Completed => IdeaStatus::Completed,
            TaskStatus::Queued | TaskStatus::InProgress | TaskStatus::Cancelled => IdeaStatus::Queued,
        };
        let mut binds = Variables::new();
        binds.insert("followed_idea", idea);
        binds.insert("followed_task", self.id);
        binds.insert("followed_to", Some(self.id).filter(|_| self.stands()));
        binds.insert("followed_status", status);
        binds.insert("followed_at", now);
        tx.statement(
            "UPDATE $followed_idea SET status = $followed_status, task = $followed_to, rev += 1, \
             updated_at = $followed_at WHERE site = $site AND account = $account \
             AND (task IS NONE OR task = $followed_task) AND (status != $followed_status OR task != $followed_to) \
             RETURN NONE",
            binds,
        );
    }
}

/// The assignee must be a user of the account who may work on the site.
pub fn require_assignee(tx: &mut Tx<'_>, assignee: UserId) {
    let mut binds = Variables::new();
    binds.insert("assignee", assignee);
    tx.require(
        "array::len((SELECT VALUE id FROM [$assignee] WHERE account = $account AND disabled = false \
         AND (role INSIDE ['owner', 'admin'] OR (role = 'editor' AND array::len((SELECT VALUE id FROM site_access \
         WHERE user = $assignee AND site = $site AND account = $account LIMIT 1)) = 1)))) = 1",
        binds,
        "unknown_assignee",
    );
}
