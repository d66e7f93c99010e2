//! What stands behind a failed contact. The client's words seldom say; a plain request of another
//! client's does.

use std::error::Error as _;
use std::fmt::Write as _;
use std::time::Duration;

use kurrentdb::Error;

use super::KurrentError;
use super::address::Address;
use super::client::{Failure, words};

/// How long an answer may take.
const LOOK: Duration = Duration::from_secs(5);

/// Finds out why a server could not be used.
pub(super) async fn diagnose(address: &Address, failure: &Failure) -> KurrentError {
    let said = match failure {
        Failure::Answered(Error::GrpcConnectionError(error)) => words(error),
        Failure::Answered(Error::AccessDenied) => {
            let user = address.account.as_ref().map_or("a caller without account", |a| &a.user);
            return KurrentError::Credentials {
                address: address.to_string(),
                user: user.to_owned(),
            };
        }
        Failure::Answered(Error::NotLeaderException(leader)) => {
            if let Some(error) = only_a_follower(address, &leader.host, leader.port) {
                return error;
            }
            failure.to_string()
        }
        failure => failure.to_string(),
    };
    let mut reasons = String::new();
    for (host, port) in &address.hosts {
        match knock(address, host, *port).await {
            Knock::Kurrent => {}
            Knock::Certificate(reason) => {
                return KurrentError::Certificate { address: address.to_string(), reason };
            }
            Knock::Other(reason) => {
                return KurrentError::NotKurrent { address: address.to_string(), reason };
            }
            Knock::Silent(reason) => {
                // Writing to a text does not fail.
                let _ = write!(reasons, "{host}:{port}: {reason}; ");
            }
        }
    }
    KurrentError::Unreachable { address: address.to_string(), reason: format!("{reasons}{said}") }
}

/// What is wrong with an address of one node that names another as the leader; nothing where more
/// nodes are given or looked for: then the client goes on to the leader once there is one.
fn only_a_follower(address: &Address, host: &str, port: impl ToString) -> Option<KurrentError> {
    let leader = format!("{host}:{}", port.to_string());
    let (only_host, only_port) = address.hosts.first().filter(|_| !address.discovers())?;
    let only = format!("{only_host}:{only_port}");
    (only != leader).then(|| KurrentError::NotLeader {
        address: address.to_string(),
        leader,
        remedy: format!("{}+discover://{only}", address.scheme()),
    })
}

/// What a plain request is answered with.
enum Knock {
    Kurrent,
    Certificate(String),
    Other(String),
    Silent(String),
}

async fn knock(address: &Address, host: &str, port: u16) -> Knock {
    let mut builder = reqwest::Client::builder().timeout(LOOK).no_proxy();
    if !address.verifies {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    if let Some(path) = &address.ca_file {
        let read = std::fs::read(path).ok();
        let certificates = read.and_then(|pem| reqwest::Certificate::from_pem_bundle(&pem).ok());
        builder = builder.tls_certs_only(certificates.unwrap_or_default());
    }
    let client = match builder.build() {
        Ok(client) => client,
        Err(error) => return Knock::Silent(error.to_string()),
    };
    let scheme = if address.tls { "https" } else { "http" };
    match client.get(format!("{scheme}://{host}:{port}/info")).send().await {
        Ok(answer) => {
            let status = answer.status();
            let text = answer.text().await.unwrap_or_default();
            if text.contains("esVersion") || text.contains("dbVersion") {
                return Knock::Kurrent;
            }
            let said = format!("it answers a request for /info with HTTP {status} and no version");
            // Who is not there yet, or speaks for one that is not.
            if status.is_server_error() { Knock::Silent(said) } else { Knock::Other(said) }
        }
        Err(error) => {
            let mut chain = error.to_string();
            let mut cause = error.source();
            while let Some(deeper) = cause {
                // Writing to a text does not fail.
                let _ = write!(chain, ": {deeper}");
                cause = deeper.source();
            }
            let last = chain.rsplit(": ").next().unwrap_or_default().to_owned();
            if let Some(at) = chain.find("invalid peer certificate") {
                Knock::Certificate(chain[at..].to_owned())
            } else if chain.contains("InvalidContentType") || chain.contains("corrupt message") {
                Knock::Certificate("what answers there does not speak TLS".to_owned())
            } else if error.is_connect() || error.is_timeout() {
                Knock::Silent(last)
            } else {
                Knock::Other(last)
            }
        }
    }
}
