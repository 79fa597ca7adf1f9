//! Receiving a file: bounded while it comes in, inspected, stored, entered.

use igny8_data::{DbError, Select, SiteScope, Write};
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
use crate::features::media::inspect::{self, Inspected};
use crate::features::media::{Media, MediaStore, model};

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
    let name = model::clean_name(form.file.file_name());
    if form.file.size() > app.config.http.max_upload_bytes {
        return Err(too_large(app.config.http.max_upload_bytes));
    }
    let (alt, title) = (form.alt.unwrap_or_default(), form.title.unwrap_or_default());
    let permit = INSPECTIONS.acquire().await.map_err(Error::internal)?;
    let bytes = form.file.into_vec().await.map_err(Error::internal)?;
    let media_store = MediaStore::of(app);
    let work = tokio::task::spawn_blocking(move || {
        let Inspected {
            bytes,
            kind,
            mime,
            size,
        } = inspect::inspect(bytes)?;
        let length = bytes.len();
        Ok::<_, inspect::Refused>((media_store.put(&bytes), kind, mime, size, length))
    });
    let inspected = work.await.map_err(Error::internal)?;
    drop(permit);
    let (stored, kind, mime, size, length) =
        inspected.map_err(|refused| Error::invalid(vec![FieldError::new("file", refused.to_string())]))?;
    let hash = stored.map_err(|error| Error::internal(format!("storing an upload: {error}")))?;
    let now = app.db.clock().now();
    let media = Media {
        id: app.db.ids().make(),
        account: scope.account(),
        site: scope.site(),
        live_hash: Some(hash.clone()),
        hash,
        kind,
        mime: mime.to_owned(),
        bytes: i64::try_from(length).unwrap_or(i64::MAX),
        width: size.map(|(width, _)| i64::from(width)),
        height: size.map(|(_, height)| i64::from(height)),
        name,
        alt,
        title,
        rev: 1,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    };
    let mut check = Check::new();
    media.check(&mut check);
    check.finish()?;
    let db = app.db.site(scope);
    if let Some(known) = known(app, scope, &media.hash).await? {
        return Ok(known);
    }
    let mut tx = db.tx();
    tx.create(media.clone());
    match tx.commit().await {
        Ok(_) => {
            let (rev, path) = (media.rev, format!("/api/v1/sites/{}/media/{}", media.site, media.id));
            Ok(Uploaded::Created(Json(MediaOut::from_row(media)), etag::of(rev), path))
        }
        // Two uploads of one file at once: the other was faster.
        Err(DbError::Duplicate { index }) if index == "media_once" => known(app, scope, &media.hash)
            .await?
            .ok_or_else(|| Error::unavailable("Try again.")),
        Err(error) => Err(error.into()),
    }
}

async fn known(app: &App, scope: &SiteScope<Write>, hash: &str) -> Result<Option<Uploaded>> {
    let select = Select::new().equals("live_hash", hash.to_owned()).limit(1);
    let known = app.db.site(scope).list::<Media>(select).await?.pop();
    Ok(known.map(|media| {
        let rev = media.rev;
        Uploaded::Known(Json(MediaOut::from_row(media)), etag::of(rev))
    }))
}
