//! How requests fail: one type, RFC 9457 problem documents, client text apart from operator text.

use igny8_data::{AuthError, DbError, Denied};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object};

use super::explain::plain;

/// A failed request: what the client sees. What the operator needs is logged when it is made.
#[derive(ApiResponse, Debug)]
pub enum Error {
    /// The request is malformed.
    #[oai(status = 400, content_type = "application/problem+json")]
    BadRequest(Json<Problem>),
    /// No credential, or one that is not valid.
    #[oai(status = 401, content_type = "application/problem+json")]
    Unauthorized(Json<Problem>),
    /// Not enough credits.
    #[oai(status = 402, content_type = "application/problem+json")]
    PaymentRequired(Json<Problem>),
    /// The role or the state of the account does not allow this.
    #[oai(status = 403, content_type = "application/problem+json")]
    Forbidden(Json<Problem>),
    /// It does not exist, or not for you.
    #[oai(status = 404, content_type = "application/problem+json")]
    NotFound(Json<Problem>),
    /// It collides with what is there.
    #[oai(status = 409, content_type = "application/problem+json")]
    Conflict(Json<Problem>),
    /// It was changed since you read it; the problem's `current_etag` is its present version.
    #[oai(status = 412, content_type = "application/problem+json")]
    PreconditionFailed(Json<Problem>),
    /// The body or the upload is larger than allowed.
    #[oai(status = 413, content_type = "application/problem+json")]
    TooLarge(Json<Problem>),
    /// The body is of a kind that this operation does not take.
    #[oai(status = 415, content_type = "application/problem+json")]
    UnsupportedMediaType(Json<Problem>),
    /// A rule is broken; `errors` names the fields.
    #[oai(status = 422, content_type = "application/problem+json")]
    Unprocessable(Json<Problem>),
    /// Send `If-Match` with the ETag you read, so that nobody's change is overwritten.
    #[oai(status = 428, content_type = "application/problem+json")]
    PreconditionRequired(Json<Problem>),
    /// Too many requests; wait as long as `Retry-After` says.
    #[oai(status = 429, content_type = "application/problem+json")]
    TooManyRequests(
        Json<Problem>,
        /// Seconds to wait.
        #[oai(header = "Retry-After")]
        u64,
    ),
    /// A fault of the server; `request_id` finds it in the log.
    #[oai(status = 500, content_type = "application/problem+json")]
    Internal(Json<Problem>),
    /// Busy or starting; try again.
    #[oai(status = 503, content_type = "application/problem+json")]
    Unavailable(
        Json<Problem>,
        /// Seconds to wait.
        #[oai(header = "Retry-After")]
        u64,
    ),
}

/// A problem document (RFC 9457).
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Problem {
    /// Always `about:blank`: `code` tells problems apart.
    #[oai(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    pub status: u16,
    /// Stable name of the problem, for programs.
    pub code: String,
    /// What happened and what to do, for people.
    pub detail: String,
    /// Finds the request in the server's log.
    pub request_id: String,
    /// With 412: the ETag of the present version.
    pub current_etag: Option<String>,
    /// Fields that are wrong.
    #[oai(default, skip_serializing_if_is_empty)]
    pub errors: Vec<FieldError>,
}

/// One wrong field.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub struct FieldError {
    /// Name as in the request: `slug`, `items.3.name`.
    pub field: String,
    pub message: String,
    /// With 412: what is stored now, unless it is long.
    #[oai(default, skip_serializing_if_is_none)]
    pub current: Option<serde_json::Value>,
}

impl FieldError {
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
            current: None,
        }
    }
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

fn problem(status: u16, title: &str, code: &str, detail: impl Into<String>) -> Json<Problem> {
    Json(Problem {
        kind: "about:blank".into(),
        title: title.into(),
        status,
        code: code.into(),
        detail: detail.into(),
        request_id: super::request_id::current(),
        current_etag: None,
        errors: Vec::new(),
    })
}

