//! A site's pages and links in memory, brought up to date by the rows that changed since, as
//! [`crate::features::publishing`] does it: rows with a later `updated_at` than the last look, less [`OVERLAP`], told by their
//! revision. Drafts are among them, as pages that visitors cannot reach. Bodies are read and let go.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Duration, Utc};
use igny8_data::{DbError, Read, SiteDb, SiteRecord, SiteScope, SurrealValue, Variables};
use igny8_linker::graph::{self, Limits, PageRef, Report};
use igny8_linker::{Linker, Page};
use igny8_renderer::{paths, site as out};

use super::linkers::Linkers;
use super::page::{self, Parents};
use super::ways::{self, ARCHIVE, Way};
use crate::api::{Error, Result};
use crate::app::App;
use crate::features::content::model::{Content, ContentId, ContentType};
use crate::features::media::Media;
use crate::features::planner::{Cluster, ClusterId, ClusterRole};
use crate::features::publishing::snapshot::{self, pages::Lookup};
use crate::features::sites::model::Site;
use crate::features::taxonomy::{Term, TermId};

/// Longest time between the moment that a row carries and its being visible.
const OVERLAP: Duration = Duration::seconds(30);
/// After this time everything is read anew, whatever is known.
const LIFE: Duration = Duration::hours(24);
/// Rows read by one query: a body may be 2 MiB, and these are in memory together.
const BATCH: usize = 50;
/// Findings of each kind that a report lists; its counts know of more.
pub const MOST_FINDINGS: usize = 10_000;

/// What is known of a site.
#[derive(Default)]
pub struct Standing {
    /// When everything was read, and when the last look began.
    read_at: Option<DateTime<Utc>>,
    looked_at: DateTime<Utc>,
    /// Digest of what every page depends on, and the revision of the site's row.
    frame: u64,
    site_rev: i64,
    pub linker: Linker,
    /// What is good and bad about the links as they are, once somebody has asked.
    report: OnceLock<Report>,
    pages: BTreeMap<ContentId, Known>,
    terms: HashMap<TermId, Term>,
    clusters: HashMap<ClusterId, String>,
    parents: Parents,
    ways: BTreeMap<String, Way>,
    redirects: BTreeMap<String, String>,
    hosts: Vec<String>,
    /// Paths of pages that search engines are not to show, or to show under another address.
    kept_out: Vec<String>,
    /// Something changed that ways follow from.
    moved: bool,
}

/// A row of content.
struct Known {
    rev: i64,
    published: bool,
    content_type: ContentType,
    /// Without its texts, and with the path where it stands.
    page: out::SharedPage,
    /// What it names: terms, cluster.
    names: Box<[u64]>,
}

/// A page as others name it.
#[derive(Debug, Clone)]
pub struct Place {
    pub path: String,
    pub title: String,
    pub published: bool,
    pub content_type: ContentType,
    pub cluster: Option<ClusterId>,
    pub role: Option<ClusterRole>,
}

/// A row that was touched lately.
#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Touched {
    id: ContentId,
    rev: i64,
    there: bool,
}

impl Standing {
    /// Pages that are held, drafts included.
    pub fn pages(&self) -> usize {
        self.pages.len()
    }

