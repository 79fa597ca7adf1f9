//! How many words with meaning the primary keyword has.

use igny8_text::lists;

use super::{Context, Outcome, number};
use crate::report::{Bound, Unit};

pub(super) fn check(c: &Context<'_>) -> Outcome {
    let Some(keyword) = c.keyword() else {
        return Outcome::no_keyword();
    };
    let (good, fair) = bounds(!lists::function_words(c.language).is_empty());
    let rating = rate(keyword.length(), good, fair);
    let outcome = Outcome::count(rating, keyword.length(), Unit::Words, Bound::between(1, number(good)));
    if keyword.only_function_words() {
        return Outcome {
            rating: Some(4),
            ..outcome.mend(
                "keyword_length.function_words",
                "“{keyword}” says nothing of a subject: add a word that does.",
                &[("keyword", &c.keyword_text())],
            )
        };
    }
    if rating == 9 {
        return outcome;
    }
    outcome.mend(
        "keyword_length.long",
        "The primary keyword has {words} words with meaning: keep it to {max}, and make the rest secondary keywords.",
        &[("words", &keyword.length()), ("max", &good)],
    )
}

/// The most words that are good, and fair. Without a list of function words all words count.
fn bounds(has_list: bool) -> (usize, usize) {
    if has_list { (4, 8) } else { (6, 9) }
}

fn rate(words: usize, good: usize, fair: usize) -> i16 {
    match words {
        _ if words <= good => 9,
        _ if words <= fair => 6,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::rating;
    use crate::input::Input;
    use crate::weights::CheckId;

    #[test]
    fn lengths() {
        let cases = [
            ("en", "alpha beta gamma delta", 9),
            ("en", "the alpha of the beta and gamma with delta", 9),
            ("en", "alpha beta gamma delta epsilon", 6),
            ("en", "alpha beta gamma delta epsilon zeta eta theta", 6),
            ("en", "alpha beta gamma delta epsilon zeta eta theta iota", 3),
            ("en", "\"alpha beta gamma delta epsilon\"", 9),
            ("en", "this is it", 4),
            ("fi", "alpha beta gamma delta epsilon zeta", 9),
            ("fi", "alpha beta gamma delta epsilon zeta eta", 6),
            ("fi", "alpha beta gamma delta epsilon zeta eta theta iota", 6),
            ("fi", "alpha beta gamma delta epsilon zeta eta theta iota kappa", 3),
        ];
        for (language, keyword, expected) in cases {
            let input = Input {
                primary_keyword: Some(keyword),
                language,
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::KeywordLength), Some(expected), "{keyword}");
        }
    }
}
