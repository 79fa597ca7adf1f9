//! Posts that are read though their times do not say so: those whose time came, what is below others that moved, there or here,
//! and those that somebody named.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Duration, Utc};
use igny8_data::{DbError, SurrealValue, Variables};
use igny8_wordpress::PostType;

use super::super::cursor::{Counts, Cursor};
use super::super::posts;
use super::super::source::{Inbound, broken};
use super::compare::{known, missing};
use super::lots::{LOT, these};
use super::{Named, stopped};
use crate::features::content::model::Source;
use crate::features::destinations::model::PublicationStatus;
use crate::jobs::JobContext;
use crate::publish::PublishError;

/// How much before the last look places are looked at again: a send writes down when it began.
const OVERLAP: Duration = Duration::minutes(10);
/// Posts looked at in one go that stand elsewhere; the next look finds the others.
const MOST: usize = 1000;

/// Reads posts whose time has come since they were seen: WordPress publishes them without touching when they were changed.
pub(super) async fn became_due(
    from: &mut Inbound<'_>,
    of: &PostType,
    counts: &mut Counts,
    context: &JobContext,
) -> Result<(), PublishError> {
    let mut binds = Variables::new();
    binds.insert("destination", from.destination.id);
    binds.insert("of", of.rest_base.clone());
    binds.insert("now", from.app.db.clock().now());
    binds.insert("removed", PublicationStatus::Removed);
    let sql = "SELECT VALUE external_id FROM publication WITH INDEX publication_external WHERE destination = $destination \
               AND site = $site AND account = $account AND external_type = $of AND external_id IS NOT NONE \
               AND external_status = 'future' AND status != $removed AND (content.publish_at ?? $now) <= $now;";
    let found = from.db().query(sql, binds, "looking for what was scheduled").await;
    let ids: Vec<String> = found
        .and_then(|mut found| found.rows(0))
        .map_err(|error| broken(&error))?;
    let ids: Vec<u64> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    for ids in ids.chunks(LOT) {
        stopped(context)?;
        let posts = these(from, of, ids, counts).await?;
        counts.add(&posts::import(from, of, posts, &|_, _| {}).await?);
    }
    Ok(())
}

/// A post whose address there is another one than its content knows.
#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Elsewhere {
    external_id: String,
    external_url: String,
    former: String,
    status: PublicationStatus,
    placed_at: Option<DateTime<Utc>>,
}

/// Posts that stand elsewhere since they were sent: they were moved here, or what they are below was. What is below them does not
/// know.
struct SentElsewhere {
    /// Where they were, by their ids.
    former: HashMap<u64, String>,
    /// Where the next look begins.
    next: Option<DateTime<Utc>>,
}

/// Looks among those that got their place, or another one, `since` then; without that among all of a type.
async fn sent_elsewhere(
    from: &Inbound<'_>,
    of: &PostType,
    since: Option<DateTime<Utc>>,
) -> Result<SentElsewhere, DbError> {
    let now = from.app.db.clock().now();
    if !of.hierarchical {
        return Ok(SentElsewhere {
            former: HashMap::new(),
            next: Some(now),
        });
    }
    let mut binds = Variables::new();
    binds.insert("destination", from.destination.id);
    binds.insert("of", of.rest_base.clone());
    binds.insert("removed", PublicationStatus::Removed);
    binds.insert("imported", Source::Wordpress);
    let (index, placed) = match since {
        Some(since) => {
            binds.insert("since", (since - OVERLAP).max(DateTime::UNIX_EPOCH));
            ("publication_by_placed", " AND placed_at >= $since")
        }
        None => ("publication_external", ""),
    };
    let sql = format!(
        "SELECT external_id, external_url, content.source_url AS former, status, placed_at FROM publication \
         WITH INDEX {index} WHERE destination = $destination{placed} AND site = $site AND account = $account \
         AND external_type = $of AND external_id IS NOT NONE AND external_url IS NOT NONE AND status != $removed \
         AND content.site = $site AND content.account = $account AND content.source = $imported \
         AND content.deleted_at IS NONE AND content.source_url IS NOT NONE AND content.source_url != external_url \
         LIMIT {MOST};"
    );
    let mut found = from.db().query(&sql, binds, "looking for what was moved here").await?;
    let found: Vec<Elsewhere> = found.rows(0)?;
    let is_whole = found.len() < MOST;
    let is_followed = |one: &Elsewhere| one.status == PublicationStatus::Published;
    let (now_there, later): (Vec<Elsewhere>, Vec<Elsewhere>) = found.into_iter().partition(is_followed);
    // What waits for somebody is followed when it does not any more.
    let waiting = later.into_iter().filter_map(|one| one.placed_at).min();
    let next = Some(waiting.map_or(now, |waiting| waiting.min(now)));
    // A draft has no address.
    let now_there = now_there.into_iter().filter(|one| !one.external_url.contains('?'));
    Ok(SentElsewhere {
        former: now_there
            .filter_map(|one| Some((one.external_id.parse().ok()?, one.former)))
            .collect(),
        next: if is_whole { next } else { since },
    })
}

