//! A folder's configuration, whichever generator it was written for.

pub(super) mod hugo;
pub(super) mod jekyll;
pub(super) mod plain;
pub(super) mod zola;

use std::collections::BTreeMap;

use chrono_tz::Tz;
use indexmap::IndexMap;

use super::fields::Fields;
use super::front_matter::{self, CONFIG, Map};
use super::layout::Layout;
use super::problem::Problems;
use super::walk::File;
use super::{FolderError, ReadOptions};
use crate::site::{MenuItem, Organisation, Outputs, Pagination, Redirect, Settings, SiteType, Taxonomy};

/// What a folder says about the site as a whole.
pub(super) struct Config {
    pub layout: Layout,
    pub settings: Settings,
    /// The configuration names the site; otherwise the root page may.
    pub titled: bool,
    pub zone: Tz,
    pub menus: IndexMap<String, Vec<MenuItem>>,
    pub redirects: Vec<Redirect>,
    /// Declared taxonomies, in their order, with their declared terms.
    pub taxonomies: Vec<Taxonomy>,
    /// Only declared taxonomies exist; terms of others stay on their pages.
    pub closed: bool,
    /// Where taxonomies live that are not declared: `/`.
    pub taxonomy_root: String,
    /// Folders of pages, most specific first.
    pub content: Vec<ContentRoot>,
    /// Folders whose files are published as they are.
    pub statics: Vec<String>,
    /// Alternative texts by public path.
    pub alts: BTreeMap<String, String>,
    /// Path that links in the old site start with (`/repo`), no trailing slash.
    pub base_path: String,
    pub rules: Rules,
}

/// A folder of pages.
pub(super) struct ContentRoot {
    /// Below the root; empty for the root itself.
    pub dir: String,
    /// Language of all its pages, when the folder decides it.
    pub language: Option<String>,
}

/// What only one generator knows.
pub(super) enum Rules {
    Zola(zola::Zola),
    Hugo(hugo::Hugo),
    Jekyll(jekyll::Jekyll),
    Plain(plain::Plain),
}

impl Config {
    /// A configuration that nobody has written yet.
    pub fn new(layout: Layout, rules: Rules, options: &ReadOptions) -> Self {
        Config {
            layout,
            settings: Settings {
                title: String::new(),
                description: String::new(),
                base_url: String::new(),
                site_type: options.site_type.unwrap_or(SiteType::Blog),
                language: "en".into(),
                languages: Vec::new(),
                time_zone: "UTC".into(),
                organisation: Organisation::default(),
                per_page: 20,
                // A project of another generator keeps what is on which of its pages.
                pagination: match layout {
                    Layout::Plain => Pagination::Stable,
                    _ => Pagination::Full,
                },
                feed_limit: 20,
                theme_options: IndexMap::new(),
                indexable: true,
                markdown: Default::default(),
                outputs: Outputs::default(),
                forms: None,
                extra: IndexMap::new(),
            },
            titled: false,
            zone: Tz::UTC,
            menus: IndexMap::new(),
            redirects: Vec::new(),
            taxonomies: Vec::new(),
            closed: false,
            taxonomy_root: "/".into(),
            content: vec![ContentRoot {
                dir: "content".into(),
                language: None,
            }],
            statics: vec!["static".into()],
            alts: BTreeMap::new(),
            base_path: String::new(),
            rules,
        }
    }

    pub fn is_language(&self, tag: &str) -> bool {
        self.settings.language == tag || self.settings.languages.iter().any(|l| l == tag)
    }

    /// `/` for the default language, `/<tag>/` for others.
    pub fn language_root(&self, language: &str) -> String {
        let subdir = match &self.rules {
            Rules::Hugo(hugo) => hugo.default_in_subdir,
            _ => false,
        };
        if language == self.settings.language && !subdir {
            "/".into()
        } else {
            format!("/{language}/")
        }
    }

    /// Sets title, description and the like from the keys all generators share.
    fn common(&mut self, fields: &mut Fields) {
        if let Some(title) = fields.string(&["title"]) {
            self.settings.title = title;
            self.titled = true;
        }
        if let Some(text) = fields.string(&["description"]) {
            self.settings.description = text;
        }
    }

    fn set_zone(&mut self, name: &str, fields: &Fields, key: &str) {
        match name.parse() {
            Ok(zone) => {
                self.zone = zone;
                self.settings.time_zone = name.to_owned();
            }
            Err(_) => fields.warn(
                key,
                format!("`{name}` is not an IANA time zone like Europe/Lisbon; UTC is used"),
            ),
        }
    }

    fn set_language(&mut self, tag: &str, fields: &Fields, key: &str) {
        match language_tag(tag) {
            Some(tag) => self.settings.language = tag,
            None => fields.warn(
                key,
                format!("`{tag}` is not a language tag like en or pt-BR; en is used"),
            ),
        }
    }

