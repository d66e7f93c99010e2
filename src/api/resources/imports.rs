//! Operations: imports are taken here, bundles beside what is shown ([`super::evidence`]); all are told of
//! while they go on, cancelled, and what they gave is fetched (a report line by line, a bundle).
//!
//! What must hold: what is answered 202 is done, whoever leaves; a report is given whole, from the file. A
//! bundle is for who asked for it alone.

mod view;

use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder};
use futures_util::StreamExt as _;
use uuid::Uuid;

use crate::api::asking::answer::{List, json_with};
use crate::api::asking::auth::Role;
use crate::api::asking::body::{BrokenOff, broken_off, essence, fell_silent, too_large};
use crate::api::asking::call::{Answered, Call};
use crate::api::asking::etag::idempotency_key;
use crate::api::asking::header_list::HeaderList;
use crate::api::asking::outgoing::Part;
use crate::domain::date::Timestamp;
use crate::import::operations::{
    Asked, CancelError, Form, ImportAsked, Incoming, Operation, Operations, Progress, TakeError,
    Work,
};
use crate::views::headers::NO_STORE;
use crate::views::media::{CSV, JSONL, NDJSON, XLSX, ZIP};
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::{Code, Problem};

pub use view::OperationView;

/// What can be imported.
pub const FORMS: &[&str] = &[NDJSON, JSONL, CSV, XLSX, ZIP];
/// The parameters of an import.
pub const IMPORT: &[Parameter] = &[Parameter::new(
    "validate_only",
    Kind::Flag,
    "`true`: everything is checked and reported, and nothing is recorded.",
    "true：仅检查并报告，不作记录。",
)];
/// The preference of an import.
pub const HANDLING: Parameter = Parameter::new(
    "Prefer",
    Kind::Text,
    "`handling=lenient`: the enrollments without a bad line are imported, each whole; `handling=strict`, as without it: one bad line imports nothing.",
    "handling=lenient：导入没有错误行的项目记录（每项完整）；handling=strict（默认）：一行有误则全部不导入。",
);
/// Seconds after which it is worth looking again.
const LOOK_AFTER: &str = "1";
/// The longest that is waited for an end, in seconds.
const MAX_WAIT_S: u64 = 60;
const CHUNK: usize = 64 * 1024;

/// Who sees what was imported.
const SEE_IMPORTS: &[Role] = &[Role::Registrar, Role::Auditor];

/// The operations of the server.
///
/// # Errors
/// `not-found` where it takes none.
pub fn operations(call: &Call) -> Result<Arc<Operations>, Problem> {
    call.state.operations.clone().ok_or_else(|| {
        Problem::new(Code::NotFound)
            .detail("this server takes no operations: `docket serve` does, where it can write its data folder")
            .detail_zh("此服务器不接受导入等操作：须由 docket serve 提供，且数据文件夹可写")
    })
}

/// What can't be kept: a full disk passes.
fn of_io(error: &io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::StorageFull => Problem::new(Code::EventStoreUnavailable).cause(error),
        _ => Problem::internal(error),
    }
}

/// Why an operation is not taken.
pub fn of_taking(error: TakeError) -> Problem {
    let text = error.to_string();
    match error {
        TakeError::KeyReused { first_used_us } => Problem::new(Code::IdempotencyKeyReused)
            .detail(
                "the key was used for another operation: another file or address, or other wishes",
            )
            .detail_zh("该幂等键已用于另一操作（文件、地址或选项不同）")
            .member("first_used_at", Timestamp::from_micros(first_used_us).to_rfc3339()),
        TakeError::Busy => Problem::new(Code::ServerBusy).cause(text),
        TakeError::Form(error) => match error.kind() {
            io::ErrorKind::StorageFull => of_io(&error),
            _ => Problem::new(Code::MalformedRequest)
                .detail(error.to_string())
                .detail_zh(format!("无法读取所提交的文件：{error}")),
        },
        TakeError::Io(error) => of_io(&error),
    }
}

/// Works where waiting for the disk holds nobody up.
///
/// # Errors
/// `internal-error` where it panicked.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(Problem::internal)
}

