//! Places across streams: reserve first, then append; restate what an enrollment's own events say.

mod limit;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::Mutex;
use uuid::Uuid;

use limit::{is_justified, over_limit};

use super::call::Case;
use super::enrollments::{Enrollments, read_whole_stream};
use super::journal::Journal;
use super::{ActError, Library};
use crate::codec::{self, Stored};
use crate::domain::date::{Day, Timestamp};
use crate::domain::decide::PlaceWanted;
use crate::domain::event::EventMeta;
use crate::domain::ids::{EventRef, Id};
use crate::domain::measure::{Category, Program, QuotaRule};
use crate::domain::quota::{
    PlaceReserved, PlacesRestated, Quota, QuotaEvent, Reservation, ReservationReleased, places_of,
};
use crate::log::LogError;

/// How often a reservation is tried again when another was faster.
const MAX_TRIES: usize = 64;

/// Folded quotas by stream, each behind a lock of its own: while one is read up to its end, the
/// others are not waited for.
type Folds = HashMap<String, Arc<Mutex<Arc<Quota>>>>;

/// The places of all quotas.
pub struct Places {
    pub(super) journal: Arc<Journal>,
    pub(super) enrollments: Arc<Enrollments>,
    pub(super) library: Arc<Library>,
    quotas: std::sync::Mutex<Folds>,
    /// Enrollments whose places could not be restated after an act that moved them.
    pub(super) lagging: Mutex<BTreeSet<String>>,
    /// Reservations, by stream and revision, whose approval is known to stand: that never changes.
    pub(super) standing: std::sync::Mutex<HashSet<(String, u64)>>,
}

/// A category's quota as it stands.
#[derive(Debug, Clone)]
pub struct QuotaView {
    /// The category.
    pub category: Id,
    /// The limit.
    pub rule: QuotaRule,
    /// The fold of its stream.
    pub quota: Arc<Quota>,
}

impl Places {
    pub(super) fn new(
        journal: Arc<Journal>,
        enrollments: Arc<Enrollments>,
        library: Arc<Library>,
    ) -> Self {
        let (quotas, lagging, standing) = Default::default();
        Self { journal, enrollments, library, quotas, lagging, standing }
    }

    /// The quotas of a program, by category in the measure's order.
    ///
    /// # Errors
    /// As the log's.
    pub async fn quotas(&self, program: &Program) -> Result<Vec<QuotaView>, ActError> {
        self.quotas_known(program, |_| true).await
    }

    /// The same from the events of their streams that are `known` by their sequence: a beginning of
    /// the log.
    ///
    /// # Errors
    /// As the log's.
    pub async fn quotas_known(
        &self,
        program: &Program,
        known: impl Fn(u64) -> bool,
    ) -> Result<Vec<QuotaView>, ActError> {
        let mut views = Vec::new();
        for category in self.categories(program) {
            let Some(rule) = category.quota else { continue };
            let stream = codec::quota_stream(&program.id, &category.id);
            let quota = self.quota_known(&stream, &known).await?;
            views.push(QuotaView { category: category.id, rule, quota });
        }
        Ok(views)
    }

    /// The categories of a program, in the measure's order.
    fn categories(&self, program: &Program) -> Vec<Category> {
        let categories = self
            .library
            .versions(program)
            .find(|measure| (!measure.categories.is_empty()).then(|| measure.categories.clone()));
        categories.unwrap_or_default()
    }

    /// The categories of a program that have a quota.
    pub(super) fn quota_categories(&self, program: &Program) -> Vec<Id> {
        let categories = self.categories(program).into_iter();
        categories.filter(|category| category.quota.is_some()).map(|category| category.id).collect()
    }

    async fn quota_known(
        &self,
        stream: &str,
        known: impl Fn(u64) -> bool,
    ) -> Result<Arc<Quota>, ActError> {
        if known(u64::MAX) {
            return self.quota(stream).await;
        }
        let mut quota = Quota::default();
        for stored in read_whole_stream(&*self.journal.log, stream, 0).await? {
            if !known(stored.sequence) {
                break;
            }
            if let Stored::Quota(event, _) = codec::decode(&stored)? {
                quota.evolve(event, codec::reference(&stored));
            }
        }
        Ok(Arc::new(quota))
    }

