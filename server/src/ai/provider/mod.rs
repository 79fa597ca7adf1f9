//! Models that are asked over the network: any server that speaks OpenAI's chat-completions protocol.
//!
//! [`configured`] finds the account's provider; without one, the caller works locally. `openai` is the protocol as pure
//! functions (what is sent, what an answer says); here it is sent.

mod error;
pub mod images;
mod openai;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use igny8_data::{Access, AccountScope, Clock, DbError, Select};
use reqwest::Method;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::features::billing::Used;
use crate::features::integrations::{ChatSettings, Integration, IntegrationKind, KeyHeader, Secrets};
use igny8_outgoing::{Answer, Outgoing, OutgoingError, Request, secret_header};

pub use error::ProviderError;

use openai::Manner;

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

/// Vectors of texts, in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vectors {
    pub vectors: Vec<Vec<f32>>,
    /// Of the texts, as the provider counted; estimated where it did not.
    pub tokens: i64,
}

/// Why the account's provider cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NotUsable {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

/// Largest answers that are read: a long article is a hundredth of the first, a part of vectors a tenth of the second.
const LARGEST_CHAT: usize = 8 << 20;
const LARGEST_VECTORS: usize = 32 << 20;

/// What a test call may take at most.
const TEST: Duration = Duration::from_secs(30);

/// A configured model. Cheap to clone; clones share what was learnt about the server.
#[derive(Clone)]
pub struct Provider {
    inner: Arc<Inner>,
}

struct Inner {
    outgoing: Outgoing,
    clock: Clock,
    settings: ChatSettings,
    headers: HeaderMap,
    secrets: Secrets,
    /// [`Manner`].
    manner: AtomicU8,
}

/// What a test call found out.
#[derive(Debug)]
pub struct Tried {
    pub model: String,
    /// Whether the server takes JSON schemas; `None` where there are none to take.
    pub schemas: Option<bool>,
    pub embedding_length: Option<usize>,
}

impl Provider {
    /// The provider of stored settings, whether they are enabled or not.
    ///
    /// # Errors
    /// [`ProviderError::NotAccepted`] when they cannot be read.
    pub fn of(app: &App, integration: &Integration) -> Result<Self, ProviderError> {
        let unreadable =
            |error: crate::features::integrations::model::Unreadable| ProviderError::NotAccepted(error.to_string());
        let settings = integration.chat().map_err(unreadable)?;
        let secrets = integration.secrets(app.db.keys()).map_err(unreadable)?;
        let headers = headers_of(settings.key_header, settings.organisation.as_deref(), &secrets).ok_or_else(|| {
            ProviderError::NotAccepted("its key or headers hold characters that cannot be sent".into())
        })?;
        Ok(Self {
            inner: Arc::new(Inner {
                outgoing: app.outgoing.clone(),
                clock: app.db.clock().clone(),
                settings,
                headers,
                secrets,
                manner: AtomicU8::new(0),
            }),
        })
    }

