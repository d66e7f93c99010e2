//! Signed notes and checkpoints (C2SP `signed-note`, `tlog-checkpoint`), read and checked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};

use super::tree::{Hash, sha256};

/// The type of an Ed25519 key.
const ED25519: u8 = 1;
/// The largest note that is read, in bytes, and the most signatures in one.
const MAX_NOTE_BYTES: usize = 64 * 1024;
const MAX_SIGNATURES: usize = 100;

/// A public key with the name under which it signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The name.
    pub name: String,
    id: [u8; 4],
    public: VerifyingKey,
}

impl Key {
    /// A key by its name and its 32 bytes in base64.
    pub fn of(name: &str, public_key: &str) -> Option<Self> {
        Self::new(name, &STANDARD.decode(public_key).ok()?)
    }

    fn new(name: &str, public: &[u8]) -> Option<Self> {
        let is_name = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+');
        let public = VerifyingKey::from_bytes(public.try_into().ok()?).ok().filter(|_| is_name)?;
        let hashed = [name.as_bytes(), b"\n", &[ED25519], public.as_bytes()].concat();
        let hash = sha256(&hashed);
        Some(Self { name: name.to_owned(), id: [hash[0], hash[1], hash[2], hash[3]], public })
    }

    /// A key as verifiers write it: `name+id+key`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().splitn(3, '+');
        let (name, id, typed) = (parts.next()?, parts.next()?, parts.next()?);
        let typed = STANDARD.decode(typed).ok()?;
        let (ED25519, public) = typed.split_first().map(|(kind, rest)| (*kind, rest))? else {
            return None;
        };
        Self::new(name, public).filter(|key| key.id_text() == id)
    }

    fn id_text(&self) -> String {
        self.id.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let typed = [&[ED25519][..], self.public.as_bytes()].concat();
        write!(f, "{}+{}+{}", self.name, self.id_text(), STANDARD.encode(typed))
    }
}

/// A signed note: a text, and what signs it.
#[derive(Debug, Clone)]
struct Note {
    text: String,
    /// Names, ids of keys, signatures.
    signatures: Vec<(String, [u8; 4], Vec<u8>)>,
}

impl Note {
    fn parse(note: &str) -> Option<Self> {
        let is_clean = !note.contains(|c: char| c.is_control() && c != '\n');
        let at = note.rfind("\n\n").filter(|_| is_clean && note.len() <= MAX_NOTE_BYTES)?;
        let (text, lines) = (&note[..=at], note[at + 2..].strip_suffix('\n')?);
        let mut signatures = Vec::new();
        for line in lines.split('\n').take(MAX_SIGNATURES + 1) {
            let (name, encoded) = line.strip_prefix("— ")?.split_once(' ')?;
            let bytes = STANDARD.decode(encoded).ok()?;
            let (id, signature) = bytes.split_first_chunk::<4>()?;
            signatures.push((name.to_owned(), *id, signature.to_vec()));
        }
        let is_some = (1..=MAX_SIGNATURES).contains(&signatures.len());
        is_some.then(|| Self { text: text.to_owned(), signatures })
    }

    /// Whether a key signs it. Signatures of others are ignored.
    fn is_signed_by(&self, key: &Key) -> bool {
        let mut own =
            self.signatures.iter().filter(|(name, id, _)| *name == key.name && *id == key.id);
        own.any(|(_, _, bytes)| {
            let signature = Signature::from_slice(bytes);
            signature.is_ok_and(|s| key.public.verify_strict(self.text.as_bytes(), &s).is_ok())
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
    note: Note,
}

impl Checkpoint {
    /// Reads a checkpoint; `None` where it is none.
    pub fn parse(note: &str) -> Option<Self> {
        let note = Note::parse(note)?;
        let mut lines = note.text.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let number: u64 = size.parse().ok().filter(|number: &u64| number.to_string() == size)?;
        let root = STANDARD.decode(root).ok()?.try_into().ok()?;
        let is_origin = !origin.is_empty();
        let origin = origin.to_owned();
        is_origin.then_some(Self { origin, size: number, root, note })
    }

    /// Whether a key signs it.
    pub fn is_signed_by(&self, key: &Key) -> bool {
        self.note.is_signed_by(key)
    }
}

/// The checkpoints of a file: notes, each followed by an empty line. What is no checkpoint is an error
/// with its number from 1; a last one without its empty line was never shown to anyone.
///
/// # Errors
/// The number.
pub fn checkpoints(text: &str) -> Result<Vec<Checkpoint>, usize> {
    let mut read = Vec::new();
    let parts: Vec<&str> = text.split("\n\n").collect();
    for note in parts[..parts.len() - 1].as_chunks::<2>().0 {
        let note = format!("{}\n\n{}\n", note[0], note[1]);
        read.push(Checkpoint::parse(&note).ok_or(read.len() + 1)?);
    }
    Ok(read)
}
