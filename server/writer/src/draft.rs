//! A draft, and the YAML front matter that models put before a text although its fields were asked for.
//!
//! What is read is hostile: it is bounded before it is parsed, and only known fields are looked at.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::plain;

/// Bytes of front matter.
const MAX_HEAD: usize = 64 << 10;
/// Questions of a draft.
pub const MAX_FAQ: usize = 50;

/// A question with its answer in Markdown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Faq {
    /// As a reader would ask it.
    pub question: String,
    /// In a sentence or some.
    pub answer: String,
}

/// Data of a product or service, each as it is written; nothing where nothing is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Entity {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_range: Option<String>,
}

/// A piece of content to be stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Heading of the page.
    pub title: String,
    /// Title in result pages; empty means the title.
    pub seo_title: String,
    /// Description in result pages.
    pub meta_description: String,
    /// For lists.
    pub excerpt: String,
    /// Questions shown after the body.
    pub faq: Vec<Faq>,
    /// Of products and services.
    pub entity: Entity,
    /// Markdown.
    pub body: String,
}

/// What front matter says of a text; unknown fields are not looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "as in a draft")]
pub struct Head {
    pub seo_title: String,
    #[serde(alias = "description")]
    pub meta_description: String,
    pub excerpt: String,
    #[serde(deserialize_with = "bounded")]
    pub faq: Vec<Faq>,
    pub entity: Entity,
}

/// Reads a list and stops at the first item too many, so that aliases cannot make a short text a large list.
fn bounded<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<Faq>, D::Error> {
    struct Some;
    impl<'de> Visitor<'de> for Some {
        type Value = Vec<Faq>;
        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(out, "at most {MAX_FAQ} questions with their answers")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Faq>, A::Error> {
            let mut found = Vec::new();
            while let std::option::Option::Some(item) = list.next_element()? {
                if found.len() == MAX_FAQ {
                    return Err(serde::de::Error::invalid_length(MAX_FAQ + 1, &self));
                }
                found.push(item);
            }
            Ok(found)
        }
    }
    input.deserialize_seq(Some)
}

/// Takes front matter off a text that begins with it: a line of `---`, fields whose names are words in small letters, and
/// another line of `---`. A rule at the beginning of a text is none. Fields that cannot be read say nothing.
pub fn front_matter(text: &str) -> Option<(Head, &str)> {
    let after = text
        .strip_prefix("---")
        .and_then(|rest| rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')))?;
    let (head, body) = closed(after)?;
    if head.len() > MAX_HEAD {
        return None;
    }
    let names: BTreeMap<String, IgnoredAny> = serde_norway::from_str(head).ok()?;
    let is_name = |name: &String| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '_' | '-'))
    };
    if names.is_empty() || !names.keys().all(is_name) {
        return None;
    }
    let head: Head = serde_norway::from_str(head).unwrap_or_default();
    let head = Head {
        seo_title: plain(&head.seo_title),
        meta_description: plain(&head.meta_description),
        excerpt: plain(&head.excerpt),
        ..head
    };
    Some((head, body.trim()))
}

/// What is wrong with a draft, for who wrote it; whatever is longer cannot be stored.
pub fn problems(draft: &Draft) -> Vec<String> {
    let mut found = Vec::new();
    let mut fits = |name: &str, text: &str, least: usize, most: usize| {
        let length = text.chars().count();
        if !(least..=most).contains(&length) || text.contains('\0') {
            found.push(format!(
                "{name} has {length} characters and must have {least} to {most}"
            ));
        }
    };
    fits("title", &draft.title, 1, 200);
    fits("seo_title", &draft.seo_title, 0, 200);
    fits("meta_description", &draft.meta_description, 0, 500);
    fits("excerpt", &draft.excerpt, 0, 1_000);
    for faq in draft.faq.iter().take(MAX_FAQ) {
        fits("a question", faq.question.trim(), 1, 300);
        fits("an answer", faq.answer.trim(), 1, 5_000);
    }
    for (name, value) in [
        ("price", &draft.entity.price),
        ("currency", &draft.entity.currency),
        ("brand", &draft.entity.brand),
        ("sku", &draft.entity.sku),
        ("availability", &draft.entity.availability),
        ("area", &draft.entity.area),
        ("price_range", &draft.entity.price_range),
    ] {
        if let Some(value) = value {
            fits(&format!("entity.{name}"), value, 1, 200);
        }
    }
    if draft.body.trim().is_empty() {
        found.push("there is no text after the front matter; write it".to_owned());
    }
    if draft.faq.len() > MAX_FAQ {
        found.push(format!(
            "there are more than {MAX_FAQ} questions; keep those that matter"
        ));
    }
    found
}

/// Front matter and body of what follows the opening line.
fn closed(text: &str) -> Option<(&str, &str)> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if matches!(line.trim_end(), "---" | "...") {
            return Some((&text[..at], &text[at + line.len()..]));
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn front_matter_is_taken_off_and_rules_are_not() {
        let text = "---\ntitle: \"Cold brew: how\"\ndescription: >\n  Two\n  lines\nlayout: post\nfaq:\n  - question: Why?\n    answer: So.\nentity:\n  price: \"12.50\"\n---\n\n## A\n\n---\n\nx\n";
        let (head, body) = front_matter(text).unwrap();
        assert_eq!(
            (head.meta_description.as_str(), head.seo_title.as_str()),
            ("Two lines", "")
        );
        assert_eq!((head.faq.len(), head.entity.price.as_deref()), (1, Some("12.50")));
        assert_eq!(body, "## A\n\n---\n\nx");
        let crlf = front_matter("---\r\nexcerpt: a\r\n---\r\nx").unwrap();
        assert_eq!((crlf.0.excerpt.as_str(), crlf.1), ("a", "x"));
        for text in [
            "## No head",
            "---\n\nText under a rule.",
            "---\n\nText between rules.\n\n---\n\nMore.",
            "---\nNote: read this.\n---\nMore.",
            "---\nexcerpt: not closed",
            "---\n---\nx",
            "----\nexcerpt: a\n---\nx",
            &format!("---\nexcerpt: {}\n---\nx", "a".repeat(MAX_HEAD)),
        ] {
            assert_eq!(front_matter(text), None, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        let many = "  - {question: a, answer: b}\n".repeat(MAX_FAQ + 1);
        for text in ["excerpt: [a]\n".to_owned(), format!("excerpt: a\nfaq:\n{many}")] {
            let text = format!("---\n{text}---\nx");
            assert_eq!(front_matter(&text), Some((Head::default(), "x")), "{text}");
        }
    }

    #[test]
    fn aliases_unfold_to_nothing_large() {
        let answer = "x".repeat(4_000);
        let aliases = "  - *a\n".repeat(8_000);
        let text = format!("---\nfaq:\n  - &a {{question: q, answer: {answer}}}\n{aliases}---\nx");
        assert!(front_matter(&text).is_none_or(|(head, _)| head.faq.is_empty()));
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "(---\n)?\\PC{0,80}(\n---\n)?\\PC{0,20}") {
            let _ = front_matter(&text);
        }
    }
}
