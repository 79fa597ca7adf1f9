//! `/sites/{site}/clusters`: create, read, list, change, delete and restore, one and many.

use chrono::{DateTime, Utc};
use igny8_data::{Access, DbError, Deleted, Read, SectorId, SiteDb, SiteId, SiteScope, Tx, Variables, Write};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;

use super::cluster_filter::{self, ClusterFilter, ClusterFilterOptions};
use super::numbers::{self, Gap};
use super::objects::{ClusterAction, ClusterBulkIn, ClusterIn, ClusterOut, ClusterPatch};
use crate::api::bulk::{Bulk, distinct};
use crate::api::patch::set;
use crate::api::response::Done;
use crate::api::validate::Check;
use crate::api::{Caller, Created, Error, Fetched, FieldError, Page, PageRequest, Result, SortField, Tag, etag};
use crate::app::App;
use crate::features::content::published;
use crate::features::planner::model::{
    Cluster, ClusterId, ClusterOrigin, ClusterRole, ClusterStatus, ContextType, text_key,
};
use crate::features::planner::remove;
use crate::features::planner::rules::{refused, require_clusters, require_live, require_sector};
use crate::features::taxonomy::model::MAX_CLUSTERS;
use crate::features::taxonomy::tree::one_at_a_time;
use crate::features::taxonomy::{TermId, TermsMode};

const SORTS: &[SortField] = &[
    SortField::same("created_at"),
    SortField::same("updated_at"),
    SortField::same("name"),
];

/// Levels of clusters.
const MAX_DEPTH: usize = 10;

pub struct ClustersApi;

