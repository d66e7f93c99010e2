//! Everything that can be done to a log below a checkpoint that was held elsewhere is found, also by who
//! has the whole folder: `make tampering` tries as many as time allows and says how many.
//!
//! A flip of a bit that changes no row (of a page that is not used, or of an index) is counted apart: the
//! structure's own check looks at those.

#[path = "../support/tamper.rs"]
pub mod tamper;

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use docket::ledger::{self, Signer, kept, tiles::Growing};
use docket::verify::{Checkpoint, Held, Kind};
use ed25519_dalek::SigningKey;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use rusqlite::Connection;
use serde_json::json;
use tamper::tamper;
use tokio::task::JoinSet;

use crate::second;
use crate::world::{Folder, ORIGIN};

/// Events in the log, and those that the checkpoint covers that is held elsewhere.
const EVENTS: u64 = 90;
const COVERED: u64 = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum How {
    /// A member of an event is another.
    Edit,
    /// The same, and tree and checkpoints are made anew with another key.
    Rehash,
    /// An event is gone, and those after it moved up.
    Delete,
    /// The same with a gap.
    Gap,
    /// An event was put in.
    Insert,
    /// Two events change places.
    Swap,
    /// The newest are gone, of log and ledger alike.
    Truncate,
    /// Log and ledger are an older genuine copy.
    Rewind,
    /// A stream has another name.
    Rename,
    /// A bit of the file is another.
    Flip,
}

const WAYS: [How; 10] = [
    How::Edit,
    How::Rehash,
    How::Delete,
    How::Gap,
    How::Insert,
    How::Swap,
    How::Truncate,
    How::Rewind,
    How::Rename,
    How::Flip,
];

struct Base {
    whole: Folder,
    older: Folder,
    held: Checkpoint,
    note: String,
    rows: String,
}

async fn base() -> Base {
    let older = Folder::with(&[20]).await;
    let whole = Folder::with(&[20, 41, COVERED]).await;
    let note = whole.last_note();
    let held = Checkpoint::parse(&note).unwrap();
    assert_eq!(held.size, COVERED);
    whole.grow(EVENTS).await;
    let rows = rows(&whole);
    Base { whole, older, held, note, rows }
}

impl Base {
    fn held(&self) -> Held {
        Held { outside: vec![self.held.clone()], ..Held::default() }
    }
}

/// All that is recorded in a log, as text; what can't be read is said.
fn rows(folder: &Folder) -> String {
    let read = || -> rusqlite::Result<String> {
        let connection = Connection::open(folder.log())?;
        let mut asked = connection.prepare(
            "SELECT e.sequence, s.name, e.revision, hex(e.event_id), e.type, e.recorded_at, hex(e.data), \
             hex(e.metadata) FROM event e NOT INDEXED JOIN stream s ON s.key = e.stream ORDER BY e.sequence",
        )?;
        let mut rows = asked.query([])?;
        let mut text = String::new();
        while let Some(row) = rows.next()? {
            for column in 0..8 {
                text.push_str(&format!("{:?} ", row.get_ref(column)?));
            }
            text.push('\n');
        }
        Ok(text)
    };
    read().unwrap_or_else(|error| error.to_string())
}

fn member(random: &mut StdRng) -> &'static str {
    let members = [
        "data = '{\"number\":-1}'",
        "data = CAST(data || ' ' AS TEXT)",
        "metadata = '{}'",
        "type = 'Other'",
        "recorded_at = recorded_at + 1",
        "event_id = zeroblob(16)",
        "stream = 1 + (stream + 1) % 3, revision = 1000",
        "revision = revision + 1000",
        "data = 5",
    ];
    members[random.random_range(0..members.len())]
}

/// Moves all events from one on, and those of its stream within that.
fn shift(from: u64, by: i64) -> String {
    format!(
        "UPDATE event SET sequence = -1000 - sequence WHERE sequence >= {from};
         UPDATE event SET sequence = -1000 - sequence + {by} WHERE sequence < 0;"
    )
}

fn renumber() -> &'static str {
    "CREATE TEMP TABLE dense AS SELECT sequence, row_number() OVER (PARTITION BY stream ORDER BY sequence) - 1 AS r FROM event;
     UPDATE event SET revision = revision + 100000;
     UPDATE event SET revision = (SELECT r FROM dense WHERE dense.sequence = event.sequence);"
}

