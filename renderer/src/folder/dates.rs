//! Dates as people write them in front matter and file names.

use chrono::{DateTime, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

/// A date from front matter; one without an offset is local time in `zone`.
pub(super) fn parse(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if text.len() > 64 || !text.is_ascii() {
        return None;
    }
    let (date, rest) = split_date(text)?;
    let rest = rest.strip_prefix(['T', 't', ' ']).map_or(rest, str::trim_start);
    if rest.is_empty() {
        return local(date.and_time(NaiveTime::MIN), zone);
    }
    if rest.len() == text.len() - text.len().min(10) && !text[10..].starts_with(['T', 't', ' ']) {
        return None;
    }
    let end = rest
        .find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.'))
        .unwrap_or(rest.len());
    let time = clock(&rest[..end])?;
    let offset = rest[end..].trim();
    let moment = date.and_time(time);
    match offset {
        "" => local(moment, zone),
        "Z" | "z" | "UTC" | "GMT" => Some(moment.and_utc()),
        other => {
            let seconds = offset_seconds(other)?;
            let fixed = FixedOffset::east_opt(seconds)?;
            fixed
                .from_local_datetime(&moment)
                .single()
                .map(|d| d.with_timezone(&Utc))
        }
    }
}

/// `2021-01-02-name` → the date and `name`. The separator after the date may be `-`, `_` or a space.
pub(super) fn from_file_name(stem: &str) -> Option<(NaiveDate, &str)> {
    let (date, rest) = split_date(stem)?;
    // Zola allows a time after the date; the name starts after the first separator either way.
    let rest = match rest.strip_prefix('T') {
        Some(timed) => &timed[timed.find(['-', '_', ' '])?..],
        None => rest,
    };
    let name = rest
        .trim_start_matches([' '])
        .trim_start_matches(['-', '_'])
        .trim_start();
    (name.len() < rest.len() && !name.is_empty()).then_some((date, name))
}

/// Three leading or inner path segments `2015/05/15`: blogs that keep the date only in the address.
pub(super) fn from_path(path: &str) -> Option<NaiveDate> {
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    parts.windows(3).take(6).find_map(|w| {
        let digits = |s: &str, n: usize| s.len() == n && s.bytes().all(|b| b.is_ascii_digit());
        (digits(w[0], 4) && digits(w[1], 2) && digits(w[2], 2))
            .then(|| NaiveDate::from_ymd_opt(w[0].parse().ok()?, w[1].parse().ok()?, w[2].parse().ok()?))
            .flatten()
    })
}

/// Midnight of a day in `zone`.
pub(super) fn midnight(date: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    local(date.and_time(NaiveTime::MIN), zone)
}

fn local(moment: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    match zone.from_local_datetime(&moment) {
        LocalResult::Single(d) | LocalResult::Ambiguous(d, _) => Some(d.with_timezone(&Utc)),
        // The clock was moved forward over this moment: an hour later exists.
        LocalResult::None => zone
            .from_local_datetime(&(moment + chrono::Duration::hours(1)))
            .earliest()
            .map(|d| d.with_timezone(&Utc)),
    }
}

/// `2021-1-2…` or `2021/01/02…` → the day and what follows.
fn split_date(text: &str) -> Option<(NaiveDate, &str)> {
    let year = text.get(..4).filter(|y| y.bytes().all(|b| b.is_ascii_digit()))?;
    let separator = text[4..].chars().next().filter(|c| *c == '-' || *c == '/')?;
    let (month, rest) = number(&text[5..])?;
    let (day, rest) = number(rest.strip_prefix(separator)?)?;
    Some((NaiveDate::from_ymd_opt(year.parse().ok()?, month, day)?, rest))
}

/// One or two digits, not followed by a third.
fn number(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if !(1..=2).contains(&digits) {
        return None;
    }
    Some((text[..digits].parse().ok()?, &text[digits..]))
}

fn clock(text: &str) -> Option<NaiveTime> {
    let mut parts = text.split(':');
    let hour = number(parts.next()?).filter(|n| n.1.is_empty())?.0;
    let minute = number(parts.next()?).filter(|n| n.1.is_empty())?.0;
    let (second, nanos) = match parts.next() {
        None => (0, 0),
        Some(s) => {
            let (whole, fraction) = s.split_once('.').unwrap_or((s, ""));
            let second = number(whole).filter(|n| n.1.is_empty())?.0;
            let nanos = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
            (second, nanos.fold(0, |n, b| n * 10 + u32::from(b.saturating_sub(b'0'))))
        }
    };
    if parts.next().is_some() {
        return None;
    }
    // 23:59:60 is a leap second; the next moment a clock can show is close enough.
    NaiveTime::from_hms_nano_opt(hour, minute, second.min(59), nanos)
}

fn offset_seconds(text: &str) -> Option<i32> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.parse::<i32>().ok()?, 0),
        4 => (digits[..2].parse().ok()?, digits[2..].parse::<i32>().ok()?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_dates() {
        let cases = [
            ("2021-01-02", "UTC", Some("2021-01-02T00:00:00Z")),
            ("2021-1-2", "UTC", Some("2021-01-02T00:00:00Z")),
            ("2021/01/02", "UTC", Some("2021-01-02T00:00:00Z")),
            ("2021-01-02", "America/Los_Angeles", Some("2021-01-02T08:00:00Z")),
            ("2021-01-02 03:04", "UTC", Some("2021-01-02T03:04:00Z")),
            ("2021-01-02 03:04:05", "Europe/Lisbon", Some("2021-01-02T03:04:05Z")),
            ("2021-07-02 03:04:05", "Europe/Lisbon", Some("2021-07-02T02:04:05Z")),
            ("2021-01-02 03:04:05 +0200", "UTC", Some("2021-01-02T01:04:05Z")),
            ("2021-01-02 03:04:05 -07", "UTC", Some("2021-01-02T10:04:05Z")),
            ("2021-01-02T03:04:05Z", "Asia/Tokyo", Some("2021-01-02T03:04:05Z")),
            ("2021-01-02t03:04:05.25+02:00", "UTC", Some("2021-01-02T01:04:05.250Z")),
            ("2021-01-02 03:04:05 UTC", "Asia/Tokyo", Some("2021-01-02T03:04:05Z")),
            // 02:30 did not exist in Lisbon's clock change forward (01:00 → 02:00).
            ("2021-03-28 01:30:00", "Europe/Lisbon", Some("2021-03-28T01:30:00Z")),
            ("2021-02-30", "UTC", None),
            ("2021-01-02x", "UTC", None),
            ("2021-01-02 25:00", "UTC", None),
            ("2021-01-02 10:00 CET", "UTC", None),
            ("yesterday", "UTC", None),
            ("", "UTC", None),
            ("２０２１-01-02", "UTC", None),
        ];
        for (text, zone, want) in cases {
            let got =
                parse(text, zone.parse().unwrap()).map(|d| d.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true));
            assert_eq!(got.as_deref(), want, "{text} in {zone}");
        }
    }

    #[test]
    fn file_name_dates() {
        let cases = [
            ("2021-01-02-name", Some(("2021-01-02", "name"))),
            ("2021-1-2-a-b", Some(("2021-01-02", "a-b"))),
            ("2021-01-02_name", Some(("2021-01-02", "name"))),
            ("2021-01-02T10:00:00Z-name", Some(("2021-01-02", "name"))),
            ("2021-01-02", None),
            ("2021-01-02name", None),
            ("2021-13-02-name", None),
            ("name", None),
        ];
        for (stem, want) in cases {
            let got = from_file_name(stem).map(|(d, n)| (d.to_string(), n));
            assert_eq!(got, want.map(|(d, n)| (d.to_owned(), n)), "{stem}");
        }
    }
}
