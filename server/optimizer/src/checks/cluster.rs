//! It belongs to a cluster.

use super::{Context, Outcome};
use crate::input::{ContentType, Structure};
use crate::report::{Bound, Unit};

pub(super) fn check(c: &Context<'_>) -> Outcome {
    if !c.input.of_site {
        return Outcome::not_scored("cluster.elsewhere", "Not scored: this text is no page of your site.");
    }
    // Home, about and contact belong to the site, not to a subject.
    let of_site = c.input.content_type == ContentType::Page
        && matches!(c.input.structure, Structure::General | Structure::BusinessPage);
    if of_site && !c.input.has_cluster {
        return Outcome::not_scored(
            "cluster.page_of_site",
            "Not scored: this page belongs to the site, not to a subject.",
        );
    }
    let rating = if c.input.has_cluster { 9 } else { 3 };
    let outcome = Outcome::count(rating, usize::from(c.input.has_cluster), Unit::Count, Bound::min(1));
    if rating == 9 {
        return outcome;
    }
    outcome.mend(
        "cluster.missing",
        "Choose the cluster it belongs to, so that it is linked with the other pages on its subject.",
        &[],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::rating;
    use crate::input::Input;
    use crate::weights::CheckId;

    #[test]
    fn clusters() {
        let cases = [
            (ContentType::Post, Structure::Article, false, Some(3)),
            (ContentType::Post, Structure::Article, true, Some(9)),
            (ContentType::Page, Structure::General, false, None),
            (ContentType::Page, Structure::General, true, Some(9)),
            (ContentType::Page, Structure::LandingPage, false, Some(3)),
        ];
        for (content_type, structure, has_cluster, expected) in cases {
            let input = Input {
                content_type,
                structure,
                has_cluster,
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::Cluster), expected, "{content_type:?}");
        }
        let elsewhere = Input {
            of_site: false,
            ..Input::default()
        };
        assert_eq!(rating(&elsewhere, CheckId::Cluster), None);
    }
}
