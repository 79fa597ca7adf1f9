//! Merging and splitting clusters by hand. What a person put together, or parted, stays so: the clusters count as made by
//! hand, which clustering leaves their keywords, and the moved keywords as placed by hand.

use std::collections::HashMap;

use igny8_data::{CanWrite, DbError, Select, SiteScope, Tx, Variables};

use super::model::{Cluster, ClusterId, ClusterOrigin, ClusterRole, KeywordId};
use super::remove;
use super::rules::{refused, require_clusters};
use crate::api::bulk::distinct;
use crate::api::validate::Check;
use crate::api::{Error, FieldError, Result};
use crate::app::App;
use crate::features::taxonomy::tree::one_at_a_time;

/// Puts everything of some clusters into another one and deletes them.
///
/// # Errors
/// 422 when they are not of the same sector or contain the target; 412 when the target
/// was changed.
pub async fn merge<A: CanWrite>(
    app: &App,
    scope: &SiteScope<A>,
    mut into: Cluster,
    clusters: Vec<ClusterId>,
) -> Result<Cluster> {
    let gone = distinct(&clusters);
    if gone.contains(&into.id) {
        return Err(wrong(
            "clusters",
            "must be other clusters than the one that takes them in",
        ));
    }
    let now = app.db.clock().now();
    let mut tx = app.db.site(scope).tx();
    one_at_a_time(&mut tx);
    require_clusters(&mut tx, &gone, Some(into.sector));
    into.parent = parent_after(app, scope, &into, &gone).await?;
    into.origin = ClusterOrigin::Manual;
    into.updated_at = now;
    tx.replace(&mut into);
    let mut binds = Variables::new();
    binds.insert("gone", gone.clone());
    binds.insert("into", into.id);
    binds.insert("now", now);
    for (n, sql) in [
        "UPDATE keyword SET cluster = $into, placed_by_hand = true, rev += 1, updated_at = $now WHERE site = $site \
         AND account = $account AND cluster INSIDE $gone RETURN NONE",
        "UPDATE idea SET cluster = $into, rev += 1, updated_at = $now WHERE site = $site AND account = $account \
         AND cluster INSIDE $gone RETURN NONE",
        "UPDATE task SET cluster = $into, rev += 1, updated_at = $now WHERE site = $site AND account = $account \
         AND cluster INSIDE $gone RETURN NONE",
        "UPDATE cluster SET parent = $into, rev += 1, updated_at = $now WHERE site = $site AND account = $account \
         AND parent INSIDE $gone AND id != $into RETURN NONE",
        "UPDATE term SET clusters = array::distinct(array::append(array::complement(clusters, $gone), $into)), rev += 1, \
         updated_at = $now WHERE site = $site AND account = $account AND clusters CONTAINSANY $gone RETURN NONE",
        "UPDATE $gone SET deleted_at = $now, updated_at = $now, name_key = NONE, parent = NONE, rev += 1 \
         WHERE site = $site AND account = $account RETURN NONE",
    ]
    .into_iter()
    .enumerate()
    {
        tx.statement(sql, if n == 0 { binds.clone() } else { Variables::new() });
    }
    tx.commit().await.map_err(|error| match refused(error) {
        Error::Unprocessable(_) => wrong("clusters", "must be clusters of the same sector"),
        error => error,
    })?;
    for cluster in gone {
        remove::move_content(app, scope, cluster, Some(into.id)).await?;
    }
    Ok(into)
}

/// Where a cluster stands once some are merged into it: if it was below one of these, it rises to where that one was, since
/// what was between them comes below it.
async fn parent_after<A: CanWrite>(
    app: &App,
    scope: &SiteScope<A>,
    into: &Cluster,
    gone: &[ClusterId],
) -> Result<Option<ClusterId>> {
    let select = Select::new().equals("sector", into.sector);
    let rows = app.db.site(scope).list::<Cluster>(select).await?;
    let parents: HashMap<ClusterId, Option<ClusterId>> = rows.iter().map(|row| (row.id, row.parent)).collect();
    let mut parent = into.parent;
    let mut above = into.parent;
    // As many steps as there are clusters, so that this ends whatever is stored.
    for _ in 0..rows.len() {
        let Some(id) = above else { break };
        above = parents.get(&id).copied().flatten();
        if gone.contains(&id) {
            parent = above;
        }
    }
    Ok(parent)
}

/// Makes a new cluster of some of a cluster's keywords; both are a person's own then.
///
/// # Errors
/// 422 when the name is not one or the keywords are not the cluster's, 409 when the name is taken.
pub async fn split<A: CanWrite>(
    app: &App,
    scope: &SiteScope<A>,
    from: &Cluster,
    name: &str,
    role: ClusterRole,
    keywords: Vec<KeywordId>,
) -> Result<Cluster> {
    let keywords = distinct(&keywords);
    let now = app.db.clock().now();
    let mut new = Cluster::new(app.db.ids().make(), scope, from.sector, name, now);
    (new.role, new.context_type, new.parent) = (role, from.context_type, from.parent);
    let mut check = Check::new();
    new.check(&mut check);
    check.finish()?;
    let mut tx: Tx<'_> = app.db.site(scope).tx();
    one_at_a_time(&mut tx);
    require_clusters(&mut tx, &[from.id], Some(from.sector));
    tx.create(new.clone());
    let mut binds = Variables::new();
    binds.insert("split_keywords", keywords);
    binds.insert("split_from", from.id);
    binds.insert("split_new", new.id);
    binds.insert("split_at", now);
    tx.statement(
        "UPDATE $split_from SET origin = 'manual', rev += 1, updated_at = $split_at WHERE site = $site \
         AND account = $account AND deleted_at IS NONE RETURN NONE;\n\
         IF array::len((UPDATE $split_keywords SET cluster = $split_new, placed_by_hand = true, rev += 1, \
         updated_at = $split_at WHERE site = $site AND account = $account AND cluster = $split_from \
         AND deleted_at IS NONE RETURN VALUE id)) != array::len($split_keywords) { THROW 'not_its_keywords' }",
        binds,
    );
    tx.commit().await.map_err(|error| match error {
        DbError::Refused(code) if code == "not_its_keywords" => {
            wrong("keywords", "must be keywords of the cluster that is split")
        }
        DbError::Duplicate { index } if index == "cluster_name" => {
            Error::duplicate("name", "The sector has a cluster of this name already.")
        }
        error => refused(error),
    })?;
    Ok(new)
}

fn wrong(field: &str, message: &str) -> Error {
    Error::invalid(vec![FieldError::new(field, message)])
}
