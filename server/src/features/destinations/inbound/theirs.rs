//! Ending a conflict in favour of the other side.

use std::collections::HashSet;

use igny8_data::{DbError, SiteScope, Write};
use igny8_wordpress::{PostPart, WordPressError};

use super::super::model::{BINNED, Destination, Publication, PublicationStatus};
use super::posts;
use super::source::{Inbound, broken};
use crate::app::App;
use crate::features::content::Content;
use crate::publish::PublishError;
use crate::publish::wordpress::failed;

/// Reads the post again and takes it over ours, which stays as a revision.
///
/// # Errors
/// [`PublishError::Retry`] when it is another text by now than the one that was compared: that one is kept to be looked at.
pub async fn take_theirs(
    app: &App,
    scope: &SiteScope<Write>,
    destination: &Destination,
    publication: &Publication,
) -> Result<(), PublishError> {
    let mut from = Inbound::open(app, scope, destination.clone(), None).await?;
    let id: u64 = publication
        .external_id
        .as_deref()
        .and_then(|id| id.parse().ok())
        .ok_or(PublishError::Gone)?;
    let kind = publication.external_type.as_deref().unwrap_or_default();
    let of = from
        .discovered
        .types
        .iter()
        .map(|found| &found.post_type)
        .find(|of| of.rest_base == kind);
    let of = of
        .cloned()
        .ok_or_else(|| PublishError::Fail("Its post type is not there any more.".into()))?;
    let taxonomies = from.taxonomies_of(&of);
    let post = match from.client.post_of(&of, &taxonomies, id).await {
        Err(WordPressError::Gone) => return Err(PublishError::Gone),
        post => post.map_err(|error| failed(&error))?,
    };
    let hash = post.hash(&taxonomies);
    let around = posts::around_of(&mut from, &taxonomies, &post).await?;
    let db = from.db();
    let stale = || PublishError::retry("It was changed meanwhile; look at it again.");
    let current = db
        .get::<Publication>(publication.id)
        .await
        .map_err(|error| broken(&error))?;
    let Some(mut current) = current.filter(|current| current.status == PublicationStatus::Conflict) else {
        return Err(stale());
    };
    let seen = current.conflicting().map(|copy| copy.hash);
    let content = db
        .get::<Content>(current.content)
        .await
        .map_err(|error| broken(&error))?;
    let content = content.ok_or_else(|| PublishError::Fail("The content was deleted.".into()))?;
    let mut tx = from.tx();
    let changed_again = seen.as_deref() != Some(&hash);
    if changed_again {
        current.conflict = serde_json::to_value(posts::copy(&from, &taxonomies, &post, &around)).ok();
        current.updated_at = app.db.clock().now();
    } else if post.status == BINNED {
        posts::place_there(&mut current, &of, &post, &hash);
        posts::remove(&from, &mut tx, &content, &mut current, posts::THROWN_AWAY);
    } else {
        // What they edited, and over it what was edited here.
        let mut parts = PostPart::changed(current.their_hash.as_deref().unwrap_or_default(), &hash);
        parts.extend(posts::parts_edited_here(&content, &current));
        parts.sort_unstable();
        parts.dedup();
        let mut taken = HashSet::new();
        posts::take(
            &from,
            &mut tx,
            &of,
            (&post, &hash),
            &parts,
            &around,
            &content,
            &mut current,
            (true, &mut taken),
        )
        .await
        .map_err(|error| broken(&error))?;
    }
    tx.replace(&mut current);
    match tx.commit().await {
        Ok(_) if changed_again => Err(stale()),
        Ok(_) => Ok(()),
        Err(DbError::Stale) => Err(stale()),
        Err(error) => Err(broken(&error)),
    }
}
