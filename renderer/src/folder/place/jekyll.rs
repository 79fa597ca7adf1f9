//! Jekyll: posts named by date, collections, pages anywhere, and the permalink templates of all three.

use chrono::{DateTime, Datelike, NaiveDate, Timelike};
use chrono_tz::Tz;

use super::{Placed, Role, What, explicit_path, is_page, purpose, segment_or_hash, shown};
use crate::folder::config::Config;
use crate::folder::config::jekyll::Jekyll;
use crate::folder::fields::{Fields, text};
use crate::folder::{dates, paths};

/// What a content file is to Jekyll.
enum Place<'a> {
    /// Folders before `_posts` are categories.
    Post {
        categories: &'a str,
        below: &'a str,
        draft: bool,
    },
    Item {
        collection: &'a str,
        below: &'a str,
    },
    Page {
        below: &'a str,
    },
}

fn locate<'a>(rel: &'a str, rules: &Jekyll) -> Place<'a> {
    let inner = paths::below(rel, &rules.collections_dir).unwrap_or(rel);
    for (folder, draft) in [("_posts", false), ("_drafts", true)] {
        if let Some(below) = paths::below(inner, folder) {
            return Place::Post {
                categories: "",
                below,
                draft,
            };
        }
        if let Some((categories, below)) = inner.split_once(&format!("/{folder}/")) {
            return Place::Post {
                categories,
                below,
                draft,
            };
        }
    }
    if let Some((name, below)) = inner.strip_prefix('_').and_then(|r| r.split_once('/')) {
        if rules.collections.contains_key(name) {
            return Place::Item {
                collection: name,
                below,
            };
        }
        return Place::Page { below };
    }
    Place::Page { below: rel }
}

pub(super) fn role(rel: &str, rules: &Jekyll) -> Role {
    if matches!(rel, "_config.yml" | "_config.yaml" | "_config.toml") {
        return Role::Config;
    }
    if rules.is_excluded(rel) {
        return Role::Left {
            reason: "excluded, as Jekyll excludes it",
            group: rel.to_owned(),
        };
    }
    let inner = paths::below(rel, &rules.collections_dir).unwrap_or(rel);
    let mut offset = 0;
    for part in inner.split('/') {
        let here = &inner[..offset + part.len()];
        offset += part.len() + 1;
        let Some(name) = part.strip_prefix('_') else {
            continue;
        };
        if matches!(part, "_posts" | "_drafts") {
            return if is_page(rel, true) {
                Role::Content
            } else {
                Role::Left {
                    reason: "only posts are read from here; put other files in assets/",
                    group: rel.to_owned(),
                }
            };
        }
        if here == part {
            if part == "_pages" || rules.include.iter().any(|i| i == part) {
                continue;
            }
            if let Some(collection) = rules.collections.get(name) {
                if collection.output {
                    continue;
                }
                let reason = "a collection without `output: true` in _config.yml has no pages";
                return Role::Left {
                    reason,
                    group: here.to_owned(),
                };
            }
        }
        let reason = purpose(part).unwrap_or("folders starting with _ are not published unless _config.yml lists them");
        return Role::Left {
            reason,
            group: here.to_owned(),
        };
    }
    if is_page(rel, true) {
        return Role::Content;
    }
    let public = match locate(rel, rules) {
        Place::Item { collection, below } => format!("{collection}/{below}"),
        Place::Page { below } | Place::Post { below, .. } => below.to_owned(),
    };
    Role::Static {
        public: paths::file_path(&public),
    }
}

