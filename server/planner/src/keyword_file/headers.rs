//! Headers of columns, as tools and people write them.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;

use super::field::Field;
use super::header_names::{IGNORED, KNOWN};
use super::row::Month;
use super::{months, number};

/// What a header means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Use(Field),
    /// Known, and of no use here, with the reason.
    Ignore(&'static str),
    Unknown,
}

/// A header, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// The header in the form headers are compared in.
    pub name: String,
    pub meaning: Meaning,
    /// ISO 4217 code a price's header names: `CPC (USD)`.
    pub currency: Option<String>,
    /// First and last month a trend's header names: `SV trend (09-2024 - 08-2026)`.
    pub months: Option<(Month, Month)>,
}

/// The form in which headers are compared: NFKC, lower case, underscores and hyphens as spaces, without the marks that
/// come and go between versions of a tool (`Avg.`, `KD %`, `In plan?`) and without byte order marks and quotation marks
/// that a second program added.
pub(super) fn header_key(header: &str) -> String {
    // Headers are short; a cell of a megabyte is none.
    let header = header
        .char_indices()
        .nth(200)
        .map_or(header, |(at, _)| header.get(..at).unwrap_or_default());
    let lower: String = header
        .nfkc()
        .flat_map(char::to_lowercase)
        .nfkc()
        .filter(|c| !matches!(c, '\u{feff}' | '\u{200b}' | '"' | '?' | '.' | '*'))
        .map(|c| {
            if matches!(c, '_' | '-') || c.is_control() {
                ' '
            } else {
                c
            }
        })
        .collect();
    let mut key = lower.split_whitespace().collect::<Vec<_>>().join(" ");
    if key.ends_with(['%', ':']) {
        key.pop();
        key.truncate(key.trim_end_matches([' ', ',']).len());
    }
    key
}

impl Header {
    pub fn read(header: &str) -> Self {
        let name = header_key(header);
        let plain = |meaning| Self {
            name: name.clone(),
            meaning,
            currency: None,
            months: None,
        };
        let meaning = meaning_of(&name);
        if meaning != Meaning::Unknown {
            return plain(meaning);
        }
        // `Searches: May 2025`; the key has lost nothing the month needs.
        if let Some(month) = name.strip_prefix("searches:") {
            return plain(Meaning::Use(Field::MonthSearches(months::named(month))));
        }
        // The same in other languages, and `Search Volume Jan 2025`, `2025-01`.
        let month = match name.rsplit_once(':') {
            Some((_, month)) => month,
            None => VOLUMES.iter().fold(name.as_str(), |name, word| {
                let name = name.strip_prefix(word).unwrap_or(name);
                name.strip_suffix(word).unwrap_or(name)
            }),
        };
        if let Some(month) = months::named(month) {
            return plain(Meaning::Use(Field::MonthSearches(Some(month))));
        }
        // `CPC (USD)`, `SV trend (09-2024 - 08-2026)`, `Keyword Difficulty (%)`.
        let in_brackets = name
            .strip_suffix([')', ']'])
            .and_then(|rest| rest.rsplit_once(['(', '[']));
        if let Some((base, inside)) = in_brackets {
            let mut header = plain(meaning_of(base.trim_end()));
            if is_price(header.meaning) {
                header.currency = currency_code(inside);
            }
            header.months = numbered_months(inside);
            return header;
        }
        // `CPC USD`, `CPC in €`.
        if let Some((base, last)) = name.rsplit_once([' ', ',']) {
            let base = base.trim_end_matches([' ', ',']);
            let meaning = meaning_of(base.strip_suffix(" in").unwrap_or(base));
            if is_price(meaning) && currency_code(last).is_some() {
                return Self {
                    currency: currency_code(last),
                    ..plain(meaning)
                };
            }
        }
        // `KeywordDifficulty`, as programs write.
        let apart = words_apart(header);
        if apart.len() > header.len() {
            let meaning = meaning_of(&header_key(&apart));
            if meaning != Meaning::Unknown {
                return plain(meaning);
            }
        }
        plain(Meaning::Unknown)
    }

    pub fn field(&self) -> Option<Field> {
        match self.meaning {
            Meaning::Use(field) => Some(field),
            _ => None,
        }
    }
}

/// What stands beside the month in the header of its searches.
const VOLUMES: [&str; 3] = ["search volume", "searches", "volume"];

/// `SearchVolume` as `Search Volume`.
fn words_apart(header: &str) -> String {
    let mut out = String::new();
    let mut lower = false;
    for c in header.chars().take(100) {
        if lower && c.is_uppercase() {
            out.push(' ');
        }
        lower = c.is_lowercase();
        out.push(c);
    }
    out
}

