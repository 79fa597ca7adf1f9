//! Which ideas of a site are meant: the same for the list and for the export.

use igny8_data::{Access, Deleted, SectorId, Select, SiteDb, SurrealValue, Variables};
use poem_openapi::Object;

use super::filter::{ClusterOption, add, named};
use crate::api::Result;
use crate::features::content::model::{ContentStructure, ContentType};
use crate::features::planner::idea::{IdeaOrigin, IdeaStatus};
use crate::features::planner::model::{ClusterId, ClusterRole};
use crate::features::taxonomy::TermId;

/// Conditions on ideas; all of them must hold.
#[derive(Debug, Clone, Default)]
pub struct IdeaFilter {
    /// Text in title or brief.
    pub search: Option<String>,
    pub sector: Option<SectorId>,
    pub status: Option<IdeaStatus>,
    pub cluster: Option<ClusterId>,
    /// In no cluster.
    pub unassigned: bool,
    pub cluster_role: Option<ClusterRole>,
    pub content_type: Option<ContentType>,
    pub content_structure: Option<ContentStructure>,
    pub origin: Option<IdeaOrigin>,
    pub term: Option<TermId>,
    /// Without terms.
    pub unassigned_term: bool,
    pub disabled: Option<bool>,
    /// Deleted ones instead of the others.
    pub deleted: bool,
}

impl IdeaFilter {
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
            .equals_some("cluster_role", self.cluster_role)
            .equals_some("content_type", self.content_type)
            .equals_some("content_structure", self.content_structure)
            .equals_some("origin", self.origin)
            .equals_some("disabled", self.disabled);
        if self.unassigned {
            select = select.is_none("cluster");
        }
        if let Some(term) = self.term {
            select = select.compare("terms", "CONTAINS", term);
        }
        if self.unassigned_term {
            select = select.is_empty("terms");
        }
        if let Some(text) = self.search.as_deref().filter(|text| !text.is_empty()) {
            select = select.search(&["title", "brief"], text);
        }
        select
    }
}

/// Values that occur in a site's ideas.
#[derive(Debug, Default, Object)]
pub struct IdeaFilterOptions {
    pub statuses: Vec<IdeaStatus>,
    pub cluster_roles: Vec<ClusterRole>,
    pub content_types: Vec<ContentType>,
    pub content_structures: Vec<ContentStructure>,
    pub origins: Vec<IdeaOrigin>,
    pub sectors: Vec<SectorId>,
    /// Clusters that have ideas, by name.
    pub clusters: Vec<ClusterOption>,
    /// Some are in no cluster.
    pub unassigned: bool,
    /// Some have no terms.
    pub unassigned_term: bool,
    /// Some are disabled.
    pub disabled: bool,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Row {
    status: IdeaStatus,
    cluster_role: Option<ClusterRole>,
    content_type: ContentType,
    content_structure: ContentStructure,
    origin: IdeaOrigin,
    sector: SectorId,
    cluster: Option<ClusterId>,
    disabled: bool,
    terms: i64,
}

/// The values that occur: one pass over the ideas.
///
/// # Errors
/// When the database fails.
pub async fn options<A: Access>(db: &SiteDb<'_, A>, sector: Option<SectorId>) -> Result<IdeaFilterOptions> {
    let mut binds = Variables::new();
    let mut of = "";
    if let Some(sector) = sector {
        of = "AND sector = $sector ";
        binds.insert("sector", sector);
    }
    let sql = format!(
        "SELECT status, cluster_role, content_type, content_structure, origin, sector, cluster, disabled, \
         array::len(terms) AS terms FROM idea WHERE site = $site AND account = $account {of}AND deleted_at IS NONE;"
    );
    let rows: Vec<Row> = db.query(&sql, binds, "reading ideas").await?.rows(0)?;
    let mut options = IdeaFilterOptions::default();
    let mut clusters = Vec::new();
    for row in rows {
        add(&mut options.statuses, row.status);
        if let Some(role) = row.cluster_role {
            add(&mut options.cluster_roles, role);
        }
        add(&mut options.content_types, row.content_type);
        add(&mut options.content_structures, row.content_structure);
        add(&mut options.origins, row.origin);
        add(&mut options.sectors, row.sector);
        options.unassigned |= row.cluster.is_none();
        options.unassigned_term |= row.terms == 0;
        options.disabled |= row.disabled;
        clusters.extend(row.cluster);
    }
    options.clusters = named(db, clusters).await?;
    Ok(options)
}
