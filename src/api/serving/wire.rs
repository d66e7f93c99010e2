//! How answers are framed on the wire, whatever made them.
//!
//! What must hold: a client of HTTP/1.0 gets no chunks, which it would take for content: what has no
//! length ends with its connection. Docket speaks no other protocol than it was asked in, so
//! `Upgrade` means nothing; but below, such a request is taken for the last on its connection, so
//! that is ended and said to be. A body that nobody reads is not read to its end either: without a
//! length it may have none.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, RequestHead, ServiceRequest, ServiceResponse};
use actix_web::http::{ConnectionType, Version, header};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage as _};
use futures_util::StreamExt as _;
use futures_util::stream::poll_fn;

/// Frames an answer as the request can read it; for `App::wrap(from_fn(framed))`.
///
/// # Errors
/// What an inner middleware failed with.
pub async fn framed<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse, Error> {
    let (is_old, upgrades) = (request.version() < Version::HTTP_11, upgrades(request.head()));
    let held =
        request.headers().contains_key(header::TRANSFER_ENCODING).then(|| hold(&mut request));
    let mut response = next.call(request).await?;
    let is_endless = response.response().body().size() == BodySize::Stream;
    if upgrades || is_old && is_endless {
        let head = response.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
        if is_endless {
            head.no_chunking(true);
        }
    }
    let response = response.map_into_boxed_body();
    Ok(match held {
        None => response,
        Some(held) => response.map_body(|_, body| BoxBody::new(Answer { body, _held: held })),
    })
}

/// An answer that holds its request's body until it is sent.
struct Answer {
    body: BoxBody,
    _held: Rc<RefCell<Payload>>,
}

impl MessageBody for Answer {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}

/// Holds a body without a length until its request is answered. Below, the rest of one that was let go
/// of is read however long it is, and one that is still held ends its connection.
fn hold(request: &mut ServiceRequest) -> Rc<RefCell<Payload>> {
    let held = Rc::new(RefCell::new(request.take_payload()));
    let read = held.clone();
    let parts = poll_fn(move |context| read.borrow_mut().poll_next_unpin(context));
    request.set_payload(Payload::from(parts.boxed_local()));
    held
}

fn upgrades(head: &RequestHead) -> bool {
    head.headers.contains_key(header::UPGRADE) || head.connection_type() == ConnectionType::Upgrade
}