/// Does it to a copy; the sequence of the one event that is another, where it is one alone.
async fn change(base: &Base, folder: &Folder, how: How, random: &mut StdRng) -> Option<u64> {
    let at = random.random_range(0..COVERED);
    let sql = |sql: String| tamper(&folder.log(), &sql);
    match how {
        How::Edit => {
            sql(format!("UPDATE event SET {} WHERE sequence = {at}", member(random)));
            return Some(at);
        }
        How::Rehash => {
            sql(format!("UPDATE event SET data = '{{}}' WHERE sequence = {}", at.max(1)));
            forge(folder).await;
        }
        How::Delete => {
            let moved = shift(at + 1, -1);
            sql(format!("DELETE FROM event WHERE sequence = {at}; {moved} {}", renumber()));
        }
        How::Gap => sql(format!("DELETE FROM event WHERE sequence = {at}")),
        How::Insert => {
            let moved = shift(at, 1);
            sql(format!(
                "{moved} INSERT INTO event SELECT {at}, stream, revision + 5000, zeroblob(16), type, recorded_at, \
                 data, metadata FROM event WHERE sequence = {}; {}",
                at + 1,
                renumber()
            ));
        }
        How::Swap => {
            let other = (at + random.random_range(1..COVERED)) % COVERED;
            sql(format!(
                "UPDATE event SET sequence = -5 WHERE sequence = {at};
                 UPDATE event SET sequence = {at} WHERE sequence = {other};
                 UPDATE event SET sequence = {other} WHERE sequence = -5; {}",
                renumber()
            ));
        }
        How::Truncate => {
            sql(format!("DELETE FROM event WHERE sequence >= {}", at.max(1)));
            forge(folder).await;
        }
        How::Rewind => {
            let older = base.older.copy();
            fs::copy(older.log(), folder.log()).unwrap();
            for entry in fs::read_dir(older.ledger()).unwrap() {
                let entry = entry.unwrap();
                fs::copy(entry.path(), folder.ledger().join(entry.file_name())).unwrap();
            }
        }
        How::Rename => {
            sql(format!("UPDATE stream SET name = name || 'x' WHERE key = {}", 1 + at % 3));
        }
        How::Flip => {
            let mut bytes = fs::read(folder.log()).unwrap();
            let place = random.random_range(0..bytes.len());
            bytes[place] ^= 1 << random.random_range(0..8);
            fs::write(folder.log(), bytes).unwrap();
        }
    }
    None
}

/// What somebody does who has the whole folder but not the key: names another, and signs everything.
async fn forge(folder: &Folder) {
    let signer = Signer::new(ORIGIN.to_owned(), SigningKey::from_bytes(&[66; 32]));
    let data =
        json!({ "log_id": uuid::Uuid::nil(), "origin": ORIGIN, "public_key": signer.public_key() });
    tamper(&folder.log(), &format!("UPDATE event SET data = '{data}' WHERE sequence = 0"));
    for entry in fs::read_dir(folder.ledger()).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    let leaves = leaves_of(folder).await;
    let mut growing = Growing::open(&folder.ledger()).unwrap();
    growing.push(&leaves).unwrap();
    let size = growing.tiles().size();
    if size > 0 {
        let (mut keeper, _) = kept::Keeper::open(&folder.ledger()).unwrap();
        keeper.keep(&signer.sign(size, growing.tiles().root(size).unwrap())).unwrap();
    }
}

async fn leaves_of(folder: &Folder) -> Vec<ledger::Hash> {
    use docket::log::{EventLog as _, SqliteLog, envelope::leaf_hash};
    let log = SqliteLog::open_reader(folder.log()).unwrap();
    let page = log.read_all(None, 1000).await.unwrap();
    log.close().await;
    page.events.iter().map(leaf_hash).collect()
}

/// Whether the engine finds something wrong with the structure, or can't read it.
async fn is_damaged(folder: &Folder) -> bool {
    use docket::log::{EventLog as _, SqliteLog};
    let Ok(log) = SqliteLog::open_reader(folder.log()) else { return true };
    let checked = log.check(Arc::new(|_, _| true)).await;
    log.close().await;
    checked.is_err() || checked.is_ok_and(|damages| !damages.is_empty())
}

