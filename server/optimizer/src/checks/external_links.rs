//! Links to other sites. The table of cases is that of the internal links.

use super::internal_links::{count, rate};
use super::{Context, Outcome};
use crate::document::Target;
use crate::report::{Bound, Unit};

pub(super) fn check(c: &Context<'_>) -> Outcome {
    let (all, followed) = count(&c.document.links, Target::External);
    let rating = rate(all, followed);
    let outcome = Outcome::count(rating, all, Unit::Count, Bound::min(1));
    match rating {
        3 => outcome.mend(
            "external_links.none",
            "Link to a source on another site that supports what you say.",
            &[],
        ),
        7 => outcome.mend(
            "external_links.nofollow",
            "All links to other sites are “nofollow”: let search engines follow those you trust.",
            &[],
        ),
        _ => outcome,
    }
}
