//! One document: brought there or taken away, and what is written down of it.

use chrono::{DateTime, Utc};
use igny8_data::{DbError, Deleted};

use super::super::document::Made;
use super::super::model::{BINNED, Choice, GONE, Publication, PublicationStatus};
use super::super::{conflict, mappings, state};
use super::journal::Keeping;
use super::{Run, Stop};
use crate::features::content::{Content, changes};
use crate::jobs::JobError;
use crate::publish::{Entry, Known, KnownKind, PublishError, Publisher as _, Receipt, RemoteCopy};

/// Documents that fail one after the other before the whole site is taken to be down, or to refuse everything.
const DOWN: usize = 3;
/// Minutes until a document that failed is tried again; after these somebody has to act.
const AGAIN: [i64; 8] = [1, 5, 15, 60, 180, 360, 720, 1440];
/// The same for one that something in front of the site refused: whoever tries often is banned by some.
const REFUSED: [i64; 2] = [60, 1440];
/// Times that a row is read again which somebody changes meanwhile.
const MERGES: usize = 4;
/// The index by which no two pieces of content have one place at a destination.
pub(super) const EXTERNAL: &str = "publication_external";

/// Why a document is left as it is.
pub(super) enum Left {
    /// For what its row is by now, which is seen to: the run goes on with the next document.
    Row,
    Stop(Stop),
}

impl From<Stop> for Left {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<DbError> for Left {
    fn from(error: DbError) -> Self {
        Self::Stop(error.into())
    }
}

impl From<JobError> for Left {
    fn from(error: JobError) -> Self {
        Self::Stop(error.into())
    }
}

/// What became of one document, to a run.
pub(super) fn go_on(document: Result<(), Left>) -> Result<(), Stop> {
    match document {
        Ok(()) | Err(Left::Row) => Ok(()),
        Err(Left::Stop(stop)) => Err(stop),
    }
}

impl Run<'_> {
    /// Brings a document there, unless what is there is the same.
    pub(super) async fn send(
        &mut self,
        content: Content,
        mut publication: Publication,
        made: Made,
        known: &mut Known,
    ) -> Result<(), Left> {
        let now = self.app.db.clock().now();
        let agreed = publication.status == PublicationStatus::Published && !made.is_due;
        let is_moved = is_moved(&content, &publication);
        if is_moved {
            publication.placed_at = Some(now);
        }
        // The same as was sent, or nothing changed since it came from there.
        let same = publication.sent_hash.as_ref() == Some(&made.hash)
            || (publication.sent_hash.is_none() && publication.sent_rev == Some(content.rev));
        if agreed && same {
            self.counts.unchanged += 1;
            let waits = publication.waits_for != made.waits_for || publication.waits_paths != made.waits_paths;
            if waits || publication.sent_rev != Some(content.rev) || publication.sent_hash.is_none() {
                (publication.waits_for, publication.waits_paths) = (made.waits_for, made.waits_paths);
                publication.agreed(content.rev, Some(made.hash), now);
                self.save(&mut publication, known, None).await?;
            }
            return Ok(());
        }
        // The step that cannot be taken back.
        self.context.confirm(&self.app.db).await?;
        let before = publication.their_hash.clone();
        let sent = Box::pin(self.bring(&mut publication, &made, known)).await?;
        match sent {
            Ok(receipt) => {
                (self.failing, self.refused) = (0, 0);
                let is_new = publication.sent_rev.is_none() || publication.status == PublicationStatus::Removed;
                let place_before = publication.external_url.clone();
                let was_there = publication.is_there();
                let is_same = before.is_some() && receipt.remote.as_ref().map(|there| &there.hash) == before.as_ref();
                publication.keep(receipt);
                publication.notes.extend(made.notes);
                (publication.waits_for, publication.waits_paths) = (made.waits_for, made.waits_paths);
                publication.agreed(content.rev, Some(made.hash), now);
                if !was_there || publication.external_url != place_before {
                    publication.placed_at = Some(now);
                }
                if is_new {
                    self.counts.published += 1;
                } else if is_same {
                    self.counts.unchanged += 1;
                } else {
                    self.counts.updated += 1;
                }
                self.save(&mut publication, known, None).await
            }
            Err(error) => {
                let of = (content.rev, Some(&content));
                self.failed(publication, error, of, known).await
            }
        }
    }

