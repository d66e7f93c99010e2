//! `docket verify` and `docket evidence`: a log, a server's log and a bundle, sound and not.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{Ran, Server, command, copy, demo, demo_copy, docket, run, text};
use crate::tamper::tamper;

fn verify(what: &str, more: &[&str]) -> Ran {
    run(command(&["verify", what]).args(more))
}

/// The newest checkpoint of a folder, in a file of its own.
fn hold(folder: &Path, to: &Path) -> String {
    let kept = docket::ledger::kept::read(&docket::ledger::folder_of(folder)).unwrap();
    fs::write(to, &kept.last().unwrap().note).unwrap();
    text(to).to_owned()
}

#[test]
fn a_log_is_what_was_signed_or_the_event_is_named() {
    let folder = demo_copy();
    let elsewhere = tempfile::tempdir().unwrap();
    let held = hold(folder.path(), &elsewhere.path().join("held.txt"));
    let path = text(folder.path());
    let sound = verify(path, &["--checkpoint", &held, "--output", "json"]).json();
    assert_eq!((&sound["sound"], &sound["held_outside"]), (&true.into(), &true.into()));
    assert_eq!((&sound["covered"], &sound["not_yet_covered"]), (&sound["events"], &0.into()));
    let told = verify(path, &[]).done();
    assert!(told.contains("signed checkpoints") && told.contains("lies beside it alone"), "{told}");

    tamper(
        &folder.path().join("log.sqlite"),
        "UPDATE event SET recorded_at = 1 WHERE sequence = 77",
    );
    let ran = verify(path, &["--output", "json"]);
    assert_eq!(ran.code, 7, "{}", ran.stderr);
    assert!(ran.stderr.contains("sequence 77: this event is not the one"), "{}", ran.stderr);
    let found: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(found["findings"][0]["first_sequence"], format!("{:020}", 77));
    assert_eq!((&found["sound"], &found["damages"]), (&false.into(), &serde_json::json!([])));
    // With everything beside it gone, only what was held tells.
    fs::remove_dir_all(folder.path().join("ledger")).unwrap();
    assert_eq!(verify(path, &[]).code, 0);
    let ran = verify(path, &["--checkpoint", &held]);
    assert_eq!(ran.code, 7);
    assert!(ran.stderr.contains("sequences 0 to "), "{}", ran.stderr);
    verify(path, &["--checkpoint", path]).refused(1, &["can't read the checkpoint"]);
    verify(path, &["--checkpoint", &format!("{path}/token-key.pem")])
        .refused(7, &["is no checkpoint"]);
    verify(path, &["--key", "x"]).refused(2, &["--key is no key"]);
}

#[test]
fn a_served_log_is_verified_from_outside_and_a_bundle_without_a_server() {
    let folder = demo_copy();
    let elsewhere = tempfile::tempdir().unwrap();
    let held = hold(folder.path(), &elsewhere.path().join("held.txt"));
    let server = Server::start(folder.path());
    let by_hashes = verify(&server.base, &["--checkpoint", &held, "--output", "json"]).json();
    assert_eq!((&by_hashes["sound"], &by_hashes["held_outside"]), (&true.into(), &true.into()));
    let auditor = ["--role", "auditor", "--office", "a", "--data-dir", text(folder.path())];
    let token = docket(&[&["token"][..], &auditor].concat()).done();
    let asking = |words: &[&str]| -> Command {
        let mut command = command(words);
        command.env("DOCKET_TOKEN", token.trim());
        command
    };
    let by_events = run(&mut asking(&["verify", &server.base, "--output", "json"])).json();
    // What the server itself recorded since may be covered by now.
    assert!(by_events["covered"].as_u64() >= by_hashes["covered"].as_u64(), "{by_events}");
    // A bundle of a server and one of its folder are the same.
    let made = |name: &str, more: &[&str]| {
        let to = elsewhere.path().join(name);
        let words =
            ["evidence", "create", "--enrollment", "cluster_area/futian", "--to", text(&to)];
        let ran = run(asking(&words).args(["--at-sequence", "1500"]).args(more));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        to
    };
    let of_server = made("server.zip", &["--server", &server.base]);
    let of_folder = made("folder.zip", &["--data-dir", text(folder.path())]);
    assert!(fs::read(&of_server).unwrap() == fs::read(&of_folder).unwrap());
    let http = format!("{}/v1/log/keys", server.base);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let keys = runtime.block_on(async { reqwest::get(http).await.unwrap().text().await.unwrap() });
    let keys: serde_json::Value = serde_json::from_str(&keys).unwrap();
    let key = keys["items"][0]["key"].as_str().unwrap();
    assert_eq!(server.stop("TERM").0, 0);
    let told = verify(text(&of_server), &["--key", key]).done();
    assert!(told.contains("what was held elsewhere"), "{told}");
    let proof = elsewhere.path().join("act.tlog-proof");
    let made =
        ["evidence", "proof", "120", "--to", text(&proof), "--data-dir", text(folder.path())];
    docket(&made).done();
    docket(&["verify", text(&proof), "--key", key]).done();
    let without = docket(&["verify", text(&proof)]);
    assert!(without.code == 7 && without.stderr.contains("--key"), "{}", without.stderr);
    let bytes = fs::read(&of_server).unwrap();
    fs::write(&of_folder, &bytes[..bytes.len() / 2]).unwrap();
    let half = verify(text(&of_folder), &["--output", "json"]);
    assert!(half.code == 7 && half.stderr.contains("cut short or damaged"), "{}", half.stderr);
    let half: serde_json::Value = serde_json::from_str(&half.stdout).unwrap();
    assert_eq!(
        (&half["sound"], &half["findings"][0]["kind"]),
        (&false.into(), &"truncated".into())
    );
    let again =
        ["evidence", "create", "--enrollment", "cluster_area/futian", "--to", text(&of_folder)];
    docket(&again).refused(4, &["is there already"]);
    docket(&["evidence", "create", "--enrollment", "x", "--to", "y"])
        .refused(2, &["program/subject"]);
    verify("http://127.0.0.1:1", &[]).refused(8, &["can't be read"]);
}

