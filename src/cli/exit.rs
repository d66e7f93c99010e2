//! Exit codes, the same for every command.

use std::error::Error;
use std::process::ExitCode;

use super::config::ConfigError;
use crate::api::ServeError;
use crate::app::documents::DocumentError;
use crate::app::persons::PersonError;
use crate::app::{ActError, StartError};
use crate::import::ImportError;
use crate::log::{LogError, OpenError};
use crate::moving::MoveError;
use crate::projection::{ProjectionError, StoreError};
use crate::webhooks::WebhookError;

/// What a command ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It did what was asked.
    Done = 0,
    /// It failed otherwise than below.
    Failed = 1,
    /// The command line or the configuration is wrong.
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

/// The one table of exit codes: what each means, and what it asks of who runs the command.
pub const TABLE: [(Exit, &str, &str); 10] = [
    (Exit::Done, "done", "nothing"),
    (
        Exit::Failed,
        "failure",
        "read the line on standard error: it names what failed, often a file or folder that can't be read or written",
    ),
    (
        Exit::Usage,
        "usage",
        "mend the command line or the configuration: the line names the option or key and what it takes; the same again fails again",
    ),
    (
        Exit::Refused,
        "refused by the measure",
        "read the article that is named: do what it asks for, or have the record corrected; of `verify --lawful`: a decision disagrees with the law as it is encoded, so ask who keeps the measures",
    ),
    (
        Exit::Conflict,
        "conflict or in use",
        "another was faster, or a server has the log open: look again, or go through the server (--server), or stop it first",
    ),
    (Exit::NotFound, "not found", "check the id, address or file: there is none of that name"),
    (
        Exit::Forbidden,
        "unauthenticated or forbidden",
        "use a token that is good and of a role that may (`docket token`)",
    ),
    (
        Exit::Unverified,
        "does not verify",
        "stop writing, keep every file as it is, and find out what was changed: BACKUP.md says how",
    ),
    (
        Exit::Unavailable,
        "unavailable (try again)",
        "try again later: a server, database, store or disk is away, busy or full",
    ),
    (
        Exit::Interrupted,
        "interrupted",
        "nothing: it was stopped; given again it begins anew or goes on",
    ),
];

