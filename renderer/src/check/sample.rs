//! Built-in sites for checking themes: every kind of page and archive, all blocks in all their looks, all layouts, and every value of
//! the theme's own options that there are few of.

use indexmap::IndexMap;
use serde::Deserialize;

use crate::blocks::Block;
use crate::site::{Page, PageKind, PageLayout, Section, Site, Taxonomy, TermRef};
use crate::theme::{FAMILIES, OptionKind, OptionSpec, Theme};

/// What is added to the smaller site that tests use.
#[derive(Deserialize)]
struct More {
    sections: Vec<Section>,
    taxonomies: Vec<Taxonomy>,
    /// Terms of all pages of a kind.
    terms: IndexMap<PageKind, IndexMap<String, Vec<String>>>,
    /// Terms whose archives have a text of their own.
    texts_of_terms: Vec<TermRef>,
    pages: Vec<Page>,
    /// One of each type, at the end of one page of every kind.
    blocks: Vec<Block>,
}

/// Sites by name: one with everything, the same without a home page of its own, in each layout, with other options, and with nothing.
///
/// # Errors
///
/// Only if the sample and the snapshot's format have come apart, which a test would find.
pub fn sites(theme: &Theme) -> Result<Vec<(String, Site)>, serde_json::Error> {
    let full = everything()?;
    let mut made = full.clone();
    made.pages.retain(|p| p.path != "/");
    let mut empty = full.clone();
    empty.pages.clear();
    empty.sections.clear();
    empty.taxonomies.clear();
    empty.menus.clear();
    empty.media.clear();
    empty.redirects.clear();
    empty.settings.languages.clear();
    empty.settings.organisation = Default::default();
    let mut sites = vec![
        ("everything".to_owned(), full.clone()),
        ("without a home page".to_owned(), made),
        ("empty".to_owned(), empty),
    ];
    for (n, layout) in PageLayout::ALL.into_iter().enumerate() {
        let mut site = full.clone();
        for page in &mut site.pages {
            page.layout = Some(layout);
        }
        for section in &mut site.sections {
            section.extra.insert("layout".into(), layout.word().into());
        }
        for (name, spec) in &theme.options {
            let value = match name.as_str() {
                "layout" => layout.word().into(),
                _ => other_value(spec, n),
            };
            if spec.takes(&value) {
                site.settings.theme_options.insert(name.clone(), value);
            }
        }
        for block in site.pages.iter_mut().flat_map(|page| &mut page.blocks) {
            if let Some(other) = other_look(block, n) {
                *block = other;
            }
        }
        sites.push((format!("layout {}", layout.word()), site));
    }
    Ok(sites)
}

fn everything() -> Result<Site, serde_json::Error> {
    let mut site: Site = serde_json::from_str(include_str!("../../tests/fixtures/small.json"))?;
    let more: More = serde_json::from_str(include_str!("sample.json"))?;
    site.settings.forms = Some("https://cms.example/forms/sample".to_owned());
    site.sections.extend(more.sections);
    site.taxonomies.extend(more.taxonomies);
    for page in &mut site.pages {
        for (taxonomy, slugs) in more.terms.get(&page.kind).into_iter().flatten() {
            page.terms.entry(taxonomy.clone()).or_insert_with(|| slugs.clone());
        }
    }
    for of in more.texts_of_terms {
        let mut page = more.pages[0].clone();
        page.id = format!("text-{}-{}", of.taxonomy, of.slug);
        page.path = format!("/text-of/{}/{}/", of.taxonomy, of.slug);
        page.title = format!("All about {}", of.slug);
        page.description = format!("What there is to say about {}.", of.slug);
        page.blocks = more.blocks.clone();
        page.term = Some(of);
        site.pages.push(page.into());
    }
    site.pages.extend(more.pages.into_iter().map(Into::into));
    // On the first page of each kind, beside its text, and alone on the page made for that.
    let mut seen = Vec::new();
    for page in site
        .pages
        .iter_mut()
        .filter(|page| page.language == "en" && page.term.is_none())
    {
        if page.id == "custom" || !seen.contains(&page.kind) {
            page.blocks = more.blocks.clone();
            if page.id != "custom" {
                seen.push(page.kind);
            }
        }
    }
    Ok(site)
}

/// The `n`th value of an option with few, or something for one that is empty otherwise.
fn other_value(spec: &OptionSpec, n: usize) -> serde_json::Value {
    match spec.kind {
        OptionKind::Choice => spec.allowed[n % spec.allowed.len()].as_str().into(),
        OptionKind::Font if spec.allowed.is_empty() => FAMILIES[n % FAMILIES.len()].word.into(),
        OptionKind::Font => spec.allowed[n % spec.allowed.len()].as_str().into(),
        OptionKind::Bool => n.is_multiple_of(2).into(),
        OptionKind::Text => "Words for people".into(),
        OptionKind::Image => "/media/beans.svg".into(),
        OptionKind::Link => "/contact/".into(),
        OptionKind::Color => "#3b6ea5".into(),
        OptionKind::Integer => spec.max.or(spec.min).unwrap_or(1).into(),
    }
}

/// The block in its `n`th look, if it has several.
fn other_look(block: &Block, n: usize) -> Option<Block> {
    let looks: &[&str] = match block {
        Block::Hero(_) => &["split", "center", "cover"],
        Block::Features(_) => &["grid", "rows", "steps"],
        Block::Cta(_) => &["band", "panel"],
        Block::Image(_) => &["text", "wide", "full"],
        Block::Grid(_) => &["tiles", "logos", "cards"],
        Block::Card(_) => &["side", "above"],
        Block::List(_) => &["rows", "cards", "checks", "plain"],
        _ => return None,
    };
    let mut value = serde_json::to_value(block).ok()?;
    value["variant"] = looks[n % looks.len()].into();
    serde_json::from_value(value).ok()
}
