//! `igny8-render serve`: the site from memory on this machine, built again when a file changes, with the browser told to reload.
//!
//! Only the binary has this: the library knows no network.

mod http;
mod watch;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use igny8_renderer::images::ImageCache;
use igny8_renderer::release::MediaSource;
use igny8_renderer::site::Media;
use igny8_renderer::{Diagnostic, MadeFile, Memo, OutFile, Sink};

use super::{ServeArgs, source, theme};

/// Findings printed after each build before the rest is only counted.
const SHOWN: usize = 20;

/// A built site.
struct Built {
    files: BTreeMap<String, Kept>,
    /// By file path.
    media: HashMap<String, Media>,
    source: Cached,
}

/// A file with the hash of its content.
type Kept = (Arc<OutFile>, [u8; 32]);

/// Takes files, and keeps those of the build before.
struct KeepingSink<'a> {
    before: Option<&'a Built>,
    now: Mutex<BTreeMap<String, Kept>>,
}

impl KeepingSink<'_> {
    fn now(&self) -> MutexGuard<'_, BTreeMap<String, Kept>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for KeepingSink<'_> {
    fn file(&self, file: OutFile) -> ControlFlow<()> {
        let hash = file.hash.unwrap_or_else(|| *blake3::hash(&file.bytes).as_bytes());
        self.now().insert(file.path.clone(), (Arc::new(file), hash));
        ControlFlow::Continue(())
    }

    fn keeps(&self, files: &[MadeFile]) -> bool {
        let Some(before) = self.before else { return false };
        let there: Option<Vec<Kept>> = files
            .iter()
            .map(|file| before.files.get(&file.path).filter(|kept| kept.1 == file.hash).cloned())
            .collect();
        let Some(there) = there else { return false };
        self.now()
            .extend(there.into_iter().map(|kept| (kept.0.path.clone(), kept)));
        true
    }

    fn has(&self, path: &str) -> bool {
        let there = self.before.and_then(|before| before.files.get(path)).cloned();
        there.is_some_and(|kept| {
            self.now().insert(path.to_owned(), kept);
            true
        })
    }
}

/// Media of the source, and variants of a cache.
struct Cached {
    inner: Box<dyn MediaSource>,
    cache: ImageCache,
}

impl Cached {
    fn path(&self, media: &Media) -> io::Result<PathBuf> {
        self.cache.source(self.inner.as_ref()).path(media)
    }
}

/// What the threads share.
struct State {
    /// The port that was really taken; requests for another host are refused.
    port: u16,
    /// The site as it is now, and its number.
    built: Mutex<(Arc<Built>, u64)>,
    /// Told when the number grows.
    changed: Condvar,
}

impl State {
    fn lock(&self) -> MutexGuard<'_, (Arc<Built>, u64)> {
        self.built.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Arc<Built> {
        Arc::clone(&self.lock().0)
    }

    /// Waits until the number is not `seen`, at most so long, and gives it.
    fn wait(&self, seen: u64, at_most: Duration) -> u64 {
        let guard = self.lock();
        let waited = self
            .changed
            .wait_timeout_while(guard, at_most, |(_, number)| *number == seen);
        waited.unwrap_or_else(PoisonError::into_inner).0.1
    }
}

pub fn run(args: &ServeArgs) -> ExitCode {
    match serve(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::from(1)
        }
    }
}

fn serve(args: &ServeArgs) -> Result<(), String> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).map_err(|e| format!("port {}: {e}", args.port))?;
    let port = listener.local_addr().map_err(|e| e.to_string())?.port();
    // Lives as long as the server does; without a folder of its own, images are made once a start.
    let temporary = tempfile::tempdir().map_err(|e| format!("a temporary folder: {e}"))?;
    let cache = ImageCache::new(args.image_cache.clone().unwrap_or_else(|| temporary.path().to_owned()));
    let mut memo = Memo::default();
    let first = build(args, port, &cache, None, &mut memo)?;
    let state = Arc::new(State {
        port,
        built: Mutex::new((Arc::new(first), 1)),
        changed: Condvar::new(),
    });
    let mut watch = watch::Watch::new(watched(args));
    println!("http://localhost:{port}/ (stop with Ctrl-C)");
    let serving = Arc::clone(&state);
    std::thread::spawn(move || http::listen(&listener, &serving));
    loop {
        watch.wait();
        match build(args, port, &cache, Some(&state.now()), &mut memo) {
            Ok(built) => {
                let mut guard = state.lock();
                *guard = (Arc::new(built), guard.1 + 1);
                drop(guard);
                state.changed.notify_all();
            }
            // The last good site stays.
            Err(problem) => eprintln!("error: {problem}"),
        }
    }
}

/// The source, and the theme if it is a folder.
fn watched(args: &ServeArgs) -> Vec<PathBuf> {
    let theme = PathBuf::from(&args.theme);
    let theme = theme.join("theme.toml").is_file().then_some(theme);
    std::iter::once(args.source.clone()).chain(theme).collect()
}

fn build(
    args: &ServeArgs,
    port: u16,
    cache: &ImageCache,
    before: Option<&Built>,
    memo: &mut Memo,
) -> Result<Built, String> {
    let start = Instant::now();
    let theme = theme(&args.theme)?;
    let mut read = source::read(&args.source, Some(&format!("http://localhost:{port}")))?;
    let sink = KeepingSink {
        before,
        now: Mutex::default(),
    };
    read.prepare(cache);
    let report = read.render_again(&theme, &cache.sink(&sink), memo);
    let _ = cache.sweep(&report);
    let mut findings: Vec<Diagnostic> = read.findings;
    findings.extend(report.diagnostics);
    for finding in findings.iter().take(SHOWN) {
        eprintln!("{finding}");
    }
    if findings.len() > SHOWN {
        eprintln!("… and {} more; `igny8-render check` lists all", findings.len() - SHOWN);
    }
    eprintln!(
        "built {} pages, {} of {} files anew, in {:.0} ms",
        report.pages,
        report.made,
        report.files,
        start.elapsed().as_secs_f64() * 1e3
    );
    let media = report.media.into_iter();
    Ok(Built {
        files: sink.now.into_inner().unwrap_or_else(PoisonError::into_inner),
        media: media.map(|m| (m.path.trim_start_matches('/').to_owned(), m)).collect(),
        source: Cached {
            inner: read.media,
            cache: cache.clone(),
        },
    })
}
