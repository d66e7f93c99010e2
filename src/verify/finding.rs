//! What verifying comes to: findings, each with its place and what it means.

use std::fmt;

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
    /// The log names another key than the one that is held.
    OtherKey,
    /// Two checkpoints that can't both be true.
    Fork,
    /// Something is no checkpoint, proof or other file of the form that it should have.
    Malformed,
    /// A proof that does not prove its event.
    Proof,
    /// A file that is missing, or is not the one that the bundle lists.
    File,
}

impl Kind {
    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sequence => "sequence",
            Self::Revision => "revision",
            Self::Unreadable => "unreadable",
            Self::Changed => "changed",
            Self::Shorter => "shorter",
            Self::OtherLog => "other-log",
            Self::Signature => "signature",
            Self::OtherKey => "other-key",
            Self::Fork => "fork",
            Self::Malformed => "malformed",
            Self::Proof => "proof",
            Self::File => "file",
        }
    }
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

impl Finding {
    /// A finding without a place.
    pub fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, between: None, text: text.into() }
    }

    /// The same at an event.
    pub fn at(self, sequence: u64) -> Self {
        Self { between: Some((sequence, sequence)), ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.between {
            Some((first, last)) if first == last => write!(f, "sequence {first}: ")?,
            Some((first, last)) => write!(f, "sequences {first} to {last}: ")?,
            None => {}
        }
        f.write_str(&self.text)
    }
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
    /// Losses that were accepted: the sequence of that event, the last sequence that the log had, and what
    /// is known of the checkpoint before.
    pub losses: Vec<(u64, Option<u64>, Option<u64>)>,
    /// Where documents were looked at: how many are whole, and those that no event names.
    pub documents: Option<(u64, Vec<String>)>,
    /// What is wrong; nothing where all holds.
    pub findings: Vec<Finding>,
}
