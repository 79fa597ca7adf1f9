//! A page as the linker sees it.

use serde::{Deserialize, Serialize};

use crate::body::Format;

/// What a page is to its cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The wide subject; the others link to it and it links to them.
    Hub,
    /// A narrower subject of its own.
    Supporting,
    /// The hub's subject with a value of an attribute.
    Attribute,
}

/// One page. What a caller does not know is left empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Page {
    /// Unique in the site.
    pub id: String,
    /// Where it is on the site: `/blog/espresso/`.
    pub path: String,
    /// Its title.
    pub title: String,
    /// The last part of its address.
    pub slug: String,
    /// The keyword it is to be found by.
    pub primary_keyword: Option<String>,
    /// Further keywords.
    pub secondary_keywords: Vec<String>,
    /// Wordings that a person chose as anchors for links to it.
    pub anchor_terms: Vec<String>,
    /// The cluster's id.
    pub cluster: Option<String>,
    /// The cluster that its cluster belongs to.
    pub parent_cluster: Option<String>,
    /// What it is to its cluster.
    pub role: Option<Role>,
    /// Language tag; only pages of one language are proposed to each other.
    pub language: String,
    /// Whether visitors can see it.
    pub published: bool,
    /// Days since any fixed day, for pages that have a date of their own.
    pub day: Option<i64>,
    /// Old paths that lead here.
    pub aliases: Vec<String>,
    /// What its menus and footers link to, apart from the body.
    pub navigation: Vec<String>,
    /// The body.
    pub body: String,
    /// How the body is written.
    pub format: Format,
}

impl Page {
    /// The cluster whose hub this page belongs to: its own where it is the hub or has no parent, else the parent.
    pub fn topic(&self) -> Option<&str> {
        match self.role {
            Some(Role::Hub) => self.cluster.as_deref(),
            _ => self.parent_cluster.as_deref().or(self.cluster.as_deref()),
        }
    }

    /// The primary language of the tag, in lower case: `pt` of `pt-BR`.
    pub fn primary_language(&self) -> String {
        primary(&self.language)
    }
}

pub(crate) fn primary(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase()
}
