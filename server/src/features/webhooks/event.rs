//! What is told, and how it reads.

use chrono::{DateTime, Utc};
use igny8_data::{Ids, JobId, SiteId};
use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};

use crate::features::content::ContentId;
use crate::features::content::model::{Content, ContentType};
use crate::features::publishing::{Deployment, DeploymentId, DeploymentStatus};

/// A kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum, Serialize, Deserialize)]
#[oai(rename = "WebhookEventKind")]
pub enum EventKind {
    /// Content was published. Visitors see it once its site is deployed, which `deployment.finished` tells.
    #[oai(rename = "content.published")]
    #[serde(rename = "content.published")]
    ContentPublished,
    /// What visitors see of published content was changed.
    #[oai(rename = "content.updated")]
    #[serde(rename = "content.updated")]
    ContentUpdated,
    /// Published content was taken back or deleted.
    #[oai(rename = "content.unpublished")]
    #[serde(rename = "content.unpublished")]
    ContentUnpublished,
    /// A deployment ended, well or not.
    #[oai(rename = "deployment.finished")]
    #[serde(rename = "deployment.finished")]
    DeploymentFinished,
    /// Content was changed here and at a destination since they were last the same.
    #[oai(rename = "sync.conflict")]
    #[serde(rename = "sync.conflict")]
    SyncConflict,
    /// A background job gave up.
    #[oai(rename = "job.failed")]
    #[serde(rename = "job.failed")]
    JobFailed,
    /// The credits of the account have just fallen below the threshold that `PUT /billing/low-credits` sets.
    #[oai(rename = "credits.low")]
    #[serde(rename = "credits.low")]
    CreditsLow,
}

impl EventKind {
    pub const ALL: [Self; 7] = [
        Self::ContentPublished,
        Self::ContentUpdated,
        Self::ContentUnpublished,
        Self::DeploymentFinished,
        Self::SyncConflict,
        Self::JobFailed,
        Self::CreditsLow,
    ];

    /// As it is sent and stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::ContentPublished => "content.published",
            Self::ContentUpdated => "content.updated",
            Self::ContentUnpublished => "content.unpublished",
            Self::DeploymentFinished => "deployment.finished",
            Self::SyncConflict => "sync.conflict",
            Self::JobFailed => "job.failed",
            Self::CreditsLow => "credits.low",
        }
    }

    /// The kind of a stored name; `None` of one that a later version wrote.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Content, as an event tells of it.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "WebhookContent", skip_serializing_if_is_none)]
pub struct ContentData {
    pub content: ContentId,
    pub site: SiteId,
    pub content_type: ContentType,
    pub title: String,
    /// BCP 47 tag.
    pub language: String,
    /// Its address within its language.
    pub path: String,
    /// Where visitors find it, or found it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_at: Option<DateTime<Utc>>,
    /// Number of its newest text.
    pub revision: i64,
}

impl ContentData {
    /// Without its `url`, which is added when it is sent.
    pub fn of(content: &Content) -> Self {
        Self {
            content: content.id,
            site: content.site,
            content_type: content.content_type,
            title: content.title.clone(),
            language: content.language.clone(),
            path: content.path.clone(),
            url: None,
            published_at: content.published_at,
            revision: content.revision,
        }
    }
}

/// A deployment, as an event tells of it.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "WebhookDeployment", skip_serializing_if_is_none)]
pub struct DeploymentData {
    pub deployment: DeploymentId,
    pub site: SiteId,
    /// Counts up within the site.
    pub version: i64,
    /// `deployed` or `failed`.
    pub status: DeploymentStatus,
    /// Where visitors find the site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Pages of the site, and files that are new, changed and gone.
    pub pages: i64,
    pub added: i64,
    pub changed: i64,
    pub removed: i64,
    pub duration_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl DeploymentData {
    /// Without its `url`, which is added when it is sent.
    pub fn of(deployment: &Deployment) -> Self {
        Self {
            deployment: deployment.id,
            site: deployment.site,
            version: deployment.version,
            status: deployment.status,
            url: None,
            pages: deployment.pages,
            added: deployment.added,
            changed: deployment.changed,
            removed: deployment.removed,
            duration_ms: deployment.duration_ms,
            error: deployment.error.clone(),
        }
    }
}

/// A conflict, as an event tells of it.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "WebhookConflict", skip_serializing_if_is_none)]
pub struct ConflictData {
    pub site: SiteId,
    pub content: ContentId,
    /// Id of the destination.
    pub destination: String,
    /// Id and address at the destination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_url: Option<String>,
    /// Names of the fields that differ.
    pub fields: Vec<String>,
}

/// A job, as an event tells of it.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "WebhookJob", skip_serializing_if_is_none)]
pub struct JobData {
    pub job: JobId,
    /// What it does: `auto_cluster`.
    pub kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
    pub error: String,
    pub attempts: i64,
}

/// Credits, as an event tells of them.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "WebhookCredits")]
pub struct CreditsData {
    /// Both pools together.
    pub balance: i64,
    /// What it has fallen below.
    pub threshold: i64,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Event {
    ContentPublished(ContentData),
    ContentUpdated(ContentData),
    ContentUnpublished(ContentData),
    DeploymentFinished(DeploymentData),
    SyncConflict(ConflictData),
    JobFailed(JobData),
    CreditsLow(CreditsData),
}

impl Event {
    pub fn kind(&self) -> EventKind {
        match self {
            Self::ContentPublished(_) => EventKind::ContentPublished,
            Self::ContentUpdated(_) => EventKind::ContentUpdated,
            Self::ContentUnpublished(_) => EventKind::ContentUnpublished,
            Self::DeploymentFinished(_) => EventKind::DeploymentFinished,
            Self::SyncConflict(_) => EventKind::SyncConflict,
            Self::JobFailed(_) => EventKind::JobFailed,
            Self::CreditsLow(_) => EventKind::CreditsLow,
        }
    }

