//! Texts with places to fill in (`About {site}`), and addresses of pages (`/blog/{slug}/`).

use crate::names::Made;

/// What a text can fill in.
pub const FILLS: [&str; 8] = [
    "site",
    "description",
    "audience",
    "title",
    "keyword",
    "cluster",
    "term",
    "taxonomy",
];

/// What is known of pages that are made for something.
pub fn known(made: Made) -> &'static [&'static str] {
    match made {
        Made::Site => &["site", "description", "audience", "title"],
        Made::Hub | Made::Supporting => &["site", "description", "audience", "title", "keyword", "cluster"],
        Made::Term => &[
            "site",
            "description",
            "audience",
            "title",
            "keyword",
            "term",
            "taxonomy",
        ],
    }
}

/// The words that a pattern fills in; what is wrong with its brackets otherwise.
pub fn fills(pattern: &str) -> Result<Vec<&str>, String> {
    let mut out = Vec::new();
    let mut rest = pattern;
    while let Some(at) = rest.find(['{', '}']) {
        let inside = rest[at..]
            .strip_prefix('{')
            .ok_or_else(|| "a } closes nothing".to_owned())?;
        let end = inside.find(['{', '}']).filter(|end| inside[*end..].starts_with('}'));
        let end = end.ok_or_else(|| "a { is not closed".to_owned())?;
        out.push(&inside[..end]);
        rest = &inside[end + 1..];
    }
    Ok(out)
}

/// The pattern with everything filled in; `None` if something it wants is not known, so that no text goes out with a hole.
pub fn fill(pattern: &str, values: &[(&str, &str)]) -> Option<String> {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        let (_, value) = values
            .iter()
            .find(|(known, value)| *known == name && !value.trim().is_empty())?;
        out.push_str(before);
        out.push_str(value.trim());
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

/// The prompt with everything filled in; what nobody said is said to be so, so that whoever writes does not guess.
pub fn fill_prompt(prompt: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(prompt.len());
    let mut rest = prompt;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        out.push_str(before);
        let value = values
            .iter()
            .find(|(known, _)| *known == name)
            .map_or("", |(_, value)| value.trim());
        out.push_str(if value.is_empty() { "(not said)" } else { value });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The address of pages: where they are and, for pages of which there are many, that a slug ends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Path of the folder, with both slashes.
    pub section: String,
    /// The last part of the address; `None` where each page has a slug of its own.
    pub slug: Option<String>,
}

/// Takes an address apart; `Err` says what is wrong with it.
///
/// `/` is the home page; `/about/` one page; `/blog/{slug}/` pages in a folder.
pub fn address(url: &str) -> Result<Address, String> {
    if url == "/" {
        return Ok(Address {
            section: "/".to_owned(),
            slug: Some(String::new()),
        });
    }
    let inner = url
        .strip_prefix('/')
        .and_then(|url| url.strip_suffix('/'))
        .ok_or_else(|| "it does not begin and end with a slash".to_owned())?;
    let parts: Vec<&str> = inner.split('/').collect();
    let Some((last, folders)) = parts.split_last() else {
        return Err("it is empty".to_owned());
    };
    let slug = match *last {
        "{slug}" => None,
        fixed if is_part(fixed) => Some(fixed.to_owned()),
        other => return Err(format!("{other:?} cannot be a part of it")),
    };
    if let Some(wrong) = folders.iter().find(|part| !is_part(part)) {
        return Err(format!("{wrong:?} cannot be a part of it"));
    }
    if folders.len() > 4 {
        return Err("it has more than five parts".to_owned());
    }
    let mut section = String::from("/");
    for part in folders {
        section.push_str(part);
        section.push('/');
    }
    Ok(Address { section, slug })
}

/// Whether a text can be a part of an address as it is.
fn is_part(part: &str) -> bool {
    igny8_text::is_slug(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_filled_in_or_not_used() {
        let values = [("site", "Pawl {title}"), ("title", " Chains "), ("keyword", "")];
        for (pattern, expected) in [
            ("About {site}", Some("About Pawl {title}")),
            ("{title}: {site}", Some("Chains: Pawl {title}")),
            ("All about {keyword}", None),
            ("{nothing}", None),
            ("plain", Some("plain")),
            ("{open", None),
        ] {
            assert_eq!(fill(pattern, &values).as_deref(), expected, "{pattern}");
        }
        assert_eq!(
            fill_prompt("For {keyword} at {title}.", &values),
            "For (not said) at Chains."
        );
        assert_eq!(fill_prompt("{site", &values), "{site");
        assert_eq!(fills("{a} and {b}"), Ok(vec!["a", "b"]));
        for wrong in ["{a", "a}", "{{a}}", "{a{b}"] {
            assert!(fills(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn addresses() {
        let of = |section: &str, slug: Option<&str>| {
            Ok(Address {
                section: section.to_owned(),
                slug: slug.map(str::to_owned),
            })
        };
        for (url, expected) in [
            ("/", of("/", Some(""))),
            ("/about/", of("/", Some("about"))),
            ("/{slug}/", of("/", None)),
            ("/blog/category/{slug}/", of("/blog/category/", None)),
        ] {
            assert_eq!(address(url), expected, "{url}");
        }
        for wrong in [
            "",
            "about",
            "/about",
            "about/",
            "//",
            "/a//b/",
            "/../",
            "/A/",
            "/a b/",
            "/{slug}/x/",
            "/{name}/",
            "/a/{slug}",
            "/1/2/3/4/5/6/",
            "/a.html/",
        ] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_known_can_be_filled_in() {
        for made in [Made::Site, Made::Hub, Made::Supporting, Made::Term] {
            assert!(known(made).iter().all(|word| FILLS.contains(word)));
        }
    }
}
