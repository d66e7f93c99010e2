//! Pools between here and the server that lend a connection for one transaction only.
//!
//! What a session sets, prepares and locks would be another's there, or lost: the limits that end
//! what hangs, prepared statements, the lock of a rebuild. Such a pool is refused, with the remedy.

use tokio_postgres::{Client, SimpleQueryMessage};

use super::address::Address;
use super::connect::refused;
use crate::projection::error::DatabaseError;

/// Refuses such a pool: two sessions that are open at once have the same process of the server, or
/// one session has two. Nothing is prepared here: a pool may not let it.
///
/// # Errors
/// That it is one; why the database can't be reached.
pub(super) async fn refuse(address: &Address) -> Result<(), DatabaseError> {
    let (one, other) = (open(address).await?, open(address).await?);
    let first = process(&one).await?;
    let second = process(&other).await?;
    let again = process(&one).await?;
    if first != second && first == again {
        return Ok(());
    }
    Err(DatabaseError::new(format!(
        "{} lends a connection for one transaction only (PgBouncer's pool_mode = transaction or \
         statement): what a session sets and locks gets lost there; give the address of PostgreSQL \
         itself, or of a pool with pool_mode = session",
        address.place
    )))
}

async fn open(address: &Address) -> Result<Client, DatabaseError> {
    let connecting = address.config.connect(address.tls.clone());
    let (client, connection) = connecting.await.map_err(|error| refused(&error, &address.place))?;
    // It ends with the client.
    tokio::spawn(connection);
    Ok(client)
}

/// The process of the server that answers.
async fn process(client: &Client) -> Result<Option<String>, DatabaseError> {
    let rows = client.simple_query("SELECT pg_backend_pid()").await?;
    Ok(rows.iter().find_map(|row| match row {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    }))
}
