//! Sealed cursors: where the next page of a list begins, for this list under these filters only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

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
/// How much of a cursor is its seal.
const TAG_BYTES: usize = 16;

/// A cursor: the two times of the walk through the pages, and the last row.
#[derive(Debug)]
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
    let (tag, said) = bytes.split_at_checked(TAG_BYTES).ok_or_else(invalid)?;
    seal(call, said)?.verify_truncated_left(tag).map_err(|_| invalid())?;
    let (day, known, after) = serde_json::from_slice(said).map_err(|_| invalid())?;
    Ok(Some(Cursor { day, known, after }))
}

/// Writes a cursor, good for this list under these filters only: what it says behind its seal. It gives
/// no right to anything, so it is sealed against mistakes, and hides nothing.
pub fn write_cursor<T: Serialize>(call: &Call, cursor: &Cursor<T>) -> Result<String, Problem> {
    let said = (cursor.day, cursor.known, &cursor.after);
    let said = serde_json::to_vec(&said).map_err(Problem::internal)?;
    let tag = seal(call, &said)?.finalize().into_bytes();
    Ok(URL_SAFE_NO_PAD.encode([&tag[..TAG_BYTES], &said].concat()))
}

/// The seal over a cursor, its list and the filters of that.
fn seal(call: &Call, said: &[u8]) -> Result<Hmac<Sha256>, Problem> {
    let key = call.state.app.log_id();
    let mut seal = Hmac::<Sha256>::new_from_slice(key.as_bytes()).map_err(Problem::internal)?;
    seal.update(call.http.path().as_bytes());
    for (name, value) in &call.parameters {
        if !["cursor", "limit", "min_sequence"].contains(&name.as_str()) {
            for part in [&[0][..], name.as_bytes(), &[1], value.as_bytes()] {
                seal.update(part);
            }
        }
    }
    seal.update(&[2]);
    seal.update(said);
    Ok(seal)
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
