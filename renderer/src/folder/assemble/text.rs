//! The text of a page once all addresses are known.

use std::collections::BTreeMap;

use super::doc::{Content, Doc};
use crate::folder::config::zola::Zola;
use crate::folder::config::{Config, Rules};
use crate::folder::links::{self, From, Index};
use crate::folder::problem::Problems;
use crate::folder::{anchors, blocks, kramdown, liquid, paths, shortcodes};
use crate::site::{Body, Media};

/// What there is to link to.
pub(super) fn index(docs: &[Doc], media: &[Media]) -> Index {
    let mut index = Index::default();
    for doc in docs {
        index.files.insert(doc.rel.clone(), doc.placed.path.clone());
        index.pages.insert(doc.placed.path.clone());
        if let Some(old) = &doc.placed.old {
            index.old.insert(old.clone(), doc.placed.path.clone());
        }
        let name = paths::file_name(&doc.rel);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        for name in [name, stem] {
            let pages = index.names.entry(name.to_owned());
            pages
                .and_modify(|several| *several = None)
                .or_insert_with(|| Some(doc.placed.path.clone()));
        }
        if let Some((_, name)) = doc.rel.split_once("_posts/") {
            let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
            index.posts.insert(stem.to_owned(), doc.placed.path.clone());
        }
    }
    for m in media {
        index.media.insert(m.source.clone(), m.path.clone());
        index.public.insert(m.path.clone());
    }
    index
}

/// Says that [`finish`] would find nothing to change in the text of a page and nothing to take from it.
pub(super) fn is_settled(text: &str, config: &Config) -> bool {
    let has = |mark: &[u8]| memchr::memmem::find(text.as_bytes(), mark).is_some();
    !matches!(config.rules, Rules::Jekyll(_))
        && !has(b"{{")
        && !has(b"{%")
        && !has(b"<!--")
        && links::lead_only_away(text)
        && (!keeps_anchors(config) || anchors::zola(text).is_none())
}

/// Whether headings have ids as [`anchors::zola`] knows them.
fn keeps_anchors(config: &Config) -> bool {
    matches!(config.rules, Rules::Zola(Zola { slug_anchors: true, .. }))
}

/// Tags of the old generator, then links, then what is taken from the finished text. True if the text is another now.
pub(super) fn finish(doc: &mut Doc, index: &Index, config: &Config, problems: &Problems) -> bool {
    let base = match &doc.placed.old {
        Some(old) => format!("{}/", paths::parent(old)),
        None => doc.placed.path.clone(),
    };
    let mut skipped = Vec::new();
    let from = From {
        rel: &doc.rel,
        line: doc.line,
        skipped: &[],
        base: &base,
    };
    let (title, body) = match &mut doc.what {
        Content::Page(built) => (built.page.title.clone(), &mut built.page.body),
        Content::Section(section) => (section.title.clone(), &mut section.body),
        Content::Term { .. } => return false,
    };
    let (text, html) = match body {
        Body::Markdown(text) => (text, false),
        Body::Html(text) => (text, true),
    };
    let mut changed = false;
    match &config.rules {
        Rules::Jekyll(rules) => {
            changed = true;
            let page = liquid::Context {
                title: &title,
                path: &doc.placed.path,
                rules,
                index,
                config,
                from: &from,
            };
            (*text, skipped) = liquid::render(text, &page, problems);
            if !html {
                *text = kramdown::strip_attribute_lists(text);
            }
        }
        Rules::Hugo(_) => changed |= set(text, shortcodes::hugo(text, &from, index, config, problems)),
        Rules::Zola(_) => {
            changed |= set(text, shortcodes::zola(text, &from, problems));
            if !html && keeps_anchors(config) {
                changed |= set(text, anchors::zola(text));
            }
        }
        Rules::Plain(_) => {}
    }
    let from = From {
        skipped: &skipped,
        ..from
    };
    if !doc.raw_links {
        let linked = match html {
            true => links::html(text, &from, index, config, problems),
            false => links::markdown(text, &from, index, config, problems),
        };
        changed |= set(text, linked);
    }
    let Content::Page(built) = &mut doc.what else {
        return changed;
    };
    let page = &mut built.page;
    if !doc.raw_links {
        blocks::rewrite(&mut page.blocks, &from, index, config, problems, &mut doc.missing);
    }
    if page.excerpt.is_empty() {
        page.excerpt = excerpt(&page.body, config);
    }
    let mut pictures: Vec<&mut String> = page.image.iter_mut().collect();
    pictures.extend(page.entity.gallery.iter_mut());
    for picture in pictures {
        match index.picture(picture, &from, config) {
            Ok(public) => *picture = public,
            Err(()) => doc.missing.push(picture.clone()),
        }
    }
    changed
}

fn set(text: &mut String, changed: Option<String>) -> bool {
    match changed {
        Some(changed) => {
            *text = changed;
            true
        }
        None => false,
    }
}

/// Reports pictures that are not there; one that many files name (a default) once.
pub(super) fn report_missing(docs: &[Doc], problems: &Problems) {
    let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for doc in docs {
        for picture in &doc.missing {
            missing.entry(picture).or_default().push(&doc.rel);
        }
    }
    for (picture, files) in missing {
        let picture: String = picture.chars().filter(|c| !c.is_control()).take(120).collect();
        let more = if files.len() > 3 {
            format!(", here and in {} more files", files.len() - 1)
        } else {
            String::new()
        };
        let named = if files.len() > 3 { &files[..1] } else { &files[..] };
        for file in named {
            problems.warn(
                file,
                None,
                format!("picture `{picture}` leads to nothing in this folder{more}"),
            );
        }
    }
}

/// The text before the mark that generators know for it.
fn excerpt(body: &Body, config: &Config) -> String {
    let Body::Markdown(text) = body else {
        return String::new();
    };
    let own = match &config.rules {
        Rules::Plain(_) => return String::new(),
        Rules::Jekyll(rules) => rules.excerpt_separator.as_deref(),
        _ => None,
    };
    let marks = ["<!-- more -->", "<!--more-->"];
    // Only one near the beginning counts.
    let head = |mark: &str| &text.as_bytes()[..text.len().min(4096 + mark.len())];
    let at = |mark: &str| memchr::memmem::find(head(mark), mark.as_bytes());
    let at = own.into_iter().chain(marks).find_map(at);
    let Some(at) = at.filter(|at| *at <= 4096) else {
        return String::new();
    };
    let mut out = String::new();
    for event in pulldown_cmark::Parser::new_ext(&text[..at], links::options()) {
        use pulldown_cmark::{Event, TagEnd};
        match event {
            Event::Text(t) | Event::Code(t) => out.push_str(&t),
            Event::SoftBreak | Event::HardBreak | Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item) => {
                out.push(' ')
            }
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}
