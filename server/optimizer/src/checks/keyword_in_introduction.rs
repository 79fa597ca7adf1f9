//! The primary keyword in the first paragraph, within one sentence.

use super::{Context, Outcome, percent};
use crate::document::Kind;
use crate::report::{Bound, Unit};

pub(super) fn check(c: &Context<'_>) -> Outcome {
    if c.keyword().is_none() {
        return Outcome::no_keyword();
    }
    let first = c
        .document
        .blocks()
        .iter()
        .find(|block| !matches!(block.kind, Kind::Heading(_) | Kind::Caption));
    let (mut in_sentence, mut share) = (false, 0.0f64);
    if let Some(block) = first {
        for (i, phrase) in c.alternatives().iter().enumerate() {
            in_sentence |= c
                .document
                .sentences_of(block)
                .any(|sentence| c.uses.in_sentence(i, sentence.words(), &c.comparer) > 0);
            if !phrase.exact() {
                share = share.max(percent(c.uses.found(i, c.document.words_of(block)), phrase.words()));
            }
        }
    }
    let rating = rate(in_sentence, share);
    let measured = if in_sentence { 100.0 } else { share };
    let outcome = Outcome::new(rating, measured, Unit::Percent, Bound::min(100));
    let params: &[(&str, &dyn std::fmt::Display)] = &[("keyword", &c.keyword_text())];
    match rating {
        3 => outcome.mend(
            "keyword_in_introduction.missing",
            "Say “{keyword}” in a sentence of the first paragraph, so that readers know at once what this is about.",
            params,
        ),
        6 => outcome.mend(
            "keyword_in_introduction.spread",
            "The words of “{keyword}” are spread over the first paragraph: bring them together in one sentence.",
            params,
        ),
        _ => outcome,
    }
}

/// `share`: of the keyword's words that the paragraph has, in per cent.
fn rate(in_sentence: bool, share: f64) -> i16 {
    match (in_sentence, share) {
        (true, _) => 9,
        (false, 100.0..) => 6,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::rating;
    use crate::input::Input;
    use crate::weights::CheckId;

    #[test]
    fn introductions() {
        let synonyms = ["basement pump".to_owned()];
        let cases = [
            ("sump pump", "<h2>x</h2><p>A sump has a pump.</p>", 9),
            ("sump pump", "<p>A sump. A pump.</p>", 6),
            ("sump pump", "<p>A sump.</p><p>A sump pump.</p>", 3),
            ("sump pump", "", 3),
            ("sump pump", "<p>A pump for basements.</p>", 9),
            ("\"sump pump\"", "<p>A sump has a pump.</p>", 3),
            ("\"sump pump\"", "<p>The sump pump.</p>", 9),
        ];
        for (keyword, body, expected) in cases {
            let input = Input {
                primary_keyword: Some(keyword),
                synonyms: &synonyms,
                body,
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::KeywordInIntroduction), Some(expected), "{body}");
        }
    }
}
