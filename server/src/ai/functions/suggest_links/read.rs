//! Reading the content that wants links, and what it could link to.

use std::collections::{HashMap, HashSet};

use igny8_data::{Access, DbError, SiteDb, Variables};

use super::{MOST, Payload, Work};
use crate::ai::{Phase, Task};
use crate::features::content::{Content, ContentId};
use crate::features::linker::suggest::{self, Outbound};
use crate::features::linker::{LinkStatus, as_job, of_sources, with};
use crate::features::publishing::snapshot;
use crate::jobs::JobError;

/// Texts in memory together.
const AT_ONCE: usize = 20;
/// Candidates that a model chooses each link from, and how many there are at least.
const CHOICE: usize = 2;
const LEAST: usize = 6;

/// The content that is meant, and how much more there is than one task works on.
pub(super) async fn meant<A: Access>(
    db: &SiteDb<'_, A>,
    payload: &Payload,
) -> Result<(Vec<ContentId>, usize), DbError> {
    if let Some(named) = &payload.content {
        let there = living(db, named).await?;
        let mut ids: Vec<ContentId> = there.into_iter().collect();
        ids.sort_unstable();
        return Ok((ids, 0));
    }
    let mut binds = Variables::new();
    let mut of_cluster = "";
    if let Some(cluster) = payload.cluster {
        binds.insert("cluster", cluster);
        of_cluster = "AND cluster = $cluster";
    }
    let sql = format!(
        "SELECT VALUE id FROM content WHERE site = $site AND account = $account AND status = 'published' \
         AND deleted_at IS NONE {of_cluster};\
         SELECT VALUE source FROM (SELECT source FROM link WHERE site = $site AND account = $account \
         AND origin = 'generated' GROUP BY source);"
    );
    let mut answer = db.query(&sql, binds, "looking for content without suggestions").await?;
    let mut ids: Vec<ContentId> = answer.rows(0)?;
    let seen: HashSet<ContentId> = answer.rows::<ContentId>(1)?.into_iter().collect();
    ids.retain(|id| !seen.contains(id));
    ids.sort_unstable();
    let left = ids.len().saturating_sub(MOST);
    ids.truncate(MOST);
    Ok((ids, left))
}

/// Which of some content is there.
pub(super) async fn living<A: Access>(db: &SiteDb<'_, A>, ids: &[ContentId]) -> Result<HashSet<ContentId>, DbError> {
    let mut binds = Variables::new();
    binds.insert("ids", ids.to_vec());
    let sql = "SELECT VALUE id FROM $ids WHERE site = $site AND account = $account AND deleted_at IS NONE;";
    let mut answer = db.query(sql, binds, "looking for content").await?;
    Ok(answer.rows::<ContentId>(0)?.into_iter().collect())
}

/// What each could link to; content for which there is nothing is left out.
pub(super) async fn candidates(task: &Task<Payload>, ids: &[ContentId]) -> Result<Vec<Work>, JobError> {
    let scope = task.scope.reading();
    let db = task.app.db.site(&scope);
    let tenant = (scope.account(), scope.site());
    let mut unwanted: HashMap<ContentId, HashSet<ContentId>> = HashMap::new();
    for link in of_sources(&db, ids).await? {
        if link.status == LinkStatus::Dismissed {
            unwanted.entry(link.source).or_default().insert(link.target);
        }
    }
    let mut work = Vec::new();
    for (n, some) in ids.chunks(AT_ONCE).enumerate() {
        task.check()?;
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let part = (n * AT_ONCE) as f64 / ids.len() as f64;
        task.tell(
            Phase::Prep,
            part,
            format!("Reading texts: {} of {}", n * AT_ONCE, ids.len()),
        );
        let rows = snapshot::rows_of::<Content>(&db, tenant, some.to_vec(), "deleted_at IS NONE").await?;
        let asked: Vec<(Content, HashSet<ContentId>)> = rows
            .into_iter()
            .map(|row| {
                let unwanted = unwanted.remove(&row.id).unwrap_or_default();
                (row, unwanted)
            })
            .collect();
        let per_content = task.payload.per_content;
        let found = with(&task.app, &scope, move |standing| {
            let of = |(row, unwanted): (Content, HashSet<ContentId>)| {
                // As many as the length of the text asks for.
                let usual = suggest::outbound(standing, &row, per_content, &unwanted).found.len();
                let wide = (usual > 0).then(|| (usual * CHOICE).max(LEAST));
                let found: Option<Outbound> =
                    wide.map(|limit| suggest::outbound(standing, &row, Some(limit), &unwanted));
                Some(Work {
                    title: row.title,
                    language: row.language,
                    cluster: row.cluster,
                    candidates: found?.found,
                    most: usual,
                })
            };
            asked.into_iter().filter_map(of).collect::<Vec<Work>>()
        });
        work.extend(found.await.map_err(as_job)?);
    }
    Ok(work)
}