    /// Asks the model. A failed call is not repeated (see [`ProviderError::is_retryable`]), except in the manner that the
    /// server asks for: it is told of a schema in words when it takes none.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn chat(&self, request: &ChatRequest, stop: &CancellationToken) -> Result<ChatAnswer, ProviderError> {
        self.chat_counted(request, stop).await.0
    }

    /// [`Provider::chat`], and what it used: answers of no use are paid for, too.
    pub async fn chat_counted(
        &self,
        request: &ChatRequest,
        stop: &CancellationToken,
    ) -> (Result<ChatAnswer, ProviderError>, Used) {
        let mut tokens = (0, 0);
        let answer = self.chat_within(request, self.timeout(), stop, &mut tokens).await;
        let used = Used {
            tokens_in: tokens.0,
            tokens_out: tokens.1,
            cost_micros: self.cost_micros(tokens.0, tokens.1),
        };
        (answer, used)
    }

    async fn chat_within(
        &self,
        request: &ChatRequest,
        timeout: Duration,
        stop: &CancellationToken,
        tokens: &mut (i64, i64),
    ) -> Result<ChatAnswer, ProviderError> {
        let settings = &self.inner.settings;
        loop {
            let manner = Manner(self.inner.manner.load(Ordering::Relaxed));
            let body = openai::chat_body(&settings.base_url, &settings.model, request, manner);
            let answer = self
                .post("chat/completions", &body, LARGEST_CHAT, timeout, stop)
                .await?;
            if answer.status.is_success() {
                *tokens = openai::tokens(&answer.body, &body);
                let mut chat = openai::read_chat(&answer.body, &body).map_err(|error| self.scrubbed(error))?;
                chat.request_id = request_id(&answer.headers);
                return Ok(chat);
            }
            let complaint = openai::complaint(&answer.body);
            // Each turn of this loop learns one of four things, so it ends.
            match manner.learn(request, &settings.base_url, answer.status.as_u16(), &complaint) {
                Some(bit) => self.inner.manner.fetch_or(bit, Ordering::Relaxed),
                None => return Err(self.refusal(&answer)),
            };
        }
    }

    /// Vectors of texts, in their order, all of one length. Long lists are sent in parts.
    ///
    /// # Errors
    /// [`ProviderError`]; [`ProviderError::NotAccepted`] without an embedding model.
    pub async fn embed(&self, texts: &[String], stop: &CancellationToken) -> Result<Vectors, ProviderError> {
        self.embed_within(texts, self.timeout(), stop).await
    }

    async fn embed_within(
        &self,
        texts: &[String],
        timeout: Duration,
        stop: &CancellationToken,
    ) -> Result<Vectors, ProviderError> {
        let Some(model) = &self.inner.settings.embedding_model else {
            return Err(ProviderError::NotAccepted("no embedding model is set".into()));
        };
        let mut all = Vectors::default();
        for part in openai::parts(texts) {
            let body = openai::embed_body(model, part);
            let answer = self.post("embeddings", &body, LARGEST_VECTORS, timeout, stop).await?;
            if !answer.status.is_success() {
                return Err(self.refusal(&answer));
            }
            let read = openai::read_vectors(&answer.body, part).map_err(|error| self.scrubbed(error))?;
            let length = all.vectors.first().map(Vec::len);
            if length.is_some_and(|length| length != read.vectors[0].len()) {
                return Err(ProviderError::Broken("its vectors differ in length".into()));
            }
            all.vectors.extend(read.vectors);
            all.tokens += read.tokens;
        }
        Ok(all)
    }

    /// Asks something tiny.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn try_out(&self, stop: &CancellationToken) -> Result<Tried, ProviderError> {
        let request = ChatRequest {
            system: "This is a test of a connection.".into(),
            messages: vec![ChatMessage {
                role: ChatRole::User,
                text: "Answer with the JSON object {\"ok\": true}.".into(),
            }],
            schema: Some(AnswerSchema {
                name: "connection_test".into(),
                schema: json!({
                    "type": "object",
                    "properties": { "ok": { "type": "boolean" } },
                    "required": ["ok"],
                    "additionalProperties": false,
                }),
            }),
            // Models that think first need some room.
            max_output_tokens: 200,
            temperature: None,
        };
        let timeout = self.timeout().min(TEST);
        let model = match self.chat_within(&request, timeout, stop, &mut (0, 0)).await {
            Ok(answer) => answer.model,
            // It answers, which is all that is asked here.
            Err(ProviderError::Truncated { .. }) => self.model().to_owned(),
            Err(error) => return Err(error),
        };
        let embedding_length = if self.embeds() {
            let vectors = self.embed_within(&["test".to_owned()], timeout, stop).await;
            let vectors = vectors.map_err(|error| match error {
                ProviderError::NotAccepted(why) => ProviderError::NotAccepted(format!("embedding model: {why}")),
                error => error,
            })?;
            vectors.vectors.first().map(Vec::len)
        } else {
            None
        };
        Ok(Tried {
            model,
            schemas: Some(!Manner(self.inner.manner.load(Ordering::Relaxed)).has(Manner::NO_SCHEMA)),
            embedding_length,
        })
    }

    /// The parts of a long list that are sent one by one.
    pub fn parts(texts: &[String]) -> Vec<&[String]> {
        openai::parts(texts)
    }

    /// Whether an embedding model is configured.
    pub fn embeds(&self) -> bool {
        self.inner.settings.embedding_model.is_some()
    }

    /// The chat model's name.
    pub fn model(&self) -> &str {
        &self.inner.settings.model
    }

    /// What a question costs at the provider, in millionths of a US dollar; 0 where its prices are not known.
    pub fn cost_micros(&self, tokens_in: i64, tokens_out: i64) -> i64 {
        let settings = &self.inner.settings;
        micros(&[(tokens_in, settings.input_price), (tokens_out, settings.output_price)])
    }

    /// As [`Provider::cost_micros`], of vectors.
    pub fn embedding_cost_micros(&self, tokens: i64) -> i64 {
        micros(&[(tokens, self.inner.settings.embedding_price)])
    }

    /// The embedding model's name; empty without one.
    pub fn embedding_model(&self) -> &str {
        self.inner.settings.embedding_model.as_deref().unwrap_or_default()
    }

    /// Who makes the vectors: address and model.
    pub fn embedder(&self) -> String {
        format!("{} {}", self.inner.settings.base_url, self.embedding_model())
    }

    /// What must never appear in a transcript or a log.
    pub(crate) fn secrets(&self) -> Vec<String> {
        secrets_of(&self.inner.secrets)
    }

    fn timeout(&self) -> Duration {
        Duration::from_secs(self.inner.settings.timeout_seconds.into())
    }

    async fn post(
        &self,
        operation: &str,
        body: &Value,
        max_bytes: usize,
        timeout: Duration,
        stop: &CancellationToken,
    ) -> Result<Answer, ProviderError> {
        let mut request = Request::new(Method::POST, openai::endpoint(&self.inner.settings.base_url, operation));
        request.headers = self.inner.headers.clone();
        request.body = Some(body.to_string().into());
        request.timeout = timeout;
        request.max_bytes = max_bytes;
        tokio::select! {
            biased;
            () = stop.cancelled() => Err(ProviderError::Cancelled),
            answer = self.inner.outgoing.send(request) => answer.map_err(ProviderError::from),
        }
    }

    fn refusal(&self, answer: &Answer) -> ProviderError {
        let now = self.inner.clock.now();
        self.scrubbed(openai::read_error(
            answer.status.as_u16(),
            &answer.headers,
            &answer.body,
            now,
        ))
    }

    fn scrubbed(&self, error: ProviderError) -> ProviderError {
        scrubbed(error, &self.secrets())
    }
}

