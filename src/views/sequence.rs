//! How sequences are written and read.

use crate::domain::ids::digits;

/// A sequence as it goes out: 20 digits, so that the order of text is that of the log.
pub fn sequence(sequence: u64) -> String {
    format!("{sequence:020}")
}

/// Reads a sequence: a number that a log can reach.
///
/// # Errors
/// Says what it is not.
pub fn a_sequence(text: &str) -> Result<u64, String> {
    let shown = || text.chars().take(80).collect::<String>();
    match digits(text) {
        Some(sequence) if i64::try_from(sequence).is_ok() => Ok(sequence),
        _ if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() => {
            Err(format!("{:?} is no sequence: no log reaches beyond {}", shown(), i64::MAX))
        }
        _ => Err(format!("{:?} is no sequence: write its digits", shown())),
    }
}