    fn add_language(&mut self, tag: &str, fields: &Fields) {
        match language_tag(tag) {
            Some(tag) if self.is_language(&tag) => {}
            Some(tag) => self.settings.languages.push(tag),
            None => fields.warn(
                "languages",
                format!("`{tag}` is not a language tag like en or pt-BR; left out"),
            ),
        }
    }

    fn set_base_url(&mut self, raw: &str, fields: &Fields, key: &str) {
        match base_url(raw) {
            Some(url) => self.settings.base_url = url,
            None if raw.trim().is_empty() || raw == "/" => {}
            None => fields.warn(key, format!("`{raw}` is not an address like https://example.com")),
        }
    }
}

/// A language tag, safe to be a path segment and an attribute.
pub(super) fn language_tag(raw: &str) -> Option<String> {
    let raw = raw.trim().replace('_', "-");
    let parts: Vec<&str> = raw.split('-').collect();
    let sound = (2..=8).contains(&parts[0].len())
        && parts.len() <= 4
        && parts
            .iter()
            .all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()));
    sound.then_some(raw)
}

/// An absolute http address without query, fragment and trailing slash.
pub(super) fn base_url(raw: &str) -> Option<String> {
    let url = url::Url::parse(raw.trim()).ok()?;
    let plain = matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|h| !h.is_empty());
    if !plain || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return None;
    }
    Some(url.as_str().trim_end_matches('/').to_owned())
}

/// A configuration file read into memory.
pub(super) struct ConfigFile {
    pub name: String,
    text: String,
    map: Map,
}

impl ConfigFile {
    pub fn fields<'a>(&'a self, problems: &'a Problems) -> Fields<'a> {
        Fields::new(self.map.clone(), &self.name, &self.text, 0, problems)
    }
}

/// Reads one configuration file if it is there. Its format follows from its ending.
pub(super) fn load(files: &[File], name: &str) -> Result<Option<ConfigFile>, FolderError> {
    let Ok(at) = files.binary_search_by(|f| f.rel.as_str().cmp(name)) else {
        return Ok(None);
    };
    let broken = |line, message| FolderError::Config {
        file: name.to_owned(),
        line,
        message,
    };
    if files[at].bytes > CONFIG.bytes as u64 {
        return Err(broken(1, format!("over {} MB", CONFIG.bytes >> 20)));
    }
    let bytes = std::fs::read(&files[at].abs).map_err(|e| FolderError::Open {
        path: files[at].abs.clone(),
        source: e,
    })?;
    let text = String::from_utf8(bytes).map_err(|e| {
        let line = 1 + e.as_bytes()[..e.utf8_error().valid_up_to()]
            .iter()
            .filter(|b| **b == b'\n')
            .count();
        broken(line, "not valid UTF-8; save the file as UTF-8".into())
    })?;
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    let map = match name.rsplit('.').next() {
        Some("toml") => front_matter::toml(&text, 0, CONFIG),
        Some("json") => front_matter::json(&text, CONFIG),
        _ => front_matter::yaml(&text, 0, CONFIG),
    }
    .map_err(|e| broken(e.line, e.message))?;
    Ok(Some(ConfigFile {
        name: name.to_owned(),
        text,
        map,
    }))
}

/// The kind a taxonomy has by its name alone.
pub(super) fn taxonomy_kind(name: &str) -> crate::site::TaxonomyKind {
    use crate::site::TaxonomyKind::*;
    match name {
        "categories" | "category" => BlogCategory,
        "product-categories" | "product_categories" => ProductCategory,
        "product-tags" | "product_tags" => ProductTag,
        "service-categories" | "service_categories" => ServiceCategory,
        _ => BlogTag,
    }
}

/// A taxonomy that is known by name only.
pub(super) fn taxonomy(name: &str, root: &str) -> Taxonomy {
    Taxonomy {
        name: name.to_owned(),
        title: super::paths::title_from_name(name),
        kind: taxonomy_kind(name),
        path: super::paths::site_path(&format!("{root}{}", super::paths::slugify(name))),
        terms: Vec::new(),
        per_page: None,
        feed: true,
    }
}

/// Reads the configuration of a layout.
pub(super) fn read(
    layout: Layout,
    files: &[File],
    options: &ReadOptions,
    problems: &Problems,
) -> Result<Config, FolderError> {
    match layout {
        Layout::Zola => zola::config(files, options, problems),
        Layout::Hugo => hugo::config(files, options, problems),
        Layout::Jekyll => jekyll::config(files, options, problems),
        Layout::Plain => plain::config(files, options, problems),
    }
}
