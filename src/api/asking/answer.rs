//! Answers: their headers, and how numbers and pages are written.

use std::cell::RefCell;

use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use schemars::JsonSchema;
use serde::Serialize;

use super::call::{Answered, Call, wrong_parameter};
use super::etag::{self, VARY};
use crate::codec;
use crate::domain::ids::digits;
use crate::domain::words::{Given, said};
use crate::views::problem::Problem;

/// To be asked for again, but only with its tag.
pub const REVALIDATE: &str = "private, no-cache";
/// Never to change.
pub const IMMUTABLE: &str = "private, max-age=31536000, immutable";
/// The largest answer for which a thread keeps the room in which it is written.
const PAD_BYTES: usize = 64 * 1024;
/// How many items a page has where none is asked for.
pub const DEFAULT_LIMIT: usize = 50;
/// How many it has at most; more is read as this.
pub const MAX_LIMIT: usize = 1000;

/// A JSON answer whose tag is that of its content; 304 where the caller has it.
///
/// # Errors
/// `internal-error` when it can't be written.
pub fn json<T: Serialize>(call: &Call, value: &T) -> Answered {
    by_content(call, HttpResponse::Ok(), value, REVALIDATE)
}

/// The same with everything chosen but the tag.
///
/// # Errors
/// As [`json`].
pub fn by_content<T: Serialize>(
    call: &Call,
    response: HttpResponseBuilder,
    value: &T,
    cache: &'static str,
) -> Answered {
    let body = written(value)?;
    let content = codec::sha256_hex(&body);
    let tag = format!("\"{}.json.{}\"", &content[..32], call.language.tag());
    if etag::unchanged(&call.http, &tag) {
        return Ok(etag::not_modified(&tag, cache, Some(call.language)));
    }
    Ok(rendered(call, response, body, cache, Some(&tag)))
}

/// A JSON answer with an entity tag; 304 where the caller has it.
///
/// # Errors
/// As [`json`].
pub fn tagged<T: Serialize>(call: &Call, tag: &str, cache: &'static str, value: &T) -> Answered {
    if etag::unchanged(&call.http, tag) {
        return Ok(etag::not_modified(tag, cache, Some(call.language)));
    }
    json_with(call, HttpResponse::Ok(), value, cache, Some(tag))
}

/// A JSON answer with everything chosen.
///
/// # Errors
/// As [`json`].
pub fn json_with<T: Serialize>(
    call: &Call,
    response: HttpResponseBuilder,
    value: &T,
    cache: &'static str,
    tag: Option<&str>,
) -> Answered {
    Ok(rendered(call, response, written(value)?, cache, tag))
}

/// A value as JSON, in no more memory than it takes.
///
/// # Errors
/// `internal-error` when it can't be written.
pub fn written<T: Serialize>(value: &T) -> Result<Bytes, Problem> {
    thread_local!(static PAD: RefCell<Vec<u8>> = RefCell::default());
    PAD.with_borrow_mut(|pad| {
        pad.clear();
        serde_json::to_writer(&mut *pad, value).map_err(Problem::internal)?;
        match pad.capacity() {
            0..=PAD_BYTES => Ok(Bytes::copy_from_slice(pad)),
            _ => Ok(std::mem::take(pad).into()),
        }
    })
}

/// An answer whose JSON is there already.
pub fn rendered(
    call: &Call,
    mut response: HttpResponseBuilder,
    body: Bytes,
    cache: &'static str,
    tag: Option<&str>,
) -> HttpResponse {
    response
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .insert_header((header::CONTENT_LANGUAGE, call.language.tag()))
        .insert_header((header::VARY, VARY))
        .insert_header((header::CACHE_CONTROL, cache));
    if let Some(tag) = tag {
        response.insert_header((header::ETAG, tag));
    }
    response.body(body)
}

/// How many items are asked for: 50 unless told, 1000 at most.
///
/// # Errors
/// `malformed-request` for what is no number from 1 on.
pub fn limit(call: &Call) -> Result<usize, Problem> {
    let Some(text) = call.parameter("limit") else { return Ok(DEFAULT_LIMIT) };
    match digits(text).map(usize::try_from) {
        Some(Ok(limit)) if limit > 0 => Ok(limit.min(MAX_LIMIT)),
        _ => {
            let given = Given(text);
            let text = said!(
                "“{given}” is not a number from 1 on",
                "“{given}”不是大于等于1的整数",
                given = given
            );
            Err(wrong_parameter("limit", text))
        }
    }
}

/// A list that is short enough to be given whole.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ListOf{T}")]
pub struct List<T> {
    /// The items.
    pub items: Vec<T>,
}
