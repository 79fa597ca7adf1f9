//! The media library.

use bytes::{BufMut as _, Bytes, BytesMut};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::client::{LIST, OBJECT, Sent, read};
use crate::discovery::shorten;
use crate::lenient::List;
use crate::{Page, WordPress, WordPressError, lenient};

/// The largest file that is sent: 64 MB, as much as hosts commonly take.
const LARGEST: usize = 64 << 20;

/// Pictures of posts that are looked at together.
const MOST_ATTACHED: u64 = 2000;
/// Bytes of an address, and of a caption, that are kept of a picture.
const LONGEST_ADDRESS: usize = 1000;
const LONGEST_CAPTION: usize = 1000;

/// A file of the media library.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Media {
    #[serde(deserialize_with = "lenient::number")]
    pub id: u64,
    /// The post that it is attached to; 0 for none.
    #[serde(default, deserialize_with = "lenient::number")]
    pub post: u64,
    #[serde(default, deserialize_with = "lenient::text")]
    pub slug: String,
    /// Where the file is.
    #[serde(default, deserialize_with = "lenient::text")]
    pub source_url: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub alt_text: String,
    /// HTML, as it is stored.
    #[serde(default, deserialize_with = "lenient::text")]
    pub caption: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub mime_type: String,
    #[serde(default)]
    pub media_details: Details,
}

/// What showing a picture of the media library takes. It can be stored, since every part of it has a bound.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Picture {
    /// Empty for one that is not there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub url: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub alt: String,
    /// HTML, as it is stored.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub caption: String,
    /// Width and height in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<[u64; 2]>,
}

impl Picture {
    /// A file as a picture; nothing for another kind of file.
    pub fn of(media: Media) -> Option<Self> {
        let is_web = media.source_url.starts_with("https://") || media.source_url.starts_with("http://");
        if !is_web || media.source_url.len() > LONGEST_ADDRESS || !media.mime_type.starts_with("image/") {
            return None;
        }
        // No database keeps it.
        if [&media.source_url, &media.alt_text, &media.caption]
            .iter()
            .any(|text| text.contains('\0'))
        {
            return None;
        }
        let size = [media.media_details.width, media.media_details.height];
        let mut alt = media.alt_text;
        shorten(&mut alt);
        let mut caption = media.caption;
        // Half of it may be half of an element.
        if caption.len() > LONGEST_CAPTION {
            caption.clear();
        }
        Some(Self {
            url: media.source_url,
            alt,
            caption,
            size: Some(size).filter(|size| !size.contains(&0)),
        })
    }

    /// About as many bytes as it takes when it is stored.
    pub fn bytes(&self) -> usize {
        self.url.len() + self.alt.len() + self.caption.len() + 64
    }
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

    /// Pictures that are attached to posts, at most a hundred posts, in the order of their ids: the first two thousand.
    ///
    /// # Errors
    /// [`WordPressError`].
    pub async fn pictures_of_posts(&self, posts: &[u64]) -> Result<Vec<Media>, WordPressError> {
        if posts.is_empty() {
            return Ok(Vec::new());
        }
        let posts: Vec<String> = posts.iter().take(100).map(u64::to_string).collect();
        let posts = posts.join(",");
        let parameters = [
            ("context", "edit"),
            ("parent", &*posts),
            ("media_type", "image"),
            ("orderby", "id"),
            ("order", "asc"),
            ("_fields", FIELDS),
        ];
        let (mut pictures, mut offset) = (Vec::new(), 0);
        loop {
            let page: Page<Media> = self.list(ROUTE, &parameters, (offset, 100), LIST).await?;
            pictures.extend(page.items);
            offset += 100;
            if !page.more || offset >= MOST_ATTACHED {
                return Ok(pictures);
            }
        }
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
const FIELDS: &str = "id,post,slug,source_url,alt_text,caption,mime_type,media_details";

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
