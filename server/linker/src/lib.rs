//! The linker's algorithms, pure: no database, no network, no clock. The same input gives the same output.
//!
//! [`body`] reads bodies; [`edit`] puts links into them and takes them out; [`graph`] knows which page links to which;
//! [`index`] ranks what a page could link to, and [`suggest`] makes links of it.

#![forbid(unsafe_code)]

mod address;
pub mod body;
pub mod edit;
pub mod graph;
pub mod index;
mod page;
mod rules;
pub mod suggest;
mod terms;

use std::collections::HashSet;

use edit::{Applied, Link, Refusal, Rules};
use index::uses::{AnchorKey, Uses};
pub use page::{Page, Role};
use terms::Analyzer;

/// A site's links and what its pages are about, kept together.
#[derive(Debug, Default, Clone)]
pub struct Linker {
    /// Which page links to which.
    pub graph: graph::Graph,
    /// What every page is about.
    pub index: index::Index,
}

impl Linker {
    /// A site with these pages; each is read once and then let go.
    pub fn new(site: &graph::Site, pages: impl IntoIterator<Item = Page>) -> Self {
        let mut linker = Self {
            graph: graph::Graph::new(site),
            index: index::Index::default(),
        };
        for page in pages {
            linker.put(&page);
        }
        linker.link_all();
        linker
    }

    /// Takes a page in, or what has changed of it.
    pub fn replace(&mut self, page: &Page) {
        let place = self.graph.place_of(&page.id);
        let mut sources = self.graph.sources_of(&page.id);
        self.put(page);
        self.link(&page.id);
        if place != self.graph.place_of(&page.id) {
            sources.extend(self.graph.sources_of(&page.id));
            for source in sources {
                self.link(&source);
            }
        }
    }

    /// Takes one of many pages in. Where links lead is known after [`Linker::link_all`], when all of them are there.
    pub fn put(&mut self, page: &Page) {
        let mut reading = body::read(&page.body, page.format);
        for text in &page.beside {
            let beside = body::read(text, body::Format::Markdown);
            reading.blocks.extend(beside.blocks);
            reading.links.extend(beside.links);
            reading.words += beside.words;
        }
        self.graph.replace(page, &reading);
        if page.archive {
            self.index.set_archive(&page.id);
        } else {
            self.index.replace(page, &reading);
        }
    }

    /// Looks up anew where the links of all pages lead.
    pub fn link_all(&mut self) {
        for id in self.graph.ids() {
            self.link(&id);
        }
    }

    /// Forgets a page.
    pub fn remove(&mut self, id: &str) {
        self.graph.remove(id);
        self.index.remove(id);
    }

    /// Puts links into the body of a page, the first of the list first. Besides what [`Rules`] say of a body, what only the whole site
    /// tells is kept: an anchor leads to one page, and the anchors of the links to a page stay a mix. A second run with the same
    /// links puts in nothing. `rules` are those of the page ([`Rules::of`]).
    pub fn apply(&self, page: &Page, links: &[Link], rules: &Rules) -> Applied {
        let mut in_site = InSite {
            linker: self,
            path: &page.path,
            analyzer: Analyzer::new(&page.language),
            own: Uses::default(),
            planned: Uses::default(),
            linked: HashSet::new(),
        };
        in_site.linked.extend(
            rules
                .linked
                .iter()
                .filter_map(|href| self.graph.target(href, &page.path)),
        );
        for link in &body::read(&page.body, page.format).links {
            let target = self.graph.target(&link.href, &page.path);
            // Links to parts of the page itself compete with none.
            if let Some(target) = target.filter(|target| *target != page.id) {
                in_site.linked.insert(target);
                if let Some(key) = AnchorKey::new(&link.anchor, &mut in_site.analyzer) {
                    in_site.own.add(target, key);
                }
            }
        }
        edit::apply(&page.body, page.format, links, rules, &mut in_site)
    }

    fn link(&mut self, id: &str) {
        self.index.set_links(id, &self.graph.links_of(id));
    }
}

/// What the site says about links of one page.
struct InSite<'a> {
    linker: &'a Linker,
    path: &'a str,
    analyzer: Analyzer,
    /// What the body says by now; the index may know it as it was before.
    own: Uses,
    planned: Uses,
    /// Pages that it links to, under whatever address.
    linked: HashSet<&'a str>,
}

impl edit::Whole for InSite<'_> {
    fn fits(&mut self, link: &Link) -> Result<(), Refusal> {
        let linker = self.linker;
        let Some(target) = linker.graph.target(&link.href, self.path) else {
            return Ok(());
        };
        if self.linked.contains(target) {
            return Err(Refusal::AlreadyLinked);
        }
        let Some(key) = AnchorKey::new(&link.anchor, &mut self.analyzer) else {
            return Ok(());
        };
        if self.own.elsewhere(key, target).next().is_some() {
            return Err(Refusal::Competing);
        }
        linker.index.anchor_fits(target, key, &self.planned)
    }

    fn put(&mut self, link: &Link) {
        let linker = self.linker;
        if let Some(target) = linker.graph.target(&link.href, self.path) {
            self.linked.insert(target);
            if let Some(key) = AnchorKey::new(&link.anchor, &mut self.analyzer) {
                self.planned.add(target, key);
            }
        }
    }
}
