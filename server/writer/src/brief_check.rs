//! A text against its brief: what was asked for and is not there.

use std::collections::BTreeSet;

use igny8_text::{Language, lists, stemmer};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use crate::draft::Faq;
use crate::{markdown, sections};

/// Pixels of a title at 20 pixels, and of a description at 14, that result pages show.
pub const TITLE_PIXELS: u32 = 600;
/// See [`TITLE_PIXELS`].
pub const DESCRIPTION_PIXELS: u32 = 920;
/// Percent that a text may be shorter or longer than asked for.
const TOLERANCE: u32 = 20;
/// Keywords and headings of a brief that are looked at.
const MOST: usize = 200;

/// What was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Brief {
    /// Headings in order.
    pub headings: Vec<String>,
    /// Questions that the page answers, in its text or beside it.
    pub questions: Vec<String>,
    /// What the page should rank for.
    pub primary: Option<String>,
    /// What it covers besides.
    pub secondary: Vec<String>,
    /// Words the text should have; 0 for no matter how many.
    pub words: u32,
    /// BCP 47 tag.
    pub language: String,
}

/// A text to be checked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Text<'a> {
    /// Title in result pages.
    pub title: &'a str,
    /// Description in result pages.
    pub description: &'a str,
    /// Markdown.
    pub body: &'a str,
    /// Questions answered beside the body.
    pub faq: &'a [Faq],
}

/// Something that is not as asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "`Finding::text` says it")]
pub enum Finding {
    HeadingMissing { heading: String },
    HeadingOutOfOrder { heading: String },
    HeadingTwice { heading: String },
    QuestionMissing { question: String },
    PrimaryKeywordMissing { keyword: String },
    KeywordMissing { keyword: String },
    TooShort { words: u32, asked: u32 },
    TooLong { words: u32, asked: u32 },
    TitleMissing,
    TitleTooWide { pixels: u32, most: u32 },
    DescriptionMissing,
    DescriptionTooWide { pixels: u32, most: u32 },
}

impl Finding {
    /// What is wrong and how to mend it.
    pub fn text(&self) -> String {
        match self {
            Self::HeadingMissing { heading } => format!("the heading “{heading}” is missing; add its section"),
            Self::HeadingOutOfOrder { heading } => {
                format!("the section “{heading}” is not where the outline has it; put it after the one before it there")
            }
            Self::HeadingTwice { heading } => format!("the heading “{heading}” is there twice; join or rename them"),
            Self::QuestionMissing { question } => format!("the question “{question}” is not answered; answer it"),
            Self::PrimaryKeywordMissing { keyword } => {
                format!("the primary keyword “{keyword}” does not occur; use it where it reads naturally")
            }
            Self::KeywordMissing { keyword } => format!("the keyword “{keyword}” does not occur; cover it"),
            Self::TooShort { words, asked } => {
                format!("the text has {words} words and should have about {asked}; say more where a reader needs it")
            }
            Self::TooLong { words, asked } => {
                format!("the text has {words} words and should have about {asked}; shorten it")
            }
            Self::TitleMissing => "there is no title for result pages; write one".into(),
            Self::TitleTooWide { pixels, most } => {
                format!("the title is {pixels} pixels wide and is cut at {most}; shorten it")
            }
            Self::DescriptionMissing => "there is no description; write one or two sentences".into(),
            Self::DescriptionTooWide { pixels, most } => {
                format!("the description is {pixels} pixels wide and is cut at {most}; shorten it")
            }
        }
    }
}

/// What of a brief a text does not do: its headings, its questions, its keywords, its length, its title and description.
pub fn check(brief: &Brief, text: &Text<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    headings(brief, text, &mut found);
    let read = Read::of(text, &brief.language);
    keywords(brief, &read, &mut found);
    length(brief, read.words, &mut found);
    widths(text, &mut found);
    found
}

/// A heading as it is compared: folded, without a number or "step 3:" before it.
fn compared(heading: &str) -> String {
    let folded = igny8_text::fold(heading);
    let named = ["step ", "schritt "].iter().find_map(|word| folded.strip_prefix(word));
    let rest = named
        .unwrap_or(&folded)
        .trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = rest.len() < named.unwrap_or(&folded).len();
    let bare = rest
        .strip_prefix(['.', ')', ':'])
        .filter(|_| numbered)
        .map(str::trim_start);
    bare.filter(|bare| !bare.is_empty()).unwrap_or(&folded).to_owned()
}

