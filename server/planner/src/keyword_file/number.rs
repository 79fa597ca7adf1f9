//! Numbers as people and tools write them: `1,234`, `1.234,5`, `1 234`, `1.2K`, `45.61%`, `$0.85`, `100 – 1K`.

use unicode_normalization::UnicodeNormalization as _;

/// Which of point and comma starts the decimals where a number alone does not say (`1,234`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decimals {
    /// `1.234` is one and a bit, `1,234` is more than a thousand.
    Point,
    /// The other way round, as most of Europe writes.
    Comma,
    /// Nothing is known: both are decimals.
    Either,
}

/// What a column holds decides how `1.234` is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Counts: a separator before three digits groups thousands.
    Whole,
    /// Prices, positions, shares.
    Fraction,
}

/// One number with what stood around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number {
    pub value: f64,
    pub percent: bool,
    /// ISO 4217 code of a currency sign.
    pub currency: Option<&'static str>,
}

/// What a cell says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Amount {
    /// Empty, or a tool's word for "unknown".
    Missing,
    One(Number),
    /// From the first to the second; no second: "more than".
    Range(Number, Option<Number>),
}

/// The cell holds something that is not a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotANumber;

/// What tools write for "unknown".
const MISSING: [&str; 15] = [
    "-", "--", "–", "—", "−", "n/a", "na", "n.a.", "null", "none", "nan", "?", "∞", "no data", "unknown",
];

/// Names of thousands and more, after the number; lower case.
const MULTIPLIERS: [(&str, f64); 20] = [
    ("k", 1e3),
    ("m", 1e6),
    ("mm", 1e6),
    ("b", 1e9),
    ("bn", 1e9),
    ("tsd", 1e3),
    ("tsd.", 1e3),
    ("mio", 1e6),
    ("mio.", 1e6),
    ("mrd", 1e9),
    ("mrd.", 1e9),
    ("mil", 1e3),
    ("mila", 1e3),
    ("mln", 1e6),
    ("tys.", 1e3),
    ("тыс.", 1e3),
    ("млн", 1e6),
    ("тис.", 1e3),
    ("万", 1e4),
    ("億", 1e8),
];

/// Signs and codes of currencies, beside the number; lower case. A dollar is a US dollar unless it says otherwise: that
/// is what tools that write a bare sign mean.
const CURRENCIES: [(&str, &str); 40] = [
    ("$", "USD"),
    ("us$", "USD"),
    ("usd", "USD"),
    ("a$", "AUD"),
    ("au$", "AUD"),
    ("aud", "AUD"),
    ("c$", "CAD"),
    ("ca$", "CAD"),
    ("cad", "CAD"),
    ("nz$", "NZD"),
    ("nzd", "NZD"),
    ("hk$", "HKD"),
    ("s$", "SGD"),
    ("sgd", "SGD"),
    ("mx$", "MXN"),
    ("mxn", "MXN"),
    ("r$", "BRL"),
    ("brl", "BRL"),
    ("€", "EUR"),
    ("eur", "EUR"),
    ("£", "GBP"),
    ("gbp", "GBP"),
    ("¥", "JPY"),
    ("jpy", "JPY"),
    ("cny", "CNY"),
    ("₹", "INR"),
    ("rs", "INR"),
    ("inr", "INR"),
    ("₽", "RUB"),
    ("₩", "KRW"),
    ("₺", "TRY"),
    ("₫", "VND"),
    ("zł", "PLN"),
    ("pln", "PLN"),
    ("kč", "CZK"),
    ("czk", "CZK"),
    ("chf", "CHF"),
    ("sek", "SEK"),
    ("nok", "NOK"),
    ("dkk", "DKK"),
];

/// The currency of a sign or code such as `$`, `€`, `usd`; lower case.
pub(super) fn currency(sign: &str) -> Option<&'static str> {
    CURRENCIES
        .iter()
        .find_map(|&(known, code)| (known == sign).then_some(code))
}

