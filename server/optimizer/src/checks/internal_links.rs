//! Links to pages of the same site.

use super::{Context, Outcome};
use crate::document::{Link, Target};
use crate::report::{Bound, Unit};

pub(super) fn check(c: &Context<'_>) -> Outcome {
    let (all, followed) = count(&c.document.links, Target::Internal);
    let rating = rate(all, followed);
    let outcome = Outcome::count(rating, all, Unit::Count, Bound::min(1));
    match rating {
        3 => outcome.mend(
            "internal_links.none",
            "Link to a page of your site that says more about something you mention.",
            &[],
        ),
        7 => outcome.mend(
            "internal_links.nofollow",
            "All links to your own pages tell search engines not to follow them: take “nofollow” off.",
            &[],
        ),
        _ => outcome,
    }
}

/// How many links lead there, and how many of these are followed.
pub(super) fn count(links: &[Link], target: Target) -> (usize, usize) {
    let there = || links.iter().filter(move |link| link.target == target);
    (there().count(), there().filter(|link| !link.nofollow).count())
}

pub(super) fn rate(all: usize, followed: usize) -> i16 {
    match (all, followed) {
        (0, _) => 3,
        (_, 0) => 7,
        _ if followed < all => 8,
        _ => 9,
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::rating;
    use crate::input::Input;
    use crate::weights::CheckId;

    #[test]
    fn links() {
        let cases = [
            ("", 3, 3),
            ("<a href=/a>x</a>", 9, 3),
            ("<a href=/a rel=nofollow>x</a>", 7, 3),
            ("<a href=/a rel=nofollow>x</a><a href=/b>x</a>", 8, 3),
            ("<a href=https://x.org>x</a>", 3, 9),
            ("<a href=https://x.org rel='noopener nofollow'>x</a>", 3, 7),
            ("<a href=https://x.org rel=sponsored>x</a><a href=//y.org>y</a>", 3, 8),
            ("<a href='#a'>x</a><a href='mailto:x@y.org'>x</a>", 3, 3),
        ];
        for (body, internal, external) in cases {
            let input = Input {
                body,
                site_host: "example.com",
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::InternalLinks), Some(internal), "{body}");
            assert_eq!(rating(&input, CheckId::ExternalLinks), Some(external), "{body}");
        }
    }
}
