//! What templates see of blocks: text cleaned, links and images checked, places on the page named.
//!
//! A block that says nothing is left out with a diagnostic; so is a link, an image or a form that cannot be used. Nothing here
//! keeps a page from being written.

use std::collections::HashSet;

use tera::{Map, Value};

use super::{Block, Hero};
use crate::address::Target;
use crate::diagnostic::{Diagnostic, Place};
use crate::markdown::{self, Html, Known, Lookup, text};
use crate::plan::Plan;
use crate::prepare::{Prepared, image_value, map, optional, text_or_none};
use crate::site::{Body, Page, PageKind};

/// Places that templates name themselves.
const TAKEN: &[&str] = &["top", "main", "menu", "faq", "related", "details", "hours", "cluster"];
/// Pages that a block takes from a section when it does not say how many.
const FROM_SECTION: usize = 6;
/// More are not shown.
const MOST_FROM_SECTION: usize = 48;

/// The page around the blocks, and what was found on the way.
pub(super) struct Maker<'a> {
    pub plan: &'a Plan<'a>,
    pub prepared: &'a Prepared,
    pub page: &'a Page,
    pub path: &'a str,
    pub language: usize,
    /// Number of the block, from 1.
    pub number: usize,
    /// Level of the headings in the block, below its own.
    pub level: u8,
    /// The next image is the first thing seen, so it is not loaded lazily.
    pub eager: bool,
    /// Findings, ids and fragments of all blocks.
    pub html: Html,
    used: HashSet<String>,
}

/// The blocks of a page for its template. `body` is the page's text, whose ids are taken; `eager` says that no image stands
/// above the blocks. What was found (ids, links to places, diagnostics) is added to `body`.
pub(crate) fn blocks(plan: &Plan<'_>, prepared: &Prepared, page: usize, body: &mut Html, eager: bool) -> Value {
    let planned = &plan.pages[page];
    if planned.page.blocks.is_empty() {
        return Value::from(Vec::<Value>::new());
    }
    let (Body::Markdown(source) | Body::Html(source)) = &planned.page.body;
    let bare = source.trim().is_empty();
    let mut maker = Maker {
        plan,
        prepared,
        page: &planned.page,
        path: &planned.path,
        language: planned.language,
        number: 0,
        level: 2,
        eager: eager && bare,
        html: Html::default(),
        used: body
            .ids
            .iter()
            .cloned()
            .chain(TAKEN.iter().map(|t| (*t).to_owned()))
            .collect(),
    };
    let heads = matches!(
        planned.page.kind,
        PageKind::Page | PageKind::Home | PageKind::About | PageKind::Service
    );
    let mut out = Vec::with_capacity(planned.page.blocks.len());
    for (n, block) in planned.page.blocks.iter().enumerate() {
        maker.number = n + 1;
        // An archive has its head above its text.
        let lead = n == 0 && bare && heads && planned.text_of.is_none() && matches!(block, Block::Hero(_));
        out.extend(maker.block(block, lead));
        // Whatever stands in the first block, what follows it is further down.
        maker.eager = false;
    }
    let mut found = maker.html;
    body.findings.append(&mut found.findings);
    body.ids.append(&mut found.ids);
    body.fragments.append(&mut found.fragments);
    body.links.append(&mut found.links);
    body.has_code |= found.has_code;
    body.has_form |= found.has_form;
    Value::from(out)
}

/// The words of a page's first blocks, for a summary where there is no body. Plain text of at most `limit` characters.
pub(crate) fn plain_text(blocks: &[Block], limit: usize) -> String {
    let mut out = String::new();
    for block in blocks {
        let (Block::Hero(Hero { text, .. })
        | Block::Text(super::Text { text, .. })
        | Block::Features(super::Features { text, .. })
        | Block::Services(super::Services { text, .. })
        | Block::Card(super::Card { text, .. })) = block
        else {
            continue;
        };
        let plain = text::markdown_text(text, limit);
        if !plain.trim().is_empty() {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(plain.trim());
        }
        if out.len() >= limit {
            break;
        }
    }
    if out.is_empty() {
        out = openings(blocks, limit);
    }
    text::truncate(&out, limit)
}

