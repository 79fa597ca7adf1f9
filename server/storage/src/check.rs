//! Whether a destination works: its place is free, and an object of its own is written, read and removed.

use std::time::Duration;

use bytes::Bytes;

use crate::client::{Created, Headers, Store};
use crate::error::StorageError;
use crate::manifest::{self, Manifest};

/// Beside the manifest.
const PATH: &str = ".igny8/check.txt";
const TEXT: &[u8] = b"Written to see whether this server may write here; it may be removed.\n";
/// How long after its first look a copy that begins has written its manifest.
const WRITTEN: Duration = Duration::from_secs(3);

/// Tries all that a copy needs, and whether the place is free for the site `owner`; answers the release that is there, if any.
///
/// # Errors
/// What does not work, in words for the destination's user.
pub async fn check(store: &Store, owner: &str) -> Result<Option<String>, StorageError> {
    let manifest = find(store, owner).await?;
    let headers = Headers {
        content_type: "text/plain; charset=utf-8",
        cache_control: "no-store",
        ..Headers::default()
    };
    store.put(PATH, Bytes::from_static(TEXT), &headers).await?;
    let read = store.get(PATH).await?;
    if read.as_deref() != Some(TEXT) {
        let why = "What was written to the bucket does not come back as it was written; is the endpoint an S3 service?";
        return Err(StorageError::Fail(why.into()));
    }
    store.remove(&[PATH.to_owned()]).await?;
    if store.get(PATH).await?.is_some() {
        return Err(StorageError::Fail(
            "What was removed from the bucket is still there.".into(),
        ));
    }
    Ok(manifest.and_then(|manifest| manifest.release))
}

/// The manifest of the site's copy; none where a copy may [`begin`]: it overwrites what it finds, and removes that later. A
/// place that has a manifest was free when that was written, and nobody was let in since.
///
/// # Errors
/// When the place is another site's, inside another copy, or not empty.
pub(crate) async fn find(store: &Store, owner: &str) -> Result<Option<Manifest>, StorageError> {
    let manifest = Manifest::read(store, owner).await?;
    if manifest.is_none() {
        free(store).await?;
    }
    Ok(manifest)
}

/// Takes a place that was found free, before anything goes up: others may have found it so at the same moment.
///
/// # Errors
/// When one of them was faster.
pub(crate) async fn begin(store: &Store, owner: &str) -> Result<Manifest, StorageError> {
    let first = Manifest::new(owner);
    let minded = match first.create(store).await? {
        Created::Taken => true,
        // A service that minds the condition does not make it twice.
        Created::New => first.create(store).await? == Created::Taken,
        Created::Refused => {
            first.write(store).await?;
            false
        }
    };
    if !minded {
        // The last one that wrote has the place, which is known once all have.
        tokio::time::sleep(WRITTEN).await;
    }
    let Some(manifest) = Manifest::read(store, owner).await? else {
        return Err(StorageError::retry(
            "Another copy began or ended in this place of the bucket at the same moment.",
        ));
    };
    // Copies that begin around this place or inside it have manifests of their own: whoever wrote later sees the other one's.
    if let Err(error) = free(store).await {
        if let Err(left) = store.remove(&[manifest::PATH.to_owned()]).await {
            tracing::debug!(error = %left, "the manifest of a copy that did not begin is left in the bucket");
        }
        return Err(error);
    }
    Ok(manifest)
}

/// Nothing is in the place, but for what this program keeps beside copies, and it lies in no other copy.
async fn free(store: &Store) -> Result<(), StorageError> {
    for key in above(&store.settings().prefix) {
        match store.get_key(&key).await {
            // An access key that may read its own folder only cannot tell.
            Ok(None) | Err(StorageError::Fail(_)) => {}
            Ok(Some(_)) => {
                return Err(StorageError::Fail(format!(
                    "This place lies inside another copy, whose list of files is `{key}`. Take a prefix beside it."
                )));
            }
            Err(error) => return Err(error),
        }
    }
    let keys = store.list().await?;
    if let Some(why) = occupied(&keys, &store.settings().prefix, &store.settings().key(manifest::PATH)) {
        return Err(StorageError::Fail(why));
    }
    Ok(())
}

/// Keys of the manifests that copies in the folders around a place have.
fn above(prefix: &str) -> Vec<String> {
    if prefix.is_empty() {
        return Vec::new();
    }
    let folders = prefix.match_indices('/').map(|(end, _)| &prefix[..end]);
    let inner = folders.map(|folder| format!("{folder}/{}", manifest::PATH));
    std::iter::once(manifest::PATH.to_owned()).chain(inner).collect()
}

/// What is wrong with a place where these keys are, if a copy is to begin there; `own` is the key of its manifest.
fn occupied(keys: &[String], prefix: &str, own: &str) -> Option<String> {
    let hidden = own.rsplit_once('/').map_or(own, |(folder, _)| folder);
    let is_ours = |key: &str| {
        // Services have objects for folders too.
        key == prefix || key == hidden || key.strip_prefix(hidden).is_some_and(|rest| rest.starts_with('/'))
    };
    let foreign: Vec<&String> = keys.iter().filter(|key| !is_ours(key)).collect();
    let inner = foreign.iter().find(|key| {
        key.strip_suffix(manifest::PATH)
            .is_some_and(|folder| folder.ends_with('/'))
    });
    if let Some(key) = inner {
        return Some(format!(
            "Another copy lies inside this place, whose list of files is `{}`. Take a prefix beside it.",
            shown(key)
        ));
    }
    let key = foreign.first()?;
    Some(format!(
        "There are files here that IGNY8 did not put there, such as `{}`. Take an empty prefix, or empty this one \
         first. If it is an earlier copy whose list `{own}` was lost, remove its files: every one goes up again.",
        shown(key)
    ))
}

fn shown(key: &str) -> String {
    key.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_around_a_place_may_have_copies() {
        assert_eq!(above(""), Vec::<String>::new());
        assert_eq!(above("a"), [".igny8/manifest.json.gz"]);
        assert_eq!(
            above("a/b/c"),
            [
                ".igny8/manifest.json.gz",
                "a/.igny8/manifest.json.gz",
                "a/b/.igny8/manifest.json.gz"
            ]
        );
    }

    #[test]
    fn a_place_with_files_of_others_is_not_free() {
        for (prefix, keys, word) in [
            ("", &[] as &[&str], None),
            ("", &[".igny8/check.txt"], None),
            ("a", &["a", "a/.igny8", "a/.igny8/check.txt"], None),
            ("", &["index.html"], Some("`index.html`")),
            ("a", &["a/.igny8/check.txt", "a/photo.jpg"], Some("`a/photo.jpg`")),
            ("a", &["a/.igny8-old/x"], Some("`a/.igny8-old/x`")),
            (
                "",
                &["a.txt", "b/.igny8/manifest.json.gz"],
                Some("`b/.igny8/manifest.json.gz`"),
            ),
            ("a", &["a/b/.igny8/manifest.json.gz"], Some("inside this place")),
        ] {
            let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
            let own = if prefix.is_empty() {
                manifest::PATH.to_owned()
            } else {
                format!("{prefix}/{}", manifest::PATH)
            };
            let told = occupied(&keys, prefix, &own);
            match word {
                None => assert_eq!(told, None, "{keys:?}"),
                Some(word) => assert!(told.as_deref().is_some_and(|told| told.contains(word)), "{told:?}"),
            }
        }
    }
}
