//! Models that are asked over the network: any server that speaks OpenAI's chat-completions protocol.
//!
//! [`configured`] finds the account's provider; without one, the caller works locally. [`openai`] is the protocol as pure
//! functions (requests out, answers in), `call` sends them.

mod error;

use std::sync::Arc;

use igny8_data::{Access, AccountScope, DbError};
use tokio_util::sync::CancellationToken;

use crate::app::App;

pub use error::ProviderError;

/// What a model is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatRequest {
    pub system: String,
    pub messages: Vec<ChatMessage>,
    /// The shape of the answer's text; none for free text.
    pub schema: Option<AnswerSchema>,
    pub max_output_tokens: u32,
    pub temperature: Option<f32>,
}

/// The shape of an answer. Servers that know no schemas are told it in words, so the answer must be checked anyway.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerSchema {
    /// Letters, digits, `_` and `-`, at most 64.
    pub name: String,
    /// A JSON schema of an object. Strict servers want every property required and `additionalProperties: false`.
    pub schema: serde_json::Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatMessage {
    pub role: ChatRole,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChatRole {
    User,
    Assistant,
}

/// What a model answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatAnswer {
    pub text: String,
    /// As the provider counted; estimated where it did not.
    pub tokens_in: i64,
    pub tokens_out: i64,
    /// The model that answered, as the provider names it.
    pub model: String,
    /// The provider's name of the call, for asking them about it.
    pub request_id: Option<String>,
}

/// Why the account's provider cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NotUsable {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

/// A configured model. Cheap to clone.
#[derive(Clone)]
pub struct Provider {
    inner: Arc<Inner>,
}

struct Inner {
    model: String,
}

impl Provider {
    /// Asks the model. One call, not repeated: see [`ProviderError::is_retryable`].
    ///
    /// # Errors
    /// [`ProviderError`].
    #[expect(clippy::unused_async, reason = "to come")]
    pub async fn chat(&self, _request: &ChatRequest, _stop: &CancellationToken) -> Result<ChatAnswer, ProviderError> {
        Err(ProviderError::Unavailable("not built yet".into()))
    }

    /// Vectors of texts, in their order, all of one length. Long lists are sent in parts.
    ///
    /// # Errors
    /// [`ProviderError`]; [`ProviderError::NotAccepted`] without an embedding model.
    #[expect(clippy::unused_async, reason = "to come")]
    pub async fn embed(&self, _texts: &[String], _stop: &CancellationToken) -> Result<Vec<Vec<f32>>, ProviderError> {
        Err(ProviderError::Unavailable("not built yet".into()))
    }

    /// Whether an embedding model is configured.
    pub fn embeds(&self) -> bool {
        false
    }

    /// The chat model's name.
    pub fn model(&self) -> &str {
        &self.inner.model
    }

    /// What a call costs at the provider, in millionths of a US dollar; 0 where its prices are not known.
    pub fn cost_micros(&self, _tokens_in: i64, _tokens_out: i64) -> i64 {
        0
    }

    /// What must never appear in a transcript or a log.
    #[expect(dead_code, reason = "to come")]
    pub(crate) fn secrets(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The account's provider; `None` when none is configured and enabled. In a job the scope is
/// `context.actor(&app.db, &job).await?.account::<Read>()?`.
///
/// # Errors
/// When the database fails, or the stored settings cannot be used.
#[expect(clippy::unused_async, reason = "to come")]
pub async fn configured<A: Access>(_app: &App, _scope: &AccountScope<A>) -> Result<Option<Provider>, NotUsable> {
    Ok(None)
}
