//! What a model is asked for a text, and what its answer must keep to.

use std::ops::Range;

use igny8_writer::brief_check::{self, Finding};
use igny8_writer::compose;
use igny8_writer::draft::{self, Draft, Entity, Faq};
use igny8_writer::sections;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Input, Target, sections_of, words_of};
use crate::ai::{Ask, BuiltIn, Placeholder, Values};
use crate::features::content::Content;
use crate::features::content::model::ContentType;

/// Words that one answer may have; longer pages are written in parts, since models stop early and forget the outline.
const WORDS_AT_ONCE: u32 = 2_500;
/// Words of one part of a longer page.
const WORDS_OF_PART: u32 = 1_500;
/// Characters of a text that a model is shown.
const SHOWN: usize = 30_000;

const PAGE: Placeholder = Placeholder {
    name: "page",
    about: "Title, brief, outline, keywords, structure, type and language of the page, as JSON.",
    required: true,
    sample: r#"{"title":"Cold brew coffee","brief":"For beginners.","structure":"guide","content_type":"post","language":"en","primary_keyword":"cold brew coffee","secondary_keywords":["cold brew ratio"],"outline":[{"heading":"What you need","points":["a jar"],"question":false}]}"#,
};
const INSTRUCTIONS: Placeholder = Placeholder {
    name: "instructions",
    about: "What whoever asked for it wants to be different.",
    required: false,
    sample: r#""An example for beginners.""#,
};
const WORDS: Placeholder = Placeholder {
    name: "words",
    about: "Words it should have.",
    required: false,
    sample: "1000",
};

pub(super) const WRITING: BuiltIn = BuiltIn {
    name: "write_content",
    about: "Writes a page from its brief.",
    text: include_str!("write_content.md"),
    placeholders: &[
        PAGE,
        Placeholder {
            name: "context",
            about: "The page's cluster and terms, and the site with its audience, tone and facts, as JSON.",
            required: false,
            sample: r#"{"cluster":{"name":"Cold brew","description":"","role":"hub"},"terms":["Coffee"],"site":{"name":"Example Roasters","about":"Coffee from small farms.","audience":"People who brew at home.","tone":"warm, precise","facts":["Roasted every Tuesday."]}}"#,
        },
        Placeholder {
            name: "links",
            about: "Pages of the site that the text may lead to.",
            required: false,
            sample: r#"[{"title":"Cold brew ratio","address":"/blog/cold-brew-ratio/"}]"#,
        },
        Placeholder {
            name: "current",
            about: "The text that is there, or null.",
            required: false,
            sample: "null",
        },
        INSTRUCTIONS,
        Placeholder {
            name: "part",
            about: "Which part of a long page is to be written, with its headings; null for all of it.",
            required: true,
            sample: "null",
        },
        WORDS,
        Placeholder {
            name: "site_type",
            about: "`blog`, `ecommerce` or `company`.",
            required: false,
            sample: r#""blog""#,
        },
    ],
};

pub(super) const REWRITING: BuiltIn = BuiltIn {
    name: "rewrite_section",
    about: "Writes one section of a page anew.",
    text: include_str!("rewrite_section.md"),
    placeholders: &[
        PAGE,
        Placeholder {
            name: "section",
            about: "The section as it is, in Markdown.",
            required: true,
            sample: r###""## What you need\n\nA jar.""###,
        },
        Placeholder {
            name: "others",
            about: "The headings of the other sections.",
            required: false,
            sample: r#"["Brewing"]"#,
        },
        Placeholder {
            name: "site",
            about: "The site with its audience, tone and facts, as JSON.",
            required: false,
            sample: r#"{"name":"Example Roasters","tone":"warm, precise"}"#,
        },
        INSTRUCTIONS,
        WORDS,
    ],
};

/// Which sections of the outline each question is for; one question for a page that fits into an answer.
pub(super) fn parts(brief: &compose::Brief) -> Vec<Range<usize>> {
    let count = brief.outline.iter().filter(|heading| !heading.question).count();
    if brief.words <= WORDS_AT_ONCE || count < 2 {
        return std::iter::once(0..count).collect();
    }
    let wanted = usize::try_from(brief.words.div_ceil(WORDS_OF_PART))
        .unwrap_or(count)
        .min(count);
    (0..wanted)
        .map(|n| count * n / wanted..count * (n + 1) / wanted)
        .collect()
}

