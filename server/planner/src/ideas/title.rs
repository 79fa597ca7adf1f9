//! Titles and headings from keywords: what people type, written as it stands on a page.

use igny8_text::{self as text, Language};

use super::format;

/// Words that stay small inside an English title.
const SMALL: &[&str] = &[
    "a", "an", "and", "as", "at", "but", "by", "for", "from", "if", "in", "into", "nor", "of", "on", "or", "per", "so",
    "than", "the", "to", "up", "via", "vs", "with", "yet",
];
/// Words that are written in capitals wherever they stand.
const CAPITALS: &[&str] = &[
    "ai", "api", "b2b", "b2c", "bbq", "bmi", "ceo", "cms", "cpc", "cpu", "crm", "css", "diy", "dna", "eu", "faq",
    "gdpr", "gpu", "gps", "hr", "hvac", "html", "lcd", "led", "nas", "nfc", "oled", "pc", "pdf", "ppc", "ptsd", "pvc",
    "ram", "rv", "saas", "seo", "sms", "sql", "ssd", "suv", "tv", "uk", "usa", "usb", "vat", "vpn",
];
/// Ends of keywords that mean a place nobody can be told in a title.
const PLACES: &[&str] = &[
    " near me",
    " nearby",
    " near by",
    " close to me",
    " around me",
    " in my area",
    " in der nähe",
    " in meiner nähe",
    " près de moi",
    " cerca de mi",
    " vicino a me",
    " in de buurt",
    " perto de mim",
];
/// The most characters of a title that is not a keyword as it is.
const LONGEST: usize = 65;

/// A keyword as a title in a language: titles in capitals in English, sentences elsewhere; questions with their mark. What
/// was typed with capitals stays as it is.
pub fn title(keyword: &str, language: &str) -> String {
    cased(keyword, language, is_english(language))
}

/// A keyword as a heading inside a page: a sentence in every language.
pub(super) fn heading(keyword: &str, language: &str) -> String {
    cased(keyword, language, false)
}

fn is_english(language: &str) -> bool {
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    primary.is_empty() || primary.eq_ignore_ascii_case("en")
}

fn cased(keyword: &str, language: &str, title: bool) -> String {
    let all: Vec<&str> = keyword.split_whitespace().collect();
    let count = all.len();
    // A keyword in capitals throughout is shouted, not spelled.
    let shouted = count > 1 && keyword.chars().any(char::is_alphabetic) && keyword == keyword.to_uppercase();
    let words: Vec<String> = all
        .into_iter()
        .enumerate()
        .map(|(n, word)| {
            let mut lower = String::with_capacity(word.len());
            text::push_lower(&mut lower, word, Language::of(language));
            let word = if shouted { lower.as_str() } else { word };
            if word.chars().any(char::is_uppercase) {
                word.to_owned()
            } else if CAPITALS.contains(&lower.as_str()) {
                lower.to_uppercase()
            } else if is_english(language) && lower == "i" {
                "I".to_owned()
            } else if n == 0 || (title && (n + 1 == count || !SMALL.contains(&lower.as_str())) && lower != "vs") {
                text::capital(word, Language::of(language))
            } else {
                word.to_owned()
            }
        })
        .collect();
    let mut out = words.join(" ");
    let folded = text::fold(keyword);
    let plain: Vec<String> = text::words(&folded).map(str::to_owned).collect();
    let instructs = plain.get(1).is_some_and(|word| word == "to");
    if format::is_question(&plain) && !instructs && !out.ends_with(['?', '!', '.', '？']) {
        out.push('?');
    }
    out
}

/// A keyword without words of place at its end: "near me" is where the reader is.
pub(super) fn placeless(keyword: &str) -> &str {
    let keyword = keyword.trim();
    PLACES
        .iter()
        .find_map(|place| {
            let at = keyword.len().checked_sub(place.len())?;
            let end = keyword.get(at..)?;
            (end.eq_ignore_ascii_case(place)).then(|| keyword[..at].trim_end())
        })
        .filter(|rest| !rest.is_empty())
        .unwrap_or(keyword)
}

/// A title with what else the page covers: "Cold Brew Coffee: Ratio and Storage Time". Only what fits in full.
pub(super) fn with_facets(title: &str, facets: &[String], language: &str) -> String {
    if title.ends_with('?') || title.contains(':') {
        return title.to_owned();
    }
    let and = super::labels::and(language);
    for count in (1..=facets.len().min(3)).rev() {
        let facets: Vec<String> = facets[..count]
            .iter()
            .map(|f| cased(f, language, is_english(language)))
            .collect();
        let list = match (facets.as_slice(), and) {
            ([one], _) => one.clone(),
            ([first @ .., last], Some(and)) => format!("{} {and} {last}", first.join(", ")),
            (all, _) => all.join(", "),
        };
        let whole = format!("{title}: {list}");
        if whole.chars().count() <= LONGEST {
            return whole;
        }
    }
    title.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_follow_the_language() {
        for (keyword, language, expected) in [
            ("how to make cold brew at home", "en", "How to Make Cold Brew at Home"),
            ("what is cold brew for", "en-GB", "What Is Cold Brew For?"),
            ("cold brew vs iced coffee", "en", "Cold Brew vs Iced Coffee"),
            ("best usb hub for iPhone 15", "en", "Best USB Hub for iPhone 15"),
            ("1/2 hp sump pump", "en", "1/2 Hp Sump Pump"),
            ("how do i clean it", "en", "How Do I Clean It?"),
            ("COLD BREW COFFEE", "en", "Cold Brew Coffee"),
            ("kaffeemaschine mit mahlwerk", "de", "Kaffeemaschine mit mahlwerk"),
            (
                "wie reinigt man eine kaffeemaschine",
                "de",
                "Wie reinigt man eine kaffeemaschine?",
            ),
            ("élagage d'arbres", "fr", "Élagage d'arbres"),
            ("istanbul ısı pompası", "tr", "İstanbul ısı pompası"),
            ("ISI POMPASI İZMİR", "tr", "Isı pompası izmir"),
            ("咖啡 机", "zh", "咖啡 机"),
            ("  cold   brew ", "", "Cold Brew"),
            ("", "en", ""),
        ] {
            assert_eq!(title(keyword, language), expected, "{keyword}");
        }
        assert_eq!(heading("cold brew ratio", "en"), "Cold brew ratio");
    }

    #[test]
    fn places_nobody_can_name_are_left_out() {
        for (keyword, expected) in [
            ("Plumber near me", "Plumber"),
            ("klempner in der nähe", "klempner"),
            ("near me", "near me"),
            ("plumber nähe", "plumber nähe"),
        ] {
            assert_eq!(placeless(keyword), expected);
        }
    }

    #[test]
    fn facets_are_told_where_they_fit() {
        let facets = ["ratio".to_owned(), "storage time".to_owned()];
        assert_eq!(
            with_facets("Cold Brew", &facets, "en"),
            "Cold Brew: Ratio and Storage Time"
        );
        assert_eq!(with_facets("Café", &facets, "fr"), "Café: Ratio et Storage time");
        assert_eq!(with_facets("咖啡", &facets, "zh"), "咖啡: Ratio, Storage time");
        assert_eq!(with_facets("What Is It?", &facets, "en"), "What Is It?");
        let long = "x".repeat(60);
        assert_eq!(with_facets(&long, &facets, "en"), long);
    }
}
