//! Shortcodes of Hugo and Zola: the ones that stand for plain Markdown become it, the others leave with a warning.

use super::config::Config;
use super::links::{From, Index};
use super::paths;
use super::problem::Problems;

/// Hugo: `{{< name args >}}` and `{{% name args %}}`. `None` if there are none.
pub(super) fn hugo(text: &str, from: &From, index: &Index, config: &Config, problems: &Problems) -> Option<String> {
    let has = |mark: &[u8]| memchr::memmem::find(text.as_bytes(), mark).is_some();
    if !has(b"{{<") && !has(b"{{%") {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut lines = Lines::new(text, from.line);
    let mut fence_open = false;
    let last_end = text.rfind("/highlight");
    let mut rest = 0;
    while let Some(at) = next_of(text, rest, &["{{<", "{{%"]) {
        let close = if text[at..].starts_with("{{<") { ">}}" } else { "%}}" };
        let Some(len) = text[at + 3..].find(close) else {
            break;
        };
        let end = at + 3 + len + 3;
        out.push_str(&text[rest..at]);
        rest = end;
        let inner = text[at + 3..at + 3 + len].trim();
        let line = lines.at(at);
        if let Some(shown) = inner.strip_prefix("/*").and_then(|i| i.strip_suffix("*/")) {
            // An escaped shortcode is an example to be read.
            out.push_str(&format!("{}{shown}{close}", &text[at..at + 3]));
            continue;
        }
        let call = Call::parse(inner);
        match call.name.as_str() {
            "/highlight" if fence_open => {
                close_fence(&mut out);
                fence_open = false;
            }
            "highlight" if !fence_open && last_end.is_some_and(|end| end > at) => {
                out.push_str(&format!("```{}\n", word(call.get("lang", 0))));
                if text[rest..].starts_with('\n') {
                    rest += 1;
                }
                fence_open = true;
            }
            "ref" | "relref" => out.push_str(&reference(&call, line, from, index, config, problems)),
            "figure" => out.push_str(&figure(&call)),
            "param" => {
                let value = config
                    .settings
                    .extra
                    .get(call.get("name", 0))
                    .and_then(super::fields::text);
                out.push_str(&value.unwrap_or_default());
            }
            name => match embed(name, &call) {
                Some(link) => out.push_str(&link),
                None if name.starts_with('/') => {}
                None => {
                    let message = format!(
                        "shortcode `{}` is not known; it was left out, text inside it stays",
                        word(name)
                    );
                    problems.warn(from.rel, Some(line), message);
                }
            },
        }
        // Lines below keep their numbers.
        out.extend(std::iter::repeat_n('\n', inner.matches('\n').count()));
    }
    out.push_str(&text[rest..]);
    if fence_open {
        close_fence(&mut out);
    }
    Some(out)
}

/// Zola: `{{ name(args) }}` and `{% name(args) %} … {% end %}`. `None` if there are none.
pub(super) fn zola(text: &str, from: &From, problems: &Problems) -> Option<String> {
    let has = |mark: &[u8]| memchr::memmem::find(text.as_bytes(), mark).is_some();
    if !has(b"{{") && !has(b"{%") {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut lines = Lines::new(text, from.line);
    let mut open = 0usize;
    let mut rest = 0;
    while let Some(at) = next_of(text, rest, &["{{", "{%"]) {
        let close = if text[at..].starts_with("{{") { "}}" } else { "%}" };
        let window = &text[at + 2..text.floor_char_boundary((at + 4096).min(text.len()))];
        let inner = window.find(close).map(|len| &window[..len]);
        let end = inner.map(|i| at + 2 + i.len() + 2);
        let escaped = inner.and_then(|i| i.strip_prefix("/*")?.strip_suffix("*/"));
        let call = inner.and_then(zola_call);
        out.push_str(&text[rest..at]);
        match (end, escaped, call) {
            (Some(end), Some(shown), _) => {
                out.push_str(&format!("{}{shown}{close}", &text[at..at + 2]));
                rest = end;
            }
            (Some(end), _, Some(call)) => {
                rest = end;
                match embed(&call.name, &call) {
                    Some(link) => out.push_str(&link),
                    None => {
                        let message = format!(
                            "shortcode `{}` is not known; it was left out, text inside it stays",
                            word(&call.name)
                        );
                        problems.warn(from.rel, Some(lines.at(at)), message);
                    }
                }
                open += usize::from(close == "%}");
                out.extend(std::iter::repeat_n('\n', inner.unwrap_or("").matches('\n').count()));
            }
            (Some(end), ..) if open > 0 && close == "%}" && inner.is_some_and(|i| i.trim() == "end") => {
                open -= 1;
                rest = end;
            }
            _ => {
                // Braces in code or prose.
                out.push_str(&text[at..at + 2]);
                rest = at + 2;
            }
        }
    }
    out.push_str(&text[rest..]);
    Some(out)
}

/// `name(key="value")`, or nothing when it does not look like that.
fn zola_call(inner: &str) -> Option<Call> {
    let inner = inner.trim().trim_matches('-').trim();
    let (name, args) = inner.split_once('(')?;
    let args = args.strip_suffix(')')?;
    let sound = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    sound.then(|| Call {
        args: arguments(args),
        name: name.to_owned(),
    })
}

struct Call {
    name: String,
    /// Name (empty for arguments by position) and value.
    args: Vec<(String, String)>,
}

impl Call {
    fn parse(inner: &str) -> Call {
        let inner = inner.trim_end_matches('/').trim();
        let inner = inner
            .strip_prefix('/')
            .map_or_else(|| inner.to_owned(), |i| format!("/{}", i.trim_start()));
        let (name, args) = inner.split_once(char::is_whitespace).unwrap_or((&inner, ""));
        Call {
            name: name.to_owned(),
            args: arguments(args),
        }
    }

    /// An argument by name, or by position among those without one.
    fn get(&self, name: &str, position: usize) -> &str {
        let named = self.args.iter().find(|(n, _)| n == name);
        let found = named.or_else(|| self.args.iter().filter(|(n, _)| n.is_empty()).nth(position));
        found.map_or("", |(_, v)| v.as_str())
    }
}

/// `key="value" other=word "positional"`, separated by white space or commas.
fn arguments(text: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\n', '\t', '\r', ',']);
    while !rest.is_empty() && out.len() < 64 {
        let key_end = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'))
            .unwrap_or(rest.len());
        let after = rest[key_end..].trim_start();
        let key = match after.strip_prefix('=') {
            Some(value) if key_end > 0 => {
                let key = rest[..key_end].to_owned();
                rest = value.trim_start();
                key
            }
            _ => String::new(),
        };
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'));
        let (value, len) = match quote {
            Some(quote) => match rest[1..].find(quote) {
                Some(len) => (&rest[1..1 + len], len + 2),
                None => (&rest[1..], rest.len()),
            },
            None => {
                let len = rest.find([' ', '\n', '\t', '\r', ',']).unwrap_or(rest.len());
                (&rest[..len], len)
            }
        };
        out.push((key, value.to_owned()));
        rest = rest[len..].trim_start_matches([' ', '\n', '\t', '\r', ',']);
    }
    out
}

/// A link where a player or a card was: it needs no script and leads to the same thing.
fn embed(name: &str, call: &Call) -> Option<String> {
    let id = word(call.get("id", 0));
    let url = match name {
        "youtube" if !id.is_empty() => format!("https://www.youtube.com/watch?v={id}"),
        "vimeo" if !id.is_empty() => format!("https://vimeo.com/{id}"),
        "instagram" if !id.is_empty() => format!("https://www.instagram.com/p/{id}/"),
        "x" | "tweet" | "twitter" => {
            let user = word(call.get("user", 0));
            let id = if call.get("user", 9).is_empty() {
                word(call.get("id", 1))
            } else {
                id
            };
            if user.is_empty() || id.is_empty() {
                return None;
            }
            format!("https://x.com/{user}/status/{id}")
        }
        "gist" => {
            let url = call.get("url", 9);
            if url.starts_with("https://gist.github.com/") && !url.contains([' ', ')', '<']) {
                url.to_owned()
            } else {
                let (user, gist) = (word(call.get("user", 0)), word(call.get("id", 1)));
                if gist.is_empty() {
                    return None;
                }
                format!("https://gist.github.com/{user}/{gist}")
            }
        }
        _ => return None,
    };
    Some(format!("[{url}]({url})"))
}

/// A picture with its caption as Markdown.
fn figure(call: &Call) -> String {
    let src = call.get("src", 0);
    let caption = call.get("caption", 9);
    let alt = if call.get("alt", 9).is_empty() {
        caption
    } else {
        call.get("alt", 9)
    };
    let escaped = alt.replace('\\', "").replace('[', "\\[").replace(']', "\\]");
    let mut out = format!("![{}]({}", escaped.replace('\n', " "), destination(src));
    let title = call.get("title", 9);
    if !title.is_empty() {
        out.push_str(&format!(" \"{}\"", title.replace('"', "'").replace('\n', " ")));
    }
    out.push(')');
    let link = call.get("link", 9);
    if !link.is_empty() {
        out = format!("[{out}]({})", destination(link));
    }
    if !caption.is_empty() {
        out.push_str(&format!("\n*{}*", caption.replace(['\n', '*'], " ").trim()));
    }
    out
}

fn destination(raw: &str) -> String {
    let clean: String = raw
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '<' | '>'))
        .collect();
    if clean.contains([' ', '(', ')']) {
        format!("<{clean}>")
    } else {
        clean
    }
}

