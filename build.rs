//! Brings the files of `schemas/measures` along. A program is found by its folder being there, so a
//! new one needs no line of code.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

const FOLDER: &str = "schemas/measures";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={FOLDER}");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let mut files = Vec::new();
    collect(&root, FOLDER, &mut files)?;
    files.sort();
    let mut list = String::from("&[\n");
    for path in files {
        let full = root.join(&path);
        writeln!(list, "    Source {{ path: {path:?}, text: include_str!({full:?}) }},")?;
    }
    list.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("measures.rs"), list)?;
    println!("cargo::rustc-env=DOCKET_VERSION={}", version()?);
    Ok(())
}

/// What `--version` says: the version, the commit of a release build, and the features.
fn version() -> Result<String, env::VarError> {
    println!("cargo::rerun-if-env-changed=DOCKET_COMMIT");
    let is_release = env::var("PROFILE")? == "release";
    let commit = env::var("DOCKET_COMMIT").ok().or_else(|| is_release.then(committed).flatten());
    let features = ["kurrentdb", "parquet", "postgres", "s3"].into_iter();
    let has = |name: &&str| env::var(format!("CARGO_FEATURE_{}", name.to_uppercase())).is_ok();
    let features: Vec<_> = features.filter(has).collect();
    let features = if features.is_empty() { "none".to_owned() } else { features.join(", ") };
    let of = commit.unwrap_or_else(|| "not known".to_owned());
    Ok(format!("{} (commit {of}; features: {features})", env::var("CARGO_PKG_VERSION")?))
}

/// The commit that is checked out; followed, so that no release names another.
fn committed() -> Option<String> {
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    println!("cargo::rerun-if-changed={}", git(&["rev-parse", "--git-path", "logs/HEAD"])?);
    git(&["rev-parse", "--short=12", "HEAD"])
}

/// The `.toml` files under a folder, as paths from the root.
fn collect(root: &Path, folder: &str, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(root, &path, files)?;
        } else if path.ends_with(".toml") {
            files.push(path);
        }
    }
    Ok(())
}
