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
use igny8_wordpress::PostPart;

use super::inbound::convert;
use super::model::{BINNED, Destination, KeptOurs, Publication, PublicationStatus};
use crate::app::App;
use crate::features::content::model::{BodyFormat, ContentType, Source, SyncStatus};
use crate::features::content::rules::is_site_path;
use crate::features::content::{Content, ContentId, Status, changes};
use crate::features::media::{Media, MediaStore};
use crate::features::planner::{Cluster, ClusterId, KeywordId, text_key};
use crate::features::publishing::snapshot::{pages::Lookup, rows_of, used_media};
use crate::features::sites::{Sector, Site};
use crate::features::taxonomy::model::MAX_DEPTH;
use crate::features::taxonomy::{Term, TermId};
use crate::features::writer::TaskId;
use crate::publish::wordpress::{WordpressSettings, origin_of};
use crate::publish::{
    Above, Document, DocumentFile, DocumentKind, DocumentPlace, DocumentStatus, DocumentTerm, Part, TermStep, html,
};

/// Rows made into documents at once: a body may be 2 MiB.
pub const BATCH: usize = 25;
/// Addresses without content that are remembered of one body.
const MOST_PATHS: usize = 50;

/// Makes the documents of one site for one destination.
pub struct Maker<'a> {
    app: &'a App,
    db: SiteDb<'a, Read>,
    site: &'a Site,
    destination: &'a Destination,
    address: Arc<Address>,
    theme: Arc<Theme>,
    /// A WordPress destination's site, as imported content names it.
    origin: Option<String>,
}

