//! How often the primary keyword is used, for the length of the text.

use super::{Context, Outcome, number};
use crate::input::Matching;
use crate::report::{Bound, Unit};

pub(super) fn check(c: &Context<'_>) -> Outcome {
    let Some(keyword) = c.keyword() else {
        return Outcome::no_keyword();
    };
    if c.words() == 0 {
        return Outcome {
            rating: Some(0),
            ..Outcome::no_text()
        };
    }
    let most = |words: &[crate::document::Word]| {
        (0..c.primary)
            .map(|i| c.uses.in_sentence(i, words, &c.comparer))
            .max()
            .unwrap_or(0)
    };
    let uses: usize = c.document.sentences().map(|sentence| most(sentence.words())).sum();
    let bounds = Bounds::of(c.words(), keyword.length(), c.input.matching);
    let rating = bounds.rate(uses);
    let outcome = Outcome::count(
        rating,
        uses,
        Unit::Count,
        Bound::between(number(bounds.min), number(bounds.max)),
    );
    let params: &[(&str, &dyn std::fmt::Display)] = &[
        ("keyword", &c.keyword_text()),
        ("uses", &uses),
        ("min", &bounds.min),
        ("max", &bounds.max),
    ];
    match rating {
        9 => outcome,
        4 => outcome.mend(
            "keyword_density.low",
            "The text has “{keyword}” {uses} times: use it {min} to {max} times.",
            params,
        ),
        _ => outcome.mend(
            "keyword_density.high",
            "The text has “{keyword}” {uses} times, which reads as stuffed: use it {min} to {max} times.",
            params,
        ),
    }
}

/// How many uses are right.
struct Bounds {
    min: usize,
    max: usize,
    /// From here it is far too many.
    far: usize,
}

impl Bounds {
    /// `length` of the keyword in words: a longer one fills more of the text with each use.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count of words"
    )]
    fn of(words: usize, length: usize, matching: Matching) -> Bounds {
        match words {
            ..=50 => Bounds { min: 1, max: 1, far: 3 },
            51..=99 => Bounds { min: 1, max: 2, far: 4 },
            _ => {
                let uses = |density: f64| density * number(words) / (100.0 * (0.7 + number(length) / 3.0));
                let most = if matching == Matching::Stems { 3.5 } else { 3.0 };
                let max = (uses(most).floor() as usize).max(2);
                Bounds {
                    min: (uses(0.5).ceil() as usize).max(2),
                    max,
                    far: (uses(4.0).floor() as usize + 1).max(max + 1),
                }
            }
        }
    }

    fn rate(&self, uses: usize) -> i16 {
        match uses {
            _ if uses < self.min => 4,
            _ if uses <= self.max => 9,
            _ if uses < self.far => -10,
            _ => -50,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::rating;
    use crate::input::Input;
    use crate::weights::CheckId;

    #[test]
    fn uses_for_lengths() {
        // Of one word, 1,000 words allow 4.8 to 29.0 uses (33.9 with word forms); 38.7 are far too many.
        let (words, stems) = (Matching::Words, Matching::Stems);
        let cases = [
            (50, 1, words, 0, 4),
            (50, 1, words, 1, 9),
            (50, 1, words, 2, -10),
            (50, 1, words, 3, -50),
            (51, 1, words, 2, 9),
            (99, 1, words, 3, -10),
            (99, 1, words, 4, -50),
            (100, 1, words, 1, 4),
            (100, 1, words, 2, 9),
            (1000, 1, words, 4, 4),
            (1000, 1, words, 5, 9),
            (1000, 1, words, 29, 9),
            (1000, 1, words, 30, -10),
            (1000, 1, stems, 33, 9),
            (1000, 1, stems, 34, -10),
            (1000, 1, words, 38, -10),
            (1000, 1, words, 39, -50),
            (1000, 4, words, 2, 4),
            (1000, 4, words, 3, 9),
        ];
        for (count, length, matching, uses, expected) in cases {
            assert_eq!(
                Bounds::of(count, length, matching).rate(uses),
                expected,
                "{uses} in {count}"
            );
        }
    }

    #[test]
    fn uses_are_counted_by_sentence() {
        let cases = [
            ("<p>A pump in a sump.</p>", 9),
            ("<p>A pump. A sump.</p>", 4),
            ("<p>Sump pumps and sump-pump.</p>", -10),
            ("", 0),
        ];
        for (body, expected) in cases {
            let input = Input {
                primary_keyword: Some("sump pump"),
                body,
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::KeywordDensity), Some(expected), "{body}");
        }
    }
}
