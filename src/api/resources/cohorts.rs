//! Cohorts: those of a program who were decided in one annual round or batch, and what became of each of
//! them by a day (C7, P3).
//!
//! What must hold: who was decided again in a later round stays a member of the earlier one; each figure
//! opens the list of exactly the enrollments that it counts.

mod counts;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::api::asking::answer;
use crate::api::asking::call::{Answered, Call};
use crate::api::asking::counted::counted;
use crate::api::asking::named::{self, NOWHERE};
use crate::api::asking::opening::{Figure, Opening};
use crate::api::asking::page::{MIN_SEQUENCE, ask_at};
use crate::api::asking::state::ApiState;
use crate::api::asking::tabular::{Column, Holds, csv};
use crate::api::asking::times::{AS_OF, AT_SEQUENCE, KNOWN_AT, Times};
use crate::domain::ids::{Id, Language, Node};
use crate::domain::measure::{Program, Versions};
use crate::domain::words;
use crate::projection::current_status::{CohortCount, CohortOf, Counted};
use crate::projection::{At, DatabaseError, Tables};
use crate::views::brief::Labelled;
use crate::views::labels::Labels;
use crate::views::media::{CSV, JSON};
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::Problem;
use crate::views::sequence::sequence;
use counts::Asked;

/// The parameters.
pub const COHORTS: &[Parameter] = &[
    Parameter::new("round", Kind::Text, "Of one annual round.", "某一年度。"),
    Parameter::new("batch", Kind::Text, "Of one batch.", "某一批次。"),
    AS_OF,
    KNOWN_AT,
    AT_SEQUENCE,
    MIN_SEQUENCE,
];

/// What became of a program's cohorts.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Cohorts {
    /// The program.
    pub program: String,
    /// Its name.
    pub program_name: String,
    /// Whether it is an exercise.
    pub exercise: bool,
    /// The day.
    pub as_of: String,
    /// The instant asked about, if one was.
    pub known_at: Option<String>,
    /// The sequence up to which the log was looked at, if not all of it was.
    pub known_to_sequence: Option<String>,
    /// The sequence of the last event that the tables had read.
    pub read_to_sequence: Option<String>,
    /// By annual round.
    pub rounds: Vec<Cohort>,
    /// By batch; who was decided in a round and a batch is in both.
    pub batches: Vec<Cohort>,
}

/// Those who were decided together.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Cohort {
    /// The round or batch.
    pub id: String,
    /// The same in words.
    pub label: String,
    /// All of them.
    pub members: Figure,
    /// Those who have something that awaits a decision.
    pub waiting: Figure,
    /// Those who were decided again in another round or batch since.
    pub decided_again: Figure,
    /// Where they stand on the day.
    pub became: Vec<Became>,
}

/// Those who stand at one place.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Became {
    /// Where; absent: nowhere.
    pub stands_at: Option<Labelled<'static>>,
    /// How many.
    pub members: Figure,
}

/// Answers what became of those who were decided together.
///
/// # Errors
/// See the route.
pub async fn list_cohorts(call: Call) -> Answered {
    let program = call.program()?;
    let times = Times::of::<()>(&call, None).await?;
    let (round, batch) = (named::number(&call, "round")?, named::number(&call, "batch")?);
    let of = Counted::all(program);
    let state = call.state.clone();
    let answer = ask_at(&call, &times, move |tables, at| {
        let is_past = at.known.is_some();
        let ask = |by| {
            let asked = Asked { of: of.clone(), by, at };
            counted(&state.counted, tables, &asked, is_past, counts::in_order)
        };
        Ok((ask(CohortOf::Round)?, ask(CohortOf::Batch)?))
    });
    let answer = answer.await?;
    let (mut rounds, mut batches) = answer.value;
    // One of them asked about leaves the others out.
    let is_asked = |id: &Id, own: &Option<Id>, other: &Option<Id>| match (own, other) {
        (Some(own), _) => id == own,
        (None, other) => other.is_none(),
    };
    rounds.retain(|count| is_asked(&count.of, &round, &batch));
    batches.retain(|count| is_asked(&count.of, &batch, &round));
    let versions = call.state.app.library().versions(program);
    let opening = Opening::of(&call, times.day);
    let made = Made { program, versions: &versions, opening, language: call.language };
    let body = Cohorts {
        program: program.id.to_string(),
        program_name: program.name.get(call.language).to_owned(),
        exercise: program.is_exercise(),
        as_of: times.day.to_string(),
        known_at: times.known_at.map(|instant| instant.to_rfc3339()),
        known_to_sequence: times.known.sequence().map(sequence),
        read_to_sequence: answer.position.map(sequence),
        rounds: made.cohorts(&rounds, CohortOf::Round),
        batches: made.cohorts(&batches, CohortOf::Batch),
    };
    match call.accepted() {
        Some(CSV) => {
            let body = serde_json::to_value(&body).map_err(Problem::internal)?;
            csv(&call, COLUMNS, &lines(&body), None)
        }
        _ => answer::json(&call, &body),
    }
}

