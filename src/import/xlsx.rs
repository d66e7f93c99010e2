//! Rows of a workbook's first sheet, as ministries keep their lists.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use calamine::{Data, DataRef, Reader as _, Xlsx as Workbook, open_workbook};

use super::line::{Line, Source};
use super::table::{Cell, Table};

/// How many rows are read ahead.
const AHEAD: usize = 64;

/// A workbook; the first row of its first sheet that says anything names the columns.
pub struct Xlsx {
    path: PathBuf,
    bytes: u64,
}

impl Xlsx {
    /// A file at a path.
    ///
    /// # Errors
    /// A file that is not there.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), bytes: std::fs::metadata(path)?.len() })
    }
}

impl Source for Xlsx {
    fn path(&self) -> &Path {
        &self.path
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn lines(&self) -> io::Result<Box<dyn Iterator<Item = io::Result<Line>> + Send>> {
        let workbook: Workbook<_> = open_workbook(&self.path).map_err(broken)?;
        // The reader of cells borrows the workbook, so both live in a thread of their own.
        let (rows, read) = mpsc::sync_channel(AHEAD);
        let bytes = self.bytes;
        let thread = std::thread::Builder::new().name("sheet".to_owned());
        thread.spawn(move || {
            let told = rows.clone();
            if let Err(error) = send_rows(workbook, &rows, bytes) {
                // Nobody listens any more where this fails.
                let _ = told.send(Err(error));
            }
        })?;
        Ok(Box::new(read.into_iter()))
    }
}

fn broken(error: calamine::XlsxError) -> io::Error {
    match error {
        calamine::XlsxError::Io(error) => error,
        error => io::Error::new(io::ErrorKind::InvalidData, format!("no workbook: {error}")),
    }
}

type Rows = mpsc::SyncSender<io::Result<Line>>;

fn send_rows(
    mut workbook: Workbook<io::BufReader<std::fs::File>>,
    rows: &Rows,
    bytes: u64,
) -> io::Result<()> {
    let Some(sheet) = workbook.sheet_names().first().cloned() else { return Ok(()) };
    let mut cells = workbook.worksheet_cells_reader(&sheet).map_err(broken)?;
    let (mut table, mut row, mut at) = (None, Vec::new(), None);
    loop {
        let cell = cells.next_cell().map_err(broken)?;
        let place = cell.as_ref().map(calamine::Cell::get_position);
        if place.map(|(row, _)| row) != at {
            let done = std::mem::take(&mut row);
            let number = at.map_or(0, |at| u64::from(at) + 1);
            if !end_row(&mut table, number, done, rows, bytes) {
                return Ok(());
            }
            at = place.map(|(row, _)| row);
        }
        let (Some(cell), Some((_, column))) = (cell, place) else { return Ok(()) };
        let column = column as usize;
        if row.len() <= column {
            row.resize(column + 1, Cell::Text(String::new()));
        }
        row[column] = said(cell.get_value());
    }
}

/// Sends a row that is whole; whether there is anybody and anything to go on for.
fn end_row(
    table: &mut Option<Table>,
    number: u64,
    row: Vec<Cell>,
    rows: &Rows,
    bytes: u64,
) -> bool {
    let is_empty = |cell: &Cell| matches!(cell, Cell::Text(text) if text.trim().is_empty());
    if row.iter().all(is_empty) {
        return true;
    }
    let send = |json| rows.send(Ok(Line { number, json, read: bytes, file: None })).is_ok();
    match table {
        None => {
            let name = |cell: &Cell| match cell {
                Cell::Text(text) => text.clone(),
                _ => String::new(),
            };
            let header: Vec<String> = row.iter().map(name).collect();
            match Table::of(number, &header) {
                Ok(read) => *table = Some(read),
                Err(bad) => {
                    send(Err(bad));
                    return false;
                }
            }
            true
        }
        Some(table) => table.line(number, row).is_none_or(send),
    }
}

fn said(value: &DataRef<'_>) -> Cell {
    match Data::from(value.clone()) {
        Data::Empty => Cell::Text(String::new()),
        Data::Int(number) => Cell::Number(number as f64),
        Data::Float(number) => Cell::Number(number),
        Data::String(text) => Cell::Text(text),
        Data::Bool(flag) => Cell::Flag(flag),
        Data::DateTime(at) => match at.as_datetime() {
            Some(at) => Cell::Date(at.format("%Y-%m-%dT%H:%M:%S").to_string()),
            None => Cell::Number(at.as_f64()),
        },
        Data::DateTimeIso(text) | Data::DurationIso(text) => Cell::Text(text),
        Data::Error(error) => Cell::Wrong(error.to_string()),
    }
}
