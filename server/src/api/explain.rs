//! What is wrong with a request that an operation cannot read, field by field, told from the API's description.
//!
//! The framework stops at the first mistake and tells it by the names of its types. So what was sent is compared with the
//! description once it was refused, and only then. What is told names fields and what they may be, never what was sent in them.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::error::FieldError;

/// Mistakes told at most.
pub const MOST: usize = 20;

/// Levels of a body that are looked at.
const DEPTH: usize = 64;

/// Characters of a name that was sent.
const NAME: usize = 60;

/// Where the description has its schemas.
const SCHEMAS: &str = "#/components/schemas/";

/// What ids of a kind look like, behind their prefix.
const ID: &str = "[0-9a-hjkmnp-tv-z]{26}$";

/// The operations of a description, with what they take.
pub struct Operations {
    by_length: HashMap<usize, Vec<Operation>>,
    schemas: Map<String, Value>,
}

/// An operation, with what it takes.
pub struct Operation {
    method: String,
    /// The parts between slashes; none for what differs.
    path: Vec<Option<String>>,
    query: Vec<Parameter>,
    body: Option<Body>,
}

struct Parameter {
    name: String,
    required: bool,
    schema: Value,
}

struct Body {
    media: String,
    schema: Value,
}

impl Operations {
    /// Those of an OpenAPI description.
    pub fn of(description: &Value) -> Self {
        let mut operations = Self {
            by_length: HashMap::new(),
            schemas: Map::new(),
        };
        for (path, methods) in entries(&description["paths"]) {
            for (method, operation) in entries(methods) {
                let operation = Operation::of(path, method, operation);
                let schemas = operation.query.iter().map(|parameter| &parameter.schema);
                for schema in schemas.chain(operation.body.iter().map(|body| &body.schema)) {
                    operations.keep(&description["components"]["schemas"], schema);
                }
                let length = operation.path.len();
                operations.by_length.entry(length).or_default().push(operation);
            }
        }
        operations
    }

    /// Keeps the schemas that this one rests on.
    fn keep(&mut self, all: &Value, schema: &Value) {
        match schema {
            Value::Object(words) => {
                if let Some(name) = name_of(schema)
                    && !self.schemas.contains_key(name)
                    && let Some(found) = all.get(name)
                {
                    self.schemas.insert(name.to_owned(), found.clone());
                    self.keep(all, found);
                }
                words.values().for_each(|word| self.keep(all, word));
            }
            Value::Array(items) => items.iter().for_each(|item| self.keep(all, item)),
            _ => {}
        }
    }

    /// The operation at a path, which begins with a slash.
    pub fn find(&self, method: &str, path: &str) -> Option<&Operation> {
        let parts: Vec<&str> = path.split('/').collect();
        let all = self.by_length.get(&parts.len())?.iter();
        let fitting = all.filter(|operation| operation.fits(method, &parts));
        // As the router does: what is fixed goes before what differs.
        fitting.max_by_key(|operation| operation.path.iter().map(Option::is_some).collect::<Vec<bool>>())
    }

    /// What is wrong with the body of an operation, which refused it for this reason. Empty when the description knows nothing
    /// against it.
    pub fn body(&self, operation: &Operation, sent: &Value, reason: &str) -> Vec<FieldError> {
        let Some(body) = &operation.body else {
            return Vec::new();
        };
        let mut look = Look {
            schemas: &self.schemas,
            reason,
            errors: Vec::new(),
        };
        look.value(&body.schema, sent, "", DEPTH);
        look.errors
    }

    /// What is wrong with a parameter in the address of an operation, as it is there in the query.
    pub fn parameter(&self, operation: &Operation, name: &str, query: &str) -> Option<String> {
        let parameter = operation.query.iter().find(|parameter| parameter.name == name)?;
        let mut schema = self.resolved(&parameter.schema)?;
        let mut sent = form_urlencoded::parse(query.as_bytes())
            .filter(|(of, _)| of == name)
            .map(|(_, text)| text)
            .peekable();
        if sent.peek().is_none() {
            return parameter.required.then(|| "is required".to_owned());
        }
        if schema["type"] == "array" {
            schema = self.resolved(&schema["items"])?;
        }
        sent.find_map(|text| match typed(schema, &text) {
            Some(value) => wrong(schema, &value),
            None => Some(expected(schema)),
        })
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> Option<&'a Value> {
        match name_of(schema) {
            Some(name) => self.schemas.get(name),
            None => Some(schema),
        }
    }
}