/// Has at hand what cohorts count of a day.
///
/// # Errors
/// Those of the database.
pub fn cohorts_at_hand(state: &ApiState, tables: &Tables<'_>, at: At) -> Result<(), DatabaseError> {
    for program in &state.app.library().programs().programs {
        for by in [CohortOf::Round, CohortOf::Batch] {
            let of = Counted::all(program);
            counted(&state.counted, tables, &Asked { of, by, at }, false, |_| ())?;
        }
    }
    Ok(())
}

/// What the cohorts can be had as.
pub const FORMS: &[&str] = &[JSON, CSV];

/// Their columns as a table.
pub const COLUMNS: &[Column] = &[
    ("decided_in", "/decided_in", Holds::Text),
    ("id", "/id", Holds::Text),
    ("label", "/label", Holds::Text),
    ("figure", "/figure", Holds::Text),
    ("stands_at", "/stands_at", Holds::Text),
    ("stands_at_label", "/stands_at_label", Holds::Text),
    ("count", "/count", Holds::Int),
    ("opens", "/opens", Holds::Text),
];

/// Each figure as a line of a table.
pub fn lines(cohorts: &Json) -> Vec<Json> {
    let list =
        |of: &Json, at: &str| of.pointer(at).and_then(Json::as_array).cloned().unwrap_or_default();
    let mut lines = Vec::new();
    for (of, at) in [("round", "/rounds"), ("batch", "/batches")] {
        for cohort in list(cohorts, at) {
            let line = |figure: &str, at: &Json, counted: &Json| {
                json!({
                    "decided_in": of, "id": cohort["id"], "label": cohort["label"], "figure": figure,
                    "stands_at": at["id"], "stands_at_label": at["label"],
                    "count": counted["count"], "opens": counted["opens"],
                })
            };
            let figures = ["members", "waiting", "decided_again"];
            lines.extend(figures.map(|figure| line(figure, &Json::Null, &cohort[figure])));
            let became = list(&cohort, "/became");
            lines.extend(
                became.iter().map(|one| line("became", &one["stands_at"], &one["members"])),
            );
        }
    }
    lines
}

/// What the cohorts are shown with.
struct Made<'a> {
    program: &'a Program,
    versions: &'a Versions,
    opening: Opening,
    language: Language,
}

impl Made<'_> {
    fn cohorts(&self, counts: &[CohortCount], of: CohortOf) -> Vec<Cohort> {
        let cohorts = counts.chunk_by(|one, next| one.of == next.of);
        cohorts
            .filter_map(|counts| Some(self.cohort(counts.first()?.of.clone(), counts, of)))
            .collect()
    }

    fn cohort(&self, id: Id, counts: &[CohortCount], of: CohortOf) -> Cohort {
        let sum = |number: fn(&CohortCount) -> u64| counts.iter().map(number).sum();
        let label = match of {
            CohortOf::Round => words::round(&id, self.language),
            CohortOf::Batch => words::batch(&id, self.language),
        };
        let figure = |count, more| self.figure(count, (of, &id), more);
        Cohort {
            label,
            members: figure(sum(|one| one.count), None),
            waiting: figure(sum(|one| one.waiting), Some(("waiting", "true"))),
            decided_again: figure(sum(|one| one.decided_later), Some(("decided_again", "true"))),
            became: counts
                .iter()
                .map(|one| Became {
                    stands_at: one.node.as_ref().map(|node| self.node(node)),
                    members: figure(
                        one.count,
                        Some(("stands_at", one.node.as_ref().map_or(NOWHERE, Node::as_str))),
                    ),
                })
                .collect(),
            id: id.to_string(),
        }
    }

    fn figure(&self, count: u64, (of, id): (CohortOf, &Id), more: Option<(&str, &str)>) -> Figure {
        let decided = match of {
            CohortOf::Round => "decided_in_round",
            CohortOf::Batch => "decided_in_batch",
        };
        let program = ("program", Some(self.program.id.as_str()));
        let mut filters = vec![program, (decided, Some(id.as_str()))];
        filters.extend(more.map(|(name, value)| (name, Some(value))));
        self.opening.figure(count, "/v1/enrollments", &filters)
    }

    fn node(&self, node: &Node) -> Labelled<'static> {
        let label = Labels(self.versions).node(node, self.language).into_owned();
        Labelled { id: node.as_str().to_owned().into(), label: label.into() }
    }
}
