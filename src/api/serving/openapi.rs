//! The OpenAPI 3.1 document, made from the table of routes and the types of the answers.
//!
//! What must hold: nothing stands here that a row of the table or a type could say, and nothing hangs
//! on the name of an operation.

mod forms;
mod schemas;

use std::sync::OnceLock;

use serde_json::{Map, Value, json};

use crate::api::resources::events;
use crate::api::table::parts::parts_of;
use crate::api::table::route::{Body, Route, Shape};
use crate::api::table::routes::ROUTES;
use crate::domain::ids::Language;
use crate::views::headers::{ACCEPT_LANGUAGE, ALLOW, IF_NONE_MATCH, RETRY_AFTER, WWW_AUTHENTICATE};
use crate::views::media::{OCTETS, PROBLEM};
use crate::views::parameter::Parameter;
use crate::views::problem::Code;
use forms::{form_of, name_choices, of_media, without_booleans};
use schemas::Schemas;

/// The document as text, as it is kept in `schemas/openapi.json`: its server is where it was got from.
pub fn openapi_json() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| openapi_at(""))
}

/// The document of a server by its public address, without a slash at the end.
pub fn openapi_at(public_url: &str) -> String {
    let mut text = serde_json::to_string_pretty(&document(public_url)).unwrap_or_default();
    text.push('\n');
    text
}

fn document(public_url: &str) -> Value {
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    for route in ROUTES {
        let methods = paths.entry(route.path).or_insert_with(|| json!({}));
        methods[route.verb.as_str().to_ascii_lowercase()] = operation(route, &mut schemas);
    }
    let mut paths = Value::Object(paths);
    let mut schemas = schemas.named(&mut paths);
    name_choices(&mut schemas);
    schemas.insert("Problem".to_owned(), problem_schema());
    schemas.insert("CloudEvent".to_owned(), events::cloud_event_schema());
    let server = if public_url.is_empty() { "/" } else { public_url };
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Docket",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "The official record of government IP programs. 政府知识产权项目的正式档案。",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": server }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
            },
        },
    });
    without_booleans(&mut document);
    document
}

fn operation(route: &Route, schemas: &mut Schemas) -> Value {
    let security = if route.roles.is_empty() { json!([]) } else { json!([{ "bearer": [] }]) };
    let mut operation = json!({
        "operationId": route.operation,
        "summary": route.en,
        "description": format!("{}\n\n{}", route.zh, who(route)),
        "parameters": parameters(route),
        "responses": responses(route, schemas),
        "security": security,
        "x-roles": route.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>(),
    });
    let content = match route.body {
        Body::None => return operation,
        Body::Json(schema) => {
            json!({ "application/json": { "schema": schema(&mut schemas.sent) } })
        }
        Body::Bytes => json!({ OCTETS: { "schema": { "type": "string", "format": "binary" } } }),
        Body::File(taken) => {
            let file = json!({ "schema": { "type": "string", "format": "binary" } });
            let each = taken.iter().map(|media| ((*media).to_owned(), file.clone()));
            Value::Object(each.collect())
        }
    };
    operation["requestBody"] = json!({ "required": true, "content": content });
    operation
}

fn who(route: &Route) -> String {
    match route.roles {
        [] => "Without a token.".to_owned(),
        roles => {
            let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
            format!("For {}.", roles.join(", "))
        }
    }
}

fn parameters(route: &Route) -> Vec<Value> {
    let described = |parameter: &Parameter, place: &str| {
        let mut described = json!({
            "name": parameter.name,
            "in": place,
            "required": parameter.required || place == "path",
            "schema": form_of(parameter.kind),
            "description": format!("{} {}", parameter.en, parameter.zh),
        });
        if described["schema"]["type"] == "array" {
            // With commas between.
            (described["style"], described["explode"]) = (json!("form"), json!(false));
        }
        described
    };
    let parts = parts_of(route.path).map(|part| described(part, "path"));
    let query = route.query.iter().map(|parameter| described(parameter, "query"));
    let unchanged = route.is_tagged().then_some(&IF_NONE_MATCH);
    let headers = [&ACCEPT_LANGUAGE].into_iter().chain(route.takes).chain(unchanged);
    parts.chain(query).chain(headers.map(|header| described(header, "header"))).collect()
}

/// Headers of an answer, by their names.
fn headers(sends: &[Parameter]) -> Value {
    let described = |header: &Parameter| {
        let description = format!("{} {}", header.en, header.zh);
        let schema = form_of(header.kind);
        (header.name.to_owned(), json!({ "description": description, "schema": schema }))
    };
    Value::Object(sends.iter().map(described).collect())
}

