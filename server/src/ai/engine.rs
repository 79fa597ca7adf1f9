//! The one way a function runs: checked and queued by [`run_ai_task`], worked off by [`job`] in six phases.
//!
//! Credits: the request is refused (402) unless the balance covers this task and those that wait already; the charge itself
//! is part of the transaction that saves the output and ends the job, and only whoever holds the job's lease can commit
//! that. So a failed, cancelled or repeated job costs nothing, and a done one costs once. A large output is saved and paid for
//! in parts ([`super::parts`]).

use std::sync::Arc;

use igny8_data::queue::Lease;
use igny8_data::{
    Access, AccountScope, Actor, DbError, JobId, JobRow, NewJob, Read, RecordKey as _, SiteDb, SiteScope, Tx,
    Variables, Write,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::function::{self, AiFunction, Function, Phase, Prepared, Same, Task};
use super::kept;
use super::model::{self, Asks, Model, Service};
use super::parts::Begun;
use super::prompt::{self, Template};
use super::provider::{self, NotUsable};
use super::transcript::Whose;
use crate::api::{Error, FieldError, Result};
use crate::app::App;
use crate::features::billing::model::{Balance, BalanceId, UsageId};
use crate::features::billing::prices::Price;
use crate::features::billing::{self, Spend, ledger};
use crate::jobs::{JobContext, JobError, JobType};

/// The kind of every function's jobs.
pub const KIND: &str = "ai_task";
/// A provider that is down is tried this often; who only asks to wait is waited for ([`model`]).
const ATTEMPTS: i64 = 3;
/// Times the output is saved again because another writer was faster.
const SAVES: usize = 4;

/// What a job of [`KIND`] stores: ids and the request, no rights.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Payload {
    function: String,
    input: Value,
    /// The task's own prompt.
    prompt: Option<String>,
    /// The most it may cost, as estimated.
    credits: i64,
}

/// What a task would cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    pub units: i64,
    pub price: Price,
    pub credits: i64,
    /// What the account has.
    pub balance: i64,
    /// What tasks that wait or run will take of it.
    pub reserved: i64,
}

impl Estimate {
    pub fn enough(&self) -> bool {
        self.balance - self.reserved >= self.credits
    }
}

/// Counts what there is to do and what it costs. Nothing is queued or taken.
///
/// # Errors
/// 404 for an unknown function, 422 naming wrong fields.
pub async fn estimate(app: &App, scope: &SiteScope<Read>, name: &str, input: &Value) -> Result<Estimate> {
    let function = function::find(name).ok_or_else(Error::not_found)?;
    let input = function.read(input)?;
    counted(app, scope, function, &input).await
}

async fn counted(app: &App, scope: &SiteScope<Read>, function: &Function, input: &Value) -> Result<Estimate> {
    let units = function.units(app, scope, input).await?;
    let price = function.price(app);
    let (balance, reserved) = credits(app, &scope.actor().account::<Read>()?).await?;
    Ok(Estimate {
        units,
        price,
        credits: price.of(units),
        balance,
        reserved,
    })
}

/// Credits of waiting and running tasks of the account.
const RESERVED: &str = "math::sum((SELECT VALUE payload.credits FROM job WHERE state INSIDE ['queued', 'running'] \
                        AND account = $account AND kind = 'ai_task'))";

async fn credits<A: Access>(app: &App, scope: &AccountScope<A>) -> Result<(i64, i64), DbError> {
    let db = app.db.account(scope);
    let id = BalanceId::from_ulid(scope.account().ulid());
    let balance = db.get::<Balance>(id).await?.map_or(0, |balance| balance.total());
    let sql = format!("RETURN {RESERVED};");
    let mut answer = db.query(&sql, Variables::new(), "adding up waiting tasks").await?;
    Ok((balance, answer.one::<i64>(0)?.unwrap_or(0)))
}

