//! Witnesses: one that speaks C2SP `tlog-witness` sees each checkpoint continue the one before, and its
//! signature is kept, shown and verified.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use docket::ledger::{self, Witness};
use docket::log::{EventLog, SqliteLog};
use docket::verify::{Checkpoint, Held, Key, Kind};
use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::consistency::continues;
use crate::second::agrees_with;
use crate::world::{Folder, append, epoch, pair};

const NAME: &str = "witness.example/w1";
/// Its clock.
const TIME: u64 = 1_700_000_123;

/// A witness of one log.
struct Seen {
    key: SigningKey,
    log: Key,
    /// The newest tree that it signed: size and root.
    newest: Mutex<(u64, [u8; 32])>,
    asked: AtomicU64,
    conflicts: AtomicU64,
    is_away: AtomicBool,
}

fn id(public: &[u8]) -> [u8; 4] {
    let hash = Sha256::digest([NAME.as_bytes(), b"\n\x04", public].concat());
    [hash[0], hash[1], hash[2], hash[3]]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Seen {
    async fn start(key: [u8; 32]) -> (Arc<Self>, String) {
        let log = Key::of(&epoch().origin, &epoch().public_key).unwrap();
        let seen = Arc::new(Self {
            key: SigningKey::from_bytes(&key),
            log,
            newest: Mutex::new((0, [0; 32])),
            asked: AtomicU64::new(0),
            conflicts: AtomicU64::new(0),
            is_away: AtomicBool::new(false),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/submit", listener.local_addr().unwrap());
        let witness = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let witness = witness.clone();
                tokio::spawn(answer(stream, move |path, body| {
                    let (status, said) = witness.said_to(path, std::str::from_utf8(body).unwrap());
                    (status, said.into_bytes())
                }));
            }
        });
        (seen, url)
    }

    /// Its key as verifiers write it.
    fn verifier_key(&self) -> String {
        let public = self.key.verifying_key().to_bytes();
        let typed = STANDARD.encode([&[4][..], &public].concat());
        format!("{NAME}+{}+{typed}", hex(&id(&public)))
    }

    /// What the protocol says to a request.
    fn said_to(&self, path: &str, body: &str) -> (u16, String) {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.is_away.load(Ordering::Relaxed) {
            return (503, String::new());
        }
        assert_eq!(path, "/submit/add-checkpoint");
        let (head, note) = body.split_once("\n\n").unwrap();
        let mut lines = head.lines();
        let old: u64 = lines.next().unwrap().strip_prefix("old ").unwrap().parse().unwrap();
        let proof: Vec<[u8; 32]> =
            lines.map(|line| STANDARD.decode(line).unwrap().try_into().unwrap()).collect();
        let checkpoint = Checkpoint::parse(note).unwrap();
        if checkpoint.origin != self.log.name {
            return (404, String::new());
        }
        if !checkpoint.is_signed_by(&self.log) {
            return (403, String::new());
        }
        let mut newest = self.newest.lock().unwrap();
        let (size, root) = *newest;
        if old != size || (size == checkpoint.size && root != checkpoint.root) {
            self.conflicts.fetch_add(1, Ordering::Relaxed);
            return (409, format!("{size}\n"));
        }
        let to = (checkpoint.size, &checkpoint.root);
        if old == 0 {
            assert_eq!(proof, [[0; 32]; 0])
        } else if !continues((old, &root), to, &proof) {
            return (422, String::new());
        }
        *newest = (checkpoint.size, checkpoint.root);
        let text = note.split_once("\n\n").unwrap().0;
        let signature = self.key.sign(format!("cosignature/v1\ntime {TIME}\n{text}\n").as_bytes());
        let public = self.key.verifying_key().to_bytes();
        let bytes = [&id(&public)[..], &TIME.to_be_bytes(), &signature.to_bytes()].concat();
        (200, format!("— someone.else/x AAAAAAAA\n— {NAME} {}\n", STANDARD.encode(bytes)))
    }
}

