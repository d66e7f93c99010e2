use proptest::prelude::*;
use rstest::rstest;

use super::{Day, Timestamp};

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn instant(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

#[rstest]
#[case("2026-01-31T23:59:59+08:00", "2026-01-31")]
#[case("2026-01-31T23:59:59.999999+08:00", "2026-01-31")]
#[case("2026-02-01T00:00:00+08:00", "2026-02-01")]
#[case("2026-01-31T15:59:59.999999Z", "2026-01-31")]
#[case("2026-01-31T16:00:00Z", "2026-02-01")]
#[case("2026-01-31T08:00:00-08:00", "2026-02-01")]
#[case("1969-12-31T15:59:59Z", "1969-12-31")]
#[case("1969-12-31T16:00:00Z", "1970-01-01")]
#[case("2016-02-29T23:59:59+08:00", "2016-02-29")]
fn the_civil_day_is_that_of_shanghai(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(instant(text).civil_day(), day(expected));
}

#[test]
fn a_civil_day_starts_at_midnight_in_shanghai() {
    let start = Timestamp::start_of_civil_day(day("2026-02-01"));
    assert_eq!(start, instant("2026-02-01T00:00:00+08:00"));
    assert_eq!(start.to_rfc3339(), "2026-01-31T16:00:00.000000Z");
}

#[test]
fn instants_print_in_utc_with_six_digits() {
    assert_eq!(Timestamp::from_micros(0).to_rfc3339(), "1970-01-01T00:00:00.000000Z");
    assert_eq!(Timestamp::from_micros(-1).to_rfc3339(), "1969-12-31T23:59:59.999999Z");
    assert_eq!(instant("2026-01-31t23:59:59.5+08:00").to_string(), "2026-01-31T15:59:59.500000Z");
    assert_eq!(instant("2026-01-31T23:59:59.123456000Z").micros() % 1_000_000, 123_456);
    assert_eq!(instant("1970-01-01T00:00:01Z").micros(), 1_000_000);
    assert_eq!(Timestamp::MIN.to_rfc3339(), "1900-01-01T00:00:00.000000Z");
    assert_eq!(Timestamp::MAX.to_rfc3339(), "2200-12-31T15:59:59.999999Z");
    assert_eq!(Timestamp::MAX.civil_day(), Day::MAX);
    assert_eq!(Timestamp::from_micros(i64::MIN), Timestamp::MIN);
    assert_eq!(Timestamp::from_micros(i64::MAX), Timestamp::MAX);
}

#[rstest]
#[case(
    "2026-01-31T23:59:59",
    "2026-01-31T23:59:59 carries no offset from UTC, so it names no instant: \
     add one, such as +08:00 for China or Z for UTC"
)]
#[case(
    "2026-01-31T24:00:00+08:00",
    "`2026-01-31T24:00:00+08:00` is not an instant: \
     write it as in RFC 3339, such as 2026-01-31T23:59:59+08:00"
)]
#[case(
    "2026-01-31",
    "`2026-01-31` is not an instant: write it as in RFC 3339, such as 2026-01-31T23:59:59+08:00"
)]
#[case(
    "2015-02-30T00:00:00Z",
    "2015-02-30 is not a day of the calendar: February 2015 has 28 days"
)]
#[case(
    "2016-12-31T23:59:60Z",
    "2016-12-31T23:59:60Z is a leap second, which the record cannot hold: \
     write the second before or after"
)]
#[case(
    "2026-01-31T23:59:59.1234567Z",
    "2026-01-31T23:59:59.1234567Z is finer than a microsecond: \
     write at most six digits after the second"
)]
#[case(
    "2201-01-01T00:00:00Z",
    "2201-01-01T00:00:00Z lies outside the years 1900 to 2200, which the record can hold"
)]
fn an_instant_is_refused_with_its_reason(#[case] text: &str, #[case] reason: &str) {
    assert_eq!(Timestamp::parse_rfc3339(text).unwrap_err().to_string(), reason);
}

#[test]
fn an_instant_is_a_plain_string_in_json() {
    let midnight = instant("2026-02-01T00:00:00+08:00");
    let json = "\"2026-01-31T16:00:00.000000Z\"";
    assert_eq!(serde_json::to_string(&midnight).unwrap(), json);
    assert_eq!(serde_json::from_str::<Timestamp>(json).unwrap(), midnight);
    assert!(serde_json::from_str::<Timestamp>("\"2026-02-01T00:00:00\"").is_err());
}

proptest! {
    #[test]
    fn instants_read_as_they_print(micros in Timestamp::MIN.micros()..=Timestamp::MAX.micros()) {
        let instant = Timestamp::from_micros(micros);
        prop_assert_eq!(instant.micros(), micros);
        prop_assert_eq!(Timestamp::parse_rfc3339(&instant.to_rfc3339()), Ok(instant));
        let day = instant.civil_day();
        prop_assert!(Timestamp::start_of_civil_day(day) <= instant);
        prop_assert!(day == Day::MAX || instant < Timestamp::start_of_civil_day(day.next()));
    }

    #[test]
    fn parsing_never_panics(text in "\\PC{0,40}") {
        let _ = Timestamp::parse_rfc3339(&text);
    }
}
