//! Every address is decided before anything is rendered: pages, archives, pagers, feeds, redirects.
//!
//! What claims an address first keeps it; the order is fixed (pages, sections, terms, pagers, redirects), so the outcome does
//! not depend on the order of the input.

mod canonical;
mod claims;
mod clusters;
mod languages;
mod lists;
mod redirects;
mod table;
mod terms;

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::address::Address;
use crate::bodies::Bodies;
use crate::diagnostic::Diagnostic;
use crate::incremental::trace::{self, Fact};
use crate::paths;
use crate::site::{
    Block, Body, FeedFormat, Media, Page, PageKind, Pagination, Section, SharedPage, Site, SiteType, Taxonomy, Term,
};
use crate::tables::{HashMap, with_room};

use claims::{Owner, RESERVED};
pub use clusters::PlannedCluster;
pub use languages::Place;
pub use redirects::{PlannedRedirect, To};
pub use table::{Row, Table};

/// Pages up to which a site has search without asking: as many as have their words remembered from one index to the next.
const SEARCHED: usize = 25_000;

/// A page with its decided address.
#[derive(Debug)]
pub struct PlannedPage<'s> {
    pub page: SharedPage,
    /// Index into [`Site::pages`].
    pub place: usize,
    pub path: String,
    /// Names the page across renders.
    pub identity: u64,
    /// Index into [`Plan::languages`].
    pub language: usize,
    /// Index into [`Plan::sections`], and the page's place in it.
    pub section: Option<(usize, usize)>,
    /// Indexes into [`Plan::terms`], ascending.
    pub terms: Vec<usize>,
    /// For the text of a term's archive: the taxonomy's index and the slug.
    pub of_term: Option<(usize, &'s str)>,
    /// That term, as an index into [`Plan::terms`].
    pub text_of: Option<usize>,
    /// The absolute address that search engines should prefer, if it is another than the page's own.
    pub canonical: Option<String>,
}

impl PlannedPage<'_> {
    /// True if search engines may show the page under its own address.
    pub fn is_indexed(&self) -> bool {
        self.page.indexable && self.canonical.is_none()
    }

    /// The title to show: the address where there is none.
    pub fn title(&self) -> &str {
        match self.page.title.trim() {
            "" => &self.path,
            title => title,
        }
    }

    /// The date that lists are sorted by.
    pub fn date(&self) -> Option<DateTime<Utc>> {
        self.page.published_at.or(self.page.updated_at)
    }
}

/// A list of pages with an address, cut into pagers.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Address of its first pager.
    pub path: String,
    /// Names the list across renders.
    pub identity: u64,
    /// Indexes into [`Plan::pages`], in order.
    items: Vec<usize>,
    /// Items on one pager.
    per_page: usize,
    /// Items on the first one.
    first: usize,
    /// Language index.
    pub language: usize,
    /// What most of the items are.
    pub kind: PageKind,
    /// Formats of the feeds beside it, the one to prefer first.
    pub feeds: Vec<FeedFormat>,
}

impl Listing {
    /// A list of `items` in order, all on one page.
    pub fn new(path: String, items: Vec<usize>, language: usize) -> Self {
        Self {
            identity: trace::identity(path.as_str()),
            path,
            items,
            per_page: usize::MAX,
            first: usize::MAX,
            language,
            kind: PageKind::Page,
            feeds: Vec::new(),
        }
    }

    /// Cuts the list into pagers.
    pub fn cut(&mut self, per_page: usize, pagination: Pagination) {
        self.per_page = per_page.max(1);
        let over = self.items.len() % self.per_page;
        self.first = match pagination {
            Pagination::Full => self.per_page,
            // Without the last of them there would be a page of very few, with it none of very many.
            Pagination::Stable if over * 2 < self.per_page => self.per_page.saturating_add(over),
            Pagination::Stable => over,
        };
    }

    /// Items on one pager.
    pub fn per_page(&self) -> usize {
        self.per_page
    }

    /// All items, in order.
    pub fn items(&self) -> &[usize] {
        trace::read(Fact::Items, || self.identity);
        &self.items
    }

