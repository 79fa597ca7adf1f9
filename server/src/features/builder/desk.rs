//! A plan with all that it rests on, as it is worked at: read, changed in memory, saved in one unit of work.
//!
//! Whatever changed elsewhere since the plan was saved last (clusters deleted, terms renamed, another type of site) is noticed
//! when it is opened ([`Desk::catch_up`]): steps re-open, and archives follow their terms. Reading alone stores nothing of that.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use igny8_builder::blueprint::Blueprint;
use igny8_builder::coverage::{self, Report, Waiver};
use igny8_builder::names::TaxonomyKind;
use igny8_builder::sitemap::edit::{self, Edit};
use igny8_builder::sitemap::{self, Aim, Brand, Input, PagePlan, Planned, structure};
use igny8_builder::taxonomy;
use igny8_builder::wizard::change::reopens;
use igny8_builder::wizard::{Change, Facts, Reopened, Step, StepView, Wizard, gate};
use igny8_data::{Read, Select, SiteScope, SurrealValue, Tx, Variables};

use super::business::Business;
use super::catalogue;
use super::model::{SiteBlueprint, SiteBlueprintId};
use super::plan::{self, Pages, Seen, SeenTerm, SitePlan};
use super::words::same;
use crate::api::{Error, Result};
use crate::app::App;
use crate::features::content::ContentId;
use crate::features::planner::idea::IdeaId;
use crate::features::planner::model::{Intent, KeywordId};
use crate::features::planner::{Cluster, ClusterId};
use crate::features::publishing::snapshot::rows_of;
use crate::features::sites::Site;
use crate::features::taxonomy::{Taxonomy, Term, TermId};
use crate::features::writer::TaskId;

/// Keywords of one cluster that pages are made for, the most searched; the planner's time grows with their square.
const MOST_KEYWORDS: usize = 1_000;
/// Clusters that one query asks about.
const BATCH: usize = 100;

/// How much of the clusters is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// How many keywords there are: enough for the steps and for edits.
    Names,
    /// The keywords themselves: for planning and looking at the coverage.
    Keywords,
}

/// What became of a page of the plan.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Made {
    pub key: String,
    pub idea: Option<IdeaId>,
    pub task: Option<TaskId>,
    pub content: Option<ContentId>,
}

