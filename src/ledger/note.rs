//! Checkpoints as C2SP signed notes (`tlog-checkpoint`, `signed-note`): origin, size and root, signed with
//! Ed25519. What signs here also reads what it has kept; who verifies has code of their own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest, Sha256};

use super::root::Hash;

/// The type of an Ed25519 key in a signed note.
const ED25519: u8 = 1;

/// A checkpoint that was signed: what it says, and the note as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The log that it is of.
    pub origin: String,
    /// How many events it covers.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The note, signatures included.
    pub note: String,
}

impl Signed {
    /// Reads a note of one's own; its signatures are not looked at.
    pub fn parse(note: &str) -> Option<Self> {
        let (text, signatures) = note.split_once("\n\n")?;
        if !signatures.starts_with("— ") || !signatures.ends_with('\n') {
            return None;
        }
        let mut lines = text.split('\n');
        let (origin, size) = (lines.next()?.to_owned(), lines.next()?.parse().ok()?);
        let root = STANDARD.decode(lines.next()?).ok()?.try_into().ok()?;
        Some(Self { origin, size, root, note: note.to_owned() })
    }
}

/// What signs checkpoints: the log's name and its key.
#[derive(Clone)]
pub struct Signer {
    origin: String,
    pair: SigningKey,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl Signer {
    /// Signs for the log of this origin.
    pub fn new(origin: String, pair: SigningKey) -> Self {
        Self { origin, pair }
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The public key, 32 bytes in base64.
    pub fn public_key(&self) -> String {
        STANDARD.encode(self.pair.verifying_key().as_bytes())
    }

    /// The checkpoint of a tree.
    pub fn sign(&self, size: u64, root: Hash) -> Signed {
        let text = format!("{}\n{size}\n{}\n", self.origin, STANDARD.encode(root));
        let public = self.pair.verifying_key().to_bytes();
        let mut signature = key_id(&self.origin, ED25519, &public).to_vec();
        signature.extend_from_slice(&self.pair.sign(text.as_bytes()).to_bytes());
        let note = format!("{text}\n— {} {}\n", self.origin, STANDARD.encode(signature));
        Signed { origin: self.origin.clone(), size, root, note }
    }
}

impl Signed {
    /// The same with one more signature: that of the log's key before.
    #[must_use]
    pub fn also_by(self, former: &Signer) -> Self {
        let other = former.sign(self.size, self.root).note;
        let line = other.rsplit_once("\n\n").map_or("", |(_, line)| line);
        Self { note: format!("{}{line}", self.note), ..self }
    }

    /// What was signed, and the lines of signatures.
    pub fn parts(&self) -> (&str, &str) {
        let at = self.note.find("\n\n").map_or(0, |at| at + 1);
        (&self.note[..at], self.note.get(at + 1..).unwrap_or_default())
    }
}

/// The first bytes of the hash of a key and its name, by which a signature says whose it is.
pub(super) fn key_id(name: &str, kind: u8, public: &[u8]) -> [u8; 4] {
    let mut hasher = Sha256::new();
    hasher.update(name.as_bytes());
    hasher.update([b'\n', kind]);
    hasher.update(public);
    let hash: Hash = hasher.finalize().into();
    [hash[0], hash[1], hash[2], hash[3]]
}

/// A public key as verifiers take it: name, id and key. `None` where it is no key.
pub fn verifier_key(origin: &str, public_key: &str) -> Option<String> {
    let public = STANDARD.decode(public_key).ok().filter(|public| public.len() == 32)?;
    let id: String =
        key_id(origin, ED25519, &public).iter().map(|byte| format!("{byte:02x}")).collect();
    let typed = [&[ED25519][..], &public].concat();
    Some(format!("{origin}+{id}+{}", STANDARD.encode(typed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_reads_as_it_was_signed_and_half_a_note_does_not() {
        let signer = Signer::new("docket/test".to_owned(), SigningKey::from_bytes(&[7; 32]));
        let signed = signer.sign(12, [3; 32]);
        assert_eq!(Signed::parse(&signed.note).as_ref(), Some(&signed));
        for cut in 0..signed.note.len() {
            let half = signed.note.get(..cut).unwrap_or_default();
            assert_eq!(Signed::parse(half), None, "{half}");
        }
    }

    /// Name, key and id from the Go checksum database, which is a signed note.
    #[test]
    fn a_verifier_key_is_that_of_the_specification() {
        let key = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
        let (_, encoded) = key.split_once("+033de0ae+").unwrap_or_default();
        let typed = STANDARD.decode(encoded).unwrap_or_default();
        let made = verifier_key("sum.golang.org", &STANDARD.encode(&typed[1..]));
        assert_eq!(made.as_deref(), Some(key));
    }
}
