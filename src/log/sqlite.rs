//! The log in one SQLite file, for one node.
//!
//! One process appends, held by a lock on the file itself; others open it read-only beside it.
//! WAL with `synchronous=FULL`: an acknowledged event survives power loss, and that is not
//! configurable. The file is meant to be read by auditors with any SQLite tool, see `schema.sql`.
//!
//! The parts: `file` (paths), `lock` (who may append), `schema` (the format), `recovery` (a start),
//! `queue`, `writer`, `batch` and `lane` (appending), `files` (whether the files are still there), `pool` and
//! `reader` (pages), `alone` (reading where nothing can be written), `background` (checkpoints, following
//! the head), `moving` (the pause in which a log goes elsewhere), `check` (the file's own integrity),
//! `snapshot` (a copy while it is written), `faults` (the seam for tests).

mod alone;
mod background;
mod batch;
mod check;
mod code;
mod faults;
mod file;
mod files;
mod lane;
mod lock;
mod moving;
mod pool;
mod queue;
mod reader;
mod recovery;
mod schema;
mod snapshot;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use futures_util::future::{BoxFuture, FutureExt, ready};
use tokio::sync::watch;
use tracing::warn;

use super::backlog::SINGLE_EVENTS;
use super::recent::Recent;
use super::{
    Appended, Damage, EventLog, Expected, Integrity, Lane, LogError, NewEvent, Page, Pause,
    Progress, Recording, StreamName,
};
use alone::Seal;
use background::Helper;
use faults::NoFaults;
use files::{Known, LogFile};
use lane::SqliteLane;
use lock::{Note, Open};
use pool::Readers;
use queue::{Queue, reads_only};
use reader::Reader;
use writer::{Shared, Writer};

pub use alone::open_sqlite_file;
pub use faults::{Faults, Step};
pub use file::OpenError;

/// An [`EventLog`] in an SQLite file. Must be used within a tokio runtime. Dropping it finishes the
/// appends that wait and gives back the lock; [`SqliteLog::close`] does so without blocking.
pub struct SqliteLog {
    path: PathBuf,
    /// `None` in a log opened for reading.
    queue: Option<Queue>,
    readers: Arc<Readers>,
    /// Where nothing can be written beside the file.
    alone: Option<Seal>,
    head: watch::Receiver<Option<u64>>,
    /// What this process appended last; nothing in a log opened for reading.
    recent: Arc<Mutex<Recent>>,
    recording: Arc<Recording>,
    integrity: Arc<Integrity>,
    /// Before `running`: its connections are closed first.
    checking: Mutex<Option<check::Checking>>,
    running: Mutex<Option<Running>>,
}

/// The threads behind the log; joined when dropped.
enum Running {
    Writer(Option<JoinHandle<()>>),
    Follower { _helper: Helper },
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Running::Writer(thread) = self
            && let Some(thread) = thread.take()
            && thread.join().is_err()
        {
            warn!("the log's writer panicked");
        }
    }
}

impl SqliteLog {
    /// Opens the log at `path` for appending and reading; creates it when there is no such file.
    ///
    /// # Errors
    /// [`OpenError::InUse`] when another process has it open for appending; [`OpenError::Moved`] when
    /// the log went to another address; the other variants for a path that can't be written, or a
    /// file that is not an intact log of a known format.
    pub fn open_writer(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_with_faults(path, Box::new(NoFaults))
    }

