//! The API's description (OpenAPI 3.0), as served, as documented and as committed in `openapi/openapi.json`.
//!
//! The operations describe themselves; what is the same for all of a kind is added here once.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::idempotency;

/// The description as JSON text with a newline at its end. Needs no configuration and no database.
pub fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let own = super::service().spec();
        let mut spec: Value = serde_json::from_str(&own).expect("poem-openapi writes JSON");
        add_idempotency_key(&mut spec);
        let mut text = serde_json::to_string_pretty(&spec).expect("JSON can be written");
        text.push('\n');
        text
    });
    &TEXT
}

/// The documentation page: Swagger UI with the description in it.
pub fn page() -> String {
    let service = super::service();
    service.swagger_ui_html().replacen(&service.spec(), text(), 1)
}

/// Each signed-in POST takes the header; see [`idempotency`].
fn add_idempotency_key(spec: &mut Value) {
    spec["components"]["parameters"]["IdempotencyKey"] = json!({
        "name": idempotency::HEADER,
        "in": "header",
        "required": false,
        "description": "A random text of your own, best a UUID. Sending the same request again with it does nothing twice \
                        and gives the first answer again, for two days.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
    });
    let Some(paths) = spec["paths"].as_object_mut() else {
        return;
    };
    for operation in paths.values_mut().filter_map(|path| path.get_mut("post")) {
        if operation.get("security").is_none() {
            continue;
        }
        let parameters = operation
            .as_object_mut()
            .expect("an operation is an object")
            .entry("parameters")
            .or_insert_with(|| json!([]));
        if let Some(parameters) = parameters.as_array_mut() {
            parameters.push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_documentation_shows_the_whole_description() {
        assert!(super::page().contains(super::text()));
        assert!(super::text().contains("#/components/parameters/IdempotencyKey"));
    }
}
