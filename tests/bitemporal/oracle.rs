//! The oracle of the effective history, from the words of the design: a list of what stands, rebuilt
//! from scratch for every question. It shares nothing with the history but the fold of one event, or
//! of a part of one. What narrows what is looked up along every path, instead of moving days until
//! none moves.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use std::collections::{BTreeMap, BTreeSet};

use docket::domain::act::{Act, KeptSince};
use docket::domain::date::{CivilDate, Day};
use docket::domain::event::{Event, Recorded};
use docket::domain::evolve::{Part, evolve};
use docket::domain::history::Days;
use docket::domain::ids::Office::{self, NationalOffice, Registrar};
use docket::domain::ids::{EventRef, Node, Provenance};
use docket::domain::state::State;
use docket::domain::text::NonBlank;

/// What stands after so many events, by the original's revision: the event as it now reads, and the
/// revision that made it so.
type Standing = BTreeMap<u64, (Recorded, u64)>;

/// Each original with its versions on top of each other: a correction lays one there, and one that
/// takes a correction back lifts it off again.
fn standing(events: &[Recorded]) -> Standing {
    let mut original_of = BTreeMap::new();
    let mut versions: BTreeMap<u64, Vec<&Recorded>> = BTreeMap::new();
    for event in events {
        let mut original = event.revision;
        if let Some(Ok(Act::Correct(correction))) = event.event.fact().map(|fact| fact.act.read()) {
            original = original_of[&correction.corrects.revision];
            let takes_back = event.event.fact().unwrap().mended.is_none();
            if takes_back && correction.corrects.revision != original {
                original_of.insert(event.revision, original);
                versions.get_mut(&original).unwrap().pop();
                continue;
            }
        }
        original_of.insert(event.revision, original);
        versions.entry(original).or_default().push(event);
    }
    let mut stands = Standing::new();
    for (original, versions) in versions {
        let (first, last) = (versions[0], *versions.last().unwrap());
        if versions.len() == 1 {
            stands.insert(original, (first.clone(), original));
        } else if let Some(mended) = &last.event.fact().unwrap().mended {
            let mut now = first.clone();
            now.event = Event::Acted(Box::new(mended.fact.clone()));
            now.meta.effective_on = mended.effective_on;
            now.meta.decided_on = mended.decided_on;
            // What turns out to lie after the day of recording was not known then.
            if is_ahead(&now) && !is_ahead(first) {
                now.meta.recorded_at = last.meta.recorded_at;
            }
            now.meta.rests_on.clone_from(&last.meta.rests_on);
            stands.insert(original, (now, last.revision));
        }
    }
    succeeded(&mut stands);
    opened(&mut stands);
    stands
}

/// Of what a later version lays (C18), what came in the append of the founding act's version in force
/// stands; where that laid nothing, what was laid last.
fn succeeded(stands: &mut Standing) {
    let laid: Vec<(u64, u64)> = stands
        .iter()
        .filter_map(|(revision, (event, _))| match &event.event {
            Event::MeasureSucceeded(succeeded) => Some((succeeded.founded_by, *revision)),
            _ => None,
        })
        .collect();
    for (founding, revision) in &laid {
        let of_it = || laid.iter().filter(|(of, _)| of == founding).map(|(_, laid)| *laid);
        let in_force = stands.get(founding).map(|(_, by)| by + 1);
        let kept = of_it().find(|laid| Some(*laid) == in_force).or_else(|| of_it().next_back());
        if kept != Some(*revision) {
            stands.remove(revision);
        }
    }
}

/// Where nothing that stands says from when the record is complete, the first event does (G10).
fn opened(stands: &mut Standing) {
    let opens = |e: &Recorded| e.event.fact().is_some_and(|f| f.effects.opens_record.is_some());
    if stands.values().any(|(event, _)| opens(event)) {
        return;
    }
    let Some(first) = stands.values_mut().map(|(event, _)| event).find(|e| !e.event.is_own())
    else {
        return;
    };
    let archived = first.meta.archive || first.meta.office == Registrar;
    let recorded = first.meta.recorded_at.civil_day();
    let day = if archived { recorded } else { first.meta.effective_on.latest() };
    let Event::Acted(fact) = &mut first.event else { unreachable!() };
    fact.effects.opens_record = Some(KeptSince { day, reason: NonBlank::literal("first") });
}

/// An event as it stands in time: what it is, which part, the days on which it can have been.
#[derive(Debug, Clone)]
struct Piece {
    revision: u64,
    part: Part,
    stated: Days,
}

