//! Brings a release into the bucket, step by step; stops anywhere, and goes on from there.

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::{StreamExt as _, stream};
use object_store::MultipartUpload;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::check::{begin, find};
use crate::client::{Headers, PART, Store};
use crate::error::StorageError;
use crate::manifest::{Manifest, Print};
use crate::plan::{self, Encoding, File, Plan, Step};

/// Requests at the same time.
const PARALLEL: usize = 16;
/// Contents held at the same time, all together: four parts of large files, or many small files.
const HELD: u64 = 4 * PART;
/// Files that one request removes where a place is emptied: between two, its owner may want it back.
const EMPTIED: usize = 100;
/// How often what is up already is noted in the bucket, so that a copy that breaks off need not begin anew.
const NOTED: Duration = Duration::from_secs(30);

/// Where contents come from.
pub trait Source: Send + Sync + 'static {
    /// Opens a file in a form; `None` when there is no such form. Blocking.
    ///
    /// # Errors
    /// When the disk fails, or the release is not kept any more.
    fn open(&self, file: &File, encoding: Option<Encoding>) -> std::io::Result<Option<std::fs::File>>;
}

/// The job that makes the copy.
pub trait Watch: Sync {
    /// Files that are up, of all that have to go up.
    fn progress(&self, done: usize, all: usize);
    /// Whether to go on; asked before each file, without waiting for anything.
    fn goes_on(&self) -> bool;
    /// Whether the copy is still this caller's to make; asked before each step.
    fn confirm(&self) -> impl Future<Output = bool> + Send;
}

