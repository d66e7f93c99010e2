//! Documents in an S3 store, from the command line: what is told at the start, and what is not.

use crate::s3::{KEY_ID, S3StandIn, SECRET};
use crate::support::{Server, command, docket, run, text};
use std::path::Path;
use std::process::Command;

fn serve(folder: &Path, address: &str) -> Command {
    let args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", text(folder)];
    let mut command = command(&args);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION"] {
        command.env_remove(name);
    }
    command.args(["--documents", address]);
    command
}

fn with_keys(mut command: Command, id: &str, secret: &str) -> Command {
    command.env("DOCKET_STORE__S3__ACCESS_KEY_ID", id);
    command.env("DOCKET_STORE__S3__SECRET_ACCESS_KEY", secret);
    command
}

fn documents_health(server: &Server) -> serde_json::Value {
    docket(&["healthcheck", "--url", &server.base]).json()["documents"]["status"].clone()
}

/// Nothing that can be mended only here is put off until the first act that cites a document.
#[test]
fn a_wrong_bucket_or_key_is_told_at_the_start() {
    let stand_in = S3StandIn::start();
    let folder = tempfile::tempdir().unwrap();
    let good = stand_in.address("docs");
    let gone = good.replace("s3://docket-docs/", "s3://docket-docs-gone/");
    let refused = |mut command: Command, parts: &[&str]| {
        let ran = run(&mut command);
        ran.refused(2, parts);
        assert!(!ran.stderr.contains(SECRET) && !ran.stderr.contains("WRONG"), "{}", ran.stderr);
    };
    let parts = ["store.documents can't be used", "s3://docket-docs-gone/docs", "NoSuchBucket"];
    refused(with_keys(serve(folder.path(), &gone), KEY_ID, SECRET), &parts);
    let parts = ["store.documents can't be used", "SignatureDoesNotMatch"];
    refused(with_keys(serve(folder.path(), &good), KEY_ID, "WRONG"), &parts);
    refused(with_keys(serve(folder.path(), &good), "WRONG", SECRET), &["InvalidAccessKeyId"]);
    refused(serve(folder.path(), &good), &["there are no credentials", "store.s3.access_key_id"]);
}

/// The measures of a new log are documents, so that one needs its store; later starts do without.
#[test]
fn a_store_that_is_away_does_not_keep_a_node_from_starting() {
    let stand_in = S3StandIn::start();
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let address = stand_in.address("docs");
    let serve = || with_keys(serve(folder.path(), &address), KEY_ID, SECRET);
    runtime.block_on(stand_in.stop());
    let new = run(&mut serve());
    new.refused(8, &["s3://docket-docs/docs", "can't be reached", "refused"]);
    runtime.block_on(stand_in.resume());
    let server = Server::spawn(&mut serve());
    assert_eq!(documents_health(&server), "UP");
    assert_eq!(server.stop("TERM").0, 0);
    assert!(stand_in.counts().1 > 3, "the measures are not in the store");
    runtime.block_on(stand_in.stop());
    let server = Server::spawn(&mut serve());
    assert_eq!(documents_health(&server), "DOWN");
    assert_eq!(server.stop("TERM").0, 0);
    runtime.block_on(stand_in.resume());
    // The keys may come from where AWS has them.
    let mut standard = self::serve(folder.path(), &address);
    standard.env("AWS_ACCESS_KEY_ID", KEY_ID).env("AWS_SECRET_ACCESS_KEY", SECRET);
    let server = Server::spawn(&mut standard);
    assert_eq!(documents_health(&server), "UP");
    assert_eq!(server.stop("TERM").0, 0);
}
