//! Keywords and clusters as stored, and their rules.

use chrono::{DateTime, Utc};
use igny8_data::{AccountId, CanWrite, SectorId, SiteId, SiteScope, SurrealValue, id_type, record};
use igny8_planner::keyword_file;
use poem_openapi::{Enum, Object};

use crate::api::validate::Check;

pub use igny8_planner::keyword_file::text_key;

id_type!(
    /// A search phrase of a sector.
    KeywordId, "keyword", "kw_"
);
id_type!(
    /// A group of keywords that one hub page and its supporting pages serve.
    ClusterId, "cluster", "clus_"
);

macro_rules! choice {
    ($(#[$meta:meta])* $name:ident { $($(#[$of:meta])* $variant:ident),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum, SurrealValue, serde::Serialize, serde::Deserialize)]
        #[oai(rename_all = "snake_case")]
        #[surreal(crate = "surrealdb_types")]
        #[surreal(untagged, rename_all = "snake_case")]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$of])* $variant),* }
    };
}
pub(crate) use choice;

choice!(
    /// What somebody who types the phrase wants.
    Intent { Informational, Commercial, Transactional, Navigational }
);
choice!(KeywordStatus {
    /// In no cluster yet.
    New,
    /// In a cluster.
    Mapped,
    /// Content was written for it.
    Used,
});
choice!(
    /// Where a volume comes from, from the least to the most trustworthy.
    #[derive(PartialOrd, Ord)]
    VolumeSource {
        /// How often the own site was shown: a lower bound of the demand.
        Impressions,
        /// The middle of a range.
        Range,
        /// A tool or a person states it.
        Stated,
    }
);
choice!(
    /// What kind of thing a cluster is about.
    ContextType { Topic, Attribute, ServiceLine }
);
choice!(
    /// A cluster's place in the plan; also a piece of content's place in its cluster.
    ClusterRole { Hub, Supporting, Attribute }
);
choice!(ClusterStatus { New, Mapped });
choice!(ClusterOrigin {
    /// Made by a person, or made by clustering and changed by a person: clustering again keeps its keywords and its name.
    Manual,
    /// Made by clustering, and free for it.
    Generated,
});

/// A name with a value: `material: linen`.
#[derive(Debug, Clone, PartialEq, Eq, Object, SurrealValue, serde::Serialize, serde::Deserialize)]
#[surreal(crate = "surrealdb_types")]
#[oai(deny_unknown_fields)]
pub struct Attribute {
    pub name: String,
    pub value: String,
}

/// What tools say of a keyword's place among the results, and of the results. Only imports write it.
#[derive(Debug, Clone, Default, PartialEq, Object, SurrealValue, serde::Serialize, serde::Deserialize)]
#[surreal(crate = "surrealdb_types")]
#[oai(rename = "KeywordSearchData", skip_serializing_if_is_none)]
pub struct SearchData {
    /// Place of the site's page among the results, from 1, or the mean of such places.
    pub position: Option<f64>,
    /// The page that has this place.
    pub url: Option<String>,
    pub clicks: Option<i64>,
    /// How often the site was shown for it.
    pub impressions: Option<i64>,
    /// Clicks per impression, 0 to 1.
    pub ctr: Option<f64>,
    /// Visits the best page for it gets.
    pub traffic_potential: Option<i64>,
    /// How many advertisers compete, 0 to 1; not `difficulty`.
    pub competition: Option<f64>,
    /// Country or data base of the figures: `us`.
    pub market: Option<String>,
    /// ISO 4217 code of `cpc`, where the file said it.
    pub currency: Option<String>,
    /// How demand went month by month.
    pub trend: Option<SearchTrend>,
    /// What the results show beside links, as the tool names it.
    #[surreal(default)]
    #[oai(default, skip_serializing_if_is_empty)]
    pub serp_features: Vec<String>,
}

/// Demand month by month.
#[derive(Debug, Clone, PartialEq, Object, SurrealValue, serde::Serialize, serde::Deserialize)]
#[surreal(crate = "surrealdb_types")]
#[oai(rename = "KeywordSearchTrend", skip_serializing_if_is_none)]
pub struct SearchTrend {
    pub scale: SearchTrendScale,
    /// Oldest first; null where nothing is known.
    pub values: Vec<Option<f64>>,
    /// The month of the last value, where it is known: `2026-04`.
    pub end: Option<String>,
}

choice!(
    /// What the values of a trend are.
    SearchTrendScale {
        /// Searches in the month.
        Searches,
        /// 0 to 1, where 1 is the best month.
        Relative,
    }
);

/// Which import brought a keyword, or changed it last.
#[derive(Debug, Clone, PartialEq, Eq, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Imported {
    /// Key of the job.
    pub job: String,
    /// It made the keyword.
    pub new: bool,
}

/// Features of the results, and months of a trend, that one keyword may have.
pub const MAX_SERP_FEATURES: usize = 40;
pub const MAX_MONTHS: usize = 60;

