//! `/sites/{site}/tasks`: create, read, list, change, delete, one and many.

use chrono::{DateTime, Utc};
use igny8_data::{DbError, Deleted, Read, SectorId, SiteId, SiteScope, UserId, Write};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;

use super::filter::{self, TaskFilter, TaskFilterOptions};
use super::objects::{TaskAction, TaskBulkIn, TaskIn, TaskOut, TaskPatch};
use crate::api::bulk::{Bulk, distinct};
use crate::api::patch::set;
use crate::api::response::Done;
use crate::api::validate::Check;
use crate::api::{Caller, Created, Error, Fetched, FieldError, Page, PageRequest, Result, SortField, Tag, etag};
use crate::app::App;
use crate::features::content::model::{ContentStructure, ContentType};
use crate::features::content::rules::check_structure;
use crate::features::planner::api::names;
use crate::features::planner::idea::{IdeaId, require_named};
use crate::features::planner::rules::{refused, require_clusters, require_keywords, require_live};
use crate::features::planner::{ClusterId, ClusterRole, KeywordId};
use crate::features::taxonomy::TermId;
use crate::features::writer::model::{Priority, Task, TaskId, TaskStatus, require_assignee};

const SORTS: &[SortField] = &[
    SortField::same("created_at"),
    SortField::same("title"),
    SortField::same("due_at"),
];

pub struct TasksApi;

