//! The durable job queue: rows of `job`, claimed by lease, guarded by a fence.
//!
//! A job is queued in the same transaction as the change that asks for it. A worker claims it with a lease and a fence
//! number; every later write carries the fence, so a worker that lost its lease (it hung, the machine slept) cannot
//! finish a job that another one has taken over. Delivery is at least once: jobs must be idempotent.
//!
//! Waiting: a job that is not due has a `wake_at` and is in another index than those that are, so that ten thousand scheduled
//! ones cost nothing until their time. Whoever looks at the queue first makes due what it has come for.
//!
//! Order: accounts take turns. Within an account a job has its turn at `turn_at`, which the schema computes: the time it
//! is due plus what its [`JobPriority`] waits for others, so that nothing waits for ever.
//!
//! Time: due times and leases are compared with the database's clock, so that processes whose clocks differ agree on who
//! holds a job. Only a clock that tests turn by hand is asked instead.
//!
//! Failing: an attempt that ends in an error counts ([`JobRow::attempts`]); a worker that goes silent (killed, out of
//! memory, a machine that slept) counts apart ([`JobRow::lost`]) and is forgiven [`MOST_LOST`] times, so that a restart
//! at a bad moment fails nothing and a job that kills its workers still ends: whoever claims it then fails it
//! ([`JobRow::not_to_be_run`]).

use std::sync::Mutex;

use chrono::{DateTime, Duration, Utc};
use poem_openapi::Enum;
use surrealdb_types::{SurrealValue, Value, Variables};

use crate::connect::Db;
use crate::error::DbError;
use crate::identity::Who;
use crate::ids::{AccountId, JobId, SiteId, UserId};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, SurrealValue, serde::Serialize, serde::Deserialize)]
#[oai(rename_all = "snake_case")]
#[surreal(untagged, rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    Queued,
    Running,
    Done,
    /// Gave up: the attempts are used up, or the error cannot be cured by another.
    Failed,
    Cancelled,
}

/// How long a job lets others of its account, queued later, go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, SurrealValue, serde::Serialize, serde::Deserialize)]
#[oai(rename_all = "snake_case")]
#[surreal(untagged, rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum JobPriority {
    /// Somebody waits for it in front of a screen.
    High,
    /// Half a minute.
    Normal,
    /// Five minutes.
    Low,
}

/// A job to be queued.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Name of the job type, as registered.
    pub kind: &'static str,
    pub payload: serde_json::Value,
    /// While a job with this key waits to be run for the first time, no second one is queued.
    pub key: Option<String>,
    /// Not before this time.
    pub run_at: Option<DateTime<Utc>>,
    pub max_attempts: i64,
    pub priority: JobPriority,
    /// Only processes with this one's data folder may run it.
    pub here: bool,
    /// See [`NewJob::settled`].
    pub settled: bool,
}

/// How long work that follows edits waits for the next one.
const SETTLES: &str = "2s";

impl NewJob {
    pub fn new(kind: &'static str, payload: serde_json::Value) -> Self {
        Self {
            kind,
            payload,
            key: None,
            run_at: None,
            max_attempts: 5,
            priority: JobPriority::Normal,
            here: false,
            settled: false,
        }
    }

    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    pub fn run_at(mut self, at: DateTime<Utc>) -> Self {
        self.run_at = Some(at);
        self
    }

    /// Attempts before the job fails; 5 unless told otherwise.
    pub fn attempts(mut self, attempts: i64) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// [`JobPriority::Normal`] unless told otherwise.
    pub fn priority(mut self, priority: JobPriority) -> Self {
        self.priority = priority;
        self
    }

    /// For a job that needs a file of this process's data folder ([`crate::Settings::place`]): a worker elsewhere leaves
    /// it alone.
    pub fn here(mut self) -> Self {
        self.here = true;
        self
    }

