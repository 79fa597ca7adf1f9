//! The generated clusters whose last keyword moves on: they go unless something else hangs on them, and new ones may take their
//! names.

use std::collections::{HashMap, HashSet};

use igny8_data::{SiteScope, SurrealValue, Tx, Variables, Write};

use super::read::PART;
use crate::app::App;
use crate::features::planner::model::{Cluster, ClusterId};
use crate::jobs::JobError;

/// True of a cluster that nothing but keywords and other clusters hangs on.
const BARE: &str = "(SELECT VALUE id FROM content WHERE site = $site AND cluster = $parent.id LIMIT 1) = [] \
     AND (SELECT VALUE id FROM idea WHERE site = $site AND cluster = $parent.id LIMIT 1) = [] \
     AND (SELECT VALUE id FROM task WHERE site = $site AND cluster = $parent.id LIMIT 1) = [] \
     AND (SELECT VALUE id FROM term WHERE site = $site AND clusters CONTAINS $parent.id LIMIT 1) = []";

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Bare {
    id: ClusterId,
    /// How many it has, whoever put them there.
    keyword_count: i64,
}

/// Which of the clusters will be gone, as things are now, when so many keywords move out of each; children before their
/// parents. `staying` get keywords or clusters.
pub(super) async fn gone(
    app: &App,
    scope: &SiteScope<Write>,
    there: &HashMap<ClusterId, &Cluster>,
    leaves: &HashMap<ClusterId, usize>,
    staying: &HashSet<ClusterId>,
) -> Result<Vec<ClusterId>, JobError> {
    let mut left: Vec<ClusterId> = leaves.keys().filter(|id| !staying.contains(id)).copied().collect();
    left.sort_unstable();
    let sql = format!(
        "SELECT id, array::len((SELECT VALUE id FROM keyword WITH INDEX keyword_by_cluster WHERE site = $site \
         AND cluster = $parent.id AND deleted_at IS NONE)) AS keyword_count \
         FROM $left WHERE site = $site AND account = $account AND deleted_at IS NONE AND {BARE};"
    );
    let mut emptied = Vec::new();
    for some in left.chunks(PART) {
        let mut binds = Variables::new();
        binds.insert("left", some.to_vec());
        let db = app.db.site(scope);
        let bare: Vec<Bare> = db.query(&sql, binds, "looking for emptied clusters").await?.rows(0)?;
        emptied.extend(bare.into_iter().filter_map(|cluster| {
            let leaving = leaves.get(&cluster.id).and_then(|count| i64::try_from(*count).ok());
            (leaving == Some(cluster.keyword_count)).then_some(cluster.id)
        }));
    }
    let parents = there.iter().map(|(id, cluster)| (*id, cluster.parent)).collect();
    Ok(children_first(&parents, emptied))
}

/// Those of some clusters that no other ones are below, once the ones before them are gone.
fn children_first(parents: &HashMap<ClusterId, Option<ClusterId>>, mut emptied: Vec<ClusterId>) -> Vec<ClusterId> {
    let mut order = Vec::with_capacity(emptied.len());
    let mut gone: HashSet<ClusterId> = HashSet::new();
    loop {
        let with_children: HashSet<ClusterId> = parents
            .iter()
            .filter(|(id, _)| !gone.contains(id))
            .filter_map(|(_, parent)| *parent)
            .collect();
        let (now, later): (Vec<ClusterId>, Vec<ClusterId>) =
            emptied.into_iter().partition(|id| !with_children.contains(id));
        if now.is_empty() {
            return order;
        }
        gone.extend(&now);
        order.extend(now);
        emptied = later;
    }
}

/// Removes those of the clusters that nothing hangs on any more, one after the other, at the time `$group_now`.
pub(super) fn remove(tx: &mut Tx<'_>, clusters: Vec<ClusterId>, parents: Vec<ClusterId>) {
    let mut binds = Variables::new();
    binds.insert("group_left", clusters);
    binds.insert("group_parents", parents);
    tx.statement(
        &format!(
            "FOR $emptied IN $group_left {{ UPDATE $emptied SET deleted_at = $group_now, updated_at = $group_now, \
             name_key = NONE, parent = NONE, rev += 1 \
             WHERE site = $site AND account = $account AND deleted_at IS NONE AND !(id INSIDE $group_parents) \
             AND (SELECT VALUE id FROM keyword WITH INDEX keyword_by_cluster WHERE site = $site AND cluster = $parent.id \
                  AND deleted_at IS NONE LIMIT 1) = [] \
             AND (SELECT VALUE id FROM cluster WHERE site = $site AND parent = $parent.id LIMIT 1) = [] \
             AND {BARE} RETURN NONE }}"
        ),
        binds,
    );
}

#[cfg(test)]
mod tests {
    use igny8_data::RecordKey as _;

    use super::*;

    #[test]
    fn clusters_go_after_those_below_them() {
        let id = |n| ClusterId::from_ulid(igny8_data::ids::Ulid(n));
        let parents = HashMap::from([
            (id(1), None),
            (id(2), Some(id(1))),
            (id(3), Some(id(2))),
            (id(4), None),
            (id(5), Some(id(4))),
        ]);
        for (emptied, expected) in [
            (&[1, 2, 3][..], &[3, 2, 1][..]),
            (&[4, 1, 5], &[5, 4]),
            (&[1, 2], &[]),
            (&[], &[]),
        ] {
            let emptied = emptied.iter().copied().map(id).collect();
            let expected: Vec<ClusterId> = expected.iter().copied().map(id).collect();
            assert_eq!(children_first(&parents, emptied), expected);
        }
    }

    #[test]
    fn a_circle_ends() {
        let id = |n| ClusterId::from_ulid(igny8_data::ids::Ulid(n));
        let parents = HashMap::from([(id(1), Some(id(2))), (id(2), Some(id(1)))]);
        assert!(children_first(&parents, vec![id(1), id(2)]).is_empty());
    }
}
