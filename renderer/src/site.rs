//! The site snapshot: everything the renderer needs to know about one site, as plain data.
//!
//! A snapshot is made by the server from a site's published rows, or by [`crate::folder`] from a folder of Markdown. It
//! serialises to JSON, so a snapshot saved to a file reproduces a render without a database. It carries its own "now"
//! ([`Site::generated_at`]); the renderer has no clock.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Weak};

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

pub use crate::blocks::{Block, PageLayout};
pub use crate::markdown::Syntax;

/// The snapshot format this renderer reads. Raised when a field changes its meaning or a required field is added.
pub const SNAPSHOT_VERSION: u32 = 1;

/// One site at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// [`SNAPSHOT_VERSION`] of the writer.
    pub version: u32,
    /// The moment the snapshot stands for: feeds and footers use it as "now".
    pub generated_at: DateTime<Utc>,
    pub settings: Settings,
    /// Posts, pages, products and services, in any order; the renderer sorts.
    #[serde(default)]
    pub pages: Vec<SharedPage>,
    /// Folders of pages that have an archive of their own (`/blog/`, `/shop/`).
    #[serde(default)]
    pub sections: Vec<Section>,
    #[serde(default)]
    pub taxonomies: Vec<Taxonomy>,
    /// Menus by place: `main`, `footer`.
    #[serde(default)]
    pub menus: IndexMap<String, Vec<MenuItem>>,
    /// Files that pages refer to, copied into the output beside them. Bytes are not in the snapshot.
    #[serde(default)]
    pub media: Vec<Media>,
    #[serde(default)]
    pub redirects: Vec<Redirect>,
}

impl Site {
    /// Whether the menu `main` is made of the sections and of [`PageKind::IN_MADE_MENU`], since the site has none.
    pub fn makes_menu(&self) -> bool {
        !self.menus.contains_key("main")
    }
}

/// What the site says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub title: String,
    /// One line under the title, and the home page's meta description.
    #[serde(default)]
    pub description: String,
    /// Absolute address without a trailing slash: `https://example.com` or `http://localhost:8080/sites/demo`.
    pub base_url: String,
    pub site_type: SiteType,
    /// BCP 47 tag of the default language: `en`, `pt-BR`.
    pub language: String,
    /// Further languages the site is written in; pages of these live under `/<tag>/`.
    #[serde(default)]
    pub languages: Vec<String>,
    /// IANA time zone that dates are shown in: `Europe/Lisbon`.
    #[serde(default = "utc")]
    pub time_zone: String,
    /// Who stands behind the site, for feeds, copyright and Organization data.
    #[serde(default)]
    pub organisation: Organisation,
    /// Items on one archive page.
    #[serde(default = "per_page")]
    pub per_page: usize,
    /// How lists by date are cut into pages.
    #[serde(default)]
    pub pagination: Pagination,
    /// Items in one feed.
    #[serde(default = "feed_limit")]
    pub feed_limit: usize,
    /// Options of the theme (`theme.toml` declares and bounds them): colours, logo, layout.
    #[serde(default)]
    pub theme_options: IndexMap<String, serde_json::Value>,
    /// False keeps the whole site out of search engines (robots.txt and a meta tag): previews, staging.
    #[serde(default = "yes")]
    pub indexable: bool,
    /// What is read in Markdown besides the usual.
    #[serde(default)]
    pub markdown: Syntax,
    /// Which files are written beside the pages.
    #[serde(default)]
    pub outputs: Outputs,
    /// Where forms without an address of their own are sent, without a slash at the end; what page and form it is comes after it
    /// ([`crate::forms::action`]). Without it such forms are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forms: Option<String>,
    /// Front matter or settings the renderer does not know, kept so that export gives them back.
    #[serde(default)]
    pub extra: IndexMap<String, serde_json::Value>,
}

/// How a list by date is cut into pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pagination {
    /// Pages are filled from the oldest piece on, so that a new one changes the first page alone; that has from half as many
    /// pieces as the others to half more.
    #[default]
    Stable,
    /// Pages are filled from the newest on, so that only the last is not full and each changes with each new piece. What Hugo, Zola
    /// and Jekyll do.
    Full,
}

