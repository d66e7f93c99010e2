//! An enrollment with its rows, as far as its events were taken in.

use std::borrow::Cow;

use super::ProjectionError;
use super::change::Changes;
use super::models::Models;
use super::rows::Rows;
use super::turn::{Head, Path, Turn};
use crate::codec::{StreamKind, kind_of_stream};
use crate::domain::date::Day;
use crate::domain::enrollment::Enrollment;
use crate::domain::event::Recorded;
use crate::domain::history::History;
use crate::domain::state::{OpenMatter, State};
use crate::log::StreamName;

/// An enrollment with its fold and its rows.
#[derive(Debug)]
pub(super) struct Life {
    pub head: Head,
    enrollment: Enrollment,
    /// The state at the end of the day before the last fold day.
    prior: State,
    rows: Rows,
}

impl Life {
    /// An enrollment whose first event this is.
    ///
    /// # Errors
    /// When the stream is none of an enrollment.
    pub fn new(
        stream: &StreamName,
        event: &Recorded,
        number: u64,
    ) -> Result<Self, ProjectionError> {
        let (program, subject) = match kind_of_stream(stream.as_str()) {
            StreamKind::Enrollment { program, subject } => (program, Some(subject)),
            StreamKind::Program(program) => (program, None),
            _ => {
                return Err(ProjectionError::Inconsistent(format!("{stream} is no enrollment")));
            }
        };
        Ok(Self {
            head: Head {
                stream: stream.clone(),
                program,
                subject,
                number,
                exercise: event.meta.exercise,
                revision: event.revision,
                sequence: number,
                recorded_at: event.meta.recorded_at,
            },
            enrollment: Enrollment::default(),
            prior: State::default(),
            rows: Rows::default(),
        })
    }

    /// Takes the next event in and writes what it does to the rows. `history` gives the history up to
    /// and with the event.
    ///
    /// # Errors
    /// [`ProjectionError::OutOfOrder`] when a revision was left out; those of the read models and of
    /// `history`.
    pub fn take_in<'h>(
        &mut self,
        (event, sequence): (&Recorded, u64),
        history: &dyn Fn() -> Result<Cow<'h, History>, ProjectionError>,
        models: &mut Models,
        changes: &mut Changes,
    ) -> Result<(), ProjectionError> {
        let stands = self.enrollment.revision;
        if event.revision != stands.map_or(0, |revision| revision + 1) {
            let (stream, revision) = (self.head.stream.to_string(), event.revision);
            return Err(ProjectionError::OutOfOrder { stream, revision, stands });
        }
        let head = &mut self.head;
        (head.revision, head.sequence) = (event.revision, sequence);
        head.recorded_at = event.meta.recorded_at;
        let last_fold_day = self.enrollment.last_fold_day;
        let before = self.enrollment.state.clone();
        let from = event.meta.effective_on.latest();
        let turn = |path, from, prior, after| Turn {
            enrollment: self.head.number,
            event,
            sequence,
            from,
            prior,
            after,
            path,
        };
        let aside = event.event.is_aside();
        if (aside || !restates(&before, event)) && self.enrollment.push(event) {
            if self.enrollment.last_fold_day != last_fold_day {
                self.prior = before.clone();
            }
            let path = if aside { Path::Aside } else { Path::Appended { before: &before } };
            let after = [(from, &self.enrollment.state)];
            models.turn(&turn(path, from, &self.prior, &after), &mut self.rows, changes);
        } else {
            let history = history()?;
            let effective = history.effective();
            let segments = effective.segments();
            self.enrollment = Enrollment::of_effective(&effective);
            let day_before = self.enrollment.last_fold_day.map(Day::prev);
            self.prior = day_before.and_then(|day| state_on(&segments, day)).unwrap_or_default();
            let after: Vec<_> = segments.iter().map(|(day, state)| (*day, state)).collect();
            let path = Path::Anew { history: &history, effective: &effective };
            let prior = State::default();
            models.turn(&turn(path, Day::MIN, &prior, &after), &mut self.rows, changes);
        }
        Ok(())
    }

    /// What it takes in memory, estimated without looking at what it points to: that would cost more
    /// than the fold. A duty with its due date, its texts and how it was met is taken for 640 bytes.
    pub fn bytes(&self) -> usize {
        const MAP_ENTRY: usize = 96;
        const DUTY: usize = 640;
        let state = &self.enrollment.state;
        size_of::<Self>()
            + MAP_ENTRY
            + 600
            + state.duties.len() * DUTY
            + state.matters.len() * (size_of::<OpenMatter>() + 32)
            + (state.plan_versions.len() + state.unsupported.len()) * size_of::<u64>()
            + state.results.len() * 112
            + state.lapses.as_ref().map_or(0, |lapses| lapses.len() * 112)
            + self.rows.bytes()
    }
}

/// The rows of an enrollment: a function of its stream. They are written, and the enrollment is given
/// to take in what comes later.
///
/// # Errors
/// As [`Life::take_in`], with the sequence of the event.
pub(super) fn rows_of(
    stream: &StreamName,
    events: Vec<Recorded>,
    models: &mut Models,
    changes: &mut Changes,
) -> Result<Option<Life>, (u64, ProjectionError)> {
    let mut known = History::new(stream.as_str());
    let mut life = None;
    for event in events {
        let Some(sequence) = event.sequence else {
            let reason = format!("{stream}@{} has no sequence", event.revision);
            return Err((0, ProjectionError::Inconsistent(reason)));
        };
        known.push(event);
        let Some(event) = known.events().last() else { continue };
        let failed = |error| (sequence, error);
        let life = match &mut life {
            Some(life) => life,
            None => life.insert(Life::new(stream, event, sequence).map_err(failed)?),
        };
        let history = || Ok(Cow::Borrowed(&known));
        life.take_in((event, sequence), &history, models, changes).map_err(failed)?;
    }
    Ok(life)
}

/// Whether an event takes the ground from a lapse on record, whose row then has to be told: what was
/// received in time does, and what ended a duty before it fell due.
fn restates(before: &State, event: &Recorded) -> bool {
    let fold_day = event.meta.effective_on.latest();
    before.lapses.as_ref().is_some_and(|lapses| {
        event.states_receipt() || lapses.iter().any(|lapse| lapse.due.latest() > fold_day)
    })
}

/// The state on a day; absent before the first.
fn state_on(segments: &[(Day, State)], day: Day) -> Option<State> {
    let after = segments.partition_point(|(from, _)| *from <= day);
    segments.get(after.checked_sub(1)?).map(|(_, state)| state.clone())
}
