//! Lines and tables for people.

use unicode_width::UnicodeWidthStr as _;

use super::plain;

/// What a command shows: lines, each made of one call, whatever the texts hold.
#[derive(Debug, Default)]
pub struct Page {
    lines: Vec<Line>,
}

/// A line, already fit to be shown; what comes first may stand out.
#[derive(Debug)]
struct Line {
    strong: String,
    rest: String,
}

impl Page {
    /// Adds a line.
    pub fn line(&mut self, text: &str) {
        self.entry("", text);
    }

    /// Adds a line that stands out on a terminal that takes colours.
    pub fn strong(&mut self, text: &str) {
        self.entry(text, "");
    }

    /// Adds a line whose beginning stands out.
    pub fn entry(&mut self, strong: &str, rest: &str) {
        self.lines.push(Line { strong: plain(strong), rest: plain(rest) });
    }

    /// Adds another page.
    pub fn append(&mut self, other: Self) {
        self.lines.extend(other.lines);
    }

    /// Adds a table.
    pub fn table(&mut self, table: &Table) {
        let widths = table.widths();
        self.lines.push(Line { strong: line(&table.head, &widths), rest: String::new() });
        let rows = table.rows.iter().map(|row| line(row, &widths));
        let none = table.rows.is_empty().then(|| "–".to_owned());
        let rows = rows.chain(none).map(|rest| Line { strong: String::new(), rest });
        self.lines.extend(rows);
    }

    /// Adds a table under its title, if it has rows.
    pub fn section(&mut self, title: &str, table: &Table) {
        if !table.is_empty() {
            self.line("");
            self.line(title);
            self.table(table);
        }
    }

    /// Adds labels with their values below each other, the labels padded alike; empty values are left
    /// out.
    pub fn fields(&mut self, pairs: &[(&str, String)]) {
        let width = pairs.iter().map(|(label, _)| label.width()).max().unwrap_or_default();
        for (label, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            self.line(&format!("{label}{}  {value}", " ".repeat(width - label.width())));
        }
    }

    /// The whole as text; with `colour` for a terminal that takes colours.
    pub(super) fn text(&self, colour: bool) -> String {
        let mut text = String::new();
        for Line { strong, rest } in &self.lines {
            match colour && !strong.is_empty() {
                true => text.push_str(&format!("\u{1b}[1m{strong}\u{1b}[0m{rest}\n")),
                false => text.push_str(&format!("{strong}{rest}\n")),
            }
        }
        text
    }
}

/// Without colours, as for a file.
impl std::fmt::Display for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text(false))
    }
}

/// A table whose columns line up.
#[derive(Debug, Default)]
pub struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub fn new(head: &[&str]) -> Self {
        Self { head: head.iter().map(|text| plain(text)).collect(), rows: Vec::new() }
    }

    /// Adds a row with a cell for each heading.
    pub fn row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.head.len());
        self.rows.push(cells.iter().map(|cell| plain(cell)).collect());
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn widths(&self) -> Vec<usize> {
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| row[column].width());
            cells.chain([self.head[column].width()]).max().unwrap_or_default()
        };
        (0..self.head.len()).map(width).collect()
    }
}

/// The last column is not padded.
fn line(cells: &[String], widths: &[usize]) -> String {
    let mut text = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        text.push_str(cell);
        text.push_str(&" ".repeat(width - cell.width() + 2));
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_where_characters_are_wide() {
        let mut table = Table::new(&["subject", "name", "phase"]);
        table.row(vec!["440000".into(), "广东省".into(), "pilot".into()]);
        table.row(vec!["x01".into(), "A".into(), "demonstration".into()]);
        let mut page = Page::default();
        page.table(&table);
        let expected =
            "subject  name    phase\n440000   广东省  pilot\nx01      A       demonstration\n";
        assert_eq!(page.to_string(), expected);
    }

    #[test]
    fn a_field_without_a_value_is_left_out() {
        let mut page = Page::default();
        page.fields(&[("名称", "广东省".into()), ("title", String::new()), ("at", "x".into())]);
        assert_eq!(page.to_string(), "名称   广东省\nat     x\n");
    }

    /// Each way of adding to a page, with a text that would forge a line.
    #[test]
    fn only_the_page_itself_begins_lines() {
        let forged = "x\n2024-03-01  listed\u{1b}[A\u{202e}";
        let mut table = Table::new(&[forged]);
        table.row(vec![forged.to_owned()]);
        let mut page = Page::default();
        page.line(forged);
        page.strong(forged);
        page.entry(forged, forged);
        page.section(forged, &table);
        page.fields(&[("label", forged.to_owned())]);
        for colour in [false, true] {
            let text = page.text(colour).replace("\u{1b}[1m", "").replace("\u{1b}[0m", "");
            assert_eq!(text.lines().count(), 8, "{text}");
            assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
            assert!(!text.lines().any(|line| line.starts_with("2024")), "{text}");
        }
    }
}
