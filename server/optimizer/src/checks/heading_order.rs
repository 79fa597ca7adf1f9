//! No level of headings is left out on the way down, and none is empty.

use super::{Context, Outcome};
use crate::report::{Bound, Unit};

pub(super) fn check(c: &Context<'_>) -> Outcome {
    let headings: Vec<(u8, &str)> = c
        .document
        .headings()
        .map(|(level, block)| (level, c.document.text_of(block)))
        .collect();
    if headings.is_empty() {
        return Outcome::not_scored("heading_order.none", "Not scored: there are no headings.");
    }
    let wrong = faults(&headings);
    let rating = rate(wrong.len());
    let outcome = Outcome::count(rating, wrong.len(), Unit::Count, Bound::max(0));
    if rating == 9 {
        return outcome;
    }
    outcome
        .mend(
            "heading_order.skipped",
            "{count} headings are empty or leave out a level: below a heading comes the next level, below the title the second.",
            &[("count", &wrong.len())],
        )
        .examples(wrong)
}

/// The headings that are empty or more than one level below the one before; the title is of the first level.
fn faults<'t>(headings: &[(u8, &'t str)]) -> Vec<&'t str> {
    let mut before = 1;
    let mut wrong = Vec::new();
    for &(level, text) in headings {
        if level > before + 1 || text.trim().is_empty() {
            wrong.push(text);
        }
        before = level;
    }
    wrong
}

fn rate(faults: usize) -> i16 {
    match faults {
        0 => 9,
        1 => 6,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::rating;
    use crate::input::Input;
    use crate::weights::CheckId;

    #[test]
    fn orders() {
        let cases = [
            ("", None),
            ("<h2>a</h2><h3>b</h3><h2>c</h2>", Some(9)),
            ("<h1>a</h1><h2>b</h2><h3>c</h3><h4>d</h4><h2>e</h2>", Some(9)),
            ("<h3>a</h3>", Some(6)),
            ("<h2>a</h2><h4>b</h4><h4>c</h4>", Some(6)),
            ("<h2>a</h2><h2> </h2>", Some(6)),
            ("<h3>a</h3><h5>b</h5>", Some(3)),
        ];
        for (body, expected) in cases {
            let input = Input {
                body,
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::HeadingOrder), expected, "{body}");
        }
    }
}
