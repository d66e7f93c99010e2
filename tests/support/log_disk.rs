//! A disk that fails on demand: SQLite's own file layer (its default VFS), with the writes and
//! flushes of WAL files replaced by ones that ask first. It becomes the default of the process, so
//! the code under test is opened and runs as in service.

#![expect(unsafe_code, reason = "SQLite's file layer is a table of C functions")]

use std::ffi::{c_char, c_int, c_void};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering::SeqCst};
use std::sync::{LazyLock, OnceLock};

use rusqlite::ffi::{
    self, SQLITE_FULL, SQLITE_IOERR_FSYNC, SQLITE_OK, SQLITE_OPEN_WAL, sqlite3_file,
    sqlite3_io_methods, sqlite3_vfs,
};
use tokio::sync::{Mutex, MutexGuard};

static REAL_VFS: AtomicPtr<sqlite3_vfs> = AtomicPtr::new(std::ptr::null_mut());
static REAL_METHODS: OnceLock<sqlite3_io_methods> = OnceLock::new();
static FAILING_METHODS: OnceLock<sqlite3_io_methods> = OnceLock::new();

static FLUSHES_TO_FAIL: AtomicU64 = AtomicU64::new(0);
static WRITES_LEFT: AtomicU64 = AtomicU64::new(u64::MAX);
static WAS_FULL: AtomicBool = AtomicBool::new(false);

/// The disk, for one test at a time, in good health.
pub async fn exclusive() -> MutexGuard<'static, ()> {
    static ONE: LazyLock<Mutex<()>> = LazyLock::new(|| {
        install();
        Mutex::new(())
    });
    let guard = ONE.lock().await;
    fail_flushes(0);
    fill_after(None);
    guard
}

/// Lets the next `count` flushes of a WAL fail.
pub fn fail_flushes(count: u64) {
    FLUSHES_TO_FAIL.store(count, SeqCst);
}

pub fn flushes_to_fail() -> u64 {
    FLUSHES_TO_FAIL.load(SeqCst)
}

/// Makes the disk full after so many writes more (`None`: never); returns whether it was full.
pub fn fill_after(writes: Option<u64>) -> bool {
    WRITES_LEFT.store(writes.unwrap_or(u64::MAX), SeqCst);
    WAS_FULL.swap(false, SeqCst)
}

fn install() {
    // SAFETY: the default VFS lives as long as the process, and so does the leaked copy of it, which
    // differs only in how it opens files.
    unsafe {
        let real = ffi::sqlite3_vfs_find(std::ptr::null());
        assert!(!real.is_null());
        REAL_VFS.store(real, SeqCst);
        let failing = Box::leak(Box::new(*real));
        failing.zName = c"failing".as_ptr();
        failing.xOpen = Some(open);
        assert_eq!(ffi::sqlite3_vfs_register(failing, 1), SQLITE_OK);
    }
}

unsafe extern "C" fn open(
    _vfs: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: the arguments are passed on as SQLite gave them; all WAL files have the same methods.
    unsafe {
        let real = REAL_VFS.load(SeqCst);
        let code = (*real).xOpen.unwrap()(real, name, file, flags, out_flags);
        if code == SQLITE_OK && flags & SQLITE_OPEN_WAL != 0 {
            let methods = *REAL_METHODS.get_or_init(|| *(*file).pMethods);
            (*file).pMethods = FAILING_METHODS.get_or_init(|| sqlite3_io_methods {
                xWrite: Some(write),
                xSync: Some(sync),
                ..methods
            });
        }
        code
    }
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    bytes: *const c_void,
    count: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    let take = |left: u64| left.checked_sub(u64::from(left != u64::MAX));
    if WRITES_LEFT.fetch_update(SeqCst, SeqCst, take).is_err() {
        WAS_FULL.store(true, SeqCst);
        return SQLITE_FULL;
    }
    // SAFETY: as SQLite gave them.
    unsafe { REAL_METHODS.get().unwrap().xWrite.unwrap()(file, bytes, count, offset) }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    let fail = |left: u64| left.checked_sub(1);
    if FLUSHES_TO_FAIL.fetch_update(SeqCst, SeqCst, fail).is_ok() {
        return SQLITE_IOERR_FSYNC;
    }
    // SAFETY: as SQLite gave them.
    unsafe { REAL_METHODS.get().unwrap().xSync.unwrap()(file, flags) }
}