#[OpenApi(tag = "Tag::Planner")]
impl ClustersApi {
    /// List clusters
    #[oai(path = "/sites/:site_id/clusters", method = "get", operation_id = "cluster_list")]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        /// `created_at`, `updated_at` or `name`; `-` in front for descending.
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        /// Text in name or description.
        search: Query<Option<String>>,
        sector: Query<Option<SectorId>>,
        status: Query<Option<ClusterStatus>>,
        role: Query<Option<ClusterRole>>,
        context_type: Query<Option<ContextType>>,
        origin: Query<Option<ClusterOrigin>>,
        /// Clusters directly below this one.
        parent: Query<Option<ClusterId>>,
        /// Clusters without a parent.
        unassigned_parent: Query<Option<bool>>,
        locked: Query<Option<bool>>,
        disabled: Query<Option<bool>>,
        /// Clusters whose content lacks this.
        gap: Query<Option<Gap>>,
        /// Deleted clusters instead of the others.
        deleted: Query<Option<bool>>,
    ) -> Result<Json<Page<ClusterOut>>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let filter = ClusterFilter {
            search: search.0,
            sector: sector.0,
            status: status.0,
            role: role.0,
            context_type: context_type.0,
            origin: origin.0,
            parent: parent.0,
            unassigned_parent: unassigned_parent.0 == Some(true),
            locked: locked.0,
            disabled: disabled.0,
            gap: gap.0,
            deleted: deleted.0 == Some(true),
        };
        let page = PageRequest::new(
            &app.db,
            &format!("clusters|{}|{filter:?}", site_id.0),
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "-created_at",
        )?;
        let db = app.db.site(&scope);
        let select = filter.select(&db).await?;
        let list = page.list::<Cluster>(&db, select).await?;
        let mut numbers = numbers::of(&db, list.rows.iter().map(|c| c.id).collect()).await?;
        let out = |cluster: Cluster| {
            let numbers = numbers.remove(&cluster.id).unwrap_or_default();
            ClusterOut::from_row(cluster, numbers)
        };
        Ok(Json(list.page(out)))
    }

    /// Create a cluster
    #[oai(path = "/sites/:site_id/clusters", method = "post", operation_id = "cluster_create")]
    async fn create(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        body: Json<ClusterIn>,
    ) -> Result<Created<ClusterOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let Json(body) = body;
        let (id, now) = (app.db.ids().make(), app.db.clock().now());
        let mut cluster = Cluster::new(id, &scope, body.sector, &body.name, now);
        cluster.description = body.description.unwrap_or_default();
        set(&mut cluster.context_type, body.context_type);
        set(&mut cluster.role, body.role);
        set(&mut cluster.locked, body.locked);
        cluster.parent = body.parent;
        cluster.recommendations = body.recommendations.unwrap_or_default();
        checked(&cluster)?;
        let mut tx = app.db.site(&scope).tx();
        require_sector(&mut tx, cluster.sector);
        require_parent(&mut tx, &cluster);
        tx.create(cluster.clone());
        tx.commit().await.map_err(taken)?;
        let (rev, path) = (cluster.rev, format!("/sites/{}/clusters/{}", cluster.site, cluster.id));
        Ok(Created::new(
            ClusterOut::from_row(cluster, numbers::Numbers::default()),
            rev,
            path,
        ))
    }

    /// Read a cluster
    #[oai(
        path = "/sites/:site_id/clusters/:cluster_id",
        method = "get",
        operation_id = "cluster_get"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        cluster_id: Path<ClusterId>,
    ) -> Result<Fetched<ClusterOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let cluster = db.get::<Cluster>(cluster_id.0).await?.ok_or_else(Error::not_found)?;
        fetched(&db, cluster).await
    }

    /// Change a cluster
    ///
    /// A generated one whose name, description, role, context type, parent or recommendations are changed counts as made by
    /// hand from then on: clustering again keeps its keywords and its name.
    #[oai(
        path = "/sites/:site_id/clusters/:cluster_id",
        method = "patch",
        operation_id = "cluster_update"
    )]
    async fn update(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        cluster_id: Path<ClusterId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<ClusterPatch>,
    ) -> Result<Fetched<ClusterOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let mut cluster = db.get::<Cluster>(cluster_id.0).await?.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), cluster.rev)?;
        let before = cluster.clone();
        body.0.apply(&mut cluster);
        cluster.edited(&before);
        cluster.updated_at = app.db.clock().now();
        checked(&cluster)?;
        let mut tx = db.tx();
        if cluster.parent != before.parent {
            require_parent(&mut tx, &cluster);
        }
        if cluster.name != before.name {
            published::changed(&app, &scope, &mut tx).await?;
        }
        tx.replace(&mut cluster);
        tx.commit().await.map_err(taken)?;
        fetched(&db, cluster).await
    }

    /// Delete a cluster
    ///
    /// Its keywords, content, terms and the clusters below it are assigned to none then. It can be restored, without
    /// them, until it is removed for good.
    #[oai(
        path = "/sites/:site_id/clusters/:cluster_id",
        method = "delete",
        operation_id = "cluster_delete"
    )]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        cluster_id: Path<ClusterId>,
        /// ETag of the version to delete.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Done> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let mut cluster = db.get::<Cluster>(cluster_id.0).await?.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), cluster.rev)?;
        remove::delete(&app, &scope, &mut cluster).await?;
        Ok(Done::Done)
    }

    /// Restore a deleted cluster
    #[oai(
        path = "/sites/:site_id/clusters/:cluster_id/restore",
        method = "post",
        operation_id = "cluster_restore"
    )]
    async fn restore(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        cluster_id: Path<ClusterId>,
    ) -> Result<Fetched<ClusterOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let cluster = restored(&app, &scope, cluster_id.0).await?;
        fetched(&app.db.site(&scope), cluster).await
    }

    /// Values to filter clusters by
    ///
    /// Only those that occur.
    #[oai(
        path = "/sites/:site_id/clusters/filter-options",
        method = "get",
        operation_id = "cluster_filter_options"
    )]
    async fn filter_options(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// Those of one sector.
        sector: Query<Option<SectorId>>,
    ) -> Result<Json<ClusterFilterOptions>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        cluster_filter::options(&app.db.site(&scope), sector.0).await.map(Json)
    }

    /// Act on many clusters
    ///
    /// Each has its own result; what fails for one is done to the others.
    #[oai(
        path = "/sites/:site_id/clusters/bulk",
        method = "post",
        operation_id = "cluster_bulk"
    )]
    async fn bulk(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        body: Json<ClusterBulkIn>,
    ) -> Result<Json<Bulk>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let Json(body) = body;
        Check::new()
            .that(
                body.action != ClusterAction::Status || body.status.is_some(),
                "status",
                "must be given with this action",
            )
            .that(
                body.action != ClusterAction::Role || body.role.is_some(),
                "role",
                "must be given with this action",
            )
            .that(
                body.action != ClusterAction::AssignTerms || body.terms.is_some(),
                "terms",
                "must be given with this action",
            )
            .finish()?;
        let mut bulk = Bulk::new();
        for id in distinct(&body.ids) {
            bulk.push(id, act(&app, &scope, id, &body).await);
        }
        Ok(Json(bulk))
    }
}

async fn act(app: &App, scope: &SiteScope<Write>, id: ClusterId, body: &ClusterBulkIn) -> Result<()> {
    if body.action == ClusterAction::Restore {
        return restored(app, scope, id).await.map(|_| ());
    }
    let db = app.db.site(scope);
    let mut cluster = db.get::<Cluster>(id).await?.ok_or_else(Error::not_found)?;
    let before = cluster.clone();
    let mut tx = db.tx();
    match body.action {
        ClusterAction::Delete => return remove::delete(app, scope, &mut cluster).await,
        ClusterAction::Status => set(&mut cluster.status, body.status),
        ClusterAction::Role => set(&mut cluster.role, body.role),
        ClusterAction::Lock => cluster.locked = body.locked.unwrap_or(true),
        ClusterAction::Disable => cluster.disabled = body.disabled.unwrap_or(true),
        ClusterAction::AssignParent => {
            cluster.parent = body.parent;
            checked(&cluster)?;
            require_parent(&mut tx, &cluster);
        }
        ClusterAction::AssignTerms => assign_terms(
            &mut tx,
            cluster.id,
            body.terms.as_deref().unwrap_or_default(),
            body.terms_mode.unwrap_or_default(),
            app.db.clock().now(),
        ),
        ClusterAction::Restore => {}
    }
    cluster.edited(&before);
    cluster.updated_at = app.db.clock().now();
    tx.replace(&mut cluster);
    tx.commit().await.map_err(taken)?;
    Ok(())
}

