//! What a row of the table of routes says, and how it is written.

use schemars::{Schema, SchemaGenerator};

use crate::api::asking::auth::Role::{
    self, Auditor, Custodian, LocalGovernment, NationalOffice, Operator, Province,
    ProvincialDepartment, Registrar,
};
use crate::api::asking::call::Handler;
use crate::views::headers::{ETAG, IDEMPOTENCY_KEY, IF_MATCH, IF_NOTHING, LOCATION, PREFER};
use crate::views::media::JSON;
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::Code;

/// How a route's method is called in the table; GET answers HEAD too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Reads.
    Get,
    /// Records.
    Post,
    /// Changes what is no record.
    Patch,
    /// Removes what is no record.
    Delete,
}

impl Verb {
    /// As a request writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// What a route takes as its body.
#[derive(Clone, Copy)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON of this schema.
    Json(fn(&mut SchemaGenerator) -> Schema),
    /// Bytes of any type.
    Bytes,
    /// A file to import, of one of these types.
    File(&'static [&'static str]),
}

/// What a route answers with when it succeeds.
#[derive(Clone, Copy)]
pub enum Shape {
    /// JSON of this schema; the row may give other forms beside it.
    Json(fn(&mut SchemaGenerator) -> Schema),
    /// The forms that the row gives, and no JSON.
    Other,
    /// The bytes that were kept, whatever they are and whatever is accepted.
    Bytes,
    /// Nothing at all.
    Nothing,
}

/// One row.
pub struct Route {
    /// The method.
    pub verb: Verb,
    /// The path, with its parts in braces.
    pub path: &'static str,
    /// The operation's id, equal to its handler's name.
    pub operation: &'static str,
    /// What it is for, in English.
    pub en: &'static str,
    /// The same in Chinese.
    pub zh: &'static str,
    /// The query parameters; any other is refused.
    pub query: &'static [Parameter],
    /// The headers that mean something to it, besides those that mean something everywhere.
    pub takes: &'static [Parameter],
    /// Who may ask; empty: anyone, without a token.
    pub roles: &'static [Role],
    /// The body.
    pub body: Body,
    /// The success status and what it carries.
    pub success: (u16, Shape),
    /// Other statuses that carry the same, without the headers.
    pub also: &'static [u16],
    /// The headers of a success that mean something to who asks.
    pub sends: &'static [Parameter],
    /// The forms of the answer, the first where none is asked for; empty: it is what it is.
    pub gives: &'static [&'static str],
    /// The parameter with which a list goes on.
    pub cursor: &'static str,
    /// Whether it records an act, and what is refused is counted as one.
    pub records_act: bool,
    /// What else it can be answered with, besides what any route can.
    pub problems: &'static [Code],
    /// The handler.
    pub handler: Handler,
}

const VALIDATE_ONLY: &[Parameter] = &[Parameter::new(
    "validate_only",
    Kind::Flag,
    "`true`: the same verdict, and nothing is recorded.",
    "true：给出同样的判断，但不作记录。",
)];

/// Everyone but the operator, who runs the machine and reads no program's records.
pub const READERS: &[Role] = &[
    NationalOffice,
    ProvincialDepartment,
    Province,
    LocalGovernment,
    Registrar,
    Auditor,
    Custodian,
];
/// Whoever can act for an office.
pub const ACTORS: &[Role] =
    &[NationalOffice, ProvincialDepartment, Province, LocalGovernment, Registrar];
/// Who enters what archives and notices hold.
pub const REGISTRAR: &[Role] = &[Registrar];
/// Who sees what was imported.
pub const IMPORTERS: &[Role] = &[Registrar, Auditor];
/// Who corrects registrations.
pub const CORRECTORS: &[Role] = &[Registrar, NationalOffice];
/// Who places and lifts legal holds.
pub const HOLDERS: &[Role] = &[NationalOffice, Custodian];
/// Who answers for the data of persons.
pub const CUSTODIAN: &[Role] = &[Custodian];
/// Who sees what is decided of them.
pub const OVERSEERS: &[Role] = &[NationalOffice, Auditor, Custodian];
/// Who runs the machine.
pub const OPERATOR: &[Role] = &[Operator];
/// Nobody has to show a token.
pub const PUBLIC: &[Role] = &[];

/// A read, by default of anyone who reads.
pub const fn get(
    path: &'static str,
    operation: &'static str,
    en: &'static str,
    zh: &'static str,
    shape: Shape,
    handler: Handler,
) -> Route {
    Route {
        verb: Verb::Get,
        path,
        operation,
        en,
        zh,
        query: &[],
        takes: &[],
        roles: READERS,
        body: Body::None,
        success: (200, shape),
        also: &[],
        sends: &[ETAG],
        gives: match shape {
            Shape::Json(_) => &[JSON],
            Shape::Other | Shape::Bytes | Shape::Nothing => &[],
        },
        cursor: "cursor",
        records_act: false,
        problems: &[],
        handler,
    }
}

