//! What is known of an image once it has been looked at, kept beside its variants so that it is looked at once.

use serde::{Deserialize, Serialize};

use super::encode::{Encoded, Made, Refusal};
use super::{ImageFormat, cache};
use crate::release::ContentHash;

/// Raised when variants are made otherwise: older entries of caches are then not found any more.
pub(super) const PIPELINE: &str = "igny8 image 1";

/// The name of an entry: the content of the file and how variants are made.
pub(super) fn key(content: &blake3::Hash) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(PIPELINE.as_bytes()).update(content.as_bytes());
    hasher.finalize().to_hex()[..32].to_owned()
}

/// One image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "came_to", rename_all = "snake_case")]
pub(super) enum Facts {
    Made {
        width: u32,
        height: u32,
        variants: Vec<Fact>,
    },
    Broken {
        why: String,
    },
    Untouched {
        why: Option<String>,
    },
}

/// One variant: its file is [`Fact::file`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fact {
    pub format: ImageFormat,
    pub width: u32,
    pub height: u32,
    pub bytes: u64,
    /// Of its file, so that a release which has it need not look.
    pub hash: ContentHash,
}

impl Fact {
    /// Its name in the entry.
    pub fn file(&self) -> String {
        format!("{}.{}", self.width, self.format.extension())
    }

    /// What [`super::Variant::source`] says.
    pub fn source(&self, key: &str) -> String {
        format!("{}img/{key}/{}#{}", cache::OWN, self.file(), self.hash)
    }
}

impl From<&Encoded> for Fact {
    fn from(encoded: &Encoded) -> Self {
        Self {
            format: encoded.format,
            width: encoded.width,
            height: encoded.height,
            bytes: encoded.bytes.len() as u64,
            hash: ContentHash::of(&encoded.bytes),
        }
    }
}

impl From<&Result<Made, Refusal>> for Facts {
    fn from(made: &Result<Made, Refusal>) -> Self {
        match made {
            Ok(made) => Self::Made {
                width: made.size.0,
                height: made.size.1,
                variants: made.variants.iter().map(Fact::from).collect(),
            },
            Err(Refusal::Broken(why)) => Self::Broken { why: why.clone() },
            Err(Refusal::Untouched(why)) => Self::Untouched { why: why.clone() },
        }
    }
}
