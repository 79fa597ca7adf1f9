//! Brings the index of a site up to date: asks for rows with a later `updated_at` than the last look, less [`OVERLAP`], and puts in
//! those whose revision differs from the one in the index.
//!
//! How far it came is noted in the index with what was put in, so that one who is cut off goes on there.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use igny8_data::{
    AccountId, Deleted, Direction, Read, RecordKey as _, Select, SiteDb, SiteId, SiteScope, SurrealValue, Variables,
    record,
};
use igny8_search::{Document, Index, SearchError};
use serde::{Deserialize, Serialize};

use super::sites::{State, blocking};
use super::text;
use crate::api::{Error, Result};
use crate::app::App;
use crate::features::content::{Content, ContentId};

/// Longest time between the moment that a row carries and its being visible.
const OVERLAP: Duration = Duration::seconds(30);
/// Changed rows that are looked at together.
const LOOKED_AT: usize = 500;
/// Rows that are read together: a body may be 2 MiB, and these are in memory at once.
const BATCH: usize = 25;
/// Texts, and bytes of them, that are put in together.
const PUT_IN: usize = 250;
const PUT_IN_BYTES: usize = 8 << 20;
/// How often another process is waited for that writes to the same folder, and how long each time.
const TRIES: u32 = 50;
const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);
/// How long an answer waits for an index that is being made.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(8);

/// The note of an index is renewed when it is older than this, though nothing was changed: it must never be as old as what was
/// deleted becomes, and what was deleted long enough goes with it.
pub(super) const RENEWED: std::time::Duration = std::time::Duration::from_secs(12 * 60 * 60);

/// What an index says of itself.
#[derive(Serialize, Deserialize)]
struct Note {
    /// The database whose rows it was made of.
    database: String,
    looked_at: DateTime<Utc>,
}

impl Note {
    fn read(note: Option<&str>) -> Option<Self> {
        serde_json::from_str(note?).ok()
    }
}

/// A row of content as the look for changes sees it.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Touched {
    id: ContentId,
    account: AccountId,
    site: SiteId,
    rev: i64,
    updated_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
}

record!(Touched, ContentId, site, soft_delete);

impl Touched {
    const COLUMNS: &'static [&'static str] = &["id", "account", "site", "rev", "updated_at", "deleted_at"];
}

/// The index of a site as its rows are now. `tidy` also joins its small files, which takes a while.
///
/// # Errors
/// 503 when it is being made and that takes longer than somebody waits; when the database or the disk fails.
pub async fn follow(app: &App, scope: &SiteScope<Read>, tidy: bool) -> Result<Arc<Index>> {
    let work = {
        let (app, scope) = (app.clone(), scope.reading());
        let request = crate::api::request_id::current();
        // In a task of its own: it goes on when a client goes away or does not wait any longer.
        tokio::spawn(crate::api::request_id::scope(request, async move {
            let followed = brought_up(&app, &scope, tidy).await;
            if let Err(Failed::Index(error @ (SearchError::Index(_) | SearchError::Folder(_)))) = &followed {
                // Perhaps its folder was removed: opened anew it is made anew.
                tracing::warn!(%error, site = %scope.site(), "a search index is opened anew");
                app.searches.forget(scope.site());
                return brought_up(&app, &scope, tidy).await;
            }
            followed
        }))
    };
    let done = if tidy {
        work.await
    } else {
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(done) => done,
            Err(_) => {
                let message = "The search index of this site is being made. Try again in a few seconds.";
                return Err(Error::unavailable(message));
            }
        }
    };
    done.map_err(Error::internal)?.map_err(Error::from)
}

enum Failed {
    Api(Error),
    Index(SearchError),
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Api(error) => error,
            Failed::Index(SearchError::Busy) => {
                Self::unavailable("The search index of this site is being written. Try again in a few seconds.")
            }
            Failed::Index(error) => Self::internal(error),
        }
    }
}

impl From<SearchError> for Failed {
    fn from(error: SearchError) -> Self {
        Self::Index(error)
    }
}

impl From<igny8_data::DbError> for Failed {
    fn from(error: igny8_data::DbError) -> Self {
        Self::Api(error.into())
    }
}

async fn brought_up(app: &App, scope: &SiteScope<Read>, tidy: bool) -> Result<Arc<Index>, Failed> {
    let standing = app.searches.of(scope.site());
    let mut state = Arc::clone(&standing.0).lock_owned().await;
    let database = app.db.made_at().await?;
    let index = opened(app, scope.site(), &mut state, &database).await?;
    let db = app.db.site(scope);
    let begun = app.db.clock().now();
    let mut select = Select::new()
        .deleted(Deleted::With)
        .columns(Touched::COLUMNS)
        .order("updated_at", Direction::Ascending)
        .limit(LOOKED_AT);
    // A clock that was put back says nothing of what was changed since.
    if let Some(since) = state.looked_at.filter(|&since| since <= begun) {
        select = select.compare("updated_at", ">=", since - OVERLAP);
    }
    let mut batch = Batch {
        app,
        index: &index,
        database: &database,
        documents: Vec::new(),
        bytes: 0,
    };
    let mut page = select.clone();
    loop {
        let rows = db.list::<Touched>(page).await?;
        for ids in due(&index, &rows).await?.chunks(BATCH) {
            batch.read(&db, ids).await?;
            if batch.is_full() {
                // What comes behind has no earlier moment, and what has the same is within the overlap.
                let last = batch.write(rows[0].updated_at, false).await?;
                state.note = Some(last);
            }
        }
        match rows.last() {
            Some(last) if rows.len() == LOOKED_AT => {
                page = select.clone().after(last.updated_at.into_value(), last.id);
            }
            _ => break,
        }
    }
    let join = tidy && (index.is_scattered() || !batch.documents.is_empty());
    let is_old = Note::read(state.note.as_deref())
        .is_none_or(|note| (begun - note.looked_at).to_std().is_ok_and(|age| age > RENEWED));
    if join || is_old || !batch.documents.is_empty() {
        state.note = Some(batch.write(begun, join).await?);
    }
    state.looked_at = Some(begun);
    Ok(index)
}

