//! The HTTP API: how every operation authenticates, fails, pages and versions; the list of operations is in
//! [`crate::registry`].

pub mod auth;
pub mod bulk;
pub mod csv;
pub mod description;
pub mod error;
pub mod etag;
pub mod explain;
pub mod explained;
pub mod guard;
pub mod idempotency;
pub mod page;
pub mod patch;
pub mod rate_limit;
pub mod request_id;
pub mod response;
pub mod upload;
pub mod validate;

use poem::endpoint::BoxEndpoint;
use poem::web::Html;
use poem::{EndpointExt, IntoResponse as _, Response, Route};
use poem_openapi::{OpenApiService, Tags};

use crate::app::App;
use crate::features::sites::domains;

pub use auth::{Caller, From};
pub use error::{Error, FieldError, Result};
pub use page::{Page, PageRequest, SortField};
pub use response::{Accepted, Created, Fetched};

/// Groups of operations, in the order of the documentation.
#[derive(Tags)]
pub enum Tag {
    /// Registration, login, tokens, passwords.
    Auth,
    /// The account, its members, invitations, API keys and audit log.
    Account,
    /// Credits, plans, prices and usage.
    Billing,
    /// Sites, sectors and who may see them; the shared catalogue of industries.
    Sites,
    /// Categories, tags and attributes of a site.
    Taxonomy,
    /// Keywords, clusters and ideas.
    Planner,
    /// Kinds of sites, and plans of sites: the six steps from clusters to a whole site.
    Builder,
    /// Tasks: what is to be written.
    Writer,
    /// AI functions, their prompts and transcripts.
    Ai,
    /// Posts, pages, products, services and their revisions.
    Content,
    /// Internal links of a site: what is wrong, what is missing, putting them in.
    Links,
    /// What texts are worth, how to mend them, and rewrites that are proposed.
    Optimizer,
    /// Images and files.
    Media,
    /// Deployments and releases of a site.
    Publishing,
    /// What visitors send by the forms of a site.
    Forms,
    /// AI providers and other services outside.
    Integrations,
    /// Events of the account, sent to addresses of its own.
    Webhooks,
    /// Background jobs.
    Jobs,
    /// The state of the installation.
    System,
}

/// The operations of the API. Needs no configuration and no database.
fn service() -> OpenApiService<impl poem_openapi::OpenApi + 'static, ()> {
    OpenApiService::new(crate::registry::apis(), "IGNY8", env!("CARGO_PKG_VERSION"))
        .description(include_str!("description.md"))
        .server("/api/v1")
}

/// Everything the server answers.
pub fn routes(app: &App) -> BoxEndpoint<'static, Response> {
    let docs = description::page();
    Route::new()
        .nest("/api/v1", service().with(guard::Guard(app.clone())))
        .at("/api/docs", poem::endpoint::make_sync(move |_| Html(docs.clone())))
        .at(
            "/api/schema.json",
            poem::endpoint::make_sync(|_| description::text().with_content_type("application/json")),
        )
        .at("/healthz", poem::get(crate::metrics::healthz))
        .at("/readyz", poem::get(crate::metrics::readyz))
        .at("/metrics", poem::get(crate::metrics::metrics))
        .at(domains::ASK, poem::get(domains::ask))
        .with(crate::visitors::Front(app.clone()))
        .data(app.clone())
        .with(poem::middleware::CatchPanic::new().with_handler(guard::Panicked))
        .with(crate::metrics::Measure(app.clone()))
        .with(request_id::RequestId)
        .map_to_response()
        .boxed()
}
