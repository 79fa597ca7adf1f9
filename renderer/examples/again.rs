//! How long a render takes after a change, for a site in a folder:
//!
//!     cargo run --profile render -p igny8-renderer --example again -- FOLDER [THEME] [RELEASES]
//!
//! Shown are the first render, one without a change, and one after each of some changes, each with how many files it made. Only
//! hashes of files are kept, or releases are written below the folder RELEASES and made live; share images are not drawn.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use chrono::TimeDelta;
use igny8_renderer::folder::{ReadOptions, read};
use igny8_renderer::release::{self, FolderMedia, write_release};
use igny8_renderer::share_image::ShareImage;
use igny8_renderer::site::{Body, SharedPage, Site};
use igny8_renderer::{FileKind, MadeFile, Memo, OutFile, Report, Sink, Theme, render_again_unreviewed, review};

/// Knows the contents of files by their hashes.
#[derive(Default)]
struct Hashes {
    before: BTreeMap<String, [u8; 32]>,
    now: Mutex<Vec<(String, [u8; 32])>>,
}

/// Takes share images for drawn.
struct Undrawn<'a>(&'a dyn Sink);

impl Sink for Undrawn<'_> {
    fn file(&self, file: OutFile) -> ControlFlow<()> {
        self.0.file(file)
    }

    fn keeps(&self, files: &[MadeFile]) -> bool {
        self.0.keeps(files)
    }

    fn names(&self) -> Option<&str> {
        self.0.names()
    }

    fn follows(&self) -> Option<&str> {
        self.0.follows()
    }

    fn keeps_all_but(&self, files: &mut dyn Iterator<Item = &MadeFile>) -> bool {
        self.0.keeps_all_but(files)
    }

    fn has(&self, path: &str) -> bool {
        self.0.has(path)
    }

    fn share(&self, image: &ShareImage) -> ControlFlow<()> {
        if self.0.has(&image.file()) {
            return ControlFlow::Continue(());
        }
        self.0.file(OutFile {
            path: image.file(),
            bytes: image.key().as_bytes().to_vec(),
            kind: FileKind::Asset,
            hash: None,
        })
    }
}

impl Sink for Hashes {
    fn file(&self, file: OutFile) -> ControlFlow<()> {
        self.put(file.path, file.hash.unwrap_or_default());
        ControlFlow::Continue(())
    }

    fn keeps(&self, files: &[MadeFile]) -> bool {
        let has = |file: &MadeFile| self.before.get(&file.path) == Some(&file.hash);
        files.iter().all(has)
    }

    fn has(&self, path: &str) -> bool {
        self.before.contains_key(path)
    }
}

impl Hashes {
    fn put(&self, path: String, hash: [u8; 32]) {
        self.now.lock().unwrap_or_else(|e| e.into_inner()).push((path, hash));
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("which folder?")?;
    let theme = Theme::builtin(arguments.next().as_deref().unwrap_or("ember"))?;
    let options = ReadOptions {
        texts_in_memory: u64::MAX,
        ..ReadOptions::new("2026-01-01T00:00:00Z".parse()?)
    };
    let mut site = read(Path::new(&folder), &options)?.site;
    let middle = site.pages.len() / 2;
    let releases = arguments.next().map(PathBuf::from);
    let (mut live, mut version) = (None, 0);
    let mut memo = Memo::default();
    let mut known = BTreeMap::new();
    let mut render = |what: &str, site: &Site| {
        let sink = Hashes {
            before: std::mem::take(&mut known),
            now: Mutex::default(),
        };
        let site = Arc::new(site.clone());
        let start = Instant::now();
        let report = match &releases {
            None => render_again_unreviewed(&site, &theme, &Undrawn(&sink), &mut memo),
            Some(folder) => {
                let mut report = Report::default();
                version += 1;
                let media = FolderMedia(folder.clone());
                let written = write_release(folder, &version.to_string(), live.as_ref(), &media, |sink| {
                    report = render_again_unreviewed(&site, &theme, &Undrawn(sink), &mut memo);
                    Some(std::mem::take(&mut report.media))
                });
                let release = written.expect("a release").expect("not given up").release;
                release::publish(folder, &release).expect("published");
                live = Some(release);
                report
            }
        };
        let took = start.elapsed();
        let later = Instant::now();
        if report.unreviewed {
            review(&mut memo, &theme);
        }
        let later = later.elapsed();
        known = sink.before;
        let now = sink.now.into_inner().unwrap_or_default();
        let differ = now.iter().filter(|(path, hash)| known.get(path) != Some(hash)).count();
        known.extend(now);
        println!(
            "{what:<24} {:>9.1} ms, then {:>5.1} ms  {:>6} of {} files made, {differ} are new or different",
            took.as_secs_f64() * 1e3,
            later.as_secs_f64() * 1e3,
            report.made,
            report.files
        );
    };
    render("everything", &site);
    render("no change", &site);
    for _ in 0..3 {
        let (Body::Markdown(text) | Body::Html(text)) = &mut site.pages[middle].body;
        text.push_str("\n\nOne more paragraph.\n");
        render("a text", &site);
    }
    for second in 0..3 {
        let page = &mut site.pages[middle];
        let (Body::Markdown(text) | Body::Html(text)) = &mut page.body;
        text.push_str("\n\nOne more paragraph.\n");
        page.updated_at = Some(options.generated_at + TimeDelta::seconds(second));
        render("a text, and its date", &site);
    }
    site.pages[middle].title.push_str(" again");
    render("a title", &site);
    let mut post = site.pages[middle].clone().into_page();
    post.id.push_str("-new");
    post.path = format!("{}-new/", post.path.trim_end_matches('/'));
    post.published_at = Some("2025-12-31T00:00:00Z".parse()?);
    site.pages.push(SharedPage::from(post));
    render("a new post", &site);
    site.pages.remove(middle + 1);
    render("a page deleted", &site);
    site.settings.title.push('!');
    render("the site's title", &site);
    Ok(())
}
