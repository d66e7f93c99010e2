//! Evidence bundles: what is given verifies offline, is the same whenever it is made, and whatever is done
//! to it is told apart.

#[path = "../ledger/second_process.rs"]
pub mod second;

use super::support::*;
use docket::ledger::Signer;
use docket::ledger::bag::bag;
use docket::verify::bundle::{Files, judge};
use docket::verify::open::OpenError;
use docket::verify::open::zip::{read, read_within};
use docket::verify::{Checkpoint, Held, Key, Kind, Report};
use ed25519_dalek::SigningKey;
use std::io::{Cursor, Write as _};
use std::path::PathBuf;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

pub const ONE: &str = "strong_province/440000";

pub struct Bundle {
    pub archive: Vec<u8>,
    pub key: Key,
    pub folder: tempfile::TempDir,
}

impl Bundle {
    pub fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join("bundle.zip");
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub fn files(&self) -> Files {
        read(&self.file(&self.archive)).unwrap()
    }

    pub fn held(&self) -> Held {
        Held { keys: vec![self.key.clone()], ..Held::default() }
    }

    /// What is found when something was done to its payload by who makes the lists anew.
    pub fn kinds(&self, change: impl FnOnce(&mut Files)) -> Vec<Kind> {
        let mut files = self.files();
        change(&mut files);
        let payload = files.iter().filter_map(|(path, bytes)| {
            Some((path.strip_prefix("data/")?.to_owned(), bytes.clone()))
        });
        let archive = bag("x", &payload.collect(), &[]).unwrap();
        let path = self.file(&archive);
        let files = read(&path).unwrap();
        let report = judge(&files, &self.held());
        second::agrees_on_bundle(&path, &self.key.to_string(), &report);
        let mut kinds: Vec<_> = report.findings.iter().map(|finding| finding.kind).collect();
        kinds.sort();
        kinds.dedup();
        kinds
    }

    /// Why an archive is none: the kind of finding, and what is said.
    fn refused(&self, archive: &[u8]) -> (Kind, String) {
        match read_within(&self.file(archive), 1 << 20) {
            Err(OpenError::NoBundle(kind, text)) => (kind, text),
            other => panic!("{other:?}"),
        }
    }

    /// That both verifiers give one finding of this kind of an archive, and nothing else.
    fn is_found_to(&self, archive: &[u8], kind: Kind) {
        let path = self.file(archive);
        assert_eq!(self.refused(archive).0, kind);
        let mut report = Report::default();
        report.found(kind, None, "");
        second::agrees_on_bundle(&path, &self.key.to_string(), &report);
    }
}

