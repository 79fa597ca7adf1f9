//! From HTML to a [`Document`], in one pass over a tokenizer's events.
//!
//! No tree is built: a stack of at most [`MAX_DEPTH`] open elements is all that is remembered, so that neither deep nesting nor
//! a million attributes costs more than their length.

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};
use igny8_text::{Language, push_lower, sentences, tokens};

use super::links::{self, Link};
use super::tags::{Element, element};
use super::{Block, Document, Image, Kind, MAX_BYTES, Sentence, Word};

/// Elements that are remembered as open; deeper ones are read as if they were inline.
const MAX_DEPTH: usize = 128;

/// An address or an alternative text is kept up to here.
const MAX_VALUE: usize = 4096;

pub(super) fn build(html: &str, language: Language, host: &str) -> Document {
    let html = cut(html, MAX_BYTES);
    let mut builder = Builder::new(language, host, html.len());
    let mut emitter = CallbackEmitter::new(
        |event: CallbackEvent<'_>, _: Span<()>| -> Option<std::convert::Infallible> {
            builder.event(&event);
            None
        },
    );
    emitter.naively_switch_states(true);
    // Reading from memory cannot fail.
    let _ = Tokenizer::new_with_emitter(html, emitter).finish();
    builder.finish()
}

fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// Attributes that matter, of the tag being read.
#[derive(Default)]
struct Attributes {
    href: Option<String>,
    rel: String,
    src: String,
    alt: Option<String>,
    /// Which of them the next value is for.
    current: Attribute,
}

#[derive(Default, Clone, Copy)]
enum Attribute {
    Href,
    Rel,
    Src,
    Alt,
    #[default]
    Unknown,
}

struct Builder<'h> {
    host: &'h str,
    document: Document,
    stack: Vec<Element>,
    /// Elements beyond the stack's end.
    deeper: usize,
    /// The lowest element on the stack whose inside is not read.
    excluded: Option<usize>,
    tag: Vec<u8>,
    attributes: Attributes,
    /// Where the block being read begins in the text, and what it is.
    start: usize,
    kind: Kind,
    /// White space that is owed before the next letter: a space, or a line's end.
    space: Option<char>,
    /// Line breaks since the last letter.
    breaks: u32,
    /// A heading was opened that has no block yet.
    empty_heading: Option<u8>,
    link: Option<OpenLink>,
    lower: String,
}

struct OpenLink {
    href: String,
    nofollow: bool,
    start: usize,
    /// Alternative text of images in it.
    alt: String,
}

impl<'h> Builder<'h> {
    fn new(language: Language, host: &'h str, length: usize) -> Self {
        Builder {
            host,
            document: Document {
                language,
                text: String::with_capacity(length),
                blocks: Vec::new(),
                sentences: Vec::new(),
                words: Vec::with_capacity(length / 8),
                vocabulary: super::Vocabulary::default(),
                links: Vec::new(),
                images: Vec::new(),
                tables: 0,
                videos: 0,
            },
            stack: Vec::new(),
            deeper: 0,
            excluded: None,
            tag: Vec::new(),
            attributes: Attributes::default(),
            start: 0,
            kind: Kind::Paragraph,
            space: None,
            breaks: 0,
            empty_heading: None,
            link: None,
            lower: String::new(),
        }
    }

    fn event(&mut self, event: &CallbackEvent<'_>) {
        match event {
            CallbackEvent::OpenStartTag { name } => {
                self.tag.clear();
                self.tag.extend_from_slice(name);
                self.attributes = Attributes::default();
            }
            CallbackEvent::AttributeName { name } => self.attribute(name),
            CallbackEvent::AttributeValue { value } => self.value(value),
            CallbackEvent::CloseStartTag { .. } => {
                let tag = std::mem::take(&mut self.tag);
                self.open(&tag);
                self.tag = tag;
            }
            CallbackEvent::EndTag { name } => self.close(name),
            CallbackEvent::String { value } if self.excluded.is_none() => {
                self.text(&String::from_utf8_lossy(value));
            }
            _ => {}
        }
    }

