//! From the bytes of a picture to a file of the site, by the rules of uploads.

use igny8_data::{SiteScope, Tx, Write};

use crate::app::App;
use crate::features::media::inspect::{Inspected, inspect};
use crate::features::media::{self, Kept, Label, Media, MediaKind};
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
    let label = Label {
        name: Some(name),
        alt,
        title: "",
    };
    match media::keep(app, scope, file.clone(), label).await? {
        Kept::Known(media) => Ok(media),
        Kept::New(media) => {
            tx.create(media.clone());
            Ok(media)
        }
    }
}