/// A plan on the desk.
#[derive(Debug, Clone)]
pub struct Desk {
    pub row: SiteBlueprint,
    pub kind: &'static Blueprint,
    pub site: Site,
    pub pages: Pages,
    pub wizard: Wizard,
    /// Attached clusters that are there.
    pub clusters: Vec<sitemap::Cluster>,
    /// Keywords of each, and the searches for all of them.
    pub numbers: HashMap<String, (u64, u64)>,
    /// Terms in the site's language, of the kind's taxonomies.
    pub terms: Vec<taxonomy::Term>,
    /// Their rows.
    pub term_rows: HashMap<String, Term>,
    pub made: HashMap<String, Made>,
    pub business: Business,
    pub brand: Brand,
    /// What was re-opened since the plan was saved last.
    pub reopened: Vec<Reopened>,
    sectors: u32,
    stored: SitePlan,
    was: Pages,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Count {
    cluster: ClusterId,
    n: i64,
    volume: i64,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Line {
    id: KeywordId,
    text: String,
    volume: i64,
    intent: Option<Intent>,
    serp_urls: Option<Vec<String>>,
}

impl Desk {
    /// Opens a plan.
    ///
    /// # Errors
    /// 404 without it; 409 when its kind of site is not there any more.
    pub async fn open(app: &App, scope: &SiteScope<Read>, id: SiteBlueprintId, depth: Depth) -> Result<Self> {
        let db = app.db.site(scope);
        let row = db.get::<SiteBlueprint>(id).await?.ok_or_else(Error::not_found)?;
        let kind = catalogue::find(&row.kind).ok_or_else(|| {
            let message = format!(
                "The blueprint “{}” is not there any more. Ask whoever operates this server, or begin another plan.",
                row.kind
            );
            Error::conflict("kind_gone", message)
        })?;
        let stored = plan::read(&db, id).await?.ok_or_else(Error::not_found)?;
        let pages = stored.pages()?;
        let account = scope.actor().account::<Read>()?;
        let site = app.db.account(&account).get::<Site>(scope.site()).await?;
        let site = site.ok_or_else(Error::not_found)?;

        let ids: Vec<ClusterId> = row.clusters.iter().map(|of| of.cluster).collect();
        let rows: Vec<Cluster> = rows_of(&db, (row.account, row.site), ids, "deleted_at IS NONE").await?;
        let select = Select::new().equals("language", site.language.clone());
        let mut term_rows: HashMap<String, Term> = HashMap::new();
        let mut terms = Vec::new();
        for term in db.list::<Term>(select).await? {
            let kind_of: TaxonomyKind = same(&term.taxonomy)?;
            if kind.taxonomy(kind_of).is_some() {
                terms.push(built(&term, kind_of));
                term_rows.insert(term.id.to_string(), term);
            }
        }
        let sql = "SELECT count() AS n FROM sector WHERE site = $site AND account = $account AND deleted_at IS NONE \
                   AND active = true GROUP ALL;\
                   LET $made = (SELECT key, idea, task, content FROM planned_page WHERE site = $site \
                   AND account = $account);\
                   LET $ideas = array::filter($made.idea, |$id| $id != NONE);\
                   LET $contents = array::filter($made.content, |$id| $id != NONE);\
                   RETURN $made;\
                   SELECT VALUE id FROM $ideas WHERE site = $site AND account = $account AND deleted_at IS NONE;\
                   SELECT VALUE id FROM $contents WHERE site = $site AND account = $account AND deleted_at IS NONE;";
        #[derive(SurrealValue)]
        #[surreal(crate = "surrealdb_types")]
        struct Sectors {
            n: i64,
        }
        let mut answer = db.query(sql, Variables::new(), "reading what a plan rests on").await?;
        let sectors = answer.rows::<Sectors>(0)?.first().map_or(0, |count| count.n);
        let mut made: Vec<Made> = answer.rows(4)?;
        let ideas: HashSet<IdeaId> = answer.rows(5)?.into_iter().collect();
        let contents: HashSet<ContentId> = answer.rows(6)?.into_iter().collect();
        for made in &mut made {
            made.idea = made.idea.filter(|id| ideas.contains(id));
            made.task = made.task.filter(|_| made.idea.is_some());
            made.content = made.content.filter(|id| contents.contains(id));
        }
        // Of a page whose idea and text were deleted, nothing was made.
        made.retain(|made| made.idea.is_some() || made.content.is_some());
        let business = Business::of(&site, &row);
        let mut desk = Self {
            brand: Brand {
                name: business.name.clone(),
                description: business.description.clone(),
                audience: business.audience.clone(),
                language: site.language.clone(),
            },
            business,
            wizard: row.wizard(),
            made: made.into_iter().map(|made| (made.key.clone(), made)).collect(),
            sectors: u32::try_from(sectors).unwrap_or(u32::MAX),
            was: pages.clone(),
            clusters: Vec::new(),
            numbers: HashMap::new(),
            reopened: Vec::new(),
            row,
            kind,
            site,
            pages,
            terms,
            term_rows,
            stored,
        };
        desk.take_clusters(app, scope, &rows, depth).await?;
        desk.catch_up();
        Ok(desk)
    }

    /// Puts the clusters of the plan on the desk, as they are in the planner.
    async fn take_clusters(
        &mut self,
        app: &App,
        scope: &SiteScope<Read>,
        rows: &[Cluster],
        depth: Depth,
    ) -> Result<()> {
        let db = app.db.site(scope);
        let known: HashMap<ClusterId, &Cluster> = rows.iter().map(|row| (row.id, row)).collect();
        let mut clusters = Vec::with_capacity(rows.len());
        for of in &self.row.clusters {
            let Some(row) = known.get(&of.cluster) else { continue };
            clusters.push(sitemap::Cluster {
                id: row.id.to_string(),
                name: row.name.clone(),
                role: same(&of.role.unwrap_or(row.role))?,
                context: same(&row.context_type)?,
                parent: row.parent.map(|id| id.to_string()),
                priority: u32::try_from(of.priority).unwrap_or(u32::MAX),
                recommended: row.recommendations.terms.clone(),
                attributes: row
                    .recommendations
                    .attributes
                    .iter()
                    .map(|of| (of.name.clone(), of.value.clone()))
                    .collect(),
                keywords: Vec::new(),
            });
        }
        let ids: Vec<ClusterId> = self.row.clusters.iter().map(|of| of.cluster).collect();
        let ids: Vec<ClusterId> = ids.into_iter().filter(|id| known.contains_key(id)).collect();
        let of = "FROM keyword WITH INDEX keyword_by_cluster WHERE site = $site AND account = $account \
                  AND deleted_at IS NONE AND disabled = false AND cluster =";
        // A statement for each cluster goes by the index; a list of them would read every keyword of the site.
        for (batch, some) in ids.chunks(BATCH).enumerate() {
            let mut binds = Variables::new();
            let mut sql = String::new();
            for (n, id) in some.iter().enumerate() {
                binds.insert(format!("c{n}"), *id);
                sql +=
                    &format!("SELECT cluster, count() AS n, math::sum(volume) AS volume {of} $c{n} GROUP BY cluster;");
            }
            if depth == Depth::Keywords {
                for n in 0..some.len() {
                    sql += &format!(
                        "SELECT id, text, volume, intent, serp_urls {of} $c{n} ORDER BY volume DESC, id LIMIT {MOST_KEYWORDS};"
                    );
                }
            }
            let mut answer = db.query(&sql, binds, "reading keywords of a plan").await?;
            for (n, id) in some.iter().enumerate() {
                if let Some(count) = answer.rows::<Count>(n)?.pop() {
                    let number = |n: i64| u64::try_from(n).unwrap_or(0);
                    self.numbers
                        .insert(count.cluster.to_string(), (number(count.n), number(count.volume)));
                }
                if depth == Depth::Keywords {
                    let lines: Vec<Line> = answer.rows(some.len() + n)?;
                    debug_assert_eq!(clusters[batch * BATCH + n].id, id.to_string());
                    clusters[batch * BATCH + n].keywords = lines
                        .into_iter()
                        .map(|line| {
                            Ok(sitemap::Keyword {
                                id: line.id.to_string(),
                                text: line.text,
                                volume: u64::try_from(line.volume).ok().filter(|volume| *volume > 0),
                                intent: line.intent.map(|intent| same(&intent)).transpose()?,
                                serp_urls: line.serp_urls.unwrap_or_default(),
                            })
                        })
                        .collect::<Result<_>>()?;
                }
            }
        }
        self.clusters = clusters;
        Ok(())
    }

    /// Puts the clusters on the desk that the row has now, as seen. Their keywords stay away.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_clusters_anew(&mut self, app: &App, scope: &SiteScope<Read>) -> Result<()> {
        let ids: Vec<ClusterId> = self.row.clusters.iter().map(|of| of.cluster).collect();
        let tenant = (self.row.account, self.row.site);
        let rows: Vec<Cluster> = rows_of(&app.db.site(scope), tenant, ids, "deleted_at IS NONE").await?;
        self.numbers.clear();
        self.take_clusters(app, scope, &rows, Depth::Names).await?;
        self.settle_seen();
        Ok(())
    }

    /// Notices what changed elsewhere since the plan was saved last.
    fn catch_up(&mut self) {
        let now = self.seen_now();
        let before = std::mem::replace(&mut self.pages.seen, now);
        if before.site_type.is_empty() {
            return;
        }
        let now = &self.pages.seen;
        let mut changes: Vec<Change> = Vec::new();
        let mut edits: Vec<Edit> = Vec::new();
        for (differs, change) in [
            (before.site_type != now.site_type, Change::SiteType),
            (before.hosting != now.hosting, Change::Hosting),
            (before.language != now.language, Change::Language),
            (self.row.kind_version != i64::from(self.kind.version), Change::Blueprint),
        ] {
            if differs {
                changes.push(change);
            }
        }
        for (id, count) in &before.clusters {
            match now.clusters.get(id) {
                None => changes.push(Change::ClusterDeleted),
                Some(new) if new != count => changes.push(Change::Keywords),
                Some(_) => {}
            }
        }
        for (id, term) in &before.terms {
            let Some(new) = now.terms.get(id) else {
                changes.push(Change::TermRemoved);
                continue;
            };
            if (&new.name, &new.slug) != (&term.name, &term.slug) {
                changes.push(Change::TermRenamed);
                edits.push(Edit::TermRenamed {
                    term: id.clone(),
                    name: new.name.clone(),
                    slug: new.slug.clone(),
                });
            }
            if new.parent != term.parent {
                changes.push(Change::TermMoved);
            }
            if new.clusters != term.clusters {
                changes.push(Change::TermMapped);
            }
        }
        if now.terms.keys().any(|id| !before.terms.contains_key(id)) {
            changes.push(Change::TermAdded);
        }
        let mut seen: HashSet<Change> = HashSet::new();
        for change in changes.into_iter().filter(|change| seen.insert(*change)) {
            self.changed(change);
        }
        self.row.kind_version = i64::from(self.kind.version);
        match edit::apply(&self.pages.sitemap, &edits) {
            Ok(sitemap) => self.pages.sitemap = sitemap,
            // One whose new address is taken keeps its old one, and the coverage tells it; the others follow.
            Err(_) => {
                for edit in edits {
                    if let Ok(sitemap) = edit::apply(&self.pages.sitemap, &[edit]) {
                        self.pages.sitemap = sitemap;
                    }
                }
            }
        }
    }

    /// What the plan rests on now.
    fn seen_now(&self) -> Seen {
        let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let term = |term: &taxonomy::Term| {
            let mut clusters = term.clusters.clone();
            clusters.sort_unstable();
            let seen = SeenTerm {
                kind: word(serde_json::json!(term.kind)),
                name: term.name.clone(),
                slug: term.slug.clone(),
                parent: term.parent.clone(),
                clusters,
            };
            (term.id.clone(), seen)
        };
        let count = |of: &sitemap::Cluster| (of.id.clone(), self.numbers.get(&of.id).map_or(0, |(n, _)| *n));
        Seen {
            site_type: word(serde_json::json!(self.site.site_type)),
            hosting: word(serde_json::json!(self.site.hosting)),
            language: self.site.language.clone(),
            clusters: self.clusters.iter().map(count).collect(),
            terms: self.terms.iter().map(term).collect(),
        }
    }

    /// Terms that were renamed since the plan was saved last: their taxonomy, as they were, as they are.
    pub fn renamed(&self) -> Vec<(String, SeenTerm, SeenTerm)> {
        let changed = self.was.seen.terms.iter().filter_map(|(id, before)| {
            let after = self.pages.seen.terms.get(id)?;
            let same = (&before.name, &before.slug) == (&after.name, &after.slug);
            (!same).then(|| (before.kind.clone(), before.clone(), after.clone()))
        });
        changed.collect()
    }

    /// The plan as it is stored is the one that is live.
    pub fn follows_live(&self) -> bool {
        self.row.deployed_rev == Some(self.stored.rev)
    }

    /// Takes what the plan rests on as seen, after a change that was made at the desk.
    pub fn settle_seen(&mut self) {
        self.pages.seen = self.seen_now();
    }

    /// Notes a change: steps that rest on it re-open, and the coverage has to be looked at anew where it rests on it.
    pub fn changed(&mut self, change: Change) {
        self.reopened.extend(self.wizard.changed(change));
        if reopens(change).iter().any(|(step, _)| *step == Step::Coverage) {
            self.row.checked = false;
        }
    }

    /// What the builder plans from.
    pub fn input(&self) -> Input<'_> {
        Input {
            blueprint: self.kind,
            brand: &self.brand,
            clusters: &self.clusters,
            terms: &self.terms,
            before: &self.pages.sitemap,
        }
    }

