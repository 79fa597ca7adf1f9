//! The job that brings a destination up to date: everything that differs from what was last sent.
//!
//! It looks at content that changed since its last whole run, and at what is waiting or due again; so a run that was killed
//! loses nothing, and the next one finds what it left. What is there is known from receipts alone.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use igny8_data::queue::Lease;
use igny8_data::{
    DbError, JobPriority, JobRow, NewJob, Read, SiteDb, SiteId, SiteScope, SurrealValue, Tx, Variables, Write,
};

use super::decide::{self, Action, Candidate};
use super::document::{self, Made, Maker};
use super::model::{
    BINNED, Choice, Destination, DestinationId, DestinationState, Direction, GONE, Publication, PublicationId,
    PublicationStatus, SyncResult, SyncStatus,
};
use super::{connect, mappings, state};
use crate::app::App;
use crate::features::content::model::Source;
use crate::features::content::{Content, ContentId};
use crate::features::planner::Cluster;
use crate::features::publishing::snapshot::rows_of;
use crate::features::sites::Site;
use crate::features::taxonomy::TermId;
use crate::jobs::{JobContext, JobError};
use crate::publish::wordpress::{Wordpress, WordpressSettings};
use crate::publish::{DestinationKind, DocumentTerm, Known, KnownKind, PublishError, Publisher, Receipt, TermStep};

/// The job that looks which destinations a change concerns, and the one that brings documents to one of them.
pub const CHANGED: &str = "destinations_changed";
pub const PUBLISH: &str = "publish_documents";

/// Longest time between the moment that a row carries and its being visible.
const OVERLAP: chrono::Duration = chrono::Duration::seconds(30);
/// Documents that fail for the moment one after the other before the whole site is taken to be down.
const DOWN: usize = 3;
/// Minutes until a document that failed is tried again; after these somebody has to act.
const AGAIN: [i64; 8] = [1, 5, 15, 60, 180, 360, 720, 1440];

/// Tells a site's destinations of a change of its content, in the unit of work that makes it. Sites without any are not told.
pub fn changed(tx: &mut Tx<'_>, site: SiteId) {
    let there = "(SELECT VALUE id FROM destination WHERE site = $site AND account = $account AND deleted_at IS NONE LIMIT 1) != []";
    tx.enqueue_if(there, changed_job(site));
}

/// The job that [`changed`] queues.
pub fn changed_job(site: SiteId) -> NewJob {
    NewJob::new(CHANGED, serde_json::json!({}))
        .key(format!("destinations_changed/{site}"))
        .settled()
}

/// The job that brings a destination up to date.
pub fn publish_job(destination: DestinationId) -> NewJob {
    NewJob::new(PUBLISH, serde_json::json!({ "destination": destination }))
        .key(format!("publish_documents/{destination}"))
        .attempts(12)
}

/// As the installation: whoever made a change may lack the right to ask by the time it goes out.
pub async fn scope_of(app: &App, job: &JobRow) -> Result<Option<SiteScope<Write>>, JobError> {
    let Some(site) = job.site else {
        return Ok(None);
    };
    let actor = match app.db.system_actor(job.account, igny8_data::Why::Schedule).await {
        Ok(actor) => actor,
        Err(igny8_data::AuthError::Db(error)) => return Err(error.into()),
        Err(_) => return Ok(None),
    };
    match actor.site::<Write>(&app.db, site).await {
        Ok(scope) => Ok(Some(scope)),
        Err(igny8_data::Denied::Db(error)) => Err(error.into()),
        Err(_) => Ok(None),
    }
}

