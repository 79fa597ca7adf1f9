//! How wide a text is in Arial, in which result pages set titles and descriptions.

#![forbid(unsafe_code)]

use unicode_normalization::UnicodeNormalization;

/// Advance widths of U+0020 to U+007E in thousandths of the type size.
const ASCII: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
];

/// Pixels that `text` takes at `size` pixels.
pub fn pixels(text: &str, size: u32) -> u32 {
    let thousandths: u64 = if text.is_ascii() {
        text.chars().map(advance).sum()
    } else {
        // Letters with marks are as wide as without.
        text.nfd().map(advance).sum()
    };
    u32::try_from(thousandths * u64::from(size) / 1000).unwrap_or(u32::MAX)
}

fn advance(c: char) -> u64 {
    let ascii = u32::from(c).checked_sub(32).and_then(|i| ASCII.get(i as usize));
    if let Some(&width) = ascii {
        return u64::from(width);
    }
    match c {
        '\0'..='\u{1f}' | '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '‘' | '’' => 222,
        '“' | '”' | '„' => 333,
        '•' => 350,
        '–' | '€' => 556,
        '—' | '…' => 1000,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{ff00}'..='\u{ff60}' => 1000,
        '\u{1f000}'..='\u{1faff}' => 1250,
        c if c.is_uppercase() => 690,
        _ => 556,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures() {
        let cases = [
            ("", 20, 0),
            ("iiiiiiiiii", 20, 44),
            ("WWWWWWWWWW", 20, 188),
            ("Hello, World", 100, 544),
            ("éèê", 100, 166),
            ("日本", 20, 40),
            ("a\u{200b}b", 100, 111),
        ];
        for (text, size, expected) in cases {
            assert_eq!(pixels(text, size), expected, "{text:?}");
        }
    }
}
