//! What a crash left between two streams: reservations without their approval, places that were
//! taken or freed in an enrollment and not yet in the quota.

use std::sync::atomic::Ordering;

use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, FutureExt as _};

use super::enrollment::stream_name;
use super::{ActError, App, StartError};
use crate::codec::{self, StreamKind};
use crate::domain::event::{ApprovalAbandoned, Event};
use crate::domain::measure::Program;
use crate::domain::quota::Reservation;
use crate::log::{LogError, NewEvent, StreamName};

/// How old a reservation must be, in microseconds, before it is looked at where acts may be under
/// way: no act takes that long.
pub const UNDER_WAY_US: i64 = 30_000_000;

/// Enrollments looked at at once: a log elsewhere takes a while to answer each.
const AT_ONCE: usize = 16;

/// What the recovery did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Reservations released.
    pub released: usize,
    /// Approvals abandoned so that a reservation could be released.
    pub abandoned: usize,
    /// Enrollments whose places were restated.
    pub restated: usize,
}

impl App {
    /// Mends what a crash, or an append that failed after an act, left out. A reservation is released only when its append can no longer
    /// succeed. `older_than_us`: reservations younger than that are left alone, for they may belong
    /// to an act under way; 0 at start, when nothing is.
    ///
    /// # Errors
    /// As the log's. What was mended stays mended.
    pub async fn recover(&self, older_than_us: i64) -> Result<Recovered, ActError> {
        let mut recovered = Recovered::default();
        let lagging: Vec<String> = self.lagging.lock().await.iter().cloned().collect();
        for stream in lagging {
            recovered.restated += usize::from(self.restate_stream(&stream).await?);
            self.lagging.lock().await.remove(&stream);
        }
        for program in &self.library.programs().programs {
            for view in self.quotas(program).await? {
                for reservation in view.quota.reservations() {
                    self.settle_reservation(program, reservation, older_than_us, &mut recovered)
                        .await?;
                }
            }
        }
        Ok(recovered)
    }

    /// Whether Docket may record anything of its own accord now.
    pub(super) fn may_write_by_itself(&self) -> Result<(), ActError> {
        self.log.recording().check()?;
        self.clock.now_for_own()?;
        Ok(())
    }

    /// What is done from time to time beside the acts: [`App::recover`], and before it what the start
    /// left out while the clock was in doubt.
    ///
    /// # Errors
    /// [`ActError::Clock`] while it is in doubt, [`LogError::Stopped`] while nothing is recorded, and as the log's and the documents'.
    pub async fn mend(&self, older_than_us: i64) -> Result<Recovered, StartError> {
        if self.postponed.load(Ordering::Relaxed) {
            self.may_write_by_itself()?;
            self.adopt_what_is_missing().await?;
            let places = self.recover_places().await?;
            self.postponed.store(false, Ordering::Relaxed);
            tracing::info!(restated = places.restated, "what waited for the clock is done");
        }
        Ok(self.recover(older_than_us).await?)
    }

    /// Restates the places of every enrollment whose quota lags behind its own events. Only streams
    /// of programs with quotas are read.
    ///
    /// # Errors
    /// As the log's.
    pub async fn recover_places(&self) -> Result<Recovered, ActError> {
        let mut recovered = Recovered::default();
        for program in self.programs_with_quota() {
            let streams = self.log.streams(&format!("{}-", program.id)).await?;
            let each: Vec<_> = streams.into_iter().map(|name| self.restate_named(name)).collect();
            let mut restated = futures_util::stream::iter(each).buffer_unordered(AT_ONCE);
            while let Some(restated) = restated.next().await {
                recovered.restated += usize::from(restated?);
            }
        }
        Ok(recovered)
    }

    fn restate_named(&self, name: StreamName) -> BoxFuture<'_, Result<bool, ActError>> {
        async move { self.restate_stream(name.as_str()).await }.boxed()
    }

    async fn restate_stream(&self, stream: &str) -> Result<bool, ActError> {
        let StreamKind::Enrollment { program, .. } = codec::kind_of_stream(stream) else {
            return Ok(false);
        };
        let Some(program) = self.library.program(program.as_str()) else { return Ok(false) };
        let now = self.clock.now_for_own()?;
        let _turn = self.stripe(stream).lock().await;
        self.restate(program, stream, now).await
    }

    fn programs_with_quota(&self) -> Vec<&Program> {
        let programs = self.library.programs().programs.iter();
        programs
            .filter(|program| {
                let versions = self.library.versions(program);
                versions
                    .all()
                    .iter()
                    .any(|edition| edition.measure.categories.iter().any(|c| c.quota.is_some()))
            })
            .collect()
    }

    async fn settle_reservation(
        &self,
        program: &Program,
        reservation: &Reservation,
        older_than_us: i64,
        recovered: &mut Recovered,
    ) -> Result<(), ActError> {
        let now = self.clock.now_for_own()?;
        let made = self.recorded_at(reservation).await?;
        if now.micros().saturating_sub(made) < older_than_us {
            return Ok(());
        }
        let (stream, revision) = (&reservation.reserved.enrollment, reservation.reserved.revision);
        let _turn = self.stripe(stream).lock().await;
        let name = stream_name(stream)?;
        let next = self.log.stream_revision(&name).await?.map_or(0, |revision| revision + 1);
        if next == revision {
            match self.abandon(program, reservation).await {
                Ok(()) => recovered.abandoned += 1,
                // The approval, or another act, was appended just now: look again.
                Err(ActError::Log(LogError::Conflict { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        if self.outcome_of(reservation).await? == Some(false) {
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
        let page = self.log.read_stream(&name, reservation.reserved.revision, 1).await?;
        let Some(stored) = page.events.first() else { return Ok(None) };
        let event = codec::decode_enrollment(stored)?;
        let cited = reservation.reference.to_string();
        let cites = event.meta.rests_on.split_ascii_whitespace().any(|r| r == cited);
        Ok(Some(event.event.fact().is_some() && cites))
    }

    async fn recorded_at(&self, reservation: &Reservation) -> Result<i64, ActError> {
        let name = stream_name(&reservation.reference.stream)?;
        let page = self.log.read_stream(&name, reservation.reference.revision, 1).await?;
        Ok(page.events.first().map_or(0, |event| event.recorded_at_us))
    }

    /// Takes the revision at which the approval would be appended, so that it never can be.
    async fn abandon(&self, program: &Program, reservation: &Reservation) -> Result<(), ActError> {
        let (stream, revision) = (&reservation.reserved.enrollment, reservation.reserved.revision);
        let now = self.clock.now_for_own()?;
        let event = Event::ApprovalAbandoned(ApprovalAbandoned {
            reservation: reservation.reference.clone(),
        });
        let mut meta = self.own_meta(now, program.is_exercise());
        meta.rests_on = reservation.reference.to_string().into();
        let cause = format!("abandon {}", reservation.reference);
        let new = NewEvent {
            event_id: self.caused_id(stream, revision, &cause),
            event_type: event.event_type().to_owned(),
            recorded_at_us: now.micros(),
            data: codec::encode_event(&event)?.into(),
            metadata: codec::encode_meta(&meta)?.into(),
        };
        self.append_after(stream, revision.checked_sub(1), new).await?;
        self.enrollments.forget(stream);
        Ok(())
    }
}
