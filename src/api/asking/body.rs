//! Request bodies: their type, coding, size, pace and form.

use std::time::Duration;

use actix_web::error::PayloadError;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpMessage, HttpRequest, web};
use futures_util::{Stream, StreamExt, stream};

use super::header_list::HeaderList;
use crate::codec::{RequestBody, RequestError};
use crate::domain::ids::{Language, digits};
use crate::views::media::JSON;
use crate::views::problem::{Code, Problem, of_fields};

/// The coding that is none.
const IDENTITY: &str = "identity";

/// The media type that a body says it has, in lower case, without parameters.
pub fn essence(headers: &HeaderMap) -> String {
    let value = HeaderList::of(headers, header::CONTENT_TYPE);
    let value = value.as_ref().map_or("", HeaderList::text);
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Refuses a body that says it is something else than JSON in UTF-8.
///
/// # Errors
/// `unsupported-media-type`.
pub fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let value = HeaderList::of(headers, header::CONTENT_TYPE);
    let mut parameters = value.as_ref().map_or("", HeaderList::text).split(';').skip(1);
    let utf8 = parameters.all(|parameter| {
        let parameter = parameter.trim().to_ascii_lowercase();
        parameter
            .strip_prefix("charset=")
            .is_none_or(|charset| matches!(charset.trim_matches('"'), "utf-8" | "utf8"))
    });
    match essence(headers) == JSON && utf8 {
        true => Ok(()),
        false => Err(other_type(headers, &[JSON], " in UTF-8", "以 UTF-8 编码")),
    }
}

