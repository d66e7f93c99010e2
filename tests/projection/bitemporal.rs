//! Lists about two times: what held on a day as known up to an event is what folding the log up to
//! that event and cutting at that day says, for random histories, however the tables were filled.

use std::collections::BTreeMap;
use std::sync::Arc;

use docket::codec::{self, Stored, StreamKind, kind_of_stream};
use docket::domain::date::Day;
use docket::domain::history::History;
use docket::domain::ids::{Id, ProgramId, SubjectId, Text};
use docket::domain::quota::Quota;
use docket::domain::state::{Kept, State};
use docket::domain::subject::Subject;
use docket::projection::current_status::{EnrollmentFilter, EnrollmentRow, Waiting};
use docket::projection::enrollment_places::PlaceRow;
use docket::projection::obligations::{ObligationFilter, ObligationRow};
use docket::projection::subjects::UnlistedFilter;
use docket::projection::{At, DatabaseError, ReadModels, SqliteCopies, Tables, all};
use proptest::prelude::{any, prop, prop_assert_eq, proptest};
use proptest::test_runner::{Config, TestCaseError};

use super::histories::{Attempt, WHO, attempts, days, lived};
use super::world::World;
use super::{catch_up, follower, follower_with, rebuild_all, world};

/// The log as it was up to an event.
struct Then {
    histories: BTreeMap<&'static str, History>,
    subjects: BTreeMap<SubjectId, Subject>,
    quotas: BTreeMap<Id, Quota>,
}

impl Then {
    fn of(world: &World, known: u64) -> Self {
        let mut then =
            Self { histories: BTreeMap::new(), subjects: BTreeMap::new(), quotas: BTreeMap::new() };
        for event in world.runtime.block_on(world.log.read_all(None, 10_000)).unwrap().events {
            if event.sequence > known {
                break;
            }
            match codec::decode(&event).unwrap() {
                Stored::Subject(..) => {
                    let stream = event.stream.clone();
                    let read = world.log.read_stream(&stream, 0, 1_000);
                    let read = world.runtime.block_on(read).unwrap().events;
                    let known = read.into_iter().take_while(|event| event.sequence <= known);
                    let history = codec::subject_history(&known.collect::<Vec<_>>()).unwrap();
                    let subject = history.subject().unwrap();
                    then.subjects.insert(subject.id().clone(), subject);
                }
                Stored::Quota(quota, _) => {
                    let StreamKind::Quota { category, .. } = kind_of_stream(event.stream.as_str())
                    else {
                        panic!("a quota's event stands in its stream")
                    };
                    let fold = then.quotas.entry(Id::from(category)).or_default();
                    fold.evolve(quota, codec::reference(&event));
                }
                _ => {}
            }
        }
        for (program, subject) in WHO {
            let Some(history) = world.histories.get(&format!("{program}-{subject}")) else {
                continue;
            };
            let count = history.events().iter().filter(|e| e.sequence.unwrap() <= known).count();
            then.histories.insert(subject, history.known_to(count));
        }
        then
    }

    fn name(&self, subject: &SubjectId, on: Day) -> Text {
        self.subjects[subject].name_on(on).clone()
    }

    /// Each enrollment that was on record, in the order of the lists, with its state on a day.
    fn on(&self, day: Day) -> Vec<(Place, &History, State)> {
        let mut found = Vec::new();
        for (program, subject) in WHO {
            let history = self.histories.get(subject).filter(|h| h.revision().is_some());
            let Some(history) = history else { continue };
            let key = if program == "cluster_area" { "440000" } else { subject };
            let place = (program.to_owned(), key.to_owned(), subject.to_owned());
            found.push((place, history, history.state_at(day)));
        }
        found.sort_by(|(a, ..), (b, ..)| a.cmp(b));
        found
    }

