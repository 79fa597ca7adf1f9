//! The groups that a clustering would make, without saving or charging: for finding the granularity.
//!
//! Reading the keywords and joining them to a graph is what takes time; the graph is kept in memory for some minutes, so
//! that another granularity is answered at once. It is thrown away when a keyword or cluster of the sector has changed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use igny8_data::{Read, SectorId, SiteId, SiteScope, Variables};
use igny8_planner::cluster as planner;

use super::read::{Lines, NotRead, Which, state_of};
use super::{MOST_VECTORS, Payload, embedder, half, options, usual_size};
use crate::ai::Blocking;
use crate::ai::vectors::{self, Space, VectorId};
use crate::api::validate::Check;
use crate::api::{Error, Result};
use crate::app::App;
use crate::features::planner::model::{ClusterId, ClusterRole, ContextType, KeywordId};
use crate::features::sites::model::{Sector, is_language};
use crate::jobs::JobError;

/// Keywords of a sector that is previewed; more take too long for somebody who waits.
const MOST: usize = 30_000;
/// Memory of all graphs that are kept, in bytes.
const MOST_BYTES: usize = 256 << 20;
/// How long one is kept that nobody asks for.
const KEPT: Duration = Duration::from_secs(5 * 60);
/// Clusters shown, and keywords of each.
const SHOWN: (usize, usize) = (200, 50);

/// What to group, and how.
#[derive(Debug, Clone)]
pub struct Knobs {
    pub sector: SectorId,
    pub granularity: Option<f64>,
    pub max_size: Option<usize>,
    pub language: Option<String>,
    pub regroup: bool,
}

/// A keyword of a group.
#[derive(Debug, Clone)]
pub struct Member {
    pub id: KeywordId,
    pub text: String,
    /// How like it is to the group as a whole, 0 to 1.
    pub similarity: f32,
    /// Whether it would be put there; else it is there.
    pub joins: bool,
}

/// A group with keywords to be put somewhere.
#[derive(Debug, Clone)]
pub struct Group {
    /// The cluster it is.
    pub cluster: Option<ClusterId>,
    /// Whether that cluster takes none: a task only tells that they would fit.
    pub closed: bool,
    pub name: String,
    pub role: ClusterRole,
    pub context_type: ContextType,
    pub cohesion: f32,
    pub size: usize,
    pub volume: Option<u64>,
    /// The primary one first; not all of a large group.
    pub keywords: Vec<Member>,
}

/// What a clustering would make.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The most searched first; not all of many.
    pub groups: Vec<Group>,
    /// Groups that would become clusters.
    pub new: usize,
    /// Clusters that would take keywords in.
    pub joined: usize,
    /// Keywords that are to be grouped.
    pub keywords: usize,
    /// Those that fit nowhere, or only into a cluster that takes none.
    pub unclustered: usize,
    /// Those whose vectors a task would ask the provider for first.
    pub without_vectors: usize,
    /// Whether the graph was in memory.
    pub remembered: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    site: SiteId,
    sector: SectorId,
    language: String,
    max_size: usize,
    regroup: bool,
    /// Whose vectors it was made with.
    space: Option<Space>,
}

struct Graph {
    graph: planner::Graph,
    lines: Lines,
    without_vectors: usize,
    /// Of the sector when it was read.
    state: String,
    bytes: usize,
}

struct Entry {
    graph: Arc<Graph>,
    used: Instant,
}

/// The graphs that are kept.
#[derive(Default)]
pub struct Graphs {
    entries: Mutex<HashMap<Key, Entry>>,
    /// One is made at a time; whoever waited finds what the other made.
    making: tokio::sync::Mutex<()>,
    /// Not those of jobs, which may take minutes.
    blocking: Blocking,
}

