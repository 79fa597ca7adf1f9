//! A page of a folder as a row of content.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use igny8_data::{SiteScope, Write};
use igny8_renderer::blocks::Part;
use igny8_renderer::folder::{Problem, Severity};
use igny8_renderer::site::{self as folder, Page, PageKind};

use super::super::address;
use super::clusters::Clusters;
use super::media::MediaMap;
use super::terms::Terms;
use crate::app::App;
use crate::features::content::model::{
    Availability, BodyFormat, ContentStructure, ContentType, Entity, Faq, Layout, PageRole, SyncStatus,
};
use crate::features::content::{Content, Status, blocks};
use crate::features::planner::{Attribute, ClusterRole};

/// What pages refer to, by the folder's names.
pub struct Mapper<'a> {
    pub app: &'a App,
    pub scope: &'a SiteScope<Write>,
    pub default_language: &'a str,
    pub media: &'a MediaMap,
    pub terms: &'a Terms,
    pub clusters: &'a Clusters,
    pub drafts: &'a BTreeSet<String>,
    pub now: DateTime<Utc>,
}

/// Keys in `extra` for what a row has no field for; [`mod@super::super::export`] and the snapshot take them out again.
pub const IMAGE: &str = "image";
pub const SECTION: &str = "section";
const SECONDARY_KEYWORDS: &str = "secondary_keywords";

impl Mapper<'_> {
    /// The row that the page would be if it were new; its hash says what was written.
    pub fn content(&self, page: Page, problems: &mut Vec<Problem>) -> Content {
        let (content_type, role) = kind(page.kind);
        let (section, mut slug) = address::split(&page.path, &page.language, self.default_language);
        let (section, role) = match (slug.is_empty(), role) {
            // The address of the home page is its section's; any other page there is a home page by its address.
            (true, _) => ("/".to_owned(), PageRole::Home),
            // A home page elsewhere is an ordinary page.
            (false, PageRole::Home) => (section, PageRole::Page),
            (false, role) => (section, role),
        };
        if slug.is_empty() {
            slug = "home".into();
        }
        let mut row = Content::new(
            self.app.db.ids().make(),
            self.scope,
            content_type,
            page.language.clone(),
            page.title,
            slug,
            self.now,
        );
        row.page_role = role;
        row.content_structure = structure(content_type, role, page.cluster.as_ref().map(|c| c.role));
        row.section = section;
        row.path = row.derive_path();
        row.translation_key = page.translation_key;
        let (text, format) = match page.body {
            folder::Body::Markdown(text) => (text, BodyFormat::Markdown),
            folder::Body::Html(text) => (text, BodyFormat::Html),
        };
        row.body = self.media.rewrite(&text);
        row.body_format = format;
        row.excerpt = page.excerpt;
        row.seo_title = page.seo_title;
        row.meta_description = page.description;
        row.primary_keyword = page.primary_keyword;
        row.canonical_url = page.canonical_url;
        row.indexable = page.indexable;
        row.author = page.author;
        row.weight = page.weight;
        row.aliases = page.aliases;
        row.attributes = page
            .attributes
            .into_iter()
            .map(|(name, value)| Attribute { name, value })
            .collect();
        row.faq = page
            .faq
            .into_iter()
            .map(|f| Faq {
                question: f.question,
                answer: self.media.rewrite(&f.answer),
            })
            .collect();
        row.entity = self.entity(page.entity, &page.id, problems);
        row.terms = self.terms.of_page(&page.terms, &page.language);
        if let Some(cluster) = &page.cluster
            && let Some((id, sector)) = self.clusters.get(&cluster.name)
        {
            row.cluster = Some(id);
            row.sector = Some(sector);
            row.cluster_role = Some(match cluster.role {
                folder::ClusterRole::Hub => ClusterRole::Hub,
                folder::ClusterRole::Supporting => ClusterRole::Supporting,
                folder::ClusterRole::Attribute => ClusterRole::Attribute,
            });
        }

        let mut extra = page.extra;
        row.secondary_keywords = page.keywords;
        // Earlier exports kept them there.
        if let Some(keywords) = extra.get(SECONDARY_KEYWORDS).and_then(texts) {
            extra.shift_remove(SECONDARY_KEYWORDS);
            row.secondary_keywords = keywords;
        }
        if let Some(image) = page.image {
            match self.media.id(&image) {
                Some(id) => row.featured_image = Some(id),
                None => {
                    extra.insert(IMAGE.into(), image.into());
                }
            }
        }
        row.layout = page.layout.map(|layout| match layout {
            folder::PageLayout::Default => Layout::Default,
            folder::PageLayout::Minimal => Layout::Minimal,
            folder::PageLayout::Magazine => Layout::Magazine,
            folder::PageLayout::Ecommerce => Layout::Ecommerce,
            folder::PageLayout::Portfolio => Layout::Portfolio,
            folder::PageLayout::Blog => Layout::Blog,
            folder::PageLayout::Corporate => Layout::Corporate,
        });
        for mut block in page.blocks {
            block.visit(&mut |part| {
                let (Part::Image(text) | Part::Link(text) | Part::Text(text)) = part;
                *text = self.media.rewrite(text);
            });
            row.blocks.extend(serde_json::to_value(block));
        }
        blocks::tidy(&mut row.blocks);
        let listed = address::without_language(&page.section, &page.language, self.default_language);
        if listed != row.section && role != PageRole::Home {
            extra.insert(SECTION.into(), listed.into());
        }
        row.extra = serde_json::json!(extra);
        // In the order in which the database gives keys back.
        row.extra.sort_all_objects();

        if !self.drafts.contains(&page.id) {
            match page.published_at {
                Some(at) if at > self.now => {
                    row.status = Status::Approved;
                    row.publish_at = Some(at);
                    row.schedule_forced = true;
                }
                _ => row.status = Status::Published,
            }
        }
        row.published_at = page.published_at;
        row.revised_at = page.updated_at.or(page.published_at).unwrap_or(self.now);
        row.sync_status = SyncStatus::Imported;
        row.source_key = Some(page.id);
        row.revision = 1;
        row.content_hash = row.reader_hash();
        row.imported_hash = Some(super::fingerprint(&row));
        row
    }

    fn entity(&self, entity: folder::Entity, page: &str, problems: &mut Vec<Problem>) -> Entity {
        let mut gallery = Vec::new();
        for path in &entity.gallery {
            match self.media.id(path) {
                Some(id) => gallery.push(id),
                None => problems.push(Problem {
                    file: page.to_owned(),
                    line: None,
                    severity: Severity::Warning,
                    message: format!("the gallery's {path} is not a picture of this folder; left out"),
                }),
            }
        }
        Entity {
            price: entity.price,
            currency: entity.currency,
            brand: entity.brand,
            sku: entity.sku,
            gtin: entity.gtin,
            availability: entity.availability.map(|a| match a {
                folder::Availability::InStock => Availability::InStock,
                folder::Availability::OutOfStock => Availability::OutOfStock,
                folder::Availability::PreOrder => Availability::PreOrder,
                folder::Availability::Discontinued => Availability::Discontinued,
            }),
            rating_value: entity.rating_value,
            rating_count: entity.rating_count.map(i64::from),
            area: entity.area,
            price_range: entity.price_range,
            gallery,
        }
    }
}