impl Operation {
    fn of(path: &str, method: &str, operation: &Value) -> Self {
        let part = |part: &str| (!part.starts_with('{')).then(|| part.to_owned());
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let parameter = |parameter: &Value| {
            Some(Parameter {
                name: parameter["name"].as_str()?.to_owned(),
                required: parameter["required"] == true,
                schema: parameter["schema"].clone(),
            })
        };
        let body = entries(&operation["requestBody"]["content"]).next();
        Self {
            method: method.to_owned(),
            path: path.split('/').map(part).collect(),
            query: parameters
                .filter(|parameter| parameter["in"] == "query")
                .filter_map(parameter)
                .collect(),
            body: body.map(|(media, content)| Body {
                media: media.split(';').next().unwrap_or_default().to_owned(),
                schema: content["schema"].clone(),
            }),
        }
    }

    fn fits(&self, method: &str, parts: &[&str]) -> bool {
        let fits = |(own, part): (&Option<String>, &&str)| own.as_deref().is_none_or(|own| own == *part);
        self.method.eq_ignore_ascii_case(method) && self.path.iter().zip(parts).all(fits)
    }

    /// The content type of its body.
    pub fn media(&self) -> Option<&str> {
        self.body.as_ref().map(|body| body.media.as_str())
    }

    /// Names in a query that it does not take.
    pub fn unknown(&self, query: &str) -> Vec<FieldError> {
        let known: Vec<&str> = self.query.iter().map(|parameter| parameter.name.as_str()).collect();
        let message = if known.is_empty() {
            "is not known: this operation takes no parameters in its address".to_owned()
        } else {
            format!("is not known: this operation takes {}", known.join(", "))
        };
        let mut errors: Vec<FieldError> = Vec::new();
        for (name, _) in form_urlencoded::parse(query.as_bytes()) {
            let shown = shown(&name);
            let is_new = !known.contains(&&*name) && errors.iter().all(|error| error.field != shown);
            if is_new && errors.len() < MOST {
                errors.push(FieldError::new(shown, message.clone()));
            }
        }
        errors
    }
}

/// What a refusal of the framework says, without the names of its types.
pub fn plain(reason: &str) -> String {
    let mut words = reason.split(" (occurred while parsing").next().unwrap_or(reason);
    while let Some((_, rest)) = words
        .strip_prefix("failed to parse \"")
        .and_then(|rest| rest.split_once("\": "))
    {
        words = rest;
    }
    if words.starts_with("Expected input type ") || words.starts_with("Type \"") {
        return "does not have the form that the documentation of this operation shows".to_owned();
    }
    words.to_owned()
}

/// A look at a body.
struct Look<'a> {
    schemas: &'a Map<String, Value>,
    reason: &'a str,
    errors: Vec<FieldError>,
}

impl<'a> Look<'a> {
    fn error(&mut self, at: &str, message: impl Into<String>) {
        if self.errors.len() < MOST {
            self.errors
                .push(FieldError::new(if at.is_empty() { "body" } else { at }, message));
        }
    }

    fn value(&mut self, schema: &'a Value, value: &Value, at: &str, depth: usize) {
        let may_be_null = value.is_null() && schema["nullable"] == true;
        if depth == 0 || self.errors.len() >= MOST || may_be_null {
            return;
        }
        if let Some(name) = name_of(schema) {
            if let Some(schema) = self.schemas.get(name) {
                self.value(schema, value, at, depth - 1);
            }
            return;
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.value(part, value, at, depth - 1);
        }
        if let Some(message) = wrong(schema, value) {
            self.error(at, message);
            return;
        }
        match value {
            Value::Object(fields) => self.fields(schema, fields, at, depth - 1),
            Value::Array(items) => {
                for (n, item) in items.iter().enumerate() {
                    self.value(&schema["items"], item, &join(at, &n.to_string()), depth - 1);
                }
            }
            _ => {}
        }
    }

