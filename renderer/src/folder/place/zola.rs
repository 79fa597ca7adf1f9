//! Zola: slugified folders and names, `path` and `slug`, bundles, languages as suffixes.

use super::{Name, Placed, What, explicit_path, explicit_slug, name_of, segment_or_hash};
use crate::folder::config::Config;
use crate::folder::config::zola::{Slugify, Zola};
use crate::folder::fields::Fields;
use crate::folder::{dates, paths};

fn slugify(raw: &str, rules: &Zola) -> String {
    match rules.slugify {
        Slugify::On => paths::segment(&slug::slugify(raw)),
        Slugify::Safe => paths::segment(raw),
    }
}

pub(super) fn dir_path(below: &str, rules: &Zola) -> String {
    let parts: Vec<String> = below.split('/').map(|p| slugify(p, rules)).collect();
    paths::site_path(&parts.join("/"))
}

pub(super) fn place(fields: &mut Fields, config: &Config, rules: &Zola) -> Placed {
    let rel = fields.file;
    let (Name { dir, stem, language }, _) = name_of(rel, config);
    let language = language.unwrap_or(&config.settings.language).to_owned();
    let root = config.language_root(&language);
    let source_dir = paths::parent(rel).to_owned();
    let mut placed = Placed {
        what: What::Page,
        path: String::new(),
        old: None,
        translation: format!("{}/{stem}", source_dir),
        date: None,
        name: stem.to_owned(),
        bundle: None,
        dir: source_dir.clone(),
        draft: false,
        post: false,
        categories: Vec::new(),
        section: None,
        language,
    };
    let explicit = fields.string(&["path"]);
    if stem == "_index" {
        placed.what = if dir.is_empty() { What::Home } else { What::Section };
        placed.name = paths::file_name(dir).to_owned();
        placed.path = match &explicit {
            Some(raw) => explicit_path(&format!("{root}{raw}"), "path", fields).0,
            None => paths::site_path(&format!("{root}{}", dir_path(dir, rules))),
        };
        return placed;
    }
    let (mut folder, mut name) = (dir, stem);
    if stem == "index" {
        placed.bundle = Some(source_dir);
        (folder, name) = (paths::parent(dir), paths::file_name(dir));
        placed.dir = paths::parent(&placed.dir).to_owned();
        if dir.is_empty() {
            placed.what = What::Home;
            placed.dir = paths::parent(rel).to_owned();
        }
    }
    if let Some((date, rest)) = dates::from_file_name(name) {
        placed.date = Some(date);
        placed.post = true;
        placed.name = rest.to_owned();
        if rules.strip_date {
            name = rest;
        }
    } else {
        placed.name = name.to_owned();
    }
    let slug = fields.string(&["slug"]);
    placed.path = match (&explicit, slug) {
        (Some(raw), _) => {
            let (path, old) = explicit_path(&format!("{root}{}", raw.trim_start_matches('/')), "path", fields);
            placed.old = old;
            placed.date = placed.date.or_else(|| dates::from_path(&path));
            placed.post |= placed.date.is_some();
            path
        }
        _ if placed.what == What::Home => root,
        (None, Some(raw)) => {
            let slug = explicit_slug(&raw, fields, |s| slugify(s, rules));
            paths::site_path(&format!("{root}{}{slug}", dir_path(folder, rules)))
        }
        (None, None) => {
            let slug = segment_or_hash(name, fields, |s| slugify(s, rules));
            paths::site_path(&format!("{root}{}{slug}", dir_path(folder, rules)))
        }
    };
    placed
}
