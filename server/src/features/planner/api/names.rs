//! What clusters, keywords and terms are called that ideas and tasks name: one query for a page of them.

use std::collections::HashMap;

use igny8_data::{Access, DbError, SiteDb, SurrealValue, Variables};
use poem_openapi::Object;

use crate::features::planner::model::{ClusterId, KeywordId};
use crate::features::taxonomy::TermId;

/// A keyword that something aims at.
#[derive(Debug, Clone, Object, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
#[oai(rename = "TargetKeyword", skip_serializing_if_is_none)]
pub struct TargetKeyword {
    pub id: KeywordId,
    pub text: String,
    /// Searches a month; 0 also where nobody knows.
    pub volume: i64,
    pub difficulty: Option<i64>,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Cluster {
    id: ClusterId,
    name: String,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Term {
    id: TermId,
    name: String,
}

/// What is called how; what was deleted is not in it.
#[derive(Debug, Default)]
pub struct Names {
    pub clusters: HashMap<ClusterId, String>,
    pub keywords: HashMap<KeywordId, TargetKeyword>,
    pub terms: HashMap<TermId, String>,
}

impl Names {
    pub fn keywords(&self, ids: &[KeywordId]) -> Vec<TargetKeyword> {
        ids.iter().filter_map(|id| self.keywords.get(id)).cloned().collect()
    }
}

/// The names of what rows name.
///
/// # Errors
/// When the database fails.
pub async fn of<'a, A: Access, K: Iterator<Item = KeywordId>>(
    db: &SiteDb<'_, A>,
    rows: impl Iterator<Item = (Option<ClusterId>, K, &'a [TermId])>,
) -> Result<Names, DbError> {
    let (mut clusters, mut keywords, mut terms) = (Vec::new(), Vec::new(), Vec::new());
    for (cluster, of_row, filed) in rows {
        clusters.extend(cluster);
        keywords.extend(of_row);
        terms.extend_from_slice(filed);
    }
    clusters.sort_unstable();
    clusters.dedup();
    keywords.sort_unstable();
    keywords.dedup();
    terms.sort_unstable();
    terms.dedup();
    if clusters.is_empty() && keywords.is_empty() && terms.is_empty() {
        return Ok(Names::default());
    }
    let mut binds = Variables::new();
    binds.insert("clusters", clusters);
    binds.insert("keywords", keywords);
    binds.insert("terms", terms);
    let live = "WHERE site = $site AND account = $account AND deleted_at IS NONE";
    let sql = format!(
        "SELECT id, name FROM $clusters {live};\
         SELECT id, text, volume, difficulty FROM $keywords {live};\
         SELECT id, name FROM $terms {live};"
    );
    let mut answer = db.query(&sql, binds, "naming what is named").await?;
    Ok(Names {
        clusters: answer
            .rows::<Cluster>(0)?
            .into_iter()
            .map(|row| (row.id, row.name))
            .collect(),
        keywords: answer
            .rows::<TargetKeyword>(1)?
            .into_iter()
            .map(|row| (row.id, row))
            .collect(),
        terms: answer
            .rows::<Term>(2)?
            .into_iter()
            .map(|row| (row.id, row.name))
            .collect(),
    })
}
