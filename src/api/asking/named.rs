//! Filters that name something a measure or a program declares: a name that none declares is an
//! error, since an empty list would say that nobody stands there.

use super::call::{Call, wrong_parameter};
use crate::domain::ids::{Id, Office, SubjectId, Text};
use crate::domain::measure::{Measure, Phase, Program};
use crate::domain::text::says_something;
use crate::domain::words::{Given, said};
use crate::projection::current_status::{StandsAsked, ZoneAsked};
use crate::views::problem::{Code, Problem};

/// What stands nowhere.
pub const NOWHERE: &str = "nowhere";
/// What no zone or province is on record of.
pub const UNASSIGNED: &str = "unassigned";

/// The phase, category or obligation that a parameter names.
///
/// # Errors
/// `malformed-request`, with those that there are.
pub fn declared(
    call: &Call,
    parameter: &'static str,
    ids: impl Fn(&Measure) -> Vec<Id>,
) -> Result<Option<Id>, Problem> {
    let Some(asked) = call.parameter(parameter) else { return Ok(None) };
    let library = call.state.app.library();
    let only = program(call)?;
    let mut known = Vec::new();
    for program in &library.programs().programs {
        if only.is_some_and(|only| only.id != program.id) {
            continue;
        }
        for edition in library.versions(program).all() {
            known.extend(ids(&edition.measure));
        }
    }
    one_of(parameter, asked, known).map(Some)
}

/// The same of one program, which the path names.
///
/// # Errors
/// As [`declared`].
pub fn declared_in(
    call: &Call,
    parameter: &'static str,
    program: &Program,
    ids: impl Fn(&Measure) -> Vec<Id>,
) -> Result<Option<Id>, Problem> {
    let Some(asked) = call.parameter(parameter) else { return Ok(None) };
    let versions = call.state.app.library().versions(program);
    let known = versions.all().iter().flat_map(|edition| ids(&edition.measure)).collect();
    one_of(parameter, asked, known).map(Some)
}

/// The round or batch that a parameter names, as the decisions print it: nothing declares them.
///
/// # Errors
/// `malformed-request` for a text that says nothing.
pub fn number(call: &Call, parameter: &'static str) -> Result<Option<Id>, Problem> {
    call.parsed(parameter, |text| match says_something(text) {
        true => Ok(Id::from(text.trim())),
        false => Err(said!("it says nothing", "未填写")),
    })
}

/// The kind of subject that `kind` names.
///
/// # Errors
/// `malformed-request`, with the kinds that there are.
pub fn kind(call: &Call) -> Result<Option<Id>, Problem> {
    let Some(asked) = call.parameter("kind") else { return Ok(None) };
    let programs = &call.state.app.library().programs().programs;
    let known = programs.iter().flat_map(|program| program.kinds()).collect();
    one_of("kind", asked, known).map(Some)
}

/// The office that a parameter names.
///
/// # Errors
/// `malformed-request`, with the offices that there are.
pub fn office(call: &Call, parameter: &str) -> Result<Option<Office>, Problem> {
    call.parsed(parameter, |text| {
        Office::parse(text).ok_or_else(|| {
            let known = Office::ALL.iter().map(|office| office.as_str()).collect::<Vec<_>>();
            none_of(text, &known.join(", "))
        })
    })
}

/// Where an enrollment stands, as `stands_at` names it: a node of a measure, or `nowhere`.
///
/// # Errors
/// `malformed-request`, with the nodes that there are.
pub fn stands_at(call: &Call) -> Result<Option<StandsAsked>, Problem> {
    if call.parameter("stands_at") == Some(NOWHERE) {
        return Ok(Some(StandsAsked::Nowhere));
    }
    let nodes = |measure: &Measure| {
        let of = |phase: &Phase| {
            let steps =
                phase.steps.iter().map(|step| Id::from(format!("{}.{}", phase.id, step.id)));
            std::iter::once(phase.id.clone()).chain(steps).collect::<Vec<_>>()
        };
        measure.phases.iter().flat_map(of).collect()
    };
    let nodes = |measure: &Measure| {
        let mut nodes: Vec<Id> = nodes(measure);
        nodes.push(Id::from(NOWHERE));
        nodes
    };
    let found = declared(call, "stands_at", nodes)?;
    Ok(found.map(StandsAsked::At))
}

