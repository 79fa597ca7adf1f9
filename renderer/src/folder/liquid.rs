//! Liquid in Jekyll's texts: what has a meaning without Jekyll becomes Markdown, the rest leaves with a warning.

use std::collections::HashSet;

use super::config::Config;
use super::config::jekyll::Jekyll;
use super::fields::text;
use super::links::{Found, From, Index};
use super::paths;
use super::problem::Problems;
use super::shortcodes::Lines;

/// What a text's tags may refer to.
pub(super) struct Context<'a> {
    pub title: &'a str,
    pub path: &'a str,
    pub rules: &'a Jekyll,
    pub index: &'a Index,
    pub config: &'a Config,
    pub from: &'a From<'a>,
}

/// Blocks that make text out of data we do not have.
const DATA_BLOCKS: [&str; 4] = ["for", "tablerow", "capture", "comment"];
/// How far a tag's surroundings are looked at, in bytes.
const NEAR: usize = 256;
/// Blocks inside each other.
const MAX_BLOCKS: usize = 64;

/// An HTML page whose text is made by loops or conditions.
pub(super) fn is_template(body: &str) -> bool {
    ["for ", "if ", "assign ", "capture ", "unless "]
        .iter()
        .any(|tag| body.contains(&format!("{{% {tag}")) || body.contains(&format!("{{%- {tag}")))
}

/// A block that has begun.
enum Block {
    /// Nothing in it is kept.
    Data(String),
    /// Only the first branch is kept.
    Branches { name: String, first: bool },
    /// A code block; the fence that ends it.
    Code(String),
    /// A tag nobody knows that has an end.
    Other,
}

struct Render<'a> {
    context: &'a Context<'a>,
    problems: &'a Problems,
    out: String,
    blocks: Vec<Block>,
    /// Offset in `out` and lines of the source left out there.
    skipped: Vec<(usize, usize)>,
    /// Names of the tags that end something in this text, without `end`.
    ends: HashSet<&'a str>,
    /// Where `endhighlight` stands.
    code_ends: Vec<usize>,
}

/// Renders the tags of a text. Beside the result: after which of its lines how many of the source are missing.
pub(super) fn render(text: &str, context: &Context, problems: &Problems) -> (String, Vec<(usize, usize)>) {
    if !text.contains("{%") && !text.contains("{{") {
        return (text.to_owned(), Vec::new());
    }
    let mut r = Render {
        context,
        problems,
        out: String::with_capacity(text.len()),
        blocks: Vec::new(),
        skipped: Vec::new(),
        ends: end_tags(text),
        code_ends: text.match_indices("endhighlight").map(|(at, _)| at).collect(),
    };
    let mut lines = Lines::new(text, context.from.line);
    let mut rest = 0;
    while let Some(i) = text[rest..].find('{') {
        let at = rest + i;
        let (tag, close) = match text.as_bytes().get(at + 1) {
            Some(b'%') => (true, "%}"),
            Some(b'{') => (false, "}}"),
            _ => {
                r.push(&text[rest..=at]);
                rest = at + 1;
                continue;
            }
        };
        let window = &text[at + 2..text.floor_char_boundary((at + 4096).min(text.len()))];
        let Some(len) = window.find(close) else {
            r.push(&text[rest..at + 2]);
            rest = at + 2;
            continue;
        };
        r.push(&text[rest..at]);
        let inner = &window[..len];
        rest = at + 2 + len + 2;
        let words = inner.trim_matches('-').trim();
        let line = lines.at(at);
        let before = r.out.len();
        if !tag {
            r.value(words, &text[rest..], line);
        } else if words == "raw" {
            let (end, after) = end_of_raw(text, rest);
            r.push(&text[rest..end]);
            rest = after;
            continue;
        } else {
            r.tag(words, text, rest, line);
        }
        r.skip(inner.matches('\n').count());
        if r.out.len() == before && !r.hidden() {
            rest += r.close_gap(&text[rest..]);
        }
    }
    r.push(&text[rest..]);
    while let Some(Block::Code(fence)) = r.blocks.pop() {
        r.out.push_str(&format!("\n{fence}"));
    }
    let mut newlines = 0;
    let mut at = 0;
    let skipped = r.skipped.iter().map(|(offset, lines)| {
        // Offsets grow, except where a gap was closed.
        let offset = (*offset).min(r.out.len()).max(at);
        newlines += r.out.as_bytes()[at..offset].iter().filter(|b| **b == b'\n').count();
        at = offset;
        (newlines, *lines)
    });
    let skipped = skipped.collect();
    (r.out, skipped)
}

/// `for` from `{% endfor %}`, for all tags of a text.
fn end_tags(text: &str) -> HashSet<&str> {
    let mut out = HashSet::new();
    for (at, _) in text.match_indices("{%") {
        let tag = text[at + 2..].trim_start_matches('-').trim_start();
        if let Some(name) = tag.strip_prefix("end") {
            let len = name
                .bytes()
                .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
                .count();
            out.insert(&name[..len]);
        }
    }
    out
}

