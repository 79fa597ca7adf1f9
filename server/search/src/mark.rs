//! Texts with the words that were looked for marked in them, as HTML that has nothing else in it.

use std::ops::Range;

use igny8_text::search::{Forms, words};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::query::{Query, Spoken, primary, stem_of};

/// An excerpt is about this long, in bytes of the text.
const EXCERPT: usize = 220;
/// As much of it stands before the first word that was found.
const BEFORE: usize = 60;

/// Finds the words of a query in texts of one language.
pub struct Marker {
    language: String,
    forms: Forms,
    /// The parts of the query that a word is looked for by, as bits.
    exact: FxHashMap<String, u64>,
    stems: FxHashMap<String, u64>,
    begins: Vec<(String, u64)>,
    near: Vec<(String, u64)>,
    near_stems: Vec<(String, u64)>,
    known: FxHashMap<String, u64>,
}

/// A word that was found: where, and for which parts of the query.
struct Found {
    at: Range<usize>,
    parts: u64,
}

impl Marker {
    /// For texts with this language tag.
    pub fn new(query: &Query, language: &str) -> Self {
        let language = primary(language);
        let Spoken { parts } = query.spoken(std::slice::from_ref(&language));
        let mut marker = Self {
            forms: Forms::of(&language),
            language,
            exact: FxHashMap::default(),
            stems: FxHashMap::default(),
            begins: Vec::new(),
            near: Vec::new(),
            near_stems: Vec::new(),
            known: FxHashMap::default(),
        };
        for (n, part) in parts.into_iter().enumerate() {
            // There are at most 32 parts.
            let bit = 1 << (n % 64);
            for word in part.exact.into_iter().flatten() {
                *marker.exact.entry(word).or_default() |= bit;
            }
            for stem in part.stems {
                *marker.stems.entry(stem).or_default() |= bit;
            }
            marker.begins.extend(part.begins.into_iter().map(|word| (word, bit)));
            marker.near.extend(part.near.into_iter().map(|word| (word, bit)));
            marker
                .near_stems
                .extend(part.near_stems.into_iter().map(|stem| (stem, bit)));
        }
        marker
    }

    /// A whole text, such as a title.
    pub fn whole(&mut self, text: &str) -> String {
        let found = self.find(text, 0..text.len());
        let mut out = String::with_capacity(text.len() + 32);
        marked(&mut out, text, 0..text.len(), &found);
        out
    }

    /// The part of a text, given paragraph by paragraph in lines, that has most of what was looked for; its beginning where
    /// nothing was found.
    pub fn excerpt(&mut self, text: &str) -> String {
        let (found, range) = self.best(text);
        let mut out = String::with_capacity(EXCERPT + 64);
        if cut(text, range.start, true) {
            out.push_str("… ");
        }
        marked(&mut out, text, range.clone(), &found);
        if cut(text, range.end, false) {
            out.push_str(" …");
        }
        out
    }

    fn find(&mut self, text: &str, range: Range<usize>) -> Vec<Found> {
        let part = &text[range.clone()];
        let mut out = Vec::new();
        for word in words(part) {
            let parts = self.parts(&part[word.clone()]);
            if parts != 0 {
                out.push(Found {
                    at: range.start + word.start..range.start + word.end,
                    parts,
                });
            }
        }
        out
    }

    fn parts(&mut self, word: &str) -> u64 {
        if let Some(&parts) = self.known.get(word) {
            return parts;
        }
        let folded = self.forms.folded(word);
        let (a, b) = self.forms.stems(word, &folded);
        let mut parts = self.exact.get(&folded).copied().unwrap_or_default();
        for stem in a.into_iter().chain(b) {
            let stem = stem_of(&stem, &self.language);
            parts |= self.stems.get(&stem).copied().unwrap_or_default();
            for (near, bit) in &self.near_stems {
                if differ_by_a_letter(&stem, near) {
                    parts |= bit;
                }
            }
        }
        for (beginning, bit) in &self.begins {
            if folded.starts_with(beginning) {
                parts |= bit;
            }
        }
        for (word, bit) in &self.near {
            if differ_by_a_letter(&folded, word) {
                parts |= bit;
            }
        }
        if self.known.len() < 50_000 {
            self.known.insert(word.to_owned(), parts);
        }
        parts
    }

