//! Keyword files into a sector.
//!
//! A thread reads the file ([`igny8_planner::keyword_file`]) and hands batches on; a few batches are on their way at once,
//! each in one transaction: what is not there is made, what is there takes the file's figures. Memory stays bounded by the
//! batches and some bytes for each keyword of file and sector.
//!
//! **Invariants.** Importing a file a second time changes nothing, and so does importing what [`super::export`] wrote.
//! Status, cluster and `disabled` of a keyword that is there stay as people set them; one that is in no cluster, and that
//! nobody took out of one, goes where the file says. Rows of one keyword are joined before they are stored. A row that is
//! wrong costs nothing but itself; an import that was stopped anywhere can be run again, and a job that goes on reports
//! what it did in all.

mod batch;
pub mod job;
mod known;
mod merge;
mod read;
pub mod report;

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use igny8_data::{DbError, JobId, Read, RecordKey as _, SectorId, SiteScope, Write};
use igny8_planner::keyword_file::{self, FileProblem, Groups, KeywordRow};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::api::Error;
use crate::app::App;
use crate::features::billing::Limits;
use crate::features::sites::model::Site;
use known::Known;
pub use merge::intent;
use read::Message;
pub use report::ImportReport;
use report::Tally;

/// Rows written by one transaction, and transactions on their way at once: with one the other core is idle.
const BATCH: usize = 250;
const IN_FLIGHT: usize = 4;
/// Rows whose keys are asked for one by one: some milliseconds each, while reading all keys of a sector takes some
/// milliseconds for a hundred.
const FEW: usize = 50;
/// Places held of the plan at once.
const HOLD: usize = 5_000;

/// How to import.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Change nothing, only say what would be done.
    pub dry_run: bool,
    /// Make the clusters that keywords name and the sector does not have, with the hubs above them.
    pub make_clusters: bool,
    /// What is known of the file better than it would be found out.
    pub read: keyword_file::Options,
    /// The job that imports: what it stored before it was stopped counts as its own when it goes on.
    pub job: Option<JobId>,
    /// Leave keywords that are there as they are.
    pub only_new: bool,
}

/// Who wants to know how far an import is.
pub trait Watch: Send + Sync {
    /// So many bytes of the file are read, so many rows are dealt with.
    fn at(&self, bytes: u64, rows: u64);
    /// Whether to stop between two batches.
    fn stopped(&self) -> bool {
        false
    }
}

/// Why an import ended early. What was stored until then stays.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("{0}")]
    File(#[from] FileProblem),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("the sector is not there any more")]
    SectorGone,
    #[error("the import was stopped")]
    Stopped,
    #[error("{0}")]
    Other(String),
}

impl From<Error> for ImportError {
    fn from(error: Error) -> Self {
        Self::Other(error.into_problem().detail)
    }
}

/// What all batches of one import share.
struct Import {
    app: App,
    scope: Arc<SiteScope<Write>>,
    sector: SectorId,
    options: Options,
    /// Key of the job that imports.
    job: Option<String>,
    limits: Limits,
    known: Known,
    clusters: batch::Clusters,
    groups: Groups,
    /// Places of the plan that are held and not used yet, taken by one batch after the other.
    room: AtomicUsize,
    turn: Semaphore,
    held: AtomicUsize,
    made: AtomicUsize,
    used_up: AtomicBool,
}

/// Rows to be stored, from wherever they come: a file's batch, or seed keywords.
struct Rows(Vec<KeywordRow>);

/// Imports a file into a sector of the scope's site. Every problem goes to `problems` too, as CSV.
///
/// # Errors
/// [`ImportError`]; what was stored until then stays.
pub async fn import(
    app: &App,
    scope: Arc<SiteScope<Write>>,
    sector: SectorId,
    from: File,
    options: Options,
    problems: Option<File>,
    watch: Arc<dyn Watch>,
) -> Result<ImportReport, ImportError> {
    let problems = problems.map(report::ProblemFile::new).transpose();
    let problems =
        problems.map_err(|error| ImportError::Other(format!("cannot write the file of problems: {error}")))?;
    let (to, mut messages) = tokio::sync::mpsc::channel(2);
    let market = market(app, &scope).await?;
    let read = options.read.clone();
    let reading = tokio::task::spawn_blocking(move || read::run(&from, &read, market.as_deref(), &to, BATCH));
    let mut tally = Tally::new(options.dry_run, problems);
    let result = store(app, scope, sector, options, &mut messages, &mut tally, &*watch).await;
    // A reader that nobody listens to ends by itself.
    drop(messages);
    let read = reading.await.map_err(|error| ImportError::Other(error.to_string()))?;
    result?;
    let notes = read?;
    Ok(tally.finish(notes))
}

