//! Backups: made beside a server that takes acts, complete and verified; a restore that refuses what is
//! damaged; and `docket verify` over files and folders.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[path = "cli/support.rs"]
#[allow(dead_code, reason = "each test binary uses its part")]
mod support;
#[path = "support/tamper.rs"]
mod tamper;

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};
use support::{Ran, Server, demo, demo_copy, docket, text};
use tamper::tamper;

fn backup(data: &Path, to: &Path, more: &[&str]) -> Ran {
    let args = ["store", "backup", "--to", text(to), "--data-dir", text(data)];
    docket(&[&args[..], &["--output", "json"], more].concat())
}

fn restore(from: &Path, to: &Path) -> Ran {
    docket(&["store", "restore", "--from", text(from), "--data-dir", text(to), "--output", "json"])
}

fn token(folder: &Path, role: &str) -> String {
    let args = ["token", "--data-dir", text(folder), "--role", role, "--office", "archive"];
    docket(&args).done().trim().to_owned()
}

/// Notes one after the other until told to end, and tells of each; the sequences that were acknowledged.
async fn notes(
    base: String,
    token: String,
    end: tokio::sync::watch::Receiver<bool>,
    noted: Arc<tokio::sync::Notify>,
) -> Vec<u64> {
    // An error says that it is installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::new();
    let mut acknowledged = Vec::new();
    while !*end.borrow() {
        let url = format!("{base}/v1/enrollments/cluster_area/futian/acts");
        let key = format!("note {}", acknowledged.len());
        let note = json!({"act": "note", "effective_on": "2020-01-02", "text": key});
        let request = http.post(url).bearer_auth(&token).header("if-match", "*");
        let answer = request.header("idempotency-key", key).json(&note).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 201, "acts go on");
        let body: Value = answer.json().await.unwrap();
        acknowledged.push(body["events"][0]["sequence"].as_str().unwrap().parse().unwrap());
        noted.notify_one();
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_beside_a_server_that_takes_acts_is_restored_whole() {
    let data = demo_copy();
    let place = tempfile::tempdir().unwrap();
    let (kept, new) = (place.path().join("kept"), place.path().join("new"));
    let server = Server::start(data.path());
    let (stop, end) = tokio::sync::watch::channel(false);
    let (noted, token_of_notes) = (Arc::default(), token(data.path(), "registrar"));
    let noting = tokio::spawn(notes(server.base.clone(), token_of_notes, end, Arc::clone(&noted)));
    noted.notified().await;
    let made = tokio::task::block_in_place(|| backup(data.path(), &kept, &["--with-keys"])).json();
    stop.send(true).unwrap();
    let acknowledged = noting.await.unwrap();
    let events = made["events"].as_u64().unwrap();
    assert!(acknowledged[0] < events, "what was acknowledged before is in it");
    assert!(acknowledged[acknowledged.len() - 1] >= events, "acts went on while it was made");
    assert_eq!(made["documents"]["missing"], json!([]));
    assert!(made["documents"]["count"].as_u64().unwrap() > 0);
    assert_eq!(server.stop("TERM").0, 0);

    // What anybody can check without Docket.
    let mut sums = Command::new("sha256sum");
    sums.args(["-c", "--quiet", "SHA256SUMS"]).current_dir(&kept);
    assert!(sums.status().unwrap().success());
    assert!(!kept.join("read-models").exists(), "what can be made anew is left out");
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(kept.join("log.sqlite")).unwrap().permissions().mode() & 0o077, 0);
    let verified = docket(&["verify", text(&kept), "--output", "json"]).json();
    assert_eq!((&verified["events"], &verified["root"]), (&made["events"], &made["root"]));

    restore(&kept, &new).done();
    let compared = docket(&[
        "store",
        "compare",
        "--from",
        &format!("sqlite:{}", text(&kept.join("log.sqlite"))),
        "--to",
        &format!("sqlite:{}", text(&new.join("log.sqlite"))),
    ]);
    compared.done();
    for file in ["keys/log.pem", "token-key.pem", "webhooks.sqlite"] {
        assert!(new.join(file).is_file(), "{file}");
    }
    // And it is served, with the tokens of before.
    let server = Server::start(&new);
    let http = reqwest::Client::new();
    let url = format!("{}/v1/enrollments/cluster_area/futian", server.base);
    let answer = http.get(url).bearer_auth(token(data.path(), "auditor")).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(server.stop("TERM").0, 0);
}

