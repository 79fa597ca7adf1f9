//! What clients send and see.

use chrono::{DateTime, Utc};
use igny8_data::SiteId;
use igny8_outgoing::Outgoing;
use poem_openapi::Object;
use poem_openapi::types::MaybeUndefined;

use crate::api::validate::{Check, address};
use crate::features::webhooks::event::{
    ConflictData, ContentData, CreditsData, DeploymentData, Event, EventKind, JobData,
};
use crate::features::webhooks::model::{
    Attempt, Delivery, DeliveryId, DeliveryStatus, DeliverySummary, Endpoint, EndpointDisabled, EndpointId, Message,
    MessageId,
};

/// An address that events are sent to.
#[derive(Debug, Object)]
#[oai(rename = "Webhook", skip_serializing_if_is_none)]
pub struct EndpointOut {
    pub id: EndpointId,
    pub url: String,
    pub description: String,
    /// What it is told of; an empty list is everything, also what later versions tell.
    pub events: Vec<EventKind>,
    /// Only events of this site; without it also those of no site.
    pub site: Option<SiteId>,
    pub enabled: bool,
    /// Why the server switched it off. Deliveries that waited then are `failed` and can be replayed.
    pub disabled_because: Option<EndpointDisabled>,
    /// Until when the secret before the last rotation signs too.
    pub previous_secret_until: Option<DateTime<Utc>>,
    /// Since when nothing has arrived. After five days it is switched off.
    pub failing_since: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl EndpointOut {
    pub fn of(row: &Endpoint, now: DateTime<Utc>) -> Self {
        Self {
            id: row.id,
            url: row.url.clone(),
            description: row.description.clone(),
            events: row.kinds(),
            site: row.site,
            enabled: row.enabled,
            disabled_because: row.disabled_because,
            previous_secret_until: row.previous_until.filter(|until| now < *until),
            failing_since: row.failing_since,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// A webhook with its secret, which is shown this once.
#[derive(Debug, Object)]
#[oai(rename = "WebhookWithSecret")]
pub struct WithSecret {
    pub webhook: EndpointOut,
    /// `whsec_` and 32 bytes in base64: the key of the signatures.
    pub secret: String,
}

/// A new webhook.
#[derive(Debug, Object)]
#[oai(rename = "WebhookCreate", deny_unknown_fields)]
pub struct EndpointIn {
    /// An https address on the public internet; the operator can allow others in `outgoing.allowed_hosts`.
    pub url: String,
    pub description: Option<String>,
    /// Everything when absent or empty.
    pub events: Option<Vec<EventKind>>,
    pub site: Option<SiteId>,
    pub enabled: Option<bool>,
}

/// What to change; absent fields stay, `null` empties where it can.
#[derive(Debug, Object)]
#[oai(rename = "WebhookPatch", deny_unknown_fields)]
pub struct EndpointPatch {
    pub url: Option<String>,
    pub description: Option<String>,
    pub events: Option<Vec<EventKind>>,
    #[oai(nullable)]
    pub site: MaybeUndefined<SiteId>,
    /// Switching it off ends what waits; switching it on forgets that it failed.
    pub enabled: Option<bool>,
}

/// Checks an address; what is kept of it is without its fragment.
pub fn check_url(check: &mut Check, outgoing: &Outgoing, text: &str) -> Option<String> {
    let text = text.trim();
    let Some(mut url) = address(text).filter(|_| text.len() <= 2_000) else {
        check.that(
            false,
            "url",
            "must be an address such as https://example.com/hooks, at most 2,000 characters, without spaces and line breaks",
        );
        return None;
    };
    url.set_fragment(None);
    if let Err(error) = outgoing.check(&url) {
        check.that(false, "url", error.to_string());
    }
    Some(url.into())
}

/// Names to store, each once.
pub fn names(kinds: &[EventKind]) -> Vec<String> {
    let named = |kind: &EventKind| kind.name().to_owned();
    let wanted = EventKind::ALL.iter().filter(|kind| kinds.contains(kind));
    wanted.map(named).collect()
}

/// What to send for a test.
#[derive(Debug, Object)]
#[oai(rename = "WebhookTest", deny_unknown_fields)]
pub struct TestIn {
    /// An example of this kind is sent; its ids are those of nothing.
    pub event: EventKind,
}

/// What to send again.
#[derive(Debug, Object)]
#[oai(rename = "WebhookReplay", deny_unknown_fields)]
pub struct ReplayIn {
    /// Everything that failed and was queued since then.
    pub since: DateTime<Utc>,
}

/// What will be sent again.
#[derive(Debug, Object)]
#[oai(rename = "WebhookReplayed")]
pub struct ReplayedOut {
    pub replayed: u64,
    /// There is more that failed: ask again.
    pub more: bool,
}

/// A message on its way to an endpoint.
#[derive(Debug, Object)]
#[oai(rename = "WebhookDelivery", skip_serializing_if_is_none)]
pub struct DeliveryOut {
    pub id: DeliveryId,
    pub webhook: EndpointId,
    /// Sent as `webhook-id`; the same for every attempt and endpoint.
    pub message: MessageId,
    /// Name of the kind of event.
    pub event: String,
    pub site: Option<SiteId>,
    pub status: DeliveryStatus,
    /// Since it was queued or replayed; the eighth is the last.
    pub attempts: i64,
    pub next_at: Option<DateTime<Utc>>,
    /// HTTP status of the last answer.
    pub response_status: Option<i64>,
    /// Why the last attempt counts as failed.
    pub error: Option<String>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

impl DeliveryOut {
    pub fn of(row: DeliverySummary) -> Self {
        Self {
            id: row.id,
            webhook: row.endpoint,
            message: row.message,
            event: row.event,
            site: row.site,
            status: row.status,
            attempts: row.attempts,
            next_at: row.next_at,
            response_status: row.response_status,
            error: row.error,
            delivered_at: row.delivered_at,
            created_at: row.created_at,
        }
    }
}

/// A delivery with what was sent and answered.
#[derive(Debug, Object)]
#[oai(rename = "WebhookDeliveryDetail", skip_serializing_if_is_none)]
pub struct DeliveryDetail {
    pub delivery: DeliveryOut,
    /// What is sent, to the byte.
    pub body: Option<String>,
    /// The last 20, oldest first.
    pub log: Vec<Attempt>,
}

impl DeliveryDetail {
    pub fn of(row: Delivery, message: Option<Message>) -> Self {
        let read = |attempt: serde_json::Value| serde_json::from_value(attempt).ok();
        Self {
            log: row.log.into_iter().filter_map(read).collect(),
            body: message.and_then(|message| message.body),
            delivery: DeliveryOut {
                id: row.id,
                webhook: row.endpoint,
                message: row.message,
                event: row.event,
                site: row.site,
                status: row.status,
                attempts: row.attempts,
                next_at: row.next_at,
                response_status: row.response_status,
                error: row.error,
                delivered_at: row.delivered_at,
                created_at: row.created_at,
            },
        }
    }
}

/// The body of `content.published`, `content.updated` and `content.unpublished`.
#[derive(Debug, Object)]
pub struct WebhookContentEvent {
    #[oai(rename = "type")]
    pub kind: EventKind,
    /// When it happened.
    pub timestamp: DateTime<Utc>,
    pub data: ContentData,
}

/// The body of `deployment.finished`.
#[derive(Debug, Object)]
pub struct WebhookDeploymentEvent {
    #[oai(rename = "type")]
    pub kind: EventKind,
    pub timestamp: DateTime<Utc>,
    pub data: DeploymentData,
}

/// The body of `sync.conflict`.
#[derive(Debug, Object)]
pub struct WebhookConflictEvent {
    #[oai(rename = "type")]
    pub kind: EventKind,
    pub timestamp: DateTime<Utc>,
    pub data: ConflictData,
}

/// The body of `job.failed`.
#[derive(Debug, Object)]
pub struct WebhookJobEvent {
    #[oai(rename = "type")]
    pub kind: EventKind,
    pub timestamp: DateTime<Utc>,
    pub data: JobData,
}

/// The body of `credits.low`.
#[derive(Debug, Object)]
pub struct WebhookCreditsEvent {
    #[oai(rename = "type")]
    pub kind: EventKind,
    pub timestamp: DateTime<Utc>,
    pub data: CreditsData,
}

/// The bodies that are sent, as examples about things that do not exist. Their types are what receivers can rely on; fields may be added.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct WebhookBodies {
    pub content_published: Option<WebhookContentEvent>,
    pub content_updated: Option<WebhookContentEvent>,
    pub content_unpublished: Option<WebhookContentEvent>,
    pub deployment_finished: Option<WebhookDeploymentEvent>,
    pub sync_conflict: Option<WebhookConflictEvent>,
    pub job_failed: Option<WebhookJobEvent>,
    pub credits_low: Option<WebhookCreditsEvent>,
}

impl WebhookBodies {
    pub fn new(events: impl Iterator<Item = Event>, timestamp: DateTime<Utc>) -> Self {
        let mut bodies = Self {
            content_published: None,
            content_updated: None,
            content_unpublished: None,
            deployment_finished: None,
            sync_conflict: None,
            job_failed: None,
            credits_low: None,
        };
        for event in events {
            let kind = event.kind();
            let content = |data| Some(WebhookContentEvent { kind, timestamp, data });
            match event {
                Event::ContentPublished(data) => bodies.content_published = content(data),
                Event::ContentUpdated(data) => bodies.content_updated = content(data),
                Event::ContentUnpublished(data) => bodies.content_unpublished = content(data),
                Event::DeploymentFinished(data) => {
                    bodies.deployment_finished = Some(WebhookDeploymentEvent { kind, timestamp, data });
                }
                Event::SyncConflict(data) => {
                    bodies.sync_conflict = Some(WebhookConflictEvent { kind, timestamp, data });
                }
                Event::JobFailed(data) => bodies.job_failed = Some(WebhookJobEvent { kind, timestamp, data }),
                Event::CreditsLow(data) => bodies.credits_low = Some(WebhookCreditsEvent { kind, timestamp, data }),
            }
        }
        bodies
    }
}
