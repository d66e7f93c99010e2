//! The schema of what records an act: one object for each act.

use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::codec::Named;
use crate::domain::act::{ActKind, Common};

/// The schema of an act's body: its name, the members common to all acts, and those of its
/// content, in one object for each act.
pub fn act_schema(generator: &mut SchemaGenerator) -> Schema {
    let common = generator.subschema_for::<Common>();
    let common = resolved(generator, &common);
    let named = generator.subschema_for::<Named>();
    let named = resolved(generator, &named);
    let mut kinds = Vec::new();
    let mut mapping = Map::new();
    for kind in ActKind::ALL {
        let name = kind.as_str();
        let content = kind.content_schema(generator);
        let content = resolved(generator, &content);
        let address = format!("#/components/schemas/act_{name}");
        let definitions = generator.definitions_mut();
        definitions.insert(format!("act_{name}"), merged(name, [&common, &content, &named]));
        definitions.insert(format!("content_{name}"), content);
        kinds.push(json!({ "$ref": address }));
        mapping.insert(name.to_owned(), Value::String(address));
    }
    let discriminator = json!({ "propertyName": "act", "mapping": mapping });
    let schema = json!({ "oneOf": kinds, "discriminator": discriminator });
    Schema::try_from(schema).unwrap_or_default()
}

/// What a reference stands for.
fn resolved(generator: &SchemaGenerator, schema: &Schema) -> Value {
    let reference = schema.get("$ref").and_then(Value::as_str);
    let name = reference.and_then(|reference| reference.rsplit('/').next());
    let found = name.and_then(|name| generator.definitions().get(name));
    found.cloned().unwrap_or_else(|| schema.clone().to_value())
}

fn merged(name: &str, parts: [&Value; 3]) -> Value {
    let mut properties = Map::new();
    properties.insert("act".to_owned(), json!({ "type": "string", "const": name }));
    let mut required = vec![json!("act")];
    for part in parts {
        let members = part.get("properties").and_then(Value::as_object);
        properties.extend(members.cloned().unwrap_or_default());
        required
            .extend(part.get("required").and_then(Value::as_array).cloned().unwrap_or_default());
    }
    json!({
        "type": "object",
        "description": parts[1].get("description"),
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}
