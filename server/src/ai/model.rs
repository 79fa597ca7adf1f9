//! What a function asks its account's model with: prompts in, checked values out.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::Value;

use super::function::Phase;
use super::prompt::{Template, Values};
use super::provider::{AnswerSchema, ChatAnswer, ChatMessage, ChatRequest, ChatRole, Provider, ProviderError};
use super::transcript::{self, Asked, Whose};
use super::{Blocking, schema};
use crate::app::App;
use crate::jobs::{JobContext, JobError};

/// Questions open at once; a provider's limits are for an account, not for a job.
const AT_ONCE: usize = 4;
/// A pause that the provider asks for is waited for when it is this short; else the job comes back later.
const SHORT_PAUSE: Duration = Duration::from_secs(20);
const SHORT_PAUSES: usize = 3;
/// A pause when the provider says none.
const PAUSE: Duration = Duration::from_secs(30);
/// How long a job may be put off altogether.
const PATIENCE: chrono::Duration = chrono::Duration::hours(2);
/// Characters of a useless answer that are shown to the model again.
const SHOWN: usize = 20_000;

/// A question.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Name of one of the function's prompts.
    pub prompt: &'static str,
    pub values: Values,
    /// JSON schema of the answer, an object.
    pub schema: Value,
    pub max_output_tokens: u32,
    pub temperature: Option<f32>,
}

/// What the calls of a run have cost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Spent {
    pub model: String,
    pub tokens_in: i64,
    pub tokens_out: i64,
    pub cost_micros: i64,
}

