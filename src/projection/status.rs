//! How far the read models are, as whoever fills them says and whoever reads them asks.

use super::Failure;
use super::store::CopyId;

/// How far the read models have read, and whether they stopped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// The copy that serves.
    pub copy: Option<CopyId>,
    /// The sequence of the last event whose rows are in.
    pub position: Option<u64>,
    /// The running maximum of `recorded_at` up to it, in microseconds UTC: what is shown was known
    /// then.
    pub known_at_us: Option<i64>,
    /// Where it stopped; what serves is then as old as `known_at_us`.
    pub failed: Option<Failure>,
    /// How often they could not go on since this process follows.
    pub failures: u64,
    /// While a rebuild runs: how many events it has taken in, of how many.
    pub rebuilding: Option<(u64, u64)>,
    /// Who writes, where it is another process.
    pub written_by: Option<String>,
    /// Whether nothing has moved for [`STILL`](super::STILL) though the log went on.
    pub stands_still: bool,
}

impl Status {
    /// Whether the event with this sequence is in the rows.
    pub fn has(&self, sequence: u64) -> bool {
        self.position.is_some_and(|position| position >= sequence)
    }
}
