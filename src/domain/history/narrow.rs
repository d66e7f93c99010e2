//! What rests on an event narrows it (rule G11), and by that the order of the fold.
//!
//! What rests on A was not before A: so A was not after the latest day of what rests on it, and what
//! rests on A not before A's earliest. Where that contradicts itself for certain (a correction may say
//! so), what lies between the two that contradict each other narrows nothing.
//!
//! Evidence founds nothing (G9). It rests on the act that founds what it shows, once that is in the
//! record, and is not after the act that ended it; an act that was recorded as resting on evidence
//! rests on that founding act instead, and on the evidence only while nothing else carries it.

use super::entry::{Days, Entry};
use crate::domain::date::Day;
use crate::domain::event::Recorded;
use crate::domain::evolve::Part;
use crate::domain::ids::digits;

/// Narrows the entries, which come by revision, and brings them into the order of the fold.
pub(super) fn arrange(stream: &str, entries: &mut Vec<Entry<'_>>) {
    let links = links(stream, entries);
    if entries.iter().any(|entry| entry.days.earliest != Some(entry.days.latest)) {
        narrow(entries, &links);
    }
    let order = in_order(entries, &links);
    let mut sorted: Vec<Option<Entry<'_>>> = entries.drain(..).map(Some).collect();
    entries.extend(order.into_iter().filter_map(|at| sorted.get_mut(at)?.take()));
}

/// That one entry was not before another.
#[derive(Debug, Clone, Copy)]
struct Link {
    /// The earlier one.
    ground: usize,
    /// What was not before it.
    on: usize,
    /// Whether the later one is narrowed as well, not only bounds the earlier.
    both: bool,
}

fn links(stream: &str, entries: &[Entry<'_>]) -> Vec<Link> {
    let mut links = Vec::new();
    let founders: Vec<(usize, Option<usize>)> = entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.is_evidence())
        .map(|(at, _)| (at, founder(entries, at)))
        .collect();
    for &(at, founder) in &founders {
        let Some(founder) = founder else { continue };
        links.push(Link { ground: founder, on: at, both: true });
        let ended = ending(entries, at, founder);
        links.extend(ended.map(|ended| Link { ground: at, on: ended, both: false }));
    }
    for (on, entry) in entries.iter().enumerate() {
        if entry.part == Part::Effect {
            links.push(Link { ground: on - 1, on, both: true });
            continue;
        }
        // Of Docket's own events none says when an office acted.
        if entry.is_evidence() || entry.event.event.is_own() {
            continue;
        }
        let recorded_as = entry.corrected_by.unwrap_or(entry.revision());
        for revision in rests_on_own(&entry.event.meta.rests_on, stream) {
            // Only a forged log rests on what came later.
            let named = find(entries, revision).filter(|_| revision < recorded_as);
            let Some(mut ground) = named else { continue };
            if let Ok(known) = founders.binary_search_by_key(&ground, |(at, _)| *at)
                && let Some(founder) = founders[known].1
            {
                ground = founder;
            }
            let other = entries[ground].revision() != entry.revision();
            if other && !entries[ground].event.event.is_own() {
                links.push(Link { ground: part_for(entries, ground, on), on, both: true });
            }
        }
    }
    links
}

