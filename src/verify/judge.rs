//! A log judged, event by event: order, density, revisions, and the tree against every checkpoint.

use std::collections::HashMap;

use serde_json::Value;

use super::event::Event;
use super::finding::{Finding, Kind, Report};
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
}

/// Under which key checkpoints are signed, from an event on.
#[derive(Debug, Clone)]
struct Epoch {
    since: u64,
    key: Key,
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
    epochs: Vec<Epoch>,
    keys: Vec<Key>,
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
        let place = |due: &Due| (due.checkpoint.size, due.checkpoint.origin.clone());
        due.sort_by_cached_key(|due| std::cmp::Reverse(place(due)));
        let mut judge = Self { due, keys: held.keys, ..Self::default() };
        judge.look_for_forks();
        judge
    }

    /// Two checkpoints of one size and origin have one root.
    fn look_for_forks(&mut self) {
        let forks = self.due.windows(2).filter_map(|two| {
            let [one, other] = [&two[0].checkpoint, &two[1].checkpoint];
            let is_fork =
                one.origin == other.origin && one.size == other.size && one.root != other.root;
            is_fork.then(|| {
                let text = format!(
                    "two checkpoints over {} events have different roots: the log was shown differently to \
                     different people, or one checkpoint is false",
                    one.size
                );
                Finding::new(Kind::Fork, text)
            })
        });
        self.report.findings.extend(forks);
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
    pub fn told(&mut self, since: u64, origin: &str, public: Key) {
        if public.name == origin {
            self.epochs.push(Epoch { since, key: public });
        }
    }

    /// Judges the next event. `kept`: the hash of the leaf in its place that was kept beside the log.
    pub fn event(&mut self, event: &Event<'_>, kept: Option<Hash>) {
        if self.lost {
            return;
        }
        let expected = self.tree.size();
        if event.sequence != expected {
            let (gone, met) = (expected, event.sequence);
            let what = if met > gone { "is missing" } else { "is followed by one out of order" };
            let text = format!("event {gone} {what}: the next one is {met}");
            self.report.findings.push(Finding::new(Kind::Sequence, text).at(gone));
            self.lost = true;
            return;
        }
        self.revision(event);
        if expected == 0 || event.stream == "log" {
            self.of_log(event);
        }
        match event.leaf() {
            Some(leaf) => self.leaf(leaf, kept),
            None => self.unreadable("its names are longer than any that are recorded".to_owned()),
        }
    }

    /// Says that what stands in the next event's place can't be read.
    pub fn unreadable(&mut self, reason: String) {
        let at = self.tree.size();
        self.report.findings.push(Finding::new(Kind::Unreadable, reason).at(at));
        self.lost = true;
    }

    fn revision(&mut self, event: &Event<'_>) {
        let next = match self.streams.get_mut(event.stream) {
            Some(next) => next,
            None => self.streams.entry(event.stream.to_owned()).or_default(),
        };
        if event.revision != *next {
            let text = format!(
                "it is revision {} of the stream {}, where {next} comes next: an event of that stream was \
                 removed, inserted or moved",
                event.revision, event.stream
            );
            self.report.findings.push(Finding::new(Kind::Revision, text).at(event.sequence));
        }
        *next = event.revision.saturating_add(1);
    }

    /// What an event says of the log itself: its name and key, and losses that were accepted.
    fn of_log(&mut self, event: &Event<'_>) {
        let is_first = event.sequence == 0;
        let names =
            if is_first { event.kind == "LogCreated" } else { event.kind == "LossAccepted" };
        if !names && !is_first {
            return;
        }
        let said: Option<Value> = serde_json::from_slice(event.data).ok().filter(|_| names);
        let member = |name: &str| said.as_ref()?.get(name)?.as_str();
        let key = member("origin").zip(member("public_key"));
        match key.and_then(|(origin, public)| Key::of(origin, public)) {
            Some(key) => self.named(event.sequence, key),
            None => {
                let text = "it does not name the log's checkpoints and their key, as it should";
                self.report.findings.push(Finding::new(Kind::Unreadable, text).at(event.sequence));
            }
        }
        if event.kind == "LossAccepted" {
            let head = said.as_ref().and_then(|said| said.get("old_head")?.as_u64());
            let before = member("old_checkpoint").and_then(Checkpoint::parse);
            let before = before.map(|checkpoint| checkpoint.size);
            self.report.losses.push((event.sequence, head, before));
        }
    }

    /// Takes in the key that an event names; a server may have told it before.
    fn named(&mut self, since: u64, key: Key) {
        let told = self.epochs.iter_mut().find(|epoch| epoch.since == since);
        let Some(told) = told else { return self.epochs.push(Epoch { since, key }) };
        if told.key != key {
            let text = format!("the server tells another key than this event names, {}", told.key);
            self.report.findings.push(Finding::new(Kind::OtherKey, text).at(since));
            told.key = key;
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
            self.report.checkpoints += 1;
            self.report.held |= is_outside;
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
        let text = format!(
            "{which} not the one that the checkpoint over {} events covers: it was changed, removed, \
             inserted or moved after that was signed",
            checkpoint.size
        );
        let finding = Finding::new(Kind::Changed, text);
        self.report.findings.push(Finding { between: Some(between), ..finding });
    }

    /// Whether a checkpoint is of this log, and covers nothing that was lost since.
    fn is_of_this(&mut self, due: &Due) -> bool {
        let Due { checkpoint, is_outside } = due;
        let (origin, size) = (&checkpoint.origin, checkpoint.size);
        let at = self.epochs.iter().position(|epoch| epoch.key.name == *origin);
        let Some(at) = at else {
            let ours = self.epochs.last().map_or("unknown", |epoch| epoch.key.name.as_str());
            let text = format!(
                "the checkpoint over {size} events is of the log {origin:?}, this log is {ours:?}"
            );
            self.report.findings.push(Finding::new(Kind::OtherLog, text));
            return false;
        };
        let lost = self.epochs.get(at + 1).map(|next| next.since).filter(|since| size > *since);
        let Some(since) = lost else { return true };
        // Who forges such an event would make what was removed look accepted.
        if *is_outside {
            let text = format!(
                "a checkpoint over {size} events was signed, and event {since} says that those from there on \
                 were lost and that this was accepted: they are not in this log"
            );
            self.report.findings.push(Finding::new(Kind::Shorter, text).at(since));
        }
        false
    }

    fn is_signed(&mut self, checkpoint: &Checkpoint, is_outside: bool) -> bool {
        let key = self.epochs.iter().find(|epoch| epoch.key.name == checkpoint.origin);
        if key.is_some_and(|epoch| checkpoint.is_signed_by(&epoch.key)) {
            return true;
        }
        let text = format!(
            "the checkpoint over {} events{} is not signed by the key that the log names",
            checkpoint.size,
            if is_outside { ", held outside the log," } else { "" }
        );
        let finding = Finding::new(Kind::Signature, text);
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
            let (size, events) = (due.checkpoint.size, self.tree.size());
            let text = format!(
                "the log has {events} events, and a checkpoint over {size} was signed: the newest were \
                 removed, or this is an older copy"
            );
            self.report.findings.push(Finding::new(Kind::Shorter, text));
            break;
        }
        for held in &self.keys {
            let named = self.epochs.iter().any(|epoch| epoch.key == *held);
            if !named {
                let text = format!("the log does not name the key that is held, {held}");
                self.report.findings.push(Finding::new(Kind::OtherKey, text));
            }
        }
        self.report
    }
}
