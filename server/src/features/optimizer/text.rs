//! What is scored: a row, a row with changes that nobody saved, or a text from elsewhere.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use igny8_data::{Access, DbError, SiteDb, SurrealValue, Variables};
use igny8_optimizer::{Input, Picture, Report};
use pulldown_cmark::{Parser, html};
use serde_json::Value;

use super::model::score_id;
use crate::api::{Error, Result};
use crate::app::App;
use crate::features::content::model::{
    Availability, BodyFormat, Content, ContentId, ContentStructure, ContentType, Entity, PageRole, Source, Status,
};
use crate::features::media::MediaId;
use crate::features::planner::ClusterRole;
use crate::features::planner::model::choice;

use poem_openapi::Enum;

choice!(
    /// Where a text that is scored comes from.
    EntryPoint {
        /// Written here.
        Writer,
        /// Brought from WordPress.
        Wordpress,
        /// Brought from elsewhere.
        External,
        /// Handed in to be scored.
        Manual,
    }
);

/// Addresses of pictures that are looked up at once.
const MOST_PICTURES: usize = 300;

/// A text with what is known around it, owned, so that it can be scored on another thread.
#[derive(Debug, Clone)]
pub struct Text {
    pub title: String,
    pub seo_title: String,
    pub meta_description: String,
    pub slug: String,
    pub body: String,
    pub body_format: BodyFormat,
    /// Parts shown after the body, in the renderer's form.
    pub blocks: Vec<Value>,
    pub language: String,
    pub content_type: ContentType,
    pub content_structure: ContentStructure,
    /// It is the hub of its cluster.
    pub hub: bool,
    pub primary_keyword: Option<String>,
    pub secondary_keywords: Vec<String>,
    /// It is a page of the site, or is to be one.
    pub of_site: bool,
    pub has_cluster: bool,
    pub terms: usize,
    pub entity: Entity,
    /// Alternative texts of the featured image and of the gallery.
    pub pictures: Vec<String>,
    /// Alternative texts of files by their address, for pictures in blocks that have none of their own.
    pub alts: HashMap<String, String>,
    pub faq: usize,
    pub author: Option<String>,
    pub published_at: Option<DateTime<Utc>>,
    pub revised_at: Option<DateTime<Utc>>,
    /// How many other pages link to it, where that says something.
    pub inbound_links: Option<usize>,
    /// The host of the site, to tell its links from others.
    pub host: String,
}

