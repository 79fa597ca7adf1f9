//! The primary keyword in the slug.

use super::{Context, Outcome, percent};
use crate::keyphrase::Phrase;
use crate::report::{Bound, Unit};

pub(super) fn check(c: &Context<'_>) -> Outcome {
    let Some(keyword) = c.keyword() else {
        return Outcome::no_keyword();
    };
    let spaced = c.input.slug.replace(['-', '_', '/'], " ");
    let found = keyword.found_in(&spaced, &c.comparer);
    let found = found.max(found_plain(c, keyword, &spaced));
    let rating = rate(found, keyword.words(), c.cornerstone());
    let bound = if keyword.words() <= 2 {
        Bound::min(100)
    } else {
        Bound::min(51)
    };
    let outcome = Outcome::new(rating, percent(found, keyword.words()), Unit::Percent, bound);
    if rating == 9 {
        return outcome;
    }
    outcome.mend(
        "keyword_in_slug.missing",
        "Put the words of “{keyword}” into the slug. If this is published, the old address must redirect to the new one.",
        &[("keyword", &c.keyword_text())],
    )
}

/// How many words of the keyword are there as addresses write them: `isi-pompasi` says `ısı pompası`.
fn found_plain(c: &Context<'_>, keyword: &Phrase, spaced: &str) -> usize {
    let mut plain = igny8_text::slug(c.keyword_text(), c.input.language).replace('-', " ");
    if keyword.exact() {
        plain = format!("\"{plain}\"");
    }
    let found = Phrase::new(&plain, &c.comparer).map_or(0, |plain| plain.found_in(spaced, &c.comparer));
    found.min(keyword.words())
}

fn rate(found: usize, words: usize, cornerstone: bool) -> i16 {
    let enough = if words <= 2 { found == words } else { found * 2 > words };
    match (enough, cornerstone) {
        (true, _) => 9,
        (false, false) => 6,
        (false, true) => 3,
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
            (1, 2, false, 6),
            (1, 2, true, 3),
            (2, 2, false, 9),
            (2, 4, false, 6),
            (3, 4, false, 9),
            (2, 3, false, 9),
            (1, 3, false, 6),
        ];
        for (found, words, cornerstone, expected) in cases {
            assert_eq!(rate(found, words, cornerstone), expected, "{found} of {words}");
        }
    }

    #[test]
    fn slugs() {
        for (slug, expected) in [("sump-pumps", 9), ("sump_pump", 9), ("sumppump", 6), ("", 6)] {
            let input = Input {
                primary_keyword: Some("sump pump"),
                slug,
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::KeywordInSlug), Some(expected), "{slug}");
        }
    }

    #[test]
    fn slugs_without_marks() {
        for (keyword, language, slug, expected) in [
            ("ısı pompası", "tr", "isi-pompasi-fiyatlari", 9),
            ("ısı pompası", "tr", "ısı-pompası", 9),
            ("ısı pompası", "tr", "pompalar", 6),
            ("Wärmepumpe", "de", "waermepumpen-im-altbau", 9),
            ("Wärmepumpe", "de", "wärmepumpe", 9),
            ("\"café crème\"", "fr", "cafe-creme", 9),
            ("\"café crème\"", "fr", "creme-cafe", 6),
        ] {
            let input = Input {
                primary_keyword: Some(keyword),
                language,
                slug,
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::KeywordInSlug), Some(expected), "{slug}");
        }
    }
}
