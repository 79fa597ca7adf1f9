//! Documents of content: everything that goes out, made of rows some at a time.
//!
//! What rows name is read for all of them together ([`named`], [`terms()`]), then where the content is that they link to
//! ([`places`]). Of what is there already only some parts go out ([`parts`]).

mod body;
mod harmless;
mod named;
mod parts;
mod places;
mod terms;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use igny8_data::{DbError, Read, SiteDb};
use igny8_renderer::Theme;
use igny8_renderer::address::Address;
use igny8_renderer::locale::Reader;
use igny8_renderer::site::Page;

use super::inbound::convert;
use super::model::{Destination, Publication};
use crate::app::App;
use crate::features::content::model::{BodyFormat, ContentType, Source};
use crate::features::content::{Content, ContentId, Status};
use crate::features::media::{Media, MediaStore};
use crate::features::publishing::snapshot::{pages::Lookup, used_media};
use crate::features::sites::Site;
use crate::publish::wordpress::{WordpressSettings, origin_of};
use crate::publish::{Document, DocumentFile, DocumentKind, DocumentStatus, Part};

use named::{Named, meta};
use parts::changed_parts;
pub(super) use parts::edited_here;
use places::Place;
use terms::terms;

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

fn distinct<T: Ord>(ids: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut ids: Vec<T> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
