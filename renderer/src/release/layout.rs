//! The folder of one site: which releases there are and which is live.

use std::fs;
use std::io;
use std::path::Path;

use super::writer::sync_dir;
use super::{ReleaseError, at};

/// Refuses names that are not one plain path part.
pub(super) fn check_version(version: &str) -> Result<(), ReleaseError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if version.is_empty() || version.len() > 64 || !version.chars().all(plain) {
        return Err(ReleaseError::Version(version.to_owned()));
    }
    Ok(())
}

/// The live release, if any.
pub fn current(site_dir: &Path) -> Result<Option<String>, ReleaseError> {
    let link = site_dir.join("current");
    match fs::read_link(&link) {
        Ok(target) => Ok(target.file_name().map(|name| name.to_string_lossy().into_owned())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(at(&link)(e)),
    }
}

/// Complete releases, oldest name first. Names that are numbers sort as numbers.
pub fn releases(site_dir: &Path) -> Result<Vec<String>, ReleaseError> {
    let dir = site_dir.join("releases");
    let mut found: Vec<String> = names(&dir)?
        .into_iter()
        .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
        .filter(|version| check_version(version).is_ok() && dir.join(version).is_dir())
        .collect();
    found.sort_by(|a, b| (a.parse::<u64>().unwrap_or(u64::MAX), a).cmp(&(b.parse::<u64>().unwrap_or(u64::MAX), b)));
    Ok(found)
}

/// Makes `version` the live release: one rename, so a visitor sees the old site or the new one. Rolling back is publishing an older one.
pub fn publish(site_dir: &Path, version: &str) -> Result<(), ReleaseError> {
    check_version(version)?;
    let releases = site_dir.join("releases");
    if !releases.join(version).is_dir() || !releases.join(format!("{version}.json")).is_file() {
        return Err(ReleaseError::Incomplete(version.to_owned()));
    }
    let temporary = site_dir.join("current.tmp");
    match fs::remove_file(&temporary) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(at(&temporary)(e)),
        _ => {}
    }
    symlink(&Path::new("releases").join(version), &temporary).map_err(at(&temporary))?;
    let link = site_dir.join("current");
    fs::rename(&temporary, &link).map_err(at(&link))?;
    sync_dir(site_dir)
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_dir(target, link)
}

/// Removes all but the newest `keep` complete releases; the live one always stays. Returns what was removed.
pub fn prune(site_dir: &Path, keep: usize) -> Result<Vec<String>, ReleaseError> {
    let live = current(site_dir)?;
    let all = releases(site_dir)?;
    let old = all.len().saturating_sub(keep);
    let mut removed = Vec::new();
    for version in all.into_iter().take(old).filter(|v| live.as_ref() != Some(v)) {
        remove(site_dir, &version)?;
        removed.push(version);
    }
    Ok(removed)
}

/// The manifest goes first: a release without one is not complete, so a crash in between leaves only rubbish that [`sweep`] knows.
fn remove(site_dir: &Path, version: &str) -> Result<(), ReleaseError> {
    let releases = site_dir.join("releases");
    let manifest = releases.join(format!("{version}.json"));
    fs::remove_file(&manifest).map_err(at(&manifest))?;
    sync_dir(&releases)?;
    let dir = releases.join(version);
    fs::remove_dir_all(&dir).map_err(at(&dir))
}

/// Takes away what a crash left: unfinished releases, manifests without a release, temporary links. The live release is never touched.
/// Must not run while a release of the same site is being written. Returns what was removed.
pub fn sweep(site_dir: &Path) -> Result<Vec<String>, ReleaseError> {
    let mut removed = Vec::new();
    let temporary = site_dir.join("current.tmp");
    if fs::symlink_metadata(&temporary).is_ok() {
        fs::remove_file(&temporary).map_err(at(&temporary))?;
        removed.push("current.tmp".to_owned());
    }
    let live = current(site_dir)?;
    let dir = site_dir.join("releases");
    let complete = releases(site_dir)?;
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

fn names(dir: &Path) -> Result<Vec<String>, ReleaseError> {
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
