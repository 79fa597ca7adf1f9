//! Refusals of requests that an operation cannot read, with the fields to blame; and the refusal of parameters it does not know.

use std::sync::LazyLock;

use bytes::Bytes;
use poem::http::Method;
use poem::{Body, Endpoint, IntoResponse, Request, Response};
use poem_openapi::error::{ContentTypeError, ParseParamError, ParseRequestPayloadError};
use serde_json::Value;

use super::description;
use super::error::{Error, FieldError};
use super::explain::{Operation, Operations, plain};

static OPERATIONS: LazyLock<Operations> = LazyLock::new(|| {
    let description: Value = serde_json::from_str(description::text()).unwrap_or_default();
    Operations::of(&description)
});

/// Explains what the endpoint below it refuses.
pub struct Explained<E>(pub E);

impl<E: Endpoint> Endpoint for Explained<E> {
    type Output = Response;

    async fn call(&self, mut req: Request) -> poem::Result<Response> {
        let sent = Sent::of(&mut req).await?;
        let unknown = sent.unknown_parameters();
        if !unknown.is_empty() {
            return Err(Error::unreadable("bad_parameter", unknown).into());
        }
        let answer = self.0.call(req).await;
        answer
            .map(IntoResponse::into_response)
            .map_err(|error| sent.explained(error))
    }
}

/// What was sent, as far as it may have to be looked at again.
struct Sent {
    method: Method,
    path: String,
    query: String,
    /// Empty for uploads, which are not in memory.
    body: Bytes,
}

impl Sent {
    async fn of(req: &mut Request) -> Result<Self, Error> {
        let streams = req.content_type().is_some_and(|mime| mime.starts_with("multipart/"));
        let mut body = Bytes::new();
        if !streams && !matches!(*req.method(), Method::GET | Method::HEAD) {
            let read = req.take_body().into_bytes().await;
            body = read.map_err(|error| Error::bad_request("bad_body", error.to_string()))?;
            req.set_body(Body::from_bytes(body.clone()));
        }
        Ok(Self {
            method: req.method().clone(),
            path: req.uri().path().to_owned(),
            query: req.uri().query().unwrap_or_default().to_owned(),
            body,
        })
    }

    fn operation(&self) -> Option<&'static Operation> {
        OPERATIONS.find(self.method.as_str(), &self.path)
    }

    fn unknown_parameters(&self) -> Vec<FieldError> {
        if self.query.is_empty() {
            return Vec::new();
        }
        self.operation()
            .map_or_else(Vec::new, |operation| operation.unknown(&self.query))
    }

    /// The refusal with its reasons, where they can be told from the description.
    fn explained(&self, error: poem::Error) -> poem::Error {
        let Some(operation) = self.operation() else {
            return error;
        };
        let explained = if let Some(refused) = error.downcast_ref::<ParseRequestPayloadError>() {
            self.body_refused(operation, &refused.reason)
        } else if let Some(refused) = error.downcast_ref::<ParseParamError>() {
            let message = OPERATIONS.parameter(operation, refused.name, &self.query);
            let message = message.unwrap_or_else(|| plain(&refused.reason));
            Some(Error::unreadable(
                "bad_parameter",
                vec![FieldError::new(refused.name, message)],
            ))
        } else if error.is::<ContentTypeError>() {
            operation.media().map(Error::unsupported_media_type)
        } else {
            None
        };
        explained.map_or(error, Into::into)
    }

    fn body_refused(&self, operation: &Operation, reason: &str) -> Option<Error> {
        if operation.media() != Some("application/json") {
            return None;
        }
        if self.body.is_empty() {
            let missing = FieldError::new("body", "is required, as JSON");
            return Some(Error::unreadable("bad_body", vec![missing]));
        }
        let Ok(sent) = serde_json::from_slice::<Value>(&self.body) else {
            return Some(Error::bad_request(
                "bad_body",
                format!("The body is not JSON: {reason}."),
            ));
        };
        let errors = OPERATIONS.body(operation, &sent, reason);
        (!errors.is_empty()).then(|| Error::unreadable("bad_body", errors))
    }
}
