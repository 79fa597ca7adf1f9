//! Storing clusters and who is in them, or in none any more, as things are at that moment: minutes have passed since they
//! were read.

use std::collections::{HashMap, HashSet};

use igny8_data::ids::Ulid;
use igny8_data::{
    JobId, RecordKey as _, SectorId, Select, SiteScope, SurrealValue, Tx, Value as Row, Variables, Write,
};
use serde_json::{Value, json};

use super::naming::free_name;
use super::read::{PART, Which, closed, keeps, state_of};
use super::{MOST_FITTING, New, Parent, Payload, Plan, emptied};
use crate::ai::{Saved, Task};
use crate::app::App;
use crate::features::planner::model::{Cluster, ClusterId, ClusterOrigin, KeywordId};
use crate::features::planner::rules::{require_clusters, require_sector};
use crate::features::taxonomy::tree::one_at_a_time;
use crate::jobs::JobError;

/// Adds what is to be stored, or a part of it, to the transaction that charges for it.
pub(super) async fn save(task: &Task<Payload>, plan: &Plan, tx: &mut Tx<'_>) -> Result<Saved, JobError> {
    let (scope, sector) = (&task.scope, task.payload.sector);
    let now = task.app.db.clock().now();
    // As they are now: minutes have passed.
    let select = Select::new().equals("sector", sector);
    let there = task.app.db.site(scope).list::<Cluster>(select).await?;
    let there: HashMap<ClusterId, &Cluster> = there.iter().map(|cluster| (cluster.id, cluster)).collect();
    let which = Which::of(&task.payload);
    // Only keywords that were named, or are grouped anew, come out of the clusters they are in.
    let free: HashSet<ClusterId> = there
        .values()
        .filter(|cluster| !matches!(which, Which::Free) && !keeps(cluster))
        .map(|cluster| cluster.id)
        .collect();
    let joins: Vec<&(ClusterId, Vec<KeywordId>)> = plan
        .joins
        .iter()
        .filter(|(id, _)| there.get(id).is_some_and(|cluster| !closed(cluster)))
        .collect();
    let new_keywords = plan.new.iter().map(|new| &new.keywords);
    let planned: Vec<KeywordId> = new_keywords
        .chain(joins.iter().map(|(_, keywords)| keywords))
        .chain([&plan.leaving])
        .flatten()
        .copied()
        .collect();
    // Somebody may have placed, deleted or moved some: those stay where they are, and are not paid for.
    let parts = parts(&task.app, scope, sector, &planned, &free, plan).await?;
    let open: HashSet<KeywordId> = parts.iter().flat_map(|part| part.open.iter().copied()).collect();
    let still = |keywords: &[KeywordId]| -> Vec<KeywordId> {
        keywords
            .iter()
            .filter(|keyword| open.contains(keyword))
            .copied()
            .collect()
    };
    let new_groups: Vec<Vec<KeywordId>> = plan.new.iter().map(|new| still(&new.keywords)).collect();
    let new_ids: Vec<ClusterId> = plan.new.iter().map(|new| id_of(task.job, new.place)).collect();
    let now_made: HashSet<ClusterId> = new_ids
        .iter()
        .zip(&new_groups)
        .filter(|(_, keywords)| !keywords.is_empty())
        .map(|(id, _)| *id)
        .collect();
    let made: Vec<(&New, ClusterId, Option<ClusterId>)> = plan
        .new
        .iter()
        .zip(&new_ids)
        .filter(|(_, id)| now_made.contains(id))
        .map(|(new, id)| {
            let parent = new.parent.map(|parent| match parent {
                Parent::New(place) => id_of(task.job, place),
                Parent::There(id) => id,
            });
            let parent = parent.filter(|id| now_made.contains(id) || there.contains_key(id));
            (new, *id, parent)
        })
        .collect();
    let mut parents: Vec<ClusterId> = made
        .iter()
        .filter_map(|(_, _, parent)| parent.filter(|id| !now_made.contains(id)))
        .collect();
    parents.sort_unstable();
    parents.dedup();
    let growing = joins.iter().filter(|(_, keywords)| !still(keywords).is_empty());
    let staying: HashSet<ClusterId> = growing.map(|(id, _)| *id).chain(parents.iter().copied()).collect();
    let mut leaves: HashMap<ClusterId, usize> = HashMap::new();
    for (cluster, keywords) in parts.iter().flat_map(|part| &part.clusters) {
        *leaves.entry(*cluster).or_default() += keywords;
    }
    let mut left = emptied::gone(&task.app, scope, &there, &leaves, &staying).await?;
    let gone: HashSet<ClusterId> = left.iter().copied().collect();
    left.extend(leaves.into_keys().filter(|id| !gone.contains(id)));
    // Those of clusters that go are free again.
    let mut taken: HashSet<String> = there
        .values()
        .filter(|cluster| !gone.contains(&cluster.id))
        .filter_map(|cluster| cluster.name_key.clone())
        .collect();
    let rows: Vec<Cluster> = made
        .into_iter()
        .map(|(new, id, parent)| {
            let mut row = Cluster::new(id, scope, sector, &free_name(&new.name, &mut taken), now);
            row.description.clone_from(&new.description);
            (row.role, row.context_type, row.origin) = (new.role, new.context_type, ClusterOrigin::Generated);
            row.recommendations = new.recommendations.clone();
            row.parent = parent;
            row
        })
        .collect();

    one_at_a_time(tx);
    require_sector(tx, sector);
    require_clusters(tx, &parents, Some(sector));
    if !joins.is_empty() {
        let mut binds = Variables::new();
        binds.insert("joined", joins.iter().map(|(id, _)| *id).collect::<Vec<_>>());
        // Written, so that whoever locks or deletes one of them in this moment collides with this.
        tx.statement(
            "IF array::len((UPDATE $joined SET rev += 1 WHERE site = $site AND account = $account \
             AND deleted_at IS NONE AND locked = false AND disabled = false RETURN VALUE id)) \
             != array::len($joined) { THROW 'cluster_changed' }",
            binds,
        );
    }
    let of_new = new_ids.iter().copied().zip(new_groups.iter().cloned());
    let of_joins = joins.iter().map(|(id, keywords)| (*id, still(keywords)));
    let groups: Vec<Row> = of_new
        .chain(of_joins)
        .filter(|(_, keywords)| !keywords.is_empty())
        .map(|(id, keywords)| vec![id.into_value(), keywords.into_value()].into_value())
        .collect();
    // In parts, since they may be most of a sector.
    let leaving = still(&plan.leaving);
    let out: Vec<Vec<KeywordId>> = leaving.chunks(PART).map(<[KeywordId]>::to_vec).collect();
    let mapped = open.len() - leaving.len();
    // Who was placed by somebody meanwhile is not left over any more.
    let unclustered = plan.unclustered - (plan.leaving.len() - leaving.len());
    let joined = joins.iter().filter(|(_, keywords)| !still(keywords).is_empty()).count();
    let mut binds = Variables::new();
    binds.insert("groups", groups);
    binds.insert("group_out", out);
    let parts: Vec<Row> = parts.into_iter().map(Part::into_row).collect();
    binds.insert("group_parts", parts);
    binds.insert("group_begun", plan.begun);
    binds.insert("group_sector", sector);
    binds.insert("group_read_at", plan.read_at);
    binds.insert("group_now", now);
    // All in one transaction, since keywords without the charge, or the charge without keywords, must not be. What another
    // run has clustered meanwhile makes this plan void unless it is begun; what a person did in this moment has it saved once
    // more.
    tx.statement(
        &format!(
            "FOR $part IN $group_parts {{ LET $planned = $part[0]; LET $open = $part[1]; LET $group_free = $part[2]; \
             IF !$group_begun AND array::len((SELECT VALUE id FROM $planned WHERE site = $site AND account = $account \
             AND sector = $group_sector AND deleted_at IS NONE AND cluster IS NOT NONE \
             AND !(cluster INSIDE $group_free) AND (placed_by_hand ?? false) = false LIMIT 1)) > 0 {{ THROW 'clustered_meanwhile' }}; \
             IF array::len((SELECT VALUE id FROM $open WHERE {OPEN})) != array::len($open) \
             {{ THROW 'keywords_changed' }} }};\n\
             FOR $group IN $groups {{ LET $into = $group[0]; LET $which = $group[1]; \
             UPDATE $which SET cluster = $into, placed_by_hand = NONE, \
             status = IF status = 'used' {{ 'used' }} ELSE {{ 'mapped' }}, rev += 1, updated_at = $group_now \
             WHERE site = $site AND account = $account RETURN NONE }};\n\
             FOR $which IN $group_out {{ UPDATE $which SET cluster = NONE, placed_by_hand = NONE, \
             status = IF status = 'used' {{ 'used' }} ELSE {{ 'new' }}, rev += 1, updated_at = $group_now \
             WHERE site = $site AND account = $account AND cluster IS NOT NONE RETURN NONE }}"
        ),
        binds,
    );
    // Before the new ones come, which may have their names.
    emptied::remove(tx, left, parents);
    let created = rows.len();
    tx.create_all(rows);
    if let Some(settings) = plan.settings.clone().filter(|_| !matches!(which, Which::Named(_))) {
        let mut binds = Variables::new();
        binds.insert("group_settings", settings);
        tx.statement(
            &format!(
                "UPDATE $group_sector SET clustered = string::concat($group_settings, {}) \
                 WHERE site = $site AND account = $account RETURN NONE",
                state_of("$group_sector")
            ),
            binds,
        );
    }
    let (clusters, keywords_each) = MOST_FITTING;
    let fitting: Vec<Value> = plan
        .fitting
        .iter()
        .take(clusters)
        .map(|(cluster, keywords)| {
            json!({
                "cluster": cluster,
                "count": keywords.len(),
                "keywords": keywords.iter().take(keywords_each).collect::<Vec<_>>(),
            })
        })
        .collect();
    Ok(Saved {
        result: json!({
            "clusters_created": created,
            "clusters_joined": joined,
            "keywords_mapped": mapped,
            "keywords_unclustered": unclustered,
            "keywords_taken_out": leaving.len(),
            "placed_by_hand": plan.by_hand,
            "would_fit": fitting,
            "notes": plan.notes,
        }),
        target: Some(sector.to_string()),
        units: Some(i64::try_from(mapped).unwrap_or(i64::MAX)),
    })
}

