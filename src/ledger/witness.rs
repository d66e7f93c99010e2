//! Witnesses (C2SP `tlog-witness`, `tlog-cosignature`): who saw that each checkpoint continues the one before,
//! and signs that it was there at a time by their own clock. A time-stamping authority (RFC 3161) is one that
//! saw nothing before; what it signs stands in a line of the note too.
//!
//! What must hold: a signature is kept and shown only where it is the witness's over that checkpoint. Nothing
//! waits for a witness: what it does not sign now it is asked for again with the next checkpoint.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use futures_util::future::join_all;
use reqwest::header::CONTENT_TYPE;
use reqwest::{StatusCode, Url};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};

use super::keep::Ledger;
use super::kept::Keeper;
use super::note::{Signed, key_id};
use super::stamp;

/// The type of a witness's Ed25519 key.
const COSIGNATURE: u8 = 4;
/// The type of a signature that has none of its own (C2SP `signed-note`), and what says which it is.
const OTHER: u8 = 0xff;
const STAMP: &[u8] = b"rfc3161";
/// How often an authority is asked.
const STAMPED_EVERY: Duration = Duration::from_secs(60);
/// How long a witness may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long to rest between two rounds, and after one in which a witness did not sign.
const REST: Duration = Duration::from_secs(1);
const AGAIN: Duration = Duration::from_secs(15);
/// The longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 16 * 1024;

/// A witness: its key, and where it is asked.
#[derive(Debug, Clone)]
pub struct Witness {
    name: String,
    id: [u8; 4],
    /// Its key; none: an authority that stamps the time.
    public: Option<VerifyingKey>,
    url: Url,
}

/// Why a witness did not sign.
#[derive(Debug, thiserror::Error)]
enum Unsigned {
    #[error("it can't be reached: {0}")]
    Away(String),
    #[error("it answers {0}")]
    Refused(String),
    #[error("it saw another tree of the same size: one of the two logs is not the true one")]
    Forked,
    #[error(
        "it saw a tree of {0} events, more than this log has: this is a copy, or events were lost"
    )]
    Ahead(u64),
    #[error("its answer holds no signature of its key over this checkpoint")]
    Unverified,
    #[error("the tree can't be read: {0}")]
    Tree(#[from] std::io::Error),
}

