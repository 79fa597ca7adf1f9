//! Reading the clusters that want ideas.

use std::collections::HashSet;

use igny8_data::{AccountId, Read, Select, SiteDb, SiteId, SurrealValue, Variables, record};
use igny8_planner::cluster as planner;
use igny8_planner::ideas;

use super::aimed::{self, Aimed};
use super::attributes::Stated;
use super::{MOST, Payload, Work};
use crate::features::planner::idea::IdeaId;
use crate::features::planner::model::{
    Attribute, Cluster, ClusterId, ClusterOrigin, ClusterRole, ContextType, Intent, KeywordId, text_key,
};

/// Keywords read at once of one cluster.
const PAGE: usize = 2_000;
/// Keywords one task plans for: of one cluster, and of all. What is beyond waits for the next task and is counted.
const MOST_OF_CLUSTER: usize = 20_000;
const MOST_KEYWORDS: usize = 100_000;

/// A keyword as far as ideas look at it.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Line {
    id: KeywordId,
    text: String,
    volume: i64,
    difficulty: Option<i64>,
    intent: Option<Intent>,
    serp_urls: Option<Vec<String>>,
    attributes: Option<Vec<Attribute>>,
}

/// An idea that is there.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct There {
    id: IdeaId,
    account: AccountId,
    site: SiteId,
    title: String,
    cluster: Option<ClusterId>,
    cluster_role: Option<ClusterRole>,
    rev: i64,
}

record!(There, IdeaId, site, soft_delete);

const COLUMNS: &[&str] = &["id", "account", "site", "title", "cluster", "cluster_role", "rev"];

/// A task or a piece of content of a cluster.
#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Page {
    title: String,
    cluster: ClusterId,
    cluster_role: Option<ClusterRole>,
}

/// What [`read`] found.
pub(super) struct Found {
    pub(super) work: Vec<Work>,
    pub(super) known: Vec<IdeaId>,
    /// Keys of the names of terms whose archives have a text.
    pub(super) texts: HashSet<String>,
    /// Clusters that were asked for by name and are there.
    pub(super) named: usize,
    /// Clusters without ideas that one task has no room for.
    pub(super) left: usize,
    /// Keywords of the planned clusters that one task has no room for.
    pub(super) keywords_left: usize,
}

/// The clusters meant that have keywords nothing aims at.
pub(super) async fn read(db: &SiteDb<'_, Read>, payload: &Payload) -> Result<Found, igny8_data::DbError> {
    let select = Select::new().equals("sector", payload.sector).equals("disabled", false);
    let mut clusters = db.list::<Cluster>(select).await?;
    let select = Select::new().equals("sector", payload.sector).columns(COLUMNS);
    let there = db.list::<There>(select).await?;
    let with: HashSet<ClusterId> = there.iter().filter_map(|idea| idea.cluster).collect();
    match &payload.clusters {
        Some(named) => clusters.retain(|cluster| named.contains(&cluster.id)),
        None => clusters.retain(|cluster| !with.contains(&cluster.id)),
    }
    clusters.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    let aimed = aimed::of(db, payload.sector).await?;
    let mut found = Found {
        work: Vec::new(),
        known: Vec::new(),
        texts: aimed::texts(db).await?,
        named: clusters.len(),
        left: 0,
        keywords_left: 0,
    };
    let mut room = MOST_KEYWORDS;
    for some in clusters.chunks(50) {
        let ids: Vec<ClusterId> = some.iter().map(|cluster| cluster.id).collect();
        let pages = pages(db, &ids).await?;
        for (cluster, (mut lines, beyond)) in some.iter().zip(lines(db, &ids, &aimed).await?) {
            if lines.is_empty() {
                continue;
            }
            if found.work.len() == MOST || (lines.len() > room && !found.work.is_empty()) {
                found.left += 1;
                continue;
            }
            room = room.saturating_sub(lines.len());
            found.keywords_left += beyond;
            let ideas: Vec<&There> = there.iter().filter(|idea| idea.cluster == Some(cluster.id)).collect();
            let own: Vec<&Page> = pages.iter().filter(|page| page.cluster == cluster.id).collect();
            found.known.extend(ideas.iter().map(|idea| idea.id));
            let has_hub = ideas.iter().any(|idea| idea.cluster_role == Some(ClusterRole::Hub))
                || own.iter().any(|page| page.cluster_role == Some(ClusterRole::Hub));
            let titles = ideas.iter().map(|idea| &idea.title);
            found.work.push(Work {
                id: cluster.id,
                ids: lines.iter().map(|line| line.id).collect(),
                attributes: Stated {
                    keywords: lines
                        .iter_mut()
                        .map(|line| line.attributes.take().unwrap_or_default())
                        .collect(),
                    cluster: cluster.recommendations.attributes.clone(),
                    by_hand: cluster.origin == ClusterOrigin::Manual,
                },
                existing: titles.chain(own.iter().map(|page| &page.title)).cloned().collect(),
                cluster: ideas::Cluster {
                    name: cluster.name.clone(),
                    role: match cluster.role {
                        ClusterRole::Hub => planner::Role::Hub,
                        ClusterRole::Supporting => planner::Role::Supporting,
                        ClusterRole::Attribute => planner::Role::Attribute,
                    },
                    context: match cluster.context_type {
                        ContextType::Topic => planner::ContextType::Topic,
                        ContextType::Attribute => planner::ContextType::Attribute,
                        ContextType::ServiceLine => planner::ContextType::ServiceLine,
                    },
                    keywords: lines.into_iter().map(keyword).collect(),
                    terms: cluster.recommendations.terms.clone(),
                    has_hub,
                    has_text: found.texts.contains(&text_key(&cluster.name)),
                },
            });
        }
    }
    Ok(found)
}

