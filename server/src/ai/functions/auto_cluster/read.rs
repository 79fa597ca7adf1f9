//! Reading keywords and clusters, and telling those apart that people decided on.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use igny8_data::{
    AccountId, Direction, Read, SectorId, Select, SiteDb, SiteId, SurrealValue, Value as Row, Variables, record,
};
use igny8_planner::cluster as planner;

use super::Payload;
use crate::features::planner::model::{Cluster, ClusterId, ClusterOrigin, Intent, KeywordId};
use crate::jobs::JobError;

/// A keyword as far as clustering looks at it.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub(super) struct Line {
    pub(super) id: KeywordId,
    pub(super) account: AccountId,
    pub(super) site: SiteId,
    pub(super) text: String,
    pub(super) volume: i64,
    pub(super) difficulty: Option<i64>,
    pub(super) intent: Option<Intent>,
    pub(super) cluster: Option<ClusterId>,
    pub(super) placed_by_hand: Option<bool>,
    pub(super) parent_topic: Option<String>,
    pub(super) serp_urls: Option<Vec<String>>,
    pub(super) rev: i64,
}

record!(Line, KeywordId, site, soft_delete);

const COLUMNS: &[&str] = &[
    "id",
    "account",
    "site",
    "text",
    "volume",
    "difficulty",
    "intent",
    "cluster",
    "placed_by_hand",
    "parent_topic",
    "serp_urls",
    "rev",
];

/// Keywords of a sector that are looked at.
const MOST: usize = 100_000;
/// Rows read at once.
const PAGE: usize = 5_000;
/// Rows read at once by their ids: SurrealDB 3.3 reads those of a list side by side, in time by the square of their number.
pub(super) const PART: usize = 500;

/// Which keywords are to be grouped.
#[derive(Debug, Clone)]
pub(super) enum Which {
    /// Those in no cluster.
    Free,
    /// Those, and those of generated clusters.
    Regroup,
    /// These, also out of generated clusters.
    Named(HashSet<KeywordId>),
}

impl Which {
    pub(super) fn of(payload: &Payload) -> Self {
        match &payload.keywords {
            Some(named) => Self::Named(named.iter().copied().collect()),
            None if payload.regroup => Self::Regroup,
            None => Self::Free,
        }
    }
}

impl Line {
    /// Whether it is to be grouped: not what a person placed, and not what is in a cluster that keeps its keywords.
    pub(super) fn free(&self, which: &Which, kept: &HashSet<ClusterId>) -> bool {
        self.is_meant(which, kept) && !self.is_placed(which)
    }

    /// Whether it would be grouped, had no person placed it where it is.
    fn is_left(&self, which: &Which, kept: &HashSet<ClusterId>) -> bool {
        self.is_meant(which, kept) && self.is_placed(which)
    }

    fn is_meant(&self, which: &Which, kept: &HashSet<ClusterId>) -> bool {
        let can_move = self.cluster.is_none_or(|cluster| !kept.contains(&cluster));
        match which {
            Which::Free => self.cluster.is_none(),
            Which::Regroup => can_move,
            Which::Named(named) => named.contains(&self.id) && can_move,
        }
    }

    fn is_placed(&self, which: &Which) -> bool {
        // Who names a keyword that was taken out wants it back in.
        let is_wanted_back = matches!(which, Which::Named(_)) && self.cluster.is_none();
        self.placed_by_hand == Some(true) && !is_wanted_back
    }
}

/// Its keywords stay in it, and its name stays: a person made it, locked it or put it aside.
pub(super) fn keeps(cluster: &Cluster) -> bool {
    closed(cluster) || cluster.origin == ClusterOrigin::Manual
}

/// It takes no new keywords either.
pub(super) fn closed(cluster: &Cluster) -> bool {
    cluster.locked || cluster.disabled
}

/// The clusters of a sector, told apart.
#[derive(Debug, Clone, Default)]
pub(super) struct Clusters {
    /// Those whose keywords stay.
    pub(super) kept: HashSet<ClusterId>,
    /// Those that take no new ones.
    pub(super) closed: HashSet<ClusterId>,
    /// Those at the top: new ones may go below these.
    pub(super) tops: HashSet<ClusterId>,
}

pub(super) async fn clusters(db: &SiteDb<'_, Read>, sector: SectorId) -> Result<Clusters, igny8_data::DbError> {
    let rows = db.list::<Cluster>(Select::new().equals("sector", sector)).await?;
    let ids = |which: &dyn Fn(&Cluster) -> bool| rows.iter().filter(|row| which(row)).map(|row| row.id).collect();
    Ok(Clusters {
        kept: ids(&keeps),
        closed: ids(&closed),
        tops: ids(&|cluster| cluster.parent.is_none()),
    })
}

pub(super) async fn named_lines(
    db: &SiteDb<'_, Read>,
    sector: SectorId,
    named: &HashSet<KeywordId>,
) -> Result<Vec<Line>, igny8_data::DbError> {
    let sql = format!(
        "SELECT {} FROM $ids WHERE site = $site AND account = $account AND sector = $sector AND deleted_at IS NONE \
         AND disabled = false;",
        COLUMNS.join(", ")
    );
    let named: Vec<KeywordId> = named.iter().copied().collect();
    let mut lines = Vec::with_capacity(named.len());
    for some in named.chunks(PART) {
        let mut binds = Variables::new();
        binds.insert("ids", some.to_vec());
        binds.insert("sector", sector);
        lines.extend(db.query(&sql, binds, "reading keywords").await?.rows::<Line>(0)?);
    }
    Ok(lines)
}

