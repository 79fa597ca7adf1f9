//! Pages as lists and templates see them.

use chrono::{DateTime, Utc};
use tera::{Map, Value};

use super::{Language, Prepared, image_value, map, optional, text_or_none};
use crate::diagnostic::Diagnostic;
use crate::incremental::facts::digest_of;
use crate::incremental::trace;
use crate::locale::{Reader, is_amount};
use crate::markdown::text::{self, Length};
use crate::plan::Plan;
use crate::site::{Availability, Body, ClusterRole, PageKind};

/// Characters of a meta description that search results show.
const DESCRIPTION: usize = 160;
/// Characters of a summary on a card.
const SUMMARY: usize = 220;

/// What takes a page's text, or a look at other files, to know: made once for every page, and small, since all are held.
#[derive(Debug)]
pub(crate) struct Card {
    /// For `<meta name="description">`; may be empty.
    pub description: String,
    pub summary: String,
    pub words: usize,
    length: Length,
    /// First publication and last change as [`Reader::iso`] writes them.
    pub published: Option<String>,
    pub updated: Option<String>,
    /// The featured image as in [`image_value`].
    pub image: Value,
    price: Value,
}

impl Card {
    pub fn new(plan: &Plan<'_>, languages: &[Language], i: usize, findings: &mut Vec<Diagnostic>) -> Self {
        let planned = &plan.pages[i];
        let page = &planned.page;
        let reader = &languages[planned.language].reader;
        let body = plan.body(i, findings);
        let (Body::Markdown(source) | Body::Html(source)) = body.as_ref();
        let length = text::length(source);

        let excerpt = text::collapse(&page.excerpt);
        let described = text::collapse(&page.description);
        let start = if excerpt.is_empty() && described.is_empty() {
            let start = text::excerpt(&body, SUMMARY);
            if start.is_empty() {
                crate::blocks::plain_text(&page.blocks, SUMMARY)
            } else {
                start
            }
        } else {
            String::new()
        };
        let description = text::truncate(first([&described, &excerpt, &start]), DESCRIPTION * 2);
        let description = if described.is_empty() {
            text::truncate(&description, DESCRIPTION)
        } else {
            description
        };
        if page.title.trim().is_empty() {
            findings.push(Diagnostic::warning(
                &planned.path,
                "title-missing",
                "the page has no title; its address is shown instead",
            ));
        }
        let price = match (&page.entity.price, &page.entity.currency) {
            (Some(amount), currency) if is_amount(amount) => {
                let currency = currency.as_deref().unwrap_or_default();
                map! { "amount" => amount.as_str(), "currency" => currency, "text" => reader.price(amount, currency) }
            }
            (Some(amount), _) => {
                findings.push(Diagnostic::warning(
                    &planned.path,
                    "price",
                    format!("the price {amount:?} is not a decimal number like 12.50; it is left out"),
                ));
                Value::none()
            }
            _ => Value::none(),
        };
        let image = match page.image.as_deref().filter(|link| !link.trim().is_empty()) {
            Some(link) => image_value(plan, link, planned.title(), &planned.path, findings),
            None => Value::none(),
        };
        Self {
            description,
            summary: text::truncate(first([&excerpt, &described, &start]), SUMMARY),
            words: length.total(),
            length,
            published: page.published_at.map(|d| reader.iso(d)),
            updated: page.updated_at.map(|d| reader.iso(d)),
            image,
            price,
        }
    }
}

impl Card {
    /// Tells two cards apart.
    pub fn digest(&self) -> u64 {
        let texts = (&self.description, &self.summary, &self.published, &self.updated);
        trace::identity(&(
            texts,
            (self.words, self.length.words, self.length.cjk),
            (digest_of(&self.image), digest_of(&self.price)),
        ))
    }
}

