//! Leading links to where their pages have moved.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Rules, internal, markup};
use crate::address;
use crate::body::{self, Format, FoundLink, Reading};

/// What [`rewrite`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// The changed source.
    pub body: String,
    /// The links that lead elsewhere now, in the order of the source: their address before and after.
    pub changed: Vec<(String, String)>,
    /// Links to the old paths that stay, since their address is written in a way that cannot be changed here.
    pub left: usize,
}

/// Gives links another address: `moved` are old paths and where their pages are now. What follows a path (`?q#f`) stays.
/// Words, other links and everything around them stay as they are; if they could not, nothing is changed.
pub fn rewrite(source: &str, format: Format, moved: &BTreeMap<String, String>, rules: &Rules) -> Rewritten {
    let reading = body::read(source, format);
    let moved = Moved::of(moved);
    let mut cuts: Vec<(Range<usize>, String)> = Vec::new();
    let mut changed = Vec::new();
    let mut wanted = 0;
    let mut expected: Vec<String> = Vec::with_capacity(reading.links.len());
    for link in &reading.links {
        expected.push(link.href.clone());
        let Some(to) = moved.address(&link.href, rules) else {
            continue;
        };
        wanted += 1;
        let Some((place, written)) = written(source, link) else {
            continue;
        };
        let Ok((open, close, href)) = markup(&to, written) else {
            continue;
        };
        let address = match written {
            Format::Markdown => close.trim_start_matches("](").trim_end_matches(')'),
            Format::Html => open.trim_start_matches("<a href=\"").trim_end_matches("\">"),
        };
        cuts.push((place, address.to_owned()));
        changed.push((link.href.clone(), href.clone()));
        expected.pop();
        expected.push(href);
    }
    let unchanged = || Rewritten {
        body: source.to_owned(),
        changed: Vec::new(),
        left: wanted,
    };
    cuts.sort_unstable_by_key(|(place, _)| place.start);
    if cuts.is_empty() || cuts.windows(2).any(|two| two[0].0.end > two[1].0.start) {
        return unchanged();
    }
    let mut body = String::with_capacity(source.len());
    let mut at = 0;
    for (place, address) in cuts {
        body.push_str(&source[at..place.start]);
        body.push_str(&address);
        at = place.end;
    }
    body.push_str(&source[at..]);
    if !is_same(&reading, &expected, &body::read(&body, format)) {
        return unchanged();
    }
    let left = wanted - changed.len();
    Rewritten { body, changed, left }
}

/// Leads an address that stands alone, such as a button's, to where its page has moved: see [`rewrite`]. None where it leads to
/// none of the old paths.
pub fn readdress(href: &str, moved: &BTreeMap<String, String>, rules: &Rules) -> Option<String> {
    let to = Moved::of(moved).address(href, rules)?;
    let (_, _, address) = markup(&to, Format::Markdown).ok()?;
    Some(address)
}

/// Old paths in their normal form, and where their pages are now.
struct Moved<'a>(BTreeMap<String, &'a String>);

impl<'a> Moved<'a> {
    fn of(moved: &'a BTreeMap<String, String>) -> Self {
        Self(moved.iter().map(|(from, to)| (address::normal(from), to)).collect())
    }

    /// What an address to an old path becomes.
    fn address(&self, href: &str, rules: &Rules) -> Option<String> {
        let to = self.0.get(&internal(href, rules)?)?;
        let end = href.find(['?', '#']).unwrap_or(href.len());
        Some(format!("{to}{}", &href[end..]))
    }
}

/// Where a link's address is written, letter by letter, and how the link is written.
fn written(source: &str, link: &FoundLink) -> Option<(Range<usize>, Format)> {
    let whole = source.get(link.source.clone())?;
    if whole.starts_with('[') {
        let close = source.get(link.inner.end..link.source.end)?;
        let rest = close.strip_prefix("](")?;
        let start = link.inner.end + 2 + (rest.len() - rest.trim_start_matches([' ', '<']).len());
        return source[start..link.source.end]
            .starts_with(&link.href)
            .then(|| (start..start + link.href.len(), Format::Markdown));
    }
    let open = source.get(link.source.start..link.inner.start)?;
    let place = ['"', '\''].iter().find_map(|quote| {
        let attribute = format!("href={quote}{}{quote}", link.href);
        Some(open.find(&attribute)? + "href=\"".len())
    })?;
    let start = link.source.start + place;
    Some((start..start + link.href.len(), Format::Html))
}

