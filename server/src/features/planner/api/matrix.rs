//! Clusters against terms: where content is, and where there is none.

use std::collections::{HashMap, HashSet};

use igny8_data::{AccountId, Read, SectorId, Select, SiteId, SurrealValue, Variables, record};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use crate::api::{Caller, PageRequest, Result, SortField, Tag};
use crate::app::App;
use crate::features::content::Status;
use crate::features::planner::model::{ClusterId, ClusterRole};
use crate::features::taxonomy::{Taxonomy, TermId};

/// Clusters against terms: how many pieces of content each pair has.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ClusterMatrix {
    /// Rows, by name: one page of the clusters.
    pub clusters: Vec<MatrixCluster>,
    /// Columns, by name: terms that have one of these clusters, or content of one.
    pub terms: Vec<MatrixTerm>,
    /// Pairs that have content, or are linked and have none.
    pub cells: Vec<MatrixCell>,
    /// There are more terms than a matrix shows; ask for one taxonomy or for fewer clusters.
    pub cut_off: bool,
    /// Cursor of the next clusters; absent with the last ones.
    pub next: Option<String>,
}

#[derive(Debug, Object)]
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

/// A cluster as far as the matrix shows it.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Row {
    id: ClusterId,
    account: AccountId,
    site: SiteId,
    name: String,
    role: ClusterRole,
    rev: i64,
}

record!(Row, ClusterId, site, soft_delete);

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Filed {
    terms: Vec<TermId>,
    status: Status,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Term {
    id: TermId,
    name: String,
    taxonomy: Taxonomy,
    clusters: Vec<ClusterId>,
}

/// Terms that a matrix shows.
const TERMS: usize = 500;

const SORTS: &[SortField] = &[SortField::same("name")];

pub struct MatrixApi;

#[OpenApi(tag = "Tag::Planner")]
impl MatrixApi {
    /// Matrix of clusters and terms
    ///
    /// Where content is, and where a term of a cluster has none; some clusters at a time.
    #[oai(
        path = "/sites/:site_id/clusters/matrix",
        method = "get",
        operation_id = "cluster_matrix"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn matrix(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// Clusters at a time, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the clusters before.
        cursor: Query<Option<String>>,
        /// `name`; `-` in front for descending.
        sort: Query<Option<String>>,
        sector: Query<Option<SectorId>>,
        taxonomy: Query<Option<Taxonomy>>,
    ) -> Result<Json<ClusterMatrix>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let page = PageRequest::new(
            &app.db,
            &format!("matrix|{}|{:?}", site_id.0, sector.0),
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            None,
            SORTS,
            "name",
        )?;
        let db = app.db.site(&scope);
        let select = Select::new()
            .equals_some("sector", sector.0)
            .columns(&["id", "account", "site", "name", "role", "rev"]);
        let list = page.list::<Row>(&db, select).await?;
        let page = list.page(|row| MatrixCluster {
            id: row.id,
            name: row.name,
            role: row.role,
        });
        let ids: Vec<ClusterId> = page.items.iter().map(|cluster| cluster.id).collect();

        // A statement for each cluster goes by the index over site and cluster.
        let mut binds = Variables::new();
        let mut sql = String::new();
        for (n, id) in ids.iter().enumerate() {
            binds.insert(format!("c{n}"), *id);
            sql += &format!(
                "SELECT terms, status FROM content WHERE site = $site AND cluster = $c{n} AND account = $account \
                 AND deleted_at IS NONE;"
            );
        }
        let mut cells: HashMap<(ClusterId, TermId), (u64, u64, bool)> = HashMap::new();
        if !ids.is_empty() {
            let mut answer = db.query(&sql, binds, "reading content of clusters").await?;
            for (n, id) in ids.iter().enumerate() {
                for page in answer.rows::<Filed>(n)? {
                    for term in page.terms {
                        let cell = cells.entry((*id, term)).or_default();
                        cell.0 += 1;
                        cell.1 += u64::from(page.status == Status::Published);
                    }
                }
            }
        }
        let mut binds = Variables::new();
        let used: HashSet<TermId> = cells.keys().map(|(_, term)| *term).collect();
        binds.insert("used", used.into_iter().collect::<Vec<_>>());
        binds.insert("clusters", ids.clone());
        let mut of = "";
        if let Some(taxonomy) = taxonomy.0 {
            of = "AND taxonomy = $taxonomy ";
            binds.insert("taxonomy", taxonomy);
        }
        let sql = format!(
            "SELECT id, name, taxonomy, clusters FROM $used WHERE site = $site AND account = $account {of}\
             AND deleted_at IS NONE;\
             SELECT id, name, taxonomy, clusters FROM term WHERE site = $site AND account = $account {of}\
             AND deleted_at IS NONE AND clusters CONTAINSANY $clusters;"
        );
        let mut answer = db.query(&sql, binds, "reading terms of clusters").await?;
        let mut terms: Vec<Term> = answer.rows(0)?;
        terms.extend(answer.rows::<Term>(1)?);
        terms.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        terms.dedup_by_key(|term| term.id);
        let cut_off = terms.len() > TERMS;
        terms.truncate(TERMS);
        let wanted: HashSet<ClusterId> = ids.into_iter().collect();
        for term in &terms {
            for cluster in term.clusters.iter().filter(|cluster| wanted.contains(cluster)) {
                cells.entry((*cluster, term.id)).or_default().2 = true;
            }
        }
        let shown: HashSet<TermId> = terms.iter().map(|term| term.id).collect();
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
        let column = |term: Term| MatrixTerm {
            id: term.id,
            name: term.name,
            taxonomy: term.taxonomy,
        };
        Ok(Json(ClusterMatrix {
            clusters: page.items,
            terms: terms.into_iter().map(column).collect(),
            cells,
            cut_off,
            next: page.next,
        }))
    }
}
