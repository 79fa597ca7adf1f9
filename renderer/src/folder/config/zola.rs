//! `config.toml` (or `zola.toml`) of a Zola site.

use super::{Config, FolderError, ReadOptions, Rules, load, taxonomy};
use crate::folder::layout::Layout;
use crate::folder::paths;
use crate::folder::problem::Problems;
use crate::folder::walk::File;

/// How paths are made from file names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::folder) enum Slugify {
    /// ASCII, lower case, dashes: Zola's default.
    On,
    /// Unsafe characters replaced, case and letters kept.
    Safe,
}

pub(in crate::folder) struct Zola {
    pub slugify: Slugify,
    /// False keeps the date of a file name in the address.
    pub strip_date: bool,
    /// Ids of headings are ASCII, lower case, dashes: Zola's default.
    pub slug_anchors: bool,
}

pub(super) fn config(files: &[File], options: &ReadOptions, problems: &Problems) -> Result<Config, FolderError> {
    let rules = Zola {
        slugify: Slugify::On,
        strip_date: true,
        slug_anchors: true,
    };
    let mut config = Config::new(Layout::Zola, Rules::Zola(rules), options);
    let file = match load(files, "zola.toml")? {
        Some(file) => file,
        None => match load(files, "config.toml")? {
            Some(file) => file,
            None => return Ok(config),
        },
    };
    let mut fields = file.fields(problems);
    config.common(&mut fields);
    if let Some(url) = fields.string(&["base_url"]) {
        config.set_base_url(&url, &fields, "base_url");
    }
    if let Some(tag) = fields.string(&["default_language"]) {
        config.set_language(&tag, &fields, "default_language");
    }
    if let Some(mut slugify) = fields.inner("slugify")
        && let Rules::Zola(rules) = &mut config.rules
    {
        if slugify.string(&["paths"]).is_some_and(|mode| mode != "on") {
            rules.slugify = Slugify::Safe;
        }
        rules.slug_anchors = slugify.string(&["anchors"]).is_none_or(|mode| mode == "on");
        rules.strip_date = !slugify.bool(&["paths_keep_dates"]).unwrap_or(false);
    }
    if let Some(root) = fields.string(&["taxonomy_root"]) {
        config.taxonomy_root = paths::site_path(&root);
    }
    for table in fields.tables("taxonomies").unwrap_or_default() {
        let mut table = fields.with(table);
        let language = table.string(&["lang"]);
        let Some(name) = table.string(&["name"]) else {
            continue;
        };
        if language.is_some_and(|l| l != config.settings.language) || config.taxonomies.iter().any(|t| t.name == name) {
            continue;
        }
        let mut made = taxonomy(&name, &config.taxonomy_root);
        made.per_page = table.int(&["paginate_by"]).and_then(|n| usize::try_from(n).ok());
        made.feed = table.bool(&["feed"]).unwrap_or(false);
        config.taxonomies.push(made);
    }
    if let Some(languages) = fields.map(&["languages"]) {
        for tag in languages.keys() {
            config.add_language(tag, &fields);
        }
        // Titles and descriptions per language have no place in a snapshot; they are kept.
        fields.map.insert(
            "languages".into(),
            serde_json::Value::Object(languages.into_iter().collect()),
        );
    }
    if let Some(limit) = fields.int(&["feed_limit"]).and_then(|n| usize::try_from(n).ok()) {
        config.settings.feed_limit = limit;
    }
    if let Some(author) = fields.string(&["author"]) {
        config.settings.organisation.name = author;
    }
    if let Some(extra) = fields.map(&["extra"]) {
        config.settings.extra = extra;
    }
    config.settings.extra.extend(fields.map.clone());
    Ok(config)
}
