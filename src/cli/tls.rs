//! The certificates of the configuration (`server.tls`).

use std::sync::Arc;

use super::config::Config;
use super::exit::{Exit, failure};
use super::token::now_unix_s;
use crate::api::{Tls, TlsFiles};

/// Where the files lie, if the listener is to speak TLS.
///
/// # Errors
/// One without the other; a public address that says otherwise.
fn files(config: &Config) -> anyhow::Result<Option<TlsFiles>> {
    let wrong = |text: &str| Err(failure(Exit::Usage, text.to_owned()));
    let tls = &config.server.tls;
    match (tls.cert.clone(), tls.key.clone()) {
        (None, None) if tls.client_ca.is_some() => wrong(
            "server.tls.cert: not given; server.tls.client_ca asks clients for theirs over TLS",
        ),
        (None, None) => Ok(None),
        (Some(_), None) => wrong("server.tls.key: not given; server.tls.cert needs its key"),
        (None, Some(_)) => {
            wrong("server.tls.cert: not given; server.tls.key needs its certificate")
        }
        (Some(_), Some(_)) if !config.server.public_url.starts_with("https:") => wrong(
            "server.public_url: the listener speaks TLS (server.tls), so it begins with https://",
        ),
        (Some(cert), Some(key)) => {
            Ok(Some(TlsFiles { cert, key, client_ca: tls.client_ca.clone() }))
        }
    }
}

/// The certificate, if one is configured.
///
/// # Errors
/// Files that can't be read, are none, or do not belong together.
pub fn configured(config: &Config) -> anyhow::Result<Option<Arc<Tls>>> {
    let Some(files) = files(config)? else { return Ok(None) };
    let opened = Tls::open(files, now_unix_s);
    opened.map(Some).map_err(|error| failure(Exit::Usage, format!("server.tls: {error}")))
}

/// How the listener is spoken to.
pub fn scheme(config: &Config) -> &'static str {
    if config.server.tls.cert.is_some() { "https" } else { "http" }
}
