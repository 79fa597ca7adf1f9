//! A site's pages as they are planned.

use igny8_planner::cluster::Intent;
use serde::{Deserialize, Serialize};

use crate::blueprint::FieldSpec;
use crate::names::{
    BlockType, ContentType, ContextType, Entity, Layout, MenuPlace, PageType, Role, SiteKind, Structure,
};

/// Pages of one plan; what is beyond is left out and counted.
pub const MAX_PAGES: usize = 10_000;
/// Levels of a plan, the home page among them.
pub const MAX_DEPTH: usize = 10;
/// Links that are planned for one page.
pub const MAX_LINKS: usize = 40;
/// Terms that one page is filed under.
pub const MAX_TERMS: usize = 20;
/// Characters of a title.
pub const MAX_TITLE: usize = 200;

/// Who the site is for, as far as its pages depend on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brand {
    /// The site's name.
    pub name: String,
    /// What it is, in a sentence.
    pub description: String,
    /// For whom it is.
    pub audience: String,
    /// BCP 47 tag of its language.
    pub language: String,
}

/// A cluster that is attached to the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// Unique.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Its place among the others.
    pub role: Role,
    /// What kind of thing it is about.
    pub context: ContextType,
    /// The cluster above it.
    pub parent: Option<String>,
    /// Smaller comes first; equal ones by searches.
    pub priority: u32,
    /// Terms and attribute values that clustering recommends.
    pub recommended: Vec<String>,
    /// Attributes that its keywords name: property and value.
    pub attributes: Vec<(String, String)>,
    /// Its keywords, in any order.
    pub keywords: Vec<Keyword>,
}

/// A keyword of a cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Keyword {
    /// Unique.
    pub id: String,
    /// As it was typed.
    pub text: String,
    /// Searches a month.
    pub volume: Option<u64>,
    /// What somebody wants who types it.
    pub intent: Option<Intent>,
    /// The first results of a search, best first.
    pub serp_urls: Vec<String>,
}

/// A keyword that a page aims at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aim {
    /// The keyword's id.
    pub id: String,
    /// As it was typed.
    pub text: String,
}

/// A heading of a page's outline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    /// As it stands on the page.
    pub text: String,
    /// It belongs into the questions and answers.
    pub question: bool,
}

/// A part of a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BlockPlan {
    /// Which of those there are.
    #[serde(rename = "type")]
    pub kind: BlockType,
    /// How it looks; the usual look when empty.
    pub variant: String,
    /// What people call it.
    pub name: String,
    /// What to write: Markdown.
    pub prompt: String,
    /// Entries it should have.
    pub items: Option<u32>,
    /// Path of the section whose pages it shows.
    pub section: Option<String>,
    /// How many of them.
    pub limit: Option<u32>,
    /// Keys of the pages that it leads to.
    pub links: Vec<String>,
    /// Fields of a form.
    pub fields: Vec<FieldSpec>,
}

/// A page of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PagePlan {
    /// Unique, and the same whenever the plan is made: by what the page is for.
    pub key: String,
    /// The blueprint's kind of page.
    pub kind: String,
    /// The template that shows it.
    pub page_type: PageType,
    /// What it is in the data.
    pub entity: Entity,
    /// Type of its content; a section has none.
    pub content_type: Option<ContentType>,
    /// How its text is built; a section has none.
    pub structure: Option<Structure>,
    /// How it is arranged; as the site when `None`.
    pub layout: Option<Layout>,
    /// The cluster it belongs to.
    pub cluster: Option<String>,
    /// Its place in the cluster.
    pub role: Option<Role>,
    /// The term whose archive it is.
    pub term: Option<String>,
    /// Terms it is filed under.
    pub terms: Vec<String>,
    /// Its title.
    pub title: String,
    /// Its name in menus.
    pub label: String,
    /// Title in search results; the title when empty.
    pub seo_title: String,
    /// Description in search results; empty where none can be made of what is known.
    pub description: String,
    /// Search engines are asked to stay away.
    pub hidden: bool,
    /// Path of the folder it is in, with both slashes.
    pub section: String,
    /// The last part of its address; empty for the home page.
    pub slug: String,
    /// Key of the page it stands below; none for the home page.
    pub parent: Option<String>,
    /// Its place among those below the same page, from 0.
    pub position: u32,
    /// The keyword it should be found by.
    pub primary: Option<Aim>,
    /// Further keywords that it covers, the most searched first.
    pub keywords: Vec<Aim>,
    /// Searches a month for all of these; variants are counted once.
    pub volume: u64,
    /// Its headings, in order.
    pub outline: Vec<Heading>,
    /// Words it should have.
    pub words: u32,
    /// Parts it is built from.
    pub blocks: Vec<BlockPlan>,
    /// Keys of the pages that its text should link to.
    pub links: Vec<String>,
    /// It cannot be taken out.
    pub required: bool,
    /// Planning anew leaves it as it is.
    pub locked: bool,
}

impl PagePlan {
    /// Where it is on the site.
    pub fn address(&self) -> String {
        match self.slug.as_str() {
            "" => self.section.clone(),
            slug => format!("{}{slug}/", self.section),
        }
    }

    /// Whether it belongs to the frame of the site and not to a subject.
    pub fn is_frame(&self) -> bool {
        self.cluster.is_none() && self.term.is_none() && !self.key.contains(':')
    }
}

/// An entry of a menu.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuEntry {
    /// Key of the page it leads to.
    pub page: String,
    /// Other words than the page's own label.
    pub label: Option<String>,
    /// Keys of pages that stand below it.
    pub below: Vec<String>,
}

/// A menu of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Menu {
    /// Where it stands.
    pub place: MenuPlace,
    /// Its entries, in order.
    pub items: Vec<MenuEntry>,
    /// Planning anew leaves it as it is.
    pub locked: bool,
}

/// The pages of a site and its menus. Pages come as the tree has them: each after the one it stands below.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sitemap {
    /// All pages.
    pub pages: Vec<PagePlan>,
    /// All menus.
    pub menus: Vec<Menu>,
}

impl Sitemap {
    /// The page of that key. For many, make an index.
    pub fn page(&self, key: &str) -> Option<&PagePlan> {
        self.pages.iter().find(|page| page.key == key)
    }
}

/// The kind of site that ideas are made for.
pub(crate) fn ideas_options(brand: &Brand, site: SiteKind, supporting: u32) -> igny8_planner::ideas::Options {
    igny8_planner::ideas::Options {
        language: brand.language.clone(),
        site,
        most_supporting: supporting.max(1) as usize,
        ..igny8_planner::ideas::Options::default()
    }
}