/// Takes a file to import.
///
/// # Errors
/// See the route.
pub async fn create_import(mut call: Call) -> Answered {
    let operations = operations(&call)?;
    let (caller, key) = (call.caller()?, idempotency_key(&call)?);
    let only_tries = call.flag("validate_only")?;
    let prefer = HeaderList::of(call.http.headers(), "prefer");
    let handling = prefer.as_ref().and_then(|prefer| prefer.member("handling"));
    let handling = ["strict", "lenient"].into_iter().find(|known| handling == Some(*known));
    let lenient = handling == Some("lenient");
    let form = match essence(call.http.headers()).as_str() {
        CSV => Form::Csv,
        XLSX => Form::Xlsx,
        ZIP => Form::Zip,
        _ => Form::Ndjson,
    };
    let sent = receive(&mut call, &operations).await?;
    let office_id = call.principal()?.office.clone();
    let work = Work::Import(ImportAsked { form, lenient, only_tries });
    let asked = Asked { caller, office_id, key, work };
    // It is taken to the end, also when the client goes away.
    let taken = blocking(move || operations.take(sent, asked)).await?;
    let (taken, _) = taken.map_err(of_taking)?;
    let mut response = accepted(&taken);
    if let Some(handling) = handling {
        response.insert_header(("preference-applied", format!("handling={handling}")));
    }
    answer(&call, response, taken, None)
}

/// The head of the answer to an operation that was taken.
fn accepted(taken: &Operation) -> HttpResponseBuilder {
    let mut response = HttpResponse::Accepted();
    response.insert_header((header::LOCATION, view::address(taken.id)));
    response
}

/// Answers that an operation was taken.
///
/// # Errors
/// None but those of writing it.
pub fn answer_taken(call: &Call, taken: Operation) -> Answered {
    answer(call, accepted(&taken), taken, None)
}

/// Keeps the body as it comes.
async fn receive(call: &mut Call, operations: &Operations) -> Result<Incoming, Problem> {
    let body = call.payload.take().ok_or_else(|| Problem::internal("the route takes no body"))?;
    let mut sent = operations.begin().map_err(of_taking)?;
    let limit = operations.limit_bytes();
    let mut parts = std::pin::pin!(body.paced(call.state.settings.request_timeout));
    while let Some(part) = parts.next().await {
        let part = part.map_err(|error| match error {
            BrokenOff::Silent(patience) => fell_silent(patience),
            BrokenOff::Connection(error) => broken_off(&error),
        })?;
        if sent.bytes() + part.len() as u64 > limit {
            return Err(too_large(limit));
        }
        let written = move || sent.write(&part).map(|()| sent);
        sent = blocking(written).await?.map_err(|error| of_io(&error))?;
    }
    Ok(sent)
}

fn answer(
    call: &Call,
    mut response: HttpResponseBuilder,
    operation: Operation,
    progress: Option<Progress>,
) -> Answered {
    if !operation.state.is_done() {
        response.insert_header((header::RETRY_AFTER, LOOK_AFTER));
    }
    let view = OperationView::of(call, operation, progress);
    json_with(call, response, &view, NO_STORE, None)
}

fn unknown(id: &str) -> Problem {
    let id: String = id.chars().take(80).collect();
    Problem::new(Code::NotFound)
        .detail(format!("there is no operation {id:?} of yours; an import is kept for 30 days after its end, a bundle for a day, by the node that took it"))
        .detail_zh(format!("没有您的操作“{id}”；导入结束后在接受它的节点保存 30 天，证据包保存一天"))
}

/// The operation that the path names: an import for these roles, a bundle for who asked for it.
async fn find(
    call: &Call,
    roles: &[Role],
) -> Result<(Arc<Operations>, Operation, Option<Progress>), Problem> {
    let (operations, id) = (operations(call)?, call.path("operation").into_owned());
    let known = Uuid::parse_str(&id).map_err(|_| unknown(&id))?;
    let asked = operations.clone();
    let found = blocking(move || asked.find(known)).await?.map_err(|error| of_io(&error))?;
    let (operation, progress) = found.ok_or_else(|| unknown(&id))?;
    let principal = call.principal()?;
    match operation.work {
        Work::Import(_) if roles.contains(&principal.role) => {}
        Work::Import(_) => {
            let required = roles.iter().map(|role| role.as_str()).collect();
            return Err(Problem::role_forbidden(required));
        }
        Work::Evidence(_) if operation.principal == principal.id() => {}
        Work::Evidence(_) => return Err(unknown(&id)),
    }
    Ok((operations, operation, progress))
}

/// Lists the imports.
///
/// # Errors
/// See the route.
pub async fn list_imports(call: Call) -> Answered {
    let operations = operations(&call)?;
    let mut all = blocking(move || operations.all()).await?.map_err(|error| of_io(&error))?;
    all.retain(|(operation, _)| matches!(operation.work, Work::Import(_)));
    let items =
        all.into_iter().map(|(operation, progress)| OperationView::of(&call, operation, progress));
    let list = List { items: items.collect::<Vec<_>>() };
    json_with(&call, HttpResponse::Ok(), &list, NO_STORE, None)
}

