//! Keyword files in and out: `/sites/{site}/keywords/imports` and `/sites/{site}/keywords/export.csv`.

use chrono::{DateTime, Utc};
use futures_util::stream;
use igny8_data::{JobId, JobRow, JobState, Read, SectorId, SiteId, SiteScope, Write};
use poem::web::Data;
use poem::{Body, Endpoint, Response};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::multipart::Upload;
use poem_openapi::{ApiResponse, Multipart, Object, OpenApi};

use super::filter::KeywordFilter;
use crate::api::csv::Csv;
use crate::api::upload;
use crate::api::{Caller, Error, Result, Tag};
use crate::app::App;
use crate::features::media::model::clean_name;
use crate::features::planner::export::Export;
use crate::features::planner::import::ImportReport;
use crate::features::planner::import::job::{self, Payload, Reading};
use crate::features::planner::model::{ClusterId, Intent, KeywordStatus};
use crate::features::planner::rules::{refused, require_sector};

/// A keyword file.
#[derive(Debug, Multipart)]
#[oai(deny_unknown_fields)]
pub struct ImportForm {
    /// CSV, TSV or Excel workbook of a keyword tool, Search Console's ZIP, a table of your own, or one keyword a line.
    file: Upload,
}

/// An import of a keyword file: a job and what came of it.
#[derive(Debug, Object)]
#[oai(rename = "KeywordImport", skip_serializing_if_is_none)]
pub struct ImportOut {
    /// The job's id; `/jobs/{id}` cancels it or runs it again.
    pub id: JobId,
    pub sector: SectorId,
    /// Name of the file.
    pub name: String,
    pub dry_run: bool,
    pub state: JobState,
    /// 0 to 100.
    pub progress: f64,
    /// How far it is, in words.
    pub message: String,
    /// Why it failed.
    pub error: Option<String>,
    /// Once it is done.
    pub report: Option<ImportReport>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

#[derive(ApiResponse)]
pub enum ImportAnswer {
    /// The file is stored; follow the import at its `Location`.
    #[oai(status = 202)]
    Accepted(
        Json<ImportOut>,
        /// Address of the import.
        #[oai(header = "Location")]
        String,
    ),
}

pub struct TransferApi;

fn bounded(inner: impl Endpoint) -> impl Endpoint<Output = Response> {
    upload::bounded(inner, |http| http.max_import_bytes)
}

#[OpenApi(tag = "Tag::Planner")]
impl TransferApi {
    /// Import a keyword file
    ///
    /// Exports of Google Keyword Planner, Google Search Console, Semrush, Ahrefs, Moz and Ubersuggest are recognised, and so
    /// are tables with a header, lists of one keyword a line, and what `keyword_export` writes; encoding, delimiter and
    /// columns are found out, unless they are named. Rows of one keyword are joined: the better volume and the best position
    /// stay. Keywords that are there take the file's figures and keep their status and cluster; importing a file twice
    /// changes nothing the second time. A row that is wrong is reported with its line, the rest goes in.
    #[oai(
        path = "/sites/:site_id/keywords/imports",
        method = "post",
        operation_id = "keyword_import",
        transform = "bounded"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn import(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// The sector its keywords go into.
        sector: Query<SectorId>,
        /// Change nothing, only report what would be done.
        dry_run: Query<Option<bool>>,
        /// Make the clusters that keywords name and the sector does not have, with the hubs above them.
        make_clusters: Query<Option<bool>>,
        /// A column, by its name or number from 1, and what it holds: `Phrase:keyword`, `3:volume`, `Notes:ignore`; without a
        /// field the keywords. Several are possible. Columns that are not named are recognised by their headers.
        column: Query<Option<Vec<String>>>,
        /// The line of the header, from 1, or `none`.
        header: Query<Option<String>>,
        /// `comma`, `semicolon`, `tab`, `pipe` or `none`.
        delimiter: Query<Option<String>>,
        /// The file's encoding: `utf-8`, `utf-16le`, `windows-1251`.
        encoding: Query<Option<String>>,
        form: ImportForm,
    ) -> Result<ImportAnswer> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        if form.file.size() > app.config.http.max_import_bytes {
            return Err(upload::too_large(app.config.http.max_import_bytes));
        }
        let payload = Payload {
            sector: sector.0,
            dry_run: dry_run.0.unwrap_or(false),
            make_clusters: make_clusters.0.unwrap_or(false),
            name: clean_name(form.file.file_name()),
            reading: Reading {
                columns: column.0.unwrap_or_default(),
                header: header.0,
                delimiter: delimiter.0,
                encoding: encoding.0,
            },
        };
        payload.reading.options().map_err(Error::invalid)?;
        let id: JobId = app.db.ids().make();
        let path = job::upload(&app, id);
        store(form.file, &path).await?;
        let mut tx = app.db.site(&scope).tx();
        require_sector(&mut tx, payload.sector);
        tx.enqueue_as(id, payload.job());
        if let Err(error) = tx.commit().await {
            let _ = tokio::fs::remove_file(&path).await;
            return Err(refused(error));
        }
        let row = found(&app, &scope.reading(), id).await?;
        let address = format!("/api/v1/sites/{}/keywords/imports/{id}", scope.site());
        Ok(ImportAnswer::Accepted(Json(ImportOut::of(row)?), address))
    }