/// Answers one request: what it is told of its path and body.
async fn answer(mut stream: TcpStream, say: impl FnOnce(&str, &[u8]) -> (u16, Vec<u8>)) {
    let (mut sent, mut part) = (Vec::new(), [0; 4096]);
    let (path, body) = loop {
        let read = stream.read(&mut part).await.unwrap_or(0);
        sent.extend_from_slice(&part[..read]);
        if let Some(at) = sent.windows(4).position(|four| four == b"\r\n\r\n") {
            let (head, body) = (String::from_utf8_lossy(&sent[..at]), &sent[at + 4..]);
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok()
            });
            if length.is_some_and(|length| body.len() >= length) {
                break (head.split(' ').nth(1).unwrap().to_owned(), body.to_vec());
            }
        }
        if read == 0 {
            return;
        }
    };
    let (status, said) = say(&path, &body);
    let kind = if status == 409 { "text/x.tlog.size" } else { "text/plain" };
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        said.len()
    );
    stream.write_all(&[head.as_bytes(), &said].concat()).await.unwrap();
}

/// Lets a log grow to so many events with witnesses, until they have signed all of it.
async fn grow(
    folder: &Folder,
    count: u64,
    witnesses: &[String],
    is_signed: bool,
) -> Option<String> {
    let witnesses = witnesses.iter().map(|one| Witness::parse(one).unwrap()).collect();
    grow_with(folder, count, witnesses, is_signed).await
}