/// Reads a cell.
pub(super) fn read(cell: &str, kind: Kind, decimals: Decimals) -> Result<Amount, NotANumber> {
    let cell = cell.trim();
    if cell.is_empty() {
        return Ok(Amount::Missing);
    }
    if let Some(value) = digits(cell).or_else(|| plain_decimal(cell)) {
        return Ok(Amount::One(Number {
            value,
            percent: false,
            currency: None,
        }));
    }
    // NFKC turns every kind of space and full-width digits into plain ones. Real cells are short; the rest is no number.
    if cell.len() > 200 {
        return Err(NotANumber);
    }
    let text: String = cell.nfkc().flat_map(char::to_lowercase).collect();
    let text = text.trim();
    if text.is_empty() || MISSING.contains(&text) {
        return Ok(Amount::Missing);
    }
    if let Some(high) = text.strip_prefix(['<', '≤']) {
        let high = single(high, kind, decimals)?;
        return Ok(Amount::Range(Number { value: 0.0, ..high }, Some(high)));
    }
    if let Some(low) = text.strip_prefix(['>', '≥']).or_else(|| text.strip_suffix('+')) {
        return Ok(Amount::Range(single(low, kind, decimals)?, None));
    }
    if let Some((low, high)) = ends_of_range(text) {
        let (low, high) = (single(low, kind, decimals)?, single(high, kind, decimals)?);
        if low.value > high.value {
            return Err(NotANumber);
        }
        let high = Number {
            currency: high.currency.or(low.currency),
            percent: high.percent || low.percent,
            ..high
        };
        return Ok(Amount::Range(low, Some(high)));
    }
    single(text, kind, decimals).map(Amount::One)
}

/// A number of digits only: nearly every cell of a real file.
fn digits(cell: &str) -> Option<f64> {
    // Fifteen digits are exact in an f64.
    if cell.len() > 15 {
        return None;
    }
    let mut value: u64 = 0;
    for byte in cell.bytes() {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u64::from(byte - b'0');
    }
    #[expect(clippy::cast_precision_loss, reason = "fifteen digits are exact")]
    let value = value as f64;
    Some(value)
}

/// `0.87`: digits with one point that groups no thousands, since not three digits follow. Nearly all others.
fn plain_decimal(cell: &str) -> Option<f64> {
    let (whole, fraction) = cell.split_once('.')?;
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if cell.len() <= 20 && fraction.len() != 3 && all_digits(whole) && all_digits(fraction) {
        cell.parse().ok()
    } else {
        None
    }
}

/// Splits `100 – 1k`, `11-50`, `118001..300000`, `1k to 10k`.
fn ends_of_range(text: &str) -> Option<(&str, &str)> {
    for separator in ["–", "—", "..", " to ", " bis ", " à ", " a ", "~", "-", "−"] {
        if let Some((low, high)) = text.split_once(separator) {
            let number_on_both = |side: &str| side.contains(|c: char| c.is_ascii_digit());
            if number_on_both(low) && number_on_both(high) {
                return Some((low, high.trim_start_matches('.')));
            }
        }
    }
    None
}

/// One number with its signs; the text is NFKC and lower case.
fn single(text: &str, kind: Kind, decimals: Decimals) -> Result<Number, NotANumber> {
    let text = text.trim();
    let start = text.find(|c: char| c.is_ascii_digit()).ok_or(NotANumber)?;
    let end = text
        .rfind(|c: char| c.is_ascii_digit())
        .map(|last| last + 1)
        .ok_or(NotANumber)?;
    let (mut before, mut body, after) = (
        text.get(..start).ok_or(NotANumber)?.trim_end(),
        text.get(start..end).ok_or(NotANumber)?,
        text.get(end..).ok_or(NotANumber)?.trim(),
    );
    // `.85` and `,85`.
    if let Some(rest) = before.strip_suffix(['.', ',']) {
        before = rest.trim_end();
        body = text.get(start - 1..end).ok_or(NotANumber)?;
    }
    let mut currency_sign = None;
    let mut negative = false;
    for sign in [before, before.trim_start_matches(['-', '−', '+'])] {
        let bare = sign.trim_end_matches(['-', '−', '+']).trim();
        negative |= sign.starts_with(['-', '−']) || sign.ends_with(['-', '−']);
        if let Some(code) = currency(bare) {
            currency_sign = Some(code);
        }
    }
    let bare = before.trim_matches(['-', '−', '+', ' ', '~', '≈', '\'']);
    if !bare.is_empty() && currency_sign.is_none() {
        return Err(NotANumber);
    }
    let (multiplier, percent) = match suffix(after, &mut currency_sign) {
        Some(known) => known,
        None => return Err(NotANumber),
    };
    let kind = if multiplier > 1.0 { Kind::Fraction } else { kind };
    let value = plain(body, kind, decimals)? * multiplier;
    Ok(Number {
        value: if negative { -value } else { value },
        percent,
        currency: currency_sign,
    })
}

/// What may follow the digits: a multiplier, a per cent sign, a currency, in this order.
fn suffix(after: &str, currency_sign: &mut Option<&'static str>) -> Option<(f64, bool)> {
    let named = |word: &str| {
        MULTIPLIERS
            .iter()
            .find_map(|&(name, factor)| (name == word).then_some(factor))
    };
    let mut rest = after;
    let mut multiplier = 1.0;
    let word = rest.split([' ', '%']).next().unwrap_or_default();
    if let Some(factor) = named(word) {
        multiplier = factor;
        rest = rest.strip_prefix(word).unwrap_or_default().trim();
    }
    let percent = rest.starts_with('%');
    rest = rest.trim_start_matches('%').trim();
    if !rest.is_empty() {
        *currency_sign = Some(currency(rest)?);
    }
    Some((multiplier, percent))
}

