//! Which file of an export holds which page, such that the reader finds the page's address by itself.

use std::collections::{HashMap, HashSet};

use crate::folder::ReadOptions;
use crate::folder::config::plain::Plain;
use crate::folder::config::{Config, Rules};
use crate::folder::fields::Fields;
use crate::folder::front_matter::Map;
use crate::folder::layout::Layout;
use crate::folder::links::Index;
use crate::folder::place::{self, Placed};
use crate::folder::problem::Problems;
use crate::folder::{dates, paths};
use crate::site::{Body, Page, Section, Site};

/// A page or section and its file.
pub(super) struct Item<'a, T> {
    pub of: &'a T,
    /// Path below the export's folder.
    pub rel: String,
    /// What the reader makes of that path alone.
    pub derived: Placed,
}

pub(super) struct Plan<'a> {
    pub pages: Vec<Item<'a, Page>>,
    pub sections: Vec<Item<'a, Section>>,
    /// Sections by source folder and language, as the reader will know them.
    pub folders: HashMap<(String, String), String>,
    pub index: Index,
    pub config: Config,
}

impl<'a> Plan<'a> {
    pub fn new(site: &'a Site, problems: &Problems) -> Self {
        let options = ReadOptions::new(site.generated_at);
        let mut config = Config::new(Layout::Plain, Rules::Plain(Plain { declared: true }), &options);
        config.settings = site.settings.clone();
        config.zone = site.settings.time_zone.parse().unwrap_or_default();
        let mut used = HashSet::new();
        let mut sections: Vec<Item<Section>> = Vec::new();
        for section in sorted(&site.sections, |s| s.path.as_str()) {
            let rel = section_file(section, &mut used);
            check(&section.path, &rel, problems);
            let derived = derive(&rel, &config);
            sections.push(Item {
                of: section,
                rel,
                derived,
            });
        }
        let mut pages: Vec<Item<Page>> = Vec::new();
        for page in sorted(&site.pages, |p| p.path.as_str()) {
            let rel = page_file(page, &config, &mut used);
            check(&page.path, &rel, problems);
            let derived = derive(&rel, &config);
            pages.push(Item { of: page, rel, derived });
        }
        let folders = sections
            .iter()
            .map(|s| {
                (
                    (paths::parent(&s.rel).to_owned(), s.of.language.clone()),
                    s.of.path.clone(),
                )
            })
            .collect();
        let mut index = Index::default();
        let all = sections
            .iter()
            .map(|s| (&s.rel, &s.of.path))
            .chain(pages.iter().map(|p| (&p.rel, &p.of.path)));
        for (rel, path) in all {
            index.files.insert(rel.clone(), path.clone());
            index.pages.insert(path.clone());
        }
        for media in &site.media {
            index.media.insert(format!("static{}", media.path), media.path.clone());
            index.public.insert(media.path.clone());
        }
        Plan {
            pages,
            sections,
            folders,
            index,
            config,
        }
    }
}

/// In the order of addresses, so that who gets a contested file name does not depend on the order of rows.
fn sorted<T>(items: &[T], key: impl Fn(&T) -> &str) -> Vec<&T> {
    let mut out: Vec<&T> = items.iter().collect();
    out.sort_by(|a, b| key(a).cmp(key(b)));
    out
}

fn check(path: &str, rel: &str, problems: &Problems) {
    if paths::site_path(path) != path {
        let message = format!(
            "address `{}` will read as `{}`",
            path.escape_debug(),
            paths::site_path(path)
        );
        problems.warn(rel, None, message);
    }
}

fn derive(rel: &str, config: &Config) -> Placed {
    // Whatever a bare path may be reported for, the page's own front matter will say.
    let silent = Problems::default();
    place::place(&mut Fields::new(Map::new(), rel, "", 0, &silent), config)
}

fn ending(body: &Body) -> &'static str {
    match body {
        Body::Markdown(_) => "md",
        Body::Html(_) => "html",
    }
}

fn page_file(page: &Page, config: &Config, used: &mut HashSet<String>) -> String {
    let inner = page.path.trim_matches('/');
    let stem = paths::file_name(inner);
    let sound = paths::site_path(&page.path) == page.path
        && !matches!(stem, "index" | "_index" | "")
        && dates::from_file_name(stem).is_none()
        && !stem.rsplit_once('.').is_some_and(|(_, tag)| config.is_language(tag));
    let plain = if inner.is_empty() {
        "content/index".into()
    } else {
        format!("content/{inner}")
    };
    // File systems that ignore case would lose one of two.
    let stem = if (sound || inner.is_empty()) && used.insert(plain.to_lowercase()) {
        plain
    } else {
        let made = format!("content/page-{}", &blake3::hash(page.path.as_bytes()).to_hex()[..16]);
        used.insert(made.clone());
        made
    };
    format!("{stem}.{}", ending(&page.body))
}

fn section_file(section: &Section, used: &mut HashSet<String>) -> String {
    let inner = section.path.trim_matches('/');
    let sound = paths::site_path(&section.path) == section.path;
    let plain = if inner.is_empty() {
        "content/_index".into()
    } else {
        format!("content/{inner}/_index")
    };
    let stem = if sound && used.insert(plain.to_lowercase()) {
        plain
    } else {
        let made = format!(
            "content/section-{}/_index",
            &blake3::hash(section.path.as_bytes()).to_hex()[..16]
        );
        used.insert(made.clone());
        made
    };
    format!("{stem}.{}", ending(&section.body))
}