/// The table on lines, for help and manual pages.
pub fn table() -> String {
    let lines = TABLE.map(|(exit, means, _)| format!("  {:>3}  {means}", exit as u8));
    format!("Exit codes:\n{}", lines.join("\n"))
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

/// The exit code of an error: that of the first of its causes that has one.
pub fn exit_of(error: &anyhow::Error) -> Exit {
    error.chain().find_map(of_cause).unwrap_or(Exit::Failed)
}

fn of_cause(cause: &(dyn Error + 'static)) -> Option<Exit> {
    if let Some(failure) = cause.downcast_ref::<Failure>() {
        return Some(failure.exit);
    }
    if cause.is::<ConfigError>() {
        return Some(Exit::Usage);
    }
    if let Some(error) = cause.downcast_ref::<OpenError>() {
        return of_opening(error);
    }
    #[cfg(feature = "kurrentdb")]
    if let Some(error) = cause.downcast_ref::<crate::log::kurrentdb::KurrentError>() {
        return of_kurrentdb(error);
    }
    if let Some(error) = cause.downcast_ref::<StartError>() {
        return match error {
            StartError::Act(error) => of_act(error),
            StartError::NotALog { .. } => Some(Exit::Unverified),
            StartError::Files(_) | StartError::Measure { .. } => None,
        };
    }
    if let Some(error) = cause.downcast_ref::<ActError>() {
        return of_act(error);
    }
    if let Some(error) = cause.downcast_ref::<StoreError>() {
        return of_store(error);
    }
    if let Some(error) = cause.downcast_ref::<MoveError>() {
        return of_moving(error);
    }
    if let Some(error) = cause.downcast_ref::<DocumentError>() {
        return of_documents(error);
    }
    if let Some(error) = cause.downcast_ref::<ImportError>() {
        return match error {
            ImportError::Act(error) | ImportError::Trial(StartError::Act(error)) => of_act(error),
            ImportError::Ended { reason, .. } => of_log(reason),
            ImportError::Interrupted => Some(Exit::Interrupted),
            ImportError::File { .. } | ImportError::Trial(_) => None,
        };
    }
    match cause.downcast_ref::<WebhookError>() {
        Some(WebhookError::InUse(_)) => return Some(Exit::Conflict),
        Some(WebhookError::OtherLog { .. }) => return Some(Exit::Unverified),
        Some(WebhookError::Unavailable { .. }) => return Some(Exit::Unavailable),
        Some(WebhookError::Missing(_)) => return Some(Exit::NotFound),
        _ => {}
    }
    if let Some(ServeError::Listen { source, .. }) = cause.downcast_ref::<ServeError>() {
        return (source.kind() == std::io::ErrorKind::AddrInUse).then_some(Exit::Conflict);
    }
    cause.downcast_ref::<LogError>().and_then(of_log)
}

fn of_opening(error: &OpenError) -> Option<Exit> {
    match error {
        OpenError::Missing(_) | OpenError::MissingFolder(_) => Some(Exit::NotFound),
        OpenError::InUse { .. } | OpenError::Moved { .. } => Some(Exit::Conflict),
        OpenError::Damaged { .. } | OpenError::NotALog { .. } => Some(Exit::Unverified),
        OpenError::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
            Some(Exit::Unavailable)
        }
        // Of what is left it is the full disk that passes; SQLite has these words for it.
        OpenError::Sqlite { reason, .. } if reason.contains("disk is full") => {
            Some(Exit::Unavailable)
        }
        OpenError::Newer { .. }
        | OpenError::ReadOnly { .. }
        | OpenError::Io { .. }
        | OpenError::Sqlite { .. } => None,
    }
}

#[cfg(feature = "kurrentdb")]
fn of_kurrentdb(error: &crate::log::kurrentdb::KurrentError) -> Option<Exit> {
    use crate::log::kurrentdb::KurrentError;
    match error {
        KurrentError::Address { .. }
        | KurrentError::NotKurrent { .. }
        | KurrentError::TooOld { .. }
        | KurrentError::CutsReads { .. }
        | KurrentError::NotLeader { .. }
        | KurrentError::Certificate { .. } => Some(Exit::Usage),
        KurrentError::Unreachable { .. } => Some(Exit::Unavailable),
        KurrentError::Moved { .. } => Some(Exit::Conflict),
        KurrentError::Credentials { .. } | KurrentError::MayNotReadAll { .. } => {
            Some(Exit::Forbidden)
        }
        KurrentError::Foreign { .. } | KurrentError::OtherLog { .. } => Some(Exit::Unverified),
    }
}

fn of_act(error: &ActError) -> Option<Exit> {
    match error {
        ActError::Refused(_) | ActError::EventTooLarge { .. } => Some(Exit::Refused),
        ActError::PreconditionRequired { .. }
        | ActError::Conflict { .. }
        | ActError::KeyReused { .. }
        | ActError::Exists { .. } => Some(Exit::Conflict),
        ActError::Person(error) => of_person(error),
        ActError::NotFound { .. } | ActError::DocumentMissing { .. } => Some(Exit::NotFound),
        ActError::Forbidden { .. } => Some(Exit::Forbidden),
        ActError::Clock(_) | ActError::Busy { .. } | ActError::EditionUnread { .. } => {
            Some(Exit::Unavailable)
        }
        ActError::Log(error) => of_log(error),
        ActError::Codec(_) => Some(Exit::Unverified),
        ActError::Documents(error) => of_documents(error),
        ActError::Invalid(_) => None,
    }
}

fn of_person(error: &PersonError) -> Option<Exit> {
    Some(match error {
        PersonError::Unknown(_) | PersonError::NotNamed(_) | PersonError::NoHold(_) => {
            Exit::NotFound
        }
        PersonError::Erased(_) | PersonError::Held { .. } | PersonError::Lifted(_) => {
            Exit::Conflict
        }
        PersonError::OwnHold(_) => Exit::Forbidden,
        PersonError::Store(_) => Exit::Unavailable,
    })
}

fn of_documents(error: &DocumentError) -> Option<Exit> {
    match error {
        DocumentError::Unreachable { obstacle, .. } if !obstacle.is_passing() => Some(Exit::Usage),
        DocumentError::Unreachable { .. } | DocumentError::StorageFull(_) => {
            Some(Exit::Unavailable)
        }
        DocumentError::NotFound(_) => Some(Exit::NotFound),
        DocumentError::Damaged(_) | DocumentError::Mismatch { .. } => Some(Exit::Unverified),
        DocumentError::TooLarge { .. } | DocumentError::BrokenOff(_) | DocumentError::Io { .. } => {
            None
        }
    }
}

fn of_log(error: &LogError) -> Option<Exit> {
    match error {
        LogError::Conflict { .. } => Some(Exit::Conflict),
        LogError::Unavailable(_)
        | LogError::Moving(_)
        | LogError::Stopped(_)
        | LogError::OutcomeUnknown(_) => Some(Exit::Unavailable),
        LogError::Corrupt { .. } | LogError::BeyondEnd { .. } => Some(Exit::Unverified),
        LogError::TooLarge { .. } | LogError::Invalid(_) => None,
    }
}

fn of_moving(error: &MoveError) -> Option<Exit> {
    match error {
        MoveError::Log { source, .. } => of_log(source),
        MoveError::OtherLog(_) | MoveError::Differs(_) | MoveError::Void { .. } => {
            Some(Exit::Unverified)
        }
        MoveError::Foreign(_) | MoveError::Gone { .. } => Some(Exit::Conflict),
        MoveError::Same => Some(Exit::Usage),
        MoveError::Empty => Some(Exit::NotFound),
        MoveError::TooLong { .. } => Some(Exit::Unavailable),
        MoveError::Interrupted => Some(Exit::Interrupted),
    }
}

fn of_store(error: &StoreError) -> Option<Exit> {
    match error {
        StoreError::InUse(_) | StoreError::Moved => Some(Exit::Conflict),
        StoreError::Missing(_) | StoreError::UnknownName { .. } | StoreError::NothingKept(_) => {
            Some(Exit::NotFound)
        }
        StoreError::Interrupted => Some(Exit::Interrupted),
        StoreError::OtherLog(_)
        | StoreError::CutShort(_)
        | StoreError::Newer(_)
        | StoreError::Damaged { .. } => Some(Exit::Unverified),
        StoreError::Stopped { source: ProjectionError::Log(error), .. } => of_log(error),
        StoreError::Stopped { source, .. } if source.is_passing() => Some(Exit::Unavailable),
        StoreError::Stopped { .. } => Some(Exit::Unverified),
        StoreError::Database(error) if error.is_damage() => Some(Exit::Unverified),
        StoreError::Io { .. } | StoreError::Database(_) => {
            error.is_passing().then_some(Exit::Unavailable)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context as _;

    #[test]
    fn a_full_disk_is_worth_another_try_and_damage_is_not() {
        let opening = |error: OpenError| exit_of(&anyhow::Error::from(error));
        let path = || "log.sqlite".into();
        let full = "database or disk is full".to_owned();
        assert_eq!(opening(OpenError::Sqlite { path: path(), reason: full }), Exit::Unavailable);
        let full = std::io::ErrorKind::StorageFull.into();
        assert_eq!(opening(OpenError::Io { path: path(), source: full }), Exit::Unavailable);
        let cut = "it is cut short".to_owned();
        assert_eq!(opening(OpenError::Damaged { path: path(), reason: cut }), Exit::Unverified);
        let start = StartError::from(ActError::from(LogError::Unavailable("full".to_owned())));
        assert_eq!(exit_of(&start.into()), Exit::Unavailable);
    }

    #[test]
    fn the_first_cause_with_a_code_counts() {
        let missing = || Err::<(), _>(OpenError::Missing("log.sqlite".into()));
        assert_eq!(exit_of(&missing().context("while opening").unwrap_err()), Exit::NotFound);
        assert_eq!(exit_of(&failure(Exit::Forbidden, "no").context("asked")), Exit::Forbidden);
        assert_eq!(exit_of(&anyhow::anyhow!("anything")), Exit::Failed);
    }
}
