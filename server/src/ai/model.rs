//! What a function asks its account's model with: prompts in, checked values out.
//!
//! Nothing is asked twice: answers are kept for their job ([`super::kept`]), so a job that is put off, tried again or
//! killed goes on where it was. When one question fails, those that are open are waited for, since they are paid for, and
//! no new one is asked.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;
use igny8_data::{Read, SiteScope};
use serde_json::Value;
use tokio::time::Instant;

use super::function::Phase;
use super::kept;
use super::prompt::{Template, Values};
use super::provider::images::{Drawing, ImageProvider};
use super::provider::{AnswerSchema, ChatMessage, ChatRequest, ChatRole, Provider, ProviderError};
use super::transcript::{self, Keep, Whose};
use super::vectors::{self, Space, VectorId};
use super::{Blocking, schema};
use crate::app::App;
use crate::features::billing::Used;
use crate::features::media::{MediaStore, blocking};
use crate::jobs::{JobContext, JobError};

/// Questions open at once; a provider's limits are for an account, not for a job.
const AT_ONCE: usize = 4;
/// Pictures drawn at once.
const DRAWN_AT_ONCE: usize = 2;
/// A pause is waited for by the worker when it is at most this long; else the job comes back later.
const SHORT_PAUSE: Duration = Duration::from_secs(20);
/// The shortest one, whatever the provider says.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// Pauses before each further try of one question, when the provider does not say how long; then the job comes back later.
const PAUSES: [Duration; 3] = [SHORTEST_PAUSE, Duration::from_secs(4), Duration::from_secs(16)];
/// How long a job is put off whose provider does not say.
const PUT_OFF: Duration = Duration::from_secs(30);
/// How long a job may be put off altogether without getting on.
const PATIENCE: chrono::Duration = chrono::Duration::hours(2);
/// Characters of a useless answer that are shown to the model again.
const SHOWN: usize = 20_000;

/// A question.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Name of one of the function's prompts.
    pub prompt: &'static str,
    pub values: Values,
    /// JSON schema of the answer, an object: the part of JSON Schema that [`schema::not_strict`] lets through.
    pub schema: Value,
    pub max_output_tokens: u32,
    pub temperature: Option<f32>,
}

/// Which answer to a question is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// One that is refused is asked for once more.
    First,
    /// One that is refused fails the job.
    Last,
}

/// What a function asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// The account's chat provider.
    Chat,
    /// The account's provider of pictures.
    Pictures,
}

/// Who is asked.
pub(super) enum Service {
    Chat(Provider),
    Pictures(ImageProvider),
}

/// The account's model, for one run of a function.
pub struct Model<'a> {
    pub(super) app: &'a App,
    pub(super) service: &'a Service,
    pub(super) context: &'a JobContext,
    pub(super) whose: Whose,
    pub(super) scope: SiteScope<Read>,
    pub(super) prompts: BTreeMap<&'static str, Template>,
    pub(super) asked: &'static str,
    pub(super) state: &'a State,
}

/// How far the questions of a run are.
pub(super) struct State {
    /// No new question after this; the next attempt goes on.
    until: Instant,
    /// No question before this: the provider asked for a pause.
    resume: Mutex<Instant>,
    /// A question has failed.
    halted: AtomicBool,
    /// Answers that came in this run.
    answers: AtomicUsize,
    /// Since when the job waits without getting on.
    waits_since: Mutex<DateTime<Utc>>,
}

impl State {
    /// Of a run that is to end after `limit`: the last part of it is for what is still open.
    pub(super) fn new(limit: Duration, waits_since: DateTime<Utc>) -> Self {
        let now = Instant::now();
        Self {
            until: now + limit / 5 * 4,
            resume: Mutex::new(now),
            halted: AtomicBool::new(false),
            answers: AtomicUsize::new(0),
            waits_since: Mutex::new(waits_since),
        }
    }

