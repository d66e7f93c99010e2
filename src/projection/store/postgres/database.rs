//! The database itself, for what is kept in it beside the copies: nothing here knows what that is.

use deadpool_postgres::ClientWrapper;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use super::address::Address;
use super::connect::{connect, database};
use crate::projection::StoreError;
use crate::projection::error::DatabaseError;

/// A database, by its address.
#[derive(Clone)]
pub struct PostgresDatabase {
    address: Address,
}

impl PostgresDatabase {
    /// The database at an address; nothing is asked of it yet.
    ///
    /// # Errors
    /// What is wrong with the address, without its password.
    pub fn new(address: &str) -> Result<Self, StoreError> {
        Ok(Self { address: Address::parse(address)? })
    }

    /// Who and where, without the password.
    pub fn place(&self) -> &str {
        &self.address.place
    }

    /// Makes a connection to write.
    ///
    /// # Errors
    /// Why not, in words an operator can use; passing ones while it is away.
    pub async fn connect(&self) -> Result<ClientWrapper, DatabaseError> {
        connect(&self.address).await
    }

    /// What an error in the midst of work means, with the remedy where the user may not make schemas.
    pub fn explain(&self, error: &Error) -> DatabaseError {
        let is_denied = error.as_db_error().is_some_and(|said| {
            *said.code() == SqlState::INSUFFICIENT_PRIVILEGE && said.message().contains("database")
        });
        if !is_denied {
            return database(error);
        }
        let config = &self.address.config;
        DatabaseError::new(format!(
            "{}: this user may not make schemas; GRANT CREATE ON DATABASE \"{}\" TO \"{}\"",
            self.address.place,
            config.get_dbname().unwrap_or_default(),
            config.get_user().unwrap_or_default(),
        ))
    }
}
