//! Signed notes and checkpoints (C2SP `signed-note`, `tlog-checkpoint`), and what witnesses sign
//! (`tlog-cosignature`, Ed25519), checked; [`super::open::notes`] reads them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};

use super::open::stamps::Authority;
use super::tree::{Hash, sha256};

/// The type of a log's Ed25519 key.
pub const ED25519: u8 = 1;
/// That of a witness's.
pub const WITNESS: u8 = 4;

/// How who signs is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Public {
    /// A log's or a witness's key.
    Key(VerifyingKey),
    /// Who stamps times.
    Authority(Authority),
}

/// A public key with the name under which it signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The name.
    pub name: String,
    pub(super) kind: u8,
    pub(super) id: [u8; 4],
    pub(super) public: Public,
}

impl Key {
    /// A log's key by its name and its 32 bytes in base64.
    pub fn of(name: &str, public_key: &str) -> Option<Self> {
        Self::new(name, ED25519, &STANDARD.decode(public_key).ok()?)
    }

    pub(super) fn new(name: &str, kind: u8, public: &[u8]) -> Option<Self> {
        let key = VerifyingKey::from_bytes(public.try_into().ok()?).ok()?;
        Self::with(name, kind, public, Public::Key(key))
    }

    pub(super) fn with(name: &str, kind: u8, typed: &[u8], public: Public) -> Option<Self> {
        let is_name = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+');
        let id = sha256(&[name.as_bytes(), b"\n", &[kind], typed].concat());
        let id = *id.first_chunk()?;
        is_name.then(|| Self { name: name.to_owned(), kind, id, public })
    }

    /// Whether it is a witness's.
    pub fn is_of_witness(&self) -> bool {
        self.kind == WITNESS
    }
}

/// A signed note: a text, and what signs it.
#[derive(Debug, Clone)]
pub struct Note {
    pub(super) text: String,
    /// Names, ids of keys, signatures.
    pub(super) signatures: Vec<(String, [u8; 4], Vec<u8>)>,
}

impl Note {
    /// When a key signed it, in seconds since 1970 where it is one that tells the time, else 0; `None`
    /// where it did not. Signatures of others are ignored.
    fn signed_at(&self, key: &Key) -> Option<u64> {
        let mut own =
            self.signatures.iter().filter(|(name, id, _)| *name == key.name && *id == key.id);
        own.find_map(|(_, _, bytes)| {
            let public = match &key.public {
                Public::Authority(authority) => return authority.stamped_at(bytes, &self.text),
                Public::Key(public) => public,
            };
            let (mut time, mut bytes, mut text) = (0, &bytes[..], self.text.clone());
            if key.is_of_witness() {
                let (first, rest) = bytes.split_first_chunk()?;
                (time, bytes) = (u64::from_be_bytes(*first), rest);
                text = format!("cosignature/v1\ntime {time}\n{text}");
            }
            let signature = Signature::from_slice(bytes).ok()?;
            public.verify_strict(text.as_bytes(), &signature).ok().map(|()| time)
        })
    }
}

/// A checkpoint: that a log has a tree of so many leaves with this root.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// The log.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// The root.
    pub root: Hash,
    pub(super) note: Note,
}

impl Checkpoint {
    /// Whether a key signs it.
    pub fn is_signed_by(&self, key: &Key) -> bool {
        self.signed_at(key).is_some()
    }

    /// When a key signed it, by the clock of the witness or the authority whose it is.
    pub fn signed_at(&self, key: &Key) -> Option<u64> {
        self.note.signed_at(key)
    }
}
