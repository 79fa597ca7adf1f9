//! Puts a [`Reading`] together from what the readers of the two formats meet.

use std::ops::Range;

use super::elements::{self, Effect, Elements};
use super::{Block, Format, FoundLink, Kind, Piece, Reading};

#[derive(Debug)]
struct OpenLink {
    href: String,
    source: usize,
    inner: usize,
    anchor: String,
    block: Option<(usize, usize)>,
}

/// A link's text is kept up to here.
const LONGEST_ANCHOR: usize = 400;

#[derive(Debug)]
pub(super) struct Builder<'a> {
    source: &'a str,
    format: Format,
    reading: Reading,
    block: Option<Block>,
    link: Option<OpenLink>,
    /// A link is not closed where it should be. Browsers then carry it on into what follows, and a link that is put anywhere
    /// there changes what others enclose.
    torn: bool,
    pub(super) elements: Elements,
}

impl<'a> Builder<'a> {
    pub(super) fn new(source: &'a str, format: Format) -> Self {
        Self {
            source,
            format,
            reading: Reading::default(),
            block: None,
            link: None,
            torn: false,
            elements: Elements::default(),
        }
    }

    /// Text of a block of this kind, which begins one if none is there. `source` is where it was read.
    pub(super) fn text(&mut self, text: &str, source: Range<usize>, kind: Kind, open: bool) {
        if text.is_empty() || self.elements.is_hidden() {
            return;
        }
        if self.block.is_none() && text.trim().is_empty() {
            return;
        }
        let block = self.block.get_or_insert_with(|| Block {
            kind,
            text: String::new(),
            pieces: Vec::new(),
            barriers: Vec::new(),
            linked: Vec::new(),
        });
        let at = block.text.len();
        let open = open && self.link.is_none() && !self.elements.is_closed();
        let verbatim = self.source.get(source.clone()) == Some(text);
        let line_break = text == " " && self.source.get(source.clone()) == Some("\n");
        let open = open && (verbatim || line_break);
        block.text.push_str(text);
        match block.pieces.last_mut() {
            Some(last) if last.open && open && last.source.end == source.start => last.source.end = source.end,
            _ => block.pieces.push(Piece {
                at,
                // A piece that is not written as it reads has a place but no length that could be used.
                source: if open { source } else { source.start..source.start },
                open,
            }),
        }
        if let Some(link) = &mut self.link {
            let index = self.reading.blocks.len();
            link.block.get_or_insert((index, at));
            push_anchor(&mut link.anchor, text);
        }
    }

    /// The alternative text of an image, which is what a link around it says.
    pub(super) fn alternative(&mut self, text: &str) {
        if let Some(link) = &mut self.link {
            push_anchor(&mut link.anchor, text);
        }
    }

    pub(super) fn open_link(&mut self, href: String, source: usize, inner: usize) {
        // The standard ends an open link where the next begins.
        self.torn |= self.leads_on();
        self.close_link(source, source);
        self.link = Some(OpenLink {
            href,
            source,
            inner,
            anchor: String::new(),
            block: None,
        });
    }

    /// Whether a link is open that has an address; without one it is an anchor, which nobody misses the end of.
    fn leads_on(&self) -> bool {
        self.link.as_ref().is_some_and(|link| !link.href.trim().is_empty())
    }

    pub(super) fn close_link(&mut self, inner_end: usize, source_end: usize) {
        let Some(link) = self.link.take() else {
            return;
        };
        if let (Some((index, at)), Some(block)) = (link.block, &mut self.block)
            && index == self.reading.blocks.len()
        {
            block.linked.push(at..block.text.len());
        }
        self.reading.links.push(FoundLink {
            href: link.href,
            anchor: link.anchor.split_whitespace().collect::<Vec<_>>().join(" "),
            source: link.source..source_end,
            inner: link.inner..inner_end.max(link.inner),
            block: link.block.map(|(index, _)| index),
        });
    }

    /// A link of raw HTML that is open here is closed by nothing in the table: an end tag in a cell ends what began in the cell.
    pub(super) fn begin_table(&mut self) {
        self.torn |= self.leads_on();
    }

    pub(super) fn end_block(&mut self) {
        let Some(mut block) = self.block.take() else {
            return;
        };
        if let Some(link) = &mut self.link
            && let Some((index, at)) = link.block
            && index == self.reading.blocks.len()
        {
            block.linked.push(at..block.text.len());
        }
        self.reading.words += igny8_text::index::tokens(&block.text).count();
        if block.is_open() {
            block.barriers = barriers(&block.text, self.format);
        }
        self.reading.blocks.push(block);
    }

