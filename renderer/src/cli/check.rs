//! `igny8-render check` and `igny8-render theme check`.

use std::fmt::Write as _;
use std::process::ExitCode;

use igny8_renderer::check::{Inspector, sample};
use igny8_renderer::images::ImageCache;
use igny8_renderer::output::MEDIA_MISSING;
use igny8_renderer::{Diagnostic, Report, Severity, render_to};
use serde_json::json;

use super::{CheckArgs, ThemeCheckArgs, source, theme, watched_theme};

pub fn run(args: &CheckArgs) -> ExitCode {
    finish(site(args), args.json)
}

pub fn run_theme(args: &ThemeCheckArgs) -> ExitCode {
    finish(samples(args), args.json)
}

/// What was found, and what of it would not keep a site from going out although it is an error.
struct Checked {
    pages: usize,
    found: Vec<Diagnostic>,
    harmless: Vec<Diagnostic>,
}

impl Checked {
    fn of(report: Report) -> Self {
        let errors = report.diagnostics.iter().filter(|d| d.severity == Severity::Error);
        let harmless = errors.filter(|d| !report.stops(d)).cloned().collect();
        let mut found = report.diagnostics;
        found.extend(report.advice);
        Self {
            pages: report.pages,
            found,
            harmless,
        }
    }
}

fn site(args: &CheckArgs) -> Result<Checked, String> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(args.threads)
        .build()
        .map_err(|e| format!("threads: {e}"))?;
    let theme = theme(&args.theme)?;
    let mut source = pool.install(|| source::read(&args.source, args.base_url.as_deref()))?;
    let cache = args.image_cache.as_ref().map(ImageCache::new);
    if let Some(cache) = &cache {
        pool.install(|| source.prepare(cache));
    }
    let inspector = Inspector::new(&source.site.settings.base_url);
    let mut report: Report = pool.install(|| source.render(&theme, &inspector));
    let mut missing = Vec::new();
    for media in report.media.iter().filter(|_| cache.is_none()) {
        let there = source.media.path(media).is_ok_and(|path| path.is_file());
        if !there {
            let message = format!("the file of {} ({}) is not there", media.path, media.source);
            missing.push(Diagnostic::error("", MEDIA_MISSING, message));
        }
    }
    inspector.finish(&mut report);
    report.extend(missing.into_iter().chain(source.findings));
    Ok(Checked::of(report))
}

fn samples(args: &ThemeCheckArgs) -> Result<Checked, String> {
    let theme = watched_theme(&args.theme)?;
    let mut pages = 0;
    let mut found = Vec::new();
    for (name, site) in sample::sites(&theme).map_err(|e| e.to_string())? {
        let inspector = Inspector::new(&site.settings.base_url);
        let mut report = render_to(&site, &theme, &inspector);
        inspector.finish(&mut report);
        pages += report.pages;
        let all = report.diagnostics.into_iter().chain(report.advice);
        found.extend(all.map(|d| Diagnostic {
            message: format!("{} (sample: {name})", d.message),
            ..d
        }));
    }
    // Those of the base are checked with the themes that are built in.
    let missed = theme.missed().into_iter().filter(|name| !name.starts_with("base/"));
    found.extend(missed.map(|name| {
        let message = format!("no sample shows {name}: whether it works was not checked; remove it if nothing uses it");
        Diagnostic::warning("", "template-unchecked", message)
    }));
    found.sort();
    Ok(Checked {
        pages,
        found,
        harmless: Vec::new(),
    })
}

fn finish(checked: Result<Checked, String>, as_json: bool) -> ExitCode {
    let Checked { pages, found, harmless } = match checked {
        Ok(checked) => checked,
        Err(problem) => {
            if as_json {
                println!("{}", json!({ "error": problem }));
            }
            eprintln!("error: {problem}");
            return ExitCode::from(1);
        }
    };
    let count = |level| found.iter().filter(|d| d.severity == level).count();
    if as_json {
        println!(
            "{}",
            json!({
                "pages": pages,
                "errors": count(Severity::Error),
                "warnings": count(Severity::Warning),
                "info": count(Severity::Info),
                "stops": found.iter().filter(|d| d.severity == Severity::Error).count() - harmless.len(),
                "diagnostics": found,
            })
        );
    } else {
        print!("{}", words(pages, &found, &harmless));
    }
    ExitCode::from(u8::from(count(Severity::Error) > 0))
}

/// One block for each level that has something, the worst first.
fn words(pages: usize, found: &[Diagnostic], harmless: &[Diagnostic]) -> String {
    let mut out = String::new();
    let mut block = |heading: &str, of: Vec<&Diagnostic>| {
        if of.is_empty() {
            return;
        }
        let _ = writeln!(out, "{heading} ({})", of.len());
        for finding in of {
            let page = if finding.page.is_empty() { "site" } else { &finding.page };
            let _ = writeln!(out, "  {page}: {} [{}]", finding.text(), finding.code);
        }
        out.push('\n');
    };
    let of_level = |level| found.iter().filter(move |d| d.severity == level);
    let (stop, leave_out): (Vec<_>, Vec<_>) = of_level(Severity::Error).partition(|d| !harmless.contains(d));
    block("Errors: they stop a deploy", stop);
    block("Errors: what is wrong is left out, the rest goes out", leave_out);
    block("Warnings", of_level(Severity::Warning).collect());
    block("Advice", of_level(Severity::Info).collect());
    let _ = writeln!(out, "{pages} pages, {} findings", found.len());
    out
}