    /// As [`SqliteLog::open_writer`], with a hook that can make each of the writer's steps fail.
    ///
    /// # Errors
    /// As [`SqliteLog::open_writer`].
    pub fn open_with_faults(
        path: impl AsRef<Path>,
        faults: Box<dyn Faults>,
    ) -> Result<Self, OpenError> {
        let (path, exists) = file::locate(path.as_ref())?;
        file::check_writable(&path, exists)?;
        moving::check_not_moved(&path)?;
        let note = Note::take(&path)?;
        if !exists {
            schema::create(&path)?;
        }
        let open = Open::new(&path)?;
        let lock = Arc::clone(&open).lock(&path, note)?;
        let explain = |error| schema::explain(&path, &error);
        let (connection, frames) = recovery::open_recovered(&path, &open)?;
        let (published, head) = watch::channel(schema::head(&connection).map_err(explain)?);
        let log = LogFile::new(&path, open.id());
        let files = Known::new(Arc::clone(&log), schema::page_bytes(&connection), frames)
            .map_err(|error| file::io_error(&path, error))?;
        let recording = Arc::<Recording>::default();
        let integrity = Arc::<Integrity>::default();
        let damages = check::newest(&path).map_err(explain)?;
        check::tell(&integrity, &recording, damages);
        let written = Arc::new(AtomicU64::new(0));
        let helper = background::checkpoint(
            &path,
            Arc::clone(&written),
            Arc::clone(&log),
            Arc::clone(&recording),
        )?;
        let readers = Readers::own(&path, open)?;
        let recent = Arc::<Mutex<Recent>>::default();
        let shared = Shared {
            published,
            recent: Arc::clone(&recent),
            written,
            recording: Arc::clone(&recording),
            log,
        };
        let mut writer = Writer::new(&path, connection, files, faults, shared).map_err(explain)?;
        let (queue, waiting) = Queue::new();
        let thread = std::thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || {
                writer.run(waiting);
                // In this order: the writer's connection is the last that can write, and nobody else
                // may open the file for writing while one of ours is still open.
                drop(helper);
                writer.close();
                drop(lock);
            })
            .map_err(|source| OpenError::Io { path: path.clone(), source })?;
        Ok(Self {
            queue: Some(queue),
            readers,
            alone: None,
            path,
            head,
            recent,
            recording,
            integrity,
            checking: Mutex::default(),
            running: Mutex::new(Some(Running::Writer(Some(thread)))),
        })
    }

    /// Opens the log at `path` for reading, also while another process appends to it.
    ///
    /// # Errors
    /// [`OpenError::Missing`] when there is no such file; the other variants as for
    /// [`SqliteLog::open_writer`], except [`OpenError::InUse`].
    pub fn open_reader(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let (path, exists) = file::locate(path.as_ref())?;
        if !exists {
            return Err(OpenError::Missing(path));
        }
        let explain = |error| schema::explain(&path, &error);
        let readers = Readers::of_others(&path, Open::new(&path)?);
        let connection = schema::open_reading(&path).map_err(explain)?;
        let alone = Seal::of_alone(&path);
        schema::verify(&path, &connection)?;
        moving::tell_if_moved(&path);
        let (published, head) = watch::channel(schema::head(&connection).map_err(explain)?);
        let helper = background::follow(&path, Arc::clone(&readers), published)?;
        Ok(Self {
            queue: None,
            readers,
            alone,
            path,
            head,
            recent: Arc::default(),
            recording: Arc::default(),
            integrity: Arc::default(),
            checking: Mutex::default(),
            running: Mutex::new(Some(Running::Follower { _helper: helper })),
        })
    }

    /// The file, without symbolic links.
    pub fn path(&self) -> &Path {
        &self.path
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Reader) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, LogError> {
        self.sure(self.readers.run(read)).await
    }

    /// What was read of a file that somebody began to write meanwhile, unseen, counts for nothing.
    async fn sure<T>(
        &self,
        read: impl Future<Output = Result<T, LogError>>,
    ) -> Result<T, LogError> {
        let result = read.await;
        match &self.alone {
            Some(seal) if !seal.holds(&self.path) => Err(LogError::Unavailable(format!(
                "somebody began to write {}, which was read as one that nobody writes",
                self.path.display()
            ))),
            _ => result,
        }
    }

    /// Writes a copy of the log as it stands to a new file, also while another process appends to it. Each
    /// index of the log is compared with its table before; how many events were copied.
    ///
    /// # Errors
    /// [`LogError::Corrupt`] when the log is damaged; [`LogError::Unavailable`] when it was told to end, or
    /// the copy can't be written.
    pub async fn copy_to(&self, target: &Path, progress: Progress) -> Result<u64, LogError> {
        let (path, target) = (self.path.clone(), target.to_owned());
        let copy = move || {
            check::compare_whole(&path, &progress)?;
            snapshot::copy(&path, &target, &*progress)
        };
        let copied = tokio::task::spawn_blocking(copy).await;
        copied.unwrap_or_else(|error| Err(LogError::Unavailable(error.to_string())))
    }

    /// Takes no more appends and reads, finishes those that wait, and gives back the lock. The WAL
    /// is then part of the file, unless another process reads it or recording had stopped. Closing
    /// twice is no error.
    pub async fn close(&self) {
        // Before the writer: only a connection that writes can make the WAL part of the file, and only
        // when it is the last.
        let checking = self.checking.lock().unwrap_or_else(PoisonError::into_inner).take();
        let ended = tokio::task::spawn_blocking(move || drop(checking)).await;
        if ended.is_err() {
            warn!("ending the log's check was interrupted");
        }
        self.readers.close().await;
        if let Some(queue) = &self.queue {
            queue.close().await;
        }
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let joined = tokio::task::spawn_blocking(move || drop(running)).await;
        if joined.is_err() {
            warn!("closing the log was interrupted");
        }
        self.readers.clear();
    }
}

