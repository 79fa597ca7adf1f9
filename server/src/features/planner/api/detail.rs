//! One cluster in detail: its keywords with what is written for them, its ideas, tasks and content, and what is missing.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use igny8_data::{Access, DbError, Read, Select, SiteDb, SiteId, SurrealValue, UserId, Variables};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::numbers;
use super::objects::ClusterOut;
use crate::api::{Caller, Error, Page, PageRequest, Result, SortField, Tag};
use crate::app::App;
use crate::features::content::model::{ContentStructure, ContentType};
use crate::features::content::{ContentId, Status};
use crate::features::planner::idea::{IdeaId, IdeaStatus};
use crate::features::planner::model::{Cluster, ClusterId, ClusterRole, Intent, Keyword, KeywordId, text_key};
use crate::features::writer::TaskId;
use crate::features::writer::model::{Priority, TaskStatus};

/// A cluster with what its keywords have and lack.
#[derive(Debug, Object)]
pub struct ClusterCoverage {
    pub cluster: ClusterOut,
    /// What is missing, in words.
    pub warnings: Vec<Warning>,
    /// Content of the cluster: hub first, then by title; at most 200.
    pub content: Vec<CoveringContent>,
    pub content_count: u64,
    /// Ideas for it, by title; at most 200.
    pub ideas: Vec<ClusterIdea>,
    pub idea_count: u64,
    /// Tasks for it, by title; at most 200.
    pub tasks: Vec<ClusterTask>,
    pub task_count: u64,
    /// Its keywords, the most searched first; at most 200. `cluster_keyword_list` has them all.
    pub keywords: Vec<CoveredKeyword>,
    pub keyword_count: u64,
    /// Keywords, of all, that some content of the site is written for.
    pub covered: u64,
    /// Keywords, of all, that published content is written for.
    pub live: u64,
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
    pub content_type: ContentType,
    pub primary_keyword: Option<String>,
}

/// An idea of a cluster.
#[derive(Debug, Object, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
#[oai(skip_serializing_if_is_none)]
pub struct ClusterIdea {
    pub id: IdeaId,
    pub title: String,
    pub cluster_role: Option<ClusterRole>,
    pub status: IdeaStatus,
    pub content_type: ContentType,
    pub content_structure: ContentStructure,
    pub disabled: bool,
    /// What it became.
    pub task: Option<TaskId>,
}

