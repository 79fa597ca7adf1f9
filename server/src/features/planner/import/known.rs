//! Which keywords a sector has: read once for a long file, asked one by one for a short one.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use igny8_data::{DbError, SectorId, SiteScope, SurrealValue, Variables, Write};

use crate::app::App;
use crate::features::planner::model::{Keyword, KeywordId};

/// Keys read at once.
const PAGE: usize = 5_000;

pub enum Known {
    /// Not read: each batch asks for its own.
    Asked,
    /// Ids by a hash of their key: some thirty bytes a keyword. Two keys with one hash are told apart when the row is read.
    Read(HashMap<u64, KeywordId>),
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Key {
    id: KeywordId,
    text_key: String,
}

fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

impl Known {
    /// Reads the keys of a sector, in the order of the index that keeps them unique.
    pub async fn load(app: &App, scope: &SiteScope<Write>, sector: SectorId) -> Result<Self, DbError> {
        let db = app.db.site(scope);
        let mut known = HashMap::new();
        let mut last = String::new();
        loop {
            let mut binds = Variables::new();
            binds.insert("sector", sector);
            binds.insert("last", last.clone());
            let sql = format!(
                "SELECT id, text_key FROM keyword WHERE site = $site AND sector = $sector AND text_key > $last \
                 ORDER BY text_key ASC LIMIT {PAGE};"
            );
            let keys: Vec<Key> = db.query(&sql, binds, "reading keys of keywords").await?.rows(0)?;
            let ended = keys.len() < PAGE;
            if let Some(key) = keys.last() {
                last.clone_from(&key.text_key);
            }
            known.extend(keys.into_iter().map(|key| (hash(&key.text_key), key.id)));
            if ended {
                return Ok(Self::Read(known));
            }
        }
    }

    /// The keywords among these keys that are there. With `fresh` the database is asked, whatever was read before.
    pub async fn find(
        &self,
        app: &App,
        scope: &SiteScope<Write>,
        sector: SectorId,
        keys: &[&str],
        fresh: bool,
    ) -> Result<HashMap<String, Keyword>, DbError> {
        let db = app.db.site(scope);
        let mut binds = Variables::new();
        let mut answer;
        let mut statements = 1;
        match self {
            Self::Read(known) if !fresh => {
                let ids: Vec<KeywordId> = keys.iter().filter_map(|key| known.get(&hash(key)).copied()).collect();
                if ids.is_empty() {
                    return Ok(HashMap::new());
                }
                binds.insert("ids", ids);
                let sql = "SELECT * FROM $ids WHERE site = $site AND account = $account;";
                answer = db.query(sql, binds, "reading keywords").await?;
            }
            _ => {
                // A list of keys would not go by the index in SurrealDB 3.3; single ones do.
                let mut sql = String::new();
                binds.insert("sector", sector);
                for (n, key) in keys.iter().enumerate() {
                    sql += &format!(
                        "SELECT * FROM keyword WHERE site = $site AND sector = $sector AND text_key = $key{n} \
                         AND account = $account;"
                    );
                    binds.insert(format!("key{n}"), (*key).to_owned());
                }
                if keys.is_empty() {
                    return Ok(HashMap::new());
                }
                statements = keys.len();
                answer = db.query(&sql, binds, "looking for keywords").await?;
            }
        }
        let mut found = HashMap::new();
        for statement in 0..statements {
            for row in answer.rows::<Keyword>(statement)? {
                let live = row.deleted_at.is_none() && row.sector == sector;
                if let Some(key) = row.text_key.clone().filter(|_| live) {
                    found.insert(key, row);
                }
            }
        }
        Ok(found)
    }
}