fn headings(brief: &compose::Brief) -> Vec<&compose::Heading> {
    brief.outline.iter().filter(|heading| !heading.question).collect()
}

fn page(input: &Input) -> Value {
    let brief = &input.known.brief;
    json!({
        "title": brief.title,
        "brief": brief.brief,
        "structure": brief.structure,
        "content_type": input.known.content_type,
        "language": brief.language,
        "primary_keyword": brief.primary,
        "secondary_keywords": brief.secondary,
        "outline": brief.outline.iter().map(|heading| json!({
            "heading": heading.text, "points": heading.points, "question": heading.question,
        })).collect::<Vec<_>>(),
        "attributes": brief.attributes.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect::<Vec<_>>(),
        "data": brief.entity,
    })
}

/// The question for one part.
pub(super) fn part(input: &Input, parts: &[Range<usize>], n: usize) -> Ask {
    let (known, brief) = (&input.known, &input.known.brief);
    let all = headings(brief);
    let part = (parts.len() > 1).then(|| {
        let mine: Vec<&String> = all[parts[n].clone()].iter().map(|heading| &heading.text).collect();
        json!({ "part": n + 1, "of": parts.len(), "headings": mine, "with_introduction": n == 0 })
    });
    let words = words_of_part(brief.words, parts, n);
    let current = match &input.target {
        Target::Whole(content) => Some(shown(&content.body)),
        Target::New | Target::Section { .. } => None,
    };
    let text = json!({ "type": "string" });
    let data = ["brand", "price", "currency", "sku", "area", "price_range"];
    let fields: serde_json::Map<String, Value> = data.iter().map(|name| ((*name).to_owned(), text.clone())).collect();
    let values = Values::new()
        .with("page", page(input))
        .with(
            "context",
            json!({
                "cluster": known.cluster.as_ref().map(|cluster| json!({
                    "name": cluster.name, "description": cluster.description, "role": cluster.role,
                })),
                "terms": known.terms.iter().map(|(_, name)| name).collect::<Vec<_>>(),
                "site": known.site.told(),
            }),
        )
        .with(
            "links",
            links(brief)
                .map(|link| json!({ "title": link.title, "address": link.path }))
                .collect::<Vec<_>>(),
        )
        .with("current", json!(current))
        .with("instructions", json!(input.instructions))
        .with("part", json!(part))
        .with("words", words)
        .with("site_type", json!(known.site.site_type));
    Ask {
        prompt: WRITING.name,
        values,
        schema: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["seo_title", "meta_description", "excerpt", "body", "faq", "data"],
            "properties": {
                "seo_title": text,
                "meta_description": text,
                "excerpt": text,
                "body": text,
                "faq": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": false,
                        "required": ["question", "answer"],
                        "properties": { "question": text, "answer": text },
                    },
                },
                "data": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": data,
                    "properties": fields,
                },
            },
        }),
        max_output_tokens: tokens(words),
        temperature: Some(0.6),
    }
}

/// The words of a part: its share of the page's, by headings.
fn words_of_part(all: u32, parts: &[Range<usize>], n: usize) -> u32 {
    let total: u64 = parts.iter().map(|part| part.len() as u64).sum();
    let share = u64::from(all) * parts[n].len() as u64;
    if parts.len() == 1 {
        return all;
    }
    u32::try_from(share / total.max(1)).unwrap_or(all)
}

/// Room for so many words in any language, with what stands around them.
fn tokens(words: u32) -> u32 {
    (words.saturating_mul(4) + 2_000).min(16_000)
}

