//! Cleaned HTML made valid: obsolete elements and attributes in their modern forms, elements where they may stand.
//!
//! It reads what [`super::clean`] wrote, which is regular and closes what it opens.

use std::borrow::Cow;

use super::tag::{Tag, attribute, unescape};

/// Hold words, no blocks.
const INLINE: &[&str] = &[
    "abbr", "b", "bdi", "bdo", "cite", "code", "dfn", "em", "i", "kbd", "mark", "q", "rp", "rt", "ruby", "s", "samp",
    "small", "span", "strong", "sub", "sup", "time", "u", "var",
];
/// What they hold their parent may hold.
const TRANSPARENT: &[&str] = &["a", "del", "ins"];
/// Blocks that hold words alone.
const OF_WORDS: &[&str] = &["h1", "h2", "h3", "h4", "h5", "h6", "p", "pre"];
const HEADINGS: &[&str] = &["h1", "h2", "h3", "h4", "h5", "h6"];
const VOID: &[&str] = &["br", "col", "hr", "img", "input", "wbr"];
/// Inline elements without an end.
const WORDS: &[&str] = &["br", "img", "input", "wbr"];

/// What an obsolete or unsuitable element becomes. Landmarks are the page's own.
fn modern(name: &str) -> &str {
    match name {
        "acronym" => "abbr",
        "strike" => "s",
        "tt" => "code",
        "center" | "nav" | "aside" | "header" | "footer" | "hgroup" => "div",
        name => name,
    }
}

struct Element<'h> {
    /// As it is written; empty if its tags are left out.
    name: &'h str,
    /// As it is for what stands in it.
    kind: &'h str,
    /// A list item that was opened for what may not stand in a list.
    implied: bool,
    /// Where it begins in the output: a summary with its tag, others behind it.
    at: usize,
    /// A part that opens, which has its summary.
    has_summary: bool,
}

/// Makes cleaned `html` valid. `details` is the word for a part that opens and has none of its own.
pub(super) fn repair(html: &str, details: &str) -> String {
    let holds_blocks = holding_blocks(html);
    let mut out = String::with_capacity(html.len() + html.len() / 16);
    let mut open: Vec<Element<'_>> = Vec::new();
    let (mut rest, mut nth) = (html, 0);
    loop {
        let at = rest.find('<').unwrap_or(rest.len());
        let text = &rest[..at];
        if !text.trim().is_empty() {
            admit("", &mut open, &mut out);
        }
        out.push_str(text);
        rest = &rest[at..];
        if rest.is_empty() {
            break;
        }
        let Some(tag) = Tag::read(rest) else {
            out.push_str("&lt;");
            rest = &rest[1..];
            continue;
        };
        rest = &rest[tag.length..];
        if tag.closing {
            if let Some(element) = open.pop() {
                close_implied(&element, &mut out);
                if !element.name.is_empty() {
                    out.push_str("</");
                    out.push_str(element.name);
                    out.push('>');
                }
                match element.name {
                    "summary" => summary_first(element.at, &open, &mut out),
                    "details" if !element.has_summary => {
                        out.insert_str(element.at, &format!("<summary>{details}</summary>"));
                    }
                    // Words of two blocks do not run together when the blocks are gone.
                    "" if !is_inline(modern(tag.name))
                        && !rest.starts_with("</")
                        && open.iter().any(|e| e.name == "summary") =>
                    {
                        out.push(' ');
                    }
                    _ => {}
                }
            }
            continue;
        }
        let name = modern(tag.name);
        let void = VOID.contains(&name);
        let bare = holds_blocks.get(nth).copied().unwrap_or(false) || lacks(&tag, name);
        nth += usize::from(!void);
        // A summary may hold headings besides words.
        let words_only = open
            .iter()
            .any(|e| OF_WORDS.contains(&e.name) || e.name == "summary" && !HEADINGS.contains(&name));
        let is_words = is_inline(name) || WORDS.contains(&name);
        admit(name, &mut open, &mut out);
        let holder = open.iter_mut().rev().find(|e| !e.name.is_empty());
        let parent = holder.as_ref().map_or("", |e| e.kind);
        let another = name == "summary"
            && holder.is_some_and(|e| e.name == "details" && std::mem::replace(&mut e.has_summary, true));
        let name = match name {
            "li" if !matches!(parent, "ul" | "ol") => "div",
            "dt" | "dd" if parent != "dl" => "div",
            "figcaption" if parent != "figure" => "div",
            "summary" if parent != "details" || another => "div",
            "rt" | "rp" if parent != "ruby" => "",
            name => name,
        };
        let name = if bare || words_only && !is_words { "" } else { name };
        let start = out.len();
        if !name.is_empty() {
            out.push('<');
            out.push_str(name);
            attributes(&tag, name, &mut out);
            out.push('>');
        }
        if !void {
            open.push(Element {
                name,
                kind: if name.is_empty() { parent } else { name },
                implied: false,
                at: if name == "summary" { start } else { out.len() },
                has_summary: false,
            });
        }
    }
    out
}

