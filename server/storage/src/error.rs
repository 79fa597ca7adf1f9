//! Why a copy did not come to its end, and whether trying again can help.

use std::error::Error;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use igny8_outgoing::OutgoingError;

/// The texts are for the destination's user.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// It may go by itself: busy, unreachable, broken off.
    #[error("{why}")]
    Retry {
        why: String,
        /// When the service named a time.
        after: Option<Duration>,
    },
    /// Somebody has to change something first.
    #[error("{0}")]
    Fail(String),
    /// There is no such object.
    #[error("There is no such object in the bucket.")]
    Missing,
    /// A file of the release cannot be read here.
    #[error("a file of the release cannot be read: {0}")]
    Disk(#[from] std::io::Error),
    /// The caller said stop.
    #[error("The copy was stopped.")]
    Stopped,
}

impl StorageError {
    pub(crate) fn retry(why: impl Into<String>) -> Self {
        Self::Retry {
            why: why.into(),
            after: None,
        }
    }
}

/// An answer that is not what was asked for.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{status}, {code}")]
pub(crate) struct Refused {
    pub status: StatusCode,
    /// `<Code>` of the answer; empty without one.
    pub code: String,
    message: String,
    region: Option<String>,
    after: Option<Duration>,
}

/// Answers of services that hang together by mistake are long; what helps is at their beginning.
const READ: usize = 4096;
const SHOWN: usize = 160;

impl Refused {
    pub fn of(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(&body[..body.len().min(READ)]);
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let seconds = header("retry-after").and_then(|text| text.trim().parse().ok());
        let region = element(&text, "Region").or_else(|| header("x-amz-bucket-region").map(str::to_owned));
        Self {
            status,
            code: element(&text, "Code").unwrap_or_default(),
            message: element(&text, "Message").unwrap_or_default(),
            region,
            after: seconds.map(|seconds: u64| Duration::from_secs(seconds.min(3600))),
        }
    }

    /// The answer that an error of the library is about.
    pub fn behind(error: &object_store::Error) -> Option<&Self> {
        causes(error).find_map(|cause| cause.downcast_ref())
    }

    /// There is an object where one was to be made.
    pub fn is_taken(&self) -> bool {
        matches!(self.status, StatusCode::PRECONDITION_FAILED | StatusCode::CONFLICT)
    }

    /// Trying the same request again may end otherwise.
    pub fn is_passing(&self) -> bool {
        self.status.is_server_error() && self.status != StatusCode::NOT_IMPLEMENTED
            || matches!(self.status.as_u16(), 408 | 425 | 429)
            || matches!(self.code.as_str(), "SlowDown" | "RequestTimeout" | "OperationAborted")
    }

    fn told(&self) -> StorageError {
        let Self { status, code, .. } = self;
        let said = match (code.as_str(), self.message.as_str()) {
            ("", _) => format!("status {}", status.as_u16()),
            (code, "") => code.to_owned(),
            (code, message) => format!("{code}: {message}"),
        };
        if self.is_passing() {
            return StorageError::Retry {
                why: format!("The storage service is busy or has a fault of its own ({said})."),
                after: self.after,
            };
        }
        let region = self.region.as_deref().filter(|region| {
            !region.is_empty() && region.len() <= 40 && region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        });
        StorageError::Fail(match (code.as_str(), status.as_u16()) {
            ("SignatureDoesNotMatch", _) => "The secret access key is wrong.".into(),
            ("InvalidAccessKeyId", _) => "The service does not know this access key.".into(),
            ("ExpiredToken" | "InvalidToken" | "TokenRefreshRequired", _) | ("", 401) => {
                "The access key is not valid any more.".into()
            }
            ("RequestTimeTooSkewed", _) => {
                "The service refuses requests since its clock and this server's differ; the operator has to set the clock.".into()
            }
            ("NoSuchBucket", _) => "There is no bucket of this name; create it at the service, or mend its name here.".into(),
            ("AuthorizationHeaderMalformed" | "PermanentRedirect" | "TemporaryRedirect" | "IncorrectEndpoint", _)
            | (_, 301 | 307 | 308) => match region {
                Some(region) => format!("The bucket is in the region `{region}`: set that, and the endpoint of that region."),
                None => "The bucket is somewhere else: check its region and the endpoint.".into(),
            },
            ("AccessDenied" | "AllAccessDisabled" | "AccountProblem" | "", 403) => {
                "The access key may not do this. It needs the rights to read, write and delete objects (s3:GetObject, \
                 s3:PutObject, s3:DeleteObject) in this bucket, and to list it (s3:ListBucket)."
                    .into()
            }
            ("", 501) => "This is not the address of an S3 service (status 501).".into(),
            (_, 501) => format!(
                "The service does not know a part of the request ({said}). If old addresses are to answer with 301 (`redirect_headers`), turn that off."
            ),
            _ => format!("The service refused: {said}."),
        })
    }
}

