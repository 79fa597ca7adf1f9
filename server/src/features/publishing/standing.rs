//! What a deployment leaves to the next one: the published rows as pages, brought up to date by the rows that changed since.
//!
//! Every change of a row sets its `updated_at`, and a row that goes is first marked as deleted. So it is enough to ask for rows
//! with a later time than the last look, less [`OVERLAP`]: a transaction's rows carry a time from before its commit. Rows in
//! the overlap are told by their revision and not read again. A page also follows from what its row names (terms, cluster,
//! media): rows that name something that changed are read again.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher as _};

use chrono::{DateTime, Duration, Utc};
use igny8_data::{DbError, Read, SiteDb, SiteRecord, SurrealValue, Variables};
use igny8_renderer::site as out;
use igny8_wordpress::{GalleryPictures, gallery_pictures};

use super::snapshot::own_links::{self, Copied, Origin};
use super::snapshot::wordpress_sites::WordpressSites;
use super::snapshot::{self, Snapshot, pages::Lookup, rows_of, used_media};
use crate::features::content::{Content, ContentId};
use crate::features::media::{Media, MediaId};
use crate::features::planner::{Cluster, ClusterId};
use crate::features::sites::model::Site;
use crate::features::taxonomy::{Term, TermId};

/// Rows that visitors see. What an import marks as hidden is published for those who may see it elsewhere.
const SHOWN: &str = "status = 'published' AND deleted_at IS NONE AND extra.wordpress.hidden != true";

/// Longest time between the moment that a row carries and its being visible.
const OVERLAP: Duration = Duration::seconds(30);
/// After this time everything is read anew, whatever is known.
const LIFE: Duration = Duration::hours(24);

/// The published rows of a site.
#[derive(Default)]
pub struct Standing {
    /// When everything was read, and when the last look began.
    read_at: Option<DateTime<Utc>>,
    looked_at: DateTime<Utc>,
    /// Digest of what every page depends on.
    frame: u64,
    pages: BTreeMap<ContentId, Known>,
    terms: HashMap<TermId, Term>,
    clusters: HashMap<ClusterId, String>,
    media: HashMap<MediaId, Media>,
    /// The WordPress sites that content came from.
    there: WordpressSites,
}

/// A published row.
struct Known {
    rev: i64,
    page: out::SharedPage,
    /// BLAKE3 of the page.
    hash: blake3::Hash,
    /// What it names: terms, cluster, media.
    names: Box<[u64]>,
    /// Addresses of media in it.
    media: Box<[String]>,
    /// The pictures of its galleries, and a digest of what was known of them.
    galleries: GalleryPictures,
    pictured: u64,
    /// Where it was imported from, and its links to that site.
    origin: Option<Box<Origin>>,
    links: Box<[String]>,
    /// The page with those that lead elsewhere here.
    led: Option<Led>,
}

/// A page with links that lead to what else is published.
struct Led {
    /// Digest of where they lead.
    targets: u64,
    page: out::SharedPage,
    hash: blake3::Hash,
}

impl Known {
    /// Looks where the links lead now.
    fn lead(&mut self, copied: &Copied) {
        let Some(origin) = self.origin.as_deref().filter(|_| !self.links.is_empty()) else {
            return;
        };
        let targets: Vec<Option<String>> = self.links.iter().map(|link| copied.target(origin, link)).collect();
        if targets.iter().all(Option::is_none) {
            self.led = None;
            return;
        }
        let digest = name_of(&targets);
        if self.led.as_ref().is_some_and(|led| led.targets == digest) {
            return;
        }
        let page = own_links::led(self.page.clone().into_page(), &self.links, &targets);
        self.led = Some(Led {
            targets: digest,
            hash: hash_of(&page),
            page: page.into(),
        });
    }

    /// Whether more, or something else, is known of the pictures of its galleries.
    fn is_pictured_anew(&self, there: &WordpressSites) -> bool {
        let origin = self.origin.as_deref();
        origin.is_some_and(|origin| there.digest_of(origin, &self.galleries) != self.pictured)
    }

    /// The page as it goes out, and its hash.
    fn shown(&self) -> (&out::SharedPage, &blake3::Hash) {
        match &self.led {
            Some(led) => (&led.page, &led.hash),
            None => (&self.page, &self.hash),
        }
    }
}

