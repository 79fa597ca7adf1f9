//! What is scored, borrowed from wherever it is kept.

use serde::{Deserialize, Serialize};

/// What a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum ContentType {
    Post,
    Page,
    Product,
    Service,
    Taxonomy,
}

/// How its text is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Structure {
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

/// What counts as a use of a word of a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matching {
    /// Any word with the same stem, where the language has a stemmer.
    #[default]
    Stems,
    /// The same word only, but for case.
    Words,
}

/// Data of a product or a service, as text: only whether it is there is looked at.
#[derive(Debug, Clone, Copy, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Entity<'a> {
    pub price: Option<&'a str>,
    pub currency: Option<&'a str>,
    pub availability: Option<&'a str>,
    pub brand: Option<&'a str>,
    pub sku: Option<&'a str>,
    pub gtin: Option<&'a str>,
    pub rating: Option<f64>,
    pub area: Option<&'a str>,
    pub price_range: Option<&'a str>,
}

/// An image beside those of the body: featured, or of a gallery.
#[derive(Debug, Clone, Copy, Default)]
pub struct Picture<'a> {
    /// Its alternative text.
    pub alt: &'a str,
}

/// A piece of content and what is known around it. Everything may be empty.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Its headline.
    pub title: &'a str,
    /// The title for search engines; empty means the headline.
    pub seo_title: &'a str,
    /// Its meta description.
    pub meta_description: &'a str,
    /// The last part of its address.
    pub slug: &'a str,
    /// Its body as HTML.
    pub body: &'a str,
    /// BCP 47 tag.
    pub language: &'a str,
    /// What it is.
    pub content_type: ContentType,
    /// How it is built.
    pub structure: Structure,
    /// It is the hub of its cluster: more is asked of it.
    pub cornerstone: bool,
    /// What it wants to be found for. In double quotes: word for word.
    pub primary_keyword: Option<&'a str>,
    /// Other ways to say the primary keyword; a use of one counts as a use of it.
    pub synonyms: &'a [String],
    /// What else it wants to be found for.
    pub secondary_keywords: &'a [String],
    /// What counts as a use.
    pub matching: Matching,
    /// It is a page of the site, or is to be one; else cluster and terms say nothing about it.
    pub of_site: bool,
    /// It belongs to a cluster.
    pub has_cluster: bool,
    /// How many taxonomy terms it has.
    pub terms: usize,
    /// Data of products and services.
    pub entity: Entity<'a>,
    /// Images beside those of the body.
    pub pictures: &'a [Picture<'a>],
    /// How many questions with an answer it has.
    pub faq: usize,
    /// Who wrote it.
    pub author: Option<&'a str>,
    /// First publication, in seconds since 1970.
    pub published_at: Option<i64>,
    /// Last change of what a reader sees, in seconds since 1970.
    pub revised_at: Option<i64>,
    /// When it is scored, in seconds since 1970.
    pub now: i64,
    /// How many other pages of the site link to it; none where that is not known or says nothing, as of drafts.
    pub inbound_links: Option<usize>,
    /// The host of the site: `example.com`.
    pub site_host: &'a str,
}

impl Default for Input<'_> {
    fn default() -> Self {
        Input {
            title: "",
            seo_title: "",
            meta_description: "",
            slug: "",
            body: "",
            language: "en",
            content_type: ContentType::Post,
            structure: Structure::Article,
            cornerstone: false,
            primary_keyword: None,
            synonyms: &[],
            secondary_keywords: &[],
            matching: Matching::Stems,
            of_site: true,
            has_cluster: false,
            terms: 0,
            entity: Entity::default(),
            pictures: &[],
            faq: 0,
            author: None,
            published_at: None,
            revised_at: None,
            now: 0,
            inbound_links: None,
            site_host: "",
        }
    }
}

impl<'a> Input<'a> {
    /// The title that result pages show.
    pub fn shown_title(&self) -> &'a str {
        match self.seo_title.trim() {
            "" => self.title.trim(),
            title => title,
        }
    }
}
