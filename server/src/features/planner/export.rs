//! Keywords as a CSV file that an import takes back unchanged, page by page, in the order of their texts.

use std::collections::HashMap;

use bytes::Bytes;
use igny8_data::surrealdb_types::Value;
use igny8_data::{Access, DbError, Direction, Select, SiteScope, SurrealValue, Variables};
use igny8_planner::keyword_file::{self, CsvWriter, Grouping, KeywordRow, Trend, TrendScale, VolumeRange};

use super::api::KeywordFilter;
use super::model::{ClusterId, ClusterRole, Intent, Keyword, KeywordId, KeywordStatus, SearchTrendScale, VolumeSource};
use crate::app::App;

/// Keywords read at once.
const PAGE: usize = 1_000;

/// An export that is being written.
pub struct Export<A> {
    app: App,
    scope: SiteScope<A>,
    filter: KeywordFilter,
    last: Option<(String, KeywordId)>,
    begun: bool,
    ended: bool,
    pub rows: u64,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Named {
    id: ClusterId,
    name: String,
    role: ClusterRole,
    parent: Option<ClusterId>,
}

impl<A: Access> Export<A> {
    pub fn new(app: &App, scope: SiteScope<A>, filter: KeywordFilter) -> Self {
        Self {
            app: app.clone(),
            scope,
            filter,
            last: None,
            begun: false,
            ended: false,
            rows: 0,
        }
    }

    /// The next part of the file; `None` at its end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next(&mut self) -> Result<Option<Bytes>, DbError> {
        if self.ended {
            return Ok(None);
        }
        let db = self.app.db.site(&self.scope);
        let mut select: Select = self.filter.select().order("text", Direction::Ascending).limit(PAGE);
        if let Some((text, id)) = self.last.take() {
            select = select.after(Value::String(text), id);
        }
        let rows = db.list::<Keyword>(select).await?;
        self.ended = rows.len() < PAGE;
        self.last = rows.last().map(|row| (row.text.clone(), row.id));
        let mut clusters: Vec<ClusterId> = rows.iter().filter_map(|row| row.cluster).collect();
        clusters.sort_unstable();
        clusters.dedup();
        let mut named: HashMap<ClusterId, Named> = HashMap::new();
        // The clusters, then the hubs above them.
        for _ in 0..2 {
            if clusters.is_empty() {
                break;
            }
            let mut binds = Variables::new();
            binds.insert("ids", clusters);
            let sql = "SELECT id, name, role, parent FROM $ids WHERE site = $site AND account = $account \
                       AND deleted_at IS NONE;";
            let found: Vec<Named> = db.query(sql, binds, "naming clusters").await?.rows(0)?;
            named.extend(found.into_iter().map(|row| (row.id, row)));
            clusters = named.values().filter_map(|row| row.parent).collect();
            clusters.retain(|id| !named.contains_key(id));
            clusters.sort_unstable();
            clusters.dedup();
        }
        let failed = |error: std::io::Error| DbError::Internal {
            doing: "writing a CSV file",
            message: error.to_string(),
        };
        let to = Vec::with_capacity(rows.len() * 100);
        let mut csv = match self.begun {
            false => CsvWriter::new(to).map_err(failed)?,
            true => CsvWriter::further(to),
        };
        self.begun = true;
        self.rows += rows.len() as u64;
        for keyword in rows {
            let cluster = keyword.cluster.and_then(|id| named.get(&id));
            let hub = cluster.and_then(|cluster| named.get(&cluster.parent?));
            let grouping = Grouping {
                cluster: cluster.map(|cluster| cluster.name.clone()),
                topic: hub.map(|hub| hub.name.clone()),
                page_type: cluster.map(|cluster| page_type(cluster.role).to_owned()),
            };
            csv.write(&row(keyword, grouping)).map_err(failed)?;
        }
        Ok(Some(csv.finish().map_err(failed)?.into()))
    }
}

const fn page_type(role: ClusterRole) -> &'static str {
    match role {
        ClusterRole::Hub => "hub",
        ClusterRole::Supporting => "supporting",
        ClusterRole::Attribute => "attribute",
    }
}

/// A keyword as a row of a file.
pub fn row(keyword: Keyword, grouping: Grouping) -> KeywordRow {
    let source = keyword.known_volume();
    let data = keyword.search_data.unwrap_or_default();
    let volume = u64::try_from(keyword.volume).unwrap_or(0);
    let number = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok());
    KeywordRow {
        text: keyword.text,
        volume: (source == Some(VolumeSource::Stated)).then_some(volume),
        volume_range: (source == Some(VolumeSource::Range)).then(|| VolumeRange {
            low: number(keyword.volume_min).unwrap_or(volume),
            high: number(keyword.volume_max),
        }),
        impressions: number(data.impressions).or((source == Some(VolumeSource::Impressions)).then_some(volume)),
        difficulty: keyword.difficulty.and_then(|n| u8::try_from(n).ok()),
        cpc: keyword.cpc,
        intent: keyword.intent.map(|intent| match intent {
            Intent::Informational => keyword_file::Intent::Informational,
            Intent::Commercial => keyword_file::Intent::Commercial,
            Intent::Transactional => keyword_file::Intent::Transactional,
            Intent::Navigational => keyword_file::Intent::Navigational,
        }),
        parent_topic: keyword.parent_topic,
        serp_urls: keyword.serp_urls,
        grouping,
        position: data.position,
        url: data.url,
        clicks: number(data.clicks),
        ctr: data.ctr,
        traffic_potential: number(data.traffic_potential),
        competition: data.competition,
        market: data.market,
        currency: data.currency,
        trend: data.trend.map(|trend| Trend {
            scale: match trend.scale {
                SearchTrendScale::Searches => TrendScale::Searches,
                SearchTrendScale::Relative => TrendScale::Relative,
            },
            values: trend.values,
            end: trend.end.as_deref().and_then(keyword_file::month),
        }),
        serp_features: data.serp_features,
        attributes: keyword
            .attributes
            .into_iter()
            .map(|a| keyword_file::Attribute {
                name: a.name,
                value: a.value,
            })
            .collect(),
        status: Some(match keyword.status {
            KeywordStatus::New => keyword_file::Status::New,
            KeywordStatus::Mapped => keyword_file::Status::Mapped,
            KeywordStatus::Used => keyword_file::Status::Used,
        }),
        disabled: Some(keyword.disabled),
        ..KeywordRow::default()
    }
}