/// The address of another page, by its file.
fn reference(call: &Call, line: usize, from: &From, index: &Index, config: &Config, problems: &Problems) -> String {
    let raw = call.get("path", 0);
    let (file, fragment) = match raw.find('#') {
        Some(at) => raw.split_at(at),
        None => (raw, ""),
    };
    if file.is_empty() {
        return fragment.to_owned();
    }
    let rooted = file.trim_start_matches('/');
    let here = paths::resolve(paths::parent(from.rel), file).unwrap_or_default();
    let candidates = |name: &str| {
        [
            format!("{name}.md"),
            format!("{name}/index.md"),
            format!("{name}/_index.md"),
            name.to_owned(),
        ]
    };
    let found = candidates(&here)
        .iter()
        .find_map(|f| index.files.get(f).cloned())
        .or_else(|| candidates(rooted).iter().find_map(|f| index.content_file(f, config)))
        // Hugo also finds a page by its file name alone, when only one has it.
        .or_else(|| index.by_name(paths::file_name(rooted)));
    match found {
        Some(path) => format!("{path}{fragment}"),
        None => {
            let message = format!("`{}` refers to a page that is not in this folder", word(file));
            problems.warn(from.rel, Some(line), message);
            "#".into()
        }
    }
}

fn close_fence(out: &mut String) {
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out.push_str("```");
}

/// What is left of a text when only characters of names and ids stay.
fn word(raw: &str) -> String {
    raw.chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '+'))
        .take(100)
        .collect()
}

fn next_of(text: &str, start: usize, needles: &[&str]) -> Option<usize> {
    let mut at = start;
    while let Some(i) = text[at..].find('{') {
        at += i;
        if needles.iter().any(|n| text[at..].starts_with(n)) {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// Line numbers of growing offsets, each part of a text counted once.
pub(super) struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl<'a> Lines<'a> {
    pub fn new(text: &'a str, first: usize) -> Self {
        Lines {
            text,
            at: 0,
            line: first,
        }
    }

    pub fn at(&mut self, offset: usize) -> usize {
        if offset > self.at {
            self.line += self.text.as_bytes()[self.at..offset]
                .iter()
                .filter(|b| **b == b'\n')
                .count();
            self.at = offset;
        }
        self.line
    }
}
