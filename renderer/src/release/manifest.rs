//! What a release holds.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{ReleaseError, at};

/// One file of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// BLAKE3 of the content, hexadecimal; empty where nothing asks for it ([`super::write_folder`]).
    pub hash: String,
    /// Length of the content.
    pub bytes: u64,
    /// MIME type, with charset for texts.
    pub mime: String,
    /// Has `.gz` and `.br` beside it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub compressed: bool,
    /// The name carries a hash of the content: may be cached for ever.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub immutable: bool,
}

/// All files of a release, by path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Files by path below the release, without a leading slash.
    pub files: BTreeMap<String, Entry>,
    /// How many of them were taken over unchanged from the release before.
    #[serde(default)]
    pub linked: usize,
    /// Media that could not be put in, since their files are not there or cannot be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

impl Manifest {
    /// Reads `releases/<version>.json`.
    pub fn read(path: &Path) -> Result<Self, ReleaseError> {
        let bytes = std::fs::read(path).map_err(at(path))?;
        serde_json::from_slice(&bytes).map_err(|e| ReleaseError::Manifest {
            path: path.to_owned(),
            problem: e.to_string(),
        })
    }

    /// Bytes of all files, compressed forms not counted.
    pub fn bytes(&self) -> u64 {
        self.files.values().map(|entry| entry.bytes).sum()
    }
}

/// The MIME type that a file's name stands for.
pub(crate) fn mime_of(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "xml" if name == "atom.xml" => "application/atom+xml; charset=utf-8",
        "xml" => "application/xml; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "pdf" => "application/pdf",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "mp3" => "audio/mpeg",
        "wasm" => "application/wasm",
        _ if name == "_redirects" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// True for types that shrink when compressed.
pub(crate) fn is_text(mime: &str) -> bool {
    mime.starts_with("text/")
        || mime.contains("json")
        || mime.contains("xml")
        || mime.starts_with("image/svg")
        || mime.contains("wasm")
}
