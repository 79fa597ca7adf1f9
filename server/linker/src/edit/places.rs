//! Where in a body a link can still be put.

use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Refusal, Rules};
use crate::body::{Block, Kind, Reading};
use crate::rules::AnchorCheck;

/// The places of a body, fewer with each link taken.
pub(crate) struct Places<'a> {
    reading: &'a Reading,
    source: &'a str,
    anchors: AnchorCheck<'a>,
    blocks: FxHashMap<usize, State>,
}

#[derive(Debug)]
struct State {
    sentences: Vec<Range<usize>>,
    starts: FxHashSet<usize>,
    ends: FxHashSet<usize>,
    /// Sentences that have a link.
    linked: Vec<usize>,
    links: usize,
}

impl State {
    fn new(block: &Block) -> Self {
        let sentences = igny8_text::index::sentences(&block.text);
        let mut linked = Vec::new();
        for link in &block.linked {
            let first = sentences.partition_point(|s| s.end <= link.start);
            let last = sentences.partition_point(|s| s.end < link.end);
            linked.extend(first..=last.max(first));
        }
        let mut state = Self {
            sentences,
            starts: FxHashSet::default(),
            ends: FxHashSet::default(),
            linked,
            links: block.linked.len(),
        };
        for (at, word) in igny8_text::index::tokens(&block.text) {
            state.starts.insert(at);
            state.ends.insert(at + word.len());
            for possessive in ["'s", "\u{2019}s"] {
                if block.text[at + word.len()..].starts_with(possessive) {
                    state.ends.insert(at + word.len() + possessive.len());
                }
            }
        }
        state
    }

    fn sentence_of(&self, text: &Range<usize>) -> Option<usize> {
        let i = self.sentences.partition_point(|s| s.end <= text.start);
        (self.sentences.get(i)?.end >= text.end).then_some(i)
    }
}

impl<'a> Places<'a> {
    pub(crate) fn new(reading: &'a Reading, source: &'a str, rules: &'a Rules) -> Self {
        Self {
            reading,
            source,
            anchors: AnchorCheck::new(rules),
            blocks: FxHashMap::default(),
        }
    }

    pub(crate) fn rules(&self) -> &'a Rules {
        self.anchors.rules()
    }

    /// Takes the place of an anchor: that at `at` of the source, else the first that fits.
    pub(crate) fn take(&mut self, anchor: &str, at: Option<usize>) -> Result<Range<usize>, Refusal> {
        if anchor.trim().is_empty() || anchor.len() > 1_000 {
            return Err(Refusal::AnchorLength);
        }
        if let Some(at) = at
            && let Some((block, text)) = self.at(anchor, at)
        {
            return self.take_in(block, &text);
        }
        let mut refusal = Refusal::NotFound;
        let reading = self.reading;
        for (index, block) in reading.blocks.iter().enumerate() {
            if !matches!(block.kind, Kind::Paragraph | Kind::ListItem) {
                continue;
            }
            // The places of one block, not so many that a text of one word makes us slow.
            for (start, _) in block.text.match_indices(anchor).take(50) {
                let text = start..start + anchor.len();
                if block.source_of(&text).is_none() {
                    continue;
                }
                match self.take_in(index, &text) {
                    Ok(source) => return Ok(source),
                    Err(why) => refusal = why,
                }
            }
        }
        Err(refusal)
    }

    fn at(&self, anchor: &str, at: usize) -> Option<(usize, Range<usize>)> {
        let source = at..at.checked_add(anchor.len())?;
        self.source.get(source.clone())?;
        self.reading.blocks.iter().enumerate().find_map(|(index, block)| {
            let text = block.text_of(&source)?;
            (block.text.get(text.clone()) == Some(anchor)).then_some((index, text))
        })
    }

    /// Takes a stretch of a block's text, if the rules allow it.
    pub(crate) fn take_in(&mut self, index: usize, text: &Range<usize>) -> Result<Range<usize>, Refusal> {
        let (source, sentence) = self.check(index, text)?;
        if let Some(state) = self.blocks.get_mut(&index) {
            state.linked.push(sentence);
            state.links += 1;
        }
        Ok(source)
    }

    /// Whether the rules allow a link around a stretch of a block's text: its source and its sentence.
    pub(crate) fn check(&mut self, index: usize, text: &Range<usize>) -> Result<(Range<usize>, usize), Refusal> {
        let block = &self.reading.blocks[index];
        let source = block.source_of(text).ok_or(Refusal::NotFound)?;
        let state = self.blocks.entry(index).or_insert_with(|| State::new(block));
        if !state.starts.contains(&text.start) || !state.ends.contains(&text.end) {
            return Err(Refusal::NotWords);
        }
        let sentence = state.sentence_of(text).ok_or(Refusal::NotWords)?;
        // `![` is an image, `\[` no link, `][` a reference.
        if self.source[..source.start].ends_with(['!', '\\', ']']) {
            return Err(Refusal::WouldChangeText);
        }
        let rules = self.anchors.rules();
        if state.links >= rules.per_paragraph {
            return Err(Refusal::ParagraphFull);
        }
        let crowded = |linked: &usize| linked.abs_diff(sentence) <= rules.sentences_between;
        if state.linked.iter().any(crowded) {
            return Err(Refusal::Crowded);
        }
        let before = &block.text[state.sentences[sentence].start..text.start];
        let starts_sentence = !before.chars().any(char::is_alphanumeric);
        self.anchors.check(&block.text[text.clone()], starts_sentence)?;
        Ok((source, sentence))
    }
}
