//! One attempt over HTTP.
//!
//! What must hold: only 2xx is success; a redirect is not followed; the whole attempt is over within
//! its time; no more of an answer is read than is needed to use the connection again; each address
//! is checked at the attempt, also one that stands in the URL and is never looked up.

use std::error::Error as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::{Client, Url, header, redirect};

use super::address::{AddressPolicy, Forbidden, Guard, Lookup};

/// The most of an answer that is read, to use its connection again.
const READ_BYTES: u64 = 16 * 1024;
/// How long that may take; the answer counts already.
const READ_PATIENCE: Duration = Duration::from_secs(1);
/// Connections to one receiver that are kept for later.
const IDLE_CONNECTIONS: usize = 4;

/// A signed message.
pub struct Message {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`, in seconds.
    pub timestamp_s: i64,
    /// `webhook-signature`.
    pub signatures: String,
    /// The body.
    pub body: Vec<u8>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The receiver answered.
    Status {
        /// With what.
        status: u16,
        /// Its `Retry-After`.
        retry_after: Option<String>,
    },
    /// It did not in time.
    TimedOut,
    /// It has no address that may be asked.
    Forbidden(String),
    /// It could not be reached, or spoke no HTTP.
    Unreachable(String),
}

impl Answer {
    /// Whether the receiver took the message.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Status { status: 200..=299, .. })
    }

    /// The status, if there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            Self::TimedOut | Self::Forbidden(_) | Self::Unreachable(_) => None,
        }
    }
}

/// How attempts ended since the start.
#[derive(Debug, Default)]
pub struct Counters {
    delivered: AtomicU64,
    rejected: AtomicU64,
    timed_out: AtomicU64,
    forbidden: AtomicU64,
    unreachable: AtomicU64,
}

impl Counters {
    /// Counts an attempt.
    pub(super) fn count(&self, answer: &Answer) {
        let counter = match answer {
            _ if answer.is_success() => &self.delivered,
            Answer::Status { .. } => &self.rejected,
            Answer::TimedOut => &self.timed_out,
            Answer::Forbidden(_) => &self.forbidden,
            Answer::Unreachable(_) => &self.unreachable,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Attempts by outcome, for `docket_webhook_deliveries_total{outcome}`.
    pub fn by_outcome(&self) -> [(&'static str, u64); 5] {
        [
            ("delivered", self.delivered.load(Ordering::Relaxed)),
            ("rejected", self.rejected.load(Ordering::Relaxed)),
            ("timed_out", self.timed_out.load(Ordering::Relaxed)),
            ("forbidden_address", self.forbidden.load(Ordering::Relaxed)),
            ("unreachable", self.unreachable.load(Ordering::Relaxed)),
        ]
    }
}

/// Sends.
pub struct Sender {
    policy: AddressPolicy,
    timeout: Duration,
    lookup: Arc<dyn Lookup>,
    /// Made at the first attempt: it asks the machine for its root certificates, and a machine
    /// without any must be able to serve what needs none.
    client: OnceLock<Result<Client, String>>,
}

impl Sender {
    /// What goes where the policy allows, within this time.
    pub fn new(policy: AddressPolicy, timeout: Duration, lookup: Arc<dyn Lookup>) -> Self {
        Self { policy, timeout, lookup, client: OnceLock::new() }
    }

    fn client(&self) -> Result<&Client, Answer> {
        let made = self.client.get_or_init(|| {
            // An error means that the process has one already; without any, the client panics.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let guard = Guard { policy: self.policy, lookup: self.lookup.clone() };
            Client::builder()
                .dns_resolver(Arc::new(guard))
                .no_proxy()
                .redirect(redirect::Policy::none())
                .retry(reqwest::retry::never())
                .referer(false)
                .timeout(self.timeout)
                .pool_max_idle_per_host(IDLE_CONNECTIONS)
                .pool_idle_timeout(Duration::from_secs(30))
                .user_agent(concat!("docket/", env!("CARGO_PKG_VERSION")))
                .build()
                .map_err(|error| deepest(&error))
        });
        made.as_ref().map_err(|reason| Answer::Unreachable(format!("no HTTP client: {reason}")))
    }

    /// Tries once.
    pub async fn send(&self, url: &str, message: Message) -> Answer {
        match self.try_send(url, message).await {
            Ok(answer) | Err(answer) => answer,
        }
    }

    async fn try_send(&self, url: &str, message: Message) -> Result<Answer, Answer> {
        // The policy may have changed since the endpoint was made.
        let url: Url = self
            .policy
            .read_url(url, "/url")
            .map_err(|wrong| Answer::Forbidden(wrong.detail.en))?;
        let request = self
            .client()?
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", message.id)
            .header("webhook-timestamp", message.timestamp_s)
            .header("webhook-signature", message.signatures)
            .body(message.body);
        let response = request.send().await.map_err(|error| failure(&error))?;
        let retry_after = response.headers().get(header::RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let answer = Answer::Status { status: response.status().as_u16(), retry_after };
        let _ = tokio::time::timeout(READ_PATIENCE, drain(response)).await;
        Ok(answer)
    }
}

/// Reads what is left of a short answer; dropping a longer one closes its connection.
async fn drain(mut response: reqwest::Response) {
    let mut read = 0;
    while let Ok(Some(part)) = response.chunk().await {
        read += part.len() as u64;
        if read > READ_BYTES {
            break;
        }
    }
}

fn failure(error: &reqwest::Error) -> Answer {
    let mut cause = error.source();
    while let Some(found) = cause {
        if let Some(forbidden) = found.downcast_ref::<Forbidden>() {
            return Answer::Forbidden(forbidden.to_string());
        }
        cause = found.source();
    }
    match error.is_timeout() {
        true => Answer::TimedOut,
        false => Answer::Unreachable(deepest(error)),
    }
}

/// The cause beneath all others: the outer ones say only that something failed, and name the URL.
fn deepest(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string().chars().take(300).collect()
}
