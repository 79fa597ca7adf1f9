//! Sending the bytes of a file through the API.

use poem::http::{HeaderName, HeaderValue, StatusCode, header};
use poem::{IntoResponse, Request, Response};
use poem_openapi::ApiResponse;
use poem_openapi::payload::{Binary, Payload as _};
use poem_openapi::registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::Type as _;

use crate::api::{Error, Result};
use crate::app::App;
use crate::features::media::{Media, MediaKind, MediaStore, store};
use crate::visitors::answer::{Ask, send_part};

/// A file opened on its own is nobody's page: no scripts, no requests, no origin.
const SANDBOX: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox";

/// The bytes of a file, a part of them, or that they have not changed.
pub struct FileAnswer(Response);

impl IntoResponse for FileAnswer {
    fn into_response(self) -> Response {
        self.0
    }
}

impl ApiResponse for FileAnswer {
    fn meta() -> MetaResponses {
        let header = |name: &str, description: &str| MetaHeader {
            name: name.into(),
            description: Some(description.into()),
            required: false,
            deprecated: false,
            schema: String::schema_ref(),
        };
        let response = |status, description, file: bool| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content: if file {
                vec![MetaMediaType {
                    content_type: "*/*",
                    schema: Binary::<Vec<u8>>::schema_ref(),
                }]
            } else {
                Vec::new()
            },
            headers: vec![
                header("ETag", "Validator of the bytes."),
                header("Content-Range", "Which part of the file this is."),
            ],
        };
        MetaResponses {
            responses: vec![
                response(200, "The file.", true),
                response(206, "The part of the file that `Range` asked for.", true),
                response(304, "The file is the one that `If-None-Match` names.", false),
                response(416, "The file has no such part.", false),
            ],
        }
    }

    fn register(_: &mut Registry) {}
}

/// Answers with a file's bytes.
///
/// # Errors
/// 500 when the file is not where its row says.
pub async fn send(app: &App, media: Media, req: &Request) -> Result<FileAnswer> {
    let media_store = MediaStore::of(app);
    let hash = media.hash.clone();
    let file = store::blocking(move || media_store.open(&hash))
        .await
        .map_err(|error| Error::internal(format!("file of {}: {error}", media.id)))?;
    let length = u64::try_from(media.bytes).unwrap_or(0);
    let mut response = Response::builder().status(StatusCode::OK).finish();
    let disposition = match media.kind {
        MediaKind::Document => "attachment",
        _ => "inline",
    };
    // The plain form is for old clients; the other carries every script.
    let plain: String = media
        .name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || ".-_".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    let encoded = percent_encoding::utf8_percent_encode(&media.name, percent_encoding::NON_ALPHANUMERIC);
    for (name, value) in [
        (header::ETAG, format!("\"{}\"", media.hash)),
        (header::CONTENT_TYPE, media.mime.clone()),
        (
            header::CONTENT_DISPOSITION,
            format!("{disposition}; filename=\"{plain}\"; filename*=UTF-8''{encoded}"),
        ),
        (header::CONTENT_SECURITY_POLICY, SANDBOX.to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin".to_owned(),
        ),
        (header::CACHE_CONTROL, "private, max-age=3600".to_owned()),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_str(&value).map_err(Error::internal)?);
    }
    let etag = format!("\"{}\"", media.hash);
    send_part(response, file, length, &etag, &Ask::of(req))
        .await
        .map(FileAnswer)
        .map_err(|error| Error::internal(format!("file of {}: {error}", media.id)))
}