impl Drop for SqliteLog {
    fn drop(&mut self) {
        // Ends the writer, which `running` then waits for.
        self.queue = None;
    }
}

impl EventLog for SqliteLog {
    fn append<'a>(
        &'a self,
        stream: &'a StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> BoxFuture<'a, Result<Appended, LogError>> {
        async move {
            let queue = self.queue.as_ref().ok_or_else(reads_only)?;
            queue.append(stream, expected, events).await
        }
        .boxed()
    }

    fn lane(&self) -> BoxFuture<'_, Result<Box<dyn Lane + '_>, LogError>> {
        let lane = self.queue.as_ref().map(SqliteLane::open);
        ready(lane.ok_or_else(reads_only)).boxed()
    }

    fn read_stream<'a>(
        &'a self,
        stream: &'a StreamName,
        from_revision: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page<u64>, LogError>> {
        let (stream, known) = (stream.clone(), Arc::clone(&self.integrity));
        let read = move |reader: &mut Reader| {
            known.check_stream(&stream)?;
            reader.stream(&stream, from_revision, limit)
        };
        self.read(read).boxed()
    }

    fn read_all(
        &self,
        after: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Page<Option<u64>>, LogError>> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner).page(after, limit);
        if let Some(page) = recent.transpose() {
            return ready(page).boxed();
        }
        let first = after.map_or(0, |after| after.saturating_add(1));
        let follow = self.head.borrow().map_or(0, |head| (head + 1).saturating_sub(first));
        match follow.min(limit as u64) > SINGLE_EVENTS as u64 {
            true => {
                self.sure(self.readers.run_behind(move |reader| reader.all(after, limit))).boxed()
            }
            false => self.read(move |reader| reader.all(after, limit)).boxed(),
        }
    }

    fn stream_revision<'a>(
        &'a self,
        stream: &'a StreamName,
    ) -> BoxFuture<'a, Result<Option<u64>, LogError>> {
        let (stream, known) = (stream.clone(), Arc::clone(&self.integrity));
        let read = move |reader: &mut Reader| {
            known.check_stream(&stream)?;
            reader.revision(&stream)
        };
        self.read(read).boxed()
    }

    fn streams<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<StreamName>, LogError>> {
        let prefix = prefix.to_owned();
        self.read(move |reader| reader.streams(&prefix)).boxed()
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<u64>, LogError>> {
        self.read(|reader| reader.head()).boxed()
    }

    fn watch_head(&self) -> watch::Receiver<Option<u64>> {
        self.head.clone()
    }

    fn recording(&self) -> Arc<Recording> {
        Arc::clone(&self.recording)
    }

    fn check(&self, progress: Progress) -> BoxFuture<'_, Result<Vec<Damage>, LogError>> {
        let path = self.path.clone();
        async move {
            let checked = tokio::task::spawn_blocking(move || check::check(&path, &progress)).await;
            checked.unwrap_or_else(|error| Err(LogError::Unavailable(error.to_string())))
        }
        .boxed()
    }

    fn check_behind(&self) {
        let mut checking = self.checking.lock().unwrap_or_else(PoisonError::into_inner);
        if checking.is_none() {
            let (integrity, recording) = (Arc::clone(&self.integrity), Arc::clone(&self.recording));
            *checking = check::Checking::start(self.path.clone(), integrity, recording);
        }
    }

    fn integrity(&self) -> Arc<Integrity> {
        Arc::clone(&self.integrity)
    }

    fn pause<'a>(&'a self, to: &'a str) -> BoxFuture<'a, Result<Box<dyn Pause>, LogError>> {
        let (path, to) = (self.path.clone(), to.to_owned());
        async move {
            let paused = tokio::task::spawn_blocking(move || moving::pause(&path, &to)).await;
            paused.unwrap_or_else(|error| Err(LogError::Unavailable(error.to_string())))
        }
        .boxed()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        SqliteLog::close(self).boxed()
    }
}
