//! Why nothing is served.

use std::net::SocketAddr;

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address can't be listened on.
    #[error("can't listen on {listen}: {source}; is something else serving there?")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// TLS can't be set up.
    #[error("TLS can't be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The server stopped by itself.
    #[error("the server failed: {0}")]
    Failed(String),
}

/// What the end of a server's task says.
pub(super) fn ended(
    result: Result<std::io::Result<()>, tokio::task::JoinError>,
) -> Result<(), ServeError> {
    match result {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(ServeError::Failed(error.to_string())),
        Err(error) => Err(ServeError::Failed(error.to_string())),
    }
}