/// Checks a task and its credits and queues it, in one transaction. The account is the scope's: nothing else can be named.
///
/// # Errors
/// 404 for an unknown function, 422 naming wrong fields or a wrong prompt, 402 saying what is missing, 409 where a task that does
/// the same waits or runs.
pub async fn run_ai_task(
    app: &App,
    scope: &SiteScope<Write>,
    name: &str,
    input: &Value,
    own_prompt: Option<String>,
) -> Result<JobId> {
    run_ai_task_with(app, scope, name, input, own_prompt, &mut |_, _| {}).await
}

/// [`run_ai_task`], with what else belongs into the transaction that queues the job.
///
/// # Errors
/// As there, and what `also` brings about.
pub async fn run_ai_task_with(
    app: &App,
    scope: &SiteScope<Write>,
    name: &str,
    input: &Value,
    own_prompt: Option<String>,
    also: &mut (dyn FnMut(&mut Tx<'_>, JobId) + Send),
) -> Result<JobId> {
    let function = function::find(name).ok_or_else(Error::not_found)?;
    let input = function.read(input)?;
    if let Some(text) = &own_prompt {
        let wrong = |message: String| Error::invalid(vec![FieldError::new("prompt", message)]);
        let first = function
            .prompts
            .first()
            .ok_or_else(|| wrong("this function has no prompt".into()))?;
        Template::parse(text, first.placeholders).map_err(|problems| wrong(problems.join("; ")))?;
    }
    let estimate = counted(app, &scope.reading(), function, &input).await?;
    let same = function.same(&input)?;
    if let Some(same) = &same {
        not_done_already(&app.db.site(scope), same).await?;
    }
    if estimate.units <= 0 {
        return Err(Error::rule("nothing_to_do", nothing_to_do(function)));
    }
    let missing = |estimate: &Estimate| ledger::missing(estimate.credits, estimate.balance - estimate.reserved);
    if !estimate.enough() {
        return Err(missing(&estimate));
    }
    let payload = Payload {
        function: function.name.to_owned(),
        input,
        prompt: own_prompt,
        credits: estimate.credits,
    };
    let payload = serde_json::to_value(payload).map_err(Error::internal)?;
    let id: JobId = app.db.ids().make();
    let mut tx = app.db.site(scope).tx();
    let in_progress = same.as_ref().map(|same| same.code);
    if let Some(same) = same {
        // Of two requests at once the second one sees the first one's job only here; see `reserve`.
        tx.require(&format!("{} = []", doing(&same)), same.binds, same.code);
    }
    reserve(&mut tx, scope, estimate.credits);
    tx.enqueue_as(id, NewJob::new(KIND, payload).attempts(ATTEMPTS));
    also(&mut tx, id);
    match tx.commit().await {
        Ok(_) => Ok(id),
        // Others were faster: say what is missing now.
        Err(DbError::Refused(code)) if code == "not_enough_credits" => {
            let (balance, reserved) = credits(app, &scope.actor().account::<Read>()?).await?;
            Err(missing(&Estimate {
                balance,
                reserved,
                ..estimate
            }))
        }
        Err(DbError::Refused(code)) if in_progress == Some(code.as_str()) => Err(done_by(&code, "Another job")),
        Err(error) => Err(error.into()),
    }
}

/// A job that waits or runs and does the same.
fn doing(same: &Same) -> String {
    format!(
        "(SELECT VALUE id FROM job WHERE state INSIDE ['queued', 'running'] AND site = $site AND account = $account \
         AND kind = 'ai_task' AND payload.`function` = $same_function AND ({}) LIMIT 1)",
        same.condition
    )
}

async fn not_done_already(db: &SiteDb<'_, Write>, same: &Same) -> Result<()> {
    let sql = format!("RETURN {};", doing(same));
    let mut answer = db
        .query(&sql, same.binds.clone(), "looking for jobs that do the same")
        .await?;
    match answer.rows::<JobId>(0)?.first() {
        None => Ok(()),
        Some(job) => Err(done_by(same.code, &format!("The job {job}"))),
    }
}

/// The refusal of a task that a job does already.
fn done_by(code: &str, job: &str) -> Error {
    Error::conflict(
        code,
        format!("{job}, which waits or runs, does the same. Wait for its end, or cancel it first."),
    )
}

/// Why a task would have nothing to do.
fn nothing_to_do(function: &Function) -> String {
    match function.name {
        "generate_ideas" => {
            "There are no clusters to work on: there are none, or their keywords are aimed at already, by \
                             ideas, tasks or content."
                .to_owned()
        }
        _ => format!("There are no {} to work on.", function.unit),
    }
}

/// Requires that the balance covers what waits and this. The balance's row is written, so that two requests at once collide
/// and the second one sees the first one's job.
fn reserve(tx: &mut Tx<'_>, scope: &SiteScope<Write>, credits: i64) {
    let mut binds = Variables::new();
    binds.insert("reserve_of", BalanceId::from_ulid(scope.account().ulid()));
    binds.insert("reserve_credits", credits);
    tx.statement(
        &format!(
            "LET $reserve_row = (UPDATE ONLY $reserve_of SET rev += 1 WHERE account = $account AND $site != NONE);\n\
             IF ($reserve_row.plan_credits ?? 0) + ($reserve_row.bonus_credits ?? 0) - {RESERVED} < $reserve_credits \
             {{ THROW 'not_enough_credits' }}"
        ),
        binds,
    );
}

/// The job that runs every function.
pub fn job() -> JobType {
    JobType::new(KIND, |app, job, context| async move { run(&app, job, context).await })
}

/// What [`run_function`] starts from.
pub struct Running {
    app: App,
    price: Price,
    asking: Arc<model::State>,
    job: JobRow,
    context: JobContext,
    actor: Actor,
    scope: SiteScope<Write>,
    payload: Payload,
    begun: Option<Begun>,
}

async fn run(app: &App, job: JobRow, context: JobContext) -> Result<Value, JobError> {
    context.progress(Phase::Init.at(0.0), "Starting");
    let payload: Payload = serde_json::from_value(job.payload.clone())
        .map_err(|error| JobError::Fail(format!("The task cannot be read: {error}.")))?;
    let function = function::find(&payload.function)
        .ok_or_else(|| JobError::Fail(format!("There is no function {}.", payload.function)))?;
    let actor = context.actor(&app.db, &job).await?;
    let site = job
        .site
        .ok_or_else(|| JobError::Fail("The task names no site.".into()))?;
    let scope = actor.site::<Write>(&app.db, site).await?;
    let begun = Begun::of(app, job.id).await?;
    // Before anybody computes or asks a model for it.
    let (balance, _) = credits(app, &actor.account::<Read>()?).await?;
    let left = payload.credits - begun.as_ref().map_or(0, |begun| begun.credits);
    if balance < left {
        return Err(too_few(left, balance));
    }
    let limit = function.time_limit;
    let asking = Arc::new(model::State::new(limit, job.waits_since.unwrap_or(job.created_at)));
    let running = Running {
        app: app.clone(),
        price: function.price(app),
        asking: asking.clone(),
        job,
        context,
        actor,
        scope,
        payload,
        begun,
    };
    tokio::time::timeout(limit, function.run(running))
        .await
        .unwrap_or_else(|_| {
            if asking.got_on() {
                return Err(model::goes_on());
            }
            let minutes = limit.as_secs() / 60;
            Err(JobError::Fail(format!(
                "It took longer than {minutes} minutes and was stopped; only what it had saved by then was charged. Try a smaller part of it."
            )))
        })
}

fn too_few(needed: i64, balance: i64) -> JobError {
    JobError::Fail(ledger::missing(needed, balance).into_problem().detail)
}

pub(super) async fn run_function<F: AiFunction>(running: Running) -> Result<Value, JobError> {
    let Running {
        app,
        price,
        asking,
        job,
        context,
        actor,
        scope,
        payload,
        begun,
    } = running;
    let own = |error: Error| JobError::Fail(error.into_problem().detail);
    let task = Task {
        payload: function::payload_of::<F>(&payload.input).map_err(own)?,
        app: app.clone(),
        scope,
        job: job.id,
        context: context.clone(),
    };
    let whose = Whose {
        account: job.account,
        site: task.scope.site(),
        job: job.id,
        function: F::NAME,
    };
    let saving = Saving::<F> {
        task: &task,
        whose,
        lease: context.lease(),
        price,
        most: payload.credits,
    };
    if let Some(begun) = begun {
        task.tell(Phase::Save, 0.0, F::WORDS.save);
        let parts = Begun::parts::<F>(&app, job.id).await?;
        let still = context.still(&app.db).await?;
        let saved = saving.parts(&parts, begun).await;
        drop(still);
        return saved;
    }
    let model = service_of(&app, &actor, F::ASKS).await?;

    task.tell(Phase::Prep, 0.0, F::WORDS.prep);
    let Prepared { input, units } = F::prepare(&task).await?;
    context.check()?;
    if units <= 0 {
        return Err(JobError::Fail(format!("There are no {} left to work on.", F::UNIT)));
    }
    task.tell(Phase::AiCall, 0.0, format!("{}: {units} {}", F::WORDS.call, F::UNIT));
    let input = Arc::new(input);
    let answer = match &model {
        None => local::<F>(&app, &context, input.clone()).await?,
        Some(service) => {
            let model = Model {
                app: &app,
                service,
                context: &context,
                whose,
                scope: task.scope.reading(),
                prompts: prompts_of::<F>(&app, &actor, payload.prompt.as_deref().or(F::own_prompt(&input))).await?,
                asked: F::WORDS.asked,
                state: &asking,
            };
            F::ask(input.clone(), &model).await?
        }
    };
    context.check()?;

    task.tell(Phase::Parse, 0.0, F::WORDS.parse);
    let settled = {
        let input = input.clone();
        app.blocking
            .run(context.stop(), move || F::settle(&input, answer))
            .await?
    };
    let output = match settled {
        Ok(output) => output,
        Err(why) => {
            // Who runs the job again wants other answers.
            let mut tx = app.db.site(&task.scope).tx();
            kept::forget_all(&mut tx, job.id);
            tx.commit().await?;
            return Err(JobError::Fail(why));
        }
    };

    task.tell(Phase::Save, 0.0, F::WORDS.save);
    let still = context.still(&app.db).await?;
    let begun = Begun {
        units,
        local: model.is_none(),
        ..Begun::default()
    };
    let saved = saving.output(output, begun).await;
    drop(still);
    saved
}

async fn local<F: AiFunction>(app: &App, context: &JobContext, input: Arc<F::Input>) -> Result<F::Answer, JobError> {
    app.blocking.run(context.stop(), move || F::local(&input)).await
}

/// Whom the account has for what a function asks, or none: then the function's own algorithm serves. One that cannot be used is
/// an error.
async fn service_of(app: &App, actor: &Actor, asks: Asks) -> Result<Option<Service>, JobError> {
    let scope = actor.account::<Read>()?;
    let found = match asks {
        Asks::Chat => provider::configured(app, &scope)
            .await
            .map(|found| found.map(Service::Chat)),
        Asks::Pictures => provider::images::configured(app, &scope)
            .await
            .map(|found| found.map(Service::Pictures)),
    };
    match found {
        Ok(found) => Ok(found),
        Err(NotUsable::Db(error)) => Err(error.into()),
        Err(NotUsable::Provider(error)) => Err(JobError::Fail(error.for_user())),
    }
}

async fn prompts_of<F: AiFunction>(
    app: &App,
    actor: &Actor,
    own: Option<&str>,
) -> Result<std::collections::BTreeMap<&'static str, Template>, JobError> {
    let mut prompts = prompt::of_account(app, &actor.account::<Read>()?, F::PROMPTS).await?;
    if let (Some(text), Some(first)) = (own, F::PROMPTS.first()) {
        let template = Template::parse(text, first.placeholders)
            .map_err(|problems| JobError::Fail(format!("The task's prompt {}.", problems.join("; "))))?;
        prompts.insert(first.name, template);
    }
    Ok(prompts)
}

/// What saving an output takes.
struct Saving<'a, F: AiFunction> {
    task: &'a Task<F::Payload>,
    whose: Whose,
    lease: Lease,
    price: Price,
    /// Credits, as estimated.
    most: i64,
}

