//! Files and persons in the console: a file is kept before the act is checked, and what is sealed is opened
//! only after that is on record.

use sha2::{Digest as _, Sha256};

use super::console::{Browser, Shown, hidden, token};
use super::support::{Server, demo_copy};

const OURS: [(&str, &str); 1] = [("sec-fetch-site", "same-origin")];

/// A form with files, as a browser sends it: name, file name, content.
fn sent(
    browser: &Browser,
    to: &str,
    typed: &[(&str, &str)],
    files: &[(&str, &str, &[u8])],
) -> Shown {
    let mut body = Vec::new();
    for (name, value) in typed {
        let head =
            format!("--xyz\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(head.as_bytes());
    }
    for (name, file, content) in files {
        let head = format!(
            "--xyz\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--xyz--\r\n");
    let parts = [OURS[0], ("content-type", "multipart/form-data; boundary=xyz")];
    browser.post_bytes(to, body, &parts)
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

const AT: &str = "/console/exercise_cluster_area/exercise_i/acts/new?lang=en";
const LETTER: &[u8] = b"%PDF-1.4 a letter";
const ORDER: &[u8] = b"%PDF-1.4 a decision";

type Typed = Vec<(String, String)>;

/// A form as it is shown, filled in.
fn filled(form: &str, more: &[(&str, &str)]) -> Typed {
    let own = ["act", "revision", "key", "exercise", "kinds"];
    let own = own.map(|name| (name.to_owned(), hidden(form, name).replace("&quot;", "\"")));
    let said = [
        ("effective_on", "2026-11-30"),
        ("opinion", "Verified"),
        ("archive.office", "provincial_department"),
        ("archive.source", "An archive \"of\" ours"),
        ("step", "check"),
    ];
    let said =
        said.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    own.into_iter().chain(said).collect()
}

fn send(browser: &Browser, typed: &Typed, files: &[(&str, &str, &[u8])]) -> Shown {
    let typed: Vec<_> = typed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    sent(browser, AT, &typed, files)
}

#[test]
fn a_file_that_is_not_as_it_must_be_is_refused_by_name_and_nothing_typed_is_lost() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    browser.sign_in(&token(folder.path(), "registrar"));
    let form = browser.get(&format!("{AT}&act=recommend")).body;
    assert!(form.contains("enctype=\"multipart/form-data\""));
    assert!(form.contains("type=\"file\" id=\"f-file-letter_of_recommendation\""), "{form}");
    let (plain, large) = (filled(&form, &[]), vec![b'%'; 17 * 1024 * 1024]);
    let stated = filled(&form, &[("digest-letter_of_recommendation", &digest(ORDER))]);
    for (typed, file, content, said) in [
        (
            &plain,
            "letter.exe",
            LETTER,
            "letter.exe: its name does not end as a file of a known type",
        ),
        (&plain, "letter.pdf", &b"MZ"[..], "letter.pdf: its name does not end"),
        (&stated, "letter.pdf", LETTER, "letter.pdf: The content does not have the claimed digest"),
        (&plain, "letter.pdf", &large[..], "letter.pdf: it is larger than 16 MiB"),
    ] {
        let refused = send(&browser, typed, &[("file-letter_of_recommendation", file, content)]);
        assert_eq!(refused.status, 200, "{}", refused.body);
        assert!(refused.body.contains(said), "{said}: {}", refused.body);
        assert!(refused.body.contains("href=\"#f-file-letter_of_recommendation\""), "{said}");
        assert!(
            refused.body.contains("An archive &quot;of&quot; ours"),
            "{said}: what was typed is lost"
        );
    }
    // Kept only for a form of this session.
    let mut foreign = plain;
    foreign[2].1 = "00.00".to_owned();
    let foreign = send(&browser, &foreign, &[("file-document", "letter.pdf", LETTER)]).body;
    assert!(foreign.contains("The files were not kept"), "{foreign}");
}

#[test]
fn files_of_a_form_are_kept_by_their_content_and_recorded_as_they_were_checked() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    let registrar = token(folder.path(), "registrar");
    browser.sign_in(&registrar);
    let form = browser.get(&format!("{AT}&act=recommend")).body;
    let named = filled(&form, &[("document.title", "A letter of ours")]);
    let files = [
        ("file-letter_of_recommendation", "推荐函.pdf", LETTER),
        ("file-document", "order.pdf", ORDER),
    ];
    let checked = send(&browser, &named, &files).body;
    assert!(checked.contains("This will be recorded"), "{checked}");
    for bytes in [LETTER, ORDER] {
        assert!(checked.contains(&digest(bytes)), "the digest is shown before it is recorded");
    }
    let carried = checked.split("<input type=\"hidden\" name=\"").skip(1).map(|part| {
        let (name, rest) = part.split_once("\" value=\"").unwrap();
        let value = rest.split('"').next().unwrap();
        (name.to_owned(), value.replace("&quot;", "\"").replace("&amp;", "&"))
    });
    let carried: Vec<_> = carried.filter(|(name, _)| name != "lang").collect();
    let mut carried: Vec<_> = carried.iter().map(|(name, value)| (&**name, &**value)).collect();
    carried.push(("step", "record"));
    let done = browser.post(AT, &carried, &OURS);
    assert_eq!(done.status, 303, "{}", done.body);
    let trail = "/v1/enrollments/exercise_cluster_area/exercise_i/audit-trail";
    let trail = browser.json(&registrar, trail);
    let last = trail["items"].as_array().unwrap().last().unwrap();
    assert_eq!(last["document"]["digest"], digest(ORDER));
    assert_eq!(last["document"]["media_type"], "application/pdf");
    assert_eq!(last["materials"][0]["digest"], digest(LETTER));
    assert_eq!(last["materials"][0]["name"], "推荐函.pdf");
    let page = browser.get("/console/exercise_cluster_area/exercise_i?lang=en").body;
    assert!(
        page.contains(&digest(ORDER)) && page.contains("A letter of ours"),
        "sources are shown"
    );
}

#[test]
fn what_is_sealed_is_opened_with_a_reason_and_kept_by_nobody() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    let auditor = token(folder.path(), "auditor");
    browser.sign_in(&auditor);
    let events = browser.json(&auditor, "/v1/events?program=exercise_cluster_area&limit=1000");
    let names = |event: &&serde_json::Value| event["metadata"]["persons"].is_string();
    let event = events["items"].as_array().unwrap().iter().find(names).unwrap();
    let of = event["sequence"].as_str().unwrap().trim_start_matches('0').to_owned();
    let page = browser.get(&format!("/console/log/{of}?lang=en")).body;
    let link = format!("/console/log/{of}/openings?lang=en");
    assert!(page.contains(&link) && page.contains("(sealed)"), "{page}");
    let newest = browser.json(&auditor, "/health/ready")["log"]["sequence"].clone();
    let newest = newest.as_str().unwrap().trim_start_matches('0').to_owned();
    let times = format!("as_of=2026-11-30&at_sequence={newest}");
    let fixed = browser.get(&format!("/console/log/{of}?lang=en&{times}"));
    assert!(!fixed.body.contains("/openings"), "not offered where a page is kept for ever");
    let led = browser.get(&format!("{link}&{times}"));
    assert_eq!((led.status, led.header("location")), (303, link.as_str()));
    let form = browser.get(&link);
    assert_eq!(form.header("cache-control"), "no-store");
    let key = hidden(&form.body, "key").to_owned();
    let opened = || {
        browser.json(&auditor, "/v1/events?type=PersonOpened&limit=1000")["items"]
            .as_array()
            .unwrap()
            .len()
    };
    let before = opened();
    let send = |key: &str, reason: &str| {
        browser.post(&link, &[("key", key), ("data_subject", ""), ("reason", reason)], &OURS)
    };
    // Neither without a reason, nor by a form of another session, nor from elsewhere.
    let refused = send(&key, "");
    assert!(refused.body.contains("role=\"alert\"") && !refused.body.contains("Example Contact"));
    assert!(send("00.00", "case 17").body.contains("Nothing was opened"));
    assert_eq!(browser.post(&link, &[("key", &key), ("reason", "x")], &[]).status, 403);
    assert_eq!(opened(), before);
    let shown = send(&key, "case 17");
    assert_eq!((shown.status, shown.header("cache-control")), (200, "no-store"));
    assert!(shown.body.contains("Example Contact (invented)"), "{}", shown.body);
    assert_eq!(opened(), before + 1, "each opening is on record");
    // Who may not is not offered it, and is refused.
    browser.sign_in(&token(folder.path(), "registrar"));
    let page = browser.get(&format!("/console/log/{of}?lang=en")).body;
    assert_eq!(page.contains("/openings"), browser.get(&link).body.contains("name=\"reason\""));
}