pub(super) fn place(fields: &mut Fields, config: &Config, rules: &Jekyll) -> Placed {
    let rel = fields.file;
    let located = locate(rel, rules);
    let kind = match &located {
        Place::Post { draft: true, .. } => "drafts",
        Place::Post { .. } => "posts",
        Place::Item { collection, .. } => collection,
        Place::Page { .. } => "pages",
    };
    for (key, value) in rules.defaults_of(rel, kind) {
        fields.map.entry(key).or_insert(value);
    }
    let below = match &located {
        Place::Post { below, .. } | Place::Item { below, .. } | Place::Page { below } => *below,
    };
    let stem = below.rsplit_once('.').map_or(below, |(stem, _)| stem);
    let mut name = paths::file_name(stem);
    let tag = fields
        .plain_string("lang")
        .and_then(|l| super::super::config::language_tag(&l));
    let mut placed = Placed {
        what: What::Page,
        path: String::new(),
        old: None,
        language: tag.unwrap_or_else(|| config.settings.language.clone()),
        translation: rel.to_owned(),
        date: None,
        name: name.to_owned(),
        bundle: None,
        dir: paths::parent(rel).to_owned(),
        draft: false,
        post: false,
        categories: Vec::new(),
        section: Some("/".into()),
    };
    if fields.bool(&["published"]) == Some(false) {
        placed.draft = true;
    }
    if !matches!(located, Place::Page { .. })
        && let Some((date, rest)) = dates::from_file_name(name)
    {
        placed.date = Some(date);
        placed.name = rest.to_owned();
        name = rest;
    }
    if let Place::Post { categories, draft, .. } = &located {
        placed.post = true;
        placed.draft |= *draft;
        placed.categories = categories
            .split('/')
            .filter(|c| !c.is_empty())
            .map(str::to_owned)
            .collect();
        if placed.date.is_none() && !draft {
            placed.draft = true;
            fields.problems.warn(
                rel,
                None,
                "a post's file name starts with its date (2021-01-02-name.md); kept as a draft",
            );
        }
    }
    let explicit = fields.string(&["permalink"]);
    let slug = fields.string(&["slug"]);
    let template = match (&explicit, &located) {
        (Some(raw), _) => style(raw, matches!(located, Place::Post { .. })),
        (None, Place::Post { .. }) => {
            let own = rules.collections.get("posts").and_then(|c| c.permalink.clone());
            style(own.as_deref().unwrap_or(&rules.permalink), true)
        }
        (None, Place::Item { collection, .. }) => {
            let own = rules.collections.get(*collection).and_then(|c| c.permalink.clone());
            own.map_or_else(
                || default_of("/:collection/:path", &rules.permalink),
                |t| style(&t, false),
            )
        }
        (None, Place::Page { .. }) if name == "index" => "/:dir/".to_owned(),
        (None, Place::Page { .. }) => default_of("/:dir/:basename", &rules.permalink),
    };
    if let Place::Item { collection, .. } = &located {
        placed.section = Some(paths::site_path(collection));
    }
    let moment = moment(fields, config, placed.date);
    let mut categories = placed.categories.clone();
    categories.extend(categories_of(fields));
    let tokens = Tokens {
        moment,
        stem,
        name,
        slug: slug.as_deref(),
        categories,
        collection: kind,
    };
    let (path, old) = match tokens.fill(&template) {
        Ok(raw) if explicit.is_some() => explicit_path(&raw, "permalink", fields),
        Ok(raw) => paths::from_output(&raw),
        Err(token) => {
            let message = format!(
                "permalink `{}` needs `{token}`, which this file does not have",
                shown(&template)
            );
            fields.problems.warn(rel, None, message);
            (paths::site_path(stem), None)
        }
    };
    placed.path = path;
    placed.old = old;
    if placed.path == "/" {
        let hollow = !matches!(located, Place::Page { .. }) || name != "index" && explicit.is_none();
        if hollow {
            placed.path = format!("/{}/", segment_or_hash(name, fields, paths::segment));
        } else {
            placed.what = What::Home;
        }
    }
    placed
}

/// A built-in style as its template.
fn style(raw: &str, post: bool) -> String {
    if !post {
        return raw.to_owned();
    }
    match raw {
        "date" => "/:categories/:year/:month/:day/:title:output_ext",
        "pretty" => "/:categories/:year/:month/:day/:title/",
        "ordinal" => "/:categories/:year/:y_day/:title:output_ext",
        "weekdate" => "/:categories/:year/W:week/:short_day/:title:output_ext",
        "none" => "/:categories/:title:output_ext",
        other => other,
    }
    .to_owned()
}

