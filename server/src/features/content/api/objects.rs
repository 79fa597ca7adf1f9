//! Content as requests and answers show it.

use chrono::{DateTime, Utc};
use igny8_data::{SectorId, SiteId};
use poem_openapi::Object;
use poem_openapi::types::MaybeUndefined;

use crate::api::patch::{set, set_or_clear};
use crate::features::content::model::{
    BodyFormat, Content, ContentId, ContentStructure, ContentSummary, ContentType, Entity, Faq, Layout, PageRole,
    Source, Status, SyncStatus,
};
use crate::features::content::search::Highlight;
use crate::features::media::MediaId;
use crate::features::planner::{Attribute, ClusterId, ClusterRole};
use crate::features::taxonomy::TermId;

/// A piece of content.
#[derive(Debug, Object)]
#[oai(rename = "Content", skip_serializing_if_is_none)]
pub struct ContentOut {
    pub id: ContentId,
    pub site: SiteId,
    pub sector: Option<SectorId>,
    pub title: String,
    pub slug: String,
    /// The folder it is in: `/blog/`.
    pub section: String,
    /// Its address within its language, made of section and slug: `/blog/brewing-times/`.
    pub path: String,
    /// BCP 47 tag.
    pub language: String,
    /// Translations of each other carry the same key.
    pub translation_key: Option<String>,
    pub content_type: ContentType,
    pub content_structure: ContentStructure,
    pub page_role: PageRole,
    pub body: String,
    pub body_format: BodyFormat,
    pub excerpt: String,
    /// Title for search results; empty means the title.
    pub seo_title: String,
    pub meta_description: String,
    pub primary_keyword: Option<String>,
    pub secondary_keywords: Vec<String>,
    pub canonical_url: Option<String>,
    /// False keeps it out of search engines.
    pub indexable: bool,
    pub entity: Entity,
    pub attributes: Vec<Attribute>,
    pub faq: Vec<Faq>,
    /// Parts shown after the body, or instead of it when the body is empty. Each has a `type`: hero, text, features,
    /// testimonials, services, stats, cta, image, video, form, faq, quote, grid, card, list or accordion.
    pub blocks: Vec<serde_json::Value>,
    /// The site's when absent.
    pub layout: Option<Layout>,
    pub cluster: Option<ClusterId>,
    pub cluster_role: Option<ClusterRole>,
    pub terms: Vec<TermId>,
    pub featured_image: Option<MediaId>,
    pub author: Option<String>,
    /// Order among siblings, smallest first.
    pub weight: Option<i64>,
    /// Old addresses that redirect here.
    pub aliases: Vec<String>,
    /// Front matter or settings kept for export.
    pub extra: serde_json::Value,
    pub status: Status,
    /// Id of the user or key that approved it.
    pub approved_by: Option<String>,
    pub approved_at: Option<DateTime<Utc>>,
    /// First publication.
    pub published_at: Option<DateTime<Utc>>,
    /// When it will be published by itself, in UTC.
    pub publish_at: Option<DateTime<Utc>>,
    /// When it will be taken back by itself, in UTC.
    pub unpublish_at: Option<DateTime<Utc>>,
    /// Why the last scheduled publication did not happen.
    pub schedule_error: Option<String>,
    pub source: Source,
    pub sync_status: SyncStatus,
    pub source_url: Option<String>,
    /// BLAKE3 of what a reader sees.
    pub content_hash: String,
    /// Last change of what a reader sees.
    pub revised_at: DateTime<Utc>,
    /// Number of the newest revision.
    pub revision: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

/// A piece of content in a list: without its body.
#[derive(Debug, Object)]
#[oai(rename = "ContentSummary", skip_serializing_if_is_none)]
pub struct SummaryOut {
    pub id: ContentId,
    pub sector: Option<SectorId>,
    pub title: String,
    pub slug: String,
    pub section: String,
    pub path: String,
    pub language: String,
    pub content_type: ContentType,
    pub content_structure: ContentStructure,
    pub page_role: PageRole,
    pub excerpt: String,
    pub primary_keyword: Option<String>,
    pub cluster: Option<ClusterId>,
    pub cluster_role: Option<ClusterRole>,
    pub terms: Vec<TermId>,
    pub featured_image: Option<MediaId>,
    pub author: Option<String>,
    pub weight: Option<i64>,
    pub indexable: bool,
    pub status: Status,
    pub published_at: Option<DateTime<Utc>>,
    pub publish_at: Option<DateTime<Utc>>,
    pub unpublish_at: Option<DateTime<Utc>>,
    pub schedule_error: Option<String>,
    pub source: Source,
    pub sync_status: SyncStatus,
    pub revision: i64,
    /// What the text is worth, 0 to 100; absent until it is scored. It follows a change within moments.
    pub score: Option<i64>,
    /// ETag of this version, to send as `If-Match`.
    pub etag: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
    /// Where a search found it; absent without one.
    pub highlight: Option<HighlightOut>,
}

/// Where a search found content. HTML in which everything but `mark` is escaped.
#[derive(Debug, Object)]
#[oai(rename = "ContentHighlight")]
pub struct HighlightOut {
    /// The title, with the words that were looked for in `<mark>`.
    pub title: String,
    /// The part of the text that has most of them, likewise; its beginning where there are none.
    pub text: String,
}

/// What new content needs: a type and a title. It starts as a draft.
#[derive(Debug, Object)]
#[oai(rename = "ContentCreate", deny_unknown_fields, example)]
pub struct ContentIn {
    pub content_type: ContentType,
    pub title: String,
    /// Made from the title, and unique, when absent.
    pub slug: Option<String>,
    /// `/blog/` for posts, `/shop/` for products, `/services/` for services, else `/`, when absent.
    pub section: Option<String>,
    /// The site's language when absent.
    pub language: Option<String>,
    pub translation_key: Option<String>,
    pub content_structure: Option<ContentStructure>,
    pub page_role: Option<PageRole>,
    pub body: Option<String>,
    pub body_format: Option<BodyFormat>,
    pub excerpt: Option<String>,
    pub seo_title: Option<String>,
    pub meta_description: Option<String>,
    pub primary_keyword: Option<String>,
    pub secondary_keywords: Option<Vec<String>>,
    pub canonical_url: Option<String>,
    pub indexable: Option<bool>,
    pub entity: Option<Entity>,
    pub attributes: Option<Vec<Attribute>>,
    pub faq: Option<Vec<Faq>>,
    /// Parts shown after the body; each has a `type` such as `hero`.
    pub blocks: Option<Vec<serde_json::Value>>,
    pub layout: Option<Layout>,
    pub sector: Option<SectorId>,
    pub cluster: Option<ClusterId>,
    pub cluster_role: Option<ClusterRole>,
    pub terms: Option<Vec<TermId>>,
    pub featured_image: Option<MediaId>,
    pub author: Option<String>,
    pub weight: Option<i64>,
    pub aliases: Option<Vec<String>>,
    pub extra: Option<serde_json::Value>,
}

/// What to change; absent fields stay, `null` empties where it can.
#[derive(Debug, Default, Object)]
#[oai(rename = "ContentPatch", deny_unknown_fields)]
pub struct ContentPatch {
    pub content_type: Option<ContentType>,
    pub title: Option<String>,
    pub slug: Option<String>,
    pub section: Option<String>,
    pub language: Option<String>,
    #[oai(nullable)]
    pub translation_key: MaybeUndefined<String>,
    pub content_structure: Option<ContentStructure>,
    pub page_role: Option<PageRole>,
    pub body: Option<String>,
    pub body_format: Option<BodyFormat>,
    pub excerpt: Option<String>,
    pub seo_title: Option<String>,
    pub meta_description: Option<String>,
    #[oai(nullable)]
    pub primary_keyword: MaybeUndefined<String>,
    pub secondary_keywords: Option<Vec<String>>,
    #[oai(nullable)]
    pub canonical_url: MaybeUndefined<String>,
    pub indexable: Option<bool>,
    /// Replaces all of it.
    pub entity: Option<Entity>,
    pub attributes: Option<Vec<Attribute>>,
    pub faq: Option<Vec<Faq>>,
    /// Replaces all of them.
    pub blocks: Option<Vec<serde_json::Value>>,
    #[oai(nullable)]
    pub layout: MaybeUndefined<Layout>,
    #[oai(nullable)]
    pub sector: MaybeUndefined<SectorId>,
    #[oai(nullable)]
    pub cluster: MaybeUndefined<ClusterId>,
    #[oai(nullable)]
    pub cluster_role: MaybeUndefined<ClusterRole>,
    /// Replaces all of them.
    pub terms: Option<Vec<TermId>>,
    #[oai(nullable)]
    pub featured_image: MaybeUndefined<MediaId>,
    #[oai(nullable)]
    pub author: MaybeUndefined<String>,
    #[oai(nullable)]
    pub weight: MaybeUndefined<i64>,
    pub aliases: Option<Vec<String>>,
    pub extra: Option<serde_json::Value>,
    /// Take from published content what it needs to be published; for admins.
    pub force: Option<bool>,
}

impl poem_openapi::types::Example for ContentIn {
    fn example() -> Self {
        let mut example = Self::titled(ContentType::Post, "How long to brew".into());
        example.body = Some("Four minutes, and then one more.".into());
        example.meta_description = Some("Brewing times for five ways of making coffee.".into());
        example.primary_keyword = Some("brewing time".into());
        example
    }
}

impl ContentIn {
    /// A request that says nothing but type and title.
    pub fn titled(content_type: ContentType, title: String) -> Self {
        Self {
            content_type,
            title,
            slug: None,
            section: None,
            language: None,
            translation_key: None,
            content_structure: None,
            page_role: None,
            body: None,
            body_format: None,
            excerpt: None,
            seo_title: None,
            meta_description: None,
            primary_keyword: None,
            secondary_keywords: None,
            canonical_url: None,
            indexable: None,
            entity: None,
            attributes: None,
            faq: None,
            blocks: None,
            layout: None,
            sector: None,
            cluster: None,
            cluster_role: None,
            terms: None,
            featured_image: None,
            author: None,
            weight: None,
            aliases: None,
            extra: None,
        }
    }

