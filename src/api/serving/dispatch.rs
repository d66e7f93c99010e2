//! From the table to handlers: each request is held to its route ([`super::admission`]), then the
//! form of its body and the role of who calls; the rest is the handler's.

use std::future::ready;
use std::time::{Duration, Instant};

use actix_web::dev::RequestHead;
use actix_web::http::{Method, header};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, guard, web};
use tracing::Instrument as _;

use super::admission::{admit, check_head, check_role};
use super::docs;
use super::openapi::openapi_at;
use crate::api::asking::body::Incoming;
use crate::api::asking::call::{About, Answered, Call};
use crate::api::asking::header_list::HeaderList;
use crate::api::asking::language::negotiated;
use crate::api::asking::outgoing::{Limit, bounded};
use crate::api::asking::requests::method_of;
use crate::api::asking::state::ApiState;
use crate::api::table::parts::patterns_of;
use crate::api::table::route::{Body, Route, Verb};
use crate::api::table::routes::ROUTES;
use crate::codec::RequestBody;
use crate::trace;
use crate::views::problem::{Code, Problem, TraceId};

/// The longest that a request can prefer to wait.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What describes the table, for the handlers that answer it.
const ABOUT: About =
    About { openapi: openapi_at, page: docs::page, pages: docs::pages, problem: docs::problem };

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
    let mut resource = web::resource(patterns_of(path));
    for (index, route) in ROUTES.iter().enumerate().filter(|(_, route)| route.path == path) {
        let row = Row { index, route };
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
            let refused = Err(method_not_allowed(methods.clone()));
            state.requests.count(usize::MAX, method_of(http.method()), &refused, Duration::ZERO);
            ready(refused)
        }),
    )
}

/// A row of the table with its number.
#[derive(Clone, Copy)]
struct Row {
    index: usize,
    route: &'static Route,
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
    let records = row.route.records_act && !http.query_string().contains("validate_only=true");
    let answered = match row.route.roles {
        // Probes and pages of the documentation are not traced.
        [] => dispatch(row.route, http, payload, state.clone()).await,
        _ => traced(row.route, http, payload, state.clone()).await,
    };
    state.requests.count(row.index, method, &answered, since.elapsed());
    if let (true, Err(problem)) = (records, &answered) {
        state.requests.count_refused(problem.code());
    }
    answered
}

/// Answers under a span, and has a problem name the trace that is collected.
async fn traced(
    route: &'static Route,
    http: HttpRequest,
    payload: web::Payload,
    state: web::Data<ApiState>,
) -> Answered {
    let given = http.headers().get("traceparent").and_then(|value| value.to_str().ok());
    let span = trace::request(route.verb.as_str(), route.path, given);
    if let Some(id) = span.in_scope(trace::traceparent).as_deref().and_then(TraceId::parse) {
        http.extensions_mut().insert(id);
    }
    let answered = dispatch(route, http, payload, state).instrument(span.clone()).await;
    match &answered {
        Ok(response) => trace::answered(&span, response.status().as_u16(), None),
        Err(problem) => {
            trace::answered(&span, problem.status().as_u16(), Some(problem.code().name()));
        }
    }
    answered
}

/// The methods that an address takes, for `Allow`.
pub fn methods_of(path: &str) -> String {
    let mut methods = Vec::new();
    for route in ROUTES.iter().filter(|route| route.path == path) {
        methods.push(route.verb.as_str());
        if route.verb == Verb::Get {
            methods.push("HEAD");
        }
    }
    methods.push("OPTIONS");
    methods.join(", ")
}

async fn options(allow: String) -> HttpResponse {
    HttpResponse::NoContent().insert_header((header::ALLOW, allow)).finish()
}

/// That an address takes other methods.
pub fn method_not_allowed(allow: String) -> Problem {
    Problem::new(Code::MethodNotAllowed)
        .detail(format!("this address takes {allow}"))
        .detail_zh(format!("该地址支持 {allow}"))
        .header(header::ALLOW, allow)
}

async fn unknown_address(http: HttpRequest, state: web::Data<ApiState>) -> Answered {
    let refused = check_head(http.head()).and_then(|()| Err(no_such_address(http.head())));
    state.requests.count(usize::MAX, method_of(http.method()), &refused, Duration::ZERO);
    refused
}

/// That there is no such address.
pub fn no_such_address(head: &RequestHead) -> Problem {
    let path: String = head.uri.path().chars().take(200).collect();
    Problem::new(Code::NotFound)
        .detail(format!("there is no address {path}; see /docs for those that are"))
        .detail_zh(format!("没有地址 {path}；现有地址见 /docs"))
}

async fn dispatch(
    route: &'static Route,
    http: HttpRequest,
    payload: web::Payload,
    state: web::Data<ApiState>,
) -> Answered {
    let admitted = admit(route, http.head(), &state).await?;
    let accept = HeaderList::of(http.headers(), header::ACCEPT_LANGUAGE);
    let language = negotiated(accept.as_ref(), state.settings.default_language);
    let incoming = Incoming::of(&http, payload);
    let (body, payload) = match route.body {
        Body::None => (RequestBody::default(), None),
        Body::Json(_) => {
            let (limit, patience) = (state.settings.max_body_bytes, state.settings.request_timeout);
            (incoming.read_json(limit, patience, language).await?, None)
        }
        Body::Bytes | Body::File(_) => (RequestBody::default(), Some(incoming)),
    };
    if let Some(verified) = &admitted.verified {
        check_role(route, verified)?;
    }
    let (verified, parameters) = (admitted.verified, admitted.parameters);
    let (outgoing, method) = (state.outgoing.clone(), http.method().clone());
    let caller = verified.clone();
    let (gives, cursor, about) = (route.gives, route.cursor, &ABOUT);
    let call =
        Call { state, http, body, payload, verified, language, gives, cursor, about, parameters };
    let answer = in_time(route, call).await?;
    let principal = || caller.as_ref().map_or(String::new(), |caller| caller.principal.id());
    bounded(&outgoing, principal, &method, answer).await
}

/// Runs the handler as long as an answer may take. What it waits for then goes on where it must (an
/// append); the caller is told what is known.
async fn in_time(route: &Route, call: Call) -> Answered {
    let state = call.state.clone();
    if matches!(route.body, Body::Bytes | Body::File(_)) {
        return (route.handler)(call).await;
    }
    let asked = call.prefers_to_wait().map_or(Duration::ZERO, |_| LONGEST_WAIT);
    let patience = state.settings.answer_timeout + asked;
    let key = call.http.headers().get("idempotency-key").and_then(|key| key.to_str().ok());
    let key = key.map(str::to_owned);
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
