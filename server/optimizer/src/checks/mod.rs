//! The checks. Each is a function of a [`Context`]; what number makes which light is a function of its own beside it.

mod cluster;
mod competing_links;
mod description_length;
mod description_width;
mod external_links;
mod freshness;
mod heading_order;
mod image_alt;
mod images;
mod inbound_links;
mod internal_links;
mod keyword_density;
mod keyword_in_description;
mod keyword_in_images;
mod keyword_in_introduction;
mod keyword_in_slug;
mod keyword_in_subheadings;
mod keyword_in_title;
mod keyword_length;
mod paragraph_length;
mod passive_voice;
mod reading_ease;
mod secondary_keywords;
mod sentence_beginnings;
mod sentence_length;
mod single_h1;
mod structured_data;
mod subheading_distribution;
mod taxonomy;
mod text_length;
mod title_width;
mod transition_words;

use igny8_text::Language;

pub(crate) use freshness::changes_at;

use crate::document::{Document, Kind};
use crate::input::Input;
use crate::keyphrase::{Comparer, MAX_PHRASES, Phrase, Uses};
use crate::report::{Bound, Measure, Mend, Unit};
use crate::weights::CheckId;

/// What checks look at.
pub(crate) struct Context<'a> {
    pub input: &'a Input<'a>,
    pub document: &'a Document,
    pub language: Language,
    pub comparer: Comparer,
    /// First the primary keyword, if there is one, then its synonyms, then the secondary keywords.
    pub uses: Uses<'a>,
    /// How many of [`Context::uses`] say the primary keyword.
    pub primary: usize,
}

impl<'a> Context<'a> {
    pub fn new(input: &'a Input<'a>, document: &'a Document) -> Self {
        let comparer = Comparer::new(input.language, input.matching);
        let phrase = |text: &str| Phrase::new(text, &comparer);
        let mut phrases: Vec<Phrase> = Vec::new();
        if let Some(keyword) = input.primary_keyword.and_then(phrase) {
            phrases.push(keyword);
            phrases.extend(input.synonyms.iter().take(MAX_PHRASES).filter_map(|s| phrase(s)));
        }
        let primary = phrases.len();
        phrases.extend(
            input
                .secondary_keywords
                .iter()
                .take(MAX_PHRASES)
                .filter_map(|s| phrase(s)),
        );
        Context {
            uses: Uses::new(document, phrases, &comparer),
            language: Language::of(input.language),
            input,
            document,
            comparer,
            primary,
        }
    }

    /// The primary keyword.
    pub fn keyword(&self) -> Option<&Phrase> {
        (self.primary > 0).then(|| &self.uses.phrases()[0])
    }

    /// The primary keyword as written, for messages.
    pub fn keyword_text(&self) -> &'a str {
        self.input.primary_keyword.unwrap_or_default().trim()
    }

    /// The primary keyword and its synonyms.
    pub fn alternatives(&self) -> &[Phrase] {
        &self.uses.phrases()[..self.primary]
    }

    pub fn words(&self) -> usize {
        self.document.words().len()
    }

    /// Alternative texts of all images, none where one is missing.
    pub fn alts(&self) -> impl Iterator<Item = Option<&str>> {
        let body = self.document.images.iter().map(|image| image.alt.as_deref());
        body.chain(self.input.pictures.iter().map(|picture| Some(picture.alt)))
            .map(|alt| alt.map(str::trim).filter(|alt| !alt.is_empty()))
    }

    pub fn cornerstone(&self) -> bool {
        self.input.cornerstone
    }
}

/// What a check says.
pub(crate) struct Outcome {
    /// On the scale of 9; none where it is not scored.
    pub rating: Option<i16>,
    pub measured: Option<Measure>,
    pub bound: Bound,
    pub mend: Option<Mend>,
    pub examples: Vec<String>,
}

impl Outcome {
    pub fn new(rating: i16, value: f64, unit: Unit, bound: Bound) -> Outcome {
        Outcome {
            rating: Some(rating),
            measured: Some(Measure { value, unit }),
            bound,
            mend: None,
            examples: Vec::new(),
        }
    }

    pub fn count(rating: i16, value: usize, unit: Unit, bound: Bound) -> Outcome {
        Outcome::new(rating, number(value), unit, bound)
    }

    pub fn mend(mut self, key: &str, text: &str, params: &[(&str, &dyn std::fmt::Display)]) -> Outcome {
        self.mend = Some(Mend::new(key, text, params));
        self
    }