impl<F: AiFunction> Saving<'_, F> {
    async fn output(&self, output: F::Output, begun: Begun) -> Result<Value, JobError> {
        let parts = match &F::PARTS {
            None => vec![output],
            Some(of) => {
                let parts = (of.split)(self.task, output);
                if parts.len() > 1 {
                    begun.begin(self.task, self.whose, self.lease, of, &parts).await?;
                }
                parts
            }
        };
        self.parts(&parts, begun).await
    }

    /// Saves what is not saved yet.
    async fn parts(&self, parts: &[F::Output], mut begun: Begun) -> Result<Value, JobError> {
        let count = parts.len();
        for (place, part) in parts.iter().enumerate().skip(begun.saved) {
            begun = self.part(part, place, place + 1 == count, begun).await?;
            #[expect(clippy::cast_precision_loss, reason = "some hundred at most")]
            let done = begun.saved as f64 / count as f64;
            self.task.tell(Phase::Save, done, F::WORDS.save);
        }
        Ok(begun.result.unwrap_or_default())
    }

    /// Saves and charges a part, and ends the job with the last one, all or nothing.
    async fn part(&self, part: &F::Output, place: usize, last: bool, begun: Begun) -> Result<Begun, JobError> {
        let task = self.task;
        let (app, account) = (&task.app, task.scope.account());
        let mut attempt = 1;
        loop {
            task.check()?;
            let mut tx = app.db.site(&task.scope).tx();
            let saved = F::save(task, part, &mut tx).await?;
            let units = begun
                .saved_units
                .saturating_add(saved.units.unwrap_or(begun.units))
                .min(begun.units);
            // Of all so far, so that what is rounded up is rounded once.
            let all = self.price.of(units).min(self.most);
            let credits = (all - begun.credits).max(0);
            let reference = match place {
                0 => format!("job/{}", task.job),
                _ => format!("job/{}/{}", task.job, place + 1),
            };
            let spend = Spend {
                usage: UsageId::from_ulid(task.job.ulid()),
                operation: F::NAME,
                credits,
                model: begun.local.then(|| "local".to_owned()),
                target: saved.target,
                description: format!("{}: {} {}", F::NAME, units - begun.saved_units, F::UNIT),
                reference,
            };
            billing::spend(&mut tx, app, account, spend);
            let result = match (&F::PARTS, &begun.result) {
                (Some(of), Some(before)) => (of.sum)(before.clone(), saved.result),
                _ => saved.result,
            };
            let next = Begun {
                units: begun.units,
                local: begun.local,
                saved: place + 1,
                saved_units: units,
                credits: begun.credits + credits,
                result: Some(result.clone()),
            };
            if last {
                kept::forget_all(&mut tx, task.job);
                tx.finish_job(self.lease, F::WORDS.done, &result);
            } else {
                next.keep(app, self.whose, self.lease, &mut tx)?;
            }
            match tx.commit().await {
                Ok(_) => return Ok(next),
                Err(error) if billing::not_enough(&error) => {
                    let (balance, _) = self::credits(app, &task.scope.actor().account::<Read>()?).await?;
                    return Err(too_few(credits, balance));
                }
                // Cancelled, or another worker's by now; whatever is answered, the queue does not take it.
                Err(DbError::Refused(code)) if code == "lease_lost" => {
                    return Err(JobError::Retry("The job was stopped.".into()));
                }
                Err(error) if ledger::charged_before(&error) => {
                    return Err(JobError::Fail("This job was charged and saved before.".into()));
                }
                Err(DbError::Stale | DbError::Duplicate { .. } | DbError::Refused(_)) if attempt < SAVES => {
                    attempt += 1
                }
                Err(DbError::Refused(code)) => {
                    if place == 0 && F::PARTS.is_some() {
                        Begun::forget(app, task.job).await?;
                    }
                    return Err(JobError::Retry(format!(
                        "What it works on was changed meanwhile ({}); nothing was charged{}.",
                        code.replace('_', " "),
                        if place > 0 { " beyond what is saved" } else { "" }
                    )));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}
