//! Cluster files in and out: `/sites/{site}/clusters/import` and `/sites/{site}/clusters/export.csv`.

use futures_util::stream;
use igny8_data::{Read, SectorId, SiteId, Write};
use poem::web::Data;
use poem::{Body, Endpoint, Response};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::multipart::Upload;
use poem_openapi::{Multipart, OpenApi};

use super::cluster_filter::ClusterFilter;
use super::numbers::Gap;
use crate::api::csv::Csv;
use crate::api::upload;
use crate::api::{Caller, Error, Result, Tag};
use crate::app::App;
use crate::features::planner::cluster_table::{self, ClusterExport};
use crate::features::planner::model::{ClusterId, ClusterOrigin, ClusterRole, ClusterStatus, ContextType};
use crate::features::planner::table::TableReport;

/// Bytes of a table of clusters or ideas.
const MOST: usize = 16 << 20;

/// A table.
#[derive(Debug, Multipart)]
#[oai(deny_unknown_fields)]
pub struct TableForm {
    /// CSV in UTF-8 with a header.
    file: Upload,
}

pub(super) fn bounded(inner: impl Endpoint) -> impl Endpoint<Output = Response> {
    upload::bounded(inner, |http| http.max_import_bytes.min(MOST))
}

impl TableForm {
    /// The file's bytes.
    ///
    /// # Errors
    /// 413 when it is too large; when it cannot be read.
    pub(super) async fn bytes(self, app: &App) -> Result<Vec<u8>> {
        let most = app.config.http.max_import_bytes.min(MOST);
        if self.file.size() > most {
            return Err(upload::too_large(most));
        }
        self.file.into_vec().await.map_err(Error::internal)
    }
}

pub struct ClusterTransferApi;

#[OpenApi(tag = "Tag::Planner")]
impl ClusterTransferApi {
    /// Import clusters
    ///
    /// A table with a column `name` and any of `sector` (its slug), `description`, `role`, `context_type`, `status`, `origin`,
    /// `locked`, `disabled`, `parent` (its name), `primary_keyword`, `terms` and `attributes`, as `cluster_export` writes it.
    /// Clusters of these names are changed, others are made; what the table has no column for stays as it is. A row that is
    /// wrong is reported with its line, the rest goes in.
    #[oai(
        path = "/sites/:site_id/clusters/import",
        method = "post",
        operation_id = "cluster_import",
        transform = "bounded"
    )]
    async fn import(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// The sector of rows that name none.
        sector: Query<Option<SectorId>>,
        /// Change nothing, only report what would be done.
        dry_run: Query<Option<bool>>,
        form: TableForm,
    ) -> Result<Json<TableReport>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let bytes = form.bytes(&app).await?;
        let report = cluster_table::import(&app, &scope, &bytes, sector.0, dry_run.0 == Some(true)).await?;
        Ok(Json(report))
    }

    /// Export clusters
    ///
    /// As CSV, by the filters of the list and in the order of their names. Importing it again changes nothing.
    #[oai(
        path = "/sites/:site_id/clusters/export.csv",
        method = "get",
        operation_id = "cluster_export"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn export(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// Text in name or description.
        search: Query<Option<String>>,
        sector: Query<Option<SectorId>>,
        status: Query<Option<ClusterStatus>>,
        role: Query<Option<ClusterRole>>,
        context_type: Query<Option<ContextType>>,
        origin: Query<Option<ClusterOrigin>>,
        /// Clusters directly below this one.
        parent: Query<Option<ClusterId>>,
        /// Clusters without a parent.
        unassigned_parent: Query<Option<bool>>,
        locked: Query<Option<bool>>,
        disabled: Query<Option<bool>>,
        /// Clusters whose content lacks this.
        gap: Query<Option<Gap>>,
        /// Deleted clusters instead of the others.
        deleted: Query<Option<bool>>,
    ) -> Result<Csv> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let filter = ClusterFilter {
            search: search.0,
            sector: sector.0,
            status: status.0,
            role: role.0,
            context_type: context_type.0,
            origin: origin.0,
            parent: parent.0,
            unassigned_parent: unassigned_parent.0 == Some(true),
            locked: locked.0,
            disabled: disabled.0,
            gap: gap.0,
            deleted: deleted.0 == Some(true),
        };
        let mut export = ClusterExport::new(&app, scope, &filter).await?;
        // The first part before the answer begins, so that a failing database is a 503 and not half a file.
        let first = export.next().await?;
        let parts = stream::try_unfold((first, export), |(part, mut export)| async move {
            let part = match part {
                Some(part) => Some(part),
                None => export
                    .next()
                    .await
                    .map_err(|error| std::io::Error::other(error.into_problem().detail))?,
            };
            Ok::<_, std::io::Error>(part.map(|part| (part, (None, export))))
        });
        Ok(Csv::new("clusters.csv", Body::from_bytes_stream(parts)))
    }
}
