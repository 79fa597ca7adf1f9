//! A piece of content as it goes out: complete and immutable, so that a publisher needs nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::Serialize;

/// What a document is; a destination says what that is called there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    Post,
    Page,
    Product,
    Service,
    /// The text of a term's archive.
    Taxonomy,
}

/// How visible it is to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentStatus {
    Draft,
    /// Waits for a review.
    Pending,
    /// Becomes visible at [`Document::date`] by itself.
    Scheduled,
    Published,
}

/// A part of a document that is written by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    Title,
    Slug,
    Body,
    Excerpt,
    /// Status and date.
    Status,
    Author,
    Terms,
    Featured,
    Seo,
    Meta,
    /// What it stands below.
    Place,
    /// Its place among those beside it.
    Order,
}

impl Part {
    pub const ALL: [Self; 12] = [
        Self::Title,
        Self::Slug,
        Self::Body,
        Self::Excerpt,
        Self::Status,
        Self::Author,
        Self::Terms,
        Self::Featured,
        Self::Seo,
        Self::Meta,
        Self::Place,
        Self::Order,
    ];
}

/// A document.
#[derive(Debug, Clone, Serialize)]
pub struct Document {
    /// Names the place of this content at this destination (a publication's id): an unfinished attempt to make that place is found
    /// again by it. Lower case letters, digits and `_`.
    #[serde(skip)]
    pub key: String,
    /// Id of the content.
    pub content: String,
    pub kind: DocumentKind,
    pub title: String,
    pub slug: String,
    /// `None` of posts, which stand in no order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<DocumentPlace>,
    /// The body. Files of ours are named as [`DocumentFile::path`], as whole values of `src`, `href` and the like.
    pub html: String,
    /// Which parts changed here since the destination's copy was read or written; `None` when that is not known, or all are ours.
    /// Parts that did not change are left there as they are.
    #[serde(skip)]
    pub changed: Option<BTreeSet<Part>>,
    /// The body is somebody else's source, with block comments and short codes: it is not to be arranged anew.
    pub foreign: bool,
    /// Plain text.
    pub excerpt: String,
    pub status: DocumentStatus,
    /// First publication, or when it is due; `None` is now.
    pub date: Option<DateTime<Utc>>,
    /// BCP 47 tag.
    pub language: String,
    pub author: Option<String>,
    pub terms: Vec<DocumentTerm>,
    /// [`DocumentFile::hash`] of the picture it is shown with.
    pub featured: Option<String>,
    pub files: Vec<DocumentFile>,
    /// Empty means none of its own.
    pub seo_title: String,
    pub seo_description: String,
    pub canonical_url: Option<String>,
    pub indexable: bool,
    /// What the destination keeps beside it, for those who come back to it: `_igny8_…`.
    pub meta: BTreeMap<String, serde_json::Value>,
    /// What an import from the destination brought and nothing here knows (a password, sticky): sent back as it is.
    pub extra: serde_json::Value,
}

/// Where a document stands among others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentPlace {
    pub above: Above,
    /// Order among those beside it, smallest first.
    pub order: Option<i64>,
}

/// What a document stands below.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Above {
    /// Nothing: it is at the top.
    Nothing,
    /// Something that is not there: what it stands below there stays.
    Unknown,
    /// What is there under this id, as a receipt tells it.
    Known { id: String, kind: String },
}

/// A term that a document is filed under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentTerm {
    /// Name of our taxonomy: `blog_category`.
    pub taxonomy: String,
    /// From the root down to the term itself; never empty.
    pub path: Vec<TermStep>,
}

/// A term on the way to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TermStep {
    /// Our id.
    pub id: String,
    pub name: String,
    pub slug: String,
    pub description: String,
}

/// A file that a document shows.
#[derive(Debug, Clone, Serialize)]
pub struct DocumentFile {
    /// BLAKE3, 64 hexadecimal digits.
    pub hash: String,
    /// How the body names it: `/media/<32 digits>.<ending>`.
    pub path: String,
    pub name: String,
    pub mime: String,
    pub alt: String,
    pub title: String,
    /// Where its bytes are.
    #[serde(skip)]
    pub file: PathBuf,
}

impl Document {
    /// Whether a part is to be compared with what is there.
    pub fn sends(&self, part: Part) -> bool {
        self.changed.as_ref().is_none_or(|changed| changed.contains(&part))
    }

    /// BLAKE3, in hexadecimal, of everything that goes out.
    pub fn hash(&self) -> String {
        // Plain data with text keys cannot fail to be written.
        blake3::hash(&serde_json::to_vec(self).unwrap_or_default())
            .to_hex()
            .to_string()
    }
}
