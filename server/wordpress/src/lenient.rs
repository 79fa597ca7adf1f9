//! Reading what WordPress and its plugins send where the documentation promises something tidier: PHP's empty array for an
//! empty object, `false` for nothing, numbers as text, times without a zone.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Objects of a list that are read: as many as WordPress ever sends at once.
const MOST: usize = 100;

/// The objects of a list. More than were asked for are read over: a few megabytes of JSON can hold millions.
pub struct List<T>(pub Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Items<T> {
            type Value = Vec<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Vec<T>, A::Error> {
                let mut items = Vec::new();
                while items.len() < MOST {
                    match all.next_element()? {
                        Some(item) => items.push(item),
                        None => return Ok(items),
                    }
                }
                while all.next_element::<IgnoredAny>()?.is_some() {}
                Ok(items)
            }
        }

        deserializer.deserialize_seq(Items(PhantomData)).map(Self)
    }
}

fn value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    Value::deserialize(deserializer)
}

/// A number that is not negative; 0 for nothing or anything else.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Ok(as_number(&value(deserializer)?).unwrap_or(0))
}

pub fn as_number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A number of either sign; 0 for nothing.
pub fn signed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Ok(match value(deserializer)? {
        Value::Number(number) => number.as_i64().unwrap_or(0),
        Value::String(text) => text.trim().parse().unwrap_or(0),
        _ => 0,
    })
}

/// A number with a fraction, of either sign; 0 for nothing.
pub fn fraction<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let found = match value(deserializer)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    Ok(found.filter(|number| number.is_finite()).unwrap_or(0.0))
}

/// A text; empty for nothing, a number as it is written. Of `{ raw, rendered }` the raw one, as it is stored.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(into_text(value(deserializer)?))
}

fn into_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        Value::Object(mut both) => match (both.remove("raw"), both.remove("rendered")) {
            (Some(Value::String(raw)), _) => raw,
            (_, Some(Value::String(rendered))) => rendered,
            _ => String::new(),
        },
        _ => String::new(),
    }
}

/// Yes or no, as PHP understands them.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(as_flag(&value(deserializer)?))
}

pub fn as_flag(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !matches!(text.as_str(), "" | "0" | "false"),
        _ => false,
    }
}

/// An object; empty for PHP's empty array and anything else.
pub fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map<String, Value>, D::Error> {
    Ok(match value(deserializer)? {
        Value::Object(map) => map,
        _ => Map::new(),
    })
}

/// Names with yes or no.
pub fn flags<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, bool>, D::Error> {
    let all = object(deserializer)?;
    Ok(all.iter().map(|(name, value)| (name.clone(), as_flag(value))).collect())
}

/// A list of texts; what is none is left out. PHP sends an object when the list's numbers have gaps.
pub fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let items: Vec<Value> = match value(deserializer)? {
        Value::Array(items) => items,
        Value::Object(map) => map.into_iter().map(|(_, value)| value).collect(),
        _ => Vec::new(),
    };
    let texts = items.into_iter().filter_map(|item| match item {
        Value::String(text) => Some(text),
        _ => None,
    });
    Ok(texts.collect())
}

/// A list of ids.
pub fn as_ids(value: &Value) -> Vec<u64> {
    match value {
        Value::Array(items) => items.iter().filter_map(as_number).collect(),
        Value::Object(map) => map.values().filter_map(as_number).collect(),
        _ => Vec::new(),
    }
}

/// A moment of one of the fields ending in `_gmt`, which say UTC and carry no zone; nothing for null and for year 0.
pub fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    Ok(match value(deserializer)? {
        Value::String(text) => as_time(&text),
        _ => None,
    })
}

fn as_time(text: &str) -> Option<DateTime<Utc>> {
    if text.starts_with("0000") || text.starts_with('-') {
        return None;
    }
    let zoned = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    let plain = || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S").map(|time| time.and_utc());
    zoned.or_else(|_| plain()).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct All {
        #[serde(deserialize_with = "number")]
        number: u64,
        #[serde(deserialize_with = "text")]
        text: String,
        #[serde(deserialize_with = "flag")]
        flag: bool,
        #[serde(deserialize_with = "object")]
        object: Map<String, Value>,
        #[serde(deserialize_with = "texts")]
        texts: Vec<String>,
        #[serde(deserialize_with = "time")]
        time: Option<DateTime<Utc>>,
        #[serde(deserialize_with = "fraction")]
        fraction: f64,
        #[serde(deserialize_with = "signed")]
        signed: i64,
    }

    fn read(value: Value) -> All {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_php_sends_is_understood() {
        for (sent, expected) in [
            (json!(7), 7),
            (json!("7"), 7),
            (json!(-7), 0),
            (json!(false), 0),
            (json!(null), 0),
            (json!([]), 0),
        ] {
            assert_eq!(read(json!({ "number": sent })).number, expected, "{sent}");
        }
        for (sent, expected) in [
            (json!("a"), "a"),
            (json!({ "raw": "a", "rendered": "<p>a</p>" }), "a"),
            (json!({ "rendered": "<p>a</p>" }), "<p>a</p>"),
            (json!(false), ""),
            (json!(null), ""),
            (json!(7), "7"),
        ] {
            assert_eq!(read(json!({ "text": sent })).text, expected, "{sent}");
        }
        for (sent, expected) in [
            (json!(true), true),
            (json!("1"), true),
            (json!(1), true),
            (json!("0"), false),
            (json!(""), false),
            (json!(null), false),
        ] {
            assert_eq!(read(json!({ "flag": sent })).flag, expected, "{sent}");
        }
        for sent in [json!([]), json!(false), json!(null), json!("x")] {
            assert!(read(json!({ "object": sent })).object.is_empty(), "{sent}");
        }
        assert_eq!(read(json!({ "texts": ["a", 1, "b"] })).texts, ["a", "b"]);
        assert_eq!(read(json!({ "texts": { "1": "a", "3": "b" } })).texts, ["a", "b"]);
        assert_eq!(as_ids(&json!([1, "2", false, {}])), [1, 2]);
        let many: Vec<usize> = (0..1000).collect();
        let List(some) = serde_json::from_str::<List<usize>>(&json!(many).to_string()).unwrap();
        assert_eq!(some, many[..MOST]);
        assert!(serde_json::from_str::<List<usize>>("{}").is_err());
        for (sent, expected) in [
            (json!("2026-03-01T10:00:00"), Some("2026-03-01T10:00:00Z")),
            (json!("2026-03-01T10:00:00+02:00"), Some("2026-03-01T08:00:00Z")),
            (json!("0000-00-00T00:00:00"), None),
            (json!("-0001-11-30T00:00:00"), None),
            (json!(null), None),
            (json!(false), None),
        ] {
            let time = read(json!({ "time": sent })).time;
            assert_eq!(time, expected.map(|text| text.parse().unwrap()), "{sent}");
        }
        assert_eq!(read(json!({ "fraction": "5.5" })).fraction, 5.5);
        assert_eq!(read(json!({ "signed": "-3" })).signed, -3);
    }
}
