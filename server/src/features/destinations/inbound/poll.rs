//! Looking at sites whose time has come.

use igny8_data::{AccountId, SiteId, SurrealValue, Variables, Why, Write};

use super::super::model::{Destination, DestinationId};
use super::super::state::Change;
use super::walk::{import_job, next};
use crate::app::App;
use crate::jobs::JobError;
use crate::publish::DestinationKind;
use crate::publish::wordpress::{Imports, WordpressSettings};

/// Destinations looked after in one go.
const MOST: usize = 200;

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Due {
    account: AccountId,
    site: SiteId,
    destination: DestinationId,
}

/// Queues an import for each destination that is due, and says when it is due next.
///
/// # Errors
/// When the database fails.
pub async fn look_at_destinations(app: App) -> Result<u64, JobError> {
    let mut binds = Variables::new();
    binds.insert("now", app.db.clock().now());
    let sql = format!(
        "SELECT account, site, destination FROM destination_state WITH INDEX destination_state_due \
         WHERE import_at <= $now AND import_at IS NOT NONE AND (not_before IS NONE OR not_before <= $now) LIMIT {MOST};"
    );
    let platform = app.db.platform(Why::Schedule);
    let due: Vec<Due> = platform.query(&sql, binds, "looking for due imports").await?.rows(0)?;
    let mut queued = 0;
    for due in due {
        match one(&app, &due).await {
            Ok(is_queued) => queued += u64::from(is_queued),
            // One that fails must not hold up the others; it stays due.
            Err(error) => tracing::warn!(%error, destination = %due.destination, "an import cannot be queued"),
        }
    }
    Ok(queued)
}

async fn one(app: &App, due: &Due) -> Result<bool, JobError> {
    let scope = match app.db.system_actor(due.account, Why::Schedule).await {
        Ok(actor) => actor.site::<Write>(&app.db, due.site).await,
        Err(igny8_data::AuthError::Db(error)) => return Err(error.into()),
        // A closed account: looked at again when it is open.
        Err(_) => return Ok(false),
    };
    let scope = match scope {
        Ok(scope) => scope,
        Err(igny8_data::Denied::Db(error)) => return Err(error.into()),
        Err(_) => return Ok(false),
    };
    let db = app.db.site(&scope);
    let destination = db.get::<Destination>(due.destination).await?;
    let settings = destination
        .as_ref()
        .filter(|one| one.enabled && one.kind == DestinationKind::Wordpress);
    let settings = settings.and_then(|one| one.settings::<WordpressSettings>().ok());
    let settings = settings.filter(|settings| settings.imports != Imports::Nothing);
    let mut tx = db.tx();
    let at = settings
        .as_ref()
        .and_then(|settings| next(settings, app.db.clock().now()));
    Change::new().import_at(at).add_to(&mut tx, due.destination);
    if settings.is_some() {
        tx.enqueue(import_job(due.destination, false));
    }
    tx.commit().await?;
    Ok(settings.is_some())
}
