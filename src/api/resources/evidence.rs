//! The evidence of one enrollment as a bundle that is verified offline: its events with a proof each, the
//! checkpoint, the key, the editions and documents that they cite, and what follows from them.
//!
//! What must hold: the same sequence gives the same bytes, where witnesses are asked from their first
//! signature on. So nothing in it depends on today: it shows
//! the record as of the civil day on which that event was recorded, against the first checkpoint that
//! covers it, of those that witnesses signed if there is one.

mod absence;
mod exceptions;
mod operation;
mod readme;
mod trail;

use std::collections::{BTreeMap, BTreeSet};

use actix_web::HttpResponse;
use actix_web::body::to_bytes;
use actix_web::http::{StatusCode, header};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use absence::Asked;

use super::events::EventView;
use super::{obligations, status, timeline, trail as trails};
use crate::api::asking::answer::{IMMUTABLE, REVALIDATE};
use crate::api::asking::call::{Answered, Call};
use crate::api::asking::reading::Reading;
use crate::api::asking::times::AT_SEQUENCE;
use crate::app::documents::{self, Digest};
use crate::app::read_whole_stream;
use crate::codec::{self, event_schemas};
use crate::domain::date::{Day, Timestamp};
use crate::domain::ids::Language::{En, Zh};
use crate::import::operations::Made;
use crate::ledger::bag::{Files, bag};
use crate::ledger::{Ledger, Signed, prove};
use crate::log::RecordedEvent;
use crate::log::envelope::{hash_entry, leaf_entry};
use crate::views::media::{JSON, ZIP};
use crate::views::parameter::Parameter;
use crate::views::problem::{Code, Problem};
use crate::views::sequence::{a_sequence, sequence};

pub use absence::ABSENCE;
pub use operation::{create_absence, create_evidence};

/// Up to which event.
pub const EVIDENCE: &[Parameter] = &[AT_SEQUENCE];

/// The most bytes of documents in a bundle: it is made in memory.
const MAX_DOCUMENT_BYTES: usize = 256 << 20;
/// The digits of a SHA-256.
const DIGEST_DIGITS: usize = 64;

/// Gives the bundle.
///
/// # Errors
/// See the route.
pub async fn get_evidence(call: Call) -> Answered {
    let covered = covered(&call).await?;
    given(&call, None, &covered).await
}

/// Gives the bundle that proves that something is not on record.
///
/// # Errors
/// See the route.
pub async fn get_absence(call: Call) -> Answered {
    let asked = asked(&call)?;
    let covered = covered(&call).await?;
    given(&call, Some(&asked), &covered).await
}

fn asked(call: &Call) -> Result<Asked, Problem> {
    // What has another form is said before what is missing.
    call.parsed("at_sequence", a_sequence)?;
    Asked::of(call)
}

async fn given(call: &Call, asked: Option<&Asked>, covered: &Covered) -> Answered {
    let made = made(call, asked, covered, &|_, _| {}).await?;
    let disposition = format!("attachment; filename=\"{}\"", made.file_name);
    // Once a witness signs, another checkpoint is the one that it is made against.
    let cache = if covered.stays { IMMUTABLE } else { REVALIDATE };
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, ZIP))
        .insert_header((header::CONTENT_DISPOSITION, disposition))
        .insert_header((header::CACHE_CONTROL, cache))
        .body(made.archive))
}

/// Up to which event a bundle is, and against which checkpoint.
struct Covered {
    at: u64,
    checkpoint: Signed,
    /// Whether the same is made against the same whenever it is asked for.
    stays: bool,
}

async fn covered(call: &Call) -> Result<Covered, Problem> {
    let at = call.parsed("at_sequence", a_sequence)?;
    let ledger = super::ledger::ledger(call)?;
    let newest = ledger.checkpoint().ok_or_else(super::ledger::unsigned)?.size - 1;
    let at = at.unwrap_or(newest);
    let covering = ledger.first_witnessed(at).await.map_err(Problem::internal)?;
    let (checkpoint, stays) = covering.ok_or_else(|| {
        Problem::new(Code::NotFound)
            .detail(format!("no checkpoint covers event {at} yet; the newest reaches {newest}"))
            .detail_zh(format!("尚无检查点覆盖事件 {at}；最新检查点至 {newest}"))
    })?;
    Ok(Covered { at, checkpoint, stays })
}

