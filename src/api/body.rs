//! Request bodies: their type, size, pace and form.

use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, web};
use futures_util::StreamExt;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::problem::{Code, FieldError, Problem};
use crate::codec::{RequestError, check_text};

/// Reads a JSON body: its type, its size, its pace, and that it is JSON at all.
///
/// # Errors
/// `unsupported-media-type`, `payload-too-large`, `request-timeout`, `malformed-request`.
pub async fn read_json(
    request: &HttpRequest,
    payload: web::Payload,
    limit_bytes: u64,
    patience: Duration,
) -> Result<web::Bytes, Problem> {
    check_type(request)?;
    check_length(request, limit_bytes)?;
    let body = tokio::time::timeout(patience, collect(payload, limit_bytes)).await;
    let body = body.map_err(|_| too_slow(patience))??;
    let text = check_text(&body)?;
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| {
        Problem::from(RequestError::Malformed(format!("the body is not JSON: {error}")))
    })?;
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
    Err(Problem::new(Code::UnsupportedMediaType)
        .detail(format!("{value:?} is not taken here; send {accept} in UTF-8"))
        .detail_zh(format!("此处不接受 {value:?}；请以 UTF-8 编码发送 {accept}"))
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
/// `validation-error`, naming the member where the reader says which.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        let message = error.to_string();
        let names_member =
            message.starts_with("unknown field") || message.starts_with("missing field");
        let member = names_member.then(|| message.split('`').nth(1)).flatten();
        let pointer = member.map_or_else(|| "#".to_owned(), |member| format!("#/{member}"));
        let code = "invalid".to_owned();
        Problem::new(Code::ValidationError)
            .detail(message.clone())
            .detail_zh(format!("成员有误：{message}"))
            .errors(&[FieldError { pointer, detail: message, code }])
    })
}
