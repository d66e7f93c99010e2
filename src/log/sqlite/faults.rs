//! The seam through which tests break the writer on purpose: a hook before and after each step of a
//! batch. It can return what SQLite would, or act on the connection (shrink `max_page_count`, roll
//! back) so that SQLite itself fails. In service it does nothing.

use rusqlite::Connection;

/// A step of the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Before the batch's transaction begins.
    Begin,
    /// Before the insert of the event with this index in the batch.
    Insert(usize),
    /// Before COMMIT.
    Commit,
    /// After COMMIT has succeeded, before anyone is told.
    Committed,
}

/// Decides at each step whether it fails.
pub trait Faults: Send + 'static {
    /// Called at `step` with the writer's connection.
    ///
    /// # Errors
    /// What the step shall fail with.
    fn at(&mut self, step: Step, writer: &Connection) -> rusqlite::Result<()>;
}

/// No faults.
pub struct NoFaults;

impl Faults for NoFaults {
    fn at(&mut self, _step: Step, _writer: &Connection) -> rusqlite::Result<()> {
        Ok(())
    }
}
