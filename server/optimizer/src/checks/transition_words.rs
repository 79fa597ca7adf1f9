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
    if c.words() <= SHORT {
        return Outcome::new(9, share, Unit::Percent, Bound::default()).mend(
            "transition_words.short",
            "Green whatever the share: a text of at most {words} words hangs together by itself.",
            &[("words", &SHORT)],
        );
    }
    let rating = rate(share);
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

fn rate(share: f64) -> i16 {
    if share >= 30.0 {
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
    use crate::report::Light;
    use crate::weights::CheckId;

    #[test]
    fn shares() {
        for (share, expected) in [(0.0, 3), (19.9, 3), (20.0, 6), (29.9, 6), (30.0, 9)] {
            assert_eq!(rate(share), expected, "{share}");
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

    #[test]
    fn short_texts_are_green_and_say_why() {
        let text = "The pump is new. ".repeat(60);
        for (words, light, bound) in [(200, Light::Green, None), (201, Light::Red, Some(30.0))] {
            let body: Vec<&str> = text.split(' ').take(words).collect();
            let report = crate::score(&Input {
                language: "en",
                body: &body.join(" "),
                ..Input::default()
            });
            let check = report.check(CheckId::TransitionWords).unwrap();
            assert_eq!((check.light, check.bound.min), (light, bound), "{words}");
            assert_eq!(check.measured.map(|m| m.value), Some(0.0));
            let key = check.mend.as_ref().map(|mend| mend.key.as_str());
            assert_eq!(key == Some("transition_words.short"), bound.is_none(), "{key:?}");
        }
    }
}
