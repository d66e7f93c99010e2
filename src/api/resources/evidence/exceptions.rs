//! What of an enrollment departs from the rule, or rests on less than it, as its bundle shows it (G18).

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::api::asking::reading::Reading;
use crate::domain::exceptions::exceptions_of;
use crate::domain::history::History;
use crate::domain::ids::Language;
use crate::ledger::bag::Files;
use crate::projection::audit_trail::entries;
use crate::views::exceptions::ExceptionView;
use crate::views::problem::Problem;

/// Adds what its events say of themselves; what was received late stands in its obligations.
///
/// # Errors
/// What can't be written.
pub fn add(
    reading: &Reading<'_>,
    history: &History,
    language: Language,
    files: &mut Files,
) -> Result<Value, Problem> {
    let Reading { subject, versions, calendars, program, .. } = reading;
    let trail = entries(history, subject, versions, calendars, language);
    let fates: HashMap<_, _> =
        trail.iter().map(|entry| (entry.reference.revision, entry.fate.as_str())).collect();
    let said = history.events().iter().flat_map(|event| {
        let fate = fates.get(&event.revision).copied();
        let of = (*program, &**subject);
        let view = move |one| ExceptionView::of(&one, event, of, fate, language);
        exceptions_of(event).into_iter().map(view)
    });
    let said = json!({ "items": said.collect::<Vec<_>>() });
    let bytes = format!("{said:#}\n").into_bytes();
    files.insert(format!("exceptions.{}.json", language.tag()), bytes);
    Ok(said)
}
