//! Folders of Markdown: read into a [`Site`], and written from one.
//!
//! Four layouts are read: Zola, Hugo, Jekyll and our own ([`Layout::Plain`]). `renderer/FOLDERS.md` says for users which
//! keys mean what. Reading never stops at a bad file: [`FolderSite::problems`] names the file, the line and what was done,
//! and every file that is not in the site is named there. Only a folder that cannot be opened, or a configuration file that
//! does not parse, is an error.
//!
//! Reading is deterministic: no clock, no file times, no order of the file system. The steps, one module each:
//! `walk` finds files, `layout` recognises the generator, `config` reads its
//! configuration, `front_matter` and `page` read the files, `place` gives
//! them addresses, `shortcodes` and `liquid` turn the generator's tags into Markdown,
//! `links` makes links work, and [`write()`] exports our own layout.
//!
//! # Keys of front matter
//!
//! | key | also | meaning |
//! |---|---|---|
//! | `title` | | missing: the first heading, then the file name |
//! | `description`, `seo_title`, `primary_keyword`, `keywords` | | for search results |
//! | `structure` | | what sort of text it is: [`crate::site::ContentStructure`] |
//! | `[term]` | | `taxonomy` and `slug` of the term whose archive the page is the text of |
//! | `excerpt` | `summary`, text before `<!--more-->` | |
//! | `date` | date in the file name, `publishDate` | first publication |
//! | `updated` | `lastmod`, `last_modified_at`, `modified` | last change |
//! | `draft` | `published: false`, `_drafts/`, past `expiryDate` | read, and listed in [`FolderSite::drafts`] |
//! | `path` | `url`, `permalink` | the address |
//! | `slug` | | its last part |
//! | `aliases` | `redirect_from` | old addresses |
//! | `tags`, `categories`, `[taxonomies]` | `tag`, `category` | terms |
//! | `author` | `authors` | |
//! | `image` | `featured_image`, `cover`, `thumbnail`, `images` | featured image |
//! | `weight` | | order among siblings |
//! | `canonical_url` | `canonicalURL`, `canonical` | |
//! | `indexable` | `noindex`, `robotsNoIndex` | |
//! | `kind` | | `post`, `page`, `product`, `service`, `home`, `about`, `contact` |
//! | `[[blocks]]` | | parts of a page, see [`crate::blocks`] |
//! | `layout` | | our layout only: one of [`crate::blocks::PageLayout`] |
//! | `[entity]`, `[attributes]`, `[[faq]]`, `[cluster]` | | see [`crate::site::Page`] |
//! | `language`, `translation_key`, `section`, `id` | | our layout only, where they do not follow from the file's place |
//! | `raw_links` | | our layout: links in the text are public already, leave them |
//! | `[extra]`, `[params]`, anything else | | kept in `extra` |

mod anchors;
mod assemble;
mod blocks;
mod config;
mod dates;
mod fields;
mod front_matter;
mod kramdown;
mod layout;
mod links;
mod liquid;
mod media;
mod page;
mod paths;
mod place;
mod problem;
mod shortcodes;
mod texts;
mod walk;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

pub use layout::Layout;
pub use problem::{Problem, Severity};
pub use texts::Texts;
pub use write::{ExportError, ExportReport, page as write_page, write};

use crate::site::{Site, SiteType};

/// How a folder is read.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// Becomes [`Site::generated_at`]; also decides whether an `expiryDate` has passed.
    pub generated_at: DateTime<Utc>,
    /// `None` recognises the layout.
    pub layout: Option<Layout>,
    /// Takes the place of the configuration's address.
    pub base_url: Option<String>,
    /// Takes the place of the configuration's.
    pub site_type: Option<SiteType>,
    /// More files than this are an error.
    pub max_files: usize,
    /// A larger page is not read, in bytes.
    pub max_page_bytes: u64,
    /// A larger media file is not taken, in bytes.
    pub max_media_bytes: u64,
    /// Where the content files are larger than this together (bytes), the texts of pages go to a temporary file, and
    /// [`FolderSite::texts`] lends them.
    pub texts_in_memory: u64,
}

impl ReadOptions {
    /// The usual limits, for a site as of `generated_at`.
    pub fn new(generated_at: DateTime<Utc>) -> Self {
        ReadOptions {
            generated_at,
            layout: None,
            base_url: None,
            site_type: None,
            max_files: 500_000,
            max_page_bytes: 10 << 20,
            max_media_bytes: 256 << 20,
            texts_in_memory: u64::MAX,
        }
    }
}

/// A folder as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct FolderSite {
    pub site: Site,
    /// Where the bytes of each [`crate::site::Media::source`] are.
    pub files: BTreeMap<String, PathBuf>,
    /// Sorted by file and line.
    pub problems: Vec<Problem>,
    pub layout: Layout,
    /// Ids of pages that are not to be published. Dates in the future are left to the caller.
    pub drafts: BTreeSet<String>,
    /// Texts that are not in the pages; only where [`ReadOptions::texts_in_memory`] asks for it.
    pub texts: Option<Texts>,
}

/// Why a folder was not read at all.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("cannot open {}: {source}", path.display())]
    Open { path: PathBuf, source: std::io::Error },
    #[error("{} is not a folder", path.display())]
    NotAFolder { path: PathBuf },
    #[error("more than {limit} files; is this the right folder?")]
    TooManyFiles { limit: usize },
    #[error("{file}:{line}: {message}")]
    Config { file: String, line: usize, message: String },
}

/// Reads a folder of Markdown.
pub fn read(dir: &Path, options: &ReadOptions) -> Result<FolderSite, FolderError> {
    let problems = problem::Problems::default();
    let files = walk::files(dir, options, &problems)?;
    let layout = options.layout.unwrap_or_else(|| layout::detect(&files));
    let config = config::read(layout, &files, options, &problems)?;
    assemble::assemble(dir, files, config, options, problems)
}

#[cfg(test)]
mod tests;
