//! What is verified, brought before the judge, with progress.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::ProgressBar;

use crate::cli::client::http;
use crate::cli::exit::{Exit, failure};
use crate::cli::progress::{Interrupt, bar};
use crate::log::{EventLog, LogError, MAX_PAGE_EVENTS};
use crate::verify::open::beside::{Leaves, kept_checkpoints};
use crate::verify::open::documents::{Named, check as check_documents};
use crate::verify::open::server::Server;
use crate::verify::open::{OpenError, sqlite, zip};
use crate::verify::{Event, Held, Judge, Report, bundle as bundles};

fn failed(error: OpenError) -> anyhow::Error {
    let exit = match &error {
        OpenError::Unavailable(_) => Exit::Unavailable,
        OpenError::NotOne(_) | OpenError::NoBundle(..) => Exit::Unverified,
        OpenError::Interrupted => Exit::Interrupted,
    };
    failure(exit, error.to_string())
}

/// Says how far it is, and whether to go on.
fn told(bar: ProgressBar, stop: std::sync::Arc<AtomicBool>) -> impl FnMut(u64, u64) -> bool {
    move |done, total| {
        bar.set_length(total);
        bar.set_position(done);
        !stop.load(Ordering::Relaxed)
    }
}

/// A log by its own checkpoints and what is held elsewhere. A file is read by the verifier itself, and the
/// documents in the folder that belongs to it.
///
/// # Errors
/// A log that can't be read now; [`Exit::Interrupted`].
pub async fn log(
    log: &dyn EventLog,
    address: &str,
    folder: &Path,
    documents: Option<&Path>,
    mut held: Held,
    interrupt: &Interrupt,
) -> anyhow::Result<Report> {
    held.beside = kept_checkpoints(folder).map_err(failed)?;
    let (shown, mut leaves) = (bar("hashing"), Leaves::of(folder));
    let mut judge = Judge::new(held);
    let mut progress = told(shown.clone(), interrupt.flag());
    if let Some(path) = address.strip_prefix("sqlite:").map(PathBuf::from) {
        let documents = documents.filter(|folder| folder.is_dir()).map(Path::to_owned);
        let read = tokio::task::spawn_blocking(move || {
            let mut named = Named::default();
            sqlite::read(&path, &mut judge, &mut leaves, &mut named, &mut progress)?;
            let mut report = judge.finish();
            if let Some(folder) = documents {
                check_documents(&folder, &named, &mut report, &mut progress)?;
            }
            Ok::<_, OpenError>(report)
        });
        let report = read.await?.map_err(failed);
        shown.finish_and_clear();
        return report;
    }
    let walked = walk(log, &mut judge, &mut leaves, &mut progress).await;
    shown.finish_and_clear();
    interrupt.check()?;
    walked.map(|()| judge.finish())
}

/// Brings a log before the judge that only its engine can read.
async fn walk(
    log: &dyn EventLog,
    judge: &mut Judge,
    leaves: &mut Leaves,
    progress: &mut impl FnMut(u64, u64) -> bool,
) -> anyhow::Result<()> {
    let end = log.head().await?.map_or(0, |head| head + 1);
    while judge.size() < end && !judge.is_lost() && progress(judge.size(), end) {
        let page = match log.read_all(judge.size().checked_sub(1), MAX_PAGE_EVENTS).await {
            Ok(page) if page.events.is_empty() => {
                let text = "it does not show all its events".to_owned();
                return Err(LogError::Unavailable(text).into());
            }
            Ok(page) => page,
            Err(LogError::Corrupt { reason, .. }) => {
                judge.unreadable(reason);
                break;
            }
            Err(error) => return Err(error.into()),
        };
        for event in &page.events {
            let event = Event {
                sequence: event.sequence,
                stream: event.stream.as_str(),
                revision: event.revision,
                id: *event.event_id.as_bytes(),
                kind: &event.event_type,
                recorded_at: event.recorded_at_us,
                data: &event.data,
                metadata: &event.metadata,
            };
            judge.event(&event, event.leaf(), leaves.next());
        }
    }
    Ok(())
}

/// A bundle.
///
/// # Errors
/// One that can't be read.
pub async fn bundle(path: &Path, held: Held) -> anyhow::Result<Report> {
    let path = path.to_owned();
    let judged = tokio::task::spawn_blocking(move || match zip::read(&path) {
        Ok(files) => Ok(bundles::judge(&files, &held)),
        // What it is instead is a finding as any other.
        Err(OpenError::NoBundle(kind, text)) => {
            let mut report = Report::default();
            report.found(kind, None, text);
            Ok(report)
        }
        Err(error) => Err(error),
    });
    judged.await?.map_err(failed)
}

/// A server's log, up to the checkpoint that it shows.
///
/// # Errors
/// A server that can't be asked, or answers something else.
pub async fn server(
    url: &str,
    mut held: Held,
    token: Option<String>,
    interrupt: &Interrupt,
) -> anyhow::Result<Report> {
    let server = Server::new(url, token, http()?).map_err(failed)?;
    let checkpoint = server.checkpoint().await.map_err(failed)?;
    let size = checkpoint.size;
    held.beside.push(checkpoint);
    let keys = server.keys().await.map_err(failed)?;
    // A change of keys between the two is not looked at: what came first after it is not known.
    let last = keys.last().map_or(0, |(since, _)| *since);
    let cosigned = server.cosigned().await.filter(|one| one.size > last && one.size <= size);
    held.beside.extend(cosigned.filter(|_| !held.witnesses.is_empty()));
    let mut judge = Judge::new(held);
    for (since, key) in keys {
        judge.told(since, key);
    }
    let shown = bar("hashing");
    let mut progress = told(shown.clone(), interrupt.flag());
    server.read(size, &mut judge, &mut progress).await.map_err(failed)?;
    shown.finish_and_clear();
    Ok(judge.finish())
}
