//! Which tasks of a site are meant: the same for the list and for the board.

use chrono::{DateTime, Utc};
use igny8_data::{Access, Deleted, SectorId, Select, SiteDb, SurrealValue, UserId, Variables};
use poem_openapi::Object;

use crate::api::Result;
use crate::features::content::model::{ContentStructure, ContentType};
use crate::features::planner::api::{ClusterOption, add, named};
use crate::features::planner::idea::IdeaId;
use crate::features::planner::{ClusterId, ClusterRole};
use crate::features::taxonomy::TermId;
use crate::features::writer::model::{Priority, TaskStatus};

/// Conditions on tasks; all of them must hold.
#[derive(Debug, Clone, Default)]
pub struct TaskFilter {
    /// Text in title or brief.
    pub search: Option<String>,
    pub sector: Option<SectorId>,
    pub status: Option<TaskStatus>,
    pub cluster: Option<ClusterId>,
    /// In no cluster.
    pub unassigned_cluster: bool,
    pub cluster_role: Option<ClusterRole>,
    pub idea: Option<IdeaId>,
    pub assignee: Option<UserId>,
    /// Of nobody.
    pub unassigned: bool,
    pub priority: Option<Priority>,
    pub content_type: Option<ContentType>,
    pub content_structure: Option<ContentStructure>,
    pub term: Option<TermId>,
    /// Without terms.
    pub unassigned_term: bool,
    pub due_after: Option<DateTime<Utc>>,
    pub due_before: Option<DateTime<Utc>>,
    /// Without a due date.
    pub unassigned_due: bool,
    /// Deleted ones instead of the others.
    pub deleted: bool,
}

impl TaskFilter {
    pub fn select(&self) -> Select {
        let which = match self.deleted {
            true => Deleted::Only,
            false => Deleted::Without,
        };
        let mut select = Select::new()
            .deleted(which)
            .equals_some("sector", self.sector)
            .equals_some("status", self.status)
            .equals_some("cluster", self.cluster)
            .equals_some("cluster_role", self.cluster_role)
            .equals_some("idea", self.idea)
            .equals_some("assignee", self.assignee)
            .equals_some("priority", self.priority)
            .equals_some("content_type", self.content_type)
            .equals_some("content_structure", self.content_structure);
        for (wanted, field) in [
            (self.unassigned, "assignee"),
            (self.unassigned_cluster, "cluster"),
            (self.unassigned_due, "due_at"),
        ] {
            if wanted {
                select = select.is_none(field);
            }
        }
        if let Some(term) = self.term {
            select = select.compare("terms", "CONTAINS", term);
        }
        if self.unassigned_term {
            select = select.is_empty("terms");
        }
        if let Some(before) = self.due_before {
            // NONE is smaller than every time; what has none is never due.
            let ever = DateTime::<Utc>::UNIX_EPOCH;
            select = select.compare("due_at", "<", before).compare("due_at", ">", ever);
        }
        if let Some(after) = self.due_after {
            select = select.compare("due_at", ">=", after);
        }
        if let Some(text) = self.search.as_deref().filter(|text| !text.is_empty()) {
            select = select.search(&["title", "brief"], text);
        }
        select
    }
}

/// Values that occur in a site's tasks.
#[derive(Debug, Default, Object)]
pub struct TaskFilterOptions {
    pub statuses: Vec<TaskStatus>,
    pub priorities: Vec<Priority>,
    pub cluster_roles: Vec<ClusterRole>,
    pub content_types: Vec<ContentType>,
    pub content_structures: Vec<ContentStructure>,
    pub sectors: Vec<SectorId>,
    /// Clusters that have tasks, by name.
    pub clusters: Vec<ClusterOption>,
    /// Members that have tasks, by name.
    pub assignees: Vec<AssigneeOption>,
    /// Some are of nobody.
    pub unassigned: bool,
    /// Some are in no cluster.
    pub unassigned_cluster: bool,
    /// Some have no due date.
    pub unassigned_due: bool,
    /// Some have no terms.
    pub unassigned_term: bool,
}

/// A member to choose.
#[derive(Debug, Object, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct AssigneeOption {
    pub id: UserId,
    pub name: String,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Row {
    status: TaskStatus,
    priority: Priority,
    cluster_role: Option<ClusterRole>,
    content_type: ContentType,
    content_structure: ContentStructure,
    sector: SectorId,
    cluster: Option<ClusterId>,
    assignee: Option<UserId>,
    due: bool,
    terms: i64,
}

/// The values that occur: one pass over the tasks.
///
/// # Errors
/// When the database fails.
pub async fn options<A: Access>(db: &SiteDb<'_, A>, sector: Option<SectorId>) -> Result<TaskFilterOptions> {
    let mut binds = Variables::new();
    let mut of = "";
    if let Some(sector) = sector {
        of = "AND sector = $sector ";
        binds.insert("sector", sector);
    }
    let sql = format!(
        "SELECT status, priority, cluster_role, content_type, content_structure, sector, cluster, assignee, \
         due_at IS NOT NONE AS due, array::len(terms) AS terms FROM task WHERE site = $site AND account = $account \
         {of}AND deleted_at IS NONE;"
    );
    let rows: Vec<Row> = db.query(&sql, binds, "reading tasks").await?.rows(0)?;
    let mut options = TaskFilterOptions::default();
    let (mut clusters, mut assignees) = (Vec::new(), Vec::new());
    for row in rows {
        add(&mut options.statuses, row.status);
        add(&mut options.priorities, row.priority);
        if let Some(role) = row.cluster_role {
            add(&mut options.cluster_roles, role);
        }
        add(&mut options.content_types, row.content_type);
        add(&mut options.content_structures, row.content_structure);
        add(&mut options.sectors, row.sector);
        options.unassigned |= row.assignee.is_none();
        options.unassigned_cluster |= row.cluster.is_none();
        options.unassigned_due |= !row.due;
        options.unassigned_term |= row.terms == 0;
        clusters.extend(row.cluster);
        assignees.extend(row.assignee);
    }
    options.clusters = named(db, clusters).await?;
    options.assignees = members(db, assignees).await?;
    Ok(options)
}

/// Members of the account with their names, by name.
///
/// # Errors
/// When the database fails.
pub async fn members<A: Access>(db: &SiteDb<'_, A>, mut ids: Vec<UserId>) -> Result<Vec<AssigneeOption>> {
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut binds = Variables::new();
    binds.insert("ids", ids);
    let sql = "SELECT id, name FROM $ids WHERE account = $account AND $site IS NOT NONE;";
    let mut members: Vec<AssigneeOption> = db.query(sql, binds, "naming members").await?.rows(0)?;
    members.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    Ok(members)
}
