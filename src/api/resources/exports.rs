//! The reporting tables as files, as of a sequence.
//!
//! What must hold: what is asked for again is the same to the byte, also when more is known; memory
//! is bounded by a few parts, however large the table; a file that breaks off ends without its last
//! chunk, so a short one can't look complete. There is no digest in the head: it is known only when
//! the last byte is. A client that doesn't read is left, because the tables are read in one
//! transaction.

use std::io::{self, Write};
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::{Method, header};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::timeout;

use crate::api::asking::answer::REVALIDATE;
use crate::api::asking::call::{Answered, Call, wrong_parameter};
use crate::api::asking::etag;
use crate::api::asking::etag::VARY;
use crate::api::asking::outgoing::{self, Limit};
use crate::api::asking::page::EXERCISE;
use crate::api::asking::tables::{CATCH_UP, reach, read_within, unreadable};
use crate::domain::words::said;
use crate::export::{Form, LABEL, write, write_labels};
use crate::log::yield_to_others;
use crate::projection::{Copies, ExportError, REPORTS, Report, StoreError, all, report, snapshot};
use crate::views::media::{CSV, PARQUET};
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::{Code, Problem};
use crate::views::sequence::{a_sequence, beyond, sequence};

/// The parameters of an export.
pub const EXPORT: &[Parameter] = &[
    EXERCISE,
    Parameter::new(
        "at_sequence",
        Kind::Sequence,
        "As known up to and with this sequence; as far as the tables have read unless told.",
        "以该序号（含）为止所知的内容；默认到读模型当前位置。",
    ),
    Parameter::new(
        "bom",
        Kind::Flag,
        "`true`: CSV begins with a byte order mark, by which Excel knows UTF-8.",
        "true：CSV 以字节顺序标记开头，便于 Excel 识别 UTF-8。",
    ),
];
/// What a table can be had as, from this build.
pub const FORMS: &[&str] = if Form::Parquet.is_built() { &[CSV, PARQUET] } else { &[CSV] };
/// How long an export may take as a whole: the tables keep what it reads for as long.
const WRITTEN_WITHIN: Duration = Duration::from_secs(15 * 60);
/// Bytes handed to the answer at a time.
const PART_BYTES: usize = 64 * 1024;
/// Parts that wait for the client.
const PARTS: usize = 4;
/// How soon it is looked again whether there is room for a part; longer each time.
const SOONEST: Duration = Duration::from_millis(1);
/// The longest of these times.
const LATEST: Duration = Duration::from_millis(32);

/// Gives a reporting table as a file.
///
/// # Errors
/// See the route.
pub async fn get_export(call: Call) -> Answered {
    let form = form(&call)?;
    let exercise = call.flag("exercise")?;
    if call.path("table") == LABEL {
        return labels(&call, form, exercise);
    }
    let table = table(&call)?;
    let at = sequence_asked(&call).await?;
    let tag = tag(&table.file_name(exercise), form, at);
    if etag::unchanged(&call.http, &tag) {
        return Ok(etag::not_modified(&tag, REVALIDATE, None));
    }
    let name = format!("{}-{at}", table.file_name(exercise));
    let mut response = attachment(&name, form, tag);
    if call.http.method() == Method::HEAD {
        look(&call, at).await?;
        return Ok(response.streaming(futures_util::stream::empty::<Result<Bytes, Problem>>()));
    }
    let open = call.open()?;
    let parts = begin(&call, Asked { table, form, at, exercise }).await?;
    Ok(open.answer(response, futures_util::stream::unfold(Some(parts), next_part)))
}

fn attachment(name: &str, form: Form, tag: String) -> HttpResponseBuilder {
    let name = format!("attachment; filename=\"{name}.{}\"", form.ending());
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, form.media()))
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, REVALIDATE))
        .insert_header((header::VARY, VARY))
        .insert_header((header::ETAG, tag));
    response
}

/// What the codes are called, by the editions that are adopted.
fn labels(call: &Call, form: Form, exercise: bool) -> Answered {
    if call.parameter("at_sequence").is_some() {
        let text = said!("labels depend on no sequence", "标签与序号无关");
        return Err(wrong_parameter("at_sequence", text));
    }
    let programs = call.state.app.library().governed(exercise);
    let mut bytes = Vec::new();
    let written = write_labels(&programs, form, &mut bytes).map_err(Problem::internal)?;
    let tag = format!("\"{}\"", written.sha256);
    if etag::unchanged(&call.http, &tag) {
        return Ok(etag::not_modified(&tag, REVALIDATE, None));
    }
    let name = if exercise { "exercise_label" } else { LABEL };
    Ok(attachment(name, form, tag).body(bytes))
}

