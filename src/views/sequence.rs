//! How sequences are written and read.

use crate::domain::ids::{Text, digits};
use crate::domain::words::{Given, said};

/// A sequence as it goes out: 20 digits, so that the order of text is that of the log.
pub fn sequence(sequence: u64) -> String {
    format!("{sequence:020}")
}

/// That a log does not reach a sequence that is asked for.
pub fn beyond(head: Option<u64>) -> Text {
    match head {
        None => said!("the log is empty", "日志为空"),
        Some(head) => said!("the log ends at {head}", "日志止于序号{head}", head = head),
    }
}

/// Reads a sequence: a number that a log can reach.
///
/// # Errors
/// Says what it is not.
pub fn a_sequence(text: &str) -> Result<u64, Text> {
    let shown = text.chars().take(80).collect::<String>();
    let given = Given(&shown);
    match digits(text) {
        Some(sequence) if i64::try_from(sequence).is_ok() => Ok(sequence),
        _ if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() => Err(said!(
            "“{given}” is no sequence: no log reaches that far",
            "“{given}”不是序号：超出日志可达的范围",
            given = given
        )),
        _ => Err(said!(
            "“{given}” is no sequence: write its digits",
            "“{given}”不是序号：请填写数字",
            given = given
        )),
    }
}
