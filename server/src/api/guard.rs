//! What every API request passes: a bound on its body, the headers that keep answers out of caches and frames, and CORS
//! for the origins that the configuration names.

use std::any::Any;
use std::sync::Arc;

use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::{Body, Endpoint, IntoResponse, Middleware, Request, Response, Result};

use super::error::Error;
use super::explained::Explained;
use super::{idempotency, rate_limit};
use crate::app::App;

/// Guards the endpoints below it.
pub struct Guard(pub App);

impl<E: Endpoint + 'static> Middleware<E> for Guard {
    type Output = Guarded<Explained<E>>;
    fn transform(&self, inner: E) -> Self::Output {
        Guarded {
            app: self.0.clone(),
            inner: Arc::new(Explained(inner)),
        }
    }
}

pub struct Guarded<E> {
    app: App,
    inner: Arc<E>,
}

impl<E: Endpoint + 'static> Endpoint for Guarded<E> {
    type Output = Response;

    async fn call(&self, mut req: Request) -> Result<Response> {
        let http = &self.app.config.http;
        let origin = req.headers().get(header::ORIGIN).cloned();
        let allowed = origin.filter(|o| {
            http.cors_origins
                .iter()
                .any(|allowed| allowed.as_bytes() == o.as_bytes())
        });
        let standing = rate_limit::Counted::default();
        let mut response = if req.method() == Method::OPTIONS && allowed.is_some() {
            preflight()
        } else {
            match self.bounded(&mut req).await {
                Ok(()) => {
                    let answer = idempotency::call(&self.app, &self.inner, req);
                    let answer = rate_limit::scope(standing.clone(), answer).await;
                    answer.unwrap_or_else(super::error::from_poem)
                }
                Err(error) => error.into_response(),
            }
        };
        let headers = response.headers_mut();
        standing.write(headers);
        let fixed = |text: &'static str| HeaderValue::from_static(text);
        headers.entry(header::CACHE_CONTROL).or_insert(fixed("no-store"));
        headers
            .entry(header::X_CONTENT_TYPE_OPTIONS)
            .or_insert(fixed("nosniff"));
        headers.entry(header::X_FRAME_OPTIONS).or_insert(fixed("DENY"));
        headers.entry(header::REFERRER_POLICY).or_insert(fixed("no-referrer"));
        headers
            .entry(header::CONTENT_SECURITY_POLICY)
            .or_insert(fixed("default-src 'none'; frame-ancestors 'none'"));
        if http.public_url.starts_with("https://") {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, fixed("max-age=31536000"));
        }
        if !http.cors_origins.is_empty() {
            headers.append(header::VARY, fixed("Origin"));
        }
        if let Some(origin) = allowed {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(
                header::ACCESS_CONTROL_EXPOSE_HEADERS,
                fixed("ETag, Idempotency-Replayed, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"),
            );
        }
        Ok(response)
    }
}

impl<E> Guarded<E> {
    /// Reads the body up to the limit, whether its length was announced or comes in chunks. Uploads are counted while
    /// they are stored, by the operation that takes them.
    async fn bounded(&self, req: &mut Request) -> Result<(), Error> {
        let http = &self.app.config.http;
        let multipart = req.content_type().is_some_and(|mime| mime.starts_with("multipart/"));
        let limit = if multipart {
            http.max_upload_bytes.max(http.max_import_bytes) + super::upload::OVERHEAD
        } else {
            http.max_body_bytes
        };
        let too_large = || Error::too_large(format!("A request of this kind may have at most {limit} bytes."));
        let announced = req
            .header(header::CONTENT_LENGTH)
            .and_then(|text| text.parse::<usize>().ok());
        if announced.is_some_and(|bytes| bytes > limit) {
            return Err(too_large());
        }
        if !multipart && !matches!(*req.method(), Method::GET | Method::HEAD) {
            let bytes = req
                .take_body()
                .into_bytes_limit(limit)
                .await
                .map_err(|error| match error {
                    poem::error::ReadBodyError::PayloadTooLarge => too_large(),
                    error => Error::bad_request("bad_body", error.to_string()),
                })?;
            if nests_too_deeply(&bytes) {
                return Err(Error::bad_request(
                    "bad_body",
                    format!("JSON may nest at most {DEPTH} levels deep."),
                ));
            }
            req.set_body(Body::from_bytes(bytes));
        }
        Ok(())
    }
}

/// Levels of arrays and objects a request may have.
const DEPTH: usize = 64;

fn nests_too_deeply(json: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                if depth > DEPTH {
                    return true;
                }
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

fn preflight() -> Response {
    Response::builder()
        .status(StatusCode::NO_CONTENT)
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE")
        .header(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type, If-Match, Idempotency-Key",
        )
        .header(header::ACCESS_CONTROL_MAX_AGE, "3600")
        .finish()
}

/// A panic in a handler: logged with its place by the panic hook, a problem document for the client.
#[derive(Clone)]
pub struct Panicked;

impl poem::middleware::PanicHandler for Panicked {
    type Response = Response;
    fn get_response(&self, err: Box<dyn Any + Send + 'static>) -> Response {
        let message = err
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| err.downcast_ref::<&str>().copied())
            .unwrap_or("a panic without words");
        Error::internal(message).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_counted_outside_of_strings() {
        assert!(!nests_too_deeply("[".repeat(64).as_bytes()));
        assert!(nests_too_deeply("[".repeat(65).as_bytes()));
        assert!(!nests_too_deeply(format!("\"{}\"", "[".repeat(99)).as_bytes()));
        assert!(!nests_too_deeply(br#""\"[[[[""#));
        assert!(!nests_too_deeply("[]".repeat(99).as_bytes()));
    }
}
