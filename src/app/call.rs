//! An act as asked for, its answer, and what it is decided with.

use std::sync::Arc;

use crate::domain::act::ActRequest;
use crate::domain::decide::{Actor, OtherStanding};
use crate::domain::event::Recorded;
use crate::domain::ids::{EventRef, Id, ProgramId, SubjectId};
use crate::domain::measure::{Program, Versions};
use crate::domain::person::Person;
use crate::domain::subject::Subject;

/// Who calls, as the edge found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Issuer and subject of the token.
    pub principal: String,
    /// The role, as in the token.
    pub role: String,
    /// The office for which it acts; absent for roles that never act.
    pub actor: Option<Actor>,
}

/// What the caller says of the enrollment's revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition {
    /// `If-Match: *`: whatever it is.
    Any,
    /// `If-Match: "17…"`.
    Revision(u64),
    /// `If-None-Match: *`: nothing is there.
    NotExists,
    /// A tag that no revision has, a weak one for example: true of no enrollment.
    Never,
    /// None was stated; a retry needs none, any other act does.
    Unstated,
}

/// An act as asked for.
#[derive(Debug, Clone)]
pub struct ActCall {
    /// The program.
    pub program: String,
    /// The subject; absent: the program as a whole.
    pub subject: Option<SubjectId>,
    /// The act.
    pub request: ActRequest,
    /// The persons whom it names, apart from the act: nothing that decides sees them.
    pub persons: Vec<Person>,
    /// The client's key.
    pub key: String,
    /// What it says of the revision.
    pub precondition: Precondition,
    /// The `traceparent` of the request.
    pub trace: Option<String>,
    /// Whether to stop before the append.
    pub validate_only: bool,
}

/// The answer to an act that is on record.
#[derive(Debug, Clone)]
pub struct ActAnswer {
    /// The stream.
    pub stream: String,
    /// The event.
    pub recorded: Recorded,
    /// What a later version laid on who stands by it, in the same append (C18).
    pub followed: Option<Box<Recorded>>,
    /// Whether it was on record already under this key.
    pub replayed: bool,
    /// Whether nothing was appended, as asked.
    pub validated_only: bool,
}

impl ActAnswer {
    /// The events recorded, in order.
    pub fn events(&self) -> impl Iterator<Item = &Recorded> {
        std::iter::once(&self.recorded).chain(self.followed.as_deref())
    }

    /// The last of them.
    pub fn last(&self) -> &Recorded {
        self.followed.as_deref().unwrap_or(&self.recorded)
    }
}

/// What one call is decided with.
pub(super) struct Case<'a> {
    pub program: &'a Program,
    pub versions: Arc<Versions>,
    pub subject: Arc<Subject>,
    pub stream: String,
    pub actor: &'a Actor,
    pub caller: &'a Caller,
    pub call: &'a ActCall,
    pub fingerprint: String,
    pub others: Vec<(ProgramId, OtherStanding)>,
    pub met_for_whole: Vec<(Id, EventRef)>,
    pub enrolled: Vec<(SubjectId, EventRef)>,
}
