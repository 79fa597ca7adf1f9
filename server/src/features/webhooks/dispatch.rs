//! The job that sends the messages of an account.
//!
//! One at a time for each account, which a row with a deadline sees to ([`Turn`]). It finds out who wants the messages that wait, and
//! then drives each endpoint by itself: at most [`LANES`] requests at once to one of them, and none waits for another. So an account
//! takes one worker for its webhooks, whatever its endpoints do, and gives it back now and then ([`SLICE`]): once the requests have
//! ended that run then, while the other endpoints are still served ([`Round`]).

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration as Time, Instant};

use chrono::{DateTime, Utc};
use futures_util::stream::{self, FuturesUnordered};
use futures_util::{StreamExt as _, TryStreamExt as _};
use igny8_data::{
    AccountId, AccountScope, AccountStatus, AuthError, DbError, JobId, JobRow, NewJob, RecordKey as _, Select, SiteId,
    SurrealValue, Variables, Why, Write, id_type,
};
use serde_json::json;

use super::event;
use super::model::{Delivery, Endpoint, EndpointId, Message, MessageId};
use super::send;
use crate::app::App;
use crate::features::publishing::address_of;
use crate::features::sites::Site;
use crate::jobs::{JobContext, JobError, JobType};

/// The kind of job.
pub const KIND: &str = "send_webhooks";

/// Attempts of a job whose database is away; with growing pauses that is days.
const ATTEMPTS: i64 = 50;
/// Requests at once to one endpoint.
const LANES: usize = 4;
/// Messages fanned out together, and deliveries that an endpoint takes at once.
const BATCH: usize = 50;
/// How long a job keeps its worker, about; then it queues the next one.
const SLICE: Time = Time::from_secs(20);
/// Whose requests end so soon after that is not what the job waits for.
const PROMPT: Time = Time::from_secs(1);
/// How long it serves others at most, while it waits for those who are not prompt.
const LONGEST: Time = SLICE.saturating_add(send::TIMEOUT);
/// How often it looks for what was queued meanwhile.
const LOOK: Time = Time::from_millis(500);
/// How long an account's turn lasts without a sign of life, and how often one is given.
const TURN: &str = "60s";
const SIGN_OF_LIFE: Time = Time::from_secs(15);

id_type!(
    /// The turn of an account's jobs; its key is the account's.
    TurnId, "webhook_turn", "whturn_"
);

/// The job that sends what waits now.
pub fn soon() -> NewJob {
    NewJob::new(KIND, json!({})).key(KIND).attempts(ATTEMPTS)
}

/// The job that sends what is due then.
fn at(time: DateTime<Utc>) -> NewJob {
    let key = format!("{KIND}/{}", time.timestamp_millis());
    NewJob::new(KIND, json!({})).key(key).attempts(ATTEMPTS).run_at(time)
}

/// The job type, for the registry.
pub fn job() -> JobType {
    JobType::new(KIND, run)
}

async fn run(app: App, job: JobRow, context: JobContext) -> Result<serde_json::Value, JobError> {
    let nothing = |reason: &str| Ok(json!({ "reason": reason }));
    let actor = match app.db.system_actor(job.account, Why::Queue).await {
        Ok(actor) => actor,
        Err(AuthError::Db(error)) => return Err(error.into()),
        Err(_) => return nothing("the account is gone"),
    };
    let scope = match actor.account::<Write>() {
        Ok(scope) if actor.account_status() != AccountStatus::Cancelled => scope,
        _ => return nothing("the account is closed"),
    };
    let turn = Turn {
        app: &app,
        account: job.account,
        job: job.id,
    };
    if !turn.take().await? {
        return nothing("another job is sending them");
    }
    let sent = send_all(&app, &scope, &turn, &context).await;
    turn.give_back().await?;
    let sent = sent?;
    // Only now: whoever found the turn taken left what it was for to this job.
    if let Some(next) = next(&app, &scope).await? {
        let mut tx = app.db.account(&scope).tx();
        tx.enqueue(next);
        tx.commit().await?;
    }
    Ok(json!({ "sent": sent }))
}

/// Which job sends an account's messages.
struct Turn<'a> {
    app: &'a App,
    account: AccountId,
    job: JobId,
}

