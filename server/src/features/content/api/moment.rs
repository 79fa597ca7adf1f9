//! A time as clients name it: a moment, or what clocks show where the site is.

use std::borrow::Cow;

use chrono::{DateTime, Duration, NaiveDateTime, Offset as _, TimeZone as _, Utc};
use chrono_tz::Tz;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde_json::Value;

/// A moment, or a local time of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// `2026-07-01T09:00:00Z`, `2026-07-01T09:00:00+02:00`.
    At(DateTime<Utc>),
    /// `2026-07-01T09:00`, `2026-07-01T09:00:00`.
    Local(NaiveDateTime),
}

impl Moment {
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let at = DateTime::parse_from_rfc3339(text).map(|at| Self::At(at.with_timezone(&Utc)));
        let local = || {
            ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
                .iter()
                .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        };
        at.ok().or_else(|| local().map(Self::Local))
    }

    /// The moment, in this zone: of a time that clocks show twice the first, and one that they leave out is as much later as
    /// they are put forward. `None` for a time that no calendar has.
    pub fn in_zone(self, zone: Tz) -> Option<DateTime<Utc>> {
        let local = match self {
            Self::At(at) => return Some(at),
            Self::Local(local) => local,
        };
        if let Some(at) = zone.from_local_datetime(&local).earliest() {
            return Some(at.with_timezone(&Utc));
        }
        // By the clock of the day before, which was not put forward yet.
        let before = zone.offset_from_utc_datetime(&local.checked_sub_signed(Duration::days(1))?);
        Some(local.checked_sub_offset(before.fix())?.and_utc())
    }
}

impl Type for Moment {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "Moment".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let mut schema = MetaSchema::new("string");
        schema.example = Some("2026-07-01T09:00:00Z".into());
        MetaSchemaRef::Inline(Box::new(schema))
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for Moment {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let Some(Value::String(text)) = value else {
            return Err(ParseError::expected_type(value.unwrap_or_default()));
        };
        let expected = "must be a time such as 2026-07-01T09:00:00Z, or 2026-07-01T09:00 in the site's time zone";
        Self::read(&text).ok_or_else(|| ParseError::custom(expected))
    }
}

impl ToJSON for Moment {
    fn to_json(&self) -> Option<Value> {
        Some(match self {
            Self::At(at) => at.to_rfc3339().into(),
            Self::Local(local) => local.format("%Y-%m-%dT%H:%M:%S%.f").to_string().into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_times_are_moments_of_their_zone() {
        for (zone, text, expected) in [
            ("UTC", "2026-07-01T09:00", "2026-07-01T09:00:00Z"),
            ("Europe/Berlin", "2026-07-01T09:00", "2026-07-01T07:00:00Z"),
            ("Europe/Berlin", "2026-12-01T09:00:30.5", "2026-12-01T08:00:30.5Z"),
            // Moments are what they are.
            ("Europe/Berlin", "2026-07-01T09:00:00Z", "2026-07-01T09:00:00Z"),
            ("Europe/Berlin", "2026-07-01T09:00:00+05:30", "2026-07-01T03:30:00Z"),
            // The clock was put forward from 2:00 to 3:00: half past two is half past three.
            ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:30:00Z"),
            ("America/New_York", "2026-03-08T02:00", "2026-03-08T07:00:00Z"),
            // At midnight, and by half an hour.
            ("America/Santiago", "2026-09-06T00:15", "2026-09-06T04:15:00Z"),
            ("Australia/Lord_Howe", "2026-10-04T02:10", "2026-10-03T15:40:00Z"),
            // A whole day was left out.
            ("Pacific/Apia", "2011-12-30T09:00", "2011-12-30T19:00:00Z"),
            // The clock was put back: it was half past two twice.
            ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30:00Z"),
            ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30:00Z"),
        ] {
            let moment = Moment::read(text).unwrap();
            let at = moment.in_zone(zone.parse().unwrap()).unwrap();
            assert_eq!(at, expected.parse::<DateTime<Utc>>().unwrap(), "{zone} {text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "tomorrow",
            "2026-07-01",
            "09:00",
            "2026-02-30T09:00",
            "2026-07-01T25:00",
            "2026-07-01 09:00",
        ] {
            assert_eq!(Moment::read(text), None, "{text}");
        }
    }
}
