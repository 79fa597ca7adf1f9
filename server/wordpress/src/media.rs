//! The media library.

use bytes::{BufMut as _, Bytes, BytesMut};
use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::client::{OBJECT, Sent, read};
use crate::lenient::List;
use crate::{WordPress, WordPressError, lenient};

/// The largest file that is sent: 64 MB, as much as hosts commonly take.
const LARGEST: usize = 64 << 20;

/// A file of the media library.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Media {
    #[serde(deserialize_with = "lenient::number")]
    pub id: u64,
    #[serde(default, deserialize_with = "lenient::text")]
    pub slug: String,
    /// Where the file is.
    #[serde(default, deserialize_with = "lenient::text")]
    pub source_url: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub alt_text: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub mime_type: String,
    #[serde(default)]
    pub media_details: Details,
}

/// What WordPress measured; 0 for what it did not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Details {
    /// In pixels.
    pub width: u64,
    /// In pixels.
    pub height: u64,
}

impl<'de> Deserialize<'de> for Details {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let all = lenient::object(deserializer)?;
        let number = |name: &str| all.get(name).and_then(lenient::as_number).unwrap_or(0);
        Ok(Self {
            width: number("width"),
            height: number("height"),
        })
    }
}

/// A file to send.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Its name there; what is not a letter, digit, dot, hyphen or underscore becomes a hyphen.
    pub name: String,
    /// Its type, which must go with the name's extension.
    pub mime_type: String,
    /// By which it is found again ([`WordPress::media_by_slug`]).
    pub slug: String,
    pub alt_text: String,
    pub bytes: Bytes,
}

impl WordPress {
    /// The file with a slug.
    ///
    /// # Errors
    /// [`WordPressError`].
    pub async fn media_by_slug(&self, slug: &str) -> Result<Option<Media>, WordPressError> {
        let parameters = [("context", "edit"), ("slug", slug), ("_fields", FIELDS)];
        let List(found) = self.get::<List<Media>>(ROUTE, &parameters, OBJECT).await?;
        Ok(found.into_iter().find(|media| media.slug == slug))
    }

    /// The files with these ids, at most 100; those that are gone are missing.
    ///
    /// # Errors
    /// [`WordPressError`].
    pub async fn media_of(&self, ids: &[u64]) -> Result<Vec<Media>, WordPressError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let include: Vec<String> = ids.iter().take(100).map(u64::to_string).collect();
        let include = include.join(",");
        let parameters = [
            ("context", "edit"),
            ("include", &*include),
            ("per_page", "100"),
            ("_fields", FIELDS),
        ];
        let List(found) = self.get(ROUTE, &parameters, OBJECT).await?;
        Ok(found)
    }

    /// Sends a file. **Repeating it makes a second one**: look by slug first.
    ///
    /// # Errors
    /// [`WordPressError::Refused`] for a file of more than 64 MB, or of a type or size that the site does not take
    /// ([`WordPressError::is_about_a_file`]).
    pub async fn upload(&self, upload: &Upload) -> Result<Media, WordPressError> {
        if upload.bytes.len() > LARGEST {
            return Err(WordPressError::too_large("files of more than 64 MB are not sent"));
        }
        let sent = form(upload);
        let answer = self
            .send(Method::POST, ROUTE, &[("context", "edit")], sent, OBJECT)
            .await?;
        read(&answer, self.root())
    }

    /// Sets the alternative text of a file.
    ///
    /// # Errors
    /// [`WordPressError::Gone`] when it was deleted.
    pub async fn set_alt_text(&self, id: u64, alt_text: &str) -> Result<Media, WordPressError> {
        let body = json!({ "alt_text": alt_text });
        self.post(&format!("{ROUTE}/{id}"), &[("context", "edit")], &body).await
    }

    /// Deletes a file for good; media have no trash. Fine when it is gone.
    ///
    /// # Errors
    /// [`WordPressError`].
    pub async fn delete_media(&self, id: u64) -> Result<(), WordPressError> {
        let query = [("force", "true"), ("_method", "DELETE")];
        let route = format!("{ROUTE}/{id}");
        match self
            .send(Method::POST, &route, &query, Sent::Json(&json!({})), OBJECT)
            .await
        {
            Ok(_) | Err(WordPressError::Gone) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

const ROUTE: &str = "wp/v2/media";
const FIELDS: &str = "id,slug,source_url,alt_text,mime_type,media_details";

/// A multipart form (RFC 7578) with the file and its fields.
fn form(upload: &Upload) -> Sent<'static> {
    // Not in the file but by a chance of 2^-256.
    let boundary = format!("igny8-{}", blake3::hash(&upload.bytes).to_hex());
    let mut body = BytesMut::with_capacity(upload.bytes.len() + 2048);
    for (name, value) in [("slug", &upload.slug), ("alt_text", &upload.alt_text)] {
        if !value.is_empty() {
            let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
            body.put_slice(head.as_bytes());
            body.put_slice(value.as_bytes());
            body.put_slice(b"\r\n");
        }
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let file: String = upload.name.chars().map(|c| if plain(c) { c } else { '-' }).collect();
    let mime_type: String = upload.mime_type.chars().filter(|c| !c.is_control()).collect();
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file}\"\r\nContent-Type: {mime_type}\r\n\r\n"
    );
    body.put_slice(head.as_bytes());
    body.put_slice(&upload.bytes);
    body.put_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    Sent::Form {
        content_type: format!("multipart/form-data; boundary={boundary}"),
        body: body.freeze(),
    }
}
