//! Our own layout: folders and names as they are, `path`, `slug` and `language` where they are not.

use super::{Name, Placed, What, explicit_path, explicit_slug, name_of, segment_or_hash};
use crate::folder::config::Config;
use crate::folder::fields::Fields;
use crate::folder::{dates, paths};

pub(super) fn place(fields: &mut Fields, config: &Config) -> Placed {
    let rel = fields.file;
    let (
        Name {
            dir,
            stem,
            language: suffix,
        },
        _,
    ) = name_of(rel, config);
    let top = dir.split('/').next().unwrap_or("");
    let by_folder = (config.is_language(top) && top != config.settings.language).then_some(top);
    let language = fields.string(&["language"]).and_then(|tag| {
        let known = super::super::config::language_tag(&tag);
        if known.is_none() {
            fields.warn(
                "language",
                format!("`{}` is not a language tag like en or pt-BR", super::shown(&tag)),
            );
        }
        known
    });
    let language = language.unwrap_or_else(|| suffix.or(by_folder).unwrap_or(&config.settings.language).to_owned());
    // A suffix puts a page below its language's folder; a folder of that name does so already.
    let root = if suffix.is_some() {
        config.language_root(&language)
    } else {
        "/".into()
    };
    let source_dir = paths::parent(rel).to_owned();
    let mut placed = Placed {
        what: What::Page,
        path: String::new(),
        old: None,
        translation: format!("{source_dir}/{stem}"),
        date: None,
        name: stem.to_owned(),
        bundle: None,
        dir: source_dir.clone(),
        draft: false,
        post: false,
        categories: Vec::new(),
        section: fields.string(&["section"]).map(|s| paths::site_path(&s)),
        language,
    };
    let explicit = fields.string(&["path"]);
    let is_root = dir.is_empty() || Some(dir) == by_folder;
    let (mut folder, mut name) = (dir, stem);
    if stem == "_index" {
        let declared = fields.peek("kind").and_then(|k| k.as_str());
        placed.what = match declared {
            Some("section") => What::Section,
            _ if is_root => What::Home,
            _ => What::Section,
        };
        if declared == Some("section") {
            fields.value("kind");
        }
        placed.name = paths::file_name(dir).to_owned();
        (folder, name) = (dir, "");
    } else if stem == "index" {
        placed.what = if is_root { What::Home } else { What::Page };
        placed.name = paths::file_name(dir).to_owned();
        (folder, name) = (dir, "");
        if !is_root {
            placed.bundle = Some(source_dir);
            placed.dir = paths::parent(&placed.dir).to_owned();
        }
    } else if let Some((date, rest)) = dates::from_file_name(name) {
        placed.date = Some(date);
        placed.post = true;
        placed.name = rest.to_owned();
        name = rest;
    }
    let slug = fields.string(&["slug"]);
    placed.path = match (explicit, slug) {
        (Some(raw), _) => {
            let (path, old) = explicit_path(&raw, "path", fields);
            placed.old = old;
            path
        }
        (None, Some(raw)) => {
            let slug = explicit_slug(&raw, fields, paths::segment);
            let folder = if name.is_empty() { paths::parent(folder) } else { folder };
            paths::site_path(&format!("{root}{folder}/{slug}"))
        }
        (None, None) if name.is_empty() => paths::site_path(&format!("{root}{folder}")),
        (None, None) => {
            let slug = segment_or_hash(name, fields, paths::segment);
            paths::site_path(&format!("{root}{folder}/{slug}"))
        }
    };
    placed
}