    /// For work that follows each edit and that nobody waits for: begins two seconds later, so that it neither takes the processor from
    /// what visitors wait for nor is done for each of several edits in a row. At once where time is set by hand.
    pub fn settled(mut self) -> Self {
        self.settled = true;
        self
    }

    pub(crate) fn row(self, id: JobId, account: AccountId, site: Option<SiteId>, who: Who, db: &Db) -> JobRow {
        let now = db.clock().now();
        let user = match who {
            Who::User { user, .. } => Some(user),
            _ => None,
        };
        JobRow {
            id,
            account,
            site,
            user,
            kind: self.kind.to_owned(),
            // Once a job runs it gives its place up, so that a change made meanwhile queues the next one.
            unique_key: self.key.map(|key| format!("{account}/{key}")),
            payload: self.payload,
            state: JobState::Queued,
            run_at: self.run_at.unwrap_or(now),
            wake_at: self.run_at,
            attempts: 0,
            max_attempts: self.max_attempts,
            priority: self.priority,
            fence: 0,
            lease_until: None,
            progress: 0.0,
            message: String::new(),
            error: None,
            result: None,
            rev: 1,
            created_at: now,
            finished_at: None,
            lost: 0,
            waits_since: Some(now),
            place: self.here.then(|| db.inner().place.clone()),
        }
    }
}

/// A stored job.
#[derive(Debug, Clone, SurrealValue)]
pub struct JobRow {
    pub id: JobId,
    pub account: AccountId,
    pub site: Option<SiteId>,
    /// Who asked; the job runs with the rights they have when it runs.
    pub user: Option<UserId>,
    pub kind: String,
    pub unique_key: Option<String>,
    pub payload: serde_json::Value,
    pub state: JobState,
    pub run_at: DateTime<Utc>,
    /// While it is queued and not due: `run_at`.
    pub wake_at: Option<DateTime<Utc>>,
    pub attempts: i64,
    pub max_attempts: i64,
    pub priority: JobPriority,
    pub fence: i64,
    pub lease_until: Option<DateTime<Utc>>,
    /// 0 to 100.
    pub progress: f64,
    /// What the job is doing, in words for its user.
    pub message: String,
    pub error: Option<String>,
    pub result: Option<serde_json::Value>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    /// Times that a worker went silent while it ran this.
    pub lost: i64,
    /// Since when it waits for others without getting on: queued, queued again, or the last thing it got done.
    pub waits_since: Option<DateTime<Utc>>,
    /// The data folder it needs.
    pub place: Option<String>,
}

impl JobRow {
    /// Why whoever claimed it must not run it but end it as failed: so many workers went silent over it.
    pub fn not_to_be_run(&self) -> Option<String> {
        (self.lost >= MOST_LOST).then(|| {
            format!(
                "Its worker went silent {} times while it ran: it may need more memory than there is. Try a smaller part of it.",
                self.lost
            )
        })
    }
}

crate::record!(JobRow, JobId, account);

/// Proof of holding a job.
#[derive(Debug, Clone, Copy)]
pub struct Lease {
    pub job: JobId,
    pub fence: i64,
}

/// How a job ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    Done(serde_json::Value),
    /// Try again later, if attempts are left.
    Retry(String),
    Failed(String),
    /// The worker stops: back into the queue, the attempt not counted.
    HandBack,
    /// Not now (something it needs is in use): back into the queue for this much later, the attempt not counted.
    Later(Duration, String),
}

/// Time a worker may be silent before its job is given to another.
pub const LEASE: Duration = Duration::seconds(30);

/// Silent workers after which a job fails: by then it is the job.
pub const MOST_LOST: i64 = 10;
/// From so many silent workers on a job is claimed apart from others, so that it takes none of them down with it.
const SUSPECT: i64 = 2;

/// Jobs made due at once: SurrealDB 3.3 writes rows of a list in time by the square of their number.
const WOKEN: usize = 250;

