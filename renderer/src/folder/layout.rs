//! Which generator a folder was written for.

use std::collections::BTreeSet;

use super::walk::File;

/// The layouts that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    Zola,
    Hugo,
    Jekyll,
    /// Our own: `site.toml` beside `content/`, or a bare folder of Markdown.
    Plain,
}

impl Layout {
    /// The generator's name as its users write it.
    pub fn name(self) -> &'static str {
        match self {
            Layout::Zola => "Zola",
            Layout::Hugo => "Hugo",
            Layout::Jekyll => "Jekyll",
            Layout::Plain => "plain",
        }
    }
}

/// Content files looked at when no configuration tells.
const SAMPLE: usize = 50;

/// Recognises a layout by its configuration file, then by its folders, then by the front matter of its first pages.
pub(super) fn detect(files: &[File]) -> Layout {
    let names: BTreeSet<&str> = files.iter().map(|f| f.rel.as_str()).collect();
    let has = |name: &str| names.contains(name);
    let has_dir = |dir: &str| files.iter().any(|f| f.rel.starts_with(dir));
    if has("site.toml") {
        return Layout::Plain;
    }
    if has("_config.yml") || has("_config.yaml") || has("_config.toml") {
        return Layout::Jekyll;
    }
    if ["hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json"]
        .iter()
        .any(|n| has(n))
        || has_dir("config/_default/")
    {
        return Layout::Hugo;
    }
    if has("zola.toml") {
        return Layout::Zola;
    }
    if has("config.yaml") || has("config.yml") || has("config.json") {
        return Layout::Hugo;
    }
    if let Some(config) = files.iter().find(|f| f.rel == "config.toml") {
        let zola = head(config).lines().any(|l| l.trim_start().starts_with("base_url"));
        return if zola { Layout::Zola } else { Layout::Hugo };
    }
    if has_dir("_posts/") {
        return Layout::Jekyll;
    }
    if has_dir("content/") {
        let markdown = files
            .iter()
            .filter(|f| f.rel.starts_with("content/") && f.rel.ends_with(".md"));
        for file in markdown.take(SAMPLE) {
            match head(file).trim_start_matches('\u{feff}') {
                h if h.starts_with("+++") => return Layout::Zola,
                h if h.starts_with("---") => return Layout::Hugo,
                _ => {}
            }
        }
    }
    Layout::Plain
}

/// The first bytes of a file, as far as they are text.
fn head(file: &File) -> String {
    use std::io::Read;
    let mut bytes = Vec::new();
    if let Ok(open) = std::fs::File::open(&file.abs) {
        // What cannot be read is reported when its turn comes.
        let _ = open.take(64 * 1024).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
