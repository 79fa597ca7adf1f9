//! It was looked after lately. Pages that say what a site is do not age.

use super::{Context, Outcome};
use crate::input::{ContentType, Input, Structure};
use crate::report::{Bound, Unit};

const DAY: i64 = 86_400;

pub(super) fn check(c: &Context<'_>) -> Outcome {
    let input = c.input;
    if does_not_age(input) {
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

/// When this says something else though nothing is edited, in seconds since 1970; none where time changes nothing any more.
pub(crate) fn changes_at(input: &Input<'_>) -> Option<i64> {
    if does_not_age(input) {
        return None;
    }
    let changed = input.revised_at.max(input.published_at)?;
    let most = i64::from(limit(input.structure));
    let passed = |days: i64| changed.saturating_add((days + 1) * DAY);
    [passed(most), passed(2 * most)].into_iter().find(|at| *at > input.now)
}

fn does_not_age(input: &Input<'_>) -> bool {
    matches!(input.content_type, ContentType::Page | ContentType::Taxonomy)
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
        assert_eq!(changes_at(&extreme), None);
    }

    #[test]
    fn the_next_change_is_known() {
        let now = 2_000_000_000;
        let of = |content_type, structure, days: Option<i64>| Input {
            content_type,
            structure,
            now,
            revised_at: days.map(|days| now - days * DAY),
            ..Input::default()
        };
        let (post, article) = (ContentType::Post, Structure::Article);
        let cases = [
            (post, article, Some(0), Some(366)),
            (post, article, Some(365), Some(1)),
            (post, article, Some(366), Some(365)),
            (post, article, Some(731), None),
            (post, article, Some(-5), Some(371)),
            (post, Structure::Review, Some(0), Some(181)),
            (ContentType::Page, article, Some(0), None),
            (post, article, None, None),
        ];
        for (content_type, structure, days, expected) in cases {
            let input = of(content_type, structure, days);
            let at = changes_at(&input);
            assert_eq!(at.map(|at| (at - now) / DAY), expected, "{structure:?} {days:?}");
            if let Some(at) = at {
                let then = |now| rating(&Input { now, ..input }, CheckId::Freshness);
                assert_eq!(then(at - 1), then(now), "until then it holds");
                assert_ne!(then(at), then(now), "{structure:?} {days:?}");
            }
        }
    }
}
