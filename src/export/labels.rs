//! What the codes of the reporting tables are called, as a table beside them (`label`): a row for each
//! code with its label in both languages, so that the tables are the same in every language.
//!
//! What must hold: an id of a measure is called as the newest adopted edition that has it calls it, by
//! the list that it stands in; codes that every program knows have no program. The table is a function of
//! the editions and of this version of the program, not of what was recorded.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;

use super::{Form, Head, Lines, Value, Written};
use crate::domain::act::ActKind;
use crate::domain::event_type::EventType;
use crate::domain::exceptions::ExceptionKind;
use crate::domain::ids::{Id, Language, Node, Office, Text};
use crate::domain::measure::{Names, Program, Versions};
use crate::domain::words;
use crate::projection::{ExportError, Kind};

/// The name of the table.
pub const LABEL: &str = "label";

/// Its columns, each a text.
pub const COLUMNS: [&str; 5] = ["program", "list", "code", "label_en", "label_zh"];

const LISTS: [(Names, &str); 14] = [
    (Names::Applicants, "applicant_kind"),
    (Names::BaseConditions, "base_condition"),
    (Names::Categories, "category"),
    (Names::Characteristics, "characteristic"),
    (Names::Contents, "acceptance_content"),
    (Names::Guidelines, "guideline"),
    (Names::Materials, "material"),
    (Names::Matters, "matter"),
    (Names::Obligations, "obligation"),
    (Names::Outcomes, "result"),
    (Names::Phases, "phase"),
    (Names::Requirements, "requirement"),
    (Names::Tasks, "task"),
    (Names::Titles, "title"),
];

/// A row of it.
pub type Row = [String; COLUMNS.len()];

/// Writes the table for some programs, each with the adopted versions of its measures.
///
/// # Errors
/// Those of `out`; [`ExportError::Form`] where the build has no Parquet.
pub fn write_labels(
    programs: &[(Program, Arc<Versions>)],
    form: Form,
    out: &mut (dyn Write + Send),
) -> Result<Written, ExportError> {
    let columns = COLUMNS.map(|column| (column, Kind::Text));
    let head = Head { table: LABEL, columns: &columns, exercise: None };
    let mut lines = Lines::begin(&head, form, out)?;
    for row in rows(programs) {
        lines.add(&row.map(|text| Value::Text(text.into())))?;
    }
    lines.finish()
}

fn rows(programs: &[(Program, Arc<Versions>)]) -> Vec<Row> {
    let mut rows = common();
    for (program, versions) in programs {
        let mut seen = BTreeSet::new();
        let mut add = |list: &'static str, code: &str, label: &Text| {
            if seen.insert((list, Id::from(code))) {
                rows.push(row(program.id.as_str(), list, code, label));
            }
        };
        add("program", program.id.as_str(), &program.name);
        program.subject_kinds.iter().for_each(|kind| add("kind", &kind.id, &kind.label));
        for measure in versions.all().iter().rev().map(|edition| &edition.measure) {
            add("measure", &measure.version, &measure.cited());
            for (names, list) in LISTS {
                measure.names(names).for_each(|(id, label)| add(list, id, label));
            }
            for phase in &measure.phases {
                let steps = phase.steps.iter().map(|step| format!("{}.{}", phase.id, step.id));
                for node in std::iter::once(phase.id.to_string()).chain(steps) {
                    let label = Node::parse(&node).ok().and_then(|node| measure.label(&node));
                    label.iter().for_each(|label| add("node", &node, label));
                }
            }
        }
    }
    rows.sort_unstable();
    rows
}

/// Codes that every program knows.
fn common() -> Vec<Row> {
    let acts = ActKind::ALL.iter().map(|kind| {
        let label = words::both(|language| kind.label().get(language).to_owned());
        row("", "act", kind.as_str(), &label)
    });
    let events = EventType::all().map(|event| {
        let label = words::both(|language| event.label.get(language).to_owned());
        row("", "event_type", event.name, &label)
    });
    let offices = Office::ALL.map(|office| office.as_str());
    let roles = offices.iter().chain(&["auditor", "operator"]).map(|role| ("role", *role));
    let offices =
        offices.iter().map(|office| ("office", *office)).chain(roles).map(|(list, role)| {
            row("", list, role, &words::both(|language| words::role(role, language).to_owned()))
        });
    let fates = ["stands", "corrected", "annulled", "unsupported"].map(|fate| ("fate", fate));
    let marks = ["recorded", "attested", "inferred"].map(|mark| ("provenance", mark));
    let marks = marks.into_iter().chain(fates).map(|(list, mark)| {
        let said = |language: Language| words::marked(mark, language).unwrap_or(mark).to_owned();
        row("", list, mark, &words::both(said))
    });
    let exceptions = ExceptionKind::ALL.iter();
    let exceptions = exceptions.map(|kind| row("", "exception", kind.as_str(), &kind.label()));
    acts.chain(events).chain(offices).chain(marks).chain(exceptions).collect()
}

fn row(program: &str, list: &str, code: &str, label: &Text) -> Row {
    [program, list, code, &label.en, &label.zh].map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::measure::{Edition, Measure, OfficesFile, ProgramFile, Programs};

    #[test]
    fn every_code_is_called_once_in_both_languages() {
        let text = include_str!("../../schemas/measures/strong_province/2015-59.toml");
        let measure: Measure = toml::from_str(text).unwrap();
        let versions = Versions::new(vec![Arc::new(Edition { measure, digest: "d".to_owned() })]);
        let file = include_str!("../../schemas/measures/strong_province/program.toml");
        let file: ProgramFile = toml::from_str(file).unwrap();
        let programs = Programs::of(OfficesFile { office_names: vec![] }, [file]);
        let program = programs.program("strong_province").unwrap().clone();
        let rows = rows(&[(program, Arc::new(versions))]);
        let mut keys: Vec<_> = rows.iter().map(|row| &row[..3]).collect();
        keys.dedup();
        assert_eq!(keys.len(), rows.len());
        for row in &rows {
            assert!(!row[3].is_empty() && !row[4].is_ascii(), "{row:?}");
        }
        let called = |list: &str, code: &str| {
            let row = rows.iter().find(|row| row[1] == list && row[2] == code);
            row.unwrap_or_else(|| panic!("{list} {code}"))[4].clone()
        };
        assert_eq!(called("node", "pilot.passed"), "试点省（区、市）：评估合格，待列入");
        assert_eq!(called("base_condition", "funds"), "经费投入");
        assert_eq!(called("result", "funds"), "资金");
        assert_eq!(called("measure", "2015-59"), "国知发管字〔2015〕59号");
        assert_eq!(called("fate", "annulled"), "已撤销");
    }
}
