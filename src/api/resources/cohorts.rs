//! Cohorts: those of a program who were decided in one annual round or batch, and what became of each of
//! them by a day (C7, P3).
//!
//! What must hold: who was decided again in a later round stays a member of the earlier one; each figure
//! opens the list of exactly the enrollments that it counts.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::api::asking::answer;
use crate::api::asking::call::{Answered, Call};
use crate::api::asking::named::{self, NOWHERE};
use crate::api::asking::opening::{Figure, Opening};
use crate::api::asking::page::{MIN_SEQUENCE, ask_at};
use crate::api::asking::tabular::{Column, csv};
use crate::api::asking::times::{AS_OF, AT_SEQUENCE, KNOWN_AT, Times};
use crate::domain::ids::{Id, Language, Node};
use crate::domain::measure::{Program, Versions};
use crate::domain::words;
use crate::projection::current_status::{CohortCount, CohortOf, Counted};
use crate::views::brief::Labelled;
use crate::views::labels::Labels;
use crate::views::media::{CSV, JSON};
use crate::views::parameter::{Kind, Parameter};
use crate::views::sequence::sequence;

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
    let (id, exercise) = (program.id.clone(), program.is_exercise());
    let of = Counted { program: id, exercise, zone: None, enrollments: None };
    let answer = ask_at(&call, &times, move |tables, at| {
        let rounds = tables.count_cohorts(&of, CohortOf::Round, at)?;
        Ok((rounds, tables.count_cohorts(&of, CohortOf::Batch, at)?))
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
        Some(CSV) => csv(&call, COLUMNS, &lines(&body), None),
        _ => answer::json(&call, &body),
    }
}

/// What the cohorts can be had as.
pub const FORMS: &[&str] = &[JSON, CSV];

const COLUMNS: &[Column] = &[
    ("decided_in", "/decided_in"),
    ("id", "/id"),
    ("label", "/label"),
    ("figure", "/figure"),
    ("stands_at", "/stands_at"),
    ("stands_at_label", "/stands_at_label"),
    ("count", "/count"),
    ("opens", "/opens"),
];

/// Each figure as a line of a table.
fn lines(cohorts: &Cohorts) -> Vec<serde_json::Value> {
    let rounds = cohorts.rounds.iter().map(|cohort| ("round", cohort));
    let all = rounds.chain(cohorts.batches.iter().map(|cohort| ("batch", cohort)));
    let mut lines = Vec::new();
    for (of, cohort) in all {
        let line = |figure: &str, at: Option<&Labelled<'_>>, counted: &Figure| {
            json!({
                "decided_in": of, "id": cohort.id, "label": cohort.label, "figure": figure,
                "stands_at": at.map(|at| &at.id), "stands_at_label": at.map(|at| &at.label),
                "count": counted.count, "opens": counted.opens,
            })
        };
        lines.push(line("members", None, &cohort.members));
        lines.push(line("waiting", None, &cohort.waiting));
        lines.push(line("decided_again", None, &cohort.decided_again));
        let became = cohort.became.iter();
        lines.extend(became.map(|one| line("became", one.stands_at.as_ref(), &one.members)));
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
