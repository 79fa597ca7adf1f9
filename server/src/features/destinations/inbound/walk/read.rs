//! All posts of a type, or those that changed, read in parts of which each can be the last.

use chrono::{DateTime, Duration, Utc};
use igny8_data::Tx;
use igny8_wordpress::{Page, Post, PostQuery, PostType, WordPressError};

use super::super::cursor::{Counts, Cursor, PAGE, Run};
use super::super::posts;
use super::super::source::Inbound;
use super::lots::{alone, is_too_much};
use super::{save, stopped};
use crate::features::destinations::state::Change;
use crate::jobs::JobContext;
use crate::publish::PublishError;
use crate::publish::wordpress::failed;

/// What a poll reads again of what it has seen: clocks and caches there are not exact.
const OVERLAP: Duration = Duration::minutes(2);

/// Reads all posts of a type, or those that changed since the last time; false where the site does not show the type any more.
pub(super) async fn read_all(
    from: &mut Inbound<'_>,
    of: &PostType,
    cursor: &mut Cursor,
    run: &mut Run,
    context: &JobContext,
    told: &(dyn Fn(f64) -> f64 + Sync),
) -> Result<bool, PublishError> {
    let seen = cursor.types.get(&of.slug).cloned().unwrap_or_default();
    let since = seen.until.filter(|_| !run.full).map(|until| until - OVERLAP);
    loop {
        stopped(context)?;
        let limit = run.limit();
        let page = match lot(from, of, since, run.offset, limit).await {
            Ok(page) => page,
            Err(WordPressError::NoRoute) => return Ok(false),
            Err(error) if is_too_much(&error) => {
                if !run.ask_for_less() && !next_alone(from, of, since, cursor, run).await? {
                    return Ok(true);
                }
                continue;
            }
            Err(error) => return Err(failed(&error)),
        };
        run.answered();
        let moved = since.is_none() && run.total.zip(page.total).is_some_and(|(before, now)| now < before);
        run.begun = run.begun.or(page.at);
        run.total = page.total.or(run.total);
        if let Some(total) = page.total.filter(|total| *total > 0) {
            let at = (run.offset as f64 / total as f64).min(1.0);
            context.progress(told(at), format!("{}: {} of {total}", of.name, run.offset.min(total)));
        }
        // Something before us was deleted, so that what follows moved up: a few are looked at twice.
        run.offset = if moved {
            run.offset.saturating_sub(u64::from(PAGE))
        } else {
            run.offset + u64::from(limit)
        };
        let more = page.more || moved;
        run.comparing = !more;
        let (kept_cursor, kept_run, destination) = (cursor.clone(), run.clone(), from.destination.id);
        let alongside = move |tx: &mut Tx<'_>, counts: &Counts| {
            let mut run = kept_run.clone();
            run.counts.add(counts);
            let cursor = Cursor {
                run: Some(run),
                ..kept_cursor.clone()
            };
            Change::new()
                .import_cursor(cursor.mark, cursor.stored())
                .add_to(tx, destination);
        };
        let counts = posts::import(from, of, page.items, &alongside).await?;
        run.counts.add(&counts);
        if !more {
            return Ok(true);
        }
    }
}

/// Reads the next post by itself, where the site does not answer with it otherwise; false when it is the last one.
async fn next_alone(
    from: &mut Inbound<'_>,
    of: &PostType,
    since: Option<DateTime<Utc>>,
    cursor: &Cursor,
    run: &mut Run,
) -> Result<bool, PublishError> {
    let query = PostQuery {
        modified_after: since,
        offset: run.offset,
        limit: 1,
    };
    let page = from.client.listed(of, query).await.map_err(|error| failed(&error))?;
    let mut posts = Vec::new();
    for listed in &page.items {
        posts.extend(alone(from, of, listed.id, &mut run.counts).await?);
    }
    run.counts.add(&posts::import(from, of, posts, &|_, _| {}).await?);
    run.begun = run.begun.or(page.at);
    run.total = run.total.or(page.total);
    run.offset += 1;
    run.comparing = !page.more;
    save(from, cursor, Some(&*run)).await?;
    Ok(page.more)
}

async fn lot(
    from: &Inbound<'_>,
    of: &PostType,
    since: Option<DateTime<Utc>>,
    offset: u64,
    limit: u8,
) -> Result<Page<Post>, WordPressError> {
    let query = PostQuery {
        modified_after: since,
        offset,
        limit,
    };
    from.client.posts(of, &from.taxonomies_of(of), query).await
}
