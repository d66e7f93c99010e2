//! Archives brought in: the same record as by acts one after another, nothing where a line is bad, the
//! same again where the file is sent again.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[path = "support/app.rs"]
mod app;
#[path = "import/binary.rs"]
mod binary;
#[path = "import/folders.rs"]
mod folders;
#[path = "import/indicators.rs"]
mod indicators;
#[path = "import/lines.rs"]
mod lines;
#[path = "import/operations.rs"]
mod operations;
#[path = "import/record.rs"]
mod record;
#[path = "import/repeats.rs"]
mod repeats;
#[path = "cli/support.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod support;
#[path = "import/tables.rs"]
mod tables;

use std::sync::{Arc, Mutex};

use app::{World, registrar};
use docket::import::{BadLine, Import, ImportError, Outcome, Step, Watch, open};
use docket::log::MemoryLog;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Who notes what is said.
#[derive(Default)]
pub struct Watching {
    pub bad: Mutex<Vec<BadLine>>,
}

impl Watch for Watching {
    fn progress(&self, _: Step, done: u64, total: u64) {
        assert!(done <= total, "{done} of {total}");
    }

    fn is_bad(&self, bad: &BadLine) {
        self.bad.lock().unwrap().push(bad.clone());
    }

    fn is_stopped(&self) -> bool {
        false
    }
}

/// How a file is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Whole,
    Lenient,
    OnlyTries,
}

/// A file with a name, in a folder of its own.
pub struct Written {
    folder: TempDir,
    name: &'static str,
}

pub fn written(name: &'static str, bytes: impl AsRef<[u8]>) -> Written {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), bytes).unwrap();
    Written { folder, name }
}

pub fn ndjson(lines: &[Value]) -> Written {
    let text: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
    written("lines.ndjson", text.concat())
}

/// A record with a province for the areas.
pub async fn empty() -> World {
    let world = World::over(Arc::new(MemoryLog::new())).await;
    world.register("home", "province", None).await;
    world
}

/// Imports, and says what was bad.
pub async fn import(world: &World, file: &Written, how: How) -> (Outcome, Vec<BadLine>) {
    let watch = Watching::default();
    let outcome = try_import(world, file, how, &watch).await.unwrap();
    (outcome, watch.bad.into_inner().unwrap())
}

pub async fn try_import(
    world: &World,
    file: &Written,
    how: How,
    watch: &Watching,
) -> Result<Outcome, ImportError> {
    let scratch = tempfile::tempdir().unwrap();
    let import = Import {
        app: &world.app,
        caller: registrar(),
        scratch: scratch.path(),
        lenient: how == How::Lenient,
        only_tries: how == How::OnlyTries,
        watch,
    };
    let outcome = import.run(open(&file.folder.path().join(file.name)).unwrap()).await;
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "nothing stays behind");
    outcome
}

/// The sequence of the last event.
pub async fn head(world: &World) -> Option<u64> {
    world.app.log().head().await.unwrap()
}

/// An invented area.
pub fn area(id: &str) -> Value {
    json!({"register": {
        "id": id, "kind": "cluster_area", "name": {"en": id, "zh": id}, "invented": true,
        "province": "home", "source": "invented for a test", "effective_on": "2010-01-01",
    }})
}

/// Evidence of an area, in the exercise.
pub fn evidence(id: &str, on: &str) -> Value {
    json!({
        "program": "exercise_cluster_area", "subject": id, "act": "attest_standing",
        "effective_on": on, "stands_at": "under_construction", "confidence": "attested",
        "source": "newspaper (invented)",
    })
}

/// A note on an area, in the exercise.
pub fn note(id: &str, text: &str) -> Value {
    json!({
        "program": "exercise_cluster_area", "subject": id, "act": "note", "effective_on": "2015-03",
        "text": text,
    })
}
