//! Clusters as a CSV file that an import takes back unchanged.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use igny8_data::surrealdb_types::Value;
use igny8_data::{Access, DbError, Direction, SectorId, Select, SiteScope, Write};

use super::api::{ClusterFilter, named, numbers, require_parent, taken};
use super::model::{Cluster, ClusterId, Recommendations, text_key};
use super::rules::require_sector;
use super::table::{self, CellProblem, Row, Table, TableReport, join, read_attributes, word, written_attributes};
use crate::api::validate::Check;
use crate::api::{Error, FieldError, Result};
use crate::app::App;
use crate::features::sites::Sector;

/// Clusters read at once, and written by one transaction.
const PAGE: usize = 100;

/// The last six are for readers; an import leaves them alone.
const HEADER: [&str; 19] = [
    "name",
    "sector",
    "description",
    "role",
    "context_type",
    "status",
    "origin",
    "locked",
    "disabled",
    "parent",
    "primary_keyword",
    "terms",
    "attributes",
    "keyword_count",
    "total_volume",
    "mean_difficulty",
    "idea_count",
    "content_count",
    "gaps",
];

/// An export that is being written.
pub struct ClusterExport<A> {
    app: App,
    scope: SiteScope<A>,
    select: Select,
    sectors: HashMap<SectorId, String>,
    last: Option<(String, ClusterId)>,
    begun: bool,
    ended: bool,
}

impl<A: Access> ClusterExport<A> {
    /// Begins an export of the clusters meant, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn new(app: &App, scope: SiteScope<A>, filter: &ClusterFilter) -> Result<Self> {
        let db = app.db.site(&scope);
        let select = filter.select(&db).await?;
        let sectors = db.list::<Sector>(Select::new()).await?;
        Ok(Self {
            app: app.clone(),
            select,
            sectors: sectors.into_iter().map(|sector| (sector.id, sector.slug)).collect(),
            last: None,
            begun: false,
            ended: false,
            scope,
        })
    }

    /// The next part of the file; `None` at its end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        if self.ended {
            return Ok(None);
        }
        let db = self.app.db.site(&self.scope);
        let mut select = self.select.clone().order("name", Direction::Ascending).limit(PAGE);
        if let Some((name, id)) = self.last.take() {
            select = select.after(Value::String(name), id);
        }
        let rows = db.list::<Cluster>(select).await?;
        self.ended = rows.len() < PAGE;
        self.last = rows.last().map(|row| (row.name.clone(), row.id));
        let numbers = numbers::of(&db, rows.iter().map(|row| row.id).collect()).await?;
        let parents = named(&db, rows.iter().filter_map(|row| row.parent).collect()).await?;
        let parents: HashMap<ClusterId, String> = parents.into_iter().map(|option| (option.id, option.name)).collect();
        let none = numbers::Numbers::default();
        let cells = rows.into_iter().map(|cluster| {
            let numbers = numbers.get(&cluster.id).unwrap_or(&none);
            let recommended = &cluster.recommendations;
            [
                cluster.name,
                self.sectors.get(&cluster.sector).cloned().unwrap_or_default(),
                cluster.description,
                word(&cluster.role),
                word(&cluster.context_type),
                word(&cluster.status),
                word(&cluster.origin),
                cluster.locked.to_string(),
                cluster.disabled.to_string(),
                cluster
                    .parent
                    .and_then(|id| parents.get(&id))
                    .cloned()
                    .unwrap_or_default(),
                recommended.primary_keyword.clone().unwrap_or_default(),
                join(&recommended.terms),
                written_attributes(&recommended.attributes),
                numbers.keywords.to_string(),
                numbers.volume.to_string(),
                numbers.difficulty().map(|n| format!("{n:.1}")).unwrap_or_default(),
                numbers.ideas.to_string(),
                numbers.content().to_string(),
                join(numbers.gaps()),
            ]
        });
        let header = (!self.begun).then_some(&HEADER);
        self.begun = true;
        Ok(Some(table::write(header, cells).map_err(Error::internal)?.into()))
    }
}

/// A row that goes in, with the line it came from.
struct Wanted {
    line: u64,
    cluster: Cluster,
    /// As it is stored; `None` for a new one.
    before: Option<Cluster>,
    /// Name of the cluster above; `None` leaves it as it is.
    parent: Option<String>,
}

