//! Site paths: which are allowed, what file one becomes, and how it is written in a link.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// Longest name of one file or folder, in bytes: the 255 of the usual file systems less the endings of compressed forms (`.br`).
const MAX_SEGMENT: usize = 252;
/// Longest whole path, leaving room for the folder it is put in.
const MAX_PATH: usize = 2048;

/// Characters that a path segment may not hold as they are (RFC 3986 `pchar`, turned round).
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Why a path cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathProblem {
    #[error("a path must start with a slash")]
    NotRooted,
    #[error("a path must not have empty parts (two slashes in a row)")]
    EmptySegment,
    #[error("parts of a path must not be `.` or `..` or begin with a dot")]
    Dots,
    #[error("a path must not hold backslashes, colons at its start or control characters")]
    Characters,
    #[error("a part of the path is longer than 252 bytes, or the whole longer than 2048")]
    TooLong,
}

/// Checks a relative file path (`blog/x/index.html`) that is about to become a file.
pub fn check_file(path: &str) -> Result<(), PathProblem> {
    if path.starts_with('/') || path.is_empty() {
        return Err(PathProblem::EmptySegment);
    }
    if path.len() > MAX_PATH {
        return Err(PathProblem::TooLong);
    }
    path.split('/').try_for_each(check_segment)
}

fn check_segment(segment: &str) -> Result<(), PathProblem> {
    if segment.is_empty() {
        return Err(PathProblem::EmptySegment);
    }
    if segment.starts_with('.') && segment != ".well-known" {
        return Err(PathProblem::Dots);
    }
    if segment.len() > MAX_SEGMENT {
        return Err(PathProblem::TooLong);
    }
    if segment.chars().any(|c| c == '\\' || c.is_control()) {
        return Err(PathProblem::Characters);
    }
    Ok(())
}

/// The path in its one form: rooted, with a trailing slash unless the last part is an `.html` file.
pub fn normalise(path: &str) -> Result<String, PathProblem> {
    let inner = path.strip_prefix('/').ok_or(PathProblem::NotRooted)?;
    let inner = match inner.strip_suffix("index.html") {
        Some(folder) if folder.is_empty() || folder.ends_with('/') => folder,
        _ => inner,
    };
    if inner.is_empty() {
        return Ok("/".into());
    }
    let body = inner.strip_suffix('/').unwrap_or(inner);
    check_file(body)?;
    // `index.html` is appended later and must still fit.
    if body.len() + "/index.html".len() > MAX_PATH {
        return Err(PathProblem::TooLong);
    }
    let is_file = !inner.ends_with('/') && body.ends_with(".html");
    Ok(if is_file {
        format!("/{body}")
    } else {
        format!("/{body}/")
    })
}

/// The file behind a page's path: `/blog/` is `blog/index.html`.
pub fn file_of(path: &str) -> String {
    let inner = path.trim_start_matches('/');
    if inner.is_empty() || inner.ends_with('/') {
        format!("{inner}index.html")
    } else {
        inner.to_owned()
    }
}

/// The path as it stands in a link: percent-encoded, slashes kept.
pub fn encode(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    encode_into(&mut out, path);
    out
}

/// Appends what [`encode`] gives.
pub fn encode_into(out: &mut String, path: &str) {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.');
    if path.bytes().all(plain) {
        out.push_str(path);
    } else {
        out.extend(utf8_percent_encode(path, SEGMENT));
    }
}

/// The path of the `n`th page (from 1) of a list at `base`.
pub fn pager(base: &str, n: usize) -> String {
    if n <= 1 {
        base.to_owned()
    } else {
        format!("{}/page/{n}/", base.trim_end_matches('/'))
    }
}

/// A slug turned into one path segment; what cannot be a segment becomes a dash.
pub fn segment(slug: &str) -> String {
    let cleaned: String = slug
        .trim()
        .chars()
        .map(|c| {
            if c == '/' || c == '\\' || c.is_control() || c.is_whitespace() {
                '-'
            } else {
                c
            }
        })
        .collect();
    let mut cleaned = cleaned.trim_start_matches('.').to_owned();
    while cleaned.len() > MAX_SEGMENT {
        cleaned.pop();
    }
    if cleaned.is_empty() { "-".into() } else { cleaned }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalises_and_refuses() {
        let cases: &[(&str, Result<&str, PathProblem>)] = &[
            ("/", Ok("/")),
            ("/a", Ok("/a/")),
            ("/a/", Ok("/a/")),
            ("/a.html", Ok("/a.html")),
            ("/a/index.html", Ok("/a/")),
            ("/index.html", Ok("/")),
            ("/my-index.html", Ok("/my-index.html")),
            ("/a.html/", Ok("/a.html/")),
            ("/.well-known/x", Ok("/.well-known/x/")),
            ("/日本/", Ok("/日本/")),
            ("a/", Err(PathProblem::NotRooted)),
            ("/a//b/", Err(PathProblem::EmptySegment)),
            ("//", Err(PathProblem::EmptySegment)),
            ("/../etc/", Err(PathProblem::Dots)),
            ("/a/./b", Err(PathProblem::Dots)),
            ("/.git/", Err(PathProblem::Dots)),
            ("/a\\b", Err(PathProblem::Characters)),
            ("/a\0b", Err(PathProblem::Characters)),
        ];
        for (input, expected) in cases {
            assert_eq!(normalise(input).as_deref().map_err(|e| *e), *expected, "{input:?}");
        }
        assert_eq!(normalise(&format!("/{}/", "x".repeat(253))), Err(PathProblem::TooLong));
        assert!(normalise(&format!("/{}/", "x".repeat(252))).is_ok());
    }

    #[test]
    fn files_links_and_pagers() {
        assert_eq!(file_of("/"), "index.html");
        assert_eq!(file_of("/a/b/"), "a/b/index.html");
        assert_eq!(file_of("/a.html"), "a.html");
        assert_eq!(encode("/a b/ü?/"), "/a%20b/%C3%BC%3F/");
        assert_eq!(pager("/blog/", 1), "/blog/");
        assert_eq!(pager("/blog/", 3), "/blog/page/3/");
        assert_eq!(pager("/", 2), "/page/2/");
        assert_eq!(segment("a/b c"), "a-b-c");
        assert_eq!(segment(".."), "-");
    }
}