#[test]
fn keys_are_named_and_documents_linked_as_the_flags_say() {
    let place = tempfile::tempdir().unwrap();
    let data = demo_copy();
    let kept = place.path().join("kept");
    let made = backup(data.path(), &kept, &["--link-documents"]).json();
    let document = one_document(&kept);
    let same = data.path().join(document.strip_prefix(&kept).unwrap());
    assert_eq!(fs::metadata(document).unwrap().ino(), fs::metadata(same).unwrap().ino());
    assert!(!kept.join("keys").exists() && !kept.join("token-key.pem").exists());
    assert_eq!(made["keys"][0]["file"], "keys/log.pem");
    assert_eq!(made["keys"][0]["sha256"].as_str().unwrap().len(), 64);
    let args = ["store", "restore", "--from", text(&kept), "--data-dir"];
    let new = place.path().join("new");
    let said = docket(&[&args[..], &[text(&new)]].concat()).done();
    assert!(said.contains("put the key keys/log.pem there"), "{said}");
    // A second one does not touch the first; nor is anything restored over what is there.
    backup(data.path(), &kept, &[]).refused(4, &["is there already"]);
    restore(&kept, &new).refused(4, &["is there already"]);
}

fn one_document(folder: &Path) -> PathBuf {
    let first = |folder: &Path| {
        let mut entries: Vec<PathBuf> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        entries.remove(0)
    };
    first(&first(&first(&folder.join("documents"))))
}

#[test]
fn documents_that_are_missing_or_damaged_are_named() {
    let place = tempfile::tempdir().unwrap();
    let data = demo_copy();
    let document = one_document(data.path());
    let digest = document.file_name().unwrap().to_str().unwrap().to_owned();
    fs::write(&document, "").unwrap();
    let ran = backup(data.path(), &place.path().join("damaged"), &[]);
    assert_eq!(ran.code, 7, "{}", ran.stderr);
    assert!(
        ran.stderr.contains(&digest) && ran.stderr.contains("backup is made"),
        "{}",
        ran.stderr
    );
    fs::remove_file(&document).unwrap();
    let ran = backup(data.path(), &place.path().join("missing"), &[]);
    assert_eq!(ran.code, 7, "{}", ran.stderr);
    let made: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(made["documents"]["missing"], json!([digest]));
    // What there was is there.
    let restored = restore(&place.path().join("missing"), &place.path().join("new")).json();
    assert_eq!(restored["manifest"]["events"], made["events"]);
}

#[test]
fn a_restore_refuses_whatever_is_damaged_and_leaves_nothing() {
    let place = tempfile::tempdir().unwrap();
    let kept = place.path().join("kept");
    backup(demo(), &kept, &["--with-keys"]).done();
    let new = place.path().join("new");
    let document = one_document(&kept);
    let files = ["log.sqlite", "SHA256SUMS", "manifest.json", "keys/log.pem"];
    let files = files.iter().map(|name| kept.join(name)).chain([document]);
    for file in files {
        let good = fs::read(&file).unwrap();
        let middle = good.len() / 2;
        let mut flipped = good.clone();
        flipped[middle] ^= 1;
        for bad in [flipped, good[..middle].to_vec(), Vec::new()] {
            fs::write(&file, bad).unwrap();
            let ran = restore(&kept, &new);
            // A digit of the manifest's notes may change and still be one.
            if file.ends_with("manifest.json") && ran.code == 0 {
                fs::remove_dir_all(&new).unwrap();
            } else {
                ran.refused(7, &["damaged"]);
            }
            assert!(!new.exists() && !place.path().join("new.unfinished").exists(), "{file:?}");
        }
        fs::remove_file(&file).unwrap();
        let gone = restore(&kept, &new);
        assert!(matches!(gone.code, 5 | 7), "{file:?}: {}", gone.stderr);
        fs::write(&file, good).unwrap();
    }
    // All digests made to fit: the root is still that of another log.
    let log = kept.join("log.sqlite");
    tamper(&log, "UPDATE event SET recorded_at = recorded_at + 1 WHERE sequence = 9");
    let digest = |path: &Path| {
        let said = Command::new("sha256sum").arg(path).output().unwrap().stdout;
        String::from_utf8(said).unwrap()[..64].to_owned()
    };
    let sums = fs::read_to_string(kept.join("SHA256SUMS")).unwrap();
    let before = sums.lines().find(|line| line.ends_with("  log.sqlite")).unwrap()[..64].to_owned();
    fs::write(kept.join("SHA256SUMS"), sums.replace(&before, &digest(&log))).unwrap();
    let mut manifest: Value =
        serde_json::from_str(&fs::read_to_string(kept.join("manifest.json")).unwrap()).unwrap();
    manifest["sums"] = json!(digest(&kept.join("SHA256SUMS")));
    fs::write(kept.join("manifest.json"), manifest.to_string()).unwrap();
    restore(&kept, &new).refused(7, &["the manifest says"]);
    restore(place.path(), &new).refused(5, &["no backup"]);
    assert!(!new.exists());
}