/// Pages that a text may lead to.
fn links(brief: &compose::Brief) -> impl Iterator<Item = &compose::Link> {
    let all = brief
        .hub
        .iter()
        .chain(&brief.supporting)
        .chain(&brief.offers)
        .chain(&brief.contact);
    all.filter(|link| link.path.is_some())
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

#[derive(Deserialize)]
struct Said {
    seo_title: String,
    meta_description: String,
    excerpt: String,
    body: String,
    faq: Vec<Faq>,
    data: Entity,
}

impl Said {
    /// Takes what its front matter says where the answer says nothing.
    fn fill(&mut self, head: draft::Head) {
        let empty = |text: &String| text.trim().is_empty();
        for (mine, theirs) in [
            (&mut self.seo_title, head.seo_title),
            (&mut self.meta_description, head.meta_description),
            (&mut self.excerpt, head.excerpt),
        ] {
            if empty(mine) {
                *mine = theirs;
            }
        }
        if self.faq.is_empty() {
            self.faq = head.faq;
        }
        let (mine, theirs) = (&mut self.data, head.entity);
        for (mine, theirs) in [
            (&mut mine.price, theirs.price),
            (&mut mine.currency, theirs.currency),
            (&mut mine.brand, theirs.brand),
            (&mut mine.sku, theirs.sku),
            (&mut mine.availability, theirs.availability),
            (&mut mine.area, theirs.area),
            (&mut mine.price_range, theirs.price_range),
        ] {
            if mine.as_ref().is_none_or(empty) {
                *mine = theirs;
            }
        }
    }
}

/// Reads the answer for a part. A strict reading also says what of the brief is missing, so that the model is asked for it once;
/// after that what it lacks is told to people.
pub(super) fn read_part(
    input: &Input,
    parts: &[Range<usize>],
    n: usize,
    answer: Value,
    strict: bool,
) -> Result<Draft, String> {
    let mut said: Said = serde_json::from_value(answer).map_err(|error| error.to_string())?;
    let known = &input.known;
    let kind = known.content_type;
    let (head, body) = bare(&said.body, &known.brief.title)?;
    said.fill(head);
    let draft = Draft {
        title: known.brief.title.clone(),
        seo_title: said.seo_title,
        meta_description: said.meta_description,
        excerpt: said.excerpt,
        faq: said.faq,
        entity: if matches!(kind, ContentType::Product | ContentType::Service) {
            given(said.data, known.brief.entity.clone(), &page(input).to_string(), kind)
        } else {
            Entity::default()
        },
        body,
    };
    let problems = draft::problems(&draft);
    if !problems.is_empty() {
        return Err(problems.join("; "));
    }
    if let Some(address) = unknown_link(&draft, &known.brief).filter(|_| strict) {
        return Err(format!(
            "it links to {address}, which is not in `links`; use only addresses from there"
        ));
    }
    let mut brief = known.to_check();
    if parts.len() > 1 {
        brief.headings = headings(&known.brief)[parts[n].clone()]
            .iter()
            .map(|heading| heading.text.clone())
            .collect();
        brief.words = words_of_part(brief.words, parts, n);
        if n > 0 {
            (brief.questions, brief.primary) = (Vec::new(), None);
        }
    }
    let serious: Vec<String> = brief_check::check(&brief, &text_of(&draft))
        .iter()
        .filter(|finding| match finding {
            Finding::HeadingMissing { .. }
            | Finding::HeadingOutOfOrder { .. }
            | Finding::QuestionMissing { .. }
            | Finding::PrimaryKeywordMissing { .. } => true,
            Finding::TooShort { words, asked } => words * 2 < *asked,
            Finding::TitleMissing | Finding::DescriptionMissing => n == 0,
            Finding::HeadingTwice { .. }
            | Finding::KeywordMissing { .. }
            | Finding::TooLong { .. }
            | Finding::TitleTooWide { .. }
            | Finding::DescriptionTooWide { .. } => false,
        })
        .take(12)
        .map(Finding::text)
        .collect();
    if strict && !serious.is_empty() {
        return Err(serious.join("; "));
    }
    Ok(draft)
}

/// A draft as the brief's check reads it.
pub(super) fn text_of(draft: &Draft) -> brief_check::Text<'_> {
    brief_check::Text {
        title: if draft.seo_title.is_empty() {
            &draft.title
        } else {
            &draft.seo_title
        },
        description: &draft.meta_description,
        body: &draft.body,
        faq: &draft.faq,
    }
}

/// The parts as one draft: head and data of the first, the texts one after the other.
pub(super) fn joined(parts: Vec<Draft>) -> Draft {
    let mut parts = parts.into_iter();
    let mut whole = parts.next().unwrap_or_default();
    for part in parts {
        whole.body = format!("{}\n\n{}", whole.body.trim_end(), part.body.trim_start());
        for faq in part.faq {
            let known = |old: &Faq| igny8_text::fold(&old.question) == igny8_text::fold(&faq.question);
            if !whole.faq.iter().any(known) && whole.faq.len() < draft::MAX_FAQ {
                whole.faq.push(faq);
            }
        }
    }
    whole
}

