//! What SQLite's error codes say.

use rusqlite::ErrorCode;

/// Whether an error only says that the disk has no room.
pub(super) fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
}

/// Whether an error only says that somebody else holds a lock.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Whether an error before COMMIT says that the disk, or the way to it, fails.
pub(super) fn is_failing_disk(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
        )
    )
}

/// SQLite's message with what would help, where that is known.
pub(super) fn describe(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => format!("{error}: free some space on the log's disk"),
        Some(ErrorCode::DatabaseBusy) => {
            format!("{error}: another program holds the log's write lock")
        }
        _ => error.to_string(),
    }
}
