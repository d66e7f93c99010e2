//! Random histories of several enrollments in one log: late entries, corrections of corrections,
//! annulments, reservations and places, renamings, Docket's own events, a clock that steps back.

use docket::domain::act::ActKind;
use docket::domain::date::{CivilDate, Day};
use docket::domain::ids::Office::{self, NationalOffice, Registrar};
use docket::domain::quota::{
    PlaceReserved, PlacesRestated, QuotaEvent, ReservationReleased, places_of,
};
use proptest::prelude::{Strategy, any, prop};
use serde_json::{Value, json};

use super::world::{World, day};

#[path = "../rules/lives.rs"]
mod bodies;
#[path = "../rules/story.rs"]
mod story;

/// The enrollments: program, subject.
pub const WHO: [(&str, &str); 4] = [
    ("cluster_area", "futian"),
    ("strong_province", "440000"),
    ("cluster_area", "haidian"),
    ("strong_province", "110000"),
];
const CATEGORIES: [&str; 3] = ["leading", "supporting", "characteristic"];

/// One thing that somebody tries: in which enrollment, which act first, when it counts, how sharp
/// that date is, which event it would correct, and how the clock moved before it.
#[derive(Debug, Clone)]
pub struct Attempt {
    who: usize,
    first: usize,
    from: u16,
    sharpness: Sharpness,
    target: usize,
    late: bool,
    clock_s: i64,
    /// So many days before it counts it is decided.
    ahead: Option<u8>,
}

#[derive(Debug, Clone, Copy)]
enum Sharpness {
    Day,
    Days(u8),
    By,
}

pub fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    let sharpness = prop::sample::select(vec![
        Sharpness::Day,
        Sharpness::Day,
        Sharpness::Days(20),
        Sharpness::Days(200),
        Sharpness::By,
    ]);
    // Most of them in one enrollment, so that a life gets long.
    let who = prop::sample::select(vec![0, 0, 0, 0, 1, 1, 1, 1, 2, 3]);
    let clock_s = prop::sample::select(vec![3600, 86_400, 40 * 86_400, -200]);
    let ahead = prop::option::weighted(0.2, 1_u8..120);
    let when = (0_u16..400, sharpness, prop::bool::weighted(0.3), clock_s, ahead);
    let attempt = (who, any::<usize>(), any::<usize>(), when).prop_map(
        |(who, first, target, (from, sharpness, late, clock_s, ahead))| Attempt {
            who,
            first,
            from,
            sharpness,
            target,
            late,
            clock_s,
            ahead,
        },
    );
    prop::collection::vec(attempt, 1..28)
}

/// The bodies of everything that can be recorded of an area out of an archive; those that end an
/// attempt or a standing come last.
fn of_area(year: i32, target: usize) -> Vec<(&'static str, Value)> {
    let version = target.is_multiple_of(2).then_some(1);
    let deadline = format!("{}-12-31", year + 2);
    vec![
        ("apply", bodies::area_application(31)),
        ("recommend", bodies::recommendation()),
        ("approve", json!({})),
        ("submit_plan", bodies::plan()),
        ("submit_report", bodies::report(year - 1)),
        ("accept", bodies::rectify_by(bodies::acceptance("unqualified", version), &deadline)),
        ("accept", bodies::acceptance("excellent", version)),
        ("accept", bodies::acceptance("qualified", version)),
        ("request_acceptance", json!({ "text": "please" })),
        ("confirm", json!({ "title_from": format!("{}-01-01", year + 1) })),
        ("review", bodies::review("qualified")),
        ("review", bodies::rectify_by(bodies::review("unqualified"), &deadline)),
        ("designate", json!({ "designates": "funds", "text": "x" })),
        ("designate", json!({ "designates": "department", "text": "x" })),
        ("attest_standing", evidence("experimental", json!({}))),
        (
            "attest_standing",
            evidence(
                "demonstrative",
                json!({ "title": "demonstrative", "shows": "review", "grade": "qualified" }),
            ),
        ),
        ("confirm_standing", json!({})),
        ("return", bodies::reason()),
        ("reject", bodies::reason()),
        ("end_standing", json!({ "reason": "x", "document": bodies::document() })),
    ]
}

/// The same of a province.
fn of_province(_year: i32, target: usize) -> Vec<(&'static str, Value)> {
    let (category, tasks): (_, &[&str]) = match target % 2 {
        0 => ("leading", &bodies::LEADING),
        _ => ("supporting", &bodies::SUPPORTING),
    };
    let rank = if target.is_multiple_of(5) { "demonstration" } else { "pilot" };
    let mut application = bodies::province_application(category, rank);
    if rank == "demonstration" {
        application["justification"] = json!("it stands out");
    }
    vec![
        ("apply", application),
        ("approve", json!({ "batch": "1" })),
        ("submit_scheme", bodies::scheme(tasks)),
        ("approve_scheme", json!({})),
        ("request_adjustment", json!({ "category": category, "reason": "fits better" })),
        ("approve_adjustment", json!({})),
        ("evaluate", bodies::evaluated("passed")),
        ("list", json!({ "rank": "demonstration", "batch": "1", "document": bodies::document() })),
        ("submit_promotion_plan", json!({ "summary": "s" })),
        ("attest_standing", evidence("pilot", json!({ "category": category, "batch": "1" }))),
        (
            "attest_standing",
            evidence("demonstration", json!({ "category": category, "shows": "listing" })),
        ),
        ("confirm_standing", json!({})),
        ("evaluate", bodies::evaluated("failed")),
        ("declare_exit", bodies::reason()),
        ("reject", bodies::reason()),
    ]
}