/// A row that was touched lately.
#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Touched {
    id: ContentId,
    rev: i64,
    published: bool,
}

impl Standing {
    /// Pages that are held.
    pub fn pages(&self) -> usize {
        self.pages.len()
    }

    /// Reads what changed, and gives the site as it would be published now. `base_url` is where visitors will find it, `forms` where
    /// its forms are sent.
    ///
    /// # Errors
    /// When the database fails; what was known before is then of no use.
    pub async fn snapshot(
        &mut self,
        db: &SiteDb<'_, Read>,
        site: &Site,
        base_url: String,
        forms: String,
    ) -> Result<Snapshot, DbError> {
        let now = db.db().clock().now();
        let there = WordpressSites::read(db).await?;
        let frame = frame_of(site, &there);
        let known = self.frame == frame && self.read_at.is_some_and(|at| now - at < LIFE && now >= self.looked_at);
        if known {
            self.there = there;
            self.catch_up(db, site).await?;
        } else {
            *self = Self {
                read_at: Some(now),
                frame,
                there,
                ..Self::default()
            };
            self.read_all(db, site).await?;
        }
        self.looked_at = now;
        let copied = self.lead(site);
        Ok(self.assemble(site, (base_url, forms), now, &copied))
    }

    async fn read_all(&mut self, db: &SiteDb<'_, Read>, site: &Site) -> Result<(), DbError> {
        let live = "deleted_at IS NONE";
        let terms: Vec<Term> = snapshot::rows(db, (site.account, site.id), "term", live, live).await?;
        self.terms = terms.into_iter().map(|term| (term.id, term)).collect();
        let clusters: Vec<Cluster> = snapshot::rows(db, (site.account, site.id), "cluster", live, live).await?;
        self.clusters = clusters.into_iter().map(|c| (c.id, c.name)).collect();
        let media: Vec<Media> = snapshot::rows(db, (site.account, site.id), "media", live, live).await?;
        self.media = media.into_iter().map(|file| (file.id, file)).collect();
        let content: Vec<Content> = snapshot::rows(db, (site.account, site.id), "content", SHOWN, SHOWN).await?;
        self.take(site, content);
        Ok(())
    }

    async fn catch_up(&mut self, db: &SiteDb<'_, Read>, site: &Site) -> Result<(), DbError> {
        let since = |table: &str, what: &str| {
            format!(
                "SELECT {what} FROM {table} WITH INDEX {table}_by_updated WHERE site = $site AND updated_at >= $since \
                 AND account = $account;"
            )
        };
        let published = format!("id, rev, ({SHOWN}) AS published");
        let sql = [
            since("term", "*"),
            since("cluster", "*"),
            since("media", "*"),
            since("content", &published),
        ]
        .concat();
        let mut binds = Variables::new();
        binds.insert("since", self.looked_at - OVERLAP);
        let mut answer = db.query(&sql, binds, "looking for changes to publish").await?;
        let mut changed: HashSet<u64> = HashSet::new();
        for term in checked::<Term>(answer.rows(0)?, site)? {
            let id = term.id;
            let before = if term.deleted_at.is_some() {
                self.terms.remove(&id)
            } else {
                self.terms.insert(id, term)
            };
            // Pages name a term by its slug.
            let slug = |term: &Term| (term.taxonomy, term.slug.clone());
            if before.as_ref().map(slug) != self.terms.get(&id).map(slug) {
                changed.insert(name_of(&id));
            }
        }
        for cluster in checked::<Cluster>(answer.rows(1)?, site)? {
            let id = cluster.id;
            let before = if cluster.deleted_at.is_some() {
                self.clusters.remove(&id)
            } else {
                self.clusters.insert(id, cluster.name)
            };
            if before.as_ref() != self.clusters.get(&id) {
                changed.insert(name_of(&id));
            }
        }
        for file in checked::<Media>(answer.rows(2)?, site)? {
            let id = file.id;
            let before = if file.deleted_at.is_some() {
                self.media.remove(&id)
            } else {
                self.media.insert(id, file)
            };
            if before.as_ref().map(Media::public_path) != self.media.get(&id).map(Media::public_path) {
                changed.insert(name_of(&id));
            }
        }
        let mut stale: HashSet<ContentId> = HashSet::new();
        for row in answer.rows::<Touched>(3)? {
            if !row.published {
                self.pages.remove(&row.id);
            } else if self.pages.get(&row.id).is_none_or(|known| known.rev != row.rev) {
                stale.insert(row.id);
            }
        }
        if !changed.is_empty() {
            let names = |known: &Known| known.names.iter().any(|name| changed.contains(name));
            stale.extend(self.pages.iter().filter(|(_, known)| names(known)).map(|(id, _)| *id));
        }
        let pictured = self
            .pages
            .iter()
            .filter(|(_, known)| known.is_pictured_anew(&self.there));
        stale.extend(pictured.map(|(id, _)| *id));
        if stale.is_empty() {
            return Ok(());
        }
        let stale: Vec<ContentId> = stale.into_iter().collect();
        for id in &stale {
            self.pages.remove(id);
        }
        let content = rows_of(db, (site.account, site.id), stale, SHOWN).await?;
        self.take(site, content);
        Ok(())
    }

