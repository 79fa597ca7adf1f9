//! Endpoints, messages and deliveries as stored.

use chrono::{DateTime, Duration, Utc};
use igny8_data::tokens::Keys;
use igny8_data::{AccountId, SiteId, SurrealValue, id_type, record};
use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};

use super::event::EventKind;
use crate::features::planner::model::choice;

id_type!(
    /// An address that events are sent to.
    EndpointId, "webhook_endpoint", "wh_"
);
id_type!(
    /// An event; its receivers know it as `webhook-id`.
    MessageId, "webhook_message", "msg_"
);
id_type!(
    /// A message on its way to an endpoint.
    DeliveryId, "webhook_delivery", "whd_"
);

choice!(
    /// Why the server switched an endpoint off.
    EndpointDisabled {
        /// It answered 410.
        Gone,
        /// Nothing arrived for days.
        Failing,
    }
);

choice!(DeliveryStatus {
    /// It will be sent, or sent again, at `next_at`.
    Pending,
    Delivered,
    /// All attempts failed, or the endpoint was switched off.
    Failed,
});

/// Where events are sent.
#[derive(Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Endpoint {
    pub id: EndpointId,
    pub account: AccountId,
    pub url: String,
    pub description: String,
    /// Names of events; none means all.
    pub events: Vec<String>,
    /// Events of this site alone.
    pub site: Option<SiteId>,
    pub enabled: bool,
    pub disabled_because: Option<EndpointDisabled>,
    sealed: String,
    /// Until when the secret before signs too.
    pub previous_until: Option<DateTime<Utc>>,
    /// Since when nothing has arrived.
    pub failing_since: Option<DateTime<Utc>>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

record!(Endpoint, EndpointId, account);

/// How long two secrets sign after one was replaced.
pub const ROTATION: Duration = Duration::hours(24);

#[derive(Serialize, Deserialize)]
struct Secrets {
    current: String,
    previous: Option<String>,
}

/// The secrets cannot be read: they are of another installation's key.
#[derive(Debug, thiserror::Error)]
#[error("the secret of the endpoint cannot be read; rotate it")]
pub struct Unreadable;

impl Endpoint {
    /// A new one that is enabled, for every event, with this secret.
    pub fn new(
        id: EndpointId,
        account: AccountId,
        url: String,
        (keys, salt): (&Keys, [u8; 32]),
        secret: &str,
        now: DateTime<Utc>,
    ) -> Self {
        let mut row = Self {
            id,
            account,
            url,
            description: String::new(),
            events: Vec::new(),
            site: None,
            enabled: true,
            disabled_because: None,
            sealed: String::new(),
            previous_until: None,
            failing_since: None,
            rev: 1,
            created_at: now,
            updated_at: now,
        };
        row.seal(keys, salt, secret.to_owned(), None);
        row
    }

    /// Replaces the secret; the one before signs too for [`ROTATION`].
    pub fn rotate(&mut self, keys: &Keys, salt: [u8; 32], secret: &str, now: DateTime<Utc>) {
        let previous = self.open(keys).ok().map(|secrets| secrets.current);
        self.previous_until = previous.is_some().then(|| now + ROTATION);
        self.seal(keys, salt, secret.to_owned(), previous);
        self.updated_at = now;
    }

    /// What signs now, the newest first.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn secrets(&self, keys: &Keys, now: DateTime<Utc>) -> Result<Vec<String>, Unreadable> {
        let Secrets { current, previous } = self.open(keys)?;
        let previous = previous.filter(|_| self.previous_until.is_some_and(|until| now < until));
        Ok(std::iter::once(current).chain(previous).collect())
    }

    /// Whether it is told of an event.
    pub fn wants(&self, event: &str, site: Option<SiteId>) -> bool {
        let of_site = self.site.is_none() || self.site == site;
        self.enabled && of_site && (self.events.is_empty() || self.events.iter().any(|name| name == event))
    }

    /// The kinds of events it is told of, as far as this version knows them.
    pub fn kinds(&self) -> Vec<EventKind> {
        self.events.iter().filter_map(|name| EventKind::named(name)).collect()
    }

    fn open(&self, keys: &Keys) -> Result<Secrets, Unreadable> {
        let plain = keys.open_sealed(&self.place(), &self.sealed).ok_or(Unreadable)?;
        serde_json::from_slice(&plain).map_err(|_| Unreadable)
    }

    fn seal(&mut self, keys: &Keys, salt: [u8; 32], current: String, previous: Option<String>) {
        let plain = serde_json::to_vec(&Secrets { current, previous }).expect("texts are JSON");
        self.sealed = keys.seal(&self.place(), &plain, salt);
    }

    fn place(&self) -> String {
        format!("webhook_endpoint/{}/{}/secrets", self.account, self.id)
    }
}

/// An event that at least one endpoint wanted when it happened.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Message {
    pub id: MessageId,
    pub account: AccountId,
    pub site: Option<SiteId>,
    pub event: String,
    pub data: serde_json::Value,
    /// What is sent, once it is known to whom.
    pub body: Option<String>,
    /// True until then, then absent.
    pub waiting: Option<bool>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
}

