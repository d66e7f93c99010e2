//! What a row of the table of routes says, and how it is written.

use schemars::{Schema, SchemaGenerator};

use super::auth::Role::{
    self, Auditor, LocalGovernment, NationalOffice, Operator, Province, ProvincialDepartment,
    Registrar,
};
use super::call::Handler;
use super::problem::Code;

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

/// What a route takes as its body.
#[derive(Clone, Copy)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON of this schema.
    Json(fn(&mut SchemaGenerator) -> Schema),
    /// Bytes of any type.
    Bytes,
}

/// What a route answers with when it succeeds.
#[derive(Clone, Copy)]
pub enum Shape {
    /// JSON of this schema.
    Json(fn(&mut SchemaGenerator) -> Schema),
    /// Another type.
    Other(&'static str),
    /// Nothing at all.
    Nothing,
}

/// A parameter of the query.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it does, in English.
    pub en: &'static str,
    /// The same in Chinese.
    pub zh: &'static str,
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
    /// Who may ask; empty: anyone, without a token.
    pub roles: &'static [Role],
    /// The body.
    pub body: Body,
    /// The success status and what it carries.
    pub success: (u16, Shape),
    /// What else it can be answered with, besides what any route can.
    pub problems: &'static [Code],
    /// The handler.
    pub handler: Handler,
}

/// Everyone but the operator, who runs the machine and reads no program's records.
pub const READERS: &[Role] =
    &[NationalOffice, ProvincialDepartment, Province, LocalGovernment, Registrar, Auditor];
/// Whoever can act for an office.
pub const ACTORS: &[Role] =
    &[NationalOffice, ProvincialDepartment, Province, LocalGovernment, Registrar];
/// Who enters what archives and notices hold.
pub const REGISTRAR: &[Role] = &[Registrar];
/// Who corrects registrations.
pub const CORRECTORS: &[Role] = &[Registrar, NationalOffice];
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
        roles: READERS,
        body: Body::None,
        success: (200, shape),
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
    Route { body, ..get(path, operation, en, zh, shape, handler) }.of(Verb::Post, 201, ACTORS)
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
    Route { body, ..route }
}

/// The removal of what is no record.
pub const fn delete(
    path: &'static str,
    operation: &'static str,
    en: &'static str,
    zh: &'static str,
    handler: Handler,
) -> Route {
    get(path, operation, en, zh, Shape::Nothing, handler).of(Verb::Delete, 204, OPERATOR)
}

impl Route {
    const fn of(self, verb: Verb, status: u16, roles: &'static [Role]) -> Self {
        let shape = self.success.1;
        Self { verb, success: (status, shape), roles, ..self }
    }

    /// The query parameters.
    pub const fn query(self, query: &'static [Parameter]) -> Self {
        Self { query, ..self }
    }

    /// Who may ask.
    pub const fn to(self, roles: &'static [Role]) -> Self {
        Self { roles, ..self }
    }

    /// What else it can be answered with.
    pub const fn or(self, problems: &'static [Code]) -> Self {
        Self { problems, ..self }
    }
}
