//! Where a link leads, so that two ways to write one address are the same.

use percent_encoding::percent_decode_str;
use url::Url;

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// A page or file of the site, by its normal path.
    Internal(String),
    /// A place on the same page, or nothing at all.
    Here,
    /// Another site, mail, telephone.
    Elsewhere,
}

/// Addresses longer than this are nobody's page.
const LONGEST: usize = 2_000;

/// What a link on the page at `path` of a site with these hosts points at.
pub(crate) fn resolve(href: &str, path: &str, hosts: &[String]) -> Address {
    let href = href.trim();
    if href.is_empty() || href.starts_with('#') {
        return Address::Here;
    }
    if href.len() > LONGEST {
        return Address::Elsewhere;
    }
    if is_plain(href) {
        return Address::Internal(normal(href));
    }
    let own = "igny8.invalid";
    let Ok(base) =
        Url::parse(&format!("https://{own}/")).and_then(|root| root.join(&path.replace(['?', '#', '\\'], "")))
    else {
        return Address::Elsewhere;
    };
    let Ok(url) = base.join(href) else {
        return Address::Elsewhere;
    };
    let host = url.host_str().unwrap_or_default();
    let is_own = host == own || hosts.iter().any(|h| h.eq_ignore_ascii_case(host));
    if !matches!(url.scheme(), "http" | "https") || !is_own {
        return Address::Elsewhere;
    }
    let target = normal(&percent_decode_str(url.path()).decode_utf8_lossy());
    if href.starts_with('?') && target == normal(path) {
        return Address::Here;
    }
    Address::Internal(target)
}

/// A path that needs no URL parser: from the root, nothing encoded, no query, no steps.
fn is_plain(href: &str) -> bool {
    href.starts_with('/')
        && !href.starts_with("//")
        && !href.contains("/.")
        && href
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.' | b'~') || b >= 0x80)
}

/// The one form of a path: `/a`, `/a/` and `/a/index.html` are the same page.
pub(crate) fn normal(path: &str) -> String {
    let path = path.strip_suffix("index.html").unwrap_or(path);
    let path = path.trim_matches('/');
    let mut out = String::with_capacity(path.len() + 1);
    out.push('/');
    out.push_str(path);
    out
}

/// Whether a path is of a file that is no page: an image, a document.
pub(crate) fn is_file(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    last.rsplit_once('.').is_some_and(|(name, ending)| {
        !name.is_empty()
            && (2..=5).contains(&ending.len())
            && ending.bytes().all(|b| b.is_ascii_alphanumeric())
            && !ending.bytes().all(|b| b.is_ascii_digit())
            && !matches!(ending.to_ascii_lowercase().as_str(), "html" | "htm" | "php" | "md")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_page_has_one_address() {
        let hosts = ["example.com".to_owned()];
        for (href, want) in [
            ("/a/b/", "/a/b"),
            ("/a/b/index.html", "/a/b"),
            ("https://EXAMPLE.com/a/b?x=1#y", "/a/b"),
            ("../b", "/a/b"),
            ("/a/./b", "/a/b"),
            ("/%C3%BCber", "/über"),
            ("/über/", "/über"),
            ("/", "/"),
        ] {
            assert_eq!(
                resolve(href, "/a/c/", &hosts),
                Address::Internal(want.to_owned()),
                "{href}"
            );
        }
        for href in ["#top", "", "?page=2"] {
            assert_eq!(resolve(href, "/a/c/", &hosts), Address::Here, "{href}");
        }
        for href in [
            "mailto:me@example.com",
            "https://other.example/a",
            "//other.example/",
            "javascript:x",
            "http://[",
        ] {
            assert_eq!(resolve(href, "/a/c/", &hosts), Address::Elsewhere, "{href}");
        }
        assert!(is_file("/files/report.pdf"));
        assert!(!is_file("/blog/version-1.0"));
    }
}
