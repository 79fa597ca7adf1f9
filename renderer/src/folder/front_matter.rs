//! Front matter: the data at the head of a file, in TOML (`+++`), YAML (`---`) or JSON (`{`).
//!
//! All three become one map of JSON values, dates as text. Whatever the author of a file does, parsing ends soon and in
//! bounded memory: the text, its nesting and the number of values YAML aliases may unfold to are limited.

use std::cell::Cell;
use std::fmt;

use indexmap::IndexMap;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

/// Deepest nesting of brackets in YAML; the TOML and JSON parsers have limits of their own.
const MAX_DEPTH: usize = 64;

/// Lines +++ that may turn out to be text before the one that ends the front matter.
const MAX_FENCES: usize = 64;

/// How much one file's data may be.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub bytes: usize,
    /// Values that YAML aliases may unfold to.
    pub values: usize,
}

/// Front matter of one page.
pub(super) const HEAD: Limits = Limits {
    bytes: 256 * 1024,
    values: 50_000,
};
/// A configuration file; ours lists every term and redirect of a site.
pub(super) const CONFIG: Limits = Limits {
    bytes: 32 * 1024 * 1024,
    values: 1_000_000,
};

pub(super) type Map = IndexMap<String, Value>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Toml,
    Yaml,
    Json,
}

/// A file taken apart.
#[derive(Debug, PartialEq)]
pub(super) struct Parsed<'a> {
    /// `None`: the file has no front matter.
    pub format: Option<Format>,
    pub data: Map,
    /// Text of the front matter without its fences.
    pub head: &'a str,
    pub body: &'a str,
    /// Line of the file that the body starts on.
    pub body_line: usize,
}

/// What is wrong, and on which line of the file.
#[derive(Debug, PartialEq)]
pub(super) struct Broken {
    pub line: usize,
    pub message: String,
}

/// Takes a file apart. `json` allows a file to start with a JSON object, as Hugo does.
pub(super) fn parse(text: &str, json: bool) -> Result<Parsed<'_>, Broken> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = text.lines().next().unwrap_or("").trim_end();
    let format = match first {
        "+++" => Format::Toml,
        "---" => Format::Yaml,
        _ if json && text.starts_with('{') && text[1..].trim_start().starts_with(['"', '}']) => {
            return parse_json_head(text);
        }
        _ => return Ok(whole(text)),
    };
    let head_start = text.find('\n').map_or(text.len(), |i| i + 1);
    let mut at = head_start;
    let mut failed: Option<Broken> = None;
    let mut tries = 0;
    for line in text[head_start..].split_inclusive('\n') {
        let bare = line.trim_end();
        if bare == first || (format == Format::Yaml && bare == "...") {
            let head = &text[head_start..at];
            let body = &text[at + line.len()..];
            let closing_line = 2 + head.matches('\n').count();
            let data = match format {
                Format::Toml => toml(head, 1, HEAD),
                _ => yaml(head, 1, HEAD),
            };
            let data = match data {
                Ok(data) => data,
                // A line +++ inside a multi-line string is text; only the parser can tell. The first error is the one to
                // show, the author will have meant the first fence.
                Err(e) if format == Format::Toml && tries < MAX_FENCES && head.len() <= HEAD.bytes => {
                    tries += 1;
                    failed.get_or_insert(e);
                    at += line.len();
                    continue;
                }
                Err(e) => return Err(failed.unwrap_or(e)),
            };
            let (body, blank) = skip_blank(body);
            return Ok(Parsed {
                format: Some(format),
                data,
                head,
                body,
                body_line: closing_line + 1 + blank,
            });
        }
        at += line.len();
    }
    if let Some(failed) = failed {
        return Err(failed);
    }
    match format {
        // A thematic break at the top of a plain text is legal Markdown.
        Format::Yaml => Ok(whole(text)),
        _ => Err(Broken {
            line: 1,
            message: "front matter opened with +++ is never closed; add a line +++ after it".into(),
        }),
    }
}

fn whole(text: &str) -> Parsed<'_> {
    Parsed {
        format: None,
        data: Map::new(),
        head: "",
        body: text,
        body_line: 1,
    }
}

/// One empty line between front matter and text belongs to neither.
fn skip_blank(body: &str) -> (&str, usize) {
    match body.strip_prefix('\n').or_else(|| body.strip_prefix("\r\n")) {
        Some(rest) => (rest, 1),
        None => (body, 0),
    }
}