/// The text without what models put around it: a code fence, front matter, the page's title once more; and what the front
/// matter says.
fn bare(body: &str, title: &str) -> Result<(draft::Head, String), String> {
    if body.contains('\0') {
        return Err("the text has control characters".to_owned());
    }
    let mut text = body.trim();
    for fence in ["```markdown\n", "```md\n"] {
        if let Some(inside) = text.strip_prefix(fence).and_then(|rest| rest.strip_suffix("```")) {
            text = inside.trim();
        }
    }
    let mut head = draft::Head::default();
    if let Some((said, rest)) = draft::front_matter(text) {
        (head, text) = (said, rest);
    }
    if let Some(rest) = text.strip_prefix("# ") {
        let (first, rest) = rest.split_once('\n').unwrap_or((rest, ""));
        if igny8_text::fold(first) != igny8_text::fold(title) {
            return Err("the text must not have a heading of the first level".to_owned());
        }
        text = rest.trim_start();
    }
    Ok((head, text.to_owned()))
}

/// What the row says, and of what the model says that which the page's own description says as well: prices and numbers are never
/// made up.
fn given(said: Entity, row: Entity, facts: &str, kind: ContentType) -> Entity {
    let facts = igny8_text::fold(facts);
    let stated = |value: Option<String>| {
        value.map(|value| value.trim().to_owned()).filter(|value| {
            let folded = igny8_text::fold(value);
            !folded.is_empty() && says(&facts, &folded)
        })
    };
    let product = kind == ContentType::Product;
    let (price, currency) = match (row.price, row.currency, stated(said.price), stated(said.currency)) {
        (Some(price), currency, ..) => (Some(price), currency),
        // One without the other says nothing.
        (None, _, Some(price), Some(currency)) => (Some(price), Some(currency)),
        _ => (None, None),
    };
    Entity {
        price,
        currency,
        brand: row.brand.or_else(|| stated(said.brand).filter(|_| product)),
        sku: row.sku.or_else(|| stated(said.sku).filter(|_| product)),
        availability: row.availability,
        area: row.area.or_else(|| stated(said.area).filter(|_| !product)),
        price_range: row
            .price_range
            .or_else(|| stated(said.price_range).filter(|_| !product)),
    }
}

/// Whether a text has another in it as words of its own: `x-1` is not what `jx-100` says.
fn says(text: &str, wanted: &str) -> bool {
    let bounds = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(wanted)
        .any(|(at, found)| bounds(text[..at].chars().next_back()) && bounds(text[at + found.len()..].chars().next()))
}

/// The first link within the site that was not offered.
fn unknown_link(draft: &Draft, brief: &compose::Brief) -> Option<String> {
    let offered: Vec<&str> = links(brief).filter_map(|link| link.path.as_deref()).collect();
    let texts = std::iter::once(draft.body.as_str()).chain(draft.faq.iter().map(|faq| faq.answer.as_str()));
    texts.flat_map(igny8_writer::link_targets).find_map(|target| {
        let path = target.split('#').next().unwrap_or_default();
        let inside = path.starts_with('/') && !path.starts_with("//");
        (inside && !offered.contains(&path)).then(|| target.chars().take(200).collect())
    })
}

/// The question for a section.
pub(super) fn section(input: &Input, of: &Content, id: &str) -> Ask {
    let all: Vec<sections::Section<'_>> = sections_of(&of.body).collect();
    let text = all
        .iter()
        .find(|section| section.id == id)
        .map_or("", |section| section.text);
    let others: Vec<&String> = all
        .iter()
        .filter(|s| s.id != id && !s.heading.is_empty())
        .map(|s| &s.heading)
        .collect();
    let words = u32::try_from(words_of(text)).unwrap_or(u32::MAX).clamp(60, 2_000);
    Ask {
        prompt: REWRITING.name,
        values: Values::new()
            .with("page", page(input))
            .with("section", shown(text))
            .with("others", json!(others))
            .with("site", input.known.site.told())
            .with("instructions", json!(input.instructions))
            .with("words", words),
        schema: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["text"],
            "properties": { "text": { "type": "string" } },
        }),
        max_output_tokens: tokens(words.saturating_mul(2)),
        temperature: Some(0.6),
    }
}

