//! Changes of what many pages show (names, menus, themes): they reach visitors like changes of content.

use igny8_data::{CanWrite, DbError, SiteScope, Tx, Variables};

use super::ContentId;
use super::save::site_changed;
use crate::app::App;
use crate::features::destinations::{DestinationId, send};

/// Asks for a deployment with the unit of work that changes what pages show, if the site has any that visitors see, and tells its
/// destinations.
///
/// # Errors
/// When the database fails.
pub async fn changed<A: CanWrite>(app: &App, scope: &SiteScope<A>, tx: &mut Tx<'_>) -> Result<(), DbError> {
    let sql = "SELECT VALUE id FROM content WHERE site = $site AND account = $account AND deleted_at IS NONE \
               AND status = 'published' LIMIT 1;\
               SELECT VALUE id FROM destination WHERE site = $site AND account = $account AND deleted_at IS NONE LIMIT 1;";
    let db = app.db.site(scope);
    let mut answer = db.query(sql, Variables::new(), "looking for published content").await?;
    if !answer.rows::<ContentId>(0)?.is_empty() {
        tx.enqueue_for(scope, site_changed(scope.site()));
    }
    if !answer.rows::<DestinationId>(1)?.is_empty() {
        tx.enqueue_for(scope, send::changed_job(scope.site()));
    }
    Ok(())
}
