//! One request that its route lets in, as handlers see it.

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::{HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use percent_encoding::percent_decode_str;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::auth::{Principal, Role, Verified};
use super::body::{Incoming, refused};
use super::header_list::HeaderList;
use super::negotiate::accepted;
use super::outgoing::{Open, Room};
use super::reader::Reader;
use super::state::ApiState;
use crate::app::{ActError, Caller};
use crate::codec::RequestBody;
use crate::domain::decide::Actor;
use crate::domain::ids::{Language, Office, SubjectId, Text, digits};
use crate::domain::measure::Program;
use crate::domain::subject::Subject;
use crate::domain::words::{Given, said};
use crate::trace;
use crate::views::problem::{Code, Problem, TraceId};
use tracing::Instrument as _;

/// What describes the table of routes. It is made above all handlers, from the table itself, and those
/// that answer it get it with the call.
pub struct About {
    /// The OpenAPI document of a server by its public address.
    pub openapi: fn(&str) -> String,
    /// A page for people who write clients, by the end of its address; nothing where there is none.
    pub page: fn(&Reader, &str) -> Option<maud::Markup>,
    /// The ends of the addresses of all those pages.
    pub pages: fn() -> Vec<&'static str>,
    /// The page of a problem.
    pub problem: fn(&Reader, Code) -> maud::Markup,
}

/// What a handler answers.
pub type Answered = Result<actix_web::HttpResponse, Problem>;
/// A handler in the table of routes.
pub type Handler = fn(Call) -> LocalBoxFuture<'static, Answered>;

/// Runs what records something to its end, also when the client goes away in the middle: what is
/// appended must reach the cache and the quotas.
///
/// # Errors
/// `internal-error` when it panicked.
pub async fn to_the_end<T: 'static>(work: impl Future<Output = T> + 'static) -> Result<T, Problem> {
    actix_web::rt::spawn(work.in_current_span()).await.map_err(Problem::internal)
}

/// One request.
pub struct Call {
    /// What every handler needs.
    pub state: web::Data<ApiState>,
    /// The request.
    pub http: HttpRequest,
    /// The body, where the route takes one that is read at once.
    pub body: RequestBody,
    /// The body as a stream, where the route takes one.
    pub payload: Option<Incoming>,
    /// Who calls; absent on routes without authentication.
    pub verified: Option<Arc<Verified>>,
    /// The language of the answer.
    pub language: Language,
    /// The forms in which the route answers.
    pub gives: &'static [&'static str],
    /// The parameter with which a list of the route goes on.
    pub cursor: &'static str,
    /// What describes everything that is answered.
    pub about: &'static About,
    /// The parameters of the query, each known to the route.
    pub parameters: Vec<(String, String)>,
}

impl Call {
    /// A part of the path, decoded. Of what is matched, `/`, `%` and all beyond ASCII are encoded still.
    pub fn path(&self, name: &str) -> Cow<'_, str> {
        let part = self.http.match_info().get(name).unwrap_or_default();
        percent_decode_str(part).decode_utf8_lossy()
    }

    /// The program that the path names.
    ///
    /// # Errors
    /// `not-found`.
    pub fn program(&self) -> Result<&Program, Problem> {
        let id = self.path("program");
        self.state.app.library().program(&id).ok_or_else(|| {
            let programs = &self.state.app.library().programs().programs;
            let known: Vec<_> = programs.iter().map(|program| program.id.as_str()).collect();
            let names: Vec<_> = programs.iter().map(|program| program.name.zh.as_str()).collect();
            let (known, names) = (known.join(", "), names.join("、"));
            Problem::new(Code::NotFound)
                .detail(format!("there is no program {id:?}; programs are {known}"))
                .detail_zh(format!("没有项目“{id}”；现有项目：{names}"))
        })
    }

    /// Whether the path names a subject; otherwise it is about a program as a whole.
    pub fn names_subject(&self) -> bool {
        self.http.match_info().get("subject").is_some()
    }

    /// The registered subject that the path names, in whatever case; the program as a whole where it
    /// names none.
    ///
    /// # Errors
    /// `not-found`, also for what is no id: it names nothing.
    pub async fn subject(&self) -> Result<Arc<Subject>, Problem> {
        self.subject_known(None).await
    }

    /// The same as it was known up to a sequence, if one is named.
    ///
    /// # Errors
    /// As [`Call::subject`].
    pub async fn subject_known(&self, known_to: Option<u64>) -> Result<Arc<Subject>, Problem> {
        if !self.names_subject() {
            return Ok(Arc::new(Subject::of_program(self.program()?)));
        }
        let id = SubjectId::parse(&self.path("subject"))
            .map_err(|error| Problem::new(Code::NotFound).detail(error.to_string()))?;
        let subject = self.state.app.library().subject_known(&id, known_to).await;
        subject.map_err(|error| self.problem(error))
    }

    /// A parameter of the query.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that is `true` or `false`.
    ///
    /// # Errors
    /// `malformed-request`.
    pub fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.parameter(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => {
                let given = Given(other);
                let text = said!(
                    "“{given}” is not true or false",
                    "“{given}”不是 true 或 false",
                    given = given
                );
                Err(wrong_parameter(name, text))
            }
        }
    }

    /// A parameter with a value of its own form.
    ///
    /// # Errors
    /// `malformed-request`, naming the parameter.
    pub fn parsed<T, E: Into<Text>>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Problem> {
        self.parameter(name)
            .map(|value| parse(value).map_err(|error| wrong_parameter(name, error.into())))
            .transpose()
    }

    /// The form that the request likes best of those in which the route answers.
    pub fn accepted(&self) -> Option<&'static str> {
        accepted(self.http.headers(), self.gives)
    }

    /// The body, where it is not an act.
    ///
    /// # Errors
    /// `validation-error`, naming every member that is wrong.
    pub fn content<T: DeserializeOwned + JsonSchema>(&mut self) -> Result<T, Problem> {
        std::mem::take(&mut self.body).object().map_err(|error| refused(error, self.language))
    }

    /// How many seconds the request prefers to wait (`Prefer: wait`, RFC 7240).
    pub fn prefers_to_wait(&self) -> Option<u64> {
        digits(HeaderList::of(self.http.headers(), "prefer")?.member("wait")?)
    }

    /// Who calls.
    ///
    /// # Errors
    /// `invalid-token` on a route that asks for none, where no handler should want one.
    pub fn principal(&self) -> Result<&Principal, Problem> {
        let verified = self.verified.as_ref().ok_or_else(Problem::credentials_missing)?;
        Ok(&verified.principal)
    }

    /// Who calls, as the application wants it.
    ///
    /// # Errors
    /// As [`Call::principal`].
    pub fn caller(&self) -> Result<Caller, Problem> {
        let principal = self.principal()?;
        let actor = office_of(principal.role).map(|office| Actor {
            office,
            office_id: principal.office.clone(),
            divisions: principal.divisions.clone(),
        });
        let role = principal.role.as_str().to_owned();
        Ok(Caller { principal: principal.id(), role, actor })
    }

    /// A place for a stream of the caller.
    ///
    /// # Errors
    /// `rate-limited`, `server-busy`.
    pub fn open(&self) -> Result<Arc<Open>, Problem> {
        self.state.outgoing.open(&self.principal()?.id())
    }

    /// Room for bytes that go to the caller.
    ///
    /// # Errors
    /// `rate-limited`, `server-busy`.
    pub async fn room(&self, bytes: usize) -> Result<Room, Problem> {
        self.state.outgoing.room(&self.principal()?.id(), bytes).await
    }

    /// What an error of the application is, in the language of the answer.
    pub fn problem(&self, error: ActError) -> Problem {
        Problem::of_act(error, self.language)
    }

    /// The `traceparent` under which what is recorded belongs: of this request's own span where it is
    /// collected, else as the client says, if that is well formed.
    pub fn trace(&self) -> Option<String> {
        if let Some(own) = trace::traceparent() {
            return Some(own);
        }
        let value = self.http.headers().get("traceparent")?.to_str().ok()?;
        TraceId::parse(value).map(|_| value.to_owned())
    }
}

