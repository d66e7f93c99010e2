//! Operations that clients ask a server for, imports and bundles: kept beside the log, done one after
//! another of each kind, and told of while they go on and after.
//!
//! What must hold: one that was answered is done, whoever leaves; an import however often the server stops,
//! while a bundle that a stop interrupts failed, as it records nothing and is asked for again; the same
//! request under the same key is one operation; a whole file is checked before anything is recorded, so
//! one that is cancelled, or stopped while it is checked, left nothing.

mod bundles;
mod kept;
mod operation;
mod work;

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use sha2::{Digest as _, Sha256};
use tokio::sync::{Semaphore, watch};
use uuid::Uuid;

use super::Step;
use crate::app::App;
use crate::codec::hex;
use kept::Kept;

pub use bundles::Made;
pub use operation::{
    Asked, Bundle, EvidenceAsked, Failure, Form, ImportAsked, Operation, State, Work,
};

/// How many of a kind may wait.
const MAX_WAITING: usize = 16;

/// How far the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is done.
    pub step: Step,
    /// How much of it, in bytes of the file or in events.
    pub done: u64,
    /// Of how much.
    pub total: u64,
}

/// Why an operation is not taken.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// The key was used for another.
    #[error("the key was used for another operation")]
    KeyReused {
        /// When, in microseconds UTC since 1970.
        first_used_us: i64,
    },
    /// As many as may are waiting.
    #[error("{MAX_WAITING} operations of the kind are waiting")]
    Busy,
    /// What was sent is not of the form that it says.
    #[error("{0}")]
    Form(io::Error),
    /// The folder of operations.
    #[error("the operation can't be kept: {0}")]
    Io(#[from] io::Error),
}

/// Why an operation is not cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelError {
    /// There is none.
    Unknown,
    /// It has ended.
    Ended(State),
    /// Recording has begun.
    Recording,
}

/// What is being sent.
pub struct Incoming {
    folder: PathBuf,
    file: File,
    hash: Sha256,
    bytes: u64,
    is_taken: bool,
}

impl Incoming {
    /// Adds bytes.
    ///
    /// # Errors
    /// Those of the system.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    /// How many came.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.is_taken {
            // What stays is removed at the next start.
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// An operation that has not ended.
struct Live {
    told: watch::Sender<Told>,
}

/// What is known of it.
#[derive(Debug, Clone)]
struct Told {
    operation: Operation,
    progress: Option<Progress>,
    is_cancelled: bool,
}

#[derive(Default)]
struct Waiting {
    live: HashMap<Uuid, Arc<Live>>,
    queue: VecDeque<Uuid>,
    is_stopping: bool,
}

/// The operations of a server.
pub struct Operations {
    app: Arc<App>,
    kept: Kept,
    limit_bytes: u64,
    number: AtomicU64,
    waiting: Mutex<Waiting>,
    more: Condvar,
    /// Who has it makes a bundle.
    turn: Semaphore,
    worker: Mutex<Option<JoinHandle<()>>>,
}

impl Operations {
    /// Begins with what lies in a folder: imports that had not ended are done from their beginning. To be called
    /// within a runtime, by which the work waits for the log.
    ///
    /// # Errors
    /// Those of the system.
    pub fn start(app: Arc<App>, folder: &Path, limit_bytes: u64) -> io::Result<Arc<Self>> {
        let kept = Kept::open(folder)?;
        let (mut waiting, now_us) = (Waiting::default(), app.clock().now().micros());
        let mut unfinished = kept.all()?;
        unfinished.retain(|operation| !operation.state.is_done());
        for mut operation in unfinished.into_iter().rev() {
            match operation.work {
                Work::Import(_) => {
                    operation.state = State::Pending;
                    waiting.add(operation);
                }
                Work::Evidence(_) => kept.note(&bundles::interrupted(operation, now_us))?,
            }
        }
        let operations = Arc::new(Self {
            app,
            kept,
            limit_bytes,
            number: AtomicU64::new(0),
            waiting: Mutex::new(waiting),
            more: Condvar::new(),
            turn: Semaphore::new(1),
            worker: Mutex::new(None),
        });
        let (works, runtime) = (operations.clone(), tokio::runtime::Handle::current());
        let thread = std::thread::Builder::new().name("imports".to_owned());
        let worker = thread.spawn(move || works.work(&runtime))?;
        *operations.worker.lock().unwrap_or_else(PoisonError::into_inner) = Some(worker);
        Ok(operations)
    }

