//! One block of each kind for templates.

use tera::{Map, Value};

use super::parts::FieldKind;
use super::prepare::Maker;
use super::{Block, Form, Video};
use crate::address::{Target, is_http};
use crate::forms;
use crate::prepare::{map, optional, text_or_none};

/// What all blocks have.
struct Common<'b> {
    kind: &'static str,
    anchor: &'b str,
    heading: &'b str,
    text: &'b str,
}

/// The word of a block's type, in files and template names.
fn word(block: &Block) -> &'static str {
    match block {
        Block::Hero(_) => "hero",
        Block::Text(_) => "text",
        Block::Features(_) => "features",
        Block::Testimonials(_) => "testimonials",
        Block::Services(_) => "services",
        Block::Stats(_) => "stats",
        Block::Cta(_) => "cta",
        Block::Image(_) => "image",
        Block::Video(_) => "video",
        Block::Form(_) => "form",
        Block::Faq(_) => "faq",
        Block::Quote(_) => "quote",
        Block::Grid(_) => "grid",
        Block::Card(_) => "card",
        Block::List(_) => "list",
        Block::Accordion(_) => "accordion",
    }
}

macro_rules! common {
    ($block:expr, $kind:expr; $($variant:ident),*) => {
        match $block { $(Block::$variant(b) => Common { kind: $kind, anchor: &b.anchor, heading: &b.heading, text: &b.text },)* }
    };
}

fn common(block: &Block) -> Common<'_> {
    common!(block, word(block); Hero, Text, Features, Testimonials, Services, Stats, Cta, Image, Video, Form, Faq, Quote, Grid, Card, List, Accordion)
}

/// Heading and text of a block, as they are written.
pub(super) fn opening(block: &Block) -> (&str, &str) {
    let common = common(block);
    (common.heading, common.text)
}

