//! How deep users' HTML may nest, looked at before a parser sees it.
//!
//! An HTML parser looks through its open elements at nearly every tag, and through all that went before a table for each thing that
//! has no place in one. A text of some megabytes can make that take hours. Here the open elements are counted in one pass; an
//! element that would be too deep, or one too many out of place, loses its tags and keeps its text. The count may be too high where
//! tags are closed in the wrong order, never much too low.

use std::borrow::Cow;

/// Open elements that are let through. Real texts have some twenty.
const MAX_DEPTH: usize = 200;
/// Elements directly in tables, where none may be, that are let through.
const MAX_MISPLACED: usize = 500;

/// Closed by themselves, or open inside of tables only, which are counted.
const UNCOUNTED: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr", "p",
    "tr", "tbody", "thead", "tfoot", "colgroup", "html", "head", "body",
];
/// Opened again by the parser after what closed around them.
const FORMATTING: &[&str] = &[
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
];
/// Elements that an end tag of another name does not close (the "special" ones of the specification).
const SPECIAL: &[&str] = &[
    "address",
    "applet",
    "article",
    "aside",
    "blockquote",
    "button",
    "caption",
    "center",
    "dd",
    "details",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "frameset",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "iframe",
    "li",
    "listing",
    "main",
    "marquee",
    "menu",
    "nav",
    "noembed",
    "noframes",
    "noscript",
    "object",
    "ol",
    "plaintext",
    "pre",
    "script",
    "search",
    "section",
    "select",
    "style",
    "summary",
    "table",
    "td",
    "template",
    "textarea",
    "th",
    "title",
    "ul",
    "xmp",
    "svg",
    "math",
    "foreignobject",
    "desc",
    "mi",
    "mo",
    "mn",
    "ms",
    "mtext",
    "annotation-xml",
];
/// Whose end tags close whatever is in them, up to what bounds a table's cell and its like.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "button",
    "center",
    "dd",
    "details",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "li",
    "listing",
    "main",
    "menu",
    "nav",
    "ol",
    "pre",
    "search",
    "section",
    "summary",
    "table",
    "ul",
];
const BOUNDS: &[&str] = &[
    "applet",
    "caption",
    "marquee",
    "object",
    "select",
    "table",
    "td",
    "template",
    "th",
    "svg",
    "math",
    "foreignobject",
    "desc",
    "title",
    "mi",
    "mo",
    "mn",
    "ms",
    "mtext",
    "annotation-xml",
];
/// Whose inside is no markup, as a rule: what looks like an end tag there may be none.
const OPAQUE: &[&str] = &[
    "script",
    "style",
    "title",
    "textarea",
    "xmp",
    "iframe",
    "noembed",
    "noframes",
    "noscript",
    "plaintext",
];
const CELLS: &[&str] = &["td", "th", "caption"];
/// May stand directly in a table.
const IN_TABLE: &[&str] = &[
    "caption", "colgroup", "col", "tbody", "thead", "tfoot", "tr", "td", "th", "table", "script", "style", "template",
];

/// The text with what nests too deep taken out, and how many elements that were.
pub(super) fn bound(html: &str) -> (Cow<'_, str>, usize) {
    let mut open = Open::default();
    let mut out = String::new();
    let (mut done, mut at, mut dropped) = (0, 0, 0);
    // Where markup is read as text, and until what.
    let mut opaque: Option<String> = None;
    while let Some(found) = memchr::memchr(b'<', &html.as_bytes()[at..]) {
        let start = at + found;
        let rest = &html[start..];
        if opaque.is_none() && rest.starts_with("<!") {
            opaque = Some(if rest.starts_with("<!--") { "-->" } else { ">" }.to_owned());
            if rest.starts_with("<![CDATA[") {
                opaque = Some("]]>".to_owned());
            }
            at = start + 2;
            continue;
        }
        if let Some(end) = &opaque {
            // `-->` and its like are looked for up to this tag.
            if end.ends_with('>') && html[at..start].contains(end.as_str()) {
                opaque = None;
                at = start;
                continue;
            }
        }
        let Some(tag) = Tag::read(rest) else {
            at = start + 1;
            continue;
        };
        at = start + tag.length;
        if opaque.as_ref().is_some_and(|end| *end == tag.name) && tag.closing {
            opaque = None;
        }
        let keep = match (tag.closing, &opaque) {
            (false, _) => open.start(&tag.name),
            (true, None) => open.end(&tag.name),
            (true, Some(_)) => true,
        };
        if opaque.is_none() && !tag.closing && OPAQUE.contains(&tag.name.as_str()) {
            opaque = Some(tag.name);
        }
        if !keep {
            dropped += usize::from(!tag.closing);
            out.push_str(&html[done..start]);
            done = at;
        }
    }
    if done == 0 {
        return (Cow::Borrowed(html), dropped);
    }
    out.push_str(&html[done..]);
    (Cow::Owned(out), dropped)
}

