//! Search Console's comparison of two periods.

use super::field::Field;
use super::format::Use;
use super::header_names::SEARCH_CONSOLE_METRICS;
use super::headers::{Header, Meaning};

const OTHER_PERIOD: &str = "an earlier period";

/// A comparison has every metric twice, with the period before its name: uses the later period's.
pub(super) fn choose(headers: &[Header], uses: &mut [Use]) {
    let metrics: Vec<(usize, Field, &str)> = headers
        .iter()
        .enumerate()
        .filter(|(_, header)| header.meaning == Meaning::Unknown)
        .filter_map(|(index, header)| {
            SEARCH_CONSOLE_METRICS.iter().find_map(|(field, names)| {
                names.iter().find_map(|name| {
                    let period = header.name.strip_suffix(name)?.strip_suffix(' ')?;
                    Some((index, *field, period))
                })
            })
        })
        .collect();
    let mut periods: Vec<&str> = Vec::new();
    for (_, _, period) in &metrics {
        if !periods.contains(period) {
            periods.push(period);
        }
    }
    let [first, second] = periods.as_slice() else { return };
    let doubled = metrics
        .iter()
        .any(|(index, field, _)| metrics.iter().any(|(other, same, _)| other != index && same == field));
    if !doubled {
        return;
    }
    let current = if is_later(second, first) { second } else { first };
    for (index, field, period) in &metrics {
        if let Some(used_for) = uses.get_mut(*index) {
            *used_for = if period == current {
                Use::Field(*field)
            } else {
                Use::Ignored(OTHER_PERIOD)
            };
        }
    }
}

/// Whether a period is after another one. In doubt it is not: Search Console names the current one first.
fn is_later(period: &str, than: &str) -> bool {
    const EARLIER: [&str; 16] = [
        "previous",
        "last year",
        "year ago",
        "prior",
        "vorherige",
        "vorige",
        "vorjahr",
        "précédent",
        "dernière année",
        "l'année dernière",
        "anterior",
        "precedente",
        "año pasado",
        "ano passado",
        "vorig",
        "poprzedni",
    ];
    let earlier = |period: &str| EARLIER.iter().any(|word| period.contains(word));
    match (earlier(period), earlier(than)) {
        (true, false) => return false,
        (false, true) => return true,
        _ => {}
    }
    let numbers = |period: &str| -> Vec<u32> {
        period
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|part| part.parse().ok())
            .collect()
    };
    // Two days make a period, of three numbers each; month and day may stand in either order.
    let end = |numbers: &[u32]| match numbers {
        [_, _, _, a, b, c] if *a > 31 => Some([(*a, *b, *c), (*a, *b, *c)]),
        [_, _, _, a, b, c] => Some([(*c, *a, *b), (*c, *b, *a)]),
        _ => None,
    };
    match (end(&numbers(period)), end(&numbers(than))) {
        (Some([a, b]), Some([other_a, other_b])) => a > other_a && b > other_b,
        _ => false,
    }
}
