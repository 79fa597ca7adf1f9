//! What has to change in the bucket for a release to be there, and in which order: pure.

use std::collections::HashSet;

use chrono::{DateTime, Duration, Utc};

use crate::manifest::{Gone, Manifest, Print};
use crate::settings::{Compression, Settings};

/// One file of a release.
#[derive(Debug, Clone)]
pub struct File {
    /// Below the site, without a leading slash.
    pub path: String,
    /// BLAKE3 of the content.
    pub hash: [u8; 32],
    /// Length of the content.
    pub bytes: u64,
    /// There are packed forms of it.
    pub compressed: bool,
    /// Its name changes with its content.
    pub immutable: bool,
    /// With the charset of texts.
    pub content_type: String,
    /// Where this address leads, if that is all it does.
    pub redirect: Option<String>,
}

/// A packed form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Gzip,
    Brotli,
}

impl Encoding {
    /// As in `Content-Encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Brotli => "br",
        }
    }
}

/// When a file goes up: only what can be seen without error by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// What pages are made with: styles, scripts, fonts, images.
    Asset,
    Page,
    /// What lists pages: feeds, sitemaps, search indexes, `robots.txt`.
    List,
    /// The page of the site itself.
    Front,
}

impl Step {
    pub const ALL: [Self; 4] = [Self::Asset, Self::Page, Self::List, Self::Front];
}

impl File {
    pub fn step(&self) -> Step {
        step(&self.path, self.immutable, &self.content_type)
    }

    /// The form it is stored in.
    pub(crate) fn encoding(&self, settings: &Settings) -> Option<Encoding> {
        match settings.compression {
            _ if !self.compressed => None,
            Compression::None => None,
            Compression::Gzip => Some(Encoding::Gzip),
            Compression::Brotli => Some(Encoding::Brotli),
        }
    }

    pub(crate) fn cache_control<'s>(&self, settings: &'s Settings) -> &'s str {
        if self.immutable {
            &settings.asset_cache
        } else {
            &settings.page_cache
        }
    }

    pub(crate) fn redirect(&self, settings: &Settings) -> Option<&str> {
        self.redirect.as_deref().filter(|_| settings.redirect_headers)
    }

    /// What the object is, with all that is said with it.
    pub fn print(&self, settings: &Settings, encoding: Option<Encoding>) -> Print {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.hash);
        for text in [
            self.content_type.as_str(),
            self.cache_control(settings),
            encoding.map_or("", Encoding::name),
            self.redirect(settings).unwrap_or_default(),
        ] {
            hasher.update(&text.len().to_le_bytes());
            hasher.update(text.as_bytes());
        }
        let mut first = [0; 16];
        first.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Print(u128::from_be_bytes(first))
    }
}

fn step(path: &str, immutable: bool, content_type: &str) -> Step {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    let lists = kind.ends_with("xml") || kind.ends_with("json") || matches!(kind, "text/plain" | "text/markdown");
    match kind {
        _ if immutable => Step::Asset,
        "text/html" if path == "index.html" => Step::Front,
        "text/html" => Step::Page,
        // Drawings are XML and assets.
        "image/svg+xml" => Step::Asset,
        _ if lists => Step::List,
        _ => Step::Asset,
    }
}

/// The same for what is in the bucket and no more in the release: by its name alone.
fn outlives_its_page(path: &str) -> bool {
    let ending = path
        .rsplit('/')
        .next()
        .and_then(|name| name.rsplit_once('.'))
        .map(|(_, ending)| ending);
    !matches!(
        ending,
        None | Some("html" | "htm" | "xml" | "json" | "txt" | "md" | "webmanifest")
    )
}

/// What is to do.
#[derive(Debug)]
pub struct Plan {
    /// Positions in the list of files, by step.
    pub put: [Vec<usize>; 4],
    /// Goes once the rest is up.
    pub remove: Vec<String>,
    /// What the manifest says while it is done: nothing of what may change.
    pub manifest: Manifest,
}