/// Flips one bit of a name in the index of names: `name` stands in the file first in the table's leaf
/// or the index's, which are told apart by the page's number.
fn flip_in_index(log: &Path, name: &str) {
    let connection = rusqlite::Connection::open(log).unwrap();
    let mut statement = connection
        .prepare("SELECT pageno FROM dbstat WHERE name = 'sqlite_autoindex_stream_1'")
        .unwrap();
    let pages: Vec<usize> = statement
        .query_map([], |row| row.get::<_, i64>(0))
        .unwrap()
        .map(|page| usize::try_from(page.unwrap()).unwrap())
        .collect();
    drop(statement);
    connection.close().unwrap();
    let mut bytes = fs::read(log).unwrap();
    let mut flipped = 0;
    // A page that was split keeps what moved away in bytes that it no longer uses: all are flipped.
    for page in pages {
        let start = (page - 1) * 8192;
        let windows = bytes[start..start + 8192].windows(name.len()).enumerate();
        let found: Vec<usize> =
            windows.filter(|(_, window)| *window == name.as_bytes()).map(|(at, _)| at).collect();
        found.iter().for_each(|at| bytes[start + at + name.len() - 1] ^= 1);
        flipped += found.len();
    }
    assert!(flipped > 0, "{name} is in no page of the index");
    fs::write(log, bytes).unwrap();
}

/// One flipped bit: what verifies a log says so, names it, and no backup is made of it.
#[test]
fn a_flipped_bit_in_an_index_is_named_by_every_command_that_verifies() {
    let place = tempfile::tempdir().unwrap();
    let data = demo_copy();
    let folder = text(data.path());
    docket(&["verify", "--data-dir", folder]).done();
    flip_in_index(&data.path().join("log.sqlite"), "cluster_area-futian");
    let named = ["stream cluster_area-futian", "sqlite_autoindex_stream_1"];
    docket(&["verify", "--data-dir", folder]).refused(7, &named);
    docket(&["verify", text(&data.path().join("log.sqlite"))]).refused(7, &named);
    docket(&["projections", "verify", "--data-dir", folder]).refused(7, &named);
    backup(data.path(), &place.path().join("kept"), &[]).refused(7, &named);
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0, "nothing is kept of it");
    // The remedy for an index: a copy, which reads the tables alone.
    let mended = format!("sqlite:{}", text(&place.path().join("mended.sqlite")));
    let log = format!("sqlite:{}", text(&data.path().join("log.sqlite")));
    docket(&["store", "copy", "--from", &log, "--to", &mended]).done();
    docket(&["verify", &mended]).done();
}

/// A server over a log with a flipped bit serves what is whole, and records nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_over_a_flipped_bit_opens_no_enrollment_twice() {
    let data = demo_copy();
    flip_in_index(&data.path().join("log.sqlite"), "cluster_area-futian");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = tokio::task::block_in_place(|| Server::start(data.path()));
    let (auditor, registrar) = (token(data.path(), "auditor"), token(data.path(), "registrar"));
    let http = reqwest::Client::new();
    let get = |subject: &str| {
        let url = format!("{}/v1/enrollments/cluster_area/{subject}", server.base);
        http.get(url).bearer_auth(&auditor).send()
    };
    let damaged = get("futian").await.unwrap();
    assert_eq!(damaged.status().as_u16(), 500);
    assert_eq!(damaged.json::<Value>().await.unwrap()["code"], "LOG_INTEGRITY_FAILURE");
    assert_eq!(get("zhengzhou").await.unwrap().status().as_u16(), 200);
    let url = format!("{}/v1/enrollments/cluster_area/zhengzhou/acts", server.base);
    let note = json!({"act": "note", "effective_on": "2020-01-02", "text": "a note"});
    let act = http.post(url).bearer_auth(&registrar).header("if-match", "*");
    let act = act.header("idempotency-key", "n").json(&note).send().await.unwrap();
    assert_eq!(act.status().as_u16(), 503);
    let problem: Value = act.json().await.unwrap();
    assert_eq!(
        (&problem["code"], &problem["reason"]),
        (&json!("RECORDING_STOPPED"), &json!("LOG_DAMAGED"))
    );
    assert_eq!(tokio::task::block_in_place(|| server.stop("TERM")).0, 0);
}
