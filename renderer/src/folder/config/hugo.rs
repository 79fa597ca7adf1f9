//! `hugo.toml` and its relatives: any of three formats, one file or a folder of them.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::Value;

use super::{Config, ContentRoot, FolderError, ReadOptions, Rules, load, taxonomy};
use crate::folder::fields::Fields;
use crate::folder::front_matter::Map;
use crate::folder::layout::Layout;
use crate::folder::paths;
use crate::folder::problem::Problems;
use crate::folder::walk::File;
use crate::site::MenuItem;

pub(in crate::folder) struct Hugo {
    /// `content/posts` → `/:year/:slug/`.
    pub permalinks: BTreeMap<String, String>,
    pub default_in_subdir: bool,
    /// Front matter keys that are taxonomies: plural names.
    pub taxonomies: Vec<String>,
    /// `uglyURLs`: pages are files ending in .html.
    pub ugly: bool,
    pub keep_case: bool,
    /// Dates and slugs are taken from file names (`[frontmatter] date = [":filename"]`).
    pub date_in_name: bool,
}

const ENDINGS: [&str; 4] = ["toml", "yaml", "yml", "json"];

pub(super) fn config(files: &[File], options: &ReadOptions, problems: &Problems) -> Result<Config, FolderError> {
    let rules = Hugo {
        permalinks: BTreeMap::new(),
        default_in_subdir: false,
        taxonomies: vec!["tags".into(), "categories".into()],
        ugly: false,
        keep_case: false,
        date_in_name: false,
    };
    let mut config = Config::new(Layout::Hugo, Rules::Hugo(rules), options);
    config.settings.per_page = 10;
    config.statics = vec!["static".into(), "assets".into()];
    let mut loaded = Vec::new();
    'root: for stem in ["hugo", "config"] {
        for ending in ENDINGS {
            if let Some(file) = load(files, &format!("{stem}.{ending}"))? {
                loaded.push((None, file));
                break 'root;
            }
        }
    }
    for file in files {
        let Some(name) = paths::below(&file.rel, "config/_default") else {
            continue;
        };
        let Some((stem, ending)) = name.rsplit_once('.') else {
            continue;
        };
        if !ENDINGS.contains(&ending) || name.contains('/') {
            continue;
        }
        if let Some(read) = load(files, &file.rel)? {
            let key = (!matches!(stem, "hugo" | "config")).then(|| stem.to_owned());
            loaded.push((key, read));
        }
    }
    // One map as if all had been written in one file; lines of problems then belong to the first.
    let mut merged = Map::new();
    for (key, file) in &loaded {
        let map = file.fields(problems).map;
        match key.as_deref() {
            None => merge(&mut merged, map),
            Some(key) => {
                // `menus.fr` configures one language; `params` everything.
                let path: Vec<&str> = match key.split_once('.') {
                    Some((part, language)) => vec!["languages", language, part],
                    None => vec![key],
                };
                let mut value = Value::Object(map.into_iter().collect());
                for part in path.iter().skip(1).rev() {
                    value = Value::Object([((*part).to_owned(), value)].into_iter().collect());
                }
                merge(&mut merged, [(path[0].to_owned(), value)].into_iter().collect());
            }
        }
    }
    let Some((_, first)) = loaded.first() else {
        return Ok(config);
    };
    let mut fields = first.fields(problems).any_case(true);
    fields.map = merged;
    apply(&mut config, &mut fields);
    Ok(config)
}

fn merge(into: &mut Map, from: Map) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => old.extend(new),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

