//! The proof that one event is in a log (C2SP `tlog-proof`), checked offline.

use super::finding::{Kind, Report};
use super::judge::Held;
use super::note::Checkpoint;
use super::tree::{Hash, includes, leaf};

/// A proof.
#[derive(Debug, Clone)]
pub struct Proof {
    /// The event's sequence.
    pub index: u64,
    /// What it carries beside: the entry that was hashed.
    pub(super) extra: Option<Vec<u8>>,
    pub(super) path: Vec<Hash>,
    /// The checkpoint against which it is proved.
    pub checkpoint: Checkpoint,
}

impl Proof {
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
    let mut found = |kind, text: &str| report.found(kind, None, text);
    let Some(proof) = Proof::parse(text) else {
        found(Kind::Malformed, "it is no proof");
        return report;
    };
    let checkpoint = &proof.checkpoint;
    if !held.keys.iter().any(|key| key.name == checkpoint.origin) && !held.keys.is_empty() {
        found(Kind::OtherLog, "its checkpoint is of another log than the key that is held");
    } else if !held.keys.iter().any(|key| checkpoint.is_signed_by(key)) {
        let text = "no key that is held signed its checkpoint: give the log's key with --key";
        found(Kind::Signature, text);
    }
    if proof.extra.as_deref().is_some_and(|entry| proof.proves(leaf(entry))) {
        (report.events, report.covered) = (1, proof.checkpoint.size);
        (report.checkpoints, report.held) = (1, true);
    } else {
        found(Kind::Proof, "it does not prove the entry that it carries");
    }
    report.witness(checkpoint, &held.witnesses);
    report.miss_witnesses(&held.witnesses);
    report
}
