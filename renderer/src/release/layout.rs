//! The folder of one site: which releases there are, which is live, and what nobody needs any more.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::manifest::{ContentHash, Release};
use super::objects::{NEW, Objects};
use super::{ReleaseError, at};

/// Name of the pointer to the live release's manifest.
pub(super) const LIVE: &str = "live";
/// Name of the link to a folder with the files of the live release; also the pointer of former versions of this program.
pub(super) const CURRENT: &str = "current";

/// Refuses names that are not one plain path part.
pub(super) fn check_version(version: &str) -> Result<(), ReleaseError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if version.is_empty() || version.len() > 64 || !version.chars().all(plain) {
        return Err(ReleaseError::Version(version.to_owned()));
    }
    Ok(())
}

pub(super) fn manifest_path(site_dir: &Path, version: &str) -> PathBuf {
    site_dir.join("releases").join(format!("{version}.json"))
}

/// The folder that a release had in former versions of this program.
pub(super) fn old_folder(site_dir: &Path, version: &str) -> PathBuf {
    site_dir.join("releases").join(version)
}

/// The name of the live release, if any.
pub fn current(site_dir: &Path) -> Result<Option<String>, ReleaseError> {
    if let Some(target) = target(&site_dir.join(LIVE))? {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        return Ok(name.strip_suffix(".json").map(str::to_owned));
    }
    let target = target(&site_dir.join(CURRENT))?;
    let old = target.filter(|target| target.starts_with("releases"));
    Ok(old.and_then(|target| Some(target.file_name()?.to_string_lossy().into_owned())))
}

fn target(link: &Path) -> Result<Option<PathBuf>, ReleaseError> {
    match fs::read_link(link) {
        Ok(target) => Ok(Some(target)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(at(link)(e)),
    }
}

/// The releases that are there, oldest name first. Names that are numbers sort as numbers.
pub fn releases(site_dir: &Path) -> Result<Vec<String>, ReleaseError> {
    let mut found: Vec<String> = names(&site_dir.join("releases"))?
        .into_iter()
        .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
        .filter(|version| check_version(version).is_ok())
        .collect();
    found.sort_by(|a, b| (a.parse::<u64>().unwrap_or(u64::MAX), a).cmp(&(b.parse::<u64>().unwrap_or(u64::MAX), b)));
    Ok(found)
}

/// Makes a release the live one: one rename, so a visitor sees the old site or the new one. Rolling back is publishing an older
/// one.
pub fn publish(site_dir: &Path, release: &Release) -> Result<(), ReleaseError> {
    let version = release.version();
    if !manifest_path(site_dir, version).is_file() {
        return Err(ReleaseError::Incomplete(version.to_owned()));
    }
    point(
        &Path::new("releases").join(format!("{version}.json")),
        &site_dir.join(LIVE),
    )
}

/// Makes a link lead to `target`, in one step.
pub(super) fn point(target: &Path, link: &Path) -> Result<(), ReleaseError> {
    let temporary = super::objects::suffixed(link, NEW);
    match fs::remove_file(&temporary) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(at(&temporary)(e)),
        _ => {}
    }
    symlink(target, &temporary).map_err(at(&temporary))?;
    fs::rename(&temporary, link).map_err(at(link))
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    if target.extension().is_some() {
        std::os::windows::fs::symlink_file(target, link)
    } else {
        std::os::windows::fs::symlink_dir(target, link)
    }
}

/// Brings everything that was written for a site to the disk: after this its releases outlive a crash of the machine.
pub fn settle(site_dir: &Path) -> Result<(), ReleaseError> {
    super::objects::sync(site_dir)
}

/// Removes a release that is not live, if it is there. Its objects stay until [`collect`].
pub fn discard(site_dir: &Path, version: &str) -> Result<(), ReleaseError> {
    check_version(version)?;
    remove_if_there(&manifest_path(site_dir, version))?;
    let folder = old_folder(site_dir, version);
    match fs::remove_dir_all(&folder) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(at(&folder)(e)),
        _ => Ok(()),
    }
}