/// Takes clusters from a file: those whose names their sectors have are changed, others are made. A row belongs to the
/// sector whose slug it has, or to the given one.
///
/// # Errors
/// 422 when it is not such a table; when the database fails.
pub async fn import(
    app: &App,
    scope: &SiteScope<Write>,
    bytes: &[u8],
    sector: Option<SectorId>,
    dry_run: bool,
) -> Result<TableReport> {
    let table = Table::read(bytes, "name")?;
    let db = app.db.site(scope);
    let sectors = Sectors::new(db.list::<Sector>(Select::new()).await?, sector)?;
    let mut known: HashMap<(SectorId, String), Cluster> = HashMap::new();
    for cluster in db.list::<Cluster>(Select::new()).await? {
        known.insert((cluster.sector, text_key(&cluster.name)), cluster);
    }
    let mut report = TableReport {
        dry_run,
        rows: table.row_count() as u64,
        ..TableReport::default()
    };
    let mut seen = HashSet::new();
    let mut wanted = Vec::new();
    for row in table.rows() {
        match read_row(app, scope, &row, &sectors, &known) {
            Err((field, message)) => report.fail(row.line, field, message),
            Ok(of) if !seen.insert((of.cluster.sector, text_key(&of.cluster.name))) => {
                report.fail(row.line, "name", "is in the file twice");
            }
            Ok(of) => {
                let mut check = Check::new();
                of.cluster.check(&mut check);
                match check.finish() {
                    Ok(()) => wanted.push(of),
                    Err(error) => report.refuse(row.line, error)?,
                }
            }
        }
    }
    with_parents(&mut wanted, &known, &mut report);
    if !dry_run {
        wanted = store(app, scope, wanted, &mut report).await?;
    }
    for of in &wanted {
        known.insert((of.cluster.sector, text_key(&of.cluster.name)), of.cluster.clone());
    }
    for mut of in wanted {
        let changed = of.before.as_ref().is_some_and(|before| !same(before, &of.cluster));
        let moved = match place(app, scope, &mut of, &known, dry_run).await {
            Ok(moved) => moved,
            Err(error) => {
                report.refuse(of.line, error)?;
                continue;
            }
        };
        match of.before {
            None => report.created += 1,
            Some(_) if changed || moved => report.updated += 1,
            Some(_) => report.unchanged += 1,
        }
    }
    Ok(report)
}

/// Leaves rows out whose parent is neither there nor in the file; a row can be the parent of another.
fn with_parents(wanted: &mut Vec<Wanted>, known: &HashMap<(SectorId, String), Cluster>, report: &mut TableReport) {
    loop {
        let names: HashSet<(SectorId, String)> = wanted
            .iter()
            .map(|of| (of.cluster.sector, text_key(&of.cluster.name)))
            .collect();
        let before = wanted.len();
        wanted.retain(|of| {
            let Some(name) = of.parent.as_deref().filter(|name| !name.is_empty()) else {
                return true;
            };
            let parent = (of.cluster.sector, text_key(name));
            let found = names.contains(&parent) || known.contains_key(&parent);
            if !found {
                report.fail(of.line, "parent", format!("the sector has no cluster {name}"));
            }
            found
        });
        if wanted.len() == before {
            return;
        }
    }
}

/// Sectors of a site by their slugs.
pub(super) struct Sectors {
    by_slug: HashMap<String, SectorId>,
    given: Option<SectorId>,
}

impl Sectors {
    /// The sector that rows without one belong to must be one of these.
    pub(super) fn new(rows: Vec<Sector>, given: Option<SectorId>) -> Result<Self> {
        if given.is_some_and(|id| rows.iter().all(|sector| sector.id != id)) {
            return Err(Error::invalid(vec![FieldError::new(
                "sector",
                "must be a sector of this site",
            )]));
        }
        Ok(Self {
            by_slug: rows.into_iter().map(|sector| (sector.slug, sector.id)).collect(),
            given,
        })
    }

    pub(super) fn of(&self, row: &Row<'_>) -> Result<SectorId, CellProblem> {
        match row.filled("sector") {
            Some(slug) => self
                .by_slug
                .get(slug)
                .copied()
                .ok_or_else(|| ("sector", format!("the site has no sector {slug}"))),
            None => self
                .given
                .ok_or_else(|| ("sector", "must be given in the file or with the request".to_owned())),
        }
    }
}

