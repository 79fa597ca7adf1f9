//! What visitors get: the live release of a site, by its host name or below `/sites/<slug>/`, which leads to the
//! host name once there is one. The host leads on from there too, for releases that were made before it had the site.
//!
//! Reading order: [`hosts`] finds the site, [`path`] checks the address, [`release`] opens the file of the live release, [`answer`] sends it with validators, ranges, encodings and headers. Releases are only read here. [`preview`] shows sites with
//! their drafts.

pub mod answer;
mod hosts;
mod path;
pub mod preview;
mod redirects;
pub mod release;

use poem::http::{Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

use crate::app::App;
use crate::features::destinations::inbound::receive as hooks;
use crate::features::forms::receive;
use crate::features::sites::domains;
use crate::metrics::RouteLabel;

pub use answer::{CONTENT_SECURITY_POLICY, content_type, is_for_ever};
pub use hosts::{Hosts, PublicSite, is_own};
pub use redirects::Redirects;

use hosts::Name;
use path::SitePath;
use release::Found;

/// Answers requests for sites and passes the others on.
pub struct Front(pub App);

impl<E: Endpoint> Middleware<E> for Front {
    type Output = FrontEndpoint<E>;
    fn transform(&self, inner: E) -> Self::Output {
        FrontEndpoint {
            app: self.0.clone(),
            inner,
        }
    }
}

pub struct FrontEndpoint<E> {
    app: App,
    inner: E,
}

impl<E: Endpoint> Endpoint for FrontEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut req: Request) -> Result<Response> {
        let mut response = match self.visit(&mut req).await {
            Some(response) => response,
            None => return self.inner.call(req).await.map(IntoResponse::into_response),
        };
        response.set_data(RouteLabel("visitor"));
        Ok(response)
    }
}

impl<E> FrontEndpoint<E> {
    /// The answer, when the request is for a site. Looks at nothing but the address and a few headers.
    async fn visit(&self, req: &mut Request) -> Option<Response> {
        let app = &self.app;
        let path = req.uri().path().to_owned();
        let raw = path.as_str();
        if let Some(host) = hosts::host_of(req).filter(|host| !hosts::is_own(app, host)) {
            match app.visitors.find(app, Name::Domain(host.clone())).await {
                Ok(Some(site)) => {
                    if let Some(response) = proof(app, &site, &host, raw, req) {
                        return Some(response);
                    }
                    if let Some(moved) = to_own_address(&site, Some(host.as_str()), raw, req) {
                        return Some(moved);
                    }
                    let mut response = serve(app, site, "", raw, req).await;
                    answer::allow_forms(&mut response, &app.config.public_url());
                    return Some(response);
                }
                Ok(None) => {}
                Err(error) => return Some(unavailable(&error)),
            }
        }
        if let Some(rest) = raw.strip_prefix(preview::PREFIX) {
            return Some(preview::serve(app, rest, req).await);
        }
        if let Some(rest) = raw.strip_prefix(receive::PREFIX) {
            return Some(receive::serve(app, rest, req).await);
        }
        if let Some(rest) = raw.strip_prefix(hooks::PREFIX) {
            return Some(hooks::serve(app, rest, req).await);
        }
        let rest = raw.strip_prefix("/sites/")?;
        let (slug, below) = match rest.find('/') {
            Some(at) => (&rest[..at], Some(&rest[at..])),
            None => (rest, None),
        };
        // Slugs are plain ASCII; anything else names no site and must not reach a folder's name.
        if slug.is_empty() || !slug.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Some(answer::plain(StatusCode::NOT_FOUND));
        }
        let site = match app.visitors.find(app, Name::Slug(slug.to_owned())).await {
            Ok(Some(site)) => site,
            Ok(None) => return Some(answer::plain(StatusCode::NOT_FOUND)),
            Err(error) => return Some(unavailable(&error)),
        };
        // Its pages name files of that host: here they would be without style and their links dead.
        if let Some(moved) = to_own_address(&site, None, below.unwrap_or("/"), req) {
            return Some(moved);
        }
        let prefix = format!("/sites/{slug}");
        match below {
            Some(below) => Some(serve(app, site, &prefix, below, req).await),
            None => Some(answer::moved(&format!("{prefix}/"), req.uri().query())),
        }
    }
}

/// The way to the site's own address, for whoever reads it at another one.
fn to_own_address(site: &PublicSite, host: Option<&str>, path: &str, req: &Request) -> Option<Response> {
    let reading = matches!(*req.method(), Method::GET | Method::HEAD);
    let own = site.domain.as_deref().filter(|own| reading && Some(*own) != host)?;
    Some(answer::moved_home(&format!("https://{own}{path}"), req.uri().query()))
}

