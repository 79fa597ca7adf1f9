//! What of a row is searched: what readers read, without the signs of Markdown and HTML.

use igny8_data::RecordKey as _;
use igny8_linker::body::{self, Format, Kind};
use igny8_search::Document;
use serde_json::Value;

use super::Facts;
use crate::features::content::model::{BodyFormat, Content};

/// A row as the index takes it.
pub fn document(row: &Content) -> Document {
    let mut document = Document {
        id: row.id.ulid().0,
        rev: row.rev,
        language: row.language.clone(),
        title: row.title.clone(),
        facts: Facts::of(row).into_texts(),
        deleted: row.deleted_at.map(|at| at.timestamp()),
        ..Document::default()
    };
    let format = match row.body_format {
        BodyFormat::Markdown => Format::Markdown,
        BodyFormat::Html => Format::Html,
    };
    read(&mut document, &row.body, format);
    for faq in &row.faq {
        document.headings.push(faq.question.clone());
        read(&mut document, &faq.answer, Format::Markdown);
    }
    for block in &row.blocks {
        read_block(&mut document, block);
    }
    let entity = &row.entity;
    let short = [
        Some(&row.excerpt),
        entity.brand.as_ref(),
        entity.sku.as_ref(),
        entity.gtin.as_ref(),
    ];
    document
        .texts
        .extend(short.into_iter().flatten().filter(|text| !text.is_empty()).cloned());
    document
}

fn read(document: &mut Document, source: &str, format: Format) {
    if source.trim().is_empty() {
        return;
    }
    for block in body::read(source, format).blocks {
        // Lines are what divides paragraphs in the index.
        let text = block.text.split_whitespace().collect::<Vec<_>>().join(" ");
        match block.kind {
            _ if text.is_empty() => {}
            Kind::Heading => document.headings.push(text),
            _ => document.texts.push(text),
        }
    }
}

/// A block, or an entry of one: its heading, its text in Markdown, what its links and figures are called, then what it holds.
fn read_block(document: &mut Document, block: &Value) {
    let Some(fields) = block.as_object() else { return };
    let text = |name: &str| {
        fields
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.trim().is_empty())
    };
    document
        .headings
        .extend(["heading", "question"].into_iter().filter_map(text).map(str::to_owned));
    for source in ["text", "answer"].into_iter().filter_map(text) {
        read(document, source, Format::Markdown);
    }
    let named = text("label").or(text("name"));
    let short = [named, text("value"), text("note")];
    document.texts.extend(short.into_iter().flatten().map(str::to_owned));
    for inner in fields.values().filter_map(Value::as_array).flatten() {
        read_block(document, inner);
    }
}
