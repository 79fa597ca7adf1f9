//! What a copy of the site needs besides its posts: which page lists them, the blocks that they share, and the pictures that
//! their galleries show. Nothing of that says so in a post's times, so it is looked at by itself and kept with what is known of
//! the site.

use std::collections::{BTreeMap, BTreeSet};

use igny8_wordpress::{Discovered, GalleryPictures, Picture, Post, WordPressError, gallery_pictures, shared_blocks};

use super::super::state::Change;
use super::cursor::Counts;
use super::source::{Inbound, broken};
use crate::features::content::save::publishing_changed;
use crate::publish::PublishError;

/// Bytes of what is kept of pictures.
const PICTURES_BYTES: usize = 512 << 10;
/// Pictures asked for at once, and pictures of one post.
const PICTURES: usize = 100;
/// Posts whose pictures are asked for at once.
const POSTS: usize = 100;

/// Looks at them. What cannot be read for the moment stays as it was.
///
/// # Errors
/// [`PublishError`].
pub(super) async fn look(from: &mut Inbound<'_>) -> Result<(), PublishError> {
    let mut found = shared(from).await;
    let mut named: BTreeSet<u64> = found.pictures.keys().copied().collect();
    named.extend(pictures_of_blocks(&found));
    find_pictures(from, &mut found, named).await;
    let posts: Vec<u64> = found.attached.keys().copied().collect();
    find_attached(from, &mut found, &posts).await;
    keep(from, found).await
}

/// Looks at them when a post names a block or a picture that is not known yet, or shows the pictures that are attached to it.
///
/// # Errors
/// [`PublishError`].
pub(super) async fn complete(from: &mut Inbound<'_>, posts: &[Post], counts: &mut Counts) -> Result<(), PublishError> {
    let known = &from.discovered;
    let mut blocks = posts.iter().flat_map(|post| shared_blocks(&post.content));
    let are_blocks_new = blocks.any(|id| !known.shared_blocks.contains_key(&id));
    let galleries = posts.iter().map(|post| (post.id, gallery_pictures(&post.content)));
    let galleries: Vec<(u64, GalleryPictures)> = galleries.collect();
    let ids = galleries.iter().flat_map(|(_, gallery)| &gallery.ids).copied();
    let mut named: BTreeSet<u64> = ids.filter(|id| !known.pictures.contains_key(id)).collect();
    let attached = galleries.iter().filter(|(_, gallery)| gallery.attached);
    let attached: Vec<u64> = attached.map(|(post, _)| *post).collect();
    if !are_blocks_new && named.is_empty() && attached.is_empty() {
        return Ok(());
    }
    let mut found = if are_blocks_new {
        shared(from).await
    } else {
        from.discovered.clone()
    };
    if are_blocks_new {
        named.extend(pictures_of_blocks(&found).filter(|id| !found.pictures.contains_key(id)));
    }
    let has_room = find_pictures(from, &mut found, named).await;
    if !find_attached(from, &mut found, &attached).await || !has_room {
        counts.problem(
            "The site's galleries have more pictures than are kept: a copy of the site is without those that came last."
                .to_owned(),
        );
    }
    keep(from, found).await
}

/// What is known of the site, with the page that lists the posts and the shared blocks as they are now.
async fn shared(from: &Inbound<'_>) -> Discovered {
    let mut found = from.discovered.clone();
    if let Some(page) = read(Box::pin(from.client.posts_page()).await) {
        found.site.posts_page = page;
    }
    if let Some(blocks) = read(Box::pin(from.client.shared_blocks()).await) {
        found.shared_blocks = blocks;
    }
    found
}

/// Pictures that galleries in shared blocks name.
fn pictures_of_blocks(found: &Discovered) -> impl Iterator<Item = u64> {
    let texts = found.shared_blocks.values();
    texts.flat_map(|text| gallery_pictures(text).ids)
}

/// Asks for pictures by their ids; false where there is no room for all. Those that are not there, or cannot be read for the
/// moment, are asked for again with the next [`look`] only.
async fn find_pictures(from: &Inbound<'_>, found: &mut Discovered, named: BTreeSet<u64>) -> bool {
    let named: Vec<u64> = named.into_iter().collect();
    for ids in named.chunks(PICTURES) {
        let is_free = bytes_of(found) < PICTURES_BYTES;
        let has_room = |id: &&u64| is_free || found.pictures.contains_key(*id);
        let ids: Vec<u64> = ids.iter().filter(has_room).copied().collect();
        let there = if ids.is_empty() {
            None
        } else {
            read(Box::pin(from.client.media_of(&ids)).await)
        };
        let is_read = there.is_some();
        let there = there.into_iter().flatten();
        let mut there: BTreeMap<u64, Picture> = there
            .filter_map(|media| Some((media.id, Picture::of(media)?)))
            .collect();
        for id in ids {
            let known = found.pictures.entry(id).or_default();
            if is_read {
                *known = there.remove(&id).unwrap_or_default();
            }
        }
    }
    named.iter().all(|id| found.pictures.contains_key(id))
}

/// Looks for the pictures that are attached to posts; false where there is no room for all.
async fn find_attached(from: &Inbound<'_>, found: &mut Discovered, posts: &[u64]) -> bool {
    let mut has_room = true;
    for posts in posts.chunks(POSTS) {
        let Some(there) = read(Box::pin(from.client.pictures_of_posts(posts)).await) else {
            continue;
        };
        let mut all: BTreeMap<u64, Vec<u64>> = posts.iter().map(|post| (*post, Vec::new())).collect();
        let mut bytes = bytes_of(found);
        for media in there {
            let id = media.id;
            let Some(of) = all.get_mut(&media.post).filter(|of| of.len() < PICTURES) else {
                continue;
            };
            let Some(picture) = Picture::of(media) else { continue };
            if bytes >= PICTURES_BYTES && !found.pictures.contains_key(&id) {
                has_room = false;
                continue;
            }
            bytes += picture.bytes();
            of.push(id);
            found.pictures.insert(id, picture);
        }
        found.attached.extend(all);
    }
    has_room
}

/// About as many bytes as what is kept of pictures takes.
fn bytes_of(found: &Discovered) -> usize {
    let pictures: usize = found.pictures.values().map(Picture::bytes).sum();
    let attached: usize = found.attached.values().map(|ids| 16 + 12 * ids.len()).sum();
    pictures + attached
}

/// Keeps what was found, and lets visitors see it.
async fn keep(from: &mut Inbound<'_>, found: Discovered) -> Result<(), PublishError> {
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

/// What was found, if it was: nothing of it holds up an import, and what is wrong with the connection shows elsewhere.
fn read<T>(found: Result<T, WordPressError>) -> Option<T> {
    found
        .inspect_err(|error| tracing::debug!(%error, "what posts share there cannot be read"))
        .ok()
}