fn parse_json_head(text: &str) -> Result<Parsed<'_>, Broken> {
    let window = &text[..text.floor_char_boundary(HEAD.bytes)];
    let mut stream = serde_json::Deserializer::from_str(window).into_iter::<Value>();
    match stream.next() {
        Some(Ok(Value::Object(map))) => {
            let end = stream.byte_offset();
            let rest = &text[end..];
            let after = rest.find('\n').map_or("", |i| &rest[i + 1..]);
            let lines = text[..text.len() - after.len()].matches('\n').count();
            let (body, blank) = skip_blank(after);
            let data = map.into_iter().collect();
            Ok(Parsed {
                format: Some(Format::Json),
                data,
                head: &text[..end],
                body,
                body_line: lines + 1 + blank,
            })
        }
        Some(Err(e)) => Err(Broken {
            line: e.line().max(1),
            message: format!("JSON front matter: {e}"),
        }),
        _ => Ok(whole(text)),
    }
}

/// TOML text; `before` lines stand above it in its file.
pub(super) fn toml(text: &str, before: usize, limits: Limits) -> Result<Map, Broken> {
    size(text, before, limits)?;
    match text.parse::<toml::Table>() {
        Ok(table) => Ok(table.into_iter().map(|(k, v)| (k, from_toml(v))).collect()),
        Err(e) => {
            let at = e.span().map_or(0, |s| s.start).min(text.len());
            let line = before + 1 + text.as_bytes()[..at].iter().filter(|b| **b == b'\n').count();
            Err(Broken {
                line,
                message: format!("TOML: {}", e.message().trim()),
            })
        }
    }
}

/// YAML text; `before` lines stand above it in its file.
pub(super) fn yaml(text: &str, before: usize, limits: Limits) -> Result<Map, Broken> {
    bounds(text, before, limits)?;
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    let budget = Cell::new(limits.values);
    let value = YamlSeed(&budget)
        .deserialize(serde_norway::Deserializer::from_str(text))
        .map_err(|e| Broken {
            line: before + e.location().map_or(1, |l| l.line()).max(1),
            message: format!("YAML: {e}"),
        })?;
    match value {
        Value::Object(map) => Ok(map.into_iter().collect()),
        Value::Null => Ok(Map::new()),
        _ => Err(Broken {
            line: before + 1,
            message: "YAML: expected `key: value` lines".into(),
        }),
    }
}

/// JSON text of a configuration file.
pub(super) fn json(text: &str, limits: Limits) -> Result<Map, Broken> {
    size(text, 0, limits)?;
    serde_json::from_str::<serde_json::Map<String, Value>>(text)
        .map(|m| m.into_iter().collect())
        .map_err(|e| Broken {
            line: e.line().max(1),
            message: format!("JSON: {e}"),
        })
}

fn size(text: &str, before: usize, limits: Limits) -> Result<(), Broken> {
    if text.len() > limits.bytes {
        return Err(Broken {
            line: before + 1,
            message: format!("over {} KB", limits.bytes / 1024),
        });
    }
    Ok(())
}

/// Size, and the depth of brackets. Deep flow nesting makes YAML scanners quadratic, so it must not reach them; counting
/// brackets in strings too only errs on the side of refusing what nobody writes.
fn bounds(text: &str, before: usize, limits: Limits) -> Result<(), Broken> {
    size(text, before, limits)?;
    let (mut depth, mut line) = (0usize, before + 1);
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'\n' => line += 1,
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(Broken {
                line,
                message: format!("more than {MAX_DEPTH} brackets inside each other"),
            });
        }
    }
    Ok(())
}

fn from_toml(value: toml::Value) -> Value {
    match value {
        toml::Value::String(s) => Value::String(s),
        toml::Value::Integer(i) => i.into(),
        toml::Value::Float(f) => Number::from_f64(f).map_or_else(|| Value::String(f.to_string()), Value::Number),
        toml::Value::Boolean(b) => Value::Bool(b),
        toml::Value::Datetime(d) => Value::String(d.to_string()),
        toml::Value::Array(items) => Value::Array(items.into_iter().map(from_toml).collect()),
        toml::Value::Table(table) => Value::Object(table.into_iter().map(|(k, v)| (k, from_toml(v))).collect()),
    }
}

/// Builds a JSON value while counting, so that aliases of aliases cannot fill the memory.
struct YamlSeed<'b>(&'b Cell<usize>);

