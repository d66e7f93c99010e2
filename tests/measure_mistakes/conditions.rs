//! Conditions that nothing satisfies, duties that nobody can meet, effects without their data.

use docket::app::measure_files::check_measure;
use rstest::rstest;

use super::{CLUSTER, STRONG, assert_found, assert_mistake, line_of, programs, text_of};

#[rstest]
#[case::plan(
    CLUSTER,
    "act = \"submit_plan\"",
    "act = \"record_deliverable\"",
    "needs = [{ plan_on_record = true }]",
    "plan_on_record can never hold where submit_amendment is allowed: add an [[act]] submit_plan from a node before it"
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
    "needs = [{ last_result",
    "last_result can never hold where request_acceptance is allowed"
)]
#[case::rectified(
    CLUSTER,
    "from = [\"under_construction.rectifying\", \"experimental.*\", \"demonstrative.rectifying\"]",
    "from = [\"none\"]",
    "needs = [{ duty_open = \"rectification\" }]",
    "let an outcome before it open the obligation rectification"
)]
#[case::scheme(
    STRONG,
    "duty_open = \"scheme\" }]\n",
    "duty_open = \"support_of_unlisted\" }]\n",
    "needs = [{ duty_open = \"support_of_unlisted\" }]",
    "let an outcome before it open the obligation support_of_unlisted"
)]
#[case::nothing_to_decide(
    CLUSTER,
    "opens = \"amendment\"\n",
    "",
    "decides = \"amendment\"\n\n[act.outcome.done]\neffect = \"none\"\n\n[[act]]\nact = \"reject_amendment\"",
    "decides amendment, but no act opens that matter before it: add `opens = \"amendment\"`"
)]
#[case::nothing_to_answer(
    CLUSTER,
    "opens = \"acceptance\"\n",
    "",
    "answers = \"acceptance\"\n\n[act.outcome.excellent]",
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
    "\"funds\", \"acceptance\"]",
    "\"acceptance\"]",
    "[[obligation]]\nid = \"funds\"",
    "funds never arises: let an outcome that can happen name it in `opens`"
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

const CONFIRM: &str = "effect = \"confirm\"\nto = \"demonstrative\"\narticle = \"Art. 18\"\ntitle = \"demonstrative\"";
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
    "[act.outcome.qualified]\neffect = \"confirm\"\nto = \"experimental\"\narticle",
    "the effect confirm has no title: add `title`"
)]
#[case::stay(
    CLUSTER,
    "effect = \"stay\"",
    "effect = \"stay\"\nto = \"ended\"",
    "to = \"ended\"\nends = [\"rectification\"]\n\n[act.outcome.unq",
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
    "nothing_awaits = \"adjustment\" }]\n\n[act.outcome.done]\neffect = \"conclude\"\nto = \"exited\"",
    "nothing_awaits = \"adjustment\" }]\n\n[act.outcome.done]\neffect = \"conclude\"\nto = \"pilot\"",
    "to = \"pilot\"\ndrops",
    "conclude ends the attempt, but pilot is not terminal"
)]
#[case::title(
    CLUSTER,
    CONFIRM,
    "effect = \"advance\"\nto = \"demonstrative\"\ntitle = \"demonstrative\" # here",
    "title = \"demonstrative\" # here",
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
    "decides = \"adjustment\"\n\n[act.outcome.done]\neffect = \"stay\"\nopens = [\"scheme\"]\ndrops = [\"scheme\"]\ntakes_place = true\nrecategorises = true",
    "[act.outcome.done]\neffect = \"stay\"\nopens = [\"scheme\"]\nrecategorises = true # here",
    "recategorises = true # here",
    "recategorises, but no request for it is decided"
)]
#[case::after_end(
    CLUSTER,
    "\nterm = \"P3Y\"\ncounts_from_decision = true",
    "",
    "opens = [\"construction_plan\"",
    "acceptance is due after an end, but this outcome begins no term: add `term` or `title_term`"
)]
#[case::stated(
    CLUSTER,
    "article = \"Art. 18\"\ntitle = \"demonstrative\"\ntitle_term = \"P3Y\"\nopens = [\"review\"]",
    "title = \"demonstrative\"\ntitle_term = \"P3Y\"\nopens = [\"review\", \"rectification\"]",
    "opens = [\"review\", \"rectification\"]",
    "rectification is due on a stated day, which only rectify_within and state_project state"
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
