//! A draft, and the Markdown with YAML front matter that models write one in.
//!
//! What is read is hostile: it is bounded before it is parsed, only known fields are looked at, and every complaint is worded
//! for the model that is to mend it.

use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::plain;

/// Bytes of the front matter, and of a whole draft.
pub const MAX_HEAD: usize = 64 << 10;
/// See [`MAX_HEAD`].
pub const MAX_DRAFT: usize = 2 << 20;
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

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    title: String,
    #[serde(default)]
    seo_title: String,
    #[serde(default)]
    meta_description: String,
    #[serde(default)]
    excerpt: String,
    #[serde(default, deserialize_with = "bounded")]
    faq: Vec<Faq>,
    #[serde(default)]
    entity: Entity,
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

/// Reads Markdown with front matter. A code fence around the whole, as models like to put one, is taken off.
///
/// # Errors
/// What is wrong with it, for who wrote it.
pub fn read(text: &str) -> Result<Draft, String> {
    if text.len() > MAX_DRAFT {
        return Err(format!("it is longer than {MAX_DRAFT} bytes; write less"));
    }
    let text = unfenced(text.trim_start_matches('\u{feff}').trim());
    let after = text
        .strip_prefix("---")
        .and_then(|rest| rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')))
        .ok_or("it must begin with YAML front matter: a line of ---, the fields, and a line of ---")?;
    let (head, body) = closed(after).ok_or("the front matter is not closed; put a line of --- after its fields")?;
    if head.len() > MAX_HEAD {
        return Err(format!(
            "the front matter is longer than {MAX_HEAD} bytes; the text belongs after it"
        ));
    }
    let head: Head = serde_norway::from_str(head).map_err(|error| {
        let error: String = error.to_string().chars().take(300).collect();
        format!("the front matter cannot be read: {error}; put texts with a colon or quotes in double quotes")
    })?;
    let draft = Draft {
        title: plain(&head.title),
        seo_title: plain(&head.seo_title),
        meta_description: plain(&head.meta_description),
        excerpt: plain(&head.excerpt),
        faq: head.faq,
        entity: head.entity,
        body: body.trim().to_owned(),
    };
    match problems(&draft).as_slice() {
        [] => Ok(draft),
        problems => Err(problems.join("; ")),
    }
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

/// Writes a draft as Markdown with front matter, which [`read`] reads back.
///
/// # Errors
/// When its data cannot be written as YAML.
pub fn write(draft: &Draft) -> Result<String, serde_norway::Error> {
    let head = serde_norway::to_string(&Head {
        title: draft.title.clone(),
        seo_title: draft.seo_title.clone(),
        meta_description: draft.meta_description.clone(),
        excerpt: draft.excerpt.clone(),
        faq: draft.faq.clone(),
        entity: draft.entity.clone(),
    })?;
    Ok(format!("---\n{head}---\n\n{}\n", draft.body.trim()))
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

fn unfenced(text: &str) -> &str {
    let inside = ["```markdown\n", "```md\n", "```yaml\n", "```\n"]
        .iter()
        .find_map(|fence| text.strip_prefix(fence));
    inside
        .filter(|inside| inside.starts_with("---"))
        .and_then(|inside| inside.strip_suffix("```"))
        .map_or(text, str::trim)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn answers_of_models_are_read() {
        let text = "```markdown\n---\ntitle: \"Cold brew: how\"\nmeta_description: >\n  Two\n  lines\nfaq:\n  - question: Why?\n    answer: So.\nentity:\n  price: \"12.50\"\n---\n\n## A\n\n---\n\nx\n```";
        let draft = read(text).unwrap();
        assert_eq!(
            (draft.title.as_str(), draft.meta_description.as_str()),
            ("Cold brew: how", "Two lines")
        );
        assert_eq!((draft.faq.len(), draft.entity.price.as_deref()), (1, Some("12.50")));
        assert_eq!(draft.body, "## A\n\n---\n\nx");
    }

    #[test]
    fn complaints_say_what_to_mend() {
        let many = "  - {question: a, answer: b}\n".repeat(MAX_FAQ + 1);
        for (text, problem) in [
            ("## No head", "must begin with YAML"),
            ("---\ntitle: a\n\nx", "is not closed"),
            ("---\ntitle: a: b\n---\nx", "cannot be read"),
            ("---\ntitle: a\nscore: 9\n---\nx", "score"),
            ("---\nexcerpt: a\n---\nx", "title"),
            ("---\ntitle: ''\n---\nx", "title has 0 characters"),
            ("---\ntitle: a\n---\n \n", "no text"),
            (
                "---\ntitle: a\nfaq: [{question: '', answer: b}]\n---\nx",
                "a question has 0",
            ),
            (&format!("---\ntitle: a\nfaq:\n{many}---\nx"), "at most 50"),
            (&format!("---\ntitle: {}\n---\nx", "a".repeat(MAX_HEAD)), "longer than"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(problem), "{error} / {problem}");
        }
    }

    #[test]
    fn aliases_unfold_to_nothing_large() {
        let answer = "x".repeat(4_000);
        let aliases = "  - *a\n".repeat(8_000);
        let text = format!("---\ntitle: a\nfaq:\n  - &a {{question: q, answer: {answer}}}\n{aliases}---\nx");
        assert!(read(&text).unwrap_err().contains("at most 50"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(title in "[a-zäß:#'\"%&*!|>{}-]{1,20}", excerpt in "[ -~]{0,40}", answer in "\\PC{1,40}", body in "[a-z#\n-]{1,40}") {
            prop_assume!(!answer.trim().is_empty() && !body.trim().is_empty());
            let draft = Draft {
                title,
                excerpt: plain(&excerpt),
                faq: vec![Faq { question: "q".into(), answer }],
                body: body.trim().to_owned(),
                ..Draft::default()
            };
            prop_assert_eq!(read(&write(&draft).unwrap()), Ok(draft));
        }

        #[test]
        fn nothing_makes_it_panic(text in "(---\n)?\\PC{0,80}(\n---\n)?\\PC{0,20}") {
            let _ = read(&text);
        }
    }
}
