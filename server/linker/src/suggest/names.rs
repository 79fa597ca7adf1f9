//! Which words of a text say enough of a page's name to lead to it.
//!
//! A link's words tell a reader, and a search engine, what is behind it. Words that others of its text share, but not its name
//! ("much water" for a page about cold brew), tell that of many pages. So words lead to a page only if they say a good part of
//! something it is called: keyword, anchor term, title, address.

use crate::index::dictionary::TermId;
use crate::index::evidence::Source;
use crate::index::{Entry, Index};

/// What the words of a name must tell together for a part of it to be enough: those of everyday phrases tell less.
const NAMES: f32 = 0.45;
/// The share of a name that words must say: of two words that tell alike, one; of three, two.
const SHARE: f32 = 0.4;
/// What words tell that are enough whatever their share, since they are about what a short name is: long titles are seldom said.
const TELLING: f32 = 0.9;

/// Something that a page is called.
pub(super) struct Name {
    /// Its words that are in the index, each with how much it tells.
    pub(super) words: Vec<(TermId, f32)>,
    /// What they tell together.
    pub(super) total: f32,
}

impl Name {
    /// None for a phrase with words that no page has.
    pub(super) fn new(index: &Index, source: &Source<'_>, phrase: &[u64]) -> Option<Self> {
        let words = index.weighed(source, phrase);
        let total: f32 = words.iter().map(|w| w.1).sum();
        (words.len() == phrase.len()).then_some(Self { words, total })
    }

    /// All that a page is called.
    pub(super) fn all(index: &Index, source: &Source<'_>, target: &Entry) -> Vec<Self> {
        let phrases = target.phrases.iter();
        phrases.filter_map(|phrase| Self::new(index, source, phrase)).collect()
    }

    /// Whether it tells one page from others. What all pages say names none, and is a part of many names.
    pub(super) fn is_telling(&self) -> bool {
        self.total >= NAMES
    }
}

/// How much of a page's names some words say, word by word.
pub(super) struct Said<'a> {
    names: &'a [Name],
    /// Of each name.
    shares: Vec<f32>,
}

impl<'a> Said<'a> {
    pub(super) fn new(names: &'a [Name]) -> Self {
        Self {
            names,
            shares: vec![0.0; names.len()],
        }
    }

    /// Begins anew.
    pub(super) fn clear(&mut self) {
        self.shares.fill(0.0);
    }

    /// Takes a word more, which was not said before.
    pub(super) fn add(&mut self, term: TermId) {
        for (name, share) in self.names.iter().zip(&mut self.shares) {
            if let Some((_, weight)) = name.words.iter().find(|w| w.0 == term) {
                *share += weight;
            }
        }
    }

    /// Whether the words are enough to lead to the page.
    pub(super) fn is_enough(&self) -> bool {
        let mut both = self.names.iter().zip(&self.shares);
        both.any(|(name, share)| {
            // Not quite all of an everyday name, since sums of the same weights in another order differ a little.
            let part = if name.is_telling() { SHARE } else { 0.999 };
            *share > 0.0 && (*share >= TELLING || *share >= part * name.total)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::{self, Format};
    use crate::page::Page;
    use crate::terms::{Analyzer, Words};

    fn page(id: usize, title: &str, keyword: Option<&str>) -> Page {
        Page {
            id: format!("p{id}"),
            path: format!("/p{id}/"),
            title: title.to_owned(),
            primary_keyword: keyword.map(str::to_owned),
            language: "en".to_owned(),
            published: true,
            body: title.to_owned(),
            ..Page::default()
        }
    }

    /// Whether words are enough for the first page, among others that share some of its words.
    fn is_enough(target: &Page, text: &str) -> bool {
        let mut index = Index::default();
        let others = [
            "water for coffee",
            "warm water",
            "coffee beans",
            "how much water",
            "brew coffee",
        ];
        let others = (0..40).map(|n| page(n + 1, others[n % others.len()], None));
        for page in std::iter::once(target.clone()).chain(others) {
            index.replace(&page, &body::read(&page.body, page.format));
        }
        let reading = body::read(text, Format::Markdown);
        let mut analyzer = Analyzer::new("en");
        let words = Words::new(&reading, &mut analyzer);
        let source = index.source(&page(99, "", None), &words, &mut analyzer);
        let slot = index.slot(&target.id).expect("it is there");
        let names = Name::all(&index, &source, index.entry(slot).expect("it is there"));
        let mut said = Said::new(&names);
        said.add(TermId::MAX);
        said.clear();
        for (token, id) in source.words.tokens.iter().zip(&source.ids) {
            id.filter(|_| !token.is_grammar())
                .into_iter()
                .for_each(|term| said.add(term));
        }
        said.is_enough()
    }

    #[test]
    fn words_lead_to_a_page_if_they_say_enough_of_its_name() {
        let ratio = page(0, "Cold brew ratio", None);
        let grinder = page(0, "Ten reasons why we bought ourselves another espresso grinder", None);
        let softener = page(0, "Ours", Some("water softener"));
        let everyday = page(0, "Water for coffee", None);
        for (target, text, enough) in [
            (&ratio, "cold brew ratios", true),
            (&ratio, "ratio of brewing", true),
            (&ratio, "brew coffee", false),
            // Of its words the one that few pages have.
            (&ratio, "this ratio", true),
            (&ratio, "much water", false),
            (&ratio, "warm water", false),
            // Of a long title two telling words; of a keyword the telling one.
            (&grinder, "espresso grinders", true),
            (&grinder, "another reason", false),
            (&softener, "a good softener", true),
            (&softener, "much water", false),
            // What every page says leads to one only as a whole.
            (&everyday, "water for coffee", true),
            (&everyday, "much coffee", false),
            (&ratio, "", false),
        ] {
            assert_eq!(is_enough(target, text), enough, "{text:?} for {:?}", target.title);
        }
    }
}
