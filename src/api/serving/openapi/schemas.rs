//! The schemas of types by their names: of what is sent, where a member with a default may be left out,
//! and of what is answered, where it is always there.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// Where the document has them.
const PLACE: &str = "#/components/schemas/";
/// Where those of what is answered are until they have their names.
const ANSWERED: &str = "#/components/answered/";

/// The types met so far.
pub struct Schemas {
    /// Of what is sent.
    pub sent: SchemaGenerator,
    /// Of what is answered.
    pub answered: SchemaGenerator,
}

impl Schemas {
    /// None yet.
    pub fn new() -> Self {
        let at = |place: &str| {
            let mut settings = SchemaSettings::draft2020_12();
            settings.definitions_path =
                place.trim_start_matches('#').trim_end_matches('/').to_owned().into();
            settings
        };
        Self {
            sent: at(PLACE).into_generator(),
            answered: at(ANSWERED).for_serialize().into_generator(),
        }
    }

    /// Every type by its name. One that is answered otherwise than it is sent has two names; what
    /// refers to types that are answered gets to know these.
    pub fn named(mut self, paths: &mut Value) -> Map<String, Value> {
        let mut named = self.sent.take_definitions(true);
        let mut answered = Value::Object(self.answered.take_definitions(true));
        let of_answers = |name: &str| match (named.get(name), answered.get(name)) {
            (Some(sent), Some(found)) if !is_alike(sent, found) => format!("{name}Answered"),
            _ => name.to_owned(),
        };
        let names: Map<String, Value> = answered
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| (name.clone(), Value::String(of_answers(name))))
            .collect();
        let name_of = |name: &str| names.get(name).and_then(Value::as_str).unwrap_or_default();
        refer(paths, &name_of);
        refer(&mut answered, &name_of);
        if let Value::Object(answered) = answered {
            named.extend(answered.into_iter().map(|(name, s)| (name_of(&name).to_owned(), s)));
        }
        named
    }
}

/// Whether two say the same, wherever what they refer to stands.
fn is_alike(sent: &Value, answered: &Value) -> bool {
    sent.to_string() == answered.to_string().replace(ANSWERED, PLACE)
}

/// Has references to what is answered name it as it is named in the end.
fn refer<'n>(value: &mut Value, name_of: &impl Fn(&str) -> &'n str) {
    match value {
        Value::Object(members) => {
            for (member, value) in members {
                match value {
                    Value::String(at) if member == "$ref" => {
                        if let Some(name) = at.strip_prefix(ANSWERED) {
                            *at = format!("{PLACE}{}", name_of(name));
                        }
                    }
                    value => refer(value, name_of),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| refer(item, name_of)),
        _ => {}
    }
}
