//! Where the REST API of a site is, and how its addresses are made.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::WordPressError;

/// Bytes of a root's address.
const LONGEST: usize = 2000;

/// The root of a REST API: `https://example.com/wp-json/`, or with plain permalinks `https://example.com/?rest_route=/`.
///
/// It is stored and shown as that address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApiRoot {
    url: Url,
    /// The route is a parameter of the query, and not a part of the path.
    plain: bool,
}

impl ApiRoot {
    /// Takes the address of a root as WordPress names it.
    ///
    /// # Errors
    /// [`WordPressError::NotWordPress`] when it is not an http address, or a very long one.
    pub fn new(mut url: Url) -> Result<Self, WordPressError> {
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() || url.as_str().len() > LONGEST {
            return Err(WordPressError::NotWordPress(url.as_str().chars().take(200).collect()));
        }
        url.set_fragment(None);
        let plain = url.query_pairs().any(|(name, _)| name == "rest_route");
        if plain {
            url.set_query(None);
        } else if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(Self { url, plain })
    }

    /// The address of a route such as `wp/v2/posts/7`, with parameters.
    pub fn route(&self, route: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.url.clone();
        let route = route.trim_start_matches('/');
        if self.plain {
            url.query_pairs_mut().append_pair("rest_route", &format!("/{route}"));
        } else if !route.is_empty() {
            url.set_path(&format!("{}{route}", self.url.path()));
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// The address of the root itself.
    pub fn url(&self) -> Url {
        self.route("", &[])
    }

    /// Which site it is of, whatever the address of its API: host without `www.`, port, and folder. It stays when the site moves to
    /// https or gets other permalinks.
    pub fn place(&self) -> String {
        let mut folder = self.url.path();
        if !self.plain {
            // What the API is called, `wp-json` unless a plugin calls it otherwise.
            let parts = folder.trim_end_matches('/').rsplit_once('/');
            folder = parts.map_or("", |(folder, _)| folder);
        }
        let folder = folder.strip_suffix("/index.php").unwrap_or(folder);
        let host = self.url.host_str().unwrap_or_default();
        let host = host.strip_prefix("www.").unwrap_or(host);
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{host}{port}{}", folder.trim_end_matches('/'))
    }
}

impl fmt::Display for ApiRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url().fmt(f)
    }
}

impl FromStr for ApiRoot {
    type Err = WordPressError;
    fn from_str(text: &str) -> Result<Self, WordPressError> {
        let url = text
            .parse()
            .map_err(|_| WordPressError::NotWordPress(text.chars().take(200).collect()))?;
        Self::new(url)
    }
}

impl TryFrom<String> for ApiRoot {
    type Error = WordPressError;
    fn try_from(text: String) -> Result<Self, WordPressError> {
        text.parse()
    }
}

impl From<ApiRoot> for String {
    fn from(root: ApiRoot) -> Self {
        root.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_follow_the_kind_of_permalinks() {
        for (root, route, query, expected) in [
            (
                "https://a.example/wp-json/",
                "wp/v2/posts",
                vec![],
                "https://a.example/wp-json/wp/v2/posts",
            ),
            (
                "https://a.example/wp-json",
                "/wp/v2/posts",
                vec![("slug", "a b&c")],
                "https://a.example/wp-json/wp/v2/posts?slug=a+b%26c",
            ),
            (
                "https://a.example/blog/wp-json/",
                "",
                vec![],
                "https://a.example/blog/wp-json/",
            ),
            (
                "https://a.example/?rest_route=/",
                "wp/v2/posts",
                vec![("page", "2")],
                "https://a.example/?rest_route=%2Fwp%2Fv2%2Fposts&page=2",
            ),
            (
                "https://a.example/blog/index.php?rest_route=/",
                "",
                vec![],
                "https://a.example/blog/index.php?rest_route=%2F",
            ),
        ] {
            let root: ApiRoot = root.parse().unwrap();
            assert_eq!(root.route(route, &query).as_str(), expected);
            assert_eq!(
                root.to_string().parse::<ApiRoot>().unwrap(),
                root,
                "it is read back as it was"
            );
        }
        for wrong in ["", "ftp://a.example/", "file:///etc/passwd", "javascript:alert(1)"] {
            assert!(wrong.parse::<ApiRoot>().is_err(), "{wrong}");
        }
        let long = format!("https://a.example/{}", "x".repeat(LONGEST));
        assert!(long.parse::<ApiRoot>().unwrap_err().to_string().len() < 500);
    }

    #[test]
    fn a_site_is_told_by_its_place() {
        for (root, place) in [
            ("https://a.example/wp-json/", "a.example"),
            ("http://www.a.example/wp-json", "a.example"),
            ("https://a.example/index.php/wp-json/", "a.example"),
            ("https://a.example/api/", "a.example"),
            ("http://a.example/?rest_route=/", "a.example"),
            ("http://a.example/index.php?rest_route=%2F", "a.example"),
            ("https://www.a.example:8443/blog/wp-json/", "a.example:8443/blog"),
            ("http://a.example/blog/?rest_route=%2F", "a.example/blog"),
            ("http://a.example/blog/index.php?rest_route=/", "a.example/blog"),
        ] {
            assert_eq!(root.parse::<ApiRoot>().unwrap().place(), place, "{root}");
        }
    }
}