/// What is to be copied.
pub struct Order {
    /// Name of the release.
    pub release: String,
    pub files: Vec<File>,
    /// Takes nothing for there.
    pub whole: bool,
    pub now: DateTime<Utc>,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Done {
    /// Files the copy has, and how many of them went up or were removed this time.
    pub files: usize,
    pub uploaded: usize,
    pub uploaded_bytes: u64,
    pub removed: usize,
    /// When files that are kept for open pages can go: the next copy removes them.
    pub clean_at: Option<DateTime<Utc>>,
}

/// Makes what visitors of the bucket get the same as a release. `owner` is whose copy it is; see [`Manifest::owner`].
///
/// # Errors
/// [`StorageError`]; the next call goes on from there.
pub async fn mirror(
    store: &Store,
    owner: &str,
    order: &Order,
    source: Arc<dyn Source>,
    watch: &impl Watch,
) -> Result<Done, StorageError> {
    let there = match find(store, owner).await? {
        Some(there) => there,
        None => {
            confirm(watch).await?;
            begin(store, owner).await?
        }
    };
    let (was, was_whole) = (there.release.clone(), there.objects.values().all(Option::is_some));
    let mut plan = Plan::new(there, &order.files, store.settings(), order.now, order.whole);
    let all = plan.puts();
    let mut done = Done {
        files: order.files.len(),
        removed: plan.remove.len(),
        ..Done::default()
    };
    let changes = all > 0 || !plan.remove.is_empty() || !was_whole;
    if changes {
        confirm(watch).await?;
        // From here on a copy that breaks off is known for one.
        plan.manifest.release = None;
        plan.manifest.write(store).await?;
    }
    let mut noted = Instant::now();
    let room = Semaphore::new(in_room(HELD));
    for step in Step::ALL {
        let files = std::mem::take(&mut plan.put[step as usize]);
        if files.is_empty() {
            continue;
        }
        confirm(watch).await?;
        let sending = files.into_iter().map(|i| {
            let (file, source, room) = (&order.files[i], &source, &room);
            async move {
                let print = send(store, file, source, room, watch).await?;
                Ok::<_, StorageError>((file, print))
            }
        });
        let mut sent = stream::iter(sending).buffer_unordered(PARALLEL);
        let mut failed = None;
        while let Some(sent) = sent.next().await {
            match sent {
                Ok((file, print)) => {
                    plan.manifest.objects.insert(file.path.clone(), Some(print));
                    done.uploaded += 1;
                    done.uploaded_bytes += file.bytes;
                    watch.progress(done.uploaded, all);
                }
                // What is on its way is waited for: it must not arrive after what the next copy sends.
                Err(error) => {
                    room.close();
                    failed.get_or_insert(error);
                }
            }
            if noted.elapsed() > NOTED && failed.is_none() {
                failed = plan.manifest.write(store).await.err();
                noted = Instant::now();
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
    }
    if !plan.remove.is_empty() {
        confirm(watch).await?;
        store.remove(&plan.remove).await?;
        for path in &plan.remove {
            plan.manifest.objects.remove(path);
            plan.manifest.gone.remove(path);
        }
    }
    if changes || was.as_deref() != Some(&order.release) {
        confirm(watch).await?;
        plan.manifest.release = Some(order.release.clone());
        plan.manifest.write(store).await?;
    }
    done.clean_at = plan::next_expiry(&plan.manifest, store.settings());
    Ok(done)
}

/// Removes everything the copy has. Before each request `watch` is asked whether the place is still to be emptied.
///
/// # Errors
/// [`StorageError`]; the next call goes on from there.
pub async fn empty(store: &Store, owner: &str, watch: &impl Watch) -> Result<usize, StorageError> {
    let Some(mut manifest) = Manifest::read(store, owner).await? else {
        return Ok(0);
    };
    let mut paths: Vec<String> = manifest.objects.keys().chain(manifest.gone.keys()).cloned().collect();
    // Pages first, so that none is left without what it is made with.
    paths.sort_by_key(|path| !path.ends_with(".html"));
    if !paths.is_empty() {
        confirm(watch).await?;
        manifest.release = None;
        plan::doubt(&mut manifest, &paths);
        manifest.write(store).await?;
    }
    let mut removed = 0;
    for some in paths.chunks(EMPTIED) {
        confirm(watch).await?;
        store.remove(some).await?;
        removed += some.len();
        watch.progress(removed, paths.len());
    }
    confirm(watch).await?;
    store.remove(&[crate::manifest::PATH.to_owned()]).await?;
    Ok(paths.len())
}

async fn confirm(watch: &impl Watch) -> Result<(), StorageError> {
    if watch.goes_on() && watch.confirm().await {
        Ok(())
    } else {
        Err(StorageError::Stopped)
    }
}

/// Puts one file up; answers what it is now.
async fn send(
    store: &Store,
    file: &File,
    source: &Arc<dyn Source>,
    room: &Semaphore,
    watch: &impl Watch,
) -> Result<Print, StorageError> {
    let held = room
        .acquire_many(u32::try_from(in_room(file.bytes.min(PART))).unwrap_or(1))
        .await;
    // Closed once another file failed.
    let _held = held.ok().filter(|_| watch.goes_on()).ok_or(StorageError::Stopped)?;
    let settings = store.settings();
    let (content, encoding) = open(source, file, file.encoding(settings)).await?;
    let headers = Headers {
        content_type: &file.content_type,
        cache_control: file.cache_control(settings),
        content_encoding: encoding.map(Encoding::name),
        redirect: file.redirect(settings),
    };
    let (content, part) = read(content).await?;
    if part.len() < in_memory(PART) {
        store.put(&file.path, part, &headers).await?;
    } else {
        let mut upload = store.begin(&file.path, &headers).await?;
        if let Err(error) = send_parts(upload.as_mut(), content, part, watch).await {
            // Parts of what never became an object cost their owner money.
            if let Err(left) = upload.abort().await {
                tracing::debug!(error = %left, "parts of an upload that broke off are left in the bucket");
            }
            return Err(error);
        }
    }
    Ok(file.print(settings, encoding))
}

async fn send_parts(
    upload: &mut dyn MultipartUpload,
    mut content: std::fs::File,
    mut part: Bytes,
    watch: &impl Watch,
) -> Result<(), StorageError> {
    while !part.is_empty() {
        if !watch.goes_on() {
            return Err(StorageError::Stopped);
        }
        upload.put_part(part.into()).await?;
        (content, part) = read(content).await?;
    }
    upload.complete().await?;
    Ok(())
}

/// A file's content in the form it is to have, or as it is if there is no such form.
async fn open(
    source: &Arc<dyn Source>,
    file: &File,
    encoding: Option<Encoding>,
) -> Result<(std::fs::File, Option<Encoding>), StorageError> {
    let (source, file) = (Arc::clone(source), file.clone());
    let opened = tokio::task::spawn_blocking(move || {
        if let Some(encoding) = encoding
            && let Some(packed) = source.open(&file, Some(encoding))?
        {
            return Ok((packed, Some(encoding)));
        }
        match source.open(&file, None)? {
            Some(plain) => Ok((plain, None)),
            None => Err(std::io::Error::from(std::io::ErrorKind::NotFound)),
        }
    });
    Ok(opened.await.map_err(std::io::Error::other)??)
}

/// The next part of a file; a shorter one is the last.
async fn read(mut content: std::fs::File) -> Result<(std::fs::File, Bytes), StorageError> {
    let reading = tokio::task::spawn_blocking(move || {
        let mut part = Vec::new();
        (&mut content).take(PART).read_to_end(&mut part)?;
        Ok::<_, std::io::Error>((content, part.into()))
    });
    Ok(reading.await.map_err(std::io::Error::other)??)
}

/// Room is counted in pieces of 64 KiB.
fn in_room(bytes: u64) -> usize {
    in_memory(bytes / (64 << 10)).max(1)
}

fn in_memory(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