    fn fields(&mut self, schema: &'a Value, fields: &Map<String, Value>, at: &str, depth: usize) {
        let properties = &schema["properties"];
        let required = schema["required"].as_array().into_iter().flatten();
        for name in required.filter_map(Value::as_str) {
            let absent = fields.get(name).is_none_or(Value::is_null);
            if absent && !takes_null(&properties[name]) {
                self.error(&join(at, name), "is required");
            }
        }
        for (name, value) in fields {
            let place = join(at, &shown(name));
            match (properties.get(name), &schema["additionalProperties"]) {
                // As good as absent.
                (Some(_), _) if value.is_null() => {}
                (Some(schema), _) => self.value(schema, value, &place, depth),
                (None, more @ Value::Object(_)) => self.value(more, value, &place, depth),
                (None, _) if self.reason.contains(&format!("unknown field `{name}`")) => {
                    let known: Vec<&str> = entries(properties).map(|(name, _)| name.as_str()).collect();
                    let is_told = self.errors.iter().any(|error| error.field == place);
                    // A part that holds a description alone knows no fields; the part beside it does.
                    if !known.is_empty() && !is_told {
                        self.error(&place, format!("is not known here; there are {}", known.join(", ")));
                    }
                }
                (None, _) => {}
            }
        }
    }
}

/// What is wrong with a value, not looking into it.
fn wrong(schema: &Value, value: &Value) -> Option<String> {
    let is_of_kind = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("number") => value.is_number(),
        Some("integer") => is_whole(schema["format"].as_str().unwrap_or_default(), value),
        _ => true,
    };
    let is_allowed = schema["enum"].as_array().is_none_or(|allowed| allowed.contains(value));
    if !is_of_kind || !is_allowed {
        return Some(expected(schema));
    }
    match value {
        Value::String(text) => {
            let length = text.chars().count();
            let form = (!has_form(schema, text)).then(|| expected(schema));
            form.or_else(|| bounds(schema, ["minLength", "maxLength"], length, "characters"))
        }
        Value::Array(items) => bounds(schema, ["minItems", "maxItems"], items.len(), "entries"),
        _ => None,
    }
}

/// What a value must be.
fn expected(schema: &Value) -> String {
    if let Some(allowed) = schema["enum"].as_array() {
        let allowed: Vec<String> = allowed
            .iter()
            .map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned))
            .collect();
        return format!("must be one of {}", allowed.join(", "));
    }
    let text = match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("object"), _) => "must be an object",
        (Some("array"), _) => "must be a list",
        (Some("boolean"), _) => "must be true or false",
        (Some("number"), _) => "must be a number",
        (Some("integer"), Some("uint8")) => "must be a whole number from 0 to 255",
        (Some("integer"), Some("uint16")) => "must be a whole number from 0 to 65535",
        (Some("integer"), Some("uint32")) => "must be a whole number from 0 to 4294967295",
        (Some("integer"), Some("uint64")) => "must be a whole number, 0 or more",
        (Some("integer"), _) => "must be a whole number",
        (_, Some("date-time")) => "must be a date and time such as 2026-07-01T09:00:00Z",
        (_, Some("naive-date")) => "must be a date such as 2026-07-01",
        (Some("string"), _) => {
            return match (prefix(schema), schema["example"].as_str()) {
                (Some(_), Some(example)) => format!("must be an id such as {example}"),
                (Some(prefix), None) => format!("must be an id that begins with {prefix}"),
                (None, _) => "must be a text".to_owned(),
            };
        }
        _ => "does not have the form that the documentation shows",
    };
    text.to_owned()
}

