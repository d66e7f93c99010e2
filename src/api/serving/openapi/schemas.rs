//! The schemas of types by their names: of what is sent, where a member with a default may be left out,
//! and of what is answered, where it is always there.

use std::collections::BTreeSet;

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

    /// Every type by its name. One that is answered otherwise than it is sent has two names, and so have
    /// those that refer to it; what refers to types that are answered gets to know these.
    pub fn named(mut self, paths: &mut Value) -> Map<String, Value> {
        let mut named = self.sent.take_definitions(true);
        let answered = self.answered.take_definitions(true);
        let mut apart = BTreeSet::new();
        loop {
            let is_apart = |(name, found): &(&String, &Value)| {
                let differs = named.get(*name).is_some_and(|sent| {
                    let mut found = (*found).clone();
                    refer(&mut found, &mut |name| with_name(name, &apart));
                    found != *sent
                });
                differs && !apart.contains(*name)
            };
            let more: Vec<String> =
                answered.iter().filter(is_apart).map(|(name, _)| name.clone()).collect();
            if more.is_empty() {
                break;
            }
            apart.extend(more);
        }
        refer(paths, &mut |name| with_name(name, &apart));
        for (name, mut schema) in answered {
            refer(&mut schema, &mut |name| with_name(name, &apart));
            named.insert(with_name(&name, &apart), schema);
        }
        named
    }
}

fn with_name(name: &str, apart: &BTreeSet<String>) -> String {
    let end = if apart.contains(name) { "Answered" } else { "" };
    format!("{name}{end}")
}

/// Has references to what is answered name it as it is named in the end.
fn refer(value: &mut Value, name_of: &mut impl FnMut(&str) -> String) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use schemars::JsonSchema;
    use serde_json::json;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Given {
        #[schemars(default)]
        count: u32,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Around {
        given: Given,
    }

    #[test]
    fn what_is_answered_otherwise_than_sent_has_a_name_of_its_own() {
        let mut schemas = Schemas::new();
        let sent = schemas.sent.subschema_for::<Around>().to_value();
        let answered = schemas.answered.subschema_for::<Around>().to_value();
        let plain = schemas.answered.subschema_for::<u32>().to_value();
        let mut paths = json!([sent, answered, plain]);
        let named = schemas.named(&mut paths);
        assert_eq!(paths[0]["$ref"], "#/components/schemas/Around");
        assert_eq!(paths[1]["$ref"], "#/components/schemas/AroundAnswered");
        let given = &named["AroundAnswered"]["properties"]["given"];
        assert_eq!(given["$ref"], "#/components/schemas/GivenAnswered");
        assert_eq!(named["GivenAnswered"]["required"], json!(["count"]));
        assert_eq!(named["Given"].get("required"), None);
    }
}
