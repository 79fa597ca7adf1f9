//! Asking for a deployment, and which one is live.

use igny8_data::{Access, DbError, Direction, JobId, JobPriority, NewJob, Select, SiteScope, Tx, Write};

use super::model::{Deployment, DeploymentScope, DeploymentStatus, PENDING};
use crate::app::App;

/// The deployment whose release visitors get, if any.
///
/// # Errors
/// When the database fails.
pub async fn live<A: Access>(app: &App, scope: &SiteScope<A>) -> Result<Option<Deployment>, DbError> {
    let select = Select::new()
        .equals("status", DeploymentStatus::Deployed)
        .order("version", Direction::Descending)
        .limit(1);
    Ok(app.db.site(scope).list::<Deployment>(select).await?.pop())
}

/// Asks for a deployment. One that waits already is the answer as it is: it will see every change made until it runs.
///
/// # Errors
/// When the database fails.
pub async fn request(app: &App, scope: &SiteScope<Write>, force: bool) -> Result<Deployment, DbError> {
    request_with(app, scope, force, &mut |_, _| {}).await
}

/// [`request`], with what else belongs into the transaction that queues the job. Not called when a deployment waits already.
///
/// # Errors
/// When the database fails, and what `also` brings about.
pub async fn request_with(
    app: &App,
    scope: &SiteScope<Write>,
    force: bool,
    also: &mut (dyn FnMut(&mut Tx<'_>, JobId) + Send),
) -> Result<Deployment, DbError> {
    let db = app.db.site(scope);
    let mut attempts = 0;
    loop {
        let waiting = Select::new().equals("turn", PENDING.to_owned()).limit(1);
        if let Some(mut waiting) = db.list::<Deployment>(waiting).await?.pop() {
            if !force || waiting.force {
                return Ok(waiting);
            }
            waiting.force = true;
            let mut tx = db.tx();
            tx.replace(&mut waiting);
            match tx.commit().await {
                // It began to run meanwhile; another one is needed.
                Err(DbError::Stale) if attempts < 5 => attempts += 1,
                Err(error) => return Err(error),
                Ok(_) => return Ok(waiting),
            }
            continue;
        }
        let newest = Select::new().order("version", Direction::Descending).limit(1);
        let newest = db.list::<Deployment>(newest).await?.pop();
        let deployment = Deployment {
            id: app.db.ids().make(),
            account: scope.account(),
            site: scope.site(),
            version: newest.map_or(0, |d| d.version) + 1,
            status: DeploymentStatus::Pending,
            turn: Some(PENDING.to_owned()),
            scope: DeploymentScope::Full,
            force,
            job: app.db.ids().make(),
            created_by: scope.actor().user(),
            snapshot_hash: None,
            release: None,
            pages: 0,
            added: 0,
            changed: 0,
            removed: 0,
            bytes: 0,
            duration_ms: 0,
            error: None,
            log: Vec::new(),
            rev: 1,
            created_at: app.db.clock().now(),
            finished_at: None,
        };
        let job =
            NewJob::new(super::DEPLOY, serde_json::json!({ "deployment": deployment.id })).priority(JobPriority::High);
        let mut tx = db.tx();
        tx.create(deployment.clone()).enqueue_as(deployment.job, job);
        also(&mut tx, deployment.job);
        match tx.commit().await {
            // Somebody asked at the same moment: theirs is found in the next round.
            Err(DbError::Duplicate { .. }) if attempts < 5 => attempts += 1,
            Err(error) => return Err(error),
            Ok(_) => return Ok(deployment),
        }
    }
}
