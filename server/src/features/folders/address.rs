//! Addresses of pages (`/de/blog/tee/`) and of content (`/blog/`, `tee`, in `de`).

/// Takes an address apart: section, slug. The language's own folder is not part of either.
pub fn split(path: &str, language: &str, default_language: &str) -> (String, String) {
    let path = without_language(path, language, default_language);
    let trimmed = path.trim_matches('/');
    match trimmed.rsplit_once('/') {
        Some((section, slug)) => (format!("/{section}/"), slug.to_owned()),
        None => ("/".to_owned(), trimmed.to_owned()),
    }
}

/// The address within its language.
pub fn without_language<'a>(path: &'a str, language: &str, default_language: &str) -> &'a str {
    if language == default_language {
        return path;
    }
    match path.strip_prefix('/').and_then(|p| p.strip_prefix(language)) {
        Some(rest) if rest.starts_with('/') => rest,
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_apart_and_together() {
        for (path, language, section, slug) in [
            ("/", "en", "/", ""),
            ("/about/", "en", "/", "about"),
            ("/blog/tea/", "en", "/blog/", "tea"),
            ("/2020/01/02/tea/", "en", "/2020/01/02/", "tea"),
            ("/de/", "de", "/", ""),
            ("/de/blog/tee/", "de", "/blog/", "tee"),
            ("/design/", "de", "/", "design"),
        ] {
            assert_eq!(
                split(path, language, "en"),
                (section.to_owned(), slug.to_owned()),
                "{path}"
            );
        }
    }
}
