//! Reading the values that tables are made of: texts, numbers, lists, words of a choice.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use toml::de::DeValue;

use super::mistake::{Code, closest};
use super::record::{Definitions, Node, Read, Reader, dotted, entry_name};
use crate::names::Choice;

/// Characters of one text.
const MOST_TEXT: usize = 8_000;
/// Entries of one list.
const MOST_ENTRIES: usize = 200;

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
            let text = to.within(dotted(to, name), |to| String::read(text, to));
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
                    .within(dotted(to, name.get_ref()), |to| String::read(value, to))
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