/// The id of a new cluster: the same in whichever part of the plan it is named.
fn id_of(job: JobId, place: usize) -> ClusterId {
    let mut hash = blake3::Hasher::new();
    hash.update(job.key().as_bytes());
    hash.update(&place.to_le_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize().as_bytes()[..16]);
    // As old as the job, so that clusters sort by when they were made.
    bytes[..6].copy_from_slice(&job.ulid().to_bytes()[..6]);
    ClusterId::from_ulid(Ulid::from_bytes(bytes))
}

/// Which keywords may go into another cluster: such as are in none, or in one they may leave, and that no person has placed
/// since they were read.
macro_rules! movable {
    () => {
        "site = $site AND account = $account AND sector = $group_sector AND deleted_at IS NONE \
         AND ((placed_by_hand ?? false) = false OR updated_at <= $group_read_at)"
    };
}
const MOVABLE: &str = movable!();
const OPEN: &str = concat!(movable!(), " AND (cluster IS NONE OR cluster INSIDE $group_free)");

/// Some of the planned keywords: looking for a cluster among all that are left would take time by the square, too.
struct Part {
    planned: Vec<KeywordId>,
    /// Those that [`OPEN`] is true of.
    open: Vec<KeywordId>,
    /// The clusters these come out of, and how many of them.
    clusters: HashMap<ClusterId, usize>,
}

