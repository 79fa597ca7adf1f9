//! Destinations and what is there, as stored.

use chrono::{DateTime, Utc};
use igny8_data::tokens::Keys;
use igny8_data::{AccountId, JobId, SiteId, SurrealValue, id_type, record};
use poem_openapi::Enum;
use serde::{Deserialize, Serialize};

use crate::features::content::ContentId;
use crate::features::planner::model::choice;
use crate::publish::wordpress::with_written;
use crate::publish::{DestinationKind, Entry, KnownKind, Receipt, RemoteCopy, RemoteState, Writing};

id_type!(
    /// A place that content of a site goes to.
    DestinationId, "destination", "dest_"
);
id_type!(
    /// What the work on a destination finds out.
    DestinationStateId, "destination_state", "deststate_"
);
id_type!(
    /// A piece of content at a destination.
    PublicationId, "publication", "pub_"
);
id_type!(
    /// Something of ours that a destination has under an id of its own.
    MappingId, "mapping", "map_"
);
id_type!(
    /// Something that was done with a destination.
    SyncEventId, "sync_event", "sync_"
);

choice!(Connection {
    Untested,
    Connected,
    Error
});
/// How far a synchronisation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum, SurrealValue, Serialize, Deserialize)]
#[oai(rename = "DestinationSyncStatus", rename_all = "snake_case")]
#[surreal(crate = "surrealdb_types")]
#[surreal(untagged, rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum SyncStatus {
    Pending,
    Syncing,
    Completed,
    Error,
}
choice!(
    /// What becomes of what was published at a destination that is removed here.
    Leaving { Keep, Trash }
);
choice!(PublicationStatus {
    /// To be brought there with the next run.
    Pending,
    /// There, as last sent or imported.
    Published,
    Failed,
    /// Changed on both sides: somebody has to decide.
    Conflict,
    /// Taken from visitors there, or deleted there.
    Removed,
});
choice!(
    /// Whether content goes to a destination.
    Choice {
        /// As the destination says.
        Automatic,
        /// Somebody wants it there.
        Publish,
        /// Somebody does not want it there.
        Withhold,
    }
);
choice!(
    /// Which way something went.
    Direction { In, Out }
);
choice!(
    /// How it ended.
    SyncResult { Done, Partly, Failed }
);

/// A destination as people set it.
#[derive(Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Destination {
    pub id: DestinationId,
    pub account: AccountId,
    pub site: SiteId,
    pub kind: DestinationKind,
    pub name: String,
    /// One that is not is left alone, in both directions.
    pub enabled: bool,
    /// Those of its kind; nothing in it is secret.
    pub settings: serde_json::Value,
    /// See [`Destination::secrets`].
    pub sealed: Option<String>,
    /// Set with `deleted_at`.
    pub leaving: Option<Leaving>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

record!(Destination, DestinationId, site, soft_delete);

/// What a destination needs to know that nobody else may.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Secrets {
    /// WordPress: the application password. Object storage: the secret access key.
    pub password: Option<String>,
    /// WordPress: what the plugin signs its messages with.
    pub webhook: Option<String>,
}

/// Stored settings or secrets that cannot be read, as after the installation's key was replaced.
#[derive(Debug, thiserror::Error)]
#[error("the stored {0} cannot be read; enter them again")]
pub struct Unreadable(pub &'static str);

impl Destination {
    /// Its settings, of the type that its kind has.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn settings<T: serde::de::DeserializeOwned>(&self) -> Result<T, Unreadable> {
        serde_json::from_value(self.settings.clone()).map_err(|_| Unreadable("settings"))
    }

    /// Encrypts and keeps the secrets.
    pub fn seal(&mut self, keys: &Keys, salt: [u8; 32], secrets: &Secrets) {
        let plain = serde_json::to_vec(secrets).unwrap_or_default();
        self.sealed = (*secrets != Secrets::default()).then(|| keys.seal(&self.place(), &plain, salt));
    }

    /// # Errors
    /// When they cannot be read.
    pub fn secrets(&self, keys: &Keys) -> Result<Secrets, Unreadable> {
        let Some(sealed) = &self.sealed else {
            return Ok(Secrets::default());
        };
        let plain = keys.open_sealed(&self.place(), sealed);
        let secrets = plain.and_then(|plain| serde_json::from_slice(&plain).ok());
        secrets.ok_or(Unreadable("secrets"))
    }

    fn place(&self) -> String {
        format!("destination/{}/{}/secrets", self.account, self.id)
    }
}

