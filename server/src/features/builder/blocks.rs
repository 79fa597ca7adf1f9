//! Planned blocks as the renderer's blocks: composed of what is known, without a model, and put in the place of those that were
//! generated before without touching what people made of them.
//!
//! **Nothing is made up.** A block for which nothing is known (numbers, sayings of customers, people) is left out and named, so
//! that somebody can give what it needs.

use std::collections::HashMap;

use igny8_builder::names::{BlockType, Choice as _, Entity, PageType, Role};
use igny8_builder::sitemap::{BlockPlan, PagePlan};
use igny8_renderer::blocks::{Block, Part};
use serde_json::{Map, Value, json};

use super::desk::Desk;
use super::words::same;
use crate::api::Result;

/// Entries of a block that name other pages.
const ENTRIES: usize = 6;
/// Words of a heading that a description may be.
const HEADING: usize = 12;

/// What is written for one planned block.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Words {
    pub heading: String,
    /// Markdown.
    pub text: String,
    pub entries: Vec<Entry>,
}

/// An entry of a block.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Entry {
    pub heading: String,
    /// Markdown.
    pub text: String,
    /// A short fact: a number, a price, who said it.
    pub note: String,
    /// Path of a page of the site.
    pub url: Option<String>,
}

/// The blocks of a page, and those that are left out: their names with why.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Built {
    pub blocks: Vec<Value>,
    pub left_out: Vec<(String, String)>,
}

/// The anchor of a planned block: its place on the page, and what it is known by when it is made anew. Blueprints call blocks by English
/// names.
pub fn anchor(page: &PagePlan, at: usize) -> String {
    let own = |block: &BlockPlan| match igny8_builder::slugs::slug_of(&block.name, "en") {
        slug if slug.is_empty() => block.kind.word().to_owned(),
        slug => slug,
    };
    let name = page.blocks.get(at).map_or_else(|| "block".to_owned(), own);
    let before = page.blocks.iter().take(at).filter(|block| own(block) == name).count();
    match before {
        0 => name,
        n => format!("{name}-{}", n + 1),
    }
}

/// What can be said in each block of a page without a model.
pub fn known(desk: &Desk, page: &PagePlan) -> Vec<Words> {
    page.blocks.iter().map(|block| words(desk, page, block)).collect()
}

fn words(desk: &Desk, page: &PagePlan, block: &BlockPlan) -> Words {
    let business = &desk.business;
    let title = |key: &str| desk.page(key).map(|page| page.label.clone());
    let first_link = || block.links.iter().find_map(|key| title(key));
    let sentence = business
        .description
        .split_inclusive(['.', '!', '?'])
        .next()
        .unwrap_or_default();
    let short = sentence.split_whitespace().count() <= HEADING;
    match block.kind {
        BlockType::Hero => match page.page_type {
            PageType::Home if short && !sentence.trim().is_empty() => {
                let rest = business.description[sentence.len()..].trim();
                Words {
                    heading: sentence.trim().trim_end_matches('.').to_owned(),
                    text: rest.to_owned(),
                    entries: Vec::new(),
                }
            }
            PageType::Home => Words {
                heading: business.name.clone(),
                text: business.description.clone(),
                entries: Vec::new(),
            },
            _ => Words {
                heading: page.title.clone(),
                text: business.description.clone(),
                entries: Vec::new(),
            },
        },
        // How to get in touch stands at the head of the page.
        BlockType::Text if page.page_type == PageType::Contact => Words::default(),
        BlockType::Text => Words {
            heading: business.name.clone(),
            text: business.description.trim().to_owned(),
            entries: Vec::new(),
        },
        BlockType::Features | BlockType::Grid | BlockType::Card => Words {
            heading: String::new(),
            text: String::new(),
            entries: subjects(desk),
        },
        BlockType::List | BlockType::Services => {
            let section = desk
                .pages
                .sitemap
                .pages
                .iter()
                .find(|of| of.entity == Entity::Section && Some(of.address()) == block.section);
            Words {
                heading: section.map_or_else(String::new, |section| section.title.clone()),
                text: String::new(),
                entries: if block.section.is_some() {
                    Vec::new()
                } else {
                    subjects(desk)
                },
            }
        }
        BlockType::Cta => Words {
            heading: first_link().unwrap_or_default(),
            text: contact(desk),
            entries: Vec::new(),
        },
        BlockType::Form if page.page_type == PageType::Contact => Words::default(),
        BlockType::Form => Words {
            heading: page.title.clone(),
            text: String::new(),
            entries: Vec::new(),
        },
        // Numbers, sayings, questions with answers, pictures: only people know them.
        BlockType::Stats
        | BlockType::Testimonials
        | BlockType::Faq
        | BlockType::Accordion
        | BlockType::Quote
        | BlockType::Image
        | BlockType::Video => Words::default(),
    }
}

