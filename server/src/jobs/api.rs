//! `/jobs`: what runs in the background of an account.

use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use igny8_data::{Actor, JobId, JobPriority, JobRow, JobState, Manage, Read, Select, SiteId, Write};
use poem::web::Data;
use poem::web::sse::Event;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::{EventStream, Json};
use poem_openapi::types::Any;
use poem_openapi::types::ToJSON as _;
use poem_openapi::{Object, OpenApi};

use crate::api::{Caller, Error, Fetched, Page, PageRequest, Result, SortField, Tag};
use crate::app::App;

/// A background job.
#[derive(Debug, Object)]
#[oai(rename = "Job", skip_serializing_if_is_none)]
pub struct JobOut {
    pub id: JobId,
    /// What it does: `deploy_site`.
    pub kind: String,
    /// The site it works on, if it is about one.
    pub site: Option<SiteId>,
    pub state: JobState,
    pub priority: JobPriority,
    /// 0 to 100.
    pub progress: f64,
    /// What it is doing, in words.
    pub message: String,
    pub attempts: i64,
    pub max_attempts: i64,
    /// Waiting jobs: not before this time.
    pub run_at: DateTime<Utc>,
    /// Grows with every change.
    pub revision: i64,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// What came of it; its fields depend on the kind.
    pub result: Option<Any<serde_json::Value>>,
}

impl JobOut {
    fn from_row(job: JobRow) -> Self {
        Self {
            id: job.id,
            kind: job.kind,
            site: job.site,
            state: job.state,
            priority: job.priority,
            progress: job.progress,
            message: job.message,
            attempts: job.attempts,
            max_attempts: job.max_attempts,
            run_at: job.run_at,
            revision: job.rev,
            created_at: job.created_at,
            finished_at: job.finished_at,
            error: job.error,
            result: job.result.map(Any),
        }
    }
}

const SORTS: &[SortField] = &[SortField::same("created_at")];

pub struct JobsApi;

#[OpenApi(tag = "Tag::Jobs")]
impl JobsApi {
    /// List jobs
    ///
    /// Those of the account; who is granted single sites sees the jobs of these.
    #[oai(path = "/jobs", method = "get", operation_id = "job_list")]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        /// `created_at`; `-` in front for descending.
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        state: Query<Option<JobState>>,
        /// What the job does: `deploy_site`.
        kind: Query<Option<String>>,
        /// Jobs of one site.
        site: Query<Option<SiteId>>,
    ) -> Result<Json<Page<JobOut>>> {
        let actor = caller.actor();
        let scope = actor.account::<Read>()?;
        let filter = format!("jobs|{}|{:?}|{:?}|{:?}", actor.who(), state.0, kind.0, site.0);
        let page = PageRequest::new(
            &app.db,
            &filter,
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "-created_at",
        )?;
        let mut select = Select::new().equals_some("state", state.0).equals_some("kind", kind.0);
        select = match site.0 {
            Some(site) => {
                let site = actor.site::<Read>(&app.db, site).await?;
                select.equals("site", site.site())
            }
            None => match actor.granted_sites(&app.db).await? {
                Some(sites) => select.one_of("site", sites),
                None => select,
            },
        };
        let db = app.db.account(&scope);
        let list = page.list::<JobRow>(&db, select).await?;
        Ok(Json(list.page(JobOut::from_row)))
    }

    /// Read a job
    #[oai(path = "/jobs/:job_id", method = "get", operation_id = "job_get")]
    async fn get(&self, caller: Caller, app: Data<&App>, job_id: Path<JobId>) -> Result<Fetched<JobOut>> {
        let job = visible(&app, caller.actor(), job_id.0).await?;
        let rev = job.rev;
        Ok(Fetched::new(JobOut::from_row(job), rev))
    }

    /// Follow a job
    ///
    /// Server-sent events: the job as it is, then again whenever it changes, at most five times a second. Each event's id
    /// is the job's revision; who comes back with the last one gets what changed since. The stream ends with the job, or
    /// after two minutes: connect again then. A job that has ended is sent once: close the stream when `state` is `done`,
    /// `failed` or `cancelled`.
    #[oai(path = "/jobs/:job_id/events", method = "get", operation_id = "job_events")]
    async fn events(
        &self,
        caller: Caller,
        app: Data<&App>,
        job_id: Path<JobId>,
        /// Id of the last event seen; browsers send it by themselves.
        #[oai(name = "Last-Event-ID")]
        last_event_id: Header<Option<String>>,
        /// The same, for clients that cannot set headers.
        last_event: Query<Option<i64>>,
    ) -> Result<EventStream<BoxStream<'static, JobOut>>> {
        let seen = last_event_id.0.and_then(|id| id.trim().parse().ok()).or(last_event.0);
        let jobs = super::follow::follow(&app, caller.actor(), job_id.0, seen).await?;
        Ok(EventStream::new(jobs.map(JobOut::from_row).boxed())
            .keep_alive(std::time::Duration::from_secs(15))
            .to_event(|job| {
                Event::message(job.to_json_string())
                    .id(job.revision.to_string())
                    .event_type("job")
            }))
    }

    /// Cancel a job
    ///
    /// A waiting job will not run; a running one is stopped at its next safe point.
    #[oai(path = "/jobs/:job_id/cancel", method = "post", operation_id = "job_cancel")]
    async fn cancel(&self, caller: Caller, app: Data<&App>, job_id: Path<JobId>) -> Result<Fetched<JobOut>> {
        let job = changeable(&app, caller.actor(), job_id.0).await?;
        let job =
            app.db.cancel_job(job.account, job.id).await?.ok_or_else(|| {
                Error::conflict("job_ended", "The job has ended already: there is nothing to cancel.")
            })?;
        if let Some(kind) = super::job_type(&job.kind) {
            kind.on_ended(&app, job.clone()).await;
        }
        let rev = job.rev;
        Ok(Fetched::new(JobOut::from_row(job), rev))
    }

    /// Run a job again
    ///
    /// One that failed or was cancelled, from the start and with all its attempts.
    #[oai(path = "/jobs/:job_id/retry", method = "post", operation_id = "job_retry")]
    async fn retry(&self, caller: Caller, app: Data<&App>, job_id: Path<JobId>) -> Result<Fetched<JobOut>> {
        let job = changeable(&app, caller.actor(), job_id.0).await?;
        let job = app.db.retry_job(job.account, job.id).await?.ok_or_else(|| {
            Error::conflict(
                "job_not_failed",
                "Only a job that failed or was cancelled can run again.",
            )
        })?;
        let rev = job.rev;
        Ok(Fetched::new(JobOut::from_row(job), rev))
    }
}

/// A job the actor may see. Jobs of a site that is not granted, of another account and of nobody are one answer.
pub(super) async fn visible(app: &App, actor: &Actor, id: JobId) -> Result<JobRow> {
    let scope = actor.account::<Read>()?;
    let job = app
        .db
        .account(&scope)
        .get::<JobRow>(id)
        .await?
        .ok_or_else(Error::not_found)?;
    if let Some(granted) = actor.granted_sites(&app.db).await?
        && !job.site.is_some_and(|site| granted.contains(&site))
    {
        return Err(Error::not_found());
    }
    Ok(job)
}

/// A visible job that the actor may also change: who may write on its site, or manage the account.
async fn changeable(app: &App, actor: &Actor, id: JobId) -> Result<JobRow> {
    let job = visible(app, actor, id).await?;
    match job.site {
        Some(site) => {
            actor.site::<Write>(&app.db, site).await?;
        }
        None => {
            actor.account::<Manage>()?;
        }
    }
    Ok(job)
}
