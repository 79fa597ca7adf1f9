//! Languages that have lists and rules here.

/// A language as far as this crate tells it from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Language {
    English,
    German,
    French,
    Spanish,
    Italian,
    Dutch,
    Portuguese,
    Russian,
    Turkish,
    /// Written without spaces between words: Chinese, Japanese, Thai, Lao, Khmer, Burmese.
    Unspaced,
    /// Any other: words and sentences are found, nothing else is known.
    Other,
}

impl Language {
    /// The language of a tag (`en`, `pt-BR`, `de_AT`); an empty one is [`Language::Other`].
    pub fn of(tag: &str) -> Language {
        let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        match primary.as_str() {
            "en" => Language::English,
            "de" => Language::German,
            "fr" => Language::French,
            "es" => Language::Spanish,
            "it" => Language::Italian,
            "nl" => Language::Dutch,
            "pt" => Language::Portuguese,
            "ru" => Language::Russian,
            "tr" | "az" => Language::Turkish,
            "zh" | "ja" | "th" | "lo" | "km" | "my" => Language::Unspaced,
            _ => Language::Other,
        }
    }
}

/// Appends `word` in lower case, with straight apostrophes. Turkish has its own pairs: `I`/`ı` and `İ`/`i`.
pub fn push_lower(out: &mut String, word: &str, language: Language) {
    for c in word.chars() {
        match c {
            'I' if language == Language::Turkish => out.push('ı'),
            'İ' if language == Language::Turkish => out.push('i'),
            // Its lower case is two characters elsewhere, of which nothing else has the second.
            'İ' => out.push('i'),
            '\u{2018}' | '\u{2019}' | '\u{02bc}' => out.push('\''),
            '\u{ad}' | '\u{200b}'..='\u{200d}' => {}
            c if c.is_ascii() => out.push(c.to_ascii_lowercase()),
            c => out.extend(c.to_lowercase()),
        }
    }
}

/// The lower case of characters where the language is not known. `İ` becomes the `i` that people type: by the standard its lower
/// case has a dot of its own behind it, which many tools leave there and nobody sees.
pub fn lower(text: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    let mut after_i = false;
    text.flat_map(char::to_lowercase).filter(move |&c| {
        let dot = after_i && c == '\u{307}';
        after_i = dot || c == 'i';
        !dot
    })
}

/// The first letter upper, as the language writes it: Turkish `i` becomes `İ`.
pub fn capital(text: &str, language: Language) -> String {
    if let Some(rest) = text.strip_prefix('i')
        && language == Language::Turkish
    {
        return format!("İ{rest}");
    }
    let mut chars = text.chars();
    chars
        .next()
        .map(|c| c.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

/// A word in lower case without the ending of possession that Snowball's stemmers leave: English `'s`, Turkish `-sı` after a
/// vowel, which heads of compounds have (`ısı pompası`).
pub fn without_possessive(lower: &str, language: Language) -> &str {
    if language != Language::Turkish {
        return lower.strip_suffix("'s").unwrap_or(lower);
    }
    ["sı", "si", "su", "sü"]
        .iter()
        .find_map(|ending| lower.strip_suffix(ending))
        .filter(|stem| stem.chars().count() > 2 && stem.ends_with(['a', 'e', 'ı', 'i', 'o', 'ö', 'u', 'ü']))
        .unwrap_or(lower)
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization;

    use super::*;

    #[test]
    fn tags_name_languages() {
        let cases = [
            ("en", Language::English),
            ("DE_at", Language::German),
            ("pt-BR", Language::Portuguese),
            ("zh-Hant", Language::Unspaced),
            ("ar", Language::Other),
            ("", Language::Other),
        ];
        for (tag, expected) in cases {
            assert_eq!(Language::of(tag), expected, "{tag}");
        }
    }

    #[test]
    fn case_follows_the_language() {
        let cases = [
            ("IŞIK", Language::Turkish, "ışık"),
            ("İstanbul", Language::Turkish, "istanbul"),
            ("İstanbul", Language::English, "istanbul"),
            ("IT", Language::English, "it"),
            ("ÄRGER", Language::German, "ärger"),
            ("It’s", Language::English, "it's"),
            ("so\u{ad}ft", Language::English, "soft"),
        ];
        for (word, language, expected) in cases {
            let mut out = String::new();
            push_lower(&mut out, word, language);
            assert_eq!(out, expected, "{word}");
        }
    }

    #[test]
    fn every_dotted_i_is_one() {
        for text in [
            "İstanbul",
            "I\u{307}stanbul",
            "i\u{307}stanbul",
            "i\u{307}\u{307}stanbul",
            "istanbul",
        ] {
            assert_eq!(lower(text.nfkc()).collect::<String>(), "istanbul", "{text:?}");
        }
        // A dot on another letter says something.
        assert_eq!(lower("Ė ż ılık".chars()).collect::<String>(), "ė ż ılık");
    }

    #[test]
    fn capitals_are_the_languages_own() {
        for (text, language, expected) in [
            ("istanbul", Language::Turkish, "İstanbul"),
            ("ılık su", Language::Turkish, "Ilık su"),
            ("istanbul", Language::English, "Istanbul"),
            ("élagage", Language::French, "Élagage"),
            ("12v", Language::English, "12v"),
            ("", Language::Turkish, ""),
        ] {
            assert_eq!(capital(text, language), expected, "{text}");
        }
    }

    #[test]
    fn possessives_are_taken_off() {
        let cases = [
            ("dog's", Language::English, "dog"),
            ("dogs", Language::English, "dogs"),
            ("pompası", Language::Turkish, "pompa"),
            ("kurs", Language::Turkish, "kurs"),
            ("su", Language::Turkish, "su"),
            ("borsu", Language::Turkish, "borsu"),
        ];
        for (word, language, expected) in cases {
            assert_eq!(without_possessive(word, language), expected, "{word}");
        }
    }
}