    fn attribute(&mut self, name: &[u8]) {
        let a = &mut self.attributes;
        // The first of two with the same name counts.
        a.current = match name {
            b"href" if a.href.is_none() => {
                a.href = Some(String::new());
                Attribute::Href
            }
            b"alt" if a.alt.is_none() => {
                a.alt = Some(String::new());
                Attribute::Alt
            }
            b"rel" if a.rel.is_empty() => Attribute::Rel,
            b"src" if a.src.is_empty() => Attribute::Src,
            _ => Attribute::Unknown,
        };
    }

    fn value(&mut self, value: &[u8]) {
        let value = String::from_utf8_lossy(value);
        let value = cut(value.trim(), MAX_VALUE);
        let a = &mut self.attributes;
        match a.current {
            Attribute::Href => a.href = Some(value.to_owned()),
            Attribute::Alt => a.alt = Some(value.to_owned()),
            Attribute::Rel => value.clone_into(&mut a.rel),
            Attribute::Src => value.clone_into(&mut a.src),
            Attribute::Unknown => {}
        }
        a.current = Attribute::Unknown;
    }

    fn open(&mut self, name: &[u8]) {
        if matches!(name, b"iframe" | b"video" | b"embed") && self.excluded.is_none() {
            self.document.videos += 1;
        }
        match name {
            b"img" => return self.image(),
            b"br" => return self.line_break(),
            b"hr" => return self.flush(),
            _ => {}
        }
        let Some(element) = element(name) else { return };
        if element == Element::Link {
            if self.excluded.is_none() {
                self.end_link();
                self.start_link();
            }
            return;
        }
        if self.stack.len() == MAX_DEPTH {
            self.deeper += 1;
            return;
        }
        if element != Element::Excluded || name == b"pre" || name == b"blockquote" {
            self.flush();
            self.close_implied(element);
        }
        if self.excluded.is_none() {
            match element {
                Element::Heading(level) => self.empty_heading = Some(level),
                Element::Table => self.document.tables += 1,
                Element::Excluded => self.excluded = Some(self.stack.len()),
                _ => {}
            }
        }
        self.stack.push(element);
    }

    /// Ends elements whose end tag HTML lets out.
    fn close_implied(&mut self, next: Element) {
        if self.stack.last() == Some(&Element::Paragraph) {
            self.pop();
        }
        let ends = |open: Element| match next {
            Element::ListItem => open == Element::ListItem,
            Element::Cell => open == Element::Cell,
            Element::Row => matches!(open, Element::Cell | Element::Row),
            Element::Heading(_) => matches!(open, Element::Heading(_)),
            _ => false,
        };
        while self.stack.last().is_some_and(|&open| ends(open)) {
            self.pop();
        }
    }

    fn pop(&mut self) {
        self.stack.pop();
        if self.excluded.is_some_and(|at| at >= self.stack.len()) {
            self.excluded = None;
        }
    }

    fn close(&mut self, name: &[u8]) {
        match name {
            b"br" => return self.line_break(),
            b"a" => return self.end_link(),
            _ => {}
        }
        let Some(element) = element(name) else { return };
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        let same = |open: &Element| match (element, open) {
            (Element::Heading(_), Element::Heading(_)) => true,
            (a, &b) => a == b,
        };
        // A stray end tag inside of what is not read must not end it.
        let floor = self.excluded.unwrap_or(0);
        let Some(at) = self.stack[floor.min(self.stack.len())..].iter().rposition(same) else {
            return;
        };
        if element != Element::Excluded {
            self.flush();
        }
        if let (Element::Heading(_), Some(level)) = (element, self.empty_heading.take()) {
            self.push_block(Kind::Heading(level), self.document.text.len());
        }
        while self.stack.len() > floor + at {
            self.pop();
        }
    }

    fn start_link(&mut self) {
        if let Some(href) = self.attributes.href.take() {
            self.settle();
            let nofollow = self.attributes.rel.split_ascii_whitespace().any(|rel| {
                ["nofollow", "ugc", "sponsored"]
                    .iter()
                    .any(|no| rel.eq_ignore_ascii_case(no))
            });
            self.link = Some(OpenLink {
                href,
                nofollow,
                start: self.document.text.len(),
                alt: String::new(),
            });
        }
    }

    fn end_link(&mut self) {
        let Some(link) = self.link.take() else { return };
        let text = &self.document.text;
        let anchor = text.get(link.start.min(text.len())..).unwrap_or_default().trim();
        let anchor = if anchor.is_empty() { link.alt.trim() } else { anchor };
        self.document.links.push(Link {
            target: links::target(&link.href, self.host),
            anchor: cut(anchor, MAX_VALUE).replace('\n', " "),
            href: link.href,
            nofollow: link.nofollow,
        });
    }

