//! Opening a log in a KurrentDB: everything that can be wrong is found before anything is written.

use std::ops::Range;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kurrentdb::operations::ServerVersion;
use kurrentdb::{Error, ReadAllOptions, ReadStreamOptions, StreamPosition};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};

use super::address::Address;
use super::cache::{self, Cache, Restored};
use super::client::{By as _, Client, Failure};
use super::count::{Count, LOG_STREAM};
use super::diagnose::diagnose;
use super::error::{KurrentError, OLDEST};
use super::known::{self, Known};
use super::losses::{accepted_in, old_head_in};
use super::patience::LOOK;
use super::read::{collect, last_event};
use super::{KurrentOptions, Shared, follow, left};
use crate::log::Stop;

/// From which server on a read that failed ended as if it were whole, and from which no longer.
const CUTS_READS: ((usize, usize, usize), (usize, usize, usize)) = ((24, 6, 0), (24, 10, 3));
/// How often counting begins anew when the server goes away meanwhile.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);
/// How many events of the log's own stream are read at once.
const DECISIONS: usize = 256;

/// What is opened: the log, its file, and which part of its count others have left.
type Opened = (Arc<Shared>, Option<Arc<Cache>>, Range<u64>);

pub(super) async fn open(options: KurrentOptions) -> Result<Opened, KurrentError> {
    let address = options.address.clone();
    let client = Client::new(address.clone(), Handle::current())
        .map_err(|reason| KurrentError::Address { address: address.to_string(), reason })?;
    let version = match client.contact().await {
        Ok(version) => version,
        Err(failure) => return Err(diagnose(&address, &failure).await),
    };
    check_version(&address, version)?;
    check_account(&client, &options.prefix).await?;
    let mut count = Count::new(&options.prefix);
    let accepted = accepted(&client, &options).await?;
    let kept = restore(&options, &mut count)?;
    let known = check_kept(&client, &options, &count).await?;
    let shorter = shorter(&options, &mut count, &known, accepted.old_head);
    let mut kept_until = count.positions().len();
    let told = take_over(&client, &options, &mut count).await?;
    let mut taken_over = kept_until..count.positions().len();
    count.losses_mut().accept(accepted.streams.clone());
    let head = count.head();
    let shared = Arc::new(Shared {
        credentials: client.credentials(),
        client,
        prefix: options.prefix.clone(),
        count: Mutex::new(count),
        wake: Notify::new(),
        round: watch::Sender::default(),
        head: watch::Sender::new(head),
        closed: watch::Sender::new(false),
        recording: Arc::default(),
        foreign: AtomicBool::default(),
        ahead: Mutex::default(),
        options,
    });
    count_up(&shared).await?;
    if matches!(told, Known::Lacking(_)) && shared.count().losses().is_empty() {
        // Nothing was deleted: what others left was wrong.
        contradicts(&shared.prefix);
        *shared.count() = Count::new(&shared.prefix);
        shared.count().losses_mut().accept(accepted.streams);
        (kept_until, taken_over) = (0, 0..0);
        count_up(&shared).await?;
    }
    // A file that knows more than the log holds is the only one that does.
    let cache = if shorter.is_some() { None } else { keep(&shared, &kept, kept_until) };
    stop_if_shorter(&shared, shorter, &known);
    check_moved(&shared, cache.as_ref()).await?;
    Ok((shared, cache, taken_over))
}

/// What a person decided about the log.
struct Accepted {
    streams: Vec<String>,
    old_head: Option<u64>,
}

/// Reads what a person decided about the log: it stands in a stream of few events.
async fn accepted(
    client: &Arc<Client>,
    options: &KurrentOptions,
) -> Result<Accepted, KurrentError> {
    let mut accepted = Accepted { streams: Vec::new(), old_head: None };
    let name = format!("{}{LOG_STREAM}", options.prefix);
    let mut from = 0;
    loop {
        let how = ReadStreamOptions::default()
            .position(StreamPosition::Position(from))
            .max_count(DECISIONS)
            .by(&client.credentials());
        let stream = name.clone();
        let page = client.call(LOOK, |client| async move {
            collect(client.read_stream(stream, &how).await?).await
        });
        let page = match page.await {
            Ok(page) => page,
            Err(Failure::Answered(Error::ResourceNotFound | Error::ResourceDeleted)) => Vec::new(),
            Err(failure) => return Err(diagnose(client.address(), &failure).await),
        };
        for event in &page {
            accepted.streams.extend(accepted_in(&event.event_type, &event.data));
            accepted.old_head = accepted.old_head.max(old_head_in(&event.event_type, &event.data));
        }
        match page.last() {
            Some(last) => from = last.revision + 1,
            None => return Ok(accepted),
        }
    }
}

