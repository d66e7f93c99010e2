//! What was asked for, read back from the event that it became.

use std::sync::Arc;

use super::Then;
use crate::app::acts::decided_act;
use crate::app::call::{ActCall, Caller, Case, Precondition};
use crate::app::{ActError, Acts};
use crate::codec;
use crate::domain::act::{Act, ActRequest, Common, KeptSince};
use crate::domain::decide::Actor;
use crate::domain::enrollment::Enrollment;
use crate::domain::event::{Fact, Recorded};
use crate::domain::ids::Office;
use crate::domain::subject::Subject;
use crate::log::LogError;

/// An act as its office asked for it, by whom, and for whom.
pub(super) struct Asked {
    caller: Caller,
    actor: Actor,
    call: ActCall,
    subject: Arc<Subject>,
    fingerprint: String,
}

impl Asked {
    pub async fn of(acts: &Acts, then: &Then<'_>, event: &Recorded) -> Result<Self, ActError> {
        let unread = |reason: String| {
            ActError::Log(LogError::Corrupt {
                sequence: event.sequence.unwrap_or_default(),
                reason,
            })
        };
        let Some(fact) = event.event.fact() else { return Err(unread("it is no act".to_owned())) };
        let act = fact.act.read().map_err(|error| unread(error.to_string()))?;
        let actor = actor_of(event, fact);
        let kind = codec::kind_of_stream(then.history.stream());
        let id = match &kind {
            codec::StreamKind::Enrollment { subject, .. } => Some(subject.clone()),
            _ => None,
        };
        let before = event.sequence.and_then(|sequence| sequence.checked_sub(1));
        let subject = match &id {
            Some(id) => acts.library.subject_known(id, before).await?,
            None => acts.library.subject_of(then.program, None).await?,
        };
        let request =
            ActRequest { act: Act::clone(act), common: common_of(event, fact, then.before) };
        let caller = Caller {
            principal: event.meta.principal.to_string(),
            role: event.meta.role.to_string(),
            actor: Some(actor.clone()),
        };
        let (key, fingerprint) = match &event.meta.key {
            Some((key, fingerprint)) => (key.to_string(), fingerprint.to_string()),
            None => (String::new(), String::new()),
        };
        let call = ActCall {
            persons: Vec::new(),
            program: then.program.id.to_string(),
            subject: id,
            request,
            key,
            precondition: Precondition::Any,
            trace: None,
            validate_only: true,
        };
        Ok(Self { caller, actor, call, subject, fingerprint })
    }

    /// The case as it stood before the event.
    pub async fn case<'a>(
        &'a self,
        acts: &Acts,
        then: &Then<'a>,
        event: &Recorded,
    ) -> Result<Case<'a>, ActError> {
        let (program, decided) = (then.program, decided_act(&self.call.request));
        let versions = match self.subject.is_program() {
            true => Arc::new(then.versions.of_whole()),
            false => then.versions.clone(),
        };
        let before = event.sequence;
        let subject = self.subject.id();
        let others = acts.participation(program, &versions, subject, decided, before).await?;
        let met_for_whole = acts.met_for_whole(program, &versions, decided, before).await?;
        let enrolled = acts.enrolled(program, &self.call.request, before).await?;
        Ok(Case {
            program,
            versions,
            stream: then.history.stream().to_owned(),
            subject: self.subject.clone(),
            actor: &self.actor,
            caller: &self.caller,
            call: &self.call,
            fingerprint: self.fingerprint.clone(),
            others,
            met_for_whole,
            enrolled,
        })
    }
}

/// Who acted, as far as a decision looks at it. What the registrar recorded names the office that acted.
fn actor_of(event: &Recorded, fact: &Fact) -> Actor {
    let meta = &event.meta;
    Actor {
        office: if fact.archive.is_some() { Office::Registrar } else { meta.office },
        office_id: meta.office_id.to_string(),
        divisions: meta.divisions.split_whitespace().map(str::to_owned).collect(),
    }
}

fn common_of(event: &Recorded, fact: &Fact, before: &Enrollment) -> Common {
    let meta = &event.meta;
    Common {
        effective_on: meta.effective_on,
        decided_on: meta.decided_on,
        received_on: meta.received_on,
        document: fact.document.clone(),
        materials: fact.materials.clone(),
        archive: fact.archive.clone(),
        over_limit: fact.over_limit.clone(),
        kept_since: kept_since(event, fact, before),
    }
}

/// From when the record was said to be complete: only the registrar states it, with the act that opens
/// the record. What Docket takes where nobody says it, it takes again.
fn kept_since(event: &Recorded, fact: &Fact, before: &Enrollment) -> Option<KeptSince> {
    let recorded = fact.archive.is_some() || event.meta.office == Office::Registrar;
    let opened = fact.effects.opens_record.as_ref()?;
    let is_stated = recorded
        && before.state.kept_since.is_none()
        && *opened != KeptSince::from_recording(event.meta.recorded_at.civil_day());
    is_stated.then(|| opened.clone())
}
