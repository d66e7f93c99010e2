//! What verifying comes to: findings, each with its place and what it means.

use super::note::{Checkpoint, Key};

/// What is wrong, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An event is missing, or stands out of order.
    Sequence,
    /// A stream lacks an event, or has one twice.
    Revision,
    /// What stands in an event's place can't be one.
    Unreadable,
    /// An event, or one of a range, is not the one that was signed.
    Changed,
    /// Fewer events than were signed.
    Shorter,
    /// A checkpoint of another log.
    OtherLog,
    /// A checkpoint that the log's key did not sign.
    Signature,
    /// A checkpoint under a key of the log that is valid for trees of other sizes.
    KeySizes,
    /// The log names another key than the one that is held.
    OtherKey,
    /// Two checkpoints that can't both be true.
    Fork,
    /// Something is no checkpoint, proof or other file of the form that it should have.
    Malformed,
    /// An archive that is cut short or damaged.
    Truncated,
    /// One that is larger than any bundle, or grows to it when it is opened.
    Oversized,
    /// One with a path that leads out of it.
    Climbs,
    /// A proof that does not prove its event.
    Proof,
    /// Something is on record that is said not to be, or it is not proved that it is not.
    Absence,
    /// A witness that is known signed no checkpoint that holds.
    Witness,
    /// A file that is missing, or is not the one that the bundle lists.
    File,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub kind: Kind,
    /// The first and the last sequence between which it is, where that is known.
    pub between: Option<(u64, u64)>,
    /// What was met and what it means.
    pub text: String,
}

/// What was verified, and what was found.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// How many events were read in order.
    pub events: u64,
    /// The Merkle root over them, in hexadecimal.
    pub root: String,
    /// How many of them, from the first on, a checkpoint covers that holds.
    pub covered: u64,
    /// How many checkpoints hold.
    pub checkpoints: u64,
    /// Whether one of them was held outside the log.
    pub held: bool,
    /// The largest tree that each witness or authority signed: its name, the size, and when by its clock.
    pub witnessed: Vec<(String, u64, u64)>,
    /// What a bundle proves not to be on record.
    pub absent: Option<String>,
    /// Losses that were accepted: the sequence of that event, the last sequence that the log had, and what
    /// is known of the checkpoint before.
    pub losses: Vec<(u64, Option<u64>, Option<u64>)>,
    /// Where documents were looked at: how many are whole, and those that no event names.
    pub documents: Option<(u64, Vec<String>)>,
    /// What is wrong; nothing where all holds.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Takes in that something is wrong, at an event or not.
    pub fn found(&mut self, kind: Kind, at: impl Into<Option<u64>>, text: impl Into<String>) {
        let between = at.into().map(|at| (at, at));
        self.findings.push(Finding { kind, between, text: text.into() });
    }

    /// Takes in who of some witnesses signed a checkpoint that holds.
    pub fn witness(&mut self, checkpoint: &Checkpoint, witnesses: &[Key]) {
        for witness in witnesses {
            let Some(time) = checkpoint.signed_at(witness) else { continue };
            self.witnessed.retain(|(name, ..)| *name != witness.name);
            self.witnessed.push((witness.name.clone(), checkpoint.size, time));
        }
    }

    /// Says which of them signed none.
    pub fn miss_witnesses(&mut self, witnesses: &[Key]) {
        for witness in witnesses {
            if !self.witnessed.iter().any(|(name, ..)| *name == witness.name) {
                let text = format!("the witness {} signed no checkpoint that holds", witness.name);
                self.found(Kind::Witness, None, text);
            }
        }
    }
}