    /// The pages planned anew. Needs the keywords; takes its time.
    pub fn planned(&self) -> Planned {
        structure(self.input())
    }

    /// The coverage of the plan. Needs the keywords; takes its time.
    pub fn report(&self) -> Report {
        coverage::check(self.input(), &self.waivers())
    }

    /// Gaps that may stay.
    pub fn waivers(&self) -> Vec<Waiver> {
        let read = |value: &serde_json::Value| {
            Some(Waiver {
                rule: serde_json::from_value(value.get("rule")?.clone()).ok()?,
                place: serde_json::from_value(value.get("place")?.clone()).ok()?,
                reason: value.get("reason")?.as_str()?.to_owned(),
            })
        };
        self.row.waivers.iter().filter_map(read).collect()
    }

    /// What the gates of the steps look at.
    pub fn facts(&self) -> Facts {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let mut by_kind: BTreeMap<TaxonomyKind, u32> = BTreeMap::new();
        let mut mapped: HashSet<&str> = HashSet::new();
        for term in &self.terms {
            *by_kind.entry(term.kind).or_default() += 1;
            mapped.extend(term.clusters.iter().map(String::as_str));
        }
        let without = self.clusters.iter().filter(|of| !mapped.contains(of.id.as_str()));
        let handed = self.pages.sitemap.pages.iter();
        let coverage = match self.row.checked {
            true => gate::Coverage {
                checked: true,
                open: u32::try_from(self.row.open).unwrap_or(u32::MAX),
            },
            false => gate::Coverage::default(),
        };
        Facts {
            business: gate::Business {
                sectors: self.sectors,
                site_type: true,
                hosting: true,
                name: !self.business.name.is_empty(),
                description: !self.business.description.is_empty(),
                audience: !self.business.audience.is_empty(),
                brand: self.business.colour && self.business.reachable(),
            },
            clusters: gate::Clusters {
                attached: number(self.clusters.len()),
                // One that nobody gave a role has the planner's.
                without_role: 0,
                gone: number(self.row.clusters.len() - self.clusters.len()),
            },
            taxonomy: gate::Terms {
                by_kind,
                required: self.kind.required_taxonomies().collect(),
                clusters_without: number(without.count()),
            },
            sitemap: coverage::sitemap_facts(self.input()),
            coverage,
            hand_off: gate::HandOff {
                handed: number(handed.filter(|page| self.made.contains_key(&page.key)).count()),
            },
        }
    }

