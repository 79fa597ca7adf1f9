//! The primary keyword once or twice in the description.

use super::{Context, Outcome};
use crate::report::{Bound, Unit};

pub(super) fn check(c: &Context<'_>) -> Outcome {
    if c.keyword().is_none() {
        return Outcome::no_keyword();
    }
    let description = c.input.meta_description;
    let uses = c
        .alternatives()
        .iter()
        .map(|phrase| phrase.uses_in(description, &c.comparer))
        .max()
        .unwrap_or(0);
    let rating = rate(uses);
    let outcome = Outcome::count(rating, uses, Unit::Count, Bound::between(1, 2));
    let params: &[(&str, &dyn std::fmt::Display)] = &[("keyword", &c.keyword_text()), ("uses", &uses)];
    match uses {
        0 => outcome.mend(
            "keyword_in_description.missing",
            "Use “{keyword}” in a sentence of the meta description.",
            params,
        ),
        1 | 2 => outcome,
        _ => outcome.mend(
            "keyword_in_description.many",
            "The meta description has “{keyword}” {uses} times: leave one or two.",
            params,
        ),
    }
}

fn rate(uses: usize) -> i16 {
    if matches!(uses, 1 | 2) { 9 } else { 3 }
}

#[cfg(test)]
mod tests {
    use crate::checks::rating;
    use crate::input::Input;
    use crate::weights::CheckId;

    #[test]
    fn descriptions() {
        let cases = [
            ("", 3),
            ("A pump. A sump.", 3),
            ("The best pumps for a sump.", 9),
            ("Sump pump: sump pumps.", 9),
            ("Sump pump: sump pumps. Sump pump.", 3),
        ];
        for (meta_description, expected) in cases {
            let input = Input {
                primary_keyword: Some("sump pump"),
                meta_description,
                ..Input::default()
            };
            assert_eq!(
                rating(&input, CheckId::KeywordInDescription),
                Some(expected),
                "{meta_description}"
            );
        }
    }
}
