//! A log judged, event by event: order, density, revisions, and the tree against every checkpoint.

use std::collections::HashMap;

use serde_json::Value;

use super::event::Event;
use super::finding::{Finding, Kind, Report};
use super::keys::{Epoch, Keys};
use super::note::{Checkpoint, Key};
use super::tree::{Hash, Tree, hex};

/// What there is to hold a log against.
#[derive(Debug, Clone, Default)]
pub struct Held {
    /// Checkpoints that were kept beside the log: who can change the log may be able to change them.
    pub beside: Vec<Checkpoint>,
    /// Checkpoints that were held elsewhere.
    pub outside: Vec<Checkpoint>,
    /// Keys that are known from elsewhere.
    pub keys: Vec<Key>,
    /// Keys of witnesses that are known, and authorities that stamp times.
    pub witnesses: Vec<Key>,
}

/// A checkpoint to be compared.
#[derive(Debug, Clone)]
struct Due {
    checkpoint: Checkpoint,
    is_outside: bool,
}

/// The judge of one log.
#[derive(Debug, Default)]
pub struct Judge {
    tree: Tree,
    streams: HashMap<String, u64>,
    epochs: Keys,
    keys: Vec<Key>,
    witnesses: Vec<Key>,
    /// Whether one that was kept beside the log was found to hold.
    began: bool,
    /// By size, the largest first.
    due: Vec<Due>,
    /// The tree of the leaf hashes that were kept, from the first that is another than the log's.
    kept: Option<(u64, Tree)>,
    /// Whether nothing more can be said of the tree.
    lost: bool,
    report: Report,
}

impl Judge {
    /// A judge of a log by what is held.
    pub fn new(held: Held) -> Self {
        let due = |is_outside| move |checkpoint| Due { checkpoint, is_outside };
        let beside = held.beside.into_iter().map(due(false));
        let mut due: Vec<_> = beside.chain(held.outside.into_iter().map(due(true))).collect();
        let place = |one: &Checkpoint| (one.size, one.origin.clone());
        due.sort_by_cached_key(|due| std::cmp::Reverse(place(&due.checkpoint)));
        let Held { keys, witnesses, .. } = held;
        let mut report = Report::default();
        for two in due.windows(2) {
            let [one, other] = [&two[0].checkpoint, &two[1].checkpoint];
            if place(one) == place(other) && one.root != other.root {
                let text = format!(
                    "two checkpoints over {} events have different roots: the log was shown differently to \
                     different people, or one checkpoint is false",
                    one.size
                );
                report.found(Kind::Fork, None, text);
            }
        }
        Self { due, keys, witnesses, report, ..Self::default() }
    }

    /// How many events were judged.
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// Whether it is of no use to go on.
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// Names a key under which a server says that checkpoints are signed, where events can't be read.
    pub fn told(&mut self, since: u64, key: Key) {
        self.epochs.0.push(Epoch { since, key });
    }

    /// Judges the next event by its [`Event::leaf`]. `kept`: the hash of the one that was kept beside the log.
    pub fn event(&mut self, event: &Event<'_>, leaf: Option<Hash>, kept: Option<Hash>) {
        if self.lost {
            return;
        }
        let expected = self.tree.size();
        if event.sequence != expected {
            let (gone, met) = (expected, event.sequence);
            let what = if met > gone { "is missing" } else { "is followed by one out of order" };
            let text = format!("event {gone} {what}: the next one is {met}");
            self.report.found(Kind::Sequence, gone, text);
            self.lost = true;
            return;
        }
        self.revision(event);
        self.of_log(event);
        match leaf {
            Some(leaf) => self.leaf(leaf, kept),
            None => self.unreadable("its names are longer than any that are recorded".to_owned()),
        }
    }

    /// Says that what stands in the next event's place can't be read.
    pub fn unreadable(&mut self, reason: String) {
        self.report.found(Kind::Unreadable, self.tree.size(), reason);
        self.lost = true;
    }

    fn revision(&mut self, event: &Event<'_>) {
        let next = match self.streams.get_mut(event.stream) {
            Some(next) => next,
            None => self.streams.entry(event.stream.to_owned()).or_default(),
        };
        if event.revision != *next {
            let what =
                format!("revision {} of {}, where {next} is next", event.revision, event.stream);
            let text = format!("it is {what}: an event was removed, inserted or moved");
            self.report.found(Kind::Revision, event.sequence, text);
        }
        *next = event.revision.saturating_add(1);
    }

    /// What an event says of the log itself: its name and key, and losses that were accepted.
    fn of_log(&mut self, event: &Event<'_>) {
        self.report.findings.extend(self.epochs.take_in(event));
        if event.stream == "log" && event.kind == "LossAccepted" {
            let said: Value = serde_json::from_slice(event.data).unwrap_or_default();
            let before = said["old_checkpoint"].as_str().and_then(Checkpoint::parse);
            let loss =
                (event.sequence, said["old_head"].as_u64(), before.map(|before| before.size));
            self.report.losses.push(loss);
        }
    }

