//! The first hour: what Docket is, its words, a question and an act with their answers, and where to go on.

use maud::{Markup, html};

use super::example::{Example, of_operation, set_up, tokens};
use super::words;
use crate::api::asking::reader::Reader;

/// What Docket is, line by line.
const LINES: [(&str, &str); 8] = [
    (
        "Docket is the official record of government IP programs.",
        "Docket 是政府知识产权项目的正式档案。",
    ),
    (
        "Every application, approval, plan, report, inspection and acceptance is an event that never changes.",
        "每项申报、批准、方案、报告、检查和验收均为一个不再改变的事件。",
    ),
    (
        "From the events it derives, for any day, who stands where, how they got there, what is due and whose move it is, each with the article that it follows.",
        "由事件可推导任一日的状态、来龙去脉、应履行的义务和待办机关，并逐项注明所依条款。",
    ),
    (
        "What a program allows is in its measure: the governing document as data, article by article.",
        "项目允许何种行为，载于其办法：依据文件的逐条数据。",
    ),
    (
        "An act that the measure does not permit is refused, and the answer names the article and what would satisfy it.",
        "办法不允许的行为予以拒绝，答复指明条款及如何满足。",
    ),
    (
        "There are two times: the day from which something counts, and the instant at which it was recorded; both can be asked about.",
        "时间有二：起算之日与入档之时；均可据以查询。",
    ),
    (
        "Nothing is deleted: what was wrong is corrected by another event, and the earlier answer can be had again.",
        "不作删除：有误者以另一事件更正，此前的答复仍可重现。",
    ),
    (
        "Every event is a leaf of a signed tree, so nobody has to believe the server.",
        "每一事件均为签名树的一片叶，因此无须轻信服务器。",
    ),
];

/// The answer to the act below, as every server gives it: what is null depends on the record.
const ANSWER: &str = r#"{"id": null, "act": "note", "act_label": "Note", "state": "VALIDATED", "events": [],
 "revision": null, "sequence": null,
 "measure": {"version": "2014-40", "number": "…", "also": null, "article": null, "readings": [], "edition": "…"},
 "effective_on": "2016-01-05", "late": false, "met": [], "findings": [], "unsettles": [], "enrollment": null,
 "would": {"sentences": ["…"], "stood_at": null, "opens": [], "lifts": [], "takes": null, "frees": null}}"#;

/// What an auditor asks first: in English, in Chinese, and the operation that answers.
const QUESTIONS: [(&str, &str, &str); 6] = [
    ("Every departure from the rule, everywhere", "各处与规定不符之处", "list_exceptions"),
    (
        "Who was late, by how many days, by office, province and year, the national office first",
        "何者逾期、逾期几天（按机关、省份、年份，国家知识产权局在先）",
        "get_obligation_totals",
    ),
    ("What waits at which office, since when", "各机关有何待办、自何时起", "list_moves"),
    ("What became of those who were decided in one round", "同一年度者其后的情况", "list_cohorts"),
    (
        "How far it is to the targets, and which places are taken",
        "距目标尚有多少、名额占用几何",
        "get_scoreboard",
    ),
    (
        "What the record says now that an earlier report did not",
        "与此前的报告相比，记录现有何不同",
        "list_changes",
    ),
];

/// The page.
pub fn page(reader: &Reader) -> Markup {
    let say = |en, zh| reader.say(en, zh);
    let of = |operation: &str| of_operation(operation, reader);
    let (question, act) = (of("get_enrollment"), of("record_act"));
    let questions: Vec<_> = QUESTIONS.iter().map(|(.., operation)| of(operation)).collect();
    let all = [&question, &act].into_iter().chain(&questions).flatten();
    let all: Vec<Example> = all.map(Example::clone).collect();
    html! {
        h1 { (say("The first hour with Docket", "Docket 入门")) }
        ul { @for (en, zh) in LINES { li { (say(en, zh)) } } }
        p { a href=(reader.link("/docs/words")) { (say("The words", "词汇")) } " · "
            a href=(reader.link("/docs/acts")) { (say("Every act", "全部行为")) } " · "
            a href=(reader.link("/docs/problems")) { (say("Every problem", "全部问题")) } " · "
            a href="/openapi.json" { "openapi.json" } }
        h2 { (say("The words", "词汇")) }
        (words::table(reader))
        h2 #set-up { (say("1. In a shell", "1. 在命令行中")) }
        (tokens(reader, &all))
        p { (say(
            "The commands below ask this server for an enrollment on its record, so they run as they stand.",
            "以下命令向本服务器查询一条在档的项目记录，因此可原样运行。"
        )) }
        (set_up(reader, &all))
        h2 #first-question { (say("2. A first question: where does it stand?", "2. 第一个问题：现处何阶段？")) }
        @if let Some(question) = &question { (question.shown(reader)) }
        h2 #first-act { (say("3. A first act", "3. 第一个行为")) }
        p { (say(
            "An act says what an office did and from which day. The key makes sure that a request which is sent twice happens once; If-Match names the revision that one has seen (*: whatever it is). With validate_only=true the server judges the act and records nothing; leave it out to record it, for ever.",
            "行为说明机关所作之事及其起算之日。幂等键保证重复发送的请求只生效一次；If-Match 指明所见的修订号（* 表示不限）。validate_only=true 时服务器仅作判断、不予记录；去掉该参数即正式记录，不可撤销。"
        )) }
        @if let Some(act) = &act { (act.shown(reader)) }
        pre data-answer="" lang="en" { code { (ANSWER) } }
        p { (say(
            "A refusal instead names the article, what is missing and what would satisfy it. What a caller may do, and why not the rest: ",
            "如被拒绝，答复指明条款、所缺条件及如何满足。本调用者可作的行为及其余不可的理由："
        )) a href=(reader.link("/docs/enrollments#list_permitted_acts")) { "permitted-acts" } }
        h2 #questions { (say("4. An auditor's first questions", "4. 审计人员首先要问的")) }
        @for ((en, zh, operation), example) in QUESTIONS.iter().zip(&questions) {
            h3 id=(operation) { (say(en, zh)) }
            @if let Some(example) = example { (example.shown(reader)) }
        }
    }
}
