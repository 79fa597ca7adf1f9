//! Where imported content came from, as its `source_key` says: a site, whatever the address of its API is, and a post there.

use igny8_wordpress::ApiRoot;

/// Characters of a key.
const LONGEST: usize = 500;

/// By which a post is known again when its site is connected anew.
pub fn source_key(root: &ApiRoot, post: u64) -> String {
    key(&root.place(), post)
}

/// The key of an older form: it names the address of the API.
pub fn former_source_key(root: &ApiRoot, post: u64) -> String {
    key(&root.to_string(), post)
}

fn key(site: &str, post: u64) -> String {
    format!("{site}#{post}").chars().take(LONGEST).collect()
}

/// The site ([`ApiRoot::place`]) and the post that a key of either form names.
pub fn origin_of(key: &str) -> Option<(String, u64)> {
    let (site, post) = key.rsplit_once('#')?;
    let post = post.parse().ok()?;
    if site.contains("://") {
        Some((site.parse::<ApiRoot>().ok()?.place(), post))
    } else {
        Some((site.to_owned(), post))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_either_form_name_the_same() {
        for (root, site) in [
            ("https://a.example/blog/wp-json/", "a.example/blog"),
            ("http://www.a.example/?rest_route=/", "a.example"),
        ] {
            let root: ApiRoot = root.parse().unwrap();
            assert_eq!(source_key(&root, 7), format!("{site}#7"));
            for key in [source_key(&root, 7), former_source_key(&root, 7)] {
                assert_eq!(origin_of(&key), Some((site.to_owned(), 7)), "{key}");
            }
        }
        for other in ["", "notes.md", "a.example#", "a.example#x", "ftp://a.example/#7"] {
            assert_eq!(origin_of(other), None, "{other}");
        }
    }
}