    /// Reserves the place if there is none, and publishes.
    async fn bring(
        &mut self,
        publication: &mut Publication,
        made: &Made,
        known: &mut Known,
    ) -> Result<Result<Receipt, PublishError>, Left> {
        let mut at = publication.receipt();
        // Deleted for good there, and somebody wants it back.
        if publication.external_status.as_deref() == Some(GONE) {
            at = None;
        }
        loop {
            let is_reserved = at.is_none();
            let place = match at {
                Some(at) => at,
                None => match Box::pin(self.publisher.reserve(&made.document)).await {
                    Ok(receipt) => {
                        publication.keep(receipt.clone());
                        // Kept before it goes on, so that nothing makes a second place.
                        self.save(publication, known, None).await?;
                        receipt
                    }
                    Err(error) => return Ok(Err(error)),
                },
            };
            // Somebody wants it there, or it was taken away from here.
            let is_asked_for =
                publication.choice == Choice::Publish && publication.status == PublicationStatus::Pending;
            let comes_back = is_asked_for || publication.status == PublicationStatus::Removed;
            let mut journal = Keeping::new(self, publication);
            let sent = Box::pin(self.publisher.publish(&made.document, &place, known, &mut journal)).await;
            if let Some(error) = journal.lost {
                return Err(self.unsaved(error, publication, known).await?);
            }
            match sent {
                // It was in their bin, which has been emptied.
                Err(PublishError::Gone) if !is_reserved && comes_back => at = None,
                Err(PublishError::Binned) if is_asked_for => {
                    at = Some(Receipt {
                        status: Some(BINNED.into()),
                        ..place
                    });
                }
                sent => return Ok(sent),
            }
        }
    }

    /// Writes down why a document did not get there: the revision that it was made of, and the row where it can be a conflict.
    async fn failed(
        &mut self,
        mut publication: Publication,
        error: PublishError,
        (rev, ours): (i64, Option<&Content>),
        known: &mut Known,
    ) -> Result<(), Left> {
        let now = self.app.db.clock().now();
        publication.updated_at = now;
        publication.error = Some(error.to_string());
        let failed_before = publication.failed_rev.take();
        publication.retry_at = None;
        let (mut stop, mut theirs) = (None, None);
        match error {
            PublishError::Conflict(copy) => {
                publication.contradict(&copy);
                theirs = Some(copy);
                self.counts.conflicts += 1;
            }
            PublishError::Gone => {
                thrown_away(&mut publication, GONE);
                self.counts.failed += 1;
            }
            PublishError::Binned => {
                thrown_away(&mut publication, BINNED);
                self.counts.failed += 1;
            }
            PublishError::Fail(_) => {
                publication.status = PublicationStatus::Failed;
                publication.failed_rev = Some(rev);
                self.failing = 0;
                self.counts.failed += 1;
            }
            PublishError::Connection(why) => {
                publication.status = PublicationStatus::Failed;
                self.counts.failed += 1;
                if self.is_about_one().await {
                    publication.failed_rev = Some(rev);
                    publication.retry_at = next_try(&mut publication, &REFUSED, now);
                } else {
                    // With the next run.
                    publication.retry_at = Some(now);
                    stop = Some(Stop::Connection(why));
                }
            }
            PublishError::Retry { why, after } => {
                publication.status = PublicationStatus::Failed;
                let asked = after
                    .and_then(|after| chrono::Duration::from_std(after).ok())
                    .map(|after| now + after);
                // Another text than the one that failed has not been tried yet.
                if failed_before.is_some_and(|failed| failed != rev) {
                    publication.attempts = 0;
                }
                let again = next_try(&mut publication, &AGAIN, now);
                publication.retry_at = again.map(|again| asked.unwrap_or(again));
                publication.failed_rev = Some(rev);
                self.counts.failed += 1;
                self.failing += 1;
                if after.is_some() || self.failing >= DOWN {
                    stop = Some(Stop::Down { why, after });
                }
            }
        }
        let sides = ours.zip(theirs.as_deref());
        let saved = self.save(&mut publication, known, sides).await;
        match stop {
            Some(stop) => Err(stop.into()),
            None => saved,
        }
    }

    /// Whether what is refused is refused for what it is: a firewall that dislikes one text answers like one that lets nobody in.
    /// Of some in a row that is not believed.
    pub(super) async fn is_about_one(&mut self) -> bool {
        self.refused += 1;
        self.refused < DOWN && self.publisher.check().await.is_ok()
    }

    /// Takes it from visitors there.
    pub(super) async fn remove(&mut self, mut publication: Publication, rev: i64) -> Result<(), Left> {
        let Some(receipt) = publication.receipt() else {
            return Ok(());
        };
        self.context.confirm(&self.app.db).await?;
        match self.publisher.remove(&receipt).await {
            Ok(()) => {
                (self.failing, self.refused) = (0, 0);
                self.counts.removed += 1;
                gone(&mut publication, self.app.db.clock().now());
                self.save(&mut publication, &mut Known::default(), None).await
            }
            Err(error) => {
                let content = match &error {
                    PublishError::Conflict(_) => {
                        let content = publication.content;
                        self.db.get_deleted::<Content>(content, Deleted::With).await?
                    }
                    _ => None,
                };
                let of = (rev, content.as_ref());
                self.failed(publication, error, of, &mut Known::default()).await
            }
        }
    }

