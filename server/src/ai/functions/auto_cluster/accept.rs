//! Putting into a locked cluster what a clustering said would fit into it.

use igny8_data::{DbError, JobId, JobRow, JobState, Read, SiteScope, Variables, Write};

use super::read::named_lines;
use crate::ai::AiFunction as _;
use crate::ai::engine::KIND;
use crate::ai::functions::wrong;
use crate::api::{Error, Result};
use crate::app::App;
use crate::features::planner::model::{Cluster, ClusterId, KeywordId};

/// Puts the keywords that a finished task names for a cluster into it, as if a person had put each there: those that are
/// still in no cluster. Answers how many.
///
/// # Errors
/// 404 without such a cluster; 422 naming `job` when it is no finished clustering of the site or names nothing for the
/// cluster; 409 when they are being changed in this moment.
pub async fn accept(app: &App, scope: &SiteScope<Write>, cluster: ClusterId, job: JobId) -> Result<usize> {
    let reading = scope.reading();
    let db = app.db.site(&reading);
    let cluster = db.get::<Cluster>(cluster).await?.ok_or_else(Error::not_found)?;
    let account = scope.actor().account::<Read>()?;
    let job = app.db.account(&account).get::<JobRow>(job).await?.filter(|job| {
        job.site == Some(scope.site())
            && job.kind == KIND
            && job.state == JobState::Done
            && job.payload["function"] == super::AutoCluster::NAME
    });
    let job = job.ok_or_else(|| wrong("job", "must be a finished auto_cluster task of this site"))?;
    let result = job.result.unwrap_or_default();
    let id = cluster.id.to_string();
    let named = result["would_fit"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|fit| fit["cluster"] == id.as_str())
        .and_then(|fit| fit["keywords"].as_array())
        .ok_or_else(|| wrong("job", "must be one that found keywords for this cluster"))?;
    let named = named
        .iter()
        .filter_map(|keyword| keyword.as_str()?.parse::<KeywordId>().ok())
        .collect();
    let lines = named_lines(&db, cluster.sector, &named).await?;
    let free: Vec<KeywordId> = lines
        .iter()
        .filter(|line| line.cluster.is_none())
        .map(|line| line.id)
        .collect();
    let count = free.len();
    let mut binds = Variables::new();
    binds.insert("take_in", cluster.id);
    binds.insert("taken", free);
    binds.insert("taken_at", app.db.clock().now());
    let mut tx = app.db.site(scope).tx();
    // The cluster is written, so that whoever deletes it in this moment collides with this.
    tx.statement(
        "IF (UPDATE ONLY $take_in SET rev += 1, updated_at = $taken_at WHERE site = $site AND account = $account \
         AND deleted_at IS NONE RETURN VALUE id) IS NONE { THROW 'changed' };\n\
         IF array::len((UPDATE $taken SET cluster = $take_in, placed_by_hand = true, \
         status = IF status = 'used' { 'used' } ELSE { 'mapped' }, rev += 1, updated_at = $taken_at \
         WHERE site = $site AND account = $account AND deleted_at IS NONE AND cluster IS NONE RETURN VALUE id)) \
         != array::len($taken) { THROW 'changed' }",
        binds,
    );
    match tx.commit().await {
        Ok(_) => Ok(count),
        Err(DbError::Refused(_)) => Err(Error::conflict(
            "changed_meanwhile",
            "These keywords or their cluster are being changed by somebody else. Try again.",
        )),
        Err(error) => Err(error.into()),
    }
}
