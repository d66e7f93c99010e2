//! What is on record for a program as a whole: as of which day the list of who takes part is complete
//! (P12).

use std::collections::{BTreeMap, HashMap};

use super::enrollments::load_history;
use super::{ActError, Library};
use crate::codec;
use crate::domain::act::ActKind;
use crate::domain::date::Day;
use crate::domain::history::{Effective, History};
use crate::domain::ids::ProgramId;
use crate::domain::measure::{Program, Programs};
use crate::log::EventLog;

/// What each event of a program's stream, by its sequence, leaves of the list's first complete day.
pub(super) type ListSaid = BTreeMap<u64, Option<Day>>;

impl Library {
    /// Brings up to date what the stream of a program says of its list.
    pub(super) async fn renew_list(&self, program: &Program) {
        match load_history(&*self.log, &codec::program_stream(&program.id)).await {
            Ok(history) => self.note_list(&program.id, list_said(&history)),
            Err(error) => tracing::warn!(%error, program = %program.id, "its record can't be read"),
        }
    }
}

/// What the streams of all programs say of their lists; of one that can't be read, nothing.
pub(super) async fn read_lists(
    log: &dyn EventLog,
    programs: &Programs,
) -> Result<HashMap<ProgramId, ListSaid>, ActError> {
    let mut lists = HashMap::new();
    for program in &programs.programs {
        match load_history(log, &codec::program_stream(&program.id)).await {
            Ok(history) => drop(lists.insert(program.id.clone(), list_said(&history))),
            Err(error) if error.is_unreadable() => {
                tracing::error!(%error, program = %program.id, "its record can't be read");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(lists)
}

fn list_said(history: &History) -> ListSaid {
    let events = history.events().iter().enumerate();
    let said = events.filter_map(|(number, event)| {
        let known = history.known_to(number + 1);
        Some((event.sequence?, complete_since(&known.effective())))
    });
    said.collect()
}

fn complete_since(effective: &Effective<'_>) -> Option<Day> {
    let says = |kind: ActKind| kind == ActKind::RecordListComplete;
    let entries = effective.entries().iter();
    let complete =
        entries.filter(|entry| entry.event.event.fact().is_some_and(|fact| says(fact.act.kind())));
    complete.map(|entry| entry.fold_day()).min()
}
