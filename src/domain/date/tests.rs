use proptest::prelude::*;
use rstest::rstest;

use super::{CivilDate, DateError, Day};

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn date(text: &str) -> CivilDate {
    CivilDate::parse(text).unwrap()
}

pub(in crate::domain) fn any_day() -> impl Strategy<Value = Day> {
    (0..=Day::MIN.days_until(Day::MAX)).prop_map(|days| Day::MIN.plus_days(days))
}

/// A day, a month, a year, an interval of these or a latest day, in a span narrow enough that
/// two of them often overlap.
pub(in crate::domain) fn any_civil_date() -> impl Strategy<Value = CivilDate> {
    let point = (0_i64..1_500, 0_usize..3).prop_map(|(days, sharpness)| {
        let written = day("2014-01-01").plus_days(days).to_string();
        written[..[4, 7, 10][sharpness]].to_owned()
    });
    let open = point.clone().prop_map(|end| format!("../{end}"));
    let between = (point.clone(), point.clone()).prop_map(|(one, other)| {
        let (start, end) = (format!("{one}/{other}"), format!("{other}/{one}"));
        if CivilDate::parse(&start).is_ok() { start } else { end }
    });
    prop_oneof![3 => point, 1 => open, 3 => between].prop_map(|text| date(&text))
}

#[rstest]
#[case("2015-02-30", "2015-02-30 is not a day of the calendar: February 2015 has 28 days")]
#[case("2016-02-30", "2016-02-30 is not a day of the calendar: February 2016 has 29 days")]
#[case("2100-02-29", "2100-02-29 is not a day of the calendar: February 2100 has 28 days")]
#[case("2015-04-00", "2015-04-00 is not a day of the calendar: April 2015 has 30 days")]
#[case("2015-13-01", "2015-13-01 names no month: months are 01 to 12")]
#[case("2015-00-01", "2015-00-01 names no month: months are 01 to 12")]
#[case("1899-12-31", "1899-12-31 lies outside the years 1900 to 2200, which the record can hold")]
#[case("2201-01-01", "2201-01-01 lies outside the years 1900 to 2200, which the record can hold")]
#[case("2015-2-3", "`2015-2-3` is not a day: write YYYY-MM-DD, such as 2015-02-03")]
fn a_day_is_refused_with_its_reason(#[case] text: &str, #[case] reason: &str) {
    assert_eq!(Day::parse(text).unwrap_err().to_string(), reason);
}

#[rstest]
#[case("")]
#[case(" 2015-02-03")]
#[case("2015-02-03 ")]
#[case("20150203")]
#[case("2015/02/03")]
#[case("2015-02-03-04")]
#[case("+015-02-03")]
#[case("2015-02-0３")]
#[case("2015-02-03T00:00:00Z")]
fn a_day_has_one_form_only(#[case] text: &str) {
    assert_eq!(Day::parse(text), Err(DateError::NotADay(text.to_owned())));
}

#[test]
fn an_error_never_repeats_a_long_text() {
    let reason = Day::parse(&"９".repeat(10_000)).unwrap_err().to_string();
    assert!(reason.chars().count() < 120, "{reason}");
}

#[rstest]
#[case(2015, 2, 28)]
#[case(2016, 2, 29)]
#[case(2000, 2, 29)]
#[case(2100, 2, 28)]
#[case(2016, 4, 30)]
#[case(2016, 12, 31)]
fn months_end(#[case] year: i32, #[case] month: u32, #[case] last: u32) {
    assert_eq!(Day::last_of_month(year, month), Day::from_ymd(year, month, last));
    assert_eq!(Day::from_ymd(year, month, last + 1), None);
}

#[test]
fn there_is_no_month_0_or_13() {
    assert_eq!(Day::last_of_month(2016, 0), None);
    assert_eq!(Day::last_of_month(2016, 13), None);
}

#[test]
fn days_step_over_month_ends_and_stop_at_the_ends() {
    assert_eq!(day("2016-02-28").next(), day("2016-02-29"));
    assert_eq!(day("2015-03-01").prev(), day("2015-02-28"));
    assert_eq!(day("2015-12-31").days_until(day("2016-12-31")), 366);
    assert_eq!(day("2016-12-31").days_until(day("2015-12-31")), -366);
    assert_eq!(Day::MAX.next(), Day::MAX);
    assert_eq!(Day::MIN.prev(), Day::MIN);
    assert_eq!(Day::MIN.plus_days(i64::MAX), Day::MAX);
    assert_eq!(Day::MAX.plus_days(i64::MIN), Day::MIN);
    assert_eq!((Day::MIN, Day::MAX), (day("1900-01-01"), day("2200-12-31")));
}