/// Answers an operation; where the request prefers to wait, once it has ended or the time is over.
///
/// # Errors
/// See the route.
pub async fn get_operation(call: Call) -> Answered {
    let (operations, mut operation, mut progress) = find(&call, SEE_IMPORTS).await?;
    let mut response = HttpResponse::Ok();
    if let Some(wait) = call.prefers_to_wait() {
        let wait = wait.min(MAX_WAIT_S);
        let ended = operations.ended(operation.id);
        // Either way it is answered as it stands then.
        let _ = tokio::time::timeout(Duration::from_secs(wait), ended).await;
        (_, operation, progress) = find(&call, SEE_IMPORTS).await?;
        response.insert_header(("preference-applied", format!("wait={wait}")));
    }
    answer(&call, response, operation, progress)
}

/// Cancels an operation.
///
/// # Errors
/// See the route.
pub async fn cancel_operation(call: Call) -> Answered {
    let (operations, operation, _) = find(&call, &[Role::Registrar]).await?;
    let id = operation.id;
    let cancelled =
        blocking(move || operations.cancel(id)).await?.map_err(|error| of_io(&error))?;
    let refused = |state: &'static str, en: &str, zh: &str| {
        Problem::new(Code::OperationState).member("state", state).detail(en).detail_zh(zh)
    };
    match cancelled {
        Ok(operation) => answer(&call, HttpResponse::Accepted(), operation, None),
        Err(CancelError::Unknown) => Err(unknown(&id.to_string())),
        Err(CancelError::Ended(state)) => {
            Err(refused(view::name(state), "the operation has ended", "操作已结束"))
        }
        Err(CancelError::Recording) => Err(refused(
            "RUNNING",
            "all lines were checked and are being recorded: that is done to its end",
            "各行已检查完毕，正在记录，须进行到底",
        )),
    }
}

/// Gives the report of an operation.
///
/// # Errors
/// See the route.
pub async fn get_operation_report(call: Call) -> Answered {
    let (operations, operation, _) = find(&call, SEE_IMPORTS).await?;
    if !operation.has_report {
        let (en, zh) = match operation.state.is_done() {
            true => ("it ended without a report of its lines", "操作结束时没有逐行报告"),
            false => ("its report is there once it has ended", "操作结束后才有报告"),
        };
        return Err(Problem::new(Code::OperationState)
            .member("state", view::name(operation.state))
            .detail(en)
            .detail_zh(zh));
    }
    let path = operations.report(operation.id);
    file(&call, path, NDJSON, &format!("{}.ndjson", operation.id)).await
}

/// Gives the bundle that an operation made.
///
/// # Errors
/// See the route.
pub async fn get_operation_result(call: Call) -> Answered {
    let (operations, operation, _) = find(&call, SEE_IMPORTS).await?;
    let Some(bundle) = operation.bundle else {
        let (en, zh) = match (&operation.work, operation.state.is_done()) {
            (Work::Import(_), _) => {
                ("an import makes no bundle; it has a report", "导入不生成证据包，而有逐行报告")
            }
            (Work::Evidence(_), true) => ("it ended without a bundle", "操作结束时没有证据包"),
            (Work::Evidence(_), false) => {
                ("its bundle is there once it has ended", "操作结束后才有证据包")
            }
        };
        return Err(Problem::new(Code::OperationState)
            .member("state", view::name(operation.state))
            .detail(en)
            .detail_zh(zh));
    };
    file(&call, operations.result(operation.id), ZIP, &bundle.file_name).await
}

/// A file as it lies, part by part.
async fn file(call: &Call, path: PathBuf, media: &'static str, name: &str) -> Answered {
    let open = call.open()?;
    let opened = blocking(move || {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        io::Result::Ok((file, bytes))
    });
    let (file, bytes) = opened.await?.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => unknown(&call.path("operation")),
        _ => of_io(&error),
    })?;
    let disposition = format!("attachment; filename=\"{name}\"");
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, media))
        .insert_header((header::CONTENT_DISPOSITION, disposition))
        .insert_header((header::CACHE_CONTROL, NO_STORE))
        .no_chunking(bytes);
    let parts = futures_util::stream::unfold(Some(file), next_part);
    Ok(open.answer(response, parts))
}

async fn next_part(file: Option<File>) -> Option<(Result<Part, Problem>, Option<File>)> {
    let mut file = file?;
    let read = blocking(move || {
        let mut chunk = vec![0; CHUNK];
        let read = file.read(&mut chunk)?;
        chunk.truncate(read);
        io::Result::Ok((chunk, file))
    });
    match read.await.and_then(|read| read.map_err(Problem::internal)) {
        Ok((chunk, _)) if chunk.is_empty() => None,
        Ok((chunk, file)) => Some((Ok(Part::small(chunk.into())), Some(file))),
        Err(problem) => Some((Err(problem), None)),
    }
}
