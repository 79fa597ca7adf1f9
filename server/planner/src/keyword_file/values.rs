//! Values of cells that are no plain numbers: intents, words for competition, yes and no, lists, trends.

use super::row::{Competition, Intent, Month, Trend, TrendScale};
use super::text;

/// What a cell with intents says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Intents {
    pub intents: Vec<Intent>,
    pub branded: Option<bool>,
    pub local: Option<bool>,
    /// Whether it holds something that is no intent.
    pub unknown: bool,
}

/// Reads `Commercial, Informational`, `I/C`, Semrush's numbers `1,0` and Ahrefs' `Informational,Non-branded,Local`.
pub(super) fn intents(cell: &str) -> Intents {
    let mut found = Intents::default();
    let lower = cell.to_lowercase();
    if matches!(lower.as_str(), "-" | "--" | "n/a" | "none" | "unknown" | "null") {
        return found;
    }
    let words = lower
        .split([',', ';', '|', '/', '&', '+', '\n', '(', ')'])
        .map(str::trim)
        .filter(|word| !word.is_empty());
    for word in words {
        match word {
            "branded" => found.branded = Some(true),
            "non-branded" | "unbranded" => found.branded = Some(false),
            "local" => found.local = Some(true),
            "non-local" => found.local = Some(false),
            _ => match intent(word) {
                Some(intent) if found.intents.contains(&intent) => {}
                Some(intent) => found.intents.push(intent),
                None => found.unknown = true,
            },
        }
    }
    found
}

/// One intent: a word of any of the languages the tools speak, Semrush's letter, or the number its API gives.
fn intent(word: &str) -> Option<Intent> {
    const STARTS: [(&str, Intent); 13] = [
        ("info", Intent::Informational),
        ("bilgi", Intent::Informational),
        ("инфо", Intent::Informational),
        ("comm", Intent::Commercial),
        ("komm", Intent::Commercial),
        ("comer", Intent::Commercial),
        ("komer", Intent::Commercial),
        ("коммер", Intent::Commercial),
        ("trans", Intent::Transactional),
        ("транз", Intent::Transactional),
        ("navi", Intent::Navigational),
        ("nave", Intent::Navigational),
        ("nawi", Intent::Navigational),
    ];
    match word {
        "i" | "1" => return Some(Intent::Informational),
        "c" | "0" => return Some(Intent::Commercial),
        "t" | "3" => return Some(Intent::Transactional),
        "n" | "2" => return Some(Intent::Navigational),
        _ => {}
    }
    STARTS
        .iter()
        .find_map(|(start, intent)| word.starts_with(start).then_some(*intent))
}

/// Reads `Low`, `Hoch`, `Faible`.
pub(super) fn competition(cell: &str) -> Option<Competition> {
    const WORDS: [(Competition, &[&str]); 3] = [
        (
            Competition::Low,
            &[
                "low",
                "l",
                "niedrig",
                "gering",
                "faible",
                "bajo",
                "baja",
                "basso",
                "bassa",
                "baixa",
                "baixo",
                "laag",
                "niska",
                "nízká",
                "låg",
                "lav",
                "düşük",
                "thấp",
                "низкая",
                "低",
                "낮음",
            ],
        ),
        (
            Competition::Medium,
            &[
                "medium",
                "med",
                "m",
                "mittel",
                "moyen",
                "moyenne",
                "medio",
                "media",
                "média",
                "médio",
                "gemiddeld",
                "średnia",
                "střední",
                "medel",
                "middel",
                "orta",
                "trung bình",
                "средняя",
                "中",
                "보통",
            ],
        ),
        (
            Competition::High,
            &[
                "high",
                "h",
                "hoch",
                "élevé",
                "élevée",
                "elevé",
                "forte",
                "alto",
                "alta",
                "hoog",
                "wysoka",
                "vysoká",
                "hög",
                "høj",
                "høy",
                "yüksek",
                "cao",
                "высокая",
                "高",
                "높음",
            ],
        ),
    ];
    let lower = text::normalise(cell).to_lowercase();
    WORDS
        .iter()
        .find_map(|(level, words)| words.contains(&lower.as_str()).then_some(*level))
}