    /// The fold of a quota's stream, read up to its end.
    pub(super) async fn quota(&self, stream: &str) -> Result<Arc<Quota>, ActError> {
        let fold = {
            let mut folds = self.quotas.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            folds.entry(stream.to_owned()).or_default().clone()
        };
        let mut quota = fold.lock().await;
        let from = quota.revision().map_or(0, |revision| revision + 1);
        for stored in read_whole_stream(&*self.journal.log, stream, from).await? {
            if let Stored::Quota(event, _) = codec::decode(&stored)? {
                // Copied only where somebody still looks at what it was.
                Arc::make_mut(&mut quota).evolve(event, codec::reference(&stored));
            }
        }
        Ok(Arc::clone(&quota))
    }

    /// Whether a place is left, or an override applies.
    pub(super) async fn check_place(
        &self,
        case: &Case<'_>,
        wanted: &PlaceWanted,
        from: Day,
    ) -> Result<bool, ActError> {
        let stream = codec::quota_stream(&case.program.id, &wanted.category);
        let quota = self.quota(&stream).await?;
        over_limit(case, wanted, &quota, from)
    }

    /// Whether a place went over the limit by an override, by what its quota's stream said before an event.
    pub(super) async fn over_limit_then(
        &self,
        case: &Case<'_>,
        wanted: &PlaceWanted,
        from: Day,
        before: u64,
    ) -> Result<bool, ActError> {
        let stream = codec::quota_stream(&case.program.id, &wanted.category);
        let quota = self.quota_known(&stream, |sequence| sequence < before).await?;
        // An override of a limit that leaves a place is kept of no act.
        let is_full = quota.full_from(wanted.quota.limit, from, &case.stream).is_some();
        if is_full { over_limit(case, wanted, &quota, from) } else { Ok(false) }
    }

