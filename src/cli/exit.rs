//! Exit codes, the same for every command.

use std::process::ExitCode;

/// What a command ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It did what was asked.
    Done = 0,
    /// It failed otherwise than below.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The measure refuses the act.
    Refused = 3,
    /// Another was faster, or the log is open elsewhere.
    Conflict = 4,
    /// There is no such thing.
    NotFound = 5,
    /// Unauthenticated or forbidden.
    Forbidden = 6,
    /// Something does not verify.
    Unverified = 7,
    /// Not available now; worth another try.
    Unavailable = 8,
    /// Stopped by the user.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error that knows its exit code.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The code.
    pub exit: Exit,
    /// What went wrong and what would help.
    pub message: String,
}

/// An error with an exit code of its own.
pub fn failure(exit: Exit, message: impl Into<String>) -> anyhow::Error {
    Failure { exit, message: message.into() }.into()
}

/// The exit code of an error.
pub fn exit_of(error: &anyhow::Error) -> Exit {
    error.downcast_ref::<Failure>().map_or(Exit::Failed, |failure| failure.exit)
}
