//! The JSON schema of blueprint files, by which editors complete and check them.

use serde_json::{Value, json};

use super::record::{Definitions, Read};
use super::types::Blueprint;

/// The schema, made from the same declarations that read the files (JSON Schema draft 7, which editors of TOML know).
pub fn schema() -> Value {
    let mut known = Definitions::new();
    let root = Blueprint::schema(&mut known);
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "IGNY8 blueprint",
        "allOf": [root],
        "definitions": known,
    });
    // Whether objects keep their order is decided by whatever else is compiled.
    schema.sort_all_objects();
    schema
}
