//! Reading TOML into types: every mistake is noted with its place, and reading goes on.
//!
//! serde stops at the first mistake. [`record!`] declares a type once, and from that come the struct, its reader here, serde's
//! form for the database and the API, and its JSON schema; so the four cannot differ.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde_json::{Value, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistake::{Code, Mistake, closest};
use crate::names::Choice;

/// A value of the file, with where it stands.
pub(super) type Node<'i> = Spanned<DeValue<'i>>;
/// Schemas of named types.
pub(super) type Definitions = BTreeMap<String, Value>;

/// Mistakes that are told of one file.
const MOST_MISTAKES: usize = 200;
/// Characters of one text.
pub(super) const MOST_TEXT: usize = 8_000;
/// Entries of one list.
pub(super) const MOST_ENTRIES: usize = 200;

/// What can be read from a file.
pub(super) trait Read: Sized {
    /// The value; `None` when a mistake was noted.
    fn read(node: &Node<'_>, to: &mut Reader) -> Option<Self>;
    /// The schema of such a value.
    fn schema(known: &mut Definitions) -> Value;
}

/// Where mistakes are noted.
pub(super) struct Reader {
    /// Where each line starts.
    lines: Vec<usize>,
    source: String,
    place: Vec<String>,
    mistakes: Vec<(usize, Mistake)>,
}

impl Reader {
    pub(super) fn new(source: &str) -> Self {
        let lines = std::iter::once(0)
            .chain(
                source
                    .bytes()
                    .enumerate()
                    .filter(|(_, b)| *b == b'\n')
                    .map(|(at, _)| at + 1),
            )
            .collect();
        Self {
            lines,
            source: source.to_owned(),
            place: Vec::new(),
            mistakes: Vec::new(),
        }
    }

    /// Notes a mistake at the place where reading is.
    pub(super) fn note(
        &mut self,
        span: &Range<usize>,
        code: Code,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) {
        let place = self.place.concat();
        self.note_at(span, place, code, message.into(), mend.into());
    }

    /// Notes a mistake at a place of its own.
    pub(super) fn note_at(&mut self, span: &Range<usize>, place: String, code: Code, message: String, mend: String) {
        if self.mistakes.len() >= MOST_MISTAKES {
            return;
        }
        let line = self.lines.partition_point(|start| *start <= span.start).max(1);
        let start = self.lines[line - 1];
        let before = self.source.get(start..span.start).unwrap_or_default();
        let mistake = Mistake {
            line,
            column: before.chars().count() + 1,
            place,
            code,
            message,
            mend,
        };
        self.mistakes.push((span.start, mistake));
    }

    /// All that was noted, in the order of the file.
    pub(super) fn finish(mut self) -> Vec<Mistake> {
        self.mistakes.sort_by_key(|(at, _)| *at);
        let mut out: Vec<Mistake> = Vec::new();
        for (_, mistake) in self.mistakes {
            if !out.contains(&mistake) {
                out.push(mistake);
            }
        }
        out
    }

    pub(super) fn is_empty(&self) -> bool {
        self.mistakes.is_empty()
    }

    fn within<T>(&mut self, place: String, read: impl FnOnce(&mut Self) -> T) -> T {
        self.place.push(place);
        let out = read(self);
        self.place.pop();
        out
    }

    fn wrong_type(&mut self, node: &Node<'_>, wanted: &str) {
        let found = named_type(node.get_ref());
        self.note(
            &node.span(),
            Code::WrongType,
            format!("{found} stands where {wanted} is wanted"),
            format!("write {wanted}"),
        );
    }

    /// The table that a node is; its keys must be among those known.
    pub(super) fn table<'n, 'i>(&mut self, node: &'n Node<'i>, keys: &[&str]) -> Option<&'n DeTable<'i>> {
        let Some(table) = node.get_ref().as_table() else {
            self.wrong_type(node, "a table");
            return None;
        };
        for (key, _) in table.iter().filter(|(key, _)| !keys.contains(&key.get_ref().as_ref())) {
            let name = key.get_ref();
            let mend = match closest(name, keys.iter().copied()) {
                Some(meant) => format!("write `{meant}`"),
                None => format!("take it out; possible here: {}", keys.join(", ")),
            };
            self.note(
                &key.span(),
                Code::UnknownKey,
                format!("`{name}` means nothing here"),
                mend,
            );
        }
        Some(table)
    }