    /// The ids of all pages.
    pub fn ids(&self) -> impl Iterator<Item = ContentId> + '_ {
        self.pages.keys().copied()
    }

    /// Where a piece of content is, if it is there.
    pub fn place(&self, id: ContentId) -> Option<Place> {
        let known = self.pages.get(&id)?;
        let cluster = known.page.cluster.as_ref();
        Some(Place {
            path: known.page.path.clone(),
            title: known.page.title.clone(),
            published: known.published,
            content_type: known.content_type,
            cluster: cluster.and_then(|cluster| cluster.id.parse().ok()),
            role: cluster.map(|cluster| page::role(cluster.role)),
        })
    }

    /// What is good and bad about the site's links. Computed once for as long as nothing changes, since it is read in parts.
    pub fn report(&self) -> &Report {
        let items = MOST_FINDINGS;
        self.report.get_or_init(|| self.linker.graph.report(Limits { items }))
    }

    /// How many other pages link to each published page in their texts.
    pub fn inbound(&self) -> HashMap<ContentId, i64> {
        let counts = self.linker.graph.inbound().into_iter();
        counts
            .filter_map(|(id, count)| Some((id.parse().ok()?, i64::try_from(count).ok()?)))
            .collect()
    }

    /// The content that a page of a report is, or none for archives; and its path as visitors write it.
    pub fn named(&self, page: &PageRef) -> (Option<ContentId>, String) {
        let id: Option<ContentId> = page.id.parse().ok();
        let path = match id.and_then(|id| self.pages.get(&id)) {
            Some(known) => known.page.path.clone(),
            None => page.id.strip_prefix(ARCHIVE).unwrap_or(&page.path).to_owned(),
        };
        (id, path)
    }

    /// A row as the algorithms read it.
    pub fn page(&self, row: &Content) -> Page {
        let path = self.pages.get(&row.id).map_or(&row.path, |known| &known.page.path);
        page::of(row, path.clone(), &self.parents)
    }

    /// Names under which the site is reached.
    pub fn hosts(&self) -> &[String] {
        &self.hosts
    }

    /// Paths that get no links: search engines are kept from them, or another address stands for them.
    pub fn kept_out(&self) -> &[String] {
        &self.kept_out
    }

    /// Reads what changed.
    pub(super) async fn brought_up(mut self, app: &App, scope: &SiteScope<Read>, site: &Arc<Site>) -> Result<Self> {
        let db = app.db.site(scope);
        let now = app.db.clock().now();
        let frame = frame_of(site);
        let known = self.frame == frame && self.read_at.is_some_and(|at| now - at < LIFE && now >= self.looked_at);
        if known {
            self.moved |= self.site_rev != site.rev;
            self = self.catch_up(app, &db, site).await?;
        } else {
            let _turn = app.linkers.turns.acquire().await.map_err(Error::internal)?;
            self = Self::read_all(app, &db, site).await?;
            (self.read_at, self.frame) = (Some(now), frame);
        }
        (self.looked_at, self.site_rev) = (now, site.rev);
        if self.moved {
            let site = Arc::clone(site);
            self = Linkers::compute(app, move || {
                self.arrange(&site);
                self
            })
            .await?;
        }
        Ok(self)
    }

    async fn read_all(app: &App, db: &SiteDb<'_, Read>, site: &Arc<Site>) -> Result<Self> {
        let tenant = (site.account, site.id);
        let live = "deleted_at IS NONE";
        let mut standing = Self {
            moved: true,
            hosts: site.domain.iter().cloned().collect(),
            redirects: redirects_of(site),
            ..Self::default()
        };
        standing.linker = Linker::new(
            &graph::Site {
                hosts: standing.hosts.clone(),
                redirects: standing.redirects.clone(),
                ..graph::Site::default()
            },
            [],
        );
        for term in snapshot::rows::<Term>(db, tenant, "term", live, live).await? {
            standing.terms.insert(term.id, term);
        }
        for cluster in snapshot::rows::<Cluster>(db, tenant, "cluster", live, live).await? {
            standing.parents.insert(cluster.id, cluster.parent);
            standing.clusters.insert(cluster.id, cluster.name);
        }
        let sql = format!("SELECT VALUE id FROM content WHERE site = $site AND account = $account AND {live};");
        let mut answer = db.query(&sql, Variables::new(), "listing content to link").await?;
        let ids: Vec<ContentId> = answer.rows(0)?;
        let most = app.linkers.most_pages;
        if ids.len() > most {
            return Err(Error::rule(
                "too_many_pages",
                format!(
                    "The site has {} pages; links of at most {most} are looked at. The operator of this installation can raise \
                     `linker.remembered_pages`.",
                    ids.len()
                ),
            ));
        }
        for ids in ids.chunks(BATCH) {
            let rows = snapshot::rows_of::<Content>(db, tenant, ids.to_vec(), live).await?;
            let site = Arc::clone(site);
            standing = Linkers::compute(app, move || {
                standing.take(&site, rows, Linker::put);
                standing
            })
            .await?;
        }
        Linkers::compute(app, move || {
            standing.linker.link_all();
            standing
        })
        .await
    }

    async fn catch_up(mut self, app: &App, db: &SiteDb<'_, Read>, site: &Arc<Site>) -> Result<Self> {
        let since = |table: &str, what: &str| {
            format!(
                "SELECT {what} FROM {table} WITH INDEX {table}_by_updated WHERE site = $site AND updated_at >= $since \
                 AND account = $account;"
            )
        };
        let sql = [
            since("term", "*"),
            since("cluster", "*"),
            since("content", "id, rev, (deleted_at IS NONE) AS there"),
        ]
        .concat();
        let mut binds = Variables::new();
        binds.insert("since", self.looked_at - OVERLAP);
        let mut answer = db.query(&sql, binds, "looking for changed content").await?;
        let mut changed: HashSet<u64> = HashSet::new();
        for term in checked::<Term>(answer.rows(0)?, site)? {
            let (id, rev) = (term.id, term.rev);
            let before = if term.deleted_at.is_some() {
                self.terms.remove(&id)
            } else {
                self.terms.insert(id, term)
            };
            if before.is_none_or(|before| before.rev != rev) {
                changed.insert(name_of(&id));
                self.moved = true;
            }
        }
        for cluster in checked::<Cluster>(answer.rows(1)?, site)? {
            let (id, is_there) = (cluster.id, cluster.deleted_at.is_none());
            let after = is_there.then_some((cluster.name, cluster.parent));
            let before = self.clusters.remove(&id).zip(self.parents.remove(&id));
            if before != after {
                changed.insert(name_of(&id));
            }
            if let Some((name, parent)) = after {
                self.clusters.insert(id, name);
                self.parents.insert(id, parent);
            }
        }
        let mut stale: HashSet<ContentId> = HashSet::new();
        for row in answer.rows::<Touched>(2)? {
            if !row.there {
                self.forget(row.id);
            } else if self.pages.get(&row.id).is_none_or(|known| known.rev != row.rev) {
                stale.insert(row.id);
            }
        }
        if !changed.is_empty() {
            let names = |known: &Known| known.names.iter().any(|name| changed.contains(name));
            stale.extend(self.pages.iter().filter(|(_, known)| names(known)).map(|(id, _)| *id));
        }
        let stale: Vec<ContentId> = stale.into_iter().collect();
        for ids in stale.chunks(BATCH) {
            let tenant = (site.account, site.id);
            let rows = snapshot::rows_of::<Content>(db, tenant, ids.to_vec(), "deleted_at IS NONE").await?;
            let site = Arc::clone(site);
            self = Linkers::compute(app, move || {
                self.take(&site, rows, Linker::replace);
                self
            })
            .await?;
        }
        Ok(self)
    }

    fn forget(&mut self, id: ContentId) {
        if let Some(known) = self.pages.remove(&id) {
            self.report.take();
            self.linker.remove(&id.to_string());
            self.moved |= known.published;
        }
    }

    /// Takes rows as they are now.
    fn take(&mut self, site: &Site, rows: Vec<Content>, mut put: impl FnMut(&mut Linker, &Page)) {
        self.report.take();
        let lookup = Lookup::new(site, self.terms.values(), &self.clusters, std::iter::empty::<&Media>());
        let bases: HashMap<String, String> = snapshot::named(site)
            .into_values()
            .filter_map(|taxonomy| Some((taxonomy.name, paths::normalise(&taxonomy.path).ok()?)))
            .collect();
        let settings = home_settings(site);
        for mut row in rows {
            let id = row.id;
            let mut page = page::of(&row, String::new(), &self.parents);
            let names = row
                .terms
                .iter()
                .map(name_of)
                .chain(row.cluster.iter().map(name_of))
                .collect();
            let (rev, content_type, published) = (row.rev, row.content_type, page.published);
            // Only the texts are long.
            row.body.clear();
            row.blocks.clear();
            row.faq.clear();
            let mut shown = page::bare(lookup.page(row));
            // The text of a term stands at the term's address; its own leads there.
            if let Some(base) = shown.term.as_ref().and_then(|term| bases.get(&term.taxonomy)) {
                let slug = shown.term.as_ref().map_or("", |term| term.slug.as_str());
                let path = ways::term_path(&ways::home_of(&settings, &shown.language), base, slug);
                page.aliases.push(std::mem::replace(&mut shown.path, path));
            }
            page.path.clone_from(&shown.path);
            if let Some(way) = self.ways.get(&page.id) {
                (page.navigation, page.listed, page.per_page) = (way.links.clone(), way.listed.clone(), way.per_page);
            }
            put(&mut self.linker, &page);
            let known = Known {
                rev,
                published,
                content_type,
                page: shown.into(),
                names,
            };
            let before = self.pages.get(&id);
            self.moved |= match before {
                None => published,
                Some(before) => before.published != published || (published && before.page != known.page),
            };
            self.pages.insert(id, known);
        }
    }

    /// Finds the ways between pages anew, and tells the graph what is different.
    fn arrange(&mut self, site: &Site) {
        self.report.take();
        let mut terms: Vec<&Term> = self.terms.values().collect();
        terms.sort_unstable_by_key(|term| term.id);
        let mut frame = snapshot::frame(site, String::new(), DateTime::UNIX_EPOCH, &terms);
        let published = self.pages.values().filter(|known| known.published);
        frame.pages = published.map(|known| known.page.clone()).collect();
        frame.sections = snapshot::sections(site, &frame.pages);
        let ways = ways::of(&frame);
        for (id, gone) in &self.ways {
            match &gone.archive {
                _ if ways.contains_key(id) => {}
                Some(_) => self.linker.remove(id),
                None => self.linker.graph.set_navigation(id, &[], &[], 0),
            }
        }
        for (id, way) in &ways {
            if self.ways.get(id) == Some(way) {
                continue;
            }
            match &way.archive {
                Some(archive) => self.linker.replace(&page::of_archive(id, way, archive)),
                None => self
                    .linker
                    .graph
                    .set_navigation(id, &way.links, &way.listed, way.per_page),
            }
        }
        self.ways = ways;
        let kept_out = frame
            .pages
            .iter()
            .filter(|page| !page.indexable || page.canonical_url.is_some());
        self.kept_out = kept_out.map(|page| page.path.clone()).collect();
        let redirects = redirects_of(site);
        if redirects != self.redirects {
            self.linker.graph.set_redirects(&redirects);
            self.linker.link_all();
            self.redirects = redirects;
        }
        self.moved = false;
    }
}

