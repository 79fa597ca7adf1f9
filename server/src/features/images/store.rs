//! From the bytes of a picture to a file of the site, by the rules of uploads.

use igny8_data::{DbError, Select, SiteScope, Tx, Write};

use crate::app::App;
use crate::features::media::inspect::{Inspected, inspect};
use crate::features::media::{Media, MediaId, MediaKind, MediaStore, blocking};
use crate::jobs::JobError;

/// Inspects what came as a picture. Blocking.
///
/// # Errors
/// Why it is none, for its user.
pub fn picture(bytes: Vec<u8>) -> Result<Inspected, String> {
    let found = inspect(bytes).map_err(|refused| refused.to_string())?;
    match found.kind {
        MediaKind::Image => Ok(found),
        MediaKind::Video | MediaKind::Audio | MediaKind::Document => Err("What was drawn is no picture.".into()),
    }
}

/// Adds a picture to a site's files, unless it is there; to be called in the unit of work that names it.
///
/// # Errors
/// When the disk or the database fails.
pub async fn keep(
    app: &App,
    scope: &SiteScope<Write>,
    tx: &mut Tx<'_>,
    file: &Inspected,
    name: &str,
    alt: &str,
) -> Result<Media, JobError> {
    let (store, bytes) = (MediaStore::of(app), file.bytes.clone());
    let stored = blocking(move || store.put(&bytes)).await;
    let hash = stored.map_err(|error| JobError::Retry(format!("A picture cannot be stored: {error}.")))?;
    if let Some(known) = known(app, scope, &hash).await? {
        return Ok(known);
    }
    let now = app.db.clock().now();
    let id: MediaId = app.db.ids().make();
    let media = Media {
        id,
        account: scope.account(),
        site: scope.site(),
        live_hash: Some(hash.clone()),
        hash,
        kind: MediaKind::Image,
        mime: file.mime.to_owned(),
        bytes: i64::try_from(file.bytes.len()).unwrap_or(i64::MAX),
        width: file.size.map(|(width, _)| i64::from(width)),
        height: file.size.map(|(_, height)| i64::from(height)),
        name: crate::features::media::model::clean_name(Some(name)),
        alt: alt.to_owned(),
        title: String::new(),
        rev: 1,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    };
    tx.create(media.clone());
    Ok(media)
}

async fn known(app: &App, scope: &SiteScope<Write>, hash: &str) -> Result<Option<Media>, DbError> {
    let select = Select::new().equals("live_hash", hash.to_owned()).limit(1);
    Ok(app.db.site(scope).list::<Media>(select).await?.pop())
}
