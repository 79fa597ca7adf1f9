//! Content as stored: the row, its summary for lists, and what it is made of.

use chrono::{DateTime, Utc};
use igny8_data::{AccountId, CanWrite, SectorId, SiteId, SiteScope, SurrealValue, id_type, record};
use poem_openapi::Object;

use crate::features::media::MediaId;
use crate::features::planner::model::choice;
use crate::features::planner::{Attribute, ClusterId, ClusterRole};
use crate::features::taxonomy::TermId;

use poem_openapi::Enum;

id_type!(
    /// A post, page, product, service or taxonomy page.
    ContentId, "content", "cont_"
);

choice!(ContentType {
    Post,
    Page,
    Product,
    Service,
    Taxonomy
});
choice!(
    /// How the text is built.
    ContentStructure {
        Article, Guide, Comparison, Review, Listicle, LandingPage, BusinessPage, ServicePage, General, ClusterHub,
        ProductPage, CategoryArchive, TagArchive, AttributeArchive,
    }
);
choice!(
    /// What a page is for; each has its own template. Other content is always `page`.
    PageRole { Home, About, Contact, Page }
);
choice!(BodyFormat {
    Markdown,
    /// Imported HTML; cleaned when it is rendered.
    Html,
});
choice!(
    /// The editorial status. Where content is published is told per destination.
    Status { Draft, Review, Approved, Published }
);
choice!(
    /// How a page is arranged; what it looks like is the theme's.
    Layout { Default, Minimal, Magazine, Ecommerce, Portfolio, Blog, Corporate }
);
choice!(Availability {
    InStock,
    OutOfStock,
    PreOrder,
    Discontinued
});
choice!(
    /// Where content was written first.
    Source { Igny8, Wordpress, Shopify, Custom }
);
choice!(SyncStatus {
    Native,
    Imported,
    Synced
});

/// Data of products and services; other content has none of it.
#[derive(Debug, Clone, Default, PartialEq, Object, SurrealValue, serde::Serialize, serde::Deserialize)]
#[surreal(crate = "surrealdb_types")]
#[oai(deny_unknown_fields, skip_serializing_if_is_none, skip_serializing_if_is_empty)]
#[serde(default)]
pub struct Entity {
    /// Decimal amount as text, dot as separator: `12.50`.
    pub price: Option<String>,
    /// ISO 4217: `EUR`.
    pub currency: Option<String>,
    pub brand: Option<String>,
    pub sku: Option<String>,
    /// 8, 12, 13 or 14 digits.
    pub gtin: Option<String>,
    pub availability: Option<Availability>,
    /// Mean rating, 0 to 5.
    pub rating_value: Option<f64>,
    pub rating_count: Option<i64>,
    /// Where a service is offered.
    pub area: Option<String>,
    /// For a service: `€40–€90`.
    pub price_range: Option<String>,
    /// Further images of a product.
    #[oai(default)]
    pub gallery: Vec<MediaId>,
}

/// A question with its answer in Markdown.
#[derive(Debug, Clone, PartialEq, Eq, Object, SurrealValue, serde::Serialize, serde::Deserialize)]
#[surreal(crate = "surrealdb_types")]
#[oai(deny_unknown_fields)]
pub struct Faq {
    pub question: String,
    pub answer: String,
}

/// Which fields a change of a row touched, to tell a stale writer.
#[derive(Debug, Clone, PartialEq, Eq, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Change {
    /// The row's revision after the change.
    pub rev: i64,
    pub at: DateTime<Utc>,
    pub fields: Vec<String>,
}

