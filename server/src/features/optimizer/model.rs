//! Kept scores and proposed rewrites as stored.

use chrono::{DateTime, Utc};
use igny8_data::{AccountId, JobId, RecordKey as _, SiteId, SurrealValue, id_type, record};
use igny8_optimizer::{CheckId, Light, Report};
use poem_openapi::Enum;

use crate::features::content::ContentId;
use crate::features::content::model::{BodyFormat, Content};
use crate::features::planner::model::choice;

id_type!(
    /// The kept score of content; the same key as its content's, so that there is one.
    ContentScoreId, "content_score", "cscore_"
);
id_type!(
    /// How far the scores of a site are; the same key as the site's.
    ScoreStateId, "score_state", "scores_"
);
id_type!(
    /// A rewrite of content.
    OptimizationId, "optimization", "opt_"
);

/// The score of content at one of its revisions.
#[derive(Debug, Clone, PartialEq, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct ContentScore {
    pub id: ContentScoreId,
    pub account: AccountId,
    pub site: SiteId,
    pub content: ContentId,
    /// The revision of the row that was scored.
    pub of_rev: i64,
    pub score: i64,
    /// Checks with a red light.
    pub red: Vec<String>,
    pub orange: Vec<String>,
    pub words: i64,
    /// How many other pages linked to it; none for what visitors cannot see.
    pub inbound: Option<i64>,
    pub scored_at: DateTime<Utc>,
    /// From when on it says something else though nothing is edited.
    pub stale_at: Option<DateTime<Utc>>,
    pub rev: i64,
}

record!(ContentScore, ContentScoreId, site);

impl ContentScore {
    /// What is kept of a report; `inbound` pages link to the content.
    pub fn of(content: &Content, report: &Report, inbound: Option<i64>, now: DateTime<Utc>) -> Self {
        let with = |light: Light| {
            let checks = report.checks.iter().filter(|check| check.light == light);
            checks.map(|check| name_of(check.id)).collect()
        };
        Self {
            id: score_id(content.id),
            account: content.account,
            site: content.site,
            content: content.id,
            of_rev: content.rev,
            score: i64::from(report.score),
            red: with(Light::Red),
            orange: with(Light::Orange),
            words: i64::try_from(report.statistics.words).unwrap_or(i64::MAX),
            inbound,
            scored_at: now,
            stale_at: report.changes_at.and_then(|at| DateTime::from_timestamp(at, 0)),
            rev: 1,
        }
    }
}

/// The row that keeps a piece of content's score.
pub fn score_id(content: ContentId) -> ContentScoreId {
    ContentScoreId::from_ulid(content.ulid())
}

/// The name of a check in the API and in rows: `keyword_in_title`.
pub fn name_of(check: CheckId) -> String {
    match serde_json::to_value(check) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

/// How far the scores of a site are.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct ScoreState {
    pub id: ScoreStateId,
    pub account: AccountId,
    pub site: SiteId,
    /// When the last look at changed content began that came to its end.
    pub looked_at: Option<DateTime<Utc>>,
    /// Scores that are not younger are made anew.
    pub anew_from: Option<DateTime<Utc>>,
    /// The first moment at which one of them says something else though nothing is edited.
    pub next_at: Option<DateTime<Utc>>,
    pub rev: i64,
}

record!(ScoreState, ScoreStateId, site);

/// The row of a site.
pub fn state_id(site: SiteId) -> ScoreStateId {
    ScoreStateId::from_ulid(site.ulid())
}

choice!(
    /// What became of a rewrite.
    OptimizationStatus { Proposed, Applied, Undone, Dismissed }
);
choice!(
    /// Who made a rewrite.
    OptimizationOrigin {
        /// Rules of this program, without a model: they arrange what the content says and invent nothing.
        Local,
        /// The account's model.
        Model,
    }
);

/// The fields that a rewrite changes; those it leaves alone are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Fields {
    pub title: Option<String>,
    pub seo_title: Option<String>,
    pub meta_description: Option<String>,
    pub body: Option<String>,
}

/// The short fields and the body, by name.
pub const FIELDS: [&str; 4] = ["title", "seo_title", "meta_description", "body"];

