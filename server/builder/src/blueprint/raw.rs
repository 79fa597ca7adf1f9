//! The file as it stands, for checks that look at several parts of it. They read what they need and leave out what is of
//! the wrong type, which reading has noted already; so one mistake does not hide the others.

use std::ops::Range;

use super::record::{Node, entry_name};
use crate::names::Choice;

/// A table of the file and what it is called.
#[derive(Clone)]
pub(super) struct Entry<'n, 'i> {
    node: &'n Node<'i>,
    /// `pages[about]`; empty for the whole file.
    pub(super) place: String,
}

/// A text of the file.
#[derive(Clone)]
pub(super) struct Text<'n> {
    pub(super) text: &'n str,
    pub(super) span: Range<usize>,
    pub(super) place: String,
}

impl<'n, 'i> Entry<'n, 'i> {
    pub(super) fn whole(node: &'n Node<'i>) -> Self {
        Self {
            node,
            place: String::new(),
        }
    }

    /// Where the table begins.
    pub(super) fn span(&self) -> Range<usize> {
        let start = self.node.span().start;
        start..start
    }

    fn node(&self, key: &str) -> Option<&'n Node<'i>> {
        self.node.get_ref().as_table()?.get(key)
    }

    fn below(&self, key: &str) -> String {
        match self.place.as_str() {
            "" => key.to_owned(),
            place => format!("{place}.{key}"),
        }
    }

    /// Whether the key is there, whatever its value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.node(key).is_some()
    }

    pub(super) fn text(&self, key: &str) -> Option<Text<'n>> {
        let node = self.node(key)?;
        Some(Text {
            text: node.get_ref().as_str()?,
            span: node.span(),
            place: self.below(key),
        })
    }

    pub(super) fn number(&self, key: &str) -> Option<i64> {
        let number = self.node(key)?.get_ref().as_integer()?;
        i64::from_str_radix(number.as_str(), number.radix()).ok()
    }

    /// Where the value of a key stands; where the table begins if it has none.
    pub(super) fn span_of(&self, key: &str) -> Range<usize> {
        self.node(key).map_or_else(|| self.span(), |node| node.span())
    }

    /// A value of a choice.
    pub(super) fn choice<T: Choice>(&self, key: &str) -> Option<T> {
        T::parse(self.text(key)?.text)
    }

    /// The values of a list of choices.
    pub(super) fn choices<T: Choice>(&self, key: &str) -> Vec<T> {
        self.texts(key).iter().filter_map(|word| T::parse(word.text)).collect()
    }

    /// The texts of a list.
    pub(super) fn texts(&self, key: &str) -> Vec<Text<'n>> {
        let list = self.node(key).and_then(|node| node.get_ref().as_array());
        let Some(list) = list else { return Vec::new() };
        let text = |node: &'n Node<'i>| {
            Some(Text {
                text: node.get_ref().as_str()?,
                span: node.span(),
                place: self.below(key),
            })
        };
        list.iter().filter_map(text).collect()
    }

    /// The texts of a table of languages.
    pub(super) fn words(&self, key: &str) -> Vec<Text<'n>> {
        let Some(of) = self.table(key) else { return Vec::new() };
        let Some(table) = of.node.get_ref().as_table() else {
            return Vec::new();
        };
        table.keys().filter_map(|tag| of.text(tag.get_ref())).collect()
    }

    /// The table of a key.
    pub(super) fn table(&self, key: &str) -> Option<Self> {
        let node = self.node(key)?;
        node.get_ref().as_table()?;
        Some(Self {
            node,
            place: self.below(key),
        })
    }

    /// The keys of the table with where they stand.
    pub(super) fn keys(&self) -> Vec<(&'n str, Range<usize>)> {
        let table = self.node.get_ref().as_table();
        let keys = table.into_iter().flat_map(|table| table.keys());
        keys.map(|key| (key.get_ref().as_ref(), key.span())).collect()
    }

    /// The value of a key as JSON would have it: a text, a number, true or false.
    pub(super) fn plain(&self, key: &str) -> Option<serde_json::Value> {
        let value = self.node(key)?.get_ref();
        let text = value.as_str().map(serde_json::Value::from);
        text.or_else(|| value.as_bool().map(serde_json::Value::from))
            .or_else(|| self.number(key).map(serde_json::Value::from))
    }

    /// The tables of a list.
    pub(super) fn entries(&self, key: &str) -> Vec<Self> {
        let list = self.node(key).and_then(|node| node.get_ref().as_array());
        let Some(list) = list else { return Vec::new() };
        list.iter()
            .enumerate()
            .filter(|(_, node)| node.get_ref().is_table())
            .map(|(at, node)| Self {
                node,
                place: format!("{}[{}]", self.below(key), entry_name(at, node)),
            })
            .collect()
    }
}