/// What is known around the rows of a site.
#[derive(Debug, Clone, Default)]
pub struct Around {
    pub host: String,
    alts: HashMap<MediaId, String>,
    by_address: HashMap<String, String>,
    inbound: HashMap<ContentId, i64>,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Named {
    id: MediaId,
    alt: String,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Counted {
    content: ContentId,
    inbound: Option<i64>,
}

/// Looks up what is around some rows: one query, whatever their number. `bodies` looks up pictures of Markdown bodies too.
///
/// How many pages link to a row is what its kept score says ([`super::keep`] follows the site's links): an answer to somebody
/// who writes does not wait for a whole site to be read.
///
/// # Errors
/// When the database fails.
pub async fn around<A: Access>(
    app: &App,
    db: &SiteDb<'_, A>,
    rows: &[Content],
    bodies: bool,
) -> Result<Around, DbError> {
    let media: BTreeSet<MediaId> = rows
        .iter()
        .flat_map(|row| row.featured_image.iter().chain(&row.entity.gallery))
        .copied()
        .collect();
    let mut addresses = BTreeSet::new();
    for row in rows {
        for block in &row.blocks {
            pictures_without_text(block, &mut addresses);
        }
        if bodies && row.body_format == BodyFormat::Markdown {
            addresses.extend(pictures_of(&row.body));
        }
    }
    let mut binds = Variables::new();
    binds.insert("media", media.into_iter().collect::<Vec<_>>());
    binds.insert("scores", rows.iter().map(|row| score_id(row.id)).collect::<Vec<_>>());
    let mut sql = "SELECT VALUE domain FROM ONLY $site WHERE account = $account;\
                   SELECT id, alt FROM $media WHERE site = $site AND account = $account AND deleted_at IS NONE;\
                   SELECT content, inbound FROM $scores WHERE site = $site AND account = $account;"
        .to_owned();
    let addresses: Vec<(String, String)> = addresses
        .into_iter()
        .filter_map(|address| hash_in(&address).map(|hash| (hash.to_owned(), address.clone())))
        .take(MOST_PICTURES)
        .collect();
    for (n, (hash, _)) in addresses.iter().enumerate() {
        binds.insert(format!("from{n}"), hash.clone());
        // After every hexadecimal digit.
        binds.insert(format!("to{n}"), format!("{hash}g"));
        sql += &format!(
            "SELECT id, alt FROM media WHERE site = $site AND live_hash >= $from{n} AND live_hash < $to{n} \
             AND account = $account LIMIT 1;"
        );
    }
    let mut answer = db.query(&sql, binds, "looking around content").await?;
    let domain: Option<String> = answer.one(0)?;
    let alts = answer.rows::<Named>(1)?;
    let counted = answer.rows::<Counted>(2)?.into_iter();
    let inbound = counted.filter_map(|row| Some((row.content, row.inbound?))).collect();
    let mut by_address = HashMap::new();
    for (n, (_, address)) in addresses.into_iter().enumerate() {
        let found = answer.rows::<Named>(n + 3)?.pop();
        by_address.extend(found.map(|file| (address, file.alt)));
    }
    Ok(Around {
        host: domain.unwrap_or_else(|| host_of(&app.config.public_url())),
        alts: alts.into_iter().map(|file| (file.id, file.alt)).collect(),
        by_address,
        inbound,
    })
}

/// The host that visitors of sites without a domain see.
fn host_of(address: &str) -> String {
    let parsed = url::Url::parse(address).ok();
    let host = parsed.as_ref().and_then(|url| url.host_str());
    host.unwrap_or_default().to_owned()
}

/// The part of a file's hash that its address has: `/media/<hash>.png`.
fn hash_in(address: &str) -> Option<&str> {
    let (hash, _) = address.strip_prefix("/media/")?.split_once('.')?;
    (hash.len() == 32 && hash.bytes().all(|b| b.is_ascii_hexdigit())).then_some(hash)
}

/// Addresses of pictures in Markdown.
fn pictures_of(markdown: &str) -> Vec<String> {
    let events = Parser::new_ext(markdown, igny8_renderer::markdown::options());
    events
        .filter_map(|event| match event {
            pulldown_cmark::Event::Start(pulldown_cmark::Tag::Image { dest_url, .. }) => Some(dest_url.to_string()),
            _ => None,
        })
        .collect()
}

/// Scores a text where computing does not disturb requests.
///
/// # Errors
/// When the server stops.
pub async fn scored(app: &App, text: Text) -> Result<Report> {
    let now = app.db.clock().now();
    computed(app, move || text.report(now)).await
}

/// Computes something about texts where it does not disturb requests.
///
/// # Errors
/// When the server stops.
pub async fn computed<T: Send + 'static>(app: &App, compute: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    app.scoring.run(&app.stop, compute).await.map_err(|error| {
        if app.stop.is_cancelled() {
            Error::unavailable("The server is being restarted. Try again.")
        } else {
            Error::internal(error)
        }
    })
}

/// Where a row comes from.
pub fn entry_point(source: Source) -> EntryPoint {
    match source {
        Source::Igny8 => EntryPoint::Writer,
        Source::Wordpress => EntryPoint::Wordpress,
        Source::Shopify | Source::Custom => EntryPoint::External,
    }
}

impl Around {
    /// How many pages link to content, if it is known.
    pub fn inbound(&self, content: ContentId) -> Option<i64> {
        self.inbound.get(&content).copied()
    }

    /// Says for the content of some rows how many pages link to each; those that are not named are not known.
    pub fn count(&mut self, rows: &[Content], inbound: &HashMap<ContentId, i64>) {
        let known = |row: &Content| Some((row.id, *inbound.get(&row.id)?));
        self.inbound = rows.iter().filter_map(known).collect();
    }

    /// The alternative text of the file at an address.
    pub fn alt_at(&self, address: &str) -> Option<&str> {
        self.by_address
            .get(address)
            .map(|alt| alt.trim())
            .filter(|alt| !alt.is_empty())
    }
}

impl Text {
    /// A row with what is around it.
    pub fn of(row: Content, around: &Around) -> Self {
        let media = row.featured_image.iter().chain(&row.entity.gallery);
        let pictures = media.filter_map(|id| around.alts.get(id)).cloned().collect();
        let mut addresses = BTreeSet::new();
        for block in &row.blocks {
            pictures_without_text(block, &mut addresses);
        }
        let alts = addresses
            .into_iter()
            .filter_map(|address| around.alt_at(&address).map(str::to_owned).map(|alt| (address, alt)))
            .collect();
        let questions = row.blocks.iter().filter(|block| block["type"] == "faq");
        let asked: usize = questions
            .filter_map(|block| block["items"].as_array())
            .map(Vec::len)
            .sum();
        // Nobody can link to a draft, and everybody finds a home page.
        let is_linked = row.status == Status::Published && row.page_role != PageRole::Home;
        let inbound = around.inbound(row.id).filter(|_| is_linked);
        Self {
            title: row.title,
            seo_title: row.seo_title,
            meta_description: row.meta_description,
            slug: row.slug,
            body: row.body,
            body_format: row.body_format,
            blocks: row.blocks,
            language: row.language,
            content_type: row.content_type,
            content_structure: row.content_structure,
            hub: row.cluster.is_some() && row.cluster_role == Some(ClusterRole::Hub),
            primary_keyword: row.primary_keyword,
            secondary_keywords: row.secondary_keywords,
            of_site: true,
            has_cluster: row.cluster.is_some(),
            terms: row.terms.len(),
            pictures,
            alts,
            faq: row.faq.len() + asked,
            author: row.author,
            published_at: row.published_at,
            revised_at: Some(row.revised_at),
            entity: row.entity,
            inbound_links: inbound.and_then(|count| usize::try_from(count).ok()),
            host: around.host.clone(),
        }
    }

