//! No three sentences in a row begin with the same word.

use igny8_text::{Language, lists};

use super::{Context, Outcome, is_prose};
use crate::document::Word;
use crate::report::{Bound, Unit};

pub(super) fn check(c: &Context<'_>) -> Outcome {
    if c.words() == 0 {
        return Outcome::no_text();
    }
    if matches!(c.language, Language::Unspaced | Language::Other) {
        return Outcome::no_rules();
    }
    let openers = lists::openers(c.language);
    let vocabulary = c.document.vocabulary();
    let (mut longest, mut run) = (0, 0);
    let mut before = None;
    let mut examples = Vec::new();
    let sentences = c
        .document
        .blocks()
        .iter()
        .filter(|block| is_prose(block.kind))
        .flat_map(|block| c.document.sentences_of(block));
    for sentence in sentences {
        let begin = beginning(sentence.words(), |form| openers.contains(&vocabulary.form(form)));
        run = if before == Some(begin) { run + 1 } else { 1 };
        before = Some(begin);
        longest = longest.max(run);
        if run == 3 {
            examples.push(sentence.text());
        }
    }
    let rating = rate(longest);
    let outcome = Outcome::count(rating, longest, Unit::Sentences, Bound::max(2));
    if rating == 9 {
        return outcome;
    }
    outcome
        .mend(
            "sentence_beginnings.alike",
            "{count} sentences in a row begin with the same word: begin some of them differently.",
            &[("count", &longest)],
        )
        .examples(examples)
}

/// The first word, and the second where the first is an article or the like.
fn beginning(words: &[Word], is_opener: impl Fn(u32) -> bool) -> (Option<u32>, Option<u32>) {
    let form = |i: usize| words.get(i).map(|word| word.form);
    match form(0) {
        Some(first) if is_opener(first) => (Some(first), form(1)),
        first => (first, None),
    }
}

fn rate(longest: usize) -> i16 {
    if longest >= 3 { 3 } else { 9 }
}

#[cfg(test)]
mod tests {
    use crate::checks::rating;
    use crate::input::Input;
    use crate::weights::CheckId;

    #[test]
    fn beginnings() {
        let cases = [
            ("en", "We go. We sit.", Some(9)),
            ("en", "We go. We sit. We stand.", Some(3)),
            ("en", "<h2>We</h2><p>We go.</p><p>“We” sit.", Some(3)),
            ("en", "<p>We go. We sit.</p><ul><li>They</ul><p>We stand.", Some(3)),
            ("en", "<ul><li>We<li>We<li>We</ul>", Some(9)),
            ("en", "The cat sat. The dog sat. The cow sat.", Some(9)),
            ("en", "The cat sat. The cat ate. The cat left.", Some(3)),
            ("de", "Die Katze saß. Die Kuh saß. Die Maus saß.", Some(9)),
            ("de", "Wir gehen. Wir sitzen. Wir stehen.", Some(3)),
            ("tr", "Işık var. IŞIK yok. ışık iyi. Işık güzel.", Some(3)),
            ("ar", "نعم. نعم. نعم.", None),
            ("zh", "是。是。是。", None),
        ];
        for (language, body, expected) in cases {
            let input = Input {
                language,
                body,
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::SentenceBeginnings), expected, "{body}");
        }
    }
}