/// A keyword as stored.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Keyword {
    pub id: KeywordId,
    pub account: AccountId,
    pub site: SiteId,
    pub sector: SectorId,
    pub text: String,
    /// [`text_key`] of the text; unique within site and sector. `None` while deleted.
    pub text_key: Option<String>,
    /// Searches a month; 0 also where nobody knows.
    pub volume: i64,
    /// `None` when nobody said a volume.
    pub volume_source: Option<VolumeSource>,
    /// Bounds of the volume where a tool gave a range; an open one has no upper bound.
    pub volume_min: Option<i64>,
    pub volume_max: Option<i64>,
    /// 0 to 100.
    pub difficulty: Option<i64>,
    /// Price of a click in the account's currency.
    pub cpc: Option<f64>,
    pub intent: Option<Intent>,
    pub status: KeywordStatus,
    pub disabled: bool,
    /// A cluster of the same sector.
    pub cluster: Option<ClusterId>,
    /// A person put it there, or took it out of one: clustering leaves it so.
    pub placed_by_hand: Option<bool>,
    pub attributes: Vec<Attribute>,
    /// The wider subject a tool puts it under.
    pub parent_topic: Option<String>,
    /// The first results of a search, best first.
    #[surreal(default)]
    pub serp_urls: Vec<String>,
    /// What tools say of its place among the results, and of the results.
    pub search_data: Option<SearchData>,
    /// The last import that made or changed it.
    pub imported: Option<Imported>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

record!(Keyword, KeywordId, site, soft_delete);

/// What clustering suggests for a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Object, SurrealValue, serde::Serialize, serde::Deserialize)]
#[surreal(crate = "surrealdb_types")]
#[oai(deny_unknown_fields, skip_serializing_if_is_none)]
pub struct Recommendations {
    /// Names of terms that would fit.
    #[oai(default)]
    pub terms: Vec<String>,
    #[oai(default)]
    pub attributes: Vec<Attribute>,
    pub primary_keyword: Option<String>,
}

/// A cluster as stored. Numbers about it are computed when it is read.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Cluster {
    pub id: ClusterId,
    pub account: AccountId,
    pub site: SiteId,
    pub sector: SectorId,
    pub name: String,
    /// [`text_key`] of the name; unique within site and sector. `None` while deleted.
    pub name_key: Option<String>,
    pub description: String,
    pub context_type: ContextType,
    pub role: ClusterRole,
    pub status: ClusterStatus,
    pub origin: ClusterOrigin,
    /// Clustering again leaves it as it is.
    pub locked: bool,
    pub disabled: bool,
    /// A cluster of the same sector.
    pub parent: Option<ClusterId>,
    pub recommendations: Recommendations,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

record!(Cluster, ClusterId, site, soft_delete);

/// Attributes one keyword may have.
pub const MAX_ATTRIBUTES: usize = 50;

/// Addresses of results one keyword may have, and characters of each.
pub const MAX_SERP_URLS: usize = 20;
pub const MAX_URL: usize = 2_000;

impl Keyword {
    /// A new keyword of which only the text is known.
    pub fn new<A: CanWrite>(
        id: KeywordId,
        scope: &SiteScope<A>,
        sector: SectorId,
        text: &str,
        now: DateTime<Utc>,
    ) -> Self {
        let mut keyword = Self {
            id,
            account: scope.account(),
            site: scope.site(),
            sector,
            text: String::new(),
            text_key: None,
            volume: 0,
            volume_source: None,
            volume_min: None,
            volume_max: None,
            difficulty: None,
            cpc: None,
            intent: None,
            status: KeywordStatus::New,
            disabled: false,
            cluster: None,
            placed_by_hand: None,
            attributes: Vec::new(),
            parent_topic: None,
            serp_urls: Vec::new(),
            search_data: None,
            imported: None,
            rev: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        };
        keyword.set_text(text);
        keyword
    }

    /// By the rules of keyword files, so that an import finds what the API made.
    pub fn set_text(&mut self, text: &str) {
        self.text = keyword_file::normalise(text).into_owned();
        self.text_key = Some(text_key(&self.text));
    }

    /// A volume that somebody states.
    pub fn set_volume(&mut self, volume: i64) {
        self.volume = volume;
        self.volume_source = Some(VolumeSource::Stated);
        (self.volume_min, self.volume_max) = (None, None);
    }

    /// Where the volume comes from; rows older than the field have one that was stated.
    pub fn known_volume(&self) -> Option<VolumeSource> {
        self.volume_source.or((self.volume > 0).then_some(VolumeSource::Stated))
    }

    pub fn set_parent_topic(&mut self, topic: Option<String>) {
        self.parent_topic = topic
            .map(|topic| keyword_file::normalise(&topic).into_owned())
            .filter(|topic| !topic.is_empty());
    }

    /// Puts it into a cluster or takes it out, by hand; a keyword that content was written for stays `used`.
    pub fn set_cluster(&mut self, cluster: Option<ClusterId>) {
        if cluster.is_some() || self.cluster.is_some() {
            self.placed_by_hand = Some(true);
        }
        self.cluster = cluster;
        if self.status != KeywordStatus::Used {
            self.status = if cluster.is_some() {
                KeywordStatus::Mapped
            } else {
                KeywordStatus::New
            };
        }
    }

