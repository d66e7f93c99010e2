//! Where a folder is served: commands over a served folder that would append go through its server.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::client::Client;
use super::config::Config;
use super::healthcheck::reachable;
use super::tls::scheme;
use super::token::{token, token_key};
use crate::api::auth::Role;
use crate::domain::ids::Language;

/// The file that says it.
const FILE: &str = "served";
/// How long the token of a command lasts: a long import asks with it to its end.
const TTL_S: u32 = 24 * 3600;

/// The note of a server, gone with it.
pub struct Note(PathBuf);

impl Note {
    /// Notes where the folder is served.
    pub fn write(config: &Config, address: SocketAddr) -> Self {
        let path = config.store.data_dir.join(FILE);
        let address = reachable(address);
        // Without it such commands are refused, as beside a server that crashed.
        if let Err(error) = fs::write(&path, format!("{}://{address}\n", scheme(config))) {
            tracing::warn!(%error, "commands over this folder will not find the server");
        }
        Self(path)
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0) {
            tracing::warn!(%error, "the note of where the folder is served stays");
        }
    }
}

/// A client of the server of a folder, if one is noted and answers, by a token of the folder's own key.
///
/// # Errors
/// A key that can't be read.
pub async fn client(config: &Config, role: Role, office: &str) -> anyhow::Result<Option<Client>> {
    let Ok(address) = fs::read_to_string(config.store.data_dir.join(FILE)) else { return Ok(None) };
    let ttl_s = TTL_S.min(config.auth.max_token_ttl_s);
    let key = token_key(&config.auth.token_key)?;
    let bearer = token(&key, config, role, office, office, &[], ttl_s)?;
    let language = Some(Language::En.tag());
    let client = Client::of_this_machine(address.trim(), bearer, language)?;
    // A server that crashed left its note.
    Ok(client.get("/health/live", &[]).await.is_ok().then_some(client))
}
