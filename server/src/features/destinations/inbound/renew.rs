//! What a site has, looked at again: post types, taxonomies, people and plugins come and go there, and nothing says so.

use chrono::{DateTime, Duration, Utc};
use igny8_data::queue::Lease;
use igny8_data::{SiteDb, Write};
use igny8_wordpress::ApiRoot;

use super::super::model::Destination;
use super::super::state::{self, Change};
use super::cursor::Cursor;
use super::source::{Inbound, broken};
use crate::app::App;
use crate::publish::PublishError;
use crate::publish::wordpress::WordpressSettings;

/// How long what was found holds.
const HOLDS: Duration = Duration::hours(24);

/// Looks when it was long ago; `before` is when that was done outside of imports.
///
/// # Errors
/// [`PublishError`].
pub(super) async fn when_due(
    from: &mut Inbound<'_>,
    cursor: &mut Cursor,
    before: Option<DateTime<Utc>>,
) -> Result<(), PublishError> {
    let at = *cursor.looked_at.get_or_insert(before.unwrap_or_default());
    if from.app.db.clock().now() - at < HOLDS {
        return Ok(());
    }
    look(from, cursor).await
}

/// Looks now, and keeps what was found. What cannot be looked at for the moment stays as it was: nothing of it holds up an
/// import, and what is wrong with the connection shows elsewhere.
///
/// # Errors
/// [`PublishError`].
pub(super) async fn look(from: &mut Inbound<'_>, cursor: &mut Cursor) -> Result<(), PublishError> {
    let mut found = match Box::pin(from.client.discover()).await {
        Ok(found) => found,
        Err(error) => {
            tracing::debug!(%error, "what the site has cannot be looked at");
            return Ok(());
        }
    };
    // Every WordPress has some.
    if found.types.is_empty() {
        return Ok(());
    }
    // These are looked at by themselves.
    found.site.posts_page.clone_from(&from.discovered.site.posts_page);
    found.shared_blocks.clone_from(&from.discovered.shared_blocks);
    found.keep_pictures_of(&from.discovered);
    let now = from.app.db.clock().now();
    cursor.looked_at = Some(now);
    let mut tx = from.tx();
    // What was found holds also where everything is begun anew meanwhile.
    Change::new()
        .discovered(serde_json::to_value(&found).unwrap_or_default(), now)
        .import_cursor(cursor.mark, cursor.stored())
        .add_to(&mut tx, from.destination.id);
    tx.commit().await.map_err(|error| broken(&error))?;
    from.renew(found);
    Ok(())
}

/// Looks where the API of a site is that does not answer where it was. Where that is another address on the same site, as after
/// its permalinks were changed, the destination knows it then.
pub(super) async fn has_moved(app: &App, db: &SiteDb<'_, Write>, destination: &Destination, lease: Lease) -> bool {
    let before: WordpressSettings = destination.settings().unwrap_or_default();
    let Some((address, old)) = before.address().zip(before.root.clone()) else {
        return false;
    };
    let Ok(root) = Box::pin(ApiRoot::discover(&app.outgoing, &address)).await else {
        return false;
    };
    // The password goes to nobody else, and not in the clear where it did not.
    let is_same_site = root.place() == old.place() && root.url().origin() == old.url().origin();
    if root == old || !is_same_site {
        return false;
    }
    let mut settings = before.clone();
    settings.root = Some(root);
    settings.moved_from(&before);
    let Ok(stored) = serde_json::to_value(&settings) else {
        return false;
    };
    let mut row = destination.clone();
    row.settings = stored;
    row.updated_at = app.db.clock().now();
    let mut tx = db.tx();
    state::guard(&mut tx, row.id, lease);
    tx.replace(&mut row);
    // Somebody who changes it at this moment has the last word.
    tx.commit().await.is_ok()
}
