//! Keywords and clusters as requests and answers show them.

use chrono::{DateTime, Utc};
use igny8_data::{SectorId, SiteId};
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Enum, Object};

use super::numbers::Numbers;
use crate::api::patch::{set, set_or_clear};
use crate::features::planner::model::{
    Attribute, Cluster, ClusterId, ClusterOrigin, ClusterRole, ClusterStatus, ContextType, Intent, Keyword, KeywordId,
    KeywordStatus, Recommendations, SearchData, VolumeSource,
};
use crate::features::taxonomy::{TermId, TermsMode};

/// A keyword of a sector.
#[derive(Debug, Object)]
#[oai(rename = "Keyword", skip_serializing_if_is_none)]
pub struct KeywordOut {
    pub id: KeywordId,
    pub site: SiteId,
    pub sector: SectorId,
    /// Unique within the sector, whatever its case and spacing.
    pub text: String,
    /// Searches a month; 0 also where nobody knows.
    pub volume: i64,
    /// Where the volume comes from; absent when nobody said one.
    pub volume_source: Option<VolumeSource>,
    /// Bounds of the volume where a tool gave a range; an open one has no upper bound.
    pub volume_min: Option<i64>,
    pub volume_max: Option<i64>,
    /// 0 to 100.
    pub difficulty: Option<i64>,
    /// Price of a click.
    pub cpc: Option<f64>,
    pub intent: Option<Intent>,
    pub status: KeywordStatus,
    pub disabled: bool,
    pub cluster: Option<ClusterId>,
    /// A person put it into its cluster, or took it out: clustering leaves it where it is.
    pub placed_by_hand: bool,
    pub attributes: Vec<Attribute>,
    /// The wider subject a keyword tool puts it under.
    pub parent_topic: Option<String>,
    /// The first results of a search, best first.
    pub serp_urls: Vec<String>,
    /// What imported files say of its place among the results, and of the results.
    pub search_data: Option<SearchData>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

/// What a new keyword needs.
#[derive(Debug, Object)]
#[oai(rename = "KeywordCreate", deny_unknown_fields)]
pub struct KeywordIn {
    pub sector: SectorId,
    pub text: String,
    pub volume: Option<i64>,
    pub difficulty: Option<i64>,
    pub cpc: Option<f64>,
    pub intent: Option<Intent>,
    /// A cluster of the same sector.
    pub cluster: Option<ClusterId>,
    pub attributes: Option<Vec<Attribute>>,
    /// The wider subject a keyword tool puts it under; clustering keeps keywords of one subject together.
    pub parent_topic: Option<String>,
    /// The first results of a search, best first; keywords that share them need one page.
    pub serp_urls: Option<Vec<String>>,
}

/// What to change; absent fields stay, `null` empties where it can.
#[derive(Debug, Object)]
#[oai(rename = "KeywordPatch", deny_unknown_fields)]
pub struct KeywordPatch {
    pub text: Option<String>,
    pub volume: Option<i64>,
    #[oai(nullable)]
    pub difficulty: MaybeUndefined<i64>,
    #[oai(nullable)]
    pub cpc: MaybeUndefined<f64>,
    #[oai(nullable)]
    pub intent: MaybeUndefined<Intent>,
    pub status: Option<KeywordStatus>,
    pub disabled: Option<bool>,
    #[oai(nullable)]
    pub cluster: MaybeUndefined<ClusterId>,
    pub attributes: Option<Vec<Attribute>>,
    #[oai(nullable)]
    pub parent_topic: MaybeUndefined<String>,
    pub serp_urls: Option<Vec<String>>,
}

/// What to do to each keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "KeywordBulkAction", rename_all = "snake_case")]
pub enum KeywordAction {
    Delete,
    Restore,
    /// Set `status`.
    Status,
    /// Put into `cluster`; with `null`, take out.
    AssignCluster,
    /// Set `disabled`.
    Disable,
}

/// An action on keywords.
#[derive(Debug, Object)]
#[oai(rename = "KeywordBulk", deny_unknown_fields)]
pub struct KeywordBulkIn {
    pub action: KeywordAction,
    #[oai(validator(min_items = 1, max_items = 200))]
    pub ids: Vec<KeywordId>,
    pub status: Option<KeywordStatus>,
    /// With `assign_cluster`: it must be there, with `null` to take out.
    #[oai(nullable)]
    pub cluster: MaybeUndefined<ClusterId>,
    /// True when absent.
    pub disabled: Option<bool>,
}

/// A cluster of keywords, with its numbers as they are now.
#[derive(Debug, Object)]
#[oai(rename = "Cluster", skip_serializing_if_is_none)]
pub struct ClusterOut {
    pub id: ClusterId,
    pub site: SiteId,
    pub sector: SectorId,
    /// Unique within the sector, whatever its case and spacing.
    pub name: String,
    pub description: String,
    pub context_type: ContextType,
    pub role: ClusterRole,
    pub status: ClusterStatus,
    pub origin: ClusterOrigin,
    /// Clustering again leaves it as it is.
    pub locked: bool,
    pub disabled: bool,
    pub parent: Option<ClusterId>,
    pub recommendations: Recommendations,
    pub keyword_count: i64,
    /// Searches a month for all of its keywords.
    pub total_volume: i64,
    /// Of the keywords whose difficulty is known.
    pub mean_difficulty: Option<f64>,
    pub idea_count: i64,
    pub content_count: i64,
    /// What its content lacks: `no_hub`, `few_supporting_pages`, `top_keyword_uncovered`.
    pub gaps: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

/// What a new cluster needs.
#[derive(Debug, Object)]
#[oai(rename = "ClusterCreate", deny_unknown_fields)]
pub struct ClusterIn {
    pub sector: SectorId,
    pub name: String,
    pub description: Option<String>,
    pub context_type: Option<ContextType>,
    pub role: Option<ClusterRole>,
    pub locked: Option<bool>,
    /// A cluster of the same sector.
    pub parent: Option<ClusterId>,
    pub recommendations: Option<Recommendations>,
}

/// What to change; absent fields stay, `null` empties where it can.
#[derive(Debug, Object)]
#[oai(rename = "ClusterPatch", deny_unknown_fields)]
pub struct ClusterPatch {
    pub name: Option<String>,
    pub description: Option<String>,
    pub context_type: Option<ContextType>,
    pub role: Option<ClusterRole>,
    pub status: Option<ClusterStatus>,
    pub locked: Option<bool>,
    pub disabled: Option<bool>,
    #[oai(nullable)]
    pub parent: MaybeUndefined<ClusterId>,
    pub recommendations: Option<Recommendations>,
}

/// What to do to each cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "ClusterBulkAction", rename_all = "snake_case")]
pub enum ClusterAction {
    Delete,
    Restore,
    /// Set `status`.
    Status,
    /// Set `role`.
    Role,
    /// Set `locked`.
    Lock,
    /// Set `disabled`.
    Disable,
    /// Put below `parent`; without one, to the top.
    AssignParent,
    /// Change the terms that have the cluster by `terms` and `terms_mode`.
    AssignTerms,
}

/// An action on clusters.
#[derive(Debug, Object)]
#[oai(rename = "ClusterBulk", deny_unknown_fields)]
pub struct ClusterBulkIn {
    pub action: ClusterAction,
    #[oai(validator(min_items = 1, max_items = 200))]
    pub ids: Vec<ClusterId>,
    pub status: Option<ClusterStatus>,
    pub role: Option<ClusterRole>,
    pub parent: Option<ClusterId>,
    #[oai(validator(max_items = 100))]
    pub terms: Option<Vec<TermId>>,
    pub terms_mode: Option<TermsMode>,
    /// True when absent.
    pub locked: Option<bool>,
    /// True when absent.
    pub disabled: Option<bool>,
}

impl KeywordOut {
    pub fn from_row(k: Keyword) -> Self {
        Self {
            volume_source: k.known_volume(),
            id: k.id,
            site: k.site,
            sector: k.sector,
            text: k.text,
            volume: k.volume,
            volume_min: k.volume_min,
            volume_max: k.volume_max,
            difficulty: k.difficulty,
            cpc: k.cpc,
            intent: k.intent,
            status: k.status,
            disabled: k.disabled,
            cluster: k.cluster,
            placed_by_hand: k.placed_by_hand == Some(true),
            attributes: k.attributes,
            parent_topic: k.parent_topic,
            serp_urls: k.serp_urls,
            search_data: k.search_data,
            created_at: k.created_at,
            updated_at: k.updated_at,
            deleted_at: k.deleted_at,
        }
    }
}

impl KeywordPatch {
    pub fn apply(self, k: &mut Keyword) {
        if let Some(text) = self.text {
            k.set_text(&text);
        }
        if let Some(volume) = self.volume {
            k.set_volume(volume);
        }
        set_or_clear(&mut k.difficulty, self.difficulty);
        set_or_clear(&mut k.cpc, self.cpc);
        set_or_clear(&mut k.intent, self.intent);
        let mut cluster = k.cluster;
        set_or_clear(&mut cluster, self.cluster);
        if cluster != k.cluster {
            k.set_cluster(cluster);
        }
        set(&mut k.status, self.status);
        set(&mut k.disabled, self.disabled);
        set(&mut k.attributes, self.attributes);
        let mut topic = k.parent_topic.take();
        set_or_clear(&mut topic, self.parent_topic);
        k.set_parent_topic(topic);
        set(&mut k.serp_urls, self.serp_urls);
    }
}

impl ClusterOut {
    pub fn from_row(c: Cluster, numbers: Numbers) -> Self {
        Self {
            id: c.id,
            site: c.site,
            sector: c.sector,
            name: c.name,
            description: c.description,
            context_type: c.context_type,
            role: c.role,
            status: c.status,
            origin: c.origin,
            locked: c.locked,
            disabled: c.disabled,
            parent: c.parent,
            recommendations: c.recommendations,
            keyword_count: numbers.keywords,
            total_volume: numbers.volume,
            mean_difficulty: numbers.difficulty(),
            idea_count: numbers.ideas,
            content_count: numbers.content(),
            gaps: numbers.gaps(),
            created_at: c.created_at,
            updated_at: c.updated_at,
            deleted_at: c.deleted_at,
        }
    }
}

impl ClusterPatch {
    pub fn apply(self, c: &mut Cluster) {
        if let Some(name) = self.name {
            c.set_name(&name);
        }
        set(&mut c.description, self.description);
        set(&mut c.context_type, self.context_type);
        set(&mut c.role, self.role);
        set(&mut c.status, self.status);
        set(&mut c.locked, self.locked);
        set(&mut c.disabled, self.disabled);
        set_or_clear(&mut c.parent, self.parent);
        set(&mut c.recommendations, self.recommendations);
    }
}
