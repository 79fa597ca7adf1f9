//! When a cron expression comes due in a time zone.
//!
//! Five fields (minute, hour, day of month, month, day of week) as in `crontab(5)`, with `@hourly`, `@daily`, `@weekly`,
//! `@monthly` and `@yearly`. A time that a change to summer time skips comes due right after the gap; one that is there
//! twice in autumn comes due once, unless the hour is not fixed.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

/// Shortest time between two runs.
pub const LEAST_MINUTES: i64 = 5;

/// A checked expression in its time zone.
#[derive(Debug, Clone)]
pub struct Times {
    cron: Cron,
    zone: Tz,
}

impl Times {
    /// # Errors
    /// What is wrong with the expression or the zone, for its author: the field and a sentence.
    pub fn parse(cron: &str, zone: &str, now: DateTime<Utc>) -> Result<Self, (&'static str, String)> {
        let zone: Tz = zone.parse().map_err(|_| {
            (
                "time_zone",
                "must be an IANA time zone such as Europe/Lisbon".to_owned(),
            )
        })?;
        let wrong = |problem: String| {
            let help = "must be five fields (minute, hour, day of month, month, day of week) such as `0 6 * * MON`";
            ("cron", format!("{help}: {problem}"))
        };
        if cron.len() > 100 {
            return Err(wrong("it is longer than 100 characters".into()));
        }
        let parser = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            .build();
        let parsed = parser.parse(cron.trim()).map_err(|error| wrong(error.to_string()))?;
        let times = Self { cron: parsed, zone };
        // Two weeks of times tell the shortest distance of any expression that is not made to deceive.
        let mut last: Option<DateTime<Utc>> = None;
        let mut at = now;
        for _ in 0..100 {
            let Some(next) = times.after(at) else { break };
            if last.is_some_and(|last| next - last < Duration::minutes(LEAST_MINUTES)) {
                return Err(("cron", format!("must leave {LEAST_MINUTES} minutes between two times")));
            }
            (last, at) = (Some(next), next);
        }
        match last {
            Some(_) => Ok(times),
            None => Err(("cron", "must come due at some time".into())),
        }
    }

    /// The first time after this one, if there is any.
    pub fn after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = time.with_timezone(&self.zone);
        let next = self.cron.find_next_occurrence(&local, false).ok()?;
        Some(next.with_timezone(&Utc))
    }

    /// The expression in English words.
    pub fn in_words(&self) -> String {
        self.cron.describe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn times_follow_the_zone() {
        for (cron, zone, after, expected) in [
            ("0 6 * * *", "UTC", "2026-01-01T06:00:00Z", "2026-01-02T06:00:00Z"),
            ("0 6 * * *", "UTC", "2026-01-01T05:59:59Z", "2026-01-01T06:00:00Z"),
            // The same hour on the clock before and after the change to summer time on 29 March 2026.
            (
                "0 6 * * *",
                "Europe/Berlin",
                "2026-03-28T00:00:00Z",
                "2026-03-28T05:00:00Z",
            ),
            (
                "0 6 * * *",
                "Europe/Berlin",
                "2026-03-28T12:00:00Z",
                "2026-03-29T04:00:00Z",
            ),
            // 02:30 is not there on that day: right after the gap.
            (
                "30 2 * * *",
                "Europe/Berlin",
                "2026-03-28T12:00:00Z",
                "2026-03-29T01:00:00Z",
            ),
            (
                "30 2 * * *",
                "Europe/Berlin",
                "2026-03-29T01:00:00Z",
                "2026-03-30T00:30:00Z",
            ),
            // 02:30 is there twice on 25 October 2026: once.
            (
                "30 2 * * *",
                "Europe/Berlin",
                "2026-10-24T12:00:00Z",
                "2026-10-25T00:30:00Z",
            ),
            (
                "30 2 * * *",
                "Europe/Berlin",
                "2026-10-25T00:30:00Z",
                "2026-10-26T01:30:00Z",
            ),
            // South of the equator, and a zone with half an hour.
            (
                "0 9 * * MON",
                "Australia/Adelaide",
                "2026-06-01T00:00:00Z",
                "2026-06-07T23:30:00Z",
            ),
            ("0 0 29 2 *", "UTC", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("@monthly", "Asia/Tokyo", "2026-11-15T00:00:00Z", "2026-11-30T15:00:00Z"),
            ("0 0 L * *", "UTC", "2026-02-01T00:00:00Z", "2026-02-28T00:00:00Z"),
        ] {
            let times = Times::parse(cron, zone, utc("2026-01-01T00:00:00Z")).unwrap();
            assert_eq!(
                times.after(utc(after)),
                Some(utc(expected)),
                "{cron} {zone} after {after}"
            );
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let long = "0 ".repeat(80);
        for (cron, zone, field) in [
            ("", "UTC", "cron"),
            ("0 6 * *", "UTC", "cron"),
            ("61 6 * * *", "UTC", "cron"),
            ("0 6 * * * *", "UTC", "cron"),
            ("* * * * *", "UTC", "cron"),
            ("0,1 6 * * *", "UTC", "cron"),
            ("0 0 31 2 *", "UTC", "cron"),
            (long.as_str(), "UTC", "cron"),
            ("0 6 * * *", "Berlin", "time_zone"),
            ("0 6 * * *", "", "time_zone"),
        ] {
            let (wrong, _) = Times::parse(cron, zone, utc("2026-01-01T00:00:00Z")).unwrap_err();
            assert_eq!(wrong, field, "{cron} {zone}");
        }
    }
}
