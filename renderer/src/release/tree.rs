//! The live release as a folder of files, for servers that know nothing of objects (nginx, Caddy, rsync).
//!
//! There are two such folders, of hard links to objects. The one that `current` does not lead to is brought up to date, which
//! costs as much as what changed since it was last in use, and then the link is moved in one step. A file beside each
//! says which release it holds; while one is being changed it has none, so after a crash it is made anew.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::layout::{CURRENT, point, remove_if_there};
use super::manifest::{Entry, Release};
use super::objects::{NEW, Objects, suffixed};
use super::{ReleaseError, at};

const NAMES: [&str; 2] = ["a", "b"];

struct Tree {
    name: &'static str,
    dir: PathBuf,
    /// The file that says which release the folder holds.
    holds: PathBuf,
}

impl Tree {
    fn of(site_dir: &Path, name: &'static str) -> Self {
        let trees = site_dir.join("trees");
        Self {
            name,
            dir: trees.join(name),
            holds: trees.join(format!("{name}.release")),
        }
    }

    fn version(&self) -> Option<String> {
        Some(fs::read_to_string(&self.holds).ok()?.trim().to_owned())
    }
}

/// Lets `current` lead to a folder with the files of `release`. Compressed forms are in it as far as they are there.
///
/// May run while a release is written, but not beside another of these for one site.
pub fn unfold(site_dir: &Path, release: &Release) -> Result<(), ReleaseError> {
    if !release.whole.objects {
        // It has a folder already.
        return point(&Path::new("releases").join(release.version()), &site_dir.join(CURRENT));
    }
    let link = site_dir.join(CURRENT);
    let shown = fs::read_link(&link).ok();
    let is_shown = |tree: &Tree| shown.as_deref() == Some(Path::new("trees").join(tree.name).as_path());
    let trees = NAMES.map(|name| Tree::of(site_dir, name));
    if trees
        .iter()
        .any(|tree| is_shown(tree) && tree.version().as_deref() == Some(release.version()))
    {
        return Ok(());
    }
    let Some(tree) = trees.iter().find(|tree| !is_shown(tree)) else {
        return Ok(());
    };
    bring_up(site_dir, tree, release)?;
    point(&Path::new("trees").join(tree.name), &link)
}

fn bring_up(site_dir: &Path, tree: &Tree, release: &Release) -> Result<(), ReleaseError> {
    let before = tree.version();
    if before.as_deref() == Some(release.version()) {
        return Ok(());
    }
    let before = before.and_then(|version| Release::open(site_dir, &version, Some(release)).ok());
    let before = before.filter(|before| before.whole.objects);
    remove_if_there(&tree.holds)?;
    match before {
        Some(before) => apply(site_dir, tree, &release.since(&before))?,
        None => {
            match fs::remove_dir_all(&tree.dir) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(at(&tree.dir)(e)),
                _ => {}
            }
            fs::create_dir_all(&tree.dir).map_err(at(&tree.dir))?;
            let all: Vec<_> = release.files().map(|(path, entry)| (path, Some(entry))).collect();
            apply(site_dir, tree, &all)?;
        }
    }
    super::objects::sync(site_dir)?;
    let holds = format!("{}\n", release.version());
    super::objects::write_whole(&tree.holds, |file| io::Write::write_all(file, holds.as_bytes()))
}

fn apply(site_dir: &Path, tree: &Tree, changes: &[(&str, Option<&Entry>)]) -> Result<(), ReleaseError> {
    // What goes makes room first: a file may become a folder.
    let mut emptied: BTreeSet<PathBuf> = BTreeSet::new();
    for (path, _) in changes.iter().filter(|(_, entry)| entry.is_none()) {
        let file = tree.dir.join(path);
        remove_if_there(&file)?;
        for suffix in ["gz", "br"] {
            remove_if_there(&suffixed(&file, suffix))?;
        }
        emptied.extend(file.parent().map(Path::to_owned));
    }
    while let Some(folder) = emptied.pop_last() {
        // Not empty means in use.
        if folder != tree.dir && fs::remove_dir(&folder).is_ok() {
            emptied.extend(folder.parent().map(Path::to_owned));
        }
    }
    let objects = Objects::of(site_dir);
    let folders: BTreeSet<&str> = changes
        .iter()
        .filter(|(_, entry)| entry.is_some())
        .filter_map(|(path, _)| Some(path.rsplit_once('/')?.0))
        .collect();
    for folder in folders {
        let folder = tree.dir.join(folder);
        fs::create_dir_all(&folder).map_err(at(&folder))?;
    }
    changes.par_iter().try_for_each(|(path, entry)| {
        let Some(entry) = entry else { return Ok(()) };
        let (object, file) = (objects.path(entry.hash), tree.dir.join(path));
        link(&object, &file)?;
        for suffix in ["gz", "br"] {
            let (object, file) = (suffixed(&object, suffix), suffixed(&file, suffix));
            if entry.compressed && object.exists() {
                link(&object, &file)?;
            } else {
                remove_if_there(&file)?;
            }
        }
        Ok(())
    })
}

/// Puts a link to `object` in the place of `file`.
fn link(object: &Path, file: &Path) -> Result<(), ReleaseError> {
    match fs::hard_link(object, file) {
        Ok(()) => return Ok(()),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
        // Some file systems have no links, or not so many of one file.
        Err(_) => {
            fs::copy(object, file).map_err(at(file))?;
            return Ok(());
        }
    }
    let temporary = suffixed(file, NEW);
    remove_if_there(&temporary)?;
    fs::hard_link(object, &temporary)
        .or_else(|_| fs::copy(object, &temporary).map(drop))
        .and_then(|()| fs::rename(&temporary, file))
        .map_err(at(file))?;
    // Renaming one link of a file over another does nothing.
    remove_if_there(&temporary).map(drop)
}