    /// Number of items.
    pub fn total(&self) -> usize {
        trace::read(Fact::Count, || self.identity);
        self.items.len()
    }

    /// Number of pagers, at least one.
    pub fn pagers(&self) -> usize {
        1 + self.total().saturating_sub(self.first).div_ceil(self.per_page)
    }

    /// Items of the `n`th pager (from 1).
    pub fn slice(&self, n: usize) -> &[usize] {
        trace::read(Fact::Slice, || self.slice_identity(n));
        let end = |n: usize| match n {
            0 => 0,
            n => (n - 1)
                .saturating_mul(self.per_page)
                .saturating_add(self.first)
                .min(self.items.len()),
        };
        &self.items[end(n.saturating_sub(1))..end(n)]
    }

    /// Names the `n`th pager across renders.
    pub fn slice_identity(&self, n: usize) -> u64 {
        self.identity.wrapping_add(n as u64)
    }

    /// The newest dated items, whatever the list is sorted by.
    pub fn newest(&self, plan: &Plan<'_>, limit: usize) -> Vec<usize> {
        trace::read(Fact::Newest, || self.identity);
        let pages = plan.pages.rows();
        let dated = self.items.iter().copied().filter(|&i| pages[i].date().is_some());
        if self.items.is_sorted_by_key(|&i| plan.newest[i]) {
            return dated.take(limit).collect();
        }
        let mut newest: Vec<usize> = dated.collect();
        newest.sort_unstable_by_key(|&i| plan.newest[i]);
        newest.truncate(limit);
        newest
    }
}

/// A section with its pages.
#[derive(Debug)]
pub struct PlannedSection<'s> {
    pub section: &'s Section,
    pub path: String,
    pub listing: Listing,
    /// Sections directly below.
    pub children: Vec<usize>,
    /// The archive is written.
    pub render: bool,
    /// The same section in all languages, itself among them, by language; empty if there is one alone.
    pub translations: Vec<usize>,
}

/// A term with its pages.
#[derive(Debug)]
pub struct PlannedTerm<'s> {
    pub taxonomy: usize,
    pub slug: String,
    pub name: String,
    /// The name as search results show it: with the taxonomy's where something else is called the same.
    pub title: String,
    pub term: Option<&'s Term>,
    pub parent: Option<usize>,
    pub children: Vec<usize>,
    pub listing: Listing,
    /// The page that is its archive's text.
    pub page: Option<usize>,
    /// As in [`PlannedSection::translations`].
    pub translations: Vec<usize>,
}

/// The archive of all terms of a taxonomy in one language.
#[derive(Debug)]
pub struct PlannedTermList<'s> {
    pub taxonomy: &'s Taxonomy,
    pub path: String,
    pub language: usize,
    /// Indexes into [`Plan::terms`], by name.
    pub terms: Vec<usize>,
    /// As in [`PlannedSection::translations`].
    pub translations: Vec<usize>,
}

/// The page at the top of a language.
#[derive(Debug)]
pub struct PlannedHome {
    pub path: String,
    pub language: usize,
    /// The author's page, if there is one.
    pub page: Option<usize>,
    /// The section at the same address, whose title and text a made home page takes.
    pub section: Option<usize>,
    /// Posts, newest first; only blogs show more than the first pager.
    pub listing: Listing,
    /// Sections at the top, in their order.
    pub groups: Vec<usize>,
    /// Where there are neither posts nor sections: pages that stand alone, so that the home page leads somewhere.
    pub pages: Vec<usize>,
}

