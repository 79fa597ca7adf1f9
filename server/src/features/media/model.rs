//! Media as stored, and their rules.

use chrono::{DateTime, Utc};
use igny8_data::{AccountId, CanWrite, SiteId, SiteScope, SurrealValue, record};
use poem_openapi::Enum;

use super::MediaId;
use super::inspect::Inspected;
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

/// What is said about a file besides its bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Label<'a> {
    /// As it was sent.
    pub name: Option<&'a str>,
    pub alt: &'a str,
    pub title: &'a str,
}

impl Label<'_> {
    /// Checks the texts; a name is only made clean.
    pub fn check(&self, check: &mut Check) {
        check.text("alt", self.alt, 0, 1000).text("title", self.title, 0, 300);
    }
}

impl Media {
    /// The row of a file whose bytes are stored under their hash.
    pub fn new<A: CanWrite>(
        id: MediaId,
        scope: &SiteScope<A>,
        hash: String,
        file: &Inspected,
        label: Label<'_>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            account: scope.account(),
            site: scope.site(),
            live_hash: Some(hash.clone()),
            hash,
            kind: file.kind,
            mime: file.mime.to_owned(),
            bytes: i64::try_from(file.bytes.len()).unwrap_or(i64::MAX),
            width: file.size.map(|(width, _)| i64::from(width)),
            height: file.size.map(|(_, height)| i64::from(height)),
            name: clean_name(label.name),
            alt: label.alt.to_owned(),
            title: label.title.to_owned(),
            rev: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }

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
        let label = Label {
            name: None,
            alt: &self.alt,
            title: &self.title,
        };
        label.check(check);
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
