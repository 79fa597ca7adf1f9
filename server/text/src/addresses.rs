//! Words of texts as they stand in addresses.

use unicode_normalization::UnicodeNormalization;

use crate::Language;

/// A text as the last part of an address: lower-case Latin letters and digits joined by hyphens. Letters with marks are written
/// as readers of the language write them without: German `ü` is `ue`, elsewhere it is `u`.
pub fn slug(text: &str, language: &str) -> String {
    if Language::of(language) != Language::German {
        return ::slug::slugify(text);
    }
    let mut spelled = String::with_capacity(text.len() + 8);
    for c in text.nfc() {
        match c {
            'ä' | 'Ä' => spelled.push_str("ae"),
            'ö' | 'Ö' => spelled.push_str("oe"),
            'ü' | 'Ü' => spelled.push_str("ue"),
            c => spelled.push(c),
        }
    }
    ::slug::slugify(&spelled)
}

/// Whether a text can stand in an address and name a folder as it is: lower-case letters and digits of any script, joined by
/// single hyphens, at most 100.
pub fn is_slug(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 200
        && text.chars().count() <= 100
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
        && text
            .chars()
            .all(|c| c == '-' || (c.is_alphanumeric() && !c.is_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_slug() {
        for good in ["a", "kaffee-mühle", "2026-plan", "咖啡"] {
            assert!(is_slug(good), "{good}");
        }
        for bad in [
            "",
            "-a",
            "a-",
            "a--b",
            "A",
            "a b",
            "a/b",
            "..",
            "a.b",
            "a\0",
            &"x".repeat(101),
        ] {
            assert!(!is_slug(bad), "{bad}");
        }
    }

    #[test]
    fn letters_are_written_as_the_language_does() {
        for (text, language, expected) in [
            ("Wärmepumpe: Kosten & Förderung", "de", "waermepumpe-kosten-foerderung"),
            ("O\u{308}l für Füße", "de-AT", "oel-fuer-fuesse"),
            ("Über Öl", "en", "uber-ol"),
            ("İstanbul'da ISI pompası", "tr", "istanbul-da-isi-pompasi"),
            ("Şömine için ığdır", "tr", "somine-icin-igdir"),
            ("Café crème", "fr", "cafe-creme"),
            ("???", "de", ""),
        ] {
            assert_eq!(slug(text, language), expected, "{text}");
        }
    }
}
