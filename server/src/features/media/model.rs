//! Media as stored, and their rules.

use chrono::{DateTime, Utc};
use igny8_data::{AccountId, SiteId, SurrealValue, record};
use poem_openapi::Enum;

use super::MediaId;
use crate::api::validate::Check;

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, SurrealValue, serde::Serialize, serde::Deserialize)]
#[oai(rename_all = "snake_case")]
#[surreal(crate = "surrealdb_types")]
#[surreal(untagged, rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    Image,
    Video,
    Audio,
    Document,
}

/// A file of a site as stored.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Media {
    pub id: MediaId,
    pub account: AccountId,
    pub site: SiteId,
    /// BLAKE3 of the bytes, 64 hexadecimal digits.
    pub hash: String,
    /// `hash` while the row is not deleted; its index keeps the same bytes from having two rows in a site.
    pub live_hash: Option<String>,
    pub kind: MediaKind,
    /// As found in the bytes.
    pub mime: String,
    pub bytes: i64,
    /// Pixels, of images.
    pub width: Option<i64>,
    pub height: Option<i64>,
    /// What the uploader called it: shown, never used as a path.
    pub name: String,
    pub alt: String,
    pub title: String,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

record!(Media, MediaId, site, soft_delete);

impl Media {
    /// Where visitors of the site find the file: `/media/<hash>.<ending>`. Half of the hash is plenty to tell the files
    /// of a site apart.
    pub fn public_path(&self) -> String {
        format!(
            "/media/{}.{}",
            self.hash.get(..32).unwrap_or(&self.hash),
            ending(&self.mime)
        )
    }

    pub fn check(&self, check: &mut Check) {
        check.text("alt", &self.alt, 0, 1000).text("title", &self.title, 0, 300);
    }
}

/// The file name's ending for a type of the allow list.
pub fn ending(mime: &str) -> &'static str {
    match mime {
        "image/png" => "png",
        "image/jpeg" => "jpg",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "image/avif" => "avif",
        "image/svg+xml" => "svg",
        "application/pdf" => "pdf",
        "video/mp4" => "mp4",
        "audio/mpeg" => "mp3",
        _ => "bin",
    }
}

/// The name to show for an upload: the last part of what was sent, without what could upset a reader or a header.
pub fn clean_name(sent: Option<&str>) -> String {
    let last = sent.unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default();
    let visible =
        |c: &char| !c.is_control() && !matches!(*c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let name: String = last.chars().filter(visible).take(200).collect();
    let name = name.trim().trim_matches('.').trim();
    if name.is_empty() {
        "file".into()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (sent, name) in [
            (Some("photo.jpg"), "photo.jpg"),
            (Some("../../etc/passwd"), "passwd"),
            (Some("C:\\Users\\x\\a.png"), "a.png"),
            (Some("a\0\r\nb.png"), "ab.png"),
            (Some("gpj.\u{202e}exe"), "gpj.exe"),
            (Some(".."), "file"),
            (Some(""), "file"),
            (None, "file"),
        ] {
            assert_eq!(clean_name(sent), name, "{sent:?}");
        }
        assert_eq!(clean_name(Some(&"x".repeat(999))).len(), 200);
    }
}