fn pieces(stands: &Standing) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (&revision, (event, _)) in stands {
        let on = event.meta.effective_on;
        let piece = |part, date: CivilDate| Piece { revision, part, stated: date.into() };
        let starts = event.event.fact().and_then(|fact| fact.effects.starts_on);
        let (decided, effect) = (decided(event), starts.unwrap_or(on));
        if settles(event) && decided.certainly_before(&effect) {
            pieces.extend([piece(Part::Decided, decided), piece(Part::Effect, effect)]);
        } else {
            pieces.push(piece(Part::Whole, on));
        }
    }
    pieces
}

/// When it was decided: as it says itself, else with its effect. What is on record before it takes
/// effect was decided by the day of recording.
fn decided(event: &Recorded) -> CivilDate {
    let recorded = CivilDate::from(event.meta.recorded_at.civil_day());
    let on = event.meta.effective_on;
    event.meta.decided_on.unwrap_or(if is_ahead(event) { recorded } else { on })
}

fn is_ahead(event: &Recorded) -> bool {
    let recorded = event.meta.recorded_at.civil_day();
    event.meta.effective_on.earliest().is_some_and(|first| recorded < first)
}

/// Whether an office that decides settled something by it, so that its effect can lie ahead.
fn settles(event: &Recorded) -> bool {
    let decides = [NationalOffice, Office::ProvincialDepartment].contains(&event.meta.office);
    decides
        && event.event.fact().is_some_and(|fact| {
            let e = &fact.effects;
            e.enters.is_some() || e.title.is_some() || e.place.is_some() || !e.closes.is_empty()
        })
}

fn enters(event: &Recorded) -> Option<&Node> {
    event.event.fact()?.effects.enters.as_ref()
}

fn is_evidence(event: &Recorded) -> bool {
    event.event.fact().is_some_and(|fact| {
        matches!(fact.effects.stands_by, Some(Provenance::Attested | Provenance::Inferred))
    })
}

/// Whether it is an act of those who stand in the phase.
fn from_within(event: &Recorded, phase: &str) -> bool {
    event.event.fact().is_some_and(|fact| {
        let from = &fact.effects.ground.from;
        from.iter()
            .any(|from| from == "*" || from == phase || from.starts_with(&format!("{phase}.")))
    })
}

/// Which piece was not before which: (the earlier, the later, whether that says something of the
/// later one too).
fn not_before(stands: &Standing, pieces: &[Piece]) -> BTreeSet<(usize, usize, bool)> {
    let event = |at: usize| &stands[&pieces[at].revision].0;
    let founders: BTreeMap<u64, usize> = (0..pieces.len())
        .filter(|at| is_evidence(event(*at)))
        .filter_map(|at| Some((pieces[at].revision, founder(stands, pieces, at)?)))
        .collect();
    let mut links = BTreeSet::new();
    for (at, piece) in pieces.iter().enumerate() {
        if let Some(founder) = founders.get(&piece.revision) {
            links.insert((*founder, at, true));
            links.extend(end_of(stands, pieces, *founder, at).map(|end| (at, end, false)));
        }
        if piece.part == Part::Effect {
            links.insert((at - 1, at, true));
        }
        if piece.part == Part::Effect || is_evidence(event(at)) || event(at).event.is_own() {
            continue;
        }
        for named in EventRef::parse_list(&event(at).meta.rests_on).unwrap() {
            let own = named.stream.starts_with("cluster_area-")
                && named.revision < stands[&piece.revision].1;
            // Where an act carries what evidence shows, that act is what it rests on.
            let carried = founders.get(&named.revision).map(|at| pieces[*at].revision);
            let ground = carried.unwrap_or(named.revision);
            let of = pieces.iter().enumerate().filter(|(_, p)| p.revision == ground);
            let before_effect =
                |p: &Piece| p.part == Part::Effect && piece.stated.certainly_before(&p.stated);
            let mut of = of.filter(|(_, p)| !before_effect(p)).map(|(at, _)| at);
            if own
                && let Some(on) = of.next_back()
                && ground != piece.revision
                && !event(on).event.is_own()
            {
                links.insert((on, at, true));
            }
        }
    }
    links
}

fn leaves(stands: &Standing, piece: &Piece, phase: &str) -> bool {
    let event = &stands[&piece.revision].0;
    piece.part != Part::Decided
        && !is_evidence(event)
        && enters(event).is_some_and(|node| node.phase() != phase)
        && from_within(event, phase)
}

