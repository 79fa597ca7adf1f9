//! A Markdown text as sections: each begins with a heading and ends before the next one of its kind.
//!
//! A text is cut at its headings of the first and second level, or, where it has none, at those of the highest level it has;
//! deeper headings belong to their section. Headings in quotes and lists cut nothing. Joined again, the sections are the text,
//! byte for byte.

use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::markdown;

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section<'a> {
    /// The heading, folded, and which of those that say the same it is: `prices`, `prices#2`. Empty for the text before
    /// the first heading, which is there even when it is empty.
    pub id: String,
    /// As a reader sees it.
    pub heading: String,
    /// Heading and all below it, with the white space at its end.
    pub text: &'a str,
    /// Where it stands.
    pub range: Range<usize>,
}

/// Why a section cannot be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is none with this id.
    #[error("the text has no such section")]
    Missing,
    /// The new text has another heading of the section's level, or leaves something open that swallows what follows.
    #[error("the new text would change other sections; it must be one section, with every code block and tag closed")]
    Spills,
}

/// Takes a text apart.
pub fn split(body: &str) -> Vec<Section<'_>> {
    let found = headings(body);
    let cut = found.iter().map(|heading| heading.level).min().unwrap_or(2).max(2);
    let mut ids = Ids::default();
    let mut sections = vec![Section {
        id: ids.next(""),
        heading: String::new(),
        text: "",
        range: 0..0,
    }];
    for heading in found.into_iter().filter(|heading| heading.level <= cut) {
        close(&mut sections, body, heading.at);
        let folded = igny8_text::fold(&heading.text);
        sections.push(Section {
            id: ids.next(if folded.is_empty() { "section" } else { &folded }),
            heading: heading.text,
            text: "",
            range: heading.at..heading.at,
        });
    }
    close(&mut sections, body, body.len());
    sections
}

fn close<'a>(sections: &mut [Section<'a>], body: &'a str, end: usize) {
    if let Some(last) = sections.last_mut() {
        last.range.end = end;
        last.text = &body[last.range.clone()];
    }
}

/// Exchanges one section; every byte outside it stays.
///
/// # Errors
/// When there is no such section, or the new text is not one section.
pub fn replace(body: &str, id: &str, text: &str) -> Result<String, Refused> {
    let before = split(body);
    let place = before
        .iter()
        .position(|section| section.id == id)
        .ok_or(Refused::Missing)?;
    let old = &before[place];
    if text == old.text {
        return Ok(body.to_owned());
    }
    let mut new = String::with_capacity(body.len() + text.len() + 2);
    new.push_str(&body[..old.range.start]);
    new.push_str(text.trim_end());
    let ends = if place + 1 < before.len() { "\n\n" } else { "\n" };
    if !text.trim().is_empty() {
        new.push_str(ends);
    }
    new.push_str(&body[old.range.end..]);
    let after = split(&new);
    let same = |a: &[Section<'_>], b: &[Section<'_>]| a.iter().map(|s| s.text).eq(b.iter().map(|s| s.text));
    // Without text and heading it is gone, unless it is the one before the first heading.
    let gone = usize::from(text.trim().is_empty() && place > 0);
    let stays = after.len() + gone == before.len()
        && same(&before[..place], &after[..place])
        && same(&before[place + 1..], &after[place + 1 - gone..]);
    if stays { Ok(new) } else { Err(Refused::Spills) }
}

