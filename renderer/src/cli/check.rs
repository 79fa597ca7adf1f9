//! `igny8-render check` and `igny8-render theme check`.

use std::fmt::Write as _;
use std::process::ExitCode;

use igny8_renderer::check::{Inspector, sample};
use igny8_renderer::images::ImageCache;
use igny8_renderer::output::MEDIA_MISSING;
use igny8_renderer::{Diagnostic, Report, Severity, render_to};
use serde_json::json;

use super::{CheckArgs, ThemeCheckArgs, source, theme};

const LEVELS: [Severity; 3] = [Severity::Error, Severity::Warning, Severity::Info];

pub fn run(args: &CheckArgs) -> ExitCode {
    finish(site(args), args.json)
}

pub fn run_theme(args: &ThemeCheckArgs) -> ExitCode {
    finish(samples(args), args.json)
}

/// Pages rendered, and what was found.
type Checked = (usize, Vec<Diagnostic>);

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
    for media in report.media.iter().filter(|_| cache.is_none()) {
        let there = source.media.path(media).is_ok_and(|path| path.is_file());
        if !there {
            let message = format!("the file of {} ({}) is not there", media.path, media.source);
            report.diagnostics.push(Diagnostic::error("", MEDIA_MISSING, message));
        }
    }
    inspector.finish(&mut report);
    report.diagnostics.extend(source.findings);
    report.diagnostics.sort();
    report.diagnostics.append(&mut report.advice);
    Ok((report.pages, report.diagnostics))
}

fn samples(args: &ThemeCheckArgs) -> Result<Checked, String> {
    let theme = theme(&args.theme)?;
    let mut pages = 0;
    let mut found = Vec::new();
    for (name, site) in sample::sites().map_err(|e| e.to_string())? {
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
    found.sort();
    Ok((pages, found))
}

fn finish(checked: Result<Checked, String>, as_json: bool) -> ExitCode {
    let (pages, found) = match checked {
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
                "diagnostics": found,
            })
        );
    } else {
        print!("{}", words(pages, &found));
    }
    ExitCode::from(u8::from(count(Severity::Error) > 0))
}

/// One block for each level that has something, the worst first.
fn words(pages: usize, found: &[Diagnostic]) -> String {
    let mut out = String::new();
    for level in LEVELS {
        let of_level: Vec<&Diagnostic> = found.iter().filter(|d| d.severity == level).collect();
        if of_level.is_empty() {
            continue;
        }
        let heading = match level {
            Severity::Error => "Errors: they stop a deploy",
            Severity::Warning => "Warnings",
            Severity::Info => "Advice",
        };
        let _ = writeln!(out, "{heading} ({})", of_level.len());
        for finding in of_level {
            let page = if finding.page.is_empty() { "site" } else { &finding.page };
            let _ = writeln!(out, "  {page}: {} [{}]", finding.message, finding.code);
        }
        out.push('\n');
    }
    let _ = writeln!(out, "{pages} pages, {} findings", found.len());
    out
}
