//! A form made from the schema of an act, and the act made from the form.

use maud::{Markup, html};
use serde_json::{Map, Value};

use super::asking::Page;
use crate::domain::ids::Language;
use crate::domain::words;
use crate::views::spoken::spoken;

/// How deep members are asked for one by one; what lies deeper is written as JSON.
const DEEPEST: usize = 2;

/// What is typed into a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// Yes or no.
    Flag,
    /// A text on each line.
    Lines,
    /// `id: text` on each line.
    Pairs,
    /// JSON.
    Json,
}

/// A field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its path, with dots.
    pub name: String,
    /// What is typed.
    pub kind: Kind,
    /// Whether it must be filled.
    pub required: bool,
    /// What it is, from the schema.
    pub says: String,
}

/// The fields of an act, by its schema in the interface's own description.
pub fn fields(openapi: &Value, act: &str) -> Vec<Field> {
    let mut fields = Vec::new();
    let schema = &openapi["components"]["schemas"][format!("act_{act}")];
    members(openapi, schema, "", true, 0, &mut fields);
    fields.retain(|field| field.name != "act");
    // What every act has comes after what it says, but for its day.
    fields.sort_by_key(|field| {
        (field.name != "effective_on", !field.required, field.name.contains('.'))
    });
    fields
}

/// A schema, or the one that a reference means, whether it may be null or not.
fn resolved<'v>(openapi: &'v Value, schema: &'v Value) -> &'v Value {
    let named = |name: &str| {
        let name = name.rsplit('/').next().unwrap_or(name);
        &openapi["components"]["schemas"][name]
    };
    if let Some(reference) = schema["$ref"].as_str() {
        return named(reference);
    }
    let options = schema["anyOf"].as_array().map_or(&[][..], Vec::as_slice);
    match options.iter().find(|option| option["type"] != "null") {
        Some(option) => option["$ref"].as_str().map_or(option, named),
        None => schema,
    }
}

fn members(
    openapi: &Value,
    schema: &Value,
    above: &str,
    required: bool,
    depth: usize,
    fields: &mut Vec<Field>,
) {
    let needed = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
    let Some(properties) = schema["properties"].as_object() else { return };
    for (name, property) in properties {
        let is_needed = required && needed.iter().any(|one| one == name);
        let is = resolved(openapi, property);
        let path = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        if is["properties"].is_object() && depth + 1 < DEEPEST {
            members(openapi, is, &path, is_needed, depth + 1, fields);
            continue;
        }
        let says = property["description"].as_str().unwrap_or_default().to_owned();
        fields.push(Field { name: path, kind: kind_of(is), required: is_needed, says });
    }
}

fn kind_of(schema: &Value) -> Kind {
    let is = |name: &str| {
        schema["type"] == name
            || schema["type"].as_array().is_some_and(|types| types.iter().any(|one| one == name))
    };
    if is("string") || schema["enum"].is_array() || schema["oneOf"].is_array() {
        Kind::Text
    } else if is("integer") {
        Kind::Number
    } else if is("boolean") {
        Kind::Flag
    } else if is("array") && schema["items"]["type"] == "string" {
        Kind::Lines
    } else if schema["additionalProperties"]["type"] == "string" {
        Kind::Pairs
    } else {
        Kind::Json
    }
}

/// The act that was typed; the field that can't be read, otherwise.
///
/// # Errors
/// The name of the field.
pub fn act(name: &str, fields: &[Field], typed: &[(String, String)]) -> Result<Value, String> {
    let mut act = Map::new();
    act.insert("act".to_owned(), name.into());
    for field in fields {
        let value = typed.iter().find(|(known, _)| *known == field.name);
        let Some((_, text)) = value.filter(|(_, text)| !text.is_empty()) else { continue };
        let value = value_of(field.kind, text).ok_or_else(|| field.name.clone())?;
        put(&mut act, &field.name, value);
    }
    Ok(Value::Object(act))
}

fn value_of(kind: Kind, text: &str) -> Option<Value> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    Some(match kind {
        Kind::Text => text.into(),
        Kind::Number => text.parse::<i64>().ok()?.into(),
        Kind::Flag => (text == "true").into(),
        Kind::Lines => lines().map(Value::from).collect(),
        Kind::Pairs => {
            let pairs = lines().map(|line| line.split_once([':', '：']));
            let pairs =
                pairs.map(|pair| pair.map(|(id, text)| (id.trim().to_owned(), text.trim().into())));
            Value::Object(pairs.collect::<Option<Map<_, _>>>()?)
        }
        Kind::Json => serde_json::from_str(text).ok()?,
    })
}

