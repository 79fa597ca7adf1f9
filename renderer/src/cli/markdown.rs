//! `igny8-render markdown`.

use std::io::{Read, Write};
use std::process::ExitCode;

use igny8_renderer::address::Address;
use igny8_renderer::markdown::{self, Context, Known, Labels, Lookup};
use igny8_renderer::site::{Body, Media, Syntax};

use super::MarkdownArgs;

/// A text that stands alone: nothing is known of a site around it, so nothing in it leads nowhere.
struct Alone;

impl Lookup for Alone {
    fn known(&self, _: &str) -> Known {
        Known::Yes
    }
    fn media(&self, _: &str) -> Option<&Media> {
        None
    }
}

pub fn run(args: &MarkdownArgs) -> ExitCode {
    match convert(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::from(1)
        }
    }
}

fn convert(args: &MarkdownArgs) -> Result<(), String> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|e| format!("standard input: {e}"))?;
    let source = String::from_utf8(bytes).map_err(|e| format!("standard input is not UTF-8: {e}"))?;
    let html = if args.raw {
        markdown::specified(&source)
    } else {
        safe(source, args)?
    };
    std::io::stdout()
        .lock()
        .write_all(html.as_bytes())
        .map_err(|e| format!("standard output: {e}"))
}

/// As on a page at the top of a site.
fn safe(source: String, args: &MarkdownArgs) -> Result<String, String> {
    let address = Address::new("http://localhost")?;
    let labels = Labels::default();
    let html = markdown::render(
        &Body::Markdown(source),
        &Context {
            address: &address,
            page: "/",
            lookup: &Alone,
            labels: &labels,
            title: "",
            image_sizes: "100vw",
            first_image_eager: false,
            heading_level: 2,
            syntax: Syntax {
                math: args.math,
                typographer: args.typographer,
            },
            id_prefix: "",
        },
    );
    for finding in &html.findings {
        eprintln!("{finding}");
    }
    Ok(html.body)
}
