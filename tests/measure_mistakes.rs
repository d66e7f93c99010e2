//! Each mistake that a measure file can make is answered with its line and with what would satisfy
//! it. A case takes a file that is right, breaks it in one place, and says on which line the error
//! has to stand and what it has to say.

use docket::app::measure_files::{check_measure, check_programs};
use docket::domain::act::ActKind;
use docket::domain::measure::{Effect, Matter, Need, Programs};
use docket::domain::measure_file::{FileError, MEASURES, PROGRAMS};
use rstest::rstest;

const TRIAL: &str = "schemas/measures/cluster_area/2012-61.toml";
const CLUSTER: &str = "schemas/measures/cluster_area/2014-40.toml";
const STRONG: &str = "schemas/measures/strong_province/2015-59.toml";

fn text_of(path: &str) -> &'static str {
    MEASURES.iter().find(|file| file.path == path).unwrap().text
}

fn programs() -> Programs {
    check_programs(PROGRAMS.text).unwrap()
}

/// The line on which the marked text begins, which stands in the file once.
fn line_of(text: &str, mark: &str) -> usize {
    assert_eq!(text.matches(mark).count(), 1, "{mark:?} should stand in the file once");
    text[..text.find(mark).unwrap()].matches('\n').count() + 1
}

fn assert_found(errors: &[FileError], line: usize, says: &str) {
    let found = errors.iter().any(|error| error.line == line && error.message.contains(says));
    assert!(found, "no error on line {line} that says {says:?} among {errors:#?}");
}

/// Replaces `old` everywhere by `new`; the error stands where `mark` begins in the new text.
fn assert_mistake(path: &str, old: &str, new: &str, mark: &str, says: &str) {
    let right = text_of(path);
    assert!(right.contains(old), "{old:?} is not in {path}");
    let wrong = right.replace(old, new);
    let errors = check_measure(&wrong, &programs().programs).unwrap_err();
    assert_found(&errors, line_of(&wrong, mark), says);
}

#[test]
fn what_is_embedded_is_right() {
    for file in MEASURES {
        let measure = check_measure(file.text, &programs().programs).unwrap();
        assert_eq!(measure.known_in_part, !measure.gaps.is_empty(), "{}", file.path);
    }
}

#[rstest]
#[case::step(
    CLUSTER,
    "to = \"candidate.rejected\"",
    "to = \"candidate.returned\"",
    "[[phase.step]]\nid = \"rejected\"",
    "candidate.rejected cannot be reached: let an outcome lead `to = \"candidate.rejected\"`"
)]
#[case::phase(
    CLUSTER,
    "to = \"ended\"",
    "to = \"cancelled\"",
    "[[phase]]\nid = \"ended\"",
    "ended cannot be reached"
)]
#[case::dead_end(
    STRONG,
    "article = \"III(III)\"\nstanding = true\nterminal = true",
    "article = \"III(III)\"\nstanding = true",
    "[[phase]]\nid = \"powerful\"",
    "powerful is a dead end: no act leads on from it and nobody is waited for; add an act from it, `waiting_for`, or `terminal = true`"
)]
#[case::no_beginning(
    CLUSTER,
    "from = [\"none\", ",
    "from = [",
    "[[act]]\nact = \"apply\"",
    "no act opens an enrollment: let one be done from \"none\""
)]
#[case::ambiguous(
    CLUSTER,
    "from = [\"demonstrative.rectifying\"]",
    "from = [\"demonstrative\", \"demonstrative.rectifying\"]",
    "from = [\"demonstrative\", ",
    "ambiguous: from demonstrative both this rule and rule 19 of the file allow review"
)]
fn places(
    #[case] path: &str,
    #[case] old: &str,
    #[case] new: &str,
    #[case] mark: &str,
    #[case] says: &str,
) {
    assert_mistake(path, old, new, mark, says);
}

