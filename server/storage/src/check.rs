//! Whether a destination works: an object of its own is written, read and removed.

use bytes::Bytes;

use crate::client::{Headers, Store};
use crate::error::StorageError;
use crate::manifest::Manifest;

/// Beside the manifest.
const PATH: &str = ".igny8/check.txt";
const TEXT: &[u8] = b"Written to see whether this server may write here; it may be removed.\n";

/// Tries all that a copy needs, and whether the place is free for the site `owner`; answers the release that is there, if any.
///
/// # Errors
/// What does not work, in words for the destination's user.
pub async fn check(store: &Store, owner: &str) -> Result<Option<String>, StorageError> {
    let manifest = Manifest::read(store, owner).await?;
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
    Ok(manifest.release)
}
