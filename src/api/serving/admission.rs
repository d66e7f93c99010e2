//! What a request is held to before its body is read, in the order of what is cheapest to refuse:
//! size of head, token, parameters, form of the answer, type, coding and size of the body.
//!
//! What must hold: nothing here needs the body, so that a client which waits for `100 Continue` is
//! refused before it sends one.

use std::sync::Arc;

use actix_web::dev::RequestHead;
use strsim::levenshtein;

use crate::api::asking::auth::{Role, Verified};
use crate::api::asking::body;
use crate::api::asking::call::parse_query;
use crate::api::asking::negotiate::check_accept;
use crate::api::asking::state::ApiState;
use crate::api::table::route::{Body, Route};
use crate::domain::ids::Language::{En as EN, Zh as ZH};
use crate::domain::words::{self, said};
use crate::views::problem::{Code, Problem};

/// The longest path and query, in bytes.
const MAX_URI_BYTES: usize = 8 * 1024;
/// The most header names and values, in bytes.
const MAX_HEADER_BYTES: usize = 32 * 1024;

/// A request that its route lets in.
pub struct Admitted {
    /// Who calls; absent on routes without authentication.
    pub verified: Option<Arc<Verified>>,
    /// The parameters of the query, each known to the route.
    pub parameters: Vec<(String, String)>,
}

/// Holds a request to its route.
///
/// # Errors
/// The problem of the first check that it fails.
pub async fn admit(
    route: &Route,
    head: &RequestHead,
    state: &ApiState,
) -> Result<Admitted, Problem> {
    check_head(head)?;
    let verified = match route.roles {
        [] => None,
        _ => Some(state.authenticator.authenticate_request(&head.headers).await?),
    };
    let parameters = check_parameters(route, head.uri.query().unwrap_or_default())?;
    check_accept(route.gives, &head.headers)?;
    match route.body {
        Body::Json(_) => body::check_type(&head.headers)?,
        Body::File(taken) => body::check_type_among(&head.headers, taken)?,
        Body::None | Body::Bytes => {}
    }
    // Also of what is sent to a route that takes no body.
    body::check_coding(&head.headers)?;
    let limit = match route.body {
        Body::None | Body::Json(_) => state.settings.max_body_bytes,
        Body::Bytes => state.settings.max_document_bytes,
        Body::File(_) => state.operations.as_ref().map_or(0, |operations| operations.limit_bytes()),
    };
    body::check_length(&head.headers, limit)?;
    Ok(Admitted { verified, parameters })
}

/// Refuses a head that is too large.
///
/// # Errors
/// `uri-too-long`, `headers-too-large`.
pub fn check_head(head: &RequestHead) -> Result<(), Problem> {
    let uri = &head.uri;
    if uri.path().len() + uri.query().map_or(0, str::len) > MAX_URI_BYTES {
        return Err(Problem::new(Code::UriTooLong)
            .detail(format!("path and query are longer than {MAX_URI_BYTES} bytes"))
            .detail_zh(format!("路径和查询超过 {MAX_URI_BYTES} 字节")));
    }
    let headers = head.headers.iter();
    let bytes: usize = headers.map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > MAX_HEADER_BYTES {
        return Err(Problem::new(Code::HeadersTooLarge)
            .detail(format!("the headers are larger than {MAX_HEADER_BYTES} bytes"))
            .detail_zh(format!("请求头超过 {MAX_HEADER_BYTES} 字节")));
    }
    Ok(())
}

/// An ignored filter would be a wrong answer, so what is not known is refused.
fn check_parameters(route: &Route, query: &str) -> Result<Vec<(String, String)>, Problem> {
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
            return Err(crate::api::asking::call::wrong_parameter(
                name,
                said!("it is given more than once", "重复填写"),
            ));
        }
    }
    Ok(parameters)
}

/// The known name that is fewest edits away, if it is near at all.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|known| (levenshtein(name, known), known))
        .filter(|(edits, known)| *edits <= known.len() / 3 + 1)
        .min()
        .map(|(_, known)| known)
}

/// Refuses who has none of the route's roles.
///
/// # Errors
/// `role-forbidden`.
pub fn check_role(route: &Route, verified: &Verified) -> Result<(), Problem> {
    if route.roles.contains(&verified.principal.role) {
        return Ok(());
    }
    let role = verified.principal.role;
    let required: Vec<&str> = route.roles.iter().copied().map(Role::as_str).collect();
    let said = |language| {
        let list: Vec<_> = required.iter().map(|role| words::role(role, language)).collect();
        (words::role(role.as_str(), language), words::one_of(&list, language))
    };
    let ((en, list), (zh, list_zh)) = (said(EN), said(ZH));
    Err(Problem::role_forbidden(required)
        .detail(format!("{en} may not do this; {list} may"))
        .detail_zh(format!("{zh}无权进行该操作，须由{list_zh}进行")))
}