    /// The value of a key that must be there.
    pub(super) fn required<T: Read>(
        &mut self,
        node: &Node<'_>,
        table: &DeTable<'_>,
        key: &str,
        about: &str,
    ) -> Option<T> {
        match table.get(key) {
            Some(value) => self.within(dotted(&self.place, key), |to| T::read(value, to)),
            None => {
                let about = about.trim();
                let span = node.span();
                self.note(
                    &(span.start..span.start),
                    Code::MissingKey,
                    format!("`{key}` is missing"),
                    format!("add it: {about}"),
                );
                None
            }
        }
    }

    /// The value of a key that may be left out.
    pub(super) fn optional<T: Read + Default>(&mut self, table: &DeTable<'_>, key: &str) -> Option<T> {
        match table.get(key) {
            Some(value) => self.within(dotted(&self.place, key), |to| T::read(value, to)),
            None => Some(T::default()),
        }
    }
}

fn dotted(place: &[String], key: &str) -> String {
    if place.is_empty() {
        key.to_owned()
    } else {
        format!(".{key}")
    }
}

fn named_type(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// What an entry of a list is called: by what it says it is, else by its number.
pub(super) fn entry_name(at: usize, node: &Node<'_>) -> String {
    let of = |key: &str| node.get_ref().as_table()?.get(key)?.get_ref().as_str();
    let word = ["key", "name", "place", "rule", "page"].into_iter().find_map(of);
    match word.filter(|word| word.chars().count() <= 40) {
        Some(word) => word.to_owned(),
        None => (at + 1).to_string(),
    }
}

impl Read for String {
    fn read(node: &Node<'_>, to: &mut Reader) -> Option<Self> {
        let Some(text) = node.get_ref().as_str() else {
            to.wrong_type(node, "a text");
            return None;
        };
        let length = text.chars().count();
        if length > MOST_TEXT {
            let message = format!("the text has {length} characters");
            let mend = format!("shorten it to {MOST_TEXT}");
            to.note(&node.span(), Code::WrongValue, message, mend);
            return None;
        }
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            let mend = "take them out";
            to.note(
                &node.span(),
                Code::WrongValue,
                "the text holds control characters",
                mend,
            );
            return None;
        }
        Some(text.to_owned())
    }

    fn schema(_: &mut Definitions) -> Value {
        json!({ "type": "string", "maxLength": MOST_TEXT })
    }
}

impl Read for bool {
    fn read(node: &Node<'_>, to: &mut Reader) -> Option<Self> {
        let found = node.get_ref().as_bool();
        if found.is_none() {
            to.wrong_type(node, "true or false");
        }
        found
    }

    fn schema(_: &mut Definitions) -> Value {
        json!({ "type": "boolean" })
    }
}

/// The most of a number in a blueprint: all of them count things that are listed.
const MOST: u32 = 1_000;

impl Read for u32 {
    fn read(node: &Node<'_>, to: &mut Reader) -> Option<Self> {
        let Some(number) = node.get_ref().as_integer() else {
            to.wrong_type(node, "a number");
            return None;
        };
        let value = u32::from_str_radix(number.as_str(), number.radix()).ok();
        let found = value.filter(|number| (1..=MOST).contains(number));
        if found.is_none() {
            let message = format!("{} is out of bounds", number.as_str());
            to.note(
                &node.span(),
                Code::WrongValue,
                message,
                format!("write a number from 1 to {MOST}"),
            );
        }
        found
    }

    fn schema(_: &mut Definitions) -> Value {
        json!({ "type": "integer", "minimum": 1, "maximum": MOST })
    }
}

impl<T: Read> Read for Option<T> {
    fn read(node: &Node<'_>, to: &mut Reader) -> Option<Self> {
        T::read(node, to).map(Some)
    }

