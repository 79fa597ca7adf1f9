//! `_config.yml` of a Jekyll site.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Config, ContentRoot, FolderError, ReadOptions, Rules, load};
use crate::folder::front_matter::Map;
use crate::folder::layout::Layout;
use crate::folder::paths;
use crate::folder::problem::Problems;
use crate::folder::walk::File;

pub(in crate::folder) struct Jekyll {
    /// Permalink style or template of posts.
    pub permalink: String,
    /// Collections by name, posts included.
    pub collections: BTreeMap<String, Collection>,
    /// Folder the collections' folders are in, usually the root (empty).
    pub collections_dir: String,
    pub defaults: Vec<Default>,
    /// Paths that Jekyll was told to leave out.
    pub exclude: Vec<String>,
    /// Underscore folders that Jekyll was told to read.
    pub include: Vec<String>,
    pub excerpt_separator: Option<String>,
    /// Values that `{{ site.x }}` stands for.
    pub site: Map,
}

#[derive(Debug, Clone)]
pub(in crate::folder) struct Collection {
    pub output: bool,
    pub permalink: Option<String>,
}

/// Front matter for the files below a path.
pub(in crate::folder) struct Default {
    path: String,
    kind: Option<String>,
    values: Map,
}

impl Jekyll {
    /// Values of all scopes a file is in, the more specific scope winning.
    pub fn defaults_of(&self, rel: &str, kind: &str) -> Map {
        let mut matching: Vec<&Default> = self
            .defaults
            .iter()
            .filter(|d| d.kind.as_deref().is_none_or(|k| k == kind || k == format!("{kind}s")))
            .filter(|d| d.path.is_empty() || rel == d.path || paths::below(rel, &d.path).is_some())
            .collect();
        matching.sort_by_key(|d| (d.path.len(), d.kind.is_some()));
        let mut out = Map::new();
        for default in matching {
            out.extend(default.values.clone());
        }
        out
    }

    pub fn is_excluded(&self, rel: &str) -> bool {
        self.exclude.iter().any(|e| {
            let e = e.trim_matches('/');
            rel == e
                || paths::below(rel, e).is_some()
                || e.strip_prefix("*.")
                    .is_some_and(|ending| rel.rsplit_once('.').is_some_and(|(_, x)| x == ending))
        })
    }
}

pub(super) fn config(files: &[File], options: &ReadOptions, problems: &Problems) -> Result<Config, FolderError> {
    let rules = Jekyll {
        permalink: "date".into(),
        collections: BTreeMap::from([(
            "posts".into(),
            Collection {
                output: true,
                permalink: None,
            },
        )]),
        collections_dir: String::new(),
        defaults: Vec::new(),
        exclude: ["Gemfile", "Gemfile.lock", "README.md", "CHANGELOG.md", "LICENSE.md"]
            .map(str::to_owned)
            .to_vec(),
        include: Vec::new(),
        excerpt_separator: None,
        site: Map::new(),
    };
    let mut config = Config::new(Layout::Jekyll, Rules::Jekyll(rules), options);
    config.content = vec![ContentRoot {
        dir: String::new(),
        language: None,
    }];
    config.statics = Vec::new();
    let mut file = None;
    for name in ["_config.yml", "_config.yaml", "_config.toml"] {
        if file.is_none() {
            file = load(files, name)?;
        }
    }
    let Some(file) = file else { return Ok(config) };
    let mut fields = file.fields(problems);
    let site = fields.map.clone();
    config.common(&mut fields);
    if config.settings.title.is_empty() {
        // The key that Jekyll's own site and a few themes use.
        if let Some(name) = fields.plain_string("name") {
            config.settings.title = name;
            config.titled = true;
        }
    }
    let base_path = fields.string(&["baseurl"]).unwrap_or_default();
    config.base_path = paths::file_path(&base_path).trim_end_matches('/').to_owned();
    if let Some(url) = fields.string(&["url"]) {
        config.set_base_url(
            &format!("{}{}", url.trim_end_matches('/'), config.base_path),
            &fields,
            "url",
        );
    }
    if let Some(tag) = fields.plain_string("lang").or_else(|| fields.plain_string("locale")) {
        config.set_language(&tag, &fields, "lang");
    }
    if let Some(zone) = fields.string(&["timezone"]) {
        config.set_zone(&zone, &fields, "timezone");
    }
    if let Some(n) = fields.int(&["paginate"]).and_then(|n| usize::try_from(n).ok()) {
        config.settings.per_page = n;
    }
    let permalink = fields.string(&["permalink"]);
    let collections = fields.value("collections");
    let dir = fields.string(&["collections_dir"]);
    let defaults = fields.tables("defaults").unwrap_or_default();
    let exclude = fields.list(&["exclude"]).unwrap_or_default();
    let include = fields.list(&["include"]).unwrap_or_default();
    let separator = fields.string(&["excerpt_separator"]);
    if let Rules::Jekyll(rules) = &mut config.rules {
        rules.permalink = permalink.unwrap_or(std::mem::take(&mut rules.permalink));
        rules.collections_dir = dir.map(|d| d.trim_matches('/').to_owned()).unwrap_or_default();
        rules.exclude.extend(exclude);
        rules.include = include.iter().map(|i| i.trim_matches('/').to_owned()).collect();
        rules.excerpt_separator = separator.filter(|s| !s.is_empty());
        rules.site = site;
        match collections {
            Some(Value::Array(names)) => {
                for name in names.iter().filter_map(Value::as_str) {
                    let added = Collection {
                        output: false,
                        permalink: None,
                    };
                    rules.collections.entry(name.to_owned()).or_insert(added);
                }
            }
            Some(Value::Object(map)) => {
                for (name, value) in map {
                    let output = value.get("output").and_then(Value::as_bool).unwrap_or(name == "posts");
                    let permalink = value.get("permalink").and_then(Value::as_str).map(str::to_owned);
                    rules.collections.insert(name, Collection { output, permalink });
                }
            }
            _ => {}
        }
        for default in defaults {
            let mut default = fields.with(default);
            let mut scope = default.map(&["scope"]).unwrap_or_default();
            let text = |v: Option<Value>| v.and_then(|v| v.as_str().map(|s| s.trim_matches('/').to_owned()));
            rules.defaults.push(Default {
                path: text(scope.shift_remove("path")).unwrap_or_default(),
                kind: text(scope.shift_remove("type")).filter(|t| !t.is_empty()),
                values: default.map(&["values"]).unwrap_or_default(),
            });
        }
    }
    config.settings.extra = fields.map;
    Ok(config)
}
