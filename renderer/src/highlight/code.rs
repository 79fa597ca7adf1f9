//! The common lexer: words, strings, comments and numbers of the languages in [`super::languages`].

use super::languages::{
    CALLS, CAPITALS, DECORATORS, DOLLARS, HEREDOC, Language, NESTED, PHP, PREFIXES, PREPROCESSOR, Quote, REGEX, RUBY,
    RUST, SHELL,
};
use super::{Class, Spans, is_word, line_length, number_end, run_end};

/// Template strings within template strings that are looked into.
const MAX_DEPTH: usize = 6;
/// Bytes in which the end of a regular expression or of `${…}` is looked for, so that hostile lines take no longer.
const MAX_LOOK: usize = 1000;

/// What came before, as far as it tells how to read what follows.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    /// An operator, an opening bracket, the start: a value is wanted.
    Operator,
    /// A name or a number or a closing bracket.
    Value,
    /// `fn`, `def`, `function`: a function's name follows.
    Function,
    /// `struct`, `class`: a type's name follows.
    Type,
}

struct Lexer<'s, 'o, 'w> {
    language: &'static Language,
    text: &'s str,
    bytes: &'s [u8],
    at: usize,
    before: Before,
    /// Nothing but white space since the line began.
    line_start: bool,
    /// White space, or the line's start, comes just before.
    spaced: bool,
    /// The word that ends a here-document that was announced on this line.
    heredoc: Option<&'s str>,
    spans: &'w mut Spans<'o>,
}

pub(super) fn read(language: &'static Language, text: &str, spans: &mut Spans<'_>) {
    let mut lexer = Lexer {
        language,
        text,
        bytes: text.as_bytes(),
        at: 0,
        before: Before::Operator,
        line_start: true,
        spaced: true,
        heredoc: None,
        spans,
    };
    lexer.code(0);
}