/// The market whose figures a site wants: the region of its language, as keyword tools write it.
async fn market(app: &App, scope: &SiteScope<Write>) -> Result<Option<String>, ImportError> {
    let reading = scope.reading();
    let account = reading.actor().account::<Read>().map_err(Error::from)?;
    let site = app.db.account(&account).get::<Site>(scope.site()).await?;
    let language = site.map(|site| site.language).unwrap_or_default();
    let region = language.split('-').skip(1).find(|part| part.len() == 2);
    Ok(region.map(|region| match region.to_lowercase().as_str() {
        "gb" => "uk".to_owned(),
        other => other.to_owned(),
    }))
}

async fn store(
    app: &App,
    scope: Arc<SiteScope<Write>>,
    sector: SectorId,
    options: Options,
    messages: &mut tokio::sync::mpsc::Receiver<Message>,
    tally: &mut Tally,
    watch: &dyn Watch,
) -> Result<(), ImportError> {
    let mut running: JoinSet<Result<batch::Done, ImportError>> = JoinSet::new();
    let mut import: Option<Arc<Import>> = None;
    let mut groups = Groups::default();
    let mut result = Ok(());
    while let Some(message) = messages.recv().await {
        let (rows, bytes, last) = match message {
            Message::Format(format, named) => {
                tally.format(&format);
                groups = named;
                continue;
            }
            Message::Rows {
                rows,
                problems,
                bytes,
                last,
            } => {
                for problem in problems {
                    tally.problem(problem);
                }
                (rows, bytes, last)
            }
        };
        watch.at(bytes, tally.rows());
        if watch.stopped() {
            result = Err(ImportError::Stopped);
            break;
        }
        let import = match &import {
            Some(import) => Arc::clone(import),
            None => {
                let small = last && rows.len() <= FEW;
                let groups = std::mem::take(&mut groups);
                let new = Import::begin(app, &scope, sector, options.clone(), groups, small).await?;
                Arc::clone(import.insert(Arc::new(new)))
            }
        };
        while running.len() >= IN_FLIGHT {
            result = absorb(&mut running, tally).await;
            if result.is_err() {
                break;
            }
        }
        if result.is_err() {
            break;
        }
        // Tasks of their own, so that they use several cores.
        running.spawn(async move { batch::store(&import, Rows(rows)).await });
        watch.at(bytes, tally.rows());
    }
    while !running.is_empty() {
        let ended = absorb(&mut running, tally).await;
        result = result.and(ended);
    }
    if let Some(import) = import {
        tally.used_up(import.used_up.load(Ordering::Relaxed), &import.limits);
        import.end().await?;
    }
    result
}

async fn absorb(running: &mut JoinSet<Result<batch::Done, ImportError>>, tally: &mut Tally) -> Result<(), ImportError> {
    match running.join_next().await {
        None => Ok(()),
        Some(Ok(Ok(done))) => {
            tally.add(done);
            Ok(())
        }
        Some(Ok(Err(error))) => Err(error),
        Some(Err(failed)) => Err(ImportError::Other(failed.to_string())),
    }
}

