use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rstest::rstest;

use super::{DueItem, DutyStatus, items, owed_unlisted, waiting_for};
use crate::domain::act::ActKind;
use crate::domain::calendar::{Calendar, Calendars};
use crate::domain::date::{CivilDate, Day};
use crate::domain::event::{Due, Series, Term};
use crate::domain::ids::{Id, Node, Office, Provenance};
use crate::domain::measure::Measure;
use crate::domain::period::Yearly;
use crate::domain::state::{Duty, Ended, Met, ONCE, OpenMatter, State};

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn date(text: &str) -> CivilDate {
    CivilDate::parse(text).unwrap()
}

/// A duty of the local government that arose on 12 October 2014, without date.
fn duty(obligation: &str) -> Duty {
    Duty {
        obligation: Id::from(obligation),
        owes: Office::LocalGovernment,
        with: Vec::new(),
        receivers: Vec::new(),
        uncertain: false,
        article: Id::from("Art. 13"),
        opened_by: 2,
        opened_on: date("2014-10-12"),
        open_from: date("2014-10-12"),
        due: None,
        after_end: false,
        series: None,
        met: Arc::default(),
        ended: None,
    }
}

fn dated(due: &str) -> Duty {
    let due = Due {
        on: date(due),
        start_event: Id::from("Approved"),
        start: date("2014-10-12"),
        rule: Id::from("P3M"),
        arithmetic: String::new(),
    };
    Duty { due: Some(Arc::new(due)), ..duty("construction_plan") }
}

/// Reports due on 31 January, first in 2015.
fn reports() -> Duty {
    let series = Series {
        first_due: day("2015-01-31"),
        certain_from: None,
        every: Yearly::parse("--01-31").unwrap(),
        during: vec![Id::from("under_construction")],
    };
    Duty { series: Some(Arc::new(series)), ..duty("annual_report") }
}

fn met(by: u64, on: &str, received: &str) -> Met {
    Met { by, on: date(on), received_on: day(received), stated: false, receipts: Vec::new() }
}

fn with_met(mut duty: Duty, entries: &[(i32, Met)]) -> Duty {
    duty.met = Arc::new(entries.iter().cloned().collect());
    duty
}

fn ended(mut duty: Duty, from: &str, waived: bool) -> Duty {
    duty.ended = Some(Ended { by: 9, from: day(from), waived });
    duty
}

fn state(duties: Vec<Duty>) -> State {
    State {
        kept_since: Some(day("2014-10-01")),
        node: Some(Node::parse("under_construction").unwrap()),
        node_since: Some(date("2014-10-12")),
        duties: Arc::new(duties.into_iter().map(Arc::new).collect()),
        ..State::default()
    }
}

fn listed(state: &State, on: &str) -> Vec<(Option<i32>, DutyStatus)> {
    let found = items(state, day(on), &Calendars::default());
    found.iter().map(|item| (item.due_year, item.status)).collect()
}

fn only<'a>(state: &'a State, on: &str, calendars: &Calendars) -> DueItem<'a> {
    let mut found = items(state, day(on), calendars);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

fn measure() -> Measure {
    toml::from_str(include_str!("../../../schemas/measures/cluster_area/2014-40.toml")).unwrap()
}

#[rstest]
#[case("2015-01-12", DutyStatus::Open)]
#[case("2015-01-13", DutyStatus::Overdue)]
fn what_is_not_received_is_overdue_the_day_after(#[case] on: &str, #[case] expected: DutyStatus) {
    assert_eq!(listed(&state(vec![dated("2015-01-12")]), on), [(None, expected)]);
}

#[rstest]
#[case("2015-01-12", DutyStatus::Met)]
#[case("2015-01-13", DutyStatus::Late)]
fn timeliness_is_judged_by_receipt_not_by_the_date_on_the_paper(
    #[case] received: &str,
    #[case] expected: DutyStatus,
) {
    let plan = with_met(dated("2015-01-12"), &[(ONCE, met(5, "2015-01-05", received))]);
    assert_eq!(listed(&state(vec![plan]), "2015-03-01"), [(None, expected)]);
}

#[test]
fn what_is_received_later_was_not_there_before() {
    let plan = with_met(dated("2015-01-12"), &[(ONCE, met(5, "2015-01-05", "2015-02-02"))]);
    let state = state(vec![plan]);
    assert_eq!(listed(&state, "2015-01-10"), [(None, DutyStatus::Open)]);
    assert_eq!(listed(&state, "2015-01-20"), [(None, DutyStatus::Overdue)]);
    assert_eq!(listed(&state, "2015-02-02"), [(None, DutyStatus::Late)]);
    assert_eq!(only(&state, "2015-01-20", &Calendars::default()).met, None);
}

