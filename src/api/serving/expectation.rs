//! `Expect: 100-continue`: a client that waits before it sends its body learns at once where it
//! would be refused in any case (RFC 9110, 10.1.1).

use std::sync::OnceLock;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::dev::{RequestHead, ResourceDef, Url};
use actix_web::http::{Method, header};
use actix_web::web::Data;

use super::admission::{admit, check_head, check_role};
use super::dispatch::{method_not_allowed, methods_of, no_such_address};
use crate::api::asking::render::{ProblemSettings, answer_to};
use crate::api::asking::requests::method_of;
use crate::api::asking::state::ApiState;
use crate::api::table::parts::patterns_of;
use crate::api::table::route::{Route, Verb};
use crate::api::table::routes::ROUTES;
use crate::views::problem::Problem;

/// The answer to a request that is refused whatever its body is; nothing where it may send one.
pub async fn refused(
    head: &RequestHead,
    state: &ApiState,
    settings: &Data<ProblemSettings>,
) -> Option<HttpResponse> {
    let (row, problem) = match found(head) {
        Ok((row, route)) => (row, may_go_on(route, head, state).await.err()?),
        Err(problem) => (usize::MAX, check_head(head).err().unwrap_or(problem)),
    };
    let mut response = answer_to(head, settings, problem.clone());
    let nosniff = header::HeaderValue::from_static("nosniff");
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    state.requests.count(row, method_of(&head.method), &Err(problem), Duration::ZERO);
    Some(response)
}

async fn may_go_on(route: &Route, head: &RequestHead, state: &ApiState) -> Result<(), Problem> {
    let admitted = admit(route, head, state).await?;
    admitted.verified.as_ref().map_or(Ok(()), |verified| check_role(route, verified))
}

/// The row of the table that a request is for, as the router will find it.
fn found(head: &RequestHead) -> Result<(usize, &'static Route), Problem> {
    static ADDRESSES: OnceLock<Vec<ResourceDef>> = OnceLock::new();
    let address = |route: &Route| ResourceDef::new(patterns_of(route.path));
    let addresses = ADDRESSES.get_or_init(|| ROUTES.iter().map(address).collect());
    let url = Url::new(head.uri.clone());
    let mut rows = ROUTES.iter().zip(addresses).enumerate();
    let mut path = None;
    let row = rows.find_map(|(row, (route, address))| {
        if !address.is_match(url.path()) {
            return None;
        }
        path = Some(route.path);
        takes(route, &head.method).then_some((row, route))
    });
    row.ok_or_else(|| match path {
        Some(path) => method_not_allowed(methods_of(path)),
        None => no_such_address(head),
    })
}

fn takes(route: &Route, method: &Method) -> bool {
    match route.verb {
        Verb::Get => method == Method::GET || method == Method::HEAD,
        Verb::Post => method == Method::POST,
        Verb::Patch => method == Method::PATCH,
        Verb::Delete => method == Method::DELETE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_for_the_row_that_the_router_finds() {
        let found = |method, path: &'static str| {
            let mut head = RequestHead::default();
            (head.method, head.uri) = (method, path.parse().unwrap());
            super::found(&head).map(|(_, route)| route.operation).map_err(|p| p.status().as_u16())
        };
        assert_eq!(found(Method::POST, "/v1/documents?digest=x"), Ok("upload_document"));
        assert_eq!(found(Method::POST, "/v1/%64ocuments"), Ok("upload_document"));
        assert_eq!(found(Method::POST, "/v1/enrollments/p/s/acts"), Ok("record_act"));
        assert_eq!(found(Method::HEAD, "/v1/events/archive/0"), Ok("get_archive_page"));
        assert_eq!(found(Method::PUT, "/v1/documents"), Err(405));
        assert_eq!(found(Method::POST, "/v1/documents/"), Err(404));
        for (row, route) in ROUTES.iter().enumerate() {
            let path = route.path.replace(['{', '}'], "");
            let first = ROUTES.iter().position(|other| {
                ResourceDef::new(other.path).is_match(&path) && other.verb == route.verb
            });
            assert_eq!(first, Some(row), "{path} is of one row");
        }
    }
}
