//! The primary keyword in alternative texts of images.

use super::{Context, Outcome};
use crate::report::{Bound, Unit};

pub(super) fn check(c: &Context<'_>) -> Outcome {
    if c.keyword().is_none() {
        return Outcome::no_keyword();
    }
    let (mut all, mut with) = (0, 0);
    for alt in c.alts() {
        all += 1;
        let says = alt.is_some_and(|alt| {
            c.alternatives()
                .iter()
                .any(|phrase| phrase.found_in(alt, &c.comparer) * 2 >= phrase.words())
        });
        with += usize::from(says);
    }
    let rating = rate(all, with);
    let outcome = Outcome::count(rating, with, Unit::Count, Bound::min(1));
    let params: &[(&str, &dyn std::fmt::Display)] = &[("keyword", &c.keyword_text()), ("with", &with), ("all", &all)];
    match (rating, with * 2 > all) {
        (3, _) => outcome.mend(
            "keyword_in_images.no_image",
            "Add an image that shows “{keyword}”, and say so in its alternative text.",
            params,
        ),
        (6, true) => outcome.mend(
            "keyword_in_images.many",
            "{with} of {all} images have “{keyword}” in their alternative text: say what else the others show.",
            params,
        ),
        (6, false) => outcome.mend(
            "keyword_in_images.few",
            "{with} of {all} images have “{keyword}” in their alternative text: use it where the image shows that.",
            params,
        ),
        _ => outcome,
    }
}

fn rate(all: usize, with: usize) -> i16 {
    match (all, with) {
        (0, _) => 3,
        (_, 0) => 6,
        (1..5, _) => 9,
        (5, 2..=4) => 9,
        (5, _) => 6,
        _ if with * 100 < all * 30 || with * 100 > all * 75 => 6,
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
            (0, 0, 3),
            (1, 0, 6),
            (1, 1, 9),
            (4, 4, 9),
            (5, 1, 6),
            (5, 2, 9),
            (5, 4, 9),
            (5, 5, 6),
            (10, 2, 6),
            (10, 3, 9),
            (8, 6, 9),
            (8, 7, 6),
        ];
        for (all, with, expected) in cases {
            assert_eq!(rate(all, with), expected, "{with} of {all}");
        }
    }

    #[test]
    fn half_of_the_words_will_do() {
        let cases = [
            ("<img alt='a pump'>", 9),
            ("<img alt='a cat'>", 6),
            ("<img alt=''>", 6),
            ("<img>", 6),
        ];
        for (body, expected) in cases {
            let input = Input {
                primary_keyword: Some("sump pump"),
                body,
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::KeywordInImages), Some(expected), "{body}");
        }
    }
}
