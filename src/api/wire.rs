//! How answers are framed on the wire, whatever made them.
//!
//! What must hold: a client of HTTP/1.0 gets no chunks, which it would take for content: what has no
//! length ends with its connection. Docket speaks no other protocol than it was asked in, so
//! `Upgrade` means nothing; but below, such a request is taken for the last on its connection, so
//! that is ended and said to be.

use actix_web::Error;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{RequestHead, ServiceRequest, ServiceResponse};
use actix_web::http::{ConnectionType, Version, header};
use actix_web::middleware::Next;

/// Frames an answer as the request can read it; for `App::wrap(from_fn(framed))`.
///
/// # Errors
/// What an inner middleware failed with.
pub async fn framed<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let (is_old, upgrades) = (request.version() < Version::HTTP_11, upgrades(request.head()));
    let mut response = next.call(request).await?;
    let is_endless = response.response().body().size() == BodySize::Stream;
    if upgrades || is_old && is_endless {
        let head = response.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
        if is_endless {
            head.no_chunking(true);
        }
    }
    Ok(response)
}

fn upgrades(head: &RequestHead) -> bool {
    head.headers.contains_key(header::UPGRADE) || head.connection_type() == ConnectionType::Upgrade
}