#[rstest]
#[case("2016-06-10", false)]
#[case("2016-06-11", true)]
#[case("2016-06-12", true)]
#[case("2016-06-13", false)]
fn weekends(#[case] text: &str, #[case] weekend: bool) {
    assert_eq!(day(text).is_weekend(), weekend);
}

#[rstest]
#[case("2016-06-13", Some("2016-06-13"), "2016-06-13", true)]
#[case("2016-02", Some("2016-02-01"), "2016-02-29", false)]
#[case("2013", Some("2013-01-01"), "2013-12-31", false)]
#[case("2013/2016", Some("2013-01-01"), "2016-12-31", false)]
#[case("2013-09/2016-06-13", Some("2013-09-01"), "2016-06-13", false)]
#[case("2016-06/2016", Some("2016-06-01"), "2016-12-31", false)]
#[case("2016-06-13/2016-06-13", Some("2016-06-13"), "2016-06-13", true)]
#[case("../2016-12-31", None, "2016-12-31", false)]
#[case("../2015-02", None, "2015-02-28", false)]
#[case("../2015", None, "2015-12-31", false)]
fn a_civil_date_knows_its_ends(
    #[case] text: &str,
    #[case] earliest: Option<&str>,
    #[case] latest: &str,
    #[case] is_day: bool,
) {
    let read = date(text);
    assert_eq!(read.as_str(), text);
    assert_eq!(read.earliest(), earliest.map(day));
    assert_eq!(read.latest(), day(latest));
    assert_eq!(read.is_day(), is_day);
}

#[rstest]
#[case("")]
#[case("2016~")]
#[case("2016?")]
#[case("2016-06-13~")]
#[case("2016-2X")]
#[case("201X")]
#[case("2016/..")]
#[case("2016/")]
#[case("/2016")]
#[case("../..")]
#[case("..")]
#[case("2013/2014/2015")]
#[case("2016-06-13T10:00:00+08:00")]
#[case("2016-06-13T10:00:00+08:00/2016-07")]
#[case("[2016,2017]")]
#[case("2016-6-13")]
#[case("Y2016")]
#[case(" 2016")]
#[case("2016 / 2017")]
fn other_edtf_is_refused_naming_the_accepted_forms(#[case] text: &str) {
    let reason = CivilDate::parse(text).unwrap_err();
    assert_eq!(reason, DateError::NotACivilDate(text.to_owned()));
    for form in ["2016-06-13", "2013-09", "(2016)", "2013/2016-06-13", "../2016-12-31"] {
        assert!(reason.to_string().contains(form), "{reason}");
    }
}

#[rstest]
#[case("2016/2013", "2016/2013 ends before it begins: write the earlier date first")]
#[case(
    "2016-06-14/2016-06-13",
    "2016-06-14/2016-06-13 ends before it begins: write the earlier date first"
)]
#[case("2016-13", "2016-13 names no month: months are 01 to 12")]
#[case("2016-21", "2016-21 names no month: months are 01 to 12")]
#[case("2013/2015-02-29", "2015-02-29 is not a day of the calendar: February 2015 has 28 days")]
#[case("../1812", "1812 lies outside the years 1900 to 2200, which the record can hold")]
fn a_civil_date_is_refused_with_its_reason(#[case] text: &str, #[case] reason: &str) {
    assert_eq!(CivilDate::parse(text).unwrap_err().to_string(), reason);
}

#[test]
fn built_civil_dates_are_those_that_are_written() {
    let (first, last) = (day("2016-06-13"), day("2016-06-14"));
    assert_eq!(CivilDate::from(first), date("2016-06-13"));
    assert_eq!(CivilDate::interval(first, last), date("2016-06-13/2016-06-14"));
    assert_eq!(CivilDate::interval(last, first), date("2016-06-13/2016-06-14"));
    assert_eq!(CivilDate::interval(first, first), date("2016-06-13"));
    assert_eq!(CivilDate::by(last), date("../2016-06-14"));
    assert_ne!(date("2016-02"), date("2016-02-01/2016-02-29"));
}

