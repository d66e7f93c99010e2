//! Pages as evidence: the record sheet with its digest, and what proves an event.

use std::path::Path;

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use super::console::{Browser, token};
use super::support::{Server, command, demo_copy, docket, text};

/// What a reader computes who has nothing but the page.
fn digest_of(sheet: &str) -> String {
    let (from, to) = (sheet.find("<main").unwrap(), sheet.rfind("</main>").unwrap());
    let bytes = &sheet.as_bytes()[from..to + "</main>".len()];
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn digest_on(sheet: &str) -> &str {
    sheet.split("<code id=\"digest\">").nth(1).unwrap().split('<').next().unwrap()
}

#[test]
fn a_record_sheet_has_a_digest_that_anyone_makes_again_also_after_a_rebuild() {
    const FIXED: &str = "as_of=2026-11-30&at_sequence=2600&lang";
    let folder = demo_copy();
    // Every kind of page that has one; what is recorded meanwhile, a sheet of then does not say.
    let pages = [
        "/console/register/strong_province?print=1",
        "/console/cluster_area/futian?print=1",
        "/console/exercise_cluster_area/exercise_a?print=1",
        "/console/move?exercise=true&print=1",
        "/console/exceptions?exercise=true&print=1",
        "/console/quotas/strong_province?print=1",
        "/console/totals?print=1",
        "/console/obligations?print=1",
        "/console/log?from=2590&print=1",
        "/console/log/300?print=1",
        "/console/measures?print=1",
        "/console/measures/cluster_area/2014-40?print=1",
    ];
    let looked = |folder: &Path| {
        let address = "server.public_url=https://docket.example";
        let args =
            ["serve", "--listen", "127.0.0.1:0", "--data-dir", text(folder), "--set", address];
        let server = Server::spawn(&mut command(&args));
        let mut browser = Browser::new(&server.base);
        browser.sign_in(&token(folder, "auditor"));
        let sheet = |page: &&str, language: &str| {
            let shown = browser.get(&format!("{page}&{FIXED}={language}"));
            assert_eq!(shown.status, 200, "{page}: {}", shown.body);
            assert!(shown.header("cache-control").contains("immutable"), "{page}");
            assert_eq!(digest_on(&shown.body), digest_of(&shown.body), "{page}");
            assert!(shown.body.contains("#2600"), "{page}");
            shown.body
        };
        let sheets: Vec<_> =
            pages.iter().flat_map(|page| [sheet(page, "en"), sheet(page, "zh-CN")]).collect();
        assert_eq!(server.stop("INT").0, 0);
        sheets
    };
    let before = looked(folder.path());
    assert_eq!(docket(&["rebuild", "--data-dir", text(folder.path())]).code, 0);
    for (at, (before, after)) in before.iter().zip(looked(folder.path())).enumerate() {
        assert_eq!(*before, after, "{}", pages[at / 2]);
    }
    let exercise = &before[4];
    assert!(exercise.contains("class=\"sheet exercise\"") && exercise.contains("EXERCISE"));
    let of_area = &before[2];
    assert!(of_area.contains("Events cited") && of_area.contains("#104"), "{of_area}");
}

#[test]
fn a_record_sheet_that_is_asked_for_without_times_is_one_of_now() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    let auditor = token(folder.path(), "auditor");
    browser.sign_in(&auditor);
    let page = browser.get("/console/cluster_area/futian?lang=en").body;
    let link = "/console/cluster_area/futian?lang=en&amp;print=1";
    assert!(page.contains(link), "a page leads to its sheet");
    // The server records what falls due just after it starts: a sheet of now is looked at until it stands still.
    let mut tries = 0;
    let to = loop {
        let log = browser.json(&auditor, "/health/ready")["log"]["sequence"].clone();
        let newest = log.as_str().unwrap().trim_start_matches('0');
        let today = browser.json(&auditor, "/v1/enrollments?limit=1")["as_of"].clone();
        let today = today.as_str().unwrap();
        let led = browser.get("/console/cluster_area/futian?lang=en&print=1");
        let path = "/console/cluster_area/futian";
        let now = format!("{path}?as_of={today}&at_sequence={newest}&lang=en&print=1");
        // A day that is given stays, and an instant becomes the event that was newest then.
        let asked = "/console/move?as_of=2016-12-31&known_at=2100-01-01T00:00:00Z&print=1";
        let led =
            [led.header("location").to_owned(), browser.get(asked).header("location").to_owned()];
        let to = format!("/console/move?as_of=2016-12-31&at_sequence={newest}&lang=zh-CN&print=1");
        tries += 1;
        if led == [now.clone(), to.clone()] || tries == 100 {
            assert_eq!(led, [now, to.clone()]);
            break to;
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    };
    let sheet = browser.get(&to.replace("/console/move", "/console/quotas/strong_province")).body;
    assert!(sheet.contains("记录单") && !sheet.contains("<header"));
}

#[test]
fn the_log_of_a_fixed_event_ends_there() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    browser.sign_in(&token(folder.path(), "auditor"));
    let page = "/console/log?from=690&as_of=2026-11-30&at_sequence=700&lang=en";
    let shown = browser.get(page).body;
    assert!(shown.contains(">#700<") && !shown.contains(">#701<"), "{shown}");
    assert!(!shown.contains("Later events"));
}

