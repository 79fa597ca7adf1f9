//! Every image, link and Markdown text of a block, for whoever has to move them.

use super::{Block, Item, Link};

/// A part of a block that may point at something.
#[derive(Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Path or address of an image.
    Image(&'a mut String),
    /// Path or address of a page or file.
    Link(&'a mut String),
    /// Markdown, with links and images inside.
    Text(&'a mut String),
}

impl Block {
    /// Calls `see` with each part that is there, in the order in which they are shown.
    pub fn visit(&mut self, see: &mut impl FnMut(Part<'_>)) {
        match self {
            Self::Hero(b) => {
                see(Part::Text(&mut b.text));
                b.image.iter_mut().for_each(|i| see(Part::Image(i)));
                links(&mut b.links, see);
            }
            Self::Text(b) => {
                see(Part::Text(&mut b.text));
                b.image.iter_mut().for_each(|i| see(Part::Image(i)));
                links(&mut b.links, see);
            }
            Self::Features(b) => {
                see(Part::Text(&mut b.text));
                items(&mut b.items, see);
            }
            Self::Testimonials(b) => {
                see(Part::Text(&mut b.text));
                for item in &mut b.items {
                    see(Part::Text(&mut item.text));
                    item.image.iter_mut().for_each(|i| see(Part::Image(i)));
                }
            }
            Self::Services(b) => {
                see(Part::Text(&mut b.text));
                items(&mut b.items, see);
            }
            Self::Stats(b) => see(Part::Text(&mut b.text)),
            Self::Cta(b) => {
                see(Part::Text(&mut b.text));
                links(&mut b.links, see);
            }
            Self::Image(b) => {
                see(Part::Text(&mut b.text));
                b.image.iter_mut().for_each(|i| see(Part::Image(i)));
                b.url.iter_mut().for_each(|u| see(Part::Link(u)));
            }
            Self::Video(b) => {
                see(Part::Text(&mut b.text));
                see(Part::Link(&mut b.url));
                b.image.iter_mut().for_each(|i| see(Part::Image(i)));
            }
            // The action of a form is an endpoint, no page of the site.
            Self::Form(b) => see(Part::Text(&mut b.text)),
            Self::Faq(b) => {
                see(Part::Text(&mut b.text));
                b.items.iter_mut().for_each(|i| see(Part::Text(&mut i.answer)));
            }
            Self::Quote(b) => {
                see(Part::Text(&mut b.text));
                b.image.iter_mut().for_each(|i| see(Part::Image(i)));
                b.url.iter_mut().for_each(|u| see(Part::Link(u)));
            }
            Self::Grid(b) => {
                see(Part::Text(&mut b.text));
                items(&mut b.items, see);
            }
            Self::Card(b) => {
                see(Part::Text(&mut b.text));
                b.image.iter_mut().for_each(|i| see(Part::Image(i)));
                links(&mut b.links, see);
            }
            Self::List(b) => {
                see(Part::Text(&mut b.text));
                items(&mut b.items, see);
            }
            Self::Accordion(b) => {
                see(Part::Text(&mut b.text));
                b.items.iter_mut().for_each(|i| see(Part::Text(&mut i.text)));
            }
        }
    }
}

fn links(links: &mut [Link], see: &mut impl FnMut(Part<'_>)) {
    links.iter_mut().for_each(|l| see(Part::Link(&mut l.url)));
}

fn items(items: &mut [Item], see: &mut impl FnMut(Part<'_>)) {
    for item in items {
        see(Part::Text(&mut item.text));
        item.image.iter_mut().for_each(|i| see(Part::Image(i)));
        item.url.iter_mut().for_each(|u| see(Part::Link(u)));
    }
}
