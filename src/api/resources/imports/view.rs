//! What an operation looks like.

use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::api::asking::call::Call;
use crate::domain::date::Timestamp;
use crate::domain::ids::Language;
use crate::domain::registry::Label;
use crate::import::operations::{Failure, Form, KEPT_US, Operation, Progress, State};
use crate::import::{Outcome, Step};

/// Work that goes on after its answer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OperationView {
    /// Its id.
    pub id: String,
    /// `IMPORT`.
    pub kind: &'static str,
    /// `PENDING`, `RUNNING`, `SUCCEEDED`, `FAILED`, `CANCELLED`.
    pub state: &'static str,
    /// What that is called.
    pub state_label: &'static str,
    /// Whether it has ended.
    pub done: bool,
    /// What that means now, and what a stop of the server would.
    pub note: &'static str,
    /// The office that asked for it.
    pub office_id: String,
    /// The form of what was sent: `ndjson`, `csv`, `xlsx`, `zip`.
    pub form: &'static str,
    /// Its size.
    pub size_bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub digest: String,
    /// `strict`: one bad line imports nothing; `lenient`: the enrollments without one are imported.
    pub handling: &'static str,
    /// Whether nothing is recorded in any case.
    pub validate_only: bool,
    /// When it was asked for, UTC.
    pub created_at: String,
    /// When it was begun last, UTC.
    pub started_at: Option<String>,
    /// How often it was begun: again after a stop of the server, or where the record moved meanwhile.
    pub starts: u32,
    /// When it ended, UTC.
    pub ended_at: Option<String>,
    /// Until when it is kept, UTC.
    pub expires_at: Option<String>,
    /// How far it is.
    pub progress: Option<ProgressView>,
    /// What it came to: also where lines are bad.
    pub result: Option<Outcome>,
    /// Why it failed.
    pub problem: Option<OperationProblem>,
    /// The report of every line (NDJSON): what became of it, or what is wrong with it and where.
    pub report: Option<String>,
}

/// How far an operation is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProgressView {
    /// `CHECKING`: lines, counted in bytes of the file; `RECORDING`: counted in events.
    pub step: &'static str,
    /// What that is called.
    pub step_label: &'static str,
    /// How much is done.
    pub done: u64,
    /// Of how much.
    pub total: u64,
}

/// Why an operation failed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OperationProblem {
    /// The address of what it means, `operation-failed` where it is lines that are bad.
    #[serde(rename = "type")]
    pub uri: String,
    /// Its code.
    pub code: String,
    /// What is wrong this time.
    pub detail: String,
    /// The report with the lines that are bad, where it is those.
    pub line_errors: Option<String>,
}

/// Where an operation is.
pub fn address(id: Uuid) -> String {
    format!("/v1/operations/{id}")
}

/// The name of a state.
pub fn name(state: State) -> &'static str {
    match state {
        State::Pending => "PENDING",
        State::Running => "RUNNING",
        State::Succeeded => "SUCCEEDED",
        State::Failed => "FAILED",
        State::Cancelled => "CANCELLED",
    }
}

fn label(state: State) -> Label {
    let (en, zh) = match state {
        State::Pending => ("Waiting", "等待中"),
        State::Running => ("Under way", "进行中"),
        State::Succeeded => ("Done", "已完成"),
        State::Failed => ("Failed", "失败"),
        State::Cancelled => ("Cancelled", "已取消"),
    };
    Label { en, zh }
}

fn note(operation: &Operation, step: Option<Step>) -> Label {
    let is_recorded = operation.outcome.is_some_and(|outcome| outcome.is_recorded);
    let (en, zh) = match (operation.state, step) {
        (State::Pending, _) if operation.starts > 0 => (
            "The server stopped while it was under way; it begins again, and finds on record what had been recorded.",
            "服务器在其进行中停止；将从头开始，已记录的内容不会重复。",
        ),
        (State::Pending, _) => (
            "It waits for the imports before it. It is kept, so it is done also if the server stops.",
            "等待此前的导入完成。请求已保存，服务器停止后仍会执行。",
        ),
        (State::Running, Some(Step::Recording)) => (
            "All lines were checked and are being recorded. A server that stops finishes this first; after a crash it goes on from there.",
            "各行已检查完毕，正在记录。服务器停止前会先完成；如异常中断，则从该处继续。",
        ),
        (State::Running, _) => (
            "All lines are checked before any is recorded: nothing is yet. If the server stops it begins again.",
            "记录之前先检查全部各行，目前尚未记录任何内容。服务器停止后将从头开始。",
        ),
        (State::Succeeded, _) if operation.only_tries => (
            "Everything was checked; nothing was recorded, as asked.",
            "已检查完毕；按要求未作记录。",
        ),
        (State::Succeeded, _) if is_recorded => ("It is on record.", "已入档。"),
        (State::Succeeded, _) => ("Nothing was recorded.", "未作记录。"),
        (State::Failed, _) => (
            "`problem` says why. The same file can be sent again: what is on record by then is recorded once.",
            "原因见 problem。可再次提交同一文件：已入档的内容不会重复记录。",
        ),
        (State::Cancelled, _) => {
            ("It was cancelled before anything was recorded.", "在记录任何内容之前已取消。")
        }
    };
    Label { en, zh }
}

fn form(form: Form) -> &'static str {
    match form {
        Form::Ndjson => "ndjson",
        Form::Csv => "csv",
        Form::Xlsx => "xlsx",
        Form::Zip => "zip",
    }
}

fn progress(progress: Progress, language: Language) -> ProgressView {
    let (step, en, zh) = match progress.step {
        Step::Checking => ("CHECKING", "Lines are checked", "正在检查"),
        Step::Recording => ("RECORDING", "Lines are recorded", "正在记录"),
    };
    let step_label = Label { en, zh }.get(language);
    ProgressView { step, step_label, done: progress.done, total: progress.total }
}

impl OperationView {
    /// An operation as it stands.
    pub fn of(call: &Call, operation: Operation, at: Option<Progress>) -> Self {
        let language = call.language;
        let time = |us: i64| Timestamp::from_micros(us).to_rfc3339();
        let report = format!("{}/report", address(operation.id));
        let report = operation.has_report.then_some(report);
        let problem = |failure: &Failure| {
            let name = failure.code.to_ascii_lowercase().replace('_', "-");
            let bad = operation.outcome.is_some_and(|outcome| outcome.bad_lines > 0);
            OperationProblem {
                uri: format!("{}/problems/{name}", call.state.settings.public_url),
                code: failure.code.clone(),
                detail: failure.text.get(language).to_owned(),
                line_errors: report.clone().filter(|_| bad),
            }
        };
        Self {
            id: operation.id.to_string(),
            kind: "IMPORT",
            state: name(operation.state),
            state_label: label(operation.state).get(language),
            done: operation.state.is_done(),
            note: note(&operation, at.map(|at| at.step)).get(language),
            form: form(operation.form),
            size_bytes: operation.bytes,
            handling: if operation.lenient { "lenient" } else { "strict" },
            validate_only: operation.only_tries,
            created_at: time(operation.created_us),
            started_at: operation.started_us.map(time),
            starts: operation.starts,
            ended_at: operation.ended_us.map(time),
            expires_at: operation.ended_us.map(|ended| time(ended + KEPT_US)),
            progress: at.map(|at| progress(at, language)),
            result: operation.outcome,
            problem: operation.failure.as_ref().map(problem),
            report,
            office_id: operation.office_id,
            digest: operation.sha256,
        }
    }
}
