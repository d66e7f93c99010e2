//! A stand-in for a KurrentDB server, for tests: it speaks the protocol over real sockets to the
//! official client and gives the answers that a server of the line 23.10 was seen to give (revisions,
//! positions, retries known by id, refusals with their trailers), and can be told to misbehave.
//!
//! It keeps everything in memory and across restarts. Several nodes share one store, so a follower
//! is never behind. Not here: persistent subscriptions, filters, link resolution,
//! `Any` as an expectation (its retries are safe only for a while: refused, so that nobody uses it).
#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic")]
#![allow(clippy::result_large_err, reason = "the size of a status is tonic's choice")]

mod accounts;
mod appends;
mod batch_wire;
mod batches;
mod certificates;
mod control;
mod faults;
mod node;
mod reads;
mod retention;
mod services;
mod store;
mod wire;

use std::path::PathBuf;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

pub use accounts::User;
#[allow(unused_imports, reason = "each test uses its part")]
pub use certificates::{Certificates, Identity};
#[allow(unused_imports, reason = "each test uses its part")]
pub use control::{Control, Event};
#[allow(unused_imports, reason = "each test uses its part")]
pub use faults::{Call, Fault};
pub use store::Proposed;

use accounts::Accounts;
use control::Counters;
use faults::{Faults, Held};
use node::Node;
use store::Store;

/// What kind of server it is.
pub struct Settings {
    nodes: usize,
    version: Option<String>,
    users: Vec<User>,
    tls: Option<TlsAcceptor>,
}

impl Default for Settings {
    /// One node of 23.10.8, insecure.
    fn default() -> Self {
        Self { nodes: 1, version: Some("23.10.8".to_owned()), users: Vec::new(), tls: None }
    }
}

impl Settings {
    /// So many nodes over one store; node 0 leads at first.
    pub fn nodes(mut self, nodes: usize) -> Self {
        assert!(nodes > 0, "a cluster has a node");
        self.nodes = nodes;
        self
    }

    /// The version it tells; `None` is a server too old to be asked.
    pub fn version(mut self, version: Option<&str>) -> Self {
        self.version = version.map(str::to_owned);
        self
    }

    /// Only these accounts may call.
    pub fn with_users(mut self, users: impl IntoIterator<Item = User>) -> Self {
        self.users = users.into_iter().collect();
        self
    }

    /// It speaks TLS only, as `identity`; with an authority of clients, only to those it signed.
    pub fn with_tls(mut self, identity: &Identity, client_authority: Option<&PathBuf>) -> Self {
        self.tls = Some(certificates::acceptor(identity, client_authority));
        self
    }
}

/// Everything that the nodes share.
pub(crate) struct World {
    store: Mutex<Store>,
    /// Told after each write.
    grown: Notify,
    faults: Faults,
    held: Held,
    counters: Counters,
    accounts: Accounts,
    version: Option<String>,
    tls: Option<TlsAcceptor>,
    nodes: Vec<Node>,
    leader: AtomicUsize,
    /// Set when the stand-in is dropped.
    ended: AtomicBool,
    /// How long a flush takes, in microseconds.
    flush_us: AtomicU64,
    /// Up to which position it is flushed.
    flushed: tokio::sync::Mutex<u64>,
}

impl World {
    /// Whether the limit of an append is one on data, metadata and type names: 24.10.4 to 25.0.
    fn counts_all_of_an_append(&self) -> bool {
        let version = self.version.as_deref().unwrap_or_default();
        let numbers: Vec<u32> = version.split('.').filter_map(|part| part.parse().ok()).collect();
        numbers.as_slice() >= &[24, 10, 4][..] && numbers.as_slice() < &[25, 1][..]
    }

    fn leader(&self) -> usize {
        self.leader.load(Relaxed)
    }

    /// Waits for a flush that covers what is written now; those who wait share one.
    async fn flush(&self) {
        let time = self.flush_us.load(Relaxed);
        if time == 0 {
            return;
        }
        let written = self.store.lock().unwrap().tail();
        let mut flushed = self.flushed.lock().await;
        if *flushed < written {
            let all = self.store.lock().unwrap().tail();
            tokio::time::sleep(Duration::from_micros(time)).await;
            *flushed = all;
        }
    }

    /// Kills a node from within one of its calls, and starts it again after a while.
    fn restart_later(self: &Arc<Self>, node: usize, down: Duration) {
        let world = self.clone();
        std::thread::spawn(move || {
            world.nodes[node].kill();
            std::thread::sleep(down);
            if !world.ended.load(Relaxed) {
                world.nodes[node].start(&world);
            }
        });
    }
}

/// A running stand-in; it stops when it is dropped.
pub struct StandIn {
    world: Arc<World>,
    runtime: Option<Runtime>,
}

impl StandIn {
    /// Starts it on ports that are free.
    pub fn start(settings: Settings) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("kurrentdb")
            .enable_all()
            .build()
            .unwrap();
        let node = |number| Node::new(number, runtime.handle().clone());
        let world = Arc::new(World {
            store: Mutex::new(new_store()),
            grown: Notify::new(),
            faults: Faults::default(),
            held: Held::default(),
            counters: Counters::default(),
            accounts: Accounts(settings.users),
            version: settings.version,
            tls: settings.tls,
            nodes: (0..settings.nodes).map(node).collect(),
            leader: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
            flush_us: AtomicU64::new(0),
            flushed: tokio::sync::Mutex::new(0),
        });
        for node in &world.nodes {
            node.start(&world);
        }
        Self { world, runtime: Some(runtime) }
    }

    /// The connection string of all nodes, without options but `tls`.
    pub fn address(&self) -> String {
        let nodes: Vec<_> = self.world.nodes.iter().map(|node| node.address.to_string()).collect();
        format!("kurrentdb://{}?tls={}", nodes.join(","), self.world.tls.is_some())
    }

    /// The connection string of one node.
    pub fn address_of(&self, node: usize) -> String {
        let node = self.world.nodes[node].address;
        format!("kurrentdb://{node}?tls={}", self.world.tls.is_some())
    }

    pub fn control(&self) -> Control {
        Control { world: self.world.clone() }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.world.ended.store(true, Relaxed);
        self.world.nodes.iter().for_each(Node::kill);
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A new database is not empty: the server has written for itself.
fn new_store() -> Store {
    let mut store = Store::default();
    let stats = "$stats-127.0.0.1:2113";
    store.set_metadata(stats, &serde_json::json!({ "$maxAge": 86400 }));
    for (stream, kind) in [("$users", "$UserCreated"), (stats, "$statsCollected")] {
        let event = Proposed::json(kind, &serde_json::json!({}), store.tail());
        store.store(stream, &event);
    }
    store
}
