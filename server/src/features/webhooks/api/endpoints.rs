//! `/webhooks`: where events are sent.

use chrono::{DateTime, Utc};
use igny8_data::{AccountDb, AuditEvent, DbError, Manage, Read, Select, SiteId, Tx, Variables};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::MaybeUndefined;

use super::objects::{
    DeliveryDetail, EndpointIn, EndpointOut, EndpointPatch, ReplayIn, ReplayedOut, TestIn, WebhookBodies, WithSecret,
    check_url, names,
};
use crate::api::response::Done;
use crate::api::validate::Check;
use crate::api::{Accepted, Caller, Created, Error, Fetched, From, Page, PageRequest, Result, SortField, Tag, etag};
use crate::app::App;
use crate::features::webhooks::event::{self, Event, EventKind};
use crate::features::webhooks::model::{Delivery, DeliveryId, Endpoint, EndpointId, Message, MessageId};
use crate::features::webhooks::{dispatch, send, sign};

const SORTS: &[SortField] = &[SortField::same("created_at")];

/// Endpoints of an account.
const MOST: usize = 20;

/// Failed deliveries that are replayed in one transaction, and by one request.
const REPLAYED: usize = 500;
const REPLAYED_AT_ONCE: u64 = 10_000;

pub struct WebhooksApi;