/// A tag as a parser finds it.
struct Tag {
    name: String,
    closing: bool,
    length: usize,
}

impl Tag {
    fn read(source: &str) -> Option<Self> {
        let bytes = source.as_bytes();
        let closing = bytes.get(1) == Some(&b'/');
        let start = 1 + usize::from(closing);
        if !bytes.get(start)?.is_ascii_alphabetic() {
            return None;
        }
        let is_end = |b: u8| b.is_ascii_whitespace() || matches!(b, b'/' | b'>');
        let length = bytes[start..]
            .iter()
            .position(|&b| is_end(b))
            .unwrap_or(bytes.len() - start);
        let mut at = start + length;
        // Of a name only its beginning counts: none that matters is longer.
        let name = source
            .get(start..start + length.min(24))
            .unwrap_or("?")
            .to_ascii_lowercase();
        let skip = |at: &mut usize, what: fn(u8) -> bool| {
            while bytes.get(*at).is_some_and(|&b| what(b)) {
                *at += 1;
            }
        };
        loop {
            skip(&mut at, |b| b.is_ascii_whitespace() || b == b'/');
            match bytes.get(at) {
                None => break,
                Some(b'>') => {
                    at += 1;
                    break;
                }
                Some(_) => {}
            }
            at += 1;
            skip(&mut at, |b| {
                !b.is_ascii_whitespace() && !matches!(b, b'/' | b'>' | b'=')
            });
            let mut value = at;
            skip(&mut value, |b| b.is_ascii_whitespace());
            if bytes.get(value) != Some(&b'=') {
                continue;
            }
            at = value + 1;
            skip(&mut at, |b| b.is_ascii_whitespace());
            match bytes.get(at) {
                Some(&quote @ (b'"' | b'\'')) => {
                    at += 1;
                    at += memchr::memchr(quote, &bytes[at..]).map_or(bytes.len() - at, |n| n + 1);
                }
                _ => skip(&mut at, |b| !b.is_ascii_whitespace() && b != b'>'),
            }
        }
        Some(Self {
            name,
            closing,
            length: at,
        })
    }
}

/// An open element, with what is asked of it again and again.
struct Element {
    name: String,
    formatting: bool,
    special: bool,
    bound: bool,
}

impl Element {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            formatting: FORMATTING.contains(&name),
            special: SPECIAL.contains(&name),
            bound: BOUNDS.contains(&name),
        }
    }

    fn is(&self, names: &[&str]) -> bool {
        names.contains(&self.name.as_str())
    }
}

/// The elements that are open, from the outside in.
#[derive(Default)]
struct Open {
    elements: Vec<Element>,
    /// Elements without their tags that are still open, by name.
    dropped: std::collections::HashMap<String, usize>,
    misplaced: usize,
}

impl Open {
    /// True if the tag may stay.
    fn start(&mut self, name: &str) -> bool {
        if self.in_table() && !IN_TABLE.contains(&name) {
            self.misplaced += 1;
            if self.misplaced > MAX_MISPLACED {
                return self.drop(name);
            }
        }
        match name {
            "tr" | "tbody" | "thead" | "tfoot" | "td" | "th" | "caption" => self.leave_cell(),
            "li" | "dd" | "dt" => {
                let near = |e: &Element| e.special && !e.is(&["div", "p", "address"]);
                let names: &[&str] = if name == "li" { &["li"] } else { &["dd", "dt"] };
                names.iter().any(|name| self.close(name, near));
            }
            _ => {}
        }
        if UNCOUNTED.contains(&name) || CELLS.contains(&name) && !self.elements.iter().any(|e| e.name == "table") {
            return true;
        }
        if self.elements.len() >= MAX_DEPTH {
            return self.drop(name);
        }
        self.elements.push(Element::new(name));
        true
    }