/// How to get in touch, as Markdown.
fn contact(desk: &Desk) -> String {
    let of = &desk.business.organisation;
    let mut parts: Vec<String> = Vec::new();
    if !of.phone.trim().is_empty() {
        let number: String = of.phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
        parts.push(format!("[{}](tel:{number})", of.phone.trim()));
    }
    if !of.email.trim().is_empty() {
        parts.push(format!("[{}](mailto:{})", of.email.trim(), of.email.trim()));
    }
    parts.join(" · ")
}

/// The wide subjects of the site, with their pages.
fn subjects(desk: &Desk) -> Vec<Entry> {
    let pages = desk.pages.sitemap.pages.iter();
    let mut hubs: Vec<&PagePlan> = pages.filter(|page| page.role == Some(Role::Hub)).collect();
    hubs.sort_by(|a, b| (b.volume, &a.key).cmp(&(a.volume, &b.key)));
    let entry = |page: &&PagePlan| Entry {
        heading: page.label.clone(),
        text: page.description.clone(),
        note: String::new(),
        url: Some(page.address()),
    };
    hubs.iter().take(ENTRIES).map(entry).collect()
}

/// The renderer's blocks with these words. `wanted` chooses among them by their place.
///
/// # Errors
/// When a block is none that the renderer knows; tests hold both against each other.
pub fn build(desk: &Desk, page: &PagePlan, words: &[Words], wanted: impl Fn(usize) -> bool) -> Result<Built> {
    let mut built = Built::default();
    for (at, (block, words)) in page.blocks.iter().zip(words).enumerate() {
        if !wanted(at) {
            continue;
        }
        if let Some(why) = lacks(block, words) {
            built.left_out.push((block.name.clone(), why.to_owned()));
            continue;
        }
        let value = rendered(desk, block, words, anchor(page, at));
        let known: Block = same(&value)?;
        let mut value = serde_json::to_value(&known).map_err(crate::api::Error::internal)?;
        value.sort_all_objects();
        built.blocks.push(value);
    }
    Ok(built)
}

/// Why a block would show nothing.
fn lacks(block: &BlockPlan, words: &Words) -> Option<&'static str> {
    let entries = || words.entries.is_empty();
    let (empty, why) = match block.kind {
        BlockType::Stats => (entries(), "No numbers are given."),
        BlockType::Testimonials => (entries(), "No sayings of customers are given."),
        BlockType::Faq => (entries(), "No questions with answers are given."),
        BlockType::Accordion => (entries(), "Nothing is given for it."),
        BlockType::Features | BlockType::Grid => (entries(), "Nothing is given for it."),
        BlockType::Quote => (words.text.is_empty(), "Nothing that somebody said is given."),
        BlockType::Image | BlockType::Video => (true, "A file has to be chosen by hand."),
        BlockType::List | BlockType::Services => (entries() && block.section.is_none(), "There is nothing to list."),
        BlockType::Form => (block.fields.is_empty(), "It has no fields."),
        BlockType::Hero | BlockType::Cta => (words.heading.is_empty(), "Nothing is known of it."),
        BlockType::Text | BlockType::Card => {
            let nothing = words.text.is_empty() && entries();
            (nothing, "Nothing is known of it.")
        }
    };
    empty.then_some(why)
}

