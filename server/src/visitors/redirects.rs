//! A release's `_redirects`: lines of old path, new address and status.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use igny8_renderer::release::ContentHash;
use percent_encoding::percent_decode_str;

/// New addresses by old path (decoded, with its slash at the end).
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Redirects(HashMap<String, String>);

impl Redirects {
    /// Reads the list; lines that are none of ours are skipped.
    pub fn parse(text: &str) -> Self {
        let mut map = HashMap::new();
        for line in text.lines() {
            let mut words = line.split_ascii_whitespace();
            let (Some(from), Some(to)) = (words.next(), words.next()) else {
                continue;
            };
            if from.starts_with('#') || !from.starts_with('/') || !is_safe(to) {
                continue;
            }
            if let Ok(from) = percent_decode_str(from).decode_utf8() {
                map.insert(without_slash(&from).to_owned(), to.to_owned());
            }
        }
        Self(map)
    }

    /// Where an old path leads, with or without a slash at its end.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.get(without_slash(path)).map(String::as_str)
    }
}

fn without_slash(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}

/// A path of this site, or an address the site's owner wrote out in full. `//host` looks like the first and is neither.
fn is_safe(to: &str) -> bool {
    let path = to.starts_with('/') && !to.starts_with("//") && !to.starts_with("/\\");
    let full = to.starts_with("https://") || to.starts_with("http://");
    (path || full) && to.bytes().all(|b| (0x21..0x7f).contains(&b))
}

/// Lists already read, by the hash of their text.
#[derive(Default)]
pub struct Cache(Mutex<HashMap<ContentHash, Arc<Redirects>>>);

/// Lists remembered; one for each site with visitors.
const MOST: usize = 500;

impl Cache {
    pub fn get(&self, key: ContentHash) -> Option<Arc<Redirects>> {
        self.lock().get(&key).cloned()
    }

    pub fn keep(&self, key: ContentHash, list: Redirects) -> Arc<Redirects> {
        let list = Arc::new(list);
        let mut lists = self.lock();
        if lists.len() >= MOST {
            lists.clear();
        }
        lists.insert(key, Arc::clone(&list));
        list
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ContentHash, Arc<Redirects>>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_safe() {
        let list = Redirects::parse(
            "# old\n/a/ /b/ 301\n/caf%C3%A9/ /coffee/ 301\n/out https://example.com/x 301\n/evil //evil.example 301\n\
             /evil2 /\\evil.example\n/js javascript:alert(1)\nx /y\n/only\n\n",
        );
        for (from, to) in [
            ("/a/", Some("/b/")),
            ("/a", Some("/b/")),
            ("/café/", Some("/coffee/")),
            ("/out", Some("https://example.com/x")),
            ("/evil", None),
            ("/evil2", None),
            ("/js", None),
            ("/only", None),
        ] {
            assert_eq!(list.get(from), to, "{from}");
        }
    }
}
