//! What templates see of each page and term, made once and shared: a clone of a [`Value`] is a counter.

mod card;

use std::sync::{Arc, Mutex};

use chrono_tz::Tz;
use rayon::prelude::*;
use serde::ser::{Serialize, SerializeStruct, Serializer};
use tera::Value;

use crate::diagnostic::Diagnostic;
use crate::images::markup;
use crate::incremental::trace::{self, Fact};
use crate::incremental::{CardMemo, Remembering};
use crate::locale::Reader;
use crate::markdown::Labels;
use crate::plan::{Plan, PlannedSection, Row};
use crate::seo::json_ld::site_nodes;
use crate::site::TaxonomyKind;
use crate::theme::{Theme, Words};

pub(crate) use card::{Card, gallery, kind_name};

/// Values of pages kept at once, of pages with dates near each other, since jobs are done by date. One that is needed later is made
/// again, which is cheap beside holding some kilobytes for each page of a large site.
const VALUES: usize = 4 * 1024;

/// Builds a map for templates.
macro_rules! map {
    ($($key:literal => $value:expr),* $(,)?) => {
        $crate::prepare::map_of(&[$(($key, ::tera::Value::from($value))),*])
    };
}
pub(crate) use map;

/// A map for templates. Made by way of serialising, since that is Tera's one way that does not build the map twice; values in it
/// stay shared.
pub(crate) fn map_of(fields: &[(&'static str, Value)]) -> Value {
    // Nothing here can be refused: keys are texts.
    Value::try_from_serializable(&Fields(fields)).unwrap_or_else(|_| Value::none())
}

struct Fields<'f>(&'f [(&'static str, Value)]);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("", self.0.len())?;
        for (key, value) in self.0 {
            map.serialize_field(key, value)?;
        }
        map.end()
    }
}

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
    /// `sizes` of images in texts.
    pub image_sizes: String,
    pub rtl: bool,
    /// The beginning of the structured data of every page.
    pub site_nodes: String,
}

impl Language {
    fn new(plan: &Plan<'_>, l: usize, zone: Tz, theme: &Theme) -> Self {
        let tag = plan.languages[l].as_str();
        let words = theme.words(tag);
        let labels = words.labels();
        let image_sizes = theme.sizes.at(crate::images::sizes::TEXT).to_owned();
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
            image_sizes,
            rtl,
            site_nodes: site_nodes(plan, l),
        }
    }
}

/// Everything shared by the jobs of one render.
pub(crate) struct Prepared {
    pub languages: Vec<Language>,
    /// By page index.
    cards: Vec<Arc<Card>>,
    /// By term index: what a link to a term needs.
    term_links: Vec<Value>,
    /// The same, with how many pages it has.
    terms: Vec<Value>,
    /// By section index: what a link to a section needs.
    sections: Vec<Value>,
    /// Shared by all pages without front matter of their own.
    nothing: Value,
    /// Values of pages, each in the slot of its place by date modulo the number of slots.
    values: Vec<Mutex<Option<(usize, Value)>>>,
}

impl Prepared {
    /// With `memo`, cards that would be the same are taken from it; what the next render may take is added to it, with what was found
    /// about each card.
    pub fn new(
        plan: &Plan<'_>,
        theme: &Theme,
        memo: Option<&mut (Remembering, Vec<CardMemo>)>,
        findings: &mut Vec<Diagnostic>,
    ) -> Self {
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
            .enumerate()
            .map(|(l, tag)| {
                if !theme.has_words(tag) {
                    let message = format!(
                        "the theme has no words in `{tag}`: menus, labels and notes are in English there (words/{tag}.toml of a theme adds them)"
                    );
                    findings.push(Diagnostic::warning("", "words-missing", message));
                }
                Language::new(plan, l, zone, theme)
            })
            .collect();
        let terms = || 0..plan.terms.rows().len();
        let (term_links, terms) = (
            terms().map(|i| term_value(plan, i, false)).collect(),
            terms().map(|i| term_value(plan, i, true)).collect(),
        );
        let sections: Vec<Value> = plan.sections.rows().iter().map(|s| section_value(plan, s)).collect();
        let pages = plan.pages.rows();
        let card = |i: usize| {
            let mut found = Vec::new();
            (Card::new(plan, &languages, i, &mut found), found)
        };
        let cards = match memo {
            None => {
                let (cards, found): (Vec<Arc<Card>>, Vec<Vec<Diagnostic>>) = (0..pages.len())
                    .into_par_iter()
                    .map(|i| {
                        let (card, found) = card(i);
                        (Arc::new(card), found)
                    })
                    .unzip();
                findings.extend(found.into_iter().flatten());
                cards
            }
            Some((remembering, kept)) => {
                *kept = (0..pages.len())
                    .into_par_iter()
                    .map(|i| remembering.card(&pages[i], || card(i)))
                    .collect();
                remembering.cards(plan, kept);
                kept.iter().map(|card| Arc::clone(&card.card)).collect()
            }
        };
        Self {
            languages,
            cards,
            term_links,
            terms,
            sections,
            nothing: map_of(&[]),
            values: std::iter::repeat_with(Mutex::default)
                .take(pages.len().min(VALUES))
                .collect(),
        }
    }

