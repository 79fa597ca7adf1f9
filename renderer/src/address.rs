//! Addresses: the site's own, and what a link in a text points at.

use std::borrow::Cow;

use crate::paths;

/// Schemes that a link in user content may use.
const LINK_SCHEMES: &[&str] = &[
    "http", "https", "mailto", "tel", "sms", "geo", "xmpp", "matrix", "irc", "ircs",
];

/// Where the site lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// `https://example.com/sites/demo`, no trailing slash.
    pub base_url: String,
    /// The path part of it, `/sites/demo`, empty at a host's root. Every link within the site starts with it.
    pub base_path: String,
}

/// What a link points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target<'a> {
    /// A place on this page.
    Fragment(&'a str),
    /// A path on this site (decoded), with what follows it (`?q#f`, as written).
    Site { path: String, suffix: &'a str },
    /// Elsewhere, by an allowed scheme.
    External(&'a str),
    /// A scheme that could run code or that no browser should follow from a page.
    Refused,
}

impl Address {
    /// Reads the base URL. `Err` holds what is wrong with it.
    pub fn new(base_url: &str) -> Result<Self, String> {
        let trimmed = base_url.trim().trim_end_matches('/');
        let parsed = url::Url::parse(trimmed).map_err(|e| format!("base_url `{base_url}` is not an address: {e}"))?;
        if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none() {
            return Err(format!("base_url `{base_url}` must begin with http:// or https://"));
        }
        let origin = parsed.origin().ascii_serialization();
        let base_path = parsed.path().trim_end_matches('/').to_owned();
        Ok(Self {
            base_url: format!("{origin}{base_path}"),
            base_path,
        })
    }

    /// The link to a site path: `/sites/demo/blog/x/`.
    pub fn href(&self, path: &str) -> String {
        joined(&self.base_path, path)
    }

    /// The absolute address of a site path.
    pub fn absolute(&self, path: &str) -> String {
        joined(&self.base_url, path)
    }

    /// Sorts a link found on the page at `at`.
    pub fn target<'a>(&self, link: &'a str, at: &str) -> Target<'a> {
        let link = link.trim_matches(|c: char| c.is_whitespace() || c.is_control());
        if let Some(fragment) = link.strip_prefix('#') {
            return Target::Fragment(fragment);
        }
        if let Some(scheme) = scheme(link) {
            return if !LINK_SCHEMES.contains(&scheme.as_ref()) {
                Target::Refused
            } else if let Some(rest) = self.within(link) {
                site(rest, "/")
            } else {
                Target::External(link)
            };
        }
        // Browsers read a backslash as a slash here, so `/\host` leaves the site.
        let mut leading = link.bytes().take(2);
        if matches!(leading.next(), Some(b'/' | b'\\')) && matches!(leading.next(), Some(b'/' | b'\\')) {
            return if link.starts_with("//") {
                Target::External(link)
            } else {
                Target::Refused
            };
        }
        site(link, at)
    }

    /// What follows the base URL when `link` is an absolute address within this site.
    fn within<'a>(&self, link: &'a str) -> Option<&'a str> {
        let rest = link.strip_prefix(self.base_url.as_str())?;
        match rest.bytes().next() {
            None => Some("/"),
            Some(b'/') => Some(rest),
            _ => None,
        }
    }

    /// A link from settings (menus, profiles, redirects) as an `href`, or `None` if it may not be followed.
    pub fn safe_href(&self, link: &str) -> Option<String> {
        match self.target(link, "/") {
            Target::Fragment(f) => Some(format!("#{f}")),
            Target::Site { path, suffix } => Some(format!("{}{suffix}", self.href(&path))),
            Target::External(url) => Some(url.to_owned()),
            Target::Refused => None,
        }
    }

    /// A link to an image as `src`: a site path or an http address.
    pub fn safe_image(&self, link: &str) -> Option<String> {
        match self.target(link, "/") {
            Target::Site { path, suffix } => Some(format!("{}{suffix}", self.href(&path))),
            Target::External(url) if is_http(url) => Some(url.to_owned()),
            _ => None,
        }
    }

    /// An absolute form of what [`Address::safe_href`] gives.
    pub fn absolutise(&self, href: &str) -> String {
        if href.starts_with('/') && !href.starts_with("//") {
            let origin = &self.base_url[..self.base_url.len() - self.base_path.len()];
            format!("{origin}{href}")
        } else {
            href.to_owned()
        }
    }
}