impl Fields {
    pub fn get(&self, name: &str) -> Option<&String> {
        match name {
            "title" => self.title.as_ref(),
            "seo_title" => self.seo_title.as_ref(),
            "meta_description" => self.meta_description.as_ref(),
            _ => self.body.as_ref(),
        }
    }

    pub fn set(&mut self, name: &str, value: Option<String>) {
        match name {
            "title" => self.title = value,
            "seo_title" => self.seo_title = value,
            "meta_description" => self.meta_description = value,
            _ => self.body = value,
        }
    }

    /// Names of the fields that are there, in the order of [`FIELDS`].
    pub fn names(&self) -> Vec<&'static str> {
        FIELDS.into_iter().filter(|name| self.get(name).is_some()).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.names().is_empty()
    }

    /// Those with these names.
    pub fn only(&self, names: &[&'static str]) -> Self {
        let mut fields = Self::default();
        for name in names {
            fields.set(name, self.get(name).cloned());
        }
        fields
    }

    /// What content has in these fields.
    pub fn of(content: &Content, names: &[&'static str]) -> Self {
        let mut fields = Self::default();
        for name in names {
            fields.set(name, Some(value(content, name).clone()));
        }
        fields
    }

    /// Puts them into content.
    pub fn apply(&self, content: &mut Content) {
        for name in FIELDS {
            if let Some(text) = self.get(name) {
                value_mut(content, name).clone_from(text);
            }
        }
    }
}

/// What content has in one of [`FIELDS`].
pub fn value<'c>(content: &'c Content, name: &str) -> &'c String {
    match name {
        "title" => &content.title,
        "seo_title" => &content.seo_title,
        "meta_description" => &content.meta_description,
        _ => &content.body,
    }
}

fn value_mut<'c>(content: &'c mut Content, name: &str) -> &'c mut String {
    match name {
        "title" => &mut content.title,
        "seo_title" => &mut content.seo_title,
        "meta_description" => &mut content.meta_description,
        _ => &mut content.body,
    }
}

/// A rewrite as stored.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Optimization {
    pub id: OptimizationId,
    pub account: AccountId,
    pub site: SiteId,
    pub content: ContentId,
    /// The revision of the row that it was made of.
    pub of_rev: i64,
    pub body_format: BodyFormat,
    pub origin: OptimizationOrigin,
    pub job: JobId,
    pub status: OptimizationStatus,
    pub before: Fields,
    pub after: Fields,
    /// Names of the fields that it changes.
    pub fields: Vec<String>,
    /// Checks with a better light.
    pub better: Vec<String>,
    pub worse: Vec<String>,
    /// When it was proposed; once applied, of the content it was applied to.
    pub score_before: i64,
    pub score_after: i64,
    /// What applying it replaced, and what stands there since.
    pub replaced: Option<Fields>,
    pub became: Option<Fields>,
    pub applied_rev: Option<i64>,
    pub created_by: String,
    /// Who applied, undid or dismissed it last.
    pub decided_by: Option<String>,
    pub applied_at: Option<DateTime<Utc>>,
    /// When it was undone or dismissed.
    pub ended_at: Option<DateTime<Utc>>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
}

record!(Optimization, OptimizationId, site);

/// A rewrite without its texts, for lists.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct OptimizationSummary {
    pub id: OptimizationId,
    pub account: AccountId,
    pub site: SiteId,
    pub content: ContentId,
    pub of_rev: i64,
    pub origin: OptimizationOrigin,
    pub job: JobId,
    pub status: OptimizationStatus,
    pub fields: Vec<String>,
    pub better: Vec<String>,
    pub worse: Vec<String>,
    pub score_before: i64,
    pub score_after: i64,
    pub applied_rev: Option<i64>,
    pub created_by: String,
    pub decided_by: Option<String>,
    pub applied_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
}

record!(OptimizationSummary, OptimizationId, site);

impl OptimizationSummary {
    /// What to ask the database for, see [`igny8_data::Select::columns`].
    pub const COLUMNS: &'static [&'static str] = &[
        "id",
        "account",
        "site",
        "content",
        "of_rev",
        "origin",
        "job",
        "status",
        "fields",
        "better",
        "worse",
        "score_before",
        "score_after",
        "applied_rev",
        "created_by",
        "decided_by",
        "applied_at",
        "ended_at",
        "rev",
        "created_at",
    ];
}
