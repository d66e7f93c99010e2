//! What goes out: how many answers go on at once, and how many bytes wait for those who asked.
//!
//! What must hold: a principal holds a share, so that one that takes nothing keeps nobody else
//! waiting; whatever an answer has in memory is counted until the connection takes it, and given back
//! however the answer ends. A reader that takes nothing is left by its connection (`serve.rs`), one
//! that takes little by the deadline of its answer. Idle streams hold their place and no bytes.

mod body;

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use futures_util::{Stream, StreamExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::views::problem::{Code, Problem};

pub use body::bounded;

/// What is handed to the connection at a time. It copies that, and keeps a buffer of up to 128 KiB
/// for good; a larger one it gives back.
const PIECE_BYTES: usize = 136 * 1024;
/// How long an answer that is not a stream waits for room.
const ROOM_WAIT: Duration = Duration::from_secs(5);
/// In what bytes are counted.
const UNIT: usize = 1024;
/// Principals remembered; beyond that those that hold nothing are forgotten.
const MAX_PRINCIPALS: usize = 1024;

/// How much may go out at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Streams (feeds that go on, exports, documents) in all.
    pub streams: usize,
    /// Those of one principal.
    pub streams_of_one: usize,
    /// Bytes that wait in all.
    pub bytes: usize,
    /// Those of one principal.
    pub bytes_of_one: usize,
    /// How long a reader may take nothing, and a stream wait for room: by then who holds it was left.
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self {
            streams: 512,
            streams_of_one: 64,
            bytes: 64 * MIB,
            bytes_of_one: 16 * MIB,
            patience: Duration::from_secs(30),
        }
    }
}

/// Which limit a request met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Too many streams.
    Streams,
    /// Too many bytes that wait.
    Bytes,
    /// Too many exports.
    Exports,
    /// It took too long.
    Time,
}

impl Limit {
    const ALL: [Self; 4] = [Self::Streams, Self::Bytes, Self::Exports, Self::Time];

    /// Its name in metrics and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Streams => "streams",
            Self::Bytes => "bytes",
            Self::Exports => "exports",
            Self::Time => "time",
        }
    }
}

#[derive(Debug, Clone)]
struct Share {
    streams: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
}

impl Share {
    fn new(streams: usize, bytes: usize) -> Self {
        Self {
            streams: Arc::new(Semaphore::new(streams)),
            bytes: Arc::new(Semaphore::new(bytes / UNIT)),
        }
    }

    fn is_whole(&self, limits: &Limits) -> bool {
        self.streams.available_permits() == limits.streams_of_one
            && self.bytes.available_permits() == limits.bytes_of_one / UNIT
    }
}

/// Everything that goes out.
#[derive(Debug)]
pub struct Outgoing {
    limits: Limits,
    all: Share,
    principals: Mutex<HashMap<String, Share>>,
    refused: [AtomicU64; Limit::ALL.len()],
}

/// The place of a stream, given back when it ends.
#[derive(Debug)]
pub struct Open {
    outgoing: Arc<Outgoing>,
    principal: String,
    _places: (OwnedSemaphorePermit, OwnedSemaphorePermit),
}

/// Room for bytes, given back when they are taken.
#[derive(Debug)]
pub struct Room(OwnedSemaphorePermit, OwnedSemaphorePermit);

/// A part of a stream.
#[derive(Debug)]
pub struct Part {
    /// The bytes.
    pub bytes: Bytes,
    /// The room that they take; absent for what is small.
    pub room: Option<Room>,
}

impl Part {
    /// So little that it needs no room of its own.
    pub fn small(bytes: Bytes) -> Self {
        Self { bytes, room: None }
    }
}

impl Outgoing {
    /// Nothing goes out yet.
    pub fn new(limits: Limits) -> Arc<Self> {
        let all = Share::new(limits.streams, limits.bytes);
        Arc::new(Self { limits, all, principals: Mutex::default(), refused: Default::default() })
    }

    /// Streams that are open.
    pub fn streams(&self) -> u64 {
        (self.limits.streams - self.all.streams.available_permits()) as u64
    }

    /// Bytes that wait, in whole KiB.
    pub fn bytes(&self) -> u64 {
        let free = self.all.bytes.available_permits();
        ((self.limits.bytes / UNIT).saturating_sub(free) * UNIT) as u64
    }

    /// How often each limit was met.
    pub fn refused(&self) -> Vec<(&'static str, u64)> {
        let counts = Limit::ALL.iter().zip(&self.refused);
        counts.map(|(limit, count)| (limit.as_str(), count.load(Ordering::Relaxed))).collect()
    }

