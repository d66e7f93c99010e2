//! The middleware that finishes error answers: it knows the request, and a [`Problem`] does not.
//!
//! What must hold: no error answer leaves in another form, so the framework's own errors (no such
//! route, a body that cannot be parsed) become problems too; the cause of a 5xx is logged here, once.
//! Pages in HTML and bodies that a handler wrote on purpose (readiness) pass untouched.

use super::header_list::HeaderList;
use super::language::negotiated;
use crate::domain::ids::Language;
use crate::views::problem::{Code, Problem, TraceId};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{RequestHead, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse, web};

/// What problems need of the configuration; given to the application as `web::Data`.
#[derive(Debug, Clone, Default)]
pub struct ProblemSettings {
    /// What stands before `/problems/<name>`, without a slash at the end.
    pub public_url: String,
    pub default_language: Language,
}

/// What of a request an answer depends on. Taken before the request goes inward, because a request
/// that is held here could no longer be routed.
struct Asker {
    language: Language,
    settings: Option<web::Data<ProblemSettings>>,
    trace: Option<TraceId>,
}

/// Gives every error answer the form of a problem; for `App::wrap(from_fn(render))`.
///
/// # Errors
/// Only what an inner middleware failed with, already in the form of a problem.
pub async fn render<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let settings = request.app_data::<web::Data<ProblemSettings>>().cloned();
    let asker = Asker::of(request.head(), settings);
    match next.call(request).await {
        Ok(response) if response.status().as_u16() < 400 => Ok(response.map_into_boxed_body()),
        Ok(response) => Ok(asker.finish(response.map_into_boxed_body())),
        Err(error) => {
            let problem = asker.traced(problem_of_error(&error));
            let response = asker.answer(&problem);
            Err(InternalError::from_response(problem, response).into())
        }
    }
}

/// The answer to a request that does not reach the application.
pub fn answer_to(
    head: &RequestHead,
    settings: &web::Data<ProblemSettings>,
    problem: Problem,
) -> HttpResponse {
    let asker = Asker::of(head, Some(settings.clone()));
    asker.answer(&asker.traced(problem))
}

impl Asker {
    fn of(head: &RequestHead, settings: Option<web::Data<ProblemSettings>>) -> Asker {
        let default = settings.as_ref().map_or(Language::default(), |s| s.default_language);
        let accept = HeaderList::of(&head.headers, header::ACCEPT_LANGUAGE);
        let trace = head.headers.get("traceparent").and_then(|value| value.to_str().ok());
        Asker {
            language: negotiated(accept.as_ref(), default),
            settings,
            trace: trace.and_then(TraceId::parse),
        }
    }

    fn finish(&self, response: ServiceResponse) -> ServiceResponse {
        let (request, old) = response.into_parts();
        let Some(problem) = problem_of(&old) else {
            return ServiceResponse::new(request, old);
        };
        let problem = problem.trace(TraceId::of(&request));
        log(&problem, Some(&request));
        let mut new = self.answer(&problem);
        let of_body = [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING];
        for (name, value) in old.headers() {
            if !of_body.contains(name) && !new.headers().contains_key(name) {
                new.headers_mut().append(name.clone(), value.clone());
            }
        }
        ServiceResponse::new(request, new)
    }

    /// The problem with a trace id, logged.
    fn traced(&self, problem: Problem) -> Problem {
        let problem = problem.trace(self.trace.clone().unwrap_or_else(TraceId::random));
        log(&problem, None);
        problem
    }

    fn answer(&self, problem: &Problem) -> HttpResponse {
        let public_url = self.settings.as_ref().map_or("", |s| s.public_url.as_str());
        problem.respond(self.language, public_url)
    }
}

/// The problem that an error answer stands for; none if the handler wrote its body on purpose.
fn problem_of(response: &HttpResponse) -> Option<Problem> {
    match response.error() {
        Some(error) => Some(problem_of_error(error)),
        None if response.body().size() == BodySize::Sized(0) => {
            Some(Problem::new(Code::of_status(response.status())))
        }
        None => None,
    }
}

fn problem_of_error(error: &Error) -> Problem {
    error.as_error::<Problem>().cloned().unwrap_or_else(|| {
        let status = error.as_response_error().status_code();
        Problem::new(Code::of_status(status)).detail(error.to_string())
    })
}

fn log(problem: &Problem, request: Option<&HttpRequest>) {
    // Whoever asked is to wait for its own sake: nothing is wrong here.
    let is_a_wait = [Code::ProjectionBehind, Code::ServerBusy].contains(&problem.code());
    if let Some(hidden) = problem.hidden().filter(|_| !is_a_wait) {
        tracing::error!(
            trace_id = problem.trace_id(),
            code = problem.code().name(),
            path = request.map(HttpRequest::path),
            cause = hidden,
            "request failed"
        );
    }
}

#[cfg(test)]
mod tests;
