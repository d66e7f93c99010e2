//! Rows of a table as lines: what each column is, and what its cells say.
//!
//! A column is named by a member of the line, those within another with a dot: `document.number`. A cell
//! is read as its member's type says; an empty one is absent. A list is written with semicolons, anything
//! deeper as JSON. Dates may be written as spreadsheets and documents write them (`dates`).

mod dates;
mod kinds;

use serde_json::{Map, Number, Value};

use super::bad::BadLine;
use crate::domain::ids::Text;
use crate::views::problem::Code;
use dates::Read;
use kinds::{Kind, Kinds};

/// The columns of a table.
pub struct Table {
    columns: Vec<Vec<String>>,
    kinds: Kinds,
}

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// As it is written.
    Text(String),
    /// A number of a sheet.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// A date of a sheet, as ISO 8601 has it.
    Date(String),
    /// What the sheet could not work out.
    Wrong(String),
}

impl Table {
    /// Reads the header.
    ///
    /// # Errors
    /// Columns without a name, as merged header cells leave them; a name that is there twice, or is no
    /// member of any line.
    pub fn of(line: u64, header: &[String]) -> Result<Self, Vec<BadLine>> {
        let kinds = Kinds::default();
        let (mut columns, mut bad) = (Vec::new(), Vec::new());
        // Cells that were only formatted stand behind the last name.
        let named = header.iter().rposition(|name| !name.trim().is_empty()).map_or(0, |at| at + 1);
        for (index, name) in header[..named].iter().enumerate() {
            let name = name.trim();
            let path: Vec<String> = name.split('.').map(|part| part.trim().to_owned()).collect();
            let wrong = if name.is_empty() {
                Some(nameless(index))
            } else if columns.contains(&path) {
                Some(twice(name))
            } else if !kinds.knows(&path) {
                Some(unknown(name))
            } else {
                None
            };
            let place = if name.is_empty() { (index + 1).to_string() } else { name.to_owned() };
            let wrong =
                wrong.map(|text| BadLine::new(line, Some(&place), Code::ValidationError, text));
            bad.extend(wrong);
            columns.push(path);
        }
        if named == 0 {
            let text = Text { en: "there is no header".to_owned(), zh: "没有表头".to_owned() };
            bad.push(BadLine::new(line, None, Code::ValidationError, text));
        }
        if bad.is_empty() { Ok(Self { columns, kinds }) } else { Err(bad) }
    }

    /// A row as a line's JSON; nothing for one without a cell.
    pub fn line(&self, number: u64, cells: Vec<Cell>) -> Option<Result<Vec<u8>, Vec<BadLine>>> {
        let is_said = |cell: &Cell| !matches!(cell, Cell::Text(text) if text.trim().is_empty());
        let mut cells: Vec<Option<Cell>> =
            cells.into_iter().map(|cell| Some(cell).filter(is_said)).collect();
        cells.iter().find(|cell| cell.is_some())?;
        let mut bad = Vec::new();
        let beyond = cells.split_off(cells.len().min(self.columns.len()));
        if beyond.iter().any(Option::is_some) {
            let text = Text {
                en: "the row has cells beyond the header's columns: a comma in a text needs quotation marks around it".to_owned(),
                zh: "该行的单元格多于表头的列；含逗号的文本须加引号".to_owned(),
            };
            bad.push(BadLine::new(number, None, Code::ValidationError, text));
        }
        let act = self.columns.iter().position(|path| *path == ["act"]);
        let act = act.and_then(|at| cells.get(at)?.as_ref()).and_then(|cell| match cell {
            Cell::Text(text) => Some(text.trim().to_owned()),
            _ => None,
        });
        let mut members = Map::new();
        for (path, cell) in self.columns.iter().zip(cells) {
            let Some(cell) = cell else { continue };
            match value(self.kinds.of(act.as_deref(), path), path, cell) {
                Ok(value) => put(&mut members, path, value),
                Err(text) => {
                    let name = path.join(".");
                    bad.push(BadLine::new(number, Some(&name), Code::ValidationError, text));
                }
            }
        }
        let json = || Value::Object(members).to_string().into_bytes();
        Some(if bad.is_empty() { Ok(json()) } else { Err(bad) })
    }
}

fn put(members: &mut Map<String, Value>, path: &[String], value: Value) {
    match path {
        [] => {}
        [name] => drop(members.insert(name.clone(), value)),
        [first, rest @ ..] => {
            let within = members.entry(first.clone()).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(within) = within {
                put(within, rest, value);
            }
        }
    }
}

