//! Publishing: a site's published content becomes a release that visitors get.
//!
//! A deployment is asked for ([`api`]), waits as a job, reads a snapshot of the site ([`snapshot`]), renders it, writes a
//! complete new release and goes live by one rename ([`deploy`]). What a crash leaves is mended by [`mend`].
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

use crate::jobs::JobType;

pub use mend::mend;
pub use model::{Deployment, DeploymentId, DeploymentScope, DeploymentStatus};
pub use renders::Renders;
pub use rows::{live, request};

/// The job that makes a deployment.
pub const DEPLOY: &str = "deploy_site";

/// The job type of deployments, for the registry.
pub fn deploy_job() -> JobType {
    JobType::new(DEPLOY, deploy::run).ended(mend::job_ended)
}

/// Where visitors find a site: its own domain, or below this server's address.
pub fn address_of(app: &crate::app::App, site: &crate::features::sites::model::Site) -> String {
    match &site.domain {
        Some(domain) => format!("https://{domain}"),
        None => format!("{}/sites/{}", app.config.public_url(), site.slug),
    }
}
