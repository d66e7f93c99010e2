//! The handle by which a test tells the stand-in what to do and asks what it has seen, from any
//! thread, while clients work.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use prost::Message;
use uuid::Uuid;

use super::World;
use super::faults::{Call, Fault};
use super::store::Proposed;
use super::wire::{EventCore, Expected};

/// What was called so far.
#[derive(Debug, Default)]
pub struct Counters {
    pub appends: AtomicU64,
    pub batched: AtomicU64,
    pub waiting: AtomicU64,
    pub most_batched: AtomicU64,
    pub reads: AtomicU64,
    pub of_all: AtomicU64,
    pub connections: AtomicU64,
}

/// A stored event, for assertions.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub position: u64,
    pub stream: String,
    pub revision: u64,
    pub id: Uuid,
    pub kind: String,
    pub data: Bytes,
    pub metadata: Bytes,
}

/// Clones are the same handle.
#[derive(Clone)]
pub struct Control {
    pub(super) world: Arc<World>,
}

impl Control {
    /// The next `times` calls go wrong so.
    pub fn fail_next(&self, call: Call, times: usize, fault: Fault) {
        self.world.faults.next(call, "", times, fault);
    }

    /// The next `times` calls on streams whose name starts with `prefix` go wrong so.
    pub fn fail_next_on(&self, prefix: &str, call: Call, times: usize, fault: Fault) {
        self.world.faults.next(call, prefix, times, fault);
    }

    /// Each such call goes wrong with this probability, until [`Self::behave`].
    pub fn fail_randomly(&self, call: Call, probability: f64, fault: Fault) {
        self.world.faults.randomly(call, "", probability, fault);
    }

    /// What the random faults are drawn from; 0 without.
    pub fn seed(&self, seed: u64) {
        self.world.faults.seed(seed);
    }

    /// Forgets every fault asked for.
    pub fn behave(&self) {
        self.world.faults.clear();
    }

    /// Waits until so many calls are held by [`Fault::Hold`].
    pub async fn held(&self, calls: usize) {
        self.world.held.until(calls).await;
    }

    /// Lets every call that is held go on.
    pub fn release(&self) {
        self.world.held.release();
    }

    /// How long one flush takes, which the appends that wait for it share. Zero at first.
    pub fn flush_takes(&self, time: Duration) {
        self.world.flush_us.store(time.as_micros() as u64, Relaxed);
    }

    /// Appends received.
    pub fn appends(&self) -> u64 {
        self.world.counters.appends.load(Relaxed)
    }

    /// Appends received on batch calls.
    pub fn batched(&self) -> u64 {
        self.world.counters.batched.load(Relaxed)
    }

    /// The most appends of batch calls that waited for an answer at a time.
    pub fn most_batched(&self) -> u64 {
        self.world.counters.most_batched.load(Relaxed)
    }

    /// Reads received.
    pub fn reads(&self) -> u64 {
        self.world.counters.reads.load(Relaxed)
    }

    /// Events read out of all.
    pub fn events_of_all(&self) -> u64 {
        self.world.counters.of_all.load(Relaxed)
    }

    /// Connections accepted.
    pub fn connections(&self) -> u64 {
        self.world.counters.connections.load(Relaxed)
    }

    /// Everything stored, system events too, in the order of positions.
    pub fn events(&self) -> Vec<Event> {
        let stored = self.world.store.lock().unwrap().read_all(0, usize::MAX, false);
        let event = |stored: &super::store::Stored| {
            let mut core = EventCore::decode(stored.core.clone()).unwrap();
            Event {
                position: stored.position,
                stream: stored.stream.to_string(),
                revision: stored.revision,
                id: stored.id,
                kind: core.metadata.remove("type").unwrap(),
                data: core.data,
                metadata: core.custom_metadata,
            }
        };
        stored.iter().map(|stored| event(stored)).collect()
    }

    /// The events of ordinary streams, by stream.
    pub fn streams(&self) -> BTreeMap<String, Vec<Event>> {
        let mut streams: BTreeMap<String, Vec<Event>> = BTreeMap::new();
        for event in self.events() {
            if !event.stream.starts_with('$') {
                streams.entry(event.stream.clone()).or_default().push(event);
            }
        }
        streams
    }

    /// Appends an event that is none of ours, at the end of its stream.
    pub fn append_foreign(&self, stream: &str, kind: &str, data: &[u8]) {
        let mut store = self.world.store.lock().unwrap();
        let mut event = Proposed::json(kind, &serde_json::Value::Null, store.tail());
        event.data = Bytes::copy_from_slice(data);
        store.append(stream, Expected::Any(()), &[event]);
        drop(store);
        self.world.grown.notify_waiters();
    }

    /// Stores events of a test's own choice at the end of a stream: the quick way to a long log.
    pub fn load(&self, stream: &str, events: &[Proposed]) {
        self.world.store.lock().unwrap().append(stream, Expected::Any(()), events);
        self.world.grown.notify_waiters();
    }

    /// Sets a stream's metadata, such as `{"$maxCount": 2}`.
    pub fn set_stream_metadata(&self, stream: &str, metadata: &serde_json::Value) {
        self.world.store.lock().unwrap().set_metadata(stream, metadata);
        self.world.grown.notify_waiters();
    }

    /// Takes away what metadata, deletions and tombstones hide.
    pub fn scavenge(&self) {
        self.world.store.lock().unwrap().scavenge();
    }

    /// Cuts every connection; the nodes go on listening.
    pub fn cut_connections(&self) {
        self.world.nodes.iter().for_each(super::node::Node::cut_all);
    }

    /// Kills node 0, waits, and starts it again on the same port with the same data.
    pub fn restart(&self, down: Duration) {
        self.kill(0);
        std::thread::sleep(down);
        self.start(0);
    }

    /// Kills a node: nobody listens there any more and its connections are cut. If it was the leader,
    /// the others go on naming it, as they do for a while, until [`Self::move_leader`].
    pub fn kill(&self, node: usize) {
        self.world.nodes[node].kill();
    }

    /// Starts a killed node again, on its port.
    pub fn start(&self, node: usize) {
        self.world.nodes[node].start(&self.world);
    }

    /// Makes another node the leader.
    pub fn move_leader(&self, node: usize) {
        assert!(node < self.world.nodes.len(), "there is no node {node}");
        self.world.leader.store(node, Relaxed);
    }
}
