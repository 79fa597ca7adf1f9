//! `/sites/{site}/ideas`: create, read, list, change, delete, queue, export, one and many.

use igny8_data::{Access, DbError, Deleted, Read, SectorId, SiteDb, SiteId, SiteScope, Write};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;

use super::idea_filter::{self, IdeaFilter, IdeaFilterOptions};
use super::idea_objects::{IdeaAction, IdeaBulkIn, IdeaIn, IdeaOut, IdeaPatch};
use super::names;
use crate::api::bulk::{Bulk, distinct};
use crate::api::patch::set;
use crate::api::response::Done;
use crate::api::validate::Check;
use crate::api::{Caller, Created, Error, Fetched, FieldError, Page, PageRequest, Result, SortField, Tag, etag};
use crate::app::App;
use crate::features::content::model::{ContentStructure, ContentType};
use crate::features::planner::idea::{Idea, IdeaId, IdeaOrigin, IdeaStatus};
use crate::features::planner::model::{ClusterId, ClusterRole, KeywordId};
use crate::features::planner::rules::{refused, require_clusters, require_keywords, require_live};
use crate::features::taxonomy::TermId;
use crate::features::writer::api::TaskOut;
use crate::features::writer::queue;

const SORTS: &[SortField] = &[
    SortField::same("created_at"),
    SortField::same("title"),
    SortField::same("word_count"),
];

pub struct IdeasApi;

