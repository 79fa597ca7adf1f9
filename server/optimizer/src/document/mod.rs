//! What is measured of a body: headings, paragraphs, sentences, words, links, images.

mod builder;
mod links;
mod tags;
mod vocabulary;

use std::ops::Range;

use igny8_text::Language;

pub use links::{Link, Target};
pub use vocabulary::{FormId, Vocabulary};

/// A longer body is read up to here.
pub const MAX_BYTES: usize = 16 << 20;

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Kind {
    /// With its level, 1 to 6.
    Heading(u8),
    Paragraph,
    ListItem,
    Cell,
    Caption,
}

/// A piece of text that nothing but inline elements divides.
#[derive(Debug, Clone)]
pub struct Block {
    /// What it is.
    pub kind: Kind,
    text: Range<u32>,
    sentences: Range<u32>,
    words: Range<u32>,
}

#[derive(Debug, Clone)]
struct Sentence {
    text: Range<u32>,
    words: Range<u32>,
}

/// A word of the text.
#[derive(Debug, Clone, Copy)]
pub struct Word {
    start: u32,
    end: u32,
    /// Which word it is.
    pub form: FormId,
}

/// An image of the body.
#[derive(Debug, Clone)]
pub struct Image {
    /// Its address as written.
    pub src: String,
    /// What is read where it is not seen; none where the attribute is missing.
    pub alt: Option<String>,
}

/// A body, read. Code, quotations and what browsers do not show are no part of it.
#[derive(Debug, Clone)]
pub struct Document {
    language: Language,
    text: String,
    blocks: Vec<Block>,
    sentences: Vec<Sentence>,
    words: Vec<Word>,
    vocabulary: Vocabulary,
    /// In order.
    pub links: Vec<Link>,
    /// In order.
    pub images: Vec<Image>,
    /// Number of tables.
    pub tables: u32,
    /// Number of embedded players.
    pub videos: u32,
}

impl Document {
    /// Reads HTML, however broken, in time linear to its length. `host` is the site's own, to tell its links from others.
    pub fn read(html: &str, language: Language, host: &str) -> Document {
        builder::build(html, language, host)
    }

    /// What language it was read as.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The pieces of text, in order.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The headings with their levels, in order.
    pub fn headings(&self) -> impl Iterator<Item = (u8, &Block)> {
        self.blocks.iter().filter_map(|block| match block.kind {
            Kind::Heading(level) => Some((level, block)),
            _ => None,
        })
    }

    /// All words, in order.
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// The different words.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The text of a block.
    pub fn text_of(&self, block: &Block) -> &str {
        &self.text[span(&block.text)]
    }

    /// The words of a block.
    pub fn words_of(&self, block: &Block) -> &[Word] {
        &self.words[span(&block.words)]
    }

    /// The sentences of a block.
    pub fn sentences_of<'d>(&'d self, block: &Block) -> impl Iterator<Item = SentenceRef<'d>> + use<'d> {
        self.sentences[span(&block.sentences)]
            .iter()
            .map(|sentence| SentenceRef {
                document: self,
                sentence,
            })
    }

    /// All sentences that have words, in order.
    pub fn sentences(&self) -> impl Iterator<Item = SentenceRef<'_>> {
        self.sentences.iter().map(|sentence| SentenceRef {
            document: self,
            sentence,
        })
    }
}

/// A sentence of a document.
#[derive(Debug, Clone, Copy)]
pub struct SentenceRef<'d> {
    document: &'d Document,
    sentence: &'d Sentence,
}

impl<'d> SentenceRef<'d> {
    /// As written.
    pub fn text(self) -> &'d str {
        &self.document.text[span(&self.sentence.text)]
    }

    /// Its words.
    pub fn words(self) -> &'d [Word] {
        &self.document.words[span(&self.sentence.words)]
    }

    /// What stands between a word and the next one of this sentence.
    pub fn between(self, word: usize) -> &'d str {
        let words = self.words();
        match (words.get(word), words.get(word + 1)) {
            (Some(this), Some(next)) => &self.document.text[this.end as usize..next.start as usize],
            _ => "",
        }
    }
}

fn span(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}
