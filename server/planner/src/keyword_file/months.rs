//! Months by their names, in the languages tools speak.

use super::row::Month;

/// How names of months start, January first. The longest start decides: `mar` is March, `marras` Finnish November.
const STARTS: [&[&str]; 12] = [
    &[
        "jan", "jän", "ene", "gen", "ian", "sty", "led", "tammi", "oca", "янв", "січ",
    ],
    &["feb", "fév", "fev", "lut", "úno", "helmi", "şub", "фев", "лют"],
    &["mar", "mär", "mrz", "mrt", "már", "bře", "maalis", "мар", "бер"],
    &["apr", "avr", "abr", "ápr", "kwi", "dub", "huhti", "nis", "апр", "кві"],
    &[
        "may", "mai", "maj", "mag", "mei", "máj", "kvě", "touko", "май", "мая", "тра",
    ],
    &[
        "jun", "juin", "giu", "jún", "iun", "cze", "červen", "čvn", "kesä", "haz", "июн", "чер",
    ],
    &[
        "jul",
        "juil",
        "lug",
        "júl",
        "iul",
        "lip",
        "červenec",
        "čvc",
        "heinä",
        "tem",
        "июл",
        "лип",
    ],
    &["aug", "aoû", "ago", "sie", "srp", "elo", "ağu", "авг", "сер"],
    &["sep", "set", "szept", "wrz", "zář", "syys", "eyl", "сен", "вер"],
    &["oct", "okt", "out", "ott", "paź", "říj", "loka", "eki", "окт", "жов"],
    &["nov", "noi", "noy", "lis", "marras", "kas", "ноя", "лис"],
    &["dec", "dez", "déc", "dic", "gru", "pro", "joulu", "ara", "дек", "гру"],
];

/// Reads `may 2025`, `mai 2025`, `2025 05`, `05/2025`, `2025年5月`, `thg 5 2025`; lower case.
pub(super) fn named(text: &str) -> Option<Month> {
    let parts: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || matches!(c, '/' | '-' | '年' | '月' | '년' | '월' | ',' | '.'))
        .filter(|part| !part.is_empty() && !matches!(*part, "thg" | "tháng" | "de" | "г"))
        .collect();
    let [a, b] = parts.as_slice() else { return None };
    let (year, month) = match (year(a), year(b)) {
        (Some(year), None) => (year, b),
        (None, Some(year)) => (year, a),
        _ => return None,
    };
    let number = month.parse().ok().or_else(|| by_name(month))?;
    Month::new(year, number)
}

fn year(text: &str) -> Option<u16> {
    text.parse().ok().filter(|year| (1900..=2999).contains(year))
}

fn by_name(name: &str) -> Option<u8> {
    STARTS
        .iter()
        .zip(1..)
        .flat_map(|(starts, number)| starts.iter().map(move |start| (start, number)))
        .filter(|(start, _)| name.starts_with(*start))
        .max_by_key(|(start, _)| start.len())
        .map(|(_, number)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_of_several_languages() {
        for (text, month) in [
            ("may 2025", 5),
            ("mai 2025", 5),
            ("märz 2025", 3),
            ("marraskuu 2025", 11),
            ("juin 2025", 6),
            ("juillet 2025", 7),
            ("červen 2025", 6),
            ("červenec 2025", 7),
            ("sie 2025", 8),
            ("мая 2025", 5),
            ("ağustos 2025", 8),
            ("abril de 2025", 4),
            ("2025年5月", 5),
            ("2025년 5월", 5),
            ("thg 5 2025", 5),
            ("05/2025", 5),
            ("2025 12", 12),
        ] {
            assert_eq!(named(text), Month::new(2025, month), "{text}");
        }
        for text in ["2025", "may", "13 2025", "xyz 2025", "may 5 2025", "2024 2025", ""] {
            assert_eq!(named(text), None, "{text}");
        }
    }
}
