//! Revisions: one immutable row for each change of a title or body.

use chrono::{DateTime, Utc};
use igny8_data::{AccountId, SiteId, SurrealValue, id_type, record};
use poem_openapi::Enum;

use super::model::{BodyFormat, Content, ContentId};
use crate::features::planner::model::choice;

id_type!(
    /// A revision of content.
    RevisionId, "revision", "rev_"
);

choice!(
    /// What made a revision.
    Reason { Created, Edited, Restored, Imported, Generated }
);

/// A revision as stored.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Revision {
    pub id: RevisionId,
    pub account: AccountId,
    pub site: SiteId,
    pub content: ContentId,
    /// 1, 2, 3 … without gaps, for each content.
    pub number: i64,
    pub reason: Reason,
    /// The number of the revision that was restored.
    pub restored_from: Option<i64>,
    /// Who made it: a user's or key's id, or the system's name.
    pub author: String,
    pub title: String,
    pub body: String,
    pub body_format: BodyFormat,
    /// `None` in revisions that are older than blocks.
    pub blocks: Option<Vec<serde_json::Value>>,
    /// Fields of the content that changed with it.
    pub changed: Vec<String>,
    pub rev: i64,
    pub at: DateTime<Utc>,
}

record!(Revision, RevisionId, site);

/// A revision without its body, for lists.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct RevisionSummary {
    pub id: RevisionId,
    pub account: AccountId,
    pub site: SiteId,
    pub content: ContentId,
    pub number: i64,
    pub reason: Reason,
    pub restored_from: Option<i64>,
    pub author: String,
    pub title: String,
    pub changed: Vec<String>,
    pub rev: i64,
    pub at: DateTime<Utc>,
}

record!(RevisionSummary, RevisionId, site);

impl RevisionSummary {
    /// What to ask the database for, see [`igny8_data::Select::columns`].
    pub const COLUMNS: &'static [&'static str] = &[
        "id",
        "account",
        "site",
        "content",
        "number",
        "reason",
        "restored_from",
        "author",
        "title",
        "changed",
        "rev",
        "at",
    ];
}

impl Revision {
    /// The revision that keeps what `content` says now; its number is the content's.
    pub fn of(
        id: RevisionId,
        content: &Content,
        reason: Reason,
        author: String,
        changed: Vec<String>,
        at: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            account: content.account,
            site: content.site,
            content: content.id,
            number: content.revision,
            reason,
            restored_from: None,
            author,
            title: content.title.clone(),
            body: content.body.clone(),
            body_format: content.body_format,
            blocks: Some(content.blocks.clone()),
            changed,
            rev: 1,
            at,
        }
    }
}
