//! Links to other pages whose text is the primary keyword: they say that the other page is the one to find.

use super::{Context, Outcome};
use crate::document::{Link, Target};
use crate::report::{Bound, Unit};

pub(super) fn check(c: &Context<'_>) -> Outcome {
    if c.keyword().is_none() {
        return Outcome::not_scored("no_keyword", "Not scored: choose a primary keyword first.");
    }
    let competing: Vec<&Link> = c
        .document
        .links
        .iter()
        .filter(|link| link.target != Target::Other && !is_own(link, c.input.slug))
        .filter(|link| {
            c.alternatives()
                .iter()
                .any(|phrase| phrase.is_all_of(&link.anchor, &c.comparer))
        })
        .collect();
    let rating = if competing.is_empty() { 9 } else { 2 };
    let outcome = Outcome::count(rating, competing.len(), Unit::Count, Bound::max(0));
    if rating == 9 {
        return outcome;
    }
    outcome
        .mend(
            "competing_links.found",
            "{count} links have “{keyword}” as their text but lead to other pages: word them by what is there.",
            &[("count", &competing.len()), ("keyword", &c.keyword_text())],
        )
        .examples(competing.iter().map(|link| link.href.as_str()))
}

/// A link to the page itself.
fn is_own(link: &Link, slug: &str) -> bool {
    let path = link
        .href
        .split(['?', '#'])
        .next()
        .unwrap_or_default()
        .trim_end_matches('/');
    link.target == Target::Internal && !slug.is_empty() && path.rsplit('/').next() == Some(slug)
}

#[cfg(test)]
mod tests {
    use crate::checks::rating;
    use crate::input::Input;
    use crate::weights::CheckId;

    #[test]
    fn anchors() {
        let cases = [
            ("", 9),
            ("<a href='/x'>Sump pumps</a>", 2),
            ("<a href='https://x.org'>the pump of a sump</a>", 2),
            ("<a href='/x'>sump pump guide</a>", 9),
            ("<a href='#x'>sump pump</a>", 9),
            ("<a href='/blog/own/#x'>sump pump</a>", 9),
            ("<a href='/x'>pump</a>", 9),
        ];
        for (body, expected) in cases {
            let input = Input {
                primary_keyword: Some("sump pump"),
                body,
                slug: "own",
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::CompetingLinks), Some(expected), "{body}");
        }
        assert_eq!(rating(&Input::default(), CheckId::CompetingLinks), None);
    }
}
