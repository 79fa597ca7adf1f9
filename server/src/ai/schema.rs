//! Whether a value has the shape that was asked for: the part of JSON Schema that the functions' schemas use. Servers promise
//! it at best, so it is looked at again.

use serde_json::Value;

/// Problems told at most: they go back to the model.
const MOST: usize = 8;

/// What is wrong with a value, each with its place.
pub fn problems(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    look(schema, value, "$", &mut found);
    found.truncate(MOST);
    found
}

#[expect(clippy::cast_precision_loss, reason = "lengths are far from the bound")]
fn look(schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    if found.len() > MOST {
        return;
    }
    if let Some(kind) = schema["type"].as_str()
        && !is(kind, value)
    {
        found.push(format!("{at} must be of type {kind}"));
        return;
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        found.push(format!("{at} must be one of {}", Value::from(allowed.clone())));
    }
    match value {
        Value::Object(fields) => {
            for name in schema["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
            {
                if !fields.contains_key(name) {
                    found.push(format!("{at}.{name} is missing"));
                }
            }
            for (name, value) in fields {
                match schema["properties"].get(name) {
                    Some(schema) => look(schema, value, &format!("{at}.{name}"), found),
                    None if schema["additionalProperties"] == false => {
                        let name: String = name.chars().take(60).collect();
                        found.push(format!("{at}.{name} is not a field of it"));
                    }
                    None => {}
                }
            }
        }
        Value::Array(items) => {
            bounds(schema, ["minItems", "maxItems"], items.len() as f64, at, "items", found);
            if let Some(schema) = schema.get("items") {
                for (n, item) in items.iter().enumerate() {
                    look(schema, item, &format!("{at}[{n}]"), found);
                }
            }
        }
        Value::String(text) => {
            let length = text.chars().count() as f64;
            bounds(schema, ["minLength", "maxLength"], length, at, "characters", found);
        }
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            bounds(schema, ["minimum", "maximum"], number, at, "as its value", found);
        }
        Value::Null | Value::Bool(_) => {}
    }
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => true,
    }
}

fn bounds(schema: &Value, [least, most]: [&str; 2], n: f64, at: &str, what: &str, found: &mut Vec<String>) {
    if let Some(least) = schema[least].as_f64()
        && n < least
    {
        found.push(format!("{at} must have at least {least} {what}"));
    }
    if let Some(most) = schema[most].as_f64()
        && n > most
    {
        found.push(format!("{at} must have at most {most} {what}"));
    }
}

/// What of a function's schema is not in the subset that strict servers take and [`problems`] checks: one `type` each,
/// objects that are closed and whose fields are all required, `enum`, `items`, bounds of numbers and lists. Empty when all is.
pub fn not_strict(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if schema["type"] != "object" {
        found.push("$ must be an object".to_owned());
    }
    subset(schema, "$", &mut found);
    found
}

fn subset(schema: &Value, at: &str, found: &mut Vec<String>) {
    const KNOWN: &[&str] = &[
        "type",
        "enum",
        "description",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "minimum",
        "maximum",
        "minItems",
        "maxItems",
    ];
    let Some(words) = schema.as_object() else {
        found.push(format!("{at} must be a schema"));
        return;
    };
    let unknown = words.keys().filter(|word| !KNOWN.contains(&word.as_str()));
    found.extend(unknown.map(|word| format!("{at} must not have {word}")));
    match schema["type"].as_str() {
        Some("object") => {
            if schema["additionalProperties"] != false {
                found.push(format!("{at} must have additionalProperties: false"));
            }
            let required: Vec<&str> = schema["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
                if !required.contains(&name.as_str()) {
                    found.push(format!("{at}.{name} must be required"));
                }
                subset(schema, &format!("{at}.{name}"), found);
            }
        }
        Some("array") => subset(&schema["items"], &format!("{at}[]"), found),
        Some("string" | "integer" | "number" | "boolean") => {}
        _ => found.push(format!("{at} must have one type")),
    }
}

/// The JSON value in a model's text: the whole of it, or what stands in a code fence or between other words.
pub fn json_in(text: &str) -> Option<Value> {
    let text = text.trim();
    if let Ok(value) = serde_json::from_str(text) {
        return Some(value);
    }
    let start = text.find(['{', '['])?;
    let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
    values.next()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn shapes() {
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["n", "names"],
            "properties": {
                "n": { "type": "integer", "minimum": 0, "maximum": 9 },
                "names": { "type": "array", "minItems": 1, "items": { "type": "string", "maxLength": 3 } },
                "kind": { "enum": ["a", "b"] },
            },
        });
        for (value, wrong) in [
            (json!({ "n": 1, "names": ["abc"], "kind": "a" }), ""),
            (json!([]), "$ must be of type object"),
            (json!({ "n": 1 }), "$.names is missing"),
            (json!({ "n": 1.5, "names": ["a"] }), "$.n must be of type integer"),
            (
                json!({ "n": 10, "names": ["a"] }),
                "$.n must have at most 9 as its value",
            ),
            (json!({ "n": 1, "names": [] }), "$.names must have at least 1 items"),
            (
                json!({ "n": 1, "names": ["äöüß"] }),
                "$.names[0] must have at most 3 characters",
            ),
            (json!({ "n": 1, "names": ["a"], "x": 1 }), "$.x is not a field of it"),
            (
                json!({ "n": 1, "names": ["a"], "kind": "c" }),
                "$.kind must be one of [\"a\",\"b\"]",
            ),
        ] {
            assert_eq!(problems(&schema, &value).join("; "), wrong, "{value}");
        }
    }

    #[test]
    fn the_subset_of_strict_servers() {
        let object = |properties: Value, required: Value| json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties });
        let text = json!({ "type": "string" });
        for (schema, wrong) in [
            (object(json!({ "a": text }), json!(["a"])), ""),
            (
                object(
                    json!({ "a": { "type": "array", "minItems": 1, "items": { "type": "integer" } } }),
                    json!(["a"]),
                ),
                "",
            ),
            (text.clone(), "$ must be an object"),
            (object(json!({ "a": text }), json!([])), "$.a must be required"),
            (
                json!({ "type": "object", "properties": {} }),
                "$ must have additionalProperties: false",
            ),
            (
                object(json!({ "a": { "type": "string", "maxLength": 3 } }), json!(["a"])),
                "$.a must not have maxLength",
            ),
            (
                object(json!({ "a": { "type": ["string", "null"] } }), json!(["a"])),
                "$.a must have one type",
            ),
            (
                object(json!({ "a": { "type": "array" } }), json!(["a"])),
                "$.a[] must be a schema",
            ),
        ] {
            assert_eq!(not_strict(&schema).join("; "), wrong, "{schema}");
        }
    }

    #[test]
    fn json_among_words() {
        for (text, value) in [
            ("{\"a\":1}", Some(json!({ "a": 1 }))),
            ("```json\n{\"a\":1}\n```", Some(json!({ "a": 1 }))),
            ("Here it is: [1, 2] as asked", Some(json!([1, 2]))),
            ("none", None),
            ("{\"a\":", None),
        ] {
            assert_eq!(json_in(text), value, "{text}");
        }
    }
}