/// What a cell says, read as its member's kind.
fn value(kind: Kind, path: &[String], cell: Cell) -> Result<Value, Text> {
    let is_day = path.last().is_some_and(|name| dates::is_a_day(name));
    let text = match cell {
        Cell::Wrong(what) => {
            return Err(Text {
                en: format!("the sheet says {what} there: its formula has no value"),
                zh: format!("单元格为错误值 {what}"),
            });
        }
        Cell::Flag(flag) if kind == Kind::Flag => return Ok(Value::Bool(flag)),
        Cell::Flag(flag) => flag.to_string(),
        Cell::Number(number) if matches!(kind, Kind::Integer | Kind::Number) => {
            return Ok(numbered(number));
        }
        Cell::Number(number) => numbered(number).to_string(),
        Cell::Date(date) => date,
        Cell::Text(text) => text.trim().to_owned(),
    };
    if text.contains('\u{fffd}') {
        return Err(Text {
            en: "it has characters that could not be read: save the file as UTF-8".to_owned(),
            zh: "含无法识别的字符；请将文件另存为 UTF-8 编码".to_owned(),
        });
    }
    if is_day {
        return match dates::read(&text) {
            Read::Is(date) => Ok(Value::String(date)),
            Read::Not(text) => Err(text),
        };
    }
    Ok(typed(kind, text))
}

fn typed(kind: Kind, text: String) -> Value {
    let parsed = || serde_json::from_str::<Value>(&text).ok();
    match kind {
        Kind::Integer | Kind::Number => match parsed() {
            Some(number @ Value::Number(_)) => number,
            _ => Value::String(text),
        },
        Kind::Flag => match text.to_lowercase().as_str() {
            "true" | "yes" | "是" => Value::Bool(true),
            "false" | "no" | "否" => Value::Bool(false),
            _ => Value::String(text),
        },
        Kind::List if !text.starts_with('[') => {
            let items = text.split([';', '；']).map(str::trim).filter(|item| !item.is_empty());
            Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
        }
        Kind::List | Kind::Object => parsed().unwrap_or(Value::String(text)),
        Kind::Text => Value::String(text),
    }
}

fn numbered(number: f64) -> Value {
    let is_whole = number.fract() == 0.0 && number.abs() < 9e15;
    match is_whole {
        true => Value::from(number as i64),
        false => Number::from_f64(number).map_or(Value::Null, Value::Number),
    }
}

fn nameless(index: usize) -> Text {
    let column = index + 1;
    Text {
        en: format!(
            "column {column} has no name, as merged header cells leave it: the header is one row with a name in each column"
        ),
        zh: format!("第{column}列没有列名（表头可能有合并单元格）；表头须为一行，每列各有列名"),
    }
}

fn twice(name: &str) -> Text {
    Text {
        en: format!("the column {name:?} is there twice"), zh: format!("列“{name}”出现两次")
    }
}

fn unknown(name: &str) -> Text {
    Text {
        en: format!(
            "{name:?} is no column: columns are program, subject, key, act, the members of the act, such as effective_on or document.number, and those of register, record_indicator and correct_indicator"
        ),
        zh: format!(
            "没有“{name}”这一列；列为 program、subject、key、act、行为的各项内容（如 effective_on、document.number）以及 register、record_indicator、correct_indicator 的各项内容"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(header: &[&str]) -> Result<Table, Vec<BadLine>> {
        let header: Vec<String> = header.iter().map(ToString::to_string).collect();
        Table::of(1, &header)
    }

    fn line(table: &Table, cells: Vec<Cell>) -> Value {
        serde_json::from_slice(&table.line(2, cells).unwrap().unwrap()).unwrap()
    }

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn cells_are_read_as_their_members_say() {
        let names =
            ["act", "year", "document.number", "effective_on", "register.invented", "text", ""];
        let table = table(&names).unwrap();
        let cells =
            ["submit_report", " 2016 ", "〔2015〕59号", "2016/9/1", "是", "12"].map(text).to_vec();
        assert_eq!(
            line(&table, cells),
            serde_json::json!({
                "act": "submit_report", "year": 2016, "document": {"number": "〔2015〕59号"},
                "effective_on": "2016-09-01", "register": {"invented": true}, "text": "12",
            })
        );
        let numbers = vec![text("submit_report"), Cell::Number(2016.0), Cell::Number(59.0)];
        assert_eq!(
            line(&table, numbers),
            serde_json::json!({"act": "submit_report", "year": 2016, "document": {"number": "59"}})
        );
        assert!(table.line(3, vec![text(" "), text("")]).is_none());
        let bad = table.line(4, vec![text("x"), text("a\u{fffd}"), Cell::Wrong("#REF!".into())]);
        let bad = bad.unwrap().unwrap_err();
        let places: Vec<_> = bad.iter().map(|bad| bad.column.as_deref()).collect();
        assert_eq!(places, [Some("year"), Some("document.number")]);
        let beyond: Vec<Cell> = (0..9).map(|_| text("x")).collect();
        assert_eq!(table.line(5, beyond).unwrap().unwrap_err()[0].column, None);
    }

    #[test]
    fn a_header_that_is_none_is_named_column_by_column() {
        let bad = table(&["program", "", "act", "act", "nonsense", "document.colour"]);
        let bad = bad.err().unwrap();
        let places: Vec<_> = bad.iter().map(|bad| bad.column.as_deref().unwrap()).collect();
        assert_eq!(places, ["2", "act", "nonsense", "document.colour"]);
        assert!(bad[0].reason.contains("merged"));
        assert_eq!(table(&["", " "]).err().unwrap().len(), 1);
    }
}
