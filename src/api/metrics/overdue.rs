//! How many duties are overdue today, counted out of the read models once in a while.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::api::state::ApiState;
use crate::domain::calendar::Calendars;
use crate::domain::date::Day;
use crate::domain::duty::{DutyStatus, items};
use crate::projection::obligations::ObligationFilter;
use crate::projection::{At, DatabaseError, Tables};

/// How long a count is shown before it is made again: a day's duties don't change by the second,
/// and a count reads every one that binds.
const KEPT_FOR: Duration = Duration::from_secs(300);
/// Duties read in one go.
const CHUNK: usize = 1000;

/// Overdue duties by program and kind.
type Counts = Vec<(String, String, u64)>;

/// The last count.
#[derive(Default)]
pub struct Overdue {
    last: Mutex<Option<(Instant, Counts)>>,
}

impl Overdue {
    /// The count of today, or of a few minutes ago; absent where the tables can't be read.
    pub async fn counts(&self, state: &ApiState) -> Option<Counts> {
        let mut last = self.last.lock().await;
        if let Some((since, counts)) = &*last
            && since.elapsed() < KEPT_FOR
        {
            return Some(counts.clone());
        }
        let (_, calendars) = state.app.library().present_calendars();
        let day = state.today();
        let counted = state.models.read(move |tables| count(tables, day, &calendars)).await;
        let counts = counted.ok()?.value;
        *last = Some((Instant::now(), counts.clone()));
        Some(counts)
    }
}

/// Counts what stands in the streams of real programs.
fn count(tables: &Tables<'_>, day: Day, calendars: &Calendars) -> Result<Counts, DatabaseError> {
    let filter = ObligationFilter {
        due_before: Some(day),
        only_binding: true,
        ..ObligationFilter::default()
    };
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut after = None;
    loop {
        let rows = tables.list_obligations(&filter, At::day(day), after.as_ref(), CHUNK)?;
        after = rows.last().map(|row| row.cursor());
        let end = rows.len() < CHUNK;
        for row in rows {
            let (program, kind) = (row.program.to_string(), row.duty.obligation.to_string());
            let state = row.into_state();
            let judged = items(&state, day, calendars);
            let overdue = judged.iter().filter(|item| item.status == DutyStatus::Overdue).count();
            *counts.entry((program, kind)).or_default() += overdue as u64;
        }
        if end {
            break;
        }
    }
    Ok(counts.into_iter().map(|((program, kind), count)| (program, kind, count)).collect())
}
