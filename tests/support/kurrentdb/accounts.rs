//! Who may call: names and passwords, and the one grant that an ordinary account lacks.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

use super::services::refusal;

/// An account of the server.
#[derive(Debug, Clone)]
pub struct User {
    name: String,
    password: String,
    reads_all: bool,
}

impl User {
    /// Any account: it may read and write ordinary streams.
    pub fn new(name: &str, password: &str) -> Self {
        Self { name: name.to_owned(), password: password.to_owned(), reads_all: false }
    }

    /// The same, granted to read `$all`.
    pub fn reading_all(mut self) -> Self {
        self.reads_all = true;
        self
    }
}

/// The accounts; none at all means an insecure server that asks nobody.
#[derive(Debug, Default)]
pub struct Accounts(pub Vec<User>);

impl Accounts {
    /// Whether the call may be made, and may read `of`.
    ///
    /// # Errors
    /// Unauthenticated, or PermissionDenied with the trailer `access-denied`.
    pub fn check(&self, metadata: &MetadataMap, of: Option<&str>) -> Result<(), Status> {
        if self.0.is_empty() {
            return Ok(());
        }
        let given = metadata.get("authorization").and_then(|value| value.to_str().ok());
        let user = self.0.iter().find(|user| {
            let pair = format!("{}:{}", user.name, user.password);
            given == Some(&format!("Basic {}", BASE64_STANDARD.encode(pair)))
        });
        match user {
            None => Err(Status::unauthenticated("Unauthenticated")),
            Some(user) if of.is_some_and(|of| of.starts_with('$')) && !user.reads_all => {
                Err(refusal(Code::PermissionDenied, "Access Denied", "access-denied"))
            }
            Some(_) => Ok(()),
        }
    }
}
