//! It has taxonomy terms.

use super::{Context, Outcome};
use crate::input::ContentType;
use crate::report::{Bound, Unit};

pub(super) fn check(c: &Context<'_>) -> Outcome {
    if !c.input.of_site {
        return Outcome::not_scored("taxonomy.elsewhere", "Not scored: this text is no page of your site.");
    }
    if matches!(c.input.content_type, ContentType::Page | ContentType::Taxonomy) {
        return Outcome::not_scored("taxonomy.not_needed", "Not scored: pages of this type have no terms.");
    }
    let rating = if c.input.terms > 0 { 9 } else { 3 };
    let outcome = Outcome::count(rating, c.input.terms, Unit::Count, Bound::min(1));
    if rating == 9 {
        return outcome;
    }
    outcome.mend("taxonomy.missing", "Choose at least one category.", &[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::rating;
    use crate::input::Input;
    use crate::weights::CheckId;

    #[test]
    fn terms() {
        let cases = [
            (ContentType::Post, 0, Some(3)),
            (ContentType::Post, 1, Some(9)),
            (ContentType::Product, 0, Some(3)),
            (ContentType::Page, 0, None),
            (ContentType::Taxonomy, 0, None),
        ];
        for (content_type, terms, expected) in cases {
            let input = Input {
                content_type,
                terms,
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::Taxonomy), expected, "{content_type:?} {terms}");
        }
        let elsewhere = Input {
            of_site: false,
            ..Input::default()
        };
        assert_eq!(rating(&elsewhere, CheckId::Taxonomy), None);
    }
}
