//! Terms as requests and answers show them.

use chrono::{DateTime, Utc};
use igny8_data::{SiteId, SurrealValue};
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Enum, Object};

use crate::features::planner::ClusterId;
use crate::features::taxonomy::model::{Taxonomy, Term, TermId, TermsMode};

/// A term of a site's taxonomy.
#[derive(Debug, Object)]
#[oai(rename = "Term", skip_serializing_if_is_none)]
pub struct TermOut {
    pub id: TermId,
    pub site: SiteId,
    pub taxonomy: Taxonomy,
    pub name: String,
    /// Unique within the taxonomy and language.
    pub slug: String,
    /// BCP 47 tag.
    pub language: String,
    /// The term above.
    pub parent: Option<TermId>,
    pub description: String,
    pub clusters: Vec<ClusterId>,
    /// Id on a WordPress site.
    pub external_id: Option<String>,
    /// Taxonomy on a WordPress site.
    pub external_taxonomy: Option<String>,
    /// Address of its archive on a WordPress site, as last imported.
    pub external_url: Option<String>,
    /// Content with this term.
    pub count: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

/// What a new term needs.
#[derive(Debug, Object)]
#[oai(rename = "TermCreate", deny_unknown_fields, example)]
pub struct TermIn {
    pub taxonomy: Taxonomy,
    pub name: String,
    /// Made from the name when absent.
    pub slug: Option<String>,
    /// The site's language when absent.
    pub language: Option<String>,
    /// A term of the same taxonomy and language.
    pub parent: Option<TermId>,
    pub description: Option<String>,
    pub clusters: Option<Vec<ClusterId>>,
    pub external_id: Option<String>,
    pub external_taxonomy: Option<String>,
}

impl poem_openapi::types::Example for TermIn {
    fn example() -> Self {
        Self {
            taxonomy: Taxonomy::BlogCategory,
            name: "Brewing".into(),
            slug: Some("brewing".into()),
            language: None,
            parent: None,
            description: Some("Water, grind and time".into()),
            clusters: None,
            external_id: None,
            external_taxonomy: None,
        }
    }
}

/// What to change; absent fields stay, `null` empties where it can. Taxonomy and language never change.
#[derive(Debug, Object)]
#[oai(rename = "TermPatch", deny_unknown_fields)]
pub struct TermPatch {
    pub name: Option<String>,
    pub slug: Option<String>,
    #[oai(nullable)]
    pub parent: MaybeUndefined<TermId>,
    pub description: Option<String>,
    pub clusters: Option<Vec<ClusterId>>,
    #[oai(nullable)]
    pub external_id: MaybeUndefined<String>,
    #[oai(nullable)]
    pub external_taxonomy: MaybeUndefined<String>,
}

/// Where a term goes.
#[derive(Debug, Object)]
#[oai(rename = "TermMerge", deny_unknown_fields)]
pub struct MergeIn {
    /// A term of the same taxonomy and language.
    pub into: TermId,
}

/// What to do to each term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "TermBulkAction", rename_all = "snake_case")]
pub enum TermAction {
    Delete,
    Restore,
    /// Change the clusters by `clusters` and `mode`.
    AssignClusters,
}

/// An action on terms.
#[derive(Debug, Object)]
#[oai(rename = "TermBulk", deny_unknown_fields)]
pub struct TermBulkIn {
    pub action: TermAction,
    #[oai(validator(min_items = 1, max_items = 200))]
    pub ids: Vec<TermId>,
    #[oai(validator(max_items = 50))]
    pub clusters: Option<Vec<ClusterId>>,
    /// What to do with the clusters; `add` when absent.
    pub mode: Option<TermsMode>,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Counted {
    pub term: TermId,
    pub n: i64,
}

impl TermOut {
    pub fn from_row(t: Term, count: i64) -> Self {
        Self {
            id: t.id,
            site: t.site,
            taxonomy: t.taxonomy,
            name: t.name,
            slug: t.slug,
            language: t.language,
            parent: t.parent,
            description: t.description,
            clusters: t.clusters,
            external_id: t.external_id,
            external_taxonomy: t.external_taxonomy,
            external_url: t.external_url,
            count,
            created_at: t.created_at,
            updated_at: t.updated_at,
            deleted_at: t.deleted_at,
        }
    }
}