/// Puts a block behind the heading of a section, or in front of all where the section has none; every other byte stays.
///
/// # Errors
/// When there is no such section, or the text would fall apart differently.
pub fn with_block(body: &str, id: &str, block: &str) -> Result<String, Refused> {
    let before = split(body);
    let section = before.iter().find(|section| section.id == id).ok_or(Refused::Missing)?;
    let mut at = section.range.start;
    if !section.heading.is_empty() {
        let end = Parser::new_ext(section.text, markdown())
            .into_offset_iter()
            .find_map(|(event, range)| matches!(event, Event::End(TagEnd::Heading(_))).then_some(range.end));
        at += end.unwrap_or(0);
    }
    let (head, tail) = body.split_at(at);
    let mut new = head.trim_end().to_owned();
    if !new.is_empty() {
        new.push_str("\n\n");
    }
    new.push_str(block.trim());
    new.push_str("\n\n");
    new.push_str(tail.trim_start_matches(['\n', '\r']));
    let ids = |sections: &[Section<'_>]| sections.iter().map(|s| s.id.clone()).collect::<Vec<_>>();
    if ids(&split(&new)) == ids(&before) {
        Ok(new)
    } else {
        Err(Refused::Spills)
    }
}

/// Gives every section of a text an id of its own.
#[derive(Default)]
struct Ids {
    taken: FxHashSet<String>,
    /// Where to go on counting.
    counts: FxHashMap<String, usize>,
}

impl Ids {
    fn next(&mut self, name: &str) -> String {
        let count = self.counts.entry(name.to_owned()).or_insert(0);
        loop {
            *count += 1;
            let id = match *count {
                1 => name.to_owned(),
                n => format!("{name}#{n}"),
            };
            // A heading may itself say `prices#2`.
            if self.taken.insert(id.clone()) {
                return id;
            }
        }
    }
}

/// A heading that stands in no quote and no list.
pub(crate) struct Heading {
    pub(crate) level: u8,
    pub(crate) text: String,
    at: usize,
}

pub(crate) fn headings(body: &str) -> Vec<Heading> {
    let mut found: Vec<Heading> = Vec::new();
    let (mut depth, mut inside) = (0usize, false);
    for (event, range) in Parser::new_ext(body, markdown()).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { level, .. }) if depth == 0 => {
                inside = true;
                // The whole line: up to three spaces may stand before the heading.
                let at = body[..range.start].rfind('\n').map_or(0, |at| at + 1);
                found.push(Heading {
                    level: level as u8,
                    text: String::new(),
                    at,
                });
            }
            Event::End(TagEnd::Heading(_)) => inside = false,
            Event::Start(Tag::BlockQuote(_) | Tag::List(_) | Tag::FootnoteDefinition(_) | Tag::DefinitionList) => {
                depth += 1
            }
            Event::End(
                TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::FootnoteDefinition | TagEnd::DefinitionList,
            ) => depth = depth.saturating_sub(1),
            Event::Text(text) | Event::Code(text) if inside => {
                if let Some(last) = found.last_mut() {
                    last.text.push_str(&text);
                }
            }
            Event::SoftBreak | Event::HardBreak if inside => {
                if let Some(last) = found.last_mut() {
                    last.text.push(' ');
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "Intro.\n\n## Prices\n\nA\n\n### Deeper\n\nB\n\n> ## quoted\n\n```\n## code\n```\n\n## Prices\n\nC\n\nSetext\n------\n\nD";

    fn ids(body: &str) -> Vec<String> {
        split(body).into_iter().map(|section| section.id).collect()
    }

    #[test]
    fn texts_are_cut_at_their_main_headings() {
        assert_eq!(ids(TEXT), ["", "prices", "prices#2", "setext"]);
        assert_eq!(ids(""), [""]);
        assert_eq!(ids("### A\n\n#### B\n\n### C\n"), ["", "a", "c"]);
        assert_eq!(ids("# A\n\n## *B* `c`\n"), ["", "a", "b c"]);
        assert_eq!(
            ids("## a\n\n## a#2\n\n## a\n\n##\n"),
            ["", "a", "a#2", "a#3", "section"]
        );
    }

    #[test]
    fn one_section_is_exchanged() {
        let new = replace(TEXT, "prices#2", "## Prices\n\nNew").unwrap();
        assert_eq!(new, TEXT.replace("## Prices\n\nC\n", "## Prices\n\nNew\n"));
        assert_eq!(replace(TEXT, "nothing", "x"), Err(Refused::Missing));
        for spilling in [
            "## Prices\n\n```\nopen",
            "## Prices\n\n## Two",
            "## Prices\n\n<!-- open",
        ] {
            assert_eq!(replace(TEXT, "prices", spilling), Err(Refused::Spills), "{spilling}");
        }
        assert_eq!(replace("A\n\n## B\n\nC", "b", "").unwrap(), "A\n\n");
    }

    fn markdown_text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("## A\n\n".to_owned()),
            Just("# B\n".to_owned()),
            Just("### C\n\ntext\n\n".to_owned()),
            Just("```\n".to_owned()),
            Just("> quote\n".to_owned()),
            Just("- ## in a list\n".to_owned()),
            Just("Title\n===\n".to_owned()),
            Just("<div>\n".to_owned()),
            "[a-z ä\r\n#]{0,12}",
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn nothing_is_lost_between_sections(body in markdown_text()) {
            let sections = split(&body);
            prop_assert_eq!(sections.iter().map(|s| s.text).collect::<String>(), body.clone());
            let ids: FxHashSet<&str> = sections.iter().map(|s| s.id.as_str()).collect();
            prop_assert_eq!(ids.len(), sections.len());
        }

        #[test]
        fn a_section_replaced_by_itself_changes_nothing(body in markdown_text()) {
            for section in split(&body) {
                prop_assert_eq!(replace(&body, &section.id, section.text), Ok(body.clone()));
            }
        }

        #[test]
        fn other_sections_stay_byte_for_byte(body in markdown_text(), text in markdown_text()) {
            let before = split(&body);
            for (place, section) in before.iter().enumerate() {
                let Ok(new) = replace(&body, &section.id, &text) else { continue };
                prop_assert!(new.starts_with(&body[..section.range.start]));
                prop_assert!(new.ends_with(&body[section.range.end..]));
                prop_assert!(split(&new).len() >= before.len() - 1, "{}", place);
            }
        }
    }
}