fn rendered(desk: &Desk, block: &BlockPlan, words: &Words, anchor: String) -> Value {
    let mut out = Map::new();
    let mut set = |key: &str, value: Value| {
        out.insert(key.to_owned(), value);
    };
    set("type", block.kind.word().into());
    set("anchor", anchor.into());
    if !words.heading.is_empty() {
        set("heading", words.heading.clone().into());
    }
    if !words.text.is_empty() {
        set("text", words.text.clone().into());
    }
    if !block.variant.is_empty() {
        set("variant", block.variant.clone().into());
    }
    if let Some(section) = &block.section {
        set("section", section.clone().into());
    }
    if let Some(limit) = block.limit.filter(|_| block.section.is_some()) {
        set("limit", limit.into());
    }
    if block.kind.has_links() {
        let link = |key: &String| {
            let to = desk.page(key)?;
            Some(json!({ "label": to.label, "url": to.address() }))
        };
        let links: Vec<Value> = block.links.iter().filter_map(link).collect();
        if !links.is_empty() {
            set("links", links.into());
        }
    }
    let entries = |make: &dyn Fn(&Entry) -> Value| -> Value { words.entries.iter().map(make).collect() };
    match block.kind {
        BlockType::Form => {
            let language = desk.site.language.as_str();
            let field = |of: &igny8_builder::blueprint::FieldSpec| {
                json!({ "name": of.name, "kind": of.kind.word(), "label": of.label.in_language(language),
                        "required": of.required, "help": of.help.in_language(language), "options": of.options })
            };
            // Without an action it is sent to the site's own server.
            set("fields", block.fields.iter().map(field).collect());
        }
        BlockType::Faq => set(
            "items",
            entries(&|of| json!({ "question": of.heading, "answer": of.text })),
        ),
        BlockType::Stats => set("items", entries(&|of| json!({ "value": of.note, "label": of.heading }))),
        BlockType::Testimonials => set(
            "items",
            entries(&|of| json!({ "text": of.text, "name": of.heading, "role": of.note })),
        ),
        BlockType::Accordion => set(
            "items",
            entries(&|of| json!({ "heading": of.heading, "text": of.text })),
        ),
        BlockType::Quote => {
            if let Some(said) = words.entries.first() {
                set("name", said.heading.clone().into());
                set("role", said.note.clone().into());
            }
        }
        kind if kind.has_items() && !words.entries.is_empty() => set(
            "items",
            entries(&|of| {
                let mut item = json!({ "heading": of.heading, "text": of.text, "note": of.note });
                if let Some(url) = &of.url {
                    item["url"] = url.clone().into();
                }
                item
            }),
        ),
        _ => {}
    }
    Value::Object(out)
}

/// What became of the blocks of a page that was made anew.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Merged {
    pub blocks: Vec<Value>,
    /// Anchors of blocks that people made or changed, and that stay.
    pub kept: Vec<String>,
}

/// Puts new blocks in the place of those that were generated before (`base`). Blocks that people changed, added or took out stay
/// so; with `section` only the block of that anchor is exchanged, whoever made it.
pub fn merge(base: &[Value], now: &[Value], new: &[Value], keep_edits: bool, section: Option<&str>) -> Merged {
    let by_anchor = |blocks: &[Value]| -> HashMap<String, Value> {
        let known = blocks
            .iter()
            .filter_map(|block| Some((anchor_of(block)?, block.clone())));
        known.collect()
    };
    let (was, mut fresh) = (by_anchor(base), by_anchor(new));
    let mut merged = Merged::default();
    if let Some(section) = section {
        let place = |block: &Value| anchor_of(block).as_deref() == Some(section);
        let there = now.iter().any(place);
        for block in now {
            match fresh.get(section).filter(|_| place(block)) {
                Some(new) => merged.blocks.push(new.clone()),
                None => merged.blocks.push(block.clone()),
            }
        }
        if !there {
            merged.blocks.extend(fresh.remove(section));
        }
        return merged;
    }
    if !keep_edits || now.is_empty() {
        merged.blocks = new.to_vec();
        return merged;
    }
    for block in now {
        let anchor = anchor_of(block).unwrap_or_default();
        let generated = was.get(&anchor).is_some_and(|was| was == block);
        match fresh.remove(&anchor) {
            Some(new) if generated => merged.blocks.push(new),
            // What is generated no more goes, unless it is somebody's.
            None if generated => {}
            _ => {
                merged.kept.push(anchor);
                merged.blocks.push(block.clone());
            }
        }
    }
    // New ones come in their own order, each behind the one before it; what somebody took out stays out.
    let mut behind: Option<String> = None;
    for block in new {
        let Some(anchor) = anchor_of(block) else { continue };
        if fresh.contains_key(&anchor) && !was.contains_key(&anchor) {
            let at = behind.as_ref().and_then(|behind| {
                let place = |of: &Value| anchor_of(of).as_ref() == Some(behind);
                merged.blocks.iter().position(place)
            });
            let at = at.map_or(if behind.is_none() { 0 } else { merged.blocks.len() }, |at| at + 1);
            merged.blocks.insert(at, block.clone());
        }
        behind = Some(anchor);
    }
    merged
}

fn anchor_of(block: &Value) -> Option<String> {
    block.get("anchor").and_then(Value::as_str).map(str::to_owned)
}

