//! Bodies: Markdown or imported HTML in, clean HTML out, with the table of contents and what the links point at.
//!
//! Markdown without raw HTML takes the short way: everything written comes from this module, so only the schemes of links
//! need checking. Markdown with raw HTML and imported HTML are cleaned against an allow list first (`clean`) and
//! finished afterwards (`finish`), so that both ways give the same headings, images, tables and links.

mod clean;
mod finish;
mod resolve;
mod specified;
pub mod text;
mod writer;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag};

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

/// The Markdown that sites are written in: GitHub's, with heading ids.
pub fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_GFM
}

/// Renders a body for the page described by `context`.
pub fn render(body: &Body, context: &Context<'_>) -> Html {
    let mut resolver = Resolver::new(context);
    let written = match body {
        Body::Markdown(source) => {
            // About one event for each thirty bytes of prose.
            let mut events: Vec<Event<'_>> = Vec::with_capacity(source.len() / 24 + 16);
            events.extend(Parser::new_ext(source, options()));
            if drop_comments(&mut events) {
                let raw = writer::write(&events, &mut resolver, writer::Mode::Raw);
                finish::finish(&clean::clean(&raw), &mut resolver)
            } else {
                let shift = u8::from(events.iter().any(is_h1));
                writer::write(&events, &mut resolver, writer::Mode::Finished { shift })
            }
        }
        Body::Html(source) => finish::finish(&clean::clean(source), &mut resolver),
    };
    resolver.into_html(written)
}

/// Renders a short text (an answer, a term's description) with no page of its own around it.
pub fn render_fragment(source: &str, context: &Context<'_>) -> Html {
    render(&Body::Markdown(source.to_owned()), context)
}

fn is_h1(event: &Event<'_>) -> bool {
    matches!(
        event,
        Event::Start(Tag::Heading {
            level: HeadingLevel::H1,
            ..
        })
    )
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
