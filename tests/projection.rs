//! Read models: the same rows however they were reached, and no event skipped.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[path = "projection/contracts.rs"]
mod contracts;
#[path = "projection/crash.rs"]
mod crash;
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

use std::path::Path;
use std::sync::Arc;

use docket::log::{EventLog, MemoryLog};
use docket::projection::{
    Copies, Folder, Follower, Mode, Progress, Projection, Rebuild, Rebuilt, Store, StoreError, all,
    checksum, rebuild,
};
use rusqlite::Connection;
use tokio::runtime::Runtime;

use world::World;

/// A world around a log in memory.
fn world() -> World {
    World::around(Arc::new(MemoryLog::new()), Runtime::new().unwrap())
}

/// An empty copy, followed by these read models.
fn follower(world: &World, path: &Path, make: fn() -> Vec<Box<dyn Projection>>) -> Follower {
    let store = if path.exists() {
        Store::open(path, Mode::Following).unwrap()
    } else {
        Store::create(path, Mode::Following, &make()).unwrap()
    };
    Follower::new(store, folder(world, 1 << 20), make)
}

fn folder(world: &World, cache_bytes: usize) -> Folder {
    Folder::new(Arc::clone(&world.log), world.runtime.handle().clone(), cache_bytes)
}

/// Follows to the end of the log in steps of `limit` events.
fn catch_up(follower: &mut Follower, limit: usize) {
    loop {
        match follower.step(limit) {
            Progress::Moved { end: true } => return,
            Progress::Moved { end: false } => {}
            Progress::Stopped { failure, .. } => panic!("{failure:?}"),
        }
    }
}

/// The checksum of each read model.
fn checksums(connection: &Connection) -> Vec<(&'static str, String)> {
    all().iter().map(|p| (p.name(), checksum(connection, &**p).unwrap())).collect()
}

fn rebuild_all(log: &Arc<dyn EventLog>, runtime: &Runtime, copies: &Copies) -> Rebuilt {
    rebuild_names(log, runtime, copies, &[]).unwrap()
}

fn rebuild_names(
    log: &Arc<dyn EventLog>,
    runtime: &Runtime,
    copies: &Copies,
    names: &[String],
) -> Result<Rebuilt, StoreError> {
    let request = Rebuild {
        log: Arc::clone(log),
        runtime: runtime.handle().clone(),
        copies,
        projections: all,
        names,
        cache_bytes: 1 << 20,
    };
    rebuild(&request, &mut |_, _| true)
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