/// Removes all but the newest `keep` releases; the live one always stays, and so does what a kept one builds on. When that
/// was a release that others built on, objects that no release has any more go, too. Returns what was removed.
///
/// Must not run while a release of the same site is being written.
pub fn prune(site_dir: &Path, keep: usize) -> Result<Vec<String>, ReleaseError> {
    let live = current(site_dir)?;
    let all = releases(site_dir)?;
    let old = all.len().saturating_sub(keep);
    if old == 0 {
        return Ok(Vec::new());
    }
    let mut needed: HashSet<String> = HashSet::new();
    let mut known: Option<Release> = None;
    for version in all.iter().skip(old).chain(&live) {
        // One that is damaged needs nothing.
        if let Ok(release) = Release::open(site_dir, version, known.as_ref()) {
            needed.insert(release.base().to_owned());
            known = Some(release);
        }
    }
    let mut removed = Vec::new();
    let mut wholes = 0;
    for version in all.into_iter().take(old) {
        if live.as_ref() == Some(&version) || needed.contains(&version) {
            continue;
        }
        wholes += usize::from(Release::open(site_dir, &version, known.as_ref()).is_ok_and(|r| r.base() == version));
        discard(site_dir, &version)?;
        removed.push(version);
    }
    if wholes > 0 {
        collect(site_dir)?;
    }
    Ok(removed)
}

/// Removes objects that no release has. Must not run while a release of the same site is being written. Returns how many.
pub fn collect(site_dir: &Path) -> Result<usize, ReleaseError> {
    let mut used: HashSet<ContentHash> = HashSet::new();
    let mut known: Option<Release> = None;
    let mut bases: HashSet<String> = HashSet::new();
    for version in releases(site_dir)? {
        // If one cannot be read, nothing is known of what it has.
        let release = Release::open(site_dir, &version, known.as_ref())?;
        if bases.insert(release.base().to_owned()) {
            used.extend(release.whole.files.values().map(|entry| entry.hash));
        }
        used.extend(release.own.changes.values().flatten().map(|entry| entry.hash));
        known = Some(release);
    }
    let objects = Objects::of(site_dir);
    let mut removed = 0;
    for folder in names(objects.dir())? {
        let dir = objects.dir().join(&folder);
        for name in names(&dir)? {
            let hash = name.split('.').next().unwrap_or_default();
            let hash = format!("{folder}{hash}").parse::<ContentHash>();
            if name.ends_with(NEW) || !hash.is_ok_and(|hash| used.contains(&hash)) {
                remove_if_there(&dir.join(name))?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}

/// Takes away what a crash left: half-written manifests, temporary links, folders of former versions that lack their manifest.
/// The live release is never touched. Must not run while a release of the same site is being written. Returns what was removed.
pub fn sweep(site_dir: &Path) -> Result<Vec<String>, ReleaseError> {
    let mut removed = Vec::new();
    for link in [LIVE, CURRENT] {
        let name = format!("{link}.{NEW}");
        if remove_if_there(&site_dir.join(&name))? {
            removed.push(name);
        }
    }
    let live = current(site_dir)?;
    let complete = releases(site_dir)?;
    let dir = site_dir.join("releases");
    for name in names(&dir)? {
        let version = name.strip_suffix(".json").unwrap_or(&name);
        if complete.iter().any(|v| v == version) || live.as_deref() == Some(version) {
            continue;
        }
        let path = dir.join(&name);
        let is_dir = fs::symlink_metadata(&path).map_err(at(&path))?.is_dir();
        if is_dir {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        }
        .map_err(at(&path))?;
        removed.push(format!("releases/{name}"));
    }
    removed.sort();
    Ok(removed)
}

/// True if it was there.
pub(super) fn remove_if_there(path: &Path) -> Result<bool, ReleaseError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(at(path)(e)),
    }
}

pub(super) fn names(dir: &Path) -> Result<Vec<String>, ReleaseError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(at(dir)(e)),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.map_err(at(dir))?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