impl Witness {
    /// Reads a witness as it is configured: its key as verifiers write it, a space, and the address below
    /// which `add-checkpoint` is.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let form = "a witness is its key (name+id+key) and its address, with a space between";
        let (key, url) = text.trim().split_once(' ').ok_or(form)?;
        let mut parts = key.splitn(3, '+');
        let (name, id, typed) = (parts.next(), parts.next(), parts.next());
        let (name, id, typed) = name.zip(id).zip(typed).map(|((a, b), c)| (a, b, c)).ok_or(form)?;
        let typed = STANDARD.decode(typed).ok();
        let public = typed.as_deref().and_then(|typed| typed.split_first());
        let public = public.filter(|(kind, _)| **kind == COSIGNATURE).map(|(_, public)| public);
        let bytes = public.and_then(|public| <&[u8; 32]>::try_from(public).ok());
        let public = bytes.and_then(|bytes| VerifyingKey::from_bytes(bytes).ok());
        let public = public.ok_or_else(|| {
            format!("{key} is no key of a witness: an Ed25519 key for cosignatures, whose bytes begin with 4")
        })?;
        let own_id = key_id(name, COSIGNATURE, public.as_bytes());
        if id != own_id.iter().map(|byte| format!("{byte:02x}")).collect::<String>() {
            return Err(format!("the id in {key} is not that of its name and key"));
        }
        let url = address(&format!("{}/add-checkpoint", url.trim().trim_end_matches('/')));
        let url =
            url.ok_or_else(|| format!("{text:?} has no address with http or https: {form}"))?;
        Ok(Self { name: name.to_owned(), id: own_id, public: Some(public), url })
    }

    /// Reads a time-stamping authority as it is configured: a name for it, a space, and its address.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn authority(text: &str) -> Result<Self, String> {
        let form = "an authority is a name without + and its address with http or https, with a space between";
        let (name, url) = text.trim().split_once(' ').ok_or(form)?;
        let url = address(url.trim()).filter(|_| !name.contains('+')).ok_or(form)?;
        Ok(Self { name: name.to_owned(), id: key_id(name, OTHER, STAMP), public: None, url })
    }

    /// The lines of an answer that are signatures of this witness over a checkpoint.
    fn signatures(&self, answer: &str, signed: &Signed) -> String {
        let own = answer.lines().filter(|line| self.has_signed(line, signed).is_some());
        own.flat_map(|line| [line, "\n"]).collect()
    }

    fn has_signed(&self, line: &str, signed: &Signed) -> Option<()> {
        let (name, encoded) = line.strip_prefix("— ")?.split_once(' ')?;
        let bytes = STANDARD.decode(encoded).ok()?;
        let (id, bytes) = bytes.split_first_chunk::<4>()?;
        if name != self.name || *id != self.id {
            return None;
        }
        let text = signed.parts().0;
        let Some(public) = &self.public else { return stamp::is_of(bytes, text).then_some(()) };
        let (time, bytes) = bytes.split_first_chunk::<8>()?;
        let time = u64::from_be_bytes(*time);
        let text = format!("cosignature/v1\ntime {time}\n{text}");
        let signature = Signature::from_slice(bytes).ok()?;
        public.verify_strict(text.as_bytes(), &signature).ok()
    }

    /// Asks an authority to stamp the time of a checkpoint.
    async fn stamp(&self, http: &reqwest::Client, signed: &Signed) -> Result<String, Unsigned> {
        let question = stamp::question(signed.parts().0).ok_or(Unsigned::Unverified)?;
        let request = http.post(self.url.clone()).header(CONTENT_TYPE, stamp::QUERY);
        let response = request.body(question).send().await.map_err(away)?;
        let status = response.status();
        let answer = read(response).await?;
        if status != StatusCode::OK {
            return Err(Unsigned::Refused(status.to_string()));
        }
        let line = STANDARD.encode([&self.id[..], &answer].concat());
        let line = self.signatures(&format!("— {} {line}\n", self.name), signed);
        if line.is_empty() { Err(Unsigned::Unverified) } else { Ok(line) }
    }

    /// Asks for a signature over a checkpoint, from the size that it is known to have seen.
    async fn sign(
        &self,
        http: &reqwest::Client,
        ledger: &Ledger,
        signed: &Signed,
        seen: &mut u64,
    ) -> Result<String, Unsigned> {
        if self.public.is_none() {
            return self.stamp(http, signed).await;
        }
        let mut tries = 2;
        loop {
            tries -= 1;
            let proof = match *seen {
                0 => Vec::new(),
                seen if seen == signed.size => Vec::new(),
                seen => ledger.consistency(seen, signed.size).await?,
            };
            let proof: String = proof.iter().map(|hash| STANDARD.encode(hash) + "\n").collect();
            let body = format!("old {seen}\n{proof}\n{}", signed.note);
            let response = http.post(self.url.clone()).body(body).send().await.map_err(away)?;
            let status = response.status();
            let answer = String::from_utf8(read(response).await?).unwrap_or_default();
            if status == StatusCode::OK {
                let lines = self.signatures(&answer, signed);
                *seen = signed.size;
                return if lines.is_empty() { Err(Unsigned::Unverified) } else { Ok(lines) };
            }
            let size = answer.strip_suffix('\n').and_then(|size| size.parse::<u64>().ok());
            match size.filter(|_| status == StatusCode::CONFLICT) {
                Some(size) if size > signed.size => return Err(Unsigned::Ahead(size)),
                Some(size) if size == *seen => return Err(Unsigned::Forked),
                Some(size) if tries > 0 => *seen = size,
                _ => return Err(Unsigned::Refused(status.to_string())),
            }
        }
    }
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

fn address(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| ["http", "https"].contains(&url.scheme()))
}

fn away(error: reqwest::Error) -> Unsigned {
    Unsigned::Away(error.without_url().to_string())
}

async fn read(mut response: reqwest::Response) -> Result<Vec<u8>, Unsigned> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(away)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_ANSWER_BYTES {
            return Err(Unsigned::Refused("more than any signature takes".to_owned()));
        }
    }
    Ok(bytes)
}

