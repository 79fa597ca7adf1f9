//! The description is not cut in a result page: Arial of 14 pixels over two lines of together 920 pixels.

use igny8_width::pixels;

use super::{Context, Outcome};
use crate::report::{Bound, Unit};

const SIZE: u32 = 14;
const MOST: u32 = 920;

pub(super) fn check(c: &Context<'_>) -> Outcome {
    let width = pixels(c.input.meta_description.trim(), SIZE);
    if width == 0 {
        return Outcome::not_scored("description_width.missing", "Not scored: there is no meta description.");
    }
    let rating = rate(width);
    let outcome = Outcome::new(rating, f64::from(width), Unit::Pixels, Bound::max(MOST));
    if rating == 9 {
        return outcome;
    }
    outcome.mend(
        "description_width.wide",
        "The meta description is {width} pixels wide, result pages show {max}: say what matters first, or shorten it.",
        &[("width", &width), ("max", &MOST)],
    )
}

fn rate(width: u32) -> i16 {
    if width <= MOST { 9 } else { 6 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::rating;
    use crate::input::Input;
    use crate::weights::CheckId;

    #[test]
    fn widths() {
        for (width, expected) in [(1, 9), (920, 9), (921, 6)] {
            assert_eq!(rate(width), expected, "{width}");
        }
        for (description, expected) in [("", None), ("Short.", Some(9)), (&"W".repeat(100), Some(6))] {
            let input = Input {
                meta_description: description,
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::DescriptionWidth), expected, "{description}");
        }
    }
}