/// Reads a section: it must be that section and no other.
pub(super) fn read_section(body: &str, id: &str, answer: Value) -> Result<String, String> {
    let text = answer["text"].as_str().unwrap_or_default().trim();
    if text.is_empty() || text.contains('\0') {
        return Err("the section must have a text".to_owned());
    }
    let replaced = sections::replace(body, id, text).map_err(|refused| refused.to_string())?;
    if !sections_of(&replaced).any(|section| section.id == id) {
        return Err("the section must begin with its heading, word for word".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_fact_says() {
        for (text, wanted, says_it) in [
            ("the jar jx-100 of 1 litre", "jx-100", true),
            ("the jar jx-100", "x-1", false),
            ("it costs 19.99 eur", "19.99", true),
            ("it costs 119.99", "19.99", false),
            ("x-1", "x-1", true),
        ] {
            assert_eq!(says(text, wanted), says_it, "{wanted} in {text}");
        }
    }

    #[test]
    fn what_models_put_around_a_text_goes() {
        for (body, expected) in [
            ("Text.", Ok("Text.")),
            ("```markdown\nText.\n```", Ok("Text.")),
            ("# The Title\n\nText.", Ok("Text.")),
            ("---\ntitle: x\n---\nText.", Ok("Text.")),
            ("```md\n---\ntitle: x\n---\n\n# The title\n\nText.\n```", Ok("Text.")),
            ("---\n\nUnder a rule.", Ok("---\n\nUnder a rule.")),
            ("---\n\nOne.\n\n---\n\nTwo.", Ok("---\n\nOne.\n\n---\n\nTwo.")),
            ("```rust\nfn main() {}\n```", Ok("```rust\nfn main() {}\n```")),
            ("# Another\n\nText.", Err(())),
        ] {
            assert_eq!(
                bare(body, "the title").map(|(_, text)| text).map_err(|_| ()).as_deref(),
                expected.as_deref(),
                "{body}"
            );
        }
    }

    #[test]
    fn front_matter_says_what_the_answer_does_not() {
        let body = "---\nseo_title: Theirs\nexcerpt: Theirs\nfaq:\n  - {question: q, answer: a}\n\
                    entity: {price: '5', brand: Theirs}\n---\nText.";
        let mut said = Said {
            seo_title: "Mine".into(),
            meta_description: String::new(),
            excerpt: " ".into(),
            body: String::new(),
            faq: Vec::new(),
            data: Entity {
                price: Some(String::new()),
                brand: Some("Mine".into()),
                ..Entity::default()
            },
        };
        said.fill(bare(body, "T").unwrap().0);
        assert_eq!(
            (
                said.seo_title.as_str(),
                said.meta_description.as_str(),
                said.excerpt.as_str(),
                said.faq.len()
            ),
            ("Mine", "", "Theirs", 1)
        );
        assert_eq!(
            (said.data.price.as_deref(), said.data.brand.as_deref()),
            (Some("5"), Some("Mine"))
        );
    }

    #[test]
    fn long_pages_come_in_parts() {
        let brief = |words: u32, headings: usize| compose::Brief {
            title: String::new(),
            brief: String::new(),
            outline: vec![compose::Heading::default(); headings],
            primary: None,
            secondary: Vec::new(),
            structure: compose::Structure::Guide,
            words,
            language: "en".into(),
            hub: None,
            supporting: Vec::new(),
            about: String::new(),
            contact: None,
            offers: Vec::new(),
            entity: Entity::default(),
            attributes: Vec::new(),
        };
        for (words, headings, expected) in [
            (900, 5, 1),
            (2_500, 5, 1),
            (6_000, 7, 4),
            (20_000, 3, 3),
            (9_000, 1, 1),
            (9_000, 0, 1),
        ] {
            let parts = parts(&brief(words, headings));
            assert_eq!(parts.len(), expected, "{words} words, {headings} headings");
            assert!(
                parts
                    .windows(2)
                    .all(|pair| pair[0].end == pair[1].start && !pair[0].is_empty())
            );
            let total: u32 = (0..parts.len()).map(|n| words_of_part(words, &parts, n)).sum();
            assert!(total.abs_diff(words) <= 10, "{total}");
        }
    }
}
