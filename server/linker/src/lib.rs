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
        let mut ids = Vec::new();
        for page in pages {
            linker.put(&page);
            ids.push(page.id);
        }
        // Only now is it known where all links lead.
        for id in ids {
            linker.index.set_links(&id, &linker.graph.links_of(&id));
        }
        linker
    }

    /// Takes a page in, or what has changed of it.
    pub fn replace(&mut self, page: &Page) {
        let before = self.graph.path_of(&page.id).map(str::to_owned);
        self.put(page);
        self.index.set_links(&page.id, &self.graph.links_of(&page.id));
        if before.as_deref() != self.graph.path_of(&page.id) {
            for source in self.graph.sources_of(&page.id) {
                self.index.set_links(&source, &self.graph.links_of(&source));
            }
        }
    }

    /// Forgets a page.
    pub fn remove(&mut self, id: &str) {
        self.graph.remove(id);
        self.index.remove(id);
    }

    fn put(&mut self, page: &Page) {
        let reading = body::read(&page.body, page.format);
        self.graph.replace(page, &reading);
        self.index.replace(page, &reading);
    }
}