/// The file that proves a domain which is verified: so its proof stays seen while it leads to this server.
fn proof(app: &App, site: &PublicSite, host: &str, raw: &str, req: &Request) -> Option<Response> {
    if !raw.starts_with(domains::proof::PATH) || *req.method() != Method::GET {
        return None;
    }
    let proof = domains::proof::Proof::of(app.db.keys(), site.account, site.id, host);
    (raw == proof.path).then(|| {
        Response::builder()
            .content_type("text/plain; charset=utf-8")
            .header("cache-control", "no-store")
            .body(proof.value)
    })
}

/// Whether this installation answers for a host: its own, or a verified domain. `missed` counts one that is looked up in vain,
/// and says whether more of these may be; while they may not, hosts are looked up one at a time.
///
/// # Errors
/// 429 when it is not its turn for too long; when the database fails.
pub async fn has_host(app: &App, host: &str, missed: &(dyn Fn() -> bool + Sync)) -> crate::api::Result<bool> {
    let own = url::Url::parse(&app.config.public_url()).ok();
    if own.as_ref().and_then(url::Url::host_str) == Some(host) {
        return Ok(true);
    }
    if hosts::is_own(app, host) {
        return Ok(false);
    }
    let (hosts, name) = (&app.visitors, Name::Domain(host.to_owned()));
    if hosts.knows(app, &name) {
        return Ok(hosts.find(app, name).await?.is_some());
    }
    let _turn = hosts.asks.turn().await?;
    let found = hosts.find(app, name).await?.is_some();
    if !found {
        hosts.asks.missed(missed());
    }
    Ok(found)
}

/// Serves an address of a site. `prefix` is what stands before it when the site has no host of its own.
async fn serve(app: &App, site: PublicSite, prefix: &str, raw: &str, req: &Request) -> Response {
    if !matches!(*req.method(), Method::GET | Method::HEAD) {
        let mut response = answer::plain(StatusCode::METHOD_NOT_ALLOWED);
        let allow = header::HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(header::ALLOW, allow);
        return response;
    }
    let Some(path) = SitePath::parse(raw).filter(|path| !path.is_private()) else {
        return answer::plain(StatusCode::NOT_FOUND);
    };
    let below = below_slug(&site.slug, raw).filter(|_| prefix.is_empty());
    let ask = answer::Ask::of(req);
    let (held, wanted, encodings) = (app.clone(), path.clone(), ask.encodings());
    let find = move || {
        release::find(
            &held.config.sites_dir,
            &site,
            &wanted,
            encodings,
            &held.visitors.releases,
            &held.visitors.redirects,
        )
    };
    let found = tokio::task::spawn_blocking(find).await;
    match found {
        Ok(Ok(Found::File(file))) => answer::file(file, StatusCode::OK, &ask).await,
        Ok(Ok(Found::Folder)) => answer::moved(&format!("{prefix}{}", path.with_slash()), req.uri().query()),
        Ok(Ok(Found::Moved(to))) => {
            let to = if to.starts_with('/') {
                format!("{prefix}{to}")
            } else {
                to
            };
            answer::moved(&to, None)
        }
        Ok(Ok(Found::Missing(page))) => match (below, page) {
            (Some(to), _) => answer::moved(to, req.uri().query()),
            (None, Some(page)) => answer::file(page, StatusCode::NOT_FOUND, &ask).await,
            (None, None) => answer::plain(StatusCode::NOT_FOUND),
        },
        Ok(Err(error)) => {
            tracing::error!(%error, "cannot read a release");
            answer::plain(StatusCode::INTERNAL_SERVER_ERROR)
        }
        Err(error) => {
            tracing::error!(%error, "reading a release broke off");
            answer::plain(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// What an address below a site's slug means at a host of its own: a release from before the site was there links so, and so do
/// bookmarks.
fn below_slug<'r>(slug: &str, raw: &'r str) -> Option<&'r str> {
    match raw.strip_prefix("/sites/")?.strip_prefix(slug)? {
        "" => Some("/"),
        rest => rest.starts_with('/').then_some(rest),
    }
}

fn unavailable(error: &igny8_data::DbError) -> Response {
    tracing::warn!(%error, "cannot find a visitor's site");
    answer::plain(StatusCode::SERVICE_UNAVAILABLE)
}

/// The text of a page of a site's live release, for who shows it with something in it.
pub async fn page_of(app: &App, site: PublicSite, path: &str) -> Option<String> {
    let (held, path) = (app.clone(), SitePath::parse(path)?);
    let read = tokio::task::spawn_blocking(move || {
        let visitors = &held.visitors;
        let sites = &held.config.sites_dir;
        match release::find(sites, &site, &path, &[], &visitors.releases, &visitors.redirects) {
            Ok(Found::File(opened)) => std::io::read_to_string(opened.file).ok(),
            Ok(_) => None,
            Err(error) => {
                tracing::error!(%error, "cannot read a release");
                None
            }
        }
    });
    read.await.ok().flatten()
}
