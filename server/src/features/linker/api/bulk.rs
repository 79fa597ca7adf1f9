//! Many links at once.

use igny8_data::{JobId, NewJob, SiteId, SiteScope, Write};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};

use super::content::wish;
use super::objects::{ResultOut, WishIn};
use crate::api::bulk::distinct;
use crate::api::{Caller, Error, Result, Tag};
use crate::app::App;
use crate::features::content::ContentId;
use crate::features::linker::bulk::{self, One, Work};
use crate::features::linker::model::LinkId;
use crate::jobs::JobError;

/// Links that are changed while somebody waits; more become a job.
const AT_ONCE: usize = 200;

/// A link to put in, and where.
#[derive(Debug, Object)]
#[oai(rename = "LinkToApply", deny_unknown_fields)]
pub struct OneIn {
    pub source: ContentId,
    pub target: ContentId,
    /// The words it goes around, as the text says them.
    pub anchor: String,
    /// Where they begin in the body, in bytes; without it, or when they are not there any more, the first place that fits.
    pub at: Option<u64>,
}

/// Links to put in.
#[derive(Debug, Object)]
#[oai(rename = "LinksApply", deny_unknown_fields, example)]
pub struct ApplyIn {
    /// Of one source the first is put in first, as far as the rules leave room.
    #[oai(validator(max_items = 2000))]
    pub links: Vec<OneIn>,
}

impl poem_openapi::types::Example for ApplyIn {
    fn example() -> Self {
        Self {
            links: vec![OneIn {
                source: "cont_01jz8k3v5n6q7r8s9t0v1w2x3z".parse().expect("an id"),
                target: "cont_01jz8k3v5n6q7r8s9t0v1w2x3y".parse().expect("an id"),
                anchor: "burr grinder".into(),
                at: None,
            }],
        }
    }
}

/// What to do to each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "LinkBulkAction", rename_all = "snake_case")]
pub enum Action {
    /// Put suggested links in.
    Apply,
    /// Take links out again.
    Undo,
    /// Never suggest them again.
    Dismiss,
}

/// An action, and on which links of `link_list`.
#[derive(Debug, Object)]
#[oai(rename = "LinkBulk", deny_unknown_fields, example)]
pub struct BulkIn {
    pub action: Action,
    #[oai(validator(max_items = 2000))]
    pub ids: Vec<LinkId>,
}

impl poem_openapi::types::Example for BulkIn {
    fn example() -> Self {
        Self {
            action: Action::Apply,
            ids: vec!["link_01jz8k3v5n6q7r8s9t0v1w2x3y".parse().expect("an id")],
        }
    }
}

/// What was done, link by link.
#[derive(Debug, Object)]
#[oai(rename = "LinkBulkDone")]
pub struct DoneOut {
    /// Links that are as asked for.
    pub done: u32,
    pub failed: u32,
    /// In the order of the request.
    pub results: Vec<ResultOut>,
}

/// A job that does it.
#[derive(Debug, Object)]
#[oai(rename = "LinkBulkQueued")]
pub struct QueuedOut {
    /// Its result has `done`, `failed` and the first hundred `failures`.
    pub job: JobId,
}

/// Done, or queued because there is much to do.
#[derive(ApiResponse)]
pub enum Answer {
    /// Done.
    #[oai(status = 200)]
    Done(Json<DoneOut>),
    /// More than 200 links: queued; follow the job.
    #[oai(status = 202)]
    Queued(Json<QueuedOut>),
}

pub struct BulkApi;

#[OpenApi(tag = "Tag::Links")]
impl BulkApi {
    /// Put links into many pieces of content
    ///
    /// Each piece of content is one change; each link has its own result. More than 200 become a job.
    #[oai(path = "/sites/:site_id/links/apply", method = "post", operation_id = "links_apply")]
    async fn apply(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        body: Json<ApplyIn>,
    ) -> Result<Answer> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let links = body.0.links.into_iter().map(|one| One {
            source: one.source,
            wish: wish(WishIn {
                target: one.target,
                anchor: one.anchor,
                at: one.at,
            }),
        });
        answer(&app, &scope, Work::Apply(links.collect())).await
    }

    /// Act on many links
    ///
    /// Each has its own result; what fails for one is done to the others. More than 200 become a job.
    #[oai(path = "/sites/:site_id/links/bulk", method = "post", operation_id = "links_bulk")]
    async fn bulk(&self, caller: Caller, app: Data<&App>, site_id: Path<SiteId>, body: Json<BulkIn>) -> Result<Answer> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let ids = distinct(&body.0.ids);
        let work = match body.0.action {
            Action::Apply => Work::ApplyStored(ids),
            Action::Undo => Work::Undo(ids),
            Action::Dismiss => Work::Dismiss(ids),
        };
        answer(&app, &scope, work).await
    }
}

async fn answer(app: &App, scope: &SiteScope<Write>, work: Work) -> Result<Answer> {
    if work.len() > AT_ONCE {
        let job: JobId = app.db.ids().make();
        let payload = serde_json::to_value(&work).map_err(Error::internal)?;
        let mut tx = app.db.site(scope).tx();
        tx.enqueue_as(job, NewJob::new(bulk::KIND, payload));
        tx.commit().await?;
        return Ok(Answer::Queued(Json(QueuedOut { job })));
    }
    let done = bulk::run(app, scope, work, &|_| Ok(())).await;
    let done = done.map_err(|error| match error {
        JobError::Retry(why) | JobError::Fail(why) | JobError::Later(_, why) => Error::unavailable(why),
    })?;
    let failed = done.iter().filter(|one| one.result.is_err()).count();
    let n = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(Answer::Done(Json(DoneOut {
        done: n(done.len() - failed),
        failed: n(failed),
        results: done
            .into_iter()
            .map(|one| ResultOut::of(one.source, one.target, one.link, one.result))
            .collect(),
    })))
}
