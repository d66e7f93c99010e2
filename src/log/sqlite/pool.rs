//! A small pool of connections that read, used where blocking is allowed, and what becomes of it when
//! other files take the place of the log's: who appends reads on from those that were opened, who
//! only reads goes over to the new ones. Pages of the backlog have connections and threads of their
//! own, so that single reads never wait for them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::file::OpenError;
use super::files::Files;
use super::lock::Open;
use super::reader::{Reader, broken_off};
use super::schema::explain;
use crate::log::LogError;
use crate::log::backlog::{BACKLOG_THREADS, on_backlog};

/// Single reads at once; more wait for one to finish.
const MAX_READERS: usize = 4;
/// The connections of a pool.
const CONNECTIONS: usize = MAX_READERS + BACKLOG_THREADS;

/// A read that has its turn.
type Work<T> = Box<dyn FnOnce() -> Result<T, LogError> + Send>;

/// The pool.
pub(super) struct Readers {
    path: PathBuf,
    kind: Kind,
    pool: Mutex<Pool>,
    permits: Arc<Semaphore>,
    backlog: Arc<Semaphore>,
    /// Dropped after the connections.
    _open: Arc<Open>,
}

/// Whose files a pool reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Those that this process has opened to append, and no others that take their place.
    Own,
    /// Those that stand at the path: another process appends, and what replaces them is read.
    Others,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Reader>,
    /// Connections at work.
    out: usize,
    /// What the connections have open.
    files: Option<Files>,
}

impl Readers {
    /// A pool of the log that this process appends to. Its connections are opened now: later there
    /// may be another file at the path.
    pub fn own(path: &Path, open: Arc<Open>) -> Result<Arc<Self>, OpenError> {
        let readers = Self::new(path, Kind::Own, open);
        let opened: Result<Vec<_>, _> = (0..CONNECTIONS).map(|_| Reader::open(path)).collect();
        let opened = opened.map_err(|error| explain(path, &error))?;
        *readers.lock() = Pool { idle: opened, out: 0, files: Some(Files::at(path)) };
        Ok(readers)
    }

    /// A pool of a log that others append to. Connections are opened when first needed.
    pub fn of_others(path: &Path, open: Arc<Open>) -> Arc<Self> {
        Self::new(path, Kind::Others, open)
    }

    fn new(path: &Path, kind: Kind, open: Arc<Open>) -> Arc<Self> {
        Arc::new(Self {
            path: path.to_owned(),
            kind,
            pool: Mutex::default(),
            permits: Arc::new(Semaphore::new(MAX_READERS)),
            backlog: Arc::new(Semaphore::new(BACKLOG_THREADS)),
            _open: open,
        })
    }

    /// Runs one read on a thread that may block.
    pub async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&mut Reader) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, LogError> {
        let work = self.work(&self.permits, read).await?;
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
            Err(LogError::Unavailable(format!("a read broke off: {error}")))
        })
    }

    /// Runs the read of a page of the backlog, in turn with others of its kind.
    pub async fn run_behind<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&mut Reader) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, LogError> {
        let work = self.work(&self.backlog, read).await?;
        on_backlog(work).await?
    }

    async fn work<T: Send + 'static>(
        self: &Arc<Self>,
        permits: &Arc<Semaphore>,
        read: impl FnOnce(&mut Reader) -> Result<T, LogError> + Send + 'static,
    ) -> Result<Work<T>, LogError> {
        // The permit moves with the work: a caller who gives up does not make room for another.
        let permit = Arc::clone(permits)
            .acquire_owned()
            .await
            .map_err(|_| LogError::Unavailable("the log was closed".to_owned()))?;
        let readers = Arc::clone(self);
        Ok(Box::new(move || {
            let result = readers.with_one(read);
            drop(permit);
            result
        }))
    }

    /// The sequence of the last event, for who asks again and again; on this thread and beside the reads
    /// at work.
    pub fn watched_head(&self) -> Result<Option<u64>, LogError> {
        self.with_one(|reader| reader.watched_head())
    }

    fn with_one<T>(
        &self,
        read: impl FnOnce(&mut Reader) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        // Given back also when the read panics.
        let mut lent = Lent { reader: Some(self.take()?), readers: self };
        let result = match &mut lent.reader {
            Some(reader) => read(reader),
            None => Err(LogError::Unavailable("the log was closed".to_owned())),
        };
        let failed = matches!(result, Err(LogError::Unavailable(_) | LogError::Corrupt { .. }));
        // After damage or a failed read the connection is not used again, if there can be another.
        if failed && !self.is_replaced(&self.lock()) {
            lent.reader = None;
        }
        result
    }

    /// Lets the reads at work finish and closes every connection; later reads are refused.
    pub async fn close(&self) {
        for (permits, all) in [(&self.permits, MAX_READERS), (&self.backlog, BACKLOG_THREADS)] {
            if let Ok(all) = permits.acquire_many(all as u32).await {
                permits.close();
                drop(all);
            }
        }
        self.clear();
    }

    /// Closes the connections that are not at work.
    pub fn clear(&self) {
        self.lock().idle.clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether another file than the one that this process appends to stands at the path.
    fn is_replaced(&self, pool: &Pool) -> bool {
        let known = pool.files.and_then(|files| files.log);
        self.kind == Kind::Own && Files::at(&self.path).log != known
    }

    fn take(&self) -> Result<Reader, LogError> {
        let mut pool = self.lock();
        if self.kind == Kind::Others && pool.files != Some(Files::at(&self.path)) {
            // What SQLite knows of the files is shared by the process's connections to them: the first
            // to the new ones is opened after the last to the old ones is closed.
            pool.idle.clear();
            if pool.out > 0 {
                return Err(replaced());
            }
        }
        let reader = match pool.idle.pop() {
            Some(reader) => reader,
            None if self.is_replaced(&pool) => return Err(replaced()),
            None => {
                let reader = Reader::open(&self.path).map_err(|error| broken_off(&error, 0))?;
                if self.kind == Kind::Others && pool.out == 0 {
                    // The first makes -wal and -shm where there are none.
                    pool.files = Some(Files::at(&self.path));
                }
                reader
            }
        };
        pool.out += 1;
        Ok(reader)
    }
}

fn replaced() -> LogError {
    let text = "the log's files were replaced, and are opened anew once no read is at work";
    LogError::Unavailable(text.to_owned())
}

/// A connection at work.
struct Lent<'a> {
    reader: Option<Reader>,
    readers: &'a Readers,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut pool = self.readers.lock();
        pool.out -= 1;
        pool.idle.extend(self.reader.take());
    }
}
