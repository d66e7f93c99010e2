//! The names and keys of a log, as its own events give them: which key counts for a tree of which size.

use serde_json::Value;

use super::event::Event;
use super::finding::{Finding, Kind};
use super::note::{Checkpoint, Key};

/// Under which key checkpoints are signed, from an event on: those of more events than its sequence.
#[derive(Debug, Clone)]
pub struct Epoch {
    /// The sequence of that event.
    pub since: u64,
    /// The key, and the log's name.
    pub key: Key,
}

fn finding(kind: Kind, at: u64, text: String) -> Finding {
    Finding { kind, between: Some((at, at)), text }
}

/// All of a log, oldest first.
#[derive(Debug, Default)]
pub struct Keys(pub Vec<Epoch>);

impl Keys {
    /// Takes in what an event says of the log's name and key. The first must name them.
    pub fn take_in(&mut self, event: &Event<'_>) -> Option<Finding> {
        let is_first = event.sequence == 0;
        let names = match event.kind {
            "LogCreated" => is_first,
            "LossAccepted" | "KeyRotated" => !is_first && event.stream == "log",
            _ => false,
        };
        if !names && !is_first {
            return None;
        }
        let said: Option<Value> = serde_json::from_slice(event.data).ok().filter(|_| names);
        let member = |name: &str| Some(said.as_ref()?.get(name)?.as_str()?.to_owned());
        let origin = match event.kind {
            "KeyRotated" => self.0.last().map(|epoch| epoch.key.name.clone()),
            _ => member("origin"),
        };
        let key = origin.zip(member("public_key")).and_then(|(name, key)| Key::of(&name, &key));
        let text = "it does not name the log's checkpoints and their key, as it should".to_owned();
        let unread = || Some(finding(Kind::Unreadable, event.sequence, text));
        key.map_or_else(unread, |key| self.name(event.sequence, key))
    }

    /// Takes in the key that an event names; a server may have told it before.
    fn name(&mut self, since: u64, key: Key) -> Option<Finding> {
        let Some(told) = self.0.iter_mut().find(|epoch| epoch.since == since) else {
            self.0.push(Epoch { since, key });
            return None;
        };
        let text = format!("the server tells another key than this event names, {}", told.key);
        let is_other = told.key != key;
        told.key = key;
        is_other.then(|| finding(Kind::OtherKey, since, text))
    }

    /// The place of the key that counts for a checkpoint; `None` where it is of another log.
    pub fn place(&self, checkpoint: &Checkpoint) -> Option<usize> {
        let is_of = |epoch: &Epoch| epoch.key.name == checkpoint.origin;
        let covered = |epoch: &Epoch| is_of(epoch) && epoch.since < checkpoint.size;
        self.0.iter().rposition(covered).or_else(|| self.0.iter().position(is_of))
    }

    /// What is wrong with who signed a checkpoint of this log; `held`: outside of it.
    pub fn unsigned(&self, checkpoint: &Checkpoint, held: bool) -> Option<Finding> {
        let now = &self.0[self.place(checkpoint)?];
        if checkpoint.is_signed_by(&now.key) {
            return None;
        }
        let held = if held { "held " } else { "" };
        let which = format!("the {held}checkpoint over {} events", checkpoint.size);
        let mut own = self.0.iter().filter(|epoch| epoch.key.name == checkpoint.origin);
        let other = own.find(|epoch| checkpoint.is_signed_by(&epoch.key));
        let (kind, text) = match other.map(|other| (other.since, now.since)) {
            Some((other, now)) => (
                Kind::KeySizes,
                format!("{which} is signed by the key of event {other}, not {now}"),
            ),
            None => {
                (Kind::Signature, format!("{which} is not signed by the key that the log names"))
            }
        };
        Some(Finding { kind, between: None, text })
    }

    /// Whether a checkpoint, the first that covers a change of keys, lacks the signature of the key before.
    pub fn lacks_former(&self, checkpoint: &Checkpoint, covered: u64) -> Option<Finding> {
        let at = self.place(checkpoint).filter(|at| *at > 0 && covered <= self.0[*at].since)?;
        let (former, now) = (&self.0[at - 1], &self.0[at]);
        let lacks = former.key.name == now.key.name && !checkpoint.is_signed_by(&former.key);
        let which = format!("the first checkpoint after it, over {} events", checkpoint.size);
        let text = format!("{which}, is not signed by the key before, as a change of keys asks");
        lacks.then(|| finding(Kind::Signature, now.since, text))
    }

    /// The event from which on the log has another name than a checkpoint.
    pub fn renamed_after(&self, at: usize) -> Option<u64> {
        let name = &self.0[at].key.name;
        self.0[at..].iter().find(|epoch| epoch.key.name != *name).map(|epoch| epoch.since)
    }
}
