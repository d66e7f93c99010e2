use proptest::prelude::*;
use rstest::rstest;

use super::{Period, Yearly};
use crate::domain::date::tests::{any_civil_date, any_day};
use crate::domain::date::{CivilDate, DateError, Day};

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn date(text: &str) -> CivilDate {
    CivilDate::parse(text).unwrap()
}

fn period(text: &str) -> Period {
    Period::parse(text).unwrap()
}

fn any_period() -> impl Strategy<Value = Period> {
    (0_u32..=20, 0_u32..=24, 0_u32..=400)
        .prop_filter("of some length", |parts| *parts != (0, 0, 0))
        .prop_map(|(years, months, days)| Period { years, months, days })
}

fn any_months() -> impl Strategy<Value = Period> {
    (0_u32..=20, 1_u32..=24).prop_map(|(years, months)| Period { years, months, days: 0 })
}

fn any_yearly() -> impl Strategy<Value = Yearly> {
    any_day().prop_map(|day| Yearly { month: day.month(), day: day.day() })
}

#[rstest]
#[case("P3Y", (3, 0, 0), "P3Y")]
#[case("P3M", (0, 3, 0), "P3M")]
#[case("P1Y6M", (1, 6, 0), "P1Y6M")]
#[case("P30D", (0, 0, 30), "P30D")]
#[case("P1Y2M3D", (1, 2, 3), "P1Y2M3D")]
#[case("P0Y3M", (0, 3, 0), "P3M")]
fn periods_are_read(#[case] text: &str, #[case] parts: (u32, u32, u32), #[case] printed: &str) {
    let read = period(text);
    assert_eq!((read.years(), read.months(), read.days()), parts);
    assert_eq!(read.to_string(), printed);
}

#[rstest]
#[case("")]
#[case("P")]
#[case("3Y")]
#[case("P3")]
#[case("PY")]
#[case("P3W")]
#[case("PT3H")]
#[case("P1DT3H")]
#[case("P6M1Y")]
#[case("P3Y3Y")]
#[case("P-3Y")]
#[case("P+3Y")]
#[case("P1.5Y")]
#[case("-P3Y")]
#[case("p3y")]
#[case("P3Y ")]
fn what_is_no_period_is_refused(#[case] text: &str) {
    assert_eq!(Period::parse(text), Err(DateError::NotAPeriod(text.to_owned())));
}

#[rstest]
#[case("P0Y")]
#[case("P0Y0M0D")]
fn a_period_has_a_length(#[case] text: &str) {
    assert_eq!(Period::parse(text), Err(DateError::EmptyPeriod(text.to_owned())));
}

#[rstest]
#[case("P101Y")]
#[case("P1201M")]
#[case("P36526D")]
#[case("P99999999999Y")]
fn a_period_is_no_longer_than_a_century(#[case] text: &str) {
    assert_eq!(Period::parse(text), Err(DateError::PeriodTooLong(text.to_owned())));
}

#[rstest]
#[case("2014-11-30", "P3M", "2015-02-28")]
#[case("2015-11-30", "P3M", "2016-02-29")]
#[case("2015-11-29", "P3M", "2016-02-29")]
#[case("2016-01-31", "P1M", "2016-02-29")]
#[case("2016-02-29", "P1Y", "2017-02-28")]
#[case("2016-02-29", "P4Y", "2020-02-29")]
#[case("2017-02-28", "P3Y", "2020-02-28")]
#[case("2016-06-13", "P3Y", "2019-06-13")]
#[case("2016-08-31", "P1M", "2016-09-30")]
#[case("2016-12-15", "P1M", "2017-01-15")]
#[case("2016-10-31", "P14M", "2017-12-31")]
#[case("2016-12-31", "P1Y6M", "2018-06-30")]
#[case("2016-01-31", "P30D", "2016-03-01")]
#[case("2015-01-31", "P1M1D", "2015-03-01")]
#[case("2150-06-13", "P100Y", "2200-12-31")]
fn a_period_ends_on_the_corresponding_day(
    #[case] start: &str,
    #[case] length: &str,
    #[case] end: &str,
) {
    assert_eq!(period(length).add_to_day(day(start)), day(end));
}

#[rstest]
#[case(
    "2014-11-30",
    "P3M",
    "2014-11-30 + P3M = 2015-02-28 (no corresponding day: last of the month)"
)]
#[case("2016-06-13", "P3Y", "2016-06-13 + P3Y = 2019-06-13")]
#[case("2013-09", "P3Y", "2013-09 + P3Y = 2016-09-01/2016-09-30")]
#[case("2013/2016", "P1Y", "2013/2016 + P1Y = 2014-01-01/2017-12-31")]
#[case("../2016-12-31", "P3Y", "../2016-12-31 + P3Y = ../2019-12-31")]
#[case(
    "2014-11",
    "P3M",
    "2014-11 + P3M = 2015-02-01/2015-02-28 (no corresponding day for 2014-11-30: last of the month)"
)]
#[case(
    "2014-11-29/2014-11-30",
    "P3M",
    "2014-11-29/2014-11-30 + P3M = 2015-02-28 \
     (no corresponding day for 2014-11-29 and 2014-11-30: last of the month)"
)]
#[case(
    "../2014-11-30",
    "P3M",
    "../2014-11-30 + P3M = ../2015-02-28 (no corresponding day for 2014-11-30: last of the month)"
)]
#[case(
    "2015-01-31",
    "P1M1D",
    "2015-01-31 + P1M1D = 2015-03-01 (no corresponding day: last of the month, then 1 day)"
)]
#[case(
    "2015-01-31",
    "P1M10D",
    "2015-01-31 + P1M10D = 2015-03-10 (no corresponding day: last of the month, then 10 days)"
)]
#[case(
    "2150-06-13",
    "P100Y",
    "2150-06-13 + P100Y = 2200-12-31 (the last day that the record can hold)"
)]
fn the_arithmetic_can_be_checked(#[case] start: &str, #[case] length: &str, #[case] sum: &str) {
    assert_eq!(period(length).arithmetic(&date(start)), sum);
}

