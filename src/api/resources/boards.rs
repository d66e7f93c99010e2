//! What is judged on a day, as tables for files: the lists and boards of the interface, row by row, with
//! the same columns as their CSV.
//!
//! What must hold: a row is made of the interface's own answer, so a file and a page can't disagree.

use serde_json::Value as Json;

use super::obligations::{MOVE_COLUMNS, TOTAL_COLUMNS};
use super::{cohorts, scoreboard};
use crate::api::asking::answer::MAX_LIMIT;
use crate::api::asking::tabular::{Column, Holds, row};
use crate::export::Value;

/// A table that is judged on a day.
#[derive(Debug)]
pub struct Board {
    /// Its name.
    pub name: &'static str,
    /// What a row is.
    pub about: &'static str,
    /// Where the interface has it; `{program}` stands for each program.
    path: &'static str,
    is_paged: bool,
    columns: &'static [Column],
    lines: fn(&Json) -> Vec<Json>,
}

/// What stands before the columns of each.
const WHEN: &[Column] = &[("as_of", "/as_of", Holds::Day), ("exercise", "/exercise", Holds::Flag)];
/// What does where it is of a program.
const WHOSE: &[Column] = &[("program", "/program", Holds::Text)];

/// All of them.
pub const BOARDS: &[Board] = &[
    Board {
        name: "move",
        about: "One row per decision, step or obligation that waits at an office.",
        path: "/v1/moves",
        is_paged: true,
        columns: MOVE_COLUMNS,
        lines: items,
    },
    Board {
        name: "obligation_total",
        about: "One row per office, province and year: what was owed, met in time, late, open, overdue.",
        path: "/v1/obligations/totals",
        is_paged: false,
        columns: TOTAL_COLUMNS,
        lines: items,
    },
    Board {
        name: "scoreboard",
        about: "One row per figure of a program's scoreboard: places, targets, who stands where.",
        path: "/v1/programs/{program}/scoreboard",
        is_paged: false,
        columns: scoreboard::COLUMNS,
        lines: scoreboard::lines,
    },
    Board {
        name: "cohort",
        about: "One row per figure of those who were decided in one round or batch.",
        path: "/v1/programs/{program}/cohorts",
        is_paged: false,
        columns: cohorts::COLUMNS,
        lines: cohorts::lines,
    },
];

fn items(answer: &Json) -> Vec<Json> {
    answer.get("items").and_then(Json::as_array).cloned().unwrap_or_default()
}

impl Board {
    /// Whether each program has its own.
    pub fn is_of_program(&self) -> bool {
        self.path.contains("{program}")
    }

    /// How many rows a page of it can have, where it comes in pages.
    pub fn page(&self) -> Option<usize> {
        self.is_paged.then_some(MAX_LIMIT)
    }

    /// Where it is asked for, of a program where each has its own.
    pub fn path(&self, program: &str) -> String {
        self.path.replace("{program}", program)
    }

    /// Its columns.
    pub fn columns(&self) -> Vec<(&'static str, Holds)> {
        let of_all = self.before().chain(self.columns);
        of_all.map(|(name, _, holds)| (*name, *holds)).collect()
    }

    /// The rows of an answer.
    pub fn rows(&self, answer: &Json) -> Vec<Vec<Value<'static>>> {
        let before: Vec<Column> = self.before().copied().collect();
        let rows = (self.lines)(answer).into_iter().map(|line| {
            let mut cells = row(&before, answer);
            cells.extend(row(self.columns, &line));
            cells
        });
        rows.collect()
    }

    fn before(&self) -> impl Iterator<Item = &'static Column> + use<> {
        WHEN.iter().chain(if self.is_of_program() { WHOSE } else { &[] })
    }
}
