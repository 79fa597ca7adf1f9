//! Files in the media library: each sent once, and found again by its hash.

use std::collections::{HashMap, HashSet};
use std::sync::PoisonError;

use igny8_wordpress::{Upload, WordPressError};

use super::{Wordpress, failed};
use crate::publish::document::{Document, DocumentFile};
use crate::publish::publisher::{Entry, Known, KnownKind, PublishError};

/// Where a document's files are: by their path in the body.
pub(super) type Placed = HashMap<String, Entry>;

impl Wordpress {
    /// Sends those files of a document that are not there yet. One that WordPress does not take is told in `notes`.
    pub(super) async fn files(
        &self,
        files: &[&DocumentFile],
        known: &mut Known,
        notes: &mut Vec<String>,
    ) -> Result<Placed, PublishError> {
        self.forget_deleted(files, known).await?;
        let mut placed = Placed::new();
        for file in files {
            match self.one(file, known).await {
                Ok(entry) => {
                    placed.insert(file.path.clone(), entry);
                }
                Err(NotSent::Refused(why)) => notes.push(why),
                Err(NotSent::Error(error)) => return Err(error),
            }
        }
        Ok(placed)
    }

    /// Forgets files that are known and were deleted from the media library: each is looked for once.
    async fn forget_deleted(&self, files: &[&DocumentFile], known: &mut Known) -> Result<(), PublishError> {
        let mut asked: Vec<(u64, &str)> = Vec::new();
        for file in files {
            let entry = known.get(KnownKind::Media, &file.hash);
            asked.extend(entry.and_then(|entry| Some((entry.external_id.parse().ok()?, file.hash.as_str()))));
        }
        {
            let seen = self.seen_files.lock().unwrap_or_else(PoisonError::into_inner);
            asked.retain(|(id, _)| !seen.contains(id));
        }
        for some in asked.chunks(100) {
            let ids: Vec<u64> = some.iter().map(|(id, _)| *id).collect();
            let there = self.client.media_of(&ids).await.map_err(|error| failed(&error))?;
            let there: HashSet<u64> = there.iter().map(|media| media.id).collect();
            for (_, hash) in some.iter().filter(|(id, _)| !there.contains(id)) {
                known.forget(KnownKind::Media, hash);
            }
            let mut seen = self.seen_files.lock().unwrap_or_else(PoisonError::into_inner);
            seen.extend(there);
        }
        Ok(())
    }

    async fn one(&self, file: &DocumentFile, known: &mut Known) -> Result<Entry, NotSent> {
        let told = alt_mark(&file.alt);
        if let Some(entry) = known.get(KnownKind::Media, &file.hash).cloned() {
            if entry.hash.as_deref() == Some(told.as_str()) {
                return Ok(entry);
            }
            let id = entry.external_id.parse().unwrap_or_default();
            match self.client.set_alt_text(id, &file.alt).await {
                Ok(_) => {
                    let entry = Entry {
                        hash: Some(told),
                        ..entry
                    };
                    known.learn(KnownKind::Media, &file.hash, entry.clone());
                    return Ok(entry);
                }
                // It is sent once more.
                Err(WordPressError::Gone) => known.forget(KnownKind::Media, &file.hash),
                // The file is there, and another may have been given its description to care for.
                Err(WordPressError::Forbidden { .. }) => return Ok(entry),
                Err(error) => return Err(NotSent::Error(failed(&error))),
            }
        }
        let slug = format!("igny8-{}", file.hash.get(..32).unwrap_or(&file.hash));
        let there = self.client.media_by_slug(&slug).await;
        let media = match there.map_err(|error| NotSent::Error(failed(&error)))? {
            Some(media) => media,
            None => {
                let bytes = tokio::fs::read(&file.file).await.map_err(|error| {
                    tracing::error!(%error, hash = %file.hash, "a file of the media store cannot be read");
                    NotSent::Error(PublishError::retry(format!(
                        "The file `{}` cannot be read on the server.",
                        file.name
                    )))
                })?;
                let upload = Upload {
                    name: name(file),
                    mime_type: file.mime.clone(),
                    slug,
                    alt_text: file.alt.clone(),
                    bytes: bytes.into(),
                };
                self.client
                    .upload(&upload)
                    .await
                    .map_err(|error| refused(file, &error))?
            }
        };
        let entry = Entry {
            external_id: media.id.to_string(),
            hash: Some(told),
            url: (!media.source_url.is_empty()).then_some(media.source_url),
            ..Entry::default()
        };
        known.learn(KnownKind::Media, &file.hash, entry.clone());
        Ok(entry)
    }

    /// Sends the featured picture again, after WordPress said that it has none of that id.
    pub(super) async fn featured_again(
        &self,
        document: &Document,
        known: &mut Known,
    ) -> Result<(u64, Option<String>), PublishError> {
        let featured = document.featured.as_ref();
        let Some(file) = document.files.iter().find(|file| Some(&file.hash) == featured) else {
            return Ok((0, None));
        };
        known.forget(KnownKind::Media, &file.hash);
        match self.one(file, known).await {
            Ok(entry) => Ok((entry.external_id.parse().unwrap_or(0), None)),
            Err(NotSent::Refused(why)) => Ok((0, Some(why))),
            Err(NotSent::Error(error)) => Err(error),
        }
    }
}

/// Tells descriptions apart.
fn alt_mark(alt: &str) -> String {
    let mut hash = blake3::hash(alt.as_bytes()).to_hex().to_string();
    hash.truncate(16);
    hash
}

enum NotSent {
    /// In words: the rest of the document goes without it.
    Refused(String),
    Error(PublishError),
}

/// A file of a type or size that its site does not take is told; anything else ends the document's turn.
fn refused(file: &DocumentFile, error: &WordPressError) -> NotSent {
    if error.is_about_a_file() {
        NotSent::Refused(format!("WordPress does not take the file `{}`: {error}.", file.name))
    } else {
        NotSent::Error(failed(error))
    }
}

/// The file's name with the ending that goes with its type, which WordPress checks.
fn name(file: &DocumentFile) -> String {
    let ending = file.path.rsplit_once('.').map_or("bin", |(_, ending)| ending);
    let stem = file.name.rsplit_once('.').map_or(file.name.as_str(), |(stem, _)| stem);
    let stem = igny8_text::slug(stem, "");
    let stem: String = stem.chars().take(80).collect();
    if stem.is_empty() {
        format!("{}.{ending}", file.hash.get(..16).unwrap_or(&file.hash))
    } else {
        format!("{stem}.{ending}")
    }
}
