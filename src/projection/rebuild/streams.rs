//! What the first pass of a rebuild leaves to the second: which enrollments there are.

use crate::log::StreamName;
use crate::projection::store::Moved;

/// Bytes of values after which a batch is written.
pub(super) const BATCH_BYTES: usize = 2 * 1024 * 1024;

/// An enrollment: its stream, its number, and how many events it has.
pub(super) struct Stream {
    pub name: StreamName,
    pub number: u64,
    pub events: u64,
}

/// What the first pass finds out.
pub(super) struct Found {
    pub streams: Vec<Stream>,
    pub moved: Moved,
}
