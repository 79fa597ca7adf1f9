//! Structured data: the fields that schema.org's types need for search engines to use them.
//!
//! It is on every page and nearly always right, so texts stay where they are in it, and what tells a right value is asked first.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// The fields that a type requires; of those in one list one is enough.
fn required(kind: &str) -> &'static [&'static [&'static str]] {
    match kind {
        "Article" | "BlogPosting" | "NewsArticle" | "TechArticle" => &[&["headline"], &["author"], &["datePublished"]],
        "Product" => &[&["name"], &["offers", "review", "aggregateRating"]],
        "Offer" => &[
            &["price", "priceSpecification"],
            &["priceCurrency", "priceSpecification"],
        ],
        "AggregateOffer" => &[&["lowPrice"], &["priceCurrency"]],
        "AggregateRating" => &[&["ratingValue"], &["reviewCount", "ratingCount"]],
        "Review" => &[&["author"], &["reviewRating"]],
        "BreadcrumbList" | "ItemList" => &[&["itemListElement"]],
        "ListItem" => &[&["position"], &["item", "url", "name"]],
        "FAQPage" => &[&["mainEntity"]],
        "Question" => &[&["name"], &["acceptedAnswer"]],
        "Answer" => &[&["text"]],
        "Organization" | "Person" | "Brand" | "Service" | "LocalBusiness" | "WebSite" | "HowTo" | "Recipe" => {
            &[&["name"]]
        }
        "WebPage" | "CollectionPage" | "AboutPage" | "ContactPage" | "ItemPage" | "ProfilePage" => {
            &[&["name"], &["url"]]
        }
        "PropertyValue" => &[&["name"], &["value"]],
        "Event" => &[&["name"], &["startDate"], &["location"]],
        "VideoObject" => &[&["name"], &["thumbnailUrl"], &["uploadDate"]],
        _ => &[],
    }
}

/// Nesting that is looked into.
const MAX_DEPTH: usize = 32;

