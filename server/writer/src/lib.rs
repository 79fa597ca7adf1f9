//! What writing needs besides somebody who writes, pure: no database, no network, no clock. The same input gives the same
//! output.
//!
//! [`sections`] takes a text apart and exchanges one section; [`merge`] brings a new version of a text and what people made
//! of the last one together, [`items`] what two people made of a list; [`brief_check`] holds a text against what was asked for; [`draft`] reads what models write;
//! [`compose`] writes without one and [`artwork`] draws.

#![forbid(unsafe_code)]

pub mod artwork;
pub mod brief_check;
pub mod compose;
pub mod draft;
pub mod items;
pub mod merge;
pub mod sections;

use pulldown_cmark::{Event, Options, Parser, Tag};

/// The Markdown that sites are written in, as the renderer reads it: what is a heading there is one here.
fn markdown() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_DEFINITION_LIST
        | Options::ENABLE_GFM
}

/// Where the links of a text lead, in order.
pub fn link_targets(text: &str) -> Vec<String> {
    Parser::new_ext(text, markdown())
        .filter_map(|event| match event {
            Event::Start(Tag::Link { dest_url, .. }) => Some(dest_url.into_string()),
            _ => None,
        })
        .collect()
}

/// A text on one line, without control characters.
fn plain(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