    /// Whether this run got on, so that another one makes sense.
    pub(super) fn got_on(&self) -> bool {
        self.answers.load(Ordering::Relaxed) > 0
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The end of a run that took long but got on.
pub(super) fn goes_on() -> JobError {
    JobError::Later(
        chrono::Duration::seconds(1),
        "It has more to ask than fits into one run and goes on from here.".into(),
    )
}

impl Model<'_> {
    /// Asks several questions, some at once; `parse` checks and reads the answer of the question with that place. An answer
    /// that does not fit the schema, or that `parse` refuses, is asked for once more with the reason. Answers come in the
    /// order of the questions; one that fails fails the run, and nothing is saved or charged.
    ///
    /// # Errors
    /// How the job ends.
    pub async fn ask_each<T: Send>(
        &self,
        asks: Vec<Ask>,
        parse: impl Fn(usize, Value) -> Result<T, String> + Send + Sync,
    ) -> Result<Vec<T>, JobError> {
        self.ask_each_by_attempt(asks, |n, value, _| parse(n, value)).await
    }

    /// As [`Model::ask_each`], where `parse` may be content with less of a last answer.
    ///
    /// # Errors
    /// How the job ends.
    pub async fn ask_each_by_attempt<T: Send>(
        &self,
        asks: Vec<Ask>,
        parse: impl Fn(usize, Value, Attempt) -> Result<T, String> + Send + Sync,
    ) -> Result<Vec<T>, JobError> {
        let total = asks.len();
        let done = AtomicUsize::new(0);
        let failed: Mutex<Option<JobError>> = Mutex::new(None);
        let (parse, done, failure) = (&parse, &done, &failed);
        let questions: Vec<_> = asks
            .into_iter()
            .enumerate()
            .map(|(n, ask)| async move {
                match self.ask(&ask, |value, attempt| parse(n, value, attempt)).await {
                    Ok(answer) => {
                        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                        let part = 0.5 + 0.5 * done as f64 / total as f64;
                        let words = format!("{}: {done} of {total} answers", self.asked);
                        self.context.progress(Phase::AiCall.at(part), words);
                        Some(answer)
                    }
                    Err(error) => {
                        // The first is the cause; later ones follow from it.
                        locked(failure).get_or_insert(error);
                        self.state.halted.store(true, Ordering::Relaxed);
                        None
                    }
                }
            })
            .collect();
        let answers: Vec<Option<T>> = futures_util::stream::iter(questions).buffered(AT_ONCE).collect().await;
        match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(answers.into_iter().flatten().collect()),
        }
    }

    /// Asks one question; see [`Model::ask_each`].
    ///
    /// # Errors
    /// How the job ends.
    pub async fn ask<T>(
        &self,
        ask: &Ask,
        parse: impl Fn(Value, Attempt) -> Result<T, String> + Send + Sync,
    ) -> Result<T, JobError> {
        debug_assert_eq!(schema::not_strict(&ask.schema), Vec::<String>::new(), "{}", ask.prompt);
        let template = self
            .prompts
            .get(ask.prompt)
            .ok_or_else(|| JobError::Fail(format!("The function has no prompt {}.", ask.prompt)))?;
        let (system, message) = template.render(&ask.values);
        let user = |text: String| ChatMessage {
            role: ChatRole::User,
            text,
        };
        let mut request = ChatRequest {
            system,
            messages: vec![user(message)],
            schema: Some(AnswerSchema {
                name: ask.prompt.to_owned(),
                schema: ask.schema.clone(),
            }),
            max_output_tokens: ask.max_output_tokens,
            temperature: ask.temperature,
        };
        let read = |text: &str, attempt: Attempt| {
            let value = schema::json_in(text).ok_or_else(|| "it is not JSON".to_owned())?;
            match schema::problems(&ask.schema, &value).as_slice() {
                [] => parse(value, attempt),
                problems => Err(problems.join("; ")),
            }
        };
        let (first, text) = self.chat(&request).await?;
        let problem = match read(&text, Attempt::First) {
            Ok(value) => return Ok(value),
            Err(problem) => problem,
        };
        tracing::debug!(job = %self.whose.job, problem, "a model is asked again");
        request.messages.push(ChatMessage {
            role: ChatRole::Assistant,
            text: text.chars().take(SHOWN).collect(),
        });
        request.messages.push(user(format!(
            "This answer cannot be used: {problem}. Answer again: only the whole JSON, in the form asked for."
        )));
        let (second, text) = self.chat(&request).await?;
        match read(&text, Attempt::Last) {
            Ok(value) => Ok(value),
            Err(problem) => {
                // Who runs the job again wants other answers.
                kept::forget(self.app, &[first, second]).await?;
                Err(JobError::Fail(format!(
                    "The model's answers could not be used, also when asked again: {problem}. Try again, or choose \
                     another model; nothing was charged. What it answered is in the transcripts."
                )))
            }
        }
    }

    /// Whether vectors can be asked for.
    pub fn embeds(&self) -> bool {
        matches!(self.service, Service::Chat(provider) if provider.embeds())
    }

