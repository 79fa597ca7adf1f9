//! The indexes that are open in this process.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use igny8_data::{RecordKey as _, SiteId};
use igny8_search::{Index, SearchError};
use tokio::sync::Semaphore;

use crate::config::Config;

/// How texts are divided and what is kept of them: another number makes all indexes anew.
const FORM: &str = "1";
/// Indexes that are open together. An open one holds file handles and some pages of memory, which the system can take back.
const MOST_OPEN: usize = 64;

/// The indexes of the sites that were asked about lately.
pub struct Searches {
    folder: PathBuf,
    open: Mutex<VecDeque<(SiteId, Arc<Standing>)>>,
    /// Indexes are written one after the other: each gathers texts in memory.
    pub(super) turns: Semaphore,
}

/// An index, for whoever may bring it up to date now.
#[derive(Default)]
pub(super) struct Standing(pub(super) Arc<tokio::sync::Mutex<State>>);

#[derive(Default)]
pub(super) struct State {
    pub index: Option<Arc<Index>>,
    /// What the index says of itself as it was last read.
    pub note: Option<String>,
    /// Everything that was changed before this moment is in the index.
    pub looked_at: Option<DateTime<Utc>>,
}

impl Searches {
    pub fn new(config: &Config) -> Self {
        Self {
            folder: config.data_dir.join("search"),
            open: Mutex::default(),
            turns: Semaphore::new(1),
        }
    }

    /// The folder of folders of sites, and its name; there may be those of earlier forms beside it.
    pub(super) fn folders(&self) -> (PathBuf, &'static str) {
        (self.folder.clone(), FORM)
    }

    pub(super) fn folder_of(&self, site: SiteId) -> PathBuf {
        self.folder.join(FORM).join(site.key())
    }

    /// The index of a site, as the one used last; the one unused for longest is closed.
    pub(super) fn of(&self, site: SiteId) -> Arc<Standing> {
        let mut open = self.open();
        let at = open.iter().position(|(known, _)| *known == site);
        let one = at
            .and_then(|at| open.remove(at))
            .unwrap_or_else(|| (site, Arc::default()));
        let standing = Arc::clone(&one.1);
        open.push_back(one);
        while open.len() > MOST_OPEN {
            open.pop_front();
        }
        standing
    }

    /// Closes the index of a site: something is wrong with it, and the next one opens it anew.
    pub(super) fn forget(&self, site: SiteId) {
        self.open().retain(|(known, _)| *known != site);
    }

    fn open(&self) -> std::sync::MutexGuard<'_, VecDeque<(SiteId, Arc<Standing>)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does something with files outside the threads that answer requests.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SearchError> + Send + 'static,
) -> Result<T, SearchError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(SearchError::Folder(std::io::Error::other(error))),
    }
}
