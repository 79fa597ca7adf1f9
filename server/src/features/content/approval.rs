//! Who may approve a text, on sites that publish only what is approved.

use std::collections::HashSet;

use igny8_data::{Access, DbError, Manage, SiteDb, SiteId, Variables};

use super::model::{Content, ContentId};
use crate::api::{Caller, Error, Result};
use crate::app::App;

/// Revisions whose authors are read by one query.
const BATCH: usize = 100;

/// The texts that the caller wrote last and so may not approve.
#[derive(Debug, Default)]
pub struct Own(HashSet<ContentId>);

impl Own {
    /// Looks among these pieces, named with their revisions. For admins, and where nothing needs approval, there are none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of<A: Access>(
        caller: &Caller,
        app: &App,
        db: &SiteDb<'_, A>,
        site: SiteId,
        pieces: &[(ContentId, i64)],
    ) -> Result<Self> {
        if !needed(db).await? || caller.actor().site::<Manage>(&app.db, site).await.is_ok() {
            return Ok(Self::default());
        }
        let who = caller.actor().who().to_string();
        let mut own = HashSet::new();
        for some in pieces.chunks(BATCH) {
            let mut binds = Variables::new();
            let mut sql = String::new();
            for (n, (content, revision)) in some.iter().enumerate() {
                binds.insert(format!("content{n}"), *content);
                binds.insert(format!("number{n}"), *revision);
                sql += &format!(
                    "SELECT VALUE author FROM revision WHERE site = $site AND content = $content{n} \
                     AND number = $number{n} AND account = $account;"
                );
            }
            let mut answer = db.query(&sql, binds, "reading who wrote texts").await?;
            for (n, (content, _)) in some.iter().enumerate() {
                if answer.rows::<String>(n)?.contains(&who) {
                    own.insert(*content);
                }
            }
        }
        Ok(Self(own))
    }

    /// Lets a text pass that somebody else wrote.
    ///
    /// # Errors
    /// 422 for the caller's own.
    pub fn check(&self, content: &Content) -> Result<()> {
        if self.0.contains(&content.id) {
            return Err(Error::rule(
                "own_text",
                "You wrote the last version of this text: somebody else, or an admin, has to approve it.",
            ));
        }
        Ok(())
    }
}

/// Whether the site publishes only what is approved.
async fn needed<A: Access>(db: &SiteDb<'_, A>) -> Result<bool, DbError> {
    let sql = "SELECT VALUE publishing_needs_approval FROM ONLY $site WHERE account = $account;";
    let mut answer = db
        .query(sql, Variables::new(), "reading whether a site needs approval")
        .await?;
    Ok(answer.one::<bool>(0)?.unwrap_or_default())
}
