//! The shape of the text: what the schema and the form of each value ask for.

use docket::app::measure_files::{check_measure, check_programs};
use docket::domain::act::ActKind;
use docket::domain::measure::{Effect, Matter, Need};
use docket::domain::measure_file::PROGRAMS;
use rstest::rstest;

use super::{STRONG, assert_found, programs, text_of};

#[rstest]
#[case::member(
    "in_force_article = ",
    "in_force_artcle = ",
    "in_force_artcle",
    "the file has no member in_force_artcle: allowed are "
)]
#[case::inner_member(
    "soft = true, article",
    "soft = true, artcle",
    "quota = { limit = 5",
    "/category/0/quota has no member artcle: allowed are article, limit, soft"
)]
#[case::missing(
    "owes = \"province\"\n",
    "",
    "[[obligation]]",
    "/obligation/0 lacks owes: add it. An office."
)]
#[case::choice(
    "effect = \"adjust_or_exit\"\nto = \"pilot.failed\"",
    "effect = \"fine\"\nto = \"pilot.failed\"",
    "effect = \"fine\"",
    "\"fine\" is not one of advance, confirm, stay"
)]
#[case::built_in(
    "act = \"inspect\"",
    "act = \"note\"",
    "act = \"note\"",
    "\"note\" is not one of apply, recommend"
)]
#[case::form(
    "version = \"2015-59\"",
    "version = \"59/2015\"",
    "version = ",
    "year and number of the document, such as \"2014-40\""
)]
#[case::due(
    "due = \"undated\"",
    "due = \"soon\"",
    "due = \"soon\"",
    "When it is due: \"stated\" (on the day that the opening act states)"
)]
#[case::number("limit = 7", "limit = 0", "quota = { limit = 0", "How many places, at least 1.")]
#[case::unquoted(
    "in_force_from = \"2015-10-21\"",
    "in_force_from = 2015-10-21",
    "in_force_from",
    "a string: a day or an interval"
)]
#[case::no_such_day(
    "in_force_from = \"2015-10-21\"",
    "in_force_from = \"2015-02-30\"",
    "in_force_from",
    "2015-02-30"
)]
#[case::no_toml(
    "in_force_from = \"2015-10-21\"",
    "in_force_from = \"2015-10-21",
    "in_force_from",
    ""
)]
fn shape(#[case] old: &str, #[case] new: &str, #[case] mark: &str, #[case] says: &str) {
    let wrong = text_of(STRONG).replacen(old, new, 1);
    assert_ne!(wrong, text_of(STRONG));
    let errors = check_measure(&wrong, &programs().programs).unwrap_err();
    let line = wrong[..wrong.find(mark).unwrap()].matches('\n').count() + 1;
    assert_found(&errors, line, says);
}

#[rstest]
#[case::twice(
    "id = \"cluster_area\"",
    "id = \"strong_province\"",
    "strong_province is declared twice"
)]
#[case::no_such(
    "exercise_of = \"cluster_area\"",
    "exercise_of = \"park\"",
    "no program park: declare it in [[program]]"
)]
#[case::of_exercise(
    "exercise_of = \"cluster_area\"",
    "exercise_of = \"exercise_strong_province\"",
    "is itself an exercise"
)]
#[case::unnamed(
    "name = { en = \"SIPO\"",
    "name = { en = \" \"",
    "empty: every name has both languages"
)]
#[case::nobody(
    "subject_kinds = [\"province\", \"corps\"]",
    "subject_kinds = []",
    "Kinds of subject that can enroll."
)]
#[case::no_first_name(
    "source = \"signature",
    "from = \"2014\"\nsource = \"signature",
    "without `from`"
)]
fn programs_too(#[case] old: &str, #[case] new: &str, #[case] says: &str) {
    let wrong = PROGRAMS.text.replacen(old, new, 1);
    assert_ne!(wrong, PROGRAMS.text);
    let errors = check_programs(&wrong).unwrap_err();
    assert!(
        errors.iter().any(|error| error.line > 1 && error.message.contains(says)),
        "{errors:#?}"
    );
}

/// The name of the national office changed in English and not in Chinese (G2).
#[test]
fn the_national_office_is_called_as_on_the_day() {
    use docket::domain::date::Day;
    use docket::domain::ids::Office;
    let programs = programs();
    let on =
        |day: &str| programs.office_name(Office::NationalOffice, Day::parse(day).unwrap()).unwrap();
    assert_eq!(on("2014-09-29").en, "SIPO");
    assert_eq!(on("2018-11-14").en, "SIPO");
    assert_eq!(on("2018-11-15").en, "CNIPA");
    assert_eq!(on("2014-09-29").zh, on("2020-12-07").zh);
}

/// The words that the schema lists are those that the model reads, no more and no fewer acts.
#[test]
fn the_schema_lists_what_the_model_knows() {
    let text = std::fs::read_to_string("schemas/measure.schema.json").unwrap();
    let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
    let listed = |pointer: &str| -> Vec<serde_json::Value> {
        schema.pointer(pointer).and_then(|list| list.as_array()).cloned().unwrap()
    };
    let acts: Vec<String> = listed("/$defs/act_name/enum")
        .into_iter()
        .map(|act| act.as_str().unwrap().to_owned())
        .collect();
    let built_in = [
        ActKind::Note,
        ActKind::AttestStanding,
        ActKind::ConfirmStanding,
        ActKind::RecordUnderUnknownRule,
        ActKind::AcknowledgeReceipt,
        ActKind::Correct,
    ];
    let known: Vec<&str> =
        ActKind::ALL.iter().filter(|act| !built_in.contains(act)).map(|act| act.as_str()).collect();
    assert_eq!(acts, known);
    for word in listed("/$defs/outcome/properties/effect/enum") {
        serde_json::from_value::<Effect>(word).unwrap();
    }
    for word in listed("/$defs/act/properties/needs/items/enum") {
        serde_json::from_value::<Need>(word).unwrap();
    }
    for word in listed("/$defs/matter/enum") {
        serde_json::from_value::<Matter>(word).unwrap();
    }
}