impl Turn<'_> {
    /// Takes the turn, or keeps it; false while another job has it.
    async fn take(&self) -> Result<bool, DbError> {
        let sql = format!(
            "LET $now = $hand ?? time::now();\
             IF ((SELECT VALUE job FROM ONLY $turn WHERE until > $now) ?? $job) = $job \
             {{ UPSERT $turn SET account = $account, job = $job, until = $now + {TURN} RETURN NONE; RETURN true }} \
             ELSE {{ RETURN false }};"
        );
        let mut answer = self.query(&sql, "taking a turn").await?;
        Ok(answer.one::<bool>(1)? == Some(true))
    }

    /// Gives a sign of life.
    async fn keep(&self) -> Result<(), JobError> {
        if self.take().await? {
            Ok(())
        } else {
            Err(JobError::Retry("Another job took over.".into()))
        }
    }

    async fn give_back(&self) -> Result<(), DbError> {
        let sql = "DELETE $turn WHERE job = $job AND account = $account RETURN NONE;";
        self.query(sql, "giving a turn back").await.map(|_| ())
    }

    async fn query(&self, sql: &str, doing: &'static str) -> Result<igny8_data::Answer, DbError> {
        let clock = self.app.db.clock();
        let mut binds = Variables::new();
        binds.insert("turn", TurnId::from_ulid(self.account.ulid()));
        binds.insert("account", self.account);
        binds.insert("job", self.job);
        // The database's clock, which all hosts agree on, unless time is set by hand.
        binds.insert("hand", clock.is_manual().then(|| clock.now()));
        self.app.db.platform(Why::Queue).query(sql, binds, doing).await
    }
}