const fn is_price(meaning: Meaning) -> bool {
    matches!(meaning, Meaning::Use(Field::Cpc | Field::CpcMin | Field::CpcMax))
}

/// `usd`, `in usd`, `$`.
fn currency_code(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches("in ").trim();
    if let Some(code) = number::currency(text) {
        return Some(code.to_owned());
    }
    // Any other code: there are 180 currencies, and three letters in the header of a price are one.
    (text.len() == 3 && text.bytes().all(|b| b.is_ascii_lowercase())).then(|| text.to_ascii_uppercase())
}

/// `09 2024 08 2026`, as the key of `09-2024 - 08-2026` is.
fn numbered_months(text: &str) -> Option<(Month, Month)> {
    let mut parts = text.split([' ', '–', '/']).filter(|part| !part.is_empty());
    let mut month = || {
        let number = parts.next()?.parse().ok()?;
        Month::new(parts.next()?.parse().ok()?, number)
    };
    let (first, last) = (month()?, month()?);
    (first <= last).then_some((first, last))
}

/// What a header's key means by itself, whatever the file.
fn meaning_of(key: &str) -> Meaning {
    static MEANINGS: LazyLock<HashMap<&str, Meaning>> = LazyLock::new(|| {
        let known = KNOWN
            .iter()
            .flat_map(|&(field, names)| names.iter().map(move |&name| (name, Meaning::Use(field))));
        let ignored = IGNORED
            .iter()
            .flat_map(|&(reason, names)| names.iter().map(move |&name| (name, Meaning::Ignore(reason))));
        known.chain(ignored).collect()
    });
    MEANINGS.get(key).copied().unwrap_or(Meaning::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_headers() {
        for (header, key) in [
            ("Keyword", "keyword"),
            ("\u{feff}\"Keyword\"", "keyword"),
            ("Avg. monthly searches", "avg monthly searches"),
            (" KD % ", "kd"),
            ("serp_urls", "serp urls"),
            ("In plan?", "in plan"),
            ("Mot-clé", "mot clé"),
            ("Mot-cle\u{301}", "mot clé"),
        ] {
            assert_eq!(header_key(header), key, "{header:?}");
        }
    }

    #[test]
    fn every_name_is_in_the_form_headers_are_compared_in_and_named_once() {
        let mut seen = std::collections::HashSet::new();
        let known = KNOWN.iter().flat_map(|(_, names)| names.iter());
        let ignored = IGNORED.iter().flat_map(|(_, names)| names.iter());
        for name in known.chain(ignored) {
            assert_eq!(&header_key(name), name);
            assert!(seen.insert(*name), "{name} twice");
        }
    }

    #[test]
    fn headers_with_additions() {
        let cpc = Header::read("CPC (USD)");
        assert_eq!((cpc.field(), cpc.currency.as_deref()), (Some(Field::Cpc), Some("USD")));
        for header in ["CPC, EUR", "CPC (€)", "cpc eur", "CPC in EUR"] {
            assert_eq!(Header::read(header).currency.as_deref(), Some("EUR"), "{header}");
        }
        let trend = Header::read("SV trend (09-2024 - 08-2026)");
        assert_eq!(trend.field(), Some(Field::Trend));
        assert_eq!(trend.months, Month::new(2024, 9).zip(Month::new(2026, 8)));
        assert!(matches!(
            Header::read("SV Forecasting trend (09-2026 - 09-2027)").meaning,
            Meaning::Ignore(_)
        ));
        assert_eq!(
            Header::read("Searches: May 2025").field(),
            Some(Field::MonthSearches(Month::new(2025, 5)))
        );
        for (header, field) in [
            ("Avg. Search Volume (Last Known Values)", Some(Field::Volume)),
            ("Search vol.", Some(Field::Volume)),
            ("KeywordDifficulty", Some(Field::Difficulty)),
            ("searchVolume", Some(Field::Volume)),
            ("Competition, %", Some(Field::Competition)),
            ("CPC, $", Some(Field::Cpc)),
            ("Vol (US)", Some(Field::Volume)),
            ("Volume (Global)", None),
            (
                "Suchanfragen: Mai 2025",
                Some(Field::MonthSearches(Month::new(2025, 5))),
            ),
            ("Search Volume 2025-05", Some(Field::MonthSearches(Month::new(2025, 5)))),
        ] {
            assert_eq!(Header::read(header).field(), field, "{header}");
        }
        assert!(matches!(Header::read("Traffic (%)").meaning, Meaning::Ignore(_)));
        assert_eq!(Header::read("Colour").meaning, Meaning::Unknown);
    }
}
