//! Releases that are in use, held in memory: what visitors are answered from.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::ReleaseError;
use super::layout::{CURRENT, LIVE, current};
use super::manifest::Release;

/// Files of all releases that are held; one is held whatever its size.
const MOST_FILES: usize = 2_000_000;

/// The live releases of sites by their folders. A change of the pointer by any process counts at once.
#[derive(Debug, Default)]
pub struct LiveReleases {
    known: Mutex<HashMap<PathBuf, Known>>,
    /// Counts uses.
    uses: AtomicU64,
}

#[derive(Debug)]
struct Known {
    /// What the pointer was when the release was read.
    pointer: Pointer,
    release: Release,
    /// The manifests of the release and of the one it builds on: a version that did not come to its end is written again.
    manifests: [Option<Stamp>; 2],
    /// When it was last used, in uses of all.
    used: u64,
}

/// Tells a file from another one that came in its place.
type Stamp = (u64, SystemTime);

fn stamp_of(meta: &fs::Metadata) -> Option<Stamp> {
    Some((inode(meta), meta.modified().ok()?))
}

fn manifests(site_dir: &Path, release: &Release) -> [Option<Stamp>; 2] {
    [release.version(), release.base()].map(|version| {
        let meta = fs::metadata(super::layout::manifest_path(site_dir, version)).ok()?;
        stamp_of(&meta)
    })
}

/// Tells two pointers apart: where it leads, and which link it is, since another site can have the folder some day.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pointer(PathBuf, Option<Stamp>);

impl Pointer {
    fn of(site_dir: &Path) -> io::Result<Option<Self>> {
        for name in [LIVE, CURRENT] {
            let link = site_dir.join(name);
            let read = fs::read_link(&link).and_then(|target| Ok((target, fs::symlink_metadata(&link)?)));
            match read {
                Ok((target, meta)) => return Ok(Some(Self(target, stamp_of(&meta)))),
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(e),
            }
        }
        Ok(None)
    }
}

#[cfg(unix)]
fn inode(meta: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(meta)
}

#[cfg(not(unix))]
fn inode(_: &fs::Metadata) -> u64 {
    0
}

impl LiveReleases {
    /// The live release of the site in `site_dir`, if there is one. Reads nothing but the pointer when it is known.
    pub fn get(&self, site_dir: &Path) -> Result<Option<Release>, ReleaseError> {
        let Some(pointer) = Pointer::of(site_dir).map_err(super::at(site_dir))? else {
            return Ok(None);
        };
        if let Some((held, release)) = self.held(site_dir)
            && held == pointer
        {
            return Ok(Some(release));
        }
        let Some(version) = current(site_dir)? else {
            return Ok(None);
        };
        let release = match self.open(site_dir, &version) {
            // It is being written again, and there was none before.
            Err(ReleaseError::Incomplete(_)) => return Ok(None),
            other => other?,
        };
        self.hold(site_dir, pointer, release.clone());
        Ok(Some(release))
    }

    /// A release of the site, which shares what it can with the one that is held.
    pub fn open(&self, site_dir: &Path, version: &str) -> Result<Release, ReleaseError> {
        let held = self
            .lock()
            .get(site_dir)
            .map(|known| (known.release.clone(), known.manifests));
        let Some((held, before)) = held else {
            return Release::open(site_dir, version, None);
        };
        let now = manifests(site_dir, &held);
        if held.version() == version && now[0].is_some() && now == before {
            return Ok(held);
        }
        let same_base = now[1].is_some() && now[1] == before[1];
        Release::open(site_dir, version, Some(&held).filter(|_| same_base))
    }

    /// Makes a release the live one, here and on the disk.
    pub fn publish(&self, site_dir: &Path, release: &Release) -> Result<(), ReleaseError> {
        super::publish(site_dir, release)?;
        if let Some(pointer) = Pointer::of(site_dir).map_err(super::at(site_dir))?
            && current(site_dir)?.as_deref() == Some(release.version())
        {
            self.hold(site_dir, pointer, release.clone());
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self, site_dir: &Path) -> Option<(Pointer, Release)> {
        let mut known = self.lock();
        let found = known.get_mut(site_dir)?;
        found.used = self.uses.fetch_add(1, Ordering::Relaxed);
        Some((found.pointer.clone(), found.release.clone()))
    }

    fn hold(&self, site_dir: &Path, pointer: Pointer, release: Release) {
        let manifests = manifests(site_dir, &release);
        let mut known = self.lock();
        let used = self.uses.fetch_add(1, Ordering::Relaxed);
        known.insert(
            site_dir.to_owned(),
            Known {
                pointer,
                release,
                manifests,
                used,
            },
        );
        let mut files: usize = known.values().map(|k| k.release.len()).sum();
        while files > MOST_FILES
            && known.len() > 1
            && let Some(oldest) = known.iter().min_by_key(|(_, k)| k.used).map(|(dir, _)| dir.clone())
            && let Some(gone) = known.remove(&oldest)
        {
            files -= gone.release.len().min(files);
        }
    }
}