    /// A start tag of HTML, of which `source` is the whole.
    pub(super) fn start_tag(&mut self, name: &[u8], attribute: &dyn Fn(&str) -> String, source: Range<usize>) {
        let Some((name, effect)) = elements::element(name) else {
            return;
        };
        match effect {
            Effect::Void if name == "img" => self.alternative(&attribute("alt")),
            Effect::Void if name == "br" => {
                let kind = self.kind();
                self.text(" ", source.clone(), kind, false);
            }
            Effect::Void if name == "hr" => self.end_block(),
            Effect::Void | Effect::Inline | Effect::Formatting | Effect::ClosedFormatting | Effect::ClosedInline => {}
            _ => self.end_block(),
        }
        if name == "a" && !self.elements.is_hidden() {
            self.open_link(attribute("href"), source.start, source.end);
        }
        self.elements
            .open(name, effect, &attribute("class"), &attribute("role"));
    }

    pub(super) fn end_tag(&mut self, name: &[u8], source: Range<usize>) {
        let Some((name, effect)) = elements::element(name) else {
            return;
        };
        match effect {
            Effect::Void | Effect::Inline | Effect::Formatting | Effect::ClosedFormatting | Effect::ClosedInline => {}
            _ => self.end_block(),
        }
        if name == "a" {
            self.close_link(source.start, source.end);
        }
        self.elements.close(name, effect);
    }

    /// What a text at this place of the HTML is.
    pub(super) fn kind(&self) -> Kind {
        match self.elements.line() {
            Effect::Heading => Kind::Heading,
            Effect::Item => Kind::ListItem,
            Effect::Block => Kind::Paragraph,
            _ => Kind::Other,
        }
    }

    pub(super) fn finish(mut self) -> Reading {
        let end = self.source.len();
        self.end_block();
        self.torn |= self.leads_on();
        self.close_link(end, end);
        if self.torn {
            let pieces = self.reading.blocks.iter_mut().flat_map(|block| &mut block.pieces);
            pieces.for_each(|piece| piece.open = false);
        }
        // A link without an address is an anchor of old times.
        self.reading.links.retain(|link| !link.href.trim().is_empty());
        self.reading
    }
}

fn push_anchor(anchor: &mut String, text: &str) {
    if anchor.len() < LONGEST_ANCHOR {
        anchor.extend(text.chars().take(LONGEST_ANCHOR));
    }
}

/// What looks like text and is not: formulas, short codes, addresses. In order, apart from each other.
fn barriers(text: &str, format: Format) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let Some(next) = rest.find(['{', '$', '[', '\\', '@', ':', 'w']) else {
            break;
        };
        let start = at + next;
        let rest = &text[start..];
        let found = if rest.starts_with("{{") {
            closed_by(rest, 2, "}}")
        } else if rest.starts_with("{%") {
            closed_by(rest, 2, "%}")
        } else if rest.starts_with("\\(") {
            closed_by(rest, 2, "\\)")
        } else if rest.starts_with("$$") {
            closed_by(rest, 2, "$$")
        } else if rest.starts_with('$') {
            formula(rest)
        } else if rest.starts_with('[') && format == Format::Html {
            closed_by(rest, 1, "]")
        } else {
            None
        };
        if let Some(length) = found {
            push(&mut out, start..start + length);
            at = start + length;
        } else if rest.starts_with('@') || rest.starts_with("://") || rest.starts_with("www.") {
            let from = text[..start].rfind(char::is_whitespace).map_or(0, |i| i + 1);
            // `rfind` gives the start of a white space that may be longer than a byte.
            let from = (from..=start).find(|&i| text.is_char_boundary(i)).unwrap_or(start);
            let to = rest.find(char::is_whitespace).map_or(text.len(), |i| start + i);
            push(&mut out, from..to);
            at = to;
        } else {
            at = start + 1;
        }
    }
    out
}

fn push(out: &mut Vec<Range<usize>>, range: Range<usize>) {
    match out.last_mut() {
        Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
        _ => out.push(range),
    }
}

/// Marks are looked for no further than this, so that many openings without an end cost little.
const FARTHEST: usize = 300;

fn closed_by(rest: &str, from: usize, end: &str) -> Option<usize> {
    let window = &rest[..floor(rest, FARTHEST)];
    window.get(from..)?.find(end).map(|i| from + i + end.len())
}

/// `$x + y$`, but not the sums of "from $5 to $10".
fn formula(rest: &str) -> Option<usize> {
    let window = &rest[1..floor(rest, 200).max(1)];
    let first = window.chars().next()?;
    if first.is_whitespace() || first.is_ascii_digit() {
        return None;
    }
    let end = window.find('$')?;
    let before = window[..end].chars().next_back()?;
    (!before.is_whitespace()).then_some(end + 2)
}

fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0)
}
