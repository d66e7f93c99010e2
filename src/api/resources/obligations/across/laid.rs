//! What measures lay by themselves and stands in no stream: on subjects that are not listed (P12), and
//! for programs as a whole whose record no act has opened.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{CHUNK, Found, MAX_EXAMINED, Question};
use crate::api::asking::call::Call;
use crate::api::asking::reading::is_adopted;
use crate::api::asking::times::Times;
use crate::domain::date::Day;
use crate::domain::duty::{owed_for_whole, owed_unlisted};
use crate::domain::ids::{Id, ProgramId};
use crate::domain::measure::{Edition, Program};
use crate::domain::state::{Duty, State};
use crate::projection::obligations::ObligationFilter;
use crate::projection::subjects::{SubjectCursor, UnlistedFilter};
use crate::projection::{At, DatabaseError, Tables};
use crate::views::problem::Problem;

/// A duty of a program's unlisted subjects.
pub(super) struct Unlisted {
    filter: UnlistedFilter,
    obligation: Id,
    edition: Arc<Edition>,
    /// The day as of which the list of who takes part is known to be complete.
    complete_since: Option<Day>,
}

/// The last of those subjects.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct AfterUnlisted {
    program: String,
    obligation: String,
    subject: Option<SubjectCursor>,
}

/// The last duty that a measure lays on a program as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct AfterWhole {
    program: String,
    obligation: String,
}

/// The programs that the filter picks.
fn programs<'a>(call: &'a Call, filter: &'a ObligationFilter) -> impl Iterator<Item = &'a Program> {
    let programs = call.state.app.library().programs().programs.iter();
    programs
        .filter(|program| program.is_exercise() == filter.exercise)
        .filter(|program| filter.program.as_ref().is_none_or(|id| *id == program.id))
}

/// The programs whose unlisted subjects owe something that the filter picks, by id.
pub(super) fn all_unlisted(call: &Call, filter: &ObligationFilter, times: &Times) -> Vec<Unlisted> {
    let owed = programs(call, filter).flat_map(|program| of_program(call, program, filter, times));
    let mut owed: Vec<Unlisted> = owed.collect();
    owed.sort_by(|one, other| one.key().cmp(&other.key()));
    owed
}

/// The measures that lay something on a program as a whole that the filter may pick, by program.
///
/// # Errors
/// As the log's.
pub(super) async fn lay_on_whole(
    call: &Call,
    filter: &ObligationFilter,
    times: &Times,
) -> Result<BTreeMap<ProgramId, Arc<Edition>>, Problem> {
    let mut found = BTreeMap::new();
    if filter.subject.is_some() || filter.province.is_some() {
        return Ok(found);
    }
    for program in programs(call, filter) {
        let versions = call.state.app.library().versions(program);
        let Some(edition) = versions.in_force(times.day) else { continue };
        if edition.measure.programwide.is_some()
            && is_adopted(call, program, times.known.sequence()).await?
        {
            found.insert(program.id.clone(), edition.clone());
        }
    }
    Ok(found)
}

/// Whether the filter picks a duty, whoever it is laid on.
fn picks(filter: &ObligationFilter, duty: &Duty) -> bool {
    filter.obligation.as_ref().is_none_or(|id| *id == duty.obligation)
        && filter.owes.is_none_or(|office| office == duty.owes || duty.with.contains(&office))
}

fn of_program(
    call: &Call,
    program: &Program,
    filter: &ObligationFilter,
    times: &Times,
) -> Vec<Unlisted> {
    let library = call.state.app.library();
    let versions = library.versions(program);
    let Some(edition) = versions.in_force(times.day) else { return Vec::new() };
    let measure = &edition.measure;
    // They have no due date.
    if filter.due_before.or(filter.due_after).is_some() {
        return Vec::new();
    }
    let owed = owed_unlisted(measure, &State::default(), times.day, Some(Day::MIN));
    let picked = owed.duties.iter().filter(|duty| picks(filter, duty));
    let standing = measure.phases.iter().filter(|phase| phase.standing);
    let filter = UnlistedFilter {
        program: program.id.clone(),
        exercise: program.is_exercise(),
        kinds: program.kinds(),
        standing: standing.map(|phase| phase.id.clone()).collect(),
        subject: filter.subject.clone(),
        province: filter.province.clone(),
        no_province: filter.no_province,
    };
    let complete_since = library.list_complete_since(&program.id, times.known.sequence());
    let one = |duty: &Arc<Duty>| Unlisted {
        filter: filter.clone(),
        obligation: duty.obligation.clone(),
        edition: edition.clone(),
        complete_since,
    };
    picked.map(one).collect()
}

