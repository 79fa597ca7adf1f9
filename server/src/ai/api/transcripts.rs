//! `/ai/transcripts`: what models were asked and answered.

use chrono::{DateTime, Utc};
use igny8_data::{JobId, Manage, Select, SiteId};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{Object, OpenApi};
use serde_json::Value;

use crate::ai::transcript::{Transcript, TranscriptId};
use crate::api::{Caller, Error, Fetched, Page, PageRequest, Result, SortField, Tag};
use crate::app::App;

/// One call to a model. Secrets are removed, long texts cut.
#[derive(Debug, Object)]
#[oai(rename = "AiTranscript", skip_serializing_if_is_none)]
pub struct TranscriptOut {
    pub id: TranscriptId,
    pub site: SiteId,
    pub job: JobId,
    pub function: String,
    /// `system`, and `messages` with `role` and `text`; or `texts`, of which vectors were asked for.
    pub request: Any<Value>,
    pub answer: Option<String>,
    pub model: String,
    pub tokens_in: i64,
    pub tokens_out: i64,
    pub duration_ms: i64,
    /// The provider's name of the call.
    pub request_id: Option<String>,
    pub error: Option<String>,
    pub created_at: DateTime<Utc>,
}

fn out(t: Transcript) -> TranscriptOut {
    TranscriptOut {
        id: t.id,
        site: t.site,
        job: t.job,
        function: t.operation,
        request: Any(t.request),
        answer: t.answer,
        model: t.model,
        tokens_in: t.tokens_in,
        tokens_out: t.tokens_out,
        duration_ms: t.duration_ms,
        request_id: t.request_id,
        error: t.error,
        created_at: t.created_at,
    }
}

const SORTS: &[SortField] = &[SortField::same("created_at")];

pub struct TranscriptsApi;

#[OpenApi(tag = "Tag::Ai")]
impl TranscriptsApi {
    /// List transcripts
    ///
    /// Of calls to models, for two weeks.
    #[oai(path = "/ai/transcripts", method = "get", operation_id = "ai_transcript_list")]
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
        job: Query<Option<JobId>>,
        function: Query<Option<String>>,
    ) -> Result<Json<Page<TranscriptOut>>> {
        let scope = caller.actor().account::<Manage>()?;
        let filter = format!("transcripts|{}|{:?}|{:?}", scope.account(), job.0, function.0);
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
        let select = Select::new()
            .equals_some("job", job.0)
            .equals_some("operation", function.0);
        let db = app.db.account(&scope);
        let list = page.list::<Transcript>(&db, select).await?;
        Ok(Json(list.page(out)))
    }

    /// Read a transcript
    #[oai(
        path = "/ai/transcripts/:transcript_id",
        method = "get",
        operation_id = "ai_transcript_get"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        transcript_id: Path<TranscriptId>,
    ) -> Result<Fetched<TranscriptOut>> {
        let scope = caller.actor().account::<Manage>()?;
        let row = app.db.account(&scope).get::<Transcript>(transcript_id.0).await?;
        let row = row.ok_or_else(Error::not_found)?;
        let rev = row.rev;
        Ok(Fetched::new(out(row), rev))
    }
}
