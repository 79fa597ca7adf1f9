//! Destinations in the API's own words.

use chrono::{DateTime, Utc};
use igny8_wordpress::Discovered;
use poem_openapi::types::Any;
use poem_openapi::{Enum, Object};

use crate::features::content::ContentId;
use crate::features::content::compare::Difference;
use crate::features::destinations::connect;
use crate::features::destinations::model::{
    Choice, Connection, Destination, DestinationId, DestinationState, Direction, Publication, PublicationId,
    PublicationStatus, SyncEvent, SyncEventId, SyncResult, SyncStatus,
};
use crate::features::destinations::releases::Mirrored;
use crate::publish::DestinationKind;
use crate::publish::object_storage::{ObjectStorageIn, ObjectStorageOut, ObjectStorageSettings};
use crate::publish::wordpress::{WordpressIn, WordpressOut, WordpressPatch, WordpressSettings};

/// A place that content goes to, without its secrets.
#[derive(Debug, Object)]
#[oai(rename = "Destination", skip_serializing_if_is_none)]
pub struct DestinationOut {
    pub id: DestinationId,
    pub kind: DestinationKind,
    pub name: String,
    /// One that is not is left alone, in both directions.
    pub enabled: bool,
    /// Of a WordPress site.
    pub wordpress: Option<WordpressOut>,
    /// Of a place in a bucket.
    pub object_storage: Option<ObjectStorageOut>,
    /// The release that is there; of destinations that take releases.
    pub release: Option<String>,
    /// A password or key is stored.
    pub password_set: bool,
    pub connection: Connection,
    /// What is wrong with the connection.
    pub connection_error: Option<String>,
    /// When the connection was last tried.
    pub checked_at: Option<DateTime<Utc>>,
    pub sync_status: SyncStatus,
    pub sync_error: Option<String>,
    /// When both sides were last brought together.
    pub last_sync_at: Option<DateTime<Utc>>,
    /// What the plugin of a WordPress site is told; only in the answer that makes it.
    pub webhook: Option<WebhookOut>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Where our plugin for WordPress tells of changes, and what it signs its messages with.
#[derive(Debug, Object)]
#[oai(rename = "DestinationWebhook")]
pub struct WebhookOut {
    pub url: String,
    /// Shown once.
    pub secret: String,
}

impl DestinationOut {
    pub fn of(row: &Destination, state: Option<&DestinationState>) -> Self {
        let (mut wordpress, mut object_storage, mut release) = (None, None, None);
        match row.kind {
            DestinationKind::Wordpress => {
                let found = state.and_then(connect::discovered);
                let settings = row.settings::<WordpressSettings>().ok();
                wordpress = settings.map(|settings| WordpressOut::of(&settings, found.as_ref()));
            }
            DestinationKind::ObjectStorage => {
                let settings = row.settings::<ObjectStorageSettings>().ok();
                object_storage = settings.as_ref().map(ObjectStorageOut::from);
                release = state.and_then(|state| Mirrored::of(state).release);
            }
        }
        Self {
            id: row.id,
            kind: row.kind,
            name: row.name.clone(),
            enabled: row.enabled,
            wordpress,
            object_storage,
            release,
            password_set: row.sealed.is_some(),
            connection: state.map_or(Connection::Untested, |state| state.connection),
            connection_error: state.and_then(|state| state.connection_error.clone()),
            checked_at: state.and_then(|state| state.checked_at),
            sync_status: state.map_or(SyncStatus::Pending, |state| state.sync_status),
            sync_error: state.and_then(|state| state.sync_error.clone()),
            last_sync_at: state.and_then(|state| state.last_sync_at),
            webhook: None,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// A destination to set up; what belongs to its kind is given, and nothing else.
#[derive(Debug, Object)]
#[oai(rename = "DestinationCreate", deny_unknown_fields)]
pub struct DestinationIn {
    pub kind: DestinationKind,
    pub name: String,
    /// True unless said otherwise.
    pub enabled: Option<bool>,
    /// For a WordPress site.
    pub wordpress: Option<WordpressIn>,
    /// For a place in a bucket, with `bucket`, `access_key_id` and `secret_access_key`.
    pub object_storage: Option<ObjectStorageIn>,
}

/// What to change of a destination; what is left out stays.
#[derive(Debug, Object)]
#[oai(rename = "DestinationUpdate", deny_unknown_fields)]
pub struct DestinationPatch {
    pub name: Option<String>,
    pub enabled: Option<bool>,
    pub wordpress: Option<WordpressPatch>,
    pub object_storage: Option<ObjectStorageIn>,
}

/// Whether a destination can be reached.
#[derive(Debug, Object)]
#[oai(rename = "DestinationTest", skip_serializing_if_is_none)]
pub struct TestOut {
    pub ok: bool,
    /// What is wrong, and what to do about it.
    pub problem: Option<String>,
    /// Trying again later may work.
    pub temporary: bool,
    pub duration_ms: u64,
}

/// What a WordPress site has.
#[derive(Debug, Object)]
#[oai(rename = "WordpressDiscovery", skip_serializing_if_is_none)]
pub struct DiscoveredOut {
    /// What the site is called.
    pub name: String,
    /// Where visitors go.
    pub home: String,
    pub types: Vec<TypeOut>,
    pub taxonomies: Vec<TaxonomyOut>,
    /// The first hundred.
    pub users: Vec<UserOut>,
    pub user_count: Option<u64>,
    pub yoast: bool,
    pub rank_math: bool,
    pub woocommerce: bool,
    /// Our plugin, which lets SEO fields, clusters and sectors through and tells of changes at once.
    pub igny8: bool,
    /// Titles and descriptions for search engines can be written there. Otherwise they stay here.
    pub takes_seo: bool,
}

/// A post type.
#[derive(Debug, Object)]
#[oai(rename = "WordpressType", skip_serializing_if_is_none)]
pub struct TypeOut {
    pub slug: String,
    pub name: String,
    /// Posts in any status but trash.
    pub count: Option<u64>,
    /// Slugs of its taxonomies.
    pub taxonomies: Vec<String>,
}

/// A taxonomy.
#[derive(Debug, Object)]
#[oai(rename = "WordpressTaxonomy", skip_serializing_if_is_none)]
pub struct TaxonomyOut {
    pub slug: String,
    pub name: String,
    pub hierarchical: bool,
    /// Terms of it.
    pub count: Option<u64>,
}

/// Somebody who writes there.
#[derive(Debug, Object)]
#[oai(rename = "WordpressUser")]
pub struct UserOut {
    pub id: u64,
    pub name: String,
}

impl From<&Discovered> for DiscoveredOut {
    fn from(found: &Discovered) -> Self {
        let takes = |key: &str| {
            let mut types = found.types.iter();
            types.any(|of| of.meta_keys.iter().any(|known| known == key))
        };
        let plugins = found.plugins;
        let [yoast, rank_math] = igny8_wordpress::SEO_KEYS.map(|keys| keys.iter().all(|key| takes(key)));
        Self {
            name: found.site.name.clone(),
            home: found.site.home.clone(),
            types: found
                .types
                .iter()
                .map(|of| TypeOut {
                    slug: of.post_type.slug.clone(),
                    name: of.post_type.name.clone(),
                    count: of.count,
                    taxonomies: of.post_type.taxonomies.clone(),
                })
                .collect(),
            taxonomies: found
                .taxonomies
                .iter()
                .map(|of| TaxonomyOut {
                    slug: of.taxonomy.slug.clone(),
                    name: of.taxonomy.name.clone(),
                    hierarchical: of.taxonomy.hierarchical,
                    count: of.count,
                })
                .collect(),
            users: found
                .users
                .iter()
                .map(|user| UserOut {
                    id: user.id,
                    name: user.name.clone(),
                })
                .collect(),
            user_count: found.user_count,
            yoast: plugins.yoast,
            rank_math: plugins.rank_math,
            woocommerce: plugins.woocommerce,
            igny8: plugins.igny8,
            takes_seo: (plugins.yoast && yoast) || (plugins.rank_math && rank_math),
        }
    }
}

/// Something that was done with a destination.
#[derive(Debug, Object)]
#[oai(rename = "SyncEvent")]
pub struct SyncEventOut {
    pub id: SyncEventId,
    /// `test`, `discover`, `publish`, `import`, …
    pub what: String,
    pub direction: Direction,
    pub result: SyncResult,
    pub message: String,
    /// Numbers by name.
    pub counts: Any<serde_json::Value>,
    pub duration_ms: i64,
    pub at: DateTime<Utc>,
}

impl From<SyncEvent> for SyncEventOut {
    fn from(row: SyncEvent) -> Self {
        Self {
            id: row.id,
            what: row.what,
            direction: row.direction,
            result: row.result,
            message: row.message,
            counts: Any(row.counts),
            duration_ms: row.duration_ms,
            at: row.at,
        }
    }
}

/// A piece of content at a destination.
#[derive(Debug, Object)]
#[oai(rename = "Publication", skip_serializing_if_is_none)]
pub struct PublicationOut {
    pub id: PublicationId,
    pub destination: DestinationId,
    pub content: ContentId,
    pub status: PublicationStatus,
    pub choice: Choice,
    /// The destination's id of it.
    pub external_id: Option<String>,
    /// Where visitors find it there.
    pub external_url: Option<String>,
    /// Its status there, in the destination's own words.
    pub external_status: Option<String>,
    /// What it is there without.
    pub notes: Vec<String>,
    /// Why it is not there as it is here.
    pub error: Option<String>,
    /// Attempts in a row that failed.
    pub attempts: i64,
    /// When it is tried again by itself; a failed one without a time waits for somebody.
    pub retry_at: Option<DateTime<Utc>>,
    /// First time that it was there.
    pub published_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<Publication> for PublicationOut {
    fn from(row: Publication) -> Self {
        Self {
            id: row.id,
            destination: row.destination,
            content: row.content,
            status: row.status,
            choice: row.choice,
            external_id: row.external_id,
            external_url: row.external_url,
            external_status: row.external_status,
            notes: row.notes,
            error: row.error,
            attempts: row.attempts,
            retry_at: row.retry_at,
            published_at: row.published_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Both sides of a conflict.
#[derive(Debug, Object)]
#[oai(rename = "PublicationConflict", skip_serializing_if_is_none)]
pub struct ConflictOut {
    pub publication: PublicationId,
    /// When it was changed there.
    pub modified: Option<DateTime<Utc>>,
    /// Its status there, in the destination's own words.
    pub external_status: String,
    pub external_url: Option<String>,
    /// Fields that were changed on a side and in which the sides differ.
    pub fields: Vec<ConflictField>,
}

/// A field in which the sides differ.
#[derive(Debug, Object)]
#[oai(rename = "PublicationConflictField", skip_serializing_if_is_none)]
pub struct ConflictField {
    /// `title`, `slug`, `body`, `excerpt`, `seo_title`, `meta_description`, `status` (in the destination's own words),
    /// `published_at`, `terms` (names, a line for each), `author`, `featured_image` (an address), `place` (order, and what it
    /// stands below), `showing` (how it is shown there: whether it has a password, never which; sticky, format, template,
    /// comments) and `meta` (what is kept with it there, without its values). What was changed of `showing` there stays,
    /// whoever's copy is kept.
    pub field: String,
    pub ours: String,
    /// Of `body`: ours in the form in which it would go there, where that is another text. The difference is from this.
    pub ours_as_sent: Option<String>,
    pub theirs: String,
    /// It was changed here since both sides agreed, as far as that is known.
    pub changed_here: bool,
    /// It was changed there since both sides agreed, as far as that is known.
    pub changed_there: bool,
    /// From ours to theirs.
    pub difference: Difference,
}

/// Whose copy stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum Side {
    /// What is here goes there.
    Ours,
    /// What is there comes here, as a revision that can be taken back.
    Theirs,
}

/// How a conflict ends.
#[derive(Debug, Object)]
#[oai(rename = "PublicationResolve", deny_unknown_fields)]
pub struct ResolveIn {
    pub keep: Side,
}

/// What to import.
#[derive(Debug, Default, Object)]
#[oai(rename = "DestinationImport", deny_unknown_fields)]
pub struct ImportIn {
    /// Everything, and not only what changed there since the last time.
    #[oai(default)]
    pub full: bool,
}

/// Publications to try again: those that are named, or all that failed at a destination.
#[derive(Debug, Object)]
#[oai(rename = "PublicationRetry", deny_unknown_fields)]
pub struct RetryIn {
    /// At most 200.
    #[oai(default)]
    pub publications: Vec<PublicationId>,
    pub destination: Option<DestinationId>,
}

/// How many are tried again.
#[derive(Debug, Object)]
#[oai(rename = "PublicationRetried")]
pub struct RetriedOut {
    pub queued: u32,
}

/// Where a piece of content is to go.
#[derive(Debug, Object)]
#[oai(rename = "ContentDestinations", deny_unknown_fields)]
pub struct ChoiceIn {
    /// `publish`: it goes there; `withhold`: it is taken from there and stays away; `automatic`: as the destination says.
    pub choice: Choice,
    /// At most 20.
    pub destinations: Vec<DestinationId>,
}

/// A destination, and what is there of a piece of content.
#[derive(Debug, Object)]
#[oai(rename = "ContentPlace", skip_serializing_if_is_none)]
pub struct PlaceOut {
    pub destination: DestinationId,
    pub name: String,
    pub kind: DestinationKind,
    pub enabled: bool,
    /// It goes there by itself in the state it is in.
    pub goes: bool,
    pub publication: Option<PublicationOut>,
}
