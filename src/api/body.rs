//! Request bodies: their type, size, pace and form.

use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, web};
use futures_util::StreamExt;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::call::Call;
use super::problem::{Code, Language, Problem, of_fields};
use crate::codec::{RequestError, check_json, check_text, parse_object};

/// Reads a JSON body: its type, its size, its pace, and that it is JSON of a form that can be read.
///
/// # Errors
/// `unsupported-media-type`, `payload-too-large`, `request-timeout`, `malformed-request`, and
/// `validation-error` for more members than any request has.
pub async fn read_json(
    request: &HttpRequest,
    payload: web::Payload,
    limit_bytes: u64,
    patience: Duration,
    language: Language,
) -> Result<web::Bytes, Problem> {
    check_type(request)?;
    check_length(request, limit_bytes)?;
    let body = tokio::time::timeout(patience, collect(payload, limit_bytes)).await;
    let body = body.map_err(|_| too_slow(patience))??;
    check_text(&body).and_then(check_json).map_err(|error| refused(error, language))?;
    Ok(body)
}

fn check_type(request: &HttpRequest) -> Result<(), Problem> {
    let value = request.headers().get(header::CONTENT_TYPE);
    let value = value.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = value.split(';');
    let essence = parts.next().unwrap_or_default().trim();
    let utf8 = parts.all(|parameter| {
        let parameter = parameter.trim().to_ascii_lowercase();
        parameter
            .strip_prefix("charset=")
            .is_none_or(|charset| matches!(charset.trim_matches('"'), "utf-8" | "utf8"))
    });
    if essence.eq_ignore_ascii_case("application/json") && utf8 {
        return Ok(());
    }
    let accept = "application/json";
    let (en, zh) = match value {
        "" => ("no Content-Type is stated".to_owned(), "未注明 Content-Type".to_owned()),
        _ => (format!("{value:?} is not taken here"), format!("此处不接受 {value:?}")),
    };
    Err(Problem::new(Code::UnsupportedMediaType)
        .detail(format!("{en}; send {accept} in UTF-8"))
        .detail_zh(format!("{zh}；请以 UTF-8 编码发送 {accept}"))
        .member("accept", vec![accept]))
}

/// Refuses a body that says of itself that it is too large.
///
/// # Errors
/// `payload-too-large`.
pub fn check_length(request: &HttpRequest, limit_bytes: u64) -> Result<(), Problem> {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > limit_bytes) {
        return Err(too_large(limit_bytes));
    }
    Ok(())
}

fn too_large(limit_bytes: u64) -> Problem {
    Problem::new(Code::PayloadTooLarge)
        .detail(format!("the body is larger than {limit_bytes} bytes, the limit"))
        .detail_zh(format!("请求体超过上限 {limit_bytes} 字节"))
        .member("limit_bytes", limit_bytes)
}

/// The answer to a body that comes too slowly.
pub fn too_slow(patience: Duration) -> Problem {
    let seconds = patience.as_secs();
    Problem::new(Code::RequestTimeout)
        .detail(format!("the body did not arrive within {seconds} s"))
        .detail_zh(format!("请求体未在 {seconds} 秒内到达"))
}

async fn collect(mut payload: web::Payload, limit_bytes: u64) -> Result<web::Bytes, Problem> {
    let limit = usize::try_from(limit_bytes).unwrap_or(usize::MAX);
    let mut body = web::BytesMut::new();
    while let Some(part) = payload.next().await {
        let part = part.map_err(|error| {
            Problem::new(Code::MalformedRequest).detail(format!("the body broke off: {error}"))
        })?;
        if body.len() + part.len() > limit {
            return Err(too_large(limit_bytes));
        }
        body.extend_from_slice(&part);
    }
    Ok(body.freeze())
}

/// Reads a body that is not an act.
///
/// # Errors
/// `validation-error`, naming every member that is wrong.
pub fn read<T: DeserializeOwned + JsonSchema>(call: &Call) -> Result<T, Problem> {
    parse_object(&call.body).map_err(|error| refused(error, call.language))
}

/// A body that is refused, in the language of the answer.
pub fn refused(error: RequestError, language: Language) -> Problem {
    match error {
        RequestError::Invalid(errors) => of_fields(&errors, language),
        malformed @ RequestError::Malformed(_) => Problem::from(malformed),
    }
}