/// A piece of content as stored.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Content {
    pub id: ContentId,
    pub account: AccountId,
    pub site: SiteId,
    pub sector: Option<SectorId>,
    pub title: String,
    /// Unique within site, language and section; kept while the content is deleted.
    pub slug: String,
    /// Path of the folder it is in, with both slashes: `/blog/`; `/` for none.
    pub section: String,
    /// The address within its language; follows from section and slug ([`Content::derive_path`]).
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
    /// Empty means the title.
    pub seo_title: String,
    pub meta_description: String,
    pub primary_keyword: Option<String>,
    pub secondary_keywords: Vec<String>,
    pub canonical_url: Option<String>,
    pub indexable: bool,
    pub entity: Entity,
    pub attributes: Vec<Attribute>,
    pub faq: Vec<Faq>,
    /// Parts shown after the body, or instead of it when it is empty, in the renderer's own form
    /// ([`igny8_renderer::blocks::Block`]).
    #[surreal(default)]
    pub blocks: Vec<serde_json::Value>,
    /// The site's when `None`.
    pub layout: Option<Layout>,
    pub cluster: Option<ClusterId>,
    pub cluster_role: Option<ClusterRole>,
    pub terms: Vec<TermId>,
    /// The term whose archive it is the text of, while it is published ([`Content::derive_text_of`]); unique within site and
    /// language.
    pub text_of: Option<TermId>,
    pub featured_image: Option<MediaId>,
    pub author: Option<String>,
    /// Order among siblings, smallest first.
    pub weight: Option<i64>,
    /// Old addresses that redirect here.
    pub aliases: Vec<String>,
    /// Front matter or settings nothing here knows, kept for export.
    pub extra: serde_json::Value,
    pub status: Status,
    /// Who approved it: a user's or key's id, or the system's name. Stays when it is published, and goes when it goes back.
    pub approved_by: Option<String>,
    pub approved_at: Option<DateTime<Utc>>,
    /// First publication; stays when it is unpublished.
    pub published_at: Option<DateTime<Utc>>,
    /// When it will be published by itself.
    pub publish_at: Option<DateTime<Utc>>,
    pub unpublish_at: Option<DateTime<Utc>>,
    /// An admin waived the readiness check for the schedule.
    pub schedule_forced: bool,
    /// Why the last scheduled publication did not happen.
    pub schedule_error: Option<String>,
    pub source: Source,
    pub sync_status: SyncStatus,
    /// Where an import found it (a path, a foreign id); unique within the site.
    pub source_key: Option<String>,
    /// What the last import wrote, as a hash: tells a later one whether the row was changed here since.
    pub imported_hash: Option<String>,
    pub source_url: Option<String>,
    /// BLAKE3 of what a reader sees ([`Content::reader_hash`]).
    pub content_hash: String,
    /// Last change of what a reader sees.
    pub revised_at: DateTime<Utc>,
    /// Number of the newest [`super::Revision`].
    pub revision: i64,
    /// The last [`super::changes::KEPT`] changes.
    pub changes: Vec<Change>,
    /// What the text is worth, 0 to 100, as last scored ([`crate::features::optimizer`]): perhaps an older text. Nothing a
    /// reader sees, so it is written without raising `rev`.
    pub score: Option<i64>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

record!(Content, ContentId, site, soft_delete);

/// The columns of content that lists show: everything short. Read only; the schema refuses a summary written as a row.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct ContentSummary {
    pub id: ContentId,
    pub account: AccountId,
    pub site: SiteId,
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
    pub score: Option<i64>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

record!(ContentSummary, ContentId, site, soft_delete);

impl ContentSummary {
    /// What to ask the database for, see [`igny8_data::Select::columns`].
    pub const COLUMNS: &'static [&'static str] = &[
        "id",
        "account",
        "site",
        "sector",
        "title",
        "slug",
        "section",
        "path",
        "language",
        "content_type",
        "content_structure",
        "page_role",
        "excerpt",
        "primary_keyword",
        "cluster",
        "cluster_role",
        "terms",
        "featured_image",
        "author",
        "weight",
        "indexable",
        "status",
        "published_at",
        "publish_at",
        "unpublish_at",
        "schedule_error",
        "source",
        "sync_status",
        "revision",
        "score",
        "rev",
        "created_at",
        "updated_at",
        "deleted_at",
    ];
}

impl ContentType {
    /// The section new content of this type goes into.
    pub fn default_section(self) -> &'static str {
        match self {
            Self::Post => "/blog/",
            Self::Product => "/shop/",
            Self::Service => "/services/",
            Self::Page | Self::Taxonomy => "/",
        }
    }

    /// The structure new content of this type has.
    pub fn default_structure(self) -> ContentStructure {
        match self {
            Self::Post => ContentStructure::Article,
            Self::Page => ContentStructure::General,
            Self::Product => ContentStructure::ProductPage,
            Self::Service => ContentStructure::ServicePage,
            Self::Taxonomy => ContentStructure::CategoryArchive,
        }
    }
}

