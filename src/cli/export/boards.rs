//! What is judged on a day, as files: asked of the interface page by page, as the commands that show it do.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use serde_json::{Value as Json, json};
use tokio::sync::mpsc;

use super::files::{in_manifest, whole};
use super::{Wanted, explain};
use crate::api::Board;
use crate::cli::ask::Asker;
use crate::cli::config::Config;
use crate::cli::output::{Out, tell};
use crate::cli::private::create_usual_folder;
use crate::domain::date::Day;
use crate::domain::ids::Language;
use crate::domain::measure::{Program, Versions};
use crate::export::{Form, Head, Lines, Value, Written};
use crate::log::EventLog;
use crate::projection::ExportError;

/// Pages that wait to be written.
const PAGES: usize = 2;

/// What is asked for, on which day, in which language.
pub(super) struct Judged<'a> {
    pub of: &'a Wanted,
    pub as_of: Option<Day>,
    pub language: Option<Language>,
}

/// A part of a table on its way to the file.
enum Part {
    Rows(Vec<Vec<Value<'static>>>),
    End,
}

impl Judged<'_> {
    /// Writes the tables; what the manifest says of each.
    ///
    /// # Errors
    /// What can't be asked or written.
    pub async fn export(
        &self,
        (log, config, anew): (&Arc<dyn EventLog>, &Config, bool),
        programs: &[(Program, Arc<Versions>)],
    ) -> anyhow::Result<Vec<Json>> {
        if self.of.boards.is_empty() {
            return Ok(Vec::new());
        }
        let language = self.language.unwrap_or(Language::En).tag();
        let asker = Asker::of_log(log, config.clone(), anew, Some(language)).await?;
        let mut files = Vec::new();
        for board in &self.of.boards {
            files.push(self.write(board, &asker, programs).await?);
        }
        asker.close().await?;
        Ok(files)
    }

    async fn write(
        &self,
        board: &'static Board,
        asker: &Asker,
        programs: &[(Program, Arc<Versions>)],
    ) -> anyhow::Result<Json> {
        let exercise = if self.of.exercise { "exercise_" } else { "" };
        let name = format!("{exercise}{}.{}", board.name, self.of.form.ending());
        let to = match &self.of.folder {
            Some(folder) => {
                create_usual_folder(folder).map_err(ExportError::Io).map_err(explain)?;
                Some(folder.join(&name))
            }
            None if self.of.out == Path::new("-") => None,
            None => Some(self.of.out.clone()),
        };
        let (send, parts) = mpsc::channel(PAGES);
        let (form, exercise) = (self.of.form, self.of.exercise);
        let writing =
            tokio::task::spawn_blocking(move || to_file(board, form, exercise, to, parts));
        let asked = self.ask(board, asker, programs, &send).await;
        drop(send);
        let written = writing.await.context("the export broke off")?;
        let as_of = asked?;
        let written = written.map_err(explain)?;
        let shown = as_of.as_deref().unwrap_or("no day: there is no program");
        tell(&format!("{}: {} rows, judged on {shown}", board.name, written.rows));
        let mut said = in_manifest(board.name, &name, &written);
        said["as_of"] = json!(as_of);
        Ok(said)
    }

    /// Hands over the rows of all that is to be asked; the day on which they are judged.
    async fn ask(
        &self,
        board: &Board,
        asker: &Asker,
        programs: &[(Program, Arc<Versions>)],
        send: &mpsc::Sender<Part>,
    ) -> anyhow::Result<Option<String>> {
        let mut query = Vec::new();
        query.extend(self.as_of.map(|day| ("as_of", day.to_string())));
        query.extend(self.of.sequence.map(|sequence| ("at_sequence", sequence.to_string())));
        let paths = match board.is_of_program() {
            true => programs.iter().map(|(program, _)| board.path(program.id.as_str())).collect(),
            false => {
                query.extend(self.of.exercise.then(|| ("exercise", "true".to_owned())));
                query.extend(board.page().map(|rows| ("limit", rows.to_string())));
                vec![board.path("")]
            }
        };
        let mut as_of = None;
        for path in paths {
            let mut answer = asker.get(&path, &query).await?;
            loop {
                as_of = answer.body["as_of"].as_str().map(str::to_owned).or(as_of);
                // Where it can't be written, that is said by who writes.
                if send.send(Part::Rows(board.rows(&answer.body))).await.is_err() {
                    return Ok(as_of);
                }
                let Some(next) = answer.take_next() else { break };
                answer = asker.get(&next, &[]).await?;
            }
        }
        // As before.
        let _ = send.send(Part::End).await;
        Ok(as_of)
    }
}

fn to_file(
    board: &Board,
    form: Form,
    exercise: bool,
    to: Option<PathBuf>,
    mut parts: mpsc::Receiver<Part>,
) -> Result<Written, ExportError> {
    let columns = board.columns();
    let head = Head { table: board.name, columns: &columns, exercise: Some(exercise) };
    let mut fill = |out: &mut (dyn std::io::Write + Send)| {
        let mut lines = Lines::begin(&head, form, out)?;
        loop {
            match parts.blocking_recv() {
                Some(Part::Rows(rows)) => rows.iter().try_for_each(|row| lines.add(row))?,
                Some(Part::End) => return lines.finish(),
                // What was asked says why.
                None => return Err(ExportError::Io(std::io::ErrorKind::Interrupted.into())),
            }
        }
    };
    match to {
        Some(path) => whole(&path, |file| fill(file)),
        None => fill(&mut std::io::BufWriter::new(Out::default())),
    }
}
