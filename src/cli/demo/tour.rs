//! What a demo prints: addresses to look at, as commands that can be pasted, and the tokens.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;

use crate::cli::output::Page;

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
    ("A strong IP city in creation, known from evidence", "/v1/enrollments/strong_city/370200"),
    (
        "What a city of the exercise owes, a project without a result",
        "/v1/enrollments/exercise_strong_city/exercise_city_b/obligations",
    ),
    (
        "A national figure and what it was before its revision",
        "/v1/indicators/total_china/observations?indicator=patent_intensive_industry_share_of_gdp",
    ),
    ("Counts of a program that name no subjects", "/v1/programs/ip_power_unit/audit-trail"),
    ("What is overdue in the exercises", "/v1/obligations?exercise=true&status=OVERDUE"),
    ("The log itself, event by event", "/v1/events?limit=5"),
];

/// Writes the tokens beside the data and tells what to look at.
///
/// # Errors
/// When the tokens can't be written.
pub fn tour(
    base: &str,
    folder: &Path,
    tokens: &[(&str, String)],
    links: &[(&str, String)],
) -> anyhow::Result<Page> {
    let file = folder.join(TOKENS);
    let lines: String = tokens.iter().map(|(name, token)| format!("{name}='{token}'\n")).collect();
    write_private(&file, &lines).with_context(|| format!("can't write {}", file.display()))?;
    let shown = folder.display();
    let mut page = Page::default();
    title(&mut page, &format!("Docket serves {base}"));
    page.line(&format!("  documentation   {base}/docs"));
    page.line(&format!("  OpenAPI         {base}/openapi.json"));
    title(&mut page, "To look at in a browser: a link that signs in each role, while this runs");
    for (name, link) in links {
        page.line(&format!("  {name:<21} {base}{link}"));
    }
    title(&mut page, "A token for each role, good for a week");
    lines.lines().for_each(|line| page.line(line));
    title(&mut page, "In another terminal: first the tokens, then what you like");
    page.line(&format!(". {}", file.display()));
    for (what, path) in STOPS {
        page.line("");
        page.line(&format!("# {what}"));
        page.line(&format!(
            "curl -sS -H \"Authorization: Bearer $AUDITOR\" -H 'Accept-Language: en' '{base}{path}'"
        ));
    }
    let docket = std::env::args().next().unwrap_or_else(|| "docket".to_owned());
    page.line("");
    page.line("# The same from the log file, without the server");
    page.line(&format!(
        "{docket} timeline exercise_strong_province x01 --data-dir {shown} --lang en"
    ));
    page.line(&format!("{docket} audit strong_province 440000 --data-dir {shown} --lang zh-CN"));
    page.line("");
    page.line("What is in the folder stays when it is stopped.");
    page.line("");
    Ok(page)
}

fn title(page: &mut Page, text: &str) {
    page.line("");
    page.strong(text);
    page.line("");
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}
