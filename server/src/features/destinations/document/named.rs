//! What rows name: terms, clusters, sectors, tasks, keywords and files, read for some rows together.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use igny8_data::{DbError, SectorId, SurrealValue, Variables};

use super::{Maker, distinct};
use crate::features::content::{Content, ContentId};
use crate::features::media::Media;
use crate::features::planner::{Cluster, ClusterId, KeywordId, text_key};
use crate::features::publishing::snapshot::rows_of;
use crate::features::sites::Sector;
use crate::features::taxonomy::{Term, TermId};
use crate::features::writer::TaskId;

/// What a row names, read for some rows together.
pub(super) struct Named {
    pub(super) terms: HashMap<TermId, Term>,
    pub(super) clusters: HashMap<ClusterId, String>,
    pub(super) sectors: HashMap<SectorId, String>,
    tasks: HashMap<ContentId, TaskId>,
    keywords: HashMap<(SectorId, String), KeywordId>,
    pub(super) media: Vec<Media>,
}

/// Keywords of one piece of content that are looked up: the primary one and the first of the others.
const KEYWORDS: usize = 10;

/// The keywords that content aims at, as they are looked up.
fn keywords_of(content: &Content) -> impl Iterator<Item = (SectorId, String)> {
    let texts = content
        .primary_keyword
        .iter()
        .chain(&content.secondary_keywords)
        .take(KEYWORDS);
    let sector = content.sector;
    texts.filter_map(move |text| Some((sector?, text_key(text))))
}

impl Maker<'_> {
    pub(super) async fn named(&self, rows: &[&Content]) -> Result<Named, DbError> {
        let tenant = (self.site.account, self.site.id);
        let live = "deleted_at IS NONE";
        let wanted = distinct(rows.iter().flat_map(|row| row.terms.iter().copied()));
        let terms = self.with_parents(wanted).await?;
        let clusters = distinct(rows.iter().filter_map(|row| row.cluster));
        let clusters: Vec<Cluster> = rows_of(&self.db, tenant, clusters, live).await?;
        let sectors = distinct(rows.iter().filter_map(|row| row.sector));
        let sectors: Vec<Sector> = rows_of(&self.db, tenant, sectors, live).await?;
        let pictures = rows
            .iter()
            .flat_map(|row| row.featured_image.iter().chain(&row.entity.gallery).copied());
        let media = rows_of(&self.db, tenant, distinct(pictures), live).await?;
        Ok(Named {
            terms,
            clusters: clusters.into_iter().map(|cluster| (cluster.id, cluster.name)).collect(),
            sectors: sectors.into_iter().map(|sector| (sector.id, sector.name)).collect(),
            tasks: self.tasks(rows).await?,
            keywords: self.keywords(rows).await?,
            media,
        })
    }

    async fn tasks(&self, rows: &[&Content]) -> Result<HashMap<ContentId, TaskId>, DbError> {
        #[derive(SurrealValue)]
        #[surreal(crate = "surrealdb_types")]
        struct Task {
            id: TaskId,
            content: ContentId,
        }
        let mut binds = Variables::new();
        binds.insert("contents", rows.iter().map(|row| row.id).collect::<Vec<_>>());
        let sql = "SELECT id, content FROM task WITH INDEX task_by_content WHERE content INSIDE $contents \
                   AND site = $site AND account = $account AND deleted_at IS NONE;";
        let mut answer = self.db.query(sql, binds, "looking for tasks of content").await?;
        let tasks = answer.rows::<Task>(0)?.into_iter();
        Ok(tasks.map(|task| (task.content, task.id)).collect())
    }

    async fn keywords(&self, rows: &[&Content]) -> Result<HashMap<(SectorId, String), KeywordId>, DbError> {
        let keys: Vec<(SectorId, String)> = distinct(rows.iter().flat_map(|row| keywords_of(row)));
        let mut found = HashMap::new();
        for keys in keys.chunks(100) {
            let (mut sql, mut binds) = (String::new(), Variables::new());
            for (n, (sector, key)) in keys.iter().enumerate() {
                binds.insert(format!("sector{n}"), *sector);
                binds.insert(format!("key{n}"), key.clone());
                sql += &format!(
                    "SELECT VALUE id FROM keyword WITH INDEX keyword_text WHERE site = $site AND sector = $sector{n} \
                     AND text_key = $key{n} AND account = $account;"
                );
            }
            let mut answer = self.db.query(&sql, binds, "looking for keywords of content").await?;
            for (n, key) in keys.iter().enumerate() {
                if let Some(id) = answer.rows::<KeywordId>(n)?.pop() {
                    found.insert(key.clone(), id);
                }
            }
        }
        Ok(found)
    }

    /// The files at some addresses, besides those that are known.
    pub(super) async fn media_at(&self, paths: &BTreeSet<String>, known: &[Media]) -> Result<Vec<Media>, DbError> {
        let known: HashSet<String> = known.iter().map(Media::public_path).collect();
        let (mut sql, mut binds, mut asked) = (String::new(), Variables::new(), 0);
        for path in paths.iter().filter(|path| !known.contains(*path)) {
            // The name is the first half of the hash.
            let Some(start) = path.strip_prefix("/media/").and_then(|name| name.get(..32)) else {
                continue;
            };
            if !start.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
                continue;
            }
            binds.insert(format!("from{asked}"), start.to_owned());
            binds.insert(format!("to{asked}"), format!("{start}g"));
            sql += &format!(
                "SELECT * FROM media WITH INDEX media_once WHERE site = $site AND live_hash >= $from{asked} \
                 AND live_hash < $to{asked} AND account = $account LIMIT 1;"
            );
            asked += 1;
        }
        if asked == 0 {
            return Ok(Vec::new());
        }
        let mut answer = self.db.query(&sql, binds, "looking for files of documents").await?;
        let mut found = Vec::new();
        for n in 0..asked {
            found.extend(answer.rows::<Media>(n)?);
        }
        found.retain(|file| file.site == self.site.id && file.account == self.site.account);
        Ok(found)
    }
}

/// What stays beside it there for those who come back to it.
pub(super) fn meta(content: &Content, named: &Named) -> BTreeMap<String, serde_json::Value> {
    let mut meta = BTreeMap::new();
    let mut add = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            meta.insert(format!("_igny8_{key}"), serde_json::Value::from(value));
        }
    };
    add("content_id", Some(content.id.to_string()));
    add("task_id", named.tasks.get(&content.id).map(ToString::to_string));
    add("cluster_id", content.cluster.map(|id| id.to_string()));
    add("sector_id", content.sector.map(|id| id.to_string()));
    let keywords: Vec<String> = keywords_of(content)
        .filter_map(|key| named.keywords.get(&key))
        .map(ToString::to_string)
        .collect();
    add("keyword_ids", (!keywords.is_empty()).then(|| keywords.join(",")));
    meta
}
