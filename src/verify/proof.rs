//! The proof that one event is in a log (C2SP `tlog-proof`), read and checked offline.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::finding::{Finding, Kind, Report};
use super::judge::Held;
use super::note::Checkpoint;
use super::tree::{Hash, includes, leaf};

/// More hashes than any tree is high.
const MAX_HASHES: usize = 64;

/// A proof.
#[derive(Debug, Clone)]
pub struct Proof {
    /// The event's sequence.
    pub index: u64,
    /// What it carries beside: the entry that was hashed.
    extra: Option<Vec<u8>>,
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
        let extra = lines.next_if(|line| line.starts_with("extra "));
        let extra = extra.and_then(|line| STANDARD.decode(&line["extra ".len()..]).ok());
        let number = lines.next()?.strip_prefix("index ")?;
        let index: u64 = number.parse().ok().filter(|index: &u64| index.to_string() == number)?;
        let path: Option<Vec<Hash>> =
            lines.map(|line| STANDARD.decode(line).ok()?.try_into().ok()).collect();
        let path = path.filter(|path| path.len() <= MAX_HASHES)?;
        Some(Self { index, extra, path, checkpoint: Checkpoint::parse(checkpoint)? })
    }

    /// Whether it proves that a leaf stands at its index in the checkpoint's tree. Who signed the
    /// checkpoint is another question.
    pub fn proves(&self, leaf: Hash) -> bool {
        let Checkpoint { size, root, .. } = &self.checkpoint;
        includes(self.index, *size, leaf, &self.path, root)
    }
}

/// Judges the file of a proof by the entry that it carries and the keys that are held.
pub fn judge(text: &str, held: &Held) -> Report {
    let mut report = Report::default();
    let mut found = |kind, text: &str| report.findings.push(Finding::new(kind, text));
    let Some(proof) = Proof::parse(text) else {
        found(Kind::Malformed, "it is no proof");
        return report;
    };
    if !held.keys.iter().any(|key| proof.checkpoint.is_signed_by(key)) {
        let text = "no key that is held signed its checkpoint: give the log's key with --key";
        found(Kind::Signature, text);
    }
    if proof.extra.as_deref().is_some_and(|entry| proof.proves(leaf(entry))) {
        (report.events, report.covered) = (1, proof.checkpoint.size);
        (report.checkpoints, report.held) = (1, true);
    } else {
        found(Kind::Proof, "it does not prove the entry that it carries");
    }
    report
}