/// Digits with separators only.
fn plain(body: &str, kind: Kind, decimals: Decimals) -> Result<f64, NotANumber> {
    // Spaces and apostrophes only ever group thousands.
    let mut kept = String::with_capacity(body.len());
    let mut groups = body.split([' ', '\'', '’']).filter(|part| !part.is_empty());
    kept.push_str(groups.next().ok_or(NotANumber)?);
    for group in groups {
        let whole = group.split(['.', ',']).next().unwrap_or_default();
        if whole.len() != 3 {
            return Err(NotANumber);
        }
        kept.push_str(group);
    }
    if !kept.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b',') {
        return Err(NotANumber);
    }
    let (points, commas) = (kept.matches('.').count(), kept.matches(',').count());
    let decimal = match (points, commas) {
        (0, 0) => None,
        (1, 1) | (1, 2..) | (2.., 1) => {
            let last = if kept.rfind('.') > kept.rfind(',') { '.' } else { ',' };
            // `1.2.3,4,5`: neither is a decimal mark that occurs once.
            if kept.matches(last).count() != 1 {
                return Err(NotANumber);
            }
            Some(last)
        }
        (1, 0) | (0, 1) => single_separator(&kept, kind, decimals),
        (0, _) | (_, 0) => None,
        _ => return Err(NotANumber),
    };
    let (whole, fraction) = match decimal {
        Some(mark) => kept.split_once(mark).ok_or(NotANumber)?,
        None => (kept.as_str(), ""),
    };
    if !grouped(whole) || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NotANumber);
    }
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let value: f64 = format!("{whole}.{fraction}0")
        .parse()
        .or_else(|_| format!("0.{fraction}0").parse())
        .map_err(|_| NotANumber)?;
    if value.is_finite() { Ok(value) } else { Err(NotANumber) }
}

/// The decimal mark of a number with exactly one separator.
fn single_separator(text: &str, kind: Kind, decimals: Decimals) -> Option<char> {
    let mark = if text.contains('.') { '.' } else { ',' };
    let (whole, fraction) = text.split_once(mark)?;
    let could_group = fraction.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0');
    let is_decimal = !could_group
        || match (kind, decimals) {
            (Kind::Whole, _) => false,
            (Kind::Fraction, Decimals::Either) => true,
            (Kind::Fraction, Decimals::Point) => mark == '.',
            (Kind::Fraction, Decimals::Comma) => mark == ',',
        };
    is_decimal.then_some(mark)
}

/// Whether separators stand where separators of thousands stand: before three digits at the end, and before two or three
/// elsewhere (India writes `1,23,456`).
fn grouped(whole: &str) -> bool {
    let parts: Vec<&str> = whole.split(['.', ',']).collect();
    match parts.as_slice() {
        [_] => true,
        [first, middle @ .., last] => {
            (1..=3).contains(&first.len()) && last.len() == 3 && middle.iter().all(|part| matches!(part.len(), 2 | 3))
        }
        [] => false,
    }
}

