//! What somebody typed, as what is looked for.

use igny8_text::search::{Forms, words};

/// Longer texts are refused: nobody types them, and each word costs a look at the index.
pub const MAX_CHARACTERS: usize = 500;
/// As many words are looked for.
pub const MAX_WORDS: usize = 32;
/// Of shorter words, one that differs by a letter is another word.
const LONG: usize = 5;
/// The same for their stems.
const LONG_STEM: usize = LONG - 1;

/// Words and phrases that a text must all have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    pub(crate) parts: Vec<Part>,
    /// Long words may be mistyped.
    near: bool,
}

/// One thing that a text must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// A word in any of its inflections, or one that it begins when it may still be being typed.
    Word { word: String, begins: bool },
    /// These words side by side, as they are.
    Phrase(Vec<String>),
}

/// A text that is longer than what is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have at most {MAX_CHARACTERS} characters and {MAX_WORDS} words")]
pub struct TooLong;

impl Query {
    /// Reads a text: words, and phrases in double quotes. A quote that is not closed is none; everything else that is no letter
    /// or digit divides words. The last word may be the beginning of one unless something stands behind it.
    ///
    /// # Errors
    /// When it is longer than what is looked for.
    pub fn parse(text: &str) -> Result<Self, TooLong> {
        if text.len() > MAX_CHARACTERS * 4 || text.chars().count() > MAX_CHARACTERS {
            return Err(TooLong);
        }
        let mut parts = Vec::new();
        let mut rest = text;
        loop {
            let Some((open, inner)) = rest.split_once(is_quote) else {
                plain(rest, &mut parts);
                break;
            };
            let Some((quoted, after)) = inner.split_once(is_quote) else {
                plain(open, &mut parts);
                // As if the quote were a space: what comes may be a phrase one day.
                plain(inner, &mut parts);
                break;
            };
            plain(open, &mut parts);
            // A word before a phrase is finished.
            finish(&mut parts);
            let phrase: Vec<String> = words(quoted).map(|r| quoted[r].to_owned()).collect();
            if !phrase.is_empty() {
                parts.push(Part::Phrase(phrase));
            }
            rest = after;
        }
        let last = text.chars().next_back();
        if !last.is_some_and(char::is_alphanumeric) {
            finish(&mut parts);
        }
        let count: usize = parts
            .iter()
            .map(|part| match part {
                Part::Word { .. } => 1,
                Part::Phrase(words) => words.len(),
            })
            .sum();
        if count > MAX_WORDS {
            return Err(TooLong);
        }
        Ok(Self { parts, near: false })
    }

    /// Whether there is no word in it, so that nothing can be found.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The same for texts whose long words differ by a letter from those that were typed; phrases are as they are. None where no
    /// long word was typed.
    pub fn near(&self) -> Option<Self> {
        let long = |part: &Part| matches!(part, Part::Word { word, .. } if is_long(word));
        let has = !self.near && self.parts.iter().any(long);
        has.then(|| Self {
            parts: self.parts.clone(),
            near: true,
        })
    }

    /// Whether words may differ by a letter.
    pub fn is_near(&self) -> bool {
        self.near
    }
}

/// Whether a word is long enough to be known although a letter of it is wrong. A number with another digit is another number.
fn is_long(word: &str) -> bool {
    !word.contains(char::is_numeric) && word.chars().filter(|c| c.is_alphabetic()).count() >= LONG
}

fn is_quote(c: char) -> bool {
    matches!(
        c,
        '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{201f}' | '«' | '»' | '＂'
    )
}

/// Adds the words of a text without quotes. Those that touch each other, as in scripts without spaces, are a phrase.
fn plain(text: &str, parts: &mut Vec<Part>) {
    finish(parts);
    let mut run: Vec<&str> = Vec::new();
    let mut end = usize::MAX;
    let flush = |run: &mut Vec<&str>, parts: &mut Vec<Part>| {
        finish(parts);
        match run.as_slice() {
            [] => {}
            [word] => parts.push(Part::Word {
                word: (*word).to_owned(),
                begins: true,
            }),
            several => parts.push(Part::Phrase(several.iter().map(|&word| word.to_owned()).collect())),
        }
        run.clear();
    };
    for range in words(text) {
        if range.start != end {
            flush(&mut run, parts);
        }
        end = range.end;
        run.push(&text[range]);
    }
    flush(&mut run, parts);
}

/// What is there so far is not being typed any more.
fn finish(parts: &mut [Part]) {
    if let Some(Part::Word { begins, .. }) = parts.last_mut() {
        *begins = false;
    }
}

/// A query in the languages of a site.
pub(crate) struct Spoken {
    pub parts: Vec<SpokenPart>,
}

/// A part in each way that one of the languages writes it.
pub(crate) struct SpokenPart {
    /// Words as they are, folded; of a phrase, in order.
    pub exact: Vec<Vec<String>>,
    /// Stems with their language, as the index has them.
    pub stems: Vec<String>,
    /// Beginnings of words, folded.
    pub begins: Vec<String>,
    /// Words, folded, that may differ by a letter.
    pub near: Vec<String>,
    /// The same of stems, so that a mistyped word is known in its inflections.
    pub near_stems: Vec<String>,
}

