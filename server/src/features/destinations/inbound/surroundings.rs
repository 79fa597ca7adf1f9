//! What a copy of the site needs besides its posts: which page lists them, and the blocks that they share. Neither says so in a
//! post's times, so they are looked at by themselves and kept with what is known of the site.

use igny8_wordpress::{Post, WordPressError, shared_blocks};

use super::super::state::Change;
use super::source::{Inbound, broken};
use crate::features::content::save::publishing_changed;
use crate::publish::PublishError;

/// Looks at them. What cannot be read for the moment stays as it was.
///
/// # Errors
/// [`PublishError`].
pub(super) async fn look(from: &mut Inbound<'_>) -> Result<(), PublishError> {
    let mut found = from.discovered.clone();
    if let Some(page) = read(Box::pin(from.client.posts_page()).await) {
        found.site.posts_page = page;
    }
    if let Some(blocks) = read(Box::pin(from.client.shared_blocks()).await) {
        found.shared_blocks = blocks;
    }
    if found == from.discovered {
        return Ok(());
    }
    let mut tx = from.tx();
    let stored = serde_json::to_value(&found).unwrap_or_default();
    Change::new()
        .discovered(stored, from.app.db.clock().now())
        .add_to(&mut tx, from.destination.id);
    publishing_changed(&mut tx, from.scope.site());
    tx.commit().await.map_err(|error| broken(&error))?;
    from.discovered = found;
    Ok(())
}

/// Looks at them when a post names a block that is not known yet.
///
/// # Errors
/// [`PublishError`].
pub(super) async fn complete(from: &mut Inbound<'_>, posts: &[Post]) -> Result<(), PublishError> {
    let known = &from.discovered.shared_blocks;
    let mut named = posts.iter().flat_map(|post| shared_blocks(&post.content));
    if named.all(|id| known.contains_key(&id)) {
        return Ok(());
    }
    Box::pin(look(from)).await
}

/// What was found, if it was: nothing of it holds up an import, and what is wrong with the connection shows elsewhere.
fn read<T>(found: Result<T, WordPressError>) -> Option<T> {
    found
        .inspect_err(|error| tracing::debug!(%error, "what posts share there cannot be read"))
        .ok()
}
