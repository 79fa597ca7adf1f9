//! Deployments as stored, and how one follows another.

use chrono::{DateTime, Utc};
use igny8_data::{AccountId, JobId, SiteId, SurrealValue, UserId, id_type, record};
use poem_openapi::Enum;

id_type!(
    /// One release of a site, or the attempt at one.
    DeploymentId, "deployment", "dep_"
);

/// How far a deployment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, SurrealValue, serde::Serialize, serde::Deserialize)]
#[oai(rename_all = "snake_case")]
#[surreal(crate = "surrealdb_types")]
#[surreal(untagged, rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum DeploymentStatus {
    Pending,
    Deploying,
    /// Visitors get or got it; the newest deployed one is live.
    Deployed,
    Failed,
    /// It was live until an older one was put in its place.
    RolledBack,
}

/// How much of the site was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, SurrealValue, serde::Serialize, serde::Deserialize)]
#[oai(rename_all = "snake_case")]
#[surreal(crate = "surrealdb_types")]
#[surreal(untagged, rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum DeploymentScope {
    /// Every file is new.
    Full,
    /// Files that had not changed are shared with the release before.
    Incremental,
}

/// A deployment as stored.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Deployment {
    pub id: DeploymentId,
    pub account: AccountId,
    pub site: SiteId,
    /// Counts up within the site.
    pub version: i64,
    pub status: DeploymentStatus,
    /// [`PENDING`] or [`DEPLOYING`] while it is that; a unique index makes it one of each for a site.
    pub turn: Option<String>,
    pub scope: DeploymentScope,
    /// Goes live in spite of errors in pages.
    pub force: bool,
    pub job: JobId,
    pub created_by: Option<UserId>,
    /// Of everything the release was made from.
    pub snapshot_hash: Option<String>,
    /// Name of the release; that of an older deployment when nothing had changed since.
    pub release: Option<String>,
    pub pages: i64,
    pub added: i64,
    pub changed: i64,
    pub removed: i64,
    pub bytes: i64,
    pub duration_ms: i64,
    pub error: Option<String>,
    /// Objects with `level`, `page`, `code` and `message`.
    pub log: Vec<serde_json::Value>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

record!(Deployment, DeploymentId, site);

/// [`Deployment::turn`] of the deployment that waits, and of the one that runs.
pub const PENDING: &str = "pending";
pub const DEPLOYING: &str = "deploying";

/// Lines of log kept with a deployment; a site with a broken template has one for each page.
pub const LOG_LINES: usize = 500;

impl Deployment {
    /// It has its turn.
    pub fn begin(&mut self) {
        self.status = DeploymentStatus::Deploying;
        self.turn = Some(DEPLOYING.to_owned());
        self.error = None;
        self.finished_at = None;
    }

    /// Ends it as failed.
    pub fn fail(&mut self, why: impl Into<String>, now: DateTime<Utc>) {
        self.status = DeploymentStatus::Failed;
        self.turn = None;
        self.error = Some(why.into());
        self.finished_at = Some(now);
    }

    /// Name of a release made by this deployment.
    pub fn own_release(&self) -> String {
        format!("{:06}", self.version)
    }

    pub fn is_unfinished(&self) -> bool {
        matches!(self.status, DeploymentStatus::Pending | DeploymentStatus::Deploying)
    }
}