fn headings(brief: &Brief, text: &Text<'_>, found: &mut Vec<Finding>) {
    let written: Vec<String> = sections::headings(text.body)
        .iter()
        .map(|h| compared(&h.text))
        .collect();
    let mut places: FxHashMap<&str, usize> = FxHashMap::default();
    let mut twice: BTreeSet<&str> = BTreeSet::new();
    for (place, heading) in written.iter().enumerate() {
        if places.insert(heading, place).is_some() {
            twice.insert(heading);
        }
    }
    let mut last = None;
    for heading in brief.headings.iter().take(MOST) {
        match places.get(compared(heading).as_str()) {
            None => found.push(Finding::HeadingMissing {
                heading: heading.clone(),
            }),
            Some(place) if last.is_some_and(|last| *place < last) => found.push(Finding::HeadingOutOfOrder {
                heading: heading.clone(),
            }),
            Some(place) => last = Some(*place),
        }
    }
    for heading in twice {
        found.push(Finding::HeadingTwice {
            heading: heading.to_owned(),
        });
    }
    let answered: FxHashSet<String> = text.faq.iter().map(|faq| compared(&faq.question)).collect();
    for question in brief.questions.iter().take(MOST) {
        let wanted = compared(question);
        if !answered.contains(&wanted) && !places.contains_key(wanted.as_str()) {
            found.push(Finding::QuestionMissing {
                question: question.clone(),
            });
        }
    }
}

/// The words of a text by the block (paragraph, heading, cell) they stand in.
struct Read {
    words: u32,
    /// For each stem the blocks that have it.
    blocks: FxHashMap<String, BTreeSet<u32>>,
    language: String,
}

impl Read {
    fn of(text: &Text<'_>, language: &str) -> Self {
        let mut read = Self {
            words: 0,
            blocks: FxHashMap::default(),
            language: language.to_owned(),
        };
        let mut block = 0;
        for body in std::iter::once(text.body).chain(text.faq.iter().map(|faq| faq.answer.as_str())) {
            block = read.markdown(body, block + 1);
        }
        for faq in text.faq {
            block += 1;
            read.add(&faq.question, block, true);
        }
        // Words of the title are not words of the text, but what it aims at may stand there.
        read.add(text.title, block + 1, false);
        read
    }

    fn markdown(&mut self, body: &str, mut block: u32) -> u32 {
        let mut said = String::new();
        for event in Parser::new_ext(body, markdown()) {
            match event {
                // One word may be set in two ways.
                Event::Text(text) | Event::Code(text) => said.push_str(&text),
                Event::SoftBreak | Event::HardBreak => said.push(' '),
                Event::Start(
                    Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. },
                )
                | Event::End(
                    TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image,
                ) => {}
                Event::Start(_) | Event::End(_) => {
                    self.add(&said, block, true);
                    block += u32::from(!said.is_empty());
                    said.clear();
                }
                _ => {}
            }
        }
        self.add(&said, block, true);
        block
    }

    fn add(&mut self, text: &str, block: u32, counted: bool) {
        let stemmer = stemmer(&self.language);
        // Folding is for short texts: a paragraph goes through word by word.
        for (_, word) in igny8_text::index::tokens(text) {
            self.words += u32::from(counted);
            let folded = igny8_text::index::fold_word(word);
            let stem = stemmer
                .as_ref()
                .map_or_else(|| folded.to_string(), |s| s.stem(&folded).into_owned());
            self.blocks.entry(stem).or_default().insert(block);
        }
    }

    /// Whether all that a keyword says stands in one block.
    fn has(&self, keyword: &str) -> bool {
        let stemmer = stemmer(&self.language);
        let grammar = lists::function_words(Language::of(&self.language));
        let folded: Vec<String> = igny8_text::index::tokens(keyword)
            .map(|(_, word)| igny8_text::index::fold_word(word).into_owned())
            .collect();
        let content: Vec<&String> = folded.iter().filter(|word| !grammar.contains(word.as_str())).collect();
        let wanted = if content.is_empty() {
            folded.iter().collect()
        } else {
            content
        };
        let mut common: Option<BTreeSet<u32>> = None;
        for word in wanted {
            let stem = stemmer
                .as_ref()
                .map_or_else(|| word.clone(), |s| s.stem(word).into_owned());
            let Some(blocks) = self.blocks.get(&stem) else {
                return false;
            };
            common = Some(match common {
                None => blocks.clone(),
                Some(common) => common.intersection(blocks).copied().collect(),
            });
        }
        common.is_none_or(|common| !common.is_empty())
    }
}

fn keywords(brief: &Brief, read: &Read, found: &mut Vec<Finding>) {
    if let Some(keyword) = brief.primary.as_ref().filter(|keyword| !read.has(keyword)) {
        found.push(Finding::PrimaryKeywordMissing {
            keyword: keyword.clone(),
        });
    }
    let missing = brief.secondary.iter().take(MOST).filter(|keyword| !read.has(keyword));
    found.extend(missing.map(|keyword| Finding::KeywordMissing {
        keyword: keyword.clone(),
    }));
}

fn length(brief: &Brief, words: u32, found: &mut Vec<Finding>) {
    let (asked, share) = (u64::from(brief.words), u64::from(words) * 100);
    if asked == 0 {
        return;
    }
    let tolerance = u64::from(TOLERANCE);
    if share < asked * (100 - tolerance) {
        found.push(Finding::TooShort {
            words,
            asked: brief.words,
        });
    } else if share > asked * (100 + tolerance) {
        found.push(Finding::TooLong {
            words,
            asked: brief.words,
        });
    }
}