    /// The site it is about, if it is about one.
    pub fn site(&self) -> Option<SiteId> {
        match self {
            Self::ContentPublished(data) | Self::ContentUpdated(data) | Self::ContentUnpublished(data) => {
                Some(data.site)
            }
            Self::DeploymentFinished(data) => Some(data.site),
            Self::SyncConflict(data) => Some(data.site),
            Self::JobFailed(data) => data.site,
            Self::CreditsLow(_) => None,
        }
    }

    /// What is told besides the kind and the time.
    pub fn data(&self) -> serde_json::Value {
        let data = match self {
            Self::ContentPublished(data) | Self::ContentUpdated(data) | Self::ContentUnpublished(data) => {
                serde_json::to_value(data)
            }
            Self::DeploymentFinished(data) => serde_json::to_value(data),
            Self::SyncConflict(data) => serde_json::to_value(data),
            Self::JobFailed(data) => serde_json::to_value(data),
            Self::CreditsLow(data) => serde_json::to_value(data),
        };
        data.expect("ids, texts and numbers are JSON")
    }

    /// One of a kind about things that do not exist, for documentation and tests of receivers.
    pub fn example(kind: EventKind, ids: &Ids, now: DateTime<Utc>) -> Self {
        let site = ids.make();
        let content = || ContentData {
            content: ids.make(),
            site,
            content_type: ContentType::Post,
            title: "Cold brew at home".into(),
            language: "en".into(),
            path: "/blog/cold-brew/".into(),
            url: Some("https://coffee.example/blog/cold-brew/".into()),
            published_at: Some(now),
            revision: 3,
        };
        match kind {
            EventKind::ContentPublished => Self::ContentPublished(content()),
            EventKind::ContentUpdated => Self::ContentUpdated(content()),
            EventKind::ContentUnpublished => Self::ContentUnpublished(content()),
            EventKind::DeploymentFinished => Self::DeploymentFinished(DeploymentData {
                deployment: ids.make(),
                site,
                version: 12,
                status: DeploymentStatus::Deployed,
                url: Some("https://coffee.example".into()),
                pages: 48,
                added: 1,
                changed: 3,
                removed: 0,
                duration_ms: 120,
                error: None,
            }),
            EventKind::SyncConflict => Self::SyncConflict(ConflictData {
                site,
                content: ids.make(),
                destination: "dest_01jz8k3v5n6q7r8s9t0v1w2x3y".into(),
                external_id: Some("31".into()),
                external_url: Some("https://wordpress.example/?p=31".into()),
                fields: vec!["body".into()],
            }),
            EventKind::JobFailed => Self::JobFailed(JobData {
                job: ids.make(),
                kind: "auto_cluster".into(),
                site: Some(site),
                error: "The provider did not answer.".into(),
                attempts: 5,
            }),
            EventKind::CreditsLow => Self::CreditsLow(CreditsData {
                balance: 19,
                threshold: 20,
            }),
        }
    }
}

/// The text that is sent: made once for each message, so that every attempt sends the same bytes.
pub fn body(kind: &str, at: DateTime<Utc>, data: &serde_json::Value) -> String {
    let timestamp = at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    serde_json::json!({ "type": kind, "timestamp": timestamp, "data": data }).to_string()
}

#[cfg(test)]
mod tests {
    use igny8_data::Clock;

    use super::*;

    #[test]
    fn every_kind_has_a_name_and_an_example_of_it() {
        let ids = Ids::seeded(Clock::manual("2026-01-01T00:00:00Z"), 1);
        for kind in EventKind::ALL {
            assert_eq!(EventKind::named(kind.name()), Some(kind));
            assert_eq!(serde_json::json!(kind), kind.name());
            let event = Event::example(kind, &ids, DateTime::UNIX_EPOCH);
            assert_eq!(event.kind(), kind);
            assert!(!event.data().as_object().unwrap().is_empty());
            assert_eq!(event.site().is_some(), kind != EventKind::CreditsLow);
        }
        assert_eq!(EventKind::named("content.eaten"), None);
    }

    #[test]
    fn what_is_sent_has_a_type_a_time_and_data() {
        let text = body(
            "credits.low",
            DateTime::UNIX_EPOCH,
            &serde_json::json!({ "balance": 1 }),
        );
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            read,
            serde_json::json!({ "type": "credits.low", "timestamp": "1970-01-01T00:00:00.000Z", "data": { "balance": 1 } })
        );
    }
}