fn number<T: std::str::FromStr>(name: &str, otherwise: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// What was tried, and found by both verifiers.
#[derive(Debug, Default)]
struct Tried {
    done: BTreeMap<How, u32>,
    /// Flips that changed no row.
    apart: u32,
    /// Flips of the schema's text that changed no row, which the structure's check found.
    structure: u32,
    /// How many the second verifier was asked about.
    both: u32,
}

impl Tried {
    fn is_enough(&self) -> bool {
        WAYS.iter().all(|how| self.done.get(how) >= Some(&12))
    }

    fn add(mut self, other: &Self) -> Self {
        for (how, count) in &other.done {
            *self.done.entry(*how).or_default() += count;
        }
        self.apart += other.apart;
        self.structure += other.structure;
        self.both += other.both;
        self
    }
}

/// Does things to copies for so long, each of which has to be found.
async fn tampered(base: Arc<Base>, seed: u64, end: Instant) -> Tried {
    let mut random = StdRng::seed_from_u64(seed);
    let mut tried = Tried::default();
    while !tried.is_enough() || Instant::now() < end {
        let how = WAYS[random.random_range(0..WAYS.len())];
        let folder = base.whole.copy();
        let one = change(&base, &folder, how, &mut random).await;
        if how == How::Flip && rows(&folder) == base.rows {
            tried.apart += 1;
            continue;
        }
        let report = folder.verified(base.held());
        // Where the text of the schema is another, the rows can be what they were: the structure's check,
        // which `docket verify` asks too, finds that.
        if how == How::Flip && report.findings.is_empty() && is_damaged(&folder).await {
            tried.structure += 1;
            continue;
        }
        assert!(!report.findings.is_empty(), "seed {seed}: {how:?} was not found, after {tried:?}");
        // What was hashed is kept, so the very event is named.
        if let Some(at) = one {
            let mut named = report.findings.iter().filter_map(|finding| finding.between);
            assert!(
                named.any(|place| place == (at, at)),
                "seed {seed}: {how:?} {at}: {:?}",
                report.findings
            );
        }
        tried.both += u32::from(second::agrees(&folder, &base.note, &report));
        *tried.done.entry(how).or_default() += 1;
    }
    tried
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_done_below_a_checkpoint_that_was_held_elsewhere_is_found() {
    let base = Arc::new(base().await);
    let genuine = base.whole.verified(base.held());
    second::agrees(&base.whole, &base.note, &genuine);
    assert_eq!((genuine.findings, genuine.covered, genuine.held), (vec![], EVENTS, true));
    let seed = number("DOCKET_TAMPERING_SEED", 1_u64);
    let minutes = number("DOCKET_TAMPERING_MINUTES", 0.0);
    let end = Instant::now() + Duration::from_secs_f64(60.0 * minutes);
    let workers = if minutes > 0.0 { available_parallelism().unwrap().get() as u64 } else { 1 };
    let mut trying = JoinSet::new();
    for worker in 0..workers {
        trying.spawn(tampered(base.clone(), seed.wrapping_add(worker << 32), end));
    }
    let each = trying.join_all().await;
    let Tried { done, apart, structure, both } = each.iter().fold(Tried::default(), Tried::add);
    let all: u32 = done.values().sum();
    println!(
        "seed {seed}: {all} found of {all}, {both} by both verifiers; {apart} flips changed no row, {structure} the \
         schema alone; {done:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_is_another_is_found_by_the_structures_check() {
    let folder = Folder::with(&[20]).await;
    assert!(!is_damaged(&folder).await);
    let mut bytes = fs::read(folder.log()).unwrap();
    let check = b"CHECK (length(event_id) = 16)";
    let at = bytes.windows(check.len()).position(|window| window == check).unwrap();
    bytes[at + b"CHECK (length(".len()] ^= 1;
    fs::write(folder.log(), bytes).unwrap();
    assert!(is_damaged(&folder).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_hashes_the_narrowest_range_between_two_checkpoints_is_named() {
    let folder = Folder::with(&[20, 41, 60, 90]).await;
    tamper(&folder.log(), "UPDATE event SET data = '{}' WHERE sequence = 50");
    fs::remove_file(folder.ledger().join("tree-0")).unwrap();
    let sizes = kept::read(&folder.ledger()).unwrap();
    let sizes: Vec<u64> = sizes.iter().map(|signed| signed.size).collect();
    let below = *sizes.iter().filter(|size| **size <= 50).max().unwrap();
    let above = *sizes.iter().filter(|size| **size > 50).min().unwrap();
    let report = folder.verified(Held::default());
    assert_eq!(report.findings.len(), 1, "{:?}", report.findings);
    assert_eq!(report.findings[0].between, Some((below, above - 1)));
    assert_eq!((report.findings[0].kind, report.covered), (Kind::Changed, below));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_must_be_of_this_log_and_its_key() {
    let folder = Folder::with(&[20]).await;
    let note = folder.last_note();
    let kinds = |held: Held| -> Vec<Kind> {
        folder.verified(held).findings.iter().map(|finding| finding.kind).collect()
    };
    let outside =
        |note: &str| Held { outside: vec![Checkpoint::parse(note).unwrap()], ..Held::default() };
    assert_eq!(kinds(outside(&note)), []);
    let other = Signer::new("another/log".to_owned(), SigningKey::from_bytes(&[9; 32]));
    assert_eq!(kinds(outside(&other.sign(20, [1; 32]).note)), [Kind::OtherLog]);
    let forged = Signer::new(ORIGIN.to_owned(), SigningKey::from_bytes(&[1; 32]));
    let fork = forged.sign(20, [1; 32]).note;
    assert_eq!(kinds(outside(&fork)), [Kind::Fork, Kind::Signature, Kind::Changed]);
    let key = ledger::note::verifier_key(ORIGIN, &forged.public_key()).unwrap();
    let keys = vec![docket::verify::Key::parse(&key).unwrap()];
    assert_eq!(kinds(Held { keys, ..Held::default() }), [Kind::OtherKey]);
    // Nothing is covered that no checkpoint covers.
    fs::remove_file(folder.ledger().join("checkpoints")).unwrap();
    let report = folder.verified(Held::default());
    assert_eq!((report.findings, report.covered, report.events), (vec![], 0, 20));
}
