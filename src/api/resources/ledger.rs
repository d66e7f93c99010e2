//! The ledger as others read it: the newest checkpoint and the tree's tiles under the paths of C2SP
//! `tlog-tiles`, proofs, and the keys. What anyone may have says nothing of what is on record; the entries
//! that were hashed name streams and are for who reads events.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::task::spawn_blocking;

use super::events::event_named;
use crate::api::asking::answer::{List, json, json_with};
use crate::api::asking::call::{Answered, Call, wrong_parameter};
use crate::domain::ids::digits;
use crate::domain::words::said;
use crate::ledger::tiles::WIDTH;
use crate::ledger::{Hash, Ledger, Signed, prove};
use crate::log::RecordedEvent;
use crate::log::envelope::{hash_entry, leaf_entry};
use crate::views::media::{JSON, OCTETS, TEXT};
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::{Code, Problem};
use crate::views::sequence::sequence;

/// A checkpoint is signed twice a second while events come in.
const PATIENCE: Duration = Duration::from_secs(2);
/// The longest that an act's answer waits for its proof.
const LONGEST: Duration = Duration::from_secs(30);
/// Whoever asks may keep it as long as that.
const BRIEFLY: &str = "public, max-age=1";
/// Hashes of a tile never change, and say nothing of what was hashed.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// The same for what only readers may have.
const FOR_EVER_TO_READERS: &str = "private, max-age=31536000, immutable";

/// The forms of a proof that an event is in the log: a file that is verified offline, or its parts.
pub const PROOF: &[&str] = &[TEXT, JSON];
/// Which checkpoint.
pub const CHECKPOINT: &[Parameter] = &[Parameter::new(
    "cosigned",
    Kind::Flag,
    "`true`: the newest that witnesses signed, with their signatures (C2SP tlog-cosignature).",
    "true：最新一个经见证方联署的检查点，附其签名（C2SP tlog-cosignature）。",
)];
/// Between which trees.
pub const BETWEEN: &[Parameter] = &[
    Parameter::new("from", Kind::Number(1), "The size of the smaller tree.", "较小的树的大小。")
        .required(),
    Parameter::new(
        "to",
        Kind::Number(1),
        "The size of the larger tree; the newest checkpoint's where it is left out.",
        "较大的树的大小；不填则为最新检查点的大小。",
    ),
];

/// What proves that an event is in the log.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InclusionProof {
    /// The event's sequence, which is its place in the tree.
    pub index: String,
    /// The hash of its leaf, base64.
    pub leaf_hash: String,
    /// The size of the tree.
    pub tree_size: u64,
    /// The hashes from the leaf's sibling up, base64.
    pub hashes: Vec<String>,
    /// The signed checkpoint of that tree, a C2SP note.
    pub checkpoint: String,
}

/// What proves that one tree is the beginning of another.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConsistencyProof {
    /// The size of the smaller tree.
    pub from: u64,
    /// The size of the larger tree.
    pub to: u64,
    /// The hashes, base64 (RFC 9162, 2.1.4).
    pub hashes: Vec<String>,
}

/// A key that signs checkpoints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogKey {
    /// The key as verifiers of signed notes take it.
    pub key: String,
    /// The origin of the checkpoints that it signs.
    pub origin: String,
    /// The sequence of the event that names it: checkpoints that cover it are signed by this key.
    pub since: String,
    /// The sequence of the event that named another after it; absent: it signs still.
    pub until: Option<String>,
}

fn none(en: &str, zh: &str) -> Problem {
    Problem::new(Code::NotFound).detail(en).detail_zh(zh)
}

pub(super) fn ledger(call: &Call) -> Result<&Arc<Ledger>, Problem> {
    call.state
        .ledger
        .as_ref()
        .ok_or_else(|| none("this server keeps no ledger", "本服务器不维护检查点"))
}

pub(super) fn unsigned() -> Problem {
    none(
        "no checkpoint is signed yet, or this server has another key than the log names",
        "尚无已签名的检查点，或本服务器的密钥并非日志所载的密钥",
    )
}

fn bytes(body: impl Into<actix_web::web::Bytes>, media: &str, cache: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, media))
        .insert_header((header::CACHE_CONTROL, cache))
        .body(body.into())
}

fn text(body: String) -> HttpResponse {
    bytes(body, "text/plain; charset=utf-8", BRIEFLY)
}

