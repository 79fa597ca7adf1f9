//! Posts into content, some at a time and each lot in one unit of work.
//!
//! What is there is compared by a hash of everything people edit, so what did not change costs a look-up and no write. **An
//! edit there is taken when nothing of the text was edited here since both agreed**; otherwise it waits as a conflict.
//!
//! A lot is matched with what is here ([`known`]) and with what it refers to ([`around()`]); then what becomes of each post
//! ([`fate`]) is written ([`write()`]).

mod addresses;
mod around;
mod fate;
mod known;
mod write;

use igny8_data::{DbError, Tx};
use igny8_wordpress::{Post, PostType};

use super::super::model::Publication;
use super::super::state;
use super::convert::Around;
use super::cursor::Counts;
use super::source::{Inbound, broken};
use super::{bring, surroundings};
use crate::features::content::Content;
use crate::publish::PublishError;

use around::around;
pub(super) use around::{around_of, copy};
pub(super) use fate::parts_edited_here;
pub(super) use known::{content_of, publications};
use known::{find_content, known_of};
use write::write;
pub(super) use write::{place_there, remove, take};

/// Why content was taken from visitors whose post is in the bin there.
pub(super) const THROWN_AWAY: &str = "It was moved to the bin there.";
/// Times a lot is looked at again because somebody changed some of it meanwhile.
const ATTEMPTS: usize = 4;

/// A post with what is known of it here.
#[derive(Clone)]
struct Matched {
    post: Post,
    hash: String,
    publication: Option<Publication>,
    content: Option<Content>,
    around: Around,
    /// The content that was imported from it is another post there by now.
    is_elsewhere: bool,
}

/// Imports some posts of a type, at most a hundred. `alongside` is added to the unit of work, also when nothing else changes.
///
/// # Errors
/// [`PublishError`].
pub async fn import(
    from: &mut Inbound<'_>,
    of: &PostType,
    posts: Vec<Post>,
    alongside: &(dyn Fn(&mut Tx<'_>, &Counts) + Sync),
) -> Result<Counts, PublishError> {
    let mut counts = Counts::default();
    surroundings::complete(from, &posts, &mut counts).await?;
    let taxonomies = from.taxonomies_of(of);
    bring::terms(from, &taxonomies, &posts, &mut counts).await?;
    let posts = known_of(from, &taxonomies, posts, &mut counts)
        .await
        .map_err(|error| broken(&error))?;
    let bare: Vec<&Post> = posts.iter().map(|(post, ..)| post).collect();
    let around = around(from, &taxonomies, &bare, &mut counts).await?;
    let matched = posts.into_iter().zip(around);
    let matched: Vec<Matched> = matched
        .map(|((post, hash, publication), around)| Matched {
            post,
            hash,
            publication,
            content: None,
            around,
            is_elsewhere: false,
        })
        .collect();
    match store(from, of, &matched, &counts, alongside).await {
        Err(error) if is_about_one(&error) => one_by_one(from, of, &matched, counts, alongside).await,
        stored => stored,
    }
    .map_err(|error| broken(&error))
}

/// Whether a lot was refused for one of its posts.
fn is_about_one(error: &DbError) -> bool {
    match error {
        DbError::Duplicate { .. } => true,
        DbError::Refused(code) => code != state::LOST,
        _ => false,
    }
}

/// Stores posts, all of them or none.
async fn store(
    from: &Inbound<'_>,
    of: &PostType,
    all: &[Matched],
    counted: &Counts,
    alongside: &(dyn Fn(&mut Tx<'_>, &Counts) + Sync),
) -> Result<Counts, DbError> {
    for attempt in 1.. {
        let mut counts = counted.clone();
        let mut matched = all.to_vec();
        if attempt > 1 {
            let ids: Vec<u64> = all.iter().map(|one| one.post.id).collect();
            let mut fresh = publications(from, &ids).await?;
            for one in &mut matched {
                one.publication = fresh.remove(&one.post.id);
            }
        }
        find_content(from, &mut matched).await?;
        let mut tx = from.tx();
        write(from, of, matched, &mut tx, &mut counts).await?;
        alongside(&mut tx, &counts);
        match tx.commit().await {
            Ok(_) => return Ok(counts),
            // Somebody edits here, or took an address: look again.
            Err(DbError::Stale | DbError::Duplicate { .. } | DbError::Refused(_)) if attempt < ATTEMPTS => {}
            Err(error) => return Err(error),
        }
    }
    Ok(counted.clone())
}

/// Stores posts of which one cannot be stored; that one is left out, and found again when ids are compared.
async fn one_by_one(
    from: &Inbound<'_>,
    of: &PostType,
    all: &[Matched],
    mut counts: Counts,
    alongside: &(dyn Fn(&mut Tx<'_>, &Counts) + Sync),
) -> Result<Counts, DbError> {
    for one in all {
        match store(from, of, std::slice::from_ref(one), &Counts::default(), &|_, _| {}).await {
            Ok(stored) => counts.add(&stored),
            Err(error) if is_about_one(&error) => {
                tracing::warn!(%error, post = one.post.id, "a post cannot be imported");
                counts.skip(one.post.id, "something that is here already stands in its way");
            }
            Err(error) => return Err(error),
        }
    }
    let mut tx = from.tx();
    alongside(&mut tx, &counts);
    tx.commit().await?;
    Ok(counts)
}
