//! Bytes on their way out, held against the digest of the whole. The last of them are given only once
//! the whole was found to have its digest, wherever they come from.

use super::{Digest, DocumentError};
use sha2::{Digest as _, Sha256};

pub(super) struct Checked {
    digest: Digest,
    /// None once the whole was checked.
    hash: Option<Sha256>,
    /// Read, but not given before it is known not to be the last or the whole was checked.
    ahead: Option<Vec<u8>>,
}

impl Checked {
    pub fn new(digest: Digest) -> Checked {
        Checked { digest, hash: Some(Sha256::new()), ahead: None }
    }

    /// Whether the end was reached and checked.
    pub fn is_done(&self) -> bool {
        self.hash.is_none()
    }

    /// Takes the next bytes and gives those that are not the last, if they are sure.
    pub fn take(&mut self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        if bytes.is_empty() {
            return None;
        }
        if let Some(hash) = &mut self.hash {
            hash.update(&bytes);
        }
        self.ahead.replace(bytes)
    }

    /// Takes the end and gives the last bytes.
    ///
    /// # Errors
    /// [`DocumentError::Damaged`] where the whole has another digest.
    pub fn end(&mut self) -> Result<Option<Vec<u8>>, DocumentError> {
        let ahead = self.ahead.take();
        match self.hash.take().map(|hash| Digest::from_bytes(hash.finalize().into())) {
            Some(computed) if computed != self.digest => Err(DocumentError::Damaged(self.digest)),
            _ => Ok(ahead),
        }
    }
}