    /// The stretch of one paragraph with most parts of the query in it, then most words, and what was found there.
    fn best(&mut self, text: &str) -> (Vec<Found>, Range<usize>) {
        let all = self.all();
        let mut best: (u32, usize) = (0, 0);
        let mut chosen = None;
        let mut start = 0;
        for line in text.split('\n') {
            let paragraph = start..start + line.len();
            start = paragraph.end + 1;
            let found = self.find(text, paragraph.clone());
            let mut end = 0;
            for first in 0..found.len() {
                while end < found.len() && found[end].at.end <= found[first].at.start + EXCERPT - BEFORE {
                    end += 1;
                }
                let inside = &found[first..end.max(first + 1)];
                let parts = inside.iter().fold(0, |parts, found| parts | found.parts);
                let value = (parts.count_ones(), distinct(text, inside));
                if value > best {
                    best = value;
                    chosen = Some((paragraph.clone(), found[first].at.start));
                }
                // Looking on would only matter for how often they are there.
                if parts == all && inside.len() as u32 > all.count_ones() + 2 {
                    break;
                }
            }
            if best.0 == all.count_ones() && best.0 > 0 {
                break;
            }
        }
        let (paragraph, at) = chosen.unwrap_or_else(|| (0..text.find('\n').unwrap_or(text.len()), 0));
        let range = around(text, &paragraph, at);
        (self.find(text, range.clone()), range)
    }

    /// All parts of the query, as bits.
    fn all(&self) -> u64 {
        let exact = self.exact.values().chain(self.stems.values()).copied();
        exact
            .chain(self.begins.iter().map(|(_, bit)| *bit))
            .fold(0, |all, bit| all | bit)
    }
}

/// Whether one letter makes one word of another: left out, added or another one, or exchanged with the one beside it. As the index
/// has it.
fn differ_by_a_letter(one: &str, other: &str) -> bool {
    // A letter has at most four bytes.
    if one.len().abs_diff(other.len()) > 4 {
        return false;
    }
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    let same = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    match (&one[same..], &other[same..]) {
        ([_, rest @ ..], other) if rest == other => true,
        (one, [_, rest @ ..]) if rest == one => true,
        ([_, one @ ..], [_, other @ ..]) if one == other => true,
        ([a, b, one @ ..], [c, d, other @ ..]) => (a, b) == (d, c) && one == other,
        _ => false,
    }
}

/// How many different words were found.
fn distinct(text: &str, found: &[Found]) -> usize {
    let words: FxHashSet<&str> = found.iter().take(16).map(|found| &text[found.at.clone()]).collect();
    words.len()
}

/// The stretch of a paragraph that an excerpt shows for a word at a place, between words.
fn around(text: &str, paragraph: &Range<usize>, at: usize) -> Range<usize> {
    let mut start = paragraph.start;
    if at > paragraph.start + BEFORE {
        let from = text.floor_char_boundary(at - BEFORE);
        start = text[from..at]
            .find(char::is_whitespace)
            .map_or(at, |space| from + space);
        start += text[start..at].len() - text[start..at].trim_start().len();
    }
    let mut end = paragraph.end;
    if end > start + EXCERPT {
        let to = text.floor_char_boundary(start + EXCERPT);
        end = text[start..to]
            .rfind(char::is_whitespace)
            .map_or(to, |space| start + space);
    }
    start..end.max(start)
}

/// Whether there is more of the paragraph before or behind a place.
fn cut(text: &str, at: usize, before: bool) -> bool {
    let edge = if before {
        text[..at].chars().next_back()
    } else {
        text[at..].chars().next()
    };
    edge.is_some_and(|c| c != '\n')
}

