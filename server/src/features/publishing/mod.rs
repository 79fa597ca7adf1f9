//! Publishing: a site's published content becomes a release that visitors get.
//!
//! A deployment is asked for ([`api`]) and waits as a job, or begins in the job that a change of content queues. It brings what
//! is known of the site up to date ([`standing`], [`snapshot`]), renders what can have changed, writes a new release and goes
//! live by one rename ([`deploy`]). What a crash leaves is mended by [`mod@mend`].
//!
//! **Invariants.** A visitor sees one whole release or another, never a part. The database says which release is live;
//! the pointer on the disk follows it. A site has at most one deployment that waits and one that runs.

pub mod api;
mod deploy;
mod mend;
mod model;
mod renders;
mod rows;
pub mod snapshot;
mod standing;

use igny8_data::{JobRow, NewJob, Read, SiteId, Why, Write};

use crate::features::sites::model::{Hosting, Site};
use crate::jobs::{JobContext, JobType};

pub use mend::mend;
pub use model::{Deployment, DeploymentId, DeploymentScope, DeploymentStatus};
pub use renders::Renders;
pub use rows::{Live, live, live_release, request, request_with};

/// The job that makes a deployment.
pub const DEPLOY: &str = "deploy_site";

/// The job type of deployments, for the registry.
pub fn deploy_job() -> JobType {
    JobType::new(DEPLOY, deploy::run).ended(mend::job_ended)
}

/// Published content has changed: makes a deployment, as the installation, since whoever made the change may lack
/// the right to ask by the time it runs.
pub fn site_changed_job() -> JobType {
    JobType::new(
        crate::features::content::save::SITE_CHANGED,
        |app: crate::app::App, job: JobRow, context: JobContext| async move {
            let nothing = || Ok(serde_json::json!({ "reason": "the site is gone" }));
            let (Some(site), Ok(actor)) = (job.site, app.db.system_actor(job.account, Why::Schedule).await) else {
                return nothing();
            };
            let scope = match actor.site::<Write>(&app.db, site).await {
                Ok(scope) => scope,
                Err(igny8_data::Denied::Db(error)) => return Err(error.into()),
                Err(_) => return nothing(),
            };
            let account = scope.actor().account::<Read>()?;
            let site = app.db.account(&account).get::<Site>(site).await?;
            let Some(site) = site.filter(|site| site.hosting != Hosting::Wordpress) else {
                return Ok(serde_json::json!({ "reason": "the site is not hosted here" }));
            };
            let behind = job.payload["behind"] == true;
            if behind && !rows::is_behind(&app, &scope).await? {
                return Ok(serde_json::json!({ "reason": "a later deployment has done it" }));
            }
            match rows::begin(&app, &scope, job.id).await? {
                rows::Begun::Now(deployment, live) => {
                    deploy::carry_out(&app, &scope, &site, live, deployment, &context, behind).await
                }
                rows::Begun::Waits(deployment) => Ok(serde_json::json!({ "deployment": deployment.id })),
            }
        },
    )
    .ended(mend::job_ended)
}

/// The job that brings up to date what visitors were not kept waiting for.
fn behind_job(site: SiteId) -> NewJob {
    NewJob::new(
        crate::features::content::save::SITE_CHANGED,
        serde_json::json!({ "behind": true }),
    )
    .key(format!("site_behind/{site}"))
    .settled()
}

/// Where visitors find a site: its own domain, or below this server's address.
pub fn address_of(app: &crate::app::App, site: &crate::features::sites::model::Site) -> String {
    match &site.domain {
        Some(domain) => format!("https://{domain}"),
        None => format!("{}/sites/{}", app.config.public_url(), site.slug),
    }
}

/// The path of an address, without a slash at its end: what stands before the paths of the pages that are made for it.
pub fn path_of(address: &str) -> String {
    let path = url::Url::parse(address).map(|url| url.path().trim_end_matches('/').to_owned());
    path.unwrap_or_default()
}
