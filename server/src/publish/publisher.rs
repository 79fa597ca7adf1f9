//! What a publisher does, and how it fails.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use igny8_data::SurrealValue;
use poem_openapi::Enum;
use serde::{Deserialize, Serialize};

use super::document::{Document, DocumentTerm};

pub use igny8_storage::{Done as Copied, File as ReleaseFile, Order as ReleaseOrder, Source as ReleaseSource, Watch};

/// Why something did not happen at a destination. The texts are for the site's people, and hold nothing secret.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PublishError {
    /// Another attempt may succeed, not before this time from now if the destination said so.
    #[error("{why}")]
    Retry { why: String, after: Option<Duration> },
    /// No attempt succeeds until somebody changes this document or a setting.
    #[error("{0}")]
    Fail(String),
    /// Nothing succeeds there until somebody mends the connection: wrong password, another host, no such site any more.
    #[error("{0}")]
    Connection(String),
    /// It was changed there since we last saw it; nothing was written.
    #[error("it was changed at the destination since the last synchronisation")]
    Conflict(Box<RemoteCopy>),
    /// What the receipt names is not there any more.
    #[error("it was deleted at the destination")]
    Gone,
    /// Somebody threw it away there, and can still fetch it back.
    #[error("it was moved to the bin at the destination")]
    Binned,
}

impl PublishError {
    pub fn retry(why: impl Into<String>) -> Self {
        Self::Retry {
            why: why.into(),
            after: None,
        }
    }
}

/// What was on the other side after a read or a write of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteState {
    /// Of everything people can edit there.
    pub hash: String,
    pub modified: Option<DateTime<Utc>>,
}

/// The other side's copy, for people to compare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteCopy {
    pub hash: String,
    pub modified: Option<DateTime<Utc>>,
    /// In the destination's own words.
    pub status: String,
    pub title: String,
    pub slug: String,
    pub html: String,
    pub excerpt: String,
    pub url: Option<String>,
    pub published_at: Option<DateTime<Utc>>,
    pub seo_title: Option<String>,
    pub seo_description: Option<String>,
    /// Names, as far as they are known.
    pub terms: Vec<String>,
    /// `None` of copies that were kept before there was this.
    #[serde(default)]
    pub around: Option<RemoteAround>,
}

/// What a copy is besides its texts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteAround {
    /// A name, or the user's number where none is known; empty for nobody.
    pub author: String,
    /// The address of the picture it is shown with, or its number where none is known; empty for none.
    pub image: String,
    /// The destination's id of what it stands below; 0 for nothing.
    pub parent: u64,
    /// Its place among those beside it.
    pub order: i64,
    /// How it is shown, in lines; whether there is a password, never which.
    pub showing: String,
    /// The destination's ids of the copy's terms, in the order of their names; none in copies from before there was this.
    #[serde(default)]
    pub terms: Vec<u64>,
}

/// What was about to be written there. Where the answer to it is lost, it is told by this from what people write there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writing {
    /// The hash that it then has: of the parts that are written, and nothing for each of the others.
    pub hash: String,
    pub at: DateTime<Utc>,
}

/// Where a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The destination's id of it.
    pub id: String,
    /// What it is there: for WordPress the REST base of its type.
    pub kind: String,
    pub url: Option<String>,
    /// In the destination's own words.
    pub status: Option<String>,
    /// What it is there without, in words: a file that the destination does not take.
    pub notes: Vec<String>,
    /// `None` after [`Publisher::reserve`], when nothing can have been edited there yet.
    pub remote: Option<RemoteState>,
    /// What an attempt since `remote` was about to write; `None` of what has just been read or written.
    pub writing: Option<Writing>,
}

/// Keeps what is about to be written, so that it is known for ours where the answer is lost.
pub trait Journal: Send {
    /// Keeps the hash of what is written ([`Writing::hash`]), and that of what is there: what was known to be there, with what an
    /// attempt before wrote. Nothing is written unless this succeeds.
    ///
    /// # Errors
    /// [`PublishError::Retry`] when it cannot be kept.
    fn about_to_write(&mut self, there: &str, writing: &str) -> impl Future<Output = Result<(), PublishError>> + Send;
}

/// A destination that takes documents one by one.
///
/// Whatever is called twice with the same comes to the same: `tests/it/publishers.rs` holds every publisher to that.
pub trait Publisher: Send + Sync {
    /// Whether it answers and lets us in.
    ///
    /// # Errors
    /// [`PublishError::Connection`], [`PublishError::Retry`].
    fn check(&self) -> impl Future<Output = Result<(), PublishError>> + Send;

    /// Makes an empty place for the document that no visitor sees, or finds the one that was made for it before. The caller keeps
    /// its id before it goes on, so that an attempt that is killed leaves no second one.
    ///
    /// # Errors
    /// [`PublishError`], without `Conflict`, `Gone` and `Binned`.
    fn reserve(&self, document: &Document) -> impl Future<Output = Result<Receipt, PublishError>> + Send;

    /// Brings the document to its place, with what it needs: files, terms. What is there already is not written. `known` is what the
    /// destination has of ours, and learns what is made now. Before something is written over what is known to be there, the
    /// `journal` keeps what.
    ///
    /// Where nothing was to be written and other parts were edited there, the receipt's [`Receipt::remote`] is `at`'s: nobody has
    /// seen that edit yet.
    ///
    /// # Errors
    /// [`PublishError`]; `Conflict` when the place was edited since `at`.
    fn publish(
        &self,
        document: &Document,
        at: &Receipt,
        known: &mut Known,
        journal: &mut impl Journal,
    ) -> impl Future<Output = Result<Receipt, PublishError>> + Send;

