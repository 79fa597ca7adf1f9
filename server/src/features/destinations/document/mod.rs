//! Documents of content: everything that goes out, made of rows some at a time.

mod body;
mod harmless;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use igny8_data::{DbError, Read, SectorId, SiteDb, SurrealValue, Variables};
use igny8_renderer::Theme;
use igny8_renderer::address::{Address, Target};
use igny8_renderer::locale::Reader;
use igny8_renderer::site::Page;

use super::inbound::convert;
use super::model::{BINNED, Destination, Publication, PublicationStatus};
use crate::app::App;
use crate::features::content::model::{BodyFormat, ContentType, Source, SyncStatus};
use crate::features::content::{Content, ContentId, Status, changes};
use crate::features::media::{Media, MediaStore};
use crate::features::planner::{Cluster, ClusterId, KeywordId, text_key};
use crate::features::publishing::snapshot::{pages::Lookup, rows_of, used_media};
use crate::features::sites::{Sector, Site};
use crate::features::taxonomy::model::MAX_DEPTH;
use crate::features::taxonomy::{Term, TermId};
use crate::features::writer::TaskId;
use crate::publish::{Document, DocumentFile, DocumentKind, DocumentStatus, DocumentTerm, Part, TermStep, html};

/// Rows made into documents at once: a body may be 2 MiB.
pub const BATCH: usize = 25;

/// Makes the documents of one site for one destination.
pub struct Maker<'a> {
    app: &'a App,
    db: SiteDb<'a, Read>,
    site: &'a Site,
    destination: &'a Destination,
    address: Arc<Address>,
    theme: Arc<Theme>,
}

/// A document, and what is known of it besides.
pub struct Made {
    pub document: Document,
    pub hash: String,
    /// Content it links to that has no address there yet.
    pub waits_for: Vec<ContentId>,
    /// What is left out, in words.
    pub notes: Vec<String>,
}

/// The state that content is to have there.
pub fn status_of(content: &Content) -> DocumentStatus {
    match content.status {
        Status::Published => DocumentStatus::Published,
        Status::Approved if content.publish_at.is_some() => DocumentStatus::Scheduled,
        Status::Approved | Status::Review => DocumentStatus::Pending,
        Status::Draft => DocumentStatus::Draft,
    }
}

/// What a type of content is as a document.
pub fn kind_of(content_type: ContentType) -> DocumentKind {
    match content_type {
        ContentType::Post => DocumentKind::Post,
        ContentType::Page => DocumentKind::Page,
        ContentType::Product => DocumentKind::Product,
        ContentType::Service => DocumentKind::Service,
        ContentType::Taxonomy => DocumentKind::Taxonomy,
    }
}

/// What a row names, read for some rows together.
struct Named {
    terms: HashMap<TermId, Term>,
    clusters: HashMap<ClusterId, String>,
    sectors: HashMap<SectorId, String>,
    tasks: HashMap<ContentId, TaskId>,
    keywords: HashMap<(SectorId, String), KeywordId>,
    media: Vec<Media>,
}

/// Keywords of one piece of content that are looked up: the primary one and the first of the others.
const KEYWORDS: usize = 10;

/// The keywords that content aims at, as they are looked up.
fn keywords_of(content: &Content) -> impl Iterator<Item = (SectorId, String)> {
    let texts = content
        .primary_keyword
        .iter()
        .chain(&content.secondary_keywords)
        .take(KEYWORDS);
    let sector = content.sector;
    texts.filter_map(move |text| Some((sector?, text_key(text))))
}

impl<'a> Maker<'a> {
    /// # Errors
    /// In words, when the site's theme or address cannot be used.
    pub fn new(
        app: &'a App,
        db: SiteDb<'a, Read>,
        site: &'a Site,
        destination: &'a Destination,
    ) -> Result<Self, String> {
        let address = crate::features::publishing::address_of(app, site);
        let theme = app.renders.theme(&site.theme);
        Ok(Self {
            app,
            db,
            site,
            destination,
            address: Arc::new(Address::new(&address)?),
            theme: theme.map_err(|error| format!("The theme cannot be used: {error}"))?,
        })
    }

