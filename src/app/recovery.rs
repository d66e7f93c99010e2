//! What a crash left between two streams: reservations without their approval, places that were
//! taken or freed in an enrollment and not yet in the quota.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;
use std::time::Duration;

use super::ActError;
use super::enrollments::stream_name;
use super::places::Places;
use crate::codec::{self, StreamKind};
use crate::domain::event::{ApprovalAbandoned, Event, EventMeta};
use crate::domain::event_type::Kind;
use crate::domain::measure::Program;
use crate::domain::quota::Reservation;
use crate::log::{LogError, MAX_PAGE_EVENTS};

/// How old a reservation must be, in microseconds, before it is looked at where acts may be under
/// way: no act takes that long.
pub const UNDER_WAY_US: i64 = 30_000_000;

/// How many of the newest events a start looks at, for what a crash left in the middle of an act.
const NEWEST_EVENTS: u64 = 1_000;
/// How long the look at every enrollment rests after each, so that acts hardly notice it.
const REST: Duration = Duration::from_millis(1);

/// What the recovery did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Reservations released.
    pub released: usize,
    /// Approvals abandoned so that a reservation could be released.
    pub abandoned: usize,
    /// Enrollments whose places were restated.
    pub restated: usize,
    /// Streams left out because an event can't be read.
    pub unreadable: usize,
}

impl Recovered {
    /// An event that can't be read keeps back what needs it, and that is tried again later.
    fn leave_out(&mut self, stream: &str, error: ActError) -> Result<(), ActError> {
        if !error.is_unreadable() {
            return Err(error);
        }
        tracing::error!(%error, stream, "the recovery leaves this out, and tries again later");
        self.unreadable += 1;
        Ok(())
    }
}

impl Places {
    /// Mends what a crash, or an append that failed after an act, left out. A reservation is released
    /// only when its append can no longer succeed. `older_than_us`: reservations younger than that are
    /// left alone, for they may belong to an act under way; 0 at start, when nothing is.
    ///
    /// # Errors
    /// As the log's. What was mended stays mended.
    pub async fn recover(&self, older_than_us: i64) -> Result<Recovered, ActError> {
        let mut recovered = Recovered::default();
        let lagging: Vec<String> = self.lagging.lock().await.iter().cloned().collect();
        for stream in lagging {
            if self.restate_or_leave(&stream, &mut recovered).await? {
                self.lagging.lock().await.remove(&stream);
            }
        }
        for program in &self.library.programs().programs {
            for category in self.quota_categories(program) {
                let stream = codec::quota_stream(&program.id, &category);
                self.settle_quota(program, &stream, older_than_us, |_| true, &mut recovered)
                    .await?;
            }
        }
        Ok(recovered)
    }

    /// The same at a start, for what the newest events leave open: what a crash breaks off is among
    /// them. However long the log is, it takes as long. What is older and still open (a place that
    /// lagged for long before the stop) is found by [`Places::recover`] and [`Places::recover_places`] behind
    /// the start; until then a reserved place counts as taken.
    ///
    /// # Errors
    /// As the log's. What was mended stays mended.
    pub async fn recover_newest(&self, older_than_us: i64) -> Result<Recovered, ActError> {
        let mut recovered = Recovered::default();
        let (mut enrollments, mut quotas) = (BTreeSet::new(), BTreeMap::new());
        for (stream, revision) in self.newest_streams().await? {
            match codec::kind_of_stream(&stream).kind() {
                Some(Kind::Enrollment) => drop(enrollments.insert(stream)),
                Some(Kind::Quota) => {
                    let revisions: &mut BTreeSet<u64> = quotas.entry(stream).or_default();
                    revisions.insert(revision);
                }
                _ => {}
            }
        }
        for (stream, newest) in quotas {
            let kind = codec::kind_of_stream(&stream);
            let Some(program) = kind.program().and_then(|id| self.library.program(id)) else {
                continue;
            };
            let is_new = |revision: u64| newest.contains(&revision);
            self.settle_quota(program, &stream, older_than_us, is_new, &mut recovered).await?;
        }
        for stream in enrollments {
            self.restate_or_leave(&stream, &mut recovered).await?;
        }
        Ok(recovered)
    }