/// Where no block has a text of its own kind: what stands under the headings of forms, lists, pictures, else those headings.
fn openings(blocks: &[Block], limit: usize) -> String {
    let texts = blocks
        .iter()
        .map(|b| text::markdown_text(super::prepare_kinds::opening(b).1, limit));
    let text = texts.map(|t| t.trim().to_owned()).find(|t| !t.is_empty());
    text.unwrap_or_else(|| {
        let headings = blocks.iter().map(|b| super::prepare_kinds::opening(b).0.trim());
        headings.filter(|h| !h.is_empty()).collect::<Vec<_>>().join(" · ")
    })
}

/// Questions of the FAQ blocks with their answers as plain text, for structured data.
pub(crate) fn questions(blocks: &[Block]) -> Vec<(String, String)> {
    let items = blocks.iter().filter_map(|b| match b {
        Block::Faq(faq) => Some(&faq.items),
        _ => None,
    });
    items
        .flatten()
        .filter(|i| !i.question.trim().is_empty())
        .map(|i| (i.question.trim().to_owned(), text::markdown_text(&i.answer, 5000)))
        .collect()
}

impl Maker<'_> {
    pub fn warn(&mut self, code: &'static str, message: String) {
        let place = Place::default().in_block(self.number);
        self.html
            .findings
            .push(Diagnostic::warning(self.path, code, message).at(place));
    }

    /// The block's place on the page, which nothing else there has.
    pub fn anchor(&mut self, wanted: &str) -> String {
        let slug = text::heading_slug(wanted);
        let mut id = if slug.is_empty() {
            format!("block-{}", self.number)
        } else {
            slug
        };
        if self.used.contains(&id) {
            if !wanted.is_empty() {
                self.warn(
                    "anchor-taken",
                    format!("the place `{id}` is already on this page; the block has a number instead"),
                );
            }
            id = format!("block-{}", self.number);
        }
        while self.used.contains(&id) {
            id.push_str("-b");
        }
        self.used.insert(id.clone());
        self.html.ids.push(id.clone());
        id
    }

    /// Markdown as safe HTML, or none; its highest headings are of `level`.
    pub fn markdown(&mut self, source: &str, part: usize, level: u8) -> Value {
        if source.trim().is_empty() {
            return Value::none();
        }
        let prefix = if part == 0 {
            format!("b{}-", self.number)
        } else {
            format!("b{}-{part}-", self.number)
        };
        let context = markdown::Context {
            address: &self.plan.address,
            page: self.path,
            lookup: self.plan,
            labels: &self.prepared.languages[self.language].labels,
            title: "",
            image_sizes: &self.prepared.languages[self.language].image_sizes,
            first_image_eager: false,
            heading_level: level,
            syntax: self.plan.site.settings.markdown,
            id_prefix: &prefix,
        };
        let mut html = markdown::render_fragment(source, &context);
        for finding in &mut html.findings {
            finding.place = finding.place.in_block(self.number);
        }
        self.html.findings.append(&mut html.findings);
        self.html.ids.append(&mut html.ids);
        self.html.fragments.append(&mut html.fragments);
        self.html.links.append(&mut html.links);
        self.html.has_code |= html.has_code;
        Value::safe_string(&html.body)
    }

    /// An `href`, or none if the link may not be followed.
    pub fn href(&mut self, link: &str) -> Option<String> {
        if link.trim().is_empty() {
            return None;
        }
        match self.plan.address.target(link, self.path) {
            Target::Fragment(fragment) => {
                if !fragment.is_empty() {
                    self.fragment(self.path.to_owned(), &fragment);
                }
                Some(format!("#{fragment}"))
            }
            Target::External(url) => Some(url.into_owned()),
            Target::Refused => {
                self.warn(
                    "link-refused",
                    format!("the link {link:?} uses a scheme that is not allowed; it is left out"),
                );
                None
            }
            Target::Site { mut path, suffix } => {
                match self.plan.known(&path) {
                    Known::Yes => {}
                    Known::WithSlash => path.push('/'),
                    Known::No => {
                        self.warn(
                            "link-missing",
                            format!("the link {link:?} leads to {path}, which is not on this site"),
                        );
                    }
                }
                if let Some((_, fragment)) = suffix.split_once('#').filter(|(_, f)| !f.is_empty()) {
                    self.fragment(path.clone(), fragment);
                }
                let href = format!("{}{suffix}", self.plan.address.href(&path));
                self.html.links.push(path);
                Some(href)
            }
        }
    }

    fn fragment(&mut self, path: String, fragment: &str) {
        let decoded = percent_encoding::percent_decode_str(fragment)
            .decode_utf8_lossy()
            .into_owned();
        if !decoded.starts_with(":~:") {
            self.html.fragments.push((path, decoded));
        }
    }

    /// Links with words; one without either is left out.
    pub fn links(&mut self, links: &[super::Link]) -> Value {
        let mut out = Vec::with_capacity(links.len());
        for link in links {
            let Some(url) = self.href(&link.url) else {
                if link.url.trim().is_empty() {
                    self.warn(
                        "link-empty",
                        format!("the link “{}” leads nowhere; it is left out", link.label),
                    );
                }
                continue;
            };
            let label = if link.label.trim().is_empty() {
                url.clone()
            } else {
                link.label.trim().to_owned()
            };
            out.push(map! { "label" => label, "url" => url });
        }
        Value::from(out)
    }

    /// An image with its size, or none. What the block says about it comes before what the media list says.
    pub fn image(&mut self, link: Option<&str>, alt: &str) -> Value {
        let Some(link) = link.map(str::trim).filter(|l| !l.is_empty()) else {
            return Value::none();
        };
        let found = image_value(self.plan, link, alt, self.path, &mut self.html.findings);
        if found.is_none() {
            return found;
        }
        let eager = std::mem::replace(&mut self.eager, false);
        let mut image: Map = found
            .as_map()
            .map(|m| m.iter().map(|(k, v)| (k.clone(), v.clone())).collect())
            .unwrap_or_default();
        if !alt.trim().is_empty() {
            image.insert("alt".into(), Value::from(alt.trim()));
        }
        image.insert("eager".into(), Value::from(eager));
        Value::from(image)
    }

    /// Entries of features, services, grids and lists; empty ones are left out.
    pub fn items(&mut self, items: &[super::Item]) -> Vec<Value> {
        let mut out = Vec::with_capacity(items.len());
        for (n, item) in items.iter().enumerate() {
            let image = self.image(item.image.as_deref(), &item.alt);
            if item.heading.trim().is_empty() && item.text.trim().is_empty() && image.is_none() {
                self.warn("item-empty", format!("entry {} says nothing; it is left out", n + 1));
                continue;
            }
            let url = item.url.as_deref().and_then(|u| self.href(u));
            let level = self.level + u8::from(!item.heading.trim().is_empty());
            let text = self.markdown(&item.text, n + 1, level);
            out.push(map! {
                "heading" => text_or_none(&item.heading),
                "text" => text,
                "image" => image,
                "url" => optional(url),
                "note" => text_or_none(&item.note),
            });
        }
        out
    }

    /// Cards of the first pages of a section.
    pub fn pages(&mut self, section: Option<&str>, limit: u32) -> Vec<Value> {
        let Some(path) = section.map(str::trim).filter(|p| !p.is_empty()) else {
            return Vec::new();
        };
        let Some(found) = self.plan.section_at(path) else {
            self.warn(
                "section-missing",
                format!("there is no section {path}; its pages are not shown"),
            );
            return Vec::new();
        };
        let limit = if limit == 0 {
            FROM_SECTION
        } else {
            (limit as usize).min(MOST_FROM_SECTION)
        };
        let items = self.plan.sections[found].listing.items();
        items
            .iter()
            .filter(|&&p| self.plan.path_of(p) != self.path)
            .take(limit)
            .map(|&p| self.prepared.value(self.plan, p))
            .collect()
    }
}
