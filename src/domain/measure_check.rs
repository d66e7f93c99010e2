//! The model check: whether a measure that can be read also makes sense.
//!
//! It finds what no schema can: places that nothing reaches or leaves, outcomes without a rule,
//! conditions that nothing can satisfy, duties that nobody can meet, ids that are not declared.
//! Every problem names the member of the file and what would satisfy it. A measure that is known
//! in part (G14) is held to what it says, not to what it leaves open. Deliberately not here: the
//! shape of the text (the schema's) and lines (`measure_file`).

mod declared;
mod effects;
mod graph;
mod needs;
mod programs;
#[cfg(test)]
mod tests;
mod whole;

pub use graph::{Graph, Move};

use super::measure::{Measure, OfficesFile, Program, ProgramFile};

/// What does not make sense, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// JSON Pointer to the member: `/act/3/outcome/done/to`.
    pub path: String,
    /// What is wrong and what would satisfy it.
    pub message: String,
}

/// What was found so far.
#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem { path: path.into(), message: message.into() });
    }
}

/// Checks a measure, knowing the programs.
pub fn check(measure: &Measure, programs: &[Program]) -> Vec<Problem> {
    let mut problems = Problems::default();
    let graph = Graph::of(measure);
    declared::check(measure, programs, &mut problems);
    effects::check(measure, &mut problems);
    graph::check_overlaps(measure, &mut problems);
    whole::check(measure, programs, &mut problems);
    if !measure.known_in_part {
        graph::check(measure, &graph, &mut problems);
        needs::check(measure, &graph, &mut problems);
    }
    problems.0
}

/// Checks what a program's file says by itself.
pub fn check_program(program: &ProgramFile) -> Vec<Problem> {
    let mut problems = Problems::default();
    programs::check(program, &mut problems);
    problems.0
}

/// Checks the names of the offices.
pub fn check_offices(offices: &OfficesFile) -> Vec<Problem> {
    let mut problems = Problems::default();
    programs::check_offices(offices, &mut problems);
    problems.0
}