/// Queues the job of each destination that takes documents.
pub async fn fan_out(app: App, job: JobRow, _: JobContext) -> Result<serde_json::Value, JobError> {
    let Some(scope) = scope_of(&app, &job).await? else {
        return Ok(serde_json::json!({ "reason": "the site is gone" }));
    };
    let sql = "SELECT VALUE id FROM destination WHERE site = $site AND account = $account AND enabled = true \
               AND kind = $kind AND deleted_at IS NONE;";
    let mut binds = Variables::new();
    binds.insert("kind", DestinationKind::Wordpress);
    let db = app.db.site(&scope);
    let mut answer = db.query(sql, binds, "looking for destinations").await?;
    let destinations: Vec<DestinationId> = answer.rows(0)?;
    if !destinations.is_empty() {
        let mut tx = db.tx();
        for destination in &destinations {
            tx.enqueue(publish_job(*destination));
        }
        tx.commit().await?;
    }
    Ok(serde_json::json!({ "destinations": destinations.len() }))
}

/// Why a run ends before everything was looked at.
pub enum Stop {
    Job(JobError),
    /// Nothing works there until somebody mends the connection.
    Connection(String),
    /// Nothing works there for the moment.
    Down {
        why: String,
        after: Option<Duration>,
    },
}

impl From<JobError> for Stop {
    fn from(error: JobError) -> Self {
        Self::Job(error)
    }
}

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Refused(code) if code == state::LOST => {
                Self::Job(JobError::Retry("Another job works on this destination now.".into()))
            }
            error => Self::Job(error.into()),
        }
    }
}

#[derive(Debug, Default, serde::Serialize)]
struct Counts {
    published: u64,
    updated: u64,
    unchanged: u64,
    removed: u64,
    failed: u64,
    conflicts: u64,
}

impl Counts {
    /// Whether there was something to do.
    fn any(&self) -> bool {
        self.published + self.updated + self.removed + self.failed + self.conflicts > 0
    }
}

/// Brings the destination that the job's payload names up to date.
pub async fn run(app: App, job: JobRow, context: JobContext) -> Result<serde_json::Value, JobError> {
    let nothing = |reason: &str| Ok(serde_json::json!({ "reason": reason }));
    let id = job.payload["destination"]
        .as_str()
        .and_then(|id| id.parse::<DestinationId>().ok());
    let Some(id) = id else {
        return Err(JobError::Fail("The job does not name a destination.".into()));
    };
    let Some(scope) = scope_of(&app, &job).await? else {
        return nothing("the site is gone");
    };
    let db = app.db.site(&scope);
    let Some(destination) = db.get::<Destination>(id).await? else {
        return nothing("the destination is gone");
    };
    if !destination.enabled || destination.kind != DestinationKind::Wordpress {
        return nothing("the destination is switched off, or takes no documents");
    }
    let account = scope.actor().account::<Read>()?;
    let Some(site) = app.db.account(&account).get::<Site>(scope.site()).await? else {
        return nothing("the site is gone");
    };
    if !state::take(&db, id, context.lease()).await? {
        let wait = chrono::Duration::seconds(2);
        return Err(JobError::Later(
            wait,
            "Waiting for the work on this destination that is running.".into(),
        ));
    }
    let started = std::time::Instant::now();
    let began = app.db.clock().now();
    let mut counts = Counts::default();
    // An import that failed says so until one succeeds: work in the other direction that finds nothing to send is no cure.
    let import_error = match state::of(&db, id).await? {
        Some(before) if before.sync_status == SyncStatus::Error && before.import_at.is_some() => Some(before),
        _ => None,
    };
    // Boxed here and below: all of it in one future would be larger than a thread's stack.
    let ended = Box::pin(go(&app, &scope, &site, &destination, &context, &mut counts)).await;
    let ended = match ended {
        Err(Stop::Job(error)) => return Err(error),
        ended => ended,
    };
    let numbers = serde_json::to_value(&counts).unwrap_or_default();
    let (change, result, message) = match &ended {
        Ok(()) => {
            let result = if counts.failed + counts.conflicts > 0 {
                SyncResult::Partly
            } else {
                SyncResult::Done
            };
            let change = state::Change::new().considered_at(Some(began));
            let change = match &import_error {
                Some(before) if !counts.any() => change.sync(before.sync_status, before.sync_error.clone()),
                _ => change
                    .sync(SyncStatus::Completed, None)
                    .connection(None, began)
                    .synced_at(app.db.clock().now()),
            };
            (change, result, summary(&counts))
        }
        Err(Stop::Connection(why)) => {
            let change = state::Change::new()
                .sync(SyncStatus::Error, Some(why.clone()))
                .connection(Some(why.clone()), began);
            (change, SyncResult::Failed, why.clone())
        }
        Err(Stop::Down { why, .. }) => {
            let change = state::Change::new().sync(SyncStatus::Error, Some(why.clone()));
            (change, SyncResult::Failed, why.clone())
        }
        Err(Stop::Job(_)) => unreachable!("returned above"),
    };
    let mut tx = db.tx();
    state::guard(&mut tx, id, context.lease());
    change.add_to(&mut tx, id);
    if counts.any() || ended.is_err() {
        let noted = state::Noted {
            what: "publish",
            direction: Direction::Out,
            result,
            message,
            counts: numbers.clone(),
            took: started.elapsed(),
        };
        state::note(&app.db, &mut tx, &destination, noted);
    }
    if ended.is_ok()
        && let Some(at) = next_attempt(&db, id).await?
    {
        let again = publish_job(id).key(format!("publish_documents/{id}/later"));
        tx.enqueue(again.run_at(at).priority(JobPriority::Normal));
    }
    tx.commit().await?;
    match ended {
        Ok(()) => Ok(numbers),
        Err(Stop::Connection(why)) => Err(JobError::Fail(why)),
        Err(Stop::Down {
            why,
            after: Some(after),
        }) => {
            let after = chrono::Duration::from_std(after).unwrap_or(chrono::Duration::hours(1));
            Err(JobError::Later(after.max(chrono::Duration::seconds(1)), why))
        }
        Err(Stop::Down { why, after: None }) => Err(JobError::Retry(why)),
        Err(Stop::Job(error)) => Err(error),
    }
}

