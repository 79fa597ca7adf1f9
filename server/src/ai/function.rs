//! What an AI function is: [`AiFunction`]; and what the engine keeps of it: [`Function`].

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use igny8_data::{JobId, Read, SiteScope, SurrealValue, Tx, Variables, Write};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::engine::{self, Running};
use super::model::{Asks, Model};
use super::parts::Parts;
use super::prompt::BuiltIn;
use crate::api::validate::Check;
use crate::api::{Error, FieldError, Result};
use crate::app::App;
use crate::features::billing::prices::Price;
use crate::jobs::{JobContext, JobError};

/// A unit of AI work: what goes in, what is asked, what is kept. The engine calls the parts in the order they stand here.
///
/// Minutes pass between [`AiFunction::prepare`] and [`AiFunction::save`]: what was read may have been changed or deleted.
pub trait AiFunction: Sized + Send + Sync + 'static {
    /// Stable: in addresses, prices, the usage log.
    const NAME: &'static str;
    /// One sentence for people.
    const ABOUT: &'static str;
    /// What its price counts: `keywords`.
    const UNIT: &'static str;
    /// What it costs unless the installation's configuration says otherwise. Named, so that nothing is free by oversight:
    /// `Price::each(0)` is.
    const PRICE: Price;
    /// What it does in each phase, in words for its user.
    const WORDS: Words;
    /// Whom it asks.
    const ASKS: Asks = Asks::Chat;
    /// The prompts it asks with. A task's own prompt replaces the first.
    const PROMPTS: &'static [BuiltIn];
    /// A run that takes longer has failed.
    const TIME_LIMIT: Duration = Duration::from_secs(30 * 60);

    /// What a request says; `deny_unknown_fields` and defaults by serde.
    type Payload: Serialize + DeserializeOwned + Clone + Send + Sync + 'static;
    /// What was read for it.
    type Input: Send + Sync + 'static;
    /// What the model or the local algorithm says.
    type Answer: Send + 'static;
    /// What is to be stored.
    type Output: Send + Sync + 'static;

    /// A payload for the documentation, with every field.
    fn example() -> Value;

    /// Checks what can be told from the payload alone. Field names as in the payload.
    fn check(payload: &Self::Payload, check: &mut Check);

    /// How much there is to do, by counting: the estimate, and the 402 before anything is queued. Nothing to do is 0.
    fn units(at: &At<'_>, payload: &Self::Payload) -> impl Future<Output = Result<i64>> + Send;

    /// Which other task of this function does the same. While one waits or runs, another is refused: it would be for nothing.
    /// None where several may run beside each other.
    fn same(_payload: &Self::Payload) -> Option<Same> {
        None
    }

    /// Reads what is needed. Credits are taken for the units found here, at most as many as were estimated.
    fn prepare(task: &Task<Self::Payload>) -> impl Future<Output = Result<Prepared<Self::Input>, JobError>> + Send;

    /// A prompt that what was read brings along, instead of the account's first one. One that the request names comes before.
    fn own_prompt(_input: &Self::Input) -> Option<&str> {
        None
    }

    /// The answer without a model: an algorithm, no waiting. Runs where computing does not disturb requests.
    fn local(input: &Self::Input) -> Self::Answer;

    /// The answer with a model: prompts and schemas go in, checked values come out ([`Model::ask_each`]).
    fn ask(input: Arc<Self::Input>, model: &Model<'_>) -> impl Future<Output = Result<Self::Answer, JobError>> + Send;

    /// From an answer to what is stored: rules, roles, bounds. Pure.
    ///
    /// # Errors
    /// Why nothing can be made of it, for its user.
    fn settle(input: &Self::Input, answer: Self::Answer) -> Result<Self::Output, String>;

    /// How an output is saved that may be too large for one unit of work.
    const PARTS: Option<Parts<Self>> = None;

    /// Adds the output, or a part of it, to the unit of work that also takes the credits and, with the last part, ends the
    /// job. It may be called again, with a new unit of work, when another writer was faster
    /// ([`igny8_data::DbError::Duplicate`] and stale rows).
    fn save(
        task: &Task<Self::Payload>,
        output: &Self::Output,
        tx: &mut Tx<'_>,
    ) -> impl Future<Output = Result<Saved, JobError>> + Send;
}

/// What another job of a function has in common with a task that does the same: a condition on its row, `payload.input` being
/// its payload.
pub struct Same {
    pub(super) condition: &'static str,
    pub(super) binds: Variables,
    /// With which the second of two is refused.
    pub(super) code: &'static str,
}

impl Same {
    pub fn when(condition: &'static str) -> Self {
        Self {
            condition,
            binds: Variables::new(),
            code: "in_progress",
        }
    }

    /// Refuses the second of two with another code than `in_progress`.
    pub fn refused_as(self, code: &'static str) -> Self {
        Self { code, ..self }
    }

    /// Binds a variable of the condition. The names begin with `same_`.
    pub fn with(mut self, name: &'static str, value: impl SurrealValue) -> Self {
        self.binds.insert(name, value);
        self
    }

    /// [`Same::with`] ids, as payloads name them.
    pub fn with_ids(self, name: &'static str, ids: &[impl ToString]) -> Self {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        self.with(name, ids)
    }
}

/// Where a request is made.
pub struct At<'a> {
    pub app: &'a App,
    pub scope: &'a SiteScope<Read>,
}

