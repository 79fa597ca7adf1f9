//! Paragraphs of lines, as WordPress makes them of a text without blocks (`wpautop`): the same steps in the same order, since what
//! they do to hard texts is what the site's visitors have always seen.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::compiled;

/// Elements that stand for themselves, as WordPress lists them.
const BLOCKS: &str = "table|thead|tfoot|caption|col|colgroup|tbody|tr|td|th|div|dl|dd|dt|ul|ol|li|pre|form|map|area|blockquote|\
address|math|style|p|h[1-6]|hr|fieldset|legend|section|article|aside|hgroup|header|footer|nav|figure|figcaption|details|menu|summary";
/// White space as PHP's expressions know it.
const SPACE: &str = r"[ \t\n\x0b\x0c\r]";
/// Comments, with what follows them.
const COMMENTS: &str = r"((?:<!--(?:[^-]|-[^-])*-->[ \t\n\x0b\x0c\r]*)+)";

/// What is found, and what stands there instead.
type Step = (Regex, &'static str);

fn steps(all: &[(&str, &'static str)]) -> Vec<Step> {
    let filled = |pattern: &str| {
        let pattern = pattern.replace("%B", BLOCKS).replace("%S", SPACE);
        compiled(&pattern.replace("%C", COMMENTS))
    };
    all.iter().map(|&(pattern, with)| (filled(pattern), with)).collect()
}

/// Empty lines around what stands for itself.
static PARTED: LazyLock<Vec<Step>> = LazyLock::new(|| {
    steps(&[
        (r"<br%S*/?>%S*<br%S*/?>", "\n\n"),
        (r"(<(?:%B)[%S/>])", "\n\n$1"),
        (r"(</(?:%B)>)", "$1\n\n"),
        (r"(<hr%S*?/?>)", "$1\n\n"),
    ])
});
static CAPTIONS: LazyLock<Vec<Step>> = LazyLock::new(|| {
    steps(&[
        (r"%S*(<figcaption[^>]*>)", "$1"),
        (r"</figcaption>%S*", "</figcaption>"),
    ])
});
/// Paragraphs taken from where none belong.
static MENDED: LazyLock<Vec<Step>> = LazyLock::new(|| {
    steps(&[
        (r"<p>%S*</p>", ""),
        (r"<p>([^<]+)</(div|address|form)>", "<p>$1</p></$2>"),
        (r"<p>%S*(</?(?:%B)[^>]*>)%S*</p>", "$1"),
        (r"<p>(<li.+?)</p>", "$1"),
        (r"(?i)<p><blockquote([^>]*)>", "<blockquote$1><p>"),
        (r"</blockquote></p>", "</p></blockquote>"),
        (r"<p>%S*(</?(?:%B)[^>]*>)", "$1"),
        (r"(</?(?:%B)[^>]*>)%S*</p>", "$1"),
    ])
});
/// Breaks taken from where none belong. Comments go when the page is shown: they leave no empty paragraph and no break.
static BROKEN: LazyLock<Vec<Step>> = LazyLock::new(|| {
    steps(&[
        (r"(</?(?:%B)[^>]*>)%S*<br />", "$1"),
        (r"<br />(%S*</?(?:p|li|div|dl|dd|dt|th|pre|td|ul|ol)[^>]*>)", "$1"),
        (r"\n</p>(\n?)\z", "</p>$1"),
        (r"<p>%S*%C</p>", "$1"),
        (r"<p>%S*%C<br />%S*", "$1\n<p>"),
        (r"<br />%S*%C</p>", "$1</p>"),
    ])
});
static EMPTY_LINES: LazyLock<Regex> = LazyLock::new(|| compiled(r"\n[ \t\n\x0b\x0c\r]*\n"));
static LINE_END: LazyLock<Regex> = LazyLock::new(|| compiled(r"[ \t\n\x0b\x0c\r]*\n"));
/// An address that is all of a line, which WordPress shows as a player.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| compiled(r#"^https?://[^\s<>"\[\]]+$"#));
/// Scripts and styles: how they begin, each kind in a group of its own, and how they end.
static CODE: LazyLock<Regex> = LazyLock::new(|| compiled(r"(?i)<(?:(script)|(style))[\s/>]"));
static CODE_ENDS: LazyLock<[Regex; 2]> = LazyLock::new(|| [r"(?i)</script\s*>", r"(?i)</style\s*>"].map(compiled));
static PUT_ASIDE: LazyLock<Regex> = LazyLock::new(|| compiled(r"<pre \x{e003}([0-9]+)></pre>"));

/// Letters of the private use area: a line break within a tag, and the number of what was put aside.
pub(super) const LINE: char = '\u{e002}';
pub(super) const NUMBER: char = '\u{e003}';

/// Makes paragraphs of lines: an empty line parts two, a single one breaks. Neither [`LINE`] nor [`NUMBER`] may be in the text.
pub(super) fn paragraphs(text: &str) -> String {
    let text = without_code(text);
    if text.trim().is_empty() {
        return String::new();
    }
    let (text, aside) = put_aside(&format!("{text}\n"));
    let text = each(&PARTED, link_lines(&text));
    let text = each(&CAPTIONS, without_lines_in_tags(&text));
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for part in EMPTY_LINES.split(&text).filter(|part| !part.is_empty()) {
        let _ = writeln!(out, "<p>{}</p>", part.trim_matches('\n'));
    }
    let text = each(&BROKEN, breaks(&each(&MENDED, out)));
    let text = PUT_ASIDE.replace_all(&text, |found: &Captures| {
        let kept = found[1].parse::<usize>().ok().and_then(|n| aside.get(n));
        kept.cloned().unwrap_or_default()
    });
    text.replace(LINE, "\n").replace("<br />", "<br>")
}

fn each(steps: &[Step], mut text: String) -> String {
    for (found, with) in steps {
        text = found.replace_all(&text, *with).into_owned();
    }
    text
}

/// The text without scripts and styles, which nobody is shown.
fn without_code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for part in code(text) {
        out.push_str(&text[done..part.start]);
        done = part.end;
    }
    out.push_str(&text[done..]);
    out
}

/// Where there are scripts and styles. What has no end is none.
fn code(text: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    // Kinds of which no end follows any more. Each is looked for once: one expression for beginning and end would go through
    // the rest of the text for every beginning without an end.
    let mut endless = [false; 2];
    let mut at = 0;
    while let Some(begins) = CODE.captures_at(text, at) {
        let kind = (0..endless.len()).find(|kind| begins.get(kind + 1).is_some());
        let (Some(kind), Some(whole)) = (kind, begins.get(0)) else {
            break;
        };
        at = whole.end();
        if endless[kind] {
            continue;
        }
        match CODE_ENDS[kind].find_at(text, at) {
            Some(end) => {
                at = end.end();
                parts.push(whole.start()..at);
            }
            None => endless[kind] = true,
        }
    }
    parts
}

/// Preformatted text is not touched.
fn put_aside(text: &str) -> (String, Vec<String>) {
    if !text.contains("<pre") {
        return (text.to_owned(), Vec::new());
    }
    let mut parts: Vec<&str> = text.split("</pre>").collect();
    let last = parts.pop().unwrap_or_default();
    let mut out = String::with_capacity(text.len());
    let mut aside = Vec::new();
    for part in parts {
        let Some(start) = part.find("<pre") else {
            out.push_str(part);
            continue;
        };
        let _ = write!(out, "{}<pre {NUMBER}{}></pre>", &part[..start], aside.len());
        aside.push(format!("{}</pre>", &part[start..]));
    }
    out.push_str(last);
    (out, aside)
}

/// An address that has a line for itself is a link.
fn link_lines(text: &str) -> String {
    let (mut in_tag, mut links) = (false, 0usize);
    let mut out = String::with_capacity(text.len());
    for (n, line) in text.split('\n').enumerate() {
        if n > 0 {
            out.push('\n');
        }
        let address = line.trim();
        if address.is_empty() {
            // Whatever was left open ends with its paragraph.
            (in_tag, links) = (false, 0);
        }
        if !in_tag && links == 0 && ADDRESS.is_match(address) {
            let _ = write!(out, "<a href=\"{address}\">{address}</a>");
            continue;
        }
        out.push_str(line);
        links = (links + line.matches("<a ").count()).saturating_sub(line.matches("</a").count());
        in_tag = match (line.rfind('<'), line.rfind('>')) {
            (None, None) => in_tag,
            (begins, ends) => begins > ends,
        };
    }
    out
}

/// Marks line breaks within tags and comments, which break nothing.
fn without_lines_in_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        out.push_str(before);
        let end = match tag.strip_prefix("<!--") {
            Some(inside) => inside.find("-->").map(|end| end + "<!---->".len()),
            None => tag.find('>').map(|end| end + 1),
        };
        let (tag, after) = tag.split_at(end.unwrap_or(tag.len()));
        out.extend(tag.chars().map(|c| if c == '\n' { LINE } else { c }));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Breaks lines that are not broken yet.
fn breaks(text: &str) -> String {
    let text = text.replace("<br>", "<br />").replace("<br/>", "<br />");
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let mut done = 0;
    for found in LINE_END.find_iter(&text) {
        let gap = found.as_str();
        out.push_str(&text[done..found.start()]);
        let is_broken = text[..found.start()].ends_with("<br />");
        if is_broken {
            out.push_str(&gap[..1]);
        }
        if !is_broken || gap.len() > 1 {
            out.push_str("<br />\n");
        }
        done = found.end();
    }
    out.push_str(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What WordPress 6.1 makes of these, without comments that stand alone.
    #[test]
    fn lines_become_what_wordpress_makes_of_them() {
        for (raw, expected) in [
            (
                "<blockquote>One</blockquote>\nTwo",
                "<blockquote><p>One</p></blockquote>\n<p>Two</p>\n",
            ),
            (
                "Before\n<blockquote>\n\nOne\n\nTwo\n\n</blockquote>\n\nAfter",
                "<p>Before</p>\n<blockquote>\n<p>One</p>\n<p>Two</p>\n</blockquote>\n<p>After</p>\n",
            ),
            (
                "Text\n<ul>\n<li>a</li>\n<li>b\nc</li>\n</ul>\nText",
                "<p>Text</p>\n<ul>\n<li>a</li>\n<li>b<br>\nc</li>\n</ul>\n<p>Text</p>\n",
            ),
            (
                "a\n<pre>x\n\n<b>y</b></pre>\nb",
                "<p>a</p>\n<pre>x\n\n<b>y</b></pre>\n<p>b</p>\n",
            ),
            (
                "<div>\n<div>inner</div>\nrest</div>",
                "<div>\n<div>inner</div>\n<p>rest</p></div>\n",
            ),
            (
                "One <!-- note --> two\nthree",
                "<p>One <!-- note --> two<br>\nthree</p>\n",
            ),
            ("a\n\n<!--more-->\n\nb", "<p>a</p>\n<!--more-->\n<p>b</p>\n"),
            (
                "a<!--\n\nhidden\n\n-->b\n<a\nhref=\"/\">c</a>",
                "<p>a<!--\n\nhidden\n\n-->b<br>\n<a\nhref=\"/\">c</a></p>\n",
            ),
            (
                "<table>\n<tr>\n<td>a\nb</td>\n</tr>\n</table>",
                "<table>\n<tr>\n<td>a<br>\nb</td>\n</tr>\n</table>\n",
            ),
            ("a<br />\nb<br><br>c", "<p>a<br>\nb</p>\n<p>c</p>\n"),
            ("<script>a\n\nb</script>c", "<p>c</p>\n"),
        ] {
            assert_eq!(paragraphs(raw), expected, "{raw}");
        }
    }
}
