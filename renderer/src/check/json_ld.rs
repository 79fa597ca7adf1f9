//! Structured data: the fields that schema.org's types need for search engines to use them.

use std::collections::HashSet;

use serde_json::{Map, Value};

/// Each type with its required fields; `a|b` means one of them.
const REQUIRED: &[(&[&str], &[&str])] = &[
    (
        &["Article", "BlogPosting", "NewsArticle", "TechArticle"],
        &["headline", "author", "datePublished"],
    ),
    (&["Product"], &["name", "offers|review|aggregateRating"]),
    (
        &["Offer"],
        &["price|priceSpecification", "priceCurrency|priceSpecification"],
    ),
    (&["AggregateOffer"], &["lowPrice", "priceCurrency"]),
    (&["AggregateRating"], &["ratingValue", "reviewCount|ratingCount"]),
    (&["Review"], &["author", "reviewRating"]),
    (&["BreadcrumbList", "ItemList"], &["itemListElement"]),
    (&["ListItem"], &["position", "item|url|name"]),
    (&["FAQPage"], &["mainEntity"]),
    (&["Question"], &["name", "acceptedAnswer"]),
    (&["Answer"], &["text"]),
    (
        &["Organization", "Person", "Brand", "Service", "LocalBusiness", "WebSite"],
        &["name"],
    ),
    (
        &[
            "WebPage",
            "CollectionPage",
            "AboutPage",
            "ContactPage",
            "ItemPage",
            "ProfilePage",
        ],
        &["name", "url"],
    ),
    (&["PropertyValue"], &["name", "value"]),
    (&["Event"], &["name", "startDate", "location"]),
    (&["VideoObject"], &["name", "thumbnailUrl", "uploadDate"]),
    (&["HowTo", "Recipe"], &["name"]),
];
/// Fields that hold moments and addresses.
const DATES: &[&str] = &["datePublished", "dateModified", "uploadDate", "startDate", "endDate"];
const ADDRESSES: &[&str] = &["url", "item", "logo", "image", "sameAs", "thumbnailUrl"];
/// Nesting that is looked into.
const MAX_DEPTH: usize = 32;

/// What is wrong with a script of type `application/ld+json`.
pub(super) fn problems(text: &str) -> Vec<String> {
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(problem) => return vec![format!("is not JSON: {problem}")],
    };
    let mut problems = Vec::new();
    let context = value.get("@context").and_then(Value::as_str).unwrap_or_default();
    let context = context.trim_end_matches('/');
    if !matches!(context, "https://schema.org" | "http://schema.org") && !value.is_array() {
        problems.push("has no @context of schema.org".to_owned());
    }
    let mut ids = HashSet::new();
    let mut references = Vec::new();
    walk(&value, 0, &mut ids, &mut references, &mut problems);
    for reference in references.into_iter().filter(|r| !ids.contains(r)) {
        problems.push(format!("refers to {reference}, which is not in it"));
    }
    problems.sort();
    problems.dedup();
    problems
}

fn walk<'v>(
    value: &'v Value,
    depth: usize,
    ids: &mut HashSet<&'v str>,
    references: &mut Vec<&'v str>,
    problems: &mut Vec<String>,
) {
    if depth > MAX_DEPTH {
        return;
    }
    match value {
        Value::Array(items) => items
            .iter()
            .for_each(|item| walk(item, depth + 1, ids, references, problems)),
        Value::Object(node) => {
            match node.get("@id").and_then(Value::as_str) {
                Some(id) if node.len() == 1 => references.push(id),
                Some(id) => {
                    ids.insert(id);
                }
                None => {}
            }
            match node.get("@type") {
                Some(Value::String(kind)) => fields(kind, node, problems),
                Some(Value::Array(kinds)) => kinds
                    .iter()
                    .filter_map(Value::as_str)
                    .for_each(|kind| fields(kind, node, problems)),
                _ => {}
            }
            node.values()
                .for_each(|inner| walk(inner, depth + 1, ids, references, problems));
        }
        _ => {}
    }
}

fn fields(kind: &str, node: &Map<String, Value>, problems: &mut Vec<String>) {
    let is_there = |name: &str| match node.get(name) {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(_) => true,
    };
    let required = REQUIRED
        .iter()
        .filter(|(kinds, _)| kinds.contains(&kind))
        .flat_map(|(_, fields)| fields.iter());
    for field in required.filter(|field| !field.split('|').any(is_there)) {
        problems.push(format!("{kind} has no {}", field.replace('|', " or ")));
    }
    let texts = |names: &'static [&'static str]| {
        names
            .iter()
            .filter_map(|name| Some((*name, node.get(*name)?)))
            .flat_map(|(name, value)| {
                let many = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
                many.iter().filter_map(move |value| Some((name, value.as_str()?)))
            })
    };
    for (name, text) in texts(DATES) {
        let is_date = chrono::DateTime::parse_from_rfc3339(text).is_ok() || text.parse::<chrono::NaiveDate>().is_ok();
        if !is_date {
            problems.push(format!("{kind}: {name} `{text}` is not a date (ISO 8601)"));
        }
    }
    for (name, text) in texts(ADDRESSES) {
        if url::Url::parse(text).is_err() {
            problems.push(format!("{kind}: {name} `{text}` is not an absolute address"));
        }
    }
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
                assert!(found.starts_with(start), "{found} should start with {start}");
            }
        }
    }
}
