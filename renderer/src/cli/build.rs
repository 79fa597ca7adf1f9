//! `igny8-render build`.

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use igny8_renderer::release::write_folder;
use igny8_renderer::{OutFile, Report, Severity, Sink};
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
    let read = reading.elapsed();

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
    let manifest = write_folder(&args.out, args.compress, source.media.as_ref(), |sink| {
        let watched = Watched {
            inner: sink,
            bar: bar.clone(),
        };
        report = pool.install(|| source.render(&theme, &watched));
        rendered = writing.elapsed();
        Some(report.media.clone())
    });
    bar.finish_and_clear();
    let manifest = manifest.map_err(|e| e.to_string())?.unwrap_or_default();
    let rest = writing.elapsed().saturating_sub(rendered);

    report.diagnostics.splice(0..0, std::mem::take(&mut source.findings));
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
                "files": manifest.files.len(),
                "bytes": manifest.bytes(),
                "diagnostics": report.diagnostics,
                "advice": report.advice.len(),
                "ms": { "read": ms(read), "render": ms(rendered), "write": ms(rest), "total": ms(start.elapsed()) },
            })
        );
    } else {
        print_words(
            &report,
            manifest.files.len(),
            manifest.bytes(),
            start.elapsed(),
            &args.out,
        );
    }
    Ok(ExitCode::from(u8::from(failed)))
}

fn print_words(report: &Report, files: usize, bytes: u64, took: Duration, out: &Path) {
    for finding in report.diagnostics.iter().take(SHOWN) {
        eprintln!("{finding}");
    }
    if report.diagnostics.len() > SHOWN {
        eprintln!("… and {} more; --json lists all", report.diagnostics.len() - SHOWN);
    }
    let count = |severity| report.diagnostics.iter().filter(|d| d.severity == severity).count();
    println!(
        "{} pages, {files} files, {:.1} MB in {:.2} s to {} ({} errors, {} warnings; `check` adds {} pieces of advice)",
        report.pages,
        bytes as f64 / 1e6,
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
