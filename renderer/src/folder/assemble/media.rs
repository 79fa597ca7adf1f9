//! Which files beside the pages are published, and where.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use rayon::prelude::*;

use super::doc::{Content, Doc};
use crate::folder::config::Config;
use crate::folder::problem::Problems;
use crate::folder::walk::File;
use crate::folder::{ReadOptions, media, paths, place};
use crate::site::Media;

/// Media with their addresses, sorted by address, and where their bytes are.
pub(super) fn collect(
    docs: &[Doc],
    statics: &[(File, String)],
    assets: &[File],
    config: &Config,
    options: &ReadOptions,
    problems: &Problems,
) -> (Vec<Media>, BTreeMap<String, PathBuf>) {
    // Address of each source folder that a page or section speaks for; the default language's, where several do.
    let mut homes: HashMap<&str, (&str, bool)> = HashMap::new();
    for doc in docs {
        let own = doc.placed.language == config.settings.language;
        let folder = match (&doc.what, &doc.placed.bundle) {
            (Content::Section(_), _) => doc.placed.dir.as_str(),
            (_, Some(bundle)) => bundle.as_str(),
            _ => continue,
        };
        let known = homes.get(folder).is_some_and(|(_, default)| *default || !own);
        if !known {
            homes.insert(folder, (&doc.placed.path, own));
        }
    }
    let public_of = |rel: &str| {
        let mut folder = paths::parent(rel);
        loop {
            let below = paths::below(rel, folder).unwrap_or(rel);
            if let Some((home, _)) = homes.get(folder) {
                return paths::file_path(&format!("{home}{below}"));
            }
            if folder.is_empty() || config.content.iter().any(|r| r.dir == folder) {
                break;
            }
            folder = paths::parent(folder);
        }
        let folder = place::dir_path(paths::parent(rel), config);
        paths::file_path(&format!("{folder}{}", paths::file_name(rel)))
    };
    let mut all: Vec<(&File, String)> = statics.iter().map(|(f, public)| (f, public.clone())).collect();
    all.extend(assets.iter().map(|f| (f, public_of(&f.rel))));
    let mut media: Vec<_> = all
        .par_iter()
        .filter_map(|(file, public)| media::inspect(file, public, options, problems))
        .collect();
    // `assets` sorts before `static`, but what lies in static/ is what the old site served.
    media.sort_by(|a, b| {
        (&a.path, a.source.starts_with("assets/"), &a.source).cmp(&(
            &b.path,
            b.source.starts_with("assets/"),
            &b.source,
        ))
    });
    let taken: HashSet<&str> = docs.iter().map(|d| d.placed.path.trim_end_matches('/')).collect();
    let mut last: Option<(String, String)> = None;
    media.retain(|m| {
        if taken.contains(m.path.as_str()) {
            problems.error(
                &m.source,
                None,
                format!("not taken: a page lives at {} already", m.path),
            );
            return false;
        }
        if let Some((_, first)) = last.as_ref().filter(|(path, _)| *path == m.path) {
            problems.error(
                &m.source,
                None,
                format!("not taken: its address {} is that of {first} already", m.path),
            );
            return false;
        }
        last = Some((m.path.clone(), m.source.clone()));
        true
    });
    for m in &mut media {
        if let Some(alt) = config.alts.get(&m.path) {
            m.alt = alt.clone();
        }
    }
    let by_rel: HashMap<&str, &File> = all.iter().map(|(f, _)| (f.rel.as_str(), *f)).collect();
    let sources = media
        .iter()
        .filter_map(|m| Some((m.source.clone(), by_rel.get(m.source.as_str())?.abs.clone())));
    let sources = sources.collect();
    (media, sources)
}
