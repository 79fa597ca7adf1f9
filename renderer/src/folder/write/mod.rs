//! Exports a site as a folder of our own layout, such that reading it gives the same site again.

mod encode;
mod place;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::front_matter;
use super::paths;
use super::problem::{Problem, Problems};
use crate::site::{Media, Site};
use place::Plan;

/// What an export wrote.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ExportReport {
    pub pages: usize,
    pub sections: usize,
    pub media: usize,
    /// Bytes of all files.
    pub bytes: u64,
    /// What could not be written, or will not read back as it was; `file` is the file of the export.
    pub problems: Vec<Problem>,
}

/// Why an export was not made. The folder is then as it was.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("{} is not empty and not an earlier export; choose a new folder", path.display())]
    NotEmpty { path: PathBuf },
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("cannot write the front matter of {file}: {message}")]
    Encode { file: String, message: String },
}

/// The parts of an export; anything else in its folder is left alone when it is renewed.
const PARTS: [&str; 3] = ["content", "static", "site.toml"];

/// Writes `site` into `dir`, which is new, empty or an earlier export. `media` opens the bytes of a media file.
///
/// The export is complete before it takes its place. Pages in `drafts` are marked as drafts.
pub fn write<R: Read>(
    site: &Site,
    dir: &Path,
    drafts: &BTreeSet<String>,
    media: impl Fn(&Media) -> io::Result<R>,
) -> Result<ExportReport, ExportError> {
    let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let state = state_of(&dir)?;
    let parent = dir
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let fail = |path: &Path| {
        let path = path.to_owned();
        move |source| ExportError::Write { path, source }
    };
    fs::create_dir_all(parent).map_err(fail(parent))?;
    let staging = tempfile::Builder::new()
        .prefix(".igny8-export-")
        .tempdir_in(parent)
        .map_err(fail(parent))?;
    let new = staging.path().join("new");
    let problems = Problems::default();
    let mut report = ExportReport {
        pages: 0,
        sections: 0,
        media: 0,
        bytes: 0,
        problems: Vec::new(),
    };

    for part in ["content", "static"] {
        fs::create_dir_all(new.join(part)).map_err(fail(&new))?;
    }
    let plan = Plan::new(site, &problems);
    let texts: Vec<(String, String)> =
        plan.sections
            .par_iter()
            .map(|item| encode::section(item, &plan).map(|text| (item.rel.clone(), text)))
            .chain(plan.pages.par_iter().map(|item| {
                encode::page(item, &plan, drafts.contains(&item.of.id)).map(|text| (item.rel.clone(), text))
            }))
            .collect::<Result<_, _>>()?;
    report.sections = plan.sections.len();
    report.pages = plan.pages.len();
    let settings = ("site.toml".to_owned(), encode::site(site)?);
    for (rel, text) in texts.iter().chain([&settings]) {
        let path = new.join(rel);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(fail(folder))?;
        }
        fs::write(&path, text).map_err(fail(&path))?;
        report.bytes += text.len() as u64;
        if rel != "site.toml" && front_matter::parse(text, false).is_err() {
            problems.error(rel, None, "too much front matter to be read again");
        }
    }
    for item in &site.media {
        if let Some(bytes) = copy(item, &new, &media, &problems)? {
            report.media += 1;
            report.bytes += bytes;
        }
    }
    put_in_place(&new, &dir, state, staging.path()).map_err(fail(&dir))?;
    report.problems = problems.finish();
    Ok(report)
}

/// One page of `site` as a file that says all by itself, wherever in a folder it is put, with a name for it; `None` when the site
/// has no such page. `site` needs to hold no other page.
///
/// # Errors
/// When its front matter cannot be written.
pub fn page(site: &Site, id: &str, draft: bool) -> Result<Option<(String, String)>, ExportError> {
    let mut plan = Plan::new(site, &Problems::default());
    let Some(place) = plan.pages.iter().position(|item| item.of.id == id) else {
        return Ok(None);
    };
    let mut item = plan.pages.swap_remove(place);
    let name = paths::file_name(&item.rel).to_owned();
    item.rel = format!("content/{name}");
    item.derived.path.clear();
    item.derived.language.clear();
    "content".clone_into(&mut item.derived.dir);
    Ok(Some((name, encode::page(&item, &plan, draft)?)))
}

/// What is at the place an export goes to.
enum State {
    Nothing,
    Empty,
    Export,
}

fn state_of(dir: &Path) -> Result<State, ExportError> {
    let mut entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(State::Nothing),
        Err(source) => {
            return Err(ExportError::Write {
                path: dir.into(),
                source,
            });
        }
    };
    if entries.next().is_none() {
        return Ok(State::Empty);
    }
    let text = fs::read_to_string(dir.join("site.toml")).unwrap_or_default();
    let ours = front_matter::toml(&text, 0, front_matter::CONFIG).is_ok_and(|map| map.contains_key("igny8"));
    if ours {
        Ok(State::Export)
    } else {
        Err(ExportError::NotEmpty { path: dir.into() })
    }
}

fn put_in_place(new: &Path, dir: &Path, state: State, staging: &Path) -> io::Result<()> {
    match state {
        State::Nothing => fs::rename(new, dir),
        State::Empty => {
            fs::remove_dir(dir)?;
            fs::rename(new, dir)
        }
        State::Export => {
            // Other files in the folder (a repository, a readme) are the user's.
            let old = staging.join("old");
            fs::create_dir(&old)?;
            for part in PARTS {
                match fs::rename(dir.join(part), old.join(part)) {
                    Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                    _ => {}
                }
                fs::rename(new.join(part), dir.join(part))?;
            }
            Ok(())
        }
    }
}

/// Copies one media file; `None` when it has no place or no bytes, which is reported.
fn copy<R: Read>(
    item: &Media,
    new: &Path,
    open: &impl Fn(&Media) -> io::Result<R>,
    problems: &Problems,
) -> Result<Option<u64>, ExportError> {
    let rel = format!("static{}", paths::file_path(&item.path));
    if paths::file_path(&item.path) != item.path || item.path == "/" {
        problems.error(
            &rel,
            None,
            format!(
                "media path `{}` is not safe as a file name; left out",
                item.path.escape_debug()
            ),
        );
        return Ok(None);
    }
    let mut from = match open(item) {
        Ok(from) => from,
        Err(e) => {
            problems.error(&rel, None, format!("its bytes cannot be read: {e}"));
            return Ok(None);
        }
    };
    let path = new.join(&rel);
    let fail = |source| ExportError::Write {
        path: path.clone(),
        source,
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(fail)?;
    }
    let mut to = io::BufWriter::new(fs::File::create_new(&path).map_err(fail)?);
    let bytes = io::copy(&mut from, &mut to).map_err(fail)?;
    to.flush().map_err(fail)?;
    if bytes != item.bytes {
        problems.warn(
            &rel,
            None,
            format!("holds {bytes} bytes where {} were expected", item.bytes),
        );
    }
    Ok(Some(bytes))
}
