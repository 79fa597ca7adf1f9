//! The rows of links of a site: list them; lead links to where pages have moved.

use std::collections::HashMap;

use igny8_data::{Read, Select, SiteDb, SiteId, SurrealValue, Variables, Write};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::objects::LinkOut;
use crate::api::bulk::distinct;
use crate::api::{Caller, Error, Page, PageRequest, Result, SortField, Tag};
use crate::app::App;
use crate::features::content::ContentId;
use crate::features::linker::mend;
use crate::features::linker::model::{Link, LinkDirection, LinkOrigin, LinkStatus};
use crate::features::planner::{ClusterId, ClusterRole};

const SORTS: &[SortField] = &[SortField::same("created_at"), SortField::same("score")];

/// Which links to lead to where their pages are.
#[derive(Debug, Object)]
#[oai(rename = "LinkMend", deny_unknown_fields, example)]
pub struct MendIn {
    /// Content whose links are looked at; all of the site when absent, 200 pieces at a time.
    #[oai(validator(max_items = 200))]
    pub content: Option<Vec<ContentId>>,
}

impl poem_openapi::types::Example for MendIn {
    fn example() -> Self {
        Self {
            content: Some(vec!["cont_01jz8k3v5n6q7r8s9t0v1w2x3y".parse().expect("an id")]),
        }
    }
}

/// What became of the links of one piece of content.
#[derive(Debug, Object)]
#[oai(rename = "LinkMendResult", skip_serializing_if_is_none)]
pub struct MendResult {
    pub content: ContentId,
    /// Links that lead to where their page is now.
    pub changed: u32,
    /// Links that stay as they are, since they are written with a reference or in another way that is not changed here.
    pub left: u32,
    /// The problem's code when nothing was done.
    pub code: Option<String>,
    /// The problem in words.
    pub detail: Option<String>,
}

/// What was mended.
#[derive(Debug, Object)]
#[oai(rename = "LinkMends")]
pub struct MendsOut {
    pub results: Vec<MendResult>,
}

pub struct LinksApi;

#[OpenApi(tag = "Tag::Links")]
impl LinksApi {
    /// List links that were suggested, put in, taken out or dismissed
    ///
    /// What `suggest_links` proposes has the status `suggested` until somebody applies or dismisses it.
    #[oai(path = "/sites/:site_id/links", method = "get", operation_id = "link_list")]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        /// `created_at` or `score`; `-` in front for descending.
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        status: Query<Option<LinkStatus>>,
        origin: Query<Option<LinkOrigin>>,
        source: Query<Option<ContentId>>,
        target: Query<Option<ContentId>>,
        /// Links from pages of this cluster.
        cluster: Query<Option<ClusterId>>,
        /// Links to pages with this role in their cluster.
        cluster_role: Query<Option<ClusterRole>>,
        direction: Query<Option<LinkDirection>>,
    ) -> Result<Json<Page<LinkOut>>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let select = Select::new()
            .equals_some("source", source.0)
            .equals_some("status", status.0)
            .equals_some("origin", origin.0)
            .equals_some("target", target.0)
            .equals_some("cluster", cluster.0)
            .equals_some("cluster_role", cluster_role.0)
            .equals_some("direction", direction.0);
        let page = PageRequest::new(
            &app.db,
            &format!("links|{}|{select:?}", site_id.0),
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "-created_at",
        )?;
        let db = app.db.site(&scope);
        let list = page.list::<Link>(&db, select).await?;
        let titles = titles(&db, &list.rows).await?;
        let out = |row| LinkOut::of(row, |id| titles.get(&id).cloned());
        Ok(Json(list.page(out)))
    }

    /// Lead links to where their pages are
    ///
    /// Links to the old address of a page that has moved work by a redirect; here they get the new one, in texts, answers and
    /// blocks. Each piece of content is one change.
    #[oai(path = "/sites/:site_id/links/mend", method = "post", operation_id = "link_mend")]
    async fn mend(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        body: Json<MendIn>,
    ) -> Result<Json<MendsOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let content = match &body.0.content {
            Some(ids) => distinct(ids),
            None => mend::candidates(&app, &scope).await?,
        };
        let mut results = Vec::with_capacity(content.len());
        for id in content {
            let n = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            results.push(match mend::mend(&app, &scope, id).await {
                Ok(mended) => MendResult {
                    content: id,
                    changed: n(mended.changed),
                    left: n(mended.left),
                    code: None,
                    detail: None,
                },
                Err(error @ (Error::Internal(_) | Error::Unavailable(..))) => return Err(error),
                Err(error) => {
                    let problem = error.into_problem();
                    MendResult {
                        content: id,
                        changed: 0,
                        left: 0,
                        code: Some(problem.code),
                        detail: Some(problem.detail),
                    }
                }
            });
        }
        Ok(Json(MendsOut { results }))
    }
}

/// What the content of some links is called.
pub(super) async fn titles(db: &SiteDb<'_, Read>, links: &[Link]) -> Result<HashMap<ContentId, String>> {
    #[derive(SurrealValue)]
    #[surreal(crate = "surrealdb_types")]
    struct Titled {
        id: ContentId,
        title: String,
    }
    let mut ids: Vec<ContentId> = links.iter().flat_map(|link| [link.source, link.target]).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut binds = Variables::new();
    binds.insert("ids", ids);
    let sql = "SELECT id, title FROM $ids WHERE site = $site AND account = $account AND deleted_at IS NONE;";
    let mut answer = db.query(sql, binds, "reading titles").await?;
    Ok(answer
        .rows::<Titled>(0)?
        .into_iter()
        .map(|row| (row.id, row.title))
        .collect())
}
