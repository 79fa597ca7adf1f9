//! Writing content: what every change does besides, whoever makes it (API, schedule, import).

use igny8_data::identity::Who;
use igny8_data::{Db, DbError, JobPriority, NewJob, SiteId, Tx, Variables};

use super::changes::{self, KEPT};
use super::model::{Change, Content, Status};
use super::readiness::second_text;
use super::revision::{Reason, Revision};
use super::rules::MAX_LINKS;
use crate::api::Error;
use crate::features::media::MediaId;
use crate::features::planner::rules::{require_clusters, require_live, require_sector};
use crate::features::webhooks::event::ContentData;
use crate::features::webhooks::{self, Event};

/// Fields that a revision keeps: a change of one of them makes one.
pub const REVISED: [&str; 4] = ["title", "body", "body_format", "blocks"];

/// The index that gives the archive of a term one text in a language.
pub const TEXT_OF: &str = "content_text_of";

/// The index that gives an address to one piece of content.
pub const ADDRESS: &str = "content_path";

/// The kind of job that brings a site's published content to its visitors.
pub const SITE_CHANGED: &str = "site_changed";

/// The kind of job that scores content which changed.
pub const SCORE_SITE: &str = "score_site";

/// Adds new content and its first revision to a unit of work.
pub fn create(db: &Db, tx: &mut Tx<'_>, who: Who, content: &mut Content, reason: Reason) {
    tidy(content);
    if content.status == Status::Approved {
        (content.approved_by, content.approved_at) = (Some(who.to_string()), Some(content.created_at));
    }
    content.path = content.derive_path();
    content.text_of = content.derive_text_of();
    content.content_hash = content.reader_hash();
    content.revision = 1;
    require_parts(tx, None, content);
    let revision = Revision::of(
        db.ids().make(),
        content,
        reason,
        who.to_string(),
        vec!["title".into(), "body".into()],
        content.created_at,
    );
    tx.create(content.clone()).create(revision);
    if content.status == Status::Published {
        publishing_changed(tx, content.site);
        webhooks::emit(tx, &Event::ContentPublished(ContentData::of(content)));
    }
    crate::features::destinations::send::changed(tx, content.site);
    score_later(tx, content.site);
}

/// Adds changed content to a unit of work: path, hash, revision, the log of changes, a deployment. False
/// when nothing differs; then nothing is added. Approved is a text, not an address: with another title, body or blocks it goes
/// back to review.
pub fn change(db: &Db, tx: &mut Tx<'_>, who: Who, old: &Content, new: &mut Content, reason: Reason) -> bool {
    change_from(db, tx, who, old, new, reason, None)
}

/// As [`change`], for the restoring of the revision with this number.
pub fn change_from(
    db: &Db,
    tx: &mut Tx<'_>,
    who: Who,
    old: &Content,
    new: &mut Content,
    reason: Reason,
    restored_from: Option<i64>,
) -> bool {
    tidy(new);
    new.path = new.derive_path();
    new.text_of = new.derive_text_of();
    dedup(&mut new.aliases);
    let mut fields = changes::fields(old, new);
    if fields.is_empty() && restored_from.is_none() {
        return false;
    }
    let now = db.clock().now();
    let rewritten = fields.iter().any(|f| REVISED.contains(&f.as_str()));
    if rewritten && old.status == Status::Approved && new.status == Status::Approved {
        new.status = Status::Review;
        fields.push("status".to_owned());
    }
    match new.status {
        Status::Approved if old.status != Status::Approved => {
            (new.approved_by, new.approved_at) = (Some(who.to_string()), Some(now));
        }
        Status::Draft | Status::Review => (new.approved_by, new.approved_at) = (None, None),
        Status::Approved | Status::Published => {}
    }
    new.content_hash = new.reader_hash();
    if new.content_hash != old.content_hash {
        new.revised_at = now;
    }
    new.updated_at = now;
    let revises = restored_from.is_some() || rewritten;
    new.revision += i64::from(revises);
    new.changes.push(Change {
        rev: old.rev + 1,
        at: now,
        fields: fields.clone(),
    });
    let surplus = new.changes.len().saturating_sub(KEPT);
    new.changes.drain(..surplus);
    // First of all, so that a stale writer is told that, and not that the revision's number is taken.
    tx.replace(new);
    if new.body != old.body {
        crate::features::linker::follow(tx, new);
    }
    require_parts(tx, Some(old), new);
    if revises {
        let mut revision = Revision::of(db.ids().make(), new, reason, who.to_string(), fields, now);
        revision.restored_from = restored_from;
        tx.create(revision);
    }
    let was = old.status == Status::Published && old.deleted_at.is_none();
    let is = new.status == Status::Published && new.deleted_at.is_none();
    if was != is || (is && new.content_hash != old.content_hash) {
        publishing_changed(tx, new.site);
        let data = ContentData::of(if is { new } else { old });
        webhooks::emit(
            tx,
            &match (was, is) {
                (false, _) => Event::ContentPublished(data),
                (true, true) => Event::ContentUpdated(data),
                (true, false) => Event::ContentUnpublished(data),
            },
        );
    }
    crate::features::destinations::send::changed(tx, new.site);
    score_later(tx, new.site);
    true
}

