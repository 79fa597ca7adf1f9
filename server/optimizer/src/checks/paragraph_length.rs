//! No paragraph, list item or cell is too long.

use super::{Context, Outcome};
use crate::document::Kind;
use crate::report::{Bound, Unit};

const GOOD: usize = 150;
const FAIR: usize = 200;

pub(super) fn check(c: &Context<'_>) -> Outcome {
    if c.words() == 0 {
        return Outcome::no_text();
    }
    let mut longest = 0;
    let mut long = Vec::new();
    for block in c
        .document
        .blocks()
        .iter()
        .filter(|b| !matches!(b.kind, Kind::Heading(_)))
    {
        let words = c.document.words_of(block).len();
        longest = longest.max(words);
        if words > GOOD {
            long.push(c.document.text_of(block));
        }
    }
    let rating = rate(longest);
    let outcome = Outcome::count(rating, longest, Unit::Words, Bound::max(150));
    if rating == 9 {
        return outcome;
    }
    outcome
        .mend(
            "paragraph_length.long",
            "{count} paragraphs have more than {max} words, the longest {words}: begin a new one with each thought.",
            &[("count", &long.len()), ("max", &GOOD), ("words", &longest)],
        )
        .examples(long)
}

fn rate(longest: usize) -> i16 {
    if longest <= GOOD {
        9
    } else if longest <= FAIR {
        6
    } else {
        3
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::rating;
    use crate::input::Input;
    use crate::weights::CheckId;

    #[test]
    fn lengths() {
        for (words, expected) in [(1, 9), (150, 9), (151, 6), (200, 6), (201, 3)] {
            let input = Input {
                body: &format!("<p>Short.</p><p>{}</p>", "word ".repeat(words)),
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::ParagraphLength), Some(expected), "{words}");
        }
    }
}