impl Lexer<'_, '_, '_> {
    fn has(&self, flag: u32) -> bool {
        self.language.spec.flags & flag != 0
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or_default()
    }

    /// Hands over everything up to `end`.
    fn take(&mut self, class: Option<Class>, end: usize) {
        let end = end.min(self.text.len());
        self.spans.put(class, &self.text[self.at..end]);
        self.at = end;
        (self.line_start, self.spaced) = (false, false);
    }

    fn value(&mut self, class: Class, end: usize) {
        self.take(Some(class), end);
        self.before = Before::Value;
    }

    /// Reads to the end, or within a template string (`depth` > 0) to the brace that closes the piece of code.
    fn code(&mut self, depth: usize) {
        let mut braces = 0usize;
        while self.at < self.bytes.len() {
            let b = self.byte(0);
            match b {
                b'\n' => {
                    self.take(None, self.at + 1);
                    if let Some(word) = self.heredoc.take() {
                        self.heredoc_body(word);
                    }
                    (self.line_start, self.spaced) = (true, true);
                }
                b' ' | b'\t' | b'\r' => {
                    let end = run_end(self.bytes, self.at, |b| matches!(b, b' ' | b'\t' | b'\r'));
                    let line_start = self.line_start;
                    self.take(None, end);
                    (self.line_start, self.spaced) = (line_start, true);
                }
                b'}' if depth > 0 && braces == 0 => return,
                _ if self.comment() || self.special(b) || self.string(depth) => {}
                b'0'..=b'9' => {
                    let end = number_end(self.bytes, self.at);
                    // `4th` is a word in a command line.
                    self.value(Class::Number, end);
                }
                b if is_word(b) => self.word(),
                b => {
                    match b {
                        b'{' => braces += 1,
                        b'}' => braces = braces.saturating_sub(1),
                        _ => {}
                    }
                    self.before = if matches!(b, b')' | b']' | b'}') {
                        Before::Value
                    } else {
                        Before::Operator
                    };
                    self.take(None, self.at + 1);
                }
            }
        }
    }

    fn comment(&mut self) -> bool {
        let spec = self.language.spec;
        if let Some((open, close)) = spec.block
            && self.rest().starts_with(open.as_bytes())
        {
            let end = self.block_end(open, close);
            self.take(Some(Class::Comment), end);
            return true;
        }
        let is_line = spec.line.iter().any(|mark| self.rest().starts_with(mark.as_bytes()));
        // `$#` and `a#b` are no comments in a shell, `#[` is an attribute in PHP.
        let is_other = self.has(SHELL) && !self.spaced || self.has(PHP) && self.rest().starts_with(b"#[");
        if !is_line || is_other {
            return false;
        }
        let length = line_length(&self.text[self.at..]);
        let ends = self.bytes[self.at..self.at + length].ends_with(b"\n");
        self.take(Some(Class::Comment), self.at + length - usize::from(ends));
        true
    }

    fn block_end(&self, open: &str, close: &str) -> usize {
        let text = &self.text[self.at + open.len()..];
        let start = self.at + open.len();
        if !self.has(NESTED) {
            return text.find(close).map_or(self.text.len(), |i| start + i + close.len());
        }
        let (mut depth, mut i) = (1usize, start);
        while i < self.bytes.len() {
            if self.bytes[i..].starts_with(close.as_bytes()) {
                depth -= 1;
                i += close.len();
                if depth == 0 {
                    return i;
                }
            } else if self.bytes[i..].starts_with(open.as_bytes()) {
                depth += 1;
                i += open.len();
            } else {
                i += 1;
            }
        }
        self.text.len()
    }

    /// What only some languages have; true if it took something.
    fn special(&mut self, b: u8) -> bool {
        let (next, after) = (self.byte(1), self.byte(2));
        let names_follow = |b: u8| is_word(b) && !b.is_ascii_digit();
        match b {
            b'#' if self.has(RUST) && (next == b'[' || next == b'!' && after == b'[') => self.bracketed(),
            b'#' if self.has(PHP) && next == b'[' => self.bracketed(),
            b'#' if self.has(PREPROCESSOR) && self.line_start => {
                let end = run_end(self.bytes, self.at + 1, |b| b == b' ' || is_word(b));
                let word = self.text[self.at + 1..end].trim_start();
                let end = self.at
                    + 1
                    + word
                        .find(' ')
                        .map_or(end - self.at - 1, |n| n + (end - self.at - 1 - word.len()));
                let is_include = self.text[self.at..end].ends_with("include");
                self.take(Some(Class::Meta), end);
                if is_include {
                    let rest = &self.text[self.at..];
                    let gap = rest.len() - rest.trim_start_matches(' ').len();
                    let length = rest[gap..].find(['>', '\n']).map_or(rest.len(), |i| gap + i + 1);
                    if rest[gap..].starts_with('<') && rest[..length].ends_with('>') {
                        self.take(None, self.at + gap);
                        self.take(Some(Class::Text), self.at + length - gap);
                    }
                }
            }
            b'@' if self.has(DECORATORS) && names_follow(next) => {
                let end = run_end(self.bytes, self.at + 1, |b| is_word(b) || b == b'.');
                self.take(Some(Class::Meta), end);
            }
            b'@' if self.has(RUBY) && (names_follow(next) || next == b'@' && names_follow(after)) => {
                let end = run_end(self.bytes, self.at + 2, is_word);
                self.value(Class::Variable, end);
            }
            b':' if self.has(RUBY) && names_follow(next) && self.before != Before::Value => {
                let end = run_end(self.bytes, self.at + 1, is_word);
                self.value(Class::Literal, end);
            }
            b'$' if self.has(DOLLARS) => match self.variable_end(self.at) {
                Some(end) => self.value(Class::Variable, end),
                None => return false,
            },
            b'-' if self.has(SHELL)
                && self.spaced
                && (next.is_ascii_alphabetic() || next == b'-' && after.is_ascii_alphabetic()) =>
            {
                let end = run_end(self.bytes, self.at, |b| is_word(b) || b == b'-');
                self.take(Some(Class::Attribute), end);
            }
            b'\'' if self.has(RUST) => self.quote_of_rust(),
            b'r' | b'b' if self.has(RUST) => match self.raw_string_end() {
                Some(end) => self.value(Class::Text, end),
                None => return false,
            },
            b'/' if self.has(REGEX) && self.before != Before::Value => match self.regex_end() {
                Some(end) => self.value(Class::Text, end),
                None => return false,
            },
            b'<' if self.has(PHP) && self.rest().starts_with(b"<?") => {
                let end = run_end(self.bytes, self.at + 2, |b| is_word(b) || b == b'=');
                self.take(Some(Class::Meta), end);
            }
            b'?' if self.has(PHP) && next == b'>' => self.take(Some(Class::Meta), self.at + 2),
            b'<' if self.has(HEREDOC) && next == b'<' => return self.heredoc_start(),
            _ => return false,
        }
        true
    }

    /// `#[…]` up to the bracket that closes it.
    fn bracketed(&mut self) {
        let mut depth = 0usize;
        let mut end = self.bytes.len();
        for (i, &b) in self.rest().iter().enumerate() {
            match b {
                b'[' => depth += 1,
                b']' => depth = depth.saturating_sub(1),
                _ => continue,
            }
            if depth == 0 {
                end = self.at + i + 1;
                break;
            }
        }
        self.take(Some(Class::Meta), end);
    }

    /// A character or a lifetime.
    fn quote_of_rust(&mut self) {
        let rest = &self.text[self.at + 1..];
        let mut chars = rest.chars();
        let first = chars.next().unwrap_or('\n');
        let closed = |n: usize| rest[n..].starts_with('\'');
        if first == '\\' {
            let end = rest[1..].char_indices().skip(1).find(|(_, c)| matches!(c, '\'' | '\n'));
            let end = end.map_or(rest.len(), |(i, _)| i + 2);
            self.value(Class::Text, self.at + 1 + end);
        } else if first != '\n' && closed(first.len_utf8()) {
            self.value(Class::Text, self.at + 2 + first.len_utf8());
        } else {
            let end = run_end(self.bytes, self.at + 1, is_word);
            self.take(Some(Class::Type), end);
        }
    }

    /// `r"…"`, `br#"…"#`, `b"…"`.
    fn raw_string_end(&self) -> Option<usize> {
        let rest = self.text.get(self.at..)?;
        let inner = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
        let marks = inner.len() - inner.trim_start_matches('#').len();
        let body = inner[marks..].strip_prefix('"')?;
        let start = self.text.len() - body.len();
        let close = |i: &usize| {
            let after = body.as_bytes().get(i + 1..i + 1 + marks);
            after.is_some_and(|after| after.iter().all(|&b| b == b'#'))
        };
        let found = body.match_indices('"').map(|(i, _)| i).find(close);
        Some(found.map_or(self.text.len(), |i| start + i + 1 + marks))
    }

    /// A regular expression on one line.
    fn regex_end(&self) -> Option<usize> {
        let mut in_class = false;
        let mut i = self.at + 1;
        if matches!(self.byte(1), b'/' | b'*' | b' ' | b'=') {
            return None;
        }
        while let Some(&b) = self.bytes.get(i).filter(|_| i - self.at < MAX_LOOK) {
            match b {
                b'\n' => return None,
                b'\\' => i += 1,
                b'[' => in_class = true,
                b']' => in_class = false,
                b'/' if !in_class => return Some(run_end(self.bytes, i + 1, |b| b.is_ascii_lowercase())),
                _ => {}
            }
            i += 1;
        }
        None
    }

    /// The end of `$name`, `${…}`, `$1` at `at`.
    fn variable_end(&self, at: usize) -> Option<usize> {
        match self.bytes.get(at + 1).copied()? {
            b'{' => {
                let near = &self.bytes[at..self.bytes.len().min(at + MAX_LOOK)];
                let length = near.iter().position(|b| matches!(b, b'}' | b'\n'))?;
                (near[length] == b'}').then_some(at + length + 1)
            }
            b if is_word(b) => Some(run_end(self.bytes, at + 1, is_word)),
            b'@' | b'#' | b'?' | b'*' | b'!' | b'$' if self.has(SHELL) => Some(at + 2),
            _ => None,
        }
    }

    fn string(&mut self, depth: usize) -> bool {
        let quotes = self.language.spec.quotes;
        let Some(&quote) = quotes.iter().find(|q| self.rest().starts_with(q.0.as_bytes())) else {
            return false;
        };
        self.string_body(quote, self.at + quote.0.len(), depth);
        true
    }

    /// Takes a string whose inside begins at `start`.
    fn string_body(&mut self, quote: Quote, start: usize, depth: usize) {
        let Quote(open, close, escapes, lines) = quote;
        let template = open == "`" && self.has(REGEX) && !self.has(RUBY);
        let dollars = self.has(DOLLARS) && open.starts_with('"');
        let mut i = start;
        while let Some(&b) = self.bytes.get(i) {
            if self.bytes[i..].starts_with(close.as_bytes()) {
                i += close.len();
                break;
            }
            match b {
                b'\\' if escapes => i += 1,
                b'\n' if !lines => break,
                b'$' if template && depth < MAX_DEPTH && self.bytes.get(i + 1) == Some(&b'{') => {
                    self.take(Some(Class::Text), i);
                    self.take(Some(Class::Meta), i + 2);
                    self.before = Before::Operator;
                    self.code(depth + 1);
                    let end = (self.at + 1).min(self.bytes.len());
                    self.take(Some(Class::Meta), end);
                    i = self.at;
                    continue;
                }
                b'$' if dollars => {
                    if let Some(end) = self.variable_end(i) {
                        self.take(Some(Class::Text), i);
                        self.take(Some(Class::Variable), end);
                        i = end;
                        continue;
                    }
                }
                _ => {}
            }
            i += 1;
        }
        // A backslash before the end, or before a character of several bytes.
        let mut end = i.min(self.bytes.len());
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        self.value(Class::Text, end);
    }

    fn word(&mut self) {
        let end = run_end(self.bytes, self.at, is_word);
        let word = &self.text[self.at..end];
        let next = self.bytes.get(end).copied().unwrap_or_default();
        if self.has(PREFIXES) && matches!(next, b'"' | b'\'' | b'$' | b'@') && word.len() <= 2 {
            let is_prefix = word.bytes().all(|b| b"rRbBfFuU".contains(&b));
            let quotes = self.language.spec.quotes;
            let quote = quotes.iter().find(|q| self.bytes[end..].starts_with(q.0.as_bytes()));
            if let (true, Some(&quote)) = (is_prefix, quote) {
                self.string_body(quote, end + quote.0.len(), 0);
                return;
            }
        }
        let is_member = self.at > 0 && self.bytes[self.at - 1] == b'.';
        let known = if is_member { None } else { self.language.word(word) };
        // `name-of-a-thing` in a command line is one word.
        let hyphened = self.has(SHELL) && (next == b'-' || self.at > 0 && self.bytes[self.at - 1] == b'-');
        if let Some(class) = known.filter(|_| !hyphened) {
            self.before = match (class, word) {
                (Class::Keyword, "fn" | "func" | "function" | "fun" | "def") => Before::Function,
                (Class::Keyword, "struct" | "class" | "enum" | "trait" | "interface" | "union" | "type") => {
                    Before::Type
                }
                (Class::Keyword, "self" | "this" | "super") => Before::Value,
                (Class::Keyword, _) => Before::Operator,
                _ => Before::Value,
            };
            self.take(Some(class), end);
            return;
        }
        let class = match self.before {
            Before::Function => Some(Class::Function),
            Before::Type => Some(Class::Type),
            _ if self.has(RUST) && next == b'!' && self.bytes.get(end + 1) != Some(&b'=') => Some(Class::Function),
            _ if self.has(CALLS) && next == b'(' => Some(Class::Function),
            _ if self.has(CAPITALS) && self.bytes[self.at].is_ascii_uppercase() => {
                let constant = word.len() > 1 && !word.bytes().any(|b| b.is_ascii_lowercase());
                Some(if constant { Class::Literal } else { Class::Type })
            }
            // `name=value` in a command line.
            _ if self.has(SHELL) && next == b'=' && self.spaced => Some(Class::Variable),
            _ => None,
        };
        self.take(class, end);
        self.before = Before::Value;
    }

    fn heredoc_start(&mut self) -> bool {
        let rest = &self.text[self.at + 2..];
        let trimmed = rest.trim_start_matches(['-', '~', '<']);
        let trimmed = trimmed.strip_prefix(' ').unwrap_or(trimmed);
        let inner = trimmed.trim_start_matches(['\'', '"']);
        let length = inner.bytes().take_while(|&b| is_word(b)).count();
        if length == 0 || !inner.as_bytes()[0].is_ascii_uppercase() {
            return false;
        }
        let start = self.text.len() - inner.len();
        self.heredoc = Some(&self.text[start..start + length]);
        let end = run_end(self.bytes, start + length, |b| matches!(b, b'\'' | b'"'));
        self.take(Some(Class::Meta), end);
        self.before = Before::Value;
        true
    }

    fn heredoc_body(&mut self, word: &str) {
        let mut end = self.at;
        while end < self.text.len() {
            let length = line_length(&self.text[end..]);
            let line = self.text[end..end + length].trim();
            if line.trim_end_matches([';', ',', ')']) == word {
                self.take(Some(Class::Text), end);
                let stop = self.at + length - usize::from(self.text[..end + length].ends_with('\n'));
                self.take(Some(Class::Meta), stop);
                return;
            }
            end += length;
        }
        self.take(Some(Class::Text), end);
    }
}