/// Opens the index, or looks at what another process wrote to it; empties one of another database, and one that is so old that
/// rows may be gone for good of which it never saw that they were deleted.
async fn opened(app: &App, site: SiteId, state: &mut State, database: &str) -> Result<Arc<Index>, SearchError> {
    let (known, note) = (state.index.take(), state.note.take());
    let folder = app.searches.folder_of(site);
    let (index, found) = blocking(move || {
        let index = match known {
            Some(index) => index,
            None => Arc::new(Index::open(&folder)?),
        };
        let found = index.note()?;
        if found != note {
            index.reload()?;
        }
        Ok((index, (found != note, found)))
    })
    .await?;
    let (changed, found) = found;
    let kept = Duration::days(app.config.jobs.keep_deleted_days.max(1));
    let oldest = app.db.clock().now() - kept;
    match Note::read(found.as_deref()).filter(|note| note.database == database && note.looked_at > oldest) {
        Some(note) => {
            if changed {
                state.looked_at = Some(note.looked_at);
            }
            state.note = found;
        }
        None => {
            if found.is_some() {
                patient(&index, |index: &Index| index.clear()).await?;
            }
            (state.looked_at, state.note) = (None, None);
        }
    }
    state.index = Some(Arc::clone(&index));
    Ok(index)
}

/// Those of some rows that are not in the index as they are.
async fn due(index: &Arc<Index>, rows: &[Touched]) -> Result<Vec<ContentId>, SearchError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let index = Arc::clone(index);
    let rows: Vec<(ContentId, i64)> = rows.iter().map(|row| (row.id, row.rev)).collect();
    blocking(move || {
        let ids: Vec<u128> = rows.iter().map(|(id, _)| id.ulid().0).collect();
        let known = index.revisions(&ids)?;
        let differs = |(id, rev): &(ContentId, i64)| known.get(&id.ulid().0) != Some(rev);
        Ok(rows.into_iter().filter(differs).map(|(id, _)| id).collect())
    })
    .await
}

/// Texts on their way into the index.
struct Batch<'a> {
    app: &'a App,
    index: &'a Arc<Index>,
    database: &'a str,
    documents: Vec<Document>,
    bytes: usize,
}

impl Batch<'_> {
    async fn read(&mut self, db: &SiteDb<'_, Read>, ids: &[ContentId]) -> Result<(), Failed> {
        let mut binds = Variables::new();
        binds.insert("ids", ids.to_vec());
        let sql = "SELECT * FROM $ids WHERE site = $site AND account = $account;";
        let rows: Vec<Content> = db.query(sql, binds, "reading content to index").await?.rows(0)?;
        let documents = blocking(move || Ok(rows.iter().map(text::document).collect::<Vec<_>>())).await?;
        let texts = documents.iter().flat_map(|one| one.headings.iter().chain(&one.texts));
        self.bytes += texts.map(String::len).sum::<usize>();
        self.documents.extend(documents);
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.documents.len() >= PUT_IN || self.bytes >= PUT_IN_BYTES
    }

    /// Puts them in, with the note that everything changed before a moment is there.
    async fn write(&mut self, looked_at: DateTime<Utc>, tidy: bool) -> Result<String, Failed> {
        let note = Note {
            database: self.database.to_owned(),
            looked_at,
        };
        let note = serde_json::to_string(&note).map_err(|error| Failed::Api(Error::internal(error)))?;
        let documents = Arc::new(std::mem::take(&mut self.documents));
        self.bytes = 0;
        let kept = Duration::days(self.app.config.jobs.keep_deleted_days);
        let deleted_before = (self.app.db.clock().now() - kept).timestamp();
        let _turn = self
            .app
            .searches
            .turns
            .acquire()
            .await
            .map_err(|error| Failed::Api(Error::internal(error)))?;
        patient(self.index, {
            let note = note.clone();
            move |index: &Index| index.write(&documents, deleted_before, &note, tidy)
        })
        .await?;
        Ok(note)
    }
}

/// Writes to the index; waits while another process does.
async fn patient(
    index: &Arc<Index>,
    work: impl Fn(&Index) -> Result<(), SearchError> + Clone + Send + 'static,
) -> Result<(), SearchError> {
    let mut tries = 0;
    loop {
        let (index, work) = (Arc::clone(index), work.clone());
        match blocking(move || work(&index)).await {
            Err(SearchError::Busy) if tries < TRIES => {
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}