#[rstest]
#[case::grade(
    CLUSTER,
    "[act.outcome.qualified]\neffect = \"stay\"",
    "[act.outcome.good]\neffect = \"stay\"",
    "[[act]]\nact = \"accept\"\narticle = \"Art. 17\"",
    "the outcome qualified of accept is not handled: add [act.outcome.qualified]"
)]
#[case::unknown_grade(
    CLUSTER,
    "[act.outcome.qualified]\neffect = \"stay\"",
    "[act.outcome.good]\neffect = \"stay\"",
    "[act.outcome.good]",
    "accept never has the outcome good: its outcomes are excellent, qualified, unqualified"
)]
#[case::evaluation(
    STRONG,
    "[act.outcome.failed]\neffect = \"adjust_or_exit\"\nto = \"pilot.failed\"",
    "[act.outcome.lost]\neffect = \"advance\"\nto = \"pilot.failed\"",
    "[[act]]\nact = \"evaluate\"\narticle = \"I(II), III(II)\"",
    "the outcome failed of evaluate is not handled"
)]
#[case::no_contents(
    CLUSTER,
    "[[acceptance_content]]",
    "[[applicant_kind]]",
    "act = \"accept\"\narticle = \"Art. 16\"",
    "add [[acceptance_content]]"
)]
fn outcomes(
    #[case] path: &str,
    #[case] old: &str,
    #[case] new: &str,
    #[case] mark: &str,
    #[case] says: &str,
) {
    assert_mistake(path, old, new, mark, says);
}

#[rstest]
#[case::article(
    CLUSTER,
    "article = \"Art. 13\"\nowes",
    "article = \" \"\nowes",
    "article = \" \"",
    "no article: cite it as the document does"
)]
#[case::not_known(
    CLUSTER,
    "article = \"Art. 13\"\nowes",
    "article = \"not known\"\nowes",
    "article = \"not known\"",
    "cite the article"
)]
#[case::english(
    CLUSTER,
    "en = \"Returned\"",
    "en = \" \"",
    "label = { en = \" \"",
    "empty: give the text in English"
)]
#[case::chinese(
    CLUSTER,
    "zh = \"已退回\"",
    "zh = \" \"",
    "label = { en = \"Returned\"",
    "empty: give the text in Chinese"
)]
#[case::twice(
    CLUSTER,
    "id = \"hi_tech_zone\"",
    "id = \"foreign_trade_park\"",
    "id = \"foreign_trade_park\"\nlabel = { en = \"Foreign",
    "foreign_trade_park is declared twice"
)]
#[case::no_program(
    CLUSTER,
    "program = \"cluster_area\"",
    "program = \"park\"",
    "program = \"park\"",
    "no program park: declare it in programs.toml"
)]
#[case::exercise(
    CLUSTER,
    "program = \"cluster_area\"",
    "program = \"exercise_cluster_area\"",
    "program = \"exercise_cluster_area\"",
    "is an exercise of cluster_area, whose measures govern it"
)]
#[case::no_gap(
    CLUSTER,
    "in_force_article = ",
    "known_in_part = true\nin_force_article = ",
    "known_in_part",
    "say in [[gap]] what is not known"
)]
#[case::gap(
    TRIAL,
    "known_in_part = true",
    "known_in_part = false",
    "[[gap]]\nen = \"The day",
    "set `known_in_part = true`, or remove the gap"
)]
#[case::years(
    STRONG,
    "to_year = 2020",
    "to_year = 2014",
    "to_year = 2014",
    "ends before it begins: a year from 2015 on"
)]
#[case::nobody_acts(
    CLUSTER,
    "by = [\"local_government\", \"provincial_department\"]",
    "by = [\"registrar\"]",
    "by = [\"registrar\"]",
    "registrar never acts in a program: name the office that does"
)]
fn words(
    #[case] path: &str,
    #[case] old: &str,
    #[case] new: &str,
    #[case] mark: &str,
    #[case] says: &str,
) {
    assert_mistake(path, old, new, mark, says);
}

