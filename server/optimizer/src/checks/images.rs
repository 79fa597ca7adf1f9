//! There is an image.

use super::{Context, Outcome};
use crate::report::{Bound, Unit};

pub(super) fn check(c: &Context<'_>) -> Outcome {
    let count = c.alts().count();
    let rating = if count == 0 { 3 } else { 9 };
    let outcome = Outcome::count(rating, count, Unit::Count, Bound::min(1));
    if rating == 9 {
        return outcome;
    }
    outcome.mend(
        "images.none",
        "Add an image, with an alternative text that says what it shows.",
        &[],
    )
}

#[cfg(test)]
mod tests {
    use crate::checks::rating;
    use crate::input::{Input, Picture};
    use crate::weights::CheckId;

    #[test]
    fn counts() {
        let featured = [Picture { alt: "x" }];
        let cases: &[(&str, &[Picture<'_>], i16)] = &[("", &[], 3), ("<img>", &[], 9), ("", &featured, 9)];
        for (body, pictures, expected) in cases {
            let input = Input {
                body,
                pictures,
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::Images), Some(*expected), "{body}");
        }
    }
}
