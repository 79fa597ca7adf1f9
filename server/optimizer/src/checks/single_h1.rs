//! At most one heading of the first level in the body: the title is one already.

use super::{Context, Outcome};
use crate::report::{Bound, Unit};

pub(super) fn check(c: &Context<'_>) -> Outcome {
    let first: Vec<&str> = c
        .document
        .headings()
        .filter(|(level, _)| *level == 1)
        .map(|(_, block)| c.document.text_of(block))
        .collect();
    let rating = rate(first.len());
    let outcome = Outcome::count(rating, first.len(), Unit::Count, Bound::max(1));
    if rating == 9 {
        return outcome;
    }
    outcome
        .mend(
            "single_h1.many",
            "The body has {count} headings of the first level: make all but one of the second.",
            &[("count", &first.len())],
        )
        .examples(first)
}

fn rate(count: usize) -> i16 {
    if count <= 1 { 9 } else { 1 }
}

#[cfg(test)]
mod tests {
    use crate::checks::rating;
    use crate::input::Input;
    use crate::weights::CheckId;

    #[test]
    fn counts() {
        for (body, expected) in [("", 9), ("<h1>a</h1>", 9), ("<h1>a</h1><h1></h1>", 1)] {
            let input = Input {
                body,
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::SingleH1), Some(expected), "{body}");
        }
    }
}