    /// Documents of some rows, at most [`BATCH`], each with what is known of it there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn documents(
        &self,
        rows: Vec<(Content, Publication)>,
    ) -> Result<Vec<(Content, Publication, Made)>, DbError> {
        let contents: Vec<&Content> = rows.iter().map(|(content, _)| content).collect();
        let mut named = self.named(&contents).await?;
        let pages: Vec<Page> = {
            let known = Lookup::new(self.site, named.terms.values(), &named.clusters, &named.media);
            contents.iter().map(|content| known.page(outgoing(content))).collect()
        };
        let paths: BTreeSet<String> = pages.iter().flat_map(used_media::named_by).collect();
        named.media.extend(self.media_at(&paths, &named.media).await?);
        let foreign: Vec<bool> = contents.iter().map(|content| is_foreign(content)).collect();
        let bodies = self.bodies(pages, foreign.clone(), &named.media).await?;
        let places = self.places(&bodies, &contents).await?;
        let store = MediaStore::of(self.app);
        let mut made = Vec::with_capacity(rows.len());
        for (((content, publication), written), foreign) in rows.into_iter().zip(bodies).zip(foreign) {
            let one = self.one(&content, &publication, written, foreign, &named, &places, &store);
            made.push((content, publication, one));
        }
        Ok(made)
    }

    pub fn site(&self) -> &Site {
        self.site
    }

    /// Terms with those above them; what was deleted is left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn term_paths(&self, ids: Vec<TermId>) -> Result<Vec<DocumentTerm>, DbError> {
        let terms = self.with_parents(ids.clone()).await?;
        Ok(ids.into_iter().filter_map(|id| term_path(id, &terms)).collect())
    }

    async fn with_parents(&self, mut wanted: Vec<TermId>) -> Result<HashMap<TermId, Term>, DbError> {
        let mut terms: HashMap<TermId, Term> = HashMap::new();
        for _ in 0..MAX_DEPTH {
            if wanted.is_empty() {
                break;
            }
            let tenant = (self.site.account, self.site.id);
            let found: Vec<Term> = rows_of(&self.db, tenant, wanted, "deleted_at IS NONE").await?;
            let parents: Vec<TermId> = found.iter().filter_map(|term| term.parent).collect();
            terms.extend(found.into_iter().map(|term| (term.id, term)));
            wanted = distinct(parents.into_iter().filter(|id| !terms.contains_key(id)));
        }
        Ok(terms)
    }

    async fn named(&self, rows: &[&Content]) -> Result<Named, DbError> {
        let tenant = (self.site.account, self.site.id);
        let live = "deleted_at IS NONE";
        let wanted = distinct(rows.iter().flat_map(|row| row.terms.iter().copied()));
        let terms = self.with_parents(wanted).await?;
        let clusters = distinct(rows.iter().filter_map(|row| row.cluster));
        let clusters: Vec<Cluster> = rows_of(&self.db, tenant, clusters, live).await?;
        let sectors = distinct(rows.iter().filter_map(|row| row.sector));
        let sectors: Vec<Sector> = rows_of(&self.db, tenant, sectors, live).await?;
        let pictures = rows
            .iter()
            .flat_map(|row| row.featured_image.iter().chain(&row.entity.gallery).copied());
        let media = rows_of(&self.db, tenant, distinct(pictures), live).await?;
        Ok(Named {
            terms,
            clusters: clusters.into_iter().map(|cluster| (cluster.id, cluster.name)).collect(),
            sectors: sectors.into_iter().map(|sector| (sector.id, sector.name)).collect(),
            tasks: self.tasks(rows).await?,
            keywords: self.keywords(rows).await?,
            media,
        })
    }

    async fn tasks(&self, rows: &[&Content]) -> Result<HashMap<ContentId, TaskId>, DbError> {
        #[derive(SurrealValue)]
        #[surreal(crate = "surrealdb_types")]
        struct Task {
            id: TaskId,
            content: ContentId,
        }
        let mut binds = Variables::new();
        binds.insert("contents", rows.iter().map(|row| row.id).collect::<Vec<_>>());
        let sql = "SELECT id, content FROM task WITH INDEX task_by_content WHERE content INSIDE $contents \
                   AND site = $site AND account = $account AND deleted_at IS NONE;";
        let mut answer = self.db.query(sql, binds, "looking for tasks of content").await?;
        let tasks = answer.rows::<Task>(0)?.into_iter();
        Ok(tasks.map(|task| (task.content, task.id)).collect())
    }

    async fn keywords(&self, rows: &[&Content]) -> Result<HashMap<(SectorId, String), KeywordId>, DbError> {
        let keys: Vec<(SectorId, String)> = distinct(rows.iter().flat_map(|row| keywords_of(row)));
        let mut found = HashMap::new();
        for keys in keys.chunks(100) {
            let (mut sql, mut binds) = (String::new(), Variables::new());
            for (n, (sector, key)) in keys.iter().enumerate() {
                binds.insert(format!("sector{n}"), *sector);
                binds.insert(format!("key{n}"), key.clone());
                sql += &format!(
                    "SELECT VALUE id FROM keyword WITH INDEX keyword_text WHERE site = $site AND sector = $sector{n} \
                     AND text_key = $key{n} AND account = $account;"
                );
            }
            let mut answer = self.db.query(&sql, binds, "looking for keywords of content").await?;
            for (n, key) in keys.iter().enumerate() {
                if let Some(id) = answer.rows::<KeywordId>(n)?.pop() {
                    found.insert(key.clone(), id);
                }
            }
        }
        Ok(found)
    }

    /// The files at some addresses, besides those that are known.
    async fn media_at(&self, paths: &BTreeSet<String>, known: &[Media]) -> Result<Vec<Media>, DbError> {
        let known: HashSet<String> = known.iter().map(Media::public_path).collect();
        let (mut sql, mut binds, mut asked) = (String::new(), Variables::new(), 0);
        for path in paths.iter().filter(|path| !known.contains(*path)) {
            // The name is the first half of the hash.
            let Some(start) = path.strip_prefix("/media/").and_then(|name| name.get(..32)) else {
                continue;
            };
            if !start.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
                continue;
            }
            binds.insert(format!("from{asked}"), start.to_owned());
            binds.insert(format!("to{asked}"), format!("{start}g"));
            sql += &format!(
                "SELECT * FROM media WITH INDEX media_once WHERE site = $site AND live_hash >= $from{asked} \
                 AND live_hash < $to{asked} AND account = $account LIMIT 1;"
            );
            asked += 1;
        }
        if asked == 0 {
            return Ok(Vec::new());
        }
        let mut answer = self.db.query(&sql, binds, "looking for files of documents").await?;
        let mut found = Vec::new();
        for n in 0..asked {
            found.extend(answer.rows::<Media>(n)?);
        }
        found.retain(|file| file.site == self.site.id && file.account == self.site.account);
        Ok(found)
    }

    /// The bodies, off the threads that serve requests.
    async fn bodies(
        &self,
        pages: Vec<Page>,
        foreign: Vec<bool>,
        media: &[Media],
    ) -> Result<Vec<(Page, body::Made)>, DbError> {
        let files = used_media::all(media.iter().cloned());
        let files = body::Files(files.into_iter().map(|file| (file.path.clone(), file)).collect());
        let (address, theme) = (self.address.clone(), self.theme.clone());
        let zone = self.site.time_zone.parse().unwrap_or(chrono_tz::UTC);
        let work = move || {
            let made = pages.into_iter().zip(foreign).map(|(page, foreign)| {
                let words = theme.words(&page.language);
                let labels = words.labels();
                let frame = body::Frame {
                    address: &address,
                    files: &files,
                    words: &words,
                    labels: &labels,
                    reader: Reader::new(&page.language, zone),
                };
                let body = body::body(&page, foreign, &frame);
                (page, body)
            });
            made.collect()
        };
        let made = tokio::task::spawn_blocking(work).await;
        made.map_err(|error| DbError::Internal {
            doing: "making documents",
            message: error.to_string(),
        })
    }

    /// Where content is that the bodies link to.
    async fn places(
        &self,
        bodies: &[(Page, body::Made)],
        rows: &[&Content],
    ) -> Result<HashMap<String, Place>, DbError> {
        let mut paths: BTreeSet<String> = BTreeSet::new();
        for ((page, body), _) in bodies.iter().zip(rows) {
            for address in html::addresses(&body.html) {
                if let Target::Site { path, .. } = self.address.target(&self.relative(&address), &page.path)
                    && !path.starts_with("/media/")
                {
                    paths.insert(path);
                }
            }
        }
        let (mut sql, mut binds) = (String::new(), Variables::new());
        for (n, path) in paths.iter().enumerate() {
            let (language, within) = self.in_language(path);
            binds.insert(format!("language{n}"), language);
            binds.insert(format!("path{n}"), within);
            sql += &format!(
                "SELECT VALUE id FROM content WITH INDEX content_path WHERE site = $site \
                 AND language = $language{n} AND path = $path{n} AND account = $account AND deleted_at IS NONE;"
            );
        }
        if paths.is_empty() {
            return Ok(HashMap::new());
        }
        let mut answer = self.db.query(&sql, binds, "looking for linked content").await?;
        let mut found: Vec<(String, ContentId)> = Vec::new();
        for (n, path) in paths.into_iter().enumerate() {
            found.extend(answer.rows::<ContentId>(n)?.pop().map(|linked| (path, linked)));
        }
        let (mut sql, mut binds) = (String::new(), Variables::new());
        binds.insert("destination", self.destination.id);
        for (n, (_, linked)) in found.iter().enumerate() {
            binds.insert(format!("content{n}"), *linked);
            sql += &format!(
                "SELECT external_url, status FROM publication WITH INDEX publication_content \
                 WHERE destination = $destination AND content = $content{n} AND site = $site AND account = $account;"
            );
        }
        if found.is_empty() {
            return Ok(HashMap::new());
        }
        let mut answer = self
            .db
            .query(&sql, binds, "looking for addresses of linked content")
            .await?;
        let mut places = HashMap::new();
        for (n, (path, linked)) in found.into_iter().enumerate() {
            let there = answer.rows::<There>(n)?.pop();
            let url = there
                .filter(|there| there.status != PublicationStatus::Removed)
                .and_then(|there| there.external_url);
            places.insert(path, Place { content: linked, url });
        }
        Ok(places)
    }

    /// Links in bodies begin with the path of the site's address; targets are told without it.
    fn relative(&self, address: &str) -> String {
        let base = self.address.base_path.as_str();
        match address.strip_prefix(base) {
            Some(rest) if !base.is_empty() && rest.starts_with('/') => rest.to_owned(),
            _ => address.to_owned(),
        }
    }

    /// The language of an address, and the path within it.
    fn in_language(&self, path: &str) -> (String, String) {
        let mut further = self.site.languages.iter().filter(|tag| **tag != self.site.language);
        let within = |tag: &&String| {
            let rest = path.strip_prefix('/')?.strip_prefix(tag.as_str())?;
            rest.starts_with('/').then(|| rest.to_owned())
        };
        let found = further.find_map(|tag| Some((tag.clone(), within(&tag)?)));
        found.unwrap_or_else(|| (self.site.language.clone(), path.to_owned()))
    }

    #[expect(clippy::too_many_arguments, reason = "what was read for all of them, and the one")]
    fn one(
        &self,
        content: &Content,
        publication: &Publication,
        (page, written): (Page, body::Made),
        foreign: bool,
        named: &Named,
        places: &HashMap<String, Place>,
        store: &MediaStore,
    ) -> Made {
        let mut waits_for = Vec::new();
        let mut used: BTreeSet<String> = BTreeSet::new();
        let files: HashMap<String, &Media> = named.media.iter().map(|file| (file.public_path(), file)).collect();
        let html = html::rewrite(&written.html, |address| {
            let relative = self.relative(address);
            let Target::Site { path, suffix } = self.address.target(&relative, &page.path) else {
                return None;
            };
            if files.contains_key(&path) {
                used.insert(path.clone());
                return (address != path).then_some(path);
            }
            let place = places.get(&path);
            match place.and_then(|place| place.url.as_deref()) {
                // What stands in a foreign text like that leads there already.
                Some(url) if foreign && path_of(url) == Some(path.clone()) => None,
                Some(url) => Some(format!("{url}{suffix}")),
                None => {
                    if let Some(place) = place.filter(|place| place.content != content.id) {
                        waits_for.push(place.content);
                    }
                    // A foreign text speaks of its own site.
                    (!foreign).then(|| format!("{}{suffix}", self.address.absolute(&path)))
                }
            }
        });
        waits_for.sort_unstable();
        waits_for.dedup();
        let featured = content
            .featured_image
            .and_then(|id| named.media.iter().find(|file| file.id == id));
        used.extend(featured.map(Media::public_path));
        let file = |path: &String| {
            let media = files.get(path)?;
            Some(DocumentFile {
                hash: media.hash.clone(),
                path: path.clone(),
                name: media.name.clone(),
                mime: media.mime.clone(),
                alt: media.alt.clone(),
                title: media.title.clone(),
                file: store.path(&media.hash).ok()?,
            })
        };
        let status = status_of(content);
        let document = Document {
            key: publication.id.to_string(),
            content: content.id.to_string(),
            kind: kind_of(content.content_type),
            title: content.title.clone(),
            slug: content.slug.clone(),
            html,
            changed: changed_parts(content, publication),
            foreign,
            excerpt: content.excerpt.clone(),
            status,
            date: match status {
                DocumentStatus::Scheduled => content.publish_at,
                _ => content.published_at,
            },
            language: content.language.clone(),
            author: content.author.clone(),
            terms: terms(content, named),
            featured: featured.map(|file| file.hash.clone()),
            files: used.iter().filter_map(file).collect(),
            seo_title: content.seo_title.clone(),
            seo_description: content.meta_description.clone(),
            canonical_url: content.canonical_url.clone(),
            indexable: content.indexable,
            meta: meta(content, named),
            extra: content.extra.get("wordpress").cloned().unwrap_or_default(),
        };
        Made {
            hash: document.hash(),
            document,
            waits_for,
            notes: written.notes,
        }
    }
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct There {
    external_url: Option<String>,
    status: PublicationStatus,
}

