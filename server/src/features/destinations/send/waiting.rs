//! What names content that has a place since now.

use std::collections::HashSet;

use igny8_data::{DbError, SurrealValue, Variables};

use super::super::decide::Candidate;
use super::Run;
use crate::features::content::ContentId;

/// Publications read together that wait for something.
const WAITING: usize = 500;

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Waiting {
    external_id: String,
    content: ContentId,
    waits_for: Vec<ContentId>,
    waits_paths: Vec<String>,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct At {
    path: String,
    language: String,
}

impl Run<'_> {
    /// What waits for something that has its place since the last whole run. The rows say so, whoever brought it there: what a run
    /// left undone, the next one does. One pass over the destination's publications, some at a time.
    pub(super) async fn waiting(&self) -> Result<Vec<Candidate>, DbError> {
        let found = self.found_places().await?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let paths = self.paths_of(&found).await?;
        let has_one = |row: &Waiting| {
            row.waits_for.iter().any(|id| found.contains(id)) || row.waits_paths.iter().any(|path| paths.contains(path))
        };
        let (mut ids, mut last) = (Vec::new(), String::new());
        loop {
            let mut binds = Variables::new();
            binds.insert("destination", self.destination.id);
            binds.insert("last", last.clone());
            let sql = format!(
                "SELECT external_id, content, waits_for, waits_paths ?? [] AS waits_paths FROM publication \
                 WITH INDEX publication_external \
                 WHERE destination = $destination AND external_id > $last AND site = $site AND account = $account \
                 AND (array::len(waits_for) > 0 OR array::len(waits_paths ?? []) > 0) \
                 ORDER BY external_id ASC LIMIT {WAITING};"
            );
            let mut answer = self
                .db
                .query(&sql, binds, "looking for what waits for addresses")
                .await?;
            let rows: Vec<Waiting> = answer.rows(0)?;
            let ended = rows.len() < WAITING;
            if let Some(row) = rows.last() {
                last.clone_from(&row.external_id);
            }
            ids.extend(rows.iter().filter(|row| has_one(row)).map(|row| row.content));
            if ended {
                return self.of_ids(ids).await;
            }
        }
    }

    /// Content that got its place there, or another address here or there.
    async fn found_places(&self) -> Result<HashSet<ContentId>, DbError> {
        let mut binds = Variables::new();
        binds.insert("destination", self.destination.id);
        binds.insert("since", self.since);
        let sql = "SELECT VALUE content FROM publication WITH INDEX publication_by_placed \
                   WHERE destination = $destination AND placed_at >= $since AND site = $site AND account = $account;";
        let mut answer = self.db.query(sql, binds, "looking for new places").await?;
        Ok(answer.rows::<ContentId>(0)?.into_iter().collect())
    }

    /// The addresses of content in the site.
    async fn paths_of(&self, contents: &HashSet<ContentId>) -> Result<HashSet<String>, DbError> {
        let ids: Vec<ContentId> = contents.iter().copied().collect();
        let mut paths = HashSet::with_capacity(ids.len());
        for ids in ids.chunks(200) {
            let mut binds = Variables::new();
            binds.insert("ids", ids.to_vec());
            let sql = "SELECT path, language FROM $ids WHERE site = $site AND account = $account;";
            let mut answer = self.db.query(sql, binds, "reading addresses of content").await?;
            let found: Vec<At> = answer.rows(0)?;
            paths.extend(found.iter().map(|at| self.maker.site_path(&at.language, &at.path)));
        }
        Ok(paths)
    }
}