async fn grow_with(
    folder: &Folder,
    count: u64,
    witnesses: Vec<Witness>,
    is_signed: bool,
) -> Option<String> {
    let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open_writer(folder.log()).unwrap());
    let epochs = vec![epoch()];
    let opened = ledger::open(&folder.ledger(), &log, epochs, &[pair()]).await.unwrap();
    let ledger = opened.ledger.clone();
    let keeping = opened.keep(witnesses).unwrap();
    append(&*log, count - log.head().await.unwrap().unwrap() - 1).await;
    let mut left = if is_signed { 200 } else { 20 };
    while ledger.cosigned().is_none_or(|one| one.size < count) && left > 0 {
        left -= 1;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(left > 0, is_signed);
    let shown = ledger.checkpoint().map(|newest| newest.note.clone());
    keeping.stop().await;
    log.close().await;
    shown
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_signs_what_continues_what_it_saw_and_is_verified() {
    let (witness, url) = Seen::start([5; 32]).await;
    let key = witness.verifier_key();
    let configured = [format!("{key} {url}")];
    let folder = Folder::with(&[2, 30]).await;
    for count in [40, 300] {
        let shown = grow(&folder, count, &configured, true).await.unwrap();
        let shown = Checkpoint::parse(&shown).unwrap();
        assert_eq!(shown.signed_at(&Key::parse(&key).unwrap()), Some(TIME), "it is served with it");
        assert!(shown.is_signed_by(&witness.log) && shown.size == count);
    }
    // After a start nothing is known of what it saw: it says so, and is believed.
    assert!(witness.conflicts.load(Ordering::Relaxed) >= 1);
    assert_eq!(witness.newest.lock().unwrap().0, 300);
    let witnesses = vec![Key::parse(&key).unwrap()];
    let report = folder.verified(Held { witnesses, ..Held::default() });
    assert_eq!((&report.findings[..], report.covered), (&[][..], 300));
    assert_eq!(report.witnessed, [(NAME.to_owned(), 300, TIME)]);
    agrees_with(&folder, &["--witness", &key], &report);
    // One that signed nothing is missed.
    let (other, _) = Seen::start([6; 32]).await;
    let witnesses = vec![Key::parse(&other.verifier_key()).unwrap()];
    let report = folder.verified(Held { witnesses, ..Held::default() });
    assert_eq!(report.findings.iter().map(|f| f.kind).collect::<Vec<_>>(), [Kind::Witness]);
    agrees_with(&folder, &["--witness", &other.verifier_key()], &report);
    // What it signed of a tree that is another now is found against it.
    let kept = ledger::kept::read_cosigned(&folder.ledger()).unwrap();
    assert_eq!(kept.last().unwrap().size, 300);
    let forged = kept.last().unwrap().note.replacen("\n300\n", "\n299\n", 1);
    std::fs::write(folder.ledger().join("cosigned"), format!("{forged}\n")).unwrap();
    let witnesses = vec![Key::parse(&key).unwrap()];
    let report = folder.verified(Held { witnesses, ..Held::default() });
    let kinds: Vec<_> = report.findings.iter().map(|f| f.kind).collect();
    assert_eq!(kinds, [Kind::Signature, Kind::Witness]);
    agrees_with(&folder, &["--witness", &key], &report);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_away_or_signs_otherwise_stops_nothing() {
    let (witness, url) = Seen::start([5; 32]).await;
    witness.is_away.store(true, Ordering::Relaxed);
    let (false_one, false_url) = Seen::start([6; 32]).await;
    let folder = Folder::with(&[2]).await;
    let key = witness.verifier_key();
    // It is known under another's key; nobody listens at the last.
    let configured = [
        format!("{key} {url}"),
        format!("{key} {false_url}"),
        format!("{} http://127.0.0.1:9", false_one.verifier_key()),
    ];
    let shown = grow(&folder, 20, &configured, false).await.unwrap();
    assert_eq!(Checkpoint::parse(&shown).unwrap().size, 20);
    assert!(!shown.contains(NAME), "{shown}");
    assert!(
        witness.asked.load(Ordering::Relaxed) > 0 && false_one.asked.load(Ordering::Relaxed) > 0
    );
    assert_eq!(ledger::kept::read_cosigned(&folder.ledger()).unwrap(), []);
    // A copy that is behind what a witness saw is not signed.
    witness.is_away.store(false, Ordering::Relaxed);
    *witness.newest.lock().unwrap() = (1000, [1; 32]);
    assert!(!grow(&folder, 30, &configured[..1], false).await.unwrap().contains(NAME));
}

/// A command of openssl in a folder, and whether it went well.
fn openssl(folder: &Path, arguments: &[&str]) -> bool {
    let ran = Command::new("openssl").args(arguments).current_dir(folder).output().unwrap();
    ran.status.success()
}

#[expect(clippy::disallowed_methods, reason = "an authority stamps by the machine's clock")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A time-stamping authority: openssl, with a certificate `tsa.pem` below the one of `ca.pem`.
async fn authority(folder: &Path) -> String {
    let config = "[tsa]\ndefault_tsa = own\n[own]\nserial = serial\ncrypto_device = builtin\n\
                  signer_digest = sha256\ndefault_policy = 1.2.3.4.1\ndigests = sha256\n\
                  ess_cert_id_chain = no\nordering = no\ntsa_name = no\n";
    fs::write(folder.join("tsa.cnf"), config).unwrap();
    let uses = "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=critical,timeStamping\n";
    fs::write(folder.join("uses.cnf"), uses).unwrap();
    for made in [
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=ca.example -days 30",
        "req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj /CN=tsa.example",
        "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -days 30 -extfile uses.cnf",
    ] {
        assert!(openssl(folder, &made.split(' ').collect::<Vec<_>>()), "{made}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/stamp", listener.local_addr().unwrap());
    let folder = folder.to_owned();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let folder = folder.clone();
            let stamped = answer(stream, move |path, body| {
                assert_eq!(path, "/stamp");
                fs::write(folder.join("query.tsq"), body).unwrap();
                let reply = [
                    "ts",
                    "-reply",
                    "-queryfile",
                    "query.tsq",
                    "-signer",
                    "tsa.pem",
                    "-inkey",
                    "tsa.key",
                    "-config",
                    "tsa.cnf",
                    "-section",
                    "own",
                    "-out",
                    "reply.tsr",
                ];
                assert!(openssl(&folder, &reply));
                (200, fs::read(folder.join("reply.tsr")).unwrap())
            });
            stamped.await;
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_stamps_the_time_of_a_checkpoint() {
    if Command::new("openssl").arg("version").output().is_err() {
        return eprintln!("SKIPPED: there is no openssl");
    }
    let place = tempfile::tempdir().unwrap();
    let url = authority(place.path()).await;
    let stamps = Witness::authority(&format!("tsa.example {url}")).unwrap();
    // It is asked once a minute: of the one checkpoint that there is.
    let folder = Folder::with(&[30]).await;
    // With a witness beside it both stand in one note.
    let (witness, at) = Seen::start([5; 32]).await;
    let cosigns = Witness::parse(&format!("{} {at}", witness.verifier_key())).unwrap();
    let note = grow_with(&folder, 30, vec![cosigns, stamps], true).await.unwrap();
    assert!(note.contains("\n— tsa.example ") && note.contains(NAME), "{note}");
    // As docs/verify-a-bundle.md has it, of a file `data/checkpoint`.
    let page = fs::read_to_string("docs/verify-a-bundle.md").unwrap();
    let script = page.split("```sh\n").find(|part| part.contains("ts -verify")).unwrap();
    fs::write(place.path().join("stamp.sh"), script.split("```").next().unwrap()).unwrap();
    fs::create_dir(place.path().join("data")).unwrap();
    let verified = |note: &str| {
        fs::write(place.path().join("data/checkpoint"), note).unwrap();
        let mut command = Command::new("bash");
        let command = command.args(["-e", "stamp.sh", "tsa.example", "ca.pem"]);
        let ran = command.current_dir(place.path()).output().unwrap();
        (ran.status.success(), String::from_utf8_lossy(&ran.stdout).into_owned())
    };
    let (is_good, said) = verified(&note);
    assert!(is_good && said.contains("Time stamp: "), "{said}");
    assert!(!verified(&note.replacen("\n30\n", "\n31\n", 1)).0, "another text");
    // And as `docket verify --authority` has it: one that is known, one that was never asked, and another
    // of the same name.
    let read = |name: &str| fs::read(place.path().join(name)).unwrap();
    let known = |name: &str, pem: &[u8]| Held {
        witnesses: vec![Key::of_authority(name, pem).unwrap()],
        ..Held::default()
    };
    for pem in ["tsa.pem", "ca.pem"] {
        let report = folder.verified(known("tsa.example", &read(pem)));
        let [(name, 30, at)] = &report.witnessed[..] else { panic!("{pem}: {report:?}") };
        let now = now();
        assert!(name == "tsa.example" && (now - 600..=now).contains(at), "{at}");
        assert_eq!(report.findings, []);
    }
    let true_one = read("ca.pem");
    authority(place.path()).await;
    let others = [read("ca.pem"), read("tsa.pem")].map(|pem| known("tsa.example", &pem));
    for held in others.into_iter().chain([known("another.example", &true_one)]) {
        let report = folder.verified(held);
        let kinds: Vec<Kind> = report.findings.iter().map(|finding| finding.kind).collect();
        assert_eq!((&kinds[..], report.witnessed.len()), (&[Kind::Witness][..], 0));
    }
    assert!(Key::of_authority("tsa.example", b"none").is_none());
    // Verifiers that know nothing of it are not disturbed by it.
    let report = folder.verified(Held::default());
    assert_eq!((&report.findings[..], report.covered), (&[][..], 30));
    agrees_with(&folder, &[], &report);
    for wrong in ["tsa.example", "tsa.example ftp://x", "a+b http://x"] {
        assert!(Witness::authority(wrong).is_err(), "{wrong}");
    }
}