impl Part {
    fn into_row(self) -> Row {
        let clusters: Vec<ClusterId> = self.clusters.into_keys().collect();
        vec![self.planned.into_value(), self.open.into_value(), clusters.into_value()].into_value()
    }
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Place {
    id: KeywordId,
    cluster: Option<ClusterId>,
}

/// The planned keywords in parts, as they are now.
async fn parts(
    app: &App,
    scope: &SiteScope<Write>,
    sector: SectorId,
    planned: &[KeywordId],
    free: &HashSet<ClusterId>,
    plan: &Plan,
) -> Result<Vec<Part>, JobError> {
    let mut parts = Vec::with_capacity(planned.len().div_ceil(PART));
    for some in planned.chunks(PART) {
        let mut part = Part {
            planned: some.to_vec(),
            open: Vec::with_capacity(some.len()),
            clusters: HashMap::new(),
        };
        let mut binds = Variables::new();
        binds.insert("planned", part.planned.clone());
        binds.insert("group_sector", sector);
        binds.insert("group_read_at", plan.read_at);
        let sql = format!("SELECT id, cluster FROM $planned WHERE {MOVABLE};");
        let db = app.db.site(scope);
        let places: Vec<Place> = db.query(&sql, binds, "looking at keywords").await?.rows(0)?;
        for place in places {
            if let Some(cluster) = place.cluster {
                if !free.contains(&cluster) {
                    continue;
                }
                *part.clusters.entry(cluster).or_default() += 1;
            }
            part.open.push(place.id);
        }
        parts.push(part);
    }
    Ok(parts)
}
