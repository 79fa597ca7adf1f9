//! Request ids: one for each request, in its answer, its problem documents and every log line it causes.

use std::time::Instant;

use poem::http::HeaderValue;
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};
use tracing::Instrument as _;

tokio::task_local! {
    static CURRENT: String;
}

/// The id of the request being answered by this task; empty outside of requests.
pub fn current() -> String {
    CURRENT.try_with(Clone::clone).unwrap_or_default()
}

/// Runs work that belongs to a request in another task.
pub async fn scope<F: Future>(id: String, work: F) -> F::Output {
    CURRENT.scope(id, work).await
}

/// Gives each request an id, logs it when it is answered and turns errors into problem documents.
pub struct RequestId;

impl<E: Endpoint> Middleware<E> for RequestId {
    type Output = WithRequestId<E>;
    fn transform(&self, ep: E) -> Self::Output {
        WithRequestId(ep)
    }
}

pub struct WithRequestId<E>(E);

impl<E: Endpoint> Endpoint for WithRequestId<E> {
    type Output = Response;

    async fn call(&self, req: Request) -> Result<Response> {
        // Always our own: a client's id could not be trusted to be unique or harmless in a log.
        let id = format!("req_{}", ulid_text());
        let (method, path) = (req.method().clone(), req.uri().path().to_owned());
        let span = tracing::info_span!("request", id = %id, %method, path = %path);
        let begun = Instant::now();
        CURRENT
            .scope(
                id.clone(),
                async {
                    let mut response = match self.0.call(req).await {
                        Ok(response) => response.into_response(),
                        Err(error) => super::error::from_poem(error),
                    };
                    let value = HeaderValue::from_str(&id).expect("an id is plain ASCII");
                    response.headers_mut().insert("x-request-id", value);
                    let status = response.status().as_u16();
                    let elapsed_ms = begun.elapsed().as_secs_f64() * 1000.0;
                    tracing::info!(status, elapsed_ms, "{method} {path} {status}");
                    Ok(response)
                }
                .instrument(span),
            )
            .await
    }
}

fn ulid_text() -> String {
    use std::fmt::Write as _;
    rand::random::<[u8; 10]>().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
