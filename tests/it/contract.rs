//! The API's description: committed as it is, complete, and in one style.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Operations that need no credential; a new one wants a reason as good as these.
const PUBLIC: &[&str] = &[
    "auth_login",
    "auth_refresh",
    "auth_register",
    "invitation_accept",
    "password_reset_confirm",
    "password_reset_request",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn operations(spec: &Value) -> Vec<(String, Value)> {
    let paths = spec["paths"].as_object().unwrap();
    let each = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap();
        methods
            .iter()
            .map(move |(method, op)| (format!("{} {path}", method.to_uppercase()), op.clone()))
    });
    each.collect()
}

fn spec() -> Value {
    serde_json::from_str(igny8_server::api::description::text()).unwrap()
}

#[test]
fn the_committed_description_is_the_served_one() {
    let committed = std::fs::read_to_string(root().join("openapi/openapi.json")).unwrap_or_default();
    // Compared without printing both: a difference of two long texts helps nobody.
    let same = committed == igny8_server::api::description::text();
    assert!(
        same,
        "openapi/openapi.json is out of date; run `make openapi` and look at what changed"
    );
}

#[test]
fn every_operation_is_described_in_one_style() {
    let spec = spec();
    let mut wrong = Vec::new();
    let mut ids = BTreeSet::new();
    let tags: BTreeSet<&str> = spec["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["name"].as_str().unwrap())
        .collect();
    let operations = operations(&spec);
    assert!(
        operations.len() > 20,
        "only {} operations: is the description whole?",
        operations.len()
    );
    for (name, op) in &operations {
        let mut that = |holds: bool, what: &str| {
            if !holds {
                wrong.push(format!("{name}: {what}"));
            }
        };
        let id = op["operationId"].as_str().unwrap_or_default();
        that(ids.insert(id.to_owned()), "its operation id is used twice");
        let words: Vec<&str> = id.split('_').collect();
        let plain = words
            .iter()
            .all(|w| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        that(
            plain && words.len() >= 2,
            "its operation id is not of the form noun_verb",
        );
        let own: Vec<&str> = op["tags"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        that(
            own.len() == 1 && tags.contains(own[0]),
            "it has not one tag of the list",
        );
        let summary = op["summary"].as_str().unwrap_or_default();
        that(
            (3..=100).contains(&summary.chars().count()),
            "it has no summary of a line",
        );
        let answers = op["responses"].as_object().unwrap();
        that(
            answers
                .keys()
                .any(|code| code.starts_with('2') || code.starts_with('3')),
            "no success is documented",
        );
        for code in ["401", "404", "429", "500"] {
            that(answers.contains_key(code), &format!("{code} is not documented"));
        }
        // A range that cannot be served is answered without a body.
        let errors = answers
            .iter()
            .filter(|(code, _)| code.starts_with(['4', '5']) && *code != "416");
        for (code, answer) in errors {
            let problem = answer["content"]
                .as_object()
                .is_some_and(|c| c.contains_key("application/problem+json"));
            that(problem, &format!("{code} is not a problem document"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn operations_without_a_credential_are_these() {
    let open: BTreeSet<String> = operations(&spec())
        .into_iter()
        .filter(|(_, op)| op["security"].as_array().is_none_or(Vec::is_empty))
        .map(|(_, op)| op["operationId"].as_str().unwrap().to_owned())
        .collect();
    let allowed: BTreeSet<String> = PUBLIC.iter().map(|id| (*id).to_owned()).collect();
    let unexpected: Vec<_> = open.difference(&allowed).collect();
    assert!(
        unexpected.is_empty(),
        "these need no credential and are not on the list: {unexpected:?}"
    );
}

/// A name in the description that is written in two ways (`siteId`, `site_id`) makes two fields of one in every client.
#[test]
fn fields_are_snake_case() {
    let spec = spec();
    let mut wrong = Vec::new();
    for (schema, body) in spec["components"]["schemas"].as_object().unwrap() {
        for field in body["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name)
        {
            if !field
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            {
                wrong.push(format!("{schema}.{field}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}
