//! Who may read the files that a command makes: log, documents, read models and keys only their owner,
//! whatever the user's umask; what the user asked to be written, whom the umask lets.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::fs::Mode;

use super::config::Config;

/// What the user's umask takes away.
static USUAL: OnceLock<u32> = OnceLock::new();
const OTHERS: u32 = 0o077;

/// From now on, what this process makes is its owner's alone. Set once for all, so that no file is
/// forgotten: SQLite and other libraries make some too.
pub fn keep_private() {
    let usual = rustix::process::umask(Mode::from_raw_mode(OTHERS)).as_raw_mode();
    // Set before only within tests, where it was the same.
    let _ = USUAL.set(usual);
}

/// Makes a file that the user asked for.
///
/// # Errors
/// Those of the system.
pub fn create_usual(path: &Path) -> io::Result<File> {
    let file = File::create(path)?;
    if let Some(usual) = USUAL.get() {
        file.set_permissions(Permissions::from_mode(0o666 & !usual))?;
    }
    Ok(file)
}

/// Makes a folder that the user asked for, if it isn't there.
///
/// # Errors
/// Those of the system.
pub fn create_usual_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path)?;
    match USUAL.get() {
        Some(usual) => fs::set_permissions(path, Permissions::from_mode(0o777 & !usual)),
        None => Ok(()),
    }
}

/// Says which files of this node other users can read. They are left as they are: somebody may have
/// meant it.
pub fn tell_of_open(config: &Config) {
    let data = &config.store.data_dir;
    let inside = ["keys/log.pem", "webhooks.sqlite"].map(|name| data.join(name));
    let stores = [&config.store.log, &config.store.read_model, &config.store.documents];
    let stores = stores.into_iter().filter_map(|address| {
        let path = address.strip_prefix("sqlite:").or(address.strip_prefix("file:"))?;
        Some(PathBuf::from(path))
    });
    let all = stores.chain(inside).chain([config.auth.token_key.clone()]);
    let open = all.filter(|path| is_open(path) && is_reachable(path));
    let open: Vec<_> = open.map(|path| path.display().to_string()).collect();
    if !open.is_empty() {
        let files = open.join(", ");
        tracing::warn!(%files, "other users can read these; `chmod -R go=` ends that");
    }
}

/// Whether the rights of a file or folder let others in at all.
fn is_open(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|data| data.permissions().mode() & OTHERS != 0)
}

/// Whether others can pass through the folders that it is in.
fn is_reachable(path: &Path) -> bool {
    let through = |data: fs::Metadata| data.permissions().mode() & 0o011 != 0;
    let folders = path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
    folders.into_iter().all(|folder| fs::metadata(folder).is_ok_and(through))
}