    /// What is set besides type, title and slug, as a change of a new draft.
    pub fn into_patch(self) -> ContentPatch {
        ContentPatch {
            content_type: None,
            title: None,
            slug: None,
            section: self.section,
            language: self.language,
            translation_key: MaybeUndefined::from_opt_undefined(self.translation_key),
            content_structure: self.content_structure,
            page_role: self.page_role,
            body: self.body,
            body_format: self.body_format,
            excerpt: self.excerpt,
            seo_title: self.seo_title,
            meta_description: self.meta_description,
            primary_keyword: MaybeUndefined::from_opt_undefined(self.primary_keyword),
            secondary_keywords: self.secondary_keywords,
            canonical_url: MaybeUndefined::from_opt_undefined(self.canonical_url),
            indexable: self.indexable,
            entity: self.entity,
            attributes: self.attributes,
            faq: self.faq,
            blocks: self.blocks,
            layout: MaybeUndefined::from_opt_undefined(self.layout),
            sector: MaybeUndefined::from_opt_undefined(self.sector),
            cluster: MaybeUndefined::from_opt_undefined(self.cluster),
            cluster_role: MaybeUndefined::from_opt_undefined(self.cluster_role),
            terms: self.terms,
            featured_image: MaybeUndefined::from_opt_undefined(self.featured_image),
            author: MaybeUndefined::from_opt_undefined(self.author),
            weight: MaybeUndefined::from_opt_undefined(self.weight),
            aliases: self.aliases,
            extra: self.extra,
            force: None,
        }
    }
}

impl ContentPatch {
    pub fn apply(self, c: &mut Content) {
        set(&mut c.content_type, self.content_type);
        set(&mut c.title, self.title.map(|t| t.trim().to_owned()));
        set(&mut c.slug, self.slug);
        set(&mut c.section, self.section);
        set(&mut c.language, self.language);
        set_or_clear(&mut c.translation_key, self.translation_key);
        set(&mut c.content_structure, self.content_structure);
        set(&mut c.page_role, self.page_role);
        set(&mut c.body, self.body);
        set(&mut c.body_format, self.body_format);
        set(&mut c.excerpt, self.excerpt);
        set(&mut c.seo_title, self.seo_title);
        set(&mut c.meta_description, self.meta_description);
        set_or_clear(&mut c.primary_keyword, self.primary_keyword);
        set(&mut c.secondary_keywords, self.secondary_keywords);
        set_or_clear(&mut c.canonical_url, self.canonical_url);
        set(&mut c.indexable, self.indexable);
        set(&mut c.entity, self.entity);
        set(&mut c.attributes, self.attributes);
        set(&mut c.faq, self.faq);
        set(&mut c.blocks, self.blocks);
        set_or_clear(&mut c.layout, self.layout);
        set_or_clear(&mut c.sector, self.sector);
        // Without its cluster it has no place in it.
        if self.cluster.is_null() {
            c.cluster_role = None;
        }
        set_or_clear(&mut c.cluster, self.cluster);
        set_or_clear(&mut c.cluster_role, self.cluster_role);
        set(&mut c.terms, self.terms);
        set_or_clear(&mut c.featured_image, self.featured_image);
        set_or_clear(&mut c.author, self.author);
        set_or_clear(&mut c.weight, self.weight);
        set(&mut c.aliases, self.aliases);
        set(&mut c.extra, self.extra);
    }
}

impl ContentOut {
    pub fn from_row(c: Content) -> Self {
        Self {
            id: c.id,
            site: c.site,
            sector: c.sector,
            title: c.title,
            slug: c.slug,
            section: c.section,
            path: c.path,
            language: c.language,
            translation_key: c.translation_key,
            content_type: c.content_type,
            content_structure: c.content_structure,
            page_role: c.page_role,
            body: c.body,
            body_format: c.body_format,
            excerpt: c.excerpt,
            seo_title: c.seo_title,
            meta_description: c.meta_description,
            primary_keyword: c.primary_keyword,
            secondary_keywords: c.secondary_keywords,
            canonical_url: c.canonical_url,
            indexable: c.indexable,
            entity: c.entity,
            attributes: c.attributes,
            faq: c.faq,
            blocks: c.blocks,
            layout: c.layout,
            cluster: c.cluster,
            cluster_role: c.cluster_role,
            terms: c.terms,
            featured_image: c.featured_image,
            author: c.author,
            weight: c.weight,
            aliases: c.aliases,
            extra: c.extra,
            status: c.status,
            approved_by: c.approved_by,
            approved_at: c.approved_at,
            published_at: c.published_at,
            publish_at: c.publish_at,
            unpublish_at: c.unpublish_at,
            schedule_error: c.schedule_error,
            source: c.source,
            sync_status: c.sync_status,
            source_url: c.source_url,
            content_hash: c.content_hash,
            revised_at: c.revised_at,
            revision: c.revision,
            created_at: c.created_at,
            updated_at: c.updated_at,
            deleted_at: c.deleted_at,
        }
    }
}

impl From<Highlight> for HighlightOut {
    fn from(found: Highlight) -> Self {
        Self {
            title: found.title,
            text: found.text,
        }
    }
}

impl SummaryOut {
    pub fn from_row(c: ContentSummary) -> Self {
        Self {
            id: c.id,
            sector: c.sector,
            title: c.title,
            slug: c.slug,
            section: c.section,
            path: c.path,
            language: c.language,
            content_type: c.content_type,
            content_structure: c.content_structure,
            page_role: c.page_role,
            excerpt: c.excerpt,
            primary_keyword: c.primary_keyword,
            cluster: c.cluster,
            cluster_role: c.cluster_role,
            terms: c.terms,
            featured_image: c.featured_image,
            author: c.author,
            weight: c.weight,
            indexable: c.indexable,
            status: c.status,
            published_at: c.published_at,
            publish_at: c.publish_at,
            unpublish_at: c.unpublish_at,
            schedule_error: c.schedule_error,
            source: c.source,
            sync_status: c.sync_status,
            revision: c.revision,
            score: c.score,
            etag: crate::api::etag::of(c.rev),
            created_at: c.created_at,
            updated_at: c.updated_at,
            deleted_at: c.deleted_at,
            highlight: None,
        }
    }
}
