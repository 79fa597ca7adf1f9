//! What is wrong with one finished page, theme and all. Looked at where pages are written, so that every render has it: the findings
//! are remembered with the page.

use super::html::{Tag, Tags, line_of};
use super::json_ld;
use crate::diagnostic::Diagnostic;

/// A heading or a link whose end has not come yet.
struct Open<'h> {
    name: &'h str,
    at: usize,
    says: bool,
}

/// Looks through the HTML of the page at `path`.
pub(crate) fn inspect(path: &str, html: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut say = |at: usize, code, message: &str| {
        let message = format!("line {} of its HTML: {message}", line_of(html, at));
        found.push(Diagnostic::warning(path, code, message));
    };
    // Structured data that nobody can read is no matter of taste: it comes from the renderer or the theme.
    let mut invalid = Vec::new();
    // Where each id stands, found twice once they are in order.
    let mut ids: Vec<(&str, usize)> = Vec::with_capacity(32);
    let mut open: Vec<Open<'_>> = Vec::new();
    let (mut h1, mut title, mut language, mut level) = (0usize, false, false, 0u8);
    let mut text_from = 0;
    let mut tags = Tags::new(html);
    loop {
        if open.is_empty() {
            tags.pass(matters_bare);
        }
        let Some(tag) = tags.next() else { break };
        if let Some(last) = open.last_mut() {
            last.says = last.says || !html[text_from..tag.at].trim_start().is_empty();
        }
        text_from = tag.end;
        let heading = heading_level(tag.name.as_bytes());
        if tag.closing {
            if (heading.is_some() || tag.name == "a")
                && let Some(at) = open.iter().rposition(|o| o.name == tag.name)
            {
                let done = open.remove(at);
                if let Some(outer) = open.last_mut() {
                    outer.says |= done.says;
                }
                match (done.says, heading) {
                    (true, _) => {}
                    (false, Some(_)) => say(done.at, "heading-empty", "a heading says nothing"),
                    (false, None) => say(done.at, "link-empty", "a link has no words"),
                }
            }
            continue;
        }
        let mut labelled = false;
        for &(name, value) in tag.attributes {
            match name {
                "id" => ids.push((value, tag.at)),
                "aria-label" | "title" => labelled |= !value.trim().is_empty(),
                "alt" if tag.name == "img" && !value.trim().is_empty() => {
                    if let Some(last) = open.last_mut() {
                        last.says = true;
                    }
                }
                _ if name == "style"
                    || name.len() > 2 && name.starts_with("on") && name.bytes().all(|b| b.is_ascii_lowercase()) =>
                {
                    let message = format!("`{name}` on <{}>: a strict content security policy blocks it", tag.name);
                    say(tag.at, "inline", &message);
                }
                _ => {}
            }
        }
        if let Some(now) = heading {
            h1 += usize::from(now == 1);
            if level > 0 && now > level + 1 {
                say(
                    tag.at,
                    "headings",
                    &format!("a heading of level {now} follows one of level {level}"),
                );
            }
            level = now;
        }
        match tag.name {
            "html" => language = tag.attribute("lang").is_some_and(|l| !l.is_empty()),
            "title" => title = title || !tag.text.trim().is_empty(),
            "a" if tag.attribute("href").is_none() => {}
            "a" => open.push(start(&tag, labelled)),
            _ if heading.is_some() => open.push(start(&tag, labelled)),
            "img" if tag.attribute("alt").is_none() => say(tag.at, "alt-missing", "an image has no alt attribute"),
            "style" => say(
                tag.at,
                "inline",
                "a <style> element: a strict content security policy blocks it",
            ),
            "script" if tag.attribute("type") == Some("application/ld+json") => {
                for problem in json_ld::problems(tag.text) {
                    if problem.invalid {
                        invalid.push((tag.at, problem.text));
                    } else {
                        say(tag.at, "json-ld-fields", &format!("structured data {}", problem.text));
                    }
                }
            }
            "script" if tag.attribute("src").is_none() => {
                say(
                    tag.at,
                    "inline",
                    "a script in the page: a strict content security policy blocks it",
                );
            }
            _ => {}
        }
    }
    // Most are told apart by their lengths alone.
    ids.sort_unstable_by_key(|&(id, at)| (id.len(), id, at));
    for pair in ids.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        say(
            pair[1].1,
            "id-duplicate",
            &format!("the id `{}` is there twice", pair[1].0),
        );
    }
    let mut whole = |ok: bool, code, message: &str| {
        if !ok {
            say(0, code, message);
        }
    };
    whole(title, "title-missing", "there is no <title>");
    whole(language, "language-missing", "<html> has no lang");
    whole(h1 == 1, "headings", &format!("there are {h1} <h1>, one is right"));
    found.extend(invalid.into_iter().map(|(at, text)| {
        let message = format!("line {} of its HTML: structured data {text}", line_of(html, at));
        Diagnostic::error(path, "json-ld", message)
    }));
    found
}

fn start<'h>(tag: &Tag<'_, 'h>, says: bool) -> Open<'h> {
    Open {
        name: tag.name,
        at: tag.at,
        says,
    }
}

/// Whether an element says something of the page even without attributes.
fn matters_bare(name: &[u8]) -> bool {
    heading_level(name).is_some() || matches!(name, b"html" | b"img")
}

fn heading_level(name: &[u8]) -> Option<u8> {
    match name {
        [b'h', level @ b'1'..=b'6'] => Some(level - b'0'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_a_page_lacks() {
        let page = |body: &str| format!("<!doctype html><html lang=\"en\"><title>T</title><h1>A</h1>{body}</html>");
        let cases: &[(&str, &[&str])] = &[
            (
                "<h2><a href=\"/\">x</a></h2><p id=\"a\">x</p><img src=\"/i\" alt=\"\">",
                &[],
            ),
            (
                "<a href=\"/\"><img src=\"/i\" alt=\"x\"></a><a id=\"x\"></a><a href=\"/\" aria-label=\"x\"></a>",
                &[],
            ),
            ("<a href=\"/\"><img src=\"/i\" alt=\"\"></a>", &["link-empty"]),
            ("<h2> <span></span></h2>", &["heading-empty"]),
            ("<h3>x</h3><h1>y</h1>", &["headings", "headings"]),
            ("<b id=\"a\">x</b><i id=\"a\">x</i>", &["id-duplicate"]),
            (
                "<p style=\"x\" onclick=\"y\">x</p><img src=\"/\">",
                &["inline", "inline", "alt-missing"],
            ),
            ("<script type=\"application/ld+json\">{</script>", &["json-ld"]),
        ];
        for (body, expected) in cases {
            let found: Vec<&str> = inspect("/", &page(body)).iter().map(|d| d.code).collect();
            assert_eq!(found, *expected, "{body}");
        }
        let bare: Vec<&str> = inspect("/", "x").iter().map(|d| d.code).collect();
        assert_eq!(bare, ["title-missing", "language-missing", "headings"]);
    }
}
