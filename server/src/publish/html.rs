//! HTML on its way out: addresses exchanged in the source, the rest untouched; and what only our own pages need taken out.

use std::ops::Range;

use html5gum::{DefaultEmitter, Token, Tokenizer};

/// Attributes that hold one address.
const ADDRESSES: [&str; 4] = ["href", "src", "poster", "cite"];

/// The HTML with other addresses: `new` gets each as it is meant and answers what to write instead. Every other byte stays.
pub fn rewrite(html: &str, mut new: impl FnMut(&str) -> Option<String>) -> String {
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    let mut out = String::with_capacity(html.len() + html.len() / 16);
    let mut done = 0;
    for token in Tokenizer::new_with_emitter(html, emitter).flatten() {
        let Token::StartTag(tag) = token else { continue };
        let at = tag.span.start;
        let Some(source) = html.get(at..tag.span.end) else {
            continue;
        };
        for attribute in attributes(source) {
            let name = source[attribute.name.clone()].to_ascii_lowercase();
            if !ADDRESSES.contains(&name.as_str()) {
                continue;
            }
            // As the tokenizer reads it, character references resolved.
            let value = tag.attributes.get(name.as_bytes());
            let Some(value) = value.and_then(|value| std::str::from_utf8(&value.value).ok()) else {
                continue;
            };
            if let Some(address) = new(value) {
                out.push_str(&html[done..at + attribute.value.start]);
                let mut written = escaped(&address);
                // What is no short code in the source becomes none.
                if !source[attribute.value.clone()].contains('[') {
                    written = without_short_codes(&written);
                }
                out.push('"');
                out.push_str(&written);
                out.push('"');
                done = at + attribute.value.end;
            }
        }
    }
    out.push_str(&html[done..]);
    out
}

/// Every address in the HTML, as it is meant.
pub fn addresses(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    rewrite(html, |address| {
        found.push(address.to_owned());
        None
    });
    found
}

/// Text as it stands in HTML, also between double quotes.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// HTML of ours in which WordPress finds no short code: it runs them in text, in code and in attributes alike. For HTML without
/// comments and scripts, in which a character reference would be another text.
pub fn without_short_codes(html: &str) -> String {
    html.replace('[', "&#91;")
}

/// Where an attribute stands in its tag.
struct Attribute {
    name: Range<usize>,
    /// With its quotes.
    value: Range<usize>,
}

/// The attributes with a value of a start tag, as the HTML standard reads them; of two with one name the first.
fn attributes(tag: &str) -> Vec<Attribute> {
    let bytes = tag.as_bytes();
    let space = |b: u8| b.is_ascii_whitespace();
    let mut found: Vec<Attribute> = Vec::new();
    let mut at = bytes.iter().position(|&b| space(b) || b == b'/').unwrap_or(bytes.len());
    loop {
        while at < bytes.len() && (space(bytes[at]) || bytes[at] == b'/') {
            at += 1;
        }
        if at >= bytes.len() || bytes[at] == b'>' {
            return found;
        }
        let begun = at;
        // A name may begin with an equals sign.
        at += 1;
        while at < bytes.len() && !space(bytes[at]) && !matches!(bytes[at], b'/' | b'>' | b'=') {
            at += 1;
        }
        let name = begun..at;
        while at < bytes.len() && space(bytes[at]) {
            at += 1;
        }
        if at >= bytes.len() || bytes[at] != b'=' {
            continue;
        }
        at += 1;
        while at < bytes.len() && space(bytes[at]) {
            at += 1;
        }
        let value = match bytes.get(at) {
            Some(&quote @ (b'"' | b'\'')) => {
                let length = bytes[at + 1..].iter().position(|&b| b == quote);
                let end = length.map_or(bytes.len(), |length| at + length + 2);
                at..end
            }
            _ => {
                let length = bytes[at..].iter().position(|&b| space(b) || b == b'>');
                at..length.map_or(bytes.len(), |length| at + length)
            }
        };
        at = value.end;
        let same = |other: &Attribute| tag[other.name.clone()].eq_ignore_ascii_case(&tag[name.clone()]);
        if !found.iter().any(same) {
            found.push(Attribute { name, value });
        }
    }
}

/// Elements that stand within a line of text.
pub fn is_inline(name: &str) -> bool {
    const INLINE: [&str; 31] = [
        "a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "data", "del", "dfn", "em", "i", "img", "ins", "kbd",
        "mark", "math", "picture", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var",
        "wbr",
    ];
    INLINE.contains(&name)
}