/// Gives the newest checkpoint, or the newest with the signatures of witnesses.
///
/// # Errors
/// See the route.
pub async fn get_checkpoint(call: Call) -> Answered {
    let ledger = ledger(&call)?;
    if call.flag("cosigned")? {
        let none = || none("no witness signed a checkpoint", "尚无见证方联署的检查点");
        return Ok(text(ledger.cosigned().ok_or_else(none)?.note.clone()));
    }
    let newest = ledger.checkpoint().ok_or_else(unsigned)?;
    Ok(text(newest.note.clone()))
}

/// A tile by the end of its address: its number, in groups of three digits, and its width.
fn tile_of(address: &str) -> Option<(u64, u64)> {
    let (number, width) = match address.split_once(".p/") {
        Some((number, width)) => {
            let is_plain = !width.starts_with('0') && width.len() <= 3;
            (number, digits(width).filter(|w| is_plain && (1..WIDTH).contains(w))?)
        }
        None => (address, WIDTH),
    };
    let groups: Vec<&str> = number.split('/').collect();
    let (last, before) = groups.split_last()?;
    let mut tile = 0_u64;
    for (at, group) in
        before.iter().map(|group| group.strip_prefix('x')).chain([Some(*last)]).enumerate()
    {
        let group = group
            .filter(|group| group.len() == 3 && (at > 0 || before.is_empty() || *group != "000"))?;
        tile = tile.checked_mul(1000)?.checked_add(digits(group)?)?;
    }
    Some((tile, width))
}

fn no_tile() -> Problem {
    none(
        "there is no such tile: tiles are at tile/<level>/<number>[.p/<width>] (c2sp.org/tlog-tiles), as far as the newest checkpoint reaches",
        "没有该切片：地址为 tile/<层>/<编号>[.p/<宽度>]（见 c2sp.org/tlog-tiles），以最新检查点所及为限",
    )
}

/// Gives a tile of hashes.
///
/// # Errors
/// See the route.
pub async fn get_tile(call: Call) -> Answered {
    let tiles = ledger(&call)?.tiles().clone();
    let level = call.path("level");
    let level = digits(&level).filter(|_| level.len() == 1 || !level.starts_with('0'));
    let level = level.and_then(|level| u8::try_from(level).ok()).ok_or_else(no_tile)?;
    let (tile, width) = tile_of(&call.path("tile")).ok_or_else(no_tile)?;
    let read = spawn_blocking(move || tiles.tile(level, tile, width)).await;
    let hashes = read.map_err(Problem::internal)?.map_err(Problem::internal)?;
    Ok(bytes(hashes.ok_or_else(no_tile)?, OCTETS, FOR_EVER))
}

/// Gives the entries that were hashed for a tile of leaves.
///
/// # Errors
/// See the route.
pub async fn get_tile_entries(call: Call) -> Answered {
    let size = ledger(&call)?.tiles().size();
    let (tile, width) = tile_of(&call.path("tile")).ok_or_else(no_tile)?;
    let first = tile.checked_mul(WIDTH).ok_or_else(no_tile)?;
    if first.checked_add(width).is_none_or(|end| end > size) {
        return Err(no_tile());
    }
    let (log, mut entries, mut next) = (call.state.app.log(), Vec::new(), first);
    while next < first + width {
        let left = (first + width - next) as usize;
        let page = log.read_all(next.checked_sub(1), left).await?;
        for event in &page.events {
            let entry = leaf_entry(event);
            entries.extend_from_slice(&(entry.len() as u16).to_be_bytes());
            entries.extend_from_slice(&entry);
            next = event.sequence + 1;
        }
        if page.events.is_empty() {
            return Err(Problem::internal(io::Error::other(
                "the log does not show all its events",
            )));
        }
    }
    Ok(bytes(entries, OCTETS, FOR_EVER_TO_READERS))
}

/// Gives what proves an event against the newest checkpoint, once one covers it.
///
/// # Errors
/// See the route.
pub async fn get_inclusion_proof(call: Call) -> Answered {
    let ledger = ledger(&call)?;
    let event = event_named(&call).await?;
    let (proof, checkpoint) = proved(ledger, &event).await?.ok_or_else(unsigned)?;
    if call.accepted() == Some(JSON) {
        let proof = InclusionProof {
            index: sequence(event.sequence),
            leaf_hash: STANDARD.encode(hash_entry(&leaf_entry(&event))),
            tree_size: checkpoint.size,
            hashes: encoded(&proof),
            checkpoint: checkpoint.note.clone(),
        };
        return json_with(&call, HttpResponse::Ok(), &proof, BRIEFLY, None);
    }
    Ok(text(prove::proof_file(event.sequence, &leaf_entry(&event), &proof, &checkpoint)))
}