pub fn edit(files: &mut Files, path: &str, from: &str, to: &str) {
    let text = String::from_utf8(files[path].clone()).unwrap();
    assert!(text.contains(from), "{path} has no {from:?}: {text}");
    files.insert(path.to_owned(), text.replacen(from, to, 1).into_bytes());
}

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in files {
        writer.start_file(*path, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub async fn made() -> (Server, Bundle, u64) {
    let server = server_with_ledger().await;
    server.register(&["440000"]).await;
    let digest = server.province("440000").upload(b"the plan").await;
    let mut application = apply("leading", "2016-01-05");
    application["document"] = serde_json::json!({ "digest": digest, "title": "the plan" });
    let applied = server.province("440000").act(ONE, &application).await;
    let applied = if applied.status == 201 {
        applied
    } else {
        server.province("440000").act(ONE, &apply("leading", "2016-01-05")).await.ok(201)
    };
    let at: u64 = applied.json()["sequence"].as_str().unwrap().parse().unwrap();
    server.auditor().get(&format!("/v1/log/proofs/inclusion/{at}")).await.ok(200);
    let reply =
        server.auditor().get(&format!("/v1/enrollments/{ONE}/evidence?at_sequence={at}")).await;
    let reply = reply.ok(200);
    assert_eq!(reply.header("content-type"), "application/zip");
    let keys = send(server.request("GET", "/v1/log/keys")).await.ok(200).json();
    let key = Key::parse(keys["items"][0]["key"].as_str().unwrap()).unwrap();
    let bundle = Bundle { archive: reply.body, key, folder: tempfile::tempdir().unwrap() };
    (server, bundle, at)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_verifies_offline_and_is_the_same_whenever_it_is_made() {
    let (server, bundle, at) = made().await;
    let files = bundle.files();
    let report = judge(&files, &bundle.held());
    assert_eq!((report.findings, report.held, report.checkpoints), (vec![], true, 1));
    assert!(report.events >= 4, "{}", report.events);
    for path in [
        "data/status.json",
        "data/timeline.json",
        "data/obligations.json",
        "data/exceptions.en.json",
        "data/exceptions.zh-CN.json",
        "data/audit-trail.en.html",
        "data/audit-trail.zh-CN.html",
        "data/README.en.txt",
        "data/README.zh-CN.txt",
        "data/policy.txt",
        "data/schemas/Applied.v1.json",
    ] {
        assert!(files.contains_key(path), "{path}: {:?}", files.keys());
    }
    assert!(files.keys().any(|path| path.starts_with("data/measures/")), "the edition");
    let trail = String::from_utf8(files["data/audit-trail.zh-CN.html"].clone()).unwrap();
    assert!(trail.contains("省440000提出申报"), "{trail}");
    assert!(trail.contains("<h2>与规定不符之处，以及依据不足之处</h2>"), "{trail}");
    server.national().act(ONE, &approve("2016-03-01")).await.ok(201);
    let again = format!("/v1/enrollments/{ONE}/evidence?at_sequence={at}");
    let again = server.auditor().get(&again).await.ok(200);
    assert!(again.body == bundle.archive, "the same bytes for the same sequence");
    // What a checkpoint does not cover yet can't be proved.
    let beyond = format!("/v1/enrollments/{ONE}/evidence?at_sequence={}", at + 1000);
    server.auditor().get(&beyond).await.problem(404, "not-found");
    server
        .auditor()
        .get("/v1/enrollments/strong_province/110000/evidence")
        .await
        .problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_to_a_bundle_is_told_apart() {
    let (_server, bundle, at) = made().await;
    let proof = format!("data/proofs/{at:020}.tlog-proof");
    let other = "data/proofs/00000000000000000000.tlog-proof";
    assert_eq!(bundle.kinds(|_| {}), []);
    let events = "data/events.ndjson";
    let kinds = bundle.kinds(|files| edit(files, events, "440000", "440001"));
    assert!(kinds.contains(&Kind::Changed), "{kinds:?}");
    assert_eq!(bundle.kinds(|files| edit(files, &proof, "index", "place")), [Kind::Malformed]);
    let of_another = bundle.kinds(|files| {
        let bytes = files[other].clone();
        files.insert(proof.clone(), bytes);
    });
    assert_eq!(of_another, [Kind::Proof], "a proof for another index");
    assert_eq!(
        bundle.kinds(|files| {
            files.remove("data/checkpoint");
        }),
        [Kind::File]
    );
    // A checkpoint that another key signed, of this log and of another.
    let forged = |origin: &str| {
        Signer::new(origin.to_owned(), SigningKey::from_bytes(&[1; 32])).sign(500, [1; 32]).note
    };
    let origin = bundle.key.name.clone();
    let by_another = |origin: &str| {
        bundle.kinds(|files| {
            files.insert("data/checkpoint".to_owned(), forged(origin).into_bytes());
        })
    };
    assert_eq!(by_another(&origin), [Kind::Signature, Kind::Fork]);
    assert_eq!(by_another("another/log"), [Kind::OtherLog, Kind::Fork]);
    // A key that is not the log's, and a checkpoint of the same size that says otherwise.
    let files = bundle.files();
    let kinds = |held: Held| -> Vec<Kind> {
        judge(&files, &held).findings.iter().map(|finding| finding.kind).collect()
    };
    let pair = SigningKey::from_bytes(&[1; 32]);
    let wrong = Signer::new(origin.clone(), pair).public_key();
    let keys = vec![Key::of(&origin, &wrong).unwrap()];
    assert_eq!(kinds(Held { keys, ..Held::default() }), [Kind::Signature]);
    let note = String::from_utf8(files["data/checkpoint"].clone()).unwrap();
    let size = Checkpoint::parse(&note).unwrap().size;
    let fork = Signer::new(origin, SigningKey::from_bytes(&[3; 32])).sign(size, [1; 32]);
    let outside = vec![Checkpoint::parse(&fork.note).unwrap()];
    assert_eq!(kinds(Held { outside, ..bundle.held() }), [Kind::Fork]);
    // Without its lists made anew, a change is found by those.
    let mut changed = bundle.files();
    changed.insert("data/status.json".to_owned(), b"{}".to_vec());
    changed.insert("data/more".to_owned(), vec![]);
    changed.remove("data/timeline.json");
    let report = judge(&changed, &bundle.held());
    let texts: Vec<_> = report.findings.iter().map(|finding| finding.text.as_str()).collect();
    let file = report.findings.iter().all(|finding| finding.kind == Kind::File);
    assert!(file && texts.len() == 3, "{texts:?}");
}

/// The page that does it with shell tools alone is right.
#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_is_verified_with_a_shell_as_the_page_says() {
    let tools = ["openssl", "sha256sum", "bash"].iter();
    let mut tools =
        tools.filter(|tool| std::process::Command::new(tool).arg("--version").output().is_err());
    if let Some(tool) = tools.next() {
        return eprintln!("SKIPPED: there is no {tool}");
    }
    let (_server, bundle, at) = made().await;
    let page = std::fs::read_to_string("docs/verify-a-bundle.md").unwrap();
    let script = page.split("```bash\n").nth(1).unwrap().split("```").next().unwrap();
    let place = bundle.folder.path();
    std::fs::write(place.join("verify.sh"), script).unwrap();
    let ran = |files: &Files, key: &str| {
        let _ = std::fs::remove_dir_all(place.join("bundle"));
        for (path, bytes) in files {
            let path = place.join("bundle").join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        std::fs::write(place.join("key.txt"), format!("{key}\n")).unwrap();
        let mut command = std::process::Command::new("bash");
        let ran =
            command.args(["verify.sh", "bundle", "key.txt"]).current_dir(place).output().unwrap();
        (ran.status.success(), String::from_utf8(ran.stdout).unwrap())
    };
    let key = bundle.key.to_string();
    let (is_good, said) = ran(&bundle.files(), &key);
    assert!(is_good && said.contains(&format!("event {at:020}: in the log")), "{said}");
    let other = Signer::new(bundle.key.name.clone(), SigningKey::from_bytes(&[1; 32]));
    let wrong = Key::of(&bundle.key.name, &other.public_key()).unwrap().to_string();
    let (is_good, said) = ran(&bundle.files(), &wrong);
    assert!(!is_good && said == "files: whole\n", "{said}");
    let mut changed = bundle.files();
    edit(&mut changed, "data/events.ndjson", "leading", "lagging");
    let payload = changed
        .iter()
        .filter_map(|(path, bytes)| Some((path.strip_prefix("data/")?.to_owned(), bytes.clone())));
    let changed = read(&bundle.file(&bag("x", &payload.collect(), &[]).unwrap())).unwrap();
    let (is_good, said) = ran(&changed, &key);
    assert!(!is_good && said.contains("is not the one of its entry"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_bundle_is_refused() {
    let (_server, bundle, _) = made().await;
    let begin: (&str, &[u8]) = ("x/bagit.txt", b"BagIt-Version: 1.0\n");
    for path in ["../x", "/etc/x", "x/../../y", "x\\..\\y", "C:x"] {
        let (kind, why) = bundle.refused(&archive(&[begin, (path, b"")]));
        assert!(why.contains("climb") && kind == Kind::Climbs, "{path}: {why}");
        bundle.is_found_to(&archive(&[begin, (path, b"")]), Kind::Climbs);
    }
    let (kind, why) = bundle.refused(&archive(&[begin, ("x/bomb", &vec![0; 2 << 20])]));
    assert!(why.contains("larger than any") && kind == Kind::Oversized, "{why}");
    assert!(bundle.refused(&archive(&[begin, ("y/z", b"")])).1.contains("beside"));
    bundle.is_found_to(&archive(&[begin, ("y/z", b"")]), Kind::Malformed);
    assert!(bundle.refused(&archive(&[("x/y", b"")])).1.contains("bagit.txt"));
    assert!(bundle.refused(b"PK nothing").1.contains("cut short or damaged"));
    bundle.is_found_to(b"PK nothing", Kind::Truncated);
    bundle.is_found_to(&bundle.archive[..bundle.archive.len() / 2], Kind::Truncated);
    let whole = &bundle.archive;
    for at in (0..whole.len()).step_by(whole.len() / 200) {
        assert_eq!(bundle.refused(&whole[..at]).0, Kind::Truncated, "{at}");
        // A flip is found, or changes nothing that is read.
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        if let Ok(files) = read(&bundle.file(&flipped)) {
            let same = files == bundle.files();
            assert!(same || !judge(&files, &bundle.held()).findings.is_empty(), "{at}");
        }
    }
}