    fn image(&mut self) {
        if self.excluded.is_some() {
            return;
        }
        let image = Image {
            src: std::mem::take(&mut self.attributes.src),
            alt: self.attributes.alt.take(),
        };
        if let (Some(link), Some(alt)) = (&mut self.link, &image.alt) {
            link.alt.push_str(cut(alt, MAX_VALUE.saturating_sub(link.alt.len())));
        }
        self.document.images.push(image);
    }

    fn line_break(&mut self) {
        if self.excluded.is_some() {
            return;
        }
        self.breaks += 1;
        self.space = Some('\n');
        if self.breaks == 2 {
            self.flush();
        }
    }

    /// Writes the white space that is owed, so that what follows begins with its first letter.
    fn settle(&mut self) {
        if let Some(space) = self.space.take()
            && self.document.text.len() > self.start
        {
            self.document.text.push(space);
        }
    }

    fn text(&mut self, value: &str) {
        let mut rest = value;
        while !rest.is_empty() {
            let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
            if length > 0 {
                if self.document.text.len() == self.start {
                    self.kind = self.kind_here();
                }
                self.settle();
                self.breaks = 0;
                self.document.text.push_str(&rest[..length]);
                rest = &rest[length..];
            }
            let after = rest.trim_start();
            let white = &rest[..rest.len() - after.len()];
            if !white.is_empty() {
                let line = white.contains('\n') || self.space == Some('\n');
                self.space = Some(if line { '\n' } else { ' ' });
                rest = after;
            }
        }
    }

    fn kind_here(&self) -> Kind {
        for element in self.stack.iter().rev() {
            match element {
                Element::Heading(level) => return Kind::Heading(*level),
                Element::ListItem | Element::List => return Kind::ListItem,
                Element::Cell | Element::Table => return Kind::Cell,
                Element::Caption | Element::Figure => return Kind::Caption,
                _ => {}
            }
        }
        Kind::Paragraph
    }

    /// Ends the block being read.
    fn flush(&mut self) {
        self.space = None;
        self.breaks = 0;
        let start = self.start;
        if self.document.text.len() == start {
            return;
        }
        if matches!(self.kind, Kind::Heading(_)) {
            self.empty_heading = None;
        }
        self.push_block(self.kind, start);
        self.start = self.document.text.len();
    }

    /// Makes a block of the text from `start`, with its sentences and words.
    fn push_block(&mut self, kind: Kind, start: usize) {
        let document = &mut self.document;
        let text = &document.text[start..];
        let (first_word, first_sentence) = (len(&document.words), len(&document.sentences));
        let mut words = tokens(text).peekable();
        for range in sentences(text, document.language) {
            let sentence_words = len(&document.words);
            while let Some(word) = words.next_if(|word| word.start < range.end) {
                self.lower.clear();
                push_lower(&mut self.lower, &text[word.clone()], document.language);
                document.words.push(Word {
                    start: offset(start + word.start),
                    end: offset(start + word.end),
                    form: document.vocabulary.add(&self.lower),
                });
            }
            if len(&document.words) > sentence_words {
                document.sentences.push(Sentence {
                    text: offset(start + range.start)..offset(start + range.end),
                    words: sentence_words..len(&document.words),
                });
            }
        }
        let words = first_word..len(&document.words);
        // What has no word (a rule of dashes, an emoji) is no block, but an empty heading is one.
        if words.is_empty() && !matches!(kind, Kind::Heading(_)) {
            return;
        }
        document.blocks.push(Block {
            kind,
            text: offset(start)..offset(document.text.len()),
            sentences: first_sentence..len(&document.sentences),
            words,
        });
    }

    fn finish(mut self) -> Document {
        self.flush();
        self.end_link();
        if let Some(level) = self.empty_heading {
            self.push_block(Kind::Heading(level), self.document.text.len());
        }
        self.document
    }
}

/// Offsets and counts are bounded by [`MAX_BYTES`] and a small factor of it.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn len<T>(list: &[T]) -> u32 {
    offset(list.len())
}

#[cfg(test)]
mod tests;