/// Reads what is below posts that moved: its addresses are others as well, and its times do not say so. `since` is what this
/// answered the last time, where not all are to be looked at.
pub(super) async fn follow(
    from: &mut Inbound<'_>,
    of: &PostType,
    since: Option<DateTime<Utc>>,
    counts: &mut Counts,
    context: &JobContext,
) -> Result<Option<DateTime<Utc>>, PublishError> {
    let mut moved = std::mem::take(&mut counts.moved);
    let sent = sent_elsewhere(from, of, since).await;
    let SentElsewhere { former: sent, next } = sent.map_err(|error| broken(&error))?;
    moved.extend(sent.values().cloned());
    if moved.is_empty() {
        return Ok(next);
    }
    let known = known(from, of).await.map_err(|error| broken(&error))?;
    let wanted = known.into_iter().filter(|(id, here)| {
        let is_below = here.external_url.as_deref().is_some_and(|url| is_below(url, &moved));
        is_below || sent.contains_key(id)
    });
    let mut ids: Vec<u64> = wanted.map(|(id, _)| id).collect();
    ids.sort_unstable();
    from.again = sent.into_keys().collect();
    for ids in ids.chunks(LOT) {
        stopped(context)?;
        let posts = these(from, of, ids, counts).await?;
        counts.add(&posts::import(from, of, posts, &|_, _| {}).await?);
    }
    from.again.clear();
    // Whatever was below those was below the first ones, too.
    counts.moved.clear();
    Ok(next)
}

/// Whether an address is below one of these.
fn is_below(url: &str, addresses: &[String]) -> bool {
    addresses.iter().any(|address| {
        let rest = url.strip_prefix(address.trim_end_matches('/'));
        rest.is_some_and(|rest| rest.starts_with('/') && rest.len() > 1)
    })
}

/// Imports posts that somebody named.
pub(super) async fn some(
    from: &mut Inbound<'_>,
    named: &[Named],
    cursor: &Cursor,
    context: &JobContext,
) -> Result<Counts, PublishError> {
    from.tells = true;
    let mut counts = Counts::default();
    let mut by_type: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for one in named {
        by_type.entry(&one.post_type).or_default().push(one.id);
    }
    for of in from.types() {
        let Some(ids) = by_type.get(of.slug.as_str()) else {
            continue;
        };
        for ids in ids.chunks(LOT) {
            stopped(context)?;
            let posts = these(from, &of, ids, &mut counts).await?;
            let there: Vec<u64> = posts.iter().map(|post| post.id).collect();
            counts.add(&posts::import(from, &of, posts, &|_, _| {}).await?);
            let absent: Vec<u64> = ids.iter().copied().filter(|id| !there.contains(id)).collect();
            if !absent.is_empty() {
                let known = known(from, &of).await.map_err(|error| broken(&error))?;
                for id in absent {
                    if let Some(here) = known.get(&id) {
                        missing(from, &of, id, here.id, &mut counts).await?;
                    }
                }
            }
        }
        // Where no import looked yet, the first one looks at all.
        let since = cursor.types.get(&of.slug).and_then(|seen| seen.followed_at);
        let since = since.unwrap_or(DateTime::UNIX_EPOCH);
        follow(from, &of, Some(since), &mut counts, context).await?;
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_below_an_address() {
        let moved = ["https://a.example/about/".to_owned(), "https://a.example/x".to_owned()];
        for (url, expected) in [
            ("https://a.example/about/team/", true),
            ("https://a.example/x/y", true),
            ("https://a.example/about/", false),
            ("https://a.example/about-us/", false),
            ("https://a.example/xy/", false),
        ] {
            assert_eq!(is_below(url, &moved), expected, "{url}");
        }
    }
}
