//! What of the plan has content: one cluster in detail, and clusters against terms.

use std::collections::{HashMap, HashSet};

use igny8_data::{Read, SectorId, Select, SiteId, SurrealValue, Variables};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::numbers;
use super::objects::ClusterOut;
use crate::api::{Caller, Error, Result, Tag};
use crate::app::App;
use crate::features::content::{ContentId, Status};
use crate::features::planner::model::{Cluster, ClusterId, ClusterRole, Intent, Keyword, KeywordId, text_key};
use crate::features::taxonomy::{Taxonomy, TermId};

/// A cluster with what its keywords have and lack.
#[derive(Debug, Object)]
pub struct ClusterCoverage {
    pub cluster: ClusterOut,
    /// What is missing, in words.
    pub warnings: Vec<Warning>,
    /// Content of the cluster: hub first, then by title; at most 200.
    pub content: Vec<CoveringContent>,
    /// Its keywords, the most searched first; at most 200.
    pub keywords: Vec<CoveredKeyword>,
    /// Keywords among these that content is written for.
    pub covered: u64,
}

/// A gap in a cluster's content.
#[derive(Debug, Object)]
#[oai(rename = "CoverageWarning")]
pub struct Warning {
    /// `no_hub`, `few_supporting_pages` or `top_keyword_uncovered`.
    pub code: String,
    pub message: String,
}

/// Content of a cluster.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct CoveringContent {
    pub id: ContentId,
    pub title: String,
    pub role: Option<ClusterRole>,
    pub status: Status,
    pub primary_keyword: Option<String>,
}

/// A keyword and the content that is written for it.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct CoveredKeyword {
    pub id: KeywordId,
    pub text: String,
    pub volume: i64,
    pub difficulty: Option<i64>,
    pub intent: Option<Intent>,
    /// Content that has it as its primary keyword.
    pub primary_of: Vec<ContentId>,
    /// Content that has it as a secondary keyword.
    pub secondary_of: Vec<ContentId>,
}

/// Clusters against terms: how many pieces of content each pair has.
#[derive(Debug, Object)]
pub struct ClusterMatrix {
    /// Rows, by name.
    pub clusters: Vec<MatrixCluster>,
    /// Columns, by name: terms that have one of the clusters, or content of one.
    pub terms: Vec<MatrixTerm>,
    /// Pairs that have content, or are linked and have none.
    pub cells: Vec<MatrixCell>,
    /// There are more clusters or terms than a matrix shows; ask for one sector or taxonomy.
    pub cut_off: bool,
}

#[derive(Debug, Object, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct MatrixCluster {
    pub id: ClusterId,
    pub name: String,
    pub role: ClusterRole,
}

#[derive(Debug, Object)]
pub struct MatrixTerm {
    pub id: TermId,
    pub name: String,
    pub taxonomy: Taxonomy,
}

#[derive(Debug, Object)]
pub struct MatrixCell {
    pub cluster: ClusterId,
    pub term: TermId,
    /// Pieces of content in the cluster that carry the term.
    pub content: u64,
    /// How many of them are published.
    pub published: u64,
    /// The term is one of the cluster's; without content that is a hole.
    pub linked: bool,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Page {
    id: ContentId,
    title: String,
    cluster_role: Option<ClusterRole>,
    status: Status,
    primary_keyword: Option<String>,
    secondary_keywords: Vec<String>,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Filed {
    cluster: ClusterId,
    terms: Vec<TermId>,
    status: Status,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct TermRow {
    id: TermId,
    name: String,
    taxonomy: Taxonomy,
    clusters: Vec<ClusterId>,
}

/// Keywords and pieces of content that the coverage of one cluster shows.
const SHOWN: usize = 200;
/// Clusters and terms that a matrix shows.
const MATRIX: usize = 500;

pub struct CoverageApi;

#[OpenApi(tag = "Tag::Planner")]
impl CoverageApi {
    /// Coverage of a cluster
    ///
    /// Its keywords with the content that is written for them, its content by role, and what is missing.
    #[oai(
        path = "/sites/:site_id/clusters/:cluster_id/coverage",
        method = "get",
        operation_id = "cluster_coverage"
    )]
    async fn coverage(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        cluster_id: Path<ClusterId>,
    ) -> Result<Json<ClusterCoverage>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let cluster = db.get::<Cluster>(cluster_id.0).await?.ok_or_else(Error::not_found)?;
        let numbers = numbers::of(&db, vec![cluster.id]).await?.remove(&cluster.id);
        let mut binds = Variables::new();
        binds.insert("cluster", cluster.id);
        let sql = format!(
            "SELECT id, title, cluster_role, status, primary_keyword, secondary_keywords FROM content \
             WHERE site = $site AND account = $account AND cluster = $cluster AND deleted_at IS NONE LIMIT 2000;\
             SELECT * FROM keyword WITH INDEX keyword_by_cluster WHERE site = $site AND cluster = $cluster \
             AND account = $account \
             AND deleted_at IS NONE ORDER BY volume DESC, text ASC LIMIT {SHOWN};"
        );
        let mut answer = db.query(&sql, binds, "reading what a cluster has").await?;
        let mut pages: Vec<Page> = answer.rows(0)?;
        let keywords: Vec<Keyword> = answer.rows(1)?;
        let (mut primary, mut secondary) = (HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<_>>::new());
        for page in &pages {
            if let Some(keyword) = &page.primary_keyword {
                primary.entry(text_key(keyword)).or_default().push(page.id);
            }
            for keyword in &page.secondary_keywords {
                secondary.entry(text_key(keyword)).or_default().push(page.id);
            }
        }
        let keywords: Vec<CoveredKeyword> = keywords
            .into_iter()
            .map(|k| {
                let key = k.text_key.unwrap_or_default();
                CoveredKeyword {
                    id: k.id,
                    text: k.text,
                    volume: k.volume,
                    difficulty: k.difficulty,
                    intent: k.intent,
                    primary_of: primary.get(&key).cloned().unwrap_or_default(),
                    secondary_of: secondary.get(&key).cloned().unwrap_or_default(),
                }
            })
            .collect();
        pages.sort_by(|a, b| {
            let order = |page: &Page| page.cluster_role.map_or(3, |role| role as u8);
            (order(a), &a.title).cmp(&(order(b), &b.title))
        });
        let covered = keywords
            .iter()
            .filter(|k| !k.primary_of.is_empty() || !k.secondary_of.is_empty());
        let covered = covered.count() as u64;
        let cluster = ClusterOut::from_row(cluster, numbers.unwrap_or_default());
        let top = keywords.first().map_or("", |k| k.text.as_str());
        let warnings = cluster.gaps.iter().map(|gap| Warning::of(gap, top)).collect();
        let content = pages.into_iter().take(SHOWN).map(|page| CoveringContent {
            id: page.id,
            title: page.title,
            role: page.cluster_role,
            status: page.status,
            primary_keyword: page.primary_keyword,
        });
        Ok(Json(ClusterCoverage {
            warnings,
            content: content.collect(),
            keywords,
            covered,
            cluster,
        }))
    }