#[OpenApi(tag = "Tag::Webhooks")]
impl WebhooksApi {
    /// List webhooks
    #[oai(path = "/webhooks", method = "get", operation_id = "webhook_list")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        with_total: Query<Option<bool>>,
    ) -> Result<Json<Page<EndpointOut>>> {
        let scope = caller.actor().account::<Manage>()?;
        let page = PageRequest::new(
            &app.db,
            &format!("webhooks|{}", scope.account()),
            limit.0,
            None,
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "created_at",
        )?;
        let now = app.db.clock().now();
        let list = page.list::<Endpoint>(&app.db.account(&scope), Select::new()).await?;
        Ok(Json(list.page(|row| EndpointOut::of(&row, now))))
    }

    /// Set up a webhook
    ///
    /// Its secret is shown this once. Requests are POSTs of JSON with the headers of the Standard Webhooks specification:
    /// `webhook-id`, `webhook-timestamp`, and `webhook-signature` with `v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64.
    /// Any answer of 2xx within 15 seconds counts as delivered. What fails is sent again after 5 seconds, 5 and 30 minutes, 2, 5,
    /// 10 and 10 hours, or later if `Retry-After` says so. Deliveries come at least once, so tell repeats by `webhook-id`, and in
    /// no order. 410 switches the endpoint off, as do five days in which nothing arrives.
    #[oai(path = "/webhooks", method = "post", operation_id = "webhook_create")]
    async fn create(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        body: Json<EndpointIn>,
    ) -> Result<Created<WithSecret>> {
        let scope = caller.actor().account::<Manage>()?;
        let Json(body) = body;
        let mut check = Check::new();
        let url = check_url(&mut check, &app.outgoing, &body.url);
        let description = body.description.unwrap_or_default();
        check.text("description", &description, 0, 300);
        check.finish()?;
        let secret = sign::secret(app.db.ids().bytes());
        let now = app.db.clock().now();
        let sealing = (app.db.keys(), app.db.ids().bytes());
        let url = url.unwrap_or_default();
        let mut row = Endpoint::new(app.db.ids().make(), scope.account(), url, sealing, &secret, now);
        row.description = description.trim().to_owned();
        row.events = names(&body.events.unwrap_or_default());
        row.site = own_site(&caller, &app, body.site).await?;
        row.enabled = body.enabled.unwrap_or(true);
        let mut tx = app.db.account(&scope).tx();
        tx.require(
            &format!("count((SELECT VALUE id FROM webhook_endpoint WHERE account = $account LIMIT {MOST})) < {MOST}"),
            Variables::new(),
            "too_many_webhooks",
        );
        tx.create(row.clone())
            .audit(AuditEvent::new("webhook.created", row.id, &from.0).detail(told(&row)));
        tx.commit().await.map_err(|error| match error {
            DbError::Refused(code) if code == "too_many_webhooks" => Error::rule(
                "too_many_webhooks",
                format!("An account has at most {MOST} webhooks: remove one, or let one be told of more."),
            ),
            error => error.into(),
        })?;
        let (rev, path) = (row.rev, format!("/webhooks/{}", row.id));
        let webhook = EndpointOut::of(&row, now);
        Ok(Created::new(WithSecret { webhook, secret }, rev, path))
    }

    /// Read a webhook
    #[oai(path = "/webhooks/:webhook_id", method = "get", operation_id = "webhook_get")]
    async fn get(&self, caller: Caller, app: Data<&App>, webhook_id: Path<EndpointId>) -> Result<Fetched<EndpointOut>> {
        let scope = caller.actor().account::<Manage>()?;
        let row = found(&app.db.account(&scope), webhook_id.0).await?;
        Ok(Fetched::new(EndpointOut::of(&row, app.db.clock().now()), row.rev))
    }

    /// Change a webhook
    #[oai(path = "/webhooks/:webhook_id", method = "patch", operation_id = "webhook_update")]
    async fn update(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        webhook_id: Path<EndpointId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<EndpointPatch>,
    ) -> Result<Fetched<EndpointOut>> {
        let scope = caller.actor().account::<Manage>()?;
        let db = app.db.account(&scope);
        let mut row = found(&db, webhook_id.0).await?;
        etag::check(if_match.0.as_deref(), row.rev)?;
        let Json(body) = body;
        let mut check = Check::new();
        if let Some(url) = body.url
            && let Some(url) = check_url(&mut check, &app.outgoing, &url)
        {
            row.url = url;
        }
        if let Some(description) = body.description {
            check.text("description", &description, 0, 300);
            row.description = description.trim().to_owned();
        }
        check.finish()?;
        if let Some(events) = body.events {
            row.events = names(&events);
        }
        match body.site {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => row.site = None,
            MaybeUndefined::Value(site) => row.site = own_site(&caller, &app, Some(site)).await?,
        }
        let now = app.db.clock().now();
        let mut tx = db.tx();
        match (row.enabled, body.enabled) {
            (false, Some(true)) => {
                row.enabled = true;
                (row.disabled_because, row.failing_since) = (None, None);
                // A job that had read it before it was switched off may have made deliveries for it after.
                send::give_up(&mut tx, row.id, now);
            }
            (true, Some(false)) => {
                row.enabled = false;
                send::give_up(&mut tx, row.id, now);
            }
            _ => {}
        }
        row.updated_at = now;
        tx.replace(&mut row)
            .audit(AuditEvent::new("webhook.changed", row.id, &from.0).detail(told(&row)));
        tx.commit().await?;
        Ok(Fetched::new(EndpointOut::of(&row, now), row.rev))
    }

    /// Remove a webhook
    ///
    /// With its log of deliveries.
    #[oai(path = "/webhooks/:webhook_id", method = "delete", operation_id = "webhook_delete")]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        webhook_id: Path<EndpointId>,
        /// ETag of the version that is removed.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Done> {
        let scope = caller.actor().account::<Manage>()?;
        let db = app.db.account(&scope);
        let mut row = found(&db, webhook_id.0).await?;
        etag::check(if_match.0.as_deref(), row.rev)?;
        let mut binds = Variables::new();
        binds.insert("endpoint", row.id);
        let mut tx = db.tx();
        // Replaced first, so that a change made meanwhile is noticed.
        tx.replace(&mut row)
            .delete(row.id)
            .statement(
                "DELETE webhook_delivery WHERE endpoint = $endpoint AND account = $account RETURN NONE",
                binds,
            )
            .audit(AuditEvent::new("webhook.deleted", row.id, &from.0).detail(told(&row)));
        tx.commit().await?;
        Ok(Done::Done)
    }

    /// Replace the secret of a webhook
    ///
    /// The new one is shown this once. For 24 hours requests are signed with both, so that the receiver can change in peace; a
    /// further rotation ends the older of them at once.
    #[oai(
        path = "/webhooks/:webhook_id/rotate-secret",
        method = "post",
        operation_id = "webhook_rotate_secret"
    )]
    async fn rotate(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        webhook_id: Path<EndpointId>,
    ) -> Result<Json<WithSecret>> {
        let scope = caller.actor().account::<Manage>()?;
        let db = app.db.account(&scope);
        let mut row = found(&db, webhook_id.0).await?;
        let secret = sign::secret(app.db.ids().bytes());
        let now = app.db.clock().now();
        row.rotate(app.db.keys(), app.db.ids().bytes(), &secret, now);
        let mut tx = db.tx();
        tx.replace(&mut row)
            .audit(AuditEvent::new("webhook.secret_rotated", row.id, &from.0));
        tx.commit().await?;
        let webhook = EndpointOut::of(&row, now);
        Ok(Json(WithSecret { webhook, secret }))
    }

    /// Send a test to a webhook
    ///
    /// An example of an event, whether or not the endpoint is told of that kind, signed and sent again like any other. Follow the
    /// delivery.
    #[oai(path = "/webhooks/:webhook_id/test", method = "post", operation_id = "webhook_test")]
    async fn test(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        webhook_id: Path<EndpointId>,
        body: Json<TestIn>,
    ) -> Result<Accepted<DeliveryDetail>> {
        let scope = caller.actor().account::<Manage>()?;
        let db = app.db.account(&scope);
        let row = found(&db, webhook_id.0).await?;
        require_enabled(&row)?;
        let now = app.db.clock().now();
        let event = Event::example(body.0.event, app.db.ids(), now);
        let data = event.data();
        let kind = event.kind().name();
        let message = Message {
            id: app.db.ids().make::<MessageId>(),
            account: scope.account(),
            site: None,
            event: kind.to_owned(),
            body: Some(event::body(kind, now, &data)),
            data,
            waiting: None,
            rev: 1,
            created_at: now,
        };
        let delivery = Delivery::new(app.db.ids().make::<DeliveryId>(), row.id, &message, now);
        let mut tx = db.tx();
        tx.create(message.clone())
            .create(delivery.clone())
            .enqueue(dispatch::soon())
            .audit(AuditEvent::new("webhook.tested", row.id, &from.0));
        tx.commit().await?;
        Ok(Accepted::Accepted(Json(DeliveryDetail::of(delivery, Some(message)))))
    }

    /// Replay what failed
    ///
    /// Everything that failed for an endpoint since a time is sent again, with all attempts.
    #[oai(
        path = "/webhooks/:webhook_id/replay",
        method = "post",
        operation_id = "webhook_replay"
    )]
    async fn replay(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        webhook_id: Path<EndpointId>,
        body: Json<ReplayIn>,
    ) -> Result<Json<ReplayedOut>> {
        let scope = caller.actor().account::<Manage>()?;
        let db = app.db.account(&scope);
        let row = found(&db, webhook_id.0).await?;
        require_enabled(&row)?;
        let mut replayed = 0;
        let mut more = true;
        while more && replayed < REPLAYED_AT_ONCE {
            let failed = failed_since(&db, row.id, body.0.since).await?;
            more = failed.len() == REPLAYED;
            if failed.is_empty() {
                break;
            }
            replayed += failed.len() as u64;
            let mut tx = db.tx();
            again(&mut tx, failed, app.db.clock().now());
            tx.enqueue(dispatch::soon());
            tx.commit().await?;
        }
        let mut tx = db.tx();
        tx.audit(
            AuditEvent::new("webhook.replayed", row.id, &from.0)
                .detail(serde_json::json!({ "since": body.0.since, "replayed": replayed })),
        );
        tx.commit().await?;
        Ok(Json(ReplayedOut { replayed, more }))
    }

    /// Read what is sent
    ///
    /// An example of the body of each kind of event.
    #[oai(path = "/webhook-events", method = "get", operation_id = "webhook_event_list")]
    async fn events(&self, caller: Caller, app: Data<&App>) -> Result<Json<WebhookBodies>> {
        caller.actor().account::<Read>()?;
        let now = app.db.clock().now();
        let examples = EventKind::ALL
            .into_iter()
            .map(|kind| Event::example(kind, app.db.ids(), now));
        Ok(Json(WebhookBodies::new(examples, now)))
    }
}

