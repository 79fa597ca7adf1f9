//! What is good and bad about a site's links.

use igny8_data::{Read, SiteId};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::findings::{self, CountsOut, FindingOut, Kind};
use crate::api::page::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::api::{Caller, Error, FieldError, Result, Tag};
use crate::app::App;
use crate::features::linker::with;

/// The state of a site's links. What texts say counts; several links between the same two pages count as one. Menus, archives
/// and the lists of clusters count for clicks from home alone.
#[derive(Debug, Object)]
#[oai(rename = "LinkReport", skip_serializing_if_is_none)]
pub struct ReportOut {
    /// Published pages with a text of their own.
    pub pages: u32,
    /// Pairs of pages with a link.
    pub links: u32,
    /// Links to other sites.
    pub external_links: u32,
    /// Mean clicks from home of what can be reached.
    pub mean_clicks: f64,
    /// The share of links between hubs and their pages that are there, 0 to 1.
    pub hub_completeness: f64,
    /// The share of links that are answered by one back; at most a half is natural.
    pub reciprocal: f64,
    /// The share of links that stay in their cluster.
    pub within_cluster: f64,
    /// Parts of the site that no link in a text joins.
    pub components: u32,
    pub counts: CountsOut,
    /// What was found, the worst first; 10000 of each kind at most.
    pub items: Vec<FindingOut>,
    /// Cursor of the next page; absent on the last one.
    pub next: Option<String>,
}

pub struct ReportApi;

#[OpenApi(tag = "Tag::Links")]
impl ReportApi {
    /// Report on links
    ///
    /// Orphans, dead links, pages far from home, clusters whose pages and hub do not link to each other, words that lead to
    /// different pages; each with a hint how to mend it. Computed from what is stored now; the first question after a while
    /// reads the whole site, which takes seconds for ten thousand pages.
    #[oai(path = "/sites/:site_id/links/report", method = "get", operation_id = "link_report")]
    async fn report(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// Findings of this kind alone.
        kind: Query<Option<Kind>>,
        /// Findings at once, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<ReportOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let wrong = |field: &str, message: &str| Error::invalid(vec![FieldError::new(field, message)]);
        let limit = limit.0.unwrap_or(DEFAULT_LIMIT);
        if limit == 0 || limit > MAX_LIMIT {
            return Err(wrong("limit", &format!("must be between 1 and {MAX_LIMIT}")));
        }
        let limit = limit as usize;
        let purpose = format!("links|{}|{:?}", scope.site(), kind.0).into_bytes();
        let from = match &cursor.0 {
            None => 0,
            Some(text) => {
                let opened = app.db.keys().open_cursor(&purpose, text);
                let position = opened.and_then(|body| serde_json::from_slice::<usize>(&body).ok());
                position.ok_or_else(|| {
                    wrong(
                        "cursor",
                        "is not a cursor of this list with this filter; start without one",
                    )
                })?
            }
        };
        let only = kind.0;
        let (mut out, more) = with(&app, &scope, move |standing| {
            let report = standing.report();
            let mut items: Vec<FindingOut> = findings::of(standing, report, only)
                .skip(from)
                .take(limit + 1)
                .collect();
            let more = items.len() > limit;
            items.truncate(limit);
            let n = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            let out = ReportOut {
                pages: n(report.pages),
                links: n(report.links),
                external_links: n(report.external_links),
                mean_clicks: report.mean_depth,
                hub_completeness: report.pillar_completeness,
                reciprocal: report.reciprocal,
                within_cluster: report.within_topic,
                components: n(report.components),
                counts: CountsOut::of(report),
                items,
                next: None,
            };
            (out, more)
        })
        .await?;
        if more {
            let body = serde_json::to_vec(&(from + limit)).map_err(Error::internal)?;
            out.next = Some(app.db.keys().seal_cursor(&purpose, &body));
        }
        Ok(Json(out))
    }
}