/// Content that is linked to, and its address there.
struct Place {
    content: ContentId,
    url: Option<String>,
}

/// Whether it, or the last edit of it, was made there.
fn came_from_there(content: &Content) -> bool {
    content.source == Source::Wordpress || content.sync_status == SyncStatus::Synced
}

/// Whether its body is another system's source, which stays as it is.
fn is_foreign(content: &Content) -> bool {
    let is_theirs = content.source == Source::Wordpress || convert::has_their_body(content);
    content.body_format == BodyFormat::Html && is_theirs
}

/// Content as its document is made of it. What runs in a visitor's browser goes out only where it was imported.
fn outgoing(content: &Content) -> Content {
    let mut content = content.clone();
    if is_foreign(&content) && content.source != Source::Wordpress {
        content.body = harmless::harmless(&content.body);
    }
    content
}

fn path_of(url: &str) -> Option<String> {
    url::Url::parse(url).ok().map(|url| url.path().to_owned())
}

/// Which parts were changed here since both sides agreed, for what came from there: what it keeps in other forms than ours must not be
/// written back in ours. Everything where the row does not remember that far back.
fn changed_parts(content: &Content, publication: &Publication) -> Option<BTreeSet<Part>> {
    let sent_whole = publication.sent_hash.is_some() || publication.their_hash.is_none();
    let is_binned = publication.external_status.as_deref() == Some(BINNED);
    let ours = !came_from_there(content) && (sent_whole || is_binned);
    if ours || publication.status == PublicationStatus::Removed {
        return None;
    }
    // An address there that ours cannot be (letters of other scripts) stays, unless it was changed here.
    let moved = content
        .changes
        .iter()
        .any(|change| change.fields.iter().any(|field| field == "slug"));
    let all = || {
        Part::ALL
            .into_iter()
            .filter(|part| moved || *part != Part::Slug)
            .collect()
    };
    let Some(agreed) = publication.sent_rev else {
        return Some(all());
    };
    if agreed == content.rev {
        return Some(BTreeSet::new());
    }
    let Some(later) = changes::since(content, agreed) else {
        return Some(all());
    };
    let mut parts = BTreeSet::new();
    for field in later.iter().flat_map(|change| &change.fields) {
        parts.extend(match field.as_str() {
            "title" => &[Part::Title][..],
            "slug" | "section" => &[Part::Slug],
            "body" | "body_format" | "blocks" | "faq" | "entity" | "attributes" => &[Part::Body],
            "excerpt" => &[Part::Excerpt],
            "status" | "published_at" | "publish_at" | "deleted_at" => &[Part::Status],
            "author" => &[Part::Author],
            "terms" => &[Part::Terms],
            "featured_image" => &[Part::Featured],
            "seo_title" | "meta_description" => &[Part::Seo],
            "cluster" | "sector" => &[Part::Terms, Part::Meta],
            "primary_keyword" | "secondary_keywords" => &[Part::Meta],
            _ => &[],
        });
    }
    Some(parts)
}

