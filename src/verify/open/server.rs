//! A server's log over HTTP: its checkpoint, its tiles (C2SP `tlog-tiles`), and with a token its events.

use std::time::Duration;

use serde::Deserialize;

use super::shown::Shown;
use super::{OpenError, Progress};
use crate::verify::Judge;
use crate::verify::note::{Checkpoint, Key};
use crate::verify::tree::Hash;

const TIMEOUT: Duration = Duration::from_secs(60);
/// Hashes in a tile.
const WIDTH: u64 = 256;
/// The largest answer that is read, in bytes.
const MAX_BYTES: usize = 512 << 20;

/// A server, and who asks.
pub struct Server {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

#[derive(Deserialize)]
struct Keys {
    items: Vec<KeyOf>,
}

#[derive(Deserialize)]
struct KeyOf {
    key: String,
    origin: String,
    since: String,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    items: Vec<Shown<'a>>,
}

fn odd(what: &str) -> OpenError {
    OpenError::NotOne(format!("the server's answer is no {what}"))
}

impl Server {
    /// A server by its address, with or without a token, asked by such a client.
    ///
    /// # Errors
    /// [`OpenError::Unavailable`] where no client can be made.
    pub fn new(
        base: &str,
        token: Option<String>,
        http: reqwest::ClientBuilder,
    ) -> Result<Self, OpenError> {
        let http = http.timeout(TIMEOUT).build();
        let http = http.map_err(|error| OpenError::Unavailable(error.to_string()))?;
        let base = base.trim_end_matches('/').trim_end_matches("/v1/log").to_owned();
        Ok(Self { http, base, token })
    }

    async fn get(&self, path: &str) -> Result<Vec<u8>, OpenError> {
        let mut request = self.http.get(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let failed = |error: reqwest::Error| {
            OpenError::Unavailable(format!("{path} can't be read: {}", error.without_url()))
        };
        let mut response = request.send().await.map_err(failed)?;
        if !response.status().is_success() {
            let text = format!("{path} is answered with {}", response.status());
            return Err(OpenError::Unavailable(text));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MAX_BYTES {
                return Err(odd(&format!("answer to {path} of a size that it can have")));
            }
        }
        Ok(bytes)
    }

    /// The newest checkpoint.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn checkpoint(&self) -> Result<Checkpoint, OpenError> {
        let text = String::from_utf8(self.get("/v1/log/checkpoint").await?);
        text.ok().and_then(|text| Checkpoint::parse(&text)).ok_or_else(|| odd("checkpoint"))
    }

    /// The newest checkpoint that witnesses signed, where there is one.
    pub async fn cosigned(&self) -> Option<Checkpoint> {
        let text = self.get("/v1/log/checkpoint?cosigned=true").await.ok()?;
        Checkpoint::parse(std::str::from_utf8(&text).ok()?)
    }

    /// The keys that the server names, with the sequences from which on they count.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn keys(&self) -> Result<Vec<(u64, Key)>, OpenError> {
        let bytes = self.get("/v1/log/keys").await?;
        let keys: Keys = serde_json::from_slice(&bytes).map_err(|_| odd("list of keys"))?;
        let of = |item: KeyOf| {
            let key = Key::parse(&item.key).filter(|key| key.name == item.origin)?;
            Some((item.since.parse().ok()?, key))
        };
        keys.items.into_iter().map(|item| of(item).ok_or_else(|| odd("key"))).collect()
    }

    /// Has a log of so many events judged: by its events with a token, else by its hashes alone.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn read(
        &self,
        size: u64,
        judge: &mut Judge,
        progress: Progress<'_>,
    ) -> Result<(), OpenError> {
        while judge.size() < size && !judge.is_lost() {
            if !progress(judge.size(), size) {
                return Err(OpenError::Interrupted);
            }
            let first = judge.size();
            let width = WIDTH.min(size - first);
            let hashes = self.tile(first / WIDTH, width).await?;
            if self.token.is_none() {
                hashes.iter().for_each(|hash| judge.leaf(*hash, None));
                continue;
            }
            let after =
                first.checked_sub(1).map_or(String::new(), |after| format!("&after={after}"));
            let page = self.get(&format!("/v1/events?limit={width}{after}")).await?;
            let page: Page<'_> =
                serde_json::from_slice(&page).map_err(|_| odd("page of events"))?;
            if page.items.is_empty() {
                return Err(odd("page of events, though there are more"));
            }
            for (item, hash) in page.items.iter().zip(hashes) {
                match item.event() {
                    Some(event) => judge.event(&event, event.leaf(), Some(hash)),
                    None => judge.unreadable("the server shows no event there".to_owned()),
                }
            }
        }
        Ok(())
    }

    async fn tile(&self, number: u64, width: u64) -> Result<Vec<Hash>, OpenError> {
        let mut path = format!("{:03}", number % 1000);
        let mut above = number / 1000;
        while above > 0 {
            path = format!("x{:03}/{path}", above % 1000);
            above /= 1000;
        }
        let part = if width < WIDTH { format!(".p/{width}") } else { String::new() };
        let bytes = self.get(&format!("/v1/log/tile/0/{path}{part}")).await?;
        let hashes = bytes.as_chunks::<32>().0.to_vec();
        let is_whole = bytes.len() as u64 == width * 32;
        is_whole.then_some(hashes).ok_or_else(|| odd("tile"))
    }
}
