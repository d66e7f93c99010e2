//! The work on imports: one after another, in a thread of its own, so that nothing else waits for it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;

use super::{Failure, ImportAsked, Live, Operation, Operations, Progress, State, Work};
use crate::domain::ids::{Language, Text};
use crate::import::{BadLine, Became, Import, ImportError, Line, Outcome, Report, Step, Watch};
use crate::log::LogError;
use crate::views::problem::{Code, Problem};

/// How often one is begun anew because the record moved while it was checked.
const MAX_TRIES: u32 = 8;

impl Operations {
    /// Does what waits, until the server stops.
    pub(super) fn work(&self, runtime: &Handle) {
        while let Some(live) = self.next() {
            self.do_one(&live, runtime);
        }
    }

    fn next(&self) -> Option<Arc<Live>> {
        let mut waiting = self.waiting();
        loop {
            if waiting.is_stopping {
                return None;
            }
            while let Some(id) = waiting.queue.pop_front() {
                if let Some(live) = waiting.live.get(&id) {
                    return Some(live.clone());
                }
            }
            waiting = self.more.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn do_one(&self, live: &Live, runtime: &Handle) {
        let Work::Import(asked) = live.told.borrow().operation.work else { return };
        let ended = self.try_often(live, asked, runtime);
        let is_cancelled = live.told.borrow().is_cancelled;
        let mut operation = live.told.borrow().operation.clone();
        match ended {
            Ok((outcome, has_report)) => {
                operation.outcome = Some(outcome);
                operation.has_report = has_report;
                operation.failure = bad_lines(asked, outcome);
                operation.state = match operation.failure {
                    None => State::Succeeded,
                    Some(_) => State::Failed,
                };
            }
            Err(ImportError::Interrupted) if is_cancelled => operation.state = State::Cancelled,
            // It begins again with the next start.
            Err(ImportError::Interrupted) => operation.state = State::Pending,
            Err(error) => {
                operation.failure = Some(failure(error));
                operation.state = State::Failed;
            }
        }
        self.ends(live, operation);
    }

    /// Notes how the work on one ended.
    pub(super) fn ends(&self, live: &Live, mut operation: Operation) {
        let (id, is_done) = (operation.id, operation.state.is_done());
        operation.ended_us = is_done.then_some(self.now_us());
        if let Err(error) = self.kept.note(&operation) {
            tracing::error!(%error, %id, "how an operation ended can't be kept; the next start takes it for interrupted");
        }
        live.told.send_modify(|told| {
            (told.operation, told.progress) = (operation, None);
        });
        // From here on it is read from where it is kept.
        if is_done {
            self.waiting().live.remove(&id);
        }
    }

    /// Notes that the work on one begins.
    pub(super) fn begins(&self, live: &Live) -> io::Result<Operation> {
        let now = self.now_us();
        live.told.send_modify(|told| {
            told.operation.state = State::Running;
            told.operation.started_us = Some(now);
            told.operation.starts += 1;
            told.progress = None;
        });
        let operation = live.told.borrow().operation.clone();
        self.kept.note(&operation)?;
        Ok(operation)
    }

    /// Does one, anew where the record moved while it was checked.
    fn try_often(
        &self,
        live: &Live,
        asked: ImportAsked,
        runtime: &Handle,
    ) -> Result<(Outcome, bool), ImportError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match runtime.block_on(self.try_once(live, asked)) {
                Err(ImportError::Ended { reason: LogError::Conflict { .. }, .. })
                    if tries < MAX_TRIES => {}
                ended => return ended,
            }
        }
    }

