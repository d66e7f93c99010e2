//! The count that nodes leave for one another, so that a new one need not read the whole database.
//!
//! A stream beside the log's, no part of it, says in each event where the events of the log stand that
//! follow on those of the event before. Whoever may append leaves more once enough has come. It is
//! believed only as far as `$all` says the same: at both ends and around the last (see `known`), and
//! later wherever it is read. It may be deleted at any time.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use kurrentdb::{
    AppendToStreamOptions, Error, EventData, Position, ReadStreamOptions, StreamPosition,
    StreamState,
};
use uuid::Uuid;

use super::client::{By as _, Client, Failure};
use super::count::Count;
use super::losses::Losses;
use super::patience::{TRY, TRY_GRACE};
use super::positions::{pack, unpack};
use super::read::collect;
use super::told::{COUNTED, Left, stream_name};
use super::{KurrentOptions, Shared};
use crate::log::StreamName;

/// So many events are left at once at most, and how many at least: a share of what is there.
const MOST: u64 = 4096;
const LEAST: u64 = 16;
const SHARE: u64 = 64;
/// So far into `$all`, in bytes, whatever stands there: a fraction of a second's reading.
const FAR: u64 = 8 << 20;
/// How many are read at once.
const PAGE: usize = 64;

/// What is to be left now, and after which revision.
fn due(count: &Count) -> Option<(Option<u64>, Left)> {
    if !is_more(count) {
        return None;
    }
    let (told, all) = (count.told(), count.positions().len());
    let (first, _) = count.ends()?;
    let at = count.position()?;
    let (from, run) = count.positions().run(told.next, MOST as usize);
    let next = from + run.len() as u64;
    // The names of streams only where they are not told yet.
    let begun = count.streams().filter(|(_, known)| (told.next..next).contains(&known.began));
    let is_all = next == all;
    // In the middle of the log it is not known which event stands there, only where.
    let (last, seen) = match is_all {
        true => (count.ends()?.1, (at.commit, at.prepare)),
        false => ((Uuid::nil(), *run.last()?), (*run.last()?, *run.last()?)),
    };
    let left = Left {
        after: told.next,
        from,
        next,
        positions: BASE64_STANDARD.encode(pack(&run)),
        streams: begun.map(|(name, _)| name.to_string()).collect(),
        first,
        last,
        seen,
        losses: if is_all { count.losses().clone() } else { Losses::default() },
    };
    Some((told.revision, left))
}

/// Whether anything is to be left.
pub(super) fn is_due(shared: &Shared) -> bool {
    shared.options.writes && is_more(&shared.count())
}

fn is_more(count: &Count) -> bool {
    let (told, all) = (count.told(), count.positions().len());
    let Some(at) = count.position().filter(|_| count.ends().is_some()) else { return false };
    let grown = all.saturating_sub(told.next) >= (told.next / SHARE).clamp(LEAST, MOST);
    let far = at.commit.saturating_sub(told.seen) >= FAR;
    let lost = !count.losses().is_same(&told.losses);
    (grown || far || lost)
        && count.may_be_told()
        && !told.is_wrong
        && count.traffic().moved().is_none()
}

/// Leaves what is due; what it did not leave is left another time, or by another.
pub(super) async fn leave(shared: Arc<Shared>) -> Result<(), Failure> {
    let due = due(&shared.count());
    let Some((revision, left)) = due else { return Ok(()) };
    let name = stream_name(&shared.prefix);
    let next = revision.map_or(0, |revision| revision + 1);
    // Of two nodes that leave the same at once it is the same; else the later one is refused.
    let id = format!("{name}@{next}/{}/{:?}", left.next, left.seen);
    let event = EventData::json(COUNTED, &left)
        .map_err(|error| Failure::Broken(error.to_string()))?
        .id(Uuid::new_v5(&Uuid::NAMESPACE_OID, id.as_bytes()));
    let state = revision.map_or(StreamState::NoStream, StreamState::StreamRevision);
    let options =
        AppendToStreamOptions::default().stream_state(state).deadline(TRY).by(&shared.credentials);
    let answer = shared.client.call(TRY + TRY_GRACE, |client| async move {
        client.append_to_stream(name, &options, event).await
    });
    match answer.await {
        Ok(_) | Err(Failure::Answered(Error::WrongExpectedVersion { .. })) => Ok(()),
        Err(failure) => Err(failure),
    }
}

/// What other nodes left after what this one has counted, in order.
pub(super) async fn read(
    client: &Arc<Client>,
    options: &KurrentOptions,
    counted: u64,
) -> Result<Vec<(u64, Left)>, Failure> {
    let mut found: Vec<(u64, Left)> = Vec::new();
    let mut at = StreamPosition::End;
    loop {
        let name = stream_name(&options.prefix);
        let how = ReadStreamOptions::default()
            .position(at)
            .backwards()
            .max_count(PAGE)
            .by(&client.credentials());
        let page = client.call(super::patience::READ, |client| async move {
            collect(client.read_stream(name, &how).await?).await
        });
        let page = match page.await {
            Err(Failure::Answered(Error::ResourceNotFound | Error::ResourceDeleted)) => Vec::new(),
            page => page?,
        };
        let oldest = page.last().map(|event| event.revision);
        found.extend(page.iter().filter_map(|event| Some((event.revision, Left::read(event)?))));
        let is_enough = found.last().is_some_and(|(_, left)| left.after <= counted);
        match oldest.and_then(|revision| revision.checked_sub(1)) {
            Some(before) if !is_enough => at = StreamPosition::Position(before),
            _ => break,
        }
    }
    found.reverse();
    Ok(found)
}

/// Adds to a count what others left; whether that was anything. Nothing where it contradicts itself or
/// the count, which is then of no further use.
pub(super) fn take_over(count: &mut Count, all: Vec<(u64, Left)>) -> Option<bool> {
    let mut is_further = false;
    // One that ends in the middle of its node's count says where events stand and nothing else.
    let whole = all.iter().rposition(|(_, left)| !left.last.0.is_nil()).map_or(0, |last| last + 1);
    for (index, (revision, left)) in all.into_iter().enumerate() {
        if index < whole {
            is_further |= take_over_one(count, &left)?;
        }
        count.told_mut().revision = Some(revision);
        count.told_mut().note(left);
    }
    Some(is_further)
}

fn take_over_one(count: &mut Count, left: &Left) -> Option<bool> {
    let bytes = BASE64_STANDARD.decode(&left.positions).ok()?;
    let told: Vec<u64> = unpack(&bytes).collect();
    let follows = left.after <= count.positions().len() && left.after <= left.from;
    if !follows || left.next != left.from + told.len() as u64 {
        return None;
    }
    let names: Option<Vec<_>> =
        left.streams.iter().map(|name| StreamName::parse(name).ok()).collect();
    if !count.take_over(left.from, told.into_iter()) {
        return None;
    }
    count.take_over_streams(left.from, names?);
    let seen = Position { commit: left.seen.0, prepare: left.seen.1 };
    let is_news = count.position().is_none_or(|at| at.commit < seen.commit);
    if is_news && !left.last.0.is_nil() {
        count.go_on_from((left.first, left.last), seen, left.losses.clone());
    }
    Some(is_news)
}
