//! Reads of one stream and of all, forwards and backwards, and the subscription to all. A page is
//! taken under the lock, the rest of a read holds nothing.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use prost::Message;
use tonic::Status;
use tonic::metadata::MetadataMap;

use super::appends::{deadline, deleted};
use super::faults::{Call, Fault};
use super::node::Link;
use super::services::{check_leader, not_leader};
use super::store::{Stored, View};
use super::wire::{
    AtPosition, AtRevision, Confirmation, EventPlace, EventPosition, ReadContent, ReadCount,
    ReadEvent, ReadFilter, ReadFrom, ReadOptions, ReadReq, ReadResp, StreamIdentifier,
    StreamNotFound,
};

const PAGE: usize = 256;

pub type Answers = BoxStream<'static, Result<ReadResp, Status>>;

/// What is read: one stream by revisions, or all by positions.
#[derive(Clone)]
enum What {
    Stream(Arc<str>),
    All,
}

/// A read on its way.
struct Reading {
    link: Link,
    what: What,
    back: bool,
    /// The next revision or position; none when the beginning has been passed backwards.
    from: Option<u64>,
    left: u64,
    live: bool,
    /// Whether the end was told.
    told: bool,
    page: VecDeque<ReadResp>,
}

pub async fn read(link: Link, metadata: &MetadataMap, request: ReadReq) -> Result<Answers, Status> {
    link.world.counters.reads.fetch_add(1, Relaxed);
    let options = request.options.ok_or_else(|| Status::invalid_argument("no options"))?;
    let (call, stream) = match &options.from {
        Some(ReadFrom::Stream(read)) => (Call::Read, name(read.stream.as_ref())?),
        _ => (Call::ReadAll, String::new()),
    };
    link.world.accounts.check(metadata, Some(if stream.is_empty() { "$all" } else { &stream }))?;
    check_leader(&link, metadata)?;
    let fault = link.world.faults.take(call, &stream);
    match fault {
        Some(Fault::DropConnection { .. }) => return link.cut().await,
        Some(Fault::AnswerLate(by) | Fault::WriteLate(by)) => {
            tokio::time::sleep(by).await;
            // A read whose deadline has passed is not answered at all.
            if deadline(metadata).is_some_and(|deadline| deadline <= by) {
                return std::future::pending().await;
            }
        }
        Some(Fault::Hold { .. }) => link.world.held.wait().await,
        Some(Fault::NeverAnswer { .. }) => return std::future::pending().await,
        Some(Fault::DeadlineExceeded { .. }) => {
            return Err(Status::deadline_exceeded("Deadline Exceeded"));
        }
        Some(Fault::TimedOut) => return Err(Status::aborted("Operation timed out")),
        Some(Fault::NotLeader) => return Err(not_leader(&link)),
        Some(Fault::NotReady) => return Err(Status::unavailable("Server Is Not Ready")),
        Some(Fault::TooBusy) => return Err(Status::unavailable("Server Is Too Busy")),
        Some(Fault::Restart { down }) => {
            link.world.restart_later(link.node, down);
            return std::future::pending().await;
        }
        Some(
            Fault::EndEarly { .. }
            | Fault::Nonsense { .. }
            | Fault::FailAfter { .. }
            | Fault::DropAfter { .. }
            | Fault::EndCall { .. },
        )
        | None => {}
    }
    let answers = begin(link.clone(), &options, stream)?;
    Ok(match fault {
        Some(Fault::EndEarly { after }) => answers.take(after).boxed(),
        Some(Fault::Nonsense { after }) => {
            let nonsense = Ok(ReadResp { content: None });
            answers.take(after).chain(stream::iter([nonsense])).boxed()
        }
        Some(Fault::FailAfter { after }) => {
            let error = Err(Status::unavailable("the read was broken off"));
            answers.take(after).chain(stream::iter([error])).boxed()
        }
        Some(Fault::DropAfter { after }) => {
            let cut = stream::once(async move {
                // What was sent before is to arrive.
                tokio::time::sleep(Duration::from_millis(20)).await;
                link.cut().await
            });
            answers.take(after).chain(cut).boxed()
        }
        _ => answers,
    })
}

fn name(stream: Option<&StreamIdentifier>) -> Result<String, Status> {
    let name = stream.map(|stream| stream.name.to_vec()).unwrap_or_default();
    match String::from_utf8(name) {
        Ok(name) if !name.is_empty() => Ok(name),
        _ => Err(Status::unknown("Exception was thrown by handler: streamName")),
    }
}

