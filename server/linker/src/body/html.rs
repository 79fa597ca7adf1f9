//! Reading HTML: html5gum's tokens, which know where they stand.

use std::ops::Range;

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

use super::builder::Builder;
use super::{Format, Kind, Reading};

pub(super) fn read(source: &str) -> Reading {
    let mut builder = Builder::new(source, Format::Html);
    feed(&mut builder, source, 0, true);
    builder.finish()
}

/// Reads a piece of HTML that begins at `base` of the builder's source.
pub(super) fn feed(builder: &mut Builder<'_>, html: &str, base: usize, open: bool) {
    for token in tokens(html) {
        match token {
            Token::StartTag(tag) => {
                let source = base + tag.span.start..base + tag.span.end;
                let read = |name: &str| attribute(&tag, name);
                builder.start_tag(&tag.name, &read, source);
            }
            Token::EndTag(tag) => builder.end_tag(&tag.name, base + tag.span.start..base + tag.span.end),
            Token::String(text) => {
                let value = String::from_utf8_lossy(&text.value);
                let kind = if open { builder.kind() } else { Kind::Other };
                text_run(builder, html, base, text.span.start..text.span.end, &value, kind, open);
            }
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
}

/// The tokens of a piece of HTML.
pub(super) fn tokens(html: &str) -> impl Iterator<Item = Token<usize>> + '_ {
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    Tokenizer::new_with_emitter(html, emitter).flatten()
}

fn attribute(tag: &StartTag<usize>, name: &str) -> String {
    tag.attributes
        .get(name.as_bytes())
        .map(|value| String::from_utf8_lossy(&value.value).into_owned())
        .unwrap_or_default()
}

/// A run of text, cut where the source is written in another way than it reads: at character references and line ends.
fn text_run(
    builder: &mut Builder<'_>,
    html: &str,
    base: usize,
    span: Range<usize>,
    value: &str,
    kind: Kind,
    open: bool,
) {
    let Some(source) = html.get(span.clone()) else {
        builder.text(value, base + span.start..base + span.start, kind, false);
        return;
    };
    if source == value {
        builder.text(value, base + span.start..base + span.end, kind, open);
        return;
    }
    let pieces = split(source);
    let same = pieces.iter().map(|(_, text)| text.len()).sum::<usize>() == value.len()
        && pieces.iter().flat_map(|(_, text)| text.bytes()).eq(value.bytes());
    if !same {
        builder.text(value, base + span.start..base + span.start, kind, false);
        return;
    }
    for (at, text) in pieces {
        let start = base + span.start + at.start;
        builder.text(&text, start..base + span.start + at.end, kind, open);
    }
}

/// Pieces of a source with what each of them reads.
fn split(source: &str) -> Vec<(Range<usize>, String)> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < source.len() {
        let rest = &source[at..];
        let length = match rest.as_bytes()[0] {
            b'&' => {
                let name = rest[1..]
                    .bytes()
                    .take(40)
                    .take_while(|b| b.is_ascii_alphanumeric() || *b == b'#')
                    .count();
                1 + name + usize::from(rest.as_bytes().get(1 + name) == Some(&b';'))
            }
            b'\r' => 1 + usize::from(rest.as_bytes().get(1) == Some(&b'\n')),
            _ => rest.find(['&', '\r']).unwrap_or(rest.len()),
        };
        let piece = &rest[..length];
        let text = match piece.as_bytes()[0] {
            b'&' => reference(piece),
            b'\r' => "\n".to_owned(),
            _ => piece.to_owned(),
        };
        out.push((at..at + length, text));
        at += length;
    }
    out
}

fn reference(piece: &str) -> String {
    let mut out = String::new();
    for token in tokens(piece) {
        if let Token::String(text) = token {
            out.push_str(&String::from_utf8_lossy(&text.value));
        }
    }
    out
}