/// A recording, by default of anyone who acts.
pub const fn post(
    path: &'static str,
    operation: &'static str,
    en: &'static str,
    zh: &'static str,
    body: Body,
    shape: Shape,
    handler: Handler,
) -> Route {
    Route { body, sends: &[LOCATION], ..get(path, operation, en, zh, shape, handler) }.of(
        Verb::Post,
        201,
        ACTORS,
    )
}

/// The recording of an act, which names the revision on which it rests.
pub const fn act(
    path: &'static str,
    operation: &'static str,
    en: &'static str,
    zh: &'static str,
    (body, shape): (Body, Shape),
    handler: Handler,
) -> Route {
    Route {
        query: VALIDATE_ONLY,
        takes: &[IDEMPOTENCY_KEY, IF_MATCH, IF_NOTHING, PREFER],
        also: &[200],
        sends: &[LOCATION, ETAG],
        records_act: true,
        ..post(path, operation, en, zh, body, shape, handler)
    }
}

/// A change to what is no record.
pub const fn patch(
    path: &'static str,
    operation: &'static str,
    en: &'static str,
    zh: &'static str,
    body: Body,
    shape: Shape,
    handler: Handler,
) -> Route {
    let route = get(path, operation, en, zh, shape, handler).of(Verb::Patch, 200, OPERATOR);
    Route { body, sends: &[], ..route }
}

/// The removal of what is no record.
pub const fn delete(
    path: &'static str,
    operation: &'static str,
    en: &'static str,
    zh: &'static str,
    handler: Handler,
) -> Route {
    get(path, operation, en, zh, Shape::Nothing, handler).sends(&[]).of(Verb::Delete, 204, OPERATOR)
}

/// What a token can be answered with.
const BY_TOKEN: [Code; 3] =
    [Code::InvalidToken, Code::RoleForbidden, Code::IdentityProviderUnavailable];

impl Route {
    const fn of(self, verb: Verb, status: u16, roles: &'static [Role]) -> Self {
        let shape = self.success.1;
        Self { verb, success: (status, shape), roles, ..self }
    }

    /// The query parameters.
    pub const fn query(self, query: &'static [Parameter]) -> Self {
        Self { query, ..self }
    }

    /// The headers that mean something to it.
    pub const fn takes(self, takes: &'static [Parameter]) -> Self {
        Self { takes, ..self }
    }

    /// The headers of a success.
    pub const fn sends(self, sends: &'static [Parameter]) -> Self {
        Self { sends, ..self }
    }

    /// The status of a success.
    pub const fn answers(self, status: u16) -> Self {
        Self { success: (status, self.success.1), ..self }
    }

    /// Other statuses that carry the same.
    pub const fn also(self, also: &'static [u16]) -> Self {
        Self { also, ..self }
    }

    /// Who may ask.
    pub const fn to(self, roles: &'static [Role]) -> Self {
        Self { roles, ..self }
    }

    /// The forms of the answer, the first where none is asked for.
    pub const fn gives(self, gives: &'static [&'static str]) -> Self {
        Self { gives, ..self }
    }

    /// The parameter with which a list goes on.
    pub const fn goes_on_by(self, cursor: &'static str) -> Self {
        Self { cursor, ..self }
    }

    /// Whether an answer has a tag, so that the next request can say that it is known.
    pub fn is_tagged(&self) -> bool {
        self.verb == Verb::Get && self.sends.iter().any(|header| header.name == ETAG.name)
    }

    /// What else it can be answered with.
    pub const fn or(self, problems: &'static [Code]) -> Self {
        Self { problems, ..self }
    }

    /// Every problem that it can be answered with, each once: what any route can, and its own.
    pub fn every_problem(&self) -> Vec<Code> {
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
            Code::InternalError,
        ];
        if !self.roles.is_empty() {
            let limited = [Code::RateLimited, Code::ServerBusy];
            codes.extend(BY_TOKEN.into_iter().chain(limited));
        }
        match self.body {
            Body::None => {}
            Body::Json(_) => codes.extend([Code::PayloadTooLarge, Code::UnsupportedMediaType]),
            Body::Bytes => codes.push(Code::PayloadTooLarge),
            Body::File(_) => codes.extend([Code::PayloadTooLarge, Code::UnsupportedMediaType]),
        }
        for code in self.problems {
            if !codes.contains(code) {
                codes.push(*code);
            }
        }
        codes
    }
}