/// Refuses a body that says it is none of these.
///
/// # Errors
/// `unsupported-media-type`.
pub fn check_type_among(headers: &HeaderMap, taken: &[&'static str]) -> Result<(), Problem> {
    match taken.contains(&essence(headers).as_str()) {
        true => Ok(()),
        false => Err(other_type(headers, taken, "", "")),
    }
}

fn other_type(headers: &HeaderMap, taken: &[&'static str], coded: &str, zh_coded: &str) -> Problem {
    let value = HeaderList::of(headers, header::CONTENT_TYPE);
    let (en, zh) = match value.as_ref().map_or("", HeaderList::text) {
        "" => ("no Content-Type is stated".to_owned(), "未注明 Content-Type".to_owned()),
        value => (format!("{value:?} is not taken here"), format!("此处不接受 {value:?}")),
    };
    let (one_of, each) = (taken.join(" or "), taken.join("、"));
    Problem::new(Code::UnsupportedMediaType)
        .detail(format!("{en}; send {one_of}{coded}"))
        .detail_zh(format!("{zh}；请{zh_coded}发送 {each}"))
        .member("accept", taken.to_vec())
        .header(header::ACCEPT, taken.join(", "))
}

/// Refuses a body that is coded (RFC 9110, 8.4): what is kept and hashed is what was meant.
///
/// # Errors
/// `unsupported-media-type`.
pub fn check_coding(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(codings) = HeaderList::of(headers, header::CONTENT_ENCODING) else { return Ok(()) };
    if codings.elements().all(|coding| coding.eq_ignore_ascii_case(IDENTITY)) {
        return Ok(());
    }
    let shown: String = codings.text().chars().take(80).collect();
    Err(Problem::new(Code::UnsupportedMediaType)
        .detail(format!("Content-Encoding {shown:?} is not taken: send the body without a coding"))
        .detail_zh(format!("不接受 Content-Encoding {shown:?}：请发送未经编码的请求体"))
        .member("accept_encoding", vec![IDENTITY])
        .header(header::ACCEPT_ENCODING, IDENTITY.to_owned()))
}

/// Refuses a body that says of itself that it is too large.
///
/// # Errors
/// `payload-too-large`.
pub fn check_length(headers: &HeaderMap, limit_bytes: u64) -> Result<(), Problem> {
    match length(headers) {
        Some(length) if length > limit_bytes => Err(too_large(limit_bytes)),
        _ => Ok(()),
    }
}

fn length(headers: &HeaderMap) -> Option<u64> {
    digits(headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.trim())
}

/// That a body is larger than it may be.
pub fn too_large(limit_bytes: u64) -> Problem {
    Problem::new(Code::PayloadTooLarge)
        .detail(format!("the body is larger than {limit_bytes} bytes, the limit"))
        .detail_zh(format!("请求体超过上限 {limit_bytes} 字节"))
        .member("limit_bytes", limit_bytes)
}

/// A body on its way in, as long as its head says (RFC 9112, 6.3).
pub struct Incoming {
    payload: web::Payload,
    /// What is still to come; absent: until its last chunk.
    left: Option<u64>,
}

/// Why a body ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum BrokenOff {
    /// What the connection says.
    #[error(transparent)]
    Connection(#[from] PayloadError),
    /// Nothing came for so long.
    #[error("nothing more of the body came for {} s", .0.as_secs())]
    Silent(Duration),
}

impl Incoming {
    /// The body of a request. Below this, a request that asks for another protocol has a body that
    /// never ends.
    pub fn of(request: &HttpRequest, payload: web::Payload) -> Self {
        let chunked = request.chunked().unwrap_or(false);
        let left = (!chunked).then(|| length(request.headers()).unwrap_or_default());
        Self { payload, left }
    }

    async fn next(&mut self) -> Option<Result<web::Bytes, PayloadError>> {
        if self.left == Some(0) {
            return None;
        }
        let mut part = self.payload.next().await;
        if let (Some(left), Some(Ok(bytes))) = (&mut self.left, &mut part) {
            bytes.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= bytes.len() as u64;
        }
        part
    }

    /// The parts as they come, for as long as each comes in time; what is done with one takes no
    /// time away from the next.
    pub fn paced(self, patience: Duration) -> impl Stream<Item = Result<web::Bytes, BrokenOff>> {
        stream::unfold(Some(self), move |incoming| async move {
            let mut incoming = incoming?;
            match tokio::time::timeout(patience, incoming.next()).await {
                Ok(Some(Ok(bytes))) => Some((Ok(bytes), Some(incoming))),
                Ok(Some(Err(error))) => Some((Err(error.into()), None)),
                Ok(None) => None,
                Err(_) => Some((Err(BrokenOff::Silent(patience)), None)),
            }
        })
    }

    /// Reads JSON: all of it in time, no more than the limit, and of a form that can be read.
    ///
    /// # Errors
    /// `payload-too-large`, `request-timeout`, `malformed-request`, and `validation-error` for more
    /// members than any request has.
    pub async fn read_json(
        self,
        limit: u64,
        patience: Duration,
        language: Language,
    ) -> Result<RequestBody, Problem> {
        let body = tokio::time::timeout(patience, self.collect(limit)).await;
        let body = body.map_err(|_| too_slow(patience))??;
        RequestBody::read(&body).map_err(|error| refused(error, language))
    }

    async fn collect(mut self, limit_bytes: u64) -> Result<web::Bytes, Problem> {
        let limit = usize::try_from(limit_bytes).unwrap_or(usize::MAX);
        let mut body = web::BytesMut::new();
        while let Some(part) = self.next().await {
            let part = part.map_err(|error| broken_off(&error))?;
            if body.len() + part.len() > limit {
                return Err(too_large(limit_bytes));
            }
            body.extend_from_slice(&part);
        }
        Ok(body.freeze())
    }
}

/// That a body broke off.
pub fn broken_off(error: &PayloadError) -> Problem {
    Problem::new(Code::MalformedRequest)
        .detail(format!("the body broke off: {error}"))
        .detail_zh(format!("请求体中断：{error}"))
}

/// That nothing more of a body came for so long.
pub fn fell_silent(patience: Duration) -> Problem {
    let seconds = patience.as_secs();
    Problem::new(Code::RequestTimeout)
        .detail(format!("nothing more of the body came for {seconds} s; nothing was kept"))
        .detail_zh(format!("请求体中断 {seconds} 秒未继续；未作保存"))
}

fn too_slow(patience: Duration) -> Problem {
    let seconds = patience.as_secs();
    Problem::new(Code::RequestTimeout)
        .detail(format!("the body did not arrive within {seconds} s"))
        .detail_zh(format!("请求体未在 {seconds} 秒内到达"))
}

/// A body that is refused, in the language of the answer.
pub fn refused(error: RequestError, language: Language) -> Problem {
    match error {
        RequestError::Invalid(errors) => of_fields(&errors, language),
        malformed @ RequestError::Malformed(_) => Problem::from(malformed),
    }
}