fn is_whole(format: &str, value: &Value) -> bool {
    let natural = value.as_u64();
    match format {
        "uint8" => natural.is_some_and(|n| u8::try_from(n).is_ok()),
        "uint16" => natural.is_some_and(|n| u16::try_from(n).is_ok()),
        "uint32" => natural.is_some_and(|n| u32::try_from(n).is_ok()),
        "uint64" => natural.is_some(),
        "int32" => value.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
        _ => value.is_i64(),
    }
}

/// Whether a text has the form that its schema asks for, read as the operations read it.
fn has_form(schema: &Value, text: &str) -> bool {
    match schema["format"].as_str() {
        Some("date-time") => text.parse::<DateTime<Utc>>().is_ok(),
        Some("naive-date") => text.parse::<NaiveDate>().is_ok(),
        _ => prefix(schema).is_none_or(|prefix| {
            let key = text.strip_prefix(prefix);
            key.and_then(igny8_data::ids::parse_key).is_some()
        }),
    }
}

/// The prefix of the ids that a schema asks for.
fn prefix(schema: &Value) -> Option<&str> {
    schema["pattern"].as_str()?.strip_prefix('^')?.strip_suffix(ID)
}

fn bounds(schema: &Value, [least, most]: [&str; 2], length: usize, what: &str) -> Option<String> {
    let bound = |name: &str| schema[name].as_u64().and_then(|n| usize::try_from(n).ok());
    match (bound(least), bound(most)) {
        (Some(1), _) if length == 0 => Some("must not be empty".to_owned()),
        (Some(least), _) if length < least => Some(format!("must have at least {least} {what}")),
        (_, Some(most)) if length > most => Some(format!("must have at most {most} {what}")),
        _ => None,
    }
}

/// The text of a parameter as a value of its type.
fn typed(schema: &Value, text: &str) -> Option<Value> {
    match schema["type"].as_str() {
        Some("integer") => text
            .parse::<i64>()
            .map(Value::from)
            .or_else(|_| text.parse::<u64>().map(Value::from))
            .ok(),
        Some("number") => text.parse::<f64>().ok().map(Value::from),
        Some("boolean") => text.parse::<bool>().ok().map(Value::from),
        _ => Some(Value::from(text)),
    }
}

/// Whether `null` is a value of its own here: any value is.
fn takes_null(schema: &Value) -> bool {
    let says = |word: &str| schema.get(word).is_some();
    schema["nullable"] == true || !(says("type") || says("$ref") || says("allOf") || says("enum"))
}