/// The terms with their paths, and cluster and sector as terms of taxonomies of their own.
fn terms(content: &Content, named: &Named) -> Vec<DocumentTerm> {
    let of_terms = content.terms.iter().filter_map(|id| term_path(*id, &named.terms));
    let alone = |taxonomy: &str, id: String, name: &String| DocumentTerm {
        taxonomy: taxonomy.to_owned(),
        path: vec![TermStep {
            id,
            name: name.clone(),
            slug: igny8_text::slug(name, &content.language),
            description: String::new(),
        }],
    };
    let cluster = content
        .cluster
        .and_then(|id| Some(alone("cluster", id.to_string(), named.clusters.get(&id)?)));
    let sector = content
        .sector
        .and_then(|id| Some(alone("sector", id.to_string(), named.sectors.get(&id)?)));
    of_terms.chain(cluster).chain(sector).collect()
}

/// A term with those above it, from the root down.
fn term_path(id: TermId, terms: &HashMap<TermId, Term>) -> Option<DocumentTerm> {
    let own = terms.get(&id)?;
    let mut path = Vec::new();
    let mut next = Some(own);
    while let Some(term) = next.filter(|_| path.len() <= MAX_DEPTH) {
        path.push(TermStep {
            id: term.id.to_string(),
            name: term.name.clone(),
            slug: term.slug.clone(),
            description: term.description.clone(),
        });
        next = term.parent.and_then(|parent| terms.get(&parent));
    }
    path.reverse();
    let taxonomy = serde_json::to_value(own.taxonomy).ok()?;
    Some(DocumentTerm {
        taxonomy: taxonomy.as_str()?.to_owned(),
        path,
    })
}

/// What stays beside it there for those who come back to it.
fn meta(content: &Content, named: &Named) -> BTreeMap<String, serde_json::Value> {
    let mut meta = BTreeMap::new();
    let mut add = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            meta.insert(format!("_igny8_{key}"), serde_json::Value::from(value));
        }
    };
    add("content_id", Some(content.id.to_string()));
    add("task_id", named.tasks.get(&content.id).map(ToString::to_string));
    add("cluster_id", content.cluster.map(|id| id.to_string()));
    add("sector_id", content.sector.map(|id| id.to_string()));
    let keywords: Vec<String> = keywords_of(content)
        .filter_map(|key| named.keywords.get(&key))
        .map(ToString::to_string)
        .collect();
    add("keyword_ids", (!keywords.is_empty()).then(|| keywords.join(",")));
    meta
}

fn distinct<T: Ord>(ids: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut ids: Vec<T> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