    fn enrollments(&self, day: Day, rows: &[EnrollmentRow]) -> Vec<EnrollmentRow> {
        let on = self.on(day);
        let shown = on.iter().filter(|(_, _, s)| s.acts > 0 || !s.unsupported.is_empty());
        let mut rows = rows.iter();
        shown
            .map(|(place, history, state)| {
                // From when to when it holds is checked by asking about other days.
                let row = rows.next();
                let (from, to) = row.map_or((day, None), |row| (row.valid_from, row.valid_to));
                self.enrollment(place, (history, state), day, (from, to))
            })
            .collect()
    }

    fn enrollment(
        &self,
        (program, order_key, subject): &Place,
        (history, state): (&History, &State),
        day: Day,
        (valid_from, valid_to): (Day, Option<Day>),
    ) -> EnrollmentRow {
        let subject = SubjectId::parse(subject).unwrap();
        let newest = history.events().last().unwrap();
        let (title, term) = (state.title.as_deref(), state.term.as_deref());
        let place = state.place.as_deref();
        EnrollmentRow {
            program: ProgramId::parse(program).unwrap(),
            name: self.name(&subject, day),
            subject,
            exercise: false,
            valid_from,
            valid_to,
            stands_at: state.node.clone(),
            phase_since: state.phase_since,
            node_since: state.node_since,
            category: state.category.clone(),
            round: state.round.clone(),
            batch: state.batch.clone(),
            title: title.map(|title| title.title.clone()),
            title_from: title.map(|title| title.from),
            title_until: title.and_then(|title| title.until),
            term_from: term.map(|term| term.from),
            term_until: term.map(|term| term.until),
            place_category: place.map(|place| place.category.clone()),
            place_from: place.map(|place| place.from),
            place_attested: place.map(|place| place.attested),
            provenance: state.provenance,
            attempt: state.attempt,
            last_evidenced_on: state.last_evidenced_on,
            kept_since: state.kept_since,
            waiting: state
                .matters
                .iter()
                .map(|(matter, open)| Waiting {
                    matter: matter.clone(),
                    since: open.since,
                    by: open.by,
                    category: open.category.clone(),
                })
                .collect(),
            unsupported: u32::try_from(state.unsupported.len()).unwrap(),
            revision: newest.revision,
            sequence: newest.sequence.unwrap(),
            recorded_at_us: newest.meta.recorded_at.micros(),
            order_key: order_key.clone(),
        }
    }

    fn obligations(&self, day: Day) -> Vec<ObligationRow> {
        let mut rows = Vec::new();
        for ((program, order_key, subject), history, state) in self.on(day) {
            let province = SubjectId::parse(&subject).unwrap();
            let province = self.subjects[&province].registration.province.clone();
            let enrollment = history.events()[0].sequence.unwrap();
            let mut duties = state.duties.to_vec();
            duties.sort_by(|a, b| (a.opened_by, &a.obligation).cmp(&(b.opened_by, &b.obligation)));
            rows.extend(duties.into_iter().map(|duty| ObligationRow {
                program: ProgramId::parse(&program).unwrap(),
                subject: Some(SubjectId::parse(&subject).unwrap()),
                province: province.clone(),
                exercise: false,
                enrollment,
                kept_since: state.kept_since,
                duty: (*duty).clone(),
                // No clerk is at work here.
                lapses: Vec::new(),
                order_key: order_key.clone(),
            }));
        }
        rows
    }

    fn places(&self) -> Vec<Held> {
        let mut held = Vec::new();
        for (category, quota) in &self.quotas {
            for enrollment in quota.enrollments() {
                let spans = quota.spans_of(enrollment).into_iter();
                held.extend(spans.map(|span| {
                    (category.clone(), enrollment.to_owned(), span.from, span.until, span.attested)
                }));
            }
        }
        held.sort();
        held
    }

    /// The provinces that stand nowhere, with the plan that meets what they owe.
    fn unlisted(&self, day: Day) -> Vec<(String, Text, State)> {
        let provinces = self.subjects.values().filter(|s| s.registration.kind == "province");
        let rows = provinces.filter_map(|subject| {
            let history = self.histories.get(subject.id().as_str());
            let state = history.map(|history| history.state_at(day)).unwrap_or_default();
            let stands = state.phase().is_some_and(|phase| STANDING.contains(&phase));
            let name = subject.name_on(day).clone();
            (!stands).then(|| (subject.id().to_string(), name, of_unlisted(state)))
        });
        rows.collect()
    }
}