    fn schema(known: &mut Definitions) -> Value {
        T::schema(known)
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(node: &Node<'_>, to: &mut Reader) -> Option<Self> {
        let Some(list) = node.get_ref().as_array() else {
            to.wrong_type(node, "a list");
            return None;
        };
        if list.len() > MOST_ENTRIES {
            let message = format!("the list has {} entries", list.len());
            let mend = format!("shorten it to {MOST_ENTRIES}");
            to.note(&node.span(), Code::WrongValue, message, mend);
            return None;
        }
        let all: Vec<Option<T>> = list
            .iter()
            .enumerate()
            .map(|(at, entry)| to.within(format!("[{}]", entry_name(at, entry)), |to| T::read(entry, to)))
            .collect();
        all.into_iter().collect()
    }

    fn schema(known: &mut Definitions) -> Value {
        json!({ "type": "array", "maxItems": MOST_ENTRIES, "items": T::schema(known) })
    }
}

impl<T: Choice> Read for T {
    fn read(node: &Node<'_>, to: &mut Reader) -> Option<Self> {
        let Some(word) = node.get_ref().as_str() else {
            to.wrong_type(node, "a text");
            return None;
        };
        let found = T::parse(word);
        if found.is_none() {
            let words = || T::ALL.iter().map(|(_, word, _)| *word);
            let mend = match closest(word, words()) {
                Some(meant) => format!("write \"{meant}\""),
                None => format!("write one of {}", words().collect::<Vec<_>>().join(", ")),
            };
            to.note(
                &node.span(),
                Code::WrongValue,
                format!("there is no {} {word:?}", T::NOUN),
                mend,
            );
        }
        found
    }

    fn schema(_: &mut Definitions) -> Value {
        let words: Vec<Value> = T::ALL
            .iter()
            .map(|(_, word, about)| json!({ "const": word, "description": about.trim() }))
            .collect();
        json!({ "oneOf": words })
    }
}

/// A text in several languages, by their tags. English must be there: it stands in for languages that are not.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Words(pub BTreeMap<String, String>);

impl Words {
    /// The text in a language, else in English.
    pub fn in_language(&self, tag: &str) -> &str {
        self.only_in(tag).or_else(|| self.only_in("en")).unwrap_or_default()
    }

    /// The text in a language and in no other.
    pub fn only_in(&self, tag: &str) -> Option<&str> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        let exact = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(tag));
        let found = exact.or_else(|| self.0.iter().find(|(known, _)| **known == primary));
        found.map(|(_, text)| text.as_str())
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Read for Words {
    fn read(node: &Node<'_>, to: &mut Reader) -> Option<Self> {
        let Some(table) = node.get_ref().as_table() else {
            to.wrong_type(node, "a table of languages such as { en = \"About us\" }");
            return None;
        };
        let mut words = BTreeMap::new();
        let mut all = true;
        for (tag, text) in table.iter() {
            let name = tag.get_ref();
            if !is_language(name) {
                let mend = "write one such as en, de or pt-BR";
                to.note(
                    &tag.span(),
                    Code::WrongValue,
                    format!("{name:?} is no language tag"),
                    mend,
                );
                all = false;
                continue;
            }
            let text = to.within(dotted(&to.place, name), |to| String::read(text, to));
            all &= text.is_some();
            words.extend(text.map(|text| (name.to_string(), text)));
        }
        if !table.contains_key("en") {
            let span = node.span();
            to.note(
                &(span.start..span.start),
                Code::MissingKey,
                "`en` is missing",
                "add it: English stands in for other languages",
            );
            all = false;
        }
        all.then_some(Self(words))
    }

    fn schema(known: &mut Definitions) -> Value {
        json!({
            "type": "object",
            "description": "The text by language.",
            "required": ["en"],
            "propertyNames": { "pattern": "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$" },
            "additionalProperties": String::schema(known),
        })
    }
}

/// The shape of a BCP 47 tag.
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_lowercase())
        && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Options of a theme: texts, numbers, true or false, by name.
pub type Options = BTreeMap<String, Value>;

impl Read for Options {
    fn read(node: &Node<'_>, to: &mut Reader) -> Option<Self> {
        let Some(table) = node.get_ref().as_table() else {
            to.wrong_type(node, "a table");
            return None;
        };
        let mut options = Self::new();
        let mut all = true;
        for (name, value) in table.iter() {
            let found = match value.get_ref() {
                DeValue::String(_) => to
                    .within(dotted(&to.place, name.get_ref()), |to| String::read(value, to))
                    .map(Value::from),
                DeValue::Boolean(found) => Some(Value::from(*found)),
                DeValue::Integer(found) => i64::from_str_radix(found.as_str(), found.radix()).ok().map(Value::from),
                _ => {
                    to.wrong_type(value, "a text, a number, true or false");
                    None
                }
            };
            all &= found.is_some();
            options.extend(found.map(|found| (name.get_ref().to_string(), found)));
        }
        all.then_some(options)
    }

