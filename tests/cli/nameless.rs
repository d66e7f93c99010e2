//! A log whose first event, which says what log it is, can't be read: it kept every command from starting.

use std::fs;

use crate::decisions::{get, head, note, serve};
use crate::support::{demo_copy, docket, text};
use crate::tamper::tamper;

#[test]
fn it_is_served_and_written_on_while_something_beside_it_proves_its_name() {
    let folder = demo_copy();
    let path = folder.path();
    assert_eq!(serve(path).stop("TERM").0, 0);
    tamper(&path.join("log.sqlite"), "UPDATE event SET data = '?' WHERE sequence = 0");

    // The webhook endpoints know whose they are, and the first event's own id proves it.
    let server = serve(path);
    let noted = note(&server, path, "x22", "1", "as ever");
    assert_eq!(noted.status, 201, "{}", noted.body);
    assert_eq!(get(&server, path, "/v1/events/0").body["code"], "LOG_INTEGRITY_FAILURE");
    assert_eq!(server.stop("TERM").0, 0);

    fs::remove_file(path.join("webhooks.sqlite")).unwrap();
    let before = head(path);
    let server = serve(path);
    let refused = note(&server, path, "x22", "2", "under which name?");
    assert_eq!((refused.status, refused.retry_after), (503, None), "{}", refused.body);
    assert_eq!(refused.body["code"], "RECORDING_STOPPED");
    let ready = get(&server, path, "/health/ready");
    assert_eq!(ready.status, 200, "{}", ready.body);
    let why = ready.body.to_string();
    assert!(why.contains("event 0, LogCreated") && why.contains("docket store restore"), "{why}");
    let status = get(&server, path, "/v1/enrollments/cluster_area/futian");
    assert_eq!(status.status, 200, "{}", status.body);
    let later = get(&server, path, "/v1/events?after=10&limit=2");
    assert_eq!(later.status, 200, "{}", later.body);
    assert_eq!(server.stop("TERM").0, 0);
    assert_eq!(head(path), before);

    let place = ["--data-dir", text(path)];
    let status = ["status", "cluster_area", "futian", "--output", "json"];
    assert_eq!(docket(&[&status[..], &place].concat()).json()["subject"], "futian");
    docket(&[&["obligations"][..], &place].concat()).done();
    let lost = ["log", "accept-loss", "--old-head", "999999"];
    docket(&[&lost[..], &place].concat()).refused(7, &["first event", "docket store restore"]);
}
