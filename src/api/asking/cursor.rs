//! Opaque cursors: where the next page of a list begins, for this list under these filters only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::call::Call;
use crate::domain::date::Day;
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::{Code, Problem};

/// The parameter with which a page goes on.
pub const CURSOR: Parameter = Parameter::new(
    "cursor",
    Kind::Text,
    "Where the page begins: taken unchanged from `next`.",
    "本页起点：原样取自 next。",
);
/// A cursor: the two times of the walk through the pages, and the last row.
#[derive(Debug, Serialize, Deserialize)]
pub struct Cursor<T> {
    /// The day asked about.
    pub day: Day,
    /// The sequence up to which the log is looked at, if not all of it is.
    pub known: Option<u64>,
    /// The last row.
    pub after: T,
}

/// The cursor that a request carries, if it is one of this list under these filters.
///
/// # Errors
/// `cursor-invalid`.
pub fn cursor<T: DeserializeOwned>(call: &Call) -> Result<Option<Cursor<T>>, Problem> {
    let Some(text) = call.parameter("cursor") else { return Ok(None) };
    let invalid = || Problem::new(Code::CursorInvalid).member("parameter", "cursor");
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
    let (mac, hidden) = bytes.split_at_checked(16).ok_or_else(invalid)?;
    let plain = mixed(call, mac, hidden);
    if sealed(call, &plain)[..16] != *mac {
        return Err(invalid());
    }
    serde_json::from_slice(&plain).map(Some).map_err(|_| invalid())
}

/// Writes a cursor: opaque, and good for this list under these filters only. It gives no right to
/// anything, so it is sealed against mistakes, not against its own server.
pub fn write_cursor<T: Serialize>(call: &Call, cursor: &Cursor<T>) -> Result<String, Problem> {
    let plain = serde_json::to_vec(cursor).map_err(Problem::internal)?;
    let mac = &sealed(call, &plain)[..16];
    let mut bytes = mac.to_vec();
    bytes.extend(mixed(call, mac, &plain));
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn sealed(call: &Call, plain: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(call.state.app.log_id());
    hasher.update(call.http.path());
    for (name, value) in &call.parameters {
        if !["cursor", "limit", "min_sequence"].contains(&name.as_str()) {
            hasher.update([0]);
            hasher.update(name);
            hasher.update([1]);
            hasher.update(value);
        }
    }
    hasher.update([2]);
    hasher.update(plain);
    hasher.finalize().into()
}

fn mixed(call: &Call, mac: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut mixed = Vec::with_capacity(bytes.len());
    for (index, block) in bytes.chunks(32).enumerate() {
        let mut hasher = Sha256::new();
        hasher.update(call.state.app.log_id());
        hasher.update(mac);
        hasher.update(index.to_be_bytes());
        mixed.extend(block.iter().zip(hasher.finalize()).map(|(byte, key)| byte ^ key));
    }
    mixed
}

/// The address of this list from a cursor on.
pub fn next_link(call: &Call, cursor: &str) -> String {
    let mut link = format!("{}{}?", call.state.settings.public_url, call.http.path());
    for pair in call.http.query_string().split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or_default();
        if !["cursor", "after", "lastEventId", "min_sequence"].contains(&name) {
            link.push_str(pair);
            link.push('&');
        }
    }
    link.push_str(call.cursor);
    link.push('=');
    link.push_str(cursor);
    link
}
