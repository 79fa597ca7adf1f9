//! Reading keywords and clusters, and telling those apart that people decided on.

use std::collections::HashSet;

use igny8_data::{AccountId, Read, SectorId, Select, SiteDb, SiteId, SurrealValue, Variables, record};

use crate::features::planner::model::{Cluster, ClusterId, ClusterOrigin, Intent, KeywordId};

/// A keyword as far as clustering looks at it.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub(super) struct Line {
    pub(super) id: KeywordId,
    pub(super) account: AccountId,
    pub(super) site: SiteId,
    pub(super) text: String,
    pub(super) volume: i64,
    pub(super) difficulty: Option<i64>,
    pub(super) intent: Option<Intent>,
    pub(super) cluster: Option<ClusterId>,
    pub(super) placed_by_hand: Option<bool>,
    pub(super) parent_topic: Option<String>,
    pub(super) serp_urls: Option<Vec<String>>,
    pub(super) rev: i64,
}

record!(Line, KeywordId, site, soft_delete);

pub(super) const COLUMNS: &[&str] = &[
    "id",
    "account",
    "site",
    "text",
    "volume",
    "difficulty",
    "intent",
    "cluster",
    "placed_by_hand",
    "parent_topic",
    "serp_urls",
    "rev",
];

impl Line {
    fn by_hand(&self) -> bool {
        self.placed_by_hand == Some(true)
    }

    /// Whether it is to be grouped: named or all that are free, unless a person placed it.
    pub(super) fn free(&self, named: Option<&HashSet<KeywordId>>, kept: &HashSet<ClusterId>) -> bool {
        match (named, self.cluster) {
            (None, None) => !self.by_hand(),
            (None, Some(_)) => false,
            // Who names a keyword that was taken out wants it back in.
            (Some(named), None) => named.contains(&self.id),
            (Some(named), Some(cluster)) => named.contains(&self.id) && !self.by_hand() && !kept.contains(&cluster),
        }
    }
}

/// Clustering leaves it as it is.
pub(super) fn keeps(cluster: &Cluster) -> bool {
    cluster.locked || cluster.disabled || cluster.origin == ClusterOrigin::Manual
}

/// The clusters of a sector that stay as they are, and those without a parent.
pub(super) async fn clusters(
    db: &SiteDb<'_, Read>,
    sector: SectorId,
) -> Result<(HashSet<ClusterId>, HashSet<ClusterId>), igny8_data::DbError> {
    let rows = db.list::<Cluster>(Select::new().equals("sector", sector)).await?;
    let kept = rows.iter().filter(|cluster| keeps(cluster)).map(|cluster| cluster.id);
    let tops = rows.iter().filter(|cluster| cluster.parent.is_none());
    Ok((kept.collect(), tops.map(|cluster| cluster.id).collect()))
}

pub(super) async fn named_lines(
    db: &SiteDb<'_, Read>,
    sector: SectorId,
    named: &HashSet<KeywordId>,
) -> Result<Vec<Line>, igny8_data::DbError> {
    let mut binds = Variables::new();
    binds.insert("ids", named.iter().copied().collect::<Vec<_>>());
    binds.insert("sector", sector);
    let sql = format!(
        "SELECT {} FROM $ids WHERE site = $site AND account = $account AND sector = $sector AND deleted_at IS NONE \
         AND disabled = false;",
        COLUMNS.join(", ")
    );
    db.query(&sql, binds, "reading keywords").await?.rows(0)
}
