//! Writing a backup.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use igny8_data::{Db, Why};
use tokio::sync::mpsc;

use super::{BackupError, FORMAT, Header, Manifest, Progress, Sum};

/// Rows that travel and are stored together; with the bytes below, what bounds the memory.
const BATCH_ROWS: usize = 500;
const BATCH_BYTES: usize = 4 << 20;

type Archive = tar::Builder<zstd::Encoder<'static, File>>;

/// Writes everything of an installation into a new file, readable by its owner alone (it holds the key).
///
/// The file appears under its name only when it is complete and on the disk.
///
/// # Errors
/// When the file exists, or the database or the disk fail.
pub async fn save(db: &Db, data_dir: &Path, file: &Path, progress: Arc<dyn Progress>) -> Result<Manifest, BackupError> {
    if file.exists() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    let rows = db.platform(Why::Operator);
    let tables = rows.tables().await?;
    let header = Header {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        created_at: db.clock().now(),
        migrations: rows.applied_migrations().await?,
    };
    let unfinished = unfinished(file);
    let (send, receive) = mpsc::channel(4);
    let writer = {
        let (unfinished, data_dir, progress) = (unfinished.clone(), data_dir.to_owned(), Arc::clone(&progress));
        tokio::task::spawn_blocking(move || write(&unfinished, &data_dir, &header, receive, &*progress))
    };
    let dumped = send_rows(db, &tables, send, &*progress).await;
    let written = writer
        .await
        .map_err(io::Error::other)
        .map_err(BackupError::io(&unfinished));
    let outcome = match (dumped, written) {
        (_, Err(error) | Ok(Err(error))) | (Err(error), _) => Err(error),
        (Ok(()), Ok(Ok(manifest))) => publish(&unfinished, file).map(|()| manifest),
    };
    if outcome.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    outcome
}

/// Lines of one table that follow each other.
struct Batch {
    table: String,
    lines: Vec<String>,
    /// The last of all: without it the rows are not to be trusted.
    complete: bool,
}

async fn send_rows(
    db: &Db,
    tables: &[String],
    send: mpsc::Sender<Batch>,
    progress: &dyn Progress,
) -> Result<(), BackupError> {
    let mut dump = db.platform(Why::Operator).dump(tables)?;
    let mut batch = Batch {
        table: String::new(),
        lines: Vec::new(),
        complete: false,
    };
    let mut bytes = 0;
    while let Some(row) = dump.next().await? {
        if row.table != batch.table || batch.lines.len() >= BATCH_ROWS || bytes >= BATCH_BYTES {
            if row.table != batch.table {
                progress.step(&row.table);
            }
            let next = Batch {
                table: row.table,
                lines: Vec::new(),
                complete: false,
            };
            progress.add(batch.lines.len() as u64);
            // A closed channel is the writer's failure, which its own result tells.
            if send.send(std::mem::replace(&mut batch, next)).await.is_err() {
                return Ok(());
            }
            bytes = 0;
        }
        bytes += row.line.len();
        batch.lines.push(row.line);
    }
    progress.add(batch.lines.len() as u64);
    batch.complete = true;
    let _ = send.send(batch).await;
    Ok(())
}

fn write(
    path: &Path,
    data_dir: &Path,
    header: &Header,
    mut batches: mpsc::Receiver<Batch>,
    progress: &dyn Progress,
) -> Result<Manifest, BackupError> {
    let io = |source| BackupError::Io {
        path: path.to_owned(),
        source,
    };
    let file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(io)?;
    let mut archive: Archive = tar::Builder::new(zstd::Encoder::new(file, 3).map_err(io)?);
    let seconds = header.created_at.timestamp().max(0).unsigned_abs();
    append_json(&mut archive, "header.json", header, seconds).map_err(io)?;

    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    let (mut complete, mut number) = (false, 0u64);
    while let Some(batch) = batches.blocking_recv() {
        complete = batch.complete;
        if batch.lines.is_empty() {
            continue;
        }
        let sum = sums.entry(batch.table.clone()).or_default();
        let mut text = String::with_capacity(batch.lines.iter().map(|line| line.len() + 1).sum());
        for line in &batch.lines {
            sum.add(line);
            text += line;
            text.push('\n');
        }
        let name = format!("tables/{}/{number:08}.ndjson", batch.table);
        append(&mut archive, &name, text.as_bytes(), seconds).map_err(io)?;
        number += 1;
    }
    if !complete {
        return Err(io(io::Error::other("the rows were not read to their end")));
    }
    let mut manifest = Manifest {
        tables: sums.iter().map(|(table, sum)| (table.clone(), sum.finish())).collect(),
        ..Manifest::default()
    };
    progress.step("media");
    for path in media_files(&data_dir.join("media")) {
        let (Some(hash), Ok(mut file)) = (path.file_name().and_then(|n| n.to_str()), File::open(&path)) else {
            continue;
        };
        let length = file.metadata().map_err(BackupError::io(&path))?.len();
        let mut entry = entry(length, seconds);
        archive
            .append_data(&mut entry, format!("media/{}/{hash}", &hash[..2]), &mut file)
            .map_err(io)?;
        manifest.media_files += 1;
        manifest.media_bytes += length;
        progress.add(1);
    }
    let key = crate::secrets::secret_file(data_dir);
    append(
        &mut archive,
        "secret.key",
        &fs::read(&key).map_err(BackupError::io(&key))?,
        seconds,
    )
    .map_err(io)?;
    append_json(&mut archive, "manifest.json", &manifest, seconds).map_err(io)?;
    let file = archive.into_inner().and_then(zstd::Encoder::finish).map_err(io)?;
    file.sync_all().map_err(io)?;
    Ok(manifest)
}

/// Files of the media store, in the order of their names; left-overs of broken-off uploads are not among them.
fn media_files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    walkdir::WalkDir::new(folder)
        .min_depth(2)
        .max_depth(2)
        .sort_by_file_name()
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file() && entry.file_name().to_str().is_some_and(super::restore::is_hash))
        .map(walkdir::DirEntry::into_path)
}

fn append_json(archive: &mut Archive, name: &str, value: &impl serde::Serialize, seconds: u64) -> io::Result<()> {
    append(archive, name, &serde_json::to_vec_pretty(value)?, seconds)
}

fn append<W: Write>(archive: &mut tar::Builder<W>, name: &str, bytes: &[u8], seconds: u64) -> io::Result<()> {
    archive.append_data(&mut entry(bytes.len() as u64, seconds), name, bytes)
}

fn entry(length: u64, seconds: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(length);
    header.set_mode(0o600);
    header.set_mtime(seconds);
    header
}

fn unfinished(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{}.unfinished", std::process::id()));
    name.into()
}

/// Gives the complete file its name; a file that appeared there meanwhile is not overwritten.
fn publish(unfinished: &Path, file: &Path) -> Result<(), BackupError> {
    fs::hard_link(unfinished, file).map_err(|e| match e.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(file.to_owned()),
        _ => BackupError::io(file)(e),
    })?;
    fs::remove_file(unfinished).map_err(BackupError::io(unfinished))?;
    let folder = file
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|f| f.sync_all())
        .map_err(BackupError::io(folder))
}