impl Query {
    /// The query as the index has its words, for texts of these languages (primary tags).
    pub(crate) fn spoken(&self, languages: &[String]) -> Spoken {
        let all: Vec<(&str, Forms)> = languages.iter().map(|tag| (tag.as_str(), Forms::of(tag))).collect();
        let of = |part: &Part| {
            let mut out = SpokenPart {
                exact: Vec::new(),
                stems: Vec::new(),
                begins: Vec::new(),
                near: Vec::new(),
                near_stems: Vec::new(),
            };
            for (tag, forms) in &all {
                match part {
                    Part::Phrase(words) => {
                        let folded: Vec<String> = words.iter().map(|word| forms.folded(word)).collect();
                        add(
                            &mut out.exact,
                            folded.into_iter().filter(|word| !word.is_empty()).collect(),
                        );
                    }
                    Part::Word { word, begins } => {
                        let folded = forms.folded(word);
                        if folded.is_empty() {
                            continue;
                        }
                        let near = self.near && is_long(&folded);
                        let (a, b) = forms.stems(word, &folded);
                        for stem in a.into_iter().chain(b) {
                            if near && stem.chars().count() >= LONG_STEM {
                                add(&mut out.near_stems, stem_of(&stem, tag));
                            }
                            add(&mut out.stems, stem_of(&stem, tag));
                        }
                        if *begins {
                            add(&mut out.begins, folded.clone());
                        }
                        if near {
                            add(&mut out.near, folded.clone());
                        }
                        add(&mut out.exact, vec![folded]);
                    }
                }
            }
            out.exact.retain(|words| !words.is_empty());
            out
        };
        Spoken {
            parts: self.parts.iter().map(of).collect(),
        }
    }
}

/// A stem as the index has it: what no word can be, with its language, since a stem means another word in another one.
pub(crate) fn stem_of(stem: &str, language: &str) -> String {
    format!("{stem}/{language}")
}

/// The part of a tag that says which language it is.
pub(crate) fn primary(tag: &str) -> String {
    let primary: String = tag
        .split(['-', '_'])
        .next()
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_alphabetic)
        .take(8)
        .collect();
    primary.to_ascii_lowercase()
}

fn add<T: PartialEq>(values: &mut Vec<T>, value: T) {
    if !values.contains(&value) {
        values.push(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(word: &str) -> Part {
        Part::Word {
            word: word.into(),
            begins: false,
        }
    }

    fn begins(word: &str) -> Part {
        Part::Word {
            word: word.into(),
            begins: true,
        }
    }

    fn phrase(words: &[&str]) -> Part {
        Part::Phrase(words.iter().map(|&w| w.into()).collect())
    }

    #[test]
    fn texts_are_read() {
        for (text, expected) in [
            ("", vec![]),
            ("\"\" ??? AND-", vec![word("AND")]),
            ("heat pump", vec![word("heat"), begins("pump")]),
            ("heat pump ", vec![word("heat"), word("pump")]),
            ("\"heat pump\"", vec![phrase(&["heat", "pump"])]),
            ("„heat pump“ cost", vec![phrase(&["heat", "pump"]), begins("cost")]),
            ("cost \"heat pump", vec![word("cost"), word("heat"), begins("pump")]),
            ("cost \"pump\" x\"", vec![word("cost"), phrase(&["pump"]), word("x")]),
            ("cost\"pump\"", vec![word("cost"), phrase(&["pump"])]),
            ("node.js", vec![word("node"), begins("js")]),
            ("水泵 x", vec![phrase(&["水", "泵"]), begins("x")]),
            (
                "title:(a OR b)~2^3 -c*",
                vec![
                    word("title"),
                    word("a"),
                    word("OR"),
                    word("b"),
                    word("2"),
                    word("3"),
                    word("c"),
                ],
            ),
        ] {
            assert_eq!(Query::parse(text).unwrap().parts, expected, "{text:?}");
        }
    }

    #[test]
    fn long_words_may_be_mistyped() {
        for (text, may) in [
            ("pump heats", true),
            ("pump heat", false),
            ("\"pumps heats\"", false),
            ("12345 a1b2c3d", false),
            ("größe", true),
            ("水泵水泵水泵", false),
        ] {
            let query = Query::parse(text).unwrap();
            let near = query.near();
            assert_eq!(near.is_some(), may, "{text}");
            assert!(near.is_none_or(|near| near.is_near() && near.near().is_none() && near.parts == query.parts));
        }
    }

    #[test]
    fn what_is_too_long_is_refused() {
        assert_eq!(Query::parse(&"x".repeat(MAX_CHARACTERS + 1)), Err(TooLong));
        assert_eq!(Query::parse(&"a ".repeat(MAX_WORDS + 1)), Err(TooLong));
        assert_eq!(
            Query::parse(&format!("\"{}\"", "水".repeat(MAX_WORDS + 1))),
            Err(TooLong)
        );
        assert!(Query::parse(&"ä".repeat(MAX_CHARACTERS)).is_ok());
        assert_eq!(Query::parse(&"a ".repeat(MAX_WORDS)).unwrap().parts.len(), MAX_WORDS);
    }
}
