//! What is known here of posts: their publications and content, and which of them are to be looked at.

use std::collections::{HashMap, HashSet};

use igny8_data::{DbError, Variables};
use igny8_wordpress::{META_PREFIX, Post, Taxonomy};

use super::super::convert;
use super::super::cursor::Counts;
use super::super::source::Inbound;
use super::Matched;
use crate::features::content::{Content, ContentId, batch};
use crate::features::destinations::model::{BINNED, GONE, Publication, PublicationId, PublicationStatus};
use crate::publish::wordpress::{key_of_place, place_slug_of};

/// The posts of a lot that are to be looked at, each with its hash and publication. The others are counted.
pub(super) async fn known_of(
    from: &Inbound<'_>,
    taxonomies: &[Taxonomy],
    posts: Vec<Post>,
    counts: &mut Counts,
) -> Result<Vec<(Post, String, Option<Publication>)>, DbError> {
    let mut publications = publications(from, &posts.iter().map(|post| post.id).collect::<Vec<_>>()).await?;
    let mut kept = Vec::new();
    for post in posts {
        let hash = post.hash(taxonomies);
        let publication = publications.remove(&post.id);
        let is_wanted =
            |known: &Publication| from.again.contains(&post.id) && known.status == PublicationStatus::Published;
        let is_same = publication
            .as_ref()
            .is_some_and(|known| is_same(known, &post, &hash) && !is_wanted(known));
        let is_ours = publication.is_some() || meta_id(&post).is_some();
        let is_none = publication.is_none() && matches!(post.status.as_str(), "trash" | "auto-draft" | "inherit");
        let is_unwanted = !is_ours && !from.takes_new();
        // Whose it is the publishing job has not written down yet, and will.
        let is_place = publication.is_none() && is_place(&post);
        if is_same || is_none || is_unwanted || is_place {
            counts.unchanged += 1;
        } else if let Some(why) = convert::refused(&post) {
            counts.skip(post.id, why);
        } else {
            kept.push((post, hash, publication));
        }
    }
    Ok(kept)
}

/// Whether it is a place that was reserved for a publication: no text of anybody's.
fn is_place(post: &Post) -> bool {
    key_of_place(&post.slug).is_some_and(|key| key.parse::<PublicationId>().is_ok())
}

/// Whether nothing is there that we have not seen.
fn is_same(known: &Publication, post: &Post, hash: &str) -> bool {
    let in_conflict = known.conflicting().is_some_and(|conflict| conflict.hash == hash);
    // Its answer was lost: the publishing job goes on from there.
    let is_written = known.was_written(hash, post.modified_gmt);
    let seen = known.their_hash.as_deref() == Some(hash) || in_conflict || is_written;
    let same_url = known.external_url.as_deref().unwrap_or_default() == post.link;
    let is_away = known.status == PublicationStatus::Removed;
    let was_away = matches!(known.external_status.as_deref(), Some(BINNED | GONE));
    match (is_away, post.status == "trash") {
        _ if is_reserved(known, post) => true,
        (true, true) => true,
        // Where there is no bin, what we took from visitors is a draft.
        (true, false) if is_taken_back(known) => !is_shown(post),
        (true, false) if !was_away => seen,
        (true, false) => false,
        // What was in the bin when the publishing job began to bring it back, or what somebody is to decide about.
        (false, true) => match known.status {
            PublicationStatus::Pending | PublicationStatus::Failed => was_away,
            PublicationStatus::Conflict => in_conflict,
            PublicationStatus::Published | PublicationStatus::Removed => false,
        },
        (false, false) => is_written || (seen && (same_url || known.status == PublicationStatus::Conflict)),
    }
}

/// Whether it is a place that was reserved and not written to yet, which is the publishing job's.
fn is_reserved(known: &Publication, post: &Post) -> bool {
    known.their_hash.is_none()
        && match known.status {
            PublicationStatus::Pending | PublicationStatus::Failed => true,
            PublicationStatus::Conflict => false,
            PublicationStatus::Published | PublicationStatus::Removed => {
                post.slug.starts_with(&place_slug_of(&known.id.to_string()))
            }
        }
}

/// Whether it was taken from visitors there by us: where people did that, it says so.
pub(super) fn is_taken_back(known: &Publication) -> bool {
    known.status == PublicationStatus::Removed && known.error.is_none()
}

/// Whether visitors see a post, or will. Plugins have statuses of their own, which they do not.
fn is_shown(post: &Post) -> bool {
    matches!(post.status.as_str(), "publish" | "private" | "future")
}

/// The content that a post of ours carries the id of.
fn meta_id(post: &Post) -> Option<ContentId> {
    post.meta_text(&format!("{META_PREFIX}content_id"))?.parse().ok()
}

/// Publications of this destination by the ids of posts.
pub(in crate::features::destinations::inbound) async fn publications(
    from: &Inbound<'_>,
    ids: &[u64],
) -> Result<HashMap<u64, Publication>, DbError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let (mut sql, mut binds) = (String::new(), Variables::new());
    binds.insert("destination", from.destination.id);
    for (n, id) in ids.iter().enumerate() {
        binds.insert(format!("id{n}"), id.to_string());
        sql += &format!(
            "SELECT * FROM publication WITH INDEX publication_external WHERE destination = $destination \
             AND external_id = $id{n} AND site = $site AND account = $account;"
        );
    }
    let mut answer = from.db().query(&sql, binds, "looking for publications").await?;
    let mut found = HashMap::new();
    for (n, id) in ids.iter().enumerate() {
        found.extend(answer.rows::<Publication>(n)?.pop().map(|row| (*id, row)));
    }
    Ok(found)
}

