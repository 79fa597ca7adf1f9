//! `/webhook-deliveries`: the log of what was sent.

use chrono::{DateTime, Utc};
use igny8_data::{AuditEvent, Manage, Select, SiteId};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;

use super::endpoints::require_enabled;
use super::objects::{DeliveryDetail, DeliveryOut};
use crate::api::{Caller, Error, Fetched, From, Page, PageRequest, Result, SortField, Tag};
use crate::app::App;
use crate::features::webhooks::dispatch;
use crate::features::webhooks::event::EventKind;
use crate::features::webhooks::model::{
    Delivery, DeliveryId, DeliveryStatus, DeliverySummary, Endpoint, EndpointId, Message,
};

const SORTS: &[SortField] = &[SortField::same("created_at")];

pub struct DeliveriesApi;

#[OpenApi(tag = "Tag::Webhooks")]
impl DeliveriesApi {
    /// List deliveries
    ///
    /// Kept for 90 days.
    #[oai(path = "/webhook-deliveries", method = "get", operation_id = "webhook_delivery_list")]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        /// `created_at`, or `-created_at` (newest first, the default).
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        /// Those to one endpoint.
        webhook: Query<Option<EndpointId>>,
        event: Query<Option<EventKind>>,
        status: Query<Option<DeliveryStatus>>,
        /// Events of one site.
        site: Query<Option<SiteId>>,
        /// Queued then or later.
        since: Query<Option<DateTime<Utc>>>,
        /// Queued before.
        before: Query<Option<DateTime<Utc>>>,
    ) -> Result<Json<Page<DeliveryOut>>> {
        let scope = caller.actor().account::<Manage>()?;
        let filter = format!(
            "webhook deliveries|{}|{:?}|{:?}|{:?}|{:?}|{:?}|{:?}",
            scope.account(),
            webhook.0,
            event.0,
            status.0,
            site.0,
            since.0,
            before.0
        );
        let page = PageRequest::new(
            &app.db,
            &filter,
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "-created_at",
        )?;
        let mut select = Select::new()
            .columns(DeliverySummary::COLUMNS)
            .equals_some("endpoint", webhook.0)
            .equals_some("event", event.0.map(|kind| kind.name().to_owned()))
            .equals_some("status", status.0);
        if let Some(site) = site.0 {
            let site = caller.actor().site::<Manage>(&app.db, site).await?;
            select = select.equals("site", site.site());
        }
        if let Some(since) = since.0 {
            select = select.compare("created_at", ">=", since);
        }
        if let Some(before) = before.0 {
            select = select.compare("created_at", "<", before);
        }
        let list = page.list::<DeliverySummary>(&app.db.account(&scope), select).await?;
        Ok(Json(list.page(DeliveryOut::of)))
    }

    /// Read a delivery
    ///
    /// With what is sent and what each attempt was answered.
    #[oai(
        path = "/webhook-deliveries/:delivery_id",
        method = "get",
        operation_id = "webhook_delivery_get"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        delivery_id: Path<DeliveryId>,
    ) -> Result<Fetched<DeliveryDetail>> {
        let scope = caller.actor().account::<Manage>()?;
        let db = app.db.account(&scope);
        let row = db.get::<Delivery>(delivery_id.0).await?.ok_or_else(Error::not_found)?;
        let message = db.get::<Message>(row.message).await?;
        let rev = row.rev;
        Ok(Fetched::new(DeliveryDetail::of(row, message), rev))
    }

    /// Replay a delivery
    ///
    /// Sends the same message again, with all attempts, whether it had arrived or not.
    #[oai(
        path = "/webhook-deliveries/:delivery_id/replay",
        method = "post",
        operation_id = "webhook_delivery_replay"
    )]
    async fn replay(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        delivery_id: Path<DeliveryId>,
    ) -> Result<Fetched<DeliveryDetail>> {
        let scope = caller.actor().account::<Manage>()?;
        let db = app.db.account(&scope);
        let mut row = db.get::<Delivery>(delivery_id.0).await?.ok_or_else(Error::not_found)?;
        let endpoint = db.get::<Endpoint>(row.endpoint).await?.ok_or_else(Error::not_found)?;
        require_enabled(&endpoint)?;
        row.replay(app.db.clock().now());
        let mut tx = db.tx();
        tx.replace(&mut row).enqueue(dispatch::soon()).audit(AuditEvent::new(
            "webhook_delivery.replayed",
            row.id,
            &from.0,
        ));
        tx.commit().await?;
        let message = db.get::<Message>(row.message).await?;
        let rev = row.rev;
        Ok(Fetched::new(DeliveryDetail::of(row, message), rev))
    }
}