    /// Takes rows as they are published now.
    fn take(&mut self, site: &Site, rows: Vec<Content>) {
        let lookup = Lookup::new(site, self.terms.values(), &self.clusters, self.media.values());
        let lookup = lookup.knowing(&self.there);
        for row in rows {
            let (id, rev) = (row.id, row.rev);
            let terms = row.terms.iter().map(name_of);
            let files = row.featured_image.iter().chain(&row.entity.gallery).map(name_of);
            let names = terms.chain(row.cluster.iter().map(name_of)).chain(files).collect();
            let origin = Origin::of(&row);
            let galleries = gallery_pictures(&row.body);
            let pictured = origin
                .as_ref()
                .map_or(0, |origin| self.there.digest_of(origin, &galleries));
            let page = lookup.shown(row);
            let known = Known {
                rev,
                names,
                hash: hash_of(&page),
                media: used_media::named_by(&page).into_iter().collect(),
                galleries,
                pictured,
                links: origin.as_ref().map(|origin| origin.links(&page)).unwrap_or_default(),
                origin: origin.map(Box::new),
                led: None,
                page: page.into(),
            };
            self.pages.insert(id, known);
        }
    }

    /// Links of imported texts to their own site follow what is published, whichever page changed.
    fn lead(&mut self, site: &Site) -> Copied {
        if self.pages.values().all(|known| known.origin.is_none()) {
            return Copied::default();
        }
        let pages = self.pages.values().map(|known| (&*known.page, known.origin.as_deref()));
        let copied = Copied::new(site, &self.terms, &self.there, pages);
        for known in self.pages.values_mut() {
            known.lead(&copied);
        }
        copied
    }

    fn assemble(
        &self,
        site: &Site,
        (base_url, forms): (String, String),
        now: DateTime<Utc>,
        copied: &Copied,
    ) -> Snapshot {
        let terms: Vec<&Term> = {
            let mut terms: Vec<&Term> = self.terms.values().collect();
            terms.sort_unstable_by_key(|term| term.id);
            terms
        };
        let mut out = snapshot::frame(site, base_url, now, &terms);
        out.settings.forms = Some(forms);
        // By id, as the ids of pages sort.
        out.pages = self.pages.values().map(|known| known.shown().0.clone()).collect();
        copied.keep_addresses(&mut out);
        snapshot::arrange(site, &mut out);
        let named = self
            .pages
            .values()
            .flat_map(|known| known.media.iter().map(String::as_str));
        out.media = used_media::of(&out, named, self.media.values());
        let mut hasher = blake3::Hasher::new();
        for known in self.pages.values() {
            hasher.update(known.shown().1.as_bytes());
        }
        let hash = snapshot::hash(&out, hasher);
        Snapshot { site: out, hash }
    }
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

/// What every page depends on: languages, how taxonomies are called, and the blocks that texts share.
fn frame_of(site: &Site, there: &WordpressSites) -> u64 {
    let taxonomies = serde_json::to_string(&site.taxonomies).unwrap_or_default();
    name_of(&(&site.language, &site.languages, taxonomies, there.blocks()))
}

fn hash_of(page: &out::Page) -> blake3::Hash {
    struct Hashing(blake3::Hasher);
    impl std::io::Write for Hashing {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut hashing = Hashing(blake3::Hasher::new());
    // Plain data with text keys cannot fail to be written.
    let _ = serde_json::to_writer(&mut hashing, page);
    hashing.0.finalize()
}