fn summary(counts: &Counts) -> String {
    let parts = [
        (counts.published, "published"),
        (counts.updated, "updated"),
        (counts.removed, "removed"),
        (counts.failed, "failed"),
        (counts.conflicts, "in conflict"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
    if parts.is_empty() {
        "Nothing had changed.".to_owned()
    } else {
        format!("{}.", parts.join(", "))
    }
}

/// When the first of those that failed is due again.
async fn next_attempt(db: &SiteDb<'_, Write>, destination: DestinationId) -> Result<Option<DateTime<Utc>>, DbError> {
    let mut binds = Variables::new();
    binds.insert("destination", destination);
    binds.insert("failed", PublicationStatus::Failed);
    let sql = "SELECT VALUE retry_at FROM publication WITH INDEX publication_by_status WHERE destination = $destination \
               AND status = $failed AND site = $site AND account = $account AND retry_at != NONE;";
    let mut answer = db.query(sql, binds, "looking for what is due again").await?;
    Ok(answer.rows::<DateTime<Utc>>(0)?.into_iter().min())
}

async fn go(
    app: &App,
    scope: &SiteScope<Write>,
    site: &Site,
    destination: &Destination,
    context: &JobContext,
    counts: &mut Counts,
) -> Result<(), Stop> {
    let db = app.db.site(scope);
    let reading = scope.reading();
    let mut tx = db.tx();
    state::Change::new()
        .sync(SyncStatus::Syncing, None)
        .add_to(&mut tx, destination.id);
    tx.commit().await?;
    let settings: WordpressSettings = destination
        .settings()
        .map_err(|error| Stop::Connection(error.to_string()))?;
    let publisher = Box::pin(connect::publisher(app, &db, destination))
        .await
        .map_err(stopped)?;
    let maker =
        Maker::new(app, app.db.site(&reading), site, destination).map_err(|why| Stop::Job(JobError::Fail(why)))?;
    let known = state::of(&db, destination.id).await?;
    let mut run = Run {
        app,
        db,
        reading: &reading,
        destination,
        settings,
        publisher,
        maker,
        lease: context.lease(),
        context,
        counts,
        failing: 0,
        found_places: HashSet::new(),
    };
    Box::pin(run.all(known)).await
}

/// What an error means to the whole run.
fn stopped(error: PublishError) -> Stop {
    match error {
        PublishError::Connection(why) | PublishError::Fail(why) => Stop::Connection(why),
        PublishError::Retry { why, after } => Stop::Down { why, after },
        PublishError::Conflict(_) | PublishError::Gone | PublishError::Binned => Stop::Connection(error.to_string()),
    }
}

struct Run<'a> {
    app: &'a App,
    db: SiteDb<'a, Write>,
    reading: &'a SiteScope<Read>,
    destination: &'a Destination,
    settings: WordpressSettings,
    publisher: Wordpress,
    maker: Maker<'a>,
    lease: Lease,
    context: &'a JobContext,
    counts: &'a mut Counts,
    /// Documents that failed for the moment, one after the other.
    failing: usize,
    /// Content that has an address there since this run.
    found_places: HashSet<ContentId>,
}

/// Rows looked at together.
const CHUNK: usize = document::BATCH;

impl Run<'_> {
    async fn all(&mut self, known: Option<DestinationState>) -> Result<(), Stop> {
        let considered = known.and_then(|state| state.considered_at);
        let since = considered.map_or(DateTime::UNIX_EPOCH, |at| at - OVERLAP);
        self.terms(since).await?;
        let why = if considered.is_some() {
            decide::Why::Changed
        } else {
            decide::Why::All
        };
        self.context.progress(2.0, "Looking for what has changed");
        let candidates = self.candidates(considered).await?;
        let total = candidates.len();
        for (n, chunk) in candidates.chunks(CHUNK).enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "a percentage")]
            let percent = 2.0 + 93.0 * (n * CHUNK) as f64 / total.max(1) as f64;
            self.context
                .progress(percent, format!("{} of {total} looked at", n * CHUNK));
            Box::pin(self.chunk(chunk, why)).await?;
        }
        // What links to content that has an address since now.
        let waiting = self.waiting().await?;
        for chunk in waiting.chunks(CHUNK) {
            Box::pin(self.chunk(chunk, decide::Why::All)).await?;
        }
        Ok(())
    }

    /// Content that may differ from what is there, in the order of its ids: what refers to what came later is sent again.
    async fn candidates(&self, considered: Option<DateTime<Utc>>) -> Result<Vec<Candidate>, DbError> {
        let mut binds = Variables::new();
        binds.insert("since", considered.map_or(DateTime::UNIX_EPOCH, |at| at - OVERLAP));
        binds.insert("destination", self.destination.id);
        binds.insert("pending", PublicationStatus::Pending);
        binds.insert("failed", PublicationStatus::Failed);
        binds.insert("now", self.app.db.clock().now());
        let sql = format!(
            "SELECT {COLUMNS} FROM content WITH INDEX content_by_updated WHERE site = $site AND updated_at >= $since \
             AND account = $account;\
             SELECT VALUE content FROM publication WITH INDEX publication_by_status WHERE destination = $destination \
             AND status = $pending AND site = $site AND account = $account;\
             SELECT VALUE content FROM publication WITH INDEX publication_by_status WHERE destination = $destination \
             AND status = $failed AND site = $site AND account = $account AND retry_at != NONE AND retry_at <= $now;"
        );
        let mut answer = self.db.query(&sql, binds, "looking for content to publish").await?;
        let mut candidates: Vec<Candidate> = answer.rows(0)?;
        let found: HashSet<ContentId> = candidates.iter().map(|candidate| candidate.id).collect();
        let mut due: Vec<ContentId> = answer.rows(1)?;
        due.extend(answer.rows::<ContentId>(2)?);
        due.retain(|id| !found.contains(id));
        candidates.extend(self.of_ids(due).await?);
        candidates.sort_unstable_by_key(|candidate| candidate.id);
        candidates.dedup_by_key(|candidate| candidate.id);
        Ok(candidates)
    }

    async fn of_ids(&self, ids: Vec<ContentId>) -> Result<Vec<Candidate>, DbError> {
        let mut found = Vec::with_capacity(ids.len());
        let sql = format!("SELECT {COLUMNS} FROM $ids WHERE site = $site AND account = $account;");
        for ids in ids.chunks(200) {
            let mut binds = Variables::new();
            binds.insert("ids", ids.to_vec());
            let mut answer = self.db.query(&sql, binds, "reading content to publish").await?;
            found.extend(answer.rows::<Candidate>(0)?);
        }
        Ok(found)
    }

    async fn waiting(&self) -> Result<Vec<Candidate>, DbError> {
        #[derive(SurrealValue)]
        #[surreal(crate = "surrealdb_types")]
        struct Waiting {
            content: ContentId,
            waits_for: Vec<ContentId>,
        }
        if self.found_places.is_empty() {
            return Ok(Vec::new());
        }
        let mut binds = Variables::new();
        binds.insert("destination", self.destination.id);
        let sql = "SELECT content, waits_for FROM publication WITH INDEX publication_by_status \
                   WHERE destination = $destination AND site = $site AND account = $account AND array::len(waits_for) > 0;";
        let mut answer = self
            .db
            .query(sql, binds, "looking for what waits for addresses")
            .await?;
        let waiting = answer.rows::<Waiting>(0)?.into_iter();
        let has_one = |row: &Waiting| row.waits_for.iter().any(|id| self.found_places.contains(id));
        let ids = waiting.filter(has_one).map(|row| row.content).collect();
        self.of_ids(ids).await
    }

    /// Brings some content up to date.
    async fn chunk(&mut self, candidates: &[Candidate], why: decide::Why) -> Result<(), Stop> {
        self.context.check()?;
        let mut publications = self.publications(candidates).await?;
        let now = self.app.db.clock().now();
        let (mut send, mut new) = (Vec::new(), HashSet::new());
        for candidate in candidates {
            let publication = publications.remove(&candidate.id);
            match decide::decide(candidate, publication.as_ref(), &self.settings, why, now) {
                Action::Nothing => {}
                Action::Send => {
                    let publication = publication.unwrap_or_else(|| {
                        new.insert(candidate.id);
                        Publication::new(self.app.db.ids().make(), self.destination, candidate.id, now)
                    });
                    send.push(publication);
                }
                Action::Remove => {
                    if let Some(publication) = publication {
                        self.remove(publication).await?;
                    }
                }
                Action::Forget => {
                    if let Some(mut publication) = publication {
                        publication.status = PublicationStatus::Removed;
                        (publication.error, publication.retry_at, publication.conflict) = (None, None, None);
                        self.save(&mut publication, &mut Known::default()).await?;
                    }
                }
            }
        }
        if send.is_empty() {
            return Ok(());
        }
        let ids: Vec<ContentId> = send.iter().map(|publication| publication.content).collect();
        let tenant = (self.destination.account, self.destination.site);
        let reading = self.app.db.site(self.reading);
        let rows: Vec<Content> = rows_of(&reading, tenant, ids, "deleted_at IS NONE").await?;
        let mut rows: HashMap<ContentId, Content> = rows.into_iter().map(|row| (row.id, row)).collect();
        self.begin(&mut send, &new, &rows).await?;
        let both = send
            .into_iter()
            .filter_map(|publication| Some((rows.remove(&publication.content)?, publication)));
        let made = Box::pin(self.maker.documents(both.collect())).await?;
        let documents = made.iter().map(|(_, _, made)| &made.document);
        let mut known = mappings::of_documents(&self.db, self.destination.id, documents).await?;
        for (content, publication, made) in made {
            Box::pin(self.send(content, publication, made, &mut known)).await?;
        }
        Ok(())
    }

    /// Writes down the publications that are new before anything is done for them.
    async fn begin(
        &self,
        send: &mut [Publication],
        new: &HashSet<ContentId>,
        rows: &HashMap<ContentId, Content>,
    ) -> Result<(), Stop> {
        let places = self.imported_from(rows, new).await?;
        let now = self.app.db.clock().now();
        let mut made = Vec::with_capacity(new.len());
        for publication in send {
            if !new.contains(&publication.content) {
                continue;
            }
            let place = places.get(&publication.content).zip(rows.get(&publication.content));
            if let Some((post, content)) = place {
                self.adopt(publication, post, content, now);
            }
            made.push(publication.clone());
        }
        if made.is_empty() {
            return Ok(());
        }
        let mut tx = self.db.tx();
        state::guard(&mut tx, self.destination.id, self.lease);
        tx.create_all(made);
        match tx.commit().await {
            // Somebody chose one of them at this moment: the next attempt finds it.
            Err(DbError::Duplicate { .. }) => Err(Stop::Job(JobError::Retry(
                "A publication was changed at this moment.".into(),
            ))),
            other => {
                other?;
                Ok(())
            }
        }
    }

    /// Ids of the posts that an earlier connection to the same site imported as some content, where nothing else has them.
    async fn imported_from(
        &self,
        rows: &HashMap<ContentId, Content>,
        new: &HashSet<ContentId>,
    ) -> Result<HashMap<ContentId, String>, DbError> {
        let root = self.settings.root.as_ref().map(ToString::to_string).unwrap_or_default();
        let key = format!("{root}#");
        let post_of = |row: &Content| {
            let post = row.source_key.as_deref()?.strip_prefix(key.as_str())?;
            post.parse::<u64>().ok()?;
            Some((row.id, post.to_owned()))
        };
        let mut posts: Vec<(ContentId, String)> = Vec::new();
        for row in rows.values() {
            if row.source == Source::Wordpress && new.contains(&row.id) {
                posts.extend(post_of(row));
            }
        }
        if posts.is_empty() {
            return Ok(HashMap::new());
        }
        let (mut sql, mut binds) = (String::new(), Variables::new());
        binds.insert("destination", self.destination.id);
        for (n, (_, post)) in posts.iter().enumerate() {
            binds.insert(format!("post{n}"), post.clone());
            sql += &format!(
                "SELECT VALUE id FROM publication WITH INDEX publication_external WHERE destination = $destination \
                 AND external_id = $post{n} AND site = $site AND account = $account;"
            );
        }
        let mut answer = self.db.query(&sql, binds, "looking for imported posts").await?;
        let mut free = HashMap::with_capacity(posts.len());
        for (n, (content, post)) in posts.into_iter().enumerate() {
            if answer.rows::<PublicationId>(n)?.is_empty() {
                free.insert(content, post);
            }
        }
        Ok(free)
    }

    /// The post that content was imported from is its place. The first revision of its row is as it came from there.
    fn adopt(&self, publication: &mut Publication, post: &str, content: &Content, now: DateTime<Utc>) {
        let theirs = content.extra.get("wordpress");
        let text = |key: &str| theirs.and_then(|theirs| theirs.get(key)?.as_str());
        publication.external_id = Some(post.to_owned());
        publication.external_type = text("type").map(|of| self.publisher.kind_of(of).unwrap_or(of).to_owned());
        publication.external_status = text("status").map(str::to_owned);
        publication.external_url.clone_from(&content.source_url);
        publication.their_hash.clone_from(&content.imported_hash);
        publication.published_at = content.published_at;
        publication.agreed(1, None, now);
    }

    async fn publications(&self, candidates: &[Candidate]) -> Result<HashMap<ContentId, Publication>, DbError> {
        let (mut sql, mut binds) = (String::new(), Variables::new());
        binds.insert("destination", self.destination.id);
        for (n, candidate) in candidates.iter().enumerate() {
            binds.insert(format!("content{n}"), candidate.id);
            sql += &format!(
                "SELECT * FROM publication WITH INDEX publication_content WHERE destination = $destination \
                 AND content = $content{n} AND site = $site AND account = $account;"
            );
        }
        let mut answer = self.db.query(&sql, binds, "reading publications").await?;
        let mut found = HashMap::with_capacity(candidates.len());
        for n in 0..candidates.len() {
            found.extend(answer.rows::<Publication>(n)?.into_iter().map(|row| (row.content, row)));
        }
        Ok(found)
    }

    async fn send(
        &mut self,
        content: Content,
        mut publication: Publication,
        made: Made,
        known: &mut Known,
    ) -> Result<(), Stop> {
        let now = self.app.db.clock().now();
        let agreed = publication.status == PublicationStatus::Published;
        // The same as was sent, or nothing changed since it came from there.
        let same = publication.sent_hash.as_ref() == Some(&made.hash)
            || (publication.sent_hash.is_none() && publication.sent_rev == Some(content.rev));
        if agreed && same {
            self.counts.unchanged += 1;
            if publication.sent_rev != Some(content.rev) || publication.sent_hash.is_none() {
                publication.agreed(content.rev, Some(made.hash), now);
                self.save(&mut publication, known).await?;
            }
            return Ok(());
        }
        // The step that cannot be taken back.
        self.context.confirm(&self.app.db).await?;
        let before = publication.their_hash.clone();
        let sent = Box::pin(self.bring(&mut publication, &made, known)).await?;
        match sent {
            Ok(receipt) => {
                self.failing = 0;
                let is_new = publication.sent_rev.is_none() || publication.status == PublicationStatus::Removed;
                let place_before = publication.external_url.clone();
                let is_same = before.is_some() && receipt.remote.as_ref().map(|there| &there.hash) == before.as_ref();
                publication.keep(receipt);
                publication.notes.extend(made.notes);
                publication.waits_for = made.waits_for;
                publication.agreed(content.rev, Some(made.hash), now);
                if publication.external_url != place_before || is_new {
                    self.found_places.insert(content.id);
                }
                if is_new {
                    self.counts.published += 1;
                } else if is_same {
                    self.counts.unchanged += 1;
                } else {
                    self.counts.updated += 1;
                }
                self.save(&mut publication, known).await?;
                Ok(())
            }
            Err(error) => self.failed(publication, error, known).await,
        }
    }

    /// Reserves the place if there is none, and publishes.
    async fn bring(
        &self,
        publication: &mut Publication,
        made: &Made,
        known: &mut Known,
    ) -> Result<Result<Receipt, PublishError>, Stop> {
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
                        self.save(publication, known).await?;
                        receipt
                    }
                    Err(error) => return Ok(Err(error)),
                },
            };
            // Somebody wants it there, or it was taken away from here.
            let is_asked_for =
                publication.choice == Choice::Publish && publication.status == PublicationStatus::Pending;
            let comes_back = is_asked_for || publication.status == PublicationStatus::Removed;
            let sent = Box::pin(self.publisher.publish(&made.document, &place, known)).await;
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

    async fn failed(
        &mut self,
        mut publication: Publication,
        error: PublishError,
        known: &mut Known,
    ) -> Result<(), Stop> {
        let now = self.app.db.clock().now();
        publication.updated_at = now;
        publication.error = Some(error.to_string());
        publication.retry_at = None;
        let mut stop = None;
        match error {
            PublishError::Conflict(copy) => {
                publication.status = PublicationStatus::Conflict;
                publication.conflict = serde_json::to_value(&copy).ok();
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
                self.failing = 0;
                self.counts.failed += 1;
            }
            PublishError::Connection(why) => {
                publication.status = PublicationStatus::Failed;
                self.counts.failed += 1;
                stop = Some(Stop::Connection(why));
            }
            PublishError::Retry { why, after } => {
                publication.status = PublicationStatus::Failed;
                let attempt = usize::try_from(publication.attempts).unwrap_or(0);
                publication.attempts += 1;
                let again = AGAIN
                    .get(attempt)
                    .map(|minutes| now + chrono::Duration::minutes(*minutes));
                let asked = after
                    .and_then(|after| chrono::Duration::from_std(after).ok())
                    .map(|after| now + after);
                publication.retry_at = again.map(|again| again.max(asked.unwrap_or(again)));
                self.counts.failed += 1;
                self.failing += 1;
                if after.is_some() || self.failing >= DOWN {
                    stop = Some(Stop::Down { why, after });
                }
            }
        }
        self.save(&mut publication, known).await?;
        stop.map_or(Ok(()), Err)
    }

    async fn remove(&mut self, mut publication: Publication) -> Result<(), Stop> {
        let Some(receipt) = publication.receipt() else {
            return Ok(());
        };
        self.context.confirm(&self.app.db).await?;
        match self.publisher.remove(&receipt).await {
            Ok(()) => {
                self.failing = 0;
                self.counts.removed += 1;
                gone(&mut publication, self.app.db.clock().now());
                self.save(&mut publication, &mut Known::default()).await?;
                Ok(())
            }
            Err(error) => self.failed(publication, error, &mut Known::default()).await,
        }
    }

    /// Writes what became of a publication, and what was learnt on the way.
    async fn save(&self, publication: &mut Publication, known: &mut Known) -> Result<(), Stop> {
        let mut tx = self.db.tx();
        state::guard(&mut tx, self.destination.id, self.lease);
        mappings::save(&self.app.db, &mut tx, self.destination, known);
        tx.replace(publication);
        match tx.commit().await {
            // Somebody changed their mind about it at this moment: what they want is found in the next run.
            Err(DbError::Stale) => Err(Stop::Job(JobError::Retry(
                "A publication was changed at this moment.".into(),
            ))),
            other => {
                other?;
                Ok(())
            }
        }
    }

    /// Brings terms and clusters that were renamed up to date, as far as the destination has them.
    async fn terms(&mut self, since: DateTime<Utc>) -> Result<(), Stop> {
        let mut binds = Variables::new();
        binds.insert("since", since);
        let sql = "SELECT VALUE id FROM term WITH INDEX term_by_updated WHERE site = $site AND updated_at >= $since \
                   AND account = $account AND deleted_at IS NONE;\
                   SELECT * FROM cluster WITH INDEX cluster_by_updated WHERE site = $site AND updated_at >= $since \
                   AND account = $account AND deleted_at IS NONE;";
        let mut answer = self.db.query(sql, binds, "looking for renamed terms").await?;
        let terms: Vec<TermId> = answer.rows(0)?;
        let clusters: Vec<Cluster> = answer.rows(1)?;
        let mut documents: Vec<DocumentTerm> = self.maker.term_paths(terms).await?;
        documents.extend(
            clusters
                .into_iter()
                .filter(|row| row.site == self.destination.site)
                .map(|cluster| DocumentTerm {
                    taxonomy: "cluster".into(),
                    path: vec![TermStep {
                        id: cluster.id.to_string(),
                        slug: igny8_text::slug(&cluster.name, &self.maker.site().language),
                        name: cluster.name,
                        description: String::new(),
                    }],
                }),
        );
        for terms in documents.chunks(100) {
            let ids = terms
                .iter()
                .flat_map(|term| &term.path)
                .map(|step| (KnownKind::Term, step.id.clone()));
            let mut ids: Vec<(KnownKind, String)> = ids.collect();
            ids.sort_unstable();
            ids.dedup();
            let mut known = mappings::of(&self.db, self.destination.id, &ids).await?;
            for term in terms {
                let is_there = term
                    .path
                    .last()
                    .is_some_and(|step| known.get(KnownKind::Term, &step.id).is_some());
                if !is_there {
                    continue;
                }
                match self.publisher.file(term, &mut known).await {
                    // The next document with it tells.
                    Ok(()) | Err(PublishError::Fail(_)) => {}
                    Err(error) => return Err(stopped(error)),
                }
            }
            let mut tx = self.db.tx();
            state::guard(&mut tx, self.destination.id, self.lease);
            mappings::save(&self.app.db, &mut tx, self.destination, &mut known);
            tx.commit().await?;
        }
        Ok(())
    }
}

const COLUMNS: &str = "id, rev, status, content_type, publish_at, (deleted_at IS NONE) AS live";

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