fn read_row(
    app: &App,
    scope: &SiteScope<Write>,
    row: &Row<'_>,
    sectors: &Sectors,
    known: &HashMap<(SectorId, String), Cluster>,
) -> Result<Wanted, CellProblem> {
    let name = row.filled("name").ok_or_else(|| ("name", "must be given".to_owned()))?;
    let sector = sectors.of(row)?;
    let before = known.get(&(sector, text_key(name))).cloned();
    let now = app.db.clock().now();
    let mut cluster = match &before {
        Some(before) => before.clone(),
        None => Cluster::new(app.db.ids().make(), scope, sector, name, now),
    };
    cluster.set_name(name);
    if let Some(description) = row.cell("description") {
        description.clone_into(&mut cluster.description);
    }
    cluster.role = row.word("role")?.unwrap_or(cluster.role);
    cluster.context_type = row.word("context_type")?.unwrap_or(cluster.context_type);
    cluster.status = row.word("status")?.unwrap_or(cluster.status);
    cluster.origin = row.word("origin")?.unwrap_or(cluster.origin);
    cluster.locked = row.flag("locked")?.unwrap_or(cluster.locked);
    cluster.disabled = row.flag("disabled")?.unwrap_or(cluster.disabled);
    let Recommendations {
        terms,
        attributes,
        primary_keyword,
    } = &mut cluster.recommendations;
    if let Some(given) = row.list("terms") {
        *terms = given;
    }
    if let Some(cell) = row.cell("attributes") {
        *attributes = read_attributes(cell)?;
    }
    if row.cell("primary_keyword").is_some() {
        *primary_keyword = row.filled("primary_keyword").map(str::to_owned);
    }
    Ok(Wanted {
        line: row.line,
        cluster,
        before,
        parent: row.cell("parent").map(|name| name.trim().to_owned()),
    })
}

/// Whether nothing differs that a file can say, besides the parent.
fn same(a: &Cluster, b: &Cluster) -> bool {
    let of = |c: &Cluster| {
        (
            c.name.clone(),
            c.description.clone(),
            (c.role, c.context_type, c.status, c.origin),
            (c.locked, c.disabled),
            c.recommendations.clone(),
        )
    };
    of(a) == of(b)
}

/// Stores what is new or differs; gives back what is stored now.
async fn store(
    app: &App,
    scope: &SiteScope<Write>,
    wanted: Vec<Wanted>,
    report: &mut TableReport,
) -> Result<Vec<Wanted>> {
    let (mut stored, mut to_write) = (Vec::with_capacity(wanted.len()), Vec::new());
    for of in wanted {
        match &of.before {
            Some(before) if same(before, &of.cluster) => stored.push(of),
            _ => to_write.push(of),
        }
    }
    let mut to_write = to_write.into_iter().peekable();
    while to_write.peek().is_some() {
        let batch: Vec<Wanted> = to_write.by_ref().take(PAGE).collect();
        match write(app, scope, batch.iter()).await {
            Ok(clusters) => stored.extend(
                batch
                    .into_iter()
                    .zip(clusters)
                    .map(|(of, cluster)| Wanted { cluster, ..of }),
            ),
            // One of them is refused: find out which.
            Err(_) => {
                for of in batch {
                    match write(app, scope, std::iter::once(&of)).await {
                        Ok(mut clusters) => {
                            let cluster = clusters.pop().unwrap_or_else(|| of.cluster.clone());
                            stored.push(Wanted { cluster, ..of });
                        }
                        Err(error) => report.refuse(of.line, taken(error))?,
                    }
                }
            }
        }
    }
    stored.sort_by_key(|of| of.line);
    Ok(stored)
}

async fn write<'a>(
    app: &App,
    scope: &SiteScope<Write>,
    batch: impl Iterator<Item = &'a Wanted>,
) -> Result<Vec<Cluster>, DbError> {
    let mut tx = app.db.site(scope).tx();
    let mut clusters = Vec::new();
    let mut sectors = HashSet::new();
    for of in batch {
        let mut cluster = of.cluster.clone();
        cluster.updated_at = app.db.clock().now();
        if sectors.insert(cluster.sector) {
            require_sector(&mut tx, cluster.sector);
        }
        match of.before {
            None => tx.create(cluster.clone()),
            Some(_) => tx.replace(&mut cluster),
        };
        clusters.push(cluster);
    }
    tx.commit().await?;
    Ok(clusters)
}

/// Puts a cluster below the one its row names; true when that is another than before.
async fn place(
    app: &App,
    scope: &SiteScope<Write>,
    of: &mut Wanted,
    known: &HashMap<(SectorId, String), Cluster>,
    dry_run: bool,
) -> Result<bool> {
    let Some(name) = &of.parent else { return Ok(false) };
    let parent = match name.as_str() {
        "" => None,
        name => {
            let found = known.get(&(of.cluster.sector, text_key(name)));
            let missing = || FieldError::new("parent", format!("the sector has no cluster {name}"));
            Some(found.ok_or_else(|| Error::invalid(vec![missing()]))?.id)
        }
    };
    if parent == of.cluster.parent {
        return Ok(false);
    }
    of.cluster.parent = parent;
    let mut check = Check::new();
    of.cluster.check(&mut check);
    check.finish()?;
    if !dry_run {
        let mut tx = app.db.site(scope).tx();
        require_parent(&mut tx, &of.cluster);
        of.cluster.updated_at = app.db.clock().now();
        tx.replace(&mut of.cluster);
        tx.commit().await.map_err(taken)?;
    }
    Ok(true)
}