record!(Message, MessageId, account);

/// One attempt to send a message.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize, Deserialize)]
#[oai(rename = "WebhookAttempt", skip_serializing_if_is_none)]
pub struct Attempt {
    pub at: DateTime<Utc>,
    pub duration_ms: i64,
    /// HTTP status of the answer.
    pub status: Option<i64>,
    /// Why it counts as failed.
    pub error: Option<String>,
    /// The first 2 kB of the answer.
    pub answer: Option<String>,
}

/// Attempts that a delivery remembers.
pub const KEPT_ATTEMPTS: usize = 20;

/// A message on its way to an endpoint.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Delivery {
    pub id: DeliveryId,
    pub account: AccountId,
    pub endpoint: EndpointId,
    pub message: MessageId,
    pub event: String,
    pub site: Option<SiteId>,
    pub status: DeliveryStatus,
    /// Since it was queued or replayed.
    pub attempts: i64,
    pub next_at: Option<DateTime<Utc>>,
    pub response_status: Option<i64>,
    pub error: Option<String>,
    /// The last [`KEPT_ATTEMPTS`] of [`Attempt`], oldest first, as JSON.
    pub log: Vec<serde_json::Value>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

record!(Delivery, DeliveryId, account);

impl Delivery {
    /// One that is due.
    pub fn new(id: DeliveryId, endpoint: EndpointId, message: &Message, now: DateTime<Utc>) -> Self {
        Self {
            id,
            account: message.account,
            endpoint,
            message: message.id,
            event: message.event.clone(),
            site: message.site,
            status: DeliveryStatus::Pending,
            attempts: 0,
            next_at: Some(now),
            response_status: None,
            error: None,
            log: Vec::new(),
            delivered_at: None,
            rev: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Makes it due, with all attempts before it.
    pub fn replay(&mut self, now: DateTime<Utc>) {
        self.status = DeliveryStatus::Pending;
        self.attempts = 0;
        self.next_at = Some(now);
        self.updated_at = now;
    }
}

/// A delivery without its attempts, for lists.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct DeliverySummary {
    pub id: DeliveryId,
    pub account: AccountId,
    pub endpoint: EndpointId,
    pub message: MessageId,
    pub event: String,
    pub site: Option<SiteId>,
    pub status: DeliveryStatus,
    pub attempts: i64,
    pub next_at: Option<DateTime<Utc>>,
    pub response_status: Option<i64>,
    pub error: Option<String>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
}

record!(DeliverySummary, DeliveryId, account);

impl DeliverySummary {
    pub const COLUMNS: &'static [&'static str] = &[
        "id",
        "account",
        "endpoint",
        "message",
        "event",
        "site",
        "status",
        "attempts",
        "next_at",
        "response_status",
        "error",
        "delivered_at",
        "rev",
        "created_at",
    ];
}

#[cfg(test)]
mod tests {
    use igny8_data::{Clock, Ids};

    use super::*;

    #[test]
    fn two_secrets_sign_for_a_day() {
        let ids = Ids::seeded(Clock::manual("2026-01-01T00:00:00Z"), 1);
        let keys = Keys::derive(&[7; 32], "test");
        let now = DateTime::UNIX_EPOCH;
        let mut row = Endpoint::new(
            ids.make(),
            ids.make(),
            "https://x.example/".into(),
            (&keys, ids.bytes()),
            "whsec_b25l",
            now,
        );
        assert_eq!(row.secrets(&keys, now).unwrap(), ["whsec_b25l"]);
        row.rotate(&keys, ids.bytes(), "whsec_dHdv", now);
        assert_eq!(row.secrets(&keys, now).unwrap(), ["whsec_dHdv", "whsec_b25l"]);
        assert_eq!(row.secrets(&keys, now + ROTATION).unwrap(), ["whsec_dHdv"]);
        // A sealed secret does not open in another row.
        let mut moved = row.clone();
        moved.id = ids.make();
        assert!(moved.secrets(&keys, now).is_err());
    }

    #[test]
    fn endpoints_are_told_what_they_ask_for() {
        let ids = Ids::seeded(Clock::manual("2026-01-01T00:00:00Z"), 1);
        let keys = Keys::derive(&[7; 32], "test");
        let mut row = Endpoint::new(
            ids.make(),
            ids.make(),
            "https://x.example/".into(),
            (&keys, ids.bytes()),
            "whsec_b25l",
            DateTime::UNIX_EPOCH,
        );
        let (site, other) = (ids.make::<SiteId>(), ids.make::<SiteId>());
        assert!(row.wants("content.published", Some(site)) && row.wants("credits.low", None));
        row.events = vec!["content.published".into()];
        assert!(row.wants("content.published", None) && !row.wants("credits.low", None));
        row.site = Some(site);
        assert!(row.wants("content.published", Some(site)));
        assert!(!row.wants("content.published", Some(other)) && !row.wants("content.published", None));
        row.enabled = false;
        assert!(!row.wants("content.published", Some(site)));
    }
}
