//! `GET /_igny8/domains/ask?domain=…`: may a certificate be had for this name? For the reverse proxy that gets certificates when a
//! visitor comes (Caddy's on-demand TLS).
//!
//! It says nothing but yes or no, and what it says of is public: whoever asks for a page of that name learns the same. Names that
//! are in memory are answered at once. All questions come from the proxy, so no limit can tell who makes names up: too many of
//! these refuse nobody, but names are then looked up one at a time.

use poem::http::StatusCode;
use poem::web::{Data, Query};
use poem::{IntoResponse as _, Request, Response, handler};
use serde::Deserialize;

use crate::api::auth::client_ip;
use crate::app::App;

/// The path, also for whoever configures the proxy.
pub const PATH: &str = "/_igny8/domains/ask";

#[derive(Deserialize)]
struct Ask {
    #[serde(default)]
    domain: String,
}

/// 200 for the installation's own host and for verified domains, 404 for any other.
#[handler]
pub async fn ask(req: &Request, app: Data<&App>, Query(asked): Query<Ask>) -> Response {
    let name = asked.domain.trim().trim_end_matches('.').to_ascii_lowercase();
    if name.is_empty() || name.len() > 253 {
        return answer(StatusCode::NOT_FOUND);
    }
    let from = client_ip(req, app.config.http.trusted_proxies).map(|ip| ip.to_string());
    let missed = || app.limits.domain_ask(from.as_deref()).is_ok();
    match crate::visitors::has_host(&app, &name, &missed).await {
        Ok(true) => answer(StatusCode::OK),
        Ok(false) => answer(StatusCode::NOT_FOUND),
        Err(error) => error.into_response(),
    }
}

fn answer(status: StatusCode) -> Response {
    Response::builder()
        .status(status)
        .header("cache-control", "no-store")
        .finish()
}