#[test]
fn a_proof_says_who_checked_it_and_its_file_is_verified_offline() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    let auditor = token(folder.path(), "auditor");
    browser.sign_in(&auditor);
    assert!(
        browser.get("/console/log/300?lang=en").body.contains("/console/log/300/proof?lang=en")
    );
    let fixed = "/console/log/300/proof?lang=en&as_of=2026-11-30&at_sequence=700";
    let page = browser.get(fixed);
    assert_eq!(page.header("cache-control"), "private, no-cache", "a proof is of the newest root");
    let body = &page.body;
    assert!(body.contains("Leaf and path give the root"), "{body}");
    assert!(body.contains("Not checked: without a script a browser can"), "{body}");
    let event = browser.json(&auditor, "/v1/events/300");
    assert!(body.contains(event["data_sha256"].as_str().unwrap()));
    // What the script checks is the script of this server.
    let script = body.split("<script src=\"").nth(1).unwrap().split('"').next().unwrap();
    let script = browser.get(script);
    assert_eq!(
        (script.status, script.header("content-type")),
        (200, "text/javascript; charset=utf-8")
    );
    assert!(page.header("content-security-policy").contains("script-src 'self';"), "it may run");
    let file = browser.get("/console/log/300/proof/file");
    assert!(file.header("content-disposition").contains("docket-300.tlog-proof"));
    // The leaf that is shown is that of the entry in the file.
    let entry = file.body.lines().find_map(|line| line.strip_prefix("extra ")).unwrap();
    let entry = base64::engine::general_purpose::STANDARD.decode(entry).unwrap();
    let leaf = Sha256::digest([&[0][..], &entry].concat());
    let leaf = base64::engine::general_purpose::STANDARD.encode(leaf);
    assert!(body.contains(&format!("<code>{leaf}</code>")), "{leaf}");
    let kept = folder.path().join("300.tlog-proof");
    std::fs::write(&kept, &file.body).unwrap();
    let keys = browser.json(&auditor, "/v1/log/keys");
    let key = keys["items"][0]["key"].as_str().unwrap();
    assert!(body.contains(key), "the command names the key");
    let verified = docket(&["verify", text(&kept), "--key", key]);
    assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
    // One bit of it, and it proves nothing.
    std::fs::write(&kept, file.body.replacen("index 300", "index 301", 1)).unwrap();
    assert_eq!(docket(&["verify", text(&kept), "--key", key]).code, 7);
    assert_eq!(browser.get("/console/log/999999/proof").status, 404);
}