    /// The steps as they are now.
    pub fn steps(&self) -> Vec<StepView> {
        self.wizard.steps(&self.facts())
    }

    /// Keeps what a look at the coverage found, until something changes that the coverage rests on.
    pub fn keep_report(&mut self, report: &Report) {
        (self.row.checked, self.row.open) = (true, i64::from(report.open));
    }

    /// The revision that the pages have once the desk is saved.
    pub fn pages_rev(&self) -> i64 {
        self.stored.rev + i64::from(self.pages != self.was)
    }

    /// What is live differs from the plan.
    pub fn differs_from_live(&self) -> bool {
        self.row.deployed_rev.is_some_and(|rev| rev != self.pages_rev())
    }

    /// Adds what was changed to a unit of work. Whoever saved in between makes it fail ([`igny8_data::DbError::Stale`]).
    pub fn save(&mut self, tx: &mut Tx<'_>, now: DateTime<Utc>) {
        self.reopened.extend(self.wizard.settle(&self.facts()));
        self.row.set_wizard(&self.wizard);
        self.row.pages = i64::try_from(self.pages.sitemap.pages.len()).unwrap_or(i64::MAX);
        self.row.updated_at = now;
        tx.replace(&mut self.row);
        if self.pages != self.was {
            self.stored.set_pages(&self.pages);
            tx.replace(&mut self.stored);
            self.was = self.pages.clone();
        }
    }