#[rstest]
#[case::to("to = \"ended\"", "to = \"gone\"", "to = \"gone\"", "gone is no declared phase or step")]
#[case::from(
    "\"cancelled\", \"ended\"]",
    "\"cancelled\", \"gone\"]",
    "from = [\"none\", \"candidate",
    "gone covers no declared place"
)]
#[case::title(
    "title = \"experimental\"",
    "title = \"golden\"",
    "title = \"golden\"",
    "golden is no declared title_kind: declared are experimental, demonstrative"
)]
#[case::opens(
    "\"designation\", \"acceptance\"]",
    "\"feast\", \"acceptance\"]",
    "opens = [\"construction_plan\"",
    "feast is no declared obligation"
)]
#[case::meets(
    "meets = [\"annual_report\"]",
    "meets = [\"feast\"]",
    "meets = [\"feast\"]",
    "feast is no declared obligation"
)]
#[case::material(
    "materials = [\"letter_of_recommendation\"]",
    "materials = [\"gift\"]",
    "materials = [\"gift\"]",
    "gift is no declared material: declared are letter_of_recommendation, application"
)]
#[case::during(
    "\"experimental\", \"demonstrative\"] } }",
    "\"golden\"] } }",
    "due = { every",
    "golden is no declared phase"
)]
#[case::waiting(
    "act = \"recommend\", article",
    "act = \"confirm\", article",
    "waiting_for = { office = \"provincial_department\"",
    "add an [[act]] confirm by provincial_department from \"candidate.applied\""
)]
#[case::passing(
    "phase = \"under_construction\"",
    "phase = \"golden\"",
    "phase = \"golden\"",
    "golden is no declared phase"
)]
fn undeclared(#[case] old: &str, #[case] new: &str, #[case] mark: &str, #[case] says: &str) {
    assert_mistake(CLUSTER, old, new, mark, says);
}

#[rstest]
#[case::plan(
    CLUSTER,
    "act = \"submit_plan\"",
    "act = \"record_deliverable\"",
    "needs = [\"plan_on_record\"]",
    "plan_on_record can never hold where submit_amendment is allowed: add an [[act]] submit_plan from a place before it"
)]
#[case::title(
    CLUSTER,
    "title_term = \"P3Y\"\n",
    "",
    "needs = [\"title_over\"]",
    "give the outcome that grants the title a `title_term`"
)]
#[case::accepted(
    CLUSTER,
    "from = [\"experimental\", \"under_construction.rectifying\"]",
    "from = [\"none\"]",
    "needs = [\"accepted_before\"]",
    "accepted_before can never hold where request_acceptance is allowed"
)]
#[case::rectified(
    CLUSTER,
    "from = [\"under_construction.rectifying\", \"experimental.*\", \"demonstrative.rectifying\"]",
    "from = [\"none\"]",
    "needs = [\"rectification_open\"]",
    "let an outcome before it open the obligation rectification"
)]
#[case::scheme(
    STRONG,
    "opens = [\"scheme\"]\n",
    "",
    "needs = [\"scheme_owed\"]",
    "let an outcome before it open the obligation scheme"
)]
#[case::nothing_to_decide(
    CLUSTER,
    "opens = \"acceptance\"\n",
    "",
    "decides = \"acceptance\"",
    "decides acceptance, but no act opens that matter before it: add `opens = \"acceptance\"`"
)]
#[case::nothing_to_answer(
    CLUSTER,
    "opens = \"acceptance\"\n",
    "",
    "answers = \"acceptance\"",
    "answers acceptance, but no act opens"
)]
#[case::never_decided(
    CLUSTER,
    "decides = \"amendment\"\n",
    "",
    "opens = \"amendment\"",
    "add `decides = \"amendment\"` to the act that answers it"
)]
#[case::never_arises(
    CLUSTER,
    "\"designation\", \"acceptance\"]",
    "\"acceptance\"]",
    "[[obligation]]\nid = \"designation\"",
    "designation never arises: let an outcome that can happen name it in `opens`"
)]
#[case::never_met(
    CLUSTER,
    "meets = [\"annual_report\"]\n",
    "",
    "[[obligation]]\nid = \"annual_report\"",
    "annual_report is a recurring duty that nothing can meet: name it in `meets`"
)]
fn conditions(
    #[case] path: &str,
    #[case] old: &str,
    #[case] new: &str,
    #[case] mark: &str,
    #[case] says: &str,
) {
    assert_mistake(path, old, new, mark, says);
}

