//! A ledger opened to be kept: tree, last checkpoint and log are compared before anything is recorded, and
//! the whole log behind the start.
//!
//! What must hold: the tree is never trusted. At a start its newest leaves are those of the log and its
//! root is that of the last checkpoint, or it is made anew from the log; where the log itself gives another
//! root, nothing is recorded any more.

use std::io;
use std::path::Path;
use std::sync::Arc;

use ed25519_dalek::SigningKey;

use super::keep::{Epoch, Hand, Keeping, Ledger, PAGE, newest_of};
use super::kept::{self, Keeper};
use super::note::{Signed, Signer};
use super::root::{Hash, Root};
use super::tiles::{Growing, Tiles};
use super::witness::Witness;
use crate::log::envelope::leaf_hash;
use crate::log::{EventLog, LogError, MAX_PAGE_EVENTS, Stop};

/// The newest leaves that a start compares.
const NEWEST: u64 = 1000;

/// A ledger that can be kept from now on.
pub struct Opened {
    /// The ledger.
    pub ledger: Arc<Ledger>,
    hand: Hand,
    /// Whether the tree was there before this start.
    is_older: bool,
    is_kept: bool,
}

/// Why a ledger can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Its files.
    #[error("the ledger in {folder} can't be kept: {source}")]
    Files {
        /// Where they are.
        folder: String,
        /// What was met.
        source: io::Error,
    },
    /// The log.
    #[error("the ledger can't be compared with the log: {0}")]
    Log(#[from] LogError),
}

/// Opens the ledger of a log, or begins it. What is not to be written on is stopped. Checkpoints are
/// signed only with the key that the log names, which is one of these; the first after a change of keys also
/// with the key before.
///
/// # Errors
/// [`LedgerError`].
pub async fn open(
    folder: &Path,
    log: &Arc<dyn EventLog>,
    epochs: Vec<Epoch>,
    pairs: &[SigningKey],
) -> Result<Opened, LedgerError> {
    let of_files = |source| LedgerError::Files { folder: folder.display().to_string(), source };
    let mut growing = Growing::open(folder).map_err(of_files)?;
    let (keeper, kept) = Keeper::open(folder).map_err(of_files)?;
    let newest = newest_of(&epochs, kept);
    let (cosigned_keeper, cosigned) =
        Keeper::open_file(folder, kept::COSIGNED).map_err(of_files)?;
    let cosigned = newest_of(&epochs, cosigned);
    let (signer, former) = signers(&epochs, newest.as_ref(), pairs);
    let (is_kept, is_older) = match compare(&**log, &mut growing, newest.as_ref()).await {
        Ok(Compared::Same { is_older }) => (true, is_older),
        Ok(Compared::Other(stop)) => {
            log.recording().stop(stop);
            (false, false)
        }
        Err(Met::Files(source)) => return Err(of_files(source)),
        // An event that can't be read stops nothing but what needs it.
        Err(Met::Log(error @ LogError::Corrupt { .. })) => {
            tracing::error!(%error, "the ledger can't be compared with the log; nothing is signed");
            (false, false)
        }
        Err(Met::Log(error)) => return Err(error.into()),
    };
    let tiles = growing.tiles().clone();
    let ledger = Arc::new(Ledger::new(folder, epochs, tiles, newest, cosigned));
    let (log, cosigned) = (log.clone(), Some(cosigned_keeper));
    let hand = Hand { ledger: ledger.clone(), growing, keeper, signer, former, cosigned, log };
    Ok(Opened { ledger, hand, is_older, is_kept })
}

/// What signs, and the key before where the next checkpoint is the first after a change of keys.
fn signers(
    epochs: &[Epoch],
    newest: Option<&Signed>,
    pairs: &[SigningKey],
) -> (Option<Signer>, Option<Signer>) {
    let signer = |epoch: &Epoch| {
        let mut signers = pairs.iter().map(|pair| Signer::new(epoch.origin.clone(), pair.clone()));
        signers.find(|signer| signer.public_key() == epoch.public_key)
    };
    let [before @ .., now] = epochs else { return (None, None) };
    let Some(own) = signer(now) else {
        tracing::warn!(
            "keys/log.pem is not the key that the log names: no checkpoint is signed here"
        );
        return (None, None);
    };
    let is_first = newest.is_none_or(|newest| newest.size <= now.since);
    let former = before.last().filter(|before| before.origin == now.origin && is_first);
    match former.map(signer) {
        None => (Some(own), None),
        Some(Some(former)) => (Some(own), Some(former)),
        Some(None) => {
            tracing::warn!(
                "the first checkpoint after a change of keys is signed by the key before too, which is not \
                 there as keys/log-former.pem: no checkpoint is signed here"
            );
            (None, None)
        }
    }
}

/// What a comparison meets.
enum Met {
    Files(io::Error),
    Log(LogError),
}

impl From<io::Error> for Met {
    fn from(error: io::Error) -> Self {
        Self::Files(error)
    }
}