#[OpenApi(tag = "Tag::Planner")]
impl IdeasApi {
    /// List ideas
    #[oai(path = "/sites/:site_id/ideas", method = "get", operation_id = "idea_list")]
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
        /// `created_at`, `title` or `word_count`; `-` in front for descending.
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        /// Text in title or brief.
        search: Query<Option<String>>,
        sector: Query<Option<SectorId>>,
        status: Query<Option<IdeaStatus>>,
        cluster: Query<Option<ClusterId>>,
        /// Ideas in no cluster.
        unassigned: Query<Option<bool>>,
        cluster_role: Query<Option<ClusterRole>>,
        content_type: Query<Option<ContentType>>,
        content_structure: Query<Option<ContentStructure>>,
        origin: Query<Option<IdeaOrigin>>,
        term: Query<Option<TermId>>,
        /// Ideas without terms.
        unassigned_term: Query<Option<bool>>,
        disabled: Query<Option<bool>>,
        /// Deleted ideas instead of the others.
        deleted: Query<Option<bool>>,
    ) -> Result<Json<Page<IdeaOut>>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let filter = IdeaFilter {
            search: search.0,
            sector: sector.0,
            status: status.0,
            cluster: cluster.0,
            unassigned: unassigned.0 == Some(true),
            cluster_role: cluster_role.0,
            content_type: content_type.0,
            content_structure: content_structure.0,
            origin: origin.0,
            term: term.0,
            unassigned_term: unassigned_term.0 == Some(true),
            disabled: disabled.0,
            deleted: deleted.0 == Some(true),
        };
        let page = PageRequest::new(
            &app.db,
            &format!("ideas|{}|{filter:?}", site_id.0),
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "-created_at",
        )?;
        let select = filter.select();
        let db = app.db.site(&scope);
        let list = page.list::<Idea>(&db, select).await?;
        let names = names::of(
            &db,
            list.rows
                .iter()
                .map(|row| (row.cluster, row.keywords(), row.terms.as_slice())),
        )
        .await?;
        Ok(Json(list.page(|row| IdeaOut::from_row(row, &names))))
    }

    /// Create an idea
    #[oai(path = "/sites/:site_id/ideas", method = "post", operation_id = "idea_create")]
    async fn create(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        body: Json<IdeaIn>,
    ) -> Result<Created<IdeaOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let Json(body) = body;
        let (id, now) = (app.db.ids().make(), app.db.clock().now());
        let mut idea = Idea::new(id, &scope, body.sector, &body.title, now);
        idea.brief = body.brief.unwrap_or_default();
        idea.outline = body.outline.unwrap_or_default();
        (idea.cluster, idea.cluster_role) = (body.cluster, body.cluster_role);
        set(&mut idea.content_type, body.content_type);
        idea.content_structure = body
            .content_structure
            .unwrap_or_else(|| idea.content_type.default_structure());
        idea.set_keywords(body.primary_keyword, body.secondary_keywords.unwrap_or_default());
        set(&mut idea.word_count, body.word_count);
        idea.terms = body.terms.unwrap_or_default();
        idea.suggested_terms = body.suggested_terms.unwrap_or_default();
        idea.attributes = body.attributes.unwrap_or_default();
        checked(&idea)?;
        let db = app.db.site(&scope);
        let mut tx = db.tx();
        idea.require(&mut tx);
        tx.create(idea.clone());
        tx.commit().await.map_err(taken)?;
        let (rev, path) = (idea.rev, format!("/sites/{}/ideas/{}", idea.site, idea.id));
        Ok(Created::new(shown(&db, idea).await?, rev, path))
    }

    /// Read an idea
    #[oai(path = "/sites/:site_id/ideas/:idea_id", method = "get", operation_id = "idea_get")]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        idea_id: Path<IdeaId>,
    ) -> Result<Fetched<IdeaOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let idea = db.get::<Idea>(idea_id.0).await?.ok_or_else(Error::not_found)?;
        fetched(&db, idea).await
    }

    /// Change an idea
    #[oai(
        path = "/sites/:site_id/ideas/:idea_id",
        method = "patch",
        operation_id = "idea_update"
    )]
    async fn update(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        idea_id: Path<IdeaId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<IdeaPatch>,
    ) -> Result<Fetched<IdeaOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let old = db.get::<Idea>(idea_id.0).await?.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), old.rev)?;
        let mut idea = old.clone();
        body.0.apply(&mut idea);
        let idea = changed(&app, &scope, &old, idea).await?;
        fetched(&db, idea).await
    }

    /// Delete an idea
    ///
    /// Its task stays. It can be restored until it is removed for good.
    #[oai(
        path = "/sites/:site_id/ideas/:idea_id",
        method = "delete",
        operation_id = "idea_delete"
    )]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        idea_id: Path<IdeaId>,
        /// ETag of the version to delete.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Done> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let idea = app.db.site(&scope).get::<Idea>(idea_id.0).await?;
        let idea = idea.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), idea.rev)?;
        deleted(&app, &scope, idea).await?;
        Ok(Done::Done)
    }

    /// Restore a deleted idea
    ///
    /// Unless another one aims at its primary keyword meanwhile.
    #[oai(
        path = "/sites/:site_id/ideas/:idea_id/restore",
        method = "post",
        operation_id = "idea_restore"
    )]
    async fn restore(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        idea_id: Path<IdeaId>,
    ) -> Result<Fetched<IdeaOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let idea = restored(&app, &scope, idea_id.0).await?;
        fetched(&app.db.site(&scope), idea).await
    }

    /// Make a task of an idea
    ///
    /// With its brief, outline, keywords, cluster and word count. Asked for again, it answers the same task.
    #[oai(
        path = "/sites/:site_id/ideas/:idea_id/queue",
        method = "post",
        operation_id = "idea_queue"
    )]
    async fn queue(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        idea_id: Path<IdeaId>,
    ) -> Result<Fetched<TaskOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let task = queue::queue(&app, &scope, idea_id.0, queue::Given::default()).await?;
        TaskOut::fetched(&app.db.site(&scope), task).await
    }

    /// Values to filter ideas by
    ///
    /// Only those that occur.
    #[oai(
        path = "/sites/:site_id/ideas/filter-options",
        method = "get",
        operation_id = "idea_filter_options"
    )]
    async fn filter_options(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// Those of one sector.
        sector: Query<Option<SectorId>>,
    ) -> Result<Json<IdeaFilterOptions>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        idea_filter::options(&app.db.site(&scope), sector.0).await.map(Json)
    }

    /// Act on many ideas
    ///
    /// Each has its own result; what fails for one is done to the others.
    #[oai(path = "/sites/:site_id/ideas/bulk", method = "post", operation_id = "idea_bulk")]
    async fn bulk(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        body: Json<IdeaBulkIn>,
    ) -> Result<Json<Bulk>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let Json(body) = body;
        Check::new()
            .that(
                body.action != IdeaAction::Status || body.status.is_some(),
                "status",
                "must be given with this action",
            )
            .that(
                body.action != IdeaAction::AssignTerms || body.terms.is_some(),
                "terms",
                "must be given with this action",
            )
            .that(
                body.action != IdeaAction::AssignCluster || !body.cluster.is_undefined(),
                "cluster",
                "must be given with this action: `null` takes out of the cluster",
            )
            .finish()?;
        let mut bulk = Bulk::new();
        for id in distinct(&body.ids) {
            bulk.push(id, act(&app, &scope, id, &body).await);
        }
        Ok(Json(bulk))
    }
}