/// A JSON value as far as it is looked at.
enum Node<'j> {
    Null,
    Text(Cow<'j, str>),
    /// A number or a truth value.
    Plain,
    List(Vec<Node<'j>>),
    Object(Object<'j>),
}

/// Fields in their order. There are few, so that they are found by looking.
struct Object<'j>(Vec<(Cow<'j, str>, Node<'j>)>);

impl<'j> Object<'j> {
    /// The last one counts, as in JSON for programs.
    fn get(&self, name: &str) -> Option<&Node<'j>> {
        let mut fields = self.0.iter().rev();
        fields.find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

impl Node<'_> {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

struct NodeVisitor;

impl<'j> Visitor<'j> for NodeVisitor {
    type Value = Node<'j>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node<'j>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node<'j>, E> {
        Ok(Node::Plain)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node<'j>, E> {
        Ok(Node::Plain)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node<'j>, E> {
        Ok(Node::Plain)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node<'j>, E> {
        Ok(Node::Plain)
    }

    fn visit_borrowed_str<E>(self, text: &'j str) -> Result<Node<'j>, E> {
        Ok(Node::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node<'j>, E> {
        Ok(Node::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'j>>(self, mut items: A) -> Result<Node<'j>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'j>>(self, mut fields: A) -> Result<Node<'j>, A::Error> {
        let mut object = Vec::with_capacity(8);
        while let Some((Key(key), value)) = fields.next_entry()? {
            object.push((key, value));
        }
        Ok(Node::Object(Object(object)))
    }
}

impl<'j> Deserialize<'j> for Node<'j> {
    fn deserialize<D: Deserializer<'j>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct Key<'j>(Cow<'j, str>);

struct KeyVisitor;

impl<'j> Visitor<'j> for KeyVisitor {
    type Value = Key<'j>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, text: &'j str) -> Result<Key<'j>, E> {
        Ok(Key(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Key<'j>, E> {
        Ok(Key(Cow::Owned(text.to_owned())))
    }
}

impl<'j> Deserialize<'j> for Key<'j> {
    fn deserialize<D: Deserializer<'j>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

/// Something wrong with structured data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Problem {
    pub text: String,
    /// It is no data that could be read rightly; else it lacks fields that search engines want.
    pub invalid: bool,
}

impl Problem {
    fn invalid(text: String) -> Self {
        Self { text, invalid: true }
    }
}

/// What is wrong with a script of type `application/ld+json`.
pub(super) fn problems(text: &str) -> Vec<Problem> {
    let value: Node<'_> = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(problem) => return vec![Problem::invalid(format!("is not JSON: {problem}"))],
    };
    let mut look = Look::default();
    let context = match &value {
        Node::Object(object) => object.get("@context").and_then(Node::text).unwrap_or_default(),
        _ => "",
    };
    let context = context.trim_end_matches('/');
    if !matches!(context, "https://schema.org" | "http://schema.org") && !matches!(value, Node::List(_)) {
        let text = "has no @context of schema.org".to_owned();
        look.problems.push(Problem::invalid(text));
    }
    look.walk(&value, 0);
    let Look {
        mut ids,
        references,
        mut problems,
    } = look;
    ids.sort_unstable();
    let unknown = references.into_iter().filter(|r| ids.binary_search(r).is_err());
    problems.extend(unknown.map(|reference| Problem::invalid(format!("refers to {reference}, which is not in it"))));
    problems.sort();
    problems.dedup();
    problems
}

/// What was seen on the way through.
#[derive(Default)]
struct Look<'v> {
    ids: Vec<&'v str>,
    references: Vec<&'v str>,
    problems: Vec<Problem>,
}

impl<'v> Look<'v> {
    fn walk(&mut self, value: &'v Node<'_>, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        match value {
            Node::List(items) => items.iter().for_each(|item| self.walk(item, depth + 1)),
            Node::Object(node) => {
                match node.get("@id").and_then(Node::text) {
                    Some(id) if node.0.len() == 1 => self.references.push(id),
                    Some(id) => self.ids.push(id),
                    None => {}
                }
                match node.get("@type") {
                    Some(Node::Text(kind)) => self.fields(kind, node),
                    Some(Node::List(kinds)) => kinds
                        .iter()
                        .filter_map(Node::text)
                        .for_each(|kind| self.fields(kind, node)),
                    _ => {}
                }
                for (_, inner) in &node.0 {
                    self.walk(inner, depth + 1);
                }
            }
            _ => {}
        }
    }

    fn fields(&mut self, kind: &str, node: &Object<'_>) {
        let is_there = |name: &&str| match node.get(name) {
            None | Some(Node::Null) => false,
            Some(Node::Text(text)) => !text.trim_start().is_empty(),
            Some(Node::List(items)) => !items.is_empty(),
            Some(_) => true,
        };
        for names in required(kind) {
            if !names.iter().any(is_there) {
                let text = format!("{kind} has no {}", names.join(" or "));
                self.problems.push(Problem { text, invalid: false });
            }
        }
        for (name, value) in &node.0 {
            let (is_right, wanted): (fn(&str) -> bool, _) = match &**name {
                "datePublished" | "dateModified" | "uploadDate" | "startDate" | "endDate" => {
                    (is_date, "a date (ISO 8601)")
                }
                "url" | "item" | "logo" | "image" | "sameAs" | "thumbnailUrl" => (is_address, "an absolute address"),
                _ => continue,
            };
            let values = match value {
                Node::List(items) => items.as_slice(),
                one => std::slice::from_ref(one),
            };
            for text in values.iter().filter_map(Node::text).filter(|text| !is_right(text)) {
                let text = format!("{kind}: {name} `{text}` is not {wanted}");
                self.problems.push(Problem::invalid(text));
            }
        }
    }
}

fn is_date(text: &str) -> bool {
    is_usual_date(text.as_bytes())
        || chrono::DateTime::parse_from_rfc3339(text).is_ok()
        || text.parse::<chrono::NaiveDate>().is_ok()
}

/// Tells of most dates that they are right: `2026-01-31`, `2026-01-31T12:00:00Z`, `2026-01-31T12:00:00+01:00`.
fn is_usual_date(text: &[u8]) -> bool {
    let (day, time) = text.split_at(text.len().min(10));
    let (clock, zone) = time.split_at(time.len().min(9));
    let number = |text: &[u8], range: std::ops::RangeInclusive<u8>| match *text {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => range.contains(&((a - b'0') * 10 + b - b'0')),
        _ => false,
    };
    // The last days of months are left to who knows the months.
    let is_day = day.len() == 10
        && day[..4].iter().all(u8::is_ascii_digit)
        && (day[4], day[7]) == (b'-', b'-')
        && number(&day[5..7], 1..=12)
        && number(&day[8..], 1..=28);
    let is_clock = || {
        clock.len() == 9
            && (clock[0], clock[3], clock[6]) == (b'T', b':', b':')
            && number(&clock[1..3], 0..=23)
            && number(&clock[4..6], 0..=59)
            && number(&clock[7..], 0..=59)
    };
    let is_zone = || match zone {
        b"Z" => true,
        [b'+' | b'-', hours @ .., b':', tens, ones] => number(hours, 0..=23) && number(&[*tens, *ones], 0..=59),
        _ => false,
    };
    is_day && (time.is_empty() || is_clock() && is_zone())
}

fn is_address(text: &str) -> bool {
    is_usual_address(text) || url::Url::parse(text).is_ok()
}

/// Tells of most addresses that they are right: those on hosts with plain names. Behind a host nothing can be wrong.
fn is_usual_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let Some(rest) = rest else { return false };
    // Two dashes may begin a name in other letters, and a last part of digits is that of a number for a machine.
    let (mut before, mut last) = (b'.', b'.');
    for byte in rest.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' if before == b'.' => last = byte,
            b'a'..=b'z' | b'0'..=b'9' => {}
            b'-' | b'.' if !matches!(before, b'-' | b'.') => {}
            b'/' | b'?' | b'#' => break,
            _ => return false,
        }
        before = byte;
    }
    before != b'.' && last.is_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_missing() {
        let cases: &[(&str, &[&str])] = &[
            (r#"{"@context":"https://schema.org","@type":"Person","name":"A"}"#, &[]),
            ("{", &["is not JSON"]),
            (r#"{"@type":"Person","name":"A"}"#, &["has no @context"]),
            (
                r#"{"@context":"https://schema.org","@type":"Product","name":" "}"#,
                &[
                    "Product has no name",
                    "Product has no offers or review or aggregateRating",
                ],
            ),
            (
                r#"{"@context":"https://schema.org","@graph":[{"@type":"BlogPosting","@id":"a","headline":"h","datePublished":"yesterday","author":{"@id":"b"},"url":"/x"}]}"#,
                &["BlogPosting: datePublished", "BlogPosting: url", "refers to b"],
            ),
            (
                r#"{"@context":"https://schema.org","@type":"Offer","price":"1","offers":[{"@type":"ListItem"}]}"#,
                &[
                    "ListItem has no item",
                    "ListItem has no position",
                    "Offer has no priceCurrency",
                ],
            ),
        ];
        for (json, expected) in cases {
            let found = problems(json);
            assert_eq!(found.len(), expected.len(), "{json}: {found:?}");
            for (found, start) in found.iter().zip(*expected) {
                assert!(found.text.starts_with(start), "{found:?} should start with {start}");
                assert_eq!(
                    found.invalid,
                    !found.text.contains(" has no ") || found.text.contains("@context"),
                    "{found:?}"
                );
            }
        }
    }

    #[test]
    fn types_may_be_many_and_references_escaped() {
        let cases: &[(&str, &[&str])] = &[
            (
                r#"{"@context":"https://schema.org/","@type":["WebPage","FAQPage"],"name":"n","url":["https://e.org/","x"]}"#,
                &["FAQPage has no mainEntity", "FAQPage: url `x`", "WebPage: url `x`"],
            ),
            (
                r#"[{"@id":"\u0061","name":1.5},{"x":{"@id":"a"}},{"y":[{"@id":"b"},null,true,-1]}]"#,
                &["refers to b"],
            ),
            (
                r#"{"@context":"http://schema.org","@type":"Answer","text":null}"#,
                &["Answer has no text"],
            ),
            (r#""text""#, &["has no @context"]),
        ];
        for (json, expected) in cases {
            let found = problems(json);
            assert_eq!(found.len(), expected.len(), "{json}: {found:?}");
            for (found, start) in found.iter().zip(*expected) {
                assert!(found.text.starts_with(start), "{found:?} should start with {start}");
                assert_eq!(
                    found.invalid,
                    !found.text.contains(" has no ") || found.text.contains("@context"),
                    "{found:?}"
                );
            }
        }
    }

    #[test]
    fn usual_dates_are_dates() {
        let usual = [
            "2026-01-28",
            "2026-12-01T00:00:00Z",
            "2026-01-10T23:59:59+13:45",
            "0000-01-01T00:00:00-00:00",
        ];
        let right = [
            "2026-01-1",
            "2024-02-29",
            "2026-01-31T12:00:00.5Z",
            "2026-01-28t12:00:00z",
            "2026-06-30T23:59:60Z",
        ];
        let wrong = [
            "",
            "2026",
            "2026-01",
            "2026-13-01",
            "2026-00-01",
            "2026-02-29",
            "2026-01-01T",
            "2026-01-01T12:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T12:60:00Z",
            "2026-01-01T12:00:00",
            "2026-01-01T12:00:00+1:00",
            "2026-01-01T12:00:00+24:00",
            "2026-01-01T12:00:00+01:60",
            "2026-01-01 12:00",
            "yesterday",
            "２０２６-01-01",
        ];
        for text in usual.iter().chain(&right).chain(&wrong) {
            let is_usual = usual.contains(text);
            assert_eq!(is_usual_date(text.as_bytes()), is_usual, "{text}");
            assert_eq!(is_date(text), is_usual || right.contains(text), "{text}");
            if is_usual {
                let known =
                    chrono::DateTime::parse_from_rfc3339(text).is_ok() || text.parse::<chrono::NaiveDate>().is_ok();
                assert!(known, "{text}");
            }
        }
    }

    #[test]
    fn usual_addresses_are_addresses() {
        let usual = [
            "https://example.com",
            "http://localhost/a b?c#d",
            "https://a-1.example.org/%zz/\u{7}",
            "https://e.org?x",
            "https://e.org#",
            "http://1.2.a3",
        ];
        let right = [
            "https://E.org/",
            "http://127.0.0.1/",
            "https://e.org:8080/",
            "https://u:p@e.org/",
            "https://bücher.example/",
            "https://a--b.example/",
            "mailto:a@e.org",
            "urn:isbn:1",
            "http://1.2.3.a.",
        ];
        let wrong = [
            "",
            "/x",
            "x",
            "https://",
            "https:///",
            "https://e.org:x/",
            "https://e.org:99999/",
            "http://1.2.3.256/",
            "https://[::1/",
            "https://a b/",
            "https://xn--a/",
            "https://%/",
        ];
        for text in usual.iter().chain(&right).chain(&wrong) {
            let is_usual = usual.contains(text);
            assert_eq!(is_usual_address(text), is_usual, "{text}");
            assert_eq!(is_address(text), is_usual || right.contains(text), "{text}");
            assert!(!is_usual || url::Url::parse(text).is_ok(), "{text}");
        }
    }
}
