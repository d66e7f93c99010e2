//! From the table to handlers: each request is held to its route, in the order of what is cheapest
//! to refuse. Size of head, token, parameters, type and form of the body, role; the rest is the
//! handler's.

use std::future::ready;
use std::time::{Duration, Instant};

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, guard, web};

use super::auth::{Role, Verified};
use super::body;
use super::call::{Answered, Call, parse_query};
use super::metrics::method_of;
use super::outgoing::{Limit, bounded};
use super::problem::{Code, Language, Problem};
use super::route::{Body, Route, Shape, Verb};
use super::routes::ROUTES;
use super::state::ApiState;

/// The longest path and query, in bytes.
const MAX_URI_BYTES: usize = 8 * 1024;
/// The most header names and values, in bytes.
const MAX_HEADER_BYTES: usize = 32 * 1024;
/// The longest that a request can prefer to wait.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What is asked most: addresses are tried one after the other, and none of them fits two paths.
const FIRST: &[&str] =
    &["/v1/enrollments/{program}/{subject}", "/v1/enrollments/{program}/{subject}/acts"];

/// Puts every route of the table into the application.
pub fn configure(config: &mut web::ServiceConfig) {
    let mut done: Vec<&str> = Vec::new();
    let first = ROUTES.iter().filter(|route| FIRST.contains(&route.path));
    for route in first.chain(ROUTES) {
        if done.contains(&route.path) {
            continue;
        }
        done.push(route.path);
        config.service(resource(route.path));
    }
    config.default_service(web::to(unknown_address));
}

fn resource(path: &'static str) -> actix_web::Resource {
    let methods = methods_of(path);
    let mut resource = web::resource(path);
    for (index, route) in ROUTES.iter().enumerate().filter(|(_, route)| route.path == path) {
        let row = Row { index, route, records_acts: route.operation == "record_act" };
        let handle = move |http: HttpRequest, payload: web::Payload, state: web::Data<ApiState>| {
            counted(row, http, payload, state)
        };
        let verb = match route.verb {
            Verb::Get => web::route().guard(guard::Any(guard::Get()).or(guard::Head())),
            Verb::Post => web::post(),
            Verb::Patch => web::patch(),
            Verb::Delete => web::delete(),
        };
        resource = resource.route(verb.to(handle));
    }
    let allow = methods.clone();
    resource.route(web::method(Method::OPTIONS).to(move || options(allow.clone()))).default_service(
        web::to(move |http: HttpRequest, state: web::Data<ApiState>| {
            let refused = method_not_allowed(methods.clone());
            state.requests.count(usize::MAX, method_of(http.method()), &refused, Duration::ZERO);
            ready(refused)
        }),
    )
}

/// A row of the table with what is known of it before any request.
#[derive(Clone, Copy)]
struct Row {
    index: usize,
    route: &'static Route,
    records_acts: bool,
}

/// Answers, and counts how long that took and which acts were refused.
async fn counted(
    row: Row,
    http: HttpRequest,
    payload: web::Payload,
    state: web::Data<ApiState>,
) -> Answered {
    let since = Instant::now();
    let method = method_of(http.method());
    // A verdict that was asked for without the act refuses nothing.
    let records = row.records_acts && !http.query_string().contains("validate_only=true");
    let answered = dispatch(row.route, http, payload, state.clone()).await;
    state.requests.count(row.index, method, &answered, since.elapsed());
    if let (true, Err(problem)) = (records, &answered) {
        state.requests.count_refused(problem.code());
    }
    answered
}

/// The methods that an address takes, for `Allow`.
fn methods_of(path: &str) -> String {
    let mut methods = Vec::new();
    for route in ROUTES.iter().filter(|route| route.path == path) {
        match route.verb {
            Verb::Get => methods.extend(["GET", "HEAD"]),
            Verb::Post => methods.push("POST"),
            Verb::Patch => methods.push("PATCH"),
            Verb::Delete => methods.push("DELETE"),
        }
    }
    methods.push("OPTIONS");
    methods.join(", ")
}

async fn options(allow: String) -> HttpResponse {
    HttpResponse::NoContent().insert_header((header::ALLOW, allow)).finish()
}

fn method_not_allowed(allow: String) -> Answered {
    Err(Problem::new(Code::MethodNotAllowed)
        .detail(format!("this address takes {allow}"))
        .detail_zh(format!("该地址支持 {allow}"))
        .allow(allow))
}