/// The act that founds what evidence shows.
fn founder(stands: &Standing, pieces: &[Piece], shown: usize) -> Option<usize> {
    let phase = enters(&stands[&pieces[shown].revision].0)?.phase();
    let may = |piece: &Piece| {
        let event = &stands[&piece.revision].0;
        let over = pieces.iter().any(|end| {
            leaves(stands, end, phase)
                && end.stated.certainly_before(&pieces[shown].stated)
                && !end.stated.certainly_before(&piece.stated)
        });
        piece.part != Part::Decided
            && !is_evidence(event)
            && enters(event).is_some_and(|node| node.phase() == phase)
            && !from_within(event, phase)
            && !pieces[shown].stated.certainly_before(&piece.stated)
            && !over
    };
    let may = (0..pieces.len()).filter(|at| may(&pieces[*at]));
    may.min_by_key(|at| (pieces[*at].stated.latest, pieces[*at].revision))
}

/// The act that ended what evidence shows, if the evidence can be older.
fn end_of(stands: &Standing, pieces: &[Piece], founder: usize, shown: usize) -> Option<usize> {
    let phase = enters(&stands[&pieces[shown].revision].0)?.phase();
    let ends = (0..pieces.len()).filter(|at| {
        let piece = &pieces[*at];
        leaves(stands, piece, phase)
            && !piece.stated.certainly_before(&pieces[founder].stated)
            && !piece.stated.certainly_before(&pieces[shown].stated)
    });
    ends.min_by_key(|at| (pieces[*at].stated.latest, pieces[*at].revision))
}

/// Everything that is reached from a piece, itself included.
fn reached(from: usize, steps: &[(usize, usize)]) -> BTreeSet<usize> {
    let mut found = BTreeSet::from([from]);
    let mut todo = vec![from];
    while let Some(at) = todo.pop() {
        for (_, next) in steps.iter().filter(|(of, _)| *of == at) {
            if found.insert(*next) {
                todo.push(*next);
            }
        }
    }
    found
}

/// The days that are left of each piece.
fn narrowed(pieces: &[Piece], links: &BTreeSet<(usize, usize, bool)>) -> Vec<Days> {
    let left = |links: &BTreeSet<(usize, usize, bool)>| -> Vec<Days> {
        let back: Vec<_> = links.iter().filter(|l| l.2).map(|l| (l.1, l.0)).collect();
        let on: Vec<_> = links.iter().map(|l| (l.0, l.1)).collect();
        let of = |at| Days {
            earliest: reached(at, &back).iter().filter_map(|at| pieces[*at].stated.earliest).max(),
            latest: reached(at, &on).iter().map(|at| pieces[*at].stated.latest).min().unwrap(),
        };
        (0..pieces.len()).map(of).collect()
    };
    let all = left(links);
    // What lies between two that contradict each other for certain says nothing.
    let holds = |l: &&(usize, usize, bool)| all[l.0].earliest.is_none_or(|e| e <= all[l.1].latest);
    left(&links.iter().filter(holds).copied().collect())
}

/// The pieces in the order of the fold, with what is left of their days.
fn ordered(stands: &Standing) -> Vec<(Piece, Days)> {
    let pieces = pieces(stands);
    let links = not_before(stands, &pieces);
    let days = narrowed(&pieces, &links);
    let mut left: Vec<usize> = (0..pieces.len()).collect();
    let mut order = Vec::new();
    while !left.is_empty() {
        let first = left.iter().map(|at| days[*at].latest).min().unwrap();
        let of_day: Vec<usize> =
            left.iter().filter(|at| days[**at].latest == first).copied().collect();
        let free = |at: &&usize| {
            !links.iter().any(|(on, of, _)| of == *at && on != of && of_day.contains(on))
        };
        let next = *of_day.iter().find(free).unwrap_or(&of_day[0]);
        left.retain(|at| *at != next);
        order.push((pieces[next].clone(), days[next]));
    }
    order
}

/// The state as of a day, known when there were so many events.
pub fn oracle(events: &[Recorded], known: usize, on: Day) -> (State, Vec<u64>) {
    let stands = standing(&events[..known]);
    let mut state = State::default();
    let mut possible = Vec::new();
    for (piece, days) in ordered(&stands) {
        if days.latest <= on {
            evolve(&mut state, &stands[&piece.revision].0, days.latest, piece.part);
        } else if days.earliest.is_none_or(|earliest| earliest <= on) {
            possible.push(piece.revision);
        }
    }
    (state, possible)
}