impl Graphs {
    fn entries(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The graph that is kept of a sector in this state.
    fn get(&self, key: &Key, state: &str, now: Instant) -> Option<Arc<Graph>> {
        let mut entries = self.entries();
        entries.retain(|_, entry| now.saturating_duration_since(entry.used) < KEPT);
        let entry = entries.get_mut(key).filter(|entry| entry.graph.state == state)?;
        entry.used = now;
        Some(entry.graph.clone())
    }

    /// Keeps a graph; the ones unused for longest make room.
    fn put(&self, key: Key, graph: Arc<Graph>, now: Instant) {
        if graph.bytes > MOST_BYTES {
            return;
        }
        let mut entries = self.entries();
        entries.insert(key, Entry { graph, used: now });
        while entries.values().map(|entry| entry.graph.bytes).sum::<usize>() > MOST_BYTES {
            let oldest = entries
                .iter()
                .min_by_key(|(_, entry)| entry.used)
                .map(|(key, _)| key.clone());
            match oldest {
                Some(key) => entries.remove(&key),
                None => return,
            };
        }
    }
}

/// Groups a sector's keywords without saving anything. Nothing is asked of a provider: of its vectors those are used that an
/// earlier task has got.
///
/// # Errors
/// 404 without such a sector; 422 naming wrong fields, or when it has too many keywords.
pub async fn preview(app: &App, scope: &SiteScope<Read>, knobs: Knobs) -> Result<Preview> {
    let granularity = knobs.granularity.unwrap_or_else(half);
    let max_size = knobs.max_size.unwrap_or_else(usual_size);
    let mut check = Check::new();
    check
        .that(
            (0.0..=1.0).contains(&granularity),
            "granularity",
            "must be between 0 and 1",
        )
        .that(
            planner::Options::SIZES.contains(&max_size),
            "max_size",
            "must be between 3 and 10000",
        )
        .that(
            knobs.language.as_deref().is_none_or(is_language),
            "language",
            "must be a BCP 47 language tag such as en or pt-BR",
        );
    check.finish()?;
    let db = app.db.site(scope);
    if db.get::<Sector>(knobs.sector).await?.is_none() {
        return Err(Error::not_found());
    }
    let payload = Payload {
        sector: knobs.sector,
        keywords: None,
        regroup: knobs.regroup,
        granularity,
        max_size,
        language: knobs.language,
    };
    let (graph, remembered) = graph_of(app, scope, &payload).await?;
    let of = graph.clone();
    let clustering = compute(app, move || of.graph.cluster(granularity)).await?;
    Ok(shown(&graph, clustering, remembered))
}

/// The graph of a sector as it is stored: kept, or made now.
async fn graph_of(app: &App, scope: &SiteScope<Read>, payload: &Payload) -> Result<(Arc<Graph>, bool)> {
    let options = options(app, scope, payload).await?;
    let embedder = embedder(app, scope).await?;
    let space = embedder.map(|provider| Space::of(scope.account(), &provider));
    let key = Key {
        site: scope.site(),
        sector: payload.sector,
        language: options.language.clone(),
        max_size: payload.max_size,
        regroup: payload.regroup,
        space: space.clone(),
    };
    let kept = state(app, scope, payload.sector).await?;
    if let Some(graph) = app.graphs.get(&key, &kept, Instant::now()) {
        return Ok((graph, true));
    }
    let _making = app.graphs.making.lock().await;
    let state = state(app, scope, payload.sector).await?;
    if let Some(graph) = app.graphs.get(&key, &state, Instant::now()) {
        return Ok((graph, true));
    }
    let db = app.db.site(scope);
    let lines = Lines::read(&db, payload.sector, &Which::of(payload), MOST, &|_| Ok(())).await;
    let lines = lines.map_err(|error| match error {
        NotRead::Db(error) => error.into(),
        NotRead::Stopped(error) => Error::internal(error),
        NotRead::TooMany(most) => Error::rule(
            "too_many_keywords",
            format!("The sector has more than {most} keywords: too many to be grouped while you wait."),
        ),
    })?;
    // As a task does it.
    let vectors = match &space {
        Some(space) if lines.keywords.len() <= MOST_VECTORS => {
            let ids: Vec<VectorId> = lines.keywords.iter().map(|keyword| space.id(&keyword.text)).collect();
            let known = vectors::known(app, scope, &ids).await?;
            ids.iter().map(|id| known.get(id).cloned()).collect()
        }
        _ => Vec::new(),
    };
    let graph = compute(app, move || {
        let mut lines = lines;
        let without_vectors = vectors.iter().filter(|vector| vector.is_none()).count();
        for (keyword, vector) in lines.keywords.iter_mut().zip(vectors) {
            keyword.embedding = vector;
        }
        let graph = planner::Graph::new(&lines.keywords, &options);
        // They are in the graph's edges now.
        for keyword in &mut lines.keywords {
            keyword.embedding = None;
        }
        let bytes = graph.bytes() + lines.bytes();
        Graph {
            graph,
            lines,
            without_vectors,
            state,
            bytes,
        }
    });
    let graph = Arc::new(graph.await?);
    app.graphs.put(key, graph.clone(), Instant::now());
    Ok((graph, false))
}

async fn state(app: &App, scope: &SiteScope<Read>, sector: SectorId) -> Result<String> {
    let mut binds = Variables::new();
    binds.insert("sector", sector);
    let sql = format!("RETURN {};", state_of("$sector"));
    let mut answer = app.db.site(scope).query(&sql, binds, "looking for changes").await?;
    Ok(answer.one::<String>(0)?.unwrap_or_default())
}

async fn compute<T: Send + 'static>(app: &App, compute: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let computed = app.graphs.blocking.run(&app.stop, compute).await;
    computed.map_err(|error| match error {
        JobError::Retry(why) if app.stop.is_cancelled() => Error::unavailable(why),
        error => Error::internal(error),
    })
}