#[rstest]
#[case("--01-31", "2026-01-30", "2026-01-31")]
#[case("--01-31", "2026-01-31", "2027-01-31")]
#[case("--01-31", "2026-02-01", "2027-01-31")]
#[case("--02-29", "2015-02-27", "2015-02-28")]
#[case("--02-29", "2015-02-28", "2016-02-29")]
#[case("--12-31", "2016-12-31", "2017-12-31")]
#[case("--01-31", "2200-06-01", "2200-12-31")]
fn the_first_day_after(#[case] yearly: &str, #[case] after: &str, #[case] expected: &str) {
    assert_eq!(Yearly::parse(yearly).unwrap().first_after(day(after)), day(expected));
}

#[test]
fn a_yearly_day_stops_at_the_ends_of_the_years() {
    let yearly = Yearly::parse("--02-29").unwrap();
    assert_eq!(yearly.in_year(2100), day("2100-02-28"));
    assert_eq!(yearly.in_year(1899), Day::MIN);
    assert_eq!(yearly.in_year(2201), Day::MAX);
    assert_eq!((yearly.month(), yearly.day()), (2, 29));
}

#[rstest]
#[case("01-31", "`01-31` is not a day of every year: write --MM-DD, such as --01-31")]
#[case("--1-31", "`--1-31` is not a day of every year: write --MM-DD, such as --01-31")]
#[case("--01-31-01", "`--01-31-01` is not a day of every year: write --MM-DD, such as --01-31")]
#[case("--+1-31", "`--+1-31` is not a day of every year: write --MM-DD, such as --01-31")]
#[case("--13-01", "--13-01 names no month: months are 01 to 12")]
#[case("--02-30", "--02-30 is not a day of any year: February has at most 29 days")]
#[case("--04-31", "--04-31 is not a day of any year: April has at most 30 days")]
fn what_is_no_yearly_day_is_refused(#[case] text: &str, #[case] reason: &str) {
    assert_eq!(Yearly::parse(text).unwrap_err().to_string(), reason);
}

#[test]
fn both_are_plain_strings_in_json() {
    assert_eq!(serde_json::to_string(&period("P1Y6M")).unwrap(), "\"P1Y6M\"");
    assert_eq!(serde_json::from_str::<Period>("\"P1Y6M\"").unwrap(), period("P1Y6M"));
    let yearly = Yearly::parse("--01-31").unwrap();
    assert_eq!(serde_json::to_string(&yearly).unwrap(), "\"--01-31\"");
    assert_eq!(serde_json::from_str::<Yearly>("\"--01-31\"").unwrap(), yearly);
    assert!(serde_json::from_str::<Period>("\"P0D\"").is_err());
}

proptest! {
    #[test]
    fn periods_read_as_they_print(period in any_period()) {
        prop_assert_eq!(Period::parse(&period.to_string()), Ok(period));
    }

    #[test]
    fn months_never_pass_the_end_of_the_month(start in any_day(), period in any_months()) {
        let end = period.add_to_day(start);
        let months = |day: Day| i64::from(day.year()) * 12 + i64::from(day.month());
        let added = i64::from(period.years) * 12 + i64::from(period.months);
        if months(start) + added > months(Day::MAX) {
            prop_assert_eq!(end, Day::MAX);
        } else {
            prop_assert_eq!(months(end), months(start) + added);
            let last = Day::last_of_month(end.year(), end.month()).unwrap();
            prop_assert_eq!(end.day(), start.day().min(last.day()));
        }
    }

    #[test]
    fn addition_is_monotone_in_the_day(
        one in any_day(), ahead in 0_i64..60, period in any_period(),
    ) {
        prop_assert!(period.add_to_day(one) <= period.add_to_day(one.plus_days(ahead)));
        prop_assert!(one == Day::MAX || one < period.add_to_day(one));
    }

    #[test]
    fn a_sum_holds_the_sum_of_each_day(date in any_civil_date(), period in any_period()) {
        let sum = period.add_to(&date);
        prop_assert_eq!(sum.latest(), period.add_to_day(date.latest()));
        prop_assert_eq!(sum.earliest(), date.earliest().map(|day| period.add_to_day(day)));
        prop_assert_eq!(CivilDate::parse(sum.as_str()), Ok(sum));
        if date.is_day() {
            prop_assert!(sum.is_day());
        }
    }

    #[test]
    fn yearly_days_come_once_a_year(yearly in any_yearly(), year in 1901..2199) {
        prop_assert_eq!(Yearly::parse(&yearly.to_string()), Ok(yearly));
        let this = yearly.in_year(year);
        prop_assert_eq!(this.year(), year);
        prop_assert_eq!(this.month(), yearly.month());
        prop_assert_eq!(yearly.first_after(this), yearly.in_year(year + 1));
        prop_assert_eq!(yearly.first_after(this.prev()), this);
    }

    #[test]
    fn parsing_never_panics(text in "\\PC{0,30}") {
        let _ = (Period::parse(&text), Yearly::parse(&text));
    }
}
