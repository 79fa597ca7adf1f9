//! Who has content open in an editor: shown to others, so that two people do not write the same text twice.

use chrono::{DateTime, Duration, Utc};
use igny8_data::{
    Access, AccountId, DbError, RecordKey as _, SiteDb, SiteId, SurrealValue, Tx, UserId, Variables, id_type, record,
};

use crate::features::content::ContentId;
use crate::features::planner::rules::require_live;

id_type!(
    /// An open editor; the same key as its content's, so that there is one.
    EditingId, "editing", "edit_"
);

/// An editor that has not been heard of for so long is closed. Clients renew three times as often.
pub const PATIENCE: Duration = Duration::seconds(60);

/// An open editor.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Editing {
    pub id: EditingId,
    pub account: AccountId,
    pub site: SiteId,
    pub content: ContentId,
    pub user: UserId,
    /// Tells two windows of one person apart.
    pub window: String,
    pub since: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub rev: i64,
}

record!(Editing, EditingId, site);

/// The row of a piece of content.
pub fn id_of(content: ContentId) -> EditingId {
    EditingId::from_ulid(content.ulid())
}

/// Whoever is editing it now.
///
/// # Errors
/// When the database fails.
pub async fn of<A: Access>(
    db: &SiteDb<'_, A>,
    content: ContentId,
    now: DateTime<Utc>,
) -> Result<Option<Editing>, DbError> {
    let row = db.get::<Editing>(id_of(content)).await?;
    Ok(row.filter(|editing| editing.until > now))
}

/// Opens an editor or says that it is still open. The unit of work is refused with `being_edited` when somebody else, or
/// another window, has it open and it is not to be taken over.
pub fn open(tx: &mut Tx<'_>, content: ContentId, user: UserId, window: &str, take_over: bool, now: DateTime<Utc>) {
    require_live(tx, &[content]);
    let mut binds = Variables::new();
    binds.insert("editing", id_of(content));
    binds.insert("edited", content);
    binds.insert("editor", user);
    binds.insert("editor_window", window.to_owned());
    binds.insert("take_over", take_over);
    binds.insert("editing_now", now);
    binds.insert("editing_until", now + PATIENCE);
    tx.statement(
        "LET $open = (SELECT user, window, since FROM ONLY $editing \
         WHERE site = $site AND account = $account AND until > $editing_now); \
         LET $mine = $open.user = $editor AND $open.window = $editor_window; \
         IF $open IS NOT NONE AND !$mine AND !$take_over { THROW 'being_edited' }; \
         LET $rev = (SELECT VALUE rev FROM ONLY $editing WHERE site = $site AND account = $account) ?? 0; \
         UPSERT $editing CONTENT { account: $account, site: $site, content: $edited, user: $editor, \
         window: $editor_window, since: IF $mine { $open.since } ELSE { $editing_now }, until: $editing_until, \
         rev: $rev + 1 } RETURN NONE",
        binds,
    );
}

/// Closes an editor, if it is this one that is open.
pub fn close(tx: &mut Tx<'_>, content: ContentId, user: UserId, window: &str) {
    let mut binds = Variables::new();
    binds.insert("editing", id_of(content));
    binds.insert("editor", user);
    binds.insert("editor_window", window.to_owned());
    tx.statement(
        "DELETE $editing WHERE site = $site AND account = $account AND user = $editor AND window = $editor_window \
         RETURN NONE",
        binds,
    );
}

/// All that are open on a site, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn open_on<A: Access>(db: &SiteDb<'_, A>, now: DateTime<Utc>) -> Result<Vec<Editing>, DbError> {
    let mut binds = Variables::new();
    binds.insert("now", now);
    // By the index of times: over all sites some hundred are open, while a site's own rows are as many as its content.
    let sql = "SELECT * FROM editing WITH INDEX editing_until WHERE until > $now AND site = $site AND account = $account \
               ORDER BY since DESC LIMIT 500;";
    db.query(sql, binds, "listing open editors").await?.rows(0)
}
