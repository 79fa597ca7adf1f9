//! `/sites/{site_id}/deployments`: deploy, look, go back.

mod address;
mod objects;
mod preview;

use igny8_data::{AuditEvent, Read, Select, SiteId, SiteScope, Variables, Write};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;

use super::model::DEPLOYING;
use super::{Deployment, DeploymentId, DeploymentStatus, deploy, live, request};
use crate::api::{Accepted, Caller, Error, Fetched, From, Page, PageRequest, Result, SortField, Tag};
use crate::app::App;
use crate::features::destinations::releases;
use crate::features::sites::model::{Hosting, Site};

pub use objects::{DeploymentIn, DeploymentOut, LogLine};
pub use preview::{MOST_HOURS, PreviewApi, PreviewLinkIn, PreviewLinkOut};

const SORTS: &[SortField] = &[SortField::same("created_at"), SortField::same("version")];

pub struct DeploymentsApi;

#[OpenApi(tag = "Tag::Publishing")]
impl DeploymentsApi {
    /// Deploy a site
    ///
    /// Renders what is published and puts it live in one step; visitors never see half of it. While a deployment waits to
    /// run, asking again gives that one. When nothing has changed since the live release, it ends at once.
    #[oai(
        path = "/sites/:site_id/deployments",
        method = "post",
        operation_id = "deployment_create"
    )]
    async fn create(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        body: Json<DeploymentIn>,
    ) -> Result<Accepted<DeploymentOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let account = caller.actor().account::<Read>()?;
        let site = app.db.account(&account).get::<Site>(scope.site()).await?;
        let site = site.ok_or_else(Error::not_found)?;
        if site.hosting == Hosting::Wordpress {
            return Err(Error::rule(
                "not_hosted_here",
                "The site is hosted by WordPress alone. Set its hosting to igny8 or both to deploy it here.",
            ));
        }
        let deployment = request(&app, &scope, body.0.force).await?;
        let mut tx = app.db.site(&scope).tx();
        tx.audit(AuditEvent::new("deployment.requested", deployment.id, &from.0));
        tx.commit().await?;
        Ok(Accepted::Accepted(Json(DeploymentOut::from_row(deployment, None))))
    }

    /// List deployments
    #[oai(
        path = "/sites/:site_id/deployments",
        method = "get",
        operation_id = "deployment_list"
    )]
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
        /// `created_at` or `version`; `-` in front for descending.
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        status: Query<Option<DeploymentStatus>>,
    ) -> Result<Json<Page<DeploymentOut>>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let filter = format!("deployments|{}|{:?}", scope.site(), status.0);
        let page = PageRequest::new(
            &app.db,
            &filter,
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "-version",
        )?;
        let select = Select::new().equals_some("status", status.0);
        let db = app.db.site(&scope);
        let list = page.list::<Deployment>(&db, select).await?;
        let live = live(&app, &scope).await?.map(|d| d.id);
        let out = |row| DeploymentOut::from_row(row, live);
        Ok(Json(list.page(out)))
    }

    /// Read the deployment that visitors get
    #[oai(
        path = "/sites/:site_id/deployments/live",
        method = "get",
        operation_id = "deployment_live"
    )]
    async fn live(&self, caller: Caller, app: Data<&App>, site_id: Path<SiteId>) -> Result<Fetched<DeploymentOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let deployment = live(&app, &scope).await?.ok_or_else(Error::not_found)?;
        Ok(fetched(deployment.clone(), Some(deployment.id)))
    }

    /// Read a deployment
    ///
    /// With what the render found.
    #[oai(
        path = "/sites/:site_id/deployments/:deployment_id",
        method = "get",
        operation_id = "deployment_get"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        deployment_id: Path<DeploymentId>,
    ) -> Result<Fetched<DeploymentOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let deployment = app.db.site(&scope).get::<Deployment>(deployment_id.0).await?;
        let live = live(&app, &scope).await?.map(|d| d.id);
        Ok(fetched(deployment.ok_or_else(Error::not_found)?, live))
    }

    /// Go back to a deployment
    ///
    /// Its release is put live again at once, if it is still kept. What was deployed after it becomes `rolled_back`; the
    /// next deployment publishes the present content again. 409 `not_deployed` when it never went live, `release_gone` when its
    /// release is not kept any more, `release_of_another_address` when its links would lead nowhere at the address that the site
    /// has now, `deployment_running` while another deployment runs.
    #[oai(
        path = "/sites/:site_id/deployments/:deployment_id/rollback",
        method = "post",
        operation_id = "deployment_rollback"
    )]
    async fn rollback(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        deployment_id: Path<DeploymentId>,
    ) -> Result<Fetched<DeploymentOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let deployment = rollback(&app, &scope, &from, deployment_id.0).await?;
        Ok(fetched(deployment.clone(), Some(deployment.id)))
    }
}

async fn rollback(app: &App, scope: &SiteScope<Write>, from: &From, id: DeploymentId) -> Result<Deployment> {
    let db = app.db.site(scope);
    let mut deployment = db.get::<Deployment>(id).await?.ok_or_else(Error::not_found)?;
    let was = deployment.status;
    let release = match (was, &deployment.release) {
        (DeploymentStatus::Deployed | DeploymentStatus::RolledBack, Some(release)) => release.clone(),
        _ => {
            return Err(Error::conflict(
                "not_deployed",
                "This deployment never went live, so there is nothing to go back to.",
            ));
        }
    };
    let account = scope.actor().account::<Read>()?;
    let site = app
        .db
        .account(&account)
        .get::<Site>(scope.site())
        .await?
        .ok_or_else(Error::not_found)?;
    if !deploy::has_release(app, &site, &release)
        .await
        .map_err(Error::internal)?
    {
        return Err(Error::conflict(
            "release_gone",
            "The release of this deployment is not kept any more. Deploy again instead.",
        ));
    }
    address::check(app, &db, &site, &release).await?;
    deployment.status = DeploymentStatus::Deployed;
    let mut later = Variables::new();
    later.insert("version", deployment.version);
    later.insert("deploying", DEPLOYING.to_owned());
    let mut tx = db.tx();
    tx.replace(&mut deployment)
        .require(
            "(SELECT VALUE id FROM deployment WHERE site = $site AND account = $account AND turn = $deploying) = []",
            later.clone(),
            "deployment_running",
        )
        .statement(
            "UPDATE deployment SET status = 'rolled_back', rev += 1 WHERE site = $site AND account = $account \
             AND version > $version AND status = 'deployed' RETURN NONE",
            later,
        )
        .audit(
            AuditEvent::new("deployment.rolled_back", deployment.id, &from.0)
                .detail(serde_json::json!({ "version": deployment.version })),
        );
    releases::follow(&mut tx, site.id);
    tx.commit().await.map_err(|error| match error {
        igny8_data::DbError::Refused(code) if code == "deployment_running" => Error::conflict(
            &code,
            "A deployment of this site is running. Wait for its end or cancel its job.",
        ),
        error => error.into(),
    })?;
    // The rows decide; if the process dies here, the pointer is mended within a minute.
    deploy::follow_rows(app, &site).await.map_err(Error::internal)?;
    app.metrics.deployment("rolled_back");
    // Visitors of this server have it; the folder for others follows.
    let held = app.clone();
    tokio::spawn(async move { deploy::tidy_up(&held, &site, deploy::Rest::default()).await });
    Ok(deployment)
}

fn fetched(deployment: Deployment, live: Option<DeploymentId>) -> Fetched<DeploymentOut> {
    let rev = deployment.rev;
    Fetched::new(DeploymentOut::with_log(deployment, live), rev)
}