    /// Brings a term that the destination has to what it is now. Answers what of it is another there and stays so, in words.
    ///
    /// # Errors
    /// [`PublishError`], without `Conflict`, `Gone` and `Binned`.
    fn file(
        &self,
        term: &DocumentTerm,
        known: &mut Known,
    ) -> impl Future<Output = Result<Vec<String>, PublishError>> + Send;

    /// Takes it from visitors: into the bin where there is one. What is not there any more is removed.
    ///
    /// # Errors
    /// [`PublishError`], without `Gone` and `Binned`; `Conflict` when the place was edited since `at`, unless `at` has no
    /// [`Receipt::remote`].
    fn remove(&self, at: &Receipt) -> impl Future<Output = Result<(), PublishError>> + Send;
}

/// A destination that takes the files of a release.
///
/// Files go up before what leads to them and old ones go later, so that a visitor always finds a whole release. Whatever is called
/// twice with the same comes to the same, and a call that was killed anywhere is completed by the next one, whatever release that
/// one brings: `tests/it/release_stores.rs` holds every store to that.
pub trait ReleaseStore: Send + Sync {
    /// Whether it answers and lets us write, read and remove, and is free for this site.
    ///
    /// # Errors
    /// [`PublishError::Connection`], [`PublishError::Retry`].
    fn check(&self) -> impl Future<Output = Result<(), PublishError>> + Send;

    /// Makes what visitors get there the same as a release.
    ///
    /// # Errors
    /// [`PublishError::Connection`], [`PublishError::Retry`].
    fn mirror(
        &self,
        order: &ReleaseOrder,
        source: Arc<dyn ReleaseSource>,
        watch: &impl Watch,
    ) -> impl Future<Output = Result<Copied, PublishError>> + Send;

    /// Removes everything of this site; answers how many files that were.
    ///
    /// # Errors
    /// [`PublishError::Connection`], [`PublishError::Retry`].
    fn empty(&self, watch: &impl Watch) -> impl Future<Output = Result<usize, PublishError>> + Send;
}

/// What of ours a destination has under an id of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Enum, SurrealValue, Serialize, Deserialize)]
#[oai(rename_all = "snake_case")]
#[surreal(crate = "surrealdb_types")]
#[surreal(untagged, rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum KnownKind {
    /// By our term's id.
    Term,
    /// By the file's BLAKE3.
    Media,
}

/// One thing of ours at a destination.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    pub external_id: String,
    /// Of what was last sent of it.
    pub hash: Option<String>,
    /// Of a term: of what was there when it was last read, without edits there that nothing here has taken.
    pub their_hash: Option<String>,
    pub url: Option<String>,
    /// Of a term: the destination's taxonomy, where it is not the usual one for ours.
    pub taxonomy: Option<String>,
    /// Of a term: it was made there for ours, and was not there before.
    pub made: bool,
}

/// Terms and files of ours that a destination has.
#[derive(Debug, Default)]
pub struct Known {
    entries: HashMap<(KnownKind, String), Entry>,
    changed: BTreeSet<(KnownKind, String)>,
}

impl Known {
    pub fn new(entries: impl IntoIterator<Item = ((KnownKind, String), Entry)>) -> Self {
        Self {
            entries: entries.into_iter().collect(),
            changed: BTreeSet::new(),
        }
    }

    pub fn get(&self, kind: KnownKind, ours: &str) -> Option<&Entry> {
        self.entries.get(&(kind, ours.to_owned()))
    }

    /// Learns where something of ours is.
    pub fn learn(&mut self, kind: KnownKind, ours: &str, entry: Entry) {
        let key = (kind, ours.to_owned());
        if self.entries.get(&key) != Some(&entry) {
            self.entries.insert(key.clone(), entry);
            self.changed.insert(key);
        }
    }

    /// Something is not there any more; until it is learnt anew.
    pub fn forget(&mut self, kind: KnownKind, ours: &str) {
        self.entries.remove(&(kind, ours.to_owned()));
    }

    /// Whether something was learnt that nobody has taken yet.
    pub fn is_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// What was learnt since the last time this was asked.
    pub fn take_changes(&mut self) -> Vec<((KnownKind, String), Entry)> {
        let changed = std::mem::take(&mut self.changed);
        let with_entry = |key: (KnownKind, String)| self.entries.get(&key).cloned().map(|entry| (key, entry));
        changed.into_iter().filter_map(with_entry).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_that_were_kept_before_can_be_read() {
        let before = serde_json::json!({
            "hash": "x", "modified": null, "status": "publish", "title": "t", "slug": "s", "html": "<p>a</p>", "excerpt": "",
            "url": null, "published_at": null, "seo_title": null, "seo_description": null, "terms": ["News"],
        });
        let copy: RemoteCopy = serde_json::from_value(before).unwrap();
        assert_eq!((copy.around, copy.terms), (None, vec!["News".to_owned()]));
        let before = serde_json::json!({ "author": "a", "image": "", "parent": 0, "order": 0, "showing": "" });
        let around: RemoteAround = serde_json::from_value(before).unwrap();
        assert_eq!((around.author.as_str(), around.terms), ("a", Vec::new()));
    }
}
