//! Links of finished pages, followed as a visitor's browser would.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Mutex;

use super::html::{Tag, Tags, line_of};
use crate::address::{Address, Target};
use crate::diagnostic::Diagnostic;
use crate::markdown::text::collapse;
use crate::output::{FileKind, OutFile, Report, Sink};
use crate::paths;
use crate::share_image::ShareImage;

/// Places that browsers have on every page.
const BROWSER_ANCHORS: &[&str] = &["", "top"];

/// A sink that keeps nothing of what it is given but what it found: for `check`.
pub struct Inspector {
    address: Address,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    files: HashSet<String>,
    /// Ids by page path.
    ids: HashMap<String, HashSet<String>>,
    links: Vec<Link>,
}

/// A link within the site.
struct Link {
    from: String,
    line: usize,
    to: String,
    fragment: String,
    is_image: bool,
}

impl Inspector {
    /// `base_url` is that of the site's settings.
    pub fn new(base_url: &str) -> Self {
        let address = Address::new(base_url).unwrap_or_else(|_| Address {
            base_url: "http://localhost".into(),
            base_path: String::new(),
        });
        Self {
            address,
            seen: Mutex::default(),
        }
    }

    /// Adds what was found to the report of the render. Links that the render has reported by their text are not said twice.
    pub fn finish(self, report: &mut Report) {
        let mut seen = self.seen.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        seen.files.extend(report.media.iter().map(|m| paths::file_of(&m.path)));
        let known: HashSet<(String, &str)> = report.diagnostics.iter().map(|d| (d.page.clone(), d.code)).collect();
        let mut found = Vec::new();
        for link in &seen.links {
            let file = paths::file_of(&link.to);
            let folder = format!("{}/index.html", link.to.trim_matches('/'));
            let there = seen.files.contains(&file) || seen.files.contains(&folder);
            let place = format!("line {} of its HTML", link.line);
            let (code, message) = if !there {
                let code = if link.is_image { "image-missing" } else { "link-missing" };
                (code, format!("{place}: {} is not on this site", link.to))
            } else if let Some(ids) = seen.ids.get(&link.to)
                && !BROWSER_ANCHORS.contains(&link.fragment.as_str())
                && !link.fragment.starts_with(":~:")
                && !ids.contains(&link.fragment)
            {
                (
                    "anchor-missing",
                    format!("{place}: {} has no place #{}", link.to, link.fragment),
                )
            } else {
                continue;
            };
            if !known.contains(&(link.from.clone(), code)) {
                found.push(Diagnostic::warning(&link.from, code, message));
            }
        }
        report.extend(found);
    }

    fn page(&self, path: &str, html: &str) -> (HashSet<String>, Vec<Link>) {
        let mut ids = HashSet::new();
        let mut links = Vec::new();
        let mut tags = Tags::new(html);
        while let Some(tag) = tags.next() {
            if !tag.closing {
                ids.extend(tag.attribute("id").map(unescape));
                links.extend(self.link(path, html, &tag));
            }
        }
        (ids, links)
    }

    fn link(&self, path: &str, html: &str, tag: &Tag<'_, '_>) -> Option<Link> {
        let (value, is_image) = match tag.name {
            "a" | "link" | "area" => (tag.attribute("href")?, false),
            "img" | "source" | "video" | "script" => (tag.attribute("src")?, tag.name == "img"),
            _ => return None,
        };
        let value = unescape(value);
        let at = self.address.href(path);
        let (to, fragment) = match self.address.target(&value, &at) {
            Target::Fragment(fragment) => (path.to_owned(), fragment.into_owned()),
            Target::Site { path: to, suffix } => {
                // Links in pages carry the path of the base URL, absolute addresses have lost it.
                let to = match value.starts_with(&self.address.base_url) {
                    true => to,
                    false => to.strip_prefix(self.address.base_path.as_str())?.to_owned(),
                };
                let fragment = suffix.split_once('#').map_or("", |(_, f)| f);
                (to, fragment.to_owned())
            }
            _ => return None,
        };
        let fragment = percent_encoding::percent_decode_str(&fragment)
            .decode_utf8_lossy()
            .into_owned();
        Some(Link {
            from: path.to_owned(),
            line: line_of(html, tag.at),
            to,
            fragment,
            is_image,
        })
    }
}

impl Sink for Inspector {
    /// Nothing can be wrong with it, so it is not drawn.
    fn share(&self, image: &ShareImage) -> ControlFlow<()> {
        let mut seen = self.seen.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        seen.files.insert(image.file());
        ControlFlow::Continue(())
    }

    fn file(&self, file: OutFile) -> ControlFlow<()> {
        let mut result = None;
        if file.kind == FileKind::Page
            && let Ok(html) = std::str::from_utf8(&file.bytes)
        {
            let path = format!("/{}", file.path.strip_suffix("index.html").unwrap_or(&file.path));
            let (ids, links) = self.page(&path, html);
            result = Some((path, ids, links));
        }
        let mut seen = self.seen.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        seen.files.insert(file.path);
        if let Some((path, ids, mut links)) = result {
            seen.links.append(&mut links);
            seen.ids.insert(path, ids);
        }
        ControlFlow::Continue(())
    }
}

/// Undoes the escapes of an attribute.
fn unescape(value: &str) -> String {
    if !value.contains('&') {
        return value.to_owned();
    }
    let text = value
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&#x27;", "'")
        .replace("&#x2F;", "/");
    collapse(&text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}