fn evidence(stands_at: &str, more: Value) -> Value {
    let mut body = bodies::attested(stands_at);
    for (member, value) in more.as_object().into_iter().flatten() {
        body[member] = value.clone();
    }
    body
}

fn office_of(name: &str) -> Office {
    match name {
        "recommend" | "submit_plan" => Office::ProvincialDepartment,
        "submit_report" | "request_acceptance" | "designate" => Office::LocalGovernment,
        "submit_scheme" | "request_adjustment" | "submit_promotion_plan" | "declare_exit" => {
            Office::Province
        }
        _ => NationalOffice,
    }
}

fn written(attempt: &Attempt, base: Day) -> String {
    let start = base.plus_days(i64::from(attempt.from));
    match attempt.sharpness {
        Sharpness::Day => start.to_string(),
        Sharpness::Days(days) => {
            CivilDate::interval(start, start.plus_days(days.into())).to_string()
        }
        Sharpness::By => format!("../{start}"),
    }
}

/// What is tried for an attempt, until one is accepted.
fn tried(world: &World, stream: &str, attempt: &Attempt) -> Vec<(Office, String)> {
    let (program, _) = WHO[attempt.who];
    let is_area = program == "cluster_area";
    let begin = day(if is_area { "2014-10-01" } else { "2016-01-01" });
    let base = world.histories.get(stream).and_then(|history| history.effective().last_fold_day());
    let base = base.filter(|_| !attempt.late).unwrap_or(begin);
    let on = written(attempt, base);
    let year = CivilDate::parse(&on).unwrap().latest().year();
    let mut requests = Vec::new();
    if attempt.first % 4 == 3 && world.histories.contains_key(stream) {
        requests.extend(correction(world, stream, attempt, &on));
    }
    let make = if is_area { of_area } else { of_province };
    let mut acts = make(year, attempt.target);
    // What ends an attempt or a standing is tried first only now and then, so that lives get long.
    if attempt.first % 9 == 8 {
        acts.reverse();
    } else {
        let ends = acts.split_off(acts.len() - 3);
        let first = attempt.first % acts.len();
        acts.rotate_left(first);
        acts.extend(ends);
    }
    for (name, mut body) in acts {
        let office = match name {
            "apply" if is_area => Office::LocalGovernment,
            "apply" => Office::Province,
            _ => office_of(name),
        };
        if name == "attest_standing" || name == "confirm_standing" {
            let office = if name == "attest_standing" { Registrar } else { office };
            requests.push((office, written_act(name, &on, body)));
            continue;
        }
        if let Some(days) = attempt.ahead.filter(|_| office == NationalOffice) {
            let first = CivilDate::parse(&on).unwrap().earliest();
            let decided = first.map(|first| first.plus_days(-i64::from(days)).to_string());
            body["decided_on"] = json!(decided);
        }
        body["archive"] = json!({ "office": office.as_str(), "source": "box 7" });
        requests.push((Registrar, written_act(name, &on, body)));
    }
    requests.push((Registrar, written_act("note", &on, json!({ "text": "seen" }))));
    requests
}

fn written_act(name: &str, on: &str, mut body: Value) -> String {
    body["act"] = json!(name);
    body["effective_on"] = json!(on);
    body.to_string()
}

/// A correction of some event's version in force: another date, or an annulment.
fn correction(
    world: &World,
    stream: &str,
    attempt: &Attempt,
    on: &str,
) -> Option<(Office, String)> {
    let history = world.history(stream);
    let target = history.events()[attempt.target % history.events().len()].revision;
    let original = history.at(history.original(target))?;
    let in_force = history.at(history.version_in_force(target)?)?;
    let fact = original.event.fact()?;
    let corrects = in_force.reference(stream).to_string();
    let mut body = json!({ "corrects": corrects, "reason": "wrong" });
    if !attempt.target.is_multiple_of(3) {
        let content = serde_json::to_value(&fact.act).unwrap();
        let mut common = json!({ "effective_on": on, "materials": fact.materials });
        if let Some(document) = &fact.document {
            common["document"] = json!(document);
        }
        body["replacement"] = json!({ "act": { "act": fact.act.kind().as_str(), "content": content }, "common": common });
    }
    (fact.act.kind() != ActKind::Correct)
        .then(|| (NationalOffice, written_act("correct", "2026-01-01", body)))
}

