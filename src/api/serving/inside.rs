//! The application without a connection: what this process asks of its own interface.

use std::rc::Rc;

use actix_http::{Payload, Request, h1};
use actix_service::{IntoServiceFactory as _, Service, ServiceFactory as _};
use actix_web::body::to_bytes;
use actix_web::dev::{AppConfig, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode, Uri};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Bytes};
use actix_web::{App, Error};

use futures_util::future::LocalBoxFuture;

use super::admission::check_role;
use super::dispatch;
use crate::api::asking::render::{ProblemSettings, render};
use crate::api::asking::state::ApiState;
use crate::api::table::route::Route;
use crate::api::table::routes::ROUTES;
use crate::views::inside::{Asked, Inside, Reply};

/// The interface of a server, for its own pages.
///
/// # Errors
/// When its routes can't be put together.
pub async fn inside(
    state: web::Data<ApiState>,
    problems: web::Data<ProblemSettings>,
) -> Result<Inside, ()> {
    let known = state.clone();
    let app = App::new().app_data(state).app_data(problems).wrap(from_fn(render));
    let app = app.configure(dispatch::configure).into_factory();
    let service = Rc::new(app.new_service(AppConfig::default()).await?);
    let ask = move |asked| -> LocalBoxFuture<'static, Reply> {
        let service = Rc::clone(&service);
        Box::pin(async move { replied(&*service, asked).await.unwrap_or_else(|_| failed()) })
    };
    Ok(Inside::new(ask, move |token, method, path| lets(&known, token, (method, path))))
}

/// Whether the table lets the bearer of a token use an address. What is no token is told so when it asks.
fn lets(state: &ApiState, token: &str, (method, path): (&Method, &str)) -> bool {
    let is_asked = |route: &&Route| route.verb.as_str() == method.as_str() && route.path == path;
    let route = ROUTES.iter().find(is_asked);
    let bearer = state.authenticator.authenticate(token).ok();
    route.is_some_and(|route| bearer.is_none_or(|bearer| check_role(route, &bearer).is_ok()))
}

async fn replied<S>(service: &S, asked: Asked) -> Result<Reply, Error>
where
    S: Service<Request, Response = ServiceResponse, Error = Error>,
{
    let (_, mut payload) = h1::Payload::create(true);
    let length = asked.body.len();
    payload.unread_data(asked.body);
    let mut request = Request::with_payload(Payload::from(payload));
    let head = request.head_mut();
    head.method = asked.method;
    head.uri = asked.target.parse::<Uri>().map_err(actix_web::error::ErrorBadRequest)?;
    for (name, value) in asked.headers {
        let value = HeaderValue::from_str(&value).map_err(actix_web::error::ErrorBadRequest)?;
        head.headers.insert(HeaderName::from_static(name), value);
    }
    if length > 0 {
        head.headers.insert(HeaderName::from_static("content-length"), length.into());
    }
    let response = match service.call(request).await {
        Ok(response) => response.into_parts().1,
        Err(error) => error.error_response(),
    };
    let (status, headers) = (response.status(), response.headers().clone());
    let body = to_bytes(response.into_body())
        .await
        .map_err(|_| actix_web::error::ErrorInternalServerError("an answer broke off"))?;
    Ok(Reply { status, headers, body })
}

fn failed() -> Reply {
    let (status, headers) = (StatusCode::INTERNAL_SERVER_ERROR, HeaderMap::new());
    Reply { status, headers, body: Bytes::new() }
}
