//! One batch: what is there is found, what changes is written, in one transaction.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use igny8_data::{DbError, SectorId, Select, SiteScope, Write};
use igny8_planner::keyword_file::{KeywordRow, Part};

use super::report::Problem;
use super::{Import, ImportError, Rows, merge};
use crate::app::App;
use crate::features::planner::model::{Cluster, ClusterId, ClusterRole, Imported, Keyword, text_key};
use crate::features::planner::rules::{require_clusters, require_sector};

/// Tries after somebody else wrote the same rows.
const TRIES: usize = 6;

/// Levels of clusters that a file may make.
const DEEPEST: usize = 10;

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
        let group = row.grouping.group();
        if let Some(mut keyword) = found.remove(key) {
            let earlier = keyword
                .imported
                .as_ref()
                .filter(|by| import.job.as_ref() == Some(&by.job));
            let earlier = earlier.map(|by| by.new);
            let mut changes = false;
            if !import.options.only_new {
                changes = merge::figures(row, &mut keyword);
                let free = keyword.cluster.is_none() && keyword.placed_by_hand != Some(true);
                if let Some(name) = group.filter(|_| free) {
                    let cluster = cluster(import, name, &mut made, &mut Vec::new(), now);
                    done.unknown_clusters += u64::from(cluster.is_none());
                    if cluster.is_some() {
                        keyword.set_cluster(cluster);
                        clusters.extend(cluster);
                        changes = true;
                    }
                }
            }
            match earlier {
                Some(true) => done.added += 1,
                Some(false) => done.changed += 1,
                None if changes => done.changed += 1,
                None => done.unchanged += 1,
            }
            if changes {
                keyword.updated_at = now;
                keyword.imported = mark(import, earlier == Some(true));
                changed.push(keyword);
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
        keyword.imported = mark(import, true);
        if let Some(name) = group {
            let cluster = cluster(import, name, &mut made, &mut Vec::new(), now);
            done.unknown_clusters += u64::from(cluster.is_none());
            clusters.extend(cluster);
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
    let added = new.len();
    done.added += added as u64;
    if import.options.dry_run || (new.is_empty() && changed.is_empty()) {
        return Ok(done);
    }
    let mut tx = app.db.site(scope).tx();
    require_sector(&mut tx, sector);
    clusters.extend(made.iter().filter_map(|new| new.parent));
    clusters.sort_unstable();
    clusters.dedup();
    clusters.retain(|id| !made.iter().any(|new| new.id == *id));
    require_clusters(&mut tx, &clusters, Some(sector));
    let names: Vec<(Option<String>, ClusterId)> = made.iter().map(|c| (c.name_key.clone(), c.id)).collect();
    tx.create_all(made).create_all(new).replace_all(&mut changed);
    tx.commit().await?;
    for (key, id) in names {
        import.clusters.add(key.unwrap_or_default(), id);
    }
    import.made.fetch_add(added, std::sync::atomic::Ordering::Relaxed);
    Ok(done)
}

/// What a keyword keeps of the job that imports it.
fn mark(import: &Import, new: bool) -> Option<Imported> {
    let job = import.job.clone()?;
    Some(Imported { job, new })
}

/// The cluster of a name; made if that is wanted, with those it stands below. `below` are the names on the way up.
fn cluster(
    import: &Import,
    name: &str,
    made: &mut Vec<Cluster>,
    below: &mut Vec<String>,
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
    // A file may put groups below each other in a circle, or in a chain without end.
    if !import.options.make_clusters || key.is_empty() || !short || below.contains(&key) || below.len() >= DEEPEST {
        return None;
    }
    let place = import.groups.place(name).unwrap_or_default();
    below.push(key);
    let parent = place.hub.and_then(|hub| cluster(import, &hub, made, below, now));
    let id: ClusterId = import.app.db.ids().make();
    let mut new = Cluster::new(id, &import.scope, import.sector, name, now);
    new.parent = parent;
    new.role = match place.part {
        Some(Part::Hub) => ClusterRole::Hub,
        Some(Part::Attribute) => ClusterRole::Attribute,
        Some(Part::Supporting) => ClusterRole::Supporting,
        None if parent.is_some() => ClusterRole::Supporting,
        None => ClusterRole::Hub,
    };
    made.push(new);
    Some(id)
}
