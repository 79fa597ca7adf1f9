//! Who is asking, what they may reach, and the only way to reach it.
//!
//! Reading order: [`identity`] turns a credential into an [`Actor`]; [`grant`] turns an actor into a scope
//! ([`AccountScope`], [`SiteScope`], [`SectorScope`]) of a fixed kind of access; [`scoped`] turns a scope into a handle
//! that reads rows of that tenant; [`tx`] writes. [`platform`] is the door for work across accounts, each use with a
//! reason. [`queue`] stores background jobs, [`idempotency`] what repeated requests were answered; [`connect`] holds the
//! one client.
//!
//! **Invariants.** No scope, no rows. Foreign and missing are the same `None`. No text of a user's becomes SurrealQL.
//! The SurrealDB client is named in `connect` only.

#![forbid(unsafe_code)]

pub mod audit;
pub mod backup;
pub mod clock;
pub mod connect;
pub mod error;
pub mod grant;
pub mod idempotency;
pub mod identity;
pub mod ids;
pub mod migrate;
pub mod platform;
pub mod queue;
pub mod record;
pub mod role;
pub mod scope;
pub mod scoped;
pub mod select;
pub mod tokens;
pub mod tx;

pub use audit::{AuditEvent, AuditRow, Origin};
pub use clock::Clock;
pub use connect::{Answer, Db, Settings};
pub use error::DbError;
pub use grant::{Denied, SiteAccess};
pub use identity::{AccountStatus, Actor, AuthError, Who};
pub use ids::{AccountId, ApiKeyId, AuditId, Ids, JobId, RecordKey, SectorId, SessionId, SiteId, UserId};
pub use migrate::{MigrateError, Migration};
pub use platform::Why;
pub use queue::{JobPriority, JobRow, JobState, NewJob, Outcome};
pub use record::{AccountRecord, Record, SiteRecord};
pub use role::{Permission, Role};
pub use scope::{Access, AccountScope, CanWrite, Manage, Operator, Own, Read, SectorScope, SiteScope, Write};
pub use scoped::{AccountDb, Lists, SiteDb};
pub use select::{Deleted, Direction, Select};
pub use surrealdb_types::{SurrealValue, Value, Variables};
pub use tx::Tx;

// For the macros of this crate, used in others.
#[doc(hidden)]
pub use poem_openapi;
#[doc(hidden)]
pub use surrealdb_types;