    /// Body and blocks as HTML, for the optimizer alone: nothing in it is cleaned.
    pub fn html(&self) -> String {
        let mut out = html_of(&self.body, self.body_format);
        for block in &self.blocks {
            self.write_block(block, 2, &mut out);
        }
        out
    }

    /// What it is worth. Takes time for long texts.
    pub fn report(&self, now: DateTime<Utc>) -> Report {
        let body = self.html();
        let pictures: Vec<Picture<'_>> = self.pictures.iter().map(|alt| Picture { alt }).collect();
        let entity = &self.entity;
        let seconds = |at: &DateTime<Utc>| at.timestamp();
        igny8_optimizer::score(&Input {
            title: &self.title,
            seo_title: &self.seo_title,
            meta_description: &self.meta_description,
            slug: &self.slug,
            body: &body,
            language: &self.language,
            content_type: content_type(self.content_type),
            structure: structure(self.content_structure),
            cornerstone: self.hub,
            primary_keyword: self.primary_keyword.as_deref(),
            secondary_keywords: &self.secondary_keywords,
            of_site: self.of_site,
            has_cluster: self.has_cluster,
            terms: self.terms,
            entity: igny8_optimizer::Entity {
                price: entity.price.as_deref(),
                currency: entity.currency.as_deref(),
                availability: entity.availability.map(availability),
                brand: entity.brand.as_deref(),
                sku: entity.sku.as_deref(),
                gtin: entity.gtin.as_deref(),
                rating: entity.rating_value,
                area: entity.area.as_deref(),
                price_range: entity.price_range.as_deref(),
            },
            pictures: &pictures,
            faq: self.faq,
            author: self.author.as_deref(),
            published_at: self.published_at.as_ref().map(seconds),
            revised_at: self.revised_at.as_ref().map(seconds),
            now: now.timestamp(),
            inbound_links: self.inbound_links,
            site_host: &self.host,
            ..Input::default()
        })
    }

    /// A block, or an entry of one: heading, text, picture, link, then what it holds.
    fn write_block(&self, block: &Value, level: u8, out: &mut String) {
        let Some(fields) = block.as_object() else { return };
        let text = |name: &str| words(fields.get(name));
        let heading = text("heading").or(text("question"));
        if let Some(heading) = heading {
            *out += &format!("<h{level}>{}</h{level}>\n", escaped(heading));
        }
        for markdown in [text("text"), text("answer")].into_iter().flatten() {
            write_markdown(markdown, out);
        }
        if let Some(picture) = text("image") {
            let own = text("alt").or(text("name"));
            let alt = own.or(self.alts.get(picture).map(String::as_str)).unwrap_or_default();
            *out += &format!("<p><img src=\"{}\" alt=\"{}\"></p>\n", escaped(picture), escaped(alt));
        }
        // A video is shown, not linked to.
        if let Some(url) = text("url").filter(|_| fields.get("type").is_none_or(|kind| kind != "video")) {
            let label = text("label").or(heading).unwrap_or_default();
            *out += &format!("<p><a href=\"{}\">{}</a></p>\n", escaped(url), escaped(label));
        }
        for inner in fields.values().filter_map(Value::as_array).flatten() {
            self.write_block(inner, (level + 1).min(6), out);
        }
    }
}

