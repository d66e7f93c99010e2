//! Connections, and what their errors mean.

use deadpool_postgres::ClientWrapper;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use super::address::Address;
use crate::projection::StoreError;
use crate::projection::error::DatabaseError;

/// The oldest server that has what is used here.
const OLDEST: i64 = 13;

/// How long a statement of a batch may take. A process that hangs in the middle of a COPY is met by
/// this limit only.
pub(super) const STATEMENT: &str = "SET statement_timeout = '10s'";
/// How a server ends what a process left behind that hangs or is gone: within seconds, so that
/// another can go on. The first is how long a session waits for such a one itself.
const WRITING: &str = "SET lock_timeout = '5s';
 SET idle_in_transaction_session_timeout = '5s'; SET tcp_keepalives_idle = 10;
 SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; SET tcp_user_timeout = 10000;
 SET client_min_messages = warning;";

/// A connection of its own, with a cache of prepared statements.
pub(super) type Link = ClientWrapper;

/// Connects to write.
///
/// # Errors
/// Why not, in words an operator can use.
pub(super) async fn connect(address: &Address) -> Result<Link, DatabaseError> {
    let connecting = address.config.connect(address.tls.clone());
    let (client, connection) = connecting.await.map_err(|error| refused(&error, &address.place))?;
    let task = tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to PostgreSQL ended");
        }
    });
    let link = ClientWrapper::new(client, task);
    let version = link.query_one("SELECT current_setting('server_version_num')::bigint", &[]);
    let version: i64 = version.await?.try_get(0)?;
    if version < OLDEST * 10_000 {
        return Err(too_old(version, &address.place));
    }
    link.batch_execute(&format!("{WRITING} {STATEMENT}")).await?;
    Ok(link)
}

fn too_old(version: i64, place: &str) -> DatabaseError {
    let version = if version < 100_000 {
        format!("{}.{}", version / 10_000, version / 100 % 100)
    } else {
        (version / 10_000).to_string()
    };
    DatabaseError::new(format!(
        "{place} is PostgreSQL {version}; read models need {OLDEST} or newer"
    ))
}

/// Why a connection did not come about: for good, where only an operator can mend it.
pub(super) fn refused(error: &Error, place: &str) -> DatabaseError {
    let Some(said) = error.as_db_error() else {
        let reason = format!("{place} can't be reached: {}", chain(error));
        return if is_away(error) && !is_untrusted(error) {
            DatabaseError::passing(reason)
        } else {
            DatabaseError::new(format!(
                "{reason}; give sslrootcert=<file of the authority>, or sslmode=disable for a \
                 network that is trusted"
            ))
        };
    };
    let remedy = match *said.code() {
        SqlState::INVALID_PASSWORD => "check the password in the address",
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION => "the server must let this user in",
        SqlState::INVALID_CATALOG_NAME => "make the database first (CREATE DATABASE)",
        _ => return database(error),
    };
    DatabaseError::refused(format!("{place}: {}; {remedy}", said.message()))
}

/// What an error in the midst of work means.
pub(super) fn database(error: &Error) -> DatabaseError {
    match error.as_db_error() {
        None if is_away(error) => {
            DatabaseError::passing(format!("PostgreSQL went away: {}", chain(error)))
        }
        None => DatabaseError::new(chain(error)),
        Some(said) => {
            let text = format!("{} ({})", said.message(), said.code().code());
            match said.code() {
                code if is_passing(code) => DatabaseError::passing(text),
                code if is_refusal(code) => DatabaseError::refused(text),
                code if is_damage(code) => DatabaseError::damaged(text),
                _ => DatabaseError::new(text),
            }
        }
    }
}

impl From<Error> for DatabaseError {
    fn from(error: Error) -> Self {
        database(&error)
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        Self::Database(error.into())
    }
}

/// Whether the tables are gone: another rebuild removed the copy, or somebody else did.
pub(super) fn is_gone(error: &Error) -> bool {
    error.code().is_some_and(is_absence)
}

fn is_absence(code: &SqlState) -> bool {
    *code == SqlState::UNDEFINED_TABLE || *code == SqlState::INVALID_SCHEMA_NAME
}

/// Whether a part of the copy is gone or can't be read.
fn is_damage(code: &SqlState) -> bool {
    is_absence(code)
        || [SqlState::UNDEFINED_COLUMN, SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED]
            .contains(code)
}

/// Whether the server takes nothing of this kind until somebody changes something there.
fn is_refusal(code: &SqlState) -> bool {
    let class = code.code().get(..2).unwrap_or_default();
    matches!(class, "28" | "3D")
        || [SqlState::READ_ONLY_SQL_TRANSACTION, SqlState::INSUFFICIENT_PRIVILEGE].contains(code)
}

/// Whether the server may take the same later.
fn is_passing(code: &SqlState) -> bool {
    // Classes: connection, resources (disk, memory, connections), operator, rollback, system.
    let class = code.code().get(..2).unwrap_or_default();
    matches!(class, "08" | "53" | "57" | "40" | "58")
        || *code == SqlState::LOCK_NOT_AVAILABLE
        || *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
        // What comes after an error whose connection was lost.
        || *code == SqlState::IN_FAILED_SQL_TRANSACTION
}

/// Whether the server was not there, or no longer.
fn is_away(error: &Error) -> bool {
    let mut source = std::error::Error::source(error);
    let is_io = std::iter::from_fn(|| {
        let found = source?;
        source = found.source();
        Some(found.is::<std::io::Error>())
    });
    error.is_closed() || is_io.into_iter().any(|is_io| is_io) || error.to_string().contains("time")
}

/// Whether it is there but its certificate is not trusted, or it has no TLS.
fn is_untrusted(error: &Error) -> bool {
    let chain = chain(error);
    ["TLS", "certificate", "tls"].iter().any(|word| chain.contains(word))
}

/// An error down to its cause.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_too_old_is_named() {
        for (version, name) in [(90_624, "9.6"), (120_022, "12")] {
            let said = too_old(version, "postgres://u@h:1/d").to_string();
            assert!(said.contains(&format!("PostgreSQL {name};")), "{said}");
            assert!(said.contains("13 or newer"), "{said}");
        }
    }
}
