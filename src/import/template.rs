//! Examples of each kind of line, to be filled in: as lines of JSON, and as the table that says the same.

use serde_json::Value;

/// An example of each kind of line.
pub const TEMPLATE: &str = include_str!("template.ndjson");

/// The same as a table: a column for each member that a line of it has, in the order of their first lines.
///
/// # Errors
/// What can't be written as a table.
pub fn template_csv() -> std::io::Result<String> {
    let mut columns: Vec<String> = Vec::new();
    let mut rows: Vec<Vec<(String, String)>> = Vec::new();
    for line in TEMPLATE.lines() {
        let mut cells = Vec::new();
        flatten("", &serde_json::from_str(line)?, &mut cells);
        for (column, _) in &cells {
            if !columns.contains(column) {
                columns.push(column.clone());
            }
        }
        rows.push(cells);
    }
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(&columns)?;
    for cells in rows {
        let cell = |column: &String| {
            let mut cells = cells.iter();
            cells.find(|(known, _)| known == column).map_or("", |(_, text)| text.as_str())
        };
        table.write_record(columns.iter().map(cell))?;
    }
    let bytes = table.into_inner().map_err(|error| std::io::Error::other(error.to_string()))?;
    String::from_utf8(bytes).map_err(std::io::Error::other)
}

fn flatten(at: &str, value: &Value, cells: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                flatten(&at, member, cells);
            }
        }
        Value::String(text) => cells.push((at.to_owned(), text.clone())),
        other => cells.push((at.to_owned(), other.to_string())),
    }
}
