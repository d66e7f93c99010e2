//! The JSON Schema (2020-12) of every event type, made from the types. Committed under
//! `schemas/events`; a published one never changes, a new shape is a new version.
//!
//! What many types have alike stands in files of its own, to which they refer by name; what a
//! correction puts in an event's place has the form of that event's own type. So no schema changes
//! because there is another act.

use std::collections::{BTreeMap, BTreeSet};

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::own::own_schema;
use super::upcast;
use crate::domain::act::{Act, ActKind, Archive, DocumentRef, Material, Override};
use crate::domain::event::{Effects, Finding};
use crate::domain::event_type::{EventType, Records};

/// The version of the bodies that event types share. A new one is a new version of each of them.
const SHARED_VERSION: u32 = 1;

/// A body that event types share: its name among definitions, and what its file is called.
struct Shared {
    definition: String,
    file: String,
    schema: fn() -> Value,
}

fn shared() -> [Shared; 6] {
    fn of<T: JsonSchema>(name: &str) -> Shared {
        Shared {
            definition: T::schema_name().into_owned(),
            file: format!("{name}.v{SHARED_VERSION}.json"),
            schema: || generator().into_root_schema_for::<T>().to_value(),
        }
    }
    [
        of::<Effects>("effects"),
        of::<DocumentRef>("document"),
        of::<Material>("material"),
        of::<Archive>("archive"),
        of::<Override>("override"),
        of::<Finding>("finding"),
    ]
}

/// The schemas by file name: `<Type>.v<version>.json`, and what those refer to.
pub fn event_schemas() -> BTreeMap<String, Value> {
    let mut schemas = BTreeMap::new();
    for event_type in EventType::all() {
        let schema = match event_type.records {
            Records::Act(kind) => act_schema(kind),
            Records::Own(own) => own_schema(own, generator()).to_value(),
        };
        let file = format!("{}.v{}.json", event_type.name, event_type.version);
        schemas.insert(file.clone(), published(&file, event_type.name, schema));
    }
    for body in shared() {
        let name = body.definition.clone();
        schemas.insert(body.file.clone(), published(&body.file, &name, (body.schema)()));
    }
    for step in upcast::STEPS {
        let file = format!("{}.v{}.json", step.event_type, step.from);
        schemas.insert(file, serde_json::from_str(step.schema).unwrap_or_default());
    }
    schemas
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().into_generator()
}

/// A schema under its address, with its title, referring to what is shared.
fn published(file: &str, title: &str, mut schema: Value) -> Value {
    let outside: BTreeMap<String, String> = shared()
        .into_iter()
        .filter(|body| body.file != file)
        .map(|body| (format!("#/$defs/{}", body.definition), body.file))
        .collect();
    refer(&mut schema, &outside);
    if let Some(Value::Object(definitions)) = schema.get_mut("$defs") {
        for (name, general) in
            [(Act::schema_name(), any_act()), (ActKind::schema_name(), any_kind())]
        {
            definitions.entry(name).and_modify(|named| *named = general);
        }
    }
    let mut whole = Map::new();
    whole.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    whole.insert("$id".to_owned(), json!(format!("/schemas/events/{file}")));
    whole.insert("title".to_owned(), json!(title));
    if let Value::Object(members) = schema {
        for (name, value) in members {
            whole.entry(name).or_insert(value);
        }
    }
    drop_unused(&mut whole);
    Value::Object(whole)
}

/// Makes references to definitions that stand elsewhere refer to their files.
fn refer(schema: &mut Value, outside: &BTreeMap<String, String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(at)) = members.get_mut("$ref")
                && let Some(file) = outside.get(at)
            {
                at.clone_from(file);
            }
            members.values_mut().for_each(|member| refer(member, outside));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| refer(item, outside)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Drops the definitions to which nothing leads.
