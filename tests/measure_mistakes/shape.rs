//! The shape of the text: what the schema and the form of each value ask for.

use docket::app::measure_files::check_measure;
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
    "/category/0/quota has no member artcle: allowed are article, limit, reading, soft"
)]
#[case::missing(
    "owes = \"province\"\n",
    "",
    "[[obligation]]",
    "/obligation/0 lacks owes: add it. Who owes it."
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
    "note is the same in every program and needs no rule: remove it"
)]
#[case::form(
    "version = \"2015-59\"",
    "version = \"59/2015\"",
    "version = ",
    "year and number of the document: `2014-40`."
)]
#[case::due(
    "due = \"undated\"",
    "due = \"soon\"",
    "due = \"soon\"",
    "\"soon\" is not one of { after = … }, stated, after_end, undated, { by = … }, { every = … }"
)]
#[case::condition(
    "document_required = true\n",
    "needs = [\"is_raining\"]\n",
    "needs = [\"is_raining",
    "\"is_raining\" is not one of term_over, title_over, { plan_on_record = … }, { duty_open = … }"
)]
#[case::condition_with_parameter(
    "document_required = true\n",
    "needs = [{ is_raining = true }]\n",
    "needs = [{ is_raining",
    "{\"is_raining\":true} is not one of term_over, title_over, { plan_on_record = … }, "
)]
#[case::parameter(
    "document_required = true\n",
    "needs = [{ plan_on_record = \"yes\" }]\n",
    "needs = [{ plan_on_record",
    "/needs/0/plan_on_record: \"yes\" is not of type \"boolean\""
)]
#[case::inner_parameter(
    "document_required = true\n",
    "needs = [{ last_result = { of = \"evaluate\", in = \"failed\" } }]\n",
    "needs = [{ last_result",
    "/needs/0/last_result/in: \"failed\" is not of type \"array\". The results."
)]
#[case::parameter_missing(
    "document_required = true\n",
    "needs = [{ any = [{ last_result = { of = \"evaluate\" } }] }]\n",
    "needs = [{ any",
    "/needs/0/any/0/last_result lacks in: add it. The results."
)]
#[case::due_parameter(
    "due = \"undated\"",
    "due = { after = 3 }",
    "due = { after = 3",
    "/obligation/0/due/after: 3 is not of type \"string\""
)]
#[case::one_language(
    "en = \"Leading\", zh",
    "en = \"Leading\" } # zh",
    "label = { en = \"Leading\" }",
    "/category/0/label lacks zh: add it. Chinese (zh-CN)."
)]
#[case::number(
    "limit = 7",
    "limit = 0",
    "quota = { limit = 0",
    "0 is less than the minimum of 1. How many places."
)]
#[case::unquoted(
    "in_force_from = \"2015-10-21\"",
    "in_force_from = 2015-10-21",
    "in_force_from",
    "The day from which it governs. A string such as \"2014-09-29\", "
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
    let errors = check_measure(&wrong, &programs().programs).map(drop).unwrap_err();
    let line = wrong[..wrong.find(mark).unwrap()].matches('\n').count() + 1;
    assert_found(&errors, line, says);
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
