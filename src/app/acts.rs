//! One act, end to end (design, "An act, end to end").

mod append;
mod checks;
mod meta;
mod participation;
mod prospects;

use std::sync::Arc;

use uuid::Uuid;

use super::call::{ActAnswer, ActCall, Caller, Case};
use super::documents::DocumentStore;
use super::enrollments::{Enrollments, Loaded, stream_name};
use super::journal::Journal;
use super::journal::check_fact_size;
use super::persons::Persons;
use super::places::Places;
use super::{ActError, Library, cache::Cached};
use crate::codec;
use crate::domain::date::{Day, Timestamp};
use crate::domain::decide::{Context, Decision};
use crate::domain::event::{Event, Recorded};
use crate::domain::history::History;
use crate::domain::history_decide::{decide_at_end, decide_on, fold_day_of_new};
use crate::domain::ids::{Id, ProgramId, SubjectId};
use crate::log::LogError;
use crate::trace;
use checks::{changed_since, seen_before};
pub(super) use participation::decided_act;

pub use prospects::Prospect;

/// How often an act under `If-Match: *` is decided again when another was faster.
const MAX_TRIES: usize = 8;

/// Takes acts through.
pub struct Acts {
    pub(super) journal: Arc<Journal>,
    pub(super) enrollments: Arc<Enrollments>,
    pub(super) places: Arc<Places>,
    pub(super) library: Arc<Library>,
    pub(super) documents: Arc<dyn DocumentStore>,
    pub(super) persons: Arc<Persons>,
}

impl Acts {
    /// Takes an act through.
    ///
    /// # Errors
    /// [`ActError`]; whatever it is, the enrollment has no event of a refused act.
    pub async fn act(&self, caller: &Caller, call: &ActCall) -> Result<ActAnswer, ActError> {
        let mut case = self.case(caller, call).await?;
        let _turn = self.journal.turn(&case.stream).await;
        // Where others append too, what is kept may be older than the log: nothing is refused by it.
        let mut doubted = self.journal.log.is_shared();
        let mut loaded = if doubted && call.validate_only {
            self.enrollments.reload(&case.stream).await?.1
        } else {
            self.enrollments.load(&case.stream).await?
        };
        for _ in 0..MAX_TRIES {
            match self.try_once(&case, &loaded).await {
                Err(ActError::Log(LogError::Conflict { .. })) => {}
                Err(error @ ActError::Log(LogError::OutcomeUnknown(_))) => {
                    self.enrollments.cache.forget(&case.stream);
                    return Err(error);
                }
                Err(error) if doubted && error.is_refusal() => {
                    doubted = false;
                    self.library.renew_editions(case.program.governed_as()).await?;
                    case = self.case(caller, call).await?;
                }
                answer => return answer,
            }
            loaded = self.enrollments.reload(&case.stream).await?.1;
        }
        Err(ActError::Busy { what: case.stream })
    }

    async fn try_once(&self, case: &Case<'_>, loaded: &Loaded) -> Result<ActAnswer, ActError> {
        if let Some(answer) = self.replay(case, loaded).await? {
            return Ok(answer);
        }
        self.check_precondition(&case.stream, case.call.precondition, loaded).await?;
        self.check_documents(&case.call.request).await?;
        self.persons.check(&case.call.persons).await?;
        self.attempt(case, loaded).await
    }

