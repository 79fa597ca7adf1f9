//! What a visitor's address means: checked parts of a path below a release, or nothing.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// A path below a release that can be opened: no part leads up, is hidden, or hides a separator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitePath {
    parts: Vec<String>,
    /// The address ended with a slash: a folder is meant.
    pub folder: bool,
}

/// Longest name of a file, and most parts of a path: deeper than any page a renderer writes.
const MAX_PART: usize = 255;
const MAX_PARTS: usize = 64;

/// Everything that is not unreserved is written with a percent sign.
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl SitePath {
    /// Reads the path of an address as it was sent, starting with its slash. Each part is decoded once, after splitting,
    /// so an encoded slash cannot make a new part. `None` is for what no page of ours can be called.
    pub fn parse(raw: &str) -> Option<Self> {
        let rest = raw.strip_prefix('/')?;
        if rest.is_empty() {
            return Some(Self {
                parts: Vec::new(),
                folder: true,
            });
        }
        let folder = rest.ends_with('/');
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let mut parts = Vec::new();
        for raw in rest.split('/') {
            let part = percent_decode_str(raw).decode_utf8().ok()?;
            let hidden = part.starts_with('.') && !(parts.is_empty() && part == ".well-known");
            let odd = part.chars().any(|c| matches!(c, '/' | '\\') || c.is_control());
            if part.is_empty() || hidden || odd || part.len() > MAX_PART || parts.len() == MAX_PARTS {
                return None;
            }
            parts.push(part.into_owned());
        }
        Some(Self { parts, folder })
    }

    /// The file below the release: `blog/x`, or with `index.html` for a folder.
    pub fn file(&self) -> String {
        let mut path = self.parts.join("/");
        if self.folder {
            if !path.is_empty() {
                path.push('/');
            }
            path += "index.html";
        }
        path
    }

    /// The address as the site writes it: `/blog/x/`, not encoded.
    pub fn plain(&self) -> String {
        let slash = if self.folder && !self.parts.is_empty() { "/" } else { "" };
        format!("/{}{slash}", self.parts.join("/"))
    }

    /// Files with a page for addresses that lead nowhere, the best first: that of the language whose folder this would be
    /// in, then the site's.
    pub fn missing(&self) -> Vec<String> {
        let language = self.parts.first().map(|first| format!("{first}/404.html"));
        language.into_iter().chain(["404.html".to_owned()]).collect()
    }

    /// The address with a slash at the end, encoded. It begins with one slash and then a name, so it cannot be taken for
    /// the address of another host.
    pub fn with_slash(&self) -> String {
        let mut path = String::from("/");
        for part in &self.parts {
            path.extend(utf8_percent_encode(part, PART));
            path.push('/');
        }
        path
    }

    /// Files that are for the server alone.
    pub fn is_private(&self) -> bool {
        self.parts.len() == 1 && self.parts[0].starts_with('_')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_files() {
        for (raw, file) in [
            ("/", "index.html"),
            ("/blog/", "blog/index.html"),
            ("/blog", "blog"),
            ("/assets/a-1.css", "assets/a-1.css"),
            ("/caf%C3%A9/", "café/index.html"),
            ("/a%20b", "a b"),
            ("/.well-known/x", ".well-known/x"),
            // Decoded once: what is left is an odd name, not a way up.
            ("/%252e%252e/x", "%2e%2e/x"),
            ("/a..b", "a..b"),
        ] {
            assert_eq!(SitePath::parse(raw).map(|p| p.file()).as_deref(), Some(file), "{raw}");
        }
    }

    #[test]
    fn what_leads_nowhere_is_told_in_its_language() {
        for (raw, names) in [
            ("/de/nowhere/", vec!["de/404.html", "404.html"]),
            ("/nowhere", vec!["nowhere/404.html", "404.html"]),
            ("/", vec!["404.html"]),
        ] {
            assert_eq!(SitePath::parse(raw).unwrap().missing(), names, "{raw}");
        }
    }

    #[test]
    fn no_way_out() {
        for raw in [
            "",
            "x",
            "//",
            "//evil.example/",
            "/a//b",
            "/..",
            "/../x",
            "/a/../b",
            "/a/./b",
            "/%2e%2e/x",
            "/%2E%2E/x",
            "/.%2e/x",
            "/..%2fx",
            "/a%2fb",
            "/a%5cb",
            "/..%5cx",
            "/a\\..\\b",
            "/%00",
            "/a%00.html",
            "/a%0d%0ab",
            "/.git/config",
            "/a/.well-known/x",
            "/.env",
            "/%ff",
            "/%c0%ae%c0%ae/x",
        ] {
            assert_eq!(SitePath::parse(raw), None, "{raw}");
        }
        assert_eq!(SitePath::parse(&format!("/{}", "a/".repeat(65))), None);
        assert_eq!(SitePath::parse(&format!("/{}", "a".repeat(256))), None);
    }

    #[test]
    fn a_redirect_to_the_slash_stays_here() {
        for (raw, to) in [
            ("/blog", "/blog/"),
            ("/caf%C3%A9", "/caf%C3%A9/"),
            ("/a%3Fb", "/a%3Fb/"),
        ] {
            assert_eq!(SitePath::parse(raw).map(|p| p.with_slash()).as_deref(), Some(to));
        }
    }
}