fn summary(errors: &[FieldError]) -> String {
    match errors {
        [one] => format!("{}: {}", one.field, one.message),
        _ => format!("{} fields are wrong.", errors.len()),
    }
}

/// The vocabulary of failures.
impl Error {
    pub fn bad_request(code: &str, detail: impl Into<String>) -> Self {
        Self::BadRequest(problem(400, "Bad Request", code, detail))
    }

    /// A request that cannot be read, with what is to blame.
    pub fn unreadable(code: &str, errors: Vec<FieldError>) -> Self {
        let Json(mut problem) = problem(400, "Bad Request", code, summary(&errors));
        problem.errors = errors;
        Self::BadRequest(Json(problem))
    }

    /// The body is of a kind that the operation does not take: it takes these.
    pub fn unsupported_media_type(taken: &str) -> Self {
        let detail = format!("Send the body as {taken}, and say so in `Content-Type`.");
        Self::UnsupportedMediaType(problem(415, "Unsupported Media Type", "unsupported_media_type", detail))
    }

    pub fn unauthorized() -> Self {
        Self::Unauthorized(problem(
            401,
            "Unauthorized",
            "unauthorized",
            "Sign in: send `Authorization: Bearer <access token>` or `Authorization: ApiKey <key>`.",
        ))
    }

    /// A 401 of the login itself.
    pub fn wrong_credentials(code: &str, detail: impl Into<String>) -> Self {
        Self::Unauthorized(problem(401, "Unauthorized", code, detail))
    }

    pub fn payment_required(detail: impl Into<String>) -> Self {
        Self::PaymentRequired(problem(402, "Payment Required", "not_enough_credits", detail))
    }

    pub fn forbidden(code: &str, detail: impl Into<String>) -> Self {
        Self::Forbidden(problem(403, "Forbidden", code, detail))
    }

    /// The same for missing and foreign things, whatever they are.
    pub fn not_found() -> Self {
        Self::NotFound(problem(
            404,
            "Not Found",
            "not_found",
            "There is no such thing here, or you may not see it.",
        ))
    }

    pub fn conflict(code: &str, detail: impl Into<String>) -> Self {
        Self::Conflict(problem(409, "Conflict", code, detail))
    }

    /// A duplicate value of a field.
    pub fn duplicate(field: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let Json(mut problem) = problem(409, "Conflict", "duplicate", detail.clone());
        problem.errors.push(FieldError::new(field, detail));
        Self::Conflict(Json(problem))
    }