fn responses(route: &Route, schemas: &mut Schemas) -> Value {
    let (status, shape) = route.success;
    let (own, given) = match shape {
        Shape::Json(schema) => (Some(schema(&mut schemas.answered).to_value()), route.gives),
        Shape::Other | Shape::Nothing => (None, route.gives),
        Shape::Bytes => (None, &[OCTETS][..]),
    };
    let mut content = Map::new();
    for media in given {
        let schema = of_media(media).or_else(|| own.clone()).unwrap_or_else(|| json!({}));
        content.insert((*media).to_owned(), json!({ "schema": schema }));
    }
    let mut success = json!({ "description": route.en });
    if !content.is_empty() {
        success["content"] = Value::Object(content);
    }
    let mut responses = Map::new();
    for status in route.also {
        responses.insert(status.to_string(), success.clone());
    }
    if !route.sends.is_empty() {
        success["headers"] = headers(route.sends);
    }
    responses.insert(status.to_string(), success);
    if route.is_tagged() {
        let description = "The tag of If-None-Match still holds.";
        let headers = headers(route.sends);
        responses
            .insert("304".to_owned(), json!({ "description": description, "headers": headers }));
    }
    for code in route.every_problem() {
        // The same name can come as 412 where the request had stated the precondition.
        let status = match code {
            Code::EnrollmentExists => Code::RevisionConflict.status(),
            _ => code.status(),
        };
        add_problem(&mut responses, status.as_u16(), code);
    }
    Value::Object(responses)
}

fn add_problem(responses: &mut Map<String, Value>, status: u16, code: Code) {
    let entry = responses
        .entry(status.to_string())
        .or_insert_with(|| json!({ "description": "", "content": {} }));
    entry["content"][PROBLEM] = json!({ "schema": { "$ref": "#/components/schemas/Problem" } });
    let said = entry["description"].as_str().unwrap_or_default();
    let name = format!("`{}`: {}", code.name(), code.title(Language::En));
    let described = if said.is_empty() { name } else { format!("{said}; {name}") };
    entry["description"] = Value::String(described);
    let sends = match code {
        Code::InvalidToken => Some(WWW_AUTHENTICATE),
        Code::MethodNotAllowed => Some(ALLOW),
        code => code.retryable().then_some(RETRY_AFTER),
    };
    if let Some(header) = sends {
        entry["headers"][header.name] = headers(&[header])[header.name].take();
    }
}

fn problem_schema() -> Value {
    let names: Vec<String> = Code::ALL.iter().map(|code| code.as_str()).collect();
    json!({
        "type": "object",
        "description": "Problem details (RFC 9457). Further members are described at the address in `type`.",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": { "type": "string", "format": "uri-reference" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
            "instance": { "type": "string", "format": "uri-reference" },
            "code": { "type": "string", "enum": names },
            "trace_id": { "type": "string" },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed() -> Value {
        serde_json::from_str(openapi_json()).unwrap()
    }

    /// `List2` and `HeldView3` said nothing, and were others once a route was added before them.
    #[test]
    fn every_schema_has_a_name_of_its_own() {
        let document = parsed();
        for name in document["components"]["schemas"].as_object().unwrap().keys() {
            let words = name.strip_prefix("act_").or_else(|| name.strip_prefix("content_"));
            let is_act = words.is_some_and(|words| {
                words.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            });
            let is_type = name.starts_with(|first: char| first.is_ascii_uppercase())
                && name.bytes().all(|byte| byte.is_ascii_alphabetic());
            assert!(is_act || is_type, "{name}");
        }
    }

    #[test]
    fn every_part_of_a_path_and_every_row_is_described() {
        for route in ROUTES {
            let parts = route.path.matches('{').count();
            assert_eq!(parts_of(route.path).count(), parts, "{}", route.path);
            let has = |name: &str| route.takes.iter().any(|header| header.name == name);
            let told = |code: Code| route.problems.contains(&code);
            let name = route.operation;
            assert_eq!(has("Idempotency-Key"), told(Code::IdempotencyKeyMissing), "{name}");
            assert_eq!(has("If-Match"), told(Code::PreconditionRequired), "{name}");
            assert_eq!(has("If-Match"), route.records_act, "{name}");
            assert!(route.sends.iter().all(|header| !header.required), "{name}");
        }
    }

    #[test]
    fn the_server_is_the_public_address() {
        let document: Value =
            serde_json::from_str(&openapi_at("https://docket.example/api")).unwrap();
        assert_eq!(document["servers"], json!([{ "url": "https://docket.example/api" }]));
        assert_eq!(parsed()["servers"], json!([{ "url": "/" }]));
    }
}
