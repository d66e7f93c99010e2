use std::collections::BTreeSet;

use proptest::prelude::*;
use rstest::rstest;

use super::{Adjusted, Calendar, CalendarError, Calendars, RestDay};
use crate::domain::date::tests::{any_civil_date, any_day};
use crate::domain::date::{CivilDate, Day};

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn days(texts: &[&str]) -> BTreeSet<Day> {
    texts.iter().map(|text| day(text)).collect()
}

fn calendar(year: i32, rest: &[&str], working: &[&str]) -> Result<Calendar, CalendarError> {
    Calendar::of_year(year, days(rest), days(working), "an invented notice".to_owned())
}

/// A year with a spring festival from Sunday 7 to Saturday 13 February 2016, for which people
/// work on the Saturday before and the Sunday after.
fn adopted() -> Calendars {
    let festival = [
        "2016-02-07",
        "2016-02-08",
        "2016-02-09",
        "2016-02-10",
        "2016-02-11",
        "2016-02-12",
        "2016-02-13",
    ];
    let mut calendars = Calendars::default();
    let replaced =
        calendars.adopt(calendar(2016, &festival, &["2016-02-06", "2016-02-14"]).unwrap());
    assert_eq!(replaced, None);
    calendars
}

#[rstest]
#[case("2016-02-05", false, true)]
#[case("2016-02-06", false, true)]
#[case("2016-02-07", true, true)]
#[case("2016-02-10", true, true)]
#[case("2016-02-14", false, true)]
#[case("2016-02-20", true, true)]
#[case("2015-02-19", false, false)]
#[case("2015-02-21", true, false)]
fn rest_days_are_those_of_the_notice(#[case] text: &str, #[case] rest: bool, #[case] known: bool) {
    assert_eq!(adopted().is_rest_day(day(text)), RestDay { rest, known });
}

#[rstest]
#[case("2016-02-05", "2016-02-05", true)]
#[case("2016-02-07", "2016-02-14", true)]
#[case("2016-02-20", "2016-02-22", true)]
#[case("2015-02-19", "2015-02-19", false)]
#[case("2015-02-21", "2015-02-23", false)]
#[case("2016-12-30", "2016-12-30", true)]
// Saturday, and the search ends in a year of which only weekends are known.
#[case("2016-12-31", "2017-01-02", false)]
fn a_due_day_moves_to_a_working_day(
    #[case] due: &str,
    #[case] moved: &str,
    #[case] holidays_known: bool,
) {
    let adjusted = adopted().next_working_day(day(due));
    assert_eq!(adjusted, Adjusted { day: day(moved), holidays_known });
}

#[test]
fn one_year_without_a_calendar_on_the_way_is_enough_to_say_so() {
    let mut calendars = Calendars::default();
    calendars.adopt(calendar(2017, &["2017-01-02"], &[]).unwrap());
    let adjusted = calendars.next_working_day(day("2016-12-31"));
    let expected = Adjusted { day: day("2017-01-03"), holidays_known: false };
    assert_eq!(adjusted, expected);
}

#[test]
fn both_dates_are_kept_and_nothing_is_late_before_the_later() {
    let due = CivilDate::parse("2016-02-01/2016-02-08").unwrap();
    let adjusted = adopted().adjust(&due);
    assert_eq!(adjusted.as_rule_gives, due);
    assert_eq!(adjusted.not_late_before, day("2016-02-14"));
    assert!(adjusted.holidays_known);
}

#[test]
fn a_later_notice_replaces_the_earlier() {
    let mut calendars = adopted();
    let earlier = calendars.of_year(2016).cloned();
    let replaced = calendars.adopt(calendar(2016, &["2016-02-15"], &[]).unwrap());
    assert_eq!(replaced, earlier);
    assert!(calendars.is_rest_day(day("2016-02-15")).rest);
    assert!(!calendars.is_rest_day(day("2016-02-08")).rest);
}

#[test]
fn a_year_of_rest_ends_the_search_at_the_last_day() {
    let mut calendars = Calendars::default();
    calendars.adopt(calendar(2200, &["2200-12-31"], &[]).unwrap());
    assert_eq!(
        calendars.next_working_day(Day::MAX),
        Adjusted { day: Day::MAX, holidays_known: true }
    );
}

#[rstest]
#[case(1899, &[], &[], CalendarError::Year(1899))]
#[case(2016, &["2015-12-31"], &[], CalendarError::OtherYear { day: day("2015-12-31"), year: 2016 })]
#[case(2016, &[], &["2017-01-07"], CalendarError::OtherYear { day: day("2017-01-07"), year: 2016 })]
#[case(2016, &[], &["2016-02-05"], CalendarError::NotAWeekend(day("2016-02-05")))]
#[case(2016, &["2016-02-06"], &["2016-02-06"], CalendarError::Both(day("2016-02-06")))]
fn a_wrong_calendar_is_refused(
    #[case] year: i32,
    #[case] rest: &[&str],
    #[case] working: &[&str],
    #[case] reason: CalendarError,
) {
    assert_eq!(calendar(year, rest, working), Err(reason));
}

#[test]
fn a_calendar_cites_its_source() {
    let without = Calendar::of_year(2016, BTreeSet::new(), BTreeSet::new(), " ".to_owned());
    assert_eq!(without, Err(CalendarError::NoSource { year: 2016 }));
}

#[test]
fn a_calendar_is_checked_when_it_is_read() {
    let json = r#"{"year":2016,"rest_days":["2016-02-08"],"working_weekends":["2016-02-06"],"source":"a notice"}"#;
    let read: Calendar = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), json);
    let (rest, working) = (days(&["2016-02-08"]), days(&["2016-02-06"]));
    assert_eq!((read.year(), read.source()), (2016, "a notice"));
    assert_eq!((read.rest_days(), read.working_weekends()), (&rest, &working));

    let refused = serde_json::from_str::<Calendar>(&json.replace("02-06", "02-05")).unwrap_err();
    assert!(refused.to_string().starts_with("2016-02-05 is called a working weekend"), "{refused}");
    assert!(serde_json::from_str::<Calendar>(&json.replace("source", "sauce")).is_err());
}

proptest! {
    #[test]
    fn a_moved_day_is_the_first_working_day(due in any_day()) {
        let calendars = adopted();
        let moved = calendars.next_working_day(due).day;
        prop_assert!(due <= moved);
        prop_assert!(moved == Day::MAX || !calendars.is_rest_day(moved).rest);
        let mut between = due;
        while between < moved {
            prop_assert!(calendars.is_rest_day(between).rest);
            between = between.next();
        }
    }

    #[test]
    fn rest_days_never_make_a_date_earlier(date in any_civil_date()) {
        let adjusted = adopted().adjust(&date);
        prop_assert_eq!(adjusted.as_rule_gives, date);
        prop_assert!(date.latest() <= adjusted.not_late_before);
    }
}