fn is_inline(name: &str) -> bool {
    INLINE.contains(&name) || TRANSPARENT.contains(&name)
}

/// Moves the summary that `out` ends with to the front of its part. Only what stood before it moves, and [`super::depth`]
/// bounds how many parts a text can stand in, so the time stays linear.
fn summary_first(at: usize, open: &[Element<'_>], out: &mut String) {
    if let Some(part) = open.iter().rev().find(|e| !e.name.is_empty())
        && !out[part.at..at].trim().is_empty()
    {
        let summary = out.split_off(at);
        out.insert_str(part.at, &summary);
    }
}

/// Opens a list item for what may not stand in a list, and closes it again before what may. `name` is empty for a text.
fn admit(name: &str, open: &mut [Element<'_>], out: &mut String) {
    let Some(list) = open.iter_mut().rev().find(|e| !e.name.is_empty()) else {
        return;
    };
    let (fits, item) = match list.name {
        "ul" | "ol" => (name == "li", "li"),
        "dl" => (matches!(name, "dt" | "dd"), "dd"),
        _ => return,
    };
    if fits {
        close_implied(list, out);
        list.implied = false;
    } else if !list.implied {
        out.push('<');
        out.push_str(item);
        out.push('>');
        list.implied = true;
    }
}

fn close_implied(element: &Element<'_>, out: &mut String) {
    if element.implied {
        out.push_str(if element.name == "dl" { "</dd>" } else { "</li>" });
    }
}

/// By the number of an element: an inline one with blocks in it, which must go so that they may stand.
fn holding_blocks(html: &str) -> Vec<bool> {
    let mut holding = Vec::new();
    let mut open: Vec<(usize, bool)> = Vec::new();
    let mut at = 0;
    while let Some(found) = html[at..].find('<') {
        at += found;
        let Some(tag) = Tag::read(&html[at..]) else {
            at += 1;
            continue;
        };
        at += tag.length;
        let name = modern(tag.name);
        if tag.closing {
            if let Some((nth, soft)) = open.pop()
                && soft
                && holding[nth]
                && let Some((parent, _)) = open.last()
            {
                holding[*parent] = true;
            }
            continue;
        }
        let soft = INLINE.contains(&name) || TRANSPARENT.contains(&name);
        if !soft
            && !WORDS.contains(&name)
            && let Some((parent, _)) = open.last()
        {
            holding[*parent] = true;
        }
        if !VOID.contains(&name) {
            open.push((holding.len(), soft));
            holding.push(false);
        }
    }
    // Only inline elements give way.
    let mut nth = 0;
    let mut at = 0;
    while let Some(found) = html[at..].find('<') {
        at += found;
        let Some(tag) = Tag::read(&html[at..]) else {
            at += 1;
            continue;
        };
        at += tag.length;
        let name = modern(tag.name);
        if !tag.closing && !VOID.contains(&name) {
            holding[nth] &= INLINE.contains(&name);
            nth += 1;
        }
    }
    holding
}

/// Without an attribute that it must have the element says nothing.
fn lacks(tag: &Tag<'_>, name: &str) -> bool {
    match name {
        "bdo" => !matches!(tag.attribute("dir").as_deref(), Some("ltr" | "rtl")),
        "time" => !tag.attribute("datetime").is_some_and(|d| is_moment(&d)),
        "input" => tag.attribute("type").is_none(),
        _ => false,
    }
}

fn attributes(tag: &Tag<'_>, name: &str, out: &mut String) {
    let wrapped = name == "div" && tag.attribute("class").as_deref() == Some("table-wrap");
    let mut class: Option<Cow<'_, str>> = tag.attribute("class");
    let align = tag.attribute("align").map(|a| a.to_ascii_lowercase());
    let align = match align.as_deref() {
        _ if tag.name == "center" => Some("center"),
        Some(side @ ("left" | "right" | "center")) => Some(side),
        Some("middle") => Some("center"),
        _ => None,
    };
    if let Some(align) = align.filter(|_| !matches!(name, "img" | "hr" | "table" | "col")) {
        class = Some(match class {
            Some(class) if !class.is_empty() => Cow::Owned(format!("{class} {align}")),
            _ => Cow::Borrowed(align),
        });
    }
    if let Some(class) = class.filter(|c| !c.is_empty()) {
        attribute(out, "class", &class);
    }
    for (key, value) in &tag.attributes {
        let value = unescape(value);
        let number = |most: u32| value.parse::<u32>().is_ok_and(|n| (1..=most).contains(&n));
        let fits = match *key {
            "class" | "align" => false,
            "role" => matches!(
                (name, &*value),
                ("a", "doc-noteref" | "doc-backlink") | ("section", "doc-endnotes") | ("div", "group")
            ),
            "aria-label" => {
                !value.trim().is_empty() && (wrapped || matches!(name, "a" | "section" | "input" | "table"))
            }
            "aria-hidden" => value == "true" && matches!(name, "span" | "i" | "b"),
            "tabindex" => wrapped || name == "pre",
            "dir" => matches!(&*value, "ltr" | "rtl" | "auto"),
            "lang" | "hreflang" => is_language(&value),
            "datetime" => is_moment(&value),
            "colspan" | "span" => number(1000),
            "rowspan" => number(65_534),
            "scope" => name == "th" && matches!(&*value, "row" | "col" | "rowgroup" | "colgroup"),
            "start" => value.parse::<i32>().is_ok(),
            "type" => name == "input" || matches!(&*value, "1" | "a" | "A" | "i" | "I"),
            "cite" => url::Url::parse(&value).is_ok() && value.bytes().all(|b| b.is_ascii_graphic()),
            _ => true,
        };
        if fits {
            attribute(out, key, &value);
        }
    }
}

fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or_default();
    (2..=3).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn is_moment(text: &str) -> bool {
    let text = text.trim();
    let year = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit()) && text != "0000";
    year || text.parse::<chrono::NaiveDate>().is_ok() && text.len() == 10
        || chrono::DateTime::parse_from_rfc3339(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_misplaced_markup() {
        let cases = [
            ("<center>a</center>", "<div class=\"center\">a</div>"),
            (
                "<strike>a</strike><tt>b</tt><acronym title=\"C\">c</acronym>",
                "<s>a</s><code>b</code><abbr title=\"C\">c</abbr>",
            ),
            ("<td align=\"right\">1</td>", "<td class=\"right\">1</td>"),
            (
                "<p class=\"note\" align=\"middle\">a</p>",
                "<p class=\"note center\">a</p>",
            ),
            ("<p align=\"justify\">a</p>", "<p>a</p>"),
            ("<span><div>a</div></span>", "<div>a</div>"),
            ("<b>x<a href=\"/\"><p>a</p></a></b>", "x<a href=\"/\"><p>a</p></a>"),
            ("<b>x<i>a</i></b>", "<b>x<i>a</i></b>"),
            ("<h2><div>a</div></h2>", "<h2>a</h2>"),
            (
                "<ul><ul><li>a</li></ul><li>b</li></ul>",
                "<ul><li><ul><li>a</li></ul></li><li>b</li></ul>",
            ),
            (
                "<ul>a<b>c</b> <li>b</li></ul>",
                "<ul><li>a<b>c</b> </li><li>b</li></ul>",
            ),
            ("<ul> <li>b</li> </ul>", "<ul> <li>b</li> </ul>"),
            ("<dl><p>x</p><dt>a</dt></dl>", "<dl><dd><p>x</p></dd><dt>a</dt></dl>"),
            (
                "<li>a</li><dd>b</dd><figcaption>c</figcaption>",
                "<div>a</div><div>b</div><div>c</div>",
            ),
            ("<details>a</details>", "<details><summary>More</summary>a</details>"),
            (
                "<details> <summary>s</summary>a</details>",
                "<details> <summary>s</summary>a</details>",
            ),
            (
                "<details><summary><p>a <b>b</b></p></summary>c</details>",
                "<details><summary>a <b>b</b></summary>c</details>",
            ),
            (
                "<details><summary><p>a</p><ul><li>b</li><li>c</li></ul><hr></summary></details>",
                "<details><summary>a b c </summary></details>",
            ),
            (
                "<details><summary><h2>a</h2></summary>c</details>",
                "<details><summary><h2>a</h2></summary>c</details>",
            ),
            (
                "<details><p>é</p><summary>s</summary>b</details>",
                "<details><summary>s</summary><p>é</p>b</details>",
            ),
            (
                "<details><summary>a</summary><summary><p>b</p></summary></details>",
                "<details><summary>a</summary><div><p>b</p></div></details>",
            ),
            (
                "<details><details>a</details><details>b<summary>c</summary></details><summary>d</summary></details>",
                "<details><summary>d</summary><details><summary>More</summary>a</details><details><summary>c</summary>b</details></details>",
            ),
            (
                "<details><summary><details><summary>a</summary>b</details>c</summary></details>",
                "<details><summary>a b c</summary></details>",
            ),
            (
                "<details><div><summary>a</summary></div></details>",
                "<details><summary>More</summary><div><div>a</div></div></details>",
            ),
            ("<nav role=\"navigation\" aria-label=\"x\">a</nav>", "<div>a</div>"),
            (
                "<span role=\"button\" aria-hidden=\"true\">a</span>",
                "<span aria-hidden=\"true\">a</span>",
            ),
            (
                "<bdo>a</bdo><time>now</time><time datetime=\"2026-01-02\">b</time>",
                "anow<time datetime=\"2026-01-02\">b</time>",
            ),
            (
                "<p>a<input disabled=\"\">b<input type=\"checkbox\" disabled=\"\"></p>",
                "<p>ab<input type=\"checkbox\" disabled=\"\"></p>",
            ),
            (
                "<td colspan=\"0\" rowspan=\"2\" scope=\"row\">a</td>",
                "<td rowspan=\"2\">a</td>",
            ),
            ("<p lang=\"en_US\" dir=\"up\">a &lt; b</p>", "<p>a &lt; b</p>"),
            (
                "<ol start=\"x\" type=\"disc\"><li>a<br>b</li></ol>",
                "<ol><li>a<br>b</li></ol>",
            ),
            ("<rt>a</rt><ruby>b<rt>c</rt></ruby>", "a<ruby>b<rt>c</rt></ruby>"),
        ];
        for (html, expected) in cases {
            assert_eq!(repair(html, "More"), expected, "{html}");
            assert_eq!(repair(expected, "More"), expected, "twice: {html}");
        }
    }
    #[test]
    fn many_late_summaries() {
        let parts = 200;
        let words = "é ".repeat(5_000);
        let part = format!("<details>{words}").repeat(parts) + &"<summary>s</summary></details>".repeat(parts);
        let expected = format!("<details><summary>s</summary>{words}").repeat(parts) + &"</details>".repeat(parts);
        assert!(repair(&part, "More") == expected);
        let flat = "<details>a<summary><p>s</p></summary></details>".repeat(20_000);
        let expected = "<details><summary>s</summary>a</details>".repeat(20_000);
        assert!(repair(&flat, "More") == expected);
    }
}
