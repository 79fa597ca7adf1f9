//! A site's pages and links to be drawn.

use igny8_data::{Read, SiteId};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use crate::api::{Caller, Error, FieldError, Result, Tag};
use crate::app::App;
use crate::features::content::ContentId;
use crate::features::content::model::ContentType;
use crate::features::linker::with;
use crate::features::planner::{ClusterId, ClusterRole};

/// Pages of a map when nothing else is asked for, and at most; more is no picture.
const SHOWN: u32 = 500;
const MOST: u32 = 2_000;

/// A page of a map.
#[derive(Debug, Object)]
#[oai(rename = "LinkMapNode", skip_serializing_if_is_none)]
pub struct NodeOut {
    pub id: ContentId,
    pub path: String,
    pub title: String,
    pub content_type: ContentType,
    pub cluster: Option<ClusterId>,
    pub cluster_role: Option<ClusterRole>,
    /// Clicks from home by any link; absent where no way leads.
    pub clicks: Option<u32>,
    /// PageRank by links in texts; 1 is the mean of the site.
    pub page_rank: f64,
    /// Pages that link to it in their texts.
    pub inbound: u32,
    /// Pages it links to in its text.
    pub outbound: u32,
}

/// The links from one page of a map to another.
#[derive(Debug, Object)]
#[oai(rename = "LinkMapEdge")]
pub struct EdgeOut {
    pub source: ContentId,
    pub target: ContentId,
    /// The words of the first, in lower case; empty for buttons and pictures.
    pub anchor: String,
    /// How many there are.
    pub count: u32,
}

/// A site, or a cluster of it, as nodes and edges.
#[derive(Debug, Object)]
#[oai(rename = "LinkMap")]
pub struct MapOut {
    /// Published pages there are.
    pub pages: u32,
    /// At most `limit`: those with the highest PageRank.
    pub nodes: Vec<NodeOut>,
    /// Pairs of these pages with a link.
    pub links: u32,
    /// Links in texts between these pages; at most twenty for each page that the limit allows.
    pub edges: Vec<EdgeOut>,
    pub limit: u32,
}

pub struct MapApi;

#[OpenApi(tag = "Tag::Links")]
impl MapApi {
    /// Map of links
    ///
    /// Published pages and the links in their texts, few enough to be drawn.
    #[oai(path = "/sites/:site_id/links/map", method = "get", operation_id = "link_map")]
    async fn map(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// Pages of this cluster and of those below it.
        cluster: Query<Option<ClusterId>>,
        /// Pages, at most 2000; 500 when absent.
        limit: Query<Option<u32>>,
    ) -> Result<Json<MapOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let limit = limit.0.unwrap_or(SHOWN);
        if limit == 0 || limit > MOST {
            let message = format!("must be between 1 and {MOST}");
            return Err(Error::invalid(vec![FieldError::new("limit", message)]));
        }
        let cluster = cluster.0.map(|id| id.to_string());
        let out = with(&app, &scope, move |standing| {
            let map = standing.linker.graph.map(limit as usize, cluster.as_deref());
            let n = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            let ids: Vec<Option<ContentId>> = map.nodes.iter().map(|node| node.page.id.parse().ok()).collect();
            let nodes = map.nodes.iter().zip(&ids).filter_map(|(node, id)| {
                let place = standing.place((*id)?)?;
                Some(NodeOut {
                    id: (*id)?,
                    path: place.path,
                    title: place.title,
                    content_type: place.content_type,
                    cluster: place.cluster,
                    cluster_role: place.role,
                    clicks: node.depth,
                    page_rank: node.rank,
                    inbound: n(node.inbound),
                    outbound: n(node.outbound),
                })
            });
            let edges = map.edges.items.iter().filter_map(|edge| {
                Some(EdgeOut {
                    source: ids[edge.source]?,
                    target: ids[edge.target]?,
                    anchor: edge.anchor.clone(),
                    count: n(edge.links),
                })
            });
            MapOut {
                pages: n(map.pages),
                nodes: nodes.collect(),
                links: n(map.edges.total),
                edges: edges.collect(),
                limit,
            }
        });
        Ok(Json(out.await?))
    }
}