/// Everything that will be written, and where.
pub struct Plan<'s> {
    pub site: &'s Site,
    bodies: &'s dyn Bodies,
    pub address: Address,
    /// BCP 47 tags, the default first.
    pub languages: Vec<String>,
    home_paths: Vec<String>,
    /// Sorted by path.
    pub pages: Table<PlannedPage<'s>>,
    /// By page: its place among all of them, newest first.
    pub newest: Vec<u32>,
    pub sections: Table<PlannedSection<'s>>,
    pub terms: Table<PlannedTerm<'s>>,
    pub term_lists: Table<PlannedTermList<'s>>,
    pub homes: Table<PlannedHome>,
    /// Addresses of the search pages, by language; empty without search.
    pub searches: Vec<(usize, String)>,
    /// A page has a form that the site's server takes.
    pub has_forms: bool,
    /// Addresses of the pages that are shown after such a form was sent, by language.
    pub sent_pages: Vec<(usize, String)>,
    pub redirects: Table<PlannedRedirect>,
    clusters: Vec<PlannedCluster>,
    /// By page: its cluster.
    cluster_of: Vec<Option<usize>>,
    /// Pages by translation key: language index and page index.
    translations: BTreeMap<String, Vec<(usize, usize)>>,
    claimed: HashMap<String, Owner>,
    /// Folders whose names could be those of files, without their last slash.
    folders: HashMap<String, Owner>,
    media: HashMap<&'s str, &'s Media>,
}

impl<'s> Plan<'s> {
    /// Decides all addresses of `site`; `assets` are the site paths of the theme's files.
    pub fn new(
        site: &'s Site,
        bodies: &'s dyn Bodies,
        address: Address,
        assets: &[String],
        findings: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut languages = vec![site.settings.language.clone()];
        for language in &site.settings.languages {
            if !languages.contains(language) {
                languages.push(language.clone());
            }
        }
        let home_paths = languages
            .iter()
            .enumerate()
            .map(|(i, tag)| {
                if i == 0 {
                    "/".into()
                } else {
                    format!("/{}/", paths::segment(tag))
                }
            })
            .collect();
        let mut plan = Self {
            site,
            bodies,
            address,
            languages,
            home_paths,
            pages: Table::new(),
            newest: Vec::new(),
            sections: Table::new(),
            terms: Table::new(),
            term_lists: Table::new(),
            homes: Table::new(),
            searches: Vec::new(),
            has_forms: false,
            sent_pages: Vec::new(),
            redirects: Table::new(),
            clusters: Vec::new(),
            cluster_of: Vec::new(),
            translations: BTreeMap::new(),
            claimed: with_room(site.pages.len() * 2),
            folders: HashMap::default(),
            media: with_room(site.media.len()),
        };
        for path in RESERVED {
            plan.claimed.insert((*path).to_owned(), Owner::Reserved);
        }
        for language in 1..plan.languages.len() {
            plan.claimed.insert(plan.missing_path(language), Owner::Reserved);
            plan.claimed.insert(plan.unsent_path(language), Owner::Reserved);
        }
        for path in assets {
            plan.claim(path, Owner::Asset, findings);
        }
        let taxonomies = plan.usable_taxonomies(findings);
        plan.claim_pages(&taxonomies, findings);
        plan.newest = lists::newest(plan.pages.rows());
        plan.claim_media(findings);
        plan.plan_sections(findings);
        for (taxonomy, base) in &taxonomies {
            plan.plan_taxonomy(*taxonomy, base, findings);
        }
        plan.plan_homes(findings);
        plan.plan_searches(findings);
        plan.plan_forms(findings);
        plan.plan_redirects(findings);
        plan.link_translations(findings);
        plan.tell_terms_apart();
        plan.link_languages();
        plan.resolve_canonicals(findings);
        plan.gather_clusters(findings);
        plan.make_room_for_folders(findings);
        plan
    }

