//! Pages in the making.

use super::page::{Brand, MAX_TITLE, PagePlan};
use super::seo;
use crate::blueprint::{PageSpec, Words, pattern};
use crate::names::Structure;
use crate::slugs::slug_of;

/// A page in the making.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) page: PagePlan,
    /// What its slug is made of.
    pub(super) slug: String,
}

/// A page of a kind with nothing but that.
pub(super) fn draft(spec: &PageSpec, key: String) -> Draft {
    let address = pattern::address(&spec.url).ok();
    Draft {
        slug: String::new(),
        page: PagePlan {
            key,
            kind: spec.key.clone(),
            page_type: spec.kind,
            entity: spec.kind.entity(),
            content_type: spec.kind.entity().content_type(),
            structure: None,
            layout: spec.layout,
            cluster: None,
            role: None,
            term: None,
            terms: Vec::new(),
            title: String::new(),
            label: String::new(),
            seo_title: String::new(),
            description: String::new(),
            hidden: false,
            section: address.map_or_else(|| "/".to_owned(), |address| address.section),
            slug: String::new(),
            parent: None,
            position: 0,
            primary: None,
            keywords: Vec::new(),
            volume: 0,
            outline: Vec::new(),
            words: 0,
            blocks: Vec::new(),
            links: Vec::new(),
            required: spec.required,
            locked: false,
        },
    }
}

/// A page of which a site has one.
pub(super) fn frame_page(spec: &PageSpec, brand: &Brand) -> Draft {
    let mut draft = draft(spec, spec.key.clone());
    let values = seo::values(brand, "", "", seo::Names::default());
    let filled = |words: &Words| pattern::fill(words.in_language(&brand.language), &values);
    let page = &mut draft.page;
    page.title = short(
        &filled(&spec.title)
            .filter(|title| !title.is_empty())
            .unwrap_or_else(|| spec.name.clone()),
    );
    page.label = filled(&spec.label)
        .filter(|label| !label.is_empty())
        .unwrap_or_else(|| page.title.clone());
    if page.content_type.is_some() {
        page.structure = Some(spec.structure.unwrap_or(Structure::General));
    }
    let usual = page.structure.unwrap_or(Structure::General).words(0);
    page.words = spec.words.unwrap_or(usual);
    draft.slug = match pattern::address(&spec.url).ok().and_then(|address| address.slug) {
        Some(fixed) => fixed,
        None => first_slug([page.title.as_str(), &spec.key], &brand.language),
    };
    draft
}

/// A slug of the first text that makes one.
pub(super) fn first_slug<'t>(texts: impl IntoIterator<Item = &'t str>, language: &str) -> String {
    let mut slugs = texts.into_iter().map(|text| slug_of(text, language));
    let found = slugs.find(|slug| !slug.is_empty());
    found.unwrap_or_else(|| "page".to_owned())
}

/// A text as a title: on one line, not too long.
pub(super) fn short(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    short_to(&text, MAX_TITLE).to_owned()
}

pub(super) fn short_to(text: &str, most: usize) -> &str {
    match text.char_indices().nth(most) {
        Some((at, _)) => text[..at].trim_end(),
        None => text,
    }
}
