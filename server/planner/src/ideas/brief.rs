//! What an idea is for, in a sentence or two.

use super::labels;
use crate::cluster::Keyword;

/// Keywords named besides the primary one at most.
const NAMED: usize = 5;

/// What a page aims at, as far as that is known, and what else it answers. In a language without sentences of its own it says the
/// keywords alone.
pub fn brief(primary: &Keyword, others: &[&str], language: &str) -> String {
    let named = others[..others.len().min(NAMED)].join(", ");
    let more = others.len().saturating_sub(NAMED);
    let Some(words) = labels::sentences(language) else {
        return match (others.is_empty(), more) {
            (true, _) => format!("“{}”", primary.text),
            (false, 0) => format!("“{}”: {named}", primary.text),
            (false, more) => format!("“{}”: {named} (+{more})", primary.text),
        };
    };
    let say = |sentence: &str, what: &str| sentence.replace("{}", what);
    let mut text = say(words.aims, &primary.text);
    let volume = primary.volume.map(|volume| say(words.searches, &volume.to_string()));
    let difficulty = primary.difficulty.map(|d| say(words.difficulty, &format!("{d:.0}")));
    let known: Vec<String> = volume.into_iter().chain(difficulty).collect();
    if !known.is_empty() {
        text += &format!(" ({})", known.join(", "));
    }
    text.push('.');
    if !others.is_empty() {
        text.push(' ');
        text += &say(words.answers, &named);
        if more > 0 {
            text.push(' ');
            text += &say(words.more, &more.to_string());
        }
        text.push('.');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn briefs_speak_the_language_of_the_site() {
        let keyword = Keyword {
            volume: Some(900),
            difficulty: Some(30.6),
            ..Keyword::new("cold brew")
        };
        let others = ["a", "b", "c", "d", "e {}", "f", "g"];
        for (language, expected) in [
            (
                "en-GB",
                "Aims at “cold brew” (searches a month: 900, difficulty: 31). Also answers: a, b, c, d, e {} and 2 more.",
            ),
            (
                "de",
                "Zielt auf „cold brew“ (Suchen im Monat: 900, Schwierigkeit: 31). Beantwortet auch: a, b, c, d, e {} und 2 mehr.",
            ),
            (
                "es",
                "Apunta a «cold brew» (búsquedas al mes: 900, dificultad: 31). También responde a: a, b, c, d, e {} y 2 más.",
            ),
            ("tr", "“cold brew”: a, b, c, d, e {} (+2)"),
        ] {
            assert_eq!(brief(&keyword, &others, language), expected);
        }
        let plain = Keyword::new("cold brew");
        assert_eq!(brief(&plain, &["a"], "en"), "Aims at “cold brew”. Also answers: a.");
        assert_eq!(brief(&plain, &[], "pt-BR"), "Visa “cold brew”.");
        assert_eq!(brief(&plain, &["a"], "ja"), "“cold brew”: a");
        assert_eq!(brief(&plain, &[], "ja"), "“cold brew”");
        let mut said: Vec<String> = ["en", "de", "fr", "es", "it", "nl", "pt"]
            .map(|language| brief(&keyword, &others, language))
            .to_vec();
        assert!(
            said.iter()
                .all(|text| text.contains("900") && text.contains("31") && !text.contains("(+2)"))
        );
        said.sort();
        said.dedup();
        assert_eq!(said.len(), 7, "each in its own words: {said:#?}");
    }
}
