//! Which keywords of a site are meant: the same for the list and for the export.

use igny8_data::{Access, Deleted, SectorId, Select, SiteDb, SurrealValue, Variables};
use poem_openapi::Object;

use crate::api::Result;
use crate::features::planner::model::{ClusterId, Intent, KeywordStatus, text_key};

/// Conditions on keywords; all of them must hold.
#[derive(Debug, Clone, Default)]
pub struct KeywordFilter {
    /// Text in the keyword.
    pub search: Option<String>,
    pub sector: Option<SectorId>,
    pub status: Option<KeywordStatus>,
    pub cluster: Option<ClusterId>,
    /// In no cluster.
    pub unassigned: bool,
    pub intent: Option<Intent>,
    pub min_volume: Option<i64>,
    pub max_volume: Option<i64>,
    pub min_difficulty: Option<i64>,
    pub max_difficulty: Option<i64>,
    pub disabled: Option<bool>,
    /// Whether a page of the site has a place among the results.
    pub ranking: Option<bool>,
    /// Deleted ones instead of the others.
    pub deleted: bool,
}

impl KeywordFilter {
    pub fn select(&self) -> Select {
        let deleted = match self.deleted {
            true => Deleted::Only,
            false => Deleted::Without,
        };
        let mut select = Select::new()
            .deleted(deleted)
            .equals_some("sector", self.sector)
            .equals_some("status", self.status)
            .equals_some("cluster", self.cluster)
            .equals_some("intent", self.intent)
            .equals_some("disabled", self.disabled);
        if self.unassigned {
            select = select.is_none("cluster");
        }
        for (field, operator, bound) in [
            ("volume", ">=", self.min_volume),
            ("volume", "<=", self.max_volume),
            ("difficulty", ">=", self.min_difficulty),
            ("difficulty", "<=", self.max_difficulty),
        ] {
            if let Some(bound) = bound {
                // NONE is smaller than every number; what is not known is within no bounds.
                select = select.compare(field, operator, bound).compare(field, ">=", 0);
            }
        }
        match self.ranking {
            // NONE is smaller than every number.
            Some(true) => select = select.compare("search_data.position", ">", 0.0),
            Some(false) => select = select.is_none("search_data.position"),
            None => {}
        }
        if let Some(text) = self.search.as_deref().map(text_key).filter(|t| !t.is_empty()) {
            select = select.search(&["text"], &text);
        }
        select
    }
}

/// Values that occur in a site's keywords.
#[derive(Debug, Object)]
pub struct KeywordFilterOptions {
    pub statuses: Vec<KeywordStatus>,
    pub intents: Vec<Intent>,
    pub sectors: Vec<SectorId>,
    /// Clusters that have keywords, by name.
    pub clusters: Vec<ClusterOption>,
    /// Some are in no cluster.
    pub unassigned: bool,
    /// Some are disabled.
    pub disabled: bool,
    /// The highest volume.
    pub max_volume: i64,
}

/// A cluster to choose.
#[derive(Debug, Object, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct ClusterOption {
    pub id: ClusterId,
    pub name: String,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Group {
    status: KeywordStatus,
    intent: Option<Intent>,
    sector: SectorId,
    cluster: Option<ClusterId>,
    disabled: bool,
    top: i64,
}

/// The values that occur: one pass over the keywords.
pub async fn options<A: Access>(db: &SiteDb<'_, A>, sector: Option<SectorId>) -> Result<KeywordFilterOptions> {
    let mut binds = Variables::new();
    let mut of = "";
    if let Some(sector) = sector {
        of = "AND sector = $sector ";
        binds.insert("sector", sector);
    }
    let sql = format!(
        "SELECT status, intent, sector, cluster, disabled, math::max(volume) AS top FROM keyword \
         WITH INDEX keyword_by_cluster WHERE site = $site \
         AND account = $account {of}AND deleted_at IS NONE GROUP BY status, intent, sector, cluster, disabled;"
    );
    let groups: Vec<Group> = db.query(&sql, binds, "grouping keywords").await?.rows(0)?;
    let mut options = KeywordFilterOptions {
        statuses: Vec::new(),
        intents: Vec::new(),
        sectors: Vec::new(),
        clusters: Vec::new(),
        unassigned: false,
        disabled: false,
        max_volume: 0,
    };
    let mut clusters = Vec::new();
    for group in groups {
        add(&mut options.statuses, group.status);
        if let Some(intent) = group.intent {
            add(&mut options.intents, intent);
        }
        add(&mut options.sectors, group.sector);
        options.unassigned |= group.cluster.is_none();
        options.disabled |= group.disabled;
        options.max_volume = options.max_volume.max(group.top);
        clusters.extend(group.cluster);
    }
    options.clusters = named(db, clusters).await?;
    Ok(options)
}

/// Clusters with their names, by name; what is gone is left out.
///
/// # Errors
/// When the database fails.
pub async fn named<A: Access>(db: &SiteDb<'_, A>, mut clusters: Vec<ClusterId>) -> Result<Vec<ClusterOption>> {
    clusters.sort_unstable();
    clusters.dedup();
    if clusters.is_empty() {
        return Ok(Vec::new());
    }
    let mut binds = Variables::new();
    binds.insert("ids", clusters);
    let sql = "SELECT id, name FROM $ids WHERE site = $site AND account = $account AND deleted_at IS NONE;";
    let mut named: Vec<ClusterOption> = db.query(sql, binds, "naming clusters").await?.rows(0)?;
    named.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    Ok(named)
}

/// Adds a value that is not there yet.
pub fn add<T: PartialEq>(to: &mut Vec<T>, value: T) {
    if !to.contains(&value) {
        to.push(value);
    }
}