fn marked(out: &mut String, text: &str, range: Range<usize>, found: &[Found]) {
    let mut at = range.start;
    for Found { at: word, .. } in found {
        escape(out, &text[at..word.start]);
        out.push_str("<mark>");
        escape(out, &text[word.clone()]);
        out.push_str("</mark>");
        at = word.end;
    }
    escape(out, &text[at..range.end]);
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker(query: &str, language: &str) -> Marker {
        Marker::new(&Query::parse(query).unwrap(), language)
    }

    #[test]
    fn what_was_looked_for_is_marked() {
        for (query, language, text, expected) in [
            ("pump ", "en", "Pumps & <b>", "<mark>Pumps</mark> &amp; &lt;b&gt;"),
            ("pum", "en", "A pumpkin", "A <mark>pumpkin</mark>"),
            ("waermepumpe", "de", "Wärmepumpen.", "<mark>Wärmepumpen</mark>."),
            ("isik", "tr", "IŞIK", "<mark>IŞIK</mark>"),
            ("\"pump\"", "en", "pumps pump", "pumps <mark>pump</mark>"),
            ("水泵", "zh", "买水泵", "买<mark>水</mark><mark>泵</mark>"),
            ("x", "en", "<script>\"'", "&lt;script&gt;&quot;&#39;"),
            ("x", "en", "", ""),
        ] {
            assert_eq!(marker(query, language).whole(text), expected, "{query}");
        }
    }

    #[test]
    fn words_that_differ_by_a_letter_are_marked() {
        let query = Query::parse("cofee \"burr mill\" set").unwrap().near().unwrap();
        let mut marker = Marker::new(&query, "en");
        for (text, expected) in [
            ("Coffee, toffee", "<mark>Coffee</mark>, toffee"),
            (
                "cofee cfoee coffees",
                "<mark>cofee</mark> <mark>cfoee</mark> <mark>coffees</mark>",
            ),
            ("burrs, milk", "burrs, milk"),
            ("sets", "<mark>sets</mark>"),
            ("sea", "sea"),
        ] {
            assert_eq!(marker.whole(text), expected);
        }
        for (one, other, by_one) in [
            ("pump", "pump", false),
            ("pump", "pum", true),
            ("pump", "plump", true),
            ("pump", "pupm", true),
            ("pump", "bump", true),
            ("größe", "grösse", false),
            ("größe", "grüße", true),
            ("pump", "ppmu", false),
            ("pump", "pu", false),
            ("", "p", true),
        ] {
            assert_eq!(differ_by_a_letter(one, other), by_one, "{one} {other}");
            assert_eq!(differ_by_a_letter(other, one), by_one, "{other} {one}");
        }
    }

    #[test]
    fn an_excerpt_shows_where_most_of_it_is() {
        let filler = "Nothing of that is said here, and so it goes on for a good while. ".repeat(10);
        let text = format!("{filler}\n{filler} A heat loss. {filler} Heat comes from a pump. {filler}\nheat pump");
        let excerpt = marker("heat pump", "en").excerpt(&text);
        assert!(excerpt.starts_with("… ") && excerpt.ends_with(" …"), "{excerpt}");
        assert!(
            excerpt.contains("<mark>Heat</mark> comes from a <mark>pump</mark>"),
            "{excerpt}"
        );
        assert!(excerpt.len() < 400, "{excerpt}");
        assert_eq!(marker("heat", "en").excerpt("No such word.\nMore"), "No such word.");
        assert_eq!(marker("heat", "en").excerpt("a\nThe heat\nb"), "The <mark>heat</mark>");
        assert_eq!(marker("heat", "en").excerpt(""), "");
    }

    #[test]
    fn excerpts_end_between_letters_of_any_size() {
        for letter in ["ä", "水", "🦀", "e\u{301}"] {
            for lead in 0..4 {
                let text = format!("{}{}heat{}", "a".repeat(lead), letter.repeat(300), letter.repeat(300));
                let text = text.replace("heat", " heat ");
                assert!(
                    marker("heat", "en").excerpt(&text).contains("<mark>heat</mark>"),
                    "{letter} {lead}"
                );
            }
        }
    }
}
