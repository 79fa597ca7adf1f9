//! Many links at once: one change for each piece of content, each link with its own result.

use std::collections::{BTreeMap, HashMap};

use igny8_data::{JobRow, SiteScope, Variables, Write};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::edits::{self, ATTEMPTS, Became, Wish};
use super::linkers::as_job;
use super::model::{Link, LinkId, LinkStatus};
use crate::api::{Error, Result};
use crate::app::App;
use crate::features::content::{Content, ContentId};
use crate::jobs::{JobContext, JobError, JobType};

/// The job that does what is too much for one request.
pub const KIND: &str = "change_links";
/// Failures that a job's result lists.
const FAILURES: usize = 100;

/// What is to be done.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Put links in.
    Apply(Vec<One>),
    /// Put links in that are suggested.
    ApplyStored(Vec<LinkId>),
    /// Take links out.
    Undo(Vec<LinkId>),
    /// Never suggest them again.
    Dismiss(Vec<LinkId>),
}

/// A link to put in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct One {
    pub source: ContentId,
    pub wish: Wish,
}

/// What became of one of them.
#[derive(Debug)]
pub struct Outcome {
    pub link: Option<LinkId>,
    pub source: Option<ContentId>,
    pub target: Option<ContentId>,
    /// False when it was so before.
    pub result: Result<bool>,
}

impl Work {
    /// How many things it is about.
    pub fn len(&self) -> usize {
        match self {
            Self::Apply(links) => links.len(),
            Self::ApplyStored(ids) | Self::Undo(ids) | Self::Dismiss(ids) => ids.len(),
        }
    }
}

/// Does it; results are in the order of the work.
///
/// # Errors
/// When the database fails, or the job that does it must stop; what was done before stays done.
pub async fn run(
    app: &App,
    scope: &SiteScope<Write>,
    work: Work,
    check: &(dyn Fn(usize) -> Result<(), JobError> + Sync),
) -> Result<Vec<Outcome>, JobError> {
    match work {
        Work::Apply(links) => apply(app, scope, links, check).await,
        Work::ApplyStored(ids) => apply_stored(app, scope, &ids, check).await,
        Work::Undo(ids) => {
            let mut results = Vec::with_capacity(ids.len());
            for id in ids {
                check(results.len())?;
                let undone = edits::undo(app, scope, id, None).await;
                results.push(match own(undone)? {
                    Ok((link, _)) => Outcome::of(&link, Ok(true)),
                    Err(error) => Outcome::unknown(id, error),
                });
            }
            Ok(results)
        }
        Work::Dismiss(ids) => {
            let known = stored(app, scope, &ids).await?;
            let mut results = Vec::with_capacity(ids.len());
            for id in ids {
                check(results.len())?;
                let Some(link) = known.get(&id) else {
                    results.push(Outcome::unknown(id, Error::not_found()));
                    continue;
                };
                let dismissed = edits::dismiss(app, scope, link.source, &[link.target], true).await;
                let result =
                    own(dismissed)?.and_then(|mut results| results.pop().unwrap_or_else(|| Err(Error::not_found())));
                results.push(Outcome::of(link, result.map(|_| true)));
            }
            Ok(results)
        }
    }
}

async fn apply_stored(
    app: &App,
    scope: &SiteScope<Write>,
    ids: &[LinkId],
    check: &(dyn Fn(usize) -> Result<(), JobError> + Sync),
) -> Result<Vec<Outcome>, JobError> {
    let known = stored(app, scope, ids).await?;
    let mut results: Vec<Option<Outcome>> = ids.iter().map(|_| None).collect();
    let (mut places, mut links) = (Vec::new(), Vec::new());
    for (place, id) in ids.iter().enumerate() {
        match known.get(id) {
            None => results[place] = Some(Outcome::unknown(*id, Error::not_found())),
            Some(link) if link.status == LinkStatus::Dismissed => {
                let why = "Somebody said that this link is not wanted. Say that it is, or put it in by hand.";
                results[place] = Some(Outcome::of(link, Err(Error::rule("dismissed", why))));
            }
            Some(link) => {
                places.push(place);
                links.push(One {
                    source: link.source,
                    wish: Wish {
                        target: link.target,
                        anchor: link.anchor.clone(),
                        at: link.at.and_then(|at| usize::try_from(at).ok()),
                    },
                });
            }
        }
    }
    for (place, result) in places.into_iter().zip(apply(app, scope, links, check).await?) {
        results[place] = Some(result);
    }
    Ok(results.into_iter().flatten().collect())
}

