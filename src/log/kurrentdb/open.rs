//! Opening a log in a KurrentDB: everything that can be wrong is found before anything is written.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kurrentdb::operations::ServerVersion;
use kurrentdb::{Error, ReadAllOptions, ReadStreamOptions, StreamPosition};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};

use super::address::Address;
use super::cache::{self, Cache, Kept, Restored};
use super::client::{By as _, Client, Failure};
use super::count::{Break, Count};
use super::diagnose::diagnose;
use super::follow;
use super::moving;
use super::read::last_event;
use super::{KurrentOptions, Shared};

/// The oldest server whose answers are known (`tests/kurrentdb_standin.rs`).
const OLDEST: (usize, usize) = (23, 10);
/// How often counting begins anew when the server goes away meanwhile.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);
const LOOK: Duration = Duration::from_secs(5);

/// Why a log in a KurrentDB can't be opened, and what would help.
#[derive(Debug, thiserror::Error)]
pub enum KurrentError {
    /// The client does not take the address.
    #[error("the KurrentDB address {address} can't be used: {reason}")]
    Address {
        /// The address.
        address: String,
        /// What the client says.
        reason: String,
    },
    /// Nobody answers there now.
    #[error("no KurrentDB answers at {address}: {reason}")]
    Unreachable {
        /// The address.
        address: String,
        /// What was tried.
        reason: String,
    },
    /// The certificates do not fit.
    #[error(
        "the connection to {address} is not secure: {reason}; see tls, tlsCAFile and the server's certificate"
    )]
    Certificate {
        /// The address.
        address: String,
        /// What is wrong with the certificate.
        reason: String,
    },
    /// Something else answers there.
    #[error("what answers at {address} is no KurrentDB: {reason}")]
    NotKurrent {
        /// The address.
        address: String,
        /// What it answers.
        reason: String,
    },
    /// The server is too old.
    #[error(
        "the server at {address} is version {found}; {}.{} is the oldest that is known to keep what is promised",
        OLDEST.0, OLDEST.1
    )]
    TooOld {
        /// The address.
        address: String,
        /// Its version.
        found: String,
    },
    /// User or password are wrong or missing.
    #[error(
        "the server at {address} does not let {user} in: user or password is wrong or missing; state them in the address or as store.kurrentdb.user and store.kurrentdb.password"
    )]
    Credentials {
        /// The address.
        address: String,
        /// Who called.
        user: String,
    },
    /// The account may not read `$all`, without which nothing can be counted.
    #[error(
        "{user} may not read $all at {address}, without which no event can be counted: let an administrator put {{\"$systemStreamAcl\":{{\"$r\":[\"$admins\",\"{user}\"],\"$w\":\"$admins\",\"$d\":\"$admins\",\"$mr\":\"$admins\",\"$mw\":\"$admins\"}}}} into the stream $settings as an event of type update-default-acl"
    )]
    MayNotReadAll {
        /// The address.
        address: String,
        /// Who called.
        user: String,
    },
    /// Streams under the prefix are none of Docket's.
    #[error("the prefix {prefix:?} at {address} is taken: {reason}")]
    Foreign {
        /// The address.
        address: String,
        /// The prefix.
        prefix: String,
        /// What stands there.
        reason: String,
    },
    /// Events are missing, or hidden and soon missing.
    #[error("the log at {address} is not whole: {reason}")]
    Hole {
        /// The address.
        address: String,
        /// Where.
        reason: String,
    },
    /// This data folder counted another log.
    #[error(
        "{file} is this node's count of another log, which begins with event {counted}; the one under {prefix:?} at {address} {found}: correct the address or the prefix, or delete that file if the log was meant to be another"
    )]
    OtherLog {
        /// The address.
        address: String,
        /// The prefix.
        prefix: String,
        /// The file.
        file: PathBuf,
        /// The first event of the log that was counted.
        counted: String,
        /// What stands there instead.
        found: String,
    },
    /// The log moved elsewhere, and is open to be read only.
    #[error(
        "the log at {address} moved {notice}: write there (--log). To take the move back, only if nothing was written there since, append an event of type MovingEnded to the stream {stream}"
    )]
    Moved {
        /// The address.
        address: String,
        /// Where it went, and when.
        notice: String,
        /// The stream that says so.
        stream: String,
    },
    /// The log is shorter than it was.
    #[error(
        "the log at {address} no longer has event {last} at its place, the last of {events} that this node counted: it was cut or restored from an older backup; if that was meant, delete {file}"
    )]
    CutShort {
        /// The address.
        address: String,
        /// The file.
        file: PathBuf,
        /// The last event counted.
        last: String,
        /// How many were counted.
        events: u64,
    },
}

type Opened = (Arc<Shared>, Option<Arc<Cache>>);

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
    let kept = restore(&options, &mut count)?;
    if let Some(kept) = &kept {
        check_kept(&client, &options, kept).await?;
    }
    let cache =
        options.cache.as_deref().and_then(|path| open_cache(path, &options, kept.is_none()));
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
        ahead: Mutex::default(),
        options,
    });
    count_up(&shared, cache.as_ref()).await?;
    check_moved(&shared, cache.as_ref()).await?;
    Ok((shared, cache))
}

