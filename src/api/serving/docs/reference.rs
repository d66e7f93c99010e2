//! The types of the API for people: what a body and an answer hold, member by member, and one table
//! for each act. Made from the OpenAPI document, so that the two can't differ. Deliberately not
//! here: the page that they stand on.

use std::sync::OnceLock;

use maud::{Markup, html};
use serde_json::Value;

use super::prose::with_code;
use crate::api::asking::reader::Reader;
use crate::api::serving::openapi::openapi_json;
use crate::api::table::route::Route;
use crate::domain::act::ActKind;
use crate::domain::ids::Language;
use crate::views::media::JSON;

/// Which side of a route: what is sent, or what is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The body of the request.
    Body,
    /// The answer where it succeeds.
    Answer,
}

fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| serde_json::from_str(openapi_json()).unwrap_or_default())
}

/// The type of a route's body or answer, as a link to its members.
pub fn type_of_route(reader: &Reader, route: &Route, side: Side) -> Markup {
    let schema = schema_of(route, side);
    html! { @match (schema.is_null(), schema.get("oneOf").is_some()) {
        (true, _) => "",
        (_, true) => { a href=(reader.link("/docs/acts")) { "act" } },
        _ => (type_of(reader, schema)),
    } }
}

fn schema_of(route: &Route, side: Side) -> &'static Value {
    let verb = route.verb.as_str().to_ascii_lowercase();
    let operation = &document()["paths"][route.path][verb];
    let content = match side {
        Side::Body => &operation["requestBody"]["content"],
        Side::Answer => &operation["responses"][route.success.0.to_string()]["content"],
    };
    &content["application/json"]["schema"]
}

/// The members that a route's answer must have, where JSON is its first form.
pub fn members_of_answer(route: &Route) -> Vec<&'static str> {
    if route.gives.first() != Some(&JSON) {
        return Vec::new();
    }
    let schema = schema_of(route, Side::Answer);
    let name = schema["$ref"].as_str().and_then(|at| at.rsplit('/').next());
    let schema = name.map_or(schema, |name| &document()["components"]["schemas"][name]);
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// How an act is recorded: each act with its members.
pub fn acts(reader: &Reader) -> Markup {
    let schemas = &document()["components"]["schemas"];
    let described =
        |kind: ActKind| schemas[format!("act_{}", kind.as_str())]["description"].as_str();
    html! {
        h1 { (reader.say("Acts", "行为")) }
        p.lead { (reader.say(
            "The body of record_act is one object: the act's name, its own members, and those that every act has; * marks what is required. It opens an enrollment with If-None-Match: *, and acts on one with If-Match.",
            "record_act 的请求体为一个对象：行为名称、其自身成员以及各行为共有的成员；* 为必填。首次申报携带 If-None-Match: *，其后携带 If-Match。"
        )) " " a href=(reader.link("/docs/types#type-Common")) { "Common" } " · "
            a href=(reader.link("/docs/enrollments#record_act")) { (reader.say("an example that runs", "可运行的示例")) } }
        @for kind in ActKind::ALL {
            h2 id={ "act-" (kind.as_str()) } { code { (kind.as_str()) } " "
                span.quiet { (kind.label().get(reader.language)) } }
            p lang="en" { (with_code(described(*kind).unwrap_or_default(), Language::En)) }
            (members(reader, &schemas[format!("content_{}", kind.as_str())]))
        }
    }
}

/// Every type with its members.
pub fn types(reader: &Reader) -> Markup {
    let schemas = document()["components"]["schemas"].as_object();
    let named = schemas.into_iter().flatten();
    html! {
        h1 { (reader.say("Types", "类型")) }
        p.lead { (reader.say(
            "What bodies and answers are made of, as in the OpenAPI document.",
            "请求体与答复的组成，与 OpenAPI 文档一致；各成员的说明为英文。"
        )) }
        @for (name, schema) in named.filter(|(name, _)| !of_one_act(name)) {
            h2 id={ "type-" (name) } { code { (name) } }
            p lang="en" { (with_code(schema["description"].as_str().unwrap_or_default(), Language::En)) }
            (members(reader, schema))
        }
    }
}

/// The types that are shown with the act that they belong to.
fn of_one_act(name: &str) -> bool {
    name == "Act" || name.starts_with("act_") || name.starts_with("content_")
}

fn members(reader: &Reader, schema: &Value) -> Markup {
    let properties = schema["properties"].as_object();
    let required = schema["required"].as_array();
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|n| n == name));
    html! {
        @if let Some(properties) = properties { @if !properties.is_empty() {
            div.scroll tabindex="0" { table.fixed.slim { @for (name, schema) in properties {
                tr {
                    th scope="row" { code { (name) } @if is_required(name) { " *" } }
                    td.w3.quiet lang="en" { (type_of(reader, schema)) }
                    td lang="en" { (with_code(schema["description"].as_str().unwrap_or_default(), Language::En)) }
                }
            } } }
        } } @else { p.quiet lang="en" { (type_of(reader, schema)) } }
    }
}

fn type_of(reader: &Reader, schema: &Value) -> Markup {
    if let Some(name) = schema["$ref"].as_str().and_then(|at| at.rsplit('/').next()) {
        let at = match name {
            "Act" => "/docs/acts".to_owned(),
            name => format!("/docs/types#type-{name}"),
        };
        return html! { a href=(reader.link(&at)) { (name) } };
    }
    if let Some(choices) = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array()) {
        let choices = choices.iter().filter(|choice| choice["type"] != "null");
        return html! { @for (n, choice) in choices.enumerate() {
            @if n > 0 { " | " } (type_of(reader, choice))
        } };
    }
    if let Some(only) = schema["const"].as_str() {
        return html! { code { (only) } };
    }
    if let Some(values) = schema["enum"].as_array() {
        let values = values.iter().filter_map(Value::as_str).collect::<Vec<_>>();
        return html! { (values.join(" | ")) };
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        Value::String(one) => vec![one.as_str()],
        _ => Vec::new(),
    };
    let inner = if types.contains(&"array") {
        &schema["items"]
    } else {
        schema.get("additionalProperties").filter(|of| of.is_object()).unwrap_or(&Value::Null)
    };
    let types = types.into_iter().filter(|name| *name != "null").collect::<Vec<_>>();
    html! { (types.join(" | ")) @if !inner.is_null() { (reader.say(" of ", "，其值为 ")) (type_of(reader, inner)) } }
}
