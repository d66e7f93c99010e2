//! Which kind of value each member of a line has, out of the schemas by which lines are read.

use std::collections::HashMap;

use schemars::SchemaGenerator;
use serde_json::Value;

use crate::app::IndicatorCorrection;
use crate::domain::act::{ActKind, Common};
use crate::domain::indicator::Observation;
use crate::domain::subject::Registration;
use crate::import::line::{CORRECT_INDICATOR, RECORD_INDICATOR, REGISTER};

/// What a member's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Integer,
    Number,
    Flag,
    List,
    Object,
}

/// The schemas of all acts, what is common to them, and what lines say in a member of its own.
pub struct Kinds {
    definitions: Value,
    common: Value,
    members: [(&'static str, Value); 3],
    acts: HashMap<&'static str, Value>,
}

/// The members that are the line's own, and no part of what it records.
const OF_LINES: [(&str, Kind); 5] = [
    ("program", Kind::Text),
    ("subject", Kind::Text),
    ("for_the_program", Kind::Flag),
    ("key", Kind::Text),
    ("act", Kind::Text),
];

impl Default for Kinds {
    fn default() -> Self {
        let mut generator = SchemaGenerator::default();
        let common = generator.subschema_for::<Common>().to_value();
        let members = [
            (REGISTER, generator.subschema_for::<Registration>().to_value()),
            (RECORD_INDICATOR, generator.subschema_for::<Observation>().to_value()),
            (CORRECT_INDICATOR, generator.subschema_for::<IndicatorCorrection>().to_value()),
        ];
        let of = |kind: &ActKind| {
            let schema = kind.content_schema(&mut generator).to_value();
            (kind.as_str(), schema)
        };
        let acts = ActKind::ALL.iter().map(of).collect();
        let definitions = Value::Object(generator.take_definitions(false));
        Self { definitions, common, members, acts }
    }
}

impl Kinds {
    /// Whether any line has a member there.
    pub fn knows(&self, path: &[String]) -> bool {
        self.in_all(path).is_some()
            || self.acts.values().any(|schema| self.find(schema, path).is_some())
    }

    /// What stands there in a line of an act.
    pub fn of(&self, act: Option<&str>, path: &[String]) -> Kind {
        let content = act.and_then(|act| self.acts.get(act));
        let found = self.in_all(path).or_else(|| self.find(content?, path));
        found.unwrap_or(Kind::Text)
    }

    fn in_all(&self, path: &[String]) -> Option<Kind> {
        if path == ["document", "file"] {
            return Some(Kind::Text);
        }
        let own = OF_LINES.iter().find(|(name, _)| path == [*name]).map(|(_, kind)| *kind);
        own.or_else(|| {
            let (first, rest) = path.split_first()?;
            match self.members.iter().find(|(member, _)| first == member) {
                Some((member, _)) if *member != REGISTER && rest == ["division"] => {
                    Some(Kind::Text)
                }
                Some((_, schema)) => self.find(schema, rest),
                None => self.find(&self.common, path),
            }
        })
    }

    fn find(&self, schema: &Value, path: &[String]) -> Option<Kind> {
        let schema = self.resolved(schema);
        let forms = ["anyOf", "oneOf", "allOf"].map(|name| schema[name].as_array());
        let mut forms = forms.into_iter().flatten().flatten();
        let Some((first, rest)) = path.split_first() else {
            return kind(schema).or_else(|| forms.find_map(|form| self.find(form, path)));
        };
        match schema["properties"].get(first.as_str()) {
            Some(member) => self.find(member, rest).or(rest.is_empty().then_some(Kind::Text)),
            None => forms.find_map(|form| self.find(form, path)),
        }
    }

    fn resolved<'a>(&'a self, mut schema: &'a Value) -> &'a Value {
        while let Some(name) = schema["$ref"].as_str().and_then(|at| at.rsplit('/').next()) {
            schema = &self.definitions[name];
        }
        schema
    }
}

fn kind(schema: &Value) -> Option<Kind> {
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        Value::String(one) => vec![one.as_str()],
        _ => Vec::new(),
    };
    types.into_iter().find_map(|name| {
        Some(match name {
            "string" => Kind::Text,
            "integer" => Kind::Integer,
            "number" => Kind::Number,
            "boolean" => Kind::Flag,
            "array" => Kind::List,
            "object" => Kind::Object,
            _ => return None,
        })
    })
}
