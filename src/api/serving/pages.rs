//! The table of routes for people who write clients: every address, who may ask, and what it answers.

use maud::{Markup, html};

use super::reference::{self, Side, type_of_route};
use crate::api::table::route::{Body, Route};
use crate::api::table::routes::ROUTES;
use crate::domain::ids::Language;

/// The reference, in one language.
pub fn reference_page(language: Language) -> Markup {
    html! {
        (first_questions(language))
        p {
            (say(language, "The same as a document for machines: ", "供程序读取的版本："))
            a href="/openapi.json" { "openapi.json" } "."
        }
        p { (say(language,
            "Every request but those for health and these pages carries Authorization: Bearer <token>. Every act carries an Idempotency-Key and says with If-Match which revision it rests on.",
            "除健康检查与本说明外，请求均须携带 Authorization: Bearer <令牌>。每个行为须携带 Idempotency-Key，并以 If-Match 说明所依据的修订号。")) }
        nav { ul { @for route in ROUTES { li {
            a href={ "#" (route.operation) } { span.m { (route.verb.as_str()) } code { (route.path) } } " "
            (say(language, route.en, route.zh))
        } } } }
        p { a href="#acts" { (say(language, "The acts", "行为")) } " · "
            a href="#types" { (say(language, "The types", "类型")) } }
        @for route in ROUTES { (described(route, language)) }
        (reference::acts(language))
        (reference::types(language))
    }
}

/// What an auditor asks first: in English, in Chinese, the address, the operation that answers.
const QUESTIONS: [(&str, &str, &str, &str); 6] = [
    (
        "Every departure from the rule, everywhere",
        "各处与规定不符之处",
        "/v1/exceptions",
        "list_exceptions",
    ),
    (
        "Who was late, by how many days, by office, province and year, the national office first",
        "何者逾期、逾期几天（按机关、省份、年份，国家知识产权局在先）",
        "/v1/obligations/totals",
        "get_obligation_totals",
    ),
    (
        "What waits at which office, since when",
        "各机关有何待办、自何时起",
        "/v1/moves?office=national_office",
        "list_moves",
    ),
    (
        "What became of those who were decided in one round",
        "同一年度者其后的情况",
        "/v1/programs/cluster_area/cohorts",
        "list_cohorts",
    ),
    (
        "How far it is to the targets, and which places are taken",
        "距目标尚有多少、名额占用几何",
        "/v1/programs/strong_province/scoreboard",
        "get_scoreboard",
    ),
    (
        "What the record says now that an earlier report did not",
        "与此前的报告相比，记录现有何不同",
        "/v1/changes?since_known_at=2026-01-01T00:00:00%2B08:00",
        "list_changes",
    ),
];

/// The questions, each with its address and the route that says more of it.
fn first_questions(language: Language) -> Markup {
    html! {
        h2 id="questions" { (say(language, "An auditor's first questions", "审计人员首先要问的")) }
        table { @for (en, zh, address, operation) in QUESTIONS { tr {
            td { a href={ "#" (operation) } { (say(language, en, zh)) } }
            td { code { "GET " (address) } }
        } } }
    }
}

fn described(route: &Route, language: Language) -> Markup {
    html! {
        h2 id=(route.operation) { span.m { (route.verb.as_str()) } code { (route.path) } }
        p { (say(language, route.en, route.zh)) " " span.q { (route.operation) } }
        table {
            tr { th.q { (say(language, "For", "适用角色")) } td {
                @if route.roles.is_empty() { (say(language, "anyone, without a token", "任何人，无需令牌")) }
                @for role in route.roles { code { (role) } " " }
            } }
            @for parameter in route.query {
                tr { th { code { (parameter.name) } } td { (say(language, parameter.en, parameter.zh)) } }
            }
            tr { th.q { (say(language, "Body", "请求体")) } td { @match route.body {
                Body::None => "–",
                Body::Json(_) => { code { "application/json" } " " (type_of_route(route, Side::Body)) },
                Body::Bytes => { code { "*/*" } },
                Body::File(taken) => { @for media in taken { code { (media) } " " } },
            } } }
            tr { th.q { (say(language, "Answer", "成功")) } td {
                (route.success.0) @for media in route.gives { " " code { (media) } }
                " " (type_of_route(route, Side::Answer))
            } }
            tr { th.q { (say(language, "Problems", "问题")) } td {
                @for code in route.every_problem() {
                    a href={ "/problems/" (code.name()) } { (code.name()) } " "
                }
            } }
        }
    }
}

fn say<'a>(language: Language, en: &'a str, zh: &'a str) -> &'a str {
    match language {
        Language::En => en,
        Language::Zh => zh,
    }
}