/// What the work on a destination finds out, and where it is. Changed by [`super::state`], a few fields at a time.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct DestinationState {
    pub id: DestinationStateId,
    pub account: AccountId,
    pub site: SiteId,
    pub destination: DestinationId,
    pub connection: Connection,
    pub connection_error: Option<String>,
    pub checked_at: Option<DateTime<Utc>>,
    /// What it has: types, taxonomies, users; by kind.
    pub discovered: Option<serde_json::Value>,
    pub discovered_at: Option<DateTime<Utc>>,
    pub sync_status: SyncStatus,
    pub sync_error: Option<String>,
    pub last_sync_at: Option<DateTime<Utc>>,
    /// Where an import that goes on in parts is; the import's own.
    pub cursor: serde_json::Value,
    /// When the site is looked at next for what changed there; `None`: never by itself.
    pub import_at: Option<DateTime<Utc>>,
    /// Content that changed before this was looked at; `None`: everything is to be looked at. The Unix epoch: a run does that.
    pub considered_at: Option<DateTime<Utc>>,
    /// Nothing is asked there before: the site said so.
    #[surreal(default)]
    pub not_before: Option<DateTime<Utc>>,
    /// When publishing there ended early; `None` since a run went well.
    #[surreal(default)]
    pub failed_at: Option<DateTime<Utc>>,
    /// The job that works on it, with its fence.
    pub held_by: Option<JobId>,
    pub held_fence: Option<i64>,
    pub rev: i64,
}

record!(DestinationState, DestinationStateId, site);

/// [`Publication::external_status`] of what is in the bin there.
pub const BINNED: &str = "trash";
/// [`Publication::external_status`] of what was deleted there for good.
pub const GONE: &str = "gone";

/// A piece of content at a destination.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Publication {
    pub id: PublicationId,
    pub account: AccountId,
    pub site: SiteId,
    pub destination: DestinationId,
    pub content: ContentId,
    pub status: PublicationStatus,
    pub choice: Choice,
    pub external_id: Option<String>,
    /// What it is there: for WordPress the REST base of its type.
    pub external_type: Option<String>,
    pub external_url: Option<String>,
    /// In the destination's own words.
    pub external_status: Option<String>,
    /// Of the document last sent; `None` after an import.
    pub sent_hash: Option<String>,
    /// Revision of the content's row that is there: last sent, or last imported. While it is the row's, nothing is to be sent.
    pub sent_rev: Option<i64>,
    /// What was there after our last read or write.
    pub their_hash: Option<String>,
    pub their_modified: Option<DateTime<Utc>>,
    /// What was about to be written there ([`Writing::hash`]) when, until both sides agree: with it what is there is known for
    /// ours where the answer was lost.
    #[surreal(default)]
    pub writing: Option<String>,
    #[surreal(default)]
    pub writing_at: Option<DateTime<Utc>>,
    /// What it was sent without.
    pub notes: Vec<String>,
    /// Content that it links to or stands below and that had no place there yet.
    pub waits_for: Vec<ContentId>,
    /// Addresses in the site (`/de/blog/x/`) that it names and at which there was no content yet.
    #[surreal(default)]
    pub waits_paths: Vec<String>,
    pub error: Option<String>,
    /// Attempts in a row that failed.
    pub attempts: i64,
    /// When a failed one is tried again; without a time somebody has to act first.
    pub retry_at: Option<DateTime<Utc>>,
    /// Revision of the content's row that failed: another one is tried at once.
    #[surreal(default)]
    pub failed_rev: Option<i64>,
    /// A [`RemoteCopy`], while both sides are changed; [`KeptOurs`] from somebody's decision until ours is there.
    pub conflict: Option<serde_json::Value>,
    pub published_at: Option<DateTime<Utc>>,
    /// When it got its place there, or another address here or there: what waited for that is sent again.
    #[surreal(default)]
    pub placed_at: Option<DateTime<Utc>>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