/// Where `{% endraw %}` starts and what follows it starts.
fn end_of_raw(text: &str, start: usize) -> (usize, usize) {
    let mut at = start;
    while let Some(i) = text[at..].find("{%") {
        let open = at + i;
        let window = &text[open + 2..text.floor_char_boundary((open + 64).min(text.len()))];
        if let Some(len) = window.find("%}")
            && window[..len].trim_matches('-').trim() == "endraw"
        {
            return (open, open + 2 + len + 2);
        }
        at = open + 2;
    }
    (text.len(), text.len())
}

impl Render<'_> {
    fn hidden(&self) -> bool {
        self.blocks
            .iter()
            .any(|b| matches!(b, Block::Data(_) | Block::Branches { first: false, .. }))
    }

    /// Text, or only its lines where a block hides it.
    fn push(&mut self, text: &str) {
        if self.hidden() {
            self.skip(text.matches('\n').count());
        } else {
            self.out.push_str(text);
        }
    }

    /// Lines of the source that are not in the result.
    fn skip(&mut self, lines: usize) {
        if lines > 0 {
            self.skipped.push((self.out.len(), lines));
        }
    }

    /// Takes the empty line away that a dropped tag would leave between lines of HTML, where it would end the HTML.
    /// Returns how much of what follows goes with it.
    fn close_gap(&mut self, following: &str) -> usize {
        // Looks back a little only: what lies further away is not this tag's line.
        let window = self.out.floor_char_boundary(self.out.len().saturating_sub(NEAR));
        let Some(start) = self.out[window..].rfind('\n').map(|i| window + i + 1) else {
            return 0;
        };
        let alone = self.out[start..].trim().is_empty();
        let gap = following
            .bytes()
            .take(NEAR)
            .take_while(|b| matches!(b, b' ' | b'\t' | b'\r'))
            .count();
        let in_html = self.out[window..start].trim_end().ends_with('>');
        if !alone || !in_html || !following[gap..].starts_with('\n') {
            return 0;
        }
        self.out.truncate(start);
        self.skip(1);
        gap + 1
    }

    fn warn(&self, line: usize, message: String) {
        self.problems.warn(self.context.from.rel, Some(line), message);
    }

    /// `{{ value | filter }}`
    fn value(&mut self, expression: &str, following: &str, line: usize) {
        if self.hidden() {
            return;
        }
        match self.evaluate(expression, following) {
            Some(value) => self.out.push_str(&value),
            None => {
                let message = format!("Liquid value `{}` has no meaning here; left out", short(expression));
                self.warn(line, message);
            }
        }
    }

    fn evaluate(&self, expression: &str, following: &str) -> Option<String> {
        let mut parts = split_filters(expression).into_iter();
        let first = parts.next()?.trim().to_owned();
        let context = self.context;
        let origin = || {
            let base = &context.config.settings.base_url;
            base.strip_suffix(context.config.base_path.as_str())
                .unwrap_or(base)
                .to_owned()
        };
        let mut value = if let Some(literal) = literal(&first) {
            literal.to_owned()
        } else {
            match first.as_str() {
                "site.baseurl" => String::new(),
                // An address of our own is written without the site's name.
                "site.url" if following.trim_start().starts_with(['/', '{']) => String::new(),
                "site.url" => origin(),
                "page.title" => context.title.to_owned(),
                "page.url" => context.path.to_owned(),
                name => {
                    let mut keys = name.strip_prefix("site.")?.split('.');
                    let mut found = context.rules.site.get(keys.next()?)?;
                    for key in keys {
                        found = found.get(key)?;
                    }
                    text(found)?
                }
            }
        };
        for filter in parts {
            let (name, args) = filter
                .trim()
                .split_once(':')
                .map_or((filter.trim(), ""), |(n, a)| (n.trim(), a.trim()));
            value = match name {
                "relative_url" | "prepend" if name == "relative_url" || args == "site.baseurl" => {
                    if value.starts_with('/') {
                        value
                    } else {
                        format!("/{value}")
                    }
                }
                "absolute_url" => value,
                "prepend" if args == "site.url" => value,
                "append" => format!("{value}{}", literal(args)?),
                "prepend" => format!("{}{value}", literal(args)?),
                "strip" => value.trim().to_owned(),
                "downcase" => value.to_lowercase(),
                "upcase" => value.to_uppercase(),
                "escape" | "xml_escape" | "cgi_escape" | "uri_escape" => value,
                _ => return None,
            };
        }
        Some(value)
    }

    /// Begins a block. Deeper ones than anybody writes are not tracked.
    fn open(&mut self, block: Block) {
        if self.blocks.len() < MAX_BLOCKS {
            self.blocks.push(block);
        }
    }

    /// Where the code of a block that begins at `start` ends.
    fn code_end(&self, start: usize) -> Option<usize> {
        self.code_ends
            .get(self.code_ends.partition_point(|at| *at < start))
            .copied()
    }

    /// `{% words %}`, which ends before `after`.
    fn tag(&mut self, words: &str, text: &str, after: usize, line: usize) {
        let following = &text[after..];
        let in_code = self.blocks.iter().any(|b| matches!(b, Block::Code(_)));
        let (name, args) = words
            .split_once(char::is_whitespace)
            .map_or((words, ""), |(n, a)| (n, a.trim()));
        let hidden = self.hidden();
        match name {
            name if DATA_BLOCKS.contains(&name) => {
                if !hidden && name != "comment" {
                    self.warn(
                        line,
                        format!(
                            "Liquid block `{}` has no meaning here; left out with its text",
                            short(words)
                        ),
                    );
                }
                self.open(Block::Data(name.to_owned()));
            }
            "if" | "unless" | "case" => {
                if !hidden {
                    self.warn(
                        line,
                        format!(
                            "Liquid condition `{}` is not evaluated; its first branch stays",
                            short(words)
                        ),
                    );
                }
                self.open(Block::Branches {
                    name: name.to_owned(),
                    first: true,
                });
            }
            "else" | "elsif" => {
                if let Some(Block::Branches { first, .. }) = self.blocks.last_mut() {
                    *first = false;
                }
            }
            "when" => {}
            "highlight" if !in_code && self.code_end(after).is_some() => {
                let code = &text[after..self.code_end(after).unwrap_or(text.len())];
                let fence = fence_for(code);
                let language: String = args
                    .split_whitespace()
                    .next()
                    .unwrap_or("")
                    .chars()
                    .filter(|c| c.is_alphanumeric() || matches!(c, '+' | '-' | '#' | '_'))
                    .collect();
                self.push(&format!("{fence}{language}"));
                let at_line_end = following.trim_start_matches([' ', '\t', '\r']).starts_with('\n');
                if !at_line_end {
                    self.push("\n");
                }
                self.open(Block::Code(fence));
            }
            "endhighlight" => {
                if let Some(Block::Code(fence)) = self.blocks.last() {
                    let fence = fence.clone();
                    self.blocks.pop();
                    let last_line = self.out.rsplit('\n').next().unwrap_or("");
                    let fresh = last_line.trim().is_empty();
                    self.push(&if fresh { fence } else { format!("\n{fence}") });
                }
            }
            "link" if !hidden => match self.context.index.files.get(args.trim_matches(['"', '\''])) {
                Some(path) => self.out.push_str(path),
                None => match self.context.index.media.get(args.trim_matches(['"', '\''])) {
                    Some(path) => self.out.push_str(path),
                    None => self.broken(line, args),
                },
            },
            "post_url" if !hidden => {
                let name = args.trim_matches(['"', '\'']).trim_start_matches('/');
                let posts = &self.context.index.posts;
                match posts.get(name).or_else(|| posts.get(paths::file_name(name))) {
                    Some(path) => self.out.push_str(path),
                    None => self.broken(line, args),
                }
            }
            "gist"
                if !hidden
                    && args
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.')) =>
            {
                self.out.push_str(&format!(
                    "[https://gist.github.com/{args}](https://gist.github.com/{args})"
                ));
            }
            name if name.starts_with("end") => self.end(&name[3..]),
            _ if hidden => {}
            _ => {
                if self.ends.contains(name) {
                    self.open(Block::Other);
                }
                self.warn(
                    line,
                    format!("Liquid tag `{}` has no meaning here; left out", short(words)),
                );
            }
        }
    }

    fn broken(&mut self, line: usize, target: &str) {
        // Kept as something a reader can follow when it is an address after all.
        let found = self
            .context
            .index
            .resolve(target, self.context.from, self.context.config);
        let text = if let Found::To(path) = found {
            path
        } else {
            "#".to_owned()
        };
        self.out.push_str(&text);
        self.warn(
            line,
            format!("`{}` refers to a file that is not in this folder", short(target)),
        );
    }

    fn end(&mut self, name: &str) {
        let closes = |b: &Block| match b {
            Block::Data(n) => n == name,
            Block::Branches { name: n, .. } => n == name,
            Block::Other => true,
            Block::Code(_) => false,
        };
        // Blocks that were never closed end with the one around them.
        if let Some(at) = self.blocks.iter().rposition(closes) {
            self.blocks.truncate(at);
        }
    }
}

/// A text in quotes, without them.
fn literal(expression: &str) -> Option<&str> {
    let e = expression.trim();
    let inner = |q: char| e.strip_prefix(q)?.strip_suffix(q).filter(|i| !i.contains(q));
    inner('"').or_else(|| inner('\''))
}

/// Parts between `|`, which may stand in quotes too.
fn split_filters(expression: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let (mut start, mut quote) = (0, None);
    for (i, c) in expression.char_indices() {
        match (c, quote) {
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(q)) if c == q => quote = None,
            ('|', None) => {
                out.push(&expression[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    out.push(&expression[start..]);
    out
}

/// Backticks, more than the code has in a row.
fn fence_for(code: &str) -> String {
    let (mut longest, mut run) = (2, 0);
    for byte in code.bytes() {
        run = if byte == b'`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    "`".repeat(longest + 1)
}

fn short(raw: &str) -> String {
    raw.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(60)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_outgrow_code() {
        assert_eq!(fence_for("a"), "```");
        assert_eq!(fence_for("a ```` b"), "`````");
    }
}
