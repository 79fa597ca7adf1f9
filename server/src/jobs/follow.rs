//! Following a job: its row whenever it changes, as server-sent events.
//!
//! An event is the whole job as it is then, and its id is the job's revision. Who comes back with the last id it saw
//! therefore misses nothing that still matters, and no history has to be kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::Stream;
use igny8_data::{AccountId, Actor, JobId, JobRow, JobState};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use crate::api::{Error, Result};
use crate::app::App;

/// Between two looks at the job: at most five events a second.
const REST: Duration = Duration::from_millis(200);
/// Looks even when this process changed nothing: another one may have.
const POLL: Duration = Duration::from_secs(2);
/// A stream ends after this time and the client connects again, which proves once more who it is.
const LIFE: Duration = Duration::from_secs(120);
/// Open streams of an account.
const MOST: usize = 100;

/// How many streams each account has open.
#[derive(Debug, Clone, Default)]
pub struct Followers(Arc<Mutex<HashMap<AccountId, usize>>>);

struct Open(Followers, AccountId);

impl Followers {
    fn open(&self, account: AccountId) -> Result<Open> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(account).or_default();
        if *count >= MOST {
            return Err(Error::too_many_requests(POLL.as_secs()));
        }
        *count += 1;
        Ok(Open(self.clone(), account))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.1);
            }
        }
    }
}

struct Follow {
    app: App,
    actor: Actor,
    id: JobId,
    /// The revision last sent.
    seen: Option<i64>,
    changes: Receiver<JobId>,
    until: Instant,
    ended: bool,
    _open: Open,
}

/// The job as it is, unless `seen` is its revision, and then whenever it changes; ends with the job. A job that has ended
/// comes in any case, so that the client learns it.
///
/// # Errors
/// 404 for a job the actor may not see, 429 when the account follows too many.
pub async fn follow(
    app: &App,
    actor: &Actor,
    id: JobId,
    seen: Option<i64>,
) -> Result<impl Stream<Item = JobRow> + Send + 'static> {
    // Before looking, so that no change falls between.
    let changes = app.db.job_changes();
    let job = super::api::visible(app, actor, id).await?;
    let follow = Follow {
        _open: app.followers.open(job.account)?,
        app: app.clone(),
        actor: actor.clone(),
        id,
        seen,
        changes,
        until: Instant::now() + LIFE,
        ended: false,
    };
    Ok(futures_util::stream::unfold(follow, Follow::next))
}

impl Follow {
    async fn next(mut self) -> Option<(JobRow, Self)> {
        while !self.ended {
            // Looked up with the rights of now: whatever went wrong, a client that connects again is told.
            let job = super::api::visible(&self.app, &self.actor, self.id).await.ok()?;
            self.ended = !matches!(job.state, JobState::Queued | JobState::Running);
            if self.ended || self.seen != Some(job.rev) {
                self.seen = Some(job.rev);
                return Some((job, self));
            }
            if !self.wait().await {
                return None;
            }
        }
        None
    }

    /// Waits for news; false when the stream is to end.
    async fn wait(&mut self) -> bool {
        let (stop, until) = (self.app.stop.clone(), self.until);
        let news = async {
            let poll = tokio::time::sleep(POLL);
            tokio::pin!(poll);
            loop {
                tokio::select! {
                    () = &mut poll => return,
                    change = self.changes.recv() => match change {
                        Ok(id) if id != self.id => {}
                        Ok(_) | Err(RecvError::Lagged(_)) => break,
                        Err(RecvError::Closed) => {
                            poll.await;
                            return;
                        }
                    },
                }
            }
            tokio::time::sleep(REST).await;
        };
        tokio::select! {
            () = stop.cancelled() => false,
            () = tokio::time::sleep_until(until) => false,
            () = news => true,
        }
    }
}