/// Files that a site can have beside its pages, and what keeps all of them from going out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outputs {
    /// Formats of the feeds of home pages and sections.
    pub feeds: Vec<FeedFormat>,
    /// Formats of the feeds of terms, which have summaries.
    pub term_feeds: Vec<FeedFormat>,
    /// `llms.txt`, an overview in Markdown for language models.
    pub llms_txt: bool,
    /// False asks crawlers that collect texts for language models to stay away (`robots.txt`).
    pub ai_crawlers: bool,
    /// A search page with its index. `None`: for sites of up to 25,000 pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<bool>,
    /// A picture of title and brand for every page that has none ([`crate::share_image`]), for links to it that are shared.
    pub share_images: bool,
    /// Findings that are errors for this site, and keep a release from going out, although they are only warned of elsewhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub strict: Vec<Strict>,
}

/// Kinds of findings that a site can be strict about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strict {
    /// Links of texts, menus and redirects that lead nowhere or where they must not.
    Links,
    /// Links to places that their pages do not have.
    Anchors,
    /// Images that are not there, damaged, or without a description.
    Images,
    /// Titles that two pages share, or that are missing.
    Titles,
    /// Addresses that are wanted twice.
    Addresses,
    /// Structured data that lacks what search engines need.
    StructuredData,
    /// Pages that nothing leads to.
    Orphans,
}

impl Strict {
    /// Whether a finding of this code ([`crate::Diagnostic::code`]) is of this kind.
    pub fn covers(self, code: &str) -> bool {
        let codes: &[&str] = match self {
            Self::Links => &["link-missing", "link-refused", "link-empty"],
            Self::Anchors => &["anchor-missing", "anchor-taken"],
            Self::Images => &[
                "image-missing",
                "image-refused",
                "image-untouched",
                "alt-missing",
                crate::output::MEDIA_MISSING,
                crate::output::IMAGE_BROKEN,
            ],
            Self::Titles => &["title-duplicate", "title-missing"],
            Self::Addresses => &[crate::output::PATH_CONFLICT],
            Self::StructuredData => &["json-ld", "json-ld-fields"],
            Self::Orphans => &["orphan"],
        };
        codes.contains(&code)
    }
}

impl Default for Outputs {
    fn default() -> Self {
        Self {
            feeds: FeedFormat::ALL.to_vec(),
            term_feeds: FeedFormat::ALL.to_vec(),
            llms_txt: true,
            ai_crawlers: true,
            search: None,
            share_images: true,
            strict: Vec::new(),
        }
    }
}

/// How a feed is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedFormat {
    /// `atom.xml`
    Atom,
    /// `rss.xml`
    Rss,
    /// `feed.json`
    Json,
}

impl FeedFormat {
    /// All of them, the one to prefer first.
    pub const ALL: [Self; 3] = [Self::Atom, Self::Rss, Self::Json];

    /// The name of its file.
    pub fn file(self) -> &'static str {
        match self {
            Self::Atom => "atom.xml",
            Self::Rss => "rss.xml",
            Self::Json => "feed.json",
        }
    }

    /// Its MIME type, as links in heads give it.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml",
            Self::Rss => "application/rss+xml",
            Self::Json => "application/feed+json",
        }
    }
}

fn utc() -> String {
    "UTC".into()
}
fn per_page() -> usize {
    20
}
fn feed_limit() -> usize {
    20
}
fn yes() -> bool {
    true
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteType {
    Blog,
    Ecommerce,
    Company,
}

/// The publisher: what Organization data, the footer and the contact page show.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Organisation {
    pub name: String,
    pub email: String,
    pub phone: String,
    /// Postal address, one line per entry: all of it, or street and number where the fields below say the rest.
    pub address: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub postal_code: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub city: String,
    /// State, province or county.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub region: String,
    /// ISO 3166-1 alpha-2: `PT`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub country: String,
    /// Public path of the logo, listed in [`Site::media`].
    pub logo: Option<String>,
    /// Profiles elsewhere (absolute URLs).
    pub same_as: Vec<String>,
    /// What sort of organisation it is, which structured data says.
    #[serde(skip_serializing_if = "is_usual")]
    pub kind: OrganisationKind,
    /// The name in contracts and registers, where it is another.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub legal_name: String,
    /// VAT or sales tax number.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub vat_id: String,
    /// Register and number in it: `Companies House 01234567`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub registration: String,
    /// Site path or absolute URL of what is said about personal data; forms lead to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privacy_url: Option<String>,
}

