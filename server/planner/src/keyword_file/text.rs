//! Text of cells: cleaned, normalised, and the form in which two keywords are the same.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfkc_quick};

/// Characters a reader never sees and a search engine never gets: soft hyphens, zero-width spaces, byte order marks,
/// direction marks. Joiners (U+200C, U+200D) stay: Persian and Hindi words differ by them.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
    )
}

/// Whether text is as most cells are: without anything to clean or fold. Nothing is done to it.
fn is_tidy(text: &str) -> bool {
    let mut space_before = true;
    for c in text.chars() {
        match c {
            ' ' if space_before => return false,
            ' ' => space_before = true,
            '\u{21}'..='\u{7e}' => space_before = false,
            '\0'..='\u{7f}' => return false,
            c if c.is_whitespace() || c.is_control() || is_invisible(c) => return false,
            _ => space_before = false,
        }
    }
    !space_before || text.is_empty()
}

/// Whether NFKC changes nothing, as far as a quick look tells.
fn is_composed(text: &str) -> bool {
    text.is_ascii() || is_nfkc_quick(text.chars()) == IsNormalized::Yes
}

fn visible(text: &str) -> impl Iterator<Item = char> {
    text.chars()
        .filter(|&c| !is_invisible(c))
        .map(|c| if c.is_control() { ' ' } else { c })
}

fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// A keyword's text as it is kept: NFKC, without control and invisible characters, white space folded.
///
/// Normalising twice changes nothing more.
#[must_use]
pub fn normalise(text: &str) -> Cow<'_, str> {
    if is_tidy(text) && is_composed(text) {
        return Cow::Borrowed(text);
    }
    let composed: String = visible(text).nfkc().collect();
    Cow::Owned(folded(&composed))
}

/// Other text of a row (names, addresses): as written, but on one line and without control characters.
#[must_use]
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if is_tidy(text) {
        return Cow::Borrowed(text);
    }
    let seen: String = visible(text).collect();
    Cow::Owned(folded(&seen))
}

/// The form in which two texts are the same keyword: NFKC, lower case ([`igny8_text::lower`]), inner white space folded to
/// single spaces.
///
/// The database keeps keywords apart by the same rule.
#[must_use]
pub fn text_key(text: &str) -> String {
    if text.is_ascii() {
        return folded(&text.to_ascii_lowercase());
    }
    let lower: String = if is_composed(text) {
        igny8_text::lower(text.chars()).collect()
    } else {
        igny8_text::lower(text.nfkc()).collect()
    };
    if is_composed(&lower) {
        folded(&lower)
    } else {
        folded(&lower.nfkc().collect::<String>())
    }
}

/// [`text_key`] in which typographic quotation marks are plain ones. Tools that list one search in both spellings mean
/// the same search.
pub(super) fn key_without_curly_quotes(text: &str) -> String {
    let key = text_key(text);
    if key.is_ascii() {
        return key;
    }
    key.chars()
        .map(|c| match c {
            '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2032}' | '\u{b4}' | '`' => '\'',
            '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{201f}' | '\u{2033}' => '"',
            other => other,
        })
        .collect()
}

/// The start of a text that goes into a message.
pub(super) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 60;
    let text = clean(text);
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        for (raw, text) in [
            ("cold brew", "cold brew"),
            ("", ""),
            (" ", ""),
            ("  cold \t brew\n", "cold brew"),
            ("cold\u{a0}brew", "cold brew"),
            ("ＣＯＬＤ　ｂｒｅｗ", "COLD brew"),
            ("cafe\u{301}", "café"),
            ("\u{feff}cold\u{200b} brew\u{ad}", "cold brew"),
            ("cold\u{0}brew\u{7f}", "cold brew"),
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            ("½ liter", "1⁄2 liter"),
        ] {
            assert_eq!(normalise(raw), text, "{raw:?}");
        }
    }

    #[test]
    fn keys() {
        for (text, key) in [
            ("Cold  Brew", "cold brew"),
            ("\tcold\u{a0}brew \n", "cold brew"),
            ("ﬁlter", "filter"),
            ("STRASSE", "strasse"),
            ("İstanbul", "istanbul"),
            ("i\u{307}stanbul", "istanbul"),
            ("i\u{307}\u{301}", "í"),
            ("mother’s day", "mother’s day"),
        ] {
            assert_eq!(text_key(text), key, "{text:?}");
        }
        assert_eq!(key_without_curly_quotes("Mother’s “Day”"), "mother's \"day\"");
    }

    #[test]
    fn excerpts() {
        assert_eq!(excerpt("a\nb"), "a b");
        assert_eq!(excerpt(&"ü".repeat(70)).chars().count(), 61);
    }
}