impl Plan {
    /// Compares a release with what is there. `whole` takes nothing for there.
    pub fn new(mut manifest: Manifest, files: &[File], settings: &Settings, now: DateTime<Utc>, whole: bool) -> Self {
        let mut put: [Vec<usize>; 4] = Default::default();
        let mut wanted = HashSet::with_capacity(files.len());
        for (i, file) in files.iter().enumerate() {
            wanted.insert(file.path.as_str());
            let print = file.print(settings, file.encoding(settings));
            let kept = manifest.gone.remove(&file.path).map(|gone| gone.print);
            let there = manifest.objects.get(&file.path).copied().or(kept).flatten();
            let same = there == Some(print) && !whole;
            manifest.objects.insert(file.path.clone(), same.then_some(print));
            if !same {
                put[file.step() as usize].push(i);
            }
        }
        let mut remove = Vec::new();
        let gone = &mut manifest.gone;
        manifest.objects.retain(|path, print| {
            if wanted.contains(path.as_str()) {
                return true;
            }
            if outlives_its_page(path) {
                gone.insert(
                    path.clone(),
                    Gone {
                        print: *print,
                        since: now,
                    },
                );
                return false;
            }
            remove.push(path.clone());
            true
        });
        remove.extend(expired(&manifest, settings, now));
        doubt(&mut manifest, &remove);
        Self { put, remove, manifest }
    }

    pub fn puts(&self) -> usize {
        self.put.iter().map(Vec::len).sum()
    }
}

/// Before objects are removed: they are named until they are gone, and not vouched for.
pub(crate) fn doubt(manifest: &mut Manifest, paths: &[String]) {
    for path in paths {
        if let Some(print) = manifest.objects.get_mut(path) {
            *print = None;
        }
        if let Some(gone) = manifest.gone.get_mut(path) {
            gone.print = None;
        }
    }
}

/// What no open page can ask for any more.
fn expired(manifest: &Manifest, settings: &Settings, now: DateTime<Utc>) -> Vec<String> {
    let kept = Duration::hours(settings.keep_hours.into());
    let gone = manifest.gone.iter().filter(|(_, gone)| gone.since + kept <= now);
    gone.map(|(path, _)| path.clone()).collect()
}