fn joined(base: &str, path: &str) -> String {
    let mut out = String::with_capacity(base.len() + path.len());
    out.push_str(base);
    paths::encode_into(&mut out, path);
    out
}

/// True for an address that a browser would fetch over HTTP.
pub fn is_http(url: &str) -> bool {
    url.starts_with("//") || matches!(scheme(url).as_deref(), Some("http" | "https"))
}

/// The scheme of an address as a browser finds it: tabs and line breaks do not count, case does not matter.
fn scheme(link: &str) -> Option<Cow<'_, str>> {
    let mut name = String::new();
    for c in link.chars() {
        match c {
            ':' if !name.is_empty() => return Some(Cow::Owned(name)),
            '\t' | '\n' | '\r' => {}
            c if c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.') => name.push(c.to_ascii_lowercase()),
            _ => return None,
        }
    }
    None
}

/// Resolves a path reference on the page at `at`.
fn site<'a>(link: &'a str, at: &str) -> Target<'a> {
    let cut = link.find(['?', '#']).unwrap_or(link.len());
    let (raw, suffix) = link.split_at(cut);
    let decoded = percent_encoding::percent_decode_str(raw).decode_utf8_lossy();
    let decoded = decoded.replace('\\', "/");
    let mut parts: Vec<&str> = Vec::new();
    let folder = &at[..at.rfind('/').map_or(0, |i| i + 1)];
    if raw.is_empty() {
        return Target::Site {
            path: at.to_owned(),
            suffix,
        };
    }
    if !decoded.starts_with('/') {
        parts.extend(folder.split('/').filter(|p| !p.is_empty()));
    }
    for part in decoded.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let mut path = String::from("/");
    path.push_str(&parts.join("/"));
    let folder_like = decoded.ends_with('/') || decoded.ends_with("/.") || decoded.ends_with("..") || decoded == ".";
    if folder_like && path.len() > 1 {
        path.push('/');
    }
    Target::Site { path, suffix }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(link: &str) -> Target<'_> {
        Address::new("https://example.com/base/")
            .expect("valid")
            .target(link, "/blog/x/")
    }

    #[test]
    fn sorts_links() {
        let site = |path: &str, suffix: &'static str| Target::Site {
            path: path.into(),
            suffix,
        };
        assert_eq!(at("#a"), Target::Fragment("a"));
        assert_eq!(at("/about/"), site("/about/", ""));
        assert_eq!(at("../y/?q=1#z"), site("/blog/y/", "?q=1#z"));
        assert_eq!(at("img.png"), site("/blog/x/img.png", ""));
        assert_eq!(at("../../../../etc"), site("/etc", ""));
        assert_eq!(at(".."), site("/blog/", ""));
        assert_eq!(at("/a%20b/"), site("/a b/", ""));
        assert_eq!(at("https://example.com/base/shop/"), site("/shop/", ""));
        assert_eq!(
            at("https://example.com/basement/"),
            Target::External("https://example.com/basement/")
        );
        assert_eq!(at("https://other.org/"), Target::External("https://other.org/"));
        assert_eq!(at("//other.org/x"), Target::External("//other.org/x"));
        for bad in [
            "javascript:alert(1)",
            " JaVaScRiPt:x",
            "java\nscript:x",
            "\u{1}javascript:x",
            "data:text/html,x",
            "vbscript:x",
            "/\\evil.org",
            "blob:x",
            "file:///etc",
        ] {
            assert_eq!(at(bad), Target::Refused, "{bad:?}");
        }
    }

    #[test]
    fn reads_base_urls() {
        let a = Address::new("http://localhost:8080/sites/demo/").expect("valid");
        assert_eq!(
            (a.base_url.as_str(), a.base_path.as_str()),
            ("http://localhost:8080/sites/demo", "/sites/demo")
        );
        assert_eq!(a.href("/ü/"), "/sites/demo/%C3%BC/");
        assert_eq!(a.absolutise("/sites/demo/x/"), "http://localhost:8080/sites/demo/x/");
        assert!(Address::new("javascript:x").is_err());
        assert!(Address::new("example.com").is_err());
    }
}