    /// Streams and revisions of the newest events, without what can't be read.
    async fn newest_streams(&self) -> Result<Vec<(String, u64)>, ActError> {
        let Some(head) = self.journal.log.head().await? else { return Ok(Vec::new()) };
        let mut next = (head + 1).saturating_sub(NEWEST_EVENTS);
        let mut newest = Vec::new();
        while next <= head {
            match self.journal.log.read_all(next.checked_sub(1), MAX_PAGE_EVENTS).await {
                Ok(page) if page.events.is_empty() => break,
                Ok(page) => {
                    next += page.events.len() as u64;
                    let places = page.events.iter().map(|e| (e.stream.to_string(), e.revision));
                    newest.extend(places);
                }
                Err(LogError::Corrupt { sequence, reason }) => {
                    tracing::error!(sequence, reason, "an event can't be read");
                    next = next.max(sequence) + 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(newest)
    }

    /// Restates the places of every enrollment whose quota lags behind its own events, one after the
    /// other and with a rest between: this takes as long as the log is. Only streams of programs with
    /// quotas are read.
    ///
    /// # Errors
    /// As the log's.
    pub async fn recover_places(&self) -> Result<Recovered, ActError> {
        let mut recovered = Recovered::default();
        for program in self.programs_with_quota() {
            for stream in self.journal.log.streams(&format!("{}-", program.id)).await? {
                self.restate_or_leave(stream.as_str(), &mut recovered).await?;
                tokio::time::sleep(REST).await;
            }
        }
        Ok(recovered)
    }

    /// Settles the reservations of a quota's stream whose revision is wanted.
    async fn settle_quota(
        &self,
        program: &Program,
        stream: &str,
        older_than_us: i64,
        is_wanted: impl Fn(u64) -> bool,
        recovered: &mut Recovered,
    ) -> Result<(), ActError> {
        let quota = match self.quota(stream).await {
            Ok(quota) => quota,
            Err(error) => return recovered.leave_out(stream, error),
        };
        for reservation in quota.reservations() {
            if !is_wanted(reservation.reference.revision) || self.is_standing(reservation) {
                continue;
            }
            let settled =
                self.settle_reservation(program, reservation, older_than_us, recovered).await;
            if let Err(error) = settled {
                recovered.leave_out(&reservation.reserved.enrollment, error)?;
            }
        }
        Ok(())
    }

    fn is_standing(&self, reservation: &Reservation) -> bool {
        let standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        standing.contains(&key_of(reservation))
    }

    /// Whether the enrollment needs no further look.
    async fn restate_or_leave(
        &self,
        stream: &str,
        recovered: &mut Recovered,
    ) -> Result<bool, ActError> {
        match self.restate_stream(stream).await {
            Ok(restated) => {
                recovered.restated += usize::from(restated);
                Ok(true)
            }
            Err(error) => {
                recovered.leave_out(stream, error)?;
                self.lagging.lock().await.insert(stream.to_owned());
                Ok(false)
            }
        }
    }

    async fn restate_stream(&self, stream: &str) -> Result<bool, ActError> {
        let StreamKind::Enrollment { program, .. } = codec::kind_of_stream(stream) else {
            return Ok(false);
        };
        let Some(program) = self.library.program(program.as_str()) else { return Ok(false) };
        if self.quota_categories(program).is_empty() {
            return Ok(false);
        }
        let now = self.journal.clock.now_for_own()?;
        let _turn = self.journal.turn(stream).await;
        self.restate(program, stream, now).await
    }

    fn programs_with_quota(&self) -> Vec<&Program> {
        let programs = self.library.programs().programs.iter();
        programs.filter(|program| !self.quota_categories(program).is_empty()).collect()
    }

    async fn settle_reservation(
        &self,
        program: &Program,
        reservation: &Reservation,
        older_than_us: i64,
        recovered: &mut Recovered,
    ) -> Result<(), ActError> {
        let now = self.journal.clock.now_for_own()?;
        let made = self.recorded_at(reservation).await?;
        if now.micros().saturating_sub(made) < older_than_us {
            return Ok(());
        }
        let (stream, revision) = (&reservation.reserved.enrollment, reservation.reserved.revision);
        let _turn = self.journal.turn(stream).await;
        let name = stream_name(stream)?;
        let next =
            self.journal.log.stream_revision(&name).await?.map_or(0, |revision| revision + 1);
        if next == revision {
            match self.abandon(program, reservation).await {
                Ok(()) => recovered.abandoned += 1,
                // The approval, or another act, was appended just now: look again.
                Err(ActError::Log(LogError::Conflict { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        let outcome = self.outcome_of(reservation).await?;
        if outcome == Some(true) {
            let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
            standing.insert(key_of(reservation));
        }
        if outcome == Some(false) {
            let reason = "its approval can no longer be appended".to_owned();
            self.release(reservation, reason, program.is_exercise(), now).await?;
            recovered.released += 1;
        }
        Ok(())
    }

    /// Whether the event at the revision that a reservation names is the act for which it was made;
    /// nothing while no event stands there.
    pub(super) async fn outcome_of(
        &self,
        reservation: &Reservation,
    ) -> Result<Option<bool>, ActError> {
        let name = stream_name(&reservation.reserved.enrollment)?;
        let page = self.journal.log.read_stream(&name, reservation.reserved.revision, 1).await?;
        let Some(stored) = page.events.first() else { return Ok(None) };
        let event = codec::decode_enrollment(stored)?;
        let cited = reservation.reference.to_string();
        let cites = event.meta.rests_on.split_ascii_whitespace().any(|r| r == cited);
        Ok(Some(event.event.fact().is_some() && cites))
    }

    async fn recorded_at(&self, reservation: &Reservation) -> Result<i64, ActError> {
        let name = stream_name(&reservation.reference.stream)?;
        let page = self.journal.log.read_stream(&name, reservation.reference.revision, 1).await?;
        Ok(page.events.first().map_or(0, |event| event.recorded_at_us))
    }

    /// Takes the revision at which the approval would be appended, so that it never can be.
    async fn abandon(&self, program: &Program, reservation: &Reservation) -> Result<(), ActError> {
        let (stream, revision) = (&reservation.reserved.enrollment, reservation.reserved.revision);
        let now = self.journal.clock.now_for_own()?;
        let event = Event::ApprovalAbandoned(ApprovalAbandoned {
            reservation: reservation.reference.clone(),
        });
        let mut meta = EventMeta::own(now, program.is_exercise());
        meta.rests_on = reservation.reference.to_string().into();
        let cause = format!("abandon {}", reservation.reference);
        let id = self.journal.caused_id(stream, revision, &cause);
        let new = codec::encode_event(&event, &meta, id)?;
        self.journal.append_after(stream, revision.checked_sub(1), new).await?;
        self.enrollments.cache.forget(stream);
        Ok(())
    }
}

fn key_of(reservation: &Reservation) -> (String, u64) {
    (reservation.reference.stream.clone(), reservation.reference.revision)
}