    /// Read an import
    ///
    /// How far it is and, once it is done, its report.
    #[oai(
        path = "/sites/:site_id/keywords/imports/:import_id",
        method = "get",
        operation_id = "keyword_import_get"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        import_id: Path<JobId>,
    ) -> Result<Json<ImportOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let row = found(&app, &scope, import_id.0).await?;
        ImportOut::of(row).map(Json)
    }

    /// Problems of an import
    ///
    /// All of them as a CSV file: line, code, reason. Kept for some days.
    #[oai(
        path = "/sites/:site_id/keywords/imports/:import_id/problems.csv",
        method = "get",
        operation_id = "keyword_import_problems"
    )]
    async fn problems(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        import_id: Path<JobId>,
    ) -> Result<Csv> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let row = found(&app, &scope, import_id.0).await?;
        let body = match tokio::fs::File::open(job::problems(&app, row.id)).await {
            Ok(file) => Body::from_async_read(file),
            // Not begun yet, or tidied away.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Body::from("line,code,reason\n"),
            Err(error) => return Err(Error::internal(format!("problems of {}: {error}", row.id))),
        };
        Ok(Csv::new("problems.csv", body))
    }

    /// Export keywords
    ///
    /// As CSV, by the filters of the list and in the order of their texts. Importing it again changes nothing.
    #[oai(
        path = "/sites/:site_id/keywords/export.csv",
        method = "get",
        operation_id = "keyword_export"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn export(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// Text in the keyword.
        search: Query<Option<String>>,
        sector: Query<Option<SectorId>>,
        status: Query<Option<KeywordStatus>>,
        cluster: Query<Option<ClusterId>>,
        /// Keywords in no cluster.
        unassigned: Query<Option<bool>>,
        intent: Query<Option<Intent>>,
        min_volume: Query<Option<i64>>,
        max_volume: Query<Option<i64>>,
        min_difficulty: Query<Option<i64>>,
        max_difficulty: Query<Option<i64>>,
        disabled: Query<Option<bool>>,
        /// Keywords that a page of the site ranks for, or those that none ranks for.
        ranking: Query<Option<bool>>,
        /// Deleted keywords instead of the others.
        deleted: Query<Option<bool>>,
    ) -> Result<Csv> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let filter = KeywordFilter {
            search: search.0,
            sector: sector.0,
            status: status.0,
            cluster: cluster.0,
            unassigned: unassigned.0 == Some(true),
            intent: intent.0,
            min_volume: min_volume.0,
            max_volume: max_volume.0,
            min_difficulty: min_difficulty.0,
            max_difficulty: max_difficulty.0,
            disabled: disabled.0,
            ranking: ranking.0,
            deleted: deleted.0 == Some(true),
        };
        let mut export = Export::new(&app, scope, filter);
        // The first part before the answer begins, so that a failing database is a 503 and not half a file.
        let first = export.next().await?;
        let parts = stream::try_unfold((first, export), |(part, mut export)| async move {
            let part = match part {
                Some(part) => Some(part),
                None => export.next().await.map_err(std::io::Error::other)?,
            };
            Ok::<_, std::io::Error>(part.map(|part| (part, (None, export))))
        });
        Ok(Csv::new("keywords.csv", Body::from_bytes_stream(parts)))
    }
}

/// An import of the site; jobs of other kinds and sites are not found.
async fn found(app: &App, scope: &SiteScope<Read>, id: JobId) -> Result<JobRow> {
    let account = scope.actor().account::<Read>()?;
    let row = app.db.account(&account).get::<JobRow>(id).await?;
    row.filter(|row| row.kind == job::JOB && row.site == Some(scope.site()))
        .ok_or_else(Error::not_found)
}

/// Brings an upload to where its job finds it, on the disk before the job can exist.
async fn store(file: Upload, path: &std::path::Path) -> Result<()> {
    let failed = |error: std::io::Error| Error::internal(format!("storing a keyword file: {error}"));
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await.map_err(failed)?;
    }
    let mut from = file.into_async_read();
    let mut to = tokio::fs::File::create(path).await.map_err(failed)?;
    tokio::io::copy(&mut from, &mut to).await.map_err(failed)?;
    to.sync_all().await.map_err(failed)
}

impl ImportOut {
    fn of(job: JobRow) -> Result<Self> {
        let payload: Payload = serde_json::from_value(job.payload).map_err(Error::internal)?;
        let report = job
            .result
            .map(serde_json::from_value)
            .transpose()
            .map_err(Error::internal)?;
        Ok(Self {
            id: job.id,
            sector: payload.sector,
            name: payload.name,
            dry_run: payload.dry_run,
            state: job.state,
            progress: job.progress,
            message: job.message,
            error: job.error,
            report,
            created_at: job.created_at,
            finished_at: job.finished_at,
        })
    }
}