fn widths(text: &Text<'_>, found: &mut Vec<Finding>) {
    let pixels = igny8_width::pixels(text.title.trim(), 20);
    if pixels == 0 {
        found.push(Finding::TitleMissing);
    } else if pixels > TITLE_PIXELS {
        found.push(Finding::TitleTooWide {
            pixels,
            most: TITLE_PIXELS,
        });
    }
    let pixels = igny8_width::pixels(text.description.trim(), 14);
    if pixels == 0 {
        found.push(Finding::DescriptionMissing);
    } else if pixels > DESCRIPTION_PIXELS {
        found.push(Finding::DescriptionTooWide {
            pixels,
            most: DESCRIPTION_PIXELS,
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn brief() -> Brief {
        Brief {
            headings: vec!["Grind the beans".into(), "Steep".into()],
            questions: vec!["How long does it keep?".into()],
            primary: Some("cold brew ratio".into()),
            secondary: vec!["grinding for cold brew".into()],
            words: 0,
            language: "en".into(),
        }
    }

    const BODY: &str = "The *ratio* of a cold\nbrew.\n\n## Step 1: Grind the beans\n\nGrind coarsely; a cold brew wants it.\n\n## 2. Steep\n\nWait.\n";

    fn run(brief: &Brief, body: &str) -> Vec<Finding> {
        let faq = [Faq {
            question: "How long does it keep?".into(),
            answer: "A week.".into(),
        }];
        check(
            brief,
            &Text {
                title: "Ratios",
                description: "How much of each.",
                body,
                faq: &faq,
            },
        )
    }

    #[test]
    fn a_text_that_does_what_was_asked_has_no_finding() {
        assert_eq!(run(&brief(), BODY), []);
    }

    #[test]
    fn what_is_missing_is_told() {
        let swapped = "## Steep\n\nx\n\n## Grind the beans\n\ny\n\n## Steep it\n\n## Steep it\n";
        assert_eq!(
            run(&brief(), swapped),
            [
                Finding::HeadingOutOfOrder {
                    heading: "Steep".into()
                },
                Finding::HeadingTwice {
                    heading: "steep it".into()
                },
                Finding::PrimaryKeywordMissing {
                    keyword: "cold brew ratio".into()
                },
                Finding::KeywordMissing {
                    keyword: "grinding for cold brew".into()
                },
            ]
        );
        let gone = run(&brief(), "cold brew\n\nratio");
        assert!(gone.contains(&Finding::HeadingMissing {
            heading: "Steep".into()
        }));
        let apart = Finding::PrimaryKeywordMissing {
            keyword: "cold brew ratio".into(),
        };
        assert!(gone.contains(&apart), "two paragraphs do not make a keyword");
        let unanswered = check(
            &brief(),
            &Text {
                body: BODY,
                ..Text::default()
            },
        );
        assert_eq!(
            unanswered,
            [
                Finding::QuestionMissing {
                    question: "How long does it keep?".into()
                },
                Finding::TitleMissing,
                Finding::DescriptionMissing,
            ]
        );
    }

    #[test]
    fn lengths_within_a_fifth_are_as_asked() {
        for (words, short, long) in [
            (79, true, false),
            (80, false, false),
            (120, false, false),
            (121, false, true),
        ] {
            let asked = Brief {
                words: 100,
                ..Brief::default()
            };
            let body = "word ".repeat(words);
            let found = check(
                &asked,
                &Text {
                    title: "t",
                    description: "d",
                    body: &body,
                    faq: &[],
                },
            );
            let is = |of: fn(&Finding) -> bool| found.iter().any(of);
            assert_eq!(is(|f| matches!(f, Finding::TooShort { .. })), short, "{words}");
            assert_eq!(is(|f| matches!(f, Finding::TooLong { .. })), long, "{words}");
        }
    }

    #[test]
    fn wide_titles_and_descriptions_are_told() {
        let (title, description) = ("W".repeat(40), "W".repeat(100));
        let found = check(
            &Brief::default(),
            &Text {
                title: &title,
                description: &description,
                body: "",
                faq: &[],
            },
        );
        assert!(matches!(
            found[..],
            [Finding::TitleTooWide { .. }, Finding::DescriptionTooWide { .. }]
        ));
        assert!(found.iter().all(|finding| finding.text().contains("pixels")));
    }

    #[test]
    fn german_stems_and_numbered_headings_are_compared() {
        let brief = Brief {
            headings: vec!["Entkalker wählen".into(), "3 Fehler".into()],
            primary: Some("espressomaschinen entkalken".into()),
            language: "de".into(),
            ..Brief::default()
        };
        let body = "## Schritt 1: Entkalker wählen\n\nEine Espressomaschine entkalken.\n\n## 3 Fehler\n";
        assert_eq!(run(&brief, body), []);
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read(body in "\\PC{0,200}", keyword in "\\PC{0,30}", heading in "\\PC{0,30}") {
            let brief = Brief { headings: vec![heading], secondary: vec![keyword], language: "de".into(), ..Brief::default() };
            let _ = run(&brief, &body);
        }
    }
}