/// The site's own redirects that can be read.
fn redirects_of(site: &Site) -> BTreeMap<String, String> {
    let text = |redirect: &serde_json::Value, field: &str| redirect[field].as_str().map(str::to_owned);
    let pairs = site
        .redirects
        .iter()
        .filter_map(|r| Some((text(r, "from")?, text(r, "to")?)));
    pairs.collect()
}

/// The settings that the homes of languages follow from.
fn home_settings(site: &Site) -> out::Settings {
    snapshot::frame(site, String::new(), DateTime::UNIX_EPOCH, &[]).settings
}

/// Rows of this site, as the query must have asked for.
fn checked<T: SiteRecord>(rows: Vec<T>, site: &Site) -> Result<Vec<T>, DbError> {
    let own = |row: &T| row.account() == site.account && row.site() == site.id;
    if rows.iter().all(own) {
        Ok(rows)
    } else {
        Err(DbError::WrongTenant {
            table: <T::Id as igny8_data::RecordKey>::TABLE,
        })
    }
}

fn name_of(id: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// What every page depends on: languages, the domain, and how taxonomies are called.
fn frame_of(site: &Site) -> u64 {
    let taxonomies = serde_json::to_string(&site.taxonomies).unwrap_or_default();
    name_of(&(&site.language, &site.languages, &site.domain, taxonomies))
}
