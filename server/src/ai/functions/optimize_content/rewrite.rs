//! What a model is asked for a text, and what its answer must keep to.

use serde_json::{Value, json};

use super::facts::{Facts, lost};
use super::{Input, Work, to_mend};
use crate::ai::{Ask, BuiltIn, Placeholder, Values};
use crate::features::optimizer::model::{Fields, name_of};

pub(super) const REWRITE: BuiltIn = BuiltIn {
    name: "rewrite_content",
    about: "Mends what the checks found in a text.",
    text: include_str!("rewrite.md"),
    placeholders: &[
        Placeholder {
            name: "content",
            about: "Title, search title, description, body and keywords, as JSON.",
            required: true,
            sample: r#"{"title":"Cold brew","seo_title":"","meta_description":"","body":"Steep it overnight.","body_format":"markdown","content_type":"post","content_structure":"article","primary_keyword":"cold brew","secondary_keywords":[]}"#,
        },
        Placeholder {
            name: "checks",
            about: "What was found, and how to mend it.",
            required: true,
            sample: r#"[{"check":"description_length","light":"red","mend":"Write a meta description of 121 to 156 characters.","examples":[]}]"#,
        },
        Placeholder {
            name: "brief",
            about: "What the text was written for; may be empty.",
            required: false,
            sample: r#""For people who make coffee at home.""#,
        },
        Placeholder {
            name: "tone",
            about: "How it is to sound; may be empty.",
            required: false,
            sample: r#""friendly""#,
        },
        Placeholder {
            name: "language",
            about: "The language tag.",
            required: false,
            sample: r#""en""#,
        },
    ],
};

/// The question about a text.
pub(super) fn question(work: &Work, input: &Input) -> Ask {
    let content = &work.content;
    let checks: Vec<Value> = to_mend(&work.before)
        .into_iter()
        .map(|check| {
            json!({
                "check": name_of(check.id),
                "light": check.light,
                "mend": check.mend.as_ref().map(|mend| &mend.text),
                "examples": check.examples,
            })
        })
        .collect();
    let text = json!({ "type": "string" });
    Ask {
        prompt: REWRITE.name,
        values: Values::new()
            .with(
                "content",
                json!({
                    "title": content.title,
                    "seo_title": content.seo_title,
                    "meta_description": content.meta_description,
                    "body": content.body,
                    "body_format": content.body_format,
                    "content_type": content.content_type,
                    "content_structure": content.content_structure,
                    "primary_keyword": content.primary_keyword,
                    "secondary_keywords": content.secondary_keywords,
                }),
            )
            .with("checks", checks)
            .with("brief", work.brief.clone())
            .with("tone", input.tone.clone())
            .with("language", content.language.clone()),
        schema: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["title", "seo_title", "meta_description", "body"],
            "properties": { "title": text, "seo_title": text, "meta_description": text, "body": text },
        }),
        // A token has two characters or more, also in languages that models read badly.
        max_output_tokens: u32::try_from(content.body.chars().count() / 2)
            .unwrap_or(u32::MAX)
            .saturating_add(2_000),
        temperature: Some(0.3),
    }
}

/// The fields of an answer that has all that the text has.
pub(super) fn read(work: &Work, input: &Input, answer: &Value) -> Result<Fields, String> {
    let content = &work.content;
    let text = |name: &str| answer[name].as_str().unwrap_or_default();
    let body = text("body").trim();
    if body.is_empty() || body.contains('\0') {
        return Err("body must be the whole text".to_owned());
    }
    let host = input.around.host.as_str();
    let old = Facts::of(&content.body, content.body_format, &content.language, host);
    let new = Facts::of(body, content.body_format, &content.language, host);
    // Figures that stand around the text are known, too.
    let known = [
        content.title.as_str(),
        &content.seo_title,
        &content.meta_description,
        &content.excerpt,
        &work.brief,
        content.primary_keyword.as_deref().unwrap_or_default(),
    ];
    let keywords = content.secondary_keywords.iter().map(String::as_str);
    if let Some(problem) = lost(&old, &new, known.into_iter().chain(keywords)) {
        return Err(problem);
    }
    Ok(Fields {
        title: Some(line("title", text("title"), 1, 200)?),
        seo_title: Some(line("seo_title", text("seo_title"), 0, 200)?),
        meta_description: Some(line("meta_description", text("meta_description"), 0, 500)?),
        // As people end their texts; an answer's white space is chance.
        body: Some(match content.body.ends_with('\n') {
            true => format!("{body}\n"),
            false => body.to_owned(),
        }),
    })
}

/// A short text on one line.
fn line(name: &str, text: &str, least: usize, most: usize) -> Result<String, String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if !(least..=most).contains(&text.chars().count()) || text.chars().any(char::is_control) {
        return Err(format!("{name} must have {least} to {most} characters"));
    }
    Ok(text)
}