/// The database's time, to the millisecond as everywhere.
const DATABASE_TIME: &str = "time::floor(time::now(), 1ms)";

/// When a job is to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// At the time in its row.
    AsPlanned,
    /// As soon as possible, by the clock that `$now` stands for in the queue.
    Now,
    /// [`SETTLES`] later than that.
    Settled,
}

impl Start {
    pub fn of(job: &NewJob) -> Self {
        match job.run_at {
            Some(_) => Self::AsPlanned,
            None if job.settled => Self::Settled,
            None => Self::Now,
        }
    }
}

/// The statement that queues a job.
pub(crate) fn insert_sql(db: &Db, bind: &mut dyn FnMut(Value) -> String, row: JobRow, start: Start) -> String {
    let key = bind(row.unique_key.clone().into_value());
    let id = bind(row.id.into_value());
    let mut content = bind(row.into_value());
    if start != Start::AsPlanned && !db.clock().is_manual() {
        let (later, wake_at) = if start == Start::Settled {
            let later = format!("{DATABASE_TIME} + {SETTLES}");
            (later.clone(), later)
        } else {
            (DATABASE_TIME.to_owned(), "NONE".to_owned())
        };
        content = format!(
            "object::extend({content}, {{ run_at: {later}, wake_at: {wake_at}, waits_since: {DATABASE_TIME} }})"
        );
    }
    format!(
        "IF {key} IS NONE OR (SELECT VALUE id FROM job WHERE unique_key = {key} LIMIT 1) = [] \
         {{ CREATE {id} CONTENT {content} RETURN NONE }};\n"
    )
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct FirstJob {
    id: JobId,
    account: AccountId,
}

/// A job that was just queued.
#[derive(Debug, Clone, Copy)]
pub struct FreshJob {
    pub id: JobId,
    pub account: AccountId,
}

/// Fresh jobs that are remembered; others are found by looking.
const MOST_FRESH: usize = 64;

/// Whose turn it is; kept by each process for itself.
#[derive(Debug, Default)]
pub(crate) struct Turn(Mutex<TurnState>);

#[derive(Debug, Default)]
struct TurnState {
    served: Option<AccountId>,
    /// When it last looked for jobs whose worker went silent.
    looked: Option<DateTime<Utc>>,
}

impl Turn {
    fn state(&self) -> std::sync::MutexGuard<'_, TurnState> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn last(&self) -> Option<AccountId> {
        self.state().served
    }

    fn served(&self, account: AccountId) {
        self.state().served = Some(account);
    }

    fn look_at_once(&self) {
        self.state().looked = None;
    }

    /// Whether it is time to look for jobs whose worker went silent: a queue that is never empty does not hide them.
    fn look(&self, now: DateTime<Utc>) -> bool {
        let mut state = self.state();
        let due = state.looked.is_none_or(|last| now - last > LEASE / 6 || now < last);
        if due {
            state.looked = Some(now);
        }
        due
    }
}

/// Among the conditions of a claim: what needs a data folder is for those that have it.
const IN_PLACE: &str = "(place IS NONE OR place = $place)";

impl Db {
    /// A text of the queue whose first statement sets `$now`: the database's time, by which all processes agree on leases,
    /// or that of a clock that tests turn.
    fn timed(&self, sql: &str, binds: &mut Variables) -> String {
        if self.clock().is_manual() {
            binds.insert("hand", self.clock().now());
            format!("LET $now = $hand;{sql}")
        } else {
            format!("LET $now = {DATABASE_TIME};{sql}")
        }
    }

