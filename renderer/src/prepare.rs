//! What templates see of each page and term, made once and shared: a clone of a [`Value`] is a counter.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rayon::prelude::*;
use tera::{Map, Value};

use crate::diagnostic::Diagnostic;
use crate::locale::{Reader, is_amount};
use crate::markdown::{Labels, text};
use crate::plan::{Plan, PlannedSection};
use crate::seo::json_ld::site_nodes;
use crate::site::{Availability, Body, ClusterRole, PageKind, TaxonomyKind};
use crate::theme::{Theme, Words};

/// Characters of a meta description that search results show.
const DESCRIPTION: usize = 160;
/// Characters of a summary on a card.
const SUMMARY: usize = 220;

/// Builds a map for templates.
macro_rules! map {
    ($($key:literal => $value:expr),* $(,)?) => {{
        let mut map = ::tera::Map::with_capacity([$($key),*].len());
        $(map.insert($key.into(), ::tera::Value::from($value));)*
        ::tera::Value::from(map)
    }};
}
pub(crate) use map;

/// `None` is something a template can test.
pub(crate) fn optional<T: Into<Value>>(value: Option<T>) -> Value {
    value.map_or_else(Value::none, Into::into)
}

/// Text that is shown only if there is any.
pub(crate) fn text_or_none(text: &str) -> Value {
    let text = text.trim();
    if text.is_empty() {
        Value::none()
    } else {
        Value::from(text)
    }
}

/// One language of the site: how it writes, and the theme's words.
pub(crate) struct Language {
    pub tag: String,
    pub reader: Reader,
    pub words: Words,
    pub words_value: Value,
    pub labels: Labels,
    pub rtl: bool,
    /// The beginning of the structured data of every page.
    pub site_nodes: String,
}

impl Language {
    fn new(plan: &Plan<'_>, tag: &str, zone: Tz, theme: &Theme) -> Self {
        let words = theme.words(tag);
        let labels = Labels {
            note: words.get("note"),
            tip: words.get("tip"),
            important: words.get("important"),
            warning: words.get("warning"),
            caution: words.get("caution"),
            footnotes: words.get("footnotes"),
            back_to_text: words.get("back_to_text"),
            link_to_section: words.get("link_to_section"),
            table: words.get("table"),
            code: words.get("code"),
        };
        let base = tag.split('-').next().unwrap_or_default();
        let rtl = matches!(
            base,
            "ar" | "he" | "fa" | "ur" | "yi" | "ps" | "dv" | "ckb" | "sd" | "ug"
        );
        Self {
            tag: tag.to_owned(),
            reader: Reader::new(tag, zone),
            words_value: words.value(),
            words,
            labels,
            rtl,
            site_nodes: site_nodes(plan, tag),
        }
    }
}

/// A page as lists show it, with the few plain facts that the renderer itself needs.
pub(crate) struct Card {
    pub value: Value,
    /// For `<meta name="description">`; may be empty.
    pub description: String,
    pub summary: String,
    pub words: usize,
    /// First publication and last change as [`Reader::iso`] writes them.
    pub published: Option<String>,
    pub updated: Option<String>,
}

/// Everything shared by the jobs of one render.
pub(crate) struct Prepared {
    pub languages: Vec<Language>,
    /// By page index.
    pub cards: Vec<Card>,
    /// By term index: what a link to a term needs.
    pub terms: Vec<Value>,
}

