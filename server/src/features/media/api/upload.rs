//! Receiving a file: bounded while it comes in, inspected, stored, entered.

use igny8_data::{DbError, SiteScope, Write};
use poem::{Endpoint, Response};
use poem_openapi::payload::Json;
use poem_openapi::types::multipart::Upload;
use poem_openapi::{ApiResponse, Multipart};
use tokio::sync::Semaphore;

use super::MediaOut;
use crate::api::upload::{self, too_large};
use crate::api::validate::Check;
use crate::api::{Error, FieldError, Result, etag};
use crate::app::App;
use crate::features::media::keep::{self, Kept, keep};
use crate::features::media::{Label, Media, inspect};

/// A file with what is known about it.
#[derive(Debug, Multipart)]
#[oai(deny_unknown_fields)]
pub struct UploadForm {
    /// The file.
    file: Upload,
    /// What it shows, for who cannot see it.
    alt: Option<String>,
    title: Option<String>,
}

/// A stored file.
#[derive(ApiResponse)]
pub enum Uploaded {
    /// The new file.
    #[oai(status = 201)]
    Created(
        Json<MediaOut>,
        /// The version, to send back as `If-Match`.
        #[oai(header = "ETag")]
        String,
        /// Address of the new resource.
        #[oai(header = "Location")]
        String,
    ),
    /// The site has this file already; this is it, unchanged.
    #[oai(status = 200)]
    Known(
        Json<MediaOut>,
        /// The version, to send back as `If-Match`.
        #[oai(header = "ETag")]
        String,
    ),
}

/// Files inspected at once: each is held in memory while it is.
static INSPECTIONS: Semaphore = Semaphore::const_new(2);

/// Refuses a body as soon as more than `http.max_upload_bytes` came in.
pub fn bounded(inner: impl Endpoint) -> impl Endpoint<Output = Response> {
    upload::bounded(inner, |http| http.max_upload_bytes)
}

/// Inspects, stores and enters a file.
///
/// # Errors
/// 413 and 422 for files that are not accepted.
pub async fn store(app: &App, scope: &SiteScope<Write>, form: UploadForm) -> Result<Uploaded> {
    let name = form.file.file_name().map(str::to_owned);
    if form.file.size() > app.config.http.max_upload_bytes {
        return Err(too_large(app.config.http.max_upload_bytes));
    }
    let label = Label {
        name: name.as_deref(),
        alt: form.alt.as_deref().unwrap_or_default(),
        title: form.title.as_deref().unwrap_or_default(),
    };
    let mut check = Check::new();
    label.check(&mut check);
    check.finish()?;
    let permit = INSPECTIONS.acquire().await.map_err(Error::internal)?;
    let bytes = form.file.into_vec().await.map_err(Error::internal)?;
    let work = tokio::task::spawn_blocking(move || inspect::inspect(bytes));
    let inspected = work.await.map_err(Error::internal)?;
    let file = inspected.map_err(|refused| Error::invalid(vec![FieldError::new("file", refused.to_string())]))?;
    let kept = keep(app, scope, file, label).await?;
    drop(permit);
    let media = match kept {
        Kept::Known(media) => return Ok(known(media)),
        Kept::New(media) => media,
    };
    let db = app.db.site(scope);
    let mut tx = db.tx();
    tx.create(media.clone());
    match tx.commit().await {
        Ok(_) => {
            let (rev, path) = (media.rev, format!("/api/v1/sites/{}/media/{}", media.site, media.id));
            Ok(Uploaded::Created(Json(MediaOut::from_row(media)), etag::of(rev), path))
        }
        // Two uploads of one file at once: the other was faster.
        Err(DbError::Duplicate { index }) if index == "media_once" => {
            let faster = keep::known(&db, &media.hash).await?;
            faster.map(known).ok_or_else(|| Error::unavailable("Try again."))
        }
        Err(error) => Err(error.into()),
    }
}

fn known(media: Media) -> Uploaded {
    let rev = media.rev;
    Uploaded::Known(Json(MediaOut::from_row(media)), etag::of(rev))
}