async fn restored(app: &App, scope: &SiteScope<Write>, id: ClusterId) -> Result<Cluster> {
    let db = app.db.site(scope);
    let cluster = db.get_deleted::<Cluster>(id, Deleted::Only).await?;
    let mut cluster = cluster.ok_or_else(Error::not_found)?;
    cluster.deleted_at = None;
    cluster.name_key = Some(text_key(&cluster.name));
    cluster.updated_at = app.db.clock().now();
    let mut tx = db.tx();
    tx.replace(&mut cluster);
    tx.commit().await.map_err(taken)?;
    Ok(cluster)
}

/// The parent must be a live cluster of the same sector and not below the cluster itself.
pub fn require_parent(tx: &mut Tx<'_>, cluster: &Cluster) {
    let Some(parent) = cluster.parent else { return };
    one_at_a_time(tx);
    require_clusters(tx, &[parent], Some(cluster.sector));
    let mut binds = Variables::new();
    binds.insert("top", cluster.id);
    binds.insert("parent", parent);
    tx.statement("LET $up0 = (SELECT VALUE id FROM [$parent] WHERE site = $site)", binds);
    let mut above = vec!["$up0".to_owned()];
    for level in 1..MAX_DEPTH {
        let over = level - 1;
        tx.statement(
            &format!("LET $up{level} = (SELECT VALUE parent FROM $up{over} WHERE site = $site AND parent IS NOT NONE)"),
            Variables::new(),
        );
        above.push(format!("$up{level}"));
    }
    let cycle = format!(
        "$site != NONE AND !($top INSIDE array::flatten([{}]))",
        above.join(", ")
    );
    tx.require(&cycle, Variables::new(), "cycle");
    let deep = format!("$site != NONE AND array::is_empty($up{})", MAX_DEPTH - 1);
    tx.require(&deep, Variables::new(), "too_deep");
}

/// Puts the cluster to terms, or takes it from them.
fn assign_terms(tx: &mut Tx<'_>, cluster: ClusterId, terms: &[TermId], mode: TermsMode, now: DateTime<Utc>) {
    let terms = distinct(terms);
    require_live(tx, &terms);
    let mut binds = Variables::new();
    binds.insert("of_terms", terms);
    binds.insert("to_cluster", cluster);
    binds.insert("terms_at", now);
    let taken = "UPDATE term SET clusters = array::complement(clusters, [$to_cluster]), rev += 1, updated_at = $terms_at \
                 WHERE site = $site AND account = $account AND clusters CONTAINS $to_cluster AND";
    match mode {
        TermsMode::Remove => {
            tx.statement(&format!("{taken} id INSIDE $of_terms RETURN NONE"), binds);
            return;
        }
        TermsMode::Replace => {
            tx.statement(&format!("{taken} !(id INSIDE $of_terms) RETURN NONE"), binds.clone());
        }
        TermsMode::Add => {}
    }
    tx.statement(
        "UPDATE $of_terms SET clusters = array::append(clusters, $to_cluster), rev += 1, updated_at = $terms_at \
         WHERE site = $site AND account = $account AND !(clusters CONTAINS $to_cluster) RETURN NONE",
        binds,
    );
    let full = format!(
        "array::is_empty((SELECT VALUE id FROM $of_terms WHERE site = $site AND array::len(clusters) > {MAX_CLUSTERS}))"
    );
    tx.require(&full, Variables::new(), "too_many_clusters");
}

fn checked(cluster: &Cluster) -> Result<()> {
    let mut check = Check::new();
    cluster.check(&mut check);
    check.finish()
}

async fn fetched<A: Access>(db: &SiteDb<'_, A>, cluster: Cluster) -> Result<Fetched<ClusterOut>> {
    let numbers = numbers::of(db, vec![cluster.id]).await?.remove(&cluster.id);
    let rev = cluster.rev;
    Ok(Fetched::new(
        ClusterOut::from_row(cluster, numbers.unwrap_or_default()),
        rev,
    ))
}

/// What a refused write of a cluster means to its writer.
pub fn taken(error: DbError) -> Error {
    match error {
        DbError::Refused(code) if code == "too_many_clusters" => Error::invalid(vec![FieldError::new(
            "terms",
            format!("a term can have at most {MAX_CLUSTERS} clusters"),
        )]),
        DbError::Duplicate { index } if index == "cluster_name" => {
            Error::duplicate("name", "The sector has a cluster of this name already.")
        }
        error => refused(error),
    }
}