/// Bodies as the renderer writes them, without what only its own pages need (links of headings to themselves, colours of code,
/// frames of wide tables, hints to the browser), and so that WordPress shows them as they are meant: it breaks lines where the
/// source does, and has its own names for how cells are aligned.
pub fn without_marks(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    let mut place = Place::default();
    let mut in_frame = false;
    // The renderer's text has no `<` of its own.
    while let Some(at) = rest.find('<') {
        let (text, from) = rest.split_at(at);
        let end = tag_end(from);
        let (tag, after) = from.split_at(end);
        let name = tag_name(tag);
        if tag.starts_with("<a class=\"anchor\"") {
            place.text(text.trim_end_matches(' '), true, &mut out);
            rest = after.split_once("</a>").map_or("", |(_, after)| after);
            continue;
        }
        place.text(text, is_inline(name), &mut out);
        rest = after;
        let in_code = place.in_pre;
        place.pass(tag, name);
        if tag.starts_with("<pre") {
            out.push_str(&without(tag, &["tabindex"]));
        } else if in_code && name == "span" {
        } else if tag.starts_with("<div class=\"table-wrap\"") {
            in_frame = true;
        } else if tag == "</table>" && in_frame {
            in_frame = false;
            out.push_str(tag);
            rest = rest.strip_prefix("</div>").unwrap_or(rest);
        } else if tag.starts_with("<img") {
            out.push_str(&without(tag, &["loading", "fetchpriority", "decoding"]));
        } else if matches!(name, "td" | "th") {
            out.push_str(&aligned(tag));
        } else {
            out.push_str(tag);
        }
    }
    place.text(rest, false, &mut out);
    out
}

/// Where text stands.
#[derive(Default)]
struct Place {
    in_pre: bool,
    after_inline: bool,
}

impl Place {
    /// Goes past a tag.
    fn pass(&mut self, tag: &str, name: &str) {
        if name == "pre" {
            self.in_pre = !tag.starts_with("</");
        }
        self.after_inline = is_inline(name);
    }

    /// Writes text.
    fn text(&self, text: &str, before_inline: bool, out: &mut String) {
        // Lines between blocks break nothing.
        let between_blocks = text.trim().is_empty() && !(self.after_inline && before_inline);
        if self.in_pre || between_blocks {
            out.push_str(text);
        } else {
            out.push_str(&text.replace('\n', " "));
        }
    }
}

/// The name in a tag.
fn tag_name(tag: &str) -> &str {
    let name = tag.trim_start_matches('<').trim_start_matches('/');
    let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    &name[..end]
}

/// A cell with its alignment in WordPress's words.
fn aligned(tag: &str) -> String {
    let found = ["left", "center", "right"].iter().find_map(|side| {
        let (before, after) = tag.split_once(&format!(" class=\"{side}\""))?;
        Some(format!(
            "{before} class=\"has-text-align-{side}\" data-align=\"{side}\"{after}"
        ))
    });
    found.unwrap_or_else(|| tag.to_owned())
}

/// A tag without some of its attributes.
fn without(tag: &str, names: &[&str]) -> String {
    let mut out = String::with_capacity(tag.len());
    let mut done = 0;
    for attribute in attributes(tag) {
        if names.contains(&&tag[attribute.name.clone()]) {
            out.push_str(tag[done..attribute.name.start].trim_end());
            done = attribute.value.end;
        }
    }
    out.push_str(&tag[done..]);
    out
}

