//! Ids there compared with those here: for posts that were deleted, and for those that carry an old date.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use igny8_data::{DbError, SurrealValue, Variables};
use igny8_wordpress::{PostType, WordPressError};

use super::super::cursor::{Counts, Cursor, PAGE, Run, is_doubtful};
use super::super::posts;
use super::super::source::{Inbound, broken};
use super::lots::{LOT, listed, these};
use super::{COMPARED, stopped};
use crate::features::content::Content;
use crate::features::destinations::model::{Publication, PublicationId, PublicationStatus};
use crate::jobs::JobContext;
use crate::publish::PublishError;
use crate::publish::wordpress::failed;

/// What is known of a publication, to be compared with a list.
#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub(super) struct Short {
    pub(super) id: PublicationId,
    external_id: Option<String>,
    pub(super) external_url: Option<String>,
    their_modified: Option<DateTime<Utc>>,
    status: PublicationStatus,
}

impl Short {
    /// As far as is known here.
    fn is_there(&self) -> bool {
        self.status != PublicationStatus::Removed
    }
}

/// Compares all ids of a type with what is here: what is missing there was deleted, what is missing here carries an old date.
/// Only when the count says so, or when it was long ago. False where the site does not show the type any more.
pub(super) async fn compare(
    from: &mut Inbound<'_>,
    of: &PostType,
    cursor: &mut Cursor,
    run: &mut Run,
    context: &JobContext,
) -> Result<bool, PublishError> {
    let now = from.app.db.clock().now();
    let seen = cursor.types.get(&of.slug).cloned().unwrap_or_default();
    let first = match listed(from, of, 0, 1).await {
        Err(WordPressError::NoRoute) => return Ok(false),
        first => first.map_err(|error| failed(&error))?,
    };
    let is_due = seen.compared_at.is_none_or(|at| now - at >= COMPARED);
    run.total = first.total;
    run.begun = run.begun.or(first.at);
    if !run.full && !is_due && first.total == seen.total && first.total.is_some() {
        return Ok(true);
    }
    context.progress(95.0, format!("{}: looking for what is missing", of.name));
    let all_known = run.full && !from.takes_new();
    let mut known: HashMap<u64, Short> = known(from, of).await.map_err(|error| broken(&error))?;
    let count = known.values().filter(|here| here.is_there()).count();
    let mut wanted: Vec<u64> = Vec::new();
    let mut offset = 0;
    loop {
        stopped(context)?;
        let page = listed(from, of, offset, PAGE).await;
        let page = page.map_err(|error| failed(&error))?;
        for listed in page.items {
            let here = known.remove(&listed.id);
            let changed = here.as_ref().is_some_and(|here| {
                here.is_there() && here.their_modified.is_some() && here.their_modified != listed.modified_gmt
            });
            if changed
                || (here.is_some() && all_known)
                || (here.is_none() && from.takes_new() && listed.status != "trash")
            {
                wanted.push(listed.id);
            }
        }
        if !page.more {
            break;
        }
        offset += u64::from(PAGE);
    }
    for ids in wanted.chunks(LOT.min(run.limit().into())) {
        stopped(context)?;
        let posts = these(from, of, ids, &mut run.counts).await?;
        run.counts.add(&posts::import(from, of, posts, &|_, _| {}).await?);
    }
    let mut gone: Vec<(u64, PublicationId)> = known
        .into_iter()
        .filter(|(_, here)| here.is_there())
        .map(|(id, here)| (id, here.id))
        .collect();
    gone.sort_unstable();
    let seen = cursor.types.entry(of.slug.clone()).or_default();
    seen.compared_at = Some(now);
    // Unless it was told before, and everything was asked for since.
    if is_doubtful(gone.len(), count) && !(run.asked && seen.doubted) {
        seen.doubted = true;
        run.counts.problem(format!(
            "{} of {count} posts of the type `{}` are not there any more. So many may mean that this is another site, or an old \
             copy of it: nothing was taken away here. If they were deleted on purpose, import once more with `full`; if it is \
             another site, remove the destination.",
            gone.len(),
            of.slug
        ));
        return Ok(true);
    }
    for (id, publication) in gone {
        stopped(context)?;
        missing(from, of, id, publication, &mut run.counts).await?;
    }
    cursor.types.entry(of.slug.clone()).or_default().doubted = false;
    Ok(true)
}

/// Publications of a type by the ids of their posts: small, so that a site of many thousand posts fits into memory.
pub(super) async fn known(from: &Inbound<'_>, of: &PostType) -> Result<HashMap<u64, Short>, DbError> {
    let mut binds = Variables::new();
    binds.insert("destination", from.destination.id);
    binds.insert("of", of.rest_base.clone());
    let sql = "SELECT id, external_id, external_url, their_modified, status FROM publication WITH INDEX publication_external \
               WHERE destination = $destination AND site = $site AND account = $account AND external_type = $of \
               AND external_id IS NOT NONE;";
    let rows: Vec<Short> = from.db().query(sql, binds, "reading publications").await?.rows(0)?;
    let by_id = rows
        .into_iter()
        .filter_map(|row| Some((row.external_id.as_ref()?.parse().ok()?, row)));
    Ok(by_id.collect())
}

/// A post that is in no list: deleted for good, or hidden from the user that we are.
pub(super) async fn missing(
    from: &mut Inbound<'_>,
    of: &PostType,
    id: u64,
    publication: PublicationId,
    counts: &mut Counts,
) -> Result<(), PublishError> {
    match from.client.post_of(of, &from.taxonomies_of(of), id).await {
        Ok(post) => {
            counts.add(&posts::import(from, of, vec![post], &|_, _| {}).await?);
            Ok(())
        }
        Err(WordPressError::Gone) => {
            let db = from.db();
            let Some(mut publication) = db
                .get::<Publication>(publication)
                .await
                .map_err(|error| broken(&error))?
            else {
                return Ok(());
            };
            // The publishing job is about to bring it there.
            if publication.status == PublicationStatus::Pending {
                return Ok(());
            }
            let content = db
                .get::<Content>(publication.content)
                .await
                .map_err(|error| broken(&error))?;
            let mut tx = from.tx();
            publication.external_status = Some("gone".into());
            match content {
                Some(content) => posts::remove(from, &mut tx, &content, &mut publication, "It was deleted there."),
                None => publication.status = PublicationStatus::Removed,
            }
            tx.replace(&mut publication);
            match tx.commit().await {
                Ok(_) => counts.removed += 1,
                // Somebody edits it: the next look finds it again.
                Err(DbError::Stale) => {}
                Err(error) => return Err(broken(&error)),
            }
            Ok(())
        }
        // Not for us to see, or too long to be read.
        Err(WordPressError::Forbidden { .. } | WordPressError::TooLarge(_)) => Ok(()),
        Err(error) => Err(failed(&error)),
    }
}