    fn schema(_: &mut Definitions) -> Value {
        json!({
            "type": "object",
            "additionalProperties": { "type": ["string", "boolean", "integer"], "maxLength": MOST_TEXT },
        })
    }
}

/// The schema of a named type, kept once.
pub(super) fn defined(known: &mut Definitions, name: &str, schema: impl FnOnce(&mut Definitions) -> Value) -> Value {
    if !known.contains_key(name) {
        known.insert(name.to_owned(), Value::Null);
        let schema = schema(known);
        known.insert(name.to_owned(), schema);
    }
    json!({ "$ref": format!("#/definitions/{name}") })
}

/// A schema with a description. In draft 7 nothing may stand beside `$ref`.
pub(super) fn described(schema: Value, about: &str) -> Value {
    let about = about.trim();
    match schema {
        Value::Object(mut known) if !known.contains_key("$ref") => {
            known.insert("description".to_owned(), about.into());
            Value::Object(known)
        }
        other => json!({ "allOf": [other], "description": about }),
    }
}

/// The keys of the tables that a list of tables has, for checks that two of them do not say the same.
pub(super) fn twice<'a>(words: impl IntoIterator<Item = (&'a str, Range<usize>)>) -> Vec<(&'a str, Range<usize>)> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    words.into_iter().filter(|(word, _)| !seen.insert(word)).collect()
}

/// Declares a table of the file. `name as "key"` where the key is a word of Rust's; `[default]` where it may be left out.
macro_rules! record {
    ($(#[doc = $about:literal])* $name:ident {
        $($(#[doc = $doc:literal])* $field:ident $(as $key:literal)? $([$default:ident])?: $kind:ty,)*
    }) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[doc = $doc])* $(#[serde(rename = $key)])? $(#[serde($default)])? pub $field: $kind,)*
        }

        impl $crate::blueprint::record::Read for $name {
            fn read(
                node: &$crate::blueprint::record::Node<'_>,
                to: &mut $crate::blueprint::record::Reader,
            ) -> Option<Self> {
                let table = to.table(node, &[$(record!(@key $field $($key)?)),*])?;
                $(let $field: Option<$kind> =
                    record!(@read to, node, table, record!(@key $field $($key)?), concat!($($doc,)*) $(, $default)?);)*
                Some(Self { $($field: $field?,)* })
            }

            fn schema(known: &mut $crate::blueprint::record::Definitions) -> serde_json::Value {
                $crate::blueprint::record::defined(known, stringify!($name), |known| {
                    let mut properties = serde_json::Map::new();
                    let mut required: Vec<&str> = Vec::new();
                    $(
                        let key = record!(@key $field $($key)?);
                        let schema = <$kind as $crate::blueprint::record::Read>::schema(known);
                        let about = concat!($($doc,)*);
                        properties.insert(key.to_owned(), $crate::blueprint::record::described(schema, about));
                        if !record!(@optional $($default)?) {
                            required.push(key);
                        }
                    )*
                    serde_json::json!({
                        "type": "object",
                        "description": concat!($($about,)*).trim(),
                        "properties": properties,
                        "required": required,
                        "additionalProperties": false,
                    })
                })
            }
        }
    };
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };
    (@optional) => { false };
    (@optional default) => { true };
    (@read $to:ident, $node:ident, $table:ident, $key:expr, $doc:expr) => { $to.required($node, $table, $key, $doc) };
    (@read $to:ident, $node:ident, $table:ident, $key:expr, $doc:expr, default) => { $to.optional($table, $key) };
}
pub(super) use record;
