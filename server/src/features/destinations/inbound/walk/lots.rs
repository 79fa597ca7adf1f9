//! Posts asked for by their ids, as many at once as the site can answer with.

use igny8_outgoing::OutgoingError;
use igny8_wordpress::{Listed, Page, Post, PostQuery, PostType, WordPressError};

use super::super::cursor::Counts;
use super::super::source::Inbound;
use crate::publish::PublishError;
use crate::publish::wordpress::failed;

/// Posts read at once by their ids.
pub(super) const LOT: usize = 25;

/// Whether an answer may have failed for its size, so that one with fewer posts may come.
pub(super) fn is_too_much(error: &WordPressError) -> bool {
    match error {
        WordPressError::TooLarge(_) | WordPressError::Server { .. } | WordPressError::Garbled(_) => true,
        WordPressError::Unreachable(error) => matches!(error, OutgoingError::TimedOut(_)),
        _ => false,
    }
}

/// Posts by their ids, as many at once as the site can answer with.
pub(super) async fn these(
    from: &Inbound<'_>,
    of: &PostType,
    ids: &[u64],
    counts: &mut Counts,
) -> Result<Vec<Post>, PublishError> {
    let taxonomies = from.taxonomies_of(of);
    let mut posts = Vec::with_capacity(ids.len());
    let mut lots: Vec<&[u64]> = vec![ids];
    while let Some(ids) = lots.pop() {
        match (from.client.posts_with(of, &taxonomies, ids).await, ids) {
            (Ok(found), _) => posts.extend(found),
            (Err(error), [id]) if is_too_much(&error) => posts.extend(alone(from, of, *id, counts).await?),
            (Err(error), _) if is_too_much(&error) => {
                let (first, rest) = ids.split_at(ids.len() / 2);
                lots.extend([rest, first]);
            }
            (Err(error), _) => return Err(failed(&error)),
        }
    }
    Ok(posts)
}

/// A post by itself. One that the site does not answer with, though it answers otherwise, is left out.
pub(super) async fn alone(
    from: &Inbound<'_>,
    of: &PostType,
    id: u64,
    counts: &mut Counts,
) -> Result<Option<Post>, PublishError> {
    let why = match from.client.post_of(of, &from.taxonomies_of(of), id).await {
        Ok(post) => return Ok(Some(post)),
        Err(WordPressError::Gone | WordPressError::Forbidden { .. }) => return Ok(None),
        Err(error) if is_too_much(&error) => error.to_string(),
        Err(error) => return Err(failed(&error)),
    };
    listed(from, of, 0, 1).await.map_err(|error| failed(&error))?;
    counts.skip(id, &why);
    Ok(None)
}

pub(super) async fn listed(
    from: &Inbound<'_>,
    of: &PostType,
    offset: u64,
    limit: u8,
) -> Result<Page<Listed>, WordPressError> {
    let query = PostQuery {
        modified_after: None,
        offset,
        limit,
    };
    from.client.listed(of, query).await
}
