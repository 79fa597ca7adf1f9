//! Storing clusters and who is in them, as things are at that moment: minutes have passed since they were read.

use std::collections::{HashMap, HashSet};

use igny8_data::{Select, SurrealValue, Tx, Value as Row, Variables};
use serde_json::{Value, json};

use super::naming::free_name;
use super::read::keeps;
use super::{MOST_FITTING, Parent, Payload, Plan};
use crate::ai::{Saved, Task};
use crate::features::planner::model::{Cluster, ClusterId, ClusterOrigin, KeywordId};
use crate::features::planner::rules::{require_clusters, require_sector};
use crate::features::taxonomy::tree::one_at_a_time;
use crate::jobs::JobError;

/// Adds what is to be stored to the transaction that charges for it.
pub(super) async fn save(task: &Task<Payload>, plan: &Plan, tx: &mut Tx<'_>) -> Result<Saved, JobError> {
    let (scope, sector) = (&task.scope, task.payload.sector);
    let now = task.app.db.clock().now();
    // As they are now: minutes have passed.
    let select = Select::new().equals("sector", sector);
    let there = task.app.db.site(scope).list::<Cluster>(select).await?;
    let mut taken: HashSet<String> = there.iter().filter_map(|cluster| cluster.name_key.clone()).collect();
    let there: HashMap<ClusterId, &Cluster> = there.iter().map(|cluster| (cluster.id, cluster)).collect();
    let new_ids: Vec<ClusterId> = plan.new.iter().map(|_| task.app.db.ids().make()).collect();
    let mut parents = Vec::new();
    let rows: Vec<Cluster> = plan
        .new
        .iter()
        .zip(&new_ids)
        .map(|(new, id)| {
            let mut row = Cluster::new(*id, scope, sector, &free_name(&new.name, &mut taken), now);
            row.description.clone_from(&new.description);
            (row.role, row.context_type, row.origin) = (new.role, new.context_type, ClusterOrigin::Generated);
            row.recommendations = new.recommendations.clone();
            row.parent = match new.parent {
                Some(Parent::New(place)) => Some(new_ids[place]),
                Some(Parent::There(id)) if there.contains_key(&id) => {
                    parents.push(id);
                    Some(id)
                }
                Some(Parent::There(_)) | None => None,
            };
            row
        })
        .collect();
    let joins: Vec<&(ClusterId, Vec<KeywordId>)> = plan
        .joins
        .iter()
        .filter(|(id, _)| there.get(id).is_some_and(|cluster| !keeps(cluster)))
        .collect();
    parents.sort_unstable_by_key(ToString::to_string);
    parents.dedup();

    one_at_a_time(tx);
    require_sector(tx, sector);
    require_clusters(tx, &parents, Some(sector));
    if !joins.is_empty() {
        let mut binds = Variables::new();
        binds.insert("joined", joins.iter().map(|(id, _)| *id).collect::<Vec<_>>());
        // Written, so that whoever locks or deletes one of them in this moment collides with this.
        tx.statement(
            "IF array::len((UPDATE $joined SET rev += 1 WHERE site = $site AND account = $account \
             AND deleted_at IS NONE AND locked = false AND origin = 'generated' RETURN VALUE id)) \
             != array::len($joined) { THROW 'cluster_changed' }",
            binds,
        );
    }
    tx.create_all(rows);
    let of_new = plan.new.iter().zip(&new_ids).map(|(new, id)| (*id, &new.keywords));
    let of_joins = joins.iter().map(|(id, keywords)| (*id, keywords));
    let groups: Vec<Row> = of_new
        .chain(of_joins)
        .map(|(id, keywords)| vec![id.into_value(), keywords.clone().into_value()].into_value())
        .collect();
    // Only keywords that were named come out of the clusters they are in.
    let free: Vec<ClusterId> = there
        .values()
        .filter(|cluster| task.payload.keywords.is_some() && !keeps(cluster))
        .map(|cluster| cluster.id)
        .collect();
    let new_keywords = plan.new.iter().map(|new| &new.keywords);
    let all: Vec<KeywordId> = new_keywords
        .chain(joins.iter().map(|(_, keywords)| keywords))
        .flatten()
        .copied()
        .collect();
    let mapped = all.len();
    let mut binds = Variables::new();
    binds.insert("groups", groups);
    binds.insert("group_all", all);
    binds.insert("group_sector", sector);
    binds.insert("group_free", free);
    binds.insert("group_read_at", plan.read_at);
    binds.insert("group_now", now);
    // All in one transaction, since keywords without the charge, or the charge without keywords, must not be. A keyword
    // that somebody placed, deleted or moved since it was read stays where it is. What another run has clustered
    // meanwhile makes this plan void.
    tx.statement(
        "IF array::len((SELECT VALUE id FROM $group_all WHERE site = $site AND account = $account \
         AND cluster IS NOT NONE AND !(cluster INSIDE $group_free) AND (placed_by_hand ?? false) = false \
         LIMIT 1)) > 0 { THROW 'clustered_meanwhile' }",
        Variables::new(),
    );
    tx.statement(
        "LET $group_left = array::distinct((SELECT VALUE cluster FROM $group_all WHERE site = $site \
         AND account = $account AND cluster INSIDE $group_free));\n\
         FOR $group IN $groups { LET $into = $group[0]; LET $which = $group[1]; \
         UPDATE $which SET cluster = $into, placed_by_hand = NONE, \
         status = IF status = 'used' { 'used' } ELSE { 'mapped' }, rev += 1, updated_at = $group_now \
         WHERE site = $site AND account = $account AND sector = $group_sector AND deleted_at IS NONE \
         AND (cluster IS NONE OR cluster INSIDE $group_free) \
         AND ((placed_by_hand ?? false) = false OR updated_at <= $group_read_at) RETURN NONE }",
        binds,
    );
    // A generated cluster whose last keyword moved on is gone, unless something else hangs on it.
    tx.statement(
        "UPDATE $group_left SET deleted_at = $group_now, updated_at = $group_now, name_key = NONE, parent = NONE, rev += 1 \
         WHERE site = $site AND account = $account AND deleted_at IS NONE AND id INSIDE $group_free \
         AND (SELECT VALUE id FROM keyword WITH INDEX keyword_by_cluster WHERE site = $site AND cluster = $parent.id \
              AND deleted_at IS NONE LIMIT 1) = [] \
         AND (SELECT VALUE id FROM cluster WHERE site = $site AND parent = $parent.id LIMIT 1) = [] \
         AND (SELECT VALUE id FROM content WHERE site = $site AND cluster = $parent.id LIMIT 1) = [] \
         AND (SELECT VALUE id FROM idea WHERE site = $site AND cluster = $parent.id LIMIT 1) = [] \
         AND (SELECT VALUE id FROM task WHERE site = $site AND cluster = $parent.id LIMIT 1) = [] \
         AND (SELECT VALUE id FROM term WHERE site = $site AND clusters CONTAINS $parent.id LIMIT 1) = [] RETURN NONE",
        Variables::new(),
    );
    let fitting: Vec<Value> = plan
        .fitting
        .iter()
        .take(MOST_FITTING)
        .map(|(cluster, keywords)| {
            json!({
                "cluster": cluster,
                "count": keywords.len(),
                "keywords": keywords.iter().take(20).collect::<Vec<_>>(),
            })
        })
        .collect();
    Ok(Saved {
        result: json!({
            "clusters_created": plan.new.len(),
            "clusters_joined": joins.len(),
            "keywords_mapped": mapped,
            "keywords_unclustered": plan.unclustered,
            "would_fit": fitting,
        }),
        target: Some(sector.to_string()),
    })
}
