//! The description says enough: 121 to 156 characters.

use super::{Context, Outcome};
use crate::report::{Bound, Unit};

pub(super) fn check(c: &Context<'_>) -> Outcome {
    let length = c.input.meta_description.trim().chars().count();
    let rating = rate(length, c.cornerstone());
    let outcome = Outcome::count(rating, length, Unit::Characters, Bound::between(121, 156));
    let params: &[(&str, &dyn std::fmt::Display)] = &[("length", &length)];
    match length {
        0 => outcome.mend(
            "description_length.missing",
            "Write a meta description of 121 to 156 characters that makes people want to read this.",
            params,
        ),
        1..=120 => outcome.mend(
            "description_length.short",
            "The meta description has {length} characters: there is room for up to 156.",
            params,
        ),
        121..=156 => outcome,
        _ => outcome.mend(
            "description_length.long",
            "The meta description has {length} characters and will be cut: shorten it to 156.",
            params,
        ),
    }
}

fn rate(length: usize, cornerstone: bool) -> i16 {
    match (length, cornerstone) {
        (0, _) => 1,
        (121..=156, _) => 9,
        (_, false) => 6,
        (_, true) => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::rating;
    use crate::input::Input;
    use crate::weights::CheckId;

    #[test]
    fn lengths() {
        let cases = [(0, 1, 1), (1, 6, 3), (120, 6, 3), (121, 9, 9), (156, 9, 9), (157, 6, 3)];
        for (length, plain, cornerstone) in cases {
            assert_eq!(rate(length, false), plain, "{length}");
            assert_eq!(rate(length, true), cornerstone, "{length}");
            let input = Input {
                meta_description: &"ü".repeat(length),
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::DescriptionLength), Some(plain), "{length}");
        }
    }
}
