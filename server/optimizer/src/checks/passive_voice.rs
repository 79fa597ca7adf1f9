//! Few sentences are in the passive voice.
//!
//! A line break within a sentence ends what is looked at, as in the analysis whose thresholds these are: a line is what is
//! counted, so that the share is the same.

use igny8_text::passive::{self, Piece};

use super::{Context, Outcome, percent, rounded};
use crate::report::{Bound, Unit};

pub(super) fn check(c: &Context<'_>) -> Outcome {
    if c.words() == 0 {
        return Outcome::no_text();
    }
    let Some(rules) = passive::rules(c.language) else {
        return Outcome::no_rules();
    };
    let vocabulary = c.document.vocabulary();
    let auxiliaries: Vec<bool> = vocabulary.forms().map(|form| rules.is_auxiliary(form)).collect();
    let (mut all, mut found, mut examples) = (0, 0, Vec::new());
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    for sentence in c.document.sentences() {
        let words = sentence.words();
        let lines = 1 + sentence.text().bytes().filter(|&b| b == b'\n').count();
        all += lines;
        if !words.iter().any(|word| auxiliaries[word.form as usize]) {
            continue;
        }
        let mut passive = 0;
        pieces.clear();
        for (i, word) in words.iter().enumerate() {
            let between = sentence.between(i);
            let line_ends = between.contains('\n');
            pieces.push(Piece {
                word: vocabulary.form(word.form),
                ends_clause: ends_clause(between),
            });
            if line_ends || i + 1 == words.len() {
                passive += usize::from(rules.is_passive(&pieces));
                pieces.clear();
            }
        }
        found += passive;
        if passive > 0 && examples.len() < 3 {
            examples.push(sentence.text());
        }
    }
    let share = percent(found, all);
    let rating = rate(share);
    let outcome = Outcome::new(rating, share, Unit::Percent, Bound::max(10));
    if rating == 9 {
        return outcome;
    }
    outcome
        .mend(
            "passive_voice.much",
            "{share} % of the sentences are in the passive voice: say who does it, until at most 10 % are left.",
            &[("share", &rounded(share))],
        )
        .examples(examples)
}

/// A comma or a colon does before white space or a quotation, not within a closing one ("it is cool,” said"); so does a dash
/// that stands alone.
fn ends_clause(between: &str) -> bool {
    let marks = between.match_indices([',', ':']);
    let mut after = marks.filter_map(|(at, mark)| between[at + mark.len()..].chars().next());
    after.any(|c| c.is_whitespace() || matches!(c, '\'' | '"' | '+' | '-' | '«' | '»' | '<' | '>'))
        || between.contains(" – ")
}

fn rate(share: f64) -> i16 {
    if share <= 10.0 {
        9
    } else if share <= 15.0 {
        6
    } else {
        3
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
        for (share, expected) in [(10.0, 9), (10.1, 6), (15.0, 6), (15.1, 3)] {
            assert_eq!(rate(share), expected, "{share}");
        }
        let cases = [
            ("en", "The cake was eaten.", Some(3)),
            ("en", "We ate the cake.", Some(9)),
            ("de", "Der Kuchen wurde gegessen.", Some(3)),
            ("de", "Wir aßen den Kuchen.", Some(9)),
            ("fr", "Le gâteau a été mangé.", None),
            ("ar", "نعم", None),
            ("en", "", None),
        ];
        for (language, body, expected) in cases {
            let input = Input {
                language,
                body,
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::PassiveVoice), expected, "{body}");
        }
    }
}
