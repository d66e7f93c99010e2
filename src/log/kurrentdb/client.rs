//! The official client, and what has to be done around it: it is made anew when it is dead or sits on
//! a dead node, every call runs on one runtime and has an end, and an error says what is known of the
//! outcome.

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kurrentdb::{
    AppendToStreamOptions, BatchAppendOptions, ClientSettings, Credentials, Error,
    GrpcConnectionError, ReadAllOptions, ReadStreamOptions,
};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout};

use super::address::Address;
use super::nodelay::NoDelay;

/// How long the first contact with a server may take.
const CONTACT: Duration = Duration::from_secs(5);
/// So many failed calls in a row, and the client is made anew: it stays with a node that has failed.
const FAILURES: u32 = 2;
/// How often it is made anew at most, at first and after many times in vain: a client that is not
/// dead keeps its connection when it is replaced.
const RENEW_EVERY: Duration = Duration::from_millis(200);
const RENEW_SELDOM: Duration = Duration::from_secs(30);

/// Why a call got no answer of use.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// The server, or the client for it, said so.
    Answered(Error),
    /// Nothing was said in time.
    Silent,
    /// The client broke down.
    Broken(String),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::Answered(Error::NotLeaderException(to)) => {
                write!(f, "the node is not the leader, {}:{} is", to.host, to.port)
            }
            Failure::Answered(error) => error.fmt(f),
            Failure::Silent => f.write_str("the server did not answer in time"),
            Failure::Broken(reason) => write!(f, "the client failed: {reason}"),
        }
    }
}

/// What is known of an append that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// It was surely not written, and may be tried again.
    NotWritten,
    /// It may have been written, or may still be.
    Unknown,
    /// It was surely not written, and trying again does not help.
    Refused,
}

impl Failure {
    /// What the failure says of an append.
    pub fn known(&self) -> Known {
        match self {
            Failure::Answered(error) => match error {
                Error::NotLeaderException(_)
                | Error::ConnectionClosed
                | Error::GrpcConnectionError(_)
                | Error::ResourceNotFound => Known::NotWritten,
                Error::ServerError(text) if was_not_sent(text) => Known::NotWritten,
                Error::AccessDenied | Error::ResourceDeleted => Known::Refused,
                Error::Grpc { code, .. } if *code as i32 == INVALID_ARGUMENT => Known::Refused,
                Error::Grpc { code, .. } if *code as i32 == RESOURCE_EXHAUSTED => Known::Refused,
                _ => Known::Unknown,
            },
            Failure::Silent | Failure::Broken(_) => Known::Unknown,
        }
    }

    /// Whether a client that said so is of no further use.
    fn is_end_of_client(&self) -> bool {
        matches!(
            self,
            Failure::Broken(_)
                | Failure::Answered(Error::ConnectionClosed | Error::GrpcConnectionError(_))
        )
    }
}

/// A call on somebody's account, if there is one.
pub(super) trait By {
    /// Says who calls.
    fn by(self, account: &Option<Credentials>) -> Self;
}

macro_rules! by {
    ($($options:ty),*) => {$(
        impl By for $options {
            fn by(self, account: &Option<Credentials>) -> Self {
                match account {
                    Some(account) => self.authenticated(account.clone()),
                    None => self,
                }
            }
        }
    )*};
}

by!(AppendToStreamOptions, BatchAppendOptions, ReadAllOptions, ReadStreamOptions);

/// Codes of gRPC statuses; the client does not hand out their type.
const INVALID_ARGUMENT: i32 = 3;
const RESOURCE_EXHAUSTED: i32 = 8;

/// What a server says before it looks at a request, and a connection that was never made.
fn was_not_sent(text: &str) -> bool {
    ["Server Is Not Ready", "Server Is Too Busy", "(Connect)", "tcp connect error"]
        .iter()
        .any(|known| text.contains(known))
}

/// The client of one log, kept alive.
pub(super) struct Client {
    address: Address,
    settings: ClientSettings,
    runtime: Handle,
    session: Mutex<Session>,
    failures: AtomicU32,
    /// How often the client was made anew since a call last succeeded.
    renewals: AtomicU32,
    pub nodelay: NoDelay,
}

#[derive(Clone)]
struct Session {
    number: u64,
    made: Instant,
    client: kurrentdb::Client,
}

impl Client {
    /// Makes a client; nothing is asked of a server yet.
    ///
    /// # Errors
    /// What the client says of the address, in words.
    pub fn new(address: Address, runtime: Handle) -> Result<Arc<Self>, String> {
        let settings: ClientSettings =
            address.for_client().parse().map_err(|error| format!("{error}"))?;
        let client = make(&settings, &runtime)?;
        Ok(Arc::new(Self {
            address,
            settings,
            session: Mutex::new(Session { number: 0, made: Instant::now(), client }),
            runtime,
            failures: AtomicU32::new(0),
            renewals: AtomicU32::new(0),
            nodelay: NoDelay::default(),
        }))
    }

