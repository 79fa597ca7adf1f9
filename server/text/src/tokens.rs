//! The words of running text as places in it, without a copy.

use std::ops::Range;

/// Characters of scripts that put no spaces between words: each counts as a word.
fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
        && c.is_alphanumeric()
}

/// Combining marks and joiners, which belong to the letter before them.
fn continues(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' | '\u{610}'..='\u{61a}'
        | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6dc}' | '\u{900}'..='\u{903}' | '\u{93a}'..='\u{94f}'
        | '\u{ad}' | '\u{200c}' | '\u{200d}' | '\u{20d0}'..='\u{20ff}' | '_' | '#' | '@')
}

/// The places of the words of `text`, in order. A word is a run of letters and digits; an apostrophe, a hyphen or a full stop
/// inside it belongs to it (`it's`, `well-known`, `node.js`), a comma and a colon between digits do too (`10,000`).
pub fn tokens(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let mut start = None;
        while at < bytes.len() {
            let (c, size) = decode(text, at);
            let Some(from) = start else {
                at += size;
                if stands_alone(c) {
                    return Some(at - size..at);
                }
                if c.is_alphanumeric() {
                    start = Some(at - size);
                }
                continue;
            };
            if stands_alone(c) {
                return Some(from..at);
            }
            if c.is_alphanumeric() || continues(c) {
                at += size;
                continue;
            }
            let joins = match c {
                '\'' | '\u{2019}' | '\u{2bc}' | '-' | '\u{2010}' | '\u{2011}' | '.' => true,
                ',' | ':' => bytes[at - 1].is_ascii_digit(),
                _ => false,
            };
            if joins && at + size < bytes.len() {
                let (next, next_size) = decode(text, at + size);
                let fits = if matches!(c, ',' | ':') {
                    next.is_ascii_digit()
                } else {
                    next.is_alphanumeric() && !stands_alone(next)
                };
                if fits {
                    at += size + next_size;
                    continue;
                }
            }
            let end = at;
            at += size;
            return Some(from..end);
        }
        start.take().map(|from| from..bytes.len())
    })
}

/// The character at a boundary and its length in bytes.
fn decode(text: &str, at: usize) -> (char, usize) {
    let byte = text.as_bytes()[at];
    if byte.is_ascii() {
        return (char::from(byte), 1);
    }
    let c = text[at..].chars().next().unwrap_or('\u{fffd}');
    (c, c.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            ("!? – &", &[]),
            ("Hello, world.", &["Hello", "world"]),
            ("it’s well-known, don't", &["it’s", "well-known", "don't"]),
            ("10,000 at 10:30 a,b", &["10,000", "at", "10:30", "a", "b"]),
            ("node.js. See 18f.gsa.gov.", &["node.js", "See", "18f.gsa.gov"]),
            ("a/b foo—bar (x)", &["a", "b", "foo", "bar", "x"]),
            ("'quoted' end-", &["quoted", "end"]),
            ("水泵 ab水", &["水", "泵", "ab", "水"]),
            ("a_b #c e\u{301}t", &["a_b", "c", "e\u{301}t"]),
            ("مضخة المياه", &["مضخة", "المياه"]),
        ];
        for (text, expected) in cases {
            let found: Vec<&str> = tokens(text).map(|r| &text[r]).collect();
            assert_eq!(&found, expected, "{text:?}");
        }
    }
}
