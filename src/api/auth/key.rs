//! The local key pair that signs tokens: one PKCS#8 PEM file, made at the first start.
//!
//! What must hold: the file is never readable by others, never half written, and never replaced by a
//! second process that starts at the same time. It is not the key that signs the ledger.

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use ed25519_dalek::{SigningKey, VerifyingKey};
use rand::CryptoRng;
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// An Ed25519 key pair for tokens, with its id.
#[derive(Clone)]
pub struct TokenKey {
    pub(super) pair: SigningKey,
    id: String,
}

/// Why the token key cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(
        "the token key {path} cannot be read or made: {source}; its folder must exist and be writable"
    )]
    Io { path: PathBuf, source: io::Error },
    #[error(
        "the token key {path} is not an Ed25519 private key as PKCS#8 PEM; put the right file there, or remove it to have a new one made (which ends all tokens issued so far)"
    )]
    NotAKey { path: PathBuf },
}

impl TokenKey {
    /// A new pair.
    pub fn generate(rng: &mut impl CryptoRng) -> TokenKey {
        TokenKey::from_pair(SigningKey::generate(rng))
    }

    fn from_pair(pair: SigningKey) -> TokenKey {
        let hash = Sha256::digest(pair.verifying_key().as_bytes());
        let id = hash[..8].iter().map(|b| format!("{b:02x}")).collect();
        TokenKey { pair, id }
    }

    /// The key in this file; a new one, written there, if there is no file.
    ///
    /// # Errors
    /// [`KeyError`] if the file is not such a key or cannot be read or made.
    pub fn open_or_create(path: &Path, rng: &mut impl CryptoRng) -> Result<TokenKey, KeyError> {
        let failed = |source| KeyError::Io { path: path.to_owned(), source };
        match fs::read_to_string(path) {
            Ok(pem) => TokenKey::from_pem(&pem, path),
            Err(e) if e.kind() == ErrorKind::NotFound => {
                let key = TokenKey::generate(rng);
                if key.write_new(path).map_err(failed)? {
                    return Ok(key);
                }
                // Another process was faster; its key is the one that counts.
                let pem = fs::read_to_string(path).map_err(failed)?;
                TokenKey::from_pem(&pem, path)
            }
            Err(e) if e.kind() == ErrorKind::InvalidData => {
                Err(KeyError::NotAKey { path: path.to_owned() })
            }
            Err(e) => Err(failed(e)),
        }
    }

    fn from_pem(pem: &str, path: &Path) -> Result<TokenKey, KeyError> {
        SigningKey::from_pkcs8_pem(pem)
            .map(TokenKey::from_pair)
            .map_err(|_| KeyError::NotAKey { path: path.to_owned() })
    }

    /// Writes the file whole and flushed, or not at all; false if there is one already.
    fn write_new(&self, path: &Path) -> io::Result<bool> {
        let pem = self.pair.to_pkcs8_pem(LineEnding::LF).map_err(io::Error::other)?;
        let folder = match path.parent() {
            Some(p) if !p.as_os_str().is_empty() => p,
            _ => Path::new("."),
        };
        let draft = folder.join(format!(".token-key-{}-{}", std::process::id(), self.id));
        let written = write_private(&draft, pem.as_bytes())
            // Linking, unlike renaming, never replaces a file.
            .and_then(|()| match fs::hard_link(&draft, path) {
                Ok(()) => Ok(true),
                Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(false),
                Err(e) => Err(e),
            });
        let removed = fs::remove_file(&draft);
        let first = written?;
        removed?;
        File::open(folder)?.sync_all()?;
        Ok(first)
    }

    /// The key id: the first 16 hex digits of the SHA-256 of the public key.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn public(&self) -> VerifyingKey {
        self.pair.verifying_key()
    }
}

fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenKey").field("id", &self.id).finish_non_exhaustive()
    }
}