fn apply(config: &mut Config, fields: &mut Fields) {
    config.common(fields);
    if let Some(url) = fields.string(&["baseURL"]) {
        config.set_base_url(&url, fields, "baseURL");
    }
    let code = fields.string(&["languageCode", "locale"]);
    let default = fields.string(&["defaultContentLanguage"]);
    if let Some(tag) = default.or(code) {
        config.set_language(&tag, fields, "defaultContentLanguage");
    }
    if let Some(zone) = fields.string(&["timeZone"]) {
        config.set_zone(&zone, fields, "timeZone");
    }
    if let Some(n) = fields.int(&["paginate"]).and_then(|n| usize::try_from(n).ok()) {
        config.settings.per_page = n;
    }
    if let Some(n) = fields
        .inner("pagination")
        .and_then(|mut p| p.int(&["pagerSize"]))
        .and_then(|n| usize::try_from(n).ok())
    {
        config.settings.per_page = n;
    }
    if let Some(dir) = fields.string(&["contentDir"]) {
        config.content = vec![ContentRoot {
            dir: dir.trim_matches('/').to_owned(),
            language: None,
        }];
    }
    if let Some(dirs) = fields.list(&["staticDir"]) {
        config.statics = dirs
            .iter()
            .map(|d| d.trim_matches('/').to_owned())
            .chain(["assets".to_owned()])
            .collect();
    }
    if let Some(names) = fields.map(&["taxonomies"]) {
        let plural: Vec<String> = names.values().filter_map(|v| v.as_str()).map(str::to_owned).collect();
        config.taxonomies = plural.iter().map(|name| taxonomy(name, "/")).collect();
        if let Rules::Hugo(rules) = &mut config.rules {
            rules.taxonomies = plural;
        }
    }
    let permalinks = fields.map(&["permalinks"]).unwrap_or_default();
    let in_subdir = fields.bool(&["defaultContentLanguageInSubdir"]).unwrap_or(false);
    let ugly = fields.bool(&["uglyURLs"]).unwrap_or(false);
    let keep_case = fields.bool(&["disablePathToLower"]).unwrap_or(false);
    let date_in_name = fields.inner("frontmatter").and_then(|mut f| f.list(&["date"]));
    if let Rules::Hugo(rules) = &mut config.rules {
        // `[permalinks] posts = …`, or since 0.112 `[permalinks.page] posts = …`.
        for (key, value) in permalinks {
            match value {
                Value::String(pattern) => {
                    rules.permalinks.insert(key, pattern);
                }
                Value::Object(inner) if key == "page" => {
                    let patterns = inner.into_iter().filter_map(|(k, v)| Some((k, v.as_str()?.to_owned())));
                    rules.permalinks.extend(patterns);
                }
                _ => {}
            }
        }
        rules.default_in_subdir = in_subdir;
        rules.ugly = ugly;
        rules.keep_case = keep_case;
        rules.date_in_name = date_in_name.is_some_and(|from| from.iter().any(|f| f == ":filename"));
    }
    if let Some(languages) = fields.map(&["languages"]) {
        for (tag, value) in &languages {
            if value.get("disabled").and_then(Value::as_bool) == Some(true) {
                continue;
            }
            config.add_language(tag, fields);
            if let Some(dir) = value.get("contentDir").and_then(Value::as_str) {
                let root = ContentRoot {
                    dir: dir.trim_matches('/').to_owned(),
                    language: Some(tag.clone()),
                };
                config.content.insert(0, root);
            }
            if *tag == config.settings.language {
                if let Some(title) = value.get("title").and_then(Value::as_str).filter(|_| !config.titled) {
                    config.settings.title = title.to_owned();
                    config.titled = true;
                }
                if let Some(menus) = value
                    .get("menus")
                    .or_else(|| value.get("menu"))
                    .and_then(Value::as_object)
                {
                    menus_of(config, menus.iter().map(|(k, v)| (k.clone(), v.clone())).collect());
                }
            }
        }
        config.content.sort_by_key(|r| std::cmp::Reverse(r.dir.len()));
        fields
            .map
            .insert("languages".into(), Value::Object(languages.into_iter().collect()));
    }
    for key in ["menus", "menu"] {
        if let Some(menus) = fields.map(&[key]) {
            menus_of(config, menus);
        }
    }
    if let Some(mut params) = fields.inner("params") {
        if config.settings.description.is_empty() {
            config.settings.description = params.string(&["description"]).unwrap_or_default();
        }
        config.settings.extra = params.map;
    }
    config.settings.extra.extend(fields.map.clone());
}

/// Menus with their weights and parents resolved.
fn menus_of(config: &mut Config, menus: Map) {
    for (place, items) in menus {
        let Value::Array(items) = items else { continue };
        let mut flat: Vec<(i64, String, Option<String>, MenuItem)> = items.iter().filter_map(item).collect();
        // Unweighted items come last, in the order they were written.
        flat.sort_by_key(|(weight, ..)| if *weight == 0 { i64::MAX } else { *weight });
        let mut children: IndexMap<String, Vec<MenuItem>> = IndexMap::new();
        let mut top = Vec::new();
        for (_, identifier, parent, item) in flat {
            match parent {
                Some(parent) => children.entry(parent).or_default().push(item),
                None => top.push((identifier, item)),
            }
        }
        let items = top.into_iter().map(|(identifier, mut item)| {
            item.children = children.shift_remove(&identifier).unwrap_or_default();
            item
        });
        config.menus.entry(place).or_default().extend(items);
    }
}

/// Weight, identifier, parent and the item itself.
fn item(value: &Value) -> Option<(i64, String, Option<String>, MenuItem)> {
    let table = value.as_object()?;
    let get = |key: &str| {
        table
            .iter()
            .find(|(k, _)| k.eq_ignore_ascii_case(key))
            .and_then(|(_, v)| v.as_str())
            .map(str::to_owned)
    };
    let url = get("url").or_else(|| get("pageRef"))?;
    let label = get("name").or_else(|| get("title")).or_else(|| get("identifier"))?;
    let identifier = get("identifier").unwrap_or_else(|| label.clone());
    let weight = table
        .iter()
        .find(|(k, _)| k.eq_ignore_ascii_case("weight"))
        .and_then(|(_, v)| v.as_i64())
        .unwrap_or(0);
    let url = match url {
        url if url.starts_with('/') && !url.ends_with('/') && !url.contains(['.', '#', '?']) => {
            format!("{url}/")
        }
        url if !url.contains(':') && !url.starts_with(['/', '#']) => paths::site_path(&url),
        url => url,
    };
    Some((
        weight,
        identifier,
        get("parent"),
        MenuItem {
            label,
            url,
            children: Vec::new(),
        },
    ))
}
