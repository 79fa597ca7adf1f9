//! Words as an index of texts keeps them, where they stand, and which of them only hold sentences together.

use std::borrow::Cow;
use std::collections::HashSet;
use std::collections::hash_map::{Entry, HashMap};
use std::ops::Range;
use std::sync::{LazyLock, Mutex};

use unicode_segmentation::UnicodeSegmentation;

use crate::fold;

/// The words of a text (UAX 29) as they are written, without `'s`, with their byte offset.
pub fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.unicode_word_indices().map(|(at, word)| {
        let word = word
            .strip_suffix("'s")
            .or_else(|| word.strip_suffix("\u{2019}s"))
            .unwrap_or(word);
        (at, word)
    })
}

/// One word as it is compared: [`fold`], but without work for what is plain lower case already.
pub fn fold_word(word: &str) -> Cow<'_, str> {
    if word.len() <= crate::MAX_TOKEN_CHARS && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
        return Cow::Borrowed(word);
    }
    let mut folded = fold(word);
    if let Some((at, _)) = folded.char_indices().nth(crate::MAX_TOKEN_CHARS) {
        folded.truncate(at);
    }
    Cow::Owned(folded)
}

/// The sentences of one paragraph (UAX 29), in order and without gaps, trailing white space included. What ends in an
/// abbreviation ("Dr.", "U.S.") goes on with the next.
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    let mut joined = false;
    let mut at = 0;
    for end in sentence_ends(text) {
        let sentence = &text[at..end];
        match out.last_mut() {
            Some(last) if joined => last.end = end,
            _ => out.push(at..end),
        }
        joined = ends_in_abbreviation(sentence);
        at = end;
    }
    out
}

/// Where the sentences of a text end (UAX 29). Between two ASCII letters with no mark and no other script between them none ends,
/// so only what is around the rest is looked at character by character: of English prose a twentieth.
fn sentence_ends(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let may_end = |b: &u8| matches!(b, b'.' | b'?' | b'!' | b'\n' | b'\r') || !b.is_ascii();
    let mut ends = Vec::new();
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(may_end) {
        // What ends a sentence depends on the letter before it, and on what comes up to the next letter.
        let first = (at + found).saturating_sub(1).max(at);
        let mark = at + found;
        let letter = bytes[mark..].iter().position(u8::is_ascii_alphabetic);
        let behind = letter.map_or(bytes.len(), |letter| mark + letter + 1);
        let window = text[first..behind].split_sentence_bound_indices().skip(1);
        ends.extend(window.map(|(start, _)| first + start));
        // The letter may be the one before the next mark.
        at = if behind == bytes.len() { behind } else { behind - 1 };
    }
    if !text.is_empty() {
        ends.push(text.len());
    }
    ends
}

fn ends_in_abbreviation(sentence: &str) -> bool {
    let Some(body) = sentence.trim_end().strip_suffix('.') else {
        return false;
    };
    let last = body.rsplit(char::is_whitespace).next().unwrap_or_default();
    let last = last.trim_start_matches(['(', '"', '\u{201c}', '\u{2018}']);
    if last.contains('.') {
        // "U.S", "e.g": single letters between the dots.
        return last.split('.').all(|part| part.chars().count() == 1);
    }
    const TITLES: [&str; 16] = [
        "Dr", "Mr", "Mrs", "Ms", "Prof", "St", "Sr", "Jr", "No", "Nr", "vs", "bzw", "ca", "Hr", "Fr", "approx",
    ];
    TITLES.contains(&last) || (last.chars().count() == 1 && last.chars().all(char::is_uppercase))
}

/// The words of a language that only hold sentences together (articles, prepositions, pronouns), folded; empty where
/// there is no list for it.
pub fn stop_words(language: &str) -> &'static HashSet<String> {
    static LISTS: LazyLock<Mutex<HashMap<String, &'static HashSet<String>>>> = LazyLock::new(Mutex::default);
    static NONE: LazyLock<HashSet<String>> = LazyLock::new(HashSet::new);
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    let mut primary = primary.to_ascii_lowercase();
    if primary == "nb" || primary == "nn" {
        "no".clone_into(&mut primary);
    }
    let Some(words) = stop_words::lookup(&primary) else {
        return &NONE;
    };
    let mut lists = LISTS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    match lists.entry(primary) {
        Entry::Occupied(known) => known.get(),
        // Once for each language there is a list for, so nothing is lost without end.
        Entry::Vacant(new) => {
            let folded = words.iter().flat_map(|word| {
                let folded = fold(word);
                // Tokens come without the possessive and in halves where a list writes "isn't" as one.
                [folded.replace('\'', ""), folded]
            });
            new.insert(Box::leak(Box::new(folded.collect())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_stand_where_they_were_read() {
        let text = "The dog\u{2019}s BOWL, 12v";
        let found: Vec<_> = tokens(text).collect();
        assert_eq!(found, [(0, "The"), (4, "dog"), (12, "BOWL"), (18, "12v")]);
        assert_eq!(fold_word("BOWL"), "bowl");
        assert_eq!(fold_word(&"x".repeat(99)).len(), crate::MAX_TOKEN_CHARS);
    }

    #[test]
    fn sentences_cover_the_text_and_go_on_after_abbreviations() {
        for (text, count) in [
            ("One. Two! Three?", 3),
            ("Dr. Miller went to the U.S. Congress. He spoke.", 2),
            ("水泵坏了。请修理。", 2),
            ("", 0),
        ] {
            let found = sentences(text);
            assert_eq!(found.len(), count, "{text}");
            let joined: String = found.iter().map(|r| &text[r.clone()]).collect();
            assert_eq!(joined, text);
        }
    }

    #[test]
    fn what_is_passed_over_ends_no_sentence() {
        // Each class of characters that the rules know, in every order.
        const CLASSES: [&str; 9] = ["a", "A", ".", "?", " ", "1", "\n", "\u{301}", "\u{201d}"];
        let mut texts: Vec<String> = vec![String::new()];
        let mut longest = texts.clone();
        for _ in 0..6 {
            let longer = longest
                .iter()
                .flat_map(|text| CLASSES.map(|class| format!("{text}{class}")));
            longest = longer.collect();
            texts.extend(longest.iter().cloned());
        }
        let prose = [
            "Wait\u{2026} what? He said \u{201c}no.\u{201d} (See p. 12.) It cost 3.50 a.m., or so.\r\nNext!",
            "水泵坏了。Call us. 请修理。 now",
            "a\u{85}b\u{2028}c. d, e. F",
        ];
        texts.extend(prose.map(str::to_owned));
        for text in texts {
            let all = text.split_sentence_bound_indices();
            let expected: Vec<usize> = all.map(|(at, sentence)| at + sentence.len()).collect();
            assert_eq!(sentence_ends(&text), expected, "{text:?}");
        }
    }

    #[test]
    fn stop_words_are_those_of_the_language() {
        assert!(stop_words("en-GB").contains("the"));
        assert!(stop_words("de").contains("und"));
        assert!(!stop_words("de").contains("the"));
        assert!(stop_words("xx").is_empty());
    }
}