/// Runs the attempts; each records the first thing that is accepted.
pub fn lived(world: &mut World, attempts: &[Attempt]) {
    for (_, subject) in WHO {
        let kind = if subject.starts_with(char::is_numeric) { "province" } else { "cluster_area" };
        let province = if kind == "province" { subject } else { "440000" };
        world.register(subject, kind, province, (subject, "名"));
    }
    if attempts.len().is_multiple_of(4) {
        let body = json!({ "what": "approved", "stands_at": "under_construction" });
        let body = written_act("record_under_unknown_rule", "2013-09/2014-02", body);
        world.act(WHO[0].0, WHO[0].1, Registrar, &body);
    } else if !attempts.len().is_multiple_of(3) {
        begin(world);
    }
    for (index, attempt) in attempts.iter().enumerate() {
        world.now_us += attempt.clock_s * 1_000_000;
        let (program, subject) = WHO[attempt.who];
        let stream = format!("{program}-{subject}");
        if attempt.first % 11 == 10 {
            let on = day("2015-01-01").plus_days(i64::try_from(index).unwrap() * 90);
            world.rename(subject, &on.to_string(), (&format!("{subject} {index}"), "新名"));
        }
        if attempt.first % 13 == 12 && world.histories.contains_key(&stream) {
            world.abandon(&stream);
        }
        let reserved = reserve(world, &stream, attempt);
        let requests = tried(world, &stream, attempt);
        let mut accepted = requests
            .iter()
            .filter_map(|(office, body)| world.try_act(program, subject, *office, body).ok());
        assert!(accepted.next().is_some(), "a note is always accepted");
        if program == "strong_province" {
            restate(world, &stream, attempt, reserved);
        }
    }
}

/// An area under construction and a pilot province, so that what follows has something to rest on.
fn begin(world: &mut World) {
    let tasks = bodies::scheme(&bodies::LEADING);
    for (who, office, name, on, body) in [
        (0, Office::LocalGovernment, "apply", "2014-10-08", bodies::area_application(31)),
        (0, Office::ProvincialDepartment, "recommend", "2014-10", bodies::recommendation()),
        (0, NationalOffice, "approve", "2014-10/2014-12", json!({})),
        (0, Office::ProvincialDepartment, "submit_plan", "2015-01-05", bodies::plan()),
        (0, Office::LocalGovernment, "submit_report", "2015-01-15", bodies::report(2014)),
        (
            1,
            Office::Province,
            "apply",
            "2016-01-05",
            bodies::province_application("leading", "pilot"),
        ),
        (1, NationalOffice, "approve", "2016-02-01", json!({ "batch": "1" })),
        (1, Office::Province, "submit_scheme", "2016-03", tasks),
    ] {
        let (program, subject) = WHO[who];
        let mut body = body;
        body["archive"] = json!({ "office": office.as_str(), "source": "box 7" });
        world.act(program, subject, Registrar, &written_act(name, on, body));
    }
}

/// A place is reserved for what may be appended next.
fn reserve(world: &mut World, stream: &str, attempt: &Attempt) -> Option<(&'static str, u64)> {
    if !stream.starts_with("strong_province") || !attempt.first.is_multiple_of(3) {
        return None;
    }
    let category = CATEGORIES[attempt.target % 2];
    let history = world.histories.get(stream);
    let reserved = PlaceReserved {
        enrollment: stream.to_owned(),
        revision: history.map_or(0, |history| history.events().len() as u64),
        key: "k".to_owned(),
        from: day("2016-01-01").plus_days(attempt.from.into()),
        over_limit: false,
    };
    let event = QuotaEvent::PlaceReserved(reserved);
    Some((category, world.quota("strong_province", category, &event)))
}

/// What was reserved is released, or left to the restatement, which is now and then left out.
fn restate(
    world: &mut World,
    stream: &str,
    attempt: &Attempt,
    reserved: Option<(&'static str, u64)>,
) {
    if let (Some((category, reservation)), true) = (reserved, attempt.first.is_multiple_of(2)) {
        let reason = "not appended".to_owned();
        let event = QuotaEvent::ReservationReleased(ReservationReleased { reservation, reason });
        world.quota("strong_province", category, &event);
    }
    if attempt.target % 7 == 6 {
        return;
    }
    let history = world.history(stream);
    let cites = history.events().last().unwrap().reference(stream);
    let places = places_of(history);
    for category in CATEGORIES {
        let spans = places.get(category).cloned().unwrap_or_default();
        let restated =
            PlacesRestated { enrollment: stream.to_owned(), cites: cites.clone(), spans };
        world.quota("strong_province", category, &QuotaEvent::PlacesRestated(restated));
    }
}

/// Each day on which something can change, and those around it.
pub fn days(world: &World) -> Vec<Day> {
    let mut days = std::collections::BTreeSet::from([Day::MIN, Day::MAX]);
    for event in world.histories.values().flat_map(|history| history.events()) {
        for on in [Some(event.meta.effective_on.latest()), event.meta.effective_on.earliest()] {
            days.extend(on.into_iter().flat_map(|on| [on.prev(), on, on.next()]));
        }
    }
    days.into_iter().collect()
}