async fn unknown_address(http: HttpRequest, state: web::Data<ApiState>) -> Answered {
    let refused = no_such_address(&http);
    state.requests.count(usize::MAX, method_of(http.method()), &refused, Duration::ZERO);
    refused
}

fn no_such_address(http: &HttpRequest) -> Answered {
    check_head(http)?;
    let path: String = http.path().chars().take(200).collect();
    Err(Problem::new(Code::NotFound)
        .detail(format!("there is no address {path}; see /docs for those that are"))
        .detail_zh(format!("没有地址 {path}；现有地址见 /docs")))
}

async fn dispatch(
    route: &'static Route,
    http: HttpRequest,
    payload: web::Payload,
    state: web::Data<ApiState>,
) -> Answered {
    check_head(&http)?;
    let verified = match route.roles {
        [] => None,
        _ => Some(state.authenticator.authenticate_request(&http)?),
    };
    let parameters = check_parameters(route, &http)?;
    check_accept(route, &http)?;
    let accept = http.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let language = Language::negotiate(accept, state.settings.default_language);
    let limit = state.settings.max_body_bytes;
    let (body, payload) = match route.body {
        Body::None => (web::Bytes::new(), None),
        Body::Json(_) => {
            let patience = state.settings.request_timeout;
            (body::read_json(&http, payload, limit, patience, language).await?, None)
        }
        Body::Bytes => {
            body::check_length(&http, state.settings.max_document_bytes)?;
            (web::Bytes::new(), Some(payload))
        }
    };
    if let Some(verified) = &verified {
        check_role(route, verified)?;
    }
    let (outgoing, method) = (state.outgoing.clone(), http.method().clone());
    let caller = verified.clone();
    let call = Call { state, http, body, payload, verified, language, route, parameters };
    let answer = in_time(call).await?;
    let principal = || caller.as_ref().map_or(String::new(), |caller| caller.principal.id());
    bounded(&outgoing, principal, &method, answer).await
}

/// Runs the handler as long as an answer may take. What it waits for then goes on where it must (an
/// append); the caller is told what is known.
async fn in_time(call: Call) -> Answered {
    let (route, state) = (call.route, call.state.clone());
    if matches!(route.body, Body::Bytes) {
        return (route.handler)(call).await;
    }
    let asks_to_wait = call.http.headers().contains_key("prefer");
    let asked = if asks_to_wait { LONGEST_WAIT } else { Duration::ZERO };
    let patience = state.settings.answer_timeout + asked;
    let key = call.header("idempotency-key").map(str::to_owned);
    let answered = tokio::time::timeout(patience, (route.handler)(call)).await;
    answered.unwrap_or_else(|_| {
        state.outgoing.count_refused(Limit::Time);
        let cause = format!("no answer within {} s", patience.as_secs());
        Err(match route.verb {
            Verb::Get => Problem::new(Code::EventStoreUnavailable).cause(cause),
            Verb::Post | Verb::Patch | Verb::Delete => {
                Problem::new(Code::OutcomeUnknown).cause(cause).member("idempotency_key", key)
            }
        })
    })
}

fn check_head(http: &HttpRequest) -> Result<(), Problem> {
    let uri = http.uri();
    if uri.path().len() + uri.query().map_or(0, str::len) > MAX_URI_BYTES {
        return Err(Problem::new(Code::UriTooLong)
            .detail(format!("path and query are longer than {MAX_URI_BYTES} bytes"))
            .detail_zh(format!("路径和查询超过 {MAX_URI_BYTES} 字节")));
    }
    let headers = http.headers().iter();
    let bytes: usize = headers.map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > MAX_HEADER_BYTES {
        return Err(Problem::new(Code::HeadersTooLarge)
            .detail(format!("the headers are larger than {MAX_HEADER_BYTES} bytes"))
            .detail_zh(format!("请求头超过 {MAX_HEADER_BYTES} 字节")));
    }
    Ok(())
}