/// The proof of an event against the first checkpoint that covers it, the same whenever it is asked for;
/// nothing where none does after so many seconds.
///
/// # Errors
/// `internal-error` where the ledger can't be read.
pub(super) async fn receipt(
    call: &Call,
    sequence: u64,
    wait_s: u64,
) -> Result<Option<String>, Problem> {
    let Some(ledger) = &call.state.ledger else { return Ok(None) };
    let patience = Duration::from_secs(wait_s).min(LONGEST);
    if ledger.covering(sequence, patience).await.is_none() {
        return Ok(None);
    }
    let first = ledger.first_covering(sequence).await.map_err(Problem::internal)?;
    let Some(checkpoint) = first else { return Ok(None) };
    let page = call.state.app.log().read_all(sequence.checked_sub(1), 1).await?;
    let Some(event) = page.events.first() else { return Ok(None) };
    let path = ledger.inclusion(sequence, checkpoint.size).await.map_err(Problem::internal)?;
    Ok(Some(prove::proof_file(sequence, &leaf_entry(event), &path, &checkpoint)))
}

/// The proof of an event, and the checkpoint; nothing where none comes to cover it.
async fn proved(
    ledger: &Ledger,
    event: &RecordedEvent,
) -> Result<Option<(Vec<Hash>, Arc<Signed>)>, Problem> {
    let Some(checkpoint) = ledger.covering(event.sequence, PATIENCE).await else { return Ok(None) };
    let proof = ledger.inclusion(event.sequence, checkpoint.size).await;
    Ok(Some((proof.map_err(Problem::internal)?, checkpoint)))
}

fn encoded(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(|hash| STANDARD.encode(hash)).collect()
}

/// Gives what proves that the tree of an earlier checkpoint is the beginning of a later one's.
///
/// # Errors
/// See the route.
pub async fn get_consistency_proof(call: Call) -> Answered {
    let number = |value: &str| {
        let size = digits(value).filter(|size| *size > 0);
        size.ok_or_else(|| {
            said!("a tree's size is a whole number from 1", "树的大小为自 1 起的整数")
        })
    };
    let (from, to) = (call.parsed("from", number)?, call.parsed("to", number)?);
    let from = from.ok_or_else(|| wrong_parameter("from", said!("it is missing", "未填写")))?;
    let ledger = ledger(&call)?;
    let newest = ledger.checkpoint().ok_or_else(unsigned)?.size;
    let to = to.unwrap_or(newest);
    for (name, size) in [("from", from), ("to", to)] {
        if size > newest {
            let text = said!(
                "the newest checkpoint has {newest} events",
                "最新检查点共 {newest} 个事件",
                newest = newest
            );
            return Err(wrong_parameter(name, text));
        }
    }
    if from > to {
        return Err(wrong_parameter("from", said!("it is larger than `to`", "大于 to")));
    }
    let hashes = ledger.consistency(from, to).await.map_err(Problem::internal)?;
    json(&call, &ConsistencyProof { from, to, hashes: encoded(&hashes) })
}

/// Lists the keys that sign checkpoints.
///
/// # Errors
/// See the route.
pub async fn list_log_keys(call: Call) -> Answered {
    let epochs = ledger(&call)?.epochs();
    let next = epochs.iter().skip(1).map(|epoch| Some(sequence(epoch.since))).chain([None]);
    let items = epochs.iter().zip(next).filter_map(|(epoch, until)| {
        let key = epoch.verifier_key()?;
        Some(LogKey { key, origin: epoch.origin.clone(), since: sequence(epoch.since), until })
    });
    json(&call, &List { items: items.collect() })
}

#[cfg(test)]
mod tests {
    use super::tile_of;

    #[test]
    fn the_address_of_a_tile_has_one_spelling() {
        assert_eq!(tile_of("000"), Some((0, 256)));
        assert_eq!(tile_of("x001/x234/067"), Some((1_234_067, 256)));
        assert_eq!(tile_of("x001/000.p/12"), Some((1000, 12)));
        for wrong in [
            "",
            "0",
            "0000",
            "x000/001",
            "001/001",
            "x001",
            "x001/x002",
            "000.p/0",
            "000.p/256",
            "000.p/012",
            "000.p/",
            "-01",
            "+01",
            "000/",
            "/000",
            "x1/000",
        ] {
            assert_eq!(tile_of(wrong), None, "{wrong}");
        }
    }
}