    fn provider(&self) -> Result<&Provider, JobError> {
        match self.service {
            Service::Chat(provider) => Ok(provider),
            Service::Pictures(_) => Err(JobError::Fail(
                "The function asks for text without a chat provider.".into(),
            )),
        }
    }

    /// Has several pictures drawn, some at once, in the order given. One that the model refuses to draw is told with the reason
    /// and stops no other; any other failure fails the run. The bytes are what the provider sent: anything.
    ///
    /// # Errors
    /// How the job ends.
    pub async fn draw_each(&self, drawings: &[Drawing]) -> Result<Vec<Result<Vec<u8>, String>>, JobError> {
        let Service::Pictures(provider) = self.service else {
            return Err(JobError::Fail(
                "The function asks for pictures without a provider of them.".into(),
            ));
        };
        let total = drawings.len();
        let done = AtomicUsize::new(0);
        let failed: Mutex<Option<JobError>> = Mutex::new(None);
        // Owned, since a borrowed one would have to live for any time.
        let drawn = futures_util::stream::iter(drawings.to_vec()).map(|drawing| {
            let (done, failure) = (&done, &failed);
            async move {
                match self.draw(provider, &drawing).await {
                    Ok(picture) => {
                        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                        let part = done as f64 / total as f64;
                        self.tell(part, format!("{}: {done} of {total}", self.asked));
                        Some(picture)
                    }
                    Err(error) => {
                        // The first is the cause; later ones follow from it.
                        locked(failure).get_or_insert(error);
                        self.state.halted.store(true, Ordering::Relaxed);
                        None
                    }
                }
            }
        });
        let drawn: Vec<Option<Result<Vec<u8>, String>>> = drawn.buffered(DRAWN_AT_ONCE).collect().await;
        match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(drawn.into_iter().flatten().collect()),
        }
    }

    async fn draw(&self, provider: &ImageProvider, drawing: &Drawing) -> Result<Result<Vec<u8>, String>, JobError> {
        let model = provider.model(drawing.quality);
        let request = ChatRequest {
            system: String::new(),
            messages: vec![ChatMessage {
                role: ChatRole::User,
                text: drawing.prompt.clone(),
            }],
            schema: None,
            max_output_tokens: 0,
            temperature: None,
        };
        // A picture that was paid for waits in the media folder under its hash; one that was tidied away is drawn again.
        let id = kept::id_of(self.whose.job, &format!("{model} {:?}", drawing.quality), &request);
        let store = MediaStore::of(self.app);
        if let Some(hash) = kept::text(self.app, id).await? {
            let store = store.clone();
            if let Ok(bytes) = blocking(move || std::fs::read(store.path(&hash)?)).await {
                return Ok(Ok(bytes));
            }
        }
        let mut pauses = 0;
        loop {
            self.turn().await?;
            let begun = std::time::Instant::now();
            let result = provider
                .draw(drawing, self.app.db.ids().bytes(), self.context.stop())
                .await;
            let mut keep = None;
            let mut used = Used::default();
            if let Ok(bytes) = &result {
                used.cost_micros = provider.cost_micros(drawing.quality);
                let (store, bytes) = (store.clone(), bytes.clone());
                let hash = blocking(move || store.put(&bytes)).await;
                let hash = hash.map_err(|error| JobError::Retry(format!("A picture cannot be stored: {error}.")))?;
                keep = Some(Keep::Answer(kept::Answer::text(self.app, self.whose, id, &hash)));
            }
            let call = transcript::Call {
                asked: transcript::Asked::Picture(&request, result.as_ref().map(Vec::len)),
                model,
                used,
                took: begun.elapsed(),
                secrets: &provider.secrets(),
                keep,
            };
            transcript::store(self.app, self.whose, call).await;
            match result {
                Ok(bytes) => {
                    self.answered();
                    return Ok(Ok(bytes));
                }
                // The prompt's fault, or the model's: others may be drawn.
                Err(error @ ProviderError::Refused(_)) => return Ok(Err(error.for_user())),
                Err(error) => self.pause(error, &mut pauses)?,
            }
        }
    }

    /// Vectors of texts, in parts, with progress; those that are kept of the account are not asked for. Their numbers are rounded
    /// to three digits, as they are kept.
    ///
    /// # Errors
    /// How the job ends.
    pub async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, JobError> {
        let space = Space::of(self.whose.account, self.provider()?);
        let hashes: Vec<VectorId> = texts.iter().map(|text| space.id(text)).collect();
        let mut known = vectors::known(self.app, &self.scope, &hashes).await?;
        let mut missing: Vec<String> = Vec::new();
        let mut places: HashMap<VectorId, usize> = HashMap::with_capacity(texts.len());
        for (place, (text, hash)) in texts.iter().zip(&hashes).enumerate() {
            if places.insert(*hash, place).is_none() && !known.contains_key(hash) {
                missing.push(text.clone());
            }
        }
        for part in Provider::parts(&missing) {
            let vectors = self.embed_part(&space, part).await?;
            known.extend(part.iter().map(|text| space.id(text)).zip(vectors));
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let share = 0.3 * known.len() as f64 / places.len().max(1) as f64;
            let words = format!("Reading meanings: {} of {}", known.len().min(texts.len()), texts.len());
            self.context.progress(Phase::AiCall.at(share), words);
        }
        if known
            .values()
            .map(Vec::len)
            .collect::<std::collections::HashSet<_>>()
            .len()
            > 1
        {
            return Err(JobError::Fail("The provider's vectors differ in length.".into()));
        }
        let mut vectors: Vec<Vec<f32>> = Vec::with_capacity(texts.len());
        for (place, hash) in hashes.iter().enumerate() {
            // The last place of a text takes its vector, others a copy.
            let vector = match places.get(hash) {
                Some(&last) if last == place => known.remove(hash),
                _ => known.get(hash).cloned(),
            };
            vectors.push(vector.unwrap_or_default());
        }
        Ok(vectors)
    }

    async fn embed_part(&self, space: &Space, part: &[String]) -> Result<Vec<Vec<f32>>, JobError> {
        let provider = self.provider()?;
        let model = provider.embedding_model();
        let mut pauses = 0;
        loop {
            self.turn().await?;
            let begun = std::time::Instant::now();
            let mut result = provider.embed(part, self.context.stop()).await;
            if result.as_ref().is_ok_and(|some| some.vectors.len() != part.len()) {
                result = Err(ProviderError::Broken("it holds too few vectors".into()));
            }
            let keep = result.as_ref().ok().map(|some| {
                let found = vectors::Found::new(self.app, self.whose.job, space, part, &some.vectors);
                Keep::Vectors(found)
            });
            let tokens = result.as_ref().map_or(0, |some| some.tokens);
            let call = transcript::Call {
                asked: transcript::Asked::Vectors(part, result.as_ref()),
                model,
                used: Used {
                    tokens_in: tokens,
                    tokens_out: 0,
                    cost_micros: provider.embedding_cost_micros(tokens),
                },
                took: begun.elapsed(),
                secrets: &provider.secrets(),
                keep,
            };
            transcript::store(self.app, self.whose, call).await;
            match result {
                Ok(some) => {
                    self.answered();
                    let rounded = |vector: &Vec<f32>| vectors::unpacked(&vectors::packed(vector));
                    return Ok(some.vectors.iter().map(rounded).collect());
                }
                Err(error) => self.pause(error, &mut pauses)?,
            }
        }
    }

    /// Computes something outside the threads that answer requests.
    ///
    /// # Errors
    /// When the job must stop.
    pub async fn compute<T: Send + 'static>(
        &self,
        compute: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JobError> {
        let blocking: &Blocking = &self.app.blocking;
        blocking.run(self.context.stop(), compute).await
    }

    /// Words for what is being done, at a part (0 to 1) of the phase in which the model works.
    pub fn tell(&self, part: f64, words: impl Into<String>) {
        self.context.progress(Phase::AiCall.at(part), words);
    }

    /// The answer to a question, from what is kept or from the model, and the id it is kept by.
    async fn chat(&self, request: &ChatRequest) -> Result<(kept::AnswerId, String), JobError> {
        let provider = self.provider()?;
        let id = kept::id_of(self.whose.job, provider.model(), request);
        if let Some(text) = kept::text(self.app, id).await? {
            return Ok((id, text));
        }
        let mut pauses = 0;
        loop {
            self.turn().await?;
            let begun = std::time::Instant::now();
            let (result, used) = provider.chat_counted(request, self.context.stop()).await;
            let keep = result
                .as_ref()
                .ok()
                .map(|answer| Keep::Answer(kept::Answer::text(self.app, self.whose, id, &answer.text)));
            let call = transcript::Call {
                asked: transcript::Asked::Chat(request, result.as_ref()),
                model: provider.model(),
                used,
                took: begun.elapsed(),
                secrets: &provider.secrets(),
                keep,
            };
            transcript::store(self.app, self.whose, call).await;
            match result {
                Ok(answer) => {
                    self.answered();
                    return Ok((id, answer.text));
                }
                Err(error) => self.pause(error, &mut pauses)?,
            }
        }
    }

    fn answered(&self) {
        self.state.answers.fetch_add(1, Ordering::Relaxed);
        *locked(&self.state.waits_since) = self.app.db.clock().now();
    }

    /// Waits until the next question may be asked.
    async fn turn(&self) -> Result<(), JobError> {
        loop {
            self.context.check()?;
            if self.state.halted.load(Ordering::Relaxed) || self.app.stop.is_cancelled() {
                return Err(JobError::Retry("The job was stopped.".into()));
            }
            let resume = *locked(&self.state.resume);
            if self.state.got_on() && resume.max(Instant::now()) > self.state.until {
                return Err(goes_on());
            }
            if resume <= Instant::now() {
                return Ok(());
            }
            tokio::select! {
                () = self.context.stop().cancelled() => {}
                () = self.app.stop.cancelled() => {}
                () = tokio::time::sleep_until(resume) => {}
            }
        }
    }

    /// Lets all questions of the job wait for a short pause that the provider asks for; anything else ends the attempt.
    fn pause(&self, error: ProviderError, pauses: &mut usize) -> Result<(), JobError> {
        if let (Some(asked), Some(usual)) = (error.asks_to_wait(), PAUSES.get(*pauses)) {
            // Up to a quarter more, so that jobs do not return together.
            let jitter = f64::from(self.app.db.ids().bytes::<1>()[0]) / 1024.0;
            let wait = asked.unwrap_or(usual.mul_f64(1.0 + jitter)).max(SHORTEST_PAUSE);
            if wait <= SHORT_PAUSE {
                *pauses += 1;
                let mut resume = locked(&self.state.resume);
                *resume = (*resume).max(Instant::now() + wait);
                return Ok(());
            }
        }
        let waited = self.app.db.clock().now() - *locked(&self.state.waits_since);
        Err(ended(&error, waited))
    }
}