fn drop_unused(schema: &mut Map<String, Value>) {
    let Some(Value::Object(definitions)) = schema.remove("$defs") else { return };
    let mut used = BTreeSet::new();
    let mut open = references(&Value::Object(schema.clone()));
    while let Some(name) = open.pop() {
        if let Some(definition) = definitions.get(&name)
            && used.insert(name)
        {
            open.extend(references(definition));
        }
    }
    let kept: Map<String, Value> =
        definitions.into_iter().filter(|(name, _)| used.contains(name)).collect();
    if !kept.is_empty() {
        schema.insert("$defs".to_owned(), Value::Object(kept));
    }
}

/// The names of the definitions to which a schema refers.
fn references(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(members) => {
            let own = members.get("$ref").and_then(Value::as_str);
            let own = own.and_then(|at| at.strip_prefix("#/$defs/")).map(str::to_owned);
            own.into_iter().chain(members.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// The data of an act's event: its content, what it cites, and what was decided.
fn act_schema(kind: ActKind) -> Value {
    let mut generator = generator();
    let mut properties = Map::new();
    let mut property = |name: &str, schema: schemars::Schema| {
        properties.insert(name.to_owned(), schema.to_value());
    };
    property("content", kind.content_schema(&mut generator));
    property("document", generator.subschema_for::<DocumentRef>());
    property("materials", generator.subschema_for::<Vec<Material>>());
    property("archive", generator.subschema_for::<Archive>());
    property("override", generator.subschema_for::<Override>());
    property("effects", generator.subschema_for::<Effects>());
    property("findings", generator.subschema_for::<Vec<Finding>>());
    property("unsettles", generator.subschema_for::<Vec<String>>());
    let definitions = generator.take_definitions(true);
    if kind == ActKind::Correct {
        properties.insert("mended".to_owned(), mended());
    }
    json!({
        "type": "object",
        "properties": properties,
        "required": ["content", "effects"],
        "additionalProperties": false,
        "$defs": definitions,
    })
}

/// The name of an act, whichever there are.
fn any_kind() -> Value {
    json!({ "description": "An act's name.", "type": "string" })
}

/// An act as a correction states it.
fn any_act() -> Value {
    json!({
        "description": "An act with its content, which has the form of `content` in the schema of the event type that the act becomes.",
        "type": "object",
        "properties": {
            "act": { "description": "The act's name.", "type": "string" },
            "content": { "type": "object" }
        },
        "required": ["act", "content"]
    })
}

fn mended() -> Value {
    json!({
        "description": "The event that stands in the corrected one's place; absent: it is annulled. `fact` has the form of the event type that `act` becomes.",
        "type": "object",
        "properties": {
            "act": { "description": "The act's name.", "type": "string" },
            "fact": { "type": "object", "required": ["content", "effects"] },
            "effective_on": { "description": "A civil date, EDTF subset.", "type": "string" },
            "decided_on": { "description": "A civil date, EDTF subset.", "type": "string" },
            "received_on": { "description": "A day.", "type": "string" }
        },
        "required": ["act", "fact", "effective_on"],
        "additionalProperties": false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// None has the acts that there are, which another act would change.
    #[test]
    fn no_schema_knows_which_acts_there_are() {
        for (file, schema) in event_schemas() {
            let text = schema.to_string();
            let is_named = |kind: &&ActKind| text.contains(&format!("\"{}\"", kind.as_str()));
            let named = ActKind::ALL.iter().filter(is_named).count();
            assert!(named < 3, "{file} names {named} acts");
        }
    }

    #[test]
    fn what_is_referred_to_is_published() {
        let schemas = event_schemas();
        for (file, schema) in &schemas {
            let mut open = vec![schema];
            while let Some(part) = open.pop() {
                match part {
                    Value::Object(members) => open.extend(members.values()),
                    Value::Array(items) => open.extend(items),
                    Value::String(at) if at.ends_with(".json") && !at.starts_with('/') => {
                        assert!(schemas.contains_key(at), "{file} refers to {at}");
                    }
                    _ => {}
                }
            }
        }
        let effects = schemas["Applied.v1.json"]["properties"]["effects"].to_string();
        assert_eq!(effects, r#"{"$ref":"effects.v1.json"}"#);
    }
}
