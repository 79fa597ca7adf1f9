//! Deployments in the API's own words.

use chrono::{DateTime, Utc};
use igny8_data::JobId;
use poem_openapi::Object;

use crate::features::publishing::{Deployment, DeploymentId, DeploymentScope, DeploymentStatus};

/// A release of a site, or the attempt at one.
#[derive(Debug, Object)]
#[oai(rename = "Deployment", skip_serializing_if_is_none)]
pub struct DeploymentOut {
    pub id: DeploymentId,
    /// Counts up within the site.
    pub version: i64,
    pub status: DeploymentStatus,
    /// True for the one that visitors get.
    pub live: bool,
    pub scope: DeploymentScope,
    /// The job that makes it; its progress is there.
    pub job: JobId,
    /// HTML pages of the release.
    pub pages: i64,
    /// Files that the release before did not have.
    pub added: i64,
    /// Files that differ from the release before.
    pub changed: i64,
    /// Files that the release before had and this one has not.
    pub removed: i64,
    /// Size of the release.
    pub bytes: i64,
    pub duration_ms: i64,
    /// Why it failed.
    pub error: Option<String>,
    /// What the render found, errors first; only when a single deployment is read.
    pub log: Option<Vec<LogLine>>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// A finding of a render.
#[derive(Debug, Object, serde::Serialize, serde::Deserialize)]
#[oai(rename = "DeploymentLogLine")]
pub struct LogLine {
    /// `error`, `warning` or `info`.
    pub level: String,
    /// Path of the page, empty for the whole site.
    pub page: String,
    /// Stable name of the kind of finding.
    pub code: String,
    pub message: String,
}

/// How to deploy.
#[derive(Debug, Default, Object)]
#[oai(rename = "DeploymentCreate", deny_unknown_fields, example)]
pub struct DeploymentIn {
    /// Go live in spite of errors in pages; they are in the log.
    #[oai(default)]
    pub force: bool,
}

impl poem_openapi::types::Example for DeploymentIn {
    fn example() -> Self {
        Self { force: false }
    }
}

impl DeploymentOut {
    /// For a list: without the log.
    pub fn from_row(deployment: Deployment, live: Option<DeploymentId>) -> Self {
        Self {
            live: live == Some(deployment.id),
            id: deployment.id,
            version: deployment.version,
            status: deployment.status,
            scope: deployment.scope,
            job: deployment.job,
            pages: deployment.pages,
            added: deployment.added,
            changed: deployment.changed,
            removed: deployment.removed,
            bytes: deployment.bytes,
            duration_ms: deployment.duration_ms,
            error: deployment.error,
            log: None,
            created_at: deployment.created_at,
            finished_at: deployment.finished_at,
        }
    }

    /// One deployment with its log.
    pub fn with_log(mut deployment: Deployment, live: Option<DeploymentId>) -> Self {
        let lines = std::mem::take(&mut deployment.log);
        let lines = lines.into_iter().filter_map(|line| serde_json::from_value(line).ok());
        Self {
            log: Some(lines.collect()),
            ..Self::from_row(deployment, live)
        }
    }
}
