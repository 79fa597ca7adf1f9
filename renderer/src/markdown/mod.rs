//! Bodies: Markdown or imported HTML in, clean HTML out, with the table of contents and what the links point at.
//!
//! Markdown without raw HTML takes the short way: everything written comes from this module, so only the schemes of links
//! need checking. Markdown with raw HTML and imported HTML are cleaned against an allow list first (`clean`) and
//! finished afterwards (`finish`), so that both ways give the same headings, images, tables and links.

mod autolink;
mod clean;
mod depth;
mod finish;
mod math;
mod resolve;
mod specified;
mod structure;
mod tag;
pub mod text;
mod writer;

use pulldown_cmark::{Event, Options, Parser};
use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;
use crate::site::Body;

use resolve::Resolver;
pub use resolve::{Context, Known, Labels, Lookup};
pub use specified::specified;

/// A body ready for a template.
#[derive(Debug, Default)]
pub struct Html {
    /// Safe HTML.
    pub body: String,
    /// Headings in order.
    pub toc: Vec<TocEntry>,
    /// Every id in the body.
    pub ids: Vec<String>,
    /// Links to a place on a page of this site: path and fragment (decoded).
    pub fragments: Vec<(String, String)>,
    /// Pages and files of this site that the body links to; some may be there twice.
    pub links: Vec<String>,
    /// Links that lead nowhere, refused schemes.
    pub findings: Vec<Diagnostic>,
    /// There is a block of code, which a script of the theme can make easy to copy.
    pub has_code: bool,
    /// There is a form that the site's server takes, which a script of the theme can send without leaving the page.
    pub has_form: bool,
}

/// One heading of the table of contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TocEntry {
    /// 1 to 6, as written in the output.
    pub level: u8,
    /// The heading's id.
    pub id: String,
    /// Its plain text.
    pub title: String,
}

/// What a site's Markdown has besides the usual; all off by default, since it gives a meaning to characters that texts have anyway.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Syntax {
    /// Formulas in LaTeX between `$` or `$$`, written as MathML.
    pub math: bool,
    /// Typographic quotes, dashes and ellipses for straight ones.
    pub typographer: bool,
}

/// The Markdown that sites are written in: GitHub's, with heading ids and definition lists.
pub fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_DEFINITION_LIST
        | Options::ENABLE_GFM
}

/// Renders a body for the page described by `context`.
pub fn render(body: &Body, context: &Context<'_>) -> Html {
    let mut resolver = Resolver::new(context);
    let written = match body {
        Body::Markdown(source) => {
            let mut options = options();
            options.set(Options::ENABLE_MATH, context.syntax.math);
            options.set(Options::ENABLE_SMART_PUNCTUATION, context.syntax.typographer);
            // About one event for each thirty bytes of prose.
            let mut events: Vec<Event<'_>> = Vec::with_capacity(source.len() / 24 + 16);
            events.extend(Parser::new_ext(source, options));
            let has_html = drop_comments(&mut events);
            events = autolink::link(source, events);
            if has_html {
                let raw = writer::write(&events, &mut resolver, writer::Mode::Raw);
                of_html(&raw, &mut resolver)
            } else {
                writer::write(&events, &mut resolver, writer::Mode::Finished)
            }
        }
        Body::Html(source) => of_html(source, &mut resolver),
    };
    let (Body::Markdown(source) | Body::Html(source)) = body;
    resolver.into_html(written, source)
}

/// Users' HTML, or Markdown with such HTML in it, made safe, valid and whole.
fn of_html(source: &str, resolver: &mut Resolver<'_>) -> String {
    let (bounded, dropped) = depth::bound(source);
    if dropped > 0 {
        let message = format!(
            "{dropped} elements nest too deep, or stand in a table where none may; only what is in them is kept"
        );
        resolver.warn("html-deep", message);
    }
    let valid = structure::repair(&clean::clean(&bounded), &resolver.context.labels.details);
    finish::finish(&valid, resolver)
}

/// Renders a short text (an answer, a term's description) with no page of its own around it.
pub fn render_fragment(source: &str, context: &Context<'_>) -> Html {
    render(&Body::Markdown(source.to_owned()), context)
}

/// Takes HTML comments out (`<!-- more -->` is common and shows nothing); true if other raw HTML is left.
fn drop_comments(events: &mut Vec<Event<'_>>) -> bool {
    let is_html = |event: &Event<'_>| matches!(event, Event::Html(_) | Event::InlineHtml(_));
    if !events.iter().any(is_html) {
        return false;
    }
    events.retain(|event| match event {
        Event::Html(html) | Event::InlineHtml(html) => {
            let html = html.trim();
            // One whole comment and nothing after it; a comment over several lines arrives in pieces and is kept.
            !(html.starts_with("<!--") && html.ends_with("-->") && html.matches("-->").count() == 1 && html.len() >= 7)
        }
        _ => true,
    });
    events.iter().any(is_html)
}

#[cfg(test)]
mod tests;