fn shown(of: &Graph, clustering: planner::Clustering, remembered: bool) -> Preview {
    let lines = &of.lines;
    let free = |place: &usize| lines.keywords[*place].fixed.is_none();
    let heirs = lines.heirs(&clustering);
    let mut preview = Preview {
        groups: Vec::new(),
        new: 0,
        joined: 0,
        keywords: lines.free,
        unclustered: clustering.unclustered.iter().filter(|place| free(place)).count(),
        without_vectors: of.without_vectors,
        remembered,
    };
    for (place, group) in clustering.clusters.into_iter().enumerate() {
        let joining = group.keywords.iter().filter(|place| free(place)).count();
        if joining == 0 {
            continue;
        }
        let own = group.id.as_deref().and_then(|id| id.parse().ok());
        let cluster: Option<ClusterId> = own.or_else(|| heirs.get(&place).copied());
        let closed = cluster.is_some_and(|id| lines.clusters.closed.contains(&id));
        match cluster {
            None => preview.new += 1,
            Some(_) if closed => preview.unclustered += joining,
            Some(_) => preview.joined += 1,
        }
        if preview.groups.len() == SHOWN.0 {
            continue;
        }
        let members = group.keywords.iter().zip(&group.similarity).take(SHOWN.1);
        preview.groups.push(Group {
            cluster,
            closed,
            name: group.name,
            role: super::role_of(group.role),
            context_type: super::context_type_of(group.context_type),
            cohesion: group.cohesion,
            size: group.keywords.len(),
            volume: group.volume,
            keywords: members
                .map(|(place, &similarity)| Member {
                    id: lines.ids[*place],
                    text: lines.keywords[*place].text.clone(),
                    similarity,
                    joins: free(place),
                })
                .collect(),
        });
    }
    preview
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(bytes: usize) -> Arc<Graph> {
        Arc::new(Graph {
            graph: planner::Graph::new(&[], &planner::Options::default()),
            lines: Lines {
                keywords: Vec::new(),
                ids: Vec::new(),
                were: Vec::new(),
                clusters: super::super::read::Clusters::default(),
                free: 0,
                by_hand: 0,
                read_at: chrono::DateTime::UNIX_EPOCH,
            },
            without_vectors: 0,
            state: "now".into(),
            bytes,
        })
    }

    #[test]
    fn graphs_are_kept_for_a_while_and_within_bounds() {
        let graphs = Graphs::default();
        let begun = Instant::now();
        let key = |max_size: usize| Key {
            site: "site_01jz8k3v5n6q7r8s9t0v1w2x3y".parse().unwrap(),
            sector: "sect_01jz8k3v5n6q7r8s9t0v1w2x3y".parse().unwrap(),
            language: "en".into(),
            max_size,
            regroup: false,
            space: None,
        };
        let at = |seconds: u64| begun + Duration::from_secs(seconds);
        graphs.put(key(1), graph(MOST_BYTES / 2), at(0));
        graphs.put(key(2), graph(MOST_BYTES / 2), at(1));
        assert!(graphs.get(&key(1), "now", at(2)).is_some());
        assert!(graphs.get(&key(1), "changed", at(3)).is_none());
        graphs.put(key(3), graph(MOST_BYTES / 2), at(21));
        assert!(
            graphs.get(&key(2), "now", at(22)).is_none(),
            "the one unused for longest made room"
        );
        assert!(graphs.get(&key(1), "now", at(22)).is_some());
        graphs.put(key(4), graph(MOST_BYTES + 1), at(23));
        assert!(graphs.get(&key(4), "now", at(23)).is_none());
        assert!(graphs.get(&key(3), "now", at(400)).is_none(), "nobody asked for it");
        assert!(graphs.entries().is_empty());
    }
}