    /// The row has changed since it was read.
    pub fn stale(current: Option<i64>) -> Self {
        let detail =
            "It was changed since you read it. Read it again, apply your change to that and send its new ETag.";
        let Json(mut problem) = problem(412, "Precondition Failed", "stale", detail);
        problem.current_etag = current.map(super::etag::of);
        Self::PreconditionFailed(Json(problem))
    }

    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::TooLarge(problem(413, "Content Too Large", "too_large", detail))
    }

    /// A broken rule that no single field is to blame for.
    pub fn rule(code: &str, detail: impl Into<String>) -> Self {
        Self::Unprocessable(problem(422, "Unprocessable Content", code, detail))
    }

    /// Wrong fields.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let Json(mut problem) = problem(422, "Unprocessable Content", "invalid", summary(&errors));
        problem.errors = errors;
        Self::Unprocessable(Json(problem))
    }

    pub fn if_match_missing() -> Self {
        let detail = "Send `If-Match` with the ETag of the version you read, so that nobody's change is overwritten.";
        Self::PreconditionRequired(problem(428, "Precondition Required", "if_match_required", detail))
    }

    pub fn too_many_requests(wait_seconds: u64) -> Self {
        let detail = format!("Too many requests of this kind. Try again in {wait_seconds} seconds.");
        Self::TooManyRequests(
            problem(429, "Too Many Requests", "too_many_requests", detail),
            wait_seconds,
        )
    }

    /// Logs what happened for the operator and tells the client only where to find it.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(error = %cause, "request failed");
        Self::Internal(problem(
            500,
            "Internal Server Error",
            "internal",
            "Something went wrong on our side. It is logged under the request id.",
        ))
    }

    /// The problem document of a failure.
    pub fn into_problem(self) -> Problem {
        let (Self::BadRequest(Json(problem))
        | Self::Unauthorized(Json(problem))
        | Self::PaymentRequired(Json(problem))
        | Self::Forbidden(Json(problem))
        | Self::NotFound(Json(problem))
        | Self::Conflict(Json(problem))
        | Self::PreconditionFailed(Json(problem))
        | Self::TooLarge(Json(problem))
        | Self::UnsupportedMediaType(Json(problem))
        | Self::Unprocessable(Json(problem))
        | Self::PreconditionRequired(Json(problem))
        | Self::TooManyRequests(Json(problem), _)
        | Self::Internal(Json(problem))
        | Self::Unavailable(Json(problem), _)) = self;
        problem
    }

    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::Unavailable(problem(503, "Service Unavailable", "unavailable", detail), 1)
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Conflict | DbError::Timeout => {
                tracing::warn!(%error, "database busy");
                Self::unavailable("The server is busy with other changes. Try again.")
            }
            DbError::Duplicate { index } => {
                // Features that know the field give a better answer before it comes to this.
                Self::conflict(
                    "duplicate",
                    format!("This already exists ({}).", index.replace('_', " ")),
                )
            }
            DbError::Stale => Self::stale(None),
            DbError::Refused(code) => Self::conflict(&code, "The change is not possible in the present state."),
            error @ (DbError::WrongTenant { .. } | DbError::Internal { .. }) => Self::internal(error),
        }
    }
}

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::NotFound => Self::not_found(),
            Denied::Role => Self::forbidden("role", "Your role does not allow this. Ask an admin of the account."),
            Denied::Suspended => Self::forbidden(
                "account_suspended",
                "The account is suspended: it can be read, and nothing else.",
            ),
            Denied::Db(error) => error.into(),
        }
    }
}

impl From<AuthError> for Error {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Db(error) => error.into(),
            error => {
                tracing::debug!(%error, "credential refused");
                Self::unauthorized()
            }
        }
    }
}

/// Turns what poem and poem-openapi report by themselves into problem documents.
pub fn from_poem(error: poem::Error) -> poem::Response {
    use poem::error::{MethodNotAllowedError, NotFoundError, SizedLimitError};
    use poem::{IntoResponse, Response};
    use poem_openapi::error as oai;

    // One of ours: the body is made already.
    if error.is_from_response() {
        return error.into_response();
    }
    let answer: Error = if error.is::<oai::ParsePathError>() || error.is::<NotFoundError>() {
        Error::not_found()
    } else if let Some(e) = error.downcast_ref::<oai::ParseParamError>() {
        Error::unreadable("bad_parameter", vec![FieldError::new(e.name, plain(&e.reason))])
    } else if let Some(e) = error.downcast_ref::<oai::ParseRequestPayloadError>() {
        Error::bad_request("bad_body", format!("The body: {}", plain(&e.reason)))
    } else if error.is::<oai::AuthorizationError>() {
        Error::unauthorized()
    } else if error.is::<SizedLimitError>() {
        Error::too_large("The request is larger than allowed.")
    } else if error.is::<MethodNotAllowedError>() {
        let body = problem(
            405,
            "Method Not Allowed",
            "method_not_allowed",
            "This address does not take this method.",
        );
        use poem_openapi::types::ToJSON as _;
        return Response::builder()
            .status(poem::http::StatusCode::METHOD_NOT_ALLOWED)
            .content_type("application/problem+json")
            .body(body.0.to_json_string());
    } else if error.is::<oai::ContentTypeError>() {
        Error::unsupported_media_type("application/json, or a file as multipart/form-data")
    } else if error.status().is_client_error() {
        Error::bad_request("bad_request", error.to_string())
    } else {
        Error::internal(&error)
    };
    answer.into_response()
}
