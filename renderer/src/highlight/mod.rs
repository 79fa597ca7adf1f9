//! Code in colour: classes on spans, made at build time, so that a page needs neither script nor inline style.
//!
//! Own lexers instead of grammars: syntect took 4 to 8 ms and synoptic 0.4 to 0.7 ms for a block of 15 lines where these
//! take some microseconds, which is less than looking a block up in a cache would cost. They tell words, strings,
//! comments and numbers apart and do not understand a language; what they cannot tell stays plain.
//!
//! Any input is taken. Lexers cut at ASCII characters only, so never within a character, and each takes time in proportion to the text.

mod code;
mod css;
mod data;
mod languages;
mod lines;
mod markup;

/// What a piece of code is. The class names are part of the contract with themes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Attribute,
    Comment,
    Deleted,
    Function,
    Inserted,
    Keyword,
    /// `true`, `null`, constants, symbols.
    Literal,
    /// Decorators, preprocessor lines, headers.
    Meta,
    Number,
    Property,
    Text,
    Tag,
    Type,
    Variable,
}

impl Class {
    /// Two letters, `h` first; `themes/base/highlight.css` has a rule for each.
    fn name(self) -> &'static str {
        match self {
            Self::Attribute => "ha",
            Self::Comment => "hc",
            Self::Deleted => "hd",
            Self::Function => "hf",
            Self::Inserted => "hi",
            Self::Keyword => "hk",
            Self::Literal => "hl",
            Self::Meta => "hm",
            Self::Number => "hn",
            Self::Property => "hp",
            Self::Text => "hs",
            Self::Tag => "hg",
            Self::Type => "ht",
            Self::Variable => "hv",
        }
    }
}

/// Takes pieces in order and writes them escaped; neighbours of one class share a span.
pub(crate) struct Spans<'o> {
    out: &'o mut String,
    open: Option<Class>,
}

impl Spans<'_> {
    fn put(&mut self, class: Option<Class>, text: &str) {
        if text.is_empty() {
            return;
        }
        if class != self.open {
            self.close();
            if let Some(class) = class {
                self.out.push_str("<span class=\"");
                self.out.push_str(class.name());
                self.out.push_str("\">");
                self.open = Some(class);
            }
        }
        escape_into(self.out, text);
    }

    fn plain(&mut self, text: &str) {
        self.put(None, text);
    }

    fn close(&mut self) {
        if self.open.take().is_some() {
            self.out.push_str("</span>");
        }
    }
}

fn escape_into(out: &mut String, text: &str) {
    let mut done = 0;
    for (i, b) in text.bytes().enumerate() {
        let entity = match b {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            _ => continue,
        };
        out.push_str(&text[done..i]);
        out.push_str(entity);
        done = i + 1;
    }
    out.push_str(&text[done..]);
}

/// How a language is read.
#[derive(Clone, Copy)]
enum Reader {
    Code(&'static languages::Language),
    Markup { html: bool },
    Css { line_comments: bool },
    Json,
    Yaml,
    Toml,
    Ini,
    Markdown,
    Diff,
    Session,
    Plain,
}

/// True if `language` (in any case) is known, `text` and the like included.
pub(crate) fn knows(language: &str) -> bool {
    reader(language).is_some()
}

/// Appends `code` as HTML, in colour if `language` is known, else only escaped.
pub(crate) fn highlight(language: &str, code: &str, out: &mut String) {
    out.reserve(code.len() * 2);
    let mut spans = Spans { out, open: None };
    read(reader(language).unwrap_or(Reader::Plain), code, &mut spans);
    spans.close();
}

fn read(reader: Reader, code: &str, spans: &mut Spans<'_>) {
    match reader {
        Reader::Code(language) => code::read(language, code, spans),
        Reader::Markup { html } => markup::read(code, html, spans),
        Reader::Css { line_comments } => css::read(code, line_comments, spans),
        Reader::Json => data::json(code, spans),
        Reader::Yaml => data::yaml(code, spans),
        Reader::Toml => data::toml(code, spans),
        Reader::Ini => data::ini(code, spans),
        Reader::Markdown => lines::markdown(code, spans),
        Reader::Diff => lines::diff(code, spans),
        Reader::Session => lines::session(code, spans),
        Reader::Plain => spans.plain(code),
    }
}

fn reader(language: &str) -> Option<Reader> {
    let mut lower = [0u8; 24];
    let lower = lower.get_mut(..language.len())?;
    lower.copy_from_slice(language.as_bytes());
    lower.make_ascii_lowercase();
    let name = std::str::from_utf8(lower).ok()?;
    Some(match name {
        "html" | "htm" | "xhtml" | "vue" | "svelte" | "astro" | "handlebars" | "hbs" | "jinja" | "jinja2" | "tera"
        | "liquid" | "twig" => Reader::Markup { html: true },
        "xml" | "svg" | "rss" | "atom" | "xsd" | "xslt" | "plist" | "mathml" => Reader::Markup { html: false },
        "css" => Reader::Css { line_comments: false },
        "scss" | "sass" | "less" => Reader::Css { line_comments: true },
        "json" | "jsonc" | "json5" | "jsonl" | "ndjson" | "geojson" | "webmanifest" => Reader::Json,
        "yaml" | "yml" => Reader::Yaml,
        "toml" => Reader::Toml,
        "ini" | "properties" | "env" | "dotenv" | "conf" | "cfg" | "systemd" | "editorconfig" => Reader::Ini,
        "markdown" | "md" | "mdx" => Reader::Markdown,
        "diff" | "patch" => Reader::Diff,
        "console" | "shell-session" | "shellsession" | "terminal" => Reader::Session,
        "text" | "txt" | "plain" | "plaintext" | "none" | "output" | "ascii" | "log" | "nohighlight" => Reader::Plain,
        _ => Reader::Code(languages::find(name)?),
    })
}

/// The length of `text`'s first line, its line break included.
fn line_length(text: &str) -> usize {
    text.find('\n').map_or(text.len(), |i| i + 1)
}

/// True for what names are made of; characters beyond ASCII count, so that cuts fall between characters.
fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80
}

/// The end of the run from `at` whose bytes satisfy `test`.
fn run_end(bytes: &[u8], at: usize, test: impl Fn(u8) -> bool) -> usize {
    bytes[at..]
        .iter()
        .position(|&b| !test(b))
        .map_or(bytes.len(), |n| at + n)
}

/// The end of a number that begins at `at`: digits, letters of units and bases, a dot before a digit, the sign of an exponent.
fn number_end(bytes: &[u8], at: usize) -> usize {
    let mut i = at;
    let hexadecimal = bytes[at..].starts_with(b"0x") || bytes[at..].starts_with(b"0X");
    while let Some(&b) = bytes.get(i) {
        let next = bytes.get(i + 1).copied().unwrap_or_default();
        let goes_on = b.is_ascii_alphanumeric()
            || b == b'_'
            || b == b'.' && next.is_ascii_digit()
            || matches!(b, b'+' | b'-')
                && !hexadecimal
                && i > at
                && matches!(bytes[i - 1], b'e' | b'E')
                && next.is_ascii_digit();
        if !goes_on {
            break;
        }
        i += 1;
    }
    i
}

#[cfg(test)]
mod tests;