    /// Claims the next due job of the given kinds, or one whose worker went silent.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_job(&self, kinds: &[&str]) -> Result<Option<(JobRow, Lease)>, DbError> {
        Ok(self.claim_jobs(kinds, 1, &|_| usize::MAX, &[]).await?.pop())
    }

    /// Claims at most `most` jobs of the given kinds: such whose worker went silent every few seconds, else due ones. Accounts take
    /// turns, so that one with ten thousand jobs delays the others by one job. `room` is how many more an account may
    /// have; accounts without room are named in `full`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_jobs(
        &self,
        kinds: &[&str],
        most: usize,
        room: &(dyn Fn(AccountId) -> usize + Sync),
        full: &[AccountId],
    ) -> Result<Vec<(JobRow, Lease)>, DbError> {
        let now = self.clock().now();
        let kinds: Vec<String> = kinds.iter().map(|k| (*k).to_owned()).collect();
        if self.inner().turn.look(now) {
            let left = self.claim_left(&kinds, most, full).await?;
            if !left.is_empty() {
                return Ok(left);
            }
        }
        self.wake_jobs().await?;
        let waiting = self.waiting_accounts(&kinds, most, full).await?;
        let Some(last) = waiting.last().map(|first| first.account) else {
            return Ok(Vec::new());
        };
        let share = most.div_ceil(waiting.len());
        let mut due: Vec<JobId> = waiting.iter().map(|first| first.id).collect();
        if share > 1 {
            // In the order of the index (due, account, turn_at).
            let mut binds = Variables::new();
            let mut shares = Vec::with_capacity(waiting.len());
            for (n, FirstJob { account, .. }) in waiting.iter().enumerate() {
                shares.push(format!(
                    "(SELECT VALUE id FROM job WITH INDEX job_turn WHERE due = true AND account = $a{n} \
                     AND run_at <= $now AND kind INSIDE $kinds AND {IN_PLACE} LIMIT {})",
                    share.min(room(*account)).max(1)
                ));
                binds.insert(format!("a{n}"), *account);
            }
            binds.insert("kinds", kinds);
            binds.insert("place", self.inner().place.clone());
            let sql = format!("RETURN array::flatten([{}]);", shares.join(", "));
            let sql = self.timed(&sql, &mut binds);
            due = self.run(&sql, binds, "looking for jobs").await?.rows(1)?;
            due.truncate(most);
        }
        let claimed = self.claim_these(&due).await?;
        if !claimed.is_empty() {
            self.inner().turn.served(last);
        }
        Ok(claimed)
    }

    /// Claims jobs whose worker went silent. One that did so again and again comes alone, after all others.
    async fn claim_left(
        &self,
        kinds: &[String],
        most: usize,
        full: &[AccountId],
    ) -> Result<Vec<(JobRow, Lease)>, DbError> {
        let mut binds = Variables::new();
        binds.insert("kinds", kinds.to_vec());
        binds.insert("full", full.to_vec());
        binds.insert("place", self.inner().place.clone());
        let left = format!(
            "FROM job WHERE state = 'running' AND lease_until < $now AND kind INSIDE $kinds \
             AND !(account INSIDE $full) AND {IN_PLACE}"
        );
        let sql = format!(
            "SELECT VALUE id {left} AND lost < {SUSPECT} LIMIT {most};\
             SELECT VALUE id FROM (SELECT id, lost, lease_until {left} AND lost >= {SUSPECT} \
             ORDER BY lost, lease_until LIMIT 1);",
        );
        let sql = self.timed(&sql, &mut binds);
        let left: Vec<JobId> = match self.run(&sql, binds, "looking for abandoned jobs").await {
            Ok(mut answer) => match answer.rows(1)? {
                none if none.is_empty() => answer.rows(2)?,
                some => some,
            },
            Err(DbError::Conflict) => Vec::new(),
            Err(e) => return Err(e),
        };
        self.claim_these(&left).await
    }

    /// Makes jobs due whose time has come, the longest waiting first; not all of many.
    async fn wake_jobs(&self) -> Result<(), DbError> {
        let mut binds = Variables::new();
        // NONE is before every time, so the range of the index begins after it.
        binds.insert("never", DateTime::UNIX_EPOCH);
        let sql = format!(
            "LET $woken = (SELECT id, wake_at FROM job WITH INDEX job_wake WHERE wake_at > $never AND wake_at <= $now \
             ORDER BY wake_at LIMIT {WOKEN}).id;\
             IF array::len($woken) > 0 {{ UPDATE $woken SET wake_at = NONE \
             WHERE wake_at > $never AND wake_at <= $now RETURN NONE }};"
        );
        let sql = self.timed(&sql, &mut binds);
        match self.run(&sql, binds, "making jobs due").await {
            // Another process does it in this moment.
            Ok(_) | Err(DbError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Jobs that this process queued since this was asked last and that are due: the latest [`MOST_FRESH`] of them.
    pub fn take_fresh_jobs(&self) -> Vec<FreshJob> {
        let fresh = self.inner().jobs_fresh.lock();
        std::mem::take(&mut *fresh.unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Claims these of the jobs that wait. For a worker that found the queue empty when it looked last: then it is their turn, and
    /// there is nothing to be looked for.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_fresh_jobs(&self, jobs: &[FreshJob]) -> Result<Vec<(JobRow, Lease)>, DbError> {
        let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
        self.claim_these(&ids).await
    }

    pub(crate) fn jobs_queued(&self, jobs: Vec<FreshJob>) {
        let fresh = self.inner().jobs_fresh.lock();
        let mut fresh = fresh.unwrap_or_else(std::sync::PoisonError::into_inner);
        fresh.extend(jobs);
        let surplus = fresh.len().saturating_sub(MOST_FRESH);
        fresh.drain(..surplus);
        drop(fresh);
        self.inner().jobs_added.notify_waiters();
    }

    /// The first due job of each account in turn, the account after the last served first.
    async fn waiting_accounts(
        &self,
        kinds: &[String],
        most: usize,
        full: &[AccountId],
    ) -> Result<Vec<FirstJob>, DbError> {
        let mut found: Vec<FirstJob> = Vec::new();
        let mut after = self.inner().turn.last();
        let mut from_start = after.is_none();
        while found.len() < most {
            let last = if after.is_some() { "AND account > $last " } else { "" };
            let others = if full.is_empty() {
                ""
            } else {
                "AND !(account INSIDE $full) "
            };
            let sql = format!(
                "SELECT id, account FROM job WITH INDEX job_turn WHERE due = true {last}{others}\
                 AND run_at <= $now AND kind INSIDE $kinds AND {IN_PLACE} LIMIT 1;"
            );
            let mut binds = Variables::new();
            binds.insert("place", self.inner().place.clone());
            binds.insert("kinds", kinds.to_vec());
            if let Some(after) = after {
                binds.insert("last", after);
            }
            if !full.is_empty() {
                binds.insert("full", full.to_vec());
            }
            let sql = self.timed(&sql, &mut binds);
            let mut next: Vec<FirstJob> = self.run(&sql, binds, "looking for jobs").await?.rows(1)?;
            match next.pop() {
                // Once round.
                Some(first) if found.iter().any(|other| other.account == first.account) => break,
                Some(first) => {
                    after = Some(first.account);
                    found.push(first);
                }
                None if from_start => break,
                None => (after, from_start) = (None, true),
            }
        }
        Ok(found)
    }

    /// Claims all of these together; one by one when another process claims some of them in this moment.
    async fn claim_these(&self, ids: &[JobId]) -> Result<Vec<(JobRow, Lease)>, DbError> {
        let mut claimed = Vec::with_capacity(ids.len());
        if ids.is_empty() {
            return Ok(claimed);
        }
        match self.claim_now(ids).await {
            Err(DbError::Conflict) if ids.len() > 1 => {
                for id in ids {
                    match self.claim_now(std::slice::from_ref(id)).await {
                        Ok(jobs) => claimed.extend(jobs),
                        Err(DbError::Conflict) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
            Err(DbError::Conflict) => {}
            Err(error) => return Err(error),
            Ok(jobs) => claimed = jobs,
        }
        for (job, _) in &claimed {
            self.job_changed(job.id);
        }
        Ok(claimed)
    }

    async fn claim_now(&self, ids: &[JobId]) -> Result<Vec<(JobRow, Lease)>, DbError> {
        let mut binds = Variables::new();
        binds.insert("ids", ids.to_vec());
        // A silent worker is counted apart: the attempt it began is still this one.
        let sql = format!(
            "UPDATE $ids SET attempts += IF state = 'running' {{ 0 }} ELSE {{ 1 }}, \
             lost += IF state = 'running' {{ 1 }} ELSE {{ 0 }}, state = 'running', unique_key = NONE, wake_at = NONE, \
             fence += 1, lease_until = $now + {}s, rev += 1, error = NONE WHERE (state = 'queued' AND run_at <= $now) \
             OR (state = 'running' AND lease_until < $now) RETURN AFTER;",
            LEASE.num_seconds()
        );
        let sql = self.timed(&sql, &mut binds);
        let jobs: Vec<JobRow> = self.run(&sql, binds, "claiming jobs").await?.rows(1)?;
        let lease = |job: &JobRow| Lease {
            job: job.id,
            fence: job.fence,
        };
        Ok(jobs.into_iter().map(|job| (job.clone(), lease(&job))).collect())
    }

    /// Jobs that this process changes, as they change. Who lags behind looks anew.
    pub fn job_changes(&self) -> tokio::sync::broadcast::Receiver<JobId> {
        self.inner().job_changes.subscribe()
    }

    fn job_changed(&self, id: JobId) {
        // Nobody listening is no failure.
        let _ = self.inner().job_changes.send(id);
    }

    /// Lets go of the jobs that a process left when it died. Only for an embedded database, which no other process can
    /// have open: there, a job that runs before any worker has started has none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release_left_jobs(&self) -> Result<(), DbError> {
        if self.is_remote() {
            return Ok(());
        }
        let mut binds = Variables::new();
        let sql = "UPDATE job SET lease_until = $now - 1s, rev += 1 WHERE state = 'running' RETURN NONE;";
        let sql = self.timed(sql, &mut binds);
        self.run_retrying(&sql, binds, "releasing jobs").await?;
        self.inner().turn.look_at_once();
        Ok(())
    }

    /// Prolongs a lease and stores progress. False when the job was taken over or cancelled: stop working on it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_job(&self, lease: Lease, hold: Duration, progress: f64, message: &str) -> Result<bool, DbError> {
        let mut binds = lease_binds(lease);
        binds.insert("progress", progress);
        binds.insert("message", message.to_owned());
        // What is news has a revision of its own, for those who follow the job.
        let sql = format!(
            "UPDATE ONLY $id SET rev += IF progress != $progress OR message != $message {{ 1 }} ELSE {{ 0 }}, \
             lease_until = $now + {}s, progress = $progress, message = $message \
             WHERE state = 'running' AND fence = $fence RETURN VALUE id;",
            hold.num_seconds()
        );
        let sql = self.timed(&sql, &mut binds);
        let kept: Option<JobId> = self.run_retrying(&sql, binds, "keeping a job").await?.one(1)?;
        self.job_changed(lease.job);
        Ok(kept.is_some())
    }

    /// Whether a lease still holds: the job was not cancelled, ended or taken over. Nothing is written.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn holds_job(&self, lease: Lease) -> Result<bool, DbError> {
        let sql = "SELECT VALUE id FROM $id WHERE state = 'running' AND fence = $fence;";
        let held: Vec<JobId> = self.run(sql, lease_binds(lease), "asking about a job").await?.rows(0)?;
        Ok(!held.is_empty())
    }

    /// Ends a job. False when the lease was lost; nothing is changed then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish_job(&self, lease: Lease, outcome: Outcome) -> Result<bool, DbError> {
        let mut binds = lease_binds(lease);
        let set = match outcome {
            Outcome::Done(result) => {
                binds.insert("result", result);
                "state = 'done', progress = 100, result = $result, finished_at = $now"
            }
            Outcome::Failed(error) => {
                binds.insert("error", error);
                "state = 'failed', error = $error, finished_at = $now"
            }
            Outcome::Retry(error) => {
                binds.insert("error", error);
                binds.insert("jitter", i64::from(self.ids().bytes::<1>()[0]));
                // Of a field that is set beside it, an expression would see what it was.
                // 4 s, 16 s, 64 s … and up to a quarter more, so that what failed together does not return together.
                "error = $error, state = IF attempts >= max_attempts { 'failed' } ELSE { 'queued' }, \
                 finished_at = IF attempts >= max_attempts { $now } ELSE { NONE }, \
                 run_at = $now + duration::from_millis(<int> (math::min([math::pow(4, attempts), 3600]) * (1000 + $jitter))), \
                 wake_at = IF attempts >= max_attempts { NONE } ELSE { \
                 $now + duration::from_millis(<int> (math::min([math::pow(4, attempts), 3600]) * (1000 + $jitter))) }"
            }
            Outcome::HandBack => "state = 'queued', attempts -= 1, run_at = $now",
            Outcome::Later(wait, message) => {
                binds.insert("wait", wait.num_milliseconds().max(0));
                binds.insert("message", message);
                "state = 'queued', attempts -= 1, run_at = $now + duration::from_millis($wait), \
                 wake_at = $now + duration::from_millis($wait), message = $message"
            }
        };
        let sql = format!(
            "UPDATE ONLY $id SET {set}, lease_until = NONE, rev += 1 WHERE state = 'running' AND fence = $fence RETURN VALUE id;"
        );
        let sql = self.timed(&sql, &mut binds);
        let ended: Option<JobId> = self.run_retrying(&sql, binds, "ending a job").await?.one(1)?;
        // Also when it had ended before: in a unit of work of its own.
        self.job_changed(lease.job);
        Ok(ended.is_some())
    }

    /// Ends when this process queues a job after the call, so that nothing is missed between looking and waiting.
    pub fn job_added(&self) -> tokio::sync::futures::Notified<'_> {
        self.inner().jobs_added.notified()
    }

    /// Cancels a job that waits or runs. A running one is told at its next sign of life. `None` when it had ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cancel_job(&self, account: AccountId, id: JobId) -> Result<Option<JobRow>, DbError> {
        let sql = "UPDATE ONLY $id SET state = 'cancelled', unique_key = NONE, wake_at = NONE, finished_at = $now, \
                   lease_until = NONE, rev += 1 \
                   WHERE account = $account AND (state = 'queued' OR state = 'running') RETURN AFTER;";
        self.change_job(account, id, sql, "cancelling a job").await
    }

    /// Queues a job again that failed or was cancelled, with all its attempts and patience. `None` when it had not ended so.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn retry_job(&self, account: AccountId, id: JobId) -> Result<Option<JobRow>, DbError> {
        let sql = "UPDATE ONLY $id SET state = 'queued', run_at = $now, wake_at = NONE, waits_since = $now, \
                   attempts = 0, lost = 0, progress = 0, message = '', \
                   error = NONE, result = NONE, finished_at = NONE, rev += 1 \
                   WHERE account = $account AND (state = 'failed' OR state = 'cancelled') RETURN AFTER;";
        let job = self.change_job(account, id, sql, "queueing a job again").await?;
        self.inner().jobs_added.notify_waiters();
        Ok(job)
    }

    async fn change_job(
        &self,
        account: AccountId,
        id: JobId,
        sql: &str,
        doing: &'static str,
    ) -> Result<Option<JobRow>, DbError> {
        let mut binds = Variables::new();
        binds.insert("id", id);
        binds.insert("account", account);
        let sql = self.timed(sql, &mut binds);
        let job = self.run_retrying(&sql, binds, doing).await?.one(1)?;
        self.job_changed(id);
        Ok(job)
    }

    /// Takes a period of a schedule for this process: true for one caller in each period, whatever the number of
    /// processes. A period that nobody took (the server was off) is made up for by the next one, once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_schedule(&self, name: &'static str, every: Duration) -> Result<bool, DbError> {
        let mut binds = Variables::new();
        binds.insert("name", name.to_owned());
        binds.insert("every", every.num_milliseconds());
        // The row is written, so that two callers at once conflict and the second one reads again.
        let sql = "IF ((SELECT VALUE next_at FROM ONLY type::record('schedule', $name)) ?? $now) <= $now { \
                   UPSERT type::record('schedule', $name) SET ran_at = $now, \
                   next_at = $now + duration::from_millis($every) RETURN NONE; RETURN true } \
                   ELSE { RETURN false };";
        let sql = self.timed(sql, &mut binds);
        let taken: Option<bool> = self.run_retrying(&sql, binds, "claiming a schedule").await?.one(1)?;
        Ok(taken == Some(true))
    }
}

