//! Addresses: the site's own, and what a link in a text points at.

use std::borrow::Cow;
use std::fmt::Write as _;

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

/// What a link points at. What is not decoded holds only characters that an address may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target<'a> {
    /// A place on this page.
    Fragment(Cow<'a, str>),
    /// A path on this site (decoded), with what follows it (`?q#f`).
    Site { path: String, suffix: Cow<'a, str> },
    /// Elsewhere, by an allowed scheme.
    External(Cow<'a, str>),
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
            return Target::Fragment(encoded(fragment));
        }
        if let Some(scheme) = scheme(link) {
            return if !LINK_SCHEMES.contains(&scheme.as_ref()) {
                Target::Refused
            } else if let Some(rest) = self.within(link) {
                site(rest, "/")
            } else {
                Target::External(external(link))
            };
        }
        // Browsers read a backslash as a slash here, so `/\host` leaves the site.
        let mut leading = link.bytes().take(2);
        if matches!(leading.next(), Some(b'/' | b'\\')) && matches!(leading.next(), Some(b'/' | b'\\')) {
            return if link.starts_with("//") {
                Target::External(external(link))
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
            Target::External(url) => Some(url.into_owned()),
            Target::Refused => None,
        }
    }

    /// A link to an image as `src`: a site path or an http address.
    pub fn safe_image(&self, link: &str) -> Option<String> {
        match self.target(link, "/") {
            Target::Site { path, suffix } => Some(format!("{}{suffix}", self.href(&path))),
            Target::External(url) if is_http(&url) => Some(url.into_owned()),
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

/// What follows a path or a scheme, with all percent-encoded that an address may not hold there (RFC 3986): spaces, quotes, `|`, letters
/// of other scripts, a `%` that begins no code, a second `#`. What is encoded already stays as it is.
fn encoded(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let is_code = |i: usize| {
        let hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
        hex(i + 1) && hex(i + 2)
    };
    let mut fragment = false;
    let mut out = String::new();
    let mut done = 0;
    for (i, &byte) in bytes.iter().enumerate() {
        let may_stay = match byte {
            b'%' => is_code(i),
            b'#' => !std::mem::replace(&mut fragment, true),
            b'!' | b'$'..=b';' | b'=' | b'?'..=b'Z' | b'_' | b'a'..=b'z' | b'~' => true,
            _ => false,
        };
        if !may_stay {
            // Only whole characters are cut: those of one byte, and each byte of the others.
            out.push_str(text.get(done..i).unwrap_or_default());
            let _ = write!(out, "%{byte:02X}");
            done = i + 1;
        }
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(done..).unwrap_or_default());
    Cow::Owned(out)
}

/// An address with a scheme, or of a host, in the form that it has in a page.
fn external(link: &str) -> Cow<'_, str> {
    let start = match link.find("//") {
        Some(slashes) if is_http(link) => slashes + 2,
        _ => return encoded(link),
    };
    let end = link[start..].find(['/', '?', '#']).map_or(link.len(), |i| start + i);
    let (before, rest) = link.split_at(end);
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'/' | b'_' | b'[' | b']' | b'@');
    if before.bytes().all(plain) {
        return match encoded(rest) {
            Cow::Borrowed(_) => Cow::Borrowed(link),
            Cow::Owned(rest) => Cow::Owned(format!("{before}{rest}")),
        };
    }
    // Hosts have an encoding of their own.
    let whole = if before.starts_with("//") {
        format!("http:{link}")
    } else {
        link.to_owned()
    };
    match url::Url::parse(&whole) {
        Ok(url) => {
            let url = encoded(url.as_str()).into_owned();
            Cow::Owned(if before.starts_with("//") {
                url.replacen("http:", "", 1)
            } else {
                url
            })
        }
        Err(_) => encoded(link),
    }
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
    let suffix = encoded(suffix);
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
            suffix: suffix.into(),
        };
        assert_eq!(at("#a"), Target::Fragment("a".into()));
        assert_eq!(at("/about/"), site("/about/", ""));
        assert_eq!(at("../y/?q=1#z"), site("/blog/y/", "?q=1#z"));
        assert_eq!(at("img.png"), site("/blog/x/img.png", ""));
        assert_eq!(at("../../../../etc"), site("/etc", ""));
        assert_eq!(at(".."), site("/blog/", ""));
        assert_eq!(at("/a%20b/"), site("/a b/", ""));
        assert_eq!(at("https://example.com/base/shop/"), site("/shop/", ""));
        assert_eq!(
            at("https://example.com/basement/"),
            Target::External("https://example.com/basement/".into())
        );
        assert_eq!(at("https://other.org/"), Target::External("https://other.org/".into()));
        assert_eq!(at("//other.org/x"), Target::External("//other.org/x".into()));
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
    fn addresses_hold_only_what_they_may() {
        let address = Address::new("https://example.com/base").expect("valid");
        let cases = [
            (
                "https://o.org/a b|c?q=x y&r=[1]#f g",
                "https://o.org/a%20b%7Cc?q=x%20y&r=%5B1%5D#f%20g",
            ),
            ("https://o.org/%20%zz%4", "https://o.org/%20%25zz%254"),
            ("https://o.org/ü?ü#ü", "https://o.org/%C3%BC?%C3%BC#%C3%BC"),
            ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
            ("//bücher.example/x", "//xn--bcher-kva.example/x"),
            ("http://[::1]:8080/x", "http://[::1]:8080/x"),
            ("https://o.org/#a#b", "https://o.org/#a%23b"),
            ("/a b/?q=1 2#c d", "/base/a%20b/?q=1%202#c%20d"),
            ("#c \"d\"", "#c%20%22d%22"),
            ("mailto:a b@x.org?subject=c d", "mailto:a%20b@x.org?subject=c%20d"),
            ("tel:+351 210", "tel:+351%20210"),
        ];
        for (written, expected) in cases {
            let href = address.safe_href(written).expect("allowed");
            assert_eq!(href, expected);
            assert_eq!(
                encoded(&href),
                href.as_str().replace("[::1]", "%5B::1%5D"),
                "encoding twice changes nothing"
            );
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
