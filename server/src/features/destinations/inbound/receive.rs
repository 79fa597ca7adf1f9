//! What the plugin tells: `POST /hooks/wordpress/<destination>`, signed. No part of the API, since a WordPress has no account here.
//!
//! A message names posts and brings no text: they are read from the site itself. A message that is sent twice queues the same job.

use igny8_data::{Variables, Why, Write};
use poem::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use poem::{Request, Response};
use serde::Deserialize;

use super::super::model::{Destination, DestinationId};
use super::signature;
use super::walk::{Named, import_some_job};
use crate::api::auth::client_ip;
use crate::api::rate_limit::network;
use crate::app::App;
use crate::publish::DestinationKind;
use crate::publish::wordpress::{Imports, WordpressSettings};

/// What stands before a destination's id in addresses.
pub const PREFIX: &str = "/hooks/wordpress/";
/// Bytes of a message.
const LONGEST: usize = 64 << 10;
/// Posts that one message may name.
const MOST: usize = 100;

/// A message.
#[derive(Debug, Deserialize)]
struct Message {
    #[serde(default)]
    posts: Vec<Named>,
}

/// The address that the plugin is told.
pub fn webhook_url(app: &App, destination: DestinationId) -> String {
    format!("{}{PREFIX}{destination}", app.config.public_url().trim_end_matches('/'))
}

/// A new secret for the plugin.
pub fn new_webhook_secret(app: &App) -> String {
    signature::secret(app.db.ids().bytes())
}

/// Answers a request for `rest`, what follows [`PREFIX`].
pub async fn serve(app: &App, rest: &str, req: &mut Request) -> Response {
    let status = match receive(app, rest, req).await {
        Ok(()) => StatusCode::ACCEPTED,
        Err(status) => status,
    };
    let mut response = Response::builder().status(status).body("");
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

async fn receive(app: &App, rest: &str, req: &mut Request) -> Result<(), StatusCode> {
    if req.method() != Method::POST {
        return Err(StatusCode::METHOD_NOT_ALLOWED);
    }
    let id: DestinationId = rest.parse().map_err(|_| StatusCode::NOT_FOUND)?;
    let sender = client_ip(req, app.config.http.trusted_proxies);
    let sender = sender.map(|ip| network(&ip.to_string())).unwrap_or_default();
    // Before the database is asked for anything.
    app.limits
        .form_sender(&id.to_string(), &sender)
        .map_err(|_| StatusCode::TOO_MANY_REQUESTS)?;
    let body = req
        .take_body()
        .into_bytes_limit(LONGEST)
        .await
        .map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    let found = find(app, id).await.map_err(|error| {
        tracing::warn!(%error, "cannot find the destination of a webhook");
        StatusCode::SERVICE_UNAVAILABLE
    })?;
    let secret = found
        .as_ref()
        .and_then(|found| found.secrets(app.db.keys()).ok()?.webhook)
        .unwrap_or_default();
    let [id, time, signatures] =
        ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| text(req.headers(), name));
    let now = app.db.clock().now();
    // A destination that is not there answers like a wrong signature.
    let valid = signature::is_valid(&secret, id, time, &body, signatures, now);
    let Some(destination) = found.filter(|found| valid && found.kind == DestinationKind::Wordpress) else {
        return Err(StatusCode::UNAUTHORIZED);
    };
    let message: Message = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    let posts: Vec<Named> = message
        .posts
        .into_iter()
        .filter(|named| named.post_type.len() <= 64)
        .take(MOST)
        .collect();
    if posts.is_empty() || !destination.enabled || takes_nothing(&destination) {
        return Ok(());
    }
    queue(app, &destination, posts).await.map_err(|error| {
        tracing::warn!(%error, "a webhook cannot be taken");
        StatusCode::SERVICE_UNAVAILABLE
    })
}

/// Whether nothing comes from there by itself.
fn takes_nothing(destination: &Destination) -> bool {
    let settings = destination.settings::<WordpressSettings>();
    settings.is_ok_and(|settings| settings.imports == Imports::Nothing)
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

async fn find(app: &App, id: DestinationId) -> Result<Option<Destination>, igny8_data::DbError> {
    let mut binds = Variables::new();
    binds.insert("id", id);
    let sql = "SELECT * FROM ONLY $id WHERE deleted_at IS NONE AND account.status != 'cancelled';";
    let platform = app.db.platform(Why::Visitor);
    platform
        .query(sql, binds, "finding the destination of a webhook")
        .await?
        .one::<Destination>(0)
}

async fn queue(app: &App, destination: &Destination, posts: Vec<Named>) -> Result<(), crate::jobs::JobError> {
    let actor = app.db.system_actor(destination.account, Why::Queue).await?;
    let scope = actor.site::<Write>(&app.db, destination.site).await?;
    let mut tx = app.db.site(&scope).tx();
    tx.enqueue(import_some_job(destination.id, posts));
    tx.commit().await?;
    Ok(())
}
