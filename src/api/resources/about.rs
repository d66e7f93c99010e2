//! What the interface says of itself: the OpenAPI document, the pages for people who write clients, and
//! one for each problem. The pages load nothing from elsewhere, and run no script.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Bytes;
use maud::Markup;

use crate::api::asking::answer::{REVALIDATE, json};
use crate::api::asking::call::{Answered, Call, wrong_parameter};
use crate::api::asking::etag::{self, VARY};
use crate::api::asking::reader::Reader;
use crate::api::asking::state::Rendered;
use crate::codec::sha256_hex;
use crate::domain::ids::Language;
use crate::domain::words::{Given, said};
use crate::views::media::JSON;
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::{Code, Problem, documentation};

/// The language of a page, for links that keep it.
pub const PAGE: &[Parameter] = &[Parameter::new(
    "lang",
    Kind::OneOf(|| vec![Language::Zh.tag(), Language::En.tag()]),
    "The language of the page, whatever Accept-Language says.",
    "页面的语言，优先于 Accept-Language。",
)];

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

/// Answers the first page for people who write clients.
///
/// # Errors
/// `malformed-request` for a language that there is not.
pub async fn get_docs(call: Call) -> Answered {
    page(&call, "")
}

/// Answers another page of them: of a resource, or of what all share.
///
/// # Errors
/// `not-found`; `malformed-request` for a language that there is not.
pub async fn get_docs_page(call: Call) -> Answered {
    page(&call, &call.path("resource"))
}

fn page(call: &Call, end: &str) -> Answered {
    let reader = reader(call)?;
    match (call.about.page)(&reader, end) {
        Some(page) => Ok(respond(reader.language, &page)),
        None => {
            let shown: String = end.chars().take(80).collect();
            let known = (call.about.pages)().join(", ");
            Err(Problem::new(Code::NotFound)
                .detail(format!("there is no page {shown:?} below /docs; there are {known}"))
                .detail_zh(format!("/docs 之下没有页面 {shown:?}；现有 {known}")))
        }
    }
}

/// Answers what a problem means, what helps and which addresses answer with it; as JSON, in both
/// languages, where that is asked for.
///
/// # Errors
/// `not-found`.
pub async fn get_problem(call: Call) -> Answered {
    let name = call.path("name");
    let Some(code) = Code::ALL.iter().copied().find(|code| code.name() == name) else {
        let shown: String = name.chars().take(80).collect();
        return Err(Problem::new(Code::NotFound)
            .detail(format!("no problem is called {shown:?}; all are listed in /docs/problems"))
            .detail_zh(format!("没有名为 {shown:?} 的问题；全部列于 /docs/problems")));
    };
    if call.accepted() == Some(JSON) {
        return json(&call, &documentation(code));
    }
    let reader = reader(&call)?;
    Ok(respond(reader.language, &(call.about.problem)(&reader, code)))
}

/// Who reads, in the language that the address names, else in that of the request.
fn reader(call: &Call) -> Result<Reader, Problem> {
    let named = call.parameter("lang").map(|tag| {
        Language::parse(tag).ok_or_else(|| {
            let text = said!(
                "“{given}” is no language here: zh-CN or en",
                "没有语言“{given}”：可用 zh-CN 或 en",
                given = Given(tag)
            );
            wrong_parameter("lang", text)
        })
    });
    let named = named.transpose()?;
    let server = call.state.settings.public_url.trim_end_matches('/');
    Ok(Reader {
        language: named.unwrap_or(call.language),
        is_named: named.is_some(),
        server: if server.is_empty() { "http://127.0.0.1:8080" } else { server }.to_owned(),
        path: call.http.path().to_owned(),
    })
}

fn respond(language: Language, page: &Markup) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_LANGUAGE, language.tag()))
        .insert_header((header::VARY, VARY))
        .insert_header((header::CACHE_CONTROL, REVALIDATE))
        .insert_header((header::REFERRER_POLICY, "same-origin"))
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ))
        .body(page.0.clone())
}
