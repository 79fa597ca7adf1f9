//! The optimizer's algorithms, pure: no database, no network, no clock. The same input gives the same output.
//!
//! [`score`] gives a piece of content 0 to 100 points with the reasons; [`Comparison`] says what changed between two scores;
//! [`coverage`] says which terms of reference texts a text lacks.

#![forbid(unsafe_code)]

mod checks;
mod comparison;
pub mod coverage;
pub mod document;
mod input;
mod keyphrase;
mod report;
mod weights;

use igny8_text::Language;

use checks::Context;
use document::{Document, Kind, Target};
use keyphrase::{Comparer, Phrase};

pub use comparison::{Change, Comparison};
pub use input::{ContentType, Entity, Input, Matching, Picture, Structure};
pub use report::{Bound, Check, Group, GroupScore, Light, Measure, Mend, Report, Statistics, Unit};
pub use weights::CheckId;

/// From here a score is green.
const GREEN: u8 = 80;
/// From here a score is orange.
const ORANGE: u8 = 50;
/// The thresholds come on a scale of 9.
const SCALE: f64 = 9.0;

/// Scores a piece of content.
pub fn score(input: &Input<'_>) -> Report {
    let document = Document::read(input.body, Language::of(input.language), input.site_host);
    score_document(input, &document)
}

/// Scores a piece of content whose body was read before, in its language and for its host.
pub fn score_document(input: &Input<'_>, document: &Document) -> Report {
    let context = Context::new(input, document);
    let checks: Vec<Check> = CheckId::ALL.iter().map(|&id| check(id, &context)).collect();
    let score = share(checks.iter()).unwrap_or(0);
    let groups = [
        Group::Seo,
        Group::Structure,
        Group::Readability,
        Group::Links,
        Group::Media,
        Group::Data,
    ];
    Report {
        score,
        light: match score {
            GREEN.. => Light::Green,
            ORANGE.. => Light::Orange,
            _ => Light::Red,
        },
        groups: groups
            .into_iter()
            .map(|group| GroupScore {
                group,
                score: share(checks.iter().filter(|check| check.group == group)),
            })
            .collect(),
        checks,
        statistics: statistics(&context),
        changes_at: checks::changes_at(input),
    }
}

/// Whether a short text such as a title has all words of a keyword that have meaning, inflected or not and in any order; those
/// of a keyword in double quotes word for word.
pub fn says(text: &str, keyword: &str, language: &str) -> bool {
    let comparer = Comparer::new(language, Matching::Stems);
    Phrase::new(keyword, &comparer).is_some_and(|phrase| phrase.found_in(text, &comparer) == phrase.words())
}

fn check(id: CheckId, context: &Context<'_>) -> Check {
    let outcome = checks::run(id, context);
    let weight = outcome.rating.map_or(0.0, |_| f64::from(id.weight()));
    let rating = outcome.rating.unwrap_or(0);
    Check {
        id,
        group: id.group(),
        light: outcome.rating.map_or(Light::NotScored, report::light),
        measured: outcome.measured,
        bound: outcome.bound,
        points: weight * f64::from(rating.max(0)) / SCALE,
        weight,
        mend: outcome.mend,
        examples: outcome.examples,
        rating,
    }
}

/// Points reached of those that could be, in per cent.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share in per cent"
)]
fn share<'c>(checks: impl Iterator<Item = &'c Check>) -> Option<u8> {
    let (points, weight) = checks.fold((0.0, 0.0), |(p, w), check| (p + check.points, w + check.weight));
    (weight > 0.0).then(|| (points * 100.0 / weight).round() as u8)
}

fn statistics(c: &Context<'_>) -> Statistics {
    let document = c.document;
    let links = |target| document.links.iter().filter(|link| link.target == target).count();
    let headings = document.headings().count();
    Statistics {
        words: c.words(),
        sentences: document.sentences().count(),
        paragraphs: document.blocks().iter().filter(|b| b.kind == Kind::Paragraph).count(),
        headings,
        internal_links: links(Target::Internal),
        external_links: links(Target::External),
        images: c.alts().count(),
        tables: document.tables as usize,
        videos: document.videos as usize,
        reading_minutes: c.words().div_ceil(230),
    }
}
