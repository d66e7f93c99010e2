//! The scoreboard of a program on a day: its places, how far it is from each target, and how many stand
//! in each phase, by category and by zone (P4, P13, P16, T1).
//!
//! What must hold: each figure opens the list of exactly what it counts. Nobody stands in two phases, so
//! nothing is summed over them, nor over national stages, which share their boundary years (P18).

mod counts;
mod parts;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::quotas::quotas_on;
use crate::api::asking::answer;
use crate::api::asking::call::{Answered, Call};
use crate::api::asking::counted::counted;
use crate::api::asking::named;
use crate::api::asking::opening::Opening;
use crate::api::asking::page::{MIN_SEQUENCE, ask_at};
use crate::api::asking::state::ApiState;
use crate::api::asking::tabular::{Column, Holds, csv};
use crate::api::asking::times::{AS_OF, AT_SEQUENCE, KNOWN_AT, Times};
use crate::domain::ids::Id;
use crate::domain::measure::Measure;
use crate::projection::current_status::Counted;
use crate::projection::{At, DatabaseError, Tables};
use crate::views::media::{CSV, JSON};
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::Problem;
use crate::views::sequence::sequence;
use counts::{Asked, Counts};
use parts::Board;
pub use parts::{PlacesOfCategory, StageOn, StandingIn, TargetOn, ZoneStanding};

/// The zone.
pub const ZONE: Parameter = Parameter::new(
    "zone",
    Kind::Text,
    "Whose subject belongs to this zone; `unassigned`: to none on record.",
    "属于某区域的主体；unassigned：没有登记区域的主体。",
);

/// The parameters.
pub const SCOREBOARD: &[Parameter] = &[ZONE, AS_OF, KNOWN_AT, AT_SEQUENCE, MIN_SEQUENCE];

/// A program's scoreboard.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Scoreboard {
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
    /// The version of the measure in force on the day.
    pub measure: Option<String>,
    /// The national stages in which the day's year lies: two at a boundary.
    pub stages: Vec<StageOn>,
    /// The places of each category that has a limit.
    pub places: Vec<PlacesOfCategory>,
    /// What the measure sets out to reach: a range and how many stand there, or a text, never computed.
    pub targets: Vec<TargetOn>,
    /// How many stand in each phase, by category; of the zone asked about, if one is.
    pub standing: Vec<StandingIn>,
    /// How many of each zone stand in each phase; who belongs to several zones is counted in each.
    pub zones: Vec<ZoneStanding>,
}

/// Answers the scoreboard of a program on a day, as known up to an event.
///
/// # Errors
/// See the route.
pub async fn get_scoreboard(call: Call) -> Answered {
    let program = call.program()?;
    let times = Times::of::<()>(&call, None).await?;
    let zone = named::zone(&call)?;
    let of = Counted { zone, ..Counted::all(program) };
    let state = call.state.clone();
    let answer = ask_at(&call, &times, move |tables, at| {
        counted(&state.counted, tables, &Asked { of, at }, at.known.is_some(), Counts::clone)
    });
    let answer = answer.await?;
    let quotas = quotas_on(&call, program, (times.day, times.known)).await?;
    let versions = call.state.app.library().versions(program);
    let measure = versions.in_force(times.day).map(|edition| &edition.measure);
    let board = Board {
        program,
        versions: Arc::clone(&versions),
        measure,
        day: times.day,
        opening: Opening::of(&call, times.day),
        zone: call.parameter(ZONE.name),
        language: call.language,
    };
    let counts = &answer.value;
    let body = Scoreboard {
        program: program.id.to_string(),
        program_name: program.name.get(call.language).to_owned(),
        exercise: program.is_exercise(),
        as_of: times.day.to_string(),
        known_at: times.known_at.map(|instant| instant.to_rfc3339()),
        known_to_sequence: times.known.sequence().map(sequence),
        read_to_sequence: answer.position.map(sequence),
        measure: measure.map(|measure| measure.version.to_string()),
        stages: board.stages(),
        places: quotas.into_iter().map(|quota| board.places(quota)).collect(),
        targets: board.targets(counts),
        standing: board.standing(counts),
        zones: board.zones(counts),
    };
    match call.accepted() {
        Some(CSV) => {
            let body = serde_json::to_value(&body).map_err(Problem::internal)?;
            csv(&call, COLUMNS, &lines(&body), None)
        }
        _ => answer::json(&call, &body),
    }
}