fn table(call: &Call) -> Result<&'static Report, Problem> {
    let name: String = call.path("table").chars().take(80).collect();
    report(&name).ok_or_else(|| {
        let known = REPORTS.iter().map(|table| table.name).chain([LABEL]);
        let known = known.collect::<Vec<_>>().join(", ");
        Problem::new(Code::NotFound)
            .detail(format!("there is no reporting table {name:?}; there are {known}"))
            .detail_zh(format!("没有报表 {name:?}；现有报表：{known}"))
    })
}

fn form(call: &Call) -> Result<Form, Problem> {
    let bom = call.flag("bom")?;
    match call.accepted() {
        Some(PARQUET) if bom => Err(wrong_parameter(
            "bom",
            said!(
                "Parquet has none: ask for text/csv",
                "Parquet 没有字节顺序标记：请改用 text/csv"
            ),
        )),
        Some(PARQUET) => Ok(Form::Parquet),
        _ => Ok(Form::Csv { bom }),
    }
}

/// The sequence that is asked for, once the tables hold it; else as far as they are.
async fn sequence_asked(call: &Call) -> Result<u64, Problem> {
    let asked = call.parsed("at_sequence", a_sequence)?;
    let Some(asked) = asked else {
        let position = call.state.models_status.borrow().position;
        let missing = || StoreError::Missing("this node".to_owned());
        return position.ok_or_else(|| unreadable(call, &missing()));
    };
    let head =
        call.state.app.journal().head_with(asked).await.map_err(|error| call.problem(error))?;
    if head.is_none_or(|head| head < asked) {
        return Err(wrong_parameter("at_sequence", beyond(head)));
    }
    reach(call, asked, CATCH_UP).await?;
    Ok(asked)
}

/// What the bytes depend on: the file's name, the sequence, the form, and the versions of the program and
/// of what its rows say.
fn tag(name: &str, form: Form, at: u64) -> String {
    let versions = all().iter().map(|model| model.version().to_string()).collect::<Vec<_>>();
    let form = if form == (Form::Csv { bom: true }) { "bom" } else { form.ending() };
    let program = env!("CARGO_PKG_VERSION");
    format!("\"{name}.{at}.{form}.{program}.{}\"", versions.join("-"))
}

/// What comes out of the thread that writes.
enum Part {
    Bytes(Bytes),
    /// That was all.
    End,
}

type Parts = mpsc::Receiver<Part>;

/// What is asked for.
#[derive(Clone, Copy)]
struct Asked {
    table: &'static Report,
    form: Form,
    at: u64,
    exercise: bool,
}

/// Starts writing; the parts, once it is known that there will be some.
async fn begin(call: &Call, asked: Asked) -> Result<Parts, Problem> {
    // A client that takes nothing keeps its turn three times as long; who waits is told before.
    let turn_wait = call.state.settings.limits.patience / 3;
    let turn = timeout(turn_wait, call.state.exports.clone().acquire_owned()).await;
    let permit = turn.map_err(|_| call.state.outgoing.busy(Limit::Exports))?;
    let permit = permit.map_err(Problem::internal)?;
    let copies = call.state.models.copies().clone();
    let (parts, received) = mpsc::channel(PARTS);
    let (begun, begins) = oneshot::channel();
    let until = Instant::now() + WRITTEN_WITHIN;
    let patience = call.state.settings.limits.patience;
    let out = PartWriter { parts, bytes: Vec::new(), until, patience };
    let work = Work { copies, asked, _permit: permit };
    let thread = std::thread::Builder::new().name("export".to_owned());
    let thread = thread.spawn(move || {
        yield_to_others();
        work.run(out, begun);
    });
    thread.map_err(Problem::internal)?;
    let begins = timeout(read_within(call), begins).await;
    let begins = begins.map_err(|_| no_answer())?.map_err(Problem::internal)?;
    begins.map_err(|error| not_written(call, error)).map(|()| received)
}

/// Whether the tables could be read for an export now: what HEAD needs, which takes no turn.
async fn look(call: &Call, at: u64) -> Result<(), Problem> {
    let copies = call.state.models.copies().clone();
    let looked = actix_web::rt::task::spawn_blocking(move || {
        snapshot(&*copies, Some(at), false, |_| Ok::<_, ExportError>(()))
    });
    let looked = timeout(read_within(call), looked).await;
    let looked = looked.map_err(|_| no_answer())?.map_err(Problem::internal)?;
    looked.map_err(|error| not_written(call, error)).map(drop)
}

fn no_answer() -> Problem {
    Problem::new(Code::ReadModelsUnavailable).cause("no answer")
}

