use super::*;
use actix_web::App;
use actix_web::body::to_bytes;
use actix_web::error::ErrorServiceUnavailable;
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, call_service, init_service, read_body, try_call_service};
use serde_json::Value;

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn field<'a>(headers: &'a header::HeaderMap, name: &str) -> &'a str {
    headers.get(name).unwrap().to_str().unwrap()
}

async fn ask(problem: Problem, language: &str) -> (u16, header::HeaderMap, Value) {
    let settings = ProblemSettings {
        public_url: "https://docket.example".to_owned(),
        default_language: Language::Zh,
    };
    let app = init_service(
        App::new()
            .app_data(web::Data::new(settings))
            .wrap(from_fn(render))
            .route(
                "/failing",
                web::get().to(move || {
                    let problem = problem.clone();
                    async move { Err::<HttpResponse, Problem>(problem) }
                }),
            )
            .route(
                "/written",
                web::get().to(async || HttpResponse::ServiceUnavailable().body("not ready")),
            )
            .route("/json", web::post().to(async |_: web::Json<u8>| HttpResponse::Ok())),
    )
    .await;
    let request = TestRequest::get()
        .uri("/failing")
        .insert_header(("accept-language", language))
        .insert_header(("traceparent", TRACEPARENT));
    let response = call_service(&app, request.to_request()).await;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = serde_json::from_slice(&read_body(response).await).unwrap();

    let foreign = call_service(&app, TestRequest::get().uri("/nowhere").to_request()).await;
    assert_eq!(field(foreign.headers(), "content-type"), "application/problem+json");
    let foreign: Value = serde_json::from_slice(&read_body(foreign).await).unwrap();
    assert_eq!(foreign["code"], "NOT_FOUND");
    let unread =
        TestRequest::post().uri("/json").insert_header(("content-type", "application/json"));
    let unread = call_service(&app, unread.set_payload("{").to_request()).await;
    let unread: Value = serde_json::from_slice(&read_body(unread).await).unwrap();
    assert_eq!(unread["code"], "MALFORMED_REQUEST");
    let written = call_service(&app, TestRequest::get().uri("/written").to_request()).await;
    assert_eq!(read_body(written).await, "not ready");

    (status, headers, body)
}

#[actix_web::test]
async fn answers_in_the_asked_language_with_the_trace_of_the_request() {
    let conflict = Problem::new(Code::RevisionConflict)
        .detail("The enrollment is at revision 17.")
        .detail_zh("记录的修订号为 17。")
        .member("current_revision", 17);
    let (status, headers, body) = ask(conflict.clone(), "en").await;
    assert_eq!(status, 412);
    assert_eq!(field(&headers, "content-type"), "application/problem+json");
    assert_eq!(field(&headers, "cache-control"), "no-store");
    assert_eq!(field(&headers, "content-language"), "en");
    insta::assert_json_snapshot!(body, @r#"
    {
      "code": "REVISION_CONFLICT",
      "current_revision": 17,
      "detail": "The enrollment is at revision 17.",
      "status": 412,
      "title": "The enrollment has changed meanwhile",
      "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
      "type": "https://docket.example/problems/revision-conflict"
    }
    "#);
    let (_, headers, body) = ask(conflict, "fr").await;
    assert_eq!(field(&headers, "content-language"), "zh-CN");
    assert_eq!(body["detail"], "记录的修订号为 17。");
}

#[actix_web::test]
async fn a_5xx_never_shows_its_cause() {
    let failed = Problem::internal("disk /var/secret is gone").member("path", "secret");
    let (status, _, body) = ask(failed.detail("secret"), "en").await;
    assert_eq!(status, 500);
    assert!(!body.to_string().contains("secret"), "{body}");
    assert_eq!(body["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    let unknown =
        Problem::new(Code::OutcomeUnknown).detail("secret").member("idempotency_key", "k1");
    let (status, headers, body) = ask(unknown, "en").await;
    assert_eq!((status, field(&headers, "retry-after")), (503, "5"));
    assert_eq!(body["idempotency_key"], "k1");
    assert!(!body.to_string().contains("secret"), "{body}");
}

#[actix_web::test]
async fn what_an_inner_middleware_fails_with_is_a_problem_too() {
    let app = init_service(
        App::new()
            .wrap(from_fn(async |_: ServiceRequest, _: Next<BoxBody>| {
                Err::<ServiceResponse<BoxBody>, _>(ErrorServiceUnavailable("secret"))
            }))
            .wrap(from_fn(render)),
    )
    .await;
    let request = TestRequest::get().insert_header(("traceparent", TRACEPARENT));
    let error = try_call_service(&app, request.to_request()).await.unwrap_err();
    let response = HttpResponse::from_error(error);
    assert_eq!(response.status(), 500);
    let body = to_bytes(response.into_body()).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert!(!body.to_string().contains("secret"), "{body}");
}
