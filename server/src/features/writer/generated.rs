//! What was generated for a piece of content last: the base against which people's own changes are known.

use chrono::{DateTime, Utc};
use igny8_data::{Access, AccountId, DbError, RecordKey as _, SiteDb, SiteId, SurrealValue, Tx, id_type, record};
use igny8_writer::draft::Draft;

use crate::features::content::{Content, ContentId};

id_type!(
    /// What was generated for a piece of content; its ULID is the content's.
    GeneratedId, "generated", "gen_"
);

/// What was generated for a piece of content last, as it was generated.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Generated {
    id: GeneratedId,
    account: AccountId,
    site: SiteId,
    content: ContentId,
    draft: serde_json::Value,
    rev: i64,
    at: DateTime<Utc>,
}

record!(Generated, GeneratedId, site);

impl Generated {
    /// The draft; none where a newer program cannot read it.
    pub fn draft(&self) -> Option<Draft> {
        serde_json::from_value(self.draft.clone()).ok()
    }
}

/// What was generated for a piece of content last.
///
/// # Errors
/// When the database fails.
pub async fn of<A: Access>(db: &SiteDb<'_, A>, content: ContentId) -> Result<Option<Generated>, DbError> {
    db.get::<Generated>(GeneratedId::from_ulid(content.ulid())).await
}

/// Keeps what was generated for `content`, in the place of what was before.
pub fn keep(tx: &mut Tx<'_>, before: Option<Generated>, content: &Content, draft: &Draft, now: DateTime<Utc>) {
    // A draft is texts and lists: writing it as JSON cannot fail.
    let draft = serde_json::to_value(draft).unwrap_or_default();
    match before {
        Some(mut row) => {
            (row.draft, row.at) = (draft, now);
            tx.replace(&mut row);
        }
        None => {
            tx.create(Generated {
                id: GeneratedId::from_ulid(content.id.ulid()),
                account: content.account,
                site: content.site,
                content: content.id,
                draft,
                rev: 1,
                at: now,
            });
        }
    }
}