/// What a cell says about its file's decimal mark: `0,85` is a comma's file, `1,234` says nothing.
pub(super) fn evidence(cell: &str) -> Option<Decimals> {
    let body: String = cell
        .chars()
        .filter(|c| c.is_ascii_digit() || matches!(c, '.' | ','))
        .collect();
    let last = body.rfind(['.', ','])?;
    let (whole, fraction) = (body.get(..last)?, body.get(last + 1..)?);
    let mark = body.get(last..=last)?;
    let other = if mark == "." { ',' } else { '.' };
    let sure = !fraction.is_empty()
        && !whole.contains(mark)
        && (whole.contains(other) || fraction.len() != 3 || whole.is_empty() || whole.starts_with('0'));
    sure.then_some(if mark == "." { Decimals::Point } else { Decimals::Comma })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(cell: &str, kind: Kind, decimals: Decimals) -> Option<f64> {
        match read(cell, kind, decimals) {
            Ok(Amount::One(number)) => Some(number.value),
            _ => None,
        }
    }

    #[test]
    fn whole_numbers() {
        for (cell, expected) in [
            ("0", 0.0),
            ("1234", 1234.0),
            ("1,234", 1234.0),
            ("1.234", 1234.0),
            ("1 234", 1234.0),
            ("1\u{a0}234", 1234.0),
            ("1\u{202f}234", 1234.0),
            ("1'234", 1234.0),
            ("1’234", 1234.0),
            ("1.234,5", 1234.5),
            ("1,234.5", 1234.5),
            ("1 234,5", 1234.5),
            ("1,234,567", 1_234_567.0),
            ("1.234.567", 1_234_567.0),
            ("12,34,567", 1_234_567.0),
            ("1.2K", 1200.0),
            ("1,2K", 1200.0),
            ("1.2 k", 1200.0),
            ("2M", 2_000_000.0),
            ("1 Tsd.", 1000.0),
            ("3 mil", 3000.0),
            ("1,2 Mio.", 1_200_000.0),
            ("２２０", 220.0),
            (" 22,200 ", 22_200.0),
            ("0.5", 0.5),
            ("12,5", 12.5),
            ("12345678901234567890", 12_345_678_901_234_567_000.0),
        ] {
            let read = value(cell, Kind::Whole, Decimals::Point);
            assert!(
                read.is_some_and(|v| (v - expected).abs() <= expected * 1e-12),
                "{cell}: {read:?}"
            );
        }
    }

    #[test]
    fn fractions() {
        use Decimals::{Comma, Either, Point};
        for (cell, decimals, expected) in [
            ("0.85", Point, 0.85),
            ("0,85", Point, 0.85),
            (".85", Point, 0.85),
            ("$1.25", Point, 1.25),
            ("1,25 €", Comma, 1.25),
            ("US$ 3", Point, 3.0),
            ("1.25 USD", Point, 1.25),
            ("1.234", Point, 1.234),
            ("1,234", Point, 1234.0),
            ("1.234", Comma, 1234.0),
            ("1,234", Comma, 1.234),
            ("1,234", Either, 1.234),
            ("1.234", Either, 1.234),
            ("0,123", Point, 0.123),
            ("45.61%", Point, 45.61),
            ("0,00 %", Comma, 0.0),
            ("-5%", Point, -5.0),
            ("-$5", Point, -5.0),
            ("$-5", Point, -5.0),
            ("−5", Point, -5.0),
            ("+12", Point, 12.0),
        ] {
            assert_eq!(value(cell, Kind::Fraction, decimals), Some(expected), "{cell}");
        }
        assert!(matches!(
            read("£2", Kind::Fraction, Point),
            Ok(Amount::One(Number {
                currency: Some("GBP"),
                ..
            }))
        ));
    }

    #[test]
    fn ranges() {
        for (cell, low, high) in [
            ("100 – 1K", 100.0, Some(1000.0)),
            ("1K – 10K", 1000.0, Some(10_000.0)),
            ("1K-10K", 1000.0, Some(10_000.0)),
            ("11-50", 11.0, Some(50.0)),
            ("118001..300000", 118_001.0, Some(300_000.0)),
            ("1K to 10K", 1000.0, Some(10_000.0)),
            ("1 000 - 10 000", 1000.0, Some(10_000.0)),
            ("100.000 – 1 Mio.", 100_000.0, Some(1_000_000.0)),
            ("<10", 0.0, Some(10.0)),
            ("> 1M", 1_000_000.0, None),
            ("1M+", 1_000_000.0, None),
        ] {
            let read = read(cell, Kind::Whole, Decimals::Point);
            match read {
                Ok(Amount::Range(a, b)) => {
                    assert_eq!((a.value, b.map(|b| b.value)), (low, high), "{cell}");
                }
                other => panic!("{cell}: {other:?}"),
            }
        }
    }

    #[test]
    fn missing_and_unreadable() {
        for cell in ["", " ", "-", "--", "–", "n/a", "N/A", "null", "∞", "No data"] {
            assert_eq!(
                read(cell, Kind::Whole, Decimals::Point),
                Ok(Amount::Missing),
                "{cell:?}"
            );
        }
        for cell in [
            "abc",
            "12a",
            "1.2.3",
            "1,2,3",
            "1 2",
            "10K – 1K",
            "2026-06-09",
            "http://a1",
            "1e5",
            "$",
            "%",
            "1.2.3,4,5",
            "12 34",
        ] {
            assert_eq!(read(cell, Kind::Whole, Decimals::Point), Err(NotANumber), "{cell:?}");
        }
    }

    #[test]
    fn evidence_of_decimals() {
        for (cell, expected) in [
            ("0,85", Some(Decimals::Comma)),
            ("0.85", Some(Decimals::Point)),
            ("1.234,5", Some(Decimals::Comma)),
            ("1,234.50", Some(Decimals::Point)),
            ("1,234", None),
            ("1.234", None),
            ("12", None),
            ("", None),
            ("1,234,567", None),
            ("0,123", Some(Decimals::Comma)),
        ] {
            assert_eq!(evidence(cell), expected, "{cell}");
        }
    }
}
