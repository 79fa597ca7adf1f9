//! Deleting clusters: nothing keeps naming a deleted cluster.

use igny8_data::{CanWrite, Deleted, SiteScope, Variables};

use super::model::{Cluster, ClusterId};
use super::rules::refused;
use crate::api::{Error, Result};
use crate::app::App;
use crate::features::content::{Content, ContentId, batch};

/// Deletes a cluster: its keywords, content, terms and the clusters below it stand alone then.
///
/// # Errors
/// 412 when it was changed since it was read; when the database fails.
pub async fn delete<A: CanWrite>(app: &App, scope: &SiteScope<A>, cluster: &mut Cluster) -> Result<()> {
    let now = app.db.clock().now();
    let db = app.db.site(scope);
    let mut tx = db.tx();
    crate::features::taxonomy::tree::one_at_a_time(&mut tx);
    cluster.deleted_at = Some(now);
    cluster.updated_at = now;
    (cluster.name_key, cluster.parent) = (None, None);
    tx.replace(cluster);
    let id = cluster.id;
    for (n, sql) in [
        "UPDATE cluster SET parent = NONE, rev += 1, updated_at = $now0 WHERE site = $site AND account = $account \
         AND parent = $gone0 RETURN NONE",
        "UPDATE keyword SET cluster = NONE, status = IF status = 'mapped' { 'new' } ELSE { status }, rev += 1, \
         updated_at = $now1 WHERE site = $site AND account = $account AND cluster = $gone1 RETURN NONE",
        "UPDATE idea SET cluster = NONE, cluster_role = NONE, rev += 1, updated_at = $now2 WHERE site = $site \
         AND account = $account AND cluster = $gone2 RETURN NONE",
        "UPDATE task SET cluster = NONE, cluster_role = NONE, rev += 1, updated_at = $now3 WHERE site = $site \
         AND account = $account AND cluster = $gone3 RETURN NONE",
        "UPDATE term SET clusters = array::complement(clusters, [$gone4]), rev += 1, updated_at = $now4 \
         WHERE site = $site AND account = $account AND clusters CONTAINS $gone4 RETURN NONE",
    ]
    .into_iter()
    .enumerate()
    {
        let mut binds = Variables::new();
        binds.insert(format!("now{n}"), now);
        binds.insert(format!("gone{n}"), id);
        tx.statement(sql, binds);
    }
    tx.commit().await.map_err(refused)?;
    move_content(app, scope, id, None).await
}

/// Content of a cluster that is gone belongs to another one then, or to none.
pub(super) async fn move_content<A: CanWrite>(
    app: &App,
    scope: &SiteScope<A>,
    cluster: ClusterId,
    into: Option<ClusterId>,
) -> Result<()> {
    let leave = move |content: &mut Content| {
        if content.cluster == Some(cluster) {
            content.cluster = into;
            content.cluster_role = content.cluster_role.filter(|_| into.is_some());
        }
        Ok(())
    };
    loop {
        let mut binds = Variables::new();
        binds.insert("gone", cluster);
        let sql = "SELECT VALUE id FROM content WHERE site = $site AND account = $account AND cluster = $gone;";
        let mut answer = app
            .db
            .site(scope)
            .query(sql, binds, "finding content of a cluster")
            .await?;
        let ids: Vec<ContentId> = answer.rows(0)?;
        if ids.is_empty() {
            return Ok(());
        }
        let results = batch::each(app, scope, &ids, Deleted::With, &leave).await?;
        if results.iter().all(|(_, result)| result.is_err()) {
            return Err(Error::unavailable(
                "The content of the cluster is being changed by others. Try again.",
            ));
        }
    }
}