/// When there is something to remove again.
pub(crate) fn next_expiry(manifest: &Manifest, settings: &Settings) -> Option<DateTime<Utc>> {
    let since = manifest.gone.values().map(|gone| gone.since).min()?;
    Some(since + Duration::hours(settings.keep_hours.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, content: &str) -> File {
        let content_type = match path.rsplit('.').next() {
            Some("html") => "text/html; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("xml") => "text/xml; charset=utf-8",
            Some("svg") => "image/svg+xml; charset=utf-8",
            Some("txt") => "text/plain; charset=utf-8",
            _ => "application/octet-stream",
        };
        File {
            path: path.into(),
            hash: *blake3::hash(content.as_bytes()).as_bytes(),
            bytes: content.len() as u64,
            compressed: content_type.starts_with("text/"),
            immutable: path.starts_with("assets/"),
            content_type: content_type.into(),
            redirect: None,
        }
    }

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + hours * 3600, 0).unwrap()
    }

    fn put<'f>(plan: &Plan, files: &'f [File]) -> Vec<Vec<&'f str>> {
        let paths = |some: &Vec<usize>| some.iter().map(|&i| files[i].path.as_str()).collect();
        plan.put.iter().map(paths).collect()
    }

    /// As if all of a plan was done.
    fn done(plan: Plan, files: &[File], settings: &Settings) -> Manifest {
        let mut manifest = plan.manifest;
        for &i in plan.put.iter().flatten() {
            let print = files[i].print(settings, files[i].encoding(settings));
            manifest.objects.insert(files[i].path.clone(), Some(print));
        }
        for path in plan.remove {
            manifest.objects.remove(&path);
            manifest.gone.remove(&path);
        }
        manifest
    }

    #[test]
    fn only_what_changed_goes_up_and_the_front_page_last() {
        let settings = Settings::default();
        let first = [
            file("index.html", "home"),
            file("sitemap.xml", "map"),
            file("robots.txt", "all"),
            file("a/index.html", "a"),
            file("assets/site.1.css", "one"),
            file("logo.svg", "logo"),
        ];
        let plan = Plan::new(Manifest::new("s"), &first, &settings, at(0), false);
        let expected = [
            vec!["assets/site.1.css", "logo.svg"],
            vec!["a/index.html"],
            vec!["sitemap.xml", "robots.txt"],
            vec!["index.html"],
        ];
        assert_eq!(put(&plan, &first), expected);
        assert!(
            plan.manifest.objects.values().all(Option::is_none),
            "nothing is vouched for yet"
        );
        let manifest = done(plan, &first, &settings);
        let plan = Plan::new(manifest.clone(), &first, &settings, at(1), false);
        assert_eq!((plan.puts(), plan.remove.len()), (0, 0));
        assert_eq!(plan.manifest, manifest);
        assert_eq!(Plan::new(manifest.clone(), &first, &settings, at(1), true).puts(), 6);

        // A style has a new name, a page is gone.
        let second = [
            file("index.html", "home 2"),
            file("assets/site.2.css", "two"),
            first[1].clone(),
            first[2].clone(),
            first[5].clone(),
        ];
        let plan = Plan::new(manifest, &second, &settings, at(2), false);
        assert_eq!(
            put(&plan, &second),
            [vec!["assets/site.2.css"], vec![], vec![], vec!["index.html"]]
        );
        assert_eq!(
            plan.remove,
            ["a/index.html"],
            "the old style stays for those who read the old page"
        );
        assert_eq!(
            plan.manifest.objects["a/index.html"], None,
            "it may be gone before the copy breaks off"
        );
        let manifest = done(plan, &second, &settings);
        assert_eq!(next_expiry(&manifest, &settings), Some(at(26)));
        assert!(expired(&manifest, &settings, at(25)).is_empty());
        assert_eq!(expired(&manifest, &settings, at(26)), ["assets/site.1.css"]);

        // Back again: what was kept need not go up.
        let plan = Plan::new(manifest.clone(), &first, &settings, at(3), false);
        assert_eq!(
            put(&plan, &first),
            [vec![], vec!["a/index.html"], vec![], vec!["index.html"]]
        );
        assert!(plan.manifest.gone.contains_key("assets/site.2.css"));
        // After a day it has to.
        let plan = Plan::new(manifest, &second, &settings, at(30), false);
        assert_eq!(plan.manifest.gone["assets/site.1.css"].print, None);
        let manifest = done(plan, &second, &settings);
        assert!(manifest.gone.is_empty());
        let plan = Plan::new(manifest, &first, &settings, at(31), false);
        assert_eq!(put(&plan, &first)[0], ["assets/site.1.css"]);
    }

    #[test]
    fn what_a_copy_that_broke_off_touched_is_not_trusted() {
        let settings = Settings::default();
        let first = [file("index.html", "home"), file("a/index.html", "a")];
        let manifest = done(
            Plan::new(Manifest::new("s"), &first, &settings, at(0), false),
            &first,
            &settings,
        );
        // The second release got as far as its pages, then the first one is wanted again.
        let second = [
            file("index.html", "home"),
            file("a/index.html", "other"),
            file("b/index.html", "b"),
            file("assets/b.css", "b"),
        ];
        let broken_off = Plan::new(manifest, &second, &settings, at(1), false).manifest;
        let plan = Plan::new(broken_off, &first, &settings, at(2), false);
        assert_eq!(
            put(&plan, &first),
            [vec![], vec!["a/index.html"], vec![], Vec::<&str>::new()]
        );
        assert_eq!(plan.remove, ["b/index.html"]);
        assert_eq!(plan.manifest.gone["assets/b.css"].print, None);
    }

    #[test]
    fn other_headers_are_another_object() {
        let file = file("old/index.html", "moved");
        let usual = Settings::default();
        let print = file.print(&usual, Some(Encoding::Gzip));
        let page_cache = Settings {
            page_cache: "no-store".into(),
            ..usual.clone()
        };
        let asset_cache = Settings {
            asset_cache: "no-store".into(),
            ..usual.clone()
        };
        let redirects = Settings {
            redirect_headers: true,
            ..usual.clone()
        };
        let leads = File {
            redirect: Some("/new/".into()),
            ..file.clone()
        };
        assert_ne!(file.print(&page_cache, Some(Encoding::Gzip)), print);
        assert_eq!(file.print(&asset_cache, Some(Encoding::Gzip)), print);
        assert_ne!(file.print(&usual, None), print);
        assert_eq!(leads.print(&usual, Some(Encoding::Gzip)), print);
        assert_ne!(leads.print(&redirects, Some(Encoding::Gzip)), print);
    }
}
