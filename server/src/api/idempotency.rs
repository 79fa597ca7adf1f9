//! `Idempotency-Key`: a request sent twice is carried out once, and the second gets the first one's answer.
//!
//! After draft-ietf-httpapi-idempotency-key-header. Keys belong to whoever asks; a key with another request is refused
//! (422), one whose request still runs is a conflict (409). Only success is kept, for two days: what failed may be tried
//! again under the same key. The request runs in a task of its own, so that a client that goes away does not stop it
//! half-way. What happens when the process dies in the middle is in [`igny8_data::idempotency`].

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use igny8_data::idempotency::{Claim, Claimed};
use poem::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Body, Endpoint, IntoResponse as _, Request, Response};
use tracing::Instrument as _;

use super::error::{Error, FieldError};
use super::{auth, rate_limit, request_id};
use crate::app::App;

/// Name of the header.
pub const HEADER: &str = "Idempotency-Key";

/// Largest answer that is kept; nothing that the API answers to a POST comes near.
const KEPT_BYTES: usize = 4 << 20;

/// Headers that belong to an answer; all others belong to the connection or the moment.
const KEPT_HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::ETAG, header::LOCATION];

/// Answers a request, at most once if it has a key.
///
/// # Errors
/// What the endpoint below reports, or why the key cannot be used.
pub async fn call<E: Endpoint + 'static>(app: &App, inner: &Arc<E>, mut req: Request) -> poem::Result<Response> {
    let key = match (req.method(), req.header(HEADER)) {
        (&Method::POST, Some(key)) => key.to_owned(),
        _ => return inner.call(req).await.map(poem::IntoResponse::into_response),
    };
    if !(1..=255).contains(&key.len()) || !key.bytes().all(|b| b.is_ascii_graphic()) {
        let message = "must be 1 to 255 visible ASCII characters, best a random UUID";
        return Err(Error::invalid(vec![FieldError::new(HEADER, message)]).into());
    }
    // Without a valid credential there is nobody whose key this could be; the operation itself refuses or does without.
    let Ok(actor) = auth::authenticate(app, &req).await else {
        return inner.call(req).await.map(poem::IntoResponse::into_response);
    };
    let fingerprint = fingerprint(&mut req).await?;
    let claim = match app
        .db
        .claim_request(&actor, &key, &fingerprint)
        .await
        .map_err(Error::from)?
    {
        Claimed::New(claim) => claim,
        Claimed::Answered(answer) => {
            return replay(&answer).ok_or_else(|| Error::internal("a kept answer cannot be read").into());
        }
        Claimed::Running => {
            let detail = "A request with this Idempotency-Key is being carried out. Try again in a second.";
            return Err(Error::conflict("idempotency_key_in_use", detail).into());
        }
        Claimed::OtherRequest => {
            let detail = "This Idempotency-Key was used for a different request. Use a new key for each request.";
            return Err(Error::rule("idempotency_key_reused", detail).into());
        }
        Claimed::Lost => {
            let detail = "This request was carried out, but the server stopped before its answer was known. Look at \
                          what is there before you send it again under a new key.";
            return Err(Error::conflict("idempotency_answer_lost", detail).into());
        }
    };
    req.set_data(actor);
    let (app, inner) = (app.clone(), inner.clone());
    let request = run(app, inner, req, claim);
    let request = request_id::scope(request_id::current(), rate_limit::scope(rate_limit::current(), request));
    match tokio::spawn(request.in_current_span()).await {
        Ok(result) => result,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Error::unavailable("The server is stopping.").into()),
        },
    }
}

async fn run<E: Endpoint>(app: App, inner: Arc<E>, req: Request, claim: Claim) -> poem::Result<Response> {
    let result = AssertUnwindSafe(claim.scope(inner.call(req))).catch_unwind().await;
    let (response, answer) = match result {
        Ok(result) => {
            let response = result.map_or_else(super::error::from_poem, poem::IntoResponse::into_response);
            keep(response).await
        }
        Err(panic) => {
            let lost = Error::internal("a panic while a request with an Idempotency-Key was carried out");
            let (_, answer) = keep(lost.into_response()).await;
            settle(&app, &claim, &answer, false).await;
            std::panic::resume_unwind(panic)
        }
    };
    settle(&app, &claim, &answer, response.status().is_success()).await;
    Ok(response)
}