/// Tasks and content of some clusters.
async fn pages(db: &SiteDb<'_, Read>, clusters: &[ClusterId]) -> Result<Vec<Page>, igny8_data::DbError> {
    let mut binds = Variables::new();
    binds.insert("ids", clusters.to_vec());
    let sql = "SELECT title, cluster, cluster_role FROM content WHERE site = $site AND account = $account \
               AND deleted_at IS NONE AND cluster INSIDE $ids;\
               SELECT title, cluster, cluster_role FROM task WHERE site = $site AND account = $account \
               AND deleted_at IS NONE AND status != 'cancelled' AND cluster INSIDE $ids;";
    let mut answer = db.query(sql, binds, "reading pages of clusters").await?;
    let mut pages: Vec<Page> = answer.rows(0)?;
    pages.extend(answer.rows::<Page>(1)?);
    Ok(pages)
}

/// For each cluster its keywords that nothing aims at, the most searched first, and how many more there are than one
/// task plans for.
async fn lines(
    db: &SiteDb<'_, Read>,
    clusters: &[ClusterId],
    aimed: &Aimed,
) -> Result<Vec<(Vec<Line>, usize)>, igny8_data::DbError> {
    let free = |line: &Line| !aimed.has(line.id, &line.text);
    let columns = "id, text, volume, difficulty, intent, serp_urls, attributes";
    let of = "FROM keyword WITH INDEX keyword_by_cluster WHERE site = $site AND account = $account \
              AND deleted_at IS NONE AND disabled = false";
    let mut binds = Variables::new();
    let mut sql = String::new();
    for (n, cluster) in clusters.iter().enumerate() {
        binds.insert(format!("c{n}"), *cluster);
        sql += &format!("SELECT {columns} {of} AND cluster = $c{n} ORDER BY id ASC LIMIT {PAGE};");
    }
    let mut answer = db.query(&sql, binds, "reading keywords of clusters").await?;
    let mut found = Vec::with_capacity(clusters.len());
    for (n, cluster) in clusters.iter().enumerate() {
        let mut page: Vec<Line> = answer.rows(n)?;
        let (mut lines, mut beyond) = (Vec::new(), 0);
        loop {
            let last = page.last().map(|line| line.id).filter(|_| page.len() == PAGE);
            for line in page.into_iter().filter(free) {
                if lines.len() < MOST_OF_CLUSTER {
                    lines.push(line);
                } else {
                    beyond += 1;
                }
            }
            let Some(last) = last else { break };
            let mut binds = Variables::new();
            binds.insert("of", *cluster);
            binds.insert("last", last);
            let sql = format!("SELECT {columns} {of} AND cluster = $of AND id > $last ORDER BY id ASC LIMIT {PAGE};");
            page = db.query(&sql, binds, "reading keywords of a cluster").await?.rows(0)?;
        }
        lines.sort_by(|a: &Line, b| (b.volume, &a.text, a.id).cmp(&(a.volume, &b.text, b.id)));
        found.push((lines, beyond));
    }
    Ok(found)
}

fn keyword(line: Line) -> planner::Keyword {
    planner::Keyword {
        volume: u64::try_from(line.volume).ok().filter(|volume| *volume > 0),
        #[expect(clippy::cast_precision_loss, reason = "0 to 100")]
        difficulty: line.difficulty.map(|difficulty| difficulty as f32),
        intent: line.intent.map(|intent| match intent {
            Intent::Informational => planner::Intent::Informational,
            Intent::Commercial => planner::Intent::Commercial,
            Intent::Transactional => planner::Intent::Transactional,
            Intent::Navigational => planner::Intent::Navigational,
        }),
        serp_urls: line.serp_urls.unwrap_or_default(),
        ..planner::Keyword::new(line.text)
    }
}