fn words(value: Option<&Value>) -> Option<&str> {
    value
        .and_then(Value::as_str)
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

/// Addresses of pictures in a block, and in what it holds, that say nothing themselves.
fn pictures_without_text(block: &Value, found: &mut BTreeSet<String>) {
    let Some(fields) = block.as_object() else { return };
    if let Some(picture) = words(fields.get("image"))
        && words(fields.get("alt")).is_none()
    {
        found.insert(picture.to_owned());
    }
    for inner in fields.values().filter_map(Value::as_array).flatten() {
        pictures_without_text(inner, found);
    }
}

/// A body as HTML, for the optimizer alone.
pub fn html_of(body: &str, format: BodyFormat) -> String {
    match format {
        BodyFormat::Html => body.to_owned(),
        BodyFormat::Markdown => {
            let mut out = String::with_capacity(body.len() * 5 / 4);
            write_markdown(body, &mut out);
            out
        }
    }
}

/// Markdown as the renderer reads it.
fn write_markdown(markdown: &str, out: &mut String) {
    html::push_html(out, Parser::new_ext(markdown, igny8_renderer::markdown::options()));
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn content_type(kind: ContentType) -> igny8_optimizer::ContentType {
    use igny8_optimizer::ContentType as Out;
    match kind {
        ContentType::Post => Out::Post,
        ContentType::Page => Out::Page,
        ContentType::Product => Out::Product,
        ContentType::Service => Out::Service,
        ContentType::Taxonomy => Out::Taxonomy,
    }
}

fn structure(structure: ContentStructure) -> igny8_optimizer::Structure {
    use igny8_optimizer::Structure as Out;
    match structure {
        ContentStructure::Article => Out::Article,
        ContentStructure::Guide => Out::Guide,
        ContentStructure::Comparison => Out::Comparison,
        ContentStructure::Review => Out::Review,
        ContentStructure::Listicle => Out::Listicle,
        ContentStructure::LandingPage => Out::LandingPage,
        ContentStructure::BusinessPage => Out::BusinessPage,
        ContentStructure::ServicePage => Out::ServicePage,
        ContentStructure::General => Out::General,
        ContentStructure::ClusterHub => Out::ClusterHub,
        ContentStructure::ProductPage => Out::ProductPage,
        ContentStructure::CategoryArchive => Out::CategoryArchive,
        ContentStructure::TagArchive => Out::TagArchive,
        ContentStructure::AttributeArchive => Out::AttributeArchive,
    }
}

fn availability(availability: Availability) -> &'static str {
    match availability {
        Availability::InStock => "in stock",
        Availability::OutOfStock => "out of stock",
        Availability::PreOrder => "pre-order",
        Availability::Discontinued => "discontinued",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn blocks_become_text() {
        let text = Text {
            alts: HashMap::from([("/media/a.png".to_owned(), "A burr mill".to_owned())]),
            ..blank("Intro **here**.", BodyFormat::Markdown)
        };
        let text = Text {
            blocks: vec![
                json!({ "type": "hero", "heading": "Mills & more", "text": "Read *on*.", "image": "/media/a.png",
                        "links": [{ "label": "Shop", "url": "/shop/" }] }),
                json!({ "type": "faq", "items": [{ "question": "Why?", "answer": "Because." }] }),
                json!({ "type": "video", "url": "https://videos.example/1" }),
                json!("no block"),
            ],
            ..text
        };
        assert_eq!(
            text.html(),
            "<p>Intro <strong>here</strong>.</p>\n<h2>Mills &amp; more</h2>\n<p>Read <em>on</em>.</p>\n\
             <p><img src=\"/media/a.png\" alt=\"A burr mill\"></p>\n<p><a href=\"/shop/\">Shop</a></p>\n\
             <h3>Why?</h3>\n<p>Because.</p>\n"
        );
        let report = text.report(DateTime::UNIX_EPOCH);
        assert_eq!((report.statistics.images, report.statistics.internal_links), (1, 1));
    }

    #[test]
    fn addresses_of_files_hold_their_hash() {
        let hash = "0123456789abcdef0123456789abcdef";
        assert_eq!(hash_in(&format!("/media/{hash}.png")), Some(hash));
        for other in ["/media/short.png", "/media/", "https://x.example/a.png", ""] {
            assert_eq!(hash_in(other), None, "{other}");
        }
        assert_eq!(pictures_of("![a](/media/x.png) [b](/c) ![](d)"), ["/media/x.png", "d"]);
        assert_eq!(host_of("https://cms.example:8443"), "cms.example");
    }

    fn blank(body: &str, body_format: BodyFormat) -> Text {
        Text {
            title: "Mills".into(),
            seo_title: String::new(),
            meta_description: String::new(),
            slug: "mills".into(),
            body: body.into(),
            body_format,
            blocks: Vec::new(),
            language: "en".into(),
            content_type: ContentType::Post,
            content_structure: ContentStructure::Article,
            hub: false,
            primary_keyword: None,
            secondary_keywords: Vec::new(),
            of_site: true,
            has_cluster: false,
            terms: 0,
            entity: Entity::default(),
            pictures: Vec::new(),
            alts: HashMap::new(),
            faq: 0,
            author: None,
            published_at: None,
            revised_at: None,
            inbound_links: None,
            host: "example.com".into(),
        }
    }
}