#[test]
fn a_due_date_on_a_rest_day_shows_both_dates() {
    let state = state(vec![dated("2015-02-21")]);
    let item = only(&state, "2015-02-23", &Calendars::default());
    let due = item.due.unwrap();
    assert_eq!((due.as_rule_gives, due.not_late_before), (date("2015-02-21"), day("2015-02-23")));
    assert!(!due.holidays_known);
    assert_eq!(item.status, DutyStatus::Open);

    let festival: BTreeSet<_> = (18..=24).map(|d| Day::from_ymd(2015, 2, d).unwrap()).collect();
    let mut calendars = Calendars::default();
    let calendar = Calendar::of_year(2015, festival, BTreeSet::new(), "notice".to_owned());
    calendars.adopt(calendar.unwrap());
    let item = only(&state, "2015-02-25", &calendars);
    let due = item.due.unwrap();
    assert_eq!((due.not_late_before, due.holidays_known), (day("2015-02-25"), true));
    assert_eq!(item.status, DutyStatus::Open);
    assert_eq!(only(&state, "2015-02-26", &calendars).status, DutyStatus::Overdue);
}

#[test]
fn an_interval_is_not_overdue_before_its_later_end() {
    let state = state(vec![dated("2014-12-01/2015-01-30")]);
    assert_eq!(listed(&state, "2015-01-30"), [(None, DutyStatus::Open)]);
    assert_eq!(listed(&state, "2015-01-31"), [(None, DutyStatus::Overdue)]);
}

#[test]
fn what_may_have_fallen_due_before_the_record_is_not_in_it() {
    let mut state = state(vec![dated("2015-01-12"), dated("2014-12-01/2015-06-01"), reports()]);
    state.kept_since = Some(day("2015-02-15"));
    let found = listed(&state, "2016-02-02");
    let absent = DutyStatus::NotInTheRecord;
    assert_eq!(
        found,
        [
            (None, absent),
            (None, absent),
            (Some(2015), absent),
            (Some(2016), DutyStatus::Overdue),
            (Some(2017), DutyStatus::Open)
        ]
    );
}

#[test]
fn an_undated_duty_is_open_for_ever_and_never_overdue() {
    let mut state = state(vec![duty("funds")]);
    assert_eq!(listed(&state, "2190-01-01"), [(None, DutyStatus::Open)]);
    state.kept_since = Some(day("2020-01-01"));
    assert_eq!(listed(&state, "2190-01-01"), [(None, DutyStatus::Open)]);
}

#[test]
fn what_is_owed_from_a_terms_end_on_is_open_from_then() {
    let acceptance = Duty {
        after_end: true,
        owes: Office::NationalOffice,
        open_from: date("2017-10-13"),
        ..duty("acceptance")
    };
    let mut state = state(vec![acceptance]);
    state.kept_mut().term = Some(Arc::new(Term {
        from: date("2014-10-12"),
        until: date("2017-10-12"),
        arithmetic: "2014-10-12 + P3Y = 2017-10-12".to_owned(),
        article: "Art. 9".to_owned(),
    }));
    assert_eq!(listed(&state, "2016-01-01"), [(None, DutyStatus::Open)]);
    assert_eq!(waiting_for(&state, &measure(), day("2017-10-12")), []);
    let waiting = waiting_for(&state, &measure(), day("2017-10-13"));
    assert_eq!((waiting[0].office, waiting[0].act), (Office::NationalOffice, ActKind::Accept));
    assert_eq!(waiting[0].since, date("2017-10-13"));
    state.kept_since = Some(day("2020-01-01"));
    assert_eq!(listed(&state, "2021-01-01"), [(None, DutyStatus::NotInTheRecord)]);
    assert_eq!(waiting_for(&state, &measure(), day("2021-01-01")), []);
}

#[test]
fn a_series_runs_to_the_next_due_date_after_the_day() {
    let duty = with_met(reports(), &[(2016, met(7, "2016-01-20", "2016-01-20"))]);
    let state = state(vec![duty]);
    assert_eq!(
        listed(&state, "2017-01-31"),
        [
            (Some(2015), DutyStatus::Overdue),
            (Some(2016), DutyStatus::Met),
            (Some(2017), DutyStatus::Open),
            (Some(2018), DutyStatus::Open)
        ]
    );
    // 31 January 2015 was a Saturday: received on Monday is in time, late begins on Tuesday.
    assert_eq!(listed(&state, "2015-02-02")[0], (Some(2015), DutyStatus::Open));
    assert_eq!(listed(&state, "2015-02-03")[0], (Some(2015), DutyStatus::Overdue));
    assert_eq!(items(&state, Day::MAX, &Calendars::default()).len(), 2200 - 2015 + 1);
}

#[rstest]
#[case("2016-01-30", 1)]
#[case("2016-01-31", 2)]
fn a_series_asks_for_nothing_after_its_standing_is_over(#[case] over: &str, #[case] asked: usize) {
    let state = state(vec![ended(reports(), over, false)]);
    let found = listed(&state, "2019-01-01");
    assert_eq!(found.len(), asked);
    assert!(found.iter().all(|(_, status)| *status == DutyStatus::Overdue), "{found:?}");
}