/// Areas that pass over from an earlier version bring a term with them, so both have to go.
#[test]
fn a_term_that_nothing_begins() {
    let whole = text_of(CLUSTER).replace("\nterm = \"P3Y\"", "");
    let wrong = &whole[..whole.find("[passing]").unwrap()];
    let errors = check_measure(wrong, &programs().programs).unwrap_err();
    let line = line_of(wrong, "needs = [\"term_over\"]");
    assert_found(&errors, line, "give the outcome that begins the term a `term`, such as \"P3Y\"");
}

const CONFIRM: &str = "effect = \"confirm\"\nto = \"experimental\"";
const DEAD: &str = "effect = \"advance\"\nto = \"candidate.rejected\"";

#[rstest]
#[case::advance(
    CLUSTER,
    DEAD,
    "effect = \"advance\"",
    "[act.outcome.done]\neffect = \"advance\"\n\n",
    "leads nowhere: add `to`"
)]
#[case::confirm(
    CLUSTER,
    "title = \"experimental\"\n",
    "",
    "[act.outcome.qualified]\neffect = \"confirm\"",
    "the effect confirm has no title: add `title`"
)]
#[case::stay(
    CLUSTER,
    "effect = \"stay\"",
    "effect = \"stay\"\nto = \"ended\"",
    "to = \"ended\"\n\n[act.outcome.unq",
    "the effect stay moves nothing, but leads to ended"
)]
#[case::none(
    CLUSTER,
    "decides = \"amendment\"\n\n[act.outcome.done]\neffect = \"none\"\n\n[[act]]\nact = \"rej",
    "decides = \"amendment\"\n\n[act.outcome.done]\neffect = \"none\"\nwaives_later = true\n\n[[act]]\nact = \"rej",
    "effect = \"none\"\nwaives_later",
    "the effect none changes nothing, but this outcome does: use stay"
)]
#[case::rectify(
    CLUSTER,
    "zh = \"其后较差的验收结果不影响已获得的称号。\" }\nopens = [\"rectification\"]",
    "zh = \"无\" }",
    "[act.outcome.unqualified]\neffect = \"rectify_within\"\nreading",
    "let `opens` name an obligation with `due = \"stated\"`"
)]
#[case::exit(
    STRONG,
    "from = [\"pilot.failed\", \"demonstration.failed\"]",
    "from = [\"demonstration.failed\"]",
    "to = \"pilot.failed\"",
    "add an [[act]] declare_exit from \"pilot.failed\""
)]
#[case::conclude(
    STRONG,
    "effect = \"conclude\"\nto = \"exited\"",
    "effect = \"conclude\"\nto = \"pilot\"",
    "to = \"pilot\"\nfrees_place",
    "conclude ends the attempt, but pilot is not terminal"
)]
#[case::title(
    CLUSTER,
    CONFIRM,
    "effect = \"advance\"\nto = \"experimental\"",
    "title = \"experimental\"\n",
    "title without a title granted or kept: use the effect confirm or keep_title"
)]
#[case::place(
    STRONG,
    "quota = {",
    "# quota = {",
    "takes_place = true\n\n[act.outcome",
    "takes_place, but no category has a quota"
)]
#[case::category(
    STRONG,
    "decides = \"adjustment\"\n\n[act.outcome.done]\neffect = \"stay\"\nopens = [\"scheme\"]\ntakes_place = true\nrecategorises = true",
    "[act.outcome.done]\neffect = \"stay\"\nopens = [\"scheme\"]\nrecategorises = true # here",
    "recategorises = true # here",
    "add `decides = \"adjustment\"` to the act"
)]
#[case::after_end(
    CLUSTER,
    "\nterm = \"P3Y\"\nopens = [\"construction_plan\"",
    "\nopens = [\"construction_plan\"",
    "opens = [\"construction_plan\"",
    "acceptance is due after an end, but this outcome begins no term: add `term` or `title_term`"
)]
#[case::stated(
    CLUSTER,
    "title = \"experimental\"\n",
    "title = \"experimental\"\nopens = [\"rectification\"] # here\n",
    "opens = [\"rectification\"] # here",
    "rectification is due on a stated day, which only rectify_within states"
)]
fn effects(
    #[case] path: &str,
    #[case] old: &str,
    #[case] new: &str,
    #[case] mark: &str,
    #[case] says: &str,
) {
    assert_mistake(path, old, new, mark, says);
}

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