    /// Judges the next leaf by its hash alone.
    pub fn leaf(&mut self, leaf: Hash, kept: Option<Hash>) {
        match (&mut self.kept, kept) {
            (Some((_, tree)), kept) => tree.push(kept.unwrap_or(leaf)),
            (None, Some(kept)) if kept != leaf => {
                let mut tree = self.tree.clone();
                tree.push(kept);
                self.kept = Some((self.tree.size(), tree));
            }
            (None, _) => {}
        }
        self.tree.push(leaf);
        let size = self.tree.size();
        while let Some(due) = self.due.pop_if(|due| due.checkpoint.size <= size) {
            self.compare(&due);
        }
    }

    /// Holds the tree against a checkpoint of its size.
    fn compare(&mut self, due: &Due) {
        let Due { checkpoint, is_outside } = due;
        if !self.is_of_this(due) || !self.is_signed(checkpoint, *is_outside) {
            return;
        }
        let root = if checkpoint.size == 0 { Tree::default().root() } else { self.tree.root() };
        if checkpoint.root == root {
            let lacks = self.epochs.lacks_former(checkpoint, self.report.covered);
            self.report.findings.extend(lacks.filter(|_| self.began && !is_outside));
            self.report.witness(checkpoint, &self.witnesses);
            // One that is kept with the signatures of witnesses is kept twice.
            self.report.checkpoints += u64::from(self.report.covered != checkpoint.size);
            self.report.held |= is_outside;
            self.began |= !is_outside;
            self.report.covered = checkpoint.size;
            return;
        }
        // What follows the first that is another is another too.
        if self.report.findings.iter().any(|finding| finding.kind == Kind::Changed) {
            return;
        }
        let shown = self.kept.as_ref().filter(|(_, tree)| tree.root() == checkpoint.root);
        let between = match shown {
            Some((first, _)) => (*first, *first),
            None => (self.report.covered, checkpoint.size.saturating_sub(1)),
        };
        let which = if between.0 == between.1 { "this event is" } else { "one of these events is" };
        let covers = format!("that the checkpoint over {} events covers", checkpoint.size);
        let text =
            format!("{which} not the one {covers}: it was changed, removed, inserted or moved");
        self.report.findings.push(Finding { kind: Kind::Changed, between: Some(between), text });
    }

    /// Whether a checkpoint is of this log, and covers nothing that was lost since.
    fn is_of_this(&mut self, due: &Due) -> bool {
        let Due { checkpoint, is_outside } = due;
        let (origin, size) = (&checkpoint.origin, checkpoint.size);
        let Some(at) = self.epochs.place(checkpoint) else {
            let ours = self.epochs.0.last().map_or("unknown", |epoch| epoch.key.name.as_str());
            let text =
                format!("a checkpoint over {size} events is of {origin:?}, this log is {ours:?}");
            self.report.found(Kind::OtherLog, None, text);
            return false;
        };
        let lost = self.epochs.renamed_after(at).filter(|since| size > *since);
        let Some(since) = lost else { return true };
        // Who forges such an event would make what was removed look accepted.
        if *is_outside {
            let text =
                format!("{size} events were signed; that those from here on are lost was accepted");
            self.report.found(Kind::Shorter, since, text);
        }
        false
    }

    fn is_signed(&mut self, checkpoint: &Checkpoint, is_outside: bool) -> bool {
        let Some(finding) = self.epochs.unsigned(checkpoint, is_outside) else { return true };
        if !self.report.findings.contains(&finding) {
            self.report.findings.push(finding);
        }
        // One that is held outside still says what the tree was.
        is_outside
    }

    /// Ends, and says what came of it.
    pub fn finish(mut self) -> Report {
        self.report.events = self.tree.size();
        self.report.root = hex(&self.tree.root());
        for due in std::mem::take(&mut self.due) {
            let is_ours = self.is_of_this(&due);
            if !is_ours || !self.is_signed(&due.checkpoint, due.is_outside) || self.lost {
                continue;
            }
            let sizes = format!("{} events, and {}", self.tree.size(), due.checkpoint.size);
            let text =
                format!("it has {sizes} were signed: the newest are gone, or it is an older copy");
            self.report.found(Kind::Shorter, None, text);
            break;
        }
        for held in &self.keys {
            if !self.epochs.0.iter().any(|epoch| epoch.key == *held) {
                let text = format!("the log does not name the key that is held, {held}");
                self.report.found(Kind::OtherKey, None, text);
            }
        }
        self.report.miss_witnesses(&self.witnesses);
        self.report
    }
}