    /// Matrix of clusters and terms
    ///
    /// Where content is, and where a term of a cluster has none.
    #[oai(
        path = "/sites/:site_id/clusters/matrix",
        method = "get",
        operation_id = "cluster_matrix"
    )]
    async fn matrix(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        sector: Query<Option<SectorId>>,
        taxonomy: Query<Option<Taxonomy>>,
    ) -> Result<Json<ClusterMatrix>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let select = Select::new().equals_some("sector", sector.0);
        let select = select.order("name", igny8_data::Direction::Ascending).limit(MATRIX + 1);
        let mut clusters: Vec<Cluster> = db.list(select).await?;
        let mut cut_off = clusters.len() > MATRIX;
        clusters.truncate(MATRIX);
        let wanted: HashSet<ClusterId> = clusters.iter().map(|c| c.id).collect();
        let mut binds = Variables::new();
        let mut of = "";
        if let Some(taxonomy) = taxonomy.0 {
            of = "AND taxonomy = $taxonomy ";
            binds.insert("taxonomy", taxonomy);
        }
        let sql = format!(
            "SELECT id, name, taxonomy, clusters FROM term WHERE site = $site AND account = $account {of}\
             AND deleted_at IS NONE ORDER BY name ASC;\
             SELECT cluster, terms, status FROM content WHERE site = $site AND account = $account \
             AND deleted_at IS NONE AND cluster IS NOT NONE;"
        );
        let mut answer = db.query(&sql, binds, "reading what clusters and terms share").await?;
        let terms: Vec<TermRow> = answer.rows(0)?;
        let filed: Vec<Filed> = answer.rows(1)?;
        let known: HashSet<TermId> = terms.iter().map(|term| term.id).collect();
        let mut cells: HashMap<(ClusterId, TermId), (u64, u64, bool)> = HashMap::new();
        for term in &terms {
            for cluster in term.clusters.iter().filter(|cluster| wanted.contains(cluster)) {
                cells.entry((*cluster, term.id)).or_default().2 = true;
            }
        }
        for page in filed.iter().filter(|page| wanted.contains(&page.cluster)) {
            for term in page.terms.iter().filter(|term| known.contains(term)) {
                let cell = cells.entry((page.cluster, *term)).or_default();
                cell.0 += 1;
                cell.1 += u64::from(page.status == Status::Published);
            }
        }
        let used: HashSet<TermId> = cells.keys().map(|(_, term)| *term).collect();
        let mut columns: Vec<MatrixTerm> = terms
            .into_iter()
            .filter(|term| used.contains(&term.id))
            .map(|term| MatrixTerm {
                id: term.id,
                name: term.name,
                taxonomy: term.taxonomy,
            })
            .collect();
        cut_off |= columns.len() > MATRIX;
        columns.truncate(MATRIX);
        let shown: HashSet<TermId> = columns.iter().map(|term| term.id).collect();
        let mut cells: Vec<MatrixCell> = cells
            .into_iter()
            .filter(|((_, term), _)| shown.contains(term))
            .map(|((cluster, term), (content, published, linked))| MatrixCell {
                cluster,
                term,
                content,
                published,
                linked,
            })
            .collect();
        cells.sort_unstable_by_key(|cell| (cell.cluster, cell.term));
        let rows = clusters.into_iter().map(|c| MatrixCluster {
            id: c.id,
            name: c.name,
            role: c.role,
        });
        Ok(Json(ClusterMatrix {
            clusters: rows.collect(),
            terms: columns,
            cells,
            cut_off,
        }))
    }
}

impl Warning {
    fn of(gap: &str, top: &str) -> Self {
        let message = match gap {
            "no_hub" => "The cluster has no hub page.".to_owned(),
            "few_supporting_pages" => "The cluster has fewer than two supporting pages.".to_owned(),
            _ => format!("No content has the most searched keyword, \u{201c}{top}\u{201d}, as its primary keyword."),
        };
        Self {
            code: gap.to_owned(),
            message,
        }
    }
}
