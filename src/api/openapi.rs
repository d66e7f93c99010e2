//! The OpenAPI 3.1 document, made from the table of routes and the types of the answers.

use std::sync::OnceLock;

use actix_web::HttpResponse;
use actix_web::http::header;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::answer::REVALIDATE;
use super::call::{Answered, Call};
use super::etag;
use super::events;
use super::negotiate::media_of;
use super::problem::{Code, Language};
use super::route::{Body, Route, Shape, Verb};
use super::routes::ROUTES;
use crate::domain::act::{ActKind, Common};

/// The document as text, as it is served and kept in `schemas/openapi.json`.
pub fn openapi_json() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let mut text = serde_json::to_string_pretty(&document()).unwrap_or_default();
        text.push('\n');
        text
    })
}

/// Answers the document.
///
/// # Errors
/// None.
pub async fn get_openapi(call: Call) -> Answered {
    static TAG: OnceLock<String> = OnceLock::new();
    let tag = TAG.get_or_init(|| {
        format!("\"{}\"", &crate::codec::sha256_hex(openapi_json().as_bytes())[..32])
    });
    if etag::unchanged(&call.http, tag) {
        return Ok(etag::not_modified(tag, REVALIDATE, None));
    }
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .insert_header((header::CACHE_CONTROL, REVALIDATE))
        .insert_header((header::ETAG, tag.as_str()))
        .body(openapi_json()))
}

