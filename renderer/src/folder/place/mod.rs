//! Where a file of pages lives on the site: what its generator would have made of its name and front matter.

mod hugo;
pub(super) mod jekyll;
mod plain;
mod zola;

use chrono::NaiveDate;

use super::config::{Config, Rules};
use super::fields::Fields;
use super::paths;

/// What a file below the root is for.
#[derive(Debug, PartialEq)]
pub(super) enum Role {
    /// A page, section or term.
    Content,
    /// A file published at a fixed address.
    Static { public: String },
    /// A file beside pages; its address follows from theirs.
    Asset,
    /// The configuration, read already.
    Config,
    /// Not read. Files with the same `group` are reported together.
    Left { reason: &'static str, group: String },
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    Page,
    Section,
    /// The text of a root page.
    Home,
    /// Name and description of a term.
    Term {
        taxonomy: String,
        slug: String,
    },
}

/// A file's place.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub what: What,
    pub path: String,
    /// The address the old generator gave it, when it was a file (`/a/b.html`).
    pub old: Option<String>,
    pub language: String,
    /// Files with the same key are translations of each other.
    pub translation: String,
    /// Date in the file's name or address.
    pub date: Option<NaiveDate>,
    /// Name to make a title from.
    pub name: String,
    /// Source folder whose other files belong to this page.
    pub bundle: Option<String>,
    /// Source folder the page is in, for finding its section.
    pub dir: String,
    pub draft: bool,
    /// Blog posts are told from pages by where they lie.
    pub post: bool,
    /// Terms that follow from the file's place.
    pub categories: Vec<String>,
    /// Section path the place decides, whatever the folders say.
    pub section: Option<String>,
}

pub(super) fn role(rel: &str, config: &Config) -> Role {
    match &config.rules {
        Rules::Jekyll(rules) => jekyll::role(rel, rules),
        _ => common_role(rel, config),
    }
}

pub(super) fn place(fields: &mut Fields, config: &Config) -> Placed {
    match &config.rules {
        Rules::Zola(rules) => zola::place(fields, config, rules),
        Rules::Hugo(rules) => hugo::place(fields, config, rules),
        Rules::Jekyll(rules) => jekyll::place(fields, config, rules),
        Rules::Plain(_) => plain::place(fields, config),
    }
}

/// The address of a source folder that has no page or section of its own.
pub(super) fn dir_path(dir: &str, config: &Config) -> String {
    let below = config
        .content
        .iter()
        .find_map(|root| paths::below(dir, &root.dir).or((dir == root.dir).then_some("")));
    let raw = below.unwrap_or(dir);
    match &config.rules {
        Rules::Zola(rules) => zola::dir_path(raw, rules),
        Rules::Hugo(rules) => hugo::dir_path(raw, rules),
        _ => paths::site_path(raw),
    }
}

/// Folders that generators use for other things than content, with what they are.
fn purpose(dir: &str) -> Option<&'static str> {
    Some(match dir {
        "templates" | "layouts" | "_layouts" | "_includes" => "templates of the old theme",
        "sass" | "_sass" | "syntaxes" => "styles of the old theme",
        "archetypes" => "templates for new files",
        "data" | "_data" | "i18n" => "data for the old theme",
        "_plugins" => "code of the old generator",
        _ => return None,
    })
}

fn left(rel: &str) -> Role {
    match rel.split_once('/') {
        Some((top, _)) => Role::Left {
            reason: purpose(top).unwrap_or("outside the folders that hold content and static files"),
            group: top.to_owned(),
        },
        None => Role::Left {
            reason: "outside the folders that hold content and static files",
            group: rel.to_owned(),
        },
    }
}

fn common_role(rel: &str, config: &Config) -> Role {
    let configs = [
        "site.toml",
        "zola.toml",
        "config.toml",
        "config.yaml",
        "config.yml",
        "config.json",
    ];
    if configs.contains(&rel) || paths::below(rel, "config/_default").is_some() || rel.starts_with("hugo.") {
        return Role::Config;
    }
    for dir in config.statics.iter().filter(|d| !d.is_empty()) {
        if let Some(below) = paths::below(rel, dir) {
            return Role::Static {
                public: paths::file_path(below),
            };
        }
    }
    if config.content.iter().any(|root| paths::below(rel, &root.dir).is_some()) {
        let html = !matches!(config.rules, Rules::Zola(_));
        return if is_page(rel, html) { Role::Content } else { Role::Asset };
    }
    left(rel)
}

/// Endings of files that hold pages.
fn is_page(rel: &str, html: bool) -> bool {
    match rel
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase())
        .as_deref()
    {
        Some("md" | "markdown" | "mkd" | "mkdn" | "mkdown") => true,
        Some("html" | "htm") => html,
        _ => false,
    }
}

/// A file name taken apart: folder below the content root, stem without language, language.
struct Name<'a> {
    dir: &'a str,
    stem: &'a str,
    language: Option<&'a str>,
}

fn name_of<'a>(rel: &'a str, config: &Config) -> (Name<'a>, Option<String>) {
    let root = config
        .content
        .iter()
        .find_map(|r| paths::below(rel, &r.dir).map(|below| (below, r.language.clone())));
    let (below, root_language) = root.unwrap_or((rel, None));
    let (dir, file) = (paths::parent(below), paths::file_name(below));
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let (stem, language) = match stem.rsplit_once('.') {
        Some((rest, tag)) if !rest.is_empty() && config.is_language(tag) => (rest, Some(tag)),
        _ => (stem, None),
    };
    (Name { dir, stem, language }, root_language)
}

/// Makes a segment with `make`, never empty: a name without any usable letter gets one from its hash.
fn segment_or_hash(raw: &str, fields: &Fields, make: impl Fn(&str) -> String) -> String {
    let made = make(raw);
    if made.is_empty() {
        let made = format!("page-{}", &blake3::hash(raw.as_bytes()).to_hex()[..8]);
        fields.problems.warn(
            fields.file,
            None,
            format!("no letter of `{}` fits an address; `{made}` is used", shown(raw)),
        );
        return made;
    }
    made
}

/// A slug from front matter: one segment, with a word when it had to change.
fn explicit_slug(raw: &str, fields: &Fields, make: impl Fn(&str) -> String) -> String {
    let made = segment_or_hash(raw.trim_matches('/'), fields, make);
    if made != raw.trim_matches('/') && made != raw.to_lowercase() {
        fields.warn(
            "slug",
            format!("slug `{}` is not safe in an address; `{made}` is used", shown(raw)),
        );
    }
    made
}

/// A path from front matter, with a word when it had to change.
fn explicit_path(raw: &str, key: &str, fields: &Fields) -> (String, Option<String>) {
    let (path, old) = paths::from_output(raw);
    let plain = raw
        .trim_matches('/')
        .trim_end_matches(".html")
        .trim_end_matches("/index");
    if path.trim_matches('/') != plain && plain != "index" {
        fields.warn(
            key,
            format!("{key} `{}` is not safe as an address; `{path}` is used", shown(raw)),
        );
    }
    (path, old)
}

/// A value as a message may show it: short, without control characters.
fn shown(raw: &str) -> String {
    let short: String = raw.chars().filter(|c| !c.is_control()).take(60).collect();
    if raw.chars().count() > 60 {
        format!("{short}…")
    } else {
        short
    }
}
