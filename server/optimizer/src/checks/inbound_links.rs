//! Pages of the site that link here.

use super::{Context, Outcome};
use crate::report::{Bound, Unit};

/// What a page should have at least.
const GOOD: usize = 3;

pub(super) fn check(c: &Context<'_>) -> Outcome {
    let Some(count) = c.input.inbound_links else {
        return Outcome::not_scored(
            "inbound_links.unknown",
            "Not scored: links to a page are counted once it is published; a home page needs none.",
        );
    };
    let rating = rate(count);
    let outcome = Outcome::count(rating, count, Unit::Count, Bound::min(3));
    let params: &[(&str, &dyn std::fmt::Display)] = &[("count", &count), ("min", &GOOD)];
    match rating {
        1 => outcome.mend(
            "inbound_links.orphan",
            "No page of your site links here, so hardly anybody will find it: link to it from {min} pages on its subject.",
            params,
        ),
        6 => outcome.mend(
            "inbound_links.few",
            "{count} pages of your site link here: link to it from at least {min}.",
            params,
        ),
        _ => outcome,
    }
}

fn rate(count: usize) -> i16 {
    match count {
        0 => 1,
        1..GOOD => 6,
        _ => 9,
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::rating;
    use crate::input::Input;
    use crate::weights::CheckId;

    #[test]
    fn counts() {
        for (inbound_links, expected) in [(None, None), (Some(0), Some(1)), (Some(2), Some(6)), (Some(3), Some(9))] {
            let input = Input {
                inbound_links,
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::InboundLinks), expected, "{inbound_links:?}");
        }
    }
}
