//! Words of a text as they are looked up: without marks, in lower case. `search.js` does the same to a question.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longer words are cut: nobody types them.
const MAX_LENGTH: usize = 40;

/// Calls `found` with each word of `text`; scripts without spaces give pairs of characters.
pub(super) fn words(text: &str, mut found: impl FnMut(&str)) {
    let mut word = String::with_capacity(MAX_LENGTH);
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        let start = i;
        let mut ascii = true;
        while i < bytes.len() && (bytes[i].is_ascii_alphanumeric() || bytes[i] >= 0x80) {
            ascii &= bytes[i] < 0x80;
            i += 1;
        }
        let run = &text[start..i];
        if ascii {
            if run.len() > 1 {
                word.clear();
                word.extend(run.bytes().take(MAX_LENGTH).map(|b| char::from(b.to_ascii_lowercase())));
                found(&word);
            }
        } else {
            wide(run, &mut word, &mut found);
        }
        i += usize::from(i == start);
    }
}

/// A run with characters beyond ASCII, which may be spaces and signs too.
fn wide(run: &str, word: &mut String, found: &mut impl FnMut(&str)) {
    let folded = run
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase);
    word.clear();
    let mut before: Option<char> = None;
    let mut length = 0;
    let mut pair = String::new();
    for c in folded.chain([' ']) {
        let is_cjk = is_cjk(c);
        if (is_cjk || !c.is_alphanumeric()) && !word.is_empty() {
            if word.chars().nth(1).is_some() {
                found(word);
            }
            word.clear();
            length = 0;
        }
        if is_cjk {
            pair.clear();
            pair.extend(before);
            pair.push(c);
            if before.is_some() {
                found(&pair);
            }
            before = Some(c);
            continue;
        }
        before = None;
        if c.is_alphanumeric() && length < MAX_LENGTH {
            word.push(c);
            length += 1;
        }
    }
}

fn is_cjk(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xAC00..=0xD7AF | 0x1100..=0x11FF | 0x2_0000..=0x3_FFFF)
}

/// The parts of a source text that readers see: addresses of links and tags are passed over. Rough, since a wrong word in an
/// index does no harm.
pub(super) fn visible(source: &str, mut part: impl FnMut(&str)) {
    let mut rest = source;
    while let Some(at) = rest.find(['<', ']']) {
        let (before, from) = rest.split_at(at);
        part(before);
        let tag_like = from
            .as_bytes()
            .get(1)
            .is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'/' | b'!'));
        // What never ends goes on to the end, so that no text is looked through twice.
        let end = from.len() - 1;
        let skipped = if from.starts_with("](") {
            from.find([')', '\n']).unwrap_or(end)
        } else if from.starts_with('<') && tag_like {
            from.find(['>', '\n']).unwrap_or(end)
        } else {
            0
        };
        rest = &from[skipped + 1..];
    }
    part(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_and_splits() {
        let cases: &[(&str, &[&str])] = &[
            ("The Quick-brown fox's 2 42", &["the", "quick", "brown", "fox", "42"]),
            ("Größe naïve CAFÉ", &["große", "naive", "cafe"]),
            ("“quoted” – dash…end", &["quoted", "dash", "end"]),
            ("日本語 text", &["日本", "本語", "text"]),
            ("ﬁne", &["fine"]),
            ("Привет", &["привет"]),
            ("", &[]),
        ];
        for (text, expected) in cases {
            let mut all = Vec::new();
            words(text, |w| all.push(w.to_owned()));
            assert_eq!(all, *expected, "{text:?}");
        }
        let mut seen = String::new();
        visible("a [link](/x/y) <b class=\"z\">bold</b> 1 < 2 [r][n]", |p| {
            seen.push_str(p)
        });
        assert_eq!(seen, "a [link bold 1  2 [r[n");
    }
}
