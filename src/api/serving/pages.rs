//! The table of routes for people who write clients: every address, who may ask, and what it answers.

use maud::{Markup, html};

use super::reference::{self, Side, type_of_route};
use crate::api::table::route::{Body, Route};
use crate::api::table::routes::ROUTES;
use crate::domain::ids::Language;

/// The reference, in one language.
pub fn reference_page(language: Language) -> Markup {
    html! {
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