/// A task of a cluster.
#[derive(Debug, Object, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
#[oai(skip_serializing_if_is_none)]
pub struct ClusterTask {
    pub id: TaskId,
    pub title: String,
    pub cluster_role: Option<ClusterRole>,
    pub status: TaskStatus,
    pub content_type: ContentType,
    pub content_structure: ContentStructure,
    pub priority: Priority,
    pub assignee: Option<UserId>,
    pub due_at: Option<DateTime<Utc>>,
    /// The draft.
    pub content: Option<ContentId>,
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
    pub disabled: bool,
    /// Content that has it as its primary keyword.
    pub primary_of: Vec<ContentId>,
    /// Content that has it as a secondary keyword.
    pub secondary_of: Vec<ContentId>,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct PageRow {
    id: ContentId,
    title: String,
    cluster_role: Option<ClusterRole>,
    status: Status,
    content_type: ContentType,
    primary_keyword: Option<String>,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Aiming {
    id: ContentId,
    status: Status,
    primary_keyword: Option<String>,
    secondary_keywords: Vec<String>,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Count {
    n: i64,
}

/// Content of the site by the keywords it aims at, whatever cluster it is in.
#[derive(Default)]
struct Written {
    primary: HashMap<String, Vec<ContentId>>,
    secondary: HashMap<String, Vec<ContentId>>,
    live: std::collections::HashSet<String>,
}

impl Written {
    async fn of<A: Access>(db: &SiteDb<'_, A>) -> Result<Self, DbError> {
        let sql = "SELECT id, status, primary_keyword, secondary_keywords FROM content WHERE site = $site \
                   AND account = $account AND deleted_at IS NONE \
                   AND (primary_keyword IS NOT NONE OR !array::is_empty(secondary_keywords));";
        let rows: Vec<Aiming> = db
            .query(sql, Variables::new(), "reading what content aims at")
            .await?
            .rows(0)?;
        let mut written = Self::default();
        for row in rows {
            let mut note = |text: &str, primary: bool| {
                let key = text_key(text);
                if row.status == Status::Published {
                    written.live.insert(key.clone());
                }
                let to = if primary {
                    &mut written.primary
                } else {
                    &mut written.secondary
                };
                to.entry(key).or_default().push(row.id);
            };
            if let Some(keyword) = &row.primary_keyword {
                note(keyword, true);
            }
            row.secondary_keywords.iter().for_each(|keyword| note(keyword, false));
        }
        Ok(written)
    }

    fn has(&self, key: &str) -> bool {
        self.primary.contains_key(key) || self.secondary.contains_key(key)
    }

    fn keyword(&self, k: Keyword) -> CoveredKeyword {
        let key = k.text_key.unwrap_or_default();
        CoveredKeyword {
            id: k.id,
            text: k.text,
            volume: k.volume,
            difficulty: k.difficulty,
            intent: k.intent,
            disabled: k.disabled,
            primary_of: self.primary.get(&key).cloned().unwrap_or_default(),
            secondary_of: self.secondary.get(&key).cloned().unwrap_or_default(),
        }
    }
}

/// Rows that the coverage of one cluster shows of each kind.
const SHOWN: usize = 200;

const SORTS: &[SortField] = &[
    SortField::same("volume"),
    SortField::same("text"),
    SortField::same("difficulty"),
];

pub struct ClusterDetailApi;

#[OpenApi(tag = "Tag::Planner")]
impl ClusterDetailApi {
    /// Coverage of a cluster
    ///
    /// Its keywords with the content that is written for them, its ideas, tasks and content, and what is missing.
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
        let written = Written::of(&db).await?;
        let mut binds = Variables::new();
        binds.insert("cluster", cluster.id);
        let of = "WHERE site = $site AND cluster = $cluster AND account = $account AND deleted_at IS NONE";
        let planned = "id, title, cluster_role, status, content_type, content_structure";
        let sql = format!(
            "SELECT id, title, cluster_role, status, content_type, primary_keyword FROM content {of};\
             SELECT {planned}, disabled, task FROM idea {of} ORDER BY title ASC, id ASC LIMIT {SHOWN};\
             SELECT {planned}, priority, assignee, due_at, content FROM task {of} \
             ORDER BY title ASC, id ASC LIMIT {SHOWN};\
             SELECT count() AS n FROM task {of} GROUP ALL;\
             SELECT VALUE text_key FROM keyword WITH INDEX keyword_by_cluster {of};\
             SELECT * FROM keyword WITH INDEX keyword_by_cluster {of} ORDER BY volume DESC, text ASC LIMIT {SHOWN};"
        );
        let mut answer = db.query(&sql, binds, "reading what a cluster has").await?;
        let mut pages: Vec<PageRow> = answer.rows(0)?;
        let ideas: Vec<ClusterIdea> = answer.rows(1)?;
        let tasks: Vec<ClusterTask> = answer.rows(2)?;
        let task_count = answer.rows::<Count>(3)?.first().map_or(0, |count| count.n);
        let keys: Vec<String> = answer.rows(4)?;
        let keywords: Vec<Keyword> = answer.rows(5)?;
        pages.sort_by(|a, b| {
            let order = |page: &PageRow| page.cluster_role.map_or(3, |role| role as u8);
            (order(a), &a.title, a.id).cmp(&(order(b), &b.title, b.id))
        });
        let numbers = numbers.unwrap_or_default();
        let idea_count = u64::try_from(numbers.ideas).unwrap_or(0);
        let cluster = ClusterOut::from_row(cluster, numbers);
        let top = keywords.first().map_or("", |k| k.text.as_str());
        let warnings = cluster.gaps.iter().map(|gap| Warning::of(gap, top)).collect();
        Ok(Json(ClusterCoverage {
            warnings,
            content_count: pages.len() as u64,
            content: pages
                .into_iter()
                .take(SHOWN)
                .map(|page| CoveringContent {
                    id: page.id,
                    title: page.title,
                    role: page.cluster_role,
                    status: page.status,
                    content_type: page.content_type,
                    primary_keyword: page.primary_keyword,
                })
                .collect(),
            ideas,
            idea_count,
            tasks,
            task_count: u64::try_from(task_count).unwrap_or(0),
            keyword_count: keys.len() as u64,
            covered: keys.iter().filter(|key| written.has(key)).count() as u64,
            live: keys.iter().filter(|key| written.live.contains(*key)).count() as u64,
            keywords: keywords.into_iter().map(|keyword| written.keyword(keyword)).collect(),
            cluster,
        }))
    }

    /// Keywords of a cluster
    ///
    /// With the content that is written for each.
    #[oai(
        path = "/sites/:site_id/clusters/:cluster_id/keywords",
        method = "get",
        operation_id = "cluster_keyword_list"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn keywords(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        cluster_id: Path<ClusterId>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        /// `volume`, `text` or `difficulty`; `-` in front for descending. The most searched first when absent.
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
    ) -> Result<Json<Page<CoveredKeyword>>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let cluster = db.get::<Cluster>(cluster_id.0).await?.ok_or_else(Error::not_found)?;
        let page = PageRequest::new(
            &app.db,
            &format!("cluster_keywords|{}|{}", site_id.0, cluster.id),
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "-volume",
        )?;
        let select = Select::new().equals("cluster", cluster.id);
        let list = page.list::<Keyword>(&db, select).await?;
        let written = Written::of(&db).await?;
        Ok(Json(list.page(|row| written.keyword(row))))
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
