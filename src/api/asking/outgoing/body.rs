//! The bodies of answers, held to what they may take: of one that asks for the head alone nothing is
//! made, and one that is large has its room and its deadline.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::Method;
use actix_web::web::Bytes;
use tokio::time::Instant;

use super::{Outgoing, PIECE_BYTES, Room};
use crate::views::problem::Problem;

/// What a client must take in a second, on the average, of an answer that has a size …
const LEAST_BYTES_A_SECOND: u64 = 32 * 1024;
/// … once this has passed.
const AT_LEAST: Duration = Duration::from_secs(30);

/// Sees to it that an answer takes no more than it may: of one that asks for the head alone nothing
/// more is made, and one that is large has its room and its deadline.
///
/// # Errors
/// As [`Outgoing::room`].
pub async fn bounded(
    outgoing: &Outgoing,
    principal: impl FnOnce() -> String,
    method: &Method,
    response: HttpResponse,
) -> Result<HttpResponse, Problem> {
    let size = response.body().size();
    if method == Method::HEAD {
        return Ok(response.map_body(|_, _| BoxBody::new(Headless(size))));
    }
    let BodySize::Sized(bytes) = size else { return Ok(response) };
    if bytes <= PIECE_BYTES as u64 {
        return Ok(response);
    }
    let (response, body) = response.into_parts();
    let rest = match body.try_into_bytes() {
        Ok(rest) => rest,
        // A stream that knows its size; it has a place of its own.
        Err(body) => return Ok(response.set_body(body)),
    };
    let room = outgoing.room_now(&principal(), rest.len()).await?;
    let time = AT_LEAST + Duration::from_secs(bytes / LEAST_BYTES_A_SECOND);
    let whole = Whole { rest, until: Instant::now() + time, _room: room };
    Ok(response.set_body(BoxBody::new(whole)))
}

/// The body of an answer to HEAD: its size, and nothing that would have to be made.
struct Headless(BodySize);

impl MessageBody for Headless {
    type Error = Problem;

    fn size(&self) -> BodySize {
        self.0
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Problem>>> {
        Poll::Ready(None)
    }
}

/// A large body, to be taken by a time.
struct Whole {
    rest: Bytes,
    until: Instant,
    _room: Room,
}

impl MessageBody for Whole {
    type Error = Problem;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.rest.len() as u64)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Problem>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        if Instant::now() > self.until {
            return Poll::Ready(Some(Err(Problem::internal("an answer was not taken in time"))));
        }
        let length = self.rest.len().min(PIECE_BYTES);
        Poll::Ready(Some(Ok(self.rest.split_to(length))))
    }
}