/// The schema of an act's body: its name, the members common to all acts, and those of its
/// content, in one object for each act.
pub fn act_schema(generator: &mut SchemaGenerator) -> Schema {
    let common = generator.subschema_for::<Common>();
    let common = resolved(generator, &common);
    let mut kinds = Vec::new();
    let mut mapping = Map::new();
    for kind in ActKind::ALL {
        let name = kind.as_str();
        let content = kind.content_schema(generator);
        let content = resolved(generator, &content);
        let address = format!("#/components/schemas/act_{name}");
        let definitions = generator.definitions_mut();
        definitions.insert(format!("act_{name}"), merged(name, &common, &content));
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

fn merged(name: &str, common: &Value, content: &Value) -> Value {
    let mut properties = Map::new();
    properties.insert("act".to_owned(), json!({ "const": name }));
    let mut required = vec![json!("act")];
    for part in [common, content] {
        let members = part.get("properties").and_then(Value::as_object);
        properties.extend(members.cloned().unwrap_or_default());
        required
            .extend(part.get("required").and_then(Value::as_array).cloned().unwrap_or_default());
    }
    json!({
        "type": "object",
        "description": content.get("description"),
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn document() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for route in ROUTES {
        let methods = paths.entry(route.path).or_insert_with(|| json!({}));
        let method = match route.verb {
            Verb::Get => "get",
            Verb::Post => "post",
            Verb::Patch => "patch",
            Verb::Delete => "delete",
        };
        methods[method] = operation(route, &mut generator);
    }
    let mut schemas = generator.take_definitions(true);
    schemas.insert("Problem".to_owned(), problem_schema());
    schemas.insert("CloudEvent".to_owned(), events::cloud_event_schema());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Docket",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "The official record of government IP programs. 政府知识产权项目的正式档案。",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
            },
        },
    })
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let mut operation = json!({
        "operationId": route.operation,
        "summary": route.en,
        "description": format!("{}\n\n{}", route.zh, who(route)),
        "parameters": parameters(route),
        "responses": responses(route, generator),
        "x-roles": route.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>(),
    });
    if !route.roles.is_empty() {
        operation["security"] = json!([{ "bearer": [] }]);
    }
    let content = match route.body {
        Body::None => return operation,
        Body::Json(schema) => json!({ "application/json": { "schema": schema(generator) } }),
        Body::Bytes => json!({ "*/*": { "schema": { "type": "string", "format": "binary" } } }),
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
    let mut parameters = Vec::new();
    let text = json!({ "type": "string" });
    for part in route.path.split('/').filter_map(|part| part.strip_prefix('{')) {
        let name = part.trim_end_matches('}');
        parameters.push(json!({ "name": name, "in": "path", "required": true, "schema": text }));
    }
    for parameter in route.query {
        parameters.push(json!({
            "name": parameter.name, "in": "query", "required": false, "schema": text,
            "description": format!("{} {}", parameter.en, parameter.zh),
        }));
    }
    let mut header = |name: &str, required: bool, en: &str| {
        parameters.push(json!({
            "name": name, "in": "header", "required": required, "schema": text, "description": en,
        }));
    };
    header("Accept-Language", false, "zh-CN (default) or en.");
    if route.operation == "list_events" {
        header("Last-Event-ID", false, "The sequence (or id) of the last event that was read.");
        header("Prefer", false, "`wait=<seconds>`: where there is no event yet, wait for one.");
    }
    if route.problems.contains(&Code::IdempotencyKeyMissing) {
        header(
            "Idempotency-Key",
            true,
            "One for each act, the same for a retry; at most 128 printable characters. Kept as long as the log.",
        );
    }
    if route.problems.contains(&Code::PreconditionRequired) {
        header("If-Match", false, "The tag that was seen, or * for whatever it is.");
        header("If-None-Match", false, "* for the act that opens an enrollment.");
    } else if route.verb == Verb::Get {
        header("If-None-Match", false, "The tag that is kept: 304 where it still holds.");
    }
    parameters
}

/// What any route can be answered with, besides its own.
fn common_problems(route: &Route) -> Vec<Code> {
    let mut codes = vec![
        Code::UnknownParameter,
        Code::MalformedRequest,
        Code::NotFound,
        Code::MethodNotAllowed,
        Code::NotAcceptable,
        Code::UriTooLong,
        Code::HeadersTooLarge,
        Code::RequestTimeout,
        Code::Starting,
        Code::EventStoreUnavailable,
        Code::LogIntegrityFailure,
        Code::Starting,
        Code::InternalError,
    ];
    if !route.roles.is_empty() {
        let limited = [Code::RateLimited, Code::ServerBusy];
        codes.extend([Code::InvalidToken, Code::RoleForbidden].into_iter().chain(limited));
    }
    match route.body {
        Body::None => {}
        Body::Json(_) => codes.extend([Code::PayloadTooLarge, Code::UnsupportedMediaType]),
        Body::Bytes => codes.push(Code::PayloadTooLarge),
    }
    codes
}

/// The problems of a route, each once.
pub fn problems_of(route: &Route) -> Vec<Code> {
    let mut codes = common_problems(route);
    for code in route.problems {
        if !codes.contains(code) {
            codes.push(*code);
        }
    }
    codes
}

fn responses(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let (status, shape) = route.success;
    let schema = match shape {
        Shape::Json(schema) => schema(generator).to_value(),
        Shape::Other(_) | Shape::Nothing => json!({ "type": "string" }),
    };
    let given = match shape {
        Shape::Json(_) => media_of(route).to_vec(),
        Shape::Other(_) if route.operation == "get_export" => super::exports::EVERY_FORM.to_vec(),
        Shape::Other(media) => vec![media],
        Shape::Nothing => Vec::new(),
    };
    let mut content = Map::new();
    for media in given {
        let schema = feed_schema(media).unwrap_or_else(|| schema.clone());
        content.insert(media.to_owned(), json!({ "schema": schema }));
    }
    let mut responses = Map::new();
    let mut success = json!({ "description": route.en });
    if !content.is_empty() {
        success["content"] = Value::Object(content);
    }
    if route.query.iter().any(|parameter| parameter.name == "validate_only") {
        responses.insert("200".to_owned(), success.clone());
    }
    responses.insert(status.to_string(), success);
    if route.verb == Verb::Get {
        let unchanged = json!({ "description": "The tag of If-None-Match still holds." });
        responses.insert("304".to_owned(), unchanged);
    }
    if route.operation == "get_ready" {
        let down = responses["200"].clone();
        responses.insert("503".to_owned(), down);
    }
    for code in problems_of(route) {
        // The same name can come as 412 where the request had stated the precondition.
        let mut statuses = vec![code.status()];
        if code == Code::EnrollmentExists {
            statuses = vec![Code::RevisionConflict.status()];
        }
        for status in statuses {
            add_problem(&mut responses, status.as_u16(), code);
        }
    }
    Value::Object(responses)
}

/// What a feed's other forms hold; pages of JSON have the schema of their route.
fn feed_schema(media: &str) -> Option<Value> {
    let cloud_events =
        json!({ "type": "array", "items": { "$ref": "#/components/schemas/CloudEvent" } });
    match media {
        events::CLOUD_EVENTS => Some(cloud_events),
        events::NDJSON | events::JSONL => {
            Some(json!({ "type": "string", "description": "An `EventView` on each line." }))
        }
        events::EVENT_STREAM => Some(json!({
            "type": "string",
            "description": "For each event `id` (its sequence), `event` (its type) and `data` (a CloudEvent). `caught-up` and `progress` tell the position reached.",
        })),
        _ => None,
    }
}

fn add_problem(responses: &mut Map<String, Value>, status: u16, code: Code) {
    let entry = responses
        .entry(status.to_string())
        .or_insert_with(|| json!({ "description": "", "content": {} }));
    entry["content"]["application/problem+json"] =
        json!({ "schema": { "$ref": "#/components/schemas/Problem" } });
    let said = entry["description"].as_str().unwrap_or_default();
    let name = format!("`{}`: {}", code.name(), code.title(Language::En));
    let described = if said.is_empty() { name } else { format!("{said}; {name}") };
    entry["description"] = Value::String(described);
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