/// A log that is shorter than this node's file of it, unless a person has accepted that: then the file
/// is of no use any more.
fn shorter(
    options: &KurrentOptions,
    count: &mut Count,
    known: &Known,
    old_head: Option<u64>,
) -> Option<Stop> {
    let last = count.head().filter(|_| *known == Known::Short)?;
    *count = Count::new(&options.prefix);
    if old_head >= Some(last) {
        return None;
    }
    let file = options.cache.as_deref().map_or_else(String::new, |path| path.display().to_string());
    let known_by = format!("this node ({file})");
    Some(Stop::Shorter { head: None, known: last, known_by })
}

/// Stops recording on a log that ends before an event that was counted: at its end, or in the middle
/// where no deletion explains it, which is a database restored from an older backup and written on.
fn stop_if_shorter(shared: &Arc<Shared>, shorter: Option<Stop>, known: &Known) {
    let (head, is_whole) = {
        let count = shared.count();
        (count.head(), count.losses().is_empty())
    };
    if let Some(Stop::Shorter { known, known_by, .. }) = shorter {
        return shared.recording.stop(Stop::Shorter { head, known, known_by });
    }
    if let Known::Lacking(first) = known
        && is_whole
    {
        let known_by = "this node's count of it".to_owned();
        let (head, known) = (first.checked_sub(1), head.unwrap_or_default());
        shared.recording.stop(Stop::Shorter { head, known, known_by });
    }
}

/// The file that keeps the count from now on, with what it does not hold yet.
fn keep(shared: &Shared, kept: &Restored, kept_until: u64) -> Option<Arc<Cache>> {
    let count = shared.count();
    let path = shared.options.cache.as_deref().filter(|_| count.is_whole())?;
    let anew = *kept != Restored::Kept || kept_until == 0;
    let cache = open_cache(path, &shared.options, anew)?;
    cache.write_from(&count, kept_until);
    Some(cache)
}

fn contradicts(prefix: &str) {
    tracing::warn!(
        "the count that another node left contradicts the log; counting from the beginning. Delete \
         the stream {} to have it left anew",
        super::told::stream_name(prefix)
    );
}

/// Goes on from what other nodes left, where that is further and the server says the same.
async fn take_over(
    client: &Arc<Client>,
    options: &KurrentOptions,
    count: &mut Count,
) -> Result<Known, KurrentError> {
    let before = count.positions().len();
    let all = match left::read(client, options, before).await {
        Ok(all) => all,
        Err(failure) => return Err(diagnose(client.address(), &failure).await),
    };
    let known = match left::take_over(count, all) {
        Some(true) => known::check(client, options, count).await,
        Some(false) => return Ok(Known::Same),
        None => Ok(Known::Short),
    };
    match known {
        Ok(known @ (Known::Same | Known::Lacking(_))) => Ok(known),
        Ok(_) => {
            contradicts(&options.prefix);
            *count = Count::new(&options.prefix);
            Ok(Known::Same)
        }
        Err(failure) => Err(diagnose(client.address(), &failure).await),
    }
}

/// What this node counted before, if its file says.
fn restore(options: &KurrentOptions, count: &mut Count) -> Result<Restored, KurrentError> {
    let Some(path) = options.cache.as_deref() else { return Ok(Restored::Nothing) };
    match cache::restore(path, &options.prefix, count) {
        Ok(Restored::OtherPrefix(other, first)) => Err(KurrentError::OtherLog {
            address: options.address.to_string(),
            prefix: options.prefix.clone(),
            file: path.to_owned(),
            counted: first.to_string(),
            found: format!("is not the one that was counted, under {other:?}"),
        }),
        Ok(restored) => Ok(restored),
        Err(error) => {
            tracing::warn!(%error, path = %path.display(), "this node's count can't be read; counting anew");
            *count = Count::new(&options.prefix);
            Ok(Restored::Nothing)
        }
    }
}

fn open_cache(path: &std::path::Path, options: &KurrentOptions, anew: bool) -> Option<Arc<Cache>> {
    let opened = (|| {
        if anew {
            cache::forget(path)?;
        }
        Cache::open(path, &options.prefix).map(Arc::new)
    })();
    opened
        .inspect_err(|error| {
            tracing::warn!(%error, path = %path.display(), "this node's count is not kept");
        })
        .ok()
}

fn check_version(address: &Address, version: ServerVersion) -> Result<(), KurrentError> {
    let found = (version.major(), version.minor(), version.patch());
    let (address, version) = (address.to_string(), version.to_string());
    if found == (0, 0, 0) {
        let reason =
            "it speaks gRPC but does not know a KurrentDB's services, or is older than 21.6";
        return Err(KurrentError::NotKurrent { address, reason: reason.to_owned() });
    }
    if found < OLDEST {
        return Err(KurrentError::TooOld { address, found: version });
    }
    if (CUTS_READS.0..CUTS_READS.1).contains(&found) {
        return Err(KurrentError::CutsReads { address, found: version });
    }
    Ok(())
}

