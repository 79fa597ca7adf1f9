//! Asking for a deployment, and which one is live.

use igny8_data::{
    Access, DbError, Direction, JobId, JobPriority, NewJob, Select, SiteScope, SurrealValue, Tx, Variables, Write,
};

use super::model::{DEPLOYING, Deployment, DeploymentScope, DeploymentStatus, PENDING};
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

/// What the next deployment asks about the live one.
#[derive(Debug, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Live {
    pub release: Option<String>,
    pub snapshot_hash: Option<String>,
    pub pages: i64,
    pub bytes: i64,
}

/// The index is named, or else that of the few unfinished ones is taken, which has all that are deployed.
const LIVE: &str = "SELECT release, snapshot_hash, pages, bytes, version FROM deployment WITH INDEX deployment_version \
     WHERE site = $site AND account = $account AND status = 'deployed' ORDER BY version DESC LIMIT 1;";

/// The live deployment without its log.
///
/// # Errors
/// When the database fails.
pub async fn live_release<A: Access>(app: &App, scope: &SiteScope<A>) -> Result<Option<Live>, DbError> {
    let mut answer = app
        .db
        .site(scope)
        .query(LIVE, Variables::new(), "finding the live release")
        .await?;
    Ok(answer.rows::<Live>(0)?.pop())
}

/// What became of a wish for a deployment.
pub enum Begun {
    /// It has its turn, for the job that asked; with the live deployment before it.
    Now(Deployment, Option<Live>),
    /// Another one is running: it waits for its turn.
    Waits(Deployment),
}

/// Begins a deployment in the job that asks for it, so that what changed is not first queued once more. When one waits or runs
/// already, this is [`request`].
///
/// # Errors
/// When the database fails.
pub async fn begin(app: &App, scope: &SiteScope<Write>, job: JobId) -> Result<Begun, DbError> {
    let db = app.db.site(scope);
    let sql = format!(
        "SELECT * FROM deployment WITH INDEX deployment_turn WHERE site = $site AND account = $account AND turn = $pending;\
         SELECT * FROM deployment WITH INDEX deployment_turn WHERE site = $site AND account = $account AND turn = $deploying;\
         SELECT version FROM deployment WITH INDEX deployment_version WHERE site = $site AND account = $account \
         ORDER BY version DESC LIMIT 1;{LIVE}"
    );
    let mut binds = Variables::new();
    binds.insert("pending", PENDING.to_owned());
    binds.insert("deploying", DEPLOYING.to_owned());
    let mut answer = db.query(&sql, binds, "looking for deployments").await?;
    let waits = !answer.rows::<Deployment>(0)?.is_empty();
    let running = answer.rows::<Deployment>(1)?.pop();
    #[derive(SurrealValue)]
    #[surreal(crate = "surrealdb_types")]
    struct Newest {
        version: i64,
    }
    let newest = answer.rows::<Newest>(2)?.pop().map_or(0, |newest| newest.version);
    let live = answer.rows::<Live>(3)?.pop();
    match running {
        // An attempt of this job before this one.
        Some(running) if running.job == job => return Ok(Begun::Now(running, live)),
        None if !waits => {}
        _ => return Ok(Begun::Waits(request(app, scope, false).await?)),
    }
    let mut deployment = new(app, scope, newest + 1, false, job);
    deployment.begin();
    let mut tx = db.tx();
    tx.create(deployment.clone());
    match tx.commit().await {
        // Somebody was quicker.
        Err(DbError::Duplicate { .. }) => Ok(Begun::Waits(request(app, scope, false).await?)),
        Err(error) => Err(error),
        Ok(_) => Ok(Begun::Now(deployment, live)),
    }
}

fn new(app: &App, scope: &SiteScope<Write>, version: i64, force: bool, job: JobId) -> Deployment {
    Deployment {
        id: app.db.ids().make(),
        account: scope.account(),
        site: scope.site(),
        version,
        status: DeploymentStatus::Pending,
        turn: Some(PENDING.to_owned()),
        scope: DeploymentScope::Full,
        force,
        job,
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
    }
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
        let version = newest.map_or(0, |d| d.version) + 1;
        let deployment = new(app, scope, version, force, app.db.ids().make());
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
