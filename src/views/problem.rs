//! Problem details (RFC 9457): the one form of every error answer, and the only place that knows HTTP
//! status codes of errors.
//!
//! What must hold: each code has one status and title, a retry hint only where sending the same again
//! can help, and a 5xx never shows its cause: that is logged once, with the trace id that the answer
//! repeats. Which refusal of the domain becomes which code is decided where the refusal is known, not
//! here, and which language, address and trace id an answer gets, where the request is.

mod acts;
mod code;
mod documents;
mod persons;
mod trace;

pub use acts::of_fields;
pub use code::{Code, Doc, documentation};
pub use trace::TraceId;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::fmt;

use super::headers::NO_STORE;
use crate::domain::ids::{Language, Text};

/// Where it is said which tokens are taken (RFC 9728).
pub const OAUTH_RESOURCE: &str = "/.well-known/oauth-protected-resource";

/// One occurrence of a problem; boxed, since it is the error type of every handler.
#[derive(Debug, Clone)]
pub struct Problem(Box<Occurrence>);

#[derive(Debug, Clone)]
struct Occurrence {
    code: Code,
    detail: Option<String>,
    detail_zh: Option<String>,
    instance: Option<String>,
    members: Map<String, Value>,
    /// What codes among the members are called, in the language of the answer.
    labels: Vec<(&'static str, Label)>,
    retry_after_s: Option<u32>,
    trace: Option<TraceId>,
    cause: Option<String>,
    /// What is wrong with the credentials, where that is what is wrong.
    credentials: Credentials,
    precondition_failed: bool,
    header: Option<(HeaderName, String)>,
}

/// What is wrong with the credentials of a request.
#[derive(Debug, Clone)]
enum Credentials {
    Missing,
    Invalid,
    /// Their holder signed in otherwise than in these ways.
    SignedInOtherwise(String),
}

#[derive(Debug, Clone)]
enum Label {
    One(Text),
    Each(Vec<Text>),
    /// Of a parameter that is wrong, by its name.
    Parameter(String, Text),
}

/// The body, in the order in which it is sent.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    uri: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'a str>,
    #[serde(flatten)]
    members: &'a Map<String, Value>,
}

impl Problem {
    pub fn new(code: Code) -> Problem {
        Problem(Box::new(Occurrence {
            code,
            detail: None,
            detail_zh: None,
            instance: None,
            members: Map::new(),
            labels: Vec::new(),
            retry_after_s: code.entry().retry_after_s,
            trace: None,
            cause: None,
            credentials: Credentials::Invalid,
            precondition_failed: false,
            header: None,
        }))
    }

    /// A request without credentials: 401 whose challenge carries no error code (RFC 6750, 3.1).
    pub fn credentials_missing() -> Problem {
        let mut problem = Problem::new(Code::InvalidToken)
            .detail("The request carries no access token.")
            .detail_zh("请求未携带访问令牌。");
        problem.0.credentials = Credentials::Missing;
        problem
    }

    /// A token of who signed in by another way than these: 401 that says by which it is to be (RFC 9470, 3).
    pub fn signed_in_otherwise(ways: &[String]) -> Problem {
        let ways = ways.join(" ");
        let mut problem = Problem::new(Code::InvalidToken)
            .detail(format!("The token's claim acr names none of the ways of signing in that are taken here: {ways}."))
            .detail_zh(format!("令牌的 acr 声明不在本系统认可的登录方式之列：{ways}。"));
        problem.0.credentials = Credentials::SignedInOtherwise(ways);
        problem
    }

    /// An `internal-error`; the cause goes to the log, never into the answer.
    pub fn internal(cause: impl fmt::Display) -> Problem {
        Problem::new(Code::InternalError).cause(cause)
    }

    /// What is wrong this time, in English; of a 5xx it is logged and not shown,
    /// but for [`Code::DocumentsUnavailable`].
    pub fn detail(mut self, detail: impl Into<String>) -> Problem {
        self.0.detail = Some(detail.into());
        self
    }

    /// The same in Chinese; without it, Chinese answers say what the problem means in general.
    pub fn detail_zh(mut self, detail: impl Into<String>) -> Problem {
        self.0.detail_zh = Some(detail.into());
        self
    }

    /// The URI reference of this occurrence.
    pub fn instance(mut self, instance: impl Into<String>) -> Problem {
        self.0.instance = Some(instance.into());
        self
    }

    /// An extension member: at least three of `[A-Za-z0-9_]`, the first a letter.
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Problem {
        debug_assert!(member_name_is_legal(name), "illegal member name: {name}");
        self.0.members.insert(name.to_owned(), value.into());
        self
    }

    /// What a code is called, under a name of its own (`act_label`).
    pub fn label(mut self, name: &'static str, label: Text) -> Problem {
        self.0.labels.push((name, Label::One(label)));
        self
    }

    /// What the codes of a list are called, one by one (`required_role_labels`).
    pub fn labels(mut self, name: &'static str, labels: Vec<Text>) -> Problem {
        self.0.labels.push((name, Label::Each(labels)));
        self
    }

    /// What is wrong with a parameter, as the one entry of `errors`.
    pub fn parameter_error(mut self, name: &str, what: Text) -> Problem {
        self.0.labels.push(("errors", Label::Parameter(name.to_owned(), what)));
        self
    }

    /// Seconds after which to try again, in place of the table's; ignored where no retry can help.
    pub fn retry_after(mut self, seconds: u32) -> Problem {
        if self.0.code.retryable() {
            self.0.retry_after_s = Some(seconds);
        }
        self
    }

    /// What the log is to say; never in the answer.
    pub fn cause(mut self, cause: impl fmt::Display) -> Problem {
        self.0.cause = Some(cause.to_string());
        self
    }