/// What the audit log tells of an endpoint: its address may hold secrets beyond the host.
fn told(row: &Endpoint) -> serde_json::Value {
    let url = url::Url::parse(&row.url).ok();
    let host = url.as_ref().and_then(url::Url::host_str);
    serde_json::json!({ "host": host, "events": row.events, "site": row.site, "enabled": row.enabled })
}

async fn found(db: &AccountDb<'_, Manage>, id: EndpointId) -> Result<Endpoint> {
    db.get::<Endpoint>(id).await?.ok_or_else(Error::not_found)
}

/// A site must be one that whoever sets the webhook up may manage.
async fn own_site(caller: &Caller, app: &App, site: Option<SiteId>) -> Result<Option<SiteId>> {
    match site {
        None => Ok(None),
        Some(site) => Ok(Some(caller.actor().site::<Manage>(&app.db, site).await?.site())),
    }
}

pub(super) fn require_enabled(row: &Endpoint) -> Result<()> {
    if row.enabled {
        Ok(())
    } else {
        let detail = "The webhook is switched off: switch it on with `enabled` first.";
        Err(Error::rule("webhook_disabled", detail))
    }
}

async fn failed_since(
    db: &AccountDb<'_, Manage>,
    endpoint: EndpointId,
    since: DateTime<Utc>,
) -> Result<Vec<DeliveryId>, DbError> {
    let mut binds = Variables::new();
    binds.insert("endpoint", endpoint);
    binds.insert("since", since);
    let sql = format!(
        "SELECT VALUE id FROM webhook_delivery WITH INDEX webhook_delivery_due WHERE endpoint = $endpoint \
         AND status = 'failed' AND created_at >= $since AND account = $account LIMIT {REPLAYED};"
    );
    db.query(&sql, binds, "looking for what failed").await?.rows(0)
}

/// [`Delivery::replay`] for many, in the database.
fn again(tx: &mut Tx<'_>, deliveries: Vec<DeliveryId>, now: DateTime<Utc>) {
    let mut binds = Variables::new();
    binds.insert("deliveries", deliveries);
    binds.insert("now", now);
    tx.statement(
        "UPDATE $deliveries SET status = 'pending', attempts = 0, next_at = $now, updated_at = $now, rev += 1 \
         WHERE status = 'failed' AND account = $account RETURN NONE",
        binds,
    );
}