/// The keywords that are to be grouped, and those of clusters, which say where they belong.
#[derive(Debug, Clone)]
pub struct Lines {
    /// Texts as the planner takes them; with the same places as `ids`.
    pub(super) keywords: Vec<planner::Keyword>,
    pub(super) ids: Vec<KeywordId>,
    /// The clusters they are in, with the same places.
    pub(super) were: Vec<Option<ClusterId>>,
    pub(super) clusters: Clusters,
    /// How many are to be grouped.
    pub(super) free: usize,
    /// How many are left where a person put them, or out of clusters.
    pub(super) by_hand: usize,
    pub(super) read_at: DateTime<Utc>,
}

/// Why a sector's keywords are not read.
pub(super) enum NotRead {
    Db(igny8_data::DbError),
    /// Stopped by `tell`.
    Stopped(JobError),
    /// There are more than this.
    TooMany(usize),
}

impl From<igny8_data::DbError> for NotRead {
    fn from(error: igny8_data::DbError) -> Self {
        Self::Db(error)
    }
}

impl Lines {
    /// Reads a sector; `tell` hears how many there are so far.
    pub(super) async fn read(
        db: &SiteDb<'_, Read>,
        sector: SectorId,
        which: &Which,
        most: usize,
        tell: &(dyn Fn(usize) -> Result<(), JobError> + Sync),
    ) -> Result<Self, NotRead> {
        let most = most.min(MOST);
        let mut lines = Self {
            keywords: Vec::new(),
            ids: Vec::new(),
            were: Vec::new(),
            read_at: db.db().clock().now(),
            clusters: clusters(db, sector).await?,
            free: 0,
            by_hand: 0,
        };
        let mut last: Option<(Row, KeywordId)> = None;
        loop {
            let mut select = Select::new()
                .equals("sector", sector)
                .equals("disabled", false)
                .columns(COLUMNS)
                .order("text", Direction::Ascending)
                .limit(PAGE);
            if let Some((text, id)) = last.take() {
                select = select.after(text, id);
            }
            let page = db.list::<Line>(select).await?;
            let full = page.len() == PAGE;
            last = page.last().map(|line| (line.text.clone().into_value(), line.id));
            for line in page {
                let is_free = line.free(which, &lines.clusters.kept);
                lines.by_hand += usize::from(line.is_left(which, &lines.clusters.kept));
                // Others in no cluster are not this task's.
                if is_free || line.cluster.is_some() {
                    lines.take(line, is_free);
                }
            }
            if lines.ids.len() > most {
                return Err(NotRead::TooMany(most));
            }
            tell(lines.ids.len()).map_err(NotRead::Stopped)?;
            if !full {
                return Ok(lines);
            }
        }
    }

    /// Roughly how much memory they take, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let texts = |keyword: &planner::Keyword| {
            let urls: usize = keyword
                .serp_urls
                .iter()
                .map(|url| size_of::<String>() + url.len())
                .sum();
            let names = [&keyword.fixed, &keyword.parent_topic]
                .into_iter()
                .flatten()
                .map(String::len);
            size_of::<planner::Keyword>() + keyword.text.len() + urls + names.sum::<usize>()
        };
        self.keywords.iter().map(texts).sum::<usize>()
            + size_of_val(self.ids.as_slice())
            + size_of_val(self.were.as_slice())
    }

    pub(super) fn take(&mut self, line: Line, free: bool) {
        self.free += usize::from(free);
        self.ids.push(line.id);
        self.were.push(line.cluster);
        self.keywords.push(planner::Keyword {
            text: line.text,
            language: None,
            volume: u64::try_from(line.volume).ok().filter(|volume| *volume > 0),
            #[expect(clippy::cast_precision_loss, reason = "0 to 100")]
            difficulty: line.difficulty.map(|difficulty| difficulty as f32),
            intent: line.intent.map(|intent| match intent {
                Intent::Informational => planner::Intent::Informational,
                Intent::Commercial => planner::Intent::Commercial,
                Intent::Transactional => planner::Intent::Transactional,
                Intent::Navigational => planner::Intent::Navigational,
            }),
            serp_urls: line.serp_urls.unwrap_or_default(),
            parent_topic: line.parent_topic,
            embedding: None,
            fixed: line.cluster.filter(|_| !free).map(|cluster| cluster.to_string()),
        });
    }
}

/// What a clustering of a sector depends on, as an expression of the database over `$site`, `$account` and a variable with
/// the sector: it changes with every keyword and cluster that is added, changed or removed.
pub(super) fn state_of(sector: &str) -> String {
    let of = format!("site = $site AND account = $account AND sector = {sector} AND deleted_at IS NONE");
    // Inside of a transaction a sum of whole numbers may come as a float.
    let sums = |rows: &str| {
        format!(
            "(SELECT VALUE [n, <int> (revs ?? 0), last] FROM (SELECT count() AS n, math::sum(rev) AS revs, \
             time::max(updated_at) AS last FROM {rows} GROUP ALL))"
        )
    };
    let keywords = sums(&format!("keyword WHERE {of} AND disabled = false"));
    format!("<string> [{keywords}, {}]", sums(&format!("cluster WHERE {of}")))
}
