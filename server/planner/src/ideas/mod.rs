//! From clusters to ideas for pages: one hub page and as many supporting pages as the keywords ask for.
//!
//! 1. Variants (same stems) are one unit; units that share search results are one page.
//! 2. What a unit says beyond the words that the whole cluster has in common (its rest) and what kind of page its wording
//!    asks for decide which page it belongs to. Units without a rest belong to the hub.
//! 3. Weak pages are taken in by the hub or by the most similar page, so that no page is made for a keyword that hardly
//!    anybody searches.
//!
//! Every keyword is in exactly one idea, so that no two ideas aim at the same one. The same keywords give the same ideas,
//! whatever their order.

mod brief;
mod format;
mod group;
mod labels;
mod outline;
mod title;

use serde::{Deserialize, Serialize};

use crate::cluster::{ContextType, Keyword, Role};

pub use brief::brief;
pub use format::beside_archive;
pub use labels::is_usual_heading;
pub use title::title;

/// What kind of site the ideas are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteKind {
    /// Posts above all.
    Blog,
    /// A shop with products and categories.
    Ecommerce,
    /// A company with services.
    Company,
}

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

/// A cluster to make ideas for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cluster {
    /// What it is called.
    pub name: String,
    /// Its place in its topic.
    pub role: Role,
    /// What kind of thing it is about.
    pub context: ContextType,
    /// Its keywords that no idea aims at yet.
    pub keywords: Vec<Keyword>,
    /// Terms that were recommended for it.
    pub terms: Vec<String>,
    /// Its hub page is planned or written already: the ideas are supporting pages.
    pub has_hub: bool,
    /// The archive of the term of its name has a text, planned or written: no idea is another one.
    pub has_text: bool,
}

/// How to make ideas.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// Language of keywords that name none: stemming, casing and the words of headings.
    pub language: String,
    /// What the site is.
    pub site: SiteKind,
    /// Supporting pages of one cluster at most. At least 1.
    pub most_supporting: usize,
    /// Share of result URLs two keywords must have in common to need one page.
    pub shared_urls: f32,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            language: "en".to_owned(),
            site: SiteKind::Blog,
            most_supporting: 12,
            shared_urls: 0.4,
        }
    }
}

/// A heading of an outline.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Heading {
    /// As it would stand on the page.
    pub text: String,
    /// It belongs into the page's questions and answers.
    pub question: bool,
    /// Places of the keywords that it answers.
    pub keywords: Vec<usize>,
}

/// A page to be written. Keywords are places in [`Cluster::keywords`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Idea {
    /// Working title.
    pub title: String,
    /// Its place in the cluster: hub, supporting, or the cluster's subject with values of an attribute.
    pub role: Role,
    /// What it is.
    pub content_type: ContentType,
    /// How it is built.
    pub structure: Structure,
    /// The keyword it should rank for.
    pub primary: usize,
    /// Further keywords it covers, the most searched first.
    pub secondary: Vec<usize>,
    /// Its headings, in order; questions last.
    pub outline: Vec<Heading>,
    /// Words it should have.
    pub words: u32,
    /// Names of terms to file it under; for a text about a term that one alone, which no other idea is the text of.
    pub terms: Vec<String>,
}

/// The ideas for a cluster: the hub first, then the pages that are searched most. None without keywords.
pub fn plan(cluster: &Cluster, options: &Options) -> Vec<Idea> {
    let parts = group::group(cluster, options);
    outline::write(cluster, options, &parts)
}

/// The ideas that keywords nobody has put anywhere fit into best: for each of `rest` the place of a group of texts. Used
/// when somebody else made the groups and left some out. `None` when there are no groups.
pub fn fitting(groups: &[Vec<&str>], rest: &[&str], language: &str) -> Option<Vec<usize>> {
    group::fitting(groups, rest, language)
}