#[rstest]
#[case("2016-06-13", "2016-06-14", true)]
#[case("2016-06-13", "2016-06-13", false)]
#[case("2016-06-13", "2016-06", false)]
#[case("2016-05", "2016-06", true)]
#[case("2013/2016", "2016-12-31", false)]
#[case("2013/2016", "2017", true)]
#[case("../2016-12-31", "2017-01-01", true)]
#[case("2010", "../2016-12-31", false)]
#[case("../2010", "../2016", false)]
fn only_what_is_certain_is_before(#[case] one: &str, #[case] other: &str, #[case] before: bool) {
    let (one, other) = (date(one), date(other));
    assert_eq!(one.certainly_before(&other), before);
    assert_eq!(other.certainly_after(&one), before);
    assert!(!other.certainly_before(&one));
    assert_eq!(one.overlaps(&other), !before);
    assert_eq!(other.overlaps(&one), !before);
}

#[rstest]
#[case("2016-02", "2016-01-31", false)]
#[case("2016-02", "2016-02-01", true)]
#[case("2016-02", "2016-02-29", true)]
#[case("2016-02", "2016-03-01", false)]
#[case("../2016", "1900-01-01", true)]
#[case("../2016", "2017-01-01", false)]
fn a_civil_date_contains(#[case] text: &str, #[case] candidate: &str, #[case] within: bool) {
    assert_eq!(date(text).contains(day(candidate)), within);
}

#[test]
fn days_and_civil_dates_are_plain_strings_in_json() {
    fn holds<T>(value: T, json: &str)
    where
        T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
    {
        assert_eq!(serde_json::to_string(&value).unwrap(), json);
        assert_eq!(serde_json::from_str::<T>(json).unwrap(), value);
    }
    holds(day("2016-02-29"), "\"2016-02-29\"");
    holds(date("../2016-12-31"), "\"../2016-12-31\"");
    let refused = serde_json::from_str::<Day>("\"2015-02-30\"").unwrap_err();
    assert!(refused.to_string().starts_with("2015-02-30 is not a day of the calendar"));
    assert!(serde_json::from_str::<CivilDate>("2016").is_err(), "a number is no date");
}

proptest! {
    #[test]
    fn days_read_as_they_print(day in any_day()) {
        prop_assert_eq!(Day::parse(&day.to_string()), Ok(day));
        prop_assert_eq!(Day::from_ymd(day.year(), day.month(), day.day()), Some(day));
    }

    #[test]
    fn days_order_as_their_texts(one in any_day(), other in any_day()) {
        prop_assert_eq!(one.cmp(&other), one.to_string().cmp(&other.to_string()));
        prop_assert_eq!(one.plus_days(one.days_until(other)), other);
    }

    #[test]
    fn civil_dates_read_as_they_print(date in any_civil_date()) {
        prop_assert_eq!(CivilDate::parse(&date.to_string()), Ok(date));
    }

    #[test]
    fn civil_dates_contain_their_ends_and_nothing_beyond(date in any_civil_date()) {
        prop_assert!(date.contains(date.latest()));
        prop_assert!(!date.contains(date.latest().next()));
        if let Some(earliest) = date.earliest() {
            prop_assert!(earliest <= date.latest());
            prop_assert!(date.contains(earliest));
            prop_assert!(!date.contains(earliest.prev()));
        }
    }

    #[test]
    fn certainly_before_is_a_strict_partial_order(
        a in any_civil_date(), b in any_civil_date(), c in any_civil_date(),
    ) {
        prop_assert!(!a.certainly_before(&a));
        prop_assert!(!(a.certainly_before(&b) && b.certainly_before(&a)));
        if a.certainly_before(&b) && b.certainly_before(&c) {
            prop_assert!(a.certainly_before(&c));
        }
    }

    #[test]
    fn dates_overlap_where_they_share_a_day(a in any_civil_date(), b in any_civil_date()) {
        // The first of the earlier latest days is in both, or no day is.
        let shared = a.latest().min(b.latest());
        prop_assert_eq!(a.overlaps(&b), a.contains(shared) && b.contains(shared));
    }

    #[test]
    fn parsing_never_panics(text in "\\PC{0,30}") {
        let _ = (Day::parse(&text), CivilDate::parse(&text));
    }
}
