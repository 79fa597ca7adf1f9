//! Idea files in and out: `/sites/{site}/ideas/import` and `/sites/{site}/ideas/export.csv`.

use futures_util::stream;
use igny8_data::{Read, SectorId, SiteId, Write};
use poem::Body;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;

use super::cluster_transfer::{TableForm, bounded};
use super::idea_filter::IdeaFilter;
use crate::api::csv::Csv;
use crate::api::{Caller, Result, Tag};
use crate::app::App;
use crate::features::content::model::{ContentStructure, ContentType};
use crate::features::planner::idea::{IdeaOrigin, IdeaStatus};
use crate::features::planner::idea_import;
use crate::features::planner::idea_table::IdeaExport;
use crate::features::planner::model::{ClusterId, ClusterRole};
use crate::features::planner::table::TableReport;
use crate::features::taxonomy::TermId;

pub struct IdeaTransferApi;

#[OpenApi(tag = "Tag::Planner")]
impl IdeaTransferApi {
    /// Import ideas
    ///
    /// A table with a column `title` and any of those that `idea_export` writes. A row changes the idea of its `id`; without
    /// one, the idea that aims at its primary keyword or, when it has none, has its title; else it is a new idea. What the
    /// table has no column for stays as it is. A row that is wrong is reported with its line, the rest goes in.
    #[oai(
        path = "/sites/:site_id/ideas/import",
        method = "post",
        operation_id = "idea_import",
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
        let report = idea_import::import(&app, &scope, &bytes, sector.0, dry_run.0 == Some(true)).await?;
        Ok(Json(report))
    }

    /// Export ideas
    ///
    /// As CSV, by the filters of the list and in the order of their titles. Importing it again changes nothing.
    #[oai(
        path = "/sites/:site_id/ideas/export.csv",
        method = "get",
        operation_id = "idea_export"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn export(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// Text in title or brief.
        search: Query<Option<String>>,
        sector: Query<Option<SectorId>>,
        status: Query<Option<IdeaStatus>>,
        cluster: Query<Option<ClusterId>>,
        /// Ideas in no cluster.
        unassigned: Query<Option<bool>>,
        cluster_role: Query<Option<ClusterRole>>,
        content_type: Query<Option<ContentType>>,
        content_structure: Query<Option<ContentStructure>>,
        origin: Query<Option<IdeaOrigin>>,
        term: Query<Option<TermId>>,
        /// Ideas without terms.
        unassigned_term: Query<Option<bool>>,
        disabled: Query<Option<bool>>,
        /// Deleted ideas instead of the others.
        deleted: Query<Option<bool>>,
    ) -> Result<Csv> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let filter = IdeaFilter {
            search: search.0,
            sector: sector.0,
            status: status.0,
            cluster: cluster.0,
            unassigned: unassigned.0 == Some(true),
            cluster_role: cluster_role.0,
            content_type: content_type.0,
            content_structure: content_structure.0,
            origin: origin.0,
            term: term.0,
            unassigned_term: unassigned_term.0 == Some(true),
            disabled: disabled.0,
            deleted: deleted.0 == Some(true),
        };
        let mut export = IdeaExport::new(&app, scope, filter).await?;
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
        Ok(Csv::new("ideas.csv", Body::from_bytes_stream(parts)))
    }
}