/// Program, what the subject is listed by, subject.
type Place = (String, String, String);
/// Category, enrollment, from, until, whether it is attested.
type Held = (Id, String, Day, Option<Day>, bool);

/// What the list of those who take no part says of a state.
fn of_unlisted(state: State) -> State {
    let kept = Kept { met_outside: state.met_outside.clone(), ..Kept::default() };
    State {
        provenance: state.provenance,
        node: state.node,
        node_since: state.node_since,
        kept_since: state.kept_since,
        kept: Arc::new(kept),
        ..State::default()
    }
}

const STANDING: [&str; 3] = ["pilot", "demonstration", "powerful"];

fn held(row: PlaceRow) -> Held {
    (row.category, row.enrollment, row.from, row.until, row.attested)
}

fn pages<R, C>(
    page: impl Fn(Option<&C>) -> Result<Vec<R>, DatabaseError>,
    cursor: impl Fn(&R) -> C,
) -> Vec<R> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let next = page(after.as_ref()).unwrap();
        let Some(last) = next.last() else { return rows };
        after = Some(cursor(last));
        rows.extend(next);
    }
}

/// Every list about these two times; `known` is what is folded, `at` what is asked.
fn agrees(tables: &Tables<'_>, then: &Then, at: At) -> Result<(), TestCaseError> {
    let every = EnrollmentFilter::default();
    let rows = pages(|after| tables.list_enrollments(&every, at, after, 2), EnrollmentRow::cursor);
    prop_assert_eq!(&rows, &then.enrollments(at.day, &rows), "enrollments {:?}", at);
    for row in &rows {
        let holds = row.valid_from <= at.day && row.valid_to.is_none_or(|to| at.day < to);
        prop_assert_eq!(holds, true, "{} {:?}", row.subject, at);
    }
    let waits = EnrollmentFilter { waiting: Some(true), ..every.clone() };
    let waiting = tables.list_enrollments(&waits, at, None, 100).unwrap();
    let expected: Vec<_> = rows.iter().filter(|row| !row.waiting.is_empty()).cloned().collect();
    prop_assert_eq!(waiting, expected, "waiting {:?}", at);

    let every = ObligationFilter::default();
    let rows = pages(|after| tables.list_obligations(&every, at, after, 2), ObligationRow::cursor);
    let expected = then.obligations(at.day);
    prop_assert_eq!(&rows, &expected, "obligations {:?}", at);
    let binding = ObligationFilter { only_binding: true, ..every };
    let rows = tables.list_obligations(&binding, at, None, 1000).unwrap();
    let binds = |row: &ObligationRow| {
        row.duty.ended.is_none() && (row.duty.series.is_some() || row.duty.met.is_empty())
    };
    let expected: Vec<_> = expected.into_iter().filter(binds).collect();
    prop_assert_eq!(rows, expected, "binding obligations {:?}", at);

    let program = ProgramId::parse("strong_province").unwrap();
    let places = tables.list_places(&program, at.known).unwrap();
    let mut places: Vec<_> = places.into_iter().map(held).collect();
    places.sort();
    prop_assert_eq!(places, then.places(), "places {:?}", at);

    let filter = UnlistedFilter {
        program,
        exercise: false,
        kinds: vec![Id::from("province")],
        standing: STANDING.map(Id::from).to_vec(),
        subject: None,
        province: None,
        no_province: false,
    };
    let rows = tables.list_unlisted(&filter, at, None, 100).unwrap().into_iter();
    let rows: Vec<_> =
        rows.map(|row| (row.subject.subject.to_string(), row.subject.name, row.state)).collect();
    prop_assert_eq!(rows, then.unlisted(at.day), "unlisted {:?}", at);
    Ok(())
}