#[OpenApi(tag = "Tag::Writer")]
impl TasksApi {
    /// List tasks
    #[oai(path = "/sites/:site_id/tasks", method = "get", operation_id = "task_list")]
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
        /// `created_at`, `title` or `due_at`; `-` in front for descending.
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        /// Text in title or brief.
        search: Query<Option<String>>,
        sector: Query<Option<SectorId>>,
        status: Query<Option<TaskStatus>>,
        cluster: Query<Option<ClusterId>>,
        /// Tasks in no cluster.
        unassigned_cluster: Query<Option<bool>>,
        cluster_role: Query<Option<ClusterRole>>,
        idea: Query<Option<IdeaId>>,
        assignee: Query<Option<UserId>>,
        /// Tasks of nobody.
        unassigned: Query<Option<bool>>,
        priority: Query<Option<Priority>>,
        content_type: Query<Option<ContentType>>,
        content_structure: Query<Option<ContentStructure>>,
        term: Query<Option<TermId>>,
        /// Tasks without terms.
        unassigned_term: Query<Option<bool>>,
        /// Tasks that are due at this time or later.
        due_after: Query<Option<DateTime<Utc>>>,
        /// Tasks that are due before this time.
        due_before: Query<Option<DateTime<Utc>>>,
        /// Tasks without a due date.
        unassigned_due: Query<Option<bool>>,
        /// Deleted tasks instead of the others.
        deleted: Query<Option<bool>>,
    ) -> Result<Json<Page<TaskOut>>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let filter = TaskFilter {
            search: search.0,
            sector: sector.0,
            status: status.0,
            cluster: cluster.0,
            unassigned_cluster: unassigned_cluster.0 == Some(true),
            cluster_role: cluster_role.0,
            idea: idea.0,
            assignee: assignee.0,
            unassigned: unassigned.0 == Some(true),
            priority: priority.0,
            content_type: content_type.0,
            content_structure: content_structure.0,
            term: term.0,
            unassigned_term: unassigned_term.0 == Some(true),
            due_after: due_after.0,
            due_before: due_before.0,
            unassigned_due: unassigned_due.0 == Some(true),
            deleted: deleted.0 == Some(true),
        };
        let page = PageRequest::new(
            &app.db,
            &format!("tasks|{}|{filter:?}", site_id.0),
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "-created_at",
        )?;
        let select = filter.select();
        let db = app.db.site(&scope);
        let list = page.list::<Task>(&db, select).await?;
        let names = names::of(
            &db,
            list.rows
                .iter()
                .map(|row| (row.cluster, row.keywords(), row.terms.as_slice())),
        )
        .await?;
        Ok(Json(list.page(|row| TaskOut::from_row(row, &names))))
    }

    /// Create a task
    ///
    /// Without an idea; of an idea, queue it.
    #[oai(path = "/sites/:site_id/tasks", method = "post", operation_id = "task_create")]
    async fn create(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        body: Json<TaskIn>,
    ) -> Result<Created<TaskOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let Json(body) = body;
        let (id, now) = (app.db.ids().make(), app.db.clock().now());
        let mut task = Task::new(id, &scope, body.sector, &body.title, now);
        task.brief = body.brief.unwrap_or_default();
        task.outline = body.outline.unwrap_or_default();
        (task.cluster, task.cluster_role) = (body.cluster, body.cluster_role);
        set(&mut task.content_type, body.content_type);
        task.content_structure = body
            .content_structure
            .unwrap_or_else(|| task.content_type.default_structure());
        task.set_keywords(body.primary_keyword, body.secondary_keywords.unwrap_or_default());
        set(&mut task.word_count, body.word_count);
        task.terms = body.terms.unwrap_or_default();
        task.attributes = body.attributes.unwrap_or_default();
        (task.assignee, task.due_at, task.prompt) = (body.assignee, body.due_at, body.prompt);
        set(&mut task.priority, body.priority);
        checked(None, &task)?;
        let db = app.db.site(&scope);
        let mut tx = db.tx();
        let keywords: Vec<KeywordId> = task.keywords().collect();
        require_named(&mut tx, task.sector, task.cluster, &keywords, &task.terms);
        if let Some(assignee) = task.assignee {
            require_assignee(&mut tx, assignee);
        }
        tx.create(task.clone());
        tx.commit().await.map_err(wrong)?;
        let (rev, path) = (task.rev, format!("/sites/{}/tasks/{}", task.site, task.id));
        Ok(Created::new(TaskOut::shown(&db, task).await?, rev, path))
    }

    /// Read a task
    #[oai(path = "/sites/:site_id/tasks/:task_id", method = "get", operation_id = "task_get")]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        task_id: Path<TaskId>,
    ) -> Result<Fetched<TaskOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let task = db.get::<Task>(task_id.0).await?.ok_or_else(Error::not_found)?;
        TaskOut::fetched(&db, task).await
    }

    /// Change a task
    ///
    /// Its idea's status follows: completed with it, free again when it is cancelled.
    #[oai(
        path = "/sites/:site_id/tasks/:task_id",
        method = "patch",
        operation_id = "task_update"
    )]
    async fn update(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        task_id: Path<TaskId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<TaskPatch>,
    ) -> Result<Fetched<TaskOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let old = db.get::<Task>(task_id.0).await?.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), old.rev)?;
        let mut task = old.clone();
        body.0.apply(&mut task, app.db.clock().now());
        let task = changed(&app, &scope, &old, task).await?;
        TaskOut::fetched(&db, task).await
    }

    /// Delete a task
    ///
    /// Its idea can be queued again then.
    #[oai(
        path = "/sites/:site_id/tasks/:task_id",
        method = "delete",
        operation_id = "task_delete"
    )]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        task_id: Path<TaskId>,
        /// ETag of the version to delete.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Done> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let old = app.db.site(&scope).get::<Task>(task_id.0).await?;
        let old = old.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), old.rev)?;
        let mut task = old.clone();
        task.set_deleted(app.db.clock().now());
        changed(&app, &scope, &old, task).await?;
        Ok(Done::Done)
    }

    /// Restore a deleted task
    ///
    /// Unless another one stands for its idea meanwhile.
    #[oai(
        path = "/sites/:site_id/tasks/:task_id/restore",
        method = "post",
        operation_id = "task_restore"
    )]
    async fn restore(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        task_id: Path<TaskId>,
    ) -> Result<Fetched<TaskOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let task = restored(&app, &scope, task_id.0).await?;
        TaskOut::fetched(&app.db.site(&scope), task).await
    }

    /// Values to filter tasks by
    ///
    /// Only those that occur.
    #[oai(
        path = "/sites/:site_id/tasks/filter-options",
        method = "get",
        operation_id = "task_filter_options"
    )]
    async fn filter_options(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// Those of one sector.
        sector: Query<Option<SectorId>>,
    ) -> Result<Json<TaskFilterOptions>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        filter::options(&app.db.site(&scope), sector.0).await.map(Json)
    }

    /// Act on many tasks
    ///
    /// Each has its own result; what fails for one is done to the others.
    #[oai(path = "/sites/:site_id/tasks/bulk", method = "post", operation_id = "task_bulk")]
    async fn bulk(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        body: Json<TaskBulkIn>,
    ) -> Result<Json<Bulk>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let Json(body) = body;
        let mut check = Check::new();
        for (action, given, field) in [
            (TaskAction::Status, body.status.is_some(), "status"),
            (TaskAction::Priority, body.priority.is_some(), "priority"),
            (TaskAction::AssignTerms, body.terms.is_some(), "terms"),
        ] {
            check.that(body.action != action || given, field, "must be given with this action");
        }
        check.that(
            body.action != TaskAction::AssignCluster || !body.cluster.is_undefined(),
            "cluster",
            "must be given with this action: `null` takes out of the cluster",
        );
        check.finish()?;
        let mut bulk = Bulk::new();
        for id in distinct(&body.ids) {
            bulk.push(id, act(&app, &scope, id, &body).await);
        }
        Ok(Json(bulk))
    }
}

