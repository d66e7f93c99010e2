//! Signed notes, checkpoints and keys, read from their texts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::verify::note::{Checkpoint, ED25519, Key, Note, Public, WITNESS};

/// The largest note that is read, in bytes, and the most signatures in one.
const MAX_NOTE_BYTES: usize = 64 * 1024;
const MAX_SIGNATURES: usize = 100;

impl Key {
    /// A key as verifiers write it: `name+id+key`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().splitn(3, '+');
        let (name, id, typed) = (parts.next()?, parts.next()?, parts.next()?);
        let typed = STANDARD.decode(typed).ok()?;
        let (kind, public) = typed.split_first().filter(|(k, _)| [ED25519, WITNESS].contains(k))?;
        Self::new(name, *kind, public).filter(|key| key.id_text() == id)
    }

    fn id_text(&self) -> String {
        self.id.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.public {
            Public::Key(public) => {
                let typed = [&[self.kind][..], public.as_bytes()].concat();
                write!(f, "{}+{}+{}", self.name, self.id_text(), STANDARD.encode(typed))
            }
            Public::Authority(_) => f.write_str(&self.name),
        }
    }
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
