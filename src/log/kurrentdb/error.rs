//! Why a log in a KurrentDB can't be opened.

use std::path::PathBuf;

/// The oldest server whose answers are known (`tests/kurrentdb_standin.rs`).
pub(super) const OLDEST: (usize, usize, usize) = (23, 10, 0);

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
    /// The server's version ends a read that failed as if it were whole.
    #[error(
        "the server at {address} is version {found}, which can end a read that failed as if it were whole (24.6 to 24.10.2): move it to 24.10.3 or newer, 25.0 for example"
    )]
    CutsReads {
        /// The address.
        address: String,
        /// Its version.
        found: String,
    },
    /// The only address given is that of a node that does not lead.
    #[error(
        "the node at {address} does not lead its cluster, {leader} does: give all nodes in the address, or let the client find them: {remedy}"
    )]
    NotLeader {
        /// The address.
        address: String,
        /// Which node leads.
        leader: String,
        /// The address by which the client finds it.
        remedy: String,
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
}
