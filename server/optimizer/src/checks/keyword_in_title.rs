//! The primary keyword in the title, best at its beginning.

use super::{Context, Outcome, percent};
use crate::report::{Bound, Unit};

pub(super) fn check(c: &Context<'_>) -> Outcome {
    let Some(keyword) = c.keyword() else {
        return Outcome::no_keyword();
    };
    let title = c.input.shown_title();
    let found = keyword.found_in(title, &c.comparer);
    let place = keyword.place_in(title, &c.comparer);
    let rating = rate(found, keyword.words(), place);
    let outcome = Outcome::new(rating, percent(found, keyword.words()), Unit::Percent, Bound::min(100));
    let params: &[(&str, &dyn std::fmt::Display)] = &[("keyword", &c.keyword_text())];
    match rating {
        ..=2 => outcome.mend(
            "keyword_in_title.missing",
            "Put “{keyword}” into the SEO title, at its beginning.",
            params,
        ),
        6 => outcome.mend(
            "keyword_in_title.late",
            "Move “{keyword}” to the beginning of the SEO title, its words in this order.",
            params,
        ),
        _ => outcome,
    }
}

/// `place`: words with meaning before the keyword, none where its words are not in order.
fn rate(found: usize, words: usize, place: Option<usize>) -> i16 {
    match place {
        Some(0) => 9,
        Some(_) => 6,
        None if found == words => 6,
        None => 2,
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::rating;
    use crate::input::{Input, Matching};
    use crate::weights::CheckId;

    #[test]
    fn titles() {
        let cases = [
            ("sump pump", "Sump pump guide", 9),
            ("sump pump", "The Sump Pumps of 2024", 9),
            ("sump pump", "Best way to clean a sump pump", 6),
            ("sump pump", "Pump for a sump", 6),
            ("sump pump", "Pump guide", 2),
            ("sump pump", "", 2),
            ("the sump pump", "The sump pump", 9),
            ("\"sump pump\"", "Sump pump", 9),
            ("\"sump pump\"", "Pump for a sump", 2),
            ("e-mail marketing", "E-Mail-Marketing", 9),
        ];
        for (keyword, title, expected) in cases {
            let input = Input {
                primary_keyword: Some(keyword),
                seo_title: title,
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::KeywordInTitle), Some(expected), "{title}");
        }
        let words = Input {
            primary_keyword: Some("sump pump"),
            title: "Sump pumps",
            matching: Matching::Words,
            ..Input::default()
        };
        assert_eq!(rating(&words, CheckId::KeywordInTitle), Some(2));
        assert_eq!(rating(&Input::default(), CheckId::KeywordInTitle), Some(0));
    }

    #[test]
    fn languages() {
        let cases = [
            ("de", "Gartenpumpe kaufen", "Gartenpumpen kaufen: so geht es", 9),
            ("tr", "ısı pompası", "Isı pompaları nedir?", 9),
            ("tr", "su pompası", "Su pompasını seçmek", 9),
            ("tr", "istanbul otelleri", "İSTANBUL OTELLERİ", 9),
            ("ru", "садовый насос", "Садовые насосы", 9),
            ("zh", "水泵", "水泵指南", 9),
            ("ar", "مضخة", "دليل مضخة", 6),
        ];
        for (language, keyword, title, expected) in cases {
            let input = Input {
                primary_keyword: Some(keyword),
                title,
                language,
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::KeywordInTitle), Some(expected), "{title}");
        }
    }
}