    fn drop(&mut self, name: &str) -> bool {
        if !UNCOUNTED.contains(&name) {
            *self.dropped.entry(name.to_owned()).or_default() += 1;
        }
        false
    }

    fn end(&mut self, name: &str) -> bool {
        if let Some(dropped) = self.dropped.get_mut(name).filter(|n| **n > 0) {
            *dropped -= 1;
            return false;
        }
        match name {
            "tr" | "tbody" | "thead" | "tfoot" => self.leave_cell(),
            "table" => drop(self.close(name, |e| e.bound && !e.is(CELLS))),
            "li" => drop(self.close(name, |e| e.bound || e.is(&["ol", "ul"]))),
            _ if BLOCKS.contains(&name) => drop(self.close(name, |e| e.bound)),
            _ => drop(self.close(name, |e| e.special)),
        }
        true
    }

    /// The innermost element but formatting is a table.
    fn in_table(&self) -> bool {
        let inner = self.elements.iter().rev().find(|e| !e.formatting);
        inner.is_some_and(|e| e.name == "table")
    }

    fn leave_cell(&mut self) {
        for cell in CELLS {
            self.close(cell, |e| e.bound);
        }
    }

    /// Closes the innermost element of that name with what is in it, formatting excepted, which the parser would open again. An element
    /// that `bounds` keeps open what is outside of it.
    fn close(&mut self, name: &str, bounds: impl Fn(&Element) -> bool) -> bool {
        let Some(at) = self.elements.iter().rposition(|e| e.name == name || bounds(e)) else {
            return false;
        };
        if self.elements[at].name != name {
            return false;
        }
        if self.elements[at].formatting {
            self.elements.remove(at);
        } else {
            let inner = self.elements.split_off(at);
            self.elements.extend(inner.into_iter().filter(|e| e.formatting));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_passes_as_it_is() {
        for html in [
            "",
            "a < b <3 </ x",
            "<p>one<p>two<ul><li>a<li>b<ul><li>c</ul></ul>",
            "<!-- <div> --><style>a > b {}</style><b><i>x</b></i>",
            "<table><tr><td>1<td>2<tr><td><table><tr><td>3</table></table>",
            "<a href='x>y' title=\"</div>\">z</a><br/><img src=x>",
        ] {
            for text in [html.to_owned(), html.repeat(150)] {
                let (kept, dropped) = bound(&text);
                assert!(matches!(kept, Cow::Borrowed(_)) && dropped == 0, "{html}: {dropped}");
            }
        }
    }

    #[test]
    fn what_is_too_deep_loses_its_tags_and_keeps_its_text() {
        for unit in [
            "<div>x",
            "<b a=1>x",
            "<a href=y>x",
            "<table>x",
            "<table><tr><td>x",
            "<span><div></span>x",
            "<i id=1><p>x</p>",
            "<div></b>x",
            "<div><i></div>x",
            "<li><dd>x",
            "<div><table><td></div></td></table>x",
            "<div><script></div></script>x",
            "<div title='</div>'>x",
            "<div><!-- </div> -->x",
            "<svg><g>x",
        ] {
            let text = unit.repeat(2000);
            let (kept, dropped) = bound(&text);
            assert!(dropped > 500, "{unit}: {dropped}");
            assert_eq!(kept.matches('x').count(), 2000, "{unit}");
        }
        let deep = format!("{}in{}<p>after</p>", "<div>".repeat(300), "</div>".repeat(300));
        let (kept, dropped) = bound(&deep);
        assert_eq!(dropped, 100);
        assert_eq!(kept.matches("<div>").count(), kept.matches("</div>").count());
        let (_, misplaced) = bound(&format!("<table>{}</table>", "<br>x".repeat(2000)));
        assert_eq!(misplaced, 1500);
    }
}