    /// Reserves a place for the approval that will be appended at `revision`; a retry finds its own.
    pub(super) async fn reserve(
        &self,
        case: &Case<'_>,
        wanted: &PlaceWanted,
        from: Day,
        revision: u64,
        now: Timestamp,
    ) -> Result<Reservation, ActError> {
        let stream = codec::quota_stream(&case.program.id, &wanted.category);
        let key = case.call.key.as_str();
        for _ in 0..MAX_TRIES {
            let quota = self.quota(&stream).await?;
            if let Some(own) = quota.reservation_for(&case.stream, revision)
                && own.reserved.key == key
                && own.reserved.from == from
                && (!own.reserved.over_limit || is_justified(case))
            {
                return Ok(own.clone());
            }
            let over_limit = over_limit(case, wanted, &quota, from)?;
            let reserved = PlaceReserved {
                enrollment: case.stream.clone(),
                revision,
                key: key.to_owned(),
                from,
                over_limit,
            };
            let cause = format!("{}@{revision}/{key}", case.stream);
            let event = QuotaEvent::PlaceReserved(reserved.clone());
            let exercise = case.program.is_exercise();
            match self.append_quota(&stream, &quota, event, &cause, exercise, now).await {
                Ok(reference) => return Ok(Reservation { reserved, reference }),
                Err(ActError::Log(LogError::Conflict { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        Err(ActError::Busy { what: stream })
    }

    /// Releases a reservation whose append failed for sure; one of unknown outcome stays for the
    /// recovery. So does, on a shared log, one whose revision is still free: another node's try of the
    /// same act uses the same reservation, and may be about to append. Gives back the append's error.
    pub(super) async fn give_back(
        &self,
        reservation: &Reservation,
        wanted: &Option<PlaceWanted>,
        case: &Case<'_>,
        error: ActError,
        now: Timestamp,
    ) -> ActError {
        let surely_failed = !matches!(error, ActError::Log(LogError::OutcomeUnknown(_)));
        if surely_failed
            && wanted.is_some()
            && (!self.journal.log.is_shared()
                || matches!(self.outcome_of(reservation).await, Ok(Some(false))))
        {
            let reason = "its approval was not appended".to_owned();
            let exercise = case.program.is_exercise();
            if let Err(failed) = self.release(reservation, reason, exercise, now).await {
                tracing::warn!(error = %failed, "a reservation stays for the recovery");
            }
        }
        error
    }

    /// Releases a reservation.
    pub(super) async fn release(
        &self,
        reservation: &Reservation,
        reason: String,
        exercise: bool,
        now: Timestamp,
    ) -> Result<(), ActError> {
        let stream = reservation.reference.stream.clone();
        for _ in 0..MAX_TRIES {
            let quota = self.quota(&stream).await?;
            if !quota.reservations().any(|kept| kept.reference == reservation.reference) {
                return Ok(());
            }
            let event = QuotaEvent::ReservationReleased(ReservationReleased {
                reservation: reservation.reference.revision,
                reason: reason.clone(),
            });
            let cause = format!("release {}", reservation.reference);
            match self.append_quota(&stream, &quota, event, &cause, exercise, now).await {
                Ok(_) => return Ok(()),
                Err(ActError::Log(LogError::Conflict { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        Err(ActError::Busy { what: stream })
    }

    /// Enters in each quota's stream the places that an enrollment's own events now say it holds,
    /// where they differ from what stands there. Never refused: days over a limit are listed. A quota
    /// that can't be read keeps the others from nothing.
    pub(super) async fn restate(
        &self,
        program: &Program,
        enrollment: &str,
        now: Timestamp,
    ) -> Result<bool, ActError> {
        let history = self.enrollments.history(enrollment).await?;
        let Some(newest) = history.events().last() else { return Ok(false) };
        let cites = newest.reference(enrollment);
        let mut places = places_of(&history);
        let (mut restated, mut unread) = (false, None);
        for category in self.quota_categories(program) {
            let stated = PlacesRestated {
                enrollment: enrollment.to_owned(),
                cites: cites.clone(),
                spans: places.remove(&category).unwrap_or_default(),
            };
            match self.restate_in(program, &category, stated, now).await {
                Ok(changed) => restated |= changed,
                Err(error) if error.is_unreadable() => unread = Some(error),
                Err(error) => return Err(error),
            }
        }
        unread.map_or(Ok(restated), Err)
    }

    async fn restate_in(
        &self,
        program: &Program,
        category: &Id,
        stated: PlacesRestated,
        now: Timestamp,
    ) -> Result<bool, ActError> {
        let stream = codec::quota_stream(&program.id, category);
        let cause = format!("restate {}", stated.cites);
        for _ in 0..MAX_TRIES {
            let quota = self.quota(&stream).await?;
            if quota.spans_of(&stated.enrollment) == stated.spans
                || quota
                    .restated_to(&stated.enrollment)
                    .is_some_and(|to| to >= stated.cites.revision)
            {
                return Ok(false);
            }
            let event = QuotaEvent::PlacesRestated(stated.clone());
            let exercise = program.is_exercise();
            match self.append_quota(&stream, &quota, event, &cause, exercise, now).await {
                Ok(_) => return Ok(true),
                Err(ActError::Log(LogError::Conflict { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    async fn append_quota(
        &self,
        stream: &str,
        quota: &Quota,
        event: QuotaEvent,
        cause: &str,
        exercise: bool,
        now: Timestamp,
    ) -> Result<EventRef, ActError> {
        let revision = quota.revision().map_or(0, |revision| revision + 1);
        let id: Uuid = self.journal.caused_id(stream, revision, cause);
        let mut meta = EventMeta::own(now, exercise);
        if let QuotaEvent::PlacesRestated(restated) = &event {
            meta.rests_on = restated.cites.to_string().into();
        }
        let new = codec::encode_quota(&event, &meta, id)?;
        let landed = self.journal.append_after(stream, quota.revision(), new).await?;
        if landed.stands.is_some() {
            // Another's try of the same, maybe with other content: the caller looks at the fold.
            let (expected, actual) = (quota.revision().into(), Some(revision));
            return Err(LogError::Conflict { expected, actual }.into());
        }
        Ok(EventRef { stream: stream.to_owned(), revision, id })
    }
}