/// A page as templates see it: `page`, and the items of lists. Who shows it depends on [`Fact::Card`], so what is taken from
/// the page must be in the digest of it that [`crate::incremental`] makes.
///
/// [`Fact::Card`]: crate::incremental::trace::Fact::Card
pub(super) fn value(plan: &Plan<'_>, prepared: &Prepared, i: usize) -> Value {
    let planned = &plan.pages[i];
    let page = &planned.page;
    let card = &prepared.cards[i];
    let language = &prepared.languages[planned.language];
    let reader = &language.reader;
    let entity = &page.entity;
    let lead = text::collapse(first([&page.excerpt, &page.description, ""]));
    let availability = entity.availability.map(|a| {
        let key = match a {
            Availability::InStock => "in_stock",
            Availability::OutOfStock => "out_of_stock",
            Availability::PreOrder => "pre_order",
            Availability::Discontinued => "discontinued",
        };
        map! { "key" => key, "text" => language.words.get(key) }
    });
    let rating = entity.rating_value.filter(|v| (0.0..=5.0).contains(v)).map(|value| {
        map! { "value" => (value * 10.0).round() / 10.0, "count" => optional(entity.rating_count) }
    });
    let cluster = page.cluster.as_ref().map(|c| {
        let role = match c.role {
            ClusterRole::Hub => "hub",
            ClusterRole::Supporting => "supporting",
            ClusterRole::Attribute => "attribute",
        };
        map! { "id" => c.id.as_str(), "name" => c.name.as_str(), "role" => role }
    });
    let date = |moment: Option<DateTime<Utc>>, iso: &Option<String>| {
        optional(moment.zip(iso.as_deref()).map(|(d, iso)| date_value(reader, d, iso)))
    };
    let shown_update = page.updated_at.filter(|u| page.published_at.is_none_or(|p| *u > p));
    map! {
        "kind" => kind_name(page.kind),
        "path" => planned.path.as_str(),
        "url" => plan.address.href(&planned.path),
        "permalink" => plan.address.absolute(&planned.path),
        "title" => planned.title(),
        "summary" => card.summary.as_str(),
        "lead" => text_or_none(&lead),
        "description" => card.description.as_str(),
        "language" => language.tag.as_str(),
        "published" => date(page.published_at, &card.published),
        "updated" => date(shown_update, &card.updated),
        "author" => text_or_none(page.author.as_deref().unwrap_or_default()),
        "image" => card.image.clone(),
        "section" => optional(planned.section.map(|(s, _)| prepared.sections[s].clone())),
        "terms" => planned.terms.iter().map(|&t| prepared.terms[t].clone()).collect::<Vec<Value>>(),
        "words" => card.words,
        "minutes" => card.length.minutes(),
        "price" => card.price.clone(),
        "availability" => optional(availability),
        "brand" => text_or_none(entity.brand.as_deref().unwrap_or_default()),
        "sku" => text_or_none(entity.sku.as_deref().unwrap_or_default()),
        "gtin" => text_or_none(entity.gtin.as_deref().unwrap_or_default()),
        "rating" => optional(rating),
        "area" => text_or_none(entity.area.as_deref().unwrap_or_default()),
        "price_range" => text_or_none(entity.price_range.as_deref().unwrap_or_default()),
        "cluster" => optional(cluster),
        "extra" => if page.extra.is_empty() { prepared.nothing.clone() } else { extra(&page.extra) },
    }
}

/// The first that says something.
fn first(choices: [&str; 3]) -> &str {
    choices.into_iter().find(|c| !c.trim().is_empty()).unwrap_or_default()
}

/// The word templates know a kind by.
pub(crate) fn kind_name(kind: PageKind) -> &'static str {
    match kind {
        PageKind::Post => "post",
        PageKind::Page => "page",
        PageKind::Product => "product",
        PageKind::Service => "service",
        PageKind::Home => "home",
        PageKind::About => "about",
        PageKind::Contact => "contact",
    }
}

/// A moment as templates show it; `iso` is the same as [`Reader::iso`] writes it.
fn date_value(reader: &Reader, moment: DateTime<Utc>, iso: &str) -> Value {
    map! { "iso" => iso, "text" => reader.date(moment), "year" => reader.year(moment) }
}

/// Front matter that the renderer does not know, for themes that do.
fn extra(extra: &indexmap::IndexMap<String, serde_json::Value>) -> Value {
    let map: Map = extra
        .iter()
        .map(|(k, v)| (k.clone().into(), Value::from_serializable(v)))
        .collect();
    Value::from(map)
}