/// Reads `TRUE`, `yes`, `1`.
pub(super) fn flag(cell: &str) -> Option<bool> {
    match cell.to_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "x" | "wahr" | "ja" | "vrai" | "oui" | "verdadero" | "sí" | "si" | "vero" => {
            Some(true)
        }
        "false" | "no" | "n" | "0" | "falsch" | "nein" | "faux" | "non" | "falso" => Some(false),
        _ => None,
    }
}

/// Splits a tool's list: `Image pack, People also ask`.
pub(super) fn list(cell: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for item in cell.split([',', ';', '|', '\n']) {
        let item = text::clean(item).into_owned();
        if !item.is_empty() && !items.contains(&item) {
            items.push(item);
        }
    }
    items
}

/// Splits addresses: by white space, vertical bars, or commas where another address follows.
pub(super) fn addresses(cell: &str) -> Vec<String> {
    let cell = cell.replace(",http", " http").replace(";http", " http");
    let mut addresses: Vec<String> = Vec::new();
    for address in cell.split(|c: char| c.is_whitespace() || c == '|') {
        let address = text::clean(address.trim_end_matches([',', ';'])).into_owned();
        if !address.is_empty() && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

/// Splits a list of our own, joined by [`join`].
pub(super) fn split(cell: &str, separator: char) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut escaped = false;
    for c in cell.chars() {
        if !escaped && c == '\\' {
            escaped = true;
        } else if !escaped && c == separator {
            items.push(String::new());
        } else {
            if escaped && c != separator && c != '\\' {
                push(&mut items, '\\');
            }
            push(&mut items, c);
            escaped = false;
        }
    }
    if escaped {
        push(&mut items, '\\');
    }
    items
}

fn push(items: &mut [String], c: char) {
    if let Some(last) = items.last_mut() {
        last.push(c);
    }
}

/// Joins items so that [`split`] takes them apart again, whatever they hold.
pub(super) fn join<'a>(items: impl IntoIterator<Item = &'a str>, separator: char) -> String {
    let mut out = String::new();
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push(separator);
        }
        for c in item.chars() {
            if c == separator || c == '\\' {
                out.push('\\');
            }
            out.push(c);
        }
    }
    out
}

/// Reads a trend: `0.20,1.00,0.82`, `[100,82,64]`, `2600, 2100, 1300`. `Err`: it is none.
///
/// Values above 1 are per cents of the best month where none is above 100, else searches; `scale` says it where the file
/// does.
pub(super) fn trend(
    cell: &str,
    scale: Option<TrendScale>,
    months: Option<(Month, Month)>,
) -> Result<Option<Trend>, ()> {
    let inner = cell.trim_start_matches('[').trim_end_matches(']').trim();
    if inner.is_empty() {
        return Ok(None);
    }
    // Where something else separates, a comma is a decimal mark.
    let separator = ['|', ';', ','].into_iter().find(|mark| inner.contains(*mark));
    let parts: Vec<&str> = match separator {
        Some(mark) => inner.split(mark).collect(),
        None => inner.split_whitespace().collect(),
    };
    let mut values = Vec::with_capacity(parts.len());
    for part in parts {
        let part = part.trim().trim_matches('"');
        values.push(if part.is_empty() {
            None
        } else {
            let value: f64 = part.replace(',', ".").parse().map_err(|_| ())?;
            if !value.is_finite() || value < 0.0 {
                return Err(());
            }
            Some(value)
        });
    }
    let Some(highest) = values.iter().flatten().copied().reduce(f64::max) else {
        return Ok(None);
    };
    let known = scale.or(months.map(|_| TrendScale::Searches));
    let found = known.unwrap_or(if highest > 100.0 {
        TrendScale::Searches
    } else {
        TrendScale::Relative
    });
    if known.is_none() && found == TrendScale::Relative && highest > 1.0 {
        for value in values.iter_mut().flatten() {
            *value /= 100.0;
        }
    }
    // Months are the values' only if there are as many of them.
    let end = months.and_then(|(first, last)| {
        (usize::try_from(last.number() - first.number() + 1).ok()? == values.len()).then_some(last)
    });
    Ok(Some(Trend {
        scale: found,
        values,
        end,
    }))
}