fn is_same(before: &Reading, expected: &[String], after: &Reading) -> bool {
    let texts = |reading: &Reading| -> Vec<(body::Kind, String)> {
        reading.blocks.iter().map(|b| (b.kind, b.text.clone())).collect()
    };
    let anchors = |reading: &Reading| -> Vec<String> { reading.links.iter().map(|l| l.anchor.clone()).collect() };
    let hrefs = after.links.iter().map(|l| &l.href);
    texts(before) == texts(after) && anchors(before) == anchors(after) && hrefs.eq(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_follow_their_pages_and_nothing_else_changes() {
        let moved = BTreeMap::from([("/old/".to_owned(), "/blog/new/".to_owned())]);
        let rules = Rules {
            path: "/blog/here/".to_owned(),
            hosts: vec!["example.com".to_owned()],
            ..Rules::default()
        };
        for (source, format, want, left) in [
            (
                "See [it](/old), [it](/old/#part \"T\") and [other](/older/).",
                Format::Markdown,
                "See [it](/blog/new/), [it](/blog/new/#part \"T\") and [other](/older/).",
                0,
            ),
            (
                "[a](https://example.com/old/?q=1) [b](../../old/) [c](</old/>)",
                Format::Markdown,
                "[a](/blog/new/?q=1) [b](/blog/new/) [c](</blog/new/>)",
                0,
            ),
            (
                "<p class='x'><a class=\"y\" href='/old/'>it</a> <A HREF=\"/old/\">it</A></p>",
                Format::Html,
                "<p class='x'><a class=\"y\" href='/blog/new/'>it</a> <A HREF=\"/old/\">it</A></p>",
                1,
            ),
            (
                "A [reference][r] and `[code](/old/)`.\n\n[r]: /old/",
                Format::Markdown,
                "A [reference][r] and `[code](/old/)`.\n\n[r]: /old/",
                1,
            ),
            ("Nothing.", Format::Markdown, "Nothing.", 0),
        ] {
            let rewritten = rewrite(source, format, &moved, &rules);
            assert_eq!((rewritten.body.as_str(), rewritten.left), (want, left), "{source}");
            let again = rewrite(&rewritten.body, format, &moved, &rules);
            assert_eq!((again.body.as_str(), again.changed.len()), (want, 0), "{source}");
        }
    }

    #[test]
    fn addresses_that_stand_alone_follow_their_pages() {
        let moved = BTreeMap::from([("/old".to_owned(), "/blog/new page/".to_owned())]);
        let rules = Rules {
            path: "/blog/here/".to_owned(),
            hosts: vec!["example.com".to_owned()],
            ..Rules::default()
        };
        for (href, want) in [
            ("/old/", Some("/blog/new%20page/")),
            ("https://example.com/old/?a=1#b", Some("/blog/new%20page/?a=1#b")),
            ("../../old/", Some("/blog/new%20page/")),
            ("/older/", None),
            ("https://other.example/old/", None),
            ("#old", None),
            ("", None),
        ] {
            assert_eq!(readdress(href, &moved, &rules).as_deref(), want, "{href}");
        }
    }

    #[test]
    fn addresses_are_written_so_that_they_stay_addresses() {
        let moved = BTreeMap::from([("/old".to_owned(), "/a b)\"<>/".to_owned())]);
        for (source, format) in [
            ("[it](/old)", Format::Markdown),
            ("<a href=\"/old\">it</a>", Format::Html),
        ] {
            let rewritten = rewrite(source, format, &moved, &Rules::default());
            assert_eq!(rewritten.changed.len(), 1);
            assert!(rewritten.body.contains("/a%20b%29%22%3C%3E/"), "{}", rewritten.body);
        }
    }
}