/// A checkpoint with the lines that witnesses signed in the place of those it had.
fn with_lines(signed: &Signed, witnesses: &[Witness], lines: &[String]) -> Signed {
    let (text, own) = signed.parts();
    let is_others = |line: &&str| {
        let is_by = |witness: &Witness| witness.has_signed(line.trim_end(), signed).is_some();
        !witnesses.iter().any(is_by)
    };
    let own: String = own.split_inclusive('\n').filter(is_others).collect();
    Signed { note: format!("{text}\n{own}{}", lines.concat()), ..signed.clone() }
}

/// Asks witnesses for their signatures of each checkpoint, and keeps and shows it with them.
pub(super) async fn ask(ledger: Arc<Ledger>, mut keeper: Keeper, witnesses: Vec<Witness>) {
    let http =
        reqwest::Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none());
    let http = match http.build() {
        Ok(http) => http,
        Err(error) => return tracing::error!(%error, "no witness can be asked"),
    };
    let mut newest = ledger.newest();
    let (mut seen, mut stamped) = (vec![0; witnesses.len()], None::<Instant>);
    // The checkpoint that was signed last, with the signatures that came, by witness.
    let (mut size, mut lines) = (0, vec![String::new(); witnesses.len()]);
    loop {
        let Some(signed) = newest.borrow_and_update().clone() else {
            if newest.changed().await.is_err() {
                return;
            }
            continue;
        };
        if signed.size != size {
            size = signed.size;
            lines = witnesses.iter().map(|one| one.signatures(signed.parts().1, &signed)).collect();
        }
        let is_early = stamped.is_some_and(|at| at.elapsed() < STAMPED_EVERY);
        let asked = witnesses.iter().zip(&mut seen).zip(&lines);
        let asked = asked.map(async |((witness, seen), had)| {
            if !had.is_empty() || (witness.public.is_none() && is_early) {
                return Ok(None);
            }
            witness.sign(&http, &ledger, &signed, seen).await.map(Some)
        });
        let answers = join_all(asked).await;
        let (mut is_more, mut is_whole) = (false, true);
        for ((witness, had), got) in witnesses.iter().zip(&mut lines).zip(answers) {
            match got {
                Ok(Some(got)) => {
                    (*had, is_more) = (got, true);
                    stamped = if witness.public.is_none() { Some(Instant::now()) } else { stamped };
                }
                Ok(None) => is_whole &= !had.is_empty(),
                Err(error) => {
                    is_whole = false;
                    tracing::warn!(%witness, %error, size, "a witness did not sign the checkpoint");
                }
            }
        }
        if is_more {
            let cosigned = with_lines(&signed, &witnesses, &lines);
            let kept = cosigned.clone();
            let done = spawn_blocking(move || (keeper.keep(&kept), keeper)).await;
            let Ok((kept, back)) = done else { return };
            keeper = back;
            match kept {
                Ok(()) => ledger.show_cosigned(cosigned),
                Err(error) => tracing::warn!(%error, "signatures of witnesses can't be kept"),
            }
        }
        sleep(REST).await;
        let next = newest.wait_for(|newest| newest.as_ref().is_some_and(|n| n.size != size));
        let waited = if is_whole {
            next.await.map(drop)
        } else {
            timeout(AGAIN, next).await.map_or(Ok(()), |next| next.map(drop))
        };
        if waited.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::SigningKey;

    #[test]
    fn a_witness_is_read_or_what_is_wrong_is_said() {
        let public = SigningKey::from_bytes(&[5; 32]).verifying_key();
        let typed = |kind: u8| STANDARD.encode([&[kind][..], public.as_bytes()].concat());
        let id = |kind: u8| {
            let id = key_id("w.example/1", kind, public.as_bytes());
            id.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        let key = format!("w.example/1+{}+{}", id(4), typed(4));
        let witness = Witness::parse(&format!("{key} https://w.example/base/")).unwrap();
        assert_eq!(witness.url.as_str(), "https://w.example/base/add-checkpoint");
        for (wrong, why) in [
            (key.clone(), "a space between"),
            (format!("{key} ftp://w.example"), "http or https"),
            (format!("w.example/1+{}+{} http://w", id(1), typed(1)), "begin with 4"),
            (format!("w.example/2+{}+{} http://w", id(4), typed(4)), "the id in"),
            ("w.example http://w".to_owned(), "name+id+key"),
        ] {
            let said = Witness::parse(&wrong).unwrap_err();
            assert!(said.contains(why), "{wrong}: {said}");
        }
    }
}