#[test]
fn a_waiver_reaches_only_what_falls_due_later() {
    let duties = vec![
        ended(dated("2015-01-12"), "2016-06-01", true),
        ended(dated("2016-06-02"), "2016-06-01", true),
        ended(duty("funds"), "2016-06-01", true),
        ended(reports(), "2016-06-01", true),
    ];
    assert_eq!(
        listed(&state(duties), "2019-01-01"),
        [
            (None, DutyStatus::Overdue),
            (None, DutyStatus::Waived),
            (None, DutyStatus::Waived),
            (Some(2015), DutyStatus::Overdue),
            (Some(2016), DutyStatus::Overdue),
            (Some(2017), DutyStatus::Waived)
        ]
    );
}

#[test]
fn a_duty_replaced_before_it_fell_due_is_not_listed() {
    let replaced = ended(dated("2015-06-30"), "2015-03-01", false);
    assert_eq!(listed(&state(vec![replaced]), "2016-01-01"), []);
    let stands = ended(dated("2015-02-27"), "2015-03-01", false);
    assert_eq!(listed(&state(vec![stands]), "2016-01-01"), [(None, DutyStatus::Overdue)]);
}

#[test]
fn each_office_is_waited_for_once_since_the_first_day() {
    let state = state(vec![reports(), duty("funds")]);
    let waiting = waiting_for(&state, &measure(), day("2017-02-05"));
    let found: Vec<_> = waiting.iter().map(|w| (w.act, w.since, w.article.as_str())).collect();
    assert_eq!(
        found,
        [
            (ActKind::SubmitReport, date("2015-01-01"), "Art. 13"),
            (ActKind::Designate, date("2014-10-12"), "Art. 13")
        ]
    );
}

#[test]
fn what_awaits_a_decision_waits_for_the_office_that_decides() {
    let mut state = state(vec![]);
    let open = OpenMatter { by: 4, since: date("2015-03-02"), category: None, plan: None };
    state.kept_mut().matters = Arc::new(BTreeMap::from([(Id::from("amendment"), open)]));
    let waiting = waiting_for(&state, &measure(), day("2015-04-01"));
    assert_eq!(waiting.len(), 1);
    assert_eq!(
        (waiting[0].office, waiting[0].act),
        (Office::NationalOffice, ActKind::AcceptAmendment)
    );
    assert_eq!((waiting[0].since, waiting[0].article.as_str()), (date("2015-03-02"), "Art. 14"));
}

/// G10 against P12: whom the record lacks may be on a list that was not entered yet.
#[test]
fn whom_the_record_lacks_owes_nothing_until_the_list_is_complete() {
    let text = include_str!("../../../schemas/measures/strong_province/2015-59.toml");
    let measure: Measure = toml::from_str(text).unwrap();
    let on = day("2020-06-30");
    let judged = |state: &State, complete: Option<&str>| {
        let owed = owed_unlisted(&measure, state, on, complete.map(day));
        let items = items(&owed, on, &Calendars::default());
        items.first().map(|item| (item.status, item.open_from))
    };
    let governs = measure.in_force_from;
    let absent = State::default();
    let unknown = Some((DutyStatus::NotInTheRecord, governs));
    assert_eq!(judged(&absent, None), unknown);
    assert_eq!(judged(&absent, Some("2020-07-01")), unknown, "complete only from a later day");
    let open = |since| Some((DutyStatus::Open, date(since)));
    assert_eq!(judged(&absent, Some("2016-08-01")), open("2016-08-01"));
    let earlier = judged(&absent, Some("2010-01-01")).unwrap();
    assert_eq!(earlier, (DutyStatus::Open, CivilDate::from(governs.latest())));

    // Its own record says so, as far as it is complete.
    let at = |node: &str, kept: &str| State {
        node: Some(Node::parse(node).unwrap()),
        node_since: Some(date("2019-07-01")),
        kept_since: Some(day(kept)),
        ..State::default()
    };
    for node in ["candidate.rejected", "exited"] {
        assert_eq!(judged(&at(node, "2016-01-01"), None), open("2019-07-01"), "{node}");
        assert_eq!(judged(&at(node, "2026-01-01"), None).unwrap().0, DutyStatus::NotInTheRecord);
        assert_eq!(judged(&at(node, "2026-01-01"), Some("2016-08-01")), open("2019-07-01"));
    }
    for node in ["pilot.failed", "candidate.applied"] {
        assert_eq!(judged(&at(node, "2016-01-01"), Some("2016-08-01")), None, "{node}");
    }
    let evidenced = State { provenance: Provenance::Attested, ..at("exited", "2016-01-01") };
    assert_eq!(judged(&evidenced, None).unwrap().0, DutyStatus::NotInTheRecord);
    let plan = Met {
        by: 3,
        on: date("2018"),
        received_on: day("2018-12-31"),
        stated: false,
        receipts: Vec::new(),
    };
    let met_outside = Arc::new(BTreeMap::from([(Id::from("promotion_plan"), plan)]));
    for node in ["outside", "exited"] {
        let mut met = at(node, "2026-01-01");
        met.kept_mut().met_outside = met_outside.clone();
        assert_eq!(judged(&met, None).unwrap().0, DutyStatus::Met, "{node}");
    }
}