#[test]
fn what_a_log_file_has_beside_it_counts() {
    let log = format!("{}/log.sqlite", text(demo()));
    let told = verify(&log, &["--output", "json"]).json();
    assert_eq!(told["covered"], told["events"]);
    assert!(told["checkpoints"].as_u64() > Some(0));
}

/// What the law says of decisions stands apart from whether the log is the one that was signed.
#[test]
fn decisions_are_made_again_and_said_apart() {
    let folder = demo_copy();
    let path = text(folder.path());
    let lawful = ["--lawful", "--output", "json"];
    let sound = verify(path, &lawful).json();
    let law = &sound["law"];
    assert_eq!((&law["lawful"], &law["otherwise"]), (&true.into(), &serde_json::json!([])));
    assert!(law["decisions"].as_u64() > Some(600), "{law}");
    assert!(verify(path, &["--lawful"]).done().contains("0 judged otherwise"));
    let log = folder.path().join("log.sqlite");
    tamper(
        &log,
        "UPDATE event SET data = replace(data, 'dated_back_without_document', 'dated_well') WHERE sequence =
         (SELECT min(sequence) FROM event WHERE type = 'ProgressReported')",
    );
    // Both are said; who changed the log is the graver.
    let both = verify(path, &lawful);
    assert_eq!(both.code, 7, "{}", both.stderr);
    let found: serde_json::Value = serde_json::from_str(&both.stdout).unwrap();
    assert_eq!(found["findings"][0]["kind"], "changed");
    let otherwise = &found["law"]["otherwise"][0];
    assert_eq!(otherwise["differs"][0]["pointer"], "/findings/0/code", "{found}");
    assert_eq!(found["law"]["otherwise"].as_array().unwrap().len(), 1);
    // Without anything that was signed the law alone finds something.
    fs::remove_dir_all(folder.path().join("ledger")).unwrap();
    let alone = verify(path, &["--lawful"]);
    assert_eq!(alone.code, 3, "{}", alone.stderr);
    assert!(alone.stdout.contains("1 judged otherwise"), "{}", alone.stdout);
    assert!(alone.stderr.contains("nothing of whether the log was changed"), "{}", alone.stderr);
    let of_file = verify(text(&log), &lawful);
    assert_eq!(of_file.code, 3);
    assert!(of_file.stderr.contains("1 would be judged otherwise"), "{}", of_file.stderr);
    // An edition that was never adopted decides nothing.
    tamper(
        &log,
        "UPDATE event SET metadata = replace(metadata, '\"edition\":\"', '\"edition\":\"0') WHERE type = 'WorkReported'",
    );
    let ran = verify(path, &lawful);
    let found: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let why = found["law"]["undecided"][0]["reason"].as_str().unwrap();
    assert!(why.contains("was never adopted in this log"), "{why}");
    verify("http://127.0.0.1:1", &["--lawful"]).refused(2, &["is of a whole log"]);
}