/// The zone that `zone` names: one that a measure declares, or `unassigned`.
///
/// # Errors
/// `malformed-request`, with the zones that there are.
pub fn zone(call: &Call) -> Result<Option<ZoneAsked>, Problem> {
    if call.parameter("zone") == Some(UNASSIGNED) {
        return Ok(Some(ZoneAsked::Unassigned));
    }
    let Some(asked) = call.parameter("zone") else { return Ok(None) };
    let library = call.state.app.library();
    let programs = library.programs().programs.iter();
    let known = programs.flat_map(|program| {
        let versions = library.versions(program);
        let zones = versions.all().iter().flat_map(|edition| &edition.measure.zones);
        zones.map(|zone| zone.id.clone()).collect::<Vec<_>>()
    });
    let known = known.chain([Id::from(UNASSIGNED)]).collect();
    one_of("zone", asked, known).map(|zone| Some(ZoneAsked::In(zone)))
}

/// The program that `program` names.
///
/// # Errors
/// `malformed-request` for what is no id; `not-found` for an unknown program.
pub fn program(call: &Call) -> Result<Option<&Program>, Problem> {
    let Some(id) = call.parameter("program") else { return Ok(None) };
    let found = call.state.app.library().program(id);
    found.map(Some).ok_or_else(|| {
        Problem::new(Code::NotFound)
            .detail(format!("there is no program {id:?}"))
            .detail_zh(format!("没有项目“{id}”"))
    })
}

/// Whether exercises are asked for: as told, or as the program is one.
///
/// # Errors
/// `malformed-request` where the two contradict each other; `not-found` for an unknown program.
pub fn exercise(call: &Call) -> Result<bool, Problem> {
    let told = call.parameter("exercise").is_some();
    let flag = call.flag("exercise")?;
    let Some(program) = program(call)? else { return Ok(flag) };
    if told && flag != program.is_exercise() {
        let text = match program.is_exercise() {
            true => said!("{name} is an exercise", "“{name}”是演练项目", name = program.name),
            false => said!("{name} is no exercise", "“{name}”不是演练项目", name = program.name),
        };
        return Err(wrong_parameter("exercise", text));
    }
    Ok(program.is_exercise())
}

/// The registered subject that a parameter names.
///
/// # Errors
/// `malformed-request` for what is no id, `not-found` for a subject that is not registered.
pub async fn subject(call: &Call, parameter: &'static str) -> Result<Option<SubjectId>, Problem> {
    let Some(asked) = call.parsed(parameter, SubjectId::parse)? else { return Ok(None) };
    let found = call.state.app.subject(&asked).await.map_err(|error| call.problem(error))?;
    Ok(Some(found.id().clone()))
}

/// The province that `province` names, or whether it asks for what lies in none (`unassigned`).
///
/// # Errors
/// As [`subject`].
pub async fn province(call: &Call) -> Result<(Option<SubjectId>, bool), Problem> {
    match call.parameter("province") {
        Some(UNASSIGNED) => Ok((None, true)),
        _ => Ok((subject(call, "province").await?, false)),
    }
}

/// A parameter with several words, each one of those that are known.
///
/// # Errors
/// `malformed-request`.
pub fn words<T: Copy>(call: &Call, name: &str, known: &[(&str, T)]) -> Result<Vec<T>, Problem> {
    let Some(text) = call.parameter(name) else { return Ok(Vec::new()) };
    let one = |word: &str| {
        let found = known.iter().find(|(known, _)| known.eq_ignore_ascii_case(word));
        found.map(|(_, value)| *value).ok_or_else(|| {
            let list = known.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", ");
            wrong_parameter(name, none_of(word, &list))
        })
    };
    // A word that is said again asks for nothing more.
    let said: std::collections::BTreeSet<&str> = text.split(',').collect();
    said.into_iter().map(one).collect()
}

/// A parameter that is one of the words that are known.
///
/// # Errors
/// `malformed-request`.
pub fn word<T: Copy>(call: &Call, name: &str, known: &[(&str, T)]) -> Result<Option<T>, Problem> {
    call.parsed(name, |text| {
        let found = known.iter().find(|(known, _)| known.eq_ignore_ascii_case(text));
        found.map(|(_, value)| *value).ok_or_else(|| {
            let list = known.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", ");
            none_of(text, &list)
        })
    })
}

/// That a value is none of those that are known.
pub fn none_of(given: &str, known: &str) -> Text {
    let (given, known) = (Given(given), Given(known));
    said!(
        "“{given}” is none of {known}",
        "“{given}”不可用；可用的有 {known}",
        given = given,
        known = known
    )
}

fn one_of(parameter: &str, asked: &str, mut known: Vec<Id>) -> Result<Id, Problem> {
    if let Some(id) = known.iter().find(|id| id.eq_ignore_ascii_case(asked)) {
        return Ok(id.clone());
    }
    known.sort();
    known.dedup();
    let text = match known.is_empty() {
        true => {
            let asked = Given(asked);
            said!(
                "“{asked}” is not known; this program has none",
                "没有“{asked}”；该项目没有此类值",
                asked = asked
            )
        }
        false => none_of(asked, &known.join(", ")),
    };
    Err(wrong_parameter(parameter, text))
}
