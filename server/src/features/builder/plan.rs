//! The pages of a plan as stored: one row, JSON that is compressed.
//!
//! Why not a row for each page: every edit looks at the whole plan (addresses and keywords are unique, the tree has no circle,
//! all edits of a call are made or none), so all rows would be read each time, and two people's edits that are fine each by
//! itself could contradict each other. One row is one read and one comparison of revisions. 2,000 pages are 3 MB of JSON that
//! compresses to a tenth.

use std::collections::BTreeMap;

use igny8_builder::sitemap::Sitemap;
use igny8_data::surrealdb_types::Bytes;
use igny8_data::{Access, AccountId, DbError, RecordKey as _, SiteDb, SiteId, SurrealValue, record};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::model::{SiteBlueprintId, SitePlanId};
use crate::api::Error;

/// How hard zstd tries: as fast as it gets, JSON shrinks to a tenth in any case.
const LEVEL: i32 = 1;

/// The row.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct SitePlan {
    pub id: SitePlanId,
    pub account: AccountId,
    pub site: SiteId,
    pub blueprint: SiteBlueprintId,
    data: Bytes,
    pub rev: i64,
}

record!(SitePlan, SitePlanId, site);

/// What is in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pages {
    pub sitemap: Sitemap,
    /// What planning them told: [`igny8_builder::sitemap::Note`]s.
    pub notes: Vec<Value>,
    pub seen: Seen,
    /// Addresses of pages as they went live last, by key.
    pub live: BTreeMap<String, String>,
}

/// What the plan rests on, as it was when the plan was last changed. What is different now re-opens steps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seen {
    pub site_type: String,
    pub hosting: String,
    pub language: String,
    /// Attached clusters, with the number of their keywords.
    pub clusters: BTreeMap<String, u64>,
    pub terms: BTreeMap<String, SeenTerm>,
}

/// A term as a plan rests on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SeenTerm {
    pub kind: String,
    pub name: String,
    pub slug: String,
    pub parent: Option<String>,
    pub clusters: Vec<String>,
}

impl SitePlan {
    /// A row with these pages.
    pub fn new(account: AccountId, site: SiteId, blueprint: SiteBlueprintId, pages: &Pages) -> Self {
        Self {
            id: SitePlanId::from_ulid(blueprint.ulid()),
            account,
            site,
            blueprint,
            data: packed(pages),
            rev: 1,
        }
    }

    /// What is in it.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn pages(&self) -> Result<Pages, Error> {
        let json = zstd::decode_all(&*self.data.clone().into_inner()).map_err(Error::internal)?;
        serde_json::from_slice(&json).map_err(Error::internal)
    }

    pub fn set_pages(&mut self, pages: &Pages) {
        self.data = packed(pages);
    }
}

/// The pages of a plan.
///
/// # Errors
/// When the database fails.
pub async fn read<A: Access>(db: &SiteDb<'_, A>, plan: SiteBlueprintId) -> Result<Option<SitePlan>, DbError> {
    db.get::<SitePlan>(SitePlanId::from_ulid(plan.ulid())).await
}

fn packed(pages: &Pages) -> Bytes {
    // Plain data with text keys, into memory: neither writing nor packing can fail.
    let json = serde_json::to_vec(pages).unwrap_or_default();
    Bytes::from(zstd::encode_all(json.as_slice(), LEVEL).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_come_back() {
        let pages = Pages {
            notes: vec![serde_json::json!({ "code": "x" })],
            ..Pages::default()
        };
        let (account, site, plan) = (
            "acct_01hzzzzzzzzzzzzzzzzzzzzzzz".parse().unwrap(),
            "site_01hzzzzzzzzzzzzzzzzzzzzzzz".parse().unwrap(),
            "plan_01hzzzzzzzzzzzzzzzzzzzzzzz".parse().unwrap(),
        );
        assert_eq!(SitePlan::new(account, site, plan, &pages).pages().unwrap(), pages);
    }
}
