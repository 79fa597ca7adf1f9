//! Which clusters of a site are meant: the same for the list and for the export.

use igny8_data::{Access, AccountId, Deleted, SectorId, Select, SiteDb, SiteId, SurrealValue, Variables, record};
use poem_openapi::Object;

use super::filter::{ClusterOption, add, named};
use super::numbers::{self, Gap};
use crate::api::Result;
use crate::features::planner::model::{ClusterId, ClusterOrigin, ClusterRole, ClusterStatus, ContextType};

/// Conditions on clusters; all of them must hold.
#[derive(Debug, Clone, Default)]
pub struct ClusterFilter {
    /// Text in name or description.
    pub search: Option<String>,
    pub sector: Option<SectorId>,
    pub status: Option<ClusterStatus>,
    pub role: Option<ClusterRole>,
    pub context_type: Option<ContextType>,
    pub origin: Option<ClusterOrigin>,
    pub parent: Option<ClusterId>,
    /// Without a parent.
    pub unassigned_parent: bool,
    pub locked: Option<bool>,
    pub disabled: Option<bool>,
    pub gap: Option<Gap>,
    /// Deleted ones instead of the others.
    pub deleted: bool,
}

/// A cluster's id, to look at its numbers.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Bare {
    id: ClusterId,
    account: AccountId,
    site: SiteId,
    rev: i64,
}

record!(Bare, ClusterId, site, soft_delete);

impl ClusterFilter {
    /// The conditions as a query. What a cluster lacks is looked up, since it is stored nowhere.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn select<A: Access>(&self, db: &SiteDb<'_, A>) -> Result<Select> {
        let deleted = match self.deleted {
            true => Deleted::Only,
            false => Deleted::Without,
        };
        let mut select = Select::new()
            .deleted(deleted)
            .equals_some("sector", self.sector)
            .equals_some("status", self.status)
            .equals_some("role", self.role)
            .equals_some("context_type", self.context_type)
            .equals_some("origin", self.origin)
            .equals_some("parent", self.parent)
            .equals_some("locked", self.locked)
            .equals_some("disabled", self.disabled);
        if self.unassigned_parent {
            select = select.is_none("parent");
        }
        if let Some(text) = self.search.as_deref().filter(|text| !text.is_empty()) {
            select = select.search(&["name", "description"], text);
        }
        if let Some(gap) = self.gap {
            let rows: Vec<Bare> = db
                .list(select.clone().columns(&["id", "account", "site", "rev"]))
                .await?;
            let ids = numbers::with_gap(db, rows.into_iter().map(|row| row.id).collect(), gap).await?;
            select = select.one_of("id", ids);
        }
        Ok(select)
    }
}

/// Values that occur in a site's clusters.
#[derive(Debug, Default, Object)]
pub struct ClusterFilterOptions {
    pub statuses: Vec<ClusterStatus>,
    pub roles: Vec<ClusterRole>,
    pub context_types: Vec<ContextType>,
    pub origins: Vec<ClusterOrigin>,
    pub sectors: Vec<SectorId>,
    /// Clusters that have some below them, by name.
    pub parents: Vec<ClusterOption>,
    /// Some have no parent.
    pub unassigned_parent: bool,
    /// Some are locked.
    pub locked: bool,
    /// Some are disabled.
    pub disabled: bool,
    /// Gaps that some have. `top_keyword_uncovered` is there with every cluster, since it is dear to look up.
    pub gaps: Vec<Gap>,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Row {
    id: ClusterId,
    status: ClusterStatus,
    role: ClusterRole,
    context_type: ContextType,
    origin: ClusterOrigin,
    sector: SectorId,
    parent: Option<ClusterId>,
    locked: bool,
    disabled: bool,
}

/// The values that occur: one pass over the clusters.
///
/// # Errors
/// When the database fails.
pub async fn options<A: Access>(db: &SiteDb<'_, A>, sector: Option<SectorId>) -> Result<ClusterFilterOptions> {
    let mut binds = Variables::new();
    let mut of = "";
    if let Some(sector) = sector {
        of = "AND sector = $sector ";
        binds.insert("sector", sector);
    }
    let sql = format!(
        "SELECT id, status, role, context_type, origin, sector, parent, locked, disabled FROM cluster WHERE site = $site \
         AND account = $account {of}AND deleted_at IS NONE;"
    );
    let rows: Vec<Row> = db.query(&sql, binds, "reading clusters").await?.rows(0)?;
    let mut options = ClusterFilterOptions::default();
    let mut parents = Vec::new();
    for row in &rows {
        add(&mut options.statuses, row.status);
        add(&mut options.roles, row.role);
        add(&mut options.context_types, row.context_type);
        add(&mut options.origins, row.origin);
        add(&mut options.sectors, row.sector);
        options.unassigned_parent |= row.parent.is_none();
        options.locked |= row.locked;
        options.disabled |= row.disabled;
        parents.extend(row.parent);
    }
    options.parents = named(db, parents).await?;
    let ids: Vec<ClusterId> = rows.into_iter().map(|row| row.id).collect();
    for gap in [Gap::NoHub, Gap::FewSupportingPages, Gap::NoContent] {
        if !numbers::with_gap(db, ids.clone(), gap).await?.is_empty() {
            options.gaps.push(gap);
        }
    }
    if !ids.is_empty() {
        options.gaps.push(Gap::TopKeywordUncovered);
    }
    Ok(options)
}