async fn settle(app: &App, claim: &Claim, answer: &[u8], keep: bool) {
    if let Err(error) = app.db.answer_claim(claim, answer, keep).await {
        tracing::error!(%error, "the answer to a request with an Idempotency-Key was not kept");
    }
}

/// What makes two requests the same: who they go to and what they say. Uploads are streamed, so that they are told apart
/// by their length; storing one file twice makes one anyway.
async fn fingerprint(req: &mut Request) -> Result<String, Error> {
    let mut hasher = blake3::Hasher::new();
    let target = req.uri().path_and_query().map_or("", |p| p.as_str());
    hasher.update(target.as_bytes()).update(b"\n");
    if req.content_type().is_some_and(|mime| mime.starts_with("multipart/")) {
        hasher.update(req.header(header::CONTENT_LENGTH).unwrap_or_default().as_bytes());
    } else {
        let body = req.take_body().into_bytes().await;
        let body = body.map_err(|error| Error::bad_request("bad_body", error.to_string()))?;
        hasher.update(&body);
        req.set_body(Body::from_bytes(body));
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// An answer as text: status, one line for each header, an empty line, the body.
async fn keep(mut response: Response) -> (Response, Vec<u8>) {
    let body = match response.take_body().into_bytes_limit(KEPT_BYTES).await {
        Ok(body) => body,
        Err(error) => {
            let failed = Error::internal(format!("an answer cannot be kept: {error}")).into_response();
            return (failed, Vec::new());
        }
    };
    let mut kept = format!("{}\n", response.status().as_u16()).into_bytes();
    for name in &KEPT_HEADERS {
        if let Some(value) = response.headers().get(name) {
            kept.extend_from_slice(format!("{name}: ").as_bytes());
            kept.extend_from_slice(value.as_bytes());
            kept.push(b'\n');
        }
    }
    kept.push(b'\n');
    kept.extend_from_slice(&body);
    response.set_body(body);
    (response, kept)
}

fn replay(kept: &[u8]) -> Option<Response> {
    let at = kept.windows(2).position(|two| two == b"\n\n")?;
    let head = std::str::from_utf8(&kept[..at]).ok()?;
    let mut lines = head.lines();
    let status = StatusCode::from_bytes(lines.next()?.as_bytes()).ok()?;
    let mut response = Response::builder().status(status).body(kept[at + 2..].to_vec());
    for line in lines {
        let (name, value) = line.split_once(": ")?;
        let name: HeaderName = name.parse().ok()?;
        response.headers_mut().insert(name, HeaderValue::from_str(value).ok()?);
    }
    let replayed = HeaderName::from_static("idempotency-replayed");
    response
        .headers_mut()
        .insert(replayed, HeaderValue::from_static("true"));
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_survives_being_kept() {
        let response = Response::builder()
            .status(StatusCode::CREATED)
            .header("etag", "\"3\"")
            .header("date", "now")
            .content_type("application/json")
            .body("{\n\n\"a\":1}");
        let (_, kept) = keep(response).await;
        let back = replay(&kept).unwrap();
        assert_eq!(back.status(), 201);
        assert_eq!(back.headers()["etag"], "\"3\"");
        assert!(back.headers().get("date").is_none());
        assert_eq!(back.into_body().into_string().await.unwrap(), "{\n\n\"a\":1}");
        let (_, kept) = keep(Response::builder().status(StatusCode::NO_CONTENT).finish()).await;
        assert_eq!(replay(&kept).unwrap().status(), 204);
        assert!(replay(b"").is_none() && replay(b"abc").is_none());
    }
}
