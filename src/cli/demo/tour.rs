//! What a demo prints: addresses to look at, as commands that can be pasted, and the tokens.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;

use crate::cli::output::strong;

/// The file of the tokens in the demo's folder, to be read by a shell.
const TOKENS: &str = "tokens.env";

/// What to look at: a title, and an address below the server's with the token's variable.
const STOPS: &[(&str, &str)] = &[
    ("Where Futian stands (real)", "/v1/enrollments/cluster_area/futian"),
    (
        "The audit trail of Guangdong, in sentences",
        "/v1/enrollments/strong_province/440000/audit-trail",
    ),
    ("Its timeline against the national stages", "/v1/enrollments/strong_province/440000/timeline"),
    ("Everyone in the program", "/v1/enrollments?program=strong_province"),
    ("Guangdong as of the end of 2016", "/v1/enrollments/strong_province/440000?as_of=2016-12-31"),
    (
        "An exercise: the whole way of an invented province",
        "/v1/enrollments/exercise_strong_province/x01/audit-trail",
    ),
    ("What is overdue in the exercises", "/v1/obligations?exercise=true&status=OVERDUE"),
    ("The log itself, event by event", "/v1/events?limit=5"),
];

/// Writes the tokens beside the data and tells what to look at.
///
/// # Errors
/// When the tokens can't be written.
pub fn tour(base: &str, folder: &Path, tokens: &[(&str, String)]) -> anyhow::Result<String> {
    let file = folder.join(TOKENS);
    let lines: String = tokens.iter().map(|(name, token)| format!("{name}='{token}'\n")).collect();
    write_private(&file, &lines).with_context(|| format!("can't write {}", file.display()))?;
    let shown = folder.display();
    let mut text = format!("\n{}\n\n", strong(&format!("Docket serves {base}")));
    text.push_str(&format!(
        "  documentation   {base}/docs\n  OpenAPI         {base}/openapi.json\n"
    ));
    text.push_str(&format!("\n{}\n\n{lines}\n", strong("A token for each role, good for a week")));
    text.push_str(&format!(
        "{}\n\n. {}\n",
        strong("In another terminal: first the tokens, then what you like"),
        file.display()
    ));
    for (title, path) in STOPS {
        text.push_str(&format!(
            "\n# {title}\ncurl -sS -H \"Authorization: Bearer $AUDITOR\" -H 'Accept-Language: en' '{base}{path}'\n"
        ));
    }
    let docket = std::env::args().next().unwrap_or_else(|| "docket".to_owned());
    text.push_str(&format!(
        "\n# The same from the log file, without the server\n{docket} timeline exercise_strong_province x01 --data-dir {shown} --lang en\n{docket} audit strong_province 440000 --data-dir {shown} --lang zh-CN\n"
    ));
    text.push_str("\nWhat is in the folder stays when it is stopped.\n\n");
    Ok(text)
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}