/// The account's model, for one run of a function.
pub struct Model<'a> {
    pub(super) app: &'a App,
    pub(super) provider: &'a Provider,
    pub(super) context: &'a JobContext,
    pub(super) whose: Whose,
    pub(super) queued_at: chrono::DateTime<chrono::Utc>,
    pub(super) prompts: BTreeMap<&'static str, Template>,
    pub(super) asked: &'static str,
    pub(super) spent: Mutex<Spent>,
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
        let total = asks.len();
        let done = AtomicUsize::new(0);
        let (parse, done) = (&parse, &done);
        let questions: Vec<_> = asks
            .into_iter()
            .enumerate()
            .map(|(n, ask)| async move {
                let answer = self.ask(&ask, |value| parse(n, value)).await?;
                let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                let part = 0.5 + 0.5 * done as f64 / total as f64;
                let words = format!("{}: {done} of {total} answers", self.asked);
                self.context.progress(Phase::AiCall.at(part), words);
                Ok::<T, JobError>(answer)
            })
            .collect();
        let mut answers = futures_util::stream::iter(questions).buffered(AT_ONCE);
        let mut all = Vec::with_capacity(total);
        while let Some(answer) = answers.next().await {
            all.push(answer?);
        }
        Ok(all)
    }

    /// Asks one question; see [`Model::ask_each`].
    ///
    /// # Errors
    /// How the job ends.
    pub async fn ask<T>(
        &self,
        ask: &Ask,
        parse: impl Fn(Value) -> Result<T, String> + Send + Sync,
    ) -> Result<T, JobError> {
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
        let read = |answer: &ChatAnswer| {
            let value = schema::json_in(&answer.text).ok_or_else(|| "it is not JSON".to_owned())?;
            match schema::problems(&ask.schema, &value).as_slice() {
                [] => parse(value),
                problems => Err(problems.join("; ")),
            }
        };
        let answer = self.chat(&request).await?;
        let problem = match read(&answer) {
            Ok(value) => return Ok(value),
            Err(problem) => problem,
        };
        tracing::debug!(job = %self.whose.job, problem, "a model is asked again");
        request.messages.push(ChatMessage {
            role: ChatRole::Assistant,
            text: answer.text.chars().take(SHOWN).collect(),
        });
        request.messages.push(user(format!(
            "This answer cannot be used: {problem}. Answer again: only the whole JSON, in the form asked for."
        )));
        let answer = self.chat(&request).await?;
        read(&answer).map_err(|problem| {
            JobError::Fail(format!(
                "The model's answers could not be used, also when asked again: {problem}. Try again, or choose another \
                 model; nothing was charged. What it answered is in the transcripts."
            ))
        })
    }

    /// Whether vectors can be asked for.
    pub fn embeds(&self) -> bool {
        self.provider.embeds()
    }

    /// Vectors of texts, in parts, with progress.
    ///
    /// # Errors
    /// How the job ends.
    pub async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, JobError> {
        const PART: usize = 1_000;
        let mut vectors = Vec::with_capacity(texts.len());
        for part in texts.chunks(PART) {
            let mut pauses = 0;
            loop {
                self.context.check()?;
                let begun = std::time::Instant::now();
                let result = self.provider.embed(part, self.context.stop()).await;
                let asked = Asked::Vectors(part, result.as_ref());
                self.note(asked, self.provider.embedding_model(), begun.elapsed()).await;
                match result {
                    Ok(some) if some.vectors.len() == part.len() => {
                        vectors.extend(some.vectors);
                        let cost = self.provider.embedding_cost_micros(some.tokens);
                        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
                        spent.tokens_in += some.tokens;
                        spent.cost_micros += cost;
                        break;
                    }
                    Ok(_) => return Err(JobError::Fail("The provider answered with too few vectors.".into())),
                    Err(error) => self.pause(error, &mut pauses).await?,
                }
            }
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let share = 0.3 * vectors.len() as f64 / texts.len() as f64;
            let words = format!("Reading meanings: {} of {}", vectors.len(), texts.len());
            self.context.progress(Phase::AiCall.at(share), words);
        }
        Ok(vectors)
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

    async fn chat(&self, request: &ChatRequest) -> Result<ChatAnswer, JobError> {
        let mut pauses = 0;
        loop {
            self.context.check()?;
            let begun = std::time::Instant::now();
            let result = self.provider.chat(request, self.context.stop()).await;
            let asked = Asked::Chat(request, result.as_ref());
            self.note(asked, self.provider.model(), begun.elapsed()).await;
            match result {
                Ok(answer) => {
                    let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
                    spent.model.clone_from(&answer.model);
                    spent.tokens_in += answer.tokens_in;
                    spent.tokens_out += answer.tokens_out;
                    spent.cost_micros += self.provider.cost_micros(answer.tokens_in, answer.tokens_out);
                    return Ok(answer);
                }
                Err(error) => self.pause(error, &mut pauses).await?,
            }
        }
    }

    async fn note(&self, asked: Asked<'_>, model: &str, took: Duration) {
        let call = transcript::Call {
            asked,
            model,
            took,
            secrets: &self.provider.secrets(),
        };
        transcript::store(self.app, self.whose, call).await;
    }

    /// Waits out a short pause that the provider asks for; anything else ends the attempt.
    async fn pause(&self, error: ProviderError, pauses: &mut usize) -> Result<(), JobError> {
        if let ProviderError::RateLimited { retry_after } = &error
            && *pauses < SHORT_PAUSES
            && retry_after.is_some_and(|wait| wait <= SHORT_PAUSE)
        {
            *pauses += 1;
            let wait = retry_after.unwrap_or(PAUSE);
            tokio::select! {
                () = self.context.stop().cancelled() => {}
                () = tokio::time::sleep(wait) => {}
            }
            return self.context.check();
        }
        let waited = self.app.db.clock().now() - self.queued_at;
        Err(ended(&error, waited))
    }
}

/// How a job ends whose provider failed; `waited` since it was queued.
pub(super) fn ended(error: &ProviderError, waited: chrono::Duration) -> JobError {
    match error {
        ProviderError::RateLimited { retry_after } if waited < PATIENCE => {
            let wait = retry_after.unwrap_or(PAUSE).min(Duration::from_secs(3600));
            let wait = chrono::Duration::from_std(wait).unwrap_or(chrono::Duration::seconds(30));
            JobError::Later(wait, error.for_user())
        }
        ProviderError::Cancelled => JobError::Retry("The job was stopped.".into()),
        error if error.is_retryable() && !matches!(error, ProviderError::RateLimited { .. }) => {
            JobError::Retry(error.for_user())
        }
        error => JobError::Fail(error.for_user()),
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
