//! The title fits into a result page: Arial of 20 pixels, 600 pixels wide.

use igny8_width::pixels;

use super::{Context, Outcome};
use crate::report::{Bound, Unit};

const SIZE: u32 = 20;
const MOST: u32 = 600;

pub(super) fn check(c: &Context<'_>) -> Outcome {
    let width = pixels(c.input.shown_title(), SIZE);
    let rating = rate(width);
    let outcome = Outcome::new(rating, f64::from(width), Unit::Pixels, Bound::between(1, MOST));
    match rating {
        1 => outcome.mend("title_width.missing", "Give it a title.", &[]),
        3 => outcome.mend(
            "title_width.wide",
            "The title is {width} pixels wide and will be cut: shorten it to {max} pixels, about 60 characters.",
            &[("width", &width), ("max", &MOST)],
        ),
        _ => outcome,
    }
}

fn rate(width: u32) -> i16 {
    match width {
        0 => 1,
        1..=MOST => 9,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::rating;
    use crate::input::Input;
    use crate::weights::CheckId;

    #[test]
    fn widths() {
        for (width, expected) in [(0, 1), (1, 9), (600, 9), (601, 3)] {
            assert_eq!(rate(width), expected, "{width}");
        }
        let long = "W".repeat(40);
        for (title, seo_title, expected) in [("", " ", 1), ("Short", "", 9), (&long, "", 3), (&long, "Short", 9)] {
            let input = Input {
                title,
                seo_title,
                ..Input::default()
            };
            assert_eq!(
                rating(&input, CheckId::TitleWidth),
                Some(expected),
                "{title} {seo_title}"
            );
        }
    }
}