/// The office that a role acts for; none for those that never act.
pub fn office_of(role: Role) -> Option<Office> {
    match role {
        Role::NationalOffice => Some(Office::NationalOffice),
        Role::ProvincialDepartment => Some(Office::ProvincialDepartment),
        Role::Province => Some(Office::Province),
        Role::LocalGovernment => Some(Office::LocalGovernment),
        Role::Registrar => Some(Office::Registrar),
        Role::Auditor | Role::Operator | Role::Custodian => None,
    }
}

/// A parameter that can't be what it is, in both languages.
pub fn refused_parameter(name: &str, en: &str, zh: &str) -> Problem {
    Problem::new(Code::MalformedRequest)
        .detail(format!("{name}: {en}"))
        .detail_zh(format!("{name}：{zh}"))
        .parameter_error(name, Text { en: en.to_owned(), zh: zh.to_owned() })
}

/// A parameter whose value has the wrong form.
pub fn wrong_parameter(name: &str, what: Text) -> Problem {
    Problem::new(Code::MalformedRequest)
        .detail(format!("parameter {name}: {}", what.en))
        .detail_zh(format!("参数 {name}：{}", what.zh))
        .parameter_error(name, what)
}

/// The parameters of a query, percent-decoded.
pub fn parse_query(query: &str) -> Result<Vec<(String, String)>, Problem> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decoded(name)?.into_owned(), decoded(value)?.into_owned()))
        })
        .collect()
}

/// Decodes `%xx`. A plus sign stays one: it is that of an offset from UTC far more often than a
/// space of a form.
fn decoded(text: &str) -> Result<Cow<'_, str>, Problem> {
    // The decoder lets stand what is no encoding.
    let mut after_percent = text.split('%').skip(1).map(str::as_bytes);
    let is_encoded = after_percent
        .all(|after| matches!(after, [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit()));
    let decoded = is_encoded.then(|| percent_decode_str(text).decode_utf8().ok()).flatten();
    decoded.ok_or_else(|| {
        let shown: String = text.chars().take(80).collect();
        Problem::new(Code::MalformedRequest)
            .detail(format!("{shown:?} in the query: it is not percent-encoded UTF-8"))
            .detail_zh(format!("查询中的 {shown:?} 不是百分号编码的 UTF-8"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_percent_encoded_or_refused() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let read = parse_query("a=%2B%e5%9B%BD+&&b").unwrap();
        assert_eq!(read, [pair("a", "+国+"), pair("b", "")]);
        for bad in ["a=%+2", "a=%", "a=%2", "a=% 2", "a=%-1", "a=%2%32", "%zz=1", "a=%FF", "a=%é1"]
        {
            assert!(parse_query(bad).is_err(), "{bad}");
        }
    }
}
