//! What models were asked and what they answered, for who has to find out why: without secrets, bounded, kept for some days.

use std::time::Duration;

use chrono::{DateTime, Utc};
use igny8_data::{AccountId, JobId, RecordKey as _, SiteId, SurrealValue, Variables, Why, id_type, record};
use serde_json::{Value, json};

use super::provider::{ChatAnswer, ChatRequest, ChatRole, ProviderError, Vectors};
use super::{kept, vectors};
use crate::app::App;
use crate::features::billing::model::UsageId;
use crate::features::billing::{self, Used};
use crate::jobs::JobError;

id_type!(
    /// One call to a model.
    TranscriptId, "ai_transcript", "aitr_"
);

/// Bytes kept of each text.
const LONGEST: usize = 64 * 1024;

/// One call to a model.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Transcript {
    pub id: TranscriptId,
    pub account: AccountId,
    pub site: SiteId,
    pub job: JobId,
    /// The function: its own name is a reserved word of the database.
    pub operation: String,
    /// `system` and `messages`, each with `role` and `text`; or `texts`, of which vectors were asked for.
    pub request: Value,
    pub answer: Option<String>,
    pub model: String,
    pub tokens_in: i64,
    pub tokens_out: i64,
    pub duration_ms: i64,
    /// The provider's name of the call.
    pub request_id: Option<String>,
    pub error: Option<String>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
}

record!(Transcript, TranscriptId, account);

/// Whose calls these are.
#[derive(Debug, Clone, Copy)]
pub struct Whose {
    pub account: AccountId,
    pub site: SiteId,
    pub job: JobId,
    pub function: &'static str,
}

/// What was asked and answered.
#[derive(Debug, Clone, Copy)]
pub enum Asked<'a> {
    Chat(&'a ChatRequest, Result<&'a ChatAnswer, &'a ProviderError>),
    Vectors(&'a [String], Result<&'a Vectors, &'a ProviderError>),
    /// A picture of so many bytes.
    Picture(&'a ChatRequest, Result<usize, &'a ProviderError>),
}

/// One call as it ended.
pub struct Call<'a> {
    pub asked: Asked<'a>,
    /// The model that was asked.
    pub model: &'a str,
    pub used: Used,
    pub took: Duration,
    pub secrets: &'a [String],
    /// What another attempt of the job need not ask again.
    pub keep: Option<Keep>,
}

/// What a call brought.
pub enum Keep {
    Answer(kept::Answer),
    Vectors(vectors::Found),
}

/// Notes a call with what it used, and keeps its answer for the job. Not part of the function's unit of work: what failed
/// is what one wants to read about, and it is paid for, too. A call that cannot be noted stops nothing.
pub async fn store(app: &App, whose: Whose, call: Call<'_>) {
    let clean = |text: &str| bounded(scrubbed(text, call.secrets));
    let (request, error) = match call.asked {
        Asked::Chat(request, result) => (chat(request, &clean), result.err()),
        Asked::Picture(request, result) => (chat(request, &clean), result.err()),
        Asked::Vectors(texts, result) => (json!({ "texts": clean(&texts.join("\n")) }), result.err()),
    };
    let mut row = Transcript {
        id: app.db.ids().make(),
        account: whose.account,
        site: whose.site,
        job: whose.job,
        operation: whose.function.to_owned(),
        request,
        answer: None,
        model: call.model.to_owned(),
        tokens_in: call.used.tokens_in,
        tokens_out: call.used.tokens_out,
        duration_ms: i64::try_from(call.took.as_millis()).unwrap_or(i64::MAX),
        request_id: None,
        error: error.map(|error| clean(&error.to_string())),
        rev: 1,
        created_at: app.db.clock().now(),
    };
    match call.asked {
        Asked::Chat(_, Ok(answer)) => {
            row.answer = Some(clean(&answer.text));
            row.model.clone_from(&answer.model);
            row.request_id.clone_from(&answer.request_id);
        }
        Asked::Chat(_, Err(ProviderError::Truncated { partial })) => row.answer = Some(clean(partial)),
        Asked::Vectors(_, Ok(Vectors { vectors, .. })) => {
            let length = vectors.first().map_or(0, Vec::len);
            row.answer = Some(format!("{} vectors of {length} numbers", vectors.len()));
        }
        Asked::Picture(_, Ok(bytes)) => row.answer = Some(format!("a picture of {bytes} bytes")),
        Asked::Chat(_, Err(_)) | Asked::Vectors(_, Err(_)) | Asked::Picture(_, Err(_)) => {}
    }
    let mut tx = app.db.platform(Why::Queue).tx(whose.account, Some(whose.site));
    if call.used != Used::default() {
        billing::used(
            &mut tx,
            app,
            UsageId::from_ulid(whose.job.ulid()),
            whose.function,
            Some(row.model.clone()),
            call.used,
        );
    }
    tx.create(row);
    match call.keep {
        Some(Keep::Answer(answer)) => answer.keep(&mut tx),
        Some(Keep::Vectors(found)) => found.keep(&mut tx),
        None => {}
    }
    if let Err(error) = tx.commit().await {
        tracing::warn!(%error, job = %whose.job, "a call to a model is not noted");
    }
}

fn chat(request: &ChatRequest, clean: &impl Fn(&str) -> String) -> Value {
    let messages: Vec<Value> = request
        .messages
        .iter()
        .map(|message| {
            let role = match message.role {
                ChatRole::User => "user",
                ChatRole::Assistant => "assistant",
            };
            json!({ "role": role, "text": clean(&message.text) })
        })
        .collect();
    json!({ "system": clean(&request.system), "messages": messages })
}

fn scrubbed(text: &str, secrets: &[String]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret.as_str(), "(secret)");
    }
    text
}

fn bounded(mut text: String) -> String {
    if text.len() > LONGEST {
        let more = text.len() - LONGEST;
        let mut end = LONGEST;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text += &format!("… ({more} more bytes)");
    }
    text
}

/// Days that transcripts are kept.
const KEEP_DAYS: i64 = 14;

/// Removes old transcripts.
///
/// # Errors
/// When the database fails; the next run goes on.
pub async fn purge(app: App) -> Result<u64, JobError> {
    purge_table(&app, "ai_transcript", KEEP_DAYS).await
}

/// Removes rows of a table that were made so many days ago, in batches.
pub(super) async fn purge_table(app: &App, table: &'static str, days: i64) -> Result<u64, JobError> {
    const BATCH: usize = 200;
    let mut removed = 0;
    loop {
        let mut binds = Variables::new();
        binds.insert("before", app.db.clock().now() - chrono::Duration::days(days));
        let sql = format!(
            "LET $old = SELECT VALUE id FROM {table} WHERE created_at < $before LIMIT {BATCH};\
             DELETE $old RETURN NONE; RETURN array::len($old);"
        );
        let platform = app.db.platform(Why::Schedule);
        let mut answer = platform.query(&sql, binds, "removing what models were asked").await?;
        let gone = usize::try_from(answer.one::<i64>(2)?.unwrap_or(0)).unwrap_or(0);
        removed += gone as u64;
        if gone < BATCH {
            return Ok(removed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_and_lengths_are_bounded() {
        let secrets = ["sk-12345".to_owned(), String::new()];
        assert_eq!(scrubbed("key sk-12345!", &secrets), "key (secret)!");
        let long = bounded("ä".repeat(LONGEST));
        assert!(
            long.len() < LONGEST + 40 && long.ends_with("more bytes)"),
            "{}",
            long.len()
        );
        assert_eq!(bounded("short".into()), "short");
    }
}
