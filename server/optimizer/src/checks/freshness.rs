//! It was looked after lately. Pages that say what a site is do not age.

use super::{Context, Outcome};
use crate::input::{ContentType, Structure};
use crate::report::{Bound, Unit};

const DAY: i64 = 86_400;

pub(super) fn check(c: &Context<'_>) -> Outcome {
    let input = c.input;
    if matches!(input.content_type, ContentType::Page | ContentType::Taxonomy) {
        return Outcome::not_scored("freshness.not_needed", "Not scored: pages of this type do not age.");
    }
    let Some(changed) = input.revised_at.max(input.published_at) else {
        return Outcome::not_scored(
            "freshness.unknown",
            "Not scored: it is not known when this was changed.",
        );
    };
    let days = u32::try_from(input.now.saturating_sub(changed).max(0) / DAY).unwrap_or(u32::MAX);
    let most = limit(input.structure);
    let rating = rate(days, most);
    let outcome = Outcome::new(rating, f64::from(days), Unit::Days, Bound::max(most));
    if rating == 9 {
        return outcome;
    }
    outcome.mend(
        "freshness.old",
        "It was not changed for {days} days: look it through, and put right what is no longer so.",
        &[("days", &days)],
    )
}

/// After how many days it should be looked at: what compares offers ages faster.
fn limit(structure: Structure) -> u32 {
    match structure {
        Structure::Review | Structure::Comparison | Structure::Listicle | Structure::ProductPage => 180,
        _ => 365,
    }
}

fn rate(days: u32, most: u32) -> i16 {
    match days {
        _ if days <= most => 9,
        _ if days <= 2 * most => 6,
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
    fn ages() {
        let cases = [
            (Structure::Article, Some(365), Some(9)),
            (Structure::Article, Some(366), Some(6)),
            (Structure::Article, Some(730), Some(6)),
            (Structure::Article, Some(731), Some(3)),
            (Structure::Review, Some(180), Some(9)),
            (Structure::Review, Some(181), Some(6)),
            (Structure::Review, Some(361), Some(3)),
            (Structure::Article, Some(-5), Some(9)),
            (Structure::Article, None, None),
        ];
        for (structure, days, expected) in cases {
            let now = 2_000_000_000;
            let input = Input {
                structure,
                now,
                published_at: days.map(|_| 0),
                revised_at: days.map(|days| now - days * DAY),
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::Freshness), expected, "{structure:?} {days:?}");
        }
        let extreme = Input {
            now: i64::MAX,
            revised_at: Some(i64::MIN),
            ..Input::default()
        };
        assert_eq!(rating(&extreme, CheckId::Freshness), Some(3));
    }
}