/// An ignored filter would be a wrong answer, so what is not known is refused.
fn check_parameters(route: &Route, http: &HttpRequest) -> Result<Vec<(String, String)>, Problem> {
    let query = http.query_string();
    if query.is_empty() {
        return Ok(Vec::new());
    }
    let parameters = parse_query(query)?;
    for (index, (name, _)) in parameters.iter().enumerate() {
        let known = || route.query.iter().map(|parameter| parameter.name);
        if !known().any(|known| known == name) {
            let list = known().collect::<Vec<_>>().join(", ");
            let list = if list.is_empty() { "none".to_owned() } else { list };
            let shown: String = name.chars().take(80).collect();
            let mut problem = Problem::new(Code::UnknownParameter)
                .detail(format!("{shown:?} is no parameter of this address; it takes {list}"))
                .detail_zh(format!("此地址没有参数 {shown:?}；可用的有 {list}"))
                .member("parameter", shown.clone());
            if let Some(nearest) = nearest(&shown, known()) {
                problem = problem.member("nearest", nearest);
            }
            return Err(problem);
        }
        if parameters.iter().take(index).any(|(earlier, _)| earlier == name) {
            return Err(super::call::wrong_parameter(name, "it is given more than once"));
        }
    }
    Ok(parameters)
}

/// The known name that is fewest edits away, if it is near at all.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|known| (edits(name, known), known))
        .filter(|(edits, known)| *edits <= known.len() / 3 + 1)
        .min()
        .map(|(_, known)| known)
}

fn edits(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

/// What a route can give.
pub fn media_of(route: &Route) -> &'static [&'static str] {
    match (route.operation, route.success.1) {
        ("list_events", _) => super::events::FEED,
        ("get_archive_page", _) => super::events::ARCHIVE,
        ("get_export", _) => super::exports::forms(),
        ("get_problem", _) => &["text/html", "application/json"],
        (_, Shape::Json(_)) => &["application/json"],
        (_, Shape::Other("text/html")) => &["text/html"],
        (_, Shape::Other(_) | Shape::Nothing) => &[],
    }
}

/// 406 only where the caller takes nothing that there is.
fn check_accept(route: &Route, http: &HttpRequest) -> Result<(), Problem> {
    let given = media_of(route);
    let Some(accept) = http.headers().get(header::ACCEPT) else { return Ok(()) };
    let accept = accept.to_str().unwrap_or_default();
    if given.is_empty() || accept.is_empty() || accepted(accept, given).is_some() {
        return Ok(());
    }
    let list = given.join(", ");
    Err(Problem::new(Code::NotAcceptable)
        .detail(format!("this address gives {list}, and {accept:?} takes none of it"))
        .detail_zh(format!("此地址提供 {list}，而 {accept:?} 均不接受"))
        .member("accept", given.to_vec()))
}

/// The media type given that an `Accept` header likes best; of equals the first given.
pub fn accepted(accept: &str, given: &'static [&'static str]) -> Option<&'static str> {
    let weight_of = |media: &str| {
        let ranges = accept.split(',').filter_map(|part| {
            let mut fields = part.split(';');
            let range = fields.next()?.trim();
            let weight = fields.find_map(|field| field.trim().strip_prefix("q="));
            let weight: f32 = weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
            let kind = media.split('/').next()?;
            let sharpness = match range {
                _ if range.eq_ignore_ascii_case(media) => 3,
                _ if range.strip_suffix("/*").is_some_and(|r| r.eq_ignore_ascii_case(kind)) => 2,
                "*/*" => 1,
                _ => return None,
            };
            Some((sharpness, weight))
        });
        ranges.max_by_key(|(sharpness, _)| *sharpness).map_or(0.0, |(_, weight)| weight)
    };
    let mut best: Option<(f32, &'static str)> = None;
    for media in given {
        let weight = weight_of(media);
        if weight > 0.0 && best.is_none_or(|(top, _)| weight > top) {
            best = Some((weight, media));
        }
    }
    best.map(|(_, media)| media)
}

fn check_role(route: &Route, verified: &Verified) -> Result<(), Problem> {
    if route.roles.contains(&verified.principal.role) {
        return Ok(());
    }
    let role = verified.principal.role;
    let required: Vec<&str> = route.roles.iter().copied().map(Role::as_str).collect();
    let list = required.join(", ");
    Err(Problem::new(Code::RoleForbidden)
        .detail(format!("{role} may not do this; {list} may"))
        .detail_zh(format!("{role} 无权进行该操作；有权的角色：{list}"))
        .member("required_roles", required))
}
