//! The image and the compose files, as far as they can be judged without a container engine: their
//! form, what they say to Docket, and the scripts and the binary of the image, which are run.
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[path = "cli/support.rs"]
#[allow(dead_code, reason = "each test binary uses its part")]
mod support;

#[path = "docker/compose.rs"]
mod compose;
#[cfg(feature = "postgres")]
#[path = "support/postgres.rs"]
mod database;
#[path = "docker/image.rs"]
mod image;
#[cfg(feature = "postgres")]
#[path = "docker/postgres.rs"]
mod postgres;
#[path = "docker/scripts.rs"]
mod scripts;
#[path = "docker/yaml.rs"]
mod yaml;

use std::path::{Path, PathBuf};

/// A file's text, by its path from the top of the repository.
fn text_of(path: &str) -> String {
    std::fs::read_to_string(top().join(path)).unwrap()
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}