impl Unlisted {
    /// The duty of one of them, as a state with it alone.
    fn owed(&self, state: &State, day: Day) -> Option<State> {
        let owed = owed_unlisted(&self.edition.measure, state, day, self.complete_since);
        let duty = owed.duties.iter().find(|duty| duty.obligation == self.obligation)?;
        Some(alone(duty, owed.kept_since))
    }

    fn key(&self) -> (&str, &str) {
        (self.filter.program.as_str(), self.obligation.as_str())
    }
}

fn alone(duty: &Arc<Duty>, kept_since: Option<Day>) -> State {
    State { kept_since, duties: Arc::new(vec![duty.clone()]), ..State::default() }
}

impl Question {
    /// A page of what unlisted subjects owe, and where the next one begins.
    pub(super) fn unlisted(
        &self,
        tables: &Tables<'_>,
        at: At,
        begin: AfterUnlisted,
        (left, mut examined): (&mut usize, usize),
        found: &mut Vec<Found>,
    ) -> Result<Option<AfterUnlisted>, DatabaseError> {
        let mut last = begin.clone();
        for unlisted in &self.unlisted {
            let (key, begins) =
                (unlisted.key(), (begin.program.as_str(), begin.obligation.as_str()));
            if key < begins {
                continue;
            }
            let after = |subject: Option<SubjectCursor>| {
                let (program, obligation) = (key.0.to_owned(), key.1.to_owned());
                AfterUnlisted { program, obligation, subject }
            };
            let mut from = begin.subject.clone().filter(|_| key == begins);
            loop {
                let rows = tables.list_unlisted(&unlisted.filter, at, from.as_ref(), CHUNK)?;
                let end = rows.len() < CHUNK;
                examined += rows.len();
                for row in rows {
                    from = Some(row.subject.cursor());
                    let Some(state) = unlisted.owed(&row.state, self.pick.day) else {
                        continue;
                    };
                    if self.pick.of(&state).is_empty() {
                        continue;
                    }
                    if *left == 0 {
                        return Ok(Some(last));
                    }
                    *left -= 1;
                    last = after(from.clone());
                    let (program, subject) = (unlisted.filter.program.clone(), row.subject);
                    let (subject, province) = (Some(subject.subject), subject.province);
                    found.push(Found { program, subject, province, state });
                }
                if end {
                    break;
                }
                if examined >= MAX_EXAMINED {
                    return Ok(Some(after(from)));
                }
            }
        }
        Ok(None)
    }

    /// What the measures lay on programs as a whole and no act on record has opened.
    pub(super) fn laid_on_whole(
        &self,
        tables: &Tables<'_>,
        at: At,
        after: Option<AfterWhole>,
        mut left: usize,
        found: &mut Vec<Found>,
    ) -> Result<Option<AfterWhole>, DatabaseError> {
        let mut last = after.clone().unwrap_or_default();
        for (program, edition) in &self.whole {
            let record = tables.whole(program, self.filter.exercise, at)?;
            let owed = owed_for_whole(&edition.measure, &record);
            let mut owed = Vec::from_iter(owed.duties.iter().map(|d| alone(d, owed.kept_since)));
            owed.sort_by(|one, other| one.duties[0].obligation.cmp(&other.duties[0].obligation));
            for state in owed {
                let duty = &state.duties[0];
                let (program_id, obligation) = (program.to_string(), duty.obligation.to_string());
                let here = AfterWhole { program: program_id, obligation };
                let is_past = after.as_ref().is_some_and(|after| here <= *after);
                if is_past || !picks(&self.filter, duty) || self.pick.of(&state).is_empty() {
                    continue;
                }
                if left == 0 {
                    return Ok(Some(last));
                }
                left -= 1;
                last = here;
                let program = program.clone();
                found.push(Found { program, subject: None, province: None, state });
            }
        }
        Ok(None)
    }
}
