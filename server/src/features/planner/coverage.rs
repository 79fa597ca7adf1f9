//! Reading a plan and what is written of it, for [`igny8_planner::coverage`].
//!
//! Keywords, and the rows of content, are read some thousand at a time; of texts only the links are kept.

use std::collections::{HashMap, HashSet};

use igny8_data::{Access, DbError, SectorId, SiteDb, SurrealValue, Variables};
use igny8_planner::coverage::{self, Report};

use super::model::{ClusterId, ClusterRole, Intent, text_key};
use crate::features::content::{ContentId, Status};
use crate::features::sites::Site;

/// Keywords, and pieces of content, read at once.
const KEYWORDS: usize = 5_000;
const PAGES: usize = 200;

/// A cluster of the plan.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct PlanCluster {
    pub id: ClusterId,
    pub sector: SectorId,
    pub name: String,
    pub role: ClusterRole,
    pub parent: Option<ClusterId>,
}

/// A piece of content of the site.
#[derive(Debug, Clone)]
pub struct PlanPage {
    pub id: ContentId,
    pub title: String,
    pub status: Status,
    pub cluster: Option<ClusterId>,
    pub primary_keyword: Option<String>,
    pub path: String,
}

/// A plan with its report; places in the report are places in these lists.
#[derive(Debug)]
pub struct Plan {
    /// Clusters that are not disabled, by name.
    pub clusters: Vec<PlanCluster>,
    pub pages: Vec<PlanPage>,
    pub report: Report,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct KeywordRow {
    cluster: Option<ClusterId>,
    text: String,
    text_key: String,
    volume: i64,
    difficulty: Option<i64>,
    intent: Option<Intent>,
    disabled: bool,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct PageRow {
    id: ContentId,
    title: String,
    path: String,
    language: String,
    status: Status,
    cluster: Option<ClusterId>,
    cluster_role: Option<ClusterRole>,
    primary_keyword: Option<String>,
    secondary_keywords: Vec<String>,
    body: String,
}

/// Reads the plan of a site or of one of its sectors, and reports on it. `address` is where the site is found, for links that
/// are written in full.
///
/// # Errors
/// When the database fails.
pub async fn read<A: Access>(
    db: &SiteDb<'_, A>,
    site: &Site,
    address: &str,
    sector: Option<SectorId>,
) -> Result<Plan, DbError> {
    let mut binds = Variables::new();
    let mut of = "";
    if let Some(sector) = sector {
        of = " AND sector = $sector";
        binds.insert("sector", sector);
    }
    let sql = format!(
        "SELECT id, sector, name, role, parent FROM cluster WHERE site = $site AND account = $account{of} \
         AND deleted_at IS NONE AND disabled = false ORDER BY name ASC, id ASC;\
         SELECT VALUE id FROM sector WHERE site = $site AND account = $account AND deleted_at IS NONE;\
         SELECT VALUE id FROM content WHERE site = $site AND account = $account AND deleted_at IS NONE;"
    );
    let mut answer = db.query(&sql, binds, "reading a plan").await?;
    let clusters: Vec<PlanCluster> = answer.rows(0)?;
    let sectors: Vec<SectorId> = match sector {
        Some(sector) => vec![sector],
        None => answer.rows(1)?,
    };
    let mut content: Vec<ContentId> = answer.rows(2)?;
    content.sort_unstable();
    let places: HashMap<ClusterId, usize> = clusters.iter().enumerate().map(|(at, c)| (c.id, at)).collect();
    let disabled = disabled(db).await?;
    let mut keywords = Vec::new();
    for sector in sectors {
        read_keywords(db, sector, &places, &disabled, &mut keywords).await?;
    }
    let links = Links::new(address);
    let (mut pages, mut rows) = (Vec::with_capacity(content.len()), Vec::with_capacity(content.len()));
    for ids in content.chunks(PAGES) {
        let mut binds = Variables::new();
        binds.insert("ids", ids.to_vec());
        let sql = "SELECT id, title, path, language, status, cluster, cluster_role, primary_keyword, secondary_keywords, \
                   (IF status = 'published' AND cluster IS NOT NONE { body } ELSE { '' }) AS body FROM $ids \
                   WHERE site = $site AND account = $account AND deleted_at IS NONE;";
        for row in db
            .query(sql, binds, "reading content of a plan")
            .await?
            .rows::<PageRow>(0)?
        {
            let path = match row.language == site.language {
                true => row.path,
                false => format!("/{}{}", row.language, row.path),
            };
            pages.push(coverage::Page {
                cluster: row.cluster.and_then(|id| places.get(&id)).copied(),
                hub: row.cluster_role == Some(ClusterRole::Hub),
                supporting: row.cluster_role == Some(ClusterRole::Supporting),
                live: row.status == Status::Published,
                language: row.language,
                title: row.title.clone(),
                path: path.clone(),
                keys: row
                    .primary_keyword
                    .iter()
                    .chain(&row.secondary_keywords)
                    .map(|text| text_key(text))
                    .collect(),
                primary: row.primary_keyword.clone(),
                links: links.of(&row.body),
            });
            rows.push(PlanPage {
                id: row.id,
                title: row.title,
                status: row.status,
                cluster: row.cluster,
                primary_keyword: row.primary_keyword,
                path,
            });
        }
    }
    let of_plan: Vec<coverage::Cluster> = clusters
        .iter()
        .map(|cluster| coverage::Cluster {
            parent: cluster.parent.and_then(|id| places.get(&id)).copied(),
            hub: cluster.role == ClusterRole::Hub,
        })
        .collect();
    let language = site.language.clone();
    let work = move || coverage::report(&of_plan, &keywords, &pages, &language);
    let report = tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| DbError::Internal {
            doing: "reporting on a plan",
            message: error.to_string(),
        })?;
    Ok(Plan {
        clusters,
        pages: rows,
        report,
    })
}

/// Clusters that nobody wants anything for; nor for their keywords.
async fn disabled<A: Access>(db: &SiteDb<'_, A>) -> Result<HashSet<ClusterId>, DbError> {
    let sql = "SELECT VALUE id FROM cluster WHERE site = $site AND account = $account AND disabled = true \
               AND deleted_at IS NONE;";
    let ids: Vec<ClusterId> = db.query(sql, Variables::new(), "reading clusters").await?.rows(0)?;
    Ok(ids.into_iter().collect())
}

/// The keywords of a sector that are wanted, in the order of the index that keeps them unique.
async fn read_keywords<A: Access>(
    db: &SiteDb<'_, A>,
    sector: SectorId,
    places: &HashMap<ClusterId, usize>,
    disabled: &HashSet<ClusterId>,
    to: &mut Vec<coverage::Keyword>,
) -> Result<(), DbError> {
    let mut last = String::new();
    loop {
        let mut binds = Variables::new();
        binds.insert("sector", sector);
        binds.insert("last", last.clone());
        let sql = format!(
            "SELECT cluster, text, text_key, volume, difficulty, intent, disabled FROM keyword WHERE site = $site \
             AND sector = $sector AND text_key > $last AND account = $account ORDER BY text_key ASC LIMIT {KEYWORDS};"
        );
        let rows: Vec<KeywordRow> = db.query(&sql, binds, "reading keywords of a plan").await?.rows(0)?;
        let ended = rows.len() < KEYWORDS;
        if let Some(row) = rows.last() {
            last.clone_from(&row.text_key);
        }
        let wanted = |row: &KeywordRow| !row.disabled && row.cluster.is_none_or(|id| !disabled.contains(&id));
        to.extend(rows.into_iter().filter(wanted).map(|row| coverage::Keyword {
            cluster: row.cluster.and_then(|id| places.get(&id)).copied(),
            text: row.text,
            key: row.text_key,
            volume: u64::try_from(row.volume).unwrap_or(0),
            difficulty: row.difficulty.and_then(|n| u8::try_from(n).ok()),
            intent: row.intent.map(|intent| match intent {
                Intent::Informational => coverage::Intent::Informational,
                Intent::Commercial => coverage::Intent::Commercial,
                Intent::Transactional => coverage::Intent::Transactional,
                Intent::Navigational => coverage::Intent::Navigational,
            }),
        }));
        if ended {
            return Ok(());
        }
    }
}

/// Finds the addresses on the site that a text links to, in Markdown and in HTML.
struct Links {
    pattern: regex::Regex,
    address: String,
}

impl Links {
    fn new(address: &str) -> Self {
        // `](/a/)`, `](</a/> "title")`, `[name]: /a/`, `href="/a/"`.
        let pattern = r#"(?m)(?:\]\(\s*<?|^\s{0,3}\[[^\]\n]+\]:\s*<?|href\s*=\s*["']?)([^\s)>"']+)"#;
        Self {
            pattern: regex::Regex::new(pattern).expect("a valid pattern"),
            address: address.trim_end_matches('/').to_owned(),
        }
    }

    fn of(&self, text: &str) -> Vec<String> {
        let mut found: Vec<String> = self
            .pattern
            .captures_iter(text)
            .filter_map(|part| {
                let target = part.get(1)?.as_str();
                let path = match target.strip_prefix(&self.address) {
                    Some(rest) if !self.address.is_empty() => rest,
                    _ => target,
                };
                let path = path.split(['?', '#']).next().unwrap_or_default();
                let path = path.strip_prefix('/').filter(|rest| !rest.starts_with('/'))?;
                Some(format!("/{}/", path.trim_end_matches('/')).replace("//", "/"))
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_texts() {
        let links = Links::new("https://example.com/");
        let text = "[a](/a/), [b](/b \"B\") and [c](</c/#x>), [d](https://example.com/d/?q=1)\n\n[e]: /e/\n\
                    <a class=x href='/f/'>f</a> [g](//evil.example/) [h](https://other.example/h/) [i](i) [home](/)";
        assert_eq!(links.of(text), ["/", "/a/", "/b/", "/c/", "/d/", "/e/", "/f/"]);
        assert!(links.of("no (links) [here] /x/").is_empty());
    }
}