async fn act(app: &App, scope: &SiteScope<Write>, id: TaskId, body: &TaskBulkIn) -> Result<()> {
    if body.action == TaskAction::Restore {
        return restored(app, scope, id).await.map(|_| ());
    }
    let now = app.db.clock().now();
    let old = app.db.site(scope).get::<Task>(id).await?.ok_or_else(Error::not_found)?;
    let mut task = old.clone();
    match body.action {
        TaskAction::Delete => task.set_deleted(now),
        TaskAction::Status => task.set_status(body.status.unwrap_or(task.status), now),
        TaskAction::Assign => task.assignee = body.assignee,
        TaskAction::AssignCluster => {
            task.cluster = body.cluster.value().copied();
            task.cluster_role = task.cluster_role.filter(|_| task.cluster.is_some());
        }
        TaskAction::AssignTerms => body
            .terms_mode
            .unwrap_or_default()
            .apply(&mut task.terms, body.terms.as_deref().unwrap_or_default()),
        TaskAction::Priority => set(&mut task.priority, body.priority),
        TaskAction::Due => task.due_at = body.due_at,
        TaskAction::Restore => {}
    }
    changed(app, scope, &old, task).await.map(|_| ())
}

async fn restored(app: &App, scope: &SiteScope<Write>, id: TaskId) -> Result<Task> {
    let old = app.db.site(scope).get_deleted::<Task>(id, Deleted::Only).await?;
    let old = old.ok_or_else(Error::not_found)?;
    let mut task = old.clone();
    task.deleted_at = None;
    task.set_status(task.status, app.db.clock().now());
    changed(app, scope, &old, task).await
}

/// Stores a changed task, and lets its idea follow. What it names anew must be there; what it named before may have gone.
async fn changed(app: &App, scope: &SiteScope<Write>, old: &Task, mut task: Task) -> Result<Task> {
    checked(Some(old), &task)?;
    let now = app.db.clock().now();
    task.updated_at = now;
    let mut tx = app.db.site(scope).tx();
    if let Some(cluster) = task.cluster.filter(|_| task.cluster != old.cluster) {
        require_clusters(&mut tx, &[cluster], Some(task.sector));
    }
    let before: Vec<KeywordId> = old.keywords().collect();
    let new: Vec<KeywordId> = task.keywords().filter(|id| !before.contains(id)).collect();
    require_keywords(&mut tx, &new, task.sector);
    let new: Vec<TermId> = task
        .terms
        .iter()
        .copied()
        .filter(|id| !old.terms.contains(id))
        .collect();
    require_live(&mut tx, &new);
    if let Some(assignee) = task.assignee.filter(|_| task.assignee != old.assignee) {
        require_assignee(&mut tx, assignee);
    }
    tx.replace(&mut task);
    if task.status != old.status || task.deleted_at != old.deleted_at {
        task.follow(&mut tx, now);
    }
    tx.commit().await.map_err(wrong)?;
    Ok(task)
}

fn checked(old: Option<&Task>, new: &Task) -> Result<()> {
    let mut check = Check::new();
    new.check(&mut check);
    let kind = |task: &Task| (task.content_type, task.content_structure);
    if old.is_none_or(|old| kind(old) != kind(new)) {
        check_structure(&mut check, new.content_type, new.content_structure);
    }
    check.finish()
}

/// What a refused write of a task means to its writer.
pub fn wrong(error: DbError) -> Error {
    match error {
        DbError::Duplicate { index } if index == "task_idea" => {
            Error::conflict("idea_queued", "Another task stands for the idea by now.")
        }
        DbError::Refused(code) if code == "unknown_assignee" => Error::invalid(vec![FieldError::new(
            "assignee",
            "must be somebody who may work on this site",
        )]),
        error => refused(error),
    }
}