/// The times asked about: two numbers each, that pick a day and a sequence.
type Picks = Vec<(usize, usize)>;

fn ask(world: &World, at: &std::path::Path, picks: &Picks) -> Result<(), TestCaseError> {
    let models = ReadModels::of_copies(Arc::new(SqliteCopies::new(at)));
    let days = days(world);
    let mut outcome = Ok(());
    let answer = models.read_now(|tables| {
        let head = tables.sequence_known_at(docket::domain::date::Timestamp::MAX)?.unwrap();
        outcome = picks.iter().try_for_each(|(day, known)| {
            let day = days[day % days.len()];
            let known = u64::try_from(*known).unwrap() % (head + 1);
            agrees(tables, &Then::of(world, known), At { day, known: Some(known) })?;
            agrees(tables, &Then::of(world, head), At::day(day))
        });
        Ok(())
    });
    answer.unwrap();
    outcome
}

/// Two followers that read the log while it grows, one of them forgetful and opened anew, and a
/// rebuild of the whole: each is asked on the way and at the end.
fn check(attempts: &[Attempt], limit: usize, picks: &Picks) -> Result<(), TestCaseError> {
    let mut world = world();
    let at = tempfile::tempdir().unwrap();
    let (fresh, resumed, rebuilt) =
        (at.path().join("fresh"), at.path().join("resumed"), at.path().join("rebuilt"));
    lived(&mut world, attempts);
    let mut in_batches = follower(&world, &fresh, all);
    let mut steps = 0;
    let head = world.runtime.block_on(world.log.head()).unwrap();
    while in_batches.position() != head {
        in_batches.step(limit);
        // Opened anew for each batch, without a cache: nothing is remembered but rows.
        follower_with(&world, &resumed, all, 0).step(limit);
        steps += 1;
        if steps % 5 == 0 {
            ask(&world, &fresh, &picks[..1].to_vec())?;
            ask(&world, &resumed, &picks[..1].to_vec())?;
        }
    }
    catch_up(&mut in_batches, limit);
    rebuild_all(&world.log, &world.runtime, &SqliteCopies::new(&rebuilt));
    for path in [&fresh, &resumed, &rebuilt] {
        ask(&world, path, picks)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: 12, ..Config::default() })]

    #[test]
    fn g3_lists_answer_for_both_times_as_the_fold_does(
        attempts in attempts(),
        limit in prop::sample::select(vec![1, 3, 7]),
        picks in prop::collection::vec((any::<usize>(), any::<usize>()), 1..10),
    ) {
        check(&attempts, limit, &picks)?;
    }
}

/// The random histories make the tables say that they knew better later.
#[test]
fn the_random_histories_are_worth_asking() {
    use proptest::strategy::{Strategy, ValueTree};
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<&str, i64> = BTreeMap::new();
    for _ in 0..20 {
        let mut world = world();
        lived(&mut world, &attempts().new_tree(&mut runner).unwrap().current());
        let at = tempfile::tempdir().unwrap();
        let mut following = follower(&world, at.path(), all);
        catch_up(&mut following, 100);
        let connection = following.connection();
        for (what, sql) in [
            ("ended", "status_history WHERE valid_to_known > known_from AND known_to IS NULL"),
            ("forgotten", "status_history WHERE known_to IS NOT NULL"),
            ("met", "obligation_met"),
            ("not met after all", "obligation_met WHERE known_to IS NOT NULL"),
            ("no duty after all", "obligation WHERE known_to IS NOT NULL"),
            ("place no longer held", "enrollment_place WHERE known_to IS NOT NULL"),
            ("plan", "status_history WHERE met_outside <> '[]'"),
            ("unsupported", "status_history WHERE unsupported > 0"),
        ] {
            let sql = format!("SELECT count(*) FROM {sql}");
            let count: i64 = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
            *seen.entry(what).or_default() += count;
        }
    }
    assert!(seen.values().all(|count| *count >= 5), "{seen:?}");
}