fn is_usual(kind: &OrganisationKind) -> bool {
    *kind == OrganisationKind::default()
}

/// What sort of organisation stands behind a site. All but the first are places that people go to: without an address they
/// are shown as the first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganisationKind {
    #[default]
    Organization,
    LocalBusiness,
    Store,
    ProfessionalService,
}

impl Organisation {
    /// The postal address as it is written on a letter, without the country.
    pub fn address_lines(&self) -> Vec<String> {
        let joined = |parts: &[&str], with: &str| {
            let parts: Vec<&str> = parts.iter().map(|p| p.trim()).filter(|p| !p.is_empty()).collect();
            parts.join(with)
        };
        let (code, city, region) = (&self.postal_code, &self.city, &self.region);
        let place = match self.country.as_str() {
            "US" | "CA" | "AU" => joined(&[city, &joined(&[region, code], " ")], ", "),
            "GB" | "IE" => joined(&[city, region, code], ", "),
            _ => joined(&[&joined(&[code, city], " "), region], ", "),
        };
        let lines = self.address.iter().map(|line| line.trim().to_owned());
        lines.chain([place]).filter(|line| !line.is_empty()).collect()
    }

    /// The type of schema.org.
    pub fn schema_type(&self) -> &'static str {
        match self.kind {
            _ if self.address_lines().is_empty() => "Organization",
            OrganisationKind::Organization => "Organization",
            OrganisationKind::LocalBusiness => "LocalBusiness",
            OrganisationKind::Store => "Store",
            OrganisationKind::ProfessionalService => "ProfessionalService",
        }
    }
}

/// One piece of content with an address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Stable identity across renders (a content id, or the source path of a folder): ties are broken by it.
    pub id: String,
    pub kind: PageKind,
    /// Path on the site, with leading and trailing slash: `/blog/brewing-times/`; `/` is the home page.
    pub path: String,
    /// The page's section ([`Section::path`]), `/` when none.
    pub section: String,
    pub title: String,
    /// Title for search results and cards; empty means [`Page::title`].
    #[serde(default)]
    pub seo_title: String,
    /// Meta description; empty means the excerpt, then the start of the body.
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub excerpt: String,
    pub body: Body,
    pub language: String,
    /// Pages that are translations of each other carry the same key.
    #[serde(default)]
    pub translation_key: Option<String>,
    /// First publication.
    #[serde(default)]
    pub published_at: Option<DateTime<Utc>>,
    /// Last change a reader would notice.
    #[serde(default)]
    pub updated_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub author: Option<String>,
    /// Terms by taxonomy name: `{"tags": ["espresso"]}`, values are [`Term::slug`].
    #[serde(default)]
    pub terms: IndexMap<String, Vec<String>>,
    /// Public path of the featured image, listed in [`Site::media`], or an absolute URL.
    #[serde(default)]
    pub image: Option<String>,
    /// Order among siblings, smallest first; pages without come after those with, by date.
    #[serde(default)]
    pub weight: Option<i64>,
    /// Old paths that redirect here.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Another address that search engines should prefer: absolute. The page's own means nothing.
    #[serde(default)]
    pub canonical_url: Option<String>,
    #[serde(default = "yes")]
    pub indexable: bool,
    #[serde(default)]
    pub primary_keyword: Option<String>,
    /// What else the page wants to be found by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// What sort of text it is, which structured data says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structure: Option<ContentStructure>,
    /// The term whose archive this page is the text of: it stands at the archive's address, above the list, and gives it its title,
    /// description, picture and whether it is indexed. [`Page::path`] then only leads there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term: Option<TermRef>,
    #[serde(default)]
    pub cluster: Option<ClusterRef>,
    /// Price, brand, opening area: what the page's kind adds.
    #[serde(default)]
    pub entity: Entity,
    /// Attributes shown as a table: material, weight, duration.
    #[serde(default)]
    pub attributes: IndexMap<String, String>,
    /// Questions and answers (Markdown), shown after the body and in FAQPage data.
    #[serde(default)]
    pub faq: Vec<FaqItem>,
    /// Parts shown after the body, or instead of it when the body is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<Block>,
    /// Arrangement of this page; `None` takes the site's, the theme option `layout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<PageLayout>,
    #[serde(default)]
    pub extra: IndexMap<String, serde_json::Value>,
}

