//! Indexes that should be there and are not, those that nobody looks at, and those that should not be there and are.

use std::collections::HashMap;
use std::path::Path;

use igny8_data::{
    AccountId, Denied, JobPriority, JobRow, NewJob, Read, RecordKey as _, SiteId, SurrealValue, Variables, Why,
};
use igny8_search::Index;
use serde_json::json;

use super::INDEX_SITE;
use super::follow::RENEWED;
use crate::app::App;
use crate::features::linker::as_job;
use crate::jobs::{JobContext, JobError, JobType};

/// Sites whose index one round asks for; the next round follows.
const MOST_SITES: usize = 200;

/// The job's type, for the registry.
pub fn job() -> JobType {
    JobType::new(INDEX_SITE, run)
}

/// Makes or renews the index of a site. What was put in stays when it is cut off, and the next one goes on behind that.
async fn run(app: App, job: JobRow, _: JobContext) -> Result<serde_json::Value, JobError> {
    let (Some(site), Ok(actor)) = (job.site, app.db.system_actor(job.account, Why::Schedule).await) else {
        return Ok(json!({}));
    };
    let scope = match actor.site::<Read>(&app.db, site).await {
        Ok(scope) => scope,
        Err(Denied::Db(error)) => return Err(error.into()),
        Err(_) => return Ok(json!({})),
    };
    super::follow(&app, &scope, true).await.map_err(as_job)?;
    Ok(json!({}))
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Site {
    id: SiteId,
    account: AccountId,
}

/// Removes the indexes of sites that are gone, and asks for those of sites that have none here or an old one; answers how many.
///
/// # Errors
/// When the database or the disk fails; the next run goes on.
pub async fn keep(app: App) -> Result<u64, JobError> {
    let platform = app.db.platform(Why::Schedule);
    let sql = "SELECT id, account FROM site WHERE deleted_at IS NONE;";
    let mut answer = platform
        .query(sql, Variables::new(), "looking for sites to index")
        .await?;
    let sites: Vec<Site> = answer.rows(0)?;
    let mut lacking: HashMap<String, Site> = sites.into_iter().map(|site| (site.id.key(), site)).collect();
    let (folder, form) = app.searches.folders();
    let tidied =
        tokio::task::spawn_blocking(move || tidy(&folder, form, &mut lacking).map(|removed| (removed, lacking)));
    let (mut changed, lacking) = tidied
        .await
        .map_err(|error| JobError::Retry(error.to_string()))?
        .map_err(|error| JobError::Retry(format!("cannot tidy the folder of search indexes: {error}")))?;
    for Site { id, account } in lacking.into_values().take(MOST_SITES) {
        let mut tx = platform.tx(account, Some(id));
        tx.enqueue(
            NewJob::new(INDEX_SITE, json!({}))
                .key(format!("{INDEX_SITE}/{id}"))
                .priority(JobPriority::Low)
                .here(),
        );
        tx.commit().await?;
        changed += 1;
    }
    Ok(changed)
}

/// Removes what is not the index of one of these sites, and takes those from them whose index is not old.
fn tidy(folder: &Path, form: &str, sites: &mut HashMap<String, Site>) -> std::io::Result<u64> {
    let mut removed = 0;
    for entry in entries(folder)? {
        if entry.file_name() != form {
            std::fs::remove_dir_all(entry.path())?;
            removed += 1;
        }
    }
    for entry in entries(&folder.join(form))? {
        let (name, path) = (entry.file_name(), entry.path());
        let Some(name) = name.to_str().filter(|name| sites.contains_key(*name)) else {
            std::fs::remove_dir_all(path)?;
            removed += 1;
            continue;
        };
        let written = Index::written_at(&path);
        if written.is_some_and(|at| at.elapsed().is_ok_and(|age| age <= RENEWED)) {
            sites.remove(name);
        }
    }
    Ok(removed)
}

/// The folders in a folder.
fn entries(folder: &Path) -> std::io::Result<Vec<std::fs::DirEntry>> {
    let found = match std::fs::read_dir(folder) {
        Ok(entries) => entries.collect::<std::io::Result<Vec<_>>>()?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok(found.into_iter().filter(|entry| entry.path().is_dir()).collect())
}