/// A run of a function.
pub struct Task<P> {
    pub app: App,
    pub scope: SiteScope<Write>,
    pub job: JobId,
    pub payload: P,
    pub(super) context: JobContext,
}

impl<P> Task<P> {
    /// Tells how much of a phase is done, in words.
    pub fn tell(&self, phase: Phase, part: f64, words: impl Into<String>) {
        self.context.progress(phase.at(part), words);
    }

    /// For between two steps.
    ///
    /// # Errors
    /// When the job must stop.
    pub fn check(&self) -> Result<(), JobError> {
        self.context.check()
    }
}

/// What [`AiFunction::prepare`] found.
pub struct Prepared<I> {
    pub input: I,
    /// What is paid for.
    pub units: i64,
}

/// What [`AiFunction::save`] did.
pub struct Saved {
    /// An object: the job's result.
    pub result: Value,
    /// Id of the thing it was for, for the usage log.
    pub target: Option<String>,
    /// What is paid for, where that is less than was prepared.
    pub units: Option<i64>,
}

/// The phases of a run and their share of the progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Init,
    Prep,
    AiCall,
    Parse,
    Save,
    Done,
}

impl Phase {
    /// Percent when this part (0 to 1) of the phase is done.
    pub fn at(self, part: f64) -> f64 {
        let (from, to) = match self {
            Self::Init => (0.0, 10.0),
            Self::Prep => (10.0, 20.0),
            Self::AiCall => (20.0, 80.0),
            Self::Parse => (80.0, 90.0),
            Self::Save => (90.0, 100.0),
            Self::Done => (100.0, 100.0),
        };
        from + (to - from) * part.clamp(0.0, 1.0)
    }
}

/// A function's words for its phases.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// "Reading keywords".
    pub prep: &'static str,
    /// "Grouping keywords".
    pub call: &'static str,
    /// "Naming clusters": what is counted while a model is asked.
    pub asked: &'static str,
    /// "Checking clusters".
    pub parse: &'static str,
    /// "Saving clusters".
    pub save: &'static str,
    /// "Clusters are ready".
    pub done: &'static str,
}

/// A checked payload: how much there is to do, and the payload with its defaults filled in.
pub(super) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

trait Erased: Send + Sync {
    fn example(&self) -> Value;
    fn read(&self, payload: &Value) -> Result<Value>;
    fn units<'a>(&'a self, at: At<'a>, payload: &'a Value) -> BoxFuture<'a, Result<i64>>;
    fn same(&self, payload: &Value) -> Result<Option<Same>>;
    fn run<'a>(&'a self, running: Running) -> BoxFuture<'a, Result<Value, JobError>>;
}

struct Of<F>(std::marker::PhantomData<F>);

impl<F: AiFunction> Erased for Of<F> {
    fn example(&self) -> Value {
        F::example()
    }

