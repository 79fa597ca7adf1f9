//! Merging and splitting clusters by hand.

use igny8_data::{Read, SiteId, Write};
use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::numbers;
use super::objects::ClusterOut;
use crate::api::{Caller, Created, Error, Fetched, Result, Tag, etag};
use crate::app::App;
use crate::features::planner::model::{Cluster, ClusterId, ClusterRole, KeywordId};
use crate::features::planner::regroup;

/// Clusters to merge.
#[derive(Debug, Object)]
#[oai(rename = "ClusterMerge", deny_unknown_fields)]
pub struct MergeIn {
    /// Clusters of the same sector; they are deleted.
    #[oai(validator(min_items = 1, max_items = 50))]
    pub clusters: Vec<ClusterId>,
}

/// What to take out of a cluster.
#[derive(Debug, Object)]
#[oai(rename = "ClusterSplit", deny_unknown_fields)]
pub struct SplitIn {
    /// Name of the new cluster.
    pub name: String,
    /// Supporting when absent.
    pub role: Option<ClusterRole>,
    /// Keywords of the cluster that go into the new one.
    #[oai(validator(min_items = 1, max_items = 1000))]
    pub keywords: Vec<KeywordId>,
}

pub struct RegroupApi;

#[OpenApi(tag = "Tag::Planner")]
impl RegroupApi {
    /// Merge clusters into one
    ///
    /// Keywords, content, terms and the clusters below them go to this one, which stays as it is otherwise and counts as made
    /// by hand from then on: clustering again keeps its keywords and its name.
    #[oai(
        path = "/sites/:site_id/clusters/:cluster_id/merge",
        method = "post",
        operation_id = "cluster_merge"
    )]
    async fn merge(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        cluster_id: Path<ClusterId>,
        /// ETag of the cluster that takes the others in.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<MergeIn>,
    ) -> Result<Fetched<ClusterOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let into = app.db.site(&scope).get::<Cluster>(cluster_id.0).await?;
        let into = into.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), into.rev)?;
        let merged = regroup::merge(&app, &scope, into, body.0.clusters).await?;
        let (out, rev) = shown(&app, scope.reading(), merged).await?;
        Ok(Fetched::new(out, rev))
    }

    /// Split a cluster
    ///
    /// Some of its keywords go into a new cluster of the same sector, below the same parent. Both count as made by hand from
    /// then on: clustering again keeps their keywords and their names.
    #[oai(
        path = "/sites/:site_id/clusters/:cluster_id/split",
        method = "post",
        operation_id = "cluster_split"
    )]
    async fn split(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        cluster_id: Path<ClusterId>,
        body: Json<SplitIn>,
    ) -> Result<Created<ClusterOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let from = app.db.site(&scope).get::<Cluster>(cluster_id.0).await?;
        let from = from.ok_or_else(Error::not_found)?;
        let Json(body) = body;
        let role = body.role.unwrap_or(ClusterRole::Supporting);
        let new = regroup::split(&app, &scope, &from, &body.name, role, body.keywords).await?;
        let path = format!("/sites/{}/clusters/{}", new.site, new.id);
        let (out, rev) = shown(&app, scope.reading(), new).await?;
        Ok(Created::new(out, rev, path))
    }
}

async fn shown(app: &App, scope: igny8_data::SiteScope<Read>, cluster: Cluster) -> Result<(ClusterOut, i64)> {
    let db = app.db.site(&scope);
    let numbers = numbers::of(&db, vec![cluster.id]).await?.remove(&cluster.id);
    let rev = cluster.rev;
    Ok((ClusterOut::from_row(cluster, numbers.unwrap_or_default()), rev))
}
