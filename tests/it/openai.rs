//! OpenAI's own description of its API (`fixtures/openai.json`), for checking what is sent.

use boon::{Compiler, Draft, Schemas};
use igny8_server::testing::fake_provider::Received;
use serde_json::{Value, json};

/// OpenAI's schemas, closed: what they do not name is a mistake, at any depth.
pub struct OpenAi(Schemas, Compiler);

impl OpenAi {
    pub fn new() -> Self {
        let text = include_str!("../fixtures/openai.json");
        let mut document: Value = serde_json::from_str(text).unwrap();
        for (name, schema) in document["$defs"].as_object_mut().unwrap() {
            // What others are made of cannot be closed by itself.
            if !matches!(
                name.as_str(),
                "ModelResponseProperties" | "CreateModelResponseProperties"
            ) {
                close(schema);
            }
        }
        document["$defs"]["CreateChatCompletionRequest"]["unevaluatedProperties"] = json!(false);
        let mut compiler = Compiler::new();
        compiler.set_default_draft(Draft::V2020_12);
        compiler.add_resource("https://openai.test/api", document).unwrap();
        Self(Schemas::new(), compiler)
    }

    pub fn check(&mut self, name: &str, value: &Value) {
        assert_eq!(self.problem(name, value), None, "{value:#}");
    }

    pub fn problem(&mut self, name: &str, value: &Value) -> Option<String> {
        let place = format!("https://openai.test/api#/$defs/{name}");
        let schema = self.1.compile(&place, &mut self.0).unwrap();
        self.0.validate(value, schema).err().map(|error| error.to_string())
    }

    /// Every request must be one that is described; answers how many there are.
    pub fn check_all(&mut self, received: &[Received]) -> usize {
        for request in received {
            let name = match request.path.rsplit_once('/').unwrap().1 {
                "completions" => "CreateChatCompletionRequest",
                "embeddings" => "CreateEmbeddingRequest",
                "generations" => "CreateImageRequest",
                other => panic!("{other} is no operation of the API"),
            };
            self.check(name, &request.body);
            // Strict servers take a part of JSON schema only.
            let format = &request.body["response_format"]["json_schema"];
            if format["strict"] == true {
                assert_eq!(
                    igny8_server::ai::schema::not_strict(&format["schema"]),
                    Vec::<String>::new()
                );
            }
        }
        received.len()
    }
}

/// Lets no object have other fields than those it names, except where schemas are put together.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(words) => {
            let named = words.get("properties").is_some_and(Value::is_object);
            for (word, part) in words.iter_mut() {
                if word != "allOf" && word != "enum" {
                    close(part);
                }
            }
            if named {
                words.entry("additionalProperties").or_insert(json!(false));
            }
        }
        Value::Array(parts) => parts.iter_mut().for_each(close),
        _ => {}
    }
}