/// Puts links in, one change for each source.
async fn apply(
    app: &App,
    scope: &SiteScope<Write>,
    links: Vec<One>,
    check: &(dyn Fn(usize) -> Result<(), JobError> + Sync),
) -> Result<Vec<Outcome>, JobError> {
    let mut by_source: BTreeMap<ContentId, Vec<usize>> = BTreeMap::new();
    for (place, link) in links.iter().enumerate() {
        by_source.entry(link.source).or_default().push(place);
    }
    let mut results: Vec<Option<Outcome>> = links.iter().map(|_| None).collect();
    let mut done = 0;
    for (source, places) in by_source {
        check(done)?;
        done += places.len();
        let wishes: Vec<Wish> = places.iter().map(|&place| links[place].wish.clone()).collect();
        let became = own(apply_to(app, scope, source, &wishes).await)?;
        let mut became = match became {
            Ok(became) => became.into_iter().map(Some).collect(),
            Err(error) => {
                let problem = error.into_problem();
                // The whole source failed; each of its links says so.
                let again = |_: &Wish| Some(Became::Refused(Error::rule(&problem.code, problem.detail.clone())));
                wishes.iter().map(again).collect::<Vec<_>>()
            }
        };
        for (n, place) in places.into_iter().enumerate() {
            let (link, result) = match became.get_mut(n).and_then(Option::take) {
                Some(Became::Linked { link, new }) => (link, Ok(new)),
                Some(Became::Refused(error)) => (None, Err(error)),
                None => (None, Err(Error::not_found())),
            };
            results[place] = Some(Outcome {
                link,
                source: Some(source),
                target: Some(wishes[n].target),
                result,
            });
        }
    }
    Ok(results.into_iter().flatten().collect())
}

async fn apply_to(app: &App, scope: &SiteScope<Write>, source: ContentId, wishes: &[Wish]) -> Result<Vec<Became>> {
    let db = app.db.site(scope);
    let mut attempt = 0;
    loop {
        let old = db.get::<Content>(source).await?.ok_or_else(Error::not_found)?;
        match edits::apply(app, scope, &old, wishes).await {
            Ok((_, became)) => return Ok(became),
            Err(Error::PreconditionFailed(_)) if attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}

/// The rows of some ids that are of this site.
async fn stored(app: &App, scope: &SiteScope<Write>, ids: &[LinkId]) -> Result<HashMap<LinkId, Link>, JobError> {
    let mut binds = Variables::new();
    binds.insert("ids", ids.to_vec());
    let sql = "SELECT * FROM $ids WHERE site = $site AND account = $account;";
    let mut answer = app.db.site(scope).query(sql, binds, "reading links").await?;
    Ok(answer
        .rows::<Link>(0)?
        .into_iter()
        .map(|link| (link.id, link))
        .collect())
}

/// Failures of one thing are its own; those of the server end everything.
fn own<T>(result: Result<T>) -> Result<Result<T>, JobError> {
    match result {
        Err(error @ (Error::Internal(_) | Error::Unavailable(..))) => Err(as_job(error)),
        result => Ok(result),
    }
}

impl Outcome {
    fn of(link: &Link, result: Result<bool>) -> Self {
        Self {
            link: Some(link.id),
            source: Some(link.source),
            target: Some(link.target),
            result,
        }
    }

    fn unknown(id: LinkId, error: Error) -> Self {
        Self {
            link: Some(id),
            source: None,
            target: None,
            result: Err(error),
        }
    }
}

/// The job type, for the registry.
pub fn job() -> JobType {
    JobType::new(KIND, |app: App, job: JobRow, context: JobContext| async move {
        let work: Work = serde_json::from_value(job.payload.clone())
            .map_err(|error| JobError::Fail(format!("The job cannot be read: {error}.")))?;
        let site = job
            .site
            .ok_or_else(|| JobError::Fail("The job names no site.".into()))?;
        let actor = context.actor(&app.db, &job).await?;
        let scope = actor.site::<Write>(&app.db, site).await?;
        let all = work.len();
        let told = context.clone();
        let check = move |done: usize| {
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let part = done as f64 / all.max(1) as f64;
            told.progress(100.0 * part, format!("{done} of {all} links"));
            told.check()
        };
        let results = run(&app, &scope, work, &check).await?;
        let failed: Vec<serde_json::Value> = results
            .into_iter()
            .filter_map(|one| {
                let problem = one.result.err()?.into_problem();
                Some(json!({
                    "link": one.link, "source": one.source, "target": one.target,
                    "code": problem.code, "detail": problem.detail,
                }))
            })
            .collect();
        Ok(json!({
            "done": all - failed.len(), "failed": failed.len(), "failures": &failed[..failed.len().min(FAILURES)],
        }))
    })
}
