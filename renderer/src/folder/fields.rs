//! Front matter keys taken one by one with their types; whatever is not taken stays and becomes `extra`.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::Value;

use super::dates;
use super::front_matter::Map;
use super::problem::Problems;

/// The data of one file on its way into a snapshot.
pub(super) struct Fields<'a> {
    pub map: Map,
    pub file: &'a str,
    /// Text of the front matter, to find the line of a key.
    head: &'a str,
    /// Lines above `head` in the file.
    before: usize,
    pub problems: &'a Problems,
    /// Hugo does not care about the case of keys.
    any_case: bool,
}

impl<'a> Fields<'a> {
    pub fn new(map: Map, file: &'a str, head: &'a str, before: usize, problems: &'a Problems) -> Self {
        Self {
            map,
            file,
            head,
            before,
            problems,
            any_case: false,
        }
    }

    pub fn any_case(mut self, on: bool) -> Self {
        self.any_case = on;
        self
    }

    /// Line of the file a key is on, as well as text search can tell.
    pub fn line(&self, key: &str) -> Option<usize> {
        let found = self.head.lines().position(|l| {
            let l = l.trim_start_matches(['[', ' ', '\t', '"', '\'']);
            l.get(..key.len()).is_some_and(|k| k.eq_ignore_ascii_case(key))
                && l[key.len()..]
                    .trim_start_matches(['"', '\'', ' '])
                    .starts_with([':', '=', ']', '.'])
        })?;
        Some(self.before + found + 1)
    }

    pub fn warn(&self, key: &str, message: impl Into<String>) {
        self.problems.warn(self.file, self.line(key), message);
    }

    /// The place a key has in the map. Front matter has few keys, and is asked for many: looking through them is quicker than hashing.
    fn find(&self, key: &str) -> Option<usize> {
        let has = |same: fn(&str, &str) -> bool| self.map.keys().position(|k| same(k, key));
        let any_case = || has(str::eq_ignore_ascii_case).filter(|_| self.any_case);
        has(|a, b| a == b).or_else(any_case)
    }

    pub fn peek(&self, key: &str) -> Option<&Value> {
        self.map.get_index(self.find(key)?).map(|(_, value)| value)
    }

    /// Takes the first of `keys` whose value `convert` accepts. A value it does not accept is reported and stays.
    fn take<T>(&mut self, keys: &[&str], wanted: &str, convert: impl Fn(&Value) -> Option<T>) -> Option<T> {
        for key in keys {
            let Some((at, (name, value))) = self.find(key).and_then(|at| Some((at, self.map.get_index(at)?))) else {
                continue;
            };
            if value.is_null() {
                self.map.shift_remove_index(at);
                continue;
            }
            match convert(value) {
                Some(out) => {
                    self.map.shift_remove_index(at);
                    return Some(out);
                }
                None => self.warn(name, format!("`{name}` is not {wanted}; kept as an unknown key")),
            }
        }
        None
    }

    pub fn value(&mut self, key: &str) -> Option<Value> {
        self.take(&[key], "a value", |v| Some(v.clone()))
    }

    pub fn string(&mut self, keys: &[&str]) -> Option<String> {
        self.take(keys, "text", text)
    }

    /// Like [`Fields::string`] for keys that other generators give another shape too; those are left without a word.
    pub fn plain_string(&mut self, key: &str) -> Option<String> {
        self.peek(key)
            .is_some_and(|v| text(v).is_some())
            .then(|| self.string(&[key]))
            .flatten()
    }

    pub fn bool(&mut self, keys: &[&str]) -> Option<bool> {
        self.take(keys, "true or false", boolean)
    }

    pub fn int(&mut self, keys: &[&str]) -> Option<i64> {
        self.take(keys, "a whole number", |v| match v {
            Value::Number(n) => n
                .as_i64()
                .or_else(|| n.as_f64().filter(|f| f.fract() == 0.0).map(|f| f as i64)),
            Value::String(s) => s.trim().parse().ok(),
            _ => None,
        })
    }

    pub fn float(&mut self, keys: &[&str]) -> Option<f64> {
        self.take(keys, "a number", |v| match v {
            Value::Number(n) => n.as_f64(),
            Value::String(s) => s.trim().parse().ok().filter(|f: &f64| f.is_finite()),
            _ => None,
        })
    }

    /// One text or a list of texts.
    pub fn list(&mut self, keys: &[&str]) -> Option<Vec<String>> {
        self.take(keys, "a text or a list of texts", strings)
    }

    pub fn map(&mut self, keys: &[&str]) -> Option<Map> {
        self.take(keys, "a table", |v| {
            v.as_object()
                .map(|m| m.iter().map(|(k, v)| (k.clone(), v.clone())).collect())
        })
    }

    pub fn tables(&mut self, key: &str) -> Option<Vec<Map>> {
        self.take(&[key], "a list of tables", |v| {
            let tables = v.as_array()?.iter().map(|t| t.as_object());
            tables
                .map(|t| t.map(|m| m.iter().map(|(k, v)| (k.clone(), v.clone())).collect()))
                .collect()
        })
    }

    pub fn date(&mut self, keys: &[&str], zone: Tz) -> Option<DateTime<Utc>> {
        self.take(keys, "a date like 2021-01-02 or 2021-01-02T03:04:05Z", |v| match v {
            Value::String(s) => dates::parse(s, zone),
            _ => None,
        })
    }

    /// A table as fields of its own, for its keys to be taken.
    pub fn inner(&mut self, key: &str) -> Option<Fields<'a>> {
        let map = self.map(&[key])?;
        Some(Fields { map, ..*self })
    }

    /// Fields of a table that lies in a list.
    pub fn with(&self, map: Map) -> Fields<'a> {
        Fields { map, ..*self }
    }

    /// Says which keys of a table nobody took. For tables whose rest has no place in a snapshot.
    pub fn report_rest(&self, table: &str) {
        for key in self.map.keys() {
            self.warn(key, format!("`{key}` in `{table}` is not known and was dropped"));
        }
    }
}

/// A scalar as text.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// Booleans of YAML 1.1 included.
pub(super) fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(b) => Some(*b),
        Value::String(s) => match s.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Some(true),
            "false" | "no" | "off" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn strings(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(items) => items.iter().filter(|v| !v.is_null()).map(text).collect(),
        other => text(other).map(|s| vec![s]),
    }
}