/// Makes it, and tells how many of its events are proved.
async fn made(
    call: &Call,
    asked: Option<&Asked>,
    covered: &Covered,
    tell: &dyn Fn(usize, usize),
) -> Result<Made, Problem> {
    let ledger = super::ledger::ledger(call)?;
    let (at, checkpoint) = (covered.at, &covered.checkpoint);
    let reading = Reading::of(call).await?;
    let events = events(call, &reading, at, checkpoint.size).await?;
    let day = day_of(call, at).await?;
    let mut files = Files::new();
    proofs(ledger, &events, checkpoint, &mut files, tell).await?;
    let mut absent = None;
    if let Some(asked) = asked {
        let said =
            absence::add(call, ledger, (&reading, asked), (&events, at), checkpoint, &mut files);
        absent = Some(said.await?);
    }
    // Who asks about nothing is told, as everywhere; that nothing is there can be proved.
    let has_record = events.values().any(|event| event.stream.as_str() == reading.stream);
    if has_record || asked.is_none() {
        shown(call, day, at, &mut files).await?;
    }
    cited(call, &reading, &events, &mut files).await?;
    keys(ledger, checkpoint, &mut files);
    let what = if asked.is_some() { "-absence" } else { "" };
    let name = format!("{}-{}{what}-{at}", reading.program.id, reading.subject.id());
    readme::add(&name, checkpoint, absent.as_ref(), &mut files);
    let info = [
        ("Source-Organization", checkpoint.origin.clone()),
        ("External-Identifier", name.clone()),
        ("Bagging-Date", day.to_string()),
    ];
    let file_name = format!("{name}.zip");
    let packed = spawn_blocking(move || bag(&name, &files, &info)).await;
    let archive = packed.map_err(Problem::internal)?.map_err(Problem::internal)?;
    Ok(Made { file_name, archive })
}

/// The civil day on which an event was recorded.
async fn day_of(call: &Call, at: u64) -> Result<Day, Problem> {
    let page = call.state.app.log().read_all(at.checked_sub(1), 1).await?;
    let recorded = page.events.first().map_or(0, |event| event.recorded_at_us);
    Ok(Timestamp::from_micros(recorded).civil_day())
}

/// The events of the enrollment, of its subject, of the measure's editions and of the log itself, by
/// sequence; those of the log as far as the checkpoint reaches, since they say which key signs it.
async fn events(
    call: &Call,
    reading: &Reading<'_>,
    at: u64,
    size: u64,
) -> Result<BTreeMap<u64, RecordedEvent>, Problem> {
    let (log, mut events) = (call.state.app.log(), BTreeMap::new());
    let last = at + 1;
    for (stream, end) in [
        (codec::LOG_STREAM, size),
        (&codec::measure_stream(reading.program.governed_as()), last),
        (&codec::subject_stream(reading.subject.id()), last),
        (&reading.stream, last),
    ] {
        let read = read_whole_stream(&**log, stream, 0).await?;
        let known = read.into_iter().filter(|event| event.sequence < end);
        events.extend(known.map(|event| (event.sequence, event)));
    }
    Ok(events)
}

/// Each event as it was hashed, its leaf, and its proof.
async fn proofs(
    ledger: &Ledger,
    events: &BTreeMap<u64, RecordedEvent>,
    checkpoint: &Signed,
    files: &mut Files,
    tell: &dyn Fn(usize, usize),
) -> Result<(), Problem> {
    let (mut lines, mut leaves) = (Vec::new(), String::new());
    for (done, (number, event)) in events.iter().enumerate() {
        tell(done, events.len());
        let begins = lines.len();
        serde_json::to_writer(&mut lines, &EventView::of(event)?).map_err(Problem::internal)?;
        if lines[begins..].contains(&b'\n') {
            let cause = format!("event {number} holds a line break that no line of a bundle can");
            return Err(Problem::new(Code::LogIntegrityFailure).cause(cause));
        }
        lines.push(b'\n');
        let entry = leaf_entry(event);
        let leaf = json!({ "sequence": sequence(*number), "entry": hex(&entry), "leaf_hash": hex(&hash_entry(&entry)) });
        leaves.push_str(&format!("{leaf}\n"));
        let path = ledger.inclusion(*number, checkpoint.size).await.map_err(Problem::internal)?;
        let proof = prove::proof_file(*number, &entry, &path, checkpoint);
        files.insert(format!("proofs/{}.tlog-proof", sequence(*number)), proof.into_bytes());
    }
    files.insert("events.ndjson".to_owned(), lines);
    files.insert("leaves.ndjson".to_owned(), leaves.into_bytes());
    Ok(())
}