record!(Publication, PublicationId, site);

impl Publication {
    /// One of which nothing is there yet.
    pub fn new(id: PublicationId, destination: &Destination, content: ContentId, now: DateTime<Utc>) -> Self {
        Self {
            id,
            account: destination.account,
            site: destination.site,
            destination: destination.id,
            content,
            status: PublicationStatus::Pending,
            choice: Choice::Automatic,
            external_id: None,
            external_type: None,
            external_url: None,
            external_status: None,
            sent_hash: None,
            sent_rev: None,
            their_hash: None,
            their_modified: None,
            writing: None,
            writing_at: None,
            notes: Vec::new(),
            waits_for: Vec::new(),
            waits_paths: Vec::new(),
            error: None,
            attempts: 0,
            retry_at: None,
            failed_rev: None,
            conflict: None,
            published_at: None,
            placed_at: None,
            rev: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Where it is, if it has a place there.
    pub fn receipt(&self) -> Option<Receipt> {
        Some(Receipt {
            id: self.external_id.clone()?,
            kind: self.external_type.clone().unwrap_or_default(),
            url: self.external_url.clone(),
            status: self.external_status.clone(),
            notes: Vec::new(),
            remote: self.their_hash.clone().map(|hash| RemoteState {
                hash,
                modified: self.their_modified,
            }),
            writing: self.writing(),
        })
    }

    fn writing(&self) -> Option<Writing> {
        let (hash, at) = self.writing.clone().zip(self.writing_at)?;
        Some(Writing { hash, at })
    }

    /// Takes what was written there by an attempt whose answer was lost, of what is there now, for known.
    pub fn take_written(&mut self, hash: &str, modified: Option<DateTime<Utc>>) {
        if let Some((left, writing)) = self.their_hash.as_ref().zip(self.writing()) {
            self.their_hash = Some(with_written(left, &writing, hash, modified));
        }
    }

    /// Whether all that was changed there was written by an attempt whose answer was lost.
    pub fn was_written(&self, hash: &str, modified: Option<DateTime<Utc>>) -> bool {
        self.their_hash
            .as_ref()
            .zip(self.writing())
            .is_some_and(|(left, writing)| left != hash && with_written(left, &writing, hash, modified) == hash)
    }

    /// Whether a text of ours is there, and not in the bin: not a place that is only reserved.
    pub fn is_there(&self) -> bool {
        let is_away = matches!(self.external_status.as_deref(), Some(BINNED | GONE));
        let was_written = self.sent_rev.is_some() || self.their_hash.is_some();
        self.external_id.is_some() && self.status != PublicationStatus::Removed && was_written && !is_away
    }

    /// Keeps where it is.
    pub fn keep(&mut self, receipt: Receipt) {
        self.external_id = Some(receipt.id);
        self.external_type = Some(receipt.kind);
        self.external_url = receipt.url;
        self.external_status = receipt.status;
        self.notes = receipt.notes;
        let (hash, modified) = receipt.remote.map_or((None, None), |r| (Some(r.hash), r.modified));
        (self.their_hash, self.their_modified) = (hash, modified);
        (self.writing, self.writing_at) = (None, None);
    }

    /// Takes what another version of the row says of the place, and leaves what somebody wants.
    pub fn keep_place_of(&mut self, other: &Self) {
        let other = other.clone();
        self.external_id = other.external_id;
        self.external_type = other.external_type;
        self.external_url = other.external_url;
        self.external_status = other.external_status;
        (self.sent_hash, self.sent_rev) = (other.sent_hash, other.sent_rev);
        (self.their_hash, self.their_modified) = (other.their_hash, other.their_modified);
        (self.writing, self.writing_at) = (other.writing, other.writing_at);
        self.notes = other.notes;
        (self.waits_for, self.waits_paths) = (other.waits_for, other.waits_paths);
        (self.published_at, self.placed_at) = (other.published_at, other.placed_at);
        if other.status == PublicationStatus::Conflict && self.kept_ours().is_some() {
            // Until ours is there, whatever comes from there contradicts it.
            (self.sent_rev, self.sent_hash) = (None, None);
        }
    }

    /// Both sides agree: `sent_rev` of the content is there. Where it is to be taken away, that is still to be done.
    pub fn agreed(&mut self, sent_rev: i64, sent_hash: Option<String>, now: DateTime<Utc>) {
        if self.sent_rev.is_none() || self.status == PublicationStatus::Removed {
            self.placed_at = Some(now);
        }
        self.status = match self.choice {
            Choice::Withhold => PublicationStatus::Pending,
            Choice::Automatic | Choice::Publish => PublicationStatus::Published,
        };
        (self.sent_rev, self.sent_hash) = (Some(sent_rev), sent_hash);
        (self.error, self.retry_at, self.conflict) = (None, None, None);
        (self.attempts, self.failed_rev) = (0, None);
        (self.writing, self.writing_at) = (None, None);
        self.published_at.get_or_insert(now);
        self.updated_at = now;
    }

    /// The other side's copy, while there is a conflict.
    pub fn conflicting(&self) -> Option<RemoteCopy> {
        serde_json::from_value(self.conflict.clone()?).ok()
    }

    /// Ends a conflict: what is here is to go there. What they did was seen, and is no reason to stop any more.
    pub fn keep_ours(&mut self, theirs: RemoteCopy, now: DateTime<Utc>) {
        let kept = KeptOurs {
            sent_rev: self.sent_rev,
            their_hash: self.their_hash.take(),
        };
        self.conflict = serde_json::to_value(kept).ok();
        (self.their_hash, self.their_modified) = (Some(theirs.hash), theirs.modified);
        (self.writing, self.writing_at) = (None, None);
        // Until it is there, whatever comes from there contradicts it.
        (self.sent_rev, self.sent_hash) = (None, None);
        self.status = PublicationStatus::Pending;
        (self.error, self.retry_at) = (None, None);
        self.updated_at = now;
    }

    /// It was changed on both sides, and `theirs` is there. Where somebody decided for ours before and that did not get there, it is
    /// about all that was changed since both sides agreed.
    pub fn contradict(&mut self, theirs: &RemoteCopy) {
        if let Some(kept) = self.kept_ours() {
            (self.sent_rev, self.their_hash) = (kept.sent_rev, kept.their_hash);
        }
        self.take_written(&theirs.hash, theirs.modified);
        self.status = PublicationStatus::Conflict;
        self.conflict = serde_json::to_value(theirs).ok();
    }

    /// What was known before somebody decided for ours, until that is there.
    pub fn kept_ours(&self) -> Option<KeptOurs> {
        serde_json::from_value(self.conflict.clone()?).ok()
    }
}

/// What both sides agreed on before a conflict that ended for ours: what either changed since then goes there as it is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptOurs {
    /// [`Publication::sent_rev`] of then.
    pub sent_rev: Option<i64>,
    /// [`Publication::their_hash`] of then.
    pub their_hash: Option<String>,
}

/// Something of ours that a destination has under an id of its own.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Mapping {
    pub id: MappingId,
    pub account: AccountId,
    pub site: SiteId,
    pub destination: DestinationId,
    pub kind: KnownKind,
    pub ours: String,
    pub external_id: String,
    /// Of what was last sent of it.
    pub hash: Option<String>,
    /// Of what was there when it was last read. Of a term: without edits there that nothing here has taken.
    pub their_hash: Option<String>,
    pub url: Option<String>,
    /// Of a term: the destination's taxonomy, where it is not the usual one for ours. A term that was deleted there has no
    /// `external_id` then, so that it does not become one of the usual taxonomy.
    #[surreal(default)]
    pub taxonomy: Option<String>,
    /// Of a term: it was made there for ours, and was not there before.
    #[surreal(default)]
    pub made: bool,
    pub rev: i64,
    pub updated_at: DateTime<Utc>,
}

