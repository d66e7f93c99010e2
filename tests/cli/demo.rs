//! The demo's folder and the read models made from it.

use std::fs;

use serde_json::Value;

use crate::support::{Server, command, demo_copy, docket, run, text};

const LOAD: [&str; 4] = ["demo", "--exit-after-load", "--listen", "127.0.0.1:0"];

fn head(folder: &std::path::Path) -> Value {
    docket(&["rebuild", "--output", "json", "--data-dir", text(folder)]).json()["sequence"].clone()
}

#[test]
fn both_sets_are_loaded_once_however_often_it_is_run() {
    let folder = demo_copy();
    let before = head(folder.path());
    // A log that is configured for a server is not the demo's.
    let elsewhere = folder.path().join("elsewhere.sqlite");
    let mut again = command(&[&LOAD[..], &["--data-dir", text(folder.path())]].concat());
    let again = run(again.env("DOCKET_STORE__LOG", format!("sqlite:{}", text(&elsewhere))));
    assert!(!elsewhere.exists());
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(again.stderr.contains("real: 124 subjects"), "{}", again.stderr);
    assert!(again.stderr.contains("exercise: 58 subjects"), "{}", again.stderr);
    assert!(again.stderr.contains("10 of an earlier run"), "{}", again.stderr);
    assert_eq!(head(folder.path()), before, "a second run recorded something");
}

#[test]
fn only_a_folder_of_a_demo_is_taken_or_replaced() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("precious"), "mine").unwrap();
    for fresh in [&[][..], &["--fresh"]] {
        let args = [&LOAD[..], &["--data-dir", text(folder.path())], fresh].concat();
        docket(&args).refused(4, &["was not made by a demo", "--data-dir"]);
        let kept = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(
            (kept, fs::read(folder.path().join("precious")).unwrap()),
            (1, b"mine".to_vec())
        );
    }
    let folder = demo_copy();
    assert!(!folder.path().join("log.sqlite-wal").metadata().is_ok_and(|wal| wal.len() > 0));
    fs::write(folder.path().join("log.sqlite"), "broken").unwrap();
    let place = ["--data-dir", text(folder.path())];
    let kept = docket(&[&LOAD[..], &place].concat());
    assert_eq!(kept.code, 7, "{}", kept.stderr);
    let fresh = docket(&[&LOAD[..], &place, &["--fresh"]].concat());
    assert_eq!(fresh.code, 0, "{}", fresh.stderr);
    docket(&[&["status", "cluster_area", "futian"], &place[..]].concat()).done();
}

#[test]
fn a_demo_prints_what_to_look_at_and_it_can_be_looked_at() {
    let folder = demo_copy();
    let printed = folder.path().join("printed");
    let args = ["demo", "--listen", "127.0.0.1:0", "--data-dir", text(folder.path())];
    let mut demo = command(&args);
    demo.stdout(fs::File::create(&printed).unwrap());
    // Its standard error says where once everything is loaded.
    let server = Server::spawn(&mut demo);
    let shown = fs::read_to_string(&printed).unwrap();
    assert!(shown.contains(&format!("Docket serves {}", server.base)), "{shown}");
    let roles = ["NATIONAL_OFFICE", "REGISTRAR", "AUDITOR", "OPERATOR", "FUTIAN_GOVERNMENT"];
    for name in roles {
        assert!(shown.contains(&format!("\n{name}='")), "{name}: {shown}");
    }
    let tokens = fs::read_to_string(folder.path().join("tokens.env")).unwrap();
    let auditor = tokens.lines().find_map(|line| line.strip_prefix("AUDITOR=")).unwrap();
    // An error means that another test has installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = tokio::runtime::Runtime::new().unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let addresses = shown.lines().filter(|line| line.starts_with("curl "));
    let addresses: Vec<_> = addresses.map(|line| line.rsplit('\'').nth(1).unwrap()).collect();
    assert!(addresses.len() >= 8, "{shown}");
    for address in addresses {
        let get = client.get(address).bearer_auth(auditor.trim_matches('\'')).send();
        let status = http.block_on(get).unwrap().status();
        assert_eq!(status, 200, "{address}");
    }
    assert_eq!(server.stop("INT").0, 0);
}

#[test]
fn a_rebuild_ends_in_the_checksums_of_what_was_filled_event_by_event() {
    let folder = demo_copy();
    let place = ["--output", "json", "--data-dir", text(folder.path())];
    let rebuilt = docket(&[&["rebuild"], &place[..]].concat()).json();
    let models = rebuilt["models"].as_array().unwrap();
    assert!(models.len() >= 4);
    for model in models {
        assert_eq!(model["compared"], "the same", "{model}");
        assert_eq!(model["checksum"].as_str().unwrap().len(), 32);
    }
    let one = docket(&[&["rebuild", "obligations"], &place[..]].concat()).json();
    let before = models.iter().find(|model| model["name"] == "obligations").unwrap();
    assert_eq!(one["models"][0]["checksum"], before["checksum"]);
    assert_eq!(one["models"].as_array().unwrap().len(), 1);
    docket(&[&["rebuild", "nothing"], &place[..]].concat()).refused(5, &["nothing", "obligations"]);

    // Changed behind its back, a copy is found out, and the new one serves.
    let serving = fs::read_to_string(folder.path().join("read-models/serving")).unwrap();
    let copy = folder.path().join("read-models").join(serving.trim());
    let tables = rusqlite::Connection::open(copy).unwrap();
    let changed = tables.execute("UPDATE status_history SET phase = 'powerful'", []).unwrap();
    assert!(changed > 0);
    drop(tables);
    let differs = docket(&[&["rebuild"], &place[..]].concat());
    assert_eq!(differs.code, 7, "{}", differs.stderr);
    assert!(
        differs.stderr.contains("not what served") && differs.stderr.contains("status_history")
    );
    docket(&[&["rebuild"], &place[..]].concat()).done();
}
