//! Posts in a unit of work: content, revisions and publications of them.

use std::collections::HashSet;

use igny8_data::{DbError, Tx};
use igny8_wordpress::{Post, PostPart, PostType, Taxonomy};

use super::super::convert::{self, Around};
use super::super::cursor::Counts;
use super::super::source::Inbound;
use super::addresses::{free, is_moved_here, listed_in, move_along};
use super::around::copy;
use super::fate::{Fate, became_due, edited_here, is_agreed, is_shown_here, parts_edited_here};
use super::known::is_taken_back;
use super::{Matched, THROWN_AWAY};
use crate::features::content::model::Source;
use crate::features::content::rules::MAX_LINKS;
use crate::features::content::save::{self, publishing_changed, score_later};
use crate::features::content::{Content, ContentId, Reason, Revision, Status};
use crate::features::destinations::model::{Choice, Publication, PublicationStatus};
use crate::features::destinations::{conflict, send};
use crate::features::webhooks::event::ContentData;
use crate::features::webhooks::{self, Event};

/// Decides about each post and adds what follows to the unit of work.
pub(super) async fn write(
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
        mut publication,
        content,
        around,
        is_elsewhere,
    } in all
    {
        // What we wrote ourselves is no edit of theirs.
        if let Some(known) = &mut publication {
            known.take_written(&hash, post.modified_gmt);
        }
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
        let are_there = |old: &Content, known: &Publication| {
            let mut same = old.clone();
            apply(
                from,
                &taxonomies,
                (&post, &around),
                &parts_edited_here(old, known),
                &mut same,
            );
            is_agreed(old, &same)
        };
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
            // Our edits are there already, though nobody has told us so: an answer was lost, or somebody made them there too.
            (Some(known), Some((old, _))) if are_there(old, known) => Fate::Take { agree: true },
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
                let is_known = publication.status == PublicationStatus::Conflict;
                publication.contradict(&theirs);
                if !is_known {
                    conflict::tell(tx, &publication, &old, &theirs);
                }
                if is_back {
                    publication.choice = Choice::Automatic;
                }
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

/// Writes parts of a post into content. Terms of taxonomies that the post says nothing of stay: a plugin is switched off. So do
/// those of taxonomies that we may not read.
fn apply(
    from: &Inbound<'_>,
    taxonomies: &[Taxonomy],
    (post, around): (&Post, &Around),
    parts: &[PostPart],
    content: &mut Content,
) {
    let told = taxonomies
        .iter()
        .filter(|of| post.others.contains_key(&of.rest_base) && !from.unread.contains(&of.slug));
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

/// Takes parts of a post over what is here; false when that is the same.
#[expect(clippy::too_many_arguments, reason = "two sides with what belongs to each")]
pub(in crate::features::destinations::inbound) async fn take(
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
        let is_edited = parts
            .iter()
            .any(|part| matches!(part, PostPart::Slug | PostPart::Place));
        let is_moved = old.source_url != new.source_url || parts.contains(&PostPart::Slug);
        if is_moved && (is_edited || !is_moved_here(from, old, post, of, publication)) {
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

/// Writes down where a post is and what it is now.
pub(in crate::features::destinations::inbound) fn place_there(
    publication: &mut Publication,
    of: &PostType,
    post: &Post,
    hash: &str,
) {
    publication.external_id = Some(post.id.to_string());
    publication.external_type = Some(of.rest_base.clone());
    publication.external_url = Some(post.link.clone());
    publication.external_status = Some(post.status.clone());
    publication.their_hash = Some(hash.to_owned());
    publication.their_modified = post.modified_gmt;
}

/// Takes content from visitors whose post was taken from them there.
pub(in crate::features::destinations::inbound) fn remove(
    from: &Inbound<'_>,
    tx: &mut Tx<'_>,
    old: &Content,
    publication: &mut Publication,
    why: &str,
) {
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
