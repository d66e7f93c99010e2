//! Nodes, outcomes, articles, labels and ids.

use rstest::rstest;

use super::{CLUSTER, STRONG, TRIAL, assert_mistake};

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
    "ambiguous: from demonstrative both this rule and rule 27 of the file allow review"
)]
fn nodes(
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
    "[[act]]\nact = \"accept\"\narticle = \"Art. 17\"\nreading = { en = \"An area with the title",
    "the outcome qualified of accept, which another rule has, is not handled: add [act.outcome.qualified]"
)]
#[case::unknown_grade(
    CLUSTER,
    "[act.outcome.qualified]\neffect = \"stay\"",
    "[act.outcome.good]\neffect = \"stay\"",
    "[act.outcome.good]",
    "the outcome good has no name: declare it in [[outcome_name]] with its label, or name a phase"
)]
#[case::evaluation(
    STRONG,
    "[act.outcome.failed]\neffect = \"adjust_or_exit\"\nto = \"pilot.failed\"",
    "[act.outcome.lost]\neffect = \"advance\"\nto = \"pilot.failed\"",
    "[[act]]\nact = \"evaluate\"\narticle = \"I(II), III(II)\"",
    "the outcome failed of evaluate, which another rule has, is not handled"
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
    "article = \"Art. 10\"\nreading = { en = \"Timeliness",
    "article = \" \"\nreading = { en = \"Timeliness",
    "article = \" \"",
    "no article: cite it as the document does"
)]
#[case::not_known(
    CLUSTER,
    "article = \"Art. 10\"\nreading = { en = \"Timeliness",
    "article = \"not known\"\nreading = { en = \"Timeliness",
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
    "no program park: declare it in park/program.toml"
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
    "act = \"submit_report\"\narticle = \"Art. 15\"\nby = [\"local_government\"]",
    "act = \"submit_report\"\narticle = \"Art. 15\"\nby = [\"registrar\"]",
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
    "gone covers no declared node"
)]
#[case::title(
    "article = \"Art. 18\"\ntitle = \"demonstrative\"",
    "title = \"golden\"",
    "title = \"golden\"",
    "golden is no declared title_kind: declared are experimental, demonstrative"
)]
#[case::opens(
    "\"funds\", \"acceptance\"]",
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
    "waiting_for = [{ office = \"provincial_department\"",
    "add an [[act]] confirm by provincial_department from \"candidate.applied\""
)]
#[case::passing(
    "phase = \"under_construction\"",
    "phase = \"golden\"",
    "phase = \"golden\"",
    "golden is no declared phase"
)]
#[case::matter(
    "{ awaits = \"acceptance\" }",
    "{ awaits = \"feast\" }",
    "needs = [{ any = [{ duty_past = \"rectification\" }, { duty_met = \"rectification\" }, {",
    "feast is no declared matter"
)]
#[case::duty(
    "needs = [{ duty_open = \"rectification\" }]",
    "needs = [{ duty_open = \"feast\" }]",
    "needs = [{ duty_open",
    "feast is no declared obligation"
)]
#[case::ends(
    "to = \"under_construction.excellent\"\nopens = [\"confirmation\"]\nends = [\"rectification\"]",
    "to = \"under_construction.excellent\"\nopens = [\"confirmation\"]\nends = [\"feast\"]",
    "ends = [\"feast\"]",
    "feast is no declared obligation"
)]
#[case::result(
    "in = [\"qualified\", \"unqualified\"]",
    "in = [\"golden\"]",
    "needs = [{ last_result",
    "accept never has the result golden: it has excellent, qualified, unqualified"
)]
#[case::member(
    "silent = \"round\"",
    "silent = \"colour\"",
    "when = { silent",
    "approve never leaves out colour: it can leave out "
)]
fn undeclared(#[case] old: &str, #[case] new: &str, #[case] mark: &str, #[case] says: &str) {
    assert_mistake(CLUSTER, old, new, mark, says);
}