    pub fn trace(mut self, trace: TraceId) -> Problem {
        self.0.trace = Some(trace);
        self
    }

    /// 412 in place of the table's status: the request had stated the precondition that is false
    /// (`enrollment-exists` under `If-None-Match: *`).
    pub fn precondition_failed(mut self) -> Problem {
        self.0.precondition_failed = true;
        self
    }

    /// A header that says what would do: `Allow`, `Accept`, `Accept-Encoding`.
    pub fn header(mut self, name: HeaderName, value: String) -> Problem {
        self.0.header = Some((name, value));
        self
    }

    pub fn code(&self) -> Code {
        self.0.code
    }

    pub fn status(&self) -> StatusCode {
        if self.0.precondition_failed {
            StatusCode::PRECONDITION_FAILED
        } else {
            self.0.code.status()
        }
    }

    /// The answer, with `public_url` before the `type` path.
    pub fn respond(&self, language: Language, public_url: &str) -> HttpResponse {
        let status = self.status();
        let mut response = HttpResponse::build(status);
        response
            .insert_header((header::CONTENT_TYPE, "application/problem+json"))
            .insert_header((header::CACHE_CONTROL, NO_STORE))
            .insert_header((header::VARY, "Accept-Language"))
            .insert_header((header::CONTENT_LANGUAGE, language.tag()));
        if let Some(seconds) = self.0.retry_after_s {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if let Some(challenge) = self.challenge(public_url) {
            response.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        if let Some((name, value)) = &self.0.header {
            response.insert_header((name.clone(), value.as_str()));
        }
        response.json(self.body(language, public_url))
    }

    /// What it says of this occurrence, or else of its kind.
    pub fn says(&self, language: Language) -> &str {
        let detail = match language {
            Language::Zh => &self.0.detail_zh,
            Language::En => &self.0.detail,
        };
        detail.as_deref().unwrap_or(self.0.code.text(language))
    }

    fn body(&self, language: Language, public_url: &str) -> impl Serialize {
        let status = self.status();
        // Of documents a client is told why, in words made for it: who keeps the store is often not
        // who keeps the server. Why recording stopped is for whoever sees it first.
        let told = [Code::DocumentsUnavailable, Code::DocumentDamaged, Code::RecordingStopped];
        let tells = told.contains(&self.0.code);
        let hides = status.is_server_error() && !tells;
        let shown = match (hides, language) {
            (true, _) => None,
            (false, Language::Zh) => self.0.detail_zh.as_ref(),
            (false, Language::En) => self.0.detail.as_ref(),
        };
        let members = match status {
            // Only to operators, through the log.
            StatusCode::INTERNAL_SERVER_ERROR if !tells => Map::new(),
            _ => self.members_in(language),
        };
        let body = Body {
            uri: format!("{}/problems/{}", public_url.trim_end_matches('/'), self.0.code.name()),
            title: self.0.code.title(language),
            status: status.as_u16(),
            detail: shown.map_or(self.0.code.text(language), String::as_str),
            instance: self.0.instance.as_deref(),
            code: self.0.code.as_str(),
            trace_id: self.trace_id(),
            members: &members,
        };
        // Only a map with keys that are not strings could fail here, and there is none.
        serde_json::to_value(body).unwrap_or(Value::Null)
    }

    fn members_in(&self, language: Language) -> Map<String, Value> {
        let mut members = self.0.members.clone();
        for (name, label) in &self.0.labels {
            let said = |text: &Text| Value::from(text.get(language));
            let value = match label {
                Label::One(text) => said(text),
                Label::Each(texts) => texts.iter().map(said).collect(),
                Label::Parameter(name, what) => {
                    json!([{ "parameter": name, "detail": what.get(language) }])
                }
            };
            members.insert((*name).to_owned(), value);
        }
        members
    }

    /// What credentials are asked for (RFC 6750), and where it is said who issues them (RFC 9728).
    fn challenge(&self, public_url: &str) -> Option<String> {
        let Code::InvalidToken = self.0.code else { return None };
        let mut challenge = r#"Bearer realm="docket""#.to_owned();
        match &self.0.credentials {
            Credentials::Missing => {}
            Credentials::Invalid => challenge.push_str(r#", error="invalid_token""#),
            Credentials::SignedInOtherwise(ways) => challenge.push_str(&format!(
                r#", error="insufficient_user_authentication", acr_values="{ways}""#
            )),
        }
        if !public_url.is_empty() {
            challenge.push_str(&format!(r#", resource_metadata="{public_url}{OAUTH_RESOURCE}""#));
        }
        Some(challenge)
    }

    /// The trace id, once it has one.
    pub fn trace_id(&self) -> Option<&str> {
        self.0.trace.as_ref().map(TraceId::as_str)
    }

    /// What an operator must know of a 5xx, for the log.
    pub fn hidden(&self) -> Option<String> {
        let status = self.status();
        let parts: Vec<&str> =
            [self.0.detail.as_deref(), self.0.cause.as_deref()].into_iter().flatten().collect();
        status.is_server_error().then(|| parts.join(": "))
    }
}

fn member_name_is_legal(name: &str) -> bool {
    let reserved = ["type", "title", "status", "detail", "instance", "code", "trace_id"];
    name.len() >= 3
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !reserved.contains(&name)
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.code.text(Language::En);
        write!(f, "{}: {}", self.0.code.as_str(), self.0.detail.as_deref().unwrap_or(text))
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    /// The answer where nothing finishes it that knows the request: default language, relative `type`.
    fn error_response(&self) -> HttpResponse {
        self.respond(Language::default(), "")
    }
}

#[cfg(test)]
mod tests;