/// A page that several snapshots of a site can share. A snapshot is then cheap to copy, and a page that was not touched between two
/// renders is known by being the same.
#[derive(Debug, Clone)]
pub struct SharedPage(Arc<Page>);

impl SharedPage {
    /// What the page can be known by later without being kept.
    pub(crate) fn handle(&self) -> Weak<Page> {
        Arc::downgrade(&self.0)
    }

    /// True if this is the very page that the handle is of, so that nothing can differ. A handle keeps the place in memory, so no
    /// other page can have it.
    pub(crate) fn is_of(&self, handle: &Weak<Page>) -> bool {
        std::ptr::eq(Arc::as_ptr(&self.0), handle.as_ptr())
    }

    /// True if both are one and the same page, so that nothing can differ.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The page itself, copied if others share it.
    pub fn into_page(self) -> Page {
        Arc::unwrap_or_clone(self.0)
    }
}

impl From<Page> for SharedPage {
    fn from(page: Page) -> Self {
        Self(Arc::new(page))
    }
}

impl Deref for SharedPage {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.0
    }
}

impl DerefMut for SharedPage {
    /// Copies the page first if others share it.
    fn deref_mut(&mut self) -> &mut Page {
        Arc::make_mut(&mut self.0)
    }
}

impl PartialEq for SharedPage {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || *self.0 == *other.0
    }
}

impl Serialize for SharedPage {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SharedPage {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Page::deserialize(deserializer).map(Self::from)
    }
}

/// What a page is; each kind has its own template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageKind {
    Post,
    Page,
    Product,
    Service,
    /// The page at `/`. Without one the renderer makes a home page from the settings and the newest pages.
    Home,
    About,
    Contact,
}

impl PageKind {
    /// What the menu of a site without one leads to behind the sections: of each kind the language's first page, by path.
    pub const IN_MADE_MENU: [Self; 2] = [Self::About, Self::Contact];
}

/// The text of a page, still in its source form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "format", content = "text", rename_all = "snake_case")]
pub enum Body {
    Markdown(String),
    /// Imported HTML; cleaned like any other user HTML.
    Html(String),
}

/// A term by its taxonomy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermRef {
    /// [`Taxonomy::name`].
    pub taxonomy: String,
    /// [`Term::slug`].
    pub slug: String,
}

/// What sort of text a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContentStructure {
    Article,
    Guide,
    Comparison,
    Review,
    Listicle,
    LandingPage,
    BusinessPage,
    ServicePage,
    General,
    ClusterHub,
    ProductPage,
    CategoryArchive,
    TagArchive,
    AttributeArchive,
}

