//! What a body says, block by block, with every word's place in the source and the places where a link may be put.

mod builder;
mod elements;
mod html;
mod markdown;

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Markdown as the renderer reads it.
    #[default]
    Markdown,
    /// HTML, as imported content has it.
    Html,
}

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A paragraph.
    Paragraph,
    /// Text of a list's item.
    ListItem,
    /// A heading; never linked.
    Heading,
    /// Anything else that is read but never linked: quotes, tables, captions, footnotes.
    Other,
}

/// A body that was read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// In the order of the source.
    pub blocks: Vec<Block>,
    /// Every link that is there, in the order of their ends.
    pub links: Vec<FoundLink>,
    /// Words in all blocks.
    pub words: usize,
}

/// A stretch of text that belongs together.
#[derive(Debug, Clone)]
pub struct Block {
    /// What it is.
    pub kind: Kind,
    /// What a reader sees of it; images and their alternative texts are not in it.
    pub text: String,
    pieces: Vec<Piece>,
    /// Stretches of the text that look like text and are not: addresses, formulas, short codes.
    barriers: Vec<Range<usize>>,
    /// Where the text has links already.
    pub linked: Vec<Range<usize>>,
}

/// Text and where it comes from.
#[derive(Debug, Clone)]
struct Piece {
    at: usize,
    source: Range<usize>,
    /// Written in the source letter by letter, where a link may be put.
    open: bool,
}

/// A link in a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundLink {
    /// Where it leads, as written but without escapes.
    pub href: String,
    /// Its text; for an image the alternative text.
    pub anchor: String,
    /// The whole of it in the source.
    pub source: Range<usize>,
    /// What is between its opening and its closing in the source.
    pub inner: Range<usize>,
    /// The block it is in, where that has text.
    pub block: Option<usize>,
}

impl Block {
    /// Where in the source a stretch of the text is written, if a link may be put around it there.
    pub fn source_of(&self, text: &Range<usize>) -> Option<Range<usize>> {
        if !matches!(self.kind, Kind::Paragraph | Kind::ListItem) || text.is_empty() {
            return None;
        }
        let i = self.pieces.partition_point(|p| p.at <= text.start).checked_sub(1)?;
        let piece = &self.pieces[i];
        let end = piece.at + piece.source.len();
        if !piece.open || text.end > end || overlaps(&self.barriers, text) {
            return None;
        }
        let start = piece.source.start + (text.start - piece.at);
        Some(start..start + text.len())
    }

    /// Where in the text a stretch of the source is, if it is one that a link may be put around.
    pub fn text_of(&self, source: &Range<usize>) -> Option<Range<usize>> {
        let i = self
            .pieces
            .partition_point(|p| p.source.start <= source.start)
            .checked_sub(1)?;
        let piece = &self.pieces[i];
        let start = piece.at + source.start.checked_sub(piece.source.start)?;
        let text = start..start + source.len();
        (self.source_of(&text).as_ref() == Some(source)).then_some(text)
    }

    /// Whether a link may be put anywhere in it.
    pub fn is_open(&self) -> bool {
        matches!(self.kind, Kind::Paragraph | Kind::ListItem) && self.pieces.iter().any(|p| p.open)
    }
}

/// Whether a stretch touches one of several, which are in order and apart.
pub(crate) fn overlaps(stretches: &[Range<usize>], one: &Range<usize>) -> bool {
    let i = stretches.partition_point(|s| s.end <= one.start);
    stretches.get(i).is_some_and(|s| s.start < one.end)
}

/// Reads a body.
pub fn read(source: &str, format: Format) -> Reading {
    match format {
        Format::Markdown => markdown::read(source),
        Format::Html => html::read(source),
    }
}

#[cfg(test)]
pub(crate) use markdown::options as markdown_options;

#[cfg(test)]
mod tests;