    async fn try_once(
        &self,
        live: &Live,
        asked: ImportAsked,
    ) -> Result<(Outcome, bool), ImportError> {
        let id = live.told.borrow().operation.id;
        let broken = |source| ImportError::File { path: self.kept.sent(id), source };
        let operation = self.begins(live).map_err(broken)?;
        let scratch = self.kept.scratch(id).map_err(broken)?;
        let source = asked.form.open(&self.kept.sent(id), self.limit_bytes).map_err(broken)?;
        let watch =
            Watching { operations: self, live, report: Mutex::new(Report::in_folder(&scratch)) };
        let import = Import {
            app: &self.app,
            caller: operation.caller(),
            scratch: &scratch,
            lenient: asked.lenient,
            only_tries: asked.only_tries,
            watch: &watch,
        };
        let outcome = import.run(source).await?;
        let report = watch.report.into_inner().unwrap_or_else(PoisonError::into_inner);
        let finished = report.finish(&self.kept.report(id), outcome.is_recorded);
        // What is on record stays there; only how it came about can't be shown.
        if let Err(error) = &finished {
            tracing::error!(%error, %id, "the report of an import can't be written");
        }
        Ok((outcome, finished.is_ok()))
    }
}

/// That lines are bad, where that means that nothing is imported.
fn bad_lines(asked: ImportAsked, outcome: Outcome) -> Option<Failure> {
    let bad = outcome.bad_lines;
    let text = Text {
        en: format!("{bad} of {} lines are bad; nothing was imported", outcome.lines),
        zh: format!("共{}行，其中{bad}行有误；未导入任何内容", outcome.lines),
    };
    let is_failed = bad > 0 && !asked.lenient;
    is_failed.then(|| Failure { code: Code::OperationFailed.as_str(), text })
}

fn failure(error: ImportError) -> Failure {
    let text = error.to_string();
    let problem = match error {
        ImportError::Act(error) => Problem::of_act(error, Language::En),
        ImportError::File { source, .. } => of_file(&source),
        ImportError::Ended { done, all, reason } => {
            let zh = format!("{all}个事件中已记录{done}个，随后中断；再次导入即从该处继续");
            Problem::new(Problem::from(reason).code()).detail(text).detail_zh(zh)
        }
        ImportError::Trial(_) | ImportError::Interrupted => Problem::internal(text),
    };
    of_problem(problem)
}

/// A problem as it is kept.
pub(super) fn of_problem(problem: Problem) -> Failure {
    if problem.status().is_server_error() {
        tracing::error!(?problem, "an operation failed");
    }
    let said = |language| problem.says(language).to_owned();
    let text = Text { en: said(Language::En), zh: said(Language::Zh) };
    Failure { code: problem.code().as_str(), text }
}

/// What can't be read of what was sent; where it lies is nobody's business outside.
fn of_file(error: &io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
            Problem::new(Code::MalformedRequest)
                .detail(error.to_string())
                .detail_zh(format!("无法读取所提交的文件：{error}"))
        }
        _ => Problem::internal(error),
    }
}

/// Tells of the work on one.
struct Watching<'a> {
    operations: &'a Operations,
    live: &'a Live,
    report: Mutex<Report>,
}

impl Live {
    /// Tells how far the work is.
    pub(super) fn tells(&self, progress: Progress) {
        // Nobody waits for progress, so nobody is woken by it.
        self.told.send_if_modified(|told| {
            told.progress = Some(progress);
            false
        });
    }
}

impl Watching<'_> {
    fn report(&self, say: impl FnOnce(&mut Report)) {
        say(&mut self.report.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Watch for Watching<'_> {
    fn progress(&self, step: Step, done: u64, total: u64) {
        self.live.tells(Progress { step, done, total });
    }

    fn begins_pass(&self) {
        self.report(Report::begin_pass);
    }

    fn becomes(&self, line: &Line, became: Became<'_>) {
        self.report(|report| report.becomes(line, &became));
    }

    fn is_bad(&self, bad: &BadLine) {
        self.report(|report| report.is_bad(bad));
    }

    fn is_stopped(&self) -> bool {
        let is_cancelled = self.live.told.borrow().is_cancelled;
        is_cancelled || self.operations.waiting().is_stopping
    }

    fn begins_recording(&self) -> bool {
        let is_stopping = self.operations.waiting().is_stopping;
        let mut begins = false;
        self.live.told.send_if_modified(|told| {
            begins = !told.is_cancelled && !is_stopping;
            if begins {
                told.progress = Some(Progress { step: Step::Recording, done: 0, total: 0 });
            }
            false
        });
        begins
    }
}