/// Bytes of the tag that `text` begins with: up to a `>` outside double quotes.
fn tag_end(text: &str) -> usize {
    let mut quoted = false;
    for (i, b) in text.bytes().enumerate() {
        match b {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return i + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_change_and_nothing_else() {
        let to = |address: &str| match address {
            "/media/a.png" => Some("https://w.example/a.png?x=1&y=2".to_owned()),
            "/blog/x/" => Some("https://w.example/x/".to_owned()),
            _ => None,
        };
        for (html, expected) in [
            ("", ""),
            (
                "<img  alt='a > b' src='/media/a.png' >",
                "<img  alt='a > b' src=\"https://w.example/a.png?x=1&amp;y=2\" >",
            ),
            ("<a href=/blog/x/>x</a>", "<a href=\"https://w.example/x/\">x</a>"),
            (
                "<A HREF = \"/blog&#47;x/\" href='/blog/x/'>x</A>",
                "<A HREF = \"https://w.example/x/\" href='/blog/x/'>x</A>",
            ),
            ("<a href=\"/blog/y/\">x</a>", "<a href=\"/blog/y/\">x</a>"),
            // Neither in comments, nor in text, nor in scripts.
            (
                "<!-- wp:image {\"src\":\"/media/a.png\"} --><!-- <a href=\"/blog/x/\"> -->",
                "<!-- wp:image {\"src\":\"/media/a.png\"} --><!-- <a href=\"/blog/x/\"> -->",
            ),
            (
                "<script>x = '<a href=\"/blog/x/\">'</script>[gallery ids=\"1,2\"]",
                "<script>x = '<a href=\"/blog/x/\">'</script>[gallery ids=\"1,2\"]",
            ),
            ("<a href=\"/blog/x/\"", "<a href=\"/blog/x/\""),
            (
                "<p>é<a title=\"href='/blog/x/'\" href='/blog/x/'>é</a>",
                "<p>é<a title=\"href='/blog/x/'\" href=\"https://w.example/x/\">é</a>",
            ),
            (
                "<video poster=\"/media/a.png\" controls><source src=/media/a.png></video>",
                "<video poster=\"https://w.example/a.png?x=1&amp;y=2\" controls><source src=\"https://w.example/a.png?x=1&amp;y=2\"></video>",
            ),
        ] {
            assert_eq!(rewrite(html, to), expected, "{html}");
        }
        assert_eq!(addresses("<a href='/a?x=1&amp;y=2'><img src=b>"), ["/a?x=1&y=2", "b"]);
    }

    #[test]
    fn a_new_address_makes_no_short_code() {
        let to = |address: &str| {
            address
                .strip_prefix("/x/")
                .map(|rest| format!("https://w.example/{rest}"))
        };
        for (html, expected) in [
            (
                "<a href=\"/x/?a=&#91;gallery]\">x</a>",
                "<a href=\"https://w.example/?a=&#91;gallery]\">x</a>",
            ),
            (
                "<a href=\"/x/?a=[id]\">x</a>",
                "<a href=\"https://w.example/?a=[id]\">x</a>",
            ),
        ] {
            assert_eq!(rewrite(html, to), expected, "{html}");
        }
        let html = "<p>[a] <kbd>[b]</kbd> <img alt=\"[c]\"></p>";
        assert_eq!(
            without_short_codes(html),
            "<p>&#91;a] <kbd>&#91;b]</kbd> <img alt=\"&#91;c]\"></p>"
        );
    }

    #[test]
    fn marks_of_pages_go() {
        for (html, expected) in [
            (
                "<h2 id=\"x\">X <a class=\"anchor\" href=\"#x\" aria-label=\"l\">#</a></h2>\n<p>y</p>",
                "<h2 id=\"x\">X</h2>\n<p>y</p>",
            ),
            (
                "<pre tabindex=\"0\"><code class=\"language-rust\"><span class=\"k\">fn</span> a</code></pre>",
                "<pre><code class=\"language-rust\">fn a</code></pre>",
            ),
            (
                "<div class=\"table-wrap\" role=\"region\" aria-label=\"a > b\" tabindex=\"0\"><table><tr><td>1</td></tr></table></div>\n<div>x</div>",
                "<table><tr><td>1</td></tr></table>\n<div>x</div>",
            ),
            (
                "<img src=\"/a.png\" alt=\"a > b\" width=\"1\" height=\"2\" loading=\"lazy\" decoding=\"async\">",
                "<img src=\"/a.png\" alt=\"a > b\" width=\"1\" height=\"2\">",
            ),
            (
                "<p><span class=\"math\">x</span></p>",
                "<p><span class=\"math\">x</span></p>",
            ),
        ] {
            assert_eq!(without_marks(html), expected);
        }
    }

    #[test]
    fn wordpress_shows_texts_as_they_are_meant() {
        for (html, expected) in [
            // A line of the source is none of the text.
            (
                "<p>One\ntwo <em>three</em>\n<strong>four</strong><br>\nfive</p>\n<ul>\n<li>six\nseven</li>\n</ul>\n",
                "<p>One two <em>three</em> <strong>four</strong><br> five</p>\n<ul>\n<li>six seven</li>\n</ul>\n",
            ),
            (
                "<table><thead><tr><th scope=\"col\" class=\"center\">a</th></tr></thead><tbody><tr><td class=\"right\">1</td><td>2</td></tr></tbody></table>",
                "<table><thead><tr><th scope=\"col\" class=\"has-text-align-center\" data-align=\"center\">a</th></tr></thead>\
                 <tbody><tr><td class=\"has-text-align-right\" data-align=\"right\">1</td><td>2</td></tr></tbody></table>",
            ),
        ] {
            assert_eq!(without_marks(html), expected);
        }
    }
}
