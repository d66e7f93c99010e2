//! What the interface says of itself: the OpenAPI document, the page for people who write clients, and
//! one for each problem. The pages load nothing from elsewhere, and run no script.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Bytes;
use maud::{DOCTYPE, Markup, html};

use crate::api::asking::answer::{REVALIDATE, json};
use crate::api::asking::call::{Answered, Call};
use crate::api::asking::etag::{self, VARY};
use crate::api::asking::state::Rendered;
use crate::codec::sha256_hex;
use crate::domain::ids::Language;
use crate::views::media::JSON;
use crate::views::problem::{Code, Problem, documentation};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1.5rem;color:#1c2127;background:#fff}\
h1{font-size:1.5rem}h3{font-size:1rem;margin:1.4rem 0 0}pre{overflow-x:auto;background:#f1f3f5;padding:.6rem;border-radius:3px}pre code{background:none}h2{font-size:1.05rem;margin:2rem 0 .3rem;border-top:1px solid #d5dae0;padding-top:1rem}\
code{font-family:ui-monospace,monospace;font-size:.92em;background:#f1f3f5;padding:0 .2em;border-radius:3px}\
.m{display:inline-block;min-width:3.2rem;font-weight:600}.q{color:#555d66}table{border-collapse:collapse;width:100%}\
td,th{text-align:left;vertical-align:top;padding:.15rem .8rem .15rem 0;font-weight:400}a{color:#0b57a4}nav li{list-style:none}nav ul{padding:0}\
@media(prefers-color-scheme:dark){body{color:#dfe3e8;background:#15181c}code,pre{background:#23282e}h2{border-color:#343b43}a{color:#7ab4f0}.q{color:#98a2ad}}";

/// Answers the document.
///
/// # Errors
/// None.
pub async fn get_openapi(call: Call) -> Answered {
    let described = call.state.described.get_or_init(|| {
        let body = Bytes::from((call.about.openapi)(&call.state.settings.public_url));
        let tag = format!("\"{}\"", &sha256_hex(&body)[..32]).into();
        Rendered { tag, body }
    });
    if etag::unchanged(&call.http, &described.tag) {
        return Ok(etag::not_modified(&described.tag, REVALIDATE, None));
    }
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, JSON))
        .insert_header((header::CACHE_CONTROL, REVALIDATE))
        .insert_header((header::ETAG, &*described.tag))
        .body(described.body.clone()))
}

/// Answers the reference page.
///
/// # Errors
/// None.
pub async fn get_docs(call: Call) -> Answered {
    let title = match call.language {
        Language::En => "Docket: the API",
        Language::Zh => "Docket：接口说明",
    };
    let body = html! {
        h1 { (title) }
        ((call.about.page)(call.language))
    };
    Ok(respond(call.language, title, &body))
}

/// Answers what a problem means, in both languages; as JSON where that is asked for.
///
/// # Errors
/// `not-found`.
pub async fn get_problem(call: Call) -> Answered {
    let name = call.path("name");
    let Some(doc) = documentation(&name) else {
        let shown: String = name.chars().take(80).collect();
        return Err(Problem::new(Code::NotFound)
            .detail(format!("no problem is called {shown:?}; all are listed in /openapi.json"))
            .detail_zh(format!("没有名为 {shown:?} 的问题；全部列于 /openapi.json")));
    };
    if call.accepted() == Some(JSON) {
        return json(&call, &doc);
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
