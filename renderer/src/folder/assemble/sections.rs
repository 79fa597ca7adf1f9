//! Sections nobody wrote a file for, and which section a page is in.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use indexmap::IndexMap;

use super::doc::{Content, Doc};
use crate::folder::config::{Config, Rules};
use crate::folder::{paths, place};
use crate::site::{Body, Section, SectionSort};
use crate::tables;

/// Sections that generators make by themselves: Hugo for folders at the top, Jekyll for collections, we for every folder
/// of a folder without `site.toml`.
pub(super) fn made_up(
    docs: &[Doc],
    config: &Config,
    dirs: &mut HashMap<(String, String), String>,
    sections: &mut Vec<Section>,
) {
    let taken: tables::HashSet<&str> = docs.iter().map(|d| d.placed.path.as_str()).collect();
    let mut made: BTreeSet<String> = BTreeSet::new();
    let mut wanted: BTreeMap<(String, String), (String, String)> = BTreeMap::new();
    for doc in docs.iter().filter(|d| matches!(d.what, Content::Page(_))) {
        let language = doc.placed.language.clone();
        let below = config.content.iter().find_map(|r| {
            paths::below(&doc.placed.dir, &r.dir)
                .filter(|b| !b.is_empty())
                .map(|below| (r.dir.clone(), below))
        });
        match (&config.rules, &doc.placed.section) {
            (Rules::Jekyll(_), Some(path)) if path != "/" => {
                let name = path.trim_matches('/').to_owned();
                wanted.insert((doc.placed.dir.clone(), language), (path.clone(), name));
            }
            (Rules::Hugo(_), None) => {
                let Some((root, below)) = below else { continue };
                let top = below.split('/').next().unwrap_or(below);
                let dir = if root.is_empty() {
                    top.to_owned()
                } else {
                    format!("{root}/{top}")
                };
                wanted.entry((dir, language)).or_insert_with_key(|(dir, language)| {
                    let path = place::dir_path(dir, config);
                    let root = config.language_root(language);
                    (format!("{root}{}", path.trim_start_matches('/')), top.to_owned())
                });
            }
            (Rules::Plain(plain), None) if !plain.declared => {
                let Some((_, below)) = below else { continue };
                wanted
                    .entry((doc.placed.dir.clone(), language))
                    .or_insert_with_key(|(dir, _)| (place::dir_path(dir, config), paths::file_name(below).to_owned()));
            }
            _ => {}
        }
    }
    for ((dir, language), (path, name)) in wanted {
        let own = !dirs.contains_key(&(dir.clone(), language.clone()));
        if path == "/" || !own || taken.contains(path.as_str()) || !made.insert(path.clone()) {
            continue;
        }
        dirs.insert((dir, language.clone()), path.clone());
        sections.push(Section {
            path,
            title: paths::title_from_name(&name),
            description: String::new(),
            body: Body::Markdown(String::new()),
            language,
            sort: SectionSort::default(),
            per_page: None,
            translation_key: None,
            render: true,
            weight: None,
            extra: IndexMap::new(),
        });
    }
}

/// What a root `_index.md` without text says about the site, where the configuration does not.
pub(super) fn root_page(section: Section, config: &mut Config) {
    let settings = &mut config.settings;
    if !config.titled {
        settings.title = section.title;
        config.titled = true;
    }
    if settings.description.is_empty() {
        settings.description = section.description;
    }
    if let Some(n) = section.per_page.filter(|n| *n > 0) {
        settings.per_page = n;
    }
    for (key, value) in section.extra {
        settings.extra.entry(key).or_insert(value);
    }
}

pub(super) fn section_exists(path: &str, sections: &[Section], dirs: &HashMap<(String, String), String>) -> bool {
    path == "/" || sections.iter().any(|s| s.path == path) || dirs.values().any(|p| p == path)
}

/// The section of the nearest folder that is one.
pub(in crate::folder) fn nearest(dirs: &HashMap<(String, String), String>, dir: &str, language: &str) -> String {
    let mut dir = dir;
    loop {
        if let Some(path) = dirs.get(&(dir.to_owned(), language.to_owned())) {
            return path.clone();
        }
        if dir.is_empty() {
            return "/".into();
        }
        dir = paths::parent(dir);
    }
}
