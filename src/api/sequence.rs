//! How sequences are written.

/// A sequence as it goes out: 20 digits, so that the order of text is that of the log.
pub fn sequence(sequence: u64) -> String {
    format!("{sequence:020}")
}