    pub fn examples<'t>(mut self, texts: impl IntoIterator<Item = &'t str>) -> Outcome {
        self.examples = texts.into_iter().take(3).map(shorten).collect();
        self
    }

    /// Nothing to measure, and why.
    pub fn not_scored(key: &str, why: &str) -> Outcome {
        Outcome {
            rating: None,
            measured: None,
            bound: Bound::default(),
            mend: Some(Mend::new(key, why, &[])),
            examples: Vec::new(),
        }
    }

    fn no_keyword() -> Outcome {
        Outcome {
            rating: Some(0),
            ..Outcome::not_scored("no_keyword", "Choose a primary keyword: what should this be found for?")
        }
    }

    fn no_text() -> Outcome {
        Outcome::not_scored("no_text", "Not scored: there is no text yet.")
    }

    fn no_rules() -> Outcome {
        Outcome::not_scored(
            "language_without_rules",
            "Not scored: there are no rules for this language yet.",
        )
    }
}

fn shorten(text: &str) -> String {
    let mut short: String = text
        .chars()
        .take(160)
        .map(|c| if c == '\n' { ' ' } else { c })
        .collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[expect(clippy::cast_precision_loss, reason = "counts of a text are far below 2^52")]
pub(crate) fn number(count: usize) -> f64 {
    count as f64
}

/// In per cent; 0 of 0 is 0.
fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        number(part) * 100.0 / number(whole)
    }
}

/// For messages.
fn rounded(value: f64) -> String {
    let value = (value * 10.0).round() / 10.0;
    format!("{value}")
}

fn is_prose(kind: Kind) -> bool {
    matches!(kind, Kind::Paragraph | Kind::Heading(_) | Kind::Caption)
}

/// Runs one check.
pub(crate) fn run(id: CheckId, context: &Context<'_>) -> Outcome {
    let check = match id {
        CheckId::KeywordInTitle => keyword_in_title::check,
        CheckId::KeywordInIntroduction => keyword_in_introduction::check,
        CheckId::KeywordInSubheadings => keyword_in_subheadings::check,
        CheckId::KeywordInSlug => keyword_in_slug::check,
        CheckId::KeywordInDescription => keyword_in_description::check,
        CheckId::KeywordDensity => keyword_density::check,
        CheckId::KeywordLength => keyword_length::check,
        CheckId::SecondaryKeywords => secondary_keywords::check,
        CheckId::CompetingLinks => competing_links::check,
        CheckId::TitleWidth => title_width::check,
        CheckId::DescriptionLength => description_length::check,
        CheckId::DescriptionWidth => description_width::check,
        CheckId::TextLength => text_length::check,
        CheckId::Cluster => cluster::check,
        CheckId::Taxonomy => taxonomy::check,
        CheckId::SingleH1 => single_h1::check,
        CheckId::HeadingOrder => heading_order::check,
        CheckId::SubheadingDistribution => subheading_distribution::check,
        CheckId::ParagraphLength => paragraph_length::check,
        CheckId::SentenceLength => sentence_length::check,
        CheckId::SentenceBeginnings => sentence_beginnings::check,
        CheckId::PassiveVoice => passive_voice::check,
        CheckId::TransitionWords => transition_words::check,
        CheckId::ReadingEase => reading_ease::check,
        CheckId::InternalLinks => internal_links::check,
        CheckId::ExternalLinks => external_links::check,
        CheckId::InboundLinks => inbound_links::check,
        CheckId::Images => images::check,
        CheckId::KeywordInImages => keyword_in_images::check,
        CheckId::ImageAlt => image_alt::check,
        CheckId::StructuredData => structured_data::check,
        CheckId::Freshness => freshness::check,
    };
    check(context)
}

/// One check of a made-up input, for the tables of the checks.
#[cfg(test)]
fn rating(input: &Input<'_>, id: CheckId) -> Option<i16> {
    let document = Document::read(input.body, Language::of(input.language), input.site_host);
    let outcome = run(id, &Context::new(input, &document));
    let green = outcome.rating.is_some_and(|r| r >= 8);
    let without_bound = outcome.bound == Bound::default();
    match outcome.mend {
        None => assert!(green, "whatever is not green says why: {id:?}"),
        Some(_) => assert!(!green || without_bound, "what is green needs no mending: {id:?}"),
    }
    outcome.rating
}
