//! The proof that one event is in a log (C2SP `tlog-proof`), read and checked offline.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::note::Checkpoint;
use super::tree::{Hash, includes};

/// More hashes than any tree is high.
const MAX_HASHES: usize = 64;

/// A proof.
#[derive(Debug, Clone)]
pub struct Proof {
    /// The event's sequence.
    pub index: u64,
    path: Vec<Hash>,
    /// The checkpoint against which it is proved.
    pub checkpoint: Checkpoint,
}

impl Proof {
    /// Reads the file of a proof; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (head, checkpoint) = text.split_once("\n\n")?;
        let mut lines = head.split('\n').peekable();
        lines.next().filter(|line| *line == "c2sp.org/tlog-proof@v1")?;
        lines.next_if(|line| line.starts_with("extra "));
        let number = lines.next()?.strip_prefix("index ")?;
        let index: u64 = number.parse().ok().filter(|index: &u64| index.to_string() == number)?;
        let path: Option<Vec<Hash>> =
            lines.map(|line| STANDARD.decode(line).ok()?.try_into().ok()).collect();
        let path = path.filter(|path| path.len() <= MAX_HASHES)?;
        Some(Self { index, path, checkpoint: Checkpoint::parse(checkpoint)? })
    }

    /// Whether it proves that a leaf stands at its index in the checkpoint's tree. Who signed the
    /// checkpoint is another question.
    pub fn proves(&self, leaf: Hash) -> bool {
        let Checkpoint { size, root, .. } = &self.checkpoint;
        includes(self.index, *size, leaf, &self.path, root)
    }
}
