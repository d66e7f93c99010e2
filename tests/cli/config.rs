//! Configuration and tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::time::{Duration, Instant};

use crate::support::{Server, command, docket, run, text};

#[test]
fn the_configuration_is_printed_with_where_each_value_came_from() {
    let mut print = command(&["config", "print", "--origins", "--set", "server.workers=3"]);
    let shown = run(print.env("DOCKET_TELEMETRY__LOG_FORMAT", "json")).done();
    let line = |key: &str| shown.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    assert!(line("server.workers").contains("command line --set"));
    assert!(line("telemetry.log_format").contains("environment DOCKET_TELEMETRY__LOG_FORMAT"));
    assert!(line("server.listen").contains("default"));
    let secret = ["config", "print", "--log", "kurrentdb://docket:pass@db:2113"];
    let shown = docket(&secret).done();
    assert!(shown.contains("docket:***@db:2113") && !shown.contains("pass"), "{shown}");
}

#[test]
fn no_password_of_an_address_is_shown_whatever_its_form() {
    for address in [
        "s3://bucket/x?endpoint=http%3A%2F%2FAKIA%3As3cretpw%40h%3A1",
        "file:AKIA:s3cretpw@b",
        "sqlite:AKIA:s3cretpw@b",
        "sqlite://admin:s3cretpw@h/x",
    ] {
        for option in ["--log", "--read-model", "--documents"] {
            let shown = docket(&["config", "print", option, address]).done();
            assert!(!shown.contains("s3cretpw"), "{option} {address}: {shown}");
            let checked = docket(&["config", "check", option, address]);
            assert!(!checked.stderr.contains("s3cretpw"), "{address}: {}", checked.stderr);
        }
        let copy = docket(&["store", "copy", "--from", address, "--to", "sqlite:no/such"]);
        assert!(copy.code != 0 && !copy.stderr.contains("s3cretpw"), "{address}: {}", copy.stderr);
        let print = docket(&["projections", "status", "--log", address]);
        assert!(print.code != 0 && !print.stderr.contains("s3cretpw"), "{}", print.stderr);
    }
}

#[test]
fn a_configuration_that_can_be_used_is_good_and_another_is_named() {
    assert_eq!(docket(&["config", "check"]).done(), "the configuration is good\n");
    let check = |args: &[&str]| docket(&[&["config", "check"], args].concat());
    check(&["--set", "server.listn=x"]).refused(2, &["no key server.listn", "is server.listen"]);
    check(&["--listen", "here"]).refused(2, &["--listen", "127.0.0.1:8080"]);
    check(&["--log", "mysql://u:hush@db"])
        .refused(2, &["store.log", "mysql://u:***@db", "sqlite:<path>"]);
    check(&["--documents", "ftp://x"]).refused(2, &["store.documents", "file:<folder>"]);
    let keys = ["--set", "store.s3.access_key_id=k", "--set", "store.s3.secret_access_key=s"];
    check(&keys).refused(2, &["store.s3.access_key_id", "no S3 store"]);
    check(&["--read-model", "postgres://x"]).refused(2, &["store.read_model"]);
    check(&["--config", "no/such.toml"]).refused(2, &["no/such.toml"]);
    let mut serve = command(&["serve"]);
    run(serve.env("DOCKET_SERVER__PORT", "1")).refused(2, &["environment DOCKET_SERVER__PORT"]);
}

#[cfg(not(feature = "kurrentdb"))]
#[test]
fn a_log_in_a_kurrentdb_needs_a_build_that_knows_it() {
    let check = docket(&["config", "check", "--log", "kurrentdb://db"]);
    check.refused(2, &["store.log", "--features kurrentdb", "sqlite:<path>"]);
}

#[cfg(feature = "kurrentdb")]
#[test]
fn the_address_of_a_kurrentdb_is_checked_without_asking_it() {
    let check = |args: &[&str]| docket(&[&["config", "check", "--log"], args].concat());
    assert_eq!(check(&["kurrentdb://a,b:2114"]).done(), "the configuration is good\n");
    check(&["esdb://u:hush@db?tsl=false"]).refused(2, &["store.log", "no parameter tsl"]);
    check(&["esdb://db", "--set", "store.kurrentdb.prefix=$x"]).refused(2, &["first not $"]);
    check(&["esdb://db", "--set", "store.kurrentdb.user=u"])
        .refused(2, &["store.kurrentdb.password", "together"]);
}