/// What this node counted before, if its file says.
fn restore(options: &KurrentOptions, count: &mut Count) -> Result<Option<Kept>, KurrentError> {
    let Some(path) = options.cache.as_deref() else { return Ok(None) };
    match cache::restore(path, &options.prefix, count) {
        Ok(Restored::Kept(kept)) => Ok(Some(kept)),
        Ok(Restored::Nothing) => Ok(None),
        Ok(Restored::OtherPrefix(other, first)) => Err(KurrentError::OtherLog {
            address: options.address.to_string(),
            prefix: options.prefix.clone(),
            file: path.to_owned(),
            counted: first.to_string(),
            found: format!("is not the one that was counted, under {other:?}"),
        }),
        Err(error) => {
            tracing::warn!(%error, path = %path.display(), "this node's count can't be read; counting anew");
            *count = Count::new(&options.prefix);
            Ok(None)
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
    let found = (version.major(), version.minor());
    if found >= OLDEST {
        return Ok(());
    }
    let address = address.to_string();
    if found == (0, 0) {
        let reason =
            "it speaks gRPC but does not know a KurrentDB's services, or is older than 21.6";
        return Err(KurrentError::NotKurrent { address, reason: reason.to_owned() });
    }
    Err(KurrentError::TooOld { address, found: version.to_string() })
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
        Ok(()) | Err(Failure::Said(Error::ResourceNotFound | Error::ResourceDeleted)) => {}
        Err(Failure::Said(Error::AccessDenied)) => {
            return Err(KurrentError::Credentials { address: address(), user: user() });
        }
        Err(failure) => return Err(diagnose(client.address(), &failure).await),
    }
    let looked = client.call(LOOK, |client| async move {
        client.read_all(&of_all).await?.next().await.map(|_| ())
    });
    match looked.await {
        Ok(()) => Ok(()),
        Err(Failure::Said(Error::AccessDenied)) => {
            Err(KurrentError::MayNotReadAll { address: address(), user: user() })
        }
        Err(failure) => Err(diagnose(client.address(), &failure).await),
    }
}

/// Whether the log is the one that was counted: its first and its last event stand where they stood.
async fn check_kept(
    client: &Arc<Client>,
    options: &KurrentOptions,
    kept: &Kept,
) -> Result<(), KurrentError> {
    let file = options.cache.clone().unwrap_or_default();
    let address = || client.address().to_string();
    let first = event_at(client, kept.first_position).await?;
    if first != Some(kept.first_event) {
        let found = first.map_or_else(
            || "has no event there".to_owned(),
            |found| format!("has event {found} in its place"),
        );
        let (prefix, counted) = (options.prefix.clone(), kept.first_event.to_string());
        return Err(KurrentError::OtherLog { address: address(), prefix, file, counted, found });
    }
    if event_at(client, kept.last_position).await? == Some(kept.last_event) {
        return Ok(());
    }
    let (last, events) = (kept.last_event.to_string(), kept.next);
    Err(KurrentError::CutShort { address: address(), file, last, events })
}

/// The id of the event at a position of `$all`.
async fn event_at(
    client: &Arc<Client>,
    (commit, prepare): (u64, u64),
) -> Result<Option<uuid::Uuid>, KurrentError> {
    let at = kurrentdb::Position { commit, prepare };
    let options = ReadAllOptions::default()
        .position(StreamPosition::Position(at))
        .max_count(1)
        .by(&client.credentials());
    let looked =
        client.call(LOOK, |client| async move { client.read_all(&options).await?.next().await });
    match looked.await {
        Ok(found) => Ok(found
            .and_then(|found| found.link.or(found.event))
            .filter(|event| event.position == at)
            .map(|event| event.id)),
        // A position that is none of this database's is an invalid request on some servers.
        Err(Failure::Said(Error::Grpc { .. })) => Ok(None),
        Err(failure) => Err(diagnose(client.address(), &failure).await),
    }
}

/// Counts up to the end, and judges what was found.
async fn count_up(shared: &Arc<Shared>, cache: Option<&Arc<Cache>>) -> Result<(), KurrentError> {
    let mut attempt = 1;
    while let Err(failure) = follow::round(shared, cache).await {
        if attempt == TRIES {
            return Err(diagnose(shared.client.address(), &failure).await);
        }
        tokio::time::sleep(PAUSE * attempt).await;
        attempt += 1;
    }
    let address = shared.client.address().to_string();
    match shared.count().trouble() {
        None => Ok(()),
        Some(hole @ Break::Hole { .. }) => {
            Err(KurrentError::Hole { address, reason: hole.to_string() })
        }
        Some(foreign @ Break::Foreign { .. }) => {
            let prefix = shared.prefix.clone();
            Err(KurrentError::Foreign { address, prefix, reason: foreign.to_string() })
        }
    }
}

/// Waits for a pause that was said some time ago, nobody knows how long: by a mover that died it
/// ends, by one at work it is said again, which appends are then told.
async fn outlive_pause(shared: &Arc<Shared>, cache: Option<&Arc<Cache>>, revision: u64) {
    tracing::info!("the log is paused for a move; waiting whether the mover is still at work");
    let until = tokio::time::Instant::now() + moving::HOLDS;
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
    let last = last_event(shared, moving::stream_name(&shared.prefix)).await;
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
            stream: moving::stream_name(&shared.prefix),
        }),
        _ => Ok(()),
    }
}