    pub fn address(&self) -> &Address {
        &self.address
    }

    pub fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// The account, for each call: the client would take it from its address without decoding it.
    pub fn credentials(&self) -> Option<Credentials> {
        let account = self.address.account.as_ref()?;
        Some(Credentials::new(account.user.clone(), account.password.clone()))
    }

    /// Connects, and switches Nagle's algorithm off on the connection.
    pub async fn contact(
        self: &Arc<Self>,
    ) -> Result<kurrentdb::operations::ServerVersion, Failure> {
        let answer = self
            .call(CONTACT, |client| async move { client.server_info().await })
            .await
            .map(|info| info.version());
        self.tune().await;
        answer
    }

    /// Switches Nagle's algorithm off on connections to every server known by now.
    async fn tune(&self) {
        for (host, port) in &self.address.hosts {
            self.nodelay.learn(host, *port).await;
        }
        let client = kurrentdb::operations::Client::from(self.session().client);
        if let Ok(Ok(node)) = timeout(CONTACT, client.current_selected_node()).await {
            self.nodelay.learn(&node.host, u16::try_from(node.port).unwrap_or_default()).await;
        }
        self.nodelay.switch();
    }

    /// Makes a call that ends within `limit`, and goes on to its end where the caller does not wait.
    pub async fn call<T, F>(
        self: &Arc<Self>,
        limit: Duration,
        call: impl FnOnce(kurrentdb::Client) -> F,
    ) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let session = self.session();
        // On the runtime that outlives the caller's: a connection dies with the runtime that made it.
        let made = self.runtime.spawn(timeout(limit, call(session.client)));
        let answer = match made.await {
            Ok(Ok(Ok(answer))) => Ok(answer),
            Ok(Ok(Err(error))) => Err(Failure::Answered(error)),
            Ok(Err(_)) => Err(Failure::Silent),
            Err(error) => Err(Failure::Broken(error.to_string())),
        };
        match &answer {
            Ok(_) => {
                self.failures.store(0, Ordering::Relaxed);
                self.renewals.store(0, Ordering::Relaxed);
            }
            Err(failure) => self.failed(session.number, failure),
        }
        answer
    }

    /// Takes note of a failure: a client that is dead, or has failed several times, is replaced.
    pub fn failed(self: &Arc<Self>, number: u64, failure: &Failure) {
        let counts = match failure {
            Failure::Answered(Error::NotLeaderException(leader)) => {
                // The client goes there by itself; it is for us to know the connection.
                let (client, leader) = (Arc::clone(self), leader.clone());
                self.runtime.spawn(async move {
                    let port = u16::try_from(leader.port).unwrap_or_default();
                    client.nodelay.learn(&leader.host, port).await;
                });
                false
            }
            Failure::Answered(Error::ServerError(_) | Error::DeadlineExceeded)
            | Failure::Silent => true,
            _ => false,
        };
        let many = counts && self.failures.fetch_add(1, Ordering::Relaxed) + 1 >= FAILURES;
        let is_dead = failure.is_end_of_client();
        if many || is_dead {
            self.renew(number, is_dead);
        }
    }

    fn session(&self) -> Session {
        self.session.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The number of the client in use, for [`Client::failed`].
    pub fn number(&self) -> u64 {
        self.session().number
    }

    /// The client in use, for reads that are followed as they come.
    pub fn current(&self) -> kurrentdb::Client {
        self.session().client
    }

    fn renew(self: &Arc<Self>, number: u64, is_dead: bool) {
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let renewals = self.renewals.load(Ordering::Relaxed);
        let grown = (RENEW_EVERY * 2_u32.saturating_pow(renewals.min(16))).min(RENEW_SELDOM);
        let every = if is_dead { RENEW_EVERY } else { grown };
        if session.number != number || session.made.elapsed() < every {
            return;
        }
        self.renewals.store(renewals + 1, Ordering::Relaxed);
        match make(&self.settings, &self.runtime) {
            Ok(client) => {
                // In an outage again and again: what people are told of it is in `follow`.
                tracing::debug!(address = %self.address, "connecting to KurrentDB anew");
                *session = Session { number: number + 1, made: Instant::now(), client };
                self.failures.store(0, Ordering::Relaxed);
                let tuned = Arc::clone(self);
                self.runtime.spawn(async move { tuned.tune().await });
            }
            Err(reason) => tracing::warn!(reason, "the KurrentDB client can't be made anew"),
        }
    }
}

fn make(settings: &ClientSettings, runtime: &Handle) -> Result<kurrentdb::Client, String> {
    kurrentdb::Client::with_runtime_handle(runtime.clone(), settings.clone())
        .map_err(|error| error.to_string())
}

/// What a first contact that failed says, in short.
pub(super) fn words(error: &GrpcConnectionError) -> String {
    match error {
        GrpcConnectionError::MaxDiscoveryAttemptReached(attempts) => {
            format!("no node was found in {attempts} attempts")
        }
        GrpcConnectionError::Grpc(text) => text.clone(),
    }
}