impl From<LogError> for Met {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

/// What a comparison comes to.
enum Compared {
    /// The log is the one that was signed, by the tree that was there or by one made anew from all of it.
    Same { is_older: bool },
    /// Nothing may be recorded.
    Other(Stop),
}

/// Brings the tree to the log, at least as far as the last checkpoint reaches.
async fn compare(
    log: &dyn EventLog,
    growing: &mut Growing,
    newest: Option<&Signed>,
) -> Result<Compared, Met> {
    let end = log.head().await?.map_or(0, |head| head + 1);
    let covered = newest.map_or(0, |signed| signed.size);
    if covered > end {
        let known_by = "the last signed checkpoint".to_owned();
        let stop = Stop::Shorter { head: end.checked_sub(1), known: covered - 1, known_by };
        return Ok(Compared::Other(stop));
    }
    let mut is_older = are_newest(log, growing.tiles(), end).await?;
    is_older = is_older && growing.tiles().size() > 0 && has_root(growing.tiles(), newest)?;
    if !is_older && growing.tiles().size() > 0 {
        tracing::warn!("the tree of the ledger is made anew from the log");
        growing.clear()?;
    }
    catch_up(log, growing, covered).await?;
    if has_root(growing.tiles(), newest)? {
        return Ok(Compared::Same { is_older });
    }
    Ok(Compared::Other(Stop::Forked { size: covered, sequence: None }))
}

/// Whether the newest leaves of the tree are those of the log.
async fn are_newest(log: &dyn EventLog, tiles: &Tiles, end: u64) -> Result<bool, Met> {
    let size = tiles.size();
    if size > end {
        return Ok(false);
    }
    let mut at = size.saturating_sub(NEWEST);
    while at < size {
        let leaves = leaves_from(log, at, (size - at) as usize).await?;
        if tiles.leaves(at, leaves.len() as u64)? != leaves {
            return Ok(false);
        }
        at += leaves.len() as u64;
    }
    Ok(true)
}

/// Whether the tree has the root of a checkpoint, as far as it reaches.
fn has_root(tiles: &Tiles, signed: Option<&Signed>) -> io::Result<bool> {
    match signed.filter(|signed| signed.size <= tiles.size()) {
        Some(signed) => Ok(tiles.root(signed.size)? == signed.root),
        None => Ok(true),
    }
}

async fn catch_up(log: &dyn EventLog, growing: &mut Growing, to: u64) -> Result<(), Met> {
    while growing.tiles().size() < to {
        let leaves = leaves_from(log, growing.tiles().size(), PAGE).await?;
        growing.push(&leaves)?;
    }
    Ok(())
}

/// The hashes of leaves that the log has, one at least.
async fn leaves_from(log: &dyn EventLog, from: u64, limit: usize) -> Result<Vec<Hash>, LogError> {
    let page = log.read_all(from.checked_sub(1), limit.clamp(1, MAX_PAGE_EVENTS)).await?;
    if page.events.is_empty() {
        return Err(LogError::Unavailable("it does not show all its events".to_owned()));
    }
    Ok(page.events.iter().map(leaf_hash).collect())
}

impl Opened {
    /// Keeps the ledger from now on, and compares the whole log with the last checkpoint; nothing where
    /// the log is not to be written on. Witnesses are asked for their signatures of each checkpoint.
    pub fn keep(self, witnesses: Vec<Witness>) -> Option<Keeping> {
        if !self.is_kept {
            return None;
        }
        if let Some(newest) = self.ledger.checkpoint().filter(|_| self.is_older) {
            let (log, tiles) = (self.hand.log.clone(), self.ledger.tiles().clone());
            tokio::spawn(async move {
                match look_through(&*log, &tiles, &newest).await {
                    Ok(None) => {}
                    Ok(Some(stop)) => log.recording().stop(stop),
                    // What stops reading there is said by those who need it.
                    Err(Met::Log(error)) => {
                        tracing::warn!(%error, "the log is not compared with its last checkpoint");
                    }
                    Err(Met::Files(error)) => {
                        tracing::warn!(%error, "the ledger's tree can't be read");
                    }
                }
            });
        }
        Some(Keeping::start(self.hand, witnesses))
    }
}

/// Compares the whole log, as far as a checkpoint covers it, with that checkpoint and with the tree.
async fn look_through(
    log: &dyn EventLog,
    tiles: &Tiles,
    newest: &Signed,
) -> Result<Option<Stop>, Met> {
    let (mut root, mut other) = (Root::new(), None);
    while root.size() < newest.size {
        let at = root.size();
        let mut leaves = leaves_from(log, at, MAX_PAGE_EVENTS).await?;
        leaves.truncate((newest.size - at) as usize);
        let kept = tiles.leaves(at, leaves.len() as u64)?;
        let differs = kept.iter().zip(&leaves).position(|(kept, leaf)| kept != leaf);
        other = other.or(differs.map(|first| at + first as u64));
        leaves.iter().for_each(|leaf| root.push(*leaf));
    }
    if root.hash() != newest.root {
        return Ok(Some(Stop::Forked { size: newest.size, sequence: other }));
    }
    if other.is_some() || !tiles.is_right_above(newest.size, false)? {
        tracing::warn!(first = ?other, "hashes of the ledger's tree were damaged, the log is not: mended");
        put_right(log, tiles, newest.size).await?;
    }
    Ok(None)
}

/// Writes the first leaves anew from the log, and what is above them: after a loss of power files can hold
/// zeros where something was written.
async fn put_right(log: &dyn EventLog, tiles: &Tiles, size: u64) -> Result<(), Met> {
    let mut at = 0;
    while at < size {
        let leaves = leaves_from(log, at, MAX_PAGE_EVENTS).await?;
        let count = leaves.len().min((size - at) as usize);
        tiles.put_right(at, &leaves[..count])?;
        at += count as u64;
    }
    tiles.is_right_above(size, true)?;
    Ok(())
}