/// Pages and collections take only the ending from the site's permalink.
fn default_of(stem: &str, permalink: &str) -> String {
    let file = matches!(permalink, "date" | "ordinal" | "weekdate" | "none") || permalink.ends_with(":output_ext");
    if file {
        format!("{stem}.html")
    } else {
        format!("{stem}/")
    }
}

fn moment(fields: &Fields, config: &Config, file: Option<NaiveDate>) -> Option<DateTime<Tz>> {
    let written = fields.peek("date").and_then(|d| dates::parse(d.as_str()?, config.zone));
    written
        .or_else(|| dates::midnight(file?, config.zone))
        .map(|d| d.with_timezone(&config.zone))
}

/// Categories as the front matter has them: a list, or words in one text.
pub(in crate::folder) fn categories_of(fields: &Fields) -> Vec<String> {
    let list = |key: &str| match fields.peek(key) {
        Some(serde_json::Value::String(s)) if key == "category" => vec![s.clone()],
        Some(serde_json::Value::String(s)) => s.split_whitespace().map(str::to_owned).collect(),
        Some(serde_json::Value::Array(items)) => items.iter().filter_map(text).collect(),
        _ => Vec::new(),
    };
    let mut out = list("category");
    out.extend(list("categories"));
    out
}

struct Tokens<'a> {
    moment: Option<DateTime<Tz>>,
    /// Path below the collection without ending.
    stem: &'a str,
    name: &'a str,
    slug: Option<&'a str>,
    categories: Vec<String>,
    collection: &'a str,
}

impl Tokens<'_> {
    fn fill(&self, template: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = template;
        while let Some(at) = rest.find(':') {
            out.push_str(&rest[..at]);
            let end = rest[at + 1..]
                .find(|c: char| !(c.is_ascii_lowercase() || c == '_'))
                .map_or(rest.len(), |n| at + 1 + n);
            out.push_str(&self.value(&rest[at + 1..end])?);
            rest = &rest[end..];
        }
        out.push_str(rest);
        while out.contains("//") {
            out = out.replace("//", "/");
        }
        Ok(out)
    }

    fn value(&self, token: &str) -> Result<String, String> {
        let day = || self.moment.ok_or_else(|| format!(":{token}"));
        let date = |format: &str| day().map(|d| d.format(format).to_string());
        let title = || paths::segment(self.slug.unwrap_or(self.name));
        match token {
            "year" => date("%Y"),
            "short_year" => date("%y"),
            "month" => date("%m"),
            "i_month" => day().map(|d| d.month().to_string()),
            "short_month" => date("%b"),
            "long_month" => date("%B"),
            "day" => date("%d"),
            "i_day" => day().map(|d| d.day().to_string()),
            "y_day" => date("%j"),
            "week" => date("%V"),
            "w_year" => date("%G"),
            "short_day" => date("%a"),
            "long_day" => date("%A"),
            "w_day" => date("%u"),
            "hour" => day().map(|d| format!("{:02}", d.hour())),
            "minute" => day().map(|d| format!("{:02}", d.minute())),
            "second" => day().map(|d| format!("{:02}", d.second())),
            "title" => Ok(title()),
            "slug" => Ok(paths::segment(&slug::slugify(self.slug.unwrap_or(self.name)))),
            "name" | "basename" => Ok(paths::segment(paths::file_name(self.stem))),
            "path" => Ok(self.stem.to_owned()),
            "dir" => Ok(paths::parent(self.stem).to_owned()),
            "collection" => Ok(self.collection.to_owned()),
            "categories" => Ok(self
                .categories
                .iter()
                .map(|c| paths::segment(&c.to_lowercase()))
                .collect::<Vec<_>>()
                .join("/")),
            "slugified_categories" => Ok(self
                .categories
                .iter()
                .map(|c| paths::slugify(c))
                .collect::<Vec<_>>()
                .join("/")),
            "output_ext" => Ok(".html".into()),
            _ => Err(format!(":{token}")),
        }
    }
}
