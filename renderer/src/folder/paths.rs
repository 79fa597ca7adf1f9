//! Addresses on the site made from names people and other generators chose.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest path segment, in characters. Four bytes each still fits the 255 bytes file systems allow with an ending.
const SEGMENT_CHARS: usize = 100;
const SEGMENT_BYTES: usize = 200;
/// Most segments of one path; deeper is nobody's intention.
const MAX_SEGMENTS: usize = 32;

/// One path segment that is safe as a file name and in an address: NFC, letters, digits, marks and `-_.~+@`, everything
/// else becomes `-`. Empty when nothing is left.
pub(super) fn segment(raw: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'+' | b'@');
    if raw.len() <= SEGMENT_CHARS && raw.bytes().all(plain) {
        return raw.trim_start_matches('.').to_owned();
    }
    let mut out = String::new();
    let mut chars = 0;
    for c in raw.nfc() {
        let keep = c.is_alphanumeric() || is_combining_mark(c) || matches!(c, '-' | '_' | '.' | '~' | '+' | '@');
        let c = if keep { c } else { '-' };
        if c == '-' && !keep && (out.is_empty() || out.ends_with('-')) {
            continue;
        }
        if chars == SEGMENT_CHARS || out.len() + c.len_utf8() > SEGMENT_BYTES {
            break;
        }
        out.push(c);
        chars += 1;
    }
    // A trailing dash that came from a dropped character says nothing; one the author wrote stays.
    if !raw.ends_with('-') {
        out.truncate(out.trim_end_matches('-').len());
    }
    // `.` and `..` climb, a leading dot hides the file from servers and from our own reader.
    let visible = out.trim_start_matches('.');
    if visible.len() != out.len() {
        visible.to_owned()
    } else {
        out
    }
}

/// A whole site path, `/a/b/`, from anything: empty and unsafe segments vanish, `..` does not climb.
pub(super) fn site_path(raw: &str) -> String {
    let mut out = String::from("/");
    for part in raw
        .split(['/', '\\'])
        .map(segment)
        .filter(|s| !s.is_empty())
        .take(MAX_SEGMENTS)
    {
        out.push_str(&part);
        out.push('/');
    }
    out
}

/// Like [`site_path`], but an address of a file (`/old/post.html`) stays one, without a trailing slash.
pub(super) fn old_path(raw: &str) -> String {
    let path = site_path(raw);
    let is_file = !raw.ends_with('/')
        && path.trim_end_matches('/').rsplit('/').next().is_some_and(|last| {
            last.rsplit_once('.')
                .is_some_and(|(_, ext)| matches!(ext, "html" | "htm" | "php" | "xml" | "aspx" | "md"))
        });
    if is_file {
        path.trim_end_matches('/').to_owned()
    } else {
        path
    }
}

/// Where a page of another generator lived, as we address it: `/a/b.html` → (`/a/b/`, old address `/a/b.html`),
/// `/a/index.html` → `/a/`.
pub(super) fn from_output(raw: &str) -> (String, Option<String>) {
    let cut = raw.find(['?', '#']).unwrap_or(raw.len());
    let raw = &raw[..cut];
    if let Some(dir) = raw
        .strip_suffix("/index.html")
        .or_else(|| raw.strip_suffix("/index.htm"))
    {
        return (site_path(dir), None);
    }
    match raw.strip_suffix(".html").or_else(|| raw.strip_suffix(".htm")) {
        Some(stem) => (site_path(stem), Some(old_path(raw))),
        None => (site_path(raw), None),
    }
}

/// The public path of a file: like [`site_path`] without the trailing slash.
pub(super) fn file_path(raw: &str) -> String {
    let path = site_path(raw);
    if path.len() > 1 {
        path.trim_end_matches('/').to_owned()
    } else {
        path
    }
}

/// A term's or page's slug in the way most generators make it: ASCII, lower case, dashes.
pub(super) fn slugify(name: &str) -> String {
    // Without this `C`, `C++` and `C#` would be one term.
    let name = name.replace("++", "-plus-plus").replace('#', "-sharp");
    let mut slug = slug::slugify(&name);
    if slug.len() > SEGMENT_CHARS {
        slug.truncate(SEGMENT_CHARS);
        slug.truncate(slug.trim_end_matches('-').len());
    }
    if slug.is_empty() && !name.is_empty() {
        slug = format!("x{}", &blake3::hash(name.as_bytes()).to_hex()[..8]);
    }
    slug
}

/// `my-first_post` → `My first post`.
pub(super) fn title_from_name(name: &str) -> String {
    let words: Vec<&str> = name.split(['-', '_', ' ']).filter(|w| !w.is_empty()).collect();
    let joined = words.join(" ");
    let mut chars = joined.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).filter(|c| !c.is_control()).collect(),
        None => name.chars().filter(|c| !c.is_control()).collect(),
    }
}

/// Folder part of a path below the root, without a trailing slash; empty for the root itself.
pub(super) fn parent(rel: &str) -> &str {
    rel.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// File part of a path below the root.
pub(super) fn file_name(rel: &str) -> &str {
    rel.rsplit_once('/').map_or(rel, |(_, name)| name)
}

/// `rel` seen from the folder `dir`, when it is in there.
pub(super) fn below<'a>(rel: &'a str, dir: &str) -> Option<&'a str> {
    if dir.is_empty() {
        return Some(rel);
    }
    rel.strip_prefix(dir)?.strip_prefix('/')
}

/// Resolves `../a.md` against a folder, lexically; `None` when it climbs out of the root.
pub(super) fn resolve(dir: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = dir.split('/').filter(|p| !p.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_safe() {
        let long = "é".repeat(300);
        let cases = [
            ("Rust-1.0", "Rust-1.0".to_owned()),
            ("hello world", "hello-world".to_owned()),
            ("a/b", "a-b".to_owned()),
            ("..", String::new()),
            ("...secret", "secret".to_owned()),
            ("nul\0byte\u{7}", "nul-byte".to_owned()),
            ("cafe\u{301}", "caf\u{e9}".to_owned()),
            ("日本語", "日本語".to_owned()),
            ("مرحبا", "مرحبا".to_owned()),
            ("a\u{202e}b", "a-b".to_owned()),
            ("😀", String::new()),
            ("smile 😀 please", "smile-please".to_owned()),
            ("what?", "what".to_owned()),
            (long.as_str(), "é".repeat(100)),
        ];
        for (raw, want) in cases {
            assert_eq!(segment(raw), want, "{raw:?}");
            assert_eq!(segment(&want), want, "stable: {raw:?}");
        }
    }

    #[test]
    fn paths() {
        assert_eq!(site_path("a//b/../c"), "/a/b/c/");
        assert_eq!(site_path("/"), "/");
        assert_eq!(site_path("\\..\\etc\\passwd"), "/etc/passwd/");
        assert_eq!(old_path("x/1.0.html"), "/x/1.0.html");
        assert_eq!(old_path("/x/1.0"), "/x/1.0/");
        assert_eq!(from_output("/a/b.html"), ("/a/b/".into(), Some("/a/b.html".into())));
        assert_eq!(from_output("/a/index.html"), ("/a/".into(), None));
        assert_eq!(from_output("/a/b"), ("/a/b/".into(), None));
        assert_eq!(resolve("a/b", "../c.md").as_deref(), Some("a/c.md"));
        assert_eq!(resolve("", "../c.md"), None);
        assert_eq!(title_from_name("my-first_post"), "My first post");
        assert_eq!(slugify("C++"), "c-plus-plus");
        assert_eq!(slugify("C#"), "c-sharp");
        assert_eq!(slugify("???").len(), 9);
    }
}