impl Content {
    /// A new draft with nothing but a title and an address. Its hash and path are set when it is saved
    /// ([`super::save`]).
    pub fn new<A: CanWrite>(
        id: ContentId,
        scope: &SiteScope<A>,
        content_type: ContentType,
        language: String,
        title: String,
        slug: String,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            account: scope.account(),
            site: scope.site(),
            sector: None,
            title,
            slug,
            section: content_type.default_section().to_owned(),
            path: String::new(),
            language,
            translation_key: None,
            content_type,
            content_structure: content_type.default_structure(),
            page_role: PageRole::Page,
            body: String::new(),
            body_format: BodyFormat::Markdown,
            excerpt: String::new(),
            seo_title: String::new(),
            meta_description: String::new(),
            primary_keyword: None,
            secondary_keywords: Vec::new(),
            canonical_url: None,
            indexable: true,
            entity: Entity::default(),
            attributes: Vec::new(),
            faq: Vec::new(),
            blocks: Vec::new(),
            layout: None,
            cluster: None,
            cluster_role: None,
            terms: Vec::new(),
            text_of: None,
            featured_image: None,
            author: None,
            weight: None,
            aliases: Vec::new(),
            extra: serde_json::json!({}),
            status: Status::Draft,
            approved_by: None,
            approved_at: None,
            published_at: None,
            publish_at: None,
            unpublish_at: None,
            schedule_forced: false,
            schedule_error: None,
            source: Source::Igny8,
            sync_status: SyncStatus::Native,
            source_key: None,
            imported_hash: None,
            source_url: None,
            content_hash: String::new(),
            revised_at: now,
            revision: 0,
            changes: Vec::new(),
            score: None,
            rev: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }

    /// The address that follows from section and slug; a home page has its section's.
    pub fn derive_path(&self) -> String {
        if self.page_role == PageRole::Home {
            self.section.clone()
        } else {
            format!("{}{}/", self.section, self.slug)
        }
    }

    /// The term that it is a text about: the first one, of a text for an archive.
    pub fn about(&self) -> Option<TermId> {
        self.terms
            .first()
            .copied()
            .filter(|_| self.content_type == ContentType::Taxonomy)
    }

    /// The term whose archive shows it.
    pub fn derive_text_of(&self) -> Option<TermId> {
        let is_live = self.status == Status::Published && self.deleted_at.is_none();
        self.about().filter(|_| is_live)
    }

    /// Whether it is published for some people only, at the destination that it was imported from: no release shows it.
    pub fn is_hidden(&self) -> bool {
        self.extra.pointer("/wordpress/hidden") == Some(&serde_json::Value::Bool(true))
    }

    /// Where visitors find it: further languages than the site's own live below their tag.
    pub fn address(&self, site_language: &str) -> String {
        if self.language == site_language {
            self.path.clone()
        } else {
            format!("/{}{}", self.language, self.path)
        }
    }

    /// BLAKE3, in hexadecimal, of everything a reader of the published page could notice.
    pub fn reader_hash(&self) -> String {
        // Blocks and layout were keys of `extra` once; counted as such they leave the hashes of that time valid.
        let mut extra = self.extra.clone();
        if let Some(extra) = extra.as_object_mut() {
            if !self.blocks.is_empty() {
                extra.insert("blocks".to_owned(), self.blocks.clone().into());
            }
            if let Some(layout) = self.layout {
                extra.insert("page_layout".to_owned(), serde_json::json!(layout));
            }
        }
        // In the order in which the database gives keys back.
        extra.sort_all_objects();
        let seen = (
            (
                &self.title,
                &self.path,
                &self.language,
                &self.translation_key,
                &self.body,
                self.body_format,
            ),
            (
                &self.excerpt,
                &self.seo_title,
                &self.meta_description,
                &self.canonical_url,
                self.indexable,
            ),
            (
                &self.primary_keyword,
                &self.entity,
                &self.attributes,
                &self.faq,
                &self.author,
                self.weight,
            ),
            (
                self.content_type,
                self.content_structure,
                self.page_role,
                &self.aliases,
                &extra,
            ),
            (
                self.cluster,
                self.cluster_role,
                &self.terms,
                self.featured_image,
                self.published_at,
            ),
        );
        // Serialising these into memory cannot fail: text keys, and a float that is not a number becomes null.
        let bytes = serde_json::to_vec(&seen).unwrap_or_default();
        blake3::hash(&bytes).to_hex().to_string()
    }
}
