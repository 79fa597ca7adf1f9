//! The text is long enough for what it is.

use super::{Context, Outcome, number};
use crate::input::{Input, Structure};
use crate::report::{Bound, Unit};

pub(super) fn check(c: &Context<'_>) -> Outcome {
    let bounds = Bounds::of(c.input);
    let rating = bounds.rate(c.words());
    let outcome = Outcome::count(rating, c.words(), Unit::Words, Bound::min(number(bounds.good)));
    if rating == 9 {
        return outcome;
    }
    outcome.mend(
        "text_length.short",
        "The text has {words} words: write at least {min}. Answer one more question of your readers under a subheading of its own.",
        &[("words", &c.words()), ("min", &bounds.good)],
    )
}

/// From how many words a text is good, fair, short, very short; below it is as good as none.
struct Bounds {
    good: usize,
    fair: usize,
    short: usize,
    very_short: usize,
}

impl Bounds {
    fn of(input: &Input<'_>) -> Bounds {
        let (good, fair, short, very_short) = match input.structure {
            // A list of entries needs a sentence or two about them.
            Structure::CategoryArchive | Structure::TagArchive | Structure::AttributeArchive => (30, 20, 10, 1),
            Structure::ProductPage => (200, 150, 100, 50),
            Structure::ClusterHub | Structure::Guide => (900, 400, 400, 400),
            _ if input.cornerstone => (900, 400, 400, 400),
            _ => (300, 250, 200, 100),
        };
        Bounds {
            good,
            fair,
            short,
            very_short,
        }
    }

    fn rate(&self, words: usize) -> i16 {
        match words {
            _ if words >= self.good => 9,
            _ if words >= self.fair => 6,
            _ if words >= self.short => 3,
            _ if words >= self.very_short => -10,
            _ => -20,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::rating;
    use crate::weights::CheckId;

    #[test]
    fn lengths() {
        use Structure::{Article, CategoryArchive, ClusterHub, ProductPage};
        let cases = [
            (Article, false, 0, -20),
            (Article, false, 99, -20),
            (Article, false, 100, -10),
            (Article, false, 199, -10),
            (Article, false, 200, 3),
            (Article, false, 249, 3),
            (Article, false, 250, 6),
            (Article, false, 299, 6),
            (Article, false, 300, 9),
            (Article, true, 399, -20),
            (Article, true, 400, 6),
            (Article, true, 899, 6),
            (Article, true, 900, 9),
            (ClusterHub, false, 899, 6),
            (ProductPage, false, 199, 6),
            (ProductPage, false, 200, 9),
            (CategoryArchive, false, 0, -20),
            (CategoryArchive, false, 9, -10),
            (CategoryArchive, false, 10, 3),
            (CategoryArchive, false, 29, 6),
            (CategoryArchive, false, 30, 9),
        ];
        for (structure, cornerstone, words, expected) in cases {
            let input = Input {
                structure,
                cornerstone,
                body: &"word ".repeat(words),
                ..Input::default()
            };
            assert_eq!(
                rating(&input, CheckId::TextLength),
                Some(expected),
                "{structure:?} {words}"
            );
        }
    }
}
