//! Which HTML elements are open, as far as links care.
//!
//! Not a tree builder: where the standard's repairs of broken nesting could put a text inside an element that forbids
//! links, this says that it is inside.

/// What an element does to the text in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Has no content.
    Void,
    /// Part of a line.
    Inline,
    /// As [`Effect::Inline`], but stays open past the end of its parent (the standard's formatting elements).
    Formatting,
    /// As [`Effect::Formatting`], with text that is never linked.
    ClosedFormatting,
    /// A line of its own.
    Block,
    /// A list's item.
    Item,
    /// A heading.
    Heading,
    /// Part of a line that is never linked.
    ClosedInline,
    /// A line of its own that is never linked.
    Closed,
    /// As [`Effect::Closed`]; what was opened outside cannot be closed inside.
    Fence,
    /// Not shown.
    Hidden,
}

#[rustfmt::skip]
const ELEMENTS: &[(Effect, &[&str])] = {
    use Effect::*;
    &[
        (Void, &["br", "wbr", "img", "hr", "input", "area", "base", "col", "embed", "link", "meta", "source", "track", "param"]),
        (Inline, &["span", "mark", "del", "ins", "sub", "sup", "dfn", "abbr", "acronym", "time", "bdi", "bdo", "data"]),
        (Formatting, &["b", "big", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "u"]),
        (ClosedFormatting, &["a", "code", "tt"]),
        (Block, &["p", "div", "section", "article", "main", "body", "html", "center", "ul", "ol", "menu", "dl", "details", "figure"]),
        (Item, &["li", "dd"]),
        (Heading, &["h1", "h2", "h3", "h4", "h5", "h6"]),
        (ClosedInline, &["kbd", "samp", "var", "q", "cite", "button", "label", "ruby", "rt", "rp", "audio", "video", "picture", "progress", "meter", "output", "canvas", "map"]),
        (Closed, &["pre", "blockquote", "figcaption", "summary", "dt", "nav", "header", "footer", "aside", "address", "form", "fieldset", "legend", "hgroup", "search", "dialog", "thead", "tbody", "tfoot", "tr", "listing", "xmp"]),
        (Fence, &["table", "caption", "td", "th", "object", "marquee", "applet"]),
        (Hidden, &["script", "style", "template", "textarea", "select", "option", "optgroup", "datalist", "iframe", "noscript", "noembed", "noframes", "title", "head", "svg", "math", "plaintext", "frameset"]),
    ]
};

/// Classes by which buttons and captions are known where the element does not say it.
const CLOSED_CLASSES: &[&str] = &[
    "wp-caption-text",
    "wp-element-caption",
    "wp-block-button",
    "wp-block-button__link",
    "caption",
    "btn",
    "button",
];

/// Deeper than this, browsers flatten; nothing behind it is linked.
const DEEPEST: usize = 256;

/// The element of a name; none for elements that nobody knows.
pub(super) fn element(name: &[u8]) -> Option<(&'static str, Effect)> {
    ELEMENTS.iter().find_map(|(effect, names)| {
        let known = names.iter().find(|known| known.as_bytes() == name)?;
        Some((*known, *effect))
    })
}

/// The elements that are open.
#[derive(Debug, Default)]
pub(super) struct Elements {
    stack: Vec<(&'static str, Effect)>,
    closed: usize,
    hidden: usize,
    /// An open link, which only its own end ends.
    link: bool,
    /// Code that is open, likewise.
    code: usize,
    /// Nothing is linked any more.
    lost: bool,
}

impl Elements {
    pub(super) fn is_closed(&self) -> bool {
        self.lost || self.closed > 0 || self.hidden > 0 || self.in_formatting()
    }

    pub(super) fn is_hidden(&self) -> bool {
        self.hidden > 0
    }

    /// The nearest thing that makes a line.
    pub(super) fn line(&self) -> Effect {
        self.stack
            .iter()
            .rev()
            .map(|(_, effect)| *effect)
            .find(|effect| !matches!(effect, Effect::Inline | Effect::ClosedInline))
            .unwrap_or(Effect::Block)
    }

