//! How a program went: on which days it changed how many stand where, and how many do from then on.
//!
//! What must hold: what stands on a day is what the list of enrollments has on that day.

mod changes;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::timeline::{StageView, stages};
use crate::api::asking::answer::json;
use crate::api::asking::call::{Answered, Call, refused_parameter};
use crate::api::asking::counted::counted;
use crate::api::asking::named;
use crate::api::asking::opening::{Opening, exercises};
use crate::api::asking::page::{MIN_SEQUENCE, ask_at};
use crate::api::asking::state::ApiState;
use crate::api::asking::times::{AS_OF, AT_SEQUENCE, KNOWN_AT, Times};
use crate::domain::date::Day;
use crate::domain::ids::Node;
use crate::projection::current_status::Counted;
use crate::projection::{At, DatabaseError, Tables};
use crate::views::brief::Labelled;
use crate::views::labels::Labels;
use crate::views::parameter::{Kind, Parameter};
use crate::views::sequence::sequence;
use changes::{Alike, Asked, Changes};

/// The most days that are listed one by one.
const MOST_DAYS: usize = 1000;
/// How finely it is told.
const EVERY: Parameter = Parameter::new(
    "every",
    Kind::OneOf(|| vec!["month", "day"]),
    "`month`, unless told: how it stood after the last change of each month; `day`: after each day of change, where \
     there are at most 1000.",
    "默认 month：各月最后一次变更之后的情况；day：每一变更日之后的情况（至多 1000 日）。",
);

/// The parameters.
pub const COURSE: &[Parameter] = &[EVERY, AS_OF, KNOWN_AT, AT_SEQUENCE, MIN_SEQUENCE];

/// How a program went.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Course {
    /// The program.
    pub program: String,
    /// Its name.
    pub program_name: String,
    /// Whether it is an exercise.
    pub exercise: bool,
    /// The day asked about.
    pub as_of: String,
    /// The instant asked about, if one was.
    pub known_at: Option<String>,
    /// The sequence up to which the log was looked at, if not all of it was.
    pub known_to_sequence: Option<String>,
    /// The sequence of the last event that the tables had read.
    pub read_to_sequence: Option<String>,
    /// The national stages, by which nothing is judged (P18).
    pub stages: Vec<StageView>,
    /// The last day of change before the day asked about.
    pub changed_before: Option<String>,
    /// The first one after it.
    pub changed_after: Option<String>,
    /// The last day on which an event shows a standing that somebody has: after it, nothing newer says so.
    pub last_evidenced_on: Option<String>,
    /// How many stand where on the day asked about.
    pub standing: Vec<AlikeCount>,
    /// Days on which it changed how many stand where, the first one first.
    pub items: Vec<StandingFrom>,
}

/// How many stand where from a day on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StandingFrom {
    /// The day.
    pub from: String,
    /// By phase and category; nothing of which there is none.
    pub standing: Vec<AlikeCount>,
    /// The address of the list of those enrolled, on that day.
    pub opens: String,
}

/// How many stand alike.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AlikeCount {
    /// The phase.
    pub phase: Labelled<'static>,
    /// The category, if they have one.
    pub category: Option<Labelled<'static>>,
    /// How many.
    pub subjects: u64,
}

/// What is read of the changes.
#[derive(Default)]
struct Read {
    before: Option<Day>,
    after: Option<Day>,
    last_evidenced: Option<Day>,
    days: usize,
    on_day: BTreeMap<Alike, i64>,
    items: Vec<(Day, BTreeMap<Alike, i64>)>,
}

