//! Pages on the wire: compressed where the client takes gzip.
//!
//! What must hold: only what people read is (HTML and its style), so that the length of an answer of the
//! interface stays what its bytes are; one tag is not strong for two codings (RFC 9110, 8.8.3.3).

use actix_http::encoding::Encoder;
use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, ContentEncoding, HeaderMap, HeaderValue};
use actix_web::middleware::Next;

use crate::api::asking::header_list::HeaderList;

/// Compresses a page; for `App::wrap(from_fn(compressed))`.
///
/// # Errors
/// What an inner middleware failed with.
pub async fn compressed<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse, Error> {
    let takes = takes_gzip(request.headers());
    let mut response = next.call(request).await?;
    if !is_page(response.headers()) {
        return Ok(response.map_into_boxed_body());
    }
    if !takes {
        let vary = HeaderValue::from_static("accept-encoding");
        response.headers_mut().append(header::VARY, vary);
        return Ok(response.map_into_boxed_body());
    }
    weaken(response.headers_mut());
    Ok(response
        .map_body(|head, body| BoxBody::new(Encoder::response(ContentEncoding::Gzip, head, body))))
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let Some(list) = HeaderList::of(headers, header::ACCEPT_ENCODING) else { return false };
    let weight = |range: &str| {
        let mut all = list.weighted();
        all.find(|one| one.range.eq_ignore_ascii_case(range)).map(|one| one.weight)
    };
    weight("gzip").or_else(|| weight("*")).is_some_and(|weight| weight > 0.0)
}

fn is_page(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html") || kind.starts_with("text/css"))
}

fn weaken(headers: &mut HeaderMap) {
    let strong = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    let weak = strong.filter(|tag| !tag.starts_with("W/")).map(|tag| format!("W/{tag}"));
    if let Some(weak) = weak.and_then(|weak| HeaderValue::try_from(weak).ok()) {
        headers.insert(header::ETAG, weak);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_takes_gzip_says_so() {
        for (said, takes) in [
            ("gzip, deflate, br", true),
            ("GZIP;q=0.5", true),
            ("*", true),
            ("identity", false),
            ("gzip;q=0, *", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(said));
            assert_eq!(takes_gzip(&headers), takes, "{said:?}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