    /// Makes edits of the plan, all or none.
    ///
    /// # Errors
    /// 422 with all that cannot be made.
    pub fn edit(&mut self, edits: &[Edit]) -> Result<()> {
        self.pages.sitemap = edit::apply(&self.pages.sitemap, edits).map_err(|problems| {
            let field = |problem: &edit::Problem| {
                crate::api::FieldError::new(
                    format!("edits.{}", problem.edit),
                    format!("{}; {}", problem.message, problem.mend),
                )
            };
            Error::invalid(problems.iter().take(200).map(field).collect())
        })?;
        for change in changes_of(edits) {
            self.changed(change);
        }
        Ok(())
    }

    /// The page of that key.
    pub fn page(&self, key: &str) -> Option<&PagePlan> {
        self.pages.sitemap.page(key)
    }

    /// The keywords that a page aims at, as far as they are keywords of this site by their ids.
    pub fn keyword_ids(aims: &[Aim]) -> Vec<KeywordId> {
        aims.iter().filter_map(|aim| aim.id.parse().ok()).collect()
    }

    /// Names by id, of clusters and terms.
    pub fn names(&self) -> HashMap<&str, &str> {
        let clusters = self.clusters.iter().map(|of| (of.id.as_str(), of.name.as_str()));
        clusters
            .chain(self.terms.iter().map(|of| (of.id.as_str(), of.name.as_str())))
            .collect()
    }
}