/// How a job ends whose provider failed; `waited` since it last got on.
pub(super) fn ended(error: &ProviderError, waited: chrono::Duration) -> JobError {
    match (error.asks_to_wait(), error) {
        (Some(asked), _) if waited < PATIENCE => {
            let wait = asked
                .unwrap_or(PUT_OFF)
                .clamp(SHORTEST_PAUSE, Duration::from_secs(3600));
            let wait = chrono::Duration::from_std(wait).unwrap_or(chrono::Duration::seconds(30));
            JobError::Later(wait, error.for_user())
        }
        (Some(_), error) => JobError::Fail(error.for_user()),
        (None, ProviderError::Cancelled) => JobError::Retry("The job was stopped.".into()),
        (None, error) if error.is_retryable() => JobError::Retry(error.for_user()),
        (None, error) => JobError::Fail(error.for_user()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_jobs_end_whose_provider_fails() {
        let limited = |seconds: Option<u64>| ProviderError::RateLimited {
            retry_after: seconds.map(Duration::from_secs),
        };
        let overloaded = |seconds: Option<u64>| ProviderError::Overloaded {
            status: 503,
            retry_after: seconds.map(Duration::from_secs),
        };
        let name = |error: &ProviderError, hours: i64| match ended(error, chrono::Duration::hours(hours)) {
            JobError::Retry(_) => "retry".to_owned(),
            JobError::Fail(_) => "fail".to_owned(),
            JobError::Later(wait, _) => format!("later {}", wait.num_seconds()),
        };
        for (error, hours, how) in [
            (limited(Some(90)), 0, "later 90"),
            (limited(None), 0, "later 30"),
            (limited(Some(100_000)), 1, "later 3600"),
            (limited(Some(90)), 2, "fail"),
            (limited(Some(0)), 0, "later 1"),
            (overloaded(None), 0, "later 30"),
            (overloaded(Some(9)), 2, "fail"),
            (ProviderError::Unavailable("x".into()), 0, "retry"),
            (ProviderError::Broken("x".into()), 0, "retry"),
            (ProviderError::Cancelled, 0, "retry"),
            (ProviderError::NotAccepted("x".into()), 0, "fail"),
            (ProviderError::Refused("x".into()), 0, "fail"),
            (ProviderError::Truncated { partial: "x".into() }, 0, "fail"),
            (ProviderError::TooLarge, 0, "fail"),
            (ProviderError::Blocked("x".into()), 0, "fail"),
        ] {
            assert_eq!(name(&error, hours), how, "{error}");
        }
    }
}
