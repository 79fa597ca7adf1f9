//! Few sentences are too long.

use igny8_text::Language;

use super::{Context, Outcome, number, percent, rounded};
use crate::report::{Bound, Unit};

pub(super) fn check(c: &Context<'_>) -> Outcome {
    if c.words() == 0 {
        return Outcome::no_text();
    }
    if c.language == Language::Unspaced {
        return Outcome::not_scored(
            "sentence_length.unspaced",
            "Not scored: this language writes no spaces, so words cannot be counted.",
        );
    }
    let most = limit(c.input.language);
    let (mut all, mut long, mut examples) = (0, 0, Vec::new());
    for sentence in c.document.sentences() {
        all += 1;
        if sentence.words().len() > most {
            long += 1;
            if examples.len() < 3 {
                examples.push(sentence.text());
            }
        }
    }
    let share = percent(long, all);
    let bounds = bounds(c.input.language, c.cornerstone());
    let rating = rate(share, bounds);
    let outcome = Outcome::new(rating, share, Unit::Percent, Bound::max(bounds.0));
    if rating == 9 {
        return outcome;
    }
    outcome
        .mend(
            "sentence_length.long",
            "{share} % of the sentences have more than {words} words: divide some of them, so that at most {max} % are as long.",
            &[("share", &rounded(share)), ("words", &number(most)), ("max", &bounds.0)],
        )
        .examples(examples)
}

/// A sentence of more words is long.
fn limit(tag: &str) -> usize {
    match primary(tag).as_str() {
        "ca" | "es" | "fa" | "it" | "pt" => 25,
        "he" | "ru" | "tr" => 15,
        _ => 20,
    }
}

/// Up to which share of long sentences, in per cent, it is good, and fair.
fn bounds(tag: &str, cornerstone: bool) -> (f64, f64) {
    match primary(tag).as_str() {
        "pl" => (15.0, 20.0),
        _ if cornerstone => (20.0, 25.0),
        _ => (25.0, 30.0),
    }
}

fn primary(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase()
}

fn rate(share: f64, (good, fair): (f64, f64)) -> i16 {
    if share <= good {
        9
    } else if share <= fair {
        6
    } else {
        3
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::rating;
    use crate::input::Input;
    use crate::weights::CheckId;

    #[test]
    fn shares() {
        let cases = [
            ("en", false, 25.0, 9),
            ("en", false, 25.1, 6),
            ("en", false, 30.0, 6),
            ("en", false, 30.1, 3),
            ("en", true, 20.0, 9),
            ("en", true, 20.1, 6),
            ("en", true, 25.1, 3),
            ("pl", false, 15.0, 9),
            ("pl", false, 15.1, 6),
            ("pl", false, 20.1, 3),
        ];
        for (tag, cornerstone, share, expected) in cases {
            assert_eq!(rate(share, bounds(tag, cornerstone)), expected, "{tag} {share}");
        }
    }

    #[test]
    fn limits_by_language() {
        let cases = [
            ("en", 20, Some(9)),
            ("en", 21, Some(3)),
            ("es-MX", 25, Some(9)),
            ("es", 26, Some(3)),
            ("tr", 15, Some(9)),
            ("ru", 16, Some(3)),
            ("zh", 1, None),
        ];
        for (language, words, expected) in cases {
            let input = Input {
                language,
                body: &"word ".repeat(words),
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::SentenceLength), expected, "{language} {words}");
        }
    }
}
