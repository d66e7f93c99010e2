//! The published event schemas as who reads them has them: files that refer to each other by name.

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::{Retrieve, Uri, Validator};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/events")
}

struct Files;

impl Retrieve for Files {
    fn retrieve(
        &self,
        uri: &Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let name = uri.path().as_str().rsplit('/').next().unwrap_or_default();
        Ok(serde_json::from_str(&fs::read_to_string(folder().join(name))?)?)
    }
}

/// The schema of a version of an event type.
pub fn validator(event_type: &str, version: u32) -> Validator {
    let text = fs::read_to_string(folder().join(format!("{event_type}.v{version}.json"))).unwrap();
    jsonschema::options()
        .with_base_uri("http://docket.invalid/schemas/events/")
        .with_retriever(Files)
        .build(&serde_json::from_str(&text).unwrap())
        .unwrap()
}

/// What is wrong with data by a schema.
pub fn faults(validator: &Validator, data: &Value) -> Vec<String> {
    let fault =
        |error: jsonschema::ValidationError<'_>| format!("{}: {error}", error.instance_path());
    validator.iter_errors(data).map(fault).collect()
}