/// What edits of a plan change in it.
fn changes_of(edits: &[Edit]) -> Vec<Change> {
    let mut out = Vec::new();
    for edit in edits {
        let change = match edit {
            Edit::Lock { .. } | Edit::Unlock { .. } => Change::Locks,
            Edit::Rename { .. }
            | Edit::Move { .. }
            | Edit::Menu { .. }
            | Edit::Unlist { .. }
            | Edit::TermRenamed { .. } => Change::Arrangement,
            Edit::Add { .. }
            | Edit::Delete { .. }
            | Edit::Aim { .. }
            | Edit::Drop { .. }
            | Edit::Assign { .. }
            | Edit::File { .. }
            | Edit::Link { .. } => Change::Pages,
        };
        if !out.contains(&change) {
            out.push(change);
        }
    }
    out
}

/// A term as the builder sees it.
pub fn built(term: &Term, kind: TaxonomyKind) -> taxonomy::Term {
    taxonomy::Term {
        id: term.id.to_string(),
        kind,
        name: term.name.clone(),
        slug: term.slug.clone(),
        parent: term.parent.map(|id| id.to_string()),
        clusters: term.clusters.iter().map(ToString::to_string).collect(),
    }
}

/// Runs what takes its time apart from the threads that answer requests.
///
/// # Errors
/// When it panics.
pub async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

/// Terms of a plan's taxonomies, as ids of rows.
pub fn term_ids(ids: &[String]) -> Vec<TermId> {
    ids.iter().filter_map(|id| id.parse().ok()).collect()
}

/// The taxonomy of a kind.
///
/// # Errors
/// Never: the words are the same.
pub fn taxonomy_of(kind: TaxonomyKind) -> Result<Taxonomy> {
    same(&kind)
}