impl crate::tx::Tx<'_> {
    /// Ends a job as failed for good, in a unit of work of its account, together with what follows from that: refused as a whole
    /// (`lease_lost`) when the job was cancelled or taken over meanwhile. The worker's own report finds nothing left to do then.
    pub fn fail_job(&mut self, lease: Lease, error: &str) -> &mut Self {
        let (job, fence) = (self.bind(lease.job), self.bind(lease.fence));
        let (error, at) = (self.bind(error.to_owned()), self.bind(self.now()));
        self.account_statement(
            &format!(
                "IF (UPDATE ONLY {job} SET state = 'failed', error = {error}, finished_at = {at}, lease_until = NONE, rev += 1 \
                 WHERE account = $account AND state = 'running' AND fence = {fence} RETURN VALUE id) IS NONE \
                 {{ THROW 'lease_lost' }}"
            ),
            Variables::new(),
        )
    }

    /// Lets what a running job does be written only while it is this worker's: refused as a whole (`lease_lost`) when the job was
    /// cancelled or taken over meanwhile.
    pub fn hold_job(&mut self, lease: Lease) -> &mut Self {
        let (job, fence) = (self.bind(lease.job), self.bind(lease.fence));
        // Written, so that whoever cancels it in this moment collides with this.
        self.account_statement(
            &format!(
                "IF (UPDATE ONLY {job} SET rev += 1 WHERE account = $account AND state = 'running' AND fence = {fence} \
                 RETURN VALUE id) IS NONE {{ THROW 'lease_lost' }}"
            ),
            Variables::new(),
        )
    }

    /// Ends a job as done together with what it did: refused as a whole (`lease_lost`) when the job was cancelled or taken
    /// over meanwhile. The worker's own report finds nothing left to do then.
    pub fn finish_job(&mut self, lease: Lease, message: &str, result: &serde_json::Value) -> &mut Self {
        let mut binds = Variables::new();
        binds.insert("done_job", lease.job);
        binds.insert("done_fence", lease.fence);
        binds.insert("done_at", self.now());
        binds.insert("done_message", message.to_owned());
        binds.insert("done_result", result.clone());
        self.statement(
            "IF (UPDATE ONLY $done_job SET state = 'done', progress = 100, message = $done_message, \
             result = $done_result, finished_at = $done_at, lease_until = NONE, rev += 1 WHERE account = $account \
             AND site = $site AND state = 'running' AND fence = $done_fence RETURN VALUE id) IS NONE \
             { THROW 'lease_lost' }",
            binds,
        )
    }
}

fn lease_binds(lease: Lease) -> Variables {
    let mut binds = Variables::new();
    binds.insert("id", lease.job);
    binds.insert("fence", lease.fence);
    binds
}