#[cfg(not(feature = "s3"))]
#[test]
fn an_s3_store_needs_a_build_that_knows_it() {
    let check = docket(&["config", "check", "--documents", "s3://docket-docs"]);
    check.refused(2, &["store.documents", "--features s3", "file:<folder>"]);
}

#[cfg(feature = "s3")]
#[test]
fn the_address_of_an_s3_store_is_checked_without_asking_it() {
    let check = |address: &str, more: &[&str]| {
        docket(&[&["config", "check", "--documents", address], more].concat())
    };
    let good = "s3://docket-docs/real?endpoint=http://127.0.0.1:1&allow_http=true";
    assert_eq!(check(good, &[]).done(), "the configuration is good\n");
    check("s3://x", &[]).refused(2, &["store.documents", "3 to 63"]);
    check("s3://docket-docs?key=hush", &[]).refused(2, &["is not known", "endpoint, region"]);
    let half = ["--set", "store.s3.access_key_id=k"];
    check(good, &half).refused(2, &["store.s3.secret_access_key", "belong together"]);
}

#[test]
fn a_token_says_who_acts_and_wrong_ones_are_not_issued() {
    let folder = tempfile::tempdir().unwrap();
    let issue =
        |args: &[&str]| docket(&[&["token", "--data-dir", text(folder.path())], args].concat());
    let token = issue(&["--role", "province", "--office", "gd", "--division", "440000"]).done();
    let claims = token.trim().split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    assert_eq!(claims["role"], "province");
    assert_eq!(claims["divisions"], serde_json::json!(["440000"]));
    assert_eq!((&claims["iss"], &claims["sub"]), (&"docket".into(), &"gd".into()));
    let lasts = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(lasts, 8 * 3600);

    issue(&["--role", "king", "--office", "x"]).refused(2, &["\"king\" is no role", "auditor"]);
    issue(&["--role", "province", "--office", "x"]).refused(2, &["--division"]);
    issue(&["--role", "auditor", "--office", "x", "--ttl-s", "0"]).refused(2, &["--ttl-s"]);
    issue(&["--role", "auditor", "--office", "\u{200b}"]).refused(2, &["--office", "see it"]);
    let shortest = ["--set", "auth.max_token_ttl_s=60", "--ttl-s", "61"];
    issue(&[&["--role", "auditor", "--office", "x"], &shortest[..]].concat())
        .refused(2, &["1 to 60 seconds"]);
    for id in ["", "a b", "a\nb", "#x"] {
        issue(&["--revoke", id]).refused(2, &["the id of a token"]);
    }
    std::fs::write(folder.path().join("token-key.pem"), "no key").unwrap();
    issue(&["--role", "auditor", "--office", "x"]).refused(1, &["token-key.pem", "not an Ed25519"]);
}

/// Withdrawn keys and tokens once worked until a restart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_server_takes_revocations_and_new_keys() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let place = ["--data-dir", text(folder.path())];
    let issue = || {
        let ran = docket(&[&["token", "--role", "auditor", "--office", "a"], &place[..]].concat());
        let id = ran.stderr.split("id is ").nth(1).unwrap().split(';').next().unwrap().to_owned();
        (ran.done().trim().to_owned(), id)
    };
    let http = reqwest::Client::new();
    let url = format!("{}/v1/programs", server.base);
    let becomes = async |token: &str, status: u16| {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            let answer = http.get(&url).bearer_auth(token).send().await.unwrap().status();
            if answer == status {
                return;
            }
            assert!(Instant::now() < until, "{answer} for {status}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let ((one, id), (other, _)) = (issue(), issue());
    becomes(&one, 200).await;
    let revoked = docket(&[&["token", "--revoke", &id], &place[..]].concat());
    assert!(revoked.stderr.contains("token-key.revoked"), "{}", revoked.stderr);
    becomes(&one, 401).await;
    becomes(&other, 200).await;
    let key = folder.path().join("token-key.pem");
    let previous = folder.path().join("token-key.previous.pem");
    std::fs::rename(&key, &previous).unwrap();
    let (new, _) = issue();
    becomes(&new, 200).await;
    becomes(&other, 200).await;
    std::fs::remove_file(&previous).unwrap();
    becomes(&other, 401).await;
    becomes(&new, 200).await;
}