impl Maker<'_> {
    /// The value of a block, or none if it says nothing. `lead` is for a hero that is the head of its page.
    pub(super) fn block(&mut self, block: &Block, lead: bool) -> Option<Value> {
        let common = common(block);
        self.level = if lead || common.heading.trim().is_empty() { 2 } else { 3 };
        // Texts first: ids and findings come in the order of the page.
        let text = self.markdown(common.text, 0, self.level);
        let mut own = self.own(block)?;
        let heading = if lead && common.heading.trim().is_empty() {
            self.page.title.as_str()
        } else {
            common.heading
        };
        let says_something = !text.is_none() || !heading.trim().is_empty() || own.shows;
        if !says_something || own.needed {
            if !own.reported {
                let message = format!("the {} has nothing to show; it is left out", common.kind);
                self.warn("block-empty", message);
            }
            return None;
        }
        let id = self.anchor(common.anchor);
        own.map.insert("type".into(), Value::from(common.kind));
        own.map.insert("id".into(), Value::from(id));
        own.map.insert("heading".into(), text_or_none(heading));
        own.map.insert("text".into(), text);
        // A section is announced by its heading; without one it is none.
        let tag = match heading.trim() {
            _ if lead => "header",
            "" => "div",
            _ => "section",
        };
        own.map.insert("tag".into(), Value::from(tag));
        own.map.insert("level".into(), Value::from(if lead { 1 } else { 2 }));
        own.map
            .insert("level_within".into(), Value::from(u64::from(self.level)));
        Some(Value::from(own.map))
    }

    fn own(&mut self, block: &Block) -> Option<Own> {
        Some(match block {
            Block::Hero(b) => {
                let image = self.image(b.image.as_deref(), &b.alt);
                let links = self.links(&b.links);
                Own::some(
                    map! { "kicker" => text_or_none(&b.kicker), "image" => image, "links" => links, "variant" => b.variant.word() },
                )
            }
            Block::Text(b) => {
                let image = self.image(b.image.as_deref(), &b.alt);
                let links = self.links(&b.links);
                Own::showing(!image.is_none(), map! { "image" => image, "links" => links })
            }
            Block::Features(b) => {
                let items = self.items(&b.items);
                Own::list(items, "items", map! { "variant" => b.variant.word() })
            }
            Block::Testimonials(b) => {
                let mut items = Vec::new();
                for (n, item) in b.items.iter().enumerate() {
                    if item.text.trim().is_empty() {
                        self.warn("item-empty", format!("entry {} says nothing; it is left out", n + 1));
                        continue;
                    }
                    let (text, image) = (
                        self.markdown(&item.text, n + 1, self.level),
                        self.image(item.image.as_deref(), ""),
                    );
                    let stars = (1..=5).contains(&item.rating).then(|| "★".repeat(item.rating.into()));
                    items.push(map! {
                        "text" => text, "image" => image, "name" => text_or_none(&item.name), "role" => text_or_none(&item.role),
                        "rating" => i64::from(item.rating), "stars" => optional(stars),
                    });
                }
                Own::list(items, "items", Value::from(Map::new()))
            }
            Block::Services(b) => {
                let (items, pages) = (self.items(&b.items), self.pages(b.section.as_deref(), b.limit));
                Own::list(items, "items", map! { "pages" => pages })
            }
            Block::Stats(b) => {
                let shown = b.items.iter().filter(|s| !s.value.trim().is_empty());
                let items: Vec<Value> = shown
                    .map(|s| map! { "value" => s.value.trim(), "label" => text_or_none(&s.label), "note" => text_or_none(&s.note) })
                    .collect();
                Own::list(items, "items", Value::from(Map::new()))
            }
            Block::Cta(b) => {
                let links = self.links(&b.links);
                Own::some(map! { "links" => links, "variant" => b.variant.word() })
            }
            Block::Image(b) => {
                let image = self.image(b.image.as_deref(), &b.alt);
                let url = b.url.as_deref().and_then(|u| self.href(u));
                let missing = image.is_none();
                let mut own = Own::showing(
                    true,
                    map! { "image" => image, "caption" => text_or_none(&b.caption), "url" => optional(url), "variant" => b.variant.word() },
                );
                own.needed = missing;
                own
            }
            Block::Video(b) => self.video(b),
            Block::Form(b) => self.form(b),
            Block::Faq(b) => {
                let mut items = Vec::new();
                for (n, item) in b
                    .items
                    .iter()
                    .enumerate()
                    .filter(|(_, i)| !i.question.trim().is_empty())
                {
                    let answer = self.markdown(&item.answer, n + 1, self.level);
                    items.push(map! { "heading" => item.question.trim(), "text" => answer });
                }
                Own::list(items, "items", Value::from(Map::new()))
            }
            Block::Quote(b) => {
                let image = self.image(b.image.as_deref(), &b.alt);
                let url = b.url.as_deref().and_then(|u| self.href(u));
                let mut own = Own::some(
                    map! { "image" => image, "url" => optional(url), "name" => text_or_none(&b.name), "role" => text_or_none(&b.role) },
                );
                own.needed = b.text.trim().is_empty();
                own
            }
            Block::Grid(b) => {
                let items = self.items(&b.items);
                Own::list(items, "items", map! { "variant" => b.variant.word() })
            }
            Block::Card(b) => {
                let image = self.image(b.image.as_deref(), &b.alt);
                let links = self.links(&b.links);
                let shows = !image.is_none();
                Own::showing(
                    shows,
                    map! { "kicker" => text_or_none(&b.kicker), "image" => image, "links" => links, "variant" => b.variant.word() },
                )
            }
            Block::List(b) => {
                let (items, pages) = (self.items(&b.items), self.pages(b.section.as_deref(), b.limit));
                Own::list(items, "items", map! { "pages" => pages, "variant" => b.variant.word() })
            }
            Block::Accordion(b) => {
                let mut items = Vec::new();
                for (n, item) in b.items.iter().enumerate().filter(|(_, i)| !i.heading.trim().is_empty()) {
                    let text = self.markdown(&item.text, n + 1, self.level);
                    items.push(map! { "heading" => item.heading.trim(), "text" => text });
                }
                Own::list(items, "items", Value::from(Map::new()))
            }
        })
    }

    /// A video file of this site plays in the page. Anything else is a link: a frame of another site would tell it about every
    /// visitor, and the content security policy lets none in.
    fn video(&mut self, block: &Video) -> Own {
        let image = self.image(block.image.as_deref(), &block.alt);
        let file = match self.plan.address.target(&block.url, self.path) {
            Target::Site { path, .. } => self.plan.media_at(&path).filter(|m| m.mime.starts_with("video/")),
            _ => None,
        };
        let file = file.map(|media| {
            map! {
                "src" => self.plan.address.href(&media.path), "mime" => media.mime.as_str(),
                "width" => optional(media.width), "height" => optional(media.height),
            }
        });
        let url = if file.is_some() { None } else { self.href(&block.url) };
        let url = url.filter(|u| !u.starts_with('#'));
        let nowhere = file.is_none() && url.is_none();
        let host = url.as_deref().filter(|u| is_http(u)).map(str::to_owned);
        let mut own = Own::showing(
            true,
            map! {
                "image" => image, "file" => optional(file), "url" => optional(url), "host" => optional(host),
                "caption" => text_or_none(&block.caption),
            },
        );
        own.needed = nowhere;
        own
    }

    fn form(&mut self, block: &Form) -> Own {
        let own = block.action.trim().is_empty();
        let settings = &self.plan.site.settings;
        let action = match self.plan.address.target(&block.action, self.path) {
            _ if own => {
                let server = settings.forms.as_deref();
                server.map(|server| forms::action(server, &self.page.id, self.number))
            }
            // Endpoints are no pages: whether one answers there is not for the renderer to know.
            Target::Site { path, suffix } => Some(format!("{}{suffix}", self.plan.address.href(&path))),
            Target::External(url) if is_http(&url) => Some(url.into_owned()),
            _ => None,
        };
        if action.is_none() {
            let message = match own {
                true => {
                    "the form has no address to send to, and no server takes the forms of this site; it is left out"
                        .into()
                }
                false => format!(
                    "the form sends to {:?}, which is no http address or path; the form is left out",
                    block.action
                ),
            };
            self.warn("form-action", message);
        }
        let (fields, unnamed) = forms::fields(block);
        for (n, name) in unnamed {
            self.warn(
                "form-field",
                format!("field {n} has no name of its own ({name:?}); it is left out"),
            );
        }
        let empty = action.is_none() || !fields.iter().any(|f| f.field.kind != FieldKind::Honeypot);
        let reported = action.is_none();
        self.html.has_form |= own && !empty;
        let privacy = settings.organisation.privacy_url.as_deref();
        let privacy = privacy.and_then(|url| self.plan.address.safe_href(url));
        let look = forms::Look {
            number: self.number,
            action: action.as_deref().unwrap_or_default(),
            own,
            button: &block.button,
            privacy: privacy.as_deref(),
        };
        let mut own = Own::showing(true, forms::value(&look, &fields, &forms::Filled::default()));
        (own.needed, own.reported) = (empty, reported);
        own
    }
}

/// What only blocks of one kind have.
struct Own {
    map: Map,
    /// There is something to see besides heading and text.
    shows: bool,
    /// What the block cannot be without is not there.
    needed: bool,
    /// The reason has been given.
    reported: bool,
}

impl Own {
    fn showing(shows: bool, value: Value) -> Self {
        let map = value
            .as_map()
            .map(|m| m.iter().map(|(k, v)| (k.clone(), v.clone())).collect())
            .unwrap_or_default();
        Self {
            map,
            shows,
            needed: false,
            reported: false,
        }
    }

    fn some(value: Value) -> Self {
        Self::showing(false, value)
    }

    fn list(items: Vec<Value>, key: &'static str, value: Value) -> Self {
        let more = value
            .get_from_path("pages")
            .is_some_and(|p| p.as_array().is_some_and(|a| !a.is_empty()));
        let empty = items.is_empty() && !more;
        let mut own = Self::showing(!empty, value);
        own.needed = empty;
        own.map.insert(key.into(), Value::from(items));
        own
    }
}
