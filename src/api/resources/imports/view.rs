//! What an operation looks like.

use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::api::asking::call::Call;
use crate::domain::date::Timestamp;
use crate::domain::ids::Language;
use crate::domain::registry::Label;
use crate::import::operations::{
    Bundle, Failure, Form, ImportAsked, Operation, Progress, State, Work,
};
use crate::import::{Outcome, Step};
use crate::views::sequence::sequence;

/// Work that goes on after its answer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OperationView {
    /// Its id.
    pub id: String,
    /// `IMPORT`, `EVIDENCE`.
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
    /// Of an import the form of what was sent: `ndjson`, `csv`, `xlsx`, `zip`.
    pub form: Option<&'static str>,
    /// Its size.
    pub size_bytes: Option<u64>,
    /// Its SHA-256, in hexadecimal.
    pub digest: Option<String>,
    /// `strict`: one bad line imports nothing; `lenient`: the enrollments without one are imported.
    pub handling: Option<&'static str>,
    /// Whether nothing is recorded in any case.
    pub validate_only: Option<bool>,
    /// Of a bundle what was asked: the path and its parameters.
    pub request: Option<String>,
    /// Up to which event it shows the record.
    pub at_sequence: Option<String>,
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
    /// What an import came to: also where lines are bad.
    pub result: Option<Outcome>,
    /// Why it failed.
    pub problem: Option<OperationProblem>,
    /// The report of every line (NDJSON): what became of it, or what is wrong with it and where.
    pub report: Option<String>,
    /// The bundle that was made.
    pub bundle: Option<BundleView>,
}

/// A bundle that was made.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BundleView {
    /// Where it is, for who asked for it, until the operation expires or newer bundles need its room.
    pub href: String,
    /// What its file is called.
    pub file_name: String,
    /// Its size.
    pub size_bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub digest: String,
}

/// How far an operation is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProgressView {
    /// `CHECKING`: lines, counted in bytes of the file; `RECORDING`: counted in events; `MAKING`: in
    /// events that are proved.
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

fn note_of_bundle(state: State) -> Label {
    let (en, zh) = match state {
        State::Pending => ("It waits for the bundles before it.", "等待此前的证据包完成。"),
        State::Running => (
            "The bundle is being made. If the server stops, it fails and can be asked for again.",
            "正在生成证据包。服务器停止时即告失败，可再次请求。",
        ),
        State::Succeeded => (
            "`bundle` says where it is, until `expires_at` or until newer bundles need its room.",
            "见 bundle；保存至 expires_at，或至较新的证据包需要其空间时。",
        ),
        State::Failed => ("`problem` says why.", "原因见 problem。"),
        State::Cancelled => ("It was cancelled; nothing was made.", "已取消，未生成证据包。"),
    };
    Label { en, zh }
}

fn note(operation: &Operation, asked: ImportAsked, step: Option<Step>) -> Label {
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
        (State::Succeeded, _) if asked.only_tries => (
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
        Step::Making => ("MAKING", "The bundle is made", "正在生成证据包"),
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
        let (import, evidence) = match &operation.work {
            Work::Import(asked) => (Some(*asked), None),
            Work::Evidence(asked) => (None, Some(asked)),
        };
        let note = match import {
            Some(asked) => note(&operation, asked, at.map(|at| at.step)),
            None => note_of_bundle(operation.state),
        };
        let bundle = |bundle: &Bundle| BundleView {
            href: format!("{}/result", address(operation.id)),
            file_name: bundle.file_name.clone(),
            size_bytes: bundle.bytes,
            digest: bundle.sha256.clone(),
        };
        Self {
            id: operation.id.to_string(),
            kind: if import.is_some() { "IMPORT" } else { "EVIDENCE" },
            state: name(operation.state),
            state_label: label(operation.state).get(language),
            done: operation.state.is_done(),
            note: note.get(language),
            form: import.map(|asked| form(asked.form)),
            size_bytes: import.map(|_| operation.bytes),
            digest: import.map(|_| operation.sha256.clone()),
            handling: import.map(|asked| if asked.lenient { "lenient" } else { "strict" }),
            validate_only: import.map(|asked| asked.only_tries),
            request: evidence.map(|asked| asked.request.clone()),
            at_sequence: evidence.map(|asked| sequence(asked.at_sequence)),
            created_at: time(operation.created_us),
            started_at: operation.started_us.map(time),
            starts: operation.starts,
            ended_at: operation.ended_us.map(time),
            expires_at: operation.kept_until_us().map(time),
            progress: at.map(|at| progress(at, language)),
            result: operation.outcome,
            problem: operation.failure.as_ref().map(problem),
            bundle: operation.bundle.as_ref().map(bundle),
            report,
            office_id: operation.office_id,
        }
    }
}
