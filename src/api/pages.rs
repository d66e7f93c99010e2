//! Pages for people who write clients: the reference of the API, and one for each problem. They
//! load nothing from elsewhere, and run no script.

use actix_web::HttpResponse;
use actix_web::http::header;
use maud::{DOCTYPE, Markup, html};

use super::answer::REVALIDATE;
use super::call::{Answered, Call};
use super::etag::VARY;
use super::negotiate::media_of;
use super::openapi::problems_of;
use super::problem::{self, Code, Language, Problem};
use super::reference::{self, Side, type_of_route};
use super::route::{Body, Route, Verb};
use super::routes::ROUTES;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1.5rem;color:#1c2127;background:#fff}\
h1{font-size:1.5rem}h3{font-size:1rem;margin:1.4rem 0 0}pre{overflow-x:auto;background:#f1f3f5;padding:.6rem;border-radius:3px}pre code{background:none}h2{font-size:1.05rem;margin:2rem 0 .3rem;border-top:1px solid #d5dae0;padding-top:1rem}\
code{font-family:ui-monospace,monospace;font-size:.92em;background:#f1f3f5;padding:0 .2em;border-radius:3px}\
.m{display:inline-block;min-width:3.2rem;font-weight:600}.q{color:#555d66}table{border-collapse:collapse;width:100%}\
td,th{text-align:left;vertical-align:top;padding:.15rem .8rem .15rem 0;font-weight:400}a{color:#0b57a4}nav li{list-style:none}nav ul{padding:0}\
@media(prefers-color-scheme:dark){body{color:#dfe3e8;background:#15181c}code,pre{background:#23282e}h2{border-color:#343b43}a{color:#7ab4f0}.q{color:#98a2ad}}";

/// Answers the reference page.
///
/// # Errors
/// None.
pub async fn get_docs(call: Call) -> Answered {
    let language = call.language;
    let title = say(language, "Docket: the API", "Docket：接口说明");
    let body = html! {
        h1 { (title) }
        p {
            (say(language, "The same as a document for machines: ", "供程序读取的版本："))
            a href="/openapi.json" { "openapi.json" } "."
        }
        p { (say(language,
            "Every request but those for health and these pages carries Authorization: Bearer <token>. Every act carries an Idempotency-Key and says with If-Match which revision it rests on.",
            "除健康检查与本说明外，请求均须携带 Authorization: Bearer <令牌>。每个行为须携带 Idempotency-Key，并以 If-Match 说明所依据的修订号。")) }
        nav { ul { @for route in ROUTES { li {
            a href={ "#" (route.operation) } { span.m { (verb(route)) } code { (route.path) } } " "
            (say(language, route.en, route.zh))
        } } } }
        p { a href="#acts" { (say(language, "The acts", "行为")) } " · "
            a href="#types" { (say(language, "The types", "类型")) } }
        @for route in ROUTES { (described(route, language)) }
        (reference::acts(language))
        (reference::types(language))
    };
    Ok(respond(language, title, &body))
}

fn described(route: &Route, language: Language) -> Markup {
    html! {
        h2 id=(route.operation) { span.m { (verb(route)) } code { (route.path) } }
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
            } } }
            tr { th.q { (say(language, "Answer", "成功")) } td {
                (route.success.0) @for media in media_of(route) { " " code { (media) } }
                " " (type_of_route(route, Side::Answer))
            } }
            tr { th.q { (say(language, "Problems", "问题")) } td {
                @for code in problems_of(route) {
                    a href={ "/problems/" (code.name()) } { (code.name()) } " "
                }
            } }
        }
    }
}

/// Answers what a problem means, in both languages; as JSON where that is asked for.
///
/// # Errors
/// `not-found`.
pub async fn get_problem(call: Call) -> Answered {
    let name = call.path("name");
    let Some(doc) = problem::documentation(&name) else {
        let shown: String = name.chars().take(80).collect();
        return Err(Problem::new(Code::NotFound)
            .detail(format!("no problem is called {shown:?}; all are listed in /openapi.json"))
            .detail_zh(format!("没有名为 {shown:?} 的问题；全部列于 /openapi.json")));
    };
    if call.accepted(media_of(call.route)) == Some("application/json") {
        return super::answer::json(&call, &doc);
    }
    let body = html! {
        h1 { (doc.title_zh) }
        p { (doc.text_zh) }
        h1 lang="en" { (doc.title_en) }
        p lang="en" { (doc.text_en) }
        table {
            tr { th.q { "type" } td { code { "/problems/" (doc.name) } } }
            tr { th.q { "code" } td { code { (doc.code) } } }
            tr { th.q { "status" } td { (doc.status) } }
            tr { th.q { "retryable" } td { (doc.retryable) } }
            tr { th.q { "members" } td { @for member in doc.members { code { (member) } " " } } }
        }
    };
    Ok(respond(call.language, doc.name, &body))
}

fn verb(route: &Route) -> &'static str {
    match route.verb {
        Verb::Get => "GET",
        Verb::Post => "POST",
        Verb::Patch => "PATCH",
        Verb::Delete => "DELETE",
    }
}

fn say<'a>(language: Language, en: &'a str, zh: &'a str) -> &'a str {
    match language {
        Language::En => en,
        Language::Zh => zh,
    }
}

fn respond(language: Language, title: &str, body: &Markup) -> HttpResponse {
    let page = html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    };
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_LANGUAGE, language.tag()))
        .insert_header((header::VARY, VARY))
        .insert_header((header::CACHE_CONTROL, REVALIDATE))
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ))
        .body(page.into_string())
}