record!(Mapping, MappingId, site);

impl Mapping {
    /// As publishers see it.
    pub fn entry(self) -> ((KnownKind, String), Entry) {
        let entry = Entry {
            external_id: self.external_id,
            hash: self.hash,
            their_hash: self.their_hash,
            url: self.url,
            taxonomy: self.taxonomy,
            made: self.made,
        };
        ((self.kind, self.ours), entry)
    }
}

/// Something that was done with a destination.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct SyncEvent {
    pub id: SyncEventId,
    pub account: AccountId,
    pub site: SiteId,
    pub destination: DestinationId,
    /// `test`, `discover`, `publish`, `import`, `release`, …
    pub what: String,
    pub direction: Direction,
    pub result: SyncResult,
    pub message: String,
    /// Numbers by name: `{ "created": 3 }`.
    pub counts: serde_json::Value,
    pub duration_ms: i64,
    pub rev: i64,
    pub at: DateTime<Utc>,
}

record!(SyncEvent, SyncEventId, site);

#[cfg(test)]
mod tests {
    use igny8_data::{Clock, Ids};

    use super::*;

    #[test]
    fn a_decision_for_ours_is_no_conflict() {
        let ids = Ids::seeded(Clock::manual("2026-01-01T00:00:00Z"), 7);
        let now: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let destination = Destination {
            id: ids.make(),
            account: ids.make(),
            site: ids.make(),
            kind: DestinationKind::Wordpress,
            name: "Blog".into(),
            enabled: true,
            settings: serde_json::json!({}),
            sealed: None,
            leaving: None,
            rev: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        };
        let mut publication = Publication::new(ids.make(), &destination, ids.make(), now);
        let theirs = RemoteCopy {
            hash: "theirs".into(),
            modified: None,
            status: "publish".into(),
            title: "t".into(),
            slug: "s".into(),
            html: String::new(),
            excerpt: String::new(),
            url: None,
            published_at: None,
            seo_title: None,
            seo_description: None,
            terms: Vec::new(),
            around: None,
        };
        (publication.sent_rev, publication.their_hash) = (Some(3), Some("before".into()));
        publication.status = PublicationStatus::Conflict;
        publication.conflict = serde_json::to_value(&theirs).ok();
        assert_eq!(
            (publication.conflicting(), publication.kept_ours()),
            (Some(theirs.clone()), None)
        );
        publication.keep_ours(theirs.clone(), now);
        let kept = KeptOurs {
            sent_rev: Some(3),
            their_hash: Some("before".into()),
        };
        assert_eq!(
            (publication.conflicting(), publication.kept_ours()),
            (None, Some(kept.clone()))
        );
        assert_eq!(publication.their_hash.as_deref(), Some("theirs"));
        assert_eq!(
            (publication.status, publication.sent_rev),
            (PublicationStatus::Pending, None)
        );

        // They went on before it got there: both conflicts are one.
        let later = RemoteCopy {
            hash: "later".into(),
            ..theirs
        };
        let mut merged = publication.clone();
        publication.contradict(&later);
        assert_eq!(
            (
                publication.status,
                publication.sent_rev,
                publication.their_hash.as_deref()
            ),
            (PublicationStatus::Conflict, Some(3), Some("before"))
        );
        assert_eq!(publication.conflicting().as_ref(), Some(&later));
        merged.keep_place_of(&publication);
        assert_eq!((merged.sent_rev, merged.kept_ours()), (None, Some(kept.clone())));
        publication.keep_ours(later, now);
        assert_eq!(publication.kept_ours(), Some(kept));
        assert_eq!(publication.their_hash.as_deref(), Some("later"));
        publication.agreed(4, None, now);
        assert_eq!(publication.kept_ours(), None);
    }
}