fn begin(link: Link, options: &ReadOptions, stream: String) -> Result<Answers, Status> {
    if matches!(options.filter, Some(ReadFilter::Filter(()))) {
        return Err(Status::unimplemented("filters are not served"));
    }
    let back = options.direction == 1;
    let (left, live) = match options.count {
        Some(ReadCount::Count(count)) => (count, false),
        Some(ReadCount::Subscription(())) if stream.is_empty() => (u64::MAX, true),
        _ => return Err(Status::unimplemented("subscriptions to one stream are not served")),
    };
    let mut page = VecDeque::new();
    let (what, from) = match &options.from {
        Some(ReadFrom::Stream(read)) => {
            let view = link.world.store.lock().unwrap().view(&stream);
            match view {
                View::Deleted => return Err(deleted(&stream)),
                View::Missing => {
                    let missing = StreamNotFound { stream: read.stream.clone() };
                    let content = Some(ReadContent::StreamNotFound(missing));
                    return Ok(stream::iter([Ok(ReadResp { content })]).boxed());
                }
                View::Open { .. } => {}
            }
            let from = match read.at {
                Some(AtRevision::Revision(revision)) => revision,
                Some(AtRevision::End(())) => u64::MAX,
                Some(AtRevision::Start(())) | None => 0,
            };
            (What::Stream(stream.into()), from)
        }
        Some(ReadFrom::All(read)) => {
            let from = match read.at {
                // A read begins with the event at its position, a subscription after it.
                Some(AtPosition::Position(at)) => at.commit.saturating_add(live.into()),
                Some(AtPosition::End(())) => match live {
                    true => link.world.store.lock().unwrap().tail() + 1,
                    false => u64::MAX,
                },
                Some(AtPosition::Start(())) | None => 0,
            };
            (What::All, from)
        }
        None => return Err(Status::invalid_argument("nothing to read")),
    };
    if live {
        let id = "00000000-0000-0000-0000-000000000001".to_owned();
        let confirmed = ReadContent::Confirmation(Confirmation { subscription_id: id });
        page.push_back(ReadResp { content: Some(confirmed) });
    }
    let reading = Reading { link, what, back, from: Some(from), left, live, told: false, page };
    Ok(stream::unfold(reading, |mut reading| async {
        let answer = reading.next().await?;
        Some((Ok(answer), reading))
    })
    .boxed())
}

impl Reading {
    async fn next(&mut self) -> Option<ReadResp> {
        loop {
            if let Some(answer) = self.page.pop_front() {
                return Some(answer);
            }
            let world = self.link.world.clone();
            let grown = world.grown.notified();
            tokio::pin!(grown);
            grown.as_mut().enable();
            if self.turn() {
                continue;
            }
            if !self.told {
                self.told = true;
                if let Some(end) = self.end() {
                    return Some(ReadResp { content: Some(end) });
                }
            }
            if !self.live {
                return None;
            }
            grown.await;
        }
    }

    /// What is told when everything there was has been sent.
    fn end(&self) -> Option<ReadContent> {
        match &self.what {
            What::All => self.live.then_some(ReadContent::CaughtUp(())),
            What::Stream(name) => match self.link.world.store.lock().unwrap().view(name) {
                View::Open { last, .. } if !self.back => {
                    Some(ReadContent::LastStreamPosition(last))
                }
                View::Open { .. } | View::Missing | View::Deleted => None,
            },
        }
    }

    /// Takes the next page; says whether there was one.
    fn turn(&mut self) -> bool {
        let (Some(from), true) = (self.from, self.left > 0) else { return false };
        let limit = PAGE.min(usize::try_from(self.left).unwrap_or(PAGE));
        let store = self.link.world.store.lock().unwrap();
        let events = match &self.what {
            What::Stream(name) => store.read_stream(name, from, limit, self.back),
            What::All => store.read_all(from, limit, self.back),
        };
        drop(store);
        let Some(last) = events.last() else { return false };
        if matches!(self.what, What::All) {
            self.link.world.counters.of_all.fetch_add(events.len() as u64, Relaxed);
        }
        self.left -= events.len() as u64;
        self.from = match (&self.what, self.back) {
            (What::Stream(_), false) => Some(last.revision + 1),
            (What::Stream(_), true) => last.revision.checked_sub(1),
            (What::All, false) => Some(last.position + 1),
            // Backwards, the position is the first that is not read.
            (What::All, true) => Some(last.position),
        };
        self.page.extend(events.iter().map(|event| answer(event)));
        true
    }
}

/// Every read tells where the event stands: each append over gRPC is a record of its own.
fn answer(event: &Stored) -> ReadResp {
    let at = event.position;
    let place = EventPlace { prepare: at, commit: at };
    let position = EventPosition::Commit(at);
    let event = vec![event.core.clone(), Bytes::from(place.encode_to_vec())];
    let content = Some(ReadContent::Event(ReadEvent { event, position: Some(position) }));
    ReadResp { content }
}
