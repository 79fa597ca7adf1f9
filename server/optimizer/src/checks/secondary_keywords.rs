//! How many of the secondary keywords are used in a sentence of the text or in the title.

use super::{Context, Outcome, percent};
use crate::report::{Bound, Unit};

pub(super) fn check(c: &Context<'_>) -> Outcome {
    let secondary = c.primary..c.uses.phrases().len();
    if secondary.is_empty() {
        return Outcome::not_scored(
            "secondary_keywords.none",
            "Not scored: there are no secondary keywords.",
        );
    }
    let total = secondary.len();
    let mut open: Vec<usize> = secondary
        .filter(|&i| c.uses.phrases()[i].uses_in(c.input.shown_title(), &c.comparer) == 0)
        .collect();
    for sentence in c.document.sentences() {
        if open.is_empty() {
            break;
        }
        open.retain(|&i| c.uses.in_sentence(i, sentence.words(), &c.comparer) == 0);
    }
    let covered = total - open.len();
    let rating = rate(covered, total);
    let outcome = Outcome::new(rating, percent(covered, total), Unit::Percent, Bound::min(80));
    if rating == 9 {
        return outcome;
    }
    // Phrases without words were left out, so places are those of what is left.
    let texts: Vec<&str> = c
        .input
        .secondary_keywords
        .iter()
        .map(|text| text.trim())
        .filter(|text| crate::keyphrase::Phrase::new(text, &c.comparer).is_some())
        .collect();
    let missing: Vec<&str> = open.iter().filter_map(|&i| texts.get(i - c.primary).copied()).collect();
    outcome
        .mend(
            "secondary_keywords.missing",
            "{covered} of {total} secondary keywords are used. Write about: {missing}.",
            &[
                ("covered", &covered),
                ("total", &total),
                ("missing", &missing.join(", ")),
            ],
        )
        .examples(missing)
}

fn rate(covered: usize, total: usize) -> i16 {
    match covered * 100 {
        part if part >= total * 80 => 9,
        part if part >= total * 50 => 6,
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
    fn shares() {
        for (covered, total, expected) in [(4, 5, 9), (79, 100, 6), (1, 2, 6), (49, 100, 3), (0, 1, 3), (1, 1, 9)] {
            assert_eq!(rate(covered, total), expected, "{covered} of {total}");
        }
    }

    #[test]
    fn uses() {
        let secondary = ["basement flood", "", "check valve"].map(str::to_owned);
        let cases = [
            ("x", "<p>Floods in basements. A valve to check.</p>", 9),
            ("Check valves", "<p>nothing</p>", 6),
            ("x", "<p>A valve. A check.</p>", 3),
        ];
        for (title, body, expected) in cases {
            let input = Input {
                title,
                body,
                secondary_keywords: &secondary,
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::SecondaryKeywords), Some(expected), "{body}");
        }
        assert_eq!(rating(&Input::default(), CheckId::SecondaryKeywords), None);
    }
}