/// Another key signs from an event on; the one before no longer does.
#[test]
fn a_logs_key_is_changed() {
    let folder = demo_copy();
    let place = ["--data-dir", text(folder.path())];
    let key = || {
        let told = docket(&[&["log", "rotate-key", "--dry-run"][..], &place].concat()).done();
        told.split_whitespace().last().unwrap().to_owned()
    };
    let old = key();
    let changed = docket(&[&["log", "rotate-key", "--reason", "yearly"][..], &place].concat());
    let (told, new) = (changed.done(), key());
    assert!(told.contains(&new) && told.contains("Both keys signed") && new != old, "{told}");
    for gone in ["log-former.pem", "log-next.pem"] {
        assert!(!folder.path().join("keys").join(gone).exists(), "{gone} is left");
    }
    verify(place[1], &["--key", &old, "--key", &new]).done();
    // And again: the newest checkpoint is signed by the last two.
    docket(&[&["log", "rotate-key"][..], &place].concat()).done();
    let newest = key();
    let to = folder.path().join("futian.zip");
    let made = ["evidence", "create", "--enrollment", "cluster_area/futian", "--to", text(&to)];
    docket(&[&made[..], &place].concat()).done();
    for signed in [&new, &newest] {
        verify(text(&to), &["--key", signed]).done();
    }
    let by_old = verify(text(&to), &["--key", &old]);
    let said = "is not signed by the key that is held";
    assert!(by_old.code == 7 && by_old.stderr.contains(said), "{}", by_old.stderr);
    // What is another log's key changes nothing.
    fs::remove_file(folder.path().join("keys/log.pem")).unwrap();
    docket(&[&["log", "rotate-key"][..], &place].concat())
        .refused(7, &["is not the key that the log names"]);
}

/// A change of keys that was killed anywhere has a key at every moment, is served, and is ended by giving the
/// command again: it is recorded once.
#[test]
fn a_change_of_keys_that_was_killed_is_gone_on_with() {
    let before = demo_copy();
    let after = demo_copy();
    let rotate = |folder: &Path, more: &[&str]| {
        docket(&[&["log", "rotate-key", "--data-dir", text(folder)][..], more].concat())
    };
    let key = |folder: &Path| {
        rotate(folder, &["--dry-run"]).done().split_whitespace().last().unwrap().to_owned()
    };
    let old = key(before.path());
    rotate(after.path(), &[]).done();
    let new = key(after.path());
    // What the keys' files hold, whether the event is recorded, whether its checkpoint is kept.
    for (what, files, is_recorded, is_covered) in [
        ("the next key is there", [Some(&before), Some(&after), None], false, false),
        ("the event is recorded", [Some(&before), Some(&after), None], true, false),
        ("the key is the former too", [Some(&before), Some(&after), Some(&before)], true, false),
        ("the next is the key", [Some(&after), None, Some(&before)], true, false),
        ("the checkpoint is kept", [Some(&after), None, Some(&before)], true, true),
    ] {
        let killed = tempfile::tempdir().unwrap();
        copy(if is_recorded { after.path() } else { before.path() }, killed.path());
        if !is_covered {
            let ledger = docket::ledger::folder_of(killed.path());
            fs::remove_dir_all(&ledger).unwrap();
            copy(&docket::ledger::folder_of(before.path()), &ledger);
        }
        for (name, from) in ["log.pem", "log-next.pem", "log-former.pem"].iter().zip(files) {
            let file = killed.path().join("keys").join(name);
            let _ = fs::remove_file(&file);
            from.map(|from| fs::copy(from.path().join("keys/log.pem"), file).unwrap());
        }
        let server = Server::start(killed.path());
        assert_eq!(server.stop("TERM").0, 0, "{what}");
        rotate(killed.path(), &[]).done();
        assert_eq!(key(killed.path()), new, "{what}");
        let left = |name| killed.path().join("keys").join(name).exists();
        assert!(!left("log-next.pem") && !left("log-former.pem"), "{what}");
        verify(text(killed.path()), &["--key", &old, "--key", &new]).done();
        let log = rusqlite::Connection::open(killed.path().join("log.sqlite")).unwrap();
        let asked = "SELECT count(*) FROM event WHERE type = 'KeyRotated'";
        let recorded: i64 = log.query_row(asked, [], |row| row.get(0)).unwrap();
        assert_eq!(recorded, 1, "{what}");
    }
}