/// Sends until nothing is due or the time is over; answers how many attempts were made.
async fn send_all(
    app: &App,
    scope: &AccountScope<Write>,
    turn: &Turn<'_>,
    context: &JobContext,
) -> Result<usize, JobError> {
    let begun = Instant::now();
    let over = AtomicBool::new(false);
    let is_stopped = || context.stop().is_cancelled();
    let in_slice = || begun.elapsed() < SLICE && !is_stopped();
    let in_overtime = || !over.load(Ordering::Acquire) && begun.elapsed() < LONGEST && !is_stopped();
    let mut alive = begun;
    let mut round = Round::default();
    let mut endpoints = FuturesUnordered::new();
    let mut sent = 0;
    loop {
        let goes_on: &(dyn Fn() -> bool + Sync) = if in_slice() { &in_slice } else { &in_overtime };
        over.store(round.is_over(begun.elapsed()), Ordering::Release);
        if goes_on() {
            fan_out_all(app, scope, turn, goes_on).await?;
            for endpoint in due(app, scope).await? {
                if round.begin(endpoint) {
                    endpoints.push(async move { (endpoint, drive(app, scope, endpoint, goes_on).await) });
                }
            }
        }
        if endpoints.is_empty() {
            return Ok(sent);
        }
        if alive.elapsed() > SIGN_OF_LIFE {
            alive = Instant::now();
            turn.keep().await?;
        }
        tokio::select! {
            Some((endpoint, attempts)) = endpoints.next() => {
                round.end(endpoint, begun.elapsed());
                match attempts? {
                    0 => tokio::time::sleep(LOOK).await,
                    some => sent += some,
                }
            }
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// The endpoints that a job drives.
#[derive(Default)]
struct Round {
    driven: HashSet<EndpointId>,
    /// Those of them that had requests when the slice was over, once it is: the job waits for them.
    waited_for: Option<HashSet<EndpointId>>,
}

impl Round {
    /// Whether nothing new is to be taken: the slice is over, and so is what ran then.
    fn is_over(&mut self, elapsed: Time) -> bool {
        if elapsed < SLICE {
            return false;
        }
        let driven = &self.driven;
        self.waited_for.get_or_insert_with(|| driven.clone()).is_empty()
    }

    /// Whether an endpoint is to be driven now.
    fn begin(&mut self, endpoint: EndpointId) -> bool {
        self.driven.insert(endpoint)
    }

    /// It is not driven any more. One that the job had to wait for is not begun again, or it would be waited for again.
    fn end(&mut self, endpoint: EndpointId, elapsed: Time) {
        let was_waited_for = self.waited_for.as_mut().is_some_and(|ids| ids.remove(&endpoint));
        if !was_waited_for || elapsed < SLICE + PROMPT {
            self.driven.remove(&endpoint);
        }
    }
}

/// Makes deliveries of all messages that wait. However many they are, the turn is kept meanwhile.
async fn fan_out_all(
    app: &App,
    scope: &AccountScope<Write>,
    turn: &Turn<'_>,
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Result<(), JobError> {
    while fan_out(app, scope).await? == BATCH && goes_on() {
        turn.keep().await?;
    }
    Ok(())
}

/// Makes deliveries of messages that wait; answers how many messages it took.
async fn fan_out(app: &App, scope: &AccountScope<Write>) -> Result<usize, JobError> {
    let db = app.db.account(scope);
    let sql = format!(
        "SELECT * FROM webhook_message WITH INDEX webhook_message_waiting WHERE waiting = true AND account = $account \
         LIMIT {BATCH};"
    );
    let mut messages: Vec<Message> = db
        .query(&sql, Variables::new(), "looking for messages")
        .await?
        .rows(0)?;
    if messages.is_empty() {
        return Ok(0);
    }
    let endpoints = db.list::<Endpoint>(Select::new().equals("enabled", true)).await?;
    let mut ids: Vec<SiteId> = messages.iter().filter_map(|message| message.site).collect();
    ids.sort_unstable();
    ids.dedup();
    let sites = db.list::<Site>(Select::new().one_of("id", ids)).await?;
    let now = app.db.clock().now();
    let mut deliveries = Vec::new();
    for message in &mut messages {
        let site = sites.iter().find(|site| Some(site.id) == message.site);
        let data = with_address(
            &message.data,
            site.map(|site| (address_of(app, site), site.language.as_str())),
        );
        message.body = Some(event::body(&message.event, message.created_at, &data));
        message.waiting = None;
        let wanting = endpoints.iter().filter(|e| e.wants(&message.event, message.site));
        deliveries.extend(wanting.map(|endpoint| Delivery::new(app.db.ids().make(), endpoint.id, message, now)));
    }
    let taken = messages.len();
    let mut tx = db.tx();
    tx.replace_all(&mut messages).create_all(deliveries);
    match tx.commit().await {
        Ok(_) => Ok(taken),
        // A job that was believed dead did it in this moment.
        Err(DbError::Stale | DbError::Duplicate { .. }) => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// The data of an event with the address of what it is about: only now is its site looked at, so that a change waits for nothing.
fn with_address(data: &serde_json::Value, site: Option<(String, &str)>) -> serde_json::Value {
    let mut data = data.clone();
    let Some((address, language)) = site else { return data };
    let url = match (
        data["content"].as_str(),
        data["path"].as_str(),
        data["language"].as_str(),
    ) {
        (Some(_), Some(path), Some(own)) if own == language => format!("{address}{path}"),
        (Some(_), Some(path), Some(own)) => format!("{address}/{own}{path}"),
        _ if data["deployment"].is_string() => address,
        _ => return data,
    };
    data["url"] = url.into();
    data
}

/// The endpoints that something is due for.
async fn due(app: &App, scope: &AccountScope<Write>) -> Result<Vec<EndpointId>, JobError> {
    let sql = "SELECT VALUE id FROM webhook_endpoint WITH INDEX webhook_endpoint_by_account \
               WHERE account = $account AND enabled = true;";
    let db = app.db.account(scope);
    let mut answer = db.query(sql, Variables::new(), "looking for endpoints").await?;
    let enabled: Vec<EndpointId> = answer.rows(0)?;
    let first = first_times(app, &enabled).await?;
    let now = app.db.clock().now();
    let due = |(id, at): (EndpointId, Option<DateTime<Utc>>)| at.filter(|at| *at <= now).map(|_| id);
    Ok(enabled.into_iter().zip(first).filter_map(due).collect())
}

/// For each of these endpoints when the first of what waits for it is due: one look at an index each, however much that is. They
/// may be of several accounts, and were read in a scope of the caller's; of deliveries it tells no more than the time.
///
/// # Errors
/// When the database fails.
pub async fn first_times(app: &App, endpoints: &[EndpointId]) -> Result<Vec<Option<DateTime<Utc>>>, DbError> {
    let (mut binds, mut sql) = (Variables::new(), String::new());
    for (n, id) in endpoints.iter().enumerate() {
        binds.insert(format!("e{n}"), *id);
        sql += &format!(
            "SELECT VALUE next_at FROM webhook_delivery WITH INDEX webhook_delivery_due WHERE endpoint = $e{n} \
             AND status = 'pending' ORDER BY next_at LIMIT 1;"
        );
    }
    if sql.is_empty() {
        return Ok(Vec::new());
    }
    let platform = app.db.platform(Why::Queue);
    let mut answer = platform.query(&sql, binds, "looking for deliveries").await?;
    let mut first = Vec::with_capacity(endpoints.len());
    for n in 0..endpoints.len() {
        first.push(answer.rows::<DateTime<Utc>>(n)?.pop());
    }
    Ok(first)
}

/// Sends what is due for one endpoint.
async fn drive(
    app: &App,
    scope: &AccountScope<Write>,
    id: EndpointId,
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Result<usize, JobError> {
    #[derive(SurrealValue)]
    #[surreal(crate = "surrealdb_types")]
    struct Text {
        id: MessageId,
        body: Option<String>,
    }
    let db = app.db.account(scope);
    let mut sent = 0;
    while goes_on() {
        let Some(endpoint) = db.get::<Endpoint>(id).await?.filter(|endpoint| endpoint.enabled) else {
            return Ok(sent);
        };
        let now = app.db.clock().now();
        let mut binds = Variables::new();
        // The index orders the moments of one second as texts: a little more is read than is due.
        binds.insert("until", now + chrono::Duration::seconds(1));
        binds.insert("endpoint", id);
        let sql = format!(
            "LET $due = (SELECT * FROM webhook_delivery WITH INDEX webhook_delivery_due WHERE endpoint = $endpoint \
             AND status = 'pending' AND next_at <= $until AND account = $account LIMIT {BATCH}); RETURN $due;\
             SELECT id, body FROM $due.message WHERE account = $account;"
        );
        let mut answer = db.query(&sql, binds, "reading deliveries").await?;
        let mut due: Vec<Delivery> = answer.rows(1)?;
        due.retain(|delivery| delivery.next_at.is_some_and(|at| at <= now));
        let texts: Vec<Text> = answer.rows(2)?;
        if due.is_empty() {
            return Ok(sent);
        }
        sent += due.len();
        let off = AtomicBool::new(false);
        let (endpoint, texts, off) = (&endpoint, &texts, &off);
        stream::iter(due)
            .map(|delivery| async move {
                // What an interrupted job leaves is still due.
                if off.load(Ordering::Acquire) || !goes_on() {
                    return Ok(());
                }
                let text = texts.iter().find(|text| text.id == delivery.message);
                let body = text.and_then(|text| text.body.as_deref()).unwrap_or_default();
                send::attempt(app, scope, endpoint, delivery, body, off).await
            })
            .buffer_unordered(LANES)
            .try_collect::<()>()
            .await?;
    }
    Ok(sent)
}

/// The job that goes on, if there is anything to come.
async fn next(app: &App, scope: &AccountScope<Write>) -> Result<Option<NewJob>, JobError> {
    let sql = "SELECT VALUE id FROM webhook_message WITH INDEX webhook_message_waiting WHERE waiting = true \
               AND account = $account LIMIT 1;\
               SELECT VALUE id FROM webhook_endpoint WITH INDEX webhook_endpoint_by_account \
               WHERE account = $account AND enabled = true;";
    let db = app.db.account(scope);
    let mut answer = db
        .query(sql, Variables::new(), "looking for what is to be sent")
        .await?;
    if !answer.rows::<MessageId>(0)?.is_empty() {
        return Ok(Some(soon()));
    }
    let enabled: Vec<EndpointId> = answer.rows(1)?;
    let next = first_times(app, &enabled).await?.into_iter().flatten().min();
    Ok(next.map(|time| if time <= app.db.clock().now() { soon() } else { at(time) }))
}

#[cfg(test)]
mod tests {
    use igny8_data::{Clock, Ids};

    use super::*;
    use crate::features::webhooks::{self, Event, EventKind};
    use crate::testing::World;

    async fn waiting(w: &World) -> usize {
        let sql = "SELECT VALUE id FROM webhook_message WHERE waiting = true;";
        let platform = w.app.db.platform(Why::Operator);
        let mut answer = platform.query(sql, Variables::new(), "testing").await.unwrap();
        answer.rows::<MessageId>(0).unwrap().len()
    }

    #[tokio::test]
    async fn while_there_are_many_messages_the_turn_is_kept() {
        let w = World::new().await;
        let endpoint = json!({ "url": "https://hooks.example/" });
        let (status, made) = w.post(&w.a.owner, "/webhooks", endpoint).await;
        assert_eq!(status, 201, "{made}");
        for _ in 0..=BATCH {
            let event = Event::example(EventKind::CreditsLow, w.app.db.ids(), w.clock.now());
            let mut tx = w.app.db.platform(Why::Operator).tx(w.a.account, None);
            webhooks::emit(&mut tx, &event);
            tx.commit().await.unwrap();
        }
        let actor = w.app.db.system_actor(w.a.account, Why::Queue).await.unwrap();
        let scope = actor.account::<Write>().unwrap();
        let turn = |job: JobId| Turn {
            app: &w.app,
            account: w.a.account,
            job,
        };
        // It was believed dead.
        let (ours, other) = (turn(w.app.db.ids().make()), turn(w.app.db.ids().make()));
        assert!(other.take().await.unwrap());
        let ended = fan_out_all(&w.app, &scope, &ours, &|| true).await;
        assert!(matches!(ended, Err(JobError::Retry(_))), "{ended:?}");
        assert_eq!(waiting(&w).await, 1, "it noticed after the first lot");
        other.give_back().await.unwrap();
        fan_out_all(&w.app, &scope, &ours, &|| true).await.unwrap();
        assert_eq!(waiting(&w).await, 0);
    }

    #[test]
    fn while_one_endpoint_is_waited_for_the_others_are_served() {
        let ids = Ids::seeded(Clock::manual("2026-01-01T00:00:00Z"), 1);
        let [slow, fast, new] = [ids.make(), ids.make(), ids.make()];
        let mut round = Round::default();
        assert!(round.begin(slow) && round.begin(fast) && !round.begin(slow));
        assert!(!round.is_over(SLICE / 2));
        assert!(!round.is_over(SLICE), "both have requests");
        round.end(fast, SLICE + PROMPT / 2);
        assert!(!round.is_over(SLICE + PROMPT / 2) && round.begin(fast) && round.begin(new));
        round.end(fast, SLICE + PROMPT * 3);
        assert!(
            !round.is_over(SLICE + PROMPT * 3) && round.begin(fast),
            "as often as it wants"
        );
        round.end(slow, SLICE + PROMPT * 5);
        assert!(!round.begin(slow), "not waited for twice");
        assert!(round.is_over(SLICE + PROMPT * 5), "whatever the others have");
    }

    #[test]
    fn a_slice_that_ends_with_no_request_is_the_end() {
        let mut round = Round::default();
        assert!(!round.is_over(SLICE / 2) && round.is_over(SLICE));
    }

    #[test]
    fn addresses_are_added_to_what_has_one() {
        let site = || Some(("https://x.example".to_owned(), "en"));
        let content = |language: &str| json!({ "content": "cont_1", "path": "/a/", "language": language });
        assert_eq!(with_address(&content("en"), site())["url"], "https://x.example/a/");
        assert_eq!(with_address(&content("de"), site())["url"], "https://x.example/de/a/");
        assert_eq!(with_address(&content("en"), None), content("en"));
        let deployment = json!({ "deployment": "dep_1" });
        assert_eq!(with_address(&deployment, site())["url"], "https://x.example");
        let job = json!({ "job": "job_1" });
        assert_eq!(with_address(&job, site()), job);
    }
}