/// Status, timeline and audit trail as of the day, as they were known then.
async fn shown(call: &Call, day: Day, at: u64, files: &mut Files) -> Result<(), Problem> {
    let asked = |language| Call {
        state: call.state.clone(),
        http: call.http.clone(),
        body: Default::default(),
        payload: None,
        verified: call.verified.clone(),
        language,
        gives: &[JSON],
        cursor: call.cursor,
        about: call.about,
        parameters: vec![
            ("as_of".to_owned(), day.to_string()),
            ("at_sequence".to_owned(), at.to_string()),
        ],
    };
    for (name, answer) in [
        ("status", status::get_enrollment(asked(En)).await?),
        ("timeline", timeline::get_timeline(asked(En)).await?),
        ("obligations", obligations::list_enrollment_obligations(asked(En)).await?),
    ] {
        files.insert(format!("{name}.json"), whole(answer).await?);
    }
    let then = asked(En);
    let reading = Reading::of(&then).await?;
    let history = reading.history(&then).await?;
    for language in [En, Zh] {
        let trail = whole(trails::get_audit_trail(asked(language)).await?).await?;
        let read: Value = serde_json::from_slice(&trail).map_err(Problem::internal)?;
        let exceptions = exceptions::add(&reading, &history, language, files)?;
        let page = trail::page(&read, &exceptions, language).into_string().into_bytes();
        files.insert(format!("audit-trail.{}.html", language.tag()), page);
        files.insert(format!("audit-trail.{}.json", language.tag()), trail);
    }
    Ok(())
}

async fn whole(answer: HttpResponse) -> Result<Vec<u8>, Problem> {
    if answer.status() != StatusCode::OK {
        return Err(Problem::new(Code::MalformedRequest)
            .detail("a bundle is made anew: ask without If-None-Match")
            .detail_zh("证据包每次重新生成：请勿使用 If-None-Match"));
    }
    let body = to_bytes(answer.into_body()).await;
    Ok(body.map_err(|error| Problem::internal(std::io::Error::other(error.to_string())))?.to_vec())
}

/// The documents and the editions that the events cite, and the schemas of their types.
async fn cited(
    call: &Call,
    reading: &Reading<'_>,
    events: &BTreeMap<u64, RecordedEvent>,
    files: &mut Files,
) -> Result<(), Problem> {
    let (mut digests, mut editions) = (BTreeSet::new(), BTreeSet::new());
    for event in events.values().filter(|event| event.stream.as_str() == reading.stream) {
        digests.extend(digests_in(&event.data));
        editions.extend(digests_in(&event.metadata));
    }
    let (store, mut left) = (call.state.app.documents(), MAX_DOCUMENT_BYTES);
    for (folder, end, digests) in [("measures", ".toml", editions), ("documents", "", digests)] {
        for digest in digests {
            // Not each is of a document: an act's fingerprint is a digest too.
            let bytes = match documents::read(&**store, digest).await {
                Ok(bytes) => bytes,
                Err(documents::DocumentError::NotFound(_)) => continue,
                Err(error) => return Err(error.into()),
            };
            left = left.checked_sub(bytes.len()).ok_or_else(too_large)?;
            files.insert(format!("{folder}/{digest}{end}"), bytes);
        }
    }
    let types: BTreeSet<_> = events.values().map(|event| event.event_type.to_string()).collect();
    for (name, schema) in event_schemas() {
        let event_type = name.split('.').next().unwrap_or_default();
        let is_shared = event_type.starts_with(|first: char| first.is_lowercase());
        if is_shared || types.contains(event_type) {
            files.insert(format!("schemas/{name}"), format!("{schema:#}\n").into_bytes());
        }
    }
    Ok(())
}

fn too_large() -> Problem {
    Problem::new(Code::PayloadTooLarge)
        .detail("its documents are larger than a bundle takes, 256 MiB; they are at /v1/documents")
        .detail_zh("所引文件超过证据包的上限 256 MiB；文件可由 /v1/documents 取得")
}

/// Every digest that stands in some bytes.
fn digests_in(bytes: &[u8]) -> impl Iterator<Item = Digest> {
    let runs = bytes.split(|byte| !byte.is_ascii_hexdigit());
    let digests = runs.filter(|run| run.len() == DIGEST_DIGITS);
    digests.filter_map(|run| Digest::parse(std::str::from_utf8(run).ok()?).ok())
}

/// The checkpoint, the keys as verifiers take them, and a policy (C2SP `tlog-policy`).
fn keys(ledger: &Ledger, checkpoint: &Signed, files: &mut Files) {
    let keys: Vec<String> =
        ledger.epochs().iter().filter_map(|epoch| epoch.verifier_key()).collect();
    let policy: String = keys.iter().map(|key| format!("log {key}\n")).collect();
    files.insert("checkpoint".to_owned(), checkpoint.note.clone().into_bytes());
    files.insert("keys.txt".to_owned(), format!("{}\n", keys.join("\n")).into_bytes());
    files.insert("policy.txt".to_owned(), format!("{policy}quorum none\n").into_bytes());
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
