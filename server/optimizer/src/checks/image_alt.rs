//! Every image has an alternative text that describes it: not missing, not a word, not a paragraph, not that of another image.

use std::collections::HashSet;

use super::{Context, Outcome, percent};
use crate::report::{Bound, Unit};

const SHORTEST: usize = 11;
const LONGEST: usize = 199;

pub(super) fn check(c: &Context<'_>) -> Outcome {
    let (mut all, mut missing, mut odd, mut twice) = (0, 0, 0, 0);
    let mut seen = HashSet::new();
    for alt in c.alts() {
        all += 1;
        match alt {
            None => missing += 1,
            Some(alt) if !seen.insert(alt) => twice += 1,
            Some(alt) => odd += usize::from(!(SHORTEST..=LONGEST).contains(&alt.chars().count())),
        }
    }
    if all == 0 {
        return Outcome::not_scored("image_alt.no_image", "Not scored: there is no image.");
    }
    let rating = rate(missing, odd + twice);
    let good = all - missing - odd - twice;
    let outcome = Outcome::new(rating, percent(good, all), Unit::Percent, Bound::min(100));
    let params: &[(&str, &dyn std::fmt::Display)] =
        &[("missing", &missing), ("odd", &odd), ("twice", &twice), ("all", &all)];
    match rating {
        3 => outcome.mend(
            "image_alt.missing",
            "{missing} of {all} images have no alternative text: say what they show.",
            params,
        ),
        6 if odd > 0 => outcome.mend(
            "image_alt.length",
            "{odd} alternative texts are very short or very long: describe the image in a sentence.",
            params,
        ),
        6 => outcome.mend(
            "image_alt.twice",
            "{twice} alternative texts are those of another image: say what is different.",
            params,
        ),
        _ => outcome,
    }
}

fn rate(missing: usize, poor: usize) -> i16 {
    match (missing, poor) {
        (0, 0) => 9,
        (0, _) => 6,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::rating;
    use crate::input::Input;
    use crate::weights::CheckId;

    #[test]
    fn texts() {
        let image = |length: usize| format!("<img alt='{}'>", "x".repeat(length));
        let cases = [
            (String::new(), None),
            ("<img>".into(), Some(3)),
            ("<img alt=' '>".into(), Some(3)),
            (image(10), Some(6)),
            (image(11), Some(9)),
            (image(199), Some(9)),
            (image(200), Some(6)),
            (image(20) + &image(21), Some(9)),
            (image(20) + &image(20), Some(6)),
        ];
        for (body, expected) in cases {
            let input = Input {
                body: &body,
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::ImageAlt), expected, "{body}");
        }
    }
}