/// Has at hand what scoreboards count of a day.
///
/// # Errors
/// Those of the database.
pub fn scoreboards_at_hand(
    state: &ApiState,
    tables: &Tables<'_>,
    at: At,
) -> Result<(), DatabaseError> {
    for program in &state.app.library().programs().programs {
        let asked = Asked { of: Counted::all(program), at };
        counted(&state.counted, tables, &asked, false, |_| ())?;
    }
    Ok(())
}

/// What a scoreboard can be had as.
pub const FORMS: &[&str] = &[JSON, CSV];

/// Its columns as a table.
pub const COLUMNS: &[Column] = &[
    ("part", "/part", Holds::Text),
    ("zone", "/zone", Holds::Text),
    ("phase", "/phase", Holds::Text),
    ("category", "/category", Holds::Text),
    ("label", "/label", Holds::Text),
    ("figure", "/figure", Holds::Text),
    ("count", "/count", Holds::Int),
    ("from", "/from", Holds::Int),
    ("to", "/to", Holds::Int),
    ("opens", "/opens", Holds::Text),
];

/// Each figure of a scoreboard as a line of a table; targets that are texts are lines without one.
pub fn lines(board: &Json) -> Vec<Json> {
    let list =
        |of: &Json, at: &str| of.pointer(at).and_then(Json::as_array).cloned().unwrap_or_default();
    let mut lines = Vec::new();
    for of in list(board, "/places") {
        for figure in ["taken", "reserved", "attested", "overridden", "free", "over"] {
            lines.push(json!({
                "part": "places", "category": of["category"]["id"], "label": of["category"]["label"],
                "figure": figure, "count": of[figure]["count"], "to": of["limit"],
                "opens": of[figure]["opens"],
            }));
        }
    }
    lines.extend(list(board, "/targets").iter().map(|of| {
        json!({
            "part": "targets", "phase": of["phase"]["id"], "category": of["category"]["id"],
            "label": of["target_label"], "figure": of["target"], "from": of["from"], "to": of["to"],
            "count": of["standing"]["count"], "opens": of["standing"]["opens"],
        })
    }));
    for of in list(board, "/standing") {
        let all = json!({ "category": null, "subjects": of["subjects"] });
        lines.extend(std::iter::once(all).chain(list(&of, "/categories")).map(|one| {
            json!({
                "part": "standing", "phase": of["phase"]["id"], "category": one["category"]["id"],
                "label": of["phase"]["label"], "figure": "subjects",
                "count": one["subjects"]["count"], "opens": one["subjects"]["opens"],
            })
        }));
    }
    for of in list(board, "/zones") {
        lines.extend(list(&of, "/phases").iter().map(|one| {
            json!({
                "part": "zones", "zone": of["zone"]["id"], "phase": one["phase"]["id"],
                "label": of["zone"]["label"], "figure": "subjects",
                "count": one["subjects"]["count"], "opens": one["subjects"]["opens"],
            })
        }));
    }
    lines
}

/// The zones to show: those that the measure names, in its order, then others on record.
fn zones_of(measure: Option<&Measure>, counts: &Counts) -> Vec<Id> {
    let declared = measure.into_iter().flat_map(|measure| &measure.zones);
    let mut zones: Vec<Id> = declared.map(|zone| zone.id.clone()).collect();
    for zone in counts.zones.keys().filter_map(|(zone, _)| zone.as_ref()) {
        if !zones.contains(zone) {
            zones.push(zone.clone());
        }
    }
    zones
}
