//! How easy a text is to read: Flesch's formula, with the constants for each language.

use igny8_text::{Language, syllables::syllables};

use super::{Context, Outcome, number, rounded};
use crate::report::{Bound, Unit};

/// A mean of fewer words says nothing.
const FEWEST_WORDS: usize = 50;

pub(super) fn check(c: &Context<'_>) -> Outcome {
    if c.words() == 0 {
        return Outcome::no_text();
    }
    let Some(ease) = ease(c) else {
        return Outcome::no_rules();
    };
    if c.words() < FEWEST_WORDS {
        return Outcome::not_scored(
            "reading_ease.short",
            "Not scored: fewer than 50 words say nothing about it.",
        );
    }
    let rating = rate(ease);
    let outcome = Outcome::new(rating, ease, Unit::ReadingEase, Bound::min(60));
    if rating == 9 {
        return outcome;
    }
    outcome.mend(
        "reading_ease.hard",
        "The text is hard to read ({ease} of 100): use shorter sentences and shorter words, until it is 60.",
        &[("ease", &rounded(ease))],
    )
}

/// 0 (hard) to 100 (easy), none for languages without a formula.
fn ease(c: &Context<'_>) -> Option<f64> {
    let vocabulary = c.document.vocabulary();
    let mut sum = 0.0;
    for (form, &uses) in vocabulary.forms().zip(vocabulary.uses()) {
        sum += f64::from(syllables(form, c.language)?) * f64::from(uses);
    }
    let sentences = c.document.sentences().count().max(1);
    formula(
        number(c.words()) / number(sentences),
        sum / number(c.words().max(1)),
        c.language,
    )
}

/// From words a sentence and syllables a word. Flesch 1948 (English), Amstad 1978 (German), Kandel and Moles 1958 (French),
/// Fernández Huerta 1959 (Spanish), Douma 1960 (Dutch), Franchina and Vacca 1972 (Italian), Oborneva 2006 (Russian).
fn formula(sentence: f64, word: f64, language: Language) -> Option<f64> {
    let ease = match language {
        Language::English => 206.835 - 1.015 * sentence - 84.6 * word,
        Language::German => 180.0 - sentence - 58.5 * word,
        Language::French => 207.0 - 1.015 * sentence - 73.6 * word,
        Language::Spanish => 206.84 - 1.02 * sentence - 0.6 * word * 100.0,
        Language::Dutch => 206.84 - 0.93 * sentence - 0.77 * word * 100.0,
        Language::Italian => 217.0 - 1.3 * sentence - 0.6 * word * 100.0,
        Language::Russian => 206.835 - 1.3 * sentence - 60.1 * word,
        _ => return None,
    };
    Some(ease.clamp(0.0, 100.0))
}

fn rate(ease: f64) -> i16 {
    if ease >= 60.0 {
        9
    } else if ease >= 50.0 {
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
    fn formulas() {
        use Language::{Dutch, English, French, German, Italian, Other, Russian, Spanish, Turkish};
        // 20 words a sentence, 1.8 syllables a word.
        let cases = [
            (English, Some(34.255)),
            (German, Some(54.7)),
            (French, Some(54.22)),
            (Spanish, Some(78.44)),
            (Dutch, Some(49.64)),
            (Italian, Some(83.0)),
            (Russian, Some(72.655)),
            (Turkish, None),
            (Other, None),
        ];
        for (language, expected) in cases {
            let ease = formula(20.0, 1.8, language).map(|ease| (ease * 1000.0).round() / 1000.0);
            assert_eq!(ease, expected, "{language:?}");
        }
        assert_eq!(formula(200.0, 3.0, English), Some(0.0));
        assert_eq!(formula(1.0, 1.0, English), Some(100.0));
    }

    #[test]
    fn bands() {
        for (ease, expected) in [(60.0, 9), (59.9, 6), (50.0, 6), (49.9, 3)] {
            assert_eq!(rate(ease), expected, "{ease}");
        }
        let easy = "The cat sat on the mat. ".repeat(10);
        let hard =
            "Intergovernmental organisational responsibilities necessitate considerable administrative coordination. "
                .repeat(10);
        let cases = [
            ("en", &easy, Some(9)),
            ("en", &hard, Some(3)),
            ("tr", &easy, None),
            ("ar", &easy, None),
        ];
        for (language, body, expected) in cases {
            let input = Input {
                language,
                body,
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::ReadingEase), expected, "{language}");
        }
    }
}