/// A document, and what is known of it besides.
pub struct Made {
    pub document: Document,
    pub hash: String,
    /// Content that it links to or stands below and that has no place there yet.
    pub waits_for: Vec<ContentId>,
    /// Addresses in the site that it names and at which there is no content yet.
    pub waits_paths: Vec<String>,
    /// Something that it waited for has a place there by now: it is to be sent, whatever it was before.
    pub is_due: bool,
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
        let settings = destination.settings::<WordpressSettings>().unwrap_or_default();
        Ok(Self {
            app,
            db,
            site,
            destination,
            origin: settings.place(),
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
        for (((content, publication), (page, written)), foreign) in rows.into_iter().zip(bodies).zip(foreign) {
            let body::Made { html, notes } = written;
            let row = Row {
                content: &content,
                publication: &publication,
                page: &page,
                html: &html,
                foreign,
            };
            let one = self.one(&row, notes, &named, &places, &store);
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

    /// Where content is that the bodies link to, or that the rows stand below.
    async fn places(
        &self,
        bodies: &[(Page, body::Made)],
        rows: &[&Content],
    ) -> Result<HashMap<String, Place>, DbError> {
        let mut paths: BTreeSet<String> = rows.iter().filter_map(|content| self.section_of(content)).collect();
        for (page, body) in bodies {
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
                "SELECT external_id, external_type, external_url, status, sent_rev, their_hash \
                 FROM publication WITH INDEX publication_content \
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
            let there = answer.rows::<There>(n)?.pop().filter(There::is_written);
            let place = there.map_or_else(|| Place::unknown(linked), |there| there.place(linked));
            places.insert(path, place);
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

    /// The address of a path within a language.
    pub fn site_path(&self, language: &str, path: &str) -> String {
        if language == self.site.language {
            path.to_owned()
        } else {
            format!("/{language}{path}")
        }
    }

    /// The address of what content stands below, if it stands below something. Posts do not, whatever their section.
    fn section_of(&self, content: &Content) -> Option<String> {
        let of = content.content_type;
        let is_top = content.section == "/" || content.section == of.default_section();
        (of != ContentType::Post && !is_top).then(|| self.site_path(&content.language, &content.section))
    }

    /// Where a row stands among others, and what of that is not there yet.
    fn place(&self, row: &Row<'_>, places: &HashMap<String, Place>) -> (Option<DocumentPlace>, Missing) {
        let mut missing = Missing::default();
        if row.content.content_type == ContentType::Post {
            return (None, missing);
        }
        let above = self.section_of(row.content).map(|path| {
            let place = places.get(&path);
            let external = place
                .filter(|place| place.content != row.content.id)
                .and_then(|place| place.external.clone());
            missing.note(&path, place, external.is_some(), row);
            external.map_or(Above::Unknown, |(id, kind)| Above::Known { id, kind })
        });
        let place = DocumentPlace {
            above: above.unwrap_or(Above::Nothing),
            order: row.content.weight,
        };
        (Some(place), missing)
    }

    /// The body with addresses as they are there, the files it shows, and what it links to that is not there yet.
    fn linked(
        &self,
        row: &Row<'_>,
        files: &HashMap<String, &Media>,
        places: &HashMap<String, Place>,
    ) -> (String, BTreeSet<String>, Missing) {
        let mut used: BTreeSet<String> = BTreeSet::new();
        let mut missing = Missing::default();
        let html = html::rewrite(row.html, |address| {
            let relative = self.relative(address);
            let Target::Site { path, suffix } = self.address.target(&relative, &row.page.path) else {
                return None;
            };
            if files.contains_key(&path) {
                used.insert(path.clone());
                return (address != path).then_some(path);
            }
            let place = places.get(&path);
            let url = place.and_then(|place| place.url.as_deref());
            // A foreign text speaks of its own site.
            if row.foreign {
                // What stands in it like that leads there already.
                return url
                    .filter(|url| path_of(url).as_deref() != Some(path.as_str()))
                    .map(|url| format!("{url}{suffix}"));
            }
            missing.note(&path, place, url.is_some(), row);
            Some(match url {
                Some(url) => format!("{url}{suffix}"),
                None => format!("{}{suffix}", self.address.absolute(&path)),
            })
        });
        (html, used, missing)
    }

    /// What an import brought that content has no field for; ids mean something at the site they came from alone.
    fn extra(&self, content: &Content, publication: &Publication) -> serde_json::Value {
        let mut extra = content.extra.get(convert::EXTRA).cloned().unwrap_or_default();
        let origin = content.source_key.as_deref().and_then(origin_of);
        let is_from_there = content.source != Source::Wordpress || origin.map(|(site, _)| site) == self.origin;
        // The picture that an import found is the one that is shown here.
        let shows_theirs = content.featured_image.is_none() && content.extra.get("image").is_some();
        // Of that post, or for one that is made in its place.
        let is_new = content.source == Source::Wordpress && publication.their_hash.is_none();
        let is_of_it = publication.external_id.is_some() && external_id(&extra) == publication.external_id;
        if let Some(extra) = extra.as_object_mut() {
            if !is_from_there {
                extra.remove("author");
            }
            if !(is_from_there && shows_theirs && (is_of_it || is_new)) {
                extra.remove("featured_media");
            }
        }
        extra
    }

    fn one(
        &self,
        row: &Row<'_>,
        notes: Vec<String>,
        named: &Named,
        places: &HashMap<String, Place>,
        store: &MediaStore,
    ) -> Made {
        let (content, publication) = (row.content, row.publication);
        let files: HashMap<String, &Media> = named.media.iter().map(|file| (file.public_path(), file)).collect();
        let (html, mut used, links) = self.linked(row, &files, places);
        let (place, above) = self.place(row, places);
        let mut changed = changed_parts(content, publication);
        let links = links.settled(Part::Body, &mut changed, publication);
        let above = above.settled(Part::Place, &mut changed, publication);
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
            place,
            html,
            changed,
            foreign: row.foreign,
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
            extra: self.extra(content, publication),
        };
        Made {
            hash: document.hash(),
            document,
            waits_for: distinct(links.contents.into_iter().chain(above.contents)),
            waits_paths: distinct(links.paths.into_iter().chain(above.paths)),
            is_due: links.found || above.found,
            notes,
        }
    }
}

/// A row, and what was made of it so far.
struct Row<'r> {
    content: &'r Content,
    publication: &'r Publication,
    page: &'r Page,
    html: &'r str,
    foreign: bool,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct There {
    external_id: Option<String>,
    external_type: Option<String>,
    external_url: Option<String>,
    status: PublicationStatus,
    sent_rev: Option<i64>,
    their_hash: Option<String>,
}

impl There {
    /// Whether it is there, and not only a place that is reserved for it: that has another address until it is written to.
    fn is_written(&self) -> bool {
        self.status != PublicationStatus::Removed && (self.sent_rev.is_some() || self.their_hash.is_some())
    }

    fn place(self, content: ContentId) -> Place {
        Place {
            content,
            url: self.external_url,
            external: self.external_id.zip(self.external_type),
        }
    }
}

/// Content that is named, and where it is there.
struct Place {
    content: ContentId,
    url: Option<String>,
    /// Its id and what it is there.
    external: Option<(String, String)>,
}

impl Place {
    fn unknown(content: ContentId) -> Self {
        Self {
            content,
            url: None,
            external: None,
        }
    }
}

/// What a part of a document names and is not there yet.
#[derive(Default)]
struct Missing {
    contents: Vec<ContentId>,
    paths: Vec<String>,
    /// Something that was waited for is there by now.
    found: bool,
}

impl Missing {
    /// Takes down what is at an address.
    fn note(&mut self, path: &str, place: Option<&Place>, is_there: bool, row: &Row<'_>) {
        let before = row.publication;
        match place {
            Some(place) if place.content == row.content.id => {}
            Some(place) if is_there => {
                let was_missing = || before.waits_paths.iter().any(|waited| waited == path);
                self.found |= before.waits_for.contains(&place.content) || was_missing();
            }
            Some(place) => self.contents.push(place.content),
            None => {
                let is_new = self.paths.len() < MOST_PATHS && !self.paths.iter().any(|noted| noted == path);
                if is_new && is_page_path(path) {
                    self.paths.push(path.to_owned());
                }
            }
        }
    }

    /// What a part waits for: one that is not sent, only for what it waited for before. Where that is there now, the part is sent,
    /// though nothing of it changed.
    fn settled(mut self, part: Part, changed: &mut Option<BTreeSet<Part>>, before: &Publication) -> Self {
        let Some(changed) = changed else {
            return self;
        };
        if self.found {
            changed.insert(part);
        }
        if !changed.contains(&part) {
            self.contents.retain(|id| before.waits_for.contains(id));
            self.paths.retain(|path| before.waits_paths.contains(path));
        }
        self
    }
}

/// Whether content can have an address: files end otherwise.
fn is_page_path(path: &str) -> bool {
    path == "/" || (path.ends_with('/') && is_site_path(path))
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

/// The id of the post that an import made [`Document::extra`] of.
fn external_id(extra: &serde_json::Value) -> Option<String> {
    extra.get("id")?.as_u64().map(|id| id.to_string())
}

fn path_of(url: &str) -> Option<String> {
    url::Url::parse(url).ok().map(|url| url.path().to_owned())
}

/// Which parts go there, `None` for all: those that were changed here since both sides agreed, for what came from there and keeps
/// other forms than ours, which must not be written back in ours; and where somebody decided for ours in a conflict, what was
/// changed there as well. Everything of ours where the row does not remember that far back.
fn changed_parts(content: &Content, publication: &Publication) -> Option<BTreeSet<Part>> {
    let sent_whole = publication.sent_hash.is_some() || publication.their_hash.is_none();
    let is_binned = publication.external_status.as_deref() == Some(BINNED);
    let ours = !came_from_there(content) && (sent_whole || is_binned);
    let is_removed = publication.status == PublicationStatus::Removed;
    if ours || (is_removed && !came_from_there(content)) {
        return None;
    }
    let kept = publication.kept_ours();
    let agreed = kept.as_ref().map_or(publication.sent_rev, |kept| kept.sent_rev);
    let mut parts = edited_here(content, agreed).unwrap_or_else(|| all_of_ours(content));
    parts.extend(kept.into_iter().flat_map(|kept| edited_there(&kept, publication)));
    // It comes back.
    if is_removed || is_binned {
        parts.insert(Part::Status);
    }
    Some(parts)
}

/// The parts that were changed here since a revision; `None` when the row does not remember that far back.
pub(super) fn edited_here(content: &Content, agreed: Option<i64>) -> Option<BTreeSet<Part>> {
    let agreed = agreed?;
    if agreed == content.rev {
        return Some(BTreeSet::new());
    }
    let later = changes::since(content, agreed)?;
    let fields = later.iter().flat_map(|change| &change.fields);
    Some(fields.flat_map(|field| parts_of(field)).copied().collect())
}

/// The parts of a document that a field of content is in.
fn parts_of(field: &str) -> &'static [Part] {
    match field {
        "title" => &[Part::Title],
        "slug" => &[Part::Slug],
        "section" => &[Part::Slug, Part::Place],
        "weight" => &[Part::Order],
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
    }
}

/// All parts but those of which what is there can be another than here, and stays, unless they were changed here: an address that
/// ours cannot be (letters of other scripts), a place, a picture that an import found.
fn all_of_ours(content: &Content) -> BTreeSet<Part> {
    let was_changed = |name: &str| {
        let mut changes = content.changes.iter();
        changes.any(|change| change.fields.iter().any(|field| field == name))
    };
    let is_ours = |part: &Part| match part {
        Part::Slug => was_changed("slug"),
        Part::Place => was_changed("section"),
        Part::Order => was_changed("weight"),
        Part::Featured => content.featured_image.is_some() || was_changed("featured_image"),
        _ => true,
    };
    Part::ALL.into_iter().filter(is_ours).collect()
}

/// The parts that were changed there before somebody decided for ours. None where nothing is known of before.
fn edited_there(kept: &KeptOurs, publication: &Publication) -> BTreeSet<Part> {
    let (Some(before), Some(seen)) = (&kept.their_hash, &publication.their_hash) else {
        return BTreeSet::new();
    };
    let parts = PostPart::changed(before, seen).into_iter().flat_map(|part| match part {
        PostPart::Title => &[Part::Title][..],
        PostPart::Content => &[Part::Body],
        PostPart::Excerpt => &[Part::Excerpt],
        PostPart::Slug => &[Part::Slug],
        PostPart::Status => &[Part::Status],
        PostPart::Author => &[Part::Author],
        PostPart::Image => &[Part::Featured],
        PostPart::Place => &[Part::Place, Part::Order],
        PostPart::Terms => &[Part::Terms],
        PostPart::Seo => &[Part::Seo],
        PostPart::Meta => &[Part::Meta],
        // Nothing here decides about that.
        PostPart::Showing => &[],
    });
    parts.copied().collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_content_can_have() {
        for (path, can) in [
            ("/", true),
            ("/blog/later/", true),
            ("/de/blog/später/", true),
            ("/blog/later", false),
            ("/files/a.pdf", false),
            ("/a b/", false),
            ("//a/", false),
        ] {
            assert_eq!(is_page_path(path), can, "{path}");
        }
    }
}