/// Stores those of a few rows that the sector does not have; answers what was done. All of them must fit into the plan.
///
/// # Errors
/// 422 when the plan allows fewer, or the sector is not one of the site.
pub async fn few(
    app: &App,
    scope: Arc<SiteScope<Write>>,
    sector: SectorId,
    rows: Vec<KeywordRow>,
) -> Result<ImportReport, Error> {
    let mut tally = Tally::new(false, None);
    let failed = |error: ImportError| match error {
        ImportError::Db(error) => super::rules::refused(error),
        ImportError::SectorGone => super::rules::refused(DbError::Refused("unknown_sector".into())),
        error => Error::internal(error),
    };
    let options = Options {
        only_new: true,
        ..Options::default()
    };
    let import = Import::begin(app, &scope, sector, options, Groups::default(), rows.len() <= FEW)
        .await
        .map_err(failed)?;
    let import = Arc::new(import);
    // Taken at once: all or none.
    let new = batch::count_new(&import, &rows).await.map_err(failed)?;
    if import.limits.limits_keywords() && new > 0 {
        let held = import.limits.hold(app, &scope, new).await?;
        import.held.fetch_add(held, Ordering::Relaxed);
        import.room.fetch_add(held, Ordering::Relaxed);
        if held < new {
            import.end().await.map_err(failed)?;
            return Err(import.limits.no_room_for(new, held));
        }
    }
    let mut result = Ok(());
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() && result.is_ok() {
        let some = rows.by_ref().take(BATCH).collect();
        result = match batch::store(&import, Rows(some)).await {
            Ok(done) => {
                tally.add(done);
                Ok(())
            }
            Err(error) => Err(error),
        };
    }
    let ended = import.end().await;
    result.and(ended).map_err(failed)?;
    Ok(tally.finish(Vec::new()))
}

impl Import {
    async fn begin(
        app: &App,
        scope: &Arc<SiteScope<Write>>,
        sector: SectorId,
        options: Options,
        groups: Groups,
        small: bool,
    ) -> Result<Self, ImportError> {
        let db = app.db.site(&**scope);
        let mut binds = igny8_data::Variables::new();
        binds.insert("sector", sector);
        let sql = "SELECT VALUE id FROM ONLY $sector WHERE site = $site AND account = $account AND deleted_at IS NONE;";
        let found: Option<SectorId> = db.query(sql, binds, "looking for a sector").await?.one(0)?;
        found.ok_or(ImportError::SectorGone)?;
        let limits = Limits::of(app, scope.actor()).await?;
        let room = if options.dry_run {
            limits.room(app, scope).await?.unwrap_or(usize::MAX)
        } else {
            0
        };
        Ok(Self {
            known: if small {
                Known::Asked
            } else {
                Known::load(app, scope, sector).await?
            },
            clusters: batch::Clusters::load(app, scope, sector).await?,
            groups,
            app: app.clone(),
            scope: Arc::clone(scope),
            sector,
            job: options.job.map(|job| job.key()),
            options,
            limits,
            room: AtomicUsize::new(room),
            turn: Semaphore::new(1),
            held: AtomicUsize::new(0),
            made: AtomicUsize::new(0),
            used_up: AtomicBool::new(false),
        })
    }

    /// Takes places of the plan for keywords to be made; answers how many there are.
    async fn places(&self, wanted: usize) -> Result<usize, ImportError> {
        if wanted == 0 || !self.limits.limits_keywords() {
            return Ok(wanted);
        }
        // What a batch is about to hold is for the others too.
        let _turn = self
            .turn
            .acquire()
            .await
            .map_err(|e| ImportError::Other(e.to_string()))?;
        let take = |from: usize| Some(from.saturating_sub(wanted));
        let before = self.room.fetch_update(Ordering::AcqRel, Ordering::Acquire, take);
        let had = before.unwrap_or(0).min(wanted);
        let missing = wanted - had;
        if missing == 0 {
            return Ok(wanted);
        }
        let mut got = 0;
        if !self.options.dry_run && !self.used_up.load(Ordering::Relaxed) {
            got = self.limits.hold(&self.app, &self.scope, missing.max(HOLD)).await?;
            self.held.fetch_add(got, Ordering::Relaxed);
        }
        let used = got.min(missing);
        self.room.fetch_add(got - used, Ordering::AcqRel);
        if used < missing {
            self.used_up.store(true, Ordering::Relaxed);
        }
        Ok(had + used)
    }

    async fn end(&self) -> Result<(), ImportError> {
        let held = self.held.load(Ordering::Relaxed);
        if held > 0 {
            let made = self.made.load(Ordering::Relaxed);
            self.limits.settle(&self.app, &self.scope, held, made).await?;
        }
        Ok(())
    }
}
