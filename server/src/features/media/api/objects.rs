//! Media in the API's own words.

use chrono::{DateTime, Utc};
use poem_openapi::Object;

use crate::features::media::{Media, MediaId, MediaKind};

/// An uploaded file.
#[derive(Debug, Object)]
#[oai(rename = "Media", skip_serializing_if_is_none)]
pub struct MediaOut {
    pub id: MediaId,
    pub kind: MediaKind,
    /// Type as found in the bytes: `image/webp`.
    pub mime: String,
    /// Size of the file.
    pub bytes: i64,
    /// Pixels, of images.
    pub width: Option<i64>,
    pub height: Option<i64>,
    /// What it was called when it was uploaded.
    pub name: String,
    /// What it shows, for who cannot see it.
    pub alt: String,
    pub title: String,
    /// Where visitors of the site find it once a page uses it; write this in a body.
    pub path: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Set on deleted files, which are removed for good after a while.
    pub deleted_at: Option<DateTime<Utc>>,
}

impl MediaOut {
    pub fn from_row(media: Media) -> Self {
        Self {
            path: media.public_path(),
            id: media.id,
            kind: media.kind,
            mime: media.mime,
            bytes: media.bytes,
            width: media.width,
            height: media.height,
            name: media.name,
            alt: media.alt,
            title: media.title,
            created_at: media.created_at,
            updated_at: media.updated_at,
            deleted_at: media.deleted_at,
        }
    }
}

/// What to change; absent fields stay.
#[derive(Debug, Object)]
#[oai(rename = "MediaPatch", deny_unknown_fields, example)]
pub struct MediaPatch {
    pub alt: Option<String>,
    pub title: Option<String>,
}

impl poem_openapi::types::Example for MediaPatch {
    fn example() -> Self {
        Self {
            alt: Some("A copper roaster beside sacks of green coffee".into()),
            title: Some("The roaster".into()),
        }
    }
}
