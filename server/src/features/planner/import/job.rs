//! Importing in the background: the uploaded file waits below `data_dir/imports`, and so does the file of problems.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use igny8_data::{JobId, JobRow, NewJob, RecordKey as _, SectorId, Write};
use igny8_planner::keyword_file::{self, ChoiceProblem};
use serde::{Deserialize, Serialize};

use super::{ImportError, Options, Watch};
use crate::api::FieldError;
use crate::app::App;
use crate::jobs::{JobContext, JobError, JobType};

/// The kind of job.
pub const JOB: &str = "import_keywords";

/// What the job is asked to do; the file is found by the job's id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Payload {
    pub sector: SectorId,
    pub dry_run: bool,
    pub make_clusters: bool,
    /// The file's name, for people.
    pub name: String,
    #[serde(default)]
    pub reading: Reading,
}

/// What the sender knows of the file, in words.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Reading {
    pub columns: Vec<String>,
    pub header: Option<String>,
    pub delimiter: Option<String>,
    pub encoding: Option<String>,
}

impl Reading {
    /// What the reader of files makes of it.
    ///
    /// # Errors
    /// What cannot be understood, by field.
    pub fn options(&self) -> Result<keyword_file::Options, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let mut note = |field: &str, problem: ChoiceProblem| wrong.push(FieldError::new(field, problem.to_string()));
        let mut options = keyword_file::Options::default();
        for column in &self.columns {
            match column.parse() {
                Ok(choice) => options.columns.push(choice),
                Err(problem) => note("column", problem),
            }
        }
        match self.header.as_deref().map(str::parse).transpose() {
            Ok(header) => options.header = header.unwrap_or_default(),
            Err(problem) => note("header", problem),
        }
        match self.delimiter.as_deref().map(str::parse).transpose() {
            Ok(delimiter) => options.delimiter = delimiter,
            Err(problem) => note("delimiter", problem),
        }
        match self.encoding.as_deref().map(keyword_file::encoding).transpose() {
            Ok(encoding) => options.encoding = encoding,
            Err(problem) => note("encoding", problem),
        }
        if wrong.is_empty() { Ok(options) } else { Err(wrong) }
    }
}

impl Payload {
    /// The upload lies in this process's data folder, so a worker elsewhere cannot run it.
    pub fn job(&self) -> NewJob {
        NewJob::new(JOB, serde_json::json!(self)).here()
    }
}

/// Where uploads wait.
pub fn folder(app: &App) -> PathBuf {
    app.config.data_dir.join("imports")
}

/// The uploaded file of a job.
pub fn upload(app: &App, job: JobId) -> PathBuf {
    folder(app).join(format!("{}.upload", job.key()))
}

/// The file of problems of a job.
pub fn problems(app: &App, job: JobId) -> PathBuf {
    folder(app).join(format!("{}.csv", job.key()))
}

/// The report of a job whose file is gone.
fn report_file(app: &App, job: JobId) -> PathBuf {
    folder(app).join(format!("{}.json", job.key()))
}

/// The job type, for the registry.
pub fn job() -> JobType {
    JobType::new(JOB, run)
}

struct Told {
    context: JobContext,
    size: u64,
}

impl Watch for Told {
    fn at(&self, bytes: u64, rows: u64) {
        #[expect(clippy::cast_precision_loss, reason = "a share to show")]
        let percent = 99.0 * bytes as f64 / self.size.max(1) as f64;
        self.context
            .progress(percent.min(99.0), format!("{rows} rows imported"));
    }

    fn stopped(&self) -> bool {
        self.context.stop().is_cancelled()
    }
}

