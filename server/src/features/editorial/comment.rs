//! Comments as stored.

use chrono::{DateTime, Utc};
use igny8_data::{AccountId, SiteId, SurrealValue, Tx, UserId, Variables, id_type, record};

use super::people::MAY_SEE;
use crate::api::validate::Check;
use crate::features::content::ContentId;

id_type!(
    /// What somebody says about content.
    CommentId, "comment", "comm_"
);

/// People one comment mentions.
pub const MENTIONS: usize = 20;
/// Comments of one piece of content: more is no conversation.
pub const MOST: usize = 2_000;

/// A comment as stored.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Comment {
    pub id: CommentId,
    pub account: AccountId,
    pub site: SiteId,
    pub content: ContentId,
    /// The first comment of its thread; without one it is the first itself.
    pub thread: Option<CommentId>,
    /// Id of the user or key that wrote it.
    pub author: String,
    pub text: String,
    /// The words of the content that it is about.
    pub quote: Option<String>,
    pub mentions: Vec<UserId>,
    pub edited_at: Option<DateTime<Utc>>,
    /// Of first comments: when the thread was done.
    pub resolved_at: Option<DateTime<Utc>>,
    pub resolved_by: Option<String>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

record!(Comment, CommentId, site, soft_delete);

impl Comment {
    /// Checks what a user may set.
    pub fn check(&self, check: &mut Check) {
        check.text("text", &self.text, 1, 10_000);
        if let Some(quote) = &self.quote {
            check.text("quote", quote, 1, 2_000);
        }
        check.that(
            self.mentions.len() <= MENTIONS,
            "mentions",
            format!("must be at most {MENTIONS} people"),
        );
    }
}

/// Who is mentioned must be able to see the site.
pub fn require_people(tx: &mut Tx<'_>, people: &[UserId]) {
    if people.is_empty() {
        return;
    }
    let mut binds = Variables::new();
    binds.insert("mentioned", people.to_vec());
    binds.insert("mentioned_count", i64::try_from(people.len()).unwrap_or(i64::MAX));
    tx.require(
        &format!(
            "array::len((SELECT VALUE id FROM $mentioned WHERE account = $account AND {})) = $mentioned_count",
            MAY_SEE.replace("$of_site", "$site")
        ),
        binds,
        "unknown_person",
    );
}