/// Looks at a stream of the log, which any account may, and at `$all`, which not any may.
async fn check_account(client: &Arc<Client>, prefix: &str) -> Result<(), KurrentError> {
    let address = || client.address().to_string();
    let user = || {
        client.address().account.as_ref().map_or("a caller without account", |a| &a.user).to_owned()
    };
    let of_stream = ReadStreamOptions::default().max_count(1).by(&client.credentials());
    let of_all = ReadAllOptions::default().max_count(1).by(&client.credentials());
    let name = format!("{prefix}log");
    let looked = client.call(LOOK, |client| async move {
        client.read_stream(name, &of_stream).await?.next().await.map(|_| ())
    });
    match looked.await {
        Ok(()) | Err(Failure::Answered(Error::ResourceNotFound | Error::ResourceDeleted)) => {}
        Err(Failure::Answered(Error::AccessDenied)) => {
            return Err(KurrentError::Credentials { address: address(), user: user() });
        }
        Err(failure) => return Err(diagnose(client.address(), &failure).await),
    }
    let looked = client.call(LOOK, |client| async move {
        client.read_all(&of_all).await?.next().await.map(|_| ())
    });
    match looked.await {
        Ok(()) => Ok(()),
        Err(Failure::Answered(Error::AccessDenied)) => {
            Err(KurrentError::MayNotReadAll { address: address(), user: user() })
        }
        Err(failure) => Err(diagnose(client.address(), &failure).await),
    }
}

/// Whether the log is the one that was counted.
async fn check_kept(
    client: &Arc<Client>,
    options: &KurrentOptions,
    count: &Count,
) -> Result<Known, KurrentError> {
    let address = || client.address().to_string();
    match known::check(client, options, count).await {
        Ok(Known::Other(first)) => {
            let found = first.map_or_else(
                || "has no event there".to_owned(),
                |found| format!("has event {found} in its place"),
            );
            let counted = count.ends().map(|(first, _)| first.0).unwrap_or_default().to_string();
            let (prefix, file) =
                (options.prefix.clone(), options.cache.clone().unwrap_or_default());
            Err(KurrentError::OtherLog { address: address(), prefix, file, counted, found })
        }
        Ok(known) => Ok(known),
        Err(failure) => Err(diagnose(client.address(), &failure).await),
    }
}

/// Counts up to the end, and judges what was found.
async fn count_up(shared: &Arc<Shared>) -> Result<(), KurrentError> {
    let mut attempt = 1;
    while let Err(failure) = follow::round(shared, None).await {
        if attempt == TRIES {
            return Err(diagnose(shared.client.address(), &failure).await);
        }
        tokio::time::sleep(PAUSE * attempt).await;
        attempt += 1;
    }
    let address = shared.client.address().to_string();
    let Some(foreign) = shared.count().foreign().cloned() else { return Ok(()) };
    let prefix = shared.prefix.clone();
    Err(KurrentError::Foreign { address, prefix, reason: foreign.to_string() })
}

/// Waits for a pause that was said some time ago, nobody knows how long: by a mover that died it
/// ends, by one at work it is said again, which appends are then told.
async fn outlive_pause(shared: &Arc<Shared>, cache: Option<&Arc<Cache>>, revision: u64) {
    tracing::info!("the log is paused for a move; waiting whether the mover is still at work");
    let until = tokio::time::Instant::now() + super::traffic::HOLDS;
    while tokio::time::Instant::now() < until {
        tokio::time::sleep(PAUSE).await;
        // A failure is met again by whoever reads next.
        let _ = follow::round(shared, cache).await;
        if shared.count().traffic().paused() != Some(revision) {
            return;
        }
    }
    shared.count().lapse(revision);
}

/// Whether the log is still here to be written.
async fn check_moved(shared: &Arc<Shared>, cache: Option<&Arc<Cache>>) -> Result<(), KurrentError> {
    let address = || shared.client.address().to_string();
    let last = last_event(shared, super::traffic::stream_name(&shared.prefix)).await;
    let last = match last {
        Ok(last) => last,
        Err(failure) => return Err(diagnose(shared.client.address(), &failure).await),
    };
    if let Some(last) = last {
        shared.count().hear_before(&last);
    }
    let paused = shared.count().traffic().paused();
    if let Some(revision) = paused.filter(|_| shared.options.writes) {
        outlive_pause(shared, cache, revision).await;
    }
    match shared.count().traffic().moved() {
        Some(notice) if shared.options.writes => Err(KurrentError::Moved {
            address: address(),
            notice: notice.to_owned(),
            stream: super::traffic::stream_name(&shared.prefix),
        }),
        _ => Ok(()),
    }
}
