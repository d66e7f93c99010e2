//! Read models: the same rows however they were reached, and no event skipped.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[path = "projection/benched.rs"]
mod benched;
#[path = "projection/bitemporal.rs"]
mod bitemporal;
#[path = "projection/contracts.rs"]
mod contracts;
#[path = "projection/crash.rs"]
mod crash;
#[path = "projection/exports.rs"]
mod exports;
#[path = "projection/histories.rs"]
mod histories;
#[path = "projection/lists.rs"]
mod lists;
#[path = "projection/lives.rs"]
mod lives;
#[path = "projection/rows.rs"]
mod rows;
#[path = "projection/silence.rs"]
mod silence;
#[path = "projection/ways.rs"]
mod ways;
#[path = "projection/words.rs"]
mod words;
#[path = "projection/world.rs"]
mod world;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use docket::log::{EventLog, MemoryLog};
use docket::projection::store::{Claim, Holder, TakesFrom};
use docket::projection::{
    Copies as _, Folder, Follower, Mode, Models, Options, Progress, Projection, Rebuild, Rebuilt,
    SqliteCopies, StoreError, all, checksum, kept_checksum, rebuild,
};
use rusqlite::Connection;
use tokio::runtime::Runtime;

use world::World;

/// A world around a log in memory.
fn world() -> World {
    World::around(Arc::new(MemoryLog::new()), Runtime::new().unwrap())
}

/// How a test's runner works: by the clock.
fn options(name: &str) -> Options {
    Options::new(name)
}

/// A follower and the file that it writes.
struct Following {
    follower: Follower,
    path: PathBuf,
}

impl Following {
    fn step(&mut self, limit: usize) -> Progress {
        self.follower.step(limit)
    }

    fn position(&mut self) -> Option<u64> {
        self.follower.copy().checkpoint().position
    }

    fn connection(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }
}

/// An empty copy, or the one that serves in this folder, followed by these read models.
fn follower(world: &World, at: &Path, make: fn() -> Vec<Box<dyn Projection>>) -> Following {
    follower_with(world, at, make, 1 << 20)
}

fn follower_with(
    world: &World,
    at: &Path,
    make: fn() -> Vec<Box<dyn Projection>>,
    cache_bytes: usize,
) -> Following {
    let copies = SqliteCopies::new(at);
    if copies.serving().unwrap().is_none() {
        let lock = copies.lock_rebuild().unwrap();
        let copy = copies.create(&*lock, Mode::Following, &Models::new(make())).unwrap();
        copies.serve(&*lock, &copy.id().clone()).unwrap();
    }
    let serving = copies.serving().unwrap().unwrap();
    let mut copy = copies.open(&serving).unwrap();
    let holder = Holder { name: "test", from: TakesFrom::Anybody };
    assert_eq!(copy.claim(holder).unwrap(), Claim::Ours);
    let follower = Follower::new(copy, folder(world, cache_bytes), make);
    Following { follower, path: copies.path(&serving) }
}

fn folder(world: &World, cache_bytes: usize) -> Folder {
    Folder::new(Arc::clone(&world.log), world.runtime.handle().clone(), cache_bytes)
}

/// Follows to the end of the log in steps of `limit` events.
fn catch_up(following: &mut Following, limit: usize) {
    loop {
        match following.step(limit) {
            Progress::Moved { end: true } => return,
            Progress::Moved { end: false } => {}
            Progress::Stopped { failure, .. } => panic!("{failure:?}"),
        }
    }
}

/// The checksum of each read model: of its rows, and as it was kept up.
fn checksums(connection: &Connection) -> Vec<(&'static str, String)> {
    let mut reader = connection;
    let models = all();
    let sums = models.iter().map(|model| {
        let sum = checksum(&mut reader, &**model).unwrap();
        assert_eq!(kept_checksum(&mut reader, &**model).unwrap(), sum, "{}", model.name());
        (model.name(), sum)
    });
    sums.collect()
}

/// The checksum of each read model in the copy that serves.
fn serving_checksums(copies: &SqliteCopies) -> Vec<(&'static str, String)> {
    let serving = copies.serving().unwrap().unwrap();
    checksums(&Connection::open(copies.path(&serving)).unwrap())
}

fn rebuild_all(log: &Arc<dyn EventLog>, runtime: &Runtime, copies: &SqliteCopies) -> Rebuilt {
    rebuild_names(log, runtime, copies, &[]).unwrap()
}

fn request<'a>(
    log: &Arc<dyn EventLog>,
    runtime: &Runtime,
    copies: &'a SqliteCopies,
    names: &'a [String],
) -> Rebuild<'a> {
    Rebuild {
        log: Arc::clone(log),
        runtime: runtime.handle().clone(),
        copies,
        projections: all,
        names,
    }
}

fn rebuild_names(
    log: &Arc<dyn EventLog>,
    runtime: &Runtime,
    copies: &SqliteCopies,
    names: &[String],
) -> Result<Rebuilt, StoreError> {
    rebuild(&request(log, runtime, copies, names), &mut |_, _| true)
}

/// Rows of a query, each as one text with `|` between the columns.
fn rows_of(connection: &Connection, sql: &str) -> Vec<String> {
    let mut select = connection.prepare(sql).unwrap();
    let columns = select.column_count();
    let rows = select.query_map([], |row| {
        let text = (0..columns).map(|column| {
            let value: rusqlite::types::Value = row.get(column).unwrap();
            match value {
                rusqlite::types::Value::Null => "-".to_owned(),
                rusqlite::types::Value::Integer(number) => number.to_string(),
                rusqlite::types::Value::Text(text) => text,
                other => panic!("{other:?}"),
            }
        });
        Ok(text.collect::<Vec<_>>().join("|"))
    });
    rows.unwrap().map(Result::unwrap).collect()
}
