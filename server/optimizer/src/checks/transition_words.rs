//! Enough sentences are tied to the one before.

use igny8_text::lists;

use super::{Context, Outcome, percent, rounded};
use crate::report::{Bound, Unit};

/// Shorter texts hang together by themselves.
const SHORT: usize = 200;

pub(super) fn check(c: &Context<'_>) -> Outcome {
    if c.words() == 0 {
        return Outcome::no_text();
    }
    let Some(transitions) = lists::transitions(c.language) else {
        return Outcome::no_rules();
    };
    let vocabulary = c.document.vocabulary();
    let kinds: Vec<lists::Tie> = vocabulary.forms().map(|form| transitions.tie(form)).collect();
    let (mut all, mut tied) = (0, 0);
    let mut words: Vec<&str> = Vec::new();
    for sentence in c.document.sentences() {
        all += 1;
        let mut may = false;
        let mut is = false;
        for word in sentence.words() {
            match kinds[word.form as usize] {
                lists::Tie::Always => is = true,
                lists::Tie::WithOthers => may = true,
                lists::Tie::Never => {}
            }
        }
        if !is && may {
            words.clear();
            words.extend(sentence.words().iter().map(|word| vocabulary.form(word.form)));
            is = transitions.in_sentence(&words);
        }
        tied += usize::from(is);
    }
    let share = percent(tied, all);
    let rating = rate(share, c.words());
    let outcome = Outcome::new(rating, share, Unit::Percent, Bound::min(30));
    if rating == 9 {
        return outcome;
    }
    outcome.mend(
        "transition_words.few",
        "{share} % of the sentences have a word like “because”, “however” or “for example”: tie at least 30 % to what was said before.",
        &[("share", &rounded(share))],
    )
}

fn rate(share: f64, words: usize) -> i16 {
    if words <= SHORT || share >= 30.0 {
        9
    } else if share >= 20.0 {
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
        let cases = [
            (0.0, 200, 9),
            (19.9, 201, 3),
            (20.0, 201, 6),
            (29.9, 201, 6),
            (30.0, 201, 9),
        ];
        for (share, words, expected) in cases {
            assert_eq!(rate(share, words), expected, "{share} of {words}");
        }
        let plain = "The pump is new. ".repeat(60);
        let tied = "But the pump is new. The pump is old. As a result the pump fails. ".repeat(20);
        let deutsch = "Außerdem ist die Pumpe neu. Die Pumpe ist alt. ".repeat(30);
        let cases = [
            ("en", &plain, Some(3)),
            ("en", &tied, Some(9)),
            ("de", &deutsch, Some(9)),
            ("fr", &plain, None),
        ];
        for (language, body, expected) in cases {
            let input = Input {
                language,
                body,
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::TransitionWords), expected, "{language}");
        }
    }
}