impl Read {
    fn of(changes: &Changes, day: Day, by_month: bool) -> Self {
        let (before, after) = (changes.days.range(..day), changes.days.range(day.next()..));
        let mut read = Self {
            before: before.last().map(|(day, _)| *day),
            after: { after }.next().map(|(day, _)| *day),
            last_evidenced: changes.last_evidenced(),
            days: changes.days.len(),
            on_day: BTreeMap::new(),
            items: Vec::new(),
        };
        let mut standing: BTreeMap<Alike, i64> = BTreeMap::new();
        let month = |day: Day| (day.year(), day.month());
        let asked = day;
        let mut days = changes.days.iter().peekable();
        while let Some((day, of)) = days.next() {
            for (alike, count) in of {
                *standing.entry(alike.clone()).or_default() += count;
            }
            standing.retain(|_, count| *count != 0);
            let next = days.peek().map(|(next, _)| **next);
            if *day <= asked && next.is_none_or(|next| next > asked) {
                read.on_day.clone_from(&standing);
            }
            let is_told = match by_month {
                true => next.is_none_or(|next| month(next) != month(*day)),
                false => read.items.len() < MOST_DAYS,
            };
            if is_told {
                read.items.push((*day, standing.clone()));
            }
        }
        read
    }
}

/// Answers how a program went, as known up to an event.
///
/// # Errors
/// See the route.
pub async fn get_course(call: Call) -> Answered {
    let program = call.program()?;
    let times = Times::of::<()>(&call, None).await?;
    let by_day = named::word(&call, EVERY.name, &[("month", false), ("day", true)])?;
    let by_day = by_day.unwrap_or(false);
    let (of, state) = (Counted::all(program), call.state.clone());
    let answer = ask_at(&call, &times, move |tables, at| {
        let asked = Asked { of, at };
        let read = |changes: &Changes| Read::of(changes, at.day, !by_day);
        counted(&state.counted, tables, &asked, at.known.is_some(), read)
    });
    let answer = answer.await?;
    let read = answer.value;
    if by_day && read.days > MOST_DAYS {
        return Err(refused_parameter(
            EVERY.name,
            &format!("there are {} days of change: ask by month", read.days),
            &format!("变更日共 {} 日：请按月查询", read.days),
        ));
    }
    let versions = call.state.app.library().versions(program);
    let labels = Labels(&versions);
    let label =
        |id: &str, label: String| Labelled { id: id.to_owned().into(), label: label.into() };
    let phase = |id: &str| {
        let node = Node::parse(id).ok();
        let said = node.map(|node| labels.node(&node, call.language).into_owned());
        label(id, said.unwrap_or_else(|| id.to_owned()))
    };
    let category = |id: &str| {
        let said = labels.category(id).map(|text| text.get(call.language).to_owned());
        label(id, said.unwrap_or_else(|| id.to_owned()))
    };
    let alike = |standing: &BTreeMap<Alike, i64>| -> Vec<AlikeCount> {
        let alike = standing.iter().map(|((of, in_category), count)| AlikeCount {
            phase: phase(of.as_str()),
            category: in_category.as_ref().map(|id| category(id.as_str())),
            subjects: u64::try_from(*count).unwrap_or_default(),
        });
        alike.collect()
    };
    let item = |(from, standing): (Day, BTreeMap<Alike, i64>)| {
        let filters = [("program", Some(program.id.as_str())), exercises(program.is_exercise())];
        StandingFrom {
            from: from.to_string(),
            standing: alike(&standing),
            opens: Opening::of(&call, from).list("/v1/enrollments", &filters),
        }
    };
    let day = |day: Option<Day>| day.map(|day| day.to_string());
    let body = Course {
        program: program.id.to_string(),
        program_name: program.name.get(call.language).to_owned(),
        exercise: program.is_exercise(),
        as_of: times.day.to_string(),
        known_at: times.known_at.map(|instant| instant.to_rfc3339()),
        known_to_sequence: times.known.sequence().map(sequence),
        read_to_sequence: answer.position.map(sequence),
        stages: stages(&call),
        changed_before: day(read.before),
        changed_after: day(read.after),
        last_evidenced_on: day(read.last_evidenced),
        standing: alike(&read.on_day),
        items: read.items.into_iter().map(item).collect(),
    };
    json(&call, &body)
}

/// Has at hand how each program went.
///
/// # Errors
/// Those of the database.
pub fn courses_at_hand(state: &ApiState, tables: &Tables<'_>, at: At) -> Result<(), DatabaseError> {
    for program in &state.app.library().programs().programs {
        let asked = Asked { of: Counted::all(program), at };
        counted(&state.counted, tables, &asked, false, |_| ())?;
    }
    Ok(())
}