fn put(into: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            into.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = into.entry(first).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// What a field is called.
pub fn label(field: &Field, language: Language) -> String {
    let pointer = format!("/{}", field.name.replace('.', "/"));
    match (language, words::member(&pointer)) {
        (Language::Zh, Some(label)) => label,
        _ => words::capital(&field.name.replace('.', ": ").replace('_', " ")),
    }
}

/// The id of what is typed into.
pub fn id(field: &Field) -> String {
    format!("f-{}", field.name)
}

/// A field with what was typed, and what is wrong with it.
pub fn shown(page: &Page, field: &Field, typed: &str, wrong: Option<&str>) -> Markup {
    let (name, says) = (field.name.as_str(), field.says.as_str());
    let (id, hint, error) = (id(field), format!("h-{name}"), format!("e-{name}"));
    let invalid = wrong.map(|_| "true");
    let described = match wrong {
        Some(_) => format!("{error} {hint}"),
        None => hint.clone(),
    };
    html! {
        div.field.wrong[wrong.is_some()] {
            label for=(id) { (label(field, page.language)) @if field.required { " " span.quiet { (page.say("(needed)", "（必填）")) } } }
            @if let Some(wrong) = wrong { p.alarm id=(error) { (wrong) } }
            @match field.kind {
                Kind::Flag => select id=(id) name=(name) aria-describedby=(described) aria-invalid=[invalid] {
                    option value="" { "–" }
                    option value="true" selected[typed == "true"] { (page.say("yes", "是")) }
                    option value="false" selected[typed == "false"] { (page.say("no", "否")) }
                },
                Kind::Lines | Kind::Pairs | Kind::Json =>
                    textarea id=(id) name=(name) rows="3" aria-describedby=(described) aria-invalid=[invalid] { (typed) },
                Kind::Number =>
                    input id=(id) name=(name) inputmode="numeric" size="10" value=(typed) aria-describedby=(described) aria-invalid=[invalid];,
                Kind::Text if is_long(name) =>
                    textarea id=(id) name=(name) rows="3" required[field.required] aria-describedby=(described) aria-invalid=[invalid] { (typed) },
                Kind::Text =>
                    input id=(id) name=(name) size="40" value=(typed) required[field.required] aria-describedby=(described) aria-invalid=[invalid];,
            }
            p.quiet id=(hint) {
                @if page.language == Language::En { (spoken(says.split("\n\n").next().unwrap_or_default(), page.language)) " " }
                @match field.kind {
                    Kind::Lines => (page.say("One on each line.", "每行一项。")),
                    Kind::Pairs => (page.say("On each line: id: text.", "每行一项，写作“代码：内容”。")),
                    Kind::Json => (page.say("As JSON, in the form of the interface.", "以接口格式的 JSON 填写。")),
                    Kind::Text | Kind::Number | Kind::Flag => "",
                }
            }
        }
    }
}

fn is_long(name: &str) -> bool {
    ["reason", "findings", "text", "opinion", "summary", "source", "justification"]
        .iter()
        .any(|long| name.ends_with(long))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn described() -> Value {
        json!({"components": {"schemas": {
            "act_x": {"required": ["act", "effective_on"], "properties": {
                "act": {"const": "x"}, "effective_on": {"type": "string"}, "year": {"type": ["integer", "null"]},
                "document": {"anyOf": [{"$ref": "#/components/schemas/Doc"}, {"type": "null"}]},
                "drawn": {"type": "array", "items": {"type": "string"}},
                "indicators": {"type": "object", "additionalProperties": {"type": "string"}},
                "materials": {"type": "array", "items": {"$ref": "#/components/schemas/Doc"}},
            }},
            "Doc": {"required": ["title"], "properties": {"title": {"type": "string"}}},
        }}})
    }

    #[test]
    fn an_act_is_what_was_typed() {
        let fields = fields(&described(), "x");
        assert_eq!(fields[0].name, "effective_on");
        let needed: Vec<_> =
            fields.iter().filter(|field| field.required).map(|field| field.name.as_str()).collect();
        assert_eq!(needed, ["effective_on"], "a document that is not given needs no title");
        let typed = [
            ("effective_on", "2016-01-01"),
            ("year", "2015"),
            ("document.title", "A title"),
            ("drawn", "a\n\n b "),
            ("indicators", "patents: 12\n标准：3"),
            ("materials", "[]"),
        ];
        let typed: Vec<_> = typed.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        assert_eq!(
            act("x", &fields, &typed).unwrap(),
            json!({
                "act": "x", "effective_on": "2016-01-01", "year": 2015, "document": {"title": "A title"}, "drawn": ["a", "b"],
                "indicators": {"patents": "12", "标准": "3"}, "materials": [],
            })
        );
        let bad = [("year".to_owned(), "soon".to_owned())];
        assert_eq!(act("x", &fields, &bad).unwrap_err(), "year");
    }
}
