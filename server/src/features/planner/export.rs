//! Keywords as a CSV file that an import takes back unchanged, page by page, in the order of their texts.

use std::collections::HashMap;

use bytes::Bytes;
use igny8_data::surrealdb_types::Value;
use igny8_data::{Access, DbError, Direction, Select, SiteScope, SurrealValue, Variables};
use igny8_planner::keyword_file::{self, CsvWriter, Grouping, KeywordRow, VolumeRange};

use super::api::KeywordFilter;
use super::model::{ClusterId, Intent, Keyword, KeywordId, KeywordStatus, VolumeSource};
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
struct Name {
    id: ClusterId,
    name: String,
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
        let mut names = HashMap::new();
        if !clusters.is_empty() {
            let mut binds = Variables::new();
            binds.insert("ids", clusters);
            let sql = "SELECT id, name FROM $ids WHERE site = $site AND account = $account AND deleted_at IS NONE;";
            let found: Vec<Name> = db.query(sql, binds, "naming clusters").await?.rows(0)?;
            names.extend(found.into_iter().map(|row| (row.id, row.name)));
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
            let cluster = keyword.cluster.and_then(|id| names.get(&id)).cloned();
            csv.write(&row(keyword, cluster)).map_err(failed)?;
        }
        Ok(Some(csv.finish().map_err(failed)?.into()))
    }
}

/// A keyword as a row of a file.
pub fn row(keyword: Keyword, cluster: Option<String>) -> KeywordRow {
    let volume = u64::try_from(keyword.volume).unwrap_or(0);
    let source = keyword.known_volume();
    let number = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok());
    KeywordRow {
        text: keyword.text,
        volume: (source == Some(VolumeSource::Stated)).then_some(volume),
        volume_range: (source == Some(VolumeSource::Range)).then(|| VolumeRange {
            low: number(keyword.volume_min).unwrap_or(volume),
            high: number(keyword.volume_max),
        }),
        impressions: (source == Some(VolumeSource::Impressions)).then_some(volume),
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
        grouping: Grouping {
            cluster,
            ..Grouping::default()
        },
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