/// Links of blocks that lead nowhere are taken out: `there` says what leads somewhere, and where to. True if anything was.
pub fn keep_links(blocks: &mut [Block], there: &dyn Fn(&str) -> Option<String>) -> bool {
    const NOWHERE: &str = "\0";
    let mut changed = false;
    for block in blocks {
        let mut nowhere = false;
        block.visit(&mut |part| {
            if let Part::Link(url) = part {
                match there(url) {
                    Some(to) if to == *url => {}
                    Some(to) => {
                        *url = to;
                        changed = true;
                    }
                    None => {
                        NOWHERE.clone_into(url);
                        nowhere = true;
                    }
                }
            }
        });
        if !nowhere {
            continue;
        }
        changed = true;
        let links = match block {
            Block::Hero(of) => Some(&mut of.links),
            Block::Text(of) => Some(&mut of.links),
            Block::Cta(of) => Some(&mut of.links),
            Block::Card(of) => Some(&mut of.links),
            _ => None,
        };
        if let Some(links) = links {
            links.retain(|link| link.url != NOWHERE);
        }
        let items = match block {
            Block::Features(of) => Some(&mut of.items),
            Block::Services(of) => Some(&mut of.items),
            Block::Grid(of) => Some(&mut of.items),
            Block::List(of) => Some(&mut of.items),
            _ => None,
        };
        for item in items.into_iter().flatten() {
            item.url = item.url.take().filter(|url| url != NOWHERE);
        }
        match block {
            Block::Image(of) => of.url = of.url.take().filter(|url| url != NOWHERE),
            Block::Quote(of) => of.url = of.url.take().filter(|url| url != NOWHERE),
            Block::Video(of) if of.url == NOWHERE => of.url.clear(),
            _ => {}
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(anchor: &str, heading: &str) -> Value {
        json!({ "type": "text", "anchor": anchor, "heading": heading })
    }

    fn anchors(blocks: &[Value]) -> Vec<String> {
        let text = |block: &Value| {
            format!(
                "{}={}",
                block["anchor"].as_str().unwrap(),
                block["heading"].as_str().unwrap()
            )
        };
        blocks.iter().map(text).collect()
    }

    #[test]
    fn what_people_made_of_blocks_stays() {
        let base = [block("a", "1"), block("b", "1"), block("c", "1"), block("d", "1")];
        // b was changed, c taken out, x added.
        let now = [block("a", "1"), block("x", "own"), block("b", "mine"), block("d", "1")];
        let new = [block("a", "2"), block("b", "2"), block("e", "2"), block("c", "2")];
        let merged = merge(&base, &now, &new, true, None);
        assert_eq!(anchors(&merged.blocks), ["a=2", "x=own", "b=mine", "e=2"]);
        assert_eq!(merged.kept, ["x", "b"]);
        assert_eq!(merge(&base, &now, &new, false, None).blocks, new);
        let one = merge(&base, &now, &[block("b", "3")], true, Some("b"));
        assert_eq!(anchors(&one.blocks), ["a=1", "x=own", "b=3", "d=1"]);
        let again = merge(&base, &now, &[block("c", "3")], true, Some("c"));
        assert_eq!(anchors(&again.blocks), ["a=1", "x=own", "b=mine", "d=1", "c=3"]);
        assert_eq!(merge(&[], &[], &new, true, None).blocks, new);
    }

    #[test]
    fn links_to_nothing_are_taken_out() {
        let blocks = json!([
            { "type": "hero", "heading": "H", "links": [{ "label": "A", "url": "/a/" }, { "label": "B", "url": "/b/" }] },
            { "type": "grid", "items": [{ "heading": "A", "url": "/a/" }, { "heading": "B", "url": "/b/" }] },
        ]);
        let mut blocks: Vec<Block> = serde_json::from_value(blocks).unwrap();
        let there = |url: &str| (url == "/a/").then(|| "/new/".to_owned());
        assert!(keep_links(&mut blocks, &there));
        let (Block::Hero(hero), Block::Grid(grid)) = (&blocks[0], &blocks[1]) else {
            panic!()
        };
        assert_eq!(hero.links.len(), 1);
        assert_eq!(hero.links[0].url, "/new/");
        assert_eq!(
            (grid.items[0].url.as_deref(), &grid.items[1].url),
            (Some("/new/"), &None)
        );
        assert!(!keep_links(&mut blocks, &|url| Some(url.to_owned())));
    }
}