    /// Writes what became of a publication, and what was learnt on the way. With both `sides`, tells of the conflict that it becomes.
    pub(super) async fn save(
        &mut self,
        publication: &mut Publication,
        known: &mut Known,
        sides: Option<(&Content, &RemoteCopy)>,
    ) -> Result<(), Left> {
        match self.write(publication, known, sides).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.unsaved(error, publication, known).await?),
        }
    }

    /// What follows for a run where a row was not written.
    async fn unsaved(&mut self, error: DbError, publication: &Publication, known: &mut Known) -> Result<Left, Stop> {
        match error {
            DbError::Stale => {
                self.merge(publication, known).await?;
                Ok(Left::Row)
            }
            DbError::Duplicate { index } if index == EXTERNAL => {
                self.taken(publication).await?;
                Ok(Left::Row)
            }
            error => Ok(error.into()),
        }
    }

    async fn write(
        &self,
        publication: &mut Publication,
        known: &mut Known,
        sides: Option<(&Content, &RemoteCopy)>,
    ) -> Result<(), DbError> {
        let learnt = known.take_changes();
        learn(known, &learnt);
        let mut tx = self.db.tx();
        state::guard(&mut tx, self.destination.id, self.lease);
        mappings::save(&self.app.db, &mut tx, self.destination, known);
        tx.replace(publication);
        if let Some((ours, theirs)) = sides {
            conflict::tell(&mut tx, publication, ours, theirs);
        }
        let written = tx.commit().await.map(|_| ());
        if written.is_err() {
            learn(known, &learnt);
        }
        written
    }

    /// Somebody said at this moment what they want of it: that stays, with what is there by now. A run of their own looks at it.
    async fn merge(&self, publication: &Publication, known: &mut Known) -> Result<(), Stop> {
        for _ in 0..MERGES {
            let Some(mut row) = self.db.get::<Publication>(publication.id).await? else {
                return Ok(());
            };
            row.keep_place_of(publication);
            match self.write(&mut row, known, None).await {
                Err(DbError::Stale | DbError::Duplicate { .. }) => {}
                written => {
                    written?;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The place that was found for it is other content's here: that is for somebody to see, and holds up nothing else.
    async fn taken(&mut self, publication: &Publication) -> Result<(), Stop> {
        let Some(mut row) = self.db.get::<Publication>(publication.id).await? else {
            return Ok(());
        };
        let post = publication.external_id.as_deref().unwrap_or_default();
        row.status = PublicationStatus::Failed;
        row.error = Some(format!(
            "The place that was made for it at the destination (post {post}) is that of other content here, as after \
             an import. Delete that content here, or withhold this one from the destination; then try again."
        ));
        row.retry_at = None;
        row.updated_at = self.app.db.clock().now();
        self.counts.failed += 1;
        match self.write(&mut row, &mut Known::default(), None).await {
            Ok(()) | Err(DbError::Stale) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Lets what was learnt be kept with the next unit of work.
fn learn(known: &mut Known, learnt: &[((KnownKind, String), Entry)]) {
    for ((kind, ours), entry) in learnt {
        known.forget(*kind, ours);
        known.learn(*kind, ours, entry.clone());
    }
}

/// When a document that failed is tried again, of some minutes after one another; none when somebody has to act.
fn next_try(publication: &mut Publication, minutes: &[i64], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let attempt = usize::try_from(publication.attempts).unwrap_or(0);
    publication.attempts += 1;
    minutes
        .get(attempt)
        .map(|minutes| now + chrono::Duration::minutes(*minutes))
}

/// Whether its address in the site is another one than when it was last sent.
fn is_moved(content: &Content, publication: &Publication) -> bool {
    let Some(sent) = publication.sent_rev.filter(|sent| *sent != content.rev) else {
        return false;
    };
    let is_address = |field: &String| matches!(field.as_str(), "slug" | "section" | "language" | "page_role");
    changes::since(content, sent).is_none_or(|later| later.iter().flat_map(|change| &change.fields).any(is_address))
}

/// It was taken from visitors there.
pub fn gone(publication: &mut Publication, now: DateTime<Utc>) {
    publication.status = PublicationStatus::Removed;
    publication.external_status = Some(BINNED.into());
    (publication.error, publication.retry_at, publication.conflict) = (None, None, None);
    // What was there stays known: so an edit of it shows when somebody fetches it back there.
    publication.sent_hash = None;
    publication.attempts = 0;
    publication.updated_at = now;
}

/// It was deleted there, or moved to the bin: it stays away until somebody wants it back.
fn thrown_away(publication: &mut Publication, external_status: &str) {
    publication.status = PublicationStatus::Removed;
    publication.choice = Choice::Withhold;
    publication.external_status = Some(external_status.to_owned());
    publication.error = Some("It was deleted at the destination. Publish it there again to bring it back.".into());
}