fn not_written(call: &Call, error: ExportError) -> Problem {
    match error {
        ExportError::Store(error) => unreadable(call, &error),
        ExportError::Behind { position, asked } => Problem::new(Code::ProjectionBehind)
            .member("projection", "read_models")
            .member("sequence", position.map(sequence))
            .member("required_sequence", sequence(asked)),
        error @ ExportError::Stale(_) => Problem::new(Code::ProjectionRebuilding).cause(error),
        error @ (ExportError::Io(_) | ExportError::Form(_)) => Problem::internal(error),
    }
}

struct Work {
    copies: Arc<dyn Copies>,
    asked: Asked,
    _permit: OwnedSemaphorePermit,
}

impl Work {
    fn run(self, mut out: PartWriter, begun: oneshot::Sender<Result<(), ExportError>>) {
        let Asked { table, form, at, exercise } = self.asked;
        let mut begun = Some(begun);
        let written = snapshot(&*self.copies, Some(at), exercise, |snapshot| {
            if let Some(begun) = begun.take() {
                // Who asked may have gone.
                let _ = begun.send(Ok(()));
            }
            write(snapshot, table, form, &mut out)
        });
        match (written, begun) {
            (Ok(_), _) => {
                if let Err(error) = out.send(Part::End) {
                    tracing::info!(%error, table = table.name, "an export was not read");
                }
            }
            (Err(error), Some(begun)) => drop(begun.send(Err(error))),
            (Err(error), None) => {
                tracing::warn!(%error, table = table.name, "an export broke off");
            }
        }
    }
}

/// Hands what is written to the answer, part by part.
///
/// Rows may be handed over from within a runtime (PostgreSQL's are), where nothing may block on
/// another: it looks again and again whether there is room.
struct PartWriter {
    parts: mpsc::Sender<Part>,
    bytes: Vec<u8>,
    /// When the whole has to be written.
    until: Instant,
    /// How long the client may take for a part.
    patience: Duration,
}

impl PartWriter {
    fn send(&self, mut part: Part) -> io::Result<()> {
        let (since, mut wait) = (Instant::now(), SOONEST);
        loop {
            part = match self.parts.try_send(part) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Closed(_)) => {
                    return Err(io::Error::new(io::ErrorKind::BrokenPipe, "the client has gone"));
                }
                Err(TrySendError::Full(part)) => part,
            };
            if Instant::now() > self.until {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the client reads too slowly"));
            }
            if since.elapsed() > self.patience {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read"));
            }
            std::thread::sleep(wait);
            wait = LATEST.min(wait * 2);
        }
    }
}

impl Write for PartWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() >= PART_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        let part = mem::replace(&mut self.bytes, Vec::with_capacity(PART_BYTES));
        self.send(Part::Bytes(part.into()))
    }
}

/// Without its end the answer breaks off.
async fn next_part(
    parts: Option<Parts>,
) -> Option<(Result<outgoing::Part, Problem>, Option<Parts>)> {
    let mut parts = parts?;
    match parts.recv().await {
        Some(Part::Bytes(bytes)) => Some((Ok(outgoing::Part::small(bytes)), Some(parts))),
        Some(Part::End) => None,
        None => Some((Err(Problem::internal("the export broke off")), None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of PostgreSQL are handed over within its runtime; waiting for a client there, by
    /// blocking on another, ended the process's thread.
    #[tokio::test(flavor = "multi_thread")]
    async fn parts_are_handed_over_within_a_runtime_too() {
        let (parts, mut received) = mpsc::channel(1);
        let reading = tokio::spawn(async move {
            let mut bytes = 0;
            while let Some(Part::Bytes(part)) = received.recv().await {
                tokio::time::sleep(Duration::from_millis(3)).await;
                bytes += part.len();
            }
            bytes
        });
        let until = Instant::now() + WRITTEN_WITHIN;
        let mut out = PartWriter { parts, bytes: Vec::new(), until, patience: WRITTEN_WITHIN };
        for _ in 0..64 {
            out.write_all(&[b'x'; 10_000]).unwrap();
        }
        out.flush().unwrap();
        out.send(Part::End).unwrap();
        assert_eq!(reading.await.unwrap(), 640_000);
        let gone = out.send(Part::End).unwrap_err();
        assert_eq!(gone.kind(), io::ErrorKind::BrokenPipe);
    }

    /// A client that took a part every now and then kept an export, and its turn, for ever.
    #[test]
    fn the_whole_has_a_deadline() {
        let (parts, _unread) = mpsc::channel(1);
        let until = Instant::now() + Duration::from_millis(50);
        let mut out = PartWriter { parts, bytes: Vec::new(), until, patience: WRITTEN_WITHIN };
        let error = (0..3).try_for_each(|_| out.write_all(&[b'x'; PART_BYTES]));
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