    async fn case<'a>(
        &'a self,
        caller: &'a Caller,
        call: &'a ActCall,
    ) -> Result<Case<'a>, ActError> {
        let not_found = || ActError::NotFound { what: "program", name: call.program.clone() };
        let program = self.library.program(&call.program).ok_or_else(not_found)?;
        let actor = caller.actor.as_ref().ok_or_else(|| ActError::Forbidden {
            detail: format!("the role {} never acts in a program", caller.role),
            required: Vec::new(),
        })?;
        let subject = self.library.subject_of(program, call.subject.as_ref()).await?;
        let mut versions = self.library.versions_to_judge_by(program).await?;
        if subject.is_program() {
            versions = Arc::new(versions.of_whole());
        }
        let decided = decided_act(&call.request);
        let others = self.participation(program, &versions, subject.id(), decided, None).await?;
        let met_for_whole = self.met_for_whole(program, &versions, decided, None).await?;
        let enrolled = self.enrolled(program, &call.request, None).await?;
        Ok(Case {
            program,
            versions,
            stream: codec::record_stream(&program.id, &subject),
            subject,
            actor,
            caller,
            call,
            fingerprint: codec::fingerprint(&call.request),
            others,
            met_for_whole,
            enrolled,
        })
    }

    /// The answer to a retry, if the key is on record.
    async fn replay(
        &self,
        case: &Case<'_>,
        cached: &Cached,
    ) -> Result<Option<ActAnswer>, ActError> {
        let Some(revision) = cached.revision_of_key(&case.caller.principal, &case.call.key) else {
            return Ok(None);
        };
        let name = stream_name(&case.stream)?;
        let page = self.journal.log.read_stream(&name, revision, 2).await?;
        let Some(stored) = page.events.first() else { return Ok(None) };
        let recorded = codec::decode_enrollment(stored)?;
        match &recorded.meta.key {
            Some((key, fingerprint))
                if *key == case.call.key && recorded.meta.principal == case.caller.principal =>
            {
                if *fingerprint != case.fingerprint {
                    let first_used_at = recorded.meta.recorded_at;
                    return Err(ActError::KeyReused { first_used_at });
                }
                self.journal.counters.count_replay();
                let next = page.events.get(1).map(codec::decode_enrollment).transpose()?;
                let is_caused = |next: &Recorded| {
                    let causation = next.meta.causation.as_deref();
                    causation == Some(recorded.id.to_string().as_str())
                };
                let followed = next.filter(is_caused).map(Box::new);
                let stream = case.stream.clone();
                let (replayed, validated_only) = (true, false);
                Ok(Some(ActAnswer { stream, recorded, followed, replayed, validated_only }))
            }
            _ => Ok(None),
        }
    }

    /// Decides on what is kept; where that needs more, or refuses, on the stream as it is.
    async fn attempt(&self, case: &Case<'_>, cached: &Loaded) -> Result<ActAnswer, ActError> {
        let now = self.journal.clock.now_for_recording()?;
        let seen = seen_before(case.call.precondition, cached);
        let span = trace::decide(case.call.request.act.kind().as_str());
        let at_end = span.in_scope(|| {
            self.with_context(case, now, |ctx| decide_at_end(ctx, cached, &case.call.request))
        });
        drop(span);
        if let Some(Ok(decision)) = at_end.filter(|_| seen.is_none()) {
            let fold_day = case.call.request.common.effective_on.latest();
            return self.record(case, cached, None, decision, fold_day, now).await;
        }
        let (history, cached) = self.enrollments.reload(&case.stream).await?;
        if let Some(answer) = self.replay(case, &cached).await? {
            return Ok(answer);
        }
        self.check_precondition(&case.stream, case.call.precondition, &cached).await?;
        let request = &case.call.request;
        let decided = trace::decide(request.act.kind().as_str())
            .in_scope(|| self.with_context(case, now, |ctx| decide_on(ctx, &history, request)));
        if let Some(seen) = seen_before(case.call.precondition, &cached) {
            let then = history.known_to(usize::try_from(seen).map_or(usize::MAX, |seen| seen + 1));
            let then = self.with_context(case, now, |ctx| decide_on(ctx, &then, request));
            if then != decided {
                return Err(changed_since(&history, seen));
            }
        }
        let event = |revision| Some(history.at(revision)?.reference(&case.stream));
        let decision = decided.map_err(|refusal| refusal.naming(event))?;
        let fold_day =
            self.with_context(case, now, |ctx| fold_day_of_new(ctx, &history, request, &decision));
        self.record(case, &cached, Some(&history), decision, fold_day, now).await
    }

    pub(super) fn with_context<T>(
        &self,
        case: &Case<'_>,
        now: Timestamp,
        decide: impl FnOnce(&Context<'_>) -> T,
    ) -> T {
        let standing_in = |program: &ProgramId| {
            case.others.iter().find(|(other, _)| other == program).map(|(_, s)| s.clone())
        };
        let met_for_whole = |obligation: &Id| {
            let mut met = case.met_for_whole.iter();
            met.find(|(known, _)| known == obligation).map(|(_, by)| by.clone())
        };
        let enrolled = |subject: &SubjectId| {
            let mut enrolled = case.enrolled.iter();
            enrolled.find(|(known, _)| known == subject).map(|(_, by)| by.clone())
        };
        decide(&Context {
            program: case.program,
            versions: &case.versions,
            subject: &case.subject,
            stream: &case.stream,
            actor: case.actor,
            now,
            mending: None,
            standing_in: &standing_in,
            met_for_whole: &met_for_whole,
            enrolled: &enrolled,
        })
    }

    /// Reserves the place that it takes, appends, and brings the quota and the cache up to date.
    async fn record(
        &self,
        case: &Case<'_>,
        cached: &Loaded,
        history: Option<&History>,
        mut decision: Decision,
        fold_day: Day,
        now: Timestamp,
    ) -> Result<ActAnswer, ActError> {
        let revision = cached.revision.map_or(0, |revision| revision + 1);
        let wanted = decision.place.take();
        let follows = decision.follows.take();
        if wanted.is_some() || case.call.validate_only {
            check_fact_size(&decision.fact)?;
        }
        if case.call.validate_only {
            if let Some(wanted) = &wanted {
                let left = self.places.check_place(case, wanted, fold_day).await;
                left.map_err(|error| under(error, &decision))?;
            }
            let meta = self.meta(case, cached, &decision, now).await?;
            let event = Event::Acted(decision.fact);
            let recorded = Recorded { revision, sequence: None, id: Uuid::nil(), event, meta };
            let followed = follows.map(|follows| self.followed_by(case, &recorded, follows));
            let (stream, followed) = (case.stream.clone(), followed.map(Box::new));
            let (replayed, validated_only) = (false, true);
            return Ok(ActAnswer { stream, recorded, followed, replayed, validated_only });
        }
        let reservation = match &wanted {
            Some(wanted) => {
                let reserved = self.places.reserve(case, wanted, fold_day, revision, now).await;
                Some(reserved.map_err(|error| under(error, &decision))?)
            }
            None => None,
        };
        if let Some(reservation) = &reservation {
            decision.rests_on.push(reservation.reference.clone());
            if !reservation.reserved.over_limit {
                decision.fact.over_limit = None;
            }
        }
        let appended = match self.meta(case, cached, &decision, now).await {
            Ok(meta) => {
                let event = Event::Acted(decision.fact);
                self.append_event(case, cached.revision, event, meta, follows).await
            }
            Err(error) => Err(error),
        };
        let (recorded, followed) = match (appended, &reservation) {
            (Ok(recorded), _) => recorded,
            (Err(error), Some(reservation)) => {
                return Err(self.places.give_back(reservation, &wanted, case, error, now).await);
            }
            (Err(error), None) => return Err(error),
        };
        let stream = case.stream.clone();
        let (replayed, validated_only) = (false, false);
        let answer = ActAnswer { stream, recorded, followed, replayed, validated_only };
        self.settle(case, cached, history, &answer, reservation.is_some(), now).await;
        Ok(answer)
    }

    /// Folds the event into what is kept and restates places that changed otherwise than by the
    /// reservation. The act is on record, so nothing that fails here is its failure: what is kept is
    /// read anew, and places that lag are left to the recovery.
    async fn settle(
        &self,
        case: &Case<'_>,
        cached: &Loaded,
        history: Option<&History>,
        answer: &ActAnswer,
        reserved: bool,
        now: Timestamp,
    ) {
        let recorded = &answer.recorded;
        if case.subject.is_program() {
            self.library.renew_list(case.program).await;
        }
        let mut next = Cached::clone(&cached.cached);
        let at_end = answer.events().all(|event| next.push(event));
        if at_end {
            let seen = self.enrollments.cache.with_own_event(&case.stream, cached.seen);
            self.enrollments.cache.put(&case.stream, Arc::new(next), seen);
        } else if self.enrollments.reload(&case.stream).await.is_err() {
            self.enrollments.cache.forget(&case.stream);
        }
        let moves = recorded.event.fact().is_some_and(|fact| {
            (fact.effects.place.is_some() && !reserved) || fact.mended.is_some()
        });
        let moved_by_reservation = reserved && cached.state.place.is_some();
        let moved = moves || moved_by_reservation || history.is_some() && !at_end;
        if moved && let Err(error) = self.places.restate(case.program, &case.stream, now).await {
            tracing::warn!(%error, stream = case.stream, "places lag until the recovery");
            self.places.lagging.lock().await.insert(case.stream.clone());
        }
    }
}

/// A refusal for want of a place, with the measure version by which the act was decided.
fn under(error: ActError, decision: &Decision) -> ActError {
    match (error, &decision.measure) {
        (ActError::Refused(refusal), Some(version)) => refusal.of_measure(version).into(),
        (error, _) => error,
    }
}