/// The text of an XML element, in one line and of a length that can be shown.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let text: String = text.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
    Some(text.trim().trim_end_matches('.').to_owned())
}

/// An error, what caused it, and so on.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

impl From<object_store::Error> for StorageError {
    fn from(error: object_store::Error) -> Self {
        for cause in causes(&error) {
            if let Some(refused) = cause.downcast_ref::<Refused>() {
                return refused.told();
            }
            if let Some(outgoing) = cause.downcast_ref::<OutgoingError>() {
                return told(outgoing);
            }
        }
        match error {
            object_store::Error::NotFound { .. } => Self::Missing,
            object_store::Error::InvalidPath { .. } => {
                Self::Fail("A file has a name that object storage cannot have.".into())
            }
            error => {
                let text = error.to_string();
                // One of many objects could not be removed: the library tells its code in words only.
                if text.contains("AccessDenied") {
                    return Self::Fail(
                        "The access key may not delete objects in this bucket (s3:DeleteObject).".into(),
                    );
                }
                tracing::debug!(error = text, "object storage answered something unexpected");
                Self::retry("The storage service answered something that S3 does not answer.")
            }
        }
    }
}

fn told(error: &OutgoingError) -> StorageError {
    match error {
        OutgoingError::Address(_) | OutgoingError::Blocked(_) => {
            StorageError::Fail(format!("The endpoint cannot be used: {error}."))
        }
        OutgoingError::Redirected(_) => {
            StorageError::Fail(format!("This is not the address of an S3 service: {error}."))
        }
        OutgoingError::NoSuchHost(_)
        | OutgoingError::Connect { .. }
        | OutgoingError::TimedOut(_)
        | OutgoingError::TooLarge(_)
        | OutgoingError::Broken(_) => {
            StorageError::retry(format!("The storage service could not be reached: {error}."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &str) -> StorageError {
        Refused::of(
            StatusCode::from_u16(status).unwrap(),
            &HeaderMap::new(),
            body.as_bytes(),
        )
        .told()
    }

    #[test]
    fn what_can_pass_is_tried_again_and_the_rest_says_what_to_do() {
        let xml =
            |code: &str| format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>No.</Message></Error>");
        for (status, code) in [
            (503, "SlowDown"),
            (500, "InternalError"),
            (429, "TooManyRequests"),
            (408, ""),
            (400, "RequestTimeout"),
            (502, ""),
        ] {
            assert!(
                matches!(refused(status, &xml(code)), StorageError::Retry { .. }),
                "{status} {code}"
            );
        }
        for (status, body, word) in [
            (403, xml("SignatureDoesNotMatch"), "secret access key is wrong"),
            (403, xml("InvalidAccessKeyId"), "does not know this access key"),
            (403, xml("AccessDenied"), "s3:PutObject"),
            (403, "<html>Forbidden</html>".into(), "s3:PutObject"),
            (401, String::new(), "not valid any more"),
            (403, xml("RequestTimeTooSkewed"), "clock"),
            (404, xml("NoSuchBucket"), "no bucket of this name"),
            (
                400,
                "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-3</Region></Error>".into(),
                "`eu-west-3`",
            ),
            (
                301,
                "<Error><Code>PermanentRedirect</Code></Error>".into(),
                "region and the endpoint",
            ),
            (501, xml("NotImplemented"), "redirect_headers"),
            (
                501,
                "<html>Unsupported method</html>".into(),
                "not the address of an S3 service",
            ),
            (400, xml("EntityTooLarge"), "EntityTooLarge: No"),
            (403, xml("QuotaExceeded"), "QuotaExceeded: No"),
            (418, String::new(), "status 418"),
        ] {
            match refused(status, &body) {
                StorageError::Fail(text) => assert!(text.contains(word), "{status}: {text}"),
                other => panic!("{status} {body}: {other:?}"),
            }
        }
        // What a service says is shown in one short line.
        let long = format!("<Code>Odd</Code><Message>{}\n\u{7}</Message>", "x".repeat(5000));
        let StorageError::Fail(text) = refused(400, &long) else {
            panic!()
        };
        assert!(text.len() < 300 && !text.contains(char::is_control), "{text}");
    }

    #[test]
    fn a_service_says_when_it_wants_to_be_asked_again() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "7".parse().unwrap());
        let StorageError::Retry { after, .. } = Refused::of(StatusCode::SERVICE_UNAVAILABLE, &headers, b"").told()
        else {
            panic!()
        };
        assert_eq!(after, Some(Duration::from_secs(7)));
    }
}