impl<'de> DeserializeSeed<'de> for YamlSeed<'_> {
    type Value = Value;
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.0.get().checked_sub(1);
        self.0
            .set(left.ok_or_else(|| D::Error::custom("aliases unfold to too many values"))?);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for YamlSeed<'_> {
    type Value = Value;
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a YAML value")
    }
    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }
    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_i128<E>(self, v: i128) -> Result<Value, E> {
        Ok(Value::String(v.to_string()))
    }
    fn visit_u128<E>(self, v: u128) -> Result<Value, E> {
        Ok(Value::String(v.to_string()))
    }
    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        Ok(Number::from_f64(v).map_or_else(|| Value::String(v.to_string()), Value::Number))
    }
    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(Value::String(v.to_owned()))
    }
    fn visit_string<E>(self, v: String) -> Result<Value, E> {
        Ok(Value::String(v))
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_some<D: serde::Deserializer<'de>>(self, d: D) -> Result<Value, D::Error> {
        self.deserialize(d)
    }
    fn visit_newtype_struct<D: serde::Deserializer<'de>>(self, d: D) -> Result<Value, D::Error> {
        self.deserialize(d)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(YamlSeed(self.0))? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut out = serde_json::Map::new();
        while let Some(key) = map.next_key_seed(YamlSeed(self.0))? {
            let value = map.next_value_seed(YamlSeed(self.0))?;
            let key = match key {
                Value::String(s) => s,
                other => other.to_string(),
            };
            out.insert(key, value);
        }
        Ok(Value::Object(out))
    }
    /// A tagged value (`!point {x: 1}`): the value counts, the tag is the generator's business.
    fn visit_enum<A: serde::de::EnumAccess<'de>>(self, data: A) -> Result<Value, A::Error> {
        let budget = self.0;
        let (_tag, variant) = data.variant_seed(YamlSeed(budget))?;
        serde::de::VariantAccess::newtype_variant_seed(variant, YamlSeed(budget))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn data(text: &str) -> Value {
        Value::Object(parse(text, true).unwrap().data.into_iter().collect())
    }

    #[test]
    fn three_formats_say_the_same() {
        let want = json!({"title": "A", "tags": ["x", "y"], "n": {"m": 1}, "date": "2021-01-02"});
        assert_eq!(
            data("+++\ntitle = \"A\"\ntags = [\"x\", \"y\"]\ndate = 2021-01-02\n[n]\nm = 1\n+++\nB"),
            want
        );
        assert_eq!(
            data("---\ntitle: A\ntags: [x, y]\ndate: 2021-01-02\nn:\n  m: 1\n---\nB"),
            want
        );
        assert_eq!(
            data("{\n\"title\": \"A\", \"tags\": [\"x\", \"y\"], \"date\": \"2021-01-02\", \"n\": {\"m\": 1}}\nB"),
            want
        );
    }

    #[test]
    fn body_and_its_line() {
        for (text, body, line) in [
            ("+++\n+++\nB", "B", 3),
            ("+++\na = 1\n+++\n\nB\n", "B\n", 5),
            ("+++\n+++\n\n\nB", "\nB", 4),
            ("\u{feff}---\r\na: 1\r\n---\r\n\r\nB", "B", 5),
            ("---\na: 1\n...\nB", "B", 4),
            ("{\"a\": 1}\n\nB", "B", 3),
            ("no front matter", "no front matter", 1),
            ("---\na thematic break", "---\na thematic break", 1),
            ("+++\n+++", "", 3),
            ("+++\na = \"\"\"\n+++\n\"\"\"\n+++\nB", "B", 6),
            ("", "", 1),
        ] {
            let parsed = parse(text, true).unwrap();
            assert_eq!((parsed.body, parsed.body_line), (body, line), "{text:?}");
        }
    }

    #[test]
    fn errors_name_the_line_of_the_file() {
        for (text, line) in [
            ("+++\ntitle = \"A\"\nbroken\n+++\n", 3),
            ("+++\ntitle = 1\ntitle = 2\n+++\n", 3),
            ("+++\ntitle = 1\n", 1),
            ("---\ntitle: A\nb: [1\n---\n", 3),
            ("{\n\"a\": 1,\n\"b\" 2\n}\n", 3),
        ] {
            let error = parse(text, true).unwrap_err();
            assert!(
                error.line.abs_diff(line) <= usize::from(text.starts_with("---")),
                "{text:?}: {error:?}"
            );
        }
    }

    #[test]
    fn hostile_front_matter_is_refused() {
        let mut bomb = String::from("---\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..12 {
            let refs = vec![format!("*a{}", i - 1); 10].join(", ");
            bomb.push_str(&format!("a{i}: &a{i} [{refs}]\n"));
        }
        bomb.push_str("---\n");
        let cases = [
            bomb,
            format!("---\na: {}\n---\n", "[".repeat(100_000)),
            format!("---\n{}\n---\n", "- ".repeat(100_000)),
            format!("+++\na = {}\n+++\n", "[".repeat(100_000)),
            format!("+++\n{}b = 1\n+++\n", "a.".repeat(50_000)),
            format!("+++\n[{}b]\n+++\n", "a.".repeat(50_000)),
            format!("+++\n{}= 1\n+++\n", "\"a\".".repeat(30_000) + "b"),
            format!("+++\na = \"{}\"\n+++\n", "x".repeat(300_000)),
            "---\na: &a [*a]\n---\n".to_owned(),
            "---\n\0: \u{1}\n---\n".to_owned(),
        ];
        for text in cases {
            assert!(parse(&text, true).is_err(), "{}", &text[..text.len().min(60)]);
        }
    }
}
