//! Hugo: lower-case paths, leaf and branch bundles, `url`, `slug` and permalink patterns.

use chrono::{Datelike, NaiveDate};

use super::{Name, Placed, What, explicit_path, explicit_slug, name_of, segment_or_hash, shown};
use crate::folder::config::Config;
use crate::folder::config::hugo::Hugo;
use crate::folder::fields::{Fields, text};
use crate::folder::{dates, paths};

/// Top folders whose pages are posts even without a date.
const POST_FOLDERS: [&str; 6] = ["post", "posts", "blog", "news", "articles", "article"];

fn sanitise(raw: &str, rules: &Hugo) -> String {
    let segment = paths::segment(raw);
    if rules.keep_case {
        segment
    } else {
        segment.to_lowercase()
    }
}

pub(super) fn dir_path(below: &str, rules: &Hugo) -> String {
    let parts: Vec<String> = below.split('/').map(|p| sanitise(p, rules)).collect();
    paths::site_path(&parts.join("/"))
}

pub(super) fn place(fields: &mut Fields, config: &Config, rules: &Hugo) -> Placed {
    let rel = fields.file;
    let (Name { dir, stem, language }, root_language) = name_of(rel, config);
    let language = language
        .map(str::to_owned)
        .or(root_language)
        .unwrap_or_else(|| config.settings.language.clone());
    let root = config.language_root(&language);
    let source_dir = paths::parent(rel).to_owned();
    let top = dir.split('/').next().unwrap_or("");
    let mut placed = Placed {
        what: What::Page,
        path: String::new(),
        old: None,
        // Content folders per language hold the same names.
        translation: format!("{dir}/{stem}"),
        date: None,
        name: stem.to_owned(),
        bundle: None,
        dir: source_dir.clone(),
        draft: false,
        post: POST_FOLDERS.contains(&top),
        categories: Vec::new(),
        section: None,
        language,
    };
    let url = fields.string(&["url"]);
    if stem == "_index" {
        placed.name = paths::file_name(dir).to_owned();
        placed.what = if dir.is_empty() { What::Home } else { What::Section };
        let mut parts = dir.splitn(2, '/');
        if let (Some(taxonomy), Some(term)) = (parts.next(), parts.next())
            && rules.taxonomies.iter().any(|t| t == taxonomy)
        {
            placed.what = What::Term {
                taxonomy: taxonomy.to_owned(),
                slug: paths::slugify(term),
            };
        }
        placed.path = match url {
            Some(raw) => explicit_path(&raw, "url", fields).0,
            None => paths::site_path(&format!("{root}{}", dir_path(dir, rules))),
        };
        return placed;
    }
    let (mut folder, mut name) = (dir, stem);
    if stem == "index" {
        (folder, name) = (paths::parent(dir), paths::file_name(dir));
        if dir.is_empty() {
            placed.what = What::Home;
        } else {
            placed.bundle = Some(source_dir);
            placed.dir = paths::parent(&placed.dir).to_owned();
        }
    }
    placed.name = name.to_owned();
    let mut slug = fields.string(&["slug"]);
    if let Some((date, rest)) = dates::from_file_name(name) {
        placed.date = Some(date);
        placed.name = rest.to_owned();
        if rules.date_in_name && slug.is_none() {
            slug = Some(rest.to_owned());
        }
    }
    let last = match &slug {
        Some(raw) => explicit_slug(raw, fields, |s| sanitise(s, rules)),
        None if placed.what == What::Home => String::new(),
        None => segment_or_hash(name, fields, |s| sanitise(s, rules)),
    };
    let default = format!("{root}{}{last}", dir_path(folder, rules));
    let pattern = rules.permalinks.get(top).filter(|_| !top.is_empty());
    placed.path = if let Some(raw) = url {
        let raw = if raw.starts_with('/') {
            raw
        } else {
            format!("{root}{raw}")
        };
        let (path, old) = explicit_path(&raw, "url", fields);
        placed.old = old;
        placed.date = placed.date.or_else(|| dates::from_path(&path));
        path
    } else if let Some(pattern) = pattern {
        match expand(pattern, fields, config, placed.date, folder, name, slug.as_deref()) {
            Ok(raw) => {
                let raw = if rules.keep_case { raw } else { raw.to_lowercase() };
                let (path, old) = paths::from_output(&format!("{root}{}", raw.trim_start_matches('/')));
                placed.old = old;
                path
            }
            Err(token) => {
                let message = format!(
                    "permalink pattern `{}` needs `{token}`; the default address is used",
                    shown(pattern)
                );
                fields.problems.warn(rel, None, message);
                paths::site_path(&default)
            }
        }
    } else {
        if rules.ugly && placed.what != What::Home {
            placed.old = Some(format!("{}.html", paths::file_path(&default)));
        }
        paths::site_path(&default)
    };
    placed
}

/// Fills a permalink pattern in; the error is the token that cannot be.
fn expand(
    pattern: &str,
    fields: &Fields,
    config: &Config,
    file_date: Option<NaiveDate>,
    folder: &str,
    name: &str,
    slug: Option<&str>,
) -> Result<String, String> {
    let from_fields = ["date", "publishDate", "lastmod"].iter().find_map(|key| {
        let parsed = dates::parse(fields.peek(key)?.as_str()?, config.zone)?;
        Some(parsed.with_timezone(&config.zone).date_naive())
    });
    let date = from_fields.or(file_date);
    let title = fields.peek("title").and_then(text);
    let mut out = String::new();
    for part in pattern.split('/') {
        let mut rest = part;
        out.push('/');
        while let Some(at) = rest.find(':') {
            out.push_str(&rest[..at]);
            let end = rest[at + 1..]
                .find(|c: char| !c.is_ascii_alphabetic())
                .map_or(rest.len(), |n| at + 1 + n);
            let token = &rest[at..end];
            let day = || date.ok_or_else(|| "a date".to_owned());
            let value = match &token[1..] {
                "year" => day()?.format("%Y").to_string(),
                "month" => day()?.format("%m").to_string(),
                "monthname" => day()?.format("%B").to_string(),
                "day" => day()?.format("%d").to_string(),
                "weekday" => day()?.weekday().num_days_from_sunday().to_string(),
                "weekdayname" => day()?.format("%A").to_string(),
                "yearday" => day()?.ordinal().to_string(),
                "section" => folder.split('/').next().unwrap_or("").to_owned(),
                "sections" => folder.to_owned(),
                "title" => paths::segment(&title.clone().ok_or("a title")?),
                "slug" => paths::segment(slug.or(title.as_deref()).unwrap_or(name)),
                "filename" | "contentbasename" => paths::segment(name),
                "slugorfilename" | "slugorcontentbasename" => paths::segment(slug.unwrap_or(name)),
                _ => return Err(token.to_owned()),
            };
            out.push_str(&value);
            rest = &rest[end..];
        }
        out.push_str(rest);
    }
    Ok(out)
}