    /// The text of a page, wherever it is kept.
    pub fn body(&self, page: usize, findings: &mut Vec<Diagnostic>) -> Cow<'_, Body> {
        let planned = &self.pages[page];
        match self.bodies.body(&planned.page) {
            Ok(None) => Cow::Borrowed(&planned.page.body),
            Ok(Some(body)) => Cow::Owned(body),
            Err(problem) => {
                findings.push(Diagnostic::error(
                    &planned.path,
                    "body",
                    format!("the text of the page cannot be read: {problem}"),
                ));
                Cow::Owned(Body::Markdown(String::new()))
            }
        }
    }

    /// Tells texts apart that are kept outside of their pages.
    pub fn text_digest(&self, page: &Page) -> u64 {
        self.bodies.digest(page)
    }

    /// A search page for each language that has pages, unless the site has something of its own there.
    fn plan_searches(&mut self, findings: &mut Vec<Diagnostic>) {
        let few = self.pages.len() <= SEARCHED;
        if self.site.settings.outputs.search.is_none() && !few {
            let message = format!(
                "with more than {SEARCHED} pages there is search only if the settings ask for it (outputs.search)"
            );
            findings.push(Diagnostic::info("", "search-off", message));
        }
        if !self.site.settings.outputs.search.unwrap_or(few) {
            return;
        }
        for language in 0..self.languages.len() {
            let path = format!("{}search/", self.home_path(language));
            let has_pages = self.pages.iter().any(|p| p.language == language && p.page.indexable);
            let is_free = has_pages && !self.gives_way(&path, "search page", findings);
            if is_free && self.claim(&path, Owner::Search, findings) {
                self.searches.push((language, path));
            }
        }
    }

    /// Where somebody goes who has sent a form that the site's server takes, unless the site has a page of its own there.
    fn plan_forms(&mut self, findings: &mut Vec<Diagnostic>) {
        let own = |block: &Block| matches!(block, Block::Form(form) if form.action.trim().is_empty());
        self.has_forms = self.site.settings.forms.is_some() && self.pages.iter().any(|p| p.page.blocks.iter().any(own));
        if !self.has_forms {
            return;
        }
        let languages: Vec<usize> = self.homes.iter().map(|home| home.language).collect();
        for language in languages {
            let path = format!("{}{}", self.home_path(language), crate::forms::SENT);
            if !self.claimed.contains_key(&path) && self.claim(&path, Owner::Form, findings) {
                self.sent_pages.push((language, path));
            }
        }
    }

    /// Index of a language; pages in a language that the settings do not list count as the default.
    pub fn language(&self, tag: &str) -> usize {
        self.languages
            .iter()
            .position(|l| l.eq_ignore_ascii_case(tag))
            .unwrap_or(0)
    }

    /// The top address of a language: `/`, `/de/`.
    pub fn home_path(&self, language: usize) -> &str {
        &self.home_paths[language]
    }

    /// The page that says that there is nothing, for what is looked for below a language's home page.
    pub fn missing_path(&self, language: usize) -> String {
        format!("{}404.html", self.home_paths[language])
    }

    /// The page that the server shows around a form that is not right yet.
    pub fn unsent_path(&self, language: usize) -> String {
        format!("{}{}", self.home_paths[language], crate::forms::UNSENT)
    }

    /// The feed in one format beside the list at `path`.
    pub fn feed_path(path: &str, format: FeedFormat) -> String {
        format!("{path}{}", format.file())
    }

    /// Index of the page that is at `path`.
    pub fn page_at(&self, path: &str) -> Option<usize> {
        trace::read(Fact::PageName, || trace::identity(path));
        self.pages.rows().binary_search_by(|p| p.path.as_str().cmp(path)).ok()
    }

    /// The address of a page.
    pub fn path_of(&self, page: usize) -> &str {
        &self.named(page).path
    }

    /// The title of a page, as it is shown.
    pub fn title_of(&self, page: usize) -> &str {
        self.named(page).title()
    }

    fn named(&self, page: usize) -> &PlannedPage<'s> {
        let planned = &self.pages.rows()[page];
        trace::read(Fact::PageName, || planned.identity);
        planned
    }

    /// The pages before and after a page in its section.
    pub fn neighbours(&self, planned: &PlannedPage<'_>) -> (Option<usize>, Option<usize>) {
        trace::read(Fact::Neighbours, || planned.identity);
        let Some((section, place)) = planned.section else {
            return (None, None);
        };
        let items = &self.sections.rows()[section].listing.items;
        let at = |place: Option<usize>| place.and_then(|p| items.get(p)).copied();
        (at(place.checked_sub(1)), at(Some(place + 1)))
    }

    /// Pages in no section, by path.
    pub fn alone(&self) -> impl Iterator<Item = usize> + '_ {
        trace::read(Fact::Alone, || 0);
        let pages = self.pages.rows().iter().enumerate();
        pages.filter(|(_, p)| p.section.is_none()).map(|(i, _)| i)
    }

    /// Language and page of each translation of a page, itself among them; empty if there are none.
    pub fn translations(&self, page: usize) -> &[(usize, usize)] {
        let planned = &self.pages[page];
        let Some(key) = planned.page.translation_key.as_deref() else {
            return &[];
        };
        trace::read(Fact::Translations, || trace::identity(key));
        let group = self.translations.get(key).map_or(&[][..], Vec::as_slice);
        // A second page in the language of another is no part of the group.
        if group.contains(&(planned.language, page)) {
            group
        } else {
            &[]
        }
    }

    /// All groups of translations with their keys.
    pub fn translation_groups(&self) -> impl Iterator<Item = (&str, &[(usize, usize)])> {
        self.translations
            .iter()
            .map(|(key, group)| (key.as_str(), group.as_slice()))
    }

    /// Addresses behind which there is something to read: pages, archives, lists that are not empty.
    pub fn readable(&self) -> std::collections::HashSet<String> {
        let pages = self.pages.rows().iter().map(|page| &page.path);
        let lists =
            self.sections.rows().iter().filter(|section| {
                section.render && (!section.listing.items.is_empty() || !section.children.is_empty())
            });
        let terms = self.terms.rows().iter().map(|term| &term.listing.path);
        let term_lists = self.term_lists.rows().iter().map(|list| &list.path);
        let homes = self.homes.rows().iter().map(|home| &home.path);
        let searches = self.searches.iter().map(|(_, path)| path);
        let all = pages.chain(lists.map(|section| &section.path)).chain(terms);
        all.chain(term_lists).chain(homes).chain(searches).cloned().collect()
    }

    /// The media file at a site path.
    pub fn media_at(&self, path: &str) -> Option<&'s Media> {
        trace::read(Fact::Media, || trace::identity(path));
        self.media.get(path).copied()
    }

    /// Media files that were accepted, by path.
    pub fn media(&self) -> impl Iterator<Item = &'s Media> {
        self.media.values().copied()
    }

    /// Index of the section that is at `path`.
    pub fn section_at(&self, path: &str) -> Option<usize> {
        trace::read(Fact::Section, || trace::identity(path));
        self.sections
            .rows()
            .binary_search_by(|s| s.path.as_str().cmp(path))
            .ok()
    }

    /// Sections above `path`, from the top; the home page is not among them.
    pub fn ancestors(&self, path: &str) -> Vec<usize> {
        let trimmed = path.trim_end_matches('/');
        let slashes = trimmed.char_indices().filter(|(i, c)| *c == '/' && *i > 0);
        slashes
            .filter_map(|(i, _)| self.section_at(&trimmed[..=i]))
            .filter(|&s| self.sections[s].render && !self.is_home(&self.sections[s].path))
            .collect()
    }

    fn is_home(&self, path: &str) -> bool {
        self.home_paths.iter().any(|home| home == path)
    }

    fn link_translations(&mut self, findings: &mut Vec<Diagnostic>) {
        for (i, planned) in self.pages.rows().iter().enumerate() {
            let Some(key) = planned.page.translation_key.as_deref().filter(|k| !k.is_empty()) else {
                continue;
            };
            let group = self.translations.entry(key.to_owned()).or_default();
            if group.iter().any(|(language, _)| *language == planned.language) {
                findings.push(Diagnostic::warning(
                    &planned.path,
                    "translation",
                    format!(
                        "another page is already the {} translation with the key `{key}`",
                        planned.page.language
                    ),
                ));
            } else {
                group.push((planned.language, i));
            }
        }
        self.translations.retain(|_, group| group.len() > 1);
        for group in self.translations.values_mut() {
            group.sort_unstable();
        }
    }

    /// True for sites whose home page is a list of posts.
    pub fn is_blog(&self) -> bool {
        self.site.settings.site_type == SiteType::Blog
    }
}