/// What must never appear in a transcript or a log.
fn secrets_of(secrets: &Secrets) -> Vec<String> {
    let all = secrets.key.iter().chain(secrets.headers.values());
    // Shorter ones would be found in everything.
    all.filter(|text| text.len() >= 6).cloned().collect()
}

/// An error without secrets: servers repeat what they were sent.
fn scrubbed(error: ProviderError, secrets: &[String]) -> ProviderError {
    let scrub = |mut text: String| {
        for secret in secrets {
            text = text.replace(secret, "(secret)");
        }
        text
    };
    match error {
        ProviderError::Unavailable(text) => ProviderError::Unavailable(scrub(text)),
        ProviderError::NotAccepted(text) => ProviderError::NotAccepted(scrub(text)),
        ProviderError::Refused(text) => ProviderError::Refused(scrub(text)),
        ProviderError::Broken(text) => ProviderError::Broken(scrub(text)),
        error => error,
    }
}

/// Tokens with their price: dollars for a million tokens are millionths of a dollar for one.
fn micros(priced: &[(i64, Option<f64>)]) -> i64 {
    #[expect(clippy::cast_precision_loss, reason = "far from the bound")]
    let cost = |(tokens, price): &(i64, Option<f64>)| (*tokens).max(0) as f64 * price.unwrap_or(0.0);
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    let micros = priced.iter().map(cost).sum::<f64>().round() as i64;
    micros
}

impl From<OutgoingError> for ProviderError {
    fn from(error: OutgoingError) -> Self {
        let text = error.to_string();
        match error {
            OutgoingError::Address(_) | OutgoingError::Blocked(_) => Self::Blocked(text),
            OutgoingError::NoSuchHost(_) | OutgoingError::Connect { .. } | OutgoingError::TimedOut(_) => {
                Self::Unavailable(text)
            }
            OutgoingError::TooLarge(_) => Self::TooLarge,
            OutgoingError::Redirected(_) => Self::NotAccepted(text),
            OutgoingError::Broken(_) => Self::Broken(text),
        }
    }
}

/// The headers of every request; `None` when something cannot be sent, which checks refuse when it is stored.
fn headers_of(key_header: KeyHeader, organisation: Option<&str>, secrets: &Secrets) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in &secrets.headers {
        headers.insert(name.parse::<HeaderName>().ok()?, secret_header(value)?);
    }
    if let Some(key) = &secrets.key {
        match key_header {
            KeyHeader::Bearer => headers.insert(header::AUTHORIZATION, secret_header(&format!("Bearer {key}"))?),
            KeyHeader::ApiKey => headers.insert("api-key", secret_header(key)?),
        };
    }
    if let Some(organisation) = organisation {
        headers.insert("openai-organization", HeaderValue::from_str(organisation).ok()?);
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    Some(headers)
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    let names = ["x-request-id", "apim-request-id", "request-id"];
    let id = names.iter().find_map(|name| headers.get(*name))?.to_str().ok()?;
    Some(id.chars().take(100).collect())
}

/// The account's provider; `None` when none is set up and enabled. In a job the scope is
/// `context.actor(&app.db, &job).await?.account::<Read>()?`.
///
/// # Errors
/// When the database fails, or the stored settings cannot be used.
pub async fn configured<A: Access>(app: &App, scope: &AccountScope<A>) -> Result<Option<Provider>, NotUsable> {
    let select = Select::new().equals("slot", "chat_provider").equals("enabled", true);
    let rows = app.db.account(scope).list::<Integration>(select).await?;
    let row = rows.iter().find(|row| row.kind == IntegrationKind::ChatProvider);
    Ok(row.map(|row| Provider::of(app, row)).transpose()?)
}