/// The first entry of a revision.
fn find(entries: &[Entry<'_>], revision: u64) -> Option<usize> {
    let at = entries.partition_point(|entry| entry.revision() < revision);
    entries.get(at).filter(|entry| entry.revision() == revision).map(|_| at)
}

/// Of a decision whose effect lies ahead, the part on which another event rests: the effect, unless
/// it came certainly before that.
fn part_for(entries: &[Entry<'_>], ground: usize, on: usize) -> usize {
    let (decided, effect) = match entries[ground].part {
        Part::Whole => return ground,
        Part::Decided => (ground, ground + 1),
        Part::Effect => (ground - 1, ground),
    };
    if entries[on].days.certainly_before(&entries[effect].days) { decided } else { effect }
}

/// The act that founds what evidence shows: it enters that phase from outside, not certainly after the
/// evidence, and nothing certainly between them ended it. Where several do, the first.
fn founder(entries: &[Entry<'_>], evidence: usize) -> Option<usize> {
    let shown = &entries[evidence];
    let phase = shown.phase()?;
    let ends = |entry: &Entry<'_>| leaves(entry, phase) && entry.days.certainly_before(&shown.days);
    let founds = |entry: &Entry<'_>| {
        entry.part != Part::Decided
            && entry.phase() == Some(phase)
            && !entry.is_evidence()
            && !within(&entry.event, phase)
            && !shown.days.certainly_before(&entry.days)
    };
    let stands = |founding: &Entry<'_>| {
        !entries.iter().any(|end| ends(end) && !end.days.certainly_before(&founding.days))
    };
    let candidates = entries.iter().enumerate().filter(|(_, entry)| founds(entry) && stands(entry));
    candidates.min_by_key(|(_, entry)| (entry.fold_day(), entry.revision())).map(|(at, _)| at)
}

/// The act by which what evidence shows was over: the first that leaves the phase after it was
/// founded, if the evidence can have been before it.
fn ending(entries: &[Entry<'_>], evidence: usize, founder: usize) -> Option<usize> {
    let phase = entries[evidence].phase()?;
    let ends = |entry: &Entry<'_>| {
        leaves(entry, phase)
            && !entry.days.certainly_before(&entries[founder].days)
            && !entry.days.certainly_before(&entries[evidence].days)
    };
    let candidates = entries.iter().enumerate().filter(|(_, entry)| ends(entry));
    candidates.min_by_key(|(_, entry)| (entry.fold_day(), entry.revision())).map(|(at, _)| at)
}

/// Whether an act leads from within a phase to another.
fn leaves(entry: &Entry<'_>, phase: &str) -> bool {
    entry.part != Part::Decided
        && !entry.is_evidence()
        && entry.phase().is_some_and(|entered| entered != phase)
        && within(&entry.event, phase)
}

/// Whether an event is one of those who stand in a phase.
fn within(event: &Recorded, phase: &str) -> bool {
    event.event.fact().is_some_and(|fact| fact.effects.ground.is_within(phase))
}

/// The revisions of the same stream among what an event rests on.
pub(super) fn rests_on_own<'a>(
    rests_on: &'a str,
    stream: &'a str,
) -> impl Iterator<Item = u64> + 'a {
    rests_on.split_ascii_whitespace().filter_map(move |reference| {
        let rest = reference.strip_prefix(stream)?.strip_prefix('@')?;
        digits(rest.split_once('#')?.0)
    })
}

fn narrow(entries: &mut [Entry<'_>], links: &[Link]) {
    let stated: Vec<Days> = entries.iter().map(|entry| entry.days).collect();
    let mut narrowed = stated.clone();
    close(&mut narrowed, links);
    // What came certainly before something that it rests on, however many lie between.
    let contradicts = |link: &Link| narrowed[link.on].certainly_before(&narrowed[link.ground]);
    if links.iter().any(contradicts) {
        let kept: Vec<Link> = links.iter().filter(|link| !contradicts(link)).copied().collect();
        narrowed = stated;
        close(&mut narrowed, &kept);
    }
    for (entry, days) in entries.iter_mut().zip(narrowed) {
        entry.days = days;
    }
}

/// Narrows until nothing moves. Days only move towards others that are stated, so that ends.
fn close(days: &mut [Days], links: &[Link]) {
    loop {
        let mut moved = false;
        for link in links.iter().filter(|link| link.both) {
            let earliest: Option<Day> = days[link.ground].earliest;
            if earliest > days[link.on].earliest {
                days[link.on].earliest = earliest;
                moved = true;
            }
        }
        for link in links.iter().rev() {
            let latest = days[link.on].latest;
            if latest < days[link.ground].latest {
                days[link.ground].latest = latest;
                moved = true;
            }
        }
        if !moved {
            return;
        }
    }
}

/// By fold day, then what is rested on before what rests on it, then by revision.
fn in_order(entries: &[Entry<'_>], links: &[Link]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|at| (entries[*at].fold_day(), *at));
    let same_day = |link: &&Link| entries[link.ground].fold_day() == entries[link.on].fold_day();
    let back: Vec<&Link> =
        links.iter().filter(|link| link.ground > link.on).filter(same_day).collect();
    for link in back {
        let day = entries[link.ground].fold_day();
        let start = order.partition_point(|at| entries[*at].fold_day() < day);
        let end = order.partition_point(|at| entries[*at].fold_day() <= day);
        grounds_first(&mut order[start..end], links);
    }
    order
}

/// Brings what is rested on before what rests on it, as far as they do not rest on each other.
fn grounds_first(order: &mut [usize], links: &[Link]) {
    for next in 0..order.len() {
        let left = &order[next..];
        let is_free = |at: &usize| {
            let mut grounds = links.iter().filter(|link| link.on == *at).map(|link| link.ground);
            !grounds.any(|ground| ground != *at && left.contains(&ground))
        };
        let free = left.iter().position(is_free).unwrap_or_default();
        order[next..=next + free].rotate_right(1);
    }
}
