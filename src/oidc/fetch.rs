//! What is read of a provider over HTTP: JSON of bounded size in bounded time, and no redirect followed.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, StatusCode, redirect};
use serde_json::Value;

/// How long a provider may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The longest answer, in bytes.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// A client for a provider.
///
/// # Errors
/// When TLS can't be set up.
pub fn client() -> reqwest::Result<Client> {
    // Where another was installed before, that one is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().timeout(TIMEOUT).redirect(redirect::Policy::none()).build()
}

/// The answer's status and JSON; null where it is none.
///
/// # Errors
/// Why there is no answer.
pub async fn json(request: RequestBuilder) -> Result<(StatusCode, Value), String> {
    let mut answer = request.send().await.map_err(|error| deepest(&error))?;
    let status = answer.status();
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| deepest(&error))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_ANSWER_BYTES {
            return Err(format!("the answer is longer than {MAX_ANSWER_BYTES} bytes"));
        }
    }
    Ok((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
}

/// What an answer of success says.
///
/// # Errors
/// Why there is none.
pub async fn good(request: RequestBuilder, what: &str) -> Result<Value, String> {
    match json(request).await {
        Ok((status, value)) if status.is_success() && value.is_object() => Ok(value),
        Ok((status, _)) if status.is_success() => Err(format!("{what} is no JSON object")),
        Ok((status, _)) => Err(format!("{what} is answered with {}", status.as_u16())),
        Err(error) => Err(format!("{what} can't be read: {error}")),
    }
}

/// The cause that says what happened; the others say where.
fn deepest(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
