//! Rows of links.

use igny8_data::{Access, DbError, RecordKey as _, SiteDb, Tx, Variables};

use super::model::Link;
use crate::features::content::{Content, ContentId};

/// Sources asked for in one query.
const AT_ONCE: usize = 100;

/// The links from some pieces of content, whatever became of them.
///
/// # Errors
/// When the database fails.
pub async fn of_sources<A: Access>(db: &SiteDb<'_, A>, sources: &[ContentId]) -> Result<Vec<Link>, DbError> {
    let mut links = Vec::new();
    for sources in sources.chunks(AT_ONCE) {
        let (mut sql, mut binds) = (String::new(), Variables::new());
        for (n, source) in sources.iter().enumerate() {
            // One look-up by the index each: a list of values would be searched through the whole table.
            sql += &format!("SELECT * FROM link WHERE site = $site AND source = $s{n} AND account = $account;");
            binds.insert(format!("s{n}"), *source);
        }
        let mut answer = db.query(&sql, binds, "reading links").await?;
        for n in 0..sources.len() {
            links.extend(answer.rows::<Link>(n)?);
        }
    }
    Ok(links)
}

/// Adds to a change of a body that links which are not in it any more are gone, and those that came back with it are not. Rows
/// that the same unit of work changes for other reasons come before.
pub fn follow(tx: &mut Tx<'_>, content: &Content) {
    let key = content.id.key();
    let (of, now, body) = (
        format!("linking_{key}"),
        format!("linking_now_{key}"),
        format!("linking_body_{key}"),
    );
    let mut binds = Variables::new();
    binds.insert(of.clone(), content.id);
    binds.insert(now.clone(), content.updated_at);
    let links = format!("site = $site AND source = ${of} AND account = $account AND mark != NONE");
    tx.statement(
        &format!(
            "LET ${body} = (SELECT VALUE body FROM ONLY ${of} WHERE site = $site AND account = $account); \
             UPDATE link SET status = 'gone', ended_at = ${now}, updated_at = ${now}, rev += 1 \
             WHERE {links} AND status = 'applied' AND !string::contains(${body}, mark ?? '') RETURN NONE; \
             UPDATE link SET status = 'applied', ended_at = NONE, updated_at = ${now}, rev += 1 \
             WHERE {links} AND status = 'gone' AND string::contains(${body}, mark ?? '') RETURN NONE"
        ),
        binds,
    );
}