/// Reads `2026-04`.
#[must_use]
pub fn month(cell: &str) -> Option<Month> {
    let (year, month) = cell.split_once('-')?;
    Month::new(year.parse().ok()?, month.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intents_of_all_tools() {
        use Intent::{Commercial, Informational, Navigational, Transactional};
        for (cell, expected) in [
            ("Commercial, Informational", vec![Commercial, Informational]),
            ("informational", vec![Informational]),
            ("I", vec![Informational]),
            ("N/T", vec![Navigational, Transactional]),
            ("1,0", vec![Informational, Commercial]),
            ("3", vec![Transactional]),
            ("Informativ, Kommerziell", vec![Informational, Commercial]),
            ("transaccional", vec![Transactional]),
            ("Informational, informational", vec![Informational]),
            ("", vec![]),
            ("n/a", vec![]),
        ] {
            let found = intents(cell);
            assert_eq!((found.intents, found.unknown), (expected, false), "{cell}");
        }
        assert_eq!(
            intents("Informational,Non-branded,Local"),
            Intents {
                intents: vec![Informational],
                branded: Some(false),
                local: Some(true),
                unknown: false
            }
        );
        assert!(intents("curious").unknown);
    }

    #[test]
    fn words() {
        assert_eq!(competition("Faible"), Some(Competition::Low));
        assert_eq!(competition("HIGH"), Some(Competition::High));
        assert_eq!(competition("so so"), None);
        assert_eq!(flag("TRUE"), Some(true));
        assert_eq!(flag("Falsch"), Some(false));
        assert_eq!(flag("maybe"), None);
        assert_eq!(
            list("Image pack, , People also ask,Image pack"),
            ["Image pack", "People also ask"]
        );
        assert_eq!(
            addresses("https://a.example/,https://b.example/x,y | https://c.example"),
            ["https://a.example/", "https://b.example/x,y", "https://c.example"]
        );
    }

    #[test]
    fn own_lists_come_back() {
        for items in [vec!["a"], vec!["a|b", "c\\", "", "\\|"], vec!["", ""], vec![""]] {
            let joined = join(items.iter().copied(), '|');
            assert_eq!(split(&joined, '|'), items, "{joined}");
        }
    }

    #[test]
    fn trends() {
        let read = |cell: &str| trend(cell, None, None).expect("a trend").expect("values");
        assert_eq!(read("0.20,1.00,0.82").values, [Some(0.2), Some(1.0), Some(0.82)]);
        assert_eq!(read("[100,82,0]").values, [Some(1.0), Some(0.82), Some(0.0)]);
        assert_eq!(read("0,20;1,00").values, [Some(0.2), Some(1.0)]);
        assert_eq!(read("2600, 2100").scale, TrendScale::Searches);
        assert_eq!(read("10||20").values, [Some(0.1), None, Some(0.2)]);
        let months = Month::new(2026, 1).zip(Month::new(2026, 2));
        let named = trend("5,6", None, months).expect("a trend").expect("values");
        assert_eq!((named.scale, named.end), (TrendScale::Searches, Month::new(2026, 2)));
        assert_eq!(trend("5,6,7", None, months).expect("a trend").and_then(|t| t.end), None);
        assert_eq!(trend("[]", None, None), Ok(None));
        assert_eq!(trend("up", None, None), Err(()));
    }
}