impl ContentStructure {
    /// True for texts that someone wrote about something, whatever kind of page they are.
    pub fn is_article(self) -> bool {
        matches!(
            self,
            Self::Article | Self::Guide | Self::Comparison | Self::Review | Self::Listicle
        )
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterRef {
    pub id: String,
    pub name: String,
    pub role: ClusterRole,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClusterRole {
    Hub,
    Supporting,
    Attribute,
}

/// Data of products and services; every field optional, [`Page::kind`] says which are shown.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Entity {
    /// Decimal amount as text, dot as separator: `"12.50"`. Text, since binary fractions cannot hold cents.
    pub price: Option<String>,
    /// ISO 4217: `EUR`.
    pub currency: Option<String>,
    pub brand: Option<String>,
    pub sku: Option<String>,
    pub gtin: Option<String>,
    pub availability: Option<Availability>,
    /// Mean rating, 0 to 5.
    pub rating_value: Option<f64>,
    pub rating_count: Option<u32>,
    /// Where a service is offered.
    pub area: Option<String>,
    /// For a service: `€40–€90`.
    pub price_range: Option<String>,
    /// Further images of a product, public paths.
    pub gallery: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    InStock,
    OutOfStock,
    PreOrder,
    Discontinued,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaqItem {
    pub question: String,
    pub answer: String,
}

/// A folder of pages with an archive: `/blog/`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// `/blog/`.
    pub path: String,
    pub title: String,
    #[serde(default)]
    pub description: String,
    /// Text above the list.
    pub body: Body,
    pub language: String,
    #[serde(default)]
    pub sort: SectionSort,
    /// Items on one page; `None` takes [`Settings::per_page`], `Some(0)` means all on one.
    #[serde(default)]
    pub per_page: Option<usize>,
    /// Sections that are translations of each other carry the same key; without one, those whose paths differ by the language alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translation_key: Option<String>,
    /// False keeps the section's archive from being written (its pages still are).
    #[serde(default = "yes")]
    pub render: bool,
    #[serde(default)]
    pub weight: Option<i64>,
    #[serde(default)]
    pub extra: IndexMap<String, serde_json::Value>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SectionSort {
    /// Newest first.
    #[default]
    Date,
    Title,
    Weight,
}

/// A way of grouping pages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taxonomy {
    /// Plural name used in addresses and in [`Page::terms`]: `tags`, `categories`, `product-categories`.
    pub name: String,
    /// Heading of the archive of all terms.
    pub title: String,
    pub kind: TaxonomyKind,
    /// Term archives live at `<path><term slug>/`: `/tags/`, `/shop/category/`.
    pub path: String,
    pub terms: Vec<Term>,
    #[serde(default)]
    pub per_page: Option<usize>,
    #[serde(default = "yes")]
    pub feed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxonomyKind {
    BlogCategory,
    BlogTag,
    ProductCategory,
    ProductTag,
    ProductAttribute,
    ServiceCategory,
}

/// One term of a taxonomy. A page may name a term that is not listed; the renderer then makes it from its slug.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    pub slug: String,
    pub name: String,
    #[serde(default)]
    pub description: String,
    /// Slug of the term above, in the same taxonomy.
    #[serde(default)]
    pub parent: Option<String>,
    pub language: String,
    /// Terms of a taxonomy that are translations of each other carry the same key; without one, those with the same slug.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translation_key: Option<String>,
    /// Slugs it had before; their archives' addresses lead to its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MenuItem {
    pub label: String,
    /// Site path or absolute URL.
    pub url: String,
    #[serde(default)]
    pub children: Vec<MenuItem>,
}

/// A file beside the pages. Whoever writes the release knows where its bytes are, by [`Media::source`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Media {
    /// Where visitors find it: `/media/3f9a…c1.webp`.
    pub path: String,
    /// Opaque to the renderer: a BLAKE3 hash in the server's store, or a path below the folder that was read.
    pub source: String,
    /// MIME type, as sniffed from the bytes.
    pub mime: String,
    /// Pixels; `None` for files that are not images.
    #[serde(default)]
    pub width: Option<u32>,
    #[serde(default)]
    pub height: Option<u32>,
    #[serde(default)]
    pub alt: String,
    pub bytes: u64,
    /// Smaller forms of an image, which [`crate::images::ImageCache::prepare`] finds out: a snapshot from elsewhere has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<crate::images::Variant>,
    /// What is wrong with the file, found out in the same way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<crate::images::MediaProblem>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redirect {
    /// Old path: `/old/`.
    pub from: String,
    /// Site path or absolute URL.
    pub to: String,
}