fn name_of(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix(SCHEMAS)
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn shown(name: &str) -> String {
    name.chars().take(NAME).collect()
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() {
        name.to_owned()
    } else {
        format!("{at}.{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn operations() -> Operations {
        let pattern = format!("^kw_{ID}");
        let id = json!({ "type": "string", "pattern": pattern, "example": "kw_01jz8k3v5n6q7r8s9t0v1w2x3y" });
        let kind = json!({ "$ref": "#/components/schemas/Kind" });
        let text = json!({ "type": "string" });
        let texts = json!({ "type": "array", "items": text });
        let day = json!({ "type": "string", "format": "naive-date" });
        let share = json!({ "type": "number", "format": "double" });
        let fields = json!({
            "name": text,
            "kind": kind,
            "any": {},
            "other": { "nullable": true, "allOf": [kind, { "nullable": true }] },
            "ids": { "type": "array", "minItems": 1, "maxItems": 40, "items": id },
            "faq": { "type": "array", "items": { "$ref": "#/components/schemas/Faq" } },
            "at": { "type": "string", "format": "date-time" },
            "day": day,
            "share": share,
            "score": { "type": "integer", "format": "uint8" },
            "on": { "type": "boolean" },
            "menus": { "type": "object", "additionalProperties": texts },
            "one": { "allOf": [{ "$ref": "#/components/schemas/Faq" }, { "description": "One of them." }] },
        });
        let schemas = json!({
            "Kind": { "type": "string", "enum": ["blog", "company"] },
            "Faq": {
                "type": "object",
                "required": ["question", "answer"],
                "properties": { "question": text, "answer": text },
            },
            "Make": { "type": "object", "required": ["name", "kind", "any"], "properties": fields },
            "Unused": text,
        });
        let query = |name: &str, schema: &Value| json!({ "in": "query", "name": name, "schema": schema });
        let mut from = query("from", &json!({ "type": "integer", "format": "int64" }));
        from["required"] = true.into();
        let all = [
            query("kind", &kind),
            from,
            query("share", &share),
            query("limit", &json!({ "type": "integer", "format": "uint32" })),
            query("on", &json!({ "type": "boolean" })),
            query("day", &day),
            query("id", &json!({ "type": "array", "items": id })),
            json!({ "in": "header", "name": "If-Match", "schema": text }),
        ];
        let make = json!({ "schema": { "$ref": "#/components/schemas/Make" } });
        let make = json!({ "content": { "application/json; charset=utf-8": make } });
        Operations::of(&json!({
            "components": { "schemas": schemas },
            "paths": {
                "/sites": { "post": { "requestBody": make }, "get": {} },
                "/sites/{site}": { "get": { "parameters": [query("of", &text)] } },
                "/sites/all": { "get": { "parameters": all } },
            },
        }))
    }

    fn told(errors: &[FieldError]) -> String {
        let told: Vec<String> = errors.iter().map(|e| format!("{} {}", e.field, e.message)).collect();
        told.join("; ")
    }

    #[test]
    fn bodies() {
        let operations = operations();
        let make = operations.find("POST", "/sites").unwrap();
        let with = |more: Value| {
            let mut body = json!({ "name": "x", "kind": "blog", "any": null });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        for (sent, wrong) in [
            (with(json!({})), ""),
            (json!({ "name": "x" }), "kind is required"),
            (json!({ "kind": null }), "name is required; kind is required"),
            (json!([]), "body must be an object"),
            (with(json!({ "kind": "shop" })), "kind must be one of blog, company"),
            (with(json!({ "kind": 1 })), "kind must be one of blog, company"),
            (with(json!({ "other": null, "at": null })), ""),
            (with(json!({ "other": "shop" })), "other must be one of blog, company"),
            (with(json!({ "ids": [] })), "ids must not be empty"),
            (
                with(json!({ "ids": vec!["x"; 41] })),
                "ids must have at most 40 entries",
            ),
            (
                with(json!({ "ids": ["kw_01jz8k3v5n6q7r8s9t0v1w2x3y", "bogus"] })),
                "ids.1 must be an id such as kw_01jz8k3v5n6q7r8s9t0v1w2x3y",
            ),
            (
                with(json!({ "faq": [{ "question": "?" }] })),
                "faq.0.answer is required",
            ),
            (
                with(json!({ "at": "tomorrow" })),
                "at must be a date and time such as 2026-07-01T09:00:00Z",
            ),
            (with(json!({ "at": "2026-07-01T09:00:00+02:00" })), ""),
            (with(json!({ "day": "soon" })), "day must be a date such as 2026-07-01"),
            (with(json!({ "share": "half" })), "share must be a number"),
            (
                with(json!({ "score": 300 })),
                "score must be a whole number from 0 to 255",
            ),
            (
                with(json!({ "score": 1.5 })),
                "score must be a whole number from 0 to 255",
            ),
            (
                with(json!({ "on": "yes", "name": 7 })),
                "name must be a text; on must be true or false",
            ),
            (
                with(json!({ "menus": { "main": ["a", 1] } })),
                "menus.main.1 must be a text",
            ),
            (with(json!({ "unknown": "secret" })), ""),
        ] {
            let mut told: Vec<String> = told(&operations.body(make, &sent, ""))
                .split("; ")
                .map(str::to_owned)
                .collect();
            let mut wrong: Vec<&str> = wrong.split("; ").collect();
            // In the order of the fields, which is not that of the text.
            told.sort_unstable();
            wrong.sort_unstable();
            assert_eq!(told, wrong, "{sent}");
        }
    }

    #[test]
    fn unknown_fields_are_those_that_were_refused() {
        let operations = operations();
        let make = operations.find("post", "/sites").unwrap();
        let sent = json!({ "name": "x", "kind": "blog", "any": 1, "nmae": "secret", "more": 1 });
        let reason = "failed to parse \"Make\": unknown field `nmae`.";
        let errors = operations.body(make, &sent, reason);
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!(errors[0].field, "nmae");
        let message = &errors[0].message;
        assert!(message.contains("name") && !message.contains("secret"), "{message}");
        let one = json!({ "question": "?", "answer": "!", "nmae": 1 });
        let sent = json!({ "name": "x", "kind": "blog", "any": 1, "one": one });
        let errors = operations.body(make, &sent, reason);
        let known = "one.nmae is not known here; there are answer, question";
        let known_in_order = "one.nmae is not known here; there are question, answer";
        assert!([known, known_in_order].contains(&told(&errors).as_str()), "{errors:?}");
    }

    #[test]
    fn what_is_told_is_bounded() {
        let operations = operations();
        let make = operations.find("POST", "/sites").unwrap();
        let faq = vec![json!({ "question": 1 }); 500];
        let sent = json!({ "name": "x", "kind": "blog", "any": 1, "faq": faq });
        assert_eq!(operations.body(make, &sent, "").len(), MOST);
    }

    #[test]
    fn parameters() {
        let operations = operations();
        let list = operations.find("GET", "/sites/all").unwrap();
        for (name, query, wrong) in [
            ("kind", "kind=shop", Some("must be one of blog, company")),
            ("kind", "kind=blog", None),
            ("from", "kind=blog", Some("is required")),
            ("from", "from=a", Some("must be a whole number")),
            ("share", "share=abc", Some("must be a number")),
            ("share", "", None),
            ("limit", "limit=-1", Some("must be a whole number from 0 to 4294967295")),
            ("on", "on=1", Some("must be true or false")),
            ("day", "day=x", Some("must be a date such as 2026-07-01")),
            (
                "id",
                "id=x",
                Some("must be an id such as kw_01jz8k3v5n6q7r8s9t0v1w2x3y"),
            ),
            ("id", "id=kw_01jz8k3v5n6q7r8s9t0v1w2x3y", None),
            ("elsewhere", "elsewhere=1", None),
        ] {
            assert_eq!(operations.parameter(list, name, query).as_deref(), wrong, "{query}");
        }
    }

    #[test]
    fn names_in_the_address() {
        let operations = operations();
        let list = operations.find("GET", "/sites/all").unwrap();
        assert_eq!(told(&list.unknown("kind=blog&from=1")), "");
        assert_eq!(told(&list.unknown("")), "");
        let unknown = list.unknown("knd=secret&kind=x&knd=2&If-Match=3");
        assert_eq!(unknown.len(), 2, "{unknown:?}");
        assert_eq!(unknown[0].field, "knd");
        assert!(unknown[0].message.contains("kind, from"), "{unknown:?}");
        let one = operations.find("GET", "/sites/site_1").unwrap();
        assert!(one.unknown("of=1").is_empty() && one.unknown("kind=1").len() == 1);
        let none = operations.find("GET", "/sites").unwrap();
        assert!(none.unknown("a=1")[0].message.contains("takes no parameters"));
        assert!(operations.find("GET", "/nothing").is_none() && operations.find("PUT", "/sites").is_none());
    }

    #[test]
    fn only_what_is_sent_is_kept_of_the_schemas() {
        let operations = operations();
        assert!(operations.schemas.contains_key("Faq") && !operations.schemas.contains_key("Unused"));
        let make = operations.find("POST", "/sites").unwrap();
        assert_eq!(make.media(), Some("application/json"));
    }

    #[test]
    fn refusals_without_the_names_of_types() {
        for (reason, words) in [
            (
                "failed to parse \"Moment\": must be a time (occurred while parsing \"X\")",
                "must be a time",
            ),
            ("failed to parse \"A\": failed to parse \"B\": too long", "too long"),
            (
                "Expected input type \"string\", found null. (occurred while parsing \"X\")",
                "does not have the form that the documentation of this operation shows",
            ),
            ("anything else", "anything else"),
        ] {
            assert_eq!(plain(reason), words);
        }
    }
}
