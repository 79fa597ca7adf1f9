//! A page as the linker sees it.

use serde::{Deserialize, Serialize};

use crate::body::{self, Format};

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
    /// Pages that it lists, in order, apart from body and menus.
    pub listed: Vec<String>,
    /// How many of [`Page::listed`] are shown at once: each further part is a click further away. 0 shows all.
    pub per_page: usize,
    /// An archive: a way to other pages. It is never a target, and nothing is missing in it.
    pub archive: bool,
    /// Markdown that is shown beside the body; links in it count, but none is put there.
    pub beside: Vec<String>,
    /// Where buttons and pictures beside the body lead.
    pub buttons: Vec<String>,
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

    /// Where it leads apart from the body, menus and lists.
    pub fn linked_beside(&self) -> Vec<String> {
        let texts = self
            .beside
            .iter()
            .flat_map(|text| body::read(text, Format::Markdown).links);
        texts
            .map(|link| link.href)
            .chain(self.buttons.iter().cloned())
            .collect()
    }

    /// The primary language of the tag, in lower case: `pt` of `pt-BR`.
    pub fn primary_language(&self) -> String {
        primary(&self.language)
    }
}

pub(crate) fn primary(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase()
}
