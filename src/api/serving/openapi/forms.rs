//! The forms of values and of media types, as JSON Schema.

use serde_json::{Map, Value, json};

use crate::api::asking::answer::DEFAULT_LIMIT;
use crate::views::media::{CLOUD_EVENTS, CSV, EVENT_STREAM, HTML, JSONL, NDJSON, OCTETS, PARQUET};
use crate::views::parameter::Kind;

/// The form of a parameter or header.
pub fn form_of(kind: Kind) -> Value {
    match kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Day => json!({ "type": "string", "format": "date" }),
        Kind::Instant => json!({ "type": "string", "format": "date-time" }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Number(from) => json!({ "type": "integer", "minimum": from }),
        Kind::Limit(all) => {
            let number = json!({ "type": "integer", "minimum": 1, "default": DEFAULT_LIMIT });
            match all {
                None => number,
                Some(all) => json!({ "anyOf": [number, { "type": "string", "const": all }] }),
            }
        }
        Kind::Sequence => json!({ "type": "string", "pattern": "^[0-9]+$" }),
        Kind::Uuid => json!({ "type": "string", "format": "uuid" }),
        Kind::Digest => json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" }),
        Kind::OneOf(words) => json!({ "type": "string", "enum": words() }),
        Kind::SomeOf(words) => {
            json!({ "type": "array", "items": { "type": "string", "enum": words() } })
        }
    }
}

/// What a media type holds whatever is asked for; nothing for JSON, whose form is the route's.
pub fn of_media(media: &str) -> Option<Value> {
    Some(match media {
        CLOUD_EVENTS => {
            json!({ "type": "array", "items": { "$ref": "#/components/schemas/CloudEvent" } })
        }
        NDJSON | JSONL => {
            json!({ "type": "string", "description": "An `EventView` on each line." })
        }
        EVENT_STREAM => json!({
            "type": "string",
            "description": "For each event `id` (its sequence), `event` (its type) and `data` (a CloudEvent). `caught-up` and `progress` tell the position reached.",
        }),
        CSV | HTML => json!({ "type": "string" }),
        PARQUET | OCTETS => json!({ "type": "string", "format": "binary" }),
        _ => return None,
    })
}

/// Has the choices of a type that have no name bear one, made of the type's and the member that tells
/// them apart: whoever makes code from them would number them.
pub fn name_choices(schemas: &mut Map<String, Value>) {
    for (name, schema) in schemas {
        let Some(choices) = schema.get_mut("oneOf").and_then(Value::as_array_mut) else { continue };
        for choice in choices {
            let title = tag_of(choice).map(|tag| format!("{name}Of_{tag}"));
            if let (Some(title), Some(choice)) = (title, choice.as_object_mut()) {
                choice.entry("title").or_insert(Value::String(title));
            }
        }
    }
}

/// What tells an object among the choices apart: a constant, or the one member that it has.
fn tag_of(choice: &Value) -> Option<String> {
    let members = choice.get("properties")?.as_object()?;
    let constant = members.values().find_map(|member| member.get("const")?.as_str());
    let only = members.keys().next().filter(|_| members.len() == 1);
    constant.or(only.map(String::as_str)).map(str::to_owned)
}

/// Schemas that are `true`, as an object without a condition: many that read schemas know no others.
pub fn without_booleans(value: &mut Value) {
    const OF_SCHEMAS: [&str; 3] = ["properties", "schemas", "patternProperties"];
    const SCHEMA: [&str; 2] = ["items", "schema"];
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if SCHEMA.contains(&name.as_str()) {
                    open(member);
                } else if let (true, Value::Object(schemas)) =
                    (OF_SCHEMAS.contains(&name.as_str()), &mut *member)
                {
                    schemas.values_mut().for_each(open);
                }
                without_booleans(member);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_booleans),
        _ => {}
    }
}

fn open(schema: &mut Value) {
    if *schema == Value::Bool(true) {
        *schema = json!({});
    }
}
