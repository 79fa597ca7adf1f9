//! Posts into content, some at a time and each lot in one unit of work.
//!
//! What is there is compared by a hash of everything people edit, so what did not change costs a look-up and no write. **An
//! edit there is taken when nothing of the text was edited here since both agreed**; otherwise it waits as a conflict.

use std::collections::{HashMap, HashSet};

use igny8_data::{DbError, Tx, Variables};
use igny8_wordpress::{META_PREFIX, Post, PostPart, PostType, Taxonomy};

use super::super::model::{BINNED, Choice, GONE, Publication, PublicationId, PublicationStatus};
use super::super::{conflict, send, state};
use super::bring;
use super::convert::{self, Around};
use super::cursor::Counts;
use super::source::{Inbound, broken};
use super::surroundings;
use super::terms;
use crate::features::content::batch;
use crate::features::content::model::Source;
use crate::features::content::rules::MAX_LINKS;
use crate::features::content::save::{self, keep_address, publishing_changed, score_later};
use crate::features::content::{Content, ContentId, Reason, Revision, Status, changes};
use crate::features::webhooks::event::ContentData;
use crate::features::webhooks::{self, Event};
use crate::publish::wordpress::{Named, copy_of, failed, key_of_place, place_slug_of};
use crate::publish::{PublishError, RemoteCopy};

/// Why content was taken from visitors whose post is in the bin there.
pub(super) const THROWN_AWAY: &str = "It was moved to the bin there.";
/// Times a lot is looked at again because somebody changed some of it meanwhile.
const ATTEMPTS: usize = 4;
/// Fields of content that are sent there: a change of one of them here and an edit there contradict each other.
const SHARED: [&str; 18] = [
    "title",
    "body",
    "body_format",
    "blocks",
    "faq",
    "entity",
    "attributes",
    "slug",
    "section",
    "weight",
    "excerpt",
    "seo_title",
    "meta_description",
    "author",
    "terms",
    "featured_image",
    "status",
    "publish_at",
];

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

