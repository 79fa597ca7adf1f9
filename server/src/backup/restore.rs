//! Checking a backup and bringing it back.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use igny8_data::{Clock, Db, Ids, Migration, Why};
use tokio::sync::mpsc;

use super::{BackupError, FORMAT, Header, Manifest, Progress, Sum, TableSum};
use crate::config::Config;

/// A batch of rows or a JSON part larger than this was not written by us.
const MAX_PART: u64 = 64 << 20;

/// What is found in a backup, in order.
enum Part {
    Header(Header),
    Rows { table: String, lines: Vec<String> },
    Media { hash: String, length: u64 },
    Key(Vec<u8>),
    Manifest(Manifest),
}

/// Reads a whole backup and checks every hash, count and the schema it needs; changes nothing.
///
/// # Errors
/// When it is damaged, cut short, or of a newer program.
pub fn verify(
    file: &Path,
    migrations: &[Migration],
    progress: &dyn Progress,
) -> Result<(Header, Manifest), BackupError> {
    let damaged = |what: &str| BackupError::Damaged {
        path: file.to_owned(),
        what: what.to_owned(),
    };
    let (mut header, mut manifest, mut key) = (None, None, false);
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    let (mut media_files, mut media_bytes) = (0, 0);
    read(file, |part, bytes| {
        match part {
            Part::Header(found) => {
                known(&found, migrations)?;
                header = Some(found);
            }
            _ if header.is_none() || manifest.is_some() => return Err(damaged("its parts are not in order")),
            Part::Rows { table, lines } => {
                progress.add(lines.len() as u64);
                let sum = sums.entry(table).or_default();
                lines.iter().for_each(|line| sum.add(line));
            }
            Part::Media { hash, length } => {
                let mut hasher = blake3::Hasher::new();
                let read = io::copy(bytes, &mut hasher).map_err(BackupError::io(file))?;
                if read != length || hasher.finalize().to_hex().as_str() != hash {
                    return Err(damaged(&format!("media file {hash} has other bytes")));
                }
                media_files += 1;
                media_bytes += length;
            }
            Part::Key(bytes) if bytes.len() < 32 => return Err(damaged("its key is too short")),
            Part::Key(_) => key = true,
            Part::Manifest(found) => manifest = Some(found),
        }
        Ok(())
    })?;
    let (Some(header), Some(manifest)) = (header, manifest) else {
        return Err(damaged("it ends too early"));
    };
    let tables: BTreeMap<String, TableSum> = sums.iter().map(|(name, sum)| (name.clone(), sum.finish())).collect();
    let found = Manifest {
        tables,
        media_files,
        media_bytes,
    };
    if found != manifest || !key {
        return Err(damaged("its contents are not those of its manifest"));
    }
    Ok((header, manifest))
}

/// Brings a backup back as a new installation: rows into an empty database, media and key into an empty `data_dir`.
///
/// With the embedded database everything is built beside `data_dir` and takes its place at the end, so a restore that was
/// broken off leaves nothing behind but a folder ending in `.restoring`.
///
/// # Errors
/// When the backup is not sound, the target is not empty, or a disk or the database fails.
pub async fn restore(
    config: &Config,
    file: &Path,
    migrations: &'static [Migration],
    clock: Clock,
    progress: Arc<dyn Progress>,
) -> Result<Manifest, BackupError> {
    let target = std::path::absolute(&config.data_dir).map_err(BackupError::io(&config.data_dir))?;
    if fs::read_dir(&target).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(BackupError::NotEmpty(target));
    }
    progress.step("checking the backup");
    let (header, manifest) = {
        let (file, progress) = (file.to_owned(), Arc::clone(&progress));
        blocking(move || verify(&file, migrations, &*progress)).await?
    };
    let staging = {
        let mut name = target.clone().into_os_string();
        name.push(".restoring");
        PathBuf::from(name)
    };
    let _ = fs::remove_dir_all(&staging);
    fs::create_dir_all(&staging).map_err(BackupError::io(&staging))?;

    let mut settings = config.database_settings().map_err(BackupError::io(&target))?;
    if config.database.url == "surrealkv" {
        settings.url = format!("surrealkv://{}", staging.join("db").display());
    }
    // The key is needed to open the database, but signs nothing here.
    let keys = igny8_data::tokens::Keys::derive(&[0; 32], "restore");
    let db = Db::open(&settings, clock.clone(), Ids::random(clock), keys).await?;
    if !db.platform(Why::Operator).is_empty().await? {
        return Err(BackupError::DatabaseNotEmpty(settings.url));
    }
    // Rows go in under the schema they were written with; the rest of the files then change them as they would have.
    let (old, _) = migrations.split_at(header.migrations.len());
    db.migrate(old).await?;
    progress.step("restoring rows");
    load(&db, file, &staging, &progress).await?;
    progress.step("checking the restored rows");
    compare(&db, &manifest).await?;
    db.migrate(migrations).await?;
    db.close().await?;
    drop(db);
    sync(&staging).map_err(BackupError::io(&staging))?;
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent).map_err(BackupError::io(parent))?;
    }
    fs::rename(&staging, &target).map_err(BackupError::io(&target))?;
    if let Some(parent) = target.parent() {
        sync(parent).map_err(BackupError::io(parent))?;
    }
    Ok(manifest)
}

