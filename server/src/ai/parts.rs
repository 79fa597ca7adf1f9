//! Outputs that are too large for one unit of work: the embedded database has a bound for one (`database.memtable_bytes`).
//!
//! Such an output is cut into parts before anything of it is saved, and the parts are written down. Each is then saved, charged
//! and ticked off in a unit of work of its own, which only the holder of the job's lease can commit; the last one ends the job.
//! A worker that takes the job up finds what is written down and goes on behind the last part that was saved: nothing is made,
//! saved or charged twice. What a cancelled or failed job has saved by then stays, and is paid for.

use igny8_data::queue::Lease;
use igny8_data::{DbError, JobId, Tx};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::function::{AiFunction, Task};
use super::kept::{self, Answer};
use super::transcript::Whose;
use crate::app::App;
use crate::jobs::JobError;

/// Cuts an output into the parts it is saved in, in this order.
type Split<F> = fn(&Task<<F as AiFunction>::Payload>, <F as AiFunction>::Output) -> Vec<<F as AiFunction>::Output>;

/// How a function saves what is too much for one unit of work.
pub struct Parts<F: AiFunction> {
    pub(super) split: Split<F>,
    /// The job's result from that of the parts before and that of the next one.
    pub(super) sum: fn(Value, Value) -> Value,
    write: fn(&[F::Output]) -> serde_json::Result<String>,
    read: fn(&str) -> serde_json::Result<Vec<F::Output>>,
}

impl<F: AiFunction> Parts<F> {
    pub const fn new(split: Split<F>, sum: fn(Value, Value) -> Value) -> Self
    where
        F::Output: Serialize + DeserializeOwned,
    {
        Self {
            split,
            sum,
            write: |parts| serde_json::to_string(parts),
            read: |text| serde_json::from_str(text),
        }
    }
}

/// How far the saving of an output has come.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Begun {
    /// Units as prepared.
    pub(super) units: i64,
    /// No model was asked.
    pub(super) local: bool,
    /// Parts that are saved.
    pub(super) saved: usize,
    /// Units and credits of those.
    pub(super) saved_units: i64,
    pub(super) credits: i64,
    /// What they come to.
    pub(super) result: Option<Value>,
}

const BEGUN: &str = "begun";
const PARTS: &str = "parts";

impl Begun {
    /// How far an earlier attempt of a job has come, if it has begun to save.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn of(app: &App, job: JobId) -> Result<Option<Self>, DbError> {
        let text = kept::text(app, kept::id_of_own(job, BEGUN)).await?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// The parts that an earlier attempt wrote down.
    pub(super) async fn parts<F: AiFunction>(app: &App, job: JobId) -> Result<Vec<F::Output>, JobError> {
        let text = kept::text(app, kept::id_of_own(job, PARTS)).await?;
        let parts = F::PARTS.zip(text).and_then(|(of, text)| (of.read)(&text).ok());
        parts.ok_or_else(|| {
            JobError::Fail(
                "What was left to save cannot be read any more. What was saved by then stays. Start it again.".into(),
            )
        })
    }

    /// Writes down the parts of an output before the first is saved.
    pub(super) async fn begin<F: AiFunction>(
        &self,
        task: &Task<F::Payload>,
        whose: Whose,
        lease: Lease,
        of: &Parts<F>,
        parts: &[F::Output],
    ) -> Result<(), JobError> {
        let text =
            (of.write)(parts).map_err(|error| JobError::Fail(format!("The output cannot be written: {error}.")))?;
        let app = &task.app;
        let mut tx = app.db.site(&task.scope).tx();
        Answer::text(app, whose, kept::id_of_own(task.job, PARTS), &text).keep(&mut tx);
        self.keep(app, whose, lease, &mut tx)?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets the parts of a job of which nothing is saved: its next attempt makes them anew.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn forget(app: &App, job: JobId) -> Result<(), DbError> {
        kept::forget(app, &[BEGUN, PARTS].map(|what| kept::id_of_own(job, what))).await
    }

    /// Adds how far it has come to a unit of work, which the job must be held for.
    pub(super) fn keep(&self, app: &App, whose: Whose, lease: Lease, tx: &mut Tx<'_>) -> Result<(), JobError> {
        let text =
            serde_json::to_string(self).map_err(|error| JobError::Fail(format!("It cannot be written: {error}.")))?;
        Answer::text(app, whose, kept::id_of_own(whose.job, BEGUN), &text).keep(tx);
        tx.hold_job(lease);
        Ok(())
    }
}
