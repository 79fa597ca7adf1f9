//! Credentials in requests: `Authorization: Bearer <access token>` or `Authorization: ApiKey <key>`.

use igny8_data::{Actor, Origin};
use poem::{FromRequest, Request, RequestBody};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::error::Error;
use crate::app::App;

/// Who is asking. In an operation's arguments it also documents that the operation needs a credential.
///
/// Written by hand: the derived form for "either scheme" tries one after the other and reports the last failure, so that
/// a database that is down would look like a wrong credential.
pub struct Caller(Actor);

impl Caller {
    pub fn actor(&self) -> &Actor {
        &self.0
    }
}

impl<'a> ApiExtractor<'a> for Caller {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let scheme = MetaSecurityScheme {
            ty: "http",
            description: Some("A person's access token, from login or refresh; 15 minutes."),
            name: None,
            key_in: None,
            scheme: Some("bearer"),
            bearer_format: Some("JWT"),
            flows: None,
            openid_connect_url: None,
        };
        registry.create_security_scheme("AccessToken", scheme);
        let scheme = MetaSecurityScheme {
            ty: "apiKey",
            description: Some("A program's key, with the word ApiKey in front: `ApiKey igy_…`."),
            name: Some("Authorization"),
            key_in: Some("header"),
            scheme: None,
            bearer_format: None,
            flows: None,
            openid_connect_url: None,
        };
        registry.create_security_scheme("ApiKey", scheme);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec!["AccessToken", "ApiKey"]
    }

    async fn from_request(
        req: &'a Request,
        _body: &mut RequestBody,
        _param_opts: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        // Who asks is known already where the request has an Idempotency-Key.
        if let Some(actor) = req.data::<Actor>() {
            return Ok(Self(actor.clone()));
        }
        let app: &App = req.data().expect("every route has the application's data");
        Ok(Self(authenticate(app, req).await?))
    }
}

/// Who is asking; counted against their rate limit.
///
/// # Errors
/// 401, 429 or 503.
pub async fn authenticate(app: &App, req: &Request) -> super::Result<Actor> {
    let header = req.header("authorization").unwrap_or_default();
    let actor = match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            app.db.actor_of_access_token(token.trim()).await
        }
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("apikey") => app.db.actor_of_api_key(key.trim()).await,
        _ => return Err(Error::unauthorized()),
    };
    let actor = actor.map_err(Error::from)?;
    app.limits.actor(&actor, req)?;
    Ok(actor)
}

/// Where the request came from, for the audit log. Not part of the API's description.
pub struct From(pub Origin);

impl<'a> FromRequest<'a> for From {
    async fn from_request(req: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let app: &App = req.data().expect("every route has the application's data");
        Ok(Self(Origin {
            ip: client_ip(req, app.config.http.trusted_proxies).map(|ip| ip.to_string()),
            user_agent: req.header("user-agent").map(|agent| agent.chars().take(300).collect()),
            request_id: Some(super::request_id::current()),
        }))
    }
}

/// The client's address: the connection's, or the entry of X-Forwarded-For that the outermost trusted proxy wrote.
pub fn client_ip(req: &Request, trusted_proxies: usize) -> Option<std::net::IpAddr> {
    if trusted_proxies > 0 {
        let header = req
            .headers()
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|v| v.to_str().ok());
        let hops: Vec<&str> = header.flat_map(|line| line.split(',')).map(str::trim).collect();
        // Entries further left than our proxies wrote are whatever the client claims.
        let hop = hops.len().checked_sub(trusted_proxies).and_then(|at| hops.get(at));
        if let Some(ip) = hop.and_then(|text| text.parse().ok()) {
            return Some(ip);
        }
    }
    req.remote_addr().as_socket_addr().map(std::net::SocketAddr::ip)
}
