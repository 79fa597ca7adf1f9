//! The primary keyword in a third to three quarters of the subheadings of the second and third level.

use super::{Context, Outcome, number, percent};
use crate::report::{Bound, Unit};

/// A text this long needs subheadings.
const LONG: usize = 300;

pub(super) fn check(c: &Context<'_>) -> Outcome {
    if c.keyword().is_none() {
        return Outcome::no_keyword();
    }
    let (mut all, mut with) = (0, 0);
    for (_, block) in c.document.headings().filter(|(level, _)| matches!(level, 2 | 3)) {
        all += 1;
        let words = c.document.words_of(block);
        let reflects = c.alternatives().iter().enumerate().any(|(i, phrase)| {
            if phrase.exact() {
                c.uses.in_sentence(i, words, &c.comparer) > 0
            } else {
                c.uses.found(i, words) * 2 > phrase.words()
            }
        });
        with += usize::from(reflects);
    }
    let rating = rate(all, with, c.words());
    let outcome = Outcome::new(rating, percent(with, all), Unit::Percent, Bound::between(30, 75));
    let params: &[(&str, &dyn std::fmt::Display)] = &[("keyword", &c.keyword_text()), ("with", &with), ("all", &all)];
    match rating {
        2 => outcome.mend(
            "keyword_in_subheadings.none",
            "Divide the text with subheadings, and use “{keyword}” in one of them.",
            params,
        ),
        3 if number(with) * 100.0 > number(all) * 75.0 => outcome.mend(
            "keyword_in_subheadings.many",
            "{with} of {all} subheadings have “{keyword}”: word some of them differently.",
            params,
        ),
        3 => outcome.mend(
            "keyword_in_subheadings.few",
            "{with} of {all} subheadings have “{keyword}”: use it in about every second one.",
            params,
        ),
        _ => outcome,
    }
}

fn rate(all: usize, with: usize, words: usize) -> i16 {
    match (all, with) {
        (0, _) if words > LONG => 2,
        (0, _) | (1, 1) => 9,
        _ if with * 100 < all * 30 || with * 100 > all * 75 => 3,
        _ => 9,
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
            (0, 0, 300, 9),
            (0, 0, 301, 2),
            (1, 0, 0, 3),
            (1, 1, 0, 9),
            (2, 2, 0, 3),
            (2, 1, 0, 9),
            (4, 1, 0, 3),
            (4, 3, 0, 9),
            (5, 4, 0, 3),
            (10, 3, 0, 9),
            (100, 29, 0, 3),
            (100, 30, 0, 9),
            (100, 75, 0, 9),
            (100, 76, 0, 3),
        ];
        for (all, with, words, expected) in cases {
            assert_eq!(rate(all, with, words), expected, "{with} of {all}");
        }
    }

    #[test]
    fn a_heading_reflects_with_more_than_half_of_the_words() {
        let cases = [
            ("<h2>Pump</h2>", 3),
            ("<h2>Sump and pump</h2>", 9),
            ("<h4>Sump pump</h4><h2>x</h2>", 3),
        ];
        for (body, expected) in cases {
            let input = Input {
                primary_keyword: Some("sump pump"),
                body,
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::KeywordInSubheadings), Some(expected), "{body}");
        }
    }
}