/// Reads on one thread and stores from two tasks, so that reading, and one batch's fsync, overlap with the next batch.
async fn load(db: &Db, file: &Path, staging: &Path, progress: &Arc<dyn Progress>) -> Result<(), BackupError> {
    let (send, receive) = mpsc::channel::<(String, Vec<String>)>(4);
    let reader = {
        let (file, staging) = (file.to_owned(), staging.to_owned());
        tokio::task::spawn_blocking(move || {
            read(&file, |part, bytes| match part {
                // A closed channel is the database's failure, which is told below.
                Part::Rows { table, lines } => {
                    let _ = send.blocking_send((table, lines));
                    Ok(())
                }
                Part::Media { hash, .. } => {
                    let folder = staging.join("media").join(&hash[..2]);
                    fs::create_dir_all(&folder).map_err(BackupError::io(&folder))?;
                    write_synced(&folder.join(&hash), bytes)
                }
                Part::Key(key) => write_synced(&crate::secrets::secret_file(&staging), &mut key.as_slice()),
                Part::Header(_) | Part::Manifest(_) => Ok(()),
            })
        })
    };
    let receive = tokio::sync::Mutex::new(receive);
    let store = async || -> Result<(), BackupError> {
        loop {
            // Held across the wait on purpose: one of the two takes the next batch, the other is storing meanwhile.
            let next = receive.lock().await.recv().await;
            let Some((table, lines)) = next else { return Ok(()) };
            db.platform(Why::Operator).load(&table, &lines).await?;
            progress.add(lines.len() as u64);
        }
    };
    let stored = tokio::try_join!(store(), store());
    drop(receive);
    let read = reader.await.map_err(io::Error::other).map_err(BackupError::io(file))?;
    stored?;
    read
}

async fn compare(db: &Db, manifest: &Manifest) -> Result<(), BackupError> {
    let rows = db.platform(Why::Operator);
    let tables = rows.tables().await?;
    let mut dump = rows.dump(&tables)?;
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    while let Some(row) = dump.next().await? {
        sums.entry(row.table).or_default().add(&row.line);
    }
    let all = manifest.tables.keys().chain(sums.keys());
    for table in all {
        if sums.get(table).map(Sum::finish).as_ref() != manifest.tables.get(table) {
            return Err(BackupError::Differs(table.clone()));
        }
    }
    Ok(())
}

/// Hands every part of a backup to `each`, with its bytes where they are not in the part itself.
fn read(file: &Path, mut each: impl FnMut(Part, &mut dyn Read) -> Result<(), BackupError>) -> Result<(), BackupError> {
    let damaged = |what: String| BackupError::Damaged {
        path: file.to_owned(),
        what,
    };
    let opened = File::open(file).map_err(BackupError::io(file))?;
    let decoder = zstd::Decoder::new(opened).map_err(|e| damaged(e.to_string()))?;
    let mut archive = tar::Archive::new(decoder);
    for entry in archive.entries().map_err(|e| damaged(e.to_string()))? {
        let mut entry = entry.map_err(|e| damaged(e.to_string()))?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let length = entry.size();
        let part = match name.split('/').collect::<Vec<_>>()[..] {
            ["media", folder, hash] if is_hash(hash) && hash.starts_with(folder) && folder.len() == 2 => Part::Media {
                hash: hash.to_owned(),
                length,
            },
            _ => {
                if length > MAX_PART {
                    return Err(damaged(format!("{name} is too large")));
                }
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes).map_err(|e| damaged(e.to_string()))?;
                let json = |e: serde_json::Error| damaged(format!("{name}: {e}"));
                match name.split('/').collect::<Vec<_>>()[..] {
                    ["header.json"] => Part::Header(serde_json::from_slice(&bytes).map_err(json)?),
                    ["manifest.json"] => Part::Manifest(serde_json::from_slice(&bytes).map_err(json)?),
                    ["secret.key"] => Part::Key(bytes),
                    ["tables", table, _] => Part::Rows {
                        table: table.to_owned(),
                        lines: String::from_utf8(bytes)
                            .map_err(|e| damaged(format!("{name}: {e}")))?
                            .lines()
                            .map(str::to_owned)
                            .collect(),
                    },
                    _ => return Err(damaged(format!("{name} has no place in a backup"))),
                }
            }
        };
        each(part, &mut entry)?;
    }
    Ok(())
}

/// The backup's schema files must be the first of this program's.
fn known(header: &Header, migrations: &[Migration]) -> Result<(), BackupError> {
    if header.format > FORMAT {
        return Err(BackupError::Newer(header.format));
    }
    for (n, applied) in header.migrations.iter().enumerate() {
        let same = migrations
            .get(n)
            .is_some_and(|m| i64::from(m.number) == applied.number && m.checksum() == applied.checksum);
        if !same {
            return Err(BackupError::Schema {
                number: applied.number,
                name: applied.name.clone(),
            });
        }
    }
    Ok(())
}

pub(super) fn is_hash(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn write_synced(path: &Path, bytes: &mut dyn Read) -> Result<(), BackupError> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(BackupError::io(path))?;
    io::copy(bytes, &mut file)
        .and_then(|_| file.flush())
        .and_then(|()| file.sync_all())
        .map_err(BackupError::io(path))
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)
        .map_err(BackupError::io("."))?
}
