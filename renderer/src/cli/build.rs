//! `igny8-render build`.

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use igny8_renderer::images::ImageCache;
use igny8_renderer::release::{FolderOptions, FolderWritten, write_folder};
use igny8_renderer::share_image::ShareImage;
use igny8_renderer::{MadeFile, OutFile, Report, Severity, Sink};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{BuildArgs, source, theme};

/// Findings printed before the rest is only counted.
const SHOWN: usize = 50;

/// Passes files on and counts them for people who watch.
struct Watched<'a> {
    inner: &'a dyn Sink,
    bar: ProgressBar,
}

impl Sink for Watched<'_> {
    fn file(&self, file: OutFile) -> ControlFlow<()> {
        self.bar.inc(1);
        self.inner.file(file)
    }

    fn keeps(&self, files: &[MadeFile]) -> bool {
        let kept = self.inner.keeps(files);
        self.bar.inc(if kept { files.len() as u64 } else { 0 });
        kept
    }

    fn has(&self, path: &str) -> bool {
        self.inner.has(path)
    }

    fn share(&self, image: &ShareImage) -> ControlFlow<()> {
        self.bar.inc(1);
        self.inner.share(image)
    }
}

pub fn run(args: &BuildArgs) -> ExitCode {
    match build(args) {
        Ok(done) => done,
        Err(problem) => {
            if args.json {
                println!("{}", json!({ "error": problem }));
            }
            eprintln!("error: {problem}");
            ExitCode::from(1)
        }
    }
}

fn build(args: &BuildArgs) -> Result<ExitCode, String> {
    let start = Instant::now();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(args.threads)
        .build()
        .map_err(|e| format!("threads: {e}"))?;
    let theme = theme(&args.theme)?;
    let reading = Instant::now();
    let mut source = pool.install(|| source::read(&args.source, args.base_url.as_deref()))?;
    if args.no_share_images {
        source.site.settings.outputs.share_images = false;
    }
    if args.no_search {
        source.site.settings.outputs.search = Some(false);
    }
    let read = reading.elapsed();
    let beside = cache_beside(&args.out);
    let cache = ImageCache::new(args.image_cache.clone().unwrap_or_else(|| beside.clone()));
    let remember = beside.join("folder.json");
    let encoding = Instant::now();
    let images = pool.install(|| source.prepare(&cache));
    let encoded = encoding.elapsed();

    let watch = std::io::stderr().is_terminal() && !args.json;
    let bar = if watch {
        ProgressBar::new_spinner().with_style(style())
    } else {
        ProgressBar::hidden()
    };
    bar.enable_steady_tick(Duration::from_millis(120));
    let writing = Instant::now();
    let mut report = Report::default();
    let mut rendered = Duration::ZERO;
    let mut drawn = 0;
    let options = FolderOptions {
        compress: args.compress,
        remember: Some(&remember),
    };
    let written = write_folder(&args.out, options, &cache.source(source.media.as_ref()), |sink| {
        let cached = cache.sink(sink);
        let watched = Watched {
            inner: &cached,
            bar: bar.clone(),
        };
        report = pool.install(|| source.render(&theme, &watched));
        rendered = writing.elapsed();
        drawn = cached.drawn();
        Some(report.media.clone())
    });
    bar.finish_and_clear();
    let written = written.map_err(|e| e.to_string())?.unwrap_or_default();
    // A cache that cannot be tidied is only larger.
    let _ = cache.sweep(&report);
    let rest = writing.elapsed().saturating_sub(rendered);

    report.extend(std::mem::take(&mut source.findings));
    // The process is about to end; taking a large site apart piece by piece would only delay that.
    std::mem::forget(source);
    let ms = |d: Duration| (d.as_secs_f64() * 1e5).round() / 1e2;
    let failed = report.has_errors();
    if args.json {
        // Files are written while others are rendered, so "render" holds both; "write" is what is left at the end.
        println!(
            "{}",
            json!({
                "pages": report.pages,
                "files": written.files,
                "written": written.written,
                "removed": written.removed,
                "bytes": written.bytes,
                "diagnostics": report.diagnostics,
                "advice": report.advice.len(),
                "images": { "used": images.images, "encoded": images.encoded },
                "share_images": { "used": report.share_images.len(), "drawn": drawn },
                "ms": { "read": ms(read), "images": ms(encoded), "render": ms(rendered), "write": ms(rest), "total": ms(start.elapsed()) },
            })
        );
    } else {
        print_words(&report, written, start.elapsed(), &args.out);
    }
    Ok(ExitCode::from(u8::from(failed)))
}

/// The cache of an output folder: beside it, since the folder itself is replaced.
fn cache_beside(out: &Path) -> PathBuf {
    let name = out.file_name().unwrap_or_else(|| "out".as_ref());
    out.parent()
        .unwrap_or_else(|| Path::new(""))
        .join(".igny8-cache")
        .join(name)
}

fn print_words(report: &Report, written: FolderWritten, took: Duration, out: &Path) {
    for finding in report.diagnostics.iter().take(SHOWN) {
        eprintln!("{finding}");
    }
    if report.diagnostics.len() > SHOWN {
        eprintln!("… and {} more; --json lists all", report.diagnostics.len() - SHOWN);
    }
    let count = |severity| report.diagnostics.iter().filter(|d| d.severity == severity).count();
    println!(
        "{} pages, {} files ({} written, {} removed), {:.1} MB in {:.2} s to {} ({} errors, {} warnings; `check` adds {} pieces of advice)",
        report.pages,
        written.files,
        written.written,
        written.removed,
        written.bytes as f64 / 1e6,
        took.as_secs_f64(),
        out.display(),
        count(Severity::Error),
        count(Severity::Warning),
        report.advice.len()
    );
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {pos} files").unwrap_or_else(|_| ProgressStyle::default_spinner())
}
