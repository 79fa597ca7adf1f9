//! Where sentences end.

use std::ops::Range;

use crate::Language;

/// Marks that end a sentence only where white space follows, since they stand inside words and numbers too.
fn ends_before_space(c: char) -> bool {
    matches!(
        c,
        '.' | '?' | '!' | '…' | '؟' | '۔' | '।' | '\u{203c}' | '\u{2047}'..='\u{2049}'
    )
}

/// Full-width marks of scripts that write no spaces.
fn ends_at_once(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '．' | '｡')
}

fn closes(c: char) -> bool {
    matches!(c, '"' | '\'' | '”' | '’' | '»' | ')' | ']' | '」' | '』')
}

/// Whether a sentence can begin so: not with a small letter, a dash or a bullet.
fn begins(c: char) -> bool {
    (c.is_alphanumeric() && !c.is_lowercase())
        || matches!(
            c,
            '"' | '\'' | '“' | '‘' | '„' | '‚' | '«' | '»' | '(' | '[' | '¿' | '¡' | '「' | '『'
        )
}

/// The sentences of a paragraph, in order; together they cover all but white space. A mark ends a sentence where what follows
/// can begin one and the word before it is not known as an abbreviation of `language`.
pub fn sentences(text: &str, language: Language) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let at_once = ends_at_once(c);
        if !at_once && !ends_before_space(c) {
            continue;
        }
        let mut marks = 1;
        let mut end = at + c.len_utf8();
        while let Some(&(next, c)) = chars.peek()
            && (ends_before_space(c) || ends_at_once(c) || closes(c))
        {
            marks += 1;
            end = next + c.len_utf8();
            chars.next();
        }
        let rest = &text[end..];
        let after = rest.trim_start();
        let Some(first) = after.chars().next() else { break };
        if !at_once {
            if after.len() == rest.len() || !begins(first) {
                continue;
            }
            if c == '.' && marks == 1 && abbreviates(&text[start..at], first, language) {
                continue;
            }
        }
        push(&mut found, text, start..end);
        start = end;
    }
    push(&mut found, text, start..text.len());
    found
}

fn push(found: &mut Vec<Range<usize>>, text: &str, range: Range<usize>) {
    let piece = &text[range.clone()];
    let start = range.start + piece.len() - piece.trim_start().len();
    let end = start + piece.trim().len();
    if start < end {
        found.push(start..end);
    }
}

/// Whether the full stop behind `before` belongs to its last word.
fn abbreviates(before: &str, next: char, language: Language) -> bool {
    let word = before
        .rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '[' | '"' | '“' | '„' | '‘' | '/'))
        .next()
        .unwrap_or_default();
    // Ordinals: "am 3. Mai", "3. Mayıs".
    if matches!(language, Language::German | Language::Turkish) {
        return (matches!(word.len(), 1..=2) && word.bytes().all(|b| b.is_ascii_digit())) || listed(word, language);
    }
    if next.is_ascii_digit() && is_numbering(word, language) {
        return true;
    }
    listed(word, language)
}

/// Abbreviations that only numbers follow: "No. 5", "p. 12".
fn is_numbering(word: &str, language: Language) -> bool {
    let list: &[&str] = match language {
        Language::English => &["no", "nos", "p", "pp", "fig", "vol", "ch", "sec", "art"],
        Language::French => &["no", "p", "pp", "fig", "vol", "art"],
        Language::Spanish | Language::Italian | Language::Portuguese => &["n", "núm", "num", "p", "pág", "pag", "art"],
        Language::Dutch => &["nr", "p", "blz", "art"],
        Language::Russian => &["рис", "стр", "гл", "ст"],
        _ => &[],
    };
    list.iter().any(|a| eq(word, a))
}

