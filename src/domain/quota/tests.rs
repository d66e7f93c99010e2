use super::*;

fn day(number: u64) -> Day {
    Day::parse("2016-01-01").unwrap().plus_days(i32::try_from(number).unwrap().into())
}

fn reference(stream: &str, revision: u64) -> EventRef {
    let id = format!("00000000-0000-4000-8000-{revision:012}");
    EventRef::parse(&format!("{stream}@{revision}#{id}")).unwrap()
}

/// Holders with spans that overlap, touch and are empty, and reservations beside them.
fn some_quota(seed: u64) -> Quota {
    let mut state = seed;
    let mut below = |limit: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % limit
    };
    let mut quota = Quota::default();
    for revision in 0..12 {
        let enrollment = format!("strong_city-{}", below(5));
        let event = if below(3) == 0 {
            let (key, from) = ("key".to_owned(), day(below(20)));
            let reserved = PlaceReserved { enrollment, revision: 9, key, from, over_limit: false };
            QuotaEvent::PlaceReserved(reserved)
        } else {
            let spans = (0..below(4)).map(|_| {
                let (from, length) = (below(20), below(8));
                let until = (length < 7).then(|| day(from + length));
                Span { from: day(from), until, attested: false }
            });
            let (spans, cites) = (spans.collect(), reference(&enrollment, revision));
            QuotaEvent::PlacesRestated(PlacesRestated { enrollment, cites, spans })
        };
        quota.evolve(event, reference("quota-strong_city.all", revision));
    }
    quota
}

#[test]
fn the_runs_say_of_each_day_what_a_count_of_its_holders_says() {
    let mut most = 0;
    for seed in 0..200 {
        let quota = some_quota(seed);
        let runs = quota.taken(None);
        for on in (0..40).map(day) {
            let covering = |run: &&Taken| run.from <= on && run.until.is_none_or(|to| on < to);
            let taken = runs.iter().find(covering).map_or(0, |run| run.taken);
            assert_eq!(taken, quota.taken_on(on), "seed {seed}, {on}: {runs:?}");
            most = most.max(taken);
        }
        for two in runs.windows(2) {
            assert_eq!(two[0].until, Some(two[1].from), "seed {seed}: no day is left out");
            assert_ne!(two[0].taken, two[1].taken, "seed {seed}: each run is whole");
        }
        assert!(runs.last().is_none_or(|run| run.until.is_none()), "seed {seed}");
        let one = "strong_city-1";
        let others = quota.holders_on(day(10)).into_iter().filter(|(of, _)| *of != one).count();
        let runs = quota.taken(Some(one));
        let found = runs.iter().find(|run| run.until.is_none_or(|to| day(10) < to));
        let found = found.filter(|run| run.from <= day(10)).map_or(0, |run| run.taken as usize);
        assert_eq!(found, others, "seed {seed}, without {one}");
    }
    assert!(most >= 4, "some days have many holders: {most}");
}