impl Prepared {
    pub fn new(plan: &Plan<'_>, theme: &Theme, findings: &mut Vec<Diagnostic>) -> Self {
        let zone = plan.site.settings.time_zone.parse::<Tz>().unwrap_or_else(|_| {
            findings.push(Diagnostic::warning(
                "",
                "time-zone",
                format!(
                    "`{}` is not a time zone of the IANA list; UTC is used",
                    plan.site.settings.time_zone
                ),
            ));
            Tz::UTC
        });
        let languages: Vec<Language> = plan
            .languages
            .iter()
            .map(|tag| Language::new(plan, tag, zone, theme))
            .collect();
        let terms: Vec<Value> = (0..plan.terms.len()).map(|i| term_value(plan, i)).collect();
        let sections: Vec<Value> = plan.sections.iter().map(|s| section_value(plan, s)).collect();
        let (cards, found): (Vec<Card>, Vec<Vec<Diagnostic>>) = (0..plan.pages.len())
            .into_par_iter()
            .map(|i| {
                let mut found = Vec::new();
                (card(plan, &languages, &sections, &terms, i, &mut found), found)
            })
            .unzip();
        findings.extend(found.into_iter().flatten());
        Self {
            languages,
            cards,
            terms,
        }
    }
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

/// The word templates know a taxonomy's kind by.
pub(crate) fn taxonomy_kind(kind: TaxonomyKind) -> &'static str {
    match kind {
        TaxonomyKind::BlogCategory => "blog_category",
        TaxonomyKind::BlogTag => "blog_tag",
        TaxonomyKind::ProductCategory => "product_category",
        TaxonomyKind::ProductTag => "product_tag",
        TaxonomyKind::ProductAttribute => "product_attribute",
        TaxonomyKind::ServiceCategory => "service_category",
    }
}

fn term_value(plan: &Plan<'_>, i: usize) -> Value {
    let term = &plan.terms[i];
    let taxonomy = &plan.site.taxonomies[term.taxonomy];
    map! {
        "taxonomy" => taxonomy.name.as_str(),
        "taxonomy_title" => taxonomy.title.as_str(),
        "kind" => taxonomy_kind(taxonomy.kind),
        "slug" => term.slug.as_str(),
        "name" => term.name.as_str(),
        "description" => text_or_none(term.term.map_or("", |t| t.description.as_str())),
        "url" => plan.address.href(&term.listing.path),
        "permalink" => plan.address.absolute(&term.listing.path),
        "count" => term.listing.items.len(),
    }
}

/// A moment as templates show it; `iso` is the same as [`Reader::iso`] writes it.
fn date_value(reader: &Reader, moment: DateTime<Utc>, iso: &str) -> Value {
    map! { "iso" => iso, "text" => reader.date(moment), "year" => reader.year(moment) }
}

/// An image by its public path or address, with its size where it is known.
pub(crate) fn image_value(plan: &Plan<'_>, link: &str, alt: &str, page: &str, findings: &mut Vec<Diagnostic>) -> Value {
    let Some(src) = plan.address.safe_image(link) else {
        findings.push(Diagnostic::warning(
            page,
            "image-refused",
            format!("the image {link:?} is not a path on this site or an http address"),
        ));
        return Value::none();
    };
    let media = match plan.address.target(link, "/") {
        crate::address::Target::Site { path, .. } => {
            let media = plan.media_at(&path);
            if media.is_none() {
                findings.push(Diagnostic::warning(
                    page,
                    "image-missing",
                    format!("the image {path} is not on this site"),
                ));
                return Value::none();
            }
            media
        }
        _ => None,
    };
    let alt = media.map(|m| m.alt.as_str()).filter(|a| !a.is_empty()).unwrap_or(alt);
    map! {
        "absolute" => plan.address.absolutise(&src),
        "src" => src,
        "alt" => alt,
        "width" => optional(media.and_then(|m| m.width)),
        "height" => optional(media.and_then(|m| m.height)),
    }
}

/// What a link to a page's section needs.
fn section_value(plan: &Plan<'_>, section: &PlannedSection<'_>) -> Value {
    let url = section.render.then(|| plan.address.href(&section.path));
    map! { "title" => section.section.title.as_str(), "url" => optional(url) }
}