fn listed(word: &str, language: Language) -> bool {
    let list: &[&str] = match language {
        Language::English => &[
            "mr", "mrs", "ms", "mx", "dr", "prof", "rev", "hon", "st", "sr", "jr", "gen", "col", "maj", "capt", "lt",
            "sgt", "cmdr", "adm", "sen", "rep", "gov", "pres", "vs", "e.g", "i.e", "cf", "viz", "messrs", "mme",
        ],
        Language::German => &[
            "z.b", "d.h", "u.a", "u.u", "o.ä", "u.ä", "z.t", "i.d.r", "s.o", "s.u", "v.a", "bzw", "ca", "dr", "prof",
            "hr", "fr", "st", "str", "nr", "bd", "abb", "vgl", "ggf", "evtl", "inkl", "exkl", "zzgl", "max", "min",
            "mio", "mrd", "tsd", "tel", "art", "abs", "dipl", "ing", "med", "jan", "feb", "aug", "sept", "okt", "nov",
            "dez", "sog", "z", "d", "u", "o", "i", "b", "geb", "allg", "bspw", "insb",
        ],
        Language::French => &[
            "m", "mm", "mme", "mlle", "dr", "pr", "me", "st", "ste", "cf", "p.ex", "av", "apr", "env", "éd", "chap",
        ],
        Language::Spanish => &[
            "sr", "sra", "srta", "dr", "dra", "prof", "ud", "uds", "vd", "p.ej", "av", "avda", "ee", "aprox",
        ],
        Language::Italian => &[
            "sig", "sig.ra", "sigg", "dott", "dott.ssa", "prof", "prof.ssa", "ing", "avv", "arch", "cfr", "p.es", "es",
            "ca",
        ],
        Language::Dutch => &[
            "dhr", "mevr", "mw", "dr", "drs", "ir", "ing", "prof", "mr", "st", "bijv", "bv", "d.w.z", "o.a", "m.b.v",
            "t.o.v", "i.p.v", "ca", "evt", "incl", "excl", "resp", "zgn",
        ],
        Language::Portuguese => &[
            "sr", "sra", "srs", "dr", "dra", "prof", "profa", "av", "exmo", "p.ex", "aprox",
        ],
        Language::Russian => &[
            "г", "гг", "т.е", "т.к", "им", "ул", "д", "проф", "акад", "напр", "см", "ср", "тыс", "млн", "руб",
        ],
        Language::Turkish => &[
            "dr", "prof", "doç", "av", "sn", "no", "vb", "vs", "örn", "bkz", "cad", "sok", "mah", "çev", "yy",
        ],
        Language::Unspaced | Language::Other => &["dr", "prof"],
    };
    list.iter().any(|a| eq(word, a))
}

/// Equal but for case; Turkish dots do not matter here.
fn eq(word: &str, abbreviation: &str) -> bool {
    word.len() == abbreviation.len() && word.chars().flat_map(char::to_lowercase).eq(abbreviation.chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_readers_end_them() {
        use Language::{English, German, Other, Russian, Turkish, Unspaced};
        let cases: &[(Language, &str, &[&str])] = &[
            (English, "", &[]),
            (English, " . ", &["."]),
            (English, "One. Two! Three? Four", &["One.", "Two!", "Three?", "Four"]),
            (
                English,
                "Wait... Then it ended… Now",
                &["Wait...", "Then it ended…", "Now"],
            ),
            (English, "one. two", &["one. two"]),
            (
                English,
                "Dr. Smith met Mr. Jones. Then",
                &["Dr. Smith met Mr. Jones.", "Then"],
            ),
            (
                English,
                "Use e.g. Rust. See (i.e. Foo) it",
                &["Use e.g. Rust.", "See (i.e. Foo) it"],
            ),
            (
                English,
                "Version 3.5 is out. 5 dogs",
                &["Version 3.5 is out.", "5 dogs"],
            ),
            (English, "See No. 5 now. No. That", &["See No. 5 now.", "No.", "That"]),
            (
                English,
                "He said \"Go.\" Then left.) Baz",
                &["He said \"Go.\"", "Then left.)", "Baz"],
            ),
            (English, "“Really?” he said", &["“Really?” he said"]),
            (English, "Try Node.js. Next", &["Try Node.js.", "Next"]),
            (English, "List. - one. • two", &["List. - one. • two"]),
            (
                German,
                "Am 3. Mai z.B. Regen. Im Jahr 2014. Danach",
                &["Am 3. Mai z.B. Regen.", "Im Jahr 2014.", "Danach"],
            ),
            (
                Russian,
                "Привет. Это г. Москва! Да",
                &["Привет.", "Это г. Москва!", "Да"],
            ),
            (
                Turkish,
                "İyi. Işık 3. Mayıs günü. Son",
                &["İyi.", "Işık 3. Mayıs günü.", "Son"],
            ),
            (Unspaced, "水泵。好的！是", &["水泵。", "好的！", "是"]),
            (Other, "مرحبا؟ نعم.", &["مرحبا؟", "نعم."]),
        ];
        for (language, text, expected) in cases {
            let found: Vec<&str> = sentences(text, *language).into_iter().map(|r| &text[r]).collect();
            assert_eq!(&found, expected, "{text:?}");
        }
    }
}