/// Content that a post which nothing here says it is may be of.
struct Candidate {
    /// Which post of the lot.
    n: usize,
    content: ContentId,
    /// It was imported from this post, by an earlier connection to the same site.
    by_key: bool,
}

/// Looks for content of posts that have no publication: imported from it, before what they carry the id of.
async fn candidates(from: &Inbound<'_>, matched: &[Matched]) -> Result<Vec<Candidate>, DbError> {
    let (mut sql, mut binds, mut asked) = (String::new(), Variables::new(), Vec::new());
    for (n, one) in matched.iter().enumerate().filter(|(_, one)| one.publication.is_none()) {
        for (of, key) in from.source_keys(one.post.id).into_iter().enumerate() {
            binds.insert(format!("key{n}_{of}"), key);
            sql += &format!(
                "SELECT VALUE id FROM content WITH INDEX content_source_key WHERE site = $site \
                 AND source_key = $key{n}_{of} AND account = $account;"
            );
            asked.push((n, true));
        }
        if let Some(content) = meta_id(&one.post) {
            binds.insert(format!("content{n}"), content);
            sql += &format!(
                "SELECT VALUE id FROM $content{n} WHERE site = $site AND account = $account AND deleted_at IS NONE;"
            );
            asked.push((n, false));
        }
    }
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let mut answer = from.db().query(&sql, binds, "looking for content of posts").await?;
    let mut found = Vec::with_capacity(asked.len());
    for (at, (n, by_key)) in asked.into_iter().enumerate() {
        let content = answer.rows::<ContentId>(at)?.pop();
        found.extend(content.map(|content| Candidate { n, content, by_key }));
    }
    found.sort_by_key(|one| !one.by_key);
    Ok(found)
}

/// Publications of this destination by their content.
async fn publications_of(
    from: &Inbound<'_>,
    contents: &[ContentId],
) -> Result<HashMap<ContentId, Publication>, DbError> {
    if contents.is_empty() {
        return Ok(HashMap::new());
    }
    let (mut sql, mut binds) = (String::new(), Variables::new());
    binds.insert("destination", from.destination.id);
    for (n, content) in contents.iter().enumerate() {
        binds.insert(format!("content{n}"), *content);
        sql += &format!(
            "SELECT * FROM publication WITH INDEX publication_content WHERE destination = $destination \
             AND content = $content{n} AND site = $site AND account = $account;"
        );
    }
    let mut answer = from.db().query(&sql, binds, "looking for publications").await?;
    let mut found = HashMap::new();
    for n in 0..contents.len() {
        found.extend(answer.rows::<Publication>(n)?.into_iter().map(|row| (row.content, row)));
    }
    Ok(found)
}

/// Reads the content of posts that have some.
pub(super) async fn find_content(from: &Inbound<'_>, matched: &mut [Matched]) -> Result<(), DbError> {
    let candidates = candidates(from, matched).await?;
    let contents: Vec<ContentId> = candidates.iter().map(|one| one.content).collect();
    let mut there = publications_of(from, &contents).await?;
    let mut ids: HashMap<usize, ContentId> = HashMap::new();
    let mut claimed: HashSet<ContentId> = HashSet::new();
    for Candidate { n, content, by_key } in candidates {
        let one = matched.get_mut(n).filter(|one| !one.is_elsewhere);
        let Some(one) = one.filter(|_| !ids.contains_key(&n)) else {
            continue;
        };
        // A copy of a post carries the same id: the first one has it.
        let has_place = there.get(&content).is_some_and(|known| known.external_id.is_some());
        if has_place || !claimed.insert(content) {
            one.is_elsewhere = by_key;
            continue;
        }
        one.publication = there.remove(&content);
        ids.insert(n, content);
    }
    for (n, one) in matched.iter().enumerate() {
        ids.extend(one.publication.as_ref().map(|publication| (n, publication.content)));
    }
    let mut rows = content_of(from, &ids.values().copied().collect::<Vec<_>>()).await?;
    for (n, one) in matched.iter_mut().enumerate() {
        one.content = ids.get(&n).and_then(|id| rows.remove(id));
    }
    Ok(())
}

/// Content by its ids, deleted content too.
pub(in crate::features::destinations::inbound) async fn content_of(
    from: &Inbound<'_>,
    ids: &[ContentId],
) -> Result<HashMap<ContentId, Content>, DbError> {
    let mut rows: HashMap<ContentId, Content> = HashMap::new();
    for some in ids.chunks(batch::BATCH) {
        let mut binds = Variables::new();
        binds.insert("ids", some.to_vec());
        let sql = "SELECT * FROM $ids WHERE site = $site AND account = $account;";
        let found: Vec<Content> = from.db().query(sql, binds, "reading content of posts").await?.rows(0)?;
        rows.extend(found.into_iter().map(|row| (row.id, row)));
    }
    Ok(rows)
}
