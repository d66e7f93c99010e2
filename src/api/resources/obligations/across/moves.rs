//! What waits at which office, dated or not (G17): first the decisions and steps that somebody is waited
//! for, then the obligations that are unmet and can be met.
//!
//! What must hold: an office finds here all that its subjects' statuses say of it. An act that would meet
//! an unmet obligation stands here as that obligation, not twice.

mod decided;
mod mine;
mod view;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{After as AfterObligation, Judged, Question, feeding, name_of};
use crate::api::asking::answer::{MAX_LIMIT, limit};
use crate::api::asking::call::{Answered, Call};
use crate::api::asking::cursor::{Cursor, cursor, next_link, write_cursor};
use crate::api::asking::page::{Filled, ask_at, page, version_of};
use crate::api::asking::tabular::csv;
use crate::api::asking::times::Times;
use crate::api::resources::obligations::feeds::is_feed;
use crate::domain::words;
use crate::projection::current_status::EnrollmentCursor;
use crate::views::media::{CSV, JSON};
use decided::decisions;
pub use decided::moves_at_hand;
use mine::Mine;
pub use view::{COLUMNS as MOVE_COLUMNS, Move};

/// Where the next page begins.
#[derive(Debug, Serialize, Deserialize)]
enum After {
    /// After the decisions of an enrollment.
    Decision(EnrollmentCursor),
    /// With the first obligation.
    Decisions,
    /// After an obligation.
    Obligation(AfterObligation),
}

/// Lists what waits, on a day, as known up to an event.
///
/// # Errors
/// See the route.
pub async fn list_moves(call: Call) -> Answered {
    let media = call.accepted().unwrap_or(JSON);
    let limit = match call.parameter("limit") {
        None if media != JSON => MAX_LIMIT,
        _ => limit(&call)?,
    };
    let cursor: Option<Cursor<After>> = cursor(&call)?;
    let times = Times::of(&call, cursor.as_ref()).await?;
    let mine = Mine::asked(&call)?;
    let narrow = |filter: &mut _| mine.narrow(filter);
    let mut question = Question::narrowed(&call, &times, "office", (limit, &narrow)).await?;
    question.pick.moves = true;
    question.filter.only_binding = true;
    let mut found = Vec::new();
    let begin = match cursor.map(|cursor| cursor.after) {
        None => Some(None),
        Some(After::Decision(after)) => Some(Some(after)),
        Some(After::Decisions) => None,
        Some(After::Obligation(after)) => {
            let asked = (question, mine);
            return owed(&call, asked, (times, media), found, Some(after)).await;
        }
    };
    if let Some(after) = begin
        && let Some(more) = decisions(&call, (&question, &mine), &times, after, &mut found).await?
    {
        return shown(&call, &question, found, (times, media), Some(After::Decision(more))).await;
    }
    if found.len() >= limit {
        return shown(&call, &question, found, (times, media), Some(After::Decisions)).await;
    }
    question.limit = limit - found.len();
    owed(&call, (question, mine), (times, media), found, None).await
}

/// Adds what is owed, and answers.
async fn owed(
    call: &Call,
    (question, mine): (Question, Mine),
    of: (Times, &'static str),
    mut found: Vec<Move>,
    after: Option<AfterObligation>,
) -> Answered {
    let question = Arc::new(question);
    let asked = question.clone();
    let answer = ask_at(call, &of.0, move |tables, at| asked.find(tables, at, after)).await?;
    let (owed, more) = answer.value;
    for one in &owed {
        if !mine.takes(call, one.subject.as_ref()).await? {
            continue;
        }
        let judged = Judged::of(call, &question, one);
        let program_name = judged.program_name(call.language);
        let name = name_of(call, one.subject.as_ref(), program_name, of.0.day).await?;
        found.extend(
            judged
                .items
                .iter()
                .map(|item| Move::owed(&judged, item, (&name, of.0.day), call.language)),
        );
    }
    shown(call, &question, found, of, more.map(After::Obligation)).await
}

/// Answers with what was found, in the form that is asked for.
async fn shown(
    call: &Call,
    question: &Question,
    items: Vec<Move>,
    (times, media): (Times, &'static str),
    more: Option<After>,
) -> Answered {
    if is_feed(media) {
        let entries = items.iter().map(|item| item.entry(call)).collect();
        let title = words::pick(call.language, "Docket: what waits", "Docket：待办事项");
        return feeding(call, title, entries, more, &times)?.answer(media);
    }
    if media == CSV {
        let (day, known) = (times.day, times.known.sequence());
        let next = match more {
            Some(after) => {
                Some(next_link(call, &write_cursor(call, &Cursor { day, known, after })?))
            }
            None => None,
        };
        return csv(call, view::COLUMNS, &items, next);
    }
    let read = ask_at(call, &times, |_, _| Ok(())).await?;
    let filled = Filled {
        programs: items.iter().map(|item| item.program.clone()).collect(),
        items,
        exercise: question.filter.exercise,
        more,
        times,
        model: ("obligations", version_of("obligations")),
        copy: read.copy,
        position: read.position,
        known_at_us: read.known_at_us,
    };
    page(call, filled)
}