/// Lets the address at which visitors knew it lead to the new one; to be called before [`change`] by whoever may move it.
pub fn keep_address(old: &Content, new: &mut Content, site_language: &str) {
    new.path = new.derive_path();
    let (before, now) = (old.address(site_language), new.address(site_language));
    if before != now && old.published_at.is_some() && old.path != "/" && new.aliases.len() < MAX_LINKS {
        new.aliases.push(before);
    }
    new.aliases.retain(|alias| *alias != now);
}

/// Asks for a deployment of the site, once for however many changes are made before it runs.
pub fn publishing_changed(tx: &mut Tx<'_>, site: SiteId) {
    tx.enqueue(site_changed(site));
}

/// The job that brings what changed to visitors.
pub(super) fn site_changed(site: SiteId) -> NewJob {
    NewJob::new(SITE_CHANGED, serde_json::json!({})).key(format!("site_changed/{site}"))
}

/// Asks for the scores of what changed, once for however many changes are made before that runs.
pub fn score_later(tx: &mut Tx<'_>, site: SiteId) {
    tx.enqueue(
        NewJob::new(SCORE_SITE, serde_json::json!({}))
            .key(format!("score_site/{site}"))
            .priority(JobPriority::Low)
            .settled(),
    );
}

fn tidy(content: &mut Content) {
    super::blocks::tidy(&mut content.blocks);
    let mut seen = std::collections::HashSet::new();
    content.terms.retain(|term| seen.insert(*term));
    if content.cluster.is_none() {
        content.cluster_role = None;
    }
    // An empty text means the same as none.
    for text in [
        &mut content.primary_keyword,
        &mut content.canonical_url,
        &mut content.author,
        &mut content.translation_key,
    ] {
        if text.as_deref().is_some_and(|t| t.trim().is_empty()) {
            *text = None;
        }
    }
}

fn dedup(texts: &mut Vec<String>) {
    let mut seen = std::collections::HashSet::new();
    texts.retain(|text| seen.insert(text.clone()));
}

/// What content names must be the site's own and alive; only what is new in it is looked at.
fn require_parts(tx: &mut Tx<'_>, old: Option<&Content>, new: &Content) {
    if let Some(sector) = new.sector.filter(|_| old.is_none_or(|o| o.sector != new.sector)) {
        require_sector(tx, sector);
    }
    if let Some(cluster) = new.cluster.filter(|_| old.is_none_or(|o| o.cluster != new.cluster)) {
        require_clusters(tx, &[cluster], None);
    }
    let terms: Vec<_> = new
        .terms
        .iter()
        .filter(|term| old.is_none_or(|o| !o.terms.contains(term)))
        .copied()
        .collect();
    require_live(tx, &terms);
    let had = |id: &MediaId| old.is_some_and(|o| o.featured_image == Some(*id) || o.entity.gallery.contains(id));
    let mut images: Vec<MediaId> = new.featured_image.iter().chain(&new.entity.gallery).copied().collect();
    images.retain(|id| !had(id));
    images.sort_unstable();
    images.dedup();
    require_live(tx, &images);
}

/// Turns what the database refuses about content into answers that name fields; [`super::publish::refused`] also names other
/// content.
pub fn refused(error: DbError) -> Error {
    match error {
        DbError::Duplicate { index } if index == ADDRESS => Error::duplicate(
            "slug",
            "The section has content with this slug already, or deleted content that can be restored with it; choose another slug.",
        ),
        DbError::Duplicate { index } if index == "content_source_key" => {
            Error::duplicate("source_key", "The site has content from this source already.")
        }
        DbError::Duplicate { index } if index == TEXT_OF => {
            let missing = second_text(None);
            Error::duplicate(&missing.field, missing.message)
        }
        error => crate::features::planner::rules::refused(error),
    }
}

/// A free slug near `wanted` in a section: itself, or with a number behind it. The unique index has the last word.
///
/// # Errors
/// When the database fails.
pub async fn free_slug<A: igny8_data::Access>(
    db: &igny8_data::SiteDb<'_, A>,
    section: &str,
    language: &str,
    wanted: &str,
) -> Result<String, DbError> {
    let base = if wanted.is_empty() { "untitled" } else { wanted };
    let base: String = base.chars().take(80).collect();
    let base = base.trim_matches('-');
    let numbered = (2..=20).map(|n| format!("{base}-{n}")).collect();
    for names in [vec![base.to_owned()], numbered] {
        // One look-up by equality each: a list of values would be searched through the whole index.
        let mut binds = Variables::new();
        binds.insert("language", language.to_owned());
        let mut sql = String::new();
        for (n, name) in names.iter().enumerate() {
            binds.insert(format!("path{n}"), format!("{section}{name}/"));
            sql += &format!(
                "SELECT VALUE id FROM content WHERE site = $site AND account = $account AND language = $language \
                 AND path = $path{n};"
            );
        }
        let mut answer = db.query(&sql, binds, "looking for a free slug").await?;
        for (n, name) in names.into_iter().enumerate() {
            if answer.rows::<super::ContentId>(n)?.is_empty() {
                return Ok(name);
            }
        }
    }
    let random = u32::from_be_bytes(db.db().ids().bytes());
    Ok(format!("{base}-{random:08x}"))
}
