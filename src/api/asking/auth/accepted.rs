//! Which tokens count: the keys that may have signed them, and those that were revoked by their id.
//!
//! What must hold: a key that is put in another's place or taken away, and a token that is revoked,
//! count at once and not after a restart. The files are looked at again in each second in which a
//! token is, and read only when one of them is another than it was. A key file that is there and is
//! no key lets nobody in; one that can't be read for now, and the list of revoked tokens likewise,
//! counts as it was read last.
//!
//! For a change of keys two count: the file of the key and, beside it, the one before
//! (`token-key.pem`, `token-key.previous.pem`). The ids of revoked tokens stand in
//! `token-key.revoked`, one a line; what follows an id on its line is for people.

use super::key::{KeyError, KeyUse, TokenKey};
use jsonwebtoken::DecodingKey;
use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, TryLockError};

/// What one look at the files came to.
#[derive(Default)]
pub(super) struct Known {
    keys: Vec<Accepted>,
    revoked: HashSet<String>,
}

#[derive(Clone)]
struct Accepted {
    what: KeyUse,
    id: String,
    key: DecodingKey,
}

impl Known {
    /// The key with this id, if tokens that it signed count.
    pub fn key(&self, id: &str) -> Option<&DecodingKey> {
        self.keys.iter().find(|key| key.id == id).map(|key| &key.key)
    }

    fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.id.as_str())
    }

    pub fn is_revoked(&self, token_id: &str) -> bool {
        self.revoked.contains(&token_id.to_ascii_lowercase())
    }
}

/// The keys, and who keeps an eye on their files.
pub(super) struct AcceptedKeys {
    known: RwLock<Arc<Known>>,
    files: Option<Files>,
    /// The second of the last look.
    looked_at: AtomicI64,
}

struct Files {
    key: PathBuf,
    previous: PathBuf,
    revoked: PathBuf,
    /// As they were at the last look; nothing: they are read again at the next.
    seen: Mutex<Option<[Option<Mark>; 3]>>,
}

/// What changes with a file's content: device, number, length, times of change.
pub(in crate::api::asking) type Mark = (u64, u64, u64, (i64, i64), (i64, i64));

impl AcceptedKeys {
    /// This key alone, for as long as the process runs.
    pub fn fixed(key: &TokenKey) -> AcceptedKeys {
        let known = Known { keys: vec![accepted(KeyUse::Tokens, key)], revoked: HashSet::new() };
        AcceptedKeys { known: RwLock::new(Arc::new(known)), files: None, looked_at: 0.into() }
    }

    /// The keys in the file at a path and beside it.
    ///
    /// # Errors
    /// A file that is no key, or can't be read.
    pub fn watched(path: &Path) -> Result<AcceptedKeys, KeyError> {
        let files = Files {
            key: path.to_owned(),
            previous: previous(path),
            revoked: revoked(path),
            seen: Mutex::default(),
        };
        let mut keys = Vec::new();
        for (what, path) in files.keys() {
            keys.extend(TokenKey::open(what, path)?.map(|key| accepted(what, &key)));
        }
        let unread =
            |source| KeyError::Io { what: KeyUse::Tokens, path: files.revoked.clone(), source };
        let known = Known { keys, revoked: read_revoked(&files.revoked).map_err(unread)? };
        // Nothing is noted as seen: what changed meanwhile is found at the first look.
        let looked_at = AtomicI64::new(i64::MIN);
        Ok(AcceptedKeys { known: RwLock::new(Arc::new(known)), files: Some(files), looked_at })
    }

    /// What counts at a time in Unix seconds.
    pub fn at(&self, now_unix_s: i64) -> Arc<Known> {
        if let Some(files) = &self.files
            && self.looked_at.swap(now_unix_s, Ordering::Relaxed) != now_unix_s
        {
            self.look(files, now_unix_s);
        }
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn look(&self, files: &Files, now_unix_s: i64) {
        // Where another is at it, perhaps on a disk that hangs, what is known counts.
        let mut seen = match files.seen.try_lock() {
            Ok(seen) => seen,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        // Before the files are read: a change while they are is found at the next look.
        let now = [&files.key, &files.previous, &files.revoked].map(|path| mark(path));
        if *seen == Some(now) {
            return;
        }
        let before = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        let known = files.read(&before);
        if known.ids().ne(before.ids()) || known.revoked != before.revoked {
            let (keys, revoked) = (known.ids().collect::<Vec<_>>(), known.revoked.len());
            tracing::info!(?keys, revoked, "other token keys or revocations count from now on");
        }
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(known);
        // A file that has just changed may change again within what its times can tell.
        let settled = now.iter().flatten().all(|(.., changed)| changed.0 < now_unix_s - 1);
        *seen = settled.then_some(now);
    }
}

impl Files {
    fn keys(&self) -> [(KeyUse, &Path); 2] {
        [(KeyUse::Tokens, &self.key), (KeyUse::TokensBefore, &self.previous)]
    }

    fn read(&self, before: &Known) -> Known {
        let mut keys = Vec::new();
        for (what, path) in self.keys() {
            match TokenKey::open(what, path) {
                Ok(key) => keys.extend(key.map(|key| accepted(what, &key))),
                Err(error @ KeyError::Io { .. }) => {
                    tracing::error!(%error, "the key counts as it was read last");
                    keys.extend(before.keys.iter().filter(|key| key.what == what).cloned());
                }
                Err(error) => tracing::error!(%error, "no token of this key is taken"),
            }
        }
        let revoked = read_revoked(&self.revoked).unwrap_or_else(|error| {
            let path = self.revoked.display();
            tracing::error!(%error, %path, "revoked tokens count as they were read last");
            before.revoked.clone()
        });
        Known { keys, revoked }
    }
}

fn accepted(what: KeyUse, key: &TokenKey) -> Accepted {
    let decoding = DecodingKey::from_ed_der(key.public().as_bytes());
    Accepted { what, id: key.id().to_owned(), key: decoding }
}

/// As a file is now; nothing where it can't be looked at.
pub(in crate::api::asking) fn mark(path: &Path) -> Option<Mark> {
    let data = fs::metadata(path).ok()?;
    let (modified, changed) =
        ((data.mtime(), data.mtime_nsec()), (data.ctime(), data.ctime_nsec()));
    Some((data.dev(), data.ino(), data.len(), modified, changed))
}

fn previous(key: &Path) -> PathBuf {
    key.with_extension("previous.pem")
}

fn revoked(key: &Path) -> PathBuf {
    key.with_extension("revoked")
}

fn read_revoked(path: &Path) -> io::Result<HashSet<String>> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(HashSet::new()),
        text => text?,
    };
    let ids = text.lines().filter_map(|line| line.split_whitespace().next());
    Ok(ids.filter(|id| !id.starts_with('#')).map(str::to_ascii_lowercase).collect())
}

/// Whether a token can have this id: one that can't be revoked is not taken.
pub fn is_token_id(id: &str) -> bool {
    (1..=256).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic() && b != b'#')
}

/// Revokes a token, by its id, for every server over the key at this path; `note` is for people.
///
/// # Errors
/// When the file beside the key can't be written.
pub fn revoke(key: &Path, token_id: &str, note: &str) -> io::Result<PathBuf> {
    let path = revoked(key);
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path)?;
    // In one write, so that two at a time don't mix.
    file.write_all(format!("{token_id} {note}\n").as_bytes())?;
    file.sync_all()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(path)
}
