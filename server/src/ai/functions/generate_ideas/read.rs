//! Reading the clusters that want ideas.

use std::collections::HashSet;

use igny8_data::{AccountId, Read, Select, SiteDb, SiteId, SurrealValue, Variables, record};
use igny8_planner::cluster as planner;
use igny8_planner::ideas;

use super::{MOST, Payload, Work};
use crate::features::planner::idea::{IdeaId, MAX_KEYWORDS};
use crate::features::planner::model::{Cluster, ClusterId, ClusterRole, ContextType, Intent, KeywordId};
use crate::features::planner::text_key;

/// A keyword as far as ideas look at it.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Line {
    id: KeywordId,
    cluster: ClusterId,
    text: String,
    volume: i64,
    difficulty: Option<i64>,
    intent: Option<Intent>,
    serp_urls: Option<Vec<String>>,
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
    primary_keyword: Option<KeywordId>,
    secondary_keywords: Vec<KeywordId>,
    rev: i64,
}

record!(There, IdeaId, site, soft_delete);

const COLUMNS: &[&str] = &[
    "id",
    "account",
    "site",
    "title",
    "cluster",
    "cluster_role",
    "primary_keyword",
    "secondary_keywords",
    "rev",
];

/// Content that aims at something.
#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Page {
    cluster: ClusterId,
    cluster_role: Option<ClusterRole>,
    primary_keyword: Option<String>,
}

/// What [`read`] found.
pub(super) struct Found {
    pub(super) work: Vec<Work>,
    pub(super) known: Vec<IdeaId>,
    /// Clusters that were asked for by name and are there.
    pub(super) named: usize,
    /// Clusters without ideas that one task has no room for.
    pub(super) left: usize,
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
    let named = clusters.len();
    let aimed: HashSet<KeywordId> = there
        .iter()
        .flat_map(|idea| idea.primary_keyword.iter().chain(&idea.secondary_keywords))
        .copied()
        .collect();
    let mut found = Found {
        work: Vec::new(),
        known: Vec::new(),
        named,
        left: 0,
    };
    for some in clusters.chunks(50) {
        let mut binds = Variables::new();
        let mut sql = String::new();
        for (n, cluster) in some.iter().enumerate() {
            binds.insert(format!("c{n}"), cluster.id);
            sql += &format!(
                "SELECT id, cluster, text, volume, difficulty, intent, serp_urls FROM keyword WITH INDEX keyword_by_cluster \
                 WHERE site = $site AND cluster = $c{n} AND account = $account AND deleted_at IS NONE \
                 AND disabled = false ORDER BY volume DESC, text ASC, id ASC LIMIT {MAX_KEYWORDS};"
            );
        }
        binds.insert("ids", some.iter().map(|cluster| cluster.id).collect::<Vec<_>>());
        sql += "SELECT cluster, cluster_role, primary_keyword FROM content WHERE site = $site AND account = $account \
                AND deleted_at IS NONE AND cluster INSIDE $ids;";
        let mut answer = db.query(&sql, binds, "reading keywords of clusters").await?;
        let mut lines: Vec<Vec<Line>> = Vec::with_capacity(some.len());
        for n in 0..some.len() {
            lines.push(answer.rows(n)?);
        }
        let pages: Vec<Page> = answer.rows(some.len())?;
        for (cluster, mut lines) in some.iter().zip(lines) {
            let own: Vec<&Page> = pages.iter().filter(|page| page.cluster == cluster.id).collect();
            let written: HashSet<String> = own
                .iter()
                .filter_map(|page| page.primary_keyword.as_deref().map(text_key))
                .collect();
            lines.retain(|line| !aimed.contains(&line.id) && !written.contains(&text_key(&line.text)));
            if lines.is_empty() {
                continue;
            }
            if found.work.len() == MOST {
                found.left += 1;
                continue;
            }
            let ideas: Vec<&There> = there.iter().filter(|idea| idea.cluster == Some(cluster.id)).collect();
            found.known.extend(ideas.iter().map(|idea| idea.id));
            let has_hub = ideas.iter().any(|idea| idea.cluster_role == Some(ClusterRole::Hub))
                || own.iter().any(|page| page.cluster_role == Some(ClusterRole::Hub));
            found.work.push(Work {
                id: cluster.id,
                ids: lines.iter().map(|line| line.id).collect(),
                existing: ideas.iter().map(|idea| idea.title.clone()).collect(),
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
                },
            });
        }
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