async fn run(app: App, job: JobRow, context: JobContext) -> Result<serde_json::Value, JobError> {
    let payload: Payload = serde_json::from_value(job.payload.clone()).map_err(|e| JobError::Fail(e.to_string()))?;
    let Some(site) = job.site else {
        return Err(JobError::Fail("The job names no site.".into()));
    };
    let actor = context.actor(&app.db, &job).await?;
    let scope = actor.site::<Write>(&app.db, site).await?;
    let (from, to) = (upload(&app, job.id), problems(&app, job.id));
    let reported = report_file(&app, job.id);
    let opened = tokio::task::spawn_blocking({
        let (from, reported) = (from.clone(), reported.clone());
        move || -> std::io::Result<Result<(File, u64, File), serde_json::Value>> {
            let file = match File::open(&from) {
                // Imported by a process that ended before the job did.
                Err(gone) if gone.kind() == std::io::ErrorKind::NotFound => {
                    let report = std::fs::read(reported).map_err(|_| gone)?;
                    return Ok(Err(serde_json::from_slice(&report)?));
                }
                file => file?,
            };
            let size = file.metadata()?.len();
            Ok(Ok((file, size, File::create(&to)?)))
        }
    });
    let opened = opened.await.map_err(|e| JobError::Retry(e.to_string()))?;
    let opened = opened.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            JobError::Fail("The uploaded file is not kept any more. Upload it again.".into())
        }
        _ => JobError::Retry(format!("The uploaded file cannot be read: {error}")),
    })?;
    let (file, size, problems) = match opened {
        Ok(opened) => opened,
        Err(report) => return Ok(report),
    };
    let read = payload.reading.options();
    let options = Options {
        dry_run: payload.dry_run,
        make_clusters: payload.make_clusters,
        read: read.map_err(|_| JobError::Fail("The file's layout is not described as it must be.".into()))?,
        job: Some(job.id),
        only_new: false,
    };
    let told = Arc::new(Told {
        context: context.clone(),
        size,
    });
    let imported = super::import(
        &app,
        Arc::new(scope),
        payload.sector,
        file,
        options,
        Some(problems),
        told,
    );
    let report = imported.await.map_err(|error| match error {
        ImportError::File(problem) => JobError::Fail(sentence(&problem.to_string())),
        ImportError::SectorGone => JobError::Fail("The sector is not there any more.".into()),
        ImportError::Db(error) => error.into(),
        error => JobError::Retry(error.to_string()),
    })?;
    let report = serde_json::to_value(report).map_err(|e| JobError::Fail(e.to_string()))?;
    // What was imported need not be kept; what failed may be tried again. The report first: a process that ends between here
    // and the end of the job leaves it to the next.
    let bytes = report.to_string();
    let removed = tokio::task::spawn_blocking(move || {
        let half = reported.with_extension("half");
        std::fs::write(&half, bytes)?;
        std::fs::rename(half, reported)?;
        std::fs::remove_file(from)
    });
    if let Ok(Err(error)) = removed.await {
        tracing::warn!(%error, job = %job.id, "an imported file cannot be removed");
    }
    Ok(report)
}

/// A problem as a sentence of its own.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

/// Removes files of imports that ended long ago, and what broken-off uploads left.
///
/// # Errors
/// When the disk fails; the next run goes on.
pub async fn purge_files(app: App) -> Result<u64, JobError> {
    let days = u64::try_from(app.config.jobs.keep_finished_days).unwrap_or(0).max(1);
    let folder = folder(&app);
    let purged = tokio::task::spawn_blocking(move || purge(&folder, Duration::from_secs(days * 24 * 3600)));
    let purged = purged.await.map_err(|e| JobError::Retry(e.to_string()))?;
    purged.map_err(|error| JobError::Retry(format!("cannot tidy the folder of imports: {error}")))
}

fn purge(folder: &Path, age: Duration) -> std::io::Result<u64> {
    let mut removed = 0;
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let old = entry.metadata()?.modified()?.elapsed().is_ok_and(|passed| passed > age);
        if old && std::fs::remove_file(entry.path()).is_ok() {
            removed += 1;
        }
    }
    Ok(removed)
}