    /// Counts a request that met a limit.
    pub fn count_refused(&self, limit: Limit) {
        self.refused[limit as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// That all of it is taken.
    pub fn busy(&self, limit: Limit) -> Problem {
        self.count_refused(limit);
        Problem::new(Code::ServerBusy).cause(format!("the limit of {}", limit.as_str()))
    }

    fn rate_limited(&self, limit: Limit, en: String, zh: String) -> Problem {
        self.count_refused(limit);
        Problem::new(Code::RateLimited)
            .detail(en)
            .detail_zh(zh)
            .member("violated_policies", vec![limit.as_str()])
    }

    fn share(&self, principal: &str) -> Share {
        let mut known = self.principals.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = known.get(principal) {
            return share.clone();
        }
        if known.len() >= MAX_PRINCIPALS {
            known.retain(|_, share| !share.is_whole(&self.limits));
        }
        let share = Share::new(self.limits.streams_of_one, self.limits.bytes_of_one);
        known.insert(principal.to_owned(), share.clone());
        share
    }

    /// A place for a stream.
    ///
    /// # Errors
    /// `rate-limited` where the principal has as many as one may have, `server-busy` where all are
    /// taken.
    pub fn open(self: &Arc<Self>, principal: &str) -> Result<Arc<Open>, Problem> {
        let share = self.share(principal);
        let most = self.limits.streams_of_one;
        let one = share.streams.try_acquire_owned().map_err(|_| {
            self.rate_limited(
                Limit::Streams,
                format!("you have {most} streams open, as many as one may have: end one of them"),
                format!("您已打开 {most} 个数据流，达到上限；请先结束其中一个"),
            )
        })?;
        let all = self.all.streams.clone().try_acquire_owned();
        let all = all.map_err(|_| self.busy(Limit::Streams))?;
        let (outgoing, principal) = (Arc::clone(self), principal.to_owned());
        Ok(Arc::new(Open { outgoing, principal, _places: (one, all) }))
    }

    /// Room for so many bytes; waits a little while for it.
    ///
    /// # Errors
    /// `rate-limited` where the principal's other answers wait for it to take them, `server-busy`
    /// where those of others do.
    pub async fn room(&self, principal: &str, bytes: usize) -> Result<Room, Problem> {
        self.room_within(principal, bytes, ROOM_WAIT).await
    }

    /// The same for what is made already and takes memory while it waits: now or not at all.
    ///
    /// # Errors
    /// As [`Outgoing::room`].
    pub async fn room_now(&self, principal: &str, bytes: usize) -> Result<Room, Problem> {
        self.room_within(principal, bytes, Duration::ZERO).await
    }

    async fn room_within(
        &self,
        principal: &str,
        bytes: usize,
        wait: Duration,
    ) -> Result<Room, Problem> {
        // What is larger than a share has it alone.
        let units = bytes.div_ceil(UNIT).min(self.limits.bytes_of_one / UNIT);
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        let until = Instant::now() + wait;
        let share = self.share(principal);
        let one = timeout_at(until, share.bytes.acquire_many_owned(units)).await;
        let Ok(Ok(one)) = one else {
            return Err(self.rate_limited(
                Limit::Bytes,
                "other answers to you wait to be taken: read them first".to_owned(),
                "发给您的其他答复尚未读取：请先读取".to_owned(),
            ));
        };
        let all = timeout_at(until, self.all.bytes.clone().acquire_many_owned(units)).await;
        let Ok(Ok(all)) = all else { return Err(self.busy(Limit::Bytes)) };
        Ok(Room(one, all))
    }
}

impl Open {
    /// Room for a part of the stream; a stream has time to wait for it.
    ///
    /// # Errors
    /// As [`Outgoing::room`].
    pub async fn room(&self, bytes: usize) -> Result<Room, Problem> {
        self.outgoing.room_within(&self.principal, bytes, self.outgoing.limits.patience).await
    }

    /// The room that bytes turned out to need.
    ///
    /// # Errors
    /// As [`Outgoing::room`].
    pub async fn fit(&self, room: Room, bytes: usize) -> Result<Room, Problem> {
        let units = bytes.div_ceil(UNIT);
        let has = room.0.num_permits();
        let Room(mut one, mut all) = room;
        match has.checked_sub(units) {
            Some(surplus) => {
                drop((one.split(surplus), all.split(surplus)));
            }
            None => {
                let more = self.room((units - has) * UNIT).await?;
                one.merge(more.0);
                all.merge(more.1);
            }
        }
        Ok(Room(one, all))
    }

    /// An answer that is this stream.
    pub fn answer(
        self: Arc<Self>,
        mut response: HttpResponseBuilder,
        parts: impl Stream<Item = Result<Part, Problem>> + 'static,
    ) -> HttpResponse {
        let none = Part::small(Bytes::new());
        let streaming = Streaming { parts: Box::pin(parts), left: none, _open: self };
        response.streaming(futures_util::stream::unfold(streaming, Streaming::piece))
    }
}

struct Streaming<S> {
    parts: Pin<Box<S>>,
    left: Part,
    _open: Arc<Open>,
}

impl<S: Stream<Item = Result<Part, Problem>>> Streaming<S> {
    async fn piece(mut self) -> Option<(Result<Bytes, Problem>, Self)> {
        while self.left.bytes.is_empty() {
            // Before waiting for the next part: an idle stream holds nothing.
            self.left.room = None;
            match self.parts.next().await? {
                Ok(part) => self.left = part,
                Err(problem) => return Some((Err(problem), self)),
            }
        }
        let length = self.left.bytes.len().min(PIECE_BYTES);
        Some((Ok(self.left.bytes.split_to(length)), self))
    }
}

#[cfg(test)]
mod tests;
