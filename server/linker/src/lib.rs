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

    /// [`edit::apply`] on the body of a page, keeping also what only the whole site tells: an anchor leads to one page, and the
    /// anchors of the links to a page stay a mix. `rules` are those of the page ([`edit::Rules::of`]).
    pub fn apply(&self, page: &Page, links: &[Link], rules: &Rules) -> Applied {
        let mut analyzer = Analyzer::new(&page.language);
        let mut planned = Uses::default();
        let reading = body::read(&page.body, page.format);
        let target_of = |href: &String| self.graph.target(href, &page.path);
        // What the body says by now; the index may know it as it was before.
        let mut own = Uses::default();
        let mut linked: HashSet<&str> = rules.linked.iter().filter_map(target_of).collect();
        for link in &reading.links {
            if let Some(target) = target_of(&link.href) {
                linked.insert(target);
                if let Some(key) = AnchorKey::new(&link.anchor, &mut analyzer) {
                    own.add(target, key);
                }
            }
        }
        let mut refused = Vec::new();
        let mut asked = Vec::new();
        for (place, link) in links.iter().enumerate() {
            let target = target_of(&link.href);
            match target.zip(AnchorKey::new(&link.anchor, &mut analyzer)) {
                // A link that is there is said to be, whatever its anchor.
                Some((target, _)) if linked.contains(target) => {}
                Some((target, key)) => {
                    let fits = match own.elsewhere(key, target).next() {
                        Some(_) => Err(Refusal::Competing),
                        None => self.index.anchor_fits(target, key, &planned),
                    };
                    if let Err(why) = fits {
                        refused.push((place, why));
                        continue;
                    }
                    planned.add(target, key);
                }
                // What is wrong with it is found below.
                None => {}
            }
            asked.push((place, link.clone()));
        }
        let (places, asked): (Vec<usize>, Vec<Link>) = asked.into_iter().unzip();
        let mut applied = edit::apply(&page.body, page.format, &asked, rules);
        applied.places.iter_mut().for_each(|place| *place = places[*place]);
        refused.extend(applied.refused.iter().map(|&(place, why)| (places[place], why)));
        refused.sort_unstable_by_key(|r| r.0);
        applied.refused = refused;
        applied
    }

    fn link(&mut self, id: &str) {
        self.index.set_links(id, &self.graph.links_of(id));
    }
}