/// What becomes of a post.
enum Fate {
    Create,
    /// Taken as it is there. Unless both sides agree then, what was edited here is still to be sent.
    Take {
        agree: bool,
    },
    /// The same already: nothing to do but to remember that both agree.
    Agree,
    /// Published there when its time came.
    Due,
    Conflict,
    /// Thrown away there.
    Remove,
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
    surroundings::complete(from, &posts).await?;
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

/// The posts of a lot that are to be looked at, each with its hash and publication. The others are counted.
async fn known_of(
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
        let is_same = publication.as_ref().is_some_and(|known| is_same(known, &post, &hash));
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
    let seen = known.their_hash.as_deref() == Some(hash) || in_conflict;
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
        (false, false) => seen && (same_url || known.status == PublicationStatus::Conflict),
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
fn is_taken_back(known: &Publication) -> bool {
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
pub(super) async fn publications(from: &Inbound<'_>, ids: &[u64]) -> Result<HashMap<u64, Publication>, DbError> {
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

/// What a post refers to.
///
/// # Errors
/// [`PublishError`].
pub(super) async fn around_of(
    from: &mut Inbound<'_>,
    taxonomies: &[Taxonomy],
    post: &Post,
) -> Result<Around, PublishError> {
    let mut all = around(from, taxonomies, &[post], &mut Counts::default()).await?;
    Ok(all.pop().unwrap_or_default())
}

/// What posts refer to: terms are imported on the way, pictures and people looked up, once for all of them.
async fn around(
    from: &mut Inbound<'_>,
    taxonomies: &[Taxonomy],
    posts: &[&Post],
    counts: &mut Counts,
) -> Result<Vec<Around>, PublishError> {
    for taxonomy in taxonomies {
        let mut ids: Vec<u64> = posts.iter().flat_map(|post| post.terms(taxonomy)).collect();
        ids.sort_unstable();
        ids.dedup();
        terms::missing(from, taxonomy, &ids, counts).await?;
    }
    let mut pictures: Vec<u64> = posts
        .iter()
        .map(|post| post.featured_media)
        .filter(|id| *id != 0)
        .collect();
    pictures.sort_unstable();
    pictures.dedup();
    let mut addresses: HashMap<u64, String> = HashMap::new();
    for ids in pictures.chunks(100) {
        let found = from.client.media_of(ids).await.map_err(|error| failed(&error))?;
        addresses.extend(found.into_iter().map(|media| (media.id, media.source_url)));
    }
    let mut all = Vec::with_capacity(posts.len());
    for post in posts {
        let mut terms: Vec<_> = taxonomies
            .iter()
            .filter(|taxonomy| from.kinds.contains_key(&taxonomy.slug))
            .flat_map(|taxonomy| post.terms(taxonomy))
            .filter_map(|id| from.terms.of(id))
            .collect();
        terms.sort_unstable();
        terms.dedup();
        terms.truncate(MAX_LINKS);
        all.push(Around {
            author: from.author(post.author).await.map_err(|error| failed(&error))?,
            terms,
            image: addresses.get(&post.featured_media).cloned(),
        });
    }
    Ok(all)
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
async fn find_content(from: &Inbound<'_>, matched: &mut [Matched]) -> Result<(), DbError> {
    let candidates = candidates(from, matched).await?;
    let contents: Vec<ContentId> = candidates.iter().map(|one| one.content).collect();
    let mut there = publications_of(from, &contents).await?;
    let mut ids: HashMap<usize, ContentId> = HashMap::new();
    let mut claimed: HashSet<ContentId> = HashSet::new();
    for Candidate { n, content, by_key } in candidates {
        if ids.contains_key(&n) || matched[n].is_elsewhere {
            continue;
        }
        // A copy of a post carries the same id: the first one has it.
        let has_place = there.get(&content).is_some_and(|known| known.external_id.is_some());
        if has_place || !claimed.insert(content) {
            matched[n].is_elsewhere = by_key;
            continue;
        }
        matched[n].publication = there.remove(&content);
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
pub(super) async fn content_of(from: &Inbound<'_>, ids: &[ContentId]) -> Result<HashMap<ContentId, Content>, DbError> {
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

/// The parts of a post that fields of ours are; all where the row does not remember that far back.
pub(super) fn parts_edited_here(content: &Content, publication: &Publication) -> Vec<PostPart> {
    let since = publication.sent_rev.and_then(|agreed| changes::since(content, agreed));
    let Some(since) = since else {
        return PostPart::ALL.to_vec();
    };
    let fields = since.iter().flat_map(|change| &change.fields);
    let parts = fields.filter_map(|field| {
        Some(match field.as_str() {
            "title" => PostPart::Title,
            "body" | "body_format" | "blocks" | "faq" | "entity" | "attributes" => PostPart::Content,
            "excerpt" => PostPart::Excerpt,
            "slug" | "section" => PostPart::Slug,
            "weight" => PostPart::Place,
            "status" | "publish_at" => PostPart::Status,
            "author" => PostPart::Author,
            "featured_image" => PostPart::Image,
            "terms" => PostPart::Terms,
            "seo_title" | "meta_description" => PostPart::Seo,
            _ => return None,
        })
    });
    parts.collect()
}

/// Whether a text of ours was changed since both sides agreed. That we took it from visitors there is no such change.
fn edited_here(content: &Content, publication: &Publication) -> bool {
    let counts = |field: &str| {
        SHARED.contains(&field) && !(is_taken_back(publication) && matches!(field, "status" | "publish_at"))
    };
    match publication.sent_rev {
        Some(agreed) if agreed == content.rev => false,
        Some(agreed) => changes::since(content, agreed)
            .is_none_or(|all| all.iter().flat_map(|change| &change.fields).any(|field| counts(field))),
        None => true,
    }
}

/// Whether a post is as it was, but that its time came.
fn became_due(post: &Post, taxonomies: &[Taxonomy], publication: &Publication) -> bool {
    publication.external_status.as_deref() == Some("future") && post.status == "publish" && {
        let mut before = post.clone();
        "future".clone_into(&mut before.status);
        publication.their_hash == Some(before.hash(taxonomies))
    }
}

/// Decides about each post and adds what follows to the unit of work.
async fn write(
    from: &Inbound<'_>,
    of: &PostType,
    all: Vec<Matched>,
    tx: &mut Tx<'_>,
    counts: &mut Counts,
) -> Result<(), DbError> {
    let app = from.app;
    let (now, who) = (app.db.clock().now(), from.scope.actor().who());
    let taxonomies = from.taxonomies_of(of);
    let home = from.home();
    let (mut rows, mut revisions, mut made): (Vec<Content>, Vec<Revision>, Vec<Publication>) = Default::default();
    let mut taken: HashSet<(String, String)> = HashSet::new();
    for Matched {
        post,
        hash,
        publication,
        content,
        around,
        is_elsewhere,
    } in all
    {
        if is_elsewhere {
            counts.skip(post.id, "the content that was made of it is another post there by now");
            continue;
        }
        // Deleted here: the publishing job sees to what is there.
        if content.as_ref().is_some_and(|row| row.deleted_at.is_some()) || (publication.is_some() && content.is_none())
        {
            counts.unchanged += 1;
            continue;
        }
        let before = publication.as_ref().and_then(|known| known.their_hash.as_deref());
        let mut parts = PostPart::changed(before.unwrap_or_default(), &hash);
        // It is there again, as if it had never been away.
        let is_back = publication.as_ref().is_some_and(is_taken_back);
        if is_back && !parts.contains(&PostPart::Status) {
            parts.push(PostPart::Status);
        }
        let is_trash = post.status == "trash";
        let taken_over = content.as_ref().map(|old| {
            let mut new = old.clone();
            apply(from, &taxonomies, (&post, &around), &parts, &mut new);
            new
        });
        let fate = match (&publication, content.as_ref().zip(taken_over.as_ref())) {
            // What was edited here since is not taken from visitors unseen.
            (Some(known), Some((old, _))) if is_trash => {
                if is_shown_here(old) && edited_here(old, known) {
                    Fate::Conflict
                } else {
                    Fate::Remove
                }
            }
            _ if is_trash => continue,
            (_, None) if !from.takes_new() => continue,
            (_, None) => Fate::Create,
            (None, Some((old, new))) if is_agreed(old, new) => Fate::Agree,
            (None, Some(_)) => Fate::Conflict,
            (Some(known), Some((old, _))) if !edited_here(old, known) => Fate::Take { agree: true },
            (Some(known), Some((old, new))) => {
                if is_agreed(old, new) {
                    // The same edit on both sides, or one of nothing that we have; other edits here are still to be sent.
                    let agree = parts_edited_here(old, known).iter().all(|part| parts.contains(part));
                    Fate::Take { agree }
                } else if became_due(&post, &taxonomies, known) {
                    Fate::Due
                } else {
                    Fate::Conflict
                }
            }
        };
        let is_new = publication.is_none();
        let mut publication = publication;
        let known = |publication: &mut Option<Publication>, content: ContentId| {
            publication
                .take()
                .unwrap_or_else(|| Publication::new(app.db.ids().make(), &from.destination, content, now))
        };
        match (fate, content, taken_over) {
            (Fate::Create, ..) => {
                let (row, revision) = fresh(from, of, &post, &hash, &around, home.as_ref(), &mut taken).await?;
                let mut publication = known(&mut publication, row.id);
                place_there(&mut publication, of, &post, &hash);
                publication.published_at = row.published_at;
                publication.agreed(row.rev, None, now);
                made.push(publication);
                revisions.push(revision);
                rows.push(row);
                counts.created += 1;
            }
            (Fate::Take { agree }, Some(old), _) => {
                let mut publication = known(&mut publication, old.id);
                if of.hierarchical {
                    counts.note_move(publication.external_url.as_deref(), &post.link);
                }
                let changed = take(
                    from,
                    tx,
                    of,
                    (&post, &hash),
                    &parts,
                    &around,
                    &old,
                    &mut publication,
                    (agree, &mut taken),
                )
                .await?;
                keep(tx, publication, is_new, &mut made);
                counts.updated += u64::from(changed);
                counts.unchanged += u64::from(!changed);
            }
            (Fate::Due, Some(old), _) => {
                let mut publication = known(&mut publication, old.id);
                let mut new = old.clone();
                if new.status == Status::Approved {
                    new.status = Status::Published;
                    new.published_at = post.date_gmt.or(new.published_at);
                    new.publish_at = None;
                    new.source_url = Some(post.link.clone());
                }
                let in_step = publication.sent_rev == Some(old.rev);
                let changed = save::change(&app.db, tx, who, &old, &mut new, Reason::Imported);
                place_there(&mut publication, of, &post, &hash);
                if in_step {
                    publication.agreed(old.rev + i64::from(changed), publication.sent_hash.clone(), now);
                }
                keep(tx, publication, is_new, &mut made);
                counts.updated += 1;
            }
            (Fate::Agree, Some(old), _) => {
                let mut publication = known(&mut publication, old.id);
                place_there(&mut publication, of, &post, &hash);
                publication.agreed(old.rev, None, now);
                keep(tx, publication, is_new, &mut made);
                counts.unchanged += 1;
            }
            (Fate::Conflict, Some(old), _) => {
                let mut publication = known(&mut publication, old.id);
                publication.external_id = Some(post.id.to_string());
                publication.external_type = Some(of.rest_base.clone());
                publication.external_url = Some(post.link.clone());
                publication.external_status = Some(post.status.clone());
                let theirs = copy(from, &taxonomies, &post, &around);
                if publication.status != PublicationStatus::Conflict {
                    conflict::tell(tx, &publication, &old, &theirs);
                }
                publication.status = PublicationStatus::Conflict;
                if is_back {
                    publication.choice = Choice::Automatic;
                }
                publication.conflict = serde_json::to_value(theirs).ok();
                publication.error = None;
                publication.updated_at = now;
                keep(tx, publication, is_new, &mut made);
                counts.conflicts += 1;
            }
            (Fate::Remove, Some(old), _) => {
                let Some(mut publication) = publication else { continue };
                place_there(&mut publication, of, &post, &hash);
                remove(from, tx, &old, &mut publication, THROWN_AWAY);
                keep(tx, publication, is_new, &mut made);
                counts.removed += 1;
            }
            _ => {}
        }
    }
    if !rows.is_empty() {
        tell(from, tx, &rows);
        tx.create_all(rows).create_all(revisions);
    }
    if !made.is_empty() {
        tx.create_all(made);
    }
    Ok(())
}

/// Adds what follows from content that is new.
fn tell(from: &Inbound<'_>, tx: &mut Tx<'_>, rows: &[Content]) {
    let published = || rows.iter().filter(|row| row.status == Status::Published);
    if published().next().is_some() {
        publishing_changed(tx, from.scope.site());
    }
    if from.tells {
        for row in published().filter(|row| !row.is_hidden()) {
            webhooks::emit(tx, &Event::ContentPublished(ContentData::of(row)));
        }
    }
    // This destination has it.
    let others = "array::len((SELECT VALUE id FROM destination WHERE site = $site AND account = $account \
                  AND enabled = true AND deleted_at IS NONE LIMIT 2)) > 1";
    tx.enqueue_if(others, send::changed_job(from.scope.site()));
    score_later(tx, from.scope.site());
}

/// Writes parts of a post into content. Terms of taxonomies that the post says nothing of stay: a plugin is switched off.
fn apply(
    from: &Inbound<'_>,
    taxonomies: &[Taxonomy],
    (post, around): (&Post, &Around),
    parts: &[PostPart],
    content: &mut Content,
) {
    let told = taxonomies.iter().filter(|of| post.others.contains_key(&of.rest_base));
    let told: Vec<&str> = told.map(|of| of.slug.as_str()).collect();
    let stay = from.terms.of_others(&content.terms, &told);
    convert::apply(post, parts, around, content);
    if parts.contains(&PostPart::Terms) {
        content.terms.extend(stay);
        content.terms.sort_unstable();
        content.terms.dedup();
        content.terms.truncate(MAX_LINKS);
    }
}

/// Whether visitors would lose it with its post: what was written here goes on being shown.
fn is_shown_here(content: &Content) -> bool {
    content.source == Source::Wordpress && content.status != Status::Draft
}

/// Takes parts of a post over what is here; false when that is the same.
#[expect(clippy::too_many_arguments, reason = "two sides with what belongs to each")]
pub(super) async fn take(
    from: &Inbound<'_>,
    tx: &mut Tx<'_>,
    of: &PostType,
    (post, hash): (&Post, &str),
    parts: &[PostPart],
    around: &Around,
    old: &Content,
    publication: &mut Publication,
    (agree, taken): (bool, &mut HashSet<(String, String)>),
) -> Result<bool, DbError> {
    let app = from.app;
    let mut new = old.clone();
    apply(from, &from.taxonomies_of(of), (post, around), parts, &mut new);
    if old.source == Source::Wordpress {
        if old.source_url != new.source_url || parts.contains(&PostPart::Slug) {
            move_along(from, old, &mut new, post, of, taken).await?;
        }
        new.imported_hash = Some(hash.to_owned());
    }
    let who = from.scope.actor().who();
    let changed = save::change(&app.db, tx, who, old, &mut new, Reason::Imported);
    place_there(publication, of, post, hash);
    if publication.status == PublicationStatus::Removed {
        publication.choice = Choice::Automatic;
    }
    let now = app.db.clock().now();
    if agree {
        publication.agreed(old.rev + i64::from(changed), None, now);
    } else {
        publication.updated_at = now;
    }
    Ok(changed)
}

/// Puts a publication's row back, or among those to be made.
fn keep(tx: &mut Tx<'_>, mut publication: Publication, is_new: bool, made: &mut Vec<Publication>) {
    if is_new {
        made.push(publication);
    } else {
        tx.replace(&mut publication);
    }
}

/// Whether the row says already what the post says.
fn is_agreed(old: &Content, new: &Content) -> bool {
    let mut new = new.clone();
    new.path = new.derive_path();
    let apart = changes::fields(old, &new);
    !apart.iter().any(|field| SHARED.contains(&field.as_str()))
}

/// Writes down where a post is and what it is now.
pub(super) fn place_there(publication: &mut Publication, of: &PostType, post: &Post, hash: &str) {
    publication.external_id = Some(post.id.to_string());
    publication.external_type = Some(of.rest_base.clone());
    publication.external_url = Some(post.link.clone());
    publication.external_status = Some(post.status.clone());
    publication.their_hash = Some(hash.to_owned());
    publication.their_modified = post.modified_gmt;
}

/// Takes content from visitors whose post was taken from them there.
pub(super) fn remove(from: &Inbound<'_>, tx: &mut Tx<'_>, old: &Content, publication: &mut Publication, why: &str) {
    let app = from.app;
    let now = app.db.clock().now();
    let mut rev = old.rev;
    if is_shown_here(old) {
        let mut new = old.clone();
        new.status = Status::Draft;
        (new.publish_at, new.unpublish_at) = (None, None);
        let who = from.scope.actor().who();
        rev += i64::from(save::change(&app.db, tx, who, old, &mut new, Reason::Imported));
    }
    publication.status = PublicationStatus::Removed;
    publication.choice = Choice::Withhold;
    publication.error = Some(why.to_owned());
    (publication.conflict, publication.retry_at) = (None, None);
    publication.sent_rev = Some(rev);
    publication.updated_at = now;
}

/// A row for a post that is new.
async fn fresh(
    from: &Inbound<'_>,
    of: &PostType,
    post: &Post,
    hash: &str,
    around: &Around,
    home: Option<&url::Url>,
    taken: &mut HashSet<(String, String)>,
) -> Result<(Content, Revision), DbError> {
    let app = from.app;
    let now = app.db.clock().now();
    let (content_type, language) = (from.content_type(of), from.site.language.clone());
    let place = convert::place(post, home, content_type, &language);
    let id = app.db.ids().make();
    let mut row = Content::new(id, from.scope, content_type, language, String::new(), place.slug, now);
    row.source = Source::Wordpress;
    convert::apply(post, &PostPart::ALL, around, &mut row);
    row.section = place.section;
    row.page_role = place.role;
    row.aliases.extend(place.alias);
    free(from, &mut row, taken).await?;
    listed_in(&mut row);
    row.source_key = Some(from.source_key(post.id));
    row.imported_hash = Some(hash.to_owned());
    row.revised_at = convert::changed_at(post).unwrap_or(now);
    if row.status == Status::Approved {
        row.schedule_forced = true;
        (row.approved_by, row.approved_at) = (Some(from.scope.actor().who().to_string()), Some(now));
    }
    row.revision = 1;
    row.path = row.derive_path();
    row.text_of = row.derive_text_of();
    row.content_hash = row.reader_hash();
    let who = from.scope.actor().who().to_string();
    let fields = vec!["title".into(), "body".into()];
    let revision = Revision::of(app.db.ids().make(), &row, Reason::Imported, who, fields, now);
    Ok((row, revision))
}

/// Posts are listed among posts, wherever their address is.
fn listed_in(row: &mut Content) {
    let usual = row.content_type.default_section();
    if usual != "/"
        && !row.section.starts_with(usual)
        && let Some(extra) = row.extra.as_object_mut()
    {
        extra.insert("section".into(), usual.into());
        row.extra.sort_all_objects();
    }
}

/// Follows a post to another address.
async fn move_along(
    from: &Inbound<'_>,
    old: &Content,
    new: &mut Content,
    post: &Post,
    of: &PostType,
    taken: &mut HashSet<(String, String)>,
) -> Result<(), DbError> {
    let place = convert::place(post, from.home().as_ref(), from.content_type(of), &old.language);
    (new.section, new.slug, new.page_role) = (place.section, place.slug, place.role);
    if new.derive_path() != old.path {
        free(from, new, taken).await?;
        new.aliases.extend(place.alias);
        keep_address(old, new, &from.site.language);
    }
    listed_in(new);
    Ok(())
}

async fn is_free(from: &Inbound<'_>, row: &Content) -> Result<bool, DbError> {
    let mut binds = Variables::new();
    binds.insert("path", row.derive_path());
    binds.insert("language", row.language.clone());
    let sql = "SELECT VALUE id FROM content WITH INDEX content_path WHERE site = $site AND language = $language \
               AND path = $path AND account = $account;";
    let mut answer = from.db().query(sql, binds, "looking for a free address").await?;
    Ok(answer.rows::<ContentId>(0)?.iter().all(|id| *id == row.id))
}

/// Finds an address that nothing else has.
async fn free(from: &Inbound<'_>, row: &mut Content, taken: &mut HashSet<(String, String)>) -> Result<(), DbError> {
    use crate::features::content::model::PageRole;
    let db = from.db();
    let key = |row: &Content| (row.language.clone(), row.derive_path());
    if !taken.contains(&key(row)) && is_free(from, row).await? {
        taken.insert(key(row));
        return Ok(());
    }
    // Another page has it, such as a home page that was made here.
    row.page_role = PageRole::Page;
    let wanted = row.slug.clone();
    row.slug = save::free_slug(&db, &row.section, &row.language, &wanted).await?;
    let mut n = 2;
    // A number that is free in the database may be taken by another post of the lot, and the other way round.
    while taken.contains(&key(row)) || !is_free(from, row).await? {
        row.slug = format!("{}-{n}", convert::cut(&wanted, 80).trim_matches('-'));
        n += 1;
    }
    taken.insert(key(row));
    Ok(())
}

/// The copy there, for people to compare.
pub(super) fn copy(from: &Inbound<'_>, taxonomies: &[Taxonomy], post: &Post, around: &Around) -> RemoteCopy {
    let terms = taxonomies.iter().flat_map(|taxonomy| post.terms(taxonomy));
    let named = Named {
        author: around.author.clone(),
        image: around.image.clone(),
        terms: terms.filter_map(|id| from.terms.name_of(id)).collect(),
    };
    copy_of(post, taxonomies, named)
}