    pub(super) fn open(&mut self, name: &'static str, effect: Effect, class: &str, role: &str) {
        let closed_by_class =
            role.trim() == "button" || class.split_ascii_whitespace().any(|c| CLOSED_CLASSES.contains(&c));
        // Such an element can end a drawing that it is met in and stay open behind it (the standard's "foreign content").
        let forbids = !matches!(
            effect,
            Effect::Void | Effect::Inline | Effect::Formatting | Effect::Block | Effect::Hidden
        );
        if forbids && self.stack.iter().any(|(open, _)| matches!(*open, "svg" | "math")) {
            self.lost = true;
            return;
        }
        let effect = match effect {
            Effect::Void => return,
            // Formatting that cannot be left again for sure.
            Effect::Formatting if closed_by_class => {
                self.lost = true;
                return;
            }
            Effect::Formatting => return,
            Effect::ClosedFormatting => {
                // An open link is ended by the next one.
                if name == "a" {
                    self.link = true;
                } else {
                    self.code += 1;
                }
                return;
            }
            Effect::Inline if closed_by_class => Effect::ClosedInline,
            Effect::Block | Effect::Item if closed_by_class => Effect::Closed,
            other => other,
        };
        if is_table_part(name) && !self.stack.iter().any(|(open, _)| *open == "table") {
            return;
        }
        if name == "dt" || name == "dd" {
            self.close_if_on_top("dt");
        }
        if matches!(effect, Effect::Block | Effect::Item | Effect::Heading | Effect::Closed) && !is_table_part(name) {
            self.close("p", Effect::Block);
        }
        if (effect == Effect::Fence && self.in_formatting()) || self.stack.len() >= DEEPEST {
            self.lost = true;
        }
        if self.stack.len() < DEEPEST {
            self.stack.push((name, effect));
            self.count(effect, true);
        }
    }

    pub(super) fn close(&mut self, name: &'static str, effect: Effect) {
        if effect == Effect::ClosedFormatting {
            if name == "a" {
                self.link = false;
            } else {
                self.code = self.code.saturating_sub(1);
            }
            return;
        }
        for i in (0..self.stack.len()).rev() {
            let (open, open_effect) = self.stack[i];
            if open == name || (effect == Effect::Heading && open_effect == Effect::Heading) {
                // The end of a form leaves what was opened in it.
                let gone = if name == "form" {
                    vec![self.stack.remove(i)]
                } else {
                    self.stack.split_off(i)
                };
                for (_, effect) in gone {
                    self.count(effect, false);
                }
                return;
            }
            if stops(open, open_effect, name, effect) {
                return;
            }
        }
    }

    fn in_formatting(&self) -> bool {
        self.link || self.code > 0
    }

    fn close_if_on_top(&mut self, name: &str) {
        if self.stack.last().is_some_and(|(top, _)| *top == name)
            && let Some((_, effect)) = self.stack.pop()
        {
            self.count(effect, false);
        }
    }

    fn count(&mut self, effect: Effect, opened: bool) {
        let counter = match effect {
            Effect::Heading | Effect::ClosedInline | Effect::Closed | Effect::Fence => &mut self.closed,
            Effect::Hidden => &mut self.hidden,
            _ => return,
        };
        *counter = if opened { *counter + 1 } else { *counter - 1 };
    }
}

/// Whether the end of `name` cannot be looked for outside of this open element (the standard's scopes).
fn stops(open: &str, open_effect: Effect, name: &str, effect: Effect) -> bool {
    // The end of a table or a row ends the cell it is met in; nothing else gets out of one.
    let ends_cell =
        matches!(name, "table" | "thead" | "tbody" | "tfoot" | "tr") && matches!(open, "td" | "th" | "caption");
    if (open_effect == Effect::Fence && !ends_cell) || open_effect == Effect::Hidden {
        return true;
    }
    match name {
        "p" => open == "button",
        "li" => matches!(open, "ul" | "ol"),
        "button" => false,
        _ => {
            matches!(effect, Effect::Inline | Effect::ClosedInline)
                && (open == "button" || !matches!(open_effect, Effect::Inline | Effect::ClosedInline))
        }
    }
}

fn is_table_part(name: &str) -> bool {
    matches!(
        name,
        "caption" | "thead" | "tbody" | "tfoot" | "tr" | "td" | "th" | "col"
    )
}
