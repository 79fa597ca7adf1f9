//! What a job's model has answered so far. Another attempt of the job (the provider was busy, the process was killed) asks
//! only what is not answered yet, so that nothing is asked and paid for twice.
//!
//! An answer is kept in the transaction that also notes the call and what it used. It is found again by what was asked,
//! word for word: what changed meanwhile is asked anew. Answers go with the transaction that saves what came of them. Vectors
//! stay longer: [`super::vectors`]. What is saved in parts is kept here, too, until its last part is ([`super::parts`]).

use chrono::{DateTime, Utc};
use igny8_data::{
    AccountId, DbError, JobId, RecordKey as _, SiteId, SurrealValue, Tx, Variables, Why, id_type, ids::Ulid, record,
};

use super::provider::{ChatRequest, ChatRole};
use super::transcript::Whose;
use crate::app::App;
use crate::jobs::JobError;

id_type!(
    /// An answer that is kept for its job.
    AnswerId, "ai_answer", "aians_"
);

/// An answer that is kept for its job.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Answer {
    pub id: AnswerId,
    pub account: AccountId,
    pub site: SiteId,
    pub job: JobId,
    pub text: Option<String>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
}

record!(Answer, AnswerId, site);

/// The id of the answer to a question of a job: the same question of the same model has the same id.
pub fn id_of(job: JobId, model: &str, request: &ChatRequest) -> AnswerId {
    let mut hash = blake3::Hasher::new();
    let mut part = |text: &str| {
        hash.update(&(text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    part(&job.key());
    part(model);
    part(&request.system);
    for message in &request.messages {
        part(match message.role {
            ChatRole::User => "user",
            ChatRole::Assistant => "assistant",
        });
        part(&message.text);
    }
    part(
        &request
            .schema
            .as_ref()
            .map_or(String::new(), |answer| answer.schema.to_string()),
    );
    part(&format!("{} {:?}", request.max_output_tokens, request.temperature));
    id_from(hash.finalize())
}

/// The id of something else that a job keeps.
pub fn id_of_own(job: JobId, what: &str) -> AnswerId {
    let mut hash = blake3::Hasher::new();
    hash.update(job.key().as_bytes());
    hash.update(what.as_bytes());
    id_from(hash.finalize())
}

fn id_from(hash: blake3::Hash) -> AnswerId {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_bytes()[..16]);
    AnswerId::from_ulid(Ulid::from_bytes(bytes))
}

impl Answer {
    fn new(app: &App, whose: Whose, id: AnswerId) -> Self {
        Self {
            id,
            account: whose.account,
            site: whose.site,
            job: whose.job,
            text: None,
            rev: 1,
            created_at: app.db.clock().now(),
        }
    }

    /// The text of an answer.
    pub fn text(app: &App, whose: Whose, id: AnswerId, text: &str) -> Self {
        Self {
            text: Some(text.to_owned()),
            ..Self::new(app, whose, id)
        }
    }

    /// Adds it to the unit of work that notes the call. It also says that the job got on, so that its patience begins anew.
    pub fn keep(self, tx: &mut Tx<'_>) {
        let (job, at) = (tx.bind(self.job), tx.bind(self.created_at));
        let (id, row) = (tx.bind(self.id), tx.bind(self));
        tx.statement(
            &format!(
                "UPSERT {id} CONTENT {row} RETURN NONE;\n\
                 UPDATE {job} SET waits_since = {at} WHERE site = $site AND account = $account RETURN NONE"
            ),
            Variables::new(),
        );
    }
}

/// The answer that is kept of a question.
///
/// # Errors
/// When the database fails.
pub async fn text(app: &App, id: AnswerId) -> Result<Option<String>, DbError> {
    let mut binds = Variables::new();
    binds.insert("id", id);
    let sql = "SELECT VALUE text FROM ONLY $id;";
    let mut answer = app
        .db
        .platform(Why::Queue)
        .query(sql, binds, "looking for an answer")
        .await?;
    answer.one(0)
}

/// Removes answers that turned out to be of no use: they are asked for anew.
///
/// # Errors
/// When the database fails.
pub async fn forget(app: &App, answers: &[AnswerId]) -> Result<(), DbError> {
    let mut binds = Variables::new();
    binds.insert("ids", answers.to_vec());
    let sql = "DELETE $ids RETURN NONE;";
    app.db
        .platform(Why::Queue)
        .query(sql, binds, "removing answers")
        .await
        .map(|_| ())
}

/// Removes all answers of a job, with the unit of work that needs them no longer.
pub fn forget_all(tx: &mut Tx<'_>, job: JobId) {
    let mut binds = Variables::new();
    binds.insert("answered_job", job);
    tx.statement(
        "DELETE ai_answer WHERE job = $answered_job AND site = $site RETURN NONE",
        binds,
    );
}

/// Days that the answers of a job are kept which has not ended well: time to run it again.
const KEEP_DAYS: i64 = 3;

/// Removes old answers.
///
/// # Errors
/// When the database fails; the next run goes on.
pub async fn purge(app: App) -> Result<u64, JobError> {
    super::transcript::purge_table(&app, "ai_answer", KEEP_DAYS).await
}

#[cfg(test)]
mod tests {
    use super::super::provider::ChatMessage;
    use super::*;

    #[test]
    fn questions_are_told_apart_word_for_word() {
        let job: JobId = "job_01jz8k3v5n6q7r8s9t0v1w2x3y".parse().unwrap();
        let other: JobId = "job_01jz8k3v5n6q7r8s9t0v1w2x3z".parse().unwrap();
        let request = ChatRequest {
            system: "a".into(),
            messages: vec![ChatMessage {
                role: ChatRole::User,
                text: "bc".into(),
            }],
            schema: None,
            max_output_tokens: 10,
            temperature: None,
        };
        let id = id_of(job, "m", &request);
        assert_eq!(id_of(job, "m", &request.clone()), id);
        let mut shifted = request.clone();
        shifted.system = "ab".into();
        shifted.messages[0].text = "c".into();
        let mut longer = request.clone();
        longer.max_output_tokens = 11;
        for (job, model, request) in [
            (other, "m", &request),
            (job, "n", &request),
            (job, "m", &shifted),
            (job, "m", &longer),
        ] {
            assert_ne!(id_of(job, model, request), id);
        }
    }
}