    /// Checks what a request may have set, in the request's own field names.
    pub fn check(&self, check: &mut Check) {
        check
            .text("text", &self.text, 1, 200)
            .that(
                // As keyword files: joiners alone are nothing, and what could not be decoded is not a keyword.
                self.text.chars().any(|c| !matches!(c, '\u{200c}' | '\u{200d}' | ' '))
                    && !self.text.contains(char::REPLACEMENT_CHARACTER),
                "text",
                "must hold letters or digits, and none that could not be decoded",
            )
            .that(
                (0..=1_000_000_000_000).contains(&self.volume),
                "volume",
                "must be 0 or more, up to a million million",
            )
            .that(
                self.difficulty.is_none_or(|d| (0..=100).contains(&d)),
                "difficulty",
                "must be between 0 and 100",
            )
            .that(
                self.cpc.is_none_or(|c| (0.0..=1_000_000.0).contains(&c)),
                "cpc",
                "must be between 0 and 1000000",
            )
            .that(
                self.parent_topic
                    .as_deref()
                    .is_none_or(|t| t.chars().count() <= keyword_file::MAX_TEXT),
                "parent_topic",
                format!("must have at most {} characters", keyword_file::MAX_TEXT),
            )
            .that(
                self.serp_urls.len() <= MAX_SERP_URLS,
                "serp_urls",
                format!("must be at most {MAX_SERP_URLS}"),
            )
            .that(
                self.serp_urls.iter().all(|url| is_address(url)),
                "serp_urls",
                "must be addresses without spaces",
            );
        check_attributes(check, &self.attributes);
    }
}

impl Cluster {
    /// A new cluster made by hand.
    pub fn new<A: CanWrite>(
        id: ClusterId,
        scope: &SiteScope<A>,
        sector: SectorId,
        name: &str,
        now: DateTime<Utc>,
    ) -> Self {
        let mut cluster = Self {
            id,
            account: scope.account(),
            site: scope.site(),
            sector,
            name: String::new(),
            name_key: None,
            description: String::new(),
            context_type: ContextType::Topic,
            role: ClusterRole::Hub,
            status: ClusterStatus::New,
            origin: ClusterOrigin::Manual,
            locked: false,
            disabled: false,
            parent: None,
            recommendations: Recommendations::default(),
            rev: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        };
        cluster.set_name(name);
        cluster
    }

    pub fn set_name(&mut self, name: &str) {
        self.name = name.trim().to_owned();
        self.name_key = Some(text_key(name));
    }

    /// Makes it a person's own when they changed what clustering would decide.
    pub fn edited(&mut self, before: &Self) {
        let same = self.name == before.name
            && self.description == before.description
            && (self.role, self.context_type, self.parent) == (before.role, before.context_type, before.parent)
            && self.recommendations == before.recommendations;
        if !same {
            self.origin = ClusterOrigin::Manual;
        }
    }

    /// Checks what a request may have set, in the request's own field names.
    pub fn check(&self, check: &mut Check) {
        check
            .text("name", &self.name, 1, 120)
            .text("description", &self.description, 0, 5_000)
            .that(self.parent != Some(self.id), "parent", "must be another cluster")
            .that(
                self.recommendations.terms.len() <= MAX_ATTRIBUTES,
                "recommendations.terms",
                format!("must be at most {MAX_ATTRIBUTES}"),
            );
        for term in self.recommendations.terms.iter().take(MAX_ATTRIBUTES) {
            check.text("recommendations.terms", term, 1, 120);
        }
        if let Some(keyword) = &self.recommendations.primary_keyword {
            check.text("recommendations.primary_keyword", keyword, 1, 200);
        }
        check_attributes(check, &self.recommendations.attributes);
    }
}

/// Whether a text can be the address of a result.
pub fn is_address(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= MAX_URL && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// Checks a list of attributes of keywords, clusters and content.
pub fn check_attributes(check: &mut Check, attributes: &[Attribute]) {
    check.that(
        attributes.len() <= MAX_ATTRIBUTES,
        "attributes",
        format!("must be at most {MAX_ATTRIBUTES}"),
    );
    for (n, attribute) in attributes.iter().take(MAX_ATTRIBUTES).enumerate() {
        check
            .text(&format!("attributes.{n}.name"), &attribute.name, 1, 100)
            .text(&format!("attributes.{n}.value"), &attribute.value, 0, 500);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_texts() {
        for (text, key) in [
            ("Cold  Brew", "cold brew"),
            ("\tcold\u{a0}brew \n", "cold brew"),
            ("ＣＯＬＤ brew", "cold brew"),
            ("ﬁlter", "filter"),
            ("Cafe\u{301}", "café"),
            ("STRASSE", "strasse"),
            ("İstanbul", "istanbul"),
            ("i\u{307}stanbul", "istanbul"),
            ("咖啡", "咖啡"),
            ("   ", ""),
        ] {
            assert_eq!(text_key(text), key, "{text:?}");
            assert_eq!(text_key(key), key, "{text:?} twice");
        }
    }
}