fn kind(kind: PageKind) -> (ContentType, PageRole) {
    match kind {
        PageKind::Post => (ContentType::Post, PageRole::Page),
        PageKind::Page => (ContentType::Page, PageRole::Page),
        PageKind::Product => (ContentType::Product, PageRole::Page),
        PageKind::Service => (ContentType::Service, PageRole::Page),
        PageKind::Home => (ContentType::Page, PageRole::Home),
        PageKind::About => (ContentType::Page, PageRole::About),
        PageKind::Contact => (ContentType::Page, PageRole::Contact),
    }
}

fn structure(content_type: ContentType, role: PageRole, cluster: Option<folder::ClusterRole>) -> ContentStructure {
    match (content_type, role, cluster) {
        (ContentType::Post | ContentType::Page, PageRole::Page, Some(folder::ClusterRole::Hub)) => {
            ContentStructure::ClusterHub
        }
        (_, PageRole::Home, _) => ContentStructure::LandingPage,
        (_, PageRole::About | PageRole::Contact, _) => ContentStructure::BusinessPage,
        _ => content_type.default_structure(),
    }
}

fn texts(value: &serde_json::Value) -> Option<Vec<String>> {
    value
        .as_array()?
        .iter()
        .map(|v| v.as_str().map(str::to_owned))
        .collect()
}

/// Terms by the folder's taxonomy, page by page.
pub type PageTerms = indexmap::IndexMap<String, Vec<String>>;