    /// The largest that is taken, in bytes, unpacked too.
    pub fn limit_bytes(&self) -> u64 {
        self.limit_bytes
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn live(&self, id: Uuid) -> Option<Arc<Live>> {
        self.waiting().live.get(&id).cloned()
    }

    fn now_us(&self) -> i64 {
        self.app.clock().now().micros()
    }

    /// Begins to take an import.
    ///
    /// # Errors
    /// [`TakeError::Busy`]; those of the system.
    pub fn begin(&self) -> Result<Incoming, TakeError> {
        self.begin_where(|work| matches!(work, Work::Import(_)))
    }

    /// Begins to take an operation, of those that are limited together.
    fn begin_where(&self, is_like: impl Fn(&Work) -> bool) -> Result<Incoming, TakeError> {
        let waiting = self.waiting();
        let like = |live: &&Arc<Live>| is_like(&live.told.borrow().operation.work);
        if waiting.live.values().filter(like).count() > MAX_WAITING {
            return Err(TakeError::Busy);
        }
        drop(waiting);
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let (folder, file) = self.kept.incoming(number)?;
        Ok(Incoming { folder, file, hash: Sha256::new(), bytes: 0, is_taken: false })
    }

    /// Takes an operation with what was sent for it. One that is known by its key is answered as it stands; if
    /// it had failed or was cancelled, it is begun again. Reads the file. Says whether it is a new one.
    ///
    /// # Errors
    /// [`TakeError`].
    pub fn take(&self, mut sent: Incoming, asked: Asked) -> Result<(Operation, bool), TakeError> {
        sent.file.sync_all()?;
        let sha256 = hex(&std::mem::take(&mut sent.hash).finalize());
        let name = format!("{}\n{}", asked.caller.principal, asked.key);
        let id = Uuid::new_v5(&self.app.log_id(), name.as_bytes());
        let operation = Operation::new(id, asked, sent.bytes, sha256, self.now_us());
        if let Some(known) = self.known(&operation)? {
            return Ok((known, false));
        }
        if let Work::Import(asked) = &operation.work {
            let opened = asked.form.open(&Kept::sent_in(&sent.folder), self.limit_bytes);
            opened.and_then(|source| source.lines().map(drop)).map_err(TakeError::Form)?;
        }
        let mut waiting = self.waiting();
        // Another with the same key may have come meanwhile.
        if let Some(live) = waiting.live.get(&id) {
            return Ok((answer(live.told.borrow().operation.clone(), &operation)?, false));
        }
        self.kept.place(&sent.folder, &operation)?;
        sent.is_taken = true;
        waiting.add(operation.clone());
        drop(waiting);
        self.more.notify_one();
        self.remove_old();
        Ok((operation, true))
    }

    /// The operation of the same key, unless it is to begin again.
    fn known(&self, asked: &Operation) -> Result<Option<Operation>, TakeError> {
        let Some((known, _)) = self.find(asked.id)? else { return Ok(None) };
        let known = answer(known, asked)?;
        Ok((!matches!(known.state, State::Failed | State::Cancelled)).then_some(known))
    }

    /// An operation, and how far its work is.
    ///
    /// # Errors
    /// Those of the system.
    pub fn find(&self, id: Uuid) -> io::Result<Option<(Operation, Option<Progress>)>> {
        if let Some(live) = self.live(id) {
            let told = live.told.borrow();
            return Ok(Some((told.operation.clone(), told.progress)));
        }
        let now = self.now_us();
        let kept = self.kept.read(id)?;
        let kept = kept.filter(|one| one.kept_until_us().is_none_or(|until| now < until));
        Ok(kept.map(|operation| (operation, None)))
    }

    /// All that are kept, the newest first.
    ///
    /// # Errors
    /// Those of the system.
    pub fn all(&self) -> io::Result<Vec<(Operation, Option<Progress>)>> {
        let found = |operation: Operation| match self
            .live(operation.id)
            .map(|live| live.told.borrow().clone())
        {
            Some(told) => (told.operation, told.progress),
            None => (operation, None),
        };
        Ok(self.kept.all()?.into_iter().map(found).collect())
    }

    /// Waits until one has ended; at once where it has, or there is none.
    pub async fn ended(&self, id: Uuid) {
        if let Some(mut told) = self.live(id).map(|live| live.told.subscribe()) {
            // Who told of it is gone where it has ended.
            let _ = told.wait_for(|told| told.operation.state.is_done()).await;
        }
    }

    /// Where the report of one lies that has ended.
    pub fn report(&self, id: Uuid) -> PathBuf {
        self.kept.report(id)
    }

    /// Cancels one, as long as nothing of it is being recorded.
    ///
    /// # Errors
    /// [`CancelError`]; those of the system.
    pub fn cancel(&self, id: Uuid) -> io::Result<Result<Operation, CancelError>> {
        let Some(live) = self.live(id) else {
            let ended = self.kept.read(id)?;
            let error = ended.map_or(CancelError::Unknown, |ended| CancelError::Ended(ended.state));
            return Ok(Err(error));
        };
        if self.waiting().leave(id) {
            let mut operation = live.told.borrow().operation.clone();
            (operation.state, operation.ended_us) = (State::Cancelled, Some(self.now_us()));
            self.kept.note(&operation)?;
            live.told.send_modify(|told| told.operation = operation.clone());
            return Ok(Ok(operation));
        }
        let mut error = None;
        live.told.send_if_modified(|told| {
            if told.operation.state.is_done() {
                error = Some(CancelError::Ended(told.operation.state));
            } else if told.progress.is_some_and(|progress| progress.step == Step::Recording) {
                error = Some(CancelError::Recording);
            } else {
                told.is_cancelled = true;
            }
            error.is_none()
        });
        let operation = live.told.borrow().operation.clone();
        Ok(error.map_or(Ok(operation), Err))
    }

    /// Ends the work: what is being checked begins again with the next start, what is being recorded is
    /// recorded to its end.
    pub async fn stop(&self) {
        self.waiting().is_stopping = true;
        self.more.notify_all();
        let worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(worker) = worker {
            let ended = tokio::task::spawn_blocking(move || worker.join()).await;
            if !matches!(ended, Ok(Ok(()))) {
                tracing::error!(
                    "the work on imports broke off; it begins again with the next start"
                );
            }
        }
    }
}

impl Waiting {
    fn add(&mut self, operation: Operation) {
        let id = operation.id;
        // The one thread does imports; a bundle is made by who asked.
        if matches!(operation.work, Work::Import(_)) {
            self.queue.push_back(id);
        }
        let told = Told { operation, progress: None, is_cancelled: false };
        self.live.insert(id, Arc::new(Live { told: watch::Sender::new(told) }));
    }

    /// Takes one out that nobody works on; whether it was there.
    fn leave(&mut self, id: Uuid) -> bool {
        let Some(at) = self.queue.iter().position(|queued| *queued == id) else { return false };
        self.queue.remove(at);
        self.live.remove(&id);
        true
    }
}

/// A known operation as the answer to another request under its key.
fn answer(known: Operation, asked: &Operation) -> Result<Operation, TakeError> {
    match known.is_same(asked) {
        true => Ok(known),
        false => Err(TakeError::KeyReused { first_used_us: known.created_us }),
    }
}