fn card(
    plan: &Plan<'_>,
    languages: &[Language],
    sections: &[Value],
    terms: &[Value],
    i: usize,
    findings: &mut Vec<Diagnostic>,
) -> Card {
    let planned = &plan.pages[i];
    let page = planned.page;
    let language = &languages[planned.language];
    let reader = &language.reader;
    let (Body::Markdown(source) | Body::Html(source)) = &page.body;
    let length = text::length(source);

    let excerpt = text::collapse(&page.excerpt);
    let described = text::collapse(&page.description);
    let start = if excerpt.is_empty() && described.is_empty() {
        text::excerpt(&page.body, SUMMARY)
    } else {
        String::new()
    };
    let first = |choices: [&str; 3]| {
        choices
            .into_iter()
            .find(|c| !c.is_empty())
            .unwrap_or_default()
            .to_owned()
    };
    let description = text::truncate(&first([&described, &excerpt, &start]), DESCRIPTION * 2);
    let description = if described.is_empty() {
        text::truncate(&description, DESCRIPTION)
    } else {
        description
    };
    let summary = text::truncate(&first([&excerpt, &described, &start]), SUMMARY);

    let title = if page.title.trim().is_empty() {
        findings.push(Diagnostic::warning(
            &planned.path,
            "title-missing",
            "the page has no title; its address is shown instead",
        ));
        planned.path.as_str()
    } else {
        page.title.trim()
    };
    let section = planned.section.map(|(s, _)| sections[s].clone());
    let entity = &page.entity;
    let price = match (&entity.price, &entity.currency) {
        (Some(amount), currency) if is_amount(amount) => {
            let currency = currency.as_deref().unwrap_or_default();
            Some(map! { "amount" => amount.as_str(), "currency" => currency, "text" => reader.price(amount, currency) })
        }
        (Some(amount), _) => {
            findings.push(Diagnostic::warning(
                &planned.path,
                "price",
                format!("the price {amount:?} is not a decimal number like 12.50; it is left out"),
            ));
            None
        }
        _ => None,
    };
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
    let image = match page.image.as_deref().filter(|link| !link.trim().is_empty()) {
        Some(link) => image_value(plan, link, title, &planned.path, findings),
        None => Value::none(),
    };
    let published = page.published_at.map(|d| reader.iso(d));
    let updated = page.updated_at.map(|d| reader.iso(d));
    let shown_update = page.updated_at.filter(|u| page.published_at.is_none_or(|p| *u > p));
    let value = map! {
        "kind" => kind_name(page.kind),
        "path" => planned.path.as_str(),
        "url" => plan.address.href(&planned.path),
        "permalink" => plan.address.absolute(&planned.path),
        "title" => title,
        "summary" => summary.as_str(),
        "description" => description.as_str(),
        "language" => language.tag.as_str(),
        "published" => optional(page.published_at.zip(published.as_deref()).map(|(d, iso)| date_value(reader, d, iso))),
        "updated" => optional(shown_update.zip(updated.as_deref()).map(|(d, iso)| date_value(reader, d, iso))),
        "author" => text_or_none(page.author.as_deref().unwrap_or_default()),
        "image" => image,
        "section" => optional(section),
        "terms" => planned.terms.iter().map(|&t| terms[t].clone()).collect::<Vec<Value>>(),
        "words" => length.total(),
        "minutes" => length.minutes(),
        "price" => optional(price),
        "availability" => optional(availability),
        "brand" => text_or_none(entity.brand.as_deref().unwrap_or_default()),
        "sku" => text_or_none(entity.sku.as_deref().unwrap_or_default()),
        "gtin" => text_or_none(entity.gtin.as_deref().unwrap_or_default()),
        "rating" => optional(rating),
        "area" => text_or_none(entity.area.as_deref().unwrap_or_default()),
        "price_range" => text_or_none(entity.price_range.as_deref().unwrap_or_default()),
        "cluster" => optional(cluster),
        "extra" => extra(&page.extra),
    };
    Card {
        value,
        description,
        summary,
        words: length.total(),
        published,
        updated,
    }
}

/// Front matter that the renderer does not know, for themes that do.
fn extra(extra: &indexmap::IndexMap<String, serde_json::Value>) -> Value {
    let map: Map = extra
        .iter()
        .map(|(k, v)| (k.clone().into(), Value::from_serializable(v)))
        .collect();
    Value::from(map)
}
