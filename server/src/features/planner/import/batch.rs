//! One batch: what is there is found, what changes is written, in one transaction.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use igny8_data::{DbError, SectorId, Select, SiteScope, Write};
use igny8_planner::keyword_file::KeywordRow;

use super::report::Problem;
use super::{Import, ImportError, Rows, merge};
use crate::app::App;
use crate::features::planner::model::{Cluster, ClusterId, Keyword, text_key};
use crate::features::planner::rules::{require_clusters, require_sector};

/// Tries after somebody else wrote the same rows.
const TRIES: usize = 6;

/// What became of a batch.
#[derive(Debug, Default)]
pub struct Done {
    pub added: u64,
    pub changed: u64,
    pub unchanged: u64,
    /// Rows that the plan has no room for.
    pub problems: Vec<Problem>,
    pub unknown_clusters: u64,
}

/// Clusters of the sector by normalised name.
pub struct Clusters(Mutex<HashMap<String, ClusterId>>);

impl Clusters {
    pub async fn load(app: &App, scope: &SiteScope<Write>, sector: SectorId) -> Result<Self, DbError> {
        let rows = app
            .db
            .site(scope)
            .list::<Cluster>(Select::new().equals("sector", sector))
            .await?;
        let by_name = rows.into_iter().filter_map(|row| Some((row.name_key?, row.id)));
        Ok(Self(Mutex::new(by_name.collect())))
    }

    fn get(&self, key: &str) -> Option<ClusterId> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied()
    }

    fn add(&self, key: String, id: ClusterId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, id);
    }
}

/// How many of these rows are not there yet.
pub async fn count_new(import: &Import, rows: &[KeywordRow]) -> Result<usize, ImportError> {
    let keys: Vec<String> = rows.iter().map(|row| text_key(&row.text)).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let found = import
        .known
        .find(&import.app, &import.scope, import.sector, &keys, true)
        .await?;
    Ok(keys.iter().filter(|key| !found.contains_key(**key)).count())
}

/// Stores a batch.
pub async fn store(import: &Import, Rows(rows): Rows) -> Result<Done, ImportError> {
    let mut places: Option<usize> = None;
    for attempt in 0..TRIES {
        let result = try_store(import, &rows, attempt > 0, &mut places).await;
        match result {
            Err(ImportError::Db(DbError::Refused(code))) if code == "unknown_sector" => {
                return Err(ImportError::SectorGone);
            }
            // Somebody made or changed one of these keywords in this moment: look again.
            Err(ImportError::Db(DbError::Stale)) if attempt + 1 < TRIES => {}
            // The same of a keyword or a cluster, or a cluster was deleted.
            Err(ImportError::Db(DbError::Duplicate { .. } | DbError::Refused(_))) if attempt + 1 < TRIES => {
                let fresh = Clusters::load(&import.app, &import.scope, import.sector).await?;
                let fresh = fresh.0.into_inner().unwrap_or_else(PoisonError::into_inner);
                *import.clusters.0.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
            }
            other => return other,
        }
    }
    Err(ImportError::Db(DbError::Conflict))
}

async fn try_store(
    import: &Import,
    rows: &[KeywordRow],
    fresh: bool,
    places: &mut Option<usize>,
) -> Result<Done, ImportError> {
    let (app, scope, sector) = (&import.app, &*import.scope, import.sector);
    let keys: Vec<String> = rows.iter().map(|row| text_key(&row.text)).collect();
    let asked: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut found = import.known.find(app, scope, sector, &asked, fresh).await?;
    let now = app.db.clock().now();
    let mut done = Done::default();
    let (mut new, mut changed): (Vec<Keyword>, Vec<Keyword>) = (Vec::new(), Vec::new());
    let mut lines = Vec::new();
    let mut seen = HashSet::new();
    let mut clusters = Vec::new();
    let mut made: Vec<Cluster> = Vec::new();
    for (row, key) in rows.iter().zip(&keys) {
        if let Some(mut keyword) = found.remove(key) {
            if !import.options.only_new && merge::figures(row, &mut keyword) {
                keyword.updated_at = now;
                changed.push(keyword);
            } else {
                done.unchanged += 1;
            }
            continue;
        }
        if !seen.insert(key.as_str()) {
            // Only in files too long to find all repetitions beforehand.
            done.unchanged += 1;
            continue;
        }
        let mut keyword = Keyword::new(app.db.ids().make(), scope, sector, &row.text, now);
        merge::figures(row, &mut keyword);
        if let Some(name) = row.grouping.cluster.as_deref() {
            let cluster = cluster(import, name, &mut made, now);
            done.unknown_clusters += u64::from(cluster.is_none());
            clusters.extend(cluster.filter(|id| !made.iter().any(|new| new.id == *id)));
            keyword.set_cluster(cluster);
        }
        merge::state(row, &mut keyword);
        lines.push(row.line);
        new.push(keyword);
    }
    // Asked for once, however often the batch is tried.
    let granted = match *places {
        Some(granted) => granted,
        None => *places.insert(import.places(new.len()).await?),
    };
    for line in lines.drain(granted.min(new.len())..) {
        done.problems
            .push(Problem::limit(line, import.limits.keywords_used_up()));
    }
    new.truncate(granted);
    done.added = new.len() as u64;
    done.changed = changed.len() as u64;
    if import.options.dry_run || (new.is_empty() && changed.is_empty()) {
        return Ok(done);
    }
    let mut tx = app.db.site(scope).tx();
    require_sector(&mut tx, sector);
    clusters.sort_unstable();
    clusters.dedup();
    require_clusters(&mut tx, &clusters, Some(sector));
    let names: Vec<(Option<String>, ClusterId)> = made.iter().map(|c| (c.name_key.clone(), c.id)).collect();
    tx.create_all(made).create_all(new).replace_all(&mut changed);
    tx.commit().await?;
    for (key, id) in names {
        import.clusters.add(key.unwrap_or_default(), id);
    }
    let added = usize::try_from(done.added).unwrap_or(0);
    import.made.fetch_add(added, std::sync::atomic::Ordering::Relaxed);
    Ok(done)
}

/// The cluster of a name; made if that is wanted.
fn cluster(
    import: &Import,
    name: &str,
    made: &mut Vec<Cluster>,
    now: chrono::DateTime<chrono::Utc>,
) -> Option<ClusterId> {
    let key = text_key(name);
    if let Some(known) = import.clusters.get(&key) {
        return Some(known);
    }
    if let Some(known) = made.iter().find(|c| c.name_key.as_ref() == Some(&key)) {
        return Some(known.id);
    }
    let short = (1..=120).contains(&name.trim().chars().count());
    if !import.options.make_clusters || key.is_empty() || !short {
        return None;
    }
    let id: ClusterId = import.app.db.ids().make();
    made.push(Cluster::new(id, &import.scope, import.sector, name, now));
    Some(id)
}
