//! The JSON Schema (2020-12) of every event type, made from the types. Committed under
//! `schemas/events`; a published one never changes, a new shape is a new version.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::domain::act::{ActKind, DocumentRef, Material, Override};
use crate::domain::event::{
    ApprovalAbandoned, Effects, Finding, MeasureSucceeded, ObligationLapsed,
};
use crate::domain::logbook::{
    CalendarAdopted, ClockConfirmed, LogCreated, LossAccepted, MeasureAdopted,
};
use crate::domain::quota::{PlaceReserved, PlacesRestated, ReservationReleased};
use crate::domain::subject::{Registration, Renaming};

/// The schemas by file name, `<Type>.v<version>.json`.
pub fn event_schemas() -> BTreeMap<String, Value> {
    let mut schemas = BTreeMap::new();
    for kind in ActKind::ALL {
        let name = kind.event_type();
        schemas.insert(file(name), act_schema(*kind));
    }
    own::<ApprovalAbandoned>("ApprovalAbandoned", &mut schemas);
    own::<ObligationLapsed>("ObligationLapsed", &mut schemas);
    own::<MeasureSucceeded>("MeasureSucceeded", &mut schemas);
    own::<Registration>("SubjectRegistered", &mut schemas);
    own::<Renaming>("SubjectRenamed", &mut schemas);
    own::<PlaceReserved>("PlaceReserved", &mut schemas);
    own::<ReservationReleased>("ReservationReleased", &mut schemas);
    own::<PlacesRestated>("PlacesRestated", &mut schemas);
    own::<LogCreated>("LogCreated", &mut schemas);
    own::<LossAccepted>("LossAccepted", &mut schemas);
    own::<ClockConfirmed>("ClockConfirmed", &mut schemas);
    own::<MeasureAdopted>("MeasureAdopted", &mut schemas);
    own::<CalendarAdopted>("CalendarAdopted", &mut schemas);
    schemas
}

fn file(event_type: &str) -> String {
    format!("{event_type}.v{}.json", super::SCHEMA_VERSION)
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().into_generator()
}

fn head(event_type: &str) -> Map<String, Value> {
    let mut schema = Map::new();
    let id = format!("/schemas/events/{}", file(event_type));
    schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("$id".to_owned(), json!(id));
    schema.insert("title".to_owned(), json!(event_type));
    schema
}

fn own<T: JsonSchema>(event_type: &str, schemas: &mut BTreeMap<String, Value>) {
    let root = generator().into_root_schema_for::<T>();
    let mut schema = head(event_type);
    if let Value::Object(members) = root.to_value() {
        for (name, value) in members {
            schema.entry(name).or_insert(value);
        }
    }
    schemas.insert(file(event_type), Value::Object(schema));
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
    property("override", generator.subschema_for::<Override>());
    property("effects", generator.subschema_for::<Effects>());
    property("findings", generator.subschema_for::<Vec<Finding>>());
    property("unsettles", generator.subschema_for::<Vec<String>>());
    if kind == ActKind::Correct {
        properties.insert("mended".to_owned(), mended());
    }
    let mut schema = head(kind.event_type());
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), Value::Object(properties));
    schema.insert("required".to_owned(), json!(["content", "effects"]));
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema.insert("$defs".to_owned(), Value::Object(generator.take_definitions(true)));
    Value::Object(schema)
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
