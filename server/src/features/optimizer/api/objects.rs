//! Scores and rewrites as requests and answers show them.

use chrono::{DateTime, Utc};
use igny8_data::JobId;
use igny8_optimizer::{Bound, Check, Group, Light, Measure, Report, Statistics, Unit};
use poem_openapi::{Enum, Object};

use crate::features::content::ContentId;
use crate::features::content::compare::Difference;
use crate::features::content::model::{BodyFormat, ContentStructure, ContentType, Entity};
use crate::features::optimizer::OptimizationId;
use crate::features::optimizer::model::{
    ContentScore, Optimization, OptimizationOrigin, OptimizationStatus, OptimizationSummary, name_of,
};
use crate::features::optimizer::text::EntryPoint;

/// An enumeration of the API and its counterpart in `igny8-optimizer`.
macro_rules! mirrored {
    ($(#[$meta:meta])* $name:ident of $of:ident { $($(#[$doc:meta])* $variant:ident),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
        #[oai(rename_all = "snake_case")]
        pub enum $name { $($(#[$doc])* $variant),* }

        impl From<$of> for $name {
            fn from(of: $of) -> Self {
                match of { $($of::$variant => Self::$variant),* }
            }
        }
    };
}

mirrored!(
    /// How good something is.
    ScoreLight of Light {
        /// To be mended.
        Red,
        /// Could be better.
        Orange,
        /// Good.
        Green,
        /// Nothing to measure, or no rule for the language; counts for nothing.
        NotScored,
    }
);
mirrored!(
    /// What a check is about.
    ScoreGroup of Group { Seo, Readability, Structure, Links, Media, Data }
);
mirrored!(
    /// What a measure counts.
    ScoreUnit of Unit {
        Words,
        Sentences,
        Characters,
        Pixels,
        Percent,
        Count,
        Days,
        /// Flesch's scale, 0 (hard) to 100 (easy).
        ReadingEase,
    }
);

/// What a text is worth, with the reasons.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ScoreReport {
    /// 0 to 100: the share of points reached among the checks that could be scored.
    pub score: u8,
    /// Of the score: green from 80, orange from 50.
    pub light: ScoreLight,
    pub groups: Vec<GroupOut>,
    pub checks: Vec<CheckOut>,
    /// Names of the checks to mend, that which brings most first.
    pub fixes: Vec<String>,
    pub statistics: StatisticsOut,
    pub entry_point: EntryPoint,
    /// Of content: the ETag of the version that was scored.
    pub etag: Option<String>,
    /// Of content: the score that lists show.
    pub kept: Option<KeptScore>,
}

/// Points of a group of checks.
#[derive(Debug, Object)]
#[oai(rename = "ScoreOfGroup", skip_serializing_if_is_none)]
pub struct GroupOut {
    pub group: ScoreGroup,
    /// 0 to 100; absent where nothing of it could be scored.
    pub score: Option<u8>,
}

/// What one check found.
#[derive(Debug, Object)]
#[oai(rename = "ScoreCheck", skip_serializing_if_is_none)]
pub struct CheckOut {
    /// Its name, which stays: `keyword_in_title`.
    pub id: String,
    pub group: ScoreGroup,
    pub light: ScoreLight,
    pub measured: Option<MeasureOut>,
    /// What the measure must be for a green light, ends included.
    pub bound: BoundOut,
    /// Points reached.
    pub points: f64,
    /// The most points; 0 where it is not scored.
    pub weight: f64,
    /// How to mend it; absent where it is green. Where it is not scored, or green whatever was measured, why.
    pub mend: Option<MendOut>,
    /// Places in the text, at most three.
    pub examples: Vec<String>,
}

/// A number with what it counts.
#[derive(Debug, Object)]
#[oai(rename = "ScoreMeasure")]
pub struct MeasureOut {
    pub value: f64,
    pub unit: ScoreUnit,
}

/// The ends of a range; both absent where no number tells.
#[derive(Debug, Object)]
#[oai(rename = "ScoreBound", skip_serializing_if_is_none)]
pub struct BoundOut {
    pub min: Option<f64>,
    pub max: Option<f64>,
}

/// How to mend something.
#[derive(Debug, Object)]
#[oai(rename = "ScoreMend")]
pub struct MendOut {
    /// Name of the message, for translations: `keyword_in_title.missing`.
    pub key: String,
    /// What is filled in.
    pub params: Vec<MendParam>,
    /// The message in English.
    pub text: String,
}

/// A value in a message.
#[derive(Debug, Object)]
#[oai(rename = "ScoreMendParam")]
pub struct MendParam {
    pub name: String,
    pub value: String,
}

/// Counts of a text.
#[derive(Debug, Object)]
#[oai(rename = "TextStatistics")]
pub struct StatisticsOut {
    pub words: u64,
    pub sentences: u64,
    pub paragraphs: u64,
    pub headings: u64,
    pub internal_links: u64,
    pub external_links: u64,
    pub images: u64,
    pub tables: u64,
    pub videos: u64,
    pub reading_minutes: u64,
}

/// The score that is kept of content.
#[derive(Debug, Object)]
pub struct KeptScore {
    pub score: i64,
    pub scored_at: DateTime<Utc>,
    /// It is that of the present version, and time has changed nothing; else a job is about to bring it up to date.
    pub current: bool,
}

/// A text that is not in the CMS.
#[derive(Debug, Object)]
#[oai(rename = "ScoreText", deny_unknown_fields, example)]
pub struct TextIn {
    pub title: String,
    /// At most 2 MiB.
    pub body: String,
    /// Markdown unless said otherwise. Scripts and styles in HTML are no part of the text.
    pub body_format: Option<BodyFormat>,
    /// Title for search results; the title when absent.
    pub seo_title: Option<String>,
    pub meta_description: Option<String>,
    /// The last part of its address.
    pub slug: Option<String>,
    /// BCP 47 tag; the site's language when absent.
    pub language: Option<String>,
    pub primary_keyword: Option<String>,
    #[oai(validator(max_items = 50))]
    pub secondary_keywords: Option<Vec<String>>,
    /// `post` when absent.
    pub content_type: Option<ContentType>,
    /// The usual one of the type when absent.
    pub content_structure: Option<ContentStructure>,
    pub entity: Option<Entity>,
    pub author: Option<String>,
    pub published_at: Option<DateTime<Utc>>,
    pub updated_at: Option<DateTime<Utc>>,
    /// Where it comes from; `external` when absent. What `writer` hands in is to be a page of the site, so that a missing
    /// cluster counts.
    pub entry_point: Option<EntryPoint>,
}

impl poem_openapi::types::Example for TextIn {
    fn example() -> Self {
        Self {
            title: "Cold brew ratio".into(),
            body: "One part of coffee to eight parts of water. [More](/blog/cold-brew/)".into(),
            body_format: Some(BodyFormat::Markdown),
            seo_title: None,
            meta_description: Some("How much coffee a litre of cold brew takes.".into()),
            slug: Some("cold-brew-ratio".into()),
            language: Some("en".into()),
            primary_keyword: Some("cold brew ratio".into()),
            secondary_keywords: Some(vec!["cold brew grams".into()]),
            content_type: Some(ContentType::Post),
            content_structure: None,
            entity: None,
            author: None,
            published_at: None,
            updated_at: None,
            entry_point: Some(EntryPoint::External),
        }
    }
}

/// The scores of a site's content.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct OptimizerSummary {
    /// Pieces with a red score, and so on.
    pub red: u64,
    pub orange: u64,
    pub green: u64,
    pub not_scored: u64,
    /// Mean of the scores, to one digit; absent without any.
    pub mean: Option<f64>,
    /// Checks that are red or orange, those that are it most often first.
    pub failing: Vec<FailingCheck>,
    /// When the oldest of the scores was made.
    pub oldest_at: Option<DateTime<Utc>>,
    /// There are more scores than are added up.
    pub cut_off: bool,
}

/// How often a check is red or orange.
#[derive(Debug, Object)]
pub struct FailingCheck {
    /// Its name: `keyword_in_title`.
    pub id: String,
    pub group: ScoreGroup,
    pub red: u64,
    pub orange: u64,
}

/// A job that scores all content of a site anew.
#[derive(Debug, Object)]
#[oai(rename = "OptimizerRescore")]
pub struct RescoreOut {
    /// Follow it: `/jobs/{job}`.
    pub job: JobId,
}

/// A rewrite of content, without its texts.
#[derive(Debug, Object)]
#[oai(rename = "OptimizationSummary", skip_serializing_if_is_none)]
pub struct SummaryOut {
    pub id: OptimizationId,
    pub content: ContentId,
    pub status: OptimizationStatus,
    pub origin: OptimizationOrigin,
    /// Fields that it changes: `title`, `seo_title`, `meta_description`, `body`.
    pub fields: Vec<String>,
    /// The score without it and with it: of the text it was made of, once applied of the text it was applied to.
    pub score_before: i64,
    pub score_after: i64,
    /// Checks with a better light.
    pub better: Vec<String>,
    /// Checks with a worse light.
    pub worse: Vec<String>,
    /// The version of the content that it was made of.
    pub of_etag: String,
    /// The version of the content that applying it made.
    pub applied_etag: Option<String>,
    pub job: JobId,
    /// Id of the user or key that asked for it.
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    /// Id of the user or key that applied, undid or dismissed it last.
    pub decided_by: Option<String>,
    pub applied_at: Option<DateTime<Utc>>,
    /// When it was undone or dismissed.
    pub ended_at: Option<DateTime<Utc>>,
}

/// A field before and after.
#[derive(Debug, Object)]
#[oai(rename = "OptimizationChange")]
pub struct ChangeOut {
    pub field: String,
    pub before: String,
    pub after: String,
    /// Line by line, and word by word in lines that changed.
    pub difference: Difference,
}

/// A rewrite with its texts.
#[derive(Debug, Object)]
#[oai(rename = "Optimization", skip_serializing_if_is_none)]
pub struct OptimizationOut {
    pub optimization: SummaryOut,
    pub changes: Vec<ChangeOut>,
    /// The version of the content that a decision names as `If-Match`.
    pub content_etag: String,
    /// Fields that people changed since: applying it, or undoing it once applied, then needs `merge`.
    pub moved: Vec<String>,
    /// With a body that people changed since: what `merge` would make of it.
    pub merged: Option<MergedBody>,
}

/// A body brought together section by section. Sections are named by their headings in lower case.
#[derive(Debug, Object)]
#[oai(rename = "OptimizationMerge", skip_serializing_if_is_none)]
pub struct MergedBody {
    /// The text; absent where it is the present one.
    pub body: Option<String>,
    /// Sections that stay as people left them.
    pub kept: Vec<String>,
    /// Sections that people took out, and that stay out.
    pub left_out: Vec<String>,
    /// Sections of which another text is not taken.
    pub conflicts: Vec<SectionConflict>,
}

/// A section that people changed and that the rewrite changes too.
#[derive(Debug, Object)]
#[oai(rename = "OptimizationConflict")]
pub struct SectionConflict {
    pub section: String,
    /// The text that is not taken.
    pub new: String,
}

impl ScoreReport {
    pub fn of(report: Report, entry_point: EntryPoint) -> Self {
        let fixes = report.fixes().into_iter().map(|check| name_of(check.id)).collect();
        Self {
            score: report.score,
            light: report.light.into(),
            groups: report
                .groups
                .iter()
                .map(|of| GroupOut {
                    group: of.group.into(),
                    score: of.score,
                })
                .collect(),
            checks: report.checks.into_iter().map(CheckOut::of).collect(),
            fixes,
            statistics: StatisticsOut::of(report.statistics),
            entry_point,
            etag: None,
            kept: None,
        }
    }
}

impl CheckOut {
    fn of(check: Check) -> Self {
        let measured = |measure: Measure| MeasureOut {
            value: measure.value,
            unit: measure.unit.into(),
        };
        let Bound { min, max } = check.bound;
        Self {
            id: name_of(check.id),
            group: check.group.into(),
            light: check.light.into(),
            measured: check.measured.map(measured),
            bound: BoundOut { min, max },
            points: check.points,
            weight: check.weight,
            mend: check.mend.map(|mend| MendOut {
                key: mend.key,
                params: mend
                    .params
                    .into_iter()
                    .map(|(name, value)| MendParam { name, value })
                    .collect(),
                text: mend.text,
            }),
            examples: check.examples,
        }
    }
}

impl StatisticsOut {
    fn of(counts: Statistics) -> Self {
        Self {
            words: counts.words as u64,
            sentences: counts.sentences as u64,
            paragraphs: counts.paragraphs as u64,
            headings: counts.headings as u64,
            internal_links: counts.internal_links as u64,
            external_links: counts.external_links as u64,
            images: counts.images as u64,
            tables: counts.tables as u64,
            videos: counts.videos as u64,
            reading_minutes: counts.reading_minutes as u64,
        }
    }
}

impl KeptScore {
    /// What is kept of content that is at a revision now.
    pub fn of(kept: &ContentScore, rev: i64, now: DateTime<Utc>) -> Self {
        Self {
            score: kept.score,
            scored_at: kept.scored_at,
            current: kept.of_rev == rev && kept.stale_at.is_none_or(|at| at > now),
        }
    }
}

impl SummaryOut {
    pub fn from_row(row: OptimizationSummary) -> Self {
        let etag = crate::api::etag::of;
        Self {
            id: row.id,
            content: row.content,
            status: row.status,
            origin: row.origin,
            fields: row.fields,
            score_before: row.score_before,
            score_after: row.score_after,
            better: row.better,
            worse: row.worse,
            of_etag: etag(row.of_rev),
            applied_etag: row.applied_rev.map(etag),
            job: row.job,
            created_by: row.created_by,
            created_at: row.created_at,
            decided_by: row.decided_by,
            applied_at: row.applied_at,
            ended_at: row.ended_at,
        }
    }

    pub fn from_full(row: &Optimization) -> Self {
        Self::from_row(OptimizationSummary {
            id: row.id,
            account: row.account,
            site: row.site,
            content: row.content,
            of_rev: row.of_rev,
            origin: row.origin,
            job: row.job,
            status: row.status,
            fields: row.fields.clone(),
            better: row.better.clone(),
            worse: row.worse.clone(),
            score_before: row.score_before,
            score_after: row.score_after,
            applied_rev: row.applied_rev,
            created_by: row.created_by.clone(),
            decided_by: row.decided_by.clone(),
            applied_at: row.applied_at,
            ended_at: row.ended_at,
            rev: row.rev,
            created_at: row.created_at,
        })
    }
}
