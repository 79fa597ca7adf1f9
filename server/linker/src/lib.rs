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

pub use page::{Page, Role};

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
            self.index.remove(&page.id);
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

    fn link(&mut self, id: &str) {
        self.index.set_links(id, &self.graph.links_of(id));
    }
}
