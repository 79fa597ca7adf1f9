//! Checks inside a unit of work: what a row names must be the site's own and alive.
//!
//! In the unit of work rather than before it, so that no other writer comes between the check and the write.

use igny8_data::surrealdb_types::RecordId;
use igny8_data::{DbError, RecordKey, SectorId, SurrealValue, Tx, Value, Variables};

use super::model::{ClusterId, KeywordId};
use crate::api::{Error, FieldError};

/// Every id must be a live row of the site; the code of the refusal is `unknown_<table>`.
pub fn require_live<K: RecordKey + SurrealValue>(tx: &mut Tx<'_>, ids: &[K]) {
    require_rows(tx, ids, None);
}

/// The sector must be one of the site.
pub fn require_sector(tx: &mut Tx<'_>, sector: SectorId) {
    require_live(tx, &[sector]);
}

/// The clusters must be of the site, and of the sector if one is given.
pub fn require_clusters(tx: &mut Tx<'_>, clusters: &[ClusterId], sector: Option<SectorId>) {
    require_rows(tx, clusters, sector);
}

/// The keywords must be of the site and sector.
pub fn require_keywords(tx: &mut Tx<'_>, keywords: &[KeywordId], sector: SectorId) {
    require_rows(tx, keywords, Some(sector));
}

fn require_rows<K: RecordKey + SurrealValue>(tx: &mut Tx<'_>, ids: &[K], sector: Option<SectorId>) {
    if ids.is_empty() {
        return;
    }
    let code = match K::TABLE {
        "sector" => "unknown_sector",
        "cluster" => "unknown_cluster",
        "keyword" => "unknown_keyword",
        "term" => "unknown_term",
        "content" => "unknown_content",
        _ => "unknown_media",
    };
    let mut keys: Vec<String> = ids.iter().map(|id| id.key()).collect();
    keys.sort_unstable();
    keys.dedup();
    // The variable is named after its value: rows of one unit of work may ask for the same or for others.
    let name = format!("known_{}", blake3::hash(keys.concat().as_bytes()).to_hex());
    let mut binds = Variables::new();
    let mut also = String::new();
    if let Some(sector) = sector {
        also = format!(" AND sector = $sector_{}", sector.key());
        binds.insert(format!("sector_{}", sector.key()), sector);
    }
    let count = keys.len();
    binds.insert(
        name.clone(),
        keys.into_iter()
            .map(|key| Value::RecordId(RecordId::new(K::TABLE, key)))
            .collect::<Vec<Value>>(),
    );
    let condition = format!(
        "array::len((SELECT VALUE id FROM ${name} WHERE account = $account AND site = $site \
         AND deleted_at IS NONE{also})) = {count}"
    );
    tx.require(&condition, binds, code);
}

/// Turns a refusal of these checks into an answer that names the field.
pub fn refused(error: DbError) -> Error {
    let DbError::Refused(code) = &error else {
        return error.into();
    };
    let (field, message) = match code.as_str() {
        "unknown_sector" => ("sector", "must be a sector of this site"),
        "unknown_cluster" => ("cluster", "must be a cluster of this site and sector"),
        "unknown_keyword" => ("keywords", "must be keywords of this site and sector"),
        "unknown_term" => ("terms", "must be terms of this site"),
        "unknown_content" => ("content", "must be content of this site"),
        "unknown_media" => ("featured_image", "and the gallery must be images of this site"),
        "unknown_parent" => ("parent", "must be one of the same kind in this site"),
        "cycle" => ("parent", "must not be the thing itself or one below it"),
        "too_deep" => ("parent", "is too deep: at most 10 levels are possible"),
        _ => return error.into(),
    };
    Error::invalid(vec![FieldError::new(field, message)])
}