    /// The card of a page as it is now, and what was found about it.
    pub fn make_card(&self, plan: &Plan<'_>, i: usize) -> (Card, Vec<Diagnostic>) {
        let mut found = Vec::new();
        (Card::new(plan, &self.languages, i, &mut found), found)
    }

    /// Puts other cards in the places of what they were.
    pub fn put(&mut self, cards: impl Iterator<Item = (usize, Arc<Card>)>) {
        for (i, card) in cards {
            self.cards[i] = card;
        }
    }

    /// Lets go of what was made of cards for templates.
    pub fn forget_values(&mut self) {
        for value in &mut self.values {
            *value.get_mut().unwrap_or_else(|e| e.into_inner()) = None;
        }
    }

    /// What is known of a page without its text.
    pub fn card(&self, plan: &Plan<'_>, i: usize) -> &Card {
        trace::read(Fact::Card, || plan.pages.rows()[i].identity);
        &self.cards[i]
    }

    /// What a link to a term needs, and how many pages it has. Cards show their terms without that, so that a new page changes none but
    /// the lists it is in.
    pub fn term(&self, plan: &Plan<'_>, i: usize) -> Value {
        trace::read(Fact::TermCount, || plan.terms.rows()[i].identity());
        self.terms[i].clone()
    }

    /// A page as templates see it, the same shared value wherever it is shown.
    pub fn value(&self, plan: &Plan<'_>, i: usize) -> Value {
        // Who made the value is a matter of chance, so all who see it note the same.
        trace::read(Fact::Card, || plan.pages.rows()[i].identity);
        trace::unwatched(|| self.value_in_slot(plan, i))
    }

    fn value_in_slot(&self, plan: &Plan<'_>, i: usize) -> Value {
        let slot = &self.values[plan.newest[i] as usize % self.values.len()];
        // A poisoned lock would only mean that a value was not put in.
        let kept = slot.lock().unwrap_or_else(|e| e.into_inner()).clone();
        if let Some((of, value)) = kept
            && of == i
        {
            return value;
        }
        let value = card::value(plan, self, i);
        *slot.lock().unwrap_or_else(|e| e.into_inner()) = Some((i, value.clone()));
        value
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

fn term_value(plan: &Plan<'_>, i: usize, counted: bool) -> Value {
    let term = &plan.terms[i];
    let taxonomy = &plan.site.taxonomies[term.taxonomy];
    let mut fields = vec![
        ("taxonomy", Value::from(taxonomy.name.as_str())),
        ("taxonomy_title", Value::from(taxonomy.title.as_str())),
        ("kind", Value::from(taxonomy_kind(taxonomy.kind))),
        ("slug", Value::from(term.slug.as_str())),
        ("name", Value::from(term.name.as_str())),
        (
            "description",
            text_or_none(term.term.map_or("", |t| t.description.as_str())),
        ),
        ("url", Value::from(plan.address.href(&term.listing.path))),
        ("permalink", Value::from(plan.address.absolute(&term.listing.path))),
    ];
    if counted {
        fields.push(("count", Value::from(term.listing.total())));
    }
    map_of(&fields)
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
    if let Some(found) = media.and_then(|m| markup::finding(m, page)) {
        let gone = found.code == crate::output::MEDIA_MISSING;
        findings.push(found);
        if gone {
            return Value::none();
        }
    }
    let alt = media.map(|m| m.alt.as_str()).filter(|a| !a.is_empty()).unwrap_or(alt);
    let choice = media.map(|m| markup::choice(m, &plan.address)).unwrap_or_default();
    let size = media.and_then(|m| Some((m.width?, m.height?)));
    let (card, card_size) = match choice.card {
        Some((path, width, height)) => (plan.address.absolutise(&path), Some((width, height))),
        None => (plan.address.absolutise(&src), size),
    };
    map! {
        "absolute" => card,
        "absolute_width" => optional(card_size.map(|s| s.0)),
        "absolute_height" => optional(card_size.map(|s| s.1)),
        "full" => src.as_str(),
        "src" => choice.src.as_deref().unwrap_or(&src),
        "srcset" => text_or_none(&choice.srcset),
        "webp" => text_or_none(&choice.webp),
        "alt" => alt,
        "width" => optional(size.map(|s| s.0)),
        "height" => optional(size.map(|s| s.1)),
    }
}

/// What a link to a page's section needs.
fn section_value(plan: &Plan<'_>, section: &PlannedSection<'_>) -> Value {
    let url = section.render.then(|| plan.address.href(&section.path));
    map! { "title" => section.section.title.as_str(), "url" => optional(url) }
}