async fn act(app: &App, scope: &SiteScope<Write>, id: IdeaId, body: &IdeaBulkIn) -> Result<()> {
    match body.action {
        IdeaAction::Restore => return restored(app, scope, id).await.map(|_| ()),
        IdeaAction::Queue => {
            let given = queue::Given {
                assignee: body.assignee,
                due_at: body.due_at,
                priority: body.priority,
            };
            return queue::queue(app, scope, id, given).await.map(|_| ());
        }
        IdeaAction::Delete
        | IdeaAction::Status
        | IdeaAction::AssignCluster
        | IdeaAction::AssignTerms
        | IdeaAction::Disable => {}
    }
    let old = app.db.site(scope).get::<Idea>(id).await?.ok_or_else(Error::not_found)?;
    let mut idea = old.clone();
    match body.action {
        IdeaAction::Delete => return deleted(app, scope, idea).await,
        IdeaAction::Status => set(&mut idea.status, body.status),
        IdeaAction::AssignCluster => {
            idea.cluster = body.cluster.value().copied();
            idea.cluster_role = idea.cluster_role.filter(|_| idea.cluster.is_some());
        }
        IdeaAction::AssignTerms => body
            .terms_mode
            .unwrap_or_default()
            .apply(&mut idea.terms, body.terms.as_deref().unwrap_or_default()),
        IdeaAction::Disable => idea.disabled = body.disabled.unwrap_or(true),
        IdeaAction::Restore | IdeaAction::Queue => {}
    }
    changed(app, scope, &old, idea).await.map(|_| ())
}

/// Stores a changed idea. What it names anew must be there; what it named before may have gone.
///
/// # Errors
/// 412 when it was changed since `old` was read; 409 and 422 when a rule is broken.
pub async fn changed(app: &App, scope: &SiteScope<Write>, old: &Idea, mut idea: Idea) -> Result<Idea> {
    checked(&idea)?;
    if idea.status != old.status {
        if idea.status == IdeaStatus::Queued {
            return Err(Error::invalid(vec![FieldError::new(
                "status",
                "must be new or completed; queuing an idea makes a task of it",
            )]));
        }
        if old.task.is_some() {
            return Err(Error::conflict(
                "idea_has_task",
                "The idea's status follows its task. Complete or cancel the task.",
            ));
        }
    }
    idea.updated_at = app.db.clock().now();
    let mut tx = app.db.site(scope).tx();
    if let Some(cluster) = idea.cluster.filter(|_| idea.cluster != old.cluster) {
        require_clusters(&mut tx, &[cluster], Some(idea.sector));
    }
    let before: Vec<KeywordId> = old.keywords().collect();
    let new: Vec<KeywordId> = idea.keywords().filter(|id| !before.contains(id)).collect();
    require_keywords(&mut tx, &new, idea.sector);
    let new: Vec<TermId> = idea
        .terms
        .iter()
        .copied()
        .filter(|id| !old.terms.contains(id))
        .collect();
    require_live(&mut tx, &new);
    tx.replace(&mut idea);
    tx.commit().await.map_err(taken)?;
    Ok(idea)
}

async fn deleted(app: &App, scope: &SiteScope<Write>, mut idea: Idea) -> Result<()> {
    let now = app.db.clock().now();
    (idea.deleted_at, idea.updated_at, idea.target) = (Some(now), now, None);
    let mut tx = app.db.site(scope).tx();
    tx.replace(&mut idea);
    tx.commit().await?;
    Ok(())
}

async fn restored(app: &App, scope: &SiteScope<Write>, id: IdeaId) -> Result<Idea> {
    let db = app.db.site(scope);
    let idea = db.get_deleted::<Idea>(id, Deleted::Only).await?;
    let mut idea = idea.ok_or_else(Error::not_found)?;
    (idea.deleted_at, idea.target) = (None, idea.primary_keyword);
    idea.updated_at = app.db.clock().now();
    let mut tx = db.tx();
    tx.replace(&mut idea);
    tx.commit().await.map_err(taken)?;
    Ok(idea)
}

fn checked(idea: &Idea) -> Result<()> {
    let mut check = Check::new();
    idea.check(&mut check);
    check.finish()
}

async fn shown<A: Access>(db: &SiteDb<'_, A>, idea: Idea) -> Result<IdeaOut> {
    let names = names::of(
        db,
        std::iter::once((idea.cluster, idea.keywords(), idea.terms.as_slice())),
    )
    .await?;
    Ok(IdeaOut::from_row(idea, &names))
}

async fn fetched<A: Access>(db: &SiteDb<'_, A>, idea: Idea) -> Result<Fetched<IdeaOut>> {
    let rev = idea.rev;
    Ok(Fetched::new(shown(db, idea).await?, rev))
}

/// What a refused write of an idea means to its writer.
pub fn taken(error: DbError) -> Error {
    match error {
        DbError::Duplicate { index } if index == "idea_target" => {
            Error::duplicate("primary_keyword", "Another idea of the site aims at this keyword.")
        }
        error => refused(error),
    }
}