    fn read(&self, payload: &Value) -> Result<Value> {
        let read: F::Payload = payload_of::<F>(payload)?;
        let mut check = Check::new();
        F::check(&read, &mut check);
        check.finish()?;
        serde_json::to_value(read).map_err(Error::internal)
    }

    fn units<'a>(&'a self, at: At<'a>, payload: &'a Value) -> BoxFuture<'a, Result<i64>> {
        Box::pin(async move {
            let payload = payload_of::<F>(payload)?;
            F::units(&at, &payload).await
        })
    }

    fn same(&self, payload: &Value) -> Result<Option<Same>> {
        let same = F::same(&payload_of::<F>(payload)?);
        Ok(same.map(|same| same.with("same_function", F::NAME.to_owned())))
    }

    fn run<'a>(&'a self, running: Running) -> BoxFuture<'a, Result<Value, JobError>> {
        Box::pin(engine::run_function::<F>(running))
    }
}

pub(super) fn payload_of<F: AiFunction>(payload: &Value) -> Result<F::Payload> {
    serde_json::from_value(payload.clone()).map_err(|error| {
        let message = error.to_string();
        // "unknown field `x`, …", "missing field `x`": the field that is meant is the first in quotes.
        let named = ["unknown field `", "missing field `"]
            .iter()
            .find_map(|start| message.strip_prefix(start)?.split_once('`'))
            .map(|(field, _)| field.to_owned());
        Error::invalid(vec![FieldError::new(
            named.map_or("input".to_owned(), |field| format!("input.{field}")),
            message,
        )])
    })
}

/// A registered function, whatever its types.
pub struct Function {
    pub name: &'static str,
    pub about: &'static str,
    pub unit: &'static str,
    /// [`AiFunction::PRICE`].
    pub declared: Price,
    pub asks: Asks,
    pub prompts: &'static [BuiltIn],
    pub time_limit: Duration,
    of: Box<dyn Erased>,
}

impl Function {
    pub fn of<F: AiFunction>() -> Self {
        Self {
            name: F::NAME,
            about: F::ABOUT,
            unit: F::UNIT,
            declared: F::PRICE,
            asks: F::ASKS,
            prompts: F::PROMPTS,
            time_limit: F::TIME_LIMIT,
            of: Box::new(Of::<F>(std::marker::PhantomData)),
        }
    }

    /// A payload for the documentation.
    pub fn example(&self) -> Value {
        self.of.example()
    }

    /// Reads and checks a payload; answers it with its defaults filled in.
    ///
    /// # Errors
    /// 422 naming the fields.
    pub fn read(&self, payload: &Value) -> Result<Value> {
        self.of.read(payload)
    }

    /// How much there is to do for a payload that was read.
    ///
    /// # Errors
    /// 422 when it names what is not there; when the database fails.
    pub async fn units(&self, app: &App, scope: &SiteScope<Read>, payload: &Value) -> Result<i64> {
        self.of.units(At { app, scope }, payload).await
    }

    /// [`AiFunction::same`] for a payload that was read, with the function's name bound as `$same_function`.
    ///
    /// # Errors
    /// 422 naming the fields.
    pub(super) fn same(&self, payload: &Value) -> Result<Option<Same>> {
        self.of.same(payload)
    }

    /// What it costs in an installation.
    pub fn price(&self, app: &App) -> Price {
        app.config
            .billing
            .prices
            .get(self.name)
            .copied()
            .unwrap_or(self.declared)
    }

    pub(super) async fn run(&self, running: Running) -> Result<Value, JobError> {
        self.of.run(running).await
    }
}

/// Every function, as registered.
pub fn all() -> &'static [Function] {
    static ALL: std::sync::LazyLock<Vec<Function>> = std::sync::LazyLock::new(super::functions::all);
    &ALL
}

/// The function of a name.
pub fn find(name: &str) -> Option<&'static Function> {
    let found = all().iter().find(|function| function.name == name);
    #[cfg(any(test, feature = "testing"))]
    let found = found.or_else(|| crate::testing::function(name));
    found
}
